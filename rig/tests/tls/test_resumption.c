/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions that come back after something has changed, and reloads of an endpoint that is in use:
 * who is let in, by what, and judged by which store. */
#include "rig/tests/tls/harness.h"

#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

static struct pki pki;
static struct rig_buf revoking_crls; /* pki.device is on it too, with the same dates */
static const uint8_t shared_key[RIG_TLS_TICKET_KEY_BYTES] = "rig test ticket key, the same for two";

struct mode {
    const char *name;
    enum rig_tls_resumption resumption;
    int version;
    bool no_ticket;
    enum rig_tls_resumed_by by;
};

static const struct mode modes[] = {
    {"session id", RIG_TLS_RESUMPTION_CACHE, 0x0303, false, RIG_TLS_BY_SESSION_ID},
    {"session id, client without tickets", RIG_TLS_RESUMPTION_CACHE, 0x0303, true,
     RIG_TLS_BY_SESSION_ID},
    {"ticket", RIG_TLS_RESUMPTION_TICKETS, 0x0303, false, RIG_TLS_BY_TICKET},
    {"PSK, stateful", RIG_TLS_RESUMPTION_CACHE, 0x0304, false, RIG_TLS_BY_PSK_STATEFUL},
    {"PSK, stateless", RIG_TLS_RESUMPTION_TICKETS, 0x0304, false, RIG_TLS_BY_PSK_STATELESS},
};
#define N_MODES (sizeof modes / sizeof modes[0])

/* An endpoint, and a client that comes again and again. */
struct scene {
    const struct mode *mode;
    struct rig_tls_settings settings;
    struct rig_tls_endpoint *endpoint;
    struct rig_tls_client_session *session;
};

static struct scene open_scene(struct rig_tls_server *server, const struct mode *mode,
                               bool revalidates)
{
    struct scene scene = {.mode = mode, .settings = good_settings(&pki)};

    scene.settings.resumption = mode->resumption;
    scene.settings.resumption_revalidates = revalidates;
    scene.settings.min_version = mode->version;
    scene.settings.max_version = mode->version;
    scene.endpoint = open_endpoint(server, &scene.settings);
    return scene;
}

static struct both come(struct scene *scene)
{
    struct rig_tls_client_settings client = good_reference(&pki, scene->endpoint);
    struct both both;

    client.session = &scene->session;
    client.no_ticket = scene->mode->no_ticket;
    client.roots_pem = NULL; /* the clock of some tests is not the client's */
    both = run_both(scene->endpoint, &client);
    print_message(
        "%s: %s, resumed by %s%s, '%s' %s\n", scene->mode->name,
        both.client.echoed ? "echoed" : "refused", rig_tls_resumed_by_name(both.server.resumed_by),
        both.server.resumption_refused ? ", offer turned down" : "", both.server.revalidation_text,
        rig_tls_verify_error_name(both.server.verify_error));
    return both;
}

static void close_scene(struct scene *scene)
{
    rig_tls_client_session_free(scene->session);
    rig_tls_endpoint_close(scene->endpoint);
}

static void check_resumed(const struct scene *scene, const struct both *both)
{
    assert_true(both->client.echoed);
    assert_true(both->client.resumed);
    assert_true(both->server.resumed);
    assert_int_equal(both->server.resumed_by, scene->mode->by);
    assert_false(both->server.peer_presented);
    assert_memory_equal(both->server.peer_sha256, pki.device.sha256, RIG_SHA256_SIZE);
}

static void check_refused(const struct both *both, int verify_error, int alert)
{
    assert_false(both->client.echoed);
    assert_false(both->server.resumed);
    assert_true(both->server.resumption_refused);
    assert_true(both->server.revalidation_text[0] != '\0');
    assert_int_equal(both->server.verify_error, verify_error);
    assert_int_equal(both->client.alert_received, alert);
}

static void reload(struct scene *scene, const char *roots_pem, const char *crls_pem)
{
    const struct rig_tls_trust_texts texts = {.client_roots_pem = roots_pem, .crls_pem = crls_pem};
    struct rig_tls_loaded loaded;
    struct rig_error err;

    if (!rig_tls_endpoint_reload(scene->endpoint, &texts, &loaded, &err).ok) {
        fail_msg("%s", err.text);
    }
    assert_true(loaded.at_ns > 0 && loaded.at_ms > 0);
    assert_true(loaded.generation >= 2);
}

static void off_means_off(void **state)
{
    struct rig_tls_server *const server = start_server(0, 0, NULL);

    (void)state;
    for (size_t i = 0; i < N_MODES; i++) {
        struct mode off = modes[i];
        struct scene scene;

        off.resumption = RIG_TLS_RESUMPTION_OFF;
        scene = open_scene(server, &off, false);
        assert_true(come(&scene).client.echoed);
        assert_false(come(&scene).server.resumed);
        close_scene(&scene);
    }
    rig_tls_server_stop(server);
}

/* The bypass that suites look for: who has a session comes in, revoked or not. */
static void a_naive_server_resumes_the_revoked(void **state)
{
    struct rig_tls_server *const server = start_server(0, 0, NULL);

    (void)state;
    for (size_t i = 0; i < N_MODES; i++) {
        struct scene scene = open_scene(server, &modes[i], false);
        struct both both;

        assert_int_equal(come(&scene).server.resumed_by, RIG_TLS_NOT_RESUMED);
        both = come(&scene);
        check_resumed(&scene, &both);
        reload(&scene, scene.settings.client_roots_pem, rig_buf_text(&revoking_crls));
        both = come(&scene);
        check_resumed(&scene, &both);
        assert_int_equal(both.server.trust_generation, 2);
        /* without the session the same board is refused */
        rig_tls_client_session_free(scene.session);
        scene.session = NULL;
        both = come(&scene);
        assert_int_equal(both.server.verify_error, X509_V_ERR_CERT_REVOKED);
        assert_int_equal(both.client.alert_received, 44);
        close_scene(&scene);
    }
    rig_tls_server_stop(server);
}

static void a_server_that_revalidates_does_not(void **state)
{
    struct rig_tls_server *const server = start_server(0, 0, NULL);

    (void)state;
    for (size_t i = 0; i < N_MODES; i++) {
        struct scene scene = open_scene(server, &modes[i], true);
        struct both both;

        (void)come(&scene);
        both = come(&scene);
        check_resumed(&scene, &both); /* the good are resumed all the same */
        reload(&scene, scene.settings.client_roots_pem, rig_buf_text(&revoking_crls));
        both = come(&scene);
        check_refused(&both, X509_V_ERR_CERT_REVOKED, 44);
        assert_string_equal(both.server.revalidation_text, "certificate revoked (depth 0)");
        close_scene(&scene);
    }
    rig_tls_server_stop(server);
}

static void a_root_that_was_taken_away(void **state)
{
    struct rig_tls_server *const server = start_server(0, 0, NULL);

    (void)state;
    for (size_t i = 0; i < N_MODES; i++) {
        for (int revalidates = 0; revalidates <= 1; revalidates++) {
            struct scene scene = open_scene(server, &modes[i], revalidates != 0);
            struct both both;

            (void)come(&scene);
            reload(&scene, rig_buf_text(&pki.other_root.pem), NULL);
            both = come(&scene);
            if (revalidates != 0) {
                check_refused(&both, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 48);
            } else {
                check_resumed(&scene, &both);
            }
            close_scene(&scene);
        }
    }
    rig_tls_server_stop(server);
}

static int64_t injected_ms(void *ctx)
{
    return atomic_load((atomic_llong *)ctx);
}

static void a_certificate_that_has_expired(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_MODES; i++) {
        for (int revalidates = 0; revalidates <= 1; revalidates++) {
            atomic_llong now_ms;
            const struct rig_clock clock = {.now_ms = injected_ms, .ctx = &now_ms};
            struct rig_tls_server *server;
            struct scene scene;
            struct both both;

            atomic_init(&now_ms, rig_clock_now_ms(&rig_clock_system));
            server = start_server(0, 0, &clock);
            scene = open_scene(server, &modes[i], revalidates != 0);
            reload(&scene, scene.settings.client_roots_pem, NULL);
            (void)come(&scene);
            atomic_fetch_add(&now_ms, INT64_C(400) * 86400 * 1000);
            both = come(&scene);
            if (revalidates != 0) {
                check_refused(&both, X509_V_ERR_CERT_HAS_EXPIRED, 45);
            } else {
                check_resumed(&scene, &both);
            }
            close_scene(&scene);
            rig_tls_server_stop(server);
        }
    }
}

struct entry {
    bool enabled;
};

static bool is_enabled(void *ctx, STACK_OF(X509) * chain, char *reason, size_t reason_size)
{
    const struct entry *const entry = ctx;

    (void)chain;
    (void)rig_copy_text(reason, reason_size, entry->enabled ? "enabled" : "disabled");
    return entry->enabled;
}

/* The entry changes between two connections only: no race with the server's thread. */
static void an_enrolment_that_was_disabled(void **state)
{
    struct rig_tls_server *const server = start_server(0, 0, NULL);

    (void)state;
    for (size_t i = 0; i < N_MODES; i++) {
        for (int revalidates = 0; revalidates <= 1; revalidates++) {
            struct entry entry = {.enabled = true};
            struct scene scene = {.mode = &modes[i], .settings = good_settings(&pki)};
            struct both both;

            scene.settings.resumption = modes[i].resumption;
            scene.settings.resumption_revalidates = revalidates != 0;
            scene.settings.max_version = scene.settings.min_version = modes[i].version;
            scene.settings.enrolment =
                (struct rig_tls_enrolment_hook){.allows = is_enabled, .ctx = &entry};
            scene.endpoint = open_endpoint(server, &scene.settings);
            assert_true(come(&scene).client.echoed);
            entry.enabled = false;
            both = come(&scene);
            if (revalidates != 0) {
                assert_false(both.client.echoed);
                assert_true(both.server.resumption_refused);
                assert_string_equal(both.server.revalidation_text, "disabled");
                assert_int_equal(both.server.refused_by, RIG_TLS_REFUSED_BY_ENROLMENT);
            } else {
                check_resumed(&scene, &both);
            }
            close_scene(&scene);
        }
    }
    rig_tls_server_stop(server);
}

static void across_servers_that_share_a_key(void **state)
{
    struct rig_tls_server *const server = start_server(0, 0, NULL);

    (void)state;
    for (size_t i = 0; i < N_MODES; i++) {
        for (int revalidates = 0; revalidates <= 1; revalidates++) {
            struct scene scene = {.mode = &modes[i], .settings = good_settings(&pki)};
            struct rig_tls_endpoint *other;
            struct rig_tls_endpoint *first;
            struct both both;

            if (modes[i].resumption != RIG_TLS_RESUMPTION_TICKETS) {
                continue;
            }
            scene.settings.resumption = RIG_TLS_RESUMPTION_TICKETS;
            scene.settings.ticket_key = shared_key;
            scene.settings.max_version = scene.settings.min_version = modes[i].version;
            scene.settings.resumption_revalidates = revalidates != 0;
            first = scene.endpoint = open_endpoint(server, &scene.settings);
            other = open_endpoint(server, &scene.settings);
            (void)come(&scene);
            scene.endpoint = other; /* knows no session, but the key */
            both = come(&scene);
            check_resumed(&scene, &both);
            reload(&scene, scene.settings.client_roots_pem, rig_buf_text(&revoking_crls));
            both = come(&scene);
            if (revalidates != 0) {
                check_refused(&both, X509_V_ERR_CERT_REVOKED, 44);
            } else {
                check_resumed(&scene, &both);
            }
            rig_tls_endpoint_close(first);
            close_scene(&scene);
        }
    }
    rig_tls_server_stop(server);
}

static void another_key_does_not_resume(void **state)
{
    struct rig_tls_server *const server = start_server(0, 0, NULL);
    struct scene scene = open_scene(server, &modes[2], false);
    struct rig_tls_endpoint *const first = scene.endpoint;

    (void)state;
    (void)come(&scene);
    scene.endpoint = open_endpoint(server, &scene.settings);
    assert_false(come(&scene).server.resumed);
    rig_tls_endpoint_close(first);
    close_scene(&scene);
    rig_tls_server_stop(server);
}

static void twins_of_resumption(void **state)
{
    struct rig_tls_server *const server = start_server(0, 0, NULL);
    struct scene scene = {.mode = &modes[4], .settings = good_settings(&pki)};
    struct both both;

    (void)state;
    scene.settings.fault = RIG_TLS_FAULT_RESUMPTION_LEFT_ON;
    scene.endpoint = open_endpoint(server, &scene.settings);
    (void)come(&scene);
    both = come(&scene);
    check_resumed(&scene, &both);
    close_scene(&scene);

    scene = (struct scene){.mode = &modes[4], .settings = good_settings(&pki)};
    scene.settings.resumption = RIG_TLS_RESUMPTION_TICKETS;
    scene.settings.resumption_revalidates = true;
    scene.settings.fault = RIG_TLS_FAULT_RESUMES_NAIVELY;
    scene.endpoint = open_endpoint(server, &scene.settings);
    (void)come(&scene);
    reload(&scene, scene.settings.client_roots_pem, rig_buf_text(&revoking_crls));
    both = come(&scene);
    check_resumed(&scene, &both);
    close_scene(&scene);

    scene = (struct scene){.mode = &modes[0], .settings = good_settings(&pki)};
    scene.settings.fault = RIG_TLS_FAULT_STALE_CRL;
    scene.endpoint = open_endpoint(server, &scene.settings);
    reload(&scene, scene.settings.client_roots_pem, rig_buf_text(&revoking_crls));
    assert_true(come(&scene).client.echoed);
    close_scene(&scene);
    rig_tls_server_stop(server);
}

static void a_bad_reload_changes_nothing(void **state)
{
    struct rig_tls_server *const server = start_server(0, 0, NULL);
    struct scene scene = open_scene(server, &modes[0], false);
    const struct rig_tls_trust_texts bad = {.client_roots_pem = scene.settings.client_roots_pem,
                                            .crls_pem = "nothing"};
    const struct rig_tls_trust_texts none = {.crls_pem = scene.settings.crls_pem};
    struct rig_tls_loaded loaded;
    struct rig_error err;
    struct both both;

    (void)state;
    assert_false(rig_tls_endpoint_reload(scene.endpoint, &bad, &loaded, &err).ok);
    assert_non_null(strstr(err.text, "CRLs"));
    assert_false(rig_tls_endpoint_reload(scene.endpoint, &none, &loaded, &err).ok);
    both = come(&scene);
    assert_true(both.client.echoed);
    assert_int_equal(both.server.trust_generation, 1);
    close_scene(&scene);
    rig_tls_server_stop(server);
}

/* ---- under load ---- */

#define N_BOARDS 4
#define N_RELOADS 24

struct board {
    struct rig_tls_endpoint *endpoint;
    atomic_bool *over;
    unsigned n_good;
    unsigned n_bad;
};

static void *come_and_go(void *arg)
{
    struct board *const board = arg;
    struct rig_tls_client_settings client = good_reference(&pki, board->endpoint);

    client.certificate_pem = rig_buf_text(&pki.device_rsa.chain_pem);
    client.key_pem = rig_buf_text(&pki.device_rsa.key_pem);
    while (!atomic_load(board->over)) {
        struct rig_tls_client_report report;
        struct rig_error err;

        if (rig_tls_client_run(&client, rig_wait_ms(LONG_MS, NULL), &report, &err).ok &&
            report.echoed) {
            board->n_good++;
        } else {
            board->n_bad++;
        }
        rig_tls_client_report_free(&report);
    }
    return NULL;
}

static void reload_under_load(void **state)
{
    struct rig_tls_server *const server = start_server(0, 0, NULL);
    struct scene scene = {.mode = &modes[3], .settings = good_settings(&pki)};
    struct board boards[N_BOARDS];
    pthread_t threads[N_BOARDS];
    atomic_bool over = false;
    unsigned n_good = 0;

    (void)state;
    scene.endpoint = open_endpoint(server, &scene.settings);
    for (size_t i = 0; i < N_BOARDS; i++) {
        boards[i] = (struct board){.endpoint = scene.endpoint, .over = &over};
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &boards[i]), 0);
    }
    for (unsigned i = 0; i < N_RELOADS; i++) {
        const bool revoked = i % 2 == 0;
        struct both both;

        reload(&scene, scene.settings.client_roots_pem,
               revoked ? rig_buf_text(&revoking_crls) : scene.settings.crls_pem);
        /* from the very next connection on, although both CRLs have the same date */
        both = come(&scene);
        assert_int_equal(both.client.echoed, !revoked);
        assert_int_equal(both.server.verify_error, revoked ? X509_V_ERR_CERT_REVOKED : 0);
        assert_int_equal(both.server.trust_generation, i + 2);
    }
    atomic_store(&over, true);
    for (size_t i = 0; i < N_BOARDS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(boards[i].n_bad, 0);
        n_good += boards[i].n_good;
    }
    assert_true(n_good >= N_BOARDS);
    print_message("%u good connections over %u reloads\n", n_good, N_RELOADS);
    close_scene(&scene);
    rig_tls_server_stop(server);
}

static void a_connection_in_progress_keeps_its_trust(void **state)
{
    struct rig_tls_server *const server = start_server(0, 0, NULL);
    struct scene scene = {.mode = &modes[3], .settings = good_settings(&pki)};
    struct rig_tls_client_settings client;
    struct rig_tls_client_report report;
    struct rig_tls_evidence evidence;
    struct rig_error err;
    int fd = -1;

    (void)state;
    scene.endpoint = open_endpoint(server, &scene.settings);
    /* accepted under the first store, and it says hello under the second */
    assert_true(rig_tls_endpoint_connect(scene.endpoint, &fd, &err).ok);
    reload(&scene, scene.settings.client_roots_pem, rig_buf_text(&revoking_crls));
    client = good_reference(&pki, scene.endpoint);
    client.use_fd = true;
    client.fd = fd;
    run_reference(&client, &report);
    assert_true(report.echoed);
    (void)take_evidence(scene.endpoint, report.client_random, &evidence, LONG_MS);
    assert_int_equal(evidence.trust_generation, 1);
    rig_tls_client_report_free(&report);
    close_scene(&scene);
    rig_tls_server_stop(server);
}

static int set_up(void **state)
{
    (void)state;
    pki_make(&pki);
    pki_append_crl(&revoking_crls, &pki.root, NULL);
    pki_append_crl(&revoking_crls, &pki.intermediate, pki.device.certificate);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_buf_free(&revoking_crls);
    pki_free(&pki);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_means_off),
        cmocka_unit_test(a_naive_server_resumes_the_revoked),
        cmocka_unit_test(a_server_that_revalidates_does_not),
        cmocka_unit_test(a_root_that_was_taken_away),
        cmocka_unit_test(a_certificate_that_has_expired),
        cmocka_unit_test(an_enrolment_that_was_disabled),
        cmocka_unit_test(across_servers_that_share_a_key),
        cmocka_unit_test(another_key_does_not_resume),
        cmocka_unit_test(twins_of_resumption),
        cmocka_unit_test(a_bad_reload_changes_nothing),
        cmocka_unit_test(reload_under_load),
        cmocka_unit_test(a_connection_in_progress_keeps_its_trust),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
