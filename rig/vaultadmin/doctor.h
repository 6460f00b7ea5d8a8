/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rig vault doctor`: looks at a CA of Vault or OpenBao as it is, made by a set-up of ours or not,
 * and says what is wrong with it: what it is, what an attacker or an accident could do with it, and
 * the command that mends it. Changes nothing on the server.
 *
 * Severities: `critical`, somebody can get a certificate that they must not have, or boards are or
 * will soon be refused; `warning`, the same after one more mistake; `note`, worth knowing, and what
 * the login was not allowed to look at.
 *
 * Errors: as of rig/vault/client.h when the server can't be asked at all; class USAGE for files. A
 * path that the login may not read is no error. Threads: one at a time per object.
 */
#ifndef RIG_VAULTADMIN_DOCTOR_H
#define RIG_VAULTADMIN_DOCTOR_H

#include "rig/vault/client.h"

enum rig_vault_severity {
    RIG_VAULT_NOTE = 0,
    RIG_VAULT_WARNING,
    RIG_VAULT_CRITICAL,
    RIG_VAULT_N_SEVERITIES
};
/* "note", "warning", "critical" */
const char *rig_vault_severity_name(enum rig_vault_severity severity);

struct rig_vault_finding {
    enum rig_vault_severity severity;
    const char *id; /* "role-any-name"; static, the same for ever */
    char *where;    /* a path of the API, a file, a login */
    char *problem;  /* what is the case */
    char *risk;     /* what can come of it */
    char *remedy;   /* a command, or what to do */
};

struct rig_vault_findings {
    struct rig_vault_finding *items;
    size_t n_items;
    size_t counts[RIG_VAULT_N_SEVERITIES];
    char version[64];      /* of the server */
    int64_t clock_skew_ms; /* the server's clock less ours */
};
void rig_vault_findings_free(struct rig_vault_findings *findings);

struct rig_vault_doctor_place {
    const char *mount; /* NULL: there is none to look at */
    const char *role;
};

/* Borrowed. */
struct rig_vault_doctor {
    struct rig_vault *eyes;    /* who looks: QA, or an administrator */
    const char *eyes_name;     /* "qa": for messages */
    struct rig_vault *station; /* whose rights are judged; NULL: not looked at */
    struct rig_vault_doctor_place device;
    struct rig_vault_doctor_place server;
    const char *root_file;        /* PEM; NULL: any root will do */
    const char *const *crl_files; /* of the CAs above; PEM or DER */
    size_t n_crl_files;
    int64_t max_clock_skew_ms; /* 0: 30000 */
    const struct rig_clock *clock;
};

/* The caller frees *findings, also after a failure. */
RIG_CHECKED rig_result rig_vault_examine(const struct rig_vault_doctor *doctor,
                                         struct rig_vault_findings *findings, struct rig_wait wait,
                                         struct rig_error *err);

/* For people; worst first. */
RIG_CHECKED rig_result rig_vault_findings_text(const struct rig_vault_findings *findings,
                                               const char *address, struct rig_buf *text,
                                               struct rig_error *err);
/* For programs: reports/schemas/vault-doctor.schema.json. */
RIG_CHECKED rig_result rig_vault_findings_json(const struct rig_vault_findings *findings,
                                               const char *address, struct rig_buf *text,
                                               struct rig_error *err);

#endif
