/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The intermediates that a device must present: as steps_chain.c changed them in flash, or as a
 * case put them into the slot. A plain value.
 */
#ifndef RIG_RUN_CHAIN_H
#define RIG_RUN_CHAIN_H

#include "rig/base/ids.h"

#include <stdbool.h>

#define RIG_CHAIN_MAX 8

struct rig_chain_expectation {
    bool known; /* false: not compared */
    unsigned n; /* intermediates that the device must present behind its leaf */
    uint8_t sha256[RIG_CHAIN_MAX][RIG_SHA256_SIZE];
    uint32_t version;  /* of the board's chain update; 0: none */
    int64_t commit_ms; /* how long a commit that was taken took */
};

#endif
