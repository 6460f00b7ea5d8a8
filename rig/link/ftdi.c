/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes and modem lines of one interface of an FTDI chip, over libftdi1 and without a tty. libusb
 * has no descriptor to poll, so a thread reads and an eventfd tells.
 */
#include "rig/link/ftdi.h"

#include "rig/base/buf.h"
#include "rig/base/cleanup.h"
#include "rig/link/driver.h"

#include <errno.h>
#include <libusb.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

/* 1 ms is the length of a full-speed frame, which FTDI advises against. */
#define LATENCY_MS 2
#define READ_BYTES 4096
#define WRITE_BYTES 2048
/* What a board may say while nobody listens: beyond it the chip's own FIFO fills and overruns. */
#define MAX_WAITING_BYTES ((size_t)1 << 20)
/* From here on it is worth moving what waits to the front of the buffer. */
#define COMPACT_BYTES ((size_t)64 << 10)
/* A purge waits for this many packets without data: one may have been under way already. */
#define QUIET_PACKETS 2
#define QUIET_LIMIT_MS 60

struct ftdi_link {
    struct rig_link base; /* first */
    struct rig_ftdi chip;
    bool rest_asserted;
    int event_fd; /* readable while bytes wait or the chip is gone */
    pthread_t reader;
    bool has_reader;
    pthread_mutex_t mutex; /* for what follows */
    pthread_cond_t changed;
    struct rig_buf waiting;
    size_t taken; /* of `waiting` */
    uint64_t n_quiet;
    bool stop;
    bool gone;
    struct rig_error why; /* when gone */
};

static struct ftdi_link *of(struct rig_link *link)
{
    return (struct ftdi_link *)link;
}

/* ---- the thread that reads ---- */

static void signal_readable(const struct ftdi_link *f)
{
    const uint64_t one = 1;

    /* fails only when the counter is full, and then it is readable already */
    (void)!write(f->event_fd, &one, sizeof one);
}

static void end_reading(struct ftdi_link *f, int code)
{
    if (!f->gone) {
        f->gone = true;
        (void)rig_ftdi_fail(&f->chip, code, "read from the FTDI chip", &f->why).ok;
        f->why.code = RIG_E_DISCONNECTED;
    }
    signal_readable(f);
}

static void take_in(struct ftdi_link *f, const uint8_t *bytes, int n)
{
    if (f->taken >= COMPACT_BYTES) {
        f->waiting.len -= f->taken;
        memmove(f->waiting.data, f->waiting.data + f->taken, f->waiting.len);
        f->taken = 0;
    }
    if (n == 0) {
        f->n_quiet++;
    } else if (!rig_buf_append(&f->waiting, bytes, (size_t)n, &f->why).ok) {
        f->gone = true;
        signal_readable(f);
    } else {
        signal_readable(f);
    }
    (void)pthread_cond_broadcast(&f->changed);
}

static void *read_on(void *ctx)
{
    struct ftdi_link *f = ctx;
    uint8_t bytes[READ_BYTES];

    for (;;) {
        int n;

        (void)pthread_mutex_lock(&f->mutex);
        while (!f->stop && f->waiting.len - f->taken >= MAX_WAITING_BYTES) {
            (void)pthread_cond_wait(&f->changed, &f->mutex);
        }
        const bool end = f->stop || f->gone;
        (void)pthread_mutex_unlock(&f->mutex);
        if (end) {
            return NULL;
        }
        n = f->chip.calls->read_data(f->chip.context, bytes, sizeof bytes);
        (void)pthread_mutex_lock(&f->mutex);
        if (n >= 0) {
            take_in(f, bytes, n);
        } else if (n != LIBUSB_ERROR_TIMEOUT && n != LIBUSB_ERROR_INTERRUPTED) {
            end_reading(f, n);
            (void)pthread_cond_broadcast(&f->changed);
        }
        (void)pthread_mutex_unlock(&f->mutex);
    }
}

/* ---- the slots of the driver ---- */

/* With the mutex held: what waits, at most `cap`. */
static size_t take_out(struct ftdi_link *f, uint8_t *bytes, size_t cap)
{
    const size_t there = f->waiting.len - f->taken;
    const size_t n = there < cap ? there : cap;
    uint64_t count;

    if (n != 0) {
        memcpy(bytes, f->waiting.data + f->taken, n);
        f->taken += n;
    }
    if (f->taken == f->waiting.len) {
        f->waiting.len = 0;
        f->taken = 0;
        if (!f->gone) {
            (void)!read(f->event_fd, &count, sizeof count);
        }
    }
    if (n != 0) {
        (void)pthread_cond_broadcast(&f->changed);
    }
    return n;
}

static rig_result check_there(struct ftdi_link *f, struct rig_error *err)
{
    rig_result result = RIG_DONE;

    (void)pthread_mutex_lock(&f->mutex);
    if (f->gone) {
        result = rig_fail_as(err, &f->why);
    }
    (void)pthread_mutex_unlock(&f->mutex);
    return result;
}

static rig_result ftdi_read(struct rig_link *link, uint8_t *bytes, size_t cap, size_t *got,
                            struct rig_wait wait, struct rig_error *err)
{
    struct ftdi_link *f = of(link);

    for (;;) {
        bool gone;

        (void)pthread_mutex_lock(&f->mutex);
        *got = take_out(f, bytes, cap);
        gone = f->gone;
        (void)pthread_mutex_unlock(&f->mutex);
        if (*got != 0) {
            return RIG_DONE;
        }
        if (gone) {
            return check_there(f, err);
        }
        RIG_TRY(rig_wait_fd(wait, f->event_fd, POLLIN, "bytes from the board", err));
    }
}

static rig_result ftdi_write(struct rig_link *link, const uint8_t *bytes, size_t n_bytes,
                             struct rig_wait wait, struct rig_error *err)
{
    struct ftdi_link *f = of(link);

    while (n_bytes != 0) {
        const int64_t left_ms = rig_wait_left_ms(wait);
        const int part = (int)(n_bytes < WRITE_BYTES ? n_bytes : WRITE_BYTES);
        int n;

        RIG_TRY(check_there(f, err));
        if (left_ms == 0) {
            return rig_fail(err, RIG_CLASS_NETWORK, RIG_E_TIMEOUT, "no room to send in time");
        }
        if (wait.cancel != NULL && rig_cancel_reason(wait.cancel) != 0) {
            return rig_fail(err, RIG_CLASS_CANCELLED, RIG_E_CANCELLED, "cancelled");
        }
        f->chip.context->usb_write_timeout = (int)(left_ms < 5000 ? left_ms : 5000);
        n = f->chip.calls->write_data(f->chip.context, bytes, part);
        if (n < 0) {
            return rig_ftdi_fail(&f->chip, n, "write to the FTDI chip", err);
        }
        bytes += n;
        n_bytes -= (size_t)n;
    }
    return RIG_DONE;
}

static rig_result ftdi_set_baud(struct rig_link *link, unsigned baud, struct rig_wait wait,
                                struct rig_error *err)
{
    struct ftdi_link *f = of(link);
    int rc;

    (void)wait;
    RIG_TRY(check_there(f, err));
    if (baud > INT_MAX) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_UNSUPPORTED, "cannot set %u baud", baud);
    }
    rc = f->chip.calls->set_baudrate(f->chip.context, (int)baud);
    if (rc == -1) { /* no divisor comes near enough */
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_UNSUPPORTED,
                        "the FTDI chip cannot make %u baud: choose another rate", baud);
    }
    return rc == 0 ? RIG_DONE : rig_ftdi_fail(&f->chip, rc, "set the baud rate", err);
}

static rig_result ftdi_set_modem_lines(struct rig_link *link, bool dtr, bool rts,
                                       struct rig_wait wait, struct rig_error *err)
{
    struct ftdi_link *f = of(link);
    int rc;

    (void)wait;
    RIG_TRY(check_there(f, err));
    rc = f->chip.calls->setdtr_rts(f->chip.context, dtr, rts);
    return rc == 0 ? RIG_DONE : rig_ftdi_fail(&f->chip, rc, "set DTR and RTS", err);
}

/* Lets the reader empty the chip's FIFO: a command to clear it would hide bytes from the tap. A
 * board that never stops ends it too. */
static void await_quiet(struct ftdi_link *f)
{
    struct timespec until;
    uint64_t quiet;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += QUIET_LIMIT_MS * RIG_NS_PER_MS;
    if (until.tv_nsec >= RIG_NS_PER_S) {
        until.tv_nsec -= RIG_NS_PER_S;
        until.tv_sec++;
    }
    (void)pthread_mutex_lock(&f->mutex);
    quiet = f->n_quiet + QUIET_PACKETS;
    while (f->n_quiet < quiet && !f->gone &&
           pthread_cond_timedwait(&f->changed, &f->mutex, &until) == 0) {
    }
    (void)pthread_mutex_unlock(&f->mutex);
}

static rig_result ftdi_purge(struct rig_link *link, unsigned what, struct rig_wait wait,
                             struct rig_error *err)
{
    struct ftdi_link *f = of(link);
    int rc = 0;

    (void)wait;
    RIG_TRY(check_there(f, err));
    if ((what & RIG_LINK_PURGE_OUTPUT) != 0) {
        rc = f->chip.calls->tcoflush(f->chip.context);
    }
    if ((what & RIG_LINK_PURGE_INPUT) != 0) {
        uint8_t bytes[READ_BYTES];
        size_t n;

        await_quiet(f);
        do {
            (void)pthread_mutex_lock(&f->mutex);
            n = take_out(f, bytes, sizeof bytes);
            (void)pthread_mutex_unlock(&f->mutex);
            rig_link_discarded(link, bytes, n);
        } while (n == sizeof bytes);
    }
    return rc == 0 ? RIG_DONE : rig_ftdi_fail(&f->chip, rc, "purge the FTDI chip", err);
}

static int ftdi_poll_fd(struct rig_link *link)
{
    return of(link)->event_fd;
}

static bool ftdi_has_pending(struct rig_link *link)
{
    struct ftdi_link *f = of(link);
    bool pending;

    (void)pthread_mutex_lock(&f->mutex);
    pending = f->waiting.len != f->taken;
    (void)pthread_mutex_unlock(&f->mutex);
    return pending;
}

static void release(struct ftdi_link *f)
{
    if (f->has_reader) {
        (void)pthread_mutex_lock(&f->mutex);
        f->stop = true;
        (void)pthread_cond_broadcast(&f->changed);
        (void)pthread_mutex_unlock(&f->mutex);
        (void)pthread_join(f->reader, NULL);
    }
    rig_ftdi_close(&f->chip);
    rig_close_fd(&f->event_fd);
    rig_buf_free(&f->waiting);
    (void)pthread_cond_destroy(&f->changed);
    (void)pthread_mutex_destroy(&f->mutex);
    free(f);
}

static void ftdi_close(struct rig_link *link)
{
    struct ftdi_link *f = of(link);
    struct rig_error ignored;

    (void)ftdi_set_modem_lines(link, f->rest_asserted, f->rest_asserted, rig_wait_ms(0, NULL),
                               &ignored)
        .ok;
    release(f);
}

static const struct rig_link_ops ops = {
    .name = "ftdi",
    .read = ftdi_read,
    .write = ftdi_write,
    .set_baud = ftdi_set_baud,
    .set_modem_lines = ftdi_set_modem_lines,
    .purge = ftdi_purge,
    .poll_fd = ftdi_poll_fd,
    .has_pending = ftdi_has_pending,
    .close = ftdi_close,
};

/* ---- opening ---- */

/* Open left 9600 baud and everything else as it was. */
static rig_result configure(struct ftdi_link *f, unsigned baud, struct rig_error *err)
{
    const struct rig_ftdi_calls *calls = f->chip.calls;
    struct ftdi_context *context = f->chip.context;
    int rc = calls->setdtr_rts(context, f->rest_asserted, f->rest_asserted);

    rc = rc != 0 ? rc : calls->setflowctrl(context, SIO_DISABLE_FLOW_CTRL);
    rc = rc != 0 ? rc : calls->set_line_property(context, BITS_8, STOP_BIT_1, NONE);
    rc = rc != 0 ? rc : calls->set_latency_timer(context, LATENCY_MS);
    rc = rc != 0 ? rc : calls->tcioflush(context);
    if (rc != 0) {
        return rig_ftdi_fail(&f->chip, rc, "set up the FTDI chip", err);
    }
    return ftdi_set_baud(&f->base, baud, rig_wait_ms(0, NULL), err);
}

static rig_result start_reader(struct ftdi_link *f, struct rig_error *err)
{
    int rc;

    f->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (f->event_fd < 0) {
        return rig_fail_errno(err, errno, "cannot make an eventfd");
    }
    rc = pthread_create(&f->reader, NULL, read_on, f);
    if (rc != 0) {
        return rig_fail_errno(err, rc, "cannot start the thread that reads from the FTDI chip");
    }
    f->has_reader = true;
    return RIG_DONE;
}

static rig_result init_threads(struct ftdi_link *f, struct rig_error *err)
{
    pthread_condattr_t attributes;
    int rc = pthread_mutex_init(&f->mutex, NULL);

    if (rc == 0) {
        rc = pthread_condattr_init(&attributes);
        if (rc == 0) {
            (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
            rc = pthread_cond_init(&f->changed, &attributes);
            (void)pthread_condattr_destroy(&attributes);
        }
        if (rc != 0) {
            (void)pthread_mutex_destroy(&f->mutex);
        }
    }
    return rc == 0 ? RIG_DONE : rig_fail_errno(err, rc, "cannot make a mutex");
}

rig_result rig_ftdi_link_open(const struct rig_ftdi_host *host, const char *rest,
                              const struct rig_link_options *options, struct rig_link **link,
                              struct rig_error *err)
{
    struct ftdi_link *f = calloc(1, sizeof *f);
    rig_result result;

    if (f == NULL) {
        return rig_fail_memory(err);
    }
    result = init_threads(f, err);
    if (!result.ok) {
        free(f);
        return result;
    }
    f->base.ops = &ops;
    f->event_fd = -1;
    f->rest_asserted = options->rest_asserted;
    result = rig_ftdi_open(host, rest, RIG_FTDI_CLAIM, NULL, &f->chip, err);
    if (result.ok) {
        result = configure(f, options->baud, err);
    }
    if (result.ok) {
        result = start_reader(f, err);
    }
    if (!result.ok) {
        release(f);
        return result;
    }
    *link = &f->base;
    return RIG_DONE;
}

static rig_result check(const char *rest, struct rig_error *err)
{
    struct rig_usb_selector selector;

    return rig_usb_parse(rest, &selector, err);
}

static rig_result open_link(const char *rest, const struct rig_link_options *options,
                            struct rig_link **link, struct rig_wait wait, struct rig_error *err)
{
    (void)wait;
    return rig_ftdi_link_open(&rig_ftdi_host_real, rest, options, link, err);
}

const struct rig_link_driver rig_link_ftdi = {
    .scheme = "ftdi",
    .form = "ftdi://SERIAL:INTERFACE",
    .check = check,
    .open = open_link,
};
