/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mutual-TLS test server. One server, one event-loop thread, many endpoints: each handshake
 * case of each board gets an endpoint of its own (its own port, or a socket pair for the relay),
 * with its own identity, trust store, CRLs and TLS settings. What a connection did is evidence; the
 * ClientHello random ties it surely to the handshake that the board reports, so a stray connection
 * is never taken for the board's.
 *
 * Settings are explicit, never the distribution's: security level, versions, no tickets, no session
 * cache, client certificate required, CRL check for the whole chain. Success on this side = the
 * application bytes were echoed. Closing is half-close, drain, close, so that alerts arrive; all of
 * it within the connection's timeout.
 *
 * Errors: class USAGE for an address or port that the user named and that can't be had, class RIG
 * for identities, trust anchors and CRLs that can't be used, and for the host. A broken client is
 * never an error of this part: it is evidence. Threads: the server runs its own thread, with all
 * signals blocked; every function here may be called from any thread, an endpoint from one thread
 * at a time. The clock is asked on the server's thread.
 */
#ifndef RIG_TLS_SERVER_H
#define RIG_TLS_SERVER_H

#include "rig/base/buf.h"
#include "rig/base/ids.h"
#include "rig/base/wait.h"

struct rig_tls_server;
struct rig_tls_endpoint;

struct rig_tls_server_options {
    const char *bind_address; /* numeric: "127.0.0.1", "::1"; NULL: all interfaces, IPv4 and IPv6 */
    uint16_t first_port;      /* 0: ephemeral ports */
    uint16_t last_port;       /* of the range, first_port included; 0: that one port */
    const struct rig_clock
        *clock; /* borrowed; what certificates' dates are compared with; NULL: the system's */
};

/* All texts are read during the call only. PEM may hold text around its blocks. */
struct rig_tls_settings {
    const char *certificate_pem;  /* server's chain, leaf first; served as it is: expired, wrong
                                     name, other root */
    const char *key_pem;          /* not encrypted */
    const char *client_roots_pem; /* trust anchors for boards */
    const char *crls_pem;         /* for every CA of the chain; NULL: revocation is not checked */
    int min_version;              /* 0x0303 or 0x0304 */
    int max_version;
    int security_level;              /* OpenSSL's 0..5 */
    bool request_client_certificate; /* normally true */
    bool relay_only;       /* no port: connections come from rig_tls_endpoint_connect alone */
    size_t max_echo_bytes; /* then the server closes; 0: 256 */
    int64_t connection_timeout_ms; /* each connection, from accept to close; more than 0 */
};

enum {
    RIG_TLS_NO_ALERT = -1,
    RIG_TLS_UNKNOWN_ALERT = -2, /* rig_tls_alert_of: no such name */
};

/* What the server saw of one connection. */
struct rig_tls_evidence {
    bool client_hello_seen;
    uint8_t client_random[32];
    char sni[256]; /* "" none */
    bool handshake_done;
    bool echoed;
    bool peer_presented; /* a client certificate was shown */
    uint8_t
        peer_sha256[RIG_SHA256_SIZE]; /* of its DER, also when it was refused or can't be parsed */
    char peer_subject[256];           /* RFC 2253 text */
    unsigned n_peer_chain;            /* certificates shown, leaf included */
    int verify_error;                 /* X509_V_ERR_*, the first one; 0 ok */
    int verify_depth;                 /* of that error; 0 is the leaf */
    char verify_text[128];            /* OpenSSL's words for it, "" none */
    int alert_sent;     /* RFC 8446 number, RIG_TLS_NO_ALERT; a fatal one goes before a warning, */
    int alert_received; /* close_notify is the normal end and not written here */
    char version[16];   /* "TLSv1.2"; "" before the ServerHello */
    char cipher[64];
    bool resumed;
    char error_text[256]; /* OpenSSL's words, or ours for time-outs and resets; "" none */
    int64_t handshake_ns; /* ClientHello to the end or the failure of the handshake */
    int64_t total_ns;     /* accept to close */
    uint64_t n_received;  /* bytes on the wire */
    uint64_t n_sent;
};

/* "certificate_revoked" for 44, "none" for RIG_TLS_NO_ALERT; "unknown". RFC 8446 6, and the older
 * ones of RFC 5246. */
const char *rig_tls_alert_name(int alert);
int rig_tls_alert_of(const char *name);
/* The names of X509_V_ERR_* without the prefix: "CERT_REVOKED", "OK" for 0; "unknown". */
const char *rig_tls_verify_error_name(int verify_error);
/* The code for such a name, -1 for an unknown one. */
int rig_tls_verify_error_of(const char *name);

RIG_CHECKED rig_result rig_tls_server_start(const struct rig_tls_server_options *options,
                                            struct rig_tls_server **server, struct rig_error *err);
/*
 * Ends every connection and joins the thread. Endpoints that are still open can't be reached any
 * more; their owners close them as ever, before or after. NULL is fine.
 */
void rig_tls_server_stop(struct rig_tls_server *server);
static inline void rig_auto_tls_server(struct rig_tls_server **server)
{
    rig_tls_server_stop(*server);
    *server = NULL;
}

/*
 * Listens on a port of its own (or none, settings->relay_only). The caller closes *endpoint.
 * USAGE/BUSY: the one port is taken, or the whole range is. RIG/MISMATCH: the key does not belong
 * to the certificate. RIG/INVALID: PEM without what it should hold, or a certificate too weak for
 * the security level.
 */
RIG_CHECKED rig_result rig_tls_endpoint_open(struct rig_tls_server *server,
                                             const struct rig_tls_settings *settings,
                                             struct rig_tls_endpoint **endpoint,
                                             struct rig_error *err);
/* 0 for a relay-only endpoint. */
uint16_t rig_tls_endpoint_port(const struct rig_tls_endpoint *endpoint);

/* For the relay: a connected stream socket whose other end the server treats as an accepted
 * connection. The caller closes *fd (its close-on-exec flag is set, it blocks). */
RIG_CHECKED rig_result rig_tls_endpoint_connect(struct rig_tls_endpoint *endpoint, int *fd,
                                                struct rig_error *err);

/*
 * Waits for the end of the connection whose ClientHello had `client_random` (NULL: of any
 * connection) and fills the evidence. A connection's evidence is given out once.
 *
 * When `wait` is over, a connection that is meant but still open is ended and its evidence given
 * (error_text says so). If there is none, *evidence is zero but for the alerts, and the call still
 * succeeds: nothing came is evidence too (client_hello_seen is false). Only a cancelled wait and a
 * stopped server fail (CANCELLED). *n_strangers counts the other connections that came to this
 * endpoint and were not given out before.
 */
RIG_CHECKED rig_result rig_tls_endpoint_evidence(struct rig_tls_endpoint *endpoint,
                                                 const uint8_t *client_random,
                                                 struct rig_tls_evidence *evidence,
                                                 unsigned *n_strangers, struct rig_wait wait,
                                                 struct rig_error *err);
/* Ends its connections. NULL is fine. */
void rig_tls_endpoint_close(struct rig_tls_endpoint *endpoint);
static inline void rig_auto_endpoint(struct rig_tls_endpoint **endpoint)
{
    rig_tls_endpoint_close(*endpoint);
    *endpoint = NULL;
}

#endif
