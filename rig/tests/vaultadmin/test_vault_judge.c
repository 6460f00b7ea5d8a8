/* SPDX-License-Identifier: Apache-2.0 */
/* The doctor's judgement of roles and of a station's rights, on answers as servers give them. */
#include "rig/vaultadmin/examine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/* The factory's role as HashiCorp Vault shows it: no bounds on not_after there. */
static const char vault_role[] =
    "{\"allow_any_name\": true, \"allow_ip_sans\": true, \"allow_localhost\": true,"
    " \"allow_wildcard_certificates\": true, \"allowed_domains\": [\"wisefido.work\"],"
    " \"allow_subdomains\": true, \"client_flag\": true, \"server_flag\": true,"
    " \"code_signing_flag\": false, \"email_protection_flag\": false,"
    " \"cn_validations\": [\"email\", \"hostname\"], \"enforce_hostnames\": true,"
    " \"ext_key_usage\": null, \"ext_key_usage_oids\": null, \"generate_lease\": false,"
    " \"key_bits\": 2048, \"key_type\": \"rsa\", \"max_ttl\": 94608000, \"no_store\": false,"
    " \"key_usage\": [\"DigitalSignature\", \"KeyAgreement\", \"KeyEncipherment\"],"
    " \"not_after\": \"\", \"require_cn\": true, \"ttl\": 0, \"use_csr_sans\": true}";

static void judge(const char *role_text, const char *version, struct rig_vault_findings *findings)
{
    RIG_AUTO(rig_auto_json) json_t *role = json_loads(role_text, 0, NULL);
    struct rig_error err = {0};

    assert_non_null(role);
    assert_true(rig_judge_role(&(struct rig_role_facts){.path = "pki_int/roles/device-role",
                                                        .role = role,
                                                        .default_ttl_s = 768 * 3600,
                                                        .version = version},
                               findings, &err)
                    .ok);
}

static const struct rig_vault_finding *find(const struct rig_vault_findings *findings,
                                            const char *id)
{
    for (size_t i = 0; i < findings->n_items; i++) {
        if (strcmp(findings->items[i].id, id) == 0) {
            return &findings->items[i];
        }
    }
    return NULL;
}

static void the_factorys_role(void **state)
{
    static const char *const expected[] = {
        "role-any-name",  "role-server-certificates", "role-csr-sans",    "role-ip-sans",
        "role-wildcards", "role-localhost",           "role-email-names", "role-key-usage",
        "role-no-ttl",    "role-not-after",
    };
    RIG_AUTO(rig_vault_findings_free) struct rig_vault_findings findings = {0};

    (void)state;
    judge(vault_role, "1.14.0", &findings);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_non_null(find(&findings, expected[i]));
    }
    assert_int_equal(findings.n_items, sizeof expected / sizeof *expected);
    assert_int_equal(findings.counts[RIG_VAULT_CRITICAL], 3);
    assert_non_null(strstr(find(&findings, "role-no-ttl")->problem, "768 hours (32 days)"));
    assert_string_equal(find(&findings, "role-no-ttl")->remedy,
                        "bao patch pki_int/roles/device-role ttl=94608000s");
}

static void releases_that_bound_not_after(void **state)
{
    static const struct {
        const char *version;
        bool finding;
    } cases[] = {
        {"1.11.0", true},  {"1.19.18", true},  {"1.19.19", false}, {"1.19.19+ent", false},
        {"1.20.12", true}, {"1.20.13", false}, {"1.21.7", true},   {"1.21.8", false},
        {"2.0.2", true},   {"2.0.3", false},   {"2.1.0", false},   {"3.0.0", false},
        {"1.18.99", true}, {"", true},         {"garbage", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        RIG_AUTO(rig_vault_findings_free) struct rig_vault_findings findings = {0};

        judge(vault_role, cases[i].version, &findings);
        assert_int_equal(find(&findings, "role-not-after") != NULL, cases[i].finding);
    }
}

static void odd_answers_are_survived(void **state)
{
    static const char *const roles[] = {
        "{}",
        "{\"allow_any_name\": \"yes\", \"ttl\": [], \"max_ttl\": \"x\", \"key_usage\": 5}",
        "{\"allowed_domains\": [null, 7], \"cn_validations\": {\"a\": 1}, \"key_type\": null}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        RIG_AUTO(rig_vault_findings_free) struct rig_vault_findings findings = {0};

        judge(roles[i], "2.0.3", &findings);
        assert_int_equal(findings.n_items, 2); /* role-no-ttl, role-no-max-ttl */
    }
}

/* What a station may ------------------------------------------------------------------------- */

static const struct rig_vault_doctor doctor = {
    .device = {"pki_device", "rig-device"},
    .server = {"pki_server", "rig-test-server"},
};

static bool asks_for(const json_t *asked, const char *path)
{
    const json_t *paths = json_object_get(asked, "paths");

    for (size_t i = 0; i < json_array_size(paths); i++) {
        if (strcmp(json_string_value(json_array_get(paths, i)), path) == 0) {
            return true;
        }
    }
    return false;
}

static void the_right_paths_are_asked_for(void **state)
{
    const struct rig_vault_doctor no_server = {.device = {"a/b", "r"}};
    RIG_AUTO(rig_auto_json) json_t *asked = rig_station_paths(&doctor);
    RIG_AUTO(rig_auto_json) json_t *fewer = rig_station_paths(&no_server);

    (void)state;
    assert_true(asks_for(asked, "pki_device/issue/rig-device"));
    assert_true(asks_for(asked, "pki_device/sign-verbatim"));
    assert_true(asks_for(asked, "pki_device/sign-verbatim/rig-device"));
    assert_true(asks_for(asked, "pki_server/sign/rig-test-server"));
    assert_true(asks_for(asked, "auth/token/create"));
    assert_false(asks_for(asked, "pki_device/sign/rig-device"));
    assert_true(asks_for(fewer, "a/b/issue/r"));
    assert_int_equal(json_array_size(json_object_get(fewer, "paths")),
                     json_array_size(json_object_get(asked, "paths")) - 1);
}

static void judge_station(const char *answer, struct rig_vault_findings *findings)
{
    RIG_AUTO(rig_auto_json) json_t *capabilities = json_loads(answer, 0, NULL);
    struct rig_error err = {0};

    assert_non_null(capabilities);
    assert_true(rig_judge_station(&doctor, capabilities, findings, &err).ok);
}

static void what_is_fine_is_not_found(void **state)
{
    RIG_AUTO(rig_vault_findings_free) struct rig_vault_findings findings = {0};

    (void)state;
    judge_station("{\"pki_device/roles/rig-device\": [\"read\"],"
                  " \"pki_device/issue/rig-device\": [\"deny\"], \"pki_device/revoke\": []}",
                  &findings);
    assert_int_equal(findings.n_items, 0);
}

static void what_is_too_much_is_named(void **state)
{
    RIG_AUTO(rig_vault_findings_free) struct rig_vault_findings findings = {0};

    (void)state;
    judge_station("{\"pki_device/roles/rig-device\": [\"read\", \"update\", \"delete\"],"
                  " \"pki_device/issue/rig-device\": [\"create\"],"
                  " \"sys/audit/another-device\": [\"root\"]}",
                  &findings);
    assert_int_equal(findings.n_items, 3);
    assert_non_null(strstr(find(&findings, "station-changes-roles")->problem, "(update, delete)"));
    assert_non_null(find(&findings, "station-issues"));
    assert_string_equal(find(&findings, "station-is-admin")->where, "sys/audit/another-device");
}

static void reports_are_complete(void **state)
{
    RIG_AUTO(rig_vault_findings_free) struct rig_vault_findings findings = {.version = "2.7.2"};
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf json = {0};
    RIG_AUTO(rig_auto_json) json_t *parsed = NULL;
    struct rig_error err = {0};
    const char *first;

    (void)state;
    judge(vault_role, "1.14.0", &findings);
    assert_true(rig_vault_findings_text(&findings, "https://a", &text, &err).ok);
    assert_true(rig_vault_findings_json(&findings, "https://a", &json, &err).ok);
    first = rig_buf_text(&text);
    assert_int_equal(strncmp(first, "CRITICAL  ", 10), 0);
    assert_true(strstr(first, "CRITICAL") < strstr(first, "WARNING") &&
                strstr(first, "WARNING") < strstr(first, "\nnote "));
    assert_non_null(strstr(first, "3 critical, 6 warnings, 1 notes"));
    parsed = json_loads(rig_buf_text(&json), 0, NULL);
    assert_int_equal(json_array_size(json_object_get(parsed, "findings")), findings.n_items);
    assert_string_equal(rig_admin_text(parsed, "version", ""), "2.7.2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_factorys_role),
        cmocka_unit_test(releases_that_bound_not_after),
        cmocka_unit_test(odd_answers_are_survived),
        cmocka_unit_test(the_right_paths_are_asked_for),
        cmocka_unit_test(what_is_fine_is_not_found),
        cmocka_unit_test(what_is_too_much_is_named),
        cmocka_unit_test(reports_are_complete),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
