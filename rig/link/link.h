/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The byte link to a board, whatever carries it: `serial` (libserialport), `usb` (the same, found
 * by where it is plugged in), `rfc2217` (telnet COM-port control, RFC 2217), `ftdi` (libftdi1). One
 * driver is one entry of a const table,
 * chosen by the scheme of the address; no caller knows which it has. Lines (DTR/RTS or others) are
 * a matter of their own: see lines.h.
 *
 * Errors: NOT_FOUND (no such port), BUSY (held by another program; named where the kernel tells),
 * PERMISSION, DISCONNECTED (it was there and went away: unplugged, connection closed), UNSUPPORTED
 * (the other side has no such control), TIMEOUT, CANCELLED. Class RIG for a local port, NETWORK for
 * a TCP peer; the caller that knows that the board itself is the cause changes the class.
 *
 * Threads: one thread at a time per link. Two links never share state.
 */
#ifndef RIG_LINK_LINK_H
#define RIG_LINK_LINK_H

#include "rig/base/error.h"
#include "rig/base/wait.h"

#include <stddef.h>
#include <stdint.h>

struct rig_link;

enum rig_link_direction {
    RIG_LINK_RECEIVED = 0, /* from the board */
    RIG_LINK_SENT = 1,     /* to the board */
};

/* Sees every byte that crosses the link, after decoding and before anyone else; must not call the
 * link. */
typedef void (*rig_link_tap)(void *ctx, enum rig_link_direction direction, const uint8_t *bytes,
                             size_t n_bytes);

enum {
    RIG_LINK_PURGE_INPUT = 1,  /* what came and was not read */
    RIG_LINK_PURGE_OUTPUT = 2, /* what was written and not yet sent */
};

/*
 * A driver. Every slot is filled unless it says optional; the functions of this header check
 * arguments, run the tap and add "<address>: " to errors, so drivers don't.
 */
struct rig_link_ops {
    const char *name; /* "rfc2217" */
    /* Some bytes, at least one; blocks until then. */
    rig_result (*read)(struct rig_link *link, uint8_t *bytes, size_t cap, size_t *got,
                       struct rig_wait wait, struct rig_error *err);
    /* All bytes. */
    rig_result (*write)(struct rig_link *link, const uint8_t *bytes, size_t n_bytes,
                        struct rig_wait wait, struct rig_error *err);
    rig_result (*set_baud)(struct rig_link *link, unsigned baud, struct rig_wait wait,
                           struct rig_error *err);
    /* optional (NULL: the link has no modem lines). Both lines at once where the carrier can. */
    rig_result (*set_modem_lines)(struct rig_link *link, bool dtr, bool rts, struct rig_wait wait,
                                  struct rig_error *err);
    rig_result (*purge)(struct rig_link *link, unsigned what, struct rig_wait wait,
                        struct rig_error *err);
    /* Polls readable when read() may return without blocking. Stays the same while the link is
     * open. */
    int (*poll_fd)(struct rig_link *link);
    /* Whether bytes are already decoded and waiting inside, so that polling would be wrong. */
    bool (*has_pending)(struct rig_link *link);
    /* Leaves the lines in the "run" state, gives the port back and frees the driver's object. */
    void (*close)(struct rig_link *link);
};

/* Embedded as the first member in a driver's own struct. */
struct rig_link {
    const struct rig_link_ops *ops;
    char address[160];
    rig_link_tap tap;
    void *tap_ctx;
    uint64_t n_received; /* bytes since open */
    uint64_t n_sent;
};

struct rig_link_options {
    unsigned baud;      /* 0: 115200 */
    bool rest_asserted; /* the "run" state is DTR and RTS asserted: inverting wiring */
};

/*
 * Opens "rfc2217://HOST:PORT", "serial:///dev/ttyUSB0" or a plain path "/dev/ttyUSB0", "usb://" or
 * "ftdi://" with a selector of usb.h: 8N1, no flow control, lines in the "run" state (DTR and RTS
 * not asserted, unless the options say otherwise). A local port is locked against other programs
 * while it is open. On success the caller owns *link until rig_link_close. Nothing stays open when
 * it fails. An address of no known form is INVALID (class USAGE) and lists the forms.
 */
RIG_CHECKED rig_result rig_link_open(const char *address, const struct rig_link_options *options,
                                     struct rig_link **link, struct rig_wait wait,
                                     struct rig_error *err);

/* NULL is fine. */
void rig_link_close(struct rig_link *link);
static inline void rig_auto_link(struct rig_link **link)
{
    rig_link_close(*link);
    *link = NULL;
}

void rig_link_set_tap(struct rig_link *link, rig_link_tap tap, void *ctx);

/*
 * At least one byte, at most `cap`. TIMEOUT when none came; what is there already is returned even
 * after the deadline, so a loop over a board that never stops must look at the clock itself.
 */
RIG_CHECKED rig_result rig_link_read(struct rig_link *link, uint8_t *bytes, size_t cap, size_t *got,
                                     struct rig_wait wait, struct rig_error *err);
RIG_CHECKED rig_result rig_link_write(struct rig_link *link, const void *bytes, size_t n_bytes,
                                      struct rig_wait wait, struct rig_error *err);
RIG_CHECKED rig_result rig_link_set_baud(struct rig_link *link, unsigned baud, struct rig_wait wait,
                                         struct rig_error *err);
/* The tap sees purged input too. */
RIG_CHECKED rig_result rig_link_purge(struct rig_link *link, unsigned what, struct rig_wait wait,
                                      struct rig_error *err);
/* A change of both never passes "RTS without DTR", which resets the chip, on its way to another
 * state. */
RIG_CHECKED rig_result rig_link_set_modem_lines(struct rig_link *link, bool dtr, bool rts,
                                                struct rig_wait wait, struct rig_error *err);

/* Whether bytes wait inside the link; if not, poll rig_link_poll_fd together with other
 * descriptors. */
bool rig_link_has_pending(struct rig_link *link);
int rig_link_poll_fd(struct rig_link *link);

/* Checks the form of an address only; for suites, benches and command lines. */
RIG_CHECKED rig_result rig_link_check_address(const char *address, struct rig_error *err);

#endif
