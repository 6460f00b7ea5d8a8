/* SPDX-License-Identifier: Apache-2.0 */
/* Each kind of no that a real OpenBao can say. */
#include "rig/tests/vault/bao.h"

#include "rig/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define WAIT rig_wait_ms(30000, NULL)

static struct bao bao;

static struct rig_vault *open_with(struct rig_vault_options *options)
{
    struct rig_vault *vault = NULL;
    struct rig_error err = {0};

    if (!rig_vault_open(options, &vault, &err).ok) {
        fail_msg("%s", err.text);
    }
    rig_buf_free(&options->login.secret);
    return vault;
}

/* The text that the failure shows is kept in *err. */
static enum rig_vault_fault ask(struct rig_vault *vault, enum rig_vault_method method,
                                const char *path, const char *body, struct rig_error *err)
{
    json_t *json = body != NULL ? bao_json(body) : NULL;
    const struct rig_vault_request request = {.method = method, .path = path, .body = json};
    struct rig_vault_reply reply;
    enum rig_vault_fault fault;

    *err = (struct rig_error){0};
    (void)rig_vault_call(vault, &request, &reply, WAIT, err).ok;
    fault = reply.fault;
    rig_vault_reply_free(&reply);
    json_decref(json);
    return fault;
}

static void wants(struct rig_vault *vault, enum rig_vault_method method, const char *path,
                  const char *body, enum rig_vault_fault fault, const char *part)
{
    struct rig_error err;
    const enum rig_vault_fault got = ask(vault, method, path, body, &err);

    if (got != fault || strstr(err.text, part) == NULL) {
        fail_msg("%s: wanted %s with '%s', got %s: %s", path, rig_vault_fault_name(fault), part,
                 rig_vault_fault_name(got), err.text);
    }
}

/* A fresh token with these parameters, in a client of its own. */
static struct rig_vault *client_with(const char *parameters)
{
    struct rig_vault_reply reply = bao_do(&bao, RIG_VAULT_POST, "auth/token/create", parameters);
    struct rig_vault_options options =
        bao_options(&bao, json_string_value(json_object_get(reply.auth, "client_token")));

    rig_vault_reply_free(&reply);
    return open_with(&options);
}

static void a_new_server_is_uninitialized(void **state)
{
    struct rig_vault_options options = bao_options(&bao, "s.any");
    struct rig_vault_health health;
    struct rig_vault *vault;
    struct rig_error err;

    (void)state;
    options.max_retries = -1;
    vault = open_with(&options);
    assert_true(rig_vault_health(vault, &health, WAIT, &err).ok);
    assert_false(health.initialized);
    wants(vault, RIG_VAULT_GET, "sys/mounts", NULL, RIG_VAULT_FAULT_UNINITIALIZED, "operator init");
    rig_vault_close(vault);
    bao_init(&bao);
    bao_unseal(&bao);
}

static void health_tells_version_and_clock(void **state)
{
    struct rig_vault_health health;
    struct rig_error err;

    (void)state;
    assert_true(rig_vault_health(bao.root, &health, WAIT, &err).ok);
    assert_true(health.initialized && !health.sealed && !health.standby);
    assert_string_equal(health.version, "2.7.2");
    assert_true(health.uncertainty_ms >= 500);
    assert_true(health.clock_skew_ms <= health.uncertainty_ms + 1000 &&
                health.clock_skew_ms >= -health.uncertainty_ms - 1000);
}

static void paths_and_roles_that_are_not_there(void **state)
{
    (void)state;
    wants(bao.root, RIG_VAULT_POST, "nosuch/sign/x", "{}", RIG_VAULT_FAULT_NO_ROUTE, "nosuch");
    bao_post(&bao, "sys/mounts/pki", "{'type':'pki'}");
    wants(bao.root, RIG_VAULT_GET, "pki/nosuch", NULL, RIG_VAULT_FAULT_NO_ROUTE, "unsupported");
    wants(bao.root, RIG_VAULT_POST, "pki/sign/nosuch", "{}", RIG_VAULT_FAULT_UNKNOWN_ROLE,
          "nosuch");
    wants(bao.root, RIG_VAULT_GET, "pki/roles/nosuch", NULL, RIG_VAULT_FAULT_NOT_FOUND, "404");
    wants(bao.root, RIG_VAULT_LIST, "pki/roles", NULL, RIG_VAULT_FAULT_NOT_FOUND, "404");
    wants(bao.root, RIG_VAULT_DELETE, "sys/mounts", NULL, RIG_VAULT_FAULT_BAD_REQUEST,
          "unsupported operation");
    bao_post(&bao, "pki/roles/device", "{'allowed_domains':['d.test'],'allow_subdomains':true}");
    wants(bao.root, RIG_VAULT_POST, "pki/sign/device", "{'csr':'x'}", RIG_VAULT_FAULT_NO_ISSUER,
          "rig vault setup");
    bao_post(&bao, "pki/root/generate/internal", "{'common_name':'Test','ttl':'720h'}");
    wants(bao.root, RIG_VAULT_POST, "pki/sign/device", "{'csr':'x'}", RIG_VAULT_FAULT_CSR_REFUSED,
          "csr");
    wants(bao.root, RIG_VAULT_POST, "pki/issue/device", "{'common_name':'x.d.test','ttl':'9000h'}",
          RIG_VAULT_FAULT_TTL_BEYOND_CA, "outlive");
    wants(bao.root, RIG_VAULT_POST, "pki/issue/device", "{'common_name':'other.test'}",
          RIG_VAULT_FAULT_NAME_REFUSED, "allowed_domains");
}

static void a_denial_names_path_and_capability(void **state)
{
    struct rig_vault *vault;

    (void)state;
    bao_post(&bao, "sys/policies/acl/station",
             "{'policy':'path \\u0022pki/sign/device\\u0022 { capabilities = "
             "[\\u0022update\\u0022] }'}");
    vault = client_with("{'policies':['station']}");
    wants(vault, RIG_VAULT_POST, "pki/revoke", "{'serial_number':'11:22'}", RIG_VAULT_FAULT_DENIED,
          "add path \"pki/revoke\" { capabilities = [\"update\"] }");
    wants(vault, RIG_VAULT_GET, "pki/roles/device", NULL, RIG_VAULT_FAULT_DENIED, "'read'");
    wants(vault, RIG_VAULT_LIST, "pki/roles", NULL, RIG_VAULT_FAULT_DENIED, "'list'");
    wants(vault, RIG_VAULT_DELETE, "pki/roles/device", NULL, RIG_VAULT_FAULT_DENIED, "'delete'");
    wants(vault, RIG_VAULT_POST, "pki/sign/device", "{'csr':'x'}", RIG_VAULT_FAULT_CSR_REFUSED,
          "csr");
    rig_vault_close(vault);
}

static void a_token_ends_in_many_ways(void **state)
{
    struct rig_vault_options options = bao_options(&bao, "s.neverwas");
    struct rig_vault *vault = open_with(&options);
    struct rig_vault_token_facts facts;
    struct rig_error err;

    (void)state;
    wants(vault, RIG_VAULT_GET, "sys/mounts", NULL, RIG_VAULT_FAULT_TOKEN, "new token");
    rig_vault_close(vault);
    vault = client_with("{'policies':['root'],'num_uses':2}"); /* look-up, and one call */
    wants(vault, RIG_VAULT_GET, "sys/mounts", NULL, RIG_VAULT_FAULT_NONE, "");
    wants(vault, RIG_VAULT_GET, "sys/mounts", NULL, RIG_VAULT_FAULT_TOKEN, "used up");
    rig_vault_close(vault);
    vault = client_with("{'policies':['default'],'ttl':'1h'}");
    assert_true(rig_vault_token_facts(vault, &facts, WAIT, &err).ok);
    assert_true(facts.renewable && !facts.root && facts.ttl_s > 3500 && facts.ttl_s <= 3600);
    rig_vault_token_facts_free(&facts);
    wants(vault, RIG_VAULT_POST, "auth/token/revoke-self", NULL, RIG_VAULT_FAULT_NONE, "");
    wants(vault, RIG_VAULT_GET, "sys/mounts", NULL, RIG_VAULT_FAULT_TOKEN, "revoked");
    rig_vault_close(vault);
}

static void a_quota_is_named(void **state)
{
    struct rig_vault_options options = bao_options(&bao, rig_buf_text(&bao.root_token));
    struct rig_vault *vault;
    struct rig_vault_reply reply;

    (void)state;
    options.max_retries = -1;
    vault = open_with(&options);
    bao_post(&bao, "sys/quotas/rate-limit/tight", "{'rate':1,'interval':'1h','path':'cubbyhole/'}");
    wants(vault, RIG_VAULT_GET, "cubbyhole/x", NULL, RIG_VAULT_FAULT_NOT_FOUND, "");
    wants(vault, RIG_VAULT_GET, "cubbyhole/x", NULL, RIG_VAULT_FAULT_QUOTA, "sys/quotas");
    reply = bao_do(&bao, RIG_VAULT_DELETE, "sys/quotas/rate-limit/tight", NULL);
    rig_vault_reply_free(&reply);
    rig_vault_close(vault);
}

static char *text_of(const char *method_path, enum rig_vault_method method, const char *key)
{
    struct rig_vault_reply reply = bao_do(&bao, method, method_path, NULL);
    const char *value = json_string_value(json_object_get(reply.data, key));
    char *copy;

    assert_non_null(value);
    copy = strdup(value);
    rig_vault_reply_free(&reply);
    return copy;
}

static void app_roles_log_in(void **state)
{
    RIG_AUTO(rig_free_chars) char *role_id = NULL;
    RIG_AUTO(rig_free_chars) char *secret_id = NULL;
    struct rig_vault_options options;
    struct rig_vault *vault;

    (void)state;
    options = bao_options(&bao, "wrong");
    options.login.kind = RIG_VAULT_APPROLE;
    options.login.role = "wrong";
    vault = open_with(&options);
    wants(vault, RIG_VAULT_GET, "sys/mounts", NULL, RIG_VAULT_FAULT_LOGIN, "auth method's mount");
    bao_post(&bao, "sys/auth/approle", "{'type':'approle'}");
    wants(vault, RIG_VAULT_GET, "sys/mounts", NULL, RIG_VAULT_FAULT_LOGIN, "secret ID");
    rig_vault_close(vault);
    bao_post(&bao, "auth/approle/role/station", "{'token_policies':['station'],'token_ttl':'1h'}");
    role_id = text_of("auth/approle/role/station/role-id", RIG_VAULT_GET, "role_id");
    secret_id = text_of("auth/approle/role/station/secret-id", RIG_VAULT_POST, "secret_id");
    options = bao_options(&bao, secret_id);
    options.login.kind = RIG_VAULT_APPROLE;
    options.login.role = role_id;
    vault = open_with(&options);
    wants(vault, RIG_VAULT_POST, "pki/sign/device", "{'csr':'x'}", RIG_VAULT_FAULT_CSR_REFUSED,
          "csr");
    wants(vault, RIG_VAULT_POST, "auth/token/revoke-self", NULL, RIG_VAULT_FAULT_NONE, "");
    /* another login, unasked */
    wants(vault, RIG_VAULT_POST, "pki/sign/device", "{'csr':'x'}", RIG_VAULT_FAULT_CSR_REFUSED,
          "csr");
    rig_vault_close(vault);
}

static void certificates_log_in(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    struct rig_vault_options options = bao_options(&bao, NULL);
    struct rig_error err = {0};
    struct rig_vault *vault;
    json_t *json;
    char *text;

    (void)state;
    bao_post(&bao, "sys/auth/cert", "{'type':'cert'}");
    assert_true(rig_file_read(bao.pki.ca, 65536, &pem, &err).ok);
    json = json_pack("{s:s, s:s, s:s}", "certificate", rig_buf_text(&pem), "token_policies",
                     "station", "allowed_common_names", "station-1");
    text = json_dumps(json, 0);
    bao_post(&bao, "auth/cert/certs/station", text);
    free(text);
    json_decref(json);
    options.login.kind = RIG_VAULT_CERT;
    options.login.role = "station";
    options.client_certificate_file = bao.pki.client_certificate;
    options.client_key_file = bao.pki.client_key;
    vault = open_with(&options);
    wants(vault, RIG_VAULT_POST, "pki/sign/device", "{'csr':'x'}", RIG_VAULT_FAULT_CSR_REFUSED,
          "csr");
    rig_vault_close(vault);
    options.client_certificate_file = bao.pki.server_certificate; /* another name */
    options.client_key_file = bao.pki.server_key;
    vault = open_with(&options);
    wants(vault, RIG_VAULT_GET, "sys/mounts", NULL, RIG_VAULT_FAULT_LOGIN, "cert");
    rig_vault_close(vault);
}

static void namespaces_are_apart(void **state)
{
    struct rig_vault_options options = bao_options(&bao, rig_buf_text(&bao.root_token));
    struct rig_vault_health health;
    struct rig_vault *vault;
    struct rig_error err;

    (void)state;
    bao_post(&bao, "sys/namespaces/factory", "{}");
    options.namespace_path = "factory";
    vault = open_with(&options);
    assert_true(rig_vault_health(vault, &health, WAIT, &err).ok);
    wants(vault, RIG_VAULT_POST, "pki/sign/device", "{'csr':'x'}", RIG_VAULT_FAULT_NO_ROUTE, "pki");
    rig_vault_close(vault);
    options = bao_options(&bao, rig_buf_text(&bao.root_token));
    options.namespace_path = "nosuch";
    vault = open_with(&options);
    wants(vault, RIG_VAULT_GET, "sys/mounts", NULL, RIG_VAULT_FAULT_NO_ROUTE, "namespace");
    rig_vault_close(vault);
}

static void a_seal_and_a_restart_are_survived(void **state)
{
    struct rig_vault_options options = bao_options(&bao, rig_buf_text(&bao.root_token));
    struct rig_vault *vault;

    (void)state;
    options.max_retries = 1;
    vault = open_with(&options);
    wants(vault, RIG_VAULT_GET, "sys/mounts", NULL, RIG_VAULT_FAULT_NONE, "");
    bao_seal(&bao);
    wants(vault, RIG_VAULT_GET, "sys/mounts", NULL, RIG_VAULT_FAULT_SEALED, "unseal");
    bao_unseal(&bao);
    wants(vault, RIG_VAULT_GET, "sys/mounts", NULL, RIG_VAULT_FAULT_NONE, "");
    bao_stop(&bao);
    wants(vault, RIG_VAULT_GET, "sys/mounts", NULL, RIG_VAULT_FAULT_UNREACHABLE, "runs");
    bao_start(&bao);
    wants(vault, RIG_VAULT_GET, "sys/mounts", NULL, RIG_VAULT_FAULT_SEALED, "unseal");
    bao_unseal(&bao);
    wants(vault, RIG_VAULT_GET, "sys/mounts", NULL, RIG_VAULT_FAULT_NONE, "");
    rig_vault_close(vault);
}

static int setup(void **state)
{
    (void)state;
    bao_start(&bao);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bao_remove(&bao);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_server_is_uninitialized),
        cmocka_unit_test(health_tells_version_and_clock),
        cmocka_unit_test(paths_and_roles_that_are_not_there),
        cmocka_unit_test(a_denial_names_path_and_capability),
        cmocka_unit_test(a_token_ends_in_many_ways),
        cmocka_unit_test(a_quota_is_named),
        cmocka_unit_test(app_roles_log_in),
        cmocka_unit_test(certificates_log_in),
        cmocka_unit_test(namespaces_are_apart),
        cmocka_unit_test(a_seal_and_a_restart_are_survived),
    };
    const int missing = bao_find(&bao);

    return missing != 0 ? missing : cmocka_run_group_tests(tests, setup, teardown);
}
