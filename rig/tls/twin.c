/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/twin.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

#define MAX_ERRORS 3

struct leniency {
    enum rig_tls_fault fault;
    int errors[MAX_ERRORS];
};

static const struct leniency leniencies[] = {
    {RIG_TLS_FAULT_ACCEPTS_EXPIRED, {X509_V_ERR_CERT_HAS_EXPIRED}},
    {RIG_TLS_FAULT_ACCEPTS_FUTURE, {X509_V_ERR_CERT_NOT_YET_VALID}},
    {RIG_TLS_FAULT_NO_SIGNATURES, {X509_V_ERR_CERT_SIGNATURE_FAILURE}},
    {RIG_TLS_FAULT_ANY_CA, {X509_V_ERR_INVALID_CA}},
    {RIG_TLS_FAULT_ANY_PATH_LENGTH, {X509_V_ERR_PATH_LENGTH_EXCEEDED}},
    {RIG_TLS_FAULT_ANY_NAME, {X509_V_ERR_PERMITTED_VIOLATION, X509_V_ERR_EXCLUDED_VIOLATION}},
    {RIG_TLS_FAULT_ANY_CRITICAL, {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION}},
    {RIG_TLS_FAULT_WEAK_HASHES, {X509_V_ERR_CA_MD_TOO_WEAK}},
    {RIG_TLS_FAULT_WEAK_KEYS, {X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL}},
    {RIG_TLS_FAULT_SELF_SIGNED_OK, {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT}},
    {RIG_TLS_FAULT_ROOT_AS_SENT, {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN}},
    {RIG_TLS_FAULT_NO_ISSUER,
     {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE}},
    {RIG_TLS_FAULT_CRL_MISSING_OK, {X509_V_ERR_UNABLE_TO_GET_CRL}},
    {RIG_TLS_FAULT_CRL_EXPIRED_OK, {X509_V_ERR_CRL_HAS_EXPIRED}},
    {RIG_TLS_FAULT_CRL_FUTURE_OK, {X509_V_ERR_CRL_NOT_YET_VALID}},
    {RIG_TLS_FAULT_CRL_NO_SIGNATURES, {X509_V_ERR_CRL_SIGNATURE_FAILURE}},
    {RIG_TLS_FAULT_CRL_ANY_SCOPE, {X509_V_ERR_DIFFERENT_CRL_SCOPE}},
    {RIG_TLS_FAULT_CRL_ANY_CRITICAL, {X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION}},
    {RIG_TLS_FAULT_CRL_ANY_SIGNER, {X509_V_ERR_KEYUSAGE_NO_CRL_SIGN}},
    {RIG_TLS_FAULT_ANY_DEPTH, {X509_V_ERR_CERT_CHAIN_TOO_LONG}},
};

bool rig_tls_twin_overlooks(enum rig_tls_fault fault, int verify_error)
{
    for (size_t i = 0; i < sizeof leniencies / sizeof *leniencies; i++) {
        for (size_t e = 0; leniencies[i].fault == fault && e < MAX_ERRORS; e++) {
            if (leniencies[i].errors[e] == verify_error && verify_error != X509_V_OK) {
                return true;
            }
        }
    }
    return false;
}

static bool is_in_order(STACK_OF(X509) * chain)
{
    for (int i = 0; i + 1 < sk_X509_num(chain); i++) {
        if (X509_NAME_cmp(X509_get_issuer_name(sk_X509_value(chain, i)),
                          X509_get_subject_name(sk_X509_value(chain, i + 1))) != 0) {
            return false;
        }
    }
    return true;
}

static bool holds(STACK_OF(X509) * chain, const X509 *wanted, int n_times)
{
    int n = 0;

    for (int i = 0; i < sk_X509_num(chain); i++) {
        n += X509_cmp(sk_X509_value(chain, i), wanted) == 0 ? 1 : 0;
    }
    return n >= n_times;
}

static bool has_extra(STACK_OF(X509) * presented, STACK_OF(X509) * verified)
{
    for (int i = 0; i < sk_X509_num(presented); i++) {
        const X509 *const certificate = sk_X509_value(presented, i);

        if (!holds(verified, certificate, 1) || holds(presented, certificate, 2)) {
            return true;
        }
    }
    return false;
}

static bool holds_root(STACK_OF(X509) * presented)
{
    for (int i = 0; i < sk_X509_num(presented); i++) {
        if (X509_self_signed(sk_X509_value(presented, i), 0) == 1) {
            return true;
        }
    }
    return false;
}

static bool is_curve(X509 *leaf, const char *curve)
{
    char name[32] = "";

    return EVP_PKEY_get_group_name(X509_get0_pubkey(leaf), name, sizeof name, NULL) == 1 &&
           strcmp(name, curve) == 0;
}

static bool has_unknown_extension(X509 *leaf)
{
    for (int i = 0; i < X509_get_ext_count(leaf); i++) {
        if (OBJ_obj2nid(X509_EXTENSION_get_object(X509_get_ext(leaf, i))) == NID_undef) {
            return true;
        }
    }
    return false;
}

static bool any_ca_has(STACK_OF(X509) * verified, int nid)
{
    for (int i = 1; i < sk_X509_num(verified); i++) {
        if (X509_get_ext_by_NID(sk_X509_value(verified, i), nid, -1) >= 0) {
            return true;
        }
    }
    return false;
}

static bool outlives_issuer(STACK_OF(X509) * verified)
{
    return sk_X509_num(verified) > 1 &&
           ASN1_TIME_compare(X509_get0_notAfter(sk_X509_value(verified, 0)),
                             X509_get0_notAfter(sk_X509_value(verified, 1))) > 0;
}

static bool says_no_ca(X509 *leaf)
{
    return X509_get_ext_by_NID(leaf, NID_basic_constraints, -1) >= 0 &&
           (X509_get_extension_flags(leaf) & EXFLAG_CA) == 0;
}

static bool is_refused(enum rig_tls_fault fault, STACK_OF(X509) * presented,
                       STACK_OF(X509) * verified)
{
    X509 *const leaf = sk_X509_value(verified, 0);

    switch (fault) {
    case RIG_TLS_FAULT_STRICT_ORDER:
        return !is_in_order(presented);
    case RIG_TLS_FAULT_NO_EXTRA:
        return has_extra(presented, verified);
    case RIG_TLS_FAULT_ONE_INTERMEDIATE:
        return sk_X509_num(verified) > 3;
    case RIG_TLS_FAULT_NO_ROOT_SENT:
        return holds_root(presented);
    case RIG_TLS_FAULT_NEEDS_AKI:
        return X509_get0_authority_key_id(leaf) == NULL;
    case RIG_TLS_FAULT_ONLY_P256:
        return !is_curve(leaf, "prime256v1");
    case RIG_TLS_FAULT_ONLY_P384:
        return is_curve(leaf, "prime256v1");
    case RIG_TLS_FAULT_NEEDS_SHA_256:
        return X509_get_signature_nid(leaf) == NID_ecdsa_with_SHA224;
    case RIG_TLS_FAULT_NEEDS_EKU:
        return X509_get_extended_key_usage(leaf) != XKU_SSL_CLIENT;
    case RIG_TLS_FAULT_NEEDS_KEY_USAGE:
        return X509_get_ext_by_NID(leaf, NID_key_usage, -1) < 0 ||
               (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0;
    case RIG_TLS_FAULT_NEEDS_BASIC_CONSTRAINTS:
        return !says_no_ca(leaf);
    case RIG_TLS_FAULT_NO_UNKNOWN_EXTENSION:
        return has_unknown_extension(leaf);
    case RIG_TLS_FAULT_NO_NAME_CONSTRAINTS:
        return any_ca_has(verified, NID_name_constraints);
    case RIG_TLS_FAULT_NO_CA_EKU:
        return any_ca_has(verified, NID_ext_key_usage);
    case RIG_TLS_FAULT_NESTED_VALIDITY:
        return outlives_issuer(verified);
    default:
        return false;
    }
}

int rig_tls_twin_refuses(enum rig_tls_fault fault, STACK_OF(X509) * presented,
                         STACK_OF(X509) * verified, bool has_crls)
{
    if (fault == RIG_TLS_FAULT_CRL_REVOKES_ALL && has_crls) {
        return X509_V_ERR_CERT_REVOKED;
    }
    return is_refused(fault, presented, verified) ? X509_V_ERR_APPLICATION_VERIFICATION : X509_V_OK;
}
