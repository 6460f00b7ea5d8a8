/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/device_policy.h"

#include "rig/base/buf.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#define MAX_CN_CHARACTERS 64
#define MAX_SERIAL_BITS 160
#define BIT(finding) (1U << RIG_TLS_FINDING_##finding)

static const char *const names[RIG_TLS_N_FINDINGS] = {
    [RIG_TLS_FINDING_CA_TRUE] = "ca_true",
    [RIG_TLS_FINDING_NO_EKU] = "no_eku",
    [RIG_TLS_FINDING_NO_CLIENT_AUTH] = "no_client_auth",
    [RIG_TLS_FINDING_SERVER_AUTH] = "server_auth",
    [RIG_TLS_FINDING_ANY_EKU] = "any_eku",
    [RIG_TLS_FINDING_OTHER_EKU] = "other_eku",
    [RIG_TLS_FINDING_NO_KEY_USAGE] = "no_key_usage",
    [RIG_TLS_FINDING_NO_SIGNATURE_USAGE] = "no_signature_usage",
    [RIG_TLS_FINDING_CA_KEY_USAGE] = "ca_key_usage",
    [RIG_TLS_FINDING_HASH] = "hash",
    [RIG_TLS_FINDING_KEY_TYPE] = "key_type",
    [RIG_TLS_FINDING_CN_COUNT] = "cn_count",
    [RIG_TLS_FINDING_CN_FORM] = "cn_form",
    [RIG_TLS_FINDING_CN_LENGTH] = "cn_length",
    [RIG_TLS_FINDING_SERIAL_SIGN] = "serial_sign",
    [RIG_TLS_FINDING_SERIAL_LONG] = "serial_long",
    [RIG_TLS_FINDING_SERIAL_SHORT] = "serial_short",
    [RIG_TLS_FINDING_VERSION] = "version",
};

rig_result rig_tls_policy_make(const struct rig_tls_device_policy *policy,
                               struct rig_tls_policy_rules *rules, struct rig_error *err)
{
    rules->policy = *policy;
    rules->policy.cn_form = NULL;
    rules->has_form = false;
    if (policy->cn_form != NULL) {
        const int failed = regcomp(&rules->form, policy->cn_form, REG_EXTENDED);

        if (failed != 0) {
            char reason[96];

            (void)regerror(failed, &rules->form, reason, sizeof reason);
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "the form of common names '%.80s' is no POSIX extended regular "
                            "expression: %s",
                            policy->cn_form, reason);
        }
        rules->has_form = true;
    }
    return RIG_DONE;
}

void rig_tls_policy_free(struct rig_tls_policy_rules *rules)
{
    if (rules->has_form) {
        regfree(&rules->form);
        rules->has_form = false;
    }
}

static uint32_t check_extended_usage(X509 *certificate)
{
    EXTENDED_KEY_USAGE *const usages = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
    uint32_t findings = 0;
    bool client = false;

    if (usages == NULL) {
        return BIT(NO_EKU);
    }
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++) {
        switch (OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i))) {
        case NID_client_auth:
            client = true;
            break;
        case NID_server_auth:
            findings |= BIT(SERVER_AUTH);
            break;
        case NID_anyExtendedKeyUsage:
            findings |= BIT(ANY_EKU);
            break;
        default:
            findings |= BIT(OTHER_EKU);
            break;
        }
    }
    EXTENDED_KEY_USAGE_free(usages);
    return client ? findings : findings | BIT(NO_CLIENT_AUTH);
}

static uint32_t check_extensions(X509 *certificate)
{
    const uint32_t flags = X509_get_extension_flags(certificate);
    const uint32_t usage = X509_get_key_usage(certificate);
    BASIC_CONSTRAINTS *const basic =
        X509_get_ext_d2i(certificate, NID_basic_constraints, NULL, NULL);
    uint32_t findings = check_extended_usage(certificate);

    if (basic != NULL && basic->ca != 0) {
        findings |= BIT(CA_TRUE);
    }
    BASIC_CONSTRAINTS_free(basic);
    if ((flags & EXFLAG_KUSAGE) == 0) {
        return findings | BIT(NO_KEY_USAGE);
    }
    if ((usage & KU_DIGITAL_SIGNATURE) == 0) {
        findings |= BIT(NO_SIGNATURE_USAGE);
    }
    if ((usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0) {
        findings |= BIT(CA_KEY_USAGE);
    }
    return findings;
}

static uint32_t key_kind(const EVP_PKEY *key)
{
    char curve[32] = "";
    size_t len = 0;

    if (key == NULL) {
        return 0;
    }
    if (EVP_PKEY_is_a(key, "RSA") == 1) {
        switch (EVP_PKEY_get_bits(key)) {
        case 2048:
            return RIG_TLS_KEY_RSA_2048;
        case 3072:
            return RIG_TLS_KEY_RSA_3072;
        case 4096:
            return RIG_TLS_KEY_RSA_4096;
        default:
            return 0;
        }
    }
    if (EVP_PKEY_is_a(key, "ED25519") == 1) {
        return RIG_TLS_KEY_ED25519;
    }
    if (EVP_PKEY_is_a(key, "EC") != 1 ||
        EVP_PKEY_get_group_name(key, curve, sizeof curve, &len) != 1) {
        return 0;
    }
    switch (OBJ_txt2nid(curve)) {
    case NID_X9_62_prime256v1:
        return RIG_TLS_KEY_P256;
    case NID_secp384r1:
        return RIG_TLS_KEY_P384;
    case NID_secp521r1:
        return RIG_TLS_KEY_P521;
    default:
        return 0;
    }
}

static bool hash_allowed(X509 *certificate)
{
    int digest = NID_undef;

    if (X509_get_signature_info(certificate, &digest, NULL, NULL, NULL) != 1) {
        return false;
    }
    switch (digest) {
    case NID_undef: /* EdDSA brings its own */
        return X509_get_signature_nid(certificate) == NID_ED25519 ||
               X509_get_signature_nid(certificate) == NID_ED448;
    case NID_sha256:
    case NID_sha384:
    case NID_sha512:
        return true;
    default:
        return false;
    }
}

static uint32_t check_key(const struct rig_tls_policy_rules *rules, X509 *certificate)
{
    const uint32_t allowed =
        rules->policy.allowed_keys != 0 ? rules->policy.allowed_keys : UINT32_MAX;
    const uint32_t kind = key_kind(X509_get0_pubkey(certificate));

    return ((kind & allowed) == 0 ? BIT(KEY_TYPE) : 0) |
           (hash_allowed(certificate) ? 0 : BIT(HASH));
}

static uint32_t check_name(const struct rig_tls_policy_rules *rules, X509 *certificate)
{
    X509_NAME *const subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    unsigned char *text = NULL;
    uint32_t findings = 0;
    int len;

    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) {
        return BIT(CN_COUNT);
    }
    len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (len <= 0 || len > MAX_CN_CHARACTERS) {
        findings |= BIT(CN_LENGTH);
    }
    if (rules->has_form) {
        regmatch_t whole = {0};
        /* an embedded NUL would hide the rest of the name from the expression */
        const bool fits = len > 0 && memchr(text, '\0', (size_t)len) == NULL &&
                          regexec(&rules->form, (const char *)text, 1, &whole, 0) == 0 &&
                          whole.rm_so == 0 && whole.rm_eo == len;

        findings |= fits ? 0 : BIT(CN_FORM);
    }
    OPENSSL_free(text);
    return findings;
}

static uint32_t check_serial(const struct rig_tls_policy_rules *rules, X509 *certificate)
{
    BIGNUM *const number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
    uint32_t findings = 0;
    int bits;

    if (number == NULL) {
        return BIT(SERIAL_SIGN);
    }
    bits = BN_num_bits(number);
    if (bits == 0 || BN_is_negative(number) != 0) {
        findings |= BIT(SERIAL_SIGN);
    }
    /* DER adds an octet when the top bit is set */
    if (bits >= MAX_SERIAL_BITS) {
        findings |= BIT(SERIAL_LONG);
    }
    if ((unsigned)bits < rules->policy.min_serial_bits) {
        findings |= BIT(SERIAL_SHORT);
    }
    BN_free(number);
    return findings;
}

uint32_t rig_tls_policy_check(const struct rig_tls_policy_rules *rules, X509 *certificate)
{
    uint32_t findings;

    ERR_set_mark();
    findings = check_extensions(certificate) | check_key(rules, certificate) |
               check_name(rules, certificate) | check_serial(rules, certificate);
    (void)ERR_pop_to_mark();
    if (X509_get_version(certificate) != X509_VERSION_3) {
        findings |= BIT(VERSION);
    }
    return findings & ~rules->policy.ignored;
}

const char *rig_tls_finding_name(enum rig_tls_finding finding)
{
    return (unsigned)finding < RIG_TLS_N_FINDINGS ? names[finding] : "unknown";
}

enum rig_tls_finding rig_tls_finding_of(const char *name)
{
    int found = 0;

    while (found < RIG_TLS_N_FINDINGS && strcmp(names[found], name) != 0) {
        found++;
    }
    return (enum rig_tls_finding)found;
}

void rig_tls_findings_text(uint32_t findings, char *text, size_t text_size)
{
    size_t len = 0;

    text[0] = '\0';
    for (int i = 0; i < RIG_TLS_N_FINDINGS; i++) {
        if ((findings & 1U << i) != 0) {
            (void)rig_copy_text(text + len, text_size - len, len != 0 ? ", " : "");
            len += strlen(text + len);
            (void)rig_copy_text(text + len, text_size - len, names[i]);
            len += strlen(text + len);
        }
    }
}
