/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rig vault setup`: makes a Vault or OpenBao server ready to sign for a rig, and says so first.
 *
 * Two PKI mounts under one root: one issues device certificates and can issue nothing else, the
 * other issues the certificates of the rig's own test servers (a board holds one trust anchor, and
 * must refuse a server certificate of the device CA). The root is a folder of this host (rig/ca,
 * key encrypted), or is kept elsewhere: then the CSRs are left as files, and a second call installs
 * what was signed. Then roles, two policies (signing station, QA), AppRoles, and a folder with
 * ca.yaml and all that it names.
 *
 * Why CRLs are rebuilt by time (auto_rebuild) and not only at a revocation: a CRL that is rebuilt
 * only then lapses when nobody revokes for its lifetime, and every board is refused by servers that
 * check it. The price, a revocation that shows up late, is paid by rotating the CRL right after the
 * revocation: QA's policy grants it, and the rig does it.
 *
 * Both functions look at the server as it is: what is right stays untouched, so that a second
 * set-up finds nothing to do, and one that was interrupted goes on where it was.
 *
 * Errors: as of rig/vault/client.h and rig/ca/ca.h; class RIG for files; class USAGE for options;
 * class CA, POLICY, for a CA that is there already and is not of this root (it is never replaced).
 * One thread at a time per server and folder.
 */
#ifndef RIG_VAULTADMIN_SETUP_H
#define RIG_VAULTADMIN_SETUP_H

#include "rig/vault/client.h"
#include "rig/vaultadmin/plan.h"

/* Borrowed. What is NULL or 0 takes its default. */
struct rig_vault_setup {
    const char *folder;         /* of ca.yaml and the files beside it; made when it is missing */
    const char *device_mount;   /* "pki_device" */
    const char *device_role;    /* "rig-device" */
    const char *server_mount;   /* "pki_server" */
    const char *server_role;    /* "rig-test-server" */
    const char *device_names;   /* globs, comma separated: "rig-*" */
    const char *server_domains; /* domains of the test servers, comma separated: "rig.test" */
    const char *organization;   /* of every subject; none */
    const char *country;        /* two capital letters; none */
    int64_t device_days;        /* 1095 */
    int64_t root_days;          /* 7300; an intermediate gets half of that */
    int64_t crl_hours;          /* 168: of the intermediates' CRLs */

    const char *public_url; /* base of the URLs in certificates; the server's address */
    const char *namespace_path;

    const char *root_folder;   /* of a root kept here: "<folder>/root" */
    const char *passphrase;    /* of its key; needed whenever that is used */
    bool offline_root;         /* the root is kept elsewhere */
    const char *signed_device; /* PEM file: the device CA's certificate, then the root's */
    const char *signed_server; /* the same for the servers' CA */
    const char *root_crl;      /* PEM file: CRL of a root kept elsewhere */

    int64_t token_ttl_s;       /* 3600; of station and QA */
    int64_t station_uses;      /* uses of a station's token; 0 any number */
    const char *station_cidrs; /* where a station may log in from, comma separated; anywhere */
    const char *station_ca; /* PEM file: stations may also log in with a certificate of this CA */

    const char *ca_file;         /* of the API's TLS, for ca.yaml; the system's */
    const char *tls_server_name; /* for ca.yaml */
    const struct rig_clock *clock;
};

/* What a set-up would do, without doing any of it. Appends to *plan. */
RIG_CHECKED rig_result rig_vault_setup_plan(struct rig_vault *vault,
                                            const struct rig_vault_setup *setup,
                                            struct rig_plan *plan, struct rig_wait wait,
                                            struct rig_error *err);

/* Does it; *plan says what was done. */
RIG_CHECKED rig_result rig_vault_setup_apply(struct rig_vault *vault,
                                             const struct rig_vault_setup *setup,
                                             struct rig_plan *plan, struct rig_wait wait,
                                             struct rig_error *err);

#endif
