/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The YAML subset of files that people write for this rig, as a tree of nodes with lines. Mappings,
 * sequences, scalars, comments, both quote styles and block text are in; anchors, aliases, tags,
 * merge keys, several documents in a file and nesting deeper than RIG_YAML_MAX_DEPTH are refused by
 * name, since none of them makes such a file clearer.
 *
 * On libyaml's event interface. Not libcyaml: its messages name neither line nor what was expected
 * in the file's own words. Not libyaml's document interface: it has resolved anchors and tags away
 * before they could be refused.
 *
 * Mistakes are collected, not returned: a person wants all of them at once. One thread at a time
 * per object.
 */
#ifndef RIG_SUITE_YAML_TREE_H
#define RIG_SUITE_YAML_TREE_H

#include "rig/base/buf.h"
#include "rig/base/error.h"

#define RIG_YAML_MAX_BYTES ((size_t)1 << 20)
#define RIG_YAML_MAX_DEPTH 12
#define RIG_YAML_MAX_NODES 16384
#define RIG_YAML_MAX_MISTAKES 50

/* What is wrong with one file. Kept in order of lines; beyond RIG_YAML_MAX_MISTAKES they are only
 * counted. */
struct rig_yaml_mistakes {
    const char *path; /* for the texts, borrowed */
    size_t n;         /* found, also those that were not kept */
    size_t n_kept;
    struct rig_yaml_mistake {
        int line;
        char text[400];
    } kept[RIG_YAML_MAX_MISTAKES];
};

/* "<what was found>; expected <what>". */
void rig_yaml_mistake(struct rig_yaml_mistakes *mistakes, int line, const char *fmt, ...)
    RIG_PRINTF(3, 4);

/*
 * Appends "FILE:LINE: text" for each mistake to `text` and puts the first into `err` (class USAGE,
 * code INVALID). RIG_DONE when there are none.
 */
RIG_CHECKED rig_result rig_yaml_judge(const struct rig_yaml_mistakes *mistakes,
                                      struct rig_buf *text, struct rig_error *err);

enum rig_yaml_kind { RIG_YAML_SCALAR = 0, RIG_YAML_SEQUENCE, RIG_YAML_MAPPING };

struct rig_yaml_node {
    enum rig_yaml_kind kind;
    int line;                    /* from 1 */
    bool quoted;                 /* a scalar in quotes or a block: never a number or `true` */
    const char *text;            /* scalar; NUL-terminated and without NUL inside */
    struct rig_yaml_node *key;   /* of this value, when it stands in a mapping */
    struct rig_yaml_node *first; /* child */
    struct rig_yaml_node *next;  /* sibling */
    struct rig_yaml_node *last;  /* child: for the builder */
    struct rig_yaml_node *allocated_before;
};

struct rig_yaml_tree {
    struct rig_yaml_node *root; /* NULL when the file has none: a mistake says why */
    struct rig_yaml_node *newest;
    size_t n_nodes;
};

/* Fails for lack of memory only; what is wrong with the file goes to `mistakes`. */
RIG_CHECKED rig_result rig_yaml_parse(const char *text, size_t n_bytes, struct rig_yaml_tree *tree,
                                      struct rig_yaml_mistakes *mistakes, struct rig_error *err);
void rig_yaml_tree_free(struct rig_yaml_tree *tree);

/* The value of `key` in a mapping; NULL when it is not there, or `mapping` is NULL or no mapping.
 */
const struct rig_yaml_node *rig_yaml_find(const struct rig_yaml_node *mapping, const char *key);

/* A node in the words of a message: "a list", "a mapping", "nothing" or the text in quotes, cut and
 * printable. */
struct rig_yaml_quote {
    char text[64];
};
struct rig_yaml_quote rig_yaml_quote_node(const struct rig_yaml_node *node);
struct rig_yaml_quote rig_yaml_quote_text(const char *text);

#endif
