/* SPDX-License-Identifier: Apache-2.0 */
/* From a ca.yaml that was read to one that can be opened: the environment, and the secrets. */
#include "rig/ca/vault.h"

#include "rig/base/secret.h"
#include "rig/vault/environment.h"

#include <string.h>

static rig_result read_secret(const char *file, const char *variable, const char *what,
                              struct rig_buf *secret, struct rig_error *err)
{
    bool found = false;

    secret->secret = true;
    if (file[0] != '\0') {
        return rig_secret_from_file(file, what, secret, err);
    }
    if (variable[0] == '\0') {
        return RIG_DONE;
    }
    RIG_TRY(rig_secret_from_environment(variable, secret, &found, err));
    if (!found) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                        "the environment variable %s, which should hold the %s, is not set",
                        variable, what);
    }
    return RIG_DONE;
}

static rig_result take_login(struct rig_ca_vault_login *login, struct rig_error *err)
{
    switch (login->kind) {
    case RIG_VAULT_TOKEN:
        return read_secret(login->token_file, login->token_env, "token", &login->secret, err);
    case RIG_VAULT_APPROLE:
        return read_secret(login->secret_id_file, login->secret_id_env, "secret id", &login->secret,
                           err);
    case RIG_VAULT_CERT:
        break;
    }
    return RIG_DONE;
}

static bool keep(char *to, size_t to_size, const char *from)
{
    return from == NULL || from == to || rig_copy_text(to, to_size, from);
}

/* The token of the environment is the station's: QA's is named. */
static rig_result take_environment(struct rig_ca_vault_config *config, struct rig_error *err)
{
    RIG_AUTO(rig_vault_environment_free) struct rig_vault_environment environment = {0};
    struct rig_ca_vault_login *login = &config->login;
    struct rig_vault_options options = {
        .address = rig_text_or_null(config->address),
        .namespace_path = rig_text_or_null(config->namespace_path),
        .ca_file = rig_text_or_null(config->ca_file),
        .ca_folder = rig_text_or_null(config->ca_folder),
        .tls_server_name = rig_text_or_null(config->tls_server_name),
        .client_certificate_file = rig_text_or_null(login->certificate_file),
        .client_key_file = rig_text_or_null(login->key_file),
        .skip_verify = config->skip_verify,
        .request_timeout_ms = config->request_timeout_ms,
        .login = {.kind = login->kind, .secret = login->secret},
    };
    const rig_result filled = rig_vault_environment_fill(&options, &environment, err);

    login->secret = options.login.secret; /* it may have grown */
    RIG_TRY(filled);
    config->request_timeout_ms = options.request_timeout_ms;
    if (!keep(config->address, sizeof config->address, options.address) ||
        !keep(config->namespace_path, sizeof config->namespace_path, options.namespace_path) ||
        !keep(config->ca_file, sizeof config->ca_file, options.ca_file) ||
        !keep(config->ca_folder, sizeof config->ca_folder, options.ca_folder) ||
        !keep(config->tls_server_name, sizeof config->tls_server_name, options.tls_server_name) ||
        !keep(login->certificate_file, sizeof login->certificate_file,
              options.client_certificate_file) ||
        !keep(login->key_file, sizeof login->key_file, options.client_key_file)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "a text of the environment is too long: look at the variables BAO_* and "
                        "VAULT_*");
    }
    return RIG_DONE;
}

rig_result rig_ca_vault_config_complete(struct rig_ca_vault_config *config, struct rig_error *err)
{
    RIG_TRY_IN(take_login(&config->login, err), err, "%s: login", config->path);
    if (config->qa.given) {
        RIG_TRY_IN(take_login(&config->qa, err), err, "%s: qa", config->path);
    }
    RIG_TRY(take_environment(config, err));
    if (config->address[0] == '\0') {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                        "%s names no address, and neither BAO_ADDR nor VAULT_ADDR is set",
                        config->path);
    }
    if (config->login.kind == RIG_VAULT_TOKEN && config->login.secret.len == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                        "no token to log in with: name its file (token_file) in %s, set BAO_TOKEN "
                        "or VAULT_TOKEN, or log in with 'bao login'",
                        config->path);
    }
    if (config->qa.given && config->qa.kind == RIG_VAULT_TOKEN && config->qa.secret.len == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                        "no token for the QA login: name its file (token_file) or variable "
                        "(token_env) under qa in %s",
                        config->path);
    }
    return RIG_DONE;
}

void rig_ca_vault_config_free(struct rig_ca_vault_config *config)
{
    rig_buf_free(&config->login.secret);
    rig_buf_free(&config->qa.secret);
}
