/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of libftdi1, and the one that it lacks. */
#include "rig/link/ftdi_device.h"

#include <libusb.h>

/* libftdi's own codes of its open functions */
#define OPEN_NOT_FOUND (-3)
#define OPEN_PERMISSION (-8)
#define OPEN_FAILED (-4)

static enum ftdi_chip_type type_of(uint16_t bcd_device)
{
    switch (bcd_device) {
    case 0x0600:
        return TYPE_R;
    case 0x0700:
        return TYPE_2232H;
    case 0x0800:
        return TYPE_4232H;
    case 0x0900:
        return TYPE_232H;
    case 0x1000:
        return TYPE_230X;
    default:
        return TYPE_BM;
    }
}

static int open_device(struct ftdi_context *ftdi, libusb_device *device)
{
    struct libusb_device_descriptor descriptor;
    libusb_device_handle *handle = NULL;
    int rc;

    if (libusb_get_device_descriptor(device, &descriptor) != 0) {
        return OPEN_FAILED;
    }
    rc = libusb_open(device, &handle);
    if (rc != 0) {
        return rc == LIBUSB_ERROR_ACCESS ? OPEN_PERMISSION : OPEN_FAILED;
    }
    ftdi_set_usbdev(ftdi, handle);
    ftdi->type = type_of(descriptor.bcdDevice);
    return 0;
}

static int open_unclaimed(struct ftdi_context *ftdi, uint8_t bus, uint8_t address)
{
    libusb_device **list = NULL;
    const ssize_t n = libusb_get_device_list(ftdi->usb_ctx, &list);
    int rc = OPEN_NOT_FOUND;

    for (ssize_t i = 0; i < n; i++) {
        if (libusb_get_bus_number(list[i]) == bus &&
            libusb_get_device_address(list[i]) == address) {
            rc = open_device(ftdi, list[i]);
            break;
        }
    }
    if (n >= 0) {
        libusb_free_device_list(list, 1);
    }
    return rc;
}

static const struct rig_ftdi_calls calls = {
    .create = ftdi_new,
    .destroy = ftdi_free,
    .set_interface = ftdi_set_interface,
    .open = ftdi_usb_open_bus_addr,
    .open_unclaimed = open_unclaimed,
    .close = ftdi_usb_close,
    .set_baudrate = ftdi_set_baudrate,
    .set_line_property = ftdi_set_line_property,
    .setflowctrl = ftdi_setflowctrl,
    .setdtr_rts = ftdi_setdtr_rts,
    .set_latency_timer = ftdi_set_latency_timer,
    .tcioflush = ftdi_tcioflush,
    .tcoflush = ftdi_tcoflush,
    .read_data = ftdi_read_data,
    .write_data = ftdi_write_data,
    .set_bitmode = ftdi_set_bitmode,
    .read_eeprom_location = ftdi_read_eeprom_location,
    .error_string = ftdi_get_error_string,
};

const struct rig_ftdi_host rig_ftdi_host_real = {.sysfs = RIG_SYSFS, .calls = &calls};
