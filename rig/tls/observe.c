/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/observe.h"

#include "rig/tls/resume.h"
#include "rig/tls/sni.h"
#include "rig/tls/verify.h"

#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <string.h>

enum {
    HANDSHAKE_HEADER_BYTES = 4,
    HELLO_RANDOM_AT = HANDSHAKE_HEADER_BYTES + 2,
    CERTIFICATE_LENGTH_BYTES = 3,
};

struct rig_tls_evidence rig_tls_evidence_none(void)
{
    return (struct rig_tls_evidence){.alert_sent = RIG_TLS_NO_ALERT,
                                     .alert_received = RIG_TLS_NO_ALERT};
}

static void see_alert(struct rig_tls_observed *observed, bool sent, const uint8_t *alert)
{
    int *const slot = sent ? &observed->evidence.alert_sent : &observed->evidence.alert_received;
    bool *const fatal_before = sent ? &observed->fatal_sent : &observed->fatal_received;
    const bool fatal = alert[0] == SSL3_AL_FATAL;

    if (alert[1] == SSL_AD_CLOSE_NOTIFY || *fatal_before) {
        return;
    }
    if (fatal || *slot == RIG_TLS_NO_ALERT) {
        *slot = alert[1];
        *fatal_before = fatal;
    }
}

static void see_client_hello(struct rig_tls_observed *observed, const uint8_t *message, size_t len)
{
    struct rig_tls_evidence *const evidence = &observed->evidence;

    if (len < HELLO_RANDOM_AT + sizeof evidence->client_random || evidence->client_hello_seen) {
        return;
    }
    memcpy(evidence->client_random, message + HELLO_RANDOM_AT, sizeof evidence->client_random);
    (void)rig_tls_offers_read(message + HANDSHAKE_HEADER_BYTES, len - HANDSHAKE_HEADER_BYTES,
                              &evidence->offers);
    evidence->client_hello_seen = true;
    observed->hello_ns = rig_now_ns();
}

static void write_subject(const uint8_t *der, size_t len, char *text, size_t text_size)
{
    const unsigned char *at = der;
    X509 *const certificate = d2i_X509(NULL, &at, (long)len);
    BIO *const memory = certificate != NULL ? BIO_new(BIO_s_mem()) : NULL;
    char *bytes = NULL;

    if (memory != NULL &&
        X509_NAME_print_ex(memory, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0) {
        const long n = BIO_get_mem_data(memory, &bytes);
        const size_t kept = n > 0 && (size_t)n < text_size ? (size_t)n : n > 0 ? text_size - 1 : 0;

        if (kept != 0) {
            memcpy(text, bytes, kept);
        }
        text[kept] = '\0';
    }
    BIO_free(memory);
    X509_free(certificate);
    ERR_clear_error();
}

static size_t read_uint24(const uint8_t *at)
{
    return (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];
}

/* RFC 5246 7.4.2 and, with a context in front and extensions after each certificate, RFC
 * 8446 4.4.2. */
static void see_certificates(struct rig_tls_observed *observed, bool tls13, const uint8_t *message,
                             size_t len)
{
    struct rig_tls_evidence *const evidence = &observed->evidence;
    size_t at = HANDSHAKE_HEADER_BYTES;

    if (tls13) {
        at += at < len ? 1 + (size_t)message[at] : 1;
    }
    at += CERTIFICATE_LENGTH_BYTES;
    evidence->n_peer_chain = 0;
    while (at + CERTIFICATE_LENGTH_BYTES <= len) {
        const size_t n = read_uint24(message + at);

        at += CERTIFICATE_LENGTH_BYTES;
        if (n > len - at) {
            return;
        }
        if (evidence->n_peer_chain < RIG_TLS_PEER_CHAIN_MAX) {
            (void)SHA256(message + at, n, evidence->peer_chain_sha256[evidence->n_peer_chain]);
        }
        if (evidence->n_peer_chain++ == 0) {
            evidence->peer_presented = true;
            (void)SHA256(message + at, n, evidence->peer_sha256);
            write_subject(message + at, n, evidence->peer_subject, sizeof evidence->peer_subject);
        }
        at += n;
        if (tls13) {
            at += at + 2 <= len ? 2 + ((size_t)message[at] << 8 | message[at + 1]) : 2;
        }
    }
}

/* The header of a record comes before the record is written, so an alert can still be held back. */
static void see_header(struct rig_tls_observed *observed, int content_type, const uint8_t *bytes,
                       size_t len)
{
    const enum rig_tls_fault fault = observed->service->fault;

    if ((fault == RIG_TLS_FAULT_RESET || fault == RIG_TLS_FAULT_ALERT_LOST) && len != 0 &&
        bytes[0] == SSL3_RT_ALERT && !observed->evidence.handshake_done &&
        (content_type == SSL3_RT_HEADER || content_type == SSL3_RT_INNER_CONTENT_TYPE)) {
        observed->muted = true;
        observed->evidence.misbehaved = true;
    }
}

static void on_message(int sent, int version, int content_type, const void *bytes, size_t len,
                       SSL *session, void *arg)
{
    struct rig_tls_observed *const observed = SSL_get_app_data(session);
    const uint8_t *const message = bytes;

    (void)arg;
    if (observed == NULL) {
        return;
    }
    if (sent != 0) {
        see_header(observed, content_type, message, len);
    }
    if (content_type == SSL3_RT_ALERT && len == 2 && !(sent != 0 && observed->muted)) {
        see_alert(observed, sent != 0, message);
    }
    if (content_type != SSL3_RT_HANDSHAKE || len < HANDSHAKE_HEADER_BYTES) {
        return;
    }
    if (sent != 0) {
        observed->server_hello_sent |= message[0] == SSL3_MT_SERVER_HELLO;
        observed->n_finished_sent += message[0] == SSL3_MT_FINISHED ? 1 : 0;
    } else if (message[0] == SSL3_MT_CLIENT_HELLO) {
        see_client_hello(observed, message, len);
    } else if (message[0] == SSL3_MT_CERTIFICATE) {
        see_certificates(observed, version == TLS1_3_VERSION, message, len);
    }
}

/* RFC 6066 3: a list of names, of which only host_name (0) was ever defined. */
static void see_server_name(SSL *session, struct rig_tls_observed *observed)
{
    const unsigned char *extension = NULL;
    size_t len = 0;

    if (SSL_client_hello_get0_ext(session, TLSEXT_TYPE_server_name, &extension, &len) == 1 &&
        len >= 5 && extension[2] == TLSEXT_NAMETYPE_host_name) {
        const size_t n = (size_t)extension[3] << 8 | extension[4];

        if (n <= len - 5 && n < sizeof observed->evidence.sni) {
            memcpy(observed->evidence.sni, extension + 5, n);
            observed->evidence.sni[n] = '\0';
        }
    }
}

static int on_client_hello(SSL *session, int *alert, void *arg)
{
    struct rig_tls_observed *const observed = SSL_get_app_data(session);

    (void)arg;
    if (observed == NULL) {
        return SSL_CLIENT_HELLO_SUCCESS;
    }
    see_server_name(session, observed);
    switch (observed->service->fault) {
    case RIG_TLS_FAULT_SILENT:
        observed->evidence.misbehaved = true;
        return SSL_CLIENT_HELLO_RETRY;
    case RIG_TLS_FAULT_ALERT_BEFORE_HELLO:
        *alert = observed->service->fault_alert;
        observed->evidence.misbehaved = true;
        return SSL_CLIENT_HELLO_ERROR;
    default:
        break;
    }
    return rig_tls_sni_allows(observed, alert) ? SSL_CLIENT_HELLO_SUCCESS : SSL_CLIENT_HELLO_ERROR;
}

static void on_key(const SSL *session, const char *line)
{
    struct rig_tls_observed *const observed = SSL_get_app_data(session);

    if (observed != NULL && observed->capture != NULL) {
        rig_tls_capture_add_key(observed->capture, line);
    }
}

void rig_tls_observe_context(SSL_CTX *context, bool with_keys)
{
    SSL_CTX_set_msg_callback(context, on_message);
    SSL_CTX_set_client_hello_cb(context, on_client_hello, NULL);
    SSL_CTX_set_cert_verify_callback(context, rig_tls_verify, NULL);
    rig_tls_sni_set_up(context);
    if (with_keys) {
        SSL_CTX_set_keylog_callback(context, on_key);
    }
}

void rig_tls_observe(SSL *session, struct rig_tls_observed *observed)
{
    SSL_set_app_data(session, (char *)observed);
}

/* OpenSSL shows no Certificate message of a session that was resumed. */
static void see_resumed(SSL *session, struct rig_tls_observed *observed)
{
    struct rig_tls_evidence *const evidence = &observed->evidence;
    X509 *const leaf = SSL_get0_peer_certificate(session);
    unsigned char *der = NULL;
    const int len = leaf != NULL ? i2d_X509(leaf, &der) : 0;

    if (len > 0) {
        (void)SHA256(der, (size_t)len, evidence->peer_sha256);
        write_subject(der, (size_t)len, evidence->peer_subject, sizeof evidence->peer_subject);
    }
    OPENSSL_free(der);
}

void rig_tls_observe_handshake_end(SSL *session, struct rig_tls_observed *observed)
{
    struct rig_tls_evidence *const evidence = &observed->evidence;
    const SSL_CIPHER *cipher = SSL_get_current_cipher(session);

    if (observed->hello_ns != 0) {
        evidence->handshake_ns = rig_now_ns() - observed->hello_ns;
    }
    if (!observed->server_hello_sent) {
        return;
    }
    evidence->misbehaved |= observed->service->fault == RIG_TLS_FAULT_OTHER_KEY;
    if (cipher == NULL) {
        cipher = SSL_get_pending_cipher(session);
    }
    (void)rig_copy_text(evidence->version, sizeof evidence->version, SSL_get_version(session));
    (void)rig_copy_text(evidence->cipher, sizeof evidence->cipher,
                        cipher != NULL ? SSL_CIPHER_get_name(cipher) : "");
    evidence->resumed = SSL_session_reused(session) != 0;
    evidence->resumed_by = rig_tls_resumed_by(observed->service, session);
    if (evidence->resumed) {
        see_resumed(session, observed);
    }
}

static void append(char *text, size_t text_size, const char *more)
{
    const size_t len = strlen(text);

    (void)rig_copy_text(text + len, text_size - len, more);
}

void rig_tls_observe_error(struct rig_tls_observed *observed, const char *otherwise)
{
    char *const text = observed->evidence.error_text;
    const size_t size = sizeof observed->evidence.error_text;
    const char *data = NULL;
    int flags = 0;
    unsigned long code;

    if (text[0] != '\0') {
        ERR_clear_error();
        return;
    }
    while ((code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0) {
        const char *const reason = ERR_reason_error_string(code);

        if (text[0] != '\0') {
            append(text, size, "; ");
        }
        append(text, size, reason != NULL ? reason : "unnamed OpenSSL error");
        if ((flags & ERR_TXT_STRING) != 0 && data != NULL && data[0] != '\0') {
            append(text, size, " (");
            append(text, size, data);
            append(text, size, ")");
        }
    }
    if (text[0] == '\0' && otherwise != NULL) {
        (void)rig_copy_text(text, size, otherwise);
    }
}
