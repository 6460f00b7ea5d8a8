/* SPDX-License-Identifier: Apache-2.0 */
/* Each chip of a shelf, as the virtual board has it: identity, flash, USB, fuses, secure download
 * mode. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig/tests/esp/vboard_session.h"

#include <stdlib.h>
#include <string.h>

#define MAC "24:0a:c4:00:12:34"
#define OFFSET 0x300000u
#define N_IMAGE 40000u
#define WATCHDOG_MS 2500 /* more than the virtual board's watchdogs wait */

static const struct chip {
    const char *name;
    const char *title;
    unsigned revision;
    unsigned straps_run;
    bool has_usb;
} chips[] = {
    {"esp32", "ESP32", 301, 0x13, false},  {"esp32s2", "ESP32-S2", 100, 0x8, false},
    {"esp32s3", "ESP32-S3", 2, 0x8, true}, {"esp32c3", "ESP32-C3", 4, 0xC, true},
    {"esp32c6", "ESP32-C6", 1, 0xC, true}, {"esp32h2", "ESP32-H2", 2, 0xC, true},
};

#define N_CHIPS (sizeof chips / sizeof chips[0])
#define N_ESP32 1 /* the first of them */

static void each_chip_is_known_and_flashed(void **state)
{
    static uint8_t image[N_IMAGE];
    static uint8_t back[300];

    (void)state;
    for (size_t i = 0; i < N_IMAGE; i++) {
        image[i] = (uint8_t)(i * i >> 7);
    }
    for (size_t i = 0; i < N_CHIPS; i++) {
        const char *const options[] = {"--chip", chips[i].name, "--mac", MAC, NULL};
        struct session session;
        struct rig_flash_report report;
        struct rig_boot_banner banner;

        open_session(&session, options);
        must(&session, rig_rom_connect(session.rom, &session.identity, WAIT, &session.err));
        assert_string_equal(session.identity.chip->name, chips[i].name);
        assert_string_equal(session.identity.chip->title, chips[i].title);
        assert_true(session.identity.has_mac);
        assert_memory_equal(session.identity.mac, "\x24\x0A\xC4\x00\x12\x34", RIG_MAC_SIZE);
        assert_int_equal(session.identity.revision, chips[i].revision);
        assert_int_equal(session.identity.flash_size_bytes, 4u << 20);
        assert_true(session.identity.has_fuses);
        assert_false(session.identity.secure_boot || session.identity.flash_encryption ||
                     session.identity.jtag_disabled || session.identity.secure_download);
        must(&session, rig_rom_set_baud(session.rom, 921600, WAIT, &session.err));
        must(&session,
             rig_rom_flash_write(session.rom, OFFSET, image, N_IMAGE, &report, WAIT, &session.err));
        assert_false(report.already_right);
        must(&session,
             rig_rom_flash_read(session.rom, OFFSET + 5000, back, sizeof back, WAIT, &session.err));
        assert_memory_equal(back, image + 5000, sizeof back);
        must(&session, rig_rom_flash_erase(session.rom, OFFSET, 0x2000, WAIT, &session.err));
        must(&session, rig_rom_disconnect(session.rom, WAIT, &session.err));
        assert_int_equal(rig_rom_n_retries(session.rom), 0);
        must(&session, rig_reset_run(session.link, session.lines, rig_reset_builtin("hard"),
                                     RIG_BOOT_RUN, 2000, &banner, WAIT, &session.err));
        assert_int_equal(banner.straps, chips[i].straps_run);
        close_session(&session);
    }
}

/* The watchdogs that a reset over USB leaves running would end the session. */
static void the_usb_recipe_works_and_the_session_lasts(void **state)
{
    const struct rig_reset_recipe *const recipes[] = {rig_reset_builtin("usb-jtag")};
    const struct rig_rom_options rom_options = {.recipes = recipes, .n_recipes = 1};
    struct session sessions[N_CHIPS];
    struct rig_error err;

    (void)state;
    for (size_t i = 0; i < N_CHIPS; i++) {
        const char *const options[] = {"--chip",   chips[i].name, "--mac", MAC,
                                       "--wiring", "usb-jtag",    NULL};
        struct session *session = &sessions[i];

        if (chips[i].has_usb) {
            struct rig_boot_banner banner;

            open_session_with(session, options, &rom_options);
            /* once in run mode: the peripheral takes commands when the chip is up */
            must(session, rig_reset_run(session->link, session->lines, rig_reset_builtin("hard"),
                                        RIG_BOOT_RUN, 2000, &banner, WAIT, &session->err));
            must(session, rig_rom_connect(session->rom, &session->identity, WAIT, &session->err));
            assert_string_equal(session->identity.chip->name, chips[i].name);
            assert_string_equal(session->identity.recipe, "usb-jtag");
            assert_int_equal(session->identity.n_resets, 1);
            assert_int_equal(session->identity.banner.reset_reason, 0x15);
        }
    }
    assert_true(rig_wait_pause(WAIT, WATCHDOG_MS * RIG_NS_PER_MS, &err).ok);
    for (size_t i = 0; i < N_CHIPS; i++) {
        struct session *session = &sessions[i];

        if (chips[i].has_usb) {
            struct rig_boot_banner banner;
            uint32_t value = 0;

            must(session, rig_rom_read_reg(session->rom, 0x40001000, &value, WAIT, &session->err));
            assert_int_equal(rig_rom_n_retries(session->rom), 0);
            must(session, rig_reset_run(session->link, session->lines, rig_reset_builtin("hard"),
                                        RIG_BOOT_RUN, 2000, &banner, WAIT, &session->err));
            close_session(session);
        }
    }
}

static void fuses_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CHIPS; i++) {
        const char *const sets[][7] = {
            {"--chip", chips[i].name, "--fuse", "secure-boot", NULL},
            {"--chip", chips[i].name, "--fuse", "flash-encryption", NULL},
            {"--chip", chips[i].name, "--fuse", "jtag-disabled", NULL},
        };
        static const char *const words[] = {"secure boot", "flash encryption", "JTAG disabled"};

        for (size_t s = 0; s < sizeof sets / sizeof sets[0]; s++) {
            struct session session;
            char text[96];

            open_session(&session, sets[s]);
            must(&session, rig_rom_connect(session.rom, &session.identity, WAIT, &session.err));
            assert_true(session.identity.has_fuses);
            assert_int_equal(session.identity.secure_boot, s == 0);
            assert_int_equal(session.identity.flash_encryption, s == 1);
            assert_int_equal(session.identity.jtag_disabled, s == 2);
            assert_false(session.identity.secure_download);
            assert_string_equal(rig_rom_fuses_text(&session.identity, text, sizeof text), words[s]);
            close_session(&session);
        }
    }
}

static void impossible(struct session *session, rig_result result)
{
    assert_false(result.ok);
    assert_int_equal(session->err.cls, RIG_CLASS_DEVICE);
    assert_int_equal(session->err.code, RIG_E_UNSUPPORTED);
    if (strstr(session->err.text, "is in secure download mode") == NULL) {
        fail_msg("%s", session->err.text);
    }
}

static void secure_download_mode_says_what_it_does_not_allow(void **state)
{
    (void)state;
    for (size_t i = N_ESP32; i < N_CHIPS; i++) {
        const char *const options[] = {"--chip", chips[i].name, "--fuse", "secure-download",
                                       "--fuse", "secure-boot", NULL};
        struct session session;
        struct rig_flash_report report;
        uint8_t bytes[64] = {0};
        uint32_t value = 0;
        char text[96];

        open_session(&session, options);
        must(&session, rig_rom_connect(session.rom, &session.identity, WAIT, &session.err));
        assert_string_equal(session.identity.chip->name, chips[i].name);
        assert_true(session.identity.secure_download && session.identity.secure_boot);
        assert_false(session.identity.has_mac);
        assert_int_equal(rig_rom_n_retries(session.rom), 0);
        assert_string_equal(rig_rom_fuses_text(&session.identity, text, sizeof text),
                            "secure boot, secure download mode");
        must(&session, rig_rom_set_baud(session.rom, 460800, WAIT, &session.err));
        impossible(&session, rig_rom_read_reg(session.rom, 0x40001000, &value, WAIT, &session.err));
        impossible(&session, rig_rom_flash_md5(session.rom, OFFSET, 64, bytes, WAIT, &session.err));
        impossible(&session, rig_rom_flash_read(session.rom, OFFSET, bytes, sizeof bytes, WAIT,
                                                &session.err));
        impossible(&session, rig_rom_flash_write(session.rom, OFFSET, bytes, sizeof bytes, &report,
                                                 WAIT, &session.err));
        impossible(&session, rig_rom_flash_erase(session.rom, OFFSET, 0x1000, WAIT, &session.err));
        impossible(&session, rig_rom_check_readable(&session.identity, "its MAC", &session.err));
        close_session(&session);
    }
}

static void names_are_taken_in_each_spelling(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CHIPS; i++) {
        assert_ptr_equal(rig_chip_by_name(chips[i].title), rig_chip_by_name(chips[i].name));
        assert_non_null(rig_chip_by_name(chips[i].name));
    }
    assert_null(rig_chip_by_name("esp32c"));
    assert_null(rig_chip_by_name("esp32c33"));
    assert_null(rig_chip_by_name(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_chip_is_known_and_flashed),
        cmocka_unit_test(the_usb_recipe_works_and_the_session_lasts),
        cmocka_unit_test(fuses_are_read),
        cmocka_unit_test(secure_download_mode_says_what_it_does_not_allow),
        cmocka_unit_test(names_are_taken_in_each_spelling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
