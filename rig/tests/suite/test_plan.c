/* SPDX-License-Identifier: Apache-2.0 */
/* Good suites: what is written, and what is filled in for what is not. */
#include "rig/suite/check.h"
#include "rig/suite/suite.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct rig_suite *load(const char *name)
{
    struct rig_suite *suite = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    struct rig_error err = {0};
    char path[512];

    assert_non_null(getenv("RIG_SOURCE"));
    (void)snprintf(path, sizeof path, "%s/suites/%s", getenv("RIG_SOURCE"), name);
    if (!rig_suite_load(path, &suite, &mistakes, &err).ok) {
        fail_msg("%s\n%s", err.text, rig_buf_text(&mistakes));
    }
    assert_int_equal(mistakes.len, 0);
    return suite;
}

static struct rig_suite *parse(const char *text)
{
    struct rig_suite *suite = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    struct rig_error err = {0};

    if (!rig_suite_parse("inline", text, strlen(text), &suite, &mistakes, &err).ok) {
        fail_msg("%s\n%s", err.text, rig_buf_text(&mistakes));
    }
    return suite;
}

static const struct rig_step_plan *step(const struct rig_step_list *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->steps[i].name, name) == 0) {
            return &list->steps[i];
        }
    }
    fail_msg("no step %s", name);
    return NULL;
}

static void acceptance_is_the_whole_job(void **state)
{
    static const enum rig_step_kind kinds[] = {RIG_STEP_KEYGEN,   RIG_STEP_CSR,       RIG_STEP_SIGN,
                                               RIG_STEP_FLASH,    RIG_STEP_READ_BACK, RIG_STEP_BOOT,
                                               RIG_STEP_INSTALLED};
    static const char *const cases[] = {
        "good",           "revoked-leaf",   "wrong-chain",       "missing-intermediate",
        "expired-leaf",   "no-certificate", "server-wrong-root", "server-wrong-name",
        "server-expired", "good-again"};
    RIG_AUTO(rig_auto_suite) struct rig_suite *suite = load("acceptance.yaml");

    (void)state;
    assert_string_equal(suite->name, "acceptance");
    assert_int_equal(suite->n_keys, 2);
    assert_int_equal(suite->keys[0], RIG_KEY_RSA_2048);
    assert_int_equal(suite->keys[1], RIG_KEY_P256);
    assert_int_equal(suite->n_levels, 3);
    assert_string_equal(suite->levels[2], "line");
    assert_int_equal(suite->board_limit_ms, 600000);
    assert_int_equal(suite->before.n, 3);
    assert_int_equal(suite->each_key.n, 17);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(suite->each_key.steps[i].kind, kinds[i]);
        assert_string_equal(suite->each_key.steps[i].name, rig_step_kind_name(kinds[i]));
    }
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(suite->each_key.steps[7 + i].kind, RIG_STEP_CASE);
        assert_string_equal(suite->each_key.steps[7 + i].name, cases[i]);
    }
    assert_int_equal(step(&suite->each_key, "keygen")->timeout_ms, 120000);
    assert_int_equal(step(&suite->each_key, "keygen")->budget.warn_ms, 60000);
    assert_true(step(&suite->each_key, "good")->handshake.control);
    assert_int_equal(step(&suite->each_key, "good")->budget.fail_ms, 30000);
}

static void smoke_and_relay_are_good(void **state)
{
    RIG_AUTO(rig_auto_suite) struct rig_suite *smoke = load("smoke.yaml");
    RIG_AUTO(rig_auto_suite) struct rig_suite *relay = load("relay.yaml");

    (void)state;
    assert_int_equal(smoke->n_keys, 1);
    assert_false(smoke->relay);
    assert_int_equal(smoke->flash_baud, 0);
    assert_true(relay->relay);
    assert_int_equal(relay->each_key.n, 17);
}

/* The measured catalogue, for the suite that says nothing about evidence. */
static void refusals_expect_what_was_measured(void **state)
{
    static const struct {
        const char *name;
        enum rig_case_outcome expect;
        int verify_errors[2];
        unsigned n_verify_errors;
        int depth;
        int alerts[2];
        unsigned n_alerts;
        uint32_t flags;
    } table[] = {
        {"revoked-leaf", RIG_EXPECT_SERVER_REJECTS, {23}, 1, 0, {44}, 1, 0},
        {"wrong-chain", RIG_EXPECT_SERVER_REJECTS, {20, 19}, 2, -1, {48}, 1, 0},
        {"missing-intermediate", RIG_EXPECT_SERVER_REJECTS, {20}, 1, 0, {48}, 1, 0},
        {"expired-leaf", RIG_EXPECT_SERVER_REJECTS, {10}, 1, 0, {45}, 1, 0},
        {"no-certificate", RIG_EXPECT_SERVER_REJECTS, {0}, 0, -1, {40, 116}, 2, 0},
        {"server-wrong-root", RIG_EXPECT_DEVICE_REJECTS, {0}, 0, -1, {48}, 1, 0x08},
        {"server-wrong-name", RIG_EXPECT_DEVICE_REJECTS, {0}, 0, -1, {42}, 1, 0x04},
        {"server-expired", RIG_EXPECT_DEVICE_REJECTS, {0}, 0, -1, {45}, 1, 0x01},
    };
    RIG_AUTO(rig_auto_suite) struct rig_suite *suite = load("acceptance.yaml");

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct rig_step_plan *found = step(&suite->each_key, table[i].name);
        const struct rig_case_plan *plan = &found->handshake;

        assert_int_equal(plan->expect, table[i].expect);
        assert_int_equal(plan->n_verify_errors, table[i].n_verify_errors);
        for (size_t j = 0; j < plan->n_verify_errors; j++) {
            assert_int_equal(plan->verify_errors[j], table[i].verify_errors[j]);
        }
        assert_int_equal(plan->verify_depth, table[i].depth);
        assert_int_equal(plan->n_alerts, table[i].n_alerts);
        for (size_t j = 0; j < plan->n_alerts; j++) {
            assert_int_equal(plan->alerts[j], table[i].alerts[j]);
        }
        assert_int_equal(plan->verify_flags, table[i].flags);
        assert_false(plan->control);
        assert_false(plan->allow_silent);
        assert_true(found->title[0] != '\0');
    }
}

#define HEAD                                                                                       \
    "rig: 1\nname: t\nkeys: [p-256]\nbefore: [{step: reset}, {step: identify}, {step: "            \
    "firmware}]\n"
#define INSTALL                                                                                    \
    "  - step: keygen\n  - step: csr\n  - step: sign\n  - step: flash\n  - step: boot\n"           \
    "  - step: installed\n"

static void what_is_left_out_has_a_default(void **state)
{
    RIG_AUTO(rig_auto_suite)
    struct rig_suite *suite = parse(HEAD "each_key:\n" INSTALL "  - case: good\n");
    const struct rig_step_plan *good = step(&suite->each_key, "good");
    char id[64];

    (void)state;
    assert_string_equal(suite->path, "inline");
    assert_string_equal(suite->device_id, "rig-{mac}");
    rig_suite_device_id(suite, "246f28aa0001", id, sizeof id);
    assert_string_equal(id, "rig-246f28aa0001");
    assert_string_equal(suite->organization, "");
    assert_string_equal(suite->country, "");
    assert_int_equal(suite->n_levels, 3);
    assert_string_equal(suite->levels[0], "root");
    assert_string_equal(suite->server_name, "srv.rig.test");
    assert_string_equal(suite->server_bind, "");
    assert_int_equal(suite->first_port, 0);
    assert_int_equal(suite->min_tls, 0x0303);
    assert_int_equal(suite->max_tls, 0x0304);
    assert_int_equal(suite->security_level, 2);
    assert_false(suite->relay);
    assert_string_equal(suite->partition, "esp_secure_cert");
    assert_int_equal(good->line, 12);
    assert_int_equal(good->timeout_ms, 45000);
    assert_int_equal(good->budget.warn_ms, 15000);
    assert_int_equal(good->budget.fail_ms, 0);
    assert_int_equal(good->retries, 1);
    assert_int_equal(good->handshake.certificate, RIG_CASE_INSTALLED);
    assert_int_equal(good->handshake.server, RIG_SERVER_GOOD);
    assert_int_equal(good->handshake.expect, RIG_EXPECT_ACCEPTED);
    assert_int_equal(good->handshake.verify_depth, -1);
    assert_true(good->handshake.control);
    assert_string_equal(good->title, "mutual TLS with the installed certificate");
}

static void what_is_written_wins(void **state)
{
    RIG_AUTO(rig_auto_suite)
    struct rig_suite *suite = parse(
        HEAD "device: {id: \"{mac}.dev.example\", organization: \"A, B & Co\", country: NO}\n"
             "ca: {levels: [only], device_days: 30}\n"
             "server: {name: a.example, bind: \"::1\", host: 192.0.2.7, ports: 40000-40010}\n"
             "tls: {min: \"1.3\", max: 1.3, security_level: 0, transport: relay}\n"
             "flash: {baud: 921600, partition: certs}\n"
             "limits: {board: 90s}\n"
             "each_key:\n" INSTALL
             "  - {case: good, timeout: 250ms, budget: {warn: none, fail: 200ms}, retries: 0}\n"
             "  - case: odd\n    certificate: revoked\n    verify_errors: [UNABLE_TO_GET_CRL, "
             "CERT_REVOKED]\n"
             "    alerts: any\n    allow_silent: true\n    title: odd one\n"
             "  - {case: odd2, server: expired, verify_flags: [EXPIRED, FUTURE], alerts: "
             "[bad_certificate]}\n"
             "  - {case: odd3, certificate: other-root, verify_errors: any, verify_depth: 2}\n"
             "  - {case: end}\n"
             "after:\n  - {step: boot, name: last-boot}\n  - {case: kept}\n");
    const struct rig_step_plan *good = step(&suite->each_key, "good");
    const struct rig_step_plan *odd = step(&suite->each_key, "odd");
    char id[64];

    (void)state;
    assert_string_equal(suite->device_id, "{mac}.dev.example");
    rig_suite_device_id(suite, "246f28aa0001", id, sizeof id);
    assert_string_equal(id, "246f28aa0001.dev.example");
    assert_string_equal(suite->organization, "A, B & Co");
    assert_string_equal(suite->country, "NO");
    assert_int_equal(suite->n_levels, 1);
    assert_int_equal(suite->device_days, 30);
    assert_string_equal(suite->server_bind, "::1");
    assert_string_equal(suite->server_host, "192.0.2.7");
    assert_int_equal(suite->first_port, 40000);
    assert_int_equal(suite->last_port, 40010);
    assert_int_equal(suite->min_tls, 0x0304);
    assert_int_equal(suite->security_level, 0);
    assert_true(suite->relay);
    assert_int_equal(suite->flash_baud, 921600);
    assert_string_equal(suite->partition, "certs");
    assert_int_equal(suite->board_limit_ms, 90000);
    assert_int_equal(good->timeout_ms, 250);
    assert_int_equal(good->budget.warn_ms, 0);
    assert_int_equal(good->budget.fail_ms, 200);
    assert_int_equal(good->retries, 0);
    assert_int_equal(odd->handshake.n_verify_errors, 2);
    assert_int_equal(odd->handshake.verify_errors[0], X509_V_ERR_UNABLE_TO_GET_CRL);
    assert_int_equal(odd->handshake.verify_depth, -1);
    assert_int_equal(odd->handshake.n_alerts, 0);
    assert_true(odd->handshake.allow_silent);
    assert_string_equal(odd->title, "odd one");
    assert_int_equal(step(&suite->each_key, "odd2")->handshake.verify_flags, 0x201);
    assert_int_equal(step(&suite->each_key, "odd2")->handshake.alerts[0], SSL_AD_BAD_CERTIFICATE);
    assert_int_equal(step(&suite->each_key, "odd3")->handshake.n_verify_errors, 0);
    assert_int_equal(step(&suite->each_key, "odd3")->handshake.verify_depth, 2);
    assert_int_equal(step(&suite->after, "last-boot")->kind, RIG_STEP_BOOT);
    assert_true(step(&suite->after, "kept")->handshake.control);
}

/* A short limit of the board shortens the defaults; it is never itself the reason for a mistake. */
static void defaults_give_way_to_limits(void **state)
{
    RIG_AUTO(rig_auto_suite)
    struct rig_suite *suite = parse(HEAD "limits: {board: 10s}\neach_key:\n" INSTALL);
    const struct rig_step_plan *keygen = step(&suite->each_key, "keygen");

    (void)state;
    assert_int_equal(keygen->timeout_ms, 10000);
    assert_int_equal(keygen->budget.warn_ms, 0);
}

static void order_of_keys_in_the_file_is_free(void **state)
{
    RIG_AUTO(rig_auto_suite)
    struct rig_suite *suite =
        parse("each_key:\n" INSTALL "limits: {board: 10s}\nkeys: [p-521]\nbefore: [{step: reset}, "
              "{step: identify}, {step: firmware}]\nname: t\nrig: 1\n");

    (void)state;
    assert_int_equal(step(&suite->each_key, "keygen")->timeout_ms, 10000);
}

static void byte_order_mark_and_windows_line_ends_are_fine(void **state)
{
    RIG_AUTO(rig_auto_suite)
    struct rig_suite *suite =
        parse("\xEF\xBB\xBFrig: 1\r\nname: t\r\ndescription: >\r\n  two\r\n  lines\r\nkeys: "
              "[p-256]\r\nbefore:\r\n  - step: firmware\r\neach_key:\r\n  - step: keygen\r\n");

    (void)state;
    assert_string_equal(suite->description, "two lines");
    assert_int_equal(suite->each_key.steps[0].line, 10);
}

static void trials_take_names_from_the_fixtures(void **state)
{
    RIG_AUTO(rig_auto_suite) struct rig_suite *suite = load("mtls-device.yaml");
    const struct rig_step_plan *named = step(&suite->each_key, "missing-intermediate");
    const struct rig_step_plan *after = step(&suite->each_key, "session-id-after-expiry");
    const struct rig_step_plan *none = step(&suite->each_key, "no-certificate");

    (void)state;
    assert_int_equal(named->kind, RIG_STEP_TRIAL);
    assert_string_equal(named->trial->certificate, "missing-intermediate");
    assert_string_equal(named->trial->server, "good");
    assert_string_equal(named->trial->crls, "");
    assert_string_equal(named->handshake.wrong, "missing intermediate");
    assert_true(named->handshake.means[0] != '\0');
    assert_false(named->handshake.control);
    assert_int_equal(named->trial->server_side.tls.security_level, -1);
    assert_string_equal(none->trial->certificate, "");
    assert_int_equal(after->trial->session, RIG_TRIAL_SESSION_ID);
    assert_int_equal(after->trial->change.clock_ms, INT64_C(2) * 24 * 3600 * 1000);
    assert_int_equal(step(&suite->each_key, "ticket-after-disabling")->handshake.expect,
                     RIG_EXPECT_ENROLMENT_REFUSES);
    assert_true(step(&suite->each_key, "policy-ca-true")->trial->device_policy);
    assert_true(step(&suite->each_key, "good")->handshake.control);
}

static void trials_of_servers_are_named_after_servers(void **state)
{
    RIG_AUTO(rig_auto_suite) struct rig_suite *suite = load("mtls-server.yaml");
    const struct rig_step_plan *clock = step(&suite->each_key, "board-clock-behind");
    const struct rig_step_plan *since = step(&suite->each_key, "ticket-server-revoked-since");
    const struct rig_step_plan *offers = step(&suite->each_key, "offers-declared-ciphers");

    (void)state;
    assert_string_equal(step(&suite->each_key, "wrong-host")->trial->server, "wrong-host");
    assert_string_equal(step(&suite->each_key, "wrong-host")->trial->certificate, "good");
    assert_int_equal(clock->trial->board_clock_ms, -INT64_C(4000) * 24 * 3600 * 1000);
    assert_string_equal(clock->handshake.wrong, "board clock behind");
    assert_int_equal(since->trial->session, RIG_TRIAL_TICKET);
    assert_string_equal(since->trial->change.board_crls, "revoked-leaf");
    assert_true(since->handshake.resumed);
    assert_int_equal(offers->handshake.offers, RIG_OFFERS_DECLARED_CIPHERS);
    assert_false(offers->handshake.control);
    /* what a stricter board fails must not stand for its bad cases */
    assert_false(step(&suite->each_key, "cbc-sha-1-only")->handshake.control);
    assert_false(step(&suite->each_key, "crl-missing-is-accepted")->handshake.control);
    assert_true(step(&suite->each_key, "crl-good")->handshake.control);
    assert_string_equal(step(&suite->each_key, "crl-expired")->handshake.wrong, "CRLs: expired");
    assert_int_equal(step(&suite->each_key, "good")->handshake.offers, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acceptance_is_the_whole_job),
        cmocka_unit_test(smoke_and_relay_are_good),
        cmocka_unit_test(refusals_expect_what_was_measured),
        cmocka_unit_test(what_is_left_out_has_a_default),
        cmocka_unit_test(what_is_written_wins),
        cmocka_unit_test(defaults_give_way_to_limits),
        cmocka_unit_test(trials_take_names_from_the_fixtures),
        cmocka_unit_test(trials_of_servers_are_named_after_servers),
        cmocka_unit_test(order_of_keys_in_the_file_is_free),
        cmocka_unit_test(byte_order_mark_and_windows_line_ends_are_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
