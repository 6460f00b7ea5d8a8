/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serial log of one board: a tap on its link that writes what crosses it, readable, to a file,
 * keeps the last part in memory for the text of a failure, and has the tripwire look at every byte.
 * When a private key is seen, what was written since the current step began is taken back from the
 * file, nothing more is written, and `tripped` says so. Used by the board's own thread only.
 */
#ifndef RIG_RUN_BOARDLOG_H
#define RIG_RUN_BOARDLOG_H

#include "rig/base/buf.h"
#include "rig/base/wait.h"
#include "rig/link/link.h"
#include "rig/tls/tripwire.h"

#include <sys/types.h>

struct rig_boardlog {
    int fd;
    int64_t started_ns;
    off_t step_offset;        /* of the file, where the current step began */
    struct rig_buf step_text; /* the current step's text, only its last part */
    enum rig_link_direction direction;
    bool at_line_start;
    struct rig_tripwire wires[2]; /* one per direction */
    bool tripped;
    char what[64];                /* kind of private key */
    struct rig_error write_error; /* class NONE unless the file could not be written */
    uint64_t n_bytes[2];          /* per direction */
};

RIG_CHECKED rig_result rig_boardlog_open(struct rig_boardlog *log, const char *path,
                                         struct rig_error *err);
void rig_boardlog_close(struct rig_boardlog *log);
/* A line of the rig's own between the board's: "--- keygen rsa-2048". Starts a new step. */
void rig_boardlog_step(struct rig_boardlog *log, const char *title);
/* For rig_link_set_tap, with the log as ctx. */
void rig_boardlog_tap(void *ctx, enum rig_link_direction direction, const uint8_t *bytes,
                      size_t n_bytes);

#endif
