/* SPDX-License-Identifier: Apache-2.0 */
/* A 403 says "permission denied" for a token that is no more and for a policy that does not allow
 * the path. The token itself may ask which it is: Vault's default policy allows that. */
#include "rig/base/json_auto.h"
#include "rig/vault/internal.h"

#include <stdio.h>
#include <string.h>

#define QUESTION_TIMEOUT_MS 5000

static const char *capability_of(enum rig_vault_method method)
{
    switch (method) {
    case RIG_VAULT_GET:
        return "read";
    case RIG_VAULT_LIST:
        return "list";
    case RIG_VAULT_DELETE:
        return "delete";
    case RIG_VAULT_POST:
        break;
    }
    return "update";
}

/* The status of the token's question about itself; 0 when nobody answered. */
static long ask(struct rig_vault *vault, const char *path, const json_t *body, const char *token,
                json_t **data, struct rig_wait wait)
{
    const struct rig_vault_request request = {
        .method = body != NULL ? RIG_VAULT_POST : RIG_VAULT_GET,
        .path = path,
        .body = body,
        .repeatable = true,
    };
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
    RIG_AUTO(rig_auto_json_t) json_t *root = NULL;
    struct rig_error ignored;

    (void)rig_vault_ask(vault, &request, token, &reply, &root,
                        rig_wait_within(wait, QUESTION_TIMEOUT_MS), &ignored)
        .ok;
    *data = json_incref(reply.data);
    return reply.status;
}

static bool contains(const json_t *names, const char *name)
{
    const json_t *one;
    size_t i;

    json_array_foreach(names, i, one)
    {
        if (json_is_string(one) && strcmp(json_string_value(one), name) == 0) {
            return true;
        }
    }
    return false;
}

static rig_result say_denied(struct rig_vault *vault, const struct rig_vault_request *request,
                             const json_t *held, struct rig_error *err)
{
    const char *capability = capability_of(request->method);
    char path[200];
    char what[320];
    char remedy[400];

    (void)rig_copy_text(path, sizeof path, request->path);
    path[strcspn(path, "?")] = '\0';
    if (held != NULL && (contains(held, capability) || contains(held, "root"))) {
        (void)snprintf(what, sizeof what, "'%s' on '%s'", capability, path);
        return rig_vault_fail(err, RIG_VAULT_FAULT_DENIED, what, "",
                              "the token has the capability, so look at the policy's "
                              "allowed_parameters, at 'sudo' and at bound addresses");
    }
    (void)snprintf(remedy, sizeof remedy,
                   "log in with a role that may, or add path \"%s\" { capabilities = [\"%s\"] } "
                   "to its policy%s%s",
                   path, capability, vault->namespace_path != NULL ? " in namespace " : "",
                   vault->namespace_path != NULL ? vault->namespace_path : "");
    return rig_fail(err, RIG_CLASS_CA, RIG_E_PERMISSION, "%s: the token may not '%s' on '%s': %s",
                    rig_vault_fault_sentence(RIG_VAULT_FAULT_DENIED), capability, path, remedy);
}

rig_result rig_vault_explain_denied(struct rig_vault *vault,
                                    const struct rig_vault_request *request, const char *token,
                                    enum rig_vault_fault *fault, struct rig_wait wait,
                                    struct rig_error *err)
{
    RIG_AUTO(rig_auto_json_t) json_t *self = NULL;
    RIG_AUTO(rig_auto_json_t) json_t *data = NULL;
    RIG_AUTO(rig_auto_json_t) json_t *body = NULL;
    char path[256];

    if (ask(vault, "auth/token/lookup-self", NULL, token, &self, wait) == 403) {
        *fault = RIG_VAULT_FAULT_TOKEN;
        return rig_vault_fail(err, *fault, request->path, "HTTP status 403, permission denied",
                              NULL);
    }
    (void)rig_copy_text(path, sizeof path, request->path);
    path[strcspn(path, "?")] = '\0';
    body = json_pack("{s:[s]}", "paths", path);
    if (body != NULL) {
        (void)ask(vault, "sys/capabilities-self", body, token, &data, wait);
    }
    return say_denied(vault, request, json_object_get(data, path), err);
}
