/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/policy.h"

#include "rig/ca/name_policy.h"
#include "rig/ca/pki.h"

#include <openssl/err.h>

#include <stdio.h>
#include <string.h>

#define MAX_CERTIFICATE_BYTES 16384
#define TOLERANCE_MS (INT64_C(60) * 1000)
#define SKEW_MS (INT64_C(600) * 1000)

enum { MIN_SERIAL_BITS = 64, MAX_CHAIN_DEPTH = 10 };

RIG_DEFINE_AUTO(GENERAL_NAMES, GENERAL_NAMES_free);
RIG_DEFINE_AUTO(EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free);

#define FAIL_POLICY(...) rig_pki_fail(err, RIG_CLASS_CA, RIG_E_POLICY, __VA_ARGS__)
#define FAIL_MISMATCH(...) rig_pki_fail(err, RIG_CLASS_CA, RIG_E_MISMATCH, __VA_ARGS__)

static rig_result decode(const uint8_t *der, size_t n_bytes, X509 **out, struct rig_error *err)
{
    const uint8_t *at = der;
    RIG_AUTO(rig_auto_X509) X509 *certificate = NULL;

    if (n_bytes > MAX_CERTIFICATE_BYTES) {
        return FAIL_POLICY("the certificate has %zu bytes, expected at most %d", n_bytes,
                           MAX_CERTIFICATE_BYTES);
    }
    certificate = d2i_X509(NULL, &at, (long)n_bytes);
    if (certificate == NULL) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_INVALID,
                            "what the CA sent as a certificate (%zu bytes) is not one in DER",
                            n_bytes);
    }
    if (at != der + n_bytes) {
        return FAIL_POLICY("%zu bytes follow behind the end of the certificate, expected none",
                           (size_t)(der + n_bytes - at));
    }
    if (X509_get_version(certificate) != X509_VERSION_3) {
        return FAIL_POLICY("the certificate's version is %ld, expected 3",
                           X509_get_version(certificate) + 1);
    }
    *out = certificate;
    certificate = NULL;
    return RIG_DONE;
}

static rig_result check_public_key(const X509 *certificate, const uint8_t *expected,
                                   struct rig_error *err)
{
    uint8_t sha256[RIG_SHA256_SIZE];
    char found[2 * RIG_SHA256_SIZE + 1];
    char wanted[2 * RIG_SHA256_SIZE + 1];

    RIG_TRY(rig_pki_spki_sha256(X509_get_X509_PUBKEY(certificate), sha256, err));
    if (memcmp(sha256, expected, sizeof sha256) != 0) {
        rig_hex(sha256, sizeof sha256, found);
        rig_hex(expected, sizeof sha256, wanted);
        return FAIL_MISMATCH("the certificate is for another public key than the CSR's: SHA-256 "
                             "%.16s..., expected %.16s...",
                             found, wanted);
    }
    return RIG_DONE;
}

static rig_result check_serial(const X509 *certificate, struct rig_error *err)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);
    /* a leading bit costs DER an octet of its own */
    const int octets = number != NULL ? BN_num_bits(number) / 8 + 1 : 0;

    if (number == NULL) {
        return rig_pki_fail_library(err, "read a serial number");
    }
    if (BN_is_negative(number) || BN_is_zero(number)) {
        return FAIL_POLICY("the serial number is %s, expected a positive one",
                           BN_is_zero(number) ? "zero" : "negative");
    }
    if (octets > RIG_SERIAL_MAX) {
        return FAIL_POLICY("the serial number has %d octets, expected at most %d", octets,
                           RIG_SERIAL_MAX);
    }
    if (BN_num_bits(number) < MIN_SERIAL_BITS) {
        return FAIL_POLICY("the serial number has %d bits, expected at least %d, so that nobody "
                           "can guess it",
                           BN_num_bits(number), MIN_SERIAL_BITS);
    }
    return RIG_DONE;
}

static rig_result check_algorithm(const X509 *certificate, struct rig_error *err)
{
    const int algorithm = X509_get_signature_nid(certificate);
    int digest = NID_undef;
    int key_kind = NID_undef;

    if (OBJ_find_sigid_algs(algorithm, &digest, &key_kind) != 1 ||
        (digest != NID_sha256 && digest != NID_sha384 && digest != NID_sha512) ||
        (key_kind != NID_rsaEncryption && key_kind != NID_X9_62_id_ecPublicKey)) {
        return FAIL_POLICY("the certificate is signed with %s, expected RSA (PKCS #1 v1.5) or "
                           "ECDSA with SHA-256, SHA-384 or SHA-512",
                           OBJ_nid2ln(algorithm) != NULL ? OBJ_nid2ln(algorithm) : "?");
    }
    return RIG_DONE;
}

/* Times --------------------------------------------------------------------------------------- */

static rig_result fail_time(const char *field, int64_t found_ms, const char *expected,
                            int64_t expected_ms, struct rig_error *err)
{
    char found[RIG_TIME_TEXT_SIZE];
    char wanted[RIG_TIME_TEXT_SIZE];

    rig_time_text(found_ms, found);
    rig_time_text(expected_ms, wanted);
    return FAIL_MISMATCH("the certificate's %s is %s, expected %s %s", field, found, expected,
                         wanted);
}

static bool is_near(int64_t found_ms, int64_t expected_ms)
{
    return found_ms >= expected_ms - TOLERANCE_MS && found_ms <= expected_ms + TOLERANCE_MS;
}

static rig_result check_times(const X509 *certificate, const struct rig_certificate_rules *rules,
                              struct rig_error *err)
{
    int64_t begin_ms;
    int64_t end_ms;

    RIG_TRY(rig_pki_time_get(X509_get0_notBefore(certificate), &begin_ms, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(certificate), &end_ms, err));
    if (rules->not_before_ms != 0) {
        if (!is_near(begin_ms, rules->not_before_ms)) {
            return fail_time("notBefore", begin_ms, "the time asked for,", rules->not_before_ms,
                             err);
        }
    } else if (!rules->may_be_expired &&
               (begin_ms < rules->now_ms - SKEW_MS || begin_ms > rules->now_ms + TOLERANCE_MS)) {
        return fail_time("notBefore", begin_ms, "about the time now,", rules->now_ms, err);
    }
    if (rules->not_after_ms != 0 && !is_near(end_ms, rules->not_after_ms)) {
        return fail_time("notAfter", end_ms, "the time asked for,", rules->not_after_ms, err);
    }
    if (end_ms <= rules->now_ms && !rules->may_be_expired) {
        return fail_time("notAfter", end_ms, "a time later than now,", rules->now_ms, err);
    }
    if (end_ms <= begin_ms) {
        return fail_time("notAfter", end_ms, "a time later than its notBefore,", begin_ms, err);
    }
    return RIG_DONE;
}

/* Extensions ---------------------------------------------------------------------------------- */

static rig_result check_known_extensions(const X509 *certificate, enum rig_ca_profile profile,
                                         struct rig_error *err)
{
    static const int known[] = {
        NID_basic_constraints,
        NID_key_usage,
        NID_ext_key_usage,
        NID_subject_key_identifier,
        NID_authority_key_identifier,
        NID_subject_alt_name,
        NID_crl_distribution_points,
        NID_info_access,
        NID_certificate_policies,
    };

    for (int i = 0; i < X509_get_ext_count(certificate); i++) {
        const ASN1_OBJECT *object = X509_EXTENSION_get_object(X509_get_ext(certificate, i));
        const int nid = OBJ_obj2nid(object);
        bool allowed = false;
        char name[80] = "";

        for (size_t j = 0; j < sizeof known / sizeof *known; j++) {
            allowed = allowed || (nid == known[j] && nid != NID_undef);
        }
        (void)OBJ_obj2txt(name, sizeof name, object, 0);
        if (nid == NID_subject_alt_name && profile != RIG_PROFILE_SERVER) {
            return FAIL_POLICY("the certificate has a subject alternative name, expected none in "
                               "a device's");
        }
        if (!allowed) {
            return FAIL_POLICY("the certificate has the extension '%s', which nobody asked for",
                               name);
        }
        if (X509_get_ext_by_OBJ(certificate, object, i) >= 0) {
            return FAIL_POLICY("the certificate has the extension '%s' more than once", name);
        }
    }
    return RIG_DONE;
}

static rig_result check_not_ca(X509 *certificate, struct rig_error *err)
{
    BASIC_CONSTRAINTS *constraints;
    int critical = -1;
    bool ca;

    constraints = X509_get_ext_d2i(certificate, NID_basic_constraints, &critical, NULL);
    if (constraints == NULL && critical != -1) {
        return FAIL_POLICY("the certificate's basicConstraints can't be decoded");
    }
    ca = constraints != NULL && (constraints->ca != 0 || constraints->pathlen != NULL);
    BASIC_CONSTRAINTS_free(constraints);
    if (ca) {
        return FAIL_POLICY("the certificate's basicConstraints make it a CA (CA:TRUE), expected "
                           "CA:FALSE");
    }
    return RIG_DONE;
}

static void key_usage_text(uint32_t usage, char *out, size_t out_size)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {
        {KU_DIGITAL_SIGNATURE, "digitalSignature"},
        {KU_NON_REPUDIATION, "nonRepudiation"},
        {KU_KEY_ENCIPHERMENT, "keyEncipherment"},
        {KU_DATA_ENCIPHERMENT, "dataEncipherment"},
        {KU_KEY_AGREEMENT, "keyAgreement"},
        {KU_KEY_CERT_SIGN, "keyCertSign"},
        {KU_CRL_SIGN, "cRLSign"},
        {KU_ENCIPHER_ONLY, "encipherOnly"},
        {KU_DECIPHER_ONLY, "decipherOnly"},
    };
    size_t used = 0;

    (void)snprintf(out, out_size, "none");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if ((usage & names[i].bit) != 0 && used < out_size) {
            used += (size_t)snprintf(out + used, out_size - used, "%s%s", used != 0 ? " " : "",
                                     names[i].name);
        }
    }
}

static rig_result check_key_usage(X509 *certificate, enum rig_ca_profile profile,
                                  struct rig_error *err)
{
    const bool present = (X509_get_extension_flags(certificate) & EXFLAG_KUSAGE) != 0;
    const uint32_t usage = present ? X509_get_key_usage(certificate) : 0;
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    const bool rsa_server =
        profile == RIG_PROFILE_SERVER && key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    const uint32_t allowed = KU_DIGITAL_SIGNATURE | (rsa_server ? KU_KEY_ENCIPHERMENT : 0);
    char found[160];

    if ((usage & KU_DIGITAL_SIGNATURE) == 0 || (usage & ~allowed) != 0) {
        key_usage_text(usage, found, sizeof found);
        return FAIL_POLICY("the certificate's keyUsage is %s, expected digitalSignature%s", found,
                           rsa_server ? ", with or without keyEncipherment" : " alone");
    }
    return RIG_DONE;
}

static rig_result check_purpose(X509 *certificate, enum rig_ca_profile profile,
                                struct rig_error *err)
{
    const int wanted = profile == RIG_PROFILE_SERVER ? NID_server_auth : NID_client_auth;
    const char *wanted_name = profile == RIG_PROFILE_SERVER ? "serverAuth" : "clientAuth";
    RIG_AUTO(rig_auto_EXTENDED_KEY_USAGE)
    EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
    char found[160] = "";
    size_t used = 0;

    if (usage == NULL) {
        return FAIL_POLICY("the certificate has no extKeyUsage, expected %s alone", wanted_name);
    }
    if (sk_ASN1_OBJECT_num(usage) == 1 && OBJ_obj2nid(sk_ASN1_OBJECT_value(usage, 0)) == wanted) {
        return RIG_DONE;
    }
    for (int i = 0; i < sk_ASN1_OBJECT_num(usage) && used + 84 < sizeof found; i++) {
        char name[80] = "";

        (void)OBJ_obj2txt(name, sizeof name, sk_ASN1_OBJECT_value(usage, i), 0);
        used +=
            (size_t)snprintf(found + used, sizeof found - used, "%s%s", i != 0 ? ", " : "", name);
    }
    return FAIL_POLICY("the certificate's extKeyUsage is '%s', expected %s alone", found,
                       wanted_name);
}

/* Names of a server --------------------------------------------------------------------------- */

static rig_result check_name_allowed(const GENERAL_NAME *name,
                                     const struct rig_certificate_rules *rules,
                                     struct rig_error *err)
{
    const char *const *list = NULL;
    const ASN1_STRING *value = NULL;
    char found[80];

    if (name->type == GEN_DNS || name->type == GEN_IPADD) {
        list = name->type == GEN_DNS ? rules->dns_names : rules->ip_addresses;
        value = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
    } else {
        return FAIL_POLICY("the certificate's subject alternative name holds something that is "
                           "neither a DNS name nor an IP address (choice %d)",
                           name->type);
    }
    if (rules->dns_names == NULL && rules->ip_addresses == NULL) {
        return RIG_DONE;
    }
    for (; list != NULL && *list != NULL; list++) {
        RIG_AUTO(rig_auto_ASN1_OCTET_STRING)
        ASN1_OCTET_STRING *wanted =
            name->type == GEN_DNS ? ASN1_OCTET_STRING_new() : a2i_IPADDRESS(*list);

        if (wanted == NULL || (name->type == GEN_DNS && ASN1_STRING_set(wanted, *list, -1) != 1)) {
            return rig_pki_fail_library(err, "compare a server's names");
        }
        if (ASN1_STRING_length(wanted) == ASN1_STRING_length(value) &&
            memcmp(ASN1_STRING_get0_data(wanted), ASN1_STRING_get0_data(value),
                   (size_t)ASN1_STRING_length(value)) == 0) {
            return RIG_DONE;
        }
    }
    rig_pki_printable(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value), found,
                      sizeof found);
    return FAIL_POLICY("the certificate's subject alternative name holds the %s '%s', which was "
                       "not asked for",
                       name->type == GEN_DNS ? "DNS name" : "IP address", found);
}

static int count_names(const char *const *list)
{
    int n = 0;

    while (list != NULL && list[n] != NULL) {
        n++;
    }
    return n;
}

static rig_result check_server_names(X509 *certificate, const struct rig_certificate_rules *rules,
                                     struct rig_error *err)
{
    RIG_AUTO(rig_auto_GENERAL_NAMES)
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    const int wanted = count_names(rules->dns_names) + count_names(rules->ip_addresses);
    const int found = names != NULL ? sk_GENERAL_NAME_num(names) : 0;

    if (found == 0) {
        return FAIL_POLICY("the certificate has no subject alternative name, expected a server's "
                           "DNS names or IP addresses");
    }
    for (int i = 0; i < found; i++) {
        RIG_TRY(check_name_allowed(sk_GENERAL_NAME_value(names, i), rules, err));
    }
    if ((rules->dns_names != NULL || rules->ip_addresses != NULL) && found != wanted) {
        return FAIL_POLICY("the certificate's subject alternative name holds %d names, expected "
                           "the %d that were asked for",
                           found, wanted);
    }
    return RIG_DONE;
}

/* Chain --------------------------------------------------------------------------------------- */

/* Times of the leaf were judged by check_times; here only what was asked for is let through. */
static int on_chain_error(int ok, X509_STORE_CTX *context)
{
    const struct rig_certificate_rules *rules = X509_STORE_CTX_get_app_data(context);
    const int error = X509_STORE_CTX_get_error(context);

    if (ok == 0 && X509_STORE_CTX_get_error_depth(context) == 0 &&
        ((error == X509_V_ERR_CERT_HAS_EXPIRED && rules->may_be_expired) ||
         (error == X509_V_ERR_CERT_NOT_YET_VALID && rules->not_before_ms != 0))) {
        X509_STORE_CTX_set_error(context, X509_V_OK);
        return 1;
    }
    return ok;
}

static rig_result fail_chain(X509_STORE_CTX *context, struct rig_error *err)
{
    const int error = X509_STORE_CTX_get_error(context);
    const X509 *at = X509_STORE_CTX_get_current_cert(context);
    char subject[RIG_PKI_TEXT_SIZE] = "?";

    if (at != NULL) {
        rig_pki_name_text(X509_get_subject_name(at), subject, sizeof subject);
    }
    ERR_clear_error();
    return rig_fail(err, RIG_CLASS_CA,
                    error == X509_V_ERR_CERT_SIGNATURE_FAILURE ? RIG_E_BAD_SIGNATURE : RIG_E_POLICY,
                    "the certificate does not lead to the pinned root: %s (error %d at depth %d, "
                    "'%.120s')",
                    X509_verify_cert_error_string(error), error,
                    X509_STORE_CTX_get_error_depth(context), subject);
}

static rig_result check_authority_key(X509 *certificate, X509_STORE_CTX *context,
                                      struct rig_error *err)
{
    STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(context);
    X509 *issuer = sk_X509_num(path) > 1 ? sk_X509_value(path, 1) : NULL;
    const ASN1_OCTET_STRING *named = X509_get0_authority_key_id(certificate);
    const ASN1_OCTET_STRING *own = issuer != NULL ? X509_get0_subject_key_id(issuer) : NULL;

    if (named == NULL || own == NULL || ASN1_OCTET_STRING_cmp(named, own) != 0) {
        return FAIL_POLICY("the certificate's authority key identifier does not name the key of "
                           "the CA that signed it");
    }
    return RIG_DONE;
}

static rig_result check_chain(X509 *certificate, const struct rig_certificate_rules *rules,
                              struct rig_error *err)
{
    RIG_AUTO(rig_auto_trust) struct rig_trust *own = NULL;
    RIG_AUTO(rig_auto_X509_STORE_CTX) X509_STORE_CTX *context = X509_STORE_CTX_new();
    const struct rig_trust *trust = rules->trust;
    X509_VERIFY_PARAM *settings;

    if (context == NULL) {
        return rig_fail_memory(err);
    }
    if (trust == NULL) {
        RIG_TRY(rig_trust_open(rules->root_pem, rules->chain_pem, &own, err));
        trust = own;
    }
    if (X509_STORE_CTX_init(context, rig_trust_store(trust), certificate,
                            rig_trust_intermediates(trust)) != 1) {
        return rig_pki_fail_library(err, "begin to verify a certificate");
    }
    settings = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(settings, (time_t)(rules->now_ms / 1000));
    X509_VERIFY_PARAM_set_depth(settings, MAX_CHAIN_DEPTH);
    X509_VERIFY_PARAM_set_auth_level(settings, 2);
    if (X509_VERIFY_PARAM_set_flags(settings, X509_V_FLAG_X509_STRICT) != 1 ||
        X509_STORE_CTX_set_purpose(context, rules->profile == RIG_PROFILE_SERVER
                                                ? X509_PURPOSE_SSL_SERVER
                                                : X509_PURPOSE_SSL_CLIENT) != 1 ||
        X509_STORE_CTX_set_app_data(context, (void *)rules) != 1) {
        return rig_pki_fail_library(err, "set up the verification of a certificate");
    }
    X509_STORE_CTX_set_verify_cb(context, on_chain_error);
    if (X509_verify_cert(context) != 1) {
        return fail_chain(context, err);
    }
    return check_authority_key(certificate, context, err);
}

rig_result rig_certificate_check(const uint8_t *der, size_t n_bytes,
                                 const struct rig_certificate_rules *rules, struct rig_error *err)
{
    const struct rig_name_rules names = {
        .cls = RIG_CLASS_CA,
        .what = "certificate",
        .common_name = rules->common_name,
        .organization = rules->organization,
        .country = rules->country,
        .any_organization_country = true,
    };
    RIG_AUTO(rig_auto_X509) X509 *certificate = NULL;

    rig_pki_begin();
    RIG_TRY(decode(der, n_bytes, &certificate, err));
    RIG_TRY(check_public_key(certificate, rules->spki_sha256, err));
    RIG_TRY(rig_name_check(X509_get_subject_name(certificate), &names, err));
    RIG_TRY(check_serial(certificate, err));
    RIG_TRY(check_algorithm(certificate, err));
    RIG_TRY(check_times(certificate, rules, err));
    RIG_TRY(check_known_extensions(certificate, rules->profile, err));
    RIG_TRY(check_not_ca(certificate, err));
    RIG_TRY(check_key_usage(certificate, rules->profile, err));
    RIG_TRY(check_purpose(certificate, rules->profile, err));
    if (rules->profile == RIG_PROFILE_SERVER) {
        RIG_TRY(check_server_names(certificate, rules, err));
    }
    RIG_TRY(check_chain(certificate, rules, err));
    ERR_clear_error();
    return RIG_DONE;
}
