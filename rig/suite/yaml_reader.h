/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From YAML nodes to structs by const tables. A table names every key of a mapping with its type,
 * range, default and meaning; reading a mapping goes over the keys of the *file*, so a key that no
 * table knows is a mistake by construction, and the same tables print the reference
 * (rig_yaml_describe). Nothing here knows of suites or benches.
 */
#ifndef RIG_SUITE_YAML_READER_H
#define RIG_SUITE_YAML_READER_H

#include "rig/suite/yaml_tree.h"

#include <stdint.h>

/* A word of an enumeration. A list of them ends with a NULL name. */
struct rig_yaml_word {
    const char *name;
    int value;
};

enum rig_yaml_type {
    RIG_YAML_TEXT,     /* char[size]; min..max bytes, `check` may refuse more */
    RIG_YAML_PROSE,    /* as TEXT; line ends become spaces */
    RIG_YAML_INTEGER,  /* signed or unsigned field of 2, 4 or 8 bytes; min..max */
    RIG_YAML_DURATION, /* int64_t in ms; min..max */
    RIG_YAML_LIMIT,    /* as DURATION, or the word `none`: 0 */
    RIG_YAML_BOOL,     /* bool */
    RIG_YAML_ENUM,     /* int or an enum; a word of `words` */
    RIG_YAML_MAP,      /* a mapping by `schema`, into the struct at offset */
    RIG_YAML_CUSTOM,   /* `read` does it */
};

struct rig_yaml_reader;
struct rig_yaml_key;
struct rig_yaml_schema;

typedef void (*rig_yaml_read)(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                              const struct rig_yaml_node *node, void *target);

struct rig_yaml_key {
    const char *name;
    enum rig_yaml_type type;
    bool required;
    size_t offset; /* of the field in the target */
    size_t size;   /* of the field */
    int64_t min;
    int64_t max;
    const struct rig_yaml_word *words;
    const struct rig_yaml_schema
        *schema; /* MAP; for CUSTOM lists: of the elements, for the reference */
    rig_yaml_read read;
    const char *(*check)(const char *text); /* NULL when fine, else what was expected */
    const char
        *form; /* for the reference, when type and range do not say it all; "" or NULL: derived */
    const char *initial; /* default, for the reference */
    const char *doc;
};

struct rig_yaml_schema {
    const char *name; /* "a step", "limits": for messages */
    size_t n_keys;
    const struct rig_yaml_key *keys;
};

/* Shortens a table line: where the field is. */
#define RIG_YAML_FIELD(type_, member_)                                                             \
    .offset = offsetof(type_, member_), .size = sizeof(((type_ *)NULL)->member_)

/* Reads all keys of `node` into `target`; reports unknown, double, missing and wrong ones. */
void rig_yaml_read_mapping(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_schema *schema,
                           const struct rig_yaml_node *node, void *target);

/* One scalar each; false after a mistake was reported. `what` names the place ("key type"). */
bool rig_yaml_read_word(struct rig_yaml_mistakes *mistakes, const char *what,
                        const struct rig_yaml_word *words, const struct rig_yaml_node *node,
                        int *value);
bool rig_yaml_read_text(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                        const struct rig_yaml_node *node, char *out, size_t out_size);

/* NULL unless `node` is a sequence of min..max elements; a mistake says so. */
const struct rig_yaml_node *rig_yaml_list(struct rig_yaml_mistakes *mistakes,
                                          const struct rig_yaml_key *key,
                                          const struct rig_yaml_node *node);

/* ` (did you mean "x"?)` or "": for a word that is close to one of `words`. */
struct rig_yaml_hint {
    char text[80];
};
struct rig_yaml_hint rig_yaml_hint_words(const char *text, const struct rig_yaml_word *words);

/* "a, b or c" of `words`, cut to fit. */
void rig_yaml_join_words(const struct rig_yaml_word *words, char *out, size_t out_size);

/* "rsa-2048" or NULL: the name of a value. */
const char *rig_yaml_word_name(const struct rig_yaml_word *words, int value);

/* A path as it stands in the file becomes one that can be opened from here: it is relative to the
 * file's folder. False after a mistake: the whole would be too long. */
bool rig_yaml_place_path(struct rig_yaml_mistakes *mistakes, int line, const char *written,
                         char *out, size_t out_size);

/* Decimal digits at the start of `text`, their count returned: ten means too many. No sign, no
 * overflow. */
size_t rig_yaml_parse_digits(const char *text, int64_t *value);

/* "250ms", "10s", "5m", "2h"; false when it is none of these or too large. */
bool rig_yaml_parse_duration(const char *text, int64_t *ms);
/* The shortest exact form of a duration: "90s", "2m". */
void rig_yaml_format_duration(int64_t ms, char *out, size_t out_size);

/* Appends Markdown tables of `schema` and the schemas below it; `prefix` stands before its key
 * names. */
RIG_CHECKED rig_result rig_yaml_describe(const struct rig_yaml_schema *schema, const char *title,
                                         struct rig_buf *text, struct rig_error *err);

#endif
