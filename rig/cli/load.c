/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/cli/load.h"

#include <stdio.h>
#include <string.h>

static void tell_rest(const struct rig_buf *mistakes)
{
    const char *rest = strchr(rig_buf_text(mistakes), '\n');

    if (rest != NULL) {
        (void)fputs(rest + 1, stderr);
    }
}

rig_result rig_cli_load_suite(const char *path, struct rig_suite **suite, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    const rig_result result = rig_suite_load(path, suite, &mistakes, err);

    if (!result.ok) {
        tell_rest(&mistakes);
    }
    return result;
}

rig_result rig_cli_load_bench(const char *path, struct rig_bench **bench, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    const rig_result result = rig_bench_load(path, bench, &mistakes, err);

    if (!result.ok) {
        tell_rest(&mistakes);
    }
    return result;
}

rig_result rig_cli_load_ca_config(const char *path, struct rig_ca_vault_config *config,
                                  struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    const rig_result result = rig_ca_config_load(path, config, &mistakes, err);

    if (!result.ok) {
        tell_rest(&mistakes);
    }
    return result;
}

rig_result rig_cli_load_profile(const char *path, struct rig_server_profile **profile,
                                struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    const rig_result result = rig_profile_file_load(path, profile, &mistakes, err);

    if (!result.ok) {
        tell_rest(&mistakes);
    }
    return result;
}
