/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/esp/reset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BANNERS_OF_ONE_RESET 2

static bool is_text(uint8_t byte)
{
    return (byte >= 0x20 && byte <= 0x7E) || byte == '\r' || byte == '\n' || byte == '\t' ||
           byte == 0x1B;
}

/* The hex number after `key` in `line`. */
static bool find_hex(const char *line, const char *key, unsigned *value)
{
    const char *at = strstr(line, key);
    char *end = NULL;
    unsigned long number;

    if (at == NULL) {
        return false;
    }
    at += strlen(key);
    if (strspn(at, "0123456789abcdefABCDEF") == 0) {
        return false;
    }
    number = strtoul(at, &end, 16);
    *value = number > 0xFFFFFFFFul ? 0xFFFFFFFFu : (unsigned)number;
    return true;
}

static void keep_evidence(struct rig_boot_banner *banner, const char *line)
{
    (void)rig_copy_text(banner->evidence, sizeof banner->evidence, line);
}

static void take_boot_line(struct rig_boot_banner *banner, const char *line)
{
    unsigned value = 0;

    if (find_hex(line, "rst:0x", &value)) {
        banner->reset_reason = value;
        banner->n_banners++;
        banner->mode = RIG_BOOT_UNKNOWN;
        banner->loading = false;
        banner->waiting = false;
        keep_evidence(banner, line);
    }
    if (!find_hex(line, "boot:0x", &value)) {
        return;
    }
    banner->straps = value;
    banner->has_straps = true;
    if (banner->n_banners == 0) {
        banner->n_banners = 1;
    }
    keep_evidence(banner, line);
    if (strstr(line, "DOWNLOAD") != NULL) {
        banner->mode = RIG_BOOT_DOWNLOAD;
    } else if (strstr(line, "SPI_FAST") != NULL || strstr(line, "FLASH_BOOT") != NULL) {
        banner->mode = RIG_BOOT_RUN;
    }
}

static void take_line(struct rig_boot_banner *banner, const char *line)
{
    const char *rom = strstr(line, "ets J");
    unsigned value = 0;

    if (rom == NULL) {
        rom = strstr(line, "ESP-ROM:");
    }
    if (rom != NULL) {
        (void)rig_copy_text(banner->rom, sizeof banner->rom, rom);
    }
    take_boot_line(banner, line);
    if (strstr(line, "waiting for download") != NULL) {
        banner->mode = RIG_BOOT_DOWNLOAD;
        banner->waiting = true;
    }
    if (strstr(line, "invalid header: 0x") != NULL || strstr(line, "flash read err") != NULL) {
        banner->invalid_header = true;
        banner->mode = RIG_BOOT_RUN;
        keep_evidence(banner, line);
    }
    if (find_hex(line, "entry 0x", &value)) {
        banner->loading = true;
        banner->mode = RIG_BOOT_RUN;
    }
}

void rig_banner_feed(struct rig_banner_parser *parser, const uint8_t *bytes, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++) {
        const uint8_t byte = bytes[i];
        const bool ends = byte == '\n' || byte == '\r';

        parser->banner.n_bytes++;
        if (!is_text(byte)) {
            parser->banner.n_unreadable++;
        }
        if (!ends) {
            parser->line[parser->line_len++] = is_text(byte) && byte >= 0x20 ? (char)byte : '?';
        }
        if (parser->line_len != 0 && (ends || parser->line_len == sizeof parser->line - 1)) {
            parser->line[parser->line_len] = '\0';
            parser->line_len = 0;
            take_line(&parser->banner, parser->line);
        }
    }
}

static rig_result fail(struct rig_error *err, enum rig_error_code code, const char *text)
{
    return rig_fail(err, RIG_CLASS_DEVICE, code, "%s", text);
}

static rig_result judge_no_mode(const struct rig_boot_banner *banner, struct rig_error *err)
{
    if (banner->n_bytes == 0) {
        return fail(
            err, RIG_E_NO_ANSWER,
            "silent: no byte came after the reset: check power, TX/RX, and that the port is "
            "the board's");
    }
    if (banner->n_unreadable * 4 >= banner->n_bytes) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_PROTOCOL,
                        "unreadable: %zu of %zu bytes after the reset are no text: check the baud "
                        "rate (the ROM prints at 115200), TX/RX and ground",
                        banner->n_unreadable, banner->n_bytes);
    }
    if (banner->n_banners != 0) {
        return rig_fail(
            err, RIG_CLASS_DEVICE, RIG_E_PROTOCOL,
            "the boot banner came garbled and names no boot mode ('%s'): check TX/RX and "
            "ground for noise",
            banner->evidence);
    }
    return fail(err, RIG_E_NO_ANSWER,
                "text came but no boot banner: EN did not pulse: check RTS wiring (RTS -> EN), and "
                "that the ROM log is not switched off (GPIO15)");
}

/* How the boot straps of a family of chips are wired: by the ROM's name in the banner. */
struct straps {
    const char *rom;        /* prefix */
    const char *boot_pin;   /* low: download mode */
    const char *second_pin; /* sampled along with it */
    unsigned boot_bit;      /* of boot:0x.. */
    unsigned second_bit;
    bool second_must_be_high; /* for download mode */
};

static const struct straps *straps_of(const struct rig_boot_banner *banner)
{
    static const struct straps table[] = {
        {"ESP-ROM:esp32s", "IO0", "IO46", 0x08, 0x04, false},
        {"ESP-ROM:", "IO9", "IO8", 0x08, 0x04, true}, /* C3, C6, H2 */
        {"", "IO0", "IO2", 0x10, 0x08, false},        /* ESP32 */
    };
    size_t i = 0;

    while (strncmp(banner->rom, table[i].rom, strlen(table[i].rom)) != 0) {
        i++;
    }
    return &table[i];
}

static rig_result judge_run_instead(const struct rig_boot_banner *banner, struct rig_error *err)
{
    const struct straps *straps = straps_of(banner);
    const char *pin = straps->boot_pin;

    if (!banner->has_straps) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_WRONG_BOOT_MODE,
                        "boots in run mode: %s was not pulled low: check DTR -> %s", pin, pin);
    }
    if ((banner->straps & straps->boot_bit) != 0) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_WRONG_BOOT_MODE,
                        "boots in run mode (boot:0x%x): %s was not pulled low: check DTR -> %s",
                        banner->straps, pin, pin);
    }
    if (((banner->straps & straps->second_bit) != 0) != straps->second_must_be_high) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_WRONG_BOOT_MODE,
                        "boots in run mode (boot:0x%x): %s was low but %s is pulled %s: remove "
                        "what pulls %s %s",
                        banner->straps, pin, straps->second_pin,
                        straps->second_must_be_high ? "low" : "high", straps->second_pin,
                        straps->second_must_be_high ? "down" : "up");
    }
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_WRONG_BOOT_MODE,
                    "boots in run mode (boot:0x%x) although %s was low: check the other strap pins",
                    banner->straps, pin);
}

static rig_result judge_run(const struct rig_boot_banner *banner, struct rig_error *err)
{
    if (banner->invalid_header) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_INVALID,
                        "the flash holds no application that boots ('%s'): flash the firmware",
                        banner->evidence);
    }
    if (banner->mode == RIG_BOOT_DOWNLOAD && banner->has_straps) {
        return rig_fail(
            err, RIG_CLASS_DEVICE, RIG_E_WRONG_BOOT_MODE,
            "stays in download mode (boot:0x%x): the boot pin (IO0/IO9) is held low: check "
            "the BOOT button, DTR -> IO0 and a short to ground",
            banner->straps);
    }
    if (banner->mode == RIG_BOOT_DOWNLOAD) {
        return fail(err, RIG_E_WRONG_BOOT_MODE,
                    "stays in download mode: the boot pin (IO0/IO9) is held low: check the BOOT "
                    "button, DTR -> IO0 and a short to ground");
    }
    return RIG_DONE;
}

rig_result rig_boot_judge(const struct rig_boot_banner *banner, enum rig_boot_mode wanted,
                          struct rig_error *err)
{
    if (banner->n_banners > MAX_BANNERS_OF_ONE_RESET) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_BOOT_LOOP,
                        "the board restarts again and again (%u boot banners, last reset reason "
                        "0x%x%s%s%s): check the supply and the firmware",
                        banner->n_banners, banner->reset_reason,
                        banner->reset_reason == 0xF ? " = brown-out" : "",
                        banner->invalid_header ? ", no valid application in the flash" : "",
                        banner->mode == RIG_BOOT_DOWNLOAD ? ", now in download mode" : "");
    }
    if (wanted == RIG_BOOT_RUN) {
        RIG_TRY(judge_run(banner, err));
    }
    if (wanted == RIG_BOOT_DOWNLOAD && banner->mode == RIG_BOOT_RUN) {
        return judge_run_instead(banner, err);
    }
    return banner->mode == RIG_BOOT_UNKNOWN ? judge_no_mode(banner, err) : RIG_DONE;
}
