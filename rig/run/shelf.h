/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shelf of virtual boards: `vboard` programs beside this one, on ephemeral loopback ports,
 * numbered from 1. Their flash stays in the work folder, so a second run meets the same boards.
 */
#ifndef RIG_RUN_SHELF_H
#define RIG_RUN_SHELF_H

#include "rig/base/child.h"
#include "rig/suite/bench.h"

#define RIG_SHELF_MAX_BOARDS 256
#define RIG_SHELF_MAX_FAULTS 64

struct rig_shelf_fault {
    size_t board;  /* from 1 */
    char name[64]; /* "drop-bytes:17" */
};

struct rig_shelf_options {
    size_t n_boards;
    const char *pace; /* NULL: none */
    const char *chip; /* of every board, as vboard --chip; NULL: esp32 */
    size_t n_faults;
    const struct rig_shelf_fault *faults;
    const char *folder; /* flash files and stderr logs */
};

struct rig_shelf {
    size_t n_boards;
    struct rig_child *children;
    struct rig_bench_board *boards; /* as a bench file would have them */
};

/* Starts all, then waits for each one's address. Nothing is left behind when it fails. */
RIG_CHECKED rig_result rig_shelf_start(const struct rig_shelf_options *options,
                                       struct rig_shelf *shelf, struct rig_wait wait,
                                       struct rig_error *err);
void rig_shelf_stop(struct rig_shelf *shelf);

#endif
