/* SPDX-License-Identifier: Apache-2.0 */
/* A first bench file from what was found, for a person to go on with. */
#ifndef RIG_CLI_FIRST_BENCH_H
#define RIG_CLI_FIRST_BENCH_H

#include "rig/base/buf.h"
#include "rig/link/ports.h"
#include "rig/run/probe.h"

/* A port of this host, or an address that was given, and what hangs there. */
struct rig_found {
    bool named;           /* on the command line */
    bool is_port;         /* `port` is filled */
    struct rig_port port; /* of rig_ports_each */
    char address[160];
};

/*
 * Appends the file's text: a board for each probe that found one, named by what stays the same when
 * the cable is plugged in again; a comment for each that found none. The text is read back by the
 * bench's own reader before it is returned. NOT_FOUND when there is no board at all.
 */
RIG_CHECKED rig_result rig_first_bench(const struct rig_found *found,
                                       const struct rig_probe *probes, size_t n,
                                       struct rig_buf *text, struct rig_error *err);

#endif
