/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between an object as a server gives it and as it is wanted; times; the plan's text.
 */
#include "rig/vaultadmin/api.h"
#include "rig/vaultadmin/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static json_t *parse(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

    assert_non_null(value);
    return value;
}

static void expect_diff(const char *current_text, const char *wanted_text, size_t n,
                        const char *lines_expected)
{
    RIG_AUTO(rig_auto_json) json_t *current = current_text != NULL ? parse(current_text) : NULL;
    RIG_AUTO(rig_auto_json) json_t *wanted = parse(wanted_text);
    RIG_AUTO(rig_buf_free) struct rig_buf lines = {0};
    struct rig_error err = {0};
    size_t n_differences = 99;

    assert_true(rig_plan_diff(current, wanted, &lines, &n_differences, &err).ok);
    assert_string_equal(rig_buf_text(&lines), lines_expected);
    assert_int_equal(n_differences, n);
}

static void same_is_no_difference(void **state)
{
    (void)state;
    expect_diff("{\"a\": 1, \"other\": true}", "{\"a\": 1}", 0, "");
    expect_diff("{\"a\": [\"x\", \"y\"]}", "{\"a\": [\"y\", \"x\"]}", 0, "");
    expect_diff("{\"a\": null}", "{\"a\": []}", 0, "");
    expect_diff("{\"a\": []}", "{\"a\": null}", 0, "");
    expect_diff("{\"a\": \"72h\"}", "{\"a\": 259200}", 0, "");
    expect_diff("{\"a\": \"168h0m0s\"}", "{\"a\": \"7d\"}", 0, "");
    expect_diff("{}", "{}", 0, "");
}

static void differences_say_from_what_to_what(void **state)
{
    (void)state;
    expect_diff("{\"a\": true}", "{\"a\": false}", 1, "a: true -> false\n");
    expect_diff("{\"a\": [\"x\"]}", "{\"a\": [\"x\", \"y\"]}", 1, "a: [\"x\"] -> [\"x\", \"y\"]\n");
    expect_diff("{\"a\": [\"x\", \"x\"]}", "{\"a\": [\"x\", \"y\"]}", 1,
                "a: [\"x\", \"x\"] -> [\"x\", \"y\"]\n");
    expect_diff("{\"a\": \"72h\"}", "{\"a\": \"168h\"}", 1, "a: \"72h\" -> \"168h\"\n");
    expect_diff("{\"b\": 1}", "{\"a\": \"\", \"b\": 2}", 2, "a: (not there) -> \"\"\nb: 1 -> 2\n");
    expect_diff("{\"a\": 0}", "{\"a\": false}", 1, "a: 0 -> false\n");
    expect_diff("{\"a\": \"\"}", "{\"a\": []}", 1, "a: \"\" -> []\n");
}

static void what_is_not_there_is_listed(void **state)
{
    (void)state;
    expect_diff(NULL, "{\"a\": 1, \"b\": [\"x\"]}", 2, "a: 1\nb: [\"x\"]\n");
    expect_diff(NULL, "{\"a\": []}", 1, "a: []\n");
    expect_diff(NULL, "{\"p\": \"one\\ntwo\\n\"}", 1, "p: \none\ntwo\n\n");
}

static void merging_keeps_the_rest(void **state)
{
    RIG_AUTO(rig_auto_json) json_t *current = parse("{\"a\": 1, \"keep\": [2]}");
    RIG_AUTO(rig_auto_json) json_t *wanted = parse("{\"a\": 3}");
    RIG_AUTO(rig_auto_json) json_t *merged = rig_plan_merge(current, wanted);
    RIG_AUTO(rig_auto_json) json_t *fresh = rig_plan_merge(NULL, wanted);
    RIG_AUTO(rig_auto_json) json_t *expected = parse("{\"a\": 3, \"keep\": [2]}");

    (void)state;
    assert_true(json_equal(merged, expected));
    assert_true(json_equal(fresh, wanted));
    assert_int_equal(json_integer_value(json_object_get(current, "a")), 1);
}

static void times_are_read(void **state)
{
    static const struct {
        const char *json;
        int64_t seconds;
    } cases[] = {
        {"3600", 3600}, {"0", 0},           {"\"72h\"", 259200}, {"\"1h30m\"", 5400},
        {"\"90\"", 90}, {"\"3d\"", 259200}, {"\"0s\"", 0},       {"\"\"", -1},
        {"\"h\"", -1},  {"\"5x\"", -1},     {"\"-5s\"", -1},     {"\"1h-2m\"", -1},
        {"null", -1},   {"[]", -1},         {"true", -1},        {"\"99999999999999999999s\"", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        RIG_AUTO(rig_auto_json) json_t *value = parse(cases[i].json);
        assert_int_equal(rig_admin_seconds(value), cases[i].seconds);
    }
    assert_int_equal(rig_admin_seconds(NULL), -1);
}

static void the_plan_reads_well(void **state)
{
    RIG_AUTO(rig_plan_free) struct rig_plan plan = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf summary = {0};
    struct rig_error err = {0};

    (void)state;
    assert_true(rig_plan_add(&plan, RIG_PLAN_RIGHT, NULL, &err, "mount %s", "a").ok);
    assert_true(rig_plan_summary(&plan, &summary, &err).ok);
    assert_string_equal(rig_buf_text(&summary), "nothing to change, 1 already right\n");
    assert_true(rig_plan_add(&plan, RIG_PLAN_CREATE, "x: 1\ny: 2\n", &err, "role b").ok);
    assert_true(rig_plan_add(&plan, RIG_PLAN_CHANGE, "z: 1 -> 2", &err, "role c").ok);
    assert_true(rig_plan_add(&plan, RIG_PLAN_WAIT, NULL, &err, "a signature").ok);
    assert_string_equal(rig_buf_text(&plan.text), "  = right    mount a\n"
                                                  "  + create   role b\n"
                                                  "               x: 1\n"
                                                  "               y: 2\n"
                                                  "  ~ change   role c\n"
                                                  "               z: 1 -> 2\n"
                                                  "  . waiting  a signature\n");
    rig_buf_reset(&summary);
    assert_true(rig_plan_summary(&plan, &summary, &err).ok);
    assert_string_equal(rig_buf_text(&summary),
                        "1 to create, 1 to change, 1 already right, 1 waiting for you\n");
    assert_int_equal(rig_plan_n_changes(&plan), 2);
}

static void long_paths_are_refused(void **state)
{
    char path[RIG_ADMIN_PATH_SIZE];
    char name[RIG_ADMIN_PATH_SIZE];
    struct rig_error err = {0};

    (void)state;
    memset(name, 'm', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_true(rig_admin_path(path, &err, "%s/roles/%s", "pki", "r").ok);
    assert_string_equal(path, "pki/roles/r");
    assert_false(rig_admin_path(path, &err, "%s/roles", name).ok);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_is_no_difference),
        cmocka_unit_test(differences_say_from_what_to_what),
        cmocka_unit_test(what_is_not_there_is_listed),
        cmocka_unit_test(merging_keeps_the_rest),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(the_plan_reads_well),
        cmocka_unit_test(long_paths_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
