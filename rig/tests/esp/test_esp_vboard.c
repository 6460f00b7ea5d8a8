/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions with the virtual board over RFC 2217: the whole client on a link that is not the test's
 * own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig/esp/partition.h"
#include "rig/esp/secure_cert.h"
#include "rig/tests/esp/vboard_session.h"

#include <stdlib.h>
#include <string.h>

#define FREE_OFFSET 0x300000u /* behind everything that the factory puts into the flash */
#define N_IMAGE 150000u

static void connect_it(struct session *session)
{
    must(session, rig_rom_connect(session->rom, &session->identity, WAIT, &session->err));
    assert_string_equal(session->identity.chip->name, "esp32");
    assert_memory_equal(session->identity.mac, "\x24\x0A\xC4\x00\x12\x34", RIG_MAC_SIZE);
    assert_int_equal(session->identity.flash_size_bytes, 4u << 20);
}

static uint8_t *make_image(void)
{
    uint8_t *image = malloc(N_IMAGE);
    uint32_t random = 7;

    assert_non_null(image);
    for (size_t i = 0; i < N_IMAGE; i++) {
        random = random * 1664525u + 1013904223u;
        image[i] = i % 512 < 256 ? (uint8_t)(random >> 16) : 0x5A;
    }
    return image;
}

/* Writes the image, and lets the board's own MD5 and a few read-backs bear witness. */
static struct rig_flash_report write_image(struct session *session, const uint8_t *image)
{
    struct rig_flash_report report;
    uint8_t back[300];

    must(session, rig_rom_flash_write(session->rom, FREE_OFFSET, image, N_IMAGE, &report, WAIT,
                                      &session->err));
    must(session, rig_rom_flash_read(session->rom, FREE_OFFSET + 0x12345, back, sizeof back, WAIT,
                                     &session->err));
    assert_memory_equal(back, image + 0x12345, sizeof back);
    return report;
}

static const struct rig_partition *read_table(struct session *session,
                                              struct rig_partition_table *table)
{
    uint8_t bytes[RIG_PARTITION_TABLE_SIZE];
    const struct rig_partition *certs;

    must(session, rig_rom_flash_read(session->rom, RIG_PARTITION_TABLE_OFFSET, bytes, sizeof bytes,
                                     WAIT, &session->err));
    must(session, rig_partition_parse(bytes, sizeof bytes, table, &session->err));
    certs = rig_partition_find(table, RIG_SECURE_CERT_PARTITION_TYPE, RIG_SECURE_CERT_LABEL);
    assert_non_null(certs);
    return certs;
}

static void a_good_board_from_reset_to_run(void **state)
{
    static const char *const options[] = {"--mac", "24:0a:c4:00:12:34", NULL};
    static uint8_t image_certs[0x2000];
    struct session session;
    struct rig_partition_table table;
    struct rig_flash_report report;
    struct rig_boot_banner banner;
    const struct rig_partition *certs;
    uint8_t *image = make_image();

    (void)state;
    open_session(&session, options);
    connect_it(&session);
    assert_int_equal(session.identity.n_resets, 1);
    assert_string_equal(session.identity.recipe, "unix-tight");
    must(&session, rig_rom_set_baud(session.rom, 921600, WAIT, &session.err));
    report = write_image(&session, image);
    assert_int_equal(report.n_tries, 1);
    report = write_image(&session, image);
    assert_true(report.already_right);

    certs = read_table(&session, &table);
    memset(image_certs, 0x42, sizeof image_certs);
    must(&session, rig_rom_flash_write(session.rom, certs->offset_bytes, image_certs,
                                       sizeof image_certs, &report, WAIT, &session.err));
    must(&session,
         rig_rom_flash_erase(session.rom, certs->offset_bytes, 0x2000, WAIT, &session.err));
    assert_int_equal(rig_rom_n_retries(session.rom), 0);

    must(&session, rig_rom_disconnect(session.rom, WAIT, &session.err));
    must(&session, rig_reset_run(session.link, session.lines, rig_reset_builtin("hard"),
                                 RIG_BOOT_RUN, 2000, &banner, WAIT, &session.err));
    assert_int_equal(banner.straps, 0x13);
    close_session(&session);
    free(image);
}

static void each_built_in_recipe_works(void **state)
{
    static const char *const names[] = {"unix-tight", "unix-tight-slow", "classic", "classic-slow"};
    static const char *const options[] = {NULL};
    struct session session;

    (void)state;
    open_session(&session, options);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct rig_boot_banner banner;

        must(&session, rig_reset_run(session.link, session.lines, rig_reset_builtin(names[i]),
                                     RIG_BOOT_DOWNLOAD, 2000, &banner, WAIT, &session.err));
        must(&session, rig_reset_run(session.link, session.lines, rig_reset_builtin("hard"),
                                     RIG_BOOT_RUN, 2000, &banner, WAIT, &session.err));
    }
    close_session(&session);
}

/* A fault that the protocol can live with: the write comes out right, and the trouble is counted.
 */
static void recoverable(const char *fault, unsigned baud, bool must_notice)
{
    const char *const options[] = {"--mac", "24:0a:c4:00:12:34", "--fault", fault, NULL};
    struct session session;
    struct rig_flash_report report;
    uint8_t *image = make_image();

    open_session(&session, options);
    connect_it(&session);
    must(&session, rig_rom_set_baud(session.rom, baud, WAIT, &session.err));
    report = write_image(&session, image);
    assert_false(report.already_right);
    if (must_notice) {
        assert_true(rig_rom_n_retries(session.rom) > 0);
    }
    print_message("%s: %u tries, %u retries, %s\n", fault, report.n_tries,
                  rig_rom_n_retries(session.rom), report.trouble);
    close_session(&session);
    free(image);
}

static void garbage_is_survived(void **state)
{
    (void)state;
    recoverable("garbage-on-uart:1", 115200, false);
    recoverable("garbage-on-uart:2", 921600, false);
}

static void lost_bytes_are_survived(void **state)
{
    (void)state;
    recoverable("drop-bytes:1", 115200, true);
    recoverable("drop-bytes:2", 921600, true);
}

static void a_brown_out_in_a_write_is_survived(void **state)
{
    (void)state;
    recoverable("reset-mid-flash:1", 115200, true);
    recoverable("reset-mid-flash:2", 921600, true);
}

static void a_stuck_bit_is_found_and_named(void **state)
{
    static const char *const options[] = {"--mac", "24:0a:c4:00:12:34", "--fault",
                                          "flash-bit-stuck:3", NULL};
    struct session session;
    struct rig_partition_table table;
    struct rig_flash_report report;
    const struct rig_partition *certs;
    uint8_t *zeros;

    (void)state;
    open_session(&session, options);
    connect_it(&session);
    certs = read_table(&session, &table);
    zeros = calloc(1, certs->size_bytes);
    assert_non_null(zeros);
    assert_false(rig_rom_flash_write(session.rom, certs->offset_bytes, zeros, certs->size_bytes,
                                     &report, WAIT, &session.err)
                     .ok);
    assert_int_equal(session.err.cls, RIG_CLASS_DEVICE);
    assert_int_equal(session.err.code, RIG_E_MISMATCH);
    assert_non_null(strstr(session.err.text, "where 0x00 was written"));
    free(zeros);
    close_session(&session);
}

static void refused(const char *fault, enum rig_boot_mode wanted, enum rig_error_code code,
                    const char *words)
{
    const char *const options[] = {"--fault", fault, NULL};
    const int64_t start_ns = rig_now_ns();
    struct session session;
    rig_result done;

    open_session(&session, options);
    if (wanted == RIG_BOOT_DOWNLOAD) {
        done =
            rig_rom_connect(session.rom, &session.identity, rig_wait_ms(4000, NULL), &session.err);
    } else {
        struct rig_boot_banner banner;

        done = rig_reset_run(session.link, session.lines, rig_reset_builtin("hard"), wanted, 2000,
                             &banner, rig_wait_ms(4000, NULL), &session.err);
    }
    assert_false(done.ok);
    if (session.err.cls != RIG_CLASS_DEVICE || session.err.code != code ||
        strstr(session.err.text, words) == NULL) {
        fail_msg("%s: %s", fault, session.err.text);
    }
    assert_true(rig_now_ns() - start_ns < 8000 * RIG_NS_PER_MS);
    close_session(&session);
}

static void a_silent_board_is_named(void **state)
{
    (void)state;
    refused("silent", RIG_BOOT_DOWNLOAD, RIG_E_NO_ANSWER, "silent: no byte came");
    refused("silent", RIG_BOOT_RUN, RIG_E_NO_ANSWER, "silent: no byte came");
}

static void a_board_stuck_in_download_mode_is_named(void **state)
{
    (void)state;
    refused("stuck-in-download", RIG_BOOT_RUN, RIG_E_WRONG_BOOT_MODE, "held low");
}

/* The loop may begin before or after the second-stage loader was entered: whoever reads on, judges
 * on. */
static void a_boot_loop_is_named(void **state)
{
    static const char *const options[] = {"--fault", "boot-loop", NULL};
    struct session session;
    struct rig_banner_parser parser = {0};
    struct rig_boot_banner banner;
    const struct rig_wait wait = rig_wait_ms(20000, NULL);

    (void)state;
    open_session(&session, options);
    (void)rig_reset_run(session.link, session.lines, rig_reset_builtin("hard"), RIG_BOOT_RUN, 2000,
                        &banner, wait, &session.err)
        .ok;
    while (parser.banner.n_banners < 3) {
        uint8_t bytes[256];
        size_t got = 0;

        must(&session, rig_link_read(session.link, bytes, sizeof bytes, &got, wait, &session.err));
        rig_banner_feed(&parser, bytes, got);
    }
    assert_false(rig_boot_judge(&parser.banner, RIG_BOOT_RUN, &session.err).ok);
    assert_int_equal(session.err.code, RIG_E_BOOT_LOOP);
    close_session(&session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_board_from_reset_to_run),
        cmocka_unit_test(each_built_in_recipe_works),
        cmocka_unit_test(garbage_is_survived),
        cmocka_unit_test(lost_bytes_are_survived),
        cmocka_unit_test(a_brown_out_in_a_write_is_survived),
        cmocka_unit_test(a_stuck_bit_is_found_and_named),
        cmocka_unit_test(a_silent_board_is_named),
        cmocka_unit_test(a_board_stuck_in_download_mode_is_named),
        cmocka_unit_test(a_boot_loop_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
