/* SPDX-License-Identifier: Apache-2.0 */
/* The two sums of Espressif's formats. Pure. */
#ifndef RIG_ESP_CRC_H
#define RIG_ESP_CRC_H

#include <stddef.h>
#include <stdint.h>

/*
 * "IDF CRC": reflected 0xEDB88320, register starts at 0, final XOR FFFFFFFF. Not the usual CRC-32:
 * leading zeros do not change it.
 */
uint32_t rig_esp_crc32(const void *bytes, size_t n_bytes);

/* XOR of all bytes from 0xEF on: the checksum of the serial protocol's data packets and of
 * application images. */
uint8_t rig_esp_checksum(const void *bytes, size_t n_bytes);

#endif
