/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writers of a run's reports. Files appear whole or not at all (temporary file, rename), except the
 * JSON lines, which grow as the run goes so that a killed run leaves what it had. Class RIG errors
 * name the path.
 */
#ifndef REPORTS_WRITERS_H
#define REPORTS_WRITERS_H

#include "reports/model.h"

/*
 * JUnit XML that Jenkins (xUnit and junit), GitLab, Azure DevOps and GitHub reporters all read;
 * schemas/junit.xsd. One testsuite per board, classname = board id. A board without a step, and a
 * run without a board, get one case that ends as error: nothing ran is not a pass. Appends to
 * `xml`; the locale does not matter.
 */
RIG_CHECKED rig_result rig_report_junit(const struct rig_run_report *run, struct rig_buf *xml,
                                        struct rig_error *err);
RIG_CHECKED rig_result rig_report_write_junit(const struct rig_run_report *run, const char *path,
                                              struct rig_error *err);

/*
 * JSON lines; schemas/steps.schema.json describes each kind of line: run-start, step, board-end,
 * run-end. Each line is in the file, whole, when its function returns. Any number of threads may
 * write to one `rig_jsonl`.
 */
struct rig_jsonl;
RIG_CHECKED rig_result rig_jsonl_open(const char *path, struct rig_jsonl **out,
                                      struct rig_error *err);
RIG_CHECKED rig_result rig_jsonl_run_start(struct rig_jsonl *out, const struct rig_run_report *run,
                                           struct rig_error *err);
RIG_CHECKED rig_result rig_jsonl_step(struct rig_jsonl *out, const struct rig_run_report *run,
                                      const struct rig_board_report *board,
                                      const struct rig_step_report *step, struct rig_error *err);
RIG_CHECKED rig_result rig_jsonl_board_end(struct rig_jsonl *out, const struct rig_run_report *run,
                                           const struct rig_board_report *board,
                                           struct rig_error *err);
RIG_CHECKED rig_result rig_jsonl_run_end(struct rig_jsonl *out, const struct rig_run_report *run,
                                         struct rig_error *err);
/* Syncs to disk and closes, also when it fails; NULL is fine. */
RIG_CHECKED rig_result rig_jsonl_close(struct rig_jsonl *out, struct rig_error *err);

/*
 * What a person reads at the end of a run, appended to `text`: a line per board (board, device id,
 * verdict, steps passed, time, its first failure in one line) and a line of sums. `colour`:
 * verdicts in ANSI colours, for a terminal.
 */
RIG_CHECKED rig_result rig_report_summary(const struct rig_run_report *run, bool colour,
                                          struct rig_buf *text, struct rig_error *err);

#endif
