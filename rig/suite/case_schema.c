/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of cases: handshakes with certificates of the CA that signs for the boards. */
#include "rig/suite/checks.h"
#include "rig/suite/plan_tables.h"
#include "rig/suite/schemas.h"
#include "rig/suite/step_keys.h"
#include "rig/tls/server.h"

#include <string.h>

#define N_OF(table) (sizeof(table) / sizeof((table)[0]))

/* `any`, or a list of names, each turned into a number by `of`; less than `lowest`: no such name,
 * or none that refuses. */
static bool read_codes(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                       const struct rig_yaml_node *node, int (*of)(const char *name), int lowest,
                       int *codes, size_t *n_codes, const char *expected)
{
    *n_codes = 0;
    if (node->kind == RIG_YAML_SCALAR && strcmp(node->text, "any") == 0) {
        return true;
    }
    if (node->kind != RIG_YAML_SEQUENCE) {
        rig_yaml_mistake(mistakes, node->line, "found %s for %s; expected any, or a list of names",
                         rig_yaml_quote_node(node).text, key->name);
        return false;
    }
    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return false;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        const int code = item->kind == RIG_YAML_SCALAR ? of(item->text) : -1;
        if (code < lowest) {
            rig_yaml_mistake(mistakes, item->line, "found %s in %s; expected %s",
                             rig_yaml_quote_node(item).text, key->name, expected);
        } else {
            codes[(*n_codes)++] = code;
        }
    }
    return true;
}

void rig_read_verify_errors(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                            const struct rig_yaml_node *node, void *target)
{
    struct rig_case_plan *plan = &((struct rig_step_plan *)target)->handshake;

    (void)read_codes(
        mistakes, key, node, rig_tls_verify_error_of, 0, plan->verify_errors,
        &plan->n_verify_errors,
        "OpenSSL's name of a verify error without X509_V_ERR_, such as CERT_REVOKED or "
        "CERT_HAS_EXPIRED");
}

void rig_read_alerts(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                     const struct rig_yaml_node *node, void *target)
{
    struct rig_case_plan *plan = &((struct rig_step_plan *)target)->handshake;

    (void)read_codes(mistakes, key, node, rig_tls_alert_of, 1, plan->alerts, &plan->n_alerts,
                     "the name of an alert as in RFC 8446, such as certificate_revoked or "
                     "unknown_ca");
}

void rig_read_verify_depth(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                           const struct rig_yaml_node *node, void *target)
{
    struct rig_case_plan *plan = &((struct rig_step_plan *)target)->handshake;

    plan->verify_depth = -1;
    if (node->kind == RIG_YAML_SCALAR && strcmp(node->text, "any") == 0) {
        return;
    }
    if (node->kind != RIG_YAML_SCALAR || strlen(node->text) != 1 || node->text[0] < '0' ||
        node->text[0] > '9') {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s for %s; expected any, or 0 (the device's certificate) to 9",
                         rig_yaml_quote_node(node).text, key->name);
        return;
    }
    plan->verify_depth = node->text[0] - '0';
}

void rig_read_verify_flags(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                           const struct rig_yaml_node *node, void *target)
{
    struct rig_case_plan *plan = &((struct rig_step_plan *)target)->handshake;
    int flag;

    if (node->kind == RIG_YAML_SCALAR && strcmp(node->text, "any") == 0) {
        return;
    }
    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        if (rig_yaml_read_word(mistakes, "a verify flag", rig_verify_flag_words, item, &flag)) {
            plan->verify_flags |= (uint32_t)flag;
        }
    }
}

void rig_read_offers(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                     const struct rig_yaml_node *node, void *target)
{
    static const struct rig_yaml_word words[] = {
        {"declared-versions", RIG_OFFERS_DECLARED_VERSIONS},
        {"declared-ciphers", RIG_OFFERS_DECLARED_CIPHERS},
        {"no-weak-ciphers", RIG_OFFERS_NO_WEAK_CIPHERS},
        {NULL, 0},
    };
    struct rig_case_plan *plan = &((struct rig_step_plan *)target)->handshake;
    int word;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        if (rig_yaml_read_word(mistakes, "offers", words, item, &word)) {
            plan->offers |= (uint32_t)word;
        }
    }
}

static const struct rig_yaml_key budget_keys[] = {
    {.name = "warn",
     .type = RIG_YAML_LIMIT,
     RIG_YAML_FIELD(struct rig_budget, warn_ms),
     .min = 1,
     .max = RIG_MINUTES(60),
     .initial = "by kind",
     .doc = "Longer is said in the report."},
    {.name = "fail",
     .type = RIG_YAML_LIMIT,
     RIG_YAML_FIELD(struct rig_budget, fail_ms),
     .min = 1,
     .max = RIG_MINUTES(60),
     .initial = "none",
     .doc = "Longer is a `fail` of the board."},
};
const struct rig_yaml_schema rig_budget_schema = {"a budget", N_OF(budget_keys), budget_keys};

static const struct rig_yaml_key case_keys[] = {
    {.name = "case",
     .type = RIG_YAML_TEXT,
     .required = true,
     RIG_YAML_FIELD(struct rig_step_plan, name),
     .min = 1,
     .max = 47,
     .check = rig_check_name,
     .doc = "The name of the handshake, unique in its list."},
    {.name = "certificate",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_step_plan, handshake.certificate),
     .words = rig_certificate_words,
     .initial = "installed",
     .doc = "What the board presents; see the table of certificates."},
    {.name = "server",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_step_plan, handshake.server),
     .words = rig_server_words,
     .initial = "good",
     .doc = "What the test server presents; see the table of servers. One fault in a case: either "
            "`certificate` or `server`."},
    {.name = "expect",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_step_plan, handshake.expect),
     .words = rig_expect_words,
     .initial = "by certificate and server",
     .doc = "How it must end; may be written for the reader, can't be changed."},
    RIG_EXPECT_KEYS,
    RIG_STEP_COMMON_KEYS(RIG_MAX_CASE_MS),
};
const struct rig_yaml_schema rig_case_schema = {"a case", N_OF(case_keys), case_keys};
