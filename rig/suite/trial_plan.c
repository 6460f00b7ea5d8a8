/* SPDX-License-Identifier: Apache-2.0 */
/* What a trial leaves out, and what it must not say. */
#include "rig/suite/trial_schema.h"

#include <stdio.h>
#include <string.h>

#define GOOD "good"
#define NONE "none"

struct place {
    struct rig_yaml_mistakes *mistakes;
    const struct rig_fixtures *fixtures; /* NULL: names are not looked up */
    enum rig_pki_kind catalogue;
    const struct rig_yaml_node *node;
};

static const struct rig_yaml_node *value_of(const struct place *at, const char *key)
{
    return rig_yaml_find(at->node, key);
}

static int line_of(const struct place *at, const char *key)
{
    const struct rig_yaml_node *value = value_of(at, key);

    return value != NULL ? value->key->line : at->node->line;
}

/* ---- names of the fixtures ---- */

/* Adds what a recipe says of itself, or else its name, to what is wrong in this case; `of` says
 * what it is a recipe of, where that is not a certificate. */
static void add_wrong(struct rig_case_plan *plan, const char *of, const char *description,
                      const char *name)
{
    const bool described = description[0] != '\0';
    size_t len = strlen(plan->wrong);
    size_t n_before;

    if (len != 0 && plan->wrong[len - 1] == '.') {
        plan->wrong[--len] = '\0';
    }
    n_before = len + (size_t)snprintf(plan->wrong + len, sizeof plan->wrong - len, "%s%s",
                                      len != 0 ? "; " : "", of);
    if (n_before >= sizeof plan->wrong) {
        return;
    }
    (void)snprintf(plan->wrong + n_before, sizeof plan->wrong - n_before, "%s",
                   described ? description : name);
    for (char *at = plan->wrong + n_before; !described && *at != '\0'; at++) {
        *at = *at == '-' ? ' ' : *at;
    }
}

static void unknown(const struct place *at, const char *key, const char *what, const char *name)
{
    if (at->fixtures != NULL) {
        rig_yaml_mistake(at->mistakes, line_of(at, key),
                         "found %s: \"%s\", which no file of fixtures has; expected the name of %s",
                         key, name, what);
    }
}

/* An identity by its key, else by the case's name, else the good one. */
static void choose_identity(const struct place *at, enum rig_pki_kind kind, const char *key,
                            const struct rig_step_plan *step, char name[RIG_PKI_NAME_SIZE],
                            struct rig_case_plan *plan)
{
    const struct rig_pki_recipe *recipe;

    if (name[0] == '\0') {
        const bool named = kind == at->catalogue && at->fixtures != NULL &&
                           rig_fixtures_find(at->fixtures, kind, step->name) != NULL;
        (void)rig_copy_text(name, RIG_PKI_NAME_SIZE, named ? step->name : GOOD);
    }
    if (kind == RIG_PKI_DEVICE && strcmp(name, NONE) == 0) {
        name[0] = '\0';
        add_wrong(plan, "", "no certificate", NONE);
        return;
    }
    recipe = at->fixtures != NULL ? rig_fixtures_find(at->fixtures, kind, name) : NULL;
    if (recipe == NULL) {
        unknown(at, key, kind == RIG_PKI_DEVICE ? "a device" : "a server", name);
    } else if (strcmp(name, GOOD) != 0) {
        add_wrong(plan, "", recipe->description, name);
    }
}

static void choose_crls(const struct place *at, const char *key, char name[RIG_PKI_NAME_SIZE],
                        struct rig_case_plan *plan)
{
    const struct rig_pki_crl_set *set;

    if (strcmp(name, NONE) == 0) {
        name[0] = '\0';
    }
    if (name[0] == '\0') {
        return;
    }
    set = at->fixtures != NULL ? rig_fixtures_find_crls(at->fixtures, name) : NULL;
    if (set == NULL) {
        unknown(at, key, "a CRL set", name);
    } else if (strcmp(name, GOOD) != 0) {
        add_wrong(plan, "CRLs: ", set->description, name);
    }
}

static void choose_ocsp(const struct place *at, const struct rig_trial_ocsp *ocsp,
                        struct rig_case_plan *plan)
{
    const struct rig_pki_ocsp_recipe *recipe;

    if (ocsp->answer[0] == '\0') {
        return;
    }
    recipe = at->fixtures != NULL ? rig_fixtures_find_ocsp(at->fixtures, ocsp->answer) : NULL;
    if (recipe == NULL) {
        unknown(at, "ocsp", "an OCSP answer", ocsp->answer);
    } else if (strcmp(ocsp->answer, GOOD) != 0) {
        add_wrong(plan, "OCSP: ", recipe->description, ocsp->answer);
    }
}

static void choose_change(const struct place *at, const struct rig_trial_plan *trial,
                          struct rig_case_plan *plan)
{
    char crls[RIG_PKI_NAME_SIZE];

    (void)rig_copy_text(crls, sizeof crls, trial->change.crls);
    choose_crls(at, "change", crls, plan);
    (void)rig_copy_text(crls, sizeof crls, trial->change.board_crls);
    choose_crls(at, "change", crls, plan);
    if (trial->change.trust[0] != '\0' && at->fixtures != NULL &&
        rig_fixtures_find(at->fixtures, RIG_PKI_AUTHORITY, trial->change.trust) == NULL) {
        unknown(at, "change", "an authority", trial->change.trust);
    }
}

/* ---- what fits together ---- */

#define OUTCOME(name) (1U << RIG_EXPECT_##name)

/* Keys that say how it must look, and the outcomes that they belong to. */
static const struct {
    const char *key;
    unsigned outcomes;
    const char *where;
} outcome_keys[] = {
    {"verify_errors", OUTCOME(SERVER_REJECTS), "the server rejects the board"},
    {"verify_depth", OUTCOME(SERVER_REJECTS), "the server rejects the board"},
    {"verify_flags", OUTCOME(DEVICE_REJECTS), "the board rejects the server"},
    {"codes", OUTCOME(DEVICE_REJECTS) | OUTCOME(FAILS),
     "the board rejects the server, or it fails"},
    {"findings", OUTCOME(POLICY_REFUSES), "the policy refuses"},
    {"alerts", OUTCOME(SERVER_REJECTS) | OUTCOME(DEVICE_REJECTS) | OUTCOME(FAILS),
     "one side rejects the other"},
    {"allow_silent", OUTCOME(SERVER_REJECTS) | OUTCOME(DEVICE_REJECTS),
     "one side rejects the other"},
    {"resumed", OUTCOME(ACCEPTED), "the board is accepted"},
    {"offers", OUTCOME(ACCEPTED), "the board is accepted"},
    {"control", OUTCOME(ACCEPTED), "the board is accepted"},
};

static void check_outcome_keys(const struct place *at, const struct rig_case_plan *plan)
{
    for (size_t i = 0; i < sizeof outcome_keys / sizeof *outcome_keys; i++) {
        if (value_of(at, outcome_keys[i].key) != NULL &&
            (outcome_keys[i].outcomes & (1U << plan->expect)) == 0) {
            rig_yaml_mistake(at->mistakes, line_of(at, outcome_keys[i].key),
                             "found %s in a case that expects %s; expected it only where %s (leave "
                             "it out here)",
                             outcome_keys[i].key,
                             rig_yaml_word_name(rig_trial_expect_words, (int)plan->expect),
                             outcome_keys[i].where);
        }
    }
}

static void check_client(const struct place *at, const struct rig_trial_plan *trial,
                         const struct rig_case_plan *plan)
{
    static const char *const board_keys[] = {"board_crls", "board_clock", "verify_flags", "codes",
                                             "offers"};

    if (trial->client == RIG_TRIAL_BOARD) {
        if (value_of(at, "reference") != NULL) {
            rig_yaml_mistake(at->mistakes, line_of(at, "reference"),
                             "found reference in a case of the board; expected client: reference "
                             "with it");
        }
        return;
    }
    for (size_t i = 0; i < sizeof board_keys / sizeof *board_keys; i++) {
        if (value_of(at, board_keys[i]) != NULL) {
            rig_yaml_mistake(at->mistakes, line_of(at, board_keys[i]),
                             "found %s with client: reference; expected it only in cases of the "
                             "board",
                             board_keys[i]);
        }
    }
    if (trial->change.board_crls[0] != '\0') {
        rig_yaml_mistake(at->mistakes, line_of(at, "change"),
                         "found board_crls in a change with client: reference; expected it only in "
                         "cases of the board");
    }
    if (plan->expect == RIG_EXPECT_DEVICE_REJECTS) {
        rig_yaml_mistake(at->mistakes, line_of(at, "expect"),
                         "found expect: device-rejects with client: reference; expected the board: "
                         "what OpenSSL refuses says nothing about a firmware");
    }
}

static void check_session(const struct place *at, const struct rig_trial_plan *trial)
{
    if (value_of(at, "change") != NULL && trial->session == RIG_TRIAL_FULL) {
        rig_yaml_mistake(at->mistakes, line_of(at, "change"),
                         "found change without a session; expected session: id or ticket, whose "
                         "resumption it is about");
    }
}

static void check_versions(const struct place *at, const char *key, const struct rig_trial_tls *tls,
                           int usual_min, int usual_max)
{
    const int min = tls->min_version != 0 ? tls->min_version : usual_min;
    const int max = tls->max_version != 0 ? tls->max_version : usual_max;

    if (value_of(at, key) != NULL && min > max) {
        rig_yaml_mistake(at->mistakes, line_of(at, key),
                         "found %s with min (usually %s) above max (usually %s); expected min to "
                         "be at most max",
                         key, rig_yaml_word_name(rig_trial_version_words, usual_min),
                         rig_yaml_word_name(rig_trial_version_words, usual_max));
    }
}

/* A misspelt name would be the good case once more, and show nothing. */
static void check_name(const struct place *at, const struct rig_step_plan *step)
{
    static const char *const apart[] = {"certificate",   "server",      "crls",      "board_crls",
                                        "ocsp",          "server_side", "reference", "session",
                                        "device_policy", "board_clock", "offers",    "control"};

    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++) {
        if (value_of(at, apart[i]) != NULL) {
            return;
        }
    }
    if (at->fixtures != NULL &&
        rig_fixtures_find(at->fixtures, at->catalogue, step->name) == NULL) {
        rig_yaml_mistake(at->mistakes, at->node->line,
                         "found the case \"%s\", which no file of fixtures has as a %s, and no key "
                         "that says what is tried; expected the name of a %s (`catalogue` says of "
                         "which kind), or certificate, server, crls, ocsp or the like",
                         step->name, at->catalogue == RIG_PKI_DEVICE ? "device" : "server",
                         at->catalogue == RIG_PKI_DEVICE ? "device" : "server");
    }
}

void rig_trial_complete(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                        const struct rig_yaml_node *node, struct rig_step_plan *step)
{
    struct rig_trial_plan *trial = step->trial;
    struct rig_case_plan *plan = &step->handshake;
    const struct place at = {mistakes, suite->fixtures, suite->catalogue, node};

    choose_identity(&at, RIG_PKI_DEVICE, "certificate", step, trial->certificate, plan);
    choose_identity(&at, RIG_PKI_SERVER, "server", step, trial->server, plan);
    choose_crls(&at, "crls", trial->crls, plan);
    choose_crls(&at, "board_crls", trial->board_crls, plan);
    choose_ocsp(&at, &trial->ocsp, plan);
    choose_change(&at, trial, plan);
    if (plan->wrong[0] == '\0' && plan->expect != RIG_EXPECT_ACCEPTED) {
        add_wrong(plan, "", "", step->name);
    }
    check_name(&at, step);
    check_outcome_keys(&at, plan);
    check_client(&at, trial, plan);
    check_session(&at, trial);
    check_versions(&at, "server_side", &trial->server_side.tls, suite->min_tls, suite->max_tls);
    check_versions(&at, "reference", &trial->reference.tls, 0x0303, 0x0304);
    plan->misbehaves = rig_tls_fault_acts(trial->server_side.fault);
    plan->after_handshake = trial->server_side.asks_renegotiation || trial->reference.renegotiates;
    if (value_of(&at, "device_policy") == NULL) {
        trial->device_policy = plan->expect == RIG_EXPECT_POLICY_REFUSES;
    }
    if (value_of(&at, "control") == NULL) {
        plan->control = plan->expect == RIG_EXPECT_ACCEPTED && plan->offers == 0 &&
                        trial->client == RIG_TRIAL_BOARD && trial->session == RIG_TRIAL_FULL &&
                        strcmp(trial->certificate, GOOD) == 0 && strcmp(trial->server, GOOD) == 0 &&
                        value_of(&at, "server_side") == NULL &&
                        value_of(&at, "board_clock") == NULL;
    }
    if (value_of(&at, "title") == NULL) {
        (void)rig_copy_text(step->title, sizeof step->title, plan->wrong);
    }
}
