/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a place in the bench file to an open link with lines: for runs and for single commands.
 * Errors are those of link.h and lines.h. One thread at a time per place; the hub is shared.
 */
#ifndef RIG_RUN_PLACE_H
#define RIG_RUN_PLACE_H

#include "rig/esp/rom.h"
#include "rig/link/lines.h"
#include "rig/suite/bench.h"

/* The caller closes *link. */
RIG_CHECKED rig_result rig_place_open_link(const struct rig_bench_board *place,
                                           struct rig_link **link, struct rig_wait wait,
                                           struct rig_error *err);

/*
 * The same, but a board that is not there yet is waited for, as long as `patience` allows: a port
 * that does not exist, a server that does not listen, and for a few seconds also a port that udev
 * has not opened to us yet or that a modem manager looks at.
 */
RIG_CHECKED rig_result rig_place_await_link(const struct rig_bench_board *place,
                                            struct rig_link **link, struct rig_wait patience,
                                            struct rig_error *err);

/* The caller closes *lines, before the link. */
RIG_CHECKED rig_result rig_place_open_lines(const struct rig_bench_board *place,
                                            struct rig_lines_hub *hub, struct rig_link *link,
                                            struct rig_lines **lines, struct rig_wait wait,
                                            struct rig_error *err);

struct rig_place_recipes {
    struct rig_reset_recipe parsed[RIG_BENCH_MAX_RECIPES];
    const struct rig_reset_recipe *order[RIG_BENCH_MAX_RECIPES];
};

/* Fills the recipes of `options`, which point into `recipes`. */
RIG_CHECKED rig_result rig_place_take_recipes(const struct rig_bench_board *place,
                                              struct rig_place_recipes *recipes,
                                              struct rig_rom_options *options,
                                              struct rig_error *err);

#endif
