/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/local.h"

#include "rig/base/file.h"
#include "rig/ca/chain_update.h"
#include "rig/ca/crl.h"
#include "rig/ca/gate.h"
#include "rig/ca/hierarchy.h"
#include "rig/ca/issue.h"
#include "rig/ca/key.h"
#include "rig/ca/local_submit.h"
#include "rig/ca/store.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MS_PER_HOUR (INT64_C(3600) * 1000)
#define MS_PER_DAY (24 * MS_PER_HOUR)
#define SKEW_MS (INT64_C(30) * 1000)
#define OPEN_TIMEOUT_MS 10000

struct local_ca {
    struct rig_ca ca;
    char *folder;
    const struct rig_clock *clock;
    struct rig_ca_hierarchy hierarchy;
    struct rig_ca_store *store;
    int64_t device_ms;
    int64_t crl_ms;
    struct rig_gate gate; /* in front of store and keys */
};

static struct local_ca *local_of(struct rig_ca *ca)
{
    return (struct local_ca *)ca;
}

static rig_result enter(struct local_ca *local, struct rig_wait wait, struct local_ca **entered,
                        struct rig_error *err)
{
    RIG_TRY(rig_gate_enter(&local->gate, wait, local->folder, err));
    *entered = local;
    return RIG_DONE;
}

/* also ends a transaction that was not committed */
static void leave(struct local_ca **slot)
{
    if (*slot != NULL) {
        rig_ca_store_rollback((*slot)->store);
        rig_gate_leave(&(*slot)->gate);
    }
}

static struct rig_issuer issuer_at(const struct local_ca *local, size_t level)
{
    return (struct rig_issuer){local->hierarchy.levels[level].certificate,
                               local->hierarchy.levels[level].key};
}

/* Sign ---------------------------------------------------------------------------------------- */

static rig_result read_csr(const struct rig_ca_request *request, X509_REQ **out,
                           struct rig_error *err)
{
    const uint8_t *at = request->csr_der;
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = NULL;
    EVP_PKEY *key;
    char found[80];

    rig_pki_begin();
    csr = request->csr_len < 65536 ? d2i_X509_REQ(NULL, &at, (long)request->csr_len) : NULL;
    key = csr != NULL ? X509_REQ_get0_pubkey(csr) : NULL;
    if (key == NULL) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_REFUSED, "the CSR can't be decoded");
    }
    if (rig_key_type_of_key(key) == RIG_KEY_NONE) {
        rig_key_describe(key, found, sizeof found);
        return rig_fail(err, RIG_CLASS_CA, RIG_E_REFUSED,
                        "this CA signs no key such as the CSR's, %s", found);
    }
    if (X509_REQ_verify(csr, key) != 1) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_BAD_SIGNATURE,
                            "the CSR is not signed by its own key");
    }
    *out = csr;
    csr = NULL;
    return RIG_DONE;
}

static struct rig_issue_validity validity_of(const struct local_ca *local,
                                             const struct rig_ca_request *request)
{
    const int64_t now_ms = rig_clock_now_ms(local->clock);
    struct rig_issue_validity validity = {request->not_before_ms, request->not_after_ms};

    if (validity.not_after_ms == 0) {
        validity.not_after_ms = now_ms + local->device_ms;
    }
    if (validity.not_before_ms == 0) {
        validity.not_before_ms = now_ms - SKEW_MS;
        if (validity.not_after_ms <= validity.not_before_ms) {
            validity.not_before_ms = validity.not_after_ms - MS_PER_DAY;
        }
    }
    return validity;
}

static rig_result describe_certificate(const struct local_ca *local, const X509 *made,
                                       struct rig_ca_certificate *out, struct rig_error *err)
{
    RIG_TRY(rig_pki_certificate_der(made, &out->der, err));
    RIG_TRY(rig_pki_certificate_pem(made, &out->leaf_pem, err));
    RIG_TRY(rig_buf_append(&out->chain_pem, out->leaf_pem.data, out->leaf_pem.len, err));
    RIG_TRY(rig_buf_append_text(&out->chain_pem, rig_buf_text(&local->ca.chain_pem), err));
    RIG_TRY(rig_pki_sha256(out->der.data, out->der.len, out->sha256, err));
    RIG_TRY(rig_pki_spki_sha256(X509_get_X509_PUBKEY(made), out->spki_sha256, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notBefore(made), &out->not_before_ms, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(made), &out->not_after_ms, err));
    rig_pki_serial_text(X509_get0_serialNumber(made), out->serial, sizeof out->serial);
    rig_pki_name_text(X509_get_issuer_name(made), out->issuer, sizeof out->issuer);
    return RIG_DONE;
}

static rig_result record(struct local_ca *local, const struct rig_ca_request *request,
                         const X509 *made, const struct rig_ca_certificate *certificate,
                         struct rig_error *err)
{
    uint8_t csr_sha256[RIG_SHA256_SIZE];
    char subject[RIG_PKI_TEXT_SIZE];
    const struct rig_ca_store_row row = {.issuer_level = local->hierarchy.n_levels - 1,
                                         .serial = certificate->serial,
                                         .subject = subject,
                                         .spki_sha256 = certificate->spki_sha256,
                                         .csr_sha256 = csr_sha256,
                                         .der = &certificate->der,
                                         .not_before_ms = certificate->not_before_ms,
                                         .not_after_ms = certificate->not_after_ms,
                                         .issued_at_ms = rig_clock_now_ms(local->clock)};

    rig_pki_name_text(X509_get_subject_name(made), subject, sizeof subject);
    RIG_TRY(rig_pki_sha256(request->csr_der, request->csr_len, csr_sha256, err));
    return rig_ca_store_add(local->store, &row, err);
}

static rig_result local_sign(struct rig_ca *ca, const struct rig_ca_request *request,
                             struct rig_ca_certificate *certificate, struct rig_wait wait,
                             struct rig_error *err)
{
    struct local_ca *local = local_of(ca);
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = NULL;
    RIG_AUTO(rig_auto_X509) X509 *made = NULL;
    RIG_AUTO(leave) struct local_ca *entered = NULL;
    bool ca_revoked = false;

    RIG_TRY(read_csr(request, &csr, err));
    RIG_TRY(enter(local, wait, &entered, err));
    RIG_TRY(rig_issue_leaf(issuer_at(local, local->hierarchy.n_levels - 1),
                           X509_REQ_get_X509_PUBKEY(csr), request, validity_of(local, request),
                           &made, err));
    RIG_TRY(describe_certificate(local, made, certificate, err));
    RIG_TRY(rig_ca_store_begin(local->store, wait, err));
    RIG_TRY(rig_ca_store_ca_revoked(local->store, &ca_revoked, err));
    if (ca_revoked) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_REFUSED,
                        "a certificate of the CA in '%s' itself is revoked: make a new CA",
                        local->folder);
    }
    RIG_TRY(record(local, request, made, certificate, err));
    return rig_ca_store_commit(local->store, err);
}

/* CAs kept elsewhere -------------------------------------------------------------------------- */

static rig_result read_subordinate(const struct rig_ca_subordinate *request, X509_REQ **out,
                                   char *common_name, int size, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = BIO_new_mem_buf(request->csr_pem, -1);
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = NULL;

    rig_pki_begin();
    csr = bio != NULL ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;
    if (csr == NULL || X509_REQ_get0_pubkey(csr) == NULL) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_REFUSED, "%s can't be decoded", request->what);
    }
    if (X509_REQ_verify(csr, X509_REQ_get0_pubkey(csr)) != 1) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_BAD_SIGNATURE,
                            "%s is not signed by its own key", request->what);
    }
    if (X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(csr), NID_commonName, common_name,
                                  size) <= 0) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_REFUSED, "%s names no CA (no common name)",
                            request->what);
    }
    *out = csr;
    csr = NULL;
    return RIG_DONE;
}

static rig_result record_subordinate(struct local_ca *local, const X509 *made,
                                     struct rig_issue_validity validity, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    char serial[RIG_SERIAL_TEXT_SIZE];
    char subject[RIG_PKI_TEXT_SIZE];
    const struct rig_ca_store_row row = {.issuer_level = local->hierarchy.n_levels - 1,
                                         .is_ca = true,
                                         .serial = serial,
                                         .subject = subject,
                                         .spki_sha256 = spki_sha256,
                                         .der = &der,
                                         .not_before_ms = validity.not_before_ms,
                                         .not_after_ms = validity.not_after_ms,
                                         .issued_at_ms = rig_clock_now_ms(local->clock)};

    rig_pki_serial_text(X509_get0_serialNumber(made), serial, sizeof serial);
    rig_pki_name_text(X509_get_subject_name(made), subject, sizeof subject);
    RIG_TRY(rig_pki_spki_sha256(X509_get_X509_PUBKEY(made), spki_sha256, err));
    RIG_TRY(rig_pki_certificate_der(made, &der, err));
    return rig_ca_store_add(local->store, &row, err);
}

rig_result rig_ca_local_sign_subordinate(struct rig_ca *ca,
                                         const struct rig_ca_subordinate *request,
                                         struct rig_buf *pem, struct rig_wait wait,
                                         struct rig_error *err)
{
    struct local_ca *local = local_of(ca);
    const size_t level = local->hierarchy.n_levels - 1;
    const int64_t now_ms = rig_clock_now_ms(local->clock);
    struct rig_issue_validity validity = {now_ms - SKEW_MS, now_ms + request->days * MS_PER_DAY};
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = NULL;
    RIG_AUTO(rig_auto_X509) X509 *made = NULL;
    RIG_AUTO(leave) struct local_ca *entered = NULL;
    char common_name[64 + 1];
    int64_t end_ms = 0;

    RIG_TRY(read_subordinate(request, &csr, common_name, sizeof common_name, err));
    RIG_TRY(enter(local, wait, &entered, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(local->hierarchy.levels[level].certificate),
                             &end_ms, err));
    validity.not_after_ms =
        validity.not_after_ms < end_ms - MS_PER_DAY ? validity.not_after_ms : end_ms - MS_PER_DAY;
    RIG_TRY(rig_issue_ca(
        issuer_at(local, level), X509_REQ_get0_pubkey(csr),
        &(struct rig_issue_names){common_name, request->organization, request->country}, validity,
        request->path_length, &made, err));
    RIG_TRY(rig_ca_store_begin(local->store, wait, err));
    RIG_TRY(record_subordinate(local, made, validity, err));
    RIG_TRY(rig_ca_store_commit(local->store, err));
    return rig_pki_certificate_pem(made, pem, err);
}

static rig_result local_submit(struct rig_ca *ca, const struct rig_ca_submission *submission,
                               struct rig_ca_answer *answer, struct rig_wait wait,
                               struct rig_error *err)
{
    const struct rig_local_terms terms = {local_of(ca)->clock, local_of(ca)->device_ms};

    return rig_local_submit(ca, &terms, submission, answer, wait, err);
}

/* CRLs ---------------------------------------------------------------------------------------- */

static rig_result renew_crl(struct local_ca *local, size_t level, struct rig_error *err)
{
    const struct rig_crl_times times = {rig_clock_now_ms(local->clock), local->crl_ms};

    return rig_crl_renew(local->store, issuer_at(local, level), level, times, err);
}

/* The database has the truth; the file is its copy for others, written under the writers' lock so
 * that an older CRL never replaces a newer one. */
static rig_result publish_crl(struct local_ca *local, size_t level, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *path = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};

    RIG_TRY(rig_ca_hierarchy_path(local->folder, local->hierarchy.levels[level].name, "crl.pem",
                                  &path, err));
    RIG_TRY(rig_ca_store_crl_get(local->store, level, &pem, err));
    return rig_file_replace(path, pem.data, pem.len, 0644, err);
}

static rig_result publish_crls(struct local_ca *local, size_t first, size_t end,
                               struct rig_wait wait, struct rig_error *err)
{
    RIG_TRY(rig_ca_store_begin(local->store, wait, err));
    for (size_t i = first; i < end; i++) {
        RIG_TRY(publish_crl(local, i, err));
    }
    rig_ca_store_rollback(local->store);
    return RIG_DONE;
}

static rig_result local_crls(struct rig_ca *ca, struct rig_buf *pem, struct rig_wait wait,
                             struct rig_error *err)
{
    struct local_ca *local = local_of(ca);
    RIG_AUTO(rig_buf_free) struct rig_buf made = {0};
    RIG_AUTO(leave) struct local_ca *entered = NULL;

    RIG_TRY(enter(local, wait, &entered, err));
    RIG_TRY(rig_ca_store_begin(local->store, wait, err));
    for (size_t i = local->hierarchy.n_levels; i-- > 0;) {
        RIG_TRY(renew_crl(local, i, err));
        RIG_TRY(rig_ca_store_crl_get(local->store, i, &made, err));
    }
    RIG_TRY(rig_ca_store_commit(local->store, err));
    RIG_TRY(publish_crls(local, 0, local->hierarchy.n_levels, wait, err));
    return rig_buf_append(pem, made.data, made.len, err);
}

static rig_result check_reason(enum rig_revocation_reason reason, struct rig_error *err)
{
    switch (reason) {
    case RIG_REVOKED_UNSPECIFIED:
    case RIG_REVOKED_KEY_COMPROMISE:
    case RIG_REVOKED_SUPERSEDED:
    case RIG_REVOKED_CESSATION:
        return RIG_DONE;
    default:
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "%d is not a reason to revoke",
                        (int)reason);
    }
}

static rig_result check_not_root(const struct local_ca *local, const char *serial,
                                 struct rig_error *err)
{
    char root[RIG_SERIAL_TEXT_SIZE];

    rig_pki_serial_text(X509_get0_serialNumber(local->hierarchy.levels[0].certificate), root,
                        sizeof root);
    if (strcmp(root, serial) == 0) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY,
                        "that is the root itself, whose own CRL nobody would believe: take it out "
                        "of the trust stores instead");
    }
    return RIG_DONE;
}

/* upper case, colons and hyphens are how other tools write a serial */
static rig_result clean_serial(const char *serial, char out[RIG_SERIAL_TEXT_SIZE],
                               struct rig_error *err)
{
    size_t len = 0;

    for (const char *at = serial; *at != '\0'; at++) {
        const char lower = (char)(*at >= 'A' && *at <= 'F' ? *at - 'A' + 'a' : *at);

        if (lower == ':' || lower == '-') {
            continue;
        }
        if (strchr("0123456789abcdef", lower) == NULL || len + 1 == RIG_SERIAL_TEXT_SIZE) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "a serial number is at most %d hex digits", 2 * RIG_SERIAL_MAX);
        }
        out[len++] = lower;
    }
    out[len] = '\0';
    return RIG_DONE;
}

static rig_result local_revoke(struct rig_ca *ca, const char *serial,
                               enum rig_revocation_reason reason, struct rig_wait wait,
                               struct rig_error *err)
{
    struct local_ca *local = local_of(ca);
    RIG_AUTO(leave) struct local_ca *entered = NULL;
    char clean[RIG_SERIAL_TEXT_SIZE];
    size_t level = 0;
    bool changed = false;

    RIG_TRY(check_reason(reason, err));
    RIG_TRY(clean_serial(serial, clean, err));
    RIG_TRY(check_not_root(local, clean, err));
    RIG_TRY(enter(local, wait, &entered, err));
    RIG_TRY(rig_ca_store_begin(local->store, wait, err));
    RIG_TRY(rig_ca_store_revoke(local->store, clean, rig_clock_now_ms(local->clock), reason, &level,
                                &changed, err));
    /* revoked before: only the file may still be missing what the database has */
    if (changed) {
        RIG_TRY(renew_crl(local, level, err));
        RIG_TRY(rig_ca_store_commit(local->store, err));
    }
    rig_ca_store_rollback(local->store);
    return publish_crls(local, level, level + 1, wait, err);
}

/* Chain updates ------------------------------------------------------------------------------- */

static rig_result record_issued(struct local_ca *local,
                                const struct rig_chain_update_issued *issued, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    char serial[RIG_SERIAL_TEXT_SIZE];
    char subject[RIG_PKI_TEXT_SIZE];
    struct rig_ca_store_row row = {.issuer_level = issued->issuer_level,
                                   .is_ca = issued->is_ca,
                                   .serial = serial,
                                   .subject = subject,
                                   .spki_sha256 = spki_sha256,
                                   .der = &der,
                                   .issued_at_ms = rig_clock_now_ms(local->clock)};

    rig_pki_serial_text(X509_get0_serialNumber(issued->certificate), serial, sizeof serial);
    rig_pki_name_text(X509_get_subject_name(issued->certificate), subject, sizeof subject);
    RIG_TRY(rig_pki_certificate_der(issued->certificate, &der, err));
    RIG_TRY(rig_pki_spki_sha256(X509_get_X509_PUBKEY(issued->certificate), spki_sha256, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notBefore(issued->certificate), &row.not_before_ms, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(issued->certificate), &row.not_after_ms, err));
    return rig_ca_store_add(local->store, &row, err);
}

static rig_result local_chain_update(struct rig_ca *ca,
                                     const struct rig_ca_chain_update_request *request,
                                     struct rig_ca_chain_update *update, struct rig_wait wait,
                                     struct rig_error *err)
{
    struct local_ca *local = local_of(ca);
    RIG_AUTO(rig_chain_update_record_free) struct rig_chain_update_record record = {0};
    RIG_AUTO(leave) struct local_ca *entered = NULL;

    RIG_TRY(enter(local, wait, &entered, err));
    RIG_TRY(rig_chain_update_make(&local->hierarchy, request, rig_clock_now_ms(local->clock),
                                  update, &record, err));
    RIG_TRY(rig_ca_store_begin(local->store, wait, err));
    for (size_t i = 0; i < record.n_issued; i++) {
        RIG_TRY(record_issued(local, &record.issued[i], err));
    }
    return rig_ca_store_commit(local->store, err);
}

/* Look up ------------------------------------------------------------------------------------- */

static rig_result list_issued(struct local_ca *local, const uint8_t spki_sha256[RIG_SHA256_SIZE],
                              struct rig_ca_store_list *list, struct rig_wait wait,
                              struct rig_error *err)
{
    RIG_AUTO(leave) struct local_ca *entered = NULL;

    RIG_TRY(enter(local, wait, &entered, err));
    return rig_ca_store_issued_for(local->store, spki_sha256, list, err);
}

/* `each` is called without the gate: it may revoke what it is shown */
static rig_result local_issued_for(struct rig_ca *ca, const uint8_t spki_sha256[RIG_SHA256_SIZE],
                                   rig_result (*each)(void *ctx, const char *serial, bool revoked,
                                                      const struct rig_buf *der,
                                                      struct rig_error *err),
                                   void *ctx, struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_ca_store_list_free) struct rig_ca_store_list list = {0};

    RIG_TRY(list_issued(local_of(ca), spki_sha256, &list, wait, err));
    for (size_t i = 0; i < list.n_rows; i++) {
        RIG_TRY(each(ctx, list.rows[i].serial, list.rows[i].revoked, &list.rows[i].der, err));
    }
    return RIG_DONE;
}

/* Open and close ------------------------------------------------------------------------------ */

static void local_close(struct rig_ca *ca)
{
    struct local_ca *local = local_of(ca);

    rig_ca_store_close(local->store);
    rig_ca_hierarchy_free(&local->hierarchy);
    rig_buf_free(&local->ca.root_pem);
    rig_buf_free(&local->ca.chain_pem);
    rig_gate_destroy(&local->gate);
    free(local->folder);
    free(local);
}

static const struct rig_ca_ops local_ops = {
    .name = "local",
    .backdates = true,
    .sign = local_sign,
    .revoke = local_revoke,
    .crls = local_crls,
    .issued_for = local_issued_for,
    .submit = local_submit,
    .chain_update = local_chain_update,
    .close = local_close,
};

static rig_result new_local(const char *folder, const struct rig_clock *clock, struct rig_ca **out,
                            struct rig_error *err)
{
    struct local_ca *local = calloc(1, sizeof *local);

    if (local == NULL || (local->folder = strdup(folder)) == NULL) {
        free(local);
        return rig_fail_memory(err);
    }
    rig_gate_init(&local->gate);
    local->ca.ops = &local_ops;
    local->clock = clock;
    *out = &local->ca;
    return RIG_DONE;
}

static rig_result fail_other_plan(const char *folder, const struct rig_ca_store_facts *facts,
                                  const struct rig_ca_local_plan *plan, struct rig_error *err)
{
    char there[RIG_CA_MAX_LEVELS * (RIG_CA_LEVEL_NAME_SIZE + 4)] = "";
    char asked[sizeof there] = "";

    for (size_t i = 0; i < facts->n_levels; i++) {
        const size_t used = strlen(there);
        (void)snprintf(there + used, sizeof there - used, "%s%s", i != 0 ? " -> " : "",
                       facts->levels[i].name);
    }
    for (size_t i = 0; i < plan->n_levels && i < RIG_CA_MAX_LEVELS; i++) {
        const size_t used = strlen(asked);
        (void)snprintf(asked + used, sizeof asked - used, "%s%.32s", i != 0 ? " -> " : "",
                       plan->levels[i] != NULL ? plan->levels[i] : "?");
    }
    return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY,
                    "the CA in '%s' has the levels %s, asked for were %s: name another folder, or "
                    "ask for the levels that are there",
                    folder, there, asked);
}

static rig_result check_plan(const char *folder, const struct rig_ca_store_facts *facts,
                             const struct rig_ca_local_plan *plan, struct rig_error *err)
{
    bool same;

    if (plan == NULL) {
        return RIG_DONE;
    }
    same = plan->n_levels == facts->n_levels;
    for (size_t i = 0; same && i < plan->n_levels; i++) {
        same = plan->levels[i] != NULL && strcmp(plan->levels[i], facts->levels[i].name) == 0;
    }
    return same ? RIG_DONE : fail_other_plan(folder, facts, plan, err);
}

static rig_result check_plan_key(const struct local_ca *local, const struct rig_ca_local_plan *plan,
                                 struct rig_error *err)
{
    const enum rig_key_type there = rig_key_type_of_key(local->hierarchy.levels[0].key);

    if (plan != NULL && plan->key_type != RIG_KEY_NONE && plan->key_type != there) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY,
                        "the CA in '%s' has keys of type %s, asked for was %s: name another "
                        "folder, or ask for the type that is there",
                        local->folder, rig_key_type_name(there), rig_key_type_name(plan->key_type));
    }
    return RIG_DONE;
}

static rig_result collect_pem(struct local_ca *local, struct rig_error *err)
{
    for (size_t i = local->hierarchy.n_levels; i-- > 1;) {
        RIG_TRY(rig_pki_certificate_pem(local->hierarchy.levels[i].certificate,
                                        &local->ca.chain_pem, err));
    }
    return rig_pki_certificate_pem(local->hierarchy.levels[0].certificate, &local->ca.root_pem,
                                   err);
}

static rig_result open_existing(const char *folder, const char *db_path,
                                const struct rig_ca_local_plan *plan, const char *passphrase,
                                const struct rig_clock *clock, struct rig_ca **out,
                                struct rig_error *err)
{
    RIG_AUTO(rig_auto_ca) struct rig_ca *ca = NULL;
    struct rig_ca_store_facts facts;
    struct local_ca *local;

    RIG_TRY(new_local(folder, clock, &ca, err));
    local = local_of(ca);
    RIG_TRY(rig_ca_store_open(db_path, rig_wait_ms(OPEN_TIMEOUT_MS, NULL), &local->store, err));
    RIG_TRY(rig_ca_store_facts(local->store, &facts, err));
    RIG_TRY(check_plan(folder, &facts, plan, err));
    RIG_TRY(rig_ca_hierarchy_load(folder, &facts, passphrase, &local->hierarchy, err));
    RIG_TRY(check_plan_key(local, plan, err));
    RIG_TRY(collect_pem(local, err));
    local->device_ms = MS_PER_DAY * (plan != NULL && plan->device_days != 0 ? plan->device_days
                                                                            : facts.device_days);
    local->crl_ms =
        MS_PER_HOUR * (plan != NULL && plan->crl_hours != 0 ? plan->crl_hours : facts.crl_hours);
    *out = ca;
    ca = NULL;
    return RIG_DONE;
}

static rig_result make_if_missing(const char *folder, const char *db_path,
                                  const struct rig_ca_local_plan *plan, const char *passphrase,
                                  const struct rig_clock *clock, struct rig_error *err)
{
    struct stat info;

    if (stat(db_path, &info) == 0) {
        return RIG_DONE;
    }
    if (plan == NULL) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_NOT_FOUND,
                        "there is no CA in '%s' (no ca.db): make one first, or name the folder "
                        "where it is",
                        folder);
    }
    if (rig_ca_hierarchy_make(folder, plan, passphrase, clock, err).ok) {
        return RIG_DONE;
    }
    /* another process made it in the same moment */
    if (err->code == RIG_E_EXISTS && stat(db_path, &info) == 0) {
        return RIG_DONE;
    }
    return (rig_result){.ok = false};
}

rig_result rig_ca_local_open(const char *folder, const struct rig_ca_local_plan *plan,
                             const char *passphrase, const struct rig_clock *clock,
                             struct rig_ca **ca, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *db_path = NULL;

    *ca = NULL;
    if (passphrase != NULL && passphrase[0] == '\0') {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the passphrase of the CA is empty: give one, or none at all");
    }
    RIG_TRY(rig_ca_hierarchy_path(folder, NULL, "ca.db", &db_path, err));
    RIG_TRY(make_if_missing(folder, db_path, plan, passphrase, clock, err));
    return open_existing(folder, db_path, plan, passphrase, clock, ca, err);
}

/* Describe ------------------------------------------------------------------------------------ */

static rig_result describe_level(const struct rig_ca_level *level, int64_t crl_number,
                                 struct rig_buf *text, struct rig_error *err)
{
    char subject[RIG_PKI_TEXT_SIZE];
    char serial[RIG_SERIAL_TEXT_SIZE];
    char from[RIG_TIME_TEXT_SIZE];
    char until[RIG_TIME_TEXT_SIZE];
    int64_t from_ms;
    int64_t until_ms;

    rig_pki_name_text(X509_get_subject_name(level->certificate), subject, sizeof subject);
    rig_pki_serial_text(X509_get0_serialNumber(level->certificate), serial, sizeof serial);
    RIG_TRY(rig_pki_time_get(X509_get0_notBefore(level->certificate), &from_ms, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(level->certificate), &until_ms, err));
    rig_time_text(from_ms, from);
    rig_time_text(until_ms, until);
    return rig_buf_printf(text, err,
                          "%-10s %s, serial %s, valid %.10s to %.10s, %s, CRL number %" PRId64 "\n",
                          level->name, subject, serial, from, until,
                          rig_key_type_name(rig_key_type_of_key(level->key)), crl_number);
}

rig_result rig_ca_local_describe(struct rig_ca *ca, struct rig_buf *text, struct rig_error *err)
{
    struct local_ca *local = local_of(ca);
    RIG_AUTO(leave) struct local_ca *entered = NULL;
    struct rig_ca_store_facts facts;
    int64_t n_issued = 0;
    int64_t n_revoked = 0;

    RIG_TRY(enter(local, rig_wait_ms(OPEN_TIMEOUT_MS, NULL), &entered, err));
    RIG_TRY(rig_ca_store_facts(local->store, &facts, err));
    for (size_t i = 0; i < local->hierarchy.n_levels; i++) {
        RIG_TRY(describe_level(&local->hierarchy.levels[i], facts.levels[i].crl_number, text, err));
    }
    RIG_TRY(rig_ca_store_count(local->store, &n_issued, &n_revoked, err));
    return rig_buf_printf(text, err, "%" PRId64 " issued, %" PRId64 " of them revoked\n", n_issued,
                          n_revoked);
}
