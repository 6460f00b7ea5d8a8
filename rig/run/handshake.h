/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One handshake of a board with an endpoint of the test server, for every kind of step that needs
 * one: what the board is told to present and to trust, how the endpoint is set up, the handshake
 * itself, and what both sides say of it, as data and as JSON evidence. Who is right is not decided
 * here (judge.h).
 *
 * Errors: of the agent, the link and the server, as they are; class DEVICE where the board does not
 * hold what was loaded or lacks a TLS version. Threads: a board's own.
 */
#ifndef RIG_RUN_HANDSHAKE_H
#define RIG_RUN_HANDSHAKE_H

#include "rig/profile/nginx.h"
#include "rig/run/board.h"
#include "rig/tls/server.h"

/* What the board was told to present, and whose roots it trusts. */
struct rig_presented {
    enum rig_agent_source source; /* NONE: no certificate */
    enum rig_agent_source roots;  /* FLASH or SLOT */
    bool has_certificate;
    uint8_t sha256[RIG_SHA256_SIZE];    /* of the leaf */
    unsigned n_chain;                   /* certificates, leaf included */
    struct rig_chain_expectation chain; /* of the intermediates, where a step changed them */
};

/* What is flashed. */
void rig_present_installed(const struct rig_board *board, struct rig_presented *presented);

/*
 * Loads the board's slot with a chain, leaf first, and, unless NULL, trust roots of its own; proves
 * that the slot holds that leaf. `chain_pem` NULL: roots only, and no certificate is presented.
 */
RIG_CHECKED rig_result rig_present_slot(struct rig_board *board, const char *chain_pem,
                                        const char *roots_pem, const uint8_t *leaf_sha256,
                                        struct rig_presented *presented, struct rig_wait wait,
                                        struct rig_error *err);
/* The same with CRLs. */
RIG_CHECKED rig_result rig_present_slot_of(struct rig_board *board,
                                           const struct rig_agent_slot *slot,
                                           const uint8_t *leaf_sha256,
                                           struct rig_presented *presented, struct rig_wait wait,
                                           struct rig_error *err);

/* Settings as the suite wants them, for boards of the run's CA. Borrows everything. */
void rig_handshake_settings(const struct rig_board *board,
                            const struct rig_server_identity *identity, const char *crls_pem,
                            int64_t timeout_ms, struct rig_tls_settings *settings);

struct rig_handshake {
    const struct rig_presented *presented;
    const char *expected_name; /* also sent as SNI; NULL: the suite's server name */
    bool any_name;             /* the board compares no name; SNI as above */
    const char *text;          /* application data; NULL: a random word */
    bool slot_crls;            /* the board checks the server with its slot's CRLs */
    enum rig_agent_session session;
    struct rig_nginx *nginx; /* in place of the endpoint; NULL: the endpoint, or the run's server */
};

#define RIG_NONCE_SIZE 25

struct rig_both_sides {
    struct rig_agent_handshake_report device;
    struct rig_tls_evidence server;
    unsigned n_strangers;
    char nonce[RIG_NONCE_SIZE];      /* of the board's request, or of the text to be echoed */
    bool by_http;                    /* the server was another one; see other_server.h */
    unsigned http_status;            /* 0: no request came so far */
    bool runs_already;               /* and nobody set it up for the case */
    char verify[160];                /* nginx's $ssl_client_verify */
    struct rig_tls_capture *capture; /* NULL where the endpoint does not capture; owned */
};
void rig_both_sides_free(struct rig_both_sides *both);

/* A random word that nobody can guess. */
RIG_CHECKED rig_result rig_handshake_nonce(char nonce[RIG_NONCE_SIZE], struct rig_error *err);

/* Adds the server's word to the client's in both->device. */
RIG_CHECKED rig_result rig_handshake_collect(struct rig_tls_endpoint *endpoint,
                                             struct rig_both_sides *both, struct rig_wait wait,
                                             struct rig_error *err);

/* What both sides say as JSON: "device" and "server" of `evidence`. */
void rig_handshake_evidence(const struct rig_both_sides *both, json_t *evidence);

/*
 * Succeeds when the board reported, whatever it reported. *both is freed by the caller. `evidence`
 * gets "device" and "server"; the server's word also where the board gave none.
 */
RIG_CHECKED rig_result rig_handshake_run(struct rig_board *board, struct rig_tls_endpoint *endpoint,
                                         const struct rig_handshake *handshake,
                                         struct rig_both_sides *both, json_t *evidence,
                                         struct rig_wait wait, struct rig_error *err);

#endif
