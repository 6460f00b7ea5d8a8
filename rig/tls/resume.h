/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resumption: what the server keeps or seals, and the second look at a session before it is
 * resumed. A session carries the chain that the board showed, since OpenSSL keeps only the leaf of
 * it. Private to this folder; used on the server's thread.
 */
#ifndef RIG_TLS_RESUME_H
#define RIG_TLS_RESUME_H

#include "rig/tls/service.h"

/* `ticket_key` may be NULL. Keeps `service`. */
RIG_CHECKED rig_result rig_tls_resume_set_up(struct rig_tls_service *service,
                                             const uint8_t *ticket_key, struct rig_error *err);

/* Puts the chain into the session that a handshake makes. Without memory the session goes without;
 * a server that revalidates makes a full handshake then. */
void rig_tls_resume_keep_chain(SSL_SESSION *session, STACK_OF(X509) * presented);

/* How a resumed session came back. */
enum rig_tls_resumed_by rig_tls_resumed_by(const struct rig_tls_service *service,
                                           const SSL *session);

#endif
