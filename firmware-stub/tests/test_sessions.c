/* SPDX-License-Identifier: Apache-2.0 */
/* Resumed handshakes and CRLs of the slot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "firmware-stub/core/core.h"
#include "tls_bench.h"

#define NAME "name=srv.rig.test"

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

static void expect_resumed(bool yes)
{
    expect(&b.d, "stage", "done");
    expect(&b.d, "resumed", yes ? "yes" : "no");
    if (yes) {
        expect_sha256(&b.d, "server_sha256", b.server_good.der, b.server_good.der_size);
        expect(&b.d, "flags", "0xffffffff");
    }
}

static void resume_by(const char *keys)
{
    server_start(&b.server, &b.server_good, &b.root);
    shake(&b, keys); /* nothing kept yet */
    server_again(&b.server);
    expect_resumed(false);
    shake(&b, keys);
    server_again(&b.server);
    expect_resumed(true);
    shake(&b, keys);
    server_again(&b.server);
    expect_resumed(true);
    shake(&b, NAME); /* a full one drops what was kept */
    server_again(&b.server);
    expect_resumed(false);
    shake(&b, keys);
    server_end(&b.server);
    expect_resumed(false);
}

static void by_session_id(void **state)
{
    (void)state;
    resume_by(NAME " session=id");
}

static void by_ticket(void **state)
{
    (void)state;
    resume_by(NAME " session=ticket");
}

static void a_kept_ticket_does_not_spoil_session_ids(void **state)
{
    (void)state;
    server_start(&b.server, &b.server_good, &b.root);
    shake(&b, NAME " session=ticket");
    server_again(&b.server);
    expect_resumed(false);
    shake(&b, NAME " session=id"); /* the kept one is of the other kind */
    server_again(&b.server);
    expect_resumed(false);
    shake(&b, NAME " session=id");
    server_end(&b.server);
    expect_resumed(true);
}

static void a_server_that_forgot_shakes_hands_in_full(void **state)
{
    (void)state;
    server_start(&b.server, &b.server_good, &b.root);
    shake(&b, NAME " session=ticket");
    server_end(&b.server);
    expect_resumed(false);
    server_start(&b.server, &b.server_good, &b.root); /* another ticket key */
    shake(&b, NAME " session=ticket");
    server_end(&b.server);
    expect_resumed(false);
    server_start(&b.server, &b.server_good, &b.root);
    shake(&b, NAME);
    server_end(&b.server);
}

static void a_failed_handshake_keeps_nothing(void **state)
{
    (void)state;
    server_start(&b.server, &b.server_good, &b.root);
    shake(&b, "name=other.rig.test session=id");
    server_again(&b.server);
    expect(&b.d, "flags", "0x00000004");
    expect(&b.d, "resumed", "no");
    shake(&b, NAME " session=id");
    server_end(&b.server);
    expect_resumed(false);
    expect_err(&b.d, "handshake host=a port=1 name=a session=psk", "bad-value");
}

/* A CRL of `issuer` that lists `revoked`, or nothing when NULL. */
static char *make_crl(const struct test_ca *issuer, const struct test_ca *revoked)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *now = X509_gmtime_adj(NULL, -60);
    ASN1_TIME *later = X509_gmtime_adj(NULL, 3600);
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    char *copy;
    long size;

    assert_int_equal(X509_CRL_set_version(crl, X509_CRL_VERSION_2), 1);
    assert_int_equal(X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->cert)), 1);
    assert_int_equal(X509_CRL_set1_lastUpdate(crl, now), 1);
    assert_int_equal(X509_CRL_set1_nextUpdate(crl, later), 1);
    if (revoked != NULL) {
        X509_REVOKED *entry = X509_REVOKED_new();
        assert_int_equal(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked->cert)),
                         1);
        assert_int_equal(X509_REVOKED_set_revocationDate(entry, now), 1);
        assert_int_equal(X509_CRL_add0_revoked(crl, entry), 1);
    }
    assert_true(X509_CRL_sign(crl, issuer->key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509_CRL(bio, crl), 1);
    size = BIO_get_mem_data(bio, &text);
    copy = calloc(1, (size_t)size + 1); /* the text has no NUL behind it */
    assert_non_null(copy);
    memcpy(copy, text, (size_t)size);
    BIO_free(bio);
    ASN1_TIME_free(now);
    ASN1_TIME_free(later);
    X509_CRL_free(crl);
    return copy;
}

static void shake_with_crl(const struct test_ca *revoked, const char *keys)
{
    char *crl = make_crl(&b.root, revoked);
    char begin[128];
    char content[8192];
    const int size = snprintf(content, sizeof content, "%s%s", b.root.pem, crl);

    assert_in_range(size, 1, sizeof content - 1);
    (void)snprintf(begin, sizeof begin, "slot-begin chain=0 roots=%zu crls=%zu", strlen(b.root.pem),
                   strlen(crl));
    upload_after(&b.d, begin, content, (size_t)size);
    commit(&b.d, content, (size_t)size);
    expect(&b.d, "crls", "1");
    free(crl);
    server_start(&b.server, &b.server_good, &b.root);
    shake(&b, keys);
    server_end(&b.server);
}

static void crls_of_the_slot(void **state)
{
    (void)state;
    shake_with_crl(NULL, NAME " roots=slot crls=slot");
    expect(&b.d, "stage", "done");
    shake_with_crl(&b.server_good, NAME " roots=slot crls=slot");
    expect(&b.d, "stage", "handshake");
    expect(&b.d, "flags", "0x00000002");
    expect(&b.d, "alert_sent", "44");
    shake_with_crl(&b.server_good, NAME " roots=slot"); /* not asked to look at it */
    expect(&b.d, "stage", "done");
    expect_ok(&b.d, "slot-clear");
    expect_err(&b.d, "handshake host=a port=1 name=a crls=slot", "no-roots");
    expect_err(&b.d, "handshake host=a port=1 name=a crls=flash", "bad-value");
    expect_err(&b.d, "slot-begin chain=1 roots=1 crls=16383", "slot-range");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_session_id),
        cmocka_unit_test(by_ticket),
        cmocka_unit_test(a_kept_ticket_does_not_spoil_session_ids),
        cmocka_unit_test(a_server_that_forgot_shakes_hands_in_full),
        cmocka_unit_test(a_failed_handshake_keeps_nothing),
        cmocka_unit_test(crls_of_the_slot),
    };

    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
