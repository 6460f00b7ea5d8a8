/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/text.h"

#include "rig/base/wait.h"

#include <stdio.h>
#include <string.h>

static const char attachment_marker[] = "[[ATTACHMENT|";

static uint32_t continuation(uint8_t byte)
{
    return byte & 0x3fu;
}

/* The length of the well-formed UTF-8 character at `at` (RFC 3629: no overlong forms, no
 * surrogates), 0: none. */
static size_t utf8_character(const uint8_t *at, size_t n_left, uint32_t *code_point)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length;

    if (at[0] < 0x80) {
        *code_point = at[0];
        return 1;
    }
    if (at[0] >= 0xc2 && at[0] <= 0xdf) {
        length = 2;
        *code_point = at[0] & 0x1fu;
    } else if (at[0] >= 0xe0 && at[0] <= 0xef) {
        length = 3;
        *code_point = at[0] & 0x0fu;
    } else if (at[0] >= 0xf0 && at[0] <= 0xf4) {
        length = 4;
        *code_point = at[0] & 0x07u;
    } else {
        return 0;
    }
    if (length > n_left) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0u) != 0x80) {
            return 0;
        }
        *code_point = *code_point << 6 | continuation(at[i]);
    }
    return *code_point >= smallest[length] ? length : 0;
}

static bool is_printable(uint32_t c)
{
    if (c == '\t' || c == '\n') {
        return true;
    }
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
        return false;
    }
    return c <= 0xd7ff || (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

static rig_result append_escaped(const uint8_t *bytes, size_t n_bytes, struct rig_buf *out,
                                 struct rig_error *err)
{
    for (size_t i = 0; i < n_bytes; i++) {
        RIG_TRY(rig_buf_printf(out, err, "\\x%02x", bytes[i]));
    }
    return RIG_DONE;
}

rig_result rig_text_printable(const void *bytes, size_t n_bytes, struct rig_buf *out,
                              struct rig_error *err)
{
    const uint8_t *at = bytes;
    const uint8_t *const end = n_bytes != 0 ? at + n_bytes : at;

    while (at < end) {
        const size_t n_left = (size_t)(end - at);
        const size_t marker = sizeof attachment_marker - 1;
        uint32_t code_point = 0;
        size_t length = utf8_character(at, n_left, &code_point);

        if (*at == '\r') {
            if (n_left == 1 || at[1] != '\n') {
                RIG_TRY(rig_buf_append(out, "\n", 1, err));
            }
        } else if (*at == '[' && n_left >= marker && memcmp(at, attachment_marker, marker) == 0) {
            RIG_TRY(rig_buf_append(out, "[ ", 2, err));
        } else if (length != 0 && is_printable(code_point)) {
            RIG_TRY(rig_buf_append(out, at, length, err));
        } else {
            length = length != 0 ? length : 1;
            RIG_TRY(append_escaped(at, length, out, err));
        }
        at += length;
    }
    return RIG_DONE;
}

rig_result rig_text_one_line(const char *text, struct rig_buf *out, struct rig_error *err)
{
    const size_t start = out->len;

    RIG_TRY(rig_text_printable(text, strlen(text), out, err));
    for (size_t i = start; i < out->len; i++) {
        if (out->data[i] == '\n' || out->data[i] == '\t') {
            out->data[i] = ' ';
        }
    }
    return RIG_DONE;
}

/* Moves a cut to the start of the next character, as far as the bytes are UTF-8 at all. */
static size_t next_boundary(const uint8_t *bytes, size_t at, size_t n_bytes)
{
    for (size_t i = 0; i < 3 && at < n_bytes && (bytes[at] & 0xc0u) == 0x80; i++) {
        at++;
    }
    return at;
}

rig_result rig_text_excerpt(const void *bytes, size_t n_bytes, size_t max_bytes,
                            struct rig_buf *out, struct rig_error *err)
{
    const uint8_t *all = bytes;
    size_t head_end;
    size_t tail_start;

    if (n_bytes <= max_bytes) {
        return rig_text_printable(bytes, n_bytes, out, err);
    }
    head_end = next_boundary(all, max_bytes / 4, n_bytes);
    tail_start = next_boundary(all, n_bytes - (max_bytes - max_bytes / 4), n_bytes);
    RIG_TRY(rig_text_printable(all, head_end, out, err));
    RIG_TRY(
        rig_buf_printf(out, err, "\n[... %zu bytes left out here ...]\n", tail_start - head_end));
    return rig_text_printable(all + tail_start, n_bytes - tail_start, out, err);
}

void rig_text_seconds(int64_t duration_ns, char out[RIG_TEXT_SECONDS_SIZE])
{
    const int64_t ms = duration_ns > 0 ? duration_ns / RIG_NS_PER_MS +
                                             (duration_ns % RIG_NS_PER_MS >= RIG_NS_PER_MS / 2)
                                       : 0;

    (void)snprintf(out, RIG_TEXT_SECONDS_SIZE, "%lld.%03d", (long long)(ms / 1000),
                   (int)(ms % 1000));
}
