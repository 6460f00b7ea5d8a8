/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection of the test server: handshake, the application's rules, the question to an OCSP
 * responder, echo, half-close, drain. Never blocks: it is driven
 * whenever its socket is ready for what it waits for. Private to this folder; used on the server's
 * thread only.
 */
#ifndef RIG_TLS_CONNECTION_H
#define RIG_TLS_CONNECTION_H

#include "rig/tls/observe.h"

struct rig_tls_connection;

/* Owns `fd` (nonblocking) from here on, also when it returns NULL (out of memory). `observed`
 * outlives it; its evidence and capture are given out afterwards. */
struct rig_tls_connection *rig_tls_connection_new(const struct rig_tls_service *service, int fd,
                                                  struct rig_tls_observed *observed);

/* Goes on as far as it can; false once the connection is over. */
bool rig_tls_connection_drive(struct rig_tls_connection *connection);

/* The socket to watch: its own, or that of its question to an OCSP responder. It stays open until
 * the end of the connection. */
int rig_tls_connection_fd(const struct rig_tls_connection *connection);

/* When rig_tls_connection_expire is due; INT64_MAX: not at all. */
int64_t rig_tls_connection_deadline_ns(const struct rig_tls_connection *connection);
/* Gives up what it was waiting for (not the connection); it is to be driven then. */
void rig_tls_connection_expire(struct rig_tls_connection *connection);

/* EPOLLIN or EPOLLOUT: what it waits for; 0 for nothing but time. */
uint32_t rig_tls_connection_events(const struct rig_tls_connection *connection);

/* "the TLS handshake", ...: what a time-out interrupts. */
const char *rig_tls_connection_stage(const struct rig_tls_connection *connection);

/* Completes the evidence (times, bytes), closes and frees. `reason` is its error_text when nothing
 * else was; may be NULL. */
void rig_tls_connection_end(struct rig_tls_connection *connection, const char *reason);

#endif
