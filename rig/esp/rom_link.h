/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exchanges with the ROM's serial loader over a noisy line: one request, the reply that belongs to
 * it, within a deadline.
 *
 * Errors of the board are class DEVICE: NO_ANSWER (nothing fitting came in time), REFUSED (error
 * code), UNSUPPORTED, DISCONNECTED (the boot banner came instead: the chip restarted), TIMEOUT (the
 * caller's own deadline). Those of the link itself pass through. One thread at a time.
 */
#ifndef RIG_ESP_ROM_LINK_H
#define RIG_ESP_ROM_LINK_H

#include "rig/esp/rom_packet.h"
#include "rig/esp/slip.h"
#include "rig/link/link.h"

struct rig_rom_link {
    struct rig_link *link; /* borrowed */
    struct rig_slip_decoder slip;
    struct rig_buf wire;
    size_t rx_len;
    size_t rx_at;
    uint8_t rx[4096];
    size_t n_noise;     /* damaged packets since the last request */
    unsigned n_retries; /* exchanges repeated since the beginning */
};

void rig_rom_link_free(struct rig_rom_link *rom);

/* Sends one packet with one write. What came before is dropped. */
RIG_CHECKED rig_result rig_rom_send(struct rig_rom_link *rom, const struct rig_rom_request *request,
                                    struct rig_wait wait, struct rig_error *err);

/* Waits for the reply to `op`; it stays valid until the next call. */
RIG_CHECKED rig_result rig_rom_receive(struct rig_rom_link *rom, enum rig_rom_op op,
                                       size_t n_payload, int64_t timeout_ms,
                                       struct rig_rom_reply *reply, struct rig_wait wait,
                                       struct rig_error *err);

/* Both, once: for commands that must not be repeated on their own (data packets). */
RIG_CHECKED rig_result rig_rom_exchange(struct rig_rom_link *rom,
                                        const struct rig_rom_request *request, size_t n_payload,
                                        int64_t timeout_ms, struct rig_rom_reply *reply,
                                        struct rig_wait wait, struct rig_error *err);

/*
 * Both, up to three times, for commands that may be repeated. Between tries a SYNC is a barrier:
 * the ROM answers in order, so what comes before its reply is stale.
 */
RIG_CHECKED rig_result rig_rom_command(struct rig_rom_link *rom,
                                       const struct rig_rom_request *request, size_t n_payload,
                                       int64_t timeout_ms, struct rig_rom_reply *reply,
                                       struct rig_wait wait, struct rig_error *err);

/*
 * SYNC until the ROM answers, `n_tries` times at most, each a bit more patient. `mid_session` first
 * ends a packet that may have lost its own end; a chip fresh from reset gets the plain SYNC that it
 * measures its baud rate on.
 */
RIG_CHECKED rig_result rig_rom_sync(struct rig_rom_link *rom, bool mid_session, unsigned n_tries,
                                    struct rig_wait wait, struct rig_error *err);

/* Whether trying again may help: noise and lost bytes, not cancel, deadline or the link. */
bool rig_rom_is_transient(const struct rig_error *err);

#endif
