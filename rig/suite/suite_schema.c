/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of suite files: what they may hold, where it goes, what they mean. */
#include "rig/suite/checks.h"
#include "rig/suite/enrol_schema.h"
#include "rig/suite/plan_tables.h"
#include "rig/suite/schemas.h"
#include "rig/suite/step_keys.h"
#include "rig/suite/suite.h"
#include "rig/suite/trial_schema.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define N_OF(table) (sizeof(table) / sizeof((table)[0]))

static void read_keys(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                      const struct rig_yaml_node *node, void *target)
{
    struct rig_suite *suite = target;
    int value;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        if (!rig_yaml_read_word(mistakes, "a key type", rig_key_words, item, &value)) {
            continue;
        }
        for (size_t i = 0; i < suite->n_keys; i++) {
            if (suite->keys[i] == (enum rig_key_type)value) {
                rig_yaml_mistake(mistakes, item->line,
                                 "found %s a second time in keys; expected each type once",
                                 item->text);
            }
        }
        suite->keys[suite->n_keys++] = (enum rig_key_type)value;
    }
}

static void read_levels(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                        const struct rig_yaml_node *node, void *target)
{
    static const struct rig_yaml_key level = {
        .name = "a CA level", .type = RIG_YAML_TEXT, .min = 1, .max = 31, .check = rig_check_name};
    struct rig_suite *suite = target;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    suite->n_levels = 0;
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        char *name = suite->levels[suite->n_levels];

        if (!rig_yaml_read_text(mistakes, &level, item, name, sizeof suite->levels[0])) {
            name[0] = '\0';
        }
        for (size_t i = 0; i < suite->n_levels && name[0] != '\0'; i++) {
            if (strcasecmp(suite->levels[i], name) == 0) {
                rig_yaml_mistake(mistakes, item->line,
                                 "found the CA level \"%s\" a second time; expected names that "
                                 "differ (each is a folder)",
                                 name);
            }
        }
        suite->n_levels++;
    }
}

/* "40000-40099" */
static bool parse_range(const char *text, int64_t *first, int64_t *last)
{
    const size_t n_first = rig_yaml_parse_digits(text, first);

    if (n_first == 0 || text[n_first] != '-') {
        return false;
    }
    const char *rest = text + n_first + 1;
    const size_t n_last = rig_yaml_parse_digits(rest, last);
    return n_last > 0 && rest[n_last] == '\0';
}

static void read_ports(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                       const struct rig_yaml_node *node, void *target)
{
    struct rig_suite *suite = target;
    int64_t first;
    int64_t last;

    (void)key;
    if (node->kind == RIG_YAML_SCALAR && strcmp(node->text, "ephemeral") == 0) {
        return;
    }
    if (node->kind != RIG_YAML_SCALAR || !parse_range(node->text, &first, &last) || first == 0 ||
        last > UINT16_MAX || first > last) {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s for ports; expected ephemeral, or FIRST-LAST with 1 to 65535, "
                         "such as 40000-40099 (a port for each board at least)",
                         rig_yaml_quote_node(node).text);
        return;
    }
    suite->first_port = (uint16_t)first;
    suite->last_port = (uint16_t)last;
}

static void read_transport(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                           const struct rig_yaml_node *node, void *target)
{
    int value;

    if (rig_yaml_read_word(mistakes, key->name, key->words, node, &value)) {
        ((struct rig_suite *)target)->relay = value != 0;
    }
}

#define LEG(name_, leg_, initial_, doc_)                                                           \
    {                                                                                              \
        .name = (name_), .type = RIG_YAML_MAP, .schema = &rig_budget_schema,                       \
        RIG_YAML_FIELD(struct rig_step_plan, clock.legs[leg_]), .initial = (initial_),             \
        .doc = (doc_)                                                                              \
    }

static const struct rig_yaml_key clock_keys[] = {
    LEG("revoked", RIG_CLOCK_REVOKED, "none", "Until the CA said that it is revoked."),
    LEG("ocsp", RIG_CLOCK_OCSP, "none", "Until the CA's OCSP responder says so, if it has one."),
    LEG("crl", RIG_CLOCK_CRL, "none", "Until the CA's published CRL lists it."),
    LEG("loaded", RIG_CLOCK_LOADED, "none", "Until the server uses that CRL."),
    LEG("refused", RIG_CLOCK_REFUSED, "none", "Until a handshake with it was refused."),
};
static const struct rig_yaml_schema clock_schema = {"clock", N_OF(clock_keys), clock_keys};

static void read_publish(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                         const struct rig_yaml_node *node, void *target)
{
    static const struct rig_yaml_word words[] = {{"wait", false}, {"rotate", true}, {NULL, 0}};
    int value;

    if (rig_yaml_read_word(mistakes, key->name, words, node, &value)) {
        ((struct rig_step_plan *)target)->clock.rotate = value != 0;
    }
}

static const struct rig_yaml_key step_keys[] = {
    {.name = "step",
     .type = RIG_YAML_ENUM,
     .required = true,
     RIG_YAML_FIELD(struct rig_step_plan, kind),
     .words = rig_step_words,
     .doc = "What is done; see the table of steps."},
    {.name = "name",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_step_plan, name),
     .min = 1,
     .max = 47,
     .check = rig_check_name,
     .initial = "the step's kind",
     .doc = "Unique in its list; needed when a kind stands there twice."},
    {.name = "update",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_step_plan, update),
     .words = rig_rotation_words,
     .initial = "none",
     .doc = "chain-update, needed there: what is sent; see the table of chain updates. The step is "
            "called `update-` and this word."},
    {.name = "expect",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_step_plan, update_expect),
     .words = rig_rotation_expect_words,
     .initial = "by update",
     .doc = "chain-update: how it must end; may be written for the reader, can't be changed."},
    {.name = "publish",
     .type = RIG_YAML_CUSTOM,
     .read = read_publish,
     .form = "wait or rotate",
     .initial = "wait",
     .doc = "revocation: whether the CA publishes by itself, or is asked for a new CRL."},
    {.name = "clock",
     .type = RIG_YAML_MAP,
     /* at offset 0: its keys have offsets of their own */
     .schema = &clock_schema,
     .initial = "no budgets",
     .doc = "revocation: how long each part may take, counted from the revocation."},
    RIG_STEP_COMMON_KEYS(RIG_MINUTES(60)),
};
const struct rig_yaml_schema rig_step_schema = {"a step", N_OF(step_keys), step_keys};

/* A case of a suite with fixtures. The suite owns the trial. */
static void read_trial(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                       struct rig_step_plan *step)
{
    struct rig_trial_item item = {.step = *step, .trial = rig_trial_defaults};

    rig_yaml_read_mapping(mistakes, &rig_trial_schema, node, &item);
    *step = item.step;
    step->kind = RIG_STEP_TRIAL;
    step->trial = malloc(sizeof *step->trial);
    if (step->trial == NULL) {
        rig_yaml_mistake(mistakes, node->line, "found no memory for a case; expected some");
        step->kind = RIG_STEP_CASE;
        return;
    }
    *step->trial = item.trial;
}

static void read_item(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                      const struct rig_yaml_node *item, struct rig_step_plan *step)
{
    const struct rig_yaml_node *step_node = rig_yaml_find(item, "step");
    const struct rig_yaml_node *case_node = rig_yaml_find(item, "case");

    step->line = item->line;
    step->handshake.verify_depth = -1;
    if (step_node == NULL && case_node == NULL && rig_yaml_find(item, "enrol") != NULL) {
        step->kind = RIG_STEP_ENROL;
        rig_yaml_read_mapping(mistakes, &rig_enrol_schema, item, step);
        return;
    }
    if (item->kind != RIG_YAML_MAPPING || (step_node == NULL && case_node == NULL)) {
        rig_yaml_mistake(mistakes, item->line,
                         "found %s without step or case; expected \"- step: KIND\", \"- case: "
                         "NAME\" or \"- enrol: NAME\"",
                         item->kind == RIG_YAML_MAPPING ? "an entry"
                                                        : rig_yaml_quote_node(item).text);
        return;
    }
    if (step_node != NULL && case_node != NULL) {
        rig_yaml_mistake(mistakes, case_node->key->line,
                         "found step and case in one entry; expected one of them (make two "
                         "entries)");
        return;
    }
    if (case_node != NULL && suite->has_fixtures) {
        read_trial(mistakes, item, step);
        return;
    }
    if (case_node != NULL) {
        step->kind = RIG_STEP_CASE;
        rig_yaml_read_mapping(mistakes, &rig_case_schema, item, step);
        return;
    }
    rig_yaml_read_mapping(mistakes, &rig_step_schema, item, step);
}

static void read_steps(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                       const struct rig_yaml_node *node, void *target)
{
    struct rig_step_list *list = (void *)((char *)target + key->offset);

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        read_item(mistakes, target, item, &list->steps[list->n++]);
    }
}

static const struct rig_yaml_key device_keys[] = {
    {.name = "id",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_suite, device_id),
     .min = 5,
     .max = 47,
     .check = rig_check_device_id,
     .form = "text with `{mac}` in it, in quotes",
     .initial = "\"rig-{mac}\"",
     .doc = "The board's id and its certificate's CN; `{mac}` becomes the MAC in lower-case hex."},
    {.name = "organization",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_suite, organization),
     .min = 1,
     .max = 63,
     .initial = "none",
     .doc = "O of the subject."},
    {.name = "country",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_suite, country),
     .min = 2,
     .max = 2,
     .check = rig_check_country,
     .form = "two capital letters",
     .initial = "none",
     .doc = "C of the subject."},
};
const struct rig_yaml_schema rig_suite_device_schema = {"device", N_OF(device_keys), device_keys};

static const struct rig_yaml_key ca_keys[] = {
    {.name = "levels",
     .type = RIG_YAML_CUSTOM,
     .read = read_levels,
     .min = 1,
     .max = 6,
     .form = "list of 1 to 6 names",
     .initial = "[root, factory, line]",
     .doc = "The local CA's hierarchy, root first; the last one signs devices."},
    {.name = "device_days",
     .type = RIG_YAML_INTEGER,
     RIG_YAML_FIELD(struct rig_suite, device_days),
     .min = 1,
     .max = 36500,
     .initial = "1095",
     .doc = "Validity of device certificates."},
};
const struct rig_yaml_schema rig_suite_ca_schema = {"ca", N_OF(ca_keys), ca_keys};

static const struct rig_yaml_key server_keys[] = {
    {.name = "name",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_suite, server_name),
     .min = 1,
     .max = 63,
     .check = rig_check_dns_name,
     .form = "DNS name",
     .initial = "srv.rig.test",
     .doc = "What a good server certificate says and the board expects. Needs no DNS entry."},
    {.name = "bind",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_suite, server_bind),
     .min = 1,
     .max = 63,
     .check = rig_check_ip,
     .form = "IP address of this host",
     .initial = "loopback for virtual boards, else all",
     .doc = "Where the test server listens."},
    {.name = "host",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_suite, server_host),
     .min = 1,
     .max = 63,
     .check = rig_check_host,
     .form = "name or IP address",
     .initial = "as seen from the rig",
     .doc = "What boards connect to."},
    {.name = "ports",
     .type = RIG_YAML_CUSTOM,
     .read = read_ports,
     .form = "`ephemeral` or FIRST-LAST",
     .initial = "ephemeral",
     .doc = "For hosts with a firewall: the range that is open."},
};
static const struct rig_yaml_schema server_schema = {"server", N_OF(server_keys), server_keys};

static const struct rig_yaml_word version_words[] = {{"1.2", 0x0303}, {"1.3", 0x0304}, {NULL, 0}};
static const struct rig_yaml_word transport_words[] = {{"direct", 0}, {"relay", 1}, {NULL, 0}};

static const struct rig_yaml_key tls_keys[] = {
    {.name = "min",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_suite, min_tls),
     .words = version_words,
     .initial = "1.2",
     .doc = "Lowest TLS version of the test server."},
    {.name = "max",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_suite, max_tls),
     .words = version_words,
     .initial = "1.3",
     .doc = "Highest one."},
    {.name = "security_level",
     .type = RIG_YAML_INTEGER,
     RIG_YAML_FIELD(struct rig_suite, security_level),
     .max = 5,
     .initial = "2",
     .doc = "OpenSSL's security level of the test server; 3 and more refuse RSA-2048."},
    {.name = "transport",
     .type = RIG_YAML_CUSTOM,
     .read = read_transport,
     .words = transport_words,
     .form = "direct or relay",
     .initial = "direct",
     .doc = "Over the board's own network, or relayed over its UART (a station without Wi-Fi)."},
};
static const struct rig_yaml_schema tls_schema = {"tls", N_OF(tls_keys), tls_keys};

static const struct rig_yaml_key flash_keys[] = {
    {.name = "baud",
     .type = RIG_YAML_INTEGER,
     RIG_YAML_FIELD(struct rig_suite, flash_baud),
     .min = 9600,
     .max = 3000000,
     .initial = "115200",
     .doc = "Speed of the line while flashing."},
    {.name = "partition",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_suite, partition),
     .min = 1,
     .max = 16,
     .check = rig_check_name,
     .initial = "esp_secure_cert",
     .doc = "Label of the certificate partition."},
};
static const struct rig_yaml_schema flash_schema = {"flash", N_OF(flash_keys), flash_keys};

static const struct rig_yaml_word fuse_words[] = {
    {"any", RIG_FUSE_ANY}, {"true", RIG_FUSE_YES}, {"false", RIG_FUSE_NO}, {NULL, 0}};
static const struct rig_yaml_word fuse_off_words[] = {
    {"any", RIG_FUSE_ANY}, {"false", RIG_FUSE_NO}, {NULL, 0}};

#define FUSE_KEY(name_, words_, doc_)                                                              \
    {                                                                                              \
        .name = #name_, .type = RIG_YAML_ENUM, RIG_YAML_FIELD(struct rig_suite, require.name_),    \
        .words = (words_), .initial = "any", .doc = (doc_)                                         \
    }

static const struct rig_yaml_key require_keys[] = {
    FUSE_KEY(secure_boot, fuse_words, "Only signed firmware boots."),
    FUSE_KEY(flash_encryption, fuse_words, "The flash is encrypted."),
    FUSE_KEY(jtag_disabled, fuse_words, "JTAG is off, by hardware or until a key opens it."),
    FUSE_KEY(secure_download, fuse_off_words,
             "The ROM's loader only writes; `identify` fails on such a board in any case."),
};
static const struct rig_yaml_schema require_schema = {"require", N_OF(require_keys), require_keys};

static const struct rig_yaml_key limits_keys[] = {
    {.name = "board",
     .type = RIG_YAML_DURATION,
     RIG_YAML_FIELD(struct rig_suite, board_limit_ms),
     .min = 1000,
     .max = RIG_MINUTES(24 * 60),
     .initial = "10m",
     .doc = "No board takes longer, whatever happens."},
};
static const struct rig_yaml_schema limits_schema = {"limits", N_OF(limits_keys), limits_keys};

/* A group of keys whose fields lie in the suite itself. */
#define GROUP(name_, schema_, doc_)                                                                \
    {                                                                                              \
        .name = (name_), .type = RIG_YAML_MAP, .schema = &(schema_), .doc = (doc_)                 \
    }

static const struct rig_yaml_word catalogue_words[] = {
    {"device", RIG_PKI_DEVICE}, {"server", RIG_PKI_SERVER}, {NULL, 0}};

static const struct rig_yaml_key suite_keys[] = {
    {.name = "rig",
     .type = RIG_YAML_CUSTOM,
     .required = true,
     .read = rig_yaml_skip,
     .form = "1",
     .doc = "Version of the file's form: 1."},
    {.name = "name",
     .type = RIG_YAML_TEXT,
     .required = true,
     RIG_YAML_FIELD(struct rig_suite, name),
     .min = 1,
     .max = 47,
     .check = rig_check_name,
     .doc = "What reports call the suite."},
    {.name = "description",
     .type = RIG_YAML_PROSE,
     RIG_YAML_FIELD(struct rig_suite, description),
     .max = 255,
     .doc = "What it is for."},
    {.name = "fixtures",
     .type = RIG_YAML_CUSTOM,
     .read = rig_yaml_skip, /* before all else, by suite.c */
     .form = "list of 1 to 8 files, as seen from this one",
     .initial = "none",
     .doc =
         "PKI fixtures (fixtures/README.md). With them every case plays in that PKI; see \"A case "
         "with fixtures\"."},
    {.name = "catalogue",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_suite, catalogue),
     .words = catalogue_words,
     .initial = "device",
     .doc = "Whose fixture a case's name stands for: the device's or the server's."},
    GROUP("device", rig_suite_device_schema, "Identity of the boards."),
    {.name = "keys",
     .type = RIG_YAML_CUSTOM,
     .required = true,
     .read = read_keys,
     .min = 1,
     .max = RIG_SUITE_MAX_KEYS,
     .form = "list of rsa-2048, rsa-3072, p-256, p-384, p-521",
     .doc = "Key types; `each_key` runs once for each, in this order."},
    GROUP("ca", rig_suite_ca_schema, "The certification authority."),
    GROUP("server", server_schema, "The test server's name and addresses."),
    GROUP("tls", tls_schema, "TLS settings of the test server."),
    GROUP("flash", flash_schema, "How certificates are flashed."),
    GROUP(
        "require", require_schema,
        "What the board's eFuses must say when `identify` reads them; other than that is a fail."),
    {.name = "enrolments",
     .type = RIG_YAML_CUSTOM,
     .read = rig_read_enrolments,
     .min = 1,
     .max = RIG_SUITE_MAX_ENROLMENTS,
     .form = "list of paths",
     .initial = "none",
     .doc = "Enrolment fixtures that registrations are judged by; relative to this file."},
    GROUP("limits", limits_schema, "Limits of the whole run."),
    {.name = "before",
     .type = RIG_YAML_CUSTOM,
     .read = read_steps,
     RIG_YAML_FIELD(struct rig_suite, before),
     .max = RIG_SUITE_MAX_STEPS,
     .form = "list of steps",
     .initial = "[]",
     .doc = "Once per board, first."},
    {.name = "each_key",
     .type = RIG_YAML_CUSTOM,
     .required = true,
     .read = read_steps,
     RIG_YAML_FIELD(struct rig_suite, each_key),
     .min = 1,
     .max = RIG_SUITE_MAX_STEPS,
     .form = "list of steps, cases and registrations",
     .doc = "Once per board and key type; the last type's certificate stays on the board."},
    {.name = "after",
     .type = RIG_YAML_CUSTOM,
     .read = read_steps,
     RIG_YAML_FIELD(struct rig_suite, after),
     .max = RIG_SUITE_MAX_STEPS,
     .form = "list of steps and cases",
     .initial = "[]",
     .doc = "Once per board, last."},
};
const struct rig_yaml_schema rig_suite_schema = {"a suite", N_OF(suite_keys), suite_keys};
