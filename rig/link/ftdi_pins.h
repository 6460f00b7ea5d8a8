/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pins of FTDI chips: the eight of a channel in asynchronous bit-bang mode, or the four of CBUS
 * beside the UART. A channel is opened once for all boards that have pins there; each board moves
 * its own and no others. Any thread.
 *
 * Errors: those of ftdi_device.h; USAGE for a pin that is taken twice or that the chip has not;
 * UNSUPPORTED for a CBUS pin that the EEPROM gives to something else (the text names the pin, what
 * it does and the remedy).
 */
#ifndef RIG_LINK_FTDI_PINS_H
#define RIG_LINK_FTDI_PINS_H

#include "rig/link/ftdi_device.h"

struct rig_ftdi_pins_pool;
struct rig_ftdi_pins;

/* `host` is borrowed. */
RIG_CHECKED rig_result rig_ftdi_pins_pool_open(const struct rig_ftdi_host *host,
                                               struct rig_ftdi_pins_pool **pool,
                                               struct rig_error *err);
/* After all pins were released. NULL is fine. */
void rig_ftdi_pins_pool_close(struct rig_ftdi_pins_pool *pool);

struct rig_ftdi_pins_want {
    const char *chip; /* as of rig_usb_parse */
    bool cbus;
    uint8_t mask;   /* the pins; bit 0 is D0 or CBUS0 */
    uint8_t rest;   /* their levels until somebody sets them, and again at the end */
    bool push_pull; /* else a high pin is an input */
};

/* The caller releases *pins. */
RIG_CHECKED rig_result rig_ftdi_pins_take(struct rig_ftdi_pins_pool *pool,
                                          const struct rig_ftdi_pins_want *want,
                                          struct rig_ftdi_pins **pins, struct rig_error *err);

/* Levels of all pins that were taken together, at once; bits outside their mask don't matter. */
RIG_CHECKED rig_result rig_ftdi_pins_set(struct rig_ftdi_pins *pins, uint8_t levels,
                                         struct rig_error *err);

/* To their rest; the last one gives the channel back. NULL is fine. */
void rig_ftdi_pins_release(struct rig_ftdi_pins *pins);

#endif
