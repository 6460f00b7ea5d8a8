/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/yaml_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAX_WORD 40

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Capitals and '_' for '-' are no difference that a person notices. */
static bool alike(char a, char b)
{
    const char x[] = {(char)(a == '_' ? '-' : a), '\0'};
    const char y[] = {(char)(b == '_' ? '-' : b), '\0'};

    return strcasecmp(x, y) == 0;
}

/* Edits between two words, a swap of neighbours being one edit; MAX_WORD for words that are too
 * long to compare. */
static size_t distance(const char *a, const char *b)
{
    const size_t n_a = strlen(a);
    const size_t n_b = strlen(b);
    size_t rows[3][MAX_WORD + 1];

    if (n_a > MAX_WORD || n_b > MAX_WORD) {
        return MAX_WORD;
    }
    for (size_t j = 0; j <= n_b; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= n_a; i++) {
        const size_t *before = rows[(i + 1) % 3];
        const size_t *above = rows[(i - 1) % 3];
        size_t *row = rows[i % 3];

        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            row[j] = smaller(smaller(above[j], row[j - 1]) + 1,
                             above[j - 1] + (alike(a[i - 1], b[j - 1]) ? 0 : 1));
            if (i > 1 && j > 1 && alike(a[i - 1], b[j - 2]) && alike(a[i - 2], b[j - 1])) {
                row[j] = smaller(row[j], before[j - 2] + 1);
            }
        }
    }
    return rows[n_a % 3][n_b];
}

/* Keeps in *best the candidate that is closest to `text`, when it is close at all. */
static void consider(const char *text, const char *candidate, const char **best, size_t *best_at)
{
    const size_t at = distance(text, candidate);
    const size_t near = strlen(candidate) <= 4 ? 1 : strlen(candidate) / 3;

    if (at <= near && at < *best_at) {
        *best = candidate;
        *best_at = at;
    }
}

static struct rig_yaml_hint hint_of(const char *best)
{
    struct rig_yaml_hint hint = {""};
    if (best != NULL) {
        (void)snprintf(hint.text, sizeof hint.text, " (did you mean \"%s\"?)", best);
    }
    return hint;
}

struct rig_yaml_hint rig_yaml_hint_words(const char *text, const struct rig_yaml_word *words)
{
    const char *best = NULL;
    size_t best_at = MAX_WORD;

    for (; words->name != NULL; words++) {
        consider(text, words->name, &best, &best_at);
    }
    return hint_of(best);
}

static struct rig_yaml_hint hint_keys(const char *text, const struct rig_yaml_schema *schema)
{
    const char *best = NULL;
    size_t best_at = MAX_WORD;

    for (size_t i = 0; i < schema->n_keys; i++) {
        consider(text, schema->keys[i].name, &best, &best_at);
    }
    return hint_of(best);
}

static void append(char *out, size_t out_size, size_t *at, const char *text)
{
    if (*at < out_size) {
        const int n = snprintf(out + *at, out_size - *at, "%s", text);
        *at += n < 0 ? 0 : (size_t)n;
    }
}

void rig_yaml_join_words(const struct rig_yaml_word *words, char *out, size_t out_size)
{
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; words[i].name != NULL; i++) {
        if (i > 0) {
            append(out, out_size, &at, words[i + 1].name == NULL ? " or " : ", ");
        }
        append(out, out_size, &at, words[i].name);
    }
}

static void join_keys(const struct rig_yaml_schema *schema, char *out, size_t out_size)
{
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; i < schema->n_keys; i++) {
        append(out, out_size, &at, i > 0 ? ", " : "");
        append(out, out_size, &at, schema->keys[i].name);
    }
}

const char *rig_yaml_word_name(const struct rig_yaml_word *words, int value)
{
    for (; words->name != NULL; words++) {
        if (words->value == value) {
            return words->name;
        }
    }
    return NULL;
}

static const struct {
    const char *unit;
    int64_t ms;
} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};

#define N_UNITS (sizeof units / sizeof units[0])

size_t rig_yaml_parse_digits(const char *text, int64_t *value)
{
    size_t n = 0;

    *value = 0;
    while (text[n] >= '0' && text[n] <= '9' && n < 10) {
        *value = *value * 10 + (text[n] - '0');
        n++;
    }
    return n;
}

bool rig_yaml_parse_duration(const char *text, int64_t *ms)
{
    int64_t value;
    const size_t n = rig_yaml_parse_digits(text, &value);

    if (n == 0 || n > 9) {
        return false;
    }
    for (size_t i = 0; i < N_UNITS; i++) {
        if (strcmp(text + n, units[i].unit) == 0) {
            *ms = value * units[i].ms;
            return true;
        }
    }
    return false;
}

void rig_yaml_format_duration(int64_t ms, char *out, size_t out_size)
{
    size_t i = N_UNITS - 1;

    while (i > 0 && (ms % units[i].ms != 0 || ms == 0)) {
        i--;
    }
    (void)snprintf(out, out_size, "%" PRId64 "%s", ms / units[i].ms, units[i].unit);
}

static bool read_duration(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                          const struct rig_yaml_node *node, int64_t *ms)
{
    const char *or_none = key->type == RIG_YAML_LIMIT ? " or none" : "";
    char low[24];
    char high[24];
    int64_t bare;

    if (key->type == RIG_YAML_LIMIT && node->kind == RIG_YAML_SCALAR &&
        strcmp(node->text, "none") == 0) {
        *ms = 0;
        return true;
    }
    if (node->kind == RIG_YAML_SCALAR && node->text[0] != '\0') {
        const size_t n = rig_yaml_parse_digits(node->text, &bare);
        if (n == strlen(node->text)) {
            rig_yaml_mistake(mistakes, node->line,
                             "found %s: %s without a unit; expected a duration with its unit, such "
                             "as %ss or %sms%s",
                             key->name, node->text, node->text, node->text, or_none);
            return false;
        }
    }
    if (node->kind != RIG_YAML_SCALAR || !rig_yaml_parse_duration(node->text, ms)) {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s for %s; expected a whole number and its unit (ms, s, m or h), "
                         "such as 250ms, 10s or 5m%s",
                         rig_yaml_quote_node(node).text, key->name, or_none);
        return false;
    }
    if (*ms < key->min || *ms > key->max) {
        rig_yaml_format_duration(key->min, low, sizeof low);
        rig_yaml_format_duration(key->max, high, sizeof high);
        rig_yaml_mistake(mistakes, node->line, "found %s for %s; expected %s to %s%s",
                         rig_yaml_quote_node(node).text, key->name, low, high, or_none);
        return false;
    }
    return true;
}

static bool read_integer(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                         const struct rig_yaml_node *node, int64_t *value)
{
    if (node->kind == RIG_YAML_SCALAR && !node->quoted) {
        const size_t n = rig_yaml_parse_digits(node->text, value);
        /* no leading zero: YAML 1.1 reads it as octal, people as decimal */
        const bool plain = n > 0 && n == strlen(node->text) && (n == 1 || node->text[0] != '0');
        if (plain && *value >= key->min && *value <= key->max) {
            return true;
        }
    }
    rig_yaml_mistake(mistakes, node->line,
                     "found %s for %s; expected a whole number from %" PRId64 " to %" PRId64
                     " without quotes",
                     rig_yaml_quote_node(node).text, key->name, key->min, key->max);
    return false;
}

static void store_integer(void *field, size_t size, int64_t value)
{
    const int16_t two = (int16_t)value;
    const int32_t four = (int32_t)value;

    memcpy(field,
           size == 2   ? (const void *)&two
           : size == 4 ? (const void *)&four
                       : &value,
           size == 2 || size == 4 ? size : sizeof value);
}

static void read_bool(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                      const struct rig_yaml_node *node, bool *value)
{
    if (node->kind == RIG_YAML_SCALAR && !node->quoted && strcmp(node->text, "true") == 0) {
        *value = true;
    } else if (node->kind == RIG_YAML_SCALAR && !node->quoted && strcmp(node->text, "false") == 0) {
        *value = false;
    } else {
        rig_yaml_mistake(mistakes, node->line, "found %s for %s; expected true or false",
                         rig_yaml_quote_node(node).text, key->name);
    }
}

bool rig_yaml_read_word(struct rig_yaml_mistakes *mistakes, const char *what,
                        const struct rig_yaml_word *words, const struct rig_yaml_node *node,
                        int *value)
{
    char expected[300];

    if (node->kind == RIG_YAML_SCALAR) {
        for (const struct rig_yaml_word *word = words; word->name != NULL; word++) {
            if (strcmp(word->name, node->text) == 0) {
                *value = word->value;
                return true;
            }
        }
    }
    rig_yaml_join_words(words, expected, sizeof expected);
    rig_yaml_mistake(
        mistakes, node->line, "found %s for %s%s; expected %s", rig_yaml_quote_node(node).text,
        what, node->kind == RIG_YAML_SCALAR ? rig_yaml_hint_words(node->text, words).text : "",
        expected);
    return false;
}

/* Folds line ends and trims; returns the length, or SIZE_MAX for a control character. */
static size_t clean_text(const char *from, bool prose, char *to, size_t to_size)
{
    size_t n = 0;

    for (; *from != '\0'; from++) {
        char c = *from;
        if (prose && (c == '\n' || c == '\t')) {
            c = ' ';
        }
        if ((unsigned char)c < 0x20 || c == 0x7f) {
            return SIZE_MAX;
        }
        if (n < to_size) {
            to[n] = c;
        }
        n++;
    }
    while (prose && n > 0 && n <= to_size && to[n - 1] == ' ') {
        n--;
    }
    return n;
}

bool rig_yaml_read_text(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                        const struct rig_yaml_node *node, char *out, size_t out_size)
{
    char clean[512];

    if (node->kind != RIG_YAML_SCALAR) {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s for %s; expected a text (in quotes when it holds { or [)",
                         rig_yaml_quote_node(node).text, key->name);
        return false;
    }
    const size_t n = clean_text(node->text, key->type == RIG_YAML_PROSE, clean, sizeof clean - 1);
    if (n == SIZE_MAX) {
        rig_yaml_mistake(mistakes, node->line,
                         "found a line end or control character in %s; expected one line of "
                         "printable text",
                         key->name);
        return false;
    }
    clean[n < sizeof clean ? n : sizeof clean - 1] = '\0';
    const char *expected = key->check == NULL ? NULL : key->check(clean);
    if (expected != NULL) {
        rig_yaml_mistake(mistakes, node->line, "found %s for %s; expected %s",
                         rig_yaml_quote_node(node).text, key->name, expected);
        return false;
    }
    if (n < (size_t)key->min || n > (size_t)key->max || n >= out_size || n >= sizeof clean) {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s with %zu bytes for %s; expected %" PRId64 " to %" PRId64
                         " bytes",
                         rig_yaml_quote_node(node).text, n, key->name, key->min, key->max);
        return false;
    }
    memcpy(out, clean, n + 1);
    return true;
}

const struct rig_yaml_node *rig_yaml_list(struct rig_yaml_mistakes *mistakes,
                                          const struct rig_yaml_key *key,
                                          const struct rig_yaml_node *node)
{
    int64_t n = 0;

    if (node->kind != RIG_YAML_SEQUENCE) {
        rig_yaml_mistake(mistakes, node->line, "found %s for %s; expected a list",
                         rig_yaml_quote_node(node).text, key->name);
        return NULL;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        n++;
    }
    if (n < key->min || n > key->max) {
        rig_yaml_mistake(mistakes, node->line,
                         "found a list of %" PRId64 " for %s; expected %" PRId64 " to %" PRId64
                         " elements",
                         n, key->name, key->min, key->max);
        return NULL;
    }
    return node;
}

static void read_value(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                       const struct rig_yaml_node *node, void *target)
{
    char *field = (char *)target + key->offset;
    int64_t number;
    int word = 0;

    switch (key->type) {
    case RIG_YAML_TEXT:
    case RIG_YAML_PROSE:
        (void)rig_yaml_read_text(mistakes, key, node, field, key->size);
        break;
    case RIG_YAML_INTEGER:
        if (read_integer(mistakes, key, node, &number)) {
            store_integer(field, key->size, number);
        }
        break;
    case RIG_YAML_DURATION:
    case RIG_YAML_LIMIT:
        if (read_duration(mistakes, key, node, &number)) {
            store_integer(field, key->size, number);
        }
        break;
    case RIG_YAML_BOOL:
        read_bool(mistakes, key, node, (bool *)field);
        break;
    case RIG_YAML_ENUM:
        if (rig_yaml_read_word(mistakes, key->name, key->words, node, &word)) {
            memcpy(field, &word, sizeof word);
        }
        break;
    case RIG_YAML_MAP:
        rig_yaml_read_mapping(mistakes, key->schema, node, field);
        break;
    case RIG_YAML_CUSTOM:
        key->read(mistakes, key, node, target);
        break;
    }
}

static const struct rig_yaml_key *key_of(const struct rig_yaml_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->n_keys; i++) {
        if (strcmp(schema->keys[i].name, name) == 0) {
            return &schema->keys[i];
        }
    }
    return NULL;
}

void rig_yaml_read_mapping(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_schema *schema,
                           const struct rig_yaml_node *node, void *target)
{
    char known[300];

    join_keys(schema, known, sizeof known);
    if (node->kind != RIG_YAML_MAPPING) {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s for %s; expected a mapping with keys of: %s",
                         rig_yaml_quote_node(node).text, schema->name, known);
        return;
    }
    for (const struct rig_yaml_node *value = node->first; value != NULL; value = value->next) {
        const char *name = value->key->text;
        const struct rig_yaml_key *key = key_of(schema, name);
        const struct rig_yaml_node *first = rig_yaml_find(node, name);

        if (key == NULL) {
            rig_yaml_mistake(
                mistakes, value->key->line, "found unknown key %s in %s%s; expected one of: %s",
                rig_yaml_quote_text(name).text, schema->name, hint_keys(name, schema).text, known);
        } else if (first != value) {
            rig_yaml_mistake(mistakes, value->key->line,
                             "found %s a second time in %s; expected it once (first on line %d)",
                             name, schema->name, first->key->line);
        } else {
            read_value(mistakes, key, value, target);
        }
    }
    for (size_t i = 0; i < schema->n_keys; i++) {
        if (schema->keys[i].required && rig_yaml_find(node, schema->keys[i].name) == NULL) {
            rig_yaml_mistake(mistakes, node->line, "found %s without \"%s\"; expected that key: %s",
                             schema->name, schema->keys[i].name, schema->keys[i].doc);
        }
    }
}

/* What may stand for a key's value, for the reference. */
static void describe_form(const struct rig_yaml_key *key, char *out, size_t out_size)
{
    char low[24];
    char high[24];

    if (key->form != NULL) {
        (void)snprintf(out, out_size, "%s", key->form);
        return;
    }
    rig_yaml_format_duration(key->min, low, sizeof low);
    rig_yaml_format_duration(key->max, high, sizeof high);
    switch (key->type) {
    case RIG_YAML_TEXT:
    case RIG_YAML_PROSE:
        (void)snprintf(out, out_size, "text, %" PRId64 " to %" PRId64 " bytes", key->min, key->max);
        break;
    case RIG_YAML_INTEGER:
        (void)snprintf(out, out_size, "number, %" PRId64 " to %" PRId64, key->min, key->max);
        break;
    case RIG_YAML_DURATION:
    case RIG_YAML_LIMIT:
        (void)snprintf(out, out_size, "duration, %s to %s%s", low, high,
                       key->type == RIG_YAML_LIMIT ? ", or `none`" : "");
        break;
    case RIG_YAML_BOOL:
        (void)snprintf(out, out_size, "`true` or `false`");
        break;
    case RIG_YAML_ENUM:
        rig_yaml_join_words(key->words, out, out_size);
        break;
    case RIG_YAML_MAP:
        (void)snprintf(out, out_size, "mapping, see below");
        break;
    case RIG_YAML_CUSTOM:
        (void)snprintf(out, out_size, "list, %" PRId64 " to %" PRId64 " elements", key->min,
                       key->max);
        break;
    }
}

rig_result rig_yaml_describe(const struct rig_yaml_schema *schema, const char *title,
                             struct rig_buf *text, struct rig_error *err)
{
    RIG_TRY(rig_buf_printf(
        text, err, "### %s\n\n| Key | Value | Default | Meaning |\n|---|---|---|---|\n", title));
    for (size_t i = 0; i < schema->n_keys; i++) {
        const struct rig_yaml_key *key = &schema->keys[i];
        char form[400];

        describe_form(key, form, sizeof form);
        RIG_TRY(rig_buf_printf(text, err, "| `%s` | %s | %s | %s |\n", key->name, form,
                               key->required          ? "required"
                               : key->initial != NULL ? key->initial
                                                      : "",
                               key->doc));
    }
    return rig_buf_append_text(text, "\n", err);
}

bool rig_yaml_place_path(struct rig_yaml_mistakes *mistakes, int line, const char *written,
                         char *out, size_t out_size)
{
    const char *slash = strrchr(mistakes->path, '/');
    const int n_folder = written[0] != '/' && slash != NULL ? (int)(slash + 1 - mistakes->path) : 0;
    const int n = snprintf(out, out_size, "%.*s%s", n_folder, mistakes->path, written);

    if (n < 0 || (size_t)n >= out_size) {
        rig_yaml_mistake(mistakes, line, "found a path of %d bytes; expected at most %zu", n,
                         out_size - 1);
        out[0] = '\0';
        return false;
    }
    return true;
}
