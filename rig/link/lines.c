/* SPDX-License-Identifier: Apache-2.0 */
/* The table of controllers, and the hub. */
#include "rig/link/lines.h"

#include "rig/base/cleanup.h"
#include "rig/link/lines_driver.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>

/* In the order of enum rig_lines_kind. */
static const struct rig_lines_driver *const drivers[] = {
    [RIG_LINES_DTR_RTS] = &rig_lines_dtr_rts,
    [RIG_LINES_FTDI_BITBANG] = &rig_lines_ftdi_bitbang,
    [RIG_LINES_FTDI_CBUS] = &rig_lines_ftdi_cbus,
    [RIG_LINES_USB_JTAG_SERIAL] = &rig_lines_usb_jtag_serial,
    [RIG_LINES_COMMAND] = &rig_lines_by_command,
    [RIG_LINES_NONE] = &rig_lines_by_person,
};

struct rig_lines_hub {
    struct rig_ftdi_pins_pool *pins;
    pthread_mutex_t terminal;
    int ask_fd;
    int tell_fd;
};

/* ---- hub ---- */

rig_result rig_lines_hub_open(const struct rig_lines_hub_options *options,
                              struct rig_lines_hub **hub, struct rig_error *err)
{
    static const struct rig_lines_hub_options standard = {.ask_fd = STDIN_FILENO,
                                                          .tell_fd = STDERR_FILENO};
    const struct rig_lines_hub_options *used = options != NULL ? options : &standard;
    struct rig_lines_hub *made = calloc(1, sizeof *made);
    rig_result result;

    *hub = NULL;
    if (made == NULL) {
        return rig_fail_memory(err);
    }
    made->ask_fd = used->ask_fd;
    made->tell_fd = used->tell_fd;
    result = rig_ftdi_pins_pool_open(used->ftdi != NULL ? used->ftdi : &rig_ftdi_host_real,
                                     &made->pins, err);
    if (result.ok && pthread_mutex_init(&made->terminal, NULL) != 0) {
        rig_ftdi_pins_pool_close(made->pins);
        result = rig_fail_memory(err);
    }
    if (!result.ok) {
        free(made);
        return result;
    }
    *hub = made;
    return RIG_DONE;
}

void rig_lines_hub_close(struct rig_lines_hub *hub)
{
    if (hub != NULL) {
        rig_ftdi_pins_pool_close(hub->pins);
        (void)pthread_mutex_destroy(&hub->terminal);
        free(hub);
    }
}

struct rig_ftdi_pins_pool *rig_lines_hub_pins(struct rig_lines_hub *hub)
{
    return hub->pins;
}

static rig_result await_enter(struct rig_lines_hub *hub, struct rig_wait wait,
                              struct rig_error *err)
{
    char bytes[64];

    for (;;) {
        ssize_t n;

        RIG_TRY_IN(rig_wait_fd(wait, hub->ask_fd, POLLIN, "Enter on the terminal", err), err,
                   "nobody pressed Enter");
        n = read(hub->ask_fd, bytes, sizeof bytes);
        if (n > 0 && memchr(bytes, '\n', (size_t)n) != NULL) {
            return RIG_DONE;
        }
        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
            return rig_fail(err, RIG_CLASS_RIG, RIG_E_DISCONNECTED,
                            "the terminal went away while a person was asked");
        }
    }
}

rig_result rig_lines_hub_ask(struct rig_lines_hub *hub, const char *question, struct rig_wait wait,
                             struct rig_error *err)
{
    rig_result result;

    if (!isatty(hub->ask_fd)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_UNSUPPORTED,
                        "somebody is to be asked (%s), but there is no terminal: run this at one, "
                        "or name a line controller for the board in the bench file",
                        question);
    }
    (void)pthread_mutex_lock(&hub->terminal);
    (void)tcflush(hub->ask_fd, TCIFLUSH); /* what was typed before is no answer */
    (void)dprintf(hub->tell_fd, "\r\n>>> %s, then press Enter: ", question);
    result = await_enter(hub, wait, err);
    (void)pthread_mutex_unlock(&hub->terminal);
    return result;
}

/* ---- lines ---- */

const char *rig_lines_kind_name(enum rig_lines_kind kind)
{
    return drivers[kind]->name;
}

rig_result rig_lines_open(struct rig_lines_hub *hub, const struct rig_lines_config *config,
                          const char *board, struct rig_link *link, struct rig_lines **lines,
                          struct rig_wait wait, struct rig_error *err)
{
    const struct rig_lines_open_args args = {
        .hub = hub, .config = config, .board = board, .link = link};
    const struct rig_lines_driver *driver = drivers[config->kind];

    *lines = NULL;
    RIG_TRY_IN(driver->open(&args, lines, wait, err), err, "lines %s", driver->name);
    return RIG_DONE;
}

rig_result rig_lines_set(struct rig_lines *lines, bool dtr, bool rts, struct rig_wait wait,
                         struct rig_error *err)
{
    RIG_TRY_IN(lines->ops->set(lines, dtr, rts, wait, err), err, "DTR=%d RTS=%d", dtr, rts);
    lines->dtr = dtr;
    lines->rts = rts;
    return RIG_DONE;
}

void rig_lines_close(struct rig_lines *lines)
{
    if (lines != NULL) {
        lines->ops->close(lines);
    }
}
