/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void rig_buf_free(struct rig_buf *buf)
{
    if (buf->data != NULL && buf->secret) {
        explicit_bzero(buf->data, buf->cap + 1);
    }
    free(buf->data);
    *buf = (struct rig_buf){.secret = buf->secret};
}

void rig_buf_reset(struct rig_buf *buf)
{
    if (buf->data != NULL && buf->secret) {
        explicit_bzero(buf->data, buf->cap + 1);
    }
    buf->len = 0;
    if (buf->data != NULL) {
        buf->data[0] = 0;
    }
}

rig_result rig_buf_reserve(struct rig_buf *buf, size_t extra, struct rig_error *err)
{
    size_t cap = buf->cap != 0 ? buf->cap : 128;
    uint8_t *grown;

    if (extra > SIZE_MAX / 4 || buf->len > SIZE_MAX / 4) {
        return rig_fail_memory(err);
    }
    while (cap < buf->len + extra) {
        cap *= 2;
    }
    if (buf->data != NULL && cap == buf->cap) {
        return RIG_DONE;
    }
    grown = malloc(cap + 1);
    if (grown == NULL) {
        return rig_fail_memory(err);
    }
    if (buf->data != NULL) {
        memcpy(grown, buf->data, buf->len);
        if (buf->secret) {
            explicit_bzero(buf->data, buf->cap + 1);
        }
        free(buf->data);
    }
    grown[buf->len] = 0;
    buf->data = grown;
    buf->cap = cap;
    return RIG_DONE;
}

rig_result rig_buf_append(struct rig_buf *buf, const void *bytes, size_t n_bytes,
                          struct rig_error *err)
{
    RIG_TRY(rig_buf_reserve(buf, n_bytes, err));
    if (n_bytes != 0) {
        memcpy(buf->data + buf->len, bytes, n_bytes);
    }
    buf->len += n_bytes;
    buf->data[buf->len] = 0;
    return RIG_DONE;
}

rig_result rig_buf_append_text(struct rig_buf *buf, const char *text, struct rig_error *err)
{
    return rig_buf_append(buf, text, strlen(text), err);
}

rig_result rig_buf_printf(struct rig_buf *buf, struct rig_error *err, const char *fmt, ...)
{
    va_list args;
    va_list again;
    int len;
    rig_result result;

    va_start(args, fmt);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0) {
        result = rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID, "cannot format a text");
    } else {
        result = rig_buf_reserve(buf, (size_t)len, err);
    }
    if (result.ok) {
        (void)vsnprintf((char *)buf->data + buf->len, (size_t)len + 1, fmt, again);
        buf->len += (size_t)len;
    }
    va_end(again);
    return result;
}

void rig_buf_consume(struct rig_buf *buf, size_t n_bytes)
{
    if (buf->data == NULL) {
        return;
    }
    if (n_bytes > buf->len) {
        n_bytes = buf->len;
    }
    memmove(buf->data, buf->data + n_bytes, buf->len - n_bytes);
    buf->len -= n_bytes;
    buf->data[buf->len] = 0;
}

const char *rig_buf_text(const struct rig_buf *buf)
{
    return buf->data != NULL ? (const char *)buf->data : "";
}

void rig_hex(const uint8_t *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 0xF];
    }
    out[2 * n] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

rig_result rig_hex_parse(const char *text, uint8_t *bytes, size_t n, struct rig_error *err)
{
    if (strlen(text) == 2 * n) {
        size_t i = 0;
        for (; i < n; i++) {
            const int high = hex_digit(text[2 * i]);
            const int low = hex_digit(text[2 * i + 1]);
            if (high < 0 || low < 0) {
                break;
            }
            bytes[i] = (uint8_t)(high << 4 | low);
        }
        if (i == n) {
            return RIG_DONE;
        }
    }
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "'%.80s' is not %zu hex digits", text,
                    2 * n);
}

bool rig_copy_text(char *to, size_t to_size, const char *from)
{
    const size_t len = strlen(from);
    const size_t kept = len < to_size ? len : to_size - 1;

    memcpy(to, from, kept);
    to[kept] = '\0';
    return kept == len;
}

rig_result rig_dup_text(char **out, const char *from, struct rig_error *err)
{
    *out = from != NULL ? strdup(from) : NULL;
    return from == NULL || *out != NULL ? RIG_DONE : rig_fail_memory(err);
}
