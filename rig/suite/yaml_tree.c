/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/yaml_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

void rig_yaml_mistake(struct rig_yaml_mistakes *mistakes, int line, const char *fmt, ...)
{
    struct rig_yaml_mistake mistake = {.line = line};
    size_t at = mistakes->n_kept;
    va_list args;

    va_start(args, fmt);
    const int n = vsnprintf(mistake.text, sizeof mistake.text, fmt, args);
    va_end(args);
    if (n >= (int)sizeof mistake.text) {
        memcpy(mistake.text + sizeof mistake.text - 4, "...", 4);
    }
    mistakes->n++;
    while (at > 0 && mistakes->kept[at - 1].line > line) {
        at--;
    }
    if (at == RIG_YAML_MAX_MISTAKES) {
        return;
    }
    if (mistakes->n_kept < RIG_YAML_MAX_MISTAKES) {
        mistakes->n_kept++;
    }
    memmove(&mistakes->kept[at + 1], &mistakes->kept[at],
            (mistakes->n_kept - 1 - at) * sizeof mistake);
    mistakes->kept[at] = mistake;
}

rig_result rig_yaml_judge(const struct rig_yaml_mistakes *mistakes, struct rig_buf *text,
                          struct rig_error *err)
{
    if (mistakes->n == 0) {
        return RIG_DONE;
    }
    for (size_t i = 0; i < mistakes->n_kept; i++) {
        RIG_TRY(rig_buf_printf(text, err, "%s:%d: %s\n", mistakes->path, mistakes->kept[i].line,
                               mistakes->kept[i].text));
    }
    if (mistakes->n > mistakes->n_kept) {
        RIG_TRY(rig_buf_printf(text, err, "%s: %zu further mistakes\n", mistakes->path,
                               mistakes->n - mistakes->n_kept));
    }
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "%s:%d: %s", mistakes->path,
                    mistakes->kept[0].line, mistakes->kept[0].text);
}

struct rig_yaml_quote rig_yaml_quote_text(const char *text)
{
    struct rig_yaml_quote quote = {"\""};
    const size_t room = sizeof quote.text - sizeof "...\"";
    size_t n = 1;

    for (const char *c = text; *c != '\0'; c++) {
        if (n == room) {
            memcpy(quote.text + n, "...", 3);
            n += 3;
            break;
        }
        /* only ASCII: a cut inside of a UTF-8 sequence, or a terminal's control codes, must not
         * reach the message */
        quote.text[n++] = (char)(*c >= ' ' && *c < 0x7f ? *c : '?');
    }
    quote.text[n] = '"';
    quote.text[n + 1] = '\0';
    return quote;
}

struct rig_yaml_quote rig_yaml_quote_node(const struct rig_yaml_node *node)
{
    if (node == NULL) {
        return (struct rig_yaml_quote){"nothing"};
    }
    switch (node->kind) {
    case RIG_YAML_SEQUENCE:
        return (struct rig_yaml_quote){"a list"};
    case RIG_YAML_MAPPING:
        return (struct rig_yaml_quote){"a mapping"};
    case RIG_YAML_SCALAR:
        break;
    }
    if (node->text[0] == '\0' && !node->quoted) {
        return (struct rig_yaml_quote){"nothing"};
    }
    return rig_yaml_quote_text(node->text);
}

const struct rig_yaml_node *rig_yaml_find(const struct rig_yaml_node *mapping, const char *key)
{
    if (mapping == NULL || mapping->kind != RIG_YAML_MAPPING) {
        return NULL;
    }
    for (const struct rig_yaml_node *value = mapping->first; value != NULL; value = value->next) {
        if (strcmp(value->key->text, key) == 0) {
            return value;
        }
    }
    return NULL;
}

void rig_yaml_tree_free(struct rig_yaml_tree *tree)
{
    while (tree->newest != NULL) {
        struct rig_yaml_node *node = tree->newest;
        tree->newest = node->allocated_before;
        free(node);
    }
    *tree = (struct rig_yaml_tree){0};
}

/* A parse in progress: the open collections, and in mappings the key that waits for its value. */
struct builder {
    struct rig_yaml_tree *tree;
    struct rig_yaml_mistakes *mistakes;
    size_t depth;
    struct rig_yaml_node *open[RIG_YAML_MAX_DEPTH];
    struct rig_yaml_node *key[RIG_YAML_MAX_DEPTH];
    bool done;
};

/* NULL for lack of memory. The text of a scalar is kept behind the node. */
static struct rig_yaml_node *new_node(struct rig_yaml_tree *tree, enum rig_yaml_kind kind, int line,
                                      const void *text, size_t n_bytes)
{
    struct rig_yaml_node *node = calloc(1, sizeof *node + n_bytes + 1);
    if (node == NULL) {
        return NULL;
    }
    char *copy = (char *)(node + 1);
    if (n_bytes != 0) {
        memcpy(copy, text, n_bytes);
    }
    node->kind = kind;
    node->line = line;
    node->text = copy;
    node->allocated_before = tree->newest;
    tree->newest = node;
    tree->n_nodes++;
    return node;
}

/* Puts a finished scalar or an opened collection where it belongs. */
static void place(struct builder *b, struct rig_yaml_node *node)
{
    if (b->depth == 0) {
        b->tree->root = node;
        return;
    }
    struct rig_yaml_node *parent = b->open[b->depth - 1];
    struct rig_yaml_node **key = &b->key[b->depth - 1];

    if (parent->kind == RIG_YAML_MAPPING) {
        if (*key == NULL) {
            *key = node;
            if (node->kind != RIG_YAML_SCALAR) {
                rig_yaml_mistake(b->mistakes, node->line,
                                 "found %s as a key; expected a word before the colon (text with "
                                 "braces or brackets wants quotes)",
                                 rig_yaml_quote_node(node).text);
                b->done = true;
            }
            return;
        }
        node->key = *key;
        *key = NULL;
    }
    if (parent->last == NULL) {
        parent->first = node;
    } else {
        parent->last->next = node;
    }
    parent->last = node;
}

static void refuse(struct builder *b, int line, const char *text)
{
    rig_yaml_mistake(b->mistakes, line, "%s", text);
    b->done = true;
}

static rig_result add_scalar(struct builder *b, const yaml_event_t *event, int line,
                             struct rig_error *err)
{
    const char *text = (const char *)event->data.scalar.value;
    const size_t length = event->data.scalar.length;

    if (memchr(text, 0, length) != NULL) {
        refuse(b, line, "found a NUL character in a text; expected printable text");
        return RIG_DONE;
    }
    struct rig_yaml_node *node = new_node(b->tree, RIG_YAML_SCALAR, line, text, length);
    if (node == NULL) {
        return rig_fail_memory(err);
    }
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    place(b, node);
    return RIG_DONE;
}

static rig_result open_collection(struct builder *b, enum rig_yaml_kind kind, int line,
                                  struct rig_error *err)
{
    if (b->depth == RIG_YAML_MAX_DEPTH) {
        rig_yaml_mistake(b->mistakes, line,
                         "found lists or mappings nested deeper than %d; expected the few levels "
                         "that suites/README.md shows",
                         RIG_YAML_MAX_DEPTH);
        b->done = true;
        return RIG_DONE;
    }
    struct rig_yaml_node *node = new_node(b->tree, kind, line, NULL, 0);
    if (node == NULL) {
        return rig_fail_memory(err);
    }
    place(b, node);
    b->open[b->depth] = node;
    b->key[b->depth] = NULL;
    b->depth++;
    return RIG_DONE;
}

static bool has_property(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor != NULL || event->data.sequence_start.tag != NULL;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor != NULL || event->data.mapping_start.tag != NULL;
    default:
        return false;
    }
}

static rig_result take_event(struct builder *b, const yaml_event_t *event, struct rig_error *err)
{
    const int line = (int)event->start_mark.line + 1;

    if (has_property(event)) {
        refuse(b, line,
               "found an anchor (&) or a tag (!); expected plain YAML (write the value out, or "
               "put text that begins so in quotes)");
        return RIG_DONE;
    }
    if (b->tree->n_nodes >= RIG_YAML_MAX_NODES) {
        rig_yaml_mistake(b->mistakes, line, "found more than %d values; expected a smaller file",
                         RIG_YAML_MAX_NODES);
        b->done = true;
        return RIG_DONE;
    }
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        refuse(b, line,
               "found an alias (*); expected plain YAML (write the value out, or put text that "
               "begins so in quotes)");
        return RIG_DONE;
    case YAML_DOCUMENT_START_EVENT:
        if (b->tree->root != NULL) {
            refuse(b, line,
                   "found a second document (---); expected one document in a file (use one file "
                   "each)");
        }
        return RIG_DONE;
    case YAML_SCALAR_EVENT:
        return add_scalar(b, event, line, err);
    case YAML_SEQUENCE_START_EVENT:
        return open_collection(b, RIG_YAML_SEQUENCE, line, err);
    case YAML_MAPPING_START_EVENT:
        return open_collection(b, RIG_YAML_MAPPING, line, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return RIG_DONE;
    case YAML_STREAM_END_EVENT:
        b->done = true;
        return RIG_DONE;
    default:
        return RIG_DONE;
    }
}

static int line_of_offset(const char *text, size_t n_bytes, size_t offset)
{
    int line = 1;

    for (size_t i = 0; i < n_bytes && i < offset; i++) {
        line += text[i] == '\n';
    }
    return line;
}

static bool line_has_tab_indent(const char *text, size_t n_bytes, int line)
{
    const char *at = text;
    const char *end = text + n_bytes;

    for (int i = 1; i < line && at < end; i++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline == NULL ? end : newline + 1;
    }
    while (at < end && *at == ' ') {
        at++;
    }
    return at < end && *at == '\t';
}

/*
 * Where a person would look. Quotes, brackets and words without a colon are noticed late: the place
 * to look at is where they begin.
 */
static int line_to_blame(const yaml_parser_t *parser)
{
    const bool late = parser->error == YAML_SCANNER_ERROR ||
                      (parser->context != NULL && strstr(parser->context, "flow") != NULL);

    return (int)(late && parser->context != NULL ? parser->context_mark.line
                                                 : parser->problem_mark.line) +
           1;
}

/* libyaml's complaint in our form. Its own words are kept: they name the construct. */
static void explain(const yaml_parser_t *parser, const char *text, size_t n_bytes,
                    struct rig_yaml_mistakes *mistakes)
{
    const int problem_line = (int)parser->problem_mark.line + 1;
    const char *problem = parser->problem == NULL ? "unreadable YAML" : parser->problem;

    if (parser->error == YAML_READER_ERROR) {
        rig_yaml_mistake(mistakes, line_of_offset(text, n_bytes, parser->problem_offset),
                         "found bytes that are no text (%s); expected a text file in UTF-8",
                         problem);
        return;
    }
    if (line_has_tab_indent(text, n_bytes, problem_line)) {
        rig_yaml_mistake(mistakes, problem_line,
                         "found a tab at the start of the line; expected spaces (YAML forbids tabs "
                         "there)");
        return;
    }
    rig_yaml_mistake(mistakes, line_to_blame(parser),
                     "found broken YAML (%s%s%s at line %d); expected well-formed YAML: look at "
                     "indentation, colons, quotes and brackets (text with { or [ wants quotes)",
                     parser->context != NULL ? parser->context : "",
                     parser->context != NULL ? ": " : "", problem, problem_line);
}

static rig_result run_parser(yaml_parser_t *parser, struct builder *b, const char *text,
                             size_t n_bytes, struct rig_error *err)
{
    while (!b->done) {
        yaml_event_t event;

        if (!yaml_parser_parse(parser, &event)) {
            if (parser->error == YAML_MEMORY_ERROR) {
                return rig_fail_memory(err);
            }
            explain(parser, text, n_bytes, b->mistakes);
            return RIG_DONE;
        }
        const rig_result taken = take_event(b, &event, err);
        yaml_event_delete(&event);
        RIG_TRY(taken);
    }
    return RIG_DONE;
}

rig_result rig_yaml_parse(const char *text, size_t n_bytes, struct rig_yaml_tree *tree,
                          struct rig_yaml_mistakes *mistakes, struct rig_error *err)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    struct builder b = {.tree = tree, .mistakes = mistakes};
    yaml_parser_t parser;

    if (n_bytes > RIG_YAML_MAX_BYTES) {
        rig_yaml_mistake(
            mistakes, 1,
            "found a file of %zu bytes; expected at most 1 MiB (is it the right file?)", n_bytes);
        return RIG_DONE;
    }
    if (n_bytes >= 3 && memcmp(text, byte_order_mark, 3) == 0) {
        text += 3;
        n_bytes -= 3;
    }
    if (!yaml_parser_initialize(&parser)) {
        return rig_fail_memory(err);
    }
    /* an explicit encoding, so that UTF-16 is refused instead of half supported */
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, n_bytes);
    const rig_result ran = run_parser(&parser, &b, text, n_bytes, err);
    yaml_parser_delete(&parser);
    RIG_TRY(ran);
    if (tree->root == NULL && mistakes->n == 0) {
        rig_yaml_mistake(mistakes, 1,
                         "found an empty file; expected a mapping that begins with "
                         "\"rig: 1\"");
    }
    return RIG_DONE;
}
