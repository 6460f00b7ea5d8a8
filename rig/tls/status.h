/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The revocation status of the device, asked of an OCSP responder for one connection: after the
 * handshake and before the echo, since a server's verify callback can't wait in OpenSSL 3.0 and the
 * loop must not. Private to this folder; used on the server's thread.
 */
#ifndef RIG_TLS_STATUS_H
#define RIG_TLS_STATUS_H

#include "rig/tls/observe.h"

struct rig_tls_status;

/* NULL when there is nothing to wait for: no OCSP, an answer of the callback, or no way to ask. */
struct rig_tls_status *rig_tls_status_ask(struct rig_tls_observed *observed);
/* True once the evidence has its result. */
bool rig_tls_status_drive(struct rig_tls_status *status, struct rig_tls_observed *observed);
/* The policy's verdict; true when nothing was to be asked. */
bool rig_tls_status_allows(struct rig_tls_observed *observed);

int rig_tls_status_fd(const struct rig_tls_status *status);
uint32_t rig_tls_status_events(const struct rig_tls_status *status);
int64_t rig_tls_status_deadline_ns(const struct rig_tls_status *status);
void rig_tls_status_expire(struct rig_tls_status *status);
/* NULL is fine. */
void rig_tls_status_free(struct rig_tls_status *status);

#endif
