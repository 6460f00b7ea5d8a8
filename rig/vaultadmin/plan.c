/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/vaultadmin/plan.h"

#include "rig/vaultadmin/api.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SUBJECT_SIZE 512
#define DETAIL_INDENT "               "

static const struct {
    const char *mark;
    const char *word;
} actions[RIG_PLAN_N_ACTIONS] = {
    [RIG_PLAN_RIGHT] = {"=", "right"},   [RIG_PLAN_CREATE] = {"+", "create"},
    [RIG_PLAN_CHANGE] = {"~", "change"}, [RIG_PLAN_WAIT] = {".", "waiting"},
    [RIG_PLAN_NOTE] = {"!", "note"},
};

void rig_plan_free(struct rig_plan *plan)
{
    rig_buf_free(&plan->text);
}

static rig_result add_details(struct rig_buf *text, const char *details, struct rig_error *err)
{
    while (*details != '\0') {
        const size_t len = strcspn(details, "\n");

        RIG_TRY(rig_buf_printf(text, err, DETAIL_INDENT "%.*s\n", (int)len, details));
        details += len + (details[len] == '\n' ? 1 : 0);
    }
    return RIG_DONE;
}

rig_result rig_plan_add(struct rig_plan *plan, enum rig_plan_action action, const char *details,
                        struct rig_error *err, const char *fmt, ...)
{
    char subject[SUBJECT_SIZE];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(subject, sizeof subject, fmt, args);
    va_end(args);
    plan->counts[action]++;
    RIG_TRY(rig_buf_printf(&plan->text, err, "  %s %-8s %s\n", actions[action].mark,
                           actions[action].word, subject));
    return details != NULL ? add_details(&plan->text, details, err) : RIG_DONE;
}

size_t rig_plan_n_changes(const struct rig_plan *plan)
{
    return plan->counts[RIG_PLAN_CREATE] + plan->counts[RIG_PLAN_CHANGE];
}

rig_result rig_plan_summary(const struct rig_plan *plan, struct rig_buf *text,
                            struct rig_error *err)
{
    const size_t *n = plan->counts;

    if (rig_plan_n_changes(plan) == 0) {
        RIG_TRY(rig_buf_append_text(text, "nothing to change", err));
    } else {
        RIG_TRY(rig_buf_printf(text, err, "%zu to create, %zu to change", n[RIG_PLAN_CREATE],
                               n[RIG_PLAN_CHANGE]));
    }
    RIG_TRY(rig_buf_printf(text, err, ", %zu already right", n[RIG_PLAN_RIGHT]));
    if (n[RIG_PLAN_WAIT] != 0) {
        RIG_TRY(rig_buf_printf(text, err, ", %zu waiting for you", n[RIG_PLAN_WAIT]));
    }
    return rig_buf_append_text(text, "\n", err);
}

/* Comparing ----------------------------------------------------------------------------------- */

static bool is_nothing(const json_t *value)
{
    return value == NULL || json_is_null(value) ||
           (json_is_array(value) && json_array_size(value) == 0);
}

static bool holds(const json_t *list, const json_t *item)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_equal(json_array_get(list, i), item)) {
            return true;
        }
    }
    return false;
}

static bool same_list(const json_t *a, const json_t *b)
{
    bool same = json_array_size(a) == json_array_size(b);

    for (size_t i = 0; same && i < json_array_size(a); i++) {
        same = holds(b, json_array_get(a, i)) && holds(a, json_array_get(b, i));
    }
    return same;
}

static bool same_value(const json_t *a, const json_t *b)
{
    if (is_nothing(a) && is_nothing(b)) {
        return a != NULL && b != NULL;
    }
    if (json_is_array(a) && json_is_array(b)) {
        return same_list(a, b);
    }
    if (json_equal(a, b)) {
        return true;
    }
    return rig_admin_seconds(a) >= 0 && rig_admin_seconds(a) == rig_admin_seconds(b);
}

static rig_result put_value(struct rig_buf *lines, const json_t *value, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *text = NULL;

    if (value == NULL) {
        return rig_buf_append_text(lines, "(not there)", err);
    }
    if (json_is_string(value) && strchr(json_string_value(value), '\n') != NULL) {
        return rig_buf_printf(lines, err, "\n%s", json_string_value(value));
    }
    text = json_dumps(value, JSON_ENCODE_ANY);
    return text != NULL ? rig_buf_append_text(lines, text, err) : rig_fail_memory(err);
}

rig_result rig_plan_diff(const json_t *current, const json_t *wanted, struct rig_buf *lines,
                         size_t *n_differences, struct rig_error *err)
{
    const char *key;
    json_t *value;

    *n_differences = 0;
    json_object_foreach((json_t *)wanted, key, value)
    {
        const json_t *now = json_object_get(current, key);

        if (same_value(now, value)) {
            continue;
        }
        ++*n_differences;
        RIG_TRY(rig_buf_printf(lines, err, "%s: ", key));
        if (current != NULL) {
            RIG_TRY(put_value(lines, now, err));
            RIG_TRY(rig_buf_append_text(lines, " -> ", err));
        }
        RIG_TRY(put_value(lines, value, err));
        RIG_TRY(rig_buf_append_text(lines, "\n", err));
    }
    return RIG_DONE;
}

json_t *rig_plan_merge(const json_t *current, const json_t *wanted)
{
    json_t *merged = current != NULL ? json_copy((json_t *)current) : json_object();

    if (merged != NULL && json_object_update(merged, (json_t *)wanted) != 0) {
        json_decref(merged);
        merged = NULL;
    }
    return merged;
}
