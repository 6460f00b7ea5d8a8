/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/vault/environment.h"

#include "rig/base/file.h"
#include "rig/base/secret.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define MAX_TIMEOUT_S (24 * 3600)

void rig_vault_environment_free(struct rig_vault_environment *environment)
{
    for (size_t i = 0; i < sizeof environment->texts / sizeof *environment->texts; i++) {
        free(environment->texts[i]);
        environment->texts[i] = NULL;
    }
}

struct variable {
    char name[48];
    const char *value; /* NULL: not set, or empty */
};

static struct variable find(const char *name)
{
    static const char *const prefixes[] = {"BAO_", "VAULT_"};
    struct variable found = {.value = NULL};

    for (size_t i = 0; found.value == NULL && i < sizeof prefixes / sizeof *prefixes; i++) {
        (void)snprintf(found.name, sizeof found.name, "%s%s", prefixes[i], name);
        found.value = getenv(found.name);
        if (found.value != NULL && found.value[0] == '\0') {
            found.value = NULL;
        }
    }
    return found;
}

static rig_result fill_texts(struct rig_vault_options *options,
                             struct rig_vault_environment *environment, struct rig_error *err)
{
    const struct {
        const char *name;
        const char **slot;
    } texts[] = {
        {"ADDR", &options->address},
        {"NAMESPACE", &options->namespace_path},
        {"CACERT", &options->ca_file},
        {"CAPATH", &options->ca_folder},
        {"CLIENT_CERT", &options->client_certificate_file},
        {"CLIENT_KEY", &options->client_key_file},
        {"TLS_SERVER_NAME", &options->tls_server_name},
    };
    const bool ca_named = options->ca_file != NULL || options->ca_folder != NULL;
    const bool client_named =
        options->client_certificate_file != NULL || options->client_key_file != NULL;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct variable variable = find(texts[i].name);

        /* what belongs together comes from one place */
        if (*texts[i].slot != NULL || variable.value == NULL ||
            (ca_named && strncmp(texts[i].name, "CA", 2) == 0) ||
            (client_named && strncmp(texts[i].name, "CLIENT_", 7) == 0)) {
            continue;
        }
        RIG_TRY(rig_dup_text(&environment->texts[i], variable.value, err));
        *texts[i].slot = environment->texts[i];
    }
    return RIG_DONE;
}

static rig_result fail_value(const struct variable *variable, const char *wanted,
                             struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "%s: '%.40s' is not %s", variable->name,
                    variable->value, wanted);
}

/* Seconds, or Go's notation in whole hours, minutes, seconds and milliseconds. */
static bool parse_duration(const char *text, int64_t *ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1}, {"h", 3600 * 1000}, {"m", 60 * 1000}, {"s", 1000}};

    *ms = 0;
    do {
        char *end = NULL;
        int64_t unit_ms = 0;
        unsigned long value;

        if (*text < '0' || *text > '9') {
            return false;
        }
        value = strtoul(text, &end, 10);
        if (*end == '\0' && *ms == 0) {
            unit_ms = 1000;
        }
        for (size_t i = 0; unit_ms == 0 && i < sizeof units / sizeof *units; i++) {
            const size_t len = strlen(units[i].unit);

            if (strncmp(end, units[i].unit, len) == 0) {
                unit_ms = units[i].ms;
                end += len;
            }
        }
        if (unit_ms == 0 || value > (unsigned long)MAX_TIMEOUT_S * 1000) {
            return false;
        }
        *ms += (int64_t)value * unit_ms;
        text = end;
    } while (*text != '\0' && *ms <= (int64_t)MAX_TIMEOUT_S * 1000);
    return *ms > 0 && *ms <= (int64_t)MAX_TIMEOUT_S * 1000;
}

static rig_result fill_numbers(struct rig_vault_options *options, struct rig_error *err)
{
    const struct variable timeout = find("CLIENT_TIMEOUT");
    const struct variable retries = find("MAX_RETRIES");

    if (timeout.value != NULL && options->request_timeout_ms == 0 &&
        !parse_duration(timeout.value, &options->request_timeout_ms)) {
        return fail_value(&timeout, "a time like 60s or 1m30s", err);
    }
    if (retries.value != NULL && options->max_retries == 0) {
        char *end = NULL;
        const long value = strtol(retries.value, &end, 10);

        if (end == retries.value || *end != '\0' || value < 0 || value > 1000) {
            return fail_value(&retries, "a number from 0 to 1000", err);
        }
        options->max_retries = value == 0 ? -1 : (int)value;
    }
    return RIG_DONE;
}

static rig_result check_skip(const struct rig_vault_options *options, struct rig_error *err)
{
    static const char *const no[] = {"0", "f", "F", "false", "False", "FALSE"};
    const struct variable skip = find("SKIP_VERIFY");

    for (size_t i = 0; skip.value != NULL && i < sizeof no / sizeof *no; i++) {
        if (strcmp(skip.value, no[i]) == 0) {
            return RIG_DONE;
        }
    }
    if (skip.value == NULL || options->skip_verify) {
        return RIG_DONE;
    }
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_POLICY,
                    "%s is set, but a variable alone does not switch off the verification of the "
                    "Vault server's certificate: unset it and name the server's CA in BAO_CACERT, "
                    "or set skip_verify as well, which marks every report",
                    skip.name);
}

static rig_result token_of_home(struct rig_buf *token, struct rig_error *err)
{
    const char *home = getenv("HOME");
    RIG_AUTO(rig_free_chars) char *path = NULL;

    if (home == NULL || home[0] == '\0') {
        return RIG_DONE;
    }
    RIG_TRY(rig_path_join(home, ".vault-token", &path, err));
    return access(path, F_OK) == 0 ? rig_secret_from_file(path, "token", token, err) : RIG_DONE;
}

static rig_result fill_token(struct rig_vault_options *options, struct rig_error *err)
{
    static const char *const names[] = {"BAO_TOKEN", "VAULT_TOKEN"};
    const bool wanted = options->login.kind == RIG_VAULT_TOKEN && options->login.secret.len == 0;
    bool have = !wanted;

    options->login.secret.secret = true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        RIG_AUTO(rig_buf_free) struct rig_buf value = {.secret = true};
        bool found = false;

        /* out of the environment in any case: no program that we start needs it */
        RIG_TRY(rig_secret_from_environment(names[i], &value, &found, err));
        if (found && !have) {
            have = true;
            RIG_TRY(rig_buf_append(&options->login.secret, value.data, value.len, err));
        }
    }
    return have ? RIG_DONE : token_of_home(&options->login.secret, err);
}

rig_result rig_vault_environment_fill(struct rig_vault_options *options,
                                      struct rig_vault_environment *environment,
                                      struct rig_error *err)
{
    RIG_TRY(check_skip(options, err));
    RIG_TRY(fill_texts(options, environment, err));
    RIG_TRY(fill_numbers(options, err));
    return fill_token(options, err);
}
