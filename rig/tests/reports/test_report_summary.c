/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tests/reports/sample.h"

#include <stdio.h>

static void test_a_line_per_board_and_the_sums(void **state)
{
    RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_run();
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    struct rig_error err = {0};

    (void)state;
    assert_done(rig_report_summary(&run, false, &text, &err));
    assert_string_equal(
        rig_buf_text(&text),
        "board  device id         verdict   passed         time  first failure\n"
        "b1     rig-246f28aa0001  fail         2/5      2.000 s  p-256/flash: the flash keeps "
        "other "
        "bytes than were written\n"
        "b2     rig-246f28aa0002  pass         1/1      2.000 s\n"
        "2 boards in 3.000 s: 1 passed, 0 flaky, 1 failed, 0 in error, 0 skipped\n");
}

static void test_colours_only_when_asked(void **state)
{
    RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_run();
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    struct rig_error err = {0};

    (void)state;
    assert_done(rig_report_summary(&run, true, &text, &err));
    assert_has(&text, "\033[32mpass   \033[0m");
    assert_has(&text, "\033[31mfail   \033[0m");
}

static void test_what_a_board_says_never_acts_on_the_terminal(void **state)
{
    RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_run();
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    struct rig_error err = {0};

    (void)state;
    (void)snprintf(run.boards[0].steps[1].error.text, RIG_ERROR_TEXT_SIZE, "\x1b[2Jboom\r\nline 2");
    assert_done(rig_report_summary(&run, false, &text, &err));
    assert_has(&text, "\\x1b[2Jboom line 2\n");
    assert_has_not(&text, "\x1b");
}

static void test_nothing_ran_is_said(void **state)
{
    struct rig_board_report idle = {.id.text = "b1"};
    struct rig_run_report run = {.n_boards = 1, .boards = &idle, .cancelled = true};
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    struct rig_error err = {0};

    (void)state;
    assert_done(rig_report_summary(&run, false, &text, &err));
    assert_has(&text, "error");
    assert_has(&text, "no step ran on this board");
    assert_has(&text, "1 in error, 0 skipped; cancelled");
    run.n_boards = 0;
    assert_done(rig_report_summary(&run, false, &text, &err));
    assert_has(&text, "no board took part");
}

static void test_what_was_not_judged_is_an_error(void **state)
{
    struct rig_step_report step = {.name = "flash"};
    struct rig_board_report board = {.id.text = "b1", .n_steps = 1, .steps = &step};
    const struct rig_run_report run = {.n_boards = 1, .boards = &board};
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    struct rig_error err = {0};

    (void)state;
    assert_done(rig_report_summary(&run, false, &text, &err));
    assert_has(&text, "  error        0/1");
    assert_has(&text, "flash: was not judged");
    assert_has(&text, "0 passed, 0 flaky, 0 failed, 1 in error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_per_board_and_the_sums),
        cmocka_unit_test(test_colours_only_when_asked),
        cmocka_unit_test(test_what_a_board_says_never_acts_on_the_terminal),
        cmocka_unit_test(test_nothing_ran_is_said),
        cmocka_unit_test(test_what_was_not_judged_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
