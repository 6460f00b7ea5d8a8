/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct rig_cli_command *const rig_cli_commands[] = {
    &rig_cli_run,     &rig_cli_check, &rig_cli_boards, &rig_cli_reset, &rig_cli_power,
    &rig_cli_monitor, &rig_cli_flash, &rig_cli_ca,     &rig_cli_vault, &rig_cli_register,
};
const size_t rig_cli_n_commands =
    sizeof rig_cli_commands / sizeof *rig_cli_commands; /* NOLINT(bugprone-sizeof-expression) */

const struct rig_cli_command *rig_cli_find(const char *name)
{
    for (size_t i = 0; i < rig_cli_n_commands; i++) {
        if (strcmp(rig_cli_commands[i]->name, name) == 0) {
            return rig_cli_commands[i];
        }
    }
    return NULL;
}

static rig_result usage(struct rig_error *err, const struct rig_cli_command *command,
                        const char *what, const char *word)
{
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "%s '%s'; see 'rig %s --help'", what, word,
                    command->name);
}

static const struct rig_cli_option *find_option(const struct rig_cli_command *command,
                                                const char *name, size_t name_len)
{
    for (size_t i = 0; i < command->n_options; i++) {
        const char *known = command->options[i].name;
        if (strlen(known) == name_len && strncmp(known, name, name_len) == 0) {
            return &command->options[i];
        }
    }
    return NULL;
}

static rig_result take_option(struct rig_cli *cli, int argc, const char *const argv[], int *at,
                              struct rig_error *err)
{
    const char *word = argv[*at];
    const char *name = word + 2;
    const char *equals = strchr(name, '=');
    const size_t name_len = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const struct rig_cli_option *option = find_option(cli->command, name, name_len);
    const char *value = "";

    if (option == NULL) {
        return usage(err, cli->command, "unknown option", word);
    }
    if (cli->n_values == RIG_CLI_MAX_VALUES) {
        return usage(err, cli->command, "too many options at", word);
    }
    if (option->value == NULL && equals != NULL) {
        return usage(err, cli->command, "no value is expected in", word);
    }
    if (option->value != NULL) {
        if (equals != NULL) {
            value = equals + 1;
        } else if (*at + 1 < argc) {
            value = argv[++*at];
        } else {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "option '%s' needs a value (%s); see 'rig %s --help'", word,
                            option->value, cli->command->name);
        }
    }
    cli->values[cli->n_values].option = option;
    cli->values[cli->n_values++].value = value;
    return RIG_DONE;
}

rig_result rig_cli_parse(const struct rig_cli_command *command, int argc, const char *const argv[],
                         struct rig_cli *cli, struct rig_error *err)
{
    bool only_positionals = false;

    memset(cli, 0, sizeof *cli);
    cli->command = command;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];

        if (only_positionals || word[0] != '-' || word[1] == '\0') {
            if (cli->n_positionals == command->max_positionals ||
                cli->n_positionals == RIG_CLI_MAX_POSITIONALS) {
                return usage(err, command, "one word too many:", word);
            }
            cli->positionals[cli->n_positionals++] = word;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            cli->wants_help = true;
            return RIG_DONE;
        } else if (strcmp(word, "--") == 0) {
            only_positionals = true;
        } else if (word[1] != '-') {
            return usage(err, command, "unknown option", word);
        } else {
            RIG_TRY(take_option(cli, argc, argv, &i, err));
        }
    }
    if (cli->n_positionals < command->min_positionals) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "expected: rig %s %s; see 'rig %s --help'", command->name,
                        command->synopsis, command->name);
    }
    return RIG_DONE;
}

const char *rig_cli_value(const struct rig_cli *cli, const char *name, const char *fallback)
{
    for (size_t i = cli->n_values; i-- > 0;) {
        if (strcmp(cli->values[i].option->name, name) == 0) {
            return cli->values[i].value;
        }
    }
    return fallback;
}

bool rig_cli_given(const struct rig_cli *cli, const char *name)
{
    return rig_cli_value(cli, name, NULL) != NULL;
}

rig_result rig_cli_parse_number(const char *word, const char *what, long low, long high,
                                long *number, struct rig_error *err)
{
    char *end = NULL;

    errno = 0;
    *number = strtol(word, &end, 0);
    if (errno != 0 || end == word || *end != '\0' || *number < low || *number > high) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "%s '%s' is not a whole number from %ld to %ld", what, word, low, high);
    }
    return RIG_DONE;
}

rig_result rig_cli_number(const struct rig_cli *cli, const char *name, long fallback, long low,
                          long high, long *number, struct rig_error *err)
{
    const char *word = rig_cli_value(cli, name, NULL);

    if (word == NULL) {
        *number = fallback;
        return RIG_DONE;
    }
    RIG_TRY_IN(rig_cli_parse_number(word, "the value", low, high, number, err), err, "--%s", name);
    return RIG_DONE;
}

int rig_cli_exit_code(const struct rig_error *err)
{
    switch (err->cls) {
    case RIG_CLASS_DEVICE:
        return RIG_EXIT_DEVICE;
    case RIG_CLASS_USAGE:
        return RIG_EXIT_USAGE;
    case RIG_CLASS_CANCELLED:
        return RIG_EXIT_CANCELLED;
    default:
        return RIG_EXIT_RIG;
    }
}
