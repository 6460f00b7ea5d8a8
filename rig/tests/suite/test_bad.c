/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every file of the folder on the command line is wrong on purpose and says how, in comments of its
 * own: the lines
 * "# expect: LINE: TEXT" are all its mistakes, in order; a text that ends with " ..." is the
 * beginning of one (where the rest comes from another part of the rig). bench-*.yaml are benches,
 * ca-*.yaml CA files, enrol-*.yaml enrolment fixtures, pki-*.yaml PKI fixtures, the rest are
 * suites; trials-*.yaml are read with their fixtures.
 */
#include "rig/base/file.h"
#include "rig/suite/bench.h"
#include "rig/suite/ca_config.h"
#include "rig/suite/check.h"
#include "rig/suite/enrolment_file.h"
#include "rig/suite/fixtures.h"
#include "rig/suite/suite.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MARK "# expect: "

static const char *folder;

/* What the file's comments promise, in the form of `mistakes`. */
static void collect_expected(const char *path, const struct rig_buf *text, struct rig_buf *expected)
{
    struct rig_error err = {0};
    const uint8_t *at = text->data;
    const uint8_t *end = text->data + text->len;

    while (at < end) {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        const uint8_t *line_end = newline == NULL ? end : newline;

        if ((size_t)(line_end - at) > strlen(MARK) && memcmp(at, MARK, strlen(MARK)) == 0) {
            assert_true(rig_buf_printf(expected, &err, "%s:%.*s\n", path,
                                       (int)(line_end - at - (ptrdiff_t)strlen(MARK)),
                                       (const char *)at + strlen(MARK))
                            .ok);
        }
        at = line_end + 1;
    }
}

/* Both are lines; consumes them. */
static void compare_lines(char *found, char *expected)
{
    char *found_rest = NULL;
    char *expected_rest = NULL;
    const char *wanted = strtok_r(expected, "\n", &expected_rest);
    const char *line = strtok_r(found, "\n", &found_rest);

    while (wanted != NULL && line != NULL) {
        const size_t n = strlen(wanted);
        if (n > 4 && strcmp(wanted + n - 4, " ...") == 0) {
            assert_memory_equal(line, wanted, n - 3 < strlen(line) ? n - 3 : strlen(line));
        } else {
            assert_string_equal(line, wanted);
        }
        wanted = strtok_r(NULL, "\n", &expected_rest);
        line = strtok_r(NULL, "\n", &found_rest);
    }
    if (wanted != NULL || line != NULL) {
        fail_msg("missing: %s, too much: %s", wanted != NULL ? wanted : "-",
                 line != NULL ? line : "-");
    }
}

static void check_one(const char *name)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf expected = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    RIG_AUTO(rig_auto_suite) struct rig_suite *suite = NULL;
    RIG_AUTO(rig_auto_bench) struct rig_bench *bench = NULL;
    RIG_AUTO(rig_auto_enrolment_file) struct rig_enrolment_file *enrolment = NULL;
    RIG_AUTO(rig_auto_fixtures) struct rig_fixtures *fixtures = NULL;
    struct rig_ca_vault_config config;
    struct rig_error err = {0};
    char path[1024];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(rig_file_read(path, 1u << 20, &text, &err).ok);
    collect_expected(name, &text, &expected);
    if (expected.len == 0) {
        fail_msg("%s has no line that begins with \"%s\"", name, MARK);
    }
    const char *content = rig_buf_text(&text);
    const rig_result result =
        strncmp(name, "bench-", 6) == 0
            ? rig_bench_parse(name, content, text.len, &bench, &mistakes, &err)
        : strncmp(name, "ca-", 3) == 0
            ? rig_ca_config_parse(name, content, text.len, &config, &mistakes, &err)
        : strncmp(name, "enrol-", 6) == 0
            ? rig_enrolment_file_parse(name, content, text.len, &enrolment, &mistakes, &err)
        : strncmp(name, "pki-", 4) == 0
            ? rig_fixtures_parse(name, content, text.len, &fixtures, &mistakes, &err)
        : strncmp(name, "trials-", 7) == 0
            ? rig_suite_load(name, &suite, &mistakes, &err)
            : rig_suite_parse(name, content, text.len, &suite, &mistakes, &err);
    if (result.ok) {
        fail_msg("%s was accepted", name);
    }
    assert_null(suite);
    assert_null(bench);
    assert_null(enrolment);
    assert_null(fixtures);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    assert_int_equal(err.code, RIG_E_INVALID);
    assert_memory_equal(err.text, rig_buf_text(&mistakes), strlen(err.text));
    assert_int_equal(rig_buf_text(&mistakes)[strlen(err.text)], '\n');
    compare_lines((char *)mistakes.data, (char *)expected.data);
}

static void every_bad_file_says_what_is_wrong(void **state)
{
    size_t n_suites = 0;
    size_t n_benches = 0;
    size_t n_ca_files = 0;
    size_t n_enrolments = 0;
    size_t n_pki = 0;
    DIR *entries = opendir(folder);
    const struct dirent *entry;

    (void)state;
    assert_non_null(entries);
    while ((entry = readdir(entries)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        check_one(entry->d_name);
        if (strncmp(entry->d_name, "bench-", 6) == 0) {
            n_benches++;
        } else if (strncmp(entry->d_name, "ca-", 3) == 0) {
            n_ca_files++;
        } else if (strncmp(entry->d_name, "enrol-", 6) == 0) {
            n_enrolments++;
        } else if (strncmp(entry->d_name, "pki-", 4) == 0) {
            n_pki++;
        } else {
            n_suites++;
        }
    }
    (void)closedir(entries);
    print_message("%zu suites, %zu benches, %zu CA files\n", n_suites, n_benches, n_ca_files);
    assert_true(n_suites >= 40);
    assert_true(n_benches >= 15);
    assert_true(n_ca_files >= 10);
    assert_true(n_enrolments >= 7);
    assert_true(n_pki >= 30);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_bad_file_says_what_is_wrong)};

    if (argc != 2) {
        return 2;
    }
    folder = argv[1];
    if (chdir(folder) != 0) { /* files of fixtures are named from here */
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
