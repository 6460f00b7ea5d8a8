/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/vaultadmin/desired.h"

#include <string.h>

#define SECONDS_PER_DAY 86400

/* "a, b" -> ["a", "b"]; NULL -> [] */
static json_t *list_of(const char *text)
{
    json_t *list = json_array();

    while (list != NULL && text != NULL && *text != '\0') {
        const size_t skip = strspn(text, ", ");
        const size_t len = strcspn(text + skip, ", ");

        if (len != 0 && json_array_append_new(list, json_stringn(text + skip, len)) != 0) {
            json_decref(list);
            return NULL;
        }
        text += skip + len;
    }
    return list;
}

static json_t *list_of_one(const char *text)
{
    json_t *list = json_array();

    if (list != NULL && text != NULL && json_array_append_new(list, json_string(text)) != 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

/* What every role of ours says. A server's defaults are the opposite of most of these. */
static const struct {
    const char *name;
    bool value;
} common_flags[] = {
    {"allow_any_name", false},
    {"allow_localhost", false},
    {"allow_wildcard_certificates", false},
    {"allow_token_displayname", false},
    {"allowed_domains_template", false},
    {"enforce_hostnames", true},
    {"require_cn", true},
    {"use_csr_common_name", true}, /* the rig has compared it with the board's id */
    {"use_csr_sans", false},       /* a CSR's SANs are what a board, or an attacker, wished for */
    {"code_signing_flag", false},
    {"email_protection_flag", false},
    {"basic_constraints_valid_for_non_ca", true}, /* CA:FALSE is said, not left out */
    {"no_store", false},                          /* else nothing can be revoked by its serial */
    {"generate_lease", false}, /* a station's token that ends would revoke what it signed */
};

/* Always empty: nothing of that kind is ever signed. */
static const char *const empty_lists[] = {
    "allowed_uri_sans", "allowed_other_sans", "allowed_serial_numbers",
    "allowed_user_ids", "ext_key_usage",      "ext_key_usage_oids",
};

/* Takes over `value`. */
static bool put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static bool put_common(json_t *role, const struct rig_vault_setup *options, bool openbao)
{
    bool ok = true;

    for (size_t i = 0; i < sizeof common_flags / sizeof *common_flags; i++) {
        ok = ok && put(role, common_flags[i].name, json_boolean(common_flags[i].value));
    }
    for (size_t i = 0; i < sizeof empty_lists / sizeof *empty_lists; i++) {
        ok = ok && put(role, empty_lists[i], json_array());
    }
    ok = ok && put(role, "key_type", json_string("any")) &&
         put(role, "key_bits", json_integer(0)) &&
         put(role, "key_usage", list_of_one("DigitalSignature")) &&
         put(role, "cn_validations", list_of_one("hostname")) &&
         put(role, "organization", list_of_one(options->organization)) &&
         put(role, "country", list_of_one(options->country)) &&
         put(role, "not_after", json_string("")) &&
         put(role, "not_before_duration", json_integer(30)) &&
         put(role, "issuer_ref", json_string("default"));
    if (openbao) {
        /* else a request names any end that it likes, whatever max_ttl says */
        ok = ok && put(role, "not_after_bound", json_string("forbid")) &&
             put(role, "not_before_bound", json_string("forbid"));
    }
    return ok;
}

static json_t *role_or_null(json_t *role, bool ok)
{
    if (!ok) {
        json_decref(role);
        return NULL;
    }
    return role;
}

static bool put_life(json_t *role, int64_t ttl_s)
{
    /* max_ttl alone is a ceiling; the life of a request without ttl would be the mount's default */
    return put(role, "ttl", json_integer(ttl_s)) && put(role, "max_ttl", json_integer(ttl_s));
}

json_t *rig_desired_device_role(const struct rig_vault_setup *options, bool openbao)
{
    json_t *role = json_object();

    return role_or_null(role, role != NULL && put_common(role, options, openbao) &&
                                  put(role, "allowed_domains", list_of(options->device_names)) &&
                                  put(role, "allow_glob_domains", json_true()) &&
                                  put(role, "allow_bare_domains", json_true()) &&
                                  put(role, "allow_subdomains", json_false()) &&
                                  put(role, "allow_ip_sans", json_false()) &&
                                  put(role, "server_flag", json_false()) &&
                                  put(role, "client_flag", json_true()) &&
                                  put_life(role, options->device_days * SECONDS_PER_DAY));
}

json_t *rig_desired_server_role(const struct rig_vault_setup *options, bool openbao)
{
    json_t *role = json_object();

    return role_or_null(role, role != NULL && put_common(role, options, openbao) &&
                                  put(role, "allowed_domains", list_of(options->server_domains)) &&
                                  put(role, "allow_glob_domains", json_false()) &&
                                  put(role, "allow_bare_domains", json_true()) &&
                                  put(role, "allow_subdomains", json_true()) &&
                                  put(role, "allow_ip_sans", json_false()) &&
                                  put(role, "server_flag", json_true()) &&
                                  put(role, "client_flag", json_false()) &&
                                  put_life(role, RIG_SERVER_TTL_S));
}

json_t *rig_desired_tune(int64_t default_ttl_s)
{
    /* In an audit log these can be read; everything else stays a keyed hash. */
    return json_pack("{s:I, s:I, s:[s,s,s,s], s:[s,s,s,s]}", "default_lease_ttl",
                     (json_int_t)default_ttl_s, "max_lease_ttl", (json_int_t)default_ttl_s,
                     "audit_non_hmac_request_keys", "csr", "common_name", "ttl", "serial_number",
                     "audit_non_hmac_response_keys", "certificate", "serial_number", "issuing_ca",
                     "error");
}

json_t *rig_desired_urls(const struct rig_vault_setup *options, const char *mount)
{
    const char *ns = options->namespace_path != NULL ? options->namespace_path : "";
    const char *slash = ns[0] != '\0' ? "/" : "";
    RIG_AUTO(rig_buf_free) struct rig_buf base = {0};
    struct rig_error ignored;

    if (!rig_buf_printf(&base, &ignored, "%s/v1/%s%s%s", options->public_url, ns, slash, mount)
             .ok) {
        return NULL;
    }
    /* by issuer: a certificate must lead to the CRL of who signed it, also after a renewal */
    return json_pack("{s:b, s:[s++], s:[s++], s:[s+]}", "enable_templating", true,
                     "issuing_certificates", rig_buf_text(&base), "/issuer/{{issuer_id}}", "/der",
                     "crl_distribution_points", rig_buf_text(&base), "/issuer/{{issuer_id}}",
                     "/crl/der", "ocsp_servers", rig_buf_text(&base), "/ocsp");
}

static json_t *hours_text(int64_t hours)
{
    return json_sprintf("%lldh", (long long)hours);
}

json_t *rig_desired_crl(const struct rig_vault_setup *options)
{
    /* built anew when half of its life is left */
    return json_pack("{s:o, s:b, s:o, s:b, s:b, s:s}", "expiry", hours_text(options->crl_hours),
                     "auto_rebuild", true, "auto_rebuild_grace_period",
                     hours_text((options->crl_hours + 1) / 2), "disable", false, "ocsp_disable",
                     false, "ocsp_expiry", "12h");
}

/* Policies ------------------------------------------------------------------------------------ */

static json_t *policy_of(struct rig_buf *text, rig_result written)
{
    return written.ok ? json_pack("{s:s}", "policy", rig_buf_text(text)) : NULL;
}

json_t *rig_desired_station_policy(const struct rig_vault_setup *options)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    struct rig_error ignored;

    return policy_of(
        &text,
        rig_buf_printf(&text, &ignored,
                       "# A signing station: has device certificates signed by one role, and sees "
                       "whether the role is as it was.\n"
                       "path \"%s/sign/%s\" { capabilities = [\"create\", \"update\"] }\n"
                       "path \"%s/roles/%s\" { capabilities = [\"read\"] }\n",
                       options->device_mount, options->device_role, options->device_mount,
                       options->device_role));
}

static const struct {
    const char *path; /* below a mount; %s is the role */
    const char *capabilities;
} qa_paths[] = {
    {"revoke", "\"create\", \"update\""},
    {"crl/rotate", "\"read\""},
    {"certs", "\"list\""},
    {"certs/*", "\"list\""},
    {"cert/*", "\"read\""},
    {"issuers", "\"list\""},
    {"issuer/+", "\"read\""},
    {"config/urls", "\"read\""},
    {"config/crl", "\"read\""},
    {"config/issuers", "\"read\""},
};

static rig_result put_qa_mount(struct rig_buf *text, const char *mount, const char *role,
                               struct rig_error *err)
{
    for (size_t i = 0; i < sizeof qa_paths / sizeof *qa_paths; i++) {
        RIG_TRY(rig_buf_printf(text, err, "path \"%s/%s\" { capabilities = [%s] }\n", mount,
                               qa_paths[i].path, qa_paths[i].capabilities));
    }
    return rig_buf_printf(text, err,
                          "path \"%s/sign/%s\" { capabilities = [\"create\", \"update\"] }\n"
                          "path \"%s/roles/%s\" { capabilities = [\"read\"] }\n"
                          "path \"sys/mounts/%s/tune\" { capabilities = [\"read\"] }\n",
                          mount, role, mount, role, mount);
}

static rig_result write_qa(const struct rig_vault_setup *options, struct rig_buf *text,
                           struct rig_error *err)
{
    RIG_TRY(rig_buf_append_text(text,
                                "# QA: revokes, rotates CRLs, lists, has test servers' "
                                "certificates signed, and looks at how the CA is set up.\n",
                                err));
    RIG_TRY(put_qa_mount(text, options->device_mount, options->device_role, err));
    RIG_TRY(put_qa_mount(text, options->server_mount, options->server_role, err));
    return rig_buf_append_text(
        text,
        "# to see whether anything is audited; reading this list asks for sudo\n"
        "path \"sys/audit\" { capabilities = [\"read\", \"sudo\"] }\n",
        err);
}

json_t *rig_desired_qa_policy(const struct rig_vault_setup *options)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    struct rig_error ignored;

    return policy_of(&text, write_qa(options, &text, &ignored));
}

/* Logins -------------------------------------------------------------------------------------- */

static json_t *token_options(const struct rig_vault_setup *options, const char *policy,
                             int64_t uses, const char *cidrs)
{
    return json_pack("{s:[s], s:I, s:I, s:I, s:o}", "token_policies", policy, "token_ttl",
                     (json_int_t)options->token_ttl_s, "token_max_ttl",
                     (json_int_t)options->token_ttl_s * 24, "token_num_uses", (json_int_t)uses,
                     "token_bound_cidrs", list_of(cidrs));
}

static json_t *approle_of(json_t *login, const char *cidrs)
{
    if (login == NULL || !put(login, "bind_secret_id", json_true()) ||
        !put(login, "secret_id_num_uses", json_integer(0)) ||
        !put(login, "secret_id_bound_cidrs", list_of(cidrs))) {
        json_decref(login);
        return NULL;
    }
    return login;
}

json_t *rig_desired_station_approle(const struct rig_vault_setup *options)
{
    return approle_of(
        token_options(options, RIG_STATION, options->station_uses, options->station_cidrs),
        options->station_cidrs);
}

json_t *rig_desired_qa_approle(const struct rig_vault_setup *options)
{
    return approle_of(token_options(options, RIG_QA, 0, NULL), NULL);
}

json_t *rig_desired_station_cert(const struct rig_vault_setup *options, const char *ca_pem)
{
    json_t *login =
        token_options(options, RIG_STATION, options->station_uses, options->station_cidrs);

    if (login == NULL || !put(login, "certificate", json_string(ca_pem)) ||
        !put(login, "display_name", json_string(RIG_STATION))) {
        json_decref(login);
        return NULL;
    }
    return login;
}
