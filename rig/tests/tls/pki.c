/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tests/tls/pki.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#define SKEW_S (-3600L)

void pki_must(bool held, const char *expr, const char *file, int line)
{
    if (!held) {
        (void)fprintf(stderr, "%s:%d: the test PKI needs %s\n", file, line, expr);
        ERR_print_errors_fp(stderr);
        abort();
    }
}

static void append_bio(struct rig_buf *pem, BIO *memory)
{
    struct rig_error err;
    char *bytes = NULL;
    const long n = BIO_get_mem_data(memory, &bytes);

    PKI_MUST(n > 0 && rig_buf_append(pem, bytes, (size_t)n, &err).ok);
    BIO_free(memory);
}

void pki_append_certificate(struct rig_buf *pem, X509 *certificate)
{
    BIO *const memory = BIO_new(BIO_s_mem());

    PKI_MUST(PEM_write_bio_X509(memory, certificate) == 1);
    append_bio(pem, memory);
}

void pki_append_key(struct rig_buf *pem, EVP_PKEY *key)
{
    BIO *const memory = BIO_new(BIO_s_mem());

    PKI_MUST(PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL) == 1);
    append_bio(pem, memory);
}

EVP_PKEY *pki_key(int bits_or_curve)
{
    EVP_PKEY *key = NULL;

    if (bits_or_curve >= 1024) {
        key = EVP_RSA_gen((unsigned)bits_or_curve);
    } else {
        key = EVP_EC_gen(bits_or_curve == 0 ? "P-256" : OBJ_nid2sn(bits_or_curve));
    }
    PKI_MUST(key != NULL);
    return key;
}

static void set_serial(X509 *certificate)
{
    uint8_t bytes[16];
    BIGNUM *number;

    PKI_MUST(RAND_bytes(bytes, sizeof bytes) == 1);
    bytes[0] = (uint8_t)((bytes[0] & 0x7F) | 1);
    number = BN_bin2bn(bytes, sizeof bytes, NULL);
    PKI_MUST(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL);
    BN_free(number);
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    PKI_MUST(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static void add_extensions(X509 *certificate, X509 *issuer, const struct pki_wish *wish)
{
    char name[128];

    add_extension(certificate, issuer, NID_basic_constraints,
                  wish->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(certificate, issuer, NID_key_usage,
                  wish->is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
    add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
    add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
    if (wish->extended_usage != NULL) {
        add_extension(certificate, issuer, NID_ext_key_usage, wish->extended_usage);
    }
    if (wish->dns_name != NULL) {
        (void)snprintf(name, sizeof name, "DNS:%s", wish->dns_name);
        add_extension(certificate, issuer, NID_subject_alt_name, name);
    }
}

X509 *pki_issue(const struct pki_wish *wish)
{
    X509 *const certificate = X509_new();
    X509 *const issuer = wish->issuer != NULL ? wish->issuer->certificate : certificate;
    EVP_PKEY *const signer = wish->issuer != NULL ? wish->issuer->key : wish->key;
    X509_NAME *const subject = X509_get_subject_name(certificate);

    PKI_MUST(X509_set_version(certificate, X509_VERSION_3) == 1);
    set_serial(certificate);
    PKI_MUST(X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8,
                                        (const unsigned char *)"Rig Test", -1, -1, 0) == 1);
    PKI_MUST(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                        (const unsigned char *)wish->common_name, -1, -1, 0) == 1);
    PKI_MUST(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1);
    PKI_MUST(X509_gmtime_adj(X509_getm_notBefore(certificate), wish->starts_in_s) != NULL);
    PKI_MUST(X509_gmtime_adj(X509_getm_notAfter(certificate), wish->ends_in_s) != NULL);
    PKI_MUST(X509_set_pubkey(certificate, wish->key) == 1);
    add_extensions(certificate, issuer, wish);
    PKI_MUST(X509_sign(certificate, signer, EVP_sha256()) > 0);
    return certificate;
}

void pki_append_crl(struct rig_buf *pem, const struct pki_ca *ca, const X509 *revoked)
{
    X509_CRL *const crl = X509_CRL_new();
    ASN1_TIME *const when = ASN1_TIME_new();
    BIO *const memory = BIO_new(BIO_s_mem());
    X509V3_CTX context;
    X509_EXTENSION *extension;

    PKI_MUST(X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1);
    PKI_MUST(X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->certificate)) == 1);
    PKI_MUST(X509_gmtime_adj(when, SKEW_S) != NULL && X509_CRL_set1_lastUpdate(crl, when) == 1);
    PKI_MUST(X509_gmtime_adj(when, 7 * PKI_DAY_S) != NULL &&
             X509_CRL_set1_nextUpdate(crl, when) == 1);
    if (revoked != NULL) {
        X509_REVOKED *const entry = X509_REVOKED_new();

        PKI_MUST(X509_gmtime_adj(when, SKEW_S) != NULL);
        PKI_MUST(X509_REVOKED_set_serialNumber(
                     entry, (ASN1_INTEGER *)X509_get0_serialNumber(revoked)) == 1);
        PKI_MUST(X509_REVOKED_set_revocationDate(entry, when) == 1);
        PKI_MUST(X509_CRL_add0_revoked(crl, entry) == 1);
    }
    X509V3_set_ctx(&context, ca->certificate, NULL, NULL, crl, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier, "keyid:always");
    PKI_MUST(extension != NULL && X509_CRL_add_ext(crl, extension, -1) == 1);
    X509_EXTENSION_free(extension);
    PKI_MUST(X509_CRL_sort(crl) == 1 && X509_CRL_sign(crl, ca->key, EVP_sha256()) > 0);
    PKI_MUST(PEM_write_bio_X509_CRL(memory, crl) == 1);
    append_bio(pem, memory);
    ASN1_TIME_free(when);
    X509_CRL_free(crl);
}

static void make_ca(struct pki_ca *ca, const char *name, const struct pki_ca *issuer)
{
    ca->key = pki_key(0);
    ca->certificate = pki_issue(&(struct pki_wish){.common_name = name,
                                                   .issuer = issuer,
                                                   .key = ca->key,
                                                   .is_ca = true,
                                                   .starts_in_s = SKEW_S,
                                                   .ends_in_s = 3650 * PKI_DAY_S});
    pki_append_certificate(&ca->pem, ca->certificate);
}

static void make_identity(struct pki_identity *identity, struct pki_wish wish, int bits_or_curve)
{
    unsigned len = 0;

    identity->key = pki_key(bits_or_curve);
    identity->key_pem.secret = true;
    wish.key = identity->key;
    if (wish.starts_in_s == 0) {
        wish.starts_in_s = SKEW_S;
    }
    if (wish.ends_in_s == 0) {
        wish.ends_in_s = 365 * PKI_DAY_S;
    }
    identity->certificate = pki_issue(&wish);
    pki_append_certificate(&identity->leaf_pem, identity->certificate);
    pki_append_certificate(&identity->chain_pem, identity->certificate);
    pki_append_certificate(&identity->chain_pem, wish.issuer->certificate);
    pki_append_key(&identity->key_pem, identity->key);
    PKI_MUST(X509_digest(identity->certificate, EVP_sha256(), identity->sha256, &len) == 1);
}

static void make_devices(struct pki *pki)
{
    const struct pki_wish good = {
        .common_name = "board-1", .issuer = &pki->intermediate, .extended_usage = "clientAuth"};
    struct pki_wish wish = good;

    make_identity(&pki->device, good, 0);
    make_identity(&pki->device_rsa, good, 2048);
    make_identity(&pki->device_p224, good, NID_secp224r1);
    wish.common_name = "board-revoked";
    make_identity(&pki->device_revoked, wish, 0);
    wish.common_name = "board-expired";
    wish.starts_in_s = -2 * PKI_DAY_S;
    wish.ends_in_s = -PKI_DAY_S;
    make_identity(&pki->device_expired, wish, 0);
    wish.common_name = "board-future";
    wish.starts_in_s = PKI_DAY_S;
    wish.ends_in_s = 2 * PKI_DAY_S;
    make_identity(&pki->device_future, wish, 0);
    wish = good;
    wish.issuer = &pki->other_intermediate;
    make_identity(&pki->device_other, wish, 0);
    wish = good;
    wish.extended_usage = "serverAuth";
    make_identity(&pki->device_server_only, wish, 0);
}

static void make_servers(struct pki *pki)
{
    const struct pki_wish good = {.common_name = PKI_SERVER_NAME,
                                  .issuer = &pki->intermediate,
                                  .extended_usage = "serverAuth",
                                  .dns_name = PKI_SERVER_NAME};
    struct pki_wish wish = good;

    make_identity(&pki->server, good, 0);
    make_identity(&pki->server_rsa, good, 2048);
    wish.issuer = &pki->other_intermediate;
    make_identity(&pki->server_other, wish, 0);
    wish = good;
    wish.starts_in_s = -2 * PKI_DAY_S;
    wish.ends_in_s = -PKI_DAY_S;
    make_identity(&pki->server_expired, wish, 0);
    wish = good;
    wish.common_name = "wrong.rig.test";
    wish.dns_name = "wrong.rig.test";
    make_identity(&pki->server_wrong_name, wish, 0);
}

void pki_make(struct pki *pki)
{
    *pki = (struct pki){0};
    make_ca(&pki->root, "Root", NULL);
    make_ca(&pki->intermediate, "Line", &pki->root);
    make_ca(&pki->other_root, "Other Root", NULL);
    make_ca(&pki->other_intermediate, "Other Line", &pki->other_root);
    make_devices(pki);
    make_servers(pki);
    pki_append_crl(&pki->crls_pem, &pki->root, NULL);
    pki_append_crl(&pki->root_crl_pem, &pki->root, NULL);
    pki_append_crl(&pki->crls_pem, &pki->intermediate, pki->device_revoked.certificate);
}

static void free_identity(struct pki_identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    rig_buf_free(&identity->chain_pem);
    rig_buf_free(&identity->leaf_pem);
    rig_buf_free(&identity->key_pem);
}

static void free_ca(struct pki_ca *ca)
{
    X509_free(ca->certificate);
    EVP_PKEY_free(ca->key);
    rig_buf_free(&ca->pem);
}

void pki_free(struct pki *pki)
{
    struct pki_identity *const identities[] = {
        &pki->device,           &pki->device_revoked, &pki->device_expired,
        &pki->device_other,     &pki->device_future,  &pki->device_server_only,
        &pki->device_rsa,       &pki->device_p224,    &pki->server,
        &pki->server_rsa,       &pki->server_other,   &pki->server_expired,
        &pki->server_wrong_name};
    struct pki_ca *const authorities[] = {&pki->root, &pki->intermediate, &pki->other_root,
                                          &pki->other_intermediate};

    for (size_t i = 0; i < sizeof identities / sizeof identities[0]; i++) {
        free_identity(identities[i]);
    }
    for (size_t i = 0; i < sizeof authorities / sizeof authorities[0]; i++) {
        free_ca(authorities[i]);
    }
    rig_buf_free(&pki->crls_pem);
    rig_buf_free(&pki->root_crl_pem);
}
