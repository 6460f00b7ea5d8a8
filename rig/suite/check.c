/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/check.h"

#include "rig/base/file.h"
#include "rig/suite/bench.h"
#include "rig/suite/ca_config.h"
#include "rig/suite/enrolment_file.h"
#include "rig/suite/fixtures.h"
#include "rig/suite/profile_file.h"
#include "rig/suite/schemas.h"
#include "rig/suite/suite.h"

#include <string.h>

void rig_yaml_skip(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                   const struct rig_yaml_node *node, void *target)
{
    (void)mistakes;
    (void)key;
    (void)node;
    (void)target;
}

void rig_yaml_file_close(struct rig_yaml_file *file)
{
    rig_yaml_tree_free(&file->tree);
    free(file->mistakes);
    file->mistakes = NULL;
}

rig_result rig_yaml_file_read(const char *path, struct rig_buf *text, struct rig_buf *mistakes,
                              struct rig_error *err)
{
    struct rig_error ignored;
    const rig_result read = rig_file_read(path, RIG_YAML_MAX_BYTES, text, err);

    if (!read.ok) {
        /* the first error is the one that counts, also when there is no memory to repeat it */
        (void)rig_buf_printf(mistakes, &ignored, "%s\n", err->text).ok;
    }
    return read;
}

rig_result rig_yaml_file_parse(struct rig_yaml_file *file, const char *path_for_messages,
                               const char *text, size_t n_bytes, struct rig_error *err)
{
    file->mistakes = calloc(1, sizeof *file->mistakes);
    if (file->mistakes == NULL) {
        return rig_fail_memory(err);
    }
    file->mistakes->path = path_for_messages;
    return rig_yaml_parse(text, n_bytes, &file->tree, file->mistakes, err);
}

/* What only a file of that kind has. */
static const struct {
    const char *key;
    const char *name;
} kinds[] = {
    [RIG_FILE_SUITE] = {"each_key", "suite"}, [RIG_FILE_BENCH] = {"boards", "bench"},
    [RIG_FILE_CA] = {"vault", "CA"},          [RIG_FILE_ENROLMENT] = {"enrolment", "enrolment"},
    [RIG_FILE_PKI] = {"pki", "PKI fixture"},  [RIG_FILE_PROFILE] = {"profile", "server profile"},
};

const char *rig_file_kind_name(enum rig_file_kind kind)
{
    return kinds[kind].name;
}

static const char *article_of(const char *name)
{
    return strchr("aeiou", name[0]) != NULL ? "an" : "a";
}

static bool is_of_kind(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *root,
                       enum rig_file_kind kind)
{
    if (rig_yaml_find(root, kinds[kind].key) != NULL) {
        return true;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct rig_yaml_node *other = rig_yaml_find(root, kinds[i].key);

        if (other != NULL) {
            rig_yaml_mistake(mistakes, other->key->line,
                             "found %s: this is %s %s file; expected %s %s file", kinds[i].key,
                             article_of(kinds[i].name), kinds[i].name, article_of(kinds[kind].name),
                             kinds[kind].name);
            return false;
        }
    }
    return true;
}

bool rig_yaml_file_ready(struct rig_yaml_file *file, enum rig_file_kind kind)
{
    const struct rig_yaml_node *root = file->tree.root;
    const struct rig_yaml_node *version = rig_yaml_find(root, "rig");

    if (file->mistakes->n != 0) {
        return false;
    }
    if (root->kind == RIG_YAML_SCALAR && root->text[0] == '\0') {
        rig_yaml_mistake(file->mistakes, root->line,
                         "found an empty file; expected a mapping that begins with \"rig: 1\"");
        return false;
    }
    if (version != NULL &&
        (version->kind != RIG_YAML_SCALAR || strcmp(version->text, RIG_FILE_VERSION) != 0)) {
        rig_yaml_mistake(file->mistakes, version->line,
                         "found version %s; expected rig: " RIG_FILE_VERSION
                         ", the version of files that this program reads",
                         rig_yaml_quote_node(version).text);
        return false;
    }
    return is_of_kind(file->mistakes, root, kind);
}

static void free_profile(struct rig_server_profile **profile)
{
    free(*profile);
}

rig_result rig_check_file(const char *path, enum rig_file_kind *kind, struct rig_buf *mistakes,
                          struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    RIG_AUTO(rig_yaml_file_close) struct rig_yaml_file file = {0};
    RIG_AUTO(rig_auto_suite) struct rig_suite *suite = NULL;
    RIG_AUTO(rig_auto_bench) struct rig_bench *bench = NULL;
    RIG_AUTO(rig_auto_enrolment_file) struct rig_enrolment_file *enrolment = NULL;
    RIG_AUTO(rig_auto_fixtures) struct rig_fixtures *fixtures = NULL;
    RIG_AUTO(free_profile) struct rig_server_profile *profile = NULL;
    struct rig_ca_vault_config config;

    *kind = RIG_FILE_SUITE;
    RIG_TRY(rig_yaml_file_read(path, &text, mistakes, err));
    RIG_TRY(rig_yaml_file_parse(&file, path, rig_buf_text(&text), text.len, err));
    if (rig_yaml_find(file.tree.root, kinds[RIG_FILE_BENCH].key) != NULL) {
        *kind = RIG_FILE_BENCH;
        return rig_bench_parse(path, rig_buf_text(&text), text.len, &bench, mistakes, err);
    }
    if (rig_yaml_find(file.tree.root, kinds[RIG_FILE_CA].key) != NULL) {
        *kind = RIG_FILE_CA;
        return rig_ca_config_parse(path, rig_buf_text(&text), text.len, &config, mistakes, err);
    }
    if (rig_yaml_find(file.tree.root, kinds[RIG_FILE_ENROLMENT].key) != NULL) {
        *kind = RIG_FILE_ENROLMENT;
        return rig_enrolment_file_parse(path, rig_buf_text(&text), text.len, &enrolment, mistakes,
                                        err);
    }
    if (rig_yaml_find(file.tree.root, kinds[RIG_FILE_PKI].key) != NULL) {
        *kind = RIG_FILE_PKI;
        return rig_fixtures_load(&path, 1, &fixtures, mistakes, err);
    }
    if (rig_yaml_find(file.tree.root, kinds[RIG_FILE_PROFILE].key) != NULL) {
        *kind = RIG_FILE_PROFILE;
        return rig_profile_file_parse(path, rig_buf_text(&text), text.len, &profile, mistakes, err);
    }
    return rig_suite_load(path, &suite, mistakes, err);
}
