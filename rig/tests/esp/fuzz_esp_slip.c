/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes decode without harm; what is decoded encodes and decodes to itself. */
#include "rig/esp/slip.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const uint8_t *packet, size_t n)
{
    RIG_AUTO(rig_buf_free) struct rig_buf wire = {0};
    struct rig_slip_decoder again = {0};
    struct rig_error err;
    size_t n_packets = 0;

    if (!rig_slip_encode(packet, n, &wire, &err).ok) {
        return;
    }
    for (size_t i = 0; i < wire.len; i++) {
        if (rig_slip_feed(&again, wire.data[i])) {
            n_packets++;
        }
    }
    if (n_packets != 1 || again.len != n || memcmp(again.packet, packet, n) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rig_slip_decoder decoder = {0};

    for (size_t i = 0; i < size; i++) {
        if (rig_slip_feed(&decoder, data[i])) {
            if (decoder.len == 0 || decoder.len > RIG_SLIP_MAX_PACKET) {
                abort();
            }
            round_trip(decoder.packet, decoder.len);
        }
    }
    return 0;
}
