/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/suite.h"

#include "rig/base/file.h"
#include "rig/suite/attack_schema.h"
#include "rig/suite/checks.h"
#include "rig/suite/fixtures.h"
#include "rig/suite/plan_tables.h"
#include "rig/suite/schemas.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FIXTURE_FILES 8

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
    .catalogue = RIG_PKI_DEVICE,
    .partition = "esp_secure_cert",
    .board_limit_ms = INT64_C(10) * 60 * 1000,
};

static void free_trials(struct rig_step_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->steps[i].trial);
    }
}

void rig_suite_free(struct rig_suite *suite)
{
    if (suite == NULL) {
        return;
    }
    free_trials(&suite->before);
    free_trials(&suite->each_key);
    free_trials(&suite->after);
    rig_fixtures_free(suite->fixtures);
    free(suite);
}

/* ---- fixtures ---- */

struct fixture_files {
    char *paths[MAX_FIXTURE_FILES];
    size_t n;
};

static void free_files(struct fixture_files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        free(files->paths[i]);
    }
}

/* The list of files, each as seen from the folder of the suite. */
static rig_result list_files(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                             const char *suite_path, struct fixture_files *files,
                             struct rig_error *err)
{
    static const struct rig_yaml_key key = {
        .name = "fixtures", .type = RIG_YAML_CUSTOM, .min = 1, .max = MAX_FIXTURE_FILES};
    RIG_AUTO(rig_free_chars) char *copy = strdup(suite_path);

    if (copy == NULL) {
        return rig_fail_memory(err);
    }
    if (rig_yaml_list(mistakes, &key, node) == NULL) {
        return RIG_DONE;
    }
    const char *folder = dirname(copy);
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        const char *why;

        if (item->kind != RIG_YAML_SCALAR || item->text[0] == '\0') {
            rig_yaml_mistake(mistakes, item->line, "found %s in fixtures; expected a path",
                             rig_yaml_quote_node(item).text);
            continue;
        }
        RIG_TRY(rig_path_join(item->text[0] == '/' ? "" : folder, item->text,
                              &files->paths[files->n], err));
        why = rig_why_unreadable(files->paths[files->n]);
        if (why != NULL) {
            rig_yaml_mistake(mistakes, item->line,
                             "found %s in fixtures, which can't be read (%s); expected the path of "
                             "a PKI fixture file as seen from this one",
                             rig_yaml_quote_node(item).text, why);
        }
        files->n++;
    }
    return RIG_DONE;
}

static rig_result load_fixtures(struct rig_yaml_mistakes *mistakes,
                                const struct rig_yaml_node *node, struct rig_suite *suite,
                                struct rig_buf *text, struct rig_error *err)
{
    RIG_AUTO(free_files) struct fixture_files files = {0};
    const size_t n_before = mistakes->n;

    RIG_TRY(list_files(mistakes, node, suite->path, &files, err));
    if (mistakes->n != n_before) {
        return RIG_DONE; /* the suite's own mistakes say it */
    }
    return rig_fixtures_load((const char *const *)files.paths, files.n, &suite->fixtures, text,
                             err);
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

static rig_result parse(const char *path_for_messages, const char *text, size_t n_bytes,
                        bool with_files, struct rig_suite **suite, struct rig_buf *mistakes,
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
        const struct rig_yaml_node *fixtures = rig_yaml_find(file.tree.root, "fixtures");

        made->has_fixtures = fixtures != NULL;
        if (made->has_fixtures && with_files) {
            RIG_TRY(load_fixtures(file.mistakes, fixtures, made, mistakes, err));
        }
        read_suite(file.mistakes, file.tree.root, made);
    }
    RIG_TRY(rig_yaml_judge(file.mistakes, mistakes, err));
    *suite = made;
    made = NULL;
    return RIG_DONE;
}

rig_result rig_suite_parse(const char *path_for_messages, const char *text, size_t n_bytes,
                           struct rig_suite **suite, struct rig_buf *mistakes,
                           struct rig_error *err)
{
    return parse(path_for_messages, text, n_bytes, false, suite, mistakes, err);
}

rig_result rig_suite_load(const char *path, struct rig_suite **suite, struct rig_buf *mistakes,
                          struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};

    *suite = NULL;
    RIG_TRY(rig_yaml_file_read(path, &text, mistakes, err));
    RIG_TRY(parse(path, rig_buf_text(&text), text.len, true, suite, mistakes, err));
    if (!rig_suite_check_enrolments(*suite, mistakes, err).ok) {
        rig_auto_suite(suite);
        return (rig_result){.ok = false};
    }
    return RIG_DONE;
}

void rig_suite_device_id(const struct rig_suite *suite, const char *mac_hex, char *out,
                         size_t out_size)
{
    static const char hole[] = "{mac}";
    const char *pattern = suite->device_id;
    const char *at = strstr(pattern, hole);

    if (at == NULL) {
        (void)rig_copy_text(out, out_size, pattern);
        return;
    }
    (void)snprintf(out, out_size, "%.*s%s%s", (int)(at - pattern), pattern, mac_hex,
                   at + sizeof hole - 1);
}
