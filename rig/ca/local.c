/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/local.h"

#include "rig/base/file.h"
#include "rig/ca/issue.h"
#include "rig/ca/key.h"
#include "rig/ca/local_parts.h"
#include "rig/ca/local_submit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MS_PER_HOUR (INT64_C(3600) * 1000)
#define OPEN_TIMEOUT_MS 10000

rig_result rig_local_enter(struct rig_local_ca *local, struct rig_wait wait,
                           struct rig_local_ca **entered, struct rig_error *err)
{
    RIG_TRY(rig_gate_enter(&local->gate, wait, local->folder, err));
    rig_ca_store_wait(local->store, wait);
    *entered = local;
    return RIG_DONE;
}

void rig_local_leave(struct rig_local_ca **entered)
{
    if (*entered != NULL) {
        rig_ca_store_rollback((*entered)->store);
        rig_gate_leave(&(*entered)->gate);
    }
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

static struct rig_issue_validity validity_of(const struct rig_local_ca *local,
                                             const struct rig_ca_request *request)
{
    const int64_t now_ms = rig_clock_now_ms(local->clock);
    struct rig_issue_validity validity = {request->not_before_ms, request->not_after_ms};

    if (validity.not_after_ms == 0) {
        validity.not_after_ms = now_ms + local->device_ms;
    }
    if (validity.not_before_ms == 0) {
        validity.not_before_ms = now_ms - RIG_LOCAL_SKEW_MS;
        if (validity.not_after_ms <= validity.not_before_ms) {
            validity.not_before_ms = validity.not_after_ms - RIG_LOCAL_DAY_MS;
        }
    }
    return validity;
}

static rig_result describe_certificate(const struct rig_local_ca *local, const X509 *made,
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

static rig_result record(struct rig_local_ca *local, const struct rig_ca_request *request,
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
    struct rig_local_ca *local = rig_local_of(ca);
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = NULL;
    RIG_AUTO(rig_auto_X509) X509 *made = NULL;
    RIG_AUTO(rig_local_leave) struct rig_local_ca *entered = NULL;
    bool ca_revoked = false;

    RIG_TRY(read_csr(request, &csr, err));
    RIG_TRY(rig_local_enter(local, wait, &entered, err));
    RIG_TRY(rig_issue_leaf(rig_local_issuer(local, local->hierarchy.n_levels - 1),
                           X509_REQ_get_X509_PUBKEY(csr), request, validity_of(local, request),
                           &made, err));
    RIG_TRY(describe_certificate(local, made, certificate, err));
    RIG_TRY(rig_ca_store_begin(local->store, err));
    RIG_TRY(rig_ca_store_ca_revoked(local->store, &ca_revoked, err));
    if (ca_revoked) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_REFUSED,
                        "a certificate of the CA in '%s' itself is revoked: make a new CA",
                        local->folder);
    }
    RIG_TRY(record(local, request, made, certificate, err));
    return rig_ca_store_commit(local->store, err);
}

/* Submit --------------------------------------------------------------------------------------- */

static rig_result local_submit(struct rig_ca *ca, const struct rig_ca_submission *submission,
                               struct rig_ca_answer *answer, struct rig_wait wait,
                               struct rig_error *err)
{
    const struct rig_local_terms terms = {rig_local_of(ca)->clock, rig_local_of(ca)->device_ms};

    return rig_local_submit(ca, &terms, submission, answer, wait, err);
}

/* Look up ------------------------------------------------------------------------------------- */

static rig_result list_issued(struct rig_local_ca *local,
                              const uint8_t spki_sha256[RIG_SHA256_SIZE],
                              struct rig_ca_store_list *list, struct rig_wait wait,
                              struct rig_error *err)
{
    RIG_AUTO(rig_local_leave) struct rig_local_ca *entered = NULL;

    RIG_TRY(rig_local_enter(local, wait, &entered, err));
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

    RIG_TRY(list_issued(rig_local_of(ca), spki_sha256, &list, wait, err));
    for (size_t i = 0; i < list.n_rows; i++) {
        RIG_TRY(each(ctx, list.rows[i].serial, list.rows[i].revoked, &list.rows[i].der, err));
    }
    return RIG_DONE;
}

/* Reads only: who has the certificate in hand knows that it was announced. */
static rig_result local_find(struct rig_ca *ca, const char *serial, bool *known,
                             struct rig_wait wait, struct rig_error *err)
{
    struct rig_local_ca *const local = rig_local_of(ca);
    RIG_AUTO(rig_local_leave) struct rig_local_ca *entered = NULL;
    struct rig_ca_store_status status;

    RIG_TRY(rig_local_enter(local, wait, &entered, err));
    RIG_TRY(rig_ca_store_status(local->store, serial, &status, err));
    *known = status.known;
    return RIG_DONE;
}

/* Open and close ------------------------------------------------------------------------------ */

static void local_close(struct rig_ca *ca)
{
    struct rig_local_ca *local = rig_local_of(ca);

    rig_local_responder_free(&local->responder);
    rig_ca_store_close(local->store);
    rig_ca_hierarchy_free(&local->hierarchy);
    rig_buf_free(&local->ca.root_pem);
    rig_buf_free(&local->ca.chain_pem);
    rig_gate_destroy(&local->gate);
    free(local->folder);
    free(local);
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

static rig_result local_describe(struct rig_ca *ca, struct rig_buf *text, struct rig_wait wait,
                                 struct rig_error *err)
{
    struct rig_local_ca *local = rig_local_of(ca);
    RIG_AUTO(rig_local_leave) struct rig_local_ca *entered = NULL;
    struct rig_ca_store_facts facts;
    int64_t n_issued = 0;
    int64_t n_revoked = 0;

    RIG_TRY(rig_local_enter(local, wait, &entered, err));
    RIG_TRY(rig_ca_store_facts(local->store, &facts, err));
    for (size_t i = 0; i < local->hierarchy.n_levels; i++) {
        RIG_TRY(describe_level(&local->hierarchy.levels[i], facts.levels[i].crl_number, text, err));
    }
    RIG_TRY(rig_ca_store_count(local->store, &n_issued, &n_revoked, err));
    return rig_buf_printf(text, err, "%" PRId64 " issued, %" PRId64 " of them revoked\n", n_issued,
                          n_revoked);
}

static const struct rig_ca_ops local_ops = {
    .name = "local",
    .backdates = true,
    .sign = local_sign,
    .revoke = rig_local_revoke,
    .crls = rig_local_crls,
    .issued_for = local_issued_for,
    .find = local_find,
    .ocsp = rig_local_ocsp,
    .submit = local_submit,
    .answer_ocsp = rig_local_answer_ocsp,
    .describe = local_describe,
    .chain_update = rig_local_chain_update,
    .close = local_close,
};

static rig_result new_local(const char *folder, const struct rig_clock *clock, struct rig_ca **out,
                            struct rig_error *err)
{
    struct rig_local_ca *local = calloc(1, sizeof *local);

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

static rig_result check_plan_key(const struct rig_local_ca *local,
                                 const struct rig_ca_local_plan *plan, struct rig_error *err)
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

static rig_result collect_pem(struct rig_local_ca *local, struct rig_error *err)
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
    struct rig_local_ca *local;

    RIG_TRY(new_local(folder, clock, &ca, err));
    local = rig_local_of(ca);
    RIG_TRY(rig_ca_store_open(db_path, rig_wait_ms(OPEN_TIMEOUT_MS, NULL), &local->store, err));
    RIG_TRY(rig_ca_store_facts(local->store, &facts, err));
    RIG_TRY(check_plan(folder, &facts, plan, err));
    RIG_TRY(rig_ca_hierarchy_load(folder, &facts, passphrase, &local->hierarchy, err));
    RIG_TRY(check_plan_key(local, plan, err));
    RIG_TRY(collect_pem(local, err));
    local->device_ms =
        RIG_LOCAL_DAY_MS *
        (plan != NULL && plan->device_days != 0 ? plan->device_days : facts.device_days);
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
