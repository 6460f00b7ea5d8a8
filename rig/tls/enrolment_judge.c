/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/pki.h"
#include "rig/tls/enrolment_list.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct judging {
    const struct rig_enrolment *enrolment;
    const STACK_OF(X509) * walked;
    struct rig_enrolment_decision *decision;
    struct rig_buf common_name; /* of the device's certificate */
    enum rig_enrolment_reason name_reason;
    const struct rig_enrolment_row *row; /* that decides */
};

static bool has_twin(const struct judging *judging, enum rig_enrolment_twin twin)
{
    return (judging->enrolment->settings.twins & (unsigned)twin) != 0;
}

static const struct rig_enrolment_ca *find_ca(const struct judging *judging,
                                              const uint8_t sha256[RIG_SHA256_SIZE])
{
    for (size_t i = 0; i < judging->enrolment->n_cas; i++) {
        const struct rig_enrolment_ca *ca = &judging->enrolment->cas[i];

        if ((ca->verified || has_twin(judging, RIG_TWIN_ANY_CA)) &&
            memcmp(ca->sha256, sha256, RIG_SHA256_SIZE) == 0) {
            return ca;
        }
    }
    return NULL;
}

static rig_result matches(const struct judging *judging, const struct rig_enrolment_row *row,
                          const X509 *certificate, const uint8_t sha256[RIG_SHA256_SIZE],
                          bool *match, struct rig_error *err)
{
    uint8_t spki[RIG_SHA256_SIZE];

    if (has_twin(judging, RIG_TWIN_MATCHES_SUBJECT)) {
        *match = X509_NAME_cmp(row->subject, X509_get_subject_name(certificate)) == 0;
        return RIG_DONE;
    }
    if (judging->enrolment->settings.match == RIG_ENROLMENT_BY_CERTIFICATE) {
        *match = memcmp(row->sha256, sha256, RIG_SHA256_SIZE) == 0;
        return RIG_DONE;
    }
    RIG_TRY(rig_pki_spki_sha256(X509_get_X509_PUBKEY(certificate), spki, err));
    *match = memcmp(row->spki_sha256, spki, RIG_SHA256_SIZE) == 0;
    return RIG_DONE;
}

/* The entry for one certificate of the path; NULL when it has none. */
static rig_result find_entry(const struct judging *judging, const X509 *certificate, unsigned depth,
                             const uint8_t sha256[RIG_SHA256_SIZE],
                             const struct rig_enrolment_row **found, struct rig_error *err)
{
    const enum rig_enrolment_kind kind =
        depth == 0 ? RIG_ENROLMENT_INDIVIDUAL : RIG_ENROLMENT_GROUP;

    *found = NULL;
    if (depth > 0 && has_twin(judging, RIG_TWIN_LEAF_ONLY)) {
        return RIG_DONE;
    }
    for (size_t i = 0; i < judging->enrolment->n_rows && *found == NULL; i++) {
        const struct rig_enrolment_row *row = &judging->enrolment->rows[i];
        bool match = false;

        if (row->kind == kind) {
            RIG_TRY(matches(judging, row, certificate, sha256, &match, err));
        }
        if (match) {
            *found = row;
        }
    }
    return RIG_DONE;
}

static rig_result visit(struct judging *judging, unsigned depth, struct rig_error *err)
{
    struct rig_enrolment_decision *decision = judging->decision;
    const X509 *certificate = sk_X509_value(judging->walked, (int)depth);
    struct rig_enrolment_visit ignored;
    struct rig_enrolment_visit *noted = decision->n_visits < RIG_ENROLMENT_MAX_WALK
                                            ? &decision->visits[decision->n_visits++]
                                            : &ignored;
    const struct rig_enrolment_ca *ca;

    memset(noted, 0, sizeof *noted);
    noted->depth = depth;
    rig_pki_name_text(X509_get_subject_name(certificate), noted->subject, sizeof noted->subject);
    RIG_TRY(rig_enrolment_hash(certificate, noted->sha256, err));
    ca = find_ca(judging, noted->sha256);
    if (ca != NULL) {
        (void)rig_copy_text(noted->verified_ca, sizeof noted->verified_ca, ca->name);
    }
    RIG_TRY(find_entry(judging, certificate, depth, noted->sha256, &judging->row, err));
    if (judging->row != NULL) {
        (void)rig_copy_text(noted->entry, sizeof noted->entry, judging->row->name);
        noted->entry_enabled = judging->row->enabled;
        (void)rig_copy_text(decision->entry, sizeof decision->entry, judging->row->name);
        decision->entry_kind = judging->row->kind;
        decision->entry_depth = depth;
    }
    return RIG_DONE;
}

static rig_result walk(struct judging *judging, struct rig_error *err)
{
    const unsigned n = (unsigned)sk_X509_num(judging->walked);

    for (unsigned i = 0; i < n && judging->row == NULL; i++) {
        const bool down = has_twin(judging, RIG_TWIN_ROOT_FIRST);

        RIG_TRY(visit(judging, down ? n - 1 - i : i, err));
    }
    return RIG_DONE;
}

/* An individual entry that was for this device before its certificate was issued anew: one of its
 * name goes before one of its key, a disabled one before an enabled one. */
static rig_result find_stale(struct judging *judging, const X509 *leaf, struct rig_error *err)
{
    struct rig_enrolment_decision *decision = judging->decision;
    uint8_t spki[RIG_SHA256_SIZE];
    unsigned best = 0;

    RIG_TRY(rig_pki_spki_sha256(X509_get_X509_PUBKEY(leaf), spki, err));
    for (size_t i = 0; i < judging->enrolment->n_rows; i++) {
        const struct rig_enrolment_row *row = &judging->enrolment->rows[i];
        const bool same_name =
            judging->common_name.len > 0 && row->common_name.len == judging->common_name.len &&
            memcmp(row->common_name.data, judging->common_name.data, row->common_name.len) == 0;
        const bool same_key = memcmp(row->spki_sha256, spki, RIG_SHA256_SIZE) == 0;
        const unsigned weight = (same_name ? 3 : same_key ? 1 : 0) + (row->enabled ? 0 : 1);

        if (row->kind != RIG_ENROLMENT_INDIVIDUAL || (!same_name && !same_key) || weight <= best) {
            continue;
        }
        best = weight;
        (void)rig_copy_text(decision->stale_entry, sizeof decision->stale_entry, row->name);
        decision->stale_entry_enabled = row->enabled;
        decision->stale_by_key = !same_name;
    }
    return RIG_DONE;
}

static bool names_agree(const struct judging *judging, const char *id)
{
    const struct rig_buf *name = &judging->common_name;
    const bool ignore_case =
        judging->enrolment->settings.ignore_case || has_twin(judging, RIG_TWIN_NAME_CASE);

    if (has_twin(judging, RIG_TWIN_ANY_NAME)) {
        return true;
    }
    if (name->len != strlen(id)) {
        return false;
    }
    return ignore_case ? strncasecmp(id, rig_buf_text(name), name->len) == 0
                       : memcmp(id, name->data, name->len) == 0;
}

static enum rig_enrolment_reason decide(const struct judging *judging, const char *id)
{
    const struct rig_enrolment_row *row = judging->row;

    if (row == NULL && !has_twin(judging, RIG_TWIN_DEFAULT_OPEN)) {
        return RIG_ENROLMENT_NO_ENTRY;
    }
    if (row != NULL && !row->enabled && !has_twin(judging, RIG_TWIN_IGNORES_DISABLED)) {
        return RIG_ENROLMENT_DISABLED;
    }
    if (judging->decision->stale_entry[0] != '\0' &&
        judging->enrolment->settings.reissue == RIG_ENROLMENT_REFUSE) {
        return RIG_ENROLMENT_REISSUED;
    }
    if (judging->name_reason != RIG_ENROLMENT_ACCEPTED && !has_twin(judging, RIG_TWIN_ANY_NAME)) {
        return judging->name_reason;
    }
    return names_agree(judging, id) ? RIG_ENROLMENT_ACCEPTED : RIG_ENROLMENT_OTHER_NAME;
}

static enum rig_enrolment_reason authenticate(const struct judging *judging,
                                              const STACK_OF(X509) * path, struct rig_error *err)
{
    bool verified = false;

    for (int i = 0; i < sk_X509_num(path); i++) {
        const X509 *certificate = sk_X509_value(path, i);
        uint8_t sha256[RIG_SHA256_SIZE];

        if (!rig_enrolment_hash(certificate, sha256, err).ok) {
            return RIG_ENROLMENT_REASONS;
        }
        verified = verified || find_ca(judging, sha256) != NULL;
        if ((rig_enrolment_algorithm_of(certificate) & judging->enrolment->settings.algorithms) ==
            0) {
            return RIG_ENROLMENT_BAD_ALGORITHM;
        }
    }
    return verified ? RIG_ENROLMENT_ACCEPTED : RIG_ENROLMENT_UNVERIFIED_CA;
}

static void explain_entry(const struct rig_enrolment_decision *decision, char *out, size_t out_size)
{
    if (decision->entry[0] == '\0') {
        (void)snprintf(out, out_size, "no entry for any certificate of its path");
        return;
    }
    (void)snprintf(out, out_size, "%s entry \"%s\" at depth %u decides",
                   decision->entry_kind == RIG_ENROLMENT_GROUP ? "group" : "individual",
                   decision->entry, decision->entry_depth);
}

static void explain(const struct judging *judging)
{
    static const char *const why[RIG_ENROLMENT_REASONS] = {
        [RIG_ENROLMENT_ACCEPTED] = "enabled",
        [RIG_ENROLMENT_BAD_REQUEST] =
            "it sent no registration (\"register id=ID nonce=NONCE\" is one)",
        [RIG_ENROLMENT_NO_CERTIFICATE] = "there is no verified path from its certificate to a root",
        [RIG_ENROLMENT_UNVERIFIED_CA] =
            "no CA of its path was verified by a proof of possession; verify the CA first",
        [RIG_ENROLMENT_BAD_ALGORITHM] =
            "a certificate of its path has a key of an algorithm that is not allowed",
        [RIG_ENROLMENT_NO_ENTRY] = "add an individual entry or a group for it",
        [RIG_ENROLMENT_DISABLED] = "the entry is disabled",
        [RIG_ENROLMENT_REISSUED] =
            "its individual entry is for another certificate; enter the new one there",
        [RIG_ENROLMENT_NO_NAME] = "its certificate has no common name",
        [RIG_ENROLMENT_NAME_TOO_LONG] =
            "the common name of its certificate has more than 64 characters",
        [RIG_ENROLMENT_TWO_NAMES] = "its certificate has more than one common name",
        [RIG_ENROLMENT_OTHER_NAME] = "the common name of its certificate is another",
    };
    struct rig_enrolment_decision *decision = judging->decision;
    const bool walked = decision->n_visits > 0;
    char entry[128] = "";

    if (walked) {
        explain_entry(decision, entry, sizeof entry);
    }
    (void)snprintf(decision->text, sizeof decision->text, "\"%s\" %s: %s%s%s",
                   decision->registration_id,
                   decision->reason == RIG_ENROLMENT_ACCEPTED ? "may register" : "is refused",
                   entry, walked ? ", " : "", why[decision->reason]);
    if (decision->stale_entry[0] != '\0') {
        const size_t used = strlen(decision->text);

        (void)snprintf(decision->text + used, sizeof decision->text - used,
                       " (finding: individual entry \"%s\", %s, is for %s)", decision->stale_entry,
                       decision->stale_entry_enabled ? "enabled" : "disabled",
                       decision->stale_by_key ? "another name of this key"
                                              : "an earlier certificate");
    }
}

static rig_result judge_path(struct judging *judging, const STACK_OF(X509) * path,
                             const STACK_OF(X509) * presented, const char *id,
                             struct rig_error *err)
{
    struct rig_enrolment_decision *decision = judging->decision;
    const X509 *leaf = sk_X509_value(path, 0);

    decision->reason = authenticate(judging, path, err);
    if (decision->reason == RIG_ENROLMENT_REASONS) {
        return (rig_result){.ok = false};
    }
    if (decision->reason != RIG_ENROLMENT_ACCEPTED) {
        return RIG_DONE;
    }
    judging->walked = has_twin(judging, RIG_TWIN_WALKS_PRESENTED) && sk_X509_num(presented) > 0
                          ? presented
                          : path;
    RIG_TRY(rig_enrolment_common_name(leaf, &judging->common_name, &judging->name_reason, err));
    RIG_TRY(walk(judging, err));
    if (judging->row == NULL && judging->walked != path) { /* the twin: nobody sends the root */
        judging->walked = path;
        RIG_TRY(walk(judging, err));
    }
    if (judging->row == NULL || judging->row->kind == RIG_ENROLMENT_GROUP) {
        RIG_TRY(find_stale(judging, leaf, err));
    }
    decision->reason = decide(judging, id);
    if (decision->reason == RIG_ENROLMENT_ACCEPTED) {
        (void)rig_copy_text(decision->device_id, sizeof decision->device_id,
                            judging->row != NULL && judging->row->device_id[0] != '\0'
                                ? judging->row->device_id
                                : rig_buf_text(&judging->common_name));
    }
    return RIG_DONE;
}

rig_result rig_enrolment_judge(const struct rig_enrolment *enrolment, const STACK_OF(X509) * path,
                               const STACK_OF(X509) * presented, const char *line, size_t n_line,
                               struct rig_enrolment_decision *decision, struct rig_error *err)
{
    char id[RIG_ENROLMENT_MAX_ID + 1];
    struct judging judging = {.enrolment = enrolment, .decision = decision};
    const bool asked = rig_enrolment_read_request(line, n_line, id);
    rig_result result = RIG_DONE;

    rig_pki_begin();
    memset(decision, 0, sizeof *decision);
    rig_pki_printable((const uint8_t *)id, strlen(id), decision->registration_id,
                      sizeof decision->registration_id);
    if (!asked) {
        decision->reason = RIG_ENROLMENT_BAD_REQUEST;
    } else if (sk_X509_num(path) <= 0) {
        decision->reason = RIG_ENROLMENT_NO_CERTIFICATE;
    } else {
        result = judge_path(&judging, path, presented, id, err);
    }
    rig_buf_free(&judging.common_name);
    if (result.ok) {
        explain(&judging);
    }
    return result;
}
