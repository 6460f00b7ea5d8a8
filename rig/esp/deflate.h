/* SPDX-License-Identifier: Apache-2.0 */
/* A region of flash as the ROM's compressed write takes it, and which parts of a region need it.
 * Pure. */
#ifndef RIG_ESP_DEFLATE_H
#define RIG_ESP_DEFLATE_H

#include "rig/base/buf.h"
#include "rig/esp/rom_packet.h"

/* A zlib stream, cut into blocks of RIG_ROM_BLOCK_SIZE for sending. `{0}` is empty. */
struct rig_deflated {
    struct rig_buf bytes;
    size_t n_plain;
    size_t *plain_of_block; /* bytes that the chip programs when it gets this block: how long that
                               may take */
};

RIG_CHECKED rig_result rig_deflate(const uint8_t *bytes, size_t n_bytes,
                                   struct rig_deflated *stream, struct rig_error *err);
void rig_deflated_free(struct rig_deflated *stream);

#define RIG_FLASH_SECTOR_SIZE 0x1000u

/* 64 KiB: the block erase size of flash chips, and a small fraction of a second of the chip's MD5.
 */
#define RIG_FLASH_PART_SIZE 0x10000u
#define RIG_FLASH_MAX_PARTS 256u

enum rig_flash_part_state { RIG_FLASH_UNKNOWN = 0, RIG_FLASH_RIGHT, RIG_FLASH_WRONG };

struct rig_flash_parts {
    size_t n;
    enum rig_flash_part_state state[RIG_FLASH_MAX_PARTS];
};

/* The first run of parts that are not right; false when all are. */
bool rig_flash_next_run(const struct rig_flash_parts *parts, size_t *first, size_t *n);

#endif
