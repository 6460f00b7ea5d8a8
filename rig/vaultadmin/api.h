/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing a Vault's configuration: one line per call. What is not there is no error
 * here but NULL. Errors as of rig/vault/client.h, with the path. Private to rig/vaultadmin.
 * Threads: as of the client.
 */
#ifndef RIG_VAULTADMIN_API_H
#define RIG_VAULTADMIN_API_H

#include "rig/vault/client.h"

struct rig_admin_api {
    struct rig_vault *vault; /* borrowed */
    struct rig_wait wait;
};

static inline void rig_auto_json(json_t **slot)
{
    json_decref(*slot);
    *slot = NULL;
}

/* "<mount>/<rest>" into `out`; paths of the API are short, and longer ones are INVALID (USAGE). */
#define RIG_ADMIN_PATH_SIZE 320
RIG_CHECKED rig_result rig_admin_path(char out[RIG_ADMIN_PATH_SIZE], struct rig_error *err,
                                      const char *fmt, ...) RIG_PRINTF(3, 4);

/* `data` of a path, a new reference; NULL where there is nothing. */
RIG_CHECKED rig_result rig_admin_get(struct rig_admin_api api, const char *path, json_t **data,
                                     struct rig_error *err);
/* The keys of a list, a new reference; an empty array where there is nothing. */
RIG_CHECKED rig_result rig_admin_list(struct rig_admin_api api, const char *path, json_t **keys,
                                      struct rig_error *err);
/* `data` may be NULL: the answer does not matter. Else a new reference, NULL for an empty answer.
 * Takes over `body`, also when it fails; a NULL body is NO_MEMORY. */
RIG_CHECKED rig_result rig_admin_post(struct rig_admin_api api, const char *path, json_t *body,
                                      json_t **data, struct rig_error *err);

/* A member's text, number or truth; the fallback where it is absent or of another type. */
const char *rig_admin_text(const json_t *object, const char *key, const char *fallback);
int64_t rig_admin_number(const json_t *object, const char *key, int64_t fallback);
bool rig_admin_flag(const json_t *object, const char *key, bool fallback);
/* Seconds of a number or of "72h", "1h30m", "90" or "3d"; -1 for anything else. */
int64_t rig_admin_seconds(const json_t *value);

#endif
