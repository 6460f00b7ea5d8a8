/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fixture files (fixtures/pki) into the recipes of rig/pki/recipe.h. A file may use the authorities
 * of another one that it names in `uses`.
 *
 * Errors as of suites: class USAGE, code INVALID, with every mistake as FILE:LINE: what was found;
 * what was expected. No globals, any thread.
 */
#ifndef RIG_SUITE_FIXTURES_H
#define RIG_SUITE_FIXTURES_H

#include "rig/base/buf.h"
#include "rig/pki/recipe.h"

/* Loads files and those they use, each once, into one set of recipes, and checks that every name
 * that one mentions is there. The caller frees the fixtures; mistakes are appended as text. */
RIG_CHECKED rig_result rig_fixtures_load(const char *const *paths, size_t n_paths,
                                         struct rig_fixtures **fixtures, struct rig_buf *mistakes,
                                         struct rig_error *err);

/* One text alone, for tests and fuzzing: `uses` is read, but no other file; names are looked up
 * only when there is no `uses`. */
RIG_CHECKED rig_result rig_fixtures_parse(const char *path_for_messages, const char *text,
                                          size_t n_bytes, struct rig_fixtures **fixtures,
                                          struct rig_buf *mistakes, struct rig_error *err);

/* Appends the reference as Markdown tables. */
RIG_CHECKED rig_result rig_fixtures_describe_schema(struct rig_buf *text, struct rig_error *err);

#endif
