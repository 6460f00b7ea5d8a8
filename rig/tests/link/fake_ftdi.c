/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_ftdi.h"

#include "rig/base/file.h"

#include <libusb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_CHIPS 4

struct fake_context {
    struct ftdi_context context; /* first */
    struct fake_chip *chip;
    unsigned interface;
    bool claimed;
};

static char sysfs[64];
static struct fake_chip *chips[MAX_CHIPS];
static size_t n_chips;
static struct rig_ftdi_host host;

static struct fake_context *of(struct ftdi_context *ftdi)
{
    return (struct fake_context *)ftdi;
}

static struct fake_interface *interface_of(struct ftdi_context *ftdi)
{
    return &of(ftdi)->chip->interfaces[of(ftdi)->interface];
}

#define note(interface, ...)                                                                       \
    (void)snprintf((interface)->events + strlen((interface)->events),                              \
                   sizeof(interface)->events - strlen((interface)->events), __VA_ARGS__)

/* Locks the chip; 0, or what libusb says of one that is gone (with the mutex released). */
static int enter(struct ftdi_context *ftdi)
{
    (void)pthread_mutex_lock(&of(ftdi)->chip->mutex);
    if (of(ftdi)->chip->unplugged) {
        (void)pthread_mutex_unlock(&of(ftdi)->chip->mutex);
        return LIBUSB_ERROR_NO_DEVICE;
    }
    return 0;
}

static int leave(struct ftdi_context *ftdi)
{
    (void)pthread_cond_broadcast(&of(ftdi)->chip->changed);
    (void)pthread_mutex_unlock(&of(ftdi)->chip->mutex);
    return 0;
}

static struct ftdi_context *create(void)
{
    struct fake_context *made = calloc(1, sizeof *made);

    assert_non_null(made);
    return &made->context;
}

static void destroy(struct ftdi_context *ftdi)
{
    free(of(ftdi));
}

static int set_interface(struct ftdi_context *ftdi, enum ftdi_interface interface)
{
    assert_null(of(ftdi)->chip); /* before open */
    of(ftdi)->interface = (unsigned)interface - INTERFACE_A;
    return 0;
}

static int find(struct ftdi_context *ftdi, uint8_t bus, uint8_t address)
{
    for (size_t i = 0; i < n_chips; i++) {
        if (chips[i]->device.bus == bus && chips[i]->device.address == address) {
            if (chips[i]->open_error != 0) {
                return chips[i]->open_error;
            }
            of(ftdi)->chip = chips[i];
            return 0;
        }
    }
    return -3;
}

static int open_claimed(struct ftdi_context *ftdi, uint8_t bus, uint8_t address)
{
    int rc = find(ftdi, bus, address);

    assert_int_equal(ftdi->module_detach_mode, AUTO_DETACH_REATACH_SIO_MODULE);
    rc = rc != 0 ? rc : enter(ftdi);
    if (rc != 0) {
        return rc;
    }
    assert_false(interface_of(ftdi)->open);
    interface_of(ftdi)->open = true;
    interface_of(ftdi)->baud = 9600;
    of(ftdi)->claimed = true;
    return leave(ftdi);
}

static int close_chip(struct ftdi_context *ftdi)
{
    (void)pthread_mutex_lock(&of(ftdi)->chip->mutex);
    if (of(ftdi)->claimed) {
        interface_of(ftdi)->open = false;
    }
    return leave(ftdi);
}

static int set_baudrate(struct ftdi_context *ftdi, int baud)
{
    const int rc = enter(ftdi);

    if (rc != 0) {
        return rc;
    }
    interface_of(ftdi)->baud = baud;
    return leave(ftdi);
}

static int set_line_property(struct ftdi_context *ftdi, enum ftdi_bits_type bits,
                             enum ftdi_stopbits_type stop_bits, enum ftdi_parity_type parity)
{
    assert_int_equal(stop_bits, STOP_BIT_1);
    assert_int_equal(parity, NONE);
    interface_of(ftdi)->line_bits = (int)bits;
    return 0;
}

static int setflowctrl(struct ftdi_context *ftdi, int flow_control)
{
    (void)ftdi;
    assert_int_equal(flow_control, SIO_DISABLE_FLOW_CTRL);
    return 0;
}

static int setdtr_rts(struct ftdi_context *ftdi, int dtr, int rts)
{
    const int rc = enter(ftdi);

    if (rc != 0) {
        return rc;
    }
    interface_of(ftdi)->dtr = dtr != 0;
    interface_of(ftdi)->rts = rts != 0;
    note(interface_of(ftdi), "DR=%d%d ", dtr, rts);
    return leave(ftdi);
}

static int set_latency_timer(struct ftdi_context *ftdi, unsigned char latency_ms)
{
    interface_of(ftdi)->latency_ms = latency_ms;
    return 0;
}

static int flush(struct ftdi_context *ftdi)
{
    const int rc = enter(ftdi);

    return rc != 0 ? rc : leave(ftdi);
}

/* As the chip: data as soon as there is any, else a packet without when the latency is over. */
static int read_data(struct ftdi_context *ftdi, unsigned char *bytes, int size)
{
    struct fake_interface *i = interface_of(ftdi);
    struct timespec until;
    int rc = enter(ftdi);
    size_t n;

    if (rc != 0) {
        return rc;
    }
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += i->latency_ms * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    while (rc == 0 && i->n_read == i->n_queue && !of(ftdi)->chip->unplugged) {
        rc = pthread_cond_timedwait(&of(ftdi)->chip->changed, &of(ftdi)->chip->mutex, &until);
    }
    if (of(ftdi)->chip->unplugged) {
        (void)leave(ftdi);
        return LIBUSB_ERROR_NO_DEVICE;
    }
    n = i->n_queue - i->n_read < (size_t)size ? i->n_queue - i->n_read : (size_t)size;
    memcpy(bytes, i->queue + i->n_read, n);
    i->n_read += n;
    if (i->n_read == i->n_queue) {
        i->n_read = i->n_queue = 0;
    }
    (void)leave(ftdi);
    return (int)n;
}

static int write_data(struct ftdi_context *ftdi, const unsigned char *bytes, int size)
{
    struct fake_interface *i = interface_of(ftdi);
    const int rc = enter(ftdi);

    if (rc != 0) {
        return rc;
    }
    assert_true(i->open && size > 0);
    if (i->mode == BITMODE_BITBANG) {
        i->latch = bytes[size - 1];
        note(i, "out=%02x ", i->latch);
    } else if (of(ftdi)->chip->echo) {
        assert_true(i->n_queue + (size_t)size <= sizeof i->queue);
        memcpy(i->queue + i->n_queue, bytes, (size_t)size);
        i->n_queue += (size_t)size;
    }
    (void)leave(ftdi);
    return size;
}

static int set_bitmode(struct ftdi_context *ftdi, unsigned char mask, unsigned char mode)
{
    struct fake_interface *i = interface_of(ftdi);
    const int rc = enter(ftdi);

    if (rc != 0) {
        return rc;
    }
    i->mode = mode;
    i->mask = mask;
    note(i, "mode=%02x/%02x ", mode, mask);
    return leave(ftdi);
}

static int read_eeprom_location(struct ftdi_context *ftdi, int word, unsigned short *value)
{
    const unsigned char *bytes = of(ftdi)->chip->eeprom;

    *value = (unsigned short)(bytes[2 * word] | bytes[2 * word + 1] << 8);
    return 0;
}

static const char *error_string(struct ftdi_context *ftdi)
{
    (void)ftdi;
    return "the fake chip says no";
}

static const struct rig_ftdi_calls calls = {
    .create = create,
    .destroy = destroy,
    .set_interface = set_interface,
    .open = open_claimed,
    .open_unclaimed = find,
    .close = close_chip,
    .set_baudrate = set_baudrate,
    .set_line_property = set_line_property,
    .setflowctrl = setflowctrl,
    .setdtr_rts = setdtr_rts,
    .set_latency_timer = set_latency_timer,
    .tcioflush = flush,
    .tcoflush = flush,
    .read_data = read_data,
    .write_data = write_data,
    .set_bitmode = set_bitmode,
    .read_eeprom_location = read_eeprom_location,
    .error_string = error_string,
};

/* ---- sysfs ---- */

static void put(const char *folder, const char *name, const char *text)
{
    struct rig_error err;
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(rig_file_replace(path, text, strlen(text), 0644, &err).ok);
}

static void put_number(const char *folder, const char *name, bool hex, unsigned number)
{
    char text[24];

    if (hex) {
        (void)snprintf(text, sizeof text, "%04x\n", number);
    } else {
        (void)snprintf(text, sizeof text, "%2u\n", number);
    }
    put(folder, name, text);
}

static void show(const struct fake_chip *chip)
{
    struct rig_error err;
    char folder[160];
    char inner[200];

    (void)snprintf(folder, sizeof folder, "%s/bus/usb/devices/%s", sysfs, chip->path);
    assert_true(rig_dir_make(folder, 0755, &err).ok);
    put_number(folder, "idVendor", true, chip->device.vid);
    put_number(folder, "idProduct", true, chip->device.pid);
    put_number(folder, "bcdDevice", true, chip->device.bcd_device);
    put_number(folder, "busnum", false, chip->device.bus);
    put_number(folder, "devnum", false, chip->device.address);
    put_number(folder, "bNumInterfaces", false, chip->device.n_interfaces);
    put(folder, "serial", chip->device.serial);
    put(folder, "product", "fake chip\n");
    for (unsigned i = 0; i < chip->device.n_interfaces; i++) {
        (void)snprintf(inner, sizeof inner, "%s:1.%u", folder, i);
        assert_true(rig_dir_make(inner, 0755, &err).ok);
    }
}

static void hide(const struct fake_chip *chip)
{
    struct rig_error err;
    char folder[200];

    (void)snprintf(folder, sizeof folder, "%s/bus/usb/devices/%s", sysfs, chip->path);
    assert_true(rig_dir_remove(folder, &err).ok);
    for (unsigned i = 0; i < chip->device.n_interfaces; i++) {
        (void)snprintf(folder, sizeof folder, "%s/bus/usb/devices/%s:1.%u", sysfs, chip->path, i);
        assert_true(rig_dir_remove(folder, &err).ok);
    }
}

/* ---- for tests ---- */

void fake_ftdi_begin(void)
{
    (void)snprintf(sysfs, sizeof sysfs, "/tmp/rig-sysfs-XXXXXX");
    assert_non_null(mkdtemp(sysfs));
    host = (struct rig_ftdi_host){.sysfs = sysfs, .calls = &calls};
    n_chips = 0;
}

void fake_ftdi_end(void)
{
    struct rig_error err;

    for (size_t i = 0; i < n_chips; i++) {
        (void)pthread_mutex_destroy(&chips[i]->mutex);
        (void)pthread_cond_destroy(&chips[i]->changed);
        free(chips[i]);
    }
    n_chips = 0;
    assert_true(rig_dir_remove(sysfs, &err).ok);
}

const struct rig_ftdi_host *fake_ftdi_host(void)
{
    return &host;
}

struct fake_chip *fake_ftdi_plug_in(unsigned port, const char *serial, unsigned pid,
                                    unsigned bcd_device, unsigned n_interfaces)
{
    struct fake_chip *chip = calloc(1, sizeof *chip);

    assert_non_null(chip);
    assert_true(n_chips < MAX_CHIPS);
    (void)pthread_mutex_init(&chip->mutex, NULL);
    (void)pthread_cond_init(&chip->changed, NULL);
    (void)snprintf(chip->path, sizeof chip->path, "9-%ld.%u", (long)getpid(), port);
    (void)snprintf(chip->device.path, sizeof chip->device.path, "%s", chip->path);
    (void)snprintf(chip->device.serial, sizeof chip->device.serial, "%s", serial);
    chip->device.vid = 0x0403;
    chip->device.pid = pid;
    chip->device.bcd_device = bcd_device;
    chip->device.n_interfaces = n_interfaces;
    chip->device.bus = 9;
    chip->device.address = 10 + port;
    chip->echo = true;
    chips[n_chips++] = chip;
    show(chip);
    return chip;
}

void fake_ftdi_unplug(struct fake_chip *chip)
{
    hide(chip);
    (void)pthread_mutex_lock(&chip->mutex);
    chip->unplugged = true;
    (void)pthread_cond_broadcast(&chip->changed);
    (void)pthread_mutex_unlock(&chip->mutex);
}

void fake_ftdi_say(struct fake_chip *chip, unsigned interface, const void *bytes, size_t n_bytes)
{
    struct fake_interface *i = &chip->interfaces[interface];

    (void)pthread_mutex_lock(&chip->mutex);
    assert_true(i->n_queue + n_bytes <= sizeof i->queue);
    memcpy(i->queue + i->n_queue, bytes, n_bytes);
    i->n_queue += n_bytes;
    (void)pthread_cond_broadcast(&chip->changed);
    (void)pthread_mutex_unlock(&chip->mutex);
}

unsigned char fake_ftdi_levels(struct fake_chip *chip, unsigned interface)
{
    const struct fake_interface *i = &chip->interfaces[interface];
    const unsigned char driven = i->mode == BITMODE_CBUS ? i->mask >> 4 : i->mask;
    const unsigned char out = i->mode == BITMODE_CBUS ? i->mask & 0x0f : i->latch;

    if (i->mode == BITMODE_RESET) {
        return 0xff;
    }
    return (unsigned char)((out & driven) | (unsigned char)~driven);
}
