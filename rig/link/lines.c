/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/link/lines.h"

#include "rig/base/cleanup.h"

#include <stdlib.h>

#define CLOSE_LIMIT_MS 1000

struct dtr_rts {
    struct rig_lines base; /* first */
    struct rig_link *link;
};

static rig_result dtr_rts_set(struct rig_lines *lines, bool dtr, bool rts, struct rig_wait wait,
                              struct rig_error *err)
{
    return rig_link_set_modem_lines(((struct dtr_rts *)lines)->link, dtr, rts, wait, err);
}

static void dtr_rts_close(struct rig_lines *lines)
{
    struct rig_error ignored;

    if (lines->dtr || lines->rts) {
        /* the link tries again when it is closed itself */
        (void)dtr_rts_set(lines, false, false, rig_wait_ms(CLOSE_LIMIT_MS, NULL), &ignored).ok;
    }
    free(lines);
}

static const struct rig_lines_ops dtr_rts_ops = {
    .name = "dtr-rts",
    .set = dtr_rts_set,
    .close = dtr_rts_close,
};

rig_result rig_lines_open_dtr_rts(struct rig_link *link, struct rig_lines **lines,
                                  struct rig_error *err)
{
    struct dtr_rts *opened;

    *lines = NULL;
    if (link->ops->set_modem_lines == NULL) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_UNSUPPORTED,
                        "%s: this link has no DTR and RTS lines; name another line controller "
                        "for the board",
                        link->address);
    }
    opened = calloc(1, sizeof *opened);
    if (opened == NULL) {
        return rig_fail_memory(err);
    }
    opened->base.ops = &dtr_rts_ops;
    opened->link = link;
    *lines = &opened->base;
    return RIG_DONE;
}

rig_result rig_lines_set(struct rig_lines *lines, bool dtr, bool rts, struct rig_wait wait,
                         struct rig_error *err)
{
    RIG_TRY_IN(lines->ops->set(lines, dtr, rts, wait, err), err, "DTR=%d RTS=%d", dtr, rts);
    lines->dtr = dtr;
    lines->rts = rts;
    return RIG_DONE;
}

void rig_lines_close(struct rig_lines *lines)
{
    if (lines != NULL) {
        lines->ops->close(lines);
    }
}
