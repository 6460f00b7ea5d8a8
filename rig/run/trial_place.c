/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/trial_place.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#define GOOD "good"
#define END_TIMEOUT_MS 10000

/* ---- what the fixtures give ---- */

static rig_result make_device(struct rig_trial_place *place, struct rig_error *err)
{
    const struct rig_trial_plan *trial = place->trial;
    const bool shown = trial->certificate[0] != '\0';
    RIG_AUTO(rig_pki_identity_free) struct rig_pki_identity unshown = {0};
    struct rig_pki_request request = {
        .kind = RIG_PKI_DEVICE,
        .name = shown ? trial->certificate : GOOD,
        .common_name = place->board->device_id,
    };

    if (trial->client == RIG_TRIAL_BOARD) {
        request.csr_der = place->board->cell.csr_der.data;
        request.csr_len = place->board->cell.csr_der.len;
    }
    RIG_TRY_IN(rig_pki_identity(place->board->services->world, &request,
                                shown ? &place->device : &unshown, err),
               err, "certificate of the board");
    const struct rig_pki_identity *trusting = shown ? &place->device : &unshown;
    return rig_buf_append(&place->trust_pem, trusting->roots_pem.data, trusting->roots_pem.len,
                          err);
}

static rig_result make_server(struct rig_trial_place *place, struct rig_error *err)
{
    const struct rig_pki_request request = {
        .kind = RIG_PKI_SERVER,
        .name = place->trial->server,
        .common_name = place->board->options->suite->server_name,
    };

    RIG_TRY_IN(rig_pki_identity(place->board->services->world, &request, &place->server, err), err,
               "certificate of the server");
    return RIG_DONE;
}

static rig_result make_crls(struct rig_trial_place *place, struct rig_error *err)
{
    struct rig_pki_world *world = place->board->services->world;

    if (place->trial->crls[0] != '\0') {
        RIG_TRY_IN(rig_pki_crls(world, place->trial->crls, &place->crls, err), err, "CRLs");
    }
    if (place->trial->board_crls[0] != '\0') {
        RIG_TRY_IN(rig_pki_crls(world, place->trial->board_crls, &place->board_crls, err), err,
                   "CRLs of the board");
    }
    return RIG_DONE;
}

/* ---- the responder ---- */

static bool answer_ocsp(void *ctx, const uint8_t *request, size_t n_request, struct rig_buf *out)
{
    const struct rig_trial_place *place = ctx;
    RIG_AUTO(rig_pki_ocsp_free) struct rig_pki_ocsp answer = {0};
    struct rig_error ignored;

    return rig_pki_ocsp_answer(place->board->services->world, place->trial->ocsp.answer, request,
                               n_request, &answer, &ignored)
               .ok &&
           rig_buf_append(out, answer.der.data, answer.der.len, &ignored).ok;
}

static enum rig_ocsp_behaviour behaviour_of(const struct rig_pki_ocsp_recipe *recipe)
{
    if (recipe->down) {
        return RIG_OCSP_DOWN;
    }
    if (recipe->delay_ms != 0) {
        return RIG_OCSP_SLOW;
    }
    /* a page, not an answer of OCSP behind an error of HTTP */
    return recipe->garbage && recipe->http_status / 100 > 2 ? RIG_OCSP_HTTP_ERROR
                                                            : RIG_OCSP_ANSWERS;
}

static rig_result start_responder(struct rig_trial_place *place, struct rig_error *err)
{
    const struct rig_pki_ocsp_recipe *recipe;
    struct rig_ocsp_responder_options options = {.answer = answer_ocsp, .ctx = place};

    if (place->trial->ocsp.answer[0] == '\0') {
        return RIG_DONE;
    }
    recipe =
        rig_fixtures_find_ocsp(place->board->options->suite->fixtures, place->trial->ocsp.answer);
    if (recipe == NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                        "no OCSP answer '%s' in the fixtures", place->trial->ocsp.answer);
    }
    options.behaviour = behaviour_of(recipe);
    options.delay_ms = recipe->delay_ms;
    options.http_status = recipe->http_status;
    return rig_ocsp_responder_start(&options, &place->responder, err);
}

/* ---- the server ---- */

static const char *text_or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static void lay_tls(const struct rig_trial_tls *tls, struct rig_tls_settings *settings)
{
    settings->min_version = tls->min_version != 0 ? tls->min_version : settings->min_version;
    settings->max_version = tls->max_version != 0 ? tls->max_version : settings->max_version;
    settings->security_level =
        tls->security_level >= 0 ? tls->security_level : settings->security_level;
    settings->ciphers = text_or_null(tls->ciphers);
    settings->suites = text_or_null(tls->suites);
    settings->groups = text_or_null(tls->groups);
    settings->client_signatures = text_or_null(tls->signatures);
}

void rig_trial_settings(const struct rig_board *board, const struct rig_step_plan *plan,
                        struct rig_tls_settings *settings)
{
    static const struct rig_tls_device_policy policy = {0};
    const struct rig_trial_plan *trial = plan->trial;
    const struct rig_trial_server *side = &trial->server_side;

    lay_tls(&side->tls, settings);
    settings->verify_depth = side->verify_depth;
    settings->max_chain_bytes = side->max_chain_bytes;
    settings->crl_check = side->crl_check;
    settings->sni_policy = side->sni_policy;
    settings->server_names = board->options->suite->server_name;
    settings->request_renegotiation = side->asks_renegotiation;
    if (side->fault != RIG_TLS_FAULT_NONE) {
        settings->fault = side->fault;
    }
    settings->fault_alert = side->fault_alert;
    settings->resumption = trial->session == RIG_TRIAL_SESSION_ID ? RIG_TLS_RESUMPTION_CACHE
                           : trial->session == RIG_TRIAL_TICKET   ? RIG_TLS_RESUMPTION_TICKETS
                                                                  : RIG_TLS_RESUMPTION_OFF;
    settings->resumption_revalidates = !side->naive_resumption;
    settings->capture = true; /* of sessions with certificates that nobody trusts */
    settings->policy = &policy;
    settings->policy_refuses = trial->device_policy;
    if (trial->ocsp.answer[0] != '\0') {
        settings->ocsp.url = ""; /* that of the responder, when there is one */
        settings->ocsp.fail_open = trial->ocsp.fail_open;
        settings->ocsp.rules.nonce = trial->ocsp.nonce;
    }
}

static int64_t moved_now_ms(void *ctx)
{
    const struct rig_trial_place *place = ctx;

    return rig_clock_now_ms(place->board->options->clock) + atomic_load(&place->passed_ms);
}

/* A change of the clock is nobody else's: a server of the trial's own has it. */
static rig_result choose_server(struct rig_trial_place *place, struct rig_tls_server **server,
                                struct rig_error *err)
{
    const struct rig_run_options *options = place->board->options;
    struct rig_tls_server_options own = {.clock = &place->clock};

    *server = place->board->services->server;
    if (place->trial->change.clock_ms == 0) {
        return RIG_DONE;
    }
    place->clock = (struct rig_clock){.now_ms = moved_now_ms, .ctx = place};
    rig_server_address(options, &own);
    RIG_TRY(rig_tls_server_start(&own, &place->own_server, err));
    *server = place->own_server;
    return RIG_DONE;
}

static bool is_enrolled(void *ctx, STACK_OF(X509) * verified_chain, char *reason,
                        size_t reason_size)
{
    const struct rig_trial_place *place = ctx;
    const bool enrolled = !atomic_load(&place->not_enrolled);

    (void)verified_chain;
    (void)rig_copy_text(reason, reason_size, enrolled ? "enrolled" : "not enrolled any more");
    return enrolled;
}

static rig_result open_one(struct rig_trial_place *place, struct rig_tls_server *server,
                           const struct rig_tls_settings *settings, bool other,
                           struct rig_error *err)
{
    if (place->board->options->profile != NULL) {
        return rig_other_server_start(
            place->board, settings, other ? &place->other_nginx : &place->nginx, place->wait, err);
    }
    return rig_tls_endpoint_open(server, settings, other ? &place->other : &place->endpoint, err);
}

/* Two servers with one ticket key: the trial's, and the one where its session is offered. */
static rig_result open_both(struct rig_trial_place *place, struct rig_tls_server *server,
                            struct rig_tls_settings *settings, struct rig_error *err)
{
    uint8_t ticket_key[RIG_TLS_TICKET_KEY_BYTES];
    rig_result result;

    if (RAND_bytes(ticket_key, sizeof ticket_key) != 1) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "no random bytes from OpenSSL");
    }
    settings->ticket_key = ticket_key;
    result = open_one(place, server, settings, true, err);
    if (result.ok) {
        result = open_one(place, server, settings, false, err);
    }
    settings->ticket_key = NULL;
    OPENSSL_cleanse(ticket_key, sizeof ticket_key);
    return result;
}

static rig_result open_endpoints(struct rig_trial_place *place, struct rig_error *err)
{
    struct rig_tls_server *server = NULL;
    const struct rig_server_identity identity = {.chain_pem = place->server.chain_pem,
                                                 .key_pem = place->server.key_pem};
    struct rig_tls_settings settings;

    rig_handshake_settings(place->board, &identity,
                           place->crls.len != 0 ? rig_buf_text(&place->crls) : NULL,
                           place->plan->timeout_ms, &settings);
    rig_trial_settings(place->board, place->plan, &settings);
    settings.client_roots_pem = rig_buf_text(&place->trust_pem);
    if (place->responder != NULL) {
        settings.ocsp.url = rig_ocsp_responder_url(place->responder);
    }
    if (place->trial->change.disables_enrolment) {
        settings.enrolment = (struct rig_tls_enrolment_hook){.allows = is_enrolled, .ctx = place};
    }
    RIG_TRY(choose_server(place, &server, err));
    return place->trial->change.other_endpoint ? open_both(place, server, &settings, err)
                                               : open_one(place, server, &settings, false, err);
}

/* ---- the board ---- */

static rig_result tell_board(struct rig_trial_place *place, struct rig_error *err)
{
    const struct rig_agent_slot slot = {
        .chain_pem =
            place->trial->certificate[0] != '\0' ? rig_buf_text(&place->device.chain_pem) : NULL,
        .roots_pem = rig_buf_text(&place->server.roots_pem),
        .crls_pem = place->board_crls.len != 0 ? rig_buf_text(&place->board_crls) : NULL,
    };
    struct rig_board *board = place->board;

    place->board_told = true;
    if (place->trial->board_clock_ms != 0) {
        RIG_TRY(rig_agent_set_time(
            board->agent, rig_clock_now_ms(board->options->clock) + place->trial->board_clock_ms,
            place->wait, err));
    }
    return rig_present_slot_of(board, &slot, place->device.leaf_sha256, &place->presented,
                               place->wait, err);
}

rig_result rig_trial_place_set(struct rig_trial_place *place, struct rig_error *err)
{
    RIG_TRY(make_device(place, err));
    RIG_TRY(make_server(place, err));
    RIG_TRY(make_crls(place, err));
    RIG_TRY(start_responder(place, err));
    RIG_TRY(open_endpoints(place, err));
    if (place->trial->client == RIG_TRIAL_REFERENCE) {
        place->presented.has_certificate = place->trial->certificate[0] != '\0';
        place->presented.n_chain = (unsigned)place->device.n_chain;
        memcpy(place->presented.sha256, place->device.leaf_sha256, RIG_SHA256_SIZE);
        return RIG_DONE;
    }
    return tell_board(place, err);
}

/* ---- handshakes ---- */

static rig_result shake_board(struct rig_trial_place *place, bool at_other,
                              struct rig_both_sides *both, json_t *evidence, struct rig_error *err)
{
    static const enum rig_agent_session sessions[] = {
        [RIG_TRIAL_FULL] = RIG_AGENT_FULL,
        [RIG_TRIAL_SESSION_ID] = RIG_AGENT_SESSION_ID,
        [RIG_TRIAL_TICKET] = RIG_AGENT_SESSION_TICKET,
    };
    const struct rig_handshake handshake = {
        .presented = &place->presented,
        .expected_name = text_or_null(place->server.expected_name),
        .any_name = place->server.expected_name[0] == '\0',
        .slot_crls = place->board_crls.len != 0,
        .session = sessions[place->trial->session],
        .nginx = at_other ? place->other_nginx : place->nginx,
    };

    return rig_handshake_run(place->board, at_other ? place->other : place->endpoint, &handshake,
                             both, evidence, place->wait, err);
}

/* The reference client's words in the form of a board's. */
static void report_as_board(const struct rig_tls_client_report *client,
                            const struct rig_trial_place *place,
                            struct rig_agent_handshake_report *device)
{
    static const uint8_t none[sizeof client->client_random] = {0};

    *device = (struct rig_agent_handshake_report){
        .connected = client->connected,
        .handshake_done = client->handshake_done,
        .echoed = client->echoed,
        .resumed = client->resumed,
        .tls_code = -client->error_reason,
        .alert_sent = client->alert_sent,
        .alert_received = client->alert_received,
        .has_client_random = memcmp(client->client_random, none, sizeof none) != 0,
        .offered = place->presented.has_certificate,
        .has_server = client->peer_presented,
        .connect_ms = client->connect_ns / RIG_NS_PER_MS,
        .handshake_ms = client->handshake_ns / RIG_NS_PER_MS,
    };
    memcpy(device->client_random, client->client_random, sizeof device->client_random);
    memcpy(device->offered_sha256, place->presented.sha256, RIG_SHA256_SIZE);
    memcpy(device->server_sha256, client->peer_sha256, RIG_SHA256_SIZE);
    (void)rig_copy_text(device->version, sizeof device->version, client->version);
    (void)rig_copy_text(device->cipher, sizeof device->cipher, client->cipher);
    (void)rig_copy_text(device->text, sizeof device->text, client->error_text);
}

static rig_result shake_reference(struct rig_trial_place *place, bool at_other,
                                  struct rig_both_sides *both, json_t *evidence,
                                  struct rig_error *err)
{
    const struct rig_suite *suite = place->board->options->suite;
    const struct rig_trial_reference *reference = &place->trial->reference;
    const char *name = reference->sni[0] != '\0' ? reference->sni : suite->server_name;
    RIG_AUTO(rig_tls_client_report_free) struct rig_tls_client_report report = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf request = {0};
    struct rig_tls_endpoint *endpoint = at_other ? place->other : place->endpoint;
    struct rig_nginx *nginx = at_other ? place->other_nginx : place->nginx;
    struct rig_tls_client_settings settings = {
        .host = suite->server_bind[0] != '\0' ? suite->server_bind : "127.0.0.1",
        .port = nginx != NULL ? rig_nginx_port(nginx) : rig_tls_endpoint_port(endpoint),
        .min_version = reference->tls.min_version,
        .max_version = reference->tls.max_version,
        .security_level = reference->tls.security_level >= 0 ? reference->tls.security_level : 0,
        .ciphers = text_or_null(reference->tls.ciphers),
        .suites = text_or_null(reference->tls.suites),
        .groups = text_or_null(reference->tls.groups),
        .signatures = text_or_null(reference->tls.signatures),
        .certificate_pem =
            place->presented.has_certificate ? rig_buf_text(&place->device.chain_pem) : NULL,
        .key_pem = place->presented.has_certificate ? rig_buf_text(&place->device.key_pem) : NULL,
        .mismatched_key = reference->mismatched_key,
        .sni = strcmp(name, "-") == 0 ? NULL : name,
        .roots_pem = rig_buf_text(&place->server.roots_pem),
        .expected_name = text_or_null(place->server.expected_name),
        .clock = place->board->options->clock,
        .session = place->trial->session != RIG_TRIAL_FULL ? &place->session : NULL,
        .no_ticket = place->trial->session == RIG_TRIAL_SESSION_ID,
        .renegotiate = reference->renegotiates,
        .n_echo_bytes = 16,
    };

    if (nginx != NULL) {
        RIG_TRY(rig_handshake_nonce(both->nonce, err));
        RIG_TRY(rig_buf_printf(&request, err,
                               "GET /?rig=%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
                               both->nonce, suite->server_name));
        settings.http_request = rig_buf_text(&request);
    }
    RIG_TRY(rig_tls_client_run(&settings, place->wait, &report, err));
    report_as_board(&report, place, &both->device);
    if (nginx != NULL) {
        both->device.http_status = (unsigned)report.http_status;
        both->device.echoed = report.http_status / 100 == 2 && report.response.len != 0 &&
                              strstr(rig_buf_text(&report.response), both->nonce) != NULL;
        RIG_TRY(rig_other_server_collect(nginx, both, place->wait, err));
        rig_handshake_evidence(both, evidence);
        return RIG_DONE;
    }
    RIG_TRY(rig_handshake_collect(endpoint, both, place->wait, err));
    rig_handshake_evidence(both, evidence);
    return RIG_DONE;
}

rig_result rig_trial_shake(struct rig_trial_place *place, bool at_other,
                           struct rig_both_sides *both, json_t *evidence, struct rig_error *err)
{
    rig_both_sides_free(both);
    *both = (struct rig_both_sides){0};
    return place->trial->client == RIG_TRIAL_BOARD
               ? shake_board(place, at_other, both, evidence, err)
               : shake_reference(place, at_other, both, evidence, err);
}

/* ---- the change ---- */

static rig_result change_trust(struct rig_trial_place *place, struct rig_error *err)
{
    const struct rig_pki_request request = {.kind = RIG_PKI_AUTHORITY,
                                            .name = place->trial->change.trust};
    RIG_AUTO(rig_pki_identity_free) struct rig_pki_identity authority = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};

    RIG_TRY(rig_pki_identity(place->board->services->world, &request, &authority, err));
    RIG_TRY(rig_buf_append_text(&pem, rig_buf_text(&authority.chain_pem), err));
    rig_buf_reset(&place->trust_pem);
    return rig_buf_append(&place->trust_pem, pem.data, pem.len, err);
}

rig_result rig_trial_apply_change(struct rig_trial_place *place, struct rig_error *err)
{
    const struct rig_trial_change *change = &place->trial->change;
    struct rig_tls_trust_texts texts;
    struct rig_tls_loaded loaded;

    atomic_store(&place->passed_ms, change->clock_ms);
    atomic_store(&place->not_enrolled, change->disables_enrolment);
    if (change->board_crls[0] != '\0') {
        rig_buf_reset(&place->board_crls);
        RIG_TRY(rig_pki_crls(place->board->services->world, change->board_crls, &place->board_crls,
                             err));
        RIG_TRY(tell_board(place, err));
    }
    if (place->nginx != NULL && change->crls[0] == '\0' && change->trust[0] == '\0') {
        return RIG_DONE; /* a reload alone changes nginx: its tickets' keys */
    }
    if (change->crls[0] != '\0') {
        rig_buf_reset(&place->crls);
        RIG_TRY(rig_pki_crls(place->board->services->world, change->crls, &place->crls, err));
    }
    if (change->trust[0] != '\0') {
        RIG_TRY(change_trust(place, err));
    }
    texts = (struct rig_tls_trust_texts){
        .client_roots_pem = rig_buf_text(&place->trust_pem),
        .crls_pem = place->crls.len != 0 ? rig_buf_text(&place->crls) : NULL,
    };
    if (place->nginx != NULL) {
        return rig_nginx_reload(place->other_nginx != NULL ? place->other_nginx : place->nginx,
                                &texts, place->wait, err);
    }
    return rig_tls_endpoint_reload(place->other != NULL ? place->other : place->endpoint, &texts,
                                   &loaded, err);
}

/* ---- the end ---- */

rig_result rig_trial_place_end(struct rig_trial_place *place, struct rig_error *err)
{
    struct rig_board *board = place->board;
    const struct rig_wait wait = rig_wait_within(board->limit, END_TIMEOUT_MS);

    if (!place->board_told || board->agent == NULL) {
        return RIG_DONE;
    }
    place->board_told = false;
    if (place->trial->board_clock_ms != 0) {
        RIG_TRY(
            rig_agent_set_time(board->agent, rig_clock_now_ms(board->options->clock), wait, err));
    }
    return rig_agent_slot_clear(board->agent, wait, err);
}

void rig_trial_place_free(struct rig_trial_place *place)
{
    rig_auto_endpoint(&place->endpoint);
    rig_auto_endpoint(&place->other);
    rig_auto_tls_server(&place->own_server);
    rig_auto_nginx(&place->nginx);
    rig_auto_nginx(&place->other_nginx);
    rig_auto_ocsp_responder(&place->responder);
    rig_auto_tls_client_session(&place->session);
    rig_pki_identity_free(&place->device);
    rig_pki_identity_free(&place->server);
    rig_buf_free(&place->trust_pem);
    rig_buf_free(&place->crls);
    rig_buf_free(&place->board_crls);
}
