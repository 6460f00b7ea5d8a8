/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of a set-up share. Every step looks at the server as it is, adds to the plan, and
 * does what it added when `apply` is set. Private to rig/vaultadmin.
 */
#ifndef RIG_VAULTADMIN_SETUP_PARTS_H
#define RIG_VAULTADMIN_SETUP_PARTS_H

#include "rig/ca/local.h"
#include "rig/vaultadmin/api.h"
#include "rig/vaultadmin/setup.h"

#include <limits.h>

struct rig_setup {
    struct rig_admin_api api;
    struct rig_vault_setup options; /* with its defaults */
    struct rig_plan *plan;
    bool apply;
    bool openbao;
    json_t *mounts;             /* sys/mounts as the step before left it */
    char root_folder[PATH_MAX]; /* of a root kept here */
    bool root_away;             /* known, but its folder is not on this host */
    struct rig_ca *root;        /* opened when it is needed */
    struct rig_buf root_pem;    /* empty while the root is not known */
    size_t n_issuers;           /* mounts that have their CA */
};

/* One mount with its CA. */
struct rig_setup_side {
    const char *mount;
    const char *label;       /* "device": in the CA's name and the option's */
    const char *signed_file; /* may be NULL */
    int64_t ttl_s;           /* of what it issues */
};

/* An object of the API: right, created or changed. Takes over `wanted`. `replaces`: writing resets
 * what is not named, so all the rest is written back as it was. */
RIG_CHECKED rig_result rig_setup_object(struct rig_setup *setup, const char *what, const char *path,
                                        json_t *wanted, bool replaces, struct rig_error *err);

/* A file below the folder: right, created or changed. */
RIG_CHECKED rig_result rig_setup_file(struct rig_setup *setup, const char *name,
                                      const struct rig_buf *content, mode_t mode,
                                      struct rig_error *err);
/* "<folder>/<name>"; the caller frees it. */
RIG_CHECKED rig_result rig_setup_path(const struct rig_setup *setup, const char *name, char **path,
                                      struct rig_error *err);

/* setup_ca.c */
RIG_CHECKED rig_result rig_setup_root(struct rig_setup *setup, struct rig_error *err);
RIG_CHECKED rig_result rig_setup_issuer(struct rig_setup *setup, const struct rig_setup_side *side,
                                        struct rig_error *err);
RIG_CHECKED rig_result rig_setup_root_crl(struct rig_setup *setup, struct rig_buf *pem,
                                          struct rig_error *err);

/* setup_files.c: logins, their secrets, ca.yaml and what it names */
RIG_CHECKED rig_result rig_setup_files(struct rig_setup *setup, struct rig_error *err);

#endif
