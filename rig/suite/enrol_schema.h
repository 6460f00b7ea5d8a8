/* SPDX-License-Identifier: Apache-2.0 */
/* Registrations on their way from YAML to plan. Private to rig/suite. */
#ifndef RIG_SUITE_ENROL_SCHEMA_H
#define RIG_SUITE_ENROL_SCHEMA_H

#include "rig/suite/step_keys.h"

void rig_read_enrolments(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                         const struct rig_yaml_node *node, void *target);
/* Lays the defaults of a registration as written, and checks what it contradicts. */
void rig_enrol_complete(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                        const struct rig_yaml_node *node, struct rig_step_plan *step);

#endif
