/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a partition table: what is accepted has sound entries. */
#include "rig/esp/partition.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rig_partition_table table;
    struct rig_error err;

    if (!rig_partition_parse(data, size, &table, &err).ok) {
        return 0;
    }
    if (table.n == 0 || table.n > RIG_PARTITION_MAX) {
        abort();
    }
    for (size_t i = 0; i < table.n; i++) {
        const struct rig_partition *entry = &table.entries[i];

        if (entry->size_bytes == 0 || entry->offset_bytes % 0x1000 != 0 ||
            entry->offset_bytes + entry->size_bytes < entry->offset_bytes ||
            rig_partition_find(&table, entry->type, entry->label) == NULL) {
            abort();
        }
    }
    return 0;
}
