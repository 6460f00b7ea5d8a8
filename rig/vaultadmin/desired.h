/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a set-up wants a server's objects to be, as the API writes and reads them. Pure; every
 * function gives a new reference, NULL when memory is short. The reasons for each value are in
 * the sources' tables. Private to rig/vaultadmin.
 */
#ifndef RIG_VAULTADMIN_DESIRED_H
#define RIG_VAULTADMIN_DESIRED_H

#include "rig/vaultadmin/setup.h"

#define RIG_STATION "rig-station" /* policy and AppRole of a signing station */
#define RIG_QA "rig-qa"
/* Life of a test server's certificate: its key lives as long as a run. */
#define RIG_SERVER_TTL_S (INT64_C(3) * 86400)

/* `options` with every default written out. `openbao`: fields that only OpenBao knows are there. */
json_t *rig_desired_device_role(const struct rig_vault_setup *options, bool openbao);
json_t *rig_desired_server_role(const struct rig_vault_setup *options, bool openbao);
/* Of sys/mounts/<mount>/tune. */
json_t *rig_desired_tune(int64_t default_ttl_s);
json_t *rig_desired_urls(const struct rig_vault_setup *options, const char *mount);
json_t *rig_desired_crl(const struct rig_vault_setup *options);
/* {"policy": text} */
json_t *rig_desired_station_policy(const struct rig_vault_setup *options);
json_t *rig_desired_qa_policy(const struct rig_vault_setup *options);
/* Of auth/approle/role/... */
json_t *rig_desired_station_approle(const struct rig_vault_setup *options);
json_t *rig_desired_qa_approle(const struct rig_vault_setup *options);
/* Of auth/cert/certs/...; `ca_pem`: whose certificates may log in. */
json_t *rig_desired_station_cert(const struct rig_vault_setup *options, const char *ca_pem);

#endif
