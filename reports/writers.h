/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writers of a run's reports. Files appear whole or not at all (temporary file, rename), except the JSON lines, which grow
 * as the run goes so that a killed run leaves what it had. Class RIG errors name the path.
 */
#ifndef REPORTS_WRITERS_H
#define REPORTS_WRITERS_H

#include "reports/model.h"

/* JUnit XML that Jenkins (xUnit and junit), GitLab, Azure DevOps and GitHub reporters all read; schemas/junit.xsd. One
 * testsuite per board, classname = board id. */
RIG_CHECKED rig_result rig_report_junit(const struct rig_run_report *run, struct rig_buf *xml,
                                        struct rig_error *err);
RIG_CHECKED rig_result rig_report_write_junit(const struct rig_run_report *run, const char *path,
                                              struct rig_error *err);

/* JSON lines; schemas/steps.schema.json describes each kind of line: run-start, step, board-end, run-end. */
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
/* Flushes and closes; NULL is fine. */
RIG_CHECKED rig_result rig_jsonl_close(struct rig_jsonl *out, struct rig_error *err);

#endif
