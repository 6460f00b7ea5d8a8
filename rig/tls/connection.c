/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/connection.h"

#include "rig/tls/status.h"
#include "rig/tls/verify.h"
#include "rig/tls/wire.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define MAX_RECORD_BYTES 16384
#define MAX_ROUNDS_AT_ONCE 16
#define RENEGOTIATION_WAIT_MS 1000

enum stage {
    STAGE_HANDSHAKE,
    STAGE_STATUS,
    STAGE_LINE, /* what the enrolment wants to read first */
    STAGE_ECHO,
    STAGE_DRAIN,
    STAGE_OVER,
};

struct rig_tls_connection {
    struct rig_tls_observed *observed;
    SSL *session;
    BIO *wire; /* owned by the session */
    int fd;
    enum stage stage;
    uint32_t events;
    struct rig_tls_status *status; /* the question about revocation; NULL: none */
    int64_t started_ns;
    int64_t answer_deadline_ns; /* to a HelloRequest; 0: none is awaited */
    uint64_t n_drained;
    size_t echo_left; /* bytes that may still be echoed */
    size_t n_pending; /* read and not yet echoed */
    size_t pending_at;
    size_t pending_size;
    uint8_t pending[]; /* a TLS record at most */
};

static bool attach(struct rig_tls_connection *connection, const struct rig_tls_service *service)
{
    connection->session = SSL_new(service->context);
    connection->wire =
        connection->session != NULL ? BIO_new_socket(connection->fd, BIO_NOCLOSE) : NULL;
    if (connection->wire == NULL ||
        SSL_set1_verify_cert_store(connection->session, service->trust->store) != 1) {
        BIO_free(connection->wire);
        SSL_free(connection->session);
        return false;
    }
    rig_tls_wire_attach(connection->wire, connection->observed);
    SSL_set_bio(connection->session, connection->wire, connection->wire);
    SSL_set_accept_state(connection->session);
    rig_tls_observe(connection->session, connection->observed);
    return true;
}

/* Not part of the evidence that is kept once the connection is over. */
static void let_go(struct rig_tls_observed *observed)
{
    rig_tls_trust_release(observed->trust);
    sk_X509_pop_free(observed->verified_chain, X509_free);
    sk_X509_pop_free(observed->presented, X509_free);
    observed->presented = NULL;
    observed->trust = NULL;
    observed->verified_chain = NULL;
}

struct rig_tls_connection *rig_tls_connection_new(const struct rig_tls_service *service, int fd,
                                                  struct rig_tls_observed *observed)
{
    const size_t pending_size =
        service->max_echo_bytes < MAX_RECORD_BYTES ? service->max_echo_bytes : MAX_RECORD_BYTES;
    struct rig_tls_connection *const connection = calloc(1, sizeof *connection + pending_size);

    if (connection == NULL) {
        (void)close(fd);
        return NULL;
    }
    connection->observed = observed;
    connection->fd = fd;
    connection->events = EPOLLIN;
    connection->started_ns = rig_now_ns();
    connection->echo_left = service->max_echo_bytes;
    connection->pending_size = pending_size;
    observed->service = service;
    observed->trust = rig_tls_trust_hold(service->trust);
    observed->evidence.trust_generation = service->trust->generation;
    observed->capture = service->capture ? rig_tls_wire_capture(fd) : NULL;
    ERR_clear_error();
    if (!attach(connection, service)) {
        ERR_clear_error();
        let_go(observed);
        (void)close(fd);
        free(connection);
        return NULL;
    }
    return connection;
}

/* Half-closes, so that an alert is not overtaken by the reset that close() sends when bytes are
 * unread. */
static void start_drain(struct rig_tls_connection *connection)
{
    (void)shutdown(connection->fd, SHUT_WR); /* ENOTCONN after a reset: the drain sees it */
    connection->stage = STAGE_DRAIN;
    connection->events = EPOLLIN;
}

static void close_politely(struct rig_tls_connection *connection)
{
    ERR_clear_error();
    (void)SSL_shutdown(connection->session); /* a full socket loses our close_notify, not more */
    ERR_clear_error();
    start_drain(connection);
}

static void reset(struct rig_tls_connection *connection)
{
    rig_tls_wire_reset_on_close(connection->fd);
    connection->stage = STAGE_OVER;
}

static void fail(struct rig_tls_connection *connection, const char *otherwise)
{
    const bool resets = connection->stage == STAGE_HANDSHAKE &&
                        connection->observed->service->fault == RIG_TLS_FAULT_RESET;

    if (connection->stage == STAGE_HANDSHAKE) {
        rig_tls_observe_handshake_end(connection->session, connection->observed);
    }
    rig_tls_observe_error(connection->observed, otherwise);
    if (resets) {
        reset(connection);
    } else {
        start_drain(connection);
    }
}

static void judge_line(struct rig_tls_connection *connection)
{
    const char *const line = (const char *)connection->pending;
    const uint8_t *const end = memchr(connection->pending, '\n', connection->n_pending);
    const size_t n_line = end != NULL ? (size_t)(end - connection->pending) : connection->n_pending;

    if (rig_tls_line_allows(connection->observed, line, n_line)) {
        connection->stage = STAGE_ECHO;
    } else {
        close_politely(connection);
    }
}

/* The client ended: with close_notify (BIO_eof is false then) or just so. */
static void handle_end(struct rig_tls_connection *connection)
{
    char reason[96];

    if (connection->stage == STAGE_LINE) {
        judge_line(connection);
    }
    if (connection->stage == STAGE_DRAIN) {
        return;
    }
    if (connection->stage != STAGE_HANDSHAKE && BIO_eof(connection->wire) == 0) {
        close_politely(connection);
        return;
    }
    (void)snprintf(reason, sizeof reason, "closed by the client%s, waiting for %s",
                   BIO_eof(connection->wire) != 0 ? " without close_notify" : "",
                   rig_tls_connection_stage(connection));
    fail(connection, reason);
}

/* After an OpenSSL call that gave `rc`: waits, closes or fails. */
static void handle_stop(struct rig_tls_connection *connection, int rc, int saved_errno)
{
    char reason[96];

    switch (SSL_get_error(connection->session, rc)) {
    case SSL_ERROR_WANT_READ:
        connection->events = EPOLLIN;
        break;
    case SSL_ERROR_WANT_WRITE:
        connection->events = EPOLLOUT;
        break;
    case SSL_ERROR_WANT_CLIENT_HELLO_CB: /* the silent fault: only time goes by */
        connection->events = 0;
        break;
    case SSL_ERROR_ZERO_RETURN:
        handle_end(connection);
        break;
    case SSL_ERROR_SYSCALL:
        if (saved_errno == 0) {
            handle_end(connection);
        } else {
            fail(connection, strerror_r(saved_errno, reason, sizeof reason));
        }
        break;
    default:
        fail(connection, "TLS failed without an error from OpenSSL");
        break;
    }
}

/* A HelloRequest is all that this writes; what the client makes of it comes with its next bytes. */
static void ask_to_renegotiate(struct rig_tls_connection *connection)
{
    ERR_clear_error();
    if (SSL_version(connection->session) <= TLS1_2_VERSION &&
        SSL_renegotiate(connection->session) == 1) {
        (void)SSL_do_handshake(connection->session);
        connection->answer_deadline_ns = rig_wait_ms(RENEGOTIATION_WAIT_MS, NULL).deadline_ns;
    }
    ERR_clear_error();
}

static void let_in(struct rig_tls_connection *connection)
{
    connection->stage = rig_tls_wants_line(connection->observed) ? STAGE_LINE : STAGE_ECHO;
    if (connection->observed->service->request_renegotiation) {
        ask_to_renegotiate(connection);
    }
}

/* The handshake was good; who comes in is the application's business now. */
static void enter(struct rig_tls_connection *connection)
{
    struct rig_tls_observed *const observed = connection->observed;

    if (observed->service->fault == RIG_TLS_FAULT_RESET_AFTER_HANDSHAKE) {
        observed->evidence.misbehaved = true;
        reset(connection);
        return;
    }
    if (!rig_tls_application_allows(observed)) {
        close_politely(connection);
        return;
    }
    connection->status = rig_tls_status_ask(observed);
    if (connection->status != NULL) {
        connection->stage = STAGE_STATUS;
        return;
    }
    if (!rig_tls_status_allows(observed)) {
        close_politely(connection);
        return;
    }
    let_in(connection);
}

static void drive_status(struct rig_tls_connection *connection)
{
    struct rig_tls_observed *const observed = connection->observed;

    if (!rig_tls_status_drive(connection->status, observed)) {
        return;
    }
    connection->events = EPOLLIN;
    if (!rig_tls_status_allows(observed)) {
        close_politely(connection);
        return;
    }
    let_in(connection);
}

static void drive_handshake(struct rig_tls_connection *connection)
{
    int rc;

    ERR_clear_error();
    errno = 0;
    rc = SSL_do_handshake(connection->session);
    if (rc != 1) {
        handle_stop(connection, rc, errno);
        return;
    }
    connection->observed->evidence.handshake_done = true;
    rig_tls_observe_handshake_end(connection->session, connection->observed);
    connection->events = EPOLLIN;
    enter(connection);
}

/* False when it has to wait, or when the stage changed. */
static bool write_pending(struct rig_tls_connection *connection)
{
    while (connection->pending_at < connection->n_pending) {
        int rc;

        ERR_clear_error();
        errno = 0;
        rc = SSL_write(connection->session, connection->pending + connection->pending_at,
                       (int)(connection->n_pending - connection->pending_at));
        if (rc <= 0) {
            handle_stop(connection, rc, errno);
            return false;
        }
        connection->observed->evidence.echoed = true;
        connection->pending_at += (size_t)rc;
    }
    return true;
}

/* Bytes are kept, to be echoed once the line is good. */
static void drive_line(struct rig_tls_connection *connection)
{
    while (connection->stage == STAGE_LINE) {
        const size_t n_before = connection->n_pending;
        int rc;

        ERR_clear_error();
        errno = 0;
        rc = SSL_read(connection->session, connection->pending + n_before,
                      (int)(connection->pending_size - n_before));
        if (rc <= 0) {
            handle_stop(connection, rc, errno);
            return;
        }
        connection->n_pending += (size_t)rc;
        connection->echo_left -= (size_t)rc;
        if (memchr(connection->pending + n_before, '\n', (size_t)rc) != NULL ||
            connection->n_pending == connection->pending_size) {
            judge_line(connection);
        }
    }
}

static bool read_some(struct rig_tls_connection *connection)
{
    const size_t wanted = connection->echo_left < connection->pending_size
                              ? connection->echo_left
                              : connection->pending_size;
    int rc;

    ERR_clear_error();
    errno = 0;
    rc = SSL_read(connection->session, connection->pending, (int)wanted);
    if (rc <= 0) {
        handle_stop(connection, rc, errno);
        return false;
    }
    connection->n_pending = (size_t)rc;
    connection->pending_at = 0;
    connection->echo_left -= (size_t)rc;
    return true;
}

static bool awaits_answer(const struct rig_tls_connection *connection)
{
    return connection->answer_deadline_ns != 0 && connection->observed->n_finished_sent < 2;
}

/* Bytes to be echoed wait for what the client makes of a HelloRequest. False when it has to wait,
 * or when the stage changed. */
static bool await_answer(struct rig_tls_connection *connection)
{
    uint8_t next;
    int rc;
    int why;

    if (!awaits_answer(connection) || connection->pending_at == connection->n_pending) {
        return true;
    }
    ERR_clear_error();
    errno = 0;
    rc = SSL_peek(connection->session, &next, 1);
    why = SSL_get_error(connection->session, rc);
    if (rc <= 0 && (awaits_answer(connection) ||
                    (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE))) {
        handle_stop(connection, rc, errno);
        return false;
    }
    connection->answer_deadline_ns = 0; /* answered, or more bytes came instead */
    return true;
}

static void drive_echo(struct rig_tls_connection *connection)
{
    const enum rig_tls_fault fault = connection->observed->service->fault;
    bool *const misbehaved = &connection->observed->evidence.misbehaved;

    /* bytes that OpenSSL holds do not make the socket readable, so it never stops at those */
    for (int round = 0; round < MAX_ROUNDS_AT_ONCE || SSL_pending(connection->session) > 0;
         round++) {
        if (!await_answer(connection) || !write_pending(connection)) {
            return;
        }
        if (connection->echo_left == 0) {
            close_politely(connection);
            return;
        }
        if (!read_some(connection)) {
            return;
        }
        *misbehaved |= fault == RIG_TLS_FAULT_NO_ECHO || fault == RIG_TLS_FAULT_WRONG_ECHO;
        if (fault == RIG_TLS_FAULT_NO_ECHO) {
            close_politely(connection);
            return;
        }
        if (fault == RIG_TLS_FAULT_WRONG_ECHO) {
            for (size_t i = 0; i < connection->n_pending; i++) {
                connection->pending[i] ^= 0xFF;
            }
        }
    }
}

static void drive_drain(struct rig_tls_connection *connection)
{
    uint8_t sink[MAX_RECORD_BYTES];

    for (int round = 0; round < MAX_ROUNDS_AT_ONCE; round++) {
        const ssize_t n = recv(connection->fd, sink, sizeof sink, 0);

        if (n > 0) {
            connection->n_drained += (size_t)n;
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            connection->stage = STAGE_OVER;
            return;
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

bool rig_tls_connection_drive(struct rig_tls_connection *connection)
{
    if (connection->stage == STAGE_HANDSHAKE) {
        drive_handshake(connection);
    }
    if (connection->stage == STAGE_STATUS) {
        drive_status(connection);
    }
    if (connection->stage == STAGE_LINE) {
        drive_line(connection);
    }
    if (connection->stage == STAGE_ECHO) {
        drive_echo(connection);
    }
    if (connection->stage == STAGE_DRAIN) {
        drive_drain(connection);
    }
    return connection->stage != STAGE_OVER;
}

uint32_t rig_tls_connection_events(const struct rig_tls_connection *connection)
{
    return connection->stage == STAGE_STATUS ? rig_tls_status_events(connection->status)
                                             : connection->events;
}

int rig_tls_connection_fd(const struct rig_tls_connection *connection)
{
    return connection->stage == STAGE_STATUS ? rig_tls_status_fd(connection->status)
                                             : connection->fd;
}

int64_t rig_tls_connection_deadline_ns(const struct rig_tls_connection *connection)
{
    switch (connection->stage) {
    case STAGE_STATUS:
        return rig_tls_status_deadline_ns(connection->status);
    case STAGE_ECHO:
        return awaits_answer(connection) ? connection->answer_deadline_ns : INT64_MAX;
    default:
        return INT64_MAX;
    }
}

void rig_tls_connection_expire(struct rig_tls_connection *connection)
{
    if (connection->stage == STAGE_STATUS) {
        rig_tls_status_expire(connection->status);
    }
    connection->answer_deadline_ns = 0;
}

const char *rig_tls_connection_stage(const struct rig_tls_connection *connection)
{
    switch (connection->stage) {
    case STAGE_HANDSHAKE:
        return connection->observed->evidence.client_hello_seen ? "the TLS handshake"
                                                                : "a ClientHello";
    case STAGE_STATUS:
        return "the OCSP responder";
    case STAGE_LINE:
        return "the line that registers";
    case STAGE_ECHO:
        return "application data";
    default:
        return "the client to close";
    }
}

void rig_tls_connection_end(struct rig_tls_connection *connection, const char *reason)
{
    struct rig_tls_evidence *const evidence = &connection->observed->evidence;

    if (connection->stage == STAGE_HANDSHAKE) {
        rig_tls_observe_handshake_end(connection->session, connection->observed);
    }
    if (reason != NULL && evidence->error_text[0] == '\0') {
        (void)rig_copy_text(evidence->error_text, sizeof evidence->error_text, reason);
    }
    evidence->total_ns = rig_now_ns() - connection->started_ns;
    evidence->n_received = BIO_number_read(connection->wire) + connection->n_drained;
    evidence->n_sent = BIO_number_written(connection->wire);
    if (connection->observed->n_finished_sent > 1) {
        evidence->n_renegotiations = connection->observed->n_finished_sent - 1;
    }
    rig_tls_status_free(connection->status);
    let_go(connection->observed);
    SSL_free(connection->session);
    (void)close(connection->fd);
    free(connection);
    ERR_clear_error();
}
