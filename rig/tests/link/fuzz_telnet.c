/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever the server sends: the telnet decoder gives the same data and commands however the bytes
 * are cut into reads, and what the encoder escapes decodes to itself. The first byte of the input
 * picks the cuts.
 */
#include "rig/link/telnet.h"

#include <stdlib.h>
#include <string.h>

struct seen {
    uint64_t hash;
};

static void mix(struct seen *seen, uint8_t byte)
{
    seen->hash = (seen->hash ^ byte) * UINT64_C(0x100000001b3);
}

static void negotiate(void *ctx, uint8_t verb, uint8_t option)
{
    mix(ctx, verb);
    mix(ctx, option);
}

static void subnegotiate(void *ctx, uint8_t option, const uint8_t *bytes, size_t n_bytes)
{
    mix(ctx, option);
    for (size_t i = 0; i < n_bytes; i++) {
        mix(ctx, bytes[i]);
    }
    mix(ctx, (uint8_t)n_bytes);
}

static const struct rig_telnet_events events = {.negotiate = negotiate,
                                                .subnegotiate = subnegotiate};

static size_t decode_in_pieces(const uint8_t *data, size_t size, size_t piece, uint8_t *out,
                               struct seen *seen)
{
    struct rig_telnet telnet = {.events = &events, .ctx = seen};
    size_t n_out = 0;

    for (size_t at = 0; at < size; at += piece) {
        const size_t n = size - at < piece ? size - at : piece;
        uint8_t *exact = malloc(n);

        if (exact == NULL) {
            abort();
        }
        memcpy(exact, data + at, n);
        const size_t n_data = rig_telnet_decode(&telnet, exact, n);
        if (n_data > n) {
            abort();
        }
        memcpy(out + n_out, exact, n_data);
        n_out += n_data;
        free(exact);
    }
    return n_out;
}

static void check_round_trip(const uint8_t *data, size_t size, size_t cap)
{
    struct seen seen = {0};
    struct rig_telnet telnet = {.events = &events, .ctx = &seen};
    uint8_t *out = malloc(cap);
    size_t at = 0;

    if (out == NULL) {
        abort();
    }
    while (at < size) {
        size_t n_taken = 0;
        const size_t n = rig_telnet_escape(data + at, size - at, out, cap, &n_taken);

        if (n_taken == 0 || n > cap || rig_telnet_decode(&telnet, out, n) != n_taken ||
            memcmp(out, data + at, n_taken) != 0) {
            abort();
        }
        at += n_taken;
    }
    if (seen.hash != 0) {
        abort();
    }
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen whole_seen = {0};
    struct seen cut_seen = {0};
    uint8_t *whole;
    uint8_t *cut;

    if (size < 2) {
        return 0;
    }
    whole = malloc(size);
    cut = malloc(size);
    if (whole == NULL || cut == NULL) {
        abort();
    }
    const size_t n_whole = decode_in_pieces(data + 1, size - 1, size, whole, &whole_seen);
    const size_t n_cut = decode_in_pieces(data + 1, size - 1, 1 + data[0] % 7, cut, &cut_seen);
    if (n_whole != n_cut || memcmp(whole, cut, n_whole) != 0 || whole_seen.hash != cut_seen.hash) {
        abort();
    }
    check_round_trip(data + 1, size - 1, 2 + data[0] % 7);
    free(whole);
    free(cut);
    return 0;
}
