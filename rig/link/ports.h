/* SPDX-License-Identifier: Apache-2.0 */
/* The serial ports of this host, as libserialport finds them. Any thread. */
#ifndef RIG_LINK_PORTS_H
#define RIG_LINK_PORTS_H

#include "rig/base/error.h"

struct rig_port {
    char path[128];
    char description[128];
    bool is_usb;
    unsigned usb_vid;
    unsigned usb_pid;
    char usb_path[32]; /* "1-4.2"; "" unknown */
    unsigned usb_interface;
    int usb_bus;
    int usb_address;
    char usb_manufacturer[64]; /* "" unknown, as all texts */
    char usb_product[64];
    char usb_serial[64];
};

/* Calls `each` for every port, in the order of their names (numbers by value); an error of
 * `each` ends it. */
RIG_CHECKED rig_result rig_ports_each(rig_result (*each)(void *ctx, const struct rig_port *port,
                                                         struct rig_error *err),
                                      void *ctx, struct rig_error *err);

#endif
