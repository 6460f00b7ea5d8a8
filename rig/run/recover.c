/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/recover.h"

#include "rig/ca/key.h"

#include <stdio.h>
#include <string.h>

struct recovering {
    struct rig_register *reg;
    struct rig_ca *ca;
    struct rig_wait wait;
    struct rig_recovery *recovery;
    const char *current_run_id;
    const struct rig_journal_entry *entry;
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    enum rig_certificate_purpose purpose;
    bool closed;
    const char *known_serial;
    bool known;
};

static rig_result is_known(void *ctx, const struct rig_register_certificate *certificate,
                           struct rig_error *err)
{
    struct recovering *r = ctx;

    (void)err;
    if (strcmp(certificate->serial, r->known_serial) == 0) {
        r->known = true;
    }
    return RIG_DONE;
}

static enum rig_key_type key_type_of(const X509 *certificate)
{
    const EVP_PKEY *key = X509_get0_pubkey(certificate);

    return key != NULL ? rig_key_type_of_key(key) : RIG_KEY_NONE;
}

/* The journal does not know the MAC; the register does, if it had this device before. */
static rig_result find_mac(const struct recovering *r, struct rig_register_certificate *row,
                           struct rig_error *err)
{
    struct rig_register_device device;
    const rig_result found = rig_register_find_device(r->reg, r->entry->device_id, &device, err);

    if (found.ok && strcmp(device.device_id, r->entry->device_id) == 0) {
        (void)rig_copy_text(row->mac, sizeof row->mac, device.mac);
    }
    return !found.ok && err->code != RIG_E_NOT_FOUND ? found : RIG_DONE;
}

static rig_result describe(const struct recovering *r, const char *serial,
                           const struct rig_buf *der, struct rig_register_certificate *row,
                           struct rig_error *err)
{
    const uint8_t *at = der->data;
    RIG_AUTO(rig_auto_X509) X509 *certificate = d2i_X509(NULL, &at, (long)der->len);

    memset(row, 0, sizeof *row);
    if (certificate == NULL) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_INVALID,
                            "the CA's record of serial %s is no certificate", serial);
    }
    (void)rig_copy_text(row->serial, sizeof row->serial, serial);
    rig_pki_name_text(X509_get_issuer_name(certificate), row->issuer, sizeof row->issuer);
    RIG_TRY(rig_pki_sha256(der->data, der->len, row->cert_sha256, err));
    memcpy(row->spki_sha256, r->spki_sha256, RIG_SHA256_SIZE);
    RIG_TRY(rig_pki_time_get(X509_get0_notBefore(certificate), &row->not_before_ms, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(certificate), &row->not_after_ms, err));
    row->key_type = key_type_of(certificate);
    row->purpose = r->purpose;
    row->state = RIG_CERT_ISSUED;
    (void)rig_copy_text(row->run_id, sizeof row->run_id, r->entry->run_id);
    row->board = r->entry->board;
    (void)rig_copy_text(row->device_id, sizeof row->device_id, r->entry->device_id);
    (void)rig_copy_text(row->backend, sizeof row->backend, r->ca->ops->name);
    row->issued_ms = r->entry->opened_ms;
    return find_mac(r, row, err);
}

void rig_recovery_free(struct rig_recovery *recovery)
{
    rig_buf_free(&recovery->text);
}

static rig_result settle(struct recovering *r, bool ok, const char *outcome, struct rig_error *err)
{
    const struct rig_journal_entry *entry = r->entry;

    RIG_TRY(rig_buf_printf(&r->recovery->text, err, "  %s of board %s (%s), run %s: %s\n",
                           rig_journal_action_name(entry->action), entry->board.text,
                           entry->subject, entry->run_id, outcome));
    /* what was issued is closed along with its row */
    return r->closed ? RIG_DONE : rig_journal_close(r->reg, entry->id, ok, outcome, err);
}

static rig_result take_issued(void *ctx, const char *serial, bool revoked,
                              const struct rig_buf *der, struct rig_error *err)
{
    struct recovering *r = ctx;
    struct rig_journal_id journal = r->entry->id;
    struct rig_register_certificate row;

    if (revoked) {
        return RIG_DONE;
    }
    r->known = false;
    r->known_serial = serial;
    RIG_TRY(rig_register_each_certificate_of_key(r->reg, r->spki_sha256, is_known, r, err));
    if (r->known) {
        return RIG_DONE;
    }
    RIG_TRY(describe(r, serial, der, &row, err));
    /* a request that was sent twice can have left two: the second one gets an entry of its own */
    if (r->closed) {
        RIG_TRY(rig_journal_open(r->reg, RIG_JOURNAL_ISSUE, r->entry->run_id, &r->entry->board,
                                 r->entry->device_id, r->entry->subject, &journal, err));
    }
    RIG_TRY(rig_register_issued(r->reg, journal, &row, err));
    r->closed = true;
    r->recovery->n_found++;
    return RIG_DONE;
}

static rig_result recover_issue(struct recovering *r, struct rig_error *err)
{
    char spki[sizeof r->entry->subject];
    char word[sizeof r->entry->subject] = "";

    if (sscanf(r->entry->subject, "spki %95s %95s", spki, word) >= 1) {
        RIG_TRY(rig_hex_parse(spki, r->spki_sha256, RIG_SHA256_SIZE, err));
        r->purpose = strcmp(word, rig_certificate_purpose_name(RIG_PURPOSE_TEST)) == 0
                         ? RIG_PURPOSE_TEST
                         : RIG_PURPOSE_DEVICE;
        RIG_TRY(rig_ca_issued_for(r->ca, r->spki_sha256, take_issued, r, r->wait, err));
    }
    return settle(r, false,
                  r->closed ? "signed, not written down; an orphan now"
                            : "interrupted; nothing was issued",
                  err);
}

/* "serial <hex>", and the reason behind it when another than cessation was meant. */
static enum rig_revocation_reason reason_of(const char *word)
{
    static const enum rig_revocation_reason reasons[] = {
        RIG_REVOKED_UNSPECIFIED, RIG_REVOKED_KEY_COMPROMISE, RIG_REVOKED_SUPERSEDED};

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (strcmp(word, rig_revocation_reason_name(reasons[i])) == 0) {
            return reasons[i];
        }
    }
    return RIG_REVOKED_CESSATION;
}

static rig_result recover_revoke(struct recovering *r, struct rig_error *err)
{
    char serial[sizeof r->entry->subject];
    char word[sizeof r->entry->subject] = "";
    enum rig_revocation_reason reason;
    rig_result result;

    if (sscanf(r->entry->subject, "serial %95s %95s", serial, word) < 1) {
        return settle(r, false, "interrupted", err);
    }
    reason = reason_of(word);
    result = rig_ca_revoke(r->ca, serial, reason, r->wait, err);
    if (!result.ok &&
        (err->code == RIG_E_NOT_FOUND || err->code == RIG_E_INVALID || err->code == RIG_E_POLICY)) {
        /* what this CA can't revoke must not keep every later run from starting */
        const struct rig_error refusal = *err;
        return settle(r, false, refusal.text, err);
    }
    RIG_TRY(result);
    result = rig_register_set_state(r->reg, serial, RIG_CERT_REVOKED,
                                    rig_revocation_reason_name(reason), err);
    if (!result.ok && err->code != RIG_E_NOT_FOUND) { /* revoked by hand: not of this register */
        return result;
    }
    r->recovery->n_revoked++;
    return settle(r, true, "revoked now", err);
}

struct backend_of_run {
    const char *run_id;
    char ca[16];
};

static rig_result find_run(void *ctx, const struct rig_register_run *run, struct rig_error *err)
{
    struct backend_of_run *found = ctx;

    (void)err;
    if (strcmp(run->run_id, found->run_id) == 0) {
        (void)rig_copy_text(found->ca, sizeof found->ca, run->ca);
    }
    return RIG_DONE;
}

static rig_result fail_other_backend(const struct rig_ca *ca, const char *what, const char *backend,
                                     struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_MISMATCH,
                    "%s came from the CA '%s', and '%s' can neither find nor revoke it: name that "
                    "CA (--ca %s), or use another work folder",
                    what, backend, ca->ops->name, backend);
}

/* Only the CA that was asked knows what became of it. */
static rig_result check_backend(const struct recovering *r, struct rig_error *err)
{
    struct backend_of_run found = {.run_id = r->entry->run_id};
    char what[160];

    RIG_TRY(rig_register_each_run(r->reg, find_run, &found, err));
    if (found.ca[0] == '\0' || strcmp(found.ca, r->ca->ops->name) == 0) {
        return RIG_DONE;
    }
    (void)snprintf(what, sizeof what, "the interrupted %s of board %s (run %s)",
                   rig_journal_action_name(r->entry->action), r->entry->board.text,
                   r->entry->run_id);
    return fail_other_backend(r->ca, what, found.ca, err);
}

static rig_result check_certificate_backend(const struct rig_ca *ca,
                                            const struct rig_register_certificate *certificate,
                                            struct rig_error *err)
{
    char what[160];

    if (certificate->backend[0] == '\0' || strcmp(certificate->backend, ca->ops->name) == 0) {
        return RIG_DONE;
    }
    (void)snprintf(what, sizeof what, "certificate %s of device %s in this register",
                   certificate->serial, certificate->device_id);
    return fail_other_backend(ca, what, certificate->backend, err);
}

static rig_result recover_entry(void *ctx, const struct rig_journal_entry *entry,
                                struct rig_error *err)
{
    struct recovering *r = ctx;

    if (r->current_run_id != NULL && strcmp(entry->run_id, r->current_run_id) == 0) {
        return RIG_DONE;
    }
    r->entry = entry;
    r->closed = false;
    r->recovery->n_open++;
    switch (entry->action) {
    case RIG_JOURNAL_ISSUE:
        RIG_TRY(check_backend(r, err));
        return recover_issue(r, err);
    case RIG_JOURNAL_REVOKE:
        RIG_TRY(check_backend(r, err));
        return recover_revoke(r, err);
    case RIG_JOURNAL_FLASH:
    case RIG_JOURNAL_KEYGEN:
    case RIG_JOURNAL_REGISTER:
        break;
    }
    return settle(r, false, "interrupted", err);
}

rig_result rig_recover(struct rig_register *reg, struct rig_ca *ca, const char *current_run_id,
                       struct rig_recovery *recovery, struct rig_wait wait, struct rig_error *err)
{
    struct recovering r = {
        .reg = reg, .ca = ca, .wait = wait, .recovery = recovery, .current_run_id = current_run_id};

    memset(recovery, 0, sizeof *recovery);
    RIG_TRY_IN(rig_journal_each_open(reg, recover_entry, &r, err), err,
               "finishing what an interrupted run left open");
    return RIG_DONE;
}

struct revoking {
    struct rig_register *reg;
    struct rig_ca *ca;
    struct rig_wait wait;
    size_t n;
};

static rig_result revoke_orphan(void *ctx, const struct rig_register_certificate *certificate,
                                struct rig_error *err)
{
    struct revoking *r = ctx;
    struct rig_journal_id journal;
    char subject[64];

    RIG_TRY(check_certificate_backend(r->ca, certificate, err));
    (void)snprintf(subject, sizeof subject, "serial %s", certificate->serial);
    RIG_TRY(rig_journal_open(r->reg, RIG_JOURNAL_REVOKE, certificate->run_id, &certificate->board,
                             certificate->device_id, subject, &journal, err));
    RIG_TRY_IN(rig_ca_revoke(r->ca, certificate->serial, RIG_REVOKED_CESSATION, r->wait, err), err,
               "serial %s of device %s", certificate->serial, certificate->device_id);
    RIG_TRY(rig_register_set_state(r->reg, certificate->serial, RIG_CERT_REVOKED,
                                   rig_revocation_reason_name(RIG_REVOKED_CESSATION), err));
    r->n++;
    return rig_journal_close(r->reg, journal, true, "orphan revoked", err);
}

rig_result rig_revoke_orphans(struct rig_register *reg, struct rig_ca *ca, size_t *n,
                              struct rig_wait wait, struct rig_error *err)
{
    struct revoking r = {.reg = reg, .ca = ca, .wait = wait};
    const rig_result result = rig_register_each_orphan(reg, revoke_orphan, &r, err);

    *n = r.n;
    return result;
}

#define CHECKED_CERTIFICATES 20

struct belonging {
    struct rig_ca *ca;
    struct rig_wait wait;
    size_t n_checked;
};

static rig_result check_belonging(void *ctx, const struct rig_register_certificate *certificate,
                                  struct rig_error *err)
{
    struct belonging *b = ctx;
    bool known = false;

    if (certificate->state != RIG_CERT_ISSUED && certificate->state != RIG_CERT_INSTALLED) {
        return RIG_DONE;
    }
    RIG_TRY(check_certificate_backend(b->ca, certificate, err));
    if (b->n_checked == CHECKED_CERTIFICATES) {
        return RIG_DONE;
    }
    b->n_checked++;
    RIG_TRY(rig_ca_knows(b->ca, certificate->serial, &known, b->wait, err));
    if (!known) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_MISMATCH,
                        "the register holds certificate %s of device %s, which this CA never "
                        "issued: restore the CA that belongs to the register, or use another work "
                        "folder",
                        certificate->serial, certificate->device_id);
    }
    return RIG_DONE;
}

rig_result rig_check_ca_of_register(struct rig_register *reg, struct rig_ca *ca,
                                    struct rig_wait wait, struct rig_error *err)
{
    struct belonging b = {.ca = ca, .wait = wait};

    return rig_register_each_certificate(reg, NULL, check_belonging, &b, err);
}
