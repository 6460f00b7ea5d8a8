/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/handshake.h"

#include "rig/ca/pki.h"
#include "rig/run/evidence.h"
#include "rig/run/other_server.h"
#include "rig/tls/ciphers.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define EVIDENCE_TIMEOUT_MS 3000
#define LATE_EVIDENCE_TIMEOUT_MS 300
#define HANDSHAKE_MARGIN_MS 2000

static unsigned n_certificates(const char *pem)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    unsigned n = 0;

    for (const char *at = strstr(pem, begin); at != NULL; at = strstr(at + 1, begin)) {
        n++;
    }
    return n;
}

void rig_present_installed(const struct rig_board *board, struct rig_presented *presented)
{
    const struct rig_cell *cell = &board->cell;

    *presented = (struct rig_presented){
        .source = RIG_AGENT_FLASH,
        .roots = RIG_AGENT_FLASH,
        .has_certificate = true,
        .n_chain = cell->chain.known ? cell->chain.n + 1
                                     : n_certificates(rig_buf_text(&cell->certificate.chain_pem)),
        .chain = cell->chain,
    };
    memcpy(presented->sha256, cell->certificate.sha256, RIG_SHA256_SIZE);
}

rig_result rig_present_slot(struct rig_board *board, const char *chain_pem, const char *roots_pem,
                            const uint8_t *leaf_sha256, struct rig_presented *presented,
                            struct rig_wait wait, struct rig_error *err)
{
    const struct rig_agent_slot slot = {.chain_pem = chain_pem, .roots_pem = roots_pem};

    return rig_present_slot_of(board, &slot, leaf_sha256, presented, wait, err);
}

/* What the board is to show behind its leaf, as far as a chain is compared. */
static rig_result expect_chain(const char *chain_pem, struct rig_presented *presented,
                               struct rig_error *err)
{
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *chain = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    struct rig_chain_expectation *const expected = &presented->chain;

    presented->n_chain = n_certificates(chain_pem);
    if (presented->n_chain < 2 || presented->n_chain > RIG_CHAIN_MAX + 1) {
        return RIG_DONE;
    }
    RIG_TRY(rig_pki_certificates_of_pem(chain_pem, "the test chain", &chain, err));
    for (int i = 1; i < sk_X509_num(chain); i++) {
        rig_buf_reset(&der);
        RIG_TRY(rig_pki_certificate_der(sk_X509_value(chain, i), &der, err));
        RIG_TRY(rig_pki_sha256(der.data, der.len, expected->sha256[expected->n++], err));
    }
    expected->known = true;
    return RIG_DONE;
}

rig_result rig_present_slot_of(struct rig_board *board, const struct rig_agent_slot *slot,
                               const uint8_t *leaf_sha256, struct rig_presented *presented,
                               struct rig_wait wait, struct rig_error *err)
{
    struct rig_agent_certificates state = {0};

    RIG_TRY(rig_agent_slot_load(board->agent, slot, wait, err));
    *presented = (struct rig_presented){
        .source = RIG_AGENT_NONE,
        .roots = slot->roots_pem != NULL ? RIG_AGENT_SLOT : RIG_AGENT_FLASH,
    };
    if (slot->chain_pem == NULL) {
        return RIG_DONE;
    }
    RIG_TRY(rig_agent_certificates(board->agent, RIG_AGENT_SLOT, &state, wait, err));
    if (!state.present || memcmp(state.leaf_sha256, leaf_sha256, RIG_SHA256_SIZE) != 0) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the board's slot does not hold the test certificate that was loaded");
    }
    presented->source = RIG_AGENT_SLOT;
    presented->has_certificate = true;
    memcpy(presented->sha256, leaf_sha256, RIG_SHA256_SIZE);
    return expect_chain(slot->chain_pem, presented, err);
}

void rig_handshake_settings(const struct rig_board *board,
                            const struct rig_server_identity *identity, const char *crls_pem,
                            int64_t timeout_ms, struct rig_tls_settings *settings)
{
    const struct rig_suite *suite = board->options->suite;

    *settings = (struct rig_tls_settings){
        .certificate_pem = rig_buf_text(&identity->chain_pem),
        .key_pem = rig_buf_text(&identity->key_pem),
        .client_roots_pem = rig_buf_text(&board->services->ca->root_pem),
        .crls_pem = crls_pem,
        .min_version = suite->min_tls,
        .max_version = suite->max_tls,
        .security_level = suite->security_level,
        .request_client_certificate = true,
        .connection_timeout_ms = timeout_ms,
        .fault = board->options->server_fault,
    };
}

rig_result rig_handshake_nonce(char nonce[RIG_NONCE_SIZE], struct rig_error *err)
{
    uint8_t bytes[(RIG_NONCE_SIZE - 1) / 2];

    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "no random bytes from OpenSSL");
    }
    rig_hex(bytes, sizeof bytes, nonce);
    return RIG_DONE;
}

/* The newest version of the suite's range that this firmware has. */
static enum rig_tls_version newest_version(const struct rig_board *board)
{
    const int max = board->options->suite->max_tls;

    return max == RIG_TLS_1_3 && !board->hello.tls13 ? RIG_TLS_1_2 : (enum rig_tls_version)max;
}

static rig_result speak_http(const struct rig_board *board, const struct rig_handshake *handshake,
                             struct rig_agent_handshake_request *request,
                             char path[RIG_HTTP_PATH_SIZE], struct rig_error *err)
{
    const struct rig_server_url *url = board->options->server_url;

    if (!board->hello.http) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_UNSUPPORTED,
                        "this firmware's agent is too old to ask a server by HTTP: its hello has "
                        "no http=yes");
    }
    if (url != NULL) {
        request->host = request->sni = request->expected_name = url->host;
        request->port = url->port;
    } else {
        request->port = rig_nginx_port(handshake->nginx);
    }
    rig_other_server_path(url != NULL ? url->path : "/", request->nonce, path);
    request->http_path = path;
    return RIG_DONE;
}

static rig_result shake_hands(struct rig_board *board, struct rig_tls_endpoint *endpoint,
                              const struct rig_handshake *handshake, struct rig_both_sides *both,
                              struct rig_wait wait, struct rig_error *err)
{
    const struct rig_suite *suite = board->options->suite;
    RIG_AUTO(rig_close_fd) int relay_fd = -1;
    const char *name =
        handshake->expected_name != NULL ? handshake->expected_name : suite->server_name;
    char path[RIG_HTTP_PATH_SIZE];
    struct rig_agent_handshake_request request = {
        .host = suite->server_host[0] != '\0' ? suite->server_host
                : board->options->loopback    ? "127.0.0.1"
                                              : board->run->hostname,
        .port = endpoint != NULL ? rig_tls_endpoint_port(endpoint) : 0,
        .sni = name,
        .expected_name = handshake->any_name ? NULL : name,
        .slot_crls = handshake->slot_crls,
        .session = handshake->session,
        .min_version = (enum rig_tls_version)suite->min_tls,
        .max_version = newest_version(board),
        .certificate = handshake->presented->source,
        .roots = handshake->presented->roots,
        .transport = suite->relay ? RIG_AGENT_RELAY : RIG_AGENT_DIRECT,
        .timeout_ms = rig_wait_left_ms(wait) - HANDSHAKE_MARGIN_MS,
        .nonce = handshake->text != NULL ? handshake->text : both->nonce,
        .relay_fd = -1,
    };

    if (request.max_version < request.min_version) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_UNSUPPORTED,
                        "the suite asks for TLS 1.3, this firmware has up to TLS 1.2");
    }
    if (request.timeout_ms <= 0) {
        return rig_fail(err, RIG_CLASS_NETWORK, RIG_E_TIMEOUT, "no time left for the handshake");
    }
    RIG_TRY(rig_handshake_nonce(both->nonce, err));
    if (endpoint == NULL) {
        RIG_TRY(speak_http(board, handshake, &request, path, err));
    } else if (suite->relay) {
        RIG_TRY(rig_tls_endpoint_connect(endpoint, &relay_fd, err));
        request.relay_fd = relay_fd;
    }
    return rig_agent_handshake(board->agent, &request, &both->device, wait, err);
}

static json_t *alert_json(int alert)
{
    return alert < 0 ? json_null() : json_string(rig_tls_alert_name(alert));
}

static void set_known(json_t *object, const char *key, bool known, const uint8_t *hash)
{
    if (known) {
        rig_evidence_set_hash(object, key, hash);
    }
}

/* What only some cases bring about. */
static void set_words(json_t *object, const struct rig_tls_evidence *server)
{
    char findings[256];

    if (server->resumed) {
        (void)json_object_set_new(object, "resumed_by",
                                  json_string(rig_tls_resumed_by_name(server->resumed_by)));
    }
    if (server->resumption_refused) {
        (void)json_object_set_new(object, "resumption_refused",
                                  json_string(server->revalidation_text));
    }
    if (server->refused_by != RIG_TLS_NOT_REFUSED) {
        (void)json_object_set_new(object, "refused_by",
                                  json_string(rig_tls_refusal_name(server->refused_by)));
        (void)json_object_set_new(object, "refusal", json_string(server->refusal_text));
    }
    if (server->misbehaved) {
        (void)json_object_set_new(object, "misbehaved", json_true());
    }
    if (server->policy_findings != 0) {
        rig_tls_findings_text(server->policy_findings, findings, sizeof findings);
        (void)json_object_set_new(object, "policy_findings", json_string(findings));
    }
    if (server->ocsp_result != RIG_TLS_OCSP_NOT_ASKED) {
        (void)json_object_set_new(object, "ocsp_result",
                                  json_string(rig_tls_ocsp_result_name(server->ocsp_result)));
        (void)json_object_set_new(object, "ocsp", json_string(server->ocsp_text));
    }
    if (server->enrolment_text[0] != '\0') {
        (void)json_object_set_new(object, "enrolment", json_string(server->enrolment_text));
    }
}

static json_t *intermediates_json(const struct rig_tls_evidence *server)
{
    json_t *list = json_array();

    for (unsigned i = 1; i < server->n_peer_chain && i < RIG_TLS_PEER_CHAIN_MAX; i++) {
        char hex[2 * RIG_SHA256_SIZE + 1];

        rig_hex(server->peer_chain_sha256[i], RIG_SHA256_SIZE, hex);
        (void)json_array_append_new(list, json_string(hex));
    }
    return list;
}

static void set_offers(json_t *object, const struct rig_tls_offers *offers)
{
    json_t *versions = json_array();
    json_t *ciphers = json_array();
    char text[RIG_TLS_CIPHER_TEXT_SIZE];

    for (size_t i = 0; i < offers->n_versions; i++) {
        rig_tls_version_text(offers->versions[i], text);
        (void)json_array_append_new(versions, json_string(text));
    }
    for (size_t i = 0; i < offers->n_ciphers; i++) {
        rig_tls_cipher_text(offers->ciphers[i], text);
        (void)json_array_append_new(ciphers, json_string(text));
    }
    (void)json_object_set_new(object, "offered_versions", versions);
    (void)json_object_set_new(object, "offered_ciphers", ciphers);
    if (offers->cut) {
        (void)json_object_set_new(object, "offered_more", json_true());
    }
}

static json_t *server_json(const struct rig_tls_evidence *server, unsigned n_strangers)
{
    json_t *object = json_object();

    (void)json_object_set_new(object, "client_hello", json_boolean(server->client_hello_seen));
    (void)json_object_set_new(object, "handshake_done", json_boolean(server->handshake_done));
    (void)json_object_set_new(object, "echoed", json_boolean(server->echoed));
    (void)json_object_set_new(object, "verify_error",
                              json_string(rig_tls_verify_error_name(server->verify_error)));
    (void)json_object_set_new(object, "verify_depth", json_integer(server->verify_depth));
    (void)json_object_set_new(object, "alert_sent", alert_json(server->alert_sent));
    (void)json_object_set_new(object, "alert_received", alert_json(server->alert_received));
    (void)json_object_set_new(object, "version", json_string(server->version));
    (void)json_object_set_new(object, "cipher", json_string(server->cipher));
    (void)json_object_set_new(object, "resumed", json_boolean(server->resumed));
    (void)json_object_set_new(object, "peer_chain", json_integer(server->n_peer_chain));
    (void)json_object_set_new(object, "peer_intermediates_sha256", intermediates_json(server));
    set_words(object, server);
    (void)json_object_set_new(object, "handshake_ms",
                              json_real((double)server->handshake_ns / 1e6));
    (void)json_object_set_new(object, "strangers", json_integer(n_strangers));
    set_known(object, "peer_sha256", server->peer_presented, server->peer_sha256);
    set_known(object, "client_random", server->client_hello_seen, server->client_random);
    if (server->client_hello_seen) {
        set_offers(object, &server->offers);
    }
    if (server->error_text[0] != '\0') {
        (void)json_object_set_new(object, "error", json_string(server->error_text));
    }
    return object;
}

/* Of a server that is not ours: only what it tells, or what the client saw of it. */
static json_t *other_server_json(const struct rig_both_sides *both)
{
    const struct rig_tls_evidence *server = &both->server;
    json_t *object = json_object();

    (void)json_object_set_new(object, "client_hello", json_boolean(server->client_hello_seen));
    (void)json_object_set_new(object, "handshake_done", json_boolean(server->handshake_done));
    (void)json_object_set_new(object, "http_status", json_integer(both->http_status));
    (void)json_object_set_new(object, "echoed", json_boolean(server->echoed));
    (void)json_object_set_new(object, "resumed", json_boolean(server->resumed));
    (void)json_object_set_new(object, "version", json_string(server->version));
    (void)json_object_set_new(object, "cipher", json_string(server->cipher));
    (void)json_object_set_new(object, "alert_seen", alert_json(server->alert_sent));
    (void)json_object_set_new(object, "alert_received", alert_json(server->alert_received));
    if (both->verify[0] != '\0') {
        (void)json_object_set_new(object, "client_verify", json_string(both->verify));
        (void)json_object_set_new(object, "verify_error",
                                  json_string(rig_tls_verify_error_name(server->verify_error)));
        (void)json_object_set_new(object, "configuration", json_integer(server->trust_generation));
    }
    set_known(object, "peer_sha256", server->peer_presented, server->peer_sha256);
    if (server->error_text[0] != '\0') {
        (void)json_object_set_new(object, "error", json_string(server->error_text));
    }
    return object;
}

static json_t *device_json(const struct rig_agent_handshake_report *device)
{
    json_t *object = json_object();
    char flags[16];
    char code[16];

    (void)snprintf(flags, sizeof flags, "0x%x", (unsigned)device->verify_flags);
    (void)snprintf(code, sizeof code, "%s0x%04x", device->tls_code != 0 ? "-" : "",
                   (unsigned)-device->tls_code);
    (void)json_object_set_new(object, "connected", json_boolean(device->connected));
    (void)json_object_set_new(object, "handshake_done", json_boolean(device->handshake_done));
    (void)json_object_set_new(object, "echoed", json_boolean(device->echoed));
    (void)json_object_set_new(object, "resumed", json_boolean(device->resumed));
    if (device->http_status != 0) {
        (void)json_object_set_new(object, "http_status", json_integer(device->http_status));
    }
    (void)json_object_set_new(object, "tls_code", json_string(code));
    (void)json_object_set_new(object, "verify_flags", json_string(flags));
    (void)json_object_set_new(object, "alert_sent", alert_json(device->alert_sent));
    (void)json_object_set_new(object, "alert_received", alert_json(device->alert_received));
    (void)json_object_set_new(object, "version", json_string(device->version));
    (void)json_object_set_new(object, "cipher", json_string(device->cipher));
    (void)json_object_set_new(object, "connect_ms", json_integer(device->connect_ms));
    (void)json_object_set_new(object, "handshake_ms", json_integer(device->handshake_ms));
    (void)json_object_set_new(object, "echo_ms", json_integer(device->echo_ms));
    set_known(object, "offered_sha256", device->offered, device->offered_sha256);
    set_known(object, "client_random", device->has_client_random, device->client_random);
    return object;
}

/* The other side's word on a handshake that the board did not report on, for the report only. */
static void keep_server_side(struct rig_tls_endpoint *endpoint, json_t *evidence,
                             struct rig_wait wait)
{
    struct rig_tls_evidence server = {0};
    struct rig_error ignored;
    unsigned n_strangers = 0;

    if (rig_tls_endpoint_evidence(endpoint, NULL, &server, &n_strangers,
                                  rig_wait_within(wait, LATE_EVIDENCE_TIMEOUT_MS), &ignored)
            .ok) {
        (void)json_object_set_new(evidence, "server", server_json(&server, n_strangers));
    }
}

void rig_handshake_evidence(const struct rig_both_sides *both, json_t *evidence)
{
    (void)json_object_set_new(evidence, "device", device_json(&both->device));
    (void)json_object_set_new(evidence, "server",
                              both->by_http ? other_server_json(both)
                                            : server_json(&both->server, both->n_strangers));
}

void rig_both_sides_free(struct rig_both_sides *both)
{
    rig_auto_tls_capture(&both->capture);
}

rig_result rig_handshake_collect(struct rig_tls_endpoint *endpoint, struct rig_both_sides *both,
                                 struct rig_wait wait, struct rig_error *err)
{
    const struct rig_agent_handshake_report *device = &both->device;

    return rig_tls_endpoint_evidence_and_capture(
        endpoint, device->has_client_random ? device->client_random : NULL, &both->server,
        &both->capture, &both->n_strangers, rig_wait_within(wait, EVIDENCE_TIMEOUT_MS), err);
}

rig_result rig_handshake_run(struct rig_board *board, struct rig_tls_endpoint *endpoint,
                             const struct rig_handshake *handshake, struct rig_both_sides *both,
                             json_t *evidence, struct rig_wait wait, struct rig_error *err)
{
    rig_result result;

    *both = (struct rig_both_sides){0};
    result = shake_hands(board, endpoint, handshake, both, wait, err);
    if (!result.ok && endpoint != NULL) {
        keep_server_side(endpoint, evidence, wait);
    }
    RIG_TRY(result);
    (void)json_object_set_new(evidence, "device", device_json(&both->device));
    if (endpoint != NULL) {
        RIG_TRY(rig_handshake_collect(endpoint, both, wait, err));
    } else if (handshake->nginx != NULL) {
        RIG_TRY(rig_other_server_collect(handshake->nginx, both, wait, err));
    } else {
        rig_other_server_guess(both);
    }
    rig_handshake_evidence(both, evidence);
    return RIG_DONE;
}
