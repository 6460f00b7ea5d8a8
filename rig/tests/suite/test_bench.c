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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shelf_of_boards),
        cmocka_unit_test(a_board_needs_id_and_port_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
