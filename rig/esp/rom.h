/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client of the serial loader in the chip's ROM (Espressif: "serial protocol"). No stub is loaded.
 * Every wait has a deadline; the noise that real links have (stale replies, repeated error packets,
 * stray SLIP ends) is dealt with here.
 *
 * Errors, class DEVICE unless the link itself failed: NO_ANSWER, PROTOCOL, REFUSED (with the ROM's
 * error code and its meaning), UNSUPPORTED, MISMATCH (what the chip has is not what was sent), and
 * those of reset.h. Another board that answers after a restart is MISMATCH, class USAGE: boards
 * were swapped.
 */
#ifndef RIG_ESP_ROM_H
#define RIG_ESP_ROM_H

#include "rig/base/ids.h"
#include "rig/esp/reset.h"

struct rig_rom;

/* A part of the revision number: weight * ((word at `address` >> shift) & mask). */
struct rig_chip_field {
    uint32_t address;
    uint8_t shift;
    uint8_t mask;
    uint8_t weight; /* 100 for the major number */
};

#define RIG_CHIP_MAX_FIELDS 4

/* What keeps the watchdogs of a chip quiet that was reset through its own USB peripheral, which
 * leaves them running. Addresses; 0 where the chip has no such peripheral. */
struct rig_chip_watchdogs {
    uint32_t rtc_protect; /* takes 0x50D83AA1 as key */
    uint32_t rtc_config;
    uint32_t super_protect;
    uint32_t super_config;
    uint32_t super_key;
    uint32_t super_auto_feed; /* bit of super_config */
};

/* One const entry per chip; identity by pointer. */
struct rig_chip {
    const char *name;  /* "esp32": spelling of suites and of vboard --chip */
    const char *title; /* "ESP32" */
    uint32_t chip_id;  /* GET_SECURITY_INFO */
    uint32_t magic;    /* word at 0x40001000; 0: not used for this chip */
    uint32_t efuse_base;
    uint32_t mac_word0_offset;
    uint32_t spi_base;
    bool spi_layout_esp32; /* USR/USR1/USR2/W0 offsets of the ESP32, else of the later chips */
    bool begin_has_encrypted_word;
    bool has_security_info; /* GET_SECURITY_INFO; the ESP32 tells the same in eFuse words */
    uint32_t bootloader_offset;
    uint32_t rc_clock_reg; /* calibration of the drifting clock that the ROM's baud rate hangs on;
                              0: none */
    struct rig_chip_field revision[RIG_CHIP_MAX_FIELDS]; /* up to the first with address 0 */
    struct rig_chip_watchdogs watchdogs;
};

/* Also as "esp32-c3" and "ESP32-C3". NULL for an unknown name. */
const struct rig_chip *rig_chip_by_name(const char *name);

struct rig_rom_options {
    const struct rig_reset_recipe *const
        *recipes; /* tried in order, again and again; NULL: the built-in order */
    size_t n_recipes;
    unsigned max_resets; /* 0: 7 as esptool */
};

struct rig_rom_identity {
    const struct rig_chip *chip;
    bool has_mac; /* as all up to the flash size: false in secure download mode, which reads none */
    uint8_t mac[RIG_MAC_SIZE];
    unsigned revision; /* major * 100 + minor */
    uint32_t flash_id; /* JEDEC, 24 bits: manufacturer in the low byte */
    uint32_t flash_size_bytes;
    bool has_fuses; /* the four below were read */
    bool secure_boot;
    bool flash_encryption;
    bool jtag_disabled;
    bool secure_download; /* the loader only writes: it reads no register, no MD5, no flash */
    struct rig_boot_banner banner;
    char recipe[32];   /* the reset recipe that worked */
    unsigned n_resets; /* tries it took */
};

/* Numbers of one region's write, for reports and benches. */
struct rig_flash_report {
    size_t image_bytes;
    size_t written_bytes; /* of the image, in all tries; less than image_bytes when parts were right
                             already */
    size_t sent_bytes;    /* payload after compression, in all tries; 0 when skipped */
    size_t wire_bytes;    /* all bytes to the board meanwhile, framing and commands included */
    bool already_right;   /* the MD5 on the board was right: nothing was written */
    unsigned n_tries;     /* 1: at first try */
    int64_t duration_ns;
    char trouble[200]; /* what made the first try fail; "" when there was no other */
};

/* Borrows link and lines, which must live longer. The caller frees *rom. No byte is sent yet. */
RIG_CHECKED rig_result rig_rom_new(struct rig_link *link, struct rig_lines *lines,
                                   const struct rig_rom_options *options, struct rig_rom **rom,
                                   struct rig_error *err);
void rig_rom_free(struct rig_rom *rom);
static inline void rig_auto_rom(struct rig_rom **rom)
{
    rig_rom_free(*rom);
    *rom = NULL;
}

/*
 * Resets into download mode (proven by the banner), synchronises, detects the chip, reads fuses,
 * MAC, revision and flash size, and tells the ROM the flash size. A chip in secure download mode
 * connects with what it tells (`secure_download`, `has_mac` false); whatever it does not allow
 * fails as UNSUPPORTED then, class DEVICE. Watchdogs of a chip on its own USB are switched off.
 * `identity` (NULL: not wanted) is written on success only.
 */
RIG_CHECKED rig_result rig_rom_connect(struct rig_rom *rom, struct rig_rom_identity *identity,
                                       struct rig_wait wait, struct rig_error *err);

/* Both sides; the ESP32's drifting clock is accounted for. Proven by a READ_REG at the new rate;
 * falls back and says so (RIG_E_UNSUPPORTED) when the new rate does not carry. */
RIG_CHECKED rig_result rig_rom_set_baud(struct rig_rom *rom, unsigned baud, struct rig_wait wait,
                                        struct rig_error *err);

RIG_CHECKED rig_result rig_rom_read_reg(struct rig_rom *rom, uint32_t address, uint32_t *value,
                                        struct rig_wait wait, struct rig_error *err);

/* How many exchanges had to be repeated so far; not 0: the line is noisy, and a pass deserves the
 * word flaky. */
unsigned rig_rom_n_retries(const struct rig_rom *rom);

/* MD5 of a flash region, computed by the chip. */
RIG_CHECKED rig_result rig_rom_flash_md5(struct rig_rom *rom, uint32_t offset_bytes,
                                         uint32_t n_bytes, uint8_t md5[16], struct rig_wait wait,
                                         struct rig_error *err);

/* Slow (64 bytes a round trip): for partition tables and small read-backs. Proven by the chip's MD5
 * of the region. */
RIG_CHECKED rig_result rig_rom_flash_read(struct rig_rom *rom, uint32_t offset_bytes, void *bytes,
                                          size_t n_bytes, struct rig_wait wait,
                                          struct rig_error *err);

/*
 * Writes a region (offset a multiple of 4096) so that it is proven right by the chip's own MD5
 * afterwards, or fails. A region that is right already is not written, nor are the 64 KiB parts of
 * a longer one that are. The rest of the last 4 KiB sector is erased. Compressed when that is
 * shorter. A failed try starts over from the begin command with what is not yet right, as long as
 * tries bring anything (a few that don't are allowed); a chip that restarted in the middle is reset
 * and synchronised again. MISMATCH names the first byte that differs. *report is always filled.
 */
RIG_CHECKED rig_result rig_rom_flash_write(struct rig_rom *rom, uint32_t offset_bytes,
                                           const void *image, size_t n_bytes,
                                           struct rig_flash_report *report, struct rig_wait wait,
                                           struct rig_error *err);

/* Erases whole 4 KiB sectors, proven by the chip's MD5. */
RIG_CHECKED rig_result rig_rom_flash_erase(struct rig_rom *rom, uint32_t offset_bytes,
                                           uint32_t n_bytes, struct rig_wait wait,
                                           struct rig_error *err);

/* UNSUPPORTED (class DEVICE), with the remedy, when the chip is in secure download mode, so that
 * `what` ("its MAC", "the flash") can't be read. */
RIG_CHECKED rig_result rig_rom_check_readable(const struct rig_rom_identity *identity,
                                              const char *what, struct rig_error *err);

/* "secure boot, JTAG disabled", "none"; "unknown" when not read. Returns `text`. */
const char *rig_rom_fuses_text(const struct rig_rom_identity *identity, char *text,
                               size_t text_size);

/* Back to 115200 baud on our side. The ROM itself is left by a hardware reset (reset.h). */
RIG_CHECKED rig_result rig_rom_disconnect(struct rig_rom *rom, struct rig_wait wait,
                                          struct rig_error *err);

#endif
