/* SPDX-License-Identifier: Apache-2.0 */
/* What a good ca.yaml becomes. */
#include "rig/suite/ca_config.h"
#include "rig/suite/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void load(const char *name, struct rig_ca_vault_config *config, char folder[512])
{
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    enum rig_file_kind kind = RIG_FILE_SUITE;
    struct rig_error err = {0};
    char path[640];

    (void)snprintf(folder, 512, "%s/rig/tests/suite/corpus/ca", getenv("RIG_SOURCE"));
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(rig_ca_config_load(path, config, &mistakes, &err).ok);
    assert_int_equal(mistakes.len, 0);
    assert_true(rig_check_file(path, &kind, &mistakes, &err).ok);
    assert_int_equal(kind, RIG_FILE_CA);
}

static void is_in(const char *folder, const char *name, const char *path)
{
    char expected[640];

    (void)snprintf(expected, sizeof expected, "%s/%s", folder, name);
    assert_string_equal(path, expected);
}

static void every_key_arrives(void **state)
{
    struct rig_ca_vault_config config;
    char folder[512];

    (void)state;
    load("full.yaml", &config, folder);
    assert_string_equal(config.address, "https://ca.example:8200");
    assert_string_equal(config.namespace_path, "factory");
    is_in(folder, "api-ca.pem", config.ca_file);
    assert_string_equal(config.ca_folder, "");
    assert_string_equal(config.tls_server_name, "ca.example");
    assert_true(config.skip_verify);
    assert_int_equal(config.request_timeout_ms, 20000);
    assert_int_equal(config.max_clock_skew_ms, 5000);
    assert_string_equal(config.device.mount, "pki_device");
    assert_string_equal(config.device.role, "rig-device");
    assert_string_equal(config.server.mount, "pki_server");
    assert_string_equal(config.server.role, "rig-server");
    assert_string_equal(config.root_file, "/etc/rig/root.pem");
    assert_int_equal(config.n_crls, 2);
    is_in(folder, "root.crl", config.crl_files[0]);
    is_in(folder, "deeper/factory.crl", config.crl_files[1]);
    assert_true(config.login.given);
    assert_int_equal(config.login.kind, RIG_VAULT_APPROLE);
    assert_string_equal(config.login.role_id, "3f2a7c52");
    is_in(folder, "station.secret", config.login.secret_id_file);
    assert_true(config.qa.given);
    assert_int_equal(config.qa.kind, RIG_VAULT_CERT);
    assert_string_equal(config.qa.role, "qa");
    is_in(folder, "qa.pem", config.qa.certificate_file);
    is_in(folder, "qa.key", config.qa.key_file);
}

static void what_is_left_out_is_careful(void **state)
{
    struct rig_ca_vault_config config;
    char folder[512];

    (void)state;
    load("token.yaml", &config, folder);
    assert_false(config.skip_verify);
    assert_string_equal(config.address, "");
    assert_int_equal(config.request_timeout_ms, 0);
    assert_int_equal(config.max_clock_skew_ms, 30000);
    assert_int_equal(config.n_crls, 0);
    assert_int_equal(config.login.kind, RIG_VAULT_TOKEN);
    assert_string_equal(config.login.token_env, "STATION_TOKEN");
    assert_string_equal(config.login.mount, "token");
    assert_false(config.qa.given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_arrives),
        cmocka_unit_test(what_is_left_out_is_careful),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
