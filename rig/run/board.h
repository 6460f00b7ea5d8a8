/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One board in a run: all its state, used by its own thread only (the reporter reads finished step
 * reports, handed over through the queue). Steps are entries of one const table (steps.h); this
 * part runs them in order, with deadlines, tries, budgets and the rule that nothing runs on what
 * failed before.
 */
#ifndef RIG_RUN_BOARD_H
#define RIG_RUN_BOARD_H

#include "rig/agent/agent.h"
#include "rig/ca/ca.h"
#include "rig/esp/partition.h"
#include "rig/esp/rom.h"
#include "rig/register/register.h"
#include "rig/run/boardlog.h"
#include "rig/run/chain.h"
#include "rig/run/place.h"
#include "rig/run/run.h"
#include "rig/run/services.h"

#include <jansson.h>
#include <pthread.h>

struct rig_progress;

enum rig_board_mode { RIG_MODE_UNKNOWN = 0, RIG_MODE_DOWNLOAD, RIG_MODE_FIRMWARE };

/* What one matrix cell (key type) made so far. */
struct rig_cell {
    enum rig_key_type key_type;
    bool last; /* its certificate stays on the board */
    bool has_key;
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    bool has_csr;
    struct rig_buf csr_der;
    bool has_certificate;
    struct rig_ca_certificate certificate;
    struct rig_buf image;    /* of the certificate partition */
    size_t image_used_bytes; /* without the FF at the end */
    bool flashed;
    bool installed;
    struct rig_chain_expectation chain;
    bool blocked; /* a step failed: the rest of the cell can't run */
    char blocked_by[64];
    bool control_failed;
    char control_name[48];
};

struct rig_board {
    const struct rig_run_options *options;
    const struct rig_bench_board *place;
    struct rig_services *services;
    struct rig_register *reg;
    struct rig_progress *progress;
    struct rig_run_report *run;
    struct rig_board_report *report;
    size_t index;
    pthread_t thread;
    bool thread_started;

    struct rig_wait limit;
    struct rig_boardlog log;
    struct rig_link *link;
    struct rig_lines *lines;
    struct rig_rom *rom;
    struct rig_agent *agent;
    enum rig_board_mode mode;

    struct rig_place_recipes recipes;
    struct rig_lines_hub *lines_hub; /* borrowed, shared by all boards */
    bool power_cycled;

    bool identified;
    struct rig_rom_identity identity;
    struct rig_partition partition;
    struct rig_agent_hello hello;
    char device_id[64];

    struct rig_cell cell;
    bool dead; /* nothing more can run on this board */
    char dead_because[160];
};

/* Steps that a suite makes of a board: before + keys * each_key + after. */
size_t rig_suite_n_steps(const struct rig_suite *suite);

/* Starts the board's thread; everything else in `board` was filled by the caller. */
RIG_CHECKED rig_result rig_board_start(struct rig_board *board, struct rig_error *err);
/* A board that could not be started gets one step, `start`, that ends as `err` says. */
void rig_board_refuse(struct rig_board *board, const struct rig_error *err);
void rig_board_join(struct rig_board *board);

/*
 * A step of its own name outside the suite's lists, run by whoever holds the board (used for
 * "register" after all boards ended).
 */
typedef rig_result (*rig_step_fn)(struct rig_board *board, const struct rig_step_plan *plan,
                                  json_t *evidence, struct rig_wait wait, struct rig_error *err);
void rig_board_run_step(struct rig_board *board, const struct rig_step_plan *plan, rig_step_fn fn);

/* What a step may need first. */
RIG_CHECKED rig_result rig_board_need_link(struct rig_board *board, struct rig_wait wait,
                                           struct rig_error *err);
RIG_CHECKED rig_result rig_board_need_download(struct rig_board *board, struct rig_wait wait,
                                               struct rig_error *err);
RIG_CHECKED rig_result rig_board_need_firmware(struct rig_board *board, struct rig_wait wait,
                                               struct rig_error *err);

#endif
