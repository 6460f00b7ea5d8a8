/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tests/reports/sample.h"

#include "rig/base/wait.h"

#include <stdio.h>
#include <stdlib.h>

#define STARTED_MS INT64_C(1795290243120) /* 2026-11-21T19:44:03.120Z */

void sample_put(struct rig_buf *buf, const void *bytes, size_t n_bytes)
{
    struct rig_error err = {0};

    rig_buf_reset(buf);
    assert_done(rig_buf_append(buf, bytes, n_bytes, &err));
}

static struct rig_run_report new_run(size_t n_boards)
{
    struct rig_run_report run = {.run_id = "20261121T194403-7f3a",
                                 .suite = "acceptance",
                                 .rig_version = "0.1.0",
                                 .hostname = "station-4",
                                 .ca = "local",
                                 .started_ms = STARTED_MS,
                                 .duration_ns = 3 * RIG_NS_PER_S,
                                 .n_boards = n_boards};

    run.boards = calloc(n_boards != 0 ? n_boards : 1, sizeof *run.boards);
    assert_non_null(run.boards);
    return run;
}

static void fill_board(struct rig_board_report *board, int number, size_t n_steps)
{
    (void)snprintf(board->id.text, sizeof board->id.text, "b%d", number);
    (void)snprintf(board->device_id, sizeof board->device_id, "rig-246f28aa%04x", (unsigned)number);
    (void)snprintf(board->mac, sizeof board->mac, "24:6f:28:aa:00:%02x", (unsigned)number & 0xff);
    (void)snprintf(board->port, sizeof board->port, "rfc2217://127.0.0.1:%d", 4000 + number);
    (void)snprintf(board->log_path, sizeof board->log_path, "out/boards/b%d.log", number);
    (void)snprintf(board->chip, sizeof board->chip, "ESP32");
    board->started_ms = STARTED_MS + number;
    board->duration_ns = 2 * RIG_NS_PER_S + number;
    board->n_steps = n_steps;
    board->steps = calloc(n_steps != 0 ? n_steps : 1, sizeof *board->steps);
    assert_non_null(board->steps);
}

static void fill_step(struct rig_step_report *step, const char *name, enum rig_verdict verdict,
                      enum rig_error_class cls, enum rig_error_code code, const char *cause)
{
    (void)snprintf(step->name, sizeof step->name, "p-256/%s", name);
    (void)snprintf(step->step, sizeof step->step, "%s", name);
    (void)snprintf(step->key, sizeof step->key, "p-256");
    step->verdict = verdict;
    step->started_ms = STARTED_MS + 5;
    step->duration_ns = 1234567890;
    step->tries = verdict == RIG_VERDICT_FLAKY ? 2 : 1;
    step->n_sent = 100;
    step->n_received = 2000;
    if (cls != RIG_CLASS_NONE) {
        (void)rig_fail(&step->error, cls, code, "%s", cause);
    }
}

struct rig_run_report sample_run(void)
{
    static const char log[] = "I (312) boot: ready\r\nE (400) agent: flash failed\r\n";
    static const char evidence[] = "{\"server\":{\"verify_error\":23,\"depth\":0}}";
    struct rig_run_report run = new_run(2);
    struct rig_step_report *steps;

    fill_board(&run.boards[0], 1, 5);
    steps = run.boards[0].steps;
    fill_step(&steps[0], "keygen", RIG_VERDICT_PASS, RIG_CLASS_NONE, RIG_E_NONE, "");
    fill_step(&steps[1], "flash", RIG_VERDICT_FAIL, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
              "the flash keeps other bytes than were written");
    fill_step(&steps[2], "sign", RIG_VERDICT_ERROR, RIG_CLASS_CA, RIG_E_REFUSED,
              "the CA refused the request");
    fill_step(&steps[3], "good", RIG_VERDICT_SKIP, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
              "flash failed before");
    fill_step(&steps[4], "reset", RIG_VERDICT_FLAKY, RIG_CLASS_DEVICE, RIG_E_NO_ANSWER,
              "no banner after the reset");
    sample_put(&steps[1].log, log, sizeof log - 1);
    sample_put(&steps[1].evidence, evidence, sizeof evidence - 1);
    run.boards[0].verdict = rig_board_report_verdict(&run.boards[0]);

    fill_board(&run.boards[1], 2, 1);
    fill_step(&run.boards[1].steps[0], "keygen", RIG_VERDICT_PASS, RIG_CLASS_NONE, RIG_E_NONE, "");
    run.boards[1].steps[0].over_budget_warn = true;
    run.boards[1].verdict = rig_board_report_verdict(&run.boards[1]);
    return run;
}

static void random_bytes(struct rig_buf *buf, size_t n_bytes, unsigned *seed)
{
    struct rig_error err = {0};

    for (size_t i = 0; i < n_bytes; i++) {
        const uint8_t byte = (uint8_t)(rand_r(seed) >> 4);

        assert_done(rig_buf_append(buf, &byte, 1, &err));
    }
}

struct rig_run_report sample_random_run(unsigned *seed)
{
    struct rig_run_report run = new_run((size_t)rand_r(seed) % 5);

    run.cancelled = rand_r(seed) % 4 == 0;
    for (size_t b = 0; b < run.n_boards; b++) {
        struct rig_board_report *board = &run.boards[b];

        fill_board(board, (int)b + 1, (size_t)rand_r(seed) % 8);
        for (size_t s = 0; s < board->n_steps; s++) {
            struct rig_step_report *step = &board->steps[s];
            char name[32];

            (void)snprintf(name, sizeof name, "step-%zu", s);
            fill_step(step, name, (enum rig_verdict)(rand_r(seed) % (RIG_VERDICT_ERROR + 1)),
                      (enum rig_error_class)(rand_r(seed) % 7), RIG_E_TIMEOUT, "a cause & <more>");
            random_bytes(&step->log, (size_t)rand_r(seed) % 300, seed);
            random_bytes(&step->evidence, (size_t)rand_r(seed) % 30, seed);
            step->duration_ns = (int64_t)rand_r(seed) * 1000 - RIG_NS_PER_S;
        }
        board->verdict = rig_board_report_verdict(board);
    }
    return run;
}
