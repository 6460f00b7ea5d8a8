/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer lock of a work folder: an open-file-description lock on `rig.lock`, freed by the
 * kernel when the process dies, whose holder's pid stands in the file. Unlike flock(2) it can be
 * asked for without being taken, so that a reader never gets in a writer's way. For the sources of
 * this folder only.
 */
#ifndef RIG_REGISTER_LOCK_H
#define RIG_REGISTER_LOCK_H

#include "rig/base/error.h"

#include <stdint.h>

/* BUSY, class RIG, names the pid of the holder. The caller closes `fd`, which frees the lock. */
RIG_CHECKED rig_result rig_lock_take(const char *folder, int *fd, struct rig_error *err);
/* The holder's pid (-1 when it can't be told), 0: nobody. */
RIG_CHECKED rig_result rig_lock_holder(const char *folder, int64_t *pid, struct rig_error *err);

#endif
