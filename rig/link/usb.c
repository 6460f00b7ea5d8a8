/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/link/usb.h"

#include "rig/base/buf.h"
#include "rig/base/cleanup.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define MAX_INTERFACES 32

/* ---- selectors ---- */

static bool is_hex_id(const char *text)
{
    for (size_t i = 0; i < 4; i++) {
        if (!isxdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return true;
}

/* Length of "1-4.2" at the start of `text`, 0 when there is none. */
static size_t path_length(const char *text)
{
    const size_t bus = strspn(text, "0123456789");
    size_t at = bus + 1;

    if (bus == 0 || text[bus] != '-') {
        return 0;
    }
    for (;;) {
        const size_t port = strspn(text + at, "0123456789");

        if (port == 0) {
            return 0;
        }
        at += port;
        if (text[at] != '.') {
            return text[at] == '\0' || text[at] == ':' ? at : 0;
        }
        at++;
    }
}

static rig_result parse_interface(const char *text, int *interface, struct rig_error *err)
{
    const size_t n_digits = strspn(text, "0123456789");

    if (text[0] != '\0' && text[1] == '\0' && strchr("ABCDabcd", text[0]) != NULL) {
        *interface = toupper((unsigned char)text[0]) - 'A';
        return RIG_DONE;
    }
    if (n_digits >= 1 && n_digits <= 2 && text[n_digits] == '\0') {
        *interface = text[0] - '0';
        *interface = n_digits == 2 ? *interface * 10 + (text[1] - '0') : *interface;
        if (*interface < MAX_INTERFACES) {
            return RIG_DONE;
        }
    }
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                    "'%.40s' is no interface of a USB device; expected A, B, C or D as on FTDI's "
                    "chips, or a number from 0",
                    text);
}

static rig_result fail_selector(const char *text, struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                    "'%.80s' names no USB device; expected a serial number (FT4ABCDE:B), a USB "
                    "path (1-4.2:B) or VID:PID (0403:6011:B), each with the interface behind it "
                    "where the device has several",
                    text);
}

static bool copy_part(char *out, size_t out_size, const char *from, size_t len)
{
    if (len == 0 || len >= out_size) {
        return false;
    }
    memcpy(out, from, len);
    out[len] = '\0';
    return true;
}

rig_result rig_usb_parse(const char *text, struct rig_usb_selector *selector, struct rig_error *err)
{
    const size_t path = path_length(text);
    const size_t word = strcspn(text, ":");
    const char *rest;

    *selector = (struct rig_usb_selector){.interface = RIG_USB_ANY_INTERFACE};
    if (path != 0) {
        selector->by = RIG_USB_BY_PATH;
        if (!copy_part(selector->path, sizeof selector->path, text, path)) {
            return fail_selector(text, err);
        }
        rest = text + path;
    } else if (word == 4 && is_hex_id(text) && is_hex_id(text + 5) &&
               (text[9] == '\0' || text[9] == ':')) {
        selector->by = RIG_USB_BY_ID;
        selector->vid = (unsigned)strtoul(text, NULL, 16);
        selector->pid = (unsigned)strtoul(text + 5, NULL, 16);
        rest = text + 9;
    } else {
        selector->by = RIG_USB_BY_SERIAL;
        if (strpbrk(text, "/ \t") != NULL ||
            !copy_part(selector->serial, sizeof selector->serial, text, word)) {
            return fail_selector(text, err);
        }
        rest = text + word;
    }
    return *rest == ':' ? parse_interface(rest + 1, &selector->interface, err) : RIG_DONE;
}

/* ---- reading sysfs ---- */

/* The attribute without its line end; "" when there is none. */
static bool read_text(const char *folder, const char *name, char *out, size_t out_size)
{
    char path[PATH_MAX];
    RIG_AUTO(rig_close_fd) int fd = -1;
    ssize_t n = -1;

    out[0] = '\0';
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) < sizeof path) {
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (fd >= 0) {
        n = read(fd, out, out_size - 1);
    }
    if (n < 0) {
        out[0] = '\0';
        return false;
    }
    out[n] = '\0';
    out[strcspn(out, "\n")] = '\0';
    return true;
}

static unsigned read_number(const char *folder, const char *name, int base)
{
    char text[24];

    (void)read_text(folder, name, text, sizeof text);
    return (unsigned)strtoul(text, NULL, base);
}

static bool read_device(const char *folder, const char *path, struct rig_usb_device *device)
{
    char vid[16];

    memset(device, 0, sizeof *device);
    if (!read_text(folder, "idVendor", vid, sizeof vid) ||
        !rig_copy_text(device->path, sizeof device->path, path)) {
        return false;
    }
    device->vid = (unsigned)strtoul(vid, NULL, 16);
    device->pid = read_number(folder, "idProduct", 16);
    device->bcd_device = read_number(folder, "bcdDevice", 16);
    device->bus = read_number(folder, "busnum", 10);
    device->address = read_number(folder, "devnum", 10);
    device->n_interfaces = read_number(folder, "bNumInterfaces", 10);
    (void)read_text(folder, "serial", device->serial, sizeof device->serial);
    (void)read_text(folder, "manufacturer", device->manufacturer, sizeof device->manufacturer);
    (void)read_text(folder, "product", device->product, sizeof device->product);
    return true;
}

static void free_names(struct dirent ***names)
{
    free(*names);
    *names = NULL;
}

rig_result rig_usb_each(const char *sysfs,
                        rig_result (*each)(void *ctx, const struct rig_usb_device *device,
                                           struct rig_error *err),
                        void *ctx, struct rig_error *err)
{
    RIG_AUTO(free_names) struct dirent **names = NULL;
    char devices[PATH_MAX];
    rig_result result = RIG_DONE;
    int n;

    (void)snprintf(devices, sizeof devices, "%s/bus/usb/devices", sysfs);
    n = scandir(devices, &names, NULL, versionsort);
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        const size_t len = path_length(name);
        struct rig_usb_device device;
        char folder[PATH_MAX + 260];

        (void)snprintf(folder, sizeof folder, "%s/%s", devices, name);
        if (result.ok && len != 0 && name[len] == '\0' && read_device(folder, name, &device)) {
            result = each(ctx, &device, err);
        }
        free(names[i]);
    }
    return result;
}

/* ---- finding one ---- */

struct search {
    const struct rig_usb_selector *selector;
    struct rig_usb_device *found;
    size_t n_found;
    char paths[160];
};

static bool fits(const struct rig_usb_selector *selector, const struct rig_usb_device *device)
{
    switch (selector->by) {
    case RIG_USB_BY_SERIAL:
        return strcmp(selector->serial, device->serial) == 0;
    case RIG_USB_BY_PATH:
        return strcmp(selector->path, device->path) == 0;
    case RIG_USB_BY_ID:
        return selector->vid == device->vid && selector->pid == device->pid;
    }
    return false;
}

static rig_result look_at(void *ctx, const struct rig_usb_device *device, struct rig_error *err)
{
    struct search *search = ctx;
    const size_t len = strlen(search->paths);

    (void)err;
    if (fits(search->selector, device)) {
        if (search->n_found++ == 0) {
            *search->found = *device;
        }
        (void)snprintf(search->paths + len, sizeof search->paths - len, "%s%s",
                       len != 0 ? ", " : "", device->path);
    }
    return RIG_DONE;
}

static void describe(const struct rig_usb_selector *selector, char *out, size_t out_size)
{
    switch (selector->by) {
    case RIG_USB_BY_SERIAL:
        (void)snprintf(out, out_size, "with serial number '%s'", selector->serial);
        break;
    case RIG_USB_BY_PATH:
        (void)snprintf(out, out_size, "at USB path %s", selector->path);
        break;
    case RIG_USB_BY_ID:
        (void)snprintf(out, out_size, "with id %04x:%04x", selector->vid, selector->pid);
        break;
    }
}

rig_result rig_usb_find(const char *sysfs, const struct rig_usb_selector *selector,
                        struct rig_usb_device *device, struct rig_error *err)
{
    struct search search = {.selector = selector, .found = device};
    char what[96];

    describe(selector, what, sizeof what);
    RIG_TRY(rig_usb_each(sysfs, look_at, &search, err));
    if (search.n_found == 0) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_NOT_FOUND,
                        "no USB device %s is plugged in ('rig boards' lists what is)", what);
    }
    if (search.n_found > 1) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "%zu USB devices %s are plugged in, at %s: name the one by its USB path",
                        search.n_found, what, search.paths);
    }
    return RIG_DONE;
}

/* ---- interfaces ---- */

static void read_driver(const char *folder, char *out, size_t out_size)
{
    char path[PATH_MAX];
    char target[PATH_MAX];
    ssize_t len;

    out[0] = '\0';
    (void)snprintf(path, sizeof path, "%.4000s/driver", folder);
    len = readlink(path, target, sizeof target - 1);
    if (len > 0) {
        const char *slash;

        target[len] = '\0';
        slash = strrchr(target, '/');
        (void)rig_copy_text(out, out_size, slash != NULL ? slash + 1 : target);
    }
}

/* The first entry of `folder` whose name begins with "tty" and goes on, i.e. not "tty" itself. */
static bool first_tty(const char *folder, char *out, size_t out_size)
{
    DIR *entries = opendir(folder);
    const struct dirent *entry;

    out[0] = '\0';
    while (entries != NULL && out[0] == '\0' && (entry = readdir(entries)) != NULL) {
        if (strncmp(entry->d_name, "tty", 3) == 0 && entry->d_name[3] != '\0') {
            (void)rig_copy_text(out, out_size, entry->d_name);
        }
    }
    if (entries != NULL) {
        (void)closedir(entries);
    }
    return out[0] != '\0';
}

rig_result rig_usb_interface(const char *sysfs, const struct rig_usb_device *device,
                             unsigned interface, struct rig_usb_interface *out,
                             struct rig_error *err)
{
    char folder[PATH_MAX];
    char inner[PATH_MAX + 8];
    struct stat info;

    *out = (struct rig_usb_interface){0};
    (void)snprintf(folder, sizeof folder, "%s/bus/usb/devices/%s:1.%u", sysfs, device->path,
                   interface);
    if (stat(folder, &info) != 0) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_NOT_FOUND,
                        "the USB device at %s has no interface %u (it has %u)", device->path,
                        interface, device->n_interfaces);
    }
    read_driver(folder, out->driver, sizeof out->driver);
    /* usb-serial drivers put it into the interface's folder, cdc-acm into a folder "tty" there */
    if (!first_tty(folder, out->tty, sizeof out->tty)) {
        (void)snprintf(inner, sizeof inner, "%s/tty", folder);
        (void)first_tty(inner, out->tty, sizeof out->tty);
    }
    return RIG_DONE;
}

static rig_result fail_no_tty(const struct rig_usb_device *device, const char *driver,
                              struct rig_error *err)
{
    if (strcmp(driver, "usbfs") == 0) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_BUSY,
                        "the USB device at %s has no tty: another program has taken it from the "
                        "kernel (a debugger, another rig); close that program",
                        device->path);
    }
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_NOT_FOUND,
                    "the USB device at %s (%04x:%04x) has no tty: is the kernel's driver for it "
                    "loaded?",
                    device->path, device->vid, device->pid);
}

rig_result rig_usb_find_tty(const char *sysfs, const struct rig_usb_selector *selector,
                            const struct rig_usb_device *device, unsigned *number,
                            struct rig_usb_interface *interface, struct rig_error *err)
{
    const bool any = selector->interface == RIG_USB_ANY_INTERFACE;
    unsigned n_found = 0;
    char driver[sizeof interface->driver] = "";

    for (unsigned i = any ? 0 : (unsigned)selector->interface;
         i < (any ? device->n_interfaces : (unsigned)selector->interface + 1); i++) {
        struct rig_usb_interface one;

        RIG_TRY(rig_usb_interface(sysfs, device, i, &one, err));
        if (one.tty[0] != '\0' && n_found++ == 0) {
            *interface = one;
            *number = i;
        }
        if (one.driver[0] != '\0') {
            memcpy(driver, one.driver, sizeof driver);
        }
    }
    if (n_found == 0) {
        return fail_no_tty(device, driver, err);
    }
    if (n_found > 1) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the USB device at %s has %u serial ports: say which, e.g. %s:B (on an "
                        "ESP-Prog B is the UART)",
                        device->path, n_found, device->path);
    }
    return RIG_DONE;
}

bool rig_usb_of_tty(const char *sysfs, const char *tty, struct rig_usb_device *device,
                    unsigned *interface)
{
    char path[PATH_MAX];
    char folder[PATH_MAX];
    char number[16];
    char *slash;

    (void)snprintf(path, sizeof path, "%s/class/tty/%s/device", sysfs, tty);
    if (realpath(path, folder) == NULL) {
        return false;
    }
    while (!read_text(folder, "bInterfaceNumber", number, sizeof number)) {
        slash = strrchr(folder, '/');
        if (slash == NULL || slash == folder) {
            return false;
        }
        *slash = '\0';
    }
    slash = strrchr(folder, '/');
    if (slash == NULL) {
        return false;
    }
    *slash = '\0';
    slash = strrchr(folder, '/');
    *interface = (unsigned)strtoul(number, NULL, 16);
    return slash != NULL && read_device(folder, slash + 1, device);
}

rig_result rig_usb_give_back(const struct rig_usb_device *device, unsigned interface,
                             struct rig_error *err)
{
    struct usbdevfs_ioctl connect = {.ifno = (int)interface, .ioctl_code = USBDEVFS_CONNECT};
    RIG_AUTO(rig_close_fd) int fd = -1;
    char node[64];

    (void)snprintf(node, sizeof node, "/dev/bus/usb/%03u/%03u", device->bus, device->address);
    fd = open(node, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return rig_fail_errno(err, errno, "cannot open '%s' to give the port back to the kernel",
                              node);
    }
    if (ioctl(fd, USBDEVFS_IOCTL, &connect) < 0 && errno != EBUSY) {
        return rig_fail_errno(err, errno, "the kernel takes no driver for interface %u of %s",
                              interface, device->path);
    }
    return RIG_DONE;
}
