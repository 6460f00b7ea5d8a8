/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/name_policy.h"

#include <stdio.h>
#include <string.h>

enum { MAX_VALUE_BYTES = 64 };

static rig_result check_known_fields(const X509_NAME *name, const struct rig_name_rules *rules,
                                     struct rig_error *err)
{
    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
        const int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
        char field[80] = "";

        if (nid != NID_commonName && nid != NID_organizationName && nid != NID_countryName) {
            (void)OBJ_obj2txt(field, sizeof field, X509_NAME_ENTRY_get_object(entry), 0);
            return rig_fail(err, rules->cls, RIG_E_POLICY,
                            "the %s's subject has a field '%s', expected only CN, O and C",
                            rules->what, field);
        }
    }
    return RIG_DONE;
}

static rig_result check_form(const ASN1_STRING *value, int nid, const struct rig_name_rules *rules,
                             struct rig_error *err)
{
    const uint8_t *bytes = ASN1_STRING_get0_data(value);
    const int len = ASN1_STRING_length(value);
    const int type = ASN1_STRING_type(value);
    char found[80];

    if (type != V_ASN1_PRINTABLESTRING && (type != V_ASN1_UTF8STRING || nid == NID_countryName)) {
        return rig_fail(
            err, rules->cls, RIG_E_POLICY, "%s in the %s's subject is a %s, expected a %s",
            OBJ_nid2sn(nid), rules->what, ASN1_tag2str(type),
            nid == NID_countryName ? "PrintableString" : "UTF8String or PrintableString");
    }
    if (len < 1 || len > MAX_VALUE_BYTES) {
        return rig_fail(err, rules->cls, RIG_E_POLICY,
                        "%s in the %s's subject has %d bytes, expected 1 to %d", OBJ_nid2sn(nid),
                        rules->what, len, MAX_VALUE_BYTES);
    }
    for (int i = 0; i < len; i++) {
        if (bytes[i] < 0x20 || bytes[i] > 0x7E) {
            rig_pki_printable(bytes, (size_t)len, found, sizeof found);
            return rig_fail(err, rules->cls, RIG_E_POLICY,
                            "%s in the %s's subject is '%s', expected printable ASCII only",
                            OBJ_nid2sn(nid), rules->what, found);
        }
    }
    return RIG_DONE;
}

static rig_result check_value(const ASN1_STRING *value, int nid, const char *expected,
                              const struct rig_name_rules *rules, struct rig_error *err)
{
    const size_t len = (size_t)ASN1_STRING_length(value);
    char found[80];

    if (len == strlen(expected) && memcmp(ASN1_STRING_get0_data(value), expected, len) == 0) {
        return RIG_DONE;
    }
    rig_pki_printable(ASN1_STRING_get0_data(value), len, found, sizeof found);
    return rig_fail(err, rules->cls, RIG_E_MISMATCH,
                    "%s in the %s's subject is '%s', expected '%.64s'", OBJ_nid2sn(nid),
                    rules->what, found, expected);
}

static rig_result check_field(const X509_NAME *name, int nid, const char *expected, bool any,
                              const struct rig_name_rules *rules, struct rig_error *err)
{
    const int first = X509_NAME_get_index_by_NID(name, nid, -1);
    const ASN1_STRING *value;

    if (first < 0) {
        return expected == NULL || any ? RIG_DONE
                                       : rig_fail(err, rules->cls, RIG_E_POLICY,
                                                  "the %s's subject has no %s, expected '%.64s'",
                                                  rules->what, OBJ_nid2sn(nid), expected);
    }
    if (X509_NAME_get_index_by_NID(name, nid, first) >= 0) {
        return rig_fail(err, rules->cls, RIG_E_POLICY,
                        "the %s's subject has more than one %s, expected one", rules->what,
                        OBJ_nid2sn(nid));
    }
    value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, first));
    RIG_TRY(check_form(value, nid, rules, err));
    if (any) {
        return RIG_DONE;
    }
    if (expected == NULL) {
        return rig_fail(err, rules->cls, RIG_E_POLICY,
                        "the %s's subject has a field '%s', expected none", rules->what,
                        OBJ_nid2sn(nid));
    }
    return check_value(value, nid, expected, rules, err);
}

rig_result rig_name_check(const X509_NAME *name, const struct rig_name_rules *rules,
                          struct rig_error *err)
{
    const bool any = rules->any_organization_country;

    RIG_TRY(check_known_fields(name, rules, err));
    RIG_TRY(check_field(name, NID_commonName, rules->common_name, false, rules, err));
    RIG_TRY(check_field(name, NID_organizationName, rules->organization,
                        any && rules->organization == NULL, rules, err));
    return check_field(name, NID_countryName, rules->country, any && rules->country == NULL, rules,
                       err);
}
