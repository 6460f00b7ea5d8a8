/* SPDX-License-Identifier: Apache-2.0 */
/* Logins, their secrets, and the folder that a station gets: ca.yaml and what it names. */
#include "rig/base/file.h"
#include "rig/base/secret.h"
#include "rig/vaultadmin/desired.h"
#include "rig/vaultadmin/setup_parts.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_PEM_BYTES 1048576

struct login {
    const char *name;        /* of policy and AppRole */
    const char *secret_file; /* below the folder */
    char role_id[128];       /* "": not known before it is made */
};

/* Logins -------------------------------------------------------------------------------------- */

static rig_result step_auth(struct rig_setup *setup, const char *type, struct rig_error *err)
{
    RIG_AUTO(rig_auto_json) json_t *methods = NULL;
    char key[64];
    const char *there;

    RIG_TRY(rig_admin_get(setup->api, "sys/auth", &methods, err));
    (void)snprintf(key, sizeof key, "%s/", type);
    there = rig_admin_text(json_object_get(methods, key), "type", "");
    if (strcmp(there, type) == 0) {
        return rig_plan_add(setup->plan, RIG_PLAN_RIGHT, NULL, err, "auth method %s", type);
    }
    if (there[0] != '\0') {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_EXISTS,
                        "auth/%s is there already and is of type %s: the logins can't be made "
                        "there",
                        type, there);
    }
    RIG_TRY(rig_plan_add(setup->plan, RIG_PLAN_CREATE, NULL, err, "auth method %s", type));
    if (!setup->apply) {
        return RIG_DONE;
    }
    (void)snprintf(key, sizeof key, "sys/auth/%s", type);
    return rig_admin_post(setup->api, key, json_pack("{s:s}", "type", type), NULL, err);
}

static rig_result step_approles(struct rig_setup *setup, struct rig_error *err)
{
    RIG_TRY(step_auth(setup, "approle", err));
    RIG_TRY(rig_setup_object(setup, "AppRole " RIG_STATION, "auth/approle/role/" RIG_STATION,
                             rig_desired_station_approle(&setup->options), false, err));
    return rig_setup_object(setup, "AppRole " RIG_QA, "auth/approle/role/" RIG_QA,
                            rig_desired_qa_approle(&setup->options), false, err);
}

static rig_result step_station_cert(struct rig_setup *setup, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};

    if (setup->options.station_ca == NULL) {
        return RIG_DONE;
    }
    RIG_TRY(step_auth(setup, "cert", err));
    RIG_TRY(rig_file_read(setup->options.station_ca, MAX_PEM_BYTES, &pem, err));
    return rig_setup_object(setup, "certificate login " RIG_STATION, "auth/cert/certs/" RIG_STATION,
                            rig_desired_station_cert(&setup->options, rig_buf_text(&pem)), false,
                            err);
}

/* Secrets ------------------------------------------------------------------------------------- */

static rig_result read_role_id(struct rig_setup *setup, struct login *login, struct rig_error *err)
{
    RIG_AUTO(rig_auto_json) json_t *data = NULL;
    char path[RIG_ADMIN_PATH_SIZE];

    RIG_TRY(rig_admin_path(path, err, "auth/approle/role/%s/role-id", login->name));
    RIG_TRY(rig_admin_get(setup->api, path, &data, err));
    (void)rig_copy_text(login->role_id, sizeof login->role_id, rig_admin_text(data, "role_id", ""));
    return RIG_DONE;
}

static rig_result is_valid_secret(struct rig_setup *setup, const struct login *login,
                                  const char *file, bool *valid, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf secret = {.secret = true};
    RIG_AUTO(rig_auto_json) json_t *data = NULL;
    char path[RIG_ADMIN_PATH_SIZE];

    *valid = false;
    if (login->role_id[0] == '\0') {
        return RIG_DONE;
    }
    RIG_TRY(rig_secret_from_file(file, "secret id", &secret, err));
    RIG_TRY(rig_admin_path(path, err, "auth/approle/role/%s/secret-id/lookup", login->name));
    RIG_TRY(rig_admin_post(setup->api, path, json_pack("{s:s}", "secret_id", rig_buf_text(&secret)),
                           &data, err));
    *valid = data != NULL;
    return RIG_DONE;
}

static rig_result make_secret(struct rig_setup *setup, const struct login *login, const char *file,
                              struct rig_error *err)
{
    RIG_AUTO(rig_auto_json) json_t *data = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf secret = {.secret = true};
    char path[RIG_ADMIN_PATH_SIZE];

    RIG_TRY(rig_admin_path(path, err, "auth/approle/role/%s/secret-id", login->name));
    RIG_TRY(rig_admin_post(setup->api, path, json_object(), &data, err));
    RIG_TRY(rig_buf_append_text(&secret, rig_admin_text(data, "secret_id", ""), err));
    if (secret.len == 0) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_PROTOCOL, "the server gave no secret id for %s",
                        login->name);
    }
    RIG_TRY(rig_buf_append_text(&secret, "\n", err));
    RIG_TRY(rig_dir_make(setup->options.folder, 0700, err));
    return rig_file_replace(file, secret.data, secret.len, 0600, err);
}

static rig_result step_secret(struct rig_setup *setup, struct login *login, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *file = NULL;
    struct stat info;
    bool there;
    bool valid = false;

    RIG_TRY(rig_setup_path(setup, login->secret_file, &file, err));
    RIG_TRY(read_role_id(setup, login, err));
    there = stat(file, &info) == 0;
    if (there) {
        RIG_TRY(is_valid_secret(setup, login, file, &valid, err));
    }
    if (valid) {
        return rig_plan_add(setup->plan, RIG_PLAN_RIGHT, NULL, err, "secret id of %s in %s",
                            login->name, file);
    }
    RIG_TRY(rig_plan_add(setup->plan, there ? RIG_PLAN_CHANGE : RIG_PLAN_CREATE,
                         there ? "the one that is there is not valid at this server\n" : NULL, err,
                         "secret id of %s in %s (mode 0600)", login->name, file));
    return setup->apply ? make_secret(setup, login, file, err) : RIG_DONE;
}

/* ca.yaml ------------------------------------------------------------------------------------- */

/* a JSON text is a YAML text */
static rig_result put_key(struct rig_buf *yaml, const char *key, const char *value,
                          struct rig_error *err)
{
    RIG_AUTO(rig_auto_json) json_t *text = json_string(value);
    RIG_AUTO(rig_free_chars) char *quoted = text != NULL ? json_dumps(text, JSON_ENCODE_ANY) : NULL;

    return quoted != NULL ? rig_buf_printf(yaml, err, "  %s: %s\n", key, quoted)
                          : rig_fail_memory(err);
}

static rig_result put_login(struct rig_buf *yaml, const char *key, const struct login *login,
                            struct rig_error *err)
{
    return rig_buf_printf(yaml, err,
                          "  %s: {method: approle, role_id: \"%s\", secret_id_file: %s}\n", key,
                          login->role_id, login->secret_file);
}

static rig_result write_yaml(const struct rig_setup *setup, const struct login *station,
                             const struct login *qa, bool has_crl, struct rig_buf *yaml,
                             struct rig_error *err)
{
    const struct rig_vault_setup *options = &setup->options;

    RIG_TRY(rig_buf_append_text(yaml,
                                "# Made by 'rig vault setup'. A station whose suites only sign (no "
                                "cases) needs neither `qa` nor qa.secret_id.\nrig: 1\nvault:\n",
                                err));
    RIG_TRY(put_key(yaml, "address", rig_vault_address(setup->api.vault), err));
    if (options->namespace_path != NULL) {
        RIG_TRY(put_key(yaml, "namespace", options->namespace_path, err));
    }
    if (options->ca_file != NULL) {
        RIG_TRY(put_key(yaml, "ca_file", "api-ca.pem", err));
    }
    if (options->tls_server_name != NULL) {
        RIG_TRY(put_key(yaml, "tls_server_name", options->tls_server_name, err));
    }
    RIG_TRY(rig_buf_printf(yaml, err,
                           "  device: {mount: %s, role: %s}\n  server: {mount: %s, role: %s}\n"
                           "  root: root.pem\n",
                           options->device_mount, options->device_role, options->server_mount,
                           options->server_role));
    if (has_crl) {
        RIG_TRY(rig_buf_append_text(yaml, "  crls: [root.crl.pem]\n", err));
    }
    RIG_TRY(put_login(yaml, "login", station, err));
    return put_login(yaml, "qa", qa, err);
}

static rig_result step_public_files(struct rig_setup *setup, const struct login *station,
                                    const struct login *qa, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf crl = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf api_ca = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf yaml = {0};

    RIG_TRY(rig_setup_file(setup, "root.pem", &setup->root_pem, 0644, err));
    RIG_TRY(rig_setup_root_crl(setup, &crl, err));
    if (crl.len != 0) {
        RIG_TRY(rig_setup_file(setup, "root.crl.pem", &crl, 0644, err));
    }
    if (setup->options.ca_file != NULL) {
        RIG_TRY(rig_file_read(setup->options.ca_file, MAX_PEM_BYTES, &api_ca, err));
        RIG_TRY(rig_setup_file(setup, "api-ca.pem", &api_ca, 0644, err));
    }
    RIG_TRY(
        write_yaml(setup, station, qa, crl.len != 0 || !setup->options.offline_root, &yaml, err));
    return rig_setup_file(setup, "ca.yaml", &yaml, 0644, err);
}

rig_result rig_setup_files(struct rig_setup *setup, struct rig_error *err)
{
    struct login station = {.name = RIG_STATION, .secret_file = "station.secret_id"};
    struct login qa = {.name = RIG_QA, .secret_file = "qa.secret_id"};

    RIG_TRY(step_approles(setup, err));
    RIG_TRY(step_station_cert(setup, err));
    RIG_TRY(step_secret(setup, &station, err));
    RIG_TRY(step_secret(setup, &qa, err));
    if (setup->options.offline_root && setup->n_issuers < 2) {
        return rig_plan_add(setup->plan, RIG_PLAN_WAIT, NULL, err,
                            "ca.yaml, until both CAs are signed");
    }
    return step_public_files(setup, &station, &qa, err);
}
