/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mutual-TLS test server. One server, one event-loop thread, many endpoints: each handshake case of each board gets
 * an endpoint of its own (its own port, or a socket pair for the relay), with its own identity, trust store, CRLs and TLS
 * settings. What a connection did is evidence; the ClientHello random ties it surely to the handshake that the board
 * reports, so a stray connection is never taken for the board's.
 *
 * Settings are explicit, never the distribution's: security level, versions, no tickets, no session cache, client
 * certificate required, CRL check for the whole chain. Success on this side = the application bytes were echoed. Closing
 * is half-close, drain, close, so that alerts arrive.
 *
 * Threads: the server runs its own thread; every function here may be called from any thread, an endpoint from one
 * thread at a time.
 */
#ifndef RIG_TLS_SERVER_H
#define RIG_TLS_SERVER_H

#include "rig/base/buf.h"
#include "rig/base/ids.h"
#include "rig/base/wait.h"

struct rig_tls_server;
struct rig_tls_endpoint;

struct rig_tls_server_options {
    const char *bind_address; /* "127.0.0.1"; NULL: all interfaces */
    uint16_t first_port;      /* 0: ephemeral ports */
    uint16_t last_port;
    const struct rig_clock *clock; /* borrowed; what certificates' dates are compared with */
};

struct rig_tls_settings {
    const char *certificate_pem;   /* server's chain, leaf first */
    const char *key_pem;
    const char *client_roots_pem;  /* trust anchors for boards */
    const char *crls_pem;          /* for every CA of the chain; NULL: revocation is not checked */
    int min_version;               /* 0x0303 or 0x0304 */
    int max_version;
    int security_level;            /* OpenSSL's 0..5 */
    bool request_client_certificate; /* normally true */
    size_t max_echo_bytes;         /* 0: 256 */
    int64_t connection_timeout_ms; /* each connection, from accept to close */
};

enum { RIG_TLS_NO_ALERT = -1 };

/* What the server saw of one connection. */
struct rig_tls_evidence {
    bool client_hello_seen;
    uint8_t client_random[32];
    char sni[256];                          /* "" none */
    bool handshake_done;
    bool echoed;
    bool peer_presented;                    /* a client certificate was shown */
    uint8_t peer_sha256[RIG_SHA256_SIZE];
    char peer_subject[256];
    unsigned n_peer_chain;                  /* certificates shown, leaf included */
    int verify_error;                       /* X509_V_ERR_*, 0 ok */
    int verify_depth;
    char verify_text[128];
    int alert_sent;                         /* RFC 8446 number, RIG_TLS_NO_ALERT */
    int alert_received;
    char version[16];                       /* "TLSv1.2" */
    char cipher[64];
    bool resumed;
    char error_text[256];                   /* OpenSSL's words, "" none */
    int64_t handshake_ns;
    int64_t total_ns;
    uint64_t n_received;                    /* bytes on the wire */
    uint64_t n_sent;
};

/* "certificate_revoked" for 44, "none" for RIG_TLS_NO_ALERT; RFC 8446 6. */
const char *rig_tls_alert_name(int alert);
/* "certificate revoked"-like short words for X509_V_ERR_* codes of this library: "CERT_REVOKED". */
const char *rig_tls_verify_error_name(int verify_error);
/* The code for such a name, -1 for an unknown one. */
int rig_tls_verify_error_of(const char *name);
int rig_tls_alert_of(const char *name);

RIG_CHECKED rig_result rig_tls_server_start(const struct rig_tls_server_options *options,
                                            struct rig_tls_server **server, struct rig_error *err);
/* Ends every connection, joins the thread, frees. NULL is fine. */
void rig_tls_server_stop(struct rig_tls_server *server);

/* Listens on a port of its own. The caller closes *endpoint. Settings are copied. */
RIG_CHECKED rig_result rig_tls_endpoint_open(struct rig_tls_server *server,
                                             const struct rig_tls_settings *settings,
                                             struct rig_tls_endpoint **endpoint,
                                             struct rig_error *err);
uint16_t rig_tls_endpoint_port(const struct rig_tls_endpoint *endpoint);

/* For the relay: a connected stream socket whose other end the server treats as an accepted connection. The caller
 * closes *fd. */
RIG_CHECKED rig_result rig_tls_endpoint_connect(struct rig_tls_endpoint *endpoint, int *fd,
                                                struct rig_error *err);

/*
 * Waits for the end of the connection whose ClientHello had `client_random` and fills the evidence. With client_random
 * NULL: of any connection, else of none (then *evidence is zero but for the alerts, and the call still succeeds once
 * `wait` is over): nothing came is evidence too. *n_strangers counts the other connections that came to this endpoint.
 */
RIG_CHECKED rig_result rig_tls_endpoint_evidence(struct rig_tls_endpoint *endpoint,
                                                 const uint8_t *client_random,
                                                 struct rig_tls_evidence *evidence,
                                                 unsigned *n_strangers, struct rig_wait wait,
                                                 struct rig_error *err);
/* NULL is fine. */
void rig_tls_endpoint_close(struct rig_tls_endpoint *endpoint);
static inline void rig_auto_endpoint(struct rig_tls_endpoint **endpoint)
{
    rig_tls_endpoint_close(*endpoint);
    *endpoint = NULL;
}

#endif
