/* SPDX-License-Identifier: Apache-2.0 */
/* Every line is what schemas/steps.schema.json says it is. */
#include "rig/base/json_auto.h"
#include "rig/tests/reports/sample.h"

#include "rig/base/file.h"
#include "rig/base/wait.h"

#include <jansson.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_LINES 1024

static bool matches_pattern(const json_t *value, const char *pattern)
{
    regex_t regex;
    bool matches;

    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    matches = regexec(&regex, json_string_value(value), 0, NULL, 0) == 0;
    regfree(&regex);
    return matches;
}

static bool is_of_type(const json_t *value, const char *type)
{
    return strcmp(type, "object") == 0    ? json_is_object(value)
           : strcmp(type, "string") == 0  ? json_is_string(value)
           : strcmp(type, "integer") == 0 ? json_is_integer(value)
           : strcmp(type, "number") == 0  ? json_is_number(value)
           : strcmp(type, "boolean") == 0 ? json_is_boolean(value)
                                          : false;
}

static bool is_one_of(const json_t *value, const json_t *values)
{
    size_t i;
    json_t *candidate;

    json_array_foreach(values, i, candidate)
    {
        if (json_equal(candidate, value)) {
            return true;
        }
    }
    return false;
}

static const json_t *resolve(const json_t *root, const json_t *rule)
{
    const char *ref = json_string_value(json_object_get(rule, "$ref"));

    if (ref == NULL) {
        return rule;
    }
    assert_int_equal(strncmp(ref, "#/$defs/", 8), 0);
    rule = json_object_get(json_object_get(root, "$defs"), ref + 8);
    assert_non_null(rule);
    return rule;
}

static bool conforms(const json_t *root, const json_t *rule, const json_t *value);

static bool object_conforms(const json_t *root, const json_t *rule, const json_t *value)
{
    const json_t *properties = json_object_get(rule, "properties");
    const json_t *required = json_object_get(rule, "required");
    const bool closed = json_is_false(json_object_get(rule, "additionalProperties"));
    const char *key;
    json_t *member;
    size_t i;

    json_array_foreach(required, i, member)
    {
        if (json_object_get(value, json_string_value(member)) == NULL) {
            return false;
        }
    }
    json_object_foreach((json_t *)value, key, member)
    {
        const json_t *of_key = json_object_get(properties, key);

        if (of_key == NULL ? closed : !conforms(root, of_key, member)) {
            return false;
        }
    }
    return true;
}

/* The part of JSON Schema that our schema uses. */
static bool conforms(const json_t *root, const json_t *rule, const json_t *value)
{
    rule = resolve(root, rule);
    const json_t *type = json_object_get(rule, "type");
    const json_t *constant = json_object_get(rule, "const");
    const json_t *values = json_object_get(rule, "enum");
    const json_t *pattern = json_object_get(rule, "pattern");
    const json_t *minimum = json_object_get(rule, "minimum");
    const json_t *condition = json_object_get(rule, "if");

    if ((type != NULL && !is_of_type(value, json_string_value(type))) ||
        (constant != NULL && !json_equal(constant, value)) ||
        (values != NULL && !is_one_of(value, values)) ||
        (pattern != NULL && !matches_pattern(value, json_string_value(pattern))) ||
        (minimum != NULL && json_number_value(value) < json_number_value(minimum))) {
        return false;
    }
    if (condition != NULL && !conforms(root, condition, value) &&
        !conforms(root, json_object_get(rule, "else"), value)) {
        return false;
    }
    return !json_is_object(value) || object_conforms(root, rule, value);
}

static json_t *load_schema(void)
{
    const char *source = getenv("RIG_SOURCE");
    RIG_AUTO(rig_free_chars) char *path = NULL;
    struct rig_error err = {0};
    json_error_t json_err;
    json_t *schema;

    assert_non_null(source);
    assert_done(rig_path_join(source, "reports/schemas/steps.schema.json", &path, &err));
    schema = json_load_file(path, 0, &json_err);
    assert_non_null(schema);
    return schema;
}

static bool line_conforms(const json_t *schema, const json_t *line)
{
    size_t n_matches = 0;
    size_t i;
    json_t *kind;

    json_array_foreach(json_object_get(schema, "oneOf"), i, kind)
    {
        n_matches += conforms(schema, kind, line);
    }
    return n_matches == 1;
}

struct lines {
    char folder[32];
    char path[64];
    size_t n;
    json_t *all[MAX_LINES];
};

static struct lines *new_lines(void)
{
    struct lines *lines = calloc(1, sizeof *lines);

    assert_non_null(lines);
    (void)snprintf(lines->folder, sizeof lines->folder, "/tmp/rig-jsonl-XXXXXX");
    assert_non_null(mkdtemp(lines->folder));
    (void)snprintf(lines->path, sizeof lines->path, "%s/steps.jsonl", lines->folder);
    return lines;
}

static void read_lines(struct lines *lines)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    struct rig_error err = {0};
    json_error_t json_err;
    char *next = NULL;

    assert_done(rig_file_read(lines->path, 64u << 20, &text, &err));
    assert_true(text.len != 0 && text.data[text.len - 1] == '\n');
    for (char *line = strtok_r((char *)text.data, "\n", &next); line != NULL;
         line = strtok_r(NULL, "\n", &next)) {
        assert_true(lines->n < MAX_LINES);
        lines->all[lines->n] = json_loads(line, JSON_REJECT_DUPLICATES, &json_err);
        if (lines->all[lines->n] == NULL) {
            fail_msg("%s in: %.500s", json_err.text, line);
        }
        lines->n++;
    }
}

static void free_lines(struct lines *lines)
{
    for (size_t i = 0; i < lines->n; i++) {
        json_decref(lines->all[i]);
    }
    (void)unlink(lines->path);
    assert_int_equal(rmdir(lines->folder), 0);
    free(lines);
}

static void write_run(const struct rig_run_report *run, const char *path)
{
    struct rig_jsonl *out = NULL;
    struct rig_error err = {0};

    assert_done(rig_jsonl_open(path, &out, &err));
    assert_done(rig_jsonl_run_start(out, run, &err));
    for (size_t b = 0; b < run->n_boards; b++) {
        for (size_t s = 0; s < run->boards[b].n_steps; s++) {
            assert_done(rig_jsonl_step(out, run, &run->boards[b], &run->boards[b].steps[s], &err));
        }
        assert_done(rig_jsonl_board_end(out, run, &run->boards[b], &err));
    }
    assert_done(rig_jsonl_run_end(out, run, &err));
    assert_done(rig_jsonl_close(out, &err));
}

static void check_lines(const struct lines *lines)
{
    RIG_AUTO(rig_auto_json_t) json_t *schema = load_schema();

    for (size_t i = 0; i < lines->n; i++) {
        if (!line_conforms(schema, lines->all[i])) {
            char *text = json_dumps(lines->all[i], 0);

            fail_msg("line %zu is not of the schema: %.1000s", i + 1, text);
        }
    }
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void test_a_run_line_by_line(void **state)
{
    RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_run();
    struct lines *lines = new_lines();
    const json_t *flash;

    (void)state;
    write_run(&run, lines->path);
    read_lines(lines);
    check_lines(lines);
    assert_int_equal(lines->n, 1 + 5 + 1 + 1 + 1 + 1);
    assert_string_equal(text_of(lines->all[0], "kind"), "run-start");
    assert_string_equal(text_of(lines->all[0], "started"), "2026-11-21T19:44:03.120Z");
    flash = lines->all[2];
    assert_string_equal(text_of(flash, "board"), "b1");
    assert_string_equal(text_of(flash, "name"), "p-256/flash");
    assert_string_equal(text_of(flash, "verdict"), "fail");
    assert_true(json_real_value(json_object_get(flash, "duration_ms")) == 1234.567);
    assert_int_equal(json_integer_value(json_object_get(flash, "bytes_received")), 2000);
    assert_string_equal(text_of(json_object_get(flash, "error"), "code"), "mismatch");
    assert_int_equal(
        json_integer_value(json_object_get(
            json_object_get(json_object_get(flash, "evidence"), "server"), "verify_error")),
        23);
    assert_null(json_object_get(lines->all[1], "error")); /* a pass has none */
    assert_string_equal(text_of(lines->all[lines->n - 1], "kind"), "run-end");
    free_lines(lines);
}

static void test_random_runs_conform(void **state)
{
    unsigned seed = (unsigned)rig_now_ns();

    (void)state;
    print_message("seed %u\n", seed);
    for (int i = 0; i < 20; i++) {
        RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_random_run(&seed);
        struct lines *lines = new_lines();

        write_run(&run, lines->path);
        read_lines(lines);
        check_lines(lines);
        free_lines(lines);
    }
}

static void test_the_schema_check_can_fail(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "{\"kind\":\"run-end\",\"run_id\":\"r\"}",
        "{\"kind\":\"run-end\",\"run_id\":\"r\",\"cancelled\":1,\"boards\":0,\"duration_ms\":1,"
        "\"counts\":{\"steps\":1,\"pass\":0,\"flaky\":0,\"skip\":0,\"fail\":0,\"error\":1}}",
        "{\"kind\":\"run-end\",\"run_id\":\"r\",\"cancelled\":true,\"boards\":-1,\"duration_ms\":1,"
        "\"counts\":{\"steps\":1,\"pass\":0,\"flaky\":0,\"skip\":0,\"fail\":0,\"error\":1}}",
    };
    static const char right[] =
        "{\"kind\":\"run-end\",\"run_id\":\"r\",\"cancelled\":true,\"boards\":0,\"duration_ms\":1,"
        "\"counts\":{\"steps\":1,\"pass\":0,\"flaky\":0,\"skip\":0,\"fail\":0,\"error\":1}}";
    RIG_AUTO(rig_auto_json_t) json_t *schema = load_schema();
    RIG_AUTO(rig_auto_json_t) json_t *good = json_loads(right, 0, NULL);

    (void)state;
    assert_true(line_conforms(schema, good));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        RIG_AUTO(rig_auto_json_t) json_t *line = json_loads(wrong[i], 0, NULL);

        assert_non_null(line);
        assert_false(line_conforms(schema, line));
    }
}

static void test_evidence_that_is_no_object_is_kept_as_text(void **state)
{
    RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_run();
    struct lines *lines = new_lines();

    (void)state;
    sample_put(&run.boards[0].steps[1].evidence, "[1\x1b", 3);
    write_run(&run, lines->path);
    read_lines(lines);
    check_lines(lines);
    assert_string_equal(text_of(json_object_get(lines->all[2], "evidence"), "raw"), "[1\\x1b");
    free_lines(lines);
}

static void test_what_was_not_judged_is_an_error(void **state)
{
    struct rig_step_report step = {.name = "flash", .step = "flash"};
    struct rig_board_report board = {.id.text = "b1", .n_steps = 1, .steps = &step};
    const struct rig_run_report run = {.run_id = "r", .n_boards = 1, .boards = &board};
    struct lines *lines = new_lines();

    (void)state;
    write_run(&run, lines->path);
    read_lines(lines);
    check_lines(lines);
    assert_string_equal(text_of(lines->all[1], "verdict"), "error");
    assert_string_equal(text_of(json_object_get(lines->all[1], "error"), "text"), "was not judged");
    assert_string_equal(text_of(lines->all[2], "verdict"), "error");
    free_lines(lines);
}

static void test_a_killed_run_leaves_whole_lines(void **state)
{
    RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_run();
    struct lines *lines = new_lines();
    struct rig_jsonl *out = NULL;
    struct rig_error err = {0};

    (void)state;
    assert_done(rig_jsonl_open(lines->path, &out, &err));
    assert_done(rig_jsonl_run_start(out, &run, &err));
    assert_done(rig_jsonl_step(out, &run, &run.boards[0], &run.boards[0].steps[0], &err));
    read_lines(lines); /* nothing was closed or flushed by us */
    assert_int_equal(lines->n, 2);
    assert_done(rig_jsonl_close(out, &err));
    free_lines(lines);
}

struct writer {
    struct rig_jsonl *out;
    const struct rig_run_report *run;
    bool ok;
};

static void *write_many(void *ctx)
{
    struct writer *writer = ctx;
    struct rig_error err;

    writer->ok = true;
    for (int i = 0; i < 50; i++) {
        writer->ok &= rig_jsonl_step(writer->out, writer->run, &writer->run->boards[0],
                                     &writer->run->boards[0].steps[1], &err)
                          .ok;
    }
    return NULL;
}

static void test_threads_do_not_tear_lines(void **state)
{
    RIG_AUTO(rig_run_report_free) struct rig_run_report run = sample_run();
    struct lines *lines = new_lines();
    struct writer writers[4];
    pthread_t threads[4];
    struct rig_jsonl *out = NULL;
    struct rig_error err = {0};

    (void)state;
    assert_done(rig_jsonl_open(lines->path, &out, &err));
    for (int i = 0; i < 4; i++) {
        writers[i] = (struct writer){.out = out, .run = &run};
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(writers[i].ok);
    }
    assert_done(rig_jsonl_close(out, &err));
    read_lines(lines);
    assert_int_equal(lines->n, 200);
    check_lines(lines);
    free_lines(lines);
}

static void test_a_path_that_can_not_be_written_is_named(void **state)
{
    struct rig_run_report run = {.run_id = "r"};
    struct rig_jsonl *out = NULL;
    struct rig_error err = {0};

    (void)state;
    assert_false(rig_jsonl_open("/nowhere/steps.jsonl", &out, &err).ok);
    assert_null(out);
    assert_int_equal(err.cls, RIG_CLASS_RIG);
    assert_non_null(strstr(err.text, "/nowhere/steps.jsonl"));
    assert_done(rig_jsonl_open("/dev/full", &out, &err));
    assert_false(rig_jsonl_run_start(out, &run, &err).ok);
    assert_int_equal(err.code, RIG_E_NO_SPACE);
    assert_done(rig_jsonl_close(out, &err));
    assert_done(rig_jsonl_close(NULL, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_run_line_by_line),
        cmocka_unit_test(test_random_runs_conform),
        cmocka_unit_test(test_the_schema_check_can_fail),
        cmocka_unit_test(test_evidence_that_is_no_object_is_kept_as_text),
        cmocka_unit_test(test_what_was_not_judged_is_an_error),
        cmocka_unit_test(test_a_killed_run_leaves_whole_lines),
        cmocka_unit_test(test_threads_do_not_tear_lines),
        cmocka_unit_test(test_a_path_that_can_not_be_written_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
