/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CA of a HashiCorp Vault or OpenBao server: signs by role, with the validity that was asked
 * for, and gives no certificate that does not lead to the pinned root.
 *
 * Two logins: the station's, which may sign device certificates and nothing else, and the one of
 * QA, which revokes, rotates CRLs, lists and has the test server's certificates signed. A file
 * `ca.yaml` says where and how (rig_ca_config_load of rig/suite); what it leaves out comes from the
 * environment, BAO_* before VAULT_*, as other programs take it.
 *
 * An answer that got lost is looked up by the public key before anything is asked for again: no
 * certificate is issued twice without a word.
 *
 * Errors: those of rig/vault/client.h and of rig/ca/ca.h; POLICY (class CA) where the server
 * changed what was asked for (a capped ttl), where its CA is not that of the pinned root, and
 * where a CRL is missing, lapsed or another CA's. Threads: as of rig/ca/ca.h.
 */
#ifndef RIG_CA_VAULT_H
#define RIG_CA_VAULT_H

#include "rig/ca/ca.h"
#include "rig/vault/client.h"

#define RIG_CA_VAULT_PATH_SIZE 512
#define RIG_CA_VAULT_MAX_CRLS 8

struct rig_ca_vault_role {
    char mount[128]; /* of the PKI engine: "pki_device" */
    char role[128];
};

/* Where a login's secret lies; never the secret itself. "" not given. */
struct rig_ca_vault_login {
    bool given;
    enum rig_vault_login_kind kind;
    char mount[128];   /* of the auth method; "" its own name */
    char role_id[128]; /* APPROLE */
    char role[128];    /* CERT: name of the role */
    char secret_id_file[RIG_CA_VAULT_PATH_SIZE];
    char secret_id_env[64]; /* name of an environment variable */
    char token_file[RIG_CA_VAULT_PATH_SIZE];
    char token_env[64];
    char certificate_file[RIG_CA_VAULT_PATH_SIZE]; /* CERT: of the TLS connection */
    char key_file[RIG_CA_VAULT_PATH_SIZE];
    struct rig_buf secret; /* filled by rig_ca_vault_config_complete; marked secret */
};

/* A ca.yaml, read. Paths are ready to open: those of the file are relative to its folder. "" not
 * given. */
struct rig_ca_vault_config {
    char path[RIG_CA_VAULT_PATH_SIZE]; /* of the file, for messages */
    char address[256];
    char namespace_path[128];
    char ca_file[RIG_CA_VAULT_PATH_SIZE]; /* of the API's TLS; "" the system's trust */
    char ca_folder[RIG_CA_VAULT_PATH_SIZE];
    char tls_server_name[128];
    bool skip_verify; /* spelt `tls_verify: off-i-know` */
    bool under_test;  /* by a suite of attacks: a role with too many purposes is let in */
    int64_t request_timeout_ms;
    int64_t max_clock_skew_ms;
    struct rig_ca_vault_role device;
    struct rig_ca_vault_role server;        /* "" the device's mount */
    char root_file[RIG_CA_VAULT_PATH_SIZE]; /* pinned, PEM */
    size_t n_crls;
    /* of the CAs above that the server does not have: PEM or DER */
    char crl_files[RIG_CA_VAULT_MAX_CRLS][RIG_CA_VAULT_PATH_SIZE];
    struct rig_ca_vault_login login;
    struct rig_ca_vault_login qa; /* not given: as login */
};

/*
 * Takes what the file leaves out from the environment and reads the secrets. The variables that
 * held secrets are gone then; call it before threads are started. Class USAGE names what is
 * missing. What it reads is freed with rig_ca_vault_config_free, also after a failure.
 */
RIG_CHECKED rig_result rig_ca_vault_config_complete(struct rig_ca_vault_config *config,
                                                    struct rig_error *err);
void rig_ca_vault_config_free(struct rig_ca_vault_config *config);

/* A client for one of the two logins, which connects to nothing yet. A server that wants a
 * certificate of every client gets the station's where the login has none of its own. Borrows as
 * rig_ca_vault_open does; the caller closes *client. */
RIG_CHECKED rig_result rig_ca_vault_open_client(const struct rig_ca_vault_config *config,
                                                const struct rig_ca_vault_login *login,
                                                const struct rig_clock *clock,
                                                struct rig_vault **client, struct rig_error *err);

/*
 * Logs in and looks, before anything is signed: health, seal, clock, token, mount, issuer up to the
 * pinned root, role (as far as the login may read it). What is wrong fails with what to do.
 * `config` is complete, and borrowed until it returns; `clock` until the close. The caller closes
 * *ca.
 */
RIG_CHECKED rig_result rig_ca_vault_open(const struct rig_ca_vault_config *config,
                                         const struct rig_clock *clock, struct rig_ca **ca,
                                         struct rig_wait wait, struct rig_error *err);

#endif
