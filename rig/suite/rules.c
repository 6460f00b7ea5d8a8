/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a suite that concern more than one of its values. */
#include "rig/suite/plan_tables.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The line of a key, or of the nearest thing above it that is in the file. */
static int line_of(const struct rig_yaml_node *root, const char *outer, const char *inner)
{
    const struct rig_yaml_node *node = rig_yaml_find(root, outer);
    const struct rig_yaml_node *child = rig_yaml_find(node, inner);

    return child != NULL ? child->key->line : node != NULL ? node->key->line : root->line;
}

static void check_tls(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                      const struct rig_yaml_node *root)
{
    if (suite->min_tls > suite->max_tls) {
        rig_yaml_mistake(mistakes, line_of(root, "tls", "min"),
                         "found tls.min above tls.max; expected min to be at most max");
    }
    for (size_t i = 0; i < suite->n_keys; i++) {
        if (rig_key_security_bits(suite->keys[i]) <
            rig_level_security_bits(suite->security_level)) {
            rig_yaml_mistake(mistakes, line_of(root, "tls", "security_level"),
                             "found security_level %d, at which OpenSSL refuses every %s key; "
                             "expected a lower level or other keys",
                             suite->security_level, rig_key_type_name(suite->keys[i]));
        }
    }
}

/* Where in a suite a walk is, and what is true of the board there. */
struct walk {
    struct rig_yaml_mistakes *mistakes;
    const char *list_name;
    unsigned list;
    unsigned facts;
    unsigned round;  /* of each_key */
    int signed_line; /* of a sign that no installed has closed yet; 0: none */
    bool controlled; /* a control stands before, with the same certificate */
    const struct rig_step_plan *open[RIG_SUITE_MAX_STEPS]; /* negatives that wait for a control */
    size_t n_open;
};

static const char *again_words(const struct walk *walk)
{
    return walk->round > 0 ? " when each_key begins again for the next key" : "";
}

static const char *kind_word(const struct rig_step_plan *step)
{
    return step->kind == RIG_STEP_ENROL ? "registration" : rig_step_is_case(step) ? "case" : "step";
}

static const char *control_words(const struct rig_step_plan *negative)
{
    return negative->kind == RIG_STEP_TRIAL ? "certificate: good, server: good, control: true"
                                            : "certificate: installed, server: good";
}

static void need(struct walk *walk, const struct rig_step_plan *step, unsigned needs)
{
    const char *what = kind_word(step);

    for (size_t i = 0; i < RIG_N_FACTS; i++) {
        const struct rig_fact *fact = &rig_facts[i];

        if ((needs & fact->bit) == 0 || (walk->facts & fact->bit) != 0) {
            continue;
        }
        rig_yaml_mistake(walk->mistakes, step->line,
                         "found the %s \"%s\" %s%s; expected the step %s before it", what,
                         step->name, fact->lacking, again_words(walk), fact->remedy);
        /* one mistake, not a chain of them: take all of it for granted from here on */
        walk->facts |= needs;
        return;
    }
}

static void close_brackets(struct walk *walk)
{
    for (size_t i = 0; i < walk->n_open && walk->round == 0; i++) {
        rig_yaml_mistake(walk->mistakes, walk->open[i]->line,
                         "found the negative case \"%s\" without a control after it in %s; "
                         "expected an accepted case (%s) after it and before the next key or "
                         "certificate",
                         walk->open[i]->name, walk->list_name, control_words(walk->open[i]));
    }
    walk->n_open = 0;
    walk->controlled = false;
}

static void meet_case(struct walk *walk, const struct rig_step_plan *step)
{
    const struct rig_case_plan *plan = &step->handshake;

    if (plan->control) {
        walk->n_open = 0;
        walk->controlled = true;
        return;
    }
    if (plan->expect == RIG_EXPECT_ACCEPTED) {
        return;
    }
    if (!walk->controlled && walk->round == 0) {
        rig_yaml_mistake(walk->mistakes, step->line,
                         "found the negative case \"%s\" without a control before it in %s; "
                         "expected an accepted case (%s) first, so that a refusal proves something",
                         step->name, walk->list_name, control_words(step));
    }
    walk->open[walk->n_open++] = step;
}

static void check_pending(struct walk *walk, const char *until)
{
    if (walk->signed_line != 0 && walk->round == 0) {
        rig_yaml_mistake(walk->mistakes, walk->signed_line,
                         "found the step sign without the step installed after it%s; expected "
                         "flash, boot and installed, so that no certificate is issued and "
                         "forgotten",
                         until);
    }
    walk->signed_line = 0;
}

static void meet_step(struct walk *walk, const struct rig_step_plan *step)
{
    const struct rig_step_traits *traits = &rig_step_traits[step->kind];
    const bool shows_flash = step->kind == RIG_STEP_CASE &&
                             rig_certificate_traits[step->handshake.certificate].needs_flashed;
    const bool updates = step->kind == RIG_STEP_CHAIN_UPDATE;
    const bool needs_old = updates && step->update > RIG_ROTATION_GOOD;
    const unsigned needs =
        traits->needs | (shows_flash ? RIG_HAS_FLASHED : 0) | (needs_old ? RIG_HAS_UPDATE : 0);

    if ((traits->lists & walk->list) == 0) {
        rig_yaml_mistake(walk->mistakes, step->line,
                         "found the %s \"%s\" in %s; expected it in each_key, where there is a key "
                         "type",
                         kind_word(step), step->name, walk->list_name);
        return;
    }
    need(walk, step, needs);
    if ((traits->clears & (RIG_HAS_CERTIFICATE | RIG_HAS_FLASHED)) != 0 ||
        step->kind == RIG_STEP_FLASH) {
        close_brackets(walk);
    }
    if (step->kind == RIG_STEP_KEYGEN || step->kind == RIG_STEP_SIGN) {
        check_pending(walk, ", before the next key or certificate");
    }
    if (step->kind == RIG_STEP_SIGN) {
        walk->signed_line = step->line;
    } else if (step->kind == RIG_STEP_INSTALLED) {
        walk->signed_line = 0;
    } else if (rig_step_is_case(step)) {
        meet_case(walk, step);
    }
    walk->facts = (walk->facts & ~traits->clears) | traits->gives | (updates ? RIG_HAS_UPDATE : 0);
}

static void check_unique(struct rig_yaml_mistakes *mistakes, const struct rig_step_list *list,
                         const char *list_name)
{
    for (size_t i = 1; i < list->n; i++) {
        for (size_t j = 0; j < i; j++) {
            /* names become file names, so case must not be the only difference */
            if (list->steps[i].name[0] != '\0' &&
                strcasecmp(list->steps[i].name, list->steps[j].name) == 0) {
                rig_yaml_mistake(mistakes, list->steps[i].line,
                                 "found the name \"%s\" a second time in %s; expected names to be "
                                 "unique (first on line %d; a step takes another with \"name:\")",
                                 list->steps[i].name, list_name, list->steps[j].line);
                break;
            }
        }
    }
}

static void walk_list(struct walk *walk, const struct rig_step_list *list, unsigned which,
                      const char *list_name)
{
    walk->list = which;
    walk->list_name = list_name;
    for (size_t i = 0; i < list->n; i++) {
        meet_step(walk, &list->steps[i]);
    }
    close_brackets(walk);
}

static void check_keygen(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                         const struct rig_yaml_node *root)
{
    for (size_t i = 0; i < suite->each_key.n; i++) {
        if (suite->each_key.steps[i].kind == RIG_STEP_KEYGEN) {
            return;
        }
    }
    rig_yaml_mistake(mistakes, line_of(root, "each_key", ""),
                     "found each_key without the step keygen; expected it, since the list runs "
                     "once for each type in keys");
}

void rig_suite_check_rules(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                           const struct rig_yaml_node *root, bool steps_readable)
{
    struct walk walk = {.mistakes = mistakes};

    check_tls(mistakes, suite, root);
    check_unique(mistakes, &suite->before, "before");
    check_unique(mistakes, &suite->each_key, "each_key");
    check_unique(mistakes, &suite->after, "after");
    if (!steps_readable) {
        return; /* an order of half the steps would only give further, wrong mistakes */
    }
    if (rig_yaml_find(root, "each_key") != NULL) {
        check_keygen(mistakes, suite, root);
    }
    walk_list(&walk, &suite->before, RIG_LIST_BEFORE, "before");
    walk_list(&walk, &suite->each_key, RIG_LIST_EACH_KEY, "each_key");
    check_pending(&walk, " in each_key");
    if (suite->n_keys > 1 && mistakes->n == 0) {
        walk.round = 1;
        walk_list(&walk, &suite->each_key, RIG_LIST_EACH_KEY, "each_key");
        walk.round = 0;
        walk.signed_line = 0;
    }
    walk_list(&walk, &suite->after, RIG_LIST_AFTER, "after");
}
