/* SPDX-License-Identifier: Apache-2.0 */
/* What the tables of steps, cases and registrations have in common. Private to rig/suite. */
#ifndef RIG_SUITE_COMMON_KEYS_H
#define RIG_SUITE_COMMON_KEYS_H

#include "rig/suite/suite.h"
#include "rig/suite/yaml_reader.h"

extern const struct rig_yaml_schema rig_budget_schema;

/* Of struct rig_step_plan's `handshake`. */
void rig_read_verify_errors(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                            const struct rig_yaml_node *node, void *target);
void rig_read_verify_depth(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                           const struct rig_yaml_node *node, void *target);
void rig_read_alerts(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                     const struct rig_yaml_node *node, void *target);

/* enrol_schema.c */
void rig_read_enrolments(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                         const struct rig_yaml_node *node, void *target);
/* Lays the defaults of a registration as written, and checks what it contradicts. */
void rig_enrol_complete(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                        const struct rig_yaml_node *node, struct rig_step_plan *step);

/* Keys that steps, cases and registrations share. */
#define RIG_COMMON_KEYS(max_timeout_)                                                              \
    {.name = "title",                                                                              \
     .type = RIG_YAML_TEXT,                                                                        \
     RIG_YAML_FIELD(struct rig_step_plan, title),                                                  \
     .max = 95,                                                                                    \
     .initial = "by kind",                                                                         \
     .doc = "What reports and the live table call it."},                                           \
        {.name = "timeout",                                                                        \
         .type = RIG_YAML_DURATION,                                                                \
         RIG_YAML_FIELD(struct rig_step_plan, timeout_ms),                                         \
         .min = 100,                                                                               \
         .max = (max_timeout_),                                                                    \
         .initial = "by kind, at most limits.board",                                               \
         .doc = "A try is broken off after this."},                                                \
        {.name = "budget",                                                                         \
         .type = RIG_YAML_MAP,                                                                     \
         RIG_YAML_FIELD(struct rig_step_plan, budget),                                             \
         .schema = &rig_budget_schema,                                                             \
         .initial = "by kind",                                                                     \
         .doc = "How long it should take."},                                                       \
    {                                                                                              \
        .name = "retries", .type = RIG_YAML_INTEGER,                                               \
        RIG_YAML_FIELD(struct rig_step_plan, retries), .max = 5, .initial = "by kind",             \
        .doc = "Further tries after a fault of rig, line or network; a pass then is `flaky`."      \
    }

#endif
