/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/link/ftdi_device.h"

#include "rig/base/cleanup.h"
#include "rig/link/holder.h"

#include <libusb.h>
#include <stdio.h>
#include <string.h>

/* libftdi's own codes of its open functions */
#define OPEN_CONFIG (-3)
#define OPEN_FAILED (-4)
#define OPEN_CLAIM (-5)
#define OPEN_PERMISSION (-8)

/* A transfer that times out loses the bytes it already holds; the chip itself ends each after its
 * latency. */
#define READ_TIMEOUT_MS 5000
#define WRITE_TIMEOUT_MS 1000

rig_result rig_ftdi_fail(struct rig_ftdi *ftdi, int code, const char *what, struct rig_error *err)
{
    const char *words = ftdi->calls->error_string(ftdi->context);

    if (code == LIBUSB_ERROR_NO_DEVICE || code == LIBUSB_ERROR_IO || code == LIBUSB_ERROR_PIPE) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_DISCONNECTED,
                        "the FTDI chip at USB path %s went away: was it unplugged?",
                        ftdi->device.path);
    }
    return rig_fail(err, RIG_CLASS_RIG, code == LIBUSB_ERROR_TIMEOUT ? RIG_E_TIMEOUT : RIG_E_IO,
                    "cannot %s: %s (libftdi %d)", what, words != NULL ? words : "unknown", code);
}

static rig_result fail_open(struct rig_ftdi *ftdi, int code, struct rig_error *err)
{
    const struct rig_usb_device *device = &ftdi->device;
    const char *words = ftdi->calls->error_string(ftdi->context);

    switch (code) {
    case OPEN_PERMISSION:
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_PERMISSION,
                        "no permission to open the USB device at %s (/dev/bus/usb/%03u/%03u): "
                        "install ci/udev/60-rig.rules and add the user to the group 'dialout'",
                        device->path, device->bus, device->address);
    case OPEN_CLAIM:
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_BUSY,
                        "interface %c of the USB device at %s is in use by another program "
                        "(a debugger, another rig): close it",
                        'A' + (int)ftdi->interface, device->path);
    case OPEN_CONFIG:
    case OPEN_FAILED:
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_DISCONNECTED,
                        "the USB device at %s cannot be opened (%s): was it unplugged just now?",
                        device->path, words != NULL ? words : "unknown");
    default:
        return rig_ftdi_fail(ftdi, code, "open the FTDI chip", err);
    }
}

/* Taking the interface from the kernel would take the tty away under a program that uses it. */
static rig_result check_tty_is_free(const struct rig_ftdi_host *host, const struct rig_ftdi *ftdi,
                                    struct rig_error *err)
{
    struct rig_usb_interface interface;
    char path[64];
    char holder[96];

    RIG_TRY(rig_usb_interface(host->sysfs, &ftdi->device, ftdi->interface, &interface, err));
    if (interface.tty[0] == '\0') {
        return RIG_DONE;
    }
    (void)snprintf(path, sizeof path, "/dev/%s", interface.tty);
    rig_find_holder(path, holder, sizeof holder);
    if (holder[0] != '\0') {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_BUSY,
                        "interface %c of the USB device at %s is in use as %s by %s: close that "
                        "program",
                        'A' + (int)ftdi->interface, ftdi->device.path, path, holder);
    }
    return RIG_DONE;
}

static rig_result choose_interface(struct rig_ftdi *ftdi, int wanted, struct rig_error *err)
{
    const unsigned n = ftdi->device.n_interfaces;

    if (wanted == RIG_USB_ANY_INTERFACE && n > 1) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the FTDI chip at %s has %u interfaces: say which, e.g. %s:B (on an "
                        "ESP-Prog B is the UART)",
                        ftdi->device.path, n, ftdi->device.path);
    }
    if (wanted > (int)INTERFACE_D - (int)INTERFACE_A || (n != 0 && wanted >= (int)n)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the FTDI chip at %s has %u interfaces, and %c is none of them",
                        ftdi->device.path, n, 'A' + wanted);
    }
    ftdi->interface = wanted == RIG_USB_ANY_INTERFACE ? 0 : (unsigned)wanted;
    return RIG_DONE;
}

static rig_result open_context(struct rig_ftdi *ftdi, enum rig_ftdi_use use, struct rig_error *err)
{
    const uint8_t bus = (uint8_t)ftdi->device.bus;
    const uint8_t address = (uint8_t)ftdi->device.address;
    int rc;

    ftdi->context = ftdi->calls->create();
    if (ftdi->context == NULL) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY,
                        "libftdi cannot start: is USB (/dev/bus/usb) there?");
    }
    ftdi->context->module_detach_mode = AUTO_DETACH_REATACH_SIO_MODULE;
    ftdi->context->usb_read_timeout = READ_TIMEOUT_MS;
    ftdi->context->usb_write_timeout = WRITE_TIMEOUT_MS;
    rc = ftdi->calls->set_interface(ftdi->context,
                                    (enum ftdi_interface)(INTERFACE_A + (int)ftdi->interface));
    if (rc == 0) {
        rc = use == RIG_FTDI_CLAIM ? ftdi->calls->open(ftdi->context, bus, address)
                                   : ftdi->calls->open_unclaimed(ftdi->context, bus, address);
    }
    if (rc < 0) {
        const rig_result failed = fail_open(ftdi, rc, err);

        ftdi->calls->destroy(ftdi->context);
        ftdi->context = NULL;
        return failed;
    }
    return RIG_DONE;
}

rig_result rig_ftdi_open(const struct rig_ftdi_host *host, const char *text, enum rig_ftdi_use use,
                         const char *lock, struct rig_ftdi *ftdi, struct rig_error *err)
{
    struct rig_usb_selector selector;
    RIG_AUTO(rig_close_fd) int lock_fd = -1;
    char number[16];

    *ftdi = (struct rig_ftdi){.calls = host->calls, .lock_fd = -1};
    RIG_TRY(rig_usb_parse(text, &selector, err));
    RIG_TRY(rig_usb_find(host->sysfs, &selector, &ftdi->device, err));
    RIG_TRY(choose_interface(ftdi, selector.interface, err));
    (void)snprintf(number, sizeof number, "%u", ftdi->interface);
    RIG_TRY(rig_usb_lock(ftdi->device.path, lock != NULL ? lock : number, &lock_fd, err));
    if (use == RIG_FTDI_CLAIM) {
        RIG_TRY(check_tty_is_free(host, ftdi, err));
    }
    RIG_TRY(open_context(ftdi, use, err));
    ftdi->lock_fd = rig_take_fd(&lock_fd);
    return RIG_DONE;
}

void rig_ftdi_close(struct rig_ftdi *ftdi)
{
    if (ftdi->context != NULL) {
        (void)ftdi->calls->close(ftdi->context);
        ftdi->calls->destroy(ftdi->context);
        ftdi->context = NULL;
        rig_close_fd(&ftdi->lock_fd);
    }
}
