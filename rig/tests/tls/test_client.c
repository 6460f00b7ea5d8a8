/* SPDX-License-Identifier: Apache-2.0 */
/* The reference client itself: HTTP, names, cancel and time-outs, settings that can't be used. */
#include "rig/tests/tls/harness.h"

#include <openssl/x509_vfy.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static struct pki pki;
static struct rig_tls_server *server;

/* The test server echoes, so what is sent for a request can be an answer. */
#define ANSWER "HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n\r\nhello"

static void http_answers_are_read(void **state)
{
    static const struct {
        const char *text;
        int status;
        const char *body;
    } rows[] = {
        {ANSWER, 400, "hello"},
        {"HTTP/1.0 200 OK\r\n\r\n", 200, ""},
        {"SSH-2.0-x\r\n\r\n", 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig_tls_settings settings = good_settings(&pki);
        struct rig_tls_client_settings client;
        struct rig_tls_client_report report;
        struct rig_tls_endpoint *endpoint;

        settings.max_echo_bytes = strlen(rows[i].text); /* and closes */
        endpoint = open_endpoint(server, &settings);
        client = good_reference(&pki, endpoint);
        client.http_request = rows[i].text;
        run_reference(&client, &report);
        assert_true(report.handshake_done);
        assert_int_equal(report.http_status, rows[i].status);
        assert_string_equal(rig_buf_text(&report.response), rows[i].text);
        if (rows[i].body != NULL) {
            assert_string_equal(rig_buf_text(&report.response) + report.body_offset_bytes,
                                rows[i].body);
            assert_string_equal(report.error_text, "");
        }
        assert_false(report.echoed);
        rig_tls_client_report_free(&report);
        rig_tls_endpoint_close(endpoint);
    }
}

static void the_server_is_judged(void **state)
{
    const struct {
        const struct pki_identity *identity;
        int verify_error;
        int alert;
    } rows[] = {
        {&pki.server, X509_V_OK, RIG_TLS_NO_ALERT},
        {&pki.server_other, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 48},
        {&pki.server_expired, X509_V_ERR_CERT_HAS_EXPIRED, 45},
        {&pki.server_wrong_name, X509_V_ERR_HOSTNAME_MISMATCH, 42},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int trusts = 0; trusts <= 1; trusts++) {
            struct rig_tls_settings settings = good_settings(&pki);
            struct rig_tls_endpoint *endpoint;
            struct rig_tls_client_settings client;
            struct both both;

            settings.certificate_pem = rig_buf_text(&rows[i].identity->chain_pem);
            settings.key_pem = rig_buf_text(&rows[i].identity->key_pem);
            endpoint = open_endpoint(server, &settings);
            client = good_reference(&pki, endpoint);
            if (trusts != 0) {
                client.roots_pem = NULL; /* any server will do */
            }
            both = run_both(endpoint, &client);
            assert_int_equal(both.client.echoed, trusts != 0 || rows[i].verify_error == 0);
            if (trusts == 0) {
                assert_int_equal(both.client.verify_error, rows[i].verify_error);
                assert_int_equal(both.client.alert_sent, rows[i].alert);
                assert_int_equal(both.server.alert_received, rows[i].alert);
            }
            assert_memory_equal(both.client.peer_sha256, rows[i].identity->sha256, 32);
            rig_tls_endpoint_close(endpoint);
        }
    }
}

static void a_mute_peer_and_a_cancel(void **state)
{
    struct rig_tls_client_settings client = {.use_fd = true, .timeout_ms = 30};
    struct rig_tls_client_report report;
    struct rig_cancel cancel;
    struct rig_error err;
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    client.fd = pair[0];
    run_reference(&client, &report);
    assert_true(report.connected && report.timed_out && !report.handshake_done);
    rig_tls_client_report_free(&report);
    (void)close(pair[1]);

    assert_true(rig_cancel_open(&cancel, &err).ok);
    rig_cancel_trigger(&cancel, 2);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    client.fd = pair[0];
    client.timeout_ms = 0;
    assert_false(rig_tls_client_run(&client, rig_wait_ms(LONG_MS, &cancel), &report, &err).ok);
    assert_int_equal(err.cls, RIG_CLASS_CANCELLED);
    rig_tls_client_report_free(&report);
    (void)close(pair[1]);
    rig_cancel_close(&cancel);
}

/* A peer that is gone is a text in the report, not the end of the program by SIGPIPE. */
static void a_peer_that_is_gone(void **state)
{
    struct rig_tls_client_settings client = {.use_fd = true};
    struct rig_tls_client_report report;
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    (void)close(pair[1]);
    client.fd = pair[0];
    run_reference(&client, &report);
    assert_false(report.handshake_done);
    assert_string_equal(report.error_text, "Broken pipe");
    rig_tls_client_report_free(&report);
}

static void settings_that_cannot_be_used(void **state)
{
    const struct rig_tls_client_settings rows[] = {
        {.host = NULL, .port = 1},
        {.host = "127.0.0.1", .port = 1, .ciphers = "nonsense"},
        {.host = "127.0.0.1", .port = 1, .groups = "nonsense"},
        {.host = "127.0.0.1", .port = 1, .signatures = "nonsense"},
        {.host = "127.0.0.1", .port = 1, .min_version = 0x0304, .max_version = 0x0303},
        {.host = "127.0.0.1", .port = 1, .n_echo_bytes = 1 << 20},
        {.host = "127.0.0.1", .port = 1, .certificate_pem = rig_buf_text(&pki.device.chain_pem)},
        {.host = "127.0.0.1",
         .port = 1,
         .certificate_pem = rig_buf_text(&pki.device_rsa.chain_pem),
         .mismatched_key = true},
    };
    const struct rig_tls_client_settings nobody = {.host = "127.0.0.1", .port = 1};
    struct rig_tls_client_report report;
    struct rig_error err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_false(rig_tls_client_run(&rows[i], rig_wait_ms(LONG_MS, NULL), &report, &err).ok);
        print_message("%s\n", err.text);
        assert_int_equal(err.cls, RIG_CLASS_USAGE);
    }
    assert_false(rig_tls_client_run(&nobody, rig_wait_ms(LONG_MS, NULL), &report, &err).ok);
    assert_int_equal(err.cls, RIG_CLASS_NETWORK);
    assert_non_null(strstr(err.text, "127.0.0.1, port 1"));
}

static int set_up(void **state)
{
    (void)state;
    pki_make(&pki);
    server = start_server(0, 0, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_tls_server_stop(server);
    pki_free(&pki);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_answers_are_read),        cmocka_unit_test(the_server_is_judged),
        cmocka_unit_test(a_mute_peer_and_a_cancel),     cmocka_unit_test(a_peer_that_is_gone),
        cmocka_unit_test(settings_that_cannot_be_used),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
