/* SPDX-License-Identifier: Apache-2.0 */
/* rig flash: a file to a board's flash, proven by the chip's own MD5; what is right already is not
 * written. */
#include "rig/cli/board_link.h"

#include "rig/base/file.h"

#define TIMEOUT_MS 600000
#define MAX_IMAGE_BYTES ((size_t)16 << 20)
#define PROOF_MS 3000
#define SECTOR_BYTES 0x1000
#define DEFAULT_BAUD 460800

static const struct rig_cli_option options[] = {
    {"bench", "FILE", "BOARD is an id of this bench file", NULL},
    {"baud", "RATE", "while flashing (default: 460800)", "115200 230400 460800 921600"},
    {"stay", NULL, "leave the board in download mode", NULL},
};

static rig_result write_image(struct rig_cli_board *board, unsigned baud, uint32_t offset,
                              const struct rig_buf *image, struct rig_wait wait,
                              struct rig_error *err)
{
    const struct rig_rom_options rom_options = rig_cli_board_rom_options(board);
    RIG_AUTO(rig_auto_rom) struct rig_rom *rom = NULL;
    struct rig_flash_report report = {0};
    struct rig_rom_identity identity;
    RIG_TRY(rig_rom_new(board->link, board->lines, &rom_options, &rom, err));
    RIG_TRY(rig_rom_connect(rom, &identity, wait, err));
    RIG_TRY(rig_rom_set_baud(rom, baud, wait, err));
    RIG_TRY(rig_rom_flash_write(rom, offset, image->data, image->len, &report, wait, err));
    if (report.already_right) {
        (void)printf("0x%x: %zu bytes were right already, nothing written (%.3f s)\n",
                     (unsigned)offset, image->len, (double)report.duration_ns / 1e9);
    } else {
        (void)printf("0x%x: %zu of %zu bytes written as %zu, proven by MD5, %.3f s, tries %u\n",
                     (unsigned)offset, report.written_bytes, image->len, report.sent_bytes,
                     (double)report.duration_ns / 1e9, report.n_tries);
    }
    return rig_rom_disconnect(rom, wait, err);
}

static rig_result command(struct rig_cli *cli, int *exit_code, struct rig_error *err)
{
    RIG_AUTO(rig_cli_board_close) struct rig_cli_board board = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf image = {0};
    const struct rig_wait wait = rig_wait_ms(TIMEOUT_MS, cli->cancel);
    struct rig_boot_banner banner;
    long offset = 0;
    long baud = 0;

    (void)exit_code;
    RIG_TRY(rig_cli_parse_number(cli->positionals[1], "OFFSET", 0, 0xFFFFFF, &offset, err));
    if (offset % SECTOR_BYTES != 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "OFFSET '%s' is not a multiple of 0x%x: flash is erased in such sectors",
                        cli->positionals[1], SECTOR_BYTES);
    }
    RIG_TRY(rig_cli_number(cli, "baud", DEFAULT_BAUD, 9600, 3000000, &baud, err));
    RIG_TRY(rig_file_read(cli->positionals[2], MAX_IMAGE_BYTES, &image, err));
    if (image.len == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "'%s' is empty", cli->positionals[2]);
    }
    RIG_TRY(rig_cli_board_open(cli, &board, wait, err));
    RIG_TRY(write_image(&board, (unsigned)baud, (uint32_t)offset, &image, wait, err));
    if (rig_cli_given(cli, "stay")) {
        return RIG_DONE;
    }
    return rig_reset_run(board.link, board.lines, rig_reset_builtin("hard"), RIG_BOOT_RUN, PROOF_MS,
                         &banner, wait, err);
}

const struct rig_cli_command rig_cli_flash = {
    .name = "flash",
    .summary = "Write a file to a board's flash, proven by the chip's own MD5",
    .synopsis = "BOARD OFFSET FILE",
    .details =
        "OFFSET is a multiple of 0x1000. A region that is right already is not written again. "
        "Afterwards the board is reset into its firmware.",
    .example = "  rig flash /dev/ttyUSB0 0x10000 firmware.bin\n"
               "  rig flash b1 0x10000 firmware.bin --bench bench.yaml --baud 921600\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positionals = 3,
    .max_positionals = 3,
    .run = command,
};
