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
#include "rig/tls/evidence.h"
#include "rig/tls/pcap.h"
#include "rig/tls/settings.h"

struct rig_tls_server;
struct rig_tls_endpoint;

struct rig_tls_server_options {
    const char *bind_address; /* numeric: "127.0.0.1", "::1"; NULL: all interfaces, IPv4 and IPv6 */
    uint16_t first_port;      /* 0: ephemeral ports */
    uint16_t last_port;       /* of the range, first_port included; 0: that one port */
    const struct rig_clock
        *clock; /* borrowed; what certificates' dates are compared with; NULL: the system's */
};

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
/* The same, with the bytes of the connection; *capture is NULL when the endpoint does not capture
 * or nothing came. The caller frees it (rig_tls_capture_free). */
RIG_CHECKED rig_result rig_tls_endpoint_evidence_and_capture(
    struct rig_tls_endpoint *endpoint, const uint8_t *client_random,
    struct rig_tls_evidence *evidence, struct rig_tls_capture **capture, unsigned *n_strangers,
    struct rig_wait wait, struct rig_error *err);

/* Trust of an endpoint that is open. */
struct rig_tls_trust_texts {
    const char *client_roots_pem;
    const char *crls_pem; /* NULL: revocation is not checked from now on */
};
struct rig_tls_loaded {
    int64_t at_ns;       /* rig_now_ns: connections accepted after this use it */
    int64_t at_ms;       /* the same on the server's clock */
    unsigned generation; /* evidence.trust_generation of those connections */
};
/*
 * Replaces trust anchors and CRLs by a new store, so that no older CRL with the same date goes on
 * being used. Returns when every connection accepted from now on uses them; connections in progress
 * keep theirs, and none is dropped. Sessions stay resumable (what becomes of them is
 * resumption_revalidates). RIG/INVALID for texts that can't be used: all stays as it was.
 */
RIG_CHECKED rig_result rig_tls_endpoint_reload(struct rig_tls_endpoint *endpoint,
                                               const struct rig_tls_trust_texts *trust,
                                               struct rig_tls_loaded *loaded,
                                               struct rig_error *err);

/* Ends its connections. NULL is fine. */
void rig_tls_endpoint_close(struct rig_tls_endpoint *endpoint);
static inline void rig_auto_endpoint(struct rig_tls_endpoint **endpoint)
{
    rig_tls_endpoint_close(*endpoint);
    *endpoint = NULL;
}

#endif
