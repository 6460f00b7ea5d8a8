/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/agent/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct rig_error err;

static bool parse(struct rig_agent_frame *frame, const char *body, const char *before)
{
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf all = {0};

    assert_true(rig_buf_append_text(&line, body, &err).ok);
    assert_true(rig_agent_seal(&line, &err).ok);
    assert_true(rig_buf_append_text(&all, before, &err).ok);
    assert_true(rig_buf_append(&all, line.data, line.len - 1, &err).ok);
    return rig_agent_frame_parse(frame, rig_buf_text(&all), all.len);
}

static void checksums_match_the_golden_ones(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};

    (void)state;
    assert_int_equal(rig_agent_crc16("123456789", 9), 0x29b1);
    assert_true(rig_buf_append_text(&line, "@1 ping", &err).ok);
    assert_true(rig_agent_seal(&line, &err).ok);
    assert_string_equal(rig_buf_text(&line), "@1 ping *3d51\n");
}

static void pairs_are_unquoted(void **state)
{
    struct rig_agent_frame frame;
    struct rig_agent_frame copy;

    (void)state;
    assert_true(parse(&frame, "@7 = a=1 b=\"x \\\"y\\\\ \\x41\\n\"  empty=\"\" c_2=-0x2700", ""));
    copy = frame;
    memset(&frame, 0, sizeof frame);
    assert_int_equal(copy.seq, 7);
    assert_string_equal(rig_agent_frame_word(&copy), "=");
    assert_int_equal(copy.n_pairs, 4);
    assert_string_equal(rig_agent_frame_value(&copy, "a"), "1");
    assert_string_equal(rig_agent_frame_value(&copy, "b"), "x \"y\\ A\n");
    assert_string_equal(rig_agent_frame_value(&copy, "empty"), "");
    assert_string_equal(rig_agent_frame_value(&copy, "c_2"), "-0x2700");
    assert_null(rig_agent_frame_value(&copy, "d"));
}

static void frames_are_found_behind_other_text(void **state)
{
    struct rig_agent_frame frame;

    (void)state;
    assert_true(parse(&frame, "@2 ok lines=0", "I (123) wifi: half a line "));
    assert_int_equal(frame.seq, 2);
    assert_true(parse(&frame, "@2 ok lines=0", "@2 = damaged x@ \x80\x01 "));
    assert_string_equal(rig_agent_frame_word(&frame), "ok");
}

static void malformed_lines_are_no_frames(void **state)
{
    static const char *const bad[] = {
        "@",           "@x ok",          "@65536 ok",       "@1",
        "@1 ok a",     "@1 ok =1",       "@1 ok A=1",       "@1 ok a=1 a=2",
        "@1 ok a=",    "@1 ok a=\"",     "@1 ok a=\"\\q\"", "@1 ok a=\"\\x00\"",
        "@1 ok a=b\\", "@1 ok a=\"b\"c", "@-1 ok",          "@ 1 ok"};
    struct rig_agent_frame frame;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (parse(&frame, bad[i], "")) {
            fail_msg("'%s' was taken for a frame", bad[i]);
        }
    }
    assert_false(rig_agent_frame_parse(&frame, "@1 ping *3d52", 13));
    assert_false(rig_agent_frame_parse(&frame, "@1 ping*3d51", 12));
    assert_false(rig_agent_frame_parse(&frame, "", 0));
    assert_false(rig_agent_frame_parse(&frame, "*3d51", 5));
}

static void lines_end_at_lf_or_cr_and_keep_their_tail(void **state)
{
    struct rig_agent_lines lines = {0};
    struct rig_agent_frame frame;
    const char *text = "\r\n\none\r\ntwo\rthree";
    const char *ping = "@1 ping *3d51\n";
    uint8_t noise[5000];
    size_t at = 0;

    (void)state;
    at += rig_agent_lines_feed(&lines, (const uint8_t *)text, strlen(text));
    assert_true(lines.complete);
    assert_string_equal(lines.text, "one");
    at += rig_agent_lines_feed(&lines, (const uint8_t *)text + at, strlen(text) - at);
    assert_string_equal(lines.text, "two");
    at += rig_agent_lines_feed(&lines, (const uint8_t *)text + at, strlen(text) - at);
    assert_false(lines.complete);
    assert_int_equal(at, strlen(text));
    memset(noise, 'x', sizeof noise);
    for (size_t i = 0; i < strlen(ping); i++) {
        noise[sizeof noise - strlen(ping) + i] = (uint8_t)ping[i];
    }
    assert_int_equal(rig_agent_lines_feed(&lines, noise, sizeof noise), sizeof noise);
    assert_true(lines.complete);
    assert_true(rig_agent_frame_parse(&frame, lines.text, lines.len));
    assert_string_equal(rig_agent_frame_word(&frame), "ping");
}

static void values_and_data_survive_the_way(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};
    struct rig_agent_frame frame;
    uint8_t in[RIG_AGENT_DATA_MAX];
    uint8_t out[RIG_AGENT_DATA_MAX];
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < sizeof in; i++) {
        in[i] = (uint8_t)(i * 37);
    }
    assert_true(rig_buf_append_text(&line, "@1 csr", &err).ok);
    assert_true(rig_agent_put(&line, "cn", "a \"b\" \\ \xc3\xa9 =x", &err).ok);
    assert_true(parse(&frame, rig_buf_text(&line), ""));
    assert_string_equal(rig_agent_frame_value(&frame, "cn"), "a \"b\" \\ \xc3\xa9 =x");
    for (size_t len = 1; len <= sizeof in; len++) {
        rig_buf_reset(&line);
        assert_true(rig_buf_append_text(&line, "@1 x", &err).ok);
        assert_true(rig_agent_put_data(&line, in, len, &err).ok);
        assert_true(parse(&frame, rig_buf_text(&line), ""));
        assert_true(rig_agent_get_data(rig_agent_frame_value(&frame, "data"), out, &n));
        assert_int_equal(n, len);
        assert_memory_equal(in, out, len);
    }
    assert_false(rig_agent_put_data(&line, in, sizeof in + 1, &err).ok);
    assert_false(rig_agent_get_data("", out, &n));
    assert_false(rig_agent_get_data("QQ", out, &n));
    assert_false(rig_agent_get_data("Q=Q=", out, &n));
    assert_false(rig_agent_get_data("====", out, &n));
    assert_false(rig_agent_get_data("QQ =", out, &n));
}

static void long_requests_are_refused_here(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};

    (void)state;
    while (line.len < RIG_AGENT_LINE_MAX - 6) {
        assert_true(rig_buf_append_text(&line, "x", &err).ok);
    }
    assert_true(rig_agent_seal(&line, &err).ok);
    assert_int_equal(line.len, RIG_AGENT_LINE_MAX + 1);
    rig_buf_consume(&line, 6);
    assert_false(rig_agent_seal(&line, &err).ok);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
}

static void numbers_are_decimal_and_bounded(void **state)
{
    uint64_t n = 0;

    (void)state;
    assert_true(rig_agent_number("0", 0, &n) && n == 0);
    assert_true(rig_agent_number("65535", 65535, &n) && n == 65535);
    assert_true(rig_agent_number("18446744073709551615", UINT64_MAX, &n) && n == UINT64_MAX);
    assert_false(rig_agent_number("18446744073709551616", UINT64_MAX, &n));
    assert_false(rig_agent_number("65536", 65535, &n));
    assert_false(rig_agent_number("", 10, &n));
    assert_false(rig_agent_number("-1", 10, &n));
    assert_false(rig_agent_number("1x", 10, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksums_match_the_golden_ones),
        cmocka_unit_test(pairs_are_unquoted),
        cmocka_unit_test(frames_are_found_behind_other_text),
        cmocka_unit_test(malformed_lines_are_no_frames),
        cmocka_unit_test(lines_end_at_lf_or_cr_and_keep_their_tail),
        cmocka_unit_test(values_and_data_survive_the_way),
        cmocka_unit_test(long_requests_are_refused_here),
        cmocka_unit_test(numbers_are_decimal_and_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
