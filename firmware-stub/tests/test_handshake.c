/* SPDX-License-Identifier: Apache-2.0 */
/* Handshakes of the agent with an OpenSSL server over its own network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <mbedtls/ssl.h>

#include "firmware-stub/core/core.h"
#include "tls_bench.h"

static struct tls_bench b;

static int set_up_all(void **state)
{
    (void)state;
    tls_bench_init(&b);
    return 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    tls_bench_free(&b);
    return 0;
}

static void good(void **state)
{
    (void)state;
    server_start(&b.server, &b.server_good, &b.root);
    shake(&b, "name=srv.rig.test text=\"n 1\"");
    server_end(&b.server);
    expect_good(&b);
    expect(&b.d, "client_shown", "cert");
    expect_sha256(&b.d, "client_sha256", b.device.der, b.device.der_size);
    assert_true(b.server.client_cert);
    assert_string_equal(b.server.sni, "srv.rig.test");
}

static void sni_and_name_are_apart(void **state)
{
    (void)state;
    server_start(&b.server, &b.server_good, NULL);
    shake(&b, "name=srv.rig.test sni=else.rig.test");
    server_end(&b.server);
    expect_good(&b);
    assert_string_equal(b.server.sni, "else.rig.test");
    expect(&b.d, "client_shown", "not-asked");

    server_start(&b.server, &b.server_good, NULL);
    shake(&b, "name=srv.rig.test sni=\"\"");
    server_end(&b.server);
    expect_good(&b);
    assert_false(b.server.had_sni);

    server_start(&b.server, &b.server_good, NULL);
    shake(&b, "name=wrong.rig.test sni=srv.rig.test");
    server_end(&b.server);
    expect(&b.d, "flags", "0x00000004");

    server_start(&b.server, &b.server_good, NULL);
    shake(&b, "name=-");
    server_end(&b.server);
    expect_good(&b);
    assert_false(b.server.had_sni);
}

static void expect_refusal(const struct test_ca *identity, const char *keys, const char *flags,
                           const char *alert)
{
    server_start(&b.server, identity, &b.root);
    shake(&b, keys);
    server_end(&b.server);
    assert_true(fake_has(b.d.reply.end, "code", "tls"));
    expect(&b.d, "stage", "handshake");
    expect(&b.d, "mbedtls", "-0x2700");
    expect(&b.d, "flags", flags);
    expect(&b.d, "alert_sent", alert);
    expect(&b.d, "echoed", "no");
    expect_sha256(&b.d, "server_sha256", identity->der, identity->der_size);
    assert_false(b.server.accepted);
}

static void device_refuses_bad_servers(void **state)
{
    (void)state;
    expect_refusal(&b.server_expired, "name=srv.rig.test", "0x00000001", "45");
    expect_refusal(&b.server_future, "name=srv.rig.test", "0x00000200", "46");
    expect_refusal(&b.server_good, "name=other.rig.test", "0x00000004", "42");
    upload(&b.d, b.other_root.pem, 0, strlen(b.other_root.pem));
    commit(&b.d, b.other_root.pem, strlen(b.other_root.pem));
    assert_true(fake_has(b.d.reply.end, "roots", "1"));
    expect_refusal(&b.server_good, "name=srv.rig.test roots=slot", "0x00000008", "48");
}

static void server_refuses_device(void **state)
{
    (void)state;
    server_start(&b.server, &b.server_good, &b.other_root);
    shake(&b, "name=srv.rig.test");
    server_end(&b.server);
    assert_true(fake_has(b.d.reply.end, "code", "tls"));
    expect(&b.d, "mbedtls", "-0x7780");
    expect(&b.d, "alert_received", "48");
    expect(&b.d, "client_shown", "cert");
    assert_int_equal(b.server.verify_error, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);

    server_start(&b.server, &b.server_good, &b.root);
    shake(&b, "name=srv.rig.test use=none");
    server_end(&b.server);
    expect(&b.d, "alert_received", "40");
    expect(&b.d, "client_shown", "empty");
    expect(&b.d, "client_sha256", "none");
}

static void wrong_echo_is_no_success(void **state)
{
    (void)state;
    server_start(&b.server, &b.server_good, &b.root);
    b.server.echo_other = true;
    shake(&b, "name=srv.rig.test");
    server_end(&b.server);
    assert_true(fake_has(b.d.reply.end, "code", "echo"));
    expect(&b.d, "stage", "echo");
    expect(&b.d, "echoed", "no");
}

static void shake_http(const char *answer, const char *keys)
{
    server_start(&b.server, &b.server_good, &b.root);
    b.server.http_answer = answer;
    shake(&b, keys);
    server_end(&b.server);
    b.server.http_answer = NULL;
}

static void http_yes_with_the_text(void **state)
{
    static const char filler[] = "................................................................";
    char answer[3000] = "HTTP/1.1 200 OK\r\n\r\n";

    (void)state;
    shake_http("HTTP/1.1 204 No Content\r\nX-Nonce: n1n1\r\n\r\n",
               "name=srv.rig.test text=n1n1 http=/a?rig=n1n1");
    expect_good(&b);
    expect(&b.d, "http_status", "204");
    assert_non_null(strstr(b.server.http_request, "GET /a?rig=n1n1 HTTP/1.1\r\n"));
    assert_non_null(strstr(b.server.http_request, "\r\nHost: srv.rig.test\r\n"));
    assert_non_null(strstr(b.server.http_request, "\r\nConnection: close\r\n"));
    /* wherever in a long answer it stands */
    for (size_t n = 0; n < 20; n++) { /* of many lengths, so that it falls on every border */
        strcat(answer, filler);
        answer[strlen(answer) - n] = '\0';
    }
    strcat(answer, "abcdefghijklmnopqrstuvwxyz!");
    shake_http(answer, "name=srv.rig.test text=abcdefghijklmnopqrstuvwxyz http=/");
    expect_good(&b);
}

static void http_yes_without_the_text(void **state)
{
    (void)state;
    shake_http("HTTP/1.1 200 OK\r\n\r\nanother", "name=srv.rig.test text=n1n1 http=/");
    expect(&b.d, "stage", "done");
    expect(&b.d, "http_status", "200");
    expect(&b.d, "echoed", "no");
}

static void http_no_is_no_success(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 400 Bad Request\r\n\r\nn1n1",
        "HTTP/1.1 302 Found\r\nLocation: /n1n1\r\n\r\n",
        "HTTP/1.1 2xx n1n1\r\n\r\n",
        "n1n1 and no HTTP at all",
        "HTTP/1.1",
        "HTTP/2 200 n1n1 OK\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        shake_http(answers[i], "name=srv.rig.test text=n1n1 http=/");
        assert_true(fake_has(b.d.reply.end, "code", "http"));
        expect(&b.d, "stage", "echo");
        expect(&b.d, "echoed", "no");
    }
    shake_http(answers[0], "name=srv.rig.test text=n1n1 http=/");
    expect(&b.d, "http_status", "400");
}

static void http_paths(void **state)
{
    (void)state;
    expect_err(&b.d, "handshake host=a port=1 name=a http=a", "bad-value");
    expect_err(&b.d, "handshake host=a port=1 name=a http=\"\"", "bad-value");
    expect_err(&b.d, "handshake host=a port=1 name=a http=\"/a b\"", "bad-value");
}

static void connection_failures(void **state)
{
    uint16_t port = 0;

    (void)state;
    (void)close(listen_on_loopback(&port));
    b.server.port = port;
    shake(&b, "name=a");
    assert_true(fake_has(b.d.reply.end, "code", "connect"));
    expect(&b.d, "stage", "connect");
    expect(&b.d, "client_random", "none");

    /* accepts (backlog), but never answers */
    int listener = listen_on_loopback(&b.server.port);
    shake(&b, "name=a timeout_ms=700");
    assert_true(fake_has(b.d.reply.end, "code", "timeout"));
    expect(&b.d, "stage", "handshake");
    assert_true(b.d.reply.n_busy >= 1);
    (void)close(listener);
}

static void tune_no_verify(void *ctx, mbedtls_ssl_config *conf)
{
    (void)ctx;
    mbedtls_ssl_conf_authmode(conf, MBEDTLS_SSL_VERIFY_NONE);
}

static void port_can_tune_tls(void **state)
{
    (void)state;
    fake_board_stop(&b.d.board);
    b.d.board.port.tune_tls = tune_no_verify;
    fake_board_start(&b.d.board);
    server_start(&b.server, &b.server_expired, &b.root);
    shake(&b, "name=srv.rig.test");
    server_end(&b.server);
    fake_board_stop(&b.d.board);
    b.d.board.port.tune_tls = NULL;
    fake_board_start(&b.d.board);
    expect(&b.d, "stage", "done");
    assert_true(b.server.accepted);
    expect(&b.d, "flags", "0xffffffff"); /* nobody looked at the certificate */
}

static void repeated_handshake_request_is_one_handshake(void **state)
{
    struct fake_reply again;
    char command[128];

    (void)state;
    server_start(&b.server, &b.server_good, &b.root);
    (void)snprintf(command, sizeof command, "handshake host=127.0.0.1 port=%u name=srv.rig.test",
                   b.server.port);
    fake_host_ask(&b.d.board, command, &b.d.reply);
    server_end(&b.server);
    expect_good(&b);
    fake_host_frame(&b.d.board, b.d.board.seq,
                    command); /* the server is gone: only the cache can answer */
    fake_host_collect(&b.d.board, b.d.board.seq, &again);
    assert_string_equal(again.end, b.d.reply.end);
    assert_string_equal(again.lines[2], b.d.reply.lines[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),
        cmocka_unit_test(sni_and_name_are_apart),
        cmocka_unit_test(device_refuses_bad_servers),
        cmocka_unit_test(server_refuses_device),
        cmocka_unit_test(wrong_echo_is_no_success),
        cmocka_unit_test(http_yes_with_the_text),
        cmocka_unit_test(http_yes_without_the_text),
        cmocka_unit_test(http_no_is_no_success),
        cmocka_unit_test(http_paths),
        cmocka_unit_test(connection_failures),
        cmocka_unit_test(port_can_tune_tls),
        cmocka_unit_test(repeated_handshake_request_is_one_handshake),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
