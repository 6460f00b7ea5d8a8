/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mappings inside a board of a bench: where it is plugged in, what moves its lines, what
 * switches its power. Private to rig/suite.
 */
#ifndef RIG_SUITE_BENCH_PARTS_H
#define RIG_SUITE_BENCH_PARTS_H

#include "rig/link/power.h"
#include "rig/suite/yaml_reader.h"

extern const struct rig_yaml_schema rig_bench_usb_schema;
extern const struct rig_yaml_schema rig_bench_lines_schema;
extern const struct rig_yaml_schema rig_bench_power_schema;

/* "usb://..." or "ftdi://..." for `port`; left alone after a mistake. */
void rig_bench_read_usb(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                        char *port, size_t port_size);
void rig_bench_read_lines(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                          struct rig_lines_config *config);
void rig_bench_read_power(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                          struct rig_power_config *config);

#endif
