/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/base/file.h"
#include "rig/vault/environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char home[] = "/tmp/rig-vault-home-XXXXXX";

static int clear(void **state)
{
    static const char *const names[] = {
        "ADDR",      "TOKEN",       "CACERT",      "CAPATH",          "CLIENT_CERT",   "CLIENT_KEY",
        "NAMESPACE", "SKIP_VERIFY", "MAX_RETRIES", "TLS_SERVER_NAME", "CLIENT_TIMEOUT"};
    char name[64];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(name, sizeof name, "BAO_%s", names[i]);
        (void)unsetenv(name);
        (void)snprintf(name, sizeof name, "VAULT_%s", names[i]);
        (void)unsetenv(name);
    }
    return setenv("HOME", home, 1);
}

static void set(const char *name, const char *value)
{
    assert_int_equal(setenv(name, value, 1), 0);
}

struct result {
    struct rig_vault_options options;
    struct rig_vault_environment environment;
    struct rig_error err;
};

static bool fill(struct result *result)
{
    return rig_vault_environment_fill(&result->options, &result->environment, &result->err).ok;
}

static void done(struct result *result)
{
    rig_buf_free(&result->options.login.secret);
    rig_vault_environment_free(&result->environment);
}

static void bao_comes_before_vault_and_the_caller_before_both(void **state)
{
    struct result result = {.options = {.namespace_path = "mine"}};

    (void)state;
    set("VAULT_ADDR", "https://old.test");
    set("BAO_ADDR", "https://new.test");
    set("VAULT_CACERT", "/ca.pem");
    set("BAO_NAMESPACE", "theirs");
    set("VAULT_TOKEN", "s.old");
    set("BAO_TOKEN", "s.new");
    set("VAULT_CLIENT_TIMEOUT", "1m30s");
    set("VAULT_MAX_RETRIES", "0");
    assert_true(fill(&result));
    assert_string_equal(result.options.address, "https://new.test");
    assert_string_equal(result.options.ca_file, "/ca.pem");
    assert_string_equal(result.options.namespace_path, "mine");
    assert_string_equal(rig_buf_text(&result.options.login.secret), "s.new");
    assert_int_equal(result.options.request_timeout_ms, 90000);
    assert_int_equal(result.options.max_retries, -1);
    assert_null(getenv("BAO_TOKEN"));
    assert_null(getenv("VAULT_TOKEN"));
    done(&result);
}

static void what_belongs_together_comes_from_one_place(void **state)
{
    struct result result = {
        .options = {.ca_file = "/mine.pem", .client_certificate_file = "/mine.crt"}};

    (void)state;
    set("BAO_CAPATH", "/etc/theirs");
    set("BAO_CLIENT_KEY", "/theirs.key");
    set("BAO_CLIENT_TIMEOUT", "20");
    assert_true(fill(&result));
    assert_null(result.options.ca_folder);
    assert_null(result.options.client_key_file);
    assert_int_equal(result.options.request_timeout_ms, 20000);
    done(&result);
}

static void skipping_needs_to_be_named_too(void **state)
{
    struct result result = {0};

    (void)state;
    set("VAULT_SKIP_VERIFY", "true");
    assert_false(fill(&result));
    assert_int_equal(result.err.cls, RIG_CLASS_USAGE);
    assert_non_null(strstr(result.err.text, "VAULT_SKIP_VERIFY"));
    assert_false(result.options.skip_verify);
    result.options.skip_verify = true;
    assert_true(fill(&result));
    done(&result);
    result = (struct result){0};
    set("VAULT_SKIP_VERIFY", "false");
    assert_true(fill(&result));
    done(&result);
}

static void the_token_file_is_the_last_resort(void **state)
{
    struct result result = {0};
    RIG_AUTO(rig_free_chars) char *path = NULL;
    struct rig_error err = {0};

    (void)state;
    assert_true(fill(&result));
    assert_int_equal(result.options.login.secret.len, 0);
    assert_true(rig_path_join(home, ".vault-token", &path, &err).ok);
    assert_true(rig_file_replace(path, "s.file\n", 7, 0644, &err).ok);
    assert_false(fill(&result));
    assert_int_equal(result.err.code, RIG_E_PERMISSION);
    assert_null(strstr(result.err.text, "s.file"));
    assert_true(rig_file_replace(path, "s.file\n", 7, 0600, &err).ok);
    assert_true(fill(&result));
    assert_string_equal(rig_buf_text(&result.options.login.secret), "s.file");
    done(&result);
    result = (struct result){.options = {.login = {.kind = RIG_VAULT_CERT}}};
    assert_true(fill(&result));
    assert_int_equal(result.options.login.secret.len, 0);
    done(&result);
}

static void bad_values_are_named(void **state)
{
    static const struct {
        const char *name, *value;
    } cases[] = {{"BAO_CLIENT_TIMEOUT", "soon"},     {"BAO_CLIENT_TIMEOUT", "0"},
                 {"BAO_CLIENT_TIMEOUT", "1m60"},     {"BAO_CLIENT_TIMEOUT", "-1s"},
                 {"VAULT_CLIENT_TIMEOUT", "99999h"}, {"VAULT_MAX_RETRIES", "many"},
                 {"BAO_MAX_RETRIES", "-2"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct result result = {0};

        set(cases[i].name, cases[i].value);
        assert_false(fill(&result));
        assert_int_equal(result.err.cls, RIG_CLASS_USAGE);
        assert_non_null(strstr(result.err.text, cases[i].name));
        done(&result);
        (void)clear(state);
    }
}

static int make_home(void **state)
{
    (void)state;
    return mkdtemp(home) != NULL ? 0 : -1;
}

static int remove_home(void **state)
{
    struct rig_error err;

    (void)state;
    return rig_dir_remove(home, &err).ok ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(bao_comes_before_vault_and_the_caller_before_both, clear),
        cmocka_unit_test_setup(what_belongs_together_comes_from_one_place, clear),
        cmocka_unit_test_setup(skipping_needs_to_be_named_too, clear),
        cmocka_unit_test_setup(bad_values_are_named, clear),
        cmocka_unit_test_setup(the_token_file_is_the_last_resort, clear),
    };

    return cmocka_run_group_tests(tests, make_home, remove_home);
}
