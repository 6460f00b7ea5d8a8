/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bench file (YAML): the boards of a desk or shelf. Checked like a suite (suite.h).
 *
 *     rig: 1
 *     defaults: {baud: 115200, chip: esp32}
 *     groups: {left: [b1, b2]}
 *     boards:
 *       - id: b1
 *         port: rfc2217://127.0.0.1:4001      # or /dev/ttyUSB0
 *         reset: [unix-tight, "D0|R1|W0.1|D1|R0|W0.05|D0"]
 *         mac: 24:6f:28:aa:00:01   # optional: a board that answers with another MAC is an error
 *         enabled: true
 *         notes: left socket
 *       - id: b2
 *         usb: {serial: FT4ABCDE, interface: B}
 *         lines: {controller: ftdi-bitbang, chip: "FT4ABCDE:C", en: 0, boot: 1}
 *         power: {on: [relay, "2", "on"], off: [relay, "2", "off"]}
 *         tags: [wroom]
 */
#ifndef RIG_SUITE_BENCH_H
#define RIG_SUITE_BENCH_H

#include "rig/base/buf.h"
#include "rig/base/ids.h"
#include "rig/link/power.h"

#define RIG_BENCH_MAX_RECIPES 6
#define RIG_BENCH_MAX_TAGS 16

struct rig_bench_board {
    struct rig_board_id id;
    char port[160]; /* an address of rig_link_open */
    char chip[16];  /* "" any */
    unsigned baud;  /* of the firmware's console */
    bool has_mac;
    uint8_t mac[RIG_MAC_SIZE];
    size_t n_recipes;                        /* 0: built-in order */
    char recipes[RIG_BENCH_MAX_RECIPES][96]; /* names or notation, checked */
    struct rig_lines_config lines;
    struct rig_power_config power;
    size_t n_tags;
    char tags[RIG_BENCH_MAX_TAGS][32]; /* and the groups that name the board */
    bool enabled;
    char notes[128];
    int line;
};

struct rig_bench {
    char path[256];
    size_t n_boards;
    struct rig_bench_board *boards;
};

RIG_CHECKED rig_result rig_bench_load(const char *path, struct rig_bench **bench,
                                      struct rig_buf *mistakes, struct rig_error *err);
RIG_CHECKED rig_result rig_bench_parse(const char *path_for_messages, const char *text,
                                       size_t n_bytes, struct rig_bench **bench,
                                       struct rig_buf *mistakes, struct rig_error *err);
void rig_bench_free(struct rig_bench *bench);
static inline void rig_auto_bench(struct rig_bench **bench)
{
    rig_bench_free(*bench);
    *bench = NULL;
}

/* Whether the board has the tag, or is in the group of that name. */
bool rig_bench_has_tag(const struct rig_bench_board *board, const char *tag);

/* By id; NULL when there is none. Borrowed. */
const struct rig_bench_board *rig_bench_find(const struct rig_bench *bench, const char *id);

#endif
