/* SPDX-License-Identifier: Apache-2.0 */
#include "fd_link.h"

#include "rig/base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fd_link {
    struct rig_link base; /* first */
    int fd;
    struct fd_link_noise noise;
};

static unsigned next(struct fd_link *f)
{
    f->noise.seed = f->noise.seed * 1664525u + 1013904223u;
    return f->noise.seed >> 8;
}

/* `out` has room for twice as many. */
static size_t disturb(struct fd_link *f, const uint8_t *bytes, size_t n_bytes, uint8_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < n_bytes; i++) {
        const bool hit = f->noise.one_in != 0 && next(f) % f->noise.one_in == 0;
        const unsigned how = hit ? next(f) % 3 : 3;

        if (how == 0) {
            continue; /* lost */
        }
        out[n++] = how == 1 ? (uint8_t)next(f) : bytes[i];
        if (how == 2) {
            out[n++] = (uint8_t)next(f);
        }
    }
    return n;
}

static rig_result fd_read(struct rig_link *link, uint8_t *bytes, size_t cap, size_t *got,
                          struct rig_wait wait, struct rig_error *err)
{
    struct fd_link *f = (struct fd_link *)link;
    uint8_t clean[512];
    uint8_t disturbed[2 * sizeof clean];

    while (*got == 0) {
        ssize_t n;

        RIG_TRY(rig_wait_fd(wait, f->fd, POLLIN, "bytes", err));
        n = read(f->fd, clean, cap / 2 < sizeof clean ? cap / 2 : sizeof clean);
        if (n <= 0) {
            return rig_fail(err, RIG_CLASS_NETWORK, RIG_E_DISCONNECTED, "closed");
        }
        *got = disturb(f, clean, (size_t)n, disturbed);
        memcpy(bytes, disturbed, *got);
    }
    return RIG_DONE;
}

static rig_result fd_write(struct rig_link *link, const uint8_t *bytes, size_t n_bytes,
                           struct rig_wait wait, struct rig_error *err)
{
    struct fd_link *f = (struct fd_link *)link;
    uint8_t *out = malloc(2 * n_bytes);
    rig_result result;

    (void)wait;
    if (out == NULL) {
        return rig_fail_memory(err);
    }
    result = rig_write_fully(f->fd, out, disturb(f, bytes, n_bytes, out), "the board", err);
    free(out);
    return result;
}

static rig_result fd_set_baud(struct rig_link *link, unsigned baud, struct rig_wait wait,
                              struct rig_error *err)
{
    (void)link;
    (void)baud;
    (void)wait;
    (void)err;
    return RIG_DONE;
}

static rig_result fd_purge(struct rig_link *link, unsigned what, struct rig_wait wait,
                           struct rig_error *err)
{
    (void)link;
    (void)what;
    (void)wait;
    (void)err;
    return RIG_DONE;
}

static int fd_poll_fd(struct rig_link *link)
{
    return ((struct fd_link *)link)->fd;
}

static bool fd_has_pending(struct rig_link *link)
{
    (void)link;
    return false;
}

static void fd_close(struct rig_link *link)
{
    (void)close(((struct fd_link *)link)->fd);
    free(link);
}

static const struct rig_link_ops ops = {
    .name = "fd",
    .read = fd_read,
    .write = fd_write,
    .set_baud = fd_set_baud,
    .purge = fd_purge,
    .poll_fd = fd_poll_fd,
    .has_pending = fd_has_pending,
    .close = fd_close,
};

struct rig_link *fd_link_open(int fd, struct fd_link_noise noise)
{
    struct fd_link *f = calloc(1, sizeof *f);

    if (f == NULL) {
        abort();
    }
    f->base.ops = &ops;
    (void)memcpy(f->base.address, "fd", 3);
    f->fd = fd;
    f->noise = noise;
    return &f->base;
}
