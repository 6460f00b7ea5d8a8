/* SPDX-License-Identifier: Apache-2.0 */
/* rig check: suites, benches, CA files and fixtures, without running anything. */
#include "rig/cli/cli.h"

#include "rig/suite/check.h"
#include "rig/suite/fixtures.h"

static const struct rig_cli_option options[] = {
    {"schema", NULL, "print instead what may stand in suites, benches, CA files and PKI fixtures",
     NULL},
};

static rig_result check_file(const char *path, bool *good, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    enum rig_file_kind kind = RIG_FILE_SUITE;

    if (rig_check_file(path, &kind, &mistakes, err).ok) {
        (void)printf("%s: a good %s\n", path, rig_file_kind_name(kind));
        return RIG_DONE;
    }
    if (err->cls != RIG_CLASS_USAGE) {
        return (rig_result){.ok = false};
    }
    *good = false;
    if (mistakes.len != 0) {
        (void)fputs(rig_buf_text(&mistakes), stderr);
    } else {
        (void)fprintf(stderr, "rig: %s\n", err->text);
    }
    return RIG_DONE;
}

static rig_result print_schema(struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};

    RIG_TRY(rig_suite_describe_schema(&text, err));
    RIG_TRY(rig_bench_describe_schema(&text, err));
    RIG_TRY(rig_ca_config_describe_schema(&text, err));
    RIG_TRY(rig_fixtures_describe_schema(&text, err));
    (void)fputs(rig_buf_text(&text), stdout);
    return RIG_DONE;
}

static rig_result command(struct rig_cli *cli, int *exit_code, struct rig_error *err)
{
    bool good = true;

    if (rig_cli_given(cli, "schema") && cli->n_positionals == 0) {
        return print_schema(err);
    }
    if (cli->n_positionals == 0 || rig_cli_given(cli, "schema")) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "which file? expected: rig check FILE... or rig check --schema");
    }
    for (size_t i = 0; i < cli->n_positionals; i++) {
        RIG_TRY(check_file(cli->positionals[i], &good, err));
    }
    *exit_code = good ? RIG_EXIT_OK : RIG_EXIT_USAGE;
    return RIG_DONE;
}

const struct rig_cli_command rig_cli_check = {
    .name = "check",
    .summary = "Check suites, benches, CA files and fixtures, without running anything",
    .synopsis = "FILE...",
    .details = "Every mistake is told as FILE:LINE: what was found; what was expected.",
    .example = "  rig check suites/acceptance.yaml bench.yaml\n"
               "  rig check --schema\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positionals = 0,
    .max_positionals = RIG_CLI_MAX_POSITIONALS,
    .run = command,
};
