/* SPDX-License-Identifier: Apache-2.0 */
/* The server around the handshakes: matching, many at once, relay, limits, broken clients, stop and
 * cancel. */
#include "rig/tests/tls/harness.h"

#include <dirent.h>
#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static struct pki pki;

static size_t count_descriptors(void)
{
    DIR *const folder = opendir("/proc/self/fd");
    size_t n = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        n++;
    }
    (void)closedir(folder);
    return n;
}

/* ---- matching ---- */

struct stranger {
    pthread_t thread;
    uint16_t port;
    struct client_report report;
};

static void *run_stranger(void *arg)
{
    struct stranger *const stranger = arg;
    const struct client_wish wish = good_client(&pki);

    client_openssl(client_connect(stranger->port), &wish, &stranger->report);
    return NULL;
}

static void strangers_are_never_the_board(void **state)
{
    enum { N_STRANGERS = 12 };
    struct stranger strangers[N_STRANGERS];
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = start_server(0, 0, NULL);
    const struct rig_tls_settings settings = good_settings(&pki);
    RIG_AUTO(rig_auto_endpoint)
    struct rig_tls_endpoint *endpoint = open_endpoint(server, &settings);
    struct client_wish wish = good_client(&pki);
    struct client_report report;
    struct rig_tls_evidence evidence;

    (void)state;
    for (size_t i = 0; i < N_STRANGERS; i++) {
        strangers[i].port = rig_tls_endpoint_port(endpoint);
        assert_int_equal(pthread_create(&strangers[i].thread, NULL, run_stranger, &strangers[i]),
                         0);
    }
    wish.identity = &pki.device_revoked;
    client_openssl(client_connect(rig_tls_endpoint_port(endpoint)), &wish, &report);
    for (size_t i = 0; i < N_STRANGERS; i++) {
        (void)pthread_join(strangers[i].thread, NULL);
        assert_true(strangers[i].report.echoed);
    }
    assert_int_equal(take_evidence(endpoint, report.client_random, &evidence, LONG_MS),
                     N_STRANGERS);
    assert_memory_equal(evidence.peer_sha256, pki.device_revoked.sha256, RIG_SHA256_SIZE);
    assert_int_equal(evidence.verify_error, X509_V_ERR_CERT_REVOKED);
    for (unsigned i = 0; i < N_STRANGERS; i++) {
        assert_int_equal(
            take_evidence(endpoint, strangers[i].report.client_random, &evidence, LONG_MS),
            N_STRANGERS - 1 - i);
        assert_true(evidence.echoed);
    }
}

static void nothing_came_is_evidence(void **state)
{
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = start_server(0, 0, NULL);
    const struct rig_tls_settings settings = good_settings(&pki);
    RIG_AUTO(rig_auto_endpoint)
    struct rig_tls_endpoint *endpoint = open_endpoint(server, &settings);
    const uint8_t other[32] = {1};
    struct rig_tls_evidence evidence;
    struct rig_tls_evidence none = {.alert_sent = RIG_TLS_NO_ALERT,
                                    .alert_received = RIG_TLS_NO_ALERT};

    (void)state;
    assert_int_equal(take_evidence(endpoint, NULL, &evidence, 20), 0);
    assert_memory_equal(&evidence, &none, sizeof none);
    assert_int_equal(take_evidence(endpoint, other, &evidence, 20), 0);
    assert_false(evidence.client_hello_seen);
}

/* ---- many at once ---- */

struct board {
    pthread_t thread;
    struct rig_tls_server *server;
    unsigned number;
    bool right;
};

static void *run_board(void *arg)
{
    struct board *const board = arg;
    struct rig_tls_settings settings = good_settings(&pki);
    struct client_wish wish = good_client(&pki);
    struct rig_tls_endpoint *endpoint = NULL;
    struct rig_tls_evidence evidence;
    struct client_report report;
    struct rig_error err;
    unsigned n_strangers = 99;
    const bool revoked = board->number % 3 == 1;

    board->right = true;
    for (int round = 0; round < 3 && board->right; round++) {
        settings.max_version = board->number % 2 != 0 ? 0x0303 : 0x0304;
        wish.identity = revoked ? &pki.device_revoked : &pki.device;
        board->right = rig_tls_endpoint_open(board->server, &settings, &endpoint, &err).ok;
        if (!board->right) {
            break;
        }
        if (board->number % 4 == 3) {
            client_mbedtls(client_connect(rig_tls_endpoint_port(endpoint)), &wish, &report);
        } else {
            client_openssl(client_connect(rig_tls_endpoint_port(endpoint)), &wish, &report);
        }
        board->right = rig_tls_endpoint_evidence(endpoint, report.client_random, &evidence,
                                                 &n_strangers, rig_wait_ms(LONG_MS, NULL), &err)
                           .ok &&
                       n_strangers == 0 && evidence.echoed == !revoked &&
                       report.echoed == !revoked &&
                       evidence.alert_sent == (revoked ? 44 : RIG_TLS_NO_ALERT) &&
                       memcmp(evidence.peer_sha256, wish.identity->sha256, RIG_SHA256_SIZE) == 0;
        rig_tls_endpoint_close(endpoint);
    }
    return NULL;
}

static void many_boards_at_once(void **state)
{
    enum { N_BOARDS = 32 };
    struct board boards[N_BOARDS];
    const size_t n_before = count_descriptors();
    struct rig_tls_server *const server = start_server(0, 0, NULL);

    (void)state;
    for (unsigned i = 0; i < N_BOARDS; i++) {
        boards[i] = (struct board){.server = server, .number = i};
        assert_int_equal(pthread_create(&boards[i].thread, NULL, run_board, &boards[i]), 0);
    }
    for (size_t i = 0; i < N_BOARDS; i++) {
        (void)pthread_join(boards[i].thread, NULL);
        assert_true(boards[i].right);
    }
    rig_tls_server_stop(server);
    assert_int_equal(count_descriptors(), n_before);
}

static void resumption_is_refused(void **state)
{
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = start_server(0, 0, NULL);
    struct rig_tls_settings settings = good_settings(&pki);

    (void)state;
    for (int version = 0x0303; version <= 0x0304; version++) {
        SSL_SESSION *session = NULL;
        struct client_wish wish = good_client(&pki);

        settings.max_version = version;
        RIG_AUTO(rig_auto_endpoint)
        struct rig_tls_endpoint *endpoint = open_endpoint(server, &settings);
        wish.session = &session;
        for (int round = 0; round < 3; round++) {
            struct client_report report;
            struct rig_tls_evidence evidence;

            client_openssl(client_connect(rig_tls_endpoint_port(endpoint)), &wish, &report);
            assert_true(report.echoed);
            assert_false(report.resumed);
            assert_int_equal(take_evidence(endpoint, NULL, &evidence, LONG_MS), 0);
            assert_false(evidence.resumed);
            assert_true(evidence.peer_presented);
        }
        SSL_SESSION_free(session);
    }
}

/* ---- relay ---- */

static void relay_over_a_socket_pair(void **state)
{
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = start_server(0, 0, NULL);
    struct rig_tls_settings settings = good_settings(&pki);
    RIG_AUTO(rig_auto_endpoint) struct rig_tls_endpoint *endpoint = NULL;
    struct client_wish wish = good_client(&pki);
    struct rig_tls_evidence evidence;
    struct client_report report;
    struct rig_error err;
    int fd = -1;

    (void)state;
    settings.relay_only = true;
    endpoint = open_endpoint(server, &settings);
    assert_int_equal(rig_tls_endpoint_port(endpoint), 0);
    assert_true(rig_tls_endpoint_connect(endpoint, &fd, &err).ok);
    client_mbedtls(fd, &wish, &report);
    assert_true(report.echoed);
    assert_int_equal(take_evidence(endpoint, report.client_random, &evidence, LONG_MS), 0);
    assert_true(evidence.echoed);

    wish.identity = &pki.device_revoked;
    assert_true(rig_tls_endpoint_connect(endpoint, &fd, &err).ok);
    client_openssl(fd, &wish, &report);
    assert_int_equal(take_evidence(endpoint, report.client_random, &evidence, LONG_MS), 0);
    assert_int_equal(evidence.alert_sent, 44);
    assert_int_equal(report.alert_received, 44);
}

/* ---- echo ---- */

static void echo_up_to_the_limit(void **state)
{
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = start_server(0, 0, NULL);
    struct rig_tls_settings settings = good_settings(&pki);
    struct client_wish wish = good_client(&pki);
    struct client_report report;
    struct rig_tls_evidence evidence;

    (void)state;
    settings.max_echo_bytes = 65536;
    RIG_AUTO(rig_auto_endpoint)
    struct rig_tls_endpoint *endpoint = open_endpoint(server, &settings);
    wish.n_bytes = 65536;
    client_openssl(client_connect(rig_tls_endpoint_port(endpoint)), &wish, &report);
    assert_true(report.echoed);
    (void)take_evidence(endpoint, NULL, &evidence, LONG_MS);
    assert_true(evidence.n_received > 65536 && evidence.n_sent > 65536);

    settings.max_echo_bytes = 100;
    RIG_AUTO(rig_auto_endpoint)
    struct rig_tls_endpoint *small = open_endpoint(server, &settings);
    client_openssl(client_connect(rig_tls_endpoint_port(small)), &wish, &report);
    assert_true(report.handshake_done);
    assert_false(report.echoed);
    (void)take_evidence(small, NULL, &evidence, LONG_MS);
    assert_true(evidence.echoed);
    assert_string_equal(evidence.error_text, "");
}

/* ---- clocks ---- */

static int64_t in_two_years_ms(void *ctx)
{
    (void)ctx;
    return rig_clock_now_ms(&rig_clock_system) + INT64_C(2) * 365 * 86400 * 1000;
}

static void dates_are_compared_with_the_given_clock(void **state)
{
    const struct rig_clock later = {.now_ms = in_two_years_ms};
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = start_server(0, 0, &later);
    struct rig_tls_settings settings = good_settings(&pki);
    const struct client_wish wish = good_client(&pki);
    struct client_report report;
    struct rig_tls_evidence evidence;

    (void)state;
    settings.crls_pem = NULL;
    RIG_AUTO(rig_auto_endpoint)
    struct rig_tls_endpoint *endpoint = open_endpoint(server, &settings);
    client_openssl(client_connect(rig_tls_endpoint_port(endpoint)), &wish, &report);
    (void)take_evidence(endpoint, NULL, &evidence, LONG_MS);
    assert_int_equal(evidence.verify_error, X509_V_ERR_CERT_HAS_EXPIRED);
    assert_int_equal(evidence.verify_depth, 0);
}

/* ---- stop, close, cancel ---- */

static void *trigger(void *arg)
{
    rig_cancel_trigger(arg, 1);
    return NULL;
}

static void a_wait_can_be_cancelled(void **state)
{
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = start_server(0, 0, NULL);
    const struct rig_tls_settings settings = good_settings(&pki);
    RIG_AUTO(rig_auto_endpoint)
    struct rig_tls_endpoint *endpoint = open_endpoint(server, &settings);
    struct rig_cancel cancel;
    struct rig_tls_evidence evidence;
    struct rig_error err;
    unsigned n_strangers;
    pthread_t thread;

    (void)state;
    assert_true(rig_cancel_open(&cancel, &err).ok);
    assert_int_equal(pthread_create(&thread, NULL, trigger, &cancel), 0);
    assert_false(rig_tls_endpoint_evidence(endpoint, NULL, &evidence, &n_strangers,
                                           rig_wait_ms(LONG_MS, &cancel), &err)
                     .ok);
    assert_int_equal(err.cls, RIG_CLASS_CANCELLED);
    (void)pthread_join(thread, NULL);
    rig_cancel_close(&cancel);
}

static void endpoint_closes_over_an_open_connection(void **state)
{
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = start_server(0, 0, NULL);
    const struct rig_tls_settings settings = good_settings(&pki);
    struct rig_tls_endpoint *const endpoint = open_endpoint(server, &settings);
    const int fd = connect_raw(endpoint, "\x16\x03\x01", 3);
    struct rig_error err;
    int relay = -1;

    (void)state;
    assert_true(rig_tls_endpoint_connect(endpoint, &relay, &err).ok);
    rig_tls_endpoint_close(endpoint);
    read_out(fd);
    read_out(relay);
    /* the server serves on */
    RIG_AUTO(rig_auto_endpoint) struct rig_tls_endpoint *next = open_endpoint(server, &settings);
    const struct client_wish wish = good_client(&pki);
    struct client_report report;
    client_openssl(client_connect(rig_tls_endpoint_port(next)), &wish, &report);
    assert_true(report.echoed);
}

static void *stop_server(void *arg)
{
    rig_tls_server_stop(arg);
    return NULL;
}

static void stop_ends_connections_and_waits(void **state)
{
    struct rig_tls_server *const server = start_server(0, 0, NULL);
    const struct rig_tls_settings settings = good_settings(&pki);
    struct rig_tls_endpoint *const endpoint = open_endpoint(server, &settings);
    const uint8_t other[32] = {1};
    struct rig_tls_evidence evidence;
    struct rig_error err;
    unsigned n_strangers;
    pthread_t thread;
    int relay = -1;

    (void)state;
    assert_true(rig_tls_endpoint_connect(endpoint, &relay, &err).ok);
    assert_int_equal(pthread_create(&thread, NULL, stop_server, server), 0);
    assert_false(rig_tls_endpoint_evidence(endpoint, other, &evidence, &n_strangers,
                                           rig_wait_ms(LONG_MS, NULL), &err)
                     .ok);
    assert_int_equal(err.cls, RIG_CLASS_CANCELLED);
    (void)pthread_join(thread, NULL);
    read_out(relay);
    /* what was seen stays, and the endpoint is still its owner's to close */
    assert_int_equal(take_evidence(endpoint, NULL, &evidence, LONG_MS), 0);
    assert_string_equal(evidence.error_text, "ended by the rig");
    assert_false(rig_tls_endpoint_connect(endpoint, &relay, &err).ok);
    rig_tls_endpoint_close(endpoint);
    rig_tls_endpoint_close(NULL);
    rig_tls_server_stop(NULL);
}

/* ---- ports and identities ---- */

static uint16_t free_port_pair(void)
{
    for (;;) {
        struct rig_tls_server *const probe = start_server(0, 0, NULL);
        const struct rig_tls_settings settings = good_settings(&pki);
        struct rig_tls_endpoint *const one = open_endpoint(probe, &settings);
        const uint16_t port = rig_tls_endpoint_port(one);
        struct rig_tls_server *const range =
            start_server((uint16_t)(port + 1), (uint16_t)(port + 1), NULL);
        struct rig_tls_endpoint *two = NULL;
        struct rig_error err;
        const bool both = rig_tls_endpoint_open(range, &settings, &two, &err).ok;

        rig_tls_endpoint_close(two);
        rig_tls_endpoint_close(one);
        rig_tls_server_stop(range);
        rig_tls_server_stop(probe);
        if (both) {
            return port;
        }
    }
}

static void ports_come_from_the_range(void **state)
{
    const uint16_t first = free_port_pair();
    RIG_AUTO(rig_auto_tls_server)
    struct rig_tls_server *server = start_server(first, (uint16_t)(first + 1), NULL);
    const struct rig_tls_settings settings = good_settings(&pki);
    struct rig_tls_endpoint *const one = open_endpoint(server, &settings);
    RIG_AUTO(rig_auto_endpoint) struct rig_tls_endpoint *two = open_endpoint(server, &settings);
    struct rig_tls_endpoint *three = NULL;
    struct rig_error err;

    (void)state;
    assert_int_equal(rig_tls_endpoint_port(one), first);
    assert_int_equal(rig_tls_endpoint_port(two), first + 1);
    assert_false(rig_tls_endpoint_open(server, &settings, &three, &err).ok);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    assert_int_equal(err.code, RIG_E_BUSY);
    assert_non_null(strstr(err.text, "widen the range"));
    rig_tls_endpoint_close(one);
    three = open_endpoint(server, &settings);
    assert_int_equal(rig_tls_endpoint_port(three), first);

    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *same = start_server(first, first, NULL);
    struct rig_tls_endpoint *four = NULL;
    assert_false(rig_tls_endpoint_open(same, &settings, &four, &err).ok);
    assert_int_equal(err.code, RIG_E_BUSY);
    assert_non_null(strstr(err.text, "is taken"));
    rig_tls_endpoint_close(three);
}

static void bad_addresses_are_named(void **state)
{
    static const struct rig_tls_server_options rows[] = {
        {.bind_address = "localhost"},
        {.bind_address = "127.0.0.1", .first_port = 9000, .last_port = 8000},
    };
    struct rig_tls_server *server = NULL;
    struct rig_error err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_false(rig_tls_server_start(&rows[i], &server, &err).ok);
        assert_int_equal(err.cls, RIG_CLASS_USAGE);
        assert_int_equal(err.code, RIG_E_INVALID);
    }
}

static void foreign_address_is_named(void **state)
{
    const struct rig_tls_server_options options = {.bind_address = "192.0.2.1"};
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = NULL;
    const struct rig_tls_settings settings = good_settings(&pki);
    struct rig_tls_endpoint *endpoint = NULL;
    struct rig_error err;

    (void)state;
    assert_true(rig_tls_server_start(&options, &server, &err).ok);
    assert_false(rig_tls_endpoint_open(server, &settings, &endpoint, &err).ok);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    assert_non_null(strstr(err.text, "give an address of this host"));
}

static void all_interfaces_serve_ipv4(void **state)
{
    const struct rig_tls_server_options options = {0};
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = NULL;
    const struct rig_tls_settings settings = good_settings(&pki);
    const struct client_wish wish = good_client(&pki);
    struct client_report report;
    struct rig_error err;

    (void)state;
    assert_true(rig_tls_server_start(&options, &server, &err).ok);
    RIG_AUTO(rig_auto_endpoint)
    struct rig_tls_endpoint *endpoint = open_endpoint(server, &settings);
    client_openssl(client_connect(rig_tls_endpoint_port(endpoint)), &wish, &report);
    assert_true(report.echoed);
}

static void bad_settings_are_named(void **state)
{
    struct rig_tls_settings rows[8];
    static const struct {
        enum rig_error_code code;
        const char *text;
    } expected[] = {
        {RIG_E_MISMATCH, "does not belong to its certificate"},
        {RIG_E_INVALID, "certificate: there is none"},
        {RIG_E_INVALID, "key can't be read"},
        {RIG_E_INVALID, "root certificates for the boards: there is none"},
        {RIG_E_INVALID, "CRLs: there is none"},
        {RIG_E_INVALID, "TLS versions 0x0300"},
        {RIG_E_INVALID, "no root certificate"},
        {RIG_E_INVALID, "timeout of 0 ms"},
    };
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = start_server(0, 0, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rows[i] = good_settings(&pki);
    }
    rows[0].key_pem = rig_buf_text(&pki.server_other.key_pem);
    rows[1].certificate_pem = "no certificate here\n";
    rows[2].key_pem = rig_buf_text(&pki.server.chain_pem);
    rows[3].client_roots_pem = "";
    rows[4].crls_pem = rig_buf_text(&pki.root.pem);
    rows[5].min_version = 0x0300;
    rows[6].client_roots_pem = NULL;
    rows[7].connection_timeout_ms = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig_tls_endpoint *endpoint = NULL;
        struct rig_error err;

        assert_false(rig_tls_endpoint_open(server, &rows[i], &endpoint, &err).ok);
        print_message("%s\n", err.text);
        assert_int_equal(err.code, expected[i].code);
        assert_non_null(strstr(err.text, expected[i].text));
    }
}

static void without_client_certificates(void **state)
{
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = start_server(0, 0, NULL);
    struct rig_tls_settings settings = good_settings(&pki);
    const struct client_wish wish = good_client(&pki);
    struct client_report report;
    struct rig_tls_evidence evidence;

    (void)state;
    settings.request_client_certificate = false;
    RIG_AUTO(rig_auto_endpoint)
    struct rig_tls_endpoint *endpoint = open_endpoint(server, &settings);
    client_openssl(client_connect(rig_tls_endpoint_port(endpoint)), &wish, &report);
    assert_true(report.echoed);
    (void)take_evidence(endpoint, report.client_random, &evidence, LONG_MS);
    assert_false(evidence.peer_presented);
    assert_true(evidence.echoed);
}

static void names_go_both_ways(void **state)
{
    (void)state;
    assert_string_equal(rig_tls_alert_name(44), "certificate_revoked");
    assert_string_equal(rig_tls_alert_name(RIG_TLS_NO_ALERT), "none");
    assert_string_equal(rig_tls_alert_name(1), "unknown");
    assert_int_equal(rig_tls_alert_of("certificate_required"), 116);
    assert_int_equal(rig_tls_alert_of("none"), RIG_TLS_NO_ALERT);
    assert_int_equal(rig_tls_alert_of("certificate-required"), RIG_TLS_UNKNOWN_ALERT);
    assert_string_equal(rig_tls_verify_error_name(0), "OK");
    assert_string_equal(rig_tls_verify_error_name(23), "CERT_REVOKED");
    assert_string_equal(rig_tls_verify_error_name(9999), "unknown");
    assert_int_equal(rig_tls_verify_error_of("UNABLE_TO_GET_ISSUER_CERT_LOCALLY"), 20);
    assert_int_equal(rig_tls_verify_error_of("REVOKED"), -1);
    for (int code = 0; code < 256; code++) {
        const char *const alert = rig_tls_alert_name(code);
        const char *const verify = rig_tls_verify_error_name(code);

        assert_true(strcmp(alert, "unknown") == 0 || rig_tls_alert_of(alert) == code);
        assert_true(strcmp(verify, "unknown") == 0 || rig_tls_verify_error_of(verify) == code);
    }
}

static int set_up(void **state)
{
    (void)state;
    pki_make(&pki);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pki_free(&pki);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_are_never_the_board),
        cmocka_unit_test(nothing_came_is_evidence),
        cmocka_unit_test(many_boards_at_once),
        cmocka_unit_test(resumption_is_refused),
        cmocka_unit_test(relay_over_a_socket_pair),
        cmocka_unit_test(echo_up_to_the_limit),
        cmocka_unit_test(dates_are_compared_with_the_given_clock),
        cmocka_unit_test(a_wait_can_be_cancelled),
        cmocka_unit_test(endpoint_closes_over_an_open_connection),
        cmocka_unit_test(stop_ends_connections_and_waits),
        cmocka_unit_test(ports_come_from_the_range),
        cmocka_unit_test(bad_addresses_are_named),
        cmocka_unit_test(foreign_address_is_named),
        cmocka_unit_test(all_interfaces_serve_ipv4),
        cmocka_unit_test(bad_settings_are_named),
        cmocka_unit_test(without_client_certificates),
        cmocka_unit_test(names_go_both_ways),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
