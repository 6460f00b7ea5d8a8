/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct rig_bench *parse(const char *text)
{
    struct rig_bench *bench = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    struct rig_error err = {0};

    if (!rig_bench_parse("desk.yaml", text, strlen(text), &bench, &mistakes, &err).ok) {
        fail_msg("%s\n%s", err.text, rig_buf_text(&mistakes));
    }
    assert_int_equal(mistakes.len, 0);
    return bench;
}

static void a_shelf_of_boards(void **state)
{
    static const uint8_t mac[] = {0x24, 0x6f, 0x28, 0xaa, 0x00, 0x01};
    /* boards before defaults: the order in the file must not matter */
    RIG_AUTO(rig_auto_bench)
    struct rig_bench *bench = parse("rig: 1\n"
                                    "boards:\n"
                                    "  - id: b1\n"
                                    "    port: rfc2217://127.0.0.1:4001\n"
                                    "    reset: [unix-tight, \"D0|R1|W0.1|D1|R0|W0.05|D0\"]\n"
                                    "    mac: 24:6F:28:aa:00:01\n"
                                    "    chip: any\n"
                                    "    baud: 74880\n"
                                    "    enabled: false\n"
                                    "    notes: left socket\n"
                                    "  - id: b2\n"
                                    "    port: /dev/ttyUSB0\n"
                                    "defaults: {baud: 230400, chip: esp32, reset: [classic]}\n");
    const struct rig_bench_board *b1 = rig_bench_find(bench, "b1");
    const struct rig_bench_board *b2 = rig_bench_find(bench, "b2");

    (void)state;
    assert_string_equal(bench->path, "desk.yaml");
    assert_int_equal(bench->n_boards, 2);
    assert_null(rig_bench_find(bench, "b3"));
    assert_string_equal(b1->port, "rfc2217://127.0.0.1:4001");
    assert_int_equal(b1->n_recipes, 2);
    assert_string_equal(b1->recipes[1], "D0|R1|W0.1|D1|R0|W0.05|D0");
    assert_true(b1->has_mac);
    assert_memory_equal(b1->mac, mac, sizeof mac);
    assert_string_equal(b1->chip, "");
    assert_int_equal(b1->baud, 74880);
    assert_false(b1->enabled);
    assert_string_equal(b1->notes, "left socket");
    assert_int_equal(b1->line, 3);
    assert_int_equal(b2->baud, 230400);
    assert_string_equal(b2->chip, "esp32");
    assert_int_equal(b2->n_recipes, 1);
    assert_string_equal(b2->recipes[0], "classic");
    assert_true(b2->enabled);
    assert_false(b2->has_mac);
}

static void a_board_needs_id_and_port_only(void **state)
{
    RIG_AUTO(rig_auto_bench)
    struct rig_bench *bench = parse("rig: 1\nboards: [{id: a, port: serial:///dev/ttyACM0}]\n");

    (void)state;
    assert_int_equal(bench->boards[0].baud, 115200);
    assert_string_equal(bench->boards[0].chip, "");
    assert_int_equal(bench->boards[0].n_recipes, 0);
}

static void boards_are_named_by_where_they_are_plugged_in(void **state)
{
    RIG_AUTO(rig_auto_bench)
    struct rig_bench *bench =
        parse("rig: 1\n"
              "boards:\n"
              "  - {id: a, usb: {serial: FT4ABCDE, interface: B}}\n"
              "  - {id: b, usb: {path: 1-4.2}}\n"
              "  - {id: c, usb: {vid: 303A, pid: 1001, via: tty}}\n"
              "  - {id: d, usb: {vid: 0403, pid: 6011, interface: 2, via: ftdi}}\n"
              "  - {id: e, port: usb-FTDI_Dual_RS232-HS-if01-port0}\n"
              "  - {id: f, port: \"ftdi://1-4.3:A\"}\n");
    static const char *const ports[] = {"usb://FT4ABCDE:B",
                                        "usb://1-4.2",
                                        "usb://303a:1001",
                                        "ftdi://0403:6011:2",
                                        "/dev/serial/by-id/usb-FTDI_Dual_RS232-HS-if01-port0",
                                        "ftdi://1-4.3:A"};

    (void)state;
    assert_int_equal(bench->n_boards, sizeof ports / sizeof *ports);
    for (size_t i = 0; i < bench->n_boards; i++) {
        assert_string_equal(bench->boards[i].port, ports[i]);
    }
}

static void lines_power_tags_and_groups(void **state)
{
    RIG_AUTO(rig_auto_bench)
    struct rig_bench *bench = parse(
        "rig: 1\n"
        "defaults: {lines: {inverted: true}, tags: [all]}\n"
        "groups: {left: [a, b], right: [c]}\n"
        "boards:\n"
        "  - id: a\n"
        "    port: /dev/ttyUSB0\n"
        "    lines: {controller: ftdi-bitbang, chip: \"FT4:C\", en: 0, boot: 1, drive: push-pull}\n"
        "    power: {on: [relay, \"1\", \"on\"], off: [relay, \"1\", \"off\"], off_for: 250ms}\n"
        "    tags: [wroom, left]\n"
        "  - {id: b, port: /dev/ttyUSB1}\n"
        "  - id: c\n"
        "    port: /dev/ttyUSB2\n"
        "    lines: {controller: command, command: [gpio, socket 3], timeout: 3s}\n"
        "    power: {controller: ftdi-bitbang, chip: \"FT4:D\", pin: 7, off_level: high}\n"
        "  - {id: d, port: /dev/ttyUSB3, lines: {controller: none}}\n");
    const struct rig_bench_board *a = rig_bench_find(bench, "a");
    const struct rig_bench_board *b = rig_bench_find(bench, "b");
    const struct rig_bench_board *c = rig_bench_find(bench, "c");

    (void)state;
    assert_int_equal(a->lines.kind, RIG_LINES_FTDI_BITBANG);
    assert_string_equal(a->lines.chip, "FT4:C");
    assert_true(a->lines.en_pin == 0 && a->lines.boot_pin == 1 && a->lines.push_pull);
    assert_false(a->lines.inverted); /* nothing of the defaults' lines stays */
    assert_int_equal(a->power.kind, RIG_POWER_COMMAND);
    assert_string_equal(a->power.commands[RIG_POWER_OFF].args[2], "off");
    assert_int_equal(a->power.commands[RIG_POWER_CYCLE].n_args, 0);
    assert_int_equal(a->power.off_ms, 250);
    assert_int_equal(a->n_tags, 3); /* all, wroom, left; not left twice */
    assert_true(rig_bench_has_tag(a, "all") && rig_bench_has_tag(a, "wroom"));
    assert_true(rig_bench_has_tag(a, "left") && rig_bench_has_tag(b, "left"));
    assert_false(rig_bench_has_tag(c, "left"));
    assert_true(b->lines.kind == RIG_LINES_DTR_RTS && b->lines.inverted);
    assert_int_equal(b->power.kind, RIG_POWER_ABSENT);
    assert_int_equal(c->lines.kind, RIG_LINES_COMMAND);
    assert_string_equal(c->lines.command.args[1], "socket 3");
    assert_int_equal(c->lines.timeout_ms, 3000);
    assert_true(c->power.kind == RIG_POWER_FTDI_BITBANG && c->power.pin == 7 && c->power.off_high);
    assert_int_equal(rig_bench_find(bench, "d")->lines.kind, RIG_LINES_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shelf_of_boards),
        cmocka_unit_test(a_board_needs_id_and_port_only),
        cmocka_unit_test(boards_are_named_by_where_they_are_plugged_in),
        cmocka_unit_test(lines_power_tags_and_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
