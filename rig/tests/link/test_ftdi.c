/* SPDX-License-Identifier: Apache-2.0 */
/* The driver `ftdi` beyond the contract: which chip it takes, how it sets it up and leaves it. */
#include "fake_ftdi.h"
#include "rig/link/ftdi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct rig_link_options at_115200 = {.baud = 115200};

static int set_up(void **state)
{
    (void)state;
    fake_ftdi_begin();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_ftdi_end();
    return 0;
}

static struct rig_link *open_link(const char *rest)
{
    struct rig_link *link = NULL;
    struct rig_error err = {0};

    if (!rig_ftdi_link_open(fake_ftdi_host(), rest, &at_115200, &link, &err).ok) {
        fail_msg("%s: %s", rest, err.text);
    }
    return link;
}

static void expect_failure(const char *rest, enum rig_error_class cls, enum rig_error_code code,
                           const char *words)
{
    struct rig_link *link = NULL;
    struct rig_error err = {0};

    assert_false(rig_ftdi_link_open(fake_ftdi_host(), rest, &at_115200, &link, &err).ok);
    assert_null(link);
    if (err.cls != cls || err.code != code || strstr(err.text, words) == NULL) {
        fail_msg("%s: %s/%s: %s", rest, rig_error_class_name(err.cls),
                 rig_error_code_name(err.code), err.text);
    }
}

static void a_chip_is_set_up_and_left_at_rest(void **state)
{
    struct fake_chip *chip = fake_ftdi_plug_in(1, "FTBOARD1", 0x6010, 0x0700, 2);
    struct fake_interface *uart = &chip->interfaces[1];
    struct rig_link *link = open_link("FTBOARD1:B");
    struct rig_error err;

    (void)state;
    assert_true(uart->open);
    assert_false(chip->interfaces[0].open);
    assert_int_equal(uart->baud, 115200);
    assert_int_equal(uart->line_bits, BITS_8);
    assert_int_equal(uart->latency_ms, 2);
    assert_false(uart->dtr || uart->rts);
    assert_true(rig_link_set_modem_lines(link, true, false, rig_wait_ms(1000, NULL), &err).ok);
    assert_true(rig_link_set_baud(link, 921600, rig_wait_ms(1000, NULL), &err).ok);
    assert_int_equal(uart->baud, 921600);
    rig_link_close(link);
    assert_false(uart->open);
    assert_string_equal(uart->events, "DR=00 DR=10 DR=00 ");
}

static void chips_are_told_apart(void **state)
{
    struct fake_chip *first = fake_ftdi_plug_in(1, "SAME", 0x6001, 0x0600, 1);
    struct fake_chip *second = fake_ftdi_plug_in(2, "SAME", 0x6001, 0x0600, 1);
    struct fake_chip *third = fake_ftdi_plug_in(3, "OTHER", 0x6011, 0x0800, 4);
    char text[64];
    struct rig_link *link;

    (void)state;
    expect_failure("SAME", RIG_CLASS_USAGE, RIG_E_INVALID, first->path);
    expect_failure("SAME", RIG_CLASS_USAGE, RIG_E_INVALID, second->path);
    expect_failure("0403:6001", RIG_CLASS_USAGE, RIG_E_INVALID, "USB path");
    expect_failure("NOTHERE", RIG_CLASS_RIG, RIG_E_NOT_FOUND, "NOTHERE");
    expect_failure("OTHER", RIG_CLASS_USAGE, RIG_E_INVALID, "4 interfaces");
    expect_failure("SAME:B:C", RIG_CLASS_USAGE, RIG_E_INVALID, "no interface");
    link = open_link("0403:6011:D");
    assert_true(third->interfaces[3].open);
    rig_link_close(link);
    (void)snprintf(text, sizeof text, "%s:0", second->path);
    link = open_link(text);
    assert_true(second->interfaces[0].open);
    assert_false(first->interfaces[0].open);
    rig_link_close(link);
    (void)snprintf(text, sizeof text, "%s:B", second->path);
    expect_failure(text, RIG_CLASS_USAGE, RIG_E_INVALID, "B is none of them");
}

static void an_interface_in_use_is_refused_and_free_afterwards(void **state)
{
    struct rig_link *link;

    (void)state;
    (void)fake_ftdi_plug_in(1, "ONE", 0x6001, 0x0600, 1);
    link = open_link("ONE");
    expect_failure("ONE", RIG_CLASS_RIG, RIG_E_BUSY, "another board of this program itself");
    rig_link_close(link);
    rig_link_close(open_link("ONE"));
}

static void refusals_of_the_system_have_a_remedy(void **state)
{
    struct fake_chip *chip = fake_ftdi_plug_in(1, "ONE", 0x6001, 0x0600, 1);

    (void)state;
    chip->open_error = -8;
    expect_failure("ONE", RIG_CLASS_RIG, RIG_E_PERMISSION, "60-rig.rules");
    chip->open_error = -5;
    expect_failure("ONE", RIG_CLASS_RIG, RIG_E_BUSY, "close it");
    chip->open_error = -4;
    expect_failure("ONE", RIG_CLASS_RIG, RIG_E_DISCONNECTED, "unplugged");
    chip->open_error = 0;
    rig_link_close(open_link("ONE")); /* and nothing stayed locked */
}

static void what_came_before_the_cable_was_pulled_is_read(void **state)
{
    struct fake_chip *chip = fake_ftdi_plug_in(1, "ONE", 0x6001, 0x0600, 1);
    struct rig_link *link = open_link("ONE");
    struct rig_error err = {0};
    uint8_t bytes[16];
    size_t got = 0;

    (void)state;
    fake_ftdi_say(chip, 0, "last words", 10);
    assert_true(rig_wait_fd(rig_wait_ms(5000, NULL), rig_link_poll_fd(link), POLLIN, "", &err).ok);
    fake_ftdi_unplug(chip);
    for (size_t n = 0; n < 10; n += got) {
        assert_true(
            rig_link_read(link, bytes, sizeof bytes, &got, rig_wait_ms(5000, NULL), &err).ok);
    }
    assert_false(rig_link_read(link, bytes, sizeof bytes, &got, rig_wait_ms(5000, NULL), &err).ok);
    assert_int_equal(err.code, RIG_E_DISCONNECTED);
    assert_int_equal(err.cls, RIG_CLASS_RIG);
    assert_non_null(strstr(err.text, chip->path));
    assert_false(rig_link_write(link, "x", 1, rig_wait_ms(1000, NULL), &err).ok);
    assert_int_equal(err.code, RIG_E_DISCONNECTED);
    assert_false(rig_link_set_modem_lines(link, 0, 0, rig_wait_ms(1000, NULL), &err).ok);
    assert_int_equal(err.code, RIG_E_DISCONNECTED);
    rig_link_close(link);
}

static void selectors_are_read_as_meant(void **state)
{
    static const struct {
        const char *text;
        int by;
        const char *serial;
        const char *path;
        unsigned pid;
        int interface;
    } good[] = {
        {"FT4ABC", RIG_USB_BY_SERIAL, "FT4ABC", "", 0, -1},
        {"FT4ABC:b", RIG_USB_BY_SERIAL, "FT4ABC", "", 0, 1},
        {"0001:3", RIG_USB_BY_SERIAL, "0001", "", 0, 3},
        {"1-4", RIG_USB_BY_PATH, "", "1-4", 0, -1},
        {"12-4.2.11:A", RIG_USB_BY_PATH, "", "12-4.2.11", 0, 0},
        {"0403:6011", RIG_USB_BY_ID, "", "", 0x6011, -1},
        {"0403:6011:12", RIG_USB_BY_ID, "", "", 0x6011, 12},
        {"1-4.", RIG_USB_BY_SERIAL, "1-4.", "", 0, -1},
    };
    static const char *const bad[] = {
        "",           ":A",  "FT:E",      "FT:",     "FT:123", "1-4:99",
        "0403:6011:", "a b", "../../etc", "0403:60", "FT:-1"};
    struct rig_usb_selector selector;
    struct rig_error err;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!rig_usb_parse(good[i].text, &selector, &err).ok) {
            fail_msg("%s: %s", good[i].text, err.text);
        }
        assert_int_equal(selector.by, good[i].by);
        assert_string_equal(selector.serial, good[i].serial);
        assert_string_equal(selector.path, good[i].path);
        assert_int_equal(selector.pid, good[i].pid);
        assert_int_equal(selector.interface, good[i].interface);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (rig_usb_parse(bad[i], &selector, &err).ok) {
            fail_msg("'%s' was accepted", bad[i]);
        }
        assert_int_equal(err.cls, RIG_CLASS_USAGE);
    }
}

#define RUN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(a_chip_is_set_up_and_left_at_rest),
        RUN(chips_are_told_apart),
        RUN(an_interface_in_use_is_refused_and_free_afterwards),
        RUN(refusals_of_the_system_have_a_remedy),
        RUN(what_came_before_the_cable_was_pulled_is_read),
        RUN(selectors_are_read_as_meant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
