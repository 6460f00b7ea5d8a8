/* SPDX-License-Identifier: Apache-2.0 */
/* How a board's steps are judged, and what runs after what. */
#include "rig/run/board_rules.h"
#include "rig/run/evidence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define N(array) (sizeof(array) / sizeof *(array))

static void the_class_picks_the_verdict(void **state)
{
    (void)state;
    for (int cls = RIG_CLASS_NONE; cls <= RIG_CLASS_CANCELLED; cls++) {
        const struct rig_error err = {.cls = (enum rig_error_class)cls};

        assert_int_equal(rig_rules_verdict(&err),
                         cls == RIG_CLASS_DEVICE ? RIG_VERDICT_FAIL : RIG_VERDICT_ERROR);
    }
}

static void what_may_go_away_is_tried_again(void **state)
{
    static const struct {
        enum rig_step_kind kind;
        enum rig_error_class cls;
        enum rig_error_code code;
        bool again;
    } rows[] = {
        {RIG_STEP_FLASH, RIG_CLASS_DEVICE, RIG_E_NO_ANSWER, true},
        {RIG_STEP_FLASH, RIG_CLASS_DEVICE, RIG_E_PROTOCOL, true},
        {RIG_STEP_FLASH, RIG_CLASS_DEVICE, RIG_E_MISMATCH, false},
        {RIG_STEP_FLASH, RIG_CLASS_USAGE, RIG_E_MISMATCH, false}, /* swapped */
        {RIG_STEP_FLASH, RIG_CLASS_RIG, RIG_E_DISCONNECTED, true},
        {RIG_STEP_FLASH, RIG_CLASS_RIG, RIG_E_NO_SPACE, false},
        {RIG_STEP_KEYGEN, RIG_CLASS_DEVICE, RIG_E_NO_ANSWER, false}, /* would make another key */
        {RIG_STEP_KEYGEN, RIG_CLASS_NETWORK, RIG_E_DISCONNECTED, true},
        {RIG_STEP_SIGN, RIG_CLASS_CA, RIG_E_TIMEOUT, true},
        {RIG_STEP_SIGN, RIG_CLASS_CA, RIG_E_POLICY, false},
        {RIG_STEP_SIGN, RIG_CLASS_DEVICE, RIG_E_TIMEOUT, false},
        {RIG_STEP_CASE, RIG_CLASS_DEVICE, RIG_E_KEY_LEAK, false},
        {RIG_STEP_CASE, RIG_CLASS_CANCELLED, RIG_E_TIMEOUT, false},
    };

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        const struct rig_step_plan plan = {.kind = rows[i].kind};
        const struct rig_error err = {.cls = rows[i].cls, .code = rows[i].code};

        if (rig_rules_worth_another_try(&plan, &err) != rows[i].again) {
            fail_msg("row %zu", i);
        }
    }
}

static void time_over_budget_is_slow_or_a_fail(void **state)
{
    static const struct {
        int64_t took_ms;
        enum rig_verdict before;
        enum rig_verdict after;
        bool slow;
    } rows[] = {
        {100, RIG_VERDICT_PASS, RIG_VERDICT_PASS, false}, /* not over it yet */
        {101, RIG_VERDICT_PASS, RIG_VERDICT_PASS, true},
        {200, RIG_VERDICT_FLAKY, RIG_VERDICT_FLAKY, true},
        {201, RIG_VERDICT_PASS, RIG_VERDICT_FAIL, true},
        {201, RIG_VERDICT_FLAKY, RIG_VERDICT_FAIL, true},
        {201, RIG_VERDICT_ERROR, RIG_VERDICT_ERROR, true},
        {201, RIG_VERDICT_SKIP, RIG_VERDICT_SKIP, true},
    };
    const struct rig_step_plan plan = {.budget = {.warn_ms = 100, .fail_ms = 200}};
    const struct rig_step_plan no_budget = {.kind = RIG_STEP_RESET};

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct rig_step_report report = {.verdict = rows[i].before,
                                         .duration_ns = rows[i].took_ms * RIG_NS_PER_MS};

        rig_rules_judge_time(&no_budget, &report);
        assert_int_equal(report.verdict, rows[i].before);
        assert_false(report.over_budget_warn);
        rig_rules_judge_time(&plan, &report);
        assert_int_equal(report.verdict, rows[i].after);
        assert_int_equal(report.over_budget_warn, rows[i].slow);
        assert_int_equal(report.error.cls,
                         rows[i].after == RIG_VERDICT_FAIL ? RIG_CLASS_DEVICE : RIG_CLASS_NONE);
    }
}

static void noise_makes_a_pass_flaky_and_nothing_else(void **state)
{
    static const struct {
        enum rig_verdict before;
        unsigned n_repeated;
        enum rig_verdict after;
    } rows[] = {
        {RIG_VERDICT_PASS, 0, RIG_VERDICT_PASS},   {RIG_VERDICT_PASS, 1, RIG_VERDICT_FLAKY},
        {RIG_VERDICT_FLAKY, 1, RIG_VERDICT_FLAKY}, {RIG_VERDICT_FAIL, 9, RIG_VERDICT_FAIL},
        {RIG_VERDICT_ERROR, 9, RIG_VERDICT_ERROR}, {RIG_VERDICT_SKIP, 9, RIG_VERDICT_SKIP},
    };

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct rig_step_report report = {.verdict = rows[i].before};

        rig_rules_judge_noise(&report, rows[i].n_repeated);
        assert_int_equal(report.verdict, rows[i].after);
        assert_int_equal(report.error.text[0] != '\0', rows[i].before != rows[i].after);
    }
}

static const struct rig_step_plan keygen = {.kind = RIG_STEP_KEYGEN, .name = "keygen"};
static const struct rig_step_plan reset = {.kind = RIG_STEP_RESET, .name = "reset"};
static const struct rig_step_plan control = {
    .kind = RIG_STEP_CASE,
    .name = "good",
    .handshake = {.control = true, .expect = RIG_EXPECT_ACCEPTED}};
static const struct rig_step_plan positive = {
    .kind = RIG_STEP_CASE, .name = "resumed", .handshake = {.expect = RIG_EXPECT_ACCEPTED}};
static const struct rig_step_plan negative = {
    .kind = RIG_STEP_CASE, .name = "revoked", .handshake = {.expect = RIG_EXPECT_SERVER_REJECTS}};

struct bench {
    struct rig_board board;
    struct rig_board_report report;
    struct rig_step_report step;
};

/* A board whose step `plan` just ended like this. */
static void end_step(struct bench *bench, const struct rig_step_plan *plan, bool in_cell,
                     enum rig_verdict verdict, enum rig_error_code code)
{
    memset(bench, 0, sizeof *bench);
    bench->board.report = &bench->report;
    bench->board.limit = rig_wait_ms(60000, NULL);
    bench->report.steps = &bench->step;
    bench->report.n_steps = 1;
    bench->step.verdict = verdict;
    bench->step.error.code = code;
    (void)rig_copy_text(bench->step.name, sizeof bench->step.name, plan->name);
    rig_rules_conclude(&bench->board, plan, in_cell);
}

static bool runs(const struct bench *bench, const struct rig_step_plan *plan, const char *why)
{
    char reason[256] = "";
    const bool held_back = rig_rules_held_back(&bench->board, plan, reason, sizeof reason);

    if (held_back && strstr(reason, why) == NULL) {
        fail_msg("'%s' is not in: %s", why, reason);
    }
    return !held_back;
}

static void nothing_runs_on_what_failed_before(void **state)
{
    static const struct {
        const struct rig_step_plan *ended;
        bool in_cell;
        enum rig_verdict verdict;
        enum rig_error_code code;
        bool dead, blocked, control_failed;
    } rows[] = {
        {&keygen, true, RIG_VERDICT_PASS, RIG_E_NONE, false, false, false},
        {&keygen, true, RIG_VERDICT_FLAKY, RIG_E_NO_ANSWER, false, false, false},
        {&keygen, true, RIG_VERDICT_SKIP, RIG_E_NONE, false, false, false},
        {&keygen, true, RIG_VERDICT_FAIL, RIG_E_DUPLICATE, false, true, false},
        {&keygen, true, RIG_VERDICT_NONE, RIG_E_NONE, false, true, false},
        {&keygen, true, RIG_VERDICT_FAIL, RIG_E_NO_ANSWER, true, false, false},
        {&keygen, true, RIG_VERDICT_FAIL, RIG_E_KEY_LEAK, true, false, false},
        {&keygen, true, RIG_VERDICT_ERROR, RIG_E_CANCELLED, true, false, false},
        {&reset, false, RIG_VERDICT_FAIL, RIG_E_MISMATCH, true, false, false},
        {&control, true, RIG_VERDICT_PASS, RIG_E_NONE, false, false, false},
        {&control, true, RIG_VERDICT_FAIL, RIG_E_MISMATCH, false, false, true},
        {&control, true, RIG_VERDICT_SKIP, RIG_E_NONE, false, false, true},
        {&negative, true, RIG_VERDICT_FAIL, RIG_E_TIMEOUT, false, false, false},
        {&negative, true, RIG_VERDICT_FAIL, RIG_E_KEY_LEAK, true, false, false},
        {&negative, false, RIG_VERDICT_FAIL, RIG_E_MISMATCH, false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct bench bench;

        end_step(&bench, rows[i].ended, rows[i].in_cell, rows[i].verdict, rows[i].code);
        if (bench.board.dead != rows[i].dead || bench.board.cell.blocked != rows[i].blocked ||
            bench.board.cell.control_failed != rows[i].control_failed) {
            fail_msg("row %zu", i);
        }
    }
}

static void what_is_held_back_says_why(void **state)
{
    struct bench bench;

    (void)state;
    end_step(&bench, &keygen, true, RIG_VERDICT_PASS, RIG_E_NONE);
    assert_true(runs(&bench, &reset, ""));
    assert_true(runs(&bench, &negative, ""));
    end_step(&bench, &keygen, true, RIG_VERDICT_FAIL, RIG_E_NO_ANSWER);
    assert_false(runs(&bench, &positive, "'keygen' ended the board"));
    end_step(&bench, &keygen, true, RIG_VERDICT_FAIL, RIG_E_DUPLICATE);
    assert_false(runs(&bench, &positive, "it needs 'keygen'"));
    end_step(&bench, &control, true, RIG_VERDICT_FAIL, RIG_E_MISMATCH);
    assert_false(runs(&bench, &negative, "its control 'good' failed"));
    assert_true(runs(&bench, &positive, ""));
    assert_true(runs(&bench, &control, ""));
}

static void hashes_are_written_in_hex(void **state)
{
    static const uint8_t hash[RIG_SHA256_SIZE] = {0x0a, 0xff, [31] = 0x01};
    json_t *evidence = json_object();

    (void)state;
    rig_evidence_set_hash(evidence, "sha256", hash);
    assert_string_equal(json_string_value(json_object_get(evidence, "sha256")),
                        "0aff000000000000000000000000000000000000000000000000000000000001");
    json_decref(evidence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_class_picks_the_verdict),
        cmocka_unit_test(what_may_go_away_is_tried_again),
        cmocka_unit_test(time_over_budget_is_slow_or_a_fail),
        cmocka_unit_test(noise_makes_a_pass_flaky_and_nothing_else),
        cmocka_unit_test(nothing_runs_on_what_failed_before),
        cmocka_unit_test(what_is_held_back_says_why),
        cmocka_unit_test(hashes_are_written_in_hex),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
