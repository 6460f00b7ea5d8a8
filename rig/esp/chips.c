/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/esp/rom.h"

#include "rig/esp/chips.h"

#include <ctype.h>
#include <string.h>

#define ESP32_EFUSE 0x3FF5A000u
#define S2_EFUSE 0x3F41A000u
#define S3_EFUSE 0x60007000u
#define C3_EFUSE 0x60008800u
#define C6_EFUSE 0x600B0800u

/* Words of the later chips' block 1. */
#define BLOCK1(base, word) ((base) + 0x44u + 4u * (word))

static const struct rig_chip chips[] = {
    {
        .name = "esp32",
        .title = "ESP32",
        .chip_id = 0,
        .magic = 0x00F01D83,
        .efuse_base = ESP32_EFUSE,
        .mac_word0_offset = 0x04,
        .spi_base = 0x3FF42000,
        .spi_layout_esp32 = true,
        .bootloader_offset = 0x1000,
        .rc_clock_reg = 0x3FF5F06C,
        .revision = {{ESP32_EFUSE + 4 * 3, 15, 1, 100},
                     {ESP32_EFUSE + 4 * 5, 20, 1, 100},
                     {0x3FF6607C, 31, 1, 100},
                     {ESP32_EFUSE + 4 * 5, 24, 3, 1}},
    },
    {
        .name = "esp32s2",
        .title = "ESP32-S2",
        .chip_id = 2,
        .magic = 0x000007C6,
        .efuse_base = S2_EFUSE,
        .mac_word0_offset = 0x44,
        .spi_base = 0x3F402000,
        .begin_has_encrypted_word = true,
        .has_security_info = true,
        .bootloader_offset = 0x1000,
        .revision = {{BLOCK1(S2_EFUSE, 3), 20, 1, 8},
                     {BLOCK1(S2_EFUSE, 4), 4, 7, 1},
                     {BLOCK1(S2_EFUSE, 3), 18, 3, 100}},
    },
    {
        .name = "esp32s3",
        .title = "ESP32-S3",
        .chip_id = 9,
        .magic = 0x00000009,
        .efuse_base = S3_EFUSE,
        .mac_word0_offset = 0x44,
        .spi_base = 0x60002000,
        .begin_has_encrypted_word = true,
        .has_security_info = true,
        .bootloader_offset = 0x0,
        .revision = {{BLOCK1(S3_EFUSE, 5), 23, 1, 8},
                     {BLOCK1(S3_EFUSE, 3), 18, 7, 1},
                     {BLOCK1(S3_EFUSE, 5), 24, 3, 100}},
        .watchdogs = {0x600080B0, 0x60008098, 0x600080B8, 0x600080B4, 0x8F1D312A, 1u << 31},
    },
    {
        .name = "esp32c3",
        .title = "ESP32-C3",
        .chip_id = 5,
        .efuse_base = C3_EFUSE,
        .mac_word0_offset = 0x44,
        .spi_base = 0x60002000,
        .begin_has_encrypted_word = true,
        .has_security_info = true,
        .bootloader_offset = 0x0,
        .revision = {{BLOCK1(C3_EFUSE, 5), 23, 1, 8},
                     {BLOCK1(C3_EFUSE, 3), 18, 7, 1},
                     {BLOCK1(C3_EFUSE, 5), 24, 3, 100}},
        .watchdogs = {0x600080A8, 0x60008090, 0x600080B0, 0x600080AC, 0x8F1D312A, 1u << 31},
    },
    {
        .name = "esp32c6",
        .title = "ESP32-C6",
        .chip_id = 13,
        .efuse_base = C6_EFUSE,
        .mac_word0_offset = 0x44,
        .spi_base = 0x60003000,
        .begin_has_encrypted_word = true,
        .has_security_info = true,
        .bootloader_offset = 0x0,
        .revision = {{BLOCK1(C6_EFUSE, 3), 18, 15, 1}, {BLOCK1(C6_EFUSE, 3), 22, 3, 100}},
        .watchdogs = {0x600B1C18, 0x600B1C00, 0x600B1C20, 0x600B1C1C, 0x50D83AA1, 1u << 18},
    },
    {
        .name = "esp32h2",
        .title = "ESP32-H2",
        .chip_id = 16,
        .efuse_base = C6_EFUSE,
        .mac_word0_offset = 0x44,
        .spi_base = 0x60003000,
        .begin_has_encrypted_word = true,
        .has_security_info = true,
        .bootloader_offset = 0x0,
        .revision = {{BLOCK1(C6_EFUSE, 3), 18, 7, 1}, {BLOCK1(C6_EFUSE, 3), 21, 3, 100}},
        .watchdogs = {0x600B1C1C, 0x600B1C00, 0x600B1C24, 0x600B1C20, 0x50D83AA1, 1u << 18},
    },
};

#define N_CHIPS (sizeof chips / sizeof chips[0])

/* Case and dashes do not matter. */
static bool same_name(const char *name, const char *given)
{
    for (; *given != '\0'; given++) {
        if (*given == '-') {
            continue;
        }
        if (tolower((unsigned char)*given) != *name) {
            return false;
        }
        name++;
    }
    return *name == '\0';
}

const struct rig_chip *rig_chip_by_name(const char *name)
{
    for (size_t i = 0; i < N_CHIPS; i++) {
        if (same_name(chips[i].name, name)) {
            return &chips[i];
        }
    }
    return NULL;
}

const struct rig_chip *rig_chip_by_magic(uint32_t magic)
{
    for (size_t i = 0; i < N_CHIPS; i++) {
        if (chips[i].magic != 0 && chips[i].magic == magic) {
            return &chips[i];
        }
    }
    return NULL;
}

const struct rig_chip *rig_chip_by_id(uint32_t chip_id)
{
    for (size_t i = 0; i < N_CHIPS; i++) {
        if (chips[i].chip_id == chip_id) {
            return &chips[i];
        }
    }
    return NULL;
}

void rig_chip_mac(uint32_t word0, uint32_t word1, uint8_t mac[RIG_MAC_SIZE])
{
    mac[0] = (uint8_t)(word1 >> 8);
    mac[1] = (uint8_t)word1;
    mac[2] = (uint8_t)(word0 >> 24);
    mac[3] = (uint8_t)(word0 >> 16);
    mac[4] = (uint8_t)(word0 >> 8);
    mac[5] = (uint8_t)word0;
}

static uint32_t size_of_code(unsigned code)
{
    if (code >= 0x12 && code <= 0x1C) {
        return UINT32_C(1) << code;
    }
    if (code >= 0x20 && code <= 0x22) {
        return UINT32_C(1) << (code - 6);
    }
    if (code >= 0x32 && code <= 0x3A) {
        return UINT32_C(1) << (code - 0x20);
    }
    return 0;
}

uint32_t rig_flash_size_of_id(uint32_t flash_id)
{
    const unsigned adesto = 0x1F;

    if ((flash_id & 0xFF) == adesto) {
        const unsigned density = flash_id >> 8 & 0x1F;

        return density >= 4 && density <= 9 ? UINT32_C(1) << (density + 15) : 0;
    }
    return size_of_code(flash_id >> 16 & 0xFF);
}
