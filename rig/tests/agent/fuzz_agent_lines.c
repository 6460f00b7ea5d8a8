/* SPDX-License-Identifier: Apache-2.0 */
/* Any characters: lines come out the same however they are cut, and a frame's texts lie inside of
 * it. */
#include "rig/agent/line.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t mix(uint64_t hash, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static void check_frame(const struct rig_agent_frame *frame)
{
    uint8_t bytes[RIG_AGENT_DATA_MAX];
    uint64_t number = 0;
    size_t n = 0;

    if (frame->seq > 65535 || frame->word > frame->len || frame->n_pairs > RIG_AGENT_PAIRS_MAX) {
        abort();
    }
    for (size_t i = 0; i < frame->n_pairs; i++) {
        const char *key = frame->text + frame->keys[i];
        const char *value = rig_agent_frame_value(frame, key);

        if (value != frame->text + frame->values[i] || frame->values[i] > frame->len) {
            abort();
        }
        (void)rig_agent_number(value, 1000, &number);
        if (rig_agent_get_data(value, bytes, &n) && (n == 0 || n > sizeof bytes)) {
            abort();
        }
    }
    if (number > 1000) {
        abort();
    }
}

static uint64_t run(const uint8_t *data, size_t size, size_t piece)
{
    struct rig_agent_lines lines = {0};
    struct rig_agent_frame frame;
    uint64_t hash = 1;

    for (size_t at = 0; at < size;) {
        const size_t n = size - at < piece ? size - at : piece;
        const size_t taken = rig_agent_lines_feed(&lines, data + at, n);

        if (taken == 0 || taken > n) {
            abort();
        }
        at += taken;
        if (lines.complete) {
            hash = mix(hash, lines.text, lines.len);
            if (rig_agent_frame_parse(&frame, lines.text, lines.len)) {
                check_frame(&frame);
                hash = mix(hash, frame.text, frame.len);
            }
        }
    }
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (run(data, size, size + 1) != run(data, size, 1) ||
        run(data, size, 7) != run(data, size, 3)) {
        abort();
    }
    return 0;
}
