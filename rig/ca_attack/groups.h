/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the table, a file each. Private to rig/ca_attack. */
#ifndef RIG_CA_ATTACK_GROUPS_H
#define RIG_CA_ATTACK_GROUPS_H

#include "rig/ca_attack/attack.h"

#define RIG_ATTACK_N(table) (sizeof(table) / sizeof((table)[0]))

extern const struct rig_attack_group rig_attack_group_forms;
extern const struct rig_attack_group rig_attack_group_keys;
extern const struct rig_attack_group rig_attack_group_names;
extern const struct rig_attack_group rig_attack_group_purposes;
extern const struct rig_attack_group rig_attack_group_owners;

#endif
