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
    struct rig_slip_decoder slip;
    unsigned n_closed;

    /* script */
    bool mute;            /* no byte ever comes */
    bool waits;           /* reads really wait for their deadline */
    bool run_only;        /* IO0 not wired: always run mode */
    bool en_not_wired;    /* no reset ever happens; `babble` is what the board prints meanwhile */
    const char *babble;   /* comes with every purge */
    bool log_off;         /* no banner */
    const char *run_text; /* NULL: the usual; what it prints in run mode */
    unsigned only_baud;   /* not 0: other rates don't carry */
    unsigned skip_replies[FAKE_MAX_OPS]; /* so many replies to this op are lost */
    unsigned refuse[FAKE_MAX_OPS];       /* so many are answered with error refuse_code */
    uint8_t refuse_code;
    unsigned unsupported[FAKE_MAX_OPS]; /* so many are answered with eight error packets */
    bool stale_replies;                 /* the reply before is sent again in front of each one */
    bool noise;                         /* garbage and stray C0 around each reply */
    unsigned wrong_md5;                 /* so many MD5 replies are wrong */
    unsigned restart_after_blocks; /* the chip restarts instead of taking the block with this number
                                      (from 1) */
    uint32_t stuck_at;             /* this byte of flash keeps its lowest bit at 1; 0: none */
    uint32_t magic;
    uint32_t mac_word1;
    unsigned flicker_mac; /* so many reads of it differ */

    /* state */
    bool dtr;
    bool rts;
    int64_t en_rose_ns; /* 0: no boot pending */
    bool in_loader;
    unsigned host_baud;
    unsigned chip_baud;
    bool params_set;
    uint32_t last_value;
    uint32_t spi[64];
    uint8_t *flash;
    bool writing;
    bool deflating;
    bool zlib_open;
    z_stream zlib;
    uint32_t write_at;
    uint32_t write_left;
    uint32_t next_block;
    struct rig_buf last_reply;

    /* what happened */
    unsigned n_commands[FAKE_MAX_OPS];
    unsigned n_boots;
    unsigned n_blocks;
    unsigned n_sectors_erased;
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
