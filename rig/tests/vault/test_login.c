/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a login against a server that counts, on a clock that the test moves. */
#include "rig/tests/vault/server.h"
#include "rig/vault/internal.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECRET_ID "hunter2-secret-id"
#define WAIT rig_wait_ms(20000, NULL)
#define LEASE_S 900

/* What a Vault would do, as far as tokens go. */
struct vault_double {
    unsigned n_logins, n_renewals, n_lookups, n_revocations, n_calls;
    char good_token[32]; /* the one it knows */
    int renewal_s;       /* what a renewal gives; 0: refuses it */
    bool renewable;
    int login_status; /* 0: lets in */
    bool down;        /* renewals: 500 */
};

static int64_t clock_ms = INT64_C(1800000000000);

static int64_t clock_now(void *ctx)
{
    (void)ctx;
    return clock_ms;
}

static const struct rig_clock test_clock = {.now_ms = clock_now};
static struct test_pki pki;

static void grant(struct vault_double *vault, struct test_answer *answer, int lease_s)
{
    (void)snprintf(answer->body, sizeof answer->body,
                   "{\"request_id\":\"r\",\"data\":null,\"auth\":{\"client_token\":\"%s\","
                   "\"renewable\":%s,\"lease_duration\":%d}}",
                   vault->good_token, vault->renewable ? "true" : "false", lease_s);
}

static void refuse(struct test_answer *answer, int status, const char *words)
{
    answer->status = status;
    (void)snprintf(answer->body, sizeof answer->body, "{\"errors\":[\"%s\"]}", words);
}

static void act(void *ctx, const struct test_request *request, struct test_answer *answer)
{
    struct vault_double *vault = ctx;
    char header[64];

    if (strstr(request->path, "/login") != NULL) {
        vault->n_logins++;
        if (vault->login_status != 0) {
            refuse(answer, vault->login_status, "invalid role or secret ID " SECRET_ID);
            return;
        }
        (void)snprintf(vault->good_token, sizeof vault->good_token, "s.token-%u", vault->n_logins);
        grant(vault, answer, LEASE_S);
        return;
    }
    (void)snprintf(header, sizeof header, "X-Vault-Token: %s\r\n", vault->good_token);
    if (strstr(request->path, "lookup-self") != NULL) {
        vault->n_lookups++;
    }
    if (strstr(request->head, header) == NULL) {
        refuse(answer, 403, "permission denied");
    } else if (strstr(request->path, "lookup-self") != NULL) {
        (void)snprintf(answer->body, sizeof answer->body,
                       "{\"request_id\":\"r\",\"data\":{\"ttl\":%d,\"renewable\":%s,"
                       "\"policies\":[\"default\",\"station\"],\"num_uses\":0,"
                       "\"accessor\":\"acc\",\"id\":\"%s\"}}",
                       LEASE_S, vault->renewable ? "true" : "false", vault->good_token);
    } else if (strstr(request->path, "renew-self") != NULL) {
        vault->n_renewals++;
        if (vault->down) {
            refuse(answer, 500, "storage");
        } else if (vault->renewal_s == 0) {
            refuse(answer, 400, "lease is not renewable");
        } else {
            grant(vault, answer, vault->renewal_s);
        }
    } else if (strstr(request->path, "revoke-self") != NULL) {
        vault->n_revocations++;
        answer->status = 204;
    } else {
        vault->n_calls++;
        (void)snprintf(answer->body, sizeof answer->body, "{\"data\":{\"ok\":true}}");
    }
}

struct stage {
    struct vault_double vault;
    struct test_server *server;
    struct rig_vault *client;
};

static void set_up(struct stage *stage, enum rig_vault_login_kind kind, const char *secret)
{
    struct rig_vault_options options = {.ca_file = pki.ca, .clock = &test_clock, .max_retries = 1};
    struct rig_error err = {0};

    (void)rig_copy_text(stage->vault.good_token, sizeof stage->vault.good_token, "s.given");
    stage->server = test_server_start(&pki, 0, false, act, &stage->vault);
    options.address = test_server_address(stage->server);
    options.login.kind = kind;
    options.login.role = kind == RIG_VAULT_TOKEN ? NULL : "station";
    options.login.secret.secret = true;
    options.client_certificate_file = pki.client_certificate;
    options.client_key_file = pki.client_key;
    assert_true(rig_buf_append_text(&options.login.secret, secret, &err).ok);
    if (!rig_vault_open(&options, &stage->client, &err).ok) {
        fail_msg("%s", err.text);
    }
    rig_buf_free(&options.login.secret);
}

static void tear_down(struct stage *stage)
{
    rig_vault_close(stage->client);
    test_server_stop(stage->server);
}

static enum rig_vault_fault call(struct stage *stage, struct rig_error *err)
{
    const struct rig_vault_request request = {.method = RIG_VAULT_POST, .path = "pki/sign/x"};
    struct rig_vault_reply reply = {0};
    enum rig_vault_fault fault;

    *err = (struct rig_error){0};
    if (!rig_vault_call(stage->client, &request, &reply, WAIT, err).ok) {
        assert_null(strstr(err->text, SECRET_ID));
        assert_null(strstr(err->text, "s.token"));
        assert_null(strstr(err->text, "s.given"));
    }
    fault = reply.fault;
    rig_vault_reply_free(&reply);
    return fault;
}

static void passes(struct stage *stage)
{
    struct rig_error err;

    if (call(stage, &err) != RIG_VAULT_FAULT_NONE || err.cls != RIG_CLASS_NONE) {
        fail_msg("%s", err.text);
    }
}

static void after(int64_t seconds)
{
    clock_ms += seconds * 1000;
}

static void a_lease_is_renewed_at_two_thirds(void **state)
{
    struct stage stage = {.vault = {.renewable = true, .renewal_s = LEASE_S}};

    (void)state;
    set_up(&stage, RIG_VAULT_APPROLE, SECRET_ID);
    assert_int_equal(stage.vault.n_logins, 0); /* lazily */
    passes(&stage);
    after(LEASE_S * 2 / 3 - 1);
    passes(&stage);
    assert_int_equal(stage.vault.n_renewals, 0);
    after(1);
    passes(&stage);
    assert_int_equal(stage.vault.n_renewals, 1);
    after(LEASE_S * 2 / 3 - 1);
    passes(&stage);
    assert_int_equal(stage.vault.n_renewals, 1);
    assert_int_equal(stage.vault.n_logins, 1);
    assert_int_equal(stage.vault.n_calls, 4);
    tear_down(&stage);
    assert_int_equal(stage.vault.n_revocations, 1);
}

static void a_refused_renewal_leads_to_another_login(void **state)
{
    struct stage stage = {.vault = {.renewable = true, .renewal_s = 0}};

    (void)state;
    set_up(&stage, RIG_VAULT_CERT, "");
    passes(&stage);
    after(LEASE_S * 2 / 3);
    passes(&stage);
    assert_int_equal(stage.vault.n_renewals, 1);
    assert_int_equal(stage.vault.n_logins, 2);
    tear_down(&stage);
}

static void near_the_max_ttl_comes_another_login(void **state)
{
    struct stage stage = {.vault = {.renewable = true, .renewal_s = LEASE_S / 3}};

    (void)state;
    set_up(&stage, RIG_VAULT_APPROLE, SECRET_ID);
    passes(&stage);
    after(LEASE_S * 2 / 3);
    passes(&stage); /* renewed, but only for the rest */
    assert_int_equal(stage.vault.n_renewals, 1);
    after(LEASE_S / 3 * 2 / 3);
    passes(&stage);
    assert_int_equal(stage.vault.n_renewals, 1);
    assert_int_equal(stage.vault.n_logins, 2);
    tear_down(&stage);
}

static void a_batch_token_is_replaced_not_renewed(void **state)
{
    struct stage stage = {.vault = {.renewable = false}};

    (void)state;
    set_up(&stage, RIG_VAULT_APPROLE, SECRET_ID);
    passes(&stage);
    after(LEASE_S * 2 / 3);
    passes(&stage);
    assert_int_equal(stage.vault.n_renewals, 0);
    assert_int_equal(stage.vault.n_logins, 2);
    tear_down(&stage);
}

static void a_renewal_that_fails_for_now_does_not_stop_anybody(void **state)
{
    struct stage stage = {.vault = {.renewable = true, .renewal_s = LEASE_S, .down = true}};
    unsigned n_renewals;

    (void)state;
    set_up(&stage, RIG_VAULT_TOKEN, "s.given");
    passes(&stage);
    after(LEASE_S * 2 / 3);
    passes(&stage);
    n_renewals = stage.vault.n_renewals;
    assert_true(n_renewals >= 1);
    passes(&stage); /* not again at once */
    assert_int_equal(stage.vault.n_renewals, n_renewals);
    stage.vault.down = false;
    after(LEASE_S / 3 / 10 + 1);
    passes(&stage);
    assert_int_equal(stage.vault.n_renewals, n_renewals + 1);
    tear_down(&stage);
    assert_int_equal(stage.vault.n_revocations, 0); /* it is not ours */
}

static void a_token_that_died_early_is_replaced_once(void **state)
{
    struct stage stage = {.vault = {.renewable = true, .renewal_s = LEASE_S}};

    (void)state;
    set_up(&stage, RIG_VAULT_APPROLE, SECRET_ID);
    passes(&stage);
    (void)rig_copy_text(stage.vault.good_token, sizeof stage.vault.good_token, "s.revoked");
    passes(&stage);
    assert_int_equal(stage.vault.n_logins, 2);
    assert_int_equal(stage.vault.n_calls, 2);
    tear_down(&stage);
}

static void a_given_token_that_died_is_named(void **state)
{
    struct stage stage = {.vault = {.renewable = true, .renewal_s = LEASE_S}};
    struct rig_error err;

    (void)state;
    set_up(&stage, RIG_VAULT_TOKEN, "s.given");
    passes(&stage);
    (void)rig_copy_text(stage.vault.good_token, sizeof stage.vault.good_token, "s.other");
    assert_int_equal(call(&stage, &err), RIG_VAULT_FAULT_TOKEN);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    assert_int_equal(stage.vault.n_logins, 0);
    tear_down(&stage);
}

static void a_refused_login_says_what_to_look_at(void **state)
{
    struct stage stage = {.vault = {.login_status = 400}};
    struct rig_error err;

    (void)state;
    set_up(&stage, RIG_VAULT_APPROLE, SECRET_ID);
    assert_int_equal(call(&stage, &err), RIG_VAULT_FAULT_LOGIN);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    assert_non_null(strstr(err.text, "approle"));
    assert_non_null(strstr(err.text, "secret id"));
    stage.vault.login_status = 0;
    passes(&stage);
    tear_down(&stage);
}

static void facts_are_told_without_the_token(void **state)
{
    struct stage stage = {.vault = {.renewable = true}};
    struct rig_vault_token_facts facts;
    struct rig_error err;

    (void)state;
    set_up(&stage, RIG_VAULT_TOKEN, "s.given");
    assert_true(rig_vault_token_facts(stage.client, &facts, WAIT, &err).ok);
    assert_int_equal(json_array_size(facts.policies), 2);
    assert_false(facts.root);
    assert_true(facts.renewable);
    assert_int_equal(facts.ttl_s, LEASE_S);
    assert_string_equal(facts.accessor, "acc");
    rig_vault_token_facts_free(&facts);
    tear_down(&stage);
}

static void *call_five_times(void *ctx)
{
    struct rig_error err;

    for (int i = 0; i < 5; i++) {
        if (call(ctx, &err) != RIG_VAULT_FAULT_NONE) {
            return ctx;
        }
    }
    return NULL;
}

static void many_threads(struct stage *stage)
{
    pthread_t threads[12];

    for (size_t i = 0; i < 12; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, call_five_times, stage), 0);
    }
    for (size_t i = 0; i < 12; i++) {
        void *failure = NULL;

        (void)pthread_join(threads[i], &failure);
        assert_null(failure);
    }
}

static void of_many_threads_one_logs_in_and_one_renews(void **state)
{
    struct stage stage = {.vault = {.renewable = true, .renewal_s = LEASE_S}};

    (void)state;
    set_up(&stage, RIG_VAULT_APPROLE, SECRET_ID);
    many_threads(&stage);
    assert_int_equal(stage.vault.n_logins, 1);
    after(LEASE_S * 2 / 3);
    many_threads(&stage);
    assert_int_equal(stage.vault.n_renewals, 1);
    assert_int_equal(stage.vault.n_logins, 1);
    (void)rig_copy_text(stage.vault.good_token, sizeof stage.vault.good_token, "s.revoked");
    many_threads(&stage);
    assert_int_equal(stage.vault.n_logins, 2);
    assert_int_equal(stage.vault.n_calls, 180);
    tear_down(&stage);
}

static int setup(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN); /* the test's own TLS server writes to closed sockets */
    test_pki_make(&pki);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_pki_remove(&pki);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lease_is_renewed_at_two_thirds),
        cmocka_unit_test(a_refused_renewal_leads_to_another_login),
        cmocka_unit_test(near_the_max_ttl_comes_another_login),
        cmocka_unit_test(a_batch_token_is_replaced_not_renewed),
        cmocka_unit_test(a_renewal_that_fails_for_now_does_not_stop_anybody),
        cmocka_unit_test(a_token_that_died_early_is_replaced_once),
        cmocka_unit_test(a_given_token_that_died_is_named),
        cmocka_unit_test(a_refused_login_says_what_to_look_at),
        cmocka_unit_test(facts_are_told_without_the_token),
        cmocka_unit_test(of_many_threads_one_logs_in_and_one_renews),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
