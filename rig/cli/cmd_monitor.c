/* SPDX-License-Identifier: Apache-2.0 */
/* rig monitor: what a board prints, until Ctrl-C; what is typed goes to the board. */
#include "rig/cli/board_link.h"

#include "rig/base/file.h"
#include "rig/tls/tripwire.h"

#define OPEN_TIMEOUT_MS 5000
#define WRITE_TIMEOUT_MS 5000
#define PROOF_MS 3000

static const struct rig_cli_option options[] = {
    {"bench", "FILE", "BOARD is an id of this bench file", NULL},
    {"reset", NULL, "reset the board first, so that its banner is seen", NULL},
    {"for", "SECONDS", "end by itself after so long", NULL},
};

static rig_result show(struct rig_tripwire *wire, struct rig_link *link, struct rig_wait wait,
                       struct rig_error *err)
{
    uint8_t bytes[4096];
    size_t got = 0;

    RIG_TRY(rig_link_read(link, bytes, sizeof bytes, &got, wait, err));
    if (rig_tripwire_feed(wire, bytes, got)) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_KEY_LEAK,
                        "the board printed a private key (%s)", wire->what);
    }
    return rig_write_fully(STDOUT_FILENO, bytes, got, "standard output", err);
}

/* *typing becomes false at the end of standard input. */
static rig_result pass_typed(struct rig_link *link, struct rig_wait wait, bool *typing,
                             struct rig_error *err)
{
    uint8_t bytes[512];
    const ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);

    if (got <= 0) {
        *typing = false;
        return RIG_DONE;
    }
    return rig_link_write(link, bytes, (size_t)got, rig_wait_within(wait, WRITE_TIMEOUT_MS), err);
}

static rig_result loop(struct rig_link *link, struct rig_wait wait, struct rig_error *err)
{
    struct rig_tripwire wire;
    bool typing = true;

    rig_tripwire_init(&wire);
    for (;;) {
        struct pollfd fds[2] = {{.fd = rig_link_poll_fd(link), .events = POLLIN},
                                {.fd = STDIN_FILENO, .events = POLLIN}};

        if (!rig_link_has_pending(link)) {
            RIG_TRY(rig_wait_poll(wait, fds, typing ? 2 : 1, "the board", err));
        }
        if (rig_link_has_pending(link) || fds[0].revents != 0) {
            RIG_TRY(show(&wire, link, wait, err));
        } else {
            RIG_TRY(pass_typed(link, wait, &typing, err));
        }
    }
}

static rig_result command(struct rig_cli *cli, int *exit_code, struct rig_error *err)
{
    RIG_AUTO(rig_cli_board_close) struct rig_cli_board board = {0};
    struct rig_wait wait = {.deadline_ns = INT64_MAX, .cancel = cli->cancel};
    struct rig_boot_banner banner;
    rig_result result;
    long seconds = 0;

    (void)exit_code;
    RIG_TRY(rig_cli_number(cli, "for", 0, 1, 86400, &seconds, err));
    RIG_TRY(rig_cli_board_open(cli, &board, rig_wait_ms(OPEN_TIMEOUT_MS, cli->cancel), err));
    if (rig_cli_given(cli, "reset")) {
        RIG_TRY(rig_reset_run(board.link, board.lines, rig_reset_builtin("hard"), RIG_BOOT_RUN,
                              PROOF_MS, &banner, rig_wait_ms(2 * PROOF_MS, cli->cancel), err));
        (void)printf("%s, boot:0x%x\n", banner.rom, banner.straps);
        (void)fflush(stdout);
    }
    if (seconds != 0) {
        wait = rig_wait_ms(seconds * 1000, cli->cancel);
    }
    result = loop(board.link, wait, err);
    if (!result.ok && (err->code == RIG_E_CANCELLED || (seconds != 0 && rig_wait_over(wait)))) {
        return RIG_DONE;
    }
    return result;
}

const struct rig_cli_command rig_cli_monitor = {
    .name = "monitor",
    .summary = "Show what a board prints, until Ctrl-C; what is typed goes to it",
    .synopsis = "BOARD",
    .details = "BOARD is an address (/dev/ttyUSB0, rfc2217://HOST:PORT) or, with --bench, an id.",
    .example = "  rig monitor /dev/ttyUSB0 --reset\n"
               "  rig monitor b1 --bench bench.yaml --for 10\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positionals = 1,
    .max_positionals = 1,
    .run = command,
};
