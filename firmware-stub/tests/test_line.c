/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of request lines, number and hex readers, checksums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "firmware-stub/core/core.h"

static char line[AGENT_LINE_MAX_BYTES + 64];
static struct agent_request request;
static size_t frame_offset;

static enum agent_parsed parse(const char *text)
{
    (void)snprintf(line, sizeof line, "%s", text);
    return agent_parse_line(line, strlen(line), &request, &frame_offset);
}

/* As parse, with the right checksum put behind. */
static enum agent_parsed parse_summed(const char *before, const char *frame)
{
    char text[AGENT_LINE_MAX_BYTES + 64];

    (void)snprintf(text, sizeof text, "%s%s *%04x", before, frame,
                   agent_crc16(frame, strlen(frame)));
    return parse(text);
}

static void golden_checksum(void **state)
{
    (void)state;
    assert_int_equal(agent_crc16("123456789", 9), 0x29b1);
    assert_int_equal(parse("@1 ping *3d51"), AGENT_PARSED_FRAME);
    assert_int_equal(request.seq, 1);
    assert_true(request.has_checksum);
    assert_string_equal(request.word, "ping");
    assert_int_equal(request.n_pairs, 0);
    assert_int_equal(parse("@1 ping    *3D51  "), AGENT_PARSED_FRAME);
    assert_int_equal(agent_crc32_add(0, (const uint8_t *)"123456789", 9) ^ 0xffffffffu, 0xd202d277);
}

static void person_may_omit_checksum(void **state)
{
    (void)state;
    assert_int_equal(parse("@0 ping"), AGENT_PARSED_FRAME);
    assert_int_equal(parse("@0   ping   text=a  "), AGENT_PARSED_FRAME);
    assert_string_equal(agent_value(&request, "text"), "a");
    assert_int_equal(parse("@0 ping *0000"), AGENT_PARSED_CHECKSUM);
    assert_int_equal(parse("@1 ping"), AGENT_PARSED_CHECKSUM);
    assert_int_equal(parse("@1 ping *3d52"), AGENT_PARSED_CHECKSUM);
}

static void values(void **state)
{
    (void)state;
    assert_int_equal(
        parse_summed("", "@65535 csr cn=\"a b\\\"\\\\c\\x41\\xc3\\xa4\" o=\"\" c=AB=="),
        AGENT_PARSED_FRAME);
    assert_int_equal(request.seq, 65535);
    assert_string_equal(agent_value(&request, "cn"), "a b\"\\cA\xc3\xa4");
    assert_string_equal(agent_value(&request, "o"), "");
    assert_string_equal(agent_value(&request, "c"), "AB==");
    assert_null(agent_value(&request, "x"));
    assert_int_equal(parse_summed("", "@2 ping text=\"a *1234\""), AGENT_PARSED_FRAME);
    assert_string_equal(agent_value(&request, "text"), "a *1234");
}

static void wrong_syntax_is_refused(void **state)
{
    static const char *const wrong[] = {
        "@7",
        "@7 Ping",
        "@7 ping text",
        "@7 ping text=",
        "@7 ping =a",
        "@7 ping a=1 a=2",
        "@7 ping text=\"a",
        "@7 ping text=\"a\"b",
        "@7 ping a=b\"",
        "@7 ping a=\"\\q\"",
        "@7 ping a=\"\\x00\"",
        "@7 ping a=\"\\x4\"",
        "@7 ping a=\\n",
        "@7 ping 1a=2",
        "@7 ping a=1 b=2 extra",
        "@7 = a=1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(parse_summed("", wrong[i]), AGENT_PARSED_SYNTAX);
    }
    assert_int_equal(parse_summed("", "@65536 ping"), AGENT_PARSED_SYNTAX);
    assert_int_equal(parse_summed("", "@01 ping"), AGENT_PARSED_SYNTAX);
    assert_int_equal(parse_summed("", "@ ping"), AGENT_PARSED_SYNTAX);
}

static void pairs_have_a_limit(void **state)
{
    char text[256] = "@3 ping";

    (void)state;
    for (unsigned i = 0; i < AGENT_PAIRS_MAX; i++) {
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), " k%u=1", i);
    }
    assert_int_equal(parse_summed("", text), AGENT_PARSED_FRAME);
    assert_int_equal(request.n_pairs, AGENT_PAIRS_MAX);
    (void)snprintf(text + strlen(text), sizeof text - strlen(text), " more=1");
    assert_int_equal(parse_summed("", text), AGENT_PARSED_SYNTAX);
}

static void frames_are_found_in_noise(void **state)
{
    (void)state;
    assert_int_equal(parse("I (312) wifi: @ 3 dBm"), AGENT_PARSED_LOG);
    assert_int_equal(parse(""), AGENT_PARSED_LOG);
    assert_int_equal(parse_summed("I (312) boot: half a l", "@9 key"), AGENT_PARSED_FRAME);
    assert_int_equal(frame_offset, 22);
    assert_int_equal(request.seq, 9);
    assert_int_equal(parse_summed("@8 pi", "@9 key"), AGENT_PARSED_FRAME);
    assert_int_equal(request.seq, 9);
    assert_int_equal(parse_summed("\x80\xff@", "@9 key"), AGENT_PARSED_FRAME);
    /* the weaker form of a person's request counts only at the start of a line */
    assert_int_equal(parse("noise @0 reset"), AGENT_PARSED_LOG);
    assert_int_equal(parse("@0 re\x01set"), AGENT_PARSED_CHECKSUM);
}

static void numbers(void **state)
{
    uint32_t value = 77;
    int64_t wide = 0;
    uint8_t bytes[2] = {0};

    (void)state;
    assert_true(agent_parse_u32("0", 0, &value));
    assert_int_equal(value, 0);
    assert_true(agent_parse_u32("4294967295", UINT32_MAX, &value));
    assert_int_equal(value, UINT32_MAX);
    assert_false(agent_parse_u32("4294967296", UINT32_MAX, &value));
    assert_false(agent_parse_u32("11", 10, &value));
    assert_false(agent_parse_u32("", 10, &value));
    assert_false(agent_parse_u32("-1", 10, &value));
    assert_false(agent_parse_u32("07", 10, &value));
    assert_false(agent_parse_u32("7 ", 10, &value));
    assert_true(agent_parse_i64("-9223372036854775807", &wide));
    assert_true(wide == -INT64_MAX);
    assert_false(agent_parse_i64("9223372036854775808", &wide));
    assert_true(agent_parse_hex("aB01", bytes, 2));
    assert_int_equal(bytes[0], 0xab);
    assert_false(agent_parse_hex("aB0", bytes, 2));
    assert_false(agent_parse_hex("aB0g", bytes, 2));
    char digits[21];
    assert_int_equal(agent_put_u64(digits, UINT64_MAX), 20);
    assert_string_equal(digits, "18446744073709551615");
}

/* The examples that others program by. */
static void examples_of_the_protocol_are_right(void **state)
{
    const char *tree = getenv("RIG_SOURCE");
    char path[512];
    char text[1024];
    unsigned n_frames = 0;

    (void)state;
    if (tree == NULL) {
        skip();
    }
    (void)snprintf(path, sizeof path, "%s/firmware-stub/PROTOCOL.md", tree);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(text, sizeof text, file) != NULL) {
        char *frame = text + (text[0] == 'A' || text[0] == 'H' ? 2 : 0);
        text[strcspn(text, "\n")] = '\0';
        char *sum = strrchr(frame, '*');
        if (frame[0] == '@' && sum != NULL && strlen(sum) == 5) {
            assert_int_equal(agent_crc16(frame, (size_t)(sum - 1 - frame)),
                             strtoul(sum + 1, NULL, 16));
            n_frames++;
        }
    }
    (void)fclose(file);
    assert_true(n_frames >= 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_checksum),
        cmocka_unit_test(person_may_omit_checksum),
        cmocka_unit_test(values),
        cmocka_unit_test(wrong_syntax_is_refused),
        cmocka_unit_test(pairs_have_a_limit),
        cmocka_unit_test(frames_are_found_in_noise),
        cmocka_unit_test(numbers),
        cmocka_unit_test(examples_of_the_protocol_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
