/* SPDX-License-Identifier: Apache-2.0 */
#include "core.h"

#include <string.h>

/* "...  *hhhh" at the end: cuts it off and compares. False when there is none or it differs. */
static bool take_checksum(const char *line, size_t *size, bool *present)
{
    size_t at = *size;
    uint32_t sum = 0;

    *present = at > 6 && line[at - 5] == '*' && line[at - 6] == ' ';
    for (size_t i = 4; *present && i > 0; i--) {
        int digit = agent_hex_digit(line[at - i]);
        *present = digit >= 0;
        sum = sum * 16 + (uint32_t)(digit & 15);
    }
    if (!*present) {
        return false;
    }
    at -= 5;
    while (at > 0 && line[at - 1] == ' ') {
        at--;
    }
    if (agent_crc16(line, at) != sum) {
        return false;
    }
    *size = at;
    return true;
}

static bool is_key_char(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (!first && ((c >= '0' && c <= '9') || c == '_' || c == '-'));
}

/* One escape after the backslash; the count of characters it took, 0 when wrong. */
static size_t unescape(const char *text, char *out)
{
    static const char names[] = "\"\\nrt";
    static const char bytes[] = "\"\\\n\r\t";
    const char *name = *text != '\0' ? strchr(names, *text) : NULL;

    if (name != NULL) {
        *out = bytes[name - names];
        return 1;
    }
    if (*text == 'x') {
        int high = agent_hex_digit(text[1]);
        int low = high < 0 ? -1 : agent_hex_digit(text[2]);
        if (low >= 0 && high * 16 + low != 0) {
            *out = (char)(uint8_t)(high * 16 + low);
            return 3;
        }
    }
    return 0;
}

/* Unquotes in place from the character after the opening quote. Returns where the line goes on,
 * NULL when wrong. */
static char *take_quoted(char *text)
{
    char *out = text;

    while (*text != '"') {
        if (*text == '\0') {
            return NULL;
        }
        if (*text == '\\') {
            size_t taken = unescape(text + 1, out);
            if (taken == 0) {
                return NULL;
            }
            text += 1 + taken;
            out++;
        } else {
            *out++ = *text++;
        }
    }
    text++;
    if (*text != ' ' && *text != '\0') {
        return NULL;
    }
    *out = '\0';
    return text;
}

static char *take_bare(char *text)
{
    if (*text == ' ' || *text == '\0') {
        return NULL;
    }
    while (*text != ' ' && *text != '\0') {
        if (*text == '"' || *text == '\\') {
            return NULL;
        }
        text++;
    }
    return text;
}

/* Ends the token before `text` there; returns the start of the next one. */
static char *skip_spaces(char *text)
{
    while (*text == ' ') {
        *text++ = '\0';
    }
    return text;
}

static char *take_pair(char *text, struct agent_request *out)
{
    struct agent_pair *pair = &out->pairs[out->n_pairs];
    char *end = NULL;

    if (out->n_pairs == AGENT_PAIRS_MAX) {
        return NULL;
    }
    pair->key = text;
    while (is_key_char(*text, text == pair->key)) {
        text++;
    }
    if (text == pair->key || *text != '=') {
        return NULL;
    }
    *text++ = '\0';
    if (agent_value(out, pair->key) != NULL) {
        return NULL;
    }
    if (*text == '"') {
        pair->value = text + 1;
        end = take_quoted(text + 1);
    } else {
        pair->value = text;
        end = take_bare(text);
    }
    if (end != NULL) {
        out->n_pairs++;
    }
    return end;
}

static bool take_body(char *text, struct agent_request *out)
{
    out->word = text;
    /* relay frames and replies: a host's echo of "=" or ">" is refused here as a word */
    while (is_key_char(*text, text == out->word)) {
        text++;
    }
    if (text == out->word || (*text != ' ' && *text != '\0')) {
        return false;
    }
    text = skip_spaces(text);
    while (*text != '\0') {
        text = take_pair(text, out);
        if (text == NULL) {
            return false;
        }
        text = skip_spaces(text);
    }
    return true;
}

static enum agent_parsed parse_frame(char *line, size_t size, struct agent_request *out)
{
    char *text = line + 1;
    uint32_t seq = 0;
    bool right = take_checksum(line, &size, &out->has_checksum);

    if (out->has_checksum && !right) {
        return AGENT_PARSED_CHECKSUM;
    }
    line[size] = '\0';
    while (*text >= '0' && *text <= '9') {
        text++;
    }
    if (*text != ' ') {
        return right ? AGENT_PARSED_SYNTAX : AGENT_PARSED_CHECKSUM;
    }
    text = skip_spaces(text);
    if (!agent_parse_u32(line + 1, 65535, &seq)) {
        return right ? AGENT_PARSED_SYNTAX : AGENT_PARSED_CHECKSUM;
    }
    if (seq != 0 && !right) {
        return AGENT_PARSED_CHECKSUM;
    }
    out->seq = (uint16_t)seq;
    return take_body(text, out) ? AGENT_PARSED_FRAME : AGENT_PARSED_SYNTAX;
}

/* The offset of a numbered frame with a right checksum behind other text; size when there is none.
 */
static size_t find_later_frame(const char *line, size_t size)
{
    for (size_t at = 1; at + 8 < size; at++) {
        size_t frame_size = size - at;
        bool present = false;
        if (line[at] == '@' && line[at + 1] >= '1' && line[at + 1] <= '9' &&
            take_checksum(line + at, &frame_size, &present)) {
            return at;
        }
    }
    return size;
}

enum agent_parsed agent_parse_line(char *line, size_t size, struct agent_request *out,
                                   size_t *frame_offset)
{
    enum agent_parsed first = AGENT_PARSED_LOG;
    bool present = false;
    size_t cut = 0;

    memset(out, 0, sizeof *out);
    *frame_offset = 0;
    while (size > 0 && line[size - 1] == ' ') {
        size--;
    }
    line[size] = '\0';
    cut = size;
    if (size > 0 && line[0] == '@') {
        bool clean = true;
        for (size_t i = 0; i < size; i++) {
            clean = clean && line[i] >= 0x20 && line[i] <= 0x7e;
        }
        if (clean &&
            (take_checksum(line, &cut, &present) || find_later_frame(line, size) == size)) {
            return parse_frame(line, size, out);
        }
        first = AGENT_PARSED_CHECKSUM;
    }
    *frame_offset = find_later_frame(line, size);
    if (*frame_offset == size) {
        *frame_offset = 0;
        return first;
    }
    for (size_t i = *frame_offset; i < size; i++) {
        if (line[i] < 0x20 || line[i] > 0x7e) {
            return AGENT_PARSED_CHECKSUM;
        }
    }
    return parse_frame(line + *frame_offset, size - *frame_offset, out);
}

const char *agent_value(const struct agent_request *request, const char *key)
{
    for (size_t i = 0; i < request->n_pairs; i++) {
        if (strcmp(request->pairs[i].key, key) == 0) {
            return request->pairs[i].value;
        }
    }
    return NULL;
}
