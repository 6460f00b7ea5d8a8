/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that must not be mixed up: each is a type of its own, so that a board can't be passed for a
 * case. Plain values, always NUL-terminated; the text is ASCII letters, digits, '-' and '_' (no
 * dots: report readers take dots for packages).
 */
#ifndef RIG_BASE_IDS_H
#define RIG_BASE_IDS_H

#include <stdint.h>

struct rig_board_id {
    char text[48];
};

/* Key type of a matrix cell, in the spelling of suites and of the agent's protocol. */
enum rig_key_type {
    RIG_KEY_NONE = 0,
    RIG_KEY_RSA_2048,
    RIG_KEY_RSA_3072,
    RIG_KEY_P256,
    RIG_KEY_P384,
    RIG_KEY_P521,
};

/* "rsa-2048", "rsa-3072", "p-256", "p-384", "p-521"; "none". */
const char *rig_key_type_name(enum rig_key_type type);
/* RIG_KEY_NONE for an unknown name. */
enum rig_key_type rig_key_type_of(const char *name);

#define RIG_SHA256_SIZE 32
#define RIG_MAC_SIZE 6
#define RIG_MAC_TEXT_SIZE 18
/* "24:6f:28:aa:00:01" */
void rig_mac_text(const uint8_t mac[RIG_MAC_SIZE], char out[RIG_MAC_TEXT_SIZE]);

#endif
