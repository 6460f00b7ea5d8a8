/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "rig/base/file.h"
#include "rig/ca/key.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <stdio.h>
#include <string.h>

const struct rig_ca_local_plan fx_plan = {
    .levels = {"root", "factory", "line"},
    .n_levels = 3,
    .organization = "WiseFido Inc",
    .country = "US",
};

static int64_t fixed_now(void *ctx)
{
    return ((const struct fx *)ctx)->now_ms;
}

void fx_init(struct fx *fx)
{
    const char *base = getenv("TMPDIR");

    *fx = (struct fx){.now_ms = rig_clock_now_ms(&rig_clock_system)};
    fx->clock = (struct rig_clock){fixed_now, fx};
    (void)snprintf(fx->folder, sizeof fx->folder, "%s/rig-ca-test-XXXXXX",
                   base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(fx->folder));
    (void)snprintf(fx->ca_path, sizeof fx->ca_path, "%s/ca", fx->folder);
}

void fx_open_ca(struct fx *fx, const struct rig_ca_local_plan *plan, const char *passphrase)
{
    fx_ok(rig_ca_local_open(fx->ca_path, plan, passphrase, &fx->clock, &fx->ca, &fx->err),
          &fx->err);
}

void fx_close(struct fx *fx)
{
    rig_ca_close(fx->ca);
    fx->ca = NULL;
    fx_ok(rig_dir_remove(fx->folder, &fx->err), &fx->err);
}

int fx_setup(void **state)
{
    struct fx *fx = calloc(1, sizeof *fx);

    fx_init(fx);
    fx_open_ca(fx, &fx_plan, NULL);
    *state = fx;
    return 0;
}

int fx_teardown(void **state)
{
    fx_close(*state);
    free(*state);
    return 0;
}

struct rig_wait fx_wait(void)
{
    return rig_wait_ms(20000, NULL);
}

void fx_ok(rig_result result, const struct rig_error *err)
{
    if (!result.ok) {
        fail_msg("%s/%s: %s", rig_error_class_name(err->cls), rig_error_code_name(err->code),
                 err->text);
    }
    assert_int_equal(ERR_peek_error(), 0);
}

void fx_failed(rig_result result, const struct rig_error *err, enum rig_error_class cls,
               enum rig_error_code code, const char *text)
{
    if (result.ok) {
        fail_msg("accepted, expected a failure with '%s'", text);
    }
    if (err->cls != cls || err->code != code || strstr(err->text, text) == NULL) {
        fail_msg("%s/%s: %s\nexpected %s/%s with '%s'", rig_error_class_name(err->cls),
                 rig_error_code_name(err->code), err->text, rig_error_class_name(cls),
                 rig_error_code_name(code), text);
    }
    assert_int_equal(ERR_peek_error(), 0);
}

EVP_PKEY *fx_key(enum rig_key_type type)
{
    struct rig_error err;
    EVP_PKEY *key = NULL;

    fx_ok(rig_key_make(type, &key, &err), &err);
    return key;
}

void fx_name(X509_NAME *name, int nid, int type, const void *bytes, int len)
{
    X509_NAME_ENTRY *entry = X509_NAME_ENTRY_create_by_NID(NULL, nid, type, bytes, len);

    assert_non_null(entry);
    assert_int_equal(X509_NAME_add_entry(name, entry, -1, 0), 1);
    X509_NAME_ENTRY_free(entry);
}

X509_REQ *fx_csr(EVP_PKEY *key, const char *cn, const char *o, const char *c)
{
    X509_REQ *csr = X509_REQ_new();
    X509_NAME *name = X509_REQ_get_subject_name(csr);

    assert_int_equal(X509_REQ_set_version(csr, X509_REQ_VERSION_1), 1);
    assert_int_equal(X509_REQ_set_pubkey(csr, key), 1);
    if (cn != NULL) {
        fx_name(name, NID_commonName, V_ASN1_UTF8STRING, cn, -1);
    }
    if (o != NULL) {
        fx_name(name, NID_organizationName, V_ASN1_UTF8STRING, o, -1);
    }
    if (c != NULL) {
        fx_name(name, NID_countryName, V_ASN1_PRINTABLESTRING, c, -1);
    }
    return csr;
}

void fx_csr_extension(X509_REQ *csr, int nid, const char *value)
{
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_non_null(extension);
    assert_true(sk_X509_EXTENSION_push(extensions, extension) > 0);
    assert_int_equal(X509_REQ_add_extensions(csr, extensions), 1);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

void fx_csr_der(X509_REQ *csr, EVP_PKEY *key, const EVP_MD *digest, struct rig_buf *der)
{
    struct rig_error err;
    uint8_t *bytes = NULL;
    int len;

    assert_true(X509_REQ_sign(csr, key, digest != NULL ? digest : EVP_sha256()) > 0);
    len = i2d_X509_REQ(csr, &bytes);
    assert_true(len > 0);
    rig_buf_reset(der);
    fx_ok(rig_buf_append(der, bytes, (size_t)len, &err), &err);
    OPENSSL_free(bytes);
}

void fx_good_csr(EVP_PKEY *key, const char *cn, struct rig_buf *der)
{
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = fx_csr(key, cn, "WiseFido Inc", "US");

    fx_csr_der(csr, key, NULL, der);
}

void fx_spki_sha256(EVP_PKEY *key, uint8_t sha256[RIG_SHA256_SIZE])
{
    uint8_t *der = NULL;
    const int len = i2d_PUBKEY(key, &der);

    assert_true(len > 0);
    assert_int_equal(EVP_Digest(der, (size_t)len, sha256, NULL, EVP_sha256(), NULL), 1);
    OPENSSL_free(der);
}

struct rig_ca_request fx_request(const struct rig_buf *csr, const char *cn)
{
    return (struct rig_ca_request){
        .csr_der = csr->data,
        .csr_len = csr->len,
        .common_name = cn,
        .organization = "WiseFido Inc",
        .country = "US",
    };
}

void fx_sign(struct fx *fx, const char *cn, struct rig_ca_certificate *certificate)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    struct rig_ca_request request;

    fx_good_csr(key, cn, &csr);
    request = fx_request(&csr, cn);
    fx_ok(rig_ca_sign(fx->ca, &request, certificate, fx_wait(), &fx->err), &fx->err);
}

X509 *fx_decode(const struct rig_buf *der)
{
    const uint8_t *at = der->data;
    X509 *certificate = d2i_X509(NULL, &at, (long)der->len);

    assert_non_null(certificate);
    return certificate;
}

size_t fx_count(const char *text, const char *part)
{
    size_t n = 0;

    while ((text = strstr(text, part)) != NULL) {
        text += strlen(part);
        n++;
    }
    return n;
}

static void add_crls(X509_STORE *store, const char *pem)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = BIO_new_mem_buf(pem, -1);
    X509_CRL *crl;

    while ((crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL) {
        assert_int_equal(X509_STORE_add_crl(store, crl), 1);
        X509_CRL_free(crl);
    }
    ERR_clear_error();
}

int fx_verify(struct fx *fx, const struct rig_buf *leaf_der, const char *chain_pem,
              const char *crls_pem, int purpose, int *depth)
{
    RIG_AUTO(rig_auto_X509) X509 *leaf = fx_decode(leaf_der);
    RIG_AUTO(rig_auto_X509_STORE) X509_STORE *store = X509_STORE_new();
    RIG_AUTO(rig_auto_X509_STORE_CTX) X509_STORE_CTX *context = X509_STORE_CTX_new();
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *roots = NULL;
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *untrusted = NULL;
    int error;

    fx_ok(rig_pki_certificates_of_pem(rig_buf_text(&fx->ca->root_pem), "root", &roots, &fx->err),
          &fx->err);
    assert_int_equal(sk_X509_num(roots), 1);
    assert_int_equal(X509_STORE_add_cert(store, sk_X509_value(roots, 0)), 1);
    if (chain_pem[0] != '\0') {
        fx_ok(rig_pki_certificates_of_pem(chain_pem, "chain", &untrusted, &fx->err), &fx->err);
    }
    if (crls_pem != NULL) {
        add_crls(store, crls_pem);
    }
    assert_int_equal(X509_STORE_CTX_init(context, store, leaf, untrusted), 1);
    X509_STORE_CTX_set_flags(
        context, X509_V_FLAG_X509_STRICT |
                     (crls_pem != NULL ? X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL : 0UL));
    X509_STORE_CTX_set_time(context, 0, (time_t)(fx->now_ms / 1000));
    assert_int_equal(X509_STORE_CTX_set_purpose(context, purpose), 1);
    (void)X509_verify_cert(context);
    error = X509_STORE_CTX_get_error(context);
    if (depth != NULL) {
        *depth = X509_STORE_CTX_get_error_depth(context);
    }
    ERR_clear_error();
    return error;
}

static rig_result count_row(void *ctx, const char *serial, bool revoked, const struct rig_buf *der,
                            struct rig_error *err)
{
    (void)serial;
    (void)revoked;
    (void)der;
    (void)err;
    ++*(size_t *)ctx;
    return RIG_DONE;
}

size_t fx_n_issued_for(struct fx *fx, const uint8_t spki_sha256[RIG_SHA256_SIZE])
{
    size_t n = 0;

    fx_ok(rig_ca_issued_for(fx->ca, spki_sha256, count_row, &n, fx_wait(), &fx->err), &fx->err);
    return n;
}
