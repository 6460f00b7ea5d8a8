/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define RECORD_HEADER_BYTES 5
#define RELAY_CLIENT_PORT 50000
#define RELAY_SERVER_PORT 443

static uint16_t port_of(int (*name_of)(int, struct sockaddr *, socklen_t *), int fd,
                        uint16_t otherwise)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at = {0};
    socklen_t len = sizeof at;

    if (name_of(fd, &at.any, &len) != 0) {
        return otherwise;
    }
    switch (at.any.sa_family) {
    case AF_INET:
        return ntohs(at.v4.sin_port);
    case AF_INET6:
        return ntohs(at.v6.sin6_port);
    default:
        return otherwise;
    }
}

static int peer_name(int fd, struct sockaddr *at, socklen_t *len)
{
    return getpeername(fd, at, len);
}

static int own_name(int fd, struct sockaddr *at, socklen_t *len)
{
    return getsockname(fd, at, len);
}

struct rig_tls_capture *rig_tls_wire_capture(int fd)
{
    struct rig_tls_capture *const capture = rig_tls_capture_new();

    if (capture != NULL) {
        capture->client_port = port_of(peer_name, fd, RELAY_CLIENT_PORT);
        capture->server_port = port_of(own_name, fd, RELAY_SERVER_PORT);
    }
    return capture;
}

static void capture(struct rig_tls_observed *observed, bool from_client, const void *bytes,
                    size_t n_bytes)
{
    if (observed->capture != NULL) {
        rig_tls_capture_add(observed->capture, from_client, bytes, n_bytes);
    }
}

/* The first flight ends behind its ServerHello, with an alert; both are still in the clear. */
static void send_hello_and_alert(int fd, struct rig_tls_observed *observed, const uint8_t *bytes,
                                 size_t n_bytes)
{
    const uint8_t alert[] = {SSL3_RT_ALERT,
                             bytes[1],
                             bytes[2],
                             0,
                             2,
                             SSL3_AL_FATAL,
                             (uint8_t)observed->service->fault_alert};
    const size_t n_hello = RECORD_HEADER_BYTES + ((size_t)bytes[3] << 8 | bytes[4]);

    if (n_hello <= n_bytes && send(fd, bytes, n_hello, MSG_NOSIGNAL) == (ssize_t)n_hello &&
        send(fd, alert, sizeof alert, MSG_NOSIGNAL) == (ssize_t)sizeof alert) {
        capture(observed, false, bytes, n_hello);
        capture(observed, false, alert, sizeof alert);
        observed->evidence.misbehaved = true;
        observed->evidence.alert_sent = observed->service->fault_alert;
        observed->fatal_sent = true;
    }
    observed->muted = true;
}

static bool may_write(BIO *wire, struct rig_tls_observed *observed, const uint8_t *bytes,
                      size_t n_bytes)
{
    if (!observed->muted && observed->service->fault == RIG_TLS_FAULT_ALERT_AFTER_HELLO &&
        n_bytes > RECORD_HEADER_BYTES && bytes[0] == SSL3_RT_HANDSHAKE &&
        bytes[RECORD_HEADER_BYTES] == SSL3_MT_SERVER_HELLO) {
        send_hello_and_alert((int)BIO_get_fd(wire, NULL), observed, bytes, n_bytes);
    }
    if (observed->muted) {
        BIO_clear_retry_flags(wire);
        errno = EPIPE;
    }
    return !observed->muted;
}

static long on_wire(BIO *wire, int operation, const char *bytes, size_t len, int argi, long argl,
                    int ret, size_t *processed)
{
    struct rig_tls_observed *const observed =
        (struct rig_tls_observed *)(void *)BIO_get_callback_arg(wire);

    (void)argi;
    (void)argl;
    switch (operation) {
    case BIO_CB_WRITE:
        return may_write(wire, observed, (const uint8_t *)bytes, len) ? 1 : -1;
    case BIO_CB_READ | BIO_CB_RETURN:
    case BIO_CB_WRITE | BIO_CB_RETURN:
        if (ret > 0 && processed != NULL) {
            capture(observed, operation == (BIO_CB_READ | BIO_CB_RETURN), bytes, *processed);
        }
        return ret;
    default:
        return (operation & BIO_CB_RETURN) != 0 ? ret : 1;
    }
}

void rig_tls_wire_attach(BIO *wire, struct rig_tls_observed *observed)
{
    if (observed->capture != NULL || observed->service->fault != RIG_TLS_FAULT_NONE) {
        BIO_set_callback_arg(wire, (char *)observed);
        BIO_set_callback_ex(wire, on_wire);
    }
}

void rig_tls_wire_reset_on_close(int fd)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}
