/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of the identity: key, CSR, signature, installation; and what the register learns of it. */
#include "rig/ca/policy.h"
#include "rig/run/evidence.h"
#include "rig/run/steps.h"
#include "rig/run/sweep.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

static void hash_subject(char *out, size_t out_size, const char *what, const uint8_t *sha256,
                         const char *word)
{
    char hex[2 * RIG_SHA256_SIZE + 1];

    rig_hex(sha256, RIG_SHA256_SIZE, hex);
    (void)snprintf(out, out_size, "%s %s%s%s", what, hex, word[0] != '\0' ? " " : "", word);
}

/* ---- keygen ---- */

static rig_result make_key(struct rig_board *board, struct rig_wait wait, struct rig_error *err)
{
    struct rig_cell *cell = &board->cell;

    RIG_TRY(rig_agent_keygen(board->agent, cell->key_type, cell->spki_sha256, wait, err));
    return rig_register_claim_key(board->reg, cell->spki_sha256, board->device_id,
                                  &board->place->id, board->run->run_id, err);
}

rig_result rig_step_keygen(struct rig_board *board, const struct rig_step_plan *plan,
                           json_t *evidence, struct rig_wait wait, struct rig_error *err)
{
    struct rig_cell *cell = &board->cell;
    struct rig_journal_id journal;
    struct rig_error ignored;
    char outcome[96];
    rig_result result;

    (void)plan;
    /* a new key makes the board's certificate useless: not without a CA that can give another */
    RIG_TRY(rig_services_await(board->services, wait, err));
    RIG_TRY(rig_board_need_firmware(board, wait, err));
    RIG_TRY(rig_journal_open(board->reg, RIG_JOURNAL_KEYGEN, board->run->run_id, &board->place->id,
                             board->device_id, rig_key_type_name(cell->key_type), &journal, err));
    result = make_key(board, wait, err);
    if (!result.ok) {
        (void)rig_journal_close(board->reg, journal, false, err->text, &ignored).ok;
        return result;
    }
    cell->has_key = true;
    hash_subject(outcome, sizeof outcome, "spki", cell->spki_sha256, "");
    rig_evidence_set_hash(evidence, "spki_sha256", cell->spki_sha256);
    return rig_journal_close(board->reg, journal, true, outcome, err);
}

/* ---- csr ---- */

rig_result rig_step_csr(struct rig_board *board, const struct rig_step_plan *plan, json_t *evidence,
                        struct rig_wait wait, struct rig_error *err)
{
    const struct rig_suite *suite = board->options->suite;
    struct rig_cell *cell = &board->cell;
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    struct rig_csr_rules rules = {
        .key_type = cell->key_type,
        .common_name = board->device_id,
        .organization = rig_text_or_null(suite->organization),
        .country = rig_text_or_null(suite->country),
    };

    (void)plan;
    RIG_TRY(rig_board_need_firmware(board, wait, err));
    rig_buf_reset(&cell->csr_der);
    RIG_TRY(rig_agent_csr(board->agent, board->device_id, rules.organization, rules.country,
                          &cell->csr_der, wait, err));
    (void)json_object_set_new(evidence, "csr_bytes", json_integer((json_int_t)cell->csr_der.len));
    rules.spki_sha256 = cell->has_key ? cell->spki_sha256 : NULL;
    RIG_TRY_IN(rig_csr_check(cell->csr_der.data, cell->csr_der.len, &rules, spki_sha256, err), err,
               "CSR");
    RIG_TRY(rig_moduli_claim(board->services->moduli, cell->csr_der.data, cell->csr_der.len,
                             board->device_id, err));
    if (!cell->has_key) {
        memcpy(cell->spki_sha256, spki_sha256, sizeof spki_sha256);
        RIG_TRY(rig_register_claim_key(board->reg, spki_sha256, board->device_id, &board->place->id,
                                       board->run->run_id, err));
        cell->has_key = true;
    }
    rig_evidence_set_hash(evidence, "spki_sha256", spki_sha256);
    cell->has_csr = true;
    return RIG_DONE;
}

/* ---- sign ---- */

static rig_result ask_for_certificate(struct rig_board *board, const struct rig_issue *issue,
                                      struct rig_ca_certificate *certificate, struct rig_wait wait,
                                      struct rig_error *err)
{
    const struct rig_suite *suite = board->options->suite;
    struct rig_cell *cell = &board->cell;
    struct rig_ca *ca = board->services->ca;
    const struct rig_ca_request request = {
        .profile = RIG_PROFILE_DEVICE,
        .csr_der = cell->csr_der.data,
        .csr_len = cell->csr_der.len,
        .common_name = board->device_id,
        .organization = rig_text_or_null(suite->organization),
        .country = rig_text_or_null(suite->country),
        .not_before_ms = issue->not_before_ms,
        .not_after_ms = issue->not_after_ms,
    };

    return rig_ca_sign(ca, &request, certificate, wait, err);
}

static rig_result check_issued(struct rig_board *board, const struct rig_issue *issue,
                               const struct rig_ca_certificate *certificate, struct rig_error *err)
{
    const struct rig_ca *ca = board->services->ca;
    const int64_t now_ms = rig_clock_now_ms(board->options->clock);
    const struct rig_certificate_rules rules = {
        .profile = RIG_PROFILE_DEVICE,
        .common_name = board->device_id,
        .spki_sha256 = board->cell.spki_sha256,
        .root_pem = rig_buf_text(&ca->root_pem),
        .chain_pem = rig_buf_text(&ca->chain_pem),
        .trust = board->services->trust,
        .now_ms = now_ms,
        .not_before_ms = issue->not_before_ms,
        .not_after_ms = issue->not_after_ms,
        .may_be_expired =
            issue->not_after_ms != 0 && issue->not_after_ms < now_ms + 2 * RIG_SHORT_LIFE_MS,
    };

    RIG_TRY_IN(rig_certificate_check(certificate->der.data, certificate->der.len, &rules, err), err,
               "certificate from the CA");
    return RIG_DONE;
}

static void describe_certificate(const struct rig_board *board, const struct rig_issue *issue,
                                 const struct rig_ca_certificate *certificate,
                                 struct rig_register_certificate *row)
{
    unsigned n_hash = 0;

    memset(row, 0, sizeof *row);
    (void)rig_copy_text(row->serial, sizeof row->serial, certificate->serial);
    (void)rig_copy_text(row->issuer, sizeof row->issuer, certificate->issuer);
    memcpy(row->cert_sha256, certificate->sha256, RIG_SHA256_SIZE);
    memcpy(row->spki_sha256, certificate->spki_sha256, RIG_SHA256_SIZE);
    (void)EVP_Digest(board->cell.csr_der.data, board->cell.csr_der.len, row->csr_sha256, &n_hash,
                     EVP_sha256(), NULL);
    row->not_before_ms = certificate->not_before_ms;
    row->not_after_ms = certificate->not_after_ms;
    row->key_type = board->cell.key_type;
    row->purpose = issue->purpose;
    row->state = RIG_CERT_ISSUED;
    (void)rig_copy_text(row->run_id, sizeof row->run_id, board->run->run_id);
    row->board = board->place->id;
    (void)rig_copy_text(row->device_id, sizeof row->device_id, board->device_id);
    (void)rig_copy_text(row->mac, sizeof row->mac, board->report->mac);
    (void)rig_copy_text(row->backend, sizeof row->backend, board->services->ca->ops->name);
    (void)rig_copy_text(row->backend_request, sizeof row->backend_request, certificate->request_id);
    row->issued_ms = rig_clock_now_ms(board->options->clock);
}

/* What is not settled stays open, and the next start asks. */
static void close_if_settled(struct rig_board *board, struct rig_journal_id journal,
                             const struct rig_error *err)
{
    struct rig_error ignored;

    if (rig_ca_said_no(err)) {
        (void)rig_journal_close(board->reg, journal, false, err->text, &ignored).ok;
    }
}

/* What the CA issued and its back end refused is in the register as well: revoked, or an orphan. */
static rig_result keep_refused(struct rig_board *board, const struct rig_issue *issue,
                               struct rig_journal_id journal,
                               struct rig_ca_certificate *certificate, struct rig_error *err)
{
    const struct rig_error why = *err;
    const bool revoked = certificate->revoked;
    struct rig_register_certificate row;

    describe_certificate(board, issue, certificate, &row);
    rig_ca_certificate_free(certificate);
    *certificate = (struct rig_ca_certificate){0};
    RIG_TRY_IN(rig_register_issued(board->reg, journal, &row, err), err, "%.300s", why.text);
    if (revoked) {
        RIG_TRY_IN(rig_register_set_state_of(board->reg, row.issuer, row.serial, RIG_CERT_REVOKED,
                                             rig_revocation_reason_name(RIG_REVOKED_UNSPECIFIED),
                                             err),
                   err, "%.300s", why.text);
    }
    return rig_fail_as(err, &why);
}

rig_result rig_issue_certificate(struct rig_board *board, const struct rig_issue *issue,
                                 struct rig_ca_certificate *certificate, struct rig_wait wait,
                                 struct rig_error *err)
{
    struct rig_register_certificate row;
    struct rig_journal_id journal;
    char subject[96];
    rig_result result;

    RIG_TRY(rig_services_await(board->services, wait, err));
    hash_subject(subject, sizeof subject, "spki", board->cell.spki_sha256,
                 issue->purpose == RIG_PURPOSE_TEST ? rig_certificate_purpose_name(RIG_PURPOSE_TEST)
                                                    : "");
    RIG_TRY(rig_journal_open(board->reg, RIG_JOURNAL_ISSUE, board->run->run_id, &board->place->id,
                             board->device_id, subject, &journal, err));
    result = ask_for_certificate(board, issue, certificate, wait, err);
    if (!result.ok && certificate->refused) {
        return keep_refused(board, issue, journal, certificate, err);
    }
    if (!result.ok) {
        close_if_settled(board, journal, err);
        return result;
    }
    describe_certificate(board, issue, certificate, &row);
    RIG_TRY(rig_register_issued(board->reg, journal, &row, err));
    return check_issued(board, issue, certificate, err);
}

struct renewal {
    struct rig_board *board;
    struct rig_wait wait;
    json_t *superseded; /* serials; borrowed */
};

/* One valid certificate for a key is enough: what an earlier run issued for it goes first. */
static rig_result supersede(void *ctx, const struct rig_register_certificate *certificate,
                            struct rig_error *err)
{
    struct renewal *renewal = ctx;
    const bool was_installed = certificate->state == RIG_CERT_INSTALLED;

    if (certificate->purpose != RIG_PURPOSE_DEVICE ||
        (certificate->state != RIG_CERT_ISSUED && !was_installed)) {
        return RIG_DONE;
    }
    RIG_TRY_IN(rig_revoke_certificate(renewal->board, certificate->serial,
                                      was_installed ? RIG_CERT_SUPERSEDED : RIG_CERT_REVOKED,
                                      RIG_REVOKED_SUPERSEDED, renewal->wait, err),
               err, "certificate %s that was issued for this key before", certificate->serial);
    (void)json_array_append_new(renewal->superseded, json_string(certificate->serial));
    return RIG_DONE;
}

rig_result rig_step_sign(struct rig_board *board, const struct rig_step_plan *plan,
                         json_t *evidence, struct rig_wait wait, struct rig_error *err)
{
    const struct rig_issue issue = {
        .purpose = RIG_PURPOSE_DEVICE,
        .not_after_ms =
            rig_clock_now_ms(board->options->clock) + board->options->suite->device_days * DAY_MS,
    };
    struct rig_cell *cell = &board->cell;
    struct renewal renewal = {.board = board, .wait = wait};

    (void)plan;
    if (!cell->has_csr) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "no CSR was read to sign");
    }
    renewal.superseded = json_array();
    (void)json_object_set_new(evidence, "superseded", renewal.superseded);
    rig_ca_certificate_free(&cell->certificate);
    memset(&cell->certificate, 0, sizeof cell->certificate);
    /* first, so that what a killed run left open is in the register */
    RIG_TRY(rig_services_await(board->services, wait, err));
    RIG_TRY(rig_register_each_certificate_of_key(board->reg, cell->spki_sha256, supersede, &renewal,
                                                 err));
    RIG_TRY(rig_issue_certificate(board, &issue, &cell->certificate, wait, err));
    cell->has_certificate = true;
    (void)json_object_set_new(evidence, "ca", json_string(board->services->ca->ops->name));
    if (cell->certificate.request_id[0] != '\0') {
        (void)json_object_set_new(evidence, "ca_request",
                                  json_string(cell->certificate.request_id));
    }
    if (cell->certificate.accessor[0] != '\0') {
        (void)json_object_set_new(evidence, "ca_token_accessor",
                                  json_string(cell->certificate.accessor));
    }
    (void)json_object_set_new(evidence, "serial", json_string(cell->certificate.serial));
    (void)json_object_set_new(evidence, "issuer", json_string(cell->certificate.issuer));
    rig_evidence_set_hash(evidence, "certificate_sha256", cell->certificate.sha256);
    return RIG_DONE;
}

rig_result rig_revoke_certificate(struct rig_board *board, const char *serial,
                                  enum rig_certificate_state state,
                                  enum rig_revocation_reason reason, struct rig_wait wait,
                                  struct rig_error *err)
{
    struct rig_journal_id journal;
    char subject[96];
    rig_result result;

    RIG_TRY(rig_services_await(board->services, wait, err));
    (void)snprintf(subject, sizeof subject, "serial %s %s", serial,
                   rig_revocation_reason_name(reason));
    RIG_TRY(rig_journal_open(board->reg, RIG_JOURNAL_REVOKE, board->run->run_id, &board->place->id,
                             board->device_id, subject, &journal, err));
    result = rig_ca_revoke(board->services->ca, serial, reason, wait, err);
    if (!result.ok) {
        close_if_settled(board, journal, err);
        return result;
    }
    RIG_TRY(
        rig_register_set_state(board->reg, serial, state, rig_revocation_reason_name(reason), err));
    return rig_journal_close(board->reg, journal, true, "revoked", err);
}

/* ---- installed ---- */

struct superseded {
    const char *kept_serial;
    size_t n;
    char serials[16][41];
};

static rig_result collect_superseded(void *ctx, const struct rig_register_certificate *certificate,
                                     struct rig_error *err)
{
    struct superseded *old = ctx;

    (void)err;
    if (certificate->state == RIG_CERT_INSTALLED &&
        strcmp(certificate->serial, old->kept_serial) != 0 &&
        old->n < sizeof old->serials / sizeof *old->serials) {
        (void)rig_copy_text(old->serials[old->n++], sizeof *old->serials, certificate->serial);
    }
    return RIG_DONE;
}

static rig_result compare_state(struct rig_board *board, const struct rig_agent_certificates *state,
                                struct rig_error *err)
{
    const struct rig_cell *cell = &board->cell;

    if (!state->present) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_NOT_FOUND,
                        "the firmware finds no certificate in its '%s' partition",
                        board->partition.label);
    }
    if (memcmp(state->leaf_sha256, cell->certificate.sha256, RIG_SHA256_SIZE) != 0) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the firmware reads another certificate than the one that was flashed");
    }
    if (!state->matches_key) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the flashed certificate does not belong to the board's key");
    }
    return RIG_DONE;
}

rig_result rig_step_installed(struct rig_board *board, const struct rig_step_plan *plan,
                              json_t *evidence, struct rig_wait wait, struct rig_error *err)
{
    struct rig_cell *cell = &board->cell;
    struct rig_agent_certificates state = {0};
    struct superseded old = {.kept_serial = cell->certificate.serial};

    (void)plan;
    if (!cell->flashed) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "nothing was flashed");
    }
    RIG_TRY(rig_board_need_firmware(board, wait, err));
    RIG_TRY(rig_agent_certificates(board->agent, RIG_AGENT_FLASH, &state, wait, err));
    RIG_TRY(compare_state(board, &state, err));
    rig_evidence_set_hash(evidence, "certificate_sha256", state.leaf_sha256);
    (void)json_object_set_new(evidence, "chain", json_integer(state.n_chain));
    RIG_TRY(rig_register_set_state(board->reg, cell->certificate.serial, RIG_CERT_INSTALLED, NULL,
                                   err));
    cell->installed = true;
    (void)rig_copy_text(board->report->serial, sizeof board->report->serial,
                        cell->certificate.serial);
    RIG_TRY(
        rig_register_each_certificate(board->reg, board->device_id, collect_superseded, &old, err));
    for (size_t i = 0; i < old.n; i++) {
        RIG_TRY(rig_revoke_certificate(board, old.serials[i], RIG_CERT_SUPERSEDED,
                                       RIG_REVOKED_SUPERSEDED, wait, err));
    }
    (void)json_object_set_new(evidence, "superseded", json_integer((json_int_t)old.n));
    return RIG_DONE;
}

/* ---- register: after all boards ended ---- */

static void describe_device(const struct rig_board *board, struct rig_register_device *row)
{
    memset(row, 0, sizeof *row);
    (void)rig_copy_text(row->mac, sizeof row->mac, board->report->mac);
    (void)rig_copy_text(row->device_id, sizeof row->device_id, board->device_id);
    row->board = board->place->id;
    (void)rig_copy_text(row->chip, sizeof row->chip, board->identity.chip->name);
    row->chip_revision = board->identity.revision;
    row->flash_id = board->identity.flash_id;
    row->flash_size_bytes = board->identity.flash_size_bytes;
    (void)rig_copy_text(row->firmware, sizeof row->firmware, board->report->firmware);
    row->secure_boot = board->hello.secure_boot;
    row->flash_encryption = board->hello.flash_encryption;
    (void)rig_copy_text(row->station, sizeof row->station, board->run->hostname);
    (void)rig_copy_text(row->operator_name, sizeof row->operator_name,
                        board->options->operator_name != NULL ? board->options->operator_name : "");
    (void)rig_copy_text(row->suite, sizeof row->suite, board->options->suite->name);
    (void)rig_copy_text(row->result, sizeof row->result,
                        rig_verdict_name(rig_board_report_verdict(board->report)));
    (void)rig_copy_text(row->run_id, sizeof row->run_id, board->run->run_id);
    (void)rig_copy_text(row->serial, sizeof row->serial, board->report->serial);
}

struct compromise {
    struct rig_board *board;
    struct rig_wait wait;
    json_t *revoked; /* serials; borrowed */
};

static rig_result revoke_compromised(void *ctx, const struct rig_register_certificate *certificate,
                                     struct rig_error *err)
{
    struct compromise *compromise = ctx;

    if (certificate->state != RIG_CERT_ISSUED && certificate->state != RIG_CERT_INSTALLED) {
        return RIG_DONE;
    }
    RIG_TRY(rig_revoke_certificate(compromise->board, certificate->serial, RIG_CERT_REVOKED,
                                   RIG_REVOKED_KEY_COMPROMISE, compromise->wait, err));
    (void)json_array_append_new(compromise->revoked, json_string(certificate->serial));
    return RIG_DONE;
}

/* Of a board whose key is known to others, none stays valid. */
static rig_result revoke_all(struct rig_board *board, json_t *evidence, struct rig_wait wait,
                             struct rig_error *err)
{
    struct compromise compromise = {.board = board, .wait = wait, .revoked = json_array()};

    (void)json_object_set_new(evidence, "revoked", compromise.revoked);
    return rig_register_each_certificate(board->reg, board->device_id, revoke_compromised,
                                         &compromise, err);
}

rig_result rig_step_register(struct rig_board *board, const struct rig_step_plan *plan,
                             json_t *evidence, struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf rivals = {0};
    struct rig_register_device row;
    struct rig_journal_id journal;
    rig_result revoked = RIG_DONE;
    struct rig_error leak;

    (void)plan;
    RIG_TRY(
        rig_register_key_rivals(board->reg, board->run->run_id, board->device_id, &rivals, err));
    describe_device(board, &row);
    if (rivals.len != 0) {
        (void)rig_copy_text(row.result, sizeof row.result, rig_verdict_name(RIG_VERDICT_FAIL));
    }
    RIG_TRY(rig_journal_open(board->reg, RIG_JOURNAL_REGISTER, board->run->run_id,
                             &board->place->id, board->device_id, board->report->mac, &journal,
                             err));
    RIG_TRY(rig_register_put_device(board->reg, &row, err));
    RIG_TRY(rig_journal_close(board->reg, journal, true, row.result, err));
    (void)json_object_set_new(evidence, "device_id", json_string(board->device_id));
    (void)json_object_set_new(evidence, "serial", json_string(board->report->serial));
    if (rivals.len != 0 || board->log.tripped) {
        revoked = revoke_all(board, evidence, wait, err);
    }
    if (!revoked.ok) {
        (void)json_object_set_new(evidence, "not_revoked", json_string(err->text));
    }
    if (!rig_sweep_file(board->report->log_path, &leak).ok) {
        leak.cls = RIG_CLASS_DEVICE;
        return rig_fail_as(err, &leak);
    }
    if (rivals.len != 0) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_DUPLICATE,
                        "board %s and board %s made the same key: their random generator is not "
                        "seeded; neither may be shipped",
                        board->place->id.text, rig_buf_text(&rivals));
    }
    return revoked;
}
