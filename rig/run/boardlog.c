/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/boardlog.h"

#include "rig/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEPT_BYTES ((size_t)16 * 1024)

rig_result rig_boardlog_open(struct rig_boardlog *log, const char *path, struct rig_error *err)
{
    memset(log, 0, sizeof *log);
    log->started_ns = rig_now_ns();
    log->at_line_start = true;
    log->step_text.secret = true; /* may hold part of a leaked key until it is recognised */
    rig_tripwire_init(&log->wires[RIG_LINK_RECEIVED]);
    rig_tripwire_init(&log->wires[RIG_LINK_SENT]);
    log->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (log->fd < 0) {
        return rig_fail_errno(err, errno, "cannot write the serial log '%s'", path);
    }
    return RIG_DONE;
}

void rig_boardlog_close(struct rig_boardlog *log)
{
    rig_close_fd(&log->fd);
    rig_buf_free(&log->step_text);
    explicit_bzero(log->wires, sizeof log->wires);
}

static void put(struct rig_boardlog *log, const char *text, size_t n_bytes)
{
    struct rig_error ignored;

    if (log->step_text.len > 2 * KEPT_BYTES) {
        rig_buf_consume(&log->step_text, log->step_text.len - KEPT_BYTES);
    }
    (void)rig_buf_append(&log->step_text, text, n_bytes, &ignored).ok;
    if (log->fd >= 0 && log->write_error.cls == RIG_CLASS_NONE &&
        !rig_write_fully(log->fd, text, n_bytes, "serial log", &log->write_error).ok) {
        rig_close_fd(&log->fd);
    }
}

static void begin_line(struct rig_boardlog *log, const char *mark)
{
    char stamp[48];
    const int64_t ms = (rig_now_ns() - log->started_ns) / RIG_NS_PER_MS;
    const int len =
        snprintf(stamp, sizeof stamp, "%s[%5lld.%03d] %s ", log->at_line_start ? "" : "\n",
                 (long long)(ms / 1000), (int)(ms % 1000), mark);

    put(log, stamp, (size_t)len);
    log->at_line_start = false;
}

void rig_boardlog_step(struct rig_boardlog *log, const char *title)
{
    if (!log->at_line_start) {
        put(log, "\n", 1);
        log->at_line_start = true;
    }
    rig_buf_reset(&log->step_text);
    if (log->fd >= 0) {
        log->step_offset = lseek(log->fd, 0, SEEK_CUR);
    }
    if (log->tripped) {
        return;
    }
    begin_line(log, "---");
    put(log, title, strlen(title));
    put(log, "\n", 1);
    log->at_line_start = true;
}

static void take_back_step(struct rig_boardlog *log)
{
    static const char note[] = "--- withheld: the board printed a private key here\n";

    log->tripped = true;
    rig_buf_reset(&log->step_text);
    if (log->fd >= 0 && (ftruncate(log->fd, log->step_offset) != 0 ||
                         lseek(log->fd, log->step_offset, SEEK_SET) < 0)) {
        (void)rig_fail_errno(&log->write_error, errno, "cannot take a private key out of the log");
    }
    put(log, note, sizeof note - 1);
    log->at_line_start = true;
}

static void put_readable(struct rig_boardlog *log, enum rig_link_direction direction,
                         const uint8_t *bytes, size_t n_bytes)
{
    char out[512];
    size_t n_out = 0;

    for (size_t i = 0; i < n_bytes; i++) {
        const uint8_t c = bytes[i];

        if (log->at_line_start || log->direction != direction) {
            put(log, out, n_out);
            n_out = 0;
            begin_line(log, direction == RIG_LINK_RECEIVED ? "<" : ">");
            log->direction = direction;
        }
        if (c == '\n') {
            out[n_out++] = '\n';
            log->at_line_start = true;
        } else if ((c >= 0x20 && c < 0x7F) || c == '\t') {
            out[n_out++] = (char)c;
        } else if (c != '\r') {
            n_out += (size_t)snprintf(out + n_out, sizeof out - n_out, "\\x%02x", c);
        }
        if (n_out > sizeof out - 8) {
            put(log, out, n_out);
            n_out = 0;
        }
    }
    put(log, out, n_out);
    explicit_bzero(out, sizeof out);
}

void rig_boardlog_tap(void *ctx, enum rig_link_direction direction, const uint8_t *bytes,
                      size_t n_bytes)
{
    struct rig_boardlog *log = ctx;

    log->n_bytes[direction] += n_bytes;
    if (log->tripped) {
        return;
    }
    if (rig_tripwire_feed(&log->wires[direction], bytes, n_bytes)) {
        (void)rig_copy_text(log->what, sizeof log->what, log->wires[direction].what);
        take_back_step(log);
        return;
    }
    put_readable(log, direction, bytes, n_bytes);
}
