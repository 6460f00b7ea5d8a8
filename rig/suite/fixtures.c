/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/fixtures.h"

#include "rig/base/file.h"
#include "rig/suite/checks.h"
#include "rig/suite/fixtures_names.h"
#include "rig/suite/fixtures_tables.h"
#include "rig/suite/schemas.h"

#include <stdlib.h>
#include <string.h>

#define MAX_FILES 32

struct source {
    char *path;
    char *real_path; /* NULL for a text */
    struct rig_yaml_file yaml;
    struct rig_fixtures_file file;
};

struct sources {
    struct source list[MAX_FILES];
    size_t n;
};

static void free_sources(struct sources **slot)
{
    for (size_t i = 0; *slot != NULL && i < (*slot)->n; i++) {
        rig_yaml_file_close(&(*slot)->list[i].yaml);
        free((*slot)->list[i].path);
        free((*slot)->list[i].real_path);
    }
    free(*slot);
    *slot = NULL;
}

static rig_result add_text(struct sources *sources, const char *path, const char *text,
                           size_t n_bytes, struct rig_fixtures *fixtures, struct rig_error *err)
{
    struct source *source;

    if (sources->n == MAX_FILES) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "more than %d fixture files at once: put fixtures together", MAX_FILES);
    }
    source = &sources->list[sources->n++];
    RIG_TRY(rig_dup_text(&source->path, path, err));
    source->file.fixtures = fixtures;
    RIG_TRY(rig_yaml_file_parse(&source->yaml, source->path, text, n_bytes, err));
    if (rig_yaml_file_ready(&source->yaml, RIG_FILE_PKI)) {
        rig_yaml_read_mapping(source->yaml.mistakes, &rig_fixtures_schema, source->yaml.tree.root,
                              &source->file);
    }
    return source->file.no_memory ? rig_fail_memory(err) : RIG_DONE;
}

static bool is_loaded(const struct sources *sources, const char *real_path)
{
    for (size_t i = 0; i < sources->n; i++) {
        if (sources->list[i].real_path != NULL &&
            strcmp(sources->list[i].real_path, real_path) == 0) {
            return true;
        }
    }
    return false;
}

/* A file and, behind it, those it uses; each once. */
static rig_result add_file(struct sources *sources, const char *path, struct rig_fixtures *fixtures,
                           struct rig_buf *mistakes, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    RIG_AUTO(rig_free_chars) char *real_path = realpath(path, NULL);

    if (real_path != NULL && is_loaded(sources, real_path)) {
        return RIG_DONE;
    }
    RIG_TRY(rig_yaml_file_read(path, &text, mistakes, err));
    RIG_TRY(add_text(sources, path, rig_buf_text(&text), text.len, fixtures, err));
    sources->list[sources->n - 1].real_path = real_path;
    real_path = NULL;
    return RIG_DONE;
}

static rig_result add_used(struct sources *sources, size_t at, struct rig_fixtures *fixtures,
                           struct rig_buf *mistakes, struct rig_error *err)
{
    const struct source *source = &sources->list[at];
    const char *slash = strrchr(source->path, '/');

    for (size_t i = 0; i < source->file.n_uses; i++) {
        RIG_AUTO(rig_buf_free) struct rig_buf path = {0};
        const char *why;

        RIG_TRY(rig_buf_printf(&path, err, "%.*s%s",
                               slash != NULL ? (int)(slash - source->path + 1) : 0, source->path,
                               source->file.uses[i]));
        why = rig_why_unreadable(rig_buf_text(&path));
        if (why != NULL) {
            rig_yaml_mistake(source->yaml.mistakes,
                             rig_yaml_find(source->yaml.tree.root, "uses")->key->line,
                             "found \"%s\" for a file to use, which can't be read (%s); expected "
                             "the name of a .yaml file in the same folder",
                             source->file.uses[i], why);
            continue;
        }
        RIG_TRY_IN(add_file(sources, rig_buf_text(&path), fixtures, mistakes, err), err,
                   "%s uses %s", source->path, source->file.uses[i]);
    }
    return RIG_DONE;
}

static rig_result judge(struct sources *sources, bool names_too, struct rig_fixtures *fixtures,
                        struct rig_buf *mistakes, struct rig_error *err)
{
    size_t n_mistakes = 0;
    rig_result all = RIG_DONE;

    for (size_t i = 0; i < sources->n; i++) {
        n_mistakes += sources->list[i].yaml.mistakes->n;
    }
    for (size_t i = 0; names_too && n_mistakes == 0 && i < sources->n; i++) {
        rig_fixtures_check_names(sources->list[i].yaml.mistakes, sources->list[i].yaml.tree.root,
                                 fixtures);
    }
    for (size_t i = 0; i < sources->n; i++) {
        struct rig_error one;

        rig_error_clear(&one);
        if (!rig_yaml_judge(sources->list[i].yaml.mistakes, mistakes, &one).ok && all.ok) {
            all = rig_fail_as(err, &one);
        }
    }
    return all;
}

rig_result rig_fixtures_load(const char *const *paths, size_t n_paths,
                             struct rig_fixtures **fixtures, struct rig_buf *mistakes,
                             struct rig_error *err)
{
    RIG_AUTO(rig_auto_fixtures) struct rig_fixtures *made = calloc(1, sizeof *made);
    RIG_AUTO(free_sources) struct sources *sources = calloc(1, sizeof *sources);

    *fixtures = NULL;
    if (made == NULL || sources == NULL) {
        return rig_fail_memory(err);
    }
    for (size_t i = 0; i < n_paths; i++) {
        RIG_TRY(add_file(sources, paths[i], made, mistakes, err));
    }
    for (size_t i = 0; i < sources->n; i++) {
        RIG_TRY(add_used(sources, i, made, mistakes, err));
    }
    RIG_TRY(judge(sources, true, made, mistakes, err));
    *fixtures = made;
    made = NULL;
    return RIG_DONE;
}

rig_result rig_fixtures_parse(const char *path_for_messages, const char *text, size_t n_bytes,
                              struct rig_fixtures **fixtures, struct rig_buf *mistakes,
                              struct rig_error *err)
{
    RIG_AUTO(rig_auto_fixtures) struct rig_fixtures *made = calloc(1, sizeof *made);
    RIG_AUTO(free_sources) struct sources *sources = calloc(1, sizeof *sources);

    *fixtures = NULL;
    if (made == NULL || sources == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(add_text(sources, path_for_messages, text, n_bytes, made, err));
    RIG_TRY(judge(sources, sources->list[0].file.n_uses == 0, made, mistakes, err));
    *fixtures = made;
    made = NULL;
    return RIG_DONE;
}

rig_result rig_fixtures_describe_schema(struct rig_buf *text, struct rig_error *err)
{
    RIG_TRY(rig_yaml_describe(&rig_fixtures_schema, "A file of PKI fixtures", text, err));
    RIG_TRY(rig_yaml_describe(&rig_authority_schema, "An authority", text, err));
    RIG_TRY(rig_yaml_describe(&rig_device_schema, "A device", text, err));
    RIG_TRY(rig_yaml_describe(&rig_server_schema, "A server", text, err));
    RIG_TRY(rig_yaml_describe(&rig_extension_schema, "An extension", text, err));
    RIG_TRY(rig_yaml_describe(&rig_crl_set_schema, "A CRL", text, err));
    RIG_TRY(rig_yaml_describe(&rig_crl_schema, "A list of a CRL", text, err));
    return rig_yaml_describe(&rig_ocsp_schema, "An OCSP answer", text, err);
}
