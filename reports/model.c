/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/model.h"

const char *rig_verdict_name(enum rig_verdict verdict)
{
    static const char *const names[] = {
        [RIG_VERDICT_NONE] = "none", [RIG_VERDICT_PASS] = "pass", [RIG_VERDICT_FLAKY] = "flaky",
        [RIG_VERDICT_SKIP] = "skip", [RIG_VERDICT_FAIL] = "fail", [RIG_VERDICT_ERROR] = "error",
    };

    return (size_t)verdict < sizeof names / sizeof *names ? names[verdict] : "unknown";
}

enum rig_verdict rig_verdict_shown(enum rig_verdict verdict)
{
    return verdict == RIG_VERDICT_NONE ? RIG_VERDICT_ERROR : verdict;
}

const char *rig_step_report_cause(const struct rig_step_report *step)
{
    if (step->error.text[0] != '\0') {
        return step->error.text;
    }
    switch (step->verdict) {
    case RIG_VERDICT_NONE:
        return "was not judged";
    case RIG_VERDICT_SKIP:
        return "skipped";
    default:
        return "no cause was recorded";
    }
}

static void count(struct rig_counts *counts, enum rig_verdict verdict)
{
    counts->n++;
    switch (verdict) {
    case RIG_VERDICT_PASS:
        counts->pass++;
        return;
    case RIG_VERDICT_FLAKY:
        counts->flaky++;
        return;
    case RIG_VERDICT_SKIP:
        counts->skip++;
        return;
    case RIG_VERDICT_FAIL:
        counts->fail++;
        return;
    case RIG_VERDICT_NONE:
    case RIG_VERDICT_ERROR:
        break;
    }
    counts->error++;
}

struct rig_counts rig_board_report_counts(const struct rig_board_report *board)
{
    struct rig_counts counts = {0};

    for (size_t i = 0; i < board->n_steps; i++) {
        count(&counts, board->steps[i].verdict);
    }
    if (board->n_steps == 0) {
        count(&counts, RIG_VERDICT_ERROR);
    }
    return counts;
}

struct rig_counts rig_run_report_counts(const struct rig_run_report *run)
{
    struct rig_counts sum = {0};

    for (size_t i = 0; i < run->n_boards; i++) {
        const struct rig_counts one = rig_board_report_counts(&run->boards[i]);

        sum.n += one.n;
        sum.pass += one.pass;
        sum.flaky += one.flaky;
        sum.skip += one.skip;
        sum.fail += one.fail;
        sum.error += one.error;
    }
    if (run->n_boards == 0) {
        count(&sum, RIG_VERDICT_ERROR);
    }
    return sum;
}

static int badness(enum rig_verdict verdict)
{
    switch (verdict) {
    case RIG_VERDICT_SKIP:
        return 0;
    case RIG_VERDICT_PASS:
        return 1;
    case RIG_VERDICT_FLAKY:
        return 2;
    case RIG_VERDICT_NONE:
    case RIG_VERDICT_ERROR:
        return 3;
    case RIG_VERDICT_FAIL:
        break;
    }
    return 4;
}

enum rig_verdict rig_board_report_verdict(const struct rig_board_report *board)
{
    enum rig_verdict worst = RIG_VERDICT_SKIP;

    for (size_t i = 0; i < board->n_steps; i++) {
        if (badness(board->steps[i].verdict) > badness(worst)) {
            worst = rig_verdict_shown(board->steps[i].verdict);
        }
    }
    return worst;
}

const struct rig_step_report *rig_board_report_first_failure(const struct rig_board_report *board)
{
    const enum rig_verdict worst = rig_board_report_verdict(board);

    if (worst != RIG_VERDICT_FAIL && worst != RIG_VERDICT_ERROR) {
        return NULL;
    }
    for (size_t i = 0; i < board->n_steps; i++) {
        if (rig_verdict_shown(board->steps[i].verdict) == worst) {
            return &board->steps[i];
        }
    }
    return NULL;
}

void rig_run_report_free(struct rig_run_report *run)
{
    for (size_t b = 0; b < run->n_boards; b++) {
        struct rig_board_report *board = &run->boards[b];

        for (size_t s = 0; s < board->n_steps; s++) {
            rig_buf_free(&board->steps[s].log);
            rig_buf_free(&board->steps[s].evidence);
        }
        free(board->steps);
    }
    free(run->boards);
    *run = (struct rig_run_report){0};
}
