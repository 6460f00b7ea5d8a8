/* SPDX-License-Identifier: Apache-2.0 */
/* The partition table of a board (ESP-IDF: "Partition Tables"), parsed from the 0xC00 bytes at
 * 0x8000. Pure. */
#ifndef RIG_ESP_PARTITION_H
#define RIG_ESP_PARTITION_H

#include "rig/base/error.h"

#include <stdint.h>

#define RIG_PARTITION_TABLE_OFFSET 0x8000u
#define RIG_PARTITION_TABLE_SIZE 0xC00u
#define RIG_PARTITION_MAX 95

struct rig_partition {
    uint8_t type;
    uint8_t subtype;
    uint32_t offset_bytes;
    uint32_t size_bytes;
    char label[17];
    uint32_t flags;
};

struct rig_partition_table {
    size_t n;
    struct rig_partition entries[RIG_PARTITION_MAX];
    bool has_md5; /* and it was right */
};

/* Class DEVICE: NOT_FOUND for blank flash, INVALID for a wrong MD5, overlapping or misaligned
 * entries. */
RIG_CHECKED rig_result rig_partition_parse(const uint8_t *bytes, size_t n_bytes,
                                           struct rig_partition_table *table,
                                           struct rig_error *err);

/* By type and label; NULL when there is none. Borrowed from the table. */
const struct rig_partition *rig_partition_find(const struct rig_partition_table *table,
                                               uint8_t type, const char *label);

#endif
