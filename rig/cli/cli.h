/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line as data: one const table of commands, each with its options, from which parsing,
 * `--help`, the man page and the bash completion are made, so that they can't disagree.
 *
 * Exit codes of every command: 0 done, 1 a board is wrong, 2 usage or configuration, 3 rig, CA or
 * network, 130 cancelled.
 */
#ifndef RIG_CLI_CLI_H
#define RIG_CLI_CLI_H

#include "rig/base/buf.h"
#include "rig/base/error.h"
#include "rig/base/wait.h"

#include <stdio.h>

#define RIG_CLI_MAX_VALUES 96
#define RIG_CLI_MAX_POSITIONALS 64

enum {
    RIG_EXIT_OK = 0,
    RIG_EXIT_DEVICE = 1,
    RIG_EXIT_USAGE = 2,
    RIG_EXIT_RIG = 3,
    RIG_EXIT_CANCELLED = 130
};

struct rig_cli_option {
    const char *name;  /* without dashes */
    const char *value; /* "DIR"; NULL: a switch */
    const char *help;
    const char *choice; /* space separated words for the completion; NULL: files */
};

struct rig_cli;

struct rig_cli_command {
    const char *name;
    const char *summary;     /* one line */
    const char *synopsis;    /* positionals: "SUITE..." */
    const char *details;     /* paragraphs; may be NULL */
    const char *example;     /* command lines with a comment each */
    const char *subcommands; /* space separated, for the completion; may be NULL */
    const struct rig_cli_option *options;
    size_t n_options;
    size_t min_positionals;
    size_t max_positionals;
    rig_result (*run)(struct rig_cli *cli, int *exit_code, struct rig_error *err);
};

/* Parsed. Values are borrowed from argv. */
struct rig_cli {
    const struct rig_cli_command *command;
    struct {
        const struct rig_cli_option *option;
        const char *value;
    } values[RIG_CLI_MAX_VALUES];
    size_t n_values;
    const char *positionals[RIG_CLI_MAX_POSITIONALS];
    size_t n_positionals;
    bool wants_help;
    struct rig_cancel *cancel; /* Ctrl-C and SIGTERM */
};

extern const struct rig_cli_command *const rig_cli_commands[];
extern const size_t rig_cli_n_commands;

/* NULL for an unknown name. */
const struct rig_cli_command *rig_cli_find(const char *name);

/* Arguments behind the command's name. USAGE errors name the word and the nearest option. */
RIG_CHECKED rig_result rig_cli_parse(const struct rig_cli_command *command, int argc,
                                     const char *const argv[], struct rig_cli *cli,
                                     struct rig_error *err);

/* The last value of an option, or `fallback`. A switch that was given has the value "". */
const char *rig_cli_value(const struct rig_cli *cli, const char *name, const char *fallback);
bool rig_cli_given(const struct rig_cli *cli, const char *name);
/* A whole number within the range; `fallback` when not given. */
RIG_CHECKED rig_result rig_cli_number(const struct rig_cli *cli, const char *name, long fallback,
                                      long low, long high, long *number, struct rig_error *err);
/* A word of the command line as a number: decimal or 0x... */
RIG_CHECKED rig_result rig_cli_parse_number(const char *word, const char *what, long low, long high,
                                            long *number, struct rig_error *err);

/* Class to exit code. */
int rig_cli_exit_code(const struct rig_error *err);

/* help.c: texts made from the table. */
RIG_CHECKED rig_result rig_cli_help(const struct rig_cli_command *command, struct rig_buf *text,
                                    struct rig_error *err);
RIG_CHECKED rig_result rig_cli_overview(struct rig_buf *text, struct rig_error *err);
RIG_CHECKED rig_result rig_cli_man_page(struct rig_buf *text, struct rig_error *err);
RIG_CHECKED rig_result rig_cli_bash_completion(struct rig_buf *text, struct rig_error *err);

/* The commands, one file each. */
extern const struct rig_cli_command rig_cli_run;
extern const struct rig_cli_command rig_cli_check;
extern const struct rig_cli_command rig_cli_boards;
extern const struct rig_cli_command rig_cli_reset;
extern const struct rig_cli_command rig_cli_power;
extern const struct rig_cli_command rig_cli_monitor;
extern const struct rig_cli_command rig_cli_flash;
extern const struct rig_cli_command rig_cli_ca;
extern const struct rig_cli_command rig_cli_vault;
extern const struct rig_cli_command rig_cli_register;

#endif
