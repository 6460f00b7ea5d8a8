/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/bench_parts.h"

#include "rig/link/usb.h"
#include "rig/suite/checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_OF(table) (sizeof(table) / sizeof((table)[0]))
#define MAX_PIN 7
#define MAX_CBUS 3

/* ---- usb ---- */

struct usb_place {
    char serial[64];
    char path[32];
    char vid[8];
    char pid[8];
    char interface[4];
    int via;
};

enum { VIA_TTY, VIA_FTDI };

static const struct rig_yaml_word via_words[] = {{"tty", VIA_TTY}, {"ftdi", VIA_FTDI}, {NULL, 0}};

static const char *check_serial(const char *text)
{
    return strpbrk(text, ":/ ") == NULL
               ? NULL
               : "a USB serial number as 'rig boards' shows it, without : / and spaces";
}

static const char *check_path(const char *text)
{
    struct rig_usb_selector selector;
    struct rig_error err;

    return rig_usb_parse(text, &selector, &err).ok && selector.by == RIG_USB_BY_PATH &&
                   selector.interface == RIG_USB_ANY_INTERFACE
               ? NULL
               : "a USB path as 'rig boards' shows it, such as 1-4.2";
}

static const char *check_id(const char *text)
{
    return strlen(text) == 4 && text[strspn(text, "0123456789abcdefABCDEF")] == '\0'
               ? NULL
               : "four hex digits, such as \"0403\"";
}

static const char *check_interface(const char *text)
{
    const bool letter = text[1] == '\0' && strchr("ABCDabcd", text[0]) != NULL;

    return letter || (strspn(text, "0123456789") == strlen(text) && strtol(text, NULL, 10) < 32)
               ? NULL
               : "A, B, C or D as on FTDI's chips, or a number from 0";
}

static const struct rig_yaml_key usb_keys[] = {
    {.name = "serial",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct usb_place, serial),
     .min = 1,
     .max = 63,
     .check = check_serial,
     .doc = "The device with this serial number, wherever it is plugged in."},
    {.name = "path",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct usb_place, path),
     .min = 3,
     .max = 31,
     .check = check_path,
     .form = "bus-port.port, such as 1-4.2",
     .doc = "Whatever is plugged in there: for cables whose serial numbers are all the same."},
    {.name = "vid",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct usb_place, vid),
     .min = 4,
     .max = 4,
     .check = check_id,
     .form = "four hex digits",
     .doc = "With `pid`: the only device of this kind."},
    {.name = "pid",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct usb_place, pid),
     .min = 4,
     .max = 4,
     .check = check_id,
     .form = "four hex digits",
     .doc = "With `vid`."},
    {.name = "interface",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct usb_place, interface),
     .min = 1,
     .max = 2,
     .check = check_interface,
     .form = "A to D, or a number from 0",
     .initial = "the only one",
     .doc = "Of a device with several serial ports; on an ESP-Prog B is the UART."},
    {.name = "via",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct usb_place, via),
     .words = via_words,
     .initial = "tty",
     .doc = "ftdi: past the kernel's driver, by libftdi1."},
};
const struct rig_yaml_schema rig_bench_usb_schema = {"usb", N_OF(usb_keys), usb_keys};

static void lower(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'F') {
            *text = (char)(*text - 'A' + 'a');
        }
    }
}

void rig_bench_read_usb(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                        char *port, size_t port_size)
{
    struct usb_place place = {0};
    const size_t n_before = mistakes->n;
    const bool vid = rig_yaml_find(node, "vid") != NULL;
    const bool pid = rig_yaml_find(node, "pid") != NULL;
    const int n_ways = (rig_yaml_find(node, "serial") != NULL) +
                       (rig_yaml_find(node, "path") != NULL) + (vid || pid);

    rig_yaml_read_mapping(mistakes, &rig_bench_usb_schema, node, &place);
    if (mistakes->n != n_before) {
        return;
    }
    if (n_ways != 1 || vid != pid) {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s in usb; expected one way to find the device: serial, or path, "
                         "or vid and pid together",
                         n_ways == 0   ? "no way to find the device"
                         : n_ways == 1 ? "half of vid and pid"
                                       : "several ways to find the device");
        return;
    }
    lower(place.vid);
    lower(place.pid);
    (void)snprintf(port, port_size, "%s://%s%s%s%s%s%s%s", place.via == VIA_FTDI ? "ftdi" : "usb",
                   place.serial, place.path, place.vid, vid ? ":" : "", place.pid,
                   place.interface[0] != '\0' ? ":" : "", place.interface);
}

/* ---- what lines and power share ---- */

static const char *check_chip(const char *text)
{
    struct rig_usb_selector selector;
    struct rig_error err;

    return rig_usb_parse(text, &selector, &err).ok
               ? NULL
               : "an FTDI chip by serial number, USB path or VID:PID, with its channel behind it, "
                 "such as FT4ABCDE:C or 1-4.2:C";
}

static void read_command(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                         const struct rig_yaml_node *node, struct rig_lines_command *command)
{
    static const struct rig_yaml_key word = {
        .name = "a word of a command", .type = RIG_YAML_TEXT, .min = 1, .max = 95};

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    command->n_args = 0;
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        char *arg = command->args[command->n_args];

        if (rig_yaml_read_text(mistakes, &word, item, arg, sizeof command->args[0])) {
            command->n_args++;
        }
    }
}

/* A key that another controller has. */
struct part_rule {
    const char *key;
    unsigned kinds; /* 1 << kind */
};

static void check_keys(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                       const struct part_rule *rules, size_t n_rules, int kind,
                       const struct rig_yaml_word *kinds)
{
    const char *name = rig_yaml_word_name(kinds, kind);

    for (size_t i = 0; i < n_rules; i++) {
        const struct rig_yaml_node *value = rig_yaml_find(node, rules[i].key);

        if (value != NULL && (rules[i].kinds & (1u << kind)) == 0) {
            const char *others = "";

            for (const struct rig_yaml_word *w = kinds; w->name != NULL; w++) {
                if ((rules[i].kinds & (1u << w->value)) != 0) {
                    others = w->name;
                    break;
                }
            }
            rig_yaml_mistake(mistakes, value->key->line,
                             "found %s with controller %s; expected it with %s only", rules[i].key,
                             name, others);
        }
    }
}

static void require(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                    const char *key, const char *controller, const char *what)
{
    if (rig_yaml_find(node, key) == NULL) {
        rig_yaml_mistake(mistakes, node->line,
                         "found controller %s without \"%s\"; expected that key: %s", controller,
                         key, what);
    }
}

/* ---- lines ---- */

static const struct rig_yaml_word lines_words[] = {{"dtr-rts", RIG_LINES_DTR_RTS},
                                                   {"ftdi-bitbang", RIG_LINES_FTDI_BITBANG},
                                                   {"ftdi-cbus", RIG_LINES_FTDI_CBUS},
                                                   {"usb-jtag-serial", RIG_LINES_USB_JTAG_SERIAL},
                                                   {"command", RIG_LINES_COMMAND},
                                                   {"none", RIG_LINES_NONE},
                                                   {NULL, 0}};

static const struct rig_yaml_word wiring_words[] = {
    {"circuit", RIG_WIRING_CIRCUIT}, {"direct", RIG_WIRING_DIRECT}, {NULL, 0}};

static const struct rig_yaml_word drive_words[] = {{"open-drain", 0}, {"push-pull", 1}, {NULL, 0}};

static void read_lines_command(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                               const struct rig_yaml_node *node, void *target)
{
    read_command(mistakes, key, node, &((struct rig_lines_config *)target)->command);
}

static void read_drive(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                       const struct rig_yaml_node *node, void *target)
{
    struct rig_lines_config *config = target;
    int value = 0;

    if (rig_yaml_read_word(mistakes, key->name, drive_words, node, &value)) {
        config->push_pull = value != 0;
    }
}

#define PIN_KEY(name_, field_, doc_)                                                               \
    {                                                                                              \
        .name = (name_), .type = RIG_YAML_INTEGER,                                                 \
        RIG_YAML_FIELD(struct rig_lines_config, field_), .min = 0, .max = MAX_PIN, .doc = (doc_)   \
    }

static const struct rig_yaml_key lines_keys[] = {
    {.name = "controller",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_lines_config, kind),
     .words = lines_words,
     .initial = "dtr-rts",
     .doc = "What moves EN and IO0: the port's own DTR and RTS, pins of an FTDI chip, the chip's "
            "own USB port, a program, or a person who is asked."},
    {.name = "inverted",
     .type = RIG_YAML_BOOL,
     RIG_YAML_FIELD(struct rig_lines_config, inverted),
     .initial = "false",
     .doc = "dtr-rts: the adapter's lines are high when asserted. Pins: high pulls the board's pin "
            "low, through a transistor."},
    {.name = "wiring",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_lines_config, wiring),
     .words = wiring_words,
     .initial = "circuit",
     .doc = "dtr-rts: the two transistors of dev kits and ESP-Prog, or RTS to EN and DTR to IO0."},
    {.name = "chip",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_lines_config, chip),
     .min = 1,
     .max = 95,
     .check = check_chip,
     .form = "SERIAL:CHANNEL, USB path:CHANNEL or VID:PID:CHANNEL",
     .doc = "ftdi-bitbang, ftdi-cbus: whose pins. A channel serves several boards."},
    PIN_KEY("en", en_pin, "Pin to EN: n for Dn or CBUSn (FT232H: 0 to 3 for AC5, AC6, AC8, AC9)."),
    PIN_KEY("boot", boot_pin, "Pin to IO0 (ESP32, S2, S3) or IO9 (C3, C6, H2)."),
    {.name = "drive",
     .type = RIG_YAML_CUSTOM,
     .read = read_drive,
     .form = "open-drain or push-pull",
     .initial = "open-drain",
     .doc = "Pins: open-drain leaves high to the board's pull-up, so its buttons go on working."},
    {.name = "command",
     .type = RIG_YAML_CUSTOM,
     .read = read_lines_command,
     .min = 1,
     .max = RIG_LINES_MAX_ARGS,
     .form = "list of 1 to 8 words",
     .doc = "Program and arguments, no shell; `run`, `reset` or `boot` comes behind them."},
    {.name = "timeout",
     .type = RIG_YAML_DURATION,
     RIG_YAML_FIELD(struct rig_lines_config, timeout_ms),
     .min = 100,
     .max = 600000,
     .initial = "10s, 2m for a person",
     .doc = "Of one call of the command, or of a person's answer."},
};
const struct rig_yaml_schema rig_bench_lines_schema = {"lines", N_OF(lines_keys), lines_keys};

#define KIND(kind) (1u << RIG_LINES_##kind)
#define PINS (KIND(FTDI_BITBANG) | KIND(FTDI_CBUS))

static const struct part_rule lines_rules[] = {
    {"inverted", KIND(DTR_RTS) | PINS},
    {"wiring", KIND(DTR_RTS)},
    {"chip", PINS},
    {"en", PINS},
    {"boot", PINS},
    {"drive", PINS},
    {"command", KIND(COMMAND)},
    {"timeout", KIND(COMMAND) | KIND(NONE)},
};

static void check_pins(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                       const struct rig_lines_config *config, const char *controller)
{
    const struct rig_yaml_node *boot = rig_yaml_find(node, "boot");
    const int highest = config->kind == RIG_LINES_FTDI_CBUS ? MAX_CBUS : MAX_PIN;

    require(mistakes, node, "chip", controller, "whose pins are meant");
    require(mistakes, node, "en", controller, "the pin that is wired to EN");
    require(mistakes, node, "boot", controller, "the pin that is wired to IO0 or IO9");
    if (boot == NULL) {
        return;
    }
    if (config->en_pin > highest || config->boot_pin > highest) {
        rig_yaml_mistake(mistakes, boot->line,
                         "found pins %d and %d for controller %s; expected 0 to %d", config->en_pin,
                         config->boot_pin, controller, highest);
    } else if (rig_yaml_find(node, "en") != NULL && config->en_pin == config->boot_pin) {
        rig_yaml_mistake(mistakes, boot->line,
                         "found pin %d for both en and boot; expected a pin of its own for each",
                         config->boot_pin);
    }
    if (config->inverted && !config->push_pull && rig_yaml_find(node, "drive") != NULL) {
        rig_yaml_mistake(mistakes, rig_yaml_find(node, "drive")->line,
                         "found drive open-drain with inverted; expected push-pull, since a "
                         "transistor must be driven");
    }
}

void rig_bench_read_lines(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                          struct rig_lines_config *config)
{
    const size_t n_before = mistakes->n;
    const char *controller;

    memset(config, 0, sizeof *config); /* a board's lines replace those of the defaults */
    rig_yaml_read_mapping(mistakes, &rig_bench_lines_schema, node, config);
    if (mistakes->n != n_before) {
        return;
    }
    controller = rig_yaml_word_name(lines_words, (int)config->kind);
    check_keys(mistakes, node, lines_rules, N_OF(lines_rules), (int)config->kind, lines_words);
    if (config->kind == RIG_LINES_FTDI_BITBANG || config->kind == RIG_LINES_FTDI_CBUS) {
        check_pins(mistakes, node, config, controller);
    }
    if (config->kind == RIG_LINES_COMMAND) {
        require(mistakes, node, "command", controller, "program and arguments, as a list");
    }
}

/* ---- power ---- */

static const struct rig_yaml_word power_words[] = {{"command", RIG_POWER_COMMAND},
                                                   {"ftdi-bitbang", RIG_POWER_FTDI_BITBANG},
                                                   {"none", RIG_POWER_PERSON},
                                                   {NULL, 0}};

static const struct rig_yaml_word level_words[] = {{"low", 0}, {"high", 1}, {NULL, 0}};

static void read_power_command(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                               const struct rig_yaml_node *node, void *target)
{
    struct rig_power_config *config = target;

    for (int i = 0; i < RIG_POWER_N_ACTIONS; i++) {
        if (strcmp(key->name, rig_power_action_name((enum rig_power_action)i)) == 0) {
            read_command(mistakes, key, node, &config->commands[i]);
        }
    }
}

static void read_off_level(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                           const struct rig_yaml_node *node, void *target)
{
    struct rig_power_config *config = target;
    int value = 0;

    if (rig_yaml_read_word(mistakes, key->name, level_words, node, &value)) {
        config->off_high = value != 0;
    }
}

#define ACTION_KEY(name_, initial_, doc_)                                                          \
    {                                                                                              \
        .name = (name_), .type = RIG_YAML_CUSTOM, .read = read_power_command, .min = 1,            \
        .max = RIG_LINES_MAX_ARGS, .form = "list of 1 to 8 words", .initial = (initial_),          \
        .doc = (doc_)                                                                              \
    }

static const struct rig_yaml_key power_keys[] = {
    {.name = "controller",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_power_config, kind),
     .words = power_words,
     .initial = "command",
     .doc = "What switches the board's power: a program, a pin of an FTDI chip, or a person who is "
            "asked."},
    ACTION_KEY("on", NULL, "Program and arguments, no shell."),
    ACTION_KEY("off", NULL, "Likewise."),
    ACTION_KEY("cycle", "off, off_for, on", "Likewise, where one call does both."),
    {.name = "chip",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_power_config, chip),
     .min = 1,
     .max = 95,
     .check = check_chip,
     .form = "as for lines",
     .doc = "ftdi-bitbang: whose pin; it can only cycle."},
    {.name = "pin",
     .type = RIG_YAML_INTEGER,
     RIG_YAML_FIELD(struct rig_power_config, pin),
     .min = 0,
     .max = MAX_PIN,
     .doc = "ftdi-bitbang: n for Dn."},
    {.name = "off_level",
     .type = RIG_YAML_CUSTOM,
     .read = read_off_level,
     .form = "low or high",
     .initial = "low",
     .doc = "ftdi-bitbang: the pin's level that switches off."},
    {.name = "off_for",
     .type = RIG_YAML_DURATION,
     RIG_YAML_FIELD(struct rig_power_config, off_ms),
     .min = 10,
     .max = 60000,
     .initial = "1s",
     .doc = "Between off and on."},
    {.name = "timeout",
     .type = RIG_YAML_DURATION,
     RIG_YAML_FIELD(struct rig_power_config, timeout_ms),
     .min = 100,
     .max = 600000,
     .initial = "10s, 2m for a person",
     .doc = "Of one call of a command, or of a person's answer."},
};
const struct rig_yaml_schema rig_bench_power_schema = {"power", N_OF(power_keys), power_keys};

static const struct part_rule power_rules[] = {
    {"on", 1u << RIG_POWER_COMMAND},
    {"off", 1u << RIG_POWER_COMMAND},
    {"cycle", 1u << RIG_POWER_COMMAND},
    {"chip", 1u << RIG_POWER_FTDI_BITBANG},
    {"pin", 1u << RIG_POWER_FTDI_BITBANG},
    {"off_level", 1u << RIG_POWER_FTDI_BITBANG},
    {"timeout", (1u << RIG_POWER_COMMAND) | (1u << RIG_POWER_PERSON)},
};

void rig_bench_read_power(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                          struct rig_power_config *config)
{
    const size_t n_before = mistakes->n;

    memset(config, 0, sizeof *config);
    config->kind = RIG_POWER_COMMAND;
    rig_yaml_read_mapping(mistakes, &rig_bench_power_schema, node, config);
    if (mistakes->n != n_before) {
        return;
    }
    check_keys(mistakes, node, power_rules, N_OF(power_rules), (int)config->kind, power_words);
    if (config->kind == RIG_POWER_FTDI_BITBANG) {
        require(mistakes, node, "chip", "ftdi-bitbang", "whose pin is meant");
        require(mistakes, node, "pin", "ftdi-bitbang", "the pin that switches");
    } else if (config->kind == RIG_POWER_COMMAND && rig_yaml_find(node, "cycle") == NULL &&
               (rig_yaml_find(node, "on") == NULL || rig_yaml_find(node, "off") == NULL)) {
        rig_yaml_mistake(mistakes, node->line,
                         "found power without a way to switch it off and on; expected on and off, "
                         "or cycle");
    }
}
