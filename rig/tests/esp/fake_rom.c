/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_rom.h"

#include "rig/esp/crc.h"
#include "rig/esp/le.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define EN_RISE_NS (2 * RIG_NS_PER_MS)
#define SPI_BASE 0x3FF42000u
#define EFUSE_BASE 0x3FF5A000u
#define SECTOR 0x1000u
#define BEFORE_PARAMS 0x200000u

#define MUST(expr)                                                                                 \
    do {                                                                                           \
        if (!(expr)) {                                                                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* A UART bears a few percent. */
static bool carries(const struct fake_rom *rom)
{
    const unsigned more = rom->host_baud > rom->chip_baud ? rom->host_baud : rom->chip_baud;
    const unsigned less = rom->host_baud > rom->chip_baud ? rom->chip_baud : rom->host_baud;

    return (more - less) * 50 <= more;
}

static void to_host(struct fake_rom *rom, const void *bytes, size_t n)
{
    struct rig_error err;

    if (!rom->mute && carries(rom)) {
        MUST(rig_buf_append(&rom->to_host, bytes, n, &err).ok);
    }
}

static void text(struct fake_rom *rom, const char *words)
{
    to_host(rom, words, strlen(words));
}

static void stop_writing(struct fake_rom *rom)
{
    if (rom->zlib_open) {
        (void)inflateEnd(&rom->zlib);
    }
    rom->zlib_open = false;
    rom->writing = false;
}

static void boot(struct fake_rom *rom)
{
    const bool io0_low = rom->dtr && !rom->rts && !rom->run_only;

    stop_writing(rom);
    rom->n_boots++;
    rom->en_rose_ns = 0;
    rom->chip_baud = 115200;
    rom->params_set = false;
    rom->in_loader = io0_low;
    rig_slip_reset(&rom->slip);
    if (rom->log_off) {
        return;
    }
    if (io0_low) {
        text(rom, "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x3 "
                  "(DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\nwaiting for download\r\n");
    } else {
        text(rom,
             rom->run_text != NULL
                 ? rom->run_text
                 : "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 "
                   "(SPI_FAST_FLASH_BOOT)\r\nload:0x3fff0030,len:1184\r\nentry 0x400805e4\r\n");
    }
}

static void tick(struct fake_rom *rom)
{
    if (rom->en_rose_ns != 0 && rig_now_ns() >= rom->en_rose_ns + EN_RISE_NS) {
        boot(rom);
    }
}

/* A reply as the ROM sends it: payload, then four status bytes. */
static void reply(struct fake_rom *rom, uint8_t op, const void *payload, size_t n, uint8_t status,
                  uint8_t error)
{
    static const uint8_t noise[] = {0x20, 0xC0, 0xDB, 0x00, 0xC0, 0x01, 0x0A, 0x04};
    RIG_AUTO(rig_buf_free) struct rig_buf wire = {0};
    struct rig_error err;
    uint8_t packet[128] = {0x01, op};

    rig_le16_put(packet + 2, (uint16_t)(n + 4));
    rig_le32_put(packet + 4, rom->last_value);
    if (n != 0) {
        memcpy(packet + 8, payload, n);
    }
    packet[8 + n] = status;
    packet[9 + n] = error;
    MUST(rig_slip_encode(packet, n + 12, &wire, &err).ok);
    if (op < FAKE_MAX_OPS && rom->skip_replies[op] != 0) {
        rom->skip_replies[op]--;
        return;
    }
    if (rom->stale_replies && rom->last_reply.len > 2 && rom->last_reply.data[2] != op) {
        to_host(rom, rom->last_reply.data, rom->last_reply.len);
    }
    if (rom->noise) {
        to_host(rom, noise, sizeof noise);
    }
    to_host(rom, wire.data, wire.len);
    rig_buf_reset(&rom->last_reply);
    MUST(rig_buf_append(&rom->last_reply, wire.data, wire.len, &err).ok);
}

static void ok(struct fake_rom *rom, uint8_t op)
{
    reply(rom, op, NULL, 0, 0, 0);
}

static void fail(struct fake_rom *rom, uint8_t op, uint8_t error)
{
    reply(rom, op, NULL, 0, 1, error);
}

static uint32_t read_reg(struct fake_rom *rom, uint32_t address)
{
    if (address == 0x40001000) {
        return rom->magic;
    }
    if (address == EFUSE_BASE + 4) {
        return 0xC40A1B2Cu;
    }
    if (address == EFUSE_BASE + 8) {
        if (rom->flicker_mac != 0) {
            rom->flicker_mac--;
            return rom->mac_word1 ^ 0x10;
        }
        return rom->mac_word1;
    }
    if (address == EFUSE_BASE + 12) {
        return UINT32_C(1) << 15;
    }
    if (address == 0x3FF5F06C) {
        return rom->rc_clock;
    }
    if (address == EFUSE_BASE + 16) {
        return rom->efuse_word4;
    }
    if (address == EFUSE_BASE + 20) {
        return UINT32_C(1) << 20 | UINT32_C(1) << 24;
    }
    if (address >= SPI_BASE && address < SPI_BASE + 256) {
        return rom->spi[(address - SPI_BASE) / 4];
    }
    return 0;
}

static void write_reg(struct fake_rom *rom, uint32_t address, uint32_t value)
{
    if (address < SPI_BASE || address >= SPI_BASE + 256) {
        return;
    }
    if (address == SPI_BASE) {
        const bool rdid = rom->spi[0x24 / 4] == 0x7000009F && rom->spi[0x2C / 4] == 23 &&
                          rom->spi[0x1C / 4] == 0x90000000;
        rom->spi[0x80 / 4] = rdid ? 0x1640EF : 0xFFFFFF;
        return;
    }
    rom->spi[(address - SPI_BASE) / 4] = value;
}

static void begin(struct fake_rom *rom, uint8_t op, const uint8_t *data, size_t n)
{
    const uint32_t size = n == 16 ? rig_le32(data) : 0;
    const uint32_t at = n == 16 ? rig_le32(data + 12) : 0;
    const uint32_t end = rom->params_set ? FAKE_FLASH_SIZE : BEFORE_PARAMS;

    if (n != 16 || at % SECTOR != 0 || at > end || size > end - at) {
        fail(rom, op, n != 16 ? 0x05 : 0x01);
        return;
    }
    for (uint32_t sector = at; sector < at + size; sector += SECTOR) {
        memset(rom->flash + sector, 0xFF, SECTOR);
        rom->n_sectors_erased++;
        if (rom->stuck_at != 0 && rom->stuck_at / SECTOR == sector / SECTOR) {
            rom->flash[rom->stuck_at] |= 1;
        }
    }
    stop_writing(rom);
    rom->writing = true;
    rom->deflating = op == RIG_ROM_FLASH_DEFL_BEGIN;
    if (rom->deflating) {
        memset(&rom->zlib, 0, sizeof rom->zlib);
        MUST(inflateInit(&rom->zlib) == Z_OK);
        rom->zlib_open = true;
    }
    rom->write_at = at;
    rom->write_left = (size + 0x3FF) / 0x400 * 0x400;
    rom->next_block = 0;
    ok(rom, op);
}

static void program(struct fake_rom *rom, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n && rom->write_left != 0; i++) {
        uint8_t *cell = &rom->flash[rom->write_at];

        *cell &= bytes[i];
        if (rom->stuck_at == rom->write_at && rom->stuck_at != 0) {
            *cell |= 1;
        }
        rom->write_at++;
        rom->write_left--;
    }
}

static bool unpack(struct fake_rom *rom, const uint8_t *block, size_t n)
{
    uint8_t out[4096];
    int code = Z_OK;

    rom->zlib.next_in = (Bytef *)(uintptr_t)block;
    rom->zlib.avail_in = (uInt)n;
    do {
        rom->zlib.next_out = out;
        rom->zlib.avail_out = sizeof out;
        code = inflate(&rom->zlib, Z_NO_FLUSH);
        program(rom, out, sizeof out - rom->zlib.avail_out);
    } while (code == Z_OK && (rom->zlib.avail_in != 0 || rom->zlib.avail_out == 0));
    return code == Z_OK || code == Z_BUF_ERROR || code == Z_STREAM_END;
}

static void data(struct fake_rom *rom, uint8_t op, uint32_t sum, const uint8_t *bytes, size_t n)
{
    rom->n_blocks++;
    if (rom->restart_after_blocks != 0 && rom->n_blocks == rom->restart_after_blocks) {
        boot(rom); /* straps are at rest: run mode */
        return;
    }
    if (n < 16 || rig_le32(bytes) != n - 16 || !rom->writing ||
        rom->deflating != (op == RIG_ROM_FLASH_DEFL_DATA)) {
        fail(rom, op, 0x01);
    } else if (rig_esp_checksum(bytes + 16, n - 16) != sum) {
        fail(rom, op, 0x07);
    } else if (rig_le32(bytes + 4) != rom->next_block) {
        fail(rom, op, 0x06);
    } else if (rom->deflating && !unpack(rom, bytes + 16, n - 16)) {
        fail(rom, op, 0x0B);
    } else {
        if (!rom->deflating) {
            program(rom, bytes + 16, n - 16);
        }
        rom->next_block++;
        ok(rom, op);
    }
}

static void md5(struct fake_rom *rom, const uint8_t *bytes, size_t n)
{
    const uint32_t at = n == 16 ? rig_le32(bytes) : UINT32_MAX;
    const uint32_t size = n == 16 ? rig_le32(bytes + 4) : 0;
    const uint32_t end = rom->params_set ? FAKE_FLASH_SIZE : BEFORE_PARAMS;
    uint8_t digest[EVP_MAX_MD_SIZE];
    char hex[33];

    if (n != 16 || at > end || size > end - at) {
        fail(rom, RIG_ROM_SPI_FLASH_MD5, 0x09);
        return;
    }
    MUST(EVP_Digest(rom->flash + at, size, digest, NULL, EVP_md5(), NULL) == 1);
    if (rom->wrong_md5 != 0) {
        rom->wrong_md5--;
        digest[0] ^= 1;
    }
    rig_hex(digest, 16, hex);
    reply(rom, RIG_ROM_SPI_FLASH_MD5, hex, 32, 0, 0);
}

static void read_slow(struct fake_rom *rom, const uint8_t *bytes, size_t n)
{
    const uint32_t at = n == 8 ? rig_le32(bytes) : UINT32_MAX;
    uint8_t payload[64] = {0};

    if (n != 8 || at > FAKE_FLASH_SIZE - 64 || rig_le32(bytes + 4) > 64) {
        fail(rom, RIG_ROM_READ_FLASH_SLOW, 0x0A);
        return;
    }
    memcpy(payload, rom->flash + at, rig_le32(bytes + 4));
    reply(rom, RIG_ROM_READ_FLASH_SLOW, payload, 64, 0, 0);
}

static void handle(struct fake_rom *rom, uint8_t op, uint32_t sum, const uint8_t *bytes, size_t n)
{
    switch (op) {
    case RIG_ROM_SYNC:
        rom->last_value = 0x20120707;
        for (int i = 0; i < 8; i++) {
            ok(rom, op);
        }
        break;
    case RIG_ROM_READ_REG:
        rom->last_value = read_reg(rom, n == 4 ? rig_le32(bytes) : 0);
        ok(rom, op);
        break;
    case RIG_ROM_WRITE_REG:
        if (n == 16) {
            write_reg(rom, rig_le32(bytes), rig_le32(bytes + 4));
        }
        ok(rom, op);
        break;
    case RIG_ROM_SPI_SET_PARAMS:
        rom->params_set = n == 24 && rig_le32(bytes + 4) == FAKE_FLASH_SIZE;
        ok(rom, op);
        break;
    case RIG_ROM_SPI_ATTACH:
        if (n == 8) {
            ok(rom, op);
        } else {
            fail(rom, op, 0x05);
        }
        break;
    case RIG_ROM_CHANGE_BAUDRATE:
        ok(rom, op);
        rom->asked_baud = n == 8 ? rig_le32(bytes) : rom->asked_baud;
        rom->chip_baud = rom->clock_hz == 0
                             ? rom->asked_baud
                             : (unsigned)((uint64_t)rom->asked_baud * 40000000 / rom->clock_hz);
        break;
    case RIG_ROM_FLASH_BEGIN:
    case RIG_ROM_FLASH_DEFL_BEGIN:
        begin(rom, op, bytes, n);
        break;
    case RIG_ROM_FLASH_DATA:
    case RIG_ROM_FLASH_DEFL_DATA:
        data(rom, op, sum, bytes, n);
        break;
    case RIG_ROM_SPI_FLASH_MD5:
        md5(rom, bytes, n);
        break;
    case RIG_ROM_READ_FLASH_SLOW:
        read_slow(rom, bytes, n);
        break;
    default:
        for (int i = 0; i < 8; i++) {
            fail(rom, 0, 0x05);
        }
        break;
    }
}

static void packet_in(struct fake_rom *rom, const uint8_t *packet, size_t n)
{
    const uint8_t op = n > 1 ? packet[1] : 0;

    if (n < 8 || packet[0] != 0 || rig_le16(packet + 2) != n - 8 || op >= FAKE_MAX_OPS) {
        return;
    }
    rom->n_commands[op]++;
    if (rom->unsupported[op] != 0) {
        rom->unsupported[op]--;
        for (int i = 0; i < 8; i++) {
            fail(rom, 0, 0x05);
        }
    } else if (rom->refuse[op] != 0) {
        rom->refuse[op]--;
        fail(rom, op, rom->refuse_code);
    } else {
        handle(rom, op, rig_le32(packet + 4), packet + 8, n - 8);
    }
}

static rig_result fake_read(struct rig_link *link, uint8_t *bytes, size_t cap, size_t *got,
                            struct rig_wait wait, struct rig_error *err)
{
    struct fake_rom *rom = (struct fake_rom *)link;

    tick(rom);
    if (rom->en_rose_ns != 0) {
        RIG_TRY(rig_wait_pause(wait, EN_RISE_NS, err));
        tick(rom);
    }
    if (rom->to_host.len == 0 && rom->waits) {
        const int64_t left_ns = wait.deadline_ns - rig_now_ns();

        RIG_TRY(rig_wait_pause(wait, left_ns > 0 ? left_ns : 0, err));
    }
    if (rom->to_host.len == 0) {
        return rig_fail(err, RIG_CLASS_NETWORK, RIG_E_TIMEOUT, "timed out waiting for bytes");
    }
    *got = cap < rom->to_host.len ? cap : rom->to_host.len;
    memcpy(bytes, rom->to_host.data, *got);
    rig_buf_consume(&rom->to_host, *got);
    return RIG_DONE;
}

static rig_result fake_write(struct rig_link *link, const uint8_t *bytes, size_t n,
                             struct rig_wait wait, struct rig_error *err)
{
    struct fake_rom *rom = (struct fake_rom *)link;

    (void)wait;
    tick(rom);
    RIG_TRY(rig_buf_append(&rom->from_host, bytes, n, err));
    for (size_t i = 0; i < n; i++) {
        if (rig_slip_feed(&rom->slip, bytes[i]) && rom->in_loader && !rom->mute && carries(rom)) {
            packet_in(rom, rom->slip.packet, rom->slip.len);
        }
    }
    return RIG_DONE;
}

static rig_result fake_set_baud(struct rig_link *link, unsigned baud, struct rig_wait wait,
                                struct rig_error *err)
{
    struct fake_rom *rom = (struct fake_rom *)link;

    (void)wait;
    (void)err;
    rom->host_baud = rom->only_baud != 0 && baud != rom->only_baud ? 1 : baud;
    return RIG_DONE;
}

static rig_result fake_lines(struct rig_link *link, bool dtr, bool rts, struct rig_wait wait,
                             struct rig_error *err)
{
    struct fake_rom *rom = (struct fake_rom *)link;
    const bool was_low = rom->rts && !rom->dtr;
    const bool is_low = rts && !dtr;

    (void)wait;
    (void)err;
    if (rom->en_not_wired) {
        return RIG_DONE;
    }
    tick(rom);
    if (is_low) {
        rom->en_rose_ns = 0;
        rom->in_loader = false;
        stop_writing(rom);
    } else if (was_low) {
        rom->en_rose_ns = rig_now_ns();
    }
    rom->dtr = dtr;
    rom->rts = rts;
    return RIG_DONE;
}

static rig_result fake_purge(struct rig_link *link, unsigned what, struct rig_wait wait,
                             struct rig_error *err)
{
    struct fake_rom *rom = (struct fake_rom *)link;

    (void)wait;
    (void)err;
    tick(rom);
    if ((what & RIG_LINK_PURGE_INPUT) != 0) {
        rig_buf_reset(&rom->to_host);
    }
    if (rom->babble != NULL) {
        text(rom, rom->babble);
    }
    return RIG_DONE;
}

static int fake_fd(struct rig_link *link)
{
    (void)link;
    return -1;
}

static bool fake_pending(struct rig_link *link)
{
    return ((struct fake_rom *)link)->to_host.len != 0;
}

static void fake_close(struct rig_link *link)
{
    ((struct fake_rom *)link)->n_closed++;
}

static const struct rig_link_ops fake_ops = {
    .name = "fake",
    .read = fake_read,
    .write = fake_write,
    .set_baud = fake_set_baud,
    .set_modem_lines = fake_lines,
    .purge = fake_purge,
    .poll_fd = fake_fd,
    .has_pending = fake_pending,
    .close = fake_close,
};

struct fake_rom *fake_rom_new(void)
{
    struct fake_rom *rom = calloc(1, sizeof *rom);

    MUST(rom != NULL);
    rom->flash = malloc(FAKE_FLASH_SIZE);
    MUST(rom->flash != NULL);
    memset(rom->flash, 0xFF, FAKE_FLASH_SIZE);
    rom->link.ops = &fake_ops;
    (void)rig_copy_text(rom->link.address, sizeof rom->link.address, "fake://");
    rom->host_baud = 115200;
    rom->chip_baud = 115200;
    rom->magic = 0x00F01D83;
    rom->mac_word1 = 0x00A524 | 0x5A0000;
    return rom;
}

void fake_rom_free(struct fake_rom *rom)
{
    stop_writing(rom);
    rig_buf_free(&rom->to_host);
    rig_buf_free(&rom->from_host);
    rig_buf_free(&rom->last_reply);
    free(rom->flash);
    free(rom);
}
