/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/cli/cli.h"

#include "rig/cli/signals.h"
#include "rig/cli/version.h"

#include <string.h>

static rig_result print(const struct rig_buf *text, struct rig_error *err)
{
    if (fputs(rig_buf_text(text), stdout) == EOF || fflush(stdout) != 0) {
        return rig_fail_errno(err, errno, "cannot write to standard output");
    }
    return RIG_DONE;
}

static rig_result print_made(rig_result (*make)(struct rig_buf *, struct rig_error *),
                             struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};

    RIG_TRY(make(&text, err));
    return print(&text, err);
}

static rig_result global_option(int argc, const char *const argv[], struct rig_error *err)
{
    if (strcmp(argv[1], "help") == 0 && argc == 3 && rig_cli_find(argv[2]) != NULL) {
        RIG_AUTO(rig_buf_free) struct rig_buf text = {0};

        RIG_TRY(rig_cli_help(rig_cli_find(argv[2]), &text, err));
        return print(&text, err);
    }
    if (argc > 2 && strcmp(argv[1], "--completion") != 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "unknown command '%s'; see 'rig --help'",
                        strcmp(argv[1], "help") == 0 ? argv[2] : argv[1]);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        return print_made(rig_cli_overview, err);
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("rig %s\n", RIG_VERSION);
        return RIG_DONE;
    }
    if (strcmp(argv[1], "--man") == 0) {
        return print_made(rig_cli_man_page, err);
    }
    if (strcmp(argv[1], "--completion") == 0) {
        if (argc == 3 && strcmp(argv[2], "bash") == 0) {
            return print_made(rig_cli_bash_completion, err);
        }
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "expected: rig --completion bash");
    }
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "unknown command '%s'; see 'rig --help'",
                    argv[1]);
}

static rig_result run_with_signals(struct rig_cli *cli, int *exit_code, struct rig_error *err)
{
    struct rig_cancel cancel;
    struct rig_signals signals;
    rig_result result;

    RIG_TRY(rig_cancel_open(&cancel, err));
    result = rig_signals_start(&signals, &cancel, err);
    if (result.ok) {
        cli->cancel = &cancel;
        result = cli->command->run(cli, exit_code, err);
        rig_signals_stop(&signals);
    }
    rig_cancel_close(&cancel);
    return result;
}

static rig_result dispatch(int argc, const char *const argv[], int *exit_code,
                           struct rig_error *err)
{
    const struct rig_cli_command *command;
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    struct rig_cli cli;

    if (argc < 2) {
        RIG_TRY(rig_cli_overview(&text, err));
        (void)fputs(rig_buf_text(&text), stderr);
        *exit_code = RIG_EXIT_USAGE;
        return RIG_DONE;
    }
    command = rig_cli_find(argv[1]);
    if (command == NULL) {
        return global_option(argc, argv, err);
    }
    RIG_TRY(rig_cli_parse(command, argc - 2, argv + 2, &cli, err));
    if (cli.wants_help) {
        RIG_TRY(rig_cli_help(command, &text, err));
        return print(&text, err);
    }
    return run_with_signals(&cli, exit_code, err);
}

/* What a command printed must have arrived: a CRL that was cut by a full disk is no CRL. */
static rig_result dispatch_and_flush(int argc, const char *const argv[], int *exit_code,
                                     struct rig_error *err)
{
    RIG_TRY(dispatch(argc, argv, exit_code, err));
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        return rig_fail_errno(err, errno, "cannot write to standard output");
    }
    return RIG_DONE;
}

int main(int argc, char **argv)
{
    struct rig_error err = {0};
    int exit_code = RIG_EXIT_OK;

    if (!dispatch_and_flush(argc, (const char *const *)argv, &exit_code, &err).ok) {
        (void)fprintf(stderr, "rig: %s\n", err.text);
        return rig_cli_exit_code(&err);
    }
    return exit_code;
}
