/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns what passes through an OpenSSL session into evidence, by callbacks. It reads the messages
 * themselves, so the ClientHello's random, the certificate and the alerts are there however the
 * handshake ends. Private to this folder; used on the server's thread only.
 */
#ifndef RIG_TLS_OBSERVE_H
#define RIG_TLS_OBSERVE_H

#include "rig/tls/server.h"
#include "rig/tls/service.h"

#include <openssl/ssl.h>

struct rig_tls_observed {
    struct rig_tls_evidence evidence;
    const struct rig_tls_service *service; /* borrowed */
    struct rig_tls_trust *trust;           /* held while the connection lives */
    STACK_OF(X509) * verified_chain;       /* leaf first; NULL: none, or resumed unseen */
    STACK_OF(X509) * presented;            /* what the client sent, leaf first; NULL: none */
    struct rig_tls_capture *capture;       /* NULL: not asked for */
    int64_t hello_ns;                      /* when the ClientHello was complete; 0 before */
    bool fatal_sent;
    bool fatal_received;
    bool server_hello_sent;
    bool muted; /* nothing leaves any more: a fault */
    unsigned n_finished_sent;
};

/* Evidence of nothing: zero but for the alerts. */
struct rig_tls_evidence rig_tls_evidence_none(void);

/* Installs the callbacks in a context... */
void rig_tls_observe_context(SSL_CTX *context, bool with_keys);
/* ... and says where one of its sessions writes to; `observed` outlives the session. */
void rig_tls_observe(SSL *session, struct rig_tls_observed *observed);

/* Ends the handshake's time and takes what was negotiated so far. */
void rig_tls_observe_handshake_end(SSL *session, struct rig_tls_observed *observed);

/* Takes OpenSSL's error queue as error_text (the first text stays); `otherwise` when the queue is
 * empty. */
void rig_tls_observe_error(struct rig_tls_observed *observed, const char *otherwise);

#endif
