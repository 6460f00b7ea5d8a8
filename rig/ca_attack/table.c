/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca_attack/groups.h"

#include <string.h>

static const struct rig_attack_group *const groups[RIG_ATTACK_GROUPS] = {
    &rig_attack_group_forms,    &rig_attack_group_keys,   &rig_attack_group_names,
    &rig_attack_group_purposes, &rig_attack_group_owners,
};

const char *rig_attack_outcome_name(enum rig_attack_outcome outcome)
{
    static const char *const names[] = {"refused", "neutralised", "detected", "allowed"};

    return names[outcome];
}

const char *rig_attack_expect_name(enum rig_attack_expect expect)
{
    static const char *const names[] = {"refused", "neutralised", "detected", "allowed", "either"};

    return names[expect];
}

bool rig_attack_meets(enum rig_attack_expect expect, enum rig_attack_outcome outcome)
{
    switch (expect) {
    case RIG_ATTACK_EXPECT_REFUSED:
        return outcome == RIG_ATTACK_REFUSED;
    case RIG_ATTACK_EXPECT_NEUTRALISED:
        return outcome <= RIG_ATTACK_NEUTRALISED;
    case RIG_ATTACK_EXPECT_DETECTED:
        return outcome <= RIG_ATTACK_DETECTED;
    case RIG_ATTACK_EXPECT_ALLOWED:
        return outcome >= RIG_ATTACK_DETECTED;
    case RIG_ATTACK_EXPECT_EITHER:
        break;
    }
    return true;
}

const struct rig_attack_group *rig_attack_group(size_t index)
{
    return index < RIG_ATTACK_GROUPS ? groups[index] : NULL;
}

size_t rig_attack_count(void)
{
    size_t n = 0;

    for (size_t i = 0; i < RIG_ATTACK_GROUPS; i++) {
        n += groups[i]->n_attacks;
    }
    return n;
}

const struct rig_attack *rig_attack_at(size_t index)
{
    for (size_t i = 0; i < RIG_ATTACK_GROUPS; i++) {
        if (index < groups[i]->n_attacks) {
            return &groups[i]->attacks[index];
        }
        index -= groups[i]->n_attacks;
    }
    return NULL;
}

const struct rig_attack *rig_attack_find(const char *name)
{
    const struct rig_attack *attack;

    for (size_t i = 0; (attack = rig_attack_at(i)) != NULL; i++) {
        if (strcmp(attack->name, name) == 0) {
            return attack;
        }
    }
    return NULL;
}
