/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/base/ids.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const key_type_names[] = {
    [RIG_KEY_NONE] = "none",  [RIG_KEY_RSA_2048] = "rsa-2048", [RIG_KEY_RSA_3072] = "rsa-3072",
    [RIG_KEY_P256] = "p-256", [RIG_KEY_P384] = "p-384",        [RIG_KEY_P521] = "p-521",
};

#define N_KEY_TYPES (sizeof key_type_names / sizeof *key_type_names)

const char *rig_key_type_name(enum rig_key_type type)
{
    return (size_t)type < N_KEY_TYPES ? key_type_names[type] : "none";
}

enum rig_key_type rig_key_type_of(const char *name)
{
    for (size_t i = 1; i < N_KEY_TYPES; i++) {
        if (strcmp(key_type_names[i], name) == 0) {
            return (enum rig_key_type)i;
        }
    }
    return RIG_KEY_NONE;
}

void rig_mac_text(const uint8_t mac[RIG_MAC_SIZE], char out[RIG_MAC_TEXT_SIZE])
{
    (void)snprintf(out, RIG_MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
                   mac[3], mac[4], mac[5]);
}
