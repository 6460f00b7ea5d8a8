/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/listener.h"

#include "rig/base/buf.h"
#include "rig/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>

static void set_port(union rig_tls_socket_address *at, uint16_t port)
{
    if (at->any.sa_family == AF_INET6) {
        at->v6.sin6_port = htons(port);
    } else {
        at->v4.sin_port = htons(port);
    }
}

static uint16_t port_of(const union rig_tls_socket_address *at)
{
    return ntohs(at->any.sa_family == AF_INET6 ? at->v6.sin6_port : at->v4.sin_port);
}

static bool has_ipv6(void)
{
    RIG_AUTO(rig_close_fd) int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd >= 0;
}

static bool parse_address(const char *text, struct rig_tls_address *address)
{
    address->at = (union rig_tls_socket_address){.v4 = {.sin_family = AF_INET}};
    address->len = sizeof address->at.v4;
    if (inet_pton(AF_INET, text, &address->at.v4.sin_addr) == 1) {
        return true;
    }
    address->at = (union rig_tls_socket_address){.v6 = {.sin6_family = AF_INET6}};
    address->len = sizeof address->at.v6;
    return inet_pton(AF_INET6, text, &address->at.v6.sin6_addr) == 1;
}

rig_result rig_tls_address_parse(const char *bind_address, uint16_t first_port, uint16_t last_port,
                                 struct rig_tls_address *address, struct rig_error *err)
{
    const char *const text = bind_address != NULL ? bind_address : has_ipv6() ? "::" : "0.0.0.0";

    if (!parse_address(text, address)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "'%.60s' is not an IP address to listen on: give one like 127.0.0.1 or ::1",
                        text);
    }
    if (last_port < first_port && (first_port != 0 && last_port != 0)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "port range %u-%u runs backwards: give the lower port first",
                        (unsigned)first_port, (unsigned)last_port);
    }
    (void)rig_copy_text(address->text, sizeof address->text,
                        bind_address != NULL ? bind_address : "all interfaces");
    address->first_port = first_port;
    address->last_port = last_port != 0 ? last_port : first_port;
    return RIG_DONE;
}

static rig_result cannot_listen(const struct rig_tls_address *address, uint16_t port,
                                int errno_value, bool *busy, struct rig_error *err)
{
    const char *const remedy = errno_value == EADDRNOTAVAIL
                                   ? " (give an address of this host, or none for all)"
                               : errno_value == EACCES ? " (give a port above 1023)"
                                                       : "";

    *busy = errno_value == EADDRINUSE;
    (void)rig_fail_errno(err, errno_value, "the test server cannot listen on %s, port %u%s",
                         address->text, (unsigned)port, remedy);
    err->cls = RIG_CLASS_USAGE;
    return (rig_result){.ok = false};
}

/* `busy` is set, and the error too, when another socket has the port. */
static rig_result try_port(const struct rig_tls_address *address, uint16_t port, int *fd,
                           bool *busy, struct rig_error *err)
{
    union rig_tls_socket_address at = address->at;
    const int on = 1;
    const int off = 0;
    RIG_AUTO(rig_close_fd)
    int made = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    *busy = false;
    if (made < 0) {
        return rig_fail_errno(err, errno, "cannot make a socket for the test server");
    }
    set_port(&at, port);
    /* accepted sockets inherit TCP_NODELAY: a flight in two segments must not wait for an
     * acknowledgement */
    if (setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        (at.any.sa_family == AF_INET6 &&
         setsockopt(made, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0)) {
        return rig_fail_errno(err, errno, "cannot set up a socket for the test server");
    }
    if (bind(made, &at.any, address->len) != 0 || listen(made, SOMAXCONN) != 0) {
        return cannot_listen(address, port, errno, busy, err);
    }
    *fd = rig_take_fd(&made);
    return RIG_DONE;
}

static rig_result all_taken(const struct rig_tls_address *address, struct rig_error *err)
{
    if (address->first_port == address->last_port) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_BUSY,
                        "port %u on %s is taken: stop the program that has it, or give another "
                        "port",
                        (unsigned)address->first_port, address->text);
    }
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_BUSY,
                    "no port of the range %u-%u on %s is free: widen the range, one port is needed "
                    "for each handshake that runs at the same time",
                    (unsigned)address->first_port, (unsigned)address->last_port, address->text);
}

static rig_result listen_in_range(const struct rig_tls_address *address, uint16_t from_port,
                                  int *fd, struct rig_error *err)
{
    const unsigned n_ports = (unsigned)address->last_port - address->first_port + 1;
    const unsigned start = from_port >= address->first_port && from_port <= address->last_port
                               ? (unsigned)from_port - address->first_port
                               : 0;

    for (unsigned i = 0; i < n_ports; i++) {
        const uint16_t port = (uint16_t)(address->first_port + (start + i) % n_ports);
        bool busy = false;
        const rig_result tried = try_port(address, port, fd, &busy, err);

        if (tried.ok || !busy) {
            return tried;
        }
    }
    return all_taken(address, err);
}

rig_result rig_tls_listen(const struct rig_tls_address *address, uint16_t from_port, int *fd,
                          uint16_t *port, struct rig_error *err)
{
    RIG_AUTO(rig_close_fd) int made = -1;
    union rig_tls_socket_address bound = {0};
    socklen_t bound_len = sizeof bound;
    bool busy = false;

    if (address->first_port == 0) {
        RIG_TRY(try_port(address, 0, &made, &busy, err));
    } else {
        RIG_TRY(listen_in_range(address, from_port, &made, err));
    }
    if (getsockname(made, &bound.any, &bound_len) != 0) {
        return rig_fail_errno(err, errno, "cannot learn the test server's port");
    }
    *port = port_of(&bound);
    *fd = rig_take_fd(&made);
    return RIG_DONE;
}
