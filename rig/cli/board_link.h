/* SPDX-License-Identifier: Apache-2.0 */
/* The board that a command names: an address, or an id of the bench file that --bench gives. */
#ifndef RIG_CLI_BOARD_LINK_H
#define RIG_CLI_BOARD_LINK_H

#include "rig/cli/cli.h"
#include "rig/esp/rom.h"
#include "rig/run/place.h"

struct rig_cli_board {
    struct rig_bench_board place;
    struct rig_lines_hub *hub;
    struct rig_link *link;
    struct rig_lines *lines;
    struct rig_place_recipes recipes;
    struct rig_rom_options rom_options;
};

/* The place that the first positional of the command names; nothing is opened. */
RIG_CHECKED rig_result rig_cli_find_place(const struct rig_cli *cli, struct rig_bench_board *place,
                                          struct rig_error *err);

/* The same, opened. The caller closes it. */
RIG_CHECKED rig_result rig_cli_board_open(const struct rig_cli *cli, struct rig_cli_board *board,
                                          struct rig_wait wait, struct rig_error *err);
void rig_cli_board_close(struct rig_cli_board *board);

/* For rig_rom_new: the recipes of the bench file, if any. */
struct rig_rom_options rig_cli_board_rom_options(const struct rig_cli_board *board);

#endif
