/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment variables that users of Vault and OpenBao know: for each of the names below,
 * BAO_<name> is looked at first, then VAULT_<name>. What the caller has set already stays.
 *
 *   ADDR, NAMESPACE, CACERT, CAPATH, CLIENT_CERT, CLIENT_KEY, TLS_SERVER_NAME
 *   TOKEN            taken out of the environment; when there is none: the first line of
 *                    ~/.vault-token, which 'bao login' writes and only its owner may read
 *   CLIENT_TIMEOUT   "60", "60s", "1m30s"
 *   MAX_RETRIES      0: none
 *   SKIP_VERIFY      refused (USAGE) unless `skip_verify` is set already: a variable that somebody
 *                    left behind must not switch verification off
 *
 * Changes the environment: before threads are started. Errors: class USAGE, naming the variable.
 */
#ifndef RIG_VAULT_ENVIRONMENT_H
#define RIG_VAULT_ENVIRONMENT_H

#include "rig/vault/client.h"

/* Owns the texts that the options borrow; {0} before. */
struct rig_vault_environment {
    char *texts[8];
};
void rig_vault_environment_free(struct rig_vault_environment *environment);

/* A token is looked for only where options->login.kind is RIG_VAULT_TOKEN and no secret is there;
 * it is appended to options->login.secret, which the caller frees. Finding none is no error. */
RIG_CHECKED rig_result rig_vault_environment_fill(struct rig_vault_options *options,
                                                  struct rig_vault_environment *environment,
                                                  struct rig_error *err);

#endif
