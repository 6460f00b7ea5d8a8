/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/link/tcp.h"

#include "rig/base/buf.h"
#include "rig/base/cleanup.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* A peer that vanished without a word (cable, power) is noticed after about 25 s. */
#define KEEPALIVE_IDLE_S 10
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_PROBES 3

static rig_result fail_connect(struct rig_error *err, int errno_value, const char *host,
                               uint16_t port)
{
    const char *remedy = "";

    if (errno_value == ECONNREFUSED) {
        remedy = " (nothing listens there: is the server running, and the port number right?)";
    } else if (errno_value == ENETUNREACH || errno_value == EHOSTUNREACH) {
        remedy = " (check the network of this host)";
    }
    (void)rig_fail_errno(err, errno_value, "cannot connect to %s port %u%s", host, port, remedy);
    err->cls = RIG_CLASS_NETWORK;
    return (rig_result){.ok = false};
}

static void set_options(int fd)
{
    const int on = 1;
    const int idle_s = KEEPALIVE_IDLE_S;
    const int interval_s = KEEPALIVE_INTERVAL_S;
    const int probes = KEEPALIVE_PROBES;

    /* a stack that refuses one of these still carries the bytes */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

/* One address. */
static rig_result try_connect(const struct addrinfo *address, const char *host, uint16_t port,
                              int *fd, struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_close_fd)
    int candidate =
        socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int problem = 0;
    socklen_t size = sizeof problem;

    if (candidate < 0) {
        return fail_connect(err, errno, host, port);
    }
    if (connect(candidate, address->ai_addr, address->ai_addrlen) != 0) {
        if (errno != EINPROGRESS) {
            return fail_connect(err, errno, host, port);
        }
        RIG_TRY_IN(rig_wait_fd(wait, candidate, POLLOUT, "the connection", err), err,
                   "cannot connect to %s port %u", host, port);
        if (getsockopt(candidate, SOL_SOCKET, SO_ERROR, &problem, &size) != 0) {
            problem = errno;
        }
        if (problem != 0) {
            return fail_connect(err, problem, host, port);
        }
    }
    set_options(candidate);
    *fd = rig_take_fd(&candidate);
    return RIG_DONE;
}

static void free_addresses(struct addrinfo **addresses)
{
    if (*addresses != NULL) {
        freeaddrinfo(*addresses);
    }
}

rig_result rig_tcp_connect(const char *host, uint16_t port, int *fd, struct rig_wait wait,
                           struct rig_error *err)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG};
    RIG_AUTO(free_addresses) struct addrinfo *addresses = NULL;
    rig_result result = {.ok = false};
    char service[8];
    int rc;

    (void)snprintf(service, sizeof service, "%u", (unsigned)port);
    rc = getaddrinfo(host, service, &hints, &addresses);
    if (rc == EAI_NONAME || rc == EAI_ADDRFAMILY) {
        /* AI_ADDRCONFIG hides loopback addresses on a host without any network */
        const struct addrinfo plain = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
        rc = getaddrinfo(host, service, &plain, &addresses);
    }
    if (rc != 0) {
        return rig_fail(err, RIG_CLASS_NETWORK, RIG_E_NOT_FOUND,
                        "cannot find the host '%s': %s (check the name, or use its address)", host,
                        gai_strerror(rc));
    }
    for (const struct addrinfo *at = addresses; at != NULL && !result.ok; at = at->ai_next) {
        result = try_connect(at, host, port, fd, wait, err);
        if (!result.ok && (err->code == RIG_E_CANCELLED || rig_wait_over(wait))) {
            break;
        }
    }
    return result;
}

static rig_result fail_form(struct rig_error *err, const char *text, const char *what)
{
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "'%s' is not HOST:PORT: %s", text, what);
}

rig_result rig_tcp_parse(const char *text, char *host, size_t host_size, uint16_t *port,
                         struct rig_error *err)
{
    const bool bracketed = text[0] == '[';
    const char *host_start = bracketed ? text + 1 : text;
    const char *host_end = bracketed ? strchr(text, ']') : strrchr(text, ':');
    const char *digits;
    unsigned number = 0;

    if (host_end == NULL) {
        return fail_form(err, text, bracketed ? "']' is missing" : "the port is missing");
    }
    if (bracketed && host_end[1] != ':') {
        return fail_form(err, text, "the port is missing");
    }
    digits = host_end + (bracketed ? 2 : 1);
    if (host_end == host_start) {
        return fail_form(err, text, "the host is missing");
    }
    if (!bracketed && memchr(host_start, ':', (size_t)(host_end - host_start)) != NULL) {
        return fail_form(err, text, "write an IPv6 address in brackets, as [::1]:4000");
    }
    if ((size_t)(host_end - host_start) >= host_size) {
        return fail_form(err, text, "the host is too long");
    }
    for (const char *at = digits; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || at - digits >= 5) {
            return fail_form(err, text, "the port is not a number from 1 to 65535");
        }
        number = number * 10 + (unsigned)(*at - '0');
    }
    if (number == 0 || number > UINT16_MAX) {
        return fail_form(err, text, "the port is not a number from 1 to 65535");
    }
    memcpy(host, host_start, (size_t)(host_end - host_start));
    host[host_end - host_start] = '\0';
    *port = (uint16_t)number;
    return RIG_DONE;
}
