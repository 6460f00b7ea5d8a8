/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/esp/crc.h"

#include <zlib.h>

uint32_t rig_esp_crc32(const void *bytes, size_t n_bytes)
{
    return (uint32_t)crc32_z(0xFFFFFFFFu, bytes, n_bytes);
}

uint8_t rig_esp_checksum(const void *bytes, size_t n_bytes)
{
    const uint8_t *at = bytes;
    uint8_t sum = 0xEF;

    for (size_t i = 0; i < n_bytes; i++) {
        sum ^= at[i];
    }
    return sum;
}
