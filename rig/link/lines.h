/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Line controllers: what moves a board's EN and boot strap (IO0/IO9). Separate from the byte link,
 * since a board may take bytes from a tty and its lines from another chip. They speak of DTR and
 * RTS as the reset recipes do, because that is the notation of everybody's recipes; a controller
 * that drives EN and IO0 directly translates by the truth table of the classic circuit (facts:
 * Espressif's auto-reset circuit): EN low = RTS and not DTR; IO0 low = DTR and not RTS.
 *
 * Controllers are entries of a const table, chosen by the bench file:
 *   dtr-rts          the link's own modem lines
 *   ftdi-bitbang     pins of a spare channel of an FTDI chip; a channel may serve several boards
 *   ftdi-cbus        CBUS pins of an FT232R, FT232H or FT-X, beside its UART
 *   usb-jtag-serial  the chip's own USB port (C3, S3, C6, H2)
 *   command          a program of the user's, called with the word run, reset or boot
 *   none             a person, asked on the terminal
 *
 * Errors: those of link.h and ftdi_device.h; UNSUPPORTED when the wiring cannot do it. One thread
 * at a time per struct rig_lines; what boards share is in the hub, which any thread may use.
 */
#ifndef RIG_LINK_LINES_H
#define RIG_LINK_LINES_H

#include "rig/link/link.h"

struct rig_lines;

struct rig_lines_ops {
    const char *name; /* "dtr-rts" */
    /* Both at once where the carrier can. */
    rig_result (*set)(struct rig_lines *lines, bool dtr, bool rts, struct rig_wait wait,
                      struct rig_error *err);
    void (*close)(struct rig_lines *lines);
};

struct rig_lines {
    const struct rig_lines_ops *ops;
    bool dtr; /* as last set; both false after opening */
    bool rts;
};

/* ---- what the bench file says ---- */

enum rig_lines_kind {
    RIG_LINES_DTR_RTS = 0,
    RIG_LINES_FTDI_BITBANG,
    RIG_LINES_FTDI_CBUS,
    RIG_LINES_USB_JTAG_SERIAL,
    RIG_LINES_COMMAND,
    RIG_LINES_NONE,
};

enum rig_lines_wiring {
    RIG_WIRING_CIRCUIT = 0, /* the two-transistor circuit of dev kits and ESP-Prog */
    RIG_WIRING_DIRECT,      /* RTS to EN, DTR to IO0, nothing between */
};

#define RIG_LINES_MAX_ARGS 8
#define RIG_LINES_PIN_UNSET (-1)

struct rig_lines_command {
    size_t n_args;
    char args[RIG_LINES_MAX_ARGS][96];
};

/* {0} is dtr-rts with the classic circuit. */
struct rig_lines_config {
    enum rig_lines_kind kind;
    bool inverted;                /* dtr-rts: asserted is high; pins: high pulls EN or IO0 low */
    enum rig_lines_wiring wiring; /* dtr-rts only */
    char chip[96];                /* of the pins: a selector of usb.h */
    int en_pin;                   /* D0..D7 or CBUS0..CBUS3 (on the FT232H AC5, AC6, AC8, AC9) */
    int boot_pin;
    bool
        push_pull; /* drives high too; else a released pin is an input, and the board pulls it up */
    struct rig_lines_command command;
    int64_t timeout_ms; /* of one call of the command, or of a person's answer; 0: 10 s, 120 s */
};

/* What a controller needs of the link's options: lines at rest asserted. */
static inline bool rig_lines_rest_asserted(const struct rig_lines_config *config)
{
    return config->kind == RIG_LINES_DTR_RTS && config->inverted;
}

/* "ftdi-bitbang" */
const char *rig_lines_kind_name(enum rig_lines_kind kind);

/* ---- what the boards of one run share ---- */

struct rig_lines_hub;
struct rig_ftdi_host;

struct rig_lines_hub_options {
    const struct rig_ftdi_host *ftdi; /* NULL: the chips of this host */
    int ask_fd;                       /* where a person answers; 0 as a rule */
    int tell_fd;                      /* where it is asked; 2 as a rule */
};

/* Channels of chips that serve several boards, and the one terminal. Closed after all lines. NULL
 * options: the host's chips, standard input and standard error. */
RIG_CHECKED rig_result rig_lines_hub_open(const struct rig_lines_hub_options *options,
                                          struct rig_lines_hub **hub, struct rig_error *err);
void rig_lines_hub_close(struct rig_lines_hub *hub);
static inline void rig_auto_lines_hub(struct rig_lines_hub **hub)
{
    rig_lines_hub_close(*hub);
    *hub = NULL;
}

/* ---- lines ---- */

/*
 * Opens the controller that `config` names, with the lines in the "run" state. Borrows hub, config
 * and link, which must live longer. `board` names the board for a person. The caller closes *lines.
 */
RIG_CHECKED rig_result rig_lines_open(struct rig_lines_hub *hub,
                                      const struct rig_lines_config *config, const char *board,
                                      struct rig_link *link, struct rig_lines **lines,
                                      struct rig_wait wait, struct rig_error *err);

/* Lines over the link's own DTR and RTS. Borrows `link`, which must live longer. The caller closes
 * *lines. */
RIG_CHECKED rig_result rig_lines_open_dtr_rts(struct rig_link *link, struct rig_lines **lines,
                                              struct rig_error *err);

RIG_CHECKED rig_result rig_lines_set(struct rig_lines *lines, bool dtr, bool rts,
                                     struct rig_wait wait, struct rig_error *err);

/* NULL is fine. Leaves the lines in the "run" state where they are not. */
void rig_lines_close(struct rig_lines *lines);
static inline void rig_auto_lines(struct rig_lines **lines)
{
    rig_lines_close(*lines);
    *lines = NULL;
}

#endif
