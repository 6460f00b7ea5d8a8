/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all boards of a run share: the CA, the identities that the test server shows, the CA that
 * nobody trusts, and the server itself. Prepared by a thread of its own while the boards already
 * reset; a step that needs them waits for "ready", which fails with the error of the preparation.
 * Threads: after rig_services_await succeeded, every field is read-only; the objects behind are
 * thread-safe.
 */
#ifndef RIG_RUN_SERVICES_H
#define RIG_RUN_SERVICES_H

#include "rig/ca/ca.h"
#include "rig/run/recover.h"
#include "rig/run/run.h"
#include "rig/tls/server.h"

#include <pthread.h>

#define RIG_SERVER_KINDS 4 /* enum rig_case_server */

struct rig_server_identity {
    struct rig_buf chain_pem;
    struct rig_buf key_pem;
};

struct rig_services {
    const struct rig_run_options *options;
    struct rig_register *reg;     /* borrowed */
    const char *run_id;           /* borrowed */
    struct rig_recovery recovery; /* what an earlier run left open; the owner frees it after
                                     rig_services_stop */
    struct rig_ca *ca;
    struct rig_ca *other_ca; /* same shape, trusted by nobody */
    struct rig_server_identity identities[RIG_SERVER_KINDS];
    struct rig_tls_server *server;

    pthread_t thread;
    bool thread_started;
    int ready_fd;           /* polls readable when prepared or failed */
    atomic_int ready;       /* 0 not yet, 1 prepared, 2 failed */
    struct rig_error error; /* when failed */
};

RIG_CHECKED rig_result rig_services_start(struct rig_services *services,
                                          const struct rig_run_options *options,
                                          struct rig_register *reg, const char *run_id,
                                          struct rig_error *err);
RIG_CHECKED rig_result rig_services_await(struct rig_services *services, struct rig_wait wait,
                                          struct rig_error *err);
void rig_services_stop(struct rig_services *services);

/* The local CA of a work folder, made by the suite's plan when there is none; suite NULL: it must
 * exist. */
RIG_CHECKED rig_result rig_open_work_ca(const char *out_folder, const struct rig_suite *suite,
                                        const char *passphrase, const struct rig_clock *clock,
                                        struct rig_ca **ca, struct rig_error *err);

#endif
