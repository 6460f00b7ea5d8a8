/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/only.h"

#include <stdlib.h>
#include <string.h>

static bool is_listed(const char *names, const char *name)
{
    const size_t n = strlen(name);

    for (const char *at = names; at != NULL; at = strchr(at, ',')) {
        at += *at == ',' ? 1 : 0;
        if (strncmp(at, name, n) == 0 && (at[n] == ',' || at[n] == '\0')) {
            return true;
        }
    }
    return false;
}

/* A revocation is measured for its own sake, nothing stands on it. */
static bool can_be_left_out(const struct rig_step_plan *step)
{
    return rig_step_is_case(step) || step->kind == RIG_STEP_REVOCATION;
}

static bool list_has(const struct rig_step_list *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++) {
        if (can_be_left_out(&list->steps[i]) && strcmp(list->steps[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool suite_has(const struct rig_suite *suite, const char *name)
{
    for (size_t i = 0; i < suite->n_attacks; i++) {
        if (strcmp(suite->attacks[i].name, name) == 0) {
            return true;
        }
    }
    return list_has(&suite->before, name) || list_has(&suite->each_key, name) ||
           list_has(&suite->after, name);
}

static rig_result check_names(const struct rig_suite *suite, const char *names,
                              struct rig_error *err)
{
    for (const char *at = names;; at += strcspn(at, ",") + 1) {
        const size_t n = strcspn(at, ",");
        char name[sizeof suite->before.steps[0].name] = "";

        if (n < sizeof name) {
            memcpy(name, at, n);
        }
        if (name[0] == '\0' || !suite_has(suite, name)) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                            "suite '%s' has no case '%.*s'; its cases stand in %s", suite->name,
                            (int)(n < 60 ? n : 60), at, suite->path);
        }
        if (at[n] == '\0') {
            return RIG_DONE;
        }
    }
}

static bool is_negative(const struct rig_step_plan *step)
{
    return rig_step_is_case(step) && step->handshake.expect != RIG_EXPECT_ACCEPTED;
}

/* The control nearest to `from`, one way or the other. */
static void keep_control(const struct rig_step_list *list, bool *keep, size_t from, bool forward)
{
    for (size_t i = from; i < list->n; i = forward ? i + 1 : i - 1) {
        if (rig_step_is_case(&list->steps[i]) && list->steps[i].handshake.control) {
            keep[i] = true;
            return;
        }
    }
}

static void reduce_list(struct rig_step_list *list, const char *names)
{
    bool keep[RIG_SUITE_MAX_STEPS] = {false};
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++) {
        const struct rig_step_plan *step = &list->steps[i];

        if (!can_be_left_out(step)) {
            keep[i] = true;
        } else if (is_listed(names, step->name)) {
            keep[i] = true;
            if (is_negative(step)) {
                keep_control(list, keep, i, false);
                keep_control(list, keep, i, true);
            }
        }
    }
    for (size_t i = 0; i < list->n; i++) {
        if (keep[i]) {
            list->steps[n++] = list->steps[i];
        } else {
            free(list->steps[i].trial);
        }
    }
    list->n = n;
}

rig_result rig_suite_keep_only(struct rig_suite *suite, const char *names, struct rig_error *err)
{
    size_t n = 0;

    RIG_TRY(check_names(suite, names, err));
    for (size_t i = 0; i < suite->n_attacks; i++) {
        if (is_listed(names, suite->attacks[i].name)) {
            suite->attacks[n++] = suite->attacks[i];
        }
    }
    suite->n_attacks = n;
    reduce_list(&suite->before, names);
    reduce_list(&suite->each_key, names);
    reduce_list(&suite->after, names);
    return RIG_DONE;
}
