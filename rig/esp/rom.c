/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/esp/rom.h"

#include "rig/esp/chips.h"
#include "rig/esp/le.h"
#include "rig/esp/rom_session.h"

#include <stdlib.h>
#include <string.h>

#define ROM_BAUD 115200u
#define MAX_RESETS 7u
#define PROOF_MS 500
#define SYNC_TRIES 5u
#define REG_TIMEOUT_MS 500
#define MAGIC_REG 0x40001000u

static const char *const default_order[] = {"unix-tight", "unix-tight-slow", "classic",
                                            "classic-slow", "usb-jtag"};

rig_result rig_rom_new(struct rig_link *link, struct rig_lines *lines,
                       const struct rig_rom_options *options, struct rig_rom **rom,
                       struct rig_error *err)
{
    struct rig_rom *made;
    const size_t n_given = options != NULL && options->recipes != NULL ? options->n_recipes : 0;

    *rom = NULL;
    if (n_given > RIG_ROM_MAX_RECIPES) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "%zu reset recipes given, at most %d are tried", n_given,
                        RIG_ROM_MAX_RECIPES);
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return rig_fail_memory(err);
    }
    made->link.link = link;
    made->lines = lines;
    made->baud = ROM_BAUD;
    made->max_resets =
        options != NULL && options->max_resets != 0 ? options->max_resets : MAX_RESETS;
    made->n_recipes = n_given != 0 ? n_given : sizeof default_order / sizeof default_order[0];
    for (size_t i = 0; i < made->n_recipes; i++) {
        made->recipes[i] = n_given != 0 ? options->recipes[i] : rig_reset_builtin(default_order[i]);
    }
    *rom = made;
    return RIG_DONE;
}

void rig_rom_free(struct rig_rom *rom)
{
    if (rom != NULL) {
        rig_rom_link_free(&rom->link);
        free(rom);
    }
}

unsigned rig_rom_n_retries(const struct rig_rom *rom)
{
    return rom->link.n_retries;
}

rig_result rig_rom_check_connected(const struct rig_rom *rom, struct rig_error *err)
{
    if (!rom->connected) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the ROM loader is not connected: reset into download mode first");
    }
    return RIG_DONE;
}

rig_result rig_rom_check_readable(const struct rig_rom_identity *identity, const char *what,
                                  struct rig_error *err)
{
    if (!identity->secure_download) {
        return RIG_DONE;
    }
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_UNSUPPORTED,
                    "this %s is in secure download mode (burnt into its eFuses for good): %s can't "
                    "be read or proven over its loader; run these steps before that fuse is burnt",
                    identity->chip->title, what);
}

rig_result rig_rom_read_reg(struct rig_rom *rom, uint32_t address, uint32_t *value,
                            struct rig_wait wait, struct rig_error *err)
{
    const struct rig_rom_request request = {
        .op = RIG_ROM_READ_REG, .n_words = 1, .words = {address}};
    struct rig_rom_reply reply;

    RIG_TRY(rig_rom_check_readable(&rom->identity, "a register", err));
    RIG_TRY_IN(rig_rom_command(&rom->link, &request, 0, REG_TIMEOUT_MS, &reply, wait, err), err,
               "register 0x%08x", (unsigned)address);
    *value = reply.value;
    return RIG_DONE;
}

static rig_result reset_and_sync(struct rig_rom *rom, const struct rig_reset_recipe *recipe,
                                 struct rig_wait wait, struct rig_error *err)
{
    struct rig_error sync_error;
    rig_result failed;
    const rig_result reset = rig_reset_run(rom->link.link, rom->lines, recipe, RIG_BOOT_DOWNLOAD,
                                           PROOF_MS, &rom->identity.banner, wait, err);

    if (!reset.ok && (err->cls != RIG_CLASS_DEVICE || err->code == RIG_E_WRONG_BOOT_MODE)) {
        return reset;
    }
    if (rig_rom_sync(&rom->link, false, reset.ok ? SYNC_TRIES : 2, wait, &sync_error).ok) {
        return RIG_DONE; /* an answer proves the mode, too, where the ROM's log is off or garbled */
    }
    if (!reset.ok && sync_error.cls == RIG_CLASS_DEVICE) {
        return reset; /* what the banner lacked tells more than a SYNC without answer */
    }
    failed = rig_fail_as(err, &sync_error);
    return err->code == RIG_E_NO_ANSWER
               ? rig_wrap(err, "the board is in download mode but hears nothing: check the "
                               "adapter's TX -> RX of the board")
               : failed;
}

static rig_result reset_until_synced(struct rig_rom *rom, struct rig_wait wait,
                                     struct rig_error *err)
{
    struct rig_rom_identity *identity = &rom->identity;
    struct rig_error last = {0};

    for (unsigned i = 0; i < rom->max_resets; i++) {
        const struct rig_reset_recipe *recipe = rom->recipes[i % rom->n_recipes];
        const rig_result done = reset_and_sync(rom, recipe, wait, err);

        identity->n_resets = i + 1;
        if (done.ok) {
            (void)rig_copy_text(identity->recipe, sizeof identity->recipe, recipe->name);
            return RIG_DONE;
        }
        if (err->code == RIG_E_TIMEOUT && last.cls != RIG_CLASS_NONE) {
            (void)rig_fail_as(err, &last);
            return rig_wrap(err, "no contact with the ROM loader in %u resets", i);
        }
        if (err->cls != RIG_CLASS_DEVICE || err->code == RIG_E_TIMEOUT) {
            return done;
        }
        last = *err;
    }
    return rig_wrap(err, "no contact with the ROM loader in %u resets", rom->max_resets);
}

rig_result rig_rom_connect(struct rig_rom *rom, struct rig_rom_identity *identity,
                           struct rig_wait wait, struct rig_error *err)
{
    rig_result done;

    rom->connected = false;
    rom->identity = (struct rig_rom_identity){0};
    done = rig_link_set_baud(rom->link.link, ROM_BAUD, wait, err);
    if (done.ok) {
        rom->baud = ROM_BAUD;
        done = reset_until_synced(rom, wait, err);
    }
    if (done.ok) {
        done = rig_rom_identify(rom, wait, err);
    }
    rom->connected = done.ok;
    if (done.ok && identity != NULL) {
        *identity = rom->identity;
    }
    return done;
}

/*
 * The ESP32's ROM divides a clock that it believes to be the crystal but that an RC oscillator
 * feeds: asking for the rate as the ROM will see it makes the wire run at the rate meant. Without a
 * calibration value the plain rate is all there is.
 */
static rig_result baud_as_rom_sees_it(struct rig_rom *rom, unsigned baud, uint32_t *word,
                                      struct rig_wait wait, struct rig_error *err)
{
    const struct rig_chip *chip = rom->identity.chip;
    const uint64_t lowest_hz = 20000000;
    const uint64_t highest_hz = 60000000;
    uint32_t clock = 0;
    uint32_t efuse = 0;
    uint64_t crystal_hz;

    *word = baud;
    if (chip->rc_clock_reg == 0) {
        return RIG_DONE;
    }
    RIG_TRY(rig_rom_read_reg_surely(rom, chip->rc_clock_reg, &clock, wait, err));
    RIG_TRY(rig_rom_read_reg_surely(rom, chip->efuse_base + 4 * 4, &efuse, wait, err));
    crystal_hz = (uint64_t)(clock >> 7 & 0x1FFFFFF) * 15625 * (efuse & 0xFF) / 40;
    if (crystal_hz >= lowest_hz && crystal_hz <= highest_hz) {
        *word = (uint32_t)(baud * crystal_hz / (crystal_hz > 33000000 ? 40000000 : 26000000));
    }
    return RIG_DONE;
}

static rig_result prove_baud(struct rig_rom *rom, struct rig_wait wait, struct rig_error *err)
{
    uint32_t magic = 0;

    if (rom->identity.secure_download) {
        return rig_rom_sync(&rom->link, true, SYNC_TRIES, wait, err);
    }
    return rig_rom_read_reg(rom, MAGIC_REG, &magic, wait, err);
}

static rig_result switch_baud(struct rig_rom *rom, unsigned baud, struct rig_wait wait,
                              struct rig_error *err)
{
    struct rig_rom_request request = {.op = RIG_ROM_CHANGE_BAUDRATE, .n_words = 2};
    struct rig_rom_reply reply;

    RIG_TRY(baud_as_rom_sees_it(rom, baud, &request.words[0], wait, err));
    /* a lost reply is no reason to ask again at the old rate: the new one decides */
    if (!rig_rom_exchange(&rom->link, &request, 0, REG_TIMEOUT_MS, &reply, wait, err).ok &&
        err->code != RIG_E_NO_ANSWER) {
        return (rig_result){.ok = false};
    }
    RIG_TRY(rig_link_set_baud(rom->link.link, baud, wait, err));
    RIG_TRY(rig_link_purge(rom->link.link, RIG_LINK_PURGE_INPUT, wait, err));
    rom->baud = baud;
    return prove_baud(rom, wait, err);
}

rig_result rig_rom_set_baud(struct rig_rom *rom, unsigned baud, struct rig_wait wait,
                            struct rig_error *err)
{
    struct rig_error trouble;

    RIG_TRY(rig_rom_check_connected(rom, err));
    if (baud == rom->baud) {
        return RIG_DONE;
    }
    if (switch_baud(rom, baud, wait, &trouble).ok) {
        return RIG_DONE;
    }
    if (trouble.cls == RIG_CLASS_CANCELLED || trouble.code == RIG_E_DISCONNECTED ||
        trouble.code == RIG_E_TIMEOUT) {
        (void)rig_fail_as(err, &trouble);
        return rig_wrap(err, "baud rate %u", baud);
    }
    /* whatever rate the chip has now, a reset brings it back to the one it starts with */
    RIG_TRY_IN(rig_rom_connect(rom, NULL, wait, err), err,
               "baud rate %u does not carry (%.160s), and then", baud, trouble.text);
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_UNSUPPORTED,
                    "baud rate %u does not carry (%.300s); back at 115200: use a lower rate or a "
                    "shorter cable",
                    baud, trouble.text);
}

static rig_result reconnect(struct rig_rom *rom, struct rig_wait wait, struct rig_error *err)
{
    const struct rig_rom_identity before = rom->identity;
    const unsigned baud = rom->baud;
    char was[RIG_MAC_TEXT_SIZE];
    char is[RIG_MAC_TEXT_SIZE];

    RIG_TRY(rig_rom_connect(rom, NULL, wait, err));
    if (memcmp(before.mac, rom->identity.mac, sizeof before.mac) != 0) {
        rom->connected = false;
        rig_mac_text(before.mac, was);
        rig_mac_text(rom->identity.mac, is);
        /* neither of the two is proven wrong: the bench was changed under the run */
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_MISMATCH,
                        "another board answers after the reset (MAC %s, before it %s): boards were "
                        "swapped during the run; run both again",
                        is, was);
    }
    if (!rig_rom_set_baud(rom, baud, wait, err).ok && err->code != RIG_E_UNSUPPORTED) {
        return (rig_result){.ok = false};
    }
    return RIG_DONE;
}

rig_result rig_rom_recover(struct rig_rom *rom, const struct rig_error *trouble,
                           struct rig_wait wait, struct rig_error *err)
{
    rom->link.n_retries++;
    if (trouble->code == RIG_E_MISMATCH) {
        return RIG_DONE;
    }
    if (trouble->code != RIG_E_DISCONNECTED) {
        if (rig_rom_sync(&rom->link, true, SYNC_TRIES, wait, err).ok) {
            return RIG_DONE;
        }
        if (!rig_rom_is_transient(err)) {
            return (rig_result){.ok = false};
        }
    }
    return reconnect(rom, wait, err);
}

rig_result rig_rom_disconnect(struct rig_rom *rom, struct rig_wait wait, struct rig_error *err)
{
    rom->connected = false;
    rom->baud = ROM_BAUD;
    return rig_link_set_baud(rom->link.link, ROM_BAUD, wait, err);
}
