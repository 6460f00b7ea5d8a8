/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `usb://SELECTOR`: the serial port of a USB device, found by its serial number, by where it is
 * plugged in or by its ids, whatever number its tty got this time.
 */
#include "rig/link/driver.h"
#include "rig/link/usb.h"

#include <stdio.h>
#include <string.h>

/* How long the kernel and udev may take to bring the tty back. */
#define TTY_TIMEOUT_MS 2000
#define LOOK_AGAIN_NS (20 * RIG_NS_PER_MS)

/* A program that took an interface from the kernel and was killed left it without a driver. */
static rig_result repair(const struct rig_usb_selector *selector,
                         const struct rig_usb_device *device, struct rig_error *err)
{
    const bool any = selector->interface == RIG_USB_ANY_INTERFACE;

    for (unsigned i = 0; i < device->n_interfaces; i++) {
        struct rig_usb_interface one;

        RIG_TRY(rig_usb_interface(RIG_SYSFS, device, i, &one, err));
        if ((any || (unsigned)selector->interface == i) && one.driver[0] == '\0') {
            RIG_TRY(rig_usb_give_back(device, i, err));
        }
    }
    return RIG_DONE;
}

static rig_result find_tty(const char *rest, char *path, size_t path_size, struct rig_wait wait,
                           struct rig_error *err)
{
    const struct rig_wait patience = rig_wait_within(wait, TTY_TIMEOUT_MS);
    struct rig_usb_selector selector;
    struct rig_usb_device device;
    struct rig_usb_interface interface;
    unsigned number = 0;
    rig_result result;
    struct rig_error ignored;

    RIG_TRY(rig_usb_parse(rest, &selector, err));
    RIG_TRY(rig_usb_find(RIG_SYSFS, &selector, &device, err));
    result = rig_usb_find_tty(RIG_SYSFS, &selector, &device, &number, &interface, err);
    if (!result.ok && err->code == RIG_E_NOT_FOUND && repair(&selector, &device, &ignored).ok) {
        /* the driver may also just be on its way, for a board plugged in a moment ago */
        do {
            RIG_TRY(rig_wait_pause(wait, LOOK_AGAIN_NS, err));
            result = rig_usb_find_tty(RIG_SYSFS, &selector, &device, &number, &interface, err);
        } while (!result.ok && err->code == RIG_E_NOT_FOUND && !rig_wait_over(patience));
    }
    if (result.ok) {
        (void)snprintf(path, path_size, "/dev/%s", interface.tty);
    }
    return result;
}

static rig_result check(const char *rest, struct rig_error *err)
{
    struct rig_usb_selector selector;

    return rig_usb_parse(rest, &selector, err);
}

static rig_result open_link(const char *rest, const struct rig_link_options *options,
                            struct rig_link **link, struct rig_wait wait, struct rig_error *err)
{
    char path[64];

    RIG_TRY(find_tty(rest, path, sizeof path, wait, err));
    return rig_link_serial.open(path, options, link, wait, err);
}

const struct rig_link_driver rig_link_usb = {
    .scheme = "usb",
    .form = "usb://SERIAL, usb://1-4.2:B",
    .check = check,
    .open = open_link,
};
