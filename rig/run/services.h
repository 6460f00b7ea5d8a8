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

#include "rig/ca/moduli.h"
#include "rig/ca/trust.h"
#include "rig/pki/world.h"
#include "rig/run/ca_choice.h"
#include "rig/run/enrolments.h"
#include "rig/run/recover.h"
#include "rig/run/run.h"
#include "rig/tls/server.h"

#include <pthread.h>

#define RIG_SERVER_KINDS 4 /* enum rig_case_server */

struct rig_server_identity {
    struct rig_buf chain_pem;
    struct rig_buf key_pem;
    int64_t usable_ms; /* wall clock: not to be shown before, for its certificate has not ended yet;
                          0: at any time */
};

/* Of a certificate that has to be expired, from a CA that backdates none: asked for so short, and
 * then waited for. */
#define RIG_SHORT_LIFE_MS 1000
/* When such a certificate is over, on the wall clock. */
int64_t rig_ended_ms(const struct rig_ca_certificate *certificate);

struct rig_services {
    const struct rig_run_options *options;
    struct rig_register *reg;     /* borrowed */
    const char *run_id;           /* borrowed */
    struct rig_recovery recovery; /* what an earlier run left open; the owner frees it after
                                     rig_services_stop */
    struct rig_moduli *moduli;    /* RSA keys of all boards of the run; from the start on */
    struct rig_ca *ca;
    struct rig_trust *trust;     /* of its root and chain */
    struct rig_ca *other_ca;     /* same shape, trusted by nobody */
    struct rig_pki_world *world; /* of the suite's fixtures; NULL: it has none */
    struct rig_server_identity identities[RIG_SERVER_KINDS];
    struct rig_tls_server *server;
    struct rig_enrolments *enrolments; /* NULL: the suite has no registrations */

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

/* Where test servers of this run listen: bind_address and ports of `server`. */
void rig_server_address(const struct rig_run_options *options,
                        struct rig_tls_server_options *server);

#endif
