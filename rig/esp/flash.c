/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/esp/flash.h"

#include <openssl/evp.h>
#include <string.h>

#define ROM_MAX_FLASH UINT32_C(0x1000000) /* the ROM speaks 24-bit addresses and wraps silently */
#define READ_SIZE 64u
#define MD5_SIZE 16u

#define COMMAND_MS 3000
#define READ_MS 500
#define DATA_MS 1000
#define ERASE_MS_PER_MB 40000
#define MD5_MS_PER_MB 8000

#define READ_TRIES 3u
#define ERASE_TRIES 3u

static int64_t time_for(size_t n_bytes, int64_t ms_per_mb, int64_t at_least_ms)
{
    const int64_t ms = (int64_t)(n_bytes / 1000) * ms_per_mb / 1000;

    return ms > at_least_ms ? ms : at_least_ms;
}

rig_result rig_flash_check_region(const struct rig_rom *rom, uint32_t offset_bytes, size_t n_bytes,
                                  struct rig_error *err)
{
    const uint32_t flash_size = rom->identity.flash_size_bytes < ROM_MAX_FLASH
                                    ? rom->identity.flash_size_bytes
                                    : ROM_MAX_FLASH;

    RIG_TRY(rig_rom_check_connected(rom, err));
    RIG_TRY(rig_rom_check_readable(&rom->identity, "its flash", err));
    if (n_bytes == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "nothing to do: 0 bytes");
    }
    if (offset_bytes > flash_size || n_bytes > flash_size - offset_bytes) {
        return rig_fail(
            err, RIG_CLASS_USAGE, RIG_E_NO_SPACE,
            "0x%zx bytes at 0x%x end beyond the flash, of which the ROM reaches 0x%x bytes",
            n_bytes, (unsigned)offset_bytes, (unsigned)flash_size);
    }
    return RIG_DONE;
}

rig_result rig_flash_check_aligned(uint32_t offset_bytes, struct rig_error *err)
{
    if (offset_bytes % RIG_FLASH_SECTOR_SIZE != 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "offset 0x%x: a flash write must start at a multiple of 0x1000",
                        (unsigned)offset_bytes);
    }
    return RIG_DONE;
}

static rig_result md5_of(const void *bytes, size_t n_bytes, uint8_t md5[MD5_SIZE],
                         struct rig_error *err)
{
    uint8_t digest[EVP_MAX_MD_SIZE];

    if (EVP_Digest(bytes, n_bytes, digest, NULL, EVP_md5(), NULL) != 1) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "OpenSSL has no MD5 here");
    }
    memcpy(md5, digest, MD5_SIZE);
    return RIG_DONE;
}

static rig_result ask_md5(struct rig_rom *rom, uint32_t offset_bytes, size_t n_bytes,
                          uint8_t md5[MD5_SIZE], struct rig_wait wait, struct rig_error *err)
{
    const struct rig_rom_request request = {.op = RIG_ROM_SPI_FLASH_MD5,
                                            .n_words = 4,
                                            .words = {offset_bytes, (uint32_t)n_bytes, 0, 0}};

    for (unsigned i = 0; i < READ_TRIES; i++) {
        struct rig_rom_reply reply;
        struct rig_error not_hex;
        char hex[2 * MD5_SIZE + 1] = {0};

        RIG_TRY_IN(rig_rom_command(&rom->link, &request, 2 * MD5_SIZE,
                                   time_for(n_bytes, MD5_MS_PER_MB, COMMAND_MS), &reply, wait, err),
                   err, "MD5 of flash at 0x%x", (unsigned)offset_bytes);
        memcpy(hex, reply.payload, 2 * MD5_SIZE);
        if (rig_hex_parse(hex, md5, MD5_SIZE, &not_hex).ok) {
            return RIG_DONE;
        }
        rom->link.n_retries++;
    }
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_PROTOCOL,
                    "MD5 of flash at 0x%x: the answer is no hex text: check cable and ground",
                    (unsigned)offset_bytes);
}

rig_result rig_rom_flash_md5(struct rig_rom *rom, uint32_t offset_bytes, uint32_t n_bytes,
                             uint8_t md5[16], struct rig_wait wait, struct rig_error *err)
{
    RIG_TRY(rig_flash_check_region(rom, offset_bytes, n_bytes, err));
    return ask_md5(rom, offset_bytes, n_bytes, md5, wait, err);
}

rig_result rig_flash_is_same(struct rig_rom *rom, uint32_t offset_bytes, const uint8_t *bytes,
                             size_t n_bytes, bool *same, struct rig_wait wait,
                             struct rig_error *err)
{
    uint8_t ours[MD5_SIZE];
    uint8_t theirs[MD5_SIZE];

    RIG_TRY(md5_of(bytes, n_bytes, ours, err));
    RIG_TRY(ask_md5(rom, offset_bytes, n_bytes, theirs, wait, err));
    *same = memcmp(ours, theirs, MD5_SIZE) == 0;
    return RIG_DONE;
}

static rig_result read_unproven(struct rig_rom *rom, uint32_t offset_bytes, uint8_t *bytes,
                                size_t n_bytes, struct rig_wait wait, struct rig_error *err)
{
    for (size_t at = 0; at < n_bytes; at += READ_SIZE) {
        const size_t n = n_bytes - at < READ_SIZE ? n_bytes - at : READ_SIZE;
        const struct rig_rom_request request = {
            .op = RIG_ROM_READ_FLASH_SLOW,
            .n_words = 2,
            .words = {offset_bytes + (uint32_t)at, (uint32_t)n}};
        struct rig_rom_reply reply;

        RIG_TRY_IN(rig_rom_command(&rom->link, &request, READ_SIZE, READ_MS, &reply, wait, err),
                   err, "reading flash at 0x%x", (unsigned)(offset_bytes + at));
        memcpy(bytes + at, reply.payload, n);
    }
    return RIG_DONE;
}

rig_result rig_rom_flash_read(struct rig_rom *rom, uint32_t offset_bytes, void *bytes,
                              size_t n_bytes, struct rig_wait wait, struct rig_error *err)
{
    RIG_TRY(rig_flash_check_region(rom, offset_bytes, n_bytes, err));
    for (unsigned i = 0; i < READ_TRIES; i++) {
        bool same = false;

        RIG_TRY(read_unproven(rom, offset_bytes, bytes, n_bytes, wait, err));
        RIG_TRY(rig_flash_is_same(rom, offset_bytes, bytes, n_bytes, &same, wait, err));
        if (same) {
            return RIG_DONE;
        }
        rom->link.n_retries++;
    }
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                    "flash at 0x%x: what was read has another MD5 than the chip tells, %u times: "
                    "check cable, ground and supply",
                    (unsigned)offset_bytes, READ_TRIES);
}

static rig_result begin(struct rig_rom *rom, enum rig_rom_op op, uint32_t offset_bytes,
                        size_t erase_bytes, size_t n_blocks, struct rig_wait wait,
                        struct rig_error *err)
{
    const struct rig_rom_request request = {
        .op = op,
        .n_words = rom->identity.chip->begin_has_encrypted_word ? 5 : 4,
        .words = {(uint32_t)erase_bytes, (uint32_t)n_blocks, RIG_ROM_BLOCK_SIZE, offset_bytes, 0}};
    struct rig_rom_reply reply;

    return rig_rom_exchange(&rom->link, &request, 0,
                            time_for(erase_bytes, ERASE_MS_PER_MB, COMMAND_MS), &reply, wait, err);
}

static size_t blocks_of(size_t n_bytes)
{
    return (n_bytes + RIG_ROM_BLOCK_SIZE - 1) / RIG_ROM_BLOCK_SIZE;
}

static rig_result send_block(struct rig_rom *rom, enum rig_rom_op op, size_t number,
                             const uint8_t *block, size_t n_block, size_t n_programmed,
                             struct rig_wait wait, struct rig_error *err)
{
    const struct rig_rom_request request = {.op = op,
                                            .n_words = 4,
                                            .words = {(uint32_t)n_block, (uint32_t)number, 0, 0},
                                            .block = block,
                                            .n_block = n_block};
    struct rig_rom_reply reply;

    RIG_TRY_IN(rig_rom_exchange(&rom->link, &request, 0,
                                DATA_MS + time_for(n_programmed, ERASE_MS_PER_MB, 0), &reply, wait,
                                err),
               err, "block %zu", number);
    return RIG_DONE;
}

rig_result rig_flash_send_plain(struct rig_rom *rom, uint32_t offset_bytes, const uint8_t *bytes,
                                size_t n_bytes, struct rig_flash_sent *sent, struct rig_wait wait,
                                struct rig_error *err)
{
    const size_t n_blocks = blocks_of(n_bytes);

    RIG_TRY(begin(rom, RIG_ROM_FLASH_BEGIN, offset_bytes, n_bytes, n_blocks, wait, err));
    for (size_t i = 0; i < n_blocks; i++) {
        const size_t at = i * RIG_ROM_BLOCK_SIZE;
        const size_t n = n_bytes - at < RIG_ROM_BLOCK_SIZE ? n_bytes - at : RIG_ROM_BLOCK_SIZE;
        uint8_t block[RIG_ROM_BLOCK_SIZE];

        memset(block, 0xFF, sizeof block);
        memcpy(block, bytes + at, n);
        sent->payload_bytes += sizeof block;
        RIG_TRY(
            send_block(rom, RIG_ROM_FLASH_DATA, i, block, sizeof block, sizeof block, wait, err));
        sent->accepted_bytes += n;
    }
    return RIG_DONE;
}

rig_result rig_flash_send_deflated(struct rig_rom *rom, uint32_t offset_bytes,
                                   const struct rig_deflated *stream, struct rig_flash_sent *sent,
                                   struct rig_wait wait, struct rig_error *err)
{
    const size_t n_blocks = blocks_of(stream->bytes.len);
    const size_t erase_bytes = blocks_of(stream->n_plain) * RIG_ROM_BLOCK_SIZE;

    RIG_TRY(begin(rom, RIG_ROM_FLASH_DEFL_BEGIN, offset_bytes, erase_bytes, n_blocks, wait, err));
    for (size_t i = 0; i < n_blocks; i++) {
        const size_t at = i * RIG_ROM_BLOCK_SIZE;
        const size_t left = stream->bytes.len - at;
        const size_t n = left < RIG_ROM_BLOCK_SIZE ? left : RIG_ROM_BLOCK_SIZE;

        sent->payload_bytes += n;
        RIG_TRY(send_block(rom, RIG_ROM_FLASH_DEFL_DATA, i, stream->bytes.data + at, n,
                           stream->plain_of_block[i], wait, err));
        sent->accepted_bytes += stream->plain_of_block[i];
    }
    return RIG_DONE;
}

rig_result rig_flash_name_difference(struct rig_rom *rom, uint32_t offset_bytes,
                                     const uint8_t *image, size_t n_bytes, struct rig_wait wait,
                                     struct rig_error *err)
{
    uint8_t sector[RIG_FLASH_SECTOR_SIZE] = {0};

    for (size_t at = 0; at < n_bytes; at += RIG_FLASH_SECTOR_SIZE) {
        const size_t n =
            n_bytes - at < RIG_FLASH_SECTOR_SIZE ? n_bytes - at : RIG_FLASH_SECTOR_SIZE;
        const uint32_t where = offset_bytes + (uint32_t)at;
        bool same = false;

        RIG_TRY(rig_flash_is_same(rom, where, image + at, n, &same, wait, err));
        if (same) {
            continue;
        }
        RIG_TRY(read_unproven(rom, where, sector, n, wait, err));
        for (size_t i = 0; i < n; i++) {
            if (sector[i] != image[at + i]) {
                return rig_fail(
                    err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                    "flash sector 0x%x: byte 0x%x reads 0x%02x where 0x%02x was written: "
                    "the flash chip is damaged or worn; replace the board",
                    (unsigned)where, (unsigned)(where + i), sector[i], image[at + i]);
            }
        }
    }
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                    "flash at 0x%x does not keep what is written there: check the supply",
                    (unsigned)offset_bytes);
}

rig_result rig_rom_flash_erase(struct rig_rom *rom, uint32_t offset_bytes, uint32_t n_bytes,
                               struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf blank = {0};
    struct rig_error trouble;

    RIG_TRY(rig_flash_check_region(rom, offset_bytes, n_bytes, err));
    RIG_TRY(rig_flash_check_aligned(offset_bytes | n_bytes, err));
    RIG_TRY(rig_buf_reserve(&blank, n_bytes, err));
    memset(blank.data, 0xFF, n_bytes);
    for (unsigned i = 1;; i++) {
        bool same = false;
        rig_result done =
            begin(rom, RIG_ROM_FLASH_BEGIN, offset_bytes, n_bytes, blocks_of(n_bytes), wait, err);

        if (done.ok) {
            done = rig_flash_is_same(rom, offset_bytes, blank.data, n_bytes, &same, wait, err);
        }
        if (done.ok && same) {
            return RIG_DONE;
        }
        if (done.ok && i == ERASE_TRIES) {
            return rig_flash_name_difference(rom, offset_bytes, blank.data, n_bytes, wait, err);
        }
        if (!done.ok && (!rig_rom_is_transient(err) || i == ERASE_TRIES)) {
            return done;
        }
        if (!done.ok) {
            trouble = *err;
            RIG_TRY(rig_rom_recover(rom, &trouble, wait, err));
        }
    }
}
