/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/other_server.h"

#include "rig/base/file.h"
#include "rig/ca/pki.h"
#include "rig/run/trial_place.h"

#include <stdio.h>
#include <string.h>

#define EVIDENCE_TIMEOUT_MS 3000
#define PORT_DEFAULT 443

/* ---- the address ---- */

static rig_result bad_url(const char *text, struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                    "--server '%.120s' is no address of a server: give https://HOST[:PORT][/PATH], "
                    "or the file of a profile",
                    text);
}

static bool is_path(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~' || *at == '#') {
            return false;
        }
    }
    return true;
}

/* "host", "host:8443", "[::1]:8443" */
static bool split_authority(const char *text, size_t n_text, struct rig_server_url *url)
{
    char authority[sizeof url->host + 16];
    char *host = authority;
    char *colon;
    char *end = NULL;
    unsigned long port;

    if (n_text == 0 || n_text >= sizeof authority || memchr(text, '@', n_text) != NULL) {
        return false;
    }
    memcpy(authority, text, n_text);
    authority[n_text] = '\0';
    colon = strrchr(authority, ':');
    url->port = PORT_DEFAULT;
    if (authority[0] == '[') {
        char *close = strchr(authority, ']');

        if (close == NULL || (close[1] != '\0' && close[1] != ':')) {
            return false;
        }
        host++;
        *close = '\0';
        colon = close[1] == ':' ? close + 1 : NULL;
    }
    if (colon != NULL) {
        *colon = '\0';
        port = strtoul(colon + 1, &end, 10);
        if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || port == 0 || port > 65535) {
            return false;
        }
        url->port = (uint16_t)port;
    }
    return host[0] != '\0' && is_path(host) && rig_copy_text(url->host, sizeof url->host, host);
}

rig_result rig_server_url_parse(const char *text, struct rig_server_url *url, struct rig_error *err)
{
    static const char scheme[] = "https://";
    const char *authority = text + sizeof scheme - 1;
    const char *path;

    *url = (struct rig_server_url){0};
    if (strncmp(text, scheme, sizeof scheme - 1) != 0) {
        return bad_url(text, err);
    }
    path = authority + strcspn(authority, "/?#");
    if (!split_authority(authority, (size_t)(path - authority), url) || !is_path(path) ||
        *path == '?' || !rig_copy_text(url->path, sizeof url->path, *path != '\0' ? path : "/")) {
        return bad_url(text, err);
    }
    return RIG_DONE;
}

rig_result rig_server_roots_check(const char *pem, const char *path, struct rig_error *err)
{
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *found = NULL;

    if (strstr(pem, "PRIVATE KEY-----") != NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "--server-root '%.120s' holds a private key: give a file that holds the "
                        "root's certificate alone",
                        path);
    }
    if (!rig_pki_certificates_of_pem(pem, path, &found, err).ok) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "--server-root '%.120s' holds no certificate that can be read: give the "
                        "root's certificate in PEM",
                        path);
    }
    return RIG_DONE;
}

void rig_other_server_path(const char *path, const char *nonce, char out[RIG_HTTP_PATH_SIZE])
{
    (void)snprintf(out, RIG_HTTP_PATH_SIZE, "%s%crig=%s", path,
                   strchr(path, '?') != NULL ? '&' : '?', nonce);
}

/* ---- what can be played ---- */

static const char *url_cannot(const struct rig_step_plan *plan, bool relay)
{
    if (plan->kind != RIG_STEP_CASE) {
        return "a server that runs already trusts the CA of production, not that of fixtures";
    }
    if (relay) {
        return "boards reach it over their own network: use transport: direct";
    }
    if (plan->handshake.server != RIG_SERVER_GOOD) {
        return "a server that runs already can't be told to show another certificate";
    }
    if (plan->handshake.offers != 0) {
        return "a server that runs already does not tell what a ClientHello offered";
    }
    return NULL;
}

static const char *nginx_cannot(const struct rig_board *board, const struct rig_step_plan *plan)
{
    struct rig_tls_settings settings = {0};

    if (plan->kind == RIG_STEP_ENROL) {
        return "nginx decides no registrations";
    }
    if (plan->kind == RIG_STEP_REVOCATION) {
        return "the revocation clock is that of the test server";
    }
    if (plan->handshake.offers != 0) {
        return "nginx does not tell what a ClientHello offered";
    }
    if (plan->kind == RIG_STEP_TRIAL && plan->trial->change.clock_ms != 0) {
        return "nginx's clock is the host's: time can't pass for it";
    }
    if (plan->kind == RIG_STEP_TRIAL && plan->trial->change.disables_enrolment) {
        return "nginx decides no registrations";
    }
    if (plan->kind == RIG_STEP_TRIAL) {
        rig_trial_settings(board, plan, &settings);
        settings.crls_pem = plan->trial->crls[0] != '\0' ? "" : NULL;
    }
    settings.relay_only = board->options->suite->relay;
    return rig_nginx_cannot(&settings);
}

bool rig_other_server_cannot(const struct rig_board *board, const struct rig_step_plan *plan,
                             char *reason, size_t reason_size)
{
    const struct rig_run_options *options = board->options;
    const struct rig_profile_case *item =
        options->profile != NULL ? rig_profile_find_case(options->profile, plan->name) : NULL;
    const char *cannot = NULL;

    if (!rig_step_is_case(plan) && plan->kind != RIG_STEP_REVOCATION) {
        return false;
    }
    if (options->server_url != NULL) {
        cannot = url_cannot(plan, options->suite->relay);
    } else if (item != NULL && item->ending == RIG_PROFILE_SKIP) {
        cannot = item->why;
    } else if (options->profile != NULL) {
        cannot = nginx_cannot(board, plan);
    }
    if (cannot != NULL) {
        (void)snprintf(reason, reason_size, "not run with this server: %s", cannot);
    }
    return cannot != NULL;
}

rig_result rig_other_server_start(const struct rig_board *board,
                                  const struct rig_tls_settings *settings, struct rig_nginx **nginx,
                                  struct rig_wait wait, struct rig_error *err)
{
    const struct rig_run_options *options = board->options;
    const struct rig_suite *suite = options->suite;
    RIG_AUTO(rig_free_chars) char *folder = NULL;
    struct rig_nginx_options wish = {
        .profile = options->profile,
        .bind_address = suite->server_bind[0] != '\0' ? suite->server_bind
                        : options->loopback           ? "127.0.0.1"
                                                      : NULL,
        .first_port = suite->first_port,
        .last_port = suite->last_port,
    };

    RIG_TRY(rig_path_join(options->out_folder, "servers", &folder, err));
    wish.parent_folder = folder;
    return rig_nginx_start(&wish, settings, nginx, wait, err);
}

/* ---- evidence ---- */

rig_result rig_other_server_collect(struct rig_nginx *nginx, struct rig_both_sides *both,
                                    struct rig_wait wait, struct rig_error *err)
{
    const struct rig_agent_handshake_report *device = &both->device;
    struct rig_tls_evidence *server = &both->server;
    struct rig_nginx_answer answer;

    RIG_TRY(rig_nginx_evidence(nginx, both->nonce, &answer,
                               rig_wait_within(wait, EVIDENCE_TIMEOUT_MS), err));
    *server = answer.evidence;
    both->by_http = true;
    both->http_status = answer.http_status;
    both->n_strangers = answer.n_strangers;
    (void)rig_copy_text(both->verify, sizeof both->verify, answer.verify);
    if (server->client_hello_seen && answer.http_status == 0) {
        server->alert_sent = device->alert_received;
        server->peer_presented = device->offered && device->verify_flags == 0;
        memcpy(server->peer_sha256, device->offered_sha256, RIG_SHA256_SIZE);
    }
    return RIG_DONE;
}

void rig_other_server_guess(struct rig_both_sides *both)
{
    struct rig_agent_handshake_report *device = &both->device;
    struct rig_tls_evidence *server = &both->server;

    both->by_http = true;
    both->runs_already = true;
    both->http_status = device->http_status;
    *server = (struct rig_tls_evidence){
        .client_hello_seen = device->connected && device->has_client_random,
        .handshake_done = device->handshake_done,
        .echoed = device->http_status / 100 == 2,
        .resumed = device->resumed,
        .peer_presented = device->offered && strcmp(device->client_shown, "empty") != 0 &&
                          strcmp(device->client_shown, "not-asked") != 0,
        .verify_depth = -1,
        .alert_sent = device->alert_received,
        .alert_received = device->alert_sent,
    };
    device->echoed = server->echoed; /* such a server need not give the nonce back */
    memcpy(server->peer_sha256, device->offered_sha256, RIG_SHA256_SIZE);
    if (strcmp(device->cipher, "none") != 0) { /* else no handshake came so far */
        (void)rig_copy_text(server->version, sizeof server->version, device->version);
        (void)rig_copy_text(server->cipher, sizeof server->cipher, device->cipher);
    }
}

/* ---- what is expected ---- */

static void lay_profile(const struct rig_profile_case *item, const struct rig_both_sides *both,
                        struct rig_case_plan *out)
{
    if (item->n_verify_errors != 0) {
        memcpy(out->verify_errors, item->verify_errors, sizeof item->verify_errors);
        out->n_verify_errors = item->n_verify_errors;
    }
    if (item->any_alert) {
        out->n_alerts = 0;
    }
    if (item->ending == RIG_PROFILE_ACCEPTED) {
        out->expect = RIG_EXPECT_ACCEPTED;
        out->resumed = both->server.resumed;
    } else if (item->ending == RIG_PROFILE_FAILS) {
        out->expect = RIG_EXPECT_FAILS;
    } else if (item->ending == RIG_PROFILE_REJECTED) {
        out->expect = RIG_EXPECT_SERVER_REJECTS;
    }
}

void rig_other_server_plan(const struct rig_board *board, const struct rig_step_plan *plan,
                           const struct rig_both_sides *both, struct rig_case_plan *out,
                           json_t *evidence)
{
    const struct rig_run_options *options = board->options;
    const struct rig_profile_case *item =
        options->profile != NULL ? rig_profile_find_case(options->profile, plan->name) : NULL;

    *out = plan->handshake;
    if (options->server_url != NULL) {
        out->n_verify_errors = 0; /* it tells nobody why */
        out->n_alerts = 0;
        out->allow_silent = true;
        (void)json_object_set_new(evidence, "other_server", json_string(options->server_url->host));
    }
    if (options->profile != NULL) {
        (void)json_object_set_new(evidence, "other_server", json_string(options->profile->name));
    }
    if (item != NULL) {
        lay_profile(item, both, out);
        (void)json_object_set_new(evidence, "declared", json_string(item->why));
    }
}

void rig_other_server_judged(const struct rig_both_sides *both, struct rig_judge_input *input)
{
    if (!both->by_http) {
        return;
    }
    input->by_http = true;
    input->http_status = both->http_status;
    input->runs_already = both->runs_already;
    input->n_expected_chain = 0;
    input->expected_chain = NULL;
}
