/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/esp/chips.h"
#include "rig/esp/le.h"
#include "rig/esp/rom_session.h"

#include <stdio.h>
#include <string.h>

#define REG_TIMEOUT_MS 500
#define COMMAND_MS 3000
#define MAGIC_REG 0x40001000u
#define STABLE_READS 4u
#define SYNC_TRIES 5u

/* A line that drops bytes may cost one exchange more than a command repeats by itself. */
#define IDENTIFY_TRIES 3u

/* GET_SECURITY_INFO: flags, flash_crypt_cnt, 7 key purposes; all but the S2 add chip id and
 * revision. */
#define SECURITY_SHORT_SIZE 12u
#define SECURITY_SIZE 20u
#define SECURITY_CRYPT_AT 4u
#define SECURITY_ID_AT 12u
#define SECURITY_BOOT (UINT32_C(1) << 0)
#define SECURITY_DOWNLOAD (UINT32_C(1) << 2)
#define SECURITY_NO_JTAG (UINT32_C(3) << 6) /* by software, by hardware */

/* eFuse words of the ESP32, which has no GET_SECURITY_INFO. */
#define ESP32_CRYPT_WORD 0u
#define ESP32_CRYPT_CNT(word) ((word) >> 20 & 0x7F)
#define ESP32_FLAGS_WORD 6u
#define ESP32_ABS_DONE (UINT32_C(3) << 4)
#define ESP32_JTAG_DISABLE (UINT32_C(1) << 6)

#define WATCHDOG_KEY UINT32_C(0x50D83AA1)
#define RESET_BY_USB 0x15u

#define SPI_CMD_USR (UINT32_C(1) << 18)
#define SPI_USR_COMMAND UINT32_C(0x90000000)
#define SPI_USR2_RDID UINT32_C(0x7000009F)
#define SPI_POLLS 10u

static rig_result command(struct rig_rom *rom, const struct rig_rom_request *request,
                          struct rig_wait wait, struct rig_error *err)
{
    struct rig_rom_reply reply;

    return rig_rom_command(&rom->link, request, 0, COMMAND_MS, &reply, wait, err);
}

rig_result rig_rom_read_reg_surely(struct rig_rom *rom, uint32_t address, uint32_t *value,
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

static bool is_odd(uint32_t bits)
{
    bool odd = false;

    for (; bits != 0; bits >>= 1) {
        odd ^= (bits & 1) != 0;
    }
    return odd;
}

struct security_info {
    size_t n_bytes;
    uint8_t bytes[SECURITY_SIZE];
};

static rig_result ask_security_once(struct rig_rom *rom, struct security_info *info,
                                    struct rig_wait wait, struct rig_error *err)
{
    const struct rig_rom_request request = {.op = RIG_ROM_GET_SECURITY_INFO};
    struct rig_rom_reply reply;

    RIG_TRY(
        rig_rom_command(&rom->link, &request, RIG_ROM_PAYLOAD_ANY, COMMAND_MS, &reply, wait, err));
    if (reply.n_payload != SECURITY_SIZE && reply.n_payload != SECURITY_SHORT_SIZE) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_PROTOCOL,
                        "GET_SECURITY_INFO brought %zu bytes where chips give 12 or 20: check "
                        "cable and ground; a newer chip needs a newer rig",
                        reply.n_payload);
    }
    *info = (struct security_info){.n_bytes = reply.n_payload};
    memcpy(info->bytes, reply.payload, reply.n_payload);
    return RIG_DONE;
}

static rig_result ask_security(struct rig_rom *rom, struct security_info *info,
                               struct rig_wait wait, struct rig_error *err)
{
    struct security_info before = {0};

    *info = before;
    RIG_TRY(ask_security_once(rom, &before, wait, err));
    for (unsigned i = 1; i < STABLE_READS; i++) {
        RIG_TRY(ask_security_once(rom, info, wait, err));
        if (info->n_bytes == before.n_bytes &&
            memcmp(info->bytes, before.bytes, info->n_bytes) == 0) {
            return RIG_DONE;
        }
        before = *info;
    }
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_PROTOCOL,
                    "GET_SECURITY_INFO differs each time: check cable, ground and supply");
}

static void take_security_flags(struct rig_rom_identity *identity, const struct security_info *info)
{
    const uint32_t flags = rig_le32(info->bytes);

    identity->has_fuses = true;
    identity->secure_boot = (flags & SECURITY_BOOT) != 0;
    identity->secure_download = (flags & SECURITY_DOWNLOAD) != 0;
    identity->jtag_disabled = (flags & SECURITY_NO_JTAG) != 0;
    identity->flash_encryption = is_odd(info->bytes[SECURITY_CRYPT_AT]);
}

/* Only the S2 answers without its id. */
static const struct rig_chip *chip_of_security(const struct security_info *info)
{
    return info->n_bytes >= SECURITY_SIZE ? rig_chip_by_id(rig_le32(info->bytes + SECURITY_ID_AT))
                                          : rig_chip_by_name("esp32s2");
}

static rig_result read_esp32_fuses(struct rig_rom *rom, struct rig_wait wait, struct rig_error *err)
{
    struct rig_rom_identity *identity = &rom->identity;
    const uint32_t base = identity->chip->efuse_base;
    uint32_t crypt = 0;
    uint32_t flags = 0;

    RIG_TRY(rig_rom_read_reg_surely(rom, base + 4 * ESP32_CRYPT_WORD, &crypt, wait, err));
    RIG_TRY(rig_rom_read_reg_surely(rom, base + 4 * ESP32_FLAGS_WORD, &flags, wait, err));
    identity->has_fuses = true;
    identity->flash_encryption = is_odd(ESP32_CRYPT_CNT(crypt));
    identity->secure_boot = (flags & ESP32_ABS_DONE) != 0;
    identity->jtag_disabled = (flags & ESP32_JTAG_DISABLE) != 0;
    return RIG_DONE;
}

/* The magic word tells the ESP32 without a command that it does not know; a chip in secure download
 * mode refuses to read it. */
static rig_result read_magic(struct rig_rom *rom, uint32_t *magic, struct rig_wait wait,
                             struct rig_error *err)
{
    *magic = 0;
    if (!rig_rom_read_reg(rom, MAGIC_REG, magic, wait, err).ok && err->code != RIG_E_UNSUPPORTED) {
        return (rig_result){.ok = false};
    }
    return RIG_DONE;
}

static rig_result detect_chip(struct rig_rom *rom, struct rig_wait wait, struct rig_error *err)
{
    struct rig_rom_identity *identity = &rom->identity;
    const unsigned n_retries = rom->link.n_retries;
    struct security_info info = {0};
    uint32_t magic = 0;

    RIG_TRY(read_magic(rom, &magic, wait, err));
    identity->chip = rig_chip_by_magic(magic);
    if (identity->chip != NULL && !identity->chip->has_security_info) {
        return read_esp32_fuses(rom, wait, err);
    }
    RIG_TRY(ask_security(rom, &info, wait, err));
    identity->chip = chip_of_security(&info);
    if (identity->chip == NULL) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_UNSUPPORTED,
                        "chip id %u (magic 0x%08x) is none that rig knows",
                        (unsigned)rig_le32(info.bytes + SECURITY_ID_AT), (unsigned)magic);
    }
    take_security_flags(identity, &info);
    if (identity->secure_download) {
        rom->link.n_retries = n_retries; /* the refusals were no trouble of the line */
    }
    return RIG_DONE;
}

/* A reset through the chip's USB peripheral leaves the watchdogs running that the firmware set:
 * they would end the session. */
static rig_result calm_watchdogs(struct rig_rom *rom, struct rig_wait wait, struct rig_error *err)
{
    const struct rig_chip_watchdogs *dogs = &rom->identity.chip->watchdogs;
    uint32_t config = 0;

    if (dogs->rtc_config == 0 || rom->identity.secure_download ||
        (rom->identity.banner.reset_reason != RESET_BY_USB &&
         strcmp(rom->identity.recipe, "usb-jtag") != 0)) {
        return RIG_DONE;
    }
    RIG_TRY(write_reg(rom, dogs->rtc_protect, WATCHDOG_KEY, wait, err));
    RIG_TRY(write_reg(rom, dogs->rtc_config, 0, wait, err));
    RIG_TRY(write_reg(rom, dogs->rtc_protect, 0, wait, err));
    RIG_TRY(rig_rom_read_reg_surely(rom, dogs->super_config, &config, wait, err));
    RIG_TRY(write_reg(rom, dogs->super_protect, dogs->super_key, wait, err));
    RIG_TRY(write_reg(rom, dogs->super_config, config | dogs->super_auto_feed, wait, err));
    return write_reg(rom, dogs->super_protect, 0, wait, err);
}

static rig_result read_mac(struct rig_rom *rom, struct rig_wait wait, struct rig_error *err)
{
    const struct rig_chip *chip = rom->identity.chip;
    const uint32_t at = chip->efuse_base + chip->mac_word0_offset;
    uint32_t word0 = 0;
    uint32_t word1 = 0;

    RIG_TRY(rig_rom_read_reg_surely(rom, at, &word0, wait, err));
    RIG_TRY(rig_rom_read_reg_surely(rom, at + 4, &word1, wait, err));
    rig_chip_mac(word0, word1, rom->identity.mac);
    rom->identity.has_mac = true;
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
            "its supply and the strap pin of its voltage%s",
            (unsigned)rom->identity.flash_id,
            rom->identity.chip->spi_layout_esp32 ? " (IO12)" : "");
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
    if (rom->identity.secure_download) {
        const struct rig_rom_request attach = {.op = RIG_ROM_SPI_ATTACH, .n_words = 2};

        return command(rom, &attach, wait, err);
    }
    RIG_TRY(calm_watchdogs(rom, wait, err));
    RIG_TRY(read_mac(rom, wait, err));
    RIG_TRY(read_revision(rom, wait, err));
    return attach_flash(rom, wait, err);
}

rig_result rig_rom_identify(struct rig_rom *rom, struct rig_wait wait, struct rig_error *err)
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

const char *rig_rom_fuses_text(const struct rig_rom_identity *identity, char *text,
                               size_t text_size)
{
    const struct {
        bool on;
        const char *word;
    } fuses[] = {
        {identity->secure_boot, "secure boot"},
        {identity->flash_encryption, "flash encryption"},
        {identity->jtag_disabled, "JTAG disabled"},
        {identity->secure_download, "secure download mode"},
    };
    size_t used = 0;

    (void)snprintf(text, text_size, "%s", identity->has_fuses ? "none" : "unknown");
    for (size_t i = 0; i < sizeof fuses / sizeof fuses[0]; i++) {
        if (identity->has_fuses && fuses[i].on && used < text_size) {
            used += (size_t)snprintf(text + used, text_size - used, "%s%s", used != 0 ? ", " : "",
                                     fuses[i].word);
        }
    }
    return text;
}
