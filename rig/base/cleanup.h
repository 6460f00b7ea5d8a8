/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one cleanup style of the host side: a variable that is released when its scope ends,
 * whichever way it ends.
 *
 *     RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
 *     RIG_AUTO(rig_close_fd) int fd = -1;
 *     RIG_AUTO(rig_free_chars) char *path = NULL;
 *
 * The release function takes a pointer to the variable and keeps errno. OpenSSL objects get theirs
 * through RIG_DEFINE_AUTO, which makes `rig_auto_TYPE(T **)` from a function that takes T *.
 */
#ifndef RIG_BASE_CLEANUP_H
#define RIG_BASE_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define RIG_AUTO(release) __attribute__((cleanup(release)))

#define RIG_DEFINE_AUTO(type, free_function)                                                       \
    static inline void rig_auto_##type(type **slot)                                                \
    {                                                                                              \
        if (*slot != NULL) {                                                                       \
            free_function(*slot);                                                                  \
            *slot = NULL;                                                                          \
        }                                                                                          \
    }                                                                                              \
    struct rig_auto_##type##_semicolon

static inline void rig_close_fd(int *fd)
{
    if (*fd >= 0) {
        const int saved = errno;
        (void)close(*fd);
        errno = saved;
        *fd = -1;
    }
}

/* Takes the descriptor out of a variable that would close it. */
static inline int rig_take_fd(int *fd)
{
    const int taken = *fd;

    *fd = -1;
    return taken;
}

static inline void rig_free_chars(char **slot)
{
    free(*slot);
    *slot = NULL;
}

#endif
