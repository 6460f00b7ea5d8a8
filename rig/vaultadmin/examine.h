/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the doctor share. The judging functions are pure: they take what the API said
 * and add findings. Private to rig/vaultadmin and its tests.
 */
#ifndef RIG_VAULTADMIN_EXAMINE_H
#define RIG_VAULTADMIN_EXAMINE_H

#include "rig/vaultadmin/api.h"
#include "rig/vaultadmin/doctor.h"

struct rig_finding_words {
    enum rig_vault_severity severity;
    const char *id;
    const char *risk;
};

/* Adds a finding; problem and remedy are made by the caller. */
RIG_CHECKED rig_result rig_finding_add(struct rig_vault_findings *findings,
                                       const struct rig_finding_words *words, const char *where,
                                       const char *problem, const char *remedy,
                                       struct rig_error *err);
/* The same with a problem to be put together. */
RIG_CHECKED rig_result rig_finding_addf(struct rig_vault_findings *findings,
                                        const struct rig_finding_words *words, const char *where,
                                        const char *remedy, struct rig_error *err, const char *fmt,
                                        ...) RIG_PRINTF(6, 7);

struct rig_examination {
    const struct rig_vault_doctor *doctor;
    struct rig_vault_findings *findings;
    struct rig_admin_api api; /* of the eyes */
};

/* As rig_admin_get; where the login may not look, a note is added and *seen is false. */
RIG_CHECKED rig_result rig_examine_look(struct rig_examination *examination, const char *path,
                                        json_t **data, bool *seen, struct rig_error *err);

/* doctor_role.c. `path`: "pki_device/roles/rig-device". `default_ttl_s`: of the mount, what a
 * request without ttl gets; `version`: the server's. */
struct rig_role_facts {
    const char *path;
    const json_t *role; /* as the API gives it */
    bool server;        /* signs servers, not devices */
    int64_t default_ttl_s;
    const char *version;
};
RIG_CHECKED rig_result rig_judge_role(const struct rig_role_facts *facts,
                                      struct rig_vault_findings *findings, struct rig_error *err);

/* doctor_ca.c: issuer, chain, CRLs, addresses of one mount. `ttl_s`: what its role gives. */
RIG_CHECKED rig_result rig_examine_ca(struct rig_examination *examination, const char *mount,
                                      int64_t ttl_s, struct rig_error *err);

/* doctor_access.c: logins, what a station may, audit, clock, TLS. */
RIG_CHECKED rig_result rig_examine_access(struct rig_examination *examination,
                                          struct rig_error *err);
/* `capabilities`: the answer of sys/capabilities-self to rig_station_paths. */
RIG_CHECKED rig_result rig_judge_station(const struct rig_vault_doctor *doctor,
                                         const json_t *capabilities,
                                         struct rig_vault_findings *findings,
                                         struct rig_error *err);
/* {"paths": [...]}: what to ask about; a new reference, NULL when memory is short. */
json_t *rig_station_paths(const struct rig_vault_doctor *doctor);

#endif
