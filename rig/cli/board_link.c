/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/cli/board_link.h"

#include <string.h>

static rig_result find_place(const struct rig_cli *cli, struct rig_bench_board *place,
                             struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    RIG_AUTO(rig_auto_bench) struct rig_bench *bench = NULL;
    const char *name = cli->positionals[0];
    const char *path = rig_cli_value(cli, "bench", NULL);
    const struct rig_bench_board *found;

    memset(place, 0, sizeof *place);
    if (path == NULL) {
        RIG_TRY(rig_link_check_address(name, err));
        (void)rig_copy_text(place->port, sizeof place->port, name);
        return RIG_DONE;
    }
    RIG_TRY(rig_bench_load(path, &bench, &mistakes, err));
    found = rig_bench_find(bench, name);
    if (found == NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND, "%s has no board '%s'", path, name);
    }
    *place = *found;
    return RIG_DONE;
}

static rig_result take_recipes(struct rig_cli_board *board, struct rig_error *err)
{
    for (size_t i = 0; i < board->place.n_recipes; i++) {
        const char *recipe = board->place.recipes[i];

        board->recipes[i] = rig_reset_builtin(recipe);
        if (board->recipes[i] == NULL) {
            RIG_TRY(rig_reset_parse(recipe, recipe, &board->parsed[i], err));
            board->recipes[i] = &board->parsed[i];
        }
    }
    return RIG_DONE;
}

rig_result rig_cli_board_open(const struct rig_cli *cli, struct rig_cli_board *board,
                              struct rig_wait wait, struct rig_error *err)
{
    struct rig_link_options link = {0};

    memset(board, 0, sizeof *board);
    RIG_TRY(find_place(cli, &board->place, err));
    RIG_TRY(take_recipes(board, err));
    link.baud = board->place.baud;
    RIG_TRY(rig_link_open(board->place.port, &link, &board->link, wait, err));
    return rig_lines_open_dtr_rts(board->link, &board->lines, err);
}

void rig_cli_board_close(struct rig_cli_board *board)
{
    rig_auto_lines(&board->lines);
    rig_auto_link(&board->link);
}

struct rig_rom_options rig_cli_board_rom_options(const struct rig_cli_board *board)
{
    return (struct rig_rom_options){
        .recipes = board->place.n_recipes != 0 ? board->recipes : NULL,
        .n_recipes = board->place.n_recipes,
    };
}
