/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <string.h>

#define MESSAGE_CERTIFICATE_REQUEST 13
#define MESSAGE_SERVER_HELLO_DONE 14
#define MESSAGE_CERTIFICATE 11
#define RECORD_ALERT 21

static void note_alerts(struct session *s)
{
    struct agent_handshake_result *out = s->out;

    out->alert_sent = s->sent.alert;
    out->alert_received = s->received.alert;
#if MBEDTLS_VERSION_NUMBER >= 0x03020000
    if (out->alert_sent < 0 && s->ssl.alert_type != 0) {
        out->alert_sent = s->ssl.alert_type;
    }
#endif
    if (out->alert_received < 0 && out->mbedtls == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE &&
        s->ssl.in_msg != NULL && s->ssl.in_msgtype == RECORD_ALERT) {
        out->alert_received = s->ssl.in_msg[1];
    }
}

static enum agent_shown shown_of(const struct session *s)
{
    bool asked = (s->received.seen >> MESSAGE_CERTIFICATE_REQUEST & 1) != 0;

    if ((s->sent.seen >> MESSAGE_CERTIFICATE & 1) != 0) {
        return s->sent.cert_list_len != 0 ? AGENT_SHOWN_CERT : AGENT_SHOWN_EMPTY;
    }
    return !asked && (s->received.seen >> MESSAGE_SERVER_HELLO_DONE & 1) != 0
               ? AGENT_SHOWN_NOT_ASKED
               : AGENT_SHOWN_UNKNOWN;
}

void agent_session_note_evidence(struct session *s)
{
    struct agent_handshake_result *out = s->out;
    const char *cipher = mbedtls_ssl_get_ciphersuite(&s->ssl);
    const mbedtls_x509_crt *peer = mbedtls_ssl_get_peer_cert(&s->ssl);

    out->verify_flags = s->judged ? mbedtls_ssl_get_verify_result(&s->ssl) : 0xffffffffu;
    out->shown = shown_of(s);
    out->resumed =
        out->stage >= AGENT_STAGE_ECHO && s->request->session != AGENT_SESSION_NONE && !s->judged;
    out->has_client_random = s->sent.has_client_random;
    memcpy(out->client_random, s->sent.client_random, sizeof out->client_random);
    if (peer != NULL && !out->has_server_leaf) {
        out->has_server_leaf =
            agent_sha256(peer->raw.p, peer->raw.len, out->server_leaf_sha256) == 0;
    }
    if (s->ssl.session != NULL || s->ssl.state > MBEDTLS_SSL_SERVER_HELLO) {
        (void)agent_copy_text(out->version, sizeof out->version, mbedtls_ssl_get_version(&s->ssl));
    }
    if (cipher != NULL) {
        (void)agent_copy_text(out->cipher, sizeof out->cipher, cipher);
    }
    note_alerts(s);
}

static const char *tls_text(const struct agent_handshake_result *out)
{
    static const struct {
        uint32_t flag;
        const char *text;
    } words[] = {
        {MBEDTLS_X509_BADCERT_EXPIRED,
         "the server's certificate has expired (or the board's clock is wrong)"},
        {MBEDTLS_X509_BADCERT_FUTURE,
         "the server's certificate is not yet valid (is the board's clock set?)"},
        {MBEDTLS_X509_BADCERT_REVOKED, "the server's certificate is revoked"},
        {MBEDTLS_X509_BADCERT_CN_MISMATCH, "the server's certificate carries another name"},
        {MBEDTLS_X509_BADCERT_NOT_TRUSTED,
         "the server's certificate leads to none of the trusted roots"},
    };
    uint32_t flags = out->verify_flags == 0xffffffffu ? 0 : out->verify_flags;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if ((flags & words[i].flag) != 0) {
            return words[i].text;
        }
    }
    if (flags != 0) {
        return "the server's certificate was refused, see flags";
    }
    return out->alert_received >= 0 ? "the server refused with an alert"
                                    : "the TLS handshake failed";
}

int agent_session_explain(const struct session *s, struct agent_failure *why)
{
    const struct agent_handshake_result *out = s->out;
    bool relay = s->request->transport == AGENT_TRANSPORT_RELAY;

    if (s->agent->aborted) {
        return agent_fail(why, "aborted", out->mbedtls, "given up as the host asked");
    }
    if (out->mbedtls == MBEDTLS_ERR_SSL_TIMEOUT) {
        return agent_fail(why, "timeout", out->mbedtls, "timeout_ms is over");
    }
    if (relay && s->io == AGENT_IO_ERROR) {
        return agent_fail(why, "relay", out->mbedtls, "the host did not acknowledge a relay frame");
    }
    if (out->stage == AGENT_STAGE_CONNECT) {
        return agent_fail(why, "connect", out->mbedtls,
                          s->io == AGENT_IO_REFUSED ? "the server refused the connection"
                          : s->io == AGENT_IO_NO_HOST
                              ? "host not found, or the board has no network"
                              : "no connection to the server");
    }
    if (out->stage == AGENT_STAGE_ECHO && s->request->http != NULL) {
        return agent_fail(why, "http", out->mbedtls,
                          out->http_status != 0 ? "TLS was up, but the server's status is not 2xx"
                                                : "TLS was up, but no HTTP answer came");
    }
    if (out->stage == AGENT_STAGE_ECHO) {
        return agent_fail(why, "echo", out->mbedtls,
                          "TLS was up, but the server did not send the text back");
    }
    return agent_fail(why, "tls", out->mbedtls, tls_text(out));
}
