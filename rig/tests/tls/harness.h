/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the server have in common. A function that can't do its part fails the running
 * test, so all are for the test's own thread.
 */
#ifndef RIG_TESTS_TLS_HARNESS_H
#define RIG_TESTS_TLS_HARNESS_H

#include "rig/tests/tls/clients.h"
#include "rig/tests/tls/pki.h"
#include "rig/tls/server.h"

#define LONG_MS 20000 /* longer than anything takes */

/* Borrow the PKI's texts. */
struct rig_tls_settings good_settings(const struct pki *pki);
struct client_wish good_client(const struct pki *pki);

/* On 127.0.0.1. `clock` may be NULL. */
struct rig_tls_server *start_server(uint16_t first_port, uint16_t last_port,
                                    const struct rig_clock *clock);
struct rig_tls_endpoint *open_endpoint(struct rig_tls_server *server,
                                       const struct rig_tls_settings *settings);
/* The number of strangers. */
unsigned take_evidence(struct rig_tls_endpoint *endpoint, const uint8_t *client_random,
                       struct rig_tls_evidence *evidence, int64_t timeout_ms);

/* A connection without TLS that has sent these bytes; the caller closes it. */
int connect_raw(struct rig_tls_endpoint *endpoint, const void *bytes, size_t n);
/* Reads to the end of what the server sends, since it must end; closes. */
void read_out(int fd);

#endif
