/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/progress.h"

#include "rig/base/file.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#define REDRAW_MS 100
#define BAR_WIDTH 24
#define WRAP_OFF "\033[?7l" /* a wrapped line would be counted wrongly by the next frame */
#define WRAP_ON "\033[?7h"

struct queued {
    struct queued *next;
    struct rig_event event;
};

struct board_view {
    size_t n_done; /* and written */
    bool ended;
    char step[64];
    int64_t step_started_ns;
    const struct rig_step_report *first_bad;
};

struct rig_progress {
    const struct rig_run_options *options;
    const struct rig_run_report *run;
    size_t n_planned;
    struct rig_jsonl *lines;
    struct rig_error lines_error;

    pthread_mutex_t lock; /* guards the queue */
    struct queued *first;
    struct queued *last;
    bool finishing;
    int wake_fd;

    pthread_t thread;
    struct board_view *views;
    struct rig_buf frame;
    size_t n_drawn; /* lines of the last frame */
    int64_t started_ns;
};

static const char *colour_of(const struct rig_progress *progress, enum rig_verdict verdict)
{
    static const char *const colours[] = {
        [RIG_VERDICT_PASS] = "\033[32m",  [RIG_VERDICT_FLAKY] = "\033[33m",
        [RIG_VERDICT_SKIP] = "\033[90m",  [RIG_VERDICT_FAIL] = "\033[31m",
        [RIG_VERDICT_ERROR] = "\033[35m",
    };

    return progress->options->colour ? colours[rig_verdict_shown(verdict)] : "";
}

static const char *plain_of(const struct rig_progress *progress)
{
    return progress->options->colour ? "\033[0m" : "";
}

static bool is_bad(enum rig_verdict verdict)
{
    return verdict == RIG_VERDICT_FAIL || rig_verdict_shown(verdict) == RIG_VERDICT_ERROR;
}

/* ---- plain lines ---- */

static void print_line(struct rig_progress *progress, const struct rig_board_report *board,
                       const struct rig_step_report *step)
{
    struct rig_error ignored;

    rig_buf_reset(&progress->frame);
    (void)rig_buf_printf(&progress->frame, &ignored, "%-8s %-28s %s%-5s%s %8.3f s", board->id.text,
                         step->name, colour_of(progress, step->verdict),
                         rig_verdict_name(rig_verdict_shown(step->verdict)), plain_of(progress),
                         (double)step->duration_ns / 1e9)
        .ok;
    if (step->verdict != RIG_VERDICT_PASS) {
        (void)rig_buf_printf(&progress->frame, &ignored, "  %s", rig_step_report_cause(step)).ok;
    } else if (step->over_budget_warn) {
        (void)rig_buf_append_text(&progress->frame, "  slower than its budget", &ignored).ok;
    }
    (void)rig_buf_append_text(&progress->frame, "\n", &ignored).ok;
    (void)rig_write_fully(progress->options->progress_fd, progress->frame.data, progress->frame.len,
                          "progress", &ignored)
        .ok;
}

/* ---- live table ---- */

static void draw_bar(struct rig_progress *progress, const struct board_view *view)
{
    const size_t n_full =
        progress->n_planned != 0 ? view->n_done * BAR_WIDTH / progress->n_planned : BAR_WIDTH;
    struct rig_error ignored;

    (void)rig_buf_append_text(&progress->frame, "[", &ignored).ok;
    for (size_t i = 0; i < BAR_WIDTH; i++) {
        (void)rig_buf_append_text(&progress->frame, i < n_full ? "#" : ".", &ignored).ok;
    }
    (void)rig_buf_append_text(&progress->frame, "]", &ignored).ok;
}

static void draw_board(struct rig_progress *progress, size_t index)
{
    const struct board_view *view = &progress->views[index];
    const char *id = progress->run->boards[index].id.text;
    struct rig_error ignored;
    const double step_s = (double)(rig_now_ns() - view->step_started_ns) / 1e9;

    (void)rig_buf_printf(&progress->frame, &ignored, "\033[2K%-8s ", id).ok;
    draw_bar(progress, view);
    (void)rig_buf_printf(&progress->frame, &ignored, " %3zu/%zu ", view->n_done,
                         progress->n_planned)
        .ok;
    if (view->first_bad != NULL) {
        (void)rig_buf_printf(&progress->frame, &ignored, "%s%s %s%s: %.60s",
                             colour_of(progress, view->first_bad->verdict),
                             rig_verdict_name(rig_verdict_shown(view->first_bad->verdict)),
                             view->first_bad->name, plain_of(progress), view->first_bad->error.text)
            .ok;
    } else if (view->ended) {
        (void)rig_buf_printf(&progress->frame, &ignored, "%sdone%s",
                             colour_of(progress, RIG_VERDICT_PASS), plain_of(progress))
            .ok;
    } else {
        (void)rig_buf_printf(&progress->frame, &ignored, "%-26s %6.1f s", view->step,
                             view->step[0] != '\0' ? step_s : 0.0)
            .ok;
    }
    (void)rig_buf_append_text(&progress->frame, "\n", &ignored).ok;
}

static void draw_table(struct rig_progress *progress)
{
    struct rig_error ignored;

    rig_buf_reset(&progress->frame);
    (void)rig_buf_append_text(&progress->frame, WRAP_OFF, &ignored).ok;
    if (progress->n_drawn != 0) {
        (void)rig_buf_printf(&progress->frame, &ignored, "\033[%zuA", progress->n_drawn).ok;
    }
    for (size_t i = 0; i < progress->run->n_boards; i++) {
        draw_board(progress, i);
    }
    (void)rig_buf_append_text(&progress->frame, WRAP_ON, &ignored).ok;
    progress->n_drawn = progress->run->n_boards;
    (void)rig_write_fully(progress->options->progress_fd, progress->frame.data, progress->frame.len,
                          "progress", &ignored)
        .ok;
}

/* ---- the thread ---- */

static void keep_first(struct rig_error *kept, rig_result result, const struct rig_error *err)
{
    if (!result.ok && kept->cls == RIG_CLASS_NONE) {
        *kept = *err;
    }
}

static void show_step(struct rig_progress *progress, const struct rig_board_report *board,
                      struct board_view *view)
{
    const struct rig_step_report *step = &board->steps[view->n_done++];
    struct rig_error err = {0};

    view->step[0] = '\0';
    if (is_bad(step->verdict)) {
        view->first_bad = view->first_bad != NULL ? view->first_bad : step;
    }
    if (progress->lines != NULL) {
        keep_first(&progress->lines_error,
                   rig_jsonl_step(progress->lines, progress->run, board, step, &err), &err);
    }
    if (progress->options->progress == RIG_PROGRESS_LINES) {
        print_line(progress, board, step);
    }
}

/* All steps before `n_steps` that were not shown: one whose event was lost comes with the next. */
static void show_steps(struct rig_progress *progress, size_t index, size_t n_steps)
{
    struct board_view *view = &progress->views[index];

    while (view->n_done < n_steps) {
        show_step(progress, &progress->run->boards[index], view);
    }
}

static void take(struct rig_progress *progress, const struct rig_event *event)
{
    struct board_view *view = &progress->views[event->board];

    switch (event->kind) {
    case RIG_EVENT_STEP_START:
        (void)rig_copy_text(view->step, sizeof view->step, event->name);
        view->step_started_ns = event->at_ns;
        break;
    case RIG_EVENT_STEP_END:
        show_steps(progress, event->board, event->step + 1);
        break;
    case RIG_EVENT_BOARD_END:
        view->ended = true;
        break;
    }
}

static bool take_all(struct rig_progress *progress)
{
    struct queued *list;
    bool finishing;

    (void)pthread_mutex_lock(&progress->lock);
    list = progress->first;
    progress->first = NULL;
    progress->last = NULL;
    finishing = progress->finishing;
    (void)pthread_mutex_unlock(&progress->lock);
    while (list != NULL) {
        struct queued *next = list->next;
        take(progress, &list->event);
        free(list);
        list = next;
    }
    return finishing;
}

static void *reporter_thread(void *ctx)
{
    struct rig_progress *progress = ctx;
    const bool live = progress->options->progress == RIG_PROGRESS_LIVE;
    bool finishing = false;

    while (!finishing) {
        struct rig_error ignored;
        eventfd_t count;
        const int64_t timeout_ms = live ? REDRAW_MS : INT64_C(60000);

        if (rig_wait_fd(rig_wait_ms(timeout_ms, NULL), progress->wake_fd, POLLIN, "events",
                        &ignored)
                .ok) {
            (void)eventfd_read(progress->wake_fd, &count);
        }
        finishing = take_all(progress);
        if (live) {
            draw_table(progress);
        }
    }
    return NULL;
}

static void free_progress(struct rig_progress *progress)
{
    (void)take_all(progress);
    rig_buf_free(&progress->frame);
    rig_close_fd(&progress->wake_fd);
    (void)pthread_mutex_destroy(&progress->lock);
    free(progress->views);
    free(progress);
}

rig_result rig_progress_start(const struct rig_run_options *options,
                              const struct rig_run_report *run, size_t n_planned,
                              struct rig_jsonl *lines, struct rig_progress **progress,
                              struct rig_error *err)
{
    struct rig_progress *made = calloc(1, sizeof *made);
    int rc;

    if (made == NULL) {
        return rig_fail_memory(err);
    }
    made->options = options;
    made->run = run;
    made->n_planned = n_planned;
    made->lines = lines;
    made->started_ns = rig_now_ns();
    (void)pthread_mutex_init(&made->lock, NULL);
    made->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    made->views = calloc(run->n_boards, sizeof *made->views);
    if (made->wake_fd < 0 || made->views == NULL) {
        free_progress(made);
        return rig_fail_memory(err);
    }
    rc = pthread_create(&made->thread, NULL, reporter_thread, made);
    if (rc != 0) {
        free_progress(made);
        return rig_fail_errno(err, rc, "cannot start a thread");
    }
    *progress = made;
    return RIG_DONE;
}

void rig_progress_post(struct rig_progress *progress, const struct rig_event *event)
{
    struct queued *entry = malloc(sizeof *entry);

    if (entry == NULL) {
        return;
    }
    entry->next = NULL;
    entry->event = *event;
    (void)pthread_mutex_lock(&progress->lock);
    if (progress->last != NULL) {
        progress->last->next = entry;
    } else {
        progress->first = entry;
    }
    progress->last = entry;
    (void)pthread_mutex_unlock(&progress->lock);
    (void)eventfd_write(progress->wake_fd, 1);
}

rig_result rig_progress_finish(struct rig_progress *progress, struct rig_error *err)
{
    rig_result result = RIG_DONE;

    if (progress == NULL) {
        return RIG_DONE;
    }
    (void)pthread_mutex_lock(&progress->lock);
    progress->finishing = true;
    (void)pthread_mutex_unlock(&progress->lock);
    (void)eventfd_write(progress->wake_fd, 1);
    (void)pthread_join(progress->thread, NULL);
    for (size_t i = 0; i < progress->run->n_boards; i++) {
        show_steps(progress, i, progress->run->boards[i].n_steps);
    }
    if (progress->lines_error.cls != RIG_CLASS_NONE) {
        result = rig_fail_as(err, &progress->lines_error);
    }
    free_progress(progress);
    return result;
}
