/* SPDX-License-Identifier: Apache-2.0 */
/* What a device certificate should not be, one finding at a time. */
#include "rig/tests/tls/pki.h"
#include "rig/tls/device_policy.h"

#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define F(name) (1U << RIG_TLS_FINDING_##name)

struct row {
    const char *basic; /* NULL: no such extension */
    const char *usage;
    const char *extended;
    const char *names[3]; /* common names */
    const char *digest;
    int key;            /* as pki_key; -1: Ed25519 */
    const char *serial; /* hex; NULL: a good one */
    uint32_t findings;
};

#define GOOD_SERIAL "5A00112233445566778899AABBCCDDEEFF001122"

static void add(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *const extension =
        value != NULL ? X509V3_EXT_conf_nid(NULL, NULL, nid, value) : NULL;

    if (value != NULL) {
        PKI_MUST(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
        X509_EXTENSION_free(extension);
    }
}

static X509 *make(const struct row *row)
{
    X509 *const certificate = X509_new();
    EVP_PKEY *const key =
        row->key == -1 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : pki_key(row->key);
    BIGNUM *serial = NULL;

    PKI_MUST(key != NULL);
    PKI_MUST(BN_hex2bn(&serial, row->serial != NULL ? row->serial : GOOD_SERIAL) > 0);
    PKI_MUST(BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL);
    BN_free(serial);
    PKI_MUST(X509_set_version(certificate, X509_VERSION_3) == 1);
    for (size_t i = 0; i < 3 && row->names[i] != NULL; i++) {
        PKI_MUST(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                            (const unsigned char *)row->names[i], -1, -1, 0) == 1);
    }
    PKI_MUST(X509_gmtime_adj(X509_getm_notBefore(certificate), 0) != NULL &&
             X509_gmtime_adj(X509_getm_notAfter(certificate), PKI_DAY_S) != NULL);
    PKI_MUST(X509_set_pubkey(certificate, key) == 1);
    add(certificate, NID_basic_constraints, row->basic);
    add(certificate, NID_key_usage, row->usage);
    add(certificate, NID_ext_key_usage, row->extended);
    PKI_MUST(X509_sign(certificate, key,
                       row->digest != NULL ? EVP_get_digestbyname(row->digest) : NULL) > 0);
    EVP_PKEY_free(key);
    return certificate;
}

#define BC "critical,CA:FALSE"
#define KU "critical,digitalSignature"
#define EKU "clientAuth"
#define CN                                                                                         \
    {                                                                                              \
        "unit-0001"                                                                                \
    }

static void findings_are_found(void **state)
{
    const struct row rows[] = {
        {BC, KU, EKU, CN, "SHA256", 0, NULL, 0},
        {NULL, KU, EKU, CN, "SHA384", 2048, NULL, 0},
        {BC, KU, EKU, CN, NULL, -1, NULL, 0},
        {"CA:TRUE", KU, EKU, CN, "SHA256", 0, NULL, F(CA_TRUE)},
        {BC, KU, NULL, CN, "SHA256", 0, NULL, F(NO_EKU)},
        {BC, KU, "serverAuth", CN, "SHA256", 0, NULL, F(SERVER_AUTH) | F(NO_CLIENT_AUTH)},
        {BC, KU, "clientAuth,serverAuth", CN, "SHA256", 0, NULL, F(SERVER_AUTH)},
        {BC, KU, "anyExtendedKeyUsage", CN, "SHA256", 0, NULL, F(ANY_EKU) | F(NO_CLIENT_AUTH)},
        {BC, KU, "clientAuth,codeSigning", CN, "SHA256", 0, NULL, F(OTHER_EKU)},
        {BC, NULL, EKU, CN, "SHA256", 0, NULL, F(NO_KEY_USAGE)},
        {BC, "keyAgreement", EKU, CN, "SHA256", 0, NULL, F(NO_SIGNATURE_USAGE)},
        {BC, "digitalSignature,keyCertSign", EKU, CN, "SHA256", 0, NULL, F(CA_KEY_USAGE)},
        {BC, KU, EKU, CN, "SHA224", 0, NULL, F(HASH)},
        {BC, KU, EKU, CN, "SHA1", 0, NULL, F(HASH)},
        {BC, KU, EKU, CN, "SHA256", 1024, NULL, F(KEY_TYPE)},
        {BC, KU, EKU, CN, "SHA256", NID_secp224r1, NULL, F(KEY_TYPE)},
        {BC, KU, EKU, CN, "SHA256", NID_secp256k1, NULL, F(KEY_TYPE)},
        {BC, KU, EKU, {NULL}, "SHA256", 0, NULL, F(CN_COUNT)},
        {BC, KU, EKU, {"unit-0001", "unit-0002"}, "SHA256", 0, NULL, F(CN_COUNT)},
        {BC, KU, EKU, {"Unit-0001"}, "SHA256", 0, NULL, F(CN_FORM)},
        {BC, KU, EKU, {"unit-0001x"}, "SHA256", 0, NULL, F(CN_FORM)},
        {BC, KU, EKU, CN, "SHA256", 0, "00", F(SERIAL_SIGN) | F(SERIAL_SHORT)},
        {BC, KU, EKU, CN, "SHA256", 0, "-" GOOD_SERIAL, F(SERIAL_SIGN)},
        {BC, KU, EKU, CN, "SHA256", 0, "01", F(SERIAL_SHORT)},
        {BC, KU, EKU, CN, "SHA256", 0, "FA00112233445566778899AABBCCDDEEFF001122", F(SERIAL_LONG)},
    };
    const struct rig_tls_device_policy policy = {.cn_form = "unit-[0-9]{4}", .min_serial_bits = 56};
    struct rig_tls_policy_rules rules;
    struct rig_error err;

    (void)state;
    assert_true(rig_tls_policy_make(&policy, &rules, &err).ok);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        X509 *const certificate = make(&rows[i]);
        char text[256];

        rig_tls_findings_text(rig_tls_policy_check(&rules, certificate), text, sizeof text);
        print_message("%zu: %s\n", i, text);
        assert_int_equal(rig_tls_policy_check(&rules, certificate), rows[i].findings);
        X509_free(certificate);
    }
    rig_tls_policy_free(&rules);
}

static void what_is_ignored_or_declared(void **state)
{
    const struct row row = {BC, NULL, NULL, CN, "SHA256", NID_secp384r1, NULL, 0};
    struct rig_tls_device_policy policy = {.ignored = F(NO_EKU), .allowed_keys = RIG_TLS_KEY_P384};
    X509 *const certificate = make(&row);
    struct rig_tls_policy_rules rules;
    struct rig_error err;

    (void)state;
    assert_true(rig_tls_policy_make(&policy, &rules, &err).ok);
    assert_int_equal(rig_tls_policy_check(&rules, certificate), F(NO_KEY_USAGE));
    policy.allowed_keys = RIG_TLS_KEY_P256;
    assert_true(rig_tls_policy_make(&policy, &rules, &err).ok);
    assert_int_equal(rig_tls_policy_check(&rules, certificate), F(NO_KEY_USAGE) | F(KEY_TYPE));
    policy.cn_form = "unit-[";
    assert_false(rig_tls_policy_make(&policy, &rules, &err).ok);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    X509_free(certificate);
}

static void findings_have_names(void **state)
{
    char text[12];

    (void)state;
    for (int i = 0; i < RIG_TLS_N_FINDINGS; i++) {
        assert_int_equal(rig_tls_finding_of(rig_tls_finding_name((enum rig_tls_finding)i)), i);
    }
    assert_int_equal(rig_tls_finding_of("x"), RIG_TLS_N_FINDINGS);
    rig_tls_findings_text(UINT32_MAX, text, sizeof text);
    assert_string_equal(text, "ca_true, no");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_found),
        cmocka_unit_test(what_is_ignored_or_declared),
        cmocka_unit_test(findings_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
