/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For line controllers only: the shape of an entry of the table in lines.c, the truth table, and
 * what the hub gives.
 */
#ifndef RIG_LINK_LINES_DRIVER_H
#define RIG_LINK_LINES_DRIVER_H

#include "rig/link/ftdi_pins.h"
#include "rig/link/lines.h"

struct rig_lines_open_args {
    struct rig_lines_hub *hub;
    const struct rig_lines_config *config;
    const char *board;
    struct rig_link *link;
};

struct rig_lines_driver {
    const char *name;
    rig_result (*open)(const struct rig_lines_open_args *args, struct rig_lines **lines,
                       struct rig_wait wait, struct rig_error *err);
};

extern const struct rig_lines_driver rig_lines_dtr_rts;
extern const struct rig_lines_driver rig_lines_ftdi_bitbang;
extern const struct rig_lines_driver rig_lines_ftdi_cbus;
extern const struct rig_lines_driver rig_lines_usb_jtag_serial;
extern const struct rig_lines_driver rig_lines_by_command;
extern const struct rig_lines_driver rig_lines_by_person;

/* The classic circuit. */
static inline bool rig_lines_en_low(bool dtr, bool rts)
{
    return rts && !dtr;
}

static inline bool rig_lines_boot_low(bool dtr, bool rts)
{
    return dtr && !rts;
}

/* The three states that the circuit can make; its two ways of "run" are one. */
enum rig_lines_state { RIG_LINES_RUN = 0, RIG_LINES_RESET, RIG_LINES_BOOT };

static inline enum rig_lines_state rig_lines_state_of(bool dtr, bool rts)
{
    if (rig_lines_en_low(dtr, rts)) {
        return RIG_LINES_RESET;
    }
    return rig_lines_boot_low(dtr, rts) ? RIG_LINES_BOOT : RIG_LINES_RUN;
}

/*
 * For controllers that take long over a change: DTR and RTS both asserted is where recipes that
 * change one line at a time pass between "reset" and "boot", and the circuit counts on EN being too
 * slow to notice. Such a controller must leave the state as it is then.
 */
static inline bool rig_lines_is_passing(bool dtr, bool rts)
{
    return dtr && rts;
}

/* Borrowed: live as long as the hub. */
struct rig_ftdi_pins_pool *rig_lines_hub_pins(struct rig_lines_hub *hub);

/*
 * Asks the person at the terminal and waits for Enter; one board at a time. UNSUPPORTED when nobody
 * can answer (no terminal).
 */
RIG_CHECKED rig_result rig_lines_hub_ask(struct rig_lines_hub *hub, const char *question,
                                         struct rig_wait wait, struct rig_error *err);

/*
 * Runs the user's program with one word more behind its arguments (NULL: none). Its standard output
 * is read; the last line of it is part of the error when it ends with another code than 0.
 */
RIG_CHECKED rig_result rig_lines_run_command(const struct rig_lines_command *command,
                                             const char *action, struct rig_wait wait,
                                             struct rig_error *err);

#endif
