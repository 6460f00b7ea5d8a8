/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/vaultadmin/examine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PROBLEM_SIZE 512

static const struct {
    const char *word;
    const char *title;
} severities[RIG_VAULT_N_SEVERITIES] = {
    [RIG_VAULT_NOTE] = {"note", "note"},
    [RIG_VAULT_WARNING] = {"warning", "WARNING"},
    [RIG_VAULT_CRITICAL] = {"critical", "CRITICAL"},
};

const char *rig_vault_severity_name(enum rig_vault_severity severity)
{
    return severities[severity].word;
}

static void free_finding(struct rig_vault_finding *finding)
{
    free(finding->where);
    free(finding->problem);
    free(finding->risk);
    free(finding->remedy);
}

void rig_vault_findings_free(struct rig_vault_findings *findings)
{
    for (size_t i = 0; i < findings->n_items; i++) {
        free_finding(&findings->items[i]);
    }
    free(findings->items);
    findings->items = NULL;
    findings->n_items = 0;
}

rig_result rig_finding_add(struct rig_vault_findings *findings,
                           const struct rig_finding_words *words, const char *where,
                           const char *problem, const char *remedy, struct rig_error *err)
{
    struct rig_vault_finding *grown =
        reallocarray(findings->items, findings->n_items + 1, sizeof *findings->items);
    struct rig_vault_finding made = {.severity = words->severity, .id = words->id};

    if (grown == NULL) {
        return rig_fail_memory(err);
    }
    findings->items = grown;
    made.where = strdup(where);
    made.problem = strdup(problem);
    made.risk = strdup(words->risk);
    made.remedy = strdup(remedy);
    if (made.where == NULL || made.problem == NULL || made.risk == NULL || made.remedy == NULL) {
        free_finding(&made);
        return rig_fail_memory(err);
    }
    findings->items[findings->n_items++] = made;
    findings->counts[words->severity]++;
    return RIG_DONE;
}

rig_result rig_finding_addf(struct rig_vault_findings *findings,
                            const struct rig_finding_words *words, const char *where,
                            const char *remedy, struct rig_error *err, const char *fmt, ...)
{
    char problem[PROBLEM_SIZE];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(problem, sizeof problem, fmt, args);
    va_end(args);
    return rig_finding_add(findings, words, where, problem, remedy, err);
}

/* For people ---------------------------------------------------------------------------------- */

static rig_result put_finding(const struct rig_vault_finding *finding, struct rig_buf *text,
                              struct rig_error *err)
{
    return rig_buf_printf(text, err,
                          "%-9s %s  %s\n          %s\n          risk:   %s\n          remedy: "
                          "%s\n\n",
                          severities[finding->severity].title, finding->id, finding->where,
                          finding->problem, finding->risk, finding->remedy);
}

rig_result rig_vault_findings_text(const struct rig_vault_findings *findings, const char *address,
                                   struct rig_buf *text, struct rig_error *err)
{
    const size_t *n = findings->counts;

    for (int severity = RIG_VAULT_CRITICAL; severity >= RIG_VAULT_NOTE; severity--) {
        for (size_t i = 0; i < findings->n_items; i++) {
            if ((int)findings->items[i].severity == severity) {
                RIG_TRY(put_finding(&findings->items[i], text, err));
            }
        }
    }
    RIG_TRY(rig_buf_printf(text, err, "%s, version %s: ", address, findings->version));
    if (findings->n_items == 0) {
        return rig_buf_append_text(text, "nothing found\n", err);
    }
    return rig_buf_printf(text, err, "%zu critical, %zu warnings, %zu notes\n",
                          n[RIG_VAULT_CRITICAL], n[RIG_VAULT_WARNING], n[RIG_VAULT_NOTE]);
}

/* For programs -------------------------------------------------------------------------------- */

static json_t *finding_json(const struct rig_vault_finding *finding)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "id", finding->id, "severity",
                     severities[finding->severity].word, "where", finding->where, "problem",
                     finding->problem, "risk", finding->risk, "remedy", finding->remedy);
}

static json_t *all_json(const struct rig_vault_findings *findings, const char *address)
{
    const size_t *n = findings->counts;
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < findings->n_items; i++) {
        if (json_array_append_new(list, finding_json(&findings->items[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    if (list == NULL) {
        return NULL;
    }
    return json_pack("{s:i, s:s, s:s, s:I, s:{s:I, s:I, s:I}, s:o}", "rig", 1, "address", address,
                     "version", findings->version, "clock_skew_ms",
                     (json_int_t)findings->clock_skew_ms, "counts", "critical",
                     (json_int_t)n[RIG_VAULT_CRITICAL], "warning", (json_int_t)n[RIG_VAULT_WARNING],
                     "note", (json_int_t)n[RIG_VAULT_NOTE], "findings", list);
}

rig_result rig_vault_findings_json(const struct rig_vault_findings *findings, const char *address,
                                   struct rig_buf *text, struct rig_error *err)
{
    RIG_AUTO(rig_auto_json) json_t *all = all_json(findings, address);
    RIG_AUTO(rig_free_chars) char *dumped = all != NULL ? json_dumps(all, JSON_INDENT(2)) : NULL;

    return dumped != NULL ? rig_buf_printf(text, err, "%s\n", dumped) : rig_fail_memory(err);
}
