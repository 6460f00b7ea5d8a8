/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other programs: started with posix_spawn, without a shell, in their own process group. A child of
 * ours that must not outlive us reads its standard input: end of file there means that we are gone,
 * however we went. One thread at a time per child.
 */
#ifndef RIG_BASE_CHILD_H
#define RIG_BASE_CHILD_H

#include "rig/base/buf.h"
#include "rig/base/error.h"
#include "rig/base/wait.h"

#include <sys/types.h>

struct rig_child {
    pid_t pid;     /* 0: none */
    int stdout_fd; /* read end of its standard output; -1: inherited or closed */
    int stdin_fd;  /* write end of its standard input: end of file there tells the child that we are
                      gone */
    char name[64]; /* for messages */
};

/*
 * Starts argv[0] (looked up in PATH when it has no slash) with argv (NULL-terminated) and this
 * environment. Its standard output comes to stdout_fd, its standard error goes to `stderr_path`
 * (created, appended) or is inherited when NULL. A missing program is RIG_E_NOT_FOUND with the
 * name.
 */
RIG_CHECKED rig_result rig_child_start(struct rig_child *child, const char *const argv[],
                                       const char *stderr_path, struct rig_error *err);

/* Appends the next line of its standard output, without the line end. End of output is
 * DISCONNECTED, with the exit code or the signal in words where the child ends then; it is still to
 * be joined. */
RIG_CHECKED rig_result rig_child_read_line(struct rig_child *child, struct rig_wait wait,
                                           struct rig_buf *line, struct rig_error *err);

/* Waits for its end; `exit_status` is its exit code, or 128 + the signal that ended it. */
RIG_CHECKED rig_result rig_child_join(struct rig_child *child, struct rig_wait wait,
                                      int *exit_status, struct rig_error *err);

/* SIGTERM, then after `grace_ms` SIGKILL; reaps it and closes its descriptors. A child that is not
 * there is fine. */
void rig_child_stop(struct rig_child *child, int64_t grace_ms);

#endif
