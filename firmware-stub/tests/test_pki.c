/* SPDX-License-Identifier: Apache-2.0 */
#include "test_pki.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DAY_SECONDS (24 * 60 * 60)

static void extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void encode(struct test_ca *out)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *text = NULL;

    assert_non_null(memory);
    assert_int_equal(PEM_write_bio_X509(memory, out->cert), 1);
    long size = BIO_get_mem_data(memory, &text);
    out->pem = OPENSSL_strndup(text, (size_t)size);
    assert_non_null(out->pem);
    BIO_free(memory);
    int der_size = i2d_X509(out->cert, &out->der);
    assert_true(der_size > 0);
    out->der_size = (size_t)der_size;
}

void test_ca_make(struct test_ca *out, const struct test_ca *issuer, const char *name,
                  int not_before_days, int not_after_days, EVP_PKEY *public_key)
{
    static long serial = 1;
    char san[128];

    memset(out, 0, sizeof *out);
    out->key = public_key == NULL ? EVP_EC_gen("P-256") : NULL;
    out->cert = X509_new();
    assert_non_null(out->cert);
    assert_int_equal(X509_set_version(out->cert, 2), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(out->cert), ++serial), 1);
    assert_non_null(
        X509_gmtime_adj(X509_getm_notBefore(out->cert), (long)not_before_days * DAY_SECONDS - 60));
    assert_non_null(
        X509_gmtime_adj(X509_getm_notAfter(out->cert), (long)not_after_days * DAY_SECONDS));
    assert_int_equal(X509_set_pubkey(out->cert, public_key == NULL ? out->key : public_key), 1);
    assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(out->cert), "CN",
                                                MBSTRING_UTF8, (const unsigned char *)name, -1, -1,
                                                0),
                     1);
    X509 *parent = issuer == NULL ? out->cert : issuer->cert;
    assert_int_equal(X509_set_issuer_name(out->cert, X509_get_subject_name(parent)), 1);
    extend(out->cert, parent, NID_basic_constraints,
           issuer == NULL ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (issuer != NULL) {
        (void)snprintf(san, sizeof san, "DNS:%s", name);
        extend(out->cert, parent, NID_subject_alt_name, san);
    }
    assert_true(X509_sign(out->cert, issuer == NULL ? out->key : issuer->key, EVP_sha256()) > 0);
    encode(out);
}

void test_ca_free(struct test_ca *ca)
{
    EVP_PKEY_free(ca->key);
    X509_free(ca->cert);
    OPENSSL_free(ca->pem);
    OPENSSL_free(ca->der);
}
