/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/link/ports.h"

#include "rig/base/buf.h"
#include "rig/link/usb.h"

#include <libserialport.h>
#include <stdlib.h>
#include <string.h>

static void free_list(struct sp_port ***list)
{
    if (*list != NULL) {
        sp_free_port_list(*list);
    }
}

static void copy(char *to, size_t to_size, const char *from)
{
    (void)rig_copy_text(to, to_size, from != NULL ? from : "");
}

static void describe(const struct sp_port *port, struct rig_port *out)
{
    struct rig_usb_device device;
    const char *slash;
    int vid = 0;
    int pid = 0;

    *out = (struct rig_port){0};
    copy(out->path, sizeof out->path, sp_get_port_name(port));
    copy(out->description, sizeof out->description, sp_get_port_description(port));
    out->is_usb = sp_get_port_transport(port) == SP_TRANSPORT_USB;
    if (!out->is_usb) {
        return;
    }
    slash = strrchr(out->path, '/');
    if (sp_get_port_usb_vid_pid(port, &vid, &pid) == SP_OK) {
        out->usb_vid = (unsigned)vid;
        out->usb_pid = (unsigned)pid;
    }
    (void)sp_get_port_usb_bus_address(port, &out->usb_bus, &out->usb_address);
    copy(out->usb_manufacturer, sizeof out->usb_manufacturer, sp_get_port_usb_manufacturer(port));
    copy(out->usb_product, sizeof out->usb_product, sp_get_port_usb_product(port));
    copy(out->usb_serial, sizeof out->usb_serial, sp_get_port_usb_serial(port));
    if (slash != NULL && rig_usb_of_tty(RIG_SYSFS, slash + 1, &device, &out->usb_interface)) {
        copy(out->usb_path, sizeof out->usb_path, device.path);
    }
}

/* ttyUSB2 before ttyUSB10. */
static int by_name(const void *a, const void *b)
{
    return strverscmp(sp_get_port_name(*(struct sp_port *const *)a),
                      sp_get_port_name(*(struct sp_port *const *)b));
}

rig_result rig_ports_each(rig_result (*each)(void *ctx, const struct rig_port *port,
                                             struct rig_error *err),
                          void *ctx, struct rig_error *err)
{
    RIG_AUTO(free_list) struct sp_port **list = NULL;
    size_t n = 0;

    if (sp_list_ports(&list) != SP_OK) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "libserialport cannot list the ports");
    }
    while (list[n] != NULL) {
        n++;
    }
    qsort(list, n, sizeof(struct sp_port *), by_name);
    for (size_t i = 0; i < n; i++) {
        struct rig_port port;

        describe(list[i], &port);
        RIG_TRY(each(ctx, &port, err));
    }
    return RIG_DONE;
}
