/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of all kinds of files, and what all loaders do first. Private to rig/suite. */
#ifndef RIG_SUITE_SCHEMAS_H
#define RIG_SUITE_SCHEMAS_H

#include "rig/suite/check.h"
#include "rig/suite/yaml_reader.h"

extern const struct rig_yaml_schema rig_suite_schema;
extern const struct rig_yaml_schema rig_suite_device_schema;
extern const struct rig_yaml_schema rig_suite_ca_schema;
extern const struct rig_yaml_schema rig_step_schema;
extern const struct rig_yaml_schema rig_case_schema;
extern const struct rig_yaml_schema rig_enrol_schema;
extern const struct rig_yaml_schema rig_bench_schema;
extern const struct rig_yaml_schema rig_bench_defaults_schema;
extern const struct rig_yaml_schema rig_bench_board_schema;
extern const struct rig_yaml_schema rig_enrolment_file_schema;
extern const struct rig_yaml_schema rig_ca_config_schema;
extern const struct rig_yaml_schema rig_ca_vault_schema;
extern const struct rig_yaml_schema rig_ca_role_schema;
extern const struct rig_yaml_schema rig_ca_login_schema;

/* `rig: 1`, the first line of all kinds; the version is judged before anything else is read. */
#define RIG_FILE_VERSION "1"
void rig_yaml_skip(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                   const struct rig_yaml_node *node, void *target);

/* A file on its way from text to plan. */
struct rig_yaml_file {
    struct rig_yaml_tree tree;
    struct rig_yaml_mistakes *mistakes;
};
void rig_yaml_file_close(struct rig_yaml_file *file);

/* Appends the file to `text`. A file that can't be read goes to `mistakes` too. */
RIG_CHECKED rig_result rig_yaml_file_read(const char *path, struct rig_buf *text,
                                          struct rig_buf *mistakes, struct rig_error *err);
RIG_CHECKED rig_result rig_yaml_file_parse(struct rig_yaml_file *file,
                                           const char *path_for_messages, const char *text,
                                           size_t n_bytes, struct rig_error *err);
/* Whether there is a tree of the right version and kind to go over; if not, a mistake says why. */
bool rig_yaml_file_ready(struct rig_yaml_file *file, enum rig_file_kind kind);

#endif
