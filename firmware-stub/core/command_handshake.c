/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the handshake command, in and out: PROTOCOL.md section 4. */
#include "core.h"

#include <string.h>

#define TIMEOUT_DEFAULT_MS 10000u
#define TIMEOUT_MIN_MS 100u
#define TIMEOUT_MAX_MS 120000u
#define TEXT_MAX_BYTES 128u
#define HTTP_PATH_MAX_BYTES 255u

const char *const agent_tls_names[4] = {"1.0", "1.1", "1.2", "1.3"};

bool agent_tls_supported(unsigned minor)
{
    bool have[4] = {false, false, false, false};

#if defined(MBEDTLS_SSL_PROTO_TLS1)
    have[0] = true;
#endif
#if defined(MBEDTLS_SSL_PROTO_TLS1_1)
    have[1] = true;
#endif
#if defined(MBEDTLS_SSL_PROTO_TLS1_2)
    have[2] = true;
#endif
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    have[3] = true;
#endif
    return minor < 4 && have[minor];
}

/* The position of value in names; -1: none. */
static int one_of(const char *value, const char *const *names, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (strcmp(value, names[i]) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static int choose(const struct agent_request *request, const char *key, const char *const *names,
                  unsigned n, int fallback)
{
    const char *value = agent_value(request, key);

    return value != NULL ? one_of(value, names, n) : fallback;
}

static int highest_tls(void)
{
    int minor = 3;

    while (minor > 0 && !agent_tls_supported((unsigned)minor)) {
        minor--;
    }
    return minor;
}

static int take_versions(const struct agent_request *request, struct agent_handshake_request *out,
                         struct agent_failure *why)
{
    int max = choose(request, "max", agent_tls_names, 4, highest_tls());
    int min = choose(request, "min", agent_tls_names, 4, max >= 0 && max < 2 ? max : 2);

    if (min < 0 || max < 0 || min > max) {
        return agent_fail(why, "bad-value", 0, "min= and max= are 1.0 to 1.3, min not above max");
    }
    if (!agent_tls_supported((unsigned)min) || !agent_tls_supported((unsigned)max)) {
        return agent_fail(why, "unsupported", 0,
                          "this firmware lacks the TLS version; hello lists tls=");
    }
    out->min_version = (uint8_t)(0x10 + min);
    out->max_version = (uint8_t)(0x10 + max);
    return 0;
}

static int take_names(const struct agent_request *request, struct agent_handshake_request *out,
                      struct agent_failure *why)
{
    uint32_t port = 0;

    out->host = agent_value(request, "host");
    out->name = agent_value(request, "name");
    out->sni = agent_value(request, "sni");
    if (out->host[0] == '\0' || !agent_parse_u32(agent_value(request, "port"), 65535, &port) ||
        port == 0) {
        return agent_fail(why, "bad-value", 0, "host= must not be empty, port= is 1 to 65535");
    }
    out->port = (uint16_t)port;
    if (out->name[0] == '\0') {
        return agent_fail(why, "bad-value", 0,
                          "name= is the server name to expect; name=- switches the check off");
    }
    if (strcmp(out->name, "-") == 0) {
        out->name = NULL;
    }
    if (out->sni == NULL) {
        out->sni = out->name != NULL ? out->name : "";
    }
    out->text = agent_value(request, "text");
    if (out->text == NULL) {
        out->text = "ping";
    }
    if (out->text[0] == '\0' || strlen(out->text) > TEXT_MAX_BYTES) {
        return agent_fail(why, "bad-value", 0, "text= has 1 to 128 characters");
    }
    return 0;
}

/* What may stand in a request line as it is. */
static bool is_http_path(const char *path)
{
    for (const char *at = path; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~') {
            return false;
        }
    }
    return path[0] == '/' && strlen(path) <= HTTP_PATH_MAX_BYTES;
}

static int take_http(const struct agent_request *request, struct agent_handshake_request *out,
                     struct agent_failure *why)
{
    out->http = agent_value(request, "http");
    if (out->http != NULL && !is_http_path(out->http)) {
        return agent_fail(why, "bad-value", 0,
                          "http= is a path: / first, no blanks, at most 255 characters");
    }
    return 0;
}

static int take_choices(const struct agent *agent, const struct agent_request *request,
                        struct agent_handshake_request *out, struct agent_failure *why)
{
    static const char *const sources[] = {"none", "flash", "slot"};
    static const char *const sessions[] = {"none", "id", "ticket"};
    static const char *const transports[] = {"direct", "relay"};
    const char *timeout = agent_value(request, "timeout_ms");
    int use = choose(request, "use", sources, 3, AGENT_SOURCE_FLASH);
    int roots = choose(request, "roots", sources, 3, AGENT_SOURCE_FLASH);
    int crls = choose(request, "crls", sources, 3, AGENT_SOURCE_NONE);
    int session = choose(request, "session", sessions, 3, AGENT_SESSION_NONE);
    int transport = choose(request, "transport", transports, 2, AGENT_TRANSPORT_DIRECT);

    if (use < 0 || roots < 0 || roots == AGENT_SOURCE_NONE || transport < 0) {
        return agent_fail(
            why, "bad-value", 0,
            "use= is flash, slot or none; roots= flash or slot; transport= direct or relay");
    }
    if (crls < 0 || crls == AGENT_SOURCE_FLASH || session < 0) {
        return agent_fail(why, "bad-value", 0,
                          "crls= is none or slot; session= is none, id or ticket");
    }
    out->timeout_ms = TIMEOUT_DEFAULT_MS;
    if (timeout != NULL && (!agent_parse_u32(timeout, TIMEOUT_MAX_MS, &out->timeout_ms) ||
                            out->timeout_ms < TIMEOUT_MIN_MS)) {
        return agent_fail(why, "bad-value", 0, "timeout_ms= is 100 to 120000");
    }
    if (transport == AGENT_TRANSPORT_DIRECT && agent->port->net_connect == NULL) {
        return agent_fail(why, "unsupported", 0, "this board has no network; give transport=relay");
    }
    out->use = (enum agent_source)use;
    out->roots = (enum agent_source)roots;
    out->crls = (enum agent_source)crls;
    out->session = (enum agent_session)session;
    out->transport = (enum agent_transport)transport;
    return 0;
}

static void put_alert(struct agent *agent, const char *key, int alert)
{
    if (alert < 0) {
        agent_put(agent, key, "none");
    } else {
        agent_put_number(agent, key, (uint64_t)alert);
    }
}

static void put_known_hash(struct agent *agent, const char *key, bool known, const uint8_t hash[32])
{
    if (known) {
        agent_put_hash(agent, key, hash, 32);
    } else {
        agent_put(agent, key, "none");
    }
}

static void put_flags(struct agent *agent, uint32_t flags)
{
    uint8_t bytes[4] = {(uint8_t)(flags >> 24), (uint8_t)(flags >> 16), (uint8_t)(flags >> 8),
                        (uint8_t)flags};
    char text[11] = "0x";

    agent_hex(text + 2, bytes, sizeof bytes);
    agent_put(agent, "flags", text);
}

static void report(struct agent *agent, const struct agent_handshake_result *result)
{
    static const char *const stages[] = {"setup", "connect", "handshake", "echo", "done"};
    static const char *const shown[] = {"unknown", "not-asked", "empty", "cert"};

    agent_frame(agent, agent->seq, "=");
    agent_put(agent, "stage", stages[result->stage]);
    agent_put_code(agent, "mbedtls", result->mbedtls);
    put_flags(agent, result->verify_flags);
    put_alert(agent, "alert_sent", result->alert_sent);
    put_alert(agent, "alert_received", result->alert_received);
    agent_put(agent, "echoed", result->echoed ? "yes" : "no");
    agent_reply(agent);

    agent_frame(agent, agent->seq, "=");
    agent_put(agent, "version", result->version[0] != '\0' ? result->version : "none");
    agent_put(agent, "cipher", result->cipher[0] != '\0' ? result->cipher : "none");
    agent_put_number(agent, "connect_ms", result->connect_ms);
    agent_put_number(agent, "handshake_ms", result->handshake_ms);
    agent_put_number(agent, "echo_ms", result->echo_ms);
    if (result->http_status != 0) {
        agent_put_number(agent, "http_status", result->http_status);
    }
    agent_reply(agent);

    agent_frame(agent, agent->seq, "=");
    put_known_hash(agent, "client_random", result->has_client_random, result->client_random);
    agent_put(agent, "client_shown", shown[result->shown]);
    put_known_hash(agent, "client_sha256", result->has_client_leaf, result->client_leaf_sha256);
    put_known_hash(agent, "server_sha256", result->has_server_leaf, result->server_leaf_sha256);
    agent_put(agent, "resumed", result->resumed ? "yes" : "no");
    agent_reply(agent);
}

void agent_command_handshake(struct agent *agent, const struct agent_request *request)
{
    struct agent_handshake_request wanted = {.seq = request->seq};
    struct agent_handshake_result result = {
        .verify_flags = 0xffffffffu, .alert_sent = -1, .alert_received = -1};
    struct agent_failure why = {0};

    if (take_names(request, &wanted, &why) != 0 || take_versions(request, &wanted, &why) != 0 ||
        take_choices(agent, request, &wanted, &why) != 0 ||
        take_http(request, &wanted, &why) != 0) {
        agent_reply_err(agent, &why);
        return;
    }
    int failed = agent->services->handshake(agent, &wanted, &result, &why);
    if (failed == 0 || result.stage != AGENT_STAGE_SETUP) {
        report(agent, &result);
    }
    if (failed != 0) {
        agent_reply_err(agent, &why);
        return;
    }
    agent_frame(agent, agent->seq, "ok");
    agent_put_number(agent, "lines", agent->n_reply_lines);
    agent_reply_ok(agent);
}
