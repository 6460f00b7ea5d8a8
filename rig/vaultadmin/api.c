/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/vaultadmin/api.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

rig_result rig_admin_path(char out[RIG_ADMIN_PATH_SIZE], struct rig_error *err, const char *fmt,
                          ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(out, RIG_ADMIN_PATH_SIZE, fmt, args);
    va_end(args);
    if (n < 0 || n >= RIG_ADMIN_PATH_SIZE) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the path '%.80s...' is too long: shorten the mount's or role's name", out);
    }
    return RIG_DONE;
}

static bool is_absence(const struct rig_vault_reply *reply)
{
    return reply->fault == RIG_VAULT_FAULT_NOT_FOUND || reply->fault == RIG_VAULT_FAULT_NO_ROUTE;
}

static rig_result read_path(struct rig_admin_api api, enum rig_vault_method method,
                            const char *path, json_t **data, struct rig_error *err)
{
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
    const struct rig_vault_request request = {.method = method, .path = path};

    *data = NULL;
    if (!rig_vault_call(api.vault, &request, &reply, api.wait, err).ok) {
        return is_absence(&reply) ? RIG_DONE : (rig_result){.ok = false};
    }
    *data = json_incref(reply.data);
    return RIG_DONE;
}

rig_result rig_admin_get(struct rig_admin_api api, const char *path, json_t **data,
                         struct rig_error *err)
{
    return read_path(api, RIG_VAULT_GET, path, data, err);
}

rig_result rig_admin_list(struct rig_admin_api api, const char *path, json_t **keys,
                          struct rig_error *err)
{
    RIG_AUTO(rig_auto_json) json_t *data = NULL;
    json_t *found;

    RIG_TRY(read_path(api, RIG_VAULT_LIST, path, &data, err));
    found = json_object_get(data, "keys");
    *keys = json_is_array(found) ? json_incref(found) : json_array();
    return *keys != NULL ? RIG_DONE : rig_fail_memory(err);
}

rig_result rig_admin_post(struct rig_admin_api api, const char *path, json_t *body, json_t **data,
                          struct rig_error *err)
{
    RIG_AUTO(rig_auto_json) json_t *owned = body;
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
    const struct rig_vault_request request = {
        .method = RIG_VAULT_POST, .path = path, .body = owned};

    if (owned == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(rig_vault_call(api.vault, &request, &reply, api.wait, err));
    if (data != NULL) {
        *data = json_incref(reply.data);
    }
    return RIG_DONE;
}

const char *rig_admin_text(const json_t *object, const char *key, const char *fallback)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : fallback;
}

int64_t rig_admin_number(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *value = json_object_get(object, key);

    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool rig_admin_flag(const json_t *object, const char *key, bool fallback)
{
    const json_t *value = json_object_get(object, key);

    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

static int64_t unit_seconds(char unit)
{
    switch (unit) {
    case 'd':
        return 86400;
    case 'h':
        return 3600;
    case 'm':
        return 60;
    case 's':
    case '\0':
        return 1;
    default:
        return 0;
    }
}

int64_t rig_admin_seconds(const json_t *value)
{
    const char *at = json_string_value(value);
    int64_t total_s = 0;

    if (json_is_integer(value)) {
        return json_integer_value(value);
    }
    if (at == NULL || *at == '\0') {
        return -1;
    }
    while (*at != '\0') {
        char *end = NULL;
        const long long count = isdigit((unsigned char)*at) ? strtoll(at, &end, 10) : -1;
        const int64_t unit_s = end != NULL ? unit_seconds(*end) : 0;

        if (count < 0 || count > INT64_C(1) << 40 || unit_s == 0) {
            return -1;
        }
        total_s += count * unit_s;
        at = *end != '\0' ? end + 1 : end;
    }
    return total_s;
}
