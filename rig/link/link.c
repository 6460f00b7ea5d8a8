/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/link/link.h"

#include "rig/base/buf.h"
#include "rig/link/driver.h"

#include <string.h>

#define DEFAULT_BAUD 115200
#define ADDRESS_SIZE sizeof(((struct rig_link *)NULL)->address)

/* The first entry takes plain paths too. */
static const struct rig_link_driver *const drivers[] = {
    &rig_link_serial, &rig_link_rfc2217, &rig_link_usb, &rig_link_ftdi, NULL,
};

static void fail_form(const char *address, struct rig_error *err)
{
    char forms[256] = "";
    size_t len = 0;

    for (size_t i = 0; drivers[i] != NULL; i++) {
        (void)rig_copy_text(forms + len, sizeof forms - len, drivers[i]->form);
        len = strlen(forms);
        (void)rig_copy_text(forms + len, sizeof forms - len, ", ");
        len = strlen(forms);
    }
    (void)rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                   "'%s' is no address of a link; expected %sor a path such as /dev/ttyUSB0",
                   address, forms);
}

/* NULL, with `err` filled, for an address of no known form. */
static const struct rig_link_driver *find_driver(const char *address, const char **rest,
                                                 struct rig_error *err)
{
    const char *separator = strstr(address, "://");

    if (strlen(address) >= ADDRESS_SIZE) {
        (void)rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                       "the address of the link is too long: '%.60s...'", address);
        return NULL;
    }
    *rest = address;
    if (address[0] == '/') {
        return drivers[0];
    }
    for (size_t i = 0; separator != NULL && drivers[i] != NULL; i++) {
        const size_t len = strlen(drivers[i]->scheme);

        if ((size_t)(separator - address) == len &&
            strncmp(address, drivers[i]->scheme, len) == 0) {
            *rest = separator + 3;
            return drivers[i];
        }
    }
    fail_form(address, err);
    return NULL;
}

rig_result rig_link_check_address(const char *address, struct rig_error *err)
{
    const char *rest = NULL;
    const struct rig_link_driver *driver = find_driver(address, &rest, err);

    return driver != NULL ? driver->check(rest, err) : (rig_result){.ok = false};
}

rig_result rig_link_open(const char *address, const struct rig_link_options *options,
                         struct rig_link **link, struct rig_wait wait, struct rig_error *err)
{
    struct rig_link_options used = options != NULL ? *options : (struct rig_link_options){0};
    const char *rest = NULL;
    const struct rig_link_driver *driver = find_driver(address, &rest, err);
    struct rig_link *opened = NULL;

    *link = NULL;
    if (used.baud == 0) {
        used.baud = DEFAULT_BAUD;
    }
    if (driver == NULL) {
        return (rig_result){.ok = false};
    }
    RIG_TRY(driver->check(rest, err));
    RIG_TRY_IN(driver->open(rest, &used, &opened, wait, err), err, "%s", address);
    (void)rig_copy_text(opened->address, sizeof opened->address, address);
    *link = opened;
    return RIG_DONE;
}

void rig_link_close(struct rig_link *link)
{
    if (link != NULL) {
        link->ops->close(link);
    }
}

void rig_link_set_tap(struct rig_link *link, rig_link_tap tap, void *ctx)
{
    link->tap = tap;
    link->tap_ctx = ctx;
}

static void count(struct rig_link *link, enum rig_link_direction direction, const uint8_t *bytes,
                  size_t n_bytes)
{
    if (direction == RIG_LINK_SENT) {
        link->n_sent += n_bytes;
    } else {
        link->n_received += n_bytes;
    }
    if (link->tap != NULL && n_bytes != 0) {
        link->tap(link->tap_ctx, direction, bytes, n_bytes);
    }
}

void rig_link_discarded(struct rig_link *link, const uint8_t *bytes, size_t n_bytes)
{
    count(link, RIG_LINK_RECEIVED, bytes, n_bytes);
}

/* A device that never stops talking must not outrun the user's wish to stop. */
static rig_result check_cancel(struct rig_wait wait, struct rig_error *err)
{
    if (wait.cancel != NULL && rig_cancel_reason(wait.cancel) != 0) {
        return rig_fail(err, RIG_CLASS_CANCELLED, RIG_E_CANCELLED, "cancelled");
    }
    return RIG_DONE;
}

rig_result rig_link_read(struct rig_link *link, uint8_t *bytes, size_t cap, size_t *got,
                         struct rig_wait wait, struct rig_error *err)
{
    *got = 0;
    if (cap == 0) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID, "%s: read without room", link->address);
    }
    RIG_TRY_IN(check_cancel(wait, err), err, "%s", link->address);
    RIG_TRY_IN(link->ops->read(link, bytes, cap, got, wait, err), err, "%s", link->address);
    count(link, RIG_LINK_RECEIVED, bytes, *got);
    return RIG_DONE;
}

rig_result rig_link_write(struct rig_link *link, const void *bytes, size_t n_bytes,
                          struct rig_wait wait, struct rig_error *err)
{
    RIG_TRY_IN(check_cancel(wait, err), err, "%s", link->address);
    if (n_bytes == 0) {
        return RIG_DONE;
    }
    count(link, RIG_LINK_SENT, bytes, n_bytes);
    RIG_TRY_IN(link->ops->write(link, bytes, n_bytes, wait, err), err, "%s", link->address);
    return RIG_DONE;
}

rig_result rig_link_set_baud(struct rig_link *link, unsigned baud, struct rig_wait wait,
                             struct rig_error *err)
{
    if (baud == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "%s: 0 is no baud rate",
                        link->address);
    }
    RIG_TRY_IN(link->ops->set_baud(link, baud, wait, err), err, "%s", link->address);
    return RIG_DONE;
}

rig_result rig_link_purge(struct rig_link *link, unsigned what, struct rig_wait wait,
                          struct rig_error *err)
{
    const unsigned known = RIG_LINK_PURGE_INPUT | RIG_LINK_PURGE_OUTPUT;

    if ((what & known) == 0) {
        return RIG_DONE;
    }
    RIG_TRY_IN(link->ops->purge(link, what & known, wait, err), err, "%s", link->address);
    return RIG_DONE;
}

rig_result rig_link_set_modem_lines(struct rig_link *link, bool dtr, bool rts, struct rig_wait wait,
                                    struct rig_error *err)
{
    if (link->ops->set_modem_lines == NULL) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_UNSUPPORTED,
                        "%s: this link has no DTR and RTS lines", link->address);
    }
    RIG_TRY_IN(link->ops->set_modem_lines(link, dtr, rts, wait, err), err, "%s", link->address);
    return RIG_DONE;
}

bool rig_link_has_pending(struct rig_link *link)
{
    return link->ops->has_pending(link);
}

int rig_link_poll_fd(struct rig_link *link)
{
    return link->ops->poll_fd(link);
}
