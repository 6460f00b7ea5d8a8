/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/suite.h"

#include "rig/base/file.h"
#include "rig/suite/attack_schema.h"
#include "rig/suite/checks.h"
#include "rig/suite/plan_tables.h"
#include "rig/suite/schemas.h"

#include <stdlib.h>
#include <string.h>

/* Everything a suite may leave out. */
static const struct rig_suite suite_defaults = {
    .device_id = "rig-{mac}",
    .n_levels = 3,
    .levels = {"root", "factory", "line"},
    .device_days = 1095,
    .server_name = "srv.rig.test",
    .min_tls = 0x0303,
    .max_tls = 0x0304,
    .security_level = 2,
    .partition = "esp_secure_cert",
    .board_limit_ms = INT64_C(10) * 60 * 1000,
};

void rig_suite_free(struct rig_suite *suite)
{
    free(suite);
}

/* A step list, once the rest of the file is known. One plan was made for each element, whatever was
 * wrong with it. */
static void complete_list(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                          const struct rig_yaml_node *root, const char *key,
                          struct rig_step_list *list)
{
    const struct rig_yaml_node *node = rig_yaml_find(root, key);
    size_t i = 0;

    if (list->n == 0) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        rig_step_complete(mistakes, suite, item, &list->steps[i++]);
    }
}

static void read_suite(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *root,
                       struct rig_suite *suite)
{
    size_t n_before;

    if (rig_is_attack_suite(root)) {
        rig_yaml_read_mapping(mistakes, &rig_attack_suite_schema, root, suite);
        return;
    }
    rig_yaml_read_mapping(mistakes, &rig_suite_schema, root, suite);
    n_before = mistakes->n;
    complete_list(mistakes, suite, root, "before", &suite->before);
    complete_list(mistakes, suite, root, "each_key", &suite->each_key);
    complete_list(mistakes, suite, root, "after", &suite->after);
    rig_suite_check_rules(mistakes, suite, root, n_before == 0);
}

rig_result rig_suite_parse(const char *path_for_messages, const char *text, size_t n_bytes,
                           struct rig_suite **suite, struct rig_buf *mistakes,
                           struct rig_error *err)
{
    RIG_AUTO(rig_auto_suite) struct rig_suite *made = calloc(1, sizeof *made);
    RIG_AUTO(rig_yaml_file_close) struct rig_yaml_file file = {0};

    *suite = NULL;
    if (made == NULL) {
        return rig_fail_memory(err);
    }
    *made = suite_defaults;
    (void)rig_copy_text(made->path, sizeof made->path, path_for_messages);
    RIG_TRY(rig_yaml_file_parse(&file, path_for_messages, text, n_bytes, err));
    if (rig_yaml_file_ready(&file, RIG_FILE_SUITE)) {
        read_suite(file.mistakes, file.tree.root, made);
    }
    RIG_TRY(rig_yaml_judge(file.mistakes, mistakes, err));
    *suite = made;
    made = NULL;
    return RIG_DONE;
}

rig_result rig_suite_load(const char *path, struct rig_suite **suite, struct rig_buf *mistakes,
                          struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};

    *suite = NULL;
    RIG_TRY(rig_yaml_file_read(path, &text, mistakes, err));
    RIG_TRY(rig_suite_parse(path, rig_buf_text(&text), text.len, suite, mistakes, err));
    if (!rig_suite_check_enrolments(*suite, mistakes, err).ok) {
        rig_auto_suite(suite);
        return (rig_result){.ok = false};
    }
    return RIG_DONE;
}
