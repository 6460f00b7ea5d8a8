/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/agent/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A chip signs and verifies for seconds without reading its line: asking again earlier would only
 * be noise of our own. */
#define RETRY_MS 6000
#define GRACE_MS 4000 /* of silence beyond the handshake's own limit */

static const char *source_name(enum rig_agent_source source)
{
    static const char *const names[] = {
        [RIG_AGENT_NONE] = "none", [RIG_AGENT_FLASH] = "flash", [RIG_AGENT_SLOT] = "slot"};

    return names[source];
}

static rig_result put_version(struct rig_buf *command, const char *key,
                              enum rig_tls_version version, struct rig_error *err)
{
    if (version == RIG_TLS_ANY) {
        return RIG_DONE;
    }
    return rig_agent_put(command, key, version == RIG_TLS_1_3 ? "1.3" : "1.2", err);
}

static rig_result write_request(const struct rig_agent_handshake_request *request,
                                struct rig_buf *command, struct rig_error *err)
{
    const bool relay = request->transport == RIG_AGENT_RELAY;

    RIG_TRY(rig_buf_append_text(command, "handshake", err));
    RIG_TRY(rig_agent_put(command, "host", relay ? "relay" : request->host, err));
    RIG_TRY(rig_buf_printf(command, err, " port=%u", relay ? 1U : request->port));
    RIG_TRY(rig_agent_put(command, "name",
                          request->expected_name != NULL ? request->expected_name : "-", err));
    RIG_TRY(rig_agent_put(command, "sni", request->sni != NULL ? request->sni : "", err));
    RIG_TRY(put_version(command, "min", request->min_version, err));
    RIG_TRY(put_version(command, "max", request->max_version, err));
    RIG_TRY(rig_buf_printf(command, err, " use=%s roots=%s transport=%s timeout_ms=%lld",
                           source_name(request->certificate), source_name(request->roots),
                           relay ? "relay" : "direct", (long long)request->timeout_ms));
    if (request->slot_crls) {
        RIG_TRY(rig_agent_put(command, "crls", "slot", err));
    }
    if (request->session != RIG_AGENT_FULL) {
        RIG_TRY(rig_agent_put(command, "session",
                              request->session == RIG_AGENT_SESSION_ID ? "id" : "ticket", err));
    }
    if (request->http_path != NULL) {
        RIG_TRY(rig_agent_put(command, "http", request->http_path, err));
    }
    return request->nonce != NULL ? rig_agent_put(command, "text", request->nonce, err) : RIG_DONE;
}

/* ---- the report ---- */

static const char *value_of(const struct rig_agent_reply *reply, const char *key)
{
    const char *value = rig_agent_reply_value(reply, key);

    return value != NULL ? value : "";
}

/* "-0x2700", "0x00000000", "48" or "0"; false when it is no number. */
static bool parse_code(const char *text, long long low, long long high, long long *out)
{
    char *end = NULL;

    errno = 0;
    *out = strtoll(text, &end, 0);
    return end != text && *end == '\0' && errno == 0 && *out >= low && *out <= high;
}

static rig_result read_code(const struct rig_agent_reply *reply, const char *key, long long low,
                            long long high, long long *out, struct rig_error *err)
{
    const char *text = value_of(reply, key);

    if (strcmp(text, "none") == 0) {
        *out = -1;
        return RIG_DONE;
    }
    if (!parse_code(text, low, high, out)) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_PROTOCOL,
                        "the reply to 'handshake' has a wrong or no %s=%.40s", key, text);
    }
    return RIG_DONE;
}

static bool read_bytes(const struct rig_agent_reply *reply, const char *key, uint8_t bytes[32])
{
    struct rig_error ignored;

    return rig_hex_parse(value_of(reply, key), bytes, 32, &ignored).ok;
}

static rig_result read_report(const struct rig_agent_reply *reply,
                              struct rig_agent_handshake_report *report, struct rig_error *err)
{
    const char *stage = value_of(reply, "stage");
    const bool done = strcmp(stage, "done") == 0;
    const bool echo = strcmp(stage, "echo") == 0;
    long long number = 0;

    report->handshake_done = done || echo;
    report->connected = report->handshake_done || strcmp(stage, "handshake") == 0;
    report->echoed = strcmp(value_of(reply, "echoed"), "yes") == 0;
    report->resumed = strcmp(value_of(reply, "resumed"), "yes") == 0;
    RIG_TRY(read_code(reply, "mbedtls", INT32_MIN, 0, &number, err));
    report->tls_code = (int)number;
    RIG_TRY(read_code(reply, "flags", 0, UINT32_MAX, &number, err));
    report->verify_flags = (uint32_t)number;
    RIG_TRY(read_code(reply, "alert_sent", 0, 255, &number, err));
    report->alert_sent = (int)number;
    RIG_TRY(read_code(reply, "alert_received", 0, 255, &number, err));
    report->alert_received = (int)number;
    RIG_TRY(read_code(reply, "connect_ms", 0, INT32_MAX, &number, err));
    report->connect_ms = number;
    RIG_TRY(read_code(reply, "handshake_ms", 0, INT32_MAX, &number, err));
    report->handshake_ms = number;
    RIG_TRY(read_code(reply, "echo_ms", 0, INT32_MAX, &number, err));
    report->echo_ms = number;
    if (rig_agent_reply_value(reply, "http_status") != NULL) {
        RIG_TRY(read_code(reply, "http_status", 100, 999, &number, err));
        report->http_status = (unsigned)number;
    }
    (void)rig_copy_text(report->version, sizeof report->version, value_of(reply, "version"));
    (void)rig_copy_text(report->cipher, sizeof report->cipher, value_of(reply, "cipher"));
    (void)rig_copy_text(report->client_shown, sizeof report->client_shown,
                        value_of(reply, "client_shown"));
    report->has_client_random = read_bytes(reply, "client_random", report->client_random);
    report->offered = read_bytes(reply, "client_sha256", report->offered_sha256);
    report->has_server = read_bytes(reply, "server_sha256", report->server_sha256);
    (void)rig_copy_text(report->text, sizeof report->text, value_of(reply, "text"));
    return RIG_DONE;
}

rig_result rig_agent_handshake(struct rig_agent *agent,
                               const struct rig_agent_handshake_request *request,
                               struct rig_agent_handshake_report *report, struct rig_wait wait,
                               struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf command = {0};
    RIG_AUTO(rig_agent_reply_free) struct rig_agent_reply reply = {0};
    RIG_AUTO(rig_agent_relay_free) struct rig_agent_relay relay;
    struct rig_agent_call call = {.what = "handshake",
                                  .retry_ms = RETRY_MS,
                                  .dead_ms = request->timeout_ms + GRACE_MS,
                                  .long_work = true};

    *report = (struct rig_agent_handshake_report){.alert_sent = -1, .alert_received = -1};
    rig_agent_relay_start(&relay, request->relay_fd, 0);
    RIG_TRY(write_request(request, &command, err));
    call.command = rig_buf_text(&command);
    if (request->transport == RIG_AGENT_RELAY) {
        call.relay = &relay;
    }
    RIG_TRY(rig_agent_call(agent, &call, &reply, wait, err));
    if (reply.n_lines == 0) {
        return reply.refused ? rig_agent_fail_refused(&reply, "handshake", err)
                             : rig_fail(err, RIG_CLASS_DEVICE, RIG_E_PROTOCOL,
                                        "the board ended the handshake without a report");
    }
    return read_report(&reply, report, err);
}
