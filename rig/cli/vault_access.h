/* SPDX-License-Identifier: Apache-2.0 */
/* The options with which the commands of `rig vault` find a server and log in as its
 * administrator; what is not given comes from BAO_* and VAULT_* variables. */
#ifndef RIG_CLI_VAULT_ACCESS_H
#define RIG_CLI_VAULT_ACCESS_H

#include "rig/cli/cli.h"
#include "rig/vault/environment.h"

#define RIG_VAULT_ACCESS_OPTIONS                                                                   \
    {"address", "URL", "the server (default: BAO_ADDR, VAULT_ADDR)", NULL},                        \
        {"ca-file", "FILE", "whom to trust for its TLS certificate (BAO_CACERT, VAULT_CACERT)",    \
         NULL},                                                                                    \
        {"tls-server-name", "NAME", "name that its certificate must have", NULL},                  \
        {"namespace", "PATH", "namespace of mounts and logins (BAO_NAMESPACE, VAULT_NAMESPACE)",   \
         NULL},                                                                                    \
    {                                                                                              \
        "token-file", "FILE",                                                                      \
            "token of an administrator, mode 0600, '-' for standard input (BAO_TOKEN, "            \
            "VAULT_TOKEN, "                                                                        \
            "~/.vault-token)",                                                                     \
            NULL                                                                                   \
    }

/* {0} before. `options` borrows from the command line and from `environment`. */
struct rig_vault_access {
    struct rig_vault_options options;
    struct rig_vault_environment environment;
};
/* Also clears the token. */
void rig_vault_access_free(struct rig_vault_access *access);

/* The caller closes *vault, and frees the access also after a failure. */
RIG_CHECKED rig_result rig_cli_vault_open(const struct rig_cli *cli,
                                          struct rig_vault_access *access, struct rig_vault **vault,
                                          struct rig_error *err);

#endif
