/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/vaultadmin/doctor.h"

#include "rig/vaultadmin/examine.h"

#include <string.h>

#define SYSTEM_DEFAULT_TTL_S                                                                       \
    (INT64_C(768) * 3600) /* of a server whose configuration says nothing */

rig_result rig_examine_look(struct rig_examination *examination, const char *path, json_t **data,
                            bool *seen, struct rig_error *err)
{
    static const struct rig_finding_words words = {RIG_VAULT_NOTE, "could-not-look",
                                                   "what is wrong there stays unseen"};
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
    const struct rig_vault_request request = {.method = RIG_VAULT_GET, .path = path};

    *data = NULL;
    *seen = true;
    if (rig_vault_call(examination->api.vault, &request, &reply, examination->api.wait, err).ok) {
        *data = json_incref(reply.data);
        return RIG_DONE;
    }
    if (reply.fault == RIG_VAULT_FAULT_NOT_FOUND || reply.fault == RIG_VAULT_FAULT_NO_ROUTE) {
        return RIG_DONE;
    }
    *seen = false;
    /* some paths are for a server's root namespace only, which is a bad request elsewhere */
    if (reply.fault != RIG_VAULT_FAULT_DENIED && reply.fault != RIG_VAULT_FAULT_BAD_REQUEST) {
        return (rig_result){.ok = false};
    }
    return rig_finding_addf(examination->findings, &words, path,
                            "look with a login that may: the QA login of rig vault setup, or an "
                            "administrator's token",
                            err,
                            reply.fault == RIG_VAULT_FAULT_DENIED
                                ? "the login (%s) may not read it"
                                : "the login (%s) can't read it from within this namespace",
                            examination->doctor->eyes_name);
}

/* what a request without ttl gets */
static rig_result default_ttl(struct rig_examination *at, const char *mount, int64_t *ttl_s,
                              struct rig_error *err)
{
    RIG_AUTO(rig_auto_json) json_t *tune = NULL;
    char path[RIG_ADMIN_PATH_SIZE];
    bool seen = false;

    RIG_TRY(rig_admin_path(path, err, "sys/mounts/%s/tune", mount));
    RIG_TRY(rig_examine_look(at, path, &tune, &seen, err));
    *ttl_s = rig_admin_number(tune, "default_lease_ttl", 0);
    *ttl_s = *ttl_s > 0 ? *ttl_s : SYSTEM_DEFAULT_TTL_S;
    return RIG_DONE;
}

static rig_result examine_place(struct rig_examination *at,
                                const struct rig_vault_doctor_place *place, bool server,
                                struct rig_error *err)
{
    static const struct rig_finding_words none = {RIG_VAULT_CRITICAL, "no-role",
                                                  "nothing can be signed"};
    RIG_AUTO(rig_auto_json) json_t *role = NULL;
    char path[RIG_ADMIN_PATH_SIZE];
    int64_t mount_ttl_s = 0;
    int64_t ttl_s;
    bool seen = false;

    if (place->mount == NULL) {
        return RIG_DONE;
    }
    RIG_TRY(default_ttl(at, place->mount, &mount_ttl_s, err));
    RIG_TRY(rig_admin_path(path, err, "%s/roles/%s", place->mount, place->role));
    RIG_TRY(rig_examine_look(at, path, &role, &seen, err));
    if (seen && role == NULL) {
        RIG_TRY(rig_finding_add(at->findings, &none, path, "there is no such role",
                                "rig vault setup, or the right mount and role in ca.yaml", err));
    }
    if (role != NULL) {
        RIG_TRY(rig_judge_role(&(struct rig_role_facts){.path = path,
                                                        .role = role,
                                                        .server = server,
                                                        .default_ttl_s = mount_ttl_s,
                                                        .version = at->findings->version},
                               at->findings, err));
    }
    ttl_s = rig_admin_seconds(json_object_get(role, "ttl"));
    ttl_s = ttl_s > 0 ? ttl_s : rig_admin_seconds(json_object_get(role, "max_ttl"));
    return rig_examine_ca(at, place->mount, ttl_s > 0 ? ttl_s : mount_ttl_s, err);
}

rig_result rig_vault_examine(const struct rig_vault_doctor *doctor,
                             struct rig_vault_findings *findings, struct rig_wait wait,
                             struct rig_error *err)
{
    struct rig_examination at = {doctor, findings, {doctor->eyes, wait}};
    const bool same_mount = doctor->server.mount != NULL && doctor->device.mount != NULL &&
                            strcmp(doctor->server.mount, doctor->device.mount) == 0;
    static const struct rig_finding_words shared = {
        RIG_VAULT_WARNING, "one-ca-for-both",
        "a server that a board must refuse (signed by the CA of devices) is one that it accepts"};

    RIG_TRY(rig_examine_access(&at, err));
    RIG_TRY(examine_place(&at, &doctor->device, false, err));
    if (same_mount) {
        return rig_finding_add(findings, &shared, doctor->server.mount,
                               "devices and test servers are signed by one CA",
                               "a mount of its own for servers: rig vault setup", err);
    }
    return examine_place(&at, &doctor->server, true, err);
}
