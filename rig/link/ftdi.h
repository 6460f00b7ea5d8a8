/* SPDX-License-Identifier: Apache-2.0 */
/* The driver `ftdi` with the chip injected; programs use the driver table of link.c. */
#ifndef RIG_LINK_FTDI_H
#define RIG_LINK_FTDI_H

#include "rig/link/ftdi_device.h"
#include "rig/link/link.h"

/* `rest` as of rig_usb_parse. `host` must live as long as the link. */
RIG_CHECKED rig_result rig_ftdi_link_open(const struct rig_ftdi_host *host, const char *rest,
                                          const struct rig_link_options *options,
                                          struct rig_link **link, struct rig_error *err);

#endif
