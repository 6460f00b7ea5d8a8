/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/board.h"

#include "rig/run/board_rules.h"
#include "rig/run/other_server.h"
#include "rig/run/progress.h"
#include "rig/run/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_EXCERPT_BYTES ((size_t)6 * 1024)

size_t rig_suite_n_steps(const struct rig_suite *suite)
{
    if (suite->n_attacks != 0) {
        return suite->n_attacks + 2; /* a control before and after; revoking is the one more */
    }
    return suite->before.n + suite->n_keys * suite->each_key.n + suite->after.n;
}

/* ---- one step ---- */

static void post(struct rig_board *board, enum rig_event_kind kind, size_t step, const char *name)
{
    struct rig_event event = {
        .kind = kind, .board = board->index, .step = step, .at_ns = rig_now_ns()};

    (void)rig_copy_text(event.name, sizeof event.name, name);
    rig_progress_post(board->progress, &event);
}

static void release(struct rig_board *board)
{
    rig_auto_agent(&board->agent);
    rig_auto_rom(&board->rom);
    rig_auto_lines(&board->lines);
    rig_auto_link(&board->link);
    board->mode = RIG_MODE_UNKNOWN;
}

static void check_tripwire(struct rig_board *board, rig_result *result, struct rig_error *err)
{
    if (board->log.tripped) {
        *result = rig_fail(err, RIG_CLASS_DEVICE, RIG_E_KEY_LEAK,
                           "the board printed a private key on its serial line (%s): this firmware "
                           "must not be shipped, and the key is burnt",
                           board->log.what);
    }
}

/* When another try finds no port any more, the reason is that it went away, and when. */
static void keep_unplugging(const struct rig_step_report *report, struct rig_error *err)
{
    if (report->tries > 1 && (err->code == RIG_E_NOT_FOUND || err->code == RIG_E_REFUSED) &&
        report->error.code == RIG_E_DISCONNECTED && report->error.cls != RIG_CLASS_DEVICE) {
        *err = report->error;
        (void)rig_wrap(err, "it did not come back");
    }
}

static rig_result try_step(struct rig_board *board, const struct rig_step_plan *plan,
                           rig_step_fn fn, struct rig_step_report *report, json_t *evidence,
                           struct rig_error *err)
{
    rig_result result;

    do {
        report->tries++;
        (void)json_object_clear(evidence);
        result = fn(board, plan, evidence, rig_wait_within(board->limit, plan->timeout_ms), err);
        check_tripwire(board, &result, err);
        if (!result.ok) {
            rig_rules_explain_timeout(board, plan, err);
            keep_unplugging(report, err);
            report->error = *err;
            if (err->code == RIG_E_DISCONNECTED) { /* another try begins with its reset, */
                board->mode = RIG_MODE_UNKNOWN;
                if (err->cls != RIG_CLASS_DEVICE) {
                    release(board); /* or opens the port anew */
                }
            }
        }
    } while (!result.ok && report->tries <= plan->retries && !rig_wait_over(board->limit) &&
             rig_rules_worth_another_try(plan, err));
    return result;
}

static void keep_evidence(struct rig_step_report *report, json_t *evidence)
{
    struct rig_error ignored;
    char *text = json_object_size(evidence) != 0 ? json_dumps(evidence, JSON_COMPACT) : NULL;

    if (text != NULL) {
        (void)rig_buf_append_text(&report->evidence, text, &ignored).ok;
        free(text);
    }
}

static void keep_log(const struct rig_board *board, struct rig_step_report *report)
{
    const struct rig_buf *text = &board->log.step_text;
    const size_t skip = text->len > LOG_EXCERPT_BYTES ? text->len - LOG_EXCERPT_BYTES : 0;
    struct rig_error ignored;

    if (text->len != 0) {
        (void)rig_buf_append(&report->log, text->data + skip, text->len - skip, &ignored).ok;
    }
}

/* Exchanges that had to be repeated so far. */
static unsigned n_repeats(const struct rig_board *board)
{
    return (board->rom != NULL ? rig_rom_n_retries(board->rom) : 0) +
           (board->agent != NULL ? rig_agent_retransmissions(board->agent) : 0);
}

static struct rig_step_report *begin_report(struct rig_board *board,
                                            const struct rig_step_plan *plan)
{
    struct rig_step_report *report = &board->report->steps[board->report->n_steps];
    const bool in_cell = board->cell.key_type != RIG_KEY_NONE;

    memset(report, 0, sizeof *report);
    (void)rig_copy_text(report->step, sizeof report->step, plan->name);
    if (in_cell) {
        (void)rig_copy_text(report->key, sizeof report->key,
                            rig_key_type_name(board->cell.key_type));
    }
    (void)snprintf(report->name, sizeof report->name, "%s%s%s", report->key, in_cell ? "/" : "",
                   plan->name);
    report->is_case = rig_step_is_case(plan);
    report->started_ms = rig_clock_now_ms(board->options->clock);
    return report;
}

static void end_report(struct rig_board *board, struct rig_step_report *report)
{
    const size_t index = board->report->n_steps++;

    post(board, RIG_EVENT_STEP_END, index, report->name);
}

void rig_board_run_step(struct rig_board *board, const struct rig_step_plan *plan, rig_step_fn fn)
{
    struct rig_step_report *report = begin_report(board, plan);
    const int64_t started_ns = rig_now_ns();
    const uint64_t sent = board->log.n_bytes[RIG_LINK_SENT];
    const uint64_t received = board->log.n_bytes[RIG_LINK_RECEIVED];
    const unsigned repeats = n_repeats(board);
    json_t *evidence = json_object();
    struct rig_error err = {0};
    rig_result result;

    post(board, RIG_EVENT_STEP_START, 0, report->name);
    rig_boardlog_step(&board->log, report->name);
    result = try_step(board, plan, fn, report, evidence, &err);
    if (result.ok && board->log.write_error.cls != RIG_CLASS_NONE) {
        result = rig_fail_as(&report->error, &board->log.write_error);
        board->log.write_error.cls = RIG_CLASS_NONE;
    }
    report->duration_ns = rig_now_ns() - started_ns;
    report->n_sent = board->log.n_bytes[RIG_LINK_SENT] - sent;
    report->n_received = board->log.n_bytes[RIG_LINK_RECEIVED] - received;
    report->verdict = !result.ok          ? rig_rules_verdict(&report->error)
                      : report->tries > 1 ? RIG_VERDICT_FLAKY
                                          : RIG_VERDICT_PASS;
    rig_rules_judge_noise(report, n_repeats(board) > repeats ? n_repeats(board) - repeats : 0);
    rig_rules_judge_time(plan, report);
    keep_evidence(report, evidence);
    json_decref(evidence);
    if (report->verdict != RIG_VERDICT_PASS) {
        keep_log(board, report);
    }
    end_report(board, report);
}

static void skip_step(struct rig_board *board, const struct rig_step_plan *plan, const char *reason)
{
    struct rig_step_report *report = begin_report(board, plan);

    report->verdict = RIG_VERDICT_SKIP;
    (void)rig_fail(&report->error, RIG_CLASS_NONE, RIG_E_NONE, "%s", reason);
    end_report(board, report);
}

/* A board that is stopped between two steps did not pass: the step that could not begin says why.
 */
static bool stopped_here(struct rig_board *board, const struct rig_step_plan *plan)
{
    const bool cancelled =
        board->options->cancel != NULL && rig_cancel_reason(board->options->cancel) != 0;
    struct rig_step_report *report;

    if (board->dead || (!cancelled && !rig_wait_over(board->limit))) {
        return false;
    }
    report = begin_report(board, plan);
    if (cancelled) {
        (void)rig_fail(&report->error, RIG_CLASS_CANCELLED, RIG_E_CANCELLED,
                       "the run was cancelled before this step");
    } else {
        (void)rig_fail(&report->error, RIG_CLASS_DEVICE, RIG_E_TIMEOUT,
                       "the board's limit of %lld s was used up before this step",
                       (long long)(board->options->suite->board_limit_ms / 1000));
    }
    report->verdict = rig_rules_verdict(&report->error);
    end_report(board, report);
    return true;
}

/* ---- the order of steps ---- */

static void run_list(struct rig_board *board, const struct rig_step_list *list, bool in_cell)
{
    char reason[RIG_ERROR_TEXT_SIZE];

    for (size_t i = 0; i < list->n; i++) {
        const struct rig_step_plan *plan = &list->steps[i];

        if (rig_rules_held_back(board, plan, reason, sizeof reason)) {
            skip_step(board, plan, reason);
        } else if (rig_other_server_cannot(board, plan, reason, sizeof reason)) {
            skip_step(board, plan, reason);
            continue; /* that says nothing about the board */
        } else if (!stopped_here(board, plan)) {
            rig_board_run_step(board, plan, rig_step_driver(plan->kind)->run);
        }
        rig_rules_conclude(board, plan, in_cell);
    }
}

static void free_cell(struct rig_cell *cell)
{
    rig_buf_free(&cell->csr_der);
    rig_buf_free(&cell->image);
    rig_ca_certificate_free(&cell->certificate);
    memset(cell, 0, sizeof *cell);
}

/* Of a board that does not come, the first step tells. */
static void await_board(struct rig_board *board)
{
    struct rig_error ignored;

    if (board->options->wait_ms != 0 &&
        rig_place_await_link(board->place, &board->link,
                             rig_wait_ms(board->options->wait_ms, board->options->cancel), &ignored)
            .ok) {
        rig_link_set_tap(board->link, rig_boardlog_tap, &board->log);
    }
}

static void *board_thread(void *ctx)
{
    struct rig_board *board = ctx;
    const struct rig_suite *suite = board->options->suite;
    const int64_t started_ns = rig_now_ns();

    await_board(board);
    board->limit = rig_wait_ms(suite->board_limit_ms, board->options->cancel);
    run_list(board, &suite->before, false);
    for (size_t i = 0; i < suite->n_keys; i++) {
        free_cell(&board->cell);
        board->cell.key_type = suite->keys[i];
        board->cell.last = i + 1 == suite->n_keys;
        run_list(board, &suite->each_key, true);
    }
    run_list(board, &suite->after, false);
    release(board);
    board->report->duration_ns = rig_now_ns() - started_ns;
    post(board, RIG_EVENT_BOARD_END, 0, "");
    return NULL;
}

rig_result rig_board_start(struct rig_board *board, struct rig_error *err)
{
    const int rc = pthread_create(&board->thread, NULL, board_thread, board);

    if (rc != 0) {
        return rig_fail_errno(err, rc, "cannot start a thread for board %s", board->place->id.text);
    }
    board->thread_started = true;
    return RIG_DONE;
}

void rig_board_refuse(struct rig_board *board, const struct rig_error *err)
{
    static const struct rig_step_plan plan = {.kind = RIG_STEP_RESET, .name = "start"};
    struct rig_step_report *report = begin_report(board, &plan);

    report->error = *err;
    report->verdict = rig_rules_verdict(err);
    end_report(board, report);
    post(board, RIG_EVENT_BOARD_END, 0, "");
}

void rig_board_join(struct rig_board *board)
{
    if (board->thread_started) {
        (void)pthread_join(board->thread, NULL);
        board->thread_started = false;
    }
    free_cell(&board->cell);
}
