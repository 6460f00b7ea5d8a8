/* SPDX-License-Identifier: Apache-2.0 */
/* What hello declares is what ClientHellos list: compared with the bytes that leave the board. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <mbedtls/ssl_ciphersuites.h>

#include "firmware-stub/core/core.h"
#include "tls_bench.h"

#define HELLO_CIPHERS_AT (5 + 4 + 2 + 32) /* record, message, version, random: the session id */
#define MAX_NUMBERS 512

struct numbers {
    size_t n;
    uint16_t all[MAX_NUMBERS];
};

static struct tls_bench b;
static uint8_t client_hello[4096];
static size_t client_hello_size;

/* A server that takes the first record and closes. */
static int connect_nowhere(void *ctx, const char *host, uint16_t port, uint32_t timeout_ms)
{
    (void)ctx;
    (void)host;
    (void)port;
    (void)timeout_ms;
    client_hello_size = 0;
    return 0;
}

static int keep_sent(void *ctx, const uint8_t *data, size_t size_bytes, uint32_t timeout_ms)
{
    (void)ctx;
    (void)timeout_ms;
    if (client_hello_size == 0 && size_bytes <= sizeof client_hello) {
        memcpy(client_hello, data, size_bytes);
        client_hello_size = size_bytes;
    }
    return (int)size_bytes;
}

static int receive_end(void *ctx, uint8_t *data, size_t max_bytes, uint32_t timeout_ms)
{
    (void)ctx;
    (void)data;
    (void)max_bytes;
    (void)timeout_ms;
    return 0;
}

static void close_nothing(void *ctx)
{
    (void)ctx;
}

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

static void tune_by(void (*tune)(void *ctx, mbedtls_ssl_config *conf))
{
    struct agent_port *port = &b.d.board.port;

    fake_board_stop(&b.d.board);
    port->tune_tls = tune;
    port->net_connect = connect_nowhere;
    port->net_send = keep_sent;
    port->net_recv = receive_end;
    port->net_close = close_nothing;
    fake_board_start(&b.d.board);
}

static void add(struct numbers *numbers, uint16_t number)
{
    assert_true(numbers->n < MAX_NUMBERS);
    numbers->all[numbers->n++] = number;
}

static bool holds(const struct numbers *numbers, int number)
{
    for (size_t i = 0; i < numbers->n; i++) {
        if (numbers->all[i] == number) {
            return true;
        }
    }
    return false;
}

/* All ciphers= of hello: each number once, in lines that a host can take. */
static void ask_declared(struct numbers *declared)
{
    char list[AGENT_LINE_MAX_BYTES];

    declared->n = 0;
    expect_ok(&b.d, "hello");
    for (unsigned i = 0; i < b.d.reply.n_lines; i++) {
        if (fake_value(b.d.reply.lines[i], "ciphers", list) == NULL) {
            continue;
        }
        for (const char *at = list;; at += 5) {
            char digits[5] = "";
            uint8_t bytes[2];
            memcpy(digits, at, 4);
            assert_true(agent_parse_hex(digits, bytes, sizeof bytes));
            uint16_t number = (uint16_t)(bytes[0] << 8 | bytes[1]);
            assert_false(holds(declared, number));
            add(declared, number);
            if (at[4] == '\0') {
                break;
            }
            assert_int_equal(at[4], ',');
        }
    }
}

/* What a ClientHello of these versions lists, but for the signalling values. */
static void shake_for_offered(const char *versions, struct numbers *offered)
{
    char command[128];

    (void)snprintf(command, sizeof command, "handshake host=127.0.0.1 port=1 name=a %s", versions);
    expect_err(&b.d, command, "tls");
    assert_true(client_hello_size > HELLO_CIPHERS_AT && client_hello[0] == 22);
    const uint8_t *at = client_hello + HELLO_CIPHERS_AT;
    at += 1 + *at;
    size_t n = ((size_t)at[0] << 8 | at[1]) / 2;
    assert_true(at + 2 + 2 * n <= client_hello + client_hello_size);
    offered->n = 0;
    for (size_t i = 0; i < n; i++) {
        uint16_t number = (uint16_t)(at[2 + 2 * i] << 8 | at[3 + 2 * i]);
        if (number != 0x00ff && number != 0x5600) {
            add(offered, number);
        }
    }
}

static void assert_same(const struct numbers *a, const struct numbers *other)
{
    assert_int_equal(a->n, other->n);
    assert_memory_equal(a->all, other->all, a->n * sizeof *a->all);
}

static void assert_all_declared(const struct numbers *offered, const struct numbers *declared)
{
    assert_true(offered->n > 0);
    for (size_t i = 0; i < offered->n; i++) {
        if (!holds(declared, offered->all[i])) {
            fail_msg("0x%04x is offered and not declared", offered->all[i]);
        }
    }
}

static void the_default_is_declared_whole(void **state)
{
    struct numbers declared;
    struct numbers offered;

    (void)state;
    tune_by(NULL);
    ask_declared(&declared);
    assert_true(declared.n > 40);
    shake_for_offered("min=1.0 max=1.2", &offered);
    assert_same(&declared, &offered);
    shake_for_offered("max=1.2", &offered);
    assert_all_declared(&offered, &declared);
    shake_for_offered("min=1.0 max=1.1", &offered);
    assert_all_declared(&offered, &declared);
    assert_true(offered.n < declared.n);
}

static const int own_list[] = {
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, MBEDTLS_TLS_PSK_WITH_AES_128_CBC_SHA,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_RC4_128_SHA,        MBEDTLS_TLS_RSA_WITH_3DES_EDE_CBC_SHA,
    MBEDTLS_TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256,   MBEDTLS_TLS_ECJPAKE_WITH_AES_128_CCM_8,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, 0x7777,
    MBEDTLS_TLS_DHE_RSA_WITH_AES_256_CBC_SHA,        0,
};

static void tune_list(void *ctx, mbedtls_ssl_config *conf)
{
    (void)ctx;
    mbedtls_ssl_conf_ciphersuites(conf, own_list);
}

static void tune_list_with_psk(void *ctx, mbedtls_ssl_config *conf)
{
    static const unsigned char psk[16] = {1, 2, 3};
    static const unsigned char identity[] = {'i', 'd'};

    tune_list(ctx, conf);
    mbedtls_ssl_conf_arc4_support(conf, MBEDTLS_SSL_ARC4_ENABLED);
    if (mbedtls_ssl_conf_psk(conf, psk, sizeof psk, identity, sizeof identity) != 0) {
        abort();
    }
}

static void only_what_is_written_is_declared(void **state)
{
    struct numbers declared;
    struct numbers offered;

    (void)state;
    tune_by(tune_list);
    ask_declared(&declared);
    shake_for_offered("min=1.0 max=1.2", &offered);
    assert_all_declared(&offered, &declared);
    assert_int_equal(declared.n, 3); /* no PSK, no RC4, no unknown one; and none twice */
    assert_true(holds(&declared, MBEDTLS_TLS_RSA_WITH_3DES_EDE_CBC_SHA));
    assert_true(holds(&offered, MBEDTLS_TLS_RSA_WITH_3DES_EDE_CBC_SHA));
    tune_by(tune_list_with_psk);
    ask_declared(&declared);
    shake_for_offered("min=1.0 max=1.2", &offered);
    assert_all_declared(&offered, &declared);
    assert_int_equal(declared.n, 6);
    assert_true(holds(&offered, MBEDTLS_TLS_PSK_WITH_AES_128_CBC_SHA));
    assert_true(holds(&offered, MBEDTLS_TLS_ECDHE_ECDSA_WITH_RC4_128_SHA));
}

/* mbedTLS 2.28 takes the list of a handshake's lowest version. */
static void tune_old_list(void *ctx, mbedtls_ssl_config *conf)
{
    static const int old[] = {MBEDTLS_TLS_DHE_RSA_WITH_AES_256_CBC_SHA,
                              MBEDTLS_TLS_RSA_WITH_3DES_EDE_CBC_SHA,
                              MBEDTLS_TLS_RSA_WITH_AES_128_GCM_SHA256, 0};
    static const int newer[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                                MBEDTLS_TLS_DHE_RSA_WITH_AES_256_CBC_SHA, 0};

    (void)ctx;
    mbedtls_ssl_conf_ciphersuites(conf, newer);
    mbedtls_ssl_conf_ciphersuites_for_version(conf, old, MBEDTLS_SSL_MAJOR_VERSION_3,
                                              MBEDTLS_SSL_MINOR_VERSION_2);
}

static void a_list_for_one_version_is_declared_too(void **state)
{
    struct numbers declared;
    struct numbers offered;

    (void)state;
    tune_by(tune_old_list);
    ask_declared(&declared);
    assert_int_equal(declared.n, 4);
    shake_for_offered("min=1.0 max=1.2", &offered);
    assert_int_equal(offered.n, 2);
    assert_all_declared(&offered, &declared);
    shake_for_offered("min=1.1 max=1.2", &offered);
    assert_int_equal(offered.n, 3);
    assert_all_declared(&offered, &declared);
    assert_true(holds(&offered, MBEDTLS_TLS_RSA_WITH_3DES_EDE_CBC_SHA));
    shake_for_offered("min=1.1 max=1.1", &offered);
    assert_int_equal(offered.n, 2); /* GCM needs 1.2 */
    assert_all_declared(&offered, &declared);
}

static void tune_newest(void *ctx, mbedtls_ssl_config *conf)
{
    (void)ctx;
    mbedtls_ssl_conf_min_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
}

static void tune_nothing_left(void *ctx, mbedtls_ssl_config *conf)
{
    static const int none[] = {0};

    (void)ctx;
    mbedtls_ssl_conf_ciphersuites(conf, none);
}

static void versions_are_those_that_the_port_leaves(void **state)
{
    struct numbers declared;
    struct numbers offered;

    (void)state;
    tune_by(tune_newest);
    ask_declared(&declared);
    expect(&b.d, "tls", "1.2");
    shake_for_offered("min=1.0 max=1.2", &offered);
    assert_same(&declared, &offered);
    tune_by(tune_nothing_left);
    expect_ok(&b.d, "hello");
    assert_int_equal(b.d.reply.n_lines, 4);
    tune_by(NULL);
    expect_ok(&b.d, "hello");
    expect(&b.d, "tls", "1.0,1.1,1.2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_is_declared_whole),
        cmocka_unit_test(only_what_is_written_is_declared),
        cmocka_unit_test(a_list_for_one_version_is_declared_too),
        cmocka_unit_test(versions_are_those_that_the_port_leaves),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
