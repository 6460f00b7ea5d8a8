/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/vaultadmin/examine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_PER_DAY 86400

enum rule_kind {
    RULE_FLAG,      /* the flag is as `text` says: "true", "false" */
    RULE_TEXT,      /* the text is `text` */
    RULE_HOLDS,     /* the list holds `text` */
    RULE_NOT_EMPTY, /* the list holds anything */
};
enum rule_for { FOR_ANY = 0, FOR_DEVICES, FOR_SERVERS };

struct rule {
    const char *key;
    const char *text;
    enum rule_kind kind;
    enum rule_for role;
    struct rig_finding_words words;
    const char *problem;
    const char *mend; /* arguments of `bao patch PATH` */
};

static const struct rule rules[] = {
    {"allow_any_name",
     "true",
     RULE_FLAG,
     FOR_ANY,
     {RIG_VAULT_CRITICAL, "role-any-name",
      "who may sign at all gets a certificate for any device, server or person"},
     "allow_any_name is true: any name that a CSR asks for is signed, and allowed_domains counts "
     "for nothing",
     "allow_any_name=false allow_glob_domains=true allowed_domains='rig-*'"},
    {"allowed_domains",
     "*",
     RULE_HOLDS,
     FOR_ANY,
     {RIG_VAULT_CRITICAL, "role-any-name",
      "who may sign at all gets a certificate for any device, server or person"},
     "allowed_domains holds '*', which any name matches",
     "allow_glob_domains=true allowed_domains='rig-*'"},
    {"server_flag",
     "true",
     RULE_FLAG,
     FOR_DEVICES,
     {RIG_VAULT_CRITICAL, "role-server-certificates",
      "one board's certificate and key are enough to play the server to every other board: they "
      "trust the same root"},
     "server_flag is true: device certificates are server certificates, too (serverAuth)",
     "server_flag=false"},
    {"client_flag",
     "true",
     RULE_FLAG,
     FOR_SERVERS,
     {RIG_VAULT_CRITICAL, "role-client-certificates",
      "a test server's certificate logs in as a device"},
     "client_flag is true: server certificates are client certificates, too (clientAuth)",
     "client_flag=false"},
    {"client_flag",
     "false",
     RULE_FLAG,
     FOR_DEVICES,
     {RIG_VAULT_CRITICAL, "role-not-client", "servers refuse every board (wrong key usage)"},
     "client_flag is false: device certificates lack clientAuth",
     "client_flag=true"},
    {"use_csr_sans",
     "true",
     RULE_FLAG,
     FOR_DEVICES,
     {RIG_VAULT_CRITICAL, "role-csr-sans",
      "a board, or who sits at its line, puts another device's or a server's name into its own "
      "certificate"},
     "use_csr_sans is true: the names (SAN) that a CSR asks for are signed along",
     "use_csr_sans=false"},
    {"allow_ip_sans",
     "true",
     RULE_FLAG,
     FOR_DEVICES,
     {RIG_VAULT_WARNING, "role-ip-sans",
      "a certificate for the address of a server, which clients that connect by address accept"},
     "allow_ip_sans is true: certificates for any IP address are signed",
     "allow_ip_sans=false"},
    {"allow_wildcard_certificates",
     "true",
     RULE_FLAG,
     FOR_ANY,
     {RIG_VAULT_WARNING, "role-wildcards", "one certificate that is good for every name below"},
     "allow_wildcard_certificates is true: names such as *.example.com are signed",
     "allow_wildcard_certificates=false"},
    {"allow_localhost",
     "true",
     RULE_FLAG,
     FOR_ANY,
     {RIG_VAULT_WARNING, "role-localhost",
      "a certificate that programs on any host take for their own"},
     "allow_localhost is true: the name localhost is signed for everybody",
     "allow_localhost=false"},
    {"cn_validations",
     "email",
     RULE_HOLDS,
     FOR_ANY,
     {RIG_VAULT_WARNING, "role-email-names",
      "a certificate that mail programs and people take for a person's"},
     "cn_validations holds email: e-mail addresses pass as names",
     "cn_validations=hostname"},
    {"cn_validations",
     "disabled",
     RULE_HOLDS,
     FOR_ANY,
     {RIG_VAULT_WARNING, "role-any-characters",
      "names with spaces, commas or control characters, which logs and scripts read wrongly"},
     "cn_validations is disabled: names need not look like host names",
     "cn_validations=hostname"},
    {"enforce_hostnames",
     "false",
     RULE_FLAG,
     FOR_ANY,
     {RIG_VAULT_WARNING, "role-any-characters",
      "names with spaces, commas or control characters, which logs and scripts read wrongly"},
     "enforce_hostnames is false: names need not look like host names",
     "enforce_hostnames=true"},
    {"require_cn",
     "false",
     RULE_FLAG,
     FOR_DEVICES,
     {RIG_VAULT_WARNING, "role-no-cn", "a certificate that belongs to no device"},
     "require_cn is false: a certificate without a common name is signed",
     "require_cn=true"},
    {"code_signing_flag",
     "true",
     RULE_FLAG,
     FOR_ANY,
     {RIG_VAULT_WARNING, "role-other-usages", "a device's key signs code that hosts run"},
     "code_signing_flag is true",
     "code_signing_flag=false"},
    {"email_protection_flag",
     "true",
     RULE_FLAG,
     FOR_ANY,
     {RIG_VAULT_WARNING, "role-other-usages", "a device's key signs mail"},
     "email_protection_flag is true",
     "email_protection_flag=false"},
    {"ext_key_usage",
     NULL,
     RULE_NOT_EMPTY,
     FOR_ANY,
     {RIG_VAULT_WARNING, "role-other-usages",
      "certificates are good for more than the flags of the role say"},
     "ext_key_usage adds usages to those of the flags",
     "ext_key_usage=''"},
    {"ext_key_usage_oids",
     NULL,
     RULE_NOT_EMPTY,
     FOR_ANY,
     {RIG_VAULT_WARNING, "role-other-usages",
      "certificates are good for more than the flags of the role say"},
     "ext_key_usage_oids adds usages to those of the flags",
     "ext_key_usage_oids=''"},
    {"key_usage",
     "CertSign",
     RULE_HOLDS,
     FOR_ANY,
     {RIG_VAULT_CRITICAL, "role-signs-certificates",
      "clients that don't look at basicConstraints take a device for a CA"},
     "key_usage holds CertSign",
     "key_usage=DigitalSignature"},
    {"key_usage",
     "KeyEncipherment",
     RULE_HOLDS,
     FOR_DEVICES,
     {RIG_VAULT_NOTE, "role-key-usage",
      "none by itself; TLS 1.3 and forward-secret suites only sign"},
     "key_usage holds KeyEncipherment, which a device needs for nothing",
     "key_usage=DigitalSignature"},
    {"allowed_uri_sans",
     NULL,
     RULE_NOT_EMPTY,
     FOR_DEVICES,
     {RIG_VAULT_WARNING, "role-other-sans",
      "names of another kind (URI) get into device certificates"},
     "allowed_uri_sans is not empty",
     "allowed_uri_sans=''"},
    {"allowed_other_sans",
     NULL,
     RULE_NOT_EMPTY,
     FOR_DEVICES,
     {RIG_VAULT_WARNING, "role-other-sans",
      "names of another kind (a user's logon name, for one) get into device certificates"},
     "allowed_other_sans is not empty",
     "allowed_other_sans=''"},
    {"no_store",
     "true",
     RULE_FLAG,
     FOR_ANY,
     {RIG_VAULT_WARNING, "role-no-store",
      "a certificate can't be found or revoked by its serial number"},
     "no_store is true: the server forgets what it signed",
     "no_store=false"},
    {"generate_lease",
     "true",
     RULE_FLAG,
     FOR_DEVICES,
     {RIG_VAULT_WARNING, "role-leases",
      "when a station's token ends, every certificate that it had signed is revoked"},
     "generate_lease is true: certificates hang on the token that had them signed",
     "generate_lease=false"},
    {"not_after_bound",
     "permit",
     RULE_TEXT,
     FOR_ANY,
     {RIG_VAULT_WARNING, "role-not-after",
      "a request that names not_after gets a certificate up to the end of the CA"},
     "not_after_bound is permit: a request's not_after goes past max_ttl",
     "not_after_bound=forbid"},
};

static bool list_holds(const json_t *list, const char *text)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *item = json_string_value(json_array_get(list, i));

        if (item != NULL && strcmp(item, text) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_broken(const struct rule *rule, const json_t *role)
{
    const json_t *value = json_object_get(role, rule->key);
    const char *text = json_string_value(value);

    switch (rule->kind) {
    case RULE_FLAG:
        return json_is_boolean(value) && json_is_true(value) == (strcmp(rule->text, "true") == 0);
    case RULE_TEXT:
        return text != NULL && strcmp(text, rule->text) == 0;
    case RULE_HOLDS:
        return list_holds(value, rule->text);
    case RULE_NOT_EMPTY:
        return json_array_size(value) != 0;
    }
    return false;
}

static bool applies(const struct rule *rule, bool server)
{
    return rule->role == FOR_ANY || (rule->role == FOR_SERVERS) == server;
}

static rig_result add_for(const struct rig_role_facts *facts, struct rig_vault_findings *findings,
                          const struct rig_finding_words *words, const char *problem,
                          const char *mend, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf remedy = {0};

    RIG_TRY(rig_buf_printf(&remedy, err, "bao patch %s %s", facts->path, mend));
    return rig_finding_add(findings, words, facts->path, problem, rig_buf_text(&remedy), err);
}

/* Lifetimes ----------------------------------------------------------------------------------- */

static rig_result judge_ttl(const struct rig_role_facts *facts, struct rig_vault_findings *findings,
                            struct rig_error *err)
{
    static const struct rig_finding_words no_ttl = {
        RIG_VAULT_WARNING, "role-no-ttl",
        "certificates live much shorter or longer than everybody thinks, and nobody notices "
        "before they end in the field"};
    static const struct rig_finding_words no_max = {
        RIG_VAULT_WARNING, "role-no-max-ttl",
        "a request's ttl makes certificates as long-lived as the mount allows"};
    const int64_t ttl_s = rig_admin_seconds(json_object_get(facts->role, "ttl"));
    const int64_t max_s = rig_admin_seconds(json_object_get(facts->role, "max_ttl"));
    const char *end = rig_admin_text(facts->role, "not_after", "");
    char problem[256];
    char mend[64];

    if (ttl_s <= 0 && end[0] == '\0') {
        (void)snprintf(problem, sizeof problem,
                       "ttl is not set (max_ttl is only a ceiling): a request without ttl gets the "
                       "mount's default, %" PRId64 " hours (%" PRId64 " days)",
                       facts->default_ttl_s / 3600, facts->default_ttl_s / SECONDS_PER_DAY);
        (void)snprintf(mend, sizeof mend, "ttl=%" PRId64 "s",
                       max_s > 0 ? max_s : facts->default_ttl_s);
        RIG_TRY(add_for(facts, findings, &no_ttl, problem, mend, err));
    }
    if (max_s <= 0) {
        (void)snprintf(mend, sizeof mend, "max_ttl=%" PRId64 "s",
                       ttl_s > 0 ? ttl_s : facts->default_ttl_s);
        RIG_TRY(add_for(facts, findings, &no_max, "max_ttl is not set", mend, err));
    }
    return RIG_DONE;
}

/* HashiCorp's releases from which a request's not_after is held to max_ttl. */
static const struct {
    long major, minor, patch;
} mended[] = {{1, 19, 19}, {1, 20, 13}, {1, 21, 8}, {2, 0, 3}};

static bool bounds_not_after(const char *version)
{
    char *end = NULL;
    const long major = strtol(version, &end, 10);
    const long minor = *end == '.' ? strtol(end + 1, &end, 10) : 0;
    const long patch = *end == '.' ? strtol(end + 1, &end, 10) : 0;

    for (size_t i = 0; i < sizeof mended / sizeof *mended; i++) {
        if (mended[i].major == major && mended[i].minor == minor) {
            return patch >= mended[i].patch;
        }
    }
    return major > 2 || (major == 2 && minor > 0);
}

static rig_result judge_not_after(const struct rig_role_facts *facts,
                                  struct rig_vault_findings *findings, struct rig_error *err)
{
    static const struct rig_finding_words words = {
        RIG_VAULT_WARNING, "role-not-after",
        "a request that names not_after gets a certificate up to the end of the CA"};

    if (json_object_get(facts->role, "not_after_bound") != NULL ||
        bounds_not_after(facts->version)) {
        return RIG_DONE;
    }
    return rig_finding_addf(
        findings, &words, facts->path, "update Vault to 1.19.19, 1.20.13, 1.21.8, 2.0.3 or newer",
        err, "this server (%s) lets a request's not_after go past max_ttl", facts->version);
}

static rig_result judge_keys(const struct rig_role_facts *facts,
                             struct rig_vault_findings *findings, struct rig_error *err)
{
    static const struct rig_finding_words words = {
        RIG_VAULT_WARNING, "role-weak-keys", "a key that can be computed from its certificate"};
    const char *type = rig_admin_text(facts->role, "key_type", "");
    const int64_t bits = rig_admin_number(facts->role, "key_bits", 0);
    char problem[96];

    if (bits == 0 ||
        !((strcmp(type, "rsa") == 0 && bits < 2048) || (strcmp(type, "ec") == 0 && bits < 256))) {
        return RIG_DONE;
    }
    (void)snprintf(problem, sizeof problem, "key_type %s with key_bits %" PRId64, type, bits);
    return add_for(facts, findings, &words, problem, "key_bits=0", err);
}

rig_result rig_judge_role(const struct rig_role_facts *facts, struct rig_vault_findings *findings,
                          struct rig_error *err)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (applies(&rules[i], facts->server) && is_broken(&rules[i], facts->role)) {
            RIG_TRY(
                add_for(facts, findings, &rules[i].words, rules[i].problem, rules[i].mend, err));
        }
    }
    RIG_TRY(judge_ttl(facts, findings, err));
    RIG_TRY(judge_not_after(facts, findings, err));
    return judge_keys(facts, findings, err);
}
