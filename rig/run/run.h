/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runner: one thread per board with blocking steps that read top to bottom, one thread that
 * prepares the services (CA, test identities, test server) while the boards already reset, one
 * reporter fed by a queue. A dead board delays nobody. Whatever ends a run, its reports are
 * written.
 *
 * Work folder (`out_folder`): rig.db (journal and register), ca/ (local CA), test-pki/ (the CA that
 * nobody trusts), virtual/ (flash of virtual boards), runs/<run id>/{junit.xml, steps.jsonl,
 * <board>.log}, latest -> runs/<run id>.
 */
#ifndef RIG_RUN_RUN_H
#define RIG_RUN_RUN_H

#include "reports/model.h"
#include "rig/base/wait.h"
#include "rig/profile/profile.h"
#include "rig/run/ca_choice.h"
#include "rig/suite/bench.h"
#include "rig/suite/suite.h"
#include "rig/tls/faults.h"

struct rig_recovery;

/* A server of the user's that runs already: `rig run --server https://...`. */
struct rig_server_url {
    char host[256];
    uint16_t port;
    char path[256];           /* that it answers with 2xx */
    struct rig_buf roots_pem; /* what the board trusts it by; empty: the flashed roots */
};

enum rig_progress_mode {
    RIG_PROGRESS_NONE = 0,
    RIG_PROGRESS_LINES, /* a line per finished step */
    RIG_PROGRESS_LIVE,  /* a table that is drawn again and again; for terminals */
};

struct rig_run_options {
    const struct rig_suite *suite;
    const struct rig_bench_board *boards; /* only these; enabled or not was decided before */
    size_t n_boards;
    bool loopback;   /* virtual boards: server on 127.0.0.1 unless the suite says otherwise */
    int64_t wait_ms; /* how long a board that is not there may take to appear; 0: not at all */
    const char *out_folder;
    const char *junit_path;                   /* a copy of junit.xml goes here; may be NULL */
    struct rig_ca_choice ca;                  /* who signs */
    const struct rig_server_profile *profile; /* of the server in place of ours; NULL: ours */
    const struct rig_server_url *server_url;  /* the same, one that runs; NULL: ours */
    const char *operator_name;                /* for the register; may be NULL */
    enum rig_tls_fault server_fault; /* the test server is wrong on purpose, wherever a case does
                                        not say how it misbehaves */
    const char *rig_version;
    enum rig_progress_mode progress;
    int progress_fd; /* borrowed */
    bool colour;
    struct rig_recovery *recovery; /* filled: what an earlier run left open; may be NULL, else the
                                      caller frees it */
    struct rig_cancel *cancel;     /* borrowed */
    const struct rig_clock *clock; /* borrowed */
};

/*
 * Runs the suite on the boards, or against the CA (then `boards` may be NULL: see ca_run.h).
 * Succeeds when it ran and its reports are written, whatever the verdicts; *report is filled (and
 * freed by the caller with rig_run_report_free) also when it fails after boards were started. Fails
 * with class USAGE or RIG when it could not start or could not write.
 */
RIG_CHECKED rig_result rig_run(const struct rig_run_options *options, struct rig_run_report *report,
                               struct rig_error *err);

/* Contract of `rig run`: 0 all passed (or flaky), 1 a board failed (or, in a suite of attacks, the
 * CA: too weak), 2 only configuration was wrong,
 * 3 rig/CA/network error or nothing ran, 130 cancelled. */
int rig_run_exit_code(const struct rig_run_report *report);

#endif
