/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/cli/board_link.h"

#include "rig/cli/load.h"

#include <string.h>

rig_result rig_cli_find_place(const struct rig_cli *cli, struct rig_bench_board *place,
                              struct rig_error *err)
{
    RIG_AUTO(rig_auto_bench) struct rig_bench *bench = NULL;
    const char *name = cli->positionals[0];
    const char *path = rig_cli_value(cli, "bench", NULL);
    const struct rig_bench_board *found;

    memset(place, 0, sizeof *place);
    if (path == NULL) {
        RIG_TRY(rig_link_check_address(name, err));
        (void)rig_copy_text(place->port, sizeof place->port, name);
        (void)rig_copy_text(place->id.text, sizeof place->id.text, name);
        return RIG_DONE;
    }
    RIG_TRY(rig_cli_load_bench(path, &bench, err));
    found = rig_bench_find(bench, name);
    if (found == NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND, "%s has no board '%s'", path, name);
    }
    *place = *found;
    return RIG_DONE;
}

rig_result rig_cli_board_open(const struct rig_cli *cli, struct rig_cli_board *board,
                              struct rig_wait wait, struct rig_error *err)
{
    memset(board, 0, sizeof *board);
    RIG_TRY(rig_cli_find_place(cli, &board->place, err));
    RIG_TRY(rig_place_take_recipes(&board->place, &board->recipes, &board->rom_options, err));
    RIG_TRY(rig_lines_hub_open(NULL, &board->hub, err));
    RIG_TRY(rig_place_open_link(&board->place, &board->link, wait, err));
    return rig_place_open_lines(&board->place, board->hub, board->link, &board->lines, wait, err);
}

void rig_cli_board_close(struct rig_cli_board *board)
{
    rig_auto_lines(&board->lines);
    rig_auto_link(&board->link);
    rig_auto_lines_hub(&board->hub);
}

struct rig_rom_options rig_cli_board_rom_options(const struct rig_cli_board *board)
{
    return board->rom_options;
}
