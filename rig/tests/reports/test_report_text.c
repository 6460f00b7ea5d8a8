/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/text.h"
#include "rig/tests/reports/sample.h"

#include <stdint.h>

#define BYTES(literal) (literal), sizeof(literal) - 1

static void test_bytes_become_text(void **state)
{
    static const struct {
        const char *bytes;
        size_t n_bytes;
        const char *text;
    } rows[] = {
        {BYTES("plain text\n\ttabbed"), "plain text\n\ttabbed"},
        {BYTES("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
         "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
        {BYTES("a\0b"), "a\\x00b"},
        {BYTES("\x1b[31mred\x1b[0m"), "\\x1b[31mred\\x1b[0m"},
        {BYTES("one\r\ntwo\rthree\r"), "one\ntwo\nthree\n"},
        {BYTES("\xff\xfe"), "\\xff\\xfe"},
        {BYTES("\xc0\x80"), "\\xc0\\x80"},                   /* overlong NUL */
        {BYTES("\xe0\x80\xaf"), "\\xe0\\x80\\xaf"},          /* overlong slash */
        {BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80"},          /* lone surrogate */
        {BYTES("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"}, /* beyond Unicode */
        {BYTES("\xef\xbf\xbe"), "\\xef\\xbf\\xbe"},          /* U+FFFE is no XML character */
        {BYTES("\xef\xbf\xbd"), "\xef\xbf\xbd"},
        {BYTES("\xc2\x9b"
               "31m"),
         "\\xc2\\x9b"
         "31m"}, /* C1: a terminal takes it for ESC [ */
        {BYTES("cut \xe2\x82"), "cut \\xe2\\x82"},
        {BYTES("\x7f"), "\\x7f"},
        {BYTES("[[ATTACHMENT|/etc/passwd]]"), "[ [ATTACHMENT|/etc/passwd]]"},
        {BYTES("]]>"), "]]>"},
        {"", 0, ""},
    };
    struct rig_error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        RIG_AUTO(rig_buf_free) struct rig_buf text = {0};

        assert_done(rig_text_printable(rows[i].bytes, rows[i].n_bytes, &text, &err));
        assert_string_equal(rig_buf_text(&text), rows[i].text);
    }
}

static void test_one_line_has_no_breaks(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    struct rig_error err = {0};

    (void)state;
    assert_done(rig_text_one_line("a\r\nb\tc\x1b", &text, &err));
    assert_string_equal(rig_buf_text(&text), "a b c\\x1b");
}

static void test_excerpt_keeps_both_ends_and_whole_characters(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf bytes = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    struct rig_error err = {0};

    (void)state;
    assert_done(rig_buf_append_text(&bytes, "HEAD", &err));
    for (int i = 0; i < 100000; i++) {
        assert_done(rig_buf_append_text(&bytes, "\xe2\x82\xac", &err));
    }
    assert_done(rig_buf_append_text(&bytes, "TAIL", &err));
    for (size_t max = 1000; max < 1006; max++) {
        rig_buf_reset(&text);
        assert_done(rig_text_excerpt(bytes.data, bytes.len, max, &text, &err));
        assert_true(text.len < 1100);
        assert_has(&text, "HEAD\xe2\x82\xac");
        assert_has(&text, "\xe2\x82\xacTAIL");
        assert_has(&text, "bytes left out here");
        assert_has_not(&text, "\\x");
    }
}

static void test_seconds_have_three_decimals(void **state)
{
    static const struct {
        int64_t duration_ns;
        const char *text;
    } rows[] = {
        {0, "0.000"},
        {-5, "0.000"},
        {INT64_MIN, "0.000"},
        {499999, "0.000"},
        {500000, "0.001"},
        {1234567890, "1.235"},
        {INT64_C(3600000000000), "3600.000"},
        {999999999, "1.000"},
        {INT64_MAX, "9223372036.855"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[RIG_TEXT_SECONDS_SIZE];

        rig_text_seconds(rows[i].duration_ns, text);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_become_text),
        cmocka_unit_test(test_one_line_has_no_breaks),
        cmocka_unit_test(test_excerpt_keeps_both_ends_and_whole_characters),
        cmocka_unit_test(test_seconds_have_three_decimals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
