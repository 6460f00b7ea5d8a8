/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ca.yaml: where the CA of a Vault or OpenBao server is, and how the rig logs in. `rig vault setup`
 * writes one. Secrets do not stand in it; their files and environment variables are named.
 *
 *     rig: 1
 *     vault:
 *       address: https://ca.example:8200
 *       ca_file: api-ca.pem
 *       device: {mount: pki_device, role: rig-device}
 *       server: {mount: pki_device, role: rig-server}
 *       root: root.pem
 *       crls: [root.crl]
 *       login: {method: approle, role_id: 3f2a..., secret_id_file: station.secret}
 *       qa: {method: token, token_file: qa.token}
 *
 * Paths are relative to the file's folder. What is left out and has a variable (VAULT_ADDR,
 * VAULT_CACERT, VAULT_TOKEN, ...; BAO_* first) comes from there. Errors and `mistakes` as of
 * rig_suite_load.
 */
#ifndef RIG_SUITE_CA_CONFIG_H
#define RIG_SUITE_CA_CONFIG_H

#include "rig/ca/vault.h"

RIG_CHECKED rig_result rig_ca_config_load(const char *path, struct rig_ca_vault_config *config,
                                          struct rig_buf *mistakes, struct rig_error *err);
RIG_CHECKED rig_result rig_ca_config_parse(const char *path_for_messages, const char *text,
                                           size_t n_bytes, struct rig_ca_vault_config *config,
                                           struct rig_buf *mistakes, struct rig_error *err);

#endif
