/* SPDX-License-Identifier: Apache-2.0 */
/* Logins, what a station may, audit, clock, TLS. */
#include "rig/vaultadmin/examine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SKEW_MS 30000
#define LONG_TOKEN_S (INT64_C(32) * 86400)

/* The connection ------------------------------------------------------------------------------ */

static rig_result examine_tls(struct rig_examination *at, struct rig_error *err)
{
    static const struct rig_finding_words unverified = {
        RIG_VAULT_CRITICAL, "tls-unverified",
        "who sits between station and server reads its token, and signs what it likes"};
    const char *address = rig_vault_address(at->doctor->eyes);

    if (strncmp(address, "http://", 7) == 0) {
        return rig_finding_add(at->findings, &unverified, address,
                               "the API is spoken to without TLS",
                               "a listener with TLS on the server, https:// in ca.yaml", err);
    }
    if (rig_vault_unverified(at->doctor->eyes)) {
        return rig_finding_add(
            at->findings, &unverified, address, "the server's TLS certificate is not verified",
            "take 'tls_verify: off-i-know' out of ca.yaml, name ca_file instead", err);
    }
    return RIG_DONE;
}

static rig_result examine_clock(struct rig_examination *at, struct rig_error *err)
{
    static const struct rig_finding_words words = {
        RIG_VAULT_CRITICAL, "clock-skew",
        "new certificates are not valid yet, or CRLs lapsed, for everybody whose clock is right"};
    struct rig_vault_health health = {0};
    const int64_t max_ms =
        at->doctor->max_clock_skew_ms != 0 ? at->doctor->max_clock_skew_ms : DEFAULT_SKEW_MS;

    RIG_TRY(rig_vault_health(at->api.vault, &health, at->api.wait, err));
    (void)rig_copy_text(at->findings->version, sizeof at->findings->version, health.version);
    at->findings->clock_skew_ms = health.clock_skew_ms;
    if (llabs(health.clock_skew_ms) - health.uncertainty_ms <= max_ms) {
        return RIG_DONE;
    }
    return rig_finding_addf(at->findings, &words, rig_vault_address(at->api.vault),
                            "set both clocks by NTP (timedatectl set-ntp true)", err,
                            "the server's clock is %" PRId64 " s %s this host's",
                            (int64_t)llabs(health.clock_skew_ms) / 1000,
                            health.clock_skew_ms > 0 ? "ahead of" : "behind");
}

/* Tokens -------------------------------------------------------------------------------------- */

static rig_result examine_token(struct rig_examination *at, struct rig_vault *vault,
                                const char *login, bool *root, struct rig_error *err)
{
    static const struct rig_finding_words root_token = {
        RIG_VAULT_CRITICAL, "root-token",
        "who gets it owns the CA: every key, every role, every certificate"};
    static const struct rig_finding_words endless = {RIG_VAULT_WARNING, "endless-token",
                                                     "a copy of it is good for years"};
    RIG_AUTO(rig_vault_token_facts_free) struct rig_vault_token_facts facts = {0};

    RIG_TRY(rig_vault_token_facts(vault, &facts, at->api.wait, err));
    *root = facts.root;
    if (facts.root) {
        return rig_finding_add(at->findings, &root_token, login, "this login uses a root token",
                               "rig vault setup makes logins with few rights; then: bao token "
                               "revoke -self",
                               err);
    }
    if (facts.ttl_s != 0 && facts.ttl_s <= LONG_TOKEN_S) {
        return RIG_DONE;
    }
    return rig_finding_addf(at->findings, &endless, login,
                            "an AppRole or certificate login with token_ttl of an hour", err,
                            facts.ttl_s == 0 ? "the token never ends%.0" PRId64
                                             : "the token lives %" PRId64 " days more",
                            facts.ttl_s / 86400);
}

/* What a station may -------------------------------------------------------------------------- */

static const struct {
    const char *id;
    const char *path;    /* %1: mount, %2: role, as named by `args` */
    const char *args;    /* "dr": device mount, device role; "s": server mount; "": none */
    const char *allowed; /* a capability that is fine there; NULL: none */
    const char *risk;
} station_rules[] = {
    {"station-issues", "%s/issue/%s", "dr", NULL,
     "a private key is made outside of a board, and its certificate is a device's"},
    {"station-signs-verbatim", "%s/sign-verbatim", "d", NULL,
     "anything is signed, whatever the role says"},
    {"station-signs-verbatim", "%s/sign-verbatim/%s", "dr", NULL,
     "anything is signed, whatever the role says"},
    {"station-signs-by-other-roles", "%s/sign/another-role", "d", NULL,
     "the widest role of the mount decides, not the station's"},
    {"station-signs-by-other-roles", "%s/issuer/default/sign-verbatim", "d", NULL,
     "anything is signed, whatever the role says"},
    {"station-signs-servers", "%s/sign/%s", "sr", NULL,
     "a station has a server's certificate made that every board trusts"},
    {"station-revokes", "%s/revoke", "d", NULL, "one stolen token puts every board out of service"},
    {"station-changes-roles", "%s/roles/%s", "dr", "read",
     "a station gives itself a wider role, and nobody sees it"},
    {"station-changes-roles", "%s/roles/another-role", "d", "read",
     "a station makes itself a wider role"},
    {"station-is-ca-admin", "%s/config/urls", "d", "read", "a station changes what CRL is asked"},
    {"station-is-ca-admin", "%s/config/crl", "d", "read", "a station switches CRLs off"},
    {"station-is-ca-admin", "%s/root/sign-intermediate", "d", NULL, "a station makes itself a CA"},
    {"station-is-ca-admin", "%s/issuers/import/bundle", "d", NULL,
     "a station brings in a CA of its own"},
    {"station-is-admin", "sys/policies/acl/another-policy", "", NULL,
     "a station gives itself any right"},
    {"station-is-admin", "sys/mounts/another-mount", "", NULL, "a station changes the server"},
    {"station-is-admin", "sys/audit/another-device", "", NULL, "a station switches auditing off"},
    {"station-makes-tokens", "auth/token/create", "", NULL,
     "a token that is found out and revoked was copied before"},
};
#define N_STATION_RULES (sizeof station_rules / sizeof *station_rules)

/* false: the rule has nothing to ask here */
static bool rule_path(const struct rig_vault_doctor *doctor, size_t at,
                      char path[RIG_ADMIN_PATH_SIZE])
{
    const char *args = station_rules[at].args;
    const struct rig_vault_doctor_place *place = args[0] == 's' ? &doctor->server : &doctor->device;
    const char *rest = strstr(station_rules[at].path, "%s");
    const char *second = rest != NULL ? strstr(rest + 2, "%s") : NULL;

    if (rest == NULL) {
        return rig_copy_text(path, RIG_ADMIN_PATH_SIZE, station_rules[at].path);
    }
    if (place->mount == NULL || (second != NULL && place->role == NULL)) {
        return false;
    }
    return snprintf(path, RIG_ADMIN_PATH_SIZE, "%s%.*s%s", place->mount,
                    second != NULL ? (int)(second - rest - 2) : (int)strlen(rest + 2), rest + 2,
                    second != NULL ? place->role : "") < RIG_ADMIN_PATH_SIZE;
}

json_t *rig_station_paths(const struct rig_vault_doctor *doctor)
{
    json_t *paths = json_array();
    char path[RIG_ADMIN_PATH_SIZE];

    for (size_t i = 0; paths != NULL && i < N_STATION_RULES; i++) {
        if (rule_path(doctor, i, path) && json_array_append_new(paths, json_string(path)) != 0) {
            json_decref(paths);
            return NULL;
        }
    }
    return paths != NULL ? json_pack("{s:o}", "paths", paths) : NULL;
}

/* the capabilities beyond the one that is fine, "" when there are none */
static void excess(const json_t *capabilities, const char *allowed, char *out, size_t out_size)
{
    out[0] = '\0';
    for (size_t i = 0; i < json_array_size(capabilities); i++) {
        const char *name = json_string_value(json_array_get(capabilities, i));
        const size_t used = strlen(out);

        if (name != NULL && strcmp(name, "deny") != 0 &&
            (allowed == NULL || strcmp(name, allowed) != 0)) {
            (void)snprintf(out + used, out_size - used, "%s%s", used != 0 ? ", " : "", name);
        }
    }
}

rig_result rig_judge_station(const struct rig_vault_doctor *doctor, const json_t *capabilities,
                             struct rig_vault_findings *findings, struct rig_error *err)
{
    for (size_t i = 0; i < N_STATION_RULES; i++) {
        const struct rig_finding_words words = {RIG_VAULT_CRITICAL, station_rules[i].id,
                                                station_rules[i].risk};
        char path[RIG_ADMIN_PATH_SIZE];
        char too_much[128];

        if (!rule_path(doctor, i, path)) {
            continue;
        }
        excess(json_object_get(capabilities, path), station_rules[i].allowed, too_much,
               sizeof too_much);
        if (too_much[0] != '\0') {
            RIG_TRY(rig_finding_addf(findings, &words, path,
                                     "rig vault setup writes a policy for stations (rig-station); "
                                     "give this login that one only",
                                     err, "the station's login may do this (%s)", too_much));
        }
    }
    return RIG_DONE;
}

static rig_result examine_station(struct rig_examination *at, struct rig_error *err)
{
    struct rig_admin_api api = {at->doctor->station, at->api.wait};
    RIG_AUTO(rig_auto_json) json_t *capabilities = NULL;
    bool root = false;

    if (at->doctor->station == NULL) {
        return RIG_DONE;
    }
    RIG_TRY_IN(examine_token(at, at->doctor->station, "login (station)", &root, err), err,
               "the station's login");
    if (root) {
        return RIG_DONE;
    }
    RIG_TRY(rig_admin_post(api, "sys/capabilities-self", rig_station_paths(at->doctor),
                           &capabilities, err));
    return rig_judge_station(at->doctor, capabilities, at->findings, err);
}

/* Audit --------------------------------------------------------------------------------------- */

static rig_result examine_audit(struct rig_examination *at, struct rig_error *err)
{
    static const struct rig_finding_words words = {
        RIG_VAULT_WARNING, "no-audit",
        "nobody can say afterwards who had what signed, or whether a certificate was stolen"};
    RIG_AUTO(rig_auto_json) json_t *devices = NULL;
    bool seen = false;

    RIG_TRY(rig_examine_look(at, "sys/audit", &devices, &seen, err));
    if (!seen || json_object_size(devices) != 0) {
        return RIG_DONE;
    }
    return rig_finding_add(at->findings, &words, "sys/audit",
                           "no audit device is on: nothing is recorded",
                           "OpenBao: an audit stanza in the server's configuration; Vault: vault "
                           "audit enable file file_path=/var/log/vault_audit.log",
                           err);
}

rig_result rig_examine_access(struct rig_examination *at, struct rig_error *err)
{
    char login[64];
    bool root = false;

    RIG_TRY(examine_tls(at, err));
    RIG_TRY(examine_clock(at, err));
    (void)snprintf(login, sizeof login, "login (%s)", at->doctor->eyes_name);
    if (at->doctor->eyes != at->doctor->station) {
        RIG_TRY(examine_token(at, at->doctor->eyes, login, &root, err));
    }
    RIG_TRY(examine_station(at, err));
    return examine_audit(at, err);
}
