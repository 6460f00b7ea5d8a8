/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the device's intermediates the rig changed (steps_chain.c), for the handshakes that
 * follow. A plain value of the cell.
 */
#ifndef RIG_RUN_CHAIN_H
#define RIG_RUN_CHAIN_H

#include "rig/base/ids.h"

#include <stdbool.h>

#define RIG_CHAIN_MAX 8

struct rig_chain_expectation {
    bool known; /* false: no step of this cell touched the intermediates */
    unsigned n; /* intermediates that the device must present behind its leaf */
    uint8_t sha256[RIG_CHAIN_MAX][RIG_SHA256_SIZE];
    uint32_t version;  /* that the board has; 0: none */
    int64_t commit_ms; /* how long a commit that was taken took */
};

#endif
