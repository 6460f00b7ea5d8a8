/* SPDX-License-Identifier: Apache-2.0 */
/* rig boards: what is plugged in. */
#include "rig/cli/cli.h"

#include "rig/base/cleanup.h"
#include "rig/base/file.h"
#include "rig/cli/first_bench.h"
#include "rig/link/link.h"
#include "rig/link/usb.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MAX_FOUND 64
#define PROBE_TIMEOUT_MS 10000
#define ESPRESSIF_VID 0x303a
#define USB_JTAG_PID 0x1001
#define FTDI_VID 0x0403

static const struct rig_cli_option options[] = {
    {"probe", NULL, "ask each board for its chip, MAC and device agent", NULL},
    {"write", "FILE", "probe, and make a first bench file of what answers", NULL},
    {"force", NULL, "with --write: replace a file that is there", NULL},
};

struct list {
    struct rig_found found[MAX_FOUND];
    size_t n;
    size_t n_left_out;
};

static rig_result add_port(void *ctx, const struct rig_port *port, struct rig_error *err)
{
    struct list *list = ctx;

    (void)err;
    if (list->n == MAX_FOUND) {
        list->n_left_out++;
        return RIG_DONE;
    }
    list->found[list->n].is_port = true;
    list->found[list->n].port = *port;
    (void)rig_copy_text(list->found[list->n].address, sizeof list->found[0].address, port->path);
    list->n++;
    return RIG_DONE;
}

static rig_result take_if_named(void *ctx, const struct rig_port *port, struct rig_error *err)
{
    struct rig_found *found = ctx;

    (void)err;
    if (strcmp(found->address, port->path) == 0) {
        found->is_port = true;
        found->port = *port;
    }
    return RIG_DONE;
}

/* ---- ports that a killed program left without a driver ---- */

static rig_result give_back(void *ctx, const struct rig_usb_device *device, struct rig_error *err)
{
    struct rig_error ignored;

    (void)ctx;
    (void)err;
    for (unsigned i = 0; device->vid == FTDI_VID && i < device->n_interfaces; i++) {
        struct rig_usb_interface one;

        if (rig_usb_interface(RIG_SYSFS, device, i, &one, &ignored).ok && one.driver[0] == '\0' &&
            rig_usb_give_back(device, i, &ignored).ok &&
            rig_usb_interface(RIG_SYSFS, device, i, &one, &ignored).ok && one.driver[0] != '\0') {
            (void)printf("%s:%c had no driver (left so by a program that was killed?); the kernel "
                         "has it again\n",
                         device->path, 'A' + (int)i);
        }
    }
    return RIG_DONE;
}

/* ---- the table ---- */

static bool is_native(const struct rig_found *found)
{
    return found->is_port && found->port.usb_vid == ESPRESSIF_VID &&
           found->port.usb_pid == USB_JTAG_PID;
}

static void print_place(const struct rig_found *found)
{
    const struct rig_port *port = &found->port;

    if (found->is_port && port->is_usb) {
        (void)printf("%-14s %04x:%04x  %-8s %c  %-14s", port->path, port->usb_vid, port->usb_pid,
                     port->usb_path[0] != '\0' ? port->usb_path : "?",
                     'A' + (int)port->usb_interface,
                     port->usb_serial[0] != '\0' ? port->usb_serial : "-");
    } else if (found->is_port) {
        (void)printf("%-14s %-9s  %-8s %c  %-14s", port->path, "-", "-", '-', "-");
    } else {
        (void)printf("%-51s", found->address);
    }
}

static void print_probe(const struct rig_probe *probe)
{
    char mac[RIG_MAC_TEXT_SIZE] = "MAC unreadable   ";

    if (!probe->is_board) {
        (void)printf("  %s%s\n", probe->skip ? "" : "no board: ", probe->why.text);
        return;
    }
    if (probe->identity.has_mac) {
        rig_mac_text(probe->identity.mac, mac);
    }
    (void)printf("  %-8s %s  ", probe->identity.chip->name, mac);
    if (probe->has_agent) {
        (void)printf("agent %s\n", probe->hello.agent_version);
    } else {
        (void)printf("no agent: %s\n", probe->why.text);
    }
}

static void print_table(const struct list *list, const struct rig_probe *probes)
{
    if (list->n == 0) {
        (void)printf("no serial port is plugged in (a board on another host is reached as "
                     "rfc2217://HOST:PORT)\n");
        return;
    }
    (void)printf("%-14s %-9s  %-8s %s %-14s  %s\n", "PORT", "USB ID", "USB PATH", "IF", "SERIAL",
                 probes != NULL ? "CHIP     MAC                AGENT" : "PRODUCT");
    for (size_t i = 0; i < list->n; i++) {
        print_place(&list->found[i]);
        if (probes != NULL) {
            print_probe(&probes[i]);
        } else {
            (void)printf("  %s%s%s\n", list->found[i].port.usb_manufacturer,
                         list->found[i].port.usb_manufacturer[0] != '\0' ? " " : "",
                         list->found[i].port.is_usb ? list->found[i].port.usb_product
                                                    : list->found[i].port.description);
        }
    }
    if (list->n_left_out != 0) {
        (void)printf("and %zu more, which are too many to list\n", list->n_left_out);
    }
}

/* ---- probing and writing ---- */

static rig_result probe_all(const struct list *list, struct rig_probe *probes,
                            struct rig_cancel *cancel, struct rig_error *err)
{
    for (size_t i = 0; i < list->n; i++) {
        struct rig_bench_board *place = &probes[i].place;

        place->baud = 115200;
        place->lines.kind =
            is_native(&list->found[i]) ? RIG_LINES_USB_JTAG_SERIAL : RIG_LINES_DTR_RTS;
        /* a PC's own port answers to nobody as a rule; it can be named */
        probes[i].skip = !list->found[i].named && !list->found[i].port.is_usb;
        if (probes[i].skip) {
            (void)rig_fail(&probes[i].why, RIG_CLASS_RIG, RIG_E_UNSUPPORTED,
                           "not probed, as it is not on USB: 'rig boards --probe %s' does",
                           list->found[i].address)
                .ok;
        }
        (void)rig_copy_text(place->port, sizeof place->port, list->found[i].address);
        (void)rig_copy_text(place->id.text, sizeof place->id.text, list->found[i].address);
    }
    return rig_probe_all(probes, list->n, rig_wait_ms(PROBE_TIMEOUT_MS, cancel), err);
}

static rig_result write_bench(const struct rig_cli *cli, const struct list *list,
                              const struct rig_probe *probes, struct rig_error *err)
{
    const char *path = rig_cli_value(cli, "write", NULL);
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};

    RIG_TRY(rig_first_bench(list->found, probes, list->n, &text, err));
    RIG_TRY(rig_file_replace(path, text.data, text.len, 0644, err));
    (void)printf("wrote %s\n", path);
    return RIG_DONE;
}

/* Before anything is reset. */
static rig_result check_write(const struct rig_cli *cli, struct rig_error *err)
{
    const char *path = rig_cli_value(cli, "write", NULL);

    if (path != NULL && !rig_cli_given(cli, "force") && access(path, F_OK) == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_EXISTS,
                        "'%s' is there already: choose another name, or replace it with --force",
                        path);
    }
    return RIG_DONE;
}

static rig_result find_ports(const struct rig_cli *cli, struct list *list, struct rig_error *err)
{
    if (cli->n_positionals == 0) {
        RIG_TRY(rig_usb_each(RIG_SYSFS, give_back, NULL, err));
        return rig_ports_each(add_port, list, err);
    }
    for (size_t i = 0; i < cli->n_positionals; i++) {
        struct rig_found *one = &list->found[list->n++];

        RIG_TRY(rig_link_check_address(cli->positionals[i], err));
        one->named = true;
        (void)rig_copy_text(one->address, sizeof one->address, cli->positionals[i]);
        RIG_TRY(rig_ports_each(take_if_named, one, err));
    }
    return RIG_DONE;
}

static void free_probes(struct rig_probe **probes)
{
    free(*probes);
}

static rig_result command(struct rig_cli *cli, int *exit_code, struct rig_error *err)
{
    RIG_AUTO(free_probes) struct rig_probe *probes = NULL;
    struct list list = {0};

    (void)exit_code;
    RIG_TRY(check_write(cli, err));
    RIG_TRY(find_ports(cli, &list, err));
    if (rig_cli_given(cli, "probe") || rig_cli_given(cli, "write")) {
        probes = calloc(list.n != 0 ? list.n : 1, sizeof *probes);
        if (probes == NULL) {
            return rig_fail_memory(err);
        }
        RIG_TRY(probe_all(&list, probes, cli->cancel, err));
    }
    print_table(&list, probes);
    return rig_cli_given(cli, "write") ? write_bench(cli, &list, probes, err) : RIG_DONE;
}

const struct rig_cli_command rig_cli_boards = {
    .name = "boards",
    .summary = "List what is plugged in, ask what it is, make a first bench file of it",
    .synopsis = "[ADDRESS...]",
    .details =
        "One line a port: path, USB vendor and product id, USB path, interface, serial "
        "number; then the product, or with --probe the chip, its MAC and the device agent. "
        "Without ADDRESS all serial ports of this host; of these the ones on USB are probed. "
        "A board whose agent does not answer at once is reset by DTR and RTS to ask its ROM.",
    .example = "  rig boards\n"
               "  rig boards --probe\n"
               "  rig boards --write bench.yaml\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positionals = 0,
    .max_positionals = RIG_CLI_MAX_POSITIONALS,
    .run = command,
};
