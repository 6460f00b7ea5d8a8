/* SPDX-License-Identifier: Apache-2.0 */
/* What a set-up wants: the roles say no to all that the doctor warns of, the policies are short. */
#include "rig/vaultadmin/desired.h"
#include "rig/vaultadmin/examine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const struct rig_vault_setup options = {
    .device_mount = "pki_device",
    .device_role = "rig-device",
    .server_mount = "pki_server",
    .server_role = "rig-test-server",
    .device_names = "rig-*, qa-*",
    .server_domains = "rig.test",
    .organization = "Example",
    .device_days = 1095,
    .crl_hours = 168,
    .public_url = "https://ca.example:8200",
    .namespace_path = "team",
    .token_ttl_s = 3600,
    .station_uses = 7,
    .station_cidrs = "10.0.0.0/8,192.168.1.5",
};

static void expect_no_finding(const json_t *role, bool server)
{
    RIG_AUTO(rig_vault_findings_free) struct rig_vault_findings findings = {0};
    struct rig_error err = {0};

    assert_true(rig_judge_role(&(struct rig_role_facts){.path = "m/roles/r",
                                                        .role = role,
                                                        .server = server,
                                                        .default_ttl_s = 3600,
                                                        .version = "2.0.3"},
                               &findings, &err)
                    .ok);
    assert_int_equal(findings.n_items, 0);
}

static void roles_please_the_doctor(void **state)
{
    (void)state;
    for (int openbao = 0; openbao < 2; openbao++) {
        RIG_AUTO(rig_auto_json) json_t *device = rig_desired_device_role(&options, openbao != 0);
        RIG_AUTO(rig_auto_json) json_t *server = rig_desired_server_role(&options, openbao != 0);

        assert_non_null(device);
        assert_non_null(server);
        expect_no_finding(device, false);
        expect_no_finding(server, true);
        assert_int_equal(json_object_get(device, "not_after_bound") != NULL, openbao);
        assert_int_equal(json_array_size(json_object_get(device, "allowed_domains")), 2);
        assert_int_equal(rig_admin_number(device, "ttl", 0), 1095 * 86400);
        assert_int_equal(json_array_size(json_object_get(device, "organization")), 1);
        assert_int_equal(json_array_size(json_object_get(device, "country")), 0);
    }
}

static void a_station_may_little(void **state)
{
    RIG_AUTO(rig_auto_json) json_t *policy = rig_desired_station_policy(&options);
    const char *text = rig_admin_text(policy, "policy", "");
    size_t n_paths = 0;

    (void)state;
    for (const char *at = strstr(text, "path \""); at != NULL; at = strstr(at + 1, "path \"")) {
        n_paths++;
    }
    assert_int_equal(n_paths, 2);
    assert_non_null(strstr(text,
                           "path \"pki_device/sign/rig-device\" { capabilities = [\"create\", "
                           "\"update\"] }\n"));
    assert_non_null(
        strstr(text, "path \"pki_device/roles/rig-device\" { capabilities = [\"read\"] }\n"));
}

static void logins_are_bound(void **state)
{
    RIG_AUTO(rig_auto_json) json_t *station = rig_desired_station_approle(&options);
    RIG_AUTO(rig_auto_json) json_t *qa = rig_desired_qa_approle(&options);
    RIG_AUTO(rig_auto_json) json_t *cert = rig_desired_station_cert(&options, "PEM");

    (void)state;
    assert_int_equal(rig_admin_number(station, "token_num_uses", 0), 7);
    assert_int_equal(json_array_size(json_object_get(station, "token_bound_cidrs")), 2);
    assert_int_equal(json_array_size(json_object_get(station, "secret_id_bound_cidrs")), 2);
    assert_int_equal(rig_admin_number(qa, "token_num_uses", 1), 0);
    assert_int_equal(json_array_size(json_object_get(qa, "token_bound_cidrs")), 0);
    assert_int_equal(rig_admin_number(qa, "token_max_ttl", 0), 86400);
    assert_string_equal(rig_admin_text(cert, "certificate", ""), "PEM");
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(cert, "token_policies"), 0)), RIG_STATION);
}

static void addresses_name_the_issuer(void **state)
{
    RIG_AUTO(rig_auto_json) json_t *urls = rig_desired_urls(&options, "pki_device");
    RIG_AUTO(rig_auto_json) json_t *crl = rig_desired_crl(&options);

    (void)state;
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(urls, "crl_distribution_points"), 0)),
        "https://ca.example:8200/v1/team/pki_device/issuer/{{issuer_id}}/crl/der");
    assert_true(rig_admin_flag(urls, "enable_templating", false));
    assert_string_equal(rig_admin_text(crl, "expiry", ""), "168h");
    assert_string_equal(rig_admin_text(crl, "auto_rebuild_grace_period", ""), "84h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roles_please_the_doctor),
        cmocka_unit_test(a_station_may_little),
        cmocka_unit_test(logins_are_bound),
        cmocka_unit_test(addresses_name_the_issuer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
