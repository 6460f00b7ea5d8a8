/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/pki.h"
#include "rig/tls/enrolment_list.h"

#include <openssl/ec.h>
#include <openssl/objects.h>

#include <string.h>

rig_result rig_enrolment_new(const struct rig_enrolment_settings *settings,
                             struct rig_enrolment **enrolment, struct rig_error *err)
{
    struct rig_enrolment *made = calloc(1, sizeof *made);

    if (made == NULL) {
        return rig_fail_memory(err);
    }
    made->settings = *settings;
    if (made->settings.algorithms == 0) {
        made->settings.algorithms = RIG_ENROLMENT_ALL;
    }
    *enrolment = made;
    return RIG_DONE;
}

void rig_enrolment_free(struct rig_enrolment *enrolment)
{
    if (enrolment == NULL) {
        return;
    }
    for (size_t i = 0; i < enrolment->n_cas; i++) {
        X509_free(enrolment->cas[i].certificate);
    }
    for (size_t i = 0; i < enrolment->n_rows; i++) {
        X509_NAME_free(enrolment->rows[i].subject);
        rig_buf_free(&enrolment->rows[i].common_name);
    }
    free(enrolment);
}

unsigned rig_enrolment_algorithm_of(const X509 *certificate)
{
    static const struct {
        const char *group;
        unsigned bit;
    } groups[] = {{SN_X9_62_prime256v1, RIG_ENROLMENT_P256},
                  {SN_secp384r1, RIG_ENROLMENT_P384},
                  {SN_secp521r1, RIG_ENROLMENT_P521}};
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    char group[64];

    if (key == NULL) {
        rig_pki_begin();
        return 0;
    }
    if (EVP_PKEY_is_a(key, "RSA")) {
        return RIG_ENROLMENT_RSA;
    }
    if (!EVP_PKEY_is_a(key, "EC") || EVP_PKEY_get_group_name(key, group, sizeof group, NULL) != 1) {
        rig_pki_begin();
        return 0;
    }
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (strcmp(groups[i].group, group) == 0) {
            return groups[i].bit;
        }
    }
    return 0;
}

static size_t n_characters(const uint8_t *utf8, size_t n_bytes)
{
    size_t n = 0;

    for (size_t i = 0; i < n_bytes; i++) {
        n += (utf8[i] & 0xC0) != 0x80;
    }
    return n;
}

rig_result rig_enrolment_common_name(const X509 *certificate, struct rig_buf *name,
                                     enum rig_enrolment_reason *reason, struct rig_error *err)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    const ASN1_STRING *value =
        at >= 0 ? X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)) : NULL;
    uint8_t *utf8 = NULL;
    int len;
    rig_result result;

    rig_buf_reset(name);
    *reason = RIG_ENROLMENT_NO_NAME;
    if (value == NULL) {
        return RIG_DONE;
    }
    if (X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) {
        *reason = RIG_ENROLMENT_TWO_NAMES;
        return RIG_DONE;
    }
    len = ASN1_STRING_to_UTF8(&utf8, value);
    if (len <= 0) { /* empty, or no text at all */
        rig_pki_begin();
        OPENSSL_free(utf8);
        return RIG_DONE;
    }
    *reason = n_characters(utf8, (size_t)len) > RIG_ENROLMENT_MAX_NAME ? RIG_ENROLMENT_NAME_TOO_LONG
                                                                       : RIG_ENROLMENT_ACCEPTED;
    result = rig_buf_append(name, utf8, (size_t)len, err);
    OPENSSL_free(utf8);
    return result;
}

rig_result rig_enrolment_hash(const X509 *certificate, uint8_t sha256[RIG_SHA256_SIZE],
                              struct rig_error *err)
{
    if (X509_digest(certificate, EVP_sha256(), sha256, NULL) != 1) {
        return rig_pki_fail_library(err, "compute the SHA-256 of a certificate");
    }
    return RIG_DONE;
}

static bool is_name(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    const size_t len = strlen(name);

    return len > 0 && len < RIG_ENROLMENT_NAME_SIZE && strspn(name, allowed) == len;
}

static rig_result check_name(const char *what, const char *name, struct rig_error *err)
{
    if (!is_name(name)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "%s \"%s\": a name has 1 to %d letters, digits, '-' and '_'", what, name,
                        RIG_ENROLMENT_NAME_SIZE - 1);
    }
    return RIG_DONE;
}

rig_result rig_enrolment_add_ca(struct rig_enrolment *enrolment, const char *name,
                                const X509 *certificate, bool verified, struct rig_error *err)
{
    struct rig_enrolment_ca *ca = &enrolment->cas[enrolment->n_cas];

    rig_pki_begin();
    RIG_TRY(check_name("CA", name, err));
    if (enrolment->n_cas == RIG_ENROLMENT_MAX_CAS) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "more than %d CAs",
                        RIG_ENROLMENT_MAX_CAS);
    }
    if (X509_check_ca((X509 *)certificate) != 1) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "CA \"%s\": its certificate is no CA's (no CA:TRUE)", name);
    }
    RIG_TRY(rig_enrolment_hash(certificate, ca->sha256, err));
    for (size_t i = 0; i < enrolment->n_cas; i++) {
        const struct rig_enrolment_ca *other = &enrolment->cas[i];

        if (strcmp(other->name, name) == 0 ||
            memcmp(other->sha256, ca->sha256, RIG_SHA256_SIZE) == 0) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_DUPLICATE,
                            "CA \"%s\": \"%s\" has the same %s; list it once", name, other->name,
                            strcmp(other->name, name) == 0 ? "name" : "certificate");
        }
    }
    if ((ca->certificate = X509_dup(certificate)) == NULL) {
        return rig_fail_memory(err);
    }
    (void)rig_copy_text(ca->name, sizeof ca->name, name);
    ca->verified = verified;
    enrolment->n_cas++;
    return RIG_DONE;
}

static rig_result check_entry(const struct rig_enrolment *enrolment,
                              const struct rig_enrolment_entry *entry, struct rig_error *err)
{
    const bool is_ca = X509_check_ca((X509 *)entry->certificate) == 1;

    RIG_TRY(check_name("entry", entry->name, err));
    if (entry->kind == RIG_ENROLMENT_GROUP && !is_ca) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "entry \"%s\": a group is for the certificate of a CA, and this one is a "
                        "device's; make it an individual entry",
                        entry->name);
    }
    if (entry->kind == RIG_ENROLMENT_INDIVIDUAL && is_ca) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "entry \"%s\": an individual entry is for the certificate of a device, and "
                        "this one is a CA's; make it a group",
                        entry->name);
    }
    if ((rig_enrolment_algorithm_of(entry->certificate) & enrolment->settings.algorithms) == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "entry \"%s\": the key of its certificate is of an algorithm that is not "
                        "allowed; RSA, P-256, P-384 and P-521 are the ones there are",
                        entry->name);
    }
    if (entry->device_id != NULL &&
        (entry->kind != RIG_ENROLMENT_INDIVIDUAL || entry->device_id[0] == '\0' ||
         strlen(entry->device_id) > RIG_ENROLMENT_MAX_ID)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "entry \"%s\": device_id is for individual entries, of 1 to %d bytes",
                        entry->name, RIG_ENROLMENT_MAX_ID);
    }
    return RIG_DONE;
}

static rig_result check_unique(const struct rig_enrolment *enrolment,
                               const struct rig_enrolment_row *row, struct rig_error *err)
{
    for (size_t i = 0; i < enrolment->n_rows; i++) {
        const struct rig_enrolment_row *other = &enrolment->rows[i];
        const bool same_key = enrolment->settings.match == RIG_ENROLMENT_BY_PUBLIC_KEY &&
                              memcmp(other->spki_sha256, row->spki_sha256, RIG_SHA256_SIZE) == 0;

        if (strcmp(other->name, row->name) == 0) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_DUPLICATE,
                            "two entries are called \"%s\"; give one another name", row->name);
        }
        if (memcmp(other->sha256, row->sha256, RIG_SHA256_SIZE) == 0 || same_key) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_DUPLICATE,
                            "entries \"%s\" and \"%s\" are for the same %s; each belongs to one "
                            "entry at most (remove one)",
                            other->name, row->name, same_key ? "public key" : "certificate");
        }
    }
    return RIG_DONE;
}

static rig_result fill_row(struct rig_enrolment_row *row, const struct rig_enrolment_entry *entry,
                           struct rig_error *err)
{
    enum rig_enrolment_reason reason = RIG_ENROLMENT_ACCEPTED;

    RIG_TRY(rig_enrolment_hash(entry->certificate, row->sha256, err));
    RIG_TRY(rig_pki_spki_sha256(X509_get_X509_PUBKEY(entry->certificate), row->spki_sha256, err));
    RIG_TRY(rig_enrolment_common_name(entry->certificate, &row->common_name, &reason, err));
    if (entry->kind == RIG_ENROLMENT_INDIVIDUAL && reason != RIG_ENROLMENT_ACCEPTED) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "entry \"%s\": the registration id is the common name of its certificate, "
                        "and that can't be one (%s)",
                        entry->name, rig_enrolment_reason_name(reason));
    }
    if ((row->subject = X509_NAME_dup(X509_get_subject_name(entry->certificate))) == NULL) {
        return rig_fail_memory(err);
    }
    (void)rig_copy_text(row->name, sizeof row->name, entry->name);
    if (entry->device_id != NULL) {
        (void)rig_copy_text(row->device_id, sizeof row->device_id, entry->device_id);
    }
    row->kind = entry->kind;
    row->enabled = entry->enabled;
    return RIG_DONE;
}

rig_result rig_enrolment_add(struct rig_enrolment *enrolment,
                             const struct rig_enrolment_entry *entry, struct rig_error *err)
{
    struct rig_enrolment_row *row = &enrolment->rows[enrolment->n_rows];
    rig_result result;

    rig_pki_begin();
    if (enrolment->n_rows == RIG_ENROLMENT_MAX_ENTRIES) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "more than %d entries",
                        RIG_ENROLMENT_MAX_ENTRIES);
    }
    RIG_TRY(check_entry(enrolment, entry, err));
    result = fill_row(row, entry, err);
    if (result.ok) {
        result = check_unique(enrolment, row, err);
    }
    if (!result.ok) {
        X509_NAME_free(row->subject);
        rig_buf_free(&row->common_name);
        memset(row, 0, sizeof *row);
        return result;
    }
    enrolment->n_rows++;
    return RIG_DONE;
}

rig_result rig_enrolment_anchors(const struct rig_enrolment *enrolment, struct rig_buf *pem,
                                 struct rig_error *err)
{
    const bool any = (enrolment->settings.twins & RIG_TWIN_ANY_CA) != 0;

    for (size_t i = 0; i < enrolment->n_cas; i++) {
        if (enrolment->cas[i].verified || any) {
            RIG_TRY(rig_pki_certificate_pem(enrolment->cas[i].certificate, pem, err));
        }
    }
    return RIG_DONE;
}
