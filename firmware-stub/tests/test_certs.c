/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of the slot and of the flash partition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/x509.h>

#include "dialogue.h"
#include "firmware-stub/core/core.h"
#include "test_pki.h"

static struct dialogue d;

static int set_up(void **state)
{
    (void)state;
    fake_board_init(&d.board);
    fake_board_start(&d.board);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_board_free(&d.board);
    return 0;
}

static void slot_takes_pem_and_der(void **state)
{
    struct test_ca root;
    struct test_ca leaf;
    uint8_t data[8192];
    char hex[65];

    (void)state;
    test_ca_make(&root, NULL, "root", 0, 1, NULL);
    test_ca_make(&leaf, &root, "dev-1", 0, 1, NULL);
    int size = snprintf((char *)data, sizeof data, "%s%s", leaf.pem, root.pem);
    upload(&d, data, (size_t)size, 0);
    expect_err(
        &d, "slot-commit sha256=0000000000000000000000000000000000000000000000000000000000000000",
        "slot-hash");
    commit(&d, data, (size_t)size);
    assert_true(fake_has(d.reply.end, "chain", "2"));
    assert_true(fake_has(d.reply.end, "roots", "0"));

    memcpy(data, leaf.der, leaf.der_size);
    memcpy(data + leaf.der_size, root.der, root.der_size);
    upload(&d, data, leaf.der_size, root.der_size);
    commit(&d, data, leaf.der_size + root.der_size);
    assert_true(fake_has(d.reply.end, "chain", "1"));
    assert_true(fake_has(d.reply.end, "roots", "1"));
    expect_ok(&d, "certs source=slot");
    assert_int_equal(d.reply.n_lines, 3);
    hex_sha256(leaf.der, leaf.der_size, hex);
    assert_true(fake_has(d.reply.lines[0], "sha256", hex));
    assert_true(fake_has(d.reply.lines[0], "part", "chain"));
    assert_true(fake_has(d.reply.lines[1], "subject", "CN=root"));
    assert_true(fake_has(d.reply.lines[2], "match", "no-key"));
    expect_ok(&d, "slot-clear");
    expect_ok(&d, "certs source=slot");
    assert_true(fake_has(d.reply.lines[0], "state", "none"));
    test_ca_free(&leaf);
    test_ca_free(&root);
}

static void slot_refuses_damage(void **state)
{
    struct test_ca root;
    char text[4096];

    (void)state;
    test_ca_make(&root, NULL, "root", 0, 1, NULL);
    expect_err(&d, "slot-begin chain=16384 roots=1", "slot-range");
    expect_err(&d, "slot-begin chain=99999 roots=1", "bad-value");
    expect_ok(&d, "slot-begin chain=3 roots=0");
    expect_err(&d, "slot-write offset=1 data=AAAA", "slot-range");
    expect_err(&d, "slot-write offset=0 data=A", "bad-value");
    expect_ok(&d, "slot-write offset=0 data=AAAB");
    commit(&d, (const uint8_t *)"\0\0\1", 3);
    assert_true(fake_has(d.reply.end, "code", "bad-cert"));
    /* one good and one broken certificate: mbedTLS alone would keep the good one and say so by a
     * count */
    int size =
        snprintf(text, sizeof text,
                 "%s-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", root.pem);
    upload(&d, (const uint8_t *)text, (size_t)size, 0);
    commit(&d, (const uint8_t *)text, (size_t)size);
    assert_true(fake_has(d.reply.end, "code", "bad-cert"));
    /* a NUL in the middle would hide the second one */
    size = snprintf(text, sizeof text, "%s%c%s", root.pem, '\0', root.pem);
    upload(&d, (const uint8_t *)text, (size_t)size, 0);
    commit(&d, (const uint8_t *)text, (size_t)size);
    assert_true(fake_has(d.reply.end, "code", "bad-cert"));
    test_ca_free(&root);
}

static void flash_certificates_are_reported(void **state)
{
    struct test_ca root;
    struct test_ca leaf;
    char chain[8192];

    (void)state;
    expect_ok(&d, "certs");
    assert_true(fake_has(d.reply.lines[0], "state", "none"));
    expect_ok(&d, "keygen type=p-256");
    expect_ok(&d, "csr cn=dev-1");
    X509_REQ *request = csr_of_reply(&d);
    test_ca_make(&root, NULL, "root", 0, 1, NULL);
    test_ca_make(&leaf, &root, "dev-1", 0, 1, X509_REQ_get0_pubkey(request));
    (void)snprintf(chain, sizeof chain, "%s%s", leaf.pem, root.pem);
    fake_board_write_certs(&d.board, chain, root.pem);
    expect_ok(&d, "certs source=flash");
    assert_int_equal(d.reply.n_lines, 4);
    assert_true(fake_has(d.reply.lines[2], "part", "roots"));
    assert_true(fake_has(d.reply.lines[3], "state", "ok"));
    assert_true(fake_has(d.reply.lines[3], "match", "yes"));
    expect_ok(&d, "keygen type=p-256 replace=yes");
    expect_ok(&d, "certs source=flash");
    assert_true(fake_has(d.reply.lines[3], "match", "no"));
    d.board.cert_flash[30] ^= 4; /* CRC */
    expect_ok(&d, "certs source=flash");
    assert_true(fake_has(d.reply.lines[0], "state", "bad-cert"));
    X509_REQ_free(request);
    test_ca_free(&leaf);
    test_ca_free(&root);
}

static void last_entry_of_a_type_counts(void **state)
{
    struct test_ca first;
    struct test_ca second;
    char hex[65];

    (void)state;
    test_ca_make(&first, NULL, "first", 0, 1, NULL);
    test_ca_make(&second, NULL, "second", 0, 1, NULL);
    fake_board_write_certs(&d.board, first.pem, NULL);
    fake_board_append_cert(&d.board, 1, second.pem);
    expect_ok(&d, "certs source=flash");
    hex_sha256(second.der, second.der_size, hex);
    assert_true(fake_has(d.reply.lines[0], "sha256", hex));
    assert_true(fake_has(d.reply.lines[1], "match", "no-key"));
    test_ca_free(&first);
    test_ca_free(&second);
}

/* 32 certificates make a reply that the cache can't hold: asking again must give the same answer
 * all the same. */
static void reply_beyond_the_cache(void **state)
{
    struct test_ca root;
    struct fake_reply again;
    uint8_t data[AGENT_SLOT_MAX_BYTES];
    size_t half = 0;

    (void)state;
    test_ca_make(&root, NULL, "root", 0, 1, NULL);
    for (unsigned i = 0; i < AGENT_CHAIN_MAX; i++, half += root.der_size) {
        memcpy(data + half, root.der, root.der_size);
    }
    memcpy(data + half, data, half);
    upload(&d, data, half, half);
    commit(&d, data, 2 * half);
    assert_true(fake_has(d.reply.end, "roots", "16"));
    expect_ok(&d, "certs source=slot");
    assert_int_equal(d.reply.n_lines, 33);
    fake_host_frame(&d.board, d.board.seq, "certs source=slot");
    fake_host_collect(&d.board, d.board.seq, &again);
    assert_memory_equal(d.reply.lines, again.lines, sizeof d.reply.lines);

    memcpy(data + half, root.der, root.der_size); /* 17 in the chain */
    upload(&d, data, half + root.der_size, 0);
    commit(&d, data, half + root.der_size);
    assert_true(fake_has(d.reply.end, "code", "bad-cert"));
    test_ca_free(&root);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(slot_takes_pem_and_der),          CASE(slot_refuses_damage),
        CASE(flash_certificates_are_reported), CASE(last_entry_of_a_type_counts),
        CASE(reply_beyond_the_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
