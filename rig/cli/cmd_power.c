/* SPDX-License-Identifier: Apache-2.0 */
/* rig power: switches a board of a bench on, off, or off and on. */
#include "rig/cli/board_link.h"

#include "rig/link/power.h"

#include <string.h>

#define TIMEOUT_MS 180000

static const struct rig_cli_option options[] = {
    {"bench", "FILE", "the bench file that says how", NULL},
};

static rig_result find_action(const char *word, enum rig_power_action *action,
                              struct rig_error *err)
{
    for (int i = 0; i < RIG_POWER_N_ACTIONS; i++) {
        if (strcmp(rig_power_action_name((enum rig_power_action)i), word) == 0) {
            *action = (enum rig_power_action)i;
            return RIG_DONE;
        }
    }
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "'%s' is none of: on, off, cycle", word);
}

static rig_result command(struct rig_cli *cli, int *exit_code, struct rig_error *err)
{
    RIG_AUTO(rig_auto_lines_hub) struct rig_lines_hub *hub = NULL;
    struct rig_bench_board place;
    enum rig_power_action action = RIG_POWER_CYCLE;

    (void)exit_code;
    RIG_TRY(find_action(cli->positionals[1], &action, err));
    if (!rig_cli_given(cli, "bench")) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "how is its power switched? give --bench FILE");
    }
    RIG_TRY(rig_cli_find_place(cli, &place, err));
    RIG_TRY(rig_lines_hub_open(NULL, &hub, err));
    RIG_TRY_IN(rig_power_do(hub, &place.power, place.id.text, action,
                            rig_wait_ms(TIMEOUT_MS, cli->cancel), err),
               err, "board %s", place.id.text);
    (void)printf("board %s: power %s\n", place.id.text, rig_power_action_name(action));
    return RIG_DONE;
}

const struct rig_cli_command rig_cli_power = {
    .name = "power",
    .summary = "Switch a board's power as its bench file says",
    .synopsis = "BOARD on|off|cycle",
    .details = "BOARD is an id of the bench file, which says under 'power:' what switches it.",
    .example = "  rig power b1 cycle --bench bench.yaml\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positionals = 2,
    .max_positionals = 2,
    .run = command,
};
