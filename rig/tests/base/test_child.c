/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/base/child.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct rig_wait soon(void)
{
    return rig_wait_ms(10000, NULL);
}

static unsigned n_open_fds(void)
{
    DIR *fds = opendir("/proc/self/fd");
    unsigned n = 0;

    assert_non_null(fds);
    while (readdir(fds) != NULL) {
        n++;
    }
    (void)closedir(fds);
    return n;
}

static void start_shell(struct rig_child *child, const char *script)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    struct rig_error err = {0};

    if (!rig_child_start(child, argv, NULL, &err).ok) {
        fail_msg("%s", err.text);
    }
}

static void lines_and_exit_status_come_back(void **state)
{
    const unsigned n_before = n_open_fds();
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};
    struct rig_child child;
    struct rig_error err = {0};
    int status = -1;

    (void)state;
    start_shell(&child, "echo one; echo two; exit 7");
    assert_true(rig_child_read_line(&child, soon(), &line, &err).ok);
    assert_string_equal(rig_buf_text(&line), "one");
    rig_buf_reset(&line);
    assert_true(rig_child_read_line(&child, soon(), &line, &err).ok);
    assert_string_equal(rig_buf_text(&line), "two");
    assert_false(rig_child_read_line(&child, soon(), &line, &err).ok);
    assert_int_equal(err.code, RIG_E_DISCONNECTED);
    assert_true(rig_child_join(&child, soon(), &status, &err).ok);
    assert_int_equal(status, 7);
    assert_int_equal(n_open_fds(), n_before);
}

static void the_end_of_output_says_how_the_child_ended(void **state)
{
    static const struct {
        const char *script;
        const char *says;
        int status;
    } rows[] = {
        {"exit 3", "sh ended with exit code 3", 3},
        {"kill -BUS $$", "sh ended by SIGBUS", 128 + SIGBUS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        RIG_AUTO(rig_buf_free) struct rig_buf line = {0};
        struct rig_child child;
        struct rig_error err = {0};
        int status = -1;

        start_shell(&child, rows[i].script);
        assert_false(rig_child_read_line(&child, soon(), &line, &err).ok);
        assert_int_equal(err.code, RIG_E_DISCONNECTED);
        assert_string_equal(err.text, rows[i].says);
        assert_true(rig_child_join(&child, soon(), &status, &err).ok);
        assert_int_equal(status, rows[i].status);
    }
}

static void a_child_that_only_closes_its_output_is_not_waited_for(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};
    struct rig_child child;
    struct rig_error err = {0};
    int status = -1;

    (void)state;
    start_shell(&child, "exec >&-; read nothing");
    assert_false(rig_child_read_line(&child, soon(), &line, &err).ok);
    assert_int_equal(err.code, RIG_E_DISCONNECTED);
    assert_string_equal(err.text, "sh ended without a word");
    rig_close_fd(&child.stdin_fd);
    assert_true(rig_child_join(&child, soon(), &status, &err).ok);
}

static void a_signal_shows_in_the_status(void **state)
{
    struct rig_child child;
    struct rig_error err = {0};
    int status = -1;

    (void)state;
    start_shell(&child, "kill -KILL $$");
    assert_true(rig_child_join(&child, soon(), &status, &err).ok);
    assert_int_equal(status, 128 + SIGKILL);
}

static void a_missing_program_is_named_and_leaks_nothing(void **state)
{
    const unsigned n_before = n_open_fds();
    const char *argv[] = {"no-such-program-here", NULL};
    struct rig_child child;
    struct rig_error err = {0};

    (void)state;
    assert_false(rig_child_start(&child, argv, NULL, &err).ok);
    assert_int_equal(err.code, RIG_E_NOT_FOUND);
    assert_non_null(strstr(err.text, "no-such-program-here"));
    assert_int_equal(child.pid, 0);
    rig_child_stop(&child, 10);
    assert_int_equal(n_open_fds(), n_before);
}

static void waits_for_a_child_are_bounded(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};
    struct rig_child child;
    struct rig_error err = {0};
    int status = -1;

    (void)state;
    start_shell(&child, "read nothing");
    assert_false(rig_child_read_line(&child, rig_wait_ms(10, NULL), &line, &err).ok);
    assert_int_equal(err.code, RIG_E_TIMEOUT);
    assert_false(rig_child_join(&child, rig_wait_ms(10, NULL), &status, &err).ok);
    assert_int_equal(err.code, RIG_E_TIMEOUT);
    /* its standard input ends when we close our end: that is how it learns that we are gone */
    rig_close_fd(&child.stdin_fd);
    assert_true(rig_child_join(&child, soon(), &status, &err).ok);
}

static void a_deaf_child_is_killed(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};
    struct rig_child child;
    struct rig_error err = {0};
    pid_t pid;

    (void)state;
    start_shell(&child, "trap '' TERM; echo ready; read nothing; read nothing");
    assert_true(rig_child_read_line(&child, soon(), &line, &err).ok);
    pid = child.pid;
    rig_child_stop(&child, 20);
    assert_int_equal(child.pid, 0);
    assert_int_equal(kill(pid, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_exit_status_come_back),
        cmocka_unit_test(the_end_of_output_says_how_the_child_ended),
        cmocka_unit_test(a_child_that_only_closes_its_output_is_not_waited_for),
        cmocka_unit_test(a_signal_shows_in_the_status),
        cmocka_unit_test(a_missing_program_is_named_and_leaks_nothing),
        cmocka_unit_test(waits_for_a_child_are_bounded),
        cmocka_unit_test(a_deaf_child_is_killed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
