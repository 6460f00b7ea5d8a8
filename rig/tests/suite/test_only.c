/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/only.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char text[] = "rig: 1\n"
                           "name: few\n"
                           "keys: [p-256]\n"
                           "before:\n"
                           "  - step: reset\n"
                           "  - step: identify\n"
                           "  - step: firmware\n"
                           "each_key:\n"
                           "  - step: keygen\n"
                           "  - step: csr\n"
                           "  - step: sign\n"
                           "  - step: flash\n"
                           "  - step: boot\n"
                           "  - step: installed\n"
                           "  - {case: good, control: true}\n"
                           "  - {case: revoked-leaf, certificate: revoked}\n"
                           "  - {case: between, control: true}\n"
                           "  - {case: no-certificate, certificate: none}\n"
                           "  - {case: good-again, control: true}\n";

static struct rig_suite *load(void)
{
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    struct rig_suite *suite = NULL;
    struct rig_error err = {0};

    if (!rig_suite_parse("few.yaml", text, sizeof text - 1, &suite, &mistakes, &err).ok) {
        fail_msg("%s %s", err.text, rig_buf_text(&mistakes));
    }
    return suite;
}

static void assert_cases(const struct rig_suite *suite, const char *expected)
{
    char names[256] = "";

    for (size_t i = 0; i < suite->each_key.n; i++) {
        if (rig_step_is_case(&suite->each_key.steps[i])) {
            (void)strcat(strcat(names, " "), suite->each_key.steps[i].name);
        }
    }
    assert_string_equal(names, expected);
    assert_int_equal(suite->before.n, 3);
    assert_string_equal(suite->each_key.steps[5].name, "installed");
}

static void keeps_a_case_with_the_controls_next_to_it(void **state)
{
    struct rig_suite *suite = load();
    struct rig_error err = {0};

    (void)state;
    assert_true(rig_suite_keep_only(suite, "no-certificate", &err).ok);
    assert_cases(suite, " between no-certificate good-again");
    rig_suite_free(suite);
}

static void keeps_an_accepted_case_alone(void **state)
{
    struct rig_suite *suite = load();
    struct rig_error err = {0};

    (void)state;
    assert_true(rig_suite_keep_only(suite, "good", &err).ok);
    assert_cases(suite, " good");
    rig_suite_free(suite);
}

static void keeps_several_in_the_order_of_the_suite(void **state)
{
    struct rig_suite *suite = load();
    struct rig_error err = {0};

    (void)state;
    assert_true(rig_suite_keep_only(suite, "no-certificate,revoked-leaf", &err).ok);
    assert_cases(suite, " good revoked-leaf between no-certificate good-again");
    rig_suite_free(suite);
}

static void names_what_the_suite_does_not_have(void **state)
{
    static const char *const wrong[] = {"revoked", "good,", "", ",good", "keygen", "good,goo"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct rig_suite *suite = load();
        struct rig_error err = {0};

        assert_false(rig_suite_keep_only(suite, wrong[i], &err).ok);
        assert_int_equal(err.cls, RIG_CLASS_USAGE);
        assert_int_equal(err.code, RIG_E_NOT_FOUND);
        assert_non_null(strstr(err.text, "suite 'few' has no case"));
        assert_cases(suite, " good revoked-leaf between no-certificate good-again");
        rig_suite_free(suite);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_a_case_with_the_controls_next_to_it),
        cmocka_unit_test(keeps_an_accepted_case_alone),
        cmocka_unit_test(keeps_several_in_the_order_of_the_suite),
        cmocka_unit_test(names_what_the_suite_does_not_have),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
