/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/possession.h"

#include "rig/ca/issue.h"
#include "rig/ca/key.h"

#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define CODE_BYTES ((RIG_POSSESSION_CODE_SIZE - 1) / 2)

static rig_result check_ca(const X509 *ca, struct rig_error *err)
{
    if (X509_check_ca((X509 *)ca) != 1) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "only a CA can be verified, and this certificate is none (no basic "
                        "constraints with CA:TRUE)");
    }
    return RIG_DONE;
}

rig_result rig_possession_ask(struct rig_possession *possession, const X509 *ca, int64_t now_ms,
                              struct rig_error *err)
{
    uint8_t bytes[CODE_BYTES];

    rig_pki_begin();
    RIG_TRY(check_ca(ca, err));
    RIG_TRY(rig_issue_random(bytes, sizeof bytes, err));
    rig_hex(bytes, sizeof bytes, possession->code);
    possession->asked_ms = now_ms;
    return RIG_DONE;
}

static rig_result refuse(struct rig_error *err, const char *why)
{
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_REFUSED,
                    "the CA is not verified: %s; sign a certificate whose common name is the "
                    "verification code with the CA's own key",
                    why);
}

static bool has_code(const X509 *proof, const char *code)
{
    const X509_NAME *subject = X509_get_subject_name(proof);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    const ASN1_STRING *value =
        at >= 0 ? X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)) : NULL;

    return value != NULL && X509_NAME_get_index_by_NID(subject, NID_commonName, at) < 0 &&
           (size_t)ASN1_STRING_length(value) == strlen(code) &&
           CRYPTO_memcmp(ASN1_STRING_get0_data(value), code, strlen(code)) == 0;
}

static rig_result check_dates(const X509 *proof, int64_t now_ms, struct rig_error *err)
{
    int64_t begins_ms = 0;
    int64_t ends_ms = 0;

    RIG_TRY(rig_pki_time_get(X509_get0_notBefore(proof), &begins_ms, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(proof), &ends_ms, err));
    if (now_ms < begins_ms || now_ms > ends_ms) {
        return refuse(err, "the proof is not valid at this time");
    }
    return RIG_DONE;
}

rig_result rig_possession_check(struct rig_possession *possession, const X509 *ca,
                                const X509 *proof, int64_t now_ms, struct rig_error *err)
{
    EVP_PKEY *key = X509_get0_pubkey(ca);

    rig_pki_begin();
    RIG_TRY(check_ca(ca, err));
    if (possession->code[0] == '\0') {
        return refuse(err, "no verification code was asked for, or it was used");
    }
    if (now_ms < possession->asked_ms ||
        now_ms - possession->asked_ms > RIG_POSSESSION_MINUTES * MINUTE_MS) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_TIMEOUT,
                        "the verification code is no longer good; ask for a new one");
    }
    if (!has_code(proof, possession->code)) {
        return refuse(err, "the proof's common name is not the verification code");
    }
    if (X509_NAME_cmp(X509_get_issuer_name(proof), X509_get_subject_name(ca)) != 0) {
        return refuse(err, "the proof names another issuer");
    }
    if (key == NULL || X509_verify((X509 *)proof, key) != 1) {
        rig_pki_begin();
        return refuse(err, "the proof was signed with another key");
    }
    RIG_TRY(check_dates(proof, now_ms, err));
    possession->code[0] = '\0';
    possession->verified = true;
    return RIG_DONE;
}

rig_result rig_possession_prove(const X509 *ca, EVP_PKEY *ca_key, const char *code, int64_t now_ms,
                                X509 **proof, struct rig_error *err)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = NULL;
    RIG_AUTO(rig_auto_X509) X509 *made = X509_new();
    uint8_t serial[16];
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *number = NULL;
    X509_NAME *subject = made != NULL ? X509_get_subject_name(made) : NULL;

    rig_pki_begin();
    RIG_TRY(rig_key_make(RIG_KEY_P256, &key, err));
    RIG_TRY(rig_issue_random(serial, sizeof serial, err));
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
    number = BN_bin2bn(serial, sizeof serial, NULL);
    if (subject == NULL || number == NULL || X509_set_version(made, X509_VERSION_3) != 1 ||
        BN_to_ASN1_INTEGER(number, X509_get_serialNumber(made)) == NULL ||
        X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, (const uint8_t *)code,
                                   -1, -1, 0) != 1 ||
        X509_set_issuer_name(made, X509_get_subject_name(ca)) != 1 ||
        X509_set_pubkey(made, key) != 1) {
        return rig_pki_fail_library(err, "make a proof of possession");
    }
    RIG_TRY(rig_pki_time_set(X509_getm_notBefore(made), now_ms, err));
    RIG_TRY(rig_pki_time_set(X509_getm_notAfter(made), now_ms + 24 * 60 * MINUTE_MS, err));
    if (X509_sign(made, ca_key, rig_key_digest(ca_key)) <= 0) {
        return rig_pki_fail_library(err, "sign a proof of possession");
    }
    *proof = made;
    made = NULL;
    return RIG_DONE;
}
