/* SPDX-License-Identifier: Apache-2.0 */
/* What rom.c, identify.c and flash.c share: the object behind struct rig_rom, and coming back after
 * trouble. Internal. */
#ifndef RIG_ESP_ROM_SESSION_H
#define RIG_ESP_ROM_SESSION_H

#include "rig/esp/rom.h"
#include "rig/esp/rom_link.h"

#define RIG_ROM_MAX_RECIPES 8

struct rig_rom {
    struct rig_rom_link link;
    struct rig_lines *lines; /* borrowed */
    size_t n_recipes;
    const struct rig_reset_recipe *recipes[RIG_ROM_MAX_RECIPES];
    unsigned max_resets;
    unsigned baud; /* both sides' */
    bool connected;
    struct rig_rom_identity identity;
};

/* What connecting does once the ROM answers: chip, fuses, watchdogs, MAC, revision, flash. Tries
 * again over noise. */
RIG_CHECKED rig_result rig_rom_identify(struct rig_rom *rom, struct rig_wait wait,
                                        struct rig_error *err);

/* Replies carry no checksum: what matters is read until two answers in a row agree. */
RIG_CHECKED rig_result rig_rom_read_reg_surely(struct rig_rom *rom, uint32_t address,
                                               uint32_t *value, struct rig_wait wait,
                                               struct rig_error *err);

/* NOT connected is a mistake of the caller: class USAGE. */
RIG_CHECKED rig_result rig_rom_check_connected(const struct rig_rom *rom, struct rig_error *err);

/*
 * Brings the ROM back to a state in which the next command will do, after `trouble`: by a SYNC when
 * it still listens, by a reset, identification of the same board and the former baud rate when it
 * does not.
 */
RIG_CHECKED rig_result rig_rom_recover(struct rig_rom *rom, const struct rig_error *trouble,
                                       struct rig_wait wait, struct rig_error *err);

#endif
