/* SPDX-License-Identifier: Apache-2.0 */
/* `rig vault doctor`; part of cmd_vault.c's command. */
#ifndef RIG_CLI_VAULT_DOCTOR_H
#define RIG_CLI_VAULT_DOCTOR_H

#include "rig/cli/cli.h"

/* Exit code 1 when a warning or worse was found. */
RIG_CHECKED rig_result rig_cli_vault_doctor(struct rig_cli *cli, int *exit_code,
                                            struct rig_error *err);

#endif
