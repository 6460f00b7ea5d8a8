/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/text.h"
#include "reports/writers.h"

#include <stdio.h>
#include <string.h>

#define COLOUR_OFF "\033[0m"

struct layout {
    int board;
    int device_id;
    bool colour;
};

static const char *colour_of(enum rig_verdict verdict)
{
    switch (verdict) {
    case RIG_VERDICT_PASS:
        return "\033[32m";
    case RIG_VERDICT_FLAKY:
        return "\033[33m";
    case RIG_VERDICT_SKIP:
        return "\033[36m";
    case RIG_VERDICT_FAIL:
        return "\033[31m";
    case RIG_VERDICT_NONE:
    case RIG_VERDICT_ERROR:
        break;
    }
    return "\033[35m";
}

static int wider(int width, const char *text)
{
    const int len = (int)strlen(text);

    return len > width ? len : width;
}

static struct layout measure(const struct rig_run_report *run, bool colour)
{
    struct layout layout = {
        .board = (int)strlen("board"), .device_id = (int)strlen("device id"), .colour = colour};

    for (size_t i = 0; i < run->n_boards; i++) {
        layout.board = wider(layout.board, run->boards[i].id.text);
        layout.device_id = wider(layout.device_id, run->boards[i].device_id);
    }
    return layout;
}

/* A board without steps is one in error. */
static enum rig_verdict verdict_of(const struct rig_board_report *board)
{
    return board->n_steps != 0 ? rig_verdict_shown(board->verdict) : RIG_VERDICT_ERROR;
}

static rig_result append_verdict(const struct layout *layout, enum rig_verdict verdict,
                                 struct rig_buf *text, struct rig_error *err)
{
    return rig_buf_printf(text, err, "%s%-7s%s", layout->colour ? colour_of(verdict) : "",
                          rig_verdict_name(verdict), layout->colour ? COLOUR_OFF : "");
}

static rig_result append_cell(const char *cell, int width, struct rig_buf *text,
                              struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf clean = {0};

    RIG_TRY(rig_text_one_line(cell[0] != '\0' ? cell : "-", &clean, err));
    return rig_buf_printf(text, err, "%-*s  ", width, rig_buf_text(&clean));
}

static rig_result append_remark(const struct rig_board_report *board, struct rig_buf *text,
                                struct rig_error *err)
{
    const struct rig_step_report *step = rig_board_report_first_failure(board);

    if (board->n_steps == 0) {
        return rig_buf_append_text(text, "  no step ran on this board", err);
    }
    if (step == NULL) {
        return RIG_DONE;
    }
    RIG_TRY(rig_buf_append_text(text, "  ", err));
    RIG_TRY(rig_text_one_line(step->name, text, err));
    RIG_TRY(rig_buf_append_text(text, ": ", err));
    return rig_text_one_line(rig_step_report_cause(step), text, err);
}

static rig_result append_board(const struct layout *layout, const struct rig_board_report *board,
                               struct rig_buf *text, struct rig_error *err)
{
    const struct rig_counts counts = rig_board_report_counts(board);
    char seconds[RIG_TEXT_SECONDS_SIZE];
    char steps[48];

    rig_text_seconds(board->duration_ns, seconds);
    (void)snprintf(steps, sizeof steps, "%zu/%zu", counts.pass + counts.flaky, board->n_steps);
    RIG_TRY(append_cell(board->id.text, layout->board, text, err));
    RIG_TRY(append_cell(board->device_id, layout->device_id, text, err));
    RIG_TRY(append_verdict(layout, verdict_of(board), text, err));
    RIG_TRY(rig_buf_printf(text, err, "  %7s  %9s s", steps, seconds));
    RIG_TRY(append_remark(board, text, err));
    return rig_buf_append_text(text, "\n", err);
}

static size_t n_boards_that(const struct rig_run_report *run, enum rig_verdict verdict)
{
    size_t n = 0;

    for (size_t i = 0; i < run->n_boards; i++) {
        n += verdict_of(&run->boards[i]) == verdict;
    }
    return n;
}

static rig_result append_sums(const struct rig_run_report *run, struct rig_buf *text,
                              struct rig_error *err)
{
    char seconds[RIG_TEXT_SECONDS_SIZE];

    rig_text_seconds(run->duration_ns, seconds);
    RIG_TRY(
        rig_buf_printf(text, err,
                       "%zu %s in %s s: %zu passed, %zu flaky, %zu failed, %zu in error, %zu "
                       "skipped%s\n",
                       run->n_boards, run->n_boards == 1 ? "board" : "boards", seconds,
                       n_boards_that(run, RIG_VERDICT_PASS), n_boards_that(run, RIG_VERDICT_FLAKY),
                       n_boards_that(run, RIG_VERDICT_FAIL), n_boards_that(run, RIG_VERDICT_ERROR),
                       n_boards_that(run, RIG_VERDICT_SKIP), run->cancelled ? "; cancelled" : ""));
    if (run->twin[0] != '\0') {
        RIG_TRY(rig_buf_printf(text, err,
                               "twin %s: a part was wrong on purpose, to see whether the suite "
                               "notices; this run says nothing about the boards\n",
                               run->twin));
    }
    return run->ca_unverified
               ? rig_buf_append_text(text,
                                     "the CA's TLS certificate was NOT verified (tls_verify: "
                                     "off-i-know): prove nothing with this run\n",
                                     err)
               : RIG_DONE;
}

rig_result rig_report_summary(const struct rig_run_report *run, bool colour, struct rig_buf *text,
                              struct rig_error *err)
{
    const struct layout layout = measure(run, colour);

    if (run->n_boards == 0) {
        return rig_buf_append_text(text, "no board took part: nothing was tested\n", err);
    }
    RIG_TRY(rig_buf_printf(text, err, "%-*s  %-*s  verdict  %7s  %11s  first failure\n",
                           layout.board, "board", layout.device_id, "device id", "passed", "time"));
    for (size_t i = 0; i < run->n_boards; i++) {
        RIG_TRY(append_board(&layout, &run->boards[i], text, err));
    }
    return append_sums(run, text, err);
}
