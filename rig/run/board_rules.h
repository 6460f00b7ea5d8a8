/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules by which board.c judges a step and decides what comes after it; private to rig/run and
 * its tests. They look at plans, reports and the board's state and touch nothing outside: no line,
 * no CA, no waiting. Called by the board's own thread.
 */
#ifndef RIG_RUN_BOARD_RULES_H
#define RIG_RUN_BOARD_RULES_H

#include "rig/run/board.h"

/* FAIL when the board is wrong, else ERROR. */
enum rig_verdict rig_rules_verdict(const struct rig_error *err);
/* Names the one who was slow in a timeout that does not know it. */
void rig_rules_explain_timeout(const struct rig_board *board, const struct rig_step_plan *plan,
                               struct rig_error *err);
/* What may go away by itself; a silent board only where repeating the step does no harm. */
bool rig_rules_worth_another_try(const struct rig_step_plan *plan, const struct rig_error *err);
/* A pass over its budget is a FAIL, or marked as slow. */
void rig_rules_judge_time(const struct rig_step_plan *plan, struct rig_step_report *report);
/* A pass with repeated exchanges is FLAKY. */
void rig_rules_judge_noise(struct rig_step_report *report, unsigned n_repeated);

/* Whether a step can't run after what happened before; then `reason` says why. */
bool rig_rules_held_back(const struct rig_board *board, const struct rig_step_plan *plan,
                         char *reason, size_t reason_size);
/* What the board's newest report, of `plan`, means for the steps to come: the board is dead, its
 * cell blocked, or a control failed. */
void rig_rules_conclude(struct rig_board *board, const struct rig_step_plan *plan, bool in_cell);

#endif
