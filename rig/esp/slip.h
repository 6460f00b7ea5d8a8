/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SLIP (RFC 1055) as Espressif's loaders speak it: C0 at both ends of a packet, C0 -> DB DC, DB ->
 * DB DD. Every C0 is taken as an end and as a start, so a stray one costs at most an empty packet
 * and noise between two packets comes out as a packet of its own, for the caller to throw away.
 * Pure; one thread at a time per decoder.
 */
#ifndef RIG_ESP_SLIP_H
#define RIG_ESP_SLIP_H

#include "rig/base/buf.h"

#define RIG_SLIP_END 0xC0u
/* Longer packets are noise to us and are dropped. */
#define RIG_SLIP_MAX_PACKET 2048u

/* Appends one packet with both its ends. */
RIG_CHECKED rig_result rig_slip_encode(const void *packet, size_t n_bytes, struct rig_buf *wire,
                                       struct rig_error *err);
/* The pieces of it, for a packet that is put together from parts. */
RIG_CHECKED rig_result rig_slip_put_end(struct rig_buf *wire, struct rig_error *err);
RIG_CHECKED rig_result rig_slip_put(const void *part, size_t n_bytes, struct rig_buf *wire,
                                    struct rig_error *err);

/* `{0}` is a fresh decoder. */
struct rig_slip_decoder {
    size_t len;    /* bytes of `packet` in use */
    bool complete; /* packet[0..len) was handed out and is overwritten by the next byte */
    bool escaped;
    bool skipping; /* bad escape or too long: wait for the next end */
    uint8_t packet[RIG_SLIP_MAX_PACKET];
};

void rig_slip_reset(struct rig_slip_decoder *decoder);
/* True when `byte` ends a packet of at least one byte: it is in packet[0..len) until the next call.
 */
bool rig_slip_feed(struct rig_slip_decoder *decoder, uint8_t byte);

#endif
