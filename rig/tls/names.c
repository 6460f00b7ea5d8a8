/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/server.h"

#include <openssl/x509_vfy.h>
#include <string.h>

struct named {
    int code;
    const char *name;
};

static const struct named alerts[] = {
    {RIG_TLS_NO_ALERT, "none"},
    {0, "close_notify"},
    {10, "unexpected_message"},
    {20, "bad_record_mac"},
    {21, "decryption_failed"},
    {22, "record_overflow"},
    {30, "decompression_failure"},
    {40, "handshake_failure"},
    {41, "no_certificate"},
    {42, "bad_certificate"},
    {43, "unsupported_certificate"},
    {44, "certificate_revoked"},
    {45, "certificate_expired"},
    {46, "certificate_unknown"},
    {47, "illegal_parameter"},
    {48, "unknown_ca"},
    {49, "access_denied"},
    {50, "decode_error"},
    {51, "decrypt_error"},
    {60, "export_restriction"},
    {70, "protocol_version"},
    {71, "insufficient_security"},
    {80, "internal_error"},
    {86, "inappropriate_fallback"},
    {90, "user_canceled"},
    {100, "no_renegotiation"},
    {109, "missing_extension"},
    {110, "unsupported_extension"},
    {111, "certificate_unobtainable"},
    {112, "unrecognized_name"},
    {113, "bad_certificate_status_response"},
    {114, "bad_certificate_hash_value"},
    {115, "unknown_psk_identity"},
    {116, "certificate_required"},
    {120, "no_application_protocol"},
};

#define V(name)                                                                                    \
    {                                                                                              \
        X509_V_ERR_##name, #name                                                                   \
    }

static const struct named verify_errors[] = {
    {X509_V_OK, "OK"},
    V(UNSPECIFIED),
    V(UNABLE_TO_GET_ISSUER_CERT),
    V(UNABLE_TO_GET_CRL),
    V(UNABLE_TO_DECRYPT_CERT_SIGNATURE),
    V(UNABLE_TO_DECRYPT_CRL_SIGNATURE),
    V(UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY),
    V(CERT_SIGNATURE_FAILURE),
    V(CRL_SIGNATURE_FAILURE),
    V(CERT_NOT_YET_VALID),
    V(CERT_HAS_EXPIRED),
    V(CRL_NOT_YET_VALID),
    V(CRL_HAS_EXPIRED),
    V(ERROR_IN_CERT_NOT_BEFORE_FIELD),
    V(ERROR_IN_CERT_NOT_AFTER_FIELD),
    V(ERROR_IN_CRL_LAST_UPDATE_FIELD),
    V(ERROR_IN_CRL_NEXT_UPDATE_FIELD),
    V(OUT_OF_MEM),
    V(DEPTH_ZERO_SELF_SIGNED_CERT),
    V(SELF_SIGNED_CERT_IN_CHAIN),
    V(UNABLE_TO_GET_ISSUER_CERT_LOCALLY),
    V(UNABLE_TO_VERIFY_LEAF_SIGNATURE),
    V(CERT_CHAIN_TOO_LONG),
    V(CERT_REVOKED),
    V(NO_ISSUER_PUBLIC_KEY),
    V(PATH_LENGTH_EXCEEDED),
    V(INVALID_PURPOSE),
    V(CERT_UNTRUSTED),
    V(CERT_REJECTED),
    V(SUBJECT_ISSUER_MISMATCH),
    V(AKID_SKID_MISMATCH),
    V(AKID_ISSUER_SERIAL_MISMATCH),
    V(KEYUSAGE_NO_CERTSIGN),
    V(UNABLE_TO_GET_CRL_ISSUER),
    V(UNHANDLED_CRITICAL_EXTENSION),
    V(KEYUSAGE_NO_CRL_SIGN),
    V(UNHANDLED_CRITICAL_CRL_EXTENSION),
    V(INVALID_NON_CA),
    V(PROXY_PATH_LENGTH_EXCEEDED),
    V(KEYUSAGE_NO_DIGITAL_SIGNATURE),
    V(PROXY_CERTIFICATES_NOT_ALLOWED),
    V(INVALID_EXTENSION),
    V(INVALID_POLICY_EXTENSION),
    V(NO_EXPLICIT_POLICY),
    V(DIFFERENT_CRL_SCOPE),
    V(UNSUPPORTED_EXTENSION_FEATURE),
    V(UNNESTED_RESOURCE),
    V(PERMITTED_VIOLATION),
    V(EXCLUDED_VIOLATION),
    V(SUBTREE_MINMAX),
    V(APPLICATION_VERIFICATION),
    V(UNSUPPORTED_CONSTRAINT_TYPE),
    V(UNSUPPORTED_CONSTRAINT_SYNTAX),
    V(UNSUPPORTED_NAME_SYNTAX),
    V(CRL_PATH_VALIDATION_ERROR),
    V(PATH_LOOP),
    V(SUITE_B_INVALID_VERSION),
    V(SUITE_B_INVALID_ALGORITHM),
    V(SUITE_B_INVALID_CURVE),
    V(SUITE_B_INVALID_SIGNATURE_ALGORITHM),
    V(SUITE_B_LOS_NOT_ALLOWED),
    V(SUITE_B_CANNOT_SIGN_P_384_WITH_P_256),
    V(HOSTNAME_MISMATCH),
    V(EMAIL_MISMATCH),
    V(IP_ADDRESS_MISMATCH),
    V(DANE_NO_MATCH),
    V(EE_KEY_TOO_SMALL),
    V(CA_KEY_TOO_SMALL),
    V(CA_MD_TOO_WEAK),
    V(INVALID_CALL),
    V(STORE_LOOKUP),
    V(NO_VALID_SCTS),
    V(PROXY_SUBJECT_NAME_VIOLATION),
    V(OCSP_VERIFY_NEEDED),
    V(OCSP_VERIFY_FAILED),
    V(OCSP_CERT_UNKNOWN),
    V(UNSUPPORTED_SIGNATURE_ALGORITHM),
    V(SIGNATURE_ALGORITHM_MISMATCH),
    V(SIGNATURE_ALGORITHM_INCONSISTENCY),
    V(INVALID_CA),
    V(PATHLEN_INVALID_FOR_NON_CA),
    V(PATHLEN_WITHOUT_KU_KEY_CERT_SIGN),
    V(KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA),
    V(ISSUER_NAME_EMPTY),
    V(SUBJECT_NAME_EMPTY),
    V(MISSING_AUTHORITY_KEY_IDENTIFIER),
    V(MISSING_SUBJECT_KEY_IDENTIFIER),
    V(EMPTY_SUBJECT_ALT_NAME),
    V(EMPTY_SUBJECT_SAN_NOT_CRITICAL),
    V(CA_BCONS_NOT_CRITICAL),
    V(AUTHORITY_KEY_IDENTIFIER_CRITICAL),
    V(SUBJECT_KEY_IDENTIFIER_CRITICAL),
    V(CA_CERT_MISSING_KEY_USAGE),
    V(EXTENSIONS_REQUIRE_VERSION_3),
    V(EC_KEY_EXPLICIT_PARAMS),
};

#undef V
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *name_in(const struct named *table, size_t n, int code, const char *otherwise)
{
    for (size_t i = 0; i < n; i++) {
        if (table[i].code == code) {
            return table[i].name;
        }
    }
    return otherwise;
}

static int code_in(const struct named *table, size_t n, const char *name, int otherwise)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(table[i].name, name) == 0) {
            return table[i].code;
        }
    }
    return otherwise;
}

const char *rig_tls_alert_name(int alert)
{
    return name_in(alerts, COUNT(alerts), alert, "unknown");
}

int rig_tls_alert_of(const char *name)
{
    return code_in(alerts, COUNT(alerts), name, RIG_TLS_UNKNOWN_ALERT);
}

const char *rig_tls_verify_error_name(int verify_error)
{
    return name_in(verify_errors, COUNT(verify_errors), verify_error, "unknown");
}

int rig_tls_verify_error_of(const char *name)
{
    return code_in(verify_errors, COUNT(verify_errors), name, -1);
}

const char *rig_tls_resumed_by_name(enum rig_tls_resumed_by by)
{
    static const char *const names[] = {"none", "session_id", "ticket", "psk_stateful",
                                        "psk_stateless"};

    return (size_t)by < COUNT(names) ? names[by] : "unknown";
}

const char *rig_tls_refusal_name(enum rig_tls_refusal refusal)
{
    static const char *const names[] = {"none", "policy", "enrolment", "ocsp"};

    return (size_t)refusal < COUNT(names) ? names[refusal] : "unknown";
}
