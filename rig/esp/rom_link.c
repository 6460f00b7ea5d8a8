/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/esp/rom_link.h"

#include <string.h>

#define N_TRIES 3u
#define N_ERROR_REPEATS 8u
#define ERROR_REPEAT_MS 200
#define SYNC_TIMEOUT_MS 100
#define LONGEST_REPLY 76u /* READ_FLASH_SLOW: header, 64 bytes, status */
#define RESTART_MARK "rst:0x"

void rig_rom_link_free(struct rig_rom_link *rom)
{
    rig_buf_free(&rom->wire);
}

static void forget_input(struct rig_rom_link *rom)
{
    rig_slip_reset(&rom->slip);
    rom->rx_len = 0;
    rom->rx_at = 0;
    rom->n_noise = 0;
}

rig_result rig_rom_send(struct rig_rom_link *rom, const struct rig_rom_request *request,
                        struct rig_wait wait, struct rig_error *err)
{
    forget_input(rom);
    rig_buf_reset(&rom->wire);
    RIG_TRY(rig_rom_request_encode(request, &rom->wire, err));
    return rig_link_write(rom->link, rom->wire.data, rom->wire.len, wait, err);
}

/* Text instead of packets: the chip prints its boot banner. Short of a whole reply it may be one
 * that starts with 01. */
static bool is_banner(const uint8_t *bytes, size_t n_bytes)
{
    if (n_bytes == 0 || (bytes[0] == 0x01 && n_bytes <= LONGEST_REPLY)) {
        return false;
    }
    return memmem(bytes, n_bytes, RESTART_MARK, sizeof RESTART_MARK - 1) != NULL;
}

static rig_result fail_restarted(struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_DISCONNECTED,
                    "the chip restarted by itself (its boot banner came): check the supply "
                    "(brown-out) and EN");
}

/* The next packet of any kind, in rom->slip.packet[0..len). */
static rig_result next_packet(struct rig_rom_link *rom, struct rig_wait wait, struct rig_error *err)
{
    for (;;) {
        while (rom->rx_at < rom->rx_len) {
            if (rig_slip_feed(&rom->slip, rom->rx[rom->rx_at++])) {
                return is_banner(rom->slip.packet, rom->slip.len) ? fail_restarted(err) : RIG_DONE;
            }
        }
        if (is_banner(rom->slip.packet, rom->slip.complete ? 0 : rom->slip.len)) {
            return fail_restarted(err);
        }
        rom->rx_at = 0;
        rom->rx_len = 0;
        RIG_TRY(rig_link_read(rom->link, rom->rx, sizeof rom->rx, &rom->rx_len, wait, err));
    }
}

/* The ROM repeats an error that it has with a message itself: the copies must not be taken for
 * later replies. */
static rig_result drain_repeats(struct rig_rom_link *rom, enum rig_rom_op op, struct rig_wait wait,
                                struct rig_error *err)
{
    const struct rig_wait drain = rig_wait_within(wait, ERROR_REPEAT_MS);
    struct rig_rom_reply reply;

    for (unsigned n = 1; n < N_ERROR_REPEATS && !rig_wait_over(drain);) {
        const rig_result next = next_packet(rom, drain, err);

        if (!next.ok) {
            return err->code == RIG_E_TIMEOUT && !rig_wait_over(wait) ? RIG_DONE : next;
        }
        if (rig_rom_reply_match(rom->slip.packet, rom->slip.len, op, 0, &reply) ==
            RIG_ROM_UNSUPPORTED) {
            n++;
        }
    }
    return RIG_DONE;
}

static rig_result fail_silent(const struct rig_rom_link *rom, enum rig_rom_op op,
                              int64_t timeout_ms, struct rig_wait wait, struct rig_error *err)
{
    if (rig_wait_over(wait)) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_TIMEOUT,
                        "no answer to %s before the step's time was over", rig_rom_op_name(op));
    }
    if (rom->n_noise != 0) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_NO_ANSWER,
                        "no whole answer to %s within %lld ms, only %zu damaged packets: check "
                        "cable, ground and baud rate",
                        rig_rom_op_name(op), (long long)timeout_ms, rom->n_noise);
    }
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_NO_ANSWER, "no answer to %s within %lld ms",
                    rig_rom_op_name(op), (long long)timeout_ms);
}

rig_result rig_rom_receive(struct rig_rom_link *rom, enum rig_rom_op op, size_t n_payload,
                           int64_t timeout_ms, struct rig_rom_reply *reply, struct rig_wait wait,
                           struct rig_error *err)
{
    const struct rig_wait inner = rig_wait_within(wait, timeout_ms);

    for (;;) {
        rig_result next;

        if (rig_wait_over(inner)) { /* a babbling line never times out by itself */
            return fail_silent(rom, op, timeout_ms, wait, err);
        }
        next = next_packet(rom, inner, err);
        if (!next.ok) {
            return err->code == RIG_E_TIMEOUT ? fail_silent(rom, op, timeout_ms, wait, err) : next;
        }
        switch (rig_rom_reply_match(rom->slip.packet, rom->slip.len, op, n_payload, reply)) {
        case RIG_ROM_OK:
            return RIG_DONE;
        case RIG_ROM_FAILED:
            return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_REFUSED,
                            "the ROM refused %s: error 0x%02x (%s)", rig_rom_op_name(op),
                            reply->error, rig_rom_error_text(reply->error));
        case RIG_ROM_UNSUPPORTED:
            RIG_TRY(drain_repeats(rom, op, wait, err));
            return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_UNSUPPORTED,
                            "the ROM does not know %s or got it damaged (error 0x05)",
                            rig_rom_op_name(op));
        case RIG_ROM_NOISE:
            rom->n_noise++;
            break;
        case RIG_ROM_OTHER:
            break;
        }
    }
}

rig_result rig_rom_exchange(struct rig_rom_link *rom, const struct rig_rom_request *request,
                            size_t n_payload, int64_t timeout_ms, struct rig_rom_reply *reply,
                            struct rig_wait wait, struct rig_error *err)
{
    RIG_TRY(rig_rom_send(rom, request, wait, err));
    return rig_rom_receive(rom, request->op, n_payload, timeout_ms, reply, wait, err);
}

bool rig_rom_is_transient(const struct rig_error *err)
{
    return err->cls == RIG_CLASS_DEVICE &&
           (err->code == RIG_E_NO_ANSWER || err->code == RIG_E_REFUSED ||
            err->code == RIG_E_UNSUPPORTED || err->code == RIG_E_PROTOCOL ||
            err->code == RIG_E_MISMATCH || err->code == RIG_E_DISCONNECTED);
}

rig_result rig_rom_command(struct rig_rom_link *rom, const struct rig_rom_request *request,
                           size_t n_payload, int64_t timeout_ms, struct rig_rom_reply *reply,
                           struct rig_wait wait, struct rig_error *err)
{
    struct rig_error barrier_error;

    for (unsigned i = 1;; i++) {
        const rig_result done =
            rig_rom_exchange(rom, request, n_payload, timeout_ms, reply, wait, err);

        if (done.ok || i == N_TRIES || !rig_rom_is_transient(err) ||
            err->code == RIG_E_DISCONNECTED) {
            return done;
        }
        rom->n_retries++;
        if (!rig_rom_sync(rom, true, 3, wait, &barrier_error).ok) {
            return rig_rom_is_transient(&barrier_error) && barrier_error.code == RIG_E_NO_ANSWER
                       ? done
                       : rig_fail_as(err, &barrier_error);
        }
    }
}

rig_result rig_rom_sync(struct rig_rom_link *rom, bool mid_session, unsigned n_tries,
                        struct rig_wait wait, struct rig_error *err)
{
    static const struct rig_rom_request request = {.op = RIG_ROM_SYNC};
    rig_result done = rig_fail(err, RIG_CLASS_DEVICE, RIG_E_NO_ANSWER, "no SYNC was tried");

    for (unsigned i = 0; i < n_tries; i++) {
        struct rig_rom_reply reply;

        RIG_TRY(rig_link_purge(rom->link, RIG_LINK_PURGE_INPUT, wait, err));
        forget_input(rom);
        rig_buf_reset(&rom->wire);
        if (mid_session || i != 0) {
            RIG_TRY(rig_slip_put_end(&rom->wire, err));
        }
        RIG_TRY(rig_rom_request_encode(&request, &rom->wire, err));
        RIG_TRY(rig_link_write(rom->link, rom->wire.data, rom->wire.len, wait, err));
        done =
            rig_rom_receive(rom, RIG_ROM_SYNC, 0, SYNC_TIMEOUT_MS * (1 + i / 2), &reply, wait, err);
        if (done.ok || !rig_rom_is_transient(err) || err->code == RIG_E_DISCONNECTED) {
            return done;
        }
    }
    return done;
}
