/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/esp/reset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BANNERS_OF_ONE_RESET 2

/* Strap bits of boot:0x.. that are 1 while the boot pin is high. */
#define ESP32_IO0_BIT 0x10u
#define ESP32_IO2_BIT 0x08u
#define LATER_BOOT_BIT 0x08u

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

static rig_result judge_run_instead(const struct rig_boot_banner *banner, struct rig_error *err)
{
    const bool is_esp32 = strncmp(banner->rom, "ESP-ROM:", 8) != 0;
    const char *pin = is_esp32 ? "IO0" : "the boot pin (IO0/IO9)";

    if (!banner->has_straps) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_WRONG_BOOT_MODE,
                        "boots in run mode: %s was not pulled low: check DTR -> %s", pin, pin);
    }
    if ((banner->straps & (is_esp32 ? ESP32_IO0_BIT : LATER_BOOT_BIT)) != 0) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_WRONG_BOOT_MODE,
                        "boots in run mode (boot:0x%x): %s was not pulled low: check DTR -> %s",
                        banner->straps, pin, pin);
    }
    if (is_esp32 && (banner->straps & ESP32_IO2_BIT) != 0) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_WRONG_BOOT_MODE,
                        "boots in run mode (boot:0x%x): IO0 was low but IO2 is pulled high: remove "
                        "what pulls IO2 up",
                        banner->straps);
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
