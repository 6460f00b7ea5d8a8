/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/cli/passphrase.h"

#include "rig/base/secret.h"

rig_result rig_cli_passphrase(const struct rig_cli *cli, struct rig_buf *passphrase,
                              struct rig_error *err)
{
    const char *path = rig_cli_value(cli, "ca-passphrase-file", NULL);
    bool found = false;

    if (path != NULL) {
        return rig_secret_from_file(path, "passphrase", passphrase, err);
    }
    return rig_secret_from_environment("RIG_CA_PASSPHRASE", passphrase, &found, err);
}
