/* SPDX-License-Identifier: Apache-2.0 */
/* rig boards: what is plugged in. */
#include "rig/cli/cli.h"

#include "rig/link/ports.h"

static rig_result print_port(void *ctx, const struct rig_port *port, struct rig_error *err)
{
    size_t *n = ctx;

    (void)err;
    if (port->is_usb) {
        (void)printf("%-16s %04x:%04x  usb %d:%d  %-16s %-24s %s\n", port->path, port->usb_vid,
                     port->usb_pid, port->usb_bus, port->usb_address, port->usb_serial,
                     port->usb_manufacturer, port->usb_product);
    } else {
        (void)printf("%-16s %-9s  %s\n", port->path, "-", port->description);
    }
    (*n)++;
    return RIG_DONE;
}

static rig_result command(struct rig_cli *cli, int *exit_code, struct rig_error *err)
{
    size_t n = 0;

    (void)cli;
    (void)exit_code;
    RIG_TRY(rig_ports_each(print_port, &n, err));
    if (n == 0) {
        (void)printf("no serial port is plugged in (a board on another host is reached as "
                     "rfc2217://HOST:PORT)\n");
    }
    return RIG_DONE;
}

const struct rig_cli_command rig_cli_boards = {
    .name = "boards",
    .summary = "List the serial ports of this host with their USB data",
    .synopsis = "",
    .details = "One line a port: path, USB vendor and product id, bus and address, serial number, "
               "manufacturer, product.",
    .example = "  rig boards\n",
    .min_positionals = 0,
    .max_positionals = 0,
    .run = command,
};
