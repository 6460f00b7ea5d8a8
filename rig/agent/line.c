/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/agent/line.h"

#include <openssl/evp.h>
#include <string.h>

#define SUM_CHARACTERS 5 /* "*hhhh" */

size_t rig_agent_lines_feed(struct rig_agent_lines *lines, const uint8_t *bytes, size_t n_bytes)
{
    if (lines->complete) {
        lines->complete = false;
        lines->len = 0;
    }
    for (size_t i = 0; i < n_bytes; i++) {
        if (bytes[i] == '\n' || bytes[i] == '\r') {
            if (lines->len != 0) {
                lines->text[lines->len] = '\0';
                lines->complete = true;
                return i + 1;
            }
            continue;
        }
        if (lines->len == sizeof lines->text - 1) {
            memmove(lines->text, lines->text + lines->len - RIG_AGENT_LINE_MAX, RIG_AGENT_LINE_MAX);
            lines->len = RIG_AGENT_LINE_MAX;
        }
        lines->text[lines->len++] = (char)bytes[i];
    }
    return n_bytes;
}

uint16_t rig_agent_crc16(const char *text, size_t len)
{
    uint16_t crc = 0xffff;

    for (size_t i = 0; i < len; i++) {
        crc ^= (uint16_t)((uint8_t)text[i] << 8);
        for (int bit = 0; bit < 8; bit++) {
            crc = (uint16_t)((crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1);
        }
    }
    return crc;
}

static bool is_printable(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] < 0x20 || text[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

/* Cuts " *hhhh" off the end; false when it is missing or wrong. */
static bool take_checksum(const char *text, size_t *len, uint16_t *sum)
{
    struct rig_error ignored;
    char digits[SUM_CHARACTERS];
    uint8_t bytes[2];
    size_t at = *len;

    while (at > 0 && text[at - 1] == ' ') {
        at--;
    }
    if (at <= SUM_CHARACTERS + 1 || text[at - SUM_CHARACTERS] != '*' ||
        text[at - SUM_CHARACTERS - 1] != ' ') {
        return false;
    }
    memcpy(digits, text + at - SUM_CHARACTERS + 1, SUM_CHARACTERS - 1);
    digits[SUM_CHARACTERS - 1] = '\0';
    if (!rig_hex_parse(digits, bytes, sizeof bytes, &ignored).ok) {
        return false;
    }
    at -= SUM_CHARACTERS;
    while (at > 0 && text[at - 1] == ' ') {
        at--;
    }
    *len = at;
    *sum = (uint16_t)(bytes[0] << 8 | bytes[1]);
    return rig_agent_crc16(text, at) == *sum;
}

static char *skip_spaces(char *at)
{
    while (*at == ' ') {
        *at++ = '\0';
    }
    return at;
}

/* The character of an escape behind its backslash; returns how many characters it took, 0 when
 * wrong. */
static size_t unescape(const char *text, char *out)
{
    static const char names[] = "\"\\nrt";
    static const char values[] = "\"\\\n\r\t";
    const char *name = *text != '\0' ? strchr(names, *text) : NULL;
    struct rig_error ignored;
    uint8_t byte = 0;

    if (name != NULL) {
        *out = values[name - names];
        return 1;
    }
    if (*text == 'x' && text[1] != '\0' && text[2] != '\0') {
        const char digits[3] = {text[1], text[2], '\0'};

        if (rig_hex_parse(digits, &byte, 1, &ignored).ok && byte != 0) {
            *out = (char)byte;
            return 3;
        }
    }
    return 0;
}

/* Unquotes in place, from behind the opening quote; returns where the line goes on, NULL when it is
 * malformed. */
static char *take_quoted(char *at)
{
    char *out = at;

    while (*at != '"') {
        if (*at == '\0') {
            return NULL;
        }
        if (*at == '\\') {
            const size_t n = unescape(at + 1, out);

            if (n == 0) {
                return NULL;
            }
            at += 1 + n;
            out++;
        } else {
            *out++ = *at++;
        }
    }
    at++;
    if (*at != ' ' && *at != '\0') {
        return NULL;
    }
    *out = '\0';
    return at;
}

static char *take_bare(char *at)
{
    const size_t len = strcspn(at, " \"\\");

    return len != 0 && (at[len] == ' ' || at[len] == '\0') ? at + len : NULL;
}

static char *take_pair(struct rig_agent_frame *frame, char *at)
{
    const size_t key_len = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_");
    const char *key = at;
    char *value;
    char *end;

    if (key_len == 0 || at[key_len] != '=' || frame->n_pairs == RIG_AGENT_PAIRS_MAX) {
        return NULL;
    }
    at[key_len] = '\0';
    if (rig_agent_frame_value(frame, key) != NULL) {
        return NULL;
    }
    value = at + key_len + 1;
    if (*value == '"') {
        value++;
        end = take_quoted(value);
    } else {
        end = take_bare(value);
    }
    if (end != NULL) {
        frame->keys[frame->n_pairs] = (uint16_t)(key - frame->text);
        frame->values[frame->n_pairs] = (uint16_t)(value - frame->text);
        frame->n_pairs++;
    }
    return end;
}

/* The body of frame->text. */
static bool take_body(struct rig_agent_frame *frame)
{
    char *at = frame->text + 1;
    const char *seq = at;
    uint64_t number = 0;

    at += strcspn(at, " ");
    at = skip_spaces(at);
    if (!rig_agent_number(seq, 65535, &number)) {
        return false;
    }
    frame->seq = (unsigned)number;
    frame->word = (uint16_t)(at - frame->text);
    if (*at == '\0') {
        return false;
    }
    at += strcspn(at, " ");
    at = skip_spaces(at);
    while (*at != '\0') {
        at = take_pair(frame, at);
        if (at == NULL) {
            return false;
        }
        at = skip_spaces(at);
    }
    return true;
}

bool rig_agent_frame_parse(struct rig_agent_frame *frame, const char *line, size_t len)
{
    const char *at = memchr(line, '@', len);

    for (; at != NULL; at = memchr(at + 1, '@', len - (size_t)(at + 1 - line))) {
        size_t frame_len = len - (size_t)(at - line);
        uint16_t sum = 0;

        if (frame_len > RIG_AGENT_LINE_MAX || !is_printable(at, frame_len) ||
            !take_checksum(at, &frame_len, &sum)) {
            continue;
        }
        memset(frame, 0, sizeof *frame);
        memcpy(frame->text, at, frame_len);
        frame->len = frame_len;
        if (take_body(frame)) {
            return true;
        }
    }
    return false;
}

const char *rig_agent_frame_value(const struct rig_agent_frame *frame, const char *key)
{
    for (size_t i = 0; i < frame->n_pairs; i++) {
        if (strcmp(frame->text + frame->keys[i], key) == 0) {
            return frame->text + frame->values[i];
        }
    }
    return NULL;
}

bool rig_agent_number(const char *text, uint64_t max, uint64_t *value)
{
    uint64_t sum = 0;

    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        const uint64_t digit = (uint64_t)(uint8_t)*text - '0';

        if (digit > 9 || digit > max || sum > (max - digit) / 10) {
            return false;
        }
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}

rig_result rig_agent_put(struct rig_buf *line, const char *key, const char *value,
                         struct rig_error *err)
{
    RIG_TRY(rig_buf_printf(line, err, " %s=\"", key));
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\') {
            RIG_TRY(rig_buf_printf(line, err, "\\%c", *value));
        } else if (*value >= 0x20 && *value <= 0x7e) {
            RIG_TRY(rig_buf_append(line, value, 1, err));
        } else {
            RIG_TRY(rig_buf_printf(line, err, "\\x%02x", (unsigned)(uint8_t)*value));
        }
    }
    return rig_buf_append_text(line, "\"", err);
}

rig_result rig_agent_put_data(struct rig_buf *line, const uint8_t *bytes, size_t n_bytes,
                              struct rig_error *err)
{
    unsigned char text[RIG_AGENT_DATA_MAX / 3 * 4 + 5];

    if (n_bytes > RIG_AGENT_DATA_MAX) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID, "%zu bytes do not fit into one line",
                        n_bytes);
    }
    (void)EVP_EncodeBlock(text, bytes, (int)n_bytes);
    return rig_buf_printf(line, err, " data=%s", (const char *)text);
}

bool rig_agent_get_data(const char *text, uint8_t bytes[RIG_AGENT_DATA_MAX], size_t *n_bytes)
{
    uint8_t decoded[RIG_AGENT_DATA_MAX];
    const size_t len = strlen(text);
    size_t padding = 0;
    int n;

    if (len == 0 || len % 4 != 0 || len / 4 * 3 > sizeof decoded) {
        return false;
    }
    while (padding < 2 && text[len - 1 - padding] == '=') {
        padding++;
    }
    /* OpenSSL takes '=' anywhere as a zero, and spaces at the ends */
    if (strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") !=
        len - padding) {
        return false;
    }
    n = EVP_DecodeBlock(decoded, (const unsigned char *)text, (int)len);
    if (n < 0 || (size_t)n < padding) {
        return false;
    }
    *n_bytes = (size_t)n - padding;
    memcpy(bytes, decoded, *n_bytes);
    return true;
}

rig_result rig_agent_seal(struct rig_buf *line, struct rig_error *err)
{
    if (line->len + 1 + SUM_CHARACTERS > RIG_AGENT_LINE_MAX) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the request is %zu characters long, but the agent takes lines of %d: "
                        "shorten its names",
                        line->len + 1 + SUM_CHARACTERS, RIG_AGENT_LINE_MAX);
    }
    return rig_buf_printf(line, err, " *%04x\n",
                          (unsigned)rig_agent_crc16((const char *)line->data, line->len));
}
