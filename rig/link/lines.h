/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Line controllers: what moves a board's EN and boot strap (IO0/IO9). Separate from the byte link, since a board may take
 * bytes from a tty and its lines from another chip. They speak of DTR and RTS as the reset recipes do, because that is
 * the notation of everybody's recipes; a controller that drives EN and IO0 directly translates by the truth table of the
 * classic circuit (facts: Espressif's auto-reset circuit): EN low = RTS and not DTR; IO0 low = DTR and not RTS.
 *
 * Controllers are entries of a const table too; `dtr-rts` works through the link's modem lines. Errors and threads: as
 * link.h.
 */
#ifndef RIG_LINK_LINES_H
#define RIG_LINK_LINES_H

#include "rig/link/link.h"

struct rig_lines;

struct rig_lines_ops {
    const char *name; /* "dtr-rts" */
    /* Both at once where the carrier can. */
    rig_result (*set)(struct rig_lines *lines, bool dtr, bool rts, struct rig_wait wait,
                      struct rig_error *err);
    void (*close)(struct rig_lines *lines);
};

struct rig_lines {
    const struct rig_lines_ops *ops;
    bool dtr; /* as last set; both false after opening */
    bool rts;
};

/* Lines over the link's own DTR and RTS. Borrows `link`, which must live longer. The caller closes *lines. */
RIG_CHECKED rig_result rig_lines_open_dtr_rts(struct rig_link *link, struct rig_lines **lines,
                                              struct rig_error *err);

RIG_CHECKED rig_result rig_lines_set(struct rig_lines *lines, bool dtr, bool rts,
                                     struct rig_wait wait, struct rig_error *err);

/* NULL is fine. */
void rig_lines_close(struct rig_lines *lines);
static inline void rig_auto_lines(struct rig_lines **lines)
{
    rig_lines_close(*lines);
    *lines = NULL;
}

#endif
