/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hangs at an address. A device agent that runs and answers says it all. Otherwise the board
 * is reset into download mode, the ROM asked for chip and MAC, the firmware started, and the agent
 * asked once more; whatever else hangs there has its DTR and RTS moved meanwhile.
 */
#ifndef RIG_RUN_PROBE_H
#define RIG_RUN_PROBE_H

#include "rig/agent/agent.h"
#include "rig/esp/rom.h"
#include "rig/suite/bench.h"

struct rig_probe {
    struct rig_bench_board place; /* given: where, and how its lines are moved */
    bool skip;                    /* given: leave it alone */
    bool is_board;                /* `identity` has chip and MAC; more when the ROM was asked */
    struct rig_rom_identity identity;
    bool has_agent; /* `hello` is filled */
    struct rig_agent_hello hello;
    struct rig_error why; /* what stood in the way of what is missing */
};

/* All at once, a thread each; `wait` is for all. Fails only when threads can't be had or when it
 * was cancelled; what a probe found or missed stands in itself. */
RIG_CHECKED rig_result rig_probe_all(struct rig_probe *probes, size_t n_probes,
                                     struct rig_wait wait, struct rig_error *err);

#endif
