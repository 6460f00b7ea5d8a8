/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/cli/vault_access.h"

#include "rig/base/secret.h"

#include <string.h>

#define STDIN_TIMEOUT_MS 60000

void rig_vault_access_free(struct rig_vault_access *access)
{
    rig_buf_free(&access->options.login.secret);
    rig_vault_environment_free(&access->environment);
}

static rig_result read_token(const struct rig_cli *cli, struct rig_buf *token,
                             struct rig_error *err)
{
    const char *file = rig_cli_value(cli, "token-file", NULL);

    if (file == NULL) {
        return RIG_DONE;
    }
    if (strcmp(file, "-") == 0) {
        return rig_secret_from_fd(STDIN_FILENO, "token", token,
                                  rig_wait_ms(STDIN_TIMEOUT_MS, cli->cancel), err);
    }
    return rig_secret_from_file(file, "token", token, err);
}

rig_result rig_cli_vault_open(const struct rig_cli *cli, struct rig_vault_access *access,
                              struct rig_vault **vault, struct rig_error *err)
{
    struct rig_vault_options *options = &access->options;

    options->clock = &rig_clock_system;
    options->login.kind = RIG_VAULT_TOKEN;
    options->login.secret.secret = true;
    options->address = rig_cli_value(cli, "address", NULL);
    options->ca_file = rig_cli_value(cli, "ca-file", NULL);
    options->tls_server_name = rig_cli_value(cli, "tls-server-name", NULL);
    options->namespace_path = rig_cli_value(cli, "namespace", NULL);
    RIG_TRY(read_token(cli, &options->login.secret, err));
    RIG_TRY(rig_vault_environment_fill(options, &access->environment, err));
    if (options->address == NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "no server is named: --address https://HOST:8200, or BAO_ADDR or "
                        "VAULT_ADDR in the environment");
    }
    if (options->login.secret.len == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                        "no token is given: --token-file FILE (mode 0600), or BAO_TOKEN or "
                        "VAULT_TOKEN in the environment");
    }
    return rig_vault_open(options, vault, err);
}
