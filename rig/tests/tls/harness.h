/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the server have in common. A function that can't do its part fails the running
 * test, so all are for the test's own thread.
 */
#ifndef RIG_TESTS_TLS_HARNESS_H
#define RIG_TESTS_TLS_HARNESS_H

#include "rig/tests/tls/clients.h"
#include "rig/tests/tls/pki.h"
#include "rig/tls/client.h"
#include "rig/tls/server.h"

#define LONG_MS 20000 /* longer than anything takes */

/* Borrow the PKI's texts. */
struct rig_tls_settings good_settings(const struct pki *pki);
struct client_wish good_client(const struct pki *pki);

/* The same for the reference client, at this endpoint. */
struct rig_tls_client_settings good_reference(const struct pki *pki,
                                              const struct rig_tls_endpoint *endpoint);
/* One connection of the reference client; the caller frees the report. */
void run_reference(const struct rig_tls_client_settings *settings,
                   struct rig_tls_client_report *report);
/* Both sides of one connection; fails when the server did not see it. The report is freed. */
struct both {
    struct rig_tls_evidence server;
    struct rig_tls_client_report client; /* without response and capture */
};
struct both run_both(struct rig_tls_endpoint *endpoint,
                     const struct rig_tls_client_settings *settings);

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
