/* SPDX-License-Identifier: Apache-2.0 */
/* Each server identity of the shipped fixtures, as a board with mbedTLS 2.28 judges it. */
#include "rig/tests/pki/fixture.h"

#include <mbedtls/ecp.h>
#include <mbedtls/error.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>

#include <string.h>

static const char *folder;

#define NOT_TRUSTED MBEDTLS_X509_BADCERT_NOT_TRUSTED
#define EXPIRED MBEDTLS_X509_BADCERT_EXPIRED
#define FUTURE MBEDTLS_X509_BADCERT_FUTURE
#define CN_MISMATCH MBEDTLS_X509_BADCERT_CN_MISMATCH
#define REVOKED MBEDTLS_X509_BADCERT_REVOKED
#define BAD_MD MBEDTLS_X509_BADCERT_BAD_MD
#define BAD_KEY MBEDTLS_X509_BADCERT_BAD_KEY
#define EXT_KEY_USAGE MBEDTLS_X509_BADCERT_EXT_KEY_USAGE

/* What the client must find: how parsing ends, then the flags. */
static const struct row {
    const char *server;
    int parsed; /* of the first certificate that can't be parsed; 0: all can */
    uint32_t flags;
    const char *crls; /* NULL: none loaded */
} rows[] = {
    {"good", 0, 0, NULL},
    {"good-3-level", 0, 0, NULL},
    {"root-sent", 0, 0, NULL},
    {"chain-out-of-order", 0, 0, NULL},
    {"extra-intermediate", 0, 0, NULL},
    {"eight-intermediates", 0, 0, NULL},
    {"missing-intermediate", 0, NOT_TRUSTED, NULL},
    {"wrong-intermediate", 0, NOT_TRUSTED, NULL},
    {"intermediates-swapped", 0, NOT_TRUSTED, NULL},
    {"self-signed", 0, NOT_TRUSTED, NULL},
    {"rogue-root-not-sent", 0, NOT_TRUSTED, NULL},
    {"rogue-root-sent", 0, NOT_TRUSTED, NULL},
    {"lookalike-ca", 0, NOT_TRUSTED, NULL},
    {"signed-by-leaf", 0, NOT_TRUSTED, NULL},
    {"intermediate-without-basic-constraints", 0, NOT_TRUSTED, NULL},
    {"intermediate-without-cert-sign", 0, NOT_TRUSTED, NULL},
    {"path-length-exceeded", 0, NOT_TRUSTED, NULL},
    {"nine-intermediates", 0, 0xffffffff, NULL},
    {"twelve-intermediates", 0, 0xffffffff, NULL},
    {"issued-by-device-ca", 0, 0, NULL},
    {"issued-by-server-ca", 0, 0, NULL},
    {"pinned-elsewhere", 0, NOT_TRUSTED, NULL},
    {"tampered-signature", 0, NOT_TRUSTED, NULL},
    {"tampered-content", 0, NOT_TRUSTED, NULL},
    {"sha-1", 0, BAD_MD, NULL},
    {"md5", 0, BAD_MD, NULL},
    {"sha-1-intermediate", 0, BAD_MD, NULL},
    {"sha-224", 0, 0, NULL},
    {"expired", 0, EXPIRED, NULL},
    {"expired-in-2020", 0, EXPIRED, NULL},
    {"expired-intermediate", 0, EXPIRED, NULL},
    {"not-yet-valid", 0, FUTURE, NULL},
    {"intermediate-not-yet-valid", 0, FUTURE, NULL},
    {"eku-client-only", 0, EXT_KEY_USAGE, NULL},
    {"eku-any-only", 0, 0, NULL},
    {"eku-absent", 0, 0, NULL},
    {"ca-true", 0, 0, NULL},
    {"ku-absent", 0, 0, NULL},
    {"intermediate-client-only", 0, 0, NULL},
    {"wrong-host", 0, CN_MISMATCH, NULL},
    {"right-cn-other-san", 0, CN_MISMATCH, NULL},
    {"san-email-only", 0, CN_MISMATCH, NULL},
    {"san-ip-only", 0, CN_MISMATCH, NULL},
    {"san-uri-only", 0, CN_MISMATCH, NULL},
    {"cn-only", 0, 0, NULL},
    {"cn-only-wrong", 0, CN_MISMATCH, NULL},
    {"wildcard", 0, 0, NULL},
    {"wildcard-partial", 0, CN_MISMATCH, NULL},
    {"wildcard-too-wide", 0, CN_MISMATCH, NULL},
    {"case-different", 0, 0, NULL},
    {"homograph", 0, CN_MISMATCH, NULL},
    {"expected-name-with-dot", 0, CN_MISMATCH, NULL},
    {"no-name-expected", 0, 0, NULL},
    {"ip-target", 0, CN_MISMATCH, NULL},
    {"ip-target-as-dns", 0, 0, NULL},
    {"ip-target-as-cn", 0, 0, NULL},
    {"unknown-extension-critical",
     MBEDTLS_ERR_X509_INVALID_EXTENSIONS + MBEDTLS_ERR_ASN1_UNEXPECTED_TAG, 0, NULL},
    {"unknown-extension-not-critical", 0, 0, NULL},
    {"name-constraints-critical",
     MBEDTLS_ERR_X509_INVALID_EXTENSIONS + MBEDTLS_ERR_ASN1_UNEXPECTED_TAG, 0, NULL},
    {"extension-of-20-kb", 0, 0, NULL},
    {"rsa-1024", 0, BAD_KEY, NULL},
    {"rsa-1024-intermediate", 0, BAD_KEY, NULL},
    {"rsa-2048", 0, 0, NULL},
    {"rsa-3072", 0, 0, NULL},
    {"p-384", 0, 0, NULL},
    {"p-224", 0, 0, NULL},
    {"secp256k1", 0, 0, NULL},
    {"brainpool-p256", 0, 0, NULL},
    {"p-521", 0, 0, NULL},
    {"ed25519", MBEDTLS_ERR_PK_UNKNOWN_PK_ALG, 0, NULL},
    {"key-of-another", 0, 0, NULL},
    {"revoked", 0, 0, NULL},
    {"no-crl-sign", 0, 0, NULL},
    /* CRLs */
    {"good", 0, 0, "good"},
    {"revoked", 0, REVOKED, "revoked-leaf"},
    {"good", 0, 0, "revoked-leaf"},
    {"good", 0, REVOKED, "revoked-intermediate"},
    {"good", 0, MBEDTLS_X509_BADCRL_EXPIRED, "expired"},
    {"revoked", 0, MBEDTLS_X509_BADCRL_EXPIRED | REVOKED, "expired-and-revoked"},
    {"good", 0, MBEDTLS_X509_BADCRL_FUTURE, "not-yet-valid"},
    {"good", 0, MBEDTLS_X509_BADCRL_NOT_TRUSTED, "tampered-signature"},
    {"good", 0, MBEDTLS_X509_BADCRL_NOT_TRUSTED, "tampered-content"},
    {"good", 0, MBEDTLS_X509_BADCRL_BAD_MD, "sha-1-nobody-revoked"},
    {"revoked", 0, MBEDTLS_X509_BADCRL_BAD_MD | REVOKED, "sha-1"},
    {"revoked", 0, 0, "missing-issuing"}, /* fail-open, always */
    {"no-crl-sign", 0, MBEDTLS_X509_BADCRL_NOT_TRUSTED, "issuer-without-crl-sign"},
};

#define N_ROWS (sizeof rows / sizeof *rows)

/* As a client parses a Certificate message: each certificate, and the first failure counts. */
static int parse_chain(const struct rig_buf *pem, mbedtls_x509_crt *chain)
{
    static const char end[] = "-----END CERTIFICATE-----\n";
    const char *at = rig_buf_text(pem);

    while (*at != '\0') {
        const char *behind = strstr(at, end);
        char one[40000];
        int result;

        assert_non_null(behind);
        behind += strlen(end);
        assert_true((size_t)(behind - at) < sizeof one);
        memcpy(one, at, (size_t)(behind - at));
        one[behind - at] = '\0';
        result =
            mbedtls_x509_crt_parse(chain, (const unsigned char *)one, (size_t)(behind - at) + 1);
        if (result != 0) {
            return result;
        }
        at = behind;
    }
    return 0;
}

static void load_crls(const struct pki_test *test, const char *name, mbedtls_x509_crl *crls)
{
    struct rig_buf pem = {0};
    struct rig_error err;

    pki_test_good(rig_pki_crls(test->world, name, &pem, &err), &err, name);
    assert_int_equal(
        mbedtls_x509_crl_parse(crls, (const unsigned char *)rig_buf_text(&pem), pem.len + 1), 0);
    rig_buf_free(&pem);
}

/* The flags that the client's handshake has, with its check of the purpose. */
static uint32_t verify(mbedtls_x509_crt *chain, mbedtls_x509_crt *roots, mbedtls_x509_crl *crls,
                       const char *expected_name)
{
    uint32_t flags = 0;
    const int result = mbedtls_x509_crt_verify(
        chain, roots, crls, expected_name[0] != '\0' ? expected_name : NULL, &flags, NULL, NULL);

    (void)result;
    if (mbedtls_x509_crt_check_extended_key_usage(chain, MBEDTLS_OID_SERVER_AUTH,
                                                  MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) != 0) {
        flags |= EXT_KEY_USAGE;
    }
    return flags;
}

static bool judge(const struct pki_test *test, const struct row *row)
{
    struct rig_pki_identity identity = {0};
    mbedtls_x509_crt chain;
    mbedtls_x509_crt roots;
    mbedtls_x509_crl crls;
    uint32_t flags = 0;
    int parsed;

    mbedtls_x509_crt_init(&chain);
    mbedtls_x509_crt_init(&roots);
    mbedtls_x509_crl_init(&crls);
    pki_test_identity(test, RIG_PKI_SERVER, row->server, &identity);
    assert_int_equal(
        mbedtls_x509_crt_parse(&roots, (const unsigned char *)rig_buf_text(&identity.roots_pem),
                               identity.roots_pem.len + 1),
        0);
    parsed = parse_chain(&identity.chain_pem, &chain);
    if (parsed == 0) {
        if (row->crls != NULL) {
            load_crls(test, row->crls, &crls);
        }
        flags = verify(&chain, &roots, row->crls != NULL ? &crls : NULL, identity.expected_name);
    }
    if (parsed != row->parsed || flags != row->flags) {
        print_error("%s with CRLs %s: found -0x%x, flags 0x%x; expected -0x%x, flags 0x%x\n",
                    row->server, row->crls != NULL ? row->crls : "-", (unsigned)-parsed,
                    (unsigned)flags, (unsigned)-row->parsed, (unsigned)row->flags);
    }
    mbedtls_x509_crt_free(&chain);
    mbedtls_x509_crt_free(&roots);
    mbedtls_x509_crl_free(&crls);
    rig_pki_identity_free(&identity);
    return parsed == row->parsed && flags == row->flags;
}

static void test_verdicts(void **state)
{
    size_t n_wrong = 0;

    for (size_t i = 0; i < N_ROWS; i++) {
        n_wrong += judge(*state, &rows[i]) ? 0 : 1;
    }
    assert_int_equal(n_wrong, 0);
}

static void test_every_recipe_has_a_row(void **state)
{
    const struct pki_test *test = *state;

    for (size_t i = 0; i < test->fixtures->n_recipes[RIG_PKI_SERVER]; i++) {
        const char *name = test->fixtures->recipes[RIG_PKI_SERVER][i].name;
        size_t row = 0;

        while (row < N_ROWS && strcmp(rows[row].server, name) != 0) {
            row++;
        }
        if (row == N_ROWS) {
            fail_msg("server %s has no row in this test", name);
        }
    }
}

static int setup(void **state)
{
    static struct pki_test test;

    pki_test_open(&test, folder);
    *state = &test;
    return 0;
}

static int teardown(void **state)
{
    pki_test_close(*state);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_every_recipe_has_a_row),
    };

    folder = argc > 1 ? argv[1] : "fixtures/pki";
    return cmocka_run_group_tests(tests, setup, teardown);
}
