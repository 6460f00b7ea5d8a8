/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/bench.h"

#include "rig/base/file.h"
#include "rig/esp/reset.h"
#include "rig/esp/rom.h"
#include "rig/link/link.h"
#include "rig/link/tcp.h"
#include "rig/suite/bench_parts.h"
#include "rig/suite/checks.h"
#include "rig/suite/schemas.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_BOARDS 256
#define PORT_SIZE sizeof(((struct rig_bench_board *)NULL)->port)
#define N_OF(table) (sizeof(table) / sizeof((table)[0]))

/* What a board entry leaves out. */
static const struct rig_bench_board board_defaults = {.baud = 115200, .enabled = true};

static void read_port(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                      const struct rig_yaml_node *node, void *target)
{
    struct rig_bench_board *board = target;
    struct rig_error err;

    if (!rig_yaml_read_text(mistakes, key, node, board->port, sizeof board->port)) {
        return;
    }
    /* a name of /dev/serial/by-id, which stays with the adapter */
    if (strncmp(node->text, "usb-", 4) == 0 && strchr(node->text, '/') == NULL) {
        (void)snprintf(board->port, sizeof board->port, "/dev/serial/by-id/%.140s", node->text);
    }
    if (!rig_link_check_address(board->port, &err).ok) {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s for port; expected the address of a board (%.240s)",
                         rig_yaml_quote_node(node).text, err.text);
        board->port[0] = '\0';
    }
}

static void read_usb(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                     const struct rig_yaml_node *node, void *target)
{
    struct rig_bench_board *board = target;

    (void)key;
    rig_bench_read_usb(mistakes, node, board->port, sizeof board->port);
}

static void read_lines(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                       const struct rig_yaml_node *node, void *target)
{
    (void)key;
    rig_bench_read_lines(mistakes, node, &((struct rig_bench_board *)target)->lines);
}

static void read_power(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                       const struct rig_yaml_node *node, void *target)
{
    (void)key;
    rig_bench_read_power(mistakes, node, &((struct rig_bench_board *)target)->power);
}

static void add_tag(struct rig_yaml_mistakes *mistakes, int line, struct rig_bench_board *board,
                    const char *tag)
{
    if (rig_bench_has_tag(board, tag)) {
        return;
    }
    if (board->n_tags == RIG_BENCH_MAX_TAGS) {
        rig_yaml_mistake(mistakes, line,
                         "found more than %d tags and groups for board \"%s\"; expected fewer",
                         RIG_BENCH_MAX_TAGS, board->id.text);
        return;
    }
    (void)rig_copy_text(board->tags[board->n_tags++], sizeof board->tags[0], tag);
}

static void read_tags(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                      const struct rig_yaml_node *node, void *target)
{
    static const struct rig_yaml_key tag_key = {
        .name = "a tag", .type = RIG_YAML_TEXT, .min = 1, .max = 31, .check = rig_check_name};
    char tag[32];

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        if (rig_yaml_read_text(mistakes, &tag_key, item, tag, sizeof tag)) {
            add_tag(mistakes, item->line, target, tag);
        }
    }
}

static void read_chip(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                      const struct rig_yaml_node *node, void *target)
{
    struct rig_bench_board *board = target;
    const struct rig_chip *chip;

    if (!rig_yaml_read_text(mistakes, key, node, board->chip, sizeof board->chip)) {
        return;
    }
    chip = rig_chip_by_name(board->chip);
    if (chip != NULL) {
        (void)rig_copy_text(board->chip, sizeof board->chip, chip->name);
    } else if (strcmp(board->chip, "any") == 0) {
        board->chip[0] = '\0';
    } else {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s for chip; expected a chip as esptool spells it, such as esp32 "
                         "or esp32c3, or any",
                         rig_yaml_quote_node(node).text);
    }
}

static void read_mac(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                     const struct rig_yaml_node *node, void *target)
{
    static const uint8_t zero[RIG_MAC_SIZE];
    struct rig_bench_board *board = target;
    struct rig_error err;
    char digits[2 * RIG_MAC_SIZE + 1] = "";
    bool readable = node->kind == RIG_YAML_SCALAR && strlen(node->text) == 3 * RIG_MAC_SIZE - 1;

    for (size_t i = 0; readable && i < RIG_MAC_SIZE; i++) {
        memcpy(digits + 2 * i, node->text + 3 * i, 2);
        readable = i == RIG_MAC_SIZE - 1 || node->text[3 * i + 2] == ':';
    }
    if (!readable || !rig_hex_parse(digits, board->mac, RIG_MAC_SIZE, &err).ok) {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s for %s; expected six pairs of hex digits, such as "
                         "24:6f:28:aa:00:01",
                         rig_yaml_quote_node(node).text, key->name);
        return;
    }
    if ((board->mac[0] & 1) != 0 || memcmp(board->mac, zero, sizeof zero) == 0) {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s for %s, which is no address of a single device; expected the "
                         "MAC that the board prints",
                         rig_yaml_quote_node(node).text, key->name);
        return;
    }
    board->has_mac = true;
}

static void check_recipe(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *item,
                         const char *text)
{
    static const struct rig_yaml_word names[] = {{"unix-tight", 0},      {"classic", 0},
                                                 {"unix-tight-slow", 0}, {"classic-slow", 0},
                                                 {"usb-jtag", 0},        {NULL, 0}};
    struct rig_reset_recipe recipe;
    struct rig_error err;

    for (const struct rig_yaml_word *name = names; name->name != NULL; name++) {
        if (strcmp(name->name, text) == 0) {
            return;
        }
    }
    if (rig_reset_builtin(text) != NULL) {
        rig_yaml_mistake(
            mistakes, item->line,
            "found the recipe %s, which starts the firmware; expected one into "
            "download mode: unix-tight, classic, unix-tight-slow, classic-slow or usb-jtag",
            rig_yaml_quote_text(text).text);
        return;
    }
    if (strpbrk(text, "0123456789|") == NULL) {
        rig_yaml_mistake(mistakes, item->line,
                         "found %s for a recipe%s; expected unix-tight, classic, unix-tight-slow, "
                         "classic-slow, usb-jtag, or notation such as D0|R1|W0.1|D1|R0|W0.05|D0",
                         rig_yaml_quote_text(text).text, rig_yaml_hint_words(text, names).text);
        return;
    }
    if (!rig_reset_parse("bench", text, &recipe, &err).ok) {
        rig_yaml_mistake(mistakes, item->line,
                         "found %s for a recipe; expected commands D0 D1 R0 R1 U<d>,<r> W<seconds> "
                         "joined by | (%.200s)",
                         rig_yaml_quote_text(text).text, err.text);
    }
}

static void read_recipes(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                         const struct rig_yaml_node *node, void *target)
{
    static const struct rig_yaml_key recipe = {
        .name = "a recipe", .type = RIG_YAML_TEXT, .min = 1, .max = 95};
    struct rig_bench_board *board = target;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    board->n_recipes = 0;
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        char *text = board->recipes[board->n_recipes];

        if (rig_yaml_read_text(mistakes, &recipe, item, text, sizeof board->recipes[0])) {
            check_recipe(mistakes, item, text);
            board->n_recipes++;
        }
    }
}

#define BAUD_KEY(initial_)                                                                         \
    {                                                                                              \
        .name = "baud", .type = RIG_YAML_INTEGER, RIG_YAML_FIELD(struct rig_bench_board, baud),    \
        .min = 9600, .max = 3000000, .initial = (initial_), .doc = "Of the firmware's console."    \
    }
#define CHIP_KEY(initial_)                                                                         \
    {                                                                                              \
        .name = "chip", .type = RIG_YAML_CUSTOM, .read = read_chip, .min = 1, .max = 15,           \
        .form = "esp32, ... as esptool spells it, or `any`", .initial = (initial_),                \
        .doc = "A board with another chip is an error."                                            \
    }
#define RESET_KEY(initial_)                                                                        \
    {                                                                                              \
        .name = "reset", .type = RIG_YAML_CUSTOM, .read = read_recipes, .min = 1,                  \
        .max = RIG_BENCH_MAX_RECIPES,                                                              \
        .form =                                                                                    \
            "list of unix-tight, classic, unix-tight-slow, classic-slow, usb-jtag or notation",    \
        .initial = (initial_),                                                                     \
        .doc = "Ways into download mode, tried in this order; notation as of esptool's custom "    \
               "reset sequences, with W in seconds."                                               \
    }

#define LINES_KEY(initial_)                                                                        \
    {                                                                                              \
        .name = "lines", .type = RIG_YAML_CUSTOM, .read = read_lines,                              \
        .form = "mapping, see below", .initial = (initial_), .doc = "What moves EN and IO0."       \
    }
#define TAGS_KEY(doc_)                                                                             \
    {                                                                                              \
        .name = "tags", .type = RIG_YAML_CUSTOM, .read = read_tags, .min = 1,                      \
        .max = RIG_BENCH_MAX_TAGS, .form = "list of names", .doc = (doc_)                          \
    }

static const struct rig_yaml_key defaults_keys[] = {
    BAUD_KEY("115200"),
    CHIP_KEY("any"),
    RESET_KEY("built-in order"),
    LINES_KEY("DTR and RTS of the port"),
    TAGS_KEY("Of all boards; a board's own come on top."),
};
const struct rig_yaml_schema rig_bench_defaults_schema = {"defaults", N_OF(defaults_keys),
                                                          defaults_keys};

static const struct rig_yaml_key board_keys[] = {
    {.name = "id",
     .type = RIG_YAML_TEXT,
     .required = true,
     RIG_YAML_FIELD(struct rig_bench_board, id),
     .min = 1,
     .max = 47,
     .check = rig_check_name,
     .doc = "The place on the shelf; `--board ID` picks it."},
    {.name = "port",
     .type = RIG_YAML_CUSTOM,
     .read = read_port,
     .min = 1,
     .max = 159,
     .form = "`rfc2217://HOST:PORT`, a path, a name of /dev/serial/by-id, `usb://SERIAL:B`, "
             "`ftdi://SERIAL:B`",
     .doc = "How the board is reached; this or `usb`."},
    {.name = "usb",
     .type = RIG_YAML_CUSTOM,
     .read = read_usb,
     .form = "mapping, see below",
     .doc = "Where it is plugged in, whatever number its tty gets."},
    CHIP_KEY("defaults.chip"),
    BAUD_KEY("defaults.baud"),
    RESET_KEY("defaults.reset"),
    LINES_KEY("defaults.lines"),
    {.name = "power",
     .type = RIG_YAML_CUSTOM,
     .read = read_power,
     .form = "mapping, see below",
     .doc = "What switches its power; a board that gives no answer is cycled once."},
    TAGS_KEY("`--tag NAME` picks the boards that have it."),
    {.name = "mac",
     .type = RIG_YAML_CUSTOM,
     .read = read_mac,
     .form = "six pairs of hex digits with colons",
     .initial = "any",
     .doc = "A board that answers with another MAC is an error."},
    {.name = "enabled",
     .type = RIG_YAML_BOOL,
     RIG_YAML_FIELD(struct rig_bench_board, enabled),
     .initial = "true",
     .doc = "false: the place is left out."},
    {.name = "notes",
     .type = RIG_YAML_PROSE,
     RIG_YAML_FIELD(struct rig_bench_board, notes),
     .max = 127,
     .doc = "For people."},
};
const struct rig_yaml_schema rig_bench_board_schema = {"a board", N_OF(board_keys), board_keys};

static const struct rig_yaml_key bench_keys[] = {
    {.name = "rig",
     .type = RIG_YAML_CUSTOM,
     .required = true,
     .read = rig_yaml_skip,
     .form = "1",
     .doc = "Version of the file's form: 1."},
    {.name = "defaults",
     .type = RIG_YAML_CUSTOM,
     .read = rig_yaml_skip, /* read before the boards, wherever it stands */
     .form = "mapping, see below",
     .doc = "What boards have in common."},
    {.name = "groups",
     .type = RIG_YAML_CUSTOM,
     .read = rig_yaml_skip, /* after the boards */
     .form = "mapping of names to lists of board ids",
     .doc = "`--tag NAME` picks these boards as well."},
    {.name = "boards",
     .type = RIG_YAML_CUSTOM,
     .required = true,
     .read = rig_yaml_skip, /* likewise, after the defaults */
     .min = 1,
     .max = MAX_BOARDS,
     .form = "list of 1 to 256 boards",
     .doc = "The boards of the desk or shelf."},
};
const struct rig_yaml_schema rig_bench_schema = {"a bench", N_OF(bench_keys), bench_keys};

void rig_bench_free(struct rig_bench *bench)
{
    if (bench != NULL) {
        free(bench->boards);
        free(bench);
    }
}

static struct rig_bench_board *find_board(const struct rig_bench *bench, const char *id)
{
    for (size_t i = 0; bench->boards != NULL && i < bench->n_boards; i++) {
        if (strcmp(bench->boards[i].id.text, id) == 0) {
            return &bench->boards[i];
        }
    }
    return NULL;
}

const struct rig_bench_board *rig_bench_find(const struct rig_bench *bench, const char *id)
{
    return find_board(bench, id);
}

bool rig_bench_has_tag(const struct rig_bench_board *board, const char *tag)
{
    for (size_t i = 0; i < board->n_tags; i++) {
        if (strcmp(board->tags[i], tag) == 0) {
            return true;
        }
    }
    return false;
}

static int line_in(const struct rig_yaml_node *item, const char *key)
{
    const struct rig_yaml_node *value = rig_yaml_find(item, key);
    return value != NULL ? value->line : item->line;
}

static bool has_pins(const struct rig_lines_config *lines)
{
    return (lines->kind == RIG_LINES_FTDI_BITBANG || lines->kind == RIG_LINES_FTDI_CBUS) &&
           lines->chip[0] != '\0' && lines->en_pin != lines->boot_pin;
}

static bool share_a_pin(const struct rig_lines_config *a, const struct rig_lines_config *b)
{
    return has_pins(a) && a->kind == b->kind && strcmp(a->chip, b->chip) == 0 &&
           (a->en_pin == b->en_pin || a->en_pin == b->boot_pin || a->boot_pin == b->en_pin ||
            a->boot_pin == b->boot_pin);
}

/* One spelling for a port that has several: a path with links, a host by name or number. */
static void spell_port(const char *port, char spelled[PORT_SIZE])
{
    const char *path = strncmp(port, "serial://", 9) == 0 ? port + 9 : port;
    char resolved[PATH_MAX];
    char host[PORT_SIZE];
    uint16_t number = 0;
    struct rig_error ignored;

    (void)rig_copy_text(spelled, PORT_SIZE, path);
    if (path[0] == '/' && realpath(path, resolved) != NULL && strlen(resolved) < PORT_SIZE) {
        (void)rig_copy_text(spelled, PORT_SIZE, resolved);
    }
    if (strncmp(port, "rfc2217://", 10) == 0 &&
        rig_tcp_parse(port + 10, host, sizeof host, &number, &ignored).ok) {
        for (char *at = host; *at != '\0'; at++) {
            *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
        }
        (void)snprintf(spelled, PORT_SIZE, "%.140s:%u",
                       strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, number);
    }
}

/* What two boards must not share; the ports as spell_port has them. */
static void check_pair(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *item,
                       const struct rig_bench_board *board, const char *port,
                       const struct rig_bench_board *earlier, const char *earlier_port)
{
    if (board->id.text[0] != '\0' && strcasecmp(board->id.text, earlier->id.text) == 0) {
        rig_yaml_mistake(mistakes, line_in(item, "id"),
                         "found the board id \"%s\" a second time; expected ids that differ (first "
                         "on line %d; ids become file names, so capitals don't count)",
                         board->id.text, earlier->line);
    }
    if (port[0] != '\0' && strcmp(port, earlier_port) == 0) {
        rig_yaml_mistake(mistakes,
                         line_in(item, rig_yaml_find(item, "port") != NULL ? "port" : "usb"),
                         "found the port of board \"%s\" a second time; expected a port of its "
                         "own for each board",
                         earlier->id.text);
    }
    if (share_a_pin(&board->lines, &earlier->lines)) {
        rig_yaml_mistake(
            mistakes, line_in(item, "lines"),
            "found a pin of %s that board \"%s\" has already; expected pins of its own "
            "for each board",
            board->lines.chip, earlier->id.text);
    }
    if (board->has_mac && earlier->has_mac && memcmp(board->mac, earlier->mac, RIG_MAC_SIZE) == 0) {
        rig_yaml_mistake(mistakes, line_in(item, "mac"),
                         "found the MAC of board \"%s\" a second time; expected a MAC of its own "
                         "for each board",
                         earlier->id.text);
    }
}

static void check_place(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *item)
{
    const struct rig_yaml_node *port = rig_yaml_find(item, "port");
    const struct rig_yaml_node *usb = rig_yaml_find(item, "usb");

    if (item->kind == RIG_YAML_MAPPING && port == NULL && usb == NULL) {
        rig_yaml_mistake(mistakes, item->line,
                         "found a board without \"port\"; expected that key or \"usb\": how the "
                         "board is reached");
    }
    if (port != NULL && usb != NULL) {
        rig_yaml_mistake(mistakes, usb->key->line,
                         "found both port and usb; expected one of them: how the board is reached");
    }
}

static rig_result read_boards(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *root,
                              struct rig_bench *bench, struct rig_error *err)
{
    const struct rig_yaml_node *defaults_node = rig_yaml_find(root, "defaults");
    const struct rig_yaml_node *boards = rig_yaml_find(root, "boards");
    const struct rig_yaml_key *boards_key = &bench_keys[N_OF(bench_keys) - 1];
    struct rig_bench_board defaults = board_defaults;
    RIG_AUTO(rig_free_chars) char *ports = NULL;
    bool any_enabled = false;

    if (defaults_node != NULL) {
        rig_yaml_read_mapping(mistakes, &rig_bench_defaults_schema, defaults_node, &defaults);
    }
    if (boards == NULL || rig_yaml_list(mistakes, boards_key, boards) == NULL) {
        return RIG_DONE;
    }
    bench->boards = calloc(MAX_BOARDS, sizeof *bench->boards);
    ports = calloc(MAX_BOARDS, PORT_SIZE);
    if (bench->boards == NULL || ports == NULL) {
        return rig_fail_memory(err);
    }
    for (const struct rig_yaml_node *item = boards->first; item != NULL; item = item->next) {
        struct rig_bench_board *board = &bench->boards[bench->n_boards];
        char *port = ports + bench->n_boards * PORT_SIZE;

        *board = defaults;
        board->line = item->line;
        rig_yaml_read_mapping(mistakes, &rig_bench_board_schema, item, board);
        check_place(mistakes, item);
        spell_port(board->port, port);
        for (size_t i = 0; i < bench->n_boards; i++) {
            check_pair(mistakes, item, board, port, &bench->boards[i], ports + i * PORT_SIZE);
        }
        any_enabled = any_enabled || board->enabled;
        bench->n_boards++;
    }
    if (!any_enabled) {
        rig_yaml_mistake(mistakes, boards->key->line,
                         "found no board that is enabled; expected one at least");
    }
    return RIG_DONE;
}

static void read_group(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *group,
                       const struct rig_bench *bench)
{
    static const struct rig_yaml_key key = {
        .name = "a group", .type = RIG_YAML_CUSTOM, .min = 1, .max = MAX_BOARDS};
    const char *name = group->key->text;

    if (rig_check_name(name) != NULL || strlen(name) > 31) {
        rig_yaml_mistake(mistakes, group->key->line, "found %s for a group; expected %s",
                         rig_yaml_quote_text(name).text,
                         rig_check_name(name) != NULL ? rig_check_name(name)
                                                      : "at most 31 characters");
        return;
    }
    if (rig_yaml_list(mistakes, &key, group) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = group->first; item != NULL; item = item->next) {
        struct rig_bench_board *board =
            item->kind == RIG_YAML_SCALAR ? find_board(bench, item->text) : NULL;

        if (board == NULL) {
            rig_yaml_mistake(mistakes, item->line,
                             "found %s in group %s; expected the id of a board of this bench",
                             rig_yaml_quote_node(item).text, name);
        } else {
            add_tag(mistakes, item->line, board, name);
        }
    }
}

static void read_groups(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *root,
                        const struct rig_bench *bench)
{
    const struct rig_yaml_node *groups = rig_yaml_find(root, "groups");

    if (groups == NULL) {
        return;
    }
    if (groups->kind != RIG_YAML_MAPPING) {
        rig_yaml_mistake(mistakes, groups->line,
                         "found %s for groups; expected a mapping of names to lists of board ids",
                         rig_yaml_quote_node(groups).text);
        return;
    }
    for (const struct rig_yaml_node *group = groups->first; group != NULL; group = group->next) {
        read_group(mistakes, group, bench);
    }
}

rig_result rig_bench_parse(const char *path_for_messages, const char *text, size_t n_bytes,
                           struct rig_bench **bench, struct rig_buf *mistakes,
                           struct rig_error *err)
{
    RIG_AUTO(rig_auto_bench) struct rig_bench *made = calloc(1, sizeof *made);
    RIG_AUTO(rig_yaml_file_close) struct rig_yaml_file file = {0};

    *bench = NULL;
    if (made == NULL) {
        return rig_fail_memory(err);
    }
    (void)rig_copy_text(made->path, sizeof made->path, path_for_messages);
    RIG_TRY(rig_yaml_file_parse(&file, path_for_messages, text, n_bytes, err));
    if (rig_yaml_file_ready(&file, RIG_FILE_BENCH)) {
        rig_yaml_read_mapping(file.mistakes, &rig_bench_schema, file.tree.root, made);
        RIG_TRY(read_boards(file.mistakes, file.tree.root, made, err));
        read_groups(file.mistakes, file.tree.root, made);
    }
    RIG_TRY(rig_yaml_judge(file.mistakes, mistakes, err));
    *bench = made;
    made = NULL;
    return RIG_DONE;
}

rig_result rig_bench_load(const char *path, struct rig_bench **bench, struct rig_buf *mistakes,
                          struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};

    *bench = NULL;
    RIG_TRY(rig_yaml_file_read(path, &text, mistakes, err));
    return rig_bench_parse(path, rig_buf_text(&text), text.len, bench, mistakes, err);
}
