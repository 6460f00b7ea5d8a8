/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges a registration by what the service decided, what the server did and what the board says.
 * Pure.
 *
 * A service that decides otherwise than the suite expects is no fault of the board: class RIG,
 * MISMATCH. A board that takes a refusal for an acceptance, that shows another certificate or sends
 * another registration than it was told, is: class DEVICE.
 */
#ifndef RIG_RUN_JUDGE_ENROLMENT_H
#define RIG_RUN_JUDGE_ENROLMENT_H

#include "rig/run/judge.h"
#include "rig/tls/enrolment.h"

struct rig_enrolment_seen {
    bool asked; /* the line came that the board was told to send, and was decided about */
    struct rig_enrolment_decision decision;
    unsigned n_other_lines; /* lines that came instead, or from strangers */
};

/* `input` as of rig_judge; its plan is the step's `handshake`. Not for RIG_ENROL_LIST_REFUSED. */
RIG_CHECKED rig_result rig_judge_enrolment(const struct rig_judge_input *input,
                                           const struct rig_enrol_plan *plan,
                                           const struct rig_enrolment_seen *seen,
                                           enum rig_outcome *outcome, struct rig_error *err);

#endif
