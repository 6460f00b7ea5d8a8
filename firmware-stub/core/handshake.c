/* SPDX-License-Identifier: Apache-2.0 */
/* One TLS handshake and the echo of a text, as the device sees it. */
#include "session.h"

#include <mbedtls/net_sockets.h>
#include <string.h>

#define SLICE_MS 200u /* between two looks at the port and the host */
#define DRAIN_MS 300u /* for the alert of a server that has given up */
#define ECHO_MAX_BYTES 160u
#define HTTP_STATUS_BYTES 12u
#define HTTP_MAX_BYTES 65536u /* of an answer that are looked at */

static uint32_t left_ms(const struct session *s)
{
    uint64_t now_ms = agent_now_ms(s->agent);

    return now_ms >= s->deadline_ms ? 0 : (uint32_t)(s->deadline_ms - now_ms);
}

/* ---- transport ---- */

static int transport_open(struct session *s)
{
    const struct agent_port *port = s->agent->port;

    if (s->request->transport == AGENT_TRANSPORT_RELAY) {
        return agent_relay_open(s->agent, left_ms(s));
    }
    return port->net_connect(port->ctx, s->request->host, s->request->port, left_ms(s));
}

static int transport_recv(struct session *s, uint8_t *data, size_t max, uint32_t timeout_ms)
{
    const struct agent_port *port = s->agent->port;

    return s->request->transport == AGENT_TRANSPORT_RELAY
               ? agent_relay_recv(s->agent, data, max, timeout_ms)
               : port->net_recv(port->ctx, data, max, timeout_ms);
}

static int transport_send(struct session *s, const uint8_t *data, size_t size, uint32_t timeout_ms)
{
    const struct agent_port *port = s->agent->port;

    return s->request->transport == AGENT_TRANSPORT_RELAY
               ? agent_relay_send(s->agent, data, size, timeout_ms)
               : port->net_send(port->ctx, data, size, timeout_ms);
}

static void transport_close(struct session *s)
{
    if (!s->open) {
        return;
    }
    s->open = false;
    if (s->request->transport == AGENT_TRANSPORT_RELAY) {
        agent_relay_close(s->agent);
    } else {
        s->agent->port->net_close(s->agent->port->ctx);
    }
}

static int mbedtls_code_of(int io, bool sending)
{
    if (io == AGENT_IO_TIMEOUT) {
        return MBEDTLS_ERR_SSL_TIMEOUT;
    }
    if (io == AGENT_IO_RESET) {
        return MBEDTLS_ERR_NET_CONN_RESET;
    }
    return sending ? MBEDTLS_ERR_NET_SEND_FAILED : MBEDTLS_ERR_NET_RECV_FAILED;
}

/* Waits in slices, so that the host hears from the board and the port can stop it. */
static int sliced(struct session *s, uint8_t *in, const uint8_t *out, size_t size)
{
    for (;;) {
        uint32_t ms = left_ms(s);
        int n = AGENT_IO_TIMEOUT;
        bool relay = s->request->transport == AGENT_TRANSPORT_RELAY;
        uint32_t slice_ms = relay || ms < SLICE_MS ? ms : SLICE_MS;
        if (agent_keepalive(s->agent)) {
            return AGENT_IO_STOP;
        }
        if (ms == 0) {
            return AGENT_IO_TIMEOUT;
        }
        n = in != NULL ? transport_recv(s, in, size, slice_ms)
                       : transport_send(s, out, size, slice_ms);
        if (n != AGENT_IO_TIMEOUT) {
            return n;
        }
    }
}

static int bio_send(void *ctx, const unsigned char *data, size_t size)
{
    struct session *s = ctx;
    int n = sliced(s, NULL, data, size);

    if (n <= 0) {
        s->io = n == 0 ? AGENT_IO_ERROR : n;
        return mbedtls_code_of(s->io, true);
    }
    agent_sniff_feed(&s->sent, data, (size_t)n);
    return n;
}

static int bio_recv(void *ctx, unsigned char *data, size_t size)
{
    struct session *s = ctx;
    int n = sliced(s, data, NULL, size);

    if (n < 0) {
        s->io = n;
        return mbedtls_code_of(n, false);
    }
    agent_sniff_feed(&s->received, data, (size_t)n);
    return n;
}

/* Reads on until the other side ends: an alert may lie behind a failed send, and a close with
 * unread bytes would reset the connection before our own alert is read. */
static void drain(struct session *s)
{
    uint64_t end_ms = agent_now_ms(s->agent) + DRAIN_MS;
    uint8_t data[128];

    while (s->open && !agent_keepalive(s->agent)) {
        uint64_t now_ms = agent_now_ms(s->agent);
        int n = now_ms >= end_ms
                    ? 0
                    : transport_recv(s, data, sizeof data, (uint32_t)(end_ms - now_ms));
        if (n <= 0) {
            return;
        }
        agent_sniff_feed(&s->received, data, (size_t)n);
    }
}

/* ---- set-up ---- */

static int note_server_leaf(void *ctx, mbedtls_x509_crt *cert, int depth, uint32_t *flags)
{
    struct session *s = ctx;

    (void)flags;
    s->judged = true;
    if (depth == 0) {
        s->out->has_server_leaf =
            agent_sha256(cert->raw.p, cert->raw.len, s->out->server_leaf_sha256) == 0;
    }
    return 0;
}

static int load_client(struct session *s, struct agent_failure *why)
{
    enum agent_key_type type = AGENT_KEY_NONE;
    uint32_t version = 0;
    bool updated = false;
    unsigned n = 0;

    if (s->request->use == AGENT_SOURCE_NONE) {
        return 0;
    }
    if (agent_certs_load(s->agent, s->request->use, false, &s->chain, &n, why) != 0 ||
        (s->request->use == AGENT_SOURCE_FLASH &&
         agent_update_apply(s->agent, &s->chain, &n, &updated, &version, why) != 0) ||
        agent_key_load(s->agent, &s->key, &type, why) != 0) {
        return -1;
    }
    if (n == 0) {
        return agent_fail(why, "no-cert", 0,
                          "no client certificate there; write one or give use=none");
    }
    s->out->has_client_leaf =
        agent_sha256(s->chain.raw.p, s->chain.raw.len, s->out->client_leaf_sha256) == 0;
    int ret = mbedtls_ssl_conf_own_cert(&s->conf, &s->chain, &s->key);
    return ret == 0 ? 0 : agent_fail(why, "crypto", ret, "TLS refused the client certificate");
}

static int load_roots(struct session *s, struct agent_failure *why)
{
    unsigned n = 0;

    if (agent_certs_load(s->agent, s->request->roots, true, &s->roots, &n, why) != 0) {
        return -1;
    }
    if (n == 0) {
        return agent_fail(why, "no-roots", 0, "no trust root there; write one");
    }
    if (s->request->crls == AGENT_SOURCE_SLOT) {
        if (agent_crls_load(s->agent, &s->crls, &n, why) != 0) {
            return -1;
        }
        if (n == 0) {
            return agent_fail(why, "no-roots", 0,
                              "no CRL in the slot; write one or give crls=none");
        }
    }
    mbedtls_ssl_conf_ca_chain(&s->conf, &s->roots,
                              s->request->crls == AGENT_SOURCE_SLOT ? &s->crls : NULL);
    return 0;
}

/* ---- the kept session ---- */

void agent_session_drop(struct agent *agent)
{
    if (agent->has_kept_session) {
        mbedtls_ssl_session_free(&agent->kept_session);
        agent->has_kept_session = false;
    }
}

static int offer_session(struct session *s, struct agent_failure *why)
{
    struct agent *agent = s->agent;
    int ret = 0;

    if (s->request->session != agent->kept_session_kind) {
        /* also a session with a ticket where one with an id is wanted: it has none */
        agent_session_drop(agent);
    } else if (agent->has_kept_session) {
        ret = mbedtls_ssl_set_session(&s->ssl, &agent->kept_session);
    }
    return ret == 0 ? 0 : agent_fail(why, "crypto", ret, "the kept TLS session can't be offered");
}

static void keep_session(struct session *s)
{
    struct agent *agent = s->agent;

    if (s->request->session == AGENT_SESSION_NONE) {
        return;
    }
    agent_session_drop(agent);
    mbedtls_ssl_session_init(&agent->kept_session);
    agent->kept_session_kind = s->request->session;
    agent->has_kept_session = mbedtls_ssl_get_session(&s->ssl, &agent->kept_session) == 0;
    if (!agent->has_kept_session) {
        mbedtls_ssl_session_free(&agent->kept_session);
    }
}

static int set_up(struct session *s, struct agent_failure *why)
{
    int ret = agent_tls_configure(&s->conf, s->request->min_version, s->request->max_version);

    if (ret != 0) {
        return agent_fail(why, "crypto", ret, "TLS could not be set up");
    }
    mbedtls_ssl_conf_rng(&s->conf, agent_random, s->agent);
    mbedtls_ssl_conf_verify(&s->conf, note_server_leaf, s);
#if defined(MBEDTLS_SSL_SESSION_TICKETS)
    mbedtls_ssl_conf_session_tickets(&s->conf, s->request->session == AGENT_SESSION_TICKET
                                                   ? MBEDTLS_SSL_SESSION_TICKETS_ENABLED
                                                   : MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
#endif
    if (load_roots(s, why) != 0 || load_client(s, why) != 0) {
        return -1;
    }
    if (s->agent->port->tune_tls != NULL) {
        s->agent->port->tune_tls(s->agent->port->ctx, &s->conf);
    }
    ret = mbedtls_ssl_setup(&s->ssl, &s->conf);
    if (ret != 0) {
        return agent_fail(why, "crypto", ret, "TLS could not be set up (memory?)");
    }
    mbedtls_ssl_set_bio(&s->ssl, s, bio_send, bio_recv, NULL);
    return offer_session(s, why);
}

/* ---- the handshake ---- */

static bool says_hello(const struct session *s)
{
    return s->ssl.state == MBEDTLS_SSL_HELLO_REQUEST || s->ssl.state == MBEDTLS_SSL_CLIENT_HELLO;
}

static void log_state(struct session *s)
{
    char text[32] = "TLS state ";

    (void)agent_put_u64(text + strlen(text), (uint64_t)s->ssl.state);
    agent_log(s->agent, AGENT_LOG_DEBUG, text);
}

static int step(struct session *s)
{
    log_state(s);
    int ret = mbedtls_ssl_handshake_step(&s->ssl);

    if (ret == MBEDTLS_ERR_SSL_WANT_READ || ret == MBEDTLS_ERR_SSL_WANT_WRITE) {
        return left_ms(s) == 0 ? MBEDTLS_ERR_SSL_TIMEOUT : 0;
    }
    return ret;
}

/* mbedTLS has one name for SNI and for the check: it gets the one that its state needs. */
static int shake_hands(struct session *s)
{
    const char *sni = s->request->sni[0] != '\0' ? s->request->sni : NULL;
    int ret = mbedtls_ssl_set_hostname(&s->ssl, sni);
    bool hello = true;

    while (ret == 0 && s->ssl.state != MBEDTLS_SSL_HANDSHAKE_OVER) {
        ret = step(s);
        if (ret == 0 && hello != says_hello(s)) {
            hello = !hello;
            ret = mbedtls_ssl_set_hostname(&s->ssl, hello ? sni : s->request->name);
        }
    }
    return ret;
}

static bool is_worth_another_read(int ret)
{
#if defined(MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
    if (ret == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
        return true;
    }
#endif
    return ret == MBEDTLS_ERR_SSL_WANT_READ || ret == MBEDTLS_ERR_SSL_WANT_WRITE;
}

static int write_all(struct session *s, const unsigned char *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        int n = mbedtls_ssl_write(&s->ssl, data + done, size - done);
        if (n < 0 && !is_worth_another_read(n)) {
            return n;
        }
        done += n > 0 ? (size_t)n : 0;
        if (n <= 0 && left_ms(s) == 0) {
            return MBEDTLS_ERR_SSL_TIMEOUT;
        }
    }
    return 0;
}

static int echo(struct session *s)
{
    unsigned char wanted[ECHO_MAX_BYTES];
    unsigned char got[ECHO_MAX_BYTES];
    size_t size = strlen(s->request->text);
    size_t done = 0;

    memcpy(wanted, s->request->text, size);
    wanted[size++] = '\n';
    int ret = write_all(s, wanted, size);
    if (ret != 0) {
        return ret;
    }
    for (done = 0; done < size;) {
        int n = mbedtls_ssl_read(&s->ssl, got + done, size - done);
        if (n == 0) {
            return MBEDTLS_ERR_SSL_CONN_EOF;
        }
        if (n < 0 && !is_worth_another_read(n)) {
            return n;
        }
        done += n > 0 ? (size_t)n : 0;
        if (n < 0 && left_ms(s) == 0) {
            return MBEDTLS_ERR_SSL_TIMEOUT;
        }
    }
    s->out->echoed = memcmp(wanted, got, size) == 0;
    return 0;
}

/* ---- the same with HTTP, for servers that echo nothing ---- */

/* The status of "HTTP/1.1 200 ..."; 0: these are not the first bytes of an answer. */
static uint32_t http_status_of(const unsigned char *text)
{
    uint32_t status = 0;

    if (memcmp(text, "HTTP/1.", 7) != 0 || text[8] != ' ') {
        return 0;
    }
    for (unsigned i = 9; i < 12; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return 0;
        }
        status = status * 10 + (uint32_t)(text[i] - '0');
    }
    return status;
}

static bool holds(const unsigned char *bytes, size_t size, const char *text)
{
    size_t n = strlen(text);

    for (size_t at = 0; at + n <= size; at++) {
        if (memcmp(bytes + at, text, n) == 0) {
            return true;
        }
    }
    return false;
}

/* Reads until the text is there, the server says no, or it ends; keeps as much of the end as the
 * text could begin in. */
static int read_http(struct session *s)
{
    struct agent_handshake_result *out = s->out;
    unsigned char got[2 * ECHO_MAX_BYTES];
    size_t keep = strlen(s->request->text) - 1;
    size_t size = 0;
    size_t total = 0;

    while (total < HTTP_MAX_BYTES) {
        int n = mbedtls_ssl_read(&s->ssl, got + size, sizeof got - size);
        if (n == 0 || n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
            break;
        }
        if (n < 0 && (!is_worth_another_read(n) || left_ms(s) == 0)) {
            return out->http_status != 0      ? 0
                   : is_worth_another_read(n) ? MBEDTLS_ERR_SSL_TIMEOUT
                                              : n;
        }
        size += n > 0 ? (size_t)n : 0;
        total += n > 0 ? (size_t)n : 0;
        if (out->http_status == 0 && size < HTTP_STATUS_BYTES) {
            continue;
        }
        out->http_status = out->http_status != 0 ? out->http_status : http_status_of(got);
        out->echoed = out->http_status / 100 == 2 && holds(got, size, s->request->text);
        if (out->http_status / 100 != 2 || out->echoed) {
            break;
        }
        if (size > keep) {
            memmove(got, got + size - keep, keep);
            size = keep;
        }
    }
    return out->http_status != 0 ? 0 : MBEDTLS_ERR_SSL_CONN_EOF;
}

static int ask_http(struct session *s)
{
    const struct agent_handshake_request *request = s->request;
    const char *const parts[] = {
        "GET ",
        request->http,
        " HTTP/1.1\r\nHost: ",
        request->name != NULL ? request->name : request->host,
        "\r\nUser-Agent: rig-agent\r\nConnection: close\r\n\r\n",
    };
    int ret = 0;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && ret == 0; i++) {
        ret = write_all(s, (const unsigned char *)parts[i], strlen(parts[i]));
    }
    return ret == 0 ? read_http(s) : ret;
}

static bool is_success(const struct session *s)
{
    return s->request->http != NULL ? s->out->http_status / 100 == 2 : s->out->echoed;
}

/* Connect, handshake, echo; out->mbedtls 0 and stage DONE when all came through. */
static void go(struct session *s)
{
    struct agent_handshake_result *out = s->out;
    uint64_t start_ms = agent_now_ms(s->agent);

    out->stage = AGENT_STAGE_CONNECT;
    s->io = transport_open(s);
    s->open = s->io == 0 || s->request->transport == AGENT_TRANSPORT_RELAY;
    out->connect_ms = (uint32_t)(agent_now_ms(s->agent) - start_ms);
    if (s->io != 0) {
        out->mbedtls = s->io == AGENT_IO_TIMEOUT   ? MBEDTLS_ERR_SSL_TIMEOUT
                       : s->io == AGENT_IO_NO_HOST ? MBEDTLS_ERR_NET_UNKNOWN_HOST
                                                   : MBEDTLS_ERR_NET_CONNECT_FAILED;
        return;
    }
    out->stage = AGENT_STAGE_HANDSHAKE;
    start_ms = agent_now_ms(s->agent);
    out->mbedtls = shake_hands(s);
    out->handshake_ms = (uint32_t)(agent_now_ms(s->agent) - start_ms);
    if (out->mbedtls != 0) {
        return;
    }
    out->stage = AGENT_STAGE_ECHO;
    start_ms = agent_now_ms(s->agent);
    out->mbedtls = s->request->http != NULL ? ask_http(s) : echo(s);
    out->echo_ms = (uint32_t)(agent_now_ms(s->agent) - start_ms);
    if (is_success(s)) {
        out->stage = AGENT_STAGE_DONE;
    }
}

int agent_handshake(struct agent *agent, const struct agent_handshake_request *request,
                    struct agent_handshake_result *out, struct agent_failure *why)
{
    struct session s = {.agent = agent, .request = request, .out = out};
    int result = -1;

    memset(out, 0, sizeof *out);
    out->verify_flags = 0xffffffffu;
    out->alert_sent = out->alert_received = -1;
    s.deadline_ms = agent_now_ms(agent) + request->timeout_ms;
    agent_sniff_init(&s.sent);
    agent_sniff_init(&s.received);
    mbedtls_ssl_init(&s.ssl);
    mbedtls_ssl_config_init(&s.conf);
    mbedtls_x509_crt_init(&s.chain);
    mbedtls_x509_crt_init(&s.roots);
    mbedtls_x509_crl_init(&s.crls);
    mbedtls_pk_init(&s.key);
    if (set_up(&s, why) == 0) {
        go(&s);
        if (out->stage == AGENT_STAGE_DONE) {
            (void)mbedtls_ssl_close_notify(&s.ssl);
            keep_session(&s);
            result = 0;
        } else {
            drain(&s);
        }
        agent_session_note_evidence(&s);
        if (result != 0) {
            (void)agent_session_explain(&s, why);
        }
        transport_close(&s);
    }
    mbedtls_ssl_free(&s.ssl);
    mbedtls_ssl_config_free(&s.conf);
    mbedtls_pk_free(&s.key);
    mbedtls_x509_crl_free(&s.crls);
    mbedtls_x509_crt_free(&s.roots);
    mbedtls_x509_crt_free(&s.chain);
    return result;
}
