/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void appends_grow_and_stay_terminated(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf buf = {0};
    struct rig_error err = {0};

    (void)state;
    assert_string_equal(rig_buf_text(&buf), "");
    for (int i = 0; i < 1000; i++) {
        assert_true(rig_buf_printf(&buf, &err, "%03d,", i).ok);
        assert_int_equal(buf.data[buf.len], 0);
    }
    assert_int_equal(buf.len, 4000);
    assert_memory_equal(buf.data + 3996, "999,", 5);
    assert_true(rig_buf_append(&buf, "a\0b", 3, &err).ok);
    assert_int_equal(buf.len, 4003);
    assert_true(rig_buf_append(&buf, NULL, 0, &err).ok);
    assert_int_equal(buf.len, 4003);
}

static void consume_keeps_the_rest(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf buf = {0};
    struct rig_error err = {0};

    (void)state;
    rig_buf_consume(&buf, 3);
    assert_true(rig_buf_append_text(&buf, "hello world", &err).ok);
    rig_buf_consume(&buf, 6);
    assert_string_equal(rig_buf_text(&buf), "world");
    rig_buf_consume(&buf, 99);
    assert_string_equal(rig_buf_text(&buf), "");
    assert_int_equal(buf.len, 0);
}

static void absurd_sizes_fail_in_peace(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf buf = {0};
    struct rig_error err = {0};

    (void)state;
    assert_false(rig_buf_reserve(&buf, SIZE_MAX / 2, &err).ok);
    assert_int_equal(err.code, RIG_E_NO_MEMORY);
    assert_null(buf.data);
}

static void secrets_are_cleared(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf buf = {.secret = true};
    struct rig_error err = {0};

    (void)state;
    assert_true(rig_buf_append_text(&buf, "secret", &err).ok);
    const uint8_t *memory = buf.data;
    rig_buf_reset(&buf);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(memory[i], 0);
    }
    assert_true(buf.secret);
}

static void hex_goes_both_ways(void **state)
{
    const uint8_t bytes[] = {0x00, 0x7f, 0xff, 0xa5};
    uint8_t back[sizeof bytes];
    char text[2 * sizeof bytes + 1];
    struct rig_error err = {0};

    (void)state;
    rig_hex(bytes, sizeof bytes, text);
    assert_string_equal(text, "007fffa5");
    assert_true(rig_hex_parse("007FffA5", back, sizeof back, &err).ok);
    assert_memory_equal(back, bytes, sizeof bytes);
    assert_false(rig_hex_parse("007fffa", back, sizeof back, &err).ok);
    assert_false(rig_hex_parse("007fffa55", back, sizeof back, &err).ok);
    assert_false(rig_hex_parse("007fffg5", back, sizeof back, &err).ok);
    assert_false(rig_hex_parse("", back, sizeof back, &err).ok);
    assert_int_equal(err.code, RIG_E_INVALID);
}

static void copies_are_bounded(void **state)
{
    char to[4];

    (void)state;
    assert_true(rig_copy_text(to, sizeof to, "abc"));
    assert_string_equal(to, "abc");
    assert_false(rig_copy_text(to, sizeof to, "abcd"));
    assert_string_equal(to, "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_grow_and_stay_terminated),
        cmocka_unit_test(consume_keeps_the_rest),
        cmocka_unit_test(absurd_sizes_fail_in_peace),
        cmocka_unit_test(secrets_are_cleared),
        cmocka_unit_test(hex_goes_both_ways),
        cmocka_unit_test(copies_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
