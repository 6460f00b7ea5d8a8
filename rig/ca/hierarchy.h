/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local CA's folder: `ca.db` and, for each level, `<level>/certificate.pem`, `key.pem` (0600)
 * and `crl.pem`. It is made beside its final place and renamed into it, so it is there as a whole
 * or not at all, also when its maker is killed; what a killed maker left behind is removed by the
 * next one.
 *
 * Errors: class USAGE for the plan, the passphrase and the key's file mode; class RIG for files,
 * with path and remedy. Threads: any number of threads and processes may make or load one folder at
 * once; one of them makes it.
 */
#ifndef RIG_CA_HIERARCHY_H
#define RIG_CA_HIERARCHY_H

#include "rig/ca/local.h"
#include "rig/ca/pki.h"
#include "rig/ca/store.h"

struct rig_ca_level {
    char name[RIG_CA_LEVEL_NAME_SIZE];
    X509 *certificate;
    EVP_PKEY *key;
};

struct rig_ca_hierarchy {
    size_t n_levels; /* root first */
    struct rig_ca_level levels[RIG_CA_MAX_LEVELS];
};
void rig_ca_hierarchy_free(struct rig_ca_hierarchy *hierarchy);

/* "<folder>/ca.db" and the like; the caller frees it. */
RIG_CHECKED rig_result rig_ca_hierarchy_path(const char *folder, const char *level,
                                             const char *file, char **out, struct rig_error *err);

/* EXISTS when `folder` came to hold a CA meanwhile. */
RIG_CHECKED rig_result rig_ca_hierarchy_make(const char *folder,
                                             const struct rig_ca_local_plan *plan,
                                             const char *passphrase, const struct rig_clock *clock,
                                             struct rig_error *err);

/* Reads and checks what `facts` (of ca.db) says is there. The caller frees the hierarchy, also
 * after a failure. */
RIG_CHECKED rig_result rig_ca_hierarchy_load(const char *folder,
                                             const struct rig_ca_store_facts *facts,
                                             const char *passphrase,
                                             struct rig_ca_hierarchy *hierarchy,
                                             struct rig_error *err);

#endif
