/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tests/reports/sample.h"

static void test_counts_are_per_verdict(void **state)
{
    struct rig_run_report run = sample_run();
    const struct rig_counts board = rig_board_report_counts(&run.boards[0]);
    const struct rig_counts all = rig_run_report_counts(&run);

    (void)state;
    assert_int_equal(board.n, 5);
    assert_int_equal(board.pass, 1);
    assert_int_equal(board.flaky, 1);
    assert_int_equal(board.skip, 1);
    assert_int_equal(board.fail, 1);
    assert_int_equal(board.error, 1);
    assert_int_equal(all.n, 6);
    assert_int_equal(all.pass, 2);
    rig_run_report_free(&run);
    assert_null(run.boards);
}

static void test_nothing_ran_counts_as_an_error(void **state)
{
    const struct rig_board_report idle = {.id.text = "b1"};
    const struct rig_run_report nobody = {.run_id = "r"};

    (void)state;
    assert_int_equal(rig_board_report_counts(&idle).error, 1);
    assert_int_equal(rig_board_report_counts(&idle).n, 1);
    assert_int_equal(rig_run_report_counts(&nobody).error, 1);
    assert_int_equal(rig_run_report_counts(&nobody).n, 1);
}

static void test_the_worst_step_is_the_verdict(void **state)
{
    static const struct {
        enum rig_verdict steps[3];
        enum rig_verdict board;
    } rows[] = {
        {{RIG_VERDICT_PASS, RIG_VERDICT_PASS, RIG_VERDICT_PASS}, RIG_VERDICT_PASS},
        {{RIG_VERDICT_PASS, RIG_VERDICT_SKIP, RIG_VERDICT_PASS}, RIG_VERDICT_PASS},
        {{RIG_VERDICT_PASS, RIG_VERDICT_FLAKY, RIG_VERDICT_SKIP}, RIG_VERDICT_FLAKY},
        {{RIG_VERDICT_FAIL, RIG_VERDICT_FLAKY, RIG_VERDICT_PASS}, RIG_VERDICT_FAIL},
        {{RIG_VERDICT_FAIL, RIG_VERDICT_ERROR, RIG_VERDICT_PASS}, RIG_VERDICT_FAIL},
        {{RIG_VERDICT_FLAKY, RIG_VERDICT_ERROR, RIG_VERDICT_PASS}, RIG_VERDICT_ERROR},
        {{RIG_VERDICT_SKIP, RIG_VERDICT_SKIP, RIG_VERDICT_SKIP}, RIG_VERDICT_SKIP},
        {{RIG_VERDICT_PASS, RIG_VERDICT_NONE, RIG_VERDICT_FLAKY}, RIG_VERDICT_ERROR},
        {{RIG_VERDICT_NONE, RIG_VERDICT_FAIL, RIG_VERDICT_PASS}, RIG_VERDICT_FAIL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig_step_report steps[3] = {{.verdict = rows[i].steps[0]},
                                           {.verdict = rows[i].steps[1]},
                                           {.verdict = rows[i].steps[2]}};
        struct rig_board_report board = {.n_steps = 3, .steps = steps};

        assert_int_equal(rig_board_report_verdict(&board), rows[i].board);
        board.n_steps = 0;
        assert_int_equal(rig_board_report_verdict(&board), RIG_VERDICT_SKIP);
    }
}

static void test_first_failure_is_the_one_that_made_the_verdict(void **state)
{
    RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_run();
    struct rig_board_report *board = &run.boards[0];

    (void)state;
    assert_string_equal(rig_board_report_first_failure(board)->step, "flash");
    assert_null(rig_board_report_first_failure(&run.boards[1]));
    board->steps[0].verdict = RIG_VERDICT_ERROR; /* before the failure, and not the verdict */
    assert_string_equal(rig_board_report_first_failure(board)->step, "flash");
    board->steps[1].verdict = RIG_VERDICT_PASS;
    assert_string_equal(rig_board_report_first_failure(board)->step, "keygen");
}

static void test_a_zeroed_report_is_an_error(void **state)
{
    struct rig_step_report steps[2] = {{.verdict = RIG_VERDICT_PASS}, {.name = "never judged"}};
    const struct rig_board_report board = {.n_steps = 2, .steps = steps};
    const struct rig_counts counts = rig_board_report_counts(&board);

    (void)state;
    assert_int_equal(counts.n, 2);
    assert_int_equal(counts.pass, 1);
    assert_int_equal(counts.error, 1);
    assert_int_equal(rig_board_report_verdict(&board), RIG_VERDICT_ERROR);
    assert_ptr_equal(rig_board_report_first_failure(&board), &steps[1]);
    assert_string_equal(rig_step_report_cause(&steps[1]), "was not judged");
    assert_string_equal(rig_verdict_name(RIG_VERDICT_NONE), "none");
    assert_int_equal(rig_verdict_shown(RIG_VERDICT_NONE), RIG_VERDICT_ERROR);
    for (int i = RIG_VERDICT_PASS; i <= RIG_VERDICT_ERROR; i++) {
        assert_int_equal(rig_verdict_shown((enum rig_verdict)i), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_are_per_verdict),
        cmocka_unit_test(test_nothing_ran_counts_as_an_error),
        cmocka_unit_test(test_the_worst_step_is_the_verdict),
        cmocka_unit_test(test_a_zeroed_report_is_an_error),
        cmocka_unit_test(test_first_failure_is_the_one_that_made_the_verdict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
