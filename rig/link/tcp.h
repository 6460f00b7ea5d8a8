/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP connections with a deadline. Errors are class NETWORK and name host, port and remedy:
 * NOT_FOUND (no such host), REFUSED (nothing listens there), TIMEOUT, IO. The caller owns the
 * descriptor: non-blocking, close-on-exec, Nagle's delay off. Thread-safe. Looking up a name (not
 * an address) can exceed the deadline by the resolver's own time limit.
 */
#ifndef RIG_LINK_TCP_H
#define RIG_LINK_TCP_H

#include "rig/base/error.h"
#include "rig/base/wait.h"

#include <stddef.h>
#include <stdint.h>

RIG_CHECKED rig_result rig_tcp_connect(const char *host, uint16_t port, int *fd,
                                       struct rig_wait wait, struct rig_error *err);

/* Splits "HOST:PORT" or "[IPV6]:PORT"; INVALID (class USAGE) says what is wrong. */
RIG_CHECKED rig_result rig_tcp_parse(const char *text, char *host, size_t host_size, uint16_t *port,
                                     struct rig_error *err);

#endif
