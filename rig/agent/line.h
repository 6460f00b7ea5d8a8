/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines and frames of the agent's protocol (firmware-stub/PROTOCOL.md section 1), as pure
 * functions: characters in, frames out. Any bytes are fine. Inside of rig/agent only. One thread at
 * a time per object.
 */
#ifndef RIG_AGENT_LINE_H
#define RIG_AGENT_LINE_H

#include "rig/base/buf.h"
#include "rig/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RIG_AGENT_LINE_MAX 512 /* characters of a frame */
#define RIG_AGENT_PAIRS_MAX 24
#define RIG_AGENT_DATA_MAX 336 /* raw bytes in one data= */

/* Collects characters until a line end. Keeps the last part of what is too long: a frame may stand
 * at its end. */
struct rig_agent_lines {
    char text[2 * RIG_AGENT_LINE_MAX + 1]; /* NUL-terminated when a line is complete */
    size_t len;
    bool complete;
};

/* Takes bytes until a non-empty line is complete; returns how many. The next call starts the next
 * line. */
size_t rig_agent_lines_feed(struct rig_agent_lines *lines, const uint8_t *bytes, size_t n_bytes);

/* A plain value: may be copied. Texts are offsets into `text`, where parts are unquoted in place.
 */
struct rig_agent_frame {
    unsigned seq;
    size_t len; /* of text, with the NULs in it */
    size_t n_pairs;
    uint16_t word;
    uint16_t keys[RIG_AGENT_PAIRS_MAX];
    uint16_t values[RIG_AGENT_PAIRS_MAX];
    char text[RIG_AGENT_LINE_MAX + 1];
};

/* "=", "ok", "err", "busy", "ready", "tx", "rx", "ack" or a command. */
static inline const char *rig_agent_frame_word(const struct rig_agent_frame *frame)
{
    return frame->text + frame->word;
}

/* Finds the first frame with a right checksum in the line, also behind other text; false when there
 * is none. */
bool rig_agent_frame_parse(struct rig_agent_frame *frame, const char *line, size_t len);

/* NULL when the frame lacks the key. */
const char *rig_agent_frame_value(const struct rig_agent_frame *frame, const char *key);

/* A decimal number of at most `max`; false otherwise. */
bool rig_agent_number(const char *text, uint64_t max, uint64_t *value);

/* CRC-16/CCITT-FALSE. */
uint16_t rig_agent_crc16(const char *text, size_t len);

/* Appends ` key="value"`, quoted and escaped. */
RIG_CHECKED rig_result rig_agent_put(struct rig_buf *line, const char *key, const char *value,
                                     struct rig_error *err);
/* Appends ` data=<base64>`; at most RIG_AGENT_DATA_MAX bytes. */
RIG_CHECKED rig_result rig_agent_put_data(struct rig_buf *line, const uint8_t *bytes,
                                          size_t n_bytes, struct rig_error *err);
/* Decodes base64 of 1..RIG_AGENT_DATA_MAX bytes; false when it is none. */
bool rig_agent_get_data(const char *text, uint8_t bytes[RIG_AGENT_DATA_MAX], size_t *n_bytes);

/* Appends " *hhhh" over what stands in `line`, and a line end. */
RIG_CHECKED rig_result rig_agent_seal(struct rig_buf *line, struct rig_error *err);

#endif
