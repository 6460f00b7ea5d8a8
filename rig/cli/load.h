/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the files that people write; every mistake beyond the first, which is in the error, goes to
 * standard error. */
#ifndef RIG_CLI_LOAD_H
#define RIG_CLI_LOAD_H

#include "rig/suite/bench.h"
#include "rig/suite/ca_config.h"
#include "rig/suite/profile_file.h"
#include "rig/suite/suite.h"

RIG_CHECKED rig_result rig_cli_load_suite(const char *path, struct rig_suite **suite,
                                          struct rig_error *err);
RIG_CHECKED rig_result rig_cli_load_bench(const char *path, struct rig_bench **bench,
                                          struct rig_error *err);
RIG_CHECKED rig_result rig_cli_load_ca_config(const char *path, struct rig_ca_vault_config *config,
                                              struct rig_error *err);
/* The caller frees *profile with free(). */
RIG_CHECKED rig_result rig_cli_load_profile(const char *path, struct rig_server_profile **profile,
                                            struct rig_error *err);

#endif
