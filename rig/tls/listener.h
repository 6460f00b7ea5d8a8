/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets on a fixed address: an ephemeral port, or the next free one of a range. For
 * this folder and rig/profile, whose programs listen where an endpoint would. */
#ifndef RIG_TLS_LISTENER_H
#define RIG_TLS_LISTENER_H

#include "rig/base/error.h"

#include <netinet/in.h>
#include <sys/socket.h>

union rig_tls_socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct rig_tls_address {
    union rig_tls_socket_address at; /* its port is filled per listener */
    socklen_t len;
    char text[64]; /* as given, or "all interfaces" */
    uint16_t first_port;
    uint16_t last_port;
};

/* NULL: all interfaces. A text that is no numeric address or a range that runs backwards:
 * USAGE/INVALID. */
RIG_CHECKED rig_result rig_tls_address_parse(const char *bind_address, uint16_t first_port,
                                             uint16_t last_port, struct rig_tls_address *address,
                                             struct rig_error *err);

/*
 * A nonblocking listening socket; the caller closes *fd. Of a range the search starts at
 * `from_port` and wraps around, so that a port that was just given back rests. One port taken, or
 * all of the range: USAGE/BUSY.
 */
RIG_CHECKED rig_result rig_tls_listen(const struct rig_tls_address *address, uint16_t from_port,
                                      int *fd, uint16_t *port, struct rig_error *err);

#endif
