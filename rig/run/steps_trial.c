/* SPDX-License-Identifier: Apache-2.0 */
/* A trial: a handshake case in the suite's own PKI (rig/suite/trial.h). */
#include "rig/run/judge.h"
#include "rig/run/steps.h"
#include "rig/run/trial_files.h"
#include "rig/run/trial_place.h"

#include <string.h>

/* One handshake before the judged one, which must succeed for the case to prove anything. */
static rig_result prepare_by(struct rig_trial_place *place, bool resumed, const char *what,
                             json_t *evidence, struct rig_error *err)
{
    RIG_AUTO(rig_both_sides_free) struct rig_both_sides both = {0};
    json_t *words = json_object();
    const rig_result result = rig_trial_shake(place, false, &both, words, err);

    (void)json_object_set_new(evidence, what, words);
    RIG_TRY(result);
    if (!both.server.echoed || !both.device.echoed) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_REFUSED,
                        "the %s before the one that is judged did not succeed (server: %s, %s; "
                        "board's code -0x%04x): the case proves nothing",
                        what, rig_tls_verify_error_name(both.server.verify_error),
                        both.server.error_text, (unsigned)-both.device.tls_code);
    }
    if (both.server.resumed != resumed) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        resumed ? "the session was not taken up before the change: the case proves "
                                  "nothing (does this firmware keep sessions?)"
                                : "the first handshake was a resumed one: the case proves nothing");
    }
    return RIG_DONE;
}

static rig_result prepare_session(struct rig_trial_place *place, json_t *evidence,
                                  struct rig_error *err)
{
    if (place->trial->session == RIG_TRIAL_FULL) {
        return RIG_DONE;
    }
    RIG_TRY(prepare_by(place, false, "full handshake", evidence, err));
    RIG_TRY(prepare_by(place, true, "resumed handshake", evidence, err));
    return rig_trial_apply_change(place, err);
}

/* The cause, then what it means for whoever reads it. */
static void add_meaning(const struct rig_step_plan *plan, struct rig_error *err)
{
    struct rig_error cause = *err;
    const size_t len = strlen(cause.text);
    const char *stop = len != 0 && cause.text[len - 1] == '.' ? "" : ".";

    if (plan->handshake.means[0] != '\0' && err->cls != RIG_CLASS_NETWORK &&
        err->cls != RIG_CLASS_CANCELLED) {
        (void)rig_fail(err, cause.cls, cause.code, "%s%s %s", cause.text, stop,
                       plan->handshake.means);
    }
}

static rig_result shake_and_judge(struct rig_trial_place *place, json_t *evidence,
                                  struct rig_error *err)
{
    const struct rig_presented *presented = &place->presented;
    RIG_AUTO(rig_both_sides_free) struct rig_both_sides both = {0};
    enum rig_outcome outcome = RIG_OUTCOME_VACUOUS;
    struct rig_case_plan plan;
    struct rig_judge_input input = {
        .plan = &plan,
        .server = &both.server,
        .device = &both.device,
        .declared = &place->board->hello,
        .expected_sha256 = presented->has_certificate ? presented->sha256 : NULL,
        .n_expected_chain = presented->n_chain,
        .expected_chain = &presented->chain,
    };
    rig_result result;
    struct rig_error late = {0};

    RIG_TRY(prepare_session(place, evidence, err));
    RIG_TRY(rig_trial_shake(place, place->other != NULL || place->other_nginx != NULL, &both,
                            evidence, err));
    rig_other_server_plan(place->board, place->plan, &both, &plan, evidence);
    input.n_strangers = both.n_strangers;
    rig_other_server_judged(&both, &input);
    result = rig_judge(&input, &outcome, err);
    (void)json_object_set_new(evidence, "outcome", json_string(rig_outcome_name(outcome)));
    if (!result.ok) {
        if (rig_judge_is_meant(plan.expect, outcome)) {
            add_meaning(place->plan, err);
        }
        if (!rig_trial_files_write(place, &both, evidence, &late).ok) {
            (void)json_object_set_new(evidence, "files_error", json_string(late.text));
        }
    }
    return result;
}

rig_result rig_step_trial(struct rig_board *board, const struct rig_step_plan *plan,
                          json_t *evidence, struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_trial_place_free)
    struct rig_trial_place place = {
        .board = board, .plan = plan, .trial = plan->trial, .wait = wait};
    struct rig_error late = {0};
    rig_result result;

    RIG_TRY(rig_services_await(board->services, wait, err));
    if (plan->trial->client == RIG_TRIAL_BOARD) {
        RIG_TRY(rig_board_need_firmware(board, wait, err));
    }
    if (plan->handshake.wrong[0] != '\0') {
        (void)json_object_set_new(evidence, "wrong", json_string(plan->handshake.wrong));
    }
    if (plan->trial->client == RIG_TRIAL_REFERENCE) {
        (void)json_object_set_new(evidence, "client", json_string("reference"));
    }
    result = rig_trial_place_set(&place, err);
    if (result.ok) {
        result = shake_and_judge(&place, evidence, err);
    }
    if (!rig_trial_place_end(&place, &late).ok && result.ok) {
        result = rig_fail_as(err, &late);
    }
    return result;
}
