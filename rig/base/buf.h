/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable run of bytes. The struct owns its memory until rig_buf_free, which also clears it when
 * `secret` is set; growth of a secret buffer clears what it leaves behind. `{0}` is an empty
 * buffer. Always NUL-terminated beyond `len` once something was appended, so text can be handed to
 * C functions. One thread at a time.
 */
#ifndef RIG_BASE_BUF_H
#define RIG_BASE_BUF_H

#include "rig/base/cleanup.h"
#include "rig/base/error.h"

#include <stdint.h>

struct rig_buf {
    uint8_t *data; /* NULL while nothing was reserved */
    size_t len;    /* bytes in use */
    size_t cap;    /* bytes reserved, one more is kept for the NUL */
    bool secret;
};

void rig_buf_free(struct rig_buf *buf);
/* Keeps the memory, forgets (and for secrets clears) the content. */
void rig_buf_reset(struct rig_buf *buf);
/* Makes room for `extra` more bytes. */
RIG_CHECKED rig_result rig_buf_reserve(struct rig_buf *buf, size_t extra, struct rig_error *err);
RIG_CHECKED rig_result rig_buf_append(struct rig_buf *buf, const void *bytes, size_t n_bytes,
                                      struct rig_error *err);
RIG_CHECKED rig_result rig_buf_append_text(struct rig_buf *buf, const char *text,
                                           struct rig_error *err);
RIG_CHECKED rig_result rig_buf_printf(struct rig_buf *buf, struct rig_error *err, const char *fmt,
                                      ...) RIG_PRINTF(3, 4);
/* Removes the first `n_bytes` (at most len). */
void rig_buf_consume(struct rig_buf *buf, size_t n_bytes);
/* The content as text; "" when empty. Valid until the next change. */
const char *rig_buf_text(const struct rig_buf *buf);

/* Lower-case hex of `n` bytes into `out` (2 * n + 1 bytes). */
void rig_hex(const uint8_t *bytes, size_t n, char *out);
/* Exactly `n` bytes from 2 * n hex digits, else INVALID (class USAGE). */
RIG_CHECKED rig_result rig_hex_parse(const char *text, uint8_t *bytes, size_t n,
                                     struct rig_error *err);

/* "" as NULL: a setting that was left empty. Borrowed. */
static inline const char *rig_text_or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

/* bounded copy, always terminated; returns false when it was cut. */
bool rig_copy_text(char *to, size_t to_size, const char *from);
/* A copy of its own for the caller, who frees it; NULL stays NULL. */
RIG_CHECKED rig_result rig_dup_text(char **out, const char *from, struct rig_error *err);

#endif
