/* SPDX-License-Identifier: Apache-2.0 */
/* The first look at the server: what is wrong is better known before a board is touched. */
#include "rig/ca/vault_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A token that ends sooner, and can't be renewed, is no token for a run. */
#define SHORTEST_TOKEN_S 60
#define FEWEST_USES 20

static rig_result look_at_server(struct rig_vault_ca *vault, struct rig_wait wait,
                                 struct rig_error *err)
{
    const char *address = rig_vault_address(vault->station);
    struct rig_vault_health *health = &vault->health;
    int64_t off_ms;

    RIG_TRY(rig_vault_health(vault->station, health, wait, err));
    if (!health->initialized) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_UNAVAILABLE,
                        "%s was never initialized: its operator must do so, then make the PKI (rig "
                        "vault setup)",
                        address);
    }
    if (health->sealed) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_UNAVAILABLE,
                        "%s is sealed: the holders of its unseal keys must unseal it, then start "
                        "the run again; nothing was signed",
                        address);
    }
    off_ms = llabs(health->clock_skew_ms) - health->uncertainty_ms;
    if (off_ms > vault->config.max_clock_skew_ms) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY,
                        "the clock of %s is %" PRId64 " s %s this host's: certificates would begin "
                        "and end at wrong times; set both clocks (NTP), or raise max_clock_skew "
                        "in '%s'",
                        address, off_ms / 1000, health->clock_skew_ms > 0 ? "ahead of" : "behind",
                        vault->config.path);
    }
    return RIG_DONE;
}

static rig_result look_at_token(struct rig_vault_ca *vault, struct rig_vault *client,
                                const char *whose, bool can_log_in_again, char accessor[64],
                                struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_vault_token_facts_free) struct rig_vault_token_facts facts = {0};

    RIG_TRY_IN(rig_vault_token_facts(client, &facts, wait, err), err, "the token of the %s login",
               whose);
    (void)rig_copy_text(accessor, sizeof vault->accessors[0], facts.accessor);
    if (can_log_in_again) {
        return RIG_DONE;
    }
    if (facts.ttl_s != 0 && facts.ttl_s < SHORTEST_TOKEN_S && !facts.renewable) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_PERMISSION,
                        "the token of the %s login ends in %" PRId64 " s and can't be renewed: get "
                        "a new one, or use method approle or cert",
                        whose, facts.ttl_s);
    }
    if (facts.num_uses != 0 && facts.num_uses < FEWEST_USES) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_PERMISSION,
                        "the token of the %s login is good for %" PRId64 " more requests only: "
                        "get one without num_uses, or use method approle or cert",
                        whose, facts.num_uses);
    }
    return RIG_DONE;
}

static bool is_set(const json_t *role, const char *key)
{
    return json_is_true(json_object_get(role, key));
}

static rig_result fail_role(const struct rig_ca_vault_role *role, const char *what,
                            const char *remedy, struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY, "role %s of %s %s: %s", role->role,
                    role->mount, what, remedy);
}

static rig_result judge_role(const struct rig_ca_vault_role *role, const json_t *data,
                             struct rig_error *err)
{
    if (is_set(data, "no_store")) {
        return fail_role(role, "stores nothing (no_store)",
                         "what it signs could be neither found again nor revoked; set "
                         "no_store=false",
                         err);
    }
    if (is_set(data, "generate_lease")) {
        return fail_role(role, "ties certificates to a lease (generate_lease)",
                         "they would be revoked when the station's token ends; set "
                         "generate_lease=false",
                         err);
    }
    return RIG_DONE;
}

/* A role that is under test is asked for what it grants, not refused for what it says. */
static rig_result judge_purposes(const struct rig_ca_vault_role *role, enum rig_ca_profile profile,
                                 const json_t *data, struct rig_error *err)
{
    if (profile == RIG_PROFILE_DEVICE && is_set(data, "server_flag")) {
        return fail_role(role, "signs server certificates too (server_flag)",
                         "a board could pose as your server; set server_flag=false", err);
    }
    if (profile == RIG_PROFILE_SERVER && is_set(data, "client_flag")) {
        return fail_role(role, "signs client certificates too (client_flag)",
                         "the test server could pose as a board; set client_flag=false", err);
    }
    if (profile == RIG_PROFILE_DEVICE && is_set(data, "code_signing_flag")) {
        return fail_role(role, "signs code signing certificates (code_signing_flag)",
                         "set code_signing_flag=false", err);
    }
    return RIG_DONE;
}

/* A login need not be allowed to read its role: then there is nothing to judge, and what comes
 * back is judged alone. */
static rig_result read_role(struct rig_vault *client, const struct rig_ca_vault_role *role,
                            struct rig_vault_reply *reply, bool *readable, struct rig_wait wait,
                            struct rig_error *err)
{
    char path[RIG_VAULT_PATH_SIZE];
    rig_result result;

    rig_vault_ca_path(path, role->mount, "roles/%s", role->role);
    result = rig_vault_call(client, &(struct rig_vault_request){.path = path}, reply, wait, err);
    *readable = result.ok;
    if (result.ok || reply->fault == RIG_VAULT_FAULT_DENIED) {
        return RIG_DONE;
    }
    if (reply->fault == RIG_VAULT_FAULT_NOT_FOUND) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_NOT_FOUND,
                        "%s has no role %s: make it (rig vault setup), or name another in ca.yaml",
                        role->mount, role->role);
    }
    return result;
}

static rig_result look_at_role(struct rig_vault_ca *vault, enum rig_ca_profile profile,
                               struct rig_wait wait, struct rig_error *err)
{
    const bool device = profile == RIG_PROFILE_DEVICE;
    const struct rig_ca_vault_role *role = device ? &vault->config.device : &vault->config.server;
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply answer = {0};
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *issuer = NULL;
    const char *ref = "default";
    char path[RIG_VAULT_PATH_SIZE];
    bool readable = false;

    RIG_TRY(rig_vault_chain_issuers(vault, role->mount, wait, err));
    RIG_TRY(read_role(device ? vault->station : vault->qa, role, &reply, &readable, wait, err));
    if (readable) {
        RIG_TRY(judge_role(role, reply.data, err));
        if (!vault->config.under_test) {
            RIG_TRY(judge_purposes(role, profile, reply.data, err));
        }
        vault->name_from_request[profile] =
            json_is_false(json_object_get(reply.data, "use_csr_common_name"));
        if (rig_vault_json_text(reply.data, "issuer_ref")[0] != '\0') {
            ref = rig_vault_json_text(reply.data, "issuer_ref");
        }
    }
    rig_vault_ca_path(path, role->mount, "issuer/%s/json", ref);
    RIG_TRY_IN(rig_vault_call(vault->station,
                              &(struct rig_vault_request){.path = path, .anonymous = true}, &answer,
                              wait, err),
               err, "the CA of role %s", role->role);
    if (!rig_pki_certificates_of_pem(rig_vault_json_text(answer.data, "certificate"), path, &issuer,
                                     err)
             .ok) {
        err->cls = RIG_CLASS_CA;
        return (rig_result){.ok = false};
    }
    RIG_TRY(
        rig_vault_chain_build(vault, sk_X509_value(issuer, 0), NULL, &vault->cas[profile], err));
    if (X509_cmp(sk_X509_value(vault->cas[profile], 0), sk_X509_value(issuer, 0)) != 0) {
        if (sk_X509_unshift(vault->cas[profile], sk_X509_value(issuer, 0)) <= 0) {
            return rig_fail_memory(err);
        }
        (void)sk_X509_shift(issuer);
    }
    return RIG_DONE;
}

rig_result rig_vault_look(struct rig_vault_ca *vault, struct rig_wait wait, struct rig_error *err)
{
    STACK_OF(X509) * cas;

    RIG_TRY(look_at_server(vault, wait, err));
    RIG_TRY(look_at_token(vault, vault->station, "station's",
                          vault->config.login.kind != RIG_VAULT_TOKEN, vault->accessors[0], wait,
                          err));
    if (vault->qa != vault->station) {
        RIG_TRY(look_at_token(vault, vault->qa, "QA's", vault->config.qa.kind != RIG_VAULT_TOKEN,
                              vault->accessors[1], wait, err));
    } else {
        memcpy(vault->accessors[1], vault->accessors[0], sizeof vault->accessors[1]);
    }
    RIG_TRY(look_at_role(vault, RIG_PROFILE_DEVICE, wait, err));
    RIG_TRY(look_at_role(vault, RIG_PROFILE_SERVER, wait, err));
    cas = vault->cas[RIG_PROFILE_DEVICE];
    for (int i = 0; i < sk_X509_num(cas) - 1; i++) {
        RIG_TRY(rig_pki_certificate_pem(sk_X509_value(cas, i), &vault->ca.chain_pem, err));
    }
    return RIG_DONE;
}
