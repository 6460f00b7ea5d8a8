/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of nginx 1.22.1 as they were seen, and what is none. */
#include "rig/profile/nginx_config.h"
#include "rig/profile/nginx_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "2026/11/22 00:18:56 "

static struct rig_nginx_line parse(const char *text)
{
    struct rig_nginx_line line;

    rig_nginx_parse_line(text, strlen(text), &line);
    return line;
}

static void refusals_behind_the_handshake(void **state)
{
    struct rig_nginx_line line =
        parse(HEAD "[info] 5#5: *7 client SSL certificate verify error: (23:certificate revoked) "
                   "while reading client request headers, client: 127.0.0.1");

    (void)state;
    assert_int_equal(line.kind, RIG_NGINX_VERIFY_ERROR);
    assert_int_equal(line.verify_error, 23);
    assert_int_equal(line.connection, 7);
    line = parse(HEAD "[info] 5#5: *8 client SSL certificate verify error: certificate revoked "
                      "while reading client request headers");
    assert_int_equal(line.kind, RIG_NGINX_VERIFY_ERROR);
    assert_int_equal(line.verify_error, 0);
    line =
        parse("{\"rig\":2,\"connection\":\"7\",\"nonce\":\"ab\",\"status\":\"400\","
              "\"verify\":\"FAILED:certificate revoked\",\"reused\":\"r\",\"protocol\":"
              "\"TLSv1.3\",\"cipher\":\"C\",\"sni\":\"\",\"subject\":\"\",\"certificate\":\"\"}");
    assert_int_equal(line.kind, RIG_NGINX_ACCESS);
    assert_int_equal(line.generation, 2);
    assert_int_equal(line.connection, 7);
    assert_int_equal(line.status, 400);
    assert_true(line.resumed);
    assert_false(line.presented);
    assert_string_equal(line.nonce, "ab");
    assert_string_equal(line.verify, "FAILED:certificate revoked");
}

static void failed_handshakes_and_workers(void **state)
{
    struct rig_nginx_line line =
        parse(HEAD "[info] 5#5: *1 SSL_do_handshake() failed (SSL: error:0A000412:SSL routines::"
                   "sslv3 alert bad certificate:SSL alert number 42) while SSL handshaking");

    (void)state;
    assert_int_equal(line.kind, RIG_NGINX_TLS_FAILED);
    assert_int_equal(line.alert_received, 42);
    line = parse(HEAD "[info] 5#5: *1 peer closed connection in SSL handshake");
    assert_int_equal(line.kind, RIG_NGINX_TLS_FAILED);
    assert_int_equal(line.alert_received, -1);
    line = parse(HEAD "[notice] 1#1: start worker process 3675");
    assert_int_equal(line.kind, RIG_NGINX_WORKER_STARTED);
    assert_int_equal(line.pid, 3675);
    line = parse(HEAD "[notice] 1#1: worker process 3610 exited with code 0");
    assert_int_equal(line.kind, RIG_NGINX_WORKER_EXITED);
    assert_int_equal(line.pid, 3610);
    line = parse(HEAD "[emerg] 1#1: bind() to 127.0.0.1:1 failed (98: Address already in use)");
    assert_int_equal(line.kind, RIG_NGINX_EMERGENCY);
}

static void what_is_no_line(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "{\"rig\":0,\"connection\":\"1\",\"status\":\"200\"}",
        "{\"rig\":1,\"connection\":\"-1\",\"status\":\"200\"}",
        "{\"rig\":1,\"connection\":\"1\",\"status\":\"2000\"}",
        HEAD "[info]",
        HEAD "[notice] 1#1: start worker processes",
        HEAD "[info] 1#1: client SSL certificate verify error: (23:of no connection)",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(parse(texts[i]).kind, RIG_NGINX_OTHER);
    }
}

static void configurations(void **state)
{
    static struct rig_server_profile profile = {.n_directives = 2,
                                                .directives = {"ssl_crl", "ssl_verify_depth 7"}};
    const struct rig_nginx_place place = {
        .address = "::1", .port = 8443, .generation = 3, .has_crls = true};
    struct rig_tls_settings settings = {.min_version = 0x0303,
                                        .max_version = 0x0304,
                                        .security_level = 2,
                                        .request_client_certificate = true};
    RIG_AUTO(rig_buf_free) struct rig_buf config = {0};
    struct rig_error err = {0};

    (void)state;
    assert_null(rig_nginx_cannot(&settings));
    assert_true(rig_nginx_config_write(&profile, &settings, &place, &config, &err).ok);
    const char *text = rig_buf_text(&config);
    assert_non_null(strstr(text, "listen [::1]:8443 ssl"));
    assert_non_null(strstr(text, "ssl_protocols TLSv1.2 TLSv1.3;"));
    assert_non_null(strstr(text, "ssl_verify_depth 7;"));
    assert_null(strstr(text, "ssl_verify_depth \"100\""));
    assert_null(strstr(text, "ssl_crl"));
    assert_non_null(strstr(text, "ssl_session_cache \"off\""));
    assert_non_null(strstr(text, "{\"rig\":3,"));
    settings.ciphers = "AES\"; return 200;";
    assert_false(rig_nginx_config_write(&profile, &settings, &place, &config, &err).ok);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    settings.policy_refuses = true;
    assert_non_null(rig_nginx_cannot(&settings));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_behind_the_handshake),
        cmocka_unit_test(failed_handshakes_and_workers),
        cmocka_unit_test(what_is_no_line),
        cmocka_unit_test(configurations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
