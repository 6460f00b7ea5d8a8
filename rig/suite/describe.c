/* SPDX-License-Identifier: Apache-2.0 */
/* The reference of suites, benches and CA files, from the tables that the loaders read by. */
#include "rig/suite/attack_schema.h"
#include "rig/suite/bench_parts.h"
#include "rig/suite/check.h"
#include "rig/suite/plan_tables.h"
#include "rig/suite/schemas.h"
#include "rig/suite/trial_schema.h"
#include "rig/tls/server.h"

#include <stdio.h>
#include <string.h>

/* One table for each group of keys of `schema`. */
static bool has_group(const struct rig_yaml_schema *schema, const char *name)
{
    for (size_t i = 0; schema != NULL && i < schema->n_keys; i++) {
        if (schema->keys[i].type == RIG_YAML_MAP && strcmp(schema->keys[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The mappings within a schema, without those that `said` has (NULL: none) too. */
static rig_result describe_groups_but(const struct rig_yaml_schema *schema,
                                      const struct rig_yaml_schema *said, struct rig_buf *text,
                                      struct rig_error *err)
{
    for (size_t i = 0; i < schema->n_keys; i++) {
        const struct rig_yaml_key *key = &schema->keys[i];
        char title[64];

        if (key->type != RIG_YAML_MAP || has_group(said, key->name)) {
            continue;
        }
        (void)snprintf(title, sizeof title, "`%s:`", key->name);
        RIG_TRY(rig_yaml_describe(key->schema, title, text, err));
    }
    return RIG_DONE;
}

static rig_result describe_groups(const struct rig_yaml_schema *schema, struct rig_buf *text,
                                  struct rig_error *err)
{
    return describe_groups_but(schema, NULL, text, err);
}

static rig_result describe_steps(struct rig_buf *text, struct rig_error *err)
{
    RIG_TRY(rig_buf_append_text(text,
                                "### Kinds of steps\n\n| Step | Timeout | Warns after | Retries | "
                                "Stands in | What it does |\n|---|---|---|---|---|---|\n",
                                err));
    for (size_t i = 0; i < RIG_STEP_KINDS; i++) {
        const struct rig_step_traits *traits = &rig_step_traits[i];
        char timeout[24];
        char warn[24];

        rig_yaml_format_duration(traits->timeout_ms, timeout, sizeof timeout);
        rig_yaml_format_duration(traits->budget.warn_ms, warn, sizeof warn);
        RIG_TRY(rig_buf_printf(
            text, err, "| `%s` | %s | %s | %u | %s%s%s | %s |\n", traits->name, timeout, warn,
            traits->retries, (traits->lists & RIG_LIST_BEFORE) != 0 ? "before, " : "", "each_key",
            (traits->lists & RIG_LIST_AFTER) != 0 ? ", after" : "", traits->doc));
    }
    return rig_buf_append_text(text, "\n", err);
}

static rig_result describe_evidence(const struct rig_case_plan *plan, struct rig_buf *text,
                                    struct rig_error *err)
{
    const char *separator = "";

    for (size_t i = 0; i < plan->n_verify_errors; i++) {
        RIG_TRY(rig_buf_printf(text, err, "%s%s", separator,
                               rig_tls_verify_error_name(plan->verify_errors[i])));
        separator = " or ";
    }
    for (const struct rig_yaml_word *flag = rig_verify_flag_words; flag->name != NULL; flag++) {
        if ((plan->verify_flags & (uint32_t)flag->value) != 0) {
            RIG_TRY(rig_buf_printf(text, err, "%s%s", separator, flag->name));
            separator = " and ";
        }
    }
    if (plan->verify_depth >= 0) {
        RIG_TRY(rig_buf_printf(text, err, " at depth %d", plan->verify_depth));
    }
    RIG_TRY(rig_buf_append_text(text, " | ", err));
    for (size_t i = 0; i < plan->n_alerts; i++) {
        RIG_TRY(rig_buf_printf(text, err, "%s%s", i == 0 ? "" : " or ",
                               rig_tls_alert_name(plan->alerts[i])));
    }
    return rig_buf_append_text(text, " |\n", err);
}

static rig_result describe_cases(const char *title, const struct rig_case_traits *traits, size_t n,
                                 struct rig_buf *text, struct rig_error *err)
{
    RIG_TRY(rig_buf_printf(text, err,
                           "### %s\n\n| Word | Is | Must end | Right reason | Right alert "
                           "|\n|---|---|---|---|---|\n",
                           title));
    for (size_t i = 0; i < n; i++) {
        RIG_TRY(rig_buf_printf(text, err, "| `%s` | %s | %s | ", traits[i].name, traits[i].doc,
                               rig_yaml_word_name(rig_expect_words, (int)traits[i].plan.expect)));
        RIG_TRY(describe_evidence(&traits[i].plan, text, err));
    }
    return rig_buf_append_text(text, "\n", err);
}

rig_result rig_suite_describe_schema(struct rig_buf *text, struct rig_error *err)
{
    RIG_TRY(rig_yaml_describe(&rig_suite_schema, "A suite", text, err));
    RIG_TRY(describe_groups(&rig_suite_schema, text, err));
    RIG_TRY(rig_yaml_describe(&rig_step_schema, "A step", text, err));
    RIG_TRY(rig_yaml_describe(&rig_case_schema, "A case", text, err));
    RIG_TRY(rig_yaml_describe(&rig_enrol_schema, "A registration", text, err));
    RIG_TRY(describe_groups(&rig_step_schema, text, err));
    RIG_TRY(rig_yaml_describe(&rig_trial_schema, "A case with fixtures", text, err));
    RIG_TRY(describe_groups_but(&rig_trial_schema, &rig_step_schema, text, err));
    RIG_TRY(describe_steps(text, err));
    RIG_TRY(rig_rotation_describe(text, err));
    RIG_TRY(describe_cases("Certificates of a case", rig_certificate_traits, RIG_N_CERTIFICATES,
                           text, err));
    RIG_TRY(describe_cases("Servers of a case", rig_server_traits, RIG_N_SERVERS, text, err));
    return rig_attack_suite_describe(text, err);
}

rig_result rig_bench_describe_schema(struct rig_buf *text, struct rig_error *err)
{
    RIG_TRY(rig_yaml_describe(&rig_bench_schema, "A bench", text, err));
    RIG_TRY(rig_yaml_describe(&rig_bench_defaults_schema, "`defaults:`", text, err));
    RIG_TRY(rig_yaml_describe(&rig_bench_board_schema, "A board", text, err));
    RIG_TRY(rig_yaml_describe(&rig_bench_usb_schema, "`usb:`", text, err));
    RIG_TRY(rig_yaml_describe(&rig_bench_lines_schema, "`lines:`", text, err));
    return rig_yaml_describe(&rig_bench_power_schema, "`power:`", text, err);
}

rig_result rig_ca_config_describe_schema(struct rig_buf *text, struct rig_error *err)
{
    RIG_TRY(rig_yaml_describe(&rig_ca_config_schema, "A CA file", text, err));
    RIG_TRY(rig_yaml_describe(&rig_ca_vault_schema, "`vault:`", text, err));
    RIG_TRY(rig_yaml_describe(&rig_ca_role_schema, "`device:` and `server:`", text, err));
    return rig_yaml_describe(&rig_ca_login_schema, "`login:` and `qa:`", text, err);
}
