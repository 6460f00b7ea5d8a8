/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/pki/internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *behind_dot(const char *text)
{
    const char *dot = strchr(text, '.');

    return dot != NULL ? dot + 1 : "";
}

/* What stands for a placeholder; NULL when `at` begins with none. */
static const char *placeholder(const char *at, const char *name, char value[RIG_PKI_VALUE_SIZE],
                               size_t *n_taken)
{
    static const char *const words[] = {"{name}", "{NAME}", "{domain}", "{parent}", "{initial}"};
    size_t which = 0;

    while (which < sizeof words / sizeof *words &&
           strncmp(at, words[which], strlen(words[which])) != 0) {
        which++;
    }
    if (which == sizeof words / sizeof *words) {
        return NULL;
    }
    *n_taken = strlen(words[which]);
    (void)rig_copy_text(value, RIG_PKI_VALUE_SIZE, name);
    switch (which) {
    case 1:
        for (char *c = value; *c != '\0'; c++) {
            *c = (char)toupper((unsigned char)*c);
        }
        return value;
    case 2:
        return behind_dot(name);
    case 3:
        return behind_dot(behind_dot(name));
    case 4:
        value[1] = '\0';
        return value;
    default:
        return value;
    }
}

rig_result rig_pki_expand(const char *text, const char *name, char out[RIG_PKI_VALUE_SIZE],
                          struct rig_error *err)
{
    char value[RIG_PKI_VALUE_SIZE] = "";
    size_t used = 0;

    while (*text != '\0') {
        const char plain[] = {*text, '\0'};
        size_t n_taken = 1;
        const char *piece = placeholder(text, name, value, &n_taken);
        const char *add = piece != NULL ? piece : plain;

        if (used + strlen(add) >= RIG_PKI_VALUE_SIZE) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "with '%.80s' in its place a name gets longer than %d bytes", name,
                            RIG_PKI_VALUE_SIZE - 1);
        }
        memcpy(out + used, add, strlen(add));
        used += strlen(add);
        text += n_taken;
    }
    out[used] = '\0';
    return RIG_DONE;
}

/* UTF8String or PrintableString as it is: the limits of RFC 5280 are the verifier's to judge. */
static rig_result add_entry(X509_NAME *name, int nid, int type, const char *text,
                            struct rig_error *err)
{
    if (X509_NAME_add_entry_by_NID(name, nid, type, (const unsigned char *)text, (int)strlen(text),
                                   -1, 0) != 1) {
        return rig_pki_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "'%.80s' can't stand in a subject",
                            text);
    }
    return RIG_DONE;
}

static const char *common_name_text(const struct rig_pki_recipe *recipe)
{
    return recipe->common_name_choice == RIG_PKI_GIVEN ? recipe->common_name : "{name}";
}

rig_result rig_pki_subject_name(const struct rig_pki_world *world,
                                const struct rig_pki_recipe *recipe, const char *name,
                                X509_NAME *out, struct rig_error *err)
{
    const bool ca = recipe->kind == RIG_PKI_AUTHORITY;
    const char *organization = recipe->organization;
    char common_name[RIG_PKI_VALUE_SIZE];

    if (recipe->names_of[0] != '\0') {
        const struct rig_pki_recipe *other =
            rig_fixtures_find(world->fixtures, RIG_PKI_AUTHORITY, recipe->names_of);
        if (other == NULL || other->names_of[0] != '\0') {
            return rig_pki_fail_recipe(err, "authority with names of its own", recipe->names_of);
        }
        return rig_pki_subject_name(world, other, other->name, out, err);
    }
    if (ca && organization[0] == '\0') {
        organization = "rig fixtures";
    }
    RIG_TRY(rig_pki_expand(common_name_text(recipe), name, common_name, err));
    if (recipe->country[0] != '\0') {
        RIG_TRY(add_entry(out, NID_countryName, V_ASN1_PRINTABLESTRING, recipe->country, err));
    }
    if (organization[0] != '\0') {
        RIG_TRY(add_entry(out, NID_organizationName, V_ASN1_UTF8STRING, organization, err));
    }
    if (recipe->common_name_choice != RIG_PKI_NONE) {
        RIG_TRY(add_entry(out, NID_commonName, V_ASN1_UTF8STRING, common_name, err));
    }
    if (recipe->subject_serial_number[0] != '\0') {
        RIG_TRY(add_entry(out, NID_serialNumber, V_ASN1_PRINTABLESTRING,
                          recipe->subject_serial_number, err));
    }
    return RIG_DONE;
}

/* "192.0.2.1" into 4 or 16 bytes, with "/24" behind it into twice as many; 0: neither. */
static size_t address_bytes(const char *text, bool constraint, uint8_t bytes[32])
{
    const char *slash = strchr(text, '/');
    char address[INET6_ADDRSTRLEN] = "";
    char *end = NULL;
    const unsigned long prefix = slash != NULL ? strtoul(slash + 1, &end, 10) : 0;
    size_t n;

    if ((slash != NULL) != constraint || (constraint && (end == slash + 1 || *end != '\0')) ||
        snprintf(address, sizeof address, "%.*s",
                 (int)(constraint ? slash - text : (ptrdiff_t)strlen(text)),
                 text) >= (int)sizeof address) {
        return 0;
    }
    if (inet_pton(AF_INET, address, bytes) == 1) {
        n = 4;
    } else if (inet_pton(AF_INET6, address, bytes) == 1) {
        n = 16;
    } else {
        return 0;
    }
    if (!constraint) {
        return n;
    }
    for (size_t i = 0; i < n; i++) {
        const unsigned long bits = prefix > 8 * i ? prefix - 8 * i : 0;
        bytes[n + i] = bits >= 8 ? 0xFF : (uint8_t)(0xFF00U >> bits);
    }
    return prefix <= 8 * n ? 2 * n : 0;
}

rig_result rig_pki_general_name(const struct rig_pki_alt_name *alt_name, const char *name,
                                bool constraint, GENERAL_NAME **out, struct rig_error *err)
{
    static const int types[] = {GEN_DNS, GEN_IPADD, GEN_EMAIL, GEN_URI};
    char text[RIG_PKI_VALUE_SIZE];
    uint8_t address[32];
    const uint8_t *bytes = (const uint8_t *)text;
    size_t n_bytes;
    ASN1_STRING *value;

    RIG_TRY(rig_pki_expand(alt_name->value, name, text, err));
    n_bytes = strlen(text);
    if (alt_name->type == RIG_PKI_IP) {
        bytes = address;
        n_bytes = address_bytes(text, constraint, address);
        if (n_bytes == 0) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "'%.80s' is not an IP address%s",
                            text, constraint ? " with a prefix length, such as 10.0.0.0/8" : "");
        }
    }
    *out = GENERAL_NAME_new();
    value =
        ASN1_STRING_type_new(alt_name->type == RIG_PKI_IP ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
    if (*out == NULL || value == NULL || ASN1_STRING_set(value, bytes, (int)n_bytes) != 1) {
        GENERAL_NAME_free(*out);
        *out = NULL;
        ASN1_STRING_free(value);
        return rig_fail_memory(err);
    }
    GENERAL_NAME_set0_value(*out, types[alt_name->type], value);
    return RIG_DONE;
}
