/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options by which several commands say who signs: --ca, --ca-config, --ca-passphrase-file. To
 * be read before threads are started: secrets leave the environment here.
 */
#ifndef RIG_CLI_CA_OPTION_H
#define RIG_CLI_CA_OPTION_H

#include "rig/cli/cli.h"
#include "rig/run/ca_choice.h"

#define RIG_CLI_CA_OPTIONS                                                                         \
    {"ca", "NAME", "who signs: local (a CA in DIR/ca; the default) or vault", "local vault"},      \
        {"ca-config", "FILE", "vault: where it is and how to log in (ca.yaml)", NULL},             \
    {                                                                                              \
        "ca-passphrase-file", "FILE", "passphrase of the local CA's keys, first line (mode 0600)", \
            NULL                                                                                   \
    }

struct rig_cli_ca {
    struct rig_ca_vault_config vault;
    struct rig_buf passphrase;
    struct rig_ca_choice choice; /* borrows the two above */
};

/* The struct must not be moved afterwards. The caller frees it, also after a failure. */
RIG_CHECKED rig_result rig_cli_ca_read(const struct rig_cli *cli, struct rig_cli_ca *ca,
                                       struct rig_error *err);
void rig_cli_ca_free(struct rig_cli_ca *ca);

#endif
