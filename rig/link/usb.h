/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USB devices of this host as the kernel shows them in sysfs: which one a person means, where it is
 * plugged in, which driver and tty each of its interfaces has.
 *
 * Every function takes the root of sysfs ("/sys"), so that tests can show another one. Errors:
 * NOT_FOUND (class RIG: not plugged in), INVALID (class USAGE: a selector that can't be read or
 * that fits several devices; the text lists their paths). Any thread.
 */
#ifndef RIG_LINK_USB_H
#define RIG_LINK_USB_H

#include "rig/base/error.h"

#include <stddef.h>

#define RIG_SYSFS "/sys"
#define RIG_USB_ANY_INTERFACE (-1)

struct rig_usb_selector {
    enum { RIG_USB_BY_SERIAL, RIG_USB_BY_PATH, RIG_USB_BY_ID } by;
    char serial[64];
    char path[32]; /* "1-4.2": bus 1, port 4 of the root hub, port 2 of the hub there */
    unsigned vid;
    unsigned pid;
    int interface; /* from 0; RIG_USB_ANY_INTERFACE: not said */
};

struct rig_usb_device {
    char path[32];
    unsigned bus;
    unsigned address;
    unsigned vid;
    unsigned pid;
    unsigned bcd_device; /* tells FTDI's chips apart */
    unsigned n_interfaces;
    char serial[64]; /* "" none, as the other texts */
    char manufacturer[64];
    char product[64];
};

struct rig_usb_interface {
    char driver[32]; /* "ftdi_sio", "usbfs" (a program has claimed it), "" none */
    char tty[32];    /* "ttyUSB0", "" none */
};

/*
 * "SERIAL[:INTERFACE]", "BUS-PORT.PORT[:INTERFACE]" (USB path) or "VID:PID[:INTERFACE]" (four hex
 * digits each). INTERFACE is a letter as on FTDI's chips (A is interface 0) or a number from 0.
 */
RIG_CHECKED rig_result rig_usb_parse(const char *text, struct rig_usb_selector *selector,
                                     struct rig_error *err);

/* In the order of their paths' names; an error of `each` ends it. No USB at all is fine. */
RIG_CHECKED rig_result rig_usb_each(const char *sysfs,
                                    rig_result (*each)(void *ctx,
                                                       const struct rig_usb_device *device,
                                                       struct rig_error *err),
                                    void *ctx, struct rig_error *err);

/* The one device that the selector fits; its interface is not looked at. */
RIG_CHECKED rig_result rig_usb_find(const char *sysfs, const struct rig_usb_selector *selector,
                                    struct rig_usb_device *device, struct rig_error *err);

/* NOT_FOUND when the device has no such interface. */
RIG_CHECKED rig_result rig_usb_interface(const char *sysfs, const struct rig_usb_device *device,
                                         unsigned interface, struct rig_usb_interface *out,
                                         struct rig_error *err);

/*
 * The interface of `device` whose tty is meant: the selector's, or the only one that has a tty.
 * NOT_FOUND when it has none ("no driver": interface->driver tells more), INVALID when several do.
 */
RIG_CHECKED rig_result rig_usb_find_tty(const char *sysfs, const struct rig_usb_selector *selector,
                                        const struct rig_usb_device *device, unsigned *number,
                                        struct rig_usb_interface *interface, struct rig_error *err);

/* The device and interface behind a tty ("ttyUSB0"); false for a tty of another kind. */
bool rig_usb_of_tty(const char *sysfs, const char *tty, struct rig_usb_device *device,
                    unsigned *interface);

/*
 * Asks the kernel to bind its own driver again to an interface that a program took and did not give
 * back, e.g. because it was killed. Needs write access to the device node, as libusb does.
 */
RIG_CHECKED rig_result rig_usb_give_back(const struct rig_usb_device *device, unsigned interface,
                                         struct rig_error *err);

#endif
