/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/twin_edit.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define HOUR_MS (INT64_C(3600) * 1000)
#define EDIT_DAYS 32
#define SERIAL_BYTES 16

static rig_result sign(X509 *certificate, EVP_PKEY *key, const EVP_MD *md, struct rig_error *err)
{
    return X509_sign(certificate, key, md) > 0
               ? RIG_DONE
               : rig_pki_fail_library(err, "sign a twin's certificate");
}

static void drop_extension(X509 *certificate, int nid)
{
    const int at = X509_get_ext_by_NID(certificate, nid, -1);

    if (at >= 0) {
        X509_EXTENSION_free(X509_delete_ext(certificate, at));
    }
}

static bool set_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *const extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    bool ok;

    drop_extension(certificate, nid);
    ok = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static bool add_unknown(X509 *certificate)
{
    static const uint8_t null[] = {5, 0};
    ASN1_OBJECT *const oid = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
    ASN1_OCTET_STRING *const value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension = NULL;
    const bool ok = oid != NULL && value != NULL &&
                    ASN1_OCTET_STRING_set(value, null, sizeof null) == 1 &&
                    (extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value)) != NULL &&
                    X509_add_ext(certificate, extension, -1) == 1;

    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(oid);
    return ok;
}

static bool set_names(X509 *certificate, enum rig_ca_fault fault)
{
    X509_NAME *const name =
        X509_NAME_dup(fault == RIG_CA_FAULT_OTHER_NAME ? X509_get_subject_name(certificate)
                                                       : X509_get_issuer_name(certificate));
    const int at = name != NULL ? X509_NAME_get_index_by_NID(name, NID_commonName, -1) : -1;
    bool ok = at >= 0;

    if (ok) {
        X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, at));
        ok = X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                        (const unsigned char *)"somebody-else", -1, -1, 0) == 1 &&
             (fault == RIG_CA_FAULT_OTHER_NAME ? X509_set_subject_name(certificate, name)
                                               : X509_set_issuer_name(certificate, name)) == 1;
    }
    X509_NAME_free(name);
    return ok;
}

/* A server's name, and the device's own as one. */
static bool add_names(X509 *certificate)
{
    char cn[65] = "";
    char value[128];

    return X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, cn,
                                     sizeof cn) > 0 &&
           snprintf(value, sizeof value, "DNS:srv.rig.test,DNS:%s", cn) > 0 &&
           set_extension(certificate, NID_subject_alt_name, value);
}

static bool set_other_key(X509 *certificate)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = EVP_EC_gen("P-256");

    return key != NULL && X509_set_pubkey(certificate, key) == 1;
}

static rig_result set_times(X509 *certificate, enum rig_ca_fault fault, int64_t now_ms,
                            struct rig_error *err)
{
    int64_t end_ms = 0;

    switch (fault) {
    case RIG_CA_FAULT_SHORT_LIFE:
        return rig_pki_time_set(X509_getm_notAfter(certificate), now_ms + EDIT_DAYS * DAY_MS, err);
    case RIG_CA_FAULT_LONG_LIFE:
        RIG_TRY(rig_pki_time_get(X509_get0_notAfter(certificate), &end_ms, err));
        return rig_pki_time_set(X509_getm_notAfter(certificate), end_ms + EDIT_DAYS * DAY_MS, err);
    default:
        return rig_pki_time_set(X509_getm_notBefore(certificate), now_ms + HOUR_MS, err);
    }
}

static bool set_serial(X509 *certificate, enum rig_ca_fault fault)
{
    uint64_t number = UINT64_C(0x4711471147114711);
    bool ok = true;

    if (fault == RIG_CA_FAULT_SERIAL_SHORT) {
        ok = RAND_bytes((unsigned char *)&number, sizeof number) == 1;
        number = (number & UINT32_MAX) | UINT64_C(0x40000000);
        return ok && ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number) == 1;
    }
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *wide = BN_new();
    return wide != NULL && BN_set_word(wide, (BN_ULONG)number) == 1 &&
           BN_lshift(wide, wide, 48) == 1 &&
           BN_to_ASN1_INTEGER(wide, X509_get_serialNumber(certificate)) != NULL;
}

rig_result rig_ca_twin_edit(X509 *certificate, struct rig_issuer issuer, enum rig_ca_fault fault,
                            int64_t now_ms, struct rig_error *err)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *other = NULL;
    bool ok = true;

    switch (fault) {
    case RIG_CA_FAULT_WRONG_KEY:
        ok = set_other_key(certificate);
        break;
    case RIG_CA_FAULT_EKU_SERVER:
        ok = set_extension(certificate, NID_ext_key_usage, "serverAuth");
        break;
    case RIG_CA_FAULT_NO_EKU:
        drop_extension(certificate, NID_ext_key_usage);
        break;
    case RIG_CA_FAULT_CA_TRUE:
        ok = set_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
        break;
    case RIG_CA_FAULT_CERT_SIGN:
        ok = set_extension(certificate, NID_key_usage, "critical,digitalSignature,keyCertSign");
        break;
    case RIG_CA_FAULT_SHORT_LIFE:
    case RIG_CA_FAULT_LONG_LIFE:
    case RIG_CA_FAULT_NOT_YET_VALID:
        RIG_TRY(set_times(certificate, fault, now_ms, err));
        break;
    case RIG_CA_FAULT_SERIAL_REUSED:
    case RIG_CA_FAULT_SERIAL_SHORT:
        ok = set_serial(certificate, fault);
        break;
    case RIG_CA_FAULT_SAN_ADDED:
        ok = add_names(certificate);
        break;
    case RIG_CA_FAULT_OTHER_NAME:
    case RIG_CA_FAULT_OTHER_ISSUER:
        ok = set_names(certificate, fault);
        break;
    case RIG_CA_FAULT_UNKNOWN_EXTENSION:
        ok = add_unknown(certificate);
        break;
    case RIG_CA_FAULT_OTHER_SIGNER:
        other = EVP_EC_gen("P-256");
        ok = other != NULL;
        break;
    case RIG_CA_FAULT_SHA_1:
        return sign(certificate, issuer.key, EVP_sha1(), err);
    default:
        return RIG_DONE;
    }
    if (!ok) {
        return rig_pki_fail_library(err, "change a twin's certificate");
    }
    return sign(certificate, other != NULL ? other : issuer.key, EVP_sha256(), err);
}

/* ---- a CSR that nobody has judged ---- */

static bool random_serial(X509 *certificate)
{
    uint8_t bytes[SERIAL_BYTES];
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *number = NULL;

    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return false;
    }
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);
    number = BN_bin2bn(bytes, sizeof bytes, NULL);
    return number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
}

static int64_t end_of(const struct rig_ca_twin_terms *terms)
{
    const struct rig_ca_submission *const asked = terms->submission;
    struct tm utc = {0};

    if (!terms->copies) {
        return terms->now_ms + terms->device_ms;
    }
    if (asked->not_after != NULL &&
        strptime(asked->not_after, "%Y-%m-%dT%H:%M:%SZ", &utc) != NULL) {
        return (int64_t)timegm(&utc) * 1000;
    }
    /* a CA that decides nothing gives its own maximum where nothing is asked */
    return terms->now_ms + (asked->ttl_s != 0 ? asked->ttl_s * 1000 : 100 * 365 * DAY_MS);
}

static bool set_subject(const struct rig_ca_twin_terms *terms, X509_REQ *csr, X509 *certificate)
{
    RIG_AUTO(rig_auto_X509_NAME) X509_NAME *name = X509_NAME_new();
    const char *const device = terms->submission->device_id;

    if (terms->copies) {
        return X509_set_subject_name(certificate, X509_REQ_get_subject_name(csr)) == 1;
    }
    return name != NULL &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                      (const unsigned char *)(device != NULL ? device : ""), -1, -1,
                                      0) == 1 &&
           X509_set_subject_name(certificate, name) == 1;
}

static bool copy_extensions(X509_REQ *csr, X509 *certificate)
{
    STACK_OF(X509_EXTENSION) *const asked = X509_REQ_get_extensions(csr);
    bool ok = true;

    for (int i = 0; asked != NULL && ok && i < sk_X509_EXTENSION_num(asked); i++) {
        ok = X509_add_ext(certificate, sk_X509_EXTENSION_value(asked, i), -1) == 1;
    }
    sk_X509_EXTENSION_pop_free(asked, X509_EXTENSION_free);
    return ok;
}

/* What the CSR does not ask for, as in every device's certificate. */
static bool add_usual(X509 *certificate)
{
    static const struct {
        int nid;
        const char *value;
    } usual[] = {
        {NID_basic_constraints, "critical,CA:FALSE"},
        {NID_key_usage, "critical,digitalSignature"},
        {NID_ext_key_usage, "clientAuth"},
    };
    bool ok = true;

    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        if (X509_get_ext_by_NID(certificate, usual[i].nid, -1) < 0) {
            ok = ok && set_extension(certificate, usual[i].nid, usual[i].value);
        }
    }
    return ok;
}

rig_result rig_ca_twin_grant(const struct rig_ca_twin_terms *terms, X509_REQ *csr, X509 **out,
                             struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509) X509 *made = X509_new();

    rig_pki_begin();
    if (made == NULL || X509_set_version(made, 2) != 1 || !random_serial(made) ||
        !set_subject(terms, csr, made) ||
        X509_set_issuer_name(made, X509_get_subject_name(terms->issuer.certificate)) != 1 ||
        X509_set_pubkey(made, X509_REQ_get0_pubkey(csr)) != 1 ||
        (terms->copies && !copy_extensions(csr, made)) || !add_usual(made)) {
        return rig_pki_fail_library(err, "make a twin's certificate");
    }
    RIG_TRY(rig_pki_time_set(X509_getm_notBefore(made), terms->now_ms, err));
    RIG_TRY(rig_pki_time_set(X509_getm_notAfter(made), end_of(terms), err));
    RIG_TRY(sign(made, terms->issuer.key, EVP_sha256(), err));
    *out = made;
    made = NULL;
    return RIG_DONE;
}
