/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who else uses a port: a process that has the file open, as far as /proc lets us look, or one that
 * holds a flock on it (that the kernel tells anybody). And locks of our own, for things that have
 * no file: by USB path, in a folder of this host, gone with the process that took them. Any thread.
 */
#ifndef RIG_LINK_HOLDER_H
#define RIG_LINK_HOLDER_H

#include "rig/base/error.h"

#include <stddef.h>

/* Another process that has the file open: "process 4711 (minicom)", or "" when none is seen. */
void rig_find_other_user(const char *path, char *out, size_t out_size);

/* The same, but first whoever holds the flock on it; "another board of this program itself" too. */
void rig_find_holder(const char *path, char *out, size_t out_size);

/*
 * Takes the flock on an open file. BUSY (class RIG) names the holder; `what` is for its text: "the
 * port '/dev/ttyUSB0'".
 */
RIG_CHECKED rig_result rig_lock_fd(int fd, const char *path, const char *what,
                                   struct rig_error *err);

/*
 * Locks a part of a USB device ("1-4.2", "1" for an interface, "cbus" for pins that no interface
 * has) against other processes and other users in this one. The caller closes *fd, which frees the
 * lock; the file itself stays.
 */
RIG_CHECKED rig_result rig_usb_lock(const char *usb_path, const char *part, int *fd,
                                    struct rig_error *err);

#endif
