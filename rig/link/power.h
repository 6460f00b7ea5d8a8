/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A board's power, switched by the same means as lines: a program of the user's, a pin of an FTDI
 * chip (to a relay or a load switch), or a person. Errors and threads: as lines.h; UNSUPPORTED for
 * an action that the bench file gives no way to.
 */
#ifndef RIG_LINK_POWER_H
#define RIG_LINK_POWER_H

#include "rig/link/lines.h"

enum rig_power_kind {
    RIG_POWER_ABSENT = 0, /* the rig cannot switch this board */
    RIG_POWER_COMMAND,
    RIG_POWER_FTDI_BITBANG,
    RIG_POWER_PERSON,
};

enum rig_power_action { RIG_POWER_ON = 0, RIG_POWER_OFF, RIG_POWER_CYCLE, RIG_POWER_N_ACTIONS };

struct rig_power_config {
    enum rig_power_kind kind;
    struct rig_lines_command commands[RIG_POWER_N_ACTIONS]; /* n_args 0: none for this action */
    char chip[96];                                          /* as in struct rig_lines_config */
    int pin;
    bool off_high;      /* the pin's level that switches off; else low does */
    int64_t off_ms;     /* between off and on in a cycle made of both; 0: 1 s */
    int64_t timeout_ms; /* of one call or answer; 0: 10 s, 120 s */
};

/* "on", "off", "cycle" */
const char *rig_power_action_name(enum rig_power_action action);

/* A pin switches for as long as the rig holds it, so it can do "cycle" only. */
RIG_CHECKED rig_result rig_power_do(struct rig_lines_hub *hub,
                                    const struct rig_power_config *config, const char *board,
                                    enum rig_power_action action, struct rig_wait wait,
                                    struct rig_error *err);

#endif
