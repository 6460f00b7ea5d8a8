/* SPDX-License-Identifier: Apache-2.0 */
/* The client against a scripted ROM: the good way, and every kind of trouble a line or a chip
 * makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_rom.h"
#include "rig/esp/flash.h"
#include "rig/esp/rom.h"

#include <stdlib.h>
#include <string.h>

struct bench {
    struct fake_rom *fake;
    struct rig_lines *lines;
    struct rig_rom *rom;
    struct rig_rom_identity identity;
    struct rig_error err;
    struct rig_reset_recipe recipe;
};

#define WAIT rig_wait_ms(20000, NULL)

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    const struct rig_reset_recipe *recipes[1];
    struct rig_rom_options options = {.recipes = recipes, .n_recipes = 1, .max_resets = 4};

    assert_non_null(bench);
    recipes[0] = &bench->recipe;
    bench->fake = fake_rom_new();
    assert_true(rig_reset_parse("quick", "U0,0|U1,1|U0,1|W0.001|U1,0|W0.004|U0,0", &bench->recipe,
                                &bench->err)
                    .ok);
    assert_true(rig_lines_open_dtr_rts(&bench->fake->link, &bench->lines, &bench->err).ok);
    assert_true(
        rig_rom_new(&bench->fake->link, bench->lines, &options, &bench->rom, &bench->err).ok);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    rig_rom_free(bench->rom);
    rig_lines_close(bench->lines);
    fake_rom_free(bench->fake);
    free(bench);
    return 0;
}

static void connect_it(struct bench *bench)
{
    if (!rig_rom_connect(bench->rom, &bench->identity, WAIT, &bench->err).ok) {
        fail_msg("%s", bench->err.text);
    }
}

/* Half of it compresses away. */
static uint8_t *make_image(size_t n, uint64_t seed)
{
    uint8_t *image = malloc(n);

    assert_non_null(image);
    for (size_t i = 0; i < n; i++) {
        image[i] = i % 512 < 256 ? (uint8_t)test_random(&seed) : 0x5A;
    }
    return image;
}

static void write_it(struct bench *bench, uint32_t offset, const uint8_t *image, size_t n,
                     struct rig_flash_report *report)
{
    if (!rig_rom_flash_write(bench->rom, offset, image, n, report, WAIT, &bench->err).ok) {
        fail_msg("%s", bench->err.text);
    }
    assert_memory_equal(bench->fake->flash + offset, image, n);
}

static void assert_error(const struct bench *bench, enum rig_error_code code, const char *words)
{
    if (bench->err.code != code || bench->err.cls != RIG_CLASS_DEVICE ||
        strstr(bench->err.text, words) == NULL) {
        fail_msg("got %s/%s: %s", rig_error_class_name(bench->err.cls),
                 rig_error_code_name(bench->err.code), bench->err.text);
    }
}

static void connects_and_identifies(void **state)
{
    struct bench *bench = *state;
    const struct rig_rom_identity *identity = &bench->identity;

    connect_it(bench);
    assert_string_equal(identity->chip->name, "esp32");
    assert_memory_equal(identity->mac, "\xA5\x24\xC4\x0A\x1B\x2C", 6);
    assert_int_equal(identity->revision, 201);
    assert_int_equal(identity->flash_id, 0x1640EF);
    assert_int_equal(identity->flash_size_bytes, FAKE_FLASH_SIZE);
    assert_int_equal(identity->n_resets, 1);
    assert_string_equal(identity->recipe, "quick");
    assert_int_equal(identity->banner.mode, RIG_BOOT_DOWNLOAD);
    assert_string_equal(identity->banner.rom, "ets Jul 29 2019 12:21:46");
    assert_true(bench->fake->params_set);
    assert_int_equal(rig_rom_n_retries(bench->rom), 0);
    assert_int_equal(bench->fake->n_commands[RIG_ROM_SYNC], 1);
}

static void nothing_before_connecting(void **state)
{
    struct bench *bench = *state;
    struct rig_flash_report report;
    uint8_t md5[16];

    assert_false(rig_rom_flash_md5(bench->rom, 0, 4, md5, WAIT, &bench->err).ok);
    assert_int_equal(bench->err.cls, RIG_CLASS_USAGE);
    assert_false(rig_rom_flash_write(bench->rom, 0, "abcd", 4, &report, WAIT, &bench->err).ok);
    assert_int_equal(bench->err.cls, RIG_CLASS_USAGE);
    assert_int_equal(bench->fake->from_host.len, 0);
}

static void writes_compressed_and_skips_what_is_right(void **state)
{
    struct bench *bench = *state;
    const size_t n = 40001;
    uint8_t *image = make_image(n, 1);
    struct rig_flash_report report;

    connect_it(bench);
    write_it(bench, 0x10000, image, n, &report);
    assert_int_equal(report.image_bytes, n);
    assert_int_equal(report.n_tries, 1);
    assert_false(report.already_right);
    assert_in_range(report.sent_bytes, n / 3, n * 2 / 3);
    assert_true(report.wire_bytes > report.sent_bytes);
    assert_string_equal(report.trouble, "");
    assert_int_equal(bench->fake->n_commands[RIG_ROM_FLASH_DEFL_BEGIN], 1);
    assert_int_equal(bench->fake->n_commands[RIG_ROM_SPI_FLASH_MD5], 2);
    assert_int_equal(bench->fake->n_sectors_erased, 10);
    assert_int_equal(bench->fake->n_blocks, (report.sent_bytes + 1023) / 1024);

    write_it(bench, 0x10000, image, n, &report);
    assert_true(report.already_right);
    assert_int_equal(report.sent_bytes, 0);
    assert_int_equal(report.n_tries, 1);
    assert_int_equal(bench->fake->n_commands[RIG_ROM_SPI_FLASH_MD5], 3);
    assert_int_equal(bench->fake->n_commands[RIG_ROM_FLASH_DEFL_BEGIN], 1);
    assert_int_equal(bench->fake->n_commands[2] + bench->fake->n_commands[4] +
                         bench->fake->n_commands[0x12],
                     0); /* no FLASH_END to a ROM */
    free(image);
}

static void sends_plain_what_does_not_compress(void **state)
{
    struct bench *bench = *state;
    const size_t n = 5000;
    uint8_t *image = malloc(n);
    uint64_t seed = 3;
    struct rig_flash_report report;

    assert_non_null(image);
    for (size_t i = 0; i < n; i++) {
        image[i] = (uint8_t)test_random(&seed);
    }
    connect_it(bench);
    write_it(bench, 0x20000, image, n, &report);
    assert_int_equal(report.sent_bytes, 5 * 1024);
    assert_int_equal(bench->fake->n_commands[RIG_ROM_FLASH_BEGIN], 1);
    assert_int_equal(bench->fake->flash[0x20000 + n], 0xFF);
    free(image);
}

static void writes_only_the_parts_that_differ(void **state)
{
    struct bench *bench = *state;
    const size_t n = 16 * RIG_FLASH_PART_SIZE;
    uint8_t *image = make_image(n, 2);
    struct rig_flash_report report;
    unsigned md5s;

    connect_it(bench);
    write_it(bench, 0x100000, image, n, &report);
    assert_int_equal(report.written_bytes, n);
    md5s = bench->fake->n_commands[RIG_ROM_SPI_FLASH_MD5];
    assert_int_equal(md5s, 5); /* four samples before, one proof after */

    image[5 * RIG_FLASH_PART_SIZE + 17] ^= 1;
    bench->fake->n_sectors_erased = 0;
    write_it(bench, 0x100000, image, n, &report);
    assert_int_equal(report.written_bytes, RIG_FLASH_PART_SIZE);
    assert_int_equal(bench->fake->n_sectors_erased, 16);

    md5s = bench->fake->n_commands[RIG_ROM_SPI_FLASH_MD5];
    write_it(bench, 0x100000, image, n, &report);
    assert_true(report.already_right);
    assert_int_equal(bench->fake->n_commands[RIG_ROM_SPI_FLASH_MD5] - md5s, 2);
    free(image);
}

static void stale_replies_and_noise_are_ignored(void **state)
{
    struct bench *bench = *state;
    uint8_t *image = make_image(9000, 4);
    struct rig_flash_report report;

    bench->fake->stale_replies = true;
    bench->fake->noise = true;
    connect_it(bench);
    assert_memory_equal(bench->identity.mac, "\xA5\x24\xC4\x0A\x1B\x2C", 6);
    write_it(bench, 0x10000, image, 9000, &report);
    assert_int_equal(report.n_tries, 1);
    free(image);
}

static void lost_replies_are_asked_for_again(void **state)
{
    struct bench *bench = *state;
    uint8_t md5[16];
    uint8_t bytes[200];

    bench->fake->skip_replies[RIG_ROM_READ_REG] = 2;
    bench->fake->skip_replies[RIG_ROM_SPI_ATTACH] = 1;
    connect_it(bench);
    assert_int_equal(rig_rom_n_retries(bench->rom), 3);
    bench->fake->skip_replies[RIG_ROM_SPI_FLASH_MD5] = 2;
    assert_true(rig_rom_flash_md5(bench->rom, 0x8000, 0xC00, md5, WAIT, &bench->err).ok);
    bench->fake->skip_replies[RIG_ROM_READ_FLASH_SLOW] = 1;
    memset(bench->fake->flash + 0x9001, 0x42, 150);
    assert_true(rig_rom_flash_read(bench->rom, 0x9000, bytes, sizeof bytes, WAIT, &bench->err).ok);
    assert_memory_equal(bytes, bench->fake->flash + 0x9000, sizeof bytes);
}

static void eight_error_packets_do_not_answer_the_next_command(void **state)
{
    struct bench *bench = *state;
    uint32_t value = 0;

    connect_it(bench);
    bench->fake->unsupported[RIG_ROM_READ_REG] = 3;
    assert_false(rig_rom_read_reg(bench->rom, 0x40001000, &value, WAIT, &bench->err).ok);
    assert_error(bench, RIG_E_UNSUPPORTED, "READ_REG");
    assert_true(rig_rom_read_reg(bench->rom, 0x40001000, &value, WAIT, &bench->err).ok);
    assert_int_equal(value, 0x00F01D83);
}

static void refusals_name_the_error(void **state)
{
    struct bench *bench = *state;
    uint8_t md5[16];

    connect_it(bench);
    bench->fake->refuse[RIG_ROM_SPI_FLASH_MD5] = 3;
    bench->fake->refuse_code = 0x09;
    assert_false(rig_rom_flash_md5(bench->rom, 0x8000, 0xC00, md5, WAIT, &bench->err).ok);
    assert_error(bench, RIG_E_REFUSED, "0x09 (flash read error)");
}

static void a_lost_write_reply_starts_over_from_begin(void **state)
{
    struct bench *bench = *state;
    uint8_t *image = make_image(30000, 5);
    struct rig_flash_report report;

    connect_it(bench);
    bench->fake->skip_replies[RIG_ROM_FLASH_DEFL_DATA] = 1;
    write_it(bench, 0x10000, image, 30000, &report);
    assert_int_equal(report.n_tries, 2);
    /* the second time in two short sessions */
    assert_int_equal(bench->fake->n_commands[RIG_ROM_FLASH_DEFL_BEGIN], 3);
    assert_non_null(strstr(report.trouble, "FLASH_DEFL_DATA"));
    free(image);
}

static void a_refused_block_starts_over(void **state)
{
    struct bench *bench = *state;
    uint8_t *image = make_image(30000, 6);
    struct rig_flash_report report;

    connect_it(bench);
    bench->fake->refuse[RIG_ROM_FLASH_DEFL_DATA] = 2;
    bench->fake->refuse_code = 0x07;
    write_it(bench, 0x10000, image, 30000, &report);
    assert_int_equal(report.n_tries, 3);
    assert_non_null(strstr(report.trouble, "checksum mismatch"));
    free(image);
}

static void a_chip_that_restarts_is_reset_and_written_on(void **state)
{
    struct bench *bench = *state;
    uint8_t *image = make_image(60000, 7);
    struct rig_flash_report report;

    connect_it(bench);
    assert_true(rig_rom_set_baud(bench->rom, 460800, WAIT, &bench->err).ok);
    bench->fake->restart_after_blocks = 20;
    write_it(bench, 0x10000, image, 60000, &report);
    assert_int_equal(report.n_tries, 2);
    assert_int_equal(bench->fake->n_boots, 3);
    assert_int_equal(bench->fake->host_baud, 460800);
    assert_int_equal(bench->fake->chip_baud, 460800);
    /* the whole window that the chip had taken was not sent again */
    assert_int_equal(bench->fake->n_sectors_erased, 15 + 7);
    free(image);
}

static void a_restart_is_seen_by_its_banner(void **state)
{
    struct bench *bench = *state;
    uint8_t *image = make_image(60000, 8);
    struct rig_flash_report report;

    connect_it(bench);
    bench->fake->restart_after_blocks = 3;
    write_it(bench, 0x10000, image, 60000, &report);
    assert_int_equal(report.n_tries, 2);
    assert_non_null(strstr(report.trouble, "restarted by itself"));
    free(image);
}

static void another_board_after_a_restart_is_not_written_to(void **state)
{
    struct bench *bench = *state;
    uint8_t *image = make_image(60000, 9);
    struct rig_flash_report report;

    connect_it(bench);
    bench->fake->restart_after_blocks = 3;
    bench->fake->mac_word1 ^= 1;
    assert_false(
        rig_rom_flash_write(bench->rom, 0x10000, image, 60000, &report, WAIT, &bench->err).ok);
    assert_int_equal(bench->err.cls, RIG_CLASS_USAGE); /* no word on either of the boards */
    assert_int_equal(bench->err.code, RIG_E_MISMATCH);
    assert_non_null(strstr(bench->err.text, "another board"));
    free(image);
}

static void a_wrong_md5_once_is_a_second_try(void **state)
{
    struct bench *bench = *state;
    uint8_t *image = make_image(30000, 10);
    struct rig_flash_report report;

    connect_it(bench);
    bench->fake->wrong_md5 = 2; /* the comparison's and the proof's */
    write_it(bench, 0x10000, image, 30000, &report);
    assert_int_equal(report.n_tries, 2);
    assert_false(report.already_right);
    free(image);
}

static void a_stuck_bit_names_the_byte(void **state)
{
    struct bench *bench = *state;
    uint8_t *image = make_image(30000, 11);
    struct rig_flash_report report;

    image[0x2345] = 0x42;
    bench->fake->stuck_at = 0x12345;
    connect_it(bench);
    assert_false(
        rig_rom_flash_write(bench->rom, 0x10000, image, 30000, &report, WAIT, &bench->err).ok);
    assert_error(bench, RIG_E_MISMATCH,
                 "flash sector 0x12000: byte 0x12345 reads 0x43 where 0x42 was written");
    assert_int_equal(report.n_tries, 3);
    assert_true(report.duration_ns > 0);
    free(image);
}

static void erases_sectors_and_proves_it(void **state)
{
    struct bench *bench = *state;

    connect_it(bench);
    memset(bench->fake->flash + 0x10000, 0, 0x3000);
    assert_true(rig_rom_flash_erase(bench->rom, 0x10000, 0x2000, WAIT, &bench->err).ok);
    assert_int_equal(bench->fake->flash[0x10000], 0xFF);
    assert_int_equal(bench->fake->flash[0x11FFF], 0xFF);
    assert_int_equal(bench->fake->flash[0x12000], 0);
    assert_false(rig_rom_flash_erase(bench->rom, 0x10000, 0x2001, WAIT, &bench->err).ok);
    assert_int_equal(bench->err.cls, RIG_CLASS_USAGE);
}

static void wrong_regions_are_refused_before_the_wire(void **state)
{
    struct bench *bench = *state;
    struct rig_flash_report report;
    uint8_t bytes[8] = {0};
    size_t sent;

    connect_it(bench);
    sent = bench->fake->from_host.len;
    assert_false(rig_rom_flash_write(bench->rom, 0x10001, bytes, 8, &report, WAIT, &bench->err).ok);
    assert_non_null(strstr(bench->err.text, "multiple of 0x1000"));
    assert_false(
        rig_rom_flash_write(bench->rom, FAKE_FLASH_SIZE, bytes, 8, &report, WAIT, &bench->err).ok);
    assert_int_equal(bench->err.code, RIG_E_NO_SPACE);
    assert_false(rig_rom_flash_write(bench->rom, 0, bytes, 0, &report, WAIT, &bench->err).ok);
    assert_false(
        rig_rom_flash_read(bench->rom, FAKE_FLASH_SIZE - 4, bytes, 8, WAIT, &bench->err).ok);
    assert_int_equal(bench->fake->from_host.len, sent);
}

static void the_last_sector_can_be_written(void **state)
{
    struct bench *bench = *state;
    uint8_t *image = make_image(0x1000, 12);
    struct rig_flash_report report;

    connect_it(bench);
    write_it(bench, FAKE_FLASH_SIZE - 0x1000, image, 0x1000, &report);
    free(image);
}

static void a_rate_that_does_not_carry_falls_back(void **state)
{
    struct bench *bench = *state;
    uint32_t value = 0;

    bench->fake->only_baud = 115200;
    connect_it(bench);
    assert_false(rig_rom_set_baud(bench->rom, 921600, WAIT, &bench->err).ok);
    assert_error(bench, RIG_E_UNSUPPORTED, "921600 does not carry");
    assert_true(rig_rom_read_reg(bench->rom, 0x40001000, &value, WAIT, &bench->err).ok);
    assert_int_equal(bench->fake->host_baud, 115200);
}

static void a_drifting_clock_is_accounted_for(void **state)
{
    struct bench *bench = *state;

    /* 853 counts, 128: 853 * 15625 * 128 / 40 = 42.65 MHz where 40 are believed */
    bench->fake->rc_clock = 853u << 7 | 0x55;
    bench->fake->efuse_word4 = 0xAB00 | 128;
    bench->fake->clock_hz = 42650000;
    connect_it(bench);
    assert_true(rig_rom_set_baud(bench->rom, 921600, WAIT, &bench->err).ok);
    assert_int_equal(bench->fake->asked_baud, 982656);
    assert_int_equal(bench->fake->host_baud, 921600);
    assert_int_equal(bench->fake->n_boots, 1);
}

static void a_clock_that_cannot_be_is_not_believed(void **state)
{
    struct bench *bench = *state;

    bench->fake->rc_clock = 12u << 7;
    bench->fake->efuse_word4 = 128;
    connect_it(bench);
    assert_true(rig_rom_set_baud(bench->rom, 921600, WAIT, &bench->err).ok);
    assert_int_equal(bench->fake->asked_baud, 921600);
}

static void a_lost_baud_reply_is_no_matter(void **state)
{
    struct bench *bench = *state;

    connect_it(bench);
    bench->fake->skip_replies[RIG_ROM_CHANGE_BAUDRATE] = 1;
    assert_true(rig_rom_set_baud(bench->rom, 921600, WAIT, &bench->err).ok);
    assert_int_equal(bench->fake->n_boots, 1);
    assert_int_equal(bench->fake->n_commands[RIG_ROM_CHANGE_BAUDRATE], 1);
    assert_true(rig_rom_disconnect(bench->rom, WAIT, &bench->err).ok);
    assert_int_equal(bench->fake->host_baud, 115200);
}

static void a_mac_that_flickers_is_read_until_sure(void **state)
{
    struct bench *bench = *state;

    bench->fake->flicker_mac = 1;
    connect_it(bench);
    assert_memory_equal(bench->identity.mac, "\xA5\x24\xC4\x0A\x1B\x2C", 6);
}

static void an_unknown_chip_is_named(void **state)
{
    struct bench *bench = *state;

    bench->fake->magic = 0xFFF0C101;
    assert_false(rig_rom_connect(bench->rom, &bench->identity, WAIT, &bench->err).ok);
    assert_error(bench, RIG_E_UNSUPPORTED, "GET_SECURITY_INFO");
}

static void a_failed_connect_leaves_the_callers_identity(void **state)
{
    struct bench *bench = *state;
    struct rig_rom_identity before;

    connect_it(bench);
    before = bench->identity;
    bench->fake->magic = 0xFFF0C101;
    assert_false(rig_rom_connect(bench->rom, &bench->identity, WAIT, &bench->err).ok);
    assert_ptr_equal(bench->identity.chip, before.chip);
    assert_memory_equal(bench->identity.mac, before.mac, sizeof before.mac);
    assert_string_equal(bench->identity.recipe, before.recipe);
}

static void a_board_without_its_log_connects_all_the_same(void **state)
{
    struct bench *bench = *state;

    bench->fake->log_off = true;
    connect_it(bench);
    assert_int_equal(bench->identity.banner.mode, RIG_BOOT_UNKNOWN);
}

static void a_silent_board_is_silent_within_the_deadline(void **state)
{
    struct bench *bench = *state;
    const int64_t start_ns = rig_now_ns();

    bench->fake->mute = true;
    bench->fake->waits = true;
    assert_false(
        rig_rom_connect(bench->rom, &bench->identity, rig_wait_ms(900, NULL), &bench->err).ok);
    assert_error(bench, RIG_E_NO_ANSWER, "silent: no byte came");
    assert_true(rig_now_ns() - start_ns < 1500 * RIG_NS_PER_MS);
}

static void a_board_that_stops_answering_ends_within_the_deadline(void **state)
{
    struct bench *bench = *state;
    uint8_t *image = make_image(30000, 13);
    struct rig_flash_report report;
    int64_t start_ns;

    connect_it(bench);
    bench->fake->mute = true;
    bench->fake->waits = true;
    start_ns = rig_now_ns();
    assert_false(rig_rom_flash_write(bench->rom, 0x10000, image, 30000, &report,
                                     rig_wait_ms(300, NULL), &bench->err)
                     .ok);
    assert_error(bench, RIG_E_TIMEOUT, "no answer to SPI_FLASH_MD5");
    assert_true(rig_now_ns() - start_ns < 1000 * RIG_NS_PER_MS);
    free(image);
}

static void cancel_ends_it_as_cancelled(void **state)
{
    struct bench *bench = *state;
    struct rig_cancel cancel;

    assert_true(rig_cancel_open(&cancel, &bench->err).ok);
    rig_cancel_trigger(&cancel, 2);
    bench->fake->waits = true;
    assert_false(
        rig_rom_connect(bench->rom, &bench->identity, rig_wait_ms(5000, &cancel), &bench->err).ok);
    assert_int_equal(bench->err.cls, RIG_CLASS_CANCELLED);
    rig_cancel_close(&cancel);
}

static void io0_not_wired_is_named(void **state)
{
    struct bench *bench = *state;

    bench->fake->run_only = true;
    assert_false(rig_rom_connect(bench->rom, &bench->identity, WAIT, &bench->err).ok);
    assert_error(bench, RIG_E_WRONG_BOOT_MODE,
                 "boots in run mode (boot:0x13): IO0 was not pulled low: check DTR -> IO0");
    assert_int_equal(bench->fake->n_boots, 4);
}

static void en_not_wired_is_named(void **state)
{
    struct bench *bench = *state;

    bench->fake->en_not_wired = true;
    bench->fake->babble = "I (1234) app: temperature 21.5\r\n";
    assert_false(rig_rom_connect(bench->rom, &bench->identity, WAIT, &bench->err).ok);
    assert_error(bench, RIG_E_NO_ANSWER, "EN did not pulse: check RTS wiring");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(connects_and_identifies),
        T(nothing_before_connecting),
        T(writes_compressed_and_skips_what_is_right),
        T(sends_plain_what_does_not_compress),
        T(writes_only_the_parts_that_differ),
        T(stale_replies_and_noise_are_ignored),
        T(lost_replies_are_asked_for_again),
        T(eight_error_packets_do_not_answer_the_next_command),
        T(refusals_name_the_error),
        T(a_lost_write_reply_starts_over_from_begin),
        T(a_refused_block_starts_over),
        T(a_chip_that_restarts_is_reset_and_written_on),
        T(a_restart_is_seen_by_its_banner),
        T(another_board_after_a_restart_is_not_written_to),
        T(a_wrong_md5_once_is_a_second_try),
        T(a_stuck_bit_names_the_byte),
        T(erases_sectors_and_proves_it),
        T(wrong_regions_are_refused_before_the_wire),
        T(the_last_sector_can_be_written),
        T(a_rate_that_does_not_carry_falls_back),
        T(a_drifting_clock_is_accounted_for),
        T(a_clock_that_cannot_be_is_not_believed),
        T(a_lost_baud_reply_is_no_matter),
        T(a_mac_that_flickers_is_read_until_sure),
        T(an_unknown_chip_is_named),
        T(a_failed_connect_leaves_the_callers_identity),
        T(a_board_without_its_log_connects_all_the_same),
        T(a_silent_board_is_silent_within_the_deadline),
        T(a_board_that_stops_answering_ends_within_the_deadline),
        T(cancel_ends_it_as_cancelled),
        T(io0_not_wired_is_named),
        T(en_not_wired_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
