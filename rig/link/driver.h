/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For link drivers only: the shape of an entry of the driver table in link.c, and what a driver
 * must tell link.c. Another carrier is one more file with one more `const struct rig_link_driver`,
 * entered there.
 */
#ifndef RIG_LINK_DRIVER_H
#define RIG_LINK_DRIVER_H

#include "rig/link/link.h"

struct rig_link_driver {
    const char *scheme; /* "rfc2217": addresses are "<scheme>://<rest>" */
    const char *form;   /* for error texts: "rfc2217://HOST:PORT" */
    /* The form of `rest` only; INVALID (class USAGE) says what is wrong with it. */
    rig_result (*check)(const char *rest, struct rig_error *err);
    /*
     * Opens; 8N1, `options->baud` (never 0), no flow control, lines at rest. Sets ops in
     * the embedded struct rig_link; link.c fills the rest of it. Leaves nothing open on failure.
     * Texts carry no address.
     */
    rig_result (*open)(const char *rest, const struct rig_link_options *options,
                       struct rig_link **link, struct rig_wait wait, struct rig_error *err);
};

extern const struct rig_link_driver rig_link_rfc2217;
extern const struct rig_link_driver rig_link_serial;
extern const struct rig_link_driver rig_link_usb;
extern const struct rig_link_driver rig_link_ftdi;

/* A driver that throws received bytes away (purge, overrun) shows them here first, so that the tap
 * misses nothing. */
void rig_link_discarded(struct rig_link *link, const uint8_t *bytes, size_t n_bytes);

#endif
