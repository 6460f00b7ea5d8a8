/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/judge_enrolment.h"

#include <string.h>

static const char *or_none(const char *entry)
{
    return entry[0] != '\0' ? entry : "none";
}

static rig_result decided_otherwise(struct rig_error *err,
                                    const struct rig_enrolment_decision *decision, const char *what,
                                    const char *expected, const char *found)
{
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_MISMATCH,
                    "the service decided otherwise: expected %s %s, found %s (%s)", what, expected,
                    found, decision->text);
}

static rig_result judge_decision(const struct rig_enrol_plan *plan,
                                 const struct rig_enrolment_decision *decision,
                                 struct rig_error *err)
{
    const enum rig_enrolment_reason reason = plan->expect == RIG_ENROL_ACCEPTED
                                                 ? RIG_ENROLMENT_ACCEPTED
                                                 : (enum rig_enrolment_reason)plan->reason;
    /* one of the same key under another name is no re-issued certificate of this device */
    const char *finding = decision->stale_by_key ? "" : decision->stale_entry;

    if (decision->reason != reason) {
        return decided_otherwise(err, decision, "result", rig_enrolment_reason_name(reason),
                                 rig_enrolment_reason_name(decision->reason));
    }
    if (strcmp(decision->entry, plan->decided_by) != 0) {
        return decided_otherwise(err, decision, "entry", or_none(plan->decided_by),
                                 or_none(decision->entry));
    }
    if (plan->expect == RIG_ENROL_ACCEPTED && strcmp(decision->device_id, plan->device_id) != 0) {
        return decided_otherwise(err, decision, "device id", plan->device_id, decision->device_id);
    }
    if (strcmp(finding, plan->finding) != 0) {
        return decided_otherwise(err, decision, "finding", or_none(plan->finding),
                                 or_none(finding));
    }
    return RIG_DONE;
}

/* Nothing was decided about what the board was told to send. */
static rig_result judge_unasked(const struct rig_judge_input *input,
                                const struct rig_enrolment_seen *seen, enum rig_outcome *outcome,
                                struct rig_error *err)
{
    struct rig_case_plan accepted = *input->plan;
    struct rig_judge_input as_accepted = *input;

    accepted.expect = RIG_EXPECT_ACCEPTED;
    as_accepted.plan = &accepted;
    /* a handshake that failed has its own reasons */
    RIG_TRY(rig_judge(&as_accepted, outcome, err));
    *outcome = RIG_OUTCOME_VACUOUS;
    return seen->n_other_lines > 0
               ? rig_fail(err, RIG_CLASS_DEVICE, RIG_E_PROTOCOL,
                          "the board sent another registration than it was told to")
               : rig_fail(err, RIG_CLASS_RIG, RIG_E_PROTOCOL,
                          "the server let the board in without asking the service");
}

static rig_result judge_refused(const struct rig_judge_input *input, enum rig_outcome *outcome,
                                struct rig_error *err)
{
    const struct rig_tls_evidence *server = input->server;
    const struct rig_agent_handshake_report *device = input->device;

    *outcome = RIG_OUTCOME_CONTRADICTION;
    if (server->echoed) {
        *outcome = RIG_OUTCOME_ACCEPTED;
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_MISMATCH,
                        "the server accepted the registration that the service refused");
    }
    if (device->echoed) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the board says that it is registered; the service refused it, and the "
                        "server sent nothing back");
    }
    if (!device->handshake_done) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the board says that the handshake failed; it was good, and the refusal "
                        "came after it");
    }
    if (input->expected_sha256 != NULL &&
        (!server->peer_presented ||
         memcmp(server->peer_sha256, input->expected_sha256, RIG_SHA256_SIZE) != 0 ||
         (input->n_expected_chain != 0 && server->n_peer_chain != input->n_expected_chain))) {
        *outcome = RIG_OUTCOME_VACUOUS;
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the board showed another certificate, or another chain, than it was told "
                        "to");
    }
    if (server->refused_by != RIG_TLS_REFUSED_BY_ENROLMENT) {
        *outcome = RIG_OUTCOME_REJECTED_OTHER;
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_MISMATCH,
                        "the server closed for another reason than the enrolment: %s",
                        server->error_text[0] != '\0' ? server->error_text
                                                      : rig_tls_refusal_name(server->refused_by));
    }
    *outcome = RIG_OUTCOME_REJECTED;
    return RIG_DONE;
}

rig_result rig_judge_enrolment(const struct rig_judge_input *input,
                               const struct rig_enrol_plan *plan,
                               const struct rig_enrolment_seen *seen, enum rig_outcome *outcome,
                               struct rig_error *err)
{
    if (plan->expect == RIG_ENROL_SERVER_REJECTS) {
        return rig_judge(input, outcome, err);
    }
    if (!seen->asked) {
        return judge_unasked(input, seen, outcome, err);
    }
    *outcome = seen->decision.reason == RIG_ENROLMENT_ACCEPTED ? RIG_OUTCOME_ACCEPTED
                                                               : RIG_OUTCOME_REJECTED_OTHER;
    RIG_TRY(judge_decision(plan, &seen->decision, err));
    return plan->expect == RIG_ENROL_ACCEPTED ? rig_judge(input, outcome, err)
                                              : judge_refused(input, outcome, err);
}
