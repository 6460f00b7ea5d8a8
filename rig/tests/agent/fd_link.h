/* SPDX-License-Identifier: Apache-2.0 */
/* A link over a stream socket, for tests; it can lose, change and invent bytes. Owns the
 * descriptor. */
#ifndef RIG_TESTS_FD_LINK_H
#define RIG_TESTS_FD_LINK_H

#include "rig/link/link.h"

struct fd_link_noise {
    unsigned one_in; /* each byte is hit with a chance of one in this many; 0: clean */
    uint32_t seed;
};

struct rig_link *fd_link_open(int fd, struct fd_link_noise noise);

#endif
