/* SPDX-License-Identifier: Apache-2.0 */
/* What only shows once all fixture files are read. Private to rig/suite. */
#ifndef RIG_SUITE_FIXTURES_NAMES_H
#define RIG_SUITE_FIXTURES_NAMES_H

#include "rig/pki/recipe.h"
#include "rig/suite/yaml_tree.h"

/* Names that stand for nothing or twice, rings of signers, and keys that don't go together, in the
 * file whose root is `root`, which was read without a mistake. */
void rig_fixtures_check_names(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *root,
                              const struct rig_fixtures *fixtures);

#endif
