/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca_attack/attack.h"

rig_result rig_attack_describe(struct rig_buf *text, struct rig_error *err)
{
    const struct rig_attack_group *group;

    for (size_t g = 0; (group = rig_attack_group(g)) != NULL; g++) {
        RIG_TRY(rig_buf_printf(text, err,
                               "### Attacks: %s\n\n| Attack | Request | Must be | When it succeeds "
                               "| Remedy |\n|---|---|---|---|---|\n",
                               group->title));
        for (size_t i = 0; i < group->n_attacks; i++) {
            const struct rig_attack *attack = &group->attacks[i];

            RIG_TRY(rig_buf_printf(text, err, "| `%s` | %s | %s | %s | %s |\n", attack->name,
                                   attack->title, rig_attack_expect_name(attack->expect),
                                   attack->meaning, attack->remedy));
        }
        RIG_TRY(rig_buf_append_text(text, "\n", err));
    }
    return RIG_DONE;
}
