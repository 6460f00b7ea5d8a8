/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/board_rules.h"

#include "rig/run/steps.h"

#include <stdio.h>

enum rig_verdict rig_rules_verdict(const struct rig_error *err)
{
    return err->cls == RIG_CLASS_DEVICE ? RIG_VERDICT_FAIL : RIG_VERDICT_ERROR;
}

/* The base's bare timeout does not know who was slow: at the end of a step's time it is the board.
 */
void rig_rules_explain_timeout(const struct rig_board *board, const struct rig_step_plan *plan,
                               struct rig_error *err)
{
    if (err->code != RIG_E_TIMEOUT || err->cls == RIG_CLASS_CA || err->cls == RIG_CLASS_RIG) {
        return; /* a CA or a database that kept us waiting is no fault of the board */
    }
    if (rig_wait_over(board->limit)) {
        err->cls = RIG_CLASS_DEVICE;
        (void)rig_wrap(err, "the board's limit of %lld s is used up",
                       (long long)(board->options->suite->board_limit_ms / 1000));
    } else if (err->cls == RIG_CLASS_NETWORK && plan->kind != RIG_STEP_SIGN) {
        err->cls = RIG_CLASS_DEVICE;
        (void)rig_wrap(err, "not done within %.1f s", (double)plan->timeout_ms / 1000.0);
    }
}

bool rig_rules_worth_another_try(const struct rig_step_plan *plan, const struct rig_error *err)
{
    const struct rig_step_driver *driver = rig_step_driver(plan->kind);

    switch (err->cls) {
    case RIG_CLASS_RIG:
    case RIG_CLASS_NETWORK:
    case RIG_CLASS_CA:
        return err->code == RIG_E_TIMEOUT || err->code == RIG_E_NO_ANSWER ||
               err->code == RIG_E_DISCONNECTED || err->code == RIG_E_REFUSED ||
               err->code == RIG_E_BUSY;
    case RIG_CLASS_DEVICE:
        return driver->may_retry_device_silence &&
               (err->code == RIG_E_NO_ANSWER || err->code == RIG_E_PROTOCOL ||
                err->code == RIG_E_TIMEOUT || err->code == RIG_E_DISCONNECTED);
    default:
        return false;
    }
}

void rig_rules_judge_time(const struct rig_step_plan *plan, struct rig_step_report *report)
{
    const int64_t duration_ms = report->duration_ns / RIG_NS_PER_MS;

    report->over_budget_warn = plan->budget.warn_ms != 0 && duration_ms > plan->budget.warn_ms;
    if (plan->budget.fail_ms != 0 && duration_ms > plan->budget.fail_ms &&
        (report->verdict == RIG_VERDICT_PASS || report->verdict == RIG_VERDICT_FLAKY)) {
        report->verdict = RIG_VERDICT_FAIL;
        (void)rig_fail(&report->error, RIG_CLASS_DEVICE, RIG_E_TIMEOUT,
                       "took %.3f s, its budget is %.3f s", (double)duration_ms / 1000.0,
                       (double)plan->budget.fail_ms / 1000.0);
    }
}

void rig_rules_judge_noise(struct rig_step_report *report, unsigned n_repeated)
{
    if (report->verdict == RIG_VERDICT_PASS && n_repeated != 0) {
        report->verdict = RIG_VERDICT_FLAKY;
        (void)rig_fail(
            &report->error, RIG_CLASS_DEVICE, RIG_E_PROTOCOL,
            "%u exchanges had to be repeated: noise on the line (check cable and ground), or "
            "a board or host that is very busy",
            n_repeated);
    }
}

static bool is_negative(const struct rig_step_plan *plan)
{
    return rig_step_is_case(plan) && !plan->handshake.control &&
           plan->handshake.expect != RIG_EXPECT_ACCEPTED;
}

/* An update that must not be taken: like a negative case, it leaves the board usable. */
static bool is_trial(const struct rig_step_plan *plan)
{
    return plan->kind == RIG_STEP_CHAIN_UPDATE && plan->update != RIG_ROTATION_GOOD;
}

/* Services are prepared by then: a certificate of theirs was signed. */
static bool ca_cannot(const struct rig_board *board, const struct rig_step_plan *plan)
{
    return plan->kind == RIG_STEP_CHAIN_UPDATE && board->services->ca != NULL &&
           board->services->ca->ops->chain_update == NULL;
}

bool rig_rules_held_back(const struct rig_board *board, const struct rig_step_plan *plan,
                         char *reason, size_t reason_size)
{
    if (board->dead) {
        (void)snprintf(reason, reason_size, "not run: %.200s", board->dead_because);
    } else if (board->cell.blocked) {
        (void)snprintf(reason, reason_size, "not run: it needs '%s', which did not pass",
                       board->cell.blocked_by);
    } else if (is_negative(plan) && board->cell.control_failed) {
        (void)snprintf(reason, reason_size,
                       "not run: its control '%s' failed, so a refusal would prove nothing",
                       board->cell.control_name);
    } else if (ca_cannot(board, plan)) {
        (void)snprintf(reason, reason_size,
                       "not run: the %s CA renews no intermediates by itself and signs no chain "
                       "updates; run this suite with the local CA",
                       board->services->ca->ops->name);
    } else {
        return false;
    }
    return true;
}

static bool ends_the_board(const struct rig_step_plan *plan, const struct rig_error *err)
{
    switch (err->code) {
    case RIG_E_KEY_LEAK:
    case RIG_E_CANCELLED:
    case RIG_E_NO_SPACE:
        return true;
    case RIG_E_NO_ANSWER:
    case RIG_E_BOOT_LOOP:
    case RIG_E_WRONG_BOOT_MODE:
    case RIG_E_DISCONNECTED:
    case RIG_E_NOT_FOUND:
    case RIG_E_BUSY:
    case RIG_E_PERMISSION:
    case RIG_E_TIMEOUT:
        return !rig_step_is_case(plan);
    default:
        return false;
    }
}

void rig_rules_conclude(struct rig_board *board, const struct rig_step_plan *plan, bool in_cell)
{
    const struct rig_step_report *report = &board->report->steps[board->report->n_steps - 1];
    const bool passed = report->verdict == RIG_VERDICT_PASS || report->verdict == RIG_VERDICT_FLAKY;

    if (rig_step_is_case(plan) && plan->handshake.control) {
        board->cell.control_failed = !passed;
        (void)rig_copy_text(board->cell.control_name, sizeof board->cell.control_name, plan->name);
    }
    if (passed || report->verdict == RIG_VERDICT_SKIP) {
        return;
    }
    if (rig_wait_over(board->limit) || ends_the_board(plan, &report->error) ||
        (!in_cell && !rig_step_is_case(plan))) {
        board->dead = true;
        (void)snprintf(board->dead_because, sizeof board->dead_because, "'%s' ended the board",
                       report->name);
    } else if (!rig_step_is_case(plan) && !is_trial(plan)) {
        board->cell.blocked = true;
        (void)rig_copy_text(board->cell.blocked_by, sizeof board->cell.blocked_by, report->name);
    }
}
