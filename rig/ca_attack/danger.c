/* SPDX-License-Identifier: Apache-2.0 */
/* What of an attack is left in the certificate. */
#include "rig/ca/pki.h"
#include "rig/ca_attack/attack.h"

#include <openssl/err.h>

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define TOLERANCE_MS (INT64_C(10) * 60 * 1000)

/* TLS records of a device hold 16 KiB, and the chain must fit in as well */
enum { LARGE_BYTES = 8192 };

RIG_DEFINE_AUTO(EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free);

struct judging {
    const struct rig_attack *attack;
    const struct rig_attack_names *names;
    X509 *certificate;
    size_t n_bytes;
    int64_t device_ms;
    unsigned *dangers;
    struct rig_buf *what;
};

static rig_result found(struct judging *j, unsigned danger, const char *text, struct rig_error *err)
{
    *j->dangers |= danger;
    return rig_buf_printf(j->what, err, "%s%s", j->what->len != 0 ? "; " : "", text);
}

/* Names are compared as readers do that don't care for case; binary ones (an IP address) hold no
 * letters that would be mistaken. */
static bool holds(const uint8_t *bytes, size_t n_bytes, const uint8_t *part, size_t n_part)
{
    for (size_t i = 0; n_part != 0 && i + n_part <= n_bytes; i++) {
        size_t same = 0;

        while (same < n_part && tolower(bytes[i + same]) == tolower(part[same])) {
            same++;
        }
        if (same == n_part) {
            return true;
        }
    }
    return false;
}

static bool subject_holds(X509 *certificate, const struct rig_buf *marker)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);

    for (int i = 0; i < X509_NAME_entry_count(subject); i++) {
        const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i));

        if (holds(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value), marker->data,
                  marker->len)) {
            return true;
        }
    }
    return false;
}

static const ASN1_OCTET_STRING *alternative_names(const X509 *certificate)
{
    const int at = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1);

    return at >= 0 ? X509_EXTENSION_get_data(X509_get_ext(certificate, at)) : NULL;
}

static rig_result find_marker(struct judging *j, const char *text, struct rig_error *err)
{
    const ASN1_OCTET_STRING *names = alternative_names(j->certificate);
    RIG_AUTO(rig_buf_free) struct rig_buf marker = {0};
    char shown[RIG_PKI_TEXT_SIZE];
    char line[RIG_PKI_TEXT_SIZE + 80];

    RIG_TRY(rig_attack_fill(text, j->names, &marker, err));
    rig_pki_printable(marker.data, marker.len, shown, sizeof shown);
    if (subject_holds(j->certificate, &marker)) {
        (void)snprintf(line, sizeof line, "its subject holds '%s'", shown);
        RIG_TRY(found(j, RIG_DANGER_NAME, line, err));
    }
    if (names != NULL && holds(ASN1_STRING_get0_data(names), (size_t)ASN1_STRING_length(names),
                               marker.data, marker.len)) {
        (void)snprintf(line, sizeof line, "its subjectAltName holds '%s'", shown);
        RIG_TRY(found(j, RIG_DANGER_NAME, line, err));
    }
    return RIG_DONE;
}

static rig_result judge_names(struct judging *j, struct rig_error *err)
{
    for (size_t i = 0; i < 2 && j->attack->danger.markers[i] != NULL; i++) {
        RIG_TRY(find_marker(j, j->attack->danger.markers[i], err));
    }
    return RIG_DONE;
}

static rig_result judge_ca(struct judging *j, struct rig_error *err)
{
    const uint32_t flags = X509_get_extension_flags(j->certificate);
    const uint32_t usage = (flags & EXFLAG_KUSAGE) != 0 ? X509_get_key_usage(j->certificate) : 0;

    if ((flags & EXFLAG_CA) != 0) {
        RIG_TRY(found(j, RIG_DANGER_CA, "it says CA:TRUE", err));
    }
    if ((usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0) {
        RIG_TRY(found(j, RIG_DANGER_CA, "its keyUsage allows to sign certificates or CRLs", err));
    }
    return RIG_DONE;
}

static rig_result judge_purpose(struct judging *j, struct rig_error *err)
{
    RIG_AUTO(rig_auto_EXTENDED_KEY_USAGE)
    EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(j->certificate, NID_ext_key_usage, NULL, NULL);
    const int wanted = OBJ_sn2nid(j->attack->danger.purpose);
    char line[120];

    if (usage == NULL) {
        return found(j, RIG_DANGER_PURPOSE, "it has no extKeyUsage, so it is good for everything",
                     err);
    }
    for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
        const int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(usage, i));

        if (nid == wanted || nid == NID_anyExtendedKeyUsage) {
            (void)snprintf(line, sizeof line, "its extKeyUsage holds %s", OBJ_nid2sn(nid));
            return found(j, RIG_DANGER_PURPOSE, line, err);
        }
    }
    return RIG_DONE;
}

static rig_result judge_life(struct judging *j, struct rig_error *err)
{
    const unsigned what = j->attack->danger.what;
    char line[160];
    int64_t begin_ms;
    int64_t end_ms;
    int64_t over_ms;

    RIG_TRY(rig_pki_time_get(X509_get0_notBefore(j->certificate), &begin_ms, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(j->certificate), &end_ms, err));
    over_ms = end_ms - begin_ms - j->device_ms;
    (void)snprintf(line, sizeof line, "it lives %" PRId64 " days, not %" PRId64,
                   (end_ms - begin_ms) / DAY_MS, j->device_ms / DAY_MS);
    if ((what & RIG_DANGER_LONG_LIFE) != 0 && over_ms > TOLERANCE_MS) {
        RIG_TRY(found(j, RIG_DANGER_LONG_LIFE, line, err));
    }
    if ((what & RIG_DANGER_OTHER_LIFE) != 0 &&
        (over_ms > TOLERANCE_MS || over_ms < -TOLERANCE_MS)) {
        RIG_TRY(found(j, RIG_DANGER_OTHER_LIFE, line, err));
    }
    return RIG_DONE;
}

static rig_result judge_rest(struct judging *j, struct rig_error *err)
{
    const unsigned what = j->attack->danger.what;
    char line[80];

    if ((what & RIG_DANGER_SIGNED) != 0) {
        RIG_TRY(found(j, RIG_DANGER_SIGNED, "there is a certificate", err));
    }
    if ((what & RIG_DANGER_ANY_SAN) != 0 && alternative_names(j->certificate) != NULL) {
        RIG_TRY(found(j, RIG_DANGER_ANY_SAN, "it has a subjectAltName", err));
    }
    if ((what & RIG_DANGER_SIZE) != 0 && j->n_bytes > LARGE_BYTES) {
        (void)snprintf(line, sizeof line, "it has %zu bytes", j->n_bytes);
        RIG_TRY(found(j, RIG_DANGER_SIZE, line, err));
    }
    return RIG_DONE;
}

rig_result rig_attack_dangers(const struct rig_attack *attack, const struct rig_attack_names *names,
                              const struct rig_buf *certificate_der, int64_t device_days,
                              unsigned *dangers, struct rig_buf *what, struct rig_error *err)
{
    const unsigned looked_for = attack->danger.what;
    const uint8_t *at = certificate_der->data;
    RIG_AUTO(rig_auto_X509) X509 *certificate = NULL;
    struct judging j = {.attack = attack,
                        .names = names,
                        .n_bytes = certificate_der->len,
                        .device_ms = device_days * DAY_MS,
                        .dangers = dangers,
                        .what = what};

    *dangers = 0;
    rig_pki_begin();
    certificate = d2i_X509(NULL, &at, (long)certificate_der->len);
    if (certificate == NULL) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_INVALID,
                            "what the CA sent as a certificate (%zu bytes) is not one in DER",
                            certificate_der->len);
    }
    j.certificate = certificate;
    RIG_TRY(judge_names(&j, err));
    if ((looked_for & RIG_DANGER_CA) != 0) {
        RIG_TRY(judge_ca(&j, err));
    }
    if ((looked_for & RIG_DANGER_PURPOSE) != 0) {
        RIG_TRY(judge_purpose(&j, err));
    }
    if ((looked_for & (RIG_DANGER_LONG_LIFE | RIG_DANGER_OTHER_LIFE)) != 0) {
        RIG_TRY(judge_life(&j, err));
    }
    RIG_TRY(judge_rest(&j, err));
    ERR_clear_error();
    return RIG_DONE;
}
