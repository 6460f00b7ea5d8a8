/* SPDX-License-Identifier: Apache-2.0 */
/* The link's own DTR and RTS: through the classic circuit, wired straight, inverted; and those of
 * the chip's own USB port. */
#include "rig/link/lines_driver.h"

#include "rig/link/usb.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define CLOSE_LIMIT_MS 1000
#define ESPRESSIF_VID 0x303a

struct dtr_rts {
    struct rig_lines base; /* first */
    struct rig_link *link;
    bool inverted;
    bool direct;
};

static rig_result dtr_rts_set(struct rig_lines *lines, bool dtr, bool rts, struct rig_wait wait,
                              struct rig_error *err)
{
    const struct dtr_rts *d = (const struct dtr_rts *)lines;
    /* without the circuit, both asserted would pull both low instead of none */
    const bool pin_dtr = d->direct ? rig_lines_boot_low(dtr, rts) : dtr;
    const bool pin_rts = d->direct ? rig_lines_en_low(dtr, rts) : rts;

    return rig_link_set_modem_lines(d->link, pin_dtr != d->inverted, pin_rts != d->inverted, wait,
                                    err);
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

static const struct rig_lines_ops usb_jtag_ops = {
    .name = "usb-jtag-serial",
    .set = dtr_rts_set,
    .close = dtr_rts_close,
};

/* NULL, with `err` filled, when it can't be. */
static struct dtr_rts *open_on_link(struct rig_link *link, const struct rig_lines_ops *ops,
                                    struct rig_error *err)
{
    struct dtr_rts *made;

    if (link->ops->set_modem_lines == NULL) {
        (void)rig_fail(err, RIG_CLASS_RIG, RIG_E_UNSUPPORTED,
                       "%s: this link has no DTR and RTS lines; name another line controller "
                       "for the board",
                       link->address);
        return NULL;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        (void)rig_fail_memory(err);
        return NULL;
    }
    made->base.ops = ops;
    made->link = link;
    return made;
}

rig_result rig_lines_open_dtr_rts(struct rig_link *link, struct rig_lines **lines,
                                  struct rig_error *err)
{
    struct dtr_rts *opened = open_on_link(link, &dtr_rts_ops, err);

    *lines = opened != NULL ? &opened->base : NULL;
    return (rig_result){.ok = opened != NULL};
}

static rig_result open_dtr_rts(const struct rig_lines_open_args *args, struct rig_lines **lines,
                               struct rig_wait wait, struct rig_error *err)
{
    struct dtr_rts *opened = open_on_link(args->link, &dtr_rts_ops, err);

    (void)wait; /* the link was opened with its lines at rest */
    if (opened == NULL) {
        return (rig_result){.ok = false};
    }
    opened->inverted = args->config->inverted;
    opened->direct = args->config->wiring == RIG_WIRING_DIRECT;
    *lines = &opened->base;
    return RIG_DONE;
}

/* A USB bridge beside the chip takes DTR and RTS as well, but means others by them. */
static rig_result check_native(const struct rig_link *link, struct rig_error *err)
{
    struct rig_usb_device device;
    unsigned interface = 0;
    char path[PATH_MAX];

    if (link->address[0] != '/' || realpath(link->address, path) == NULL) {
        return RIG_DONE;
    }
    if (rig_usb_of_tty(RIG_SYSFS, strrchr(path, '/') + 1, &device, &interface) &&
        device.vid != ESPRESSIF_VID) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_UNSUPPORTED,
                        "%s is %04x:%04x (%s), not the USB port of an ESP chip (303a:1001): use "
                        "dtr-rts",
                        link->address, device.vid, device.pid, device.product);
    }
    return RIG_DONE;
}

static rig_result open_usb_jtag(const struct rig_lines_open_args *args, struct rig_lines **lines,
                                struct rig_wait wait, struct rig_error *err)
{
    struct dtr_rts *opened;

    (void)wait;
    RIG_TRY(check_native(args->link, err));
    opened = open_on_link(args->link, &usb_jtag_ops, err);
    *lines = opened != NULL ? &opened->base : NULL;
    return (rig_result){.ok = opened != NULL};
}

const struct rig_lines_driver rig_lines_dtr_rts = {.name = "dtr-rts", .open = open_dtr_rts};
const struct rig_lines_driver rig_lines_usb_jtag_serial = {.name = "usb-jtag-serial",
                                                           .open = open_usb_jtag};
