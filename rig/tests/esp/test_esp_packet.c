/* SPDX-License-Identifier: Apache-2.0 */
/* SLIP, sums and packets: golden vectors, round trips, and what a damaged reply is taken for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig/esp/chips.h"
#include "rig/esp/crc.h"
#include "rig/esp/deflate.h"
#include "rig/esp/le.h"
#include "rig/esp/rom_packet.h"
#include "rig/esp/slip.h"

#include <string.h>
#include <zlib.h>

static void assert_wire(const struct rig_rom_request *request, const char *hex)
{
    RIG_AUTO(rig_buf_free) struct rig_buf wire = {0};
    struct rig_error err;
    char got[4096];

    assert_true(rig_rom_request_encode(request, &wire, &err).ok);
    assert_true(wire.len * 2 < sizeof got);
    rig_hex(wire.data, wire.len, got);
    assert_string_equal(got, hex);
}

static void requests_are_the_golden_bytes(void **state)
{
    static const uint8_t four[] = {0, 1, 2, 3};

    (void)state;
    assert_wire(
        &(struct rig_rom_request){.op = RIG_ROM_SYNC},
        "c00008240000000000070712205555555555555555555555555555555555555555555555555555555555"
        "555555c0");
    assert_wire(
        &(struct rig_rom_request){.op = RIG_ROM_READ_REG, .n_words = 1, .words = {0x40001000}},
        "c0000a04000000000000100040c0");
    assert_wire(&(struct rig_rom_request){.op = RIG_ROM_SPI_ATTACH, .n_words = 2},
                "c0000d0800000000000000000000000000c0");
    assert_wire(&(struct rig_rom_request){.op = RIG_ROM_SPI_SET_PARAMS,
                                          .n_words = 6,
                                          .words = {0, 0x400000, 0x10000, 0x1000, 0x100, 0xFFFF}},
                "c0000b1800000000000000000000004000000001000010000000010000ffff0000c0");
    assert_wire(&(struct rig_rom_request){.op = RIG_ROM_FLASH_BEGIN,
                                          .n_words = 4,
                                          .words = {0x3000, 12, 0x400, 0x8000}},
                "c000021000000000000030000"
                "00c0000000004000000800000c0");
    assert_wire(&(struct rig_rom_request){.op = RIG_ROM_FLASH_BEGIN,
                                          .n_words = 5,
                                          .words = {0x3000, 12, 0x400, 0x8000, 0}},
                "c000021400000000000030000"
                "00c000000000400000080000000000000c0");
    assert_wire(&(struct rig_rom_request){.op = RIG_ROM_CHANGE_BAUDRATE,
                                          .n_words = 2,
                                          .words = {460800, 0}},
                "c0000f0800000000000008070000000000c0");
    assert_wire(&(struct rig_rom_request){.op = RIG_ROM_SPI_FLASH_MD5,
                                          .n_words = 4,
                                          .words = {0x8000, 0xC00, 0, 0}},
                "c00013100000000000"
                "00800000000c00000000000000000000c0");
    assert_wire(&(struct rig_rom_request){.op = RIG_ROM_GET_SECURITY_INFO}, "c00014000000000000c0");
    assert_wire(&(struct rig_rom_request){.op = RIG_ROM_FLASH_DATA,
                                          .n_words = 4,
                                          .words = {4, 0, 0, 0},
                                          .block = four,
                                          .n_block = 4},
                "c0000314"
                "00ef000000"
                "04000000000000000000000000000000"
                "00010203c0");
}

static void sums_are_the_golden_ones(void **state)
{
    static const uint8_t zeros[7] = {0};
    uint8_t seq[4];

    (void)state;
    assert_int_equal(rig_esp_crc32("123456789", 9), 0xD202D277);
    for (uint32_t i = 1; i <= 3; i++) {
        static const uint32_t expected[] = {0, 0x4743989A, 0x55F63774, 0xED4A5011};

        rig_le32_put(seq, i);
        assert_int_equal(rig_esp_crc32(seq, 4), expected[i]);
    }
    assert_int_equal(rig_esp_crc32(zeros, sizeof zeros), 0xFFFFFFFF);
    assert_int_equal(rig_esp_crc32(zeros, 0), 0xFFFFFFFF);
    assert_int_equal(rig_esp_checksum("\x00\x01\x02\x03", 4), 0xEF);
}

static void slip_escapes_as_written_down(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf wire = {0};
    struct rig_error err;

    (void)state;
    assert_true(rig_slip_encode("\xC0\xDB\x01", 3, &wire, &err).ok);
    assert_int_equal(wire.len, 7);
    assert_memory_equal(wire.data, "\xC0\xDB\xDC\xDB\xDD\x01\xC0", 7);
}

static size_t feed(struct rig_slip_decoder *decoder, const void *bytes, size_t n, uint8_t *last,
                   size_t *last_len)
{
    const uint8_t *at = bytes;
    size_t packets = 0;

    for (size_t i = 0; i < n; i++) {
        if (rig_slip_feed(decoder, at[i])) {
            packets++;
            *last_len = decoder->len;
            memcpy(last, decoder->packet, decoder->len);
        }
    }
    return packets;
}

static void slip_round_trip(void **state)
{
    uint8_t packet[600];
    uint8_t last[RIG_SLIP_MAX_PACKET];
    uint32_t random = 1;

    (void)state;
    for (size_t n = 1; n < sizeof packet; n += 7) {
        RIG_AUTO(rig_buf_free) struct rig_buf wire = {0};
        struct rig_slip_decoder decoder = {0};
        struct rig_error err;
        size_t len = 0;

        for (size_t i = 0; i < n; i++) {
            random = random * 1664525u + 1013904223u;
            packet[i] = (random >> 30) == 0   ? 0xC0
                        : (random >> 30) == 1 ? 0xDB
                                              : (uint8_t)(random >> 16);
        }
        assert_true(rig_slip_encode(packet, n, &wire, &err).ok);
        assert_int_equal(feed(&decoder, wire.data, wire.len, last, &len), 1);
        assert_int_equal(len, n);
        assert_memory_equal(last, packet, n);
    }
}

static void slip_survives_stray_bytes(void **state)
{
    struct rig_slip_decoder decoder = {0};
    uint8_t last[RIG_SLIP_MAX_PACKET];
    static uint8_t flood[3 * RIG_SLIP_MAX_PACKET];
    size_t len = 0;

    (void)state;
    /* empty packets, garbage that holds one end, a bad escape, an end in the middle of an escape */
    assert_int_equal(feed(&decoder,
                          "\xC0\xC0\xC0"
                          "ab"
                          "\xC0",
                          6, last, &len),
                     1);
    assert_memory_equal(last, "ab", 2);
    assert_int_equal(feed(&decoder,
                          "\x20"
                          "xx\xC0\xC0"
                          "cd\xC0",
                          8, last, &len),
                     2);
    assert_memory_equal(last, "cd", 2);
    assert_int_equal(feed(&decoder,
                          "e\xDB"
                          "f\xC0"
                          "gh\xC0",
                          7, last, &len),
                     1);
    assert_memory_equal(last, "gh", 2);
    assert_int_equal(feed(&decoder,
                          "e\xDB\xC0"
                          "ij\xC0",
                          6, last, &len),
                     1);
    assert_memory_equal(last, "ij", 2);
    memset(flood, 'z', sizeof flood);
    assert_int_equal(feed(&decoder, flood, sizeof flood, last, &len), 0);
    assert_int_equal(feed(&decoder, "\xC0kl\xC0", 4, last, &len), 1);
    assert_memory_equal(last, "kl", 2);
}

static enum rig_rom_match match(const void *packet, size_t n, enum rig_rom_op op, size_t n_payload,
                                struct rig_rom_reply *reply)
{
    return rig_rom_reply_match(packet, n, op, n_payload, reply);
}

static void replies_are_judged(void **state)
{
    struct rig_rom_reply reply;
    uint8_t long_reply[8 + 64 + 4] = {0x01, 0x0E, 68, 0};

    (void)state;
    /* the trace of a real ESP32 */
    assert_int_equal(
        match("\x01\x0A\x04\x00\x83\x1D\xF0\x00\x00\x00\x00\x00", 12, RIG_ROM_READ_REG, 0, &reply),
        RIG_ROM_OK);
    assert_int_equal(reply.value, 0x00F01D83);
    /* one of SYNC's eight while something else is asked, and a stub's short status */
    assert_int_equal(
        match("\x01\x08\x04\x00\x07\x07\x12\x20\x00\x00\x00\x00", 12, RIG_ROM_READ_REG, 0, &reply),
        RIG_ROM_OTHER);
    assert_int_equal(
        match("\x01\x0A\x02\x00\x83\x1D\xF0\x00\x00\x00", 10, RIG_ROM_READ_REG, 0, &reply),
        RIG_ROM_OK);
    /* status after the payload, by position */
    assert_int_equal(match(long_reply, sizeof long_reply, RIG_ROM_READ_FLASH_SLOW, 64, &reply),
                     RIG_ROM_OK);
    assert_int_equal(reply.n_payload, 64);
    long_reply[8 + 64] = 1;
    long_reply[8 + 65] = 9;
    assert_int_equal(match(long_reply, sizeof long_reply, RIG_ROM_READ_FLASH_SLOW, 64, &reply),
                     RIG_ROM_FAILED);
    assert_int_equal(reply.error, 9);
    /* a failure without payload */
    assert_int_equal(match("\x01\x13\x04\x00\x33\x07\x00\x00\x01\x09\x00\x00", 12,
                           RIG_ROM_SPI_FLASH_MD5, 32, &reply),
                     RIG_ROM_FAILED);
    assert_string_equal(rig_rom_error_text(reply.error), "flash read error");
    /* a success that is too short for its payload is damaged */
    assert_int_equal(match("\x01\x13\x04\x00\x33\x07\x00\x00\x00\x00\x00\x00", 12,
                           RIG_ROM_SPI_FLASH_MD5, 32, &reply),
                     RIG_ROM_NOISE);
    /* unsupported, under another command's number */
    assert_int_equal(match("\x01\xFF\x04\x00\x00\x00\x00\x00\x01\x05\x00\x00", 12,
                           RIG_ROM_GET_SECURITY_INFO, 20, &reply),
                     RIG_ROM_UNSUPPORTED);
    /* lengths that do not fit, a request, nothing */
    assert_int_equal(
        match("\x01\x0A\x04\x00\x83\x1D\xF0\x00\x00\x00\x00", 11, RIG_ROM_READ_REG, 0, &reply),
        RIG_ROM_NOISE);
    assert_int_equal(match("\x01\x0A\x04\x00\x83\x1D\xF0\x00\x00\x00\x00\x00\x00", 13,
                           RIG_ROM_READ_REG, 0, &reply),
                     RIG_ROM_NOISE);
    assert_int_equal(
        match("\x00\x0A\x04\x00\x83\x1D\xF0\x00\x00\x00\x00\x00", 12, RIG_ROM_READ_REG, 0, &reply),
        RIG_ROM_NOISE);
    assert_int_equal(match("\x01", 1, RIG_ROM_READ_REG, 0, &reply), RIG_ROM_NOISE);
}

static void deflated_regions_unpack_to_themselves(void **state)
{
    static uint8_t image[200000];
    static uint8_t again[200000];
    uLongf n = sizeof again;
    struct rig_deflated stream = {0};
    struct rig_error err;
    size_t sum = 0;

    (void)state;
    for (size_t i = 0; i < sizeof image; i++) {
        image[i] = i % 3 == 0 ? 0 : (uint8_t)(i * 2654435761u >> 13);
    }
    assert_true(rig_deflate(image, sizeof image, &stream, &err).ok);
    assert_int_equal(uncompress(again, &n, stream.bytes.data, (uLong)stream.bytes.len), Z_OK);
    assert_int_equal(n, sizeof image);
    assert_memory_equal(again, image, sizeof image);
    for (size_t i = 0; i < (stream.bytes.len + RIG_ROM_BLOCK_SIZE - 1) / RIG_ROM_BLOCK_SIZE; i++) {
        sum += stream.plain_of_block[i];
    }
    assert_int_equal(sum, sizeof image);
    rig_deflated_free(&stream);
}

static void chips_are_known_by_name_magic_and_id(void **state)
{
    static const struct {
        const char *name;
        uint32_t id;
        uint32_t magic;
        uint32_t bootloader;
    } known[] = {
        {"esp32", 0, 0x00F01D83, 0x1000},
        {"esp32s2", 2, 0x000007C6, 0x1000},
        {"esp32s3", 9, 0x00000009, 0},
        {"esp32c3", 5, 0, 0},
        {"esp32c6", 13, 0, 0},
        {"esp32h2", 16, 0, 0},
    };
    uint8_t mac[RIG_MAC_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const struct rig_chip *chip = rig_chip_by_name(known[i].name);

        assert_non_null(chip);
        assert_ptr_equal(chip, rig_chip_by_id(known[i].id));
        assert_int_equal(chip->bootloader_offset, known[i].bootloader);
        assert_int_equal(chip->begin_has_encrypted_word, i != 0);
        if (known[i].magic != 0) {
            assert_ptr_equal(chip, rig_chip_by_magic(known[i].magic));
        }
    }
    assert_null(rig_chip_by_name("esp8266"));
    assert_null(rig_chip_by_magic(0));
    rig_chip_mac(0xC40A1B2C, 0x5A00A524, mac);
    assert_memory_equal(mac, "\xA5\x24\xC4\x0A\x1B\x2C", 6);
}

static void flash_sizes_follow_the_id(void **state)
{
    (void)state;
    assert_int_equal(rig_flash_size_of_id(0x1640EF), 4u << 20);
    assert_int_equal(rig_flash_size_of_id(0x1840EF), 16u << 20);
    assert_int_equal(rig_flash_size_of_id(0x1240EF), 256u << 10);
    assert_int_equal(rig_flash_size_of_id(0x2040EF), 64u << 20);
    assert_int_equal(rig_flash_size_of_id(0x3240EF), 256u << 10);
    assert_int_equal(rig_flash_size_of_id(0x3A40EF), 64u << 20);
    assert_int_equal(rig_flash_size_of_id(0x01041F), 512u << 10);
    assert_int_equal(rig_flash_size_of_id(0x01091F), 16u << 20);
    assert_int_equal(rig_flash_size_of_id(0xFFFFFF), 0);
    assert_int_equal(rig_flash_size_of_id(0x000000), 0);
    assert_int_equal(rig_flash_size_of_id(0xFFFF3F), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_the_golden_bytes),
        cmocka_unit_test(sums_are_the_golden_ones),
        cmocka_unit_test(slip_escapes_as_written_down),
        cmocka_unit_test(slip_round_trip),
        cmocka_unit_test(slip_survives_stray_bytes),
        cmocka_unit_test(replies_are_judged),
        cmocka_unit_test(deflated_regions_unpack_to_themselves),
        cmocka_unit_test(chips_are_known_by_name_magic_and_id),
        cmocka_unit_test(flash_sizes_follow_the_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
