/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/esp/slip.h"

#define ESC 0xDBu
#define ESC_END 0xDCu
#define ESC_ESC 0xDDu

rig_result rig_slip_put_end(struct rig_buf *wire, struct rig_error *err)
{
    static const uint8_t end = RIG_SLIP_END;

    return rig_buf_append(wire, &end, 1, err);
}

rig_result rig_slip_put(const void *part, size_t n_bytes, struct rig_buf *wire,
                        struct rig_error *err)
{
    const uint8_t *bytes = part;
    uint8_t *to;

    if (n_bytes > SIZE_MAX / 8) {
        return rig_fail_memory(err);
    }
    RIG_TRY(rig_buf_reserve(wire, 2 * n_bytes, err));
    to = wire->data + wire->len;
    for (size_t i = 0; i < n_bytes; i++) {
        if (bytes[i] == RIG_SLIP_END || bytes[i] == ESC) {
            *to++ = ESC;
            *to++ = bytes[i] == ESC ? ESC_ESC : ESC_END;
        } else {
            *to++ = bytes[i];
        }
    }
    wire->len = (size_t)(to - wire->data);
    wire->data[wire->len] = 0;
    return RIG_DONE;
}

rig_result rig_slip_encode(const void *packet, size_t n_bytes, struct rig_buf *wire,
                           struct rig_error *err)
{
    RIG_TRY(rig_slip_put_end(wire, err));
    RIG_TRY(rig_slip_put(packet, n_bytes, wire, err));
    return rig_slip_put_end(wire, err);
}

void rig_slip_reset(struct rig_slip_decoder *decoder)
{
    decoder->len = 0;
    decoder->complete = false;
    decoder->escaped = false;
    decoder->skipping = false;
}

bool rig_slip_feed(struct rig_slip_decoder *decoder, uint8_t byte)
{
    if (decoder->complete) {
        rig_slip_reset(decoder);
    }
    if (byte == RIG_SLIP_END) {
        decoder->complete = decoder->len != 0 && !decoder->skipping && !decoder->escaped;
        if (!decoder->complete) {
            rig_slip_reset(decoder);
        }
        return decoder->complete;
    }
    if (decoder->skipping) {
        return false;
    }
    if (decoder->escaped) {
        decoder->escaped = false;
        decoder->skipping = byte != ESC_END && byte != ESC_ESC;
        byte = byte == ESC_END ? RIG_SLIP_END : ESC;
    } else if (byte == ESC) {
        decoder->escaped = true;
        return false;
    }
    if (decoder->len == sizeof decoder->packet) {
        decoder->skipping = true;
    }
    if (!decoder->skipping) {
        decoder->packet[decoder->len++] = byte;
    }
    return false;
}
