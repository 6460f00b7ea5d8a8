/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps that a flash write is made of (flash_write.c puts them together). Internal to rig/esp;
 * errors and threads as rom.h. None of these tries again by itself.
 */
#ifndef RIG_ESP_FLASH_H
#define RIG_ESP_FLASH_H

#include "rig/esp/deflate.h"
#include "rig/esp/rom_session.h"

/* USAGE: not connected, empty, or beyond what the ROM reaches. UNSUPPORTED: secure download mode.
 */
RIG_CHECKED rig_result rig_flash_check_region(const struct rig_rom *rom, uint32_t offset_bytes,
                                              size_t n_bytes, struct rig_error *err);
RIG_CHECKED rig_result rig_flash_check_aligned(uint32_t offset_bytes, struct rig_error *err);

/* Compares by the chip's MD5. */
RIG_CHECKED rig_result rig_flash_is_same(struct rig_rom *rom, uint32_t offset_bytes,
                                         const uint8_t *bytes, size_t n_bytes, bool *same,
                                         struct rig_wait wait, struct rig_error *err);

struct rig_flash_sent {
    size_t payload_bytes; /* handed to the chip */
    size_t
        accepted_bytes; /* of the image, from its start: what the blocks hold that the chip took */
};

/*
 * Begin command and blocks. Returns when the chip has programmed the last one. *sent is added to,
 * also on failure.
 */
RIG_CHECKED rig_result rig_flash_send_plain(struct rig_rom *rom, uint32_t offset_bytes,
                                            const uint8_t *bytes, size_t n_bytes,
                                            struct rig_flash_sent *sent, struct rig_wait wait,
                                            struct rig_error *err);
RIG_CHECKED rig_result rig_flash_send_deflated(struct rig_rom *rom, uint32_t offset_bytes,
                                               const struct rig_deflated *stream,
                                               struct rig_flash_sent *sent, struct rig_wait wait,
                                               struct rig_error *err);

/* Always fails: MISMATCH with the first byte that differs, or what kept it from being found. */
rig_result rig_flash_name_difference(struct rig_rom *rom, uint32_t offset_bytes,
                                     const uint8_t *image, size_t n_bytes, struct rig_wait wait,
                                     struct rig_error *err);

#endif
