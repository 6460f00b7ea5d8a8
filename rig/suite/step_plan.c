/* SPDX-License-Identifier: Apache-2.0 */
/* What one step or case means on its own: defaults for what was left out, and what contradicts
 * itself. */
#include "rig/suite/enrol_schema.h"
#include "rig/suite/plan_tables.h"
#include "rig/suite/trial_schema.h"

#include <stdio.h>
#include <string.h>

static int line_of(const struct rig_yaml_node *node, const char *key)
{
    const struct rig_yaml_node *value = rig_yaml_find(node, key);
    return value != NULL ? value->key->line : node->line;
}

static bool given(const struct rig_yaml_node *node, const char *key)
{
    return rig_yaml_find(node, key) != NULL;
}

/* "certificate: revoked": the part of a case that decides how it ends. */
static void name_fault(const struct rig_case_plan *plan, char *out, size_t out_size)
{
    if (plan->server != RIG_SERVER_GOOD) {
        (void)snprintf(out, out_size, "server: %s", rig_server_traits[plan->server].name);
    } else {
        (void)snprintf(out, out_size, "certificate: %s",
                       rig_certificate_traits[plan->certificate].name);
    }
}

static const struct rig_case_traits *deciding_traits(const struct rig_case_plan *plan)
{
    return plan->server != RIG_SERVER_GOOD ? &rig_server_traits[plan->server]
                                           : &rig_certificate_traits[plan->certificate];
}

/* The keys that say how it must look, and the only outcome that each belongs to (-1: both
 * refusals). */
static const struct {
    const char *key;
    int outcome;
} refusal_keys[] = {
    {"verify_errors", RIG_EXPECT_SERVER_REJECTS},
    {"verify_depth", RIG_EXPECT_SERVER_REJECTS},
    {"verify_flags", RIG_EXPECT_DEVICE_REJECTS},
    {"alerts", -1},
    {"allow_silent", -1},
    {"offers", RIG_EXPECT_ACCEPTED},
};

static void check_refusal_keys(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                               const struct rig_case_plan *plan)
{
    for (size_t i = 0; i < sizeof refusal_keys / sizeof refusal_keys[0]; i++) {
        const char *key = refusal_keys[i].key;
        const int outcome = refusal_keys[i].outcome;
        const bool fits =
            outcome == (int)plan->expect || (outcome < 0 && plan->expect != RIG_EXPECT_ACCEPTED);

        if (!given(node, key) || fits) {
            continue;
        }
        rig_yaml_mistake(mistakes, line_of(node, key),
                         "found %s in a case that ends %s; expected it only where %s (leave it "
                         "out here)",
                         key, rig_yaml_word_name(rig_expect_words, (int)plan->expect),
                         outcome == RIG_EXPECT_SERVER_REJECTS   ? "the server rejects the board"
                         : outcome == RIG_EXPECT_DEVICE_REJECTS ? "the board rejects the server"
                         : outcome == RIG_EXPECT_ACCEPTED       ? "the board is accepted"
                                                                : "one side rejects the other");
    }
    if (plan->certificate == RIG_CASE_NO_CERTIFICATE && plan->server == RIG_SERVER_GOOD) {
        for (size_t i = 0; i < 2; i++) {
            if (given(node, refusal_keys[i].key)) {
                rig_yaml_mistake(mistakes, line_of(node, refusal_keys[i].key),
                                 "found %s for certificate: none; expected alerts at most (there "
                                 "is no certificate to verify)",
                                 refusal_keys[i].key);
            }
        }
    }
}

/* False when the case is so contradictory that nothing further about it is worth saying. */
static bool check_case(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                       const struct rig_yaml_node *node, const struct rig_case_plan *plan)
{
    const struct rig_case_traits *traits = deciding_traits(plan);
    char fault[64];

    name_fault(plan, fault, sizeof fault);
    if (plan->certificate != RIG_CASE_INSTALLED && plan->server != RIG_SERVER_GOOD) {
        rig_yaml_mistake(mistakes, line_of(node, "server"),
                         "found certificate: %s and server: %s in one case; expected one fault in "
                         "a case, so that the refusal has one reason (make two cases)",
                         rig_certificate_traits[plan->certificate].name,
                         rig_server_traits[plan->server].name);
        return false;
    }
    if (plan->expect != traits->plan.expect) {
        rig_yaml_mistake(mistakes, line_of(node, "expect"),
                         "found expect: %s for %s; expected %s (leave expect out), or another %s",
                         rig_yaml_word_name(rig_expect_words, (int)plan->expect), fault,
                         rig_yaml_word_name(rig_expect_words, (int)traits->plan.expect),
                         plan->server != RIG_SERVER_GOOD ? "server" : "certificate or server");
        return false;
    }
    if (plan->certificate == RIG_CASE_NO_INTERMEDIATE && suite->n_levels == 1) {
        rig_yaml_mistake(mistakes, line_of(node, "certificate"),
                         "found certificate: no-intermediate, but ca.levels has one level only; "
                         "expected two levels or more, or no such case (the root signs devices "
                         "itself here)");
    }
    if (plan->control && plan->expect != RIG_EXPECT_ACCEPTED) {
        rig_yaml_mistake(mistakes, line_of(node, "control"),
                         "found control: true for %s; expected it only in a case that is accepted "
                         "(certificate: installed, server: good)",
                         fault);
    }
    check_refusal_keys(mistakes, node, plan);
    return true;
}

static void complete_case(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                          const struct rig_yaml_node *node, struct rig_step_plan *step)
{
    struct rig_case_plan *plan = &step->handshake;
    const struct rig_case_traits *traits = deciding_traits(plan);

    if (!given(node, "expect")) {
        plan->expect = traits->plan.expect;
    }
    if (!check_case(mistakes, suite, node, plan)) {
        return;
    }
    if (!given(node, "verify_errors")) {
        memcpy(plan->verify_errors, traits->plan.verify_errors, sizeof plan->verify_errors);
        plan->n_verify_errors = traits->plan.n_verify_errors;
    }
    if (!given(node, "verify_depth")) {
        /* another error may well be found at another depth */
        plan->verify_depth = given(node, "verify_errors") ? -1 : traits->plan.verify_depth;
    }
    if (!given(node, "alerts")) {
        memcpy(plan->alerts, traits->plan.alerts, sizeof plan->alerts);
        plan->n_alerts = traits->plan.n_alerts;
    }
    if (!given(node, "verify_flags")) {
        plan->verify_flags = traits->plan.verify_flags;
    }
    if (!given(node, "control")) {
        plan->control = plan->expect == RIG_EXPECT_ACCEPTED && plan->offers == 0;
    }
    if (!given(node, "title")) {
        (void)rig_copy_text(step->title, sizeof step->title, traits->title);
    }
}

static void check_times(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                        const struct rig_yaml_node *node, const struct rig_step_plan *step)
{
    const struct rig_yaml_node *budget = rig_yaml_find(node, "budget");
    const struct {
        const char *key;
        int64_t ms;
    } budgets[] = {{"warn", step->budget.warn_ms}, {"fail", step->budget.fail_ms}};
    char timeout[24];
    char other[24];

    rig_yaml_format_duration(step->timeout_ms, timeout, sizeof timeout);
    if (step->timeout_ms > suite->board_limit_ms) {
        rig_yaml_format_duration(suite->board_limit_ms, other, sizeof other);
        rig_yaml_mistake(mistakes, line_of(node, "timeout"),
                         "found timeout: %s, longer than the whole board may take; expected at "
                         "most limits.board: %s (raise that, or lower this)",
                         timeout, other);
    }
    for (size_t i = 0; i < 2; i++) {
        if (budgets[i].ms > step->timeout_ms) {
            rig_yaml_format_duration(budgets[i].ms, other, sizeof other);
            rig_yaml_mistake(mistakes, line_of(budget, budgets[i].key),
                             "found a budget of %s: %s, longer than the timeout of the step; "
                             "expected at most %s (raise timeout, or lower this)",
                             budgets[i].key, other, timeout);
        }
    }
    if (step->budget.fail_ms != 0 && step->budget.warn_ms > step->budget.fail_ms) {
        rig_yaml_format_duration(step->budget.fail_ms, other, sizeof other);
        rig_yaml_mistake(mistakes, line_of(budget, "warn"),
                         "found a budget that warns after it fails; expected warn to be at most "
                         "fail: %s",
                         other);
    }
}

/* Defaults give way to what was written: a default is never the reason for a mistake. */
static void complete_times(const struct rig_suite *suite, const struct rig_yaml_node *node,
                           const struct rig_step_traits *traits, struct rig_step_plan *step)
{
    const struct rig_yaml_node *budget = rig_yaml_find(node, "budget");

    if (step->timeout_ms == 0) { /* left out, or already refused */
        step->timeout_ms = traits->timeout_ms;
        if (step->timeout_ms < step->budget.warn_ms) {
            step->timeout_ms = step->budget.warn_ms;
        }
        if (step->timeout_ms < step->budget.fail_ms) {
            step->timeout_ms = step->budget.fail_ms;
        }
        if (step->timeout_ms > suite->board_limit_ms) {
            step->timeout_ms = suite->board_limit_ms;
        }
    }
    if (!given(budget, "warn")) {
        const int64_t end_ms = step->budget.fail_ms != 0 ? step->budget.fail_ms : step->timeout_ms;
        step->budget.warn_ms = traits->budget.warn_ms < end_ms ? traits->budget.warn_ms : 0;
    }
    if (!given(node, "retries")) {
        step->retries = traits->retries;
    }
}

/* The keys of a chain update, and what they mean. False when the step can't be named. */
static bool complete_update(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                            const struct rig_yaml_node *node, struct rig_step_plan *step)
{
    static const char *const keys[] = {"update", "expect"};
    const struct rig_rotation_traits *traits = &rig_rotation_traits[step->update];

    if (step->kind != RIG_STEP_CHAIN_UPDATE) {
        for (size_t i = 0; i < 2; i++) {
            if (given(node, keys[i])) {
                rig_yaml_mistake(mistakes, line_of(node, keys[i]),
                                 "found %s for the step %s; expected it for chain-update only",
                                 keys[i], rig_step_traits[step->kind].name);
            }
        }
        return false;
    }
    if (step->update == RIG_ROTATION_UNSET) {
        if (!given(node, "update")) {
            rig_yaml_mistake(mistakes, node->line,
                             "found the step chain-update without update; expected update: good, "
                             "or another word of the table of chain updates");
        }
        return false;
    }
    if (suite->n_levels == 1) {
        rig_yaml_mistake(
            mistakes, line_of(node, "update"),
            "found the step chain-update, but ca.levels has one level only; expected "
            "two levels or more, or no such step (the root signs devices itself here)");
    }
    if (given(node, "expect") && step->update_expect != traits->expect) {
        rig_yaml_mistake(mistakes, line_of(node, "expect"),
                         "found expect: %s for update: %s; expected %s (leave expect out), or "
                         "another update",
                         rig_yaml_word_name(rig_rotation_expect_words, (int)step->update_expect),
                         traits->name,
                         rig_yaml_word_name(rig_rotation_expect_words, (int)traits->expect));
    }
    step->update_expect = traits->expect;
    if (!given(node, "name")) {
        (void)snprintf(step->name, sizeof step->name, "update-%s", traits->name);
    }
    if (!given(node, "title")) {
        (void)rig_copy_text(step->title, sizeof step->title, traits->title);
    }
    return true;
}

void rig_step_complete(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                       const struct rig_yaml_node *node, struct rig_step_plan *step)
{
    const struct rig_step_traits *traits = &rig_step_traits[step->kind];

    complete_times(suite, node, traits, step);
    check_times(mistakes, suite, node, step);
    if (step->kind == RIG_STEP_TRIAL) {
        rig_trial_complete(mistakes, suite, node, step);
        return;
    }
    if (step->kind == RIG_STEP_CASE) {
        complete_case(mistakes, suite, node, step);
        return;
    }
    if (step->kind == RIG_STEP_ENROL) {
        rig_enrol_complete(mistakes, suite, node, step);
        return;
    }
    if (complete_update(mistakes, suite, node, step)) {
        return;
    }
    if (!given(node, "name")) {
        (void)rig_copy_text(step->name, sizeof step->name, traits->name);
    }
    if (!given(node, "title")) {
        (void)rig_copy_text(step->title, sizeof step->title, traits->title);
    }
}
