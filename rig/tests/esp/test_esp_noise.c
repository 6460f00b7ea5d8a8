/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions over a line that loses, doubles and changes bytes, by seed: each ends as success with
 * the right bytes in flash and the right MAC, or as an error; never as success with wrong data,
 * never without end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_rom.h"
#include "rig/esp/rom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_IMAGE 24000u
#define OFFSET 0x10000u

struct session {
    struct fake_rom *fake;
    struct wire_link wire;
    struct rig_lines *lines;
    struct rig_rom *rom;
    struct rig_reset_recipe recipe;
    struct rig_flash_report report;
    struct rig_error err;
};

static uint8_t *make_image(uint64_t seed)
{
    uint8_t *image = malloc(N_IMAGE);

    assert_non_null(image);
    for (size_t i = 0; i < N_IMAGE; i++) {
        image[i] = i % 512 < 256 ? (uint8_t)test_random(&seed) : 0x5A;
    }
    return image;
}

static void open_session(struct session *session, uint64_t seed, unsigned one_in)
{
    const struct rig_reset_recipe *recipes[1] = {&session->recipe};
    const struct rig_rom_options options = {.recipes = recipes, .n_recipes = 1, .max_resets = 7};

    session->fake = fake_rom_new();
    wire_link_init(&session->wire, &session->fake->link, seed, one_in);
    assert_true(rig_reset_parse("quick", "U0,0|U1,1|U0,1|W0.001|U1,0|W0.003|U0,0", &session->recipe,
                                &session->err)
                    .ok);
    assert_true(rig_lines_open_dtr_rts(&session->wire.link, &session->lines, &session->err).ok);
    assert_true(
        rig_rom_new(&session->wire.link, session->lines, &options, &session->rom, &session->err)
            .ok);
}

static void close_session(struct session *session)
{
    rig_rom_free(session->rom);
    rig_lines_close(session->lines);
    fake_rom_free(session->fake);
}

static bool run_session(struct session *session, const uint8_t *image)
{
    struct rig_rom_identity identity;
    const struct rig_wait wait = rig_wait_ms(20000, NULL);

    if (!rig_rom_connect(session->rom, &identity, wait, &session->err).ok) {
        return false;
    }
    assert_memory_equal(identity.mac, "\xA5\x24\xC4\x0A\x1B\x2C", RIG_MAC_SIZE);
    if (!rig_rom_flash_write(session->rom, OFFSET, image, N_IMAGE, &session->report, wait,
                             &session->err)
             .ok) {
        return false;
    }
    assert_memory_equal(session->fake->flash + OFFSET, image, N_IMAGE);
    return true;
}

static unsigned count_successes(unsigned one_in, bool drop_only, unsigned n_sessions,
                                unsigned *n_flaky)
{
    unsigned n_good = 0;

    *n_flaky = 0;
    for (unsigned i = 0; i < n_sessions; i++) {
        struct session session = {0};
        uint8_t *image = make_image(i);

        open_session(&session, 1000u * one_in + i, one_in);
        session.wire.drop_only = drop_only;
        if (run_session(&session, image)) {
            n_good++;
            *n_flaky += rig_rom_n_retries(session.rom) != 0;
        } else {
            assert_int_not_equal(session.err.cls, RIG_CLASS_NONE);
            assert_string_not_equal(session.err.text, "");
        }
        close_session(&session);
        free(image);
    }
    print_message("one byte in %u: %u of %u sessions good, %u of them with retries\n", one_in,
                  n_good, n_sessions, *n_flaky);
    return n_good;
}

static void rare_losses_are_recovered(void **state)
{
    unsigned n_flaky = 0;

    (void)state;
    assert_int_equal(count_successes(4000, true, 30, &n_flaky), 30);
    assert_true(n_flaky > 15);
}

static void rare_damage_is_recovered(void **state)
{
    unsigned n_flaky = 0;

    (void)state;
    /* changed bytes may look right to the ROM until the MD5 tells: a few sessions give up */
    assert_in_range(count_successes(8000, false, 30, &n_flaky), 27, 30);
    assert_true(n_flaky > 10);
}

static void heavy_damage_never_passes_for_success(void **state)
{
    static const unsigned rates[] = {1000, 300, 50};
    unsigned n_flaky = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        (void)count_successes(rates[i], false, 8, &n_flaky);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rare_losses_are_recovered),
        cmocka_unit_test(rare_damage_is_recovered),
        cmocka_unit_test(heavy_damage_never_passes_for_success),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
