/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trial: a handshake case of a suite that has `fixtures`, in a PKI of its own (rig/pki). Whoever
 * signs for production is not asked; board and test server are given what the fixtures say, and one
 * thing is wrong at most. What must come of it stands in the step's rig_case_plan. Plain data.
 */
#ifndef RIG_SUITE_TRIAL_H
#define RIG_SUITE_TRIAL_H

#include "rig/pki/recipe.h"
#include "rig/tls/settings.h"

/* Who plays the board. */
enum rig_trial_client {
    RIG_TRIAL_BOARD = 0,
    RIG_TRIAL_REFERENCE, /* OpenSSL on this host, where no board can do it yet (TLS 1.3, ...) */
};

enum rig_trial_session {
    RIG_TRIAL_FULL = 0,
    RIG_TRIAL_SESSION_ID, /* TLS 1.3: a PSK that the server's cache knows */
    RIG_TRIAL_TICKET,     /* TLS 1.3: a PSK that is a sealed ticket */
};

/* What a side offers or takes; "" and 0: as usual. */
struct rig_trial_tls {
    int min_version; /* 0x0301 to 0x0304 */
    int max_version;
    int security_level; /* -1: as usual */
    char ciphers[128];  /* OpenSSL's notation */
    char suites[96];
    char groups[64];
    char signatures[96];
};

struct rig_trial_server {
    struct rig_trial_tls tls;
    int verify_depth;
    uint32_t max_chain_bytes;
    enum rig_tls_crl_check crl_check;
    enum rig_tls_sni_policy sni_policy;
    bool asks_renegotiation;
    bool naive_resumption; /* resumes without a look at what has changed */
    enum rig_tls_fault fault;
    int fault_alert;
};

struct rig_trial_reference {
    struct rig_trial_tls tls;
    char sni[64]; /* "" the server's name, "-" none */
    bool mismatched_key;
    bool renegotiates;
};

struct rig_trial_ocsp {
    char answer[RIG_PKI_NAME_SIZE]; /* "" OCSP is not asked */
    bool fail_open;
    enum rig_tls_ocsp_nonce nonce;
};

/* Resumption: a full handshake that leaves a session, one that takes it up (or the trial proves
 * nothing), the change, and the handshake that is judged. */
struct rig_trial_change {
    char crls[RIG_PKI_NAME_SIZE];       /* the server loads these; "" no change */
    char trust[RIG_PKI_NAME_SIZE];      /* the server trusts this authority alone; "" no change */
    char board_crls[RIG_PKI_NAME_SIZE]; /* the board gets these; "" no change */
    int64_t clock_ms;                   /* so much time passes for the server */
    bool disables_enrolment;            /* the device is not registered any more */
    bool other_endpoint;                /* another server, with the same ticket key */
};

struct rig_trial_plan {
    enum rig_trial_client client;
    char certificate[RIG_PKI_NAME_SIZE]; /* of a device; "" none is shown */
    char server[RIG_PKI_NAME_SIZE];
    char crls[RIG_PKI_NAME_SIZE];       /* the server's; "" revocation is not checked */
    char board_crls[RIG_PKI_NAME_SIZE]; /* the board's; "" it has none */
    struct rig_trial_ocsp ocsp;
    bool device_policy;     /* the rig's own rules for device certificates refuse */
    int64_t board_clock_ms; /* added to the board's clock */
    struct rig_trial_server server_side;
    struct rig_trial_reference reference;
    enum rig_trial_session session;
    struct rig_trial_change change;
};

#endif
