/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One interface of an FTDI chip, opened over libftdi1: by the link driver `ftdi` for bytes, by the
 * line controllers for pins. The calls of libftdi1 that are used stand in a const table, so that a
 * test can put a chip of its own behind them.
 *
 * Errors (class RIG): those of usb.h, BUSY (with the process that holds it, where it can be seen),
 * PERMISSION (with the remedy), DISCONNECTED, IO. One thread at a time per object, except that one
 * thread may be in read_data while another does anything else but close.
 */
#ifndef RIG_LINK_FTDI_DEVICE_H
#define RIG_LINK_FTDI_DEVICE_H

#include "rig/link/usb.h"

#include <ftdi.h>
#include <stdint.h>

struct rig_ftdi_calls {
    struct ftdi_context *(*create)(void);
    void (*destroy)(struct ftdi_context *ftdi);
    int (*set_interface)(struct ftdi_context *ftdi, enum ftdi_interface interface);
    int (*open)(struct ftdi_context *ftdi, uint8_t bus, uint8_t address);
    /* Vendor requests only: nothing is claimed, so the kernel's driver keeps its tty. */
    int (*open_unclaimed)(struct ftdi_context *ftdi, uint8_t bus, uint8_t address);
    int (*close)(struct ftdi_context *ftdi);
    int (*set_baudrate)(struct ftdi_context *ftdi, int baudrate);
    int (*set_line_property)(struct ftdi_context *ftdi, enum ftdi_bits_type bits,
                             enum ftdi_stopbits_type stop_bits, enum ftdi_parity_type parity);
    int (*setflowctrl)(struct ftdi_context *ftdi, int flow_control);
    int (*setdtr_rts)(struct ftdi_context *ftdi, int dtr, int rts);
    int (*set_latency_timer)(struct ftdi_context *ftdi, unsigned char latency_ms);
    int (*tcioflush)(struct ftdi_context *ftdi);
    int (*tcoflush)(struct ftdi_context *ftdi);
    int (*read_data)(struct ftdi_context *ftdi, unsigned char *bytes, int size);
    int (*write_data)(struct ftdi_context *ftdi, const unsigned char *bytes, int size);
    int (*set_bitmode)(struct ftdi_context *ftdi, unsigned char mask, unsigned char mode);
    int (*read_eeprom_location)(struct ftdi_context *ftdi, int word, unsigned short *value);
    const char *(*error_string)(struct ftdi_context *ftdi);
};

/* Where chips are looked for and how they are spoken to. */
struct rig_ftdi_host {
    const char *sysfs;
    const struct rig_ftdi_calls *calls;
};

/* sysfs at /sys, and libftdi1 itself. */
extern const struct rig_ftdi_host rig_ftdi_host_real;

enum rig_ftdi_use {
    RIG_FTDI_CLAIM,   /* takes the interface from the kernel; given back at close */
    RIG_FTDI_CONTROL, /* vendor requests only, beside whoever has the interface */
};

struct rig_ftdi {
    const struct rig_ftdi_calls *calls;
    struct ftdi_context *context; /* NULL: closed */
    struct rig_usb_device device;
    unsigned interface;
    int lock_fd; /* -1: none */
};

/*
 * `text` as of rig_usb_parse; a chip with several interfaces wants one named. `lock` names the part
 * that is locked for this use, NULL: the interface's number. Nothing stays open when it fails.
 */
RIG_CHECKED rig_result rig_ftdi_open(const struct rig_ftdi_host *host, const char *text,
                                     enum rig_ftdi_use use, const char *lock, struct rig_ftdi *ftdi,
                                     struct rig_error *err);
/* A claimed interface goes back to the kernel. {0} is fine. */
void rig_ftdi_close(struct rig_ftdi *ftdi);

/* What a negative return of a call means; `what` for "cannot %s". */
RIG_CHECKED rig_result rig_ftdi_fail(struct rig_ftdi *ftdi, int code, const char *what,
                                     struct rig_error *err);

#endif
