/* SPDX-License-Identifier: Apache-2.0 */
/* rig reset: one board, into its firmware or into download mode, proven by the banner. */
#include "rig/cli/board_link.h"

#define TIMEOUT_MS 20000
#define PROOF_MS 3000

static const struct rig_cli_option options[] = {
    {"bench", "FILE", "BOARD is an id of this bench file", NULL},
    {"download", NULL, "into the ROM's serial loader; also prints chip, MAC, flash and fuses",
     NULL},
};

static rig_result to_download(struct rig_cli_board *board, struct rig_wait wait,
                              struct rig_error *err)
{
    const struct rig_rom_options rom_options = rig_cli_board_rom_options(board);
    RIG_AUTO(rig_auto_rom) struct rig_rom *rom = NULL;
    struct rig_rom_identity id;
    char fuses[96];
    char mac[RIG_MAC_TEXT_SIZE];

    RIG_TRY(rig_rom_new(board->link, board->lines, &rom_options, &rom, err));
    RIG_TRY(rig_rom_connect(rom, &id, wait, err));
    (void)printf("download mode by recipe '%s' (reset %u); %s", id.recipe, id.n_resets,
                 id.chip->title);
    if (id.has_mac) {
        rig_mac_text(id.mac, mac);
        (void)printf(" v%u.%u, MAC %s, flash 0x%06x of %u KiB", id.revision / 100,
                     id.revision % 100, mac, (unsigned)id.flash_id,
                     (unsigned)(id.flash_size_bytes / 1024));
    }
    (void)printf("; fuses: %s\n", rig_rom_fuses_text(&id, fuses, sizeof fuses));
    return RIG_DONE;
}

static rig_result command(struct rig_cli *cli, int *exit_code, struct rig_error *err)
{
    RIG_AUTO(rig_cli_board_close) struct rig_cli_board board = {0};
    const struct rig_wait wait = rig_wait_ms(TIMEOUT_MS, cli->cancel);
    struct rig_boot_banner banner;

    (void)exit_code;
    RIG_TRY(rig_cli_board_open(cli, &board, wait, err));
    if (rig_cli_given(cli, "download")) {
        return to_download(&board, wait, err);
    }
    RIG_TRY(rig_reset_run(board.link, board.lines, rig_reset_builtin("hard"), RIG_BOOT_RUN,
                          PROOF_MS, &banner, wait, err));
    (void)printf("run mode: %s, boot:0x%x\n", banner.rom, banner.straps);
    return RIG_DONE;
}

const struct rig_cli_command rig_cli_reset = {
    .name = "reset",
    .summary = "Reset a board and prove its mode by the boot banner",
    .synopsis = "BOARD",
    .details = "BOARD is an address (/dev/ttyUSB0, rfc2217://HOST:PORT) or, with --bench, an id.",
    .example = "  rig reset /dev/ttyUSB0\n"
               "  rig reset rfc2217://127.0.0.1:4001 --download\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positionals = 1,
    .max_positionals = 1,
    .run = command,
};
