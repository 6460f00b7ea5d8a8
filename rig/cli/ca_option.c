/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/cli/ca_option.h"

#include "rig/cli/load.h"
#include "rig/cli/passphrase.h"

#include <string.h>

rig_result rig_cli_ca_read(const struct rig_cli *cli, struct rig_cli_ca *ca, struct rig_error *err)
{
    const char *name = rig_cli_value(cli, "ca", "local");
    const char *config = rig_cli_value(cli, "ca-config", NULL);
    const bool vault = strcmp(name, "vault") == 0;

    memset(ca, 0, sizeof *ca);
    ca->passphrase.secret = true;
    if (!vault && strcmp(name, "local") != 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND, "--ca '%s' is none of: local, vault",
                        name);
    }
    if (vault != (config != NULL)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        vault ? "--ca vault needs --ca-config FILE: where the server is and how to "
                                "log in ('rig vault setup' writes one)"
                              : "--ca-config goes with --ca vault only");
    }
    RIG_TRY(rig_cli_passphrase(cli, &ca->passphrase, err));
    ca->choice.passphrase = ca->passphrase.len != 0 ? rig_buf_text(&ca->passphrase) : NULL;
    if (vault) {
        RIG_TRY(rig_cli_load_ca_config(config, &ca->vault, err));
        RIG_TRY(rig_ca_vault_config_complete(&ca->vault, err));
        ca->choice.vault = &ca->vault;
    }
    return RIG_DONE;
}

void rig_cli_ca_free(struct rig_cli_ca *ca)
{
    rig_ca_vault_config_free(&ca->vault);
    rig_buf_free(&ca->passphrase);
}
