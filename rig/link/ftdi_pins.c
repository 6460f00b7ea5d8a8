/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/link/ftdi_pins.h"

#include "rig/base/buf.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_CBUS 4
#define NO_FUNCTION 0xff

struct channel {
    struct channel *next;
    struct rig_ftdi chip;
    bool cbus;
    unsigned n_users;
    uint8_t used;      /* pins that somebody has */
    uint8_t push_pull; /* of these, those that are driven high too */
    uint8_t level;     /* wanted, of the used ones */
    bool written;      /* `out` is what the chip's data register holds */
    uint8_t out;
    uint8_t direction; /* as the chip has it; 1: driven */
};

struct rig_ftdi_pins_pool {
    const struct rig_ftdi_host *host;
    pthread_mutex_t mutex; /* for all channels: a change is one or two USB requests */
    struct channel *channels;
};

struct rig_ftdi_pins {
    struct rig_ftdi_pins_pool *pool;
    struct channel *channel;
    uint8_t mask;
    uint8_t rest;
};

rig_result rig_ftdi_pins_pool_open(const struct rig_ftdi_host *host,
                                   struct rig_ftdi_pins_pool **pool, struct rig_error *err)
{
    struct rig_ftdi_pins_pool *made = calloc(1, sizeof *made);

    *pool = NULL;
    if (made == NULL) {
        return rig_fail_memory(err);
    }
    if (pthread_mutex_init(&made->mutex, NULL) != 0) {
        free(made);
        return rig_fail_memory(err);
    }
    made->host = host;
    *pool = made;
    return RIG_DONE;
}

void rig_ftdi_pins_pool_close(struct rig_ftdi_pins_pool *pool)
{
    if (pool != NULL) {
        (void)pthread_mutex_destroy(&pool->mutex);
        free(pool);
    }
}

/* ---- CBUS and its EEPROM ---- */

struct cbus_chip {
    unsigned bcd_device;
    const char *title;
    bool nibbles; /* two pins to a byte */
    uint8_t first_byte;
    uint8_t io_mode;        /* the code of "GPIO" */
    uint8_t pins[N_CBUS];   /* number of the pin behind each bit */
    const char *pin_prefix; /* "CBUS" */
    const char *eeprom_key; /* in the configuration of ftdi_eeprom */
};

static const struct cbus_chip cbus_chips[] = {
    {0x0600, "FT232R", true, 0x14, 0x0a, {0, 1, 2, 3}, "CBUS", "cbus"},
    {0x0900, "FT232H", true, 0x18, 0x08, {5, 6, 8, 9}, "AC", "cbush"},
    {0x1000, "FT-X", false, 0x1a, 0x08, {0, 1, 2, 3}, "CBUS", "cbusx"},
};

static rig_result read_function(struct rig_ftdi *chip, const struct cbus_chip *kind, unsigned bit,
                                uint8_t *function, struct rig_error *err)
{
    const unsigned pin = kind->pins[bit];
    const unsigned byte = kind->first_byte + (kind->nibbles ? pin / 2 : pin);
    unsigned short word = 0;
    const int rc = chip->calls->read_eeprom_location(chip->context, (int)(byte / 2), &word);

    if (rc < 0) {
        return rig_ftdi_fail(chip, rc, "read the EEPROM of the FTDI chip", err);
    }
    *function = (uint8_t)(byte % 2 == 0 ? word & 0xff : word >> 8);
    if (kind->nibbles) {
        *function = pin % 2 == 0 ? *function & 0x0f : *function >> 4;
    }
    return RIG_DONE;
}

static rig_result check_cbus(struct rig_ftdi *chip, uint8_t mask, struct rig_error *err)
{
    const struct cbus_chip *kind = NULL;

    for (size_t i = 0; i < sizeof cbus_chips / sizeof *cbus_chips; i++) {
        if (cbus_chips[i].bcd_device == chip->device.bcd_device) {
            kind = &cbus_chips[i];
        }
    }
    if (kind == NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_UNSUPPORTED,
                        "the chip at %s (%s) has no CBUS pins to drive: only FT232R, FT232H and "
                        "FT-X have; use ftdi-bitbang on a spare channel",
                        chip->device.path, chip->device.product);
    }
    for (unsigned bit = 0; bit < N_CBUS; bit++) {
        uint8_t function = NO_FUNCTION;

        if ((mask & (1u << bit)) == 0) {
            continue;
        }
        RIG_TRY(read_function(chip, kind, bit, &function, err));
        if (function != kind->io_mode) {
            return rig_fail(err, RIG_CLASS_RIG, RIG_E_UNSUPPORTED,
                            "pin %s%u of the %s at %s is no GPIO: its EEPROM gives it function "
                            "0x%x. Set it to GPIO (0x%x, in FTDI's FT_PROG 'I/O MODE', in "
                            "ftdi_eeprom %s%u=IOMODE) and plug the cable in again",
                            kind->pin_prefix, kind->pins[bit], kind->title, chip->device.path,
                            function, kind->io_mode, kind->eeprom_key, kind->pins[bit]);
        }
    }
    return RIG_DONE;
}

/* ---- channels ---- */

static rig_result call(struct channel *c, int rc, struct rig_error *err)
{
    return rc >= 0 ? RIG_DONE : rig_ftdi_fail(&c->chip, rc, "drive the pins of the FTDI chip", err);
}

static rig_result write_out(struct channel *c, uint8_t out, struct rig_error *err)
{
    if (!c->written || c->out != out) {
        RIG_TRY(call(c, c->chip.calls->write_data(c->chip.context, &out, 1), err));
        c->written = true;
        c->out = out;
    }
    return RIG_DONE;
}

/* Brings the chip to what its users want. All that a user changes at once changes at once: levels
 * of driven pins are one byte, open pins are one direction. */
static rig_result apply(struct channel *c, struct rig_error *err)
{
    const uint8_t driven = (uint8_t)(c->used & (c->push_pull | (uint8_t)~c->level));
    const uint8_t out = (uint8_t)(c->level & c->push_pull);

    if (c->cbus) {
        RIG_TRY(call(c,
                     c->chip.calls->set_bitmode(
                         c->chip.context, (unsigned char)((driven << N_CBUS) | out), BITMODE_CBUS),
                     err));
        c->direction = driven;
        return RIG_DONE;
    }
    RIG_TRY(write_out(c, out, err));
    if (c->direction != driven) {
        RIG_TRY(call(c, c->chip.calls->set_bitmode(c->chip.context, driven, BITMODE_BITBANG), err));
        c->direction = driven;
    }
    return RIG_DONE;
}

/* Nothing is driven before its level is known. */
static rig_result start(struct channel *c, struct rig_error *err)
{
    return c->cbus ? RIG_DONE
                   : call(c, c->chip.calls->set_bitmode(c->chip.context, 0, BITMODE_BITBANG), err);
}

static void drop(struct rig_ftdi_pins_pool *pool, struct channel *c)
{
    struct channel **at = &pool->channels;

    if (--c->n_users != 0) {
        return;
    }
    while (*at != c) {
        at = &(*at)->next;
    }
    *at = c->next;
    if (!c->cbus) {
        /* the pins take this state as soon as the channel is a UART again */
        (void)c->chip.calls->setdtr_rts(c->chip.context, 0, 0);
    }
    (void)c->chip.calls->set_bitmode(c->chip.context, 0, BITMODE_RESET);
    rig_ftdi_close(&c->chip);
    free(c);
}

static struct channel *find_channel(const struct rig_ftdi_pins_pool *pool,
                                    const struct rig_usb_device *device,
                                    const struct rig_usb_selector *selector, bool cbus)
{
    const unsigned interface = selector->interface < 0 ? 0 : (unsigned)selector->interface;

    for (struct channel *c = pool->channels; c != NULL; c = c->next) {
        if (c->cbus == cbus && c->chip.interface == interface &&
            c->chip.device.address == device->address &&
            strcmp(c->chip.device.path, device->path) == 0) {
            return c;
        }
    }
    return NULL;
}

/* NULL, with `err` filled, when it can't be. */
static struct channel *open_channel(struct rig_ftdi_pins_pool *pool,
                                    const struct rig_ftdi_pins_want *want, struct rig_error *err)
{
    struct channel *c = calloc(1, sizeof *c);
    rig_result result;

    if (c == NULL) {
        (void)rig_fail_memory(err);
        return NULL;
    }
    c->cbus = want->cbus;
    result = rig_ftdi_open(pool->host, want->chip, want->cbus ? RIG_FTDI_CONTROL : RIG_FTDI_CLAIM,
                           want->cbus ? "cbus" : NULL, &c->chip, err);
    if (result.ok) {
        result = start(c, err);
    }
    if (!result.ok) {
        rig_ftdi_close(&c->chip);
        free(c);
        return NULL;
    }
    c->next = pool->channels;
    pool->channels = c;
    return c;
}

/* With the mutex held. NULL, with `err` filled, when it can't be. */
static struct channel *join(struct rig_ftdi_pins_pool *pool, const struct rig_ftdi_pins_want *want,
                            struct rig_error *err)
{
    struct rig_usb_selector selector;
    struct rig_usb_device device;
    struct channel *c;

    if (!rig_usb_parse(want->chip, &selector, err).ok ||
        !rig_usb_find(pool->host->sysfs, &selector, &device, err).ok) {
        return NULL;
    }
    c = find_channel(pool, &device, &selector, want->cbus);
    if (c != NULL && (c->used & want->mask) != 0) {
        (void)rig_fail(err, RIG_CLASS_USAGE, RIG_E_DUPLICATE,
                       "pins 0x%02x of the FTDI chip at %s are given to two boards: correct the "
                       "bench file",
                       c->used & want->mask, c->chip.device.path);
        return NULL;
    }
    if (c == NULL) {
        c = open_channel(pool, want, err);
    }
    if (c != NULL) {
        c->n_users++;
    }
    return c;
}

static rig_result begin(struct channel *c, const struct rig_ftdi_pins_want *want,
                        struct rig_error *err)
{
    if (c->cbus) {
        RIG_TRY(check_cbus(&c->chip, want->mask, err));
    }
    c->level = (uint8_t)((c->level & ~want->mask) | (want->rest & want->mask));
    c->push_pull = (uint8_t)((c->push_pull & ~want->mask) | (want->push_pull ? want->mask : 0));
    c->used |= want->mask;
    return apply(c, err);
}

rig_result rig_ftdi_pins_take(struct rig_ftdi_pins_pool *pool,
                              const struct rig_ftdi_pins_want *want, struct rig_ftdi_pins **pins,
                              struct rig_error *err)
{
    struct rig_ftdi_pins *taken = calloc(1, sizeof *taken);
    rig_result result = {.ok = false};
    struct channel *c;

    *pins = NULL;
    if (taken == NULL) {
        return rig_fail_memory(err);
    }
    (void)pthread_mutex_lock(&pool->mutex);
    c = join(pool, want, err);
    if (c != NULL) {
        result = begin(c, want, err);
        if (!result.ok) {
            c->used &= (uint8_t)~want->mask;
            drop(pool, c);
        }
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    if (!result.ok) {
        free(taken);
        return result;
    }
    *taken =
        (struct rig_ftdi_pins){.pool = pool, .channel = c, .mask = want->mask, .rest = want->rest};
    *pins = taken;
    return RIG_DONE;
}

rig_result rig_ftdi_pins_set(struct rig_ftdi_pins *pins, uint8_t levels, struct rig_error *err)
{
    struct channel *c = pins->channel;
    rig_result result;

    (void)pthread_mutex_lock(&pins->pool->mutex);
    c->level = (uint8_t)((c->level & ~pins->mask) | (levels & pins->mask));
    result = apply(c, err);
    (void)pthread_mutex_unlock(&pins->pool->mutex);
    return result;
}

void rig_ftdi_pins_release(struct rig_ftdi_pins *pins)
{
    struct rig_error ignored;

    if (pins == NULL) {
        return;
    }
    (void)rig_ftdi_pins_set(pins, pins->rest, &ignored).ok;
    (void)pthread_mutex_lock(&pins->pool->mutex);
    pins->channel->used &= (uint8_t)~pins->mask;
    (void)apply(pins->channel, &ignored).ok;
    drop(pins->pool, pins->channel);
    (void)pthread_mutex_unlock(&pins->pool->mutex);
    free(pins);
}
