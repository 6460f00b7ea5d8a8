/* SPDX-License-Identifier: Apache-2.0 */
/* The reader itself, and files that no comment can be put into. */
#include "rig/base/file.h"
#include "rig/suite/check.h"
#include "rig/suite/suite.h"
#include "rig/suite/yaml_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void refuse(const char *text, size_t n_bytes, const char *expected)
{
    RIG_AUTO(rig_auto_suite) struct rig_suite *suite = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    struct rig_error err = {0};

    assert_false(rig_suite_parse("f", text, n_bytes, &suite, &mistakes, &err).ok);
    assert_null(suite);
    if (strncmp(rig_buf_text(&mistakes), expected, strlen(expected)) != 0) {
        fail_msg("expected %s\nfound %s", expected, rig_buf_text(&mistakes));
    }
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    assert_int_equal(err.code, RIG_E_INVALID);
}

static void files_that_are_no_text(void **state)
{
    static const char utf16[] = "\xFF\xFEr\0i\0g\0:\0 \0001\0\n";
    static const char elf[] = "\x7f"
                              "ELF\x02\x01\x01\0\0\0\0";
    static const char nul[] = "rig: 1\nname: a\0b\n";

    (void)state;
    refuse("", 0, "f:1: found an empty file; expected a mapping");
    refuse("\n\n", 2, "f:1: found an empty file; expected a mapping");
    refuse("\xEF\xBB\xBF", 3, "f:1: found an empty file; expected a mapping");
    refuse("~", 1, "f:1: found \"~\" for a suite; expected a mapping");
    refuse(utf16, sizeof utf16 - 1, "f:1: found bytes that are no text");
    refuse(elf, sizeof elf - 1, "f:1: found bytes that are no text");
    refuse(nul, sizeof nul - 1, "f:2: found bytes that are no text");
    refuse("rig: 1\nname: \"a\\0b\"\n", 20, "f:2: found a NUL character in a text");
    refuse("rig: 1\nname: \xC3\x28\n", 16, "f:2: found bytes that are no text");
}

static char *repeat(const char *piece, size_t n)
{
    const size_t length = strlen(piece);
    char *text = malloc(n * length + 1);

    assert_non_null(text);
    for (size_t i = 0; i < n; i++) {
        memcpy(text + i * length, piece, length);
    }
    text[n * length] = '\0';
    return text;
}

static void files_that_are_too_much(void **state)
{
    RIG_AUTO(rig_free_chars) char *huge = repeat("#\n", (RIG_YAML_MAX_BYTES / 2) + 1);
    RIG_AUTO(rig_free_chars) char *deep = repeat("[", 100000);
    RIG_AUTO(rig_free_chars) char *steep = repeat("- ", 100000);
    RIG_AUTO(rig_free_chars) char *many = repeat("- a\n", 100000);
    RIG_AUTO(rig_free_chars) char *keys = repeat("a:\n", 100000);

    (void)state;
    refuse(huge, strlen(huge), "f:1: found a file of 1048578 bytes; expected at most 1 MiB");
    refuse(deep, strlen(deep), "f:1: found lists or mappings nested deeper than 12");
    refuse(steep, strlen(steep), "f:1: found lists or mappings nested deeper than 12");
    refuse(many, strlen(many), "f:16384: found more than 16384 values");
    refuse(keys, strlen(keys), "f:8192: found more than 16384 values");
}

static void mistakes_are_bounded_and_sorted(void **state)
{
    RIG_AUTO(rig_free_chars) char *many = repeat("oops: 1\n", 1000);
    RIG_AUTO(rig_auto_suite) struct rig_suite *suite = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    struct rig_error err = {0};
    size_t n_lines = 0;
    long previous = 0;
    char *rest = NULL;

    (void)state;
    assert_false(rig_suite_parse("f", many, strlen(many), &suite, &mistakes, &err).ok);
    assert_non_null(strstr(rig_buf_text(&mistakes), "\nf: 954 further mistakes\n"));
    for (char *line = strtok_r((char *)mistakes.data, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *end = line;
        const long number = strncmp(line, "f:", 2) == 0 ? strtol(line + 2, &end, 10) : 0;
        if (*end == ':' && end > line + 2 && line[2] != ' ') {
            assert_true(number >= previous);
            previous = number;
            n_lines++;
        }
    }
    assert_int_equal(n_lines, RIG_YAML_MAX_MISTAKES);
}

static void a_file_that_is_not_there_is_named(void **state)
{
    RIG_AUTO(rig_auto_suite) struct rig_suite *suite = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    struct rig_error err = {0};

    (void)state;
    assert_false(rig_suite_load("/nonexistent/s.yaml", &suite, &mistakes, &err).ok);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    assert_non_null(strstr(err.text, "/nonexistent/s.yaml"));
    assert_memory_equal(rig_buf_text(&mistakes), err.text, strlen(err.text));
    assert_false(rig_suite_load("/", &suite, &mistakes, &err).ok);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"0s", 0},      {"250ms", 250},  {"10s", 10000},
                {"5m", 300000}, {"2h", 7200000}, {"999999999h", INT64_C(3599999996400000)},
                {"007s", 7000}};
    static const char *const bad[] = {
        "",   "s",     "10",    "-1s",  "1.5s",  "10 s",        "10S",
        "1d", "10sec", "1m30s", "1e3s", "0x10s", "1000000000s", "99999999999999999999s"};
    char text[24];
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(rig_yaml_parse_duration(good[i].text, &ms));
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(rig_yaml_parse_duration(bad[i], &ms));
    }
    rig_yaml_format_duration(90000, text, sizeof text);
    assert_string_equal(text, "90s");
    rig_yaml_format_duration(120000, text, sizeof text);
    assert_string_equal(text, "2m");
    rig_yaml_format_duration(1, text, sizeof text);
    assert_string_equal(text, "1ms");
    rig_yaml_format_duration(0, text, sizeof text);
    assert_string_equal(text, "0ms");
}

static void hints_are_given_only_when_near(void **state)
{
    static const struct rig_yaml_word words[] = {{"read-back", 0}, {"csr", 1}, {NULL, 0}};

    (void)state;
    assert_string_equal(rig_yaml_hint_words("read_back", words).text,
                        " (did you mean \"read-back\"?)");
    assert_string_equal(rig_yaml_hint_words("READBACK", words).text,
                        " (did you mean \"read-back\"?)");
    assert_string_equal(rig_yaml_hint_words("crs", words).text, " (did you mean \"csr\"?)");
    assert_string_equal(rig_yaml_hint_words("src", words).text, "");
    assert_string_equal(rig_yaml_hint_words("cs", words).text, " (did you mean \"csr\"?)");
    assert_string_equal(rig_yaml_hint_words("", words).text, "");
    assert_string_equal(rig_yaml_hint_words("something else entirely", words).text, "");
}

/* What stands in a file must not steer a terminal or break a line of the report. */
static void quotes_are_safe_to_print(void **state)
{
    (void)state;
    assert_string_equal(rig_yaml_quote_text("a\x1b[31m\n").text, "\"a?[31m?\"");
    assert_string_equal(rig_yaml_quote_text("").text, "\"\"");
    RIG_AUTO(rig_free_chars) char *lengthy = repeat("x", 1000);
    const struct rig_yaml_quote quote = rig_yaml_quote_text(lengthy);
    assert_true(strlen(quote.text) < sizeof quote.text);
    assert_string_equal(quote.text + strlen(quote.text) - 5, "x...\"");
}

static void check_tells_suites_from_benches(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    struct rig_error err = {0};
    enum rig_file_kind kind = RIG_FILE_SUITE;
    char folder[] = "/tmp/rig-test-suite-XXXXXX";
    char path[64];
    static const char bench[] = "rig: 1\nboards: [{id: a, port: /dev/ttyUSB0}]\n";
    static const char suite[] = "rig: 1\nname: s\n";

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/f.yaml", folder);
    assert_true(rig_file_replace(path, bench, strlen(bench), 0600, &err).ok);
    assert_true(rig_check_file(path, &kind, &mistakes, &err).ok);
    assert_int_equal(kind, RIG_FILE_BENCH);
    assert_true(rig_file_replace(path, suite, strlen(suite), 0600, &err).ok);
    assert_false(rig_check_file(path, &kind, &mistakes, &err).ok);
    assert_int_equal(kind, RIG_FILE_SUITE);
    assert_non_null(strstr(err.text, ":1: found a suite without \"keys\""));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_are_no_text),
        cmocka_unit_test(files_that_are_too_much),
        cmocka_unit_test(mistakes_are_bounded_and_sorted),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
        cmocka_unit_test(durations),
        cmocka_unit_test(hints_are_given_only_when_near),
        cmocka_unit_test(quotes_are_safe_to_print),
        cmocka_unit_test(check_tells_suites_from_benches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
