/* SPDX-License-Identifier: Apache-2.0 */
/* A serial port of this host, over libserialport. */
#include "rig/base/buf.h"
#include "rig/base/cleanup.h"
#include "rig/link/driver.h"
#include "rig/link/holder.h"
#include "rig/link/usb.h"

#include <errno.h>
#include <libserialport.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#define DISCARD_BYTES 4096

struct serial {
    struct rig_link base; /* first */
    struct sp_port *port;
    int fd;
    int usb_lock_fd;   /* against programs that would take the port from the kernel; -1: none */
    bool lines_absent; /* the port has no modem lines */
    bool rest_asserted;
};

static struct serial *of(struct rig_link *link)
{
    return (struct serial *)link;
}

/* ---- saying what is wrong ---- */

static rig_result fail_open(struct rig_error *err, int errno_value, const char *path)
{
    char holder[96];

    switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
    case ENODEV:
    case ENXIO:
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_NOT_FOUND,
                        "there is no port '%s': is the board plugged in? ('rig boards' lists the "
                        "ports)",
                        path);
    case EACCES:
    case EPERM:
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_PERMISSION,
                        "no permission to open '%s': add the user to the group 'dialout' (sudo "
                        "usermod -aG dialout $USER), then log in again",
                        path);
    case EBUSY:
    case EWOULDBLOCK:
        rig_find_holder(path, holder, sizeof holder);
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_BUSY,
                        "the port '%s' is in use by %s: close that program", path,
                        holder[0] != '\0' ? holder : "another program");
    default:
        return rig_fail_errno(err, errno_value, "cannot open the port '%s'", path);
    }
}

static rig_result fail_sp(struct rig_error *err, enum sp_return code, const char *what)
{
    const int errno_value = code == SP_ERR_FAIL ? sp_last_error_code() : 0;

    switch (code) {
    case SP_ERR_MEM:
        return rig_fail_memory(err);
    case SP_ERR_SUPP:
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_UNSUPPORTED, "cannot %s: not supported", what);
    case SP_ERR_ARG:
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_UNSUPPORTED,
                        "cannot %s: this port does not allow it", what);
    default:
        break;
    }
    if (errno_value == EIO || errno_value == ENXIO || errno_value == ENODEV ||
        errno_value == EBADF) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_DISCONNECTED,
                        "cannot %s: the port went away (unplugged?)", what);
    }
    return rig_fail_errno(err, errno_value, "cannot %s", what);
}

static rig_result fail_gone(struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_DISCONNECTED, "the port went away (unplugged?)");
}

/* ---- the slots of the driver ---- */

static rig_result serial_read(struct rig_link *link, uint8_t *bytes, size_t cap, size_t *got,
                              struct rig_wait wait, struct rig_error *err)
{
    struct serial *s = of(link);

    for (;;) {
        struct pollfd one = {.fd = s->fd, .events = POLLIN};
        /* sp_return is an int, so a read is cut to what it can count */
        const enum sp_return n = sp_nonblocking_read(s->port, bytes, cap < INT_MAX ? cap : INT_MAX);

        if (n < 0) {
            return fail_sp(err, n, "read from the port");
        }
        if (n > 0) {
            *got = (size_t)n;
            return RIG_DONE;
        }
        RIG_TRY(rig_wait_poll(wait, &one, 1, "bytes from the board", err));
        if ((one.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
            return fail_gone(err);
        }
    }
}

static rig_result serial_write(struct rig_link *link, const uint8_t *bytes, size_t n_bytes,
                               struct rig_wait wait, struct rig_error *err)
{
    struct serial *s = of(link);

    while (n_bytes != 0) {
        struct pollfd one = {.fd = s->fd, .events = POLLOUT};
        const enum sp_return n =
            sp_nonblocking_write(s->port, bytes, n_bytes < INT_MAX ? n_bytes : INT_MAX);

        if (n < 0) {
            return fail_sp(err, n, "write to the port");
        }
        bytes += n;
        n_bytes -= (size_t)n;
        if (n_bytes != 0) {
            RIG_TRY(rig_wait_poll(wait, &one, 1, "room to send", err));
            if ((one.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
                return fail_gone(err);
            }
        }
    }
    return RIG_DONE;
}

static rig_result serial_set_baud(struct rig_link *link, unsigned baud, struct rig_wait wait,
                                  struct rig_error *err)
{
    char what[48];
    enum sp_return code;

    (void)wait;
    (void)snprintf(what, sizeof what, "set %u baud", baud);
    code = baud <= INT_MAX ? sp_set_baudrate(of(link)->port, (int)baud) : SP_ERR_ARG;
    return code == SP_OK ? RIG_DONE : fail_sp(err, code, what);
}

/* Both lines in one ioctl: the states between would reset a board, and libserialport sets one after
 * the other. */
static rig_result serial_set_modem_lines(struct rig_link *link, bool dtr, bool rts,
                                         struct rig_wait wait, struct rig_error *err)
{
    struct serial *s = of(link);
    int bits = 0;

    (void)wait;
    if (s->lines_absent) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_UNSUPPORTED,
                        "this port has no DTR and RTS lines; name another line controller for "
                        "the board");
    }
    if (ioctl(s->fd, TIOCMGET, &bits) == 0) {
        bits &= ~(TIOCM_DTR | TIOCM_RTS);
        bits |= (dtr ? TIOCM_DTR : 0) | (rts ? TIOCM_RTS : 0);
        if (ioctl(s->fd, TIOCMSET, &bits) == 0) {
            return RIG_DONE;
        }
    }
    if (errno == EIO || errno == ENXIO || errno == ENODEV) {
        return fail_gone(err);
    }
    return rig_fail_errno(err, errno, "cannot set DTR and RTS");
}

/* The kernel's discard would hide bytes from the tap, so what is there is read first. */
static rig_result discard_input(struct serial *s, struct rig_error *err)
{
    uint8_t bytes[DISCARD_BYTES];
    const int waiting = sp_input_waiting(s->port);
    size_t left = waiting > 0 ? (size_t)waiting : 0;

    while (left != 0) {
        const enum sp_return n =
            sp_nonblocking_read(s->port, bytes, left < sizeof bytes ? left : sizeof bytes);

        if (n < 0) {
            return fail_sp(err, n, "read from the port");
        }
        if (n == 0) {
            break;
        }
        rig_link_discarded(&s->base, bytes, (size_t)n);
        left -= (size_t)n;
    }
    return RIG_DONE;
}

static rig_result serial_purge(struct rig_link *link, unsigned what, struct rig_wait wait,
                               struct rig_error *err)
{
    struct serial *s = of(link);
    enum sp_buffer buffers = 0;
    enum sp_return code;

    (void)wait;
    if ((what & RIG_LINK_PURGE_INPUT) != 0) {
        RIG_TRY(discard_input(s, err));
        buffers |= SP_BUF_INPUT;
    }
    if ((what & RIG_LINK_PURGE_OUTPUT) != 0) {
        buffers |= SP_BUF_OUTPUT;
    }
    code = sp_flush(s->port, buffers);
    return code == SP_OK ? RIG_DONE : fail_sp(err, code, "purge the port");
}

static int serial_poll_fd(struct rig_link *link)
{
    return of(link)->fd;
}

static bool serial_has_pending(struct rig_link *link)
{
    (void)link;
    return false;
}

static void release(struct serial *s)
{
    if (s->fd >= 0) {
        (void)sp_close(s->port);
    }
    sp_free_port(s->port);
    rig_close_fd(&s->usb_lock_fd);
    free(s);
}

static void serial_close(struct rig_link *link)
{
    struct serial *s = of(link);
    struct rig_error ignored;

    if (!s->lines_absent) {
        (void)serial_set_modem_lines(link, s->rest_asserted, s->rest_asserted, rig_wait_ms(0, NULL),
                                     &ignored)
            .ok;
    }
    release(s);
}

static const struct rig_link_ops ops = {
    .name = "serial",
    .read = serial_read,
    .write = serial_write,
    .set_baud = serial_set_baud,
    .set_modem_lines = serial_set_modem_lines,
    .purge = serial_purge,
    .poll_fd = serial_poll_fd,
    .has_pending = serial_has_pending,
    .close = serial_close,
};

/* ---- opening ---- */

static void free_config(struct sp_port_config **config)
{
    sp_free_config(*config);
}

/* libserialport switches HUPCL on: closing would then drop the lines one by one and could reset the
 * board. */
static rig_result keep_lines_on_close(struct serial *s, struct rig_error *err)
{
    struct termios mode;

    if (tcgetattr(s->fd, &mode) != 0) {
        return rig_fail_errno(err, errno, "cannot read the mode of the port");
    }
    mode.c_cflag &= ~(tcflag_t)(HUPCL | CRTSCTS);
    if (tcsetattr(s->fd, TCSANOW, &mode) != 0) {
        return rig_fail_errno(err, errno, "cannot set the mode of the port");
    }
    return RIG_DONE;
}

static rig_result configure(struct serial *s, unsigned baud, struct rig_wait wait,
                            struct rig_error *err)
{
    RIG_AUTO(free_config) struct sp_port_config *config = NULL;
    enum sp_return code = sp_new_config(&config);
    int bits = 0;

    if (baud > INT_MAX) {
        code = SP_ERR_ARG;
    }
    code = code != SP_OK ? code : sp_set_config_baudrate(config, (int)baud);
    code = code != SP_OK ? code : sp_set_config_bits(config, 8);
    code = code != SP_OK ? code : sp_set_config_parity(config, SP_PARITY_NONE);
    code = code != SP_OK ? code : sp_set_config_stopbits(config, 1);
    code = code != SP_OK ? code : sp_set_config_flowcontrol(config, SP_FLOWCONTROL_NONE);
    code = code != SP_OK ? code : sp_set_config(s->port, config);
    if (code != SP_OK) {
        char what[48];

        (void)snprintf(what, sizeof what, "set 8N1 at %u baud", baud);
        return fail_sp(err, code, what);
    }
    RIG_TRY(keep_lines_on_close(s, err));
    if (ioctl(s->fd, TIOCMGET, &bits) != 0) {
        s->lines_absent = errno == ENOTTY || errno == EINVAL;
    }
    if (!s->lines_absent) {
        RIG_TRY(serial_set_modem_lines(&s->base, s->rest_asserted, s->rest_asserted, wait, err));
    }
    return RIG_DONE;
}

/* What libserialport would only call "argument error". */
static rig_result check_device(const char *path, struct rig_error *err)
{
    struct stat info;

    if (stat(path, &info) != 0) {
        return fail_open(err, errno, path);
    }
    if (!S_ISCHR(info.st_mode)) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_UNSUPPORTED,
                        "'%s' is no serial port but another kind of file", path);
    }
    return RIG_DONE;
}

static rig_result open_port(struct serial *s, const char *path, struct rig_error *err)
{
    enum sp_return code;

    RIG_TRY(check_device(path, err));
    code = sp_get_port_by_name(path, &s->port);
    if (code == SP_ERR_ARG) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_UNSUPPORTED,
                        "'%s' is no serial port that the kernel lists (a pseudo-terminal has no "
                        "DTR and RTS; use rfc2217://HOST:PORT)",
                        path);
    }
    if (code != SP_OK) {
        return fail_sp(err, code, "find the port");
    }
    code = sp_open(s->port, SP_MODE_READ_WRITE);
    if (code == SP_ERR_FAIL) {
        return fail_open(err, sp_last_error_code(), path);
    }
    if (code != SP_OK) {
        return fail_sp(err, code, "open the port");
    }
    code = sp_get_port_handle(s->port, &s->fd);
    if (code != SP_OK) {
        (void)sp_close(s->port);
        s->fd = -1;
        return fail_sp(err, code, "get the descriptor of the port");
    }
    return RIG_DONE;
}

/* The lock keeps out those who ask for it, TIOCEXCL everybody else but root. Who was there before
 * is seen by what it has open. */
static rig_result take_alone(struct serial *s, const char *path, struct rig_error *err)
{
    const char *slash = strrchr(path, '/');
    struct rig_usb_device device;
    unsigned interface = 0;
    char what[160];
    char holder[96];

    (void)snprintf(what, sizeof what, "the port '%.120s'", path);
    RIG_TRY(rig_lock_fd(s->fd, path, what, err));
    rig_find_other_user(path, holder, sizeof holder);
    if (holder[0] != '\0') {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_BUSY, "%s is in use by %s: close that program",
                        what, holder);
    }
    if (ioctl(s->fd, TIOCEXCL) != 0) {
        return fail_open(err, errno, path);
    }
    if (slash != NULL && rig_usb_of_tty(RIG_SYSFS, slash + 1, &device, &interface)) {
        char part[16];

        (void)snprintf(part, sizeof part, "%u", interface);
        RIG_TRY(rig_usb_lock(device.path, part, &s->usb_lock_fd, err));
    }
    return RIG_DONE;
}

static rig_result serial_check(const char *rest, struct rig_error *err)
{
    if (rest[0] != '/' || rest[1] == '\0') {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "'%s' is no path of a port; expected serial:///dev/ttyUSB0 or "
                        "/dev/ttyUSB0",
                        rest);
    }
    return RIG_DONE;
}

static rig_result serial_open(const char *rest, const struct rig_link_options *options,
                              struct rig_link **link, struct rig_wait wait, struct rig_error *err)
{
    struct serial *s = calloc(1, sizeof *s);
    char path[PATH_MAX];
    rig_result result;

    if (s == NULL) {
        return rig_fail_memory(err);
    }
    s->base.ops = &ops;
    s->fd = -1;
    s->usb_lock_fd = -1;
    s->rest_asserted = options->rest_asserted;
    /* a link such as /dev/serial/by-id/... is none that libserialport knows */
    if (realpath(rest, path) == NULL) {
        (void)rig_copy_text(path, sizeof path, rest);
    }
    result = open_port(s, path, err);
    if (result.ok) {
        result = take_alone(s, path, err);
    }
    if (result.ok) {
        result = configure(s, options->baud, wait, err);
    }
    if (!result.ok) {
        release(s);
        return result;
    }
    *link = &s->base;
    return RIG_DONE;
}

const struct rig_link_driver rig_link_serial = {
    .scheme = "serial",
    .form = "serial:///dev/ttyUSB0",
    .check = serial_check,
    .open = serial_open,
};
