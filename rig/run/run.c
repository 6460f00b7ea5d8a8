/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/run.h"

#include "reports/writers.h"
#include "rig/base/file.h"
#include "rig/run/board.h"
#include "rig/run/ca_run.h"
#include "rig/run/progress.h"
#include "rig/run/steps.h"
#include "rig/run/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Of a run's folder; with a board's name behind it, it must fit a report's log_path. */
#define FOLDER_SIZE 440

#define EXIT_PASSED 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EXIT_ERROR 3
#define EXIT_CANCELLED 130

static const struct rig_step_plan register_plan = {
    .kind = RIG_STEP_INSTALLED,
    .name = "register",
    .title = "the device's row, and that its key is its own",
    .timeout_ms = 30000,
};

/* What a run holds while it goes on. */
struct run {
    const struct rig_run_options *options;
    struct rig_run_report *report;
    struct rig_register *reg;
    struct rig_services services;
    bool services_started;
    struct rig_jsonl *lines;
    struct rig_progress *progress;
    struct rig_board *boards;
    struct rig_lines_hub *lines_hub;
    char folder[FOLDER_SIZE];
    int64_t started_ns;
};

/* ---- before ---- */

static void name_run(struct rig_run_report *report)
{
    const time_t seconds = (time_t)(report->started_ms / 1000);
    struct tm utc;
    size_t len = 0;

    if (gmtime_r(&seconds, &utc) != NULL) {
        len = strftime(report->run_id, sizeof report->run_id, "%Y%m%d-%H%M%S", &utc);
    }
    (void)snprintf(report->run_id + len, sizeof report->run_id - len, "-%03d-%d",
                   (int)(report->started_ms % 1000), (int)getpid());
}

static void name_twin(const struct rig_run_options *options, struct rig_run_report *report)
{
    if (options->server_fault != RIG_TLS_FAULT_NONE) {
        (void)snprintf(report->twin, sizeof report->twin, "server:%s",
                       rig_tls_fault_name(options->server_fault));
    } else if (options->ca.fault != RIG_CA_FAULT_NONE) {
        (void)snprintf(report->twin, sizeof report->twin, "ca:%s",
                       rig_ca_fault_name(options->ca.fault));
    }
}

static rig_result fill_report(struct run *run, struct rig_error *err)
{
    const struct rig_run_options *options = run->options;
    struct rig_run_report *report = run->report;
    const size_t n_steps = rig_suite_n_steps(options->suite) + 1;

    (void)rig_copy_text(report->suite, sizeof report->suite, options->suite->name);
    (void)rig_copy_text(report->rig_version, sizeof report->rig_version, options->rig_version);
    (void)rig_copy_text(report->ca, sizeof report->ca, rig_ca_choice_name(&options->ca));
    report->ca_unverified = options->ca.vault != NULL && options->ca.vault->skip_verify;
    name_twin(options, report);
    if (gethostname(report->hostname, sizeof report->hostname - 1) != 0) {
        (void)rig_copy_text(report->hostname, sizeof report->hostname, "localhost");
    }
    report->boards = calloc(options->n_boards, sizeof *report->boards);
    if (report->boards == NULL) {
        return rig_fail_memory(err);
    }
    for (size_t i = 0; i < options->n_boards; i++) {
        struct rig_board_report *board = &report->boards[i];

        report->n_boards++;
        board->id = options->boards[i].id;
        (void)rig_copy_text(board->port, sizeof board->port, options->boards[i].port);
        (void)snprintf(board->log_path, sizeof board->log_path, "%s/%s.log", run->folder,
                       board->id.text);
        board->started_ms = report->started_ms;
        board->verdict = RIG_VERDICT_ERROR; /* until its thread ended */
        board->steps = calloc(n_steps, sizeof *board->steps);
        if (board->steps == NULL) {
            return rig_fail_memory(err);
        }
    }
    return RIG_DONE;
}

static rig_result begin_run_row(struct run *run, struct rig_error *err)
{
    const struct rig_run_options *options = run->options;
    struct rig_register_run row = {.pid = getpid()};

    (void)rig_copy_text(row.run_id, sizeof row.run_id, run->report->run_id);
    (void)rig_copy_text(row.suite, sizeof row.suite, run->report->suite);
    (void)rig_copy_text(row.rig_version, sizeof row.rig_version, run->report->rig_version);
    (void)rig_copy_text(row.ca, sizeof row.ca, run->report->ca);
    (void)rig_copy_text(row.station, sizeof row.station, run->report->hostname);
    (void)rig_copy_text(row.operator_name, sizeof row.operator_name,
                        options->operator_name != NULL ? options->operator_name : "");
    return rig_register_run_begin(run->reg, &row, err);
}

static rig_result open_run(struct run *run, struct rig_error *err)
{
    const struct rig_run_options *options = run->options;
    char path[PATH_MAX + 32];

    RIG_TRY(rig_register_open(options->out_folder, true, options->clock, &run->reg, err));
    run->report->started_ms = rig_clock_now_ms(options->clock);
    name_run(run->report);
    if ((size_t)snprintf(run->folder, sizeof run->folder, "%s/runs/%s", options->out_folder,
                         run->report->run_id) >= sizeof run->folder) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the name of the work folder is too long: '%.80s...'", options->out_folder);
    }
    RIG_TRY(rig_dir_make(run->folder, 0755, err));
    RIG_TRY(fill_report(run, err));
    RIG_TRY(begin_run_row(run, err));
    (void)snprintf(path, sizeof path, "%s/steps.jsonl", run->folder);
    RIG_TRY(rig_jsonl_open(path, &run->lines, err));
    RIG_TRY(rig_jsonl_run_start(run->lines, run->report, err));
    return rig_progress_start(options, run->report, rig_suite_n_steps(options->suite) + 1,
                              run->lines, &run->progress, err);
}

/* ---- boards ---- */

static rig_result start_boards(struct run *run, struct rig_error *err)
{
    const struct rig_run_options *options = run->options;

    RIG_TRY(rig_lines_hub_open(NULL, &run->lines_hub, err));
    run->boards = calloc(options->n_boards, sizeof *run->boards);
    if (run->boards == NULL) {
        return rig_fail_memory(err);
    }
    for (size_t i = 0; i < options->n_boards; i++) {
        run->boards[i].log.fd = -1;
    }
    for (size_t i = 0; i < options->n_boards; i++) {
        struct rig_board *board = &run->boards[i];

        board->options = options;
        board->place = &options->boards[i];
        board->services = &run->services;
        board->reg = run->reg;
        board->progress = run->progress;
        board->run = run->report;
        board->report = &run->report->boards[i];
        board->index = i;
        board->lines_hub = run->lines_hub;
        if (!rig_boardlog_open(&board->log, board->report->log_path, err).ok ||
            !rig_board_start(board, err).ok) {
            rig_board_refuse(board, err); /* its own error; the others run */
        }
    }
    return RIG_DONE;
}

static void register_board(struct rig_board *board)
{
    board->limit = rig_wait_ms(register_plan.timeout_ms, NULL);
    if (board->device_id[0] != '\0') {
        rig_board_run_step(board, &register_plan, rig_step_register);
    }
    board->report->verdict = rig_board_report_verdict(board->report);
}

static void end_boards(struct run *run)
{
    for (size_t i = 0; i < run->options->n_boards; i++) {
        rig_board_join(&run->boards[i]);
    }
    for (size_t i = 0; i < run->options->n_boards; i++) {
        if (run->boards[i].report != NULL) {
            register_board(&run->boards[i]);
        }
        rig_boardlog_close(&run->boards[i].log);
    }
}

/* ---- after ---- */

static void keep_first(rig_result *kept, rig_result result, struct rig_error *kept_error,
                       const struct rig_error *err)
{
    if (!result.ok && kept->ok) {
        *kept = rig_fail_as(kept_error, err);
    }
}

static rig_result write_lines_end(struct run *run, struct rig_error *err)
{
    for (size_t i = 0; i < run->report->n_boards; i++) {
        RIG_TRY(rig_jsonl_board_end(run->lines, run->report, &run->report->boards[i], err));
    }
    RIG_TRY(rig_jsonl_run_end(run->lines, run->report, err));
    const rig_result closed = rig_jsonl_close(run->lines, err);
    run->lines = NULL;
    return closed;
}

/* A report that the user wants elsewhere. What is there and is no file (a terminal, a pipe,
 * /dev/null) is written into, never replaced; a link keeps pointing where it points. */
static rig_result write_copy(const char *path, const struct rig_buf *xml, struct rig_error *err)
{
    char real[PATH_MAX];
    struct stat info;

    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        RIG_AUTO(rig_close_fd) int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

        if (fd < 0) {
            return rig_fail_errno(err, errno, "cannot write '%s'", path);
        }
        return rig_write_fully(fd, xml->data, xml->len, path, err);
    }
    return rig_file_replace(realpath(path, real) != NULL ? real : path, xml->data, xml->len, 0644,
                            err);
}

static rig_result write_junit(struct run *run, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf xml = {0};
    char path[PATH_MAX + 32];
    uint8_t sha256[RIG_SHA256_SIZE];
    char hex[2 * RIG_SHA256_SIZE + 1];
    unsigned n_hash = 0;
    struct rig_error late;
    rig_result result;

    RIG_TRY(rig_report_junit(run->report, &xml, err));
    (void)snprintf(path, sizeof path, "%s/junit.xml", run->folder);
    result = rig_file_replace(path, xml.data, xml.len, 0644, err);
    if (run->options->junit_path != NULL) {
        keep_first(&result, write_copy(run->options->junit_path, &xml, &late), err, &late);
    }
    RIG_TRY(result);
    if (EVP_Digest(xml.data, xml.len, sha256, &n_hash, EVP_sha256(), NULL) != 1) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "cannot hash the JUnit report");
    }
    rig_hex(sha256, sizeof sha256, hex);
    return rig_register_set_junit(run->reg, run->report->run_id, hex, err);
}

static const char *result_word(const struct rig_run_report *report)
{
    switch (rig_run_exit_code(report)) {
    case EXIT_PASSED:
        return "pass";
    case EXIT_FAILED:
        return "fail";
    case EXIT_CANCELLED:
        return "cancelled";
    default:
        return "error";
    }
}

/* A link `latest` in the work folder; an older one is replaced in one step. */
static rig_result point_latest(struct run *run, struct rig_error *err)
{
    char temporary[PATH_MAX + 32];
    char latest[PATH_MAX + 32];
    char target[64];
    struct stat info;

    (void)snprintf(target, sizeof target, "runs/%s", run->report->run_id);
    (void)snprintf(latest, sizeof latest, "%s/latest", run->options->out_folder);
    (void)snprintf(temporary, sizeof temporary, "%s/.latest-%d", run->options->out_folder,
                   (int)getpid());
    if (lstat(latest, &info) == 0 && !S_ISLNK(info.st_mode)) {
        return RIG_DONE; /* somebody's own file or folder: not ours to replace */
    }
    (void)unlink(temporary); /* of a killed run with our pid */
    if (symlink(target, temporary) != 0 || rename(temporary, latest) != 0) {
        const int why = errno;
        (void)unlink(temporary);
        return rig_fail_errno(err, why, "cannot make the link '%s'", latest);
    }
    return RIG_DONE;
}

/* Every report is tried, whatever became of the one before; the first error is kept. */
static rig_result finish(struct run *run, rig_result result, struct rig_error *err)
{
    struct rig_error late = {0};

    run->report->duration_ns = rig_now_ns() - run->started_ns;
    run->report->cancelled =
        run->options->cancel != NULL && rig_cancel_reason(run->options->cancel) != 0;
    keep_first(&result, rig_progress_finish(run->progress, &late), err, &late);
    if (run->lines != NULL) {
        keep_first(&result, write_lines_end(run, &late), err, &late);
    }
    if (run->reg != NULL && run->report->n_boards != 0) {
        keep_first(&result, write_junit(run, &late), err, &late);
        keep_first(
            &result,
            rig_register_run_end(run->reg, run->report->run_id, result_word(run->report), &late),
            err, &late);
        keep_first(&result, point_latest(run, &late), err, &late);
        if (!rig_sweep(run->folder, &late).ok) {
            result = rig_fail_as(err, &late); /* a private key on the disk outweighs everything */
        }
    }
    return result;
}

static rig_result run_boards(struct run *run, struct rig_error *err)
{
    rig_result result =
        rig_services_start(&run->services, run->options, run->reg, run->report->run_id, err);

    run->services_started = result.ok;
    if (result.ok) {
        result = start_boards(run, err);
    }
    if (run->boards != NULL) {
        end_boards(run);
    }
    rig_lines_hub_close(run->lines_hub);
    return result;
}

static void run_attacks(struct run *run, struct rig_recovery *recovery)
{
    const struct rig_ca_run ca = {
        .options = run->options,
        .reg = run->reg,
        .report = run->report,
        .progress = run->progress,
        .folder = run->folder,
        .recovery = recovery,
    };

    rig_ca_run(&ca);
}

static void hand_over(const struct rig_run_options *options, struct rig_recovery recovery)
{
    if (options->recovery != NULL) {
        *options->recovery = recovery;
    } else {
        rig_recovery_free(&recovery);
    }
}

rig_result rig_run(const struct rig_run_options *options, struct rig_run_report *report,
                   struct rig_error *err)
{
    const struct rig_bench_board ca_board = {.id = {.text = RIG_CA_BOARD}, .enabled = true};
    struct rig_run_options of_ca = *options;
    struct rig_recovery recovery = {0};
    const bool attacks = options->suite->n_attacks != 0;
    struct run run = {
        .options = attacks ? &of_ca : options, .report = report, .started_ns = rig_now_ns()};
    struct rig_error ignored;
    rig_result result;

    of_ca.boards = &ca_board;
    of_ca.n_boards = 1;
    memset(report, 0, sizeof *report);
    result = open_run(&run, err);
    if (result.ok && attacks) {
        run_attacks(&run, &recovery);
    } else if (result.ok) {
        result = run_boards(&run, err);
    }
    result = finish(&run, result, err);
    if (run.services_started) {
        rig_services_stop(&run.services);
        recovery = run.services.recovery;
    }
    hand_over(options, recovery);
    (void)rig_jsonl_close(run.lines, &ignored).ok;
    rig_register_close(run.reg);
    free(run.boards);
    return result;
}

/* Every error is a mistake in what the user wrote: a passphrase, a bench file that names another
 * chip or MAC. */
static bool only_usage_errors(const struct rig_run_report *report)
{
    bool any = false;

    for (size_t b = 0; b < report->n_boards; b++) {
        for (size_t i = 0; i < report->boards[b].n_steps; i++) {
            const struct rig_step_report *step = &report->boards[b].steps[i];

            if (step->verdict == RIG_VERDICT_ERROR) {
                if (step->error.cls != RIG_CLASS_USAGE) {
                    return false;
                }
                any = true;
            }
        }
    }
    return any;
}

int rig_run_exit_code(const struct rig_run_report *report)
{
    const struct rig_counts counts = rig_run_report_counts(report);

    if (report->cancelled) {
        return EXIT_CANCELLED;
    }
    if (counts.fail != 0) {
        return EXIT_FAILED;
    }
    if (only_usage_errors(report)) {
        return EXIT_USAGE;
    }
    if (counts.error != 0 || counts.pass + counts.flaky == 0) {
        return EXIT_ERROR;
    }
    for (size_t i = 0; i < report->n_boards; i++) {
        if (report->boards[i].verdict == RIG_VERDICT_SKIP) {
            return EXIT_ERROR;
        }
    }
    return EXIT_PASSED;
}
