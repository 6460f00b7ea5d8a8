/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/profile/profile.h"

#include <string.h>

const struct rig_profile_case *rig_profile_find_case(const struct rig_server_profile *profile,
                                                     const char *name)
{
    for (size_t i = 0; i < profile->n_cases; i++) {
        if (strcmp(profile->cases[i].name, name) == 0) {
            return &profile->cases[i];
        }
    }
    return NULL;
}

bool rig_profile_has_directive(const struct rig_server_profile *profile, const char *name)
{
    const size_t length = strlen(name);

    for (size_t i = 0; i < profile->n_directives; i++) {
        if (strncmp(profile->directives[i], name, length) == 0 &&
            (profile->directives[i][length] == ' ' || profile->directives[i][length] == '\0')) {
            return true;
        }
    }
    return false;
}
