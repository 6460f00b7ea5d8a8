/* SPDX-License-Identifier: Apache-2.0 */
/* Texts made from the table of commands: help, man page, bash completion. */
#include "rig/cli/cli.h"

#include "rig/cli/version.h"

#include <string.h>

#define PUT(...) RIG_TRY(rig_buf_printf(text, err, __VA_ARGS__))

static const char *const exit_codes[][2] = {
    {"0", "everything passed (flaky counts as passed), or the command did its work"},
    {"1", "a board is wrong; of 'rig vault doctor': the CA is"},
    {"2", "the command line, a suite or a bench file is wrong"},
    {"3", "the rig, its host, the CA or the network is at fault, or nothing ran"},
    {"130", "cancelled"},
};
#define N_EXIT_CODES (sizeof exit_codes / sizeof *exit_codes)

rig_result rig_cli_overview(struct rig_buf *text, struct rig_error *err)
{
    PUT("rig - hardware-in-the-loop QA for boards with an X.509 identity\n\n");
    PUT("usage: rig COMMAND [OPTION...] [ARGUMENT...]\n\ncommands:\n");
    for (size_t i = 0; i < rig_cli_n_commands; i++) {
        PUT("  %-10s %s\n", rig_cli_commands[i]->name, rig_cli_commands[i]->summary);
    }
    PUT("\n'rig COMMAND --help' says more; 'rig --version' which rig this is;\n"
        "'rig --man' prints the man page, 'rig --completion bash' the completion script.\n");
    return RIG_DONE;
}

rig_result rig_cli_help(const struct rig_cli_command *command, struct rig_buf *text,
                        struct rig_error *err)
{
    PUT("usage: rig %s%s%s%s\n\n%s.\n", command->name,
        command->n_options != 0 ? " [OPTION...]" : "", command->synopsis[0] != '\0' ? " " : "",
        command->synopsis, command->summary);
    if (command->details != NULL) {
        PUT("\n%s\n", command->details);
    }
    if (command->n_options != 0) {
        PUT("\noptions:\n");
    }
    for (size_t i = 0; i < command->n_options; i++) {
        const struct rig_cli_option *option = &command->options[i];
        const int used =
            (int)(strlen(option->name) + (option->value != NULL ? strlen(option->value) + 1 : 0));

        PUT("  --%s%s%s%*s %s\n", option->name, option->value != NULL ? " " : "",
            option->value != NULL ? option->value : "", used < 22 ? 22 - used : 0, "",
            option->help);
    }
    PUT("\nexamples:\n%s", command->example);
    PUT("\nexit codes:\n");
    for (size_t i = 0; i < N_EXIT_CODES; i++) {
        PUT("  %-4s %s\n", exit_codes[i][0], exit_codes[i][1]);
    }
    return RIG_DONE;
}

/* roff: a backslash and a line that begins with a dot or quote have a meaning there. */
static rig_result put_roff(struct rig_buf *text, const char *plain, struct rig_error *err)
{
    bool line_start = true;

    for (const char *c = plain; *c != '\0'; c++) {
        if (line_start && (*c == '.' || *c == '\'')) {
            RIG_TRY(rig_buf_append_text(text, "\\&", err));
        }
        if (*c == '\\') {
            RIG_TRY(rig_buf_append_text(text, "\\e", err));
        } else if (*c == '-') {
            RIG_TRY(rig_buf_append_text(text, "\\-", err));
        } else {
            RIG_TRY(rig_buf_append(text, c, 1, err));
        }
        line_start = *c == '\n';
    }
    return RIG_DONE;
}

static rig_result man_command(const struct rig_cli_command *command, struct rig_buf *text,
                              struct rig_error *err)
{
    PUT(".SS rig %s %s\n", command->name, command->synopsis);
    RIG_TRY(put_roff(text, command->summary, err));
    PUT(".\n");
    if (command->details != NULL) {
        PUT(".PP\n");
        RIG_TRY(put_roff(text, command->details, err));
        PUT("\n");
    }
    for (size_t i = 0; i < command->n_options; i++) {
        const struct rig_cli_option *option = &command->options[i];
        PUT(".TP\n.B \\-\\-");
        RIG_TRY(put_roff(text, option->name, err));
        PUT("%s%s\n", option->value != NULL ? " " : "", option->value != NULL ? option->value : "");
        RIG_TRY(put_roff(text, option->help, err));
        PUT("\n");
    }
    PUT(".PP\nExamples:\n.PP\n.nf\n");
    RIG_TRY(put_roff(text, command->example, err));
    PUT(".fi\n");
    return RIG_DONE;
}

rig_result rig_cli_man_page(struct rig_buf *text, struct rig_error *err)
{
    PUT(".TH RIG 1 \"%s\" \"rig %s\" \"User Commands\"\n.SH NAME\n", RIG_VERSION_DATE, RIG_VERSION);
    PUT("rig \\- hardware\\-in\\-the\\-loop QA for boards with an X.509 identity\n");
    PUT(".SH SYNOPSIS\n.B rig\n.I COMMAND\n[\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n");
    PUT(".SH DESCRIPTION\nDrives ESP32 boards through their reset and boot lines, has each make a "
        "key and a CSR, has that signed, flashes certificate and chain, runs mutual\\-TLS "
        "handshakes, good ones and bad ones, times every step and writes JUnit XML.\n");
    PUT(".SH COMMANDS\n");
    for (size_t i = 0; i < rig_cli_n_commands; i++) {
        RIG_TRY(man_command(rig_cli_commands[i], text, err));
    }
    PUT(".SH EXIT STATUS\n");
    for (size_t i = 0; i < N_EXIT_CODES; i++) {
        PUT(".TP\n.B %s\n%s\n", exit_codes[i][0], exit_codes[i][1]);
    }
    PUT(".SH ENVIRONMENT\n.TP\n.B RIG_CA_PASSPHRASE\npassphrase of the local CA's keys\n");
    PUT(".SH FILES\n.TP\n.I DIR/rig.db\njournal and device register of a work folder\n"
        ".TP\n.I DIR/latest/\nreports and serial logs of the newest run\n");
    return RIG_DONE;
}

static rig_result complete_command(const struct rig_cli_command *command, struct rig_buf *text,
                                   struct rig_error *err)
{
    PUT("    %s)\n        words=\"--help", command->name);
    for (size_t i = 0; i < command->n_options; i++) {
        PUT(" --%s", command->options[i].name);
    }
    PUT("%s%s\"\n        case $previous in\n", command->subcommands != NULL ? " " : "",
        command->subcommands != NULL ? command->subcommands : "");
    for (size_t i = 0; i < command->n_options; i++) {
        const struct rig_cli_option *option = &command->options[i];
        if (option->choice != NULL) {
            PUT("        --%s) words=\"%s\"; only_words=1 ;;\n", option->name, option->choice);
        } else if (option->value != NULL) {
            PUT("        --%s) words= ;;\n", option->name);
        }
    }
    PUT("        esac ;;\n");
    return RIG_DONE;
}

rig_result rig_cli_bash_completion(struct rig_buf *text, struct rig_error *err)
{
    PUT("# bash completion of rig, made by 'rig --completion bash'\n_rig()\n{\n");
    PUT("    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n");
    PUT("    local words= only_words=\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words=\"");
    for (size_t i = 0; i < rig_cli_n_commands; i++) {
        PUT("%s ", rig_cli_commands[i]->name);
    }
    PUT("--help --version --man --completion\"\n"
        "        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n        return\n    fi\n");
    PUT("    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < rig_cli_n_commands; i++) {
        RIG_TRY(complete_command(rig_cli_commands[i], text, err));
    }
    PUT("    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
        "    if [ -z \"$only_words\" ] && [ \"${#COMPREPLY[@]}\" -eq 0 ]; then\n"
        "        compopt -o default 2>/dev/null\n    fi\n}\ncomplete -F _rig rig\n");
    return RIG_DONE;
}
