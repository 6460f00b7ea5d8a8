/* SPDX-License-Identifier: Apache-2.0 */
/* Trials on their way from YAML to plan. Private to rig/suite. */
#ifndef RIG_SUITE_TRIAL_SCHEMA_H
#define RIG_SUITE_TRIAL_SCHEMA_H

#include "rig/suite/step_keys.h"

/* What a list entry is read into: the step first, so that keys that cases and trials share fit. */
struct rig_trial_item {
    struct rig_step_plan step;
    struct rig_trial_plan trial;
};

extern const struct rig_yaml_schema rig_trial_schema;
extern const struct rig_yaml_word rig_trial_expect_words[];
extern const struct rig_yaml_word rig_trial_version_words[];

/* The defaults of an item that is in no file. */
extern const struct rig_trial_plan rig_trial_defaults;

/* Lays the defaults for what `node` leaves out, looks names up in the suite's fixtures, and reports
 * what is contradictory. Times are not its business. */
void rig_trial_complete(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                        const struct rig_yaml_node *node, struct rig_step_plan *step);

#endif
