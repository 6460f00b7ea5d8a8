/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/policy.h"

#include "rig/ca/key.h"
#include "rig/ca/name_policy.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <stdio.h>
#include <string.h>

/* an RSA-3072 CSR with the longest names that a subject takes is below 1,400 bytes */
#define MAX_CSR_BYTES 4096

enum { MIN_RSA_EXPONENT = 65537, MAX_RSA_EXPONENT_BITS = 64 };

static rig_result decode(const uint8_t *der, size_t n_bytes, X509_REQ **out, struct rig_error *err)
{
    const uint8_t *at = der;
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = NULL;
    uint8_t *again = NULL;
    bool same;
    int len;

    if (n_bytes > MAX_CSR_BYTES) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                        "the CSR has %zu bytes, expected at most %d", n_bytes, MAX_CSR_BYTES);
    }
    csr = d2i_X509_REQ(NULL, &at, (long)n_bytes);
    if (csr == NULL) {
        return rig_pki_fail(err, RIG_CLASS_DEVICE, RIG_E_INVALID,
                            "what the board sent as its CSR (%zu bytes) is not a PKCS#10 request "
                            "in DER",
                            n_bytes);
    }
    if (at != der + n_bytes) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                        "%zu bytes follow behind the end of the CSR, expected none",
                        (size_t)(der + n_bytes - at));
    }
    len = i2d_X509_REQ(csr, &again);
    same = len >= 0 && (size_t)len == n_bytes && memcmp(again, der, n_bytes) == 0;
    OPENSSL_free(again);
    if (!same) {
        return rig_pki_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                            "the CSR is not in the one form that DER allows");
    }
    *out = csr;
    csr = NULL;
    return RIG_DONE;
}

static rig_result check_key_form(const X509_PUBKEY *spki, enum rig_key_type type,
                                 struct rig_error *err)
{
    const uint8_t *bytes = NULL;
    X509_ALGOR *algorithm = NULL;
    int len = 0;
    int parameter = V_ASN1_UNDEF;
    const bool rsa = type == RIG_KEY_RSA_2048 || type == RIG_KEY_RSA_3072;

    if (X509_PUBKEY_get0_param(NULL, &bytes, &len, &algorithm, spki) != 1) {
        return rig_pki_fail_library(err, "look into a public key");
    }
    X509_ALGOR_get0(NULL, &parameter, NULL, algorithm);
    if (parameter != (rsa ? V_ASN1_NULL : V_ASN1_OBJECT)) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                        rsa ? "the RSA key's algorithm has parameters, expected NULL"
                            : "the EC key spells its curve out, expected the name of the curve");
    }
    if (!rsa && (len < 1 || bytes[0] != POINT_CONVERSION_UNCOMPRESSED)) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                        "the EC key's point is compressed, expected the uncompressed form");
    }
    return RIG_DONE;
}

static rig_result check_rsa_exponent(const EVP_PKEY *key, struct rig_error *err)
{
    BIGNUM *raw = NULL;
    const int found = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &raw);
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *exponent = raw;
    char *text;

    if (found != 1) {
        return rig_pki_fail_library(err, "read an RSA exponent");
    }
    if (BN_is_odd(exponent) && BN_num_bits(exponent) <= MAX_RSA_EXPONENT_BITS &&
        BN_get_word(exponent) >= MIN_RSA_EXPONENT) {
        return RIG_DONE;
    }
    text = BN_bn2dec(exponent);
    (void)rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                   "the RSA key's public exponent is %.40s, expected an odd number of %d or more, "
                   "up to %d bits",
                   text != NULL ? text : "?", MIN_RSA_EXPONENT, MAX_RSA_EXPONENT_BITS);
    OPENSSL_free(text);
    return (rig_result){.ok = false};
}

/*
 * The fingerprint of CVE-2017-15361 (ROCA): modulo each small prime, such a modulus is a power of
 * 65537. A sound key passes for one once in about 200 million.
 */
static bool is_roca_modulus(const BIGNUM *modulus)
{
    static const unsigned primes[] = {11, 13, 17,  19,  37,  53,  61,  71, 73,
                                      79, 97, 103, 107, 109, 127, 151, 157};

    for (size_t i = 0; i < sizeof primes / sizeof *primes; i++) {
        const unsigned long rest = (unsigned long)BN_mod_word(modulus, primes[i]);
        unsigned long power = 1;
        bool member = false;

        do {
            member = member || power == rest;
            power = power * 65537 % primes[i];
        } while (power != 1);
        if (!member) {
            return false;
        }
    }
    return true;
}

static rig_result check_rsa_modulus(const EVP_PKEY *key, struct rig_error *err)
{
    BIGNUM *raw = NULL;
    const int found = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &raw);
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *modulus = raw;

    if (found != 1) {
        return rig_pki_fail_library(err, "read an RSA modulus");
    }
    if (is_roca_modulus(modulus)) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                        "the RSA key has the mark of a generator known to be weak "
                        "(CVE-2017-15361), expected a key from a sound one");
    }
    return RIG_DONE;
}

static rig_result check_key(X509_REQ *csr, const struct rig_csr_rules *rules, EVP_PKEY **out,
                            struct rig_error *err)
{
    EVP_PKEY *key = X509_REQ_get0_pubkey(csr);
    RIG_AUTO(rig_auto_EVP_PKEY_CTX) EVP_PKEY_CTX *check = NULL;
    char found[80];

    if (key == NULL) {
        return rig_pki_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                            "the CSR's public key can't be decoded, expected %s",
                            rig_key_type_name(rules->key_type));
    }
    if (rig_key_type_of_key(key) != rules->key_type || rules->key_type == RIG_KEY_NONE) {
        rig_key_describe(key, found, sizeof found);
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY, "the CSR's key is %s, expected %s",
                        found, rig_key_type_name(rules->key_type));
    }
    RIG_TRY(check_key_form(X509_REQ_get_X509_PUBKEY(csr), rules->key_type, err));
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
        RIG_TRY(check_rsa_exponent(key, err));
        RIG_TRY(check_rsa_modulus(key, err));
    }
    check = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (check == NULL || EVP_PKEY_public_check(check) != 1) {
        return rig_pki_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                            "the CSR's public key is not a sound %s key",
                            rig_key_type_name(rules->key_type));
    }
    *out = key;
    return RIG_DONE;
}

static rig_result check_signature(X509_REQ *csr, EVP_PKEY *key, struct rig_error *err)
{
    const int algorithm = X509_REQ_get_signature_nid(csr);
    int digest = NID_undef;
    int key_kind = NID_undef;

    if (OBJ_find_sigid_algs(algorithm, &digest, &key_kind) != 1 ||
        (digest != NID_sha256 && digest != NID_sha384 && digest != NID_sha512)) {
        return rig_pki_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                            "the CSR is signed with %s, expected SHA-256, SHA-384 or SHA-512",
                            OBJ_nid2ln(algorithm) != NULL ? OBJ_nid2ln(algorithm) : "?");
    }
    if (X509_REQ_verify(csr, key) != 1) {
        return rig_pki_fail(err, RIG_CLASS_DEVICE, RIG_E_BAD_SIGNATURE,
                            "the CSR's signature does not verify with the key inside it: the board "
                            "did not prove that it holds the private key");
    }
    return RIG_DONE;
}

static rig_result check_no_attributes(const X509_REQ *csr, struct rig_error *err)
{
    STACK_OF(X509_EXTENSION) *extensions = NULL;
    char name[80] = "";

    if (X509_REQ_get_attr_count(csr) <= 0) {
        return RIG_DONE;
    }
    extensions = X509_REQ_get_extensions((X509_REQ *)csr);
    if (sk_X509_EXTENSION_num(extensions) > 0) {
        (void)OBJ_obj2txt(name, sizeof name,
                          X509_EXTENSION_get_object(sk_X509_EXTENSION_value(extensions, 0)), 0);
        (void)rig_pki_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                           "the CSR asks for the extension '%s', expected no extensions: the CA "
                           "alone decides on them",
                           name);
    } else {
        (void)OBJ_obj2txt(name, sizeof name, X509_ATTRIBUTE_get0_object(X509_REQ_get_attr(csr, 0)),
                          0);
        (void)rig_pki_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                           "the CSR carries the attribute '%s', expected none", name);
    }
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return (rig_result){.ok = false};
}

static rig_result check_spki(const X509_REQ *csr, const uint8_t *expected,
                             uint8_t spki_sha256[RIG_SHA256_SIZE], struct rig_error *err)
{
    char found[2 * RIG_SHA256_SIZE + 1];
    char wanted[2 * RIG_SHA256_SIZE + 1];

    RIG_TRY(rig_pki_spki_sha256(X509_REQ_get_X509_PUBKEY((X509_REQ *)csr), spki_sha256, err));
    if (expected != NULL && memcmp(expected, spki_sha256, RIG_SHA256_SIZE) != 0) {
        rig_hex(spki_sha256, RIG_SHA256_SIZE, found);
        rig_hex(expected, RIG_SHA256_SIZE, wanted);
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the CSR is for another key than the one that the board said it made: "
                        "SHA-256 of the public key is %.16s..., expected %.16s...",
                        found, wanted);
    }
    return RIG_DONE;
}

rig_result rig_csr_check(const uint8_t *der, size_t n_bytes, const struct rig_csr_rules *rules,
                         uint8_t spki_sha256[RIG_SHA256_SIZE], struct rig_error *err)
{
    const struct rig_name_rules names = {
        .cls = RIG_CLASS_DEVICE,
        .what = "CSR",
        .common_name = rules->common_name,
        .organization = rules->organization,
        .country = rules->country,
    };
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = NULL;
    EVP_PKEY *key = NULL;

    rig_pki_begin();
    memset(spki_sha256, 0, RIG_SHA256_SIZE);
    RIG_TRY(decode(der, n_bytes, &csr, err));
    if (X509_REQ_get_version(csr) != X509_REQ_VERSION_1) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                        "the CSR's version field is %ld, expected 0", X509_REQ_get_version(csr));
    }
    RIG_TRY(check_key(csr, rules, &key, err));
    RIG_TRY(check_signature(csr, key, err));
    RIG_TRY(check_spki(csr, rules->spki_sha256, spki_sha256, err));
    RIG_TRY(rig_name_check(X509_REQ_get_subject_name(csr), &names, err));
    RIG_TRY(check_no_attributes(csr, err));
    ERR_clear_error();
    return RIG_DONE;
}
