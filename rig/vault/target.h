/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a request goes: the address that the user gave, or the active node that a standby names in
 * a redirect. Only https, and http to a loopback address. For rig/vault alone. Plain values with
 * owned texts; one thread at a time.
 */
#ifndef RIG_VAULT_TARGET_H
#define RIG_VAULT_TARGET_H

#include "rig/base/error.h"

struct rig_vault_target {
    char *address;    /* for people: "https://ca.example:8200/prefix", no slash at the end */
    char *base;       /* for libcurl: the same, with the TLS server name as its host */
    char *connect_to; /* CURLOPT_CONNECT_TO; NULL: the host of `base` */
    char *host;       /* "Host: ..." header; NULL: the one of `base` */
    char *path;       /* the address's own path, "" or "/prefix" */
    bool encrypted;
};

/* `tls_server_name` may be NULL. */
RIG_CHECKED rig_result rig_vault_target_parse(const char *address, const char *tls_server_name,
                                              struct rig_vault_target *target,
                                              struct rig_error *err);
/*
 * The target that `location` names: same path and query as `path` behind the address, https from
 * https, and from a verified server only. Else INVALID (class CA). A standby answers 307 so.
 */
RIG_CHECKED rig_result rig_vault_target_redirect(const struct rig_vault_target *from,
                                                 const char *path, const char *location,
                                                 const char *tls_server_name, bool verified,
                                                 struct rig_vault_target *target,
                                                 struct rig_error *err);
void rig_vault_target_free(struct rig_vault_target *target);

#endif
