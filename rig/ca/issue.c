/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/issue.h"

#include "rig/ca/key.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <ctype.h>
#include <string.h>

enum { SERIAL_BYTES = 16, KEY_ID_BYTES = 20, MAX_COMMON_NAME = 64, MAX_DNS_NAME = 253 };

RIG_DEFINE_AUTO(GENERAL_NAMES, GENERAL_NAMES_free);
RIG_DEFINE_AUTO(ASN1_BIT_STRING, ASN1_BIT_STRING_free);
RIG_DEFINE_AUTO(BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free);
RIG_DEFINE_AUTO(AUTHORITY_KEYID, AUTHORITY_KEYID_free);
RIG_DEFINE_AUTO(EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free);
RIG_DEFINE_AUTO(ASN1_ENUMERATED, ASN1_ENUMERATED_free);

static rig_result add_extension(X509 *certificate, int nid, void *value, int critical,
                                struct rig_error *err)
{
    if (X509_add1_ext_i2d(certificate, nid, value, critical, X509V3_ADD_DEFAULT) != 1) {
        return rig_pki_fail_library(err, "add an extension to a certificate");
    }
    return RIG_DONE;
}

rig_result rig_issue_random(uint8_t *bytes, size_t n_bytes, struct rig_error *err)
{
    if (RAND_bytes(bytes, (int)n_bytes) != 1) {
        return rig_pki_fail_library(err, "get random bytes");
    }
    return RIG_DONE;
}

static rig_result set_serial(X509 *certificate, struct rig_error *err)
{
    uint8_t bytes[SERIAL_BYTES] = {0};
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *number = NULL;

    /* a first octet of zero would make a shorter number: all texts of serials get the same length
     */
    while (bytes[0] == 0) {
        RIG_TRY(rig_issue_random(bytes, sizeof bytes, err));
    }
    number = BN_bin2bn(bytes, sizeof bytes, NULL);
    if (number == NULL || BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) == NULL) {
        return rig_pki_fail_library(err, "set a serial number");
    }
    return RIG_DONE;
}

static rig_result add_name(X509_NAME *name, const char *field, int type, const char *text,
                           size_t max_bytes, struct rig_error *err)
{
    if (text == NULL) {
        return RIG_DONE;
    }
    if (text[0] == '\0' || strlen(text) > max_bytes) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "%s '%.80s' has %zu characters: a certificate's subject takes 1 to %zu",
                        field, text, strlen(text), max_bytes);
    }
    if (X509_NAME_add_entry_by_txt(name, field, type, (const unsigned char *)text, -1, -1, 0) !=
        1) {
        return rig_pki_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "%s '%.80s' can't stand in a certificate's subject", field, text);
    }
    return RIG_DONE;
}

static rig_result set_subject(X509 *certificate, const struct rig_issue_names *names,
                              struct rig_error *err)
{
    X509_NAME *name = X509_get_subject_name(certificate);

    if (names->common_name == NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "a common name is missing");
    }
    if (names->country != NULL &&
        (strlen(names->country) != 2 || !isupper((unsigned char)names->country[0]) ||
         !isupper((unsigned char)names->country[1]))) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "country '%.80s' is not a code of two capital letters, such as DE",
                        names->country);
    }
    RIG_TRY(add_name(name, "C", V_ASN1_PRINTABLESTRING, names->country, 2, err));
    RIG_TRY(add_name(name, "O", MBSTRING_UTF8, names->organization, MAX_COMMON_NAME, err));
    return add_name(name, "CN", MBSTRING_UTF8, names->common_name, MAX_COMMON_NAME, err);
}

/* RFC 7093 section 2 method 1: the first 160 bits of the key's SHA-256 */
static rig_result add_subject_key_id(X509 *certificate, struct rig_error *err)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    unsigned len = 0;
    RIG_AUTO(rig_auto_ASN1_OCTET_STRING) ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();

    if (id == NULL || X509_pubkey_digest(certificate, EVP_sha256(), digest, &len) != 1 ||
        ASN1_OCTET_STRING_set(id, digest, KEY_ID_BYTES) != 1) {
        return rig_pki_fail_library(err, "compute a key identifier");
    }
    return add_extension(certificate, NID_subject_key_identifier, id, 0, err);
}

static rig_result make_authority_key_id(const X509 *issuer, AUTHORITY_KEYID **out,
                                        struct rig_error *err)
{
    /* not X509_get0_subject_key_id: that settles what a root still under construction is */
    RIG_AUTO(rig_auto_ASN1_OCTET_STRING)
    ASN1_OCTET_STRING *id = X509_get_ext_d2i(issuer, NID_subject_key_identifier, NULL, NULL);
    RIG_AUTO(rig_auto_AUTHORITY_KEYID) AUTHORITY_KEYID *made = AUTHORITY_KEYID_new();

    if (id == NULL || made == NULL) {
        return rig_pki_fail_library(err, "take the issuer's key identifier");
    }
    made->keyid = id;
    id = NULL;
    *out = made;
    made = NULL;
    return RIG_DONE;
}

static rig_result add_authority_key_id(X509 *certificate, const X509 *issuer, struct rig_error *err)
{
    RIG_AUTO(rig_auto_AUTHORITY_KEYID) AUTHORITY_KEYID *id = NULL;

    RIG_TRY(make_authority_key_id(issuer, &id, err));
    return add_extension(certificate, NID_authority_key_identifier, id, 0, err);
}

/* `path_length` < 0: not a CA */
static rig_result add_basic_constraints(X509 *certificate, long path_length, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BASIC_CONSTRAINTS) BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();

    if (constraints == NULL) {
        return rig_fail_memory(err);
    }
    if (path_length >= 0) {
        constraints->ca = 0xFF;
        constraints->pathlen = ASN1_INTEGER_new();
        if (constraints->pathlen == NULL ||
            ASN1_INTEGER_set(constraints->pathlen, path_length) != 1) {
            return rig_fail_memory(err);
        }
    }
    return add_extension(certificate, NID_basic_constraints, constraints, 1, err);
}

/* bit numbers of RFC 5280 4.2.1.3 */
enum { BIT_DIGITAL_SIGNATURE = 0, BIT_KEY_ENCIPHERMENT = 2, BIT_CERT_SIGN = 5, BIT_CRL_SIGN = 6 };

static rig_result add_key_usage(X509 *certificate, int bit, int second_bit, struct rig_error *err)
{
    RIG_AUTO(rig_auto_ASN1_BIT_STRING) ASN1_BIT_STRING *usage = ASN1_BIT_STRING_new();

    if (usage == NULL || ASN1_BIT_STRING_set_bit(usage, bit, 1) != 1 ||
        ASN1_BIT_STRING_set_bit(usage, second_bit, 1) != 1) {
        return rig_fail_memory(err);
    }
    return add_extension(certificate, NID_key_usage, usage, 1, err);
}

static rig_result add_purpose(X509 *certificate, int purpose_nid, struct rig_error *err)
{
    RIG_AUTO(rig_auto_EXTENDED_KEY_USAGE) EXTENDED_KEY_USAGE *usage = EXTENDED_KEY_USAGE_new();

    if (usage == NULL || sk_ASN1_OBJECT_push(usage, OBJ_nid2obj(purpose_nid)) <= 0) {
        return rig_fail_memory(err);
    }
    return add_extension(certificate, NID_ext_key_usage, usage, 0, err);
}

/* RFC 6960 4.2.2.2.1: nobody is to ask the responder about itself */
static rig_result add_no_check(X509 *certificate, struct rig_error *err)
{
    ASN1_NULL *nothing = ASN1_NULL_new();
    const rig_result result =
        nothing != NULL ? add_extension(certificate, NID_id_pkix_OCSP_noCheck, nothing, 0, err)
                        : rig_fail_memory(err);

    ASN1_NULL_free(nothing);
    return result;
}

static bool is_dns_name(const char *name)
{
    const char *rest = strncmp(name, "*.", 2) == 0 ? name + 2 : name;
    size_t label = 0;

    if (strlen(name) > MAX_DNS_NAME) {
        return false;
    }
    for (; *rest != '\0'; rest++) {
        if (*rest == '.') {
            if (label == 0) {
                return false;
            }
            label = 0;
        } else if (!isascii(*rest) || !(isalnum((unsigned char)*rest) || *rest == '-') ||
                   ++label > 63) {
            return false;
        }
    }
    return label != 0;
}

static rig_result push_name(GENERAL_NAMES *names, int type, ASN1_STRING *value,
                            struct rig_error *err)
{
    GENERAL_NAME *name = GENERAL_NAME_new();

    if (name == NULL || value == NULL) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return rig_fail_memory(err);
    }
    GENERAL_NAME_set0_value(name, type, value);
    if (sk_GENERAL_NAME_push(names, name) <= 0) {
        GENERAL_NAME_free(name);
        return rig_fail_memory(err);
    }
    return RIG_DONE;
}

static rig_result push_dns_name(GENERAL_NAMES *names, const char *text, struct rig_error *err)
{
    ASN1_IA5STRING *value;

    if (!is_dns_name(text)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "'%.80s' is not a DNS name", text);
    }
    value = ASN1_IA5STRING_new();
    if (value != NULL && ASN1_STRING_set(value, text, -1) != 1) {
        ASN1_IA5STRING_free(value);
        value = NULL;
    }
    return push_name(names, GEN_DNS, value, err);
}

static rig_result push_ip_address(GENERAL_NAMES *names, const char *text, struct rig_error *err)
{
    ASN1_OCTET_STRING *value = a2i_IPADDRESS(text);

    if (value == NULL) {
        return rig_pki_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "'%.80s' is not an IP address",
                            text);
    }
    return push_name(names, GEN_IPADD, value, err);
}

static bool has_names(const struct rig_ca_request *request)
{
    return (request->dns_names != NULL && request->dns_names[0] != NULL) ||
           (request->ip_addresses != NULL && request->ip_addresses[0] != NULL);
}

static rig_result add_server_names(X509 *certificate, const struct rig_ca_request *request,
                                   struct rig_error *err)
{
    RIG_AUTO(rig_auto_GENERAL_NAMES) GENERAL_NAMES *names = GENERAL_NAMES_new();

    if (names == NULL) {
        return rig_fail_memory(err);
    }
    for (size_t i = 0; request->dns_names != NULL && request->dns_names[i] != NULL; i++) {
        RIG_TRY(push_dns_name(names, request->dns_names[i], err));
    }
    for (size_t i = 0; request->ip_addresses != NULL && request->ip_addresses[i] != NULL; i++) {
        RIG_TRY(push_ip_address(names, request->ip_addresses[i], err));
    }
    return add_extension(certificate, NID_subject_alt_name, names, 0, err);
}

static rig_result check_window(const X509 *issuer, struct rig_issue_validity validity,
                               struct rig_error *err)
{
    char wanted[RIG_TIME_TEXT_SIZE];
    char other[RIG_TIME_TEXT_SIZE];
    int64_t issuer_end_ms;

    rig_time_text(validity.not_after_ms, wanted);
    if (validity.not_after_ms <= validity.not_before_ms) {
        rig_time_text(validity.not_before_ms, other);
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the certificate would end (%s) before it begins (%s)", wanted, other);
    }
    if (issuer == NULL) {
        return RIG_DONE;
    }
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(issuer), &issuer_end_ms, err));
    if (validity.not_after_ms > issuer_end_ms) {
        rig_time_text(issuer_end_ms, other);
        return rig_fail(err, RIG_CLASS_CA, RIG_E_REFUSED,
                        "notAfter %s lies beyond the end of the issuing CA's own certificate, %s: "
                        "ask for a shorter validity, or make a new CA",
                        wanted, other);
    }
    return RIG_DONE;
}

/* everything that CA and leaf certificates have in common, but for the extensions */
static rig_result begin_certificate(struct rig_issuer issuer, const struct rig_issue_names *names,
                                    struct rig_issue_validity validity, X509 *made,
                                    struct rig_error *err)
{
    const X509 *parent = issuer.certificate != NULL ? issuer.certificate : made;

    RIG_TRY(check_window(issuer.certificate, validity, err));
    if (X509_set_version(made, X509_VERSION_3) != 1) {
        return rig_pki_fail_library(err, "set a certificate's version");
    }
    RIG_TRY(set_serial(made, err));
    RIG_TRY(set_subject(made, names, err));
    if (X509_set_issuer_name(made, X509_get_subject_name(parent)) != 1) {
        return rig_pki_fail_library(err, "set a certificate's issuer");
    }
    RIG_TRY(rig_pki_time_set(X509_getm_notBefore(made), validity.not_before_ms, err));
    return rig_pki_time_set(X509_getm_notAfter(made), validity.not_after_ms, err);
}

static rig_result sign_certificate(X509 *certificate, struct rig_issuer issuer,
                                   struct rig_error *err)
{
    if (X509_sign(certificate, issuer.key, rig_key_digest(issuer.key)) <= 0) {
        return rig_pki_fail_library(err, "sign a certificate");
    }
    return RIG_DONE;
}

rig_result rig_issue_ca(struct rig_issuer issuer, EVP_PKEY *key,
                        const struct rig_issue_names *names, struct rig_issue_validity validity,
                        size_t path_length, X509 **out, struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509) X509 *made = X509_new();
    const struct rig_issuer signer = {issuer.certificate,
                                      issuer.certificate != NULL ? issuer.key : key};

    rig_pki_begin();
    if (made == NULL) {
        return rig_fail_memory(err);
    }
    if (X509_set_pubkey(made, key) != 1) {
        return rig_pki_fail_library(err, "set a certificate's public key");
    }
    RIG_TRY(begin_certificate(issuer, names, validity, made, err));
    RIG_TRY(add_basic_constraints(made, (long)path_length, err));
    RIG_TRY(add_key_usage(made, BIT_CERT_SIGN, BIT_CRL_SIGN, err));
    RIG_TRY(add_subject_key_id(made, err));
    RIG_TRY(
        add_authority_key_id(made, issuer.certificate != NULL ? issuer.certificate : made, err));
    RIG_TRY(sign_certificate(made, signer, err));
    *out = made;
    made = NULL;
    return RIG_DONE;
}

static rig_result add_leaf_extensions(X509 *made, struct rig_issuer issuer,
                                      const struct rig_ca_request *request, struct rig_error *err)
{
    const bool server = request->profile == RIG_PROFILE_SERVER;
    const EVP_PKEY *key = X509_get0_pubkey(made);
    const bool enciphers = server && key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;

    if (server != has_names(request)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        server ? "a server's certificate needs a DNS name or an IP address"
                               : "a device's certificate takes no DNS names or IP addresses");
    }
    RIG_TRY(add_basic_constraints(made, -1, err));
    RIG_TRY(add_key_usage(made, BIT_DIGITAL_SIGNATURE,
                          enciphers ? BIT_KEY_ENCIPHERMENT : BIT_DIGITAL_SIGNATURE, err));
    RIG_TRY(add_purpose(made, server ? NID_server_auth : NID_client_auth, err));
    RIG_TRY(add_subject_key_id(made, err));
    RIG_TRY(add_authority_key_id(made, issuer.certificate, err));
    return server ? add_server_names(made, request, err) : RIG_DONE;
}

rig_result rig_issue_leaf(struct rig_issuer issuer, X509_PUBKEY *public_key,
                          const struct rig_ca_request *request, struct rig_issue_validity validity,
                          X509 **out, struct rig_error *err)
{
    const struct rig_issue_names names = {request->common_name, request->organization,
                                          request->country};
    RIG_AUTO(rig_auto_X509) X509 *made = X509_new();

    rig_pki_begin();
    if (made == NULL) {
        return rig_fail_memory(err);
    }
    if (X509_set_pubkey(made, X509_PUBKEY_get0(public_key)) != 1) {
        return rig_pki_fail_library(err, "set a certificate's public key");
    }
    RIG_TRY(begin_certificate(issuer, &names, validity, made, err));
    RIG_TRY(add_leaf_extensions(made, issuer, request, err));
    RIG_TRY(sign_certificate(made, issuer, err));
    *out = made;
    made = NULL;
    return RIG_DONE;
}

static void drop_extension(X509 *certificate, int nid)
{
    const int at = X509_get_ext_by_NID(certificate, nid, -1);

    if (at >= 0) {
        X509_EXTENSION_free(X509_delete_ext(certificate, at));
    }
}

rig_result rig_issue_again(struct rig_issuer issuer, const X509 *like, EVP_PKEY *key,
                           struct rig_issue_validity validity, X509 **out, struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509) X509 *made = NULL;

    rig_pki_begin();
    made = X509_dup(like);
    if (made == NULL || X509_set_pubkey(made, key) != 1) {
        return rig_pki_fail_library(err, "copy a certificate");
    }
    RIG_TRY(check_window(issuer.certificate, validity, err));
    RIG_TRY(set_serial(made, err));
    RIG_TRY(rig_pki_time_set(X509_getm_notBefore(made), validity.not_before_ms, err));
    RIG_TRY(rig_pki_time_set(X509_getm_notAfter(made), validity.not_after_ms, err));
    drop_extension(made, NID_subject_key_identifier);
    RIG_TRY(add_subject_key_id(made, err));
    RIG_TRY(sign_certificate(made, issuer, err));
    *out = made;
    made = NULL;
    return RIG_DONE;
}

rig_result rig_issue_signer(struct rig_issuer issuer, EVP_PKEY *key,
                            const struct rig_issue_names *names, struct rig_issue_validity validity,
                            int purpose_nid, X509 **out, struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509) X509 *made = X509_new();

    rig_pki_begin();
    if (made == NULL) {
        return rig_fail_memory(err);
    }
    if (X509_set_pubkey(made, key) != 1) {
        return rig_pki_fail_library(err, "set a certificate's public key");
    }
    RIG_TRY(begin_certificate(issuer, names, validity, made, err));
    RIG_TRY(add_basic_constraints(made, -1, err));
    RIG_TRY(add_key_usage(made, BIT_DIGITAL_SIGNATURE, BIT_DIGITAL_SIGNATURE, err));
    RIG_TRY(add_purpose(made, purpose_nid, err));
    if (purpose_nid == NID_OCSP_sign) {
        RIG_TRY(add_no_check(made, err));
    }
    RIG_TRY(add_subject_key_id(made, err));
    RIG_TRY(add_authority_key_id(made, issuer.certificate, err));
    RIG_TRY(sign_certificate(made, issuer, err));
    *out = made;
    made = NULL;
    return RIG_DONE;
}

static rig_result set_crl_times(X509_CRL *crl, const struct rig_issue_crl *facts,
                                struct rig_error *err)
{
    RIG_AUTO(rig_auto_ASN1_TIME) ASN1_TIME *this_update = ASN1_TIME_new();
    RIG_AUTO(rig_auto_ASN1_TIME) ASN1_TIME *next_update = ASN1_TIME_new();

    if (this_update == NULL || next_update == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(rig_pki_time_set(this_update, facts->this_update_ms, err));
    RIG_TRY(rig_pki_time_set(next_update, facts->next_update_ms, err));
    if (X509_CRL_set1_lastUpdate(crl, this_update) != 1 ||
        X509_CRL_set1_nextUpdate(crl, next_update) != 1) {
        return rig_pki_fail_library(err, "set a CRL's times");
    }
    return RIG_DONE;
}

rig_result rig_issue_crl_begin(struct rig_issuer issuer, const struct rig_issue_crl *facts,
                               X509_CRL **out, struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509_CRL) X509_CRL *crl = X509_CRL_new();
    RIG_AUTO(rig_auto_ASN1_INTEGER) ASN1_INTEGER *number = ASN1_INTEGER_new();
    RIG_AUTO(rig_auto_AUTHORITY_KEYID) AUTHORITY_KEYID *id = NULL;

    rig_pki_begin();
    if (crl == NULL || number == NULL || ASN1_INTEGER_set_int64(number, facts->number) != 1) {
        return rig_fail_memory(err);
    }
    RIG_TRY(make_authority_key_id(issuer.certificate, &id, err));
    RIG_TRY(set_crl_times(crl, facts, err));
    if (X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
        X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer.certificate)) != 1 ||
        X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, X509V3_ADD_DEFAULT) != 1 ||
        X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, id, 0, X509V3_ADD_DEFAULT) != 1) {
        return rig_pki_fail_library(err, "build a CRL");
    }
    *out = crl;
    crl = NULL;
    return RIG_DONE;
}

static rig_result set_revoked_serial(X509_REVOKED *entry, const char *serial, struct rig_error *err)
{
    BIGNUM *raw = NULL;
    const bool parsed = BN_hex2bn(&raw, serial) == (int)strlen(serial);
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *number = raw;
    RIG_AUTO(rig_auto_ASN1_INTEGER)
    ASN1_INTEGER *value = parsed ? BN_to_ASN1_INTEGER(number, NULL) : NULL;

    if (value == NULL || X509_REVOKED_set_serialNumber(entry, value) != 1) {
        return rig_pki_fail_library(err, "enter a serial number into a CRL");
    }
    return RIG_DONE;
}

rig_result rig_issue_crl_add(X509_CRL *crl, const char *serial, int64_t revoked_at_ms,
                             enum rig_revocation_reason reason, struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509_REVOKED) X509_REVOKED *entry = X509_REVOKED_new();
    RIG_AUTO(rig_auto_ASN1_TIME) ASN1_TIME *when = ASN1_TIME_new();
    RIG_AUTO(rig_auto_ASN1_ENUMERATED) ASN1_ENUMERATED *why = ASN1_ENUMERATED_new();

    if (entry == NULL || when == NULL || why == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(set_revoked_serial(entry, serial, err));
    RIG_TRY(rig_pki_time_set(when, revoked_at_ms, err));
    if (X509_REVOKED_set_revocationDate(entry, when) != 1 ||
        ASN1_ENUMERATED_set(why, (long)reason) != 1) {
        return rig_pki_fail_library(err, "enter a revocation into a CRL");
    }
    /* RFC 5280 5.3.1: absent rather than "unspecified" */
    if (reason != RIG_REVOKED_UNSPECIFIED &&
        X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, why, 0, X509V3_ADD_DEFAULT) != 1) {
        return rig_pki_fail_library(err, "enter a revocation's reason into a CRL");
    }
    if (X509_CRL_add0_revoked(crl, entry) != 1) {
        return rig_pki_fail_library(err, "enter a revocation into a CRL");
    }
    entry = NULL;
    return RIG_DONE;
}

rig_result rig_issue_crl_sign(struct rig_issuer issuer, X509_CRL *crl, struct rig_error *err)
{
    if (X509_CRL_sort(crl) != 1 ||
        X509_CRL_sign(crl, issuer.key, rig_key_digest(issuer.key)) <= 0) {
        return rig_pki_fail_library(err, "sign a CRL");
    }
    return RIG_DONE;
}
