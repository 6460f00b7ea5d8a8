/* SPDX-License-Identifier: Apache-2.0 */
/* Line controllers and power: what the pins, the program and the person see of a recipe. */
#include "fake_ftdi.h"
#include "rig/base/buf.h"
#include "rig/base/cleanup.h"
#include "rig/base/file.h"
#include "rig/link/ftdi.h"
#include "rig/link/lines.h"
#include "rig/link/power.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

struct bench {
    struct rig_lines_hub *hub;
    int master; /* of the terminal at which a person sits; -1: none */
    char folder[32];
};

static struct rig_wait soon(void)
{
    return rig_wait_ms(5000, NULL);
}

static int set_up(void **state)
{
    static struct bench benches[1];
    struct bench *b = benches;
    struct rig_lines_hub_options options = {.tell_fd = STDERR_FILENO};
    struct rig_error err;

    fake_ftdi_begin();
    memset(b, 0, sizeof *b);
    b->master = -1;
    (void)snprintf(b->folder, sizeof b->folder, "/tmp/rig-lines-XXXXXX");
    assert_non_null(mkdtemp(b->folder));
    options.ftdi = fake_ftdi_host();
    options.ask_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(rig_lines_hub_open(&options, &b->hub, &err).ok);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    struct rig_error err;

    rig_lines_hub_close(b->hub);
    assert_true(rig_dir_remove(b->folder, &err).ok);
    fake_ftdi_end();
    return 0;
}

static struct rig_lines *open_lines(struct bench *b, const struct rig_lines_config *config,
                                    struct rig_link *link)
{
    struct rig_lines *lines = NULL;
    struct rig_error err = {0};

    if (!rig_lines_open(b->hub, config, "b1", link, &lines, soon(), &err).ok) {
        fail_msg("%s", err.text);
    }
    return lines;
}

static void set(struct rig_lines *lines, bool dtr, bool rts)
{
    struct rig_error err = {0};

    if (!rig_lines_set(lines, dtr, rts, soon(), &err).ok) {
        fail_msg("%s", err.text);
    }
}

/* ---- bit-bang ---- */

static const struct rig_lines_config first_pins = {
    .kind = RIG_LINES_FTDI_BITBANG, .chip = "SHELF:C", .en_pin = 0, .boot_pin = 1};
static const struct rig_lines_config second_pins = {.kind = RIG_LINES_FTDI_BITBANG,
                                                    .chip = "SHELF:C",
                                                    .en_pin = 5,
                                                    .boot_pin = 4,
                                                    .push_pull = true};

static void pins_follow_the_truth_table(void **state)
{
    struct fake_chip *chip = fake_ftdi_plug_in(1, "SHELF", 0x6011, 0x0800, 4);
    struct rig_lines *lines = open_lines(*state, &first_pins, NULL);
    const unsigned char expected[4] = {0xff, 0xfd, 0xfe, 0xff}; /* by RTS * 2 + DTR */

    for (unsigned i = 0; i < 4; i++) {
        set(lines, (i & 1) != 0, (i & 2) != 0);
        assert_int_equal(fake_ftdi_levels(chip, 2), expected[i]);
    }
    rig_lines_close(lines);
    assert_int_equal(chip->interfaces[2].mode, BITMODE_RESET);
    assert_false(chip->interfaces[2].open);
    /* open pins: one request a change, nothing driven high, and DTR and RTS off before the UART is
     * back */
    assert_string_equal(chip->interfaces[2].events,
                        "mode=01/00 out=00 mode=01/02 mode=01/01 mode=01/00 DR=00 mode=00/00 ");
}

static void boards_share_a_channel_and_leave_each_others_pins(void **state)
{
    struct fake_chip *chip = fake_ftdi_plug_in(1, "SHELF", 0x6011, 0x0800, 4);
    struct rig_lines *first = open_lines(*state, &first_pins, NULL);
    struct rig_lines *second = open_lines(*state, &second_pins, NULL);
    struct rig_lines *third = NULL;
    struct rig_error err;

    set(first, false, true);
    assert_int_equal(fake_ftdi_levels(chip, 2), 0xfe);
    set(second, false, true);
    assert_int_equal(fake_ftdi_levels(chip, 2), 0xde);
    assert_int_equal(chip->interfaces[2].mask & 0xcc, 0); /* pins of nobody are not driven */
    set(second, true, false);
    assert_int_equal(fake_ftdi_levels(chip, 2), 0xee);
    assert_false(
        rig_lines_open(((struct bench *)*state)->hub, &first_pins, "b3", NULL, &third, soon(), &err)
            .ok);
    assert_int_equal(err.code, RIG_E_DUPLICATE);
    assert_null(third);
    rig_lines_close(first);
    assert_int_equal(fake_ftdi_levels(chip, 2), 0xef); /* the second keeps its state */
    assert_true(chip->interfaces[2].open);
    rig_lines_close(second);
    assert_false(chip->interfaces[2].open);
}

static void an_inverting_driver_is_high_in_reset(void **state)
{
    struct fake_chip *chip = fake_ftdi_plug_in(1, "SHELF", 0x6011, 0x0800, 4);
    struct rig_lines_config config = first_pins;
    struct rig_lines *lines;

    config.inverted = true;
    lines = open_lines(*state, &config, NULL);
    assert_int_equal(fake_ftdi_levels(chip, 2) & 3, 0);
    set(lines, false, true);
    assert_int_equal(fake_ftdi_levels(chip, 2) & 3, 1);
    set(lines, true, false);
    assert_int_equal(fake_ftdi_levels(chip, 2) & 3, 2);
    rig_lines_close(lines);
}

static void a_chip_that_goes_is_named(void **state)
{
    struct fake_chip *chip = fake_ftdi_plug_in(1, "SHELF", 0x6011, 0x0800, 4);
    struct rig_lines *lines = open_lines(*state, &first_pins, NULL);
    struct rig_error err;

    fake_ftdi_unplug(chip);
    assert_false(rig_lines_set(lines, false, true, soon(), &err).ok);
    assert_int_equal(err.code, RIG_E_DISCONNECTED);
    assert_non_null(strstr(err.text, chip->path));
    rig_lines_close(lines);
}

/* ---- CBUS ---- */

static const struct rig_lines_config cbus = {
    .kind = RIG_LINES_FTDI_CBUS, .chip = "CABLE", .en_pin = 2, .boot_pin = 3};

static void cbus_pins_move_beside_the_uart(void **state)
{
    struct fake_chip *chip = fake_ftdi_plug_in(1, "CABLE", 0x6001, 0x0600, 1);
    const struct rig_link_options options = {.baud = 115200};
    struct rig_link *link = NULL;
    struct rig_lines *lines;
    struct rig_error err;

    chip->eeprom[0x15] = 0xaa;
    assert_true(rig_ftdi_link_open(fake_ftdi_host(), "CABLE", &options, &link, &err).ok);
    lines = open_lines(*state, &cbus, link);
    set(lines, false, true);
    assert_int_equal(fake_ftdi_levels(chip, 0) & 0x0f, 0x0b);
    set(lines, true, false);
    assert_int_equal(fake_ftdi_levels(chip, 0) & 0x0f, 0x07);
    assert_true(rig_link_set_baud(link, 460800, soon(), &err).ok);
    assert_int_equal(chip->interfaces[0].baud, 460800);
    rig_lines_close(lines);
    assert_int_equal(chip->interfaces[0].mode, BITMODE_RESET);
    rig_link_close(link);
}

static void expect_cbus_failure(struct bench *b, const char *words)
{
    struct rig_lines *lines = NULL;
    struct rig_error err;

    assert_false(rig_lines_open(b->hub, &cbus, "b1", NULL, &lines, soon(), &err).ok);
    assert_null(lines);
    assert_int_equal(err.code, RIG_E_UNSUPPORTED);
    if (strstr(err.text, words) == NULL) {
        fail_msg("%s", err.text);
    }
}

static void a_cbus_pin_with_another_function_is_named_with_the_remedy(void **state)
{
    struct fake_chip *chip = fake_ftdi_plug_in(1, "CABLE", 0x6001, 0x0600, 1);

    chip->eeprom[0x14] = 0x23; /* as from the factory */
    chip->eeprom[0x15] = 0x10;
    expect_cbus_failure(*state, "pin CBUS2 of the FT232R");
    chip->eeprom[0x15] = 0x1a;
    expect_cbus_failure(*state, "pin CBUS3 of the FT232R");
    expect_cbus_failure(*state, "ftdi_eeprom cbus3=IOMODE");
    chip->device.bcd_device = 0x0800;
    fake_ftdi_unplug(chip);
    (void)fake_ftdi_plug_in(2, "CABLE", 0x6010, 0x0700, 1);
    expect_cbus_failure(*state, "no CBUS pins");
}

static void each_chip_has_its_cbus_functions_elsewhere(void **state)
{
    struct fake_chip *chip = fake_ftdi_plug_in(1, "CABLE", 0x6015, 0x1000, 1);

    chip->eeprom[0x1c] = 8;
    expect_cbus_failure(*state, "ftdi_eeprom cbusx3=IOMODE");
    chip->eeprom[0x1d] = 8;
    rig_lines_close(open_lines(*state, &cbus, NULL));
    fake_ftdi_unplug(chip);
    chip = fake_ftdi_plug_in(2, "CABLE", 0x6014, 0x0900, 1);
    expect_cbus_failure(*state, "pin AC8 of the FT232H");
    chip->eeprom[0x1c] = 0x88;
    rig_lines_close(open_lines(*state, &cbus, NULL));
}

/* ---- DTR and RTS ---- */

static void check_modem_lines(struct bench *b, const struct rig_lines_config *config,
                              const char *expected)
{
    struct fake_chip *chip = fake_ftdi_plug_in(1, "UART", 0x6001, 0x0600, 1);
    const struct rig_link_options options = {.baud = 115200,
                                             .rest_asserted = rig_lines_rest_asserted(config)};
    struct rig_link *link = NULL;
    struct rig_lines *lines;
    struct rig_error err;

    assert_true(rig_ftdi_link_open(fake_ftdi_host(), "UART", &options, &link, &err).ok);
    lines = open_lines(b, config, link);
    set(lines, false, true);
    set(lines, true, true);
    set(lines, true, false);
    rig_lines_close(lines);
    rig_link_close(link);
    assert_string_equal(chip->interfaces[0].events, expected);
}

static void the_circuit_gets_the_recipe_as_it_is(void **state)
{
    const struct rig_lines_config config = {0};

    check_modem_lines(*state, &config, "DR=00 DR=01 DR=11 DR=10 DR=00 DR=00 ");
}

static void inverted_wiring_rests_asserted(void **state)
{
    const struct rig_lines_config config = {.inverted = true};

    check_modem_lines(*state, &config, "DR=11 DR=10 DR=00 DR=01 DR=11 DR=11 ");
}

static void straight_wiring_never_has_both_low(void **state)
{
    const struct rig_lines_config config = {.wiring = RIG_WIRING_DIRECT};

    check_modem_lines(*state, &config, "DR=00 DR=01 DR=00 DR=10 DR=00 DR=00 ");
}

/* ---- a program ---- */

static void write_program(const struct bench *b, char *path, size_t path_size, const char *text)
{
    struct rig_error err;

    (void)snprintf(path, path_size, "%s/relay", b->folder);
    assert_true(rig_file_replace(path, text, strlen(text), 0755, &err).ok);
}

static void a_program_is_called_with_the_state(void **state)
{
    struct bench *b = *state;
    struct rig_lines_config config = {.kind = RIG_LINES_COMMAND, .command = {.n_args = 3}};
    RIG_AUTO(rig_buf_free) struct rig_buf log = {0};
    struct rig_lines *lines;
    struct rig_error err;
    char path[64];

    write_program(b, path, sizeof path, "#!/bin/sh\necho \"$2 $3 $#\" >> \"$1\"\n");
    (void)snprintf(config.command.args[0], sizeof config.command.args[0], "%s", path);
    (void)snprintf(config.command.args[1], sizeof config.command.args[1], "%s/log", b->folder);
    (void)snprintf(config.command.args[2], sizeof config.command.args[2], "$(reboot); socket 3");
    lines = open_lines(b, &config, NULL);
    set(lines, false, true);
    set(lines, true, true); /* passing: a relay would let the board start here */
    set(lines, true, false);
    set(lines, true, false);
    rig_lines_close(lines);
    assert_true(rig_file_read(config.command.args[1], 1000, &log, &err).ok);
    assert_string_equal(rig_buf_text(&log), "$(reboot); socket 3 run 3\n"
                                            "$(reboot); socket 3 reset 3\n"
                                            "$(reboot); socket 3 boot 3\n"
                                            "$(reboot); socket 3 run 3\n");
}

static void a_program_that_fails_hangs_or_is_missing_is_named(void **state)
{
    struct bench *b = *state;
    struct rig_lines_config config = {
        .kind = RIG_LINES_COMMAND, .command = {.n_args = 1}, .timeout_ms = 100};
    struct rig_lines *lines = NULL;
    struct rig_error err;
    char path[64];

    write_program(b, path, sizeof path, "#!/bin/sh\necho no relay on the bus\nexit 7\n");
    (void)snprintf(config.command.args[0], sizeof config.command.args[0], "%s", path);
    config.timeout_ms = 5000;
    assert_false(rig_lines_open(b->hub, &config, "b1", NULL, &lines, soon(), &err).ok);
    assert_non_null(strstr(err.text, "exit code 7, saying: no relay on the bus"));
    assert_int_equal(err.cls, RIG_CLASS_RIG);
    write_program(b, path, sizeof path, "#!/bin/sh\nexec cat\n");
    config.timeout_ms = 100;
    assert_false(rig_lines_open(b->hub, &config, "b1", NULL, &lines, soon(), &err).ok);
    assert_int_equal(err.code, RIG_E_TIMEOUT);
    assert_int_equal(err.cls, RIG_CLASS_RIG);
    assert_non_null(strstr(err.text, "did not end"));
    (void)snprintf(config.command.args[0], sizeof config.command.args[0], "%s/nothing", b->folder);
    assert_false(rig_lines_open(b->hub, &config, "b1", NULL, &lines, soon(), &err).ok);
    assert_int_equal(err.code, RIG_E_NOT_FOUND);
}

/* ---- a person ---- */

static int open_terminal(int *slave)
{
    const int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    char name[64];

    if (master < 0) {
        skip();
    }
    assert_true(grantpt(master) == 0 && unlockpt(master) == 0);
    assert_int_equal(ptsname_r(master, name, sizeof name), 0);
    *slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(*slave >= 0);
    return master;
}

struct person {
    int master;
    char said[512];
};

/* Presses Enter once, after having been asked. */
static void *answer(void *ctx)
{
    struct person *person = ctx;
    size_t len = 0;

    while (strstr(person->said, "press Enter: ") == NULL && len + 1 < sizeof person->said) {
        const ssize_t n = read(person->master, person->said + len, sizeof person->said - 1 - len);

        if (n <= 0) {
            return NULL;
        }
        len += (size_t)n;
        person->said[len] = '\0';
    }
    (void)!write(person->master, "\n", 1);
    return NULL;
}

static void a_person_is_asked_and_answers(void **state)
{
    const struct rig_lines_config config = {.kind = RIG_LINES_NONE};
    RIG_AUTO(rig_close_fd) int slave = -1;
    RIG_AUTO(rig_close_fd) int master = open_terminal(&slave);
    RIG_AUTO(rig_auto_lines_hub) struct rig_lines_hub *hub = NULL;
    const struct rig_lines_hub_options options = {.ask_fd = slave, .tell_fd = slave};
    struct person person = {.master = master};
    struct rig_lines *lines = NULL;
    struct rig_error err;
    pthread_t thread;

    (void)state;
    assert_true(rig_lines_hub_open(&options, &hub, &err).ok);
    assert_true(rig_lines_open(hub, &config, "b7", NULL, &lines, soon(), &err).ok);
    assert_int_equal(pthread_create(&thread, NULL, answer, &person), 0);
    set(lines, false, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_non_null(strstr(person.said, "board b7: hold RESET (EN) down, then press Enter"));
    /* Enter pressed before the question is no answer */
    assert_int_equal(write(master, "\n", 1), 1);
    assert_false(rig_lines_set(lines, false, false, rig_wait_ms(50, NULL), &err).ok);
    assert_int_equal(err.code, RIG_E_TIMEOUT);
    rig_lines_close(lines);
}

static void nobody_is_asked_without_a_terminal(void **state)
{
    struct bench *b = *state;
    const struct rig_lines_config config = {.kind = RIG_LINES_NONE};
    struct rig_lines *lines = open_lines(b, &config, NULL);
    struct rig_error err;

    assert_false(rig_lines_set(lines, false, true, soon(), &err).ok);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    assert_non_null(strstr(err.text, "no terminal"));
    rig_lines_close(lines);
}

/* ---- power ---- */

static void power_cycles_by_what_there_is(void **state)
{
    struct bench *b = *state;
    struct fake_chip *chip = fake_ftdi_plug_in(1, "SHELF", 0x6011, 0x0800, 4);
    struct rig_power_config command = {.kind = RIG_POWER_COMMAND, .off_ms = 1};
    const struct rig_power_config pin = {
        .kind = RIG_POWER_FTDI_BITBANG, .chip = "SHELF:D", .pin = 7, .off_high = true, .off_ms = 1};
    const struct rig_power_config absent = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf log = {0};
    struct rig_error err = {0};
    char path[64];
    char log_path[64];

    write_program(b, path, sizeof path, "#!/bin/sh\necho \"$2\" >> \"$1\"\n");
    (void)snprintf(log_path, sizeof log_path, "%s/log", b->folder);
    for (int i = 0; i < 2; i++) {
        struct rig_lines_command *one = &command.commands[i];

        one->n_args = 3;
        (void)snprintf(one->args[0], sizeof one->args[0], "%s", path);
        (void)snprintf(one->args[1], sizeof one->args[1], "%s", log_path);
        (void)snprintf(one->args[2], sizeof one->args[2], "%s", i == RIG_POWER_ON ? "up" : "down");
    }
    assert_true(rig_power_do(b->hub, &command, "b1", RIG_POWER_CYCLE, soon(), &err).ok);
    assert_true(rig_power_do(b->hub, &command, "b1", RIG_POWER_OFF, soon(), &err).ok);
    assert_true(rig_file_read(log_path, 1000, &log, &err).ok);
    assert_string_equal(rig_buf_text(&log), "down\nup\ndown\n");
    assert_true(rig_power_do(b->hub, &pin, "b1", RIG_POWER_CYCLE, soon(), &err).ok);
    assert_non_null(strstr(chip->interfaces[3].events, "out=80 out=00 "));
    assert_false(rig_power_do(b->hub, &pin, "b1", RIG_POWER_OFF, soon(), &err).ok);
    assert_int_equal(err.code, RIG_E_UNSUPPORTED);
    assert_false(rig_power_do(b->hub, &absent, "b1", RIG_POWER_ON, soon(), &err).ok);
    assert_non_null(strstr(err.text, "power:"));
}

#define RUN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(pins_follow_the_truth_table),
        RUN(boards_share_a_channel_and_leave_each_others_pins),
        RUN(an_inverting_driver_is_high_in_reset),
        RUN(a_chip_that_goes_is_named),
        RUN(cbus_pins_move_beside_the_uart),
        RUN(a_cbus_pin_with_another_function_is_named_with_the_remedy),
        RUN(each_chip_has_its_cbus_functions_elsewhere),
        RUN(the_circuit_gets_the_recipe_as_it_is),
        RUN(inverted_wiring_rests_asserted),
        RUN(straight_wiring_never_has_both_low),
        RUN(a_program_is_called_with_the_state),
        RUN(a_program_that_fails_hangs_or_is_missing_is_named),
        RUN(a_person_is_asked_and_answers),
        RUN(nobody_is_asked_without_a_terminal),
        RUN(power_cycles_by_what_there_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
