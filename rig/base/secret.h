/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets on their way in: passphrases, tokens, secret ids. They come from a file that only its
 * owner may read, from the environment (which then forgets them, so that no program that we start
 * gets them) or from standard input; never from the command line, which every user of the host can
 * read. One secret is one line; its line end is not part of it.
 *
 * Errors: class USAGE for a source that the user must mend; they name the source, never what was
 * in it. Threads: rig_secret_from_environment changes the environment: call it before threads are
 * started. The rest: any thread.
 */
#ifndef RIG_BASE_SECRET_H
#define RIG_BASE_SECRET_H

#include "rig/base/buf.h"
#include "rig/base/wait.h"

/* The longest that is taken, in bytes: Vault's batch tokens and JWTs are long. */
#define RIG_SECRET_MAX_BYTES 16384

/*
 * Appends the first line of `path` to `secret`, which must be marked secret. `what` names it in
 * messages: "passphrase", "token". A file that its group or others may read is refused
 * (PERMISSION), and so are an empty one, one longer than RIG_SECRET_MAX_BYTES and what is no
 * regular file.
 */
RIG_CHECKED rig_result rig_secret_from_file(const char *path, const char *what,
                                            struct rig_buf *secret, struct rig_error *err);

/* Fails with PERMISSION when group or others may read or write `path`: for key files that a library
 * reads by itself. */
RIG_CHECKED rig_result rig_secret_check_mode(const char *path, const char *what,
                                             struct rig_error *err);

/* Appends the variable's value and removes it from the environment, also when it is empty; *found
 * says whether there was one that is not empty. */
RIG_CHECKED rig_result rig_secret_from_environment(const char *variable, struct rig_buf *secret,
                                                   bool *found, struct rig_error *err);

/* Appends the first line that comes on `fd` (standard input). What comes behind it in the same
 * moment is lost. */
RIG_CHECKED rig_result rig_secret_from_fd(int fd, const char *what, struct rig_buf *secret,
                                          struct rig_wait wait, struct rig_error *err);

/*
 * From here on this process leaves no core file and other processes of the same user can't read its
 * memory (PR_SET_DUMPABLE 0, RLIMIT_CORE 0): a core dump or a debugger would carry off the secrets
 * that it holds. A debugger still works when it starts the program, as root does. Programs that we
 * start get a core limit of 0 too.
 */
RIG_CHECKED rig_result rig_secret_guard_process(struct rig_error *err);

#endif
