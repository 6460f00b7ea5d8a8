/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reset recipes as data, in the notation of esptool's configuration for custom sequences: commands
 * joined by '|': D0 D1 R0 R1 (one line), U<d>,<r> (both at once), W<seconds>. A reset is done when
 * the boot banner proves the mode.
 */
#ifndef RIG_ESP_RESET_H
#define RIG_ESP_RESET_H

#include "rig/base/buf.h"
#include "rig/link/lines.h"
#include "rig/link/link.h"

#define RIG_RESET_MAX_STEPS 24

struct rig_reset_step {
    enum { RIG_RESET_SET_DTR, RIG_RESET_SET_RTS, RIG_RESET_SET_BOTH, RIG_RESET_PAUSE } kind;
    bool dtr;
    bool rts;
    int64_t pause_ns;
};

struct rig_reset_recipe {
    char name[32];
    size_t n_steps;
    struct rig_reset_step steps[RIG_RESET_MAX_STEPS];
};

/* INVALID (class USAGE) names the column and what was expected there. */
RIG_CHECKED rig_result rig_reset_parse(const char *name, const char *notation,
                                       struct rig_reset_recipe *recipe, struct rig_error *err);

/* Built-in recipes by name: "unix-tight", "classic", "unix-tight-slow", "classic-slow" (to download
 * mode through the auto-reset circuit), "usb-jtag" (to download mode through the chip's own
 * USB-Serial-JTAG), "hard" (to run mode, either way). NULL for an unknown name. */
const struct rig_reset_recipe *rig_reset_builtin(const char *name);

enum rig_boot_mode { RIG_BOOT_UNKNOWN = 0, RIG_BOOT_RUN, RIG_BOOT_DOWNLOAD };

/* What a banner told. */
struct rig_boot_banner {
    enum rig_boot_mode mode;
    unsigned reset_reason; /* rst:0x.., 0 unknown */
    unsigned straps;       /* boot:0x.. */
    bool has_straps;
    unsigned n_banners;  /* how many rst: lines were seen: more than two is a boot loop */
    bool invalid_header; /* "invalid header: 0x", "flash read err": no application in the flash */
    bool loading;        /* the ROM loads or has entered the second-stage boot loader */
    bool waiting;        /* "waiting for download": the serial loader listens */
    size_t n_bytes;      /* all that came */
    size_t n_unreadable; /* of these, bytes that no text has: a wrong baud rate or noise */
    char rom[48];        /* "ets Jul 29 2019 12:21:46"; "" unknown */
    char evidence[96];   /* the line that decided, printable; "" none */
};

/* Reads what the ROM and boot loader print; tolerant of noise. Pure: feed it text as it comes;
 * `{0}` is a fresh one. */
struct rig_banner_parser {
    struct rig_boot_banner banner;
    char line[160];
    size_t line_len;
};
void rig_banner_feed(struct rig_banner_parser *parser, const uint8_t *bytes, size_t n_bytes);

/*
 * What the banner means for somebody who wanted this mode, in words for a technician: success, or
 * the errors that rig_reset_run lists. Pure; also for a board that came up well and then went on
 * restarting.
 */
RIG_CHECKED rig_result rig_boot_judge(const struct rig_boot_banner *banner,
                                      enum rig_boot_mode wanted, struct rig_error *err);

/*
 * Purges the input, runs the recipe and reads until the banner proves `wanted` mode (or `proof_ms`
 * pass). *banner is always filled. Class DEVICE: NO_ANSWER (no text at all: power, wiring of EN,
 * wrong port), WRONG_BOOT_MODE (text names the straps and which line to look at), BOOT_LOOP,
 * PROTOCOL (only unreadable bytes: baud rate or wiring), INVALID (run mode: the flash holds no
 * application). A loop that begins only after the
 * boot loader was entered is not seen here: feed a parser on and judge again. Text after the proof
 * may have been read and is lost to the caller; a tap sees it.
 */
RIG_CHECKED rig_result rig_reset_run(struct rig_link *link, struct rig_lines *lines,
                                     const struct rig_reset_recipe *recipe,
                                     enum rig_boot_mode wanted, int64_t proof_ms,
                                     struct rig_boot_banner *banner, struct rig_wait wait,
                                     struct rig_error *err);

#endif
