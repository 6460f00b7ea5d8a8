/* SPDX-License-Identifier: Apache-2.0 */
/* One exchange against a server that does what the test says: every way in which it goes wrong. */
#include "rig/tests/vault/server.h"
#include "rig/vault/internal.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define TOKEN "s.hunter2hunter2"
#define WAIT rig_wait_ms(20000, NULL)

static struct test_pki pki;

/* The script: an answer for each request from `path` on; the last one for all that follow. */
struct script {
    const struct test_answer *answers;
    unsigned n_answers;
    unsigned n_calls; /* without lookup-self */
    struct test_request last;
    struct rig_cancel *cancel; /* triggered by a request */
};

static void play(void *ctx, const struct test_request *request, struct test_answer *answer)
{
    struct script *script = ctx;

    if (strstr(request->path, "lookup-self") != NULL) {
        (void)snprintf(answer->body, sizeof answer->body,
                       "{\"request_id\":\"l\",\"data\":{\"ttl\":0,\"renewable\":false,"
                       "\"policies\":[\"default\"],\"id\":\"%s\"}}",
                       TOKEN);
        return;
    }
    script->last = *request;
    *answer = script->answers[script->n_calls < script->n_answers ? script->n_calls
                                                                  : script->n_answers - 1];
    script->n_calls++;
    if (script->cancel != NULL) {
        rig_cancel_trigger(script->cancel, 2);
    }
}

static struct rig_vault_options options_for(const char *address)
{
    struct rig_vault_options options = {.address = address, .ca_file = pki.ca};
    struct rig_error err = {0};

    options.login.secret.secret = true;
    assert_true(rig_buf_append_text(&options.login.secret, TOKEN, &err).ok);
    return options;
}

static struct rig_vault *open_with(struct rig_vault_options *options)
{
    struct rig_error err = {0};
    struct rig_vault *vault = NULL;
    const rig_result result = rig_vault_open(options, &vault, &err);

    rig_buf_free(&options->login.secret);
    if (!result.ok) {
        fail_msg("%s", err.text);
    }
    return vault;
}

struct call {
    struct script script;
    struct rig_vault_reply reply;
    struct rig_error err;
    bool ok;
    unsigned connections;
};

static const struct rig_vault_request get = {.method = RIG_VAULT_GET, .path = "pki/roles/device"};
static const struct rig_vault_request post = {.method = RIG_VAULT_POST, .path = "pki/sign/device"};

static void run(struct call *call, const struct rig_vault_request *request,
                const struct test_answer *answers, unsigned n_answers, struct rig_wait wait)
{
    struct test_server *server;
    struct rig_vault_options options;
    struct rig_vault *vault;

    *call = (struct call){.script = {.answers = answers, .n_answers = n_answers}};
    server = test_server_start(&pki, 0, false, play, &call->script);
    options = options_for(test_server_address(server));
    vault = open_with(&options);
    call->ok = rig_vault_call(vault, request, &call->reply, wait, &call->err).ok;
    call->connections = test_server_connections(server);
    rig_vault_close(vault);
    test_server_stop(server);
    assert_null(strstr(call->err.text, TOKEN));
}

static void done(struct call *call)
{
    rig_vault_reply_free(&call->reply);
}

static void failed(struct call *call, enum rig_vault_fault fault, enum rig_error_class cls,
                   bool uncertain)
{
    if (call->ok || call->reply.fault != fault || call->err.cls != cls ||
        call->reply.uncertain != uncertain) {
        fail_msg("wanted %s, uncertain %d; got %s, uncertain %d, class %s: %s",
                 rig_vault_fault_name(fault), uncertain, rig_vault_fault_name(call->reply.fault),
                 call->reply.uncertain, rig_error_class_name(call->err.cls), call->err.text);
    }
    done(call);
}

static void a_good_answer_is_unpacked(void **state)
{
    const struct test_answer good = {.body = "{\"request_id\":\"r-1\",\"data\":{\"a\":1},"
                                             "\"warnings\":[\"w\"],\"auth\":null}"};
    struct call call;

    (void)state;
    run(&call, &post, &good, 1, WAIT);
    assert_true(call.ok);
    assert_string_equal(call.reply.request_id, "r-1");
    assert_int_equal(json_integer_value(json_object_get(call.reply.data, "a")), 1);
    assert_int_equal(json_array_size(call.reply.warnings), 1);
    assert_null(call.reply.auth);
    assert_int_equal(call.reply.tries, 1);
    assert_int_equal(call.connections, 1); /* lookup-self and the call */
    assert_string_equal(call.script.last.method, "POST");
    assert_string_equal(call.script.last.path, "/v1/pki/sign/device");
    assert_string_equal(call.script.last.body, "{}");
    assert_non_null(strstr(call.script.last.head, "X-Vault-Token: " TOKEN "\r\n"));
    assert_non_null(strstr(call.script.last.head, "X-Vault-Request: true\r\n"));
    assert_null(strcasestr(call.script.last.head, "Expect"));
    done(&call);
}

static void misdeeds_are_told_apart(void **state)
{
    const struct {
        struct test_answer answer;
        enum rig_vault_fault fault;
        enum rig_error_class cls;
        bool uncertain;
    } cases[] = {
        {{.misdeed = TEST_DROP}, RIG_VAULT_FAULT_CUT, RIG_CLASS_NETWORK, true},
        {{.misdeed = TEST_CUT_HEAD}, RIG_VAULT_FAULT_CUT, RIG_CLASS_NETWORK, true},
        {{.misdeed = TEST_CUT_BODY, .body = "{\"data\":{}}"},
         RIG_VAULT_FAULT_CUT,
         RIG_CLASS_NETWORK,
         true},
        {{.misdeed = TEST_HUGE}, RIG_VAULT_FAULT_TOO_BIG, RIG_CLASS_CA, true},
        {{.misdeed = TEST_NOT_HTTP}, RIG_VAULT_FAULT_NOT_VAULT, RIG_CLASS_CA, false},
        {{.body = "{\"data\":"}, RIG_VAULT_FAULT_GARBAGE, RIG_CLASS_CA, true},
        {{.body = "[1]"}, RIG_VAULT_FAULT_GARBAGE, RIG_CLASS_CA, true},
        {{.body = "<html>hello", .content_type = "text/html"},
         RIG_VAULT_FAULT_NOT_VAULT,
         RIG_CLASS_CA,
         true},
        {{.status = 500, .body = "{\"errors\":[\"disk " TOKEN "\"]}"},
         RIG_VAULT_FAULT_SERVER,
         RIG_CLASS_CA,
         true},
        {{.status = 302, .headers = "Location: https://127.0.0.1:1/ui\r\n"},
         RIG_VAULT_FAULT_NOT_VAULT,
         RIG_CLASS_CA,
         false},
        {{.status = 307, .headers = "Location: https://127.0.0.1:1/other/path\r\n"},
         RIG_VAULT_FAULT_NOT_VAULT,
         RIG_CLASS_CA,
         false},
        {{.status = 307, .headers = "Location: http://127.0.0.1:1/v1/pki/sign/device\r\n"},
         RIG_VAULT_FAULT_NOT_VAULT,
         RIG_CLASS_CA,
         false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct call call;

        run(&call, &post, &cases[i].answer, 1, WAIT);
        assert_int_equal(call.script.n_calls, 1); /* never a second time */
        failed(&call, cases[i].fault, cases[i].cls, cases[i].uncertain);
    }
}

static void endless_headers_end(void **state)
{
    const struct test_answer endless = {.misdeed = TEST_HUGE_HEAD};
    struct call call;

    (void)state;
    run(&call, &post, &endless, 1, WAIT);
    assert_int_equal(call.script.n_calls, 1);
    failed(&call, RIG_VAULT_FAULT_TOO_BIG, RIG_CLASS_CA, true);
}

static void a_slow_server_meets_the_deadline(void **state)
{
    const struct test_answer slow = {.misdeed = TEST_HANG};
    const int64_t from_ns = rig_now_ns();
    struct call call;

    (void)state;
    run(&call, &post, &slow, 1, rig_wait_ms(300, NULL));
    assert_true(rig_now_ns() - from_ns < 10 * RIG_NS_PER_S);
    assert_int_equal(call.err.code, RIG_E_TIMEOUT);
    failed(&call, RIG_VAULT_FAULT_SLOW, RIG_CLASS_NETWORK, true);
}

static void cancel_ends_a_wait_at_once(void **state)
{
    const struct test_answer slow = {.misdeed = TEST_HANG};
    struct rig_cancel cancel;
    struct call call = {.script = {.answers = &slow, .n_answers = 1, .cancel = &cancel}};
    struct test_server *server = test_server_start(&pki, 0, false, play, &call.script);
    struct rig_vault_options options = options_for(test_server_address(server));
    struct rig_vault *vault = open_with(&options);

    (void)state;
    assert_true(rig_cancel_open(&cancel, &call.err).ok);
    call.ok = rig_vault_call(vault, &post, &call.reply, rig_wait_ms(60000, &cancel), &call.err).ok;
    assert_int_equal(call.err.code, RIG_E_CANCELLED);
    failed(&call, RIG_VAULT_FAULT_NONE, RIG_CLASS_CANCELLED, true);
    rig_vault_close(vault);
    test_server_stop(server);
    rig_cancel_close(&cancel);
}

static void what_was_not_executed_is_sent_again(void **state)
{
    static const struct test_answer good = {.body = "{\"data\":{\"a\":1}}"};
    const struct test_answer passing[] = {
        {.status = 429, .headers = "Retry-After: 1\r\n", .body = "{\"errors\":[\"rate limit\"]}"},
        {.status = 503, .body = "{\"errors\":[\"Vault is sealed\"]}"},
        {.status = 503, .body = "{\"errors\":[\"Vault is in standby mode\"]}"},
        {.status = 500, .body = "{\"errors\":[\"local node not active but active\"]}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
        const struct test_answer both[] = {passing[i], good};
        const int64_t from_ns = rig_now_ns();
        struct call call;

        run(&call, &post, both, 2, WAIT);
        assert_true(call.ok);
        assert_int_equal(call.reply.tries, 2);
        assert_int_equal(call.script.n_calls, 2);
        if (i == 0) {
            assert_true(rig_now_ns() - from_ns >= RIG_NS_PER_S);
        }
        done(&call);
    }
}

static void a_server_that_asks_for_too_much_patience_is_not_waited_for(void **state)
{
    const struct test_answer quota = {.status = 429,
                                      .headers = "Retry-After: 1000\r\n",
                                      .body = "{\"errors\":[\"rate limit quota exceeded\"]}"};
    struct call call;

    (void)state;
    run(&call, &post, &quota, 1, WAIT);
    assert_int_equal(call.script.n_calls, 1);
    failed(&call, RIG_VAULT_FAULT_QUOTA, RIG_CLASS_CA, false);
}

static void reading_is_repeated_whatever_happened(void **state)
{
    const struct test_answer answers[] = {
        {.misdeed = TEST_DROP},
        {.misdeed = TEST_CUT_BODY, .body = "{\"data\":{}}"},
        {.status = 500, .body = "{\"errors\":[\"storage\"]}"},
        {.body = "{\"data\":{\"a\":1}}"},
    };
    struct call call;

    (void)state;
    run(&call, &get, answers, 4, WAIT);
    if (!call.ok) {
        fail_msg("%s", call.err.text);
    }
    assert_true(call.script.n_calls >= 4);
    done(&call);
}

static void a_refused_connection_is_tried_until_the_server_is_there(void **state)
{
    const struct test_answer good = {.body = "{\"data\":{}}"};
    struct script script = {.answers = &good, .n_answers = 1};
    struct test_server *server = test_server_start(&pki, 0, false, play, &script);
    const int port = test_server_port(server);
    struct rig_vault_options options = options_for(test_server_address(server));
    struct rig_vault *vault = open_with(&options);
    struct rig_vault_reply reply = {0};
    struct rig_error err = {0};

    (void)state;
    assert_true(rig_vault_call(vault, &get, &reply, WAIT, &err).ok);
    rig_vault_reply_free(&reply);
    test_server_stop(server);
    assert_false(rig_vault_call(vault, &post, &reply, rig_wait_ms(400, NULL), &err).ok);
    assert_int_equal(reply.fault, RIG_VAULT_FAULT_UNREACHABLE);
    assert_true(reply.tries >= 2);
    assert_false(reply.uncertain);
    assert_int_equal(err.cls, RIG_CLASS_NETWORK);
    rig_vault_reply_free(&reply);
    /* the kept connection is dead, the new server is reached all the same */
    server = test_server_start(&pki, port, false, play, &script);
    assert_true(rig_vault_call(vault, &post, &reply, WAIT, &err).ok);
    rig_vault_reply_free(&reply);
    rig_vault_close(vault);
    test_server_stop(server);
}

/* libcurl would send the body again over a fresh connection, unasked. */
static void a_kept_connection_that_dies_does_not_sign_twice(void **state)
{
    const struct test_answer answers[] = {{.body = "{\"data\":{}}"}, {.misdeed = TEST_DROP}};
    struct script script = {.answers = answers, .n_answers = 2};
    struct test_server *server = test_server_start(&pki, 0, false, play, &script);
    struct rig_vault_options options = options_for(test_server_address(server));
    struct rig_vault *vault = open_with(&options);
    struct rig_vault_reply reply = {0};
    struct rig_error err = {0};

    (void)state;
    assert_true(rig_vault_call(vault, &post, &reply, WAIT, &err).ok);
    rig_vault_reply_free(&reply);
    assert_false(rig_vault_call(vault, &post, &reply, WAIT, &err).ok);
    assert_int_equal(reply.fault, RIG_VAULT_FAULT_CUT);
    assert_non_null(strstr(err.text, "must not be sent twice"));
    assert_true(reply.uncertain);
    assert_int_equal(script.n_calls, 2);
    rig_vault_reply_free(&reply);
    rig_vault_close(vault);
    test_server_stop(server);
}

static void a_standby_sends_us_to_the_active_node(void **state)
{
    static struct test_answer redirect = {.status = 307};
    static char location[160];
    const struct test_answer good = {.body = "{\"data\":{\"active\":true}}"};
    struct script active_script = {.answers = &good, .n_answers = 1};
    struct script standby_script = {.answers = &redirect, .n_answers = 1};
    struct test_server *active = test_server_start(&pki, 0, false, play, &active_script);
    struct test_server *standby = test_server_start(&pki, 0, false, play, &standby_script);
    struct rig_vault_options options = options_for(test_server_address(standby));
    struct rig_vault *vault = open_with(&options);
    struct rig_vault_reply reply = {0};
    struct rig_error err = {0};

    (void)state;
    (void)snprintf(location, sizeof location, "Location: %s/v1/pki/sign/device\r\n",
                   test_server_address(active));
    redirect.headers = location;
    assert_true(rig_vault_call(vault, &post, &reply, WAIT, &err).ok);
    assert_true(json_is_true(json_object_get(reply.data, "active")));
    assert_non_null(strstr(active_script.last.head, "X-Vault-Token: " TOKEN));
    rig_vault_reply_free(&reply);
    rig_vault_close(vault);
    test_server_stop(active);
    test_server_stop(standby);
}

/* Opens, calls once without a token, and gives the fault; text in *err. */
static enum rig_vault_fault once(struct rig_vault_options *options, struct rig_error *err)
{
    const struct rig_vault_request request = {
        .method = RIG_VAULT_GET, .path = "pki/ca/pem", .anonymous = true, .raw = true};
    struct rig_vault *vault = open_with(options);
    struct rig_vault_reply reply = {0};
    enum rig_vault_fault fault;

    err->text[0] = '\0';
    (void)rig_vault_call(vault, &request, &reply, rig_wait_ms(5000, NULL), err).ok;
    fault = reply.fault;
    rig_vault_reply_free(&reply);
    rig_vault_close(vault);
    return fault;
}

static void tls_is_verified(void **state)
{
    const struct test_answer good = {.body = "pem", .content_type = "application/x-pem-file"};
    struct script script = {.answers = &good, .n_answers = 1};
    struct test_server *server = test_server_start(&pki, 0, false, play, &script);
    struct rig_vault_options options = options_for(test_server_address(server));
    struct rig_vault *vault;
    struct rig_error err = {0};

    (void)state;
    options.ca_file = pki.other_ca;
    assert_int_equal(once(&options, &err), RIG_VAULT_FAULT_TLS);
    assert_non_null(strstr(err.text, "BAO_CACERT"));
    options = options_for(test_server_address(server));
    options.ca_file = NULL; /* the system's store */
    assert_int_equal(once(&options, &err), RIG_VAULT_FAULT_TLS);
    options = options_for(test_server_address(server));
    options.tls_server_name = "wrong.test";
    assert_int_equal(once(&options, &err), RIG_VAULT_FAULT_TLS);
    assert_int_equal(script.n_calls, 0);
    options = options_for(test_server_address(server));
    options.tls_server_name = "vault.test";
    assert_int_equal(once(&options, &err), RIG_VAULT_FAULT_NONE);
    assert_non_null(strstr(script.last.head, "Host: 127.0.0.1:"));
    options = options_for(test_server_address(server));
    options.ca_file = pki.other_ca;
    options.skip_verify = true;
    assert_int_equal(once(&options, &err), RIG_VAULT_FAULT_NONE);
    assert_int_equal(script.n_calls, 2);
    options = options_for(test_server_address(server));
    options.skip_verify = true;
    vault = open_with(&options);
    assert_true(rig_vault_unverified(vault));
    rig_vault_close(vault);
    test_server_stop(server);
}

static void no_query_stands_in_a_message(void **state)
{
    const struct test_answer bad = {.status = 404, .body = "x", .content_type = "text/plain"};
    struct script script = {.answers = &bad, .n_answers = 1};
    struct test_server *server = test_server_start(&pki, 0, false, play, &script);
    struct rig_vault_options options = options_for(test_server_address(server));
    struct rig_vault *vault;
    struct rig_vault_health health;
    struct rig_error err = {0};

    (void)state;
    assert_true(rig_vault_open(&options, &vault, &err).ok);
    assert_false(rig_vault_health(vault, &health, WAIT, &err).ok);
    assert_non_null(strstr(err.text, "GET sys/health: "));
    rig_buf_free(&options.login.secret);
    rig_vault_close(vault);
    test_server_stop(server);
}

static void a_client_certificate_is_shown(void **state)
{
    const struct test_answer good = {.body = "{}"};
    struct script script = {.answers = &good, .n_answers = 1};
    struct test_server *server = test_server_start(&pki, 0, true, play, &script);
    struct rig_vault_options options = options_for(test_server_address(server));
    struct rig_error err = {0};

    (void)state;
    assert_int_equal(once(&options, &err), RIG_VAULT_FAULT_TLS);
    assert_int_equal(script.n_calls, 0);
    options = options_for(test_server_address(server));
    options.client_certificate_file = pki.client_certificate;
    options.client_key_file = pki.client_key;
    assert_int_equal(once(&options, &err), RIG_VAULT_FAULT_NONE);
    test_server_stop(server);
}

static void plain_and_tls_are_not_mixed(void **state)
{
    const struct test_answer good = {.body = "{}"};
    struct script script = {.answers = &good, .n_answers = 1};
    struct test_server *server = test_server_start(NULL, 0, false, play, &script);
    struct rig_vault_options options = options_for(test_server_address(server));
    struct rig_error err = {0};
    char address[64];

    (void)state;
    assert_int_equal(once(&options, &err), RIG_VAULT_FAULT_NONE);
    (void)snprintf(address, sizeof address, "https://127.0.0.1:%d", test_server_port(server));
    options = options_for(address);
    assert_int_equal(once(&options, &err), RIG_VAULT_FAULT_TLS);
    assert_non_null(strstr(err.text, "plain HTTP"));
    assert_non_null(strstr(err.text, "tls_disable"));
    test_server_stop(server);
}

static void bad_options_are_named(void **state)
{
    const struct {
        const char *address, *ca_file, *certificate, *key, *part;
    } cases[] = {
        {NULL, NULL, NULL, NULL, "BAO_ADDR"},
        {"vault:8200x", NULL, NULL, NULL, "https://ca.example:8200"},
        {"http://vault.example:8200", NULL, NULL, NULL, "in the clear"},
        {"ftp://127.0.0.1", NULL, NULL, NULL, "https://ca.example:8200"},
        {"https://me:hunter2@127.0.0.1", NULL, NULL, NULL, "no user or password"},
        {"https://127.0.0.1/?x=1", NULL, NULL, NULL, "must end with"},
        {"https://127.0.0.1:8200/prefix/v1/", NULL, NULL, NULL, "leave it out"},
        {"https://127.0.0.1", "/nonexistent/ca.pem", NULL, NULL, "/nonexistent/ca.pem"},
        {"https://127.0.0.1", NULL, pki.client_certificate, NULL, "go together"},
        {"https://127.0.0.1", NULL, pki.client_certificate, pki.ca, "chmod 600"},
    };

    (void)state;
    assert_int_equal(chmod(pki.ca, 0644), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct rig_vault_options options = {
            .address = cases[i].address,
            .ca_file = cases[i].ca_file,
            .client_certificate_file = cases[i].certificate,
            .client_key_file = cases[i].key,
        };
        struct rig_vault *vault = NULL;
        struct rig_error err = {0};

        assert_false(rig_vault_open(&options, &vault, &err).ok);
        assert_null(vault);
        assert_int_equal(err.cls, RIG_CLASS_USAGE);
        assert_non_null(strstr(err.text, cases[i].part));
        assert_null(strstr(err.text, "hunter2"));
    }
}

static void *sign_ten(void *ctx)
{
    for (int i = 0; i < 10; i++) {
        struct rig_vault_reply reply = {0};
        struct rig_error err = {0};

        if (!rig_vault_call(ctx, &post, &reply, WAIT, &err).ok) {
            return ctx; /* not NULL: failed */
        }
        rig_vault_reply_free(&reply);
    }
    return NULL;
}

static void threads_share_the_pool(void **state)
{
    const struct test_answer good = {.body = "{\"data\":{\"a\":1}}"};
    struct script script = {.answers = &good, .n_answers = 1};
    struct test_server *server = test_server_start(&pki, 0, false, play, &script);
    struct rig_vault_options options = options_for(test_server_address(server));
    struct rig_vault *vault = open_with(&options);
    pthread_t threads[8];

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, sign_ten, vault), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        void *failure = NULL;

        (void)pthread_join(threads[i], &failure);
        assert_null(failure);
    }
    assert_int_equal(script.n_calls, 80);
    assert_int_equal(test_server_requests(server), 81); /* one looked the token up, for all */
    assert_true(test_server_connections(server) <= 8);
    rig_vault_close(vault);
    test_server_stop(server);
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
        cmocka_unit_test(a_good_answer_is_unpacked),
        cmocka_unit_test(misdeeds_are_told_apart),
        cmocka_unit_test(endless_headers_end),
        cmocka_unit_test(a_slow_server_meets_the_deadline),
        cmocka_unit_test(cancel_ends_a_wait_at_once),
        cmocka_unit_test(what_was_not_executed_is_sent_again),
        cmocka_unit_test(a_server_that_asks_for_too_much_patience_is_not_waited_for),
        cmocka_unit_test(reading_is_repeated_whatever_happened),
        cmocka_unit_test(a_refused_connection_is_tried_until_the_server_is_there),
        cmocka_unit_test(a_kept_connection_that_dies_does_not_sign_twice),
        cmocka_unit_test(a_standby_sends_us_to_the_active_node),
        cmocka_unit_test(tls_is_verified),
        cmocka_unit_test(no_query_stands_in_a_message),
        cmocka_unit_test(a_client_certificate_is_shown),
        cmocka_unit_test(plain_and_tls_are_not_mixed),
        cmocka_unit_test(bad_options_are_named),
        cmocka_unit_test(threads_share_the_pool),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
