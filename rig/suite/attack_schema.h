/* SPDX-License-Identifier: Apache-2.0 */
/* Suites against the CA: their keys and their items. Private to rig/suite. */
#ifndef RIG_SUITE_ATTACK_SCHEMA_H
#define RIG_SUITE_ATTACK_SCHEMA_H

#include "rig/suite/suite.h"
#include "rig/suite/yaml_reader.h"

/* Whether the file is one: it has `attacks:`. */
bool rig_is_attack_suite(const struct rig_yaml_node *root);

extern const struct rig_yaml_schema rig_attack_suite_schema;

/* Keys, items and the table of attacks, appended. */
RIG_CHECKED rig_result rig_attack_suite_describe(struct rig_buf *text, struct rig_error *err);

#endif
