/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/base/cleanup.h"
#include "rig/base/wait.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void a_deadline_ends_a_wait(void **state)
{
    int fds[2];
    struct rig_error err = {0};
    const int64_t start_ns = rig_now_ns();

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_false(rig_wait_fd(rig_wait_ms(20, NULL), fds[0], POLLIN, "the moon", &err).ok);
    assert_int_equal(err.code, RIG_E_TIMEOUT);
    assert_non_null(strstr(err.text, "the moon"));
    assert_true(rig_now_ns() - start_ns >= 20 * RIG_NS_PER_MS);
    /* a wait that is over still reports what is there already */
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_true(rig_wait_fd(rig_wait_ms(-5, NULL), fds[0], POLLIN, "x", &err).ok);
    (void)close(fds[1]);
    assert_true(rig_wait_fd(rig_wait_ms(1000, NULL), fds[0], POLLIN, "hangup", &err).ok);
    (void)close(fds[0]);
}

static void cancel_wins_and_stays(void **state)
{
    int fds[2];
    struct rig_cancel cancel;
    struct rig_error err = {0};

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_true(rig_cancel_open(&cancel, &err).ok);
    assert_int_equal(rig_cancel_reason(&cancel), 0);
    assert_true(rig_wait_fd(rig_wait_ms(1000, &cancel), fds[0], POLLIN, "x", &err).ok);
    rig_cancel_trigger(&cancel, SIGTERM);
    rig_cancel_trigger(&cancel, SIGINT);
    assert_int_equal(rig_cancel_reason(&cancel), SIGTERM);
    for (int i = 0; i < 2; i++) {
        assert_false(rig_wait_fd(rig_wait_ms(1000, &cancel), fds[0], POLLIN, "x", &err).ok);
        assert_int_equal(err.code, RIG_E_CANCELLED);
        assert_int_equal(err.cls, RIG_CLASS_CANCELLED);
        assert_false(rig_wait_pause(rig_wait_ms(60000, &cancel), RIG_NS_PER_S * 60, &err).ok);
        assert_int_equal(err.code, RIG_E_CANCELLED);
    }
    rig_cancel_close(&cancel);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void *trigger(void *arg)
{
    rig_cancel_trigger(arg, 1);
    return NULL;
}

static void another_thread_wakes_every_waiter(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct rig_cancel cancel;
        struct rig_error err = {0};
        pthread_t thread;

        assert_true(rig_cancel_open(&cancel, &err).ok);
        assert_int_equal(pthread_create(&thread, NULL, trigger, &cancel), 0);
        assert_false(rig_wait_pause(rig_wait_ms(60000, &cancel), RIG_NS_PER_S * 30, &err).ok);
        assert_int_equal(err.code, RIG_E_CANCELLED);
        assert_int_equal(pthread_join(thread, NULL), 0);
        rig_cancel_close(&cancel);
    }
}

static void a_pause_lasts_and_respects_the_deadline(void **state)
{
    struct rig_error err = {0};
    int64_t start_ns = rig_now_ns();

    (void)state;
    assert_true(rig_wait_pause(rig_wait_ms(1000, NULL), 5 * RIG_NS_PER_MS, &err).ok);
    assert_true(rig_now_ns() - start_ns >= 5 * RIG_NS_PER_MS);
    start_ns = rig_now_ns();
    assert_false(rig_wait_pause(rig_wait_ms(5, NULL), RIG_NS_PER_S * 60, &err).ok);
    assert_int_equal(err.code, RIG_E_TIMEOUT);
    assert_true(rig_now_ns() - start_ns < RIG_NS_PER_S * 30);
}

static void inner_waits_never_outlast_outer_ones(void **state)
{
    const struct rig_wait outer = rig_wait_ms(50, NULL);

    (void)state;
    assert_true(rig_wait_within(outer, 1000).deadline_ns == outer.deadline_ns);
    assert_true(rig_wait_within(outer, 1).deadline_ns < outer.deadline_ns);
    assert_true(rig_wait_over(rig_wait_ms(0, NULL)));
    assert_int_equal(rig_wait_left_ms(rig_wait_ms(-10, NULL)), 0);
    assert_true(rig_wait_left_ms(rig_wait_ms(10, NULL)) >= 1);
    assert_false(rig_wait_over((struct rig_wait){.deadline_ns = INT64_MAX}));
}

static void times_are_written_as_iso_8601(void **state)
{
    char text[RIG_TIME_TEXT_SIZE];

    (void)state;
    rig_time_text(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    rig_time_text(INT64_C(1795290243120), text);
    assert_string_equal(text, "2026-11-21T19:44:03.120Z");
    rig_time_text(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    rig_time_text(INT64_MAX, text);
    assert_true(strlen(text) > 0);
    assert_true(rig_clock_now_ms(&rig_clock_system) > INT64_C(1700000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deadline_ends_a_wait),
        cmocka_unit_test(cancel_wins_and_stays),
        cmocka_unit_test(another_thread_wakes_every_waiter),
        cmocka_unit_test(a_pause_lasts_and_respects_the_deadline),
        cmocka_unit_test(inner_waits_never_outlast_outer_ones),
        cmocka_unit_test(times_are_written_as_iso_8601),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
