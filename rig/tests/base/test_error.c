/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/base/error.h"
#include "rig/base/ids.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void a_failure_carries_class_code_and_words(void **state)
{
    struct rig_error err = {0};

    (void)state;
    assert_false(rig_fail(&err, RIG_CLASS_CA, RIG_E_REFUSED, "role '%s' unknown", "x").ok);
    assert_int_equal(err.cls, RIG_CLASS_CA);
    assert_int_equal(err.code, RIG_E_REFUSED);
    assert_string_equal(err.text, "role 'x' unknown");
    assert_false(rig_wrap(&err, "board %d", 7).ok);
    assert_string_equal(err.text, "board 7: role 'x' unknown");
    assert_int_equal(err.code, RIG_E_REFUSED);
}

static void errno_picks_the_code(void **state)
{
    static const struct {
        int number;
        enum rig_error_code code;
    } rows[] = {{ENOENT, RIG_E_NOT_FOUND},     {EEXIST, RIG_E_EXISTS},
                {EBUSY, RIG_E_BUSY},           {EACCES, RIG_E_PERMISSION},
                {ENOSPC, RIG_E_NO_SPACE},      {ENOMEM, RIG_E_NO_MEMORY},
                {ECONNREFUSED, RIG_E_REFUSED}, {EPIPE, RIG_E_DISCONNECTED},
                {ETIMEDOUT, RIG_E_TIMEOUT},    {EINVAL, RIG_E_IO}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig_error err = {0};

        assert_false(rig_fail_errno(&err, rows[i].number, "open '%s'", "f").ok);
        assert_int_equal(err.code, rows[i].code);
        assert_int_equal(err.cls, RIG_CLASS_RIG);
        assert_int_equal(strncmp(err.text, "open 'f': ", 10), 0);
        assert_true(strlen(err.text) > 10);
    }
}

static void long_texts_are_cut_visibly(void **state)
{
    char text[2 * RIG_ERROR_TEXT_SIZE];
    struct rig_error err = {0};

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)rig_fail(&err, RIG_CLASS_RIG, RIG_E_IO, "%s", text).ok;
    assert_int_equal(strlen(err.text), RIG_ERROR_TEXT_SIZE - 1);
    assert_string_equal(err.text + RIG_ERROR_TEXT_SIZE - 4, "...");
    (void)rig_fail_errno(&err, EIO, "%s", text).ok;
    assert_string_equal(err.text + RIG_ERROR_TEXT_SIZE - 4, "...");
    (void)rig_wrap(&err, "prefix").ok;
    assert_int_equal(strncmp(err.text, "prefix: xxx", 11), 0);
    assert_string_equal(err.text + RIG_ERROR_TEXT_SIZE - 4, "...");
    (void)rig_wrap(&err, "%s", text).ok;
    assert_string_equal(err.text + RIG_ERROR_TEXT_SIZE - 4, "...");
}

static void every_class_and_code_has_a_word(void **state)
{
    (void)state;
    for (int i = 0; i <= RIG_CLASS_CANCELLED; i++) {
        assert_string_not_equal(rig_error_class_name((enum rig_error_class)i), "unknown");
    }
    for (int i = 0; i <= RIG_E_LIBRARY; i++) {
        assert_non_null(rig_error_code_name((enum rig_error_code)i));
        assert_string_not_equal(rig_error_code_name((enum rig_error_code)i), "unknown");
    }
    assert_string_equal(rig_error_code_name((enum rig_error_code)(RIG_E_LIBRARY + 1)), "unknown");
    assert_string_equal(rig_error_code_name((enum rig_error_code) - 1), "unknown");
}

static void key_type_names_go_both_ways(void **state)
{
    (void)state;
    for (int i = RIG_KEY_RSA_2048; i <= RIG_KEY_P521; i++) {
        assert_int_equal(rig_key_type_of(rig_key_type_name((enum rig_key_type)i)), i);
    }
    assert_int_equal(rig_key_type_of("none"), RIG_KEY_NONE);
    assert_int_equal(rig_key_type_of("P-256"), RIG_KEY_NONE);
    assert_string_equal(rig_key_type_name((enum rig_key_type)99), "none");
}

static void macs_are_written_as_the_bench_file_has_them(void **state)
{
    static const uint8_t mac[RIG_MAC_SIZE] = {0x24, 0x6f, 0x28, 0xaa, 0x00, 0x01};
    char text[RIG_MAC_TEXT_SIZE];

    (void)state;
    rig_mac_text(mac, text);
    assert_string_equal(text, "24:6f:28:aa:00:01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_carries_class_code_and_words),
        cmocka_unit_test(macs_are_written_as_the_bench_file_has_them),
        cmocka_unit_test(errno_picks_the_code),
        cmocka_unit_test(long_texts_are_cut_visibly),
        cmocka_unit_test(every_class_and_code_has_a_word),
        cmocka_unit_test(key_type_names_go_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
