/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ESP32 in download mode behind a link driver in memory, for tests of the client: no file
 * descriptors, no threads. Time passes only in a recipe's pauses: a read with nothing to read ends
 * as TIMEOUT at once, unless `waits` is set. `wire_link` is a fault wrapper: a link over another
 * link that drops or changes bytes by seed.
 */
#ifndef RIG_TESTS_ESP_FAKE_ROM_H
#define RIG_TESTS_ESP_FAKE_ROM_H

#include "rig/base/buf.h"
#include "rig/esp/rom_packet.h"
#include "rig/esp/slip.h"
#include "rig/link/lines.h"
#include "rig/link/link.h"

#include <zlib.h>

#define FAKE_FLASH_SIZE 0x400000u
#define FAKE_MAX_OPS 0x20

struct fake_rom {
    struct rig_link link;
    struct rig_buf to_host;
    struct rig_buf from_host; /* all that was ever written, as it went over the wire */
    struct rig_buf last_reply;
    uint8_t *flash;
    z_stream zlib;
    int64_t en_rose_ns; /* 0: no boot pending */

    /* script */
    const char *babble;   /* what a board prints that no reset reaches: comes with every purge */
    const char *run_text; /* what it prints in run mode; NULL: the usual */
    unsigned only_baud;   /* not 0: other rates don't carry */
    unsigned skip_replies[FAKE_MAX_OPS]; /* so many replies to this op are lost */
    unsigned refuse[FAKE_MAX_OPS];       /* so many are answered with error refuse_code */
    unsigned unsupported[FAKE_MAX_OPS];  /* so many are answered with eight error packets */
    unsigned wrong_md5;                  /* so many MD5 replies are wrong */
    unsigned restart_after_blocks; /* the chip restarts instead of taking this block (from 1) */
    uint32_t stuck_at;             /* this byte of flash keeps its lowest bit at 1; 0: none */
    uint32_t magic;
    uint32_t mac_word1;
    unsigned flicker_mac; /* so many reads of it differ */
    uint32_t rc_clock;    /* calibration register, eFuse word 4 and the clock that they tell of, */
    uint32_t efuse_word4; /* which the ROM takes for a crystal of 40 MHz; 0: exact */
    uint32_t clock_hz;

    /* state */
    unsigned host_baud;
    unsigned chip_baud;
    unsigned asked_baud; /* by CHANGE_BAUDRATE */
    uint32_t last_value;
    uint32_t spi[64];
    uint32_t write_at;
    uint32_t write_left;
    uint32_t next_block;

    /* what happened */
    unsigned n_commands[FAKE_MAX_OPS];
    unsigned n_boots;
    unsigned n_blocks;
    unsigned n_sectors_erased;
    unsigned n_closed;

    /* script, again */
    bool mute;          /* no byte ever comes */
    bool waits;         /* reads really wait for their deadline */
    bool run_only;      /* IO0 not wired: always run mode */
    bool en_not_wired;  /* no reset ever happens */
    bool log_off;       /* no banner */
    bool stale_replies; /* the reply to an earlier command is sent again in front of each one */
    bool noise;         /* garbage and stray C0 around each reply */
    uint8_t refuse_code;

    /* state, again */
    bool dtr;
    bool rts;
    bool in_loader;
    bool params_set;
    bool writing;
    bool deflating;
    bool zlib_open;
    struct rig_slip_decoder slip;
};

/* Aborts the test program when it can't. */
struct fake_rom *fake_rom_new(void);
void fake_rom_free(struct fake_rom *rom);

struct wire_link {
    struct rig_link link;
    struct rig_link *inner;
    uint64_t seed;
    unsigned one_in; /* about one byte of so many is lost, doubled or changed; 0: none */
    bool drop_only;  /* only lost: what a length tells */
};

void wire_link_init(struct wire_link *wire, struct rig_link *inner, uint64_t seed, unsigned one_in);

uint64_t test_random(uint64_t *seed);

#endif
