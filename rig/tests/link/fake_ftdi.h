/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FTDI chips behind the call table of ftdi_device.h, and a sysfs that shows them. For tests of one
 * process; the USB paths contain its number, so that tests may run side by side.
 */
#ifndef RIG_TESTS_LINK_FAKE_FTDI_H
#define RIG_TESTS_LINK_FAKE_FTDI_H

#include "rig/link/ftdi_device.h"

#include <pthread.h>

struct fake_interface {
    bool open;
    bool dtr;
    bool rts;
    int baud;
    int latency_ms;
    int line_bits; /* 0: never set */
    unsigned char mode;
    unsigned char mask;  /* of the bit mode */
    unsigned char latch; /* last byte written in bit-bang mode */
    char events[1024];   /* one word per change, e.g. "DR=01 " or "pins=fe " */
    unsigned char queue[8192];
    size_t n_queue;
    size_t n_read;
};

struct fake_chip {
    char path[32];
    struct rig_usb_device device;
    struct fake_interface interfaces[4];
    unsigned char eeprom[256];
    bool echo;
    bool unplugged;
    int open_error;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
};

/* A fresh folder and no chips. */
void fake_ftdi_begin(void);
void fake_ftdi_end(void);

const struct rig_ftdi_host *fake_ftdi_host(void);

/* `port` makes the USB path differ; borrowed until fake_ftdi_end. */
struct fake_chip *fake_ftdi_plug_in(unsigned port, const char *serial, unsigned pid,
                                    unsigned bcd_device, unsigned n_interfaces);
void fake_ftdi_unplug(struct fake_chip *chip);
void fake_ftdi_say(struct fake_chip *chip, unsigned interface, const void *bytes, size_t n_bytes);

/* Levels of the eight pins as the board sees them: what is not driven is pulled up. */
unsigned char fake_ftdi_levels(struct fake_chip *chip, unsigned interface);

#endif
