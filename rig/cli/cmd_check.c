/* SPDX-License-Identifier: Apache-2.0 */
/* rig check: suites and bench files, without running anything. */
#include "rig/cli/cli.h"

#include "rig/base/file.h"
#include "rig/suite/bench.h"
#include "rig/suite/suite.h"

#include <string.h>

#define MAX_FILE_BYTES ((size_t)4 << 20)

/* A bench has the key `boards` at the top; nothing else has. */
static bool looks_like_bench(const char *text)
{
    return strncmp(text, "boards:", 7) == 0 || strstr(text, "\nboards:") != NULL;
}

static rig_result check_text(const char *path, const struct rig_buf *text, struct rig_buf *mistakes,
                             struct rig_error *err)
{
    RIG_AUTO(rig_auto_suite) struct rig_suite *suite = NULL;
    RIG_AUTO(rig_auto_bench) struct rig_bench *bench = NULL;

    if (looks_like_bench(rig_buf_text(text))) {
        RIG_TRY(rig_bench_parse(path, rig_buf_text(text), text->len, &bench, mistakes, err));
        (void)printf("%s: a bench of %zu boards\n", path, bench->n_boards);
        return RIG_DONE;
    }
    RIG_TRY(rig_suite_parse(path, rig_buf_text(text), text->len, &suite, mistakes, err));
    (void)printf("%s: suite '%s', %zu steps a board\n", path, suite->name,
                 suite->before.n + suite->n_keys * suite->each_key.n + suite->after.n);
    return RIG_DONE;
}

static rig_result check_file(const char *path, bool *good, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};

    RIG_TRY(rig_file_read(path, MAX_FILE_BYTES, &text, err));
    if (!check_text(path, &text, &mistakes, err).ok) {
        if (err->cls != RIG_CLASS_USAGE) {
            return (rig_result){.ok = false};
        }
        *good = false;
        if (mistakes.len != 0) {
            (void)fputs(rig_buf_text(&mistakes), stderr);
        } else {
            (void)fprintf(stderr, "rig: %s\n", err->text);
        }
    }
    return RIG_DONE;
}

static rig_result command(struct rig_cli *cli, int *exit_code, struct rig_error *err)
{
    bool good = true;

    for (size_t i = 0; i < cli->n_positionals; i++) {
        RIG_TRY(check_file(cli->positionals[i], &good, err));
    }
    *exit_code = good ? RIG_EXIT_OK : RIG_EXIT_USAGE;
    return RIG_DONE;
}

const struct rig_cli_command rig_cli_check = {
    .name = "check",
    .summary = "Check suite and bench files, without running anything",
    .synopsis = "FILE...",
    .details = "Every mistake is told as FILE:LINE: what was found; what was expected.",
    .example = "  rig check suites/acceptance.yaml bench.yaml\n",
    .min_positionals = 1,
    .max_positionals = RIG_CLI_MAX_POSITIONALS,
    .run = command,
};
