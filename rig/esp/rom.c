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
#define COMMAND_MS 3000
#define MAGIC_REG 0x40001000u
#define SECURITY_SIZE 20u
#define SECURITY_ID_AT 12u
#define STABLE_READS 4u

/* A line that drops bytes may cost one exchange more than a command repeats by itself. */
#define IDENTIFY_TRIES 3u

#define SPI_CMD_USR (UINT32_C(1) << 18)
#define SPI_USR_COMMAND UINT32_C(0x90000000)
#define SPI_USR2_RDID UINT32_C(0x7000009F)
#define SPI_POLLS 10u

static const char *const default_order[] = {"unix-tight", "unix-tight-slow", "classic",
                                            "classic-slow"};

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

static rig_result command(struct rig_rom *rom, const struct rig_rom_request *request,
                          struct rig_wait wait, struct rig_error *err)
{
    struct rig_rom_reply reply;

    return rig_rom_command(&rom->link, request, 0, COMMAND_MS, &reply, wait, err);
}

rig_result rig_rom_read_reg(struct rig_rom *rom, uint32_t address, uint32_t *value,
                            struct rig_wait wait, struct rig_error *err)
{
    const struct rig_rom_request request = {
        .op = RIG_ROM_READ_REG, .n_words = 1, .words = {address}};
    struct rig_rom_reply reply;

    RIG_TRY_IN(rig_rom_command(&rom->link, &request, 0, REG_TIMEOUT_MS, &reply, wait, err), err,
               "register 0x%08x", (unsigned)address);
    *value = reply.value;
    return RIG_DONE;
}

/* Replies carry no checksum: what names the board is read until two answers in a row agree. */
static rig_result read_reg_surely(struct rig_rom *rom, uint32_t address, uint32_t *value,
                                  struct rig_wait wait, struct rig_error *err)
{
    uint32_t before = 0;

    RIG_TRY(rig_rom_read_reg(rom, address, &before, wait, err));
    for (unsigned i = 1; i < STABLE_READS; i++) {
        RIG_TRY(rig_rom_read_reg(rom, address, value, wait, err));
        if (*value == before) {
            return RIG_DONE;
        }
        before = *value;
    }
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_PROTOCOL,
                    "register 0x%08x reads differently each time: check cable, ground and supply",
                    (unsigned)address);
}

static rig_result write_reg(struct rig_rom *rom, uint32_t address, uint32_t value,
                            struct rig_wait wait, struct rig_error *err)
{
    const struct rig_rom_request request = {
        .op = RIG_ROM_WRITE_REG, .n_words = 4, .words = {address, value, 0xFFFFFFFFu, 0}};
    struct rig_rom_reply reply;

    RIG_TRY_IN(rig_rom_command(&rom->link, &request, 0, REG_TIMEOUT_MS, &reply, wait, err), err,
               "register 0x%08x", (unsigned)address);
    return RIG_DONE;
}

static rig_result ask_chip_id(struct rig_rom *rom, uint32_t magic, const struct rig_chip **chip,
                              struct rig_wait wait, struct rig_error *err)
{
    const struct rig_rom_request request = {.op = RIG_ROM_GET_SECURITY_INFO};
    struct rig_rom_reply reply;
    uint32_t chip_id = 0;

    RIG_TRY(
        rig_rom_command(&rom->link, &request, RIG_ROM_PAYLOAD_ANY, COMMAND_MS, &reply, wait, err));
    if (reply.n_payload >= SECURITY_SIZE) {
        chip_id = rig_le32(reply.payload + SECURITY_ID_AT);
        *chip = rig_chip_by_id(chip_id);
    }
    if (*chip == NULL) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_UNSUPPORTED,
                        "chip id %u (magic 0x%08x) is none that rig knows", (unsigned)chip_id,
                        (unsigned)magic);
    }
    return RIG_DONE;
}

static rig_result detect_chip(struct rig_rom *rom, struct rig_wait wait, struct rig_error *err)
{
    struct rig_rom_identity *identity = &rom->identity;
    uint32_t magic = 0;

    RIG_TRY(rig_rom_read_reg(rom, MAGIC_REG, &magic, wait, err));
    identity->chip = rig_chip_by_magic(magic);
    return identity->chip != NULL ? RIG_DONE : ask_chip_id(rom, magic, &identity->chip, wait, err);
}

static rig_result read_mac(struct rig_rom *rom, struct rig_wait wait, struct rig_error *err)
{
    const struct rig_chip *chip = rom->identity.chip;
    const uint32_t at = chip->efuse_base + chip->mac_word0_offset;
    uint32_t word0 = 0;
    uint32_t word1 = 0;

    RIG_TRY(read_reg_surely(rom, at, &word0, wait, err));
    RIG_TRY(read_reg_surely(rom, at + 4, &word1, wait, err));
    rig_chip_mac(word0, word1, rom->identity.mac);
    return RIG_DONE;
}

static rig_result read_revision(struct rig_rom *rom, struct rig_wait wait, struct rig_error *err)
{
    const struct rig_chip_field *fields = rom->identity.chip->revision;

    rom->identity.revision = 0;
    for (size_t i = 0; i < RIG_CHIP_MAX_FIELDS && fields[i].address != 0; i++) {
        uint32_t word = 0;

        RIG_TRY(rig_rom_read_reg(rom, fields[i].address, &word, wait, err));
        rom->identity.revision += fields[i].weight * (word >> fields[i].shift & fields[i].mask);
    }
    return RIG_DONE;
}

struct spi_regs {
    uint32_t cmd;
    uint32_t usr;
    uint32_t usr2;
    uint32_t miso_length;
    uint32_t w0;
};

static struct spi_regs spi_regs_of(const struct rig_chip *chip)
{
    const uint32_t base = chip->spi_base;

    if (chip->spi_layout_esp32) {
        return (struct spi_regs){base, base + 0x1C, base + 0x24, base + 0x2C, base + 0x80};
    }
    return (struct spi_regs){base, base + 0x18, base + 0x20, base + 0x28, base + 0x58};
}

/* JEDEC "read identification" through the SPI controller's registers, which are left as they were.
 */
static rig_result read_flash_id(struct rig_rom *rom, struct rig_wait wait, struct rig_error *err)
{
    const struct spi_regs spi = spi_regs_of(rom->identity.chip);
    uint32_t usr = 0;
    uint32_t usr2 = 0;
    uint32_t busy = SPI_CMD_USR;
    uint32_t id = 0;

    RIG_TRY(rig_rom_read_reg(rom, spi.usr, &usr, wait, err));
    RIG_TRY(rig_rom_read_reg(rom, spi.usr2, &usr2, wait, err));
    RIG_TRY(write_reg(rom, spi.miso_length, 23, wait, err));
    RIG_TRY(write_reg(rom, spi.usr, SPI_USR_COMMAND, wait, err));
    RIG_TRY(write_reg(rom, spi.usr2, SPI_USR2_RDID, wait, err));
    RIG_TRY(write_reg(rom, spi.w0, 0, wait, err));
    RIG_TRY(write_reg(rom, spi.cmd, SPI_CMD_USR, wait, err));
    for (unsigned i = 0; i < SPI_POLLS && (busy & SPI_CMD_USR) != 0; i++) {
        RIG_TRY(rig_rom_read_reg(rom, spi.cmd, &busy, wait, err));
    }
    RIG_TRY(rig_rom_read_reg(rom, spi.w0, &id, wait, err));
    RIG_TRY(write_reg(rom, spi.usr, usr, wait, err));
    RIG_TRY(write_reg(rom, spi.usr2, usr2, wait, err));
    rom->identity.flash_id = id & 0xFFFFFF;
    rom->identity.flash_size_bytes = rig_flash_size_of_id(rom->identity.flash_id);
    if ((busy & SPI_CMD_USR) != 0 || rom->identity.flash_size_bytes == 0) {
        return rig_fail(
            err, RIG_CLASS_DEVICE, RIG_E_PROTOCOL,
            "the flash chip does not tell its size (JEDEC id 0x%06x): check its wiring, "
            "its supply and the strap pin of its voltage (IO12)",
            (unsigned)rom->identity.flash_id);
    }
    return RIG_DONE;
}

static rig_result attach_flash(struct rig_rom *rom, struct rig_wait wait, struct rig_error *err)
{
    const struct rig_rom_request attach = {.op = RIG_ROM_SPI_ATTACH, .n_words = 2};
    struct rig_rom_request params = {.op = RIG_ROM_SPI_SET_PARAMS,
                                     .n_words = 6,
                                     .words = {0, 0, 0x10000, 0x1000, 0x100, 0xFFFF}};

    RIG_TRY(command(rom, &attach, wait, err));
    RIG_TRY(read_flash_id(rom, wait, err));
    params.words[1] = rom->identity.flash_size_bytes;
    return command(rom, &params, wait, err);
}

static rig_result identify_once(struct rig_rom *rom, struct rig_wait wait, struct rig_error *err)
{
    RIG_TRY(detect_chip(rom, wait, err));
    RIG_TRY(read_mac(rom, wait, err));
    RIG_TRY(read_revision(rom, wait, err));
    return attach_flash(rom, wait, err);
}

static rig_result identify(struct rig_rom *rom, struct rig_wait wait, struct rig_error *err)
{
    struct rig_error barrier_error;

    for (unsigned i = 1;; i++) {
        const rig_result done = identify_once(rom, wait, err);

        if (done.ok || i == IDENTIFY_TRIES || !rig_rom_is_transient(err) ||
            err->code == RIG_E_DISCONNECTED) {
            return done;
        }
        rom->link.n_retries++;
        if (!rig_rom_sync(&rom->link, true, SYNC_TRIES, wait, &barrier_error).ok) {
            return done;
        }
    }
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
        done = identify(rom, wait, err);
    }
    rom->connected = done.ok;
    if (identity != NULL) {
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
    RIG_TRY(read_reg_surely(rom, chip->rc_clock_reg, &clock, wait, err));
    RIG_TRY(read_reg_surely(rom, chip->efuse_base + 4 * 4, &efuse, wait, err));
    crystal_hz = (uint64_t)(clock >> 7 & 0x1FFFFFF) * 15625 * (efuse & 0xFF) / 40;
    if (crystal_hz >= lowest_hz && crystal_hz <= highest_hz) {
        *word = (uint32_t)(baud * crystal_hz / (crystal_hz > 33000000 ? 40000000 : 26000000));
    }
    return RIG_DONE;
}

static rig_result switch_baud(struct rig_rom *rom, unsigned baud, struct rig_wait wait,
                              struct rig_error *err)
{
    struct rig_rom_request request = {.op = RIG_ROM_CHANGE_BAUDRATE, .n_words = 2};
    struct rig_rom_reply reply;
    uint32_t magic = 0;

    RIG_TRY(baud_as_rom_sees_it(rom, baud, &request.words[0], wait, err));
    /* a lost reply is no reason to ask again at the old rate: the new one decides */
    if (!rig_rom_exchange(&rom->link, &request, 0, REG_TIMEOUT_MS, &reply, wait, err).ok &&
        err->code != RIG_E_NO_ANSWER) {
        return (rig_result){.ok = false};
    }
    RIG_TRY(rig_link_set_baud(rom->link.link, baud, wait, err));
    RIG_TRY(rig_link_purge(rom->link.link, RIG_LINK_PURGE_INPUT, wait, err));
    rom->baud = baud;
    return rig_rom_read_reg(rom, MAGIC_REG, &magic, wait, err);
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

    RIG_TRY(rig_rom_connect(rom, NULL, wait, err));
    if (memcmp(before.mac, rom->identity.mac, sizeof before.mac) != 0) {
        rom->connected = false;
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "another board answers after the reset (its MAC differs): was it swapped?");
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
