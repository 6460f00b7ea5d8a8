/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups in the table of chips, and what their registers mean. Pure. The table itself is
 * described in rom.h. */
#ifndef RIG_ESP_CHIPS_H
#define RIG_ESP_CHIPS_H

#include "rig/esp/rom.h"

/* NULL when no chip has it. */
const struct rig_chip *rig_chip_by_magic(uint32_t magic);
const struct rig_chip *rig_chip_by_id(uint32_t chip_id);

/* The factory MAC from the two eFuse words. */
void rig_chip_mac(uint32_t word0, uint32_t word1, uint8_t mac[RIG_MAC_SIZE]);

/* Bytes of the flash chip with this JEDEC id; 0 when it tells none (no flash, bad wiring, unknown
 * maker). */
uint32_t rig_flash_size_of_id(uint32_t flash_id);

#endif
