/* SPDX-License-Identifier: Apache-2.0 */
/* What a ClientHello offers, read from its bytes; and the names and weaknesses of cipher suites. */
#include "rig/tls/ciphers.h"
#include "rig/tls/offers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/ssl.h>

struct hello {
    uint8_t bytes[4096];
    size_t n;
};

static void put(struct hello *hello, unsigned number, size_t n_bytes)
{
    assert_true(hello->n + n_bytes <= sizeof hello->bytes);
    for (size_t i = 0; i < n_bytes; i++) {
        hello->bytes[hello->n++] = (uint8_t)(number >> 8 * (n_bytes - 1 - i));
    }
}

static void put_numbers(struct hello *hello, const uint16_t *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put(hello, numbers[i], 2);
    }
}

/* Up to the compression methods. */
static void begin(struct hello *hello, uint16_t version, const uint16_t *ciphers, size_t n)
{
    hello->n = 0;
    put(hello, version, 2);
    for (unsigned i = 0; i < 32; i++) {
        put(hello, i, 1);
    }
    put(hello, 3, 1); /* session id */
    put(hello, 0xabcdef, 3);
    put(hello, (unsigned)(2 * n), 2);
    put_numbers(hello, ciphers, n);
    put(hello, 0x0100, 2); /* compression: null */
}

/* Extensions: an unknown one, and supported_versions. */
static void put_versions(struct hello *hello, const uint16_t *versions, size_t n)
{
    put(hello, (unsigned)(4 + 5 + 4 + 1 + 2 * n), 2);
    put(hello, 0x1234, 2);
    put(hello, 5, 2);
    put(hello, 0, 4);
    put(hello, 0, 1);
    put(hello, 43, 2);
    put(hello, (unsigned)(1 + 2 * n), 2);
    put(hello, (unsigned)(2 * n), 1);
    put_numbers(hello, versions, n);
}

static void order_is_kept_and_what_stands_for_nothing_left_out(void **state)
{
    static const uint16_t sent[] = {0xcaca, 0xc02c, 0x00ff, 0x002f, 0x5600, 0x1301, 0x0a0a};
    static const uint16_t wanted[] = {0xc02c, 0x002f, 0x1301};
    struct rig_tls_offers offers;
    struct hello hello;

    (void)state;
    begin(&hello, 0x0303, sent, 7);
    assert_true(rig_tls_offers_read(hello.bytes, hello.n, &offers));
    assert_int_equal(offers.n_ciphers, 3);
    assert_memory_equal(offers.ciphers, wanted, sizeof wanted);
    assert_int_equal(offers.n_versions, 1);
    assert_int_equal(offers.versions[0], 0x0303);
    assert_false(offers.cut);
}

static void supported_versions_take_the_place_of_the_legacy_one(void **state)
{
    static const uint16_t ciphers[] = {0x1301};
    static const uint16_t sent[] = {0xfafa, 0x0304, 0x0303, 0x0302};
    static const uint16_t wanted[] = {0x0304, 0x0303, 0x0302};
    struct rig_tls_offers offers;
    struct hello hello;

    (void)state;
    begin(&hello, 0x0303, ciphers, 1);
    put_versions(&hello, sent, 4);
    assert_true(rig_tls_offers_read(hello.bytes, hello.n, &offers));
    assert_int_equal(offers.n_versions, 3);
    assert_memory_equal(offers.versions, wanted, sizeof wanted);
}

static void every_shorter_one_is_refused_or_ends_before_extensions(void **state)
{
    static const uint16_t ciphers[] = {0x1301, 0xc02b};
    static const uint16_t versions[] = {0x0304};
    struct rig_tls_offers offers;
    struct hello hello;
    size_t n_plain;

    (void)state;
    begin(&hello, 0x0303, ciphers, 2);
    n_plain = hello.n;
    put_versions(&hello, versions, 1);
    for (size_t n = 0; n < hello.n; n++) {
        assert_int_equal(rig_tls_offers_read(hello.bytes, n, &offers), n == n_plain);
        assert_int_equal(offers.n_versions, n == n_plain);
        assert_int_equal(offers.n_ciphers, n == n_plain ? 2 : 0);
    }
}

static void lists_that_do_not_fit_their_lengths_are_refused(void **state)
{
    static const uint16_t ciphers[] = {0x1301, 0xc02b};
    static const uint16_t versions[] = {0x0304, 0x0303};
    struct rig_tls_offers offers;
    struct hello hello;

    (void)state;
    begin(&hello, 0x0303, ciphers, 2);
    hello.bytes[39] = 3; /* a suite and a half; the rest does not fit any more */
    assert_false(rig_tls_offers_read(hello.bytes, hello.n, &offers));
    begin(&hello, 0x0303, ciphers, 2);
    put_versions(&hello, versions, 2);
    hello.bytes[hello.n - 5] = 3;
    assert_false(rig_tls_offers_read(hello.bytes, hello.n, &offers));
    assert_int_equal(offers.n_versions, 0);
    assert_int_equal(offers.n_ciphers, 0);
}

static void too_many_are_cut_and_said_to_be(void **state)
{
    uint16_t ciphers[RIG_TLS_OFFERED_CIPHERS_MAX + 1];
    struct rig_tls_offers offers;
    struct hello hello;

    (void)state;
    for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++) {
        ciphers[i] = (uint16_t)(0x4000 + i);
    }
    begin(&hello, 0x0303, ciphers, RIG_TLS_OFFERED_CIPHERS_MAX);
    assert_true(rig_tls_offers_read(hello.bytes, hello.n, &offers));
    assert_int_equal(offers.n_ciphers, RIG_TLS_OFFERED_CIPHERS_MAX);
    assert_false(offers.cut);
    begin(&hello, 0x0303, ciphers, RIG_TLS_OFFERED_CIPHERS_MAX + 1);
    assert_true(rig_tls_offers_read(hello.bytes, hello.n, &offers));
    assert_int_equal(offers.n_ciphers, RIG_TLS_OFFERED_CIPHERS_MAX);
    assert_true(offers.cut);
}

static void grease_is_sixteen_numbers(void **state)
{
    unsigned n = 0;

    (void)state;
    for (unsigned number = 0; number <= UINT16_MAX; number++) {
        n += rig_tls_is_grease((uint16_t)number) ? 1 : 0;
    }
    assert_int_equal(n, 16);
    assert_true(rig_tls_is_grease(0x0a0a) && rig_tls_is_grease(0xfafa));
    assert_false(rig_tls_is_grease(0x0a1a) || rig_tls_is_grease(0xfa0a));
}

static void assert_named(uint16_t number, const char *name)
{
    char text[RIG_TLS_CIPHER_TEXT_SIZE];

    rig_tls_cipher_text(number, text);
    assert_string_equal(text, name);
}

static void numbers_have_the_names_of_the_registry(void **state)
{
    SSL_CTX *const context = SSL_CTX_new(TLS_method());
    STACK_OF(SSL_CIPHER) * known;

    (void)state;
    assert_named(0x0000, "TLS_NULL_WITH_NULL_NULL");
    assert_named(0x1301, "TLS_AES_128_GCM_SHA256");
    assert_named(0xccae, "TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256");
    assert_named(0xd005, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256");
    assert_named(0xffff, "0xffff");
    /* all that OpenSSL knows */
    assert_non_null(context);
    assert_int_equal(SSL_CTX_set_cipher_list(context, "ALL:COMPLEMENTOFALL:@SECLEVEL=0"), 1);
    known = SSL_CTX_get_ciphers(context);
    assert_true(sk_SSL_CIPHER_num(known) > 100);
    for (int i = 0; i < sk_SSL_CIPHER_num(known); i++) {
        const SSL_CIPHER *const cipher = sk_SSL_CIPHER_value(known, i);
        const char *const name = SSL_CIPHER_standard_name(cipher);

        /* the registry has DHE and PSK of these two the other way round */
        if (strncmp(name, "TLS_DHE_PSK_WITH_AES_", 21) != 0 || strstr(name, "CCM_8") == NULL) {
            assert_named(SSL_CIPHER_get_protocol_id(cipher), name);
        }
    }
    SSL_CTX_free(context);
}

static void every_name_is_found_and_none_twice(void **state)
{
    unsigned n = 0;

    (void)state;
    for (unsigned number = 0; number <= UINT16_MAX; number++) {
        char text[RIG_TLS_CIPHER_TEXT_SIZE];

        rig_tls_cipher_text((uint16_t)number, text);
        n += strncmp(text, "TLS_", 4) == 0 ? 1 : 0;
    }
    assert_int_equal(n, 345); /* a table out of order would hide some */
}

static void weak_ones_are_known_by_what_is_worst(void **state)
{
    static const struct {
        uint16_t number;
        enum rig_tls_weakness weakness;
    } rows[] = {
        {0x0000, RIG_TLS_NO_ENCRYPTION},
        {0x0001, RIG_TLS_NO_ENCRYPTION},
        {0xc0b4, RIG_TLS_NO_ENCRYPTION},
        {0xc0b5, RIG_TLS_NO_ENCRYPTION},
        {0xc039, RIG_TLS_NO_ENCRYPTION},
        {0x0018, RIG_TLS_NO_AUTHENTICATION},
        {0xc018, RIG_TLS_NO_AUTHENTICATION},
        {0x0003, RIG_TLS_EXPORT},
        {0x0004, RIG_TLS_RC4},
        {0xc007, RIG_TLS_RC4},
        {0x0009, RIG_TLS_DES},
        {0x000a, RIG_TLS_3DES},
        {0xc008, RIG_TLS_3DES},
        {0x0025, RIG_TLS_MD5},
        {0x002f, RIG_TLS_NOT_WEAK},
        {0xc02b, RIG_TLS_NOT_WEAK},
        {0x1301, RIG_TLS_NOT_WEAK},
        {0x008c, RIG_TLS_NOT_WEAK},
        {0xfefe, RIG_TLS_NOT_WEAK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rig_tls_cipher_weakness(rows[i].number) != rows[i].weakness) {
            fail_msg("0x%04x is '%s', expected '%s'", rows[i].number,
                     rig_tls_weakness_name(rig_tls_cipher_weakness(rows[i].number)),
                     rig_tls_weakness_name(rows[i].weakness));
        }
    }
    assert_string_equal(rig_tls_weakness_name(RIG_TLS_3DES), "3DES");
    assert_string_equal(rig_tls_weakness_name(RIG_TLS_NOT_WEAK), "");
}

static void versions_have_openssl_names(void **state)
{
    static const char *const names[] = {"SSLv3",   "TLSv1",   "TLSv1.1",
                                        "TLSv1.2", "TLSv1.3", "0x0305"};
    char text[RIG_TLS_VERSION_TEXT_SIZE];

    (void)state;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        rig_tls_version_text((uint16_t)(0x0300 + i), text);
        assert_string_equal(text, names[i]);
    }
    rig_tls_version_text(0x7f1c, text);
    assert_string_equal(text, "0x7f1c");
    rig_tls_version_text(0x0002, text);
    assert_string_equal(text, "0x0002");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_kept_and_what_stands_for_nothing_left_out),
        cmocka_unit_test(supported_versions_take_the_place_of_the_legacy_one),
        cmocka_unit_test(every_shorter_one_is_refused_or_ends_before_extensions),
        cmocka_unit_test(lists_that_do_not_fit_their_lengths_are_refused),
        cmocka_unit_test(too_many_are_cut_and_said_to_be),
        cmocka_unit_test(grease_is_sixteen_numbers),
        cmocka_unit_test(numbers_have_the_names_of_the_registry),
        cmocka_unit_test(every_name_is_found_and_none_twice),
        cmocka_unit_test(weak_ones_are_known_by_what_is_worst),
        cmocka_unit_test(versions_have_openssl_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
