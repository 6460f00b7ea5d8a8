/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/services.h"

#include "rig/ca/local.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define PREPARE_TIMEOUT_MS 60000
#define SERVER_VALID_DAYS 2 /* their keys live in memory, as long as the run */
#define OTHER_NAME_PREFIX "other-"

int64_t rig_ended_ms(const struct rig_ca_certificate *certificate)
{
    return certificate->not_after_ms + 1000; /* the last second still counts */
}

static rig_result make_identity(struct rig_services *services, enum rig_case_server kind,
                                struct rig_wait wait, struct rig_error *err)
{
    const struct rig_suite *suite = services->options->suite;
    struct rig_ca *ca = kind == RIG_SERVER_OTHER_ROOT ? services->other_ca : services->ca;
    struct rig_server_identity *identity = &services->identities[kind];
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    const int64_t now_ms = rig_clock_now_ms(services->options->clock);
    char other_name[sizeof suite->server_name + sizeof OTHER_NAME_PREFIX];
    const char *names[2] = {suite->server_name, NULL};
    struct rig_ca_request request = {
        .profile = RIG_PROFILE_SERVER,
        .dns_names = names,
        .not_after_ms = now_ms + SERVER_VALID_DAYS * DAY_MS,
    };

    if (kind == RIG_SERVER_OTHER_NAME) {
        (void)snprintf(other_name, sizeof other_name, "%s%s", OTHER_NAME_PREFIX,
                       suite->server_name);
        names[0] = other_name;
    }
    if (kind == RIG_SERVER_EXPIRED) {
        request.not_before_ms = ca->ops->backdates ? now_ms - 2 * DAY_MS : 0;
        request.not_after_ms = ca->ops->backdates ? now_ms - DAY_MS : now_ms + RIG_SHORT_LIFE_MS;
    }
    request.common_name = names[0];
    identity->key_pem.secret = true;
    RIG_TRY(rig_ca_make_server(ca, &request, RIG_KEY_P256, &identity->key_pem, &certificate, wait,
                               err));
    if (kind == RIG_SERVER_EXPIRED && !ca->ops->backdates) {
        identity->usable_ms = rig_ended_ms(&certificate);
    }
    return rig_buf_append(&identity->chain_pem, certificate.chain_pem.data,
                          certificate.chain_pem.len, err);
}

void rig_server_address(const struct rig_run_options *options,
                        struct rig_tls_server_options *server)
{
    const struct rig_suite *suite = options->suite;

    server->bind_address = suite->server_bind[0] != '\0' ? suite->server_bind
                           : options->loopback           ? "127.0.0.1"
                                                         : NULL;
    server->first_port = suite->first_port;
    server->last_port = suite->last_port;
}

static bool has_kind(const struct rig_step_list *list, enum rig_step_kind kind)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->steps[i].kind == kind) {
            return true;
        }
    }
    return false;
}

/* Boards meet a server under this CA; others need neither its identities nor CRLs. */
static bool meets_server(const struct rig_suite *suite)
{
    static const enum rig_step_kind kinds[] = {RIG_STEP_CASE, RIG_STEP_REVOCATION, RIG_STEP_ENROL};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (has_kind(&suite->each_key, kinds[i]) || has_kind(&suite->after, kinds[i])) {
            return true;
        }
    }
    return false;
}

/* A CRL that is missing is better known now than when every board has its certificate. */
static rig_result prepare_server(struct rig_services *services, struct rig_wait wait,
                                 struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf crls = {0};

    if (!meets_server(services->options->suite)) {
        return RIG_DONE;
    }
    RIG_TRY_IN(rig_ca_crls(services->ca, &crls, wait, err), err, "CRLs");
    for (size_t kind = 0; kind < RIG_SERVER_KINDS; kind++) {
        RIG_TRY_IN(make_identity(services, (enum rig_case_server)kind, wait, err), err,
                   "test server's identity");
    }
    return RIG_DONE;
}

static rig_result prepare(struct rig_services *services, struct rig_error *err)
{
    const struct rig_run_options *options = services->options;
    const struct rig_suite *suite = options->suite;
    const struct rig_wait wait = rig_wait_ms(PREPARE_TIMEOUT_MS, options->cancel);
    struct rig_tls_server_options server = {.clock = options->clock};

    rig_server_address(options, &server);
    RIG_TRY(rig_open_chosen_ca(&options->ca, options->out_folder, suite, options->clock,
                               &services->ca, wait, err));
    RIG_TRY(rig_trust_open(rig_buf_text(&services->ca->root_pem),
                           rig_buf_text(&services->ca->chain_pem), &services->trust, err));
    RIG_TRY(rig_check_ca_of_register(services->reg, services->ca, wait, err));
    RIG_TRY(
        rig_recover(services->reg, services->ca, services->run_id, &services->recovery, wait, err));
    RIG_TRY(rig_open_local_ca(options->out_folder, "test-pki", suite, options->ca.passphrase,
                              options->clock, &services->other_ca, err));
    if (suite->fixtures != NULL) {
        RIG_TRY_IN(rig_pki_world_open(suite->fixtures, rig_clock_now_ms(options->clock),
                                      &services->world, err),
                   err, "fixtures");
    }
    RIG_TRY(prepare_server(services, wait, err));
    RIG_TRY(
        rig_enrolments_open(suite, rig_clock_now_ms(options->clock), &services->enrolments, err));
    return rig_tls_server_start(&server, &services->server, err);
}

static void *prepare_thread(void *ctx)
{
    struct rig_services *services = ctx;
    const bool ok = prepare(services, &services->error).ok;

    atomic_store(&services->ready, ok ? 1 : 2);
    (void)eventfd_write(services->ready_fd, 1);
    return NULL;
}

rig_result rig_services_start(struct rig_services *services, const struct rig_run_options *options,
                              struct rig_register *reg, const char *run_id, struct rig_error *err)
{
    int rc;

    memset(services, 0, sizeof *services);
    services->options = options;
    services->reg = reg;
    services->run_id = run_id;
    atomic_init(&services->ready, 0);
    RIG_TRY(rig_moduli_open(&services->moduli, err));
    services->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (services->ready_fd < 0) {
        rig_moduli_close(services->moduli);
        return rig_fail_errno(err, errno, "cannot make an event descriptor");
    }
    rc = pthread_create(&services->thread, NULL, prepare_thread, services);
    if (rc != 0) {
        rig_close_fd(&services->ready_fd);
        rig_moduli_close(services->moduli);
        return rig_fail_errno(err, rc, "cannot start a thread");
    }
    services->thread_started = true;
    return RIG_DONE;
}

rig_result rig_services_await(struct rig_services *services, struct rig_wait wait,
                              struct rig_error *err)
{
    if (atomic_load(&services->ready) == 0) {
        const rig_result waited =
            rig_wait_fd(wait, services->ready_fd, POLLIN, "the CA and the test server", err);

        if (!waited.ok) {
            /* no board is to blame for a slow CA */
            err->cls = err->code == RIG_E_TIMEOUT ? RIG_CLASS_CA : err->cls;
            return waited;
        }
    }
    if (atomic_load(&services->ready) != 1) {
        return rig_fail_as(err, &services->error);
    }
    return RIG_DONE;
}

void rig_services_stop(struct rig_services *services)
{
    if (services->thread_started) {
        (void)pthread_join(services->thread, NULL);
        services->thread_started = false;
    }
    rig_tls_server_stop(services->server);
    services->server = NULL;
    for (size_t kind = 0; kind < RIG_SERVER_KINDS; kind++) {
        rig_buf_free(&services->identities[kind].chain_pem);
        rig_buf_free(&services->identities[kind].key_pem);
    }
    rig_enrolments_close(services->enrolments);
    services->enrolments = NULL;
    rig_auto_pki_world(&services->world);
    rig_auto_ca(&services->other_ca);
    rig_auto_trust(&services->trust);
    rig_auto_ca(&services->ca);
    rig_moduli_close(services->moduli);
    services->moduli = NULL;
    rig_close_fd(&services->ready_fd);
}
