/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/vault/internal.h"

#include "rig/base/file.h"
#include "rig/base/json_auto.h"
#include "rig/base/secret.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define DEFAULT_TIMEOUT_MS 60000
#define DEFAULT_RETRIES 6
#define QUESTION_TIMEOUT_MS 5000
#define LATEST_S INT64_C(253402300799) /* the year 9999 */
#define MAX_FILE_BYTES ((size_t)4 << 20)

/* ---- open and close ---- */

static rig_result check_file(const char *path, const char *what, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf content = {.secret = true};

    if (path == NULL) {
        return RIG_DONE;
    }
    RIG_TRY_IN(rig_file_read(path, MAX_FILE_BYTES, &content, err), err, "%s", what);
    if (strstr(rig_buf_text(&content), "-----BEGIN ") == NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "%s: '%s' holds no PEM (-----BEGIN ...): convert it with openssl", what,
                        path);
    }
    return RIG_DONE;
}

static rig_result check_files(const struct rig_vault_options *options, struct rig_error *err)
{
    struct stat info;

    RIG_TRY(check_file(options->ca_file, "the CA file of the Vault server", err));
    if (options->ca_folder != NULL &&
        (stat(options->ca_folder, &info) != 0 || !S_ISDIR(info.st_mode))) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                        "the CA folder '%s' of the Vault server is no folder", options->ca_folder);
    }
    if ((options->client_certificate_file == NULL) != (options->client_key_file == NULL)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "a client certificate and its key go together: name both files, or none");
    }
    RIG_TRY(check_file(options->client_certificate_file, "the client certificate", err));
    if (options->client_key_file != NULL) {
        RIG_TRY(rig_secret_check_mode(options->client_key_file, "client key", err));
    }
    return check_file(options->client_key_file, "the client key", err);
}

/* What goes into a header must not end it. */
static bool is_token_text(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    return len != 0;
}

static rig_result check_login(const struct rig_vault_options *options, struct rig_error *err)
{
    const struct rig_vault_login *login = &options->login;
    const char *text = rig_buf_text(&login->secret);

    switch (login->kind) {
    case RIG_VAULT_TOKEN:
        if (login->secret.len != 0 && !is_token_text(text, login->secret.len)) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "the Vault token holds blanks or control characters: it is the one "
                            "line that 'bao login' or 'bao token create' prints");
        }
        return RIG_DONE;
    case RIG_VAULT_APPROLE:
        if (login->role == NULL || login->role[0] == '\0' || login->secret.len == 0) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "an AppRole login needs both a role_id and a secret_id");
        }
        return RIG_DONE;
    case RIG_VAULT_CERT:
        if (options->client_certificate_file == NULL) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "a certificate login needs client_certificate and client_key");
        }
        return RIG_DONE;
    }
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "no such kind of login");
}

static rig_result check_namespace(const char *namespace_path, struct rig_error *err)
{
    if (namespace_path != NULL && !is_token_text(namespace_path, strlen(namespace_path))) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the namespace '%.80s' holds blanks or control characters", namespace_path);
    }
    return RIG_DONE;
}

static rig_result fill(struct rig_vault *vault, const struct rig_vault_options *options,
                       struct rig_error *err)
{
    const struct rig_vault_login *login = &options->login;
    const struct rig_vault_http_options http = {
        .address = options->address,
        .ca_file = options->ca_file,
        .ca_folder = options->ca_folder,
        .tls_server_name = options->tls_server_name,
        .client_certificate_file = options->client_certificate_file,
        .client_key_file = options->client_key_file,
        .skip_verify = options->skip_verify,
    };

    RIG_TRY(rig_vault_http_open(&http, &vault->http, err));
    RIG_TRY(rig_dup_text(&vault->namespace_path, options->namespace_path, err));
    RIG_TRY(rig_dup_text(&vault->login_mount, login->mount, err));
    RIG_TRY(rig_dup_text(&vault->login_role, login->role, err));
    if (login->secret.len != 0) {
        RIG_TRY(rig_buf_append(&vault->login_secret, login->secret.data, login->secret.len, err));
    }
    return rig_vault_session_open(&vault->session, err);
}

rig_result rig_vault_open(const struct rig_vault_options *options, struct rig_vault **out,
                          struct rig_error *err)
{
    struct rig_vault *vault;
    rig_result result;

    *out = NULL;
    if (options->address == NULL || options->address[0] == '\0') {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "no address of a Vault server: give 'address' or set BAO_ADDR");
    }
    RIG_TRY(check_login(options, err));
    RIG_TRY(check_namespace(options->namespace_path, err));
    RIG_TRY(check_files(options, err));
    RIG_TRY(rig_secret_guard_process(err));
    vault = calloc(1, sizeof *vault);
    if (vault == NULL) {
        return rig_fail_memory(err);
    }
    vault->session.changed_fd = -1;
    vault->login_secret.secret = true;
    vault->login_kind = options->login.kind;
    vault->request_timeout_ms =
        options->request_timeout_ms > 0 ? options->request_timeout_ms : DEFAULT_TIMEOUT_MS;
    vault->max_tries = 1 + (options->max_retries > 0    ? (unsigned)options->max_retries
                            : options->max_retries == 0 ? DEFAULT_RETRIES
                                                        : 0);
    vault->skip_verify = options->skip_verify;
    vault->clock = options->clock != NULL ? options->clock : &rig_clock_system;
    result = fill(vault, options, err);
    if (!result.ok) {
        rig_vault_close(vault);
        return result;
    }
    *out = vault;
    return RIG_DONE;
}

void rig_vault_close(struct rig_vault *vault)
{
    if (vault == NULL) {
        return;
    }
    rig_vault_session_close(vault);
    rig_vault_http_close(vault->http);
    free(vault->namespace_path);
    free(vault->login_mount);
    free(vault->login_role);
    rig_buf_free(&vault->login_secret);
    free(vault);
}

bool rig_vault_unverified(const struct rig_vault *vault)
{
    return vault->skip_verify;
}

const char *rig_vault_address(const struct rig_vault *vault)
{
    return rig_vault_http_address(vault->http);
}

void rig_vault_reply_free(struct rig_vault_reply *reply)
{
    json_decref(reply->data);
    json_decref(reply->auth);
    json_decref(reply->warnings);
    rig_buf_free(&reply->raw);
    *reply = (struct rig_vault_reply){0};
}

/* ---- one request ---- */

static const char *method_name(enum rig_vault_method method)
{
    return method == RIG_VAULT_POST ? "POST" : method == RIG_VAULT_DELETE ? "DELETE" : "GET";
}

static bool reads_only(const struct rig_vault_request *request)
{
    return request->method == RIG_VAULT_GET || request->method == RIG_VAULT_LIST;
}

/* The server's own state is asked for outside of any namespace. */
static bool of_the_server(const char *path)
{
    return strncmp(path, "sys/health", 10) == 0 || strncmp(path, "sys/seal-status", 15) == 0 ||
           strncmp(path, "sys/init", 8) == 0 || strncmp(path, "sys/leader", 10) == 0;
}

static rig_result make_path(const struct rig_vault_request *request, struct rig_buf *path,
                            struct rig_error *err)
{
    const char *given = request->path;

    for (const char *c = given; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~' || strchr("#\"<>\\^`{|}", *c) != NULL) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "'%.160s' is no path of Vault's API: mounts and roles are letters, "
                            "digits, '-', '_', '.' and '/'",
                            given);
        }
    }
    if (given[0] == '/' || given[0] == '\0' || strstr(given, "..") != NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "'%.160s' is no path of Vault's API: it starts with the mount and holds "
                        "no '..'",
                        given);
    }
    RIG_TRY(rig_buf_printf(path, err, "/v1/%s", given));
    if (request->method == RIG_VAULT_LIST) {
        return rig_buf_append_text(path, strchr(given, '?') != NULL ? "&list=true" : "?list=true",
                                   err);
    }
    return RIG_DONE;
}

static int append_json(const char *bytes, size_t n_bytes, void *ctx)
{
    struct rig_error ignored;

    return rig_buf_append(ctx, bytes, n_bytes, &ignored).ok ? 0 : -1;
}

static rig_result make_body(const struct rig_vault_request *request, struct rig_buf *body,
                            struct rig_vault_exchange *exchange, struct rig_error *err)
{
    if (request->raw_body != NULL) {
        exchange->body = request->raw_body;
        exchange->body_len = request->raw_body_len;
        exchange->content_type = request->raw_content_type != NULL ? request->raw_content_type
                                                                   : "application/octet-stream";
        return RIG_DONE;
    }
    if (request->body != NULL) {
        if (json_dump_callback(request->body, append_json, body, JSON_COMPACT) != 0) {
            return rig_fail_memory(err);
        }
    } else if (request->method == RIG_VAULT_POST) {
        RIG_TRY(rig_buf_append_text(body, "{}", err));
    }
    if (body->len != 0) {
        exchange->body = body->data;
        exchange->body_len = body->len;
        exchange->content_type = "application/json";
    }
    return RIG_DONE;
}

static bool is_ok(const struct rig_vault_request *request,
                  const struct rig_vault_exchange *exchange)
{
    const long status = exchange->status;

    return status == 200 || status == 204 || status == 202 ||
           (request->raw_ok_type != NULL && strncmp(exchange->content_type_in, request->raw_ok_type,
                                                    strlen(request->raw_ok_type)) == 0);
}

static json_t *take(json_t *root, const char *key)
{
    json_t *value = json_object_get(root, key);

    return value == NULL || json_is_null(value) ? NULL : json_incref(value);
}

/* The envelope into the reply. */
static rig_result unpack(struct rig_vault_exchange *exchange,
                         const struct rig_vault_request *request, struct rig_vault_reply *reply,
                         json_t **root, struct rig_error *err)
{
    json_error_t where;
    const char *request_id;

    if (request->raw) {
        reply->raw = exchange->answer;
        exchange->answer = (struct rig_buf){.secret = true};
        reply->raw.secret = false;
        return RIG_DONE;
    }
    if (exchange->answer.len == 0) {
        return RIG_DONE;
    }
    *root = json_loadb((const char *)exchange->answer.data, exchange->answer.len, JSON_ALLOW_NUL,
                       &where);
    if (!json_is_object(*root)) {
        const bool json = strncmp(exchange->content_type_in, "application/json", 16) == 0;

        json_decref(*root);
        *root = NULL;
        reply->fault = json ? RIG_VAULT_FAULT_GARBAGE : RIG_VAULT_FAULT_NOT_VAULT;
        return rig_vault_fail(err, reply->fault, rig_vault_fault_name(reply->fault), "", NULL);
    }
    request_id = json_string_value(json_object_get(*root, "request_id"));
    (void)rig_copy_text(reply->request_id, sizeof reply->request_id,
                        request_id != NULL ? request_id : "");
    if (request_id == NULL && json_object_get(*root, "data") == NULL) {
        reply->data = json_incref(*root);
    } else {
        reply->data = take(*root, "data");
    }
    reply->auth = take(*root, "auth");
    reply->warnings = take(*root, "warnings");
    return RIG_DONE;
}

/* Our own secrets that a server repeats in its words are not repeated by us. */
static void blot_out(char *words, const char *secret, size_t len)
{
    char *at;

    while (len >= 4 && (at = strstr(words, secret)) != NULL) {
        memset(at, '*', len);
    }
}

static rig_result try_once(struct rig_vault *vault, const struct rig_vault_request *request,
                           const char *token, struct rig_vault_exchange *exchange,
                           struct rig_vault_reply *reply, json_t **root, struct rig_wait wait,
                           struct rig_error *err)
{
    char words[RIG_VAULT_WORDS_SIZE];
    size_t path_len;
    char what[200];
    rig_result result = rig_vault_exchange(vault->http, exchange,
                                           rig_wait_within(wait, vault->request_timeout_ms), err);

    reply->status = exchange->status;
    reply->server_ns = exchange->server_ns;
    reply->fault = exchange->fault;
    if (!result.ok) {
        return result;
    }
    path_len = strcspn(request->path, "?"); /* what it asks for says nothing to people */
    (void)snprintf(what, sizeof what, "%s %.*s", method_name(request->method),
                   path_len < 160 ? (int)path_len : 160, request->path);
    if (!is_ok(request, exchange)) {
        reply->fault =
            rig_vault_classify(exchange->status, exchange->content_type_in,
                               rig_buf_text(&exchange->answer), exchange->answer.len, words);
        if (reply->fault == RIG_VAULT_FAULT_NONE) {
            reply->fault = RIG_VAULT_FAULT_NOT_VAULT;
        }
        if (token != NULL) {
            blot_out(words, token, strlen(token));
        }
        blot_out(words, rig_buf_text(&vault->login_secret), vault->login_secret.len);
        if (words[0] == '\0') {
            (void)snprintf(words, sizeof words, "HTTP status %ld", exchange->status);
        }
        return rig_vault_fail(err, reply->fault, what, words, NULL);
    }
    if (!unpack(exchange, request, reply, root, err).ok) {
        (void)snprintf(words, sizeof words, "HTTP status %ld, %.60s", exchange->status,
                       exchange->content_type_in);
        return rig_vault_fail(err, reply->fault, what, words, NULL);
    }
    return RIG_DONE;
}

static uint32_t any_number(void)
{
    uint32_t number = 0;

    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != (ssize_t)sizeof number) {
        number = (uint32_t)rig_now_ns();
    }
    return number;
}

/* The pause before another try; false when there is none. */
static bool pause_first(const struct rig_vault *vault, const struct rig_vault_exchange *exchange,
                        const struct rig_vault_reply *reply, bool repeatable, struct rig_wait wait)
{
    struct rig_error ignored;
    int64_t pause_ms;

    if (reply->fault == RIG_VAULT_FAULT_NONE || reply->tries >= vault->max_tries ||
        !rig_vault_may_repeat(reply->fault, exchange->sent, repeatable)) {
        return false;
    }
    pause_ms = rig_vault_pause_ms(reply->tries + 1, exchange->retry_after_ms, any_number());
    return pause_ms < rig_wait_left_ms(wait) &&
           rig_wait_pause(wait, pause_ms * RIG_NS_PER_MS, &ignored).ok;
}

rig_result rig_vault_ask(struct rig_vault *vault, const struct rig_vault_request *request,
                         const char *token, struct rig_vault_reply *reply, json_t **root,
                         struct rig_wait wait, struct rig_error *err)
{
    const bool repeatable = reads_only(request) || request->repeatable;
    RIG_AUTO(rig_buf_free) struct rig_buf path = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf body = {.secret = true};
    RIG_AUTO(rig_vault_exchange_free)
    struct rig_vault_exchange exchange = {
        .method = method_name(request->method),
        .namespace_path = of_the_server(request->path) ? NULL : vault->namespace_path,
        .token = token,
        .repeatable = repeatable,
        .answer = {.secret = true},
    };

    RIG_TRY(make_path(request, &path, err));
    RIG_TRY(make_body(request, &body, &exchange, err));
    exchange.path = rig_buf_text(&path);
    for (;;) {
        rig_result result;

        reply->tries++;
        result = try_once(vault, request, token, &exchange, reply, root, wait, err);
        if (result.ok) {
            return result;
        }
        reply->uncertain =
            !reads_only(request) && rig_vault_uncertain(reply->fault, reply->status, exchange.sent);
        if (!pause_first(vault, &exchange, reply, repeatable, wait)) {
            if (wait.cancel != NULL && rig_cancel_reason(wait.cancel) != 0 &&
                err->cls != RIG_CLASS_CANCELLED) {
                const bool uncertain = reply->uncertain;
                char before[200];

                (void)rig_copy_text(before, sizeof before, err->text);
                reply->fault = RIG_VAULT_FAULT_NONE;
                reply->uncertain = uncertain;
                return rig_fail(err, RIG_CLASS_CANCELLED, RIG_E_CANCELLED,
                                "cancelled before the next try; the last one: %s", before);
            }
            return reply->tries > 1 ? rig_wrap(err, "after %u tries", reply->tries) : result;
        }
    }
}

static rig_result call(struct rig_vault *vault, const struct rig_vault_request *request,
                       struct rig_vault_reply *reply, struct rig_wait wait, struct rig_error *err)
{
    bool logged_in_again = false;

    for (;;) {
        RIG_AUTO(rig_auto_json_t) json_t *root = NULL;
        RIG_AUTO(rig_buf_free) struct rig_buf token = {.secret = true};
        uint64_t generation = 0;
        rig_result result;

        if (!request->anonymous) {
            RIG_TRY(rig_vault_session_token(vault, &token, &generation, &reply->fault, wait, err));
        }
        result = rig_vault_ask(vault, request, token.len != 0 ? rig_buf_text(&token) : NULL, reply,
                               &root, wait, err);
        if (result.ok || request->anonymous ||
            (reply->fault != RIG_VAULT_FAULT_DENIED && reply->fault != RIG_VAULT_FAULT_TOKEN)) {
            return result;
        }
        if (reply->fault == RIG_VAULT_FAULT_DENIED) {
            result = rig_vault_explain_denied(vault, request, rig_buf_text(&token), &reply->fault,
                                              wait, err);
        }
        if (reply->fault != RIG_VAULT_FAULT_TOKEN || logged_in_again ||
            !rig_vault_session_drop(vault, generation)) {
            return result;
        }
        logged_in_again = true;
    }
}

/* A server that was never initialized calls itself sealed too. */
static void explain_sealed(struct rig_vault *vault, const struct rig_vault_request *request,
                           struct rig_vault_reply *reply, struct rig_wait wait,
                           struct rig_error *err)
{
    struct rig_vault_health health;
    struct rig_error ignored;

    if (rig_vault_health(vault, &health, rig_wait_within(wait, QUESTION_TIMEOUT_MS), &ignored).ok &&
        !health.initialized) {
        reply->fault = RIG_VAULT_FAULT_UNINITIALIZED;
        (void)rig_vault_fail(err, reply->fault, request->path, "", NULL).ok;
    }
}

rig_result rig_vault_call(struct rig_vault *vault, const struct rig_vault_request *request,
                          struct rig_vault_reply *reply, struct rig_wait wait,
                          struct rig_error *err)
{
    struct rig_error overcome; /* by another try or login: not the caller's */

    *reply = (struct rig_vault_reply){0};
    if (!call(vault, request, reply, wait, &overcome).ok) {
        if (reply->fault == RIG_VAULT_FAULT_SEALED) {
            explain_sealed(vault, request, reply, wait, &overcome);
        }
        return rig_fail_as(err, &overcome);
    }
    reply->uncertain = false;
    return RIG_DONE;
}

/* ---- health ---- */

rig_result rig_vault_health(struct rig_vault *vault, struct rig_vault_health *health,
                            struct rig_wait wait, struct rig_error *err)
{
    const struct rig_vault_request request = {
        .method = RIG_VAULT_GET,
        /* every state is an answer, not an error */
        .path = "sys/health?standbyok=true&perfstandbyok=true&sealedcode=200&uninitcode=200&"
                "standbycode=200&drsecondarycode=200&performancestandbycode=200",
        .anonymous = true,
    };
    struct rig_vault_reply reply = {0};
    rig_result result;
    int64_t now_ms;
    int64_t round_trip_ms;

    *health = (struct rig_vault_health){0};
    result = rig_vault_call(vault, &request, &reply, wait, err);
    now_ms = rig_clock_now_ms(vault->clock);
    if (result.ok) {
        const json_t *sealed = json_object_get(reply.data, "sealed");
        const json_t *server_time = json_object_get(reply.data, "server_time_utc");
        const char *version = json_string_value(json_object_get(reply.data, "version"));

        if (!json_is_boolean(sealed) || json_integer_value(server_time) <= 0 ||
            json_integer_value(server_time) > LATEST_S) {
            result = rig_vault_fail(err, RIG_VAULT_FAULT_NOT_VAULT, "GET sys/health",
                                    "no 'sealed' in its answer", NULL);
        } else {
            round_trip_ms = reply.server_ns / RIG_NS_PER_MS;
            health->initialized = json_is_true(json_object_get(reply.data, "initialized"));
            health->sealed = json_is_true(sealed);
            health->standby = json_is_true(json_object_get(reply.data, "standby"));
            (void)rig_copy_text(health->version, sizeof health->version,
                                version != NULL ? version : "");
            /* it says whole seconds, rounded down */
            health->clock_skew_ms = (int64_t)json_integer_value(server_time) * 1000 + 500 -
                                    (now_ms - round_trip_ms / 2);
            health->uncertainty_ms = 500 + round_trip_ms / 2 + 1;
        }
    }
    rig_vault_reply_free(&reply);
    return result;
}
