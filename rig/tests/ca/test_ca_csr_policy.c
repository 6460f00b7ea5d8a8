/* SPDX-License-Identifier: Apache-2.0 */
/* Every CSR attack that facts of the field name is refused for its own reason; every sound CSR
 * passes. */
#include "fixture.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <stdio.h>
#include <string.h>

static struct rig_csr_rules rules_for(enum rig_key_type type)
{
    return (struct rig_csr_rules){
        .key_type = type, .common_name = "b1", .organization = "WiseFido Inc", .country = "US"};
}

static void expect(const struct rig_buf *der, enum rig_key_type type, enum rig_error_code code,
                   const char *text)
{
    const struct rig_csr_rules rules = rules_for(type);
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    struct rig_error err;

    fx_failed(rig_csr_check(der->data, der->len, &rules, spki_sha256, &err), &err, RIG_CLASS_DEVICE,
              code, text);
}

/* For flaws in the request itself: a P-256 key, SHA-256, and what `spoil` does before it is signed.
 */
static void expect_spoiled(void (*spoil)(X509_REQ *csr), enum rig_error_code code, const char *text)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = fx_csr(key, "b1", "WiseFido Inc", "US");
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};

    spoil(csr);
    fx_csr_der(csr, key, NULL, &der);
    expect(&der, RIG_KEY_P256, code, text);
}

static void expect_subject(const char *cn, const char *o, const char *c, enum rig_error_code code,
                           const char *text)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = fx_csr(key, cn, o, c);
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};

    fx_csr_der(csr, key, NULL, &der);
    expect(&der, RIG_KEY_P256, code, text);
}

static void expect_key(EVP_PKEY *key, enum rig_key_type wanted, const char *text)
{
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = fx_csr(key, "b1", "WiseFido Inc", "US");
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};

    fx_csr_der(csr, key, NULL, &der);
    expect(&der, wanted, RIG_E_POLICY, text);
}

static void test_sound_csrs_pass(void **state)
{
    static const enum rig_key_type types[] = {RIG_KEY_RSA_2048, RIG_KEY_RSA_3072, RIG_KEY_P256,
                                              RIG_KEY_P384, RIG_KEY_P521};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(types[i]);
        RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
        struct rig_csr_rules rules = rules_for(types[i]);
        uint8_t expected[RIG_SHA256_SIZE];
        uint8_t found[RIG_SHA256_SIZE];
        struct rig_error err;

        fx_good_csr(key, "b1", &der);
        fx_spki_sha256(key, expected);
        rules.spki_sha256 = expected;
        fx_ok(rig_csr_check(der.data, der.len, &rules, found, &err), &err);
        assert_memory_equal(found, expected, sizeof found);
    }
}

static void test_other_digests_and_strings_pass(void **state)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_RSA_2048);
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = fx_csr(key, NULL, NULL, NULL);
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    struct rig_csr_rules rules = {.key_type = RIG_KEY_RSA_2048, .common_name = "b1"};
    uint8_t found[RIG_SHA256_SIZE];
    struct rig_error err;

    (void)state;
    fx_name(X509_REQ_get_subject_name(csr), NID_commonName, V_ASN1_PRINTABLESTRING, "b1", -1);
    fx_csr_der(csr, key, EVP_sha384(), &der);
    fx_ok(rig_csr_check(der.data, der.len, &rules, found, &err), &err);
    fx_csr_der(csr, key, EVP_sha512(), &der);
    fx_ok(rig_csr_check(der.data, der.len, &rules, found, &err), &err);
}

static void test_broken_signature(void **state)
{
    static const enum rig_key_type types[] = {RIG_KEY_RSA_2048, RIG_KEY_P256};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(types[i]);
        RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *other = fx_key(types[i]);
        RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = fx_csr(key, "b1", "WiseFido Inc", "US");
        RIG_AUTO(rig_buf_free) struct rig_buf der = {0};

        fx_csr_der(csr, other, NULL, &der);
        expect(&der, types[i], RIG_E_BAD_SIGNATURE, "does not verify with the key inside it");
        fx_csr_der(csr, key, NULL, &der);
        der.data[der.len - 1] ^= 1;
        expect(&der, types[i], RIG_E_BAD_SIGNATURE, "does not verify with the key inside it");
    }
}

static void test_every_changed_byte_is_refused(void **state)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    const struct rig_csr_rules rules = rules_for(RIG_KEY_P256);
    uint8_t found[RIG_SHA256_SIZE];
    struct rig_error err;

    (void)state;
    fx_good_csr(key, "b1", &der);
    for (size_t i = 0; i < der.len; i++) {
        for (unsigned bit = 0; bit < 8; bit += 3) {
            der.data[i] ^= (uint8_t)(1U << bit);
            if (rig_csr_check(der.data, der.len, &rules, found, &err).ok) {
                fail_msg("accepted with bit %u of byte %zu changed", bit, i);
            }
            assert_int_equal(err.cls, RIG_CLASS_DEVICE);
            der.data[i] ^= (uint8_t)(1U << bit);
        }
    }
    for (size_t n = 0; n < der.len; n++) {
        assert_false(rig_csr_check(der.data, n, &rules, found, &err).ok);
    }
    fx_ok(rig_csr_check(der.data, der.len, &rules, found, &err), &err);
}

static void test_wrong_kinds_of_key(void **state)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *rsa_1024 = EVP_RSA_gen(1024);
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *rsa_2047 = EVP_RSA_gen(2047);
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *rsa_2048 = fx_key(RIG_KEY_RSA_2048);
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *rsa_3072 = fx_key(RIG_KEY_RSA_3072);
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *p256 = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *p384 = fx_key(RIG_KEY_P384);
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *p224 = EVP_EC_gen("secp224r1");
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *k256 = EVP_EC_gen("secp256k1");
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *brainpool = EVP_EC_gen("brainpoolP256r1");

    (void)state;
    expect_key(rsa_1024, RIG_KEY_RSA_2048, "RSA of 1024 bits, expected rsa-2048");
    expect_key(rsa_2047, RIG_KEY_RSA_2048, "RSA of 2047 bits, expected rsa-2048");
    expect_key(rsa_3072, RIG_KEY_RSA_2048, "is rsa-3072, expected rsa-2048");
    expect_key(rsa_2048, RIG_KEY_P256, "is rsa-2048, expected p-256");
    expect_key(p256, RIG_KEY_RSA_2048, "is p-256, expected rsa-2048");
    expect_key(p384, RIG_KEY_P256, "is p-384, expected p-256");
    expect_key(p224, RIG_KEY_P256, "secp224r1, expected p-256");
    expect_key(k256, RIG_KEY_P256, "secp256k1, expected p-256");
    expect_key(brainpool, RIG_KEY_P256, "brainpoolP256r1, expected p-256");
}

static EVP_PKEY *make_with_context(EVP_PKEY_CTX *context)
{
    EVP_PKEY *key = NULL;

    assert_int_equal(EVP_PKEY_keygen(context, &key), 1);
    EVP_PKEY_CTX_free(context);
    return key;
}

static void test_rsa_pss_and_ed25519(void **state)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *pss = NULL;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    struct rig_error err;
    uint8_t *bytes = NULL;
    int len;

    (void)state;
    assert_int_equal(EVP_PKEY_keygen_init(context), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048), 1);
    pss = make_with_context(context);
    expect_key(pss, RIG_KEY_RSA_2048, "RSA-PSS of 2048 bits, expected rsa-2048");
    csr = fx_csr(ed25519, "b1", "WiseFido Inc", "US");
    assert_true(X509_REQ_sign(csr, ed25519, NULL) > 0);
    len = i2d_X509_REQ(csr, &bytes);
    fx_ok(rig_buf_append(&der, bytes, (size_t)len, &err), &err);
    OPENSSL_free(bytes);
    expect(&der, RIG_KEY_P256, RIG_E_POLICY, "ED25519");
}

static EVP_PKEY *rsa_with_exponent(unsigned long value)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *exponent = BN_new();

    assert_int_equal(BN_set_word(exponent, value), 1);
    assert_int_equal(EVP_PKEY_keygen_init(context), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048), 1);
    assert_int_equal(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, exponent), 1);
    return make_with_context(context);
}

/* A public key that nobody can sign with is refused before its signature matters. */
static EVP_PKEY *rsa_public(const BIGNUM *modulus, unsigned long exponent_value)
{
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *exponent = BN_new();
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM *parameters;
    EVP_PKEY *key = NULL;

    assert_int_equal(BN_set_word(exponent, exponent_value), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent), 1);
    parameters = OSSL_PARAM_BLD_to_param(build);
    assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
    assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters), 1);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(context);
    return key;
}

static void expect_public_key(EVP_PKEY *public_key, const char *text)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *signer = fx_key(RIG_KEY_RSA_2048);
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = fx_csr(public_key, "b1", "WiseFido Inc", "US");
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};

    fx_csr_der(csr, signer, NULL, &der);
    expect(&der, RIG_KEY_RSA_2048, RIG_E_POLICY, text);
}

static void test_weak_rsa_keys(void **state)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *e3 = rsa_with_exponent(3);
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *sound = fx_key(RIG_KEY_RSA_2048);
    BIGNUM *raw = NULL;
    const int got = EVP_PKEY_get_bn_param(sound, OSSL_PKEY_PARAM_RSA_N, &raw);
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *modulus = raw;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *even = rsa_public(modulus, 65538);
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *small_factor = NULL;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *even_modulus = NULL;

    (void)state;
    assert_int_equal(got, 1);
    expect_key(e3, RIG_KEY_RSA_2048, "public exponent is 3, expected an odd number of 65537");
    expect_public_key(even, "public exponent is 65538");
    assert_int_equal(BN_sub_word(modulus, 1), 1);
    even_modulus = rsa_public(modulus, 65537);
    expect_public_key(even_modulus, "is not a sound rsa-2048 key");
    while (BN_mod_word(modulus, 3) != 0 || !BN_is_odd(modulus)) {
        assert_int_equal(BN_sub_word(modulus, 1), 1);
    }
    small_factor = rsa_public(modulus, 65537);
    expect_public_key(small_factor, "is not a sound rsa-2048 key");
}

/* Primes of that generator are k * M + (65537^a mod M), M a product of small primes; the product
 * keeps the mark. */
static void test_marked_rsa_generator(void **state)
{
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *product = BN_new();
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *modulus = BN_new();
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *rest = BN_new();
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = NULL;
    BN_CTX *context = BN_CTX_new();

    (void)state;
    assert_int_equal(BN_one(product), 1);
    for (BN_ULONG n = 3; n <= 167; n += 2) {
        bool prime = true;
        for (BN_ULONG d = 3; d * d <= n; d += 2) {
            prime = prime && n % d != 0;
        }
        if (prime) {
            assert_int_equal(BN_mul_word(product, n), 1);
        }
    }
    assert_int_equal(BN_set_word(rest, 65537), 1);
    assert_int_equal(BN_sqr(rest, rest, context), 1);
    assert_int_equal(BN_rand(modulus, 2048, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY), 1);
    /* (modulus / product) * product + 65537^2, made odd */
    assert_int_equal(BN_div(modulus, NULL, modulus, product, context), 1);
    if (BN_is_odd(modulus)) {
        assert_int_equal(BN_sub_word(modulus, 1), 1);
    }
    assert_int_equal(BN_mul(modulus, modulus, product, context), 1);
    assert_int_equal(BN_add(modulus, modulus, rest), 1);
    assert_int_equal(BN_num_bits(modulus), 2048);
    BN_CTX_free(context);
    key = rsa_public(modulus, 65537);
    expect_public_key(key, "CVE-2017-15361");
}

static void test_spelled_out_and_compressed_curves(void **state)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *spelled = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *compressed = fx_key(RIG_KEY_P256);

    (void)state;
    assert_int_equal(EVP_PKEY_set_utf8_string_param(spelled, OSSL_PKEY_PARAM_EC_ENCODING,
                                                    OSSL_PKEY_EC_ENCODING_EXPLICIT),
                     1);
    expect_key(spelled, RIG_KEY_P256, "spells its curve out");
    assert_int_equal(
        EVP_PKEY_set_utf8_string_param(compressed, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                       OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED),
        1);
    expect_key(compressed, RIG_KEY_P256, "point is compressed");
}

static void test_weak_digests(void **state)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_RSA_2048);
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = fx_csr(key, "b1", "WiseFido Inc", "US");
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};

    (void)state;
    fx_csr_der(csr, key, EVP_sha1(), &der);
    expect(&der, RIG_KEY_RSA_2048, RIG_E_POLICY, "signed with sha1WithRSAEncryption");
    fx_csr_der(csr, key, EVP_md5(), &der);
    expect(&der, RIG_KEY_RSA_2048, RIG_E_POLICY, "signed with md5WithRSAEncryption");
    fx_csr_der(csr, key, EVP_sha224(), &der);
    expect(&der, RIG_KEY_RSA_2048, RIG_E_POLICY, "signed with sha224WithRSAEncryption");
}

static void ask_for_ca(X509_REQ *csr)
{
    fx_csr_extension(csr, NID_basic_constraints, "critical,CA:TRUE");
}

static void ask_for_cert_sign(X509_REQ *csr)
{
    fx_csr_extension(csr, NID_key_usage, "critical,keyCertSign");
}

static void ask_for_purpose(X509_REQ *csr)
{
    fx_csr_extension(csr, NID_ext_key_usage, "serverAuth,codeSigning");
}

static void ask_for_dns_name(X509_REQ *csr)
{
    fx_csr_extension(csr, NID_subject_alt_name, "DNS:srv.rig.test");
}

static void ask_for_ip_address(X509_REQ *csr)
{
    fx_csr_extension(csr, NID_subject_alt_name, "IP:127.0.0.1");
}

static void ask_for_uri(X509_REQ *csr)
{
    fx_csr_extension(csr, NID_subject_alt_name, "URI:urn:device:b2");
}

static void add_challenge(X509_REQ *csr)
{
    assert_int_equal(X509_REQ_add1_attr_by_NID(csr, NID_pkcs9_challengePassword, MBSTRING_ASC,
                                               (const unsigned char *)"secret", -1),
                     1);
}

static void set_version_2(X509_REQ *csr)
{
    assert_int_equal(X509_REQ_set_version(csr, 1), 1);
}

static void test_requested_extensions_and_attributes(void **state)
{
    (void)state;
    expect_spoiled(ask_for_ca, RIG_E_POLICY, "asks for the extension 'X509v3 Basic Constraints'");
    expect_spoiled(ask_for_cert_sign, RIG_E_POLICY, "asks for the extension 'X509v3 Key Usage'");
    expect_spoiled(ask_for_purpose, RIG_E_POLICY, "'X509v3 Extended Key Usage'");
    expect_spoiled(ask_for_dns_name, RIG_E_POLICY, "'X509v3 Subject Alternative Name'");
    expect_spoiled(ask_for_ip_address, RIG_E_POLICY, "'X509v3 Subject Alternative Name'");
    expect_spoiled(ask_for_uri, RIG_E_POLICY, "'X509v3 Subject Alternative Name'");
    expect_spoiled(add_challenge, RIG_E_POLICY, "attribute 'challengePassword'");
    expect_spoiled(set_version_2, RIG_E_POLICY, "version field is 1, expected 0");
}

static void add_second_cn(X509_REQ *csr)
{
    fx_name(X509_REQ_get_subject_name(csr), NID_commonName, V_ASN1_UTF8STRING, "b1", -1);
}

static void add_unit(X509_REQ *csr)
{
    fx_name(X509_REQ_get_subject_name(csr), NID_organizationalUnitName, V_ASN1_UTF8STRING, "QA",
            -1);
}

static void add_serial_number(X509_REQ *csr)
{
    fx_name(X509_REQ_get_subject_name(csr), NID_serialNumber, V_ASN1_PRINTABLESTRING, "42", -1);
}

static void add_mail(X509_REQ *csr)
{
    fx_name(X509_REQ_get_subject_name(csr), NID_pkcs9_emailAddress, V_ASN1_IA5STRING, "a@b.test",
            -1);
}

static void replace_cn(X509_REQ *csr, int type, const char *bytes, int len)
{
    X509_NAME *name = X509_REQ_get_subject_name(csr);

    X509_NAME_ENTRY_free(
        X509_NAME_delete_entry(name, X509_NAME_get_index_by_NID(name, NID_commonName, -1)));
    fx_name(name, NID_commonName, type, bytes, len);
}

static void put_nul(X509_REQ *csr)
{
    replace_cn(csr, V_ASN1_UTF8STRING, "b1\0.evil.test", 13);
}

static void put_non_ascii(X509_REQ *csr)
{
    replace_cn(csr, V_ASN1_UTF8STRING, "b\xC3\xA9", 3);
}

static void put_control(X509_REQ *csr)
{
    replace_cn(csr, V_ASN1_UTF8STRING, "b1\n", 3);
}

static void put_empty(X509_REQ *csr)
{
    replace_cn(csr, V_ASN1_UTF8STRING, "", 0);
}

static void put_long(X509_REQ *csr)
{
    char text[65];

    memset(text, 'b', sizeof text);
    replace_cn(csr, V_ASN1_UTF8STRING, text, sizeof text);
}

static void put_bmp(X509_REQ *csr)
{
    replace_cn(csr, V_ASN1_BMPSTRING, "\0b\0001", 4);
}

static void put_t61(X509_REQ *csr)
{
    replace_cn(csr, V_ASN1_T61STRING, "b1", 2);
}

static void test_subjects(void **state)
{
    (void)state;
    expect_subject("b2", "WiseFido Inc", "US", RIG_E_MISMATCH, "CN in the CSR's subject is 'b2'");
    expect_subject("B1", "WiseFido Inc", "US", RIG_E_MISMATCH, "is 'B1', expected 'b1'");
    expect_subject("b1 ", "WiseFido Inc", "US", RIG_E_MISMATCH, "is 'b1 ', expected 'b1'");
    expect_subject("*.wisefido.work", "WiseFido Inc", "US", RIG_E_MISMATCH, "'*.wisefido.work'");
    expect_subject(NULL, "WiseFido Inc", "US", RIG_E_POLICY, "has no CN, expected 'b1'");
    expect_subject(NULL, NULL, NULL, RIG_E_POLICY, "has no CN");
    expect_subject("b1", NULL, "US", RIG_E_POLICY, "has no O, expected 'WiseFido Inc'");
    expect_subject("b1", "Other Inc", "US", RIG_E_MISMATCH,
                   "O in the CSR's subject is 'Other Inc'");
    expect_subject("b1", "WiseFido Inc", NULL, RIG_E_POLICY, "has no C, expected 'US'");
    expect_subject("b1", "WiseFido Inc", "DE", RIG_E_MISMATCH, "is 'DE', expected 'US'");
    expect_spoiled(add_second_cn, RIG_E_POLICY, "more than one CN");
    expect_spoiled(add_unit, RIG_E_POLICY, "a field 'organizationalUnitName'");
    expect_spoiled(add_serial_number, RIG_E_POLICY, "a field 'serialNumber'");
    expect_spoiled(add_mail, RIG_E_POLICY, "a field 'emailAddress'");
    expect_spoiled(put_nul, RIG_E_POLICY, "'b1\\x00.evil.test', expected printable ASCII");
    expect_spoiled(put_non_ascii, RIG_E_POLICY, "'b\\xc3\\xa9', expected printable ASCII");
    expect_spoiled(put_control, RIG_E_POLICY, "'b1\\x0a', expected printable ASCII");
    expect_spoiled(put_empty, RIG_E_POLICY, "has 0 bytes, expected 1 to 64");
    expect_spoiled(put_long, RIG_E_POLICY, "has 65 bytes, expected 1 to 64");
    expect_spoiled(put_bmp, RIG_E_POLICY, "is a BMPSTRING");
    expect_spoiled(put_t61, RIG_E_POLICY, "is a T61STRING");
}

static void test_fields_that_must_be_absent(void **state)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    struct rig_csr_rules rules = rules_for(RIG_KEY_P256);
    uint8_t found[RIG_SHA256_SIZE];
    struct rig_error err;

    (void)state;
    fx_good_csr(key, "b1", &der);
    rules.organization = NULL;
    fx_failed(rig_csr_check(der.data, der.len, &rules, found, &err), &err, RIG_CLASS_DEVICE,
              RIG_E_POLICY, "has a field 'O', expected none");
    rules = rules_for(RIG_KEY_P256);
    rules.country = NULL;
    fx_failed(rig_csr_check(der.data, der.len, &rules, found, &err), &err, RIG_CLASS_DEVICE,
              RIG_E_POLICY, "has a field 'C', expected none");
}

static void test_key_that_the_board_reported(void **state)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *other = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    struct rig_csr_rules rules = rules_for(RIG_KEY_P256);
    uint8_t reported[RIG_SHA256_SIZE];
    uint8_t found[RIG_SHA256_SIZE];
    struct rig_error err;

    (void)state;
    fx_good_csr(key, "b1", &der);
    fx_spki_sha256(other, reported);
    rules.spki_sha256 = reported;
    fx_failed(rig_csr_check(der.data, der.len, &rules, found, &err), &err, RIG_CLASS_DEVICE,
              RIG_E_MISMATCH, "another key than the one that the board said it made");
}

static void test_size_and_form(void **state)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf huge = {0};
    struct rig_error err;

    (void)state;
    fx_good_csr(key, "b1", &der);
    fx_ok(rig_buf_append(&der, "\0", 1, &err), &err);
    expect(&der, RIG_KEY_P256, RIG_E_POLICY, "1 bytes follow behind the end");
    der.len = 0;
    expect(&der, RIG_KEY_P256, RIG_E_INVALID, "not a PKCS#10 request");
    fx_ok(rig_buf_append_text(&der, "-----BEGIN CERTIFICATE REQUEST-----\n", &err), &err);
    expect(&der, RIG_KEY_P256, RIG_E_INVALID, "not a PKCS#10 request");
    fx_ok(rig_buf_reserve(&huge, 1U << 20, &err), &err);
    memset(huge.data, 0x30, 1U << 20);
    huge.len = 1U << 20;
    expect(&huge, RIG_KEY_P256, RIG_E_POLICY, "1048576 bytes, expected at most");
}

/* The same request in BER: an outer length of more octets than it needs. */
static void test_ber_is_refused(void **state)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf ber = {0};
    struct rig_error err;
    uint8_t head[] = {0x30, 0x82, 0, 0};
    size_t content;

    (void)state;
    fx_good_csr(key, "b1", &der);
    assert_int_equal(der.data[1], 0x81);
    content = der.len - 3;
    head[3] = (uint8_t)content;
    fx_ok(rig_buf_append(&ber, head, sizeof head, &err), &err);
    fx_ok(rig_buf_append(&ber, der.data + 3, content, &err), &err);
    expect(&ber, RIG_KEY_P256, RIG_E_POLICY, "not in the one form that DER allows");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound_csrs_pass),
        cmocka_unit_test(test_other_digests_and_strings_pass),
        cmocka_unit_test(test_broken_signature),
        cmocka_unit_test(test_every_changed_byte_is_refused),
        cmocka_unit_test(test_wrong_kinds_of_key),
        cmocka_unit_test(test_rsa_pss_and_ed25519),
        cmocka_unit_test(test_weak_rsa_keys),
        cmocka_unit_test(test_marked_rsa_generator),
        cmocka_unit_test(test_spelled_out_and_compressed_curves),
        cmocka_unit_test(test_weak_digests),
        cmocka_unit_test(test_requested_extensions_and_attributes),
        cmocka_unit_test(test_subjects),
        cmocka_unit_test(test_fields_that_must_be_absent),
        cmocka_unit_test(test_key_that_the_board_reported),
        cmocka_unit_test(test_size_and_form),
        cmocka_unit_test(test_ber_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
