/* SPDX-License-Identifier: Apache-2.0 */
/* suites/README.md and fixtures/README.md hold the reference that the tables print, to the letter:
 * neither can be changed alone. */
#include "rig/base/file.h"
#include "rig/suite/check.h"
#include "rig/suite/enrolment_file.h"
#include "rig/suite/fixtures.h"
#include "rig/suite/profile_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* RIG_WRITE_REFERENCE=1 prints what belongs between the marks instead. */
static void check(const char *file, const char *what,
                  rig_result (*describe)(struct rig_buf *, struct rig_error *))
{
    RIG_AUTO(rig_buf_free) struct rig_buf readme = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf reference = {0};
    struct rig_error err = {0};
    char path[512];
    char begin[64];
    char end[64];

    assert_non_null(getenv("RIG_SOURCE"));
    (void)snprintf(path, sizeof path, "%s/%s/README.md", getenv("RIG_SOURCE"), file);
    (void)snprintf(begin, sizeof begin, "<!-- reference of %s: begin -->\n", what);
    (void)snprintf(end, sizeof end, "<!-- reference of %s: end -->\n", what);
    assert_true(describe(&reference, &err).ok);
    if (getenv("RIG_WRITE_REFERENCE") != NULL) {
        (void)fputs(rig_buf_text(&reference), stdout);
        return;
    }
    assert_true(rig_file_read(path, 1u << 20, &readme, &err).ok);
    char *from = strstr(rig_buf_text(&readme), begin);
    assert_non_null(from);
    from += strlen(begin);
    char *to = strstr(from, end);
    assert_non_null(to);
    *to = '\0';
    assert_string_equal(from, rig_buf_text(&reference));
}

static void suites_are_described(void **state)
{
    (void)state;
    check("suites", "suites", rig_suite_describe_schema);
}

static void benches_are_described(void **state)
{
    (void)state;
    check("suites", "benches", rig_bench_describe_schema);
}

static void ca_files_are_described(void **state)
{
    (void)state;
    check("suites", "CA files", rig_ca_config_describe_schema);
}

static void enrolment_fixtures_are_described(void **state)
{
    (void)state;
    check("suites", "enrolment fixtures", rig_enrolment_file_describe_schema);
}

static void pki_fixtures_are_described(void **state)
{
    (void)state;
    check("fixtures", "PKI fixtures", rig_fixtures_describe_schema);
}

static void server_profiles_are_described(void **state)
{
    (void)state;
    check("suites", "server profiles", rig_profile_file_describe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suites_are_described),
        cmocka_unit_test(server_profiles_are_described),
        cmocka_unit_test(benches_are_described),
        cmocka_unit_test(ca_files_are_described),
        cmocka_unit_test(enrolment_fixtures_are_described),
        cmocka_unit_test(pki_fixtures_are_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
