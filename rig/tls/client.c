/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/client.h"

#include "rig/tls/client_context.h"
#include "rig/tls/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_ECHO_BYTES 16384
#define DEFAULT_RESPONSE_BYTES 65536

struct rig_tls_client_session {
    SSL_SESSION *session;
};

void rig_tls_client_session_free(struct rig_tls_client_session *session)
{
    if (session != NULL) {
        SSL_SESSION_free(session->session);
        free(session);
    }
}

void rig_tls_client_report_free(struct rig_tls_client_report *report)
{
    rig_buf_free(&report->response);
    rig_tls_capture_free(report->capture);
    report->capture = NULL;
}

/* One call. */
struct visit {
    const struct rig_tls_client_settings *settings;
    struct rig_tls_client_report *report;
    struct rig_wait wait;
    int fd;
    SSL *session;
    BIO *wire; /* owned by the session */
    bool cancelled;
};

/* ---- connecting ---- */

static rig_result set_nonblocking(int fd, struct rig_error *err)
{
    const int flags = fcntl(fd, F_GETFL);
    const int on = 1;

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        return rig_fail_errno(err, errno, "cannot set up the client's socket");
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* no TCP: a relay's pair */
    return RIG_DONE;
}

static rig_result connect_to(const struct addrinfo *at, struct rig_wait wait, int *fd,
                             struct rig_error *err)
{
    RIG_AUTO(rig_close_fd)
    int made = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int failed = 0;
    socklen_t len = sizeof failed;

    if (made < 0) {
        return rig_fail_errno(err, errno, "cannot make a socket for the client");
    }
    if (connect(made, at->ai_addr, at->ai_addrlen) != 0) {
        if (errno != EINPROGRESS) {
            failed = errno;
        } else {
            RIG_TRY(rig_wait_fd(wait, made, POLLOUT, "a connection to the server", err));
            if (getsockopt(made, SOL_SOCKET, SO_ERROR, &failed, &len) != 0) {
                failed = errno;
            }
        }
    }
    if (failed != 0) {
        (void)rig_fail_errno(err, failed, "no connection");
        err->cls = RIG_CLASS_NETWORK;
        return (rig_result){.ok = false};
    }
    *fd = rig_take_fd(&made);
    return RIG_DONE;
}

static rig_result connect_anywhere(const struct rig_tls_client_settings *settings,
                                   struct rig_wait wait, int *fd, struct rig_error *err)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char port[8];
    rig_result result = {.ok = false};
    int failed;

    if (settings->host == NULL || settings->port == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the client has no server: give host and port");
    }
    (void)snprintf(port, sizeof port, "%u", (unsigned)settings->port);
    failed = getaddrinfo(settings->host, port, &hints, &found);
    if (failed != 0) {
        return rig_fail(err, RIG_CLASS_NETWORK, RIG_E_NOT_FOUND, "'%.80s' can't be resolved: %s",
                        settings->host, gai_strerror(failed));
    }
    for (const struct addrinfo *at = found; at != NULL && !result.ok; at = at->ai_next) {
        result = connect_to(at, wait, fd, err);
        if (!result.ok && err->cls == RIG_CLASS_CANCELLED) {
            break;
        }
    }
    freeaddrinfo(found);
    return result.ok
               ? result
               : rig_wrap(err, "server %s, port %u", settings->host, (unsigned)settings->port);
}

/* ---- what the session says ---- */

static void see_alert(struct rig_tls_client_report *report, bool sent, const uint8_t *alert)
{
    int *const slot = sent ? &report->alert_sent : &report->alert_received;

    if (alert[1] != SSL_AD_CLOSE_NOTIFY &&
        (alert[0] == SSL3_AL_FATAL || *slot == RIG_TLS_NO_ALERT)) {
        *slot = alert[1];
    }
}

static void on_message(int sent, int version, int content_type, const void *bytes, size_t len,
                       SSL *session, void *arg)
{
    struct visit *const visit = arg;
    const uint8_t *const message = bytes;

    (void)version;
    (void)session;
    if (content_type == SSL3_RT_ALERT && len == 2) {
        see_alert(visit->report, sent != 0, message);
    } else if (content_type == SSL3_RT_HANDSHAKE && sent != 0 && len >= 38 &&
               message[0] == SSL3_MT_CLIENT_HELLO && !visit->report->handshake_done) {
        memcpy(visit->report->client_random, message + 6, sizeof visit->report->client_random);
    }
}

static void on_key(const SSL *session, const char *line)
{
    const struct visit *const visit = SSL_get_app_data(session);

    if (visit != NULL && visit->report->capture != NULL) {
        rig_tls_capture_add_key(visit->report->capture, line);
    }
}

static int on_session(SSL *session, SSL_SESSION *made)
{
    const struct visit *const visit = SSL_get_app_data(session);
    struct rig_tls_client_session *kept;

    visit->report->tickets_came = true;
    if (visit->settings->session == NULL || visit->settings->keep_session) {
        return 0;
    }
    kept = calloc(1, sizeof *kept);
    if (kept == NULL) {
        return 0;
    }
    kept->session = made;
    rig_tls_client_session_free(*visit->settings->session);
    *visit->settings->session = kept;
    return 1; /* the reference is ours now */
}

static long on_wire(BIO *wire, int operation, const char *bytes, size_t len, int argi, long argl,
                    int ret, size_t *processed)
{
    struct rig_tls_capture *const capture =
        (struct rig_tls_capture *)(void *)BIO_get_callback_arg(wire);
    const int kind = operation & ~BIO_CB_RETURN;

    (void)len;
    (void)argi;
    (void)argl;
    if ((operation & BIO_CB_RETURN) == 0) {
        return 1;
    }
    if ((kind == BIO_CB_READ || kind == BIO_CB_WRITE) && ret > 0 && processed != NULL) {
        rig_tls_capture_add(capture, kind == BIO_CB_WRITE, bytes, *processed);
    }
    return ret;
}

static void see_peer(struct rig_tls_client_report *report, X509 *leaf)
{
    unsigned char *der = NULL;
    const int len = leaf != NULL ? i2d_X509(leaf, &der) : 0;

    if (len > 0) {
        report->peer_presented = true;
        (void)SHA256(der, (size_t)len, report->peer_sha256);
    }
    OPENSSL_free(der);
}

/* OpenSSL forgets the certificate of a server that it refuses. */
static int on_verify(X509_STORE_CTX *store, void *arg)
{
    struct visit *const visit = arg;

    see_peer(visit->report, X509_STORE_CTX_get0_cert(store));
    return X509_verify_cert(store);
}

static void see_negotiated(struct visit *visit)
{
    struct rig_tls_client_report *const report = visit->report;
    const SSL_CIPHER *const cipher = SSL_get_current_cipher(visit->session);
    const int group = (int)SSL_get_negotiated_group(visit->session);
    const char *const group_name = group > 0 ? SSL_group_to_name(visit->session, group) : NULL;

    (void)rig_copy_text(report->version, sizeof report->version, SSL_get_version(visit->session));
    (void)rig_copy_text(report->cipher, sizeof report->cipher,
                        cipher != NULL ? SSL_CIPHER_get_name(cipher) : "");
    (void)rig_copy_text(report->group, sizeof report->group, group_name != NULL ? group_name : "");
    report->resumed = SSL_session_reused(visit->session) != 0;
    report->verify_error = (int)SSL_get_verify_result(visit->session);
    see_peer(visit->report, SSL_get0_peer_certificate(visit->session));
}

static void see_error(struct visit *visit, const char *otherwise)
{
    struct rig_tls_client_report *const report = visit->report;
    const unsigned long first = ERR_peek_error();
    const char *const reason = first != 0 ? ERR_reason_error_string(first) : NULL;

    if (report->error_text[0] == '\0') {
        (void)rig_copy_text(report->error_text, sizeof report->error_text,
                            reason != NULL ? reason : otherwise);
        report->error_reason = ERR_GET_REASON(first);
    }
    ERR_clear_error();
}

/* ---- talking ---- */

/* After a call that gave `rc`: true when it is to be tried again. */
static bool may_try_again(struct visit *visit, int rc, int saved_errno)
{
    const int why = SSL_get_error(visit->session, rc);
    struct rig_error err;
    rig_result waited;

    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        waited = rig_wait_fd(visit->wait, visit->fd, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT,
                             "the server", &err);
        if (!waited.ok) {
            visit->cancelled = err.code == RIG_E_CANCELLED;
            visit->report->timed_out = err.code == RIG_E_TIMEOUT;
            see_error(visit, err.text);
        }
        return waited.ok;
    }
    if (why == SSL_ERROR_ZERO_RETURN) {
        see_error(visit, "closed by the server");
    } else if (why == SSL_ERROR_SYSCALL && saved_errno != 0) {
        char reason[96];

        see_error(visit, strerror_r(saved_errno, reason, sizeof reason));
    } else {
        see_error(visit, "closed by the server without close_notify");
    }
    return false;
}

static bool shake_hands(struct visit *visit)
{
    int rc;

    do {
        ERR_clear_error();
        errno = 0;
        rc = SSL_do_handshake(visit->session);
    } while (rc != 1 && may_try_again(visit, rc, errno));
    return rc == 1;
}

static bool write_all(struct visit *visit, const void *bytes, size_t n_bytes)
{
    size_t n_sent = 0;
    int rc;

    do {
        ERR_clear_error();
        errno = 0;
        rc = SSL_write_ex(visit->session, bytes, n_bytes, &n_sent);
    } while (rc != 1 && may_try_again(visit, rc, errno));
    return rc == 1;
}

static bool read_some(struct visit *visit, void *bytes, size_t n_bytes, size_t *n_read)
{
    int rc;

    do {
        ERR_clear_error();
        errno = 0;
        rc = SSL_read_ex(visit->session, bytes, n_bytes, n_read);
    } while (rc != 1 && may_try_again(visit, rc, errno));
    return rc == 1;
}

static void echo(struct visit *visit)
{
    const size_t wanted = visit->settings->n_echo_bytes != 0 ? visit->settings->n_echo_bytes : 1;
    uint8_t sent[MAX_ECHO_BYTES];
    uint8_t back[MAX_ECHO_BYTES];
    size_t n_back = 0;

    /* random, so that no other bytes pass for the echo */
    if (RAND_bytes(sent, (int)wanted) != 1 || !write_all(visit, sent, wanted)) {
        see_error(visit, "nothing could be sent");
        return;
    }
    while (n_back < wanted) {
        size_t n = 0;

        if (!read_some(visit, back + n_back, wanted - n_back, &n)) {
            return;
        }
        n_back += n;
    }
    visit->report->echoed = memcmp(sent, back, wanted) == 0;
    if (!visit->report->echoed) {
        see_error(visit, "the server sent other bytes back");
    }
}

/* "HTTP/1.1 200 OK"; 0 for what is no status line. */
static int status_of(const char *text)
{
    const char *const space = strncmp(text, "HTTP/", 5) == 0 ? strchr(text, ' ') : NULL;
    const long status = space != NULL ? strtol(space + 1, NULL, 10) : 0;

    return status >= 100 && status <= 999 ? (int)status : 0;
}

/* True once the header and, when its length is given, the body are there. */
static bool is_whole(struct rig_tls_client_report *report)
{
    const char *const text = rig_buf_text(&report->response);
    const char *const header_end = strstr(text, "\r\n\r\n");
    const char *field;

    if (header_end == NULL) {
        return false;
    }
    report->body_offset_bytes = (size_t)(header_end - text) + 4;
    report->http_status = status_of(text);
    field = strcasestr(text, "\r\nContent-Length:");
    return field != NULL && field < header_end &&
           report->response.len - report->body_offset_bytes >=
               strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
}

static void ask_http(struct visit *visit)
{
    struct rig_tls_client_report *const report = visit->report;
    const size_t most = visit->settings->max_response_bytes != 0
                            ? visit->settings->max_response_bytes
                            : DEFAULT_RESPONSE_BYTES;
    uint8_t chunk[4096];
    struct rig_error err;
    size_t n = 0;

    if (!write_all(visit, visit->settings->http_request, strlen(visit->settings->http_request))) {
        return;
    }
    while (!is_whole(report) && report->response.len < most &&
           read_some(visit, chunk, sizeof chunk, &n)) {
        const size_t room = most - report->response.len;

        if (!rig_buf_append(&report->response, chunk, n < room ? n : room, &err).ok) {
            see_error(visit, err.text);
            return;
        }
    }
    (void)is_whole(report);
    if (report->http_status != 0 && !report->timed_out && !visit->cancelled) {
        report->error_text[0] = '\0'; /* an end by closing is HTTP's usual one */
        report->error_reason = 0;
    }
}

/* The server's answer to a renegotiation comes with its next bytes, so the echo drives it. */
static void talk(struct visit *visit)
{
    uint8_t byte;
    size_t n = 0;

    if (visit->settings->hold) {
        (void)read_some(visit, &byte, 1, &n);
        return;
    }
    if (visit->settings->renegotiate) {
        ERR_clear_error();
        if (SSL_renegotiate(visit->session) != 1 || !shake_hands(visit)) {
            see_error(visit, "renegotiation can't be asked for");
            return;
        }
    }
    if (visit->settings->http_request != NULL) {
        ask_http(visit);
    } else {
        echo(visit);
    }
    visit->report->renegotiated = SSL_total_renegotiations(visit->session) > 0;
}

static rig_result set_up_session(struct visit *visit, SSL_CTX *context, struct rig_error *err)
{
    const struct rig_tls_client_settings *const settings = visit->settings;
    const bool resumes = settings->session != NULL;

    visit->session = SSL_new(context);
    visit->wire = visit->session != NULL ? BIO_new_socket(visit->fd, BIO_NOCLOSE) : NULL;
    if (visit->wire == NULL) {
        return rig_fail_memory(err);
    }
    SSL_set_bio(visit->session, visit->wire, visit->wire);
    SSL_set_app_data(visit->session, (char *)visit);
    SSL_set_msg_callback(visit->session, on_message);
    SSL_set_msg_callback_arg(visit->session, visit);
    SSL_set_connect_state(visit->session);
    if (settings->capture) {
        visit->report->capture = rig_tls_capture_new();
        if (visit->report->capture == NULL) {
            return rig_fail_memory(err);
        }
        visit->report->capture->server_port = settings->port != 0 ? settings->port : 443;
        visit->report->capture->client_port = 50000;
        BIO_set_callback_arg(visit->wire, (char *)visit->report->capture);
        BIO_set_callback_ex(visit->wire, on_wire);
    }
    if (settings->sni != NULL && SSL_set_tlsext_host_name(visit->session, settings->sni) != 1) {
        ERR_clear_error();
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "'%.80s' can't be sent as SNI",
                        settings->sni);
    }
    if (resumes && *settings->session != NULL &&
        SSL_set_session(visit->session, (*settings->session)->session) != 1) {
        ERR_clear_error();
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "the kept session can't be offered");
    }
    return RIG_DONE;
}

/* A write to a server that is gone must not end the program: SIGPIPE is held back in this thread
 * alone, and taken away when it came of that. */
static void hold_pipe_signal(sigset_t *before)
{
    sigset_t pipe_signal;

    (void)sigemptyset(&pipe_signal);
    (void)sigaddset(&pipe_signal, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe_signal, before);
}

static void release_pipe_signal(const sigset_t *before)
{
    const struct timespec at_once = {0};
    sigset_t pipe_signal;

    if (sigismember(before, SIGPIPE) == 1) {
        return;
    }
    (void)sigemptyset(&pipe_signal);
    (void)sigaddset(&pipe_signal, SIGPIPE);
    while (sigtimedwait(&pipe_signal, NULL, &at_once) == SIGPIPE) {
    }
    (void)pthread_sigmask(SIG_SETMASK, before, NULL);
}

static void converse(struct visit *visit)
{
    const int64_t started_ns = rig_now_ns();
    sigset_t before;

    hold_pipe_signal(&before);
    visit->report->handshake_done = shake_hands(visit);
    visit->report->handshake_ns = rig_now_ns() - started_ns;
    if (visit->report->handshake_done) {
        talk(visit);
    }
    see_negotiated(visit);
    ERR_clear_error();
    if (visit->report->handshake_done && !visit->report->timed_out) {
        (void)SSL_shutdown(visit->session); /* without close_notify a server forgets the session */
    }
    ERR_clear_error();
    release_pipe_signal(&before);
}

static rig_result begin(struct visit *visit, SSL_CTX *context, struct rig_error *err)
{
    const struct rig_tls_client_settings *const settings = visit->settings;
    const int64_t started_ns = rig_now_ns();

    if (!settings->use_fd) {
        RIG_TRY(connect_anywhere(settings, visit->wait, &visit->fd, err));
    }
    RIG_TRY(set_nonblocking(visit->fd, err));
    visit->report->connected = true;
    visit->report->connect_ns = rig_now_ns() - started_ns;
    return set_up_session(visit, context, err);
}

rig_result rig_tls_client_run(const struct rig_tls_client_settings *settings, struct rig_wait wait,
                              struct rig_tls_client_report *report, struct rig_error *err)
{
    RIG_AUTO(rig_close_fd) int taken_fd = settings->use_fd ? settings->fd : -1;
    SSL_CTX *context = NULL;
    struct visit visit = {
        .settings = settings,
        .report = report,
        .fd = taken_fd,
        .wait = settings->timeout_ms > 0 ? rig_wait_within(wait, settings->timeout_ms) : wait};
    const int64_t started_ns = rig_now_ns();
    rig_result result;

    *report = (struct rig_tls_client_report){.alert_sent = RIG_TLS_NO_ALERT,
                                             .alert_received = RIG_TLS_NO_ALERT};
    if (settings->n_echo_bytes > MAX_ECHO_BYTES) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "%zu bytes can't be echoed at once: give up to %d", settings->n_echo_bytes,
                        MAX_ECHO_BYTES);
    }
    RIG_TRY(rig_tls_client_context_make(settings, &context, err));
    SSL_CTX_set_keylog_callback(context, settings->capture ? on_key : NULL);
    SSL_CTX_sess_set_new_cb(context, on_session);
    SSL_CTX_set_cert_verify_callback(context, on_verify, &visit);
    result = begin(&visit, context, err);
    if (result.ok) {
        (void)rig_take_fd(&taken_fd);
        converse(&visit);
        report->total_ns = rig_now_ns() - started_ns;
    }
    SSL_free(visit.session);
    SSL_CTX_free(context);
    if (visit.fd >= 0 && visit.fd != taken_fd) {
        (void)close(visit.fd);
    }
    ERR_clear_error();
    if (!result.ok) {
        rig_tls_client_report_free(report);
        return result;
    }
    return visit.cancelled ? rig_fail(err, RIG_CLASS_CANCELLED, RIG_E_CANCELLED,
                                      "cancelled while talking to the server")
                           : RIG_DONE;
}
