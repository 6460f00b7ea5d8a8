/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run leaves behind, as plain data: filled by the runner, read by the writers of this
 * folder. Owned by whoever made it; freed with rig_run_report_free. No locks: the runner hands a
 * board's report over when its thread has ended.
 */
#ifndef REPORTS_MODEL_H
#define REPORTS_MODEL_H

#include "rig/base/buf.h"
#include "rig/base/ids.h"

enum rig_verdict {
    RIG_VERDICT_NONE = 0, /* not judged: an error wherever verdicts are counted or shown */
    RIG_VERDICT_PASS,
    RIG_VERDICT_FLAKY, /* passed after a retry */
    RIG_VERDICT_SKIP,
    RIG_VERDICT_FAIL,  /* the board is wrong */
    RIG_VERDICT_ERROR, /* rig, CA, network or configuration is wrong */
};
/* "pass", "flaky", "skip", "fail", "error"; "none". */
const char *rig_verdict_name(enum rig_verdict verdict);
/* What the writers show: an ERROR instead of NONE. */
enum rig_verdict rig_verdict_shown(enum rig_verdict verdict);

/* One step or case of one board. */
struct rig_step_report {
    char name[64]; /* "p-256/revoked-leaf", unique within the board */
    char step[48]; /* "revoked-leaf" */
    char key[16];  /* matrix cell, "" outside */
    bool is_case;
    enum rig_verdict verdict;
    int64_t started_ms; /* wall clock */
    int64_t duration_ns;
    unsigned tries;
    uint64_t n_sent; /* bytes on the board's line during the step */
    uint64_t n_received;
    bool over_budget_warn;
    struct rig_error error;  /* of a fail, error or skip; of the last failed try of a flaky */
    struct rig_buf log;      /* the serial log around a failure, raw bytes */
    struct rig_buf evidence; /* a JSON object, may be empty */
};

struct rig_board_report {
    struct rig_board_id id;
    char port[160];
    char device_id[64];
    char chip[16];
    char mac[18];
    char firmware[96];
    char serial[41];    /* certificate that the board keeps, "" none */
    char log_path[512]; /* whole serial log */
    enum rig_verdict verdict;
    int64_t started_ms;
    int64_t duration_ns;
    size_t n_steps;
    struct rig_step_report *steps;
};

struct rig_run_report {
    char run_id[40];
    char suite[48];
    char rig_version[32];
    char hostname[64];
    char ca[16];
    bool ca_unverified; /* whoever posed as the CA was believed: TLS verification was off */
    char twin[48];      /* the part that was wrong on purpose, "server:no_crl"; "" none */
    int64_t started_ms;
    int64_t duration_ns;
    bool cancelled;
    size_t n_boards;
    struct rig_board_report *boards;
};

/* Why a step did not pass: the text of its error, or the words for none ("was not judged").
 * Borrowed from the step. */
const char *rig_step_report_cause(const struct rig_step_report *step);

struct rig_counts {
    size_t n; /* all */
    size_t pass, flaky, skip, fail, error;
};
/* What the writers show: a board without steps counts as one error, as in the JUnit file; so does a
 * run without boards. */
struct rig_counts rig_board_report_counts(const struct rig_board_report *board);
struct rig_counts rig_run_report_counts(const struct rig_run_report *run);
/* The worst of its steps: fail > error (not judged, too) > flaky > pass (a board that was proven
 * wrong stays wrong, whatever else went wrong on the way); only skips or nothing at all: skip. */
enum rig_verdict rig_board_report_verdict(const struct rig_board_report *board);
/* The step that made the verdict of a board that failed or is in error: the first one of that
 * verdict; NULL: none. Borrowed from the board. */
const struct rig_step_report *rig_board_report_first_failure(const struct rig_board_report *board);

/* Frees what the report owns (boards, steps, their buffers), not the struct itself. */
void rig_run_report_free(struct rig_run_report *run);

#endif
