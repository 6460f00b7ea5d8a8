/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/attack_schema.h"

#include "rig/suite/checks.h"
#include "rig/suite/plan_tables.h"
#include "rig/suite/schemas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_OF(table) (sizeof(table) / sizeof((table)[0]))
#define BY_TABLE (-1)

/* An item as it is read: what it leaves out comes from the table of attacks. */
struct draft {
    int attack; /* index */
    int expect;
    enum rig_key_type key;
};

static const struct rig_yaml_word expect_words[] = {
    {"refused", RIG_ATTACK_EXPECT_REFUSED},   {"neutralised", RIG_ATTACK_EXPECT_NEUTRALISED},
    {"detected", RIG_ATTACK_EXPECT_DETECTED}, {"allowed", RIG_ATTACK_EXPECT_ALLOWED},
    {"either", RIG_ATTACK_EXPECT_EITHER},     {NULL, 0},
};

bool rig_is_attack_suite(const struct rig_yaml_node *root)
{
    return rig_yaml_find(root, "attacks") != NULL;
}

static void read_attack(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                        const struct rig_yaml_node *node, void *target)
{
    const size_t n = rig_attack_count();
    struct rig_yaml_word *words = calloc(n + 1, sizeof *words);
    struct draft *draft = target;

    (void)key;
    if (words == NULL) {
        rig_yaml_mistake(mistakes, node->line, "no memory to read the names of attacks");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        words[i] = (struct rig_yaml_word){rig_attack_at(i)->name, (int)i};
    }
    (void)rig_yaml_read_word(mistakes, "an attack", words, node, &draft->attack);
    free(words);
}

static const struct rig_yaml_key attack_keys[] = {
    {.name = "attack",
     .type = RIG_YAML_CUSTOM,
     .required = true,
     .read = read_attack,
     .form = "a name of the tables of attacks",
     .doc = "The request that is sent to the CA."},
    {.name = "expect",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct draft, expect),
     .words = expect_words,
     .initial = "by attack",
     .doc = "How it must end, or better: `refused` by the CA; `neutralised`: signed without the "
            "dangerous part; `detected`: granted, but the rig's own checks stop it. `allowed`: "
            "your policy says that the CA must grant it. `either`: noted, never wrong."},
};
static const struct rig_yaml_schema attack_schema = {"an attack", N_OF(attack_keys), attack_keys};

static const struct rig_yaml_key issuance_keys[] = {
    {.name = "issuance",
     .type = RIG_YAML_ENUM,
     .required = true,
     RIG_YAML_FIELD(struct draft, key),
     .words = rig_key_words,
     .doc = "A good certificate for a key of this type is issued and checked: public key, issuer, "
            "subject, names, CA:FALSE, key usages, validity, serial number, signature algorithm, "
            "addresses of CRL and CA (a CA behind HTTP), chain up to the pinned root, no warnings. "
            "Skipped where the CA signs no such key."},
};
static const struct rig_yaml_schema issuance_schema = {"an issuance", N_OF(issuance_keys),
                                                       issuance_keys};

static void check_unique(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                         const struct rig_attack_item *item)
{
    for (const struct rig_attack_item *other = suite->attacks; other < item; other++) {
        if (strcmp(other->name, item->name) == 0 && item->name[0] != '\0') {
            rig_yaml_mistake(mistakes, item->line,
                             "found %s a second time (first on line %d); expected each once",
                             item->name, other->line);
        }
    }
}

static void read_item(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                      struct rig_attack_item *item)
{
    const bool issuance = rig_yaml_find(node, "issuance") != NULL;
    struct draft draft = {.attack = BY_TABLE, .expect = BY_TABLE};

    item->line = node->line;
    if (!issuance && rig_yaml_find(node, "attack") == NULL) {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s in attacks; expected \"- attack: NAME\" or \"- issuance: KEY\"",
                         rig_yaml_quote_node(node).text);
        return;
    }
    rig_yaml_read_mapping(mistakes, issuance ? &issuance_schema : &attack_schema, node, &draft);
    if (issuance) {
        item->key = draft.key;
        (void)snprintf(item->name, sizeof item->name, "issuance-%s", rig_key_type_name(draft.key));
    } else if (draft.attack != BY_TABLE) {
        item->attack = rig_attack_at((size_t)draft.attack);
        item->expect =
            draft.expect != BY_TABLE ? (enum rig_attack_expect)draft.expect : item->attack->expect;
        (void)rig_copy_text(item->name, sizeof item->name, item->attack->name);
    }
}

static void read_attacks(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                         const struct rig_yaml_node *node, void *target)
{
    struct rig_suite *suite = target;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        read_item(mistakes, item, &suite->attacks[suite->n_attacks]);
        check_unique(mistakes, suite, &suite->attacks[suite->n_attacks]);
        suite->n_attacks++;
    }
}

static const struct rig_yaml_key server_keys[] = {
    {.name = "name",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_suite, server_name),
     .min = 1,
     .max = 63,
     .check = rig_check_dns_name,
     .form = "DNS name",
     .initial = "srv.rig.test",
     .doc = "A name that no device may get a certificate for."},
};
static const struct rig_yaml_schema server_schema = {"server", N_OF(server_keys), server_keys};

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
    {.name = "device",
     .type = RIG_YAML_MAP,
     .schema = &rig_suite_device_schema,
     .doc = "As in a suite for boards: an id that the CA may sign for."},
    {.name = "ca",
     .type = RIG_YAML_MAP,
     .schema = &rig_suite_ca_schema,
     .doc = "As in a suite for boards: device_days is the life that a certificate must have."},
    {.name = "server",
     .type = RIG_YAML_MAP,
     .schema = &server_schema,
     .doc = "Whom an attacker would like to be."},
    {.name = "attacks",
     .type = RIG_YAML_CUSTOM,
     .required = true,
     .read = read_attacks,
     RIG_YAML_FIELD(struct rig_suite, attacks),
     .min = 1,
     .max = RIG_SUITE_MAX_ATTACKS,
     .form = "list of attacks and issuances",
     .doc = "What is sent to the CA, in this order. A suite with this key needs no boards."},
};
const struct rig_yaml_schema rig_attack_suite_schema = {"a suite against the CA", N_OF(suite_keys),
                                                        suite_keys};

rig_result rig_attack_suite_describe(struct rig_buf *text, struct rig_error *err)
{
    RIG_TRY(rig_yaml_describe(&rig_attack_suite_schema, "A suite against the CA", text, err));
    RIG_TRY(rig_yaml_describe(&server_schema, "`server:` of a suite against the CA", text, err));
    RIG_TRY(rig_yaml_describe(&attack_schema, "An attack", text, err));
    RIG_TRY(rig_yaml_describe(&issuance_schema, "An issuance", text, err));
    return rig_attack_describe(text, err);
}
