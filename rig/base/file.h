/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files: read whole, replace atomically, make folders. Every error names the path. No function here
 * follows a partial success: a file is either the old one or the complete new one, also after a
 * crash or on a full disk.
 */
#ifndef RIG_BASE_FILE_H
#define RIG_BASE_FILE_H

#include "rig/base/buf.h"
#include "rig/base/error.h"

#include <stdint.h>
#include <sys/types.h>

/* Appends the file's bytes to `out`. More than `max_bytes` is INVALID, and so is what is no regular
 * file (FIFO, device, folder), which is never waited for. Class USAGE for a file the user named. */
RIG_CHECKED rig_result rig_file_read(const char *path, size_t max_bytes, struct rig_buf *out,
                                     struct rig_error *err);

/* Writes a temporary file in the same folder, syncs it and renames it over `path`. */
RIG_CHECKED rig_result rig_file_replace(const char *path, const void *bytes, size_t n_bytes,
                                        mode_t mode, struct rig_error *err);

/* mkdir -p; an existing folder is fine, an existing file is EXISTS. */
RIG_CHECKED rig_result rig_dir_make(const char *path, mode_t mode, struct rig_error *err);

/* rm -r, without following links; a folder that is not there is fine. */
RIG_CHECKED rig_result rig_dir_remove(const char *path, struct rig_error *err);

/* "<folder>/<name>" in fresh memory; the caller frees it. */
RIG_CHECKED rig_result rig_path_join(const char *folder, const char *name, char **out,
                                     struct rig_error *err);

/* The folder of the running program, in fresh memory; the caller frees it. */
RIG_CHECKED rig_result rig_program_folder(char **out, struct rig_error *err);

/* Writes all bytes to `fd`, whatever the chunks. `what` names it in an error. */
RIG_CHECKED rig_result rig_write_fully(int fd, const void *bytes, size_t n_bytes, const char *what,
                                       struct rig_error *err);

#endif
