/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of the device's intermediates: offered right and wrong, cut off, and erased. What they
 * leave on the board is what the handshakes after them must see. */
#include "rig/ca/pki.h"
#include "rig/esp/partition.h"
#include "rig/run/evidence.h"
#include "rig/run/steps.h"

#include <stdio.h>
#include <string.h>

#define N_CUTS 4
#define CUT_MIN_MS 1
#define UPDATE_PARTITION_TYPE 0x41
#define UPDATE_PARTITION_LABEL "chain_update"

/* What was offered, and what the board had before and has after. */
struct trial {
    const struct rig_rotation_traits *traits;
    uint32_t version; /* offered */
    struct rig_ca_chain_update update;
    struct rig_agent_chain before;
    struct rig_agent_chain after;
    struct rig_agent_chain_answer answer;
};

static void free_trial(struct trial *trial)
{
    rig_ca_chain_update_free(&trial->update);
}

static void put_state(json_t *evidence, const char *key, const struct rig_agent_chain *chain)
{
    json_t *object = json_object();

    (void)json_object_set_new(object, "version", json_integer(chain->version));
    (void)json_object_set_new(object, "intermediates",
                              json_string(chain->updated ? "update" : "flash"));
    if (chain->n_chain > 1) {
        rig_evidence_set_hash(object, "issuing_ca_sha256", chain->sha256[1]);
    }
    (void)json_object_set_new(evidence, key, object);
}

/* ---- what a board's chain must look like ---- */

static bool same_roots(const struct rig_agent_chain *a, const struct rig_agent_chain *b)
{
    return a->n_roots == b->n_roots &&
           memcmp(a->roots_sha256, b->roots_sha256, sizeof a->roots_sha256) == 0;
}

static bool same_chain(const struct rig_agent_chain *a, const struct rig_agent_chain *b)
{
    return a->n_chain == b->n_chain && a->updated == b->updated && a->version == b->version &&
           memcmp(a->sha256, b->sha256, sizeof a->sha256) == 0;
}

static bool is_offered(const struct rig_agent_chain *chain, const struct trial *trial)
{
    const struct rig_ca_chain_update *update = &trial->update;

    return chain->updated && chain->version == trial->version &&
           chain->n_chain == update->n_intermediates + 1 &&
           memcmp(chain->sha256[0], trial->before.sha256[0], RIG_SHA256_SIZE) == 0 &&
           memcmp(chain->sha256[1], update->sha256, update->n_intermediates * RIG_SHA256_SIZE) == 0;
}

static rig_result fail_root(struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                    "the board's trust root changed: a chain update must never replace the root, "
                    "which is fixed at the factory");
}

static rig_result fail_lost(const struct trial *trial, const char *when, struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                    "the intermediates of before are gone after %s: version %u before, %u after "
                    "(%s)",
                    when, (unsigned)trial->before.version, (unsigned)trial->after.version,
                    trial->after.updated ? "of an update" : "those that were flashed");
}

static rig_result judge_accepted(const struct trial *trial, struct rig_error *err)
{
    if (!trial->answer.accepted) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_REFUSED,
                        "the board refused a good chain update: %s (%s)", trial->answer.text,
                        trial->answer.code);
    }
    if (!same_roots(&trial->before, &trial->after)) {
        return fail_root(err);
    }
    if (!is_offered(&trial->after, trial)) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the board said it took version %u of its intermediates, but reports "
                        "version %u with other certificates or the flashed ones",
                        (unsigned)trial->version, (unsigned)trial->after.version);
    }
    return RIG_DONE;
}

static rig_result judge_refused(const struct trial *trial, struct rig_error *err)
{
    if (!same_roots(&trial->before, &trial->after)) {
        return fail_root(err);
    }
    if (trial->answer.accepted) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                        "the board took a chain update %s (version %u offered, %u before)",
                        trial->traits->blame, (unsigned)trial->version,
                        (unsigned)trial->before.version);
    }
    if (!same_chain(&trial->before, &trial->after)) {
        return fail_lost(trial, "an update that it refused", err);
    }
    if (strcmp(trial->answer.code, trial->traits->code) != 0) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "refused for another reason: %s (%s), expected %s", trial->answer.code,
                        trial->answer.text, trial->traits->code);
    }
    return RIG_DONE;
}

static rig_result judge_cut(const struct trial *trial, struct rig_error *err)
{
    if (!same_roots(&trial->before, &trial->after)) {
        return fail_root(err);
    }
    if (is_offered(&trial->after, trial)) {
        return RIG_DONE;
    }
    if (!same_chain(&trial->before, &trial->after)) {
        return fail_lost(trial, "a power cut in an update", err);
    }
    if (trial->answer.code[0] != '\0') {
        return judge_accepted(trial, err);
    }
    if (trial->answer.accepted) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the board said it took version %u, but after a restart it has version %u "
                        "again: it said so before it was written",
                        (unsigned)trial->version, (unsigned)trial->after.version);
    }
    return RIG_DONE;
}

/* ---- the trials ---- */

static void expect_chain(struct rig_board *board, const struct rig_agent_chain *chain)
{
    struct rig_chain_expectation *expected = &board->cell.chain;

    expected->known = chain->n_chain > 1 && chain->n_chain <= RIG_CHAIN_MAX + 1;
    expected->n = expected->known ? chain->n_chain - 1 : 0;
    expected->version = chain->version;
    memcpy(expected->sha256, chain->sha256[1], sizeof expected->sha256);
}

static rig_result check_can_update(struct rig_board *board, struct rig_error *err)
{
    if (board->hello.update_bytes == 0) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_UNSUPPORTED,
                        "this firmware takes no new intermediates: its partition table has no "
                        "chain_update of type 0x41 (or its agent is of before); add one");
    }
    return RIG_DONE;
}

/* What the board has, and an update that stands in the wanted relation to it. */
static rig_result prepare(struct rig_board *board, struct trial *trial, struct rig_wait wait,
                          struct rig_error *err)
{
    struct rig_ca_chain_update_request request = {.fault = trial->traits->fault};
    int64_t version;

    RIG_TRY(rig_board_need_firmware(board, wait, err));
    RIG_TRY(check_can_update(board, err));
    RIG_TRY(rig_agent_chain_state(board->agent, &trial->before, wait, err));
    version = (int64_t)trial->before.version + trial->traits->version_step;
    if (version < 1) { /* the suite let it take a good one before: its rules see to that */
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the board took a chain update before, but has version %u now: it lost it",
                        (unsigned)trial->before.version);
    }
    if (version > UINT32_MAX) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the board has the highest version that there is: begin anew with "
                        "chain-erase");
    }
    trial->version = request.version = (uint32_t)version;
    rig_ca_chain_update_free(&trial->update);
    RIG_TRY(rig_ca_chain_update(board->services->ca, &request, &trial->update, wait, err));
    return rig_agent_chain_upload(board->agent, trial->update.object.data, trial->update.object.len,
                                  wait, err);
}

static rig_result commit_for(struct rig_board *board, struct trial *trial, struct rig_wait wait,
                             struct rig_error *err)
{
    return rig_agent_chain_commit(board->agent, trial->update.object.data, trial->update.object.len,
                                  &trial->answer, wait, err);
}

static rig_result offer(struct rig_board *board, struct trial *trial, json_t *evidence,
                        struct rig_wait wait, struct rig_error *err)
{
    int64_t started_ns;

    RIG_TRY(prepare(board, trial, wait, err));
    started_ns = rig_now_ns();
    RIG_TRY(commit_for(board, trial, wait, err));
    if (trial->answer.accepted) {
        board->cell.chain.commit_ms = (rig_now_ns() - started_ns) / RIG_NS_PER_MS;
    }
    RIG_TRY(rig_agent_chain_state(board->agent, &trial->after, wait, err));
    expect_chain(board, &trial->after);
    (void)json_object_set_new(evidence, "offered_version", json_integer(trial->version));
    (void)json_object_set_new(evidence, "serial", json_string(trial->update.serial));
    (void)json_object_set_new(evidence, "answer",
                              json_string(trial->answer.accepted ? "ok" : trial->answer.code));
    put_state(evidence, "before", &trial->before);
    put_state(evidence, "after", &trial->after);
    return trial->traits->expect == RIG_ROTATION_ACCEPTED ? judge_accepted(trial, err)
                                                          : judge_refused(trial, err);
}

#define BEFORE_COMMIT (-1)
#define AFTER_ANSWER (-2)

/* A board that does not answer any more is what a cut is for. Where the answer is waited for, it
 * must come. */
static bool was_cut(int64_t after_ms, struct rig_wait wait, const struct rig_error *err)
{
    if (after_ms == AFTER_ANSWER || rig_wait_over(wait)) {
        return false;
    }
    return err->code == RIG_E_TIMEOUT || err->code == RIG_E_NO_ANSWER ||
           (err->code == RIG_E_DISCONNECTED && err->cls == RIG_CLASS_DEVICE);
}

/* Resets the board after `after_ms` of its commit, or before it, or once it answered. */
static rig_result cut(struct rig_board *board, struct trial *trial, int64_t after_ms,
                      json_t *outcomes, struct rig_wait wait, struct rig_error *err)
{
    json_t *outcome = json_object();

    (void)json_array_append_new(outcomes, outcome);
    (void)json_object_set_new(outcome, "cut",
                              after_ms == BEFORE_COMMIT  ? json_string("before the commit")
                              : after_ms == AFTER_ANSWER ? json_string("after the answer")
                                                         : json_integer(after_ms));
    memset(&trial->answer, 0, sizeof trial->answer);
    RIG_TRY(prepare(board, trial, wait, err));
    if (after_ms != BEFORE_COMMIT &&
        !commit_for(board, trial, after_ms == AFTER_ANSWER ? wait : rig_wait_within(wait, after_ms),
                    err)
             .ok &&
        !was_cut(after_ms, wait, err)) {
        return (rig_result){.ok = false};
    }
    board->mode = RIG_MODE_UNKNOWN;
    RIG_TRY(rig_board_need_firmware(board, wait, err));
    RIG_TRY(rig_agent_chain_state(board->agent, &trial->after, wait, err));
    (void)json_object_set_new(outcome, "offered_version", json_integer(trial->version));
    (void)json_object_set_new(outcome, "answered", json_boolean(trial->answer.accepted));
    put_state(outcome, "before", &trial->before);
    put_state(outcome, "after", &trial->after);
    expect_chain(board, &trial->after);
    return judge_cut(trial, err);
}

static rig_result cut_often(struct rig_board *board, struct trial *trial, json_t *evidence,
                            struct rig_wait wait, struct rig_error *err)
{
    const int64_t commit_ms = board->cell.chain.commit_ms;
    json_t *outcomes = json_array();

    (void)json_object_set_new(evidence, "commit_ms", json_integer(commit_ms));
    (void)json_object_set_new(evidence, "cuts", outcomes);
    RIG_TRY(cut(board, trial, BEFORE_COMMIT, outcomes, wait, err));
    for (int64_t i = 0; i < N_CUTS; i++) {
        const int64_t after_ms = commit_ms * (2 * i + 1) / (2 * N_CUTS);

        RIG_TRY(
            cut(board, trial, after_ms > CUT_MIN_MS ? after_ms : CUT_MIN_MS, outcomes, wait, err));
    }
    return cut(board, trial, AFTER_ANSWER, outcomes, wait, err);
}

rig_result rig_step_chain_update(struct rig_board *board, const struct rig_step_plan *plan,
                                 json_t *evidence, struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(free_trial) struct trial trial = {.traits = &rig_rotation_traits[plan->update]};

    RIG_TRY(rig_services_await(board->services, wait, err));
    return trial.traits->expect == RIG_ROTATION_WHOLE
               ? cut_often(board, &trial, evidence, wait, err)
               : offer(board, &trial, evidence, wait, err);
}

/* ---- chain-erase ---- */

/* The flashed intermediates, from what was flashed and not from the board's word. */
static rig_result expect_flashed(struct rig_board *board, struct rig_error *err)
{
    struct rig_chain_expectation expected = {.known = true,
                                             .commit_ms = board->cell.chain.commit_ms};
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *chain = NULL;

    RIG_TRY(rig_pki_certificates_of_pem(rig_buf_text(&board->cell.certificate.chain_pem),
                                        "the flashed chain", &chain, err));
    for (int i = 1; i < sk_X509_num(chain) && expected.n < RIG_CHAIN_MAX; i++) {
        uint8_t *sha256 = expected.sha256[expected.n++];

        if (X509_digest(sk_X509_value(chain, i), EVP_sha256(), sha256, NULL) != 1) {
            return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "cannot hash the flashed chain");
        }
    }
    board->cell.chain = expected;
    return RIG_DONE;
}

static rig_result find_updates(struct rig_board *board, struct rig_partition *found,
                               struct rig_wait wait, struct rig_error *err)
{
    uint8_t bytes[RIG_PARTITION_TABLE_SIZE];
    struct rig_partition_table table;
    const struct rig_partition *partition;

    RIG_TRY_IN(
        rig_rom_flash_read(board->rom, RIG_PARTITION_TABLE_OFFSET, bytes, sizeof bytes, wait, err),
        err, "partition table");
    RIG_TRY_IN(rig_partition_parse(bytes, sizeof bytes, &table, err), err, "partition table");
    partition = rig_partition_find(&table, UPDATE_PARTITION_TYPE, UPDATE_PARTITION_LABEL);
    if (partition == NULL) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_NOT_FOUND,
                        "the partition table has no '%s' of type 0x41: there is nothing to erase; "
                        "flash a firmware whose table has it, or leave chain-erase out",
                        UPDATE_PARTITION_LABEL);
    }
    *found = *partition;
    return RIG_DONE;
}

rig_result rig_step_chain_erase(struct rig_board *board, const struct rig_step_plan *plan,
                                json_t *evidence, struct rig_wait wait, struct rig_error *err)
{
    struct rig_partition partition;
    struct rig_journal_id journal;
    struct rig_error ignored;
    char subject[64];
    rig_result result;

    (void)plan;
    RIG_TRY(rig_board_need_download(board, wait, err));
    RIG_TRY(find_updates(board, &partition, wait, err));
    (void)snprintf(subject, sizeof subject, "%s@0x%x erased", partition.label,
                   (unsigned)partition.offset_bytes);
    RIG_TRY(rig_journal_open(board->reg, RIG_JOURNAL_FLASH, board->run->run_id, &board->place->id,
                             board->device_id, subject, &journal, err));
    result =
        rig_rom_flash_erase(board->rom, partition.offset_bytes, partition.size_bytes, wait, err);
    if (!result.ok) {
        (void)rig_journal_close(board->reg, journal, false, err->text, &ignored).ok;
        return result;
    }
    RIG_TRY(rig_journal_close(board->reg, journal, true, "erased", err));
    (void)json_object_set_new(evidence, "offset_bytes", json_integer(partition.offset_bytes));
    (void)json_object_set_new(evidence, "size_bytes", json_integer(partition.size_bytes));
    return expect_flashed(board, err);
}
