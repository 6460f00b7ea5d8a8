/* SPDX-License-Identifier: Apache-2.0 */
/* Each device identity and CRL of the shipped fixtures, as OpenSSL judges it. */
#include "rig/ca/pki.h"
#include "rig/tests/pki/fixture.h"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <stdio.h>
#include <string.h>

static const char *folder;

/* What X509_verify_cert must say: purpose sslclient, security level 2. */
static const struct row {
    const char *device;
    int error;
    int depth;
    const char *crls; /* NULL: no CRL check; "leaf:..." checks the leaf only */
} rows[] = {
    {"good", X509_V_OK, 0, NULL},
    {"good-3-level", X509_V_OK, 0, NULL},
    {"root-sent", X509_V_OK, 0, NULL},
    {"extra-intermediate", X509_V_OK, 0, NULL},
    {"chain-out-of-order", X509_V_OK, 0, NULL},
    {"duplicate-in-chain", X509_V_OK, 0, NULL},
    {"leaf-sent-twice", X509_V_OK, 0, NULL},
    {"twelve-intermediates", X509_V_OK, 0, NULL},
    {"expires-soon", X509_V_OK, 0, NULL},
    {"nine-intermediates", X509_V_OK, 0, NULL},
    {"missing-intermediate", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0, NULL},
    {"wrong-intermediate", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0, NULL},
    {"gap-factory-missing", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 1, NULL},
    {"gap-line-missing", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0, NULL},
    {"rogue-root-not-sent", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 1, NULL},
    {"rogue-root-sent", X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, 2, NULL},
    {"self-signed", X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 0, NULL},
    {"lookalike-ca", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 1, NULL},
    {"lookalike-root-sent", X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, 2, NULL},
    {"signed-by-other-key", X509_V_ERR_CERT_SIGNATURE_FAILURE, 0, NULL},
    {"signed-by-other-key-aki-wrong", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0, NULL},
    {"aki-wrong", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0, NULL},
    {"aki-absent", X509_V_OK, 0, NULL},
    {"signed-by-leaf", X509_V_ERR_INVALID_CA, 1, NULL},
    {"intermediate-without-basic-constraints", X509_V_ERR_INVALID_CA, 1, NULL},
    {"intermediate-without-cert-sign", X509_V_ERR_INVALID_CA, 1, NULL},
    {"intermediate-version-1", X509_V_ERR_INVALID_CA, 1, NULL},
    {"path-length-exceeded", X509_V_ERR_PATH_LENGTH_EXCEEDED, 2, NULL},
    {"trusted-root-replaced", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 1, NULL},
    {"tampered-signature", X509_V_ERR_CERT_SIGNATURE_FAILURE, 0, NULL},
    {"tampered-content", X509_V_ERR_CERT_SIGNATURE_FAILURE, 0, NULL},
    {"intermediate-tampered", X509_V_ERR_CERT_SIGNATURE_FAILURE, 1, NULL},
    {"sha-1", X509_V_ERR_CA_MD_TOO_WEAK, 0, NULL},
    {"md5", X509_V_ERR_CA_MD_TOO_WEAK, 0, NULL},
    {"sha-224", X509_V_OK, 0, NULL},
    {"sha-1-intermediate", X509_V_ERR_CA_MD_TOO_WEAK, 1, NULL},
    {"expired", X509_V_ERR_CERT_HAS_EXPIRED, 0, NULL},
    {"not-yet-valid", X509_V_ERR_CERT_NOT_YET_VALID, 0, NULL},
    {"expired-intermediate", X509_V_ERR_CERT_HAS_EXPIRED, 1, NULL},
    {"intermediate-not-yet-valid", X509_V_ERR_CERT_NOT_YET_VALID, 1, NULL},
    {"validity-beyond-issuer", X509_V_OK, 0, NULL},
    {"eku-server-only", X509_V_ERR_INVALID_PURPOSE, 0, NULL},
    {"eku-code-signing-only", X509_V_ERR_INVALID_PURPOSE, 0, NULL},
    {"eku-any-only", X509_V_ERR_INVALID_PURPOSE, 0, NULL},
    {"eku-private-only", X509_V_ERR_INVALID_PURPOSE, 0, NULL},
    {"eku-absent", X509_V_OK, 0, NULL},
    {"eku-client-and-server", X509_V_OK, 0, NULL},
    {"ku-key-encipherment-only", X509_V_ERR_INVALID_PURPOSE, 0, NULL},
    {"ku-key-cert-sign-only", X509_V_ERR_INVALID_PURPOSE, 0, NULL},
    {"ku-key-agreement-only", X509_V_OK, 0, NULL},
    {"ku-absent", X509_V_OK, 0, NULL},
    {"intermediate-server-only", X509_V_ERR_INVALID_PURPOSE, 1, NULL},
    {"intermediate-client-only", X509_V_OK, 0, NULL},
    {"ca-true", X509_V_OK, 0, NULL},
    {"basic-constraints-absent", X509_V_OK, 0, NULL},
    {"version-1", X509_V_OK, 0, NULL},
    {"name-not-permitted", X509_V_ERR_PERMITTED_VIOLATION, 0, NULL},
    {"name-permitted", X509_V_OK, 0, NULL},
    {"name-excluded", X509_V_ERR_EXCLUDED_VIOLATION, 0, NULL},
    {"unknown-extension-critical", X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, 0, NULL},
    {"unknown-extension-not-critical", X509_V_OK, 0, NULL},
    {"intermediate-unknown-critical", X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, 1, NULL},
    {"extension-of-70-kb", X509_V_OK, 0, NULL},
    {"extension-of-120-kb", X509_V_OK, 0, NULL},
    {"extension-of-20-kb", X509_V_OK, 0, NULL},
    {"rsa-1024", X509_V_ERR_EE_KEY_TOO_SMALL, 0, NULL},
    {"rsa-1024-intermediate", X509_V_ERR_CA_KEY_TOO_SMALL, 1, NULL},
    {"rsa-2048", X509_V_OK, 0, NULL},
    {"rsa-3072", X509_V_OK, 0, NULL},
    {"rsa-4096", X509_V_OK, 0, NULL},
    {"p-256", X509_V_OK, 0, NULL},
    {"p-384", X509_V_OK, 0, NULL},
    {"p-521", X509_V_OK, 0, NULL},
    /* what OpenSSL refuses of these three it refuses in the handshake, before the chain */
    {"p-224", X509_V_OK, 0, NULL},
    {"secp256k1", X509_V_OK, 0, NULL},
    {"brainpool-p256", X509_V_OK, 0, NULL},
    {"ed25519", X509_V_OK, 0, NULL},
    {"key-of-another", X509_V_OK, 0, NULL},
    {"another-common-name", X509_V_OK, 0, NULL},
    {"common-name-in-capitals", X509_V_OK, 0, NULL},
    {"common-name-empty", X509_V_OK, 0, NULL},
    {"common-name-absent", X509_V_OK, 0, NULL},
    {"common-name-too-long", X509_V_OK, 0, NULL},
    {"common-name-homograph", X509_V_OK, 0, NULL},
    {"reissued", X509_V_OK, 0, NULL},
    {"server-name-claimed", X509_V_OK, 0, NULL},
    {"duplicate-serial-a", X509_V_OK, 0, "good"},
    {"duplicate-serial-a", X509_V_ERR_CERT_REVOKED, 0, "duplicate-serial"},
    {"duplicate-serial-b", X509_V_ERR_CERT_REVOKED, 0, "duplicate-serial"},
    {"good", X509_V_OK, 0, "duplicate-serial"},
    /* CRLs */
    {"good", X509_V_OK, 0, "good"},
    {"good", X509_V_OK, 0, "good-of-the-chain"},
    {"good-3-level", X509_V_OK, 0, "good"},
    {"good", X509_V_ERR_UNABLE_TO_GET_CRL, 0, "none"},
    {"revoked", X509_V_OK, 0, "good"},
    {"revoked", X509_V_ERR_CERT_REVOKED, 0, "revoked-leaf"},
    {"good", X509_V_OK, 0, "revoked-leaf"},
    {"revoked-later", X509_V_OK, 0, "revoked-leaf"},
    {"revoked-later", X509_V_ERR_CERT_REVOKED, 0, "revoked-later"},
    {"good", X509_V_ERR_CERT_REVOKED, 1, "revoked-intermediate"},
    {"good", X509_V_OK, 0, "leaf:revoked-intermediate"},
    {"good", X509_V_ERR_UNABLE_TO_GET_CRL, 0, "missing-issuing"},
    {"good", X509_V_ERR_UNABLE_TO_GET_CRL, 1, "missing-root"},
    {"good", X509_V_OK, 0, "leaf:missing-root"},
    {"good", X509_V_ERR_UNABLE_TO_GET_CRL, 0, "other-issuer"},
    {"good", X509_V_ERR_UNABLE_TO_GET_CRL, 0, "der-for-pem"},
    {"good", X509_V_ERR_UNABLE_TO_GET_CRL, 0, "aki-of-another-key"},
    {"good", X509_V_ERR_UNABLE_TO_GET_CRL, 0, "signed-by-lookalike"},
    {"good", X509_V_ERR_CRL_SIGNATURE_FAILURE, 0, "signed-by-lookalike-without-aki"},
    {"good", X509_V_ERR_CRL_SIGNATURE_FAILURE, 0, "tampered-signature"},
    {"good", X509_V_ERR_CRL_SIGNATURE_FAILURE, 0, "tampered-content"},
    {"good", X509_V_ERR_CRL_HAS_EXPIRED, 0, "expired"},
    {"good", X509_V_ERR_CRL_HAS_EXPIRED, 0, "expired-and-revoked"},
    {"good", X509_V_ERR_CRL_HAS_EXPIRED, 1, "expired-root"},
    {"good", X509_V_ERR_CRL_NOT_YET_VALID, 0, "not-yet-valid"},
    {"good", X509_V_OK, 0, "without-next-update"},
    {"good", X509_V_ERR_DIFFERENT_CRL_SCOPE, 0, "scope-ca-certificates"},
    {"good", X509_V_OK, 0, "leaf:scope-user-certificates"},
    {"good", X509_V_ERR_DIFFERENT_CRL_SCOPE, 1, "scope-user-certificates"},
    {"good", X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION, 0, "unknown-extension-critical"},
    {"good", X509_V_OK, 0, "sha-1"},
    {"good", X509_V_OK, 0, "sha-1-nobody-revoked"},
    {"revoked", X509_V_ERR_CERT_REVOKED, 0, "sha-1"},
    {"no-crl-sign", X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, 0, "issuer-without-crl-sign"},
    {"no-crl-sign", X509_V_OK, 0, NULL},
    {"revoked", X509_V_OK, 0, "equal-last-update"}, /* the first one added wins */
    {"revoked", X509_V_ERR_CERT_REVOKED, 0, "newer-second"},
};

#define N_ROWS (sizeof rows / sizeof *rows)

static void add_trust(X509_STORE *store, const struct rig_buf *pem)
{
    STACK_OF(X509) *roots = NULL;
    struct rig_error err;

    pki_test_good(rig_pki_certificates_of_pem(rig_buf_text(pem), "trust", &roots, &err), &err,
                  "read the trust");
    for (int i = 0; i < sk_X509_num(roots); i++) {
        assert_int_equal(X509_STORE_add_cert(store, sk_X509_value(roots, i)), 1);
    }
    rig_pki_free_certificates(&roots);
}

static void add_crls(const struct pki_test *test, X509_STORE *store, const char *crls)
{
    const bool leaf_only = strncmp(crls, "leaf:", 5) == 0;
    struct rig_buf pem = {0};
    struct rig_error err;
    X509_CRL *crl;
    BIO *bio;

    pki_test_good(rig_pki_crls(test->world, leaf_only ? crls + 5 : crls, &pem, &err), &err, crls);
    bio = BIO_new_mem_buf(rig_buf_text(&pem), (int)pem.len);
    assert_non_null(bio);
    while ((crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL) {
        assert_int_equal(X509_STORE_add_crl(store, crl), 1);
        X509_CRL_free(crl);
    }
    assert_int_equal(X509_STORE_set_flags(
                         store, X509_V_FLAG_CRL_CHECK |
                                    (leaf_only ? 0UL : (unsigned long)X509_V_FLAG_CRL_CHECK_ALL)),
                     1);
    BIO_free(bio);
    rig_buf_free(&pem);
}

/* Records the first error and where, as a server reports it. */
static void judge(const struct pki_test *test, const struct row *row, int *error, int *depth)
{
    struct rig_pki_identity identity = {0};
    STACK_OF(X509) *chain = NULL;
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    struct rig_error err;

    pki_test_identity(test, RIG_PKI_DEVICE, row->device, &identity);
    add_trust(store, &identity.roots_pem);
    if (row->crls != NULL) {
        add_crls(test, store, row->crls);
    }
    pki_test_good(
        rig_pki_certificates_of_pem(rig_buf_text(&identity.chain_pem), "chain", &chain, &err), &err,
        row->device);
    assert_int_equal(sk_X509_num(chain), identity.n_chain);
    assert_int_equal(X509_STORE_CTX_init(context, store, sk_X509_value(chain, 0), chain), 1);
    X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(context), 2);
    assert_int_equal(X509_STORE_CTX_set_default(context, "ssl_client"), 1);
    (void)X509_verify_cert(context);
    *error = X509_STORE_CTX_get_error(context);
    *depth = *error == X509_V_OK ? 0 : X509_STORE_CTX_get_error_depth(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    rig_pki_free_certificates(&chain);
    rig_pki_identity_free(&identity);
}

static void test_verdicts(void **state)
{
    struct pki_test *test = *state;
    size_t n_wrong = 0;

    for (size_t i = 0; i < N_ROWS; i++) {
        int error;
        int depth;

        judge(test, &rows[i], &error, &depth);
        if (error != rows[i].error || depth != rows[i].depth) {
            print_error("%s with CRLs %s: found %d (%d) %s; expected %d (%d)\n", rows[i].device,
                        rows[i].crls != NULL ? rows[i].crls : "-", error, depth,
                        X509_verify_cert_error_string(error), rows[i].error, rows[i].depth);
            n_wrong++;
        }
    }
    assert_int_equal(n_wrong, 0);
}

static bool has_row(const char *name, bool crl)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        const char *one = crl ? rows[i].crls : rows[i].device;

        if (one != NULL && strcmp(strncmp(one, "leaf:", 5) == 0 ? one + 5 : one, name) == 0) {
            return true;
        }
    }
    return false;
}

static void test_every_recipe_has_a_row(void **state)
{
    const struct pki_test *test = *state;

    for (size_t i = 0; i < test->fixtures->n_recipes[RIG_PKI_DEVICE]; i++) {
        const char *name = test->fixtures->recipes[RIG_PKI_DEVICE][i].name;
        if (!has_row(name, false)) {
            fail_msg("device %s has no row in this test", name);
        }
    }
    for (size_t i = 0; i < test->fixtures->n_crl_sets; i++) {
        const char *name = test->fixtures->crl_sets[i].name;
        if (!has_row(name, true)) {
            fail_msg("crl %s has no row in this test", name);
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
