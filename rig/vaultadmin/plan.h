/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan: what a set-up finds right, and what it would create or change, from what to what. Pure
 * but for memory; one thread at a time. Private to rig/vaultadmin.
 *
 * Objects of the API are compared by the keys that are wanted; what else a server has stays. Lists
 * have no order there, null is an empty list, and times are equal in any spelling ("72h", 259200).
 */
#ifndef RIG_VAULTADMIN_PLAN_H
#define RIG_VAULTADMIN_PLAN_H

#include "rig/base/buf.h"

#include <jansson.h>

enum rig_plan_action {
    RIG_PLAN_RIGHT = 0, /* already as wanted */
    RIG_PLAN_CREATE,
    RIG_PLAN_CHANGE,
    RIG_PLAN_WAIT, /* somebody else's turn; the text says whose and what */
    RIG_PLAN_NOTE, /* nothing that this set-up changes, but worth knowing */
    RIG_PLAN_N_ACTIONS
};

struct rig_plan {
    size_t counts[RIG_PLAN_N_ACTIONS];
    struct rig_buf text;
};
void rig_plan_free(struct rig_plan *plan);

/* One line, and `details` (may be NULL) line by line below it. */
RIG_CHECKED rig_result rig_plan_add(struct rig_plan *plan, enum rig_plan_action action,
                                    const char *details, struct rig_error *err, const char *fmt,
                                    ...) RIG_PRINTF(5, 6);

/* Creations and changes. */
size_t rig_plan_n_changes(const struct rig_plan *plan);

/* "2 to create, 1 to change, 14 already right", or "nothing to change, 17 already right". */
RIG_CHECKED rig_result rig_plan_summary(const struct rig_plan *plan, struct rig_buf *text,
                                        struct rig_error *err);

/*
 * What must change so that `current` (NULL: not there yet) is as `wanted` says: appends one line
 * "key: from -> to" ("key: to" where there was nothing) for each difference, and counts them.
 */
RIG_CHECKED rig_result rig_plan_diff(const json_t *current, const json_t *wanted,
                                     struct rig_buf *lines, size_t *n_differences,
                                     struct rig_error *err);

/* `current` with the keys of `wanted` laid over it: what to write where writing replaces the whole
 * object. The caller drops the reference; NULL when memory is short. */
json_t *rig_plan_merge(const json_t *current, const json_t *wanted);

#endif
