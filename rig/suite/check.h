/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rig check`: judges a file of any kind, and prints the reference of what may stand in them,
 * made from the same tables that the loaders read by.
 */
#ifndef RIG_SUITE_CHECK_H
#define RIG_SUITE_CHECK_H

#include "rig/base/buf.h"

enum rig_file_kind {
    RIG_FILE_SUITE = 0,
    RIG_FILE_BENCH,
    RIG_FILE_CA,
    RIG_FILE_ENROLMENT,
    RIG_FILE_PKI,
    RIG_FILE_PROFILE
};
/* "suite", "bench", "CA", "enrolment", "PKI fixture", "server profile". */
const char *rig_file_kind_name(enum rig_file_kind kind);

/*
 * Loads the file as what it is (one with `boards:` is a bench, one with `vault:` a CA file,
 * one with `enrolment:` an enrolment fixture, one with `pki:` a PKI fixture, one with `profile:` a
 * server profile, any other a suite) and forgets it again. *kind is set also when it fails, as far
 * as it can be known. Errors and `mistakes` as of rig_suite_load.
 */
RIG_CHECKED rig_result rig_check_file(const char *path, enum rig_file_kind *kind,
                                      struct rig_buf *mistakes, struct rig_error *err);

/* Appends the reference of suites, benches or CA files as Markdown tables, legible on a terminal as
 * they are.
 */
RIG_CHECKED rig_result rig_suite_describe_schema(struct rig_buf *text, struct rig_error *err);
RIG_CHECKED rig_result rig_bench_describe_schema(struct rig_buf *text, struct rig_error *err);
RIG_CHECKED rig_result rig_ca_config_describe_schema(struct rig_buf *text, struct rig_error *err);

#endif
