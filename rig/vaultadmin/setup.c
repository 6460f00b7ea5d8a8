/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/vaultadmin/setup.h"

#include "rig/base/file.h"
#include "rig/vaultadmin/desired.h"
#include "rig/vaultadmin/setup_parts.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SECONDS_PER_DAY 86400
#define MAX_OWN_FILE_BYTES 65536

/* Options ------------------------------------------------------------------------------------- */

static const char *text_or(const char *text, const char *fallback)
{
    return text != NULL && text[0] != '\0' ? text : fallback;
}

static int64_t number_or(int64_t number, int64_t fallback)
{
    return number != 0 ? number : fallback;
}

static rig_result check_options(const struct rig_vault_setup *full, struct rig_error *err)
{
    if (strcmp(full->device_mount, full->server_mount) == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "devices and test servers need a mount each, both are '%s': a CA that "
                        "signs both makes every device certificate's issuer one of servers",
                        full->device_mount);
    }
    if (full->device_days < 1 || full->crl_hours < 2 || full->root_days / 2 <= full->device_days) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "device certificates of %lld days do not fit a root of %lld days: the CA "
                        "between them lives half as long as the root, so give the root more than "
                        "%lld days",
                        (long long)full->device_days, (long long)full->root_days,
                        (long long)full->device_days * 2);
    }
    if (full->token_ttl_s < 60) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "tokens of %lld s are too short to sign a board with: at least 60",
                        (long long)full->token_ttl_s);
    }
    return RIG_DONE;
}

static rig_result complete_options(struct rig_setup *setup, const struct rig_vault_setup *given,
                                   struct rig_error *err)
{
    struct rig_vault_setup *full = &setup->options;
    int n;

    *full = *given;
    full->folder = text_or(given->folder, "vault");
    full->device_mount = text_or(given->device_mount, "pki_device");
    full->device_role = text_or(given->device_role, "rig-device");
    full->server_mount = text_or(given->server_mount, "pki_server");
    full->server_role = text_or(given->server_role, "rig-test-server");
    full->device_names = text_or(given->device_names, "rig-*");
    full->server_domains = text_or(given->server_domains, "rig.test");
    full->device_days = number_or(given->device_days, 1095);
    full->root_days = number_or(given->root_days, 7300);
    full->crl_hours = number_or(given->crl_hours, 168);
    full->public_url = text_or(given->public_url, rig_vault_address(setup->api.vault));
    full->token_ttl_s = number_or(given->token_ttl_s, 3600);
    full->clock = given->clock != NULL ? given->clock : &rig_clock_system;
    n = given->root_folder != NULL
            ? snprintf(setup->root_folder, sizeof setup->root_folder, "%s", given->root_folder)
            : snprintf(setup->root_folder, sizeof setup->root_folder, "%s/root", full->folder);
    if (n < 0 || (size_t)n >= sizeof setup->root_folder) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "the folder's name is too long");
    }
    return check_options(full, err);
}

/* Objects and files --------------------------------------------------------------------------- */

rig_result rig_setup_object(struct rig_setup *setup, const char *what, const char *path,
                            json_t *wanted, bool replaces, struct rig_error *err)
{
    RIG_AUTO(rig_auto_json) json_t *owned = wanted;
    RIG_AUTO(rig_auto_json) json_t *current = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf lines = {0};
    size_t n_differences = 0;

    if (owned == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(rig_admin_get(setup->api, path, &current, err));
    RIG_TRY(rig_plan_diff(current, owned, &lines, &n_differences, err));
    if (current != NULL && n_differences == 0) {
        return rig_plan_add(setup->plan, RIG_PLAN_RIGHT, NULL, err, "%s", what);
    }
    RIG_TRY(rig_plan_add(setup->plan, current != NULL ? RIG_PLAN_CHANGE : RIG_PLAN_CREATE,
                         rig_buf_text(&lines), err, "%s", what));
    if (!setup->apply) {
        return RIG_DONE;
    }
    RIG_TRY_IN(rig_admin_post(setup->api, path,
                              replaces ? rig_plan_merge(current, owned) : json_incref(owned), NULL,
                              err),
               err, "%s", what);
    return RIG_DONE;
}

rig_result rig_setup_path(const struct rig_setup *setup, const char *name, char **path,
                          struct rig_error *err)
{
    return rig_path_join(setup->options.folder, name, path, err);
}

rig_result rig_setup_file(struct rig_setup *setup, const char *name, const struct rig_buf *content,
                          mode_t mode, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *path = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf there = {.secret = true};
    struct stat info;
    bool exists;

    RIG_TRY(rig_setup_path(setup, name, &path, err));
    exists = stat(path, &info) == 0;
    if (exists) {
        RIG_TRY(rig_file_read(path, MAX_OWN_FILE_BYTES, &there, err));
        if (there.len == content->len &&
            (there.len == 0 || memcmp(there.data, content->data, there.len) == 0)) {
            return rig_plan_add(setup->plan, RIG_PLAN_RIGHT, NULL, err, "file %s", path);
        }
    }
    RIG_TRY(rig_plan_add(setup->plan, exists ? RIG_PLAN_CHANGE : RIG_PLAN_CREATE, NULL, err,
                         "file %s (mode %04o)", path, (unsigned)mode));
    if (!setup->apply) {
        return RIG_DONE;
    }
    RIG_TRY(rig_dir_make(setup->options.folder, 0700, err));
    return rig_file_replace(path, content->data, content->len, mode, err);
}

/* Mounts -------------------------------------------------------------------------------------- */

static rig_result read_mounts(struct rig_setup *setup, struct rig_error *err)
{
    const char *version;

    rig_auto_json(&setup->mounts);
    RIG_TRY_IN(rig_admin_get(setup->api, "sys/mounts", &setup->mounts, err), err,
               "looking at the server's mounts needs the token of an administrator");
    version = rig_admin_text(json_object_get(setup->mounts, "sys/"), "running_plugin_version", "");
    setup->openbao = strstr(version, "builtin.bao") != NULL;
    return RIG_DONE;
}

static rig_result make_mount(struct rig_setup *setup, const struct rig_setup_side *side,
                             struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf lines = {0};
    RIG_AUTO(rig_auto_json) json_t *config = rig_desired_tune(side->ttl_s);
    char path[RIG_ADMIN_PATH_SIZE];
    size_t n_differences = 0;

    if (config == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(rig_plan_diff(NULL, config, &lines, &n_differences, err));
    RIG_TRY(rig_plan_add(setup->plan, RIG_PLAN_CREATE, rig_buf_text(&lines), err,
                         "mount %s of type pki", side->mount));
    if (!setup->apply) {
        return RIG_DONE;
    }
    RIG_TRY(rig_admin_path(path, err, "sys/mounts/%s", side->mount));
    return rig_admin_post(setup->api, path,
                          json_pack("{s:s, s:s, s:O}", "type", "pki", "description",
                                    strcmp(side->label, "device") == 0
                                        ? "issues device certificates (rig)"
                                        : "issues the rig's test servers' certificates",
                                    "config", config),
                          NULL, err);
}

static rig_result tune_mount(struct rig_setup *setup, const struct rig_setup_side *side,
                             struct rig_error *err)
{
    RIG_AUTO(rig_auto_json) json_t *now = NULL;
    RIG_AUTO(rig_auto_json) json_t *owned = rig_desired_tune(side->ttl_s);
    char path[RIG_ADMIN_PATH_SIZE];
    char what[RIG_ADMIN_PATH_SIZE + 32];

    RIG_TRY(rig_admin_path(path, err, "sys/mounts/%s/tune", side->mount));
    RIG_TRY(rig_admin_get(setup->api, path, &now, err));
    /* room for longer lives is nobody's mistake: the role says how long */
    if (owned != NULL && rig_admin_number(now, "max_lease_ttl", 0) > side->ttl_s &&
        json_object_set(owned, "max_lease_ttl", json_object_get(now, "max_lease_ttl")) != 0) {
        return rig_fail_memory(err);
    }
    (void)snprintf(what, sizeof what, "mount %s: its lifetimes and audit keys", side->mount);
    return rig_setup_object(setup, what, path, json_incref(owned), false, err);
}

static rig_result step_mount(struct rig_setup *setup, const struct rig_setup_side *side,
                             struct rig_error *err)
{
    char key[RIG_ADMIN_PATH_SIZE];
    const json_t *mount;

    RIG_TRY(rig_admin_path(key, err, "%s/", side->mount));
    mount = json_object_get(setup->mounts, key);
    if (mount == NULL) {
        return make_mount(setup, side, err);
    }
    if (strcmp(rig_admin_text(mount, "type", ""), "pki") != 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_EXISTS,
                        "mount %s is there already and is of type %s, not pki: name another with "
                        "--%s-mount",
                        side->mount, rig_admin_text(mount, "type", "?"), side->label);
    }
    return tune_mount(setup, side, err);
}

static rig_result step_config(struct rig_setup *setup, const struct rig_setup_side *side,
                              struct rig_error *err)
{
    char path[RIG_ADMIN_PATH_SIZE];
    char what[RIG_ADMIN_PATH_SIZE + 64];

    RIG_TRY(rig_admin_path(path, err, "%s/config/urls", side->mount));
    (void)snprintf(what, sizeof what, "%s: CA, CRL and OCSP addresses in certificates", path);
    RIG_TRY(rig_setup_object(setup, what, path, rig_desired_urls(&setup->options, side->mount),
                             true, err));
    RIG_TRY(rig_admin_path(path, err, "%s/config/crl", side->mount));
    (void)snprintf(what, sizeof what, "%s: CRLs that never lapse", path);
    return rig_setup_object(setup, what, path, rig_desired_crl(&setup->options), true, err);
}

static rig_result step_roles(struct rig_setup *setup, struct rig_error *err)
{
    const struct rig_vault_setup *options = &setup->options;
    char path[RIG_ADMIN_PATH_SIZE];
    char what[RIG_ADMIN_PATH_SIZE + 64];

    RIG_TRY(rig_admin_path(path, err, "%s/roles/%s", options->device_mount, options->device_role));
    (void)snprintf(what, sizeof what, "role %s: devices, clients only", path);
    RIG_TRY(rig_setup_object(setup, what, path, rig_desired_device_role(options, setup->openbao),
                             true, err));
    RIG_TRY(rig_admin_path(path, err, "%s/roles/%s", options->server_mount, options->server_role));
    (void)snprintf(what, sizeof what, "role %s: test servers, servers only", path);
    return rig_setup_object(setup, what, path, rig_desired_server_role(options, setup->openbao),
                            true, err);
}

static rig_result step_policies(struct rig_setup *setup, struct rig_error *err)
{
    RIG_TRY(rig_setup_object(setup, "policy " RIG_STATION, "sys/policies/acl/" RIG_STATION,
                             rig_desired_station_policy(&setup->options), false, err));
    return rig_setup_object(setup, "policy " RIG_QA, "sys/policies/acl/" RIG_QA,
                            rig_desired_qa_policy(&setup->options), false, err);
}

/* All of it ----------------------------------------------------------------------------------- */

static rig_result say_who(struct rig_setup *setup, struct rig_error *err)
{
    RIG_AUTO(rig_vault_token_facts_free) struct rig_vault_token_facts facts = {0};

    RIG_TRY(rig_vault_token_facts(setup->api.vault, &facts, setup->api.wait, err));
    if (facts.root) {
        return rig_plan_add(setup->plan, RIG_PLAN_NOTE,
                            "a set-up needs it; nothing after it does. Revoke it at the end: bao "
                            "token revoke -self\n",
                            err, "this set-up uses a root token");
    }
    return RIG_DONE;
}

static rig_result all_steps(struct rig_setup *setup, struct rig_error *err)
{
    const struct rig_vault_setup *options = &setup->options;
    const struct rig_setup_side sides[] = {
        {options->device_mount, "device", options->signed_device,
         options->device_days * SECONDS_PER_DAY},
        {options->server_mount, "server", options->signed_server, RIG_SERVER_TTL_S},
    };

    RIG_TRY(say_who(setup, err));
    RIG_TRY(read_mounts(setup, err));
    RIG_TRY(rig_setup_root(setup, err));
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        RIG_TRY(step_mount(setup, &sides[i], err));
        RIG_TRY(step_config(setup, &sides[i], err));
        RIG_TRY(rig_setup_issuer(setup, &sides[i], err));
    }
    RIG_TRY(step_roles(setup, err));
    RIG_TRY(step_policies(setup, err));
    return rig_setup_files(setup, err);
}

static rig_result run(struct rig_vault *vault, const struct rig_vault_setup *options, bool apply,
                      struct rig_plan *plan, struct rig_wait wait, struct rig_error *err)
{
    struct rig_setup setup = {.api = {vault, wait}, .plan = plan, .apply = apply};
    rig_result result = complete_options(&setup, options, err);

    if (result.ok) {
        result = all_steps(&setup, err);
    }
    rig_auto_json(&setup.mounts);
    rig_auto_ca(&setup.root);
    rig_buf_free(&setup.root_pem);
    return result;
}

rig_result rig_vault_setup_plan(struct rig_vault *vault, const struct rig_vault_setup *setup,
                                struct rig_plan *plan, struct rig_wait wait, struct rig_error *err)
{
    return run(vault, setup, false, plan, wait, err);
}

rig_result rig_vault_setup_apply(struct rig_vault *vault, const struct rig_vault_setup *setup,
                                 struct rig_plan *plan, struct rig_wait wait, struct rig_error *err)
{
    return run(vault, setup, true, plan, wait, err);
}
