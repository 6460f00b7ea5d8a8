/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reporter: one thread, fed by a queue from the boards' threads. It writes the JSON lines and
 * shows how the run goes: a live table on a terminal, plain lines elsewhere. Board reports are read
 * only for steps whose end was posted.
 */
#ifndef RIG_RUN_PROGRESS_H
#define RIG_RUN_PROGRESS_H

#include "reports/writers.h"
#include "rig/run/run.h"

struct rig_progress;

enum rig_event_kind { RIG_EVENT_STEP_START, RIG_EVENT_STEP_END, RIG_EVENT_BOARD_END };

struct rig_event {
    enum rig_event_kind kind;
    size_t board;
    size_t step;   /* index in the board's report, STEP_END */
    char name[64]; /* STEP_START */
    int64_t at_ns;
};

/* `n_planned` steps per board, for the bars. Borrows everything; `lines` may be NULL. */
RIG_CHECKED rig_result rig_progress_start(const struct rig_run_options *options,
                                          const struct rig_run_report *run, size_t n_planned,
                                          struct rig_jsonl *lines, struct rig_progress **progress,
                                          struct rig_error *err);
/* From any thread. A step whose event finds no memory is shown and written with the board's next,
 * or by rig_progress_finish. */
void rig_progress_post(struct rig_progress *progress, const struct rig_event *event);
/* After the boards' threads: shows what is left, joins, frees. Fails with the first error of the
 * JSON lines' file. NULL is fine. */
RIG_CHECKED rig_result rig_progress_finish(struct rig_progress *progress, struct rig_error *err);

#endif
