/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/base/json_auto.h"
#include "rig/vault/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#define CLOSE_TIMEOUT_MS 2000
#define NEVER INT64_MAX

/* What a login, a renewal or a look-up says of a token. */
struct lease {
    struct rig_buf token; /* empty: the same as before */
    bool own;
    bool renewable;
    int64_t lease_ms; /* 0: for ever */
};

static void free_lease(struct lease *lease)
{
    rig_buf_free(&lease->token);
}

rig_result rig_vault_session_open(struct rig_vault_session *session, struct rig_error *err)
{
    (void)pthread_mutex_init(&session->lock, NULL);
    session->token.secret = true;
    session->changed_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (session->changed_fd < 0) {
        return rig_fail_errno(err, errno, "cannot make an event descriptor");
    }
    return RIG_DONE;
}

void rig_vault_session_close(struct rig_vault *vault)
{
    static const struct rig_vault_request revoke = {
        .method = RIG_VAULT_POST, .path = "auth/token/revoke-self", .repeatable = true};
    struct rig_vault_session *session = &vault->session;

    if (session->changed_fd < 0) {
        return;
    }
    if (session->own && session->token.len != 0) {
        RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
        RIG_AUTO(rig_auto_json_t) json_t *root = NULL;
        struct rig_error ignored;

        vault->max_tries = 1; /* its lease ends by itself */
        (void)rig_vault_ask(vault, &revoke, rig_buf_text(&session->token), &reply, &root,
                            rig_wait_ms(CLOSE_TIMEOUT_MS, NULL), &ignored)
            .ok;
    }
    rig_buf_free(&session->token);
    rig_close_fd(&session->changed_fd);
    (void)pthread_mutex_destroy(&session->lock);
}

static int64_t lease_of(const json_t *seconds)
{
    const int64_t value = json_integer_value(seconds);

    return value > 0 && value < INT32_MAX ? value * 1000 : 0;
}

/* The "auth" of a login or of a renewal. */
static rig_result read_auth(const json_t *auth, const char *what, struct lease *lease,
                            enum rig_vault_fault *fault, struct rig_error *err)
{
    const char *token = json_string_value(json_object_get(auth, "client_token"));

    if (token == NULL || token[0] == '\0') {
        *fault = RIG_VAULT_FAULT_GARBAGE;
        return rig_vault_fail(err, *fault, what, "no token in its answer", NULL);
    }
    RIG_TRY(rig_buf_append_text(&lease->token, token, err));
    lease->renewable = json_is_true(json_object_get(auth, "renewable"));
    lease->lease_ms = lease_of(json_object_get(auth, "lease_duration"));
    return RIG_DONE;
}

static json_t *login_body(const struct rig_vault *vault)
{
    if (vault->login_kind == RIG_VAULT_APPROLE) {
        return json_pack("{s:s, s:s}", "role_id", vault->login_role, "secret_id",
                         rig_buf_text(&vault->login_secret));
    }
    return vault->login_role != NULL ? json_pack("{s:s}", "name", vault->login_role)
                                     : json_object();
}

static rig_result log_in(struct rig_vault *vault, struct lease *lease, enum rig_vault_fault *fault,
                         struct rig_wait wait, struct rig_error *err)
{
    const char *method = vault->login_kind == RIG_VAULT_APPROLE ? "approle" : "cert";
    const char *mount = vault->login_mount != NULL ? vault->login_mount : method;
    RIG_AUTO(rig_auto_json_t) json_t *body = login_body(vault);
    RIG_AUTO(rig_auto_json_t) json_t *root = NULL;
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf path = {0};
    struct rig_vault_request request = {.method = RIG_VAULT_POST, .body = body};

    if (body == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(rig_buf_printf(&path, err, "auth/%s/login", mount));
    request.path = rig_buf_text(&path);
    /* a login that was executed and not heard of leaves a token that ends by itself, but a
     * secret_id may be good for one login only */
    request.repeatable = vault->login_kind == RIG_VAULT_CERT;
    if (!rig_vault_ask(vault, &request, NULL, &reply, &root, wait, err).ok) {
        *fault = reply.fault;
        if (reply.status >= 400 && reply.status <= 404 &&
            reply.fault != RIG_VAULT_FAULT_NOT_VAULT && reply.fault != RIG_VAULT_FAULT_GARBAGE) {
            char words[RIG_ERROR_TEXT_SIZE];
            char what[128];

            *fault = RIG_VAULT_FAULT_LOGIN;
            (void)rig_copy_text(words, sizeof words, err->text);
            (void)snprintf(what, sizeof what, "login by %s at mount '%.64s'", method, mount);
            return rig_vault_fail(err, *fault, what, words, NULL);
        }
        return rig_wrap(err, "login by %s at mount '%.64s'", method, mount);
    }
    lease->own = true;
    return read_auth(reply.auth, rig_buf_text(&path), lease, fault, err);
}

/* The token that the user gave: is it good, and how long? */
static rig_result look_up(struct rig_vault *vault, struct lease *lease, enum rig_vault_fault *fault,
                          struct rig_wait wait, struct rig_error *err)
{
    static const struct rig_vault_request request = {.method = RIG_VAULT_GET,
                                                     .path = "auth/token/lookup-self"};
    RIG_AUTO(rig_auto_json_t) json_t *root = NULL;
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};

    if (vault->login_secret.len == 0) {
        *fault = RIG_VAULT_FAULT_TOKEN;
        return rig_vault_fail(err, *fault, rig_vault_address(vault), "none was given",
                              "set BAO_TOKEN, name a token file, or log in with AppRole or a "
                              "certificate");
    }
    RIG_TRY(rig_buf_append(&lease->token, vault->login_secret.data, vault->login_secret.len, err));
    if (!rig_vault_ask(vault, &request, rig_buf_text(&lease->token), &reply, &root, wait, err).ok) {
        *fault = reply.fault;
        if (reply.fault == RIG_VAULT_FAULT_DENIED || reply.fault == RIG_VAULT_FAULT_TOKEN) {
            *fault = RIG_VAULT_FAULT_TOKEN;
            return rig_vault_fail(err, *fault, "GET auth/token/lookup-self",
                                  "HTTP status 403, permission denied", NULL);
        }
        return (rig_result){.ok = false};
    }
    lease->renewable = json_is_true(json_object_get(reply.data, "renewable"));
    lease->lease_ms = lease_of(json_object_get(reply.data, "ttl"));
    return RIG_DONE;
}

static rig_result renew(struct rig_vault *vault, const char *token, struct lease *lease,
                        enum rig_vault_fault *fault, struct rig_wait wait, struct rig_error *err)
{
    static const struct rig_vault_request request = {
        .method = RIG_VAULT_POST, .path = "auth/token/renew-self", .repeatable = true};
    RIG_AUTO(rig_auto_json_t) json_t *root = NULL;
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};

    if (!rig_vault_ask(vault, &request, token, &reply, &root, wait, err).ok) {
        *fault = reply.fault;
        return (rig_result){.ok = false};
    }
    return read_auth(reply.auth, request.path, lease, fault, err);
}

/* With the lock held. */
static void adopt(struct rig_vault *vault, struct lease *lease, bool renewed)
{
    struct rig_vault_session *session = &vault->session;
    const int64_t now_ms = rig_clock_now_ms(vault->clock);
    const bool lasting = lease->lease_ms == 0;
    /* near its max_ttl a token gets ever shorter renewals: the next step is another login */
    const bool ending = renewed && !lasting && lease->lease_ms < session->lease_ms / 2;

    rig_buf_free(&session->token);
    session->token = lease->token;
    lease->token = (struct rig_buf){.secret = true};
    if (!renewed) {
        session->own = lease->own;
        session->lease_ms = lease->lease_ms;
        session->generation++;
    }
    session->renewable = lease->renewable && !ending;
    session->expires_at_ms = lasting ? NEVER : now_ms + lease->lease_ms;
    session->renew_at_ms = lasting || (!session->renewable && !session->own)
                               ? NEVER
                               : now_ms + lease->lease_ms / 3 * 2;
}

/* A renewal that failed while the token still lasts is tried again when a tenth of its rest is
 * over. */
static void postpone(struct rig_vault *vault, bool refused)
{
    struct rig_vault_session *session = &vault->session;
    const int64_t now_ms = rig_clock_now_ms(vault->clock);
    const int64_t rest_ms = session->expires_at_ms - now_ms;

    if (refused) {
        session->renewable = false;
    }
    session->renew_at_ms = refused && !session->own ? NEVER : now_ms + rest_ms / 10 + 1;
}

static rig_result obtain(struct rig_vault *vault, struct lease *lease, enum rig_vault_fault *fault,
                         struct rig_wait wait, struct rig_error *err)
{
    return vault->login_kind == RIG_VAULT_TOKEN ? look_up(vault, lease, fault, wait, err)
                                                : log_in(vault, lease, fault, wait, err);
}

/* Renewal, and another login where that is refused; without the lock, by one thread at a time. */
static rig_result refresh(struct rig_vault *vault, const char *token, bool renewable,
                          struct lease *lease, bool *renewed, bool *refused,
                          enum rig_vault_fault *fault, struct rig_wait wait, struct rig_error *err)
{
    rig_result result;

    *renewed = false;
    *refused = false;
    if (token[0] == '\0' || (!renewable && vault->login_kind != RIG_VAULT_TOKEN)) {
        return obtain(vault, lease, fault, wait, err);
    }
    result = renew(vault, token, lease, fault, wait, err);
    *renewed = result.ok;
    *refused = !result.ok && err->cls != RIG_CLASS_NETWORK && err->cls != RIG_CLASS_CANCELLED &&
               err->code != RIG_E_UNAVAILABLE;
    if (*refused && vault->login_kind != RIG_VAULT_TOKEN) {
        rig_buf_reset(&lease->token);
        result = obtain(vault, lease, fault, wait, err);
    }
    return result;
}

static void announce(struct rig_vault_session *session)
{
    const uint64_t one = 1;

    session->busy = false;
    if (write(session->changed_fd, &one, sizeof one) < 0) {
        /* a full counter polls readable too */
    }
}

/* Called and left with the lock held; the work between is done without it. */
static rig_result take_a_turn(struct rig_vault *vault, enum rig_vault_fault *fault,
                              struct rig_wait wait, struct rig_error *err)
{
    struct rig_vault_session *session = &vault->session;
    RIG_AUTO(free_lease) struct lease lease = {.token = {.secret = true}};
    RIG_AUTO(rig_buf_free) struct rig_buf token = {.secret = true};
    const bool renewable = session->renewable;
    uint64_t drained = 0;
    bool renewed = false;
    bool refused = false;
    rig_result result = rig_buf_append(&token, session->token.data, session->token.len, err);

    session->busy = true;
    if (read(session->changed_fd, &drained, sizeof drained) < 0) {
        /* nobody announced anything since */
    }
    (void)pthread_mutex_unlock(&session->lock);
    if (result.ok) {
        result = refresh(vault, rig_buf_text(&token), renewable, &lease, &renewed, &refused, fault,
                         wait, err);
    }
    (void)pthread_mutex_lock(&session->lock);
    if (result.ok) {
        adopt(vault, &lease, renewed);
        *fault = RIG_VAULT_FAULT_NONE;
    } else if (session->token.len != 0 && rig_clock_now_ms(vault->clock) < session->expires_at_ms &&
               err->cls != RIG_CLASS_CANCELLED) {
        postpone(vault, refused);
        *fault = RIG_VAULT_FAULT_NONE;
        result = RIG_DONE;
    } else {
        rig_buf_reset(&session->token);
    }
    announce(session);
    return result;
}

rig_result rig_vault_session_token(struct rig_vault *vault, struct rig_buf *token,
                                   uint64_t *generation, enum rig_vault_fault *fault,
                                   struct rig_wait wait, struct rig_error *err)
{
    struct rig_vault_session *session = &vault->session;
    rig_result result = RIG_DONE;

    (void)pthread_mutex_lock(&session->lock);
    while (result.ok) {
        const int64_t now_ms = rig_clock_now_ms(vault->clock);
        const bool have = session->token.len != 0;

        if (have &&
            (now_ms < session->renew_at_ms || (session->busy && now_ms < session->expires_at_ms))) {
            result = rig_buf_append(token, session->token.data, session->token.len, err);
            *generation = session->generation;
            break;
        }
        if (!session->busy) {
            result = take_a_turn(vault, fault, wait, err);
            continue;
        }
        (void)pthread_mutex_unlock(&session->lock);
        result = rig_wait_fd(wait, session->changed_fd, POLLIN, "the login of another board", err);
        (void)pthread_mutex_lock(&session->lock);
    }
    (void)pthread_mutex_unlock(&session->lock);
    return result;
}

bool rig_vault_session_drop(struct rig_vault *vault, uint64_t generation)
{
    struct rig_vault_session *session = &vault->session;
    bool helps;

    (void)pthread_mutex_lock(&session->lock);
    if (session->generation == generation && !session->busy) {
        rig_buf_reset(&session->token);
    }
    helps = vault->login_kind != RIG_VAULT_TOKEN;
    (void)pthread_mutex_unlock(&session->lock);
    return helps;
}

/* ---- facts ---- */

rig_result rig_vault_token_facts(struct rig_vault *vault, struct rig_vault_token_facts *facts,
                                 struct rig_wait wait, struct rig_error *err)
{
    static const struct rig_vault_request request = {.method = RIG_VAULT_GET,
                                                     .path = "auth/token/lookup-self"};
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
    const char *accessor;
    const json_t *policy;
    json_t *policies;
    size_t i;

    *facts = (struct rig_vault_token_facts){0};
    RIG_TRY(rig_vault_call(vault, &request, &reply, wait, err));
    policies = json_object_get(reply.data, "policies");
    if (!json_is_array(policies)) {
        return rig_vault_fail(err, RIG_VAULT_FAULT_GARBAGE, "GET auth/token/lookup-self",
                              "no 'policies' in its answer", NULL);
    }
    facts->policies = json_incref(policies);
    json_array_foreach(policies, i, policy)
    {
        facts->root = facts->root ||
                      (json_is_string(policy) && strcmp(json_string_value(policy), "root") == 0);
    }
    facts->renewable = json_is_true(json_object_get(reply.data, "renewable"));
    facts->ttl_s = json_integer_value(json_object_get(reply.data, "ttl"));
    facts->num_uses = json_integer_value(json_object_get(reply.data, "num_uses"));
    accessor = json_string_value(json_object_get(reply.data, "accessor"));
    (void)rig_copy_text(facts->accessor, sizeof facts->accessor, accessor != NULL ? accessor : "");
    return RIG_DONE;
}

void rig_vault_token_facts_free(struct rig_vault_token_facts *facts)
{
    json_decref(facts->policies);
    *facts = (struct rig_vault_token_facts){0};
}
