/* SPDX-License-Identifier: Apache-2.0 */
/* Registrations in suites: `- enrol: NAME`. */
#include "rig/suite/enrol_schema.h"
#include "rig/suite/checks.h"
#include "rig/suite/enrolment_file.h"
#include "rig/suite/schemas.h"

#include <stdio.h>
#include <string.h>

#define N_OF(table) (sizeof(table) / sizeof((table)[0]))
#define MAX_ENROL_MS (INT64_C(2) * 60 * 1000)
#define NOBODY "none"

static const struct rig_yaml_word expect_words[] = {{"accepted", RIG_ENROL_ACCEPTED},
                                                    {"enrolment-refuses", RIG_ENROL_REFUSED},
                                                    {"server-rejects", RIG_ENROL_SERVER_REJECTS},
                                                    {"list-refused", RIG_ENROL_LIST_REFUSED},
                                                    {NULL, 0}};

static const struct rig_yaml_word reason_words[] = {
    {"unverified-ca", RIG_ENROLMENT_UNVERIFIED_CA},
    {"bad-algorithm", RIG_ENROLMENT_BAD_ALGORITHM},
    {"no-entry", RIG_ENROLMENT_NO_ENTRY},
    {"disabled", RIG_ENROLMENT_DISABLED},
    {"reissued", RIG_ENROLMENT_REISSUED},
    {"no-common-name", RIG_ENROLMENT_NO_NAME},
    {"common-name-too-long", RIG_ENROLMENT_NAME_TOO_LONG},
    {"two-common-names", RIG_ENROLMENT_TWO_NAMES},
    {"other-name", RIG_ENROLMENT_OTHER_NAME},
    {NULL, 0}};

#define NAME_KEY(name_, member_, required_, initial_, doc_)                                        \
    {                                                                                              \
        .name = (name_), .type = RIG_YAML_TEXT, .required = (required_),                           \
        RIG_YAML_FIELD(struct rig_step_plan, member_), .min = 1, .max = 47,                        \
        .check = rig_check_name, .initial = (initial_), .doc = (doc_)                              \
    }

static const struct rig_yaml_key enrol_keys[] = {
    NAME_KEY("enrol", name, true, NULL, "The name of the registration, unique in its list."),
    NAME_KEY("state", enrol.state, true, NULL,
             "The service's list: a state of one of the suite's `enrolments`."),
    NAME_KEY("device", enrol.device, false, NULL,
             "Who the board is: a device of the PKI fixtures that the enrolment fixture uses; its "
             "certificate is made for the board's key. Needed unless list-refused."),
    {.name = "registration",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_step_plan, enrol.registration),
     .min = 1,
     .max = 80, /* the agent sends lines of up to 128 characters */
     .initial = "as `device`",
     .doc = "The registration id that the board asks with."},
    {.name = "expect",
     .type = RIG_YAML_ENUM,
     .required = true,
     RIG_YAML_FIELD(struct rig_step_plan, enrol.expect),
     .words = expect_words,
     .doc = "How it must end: accepted; refused after a good handshake; the chain rejected during "
            "it; or a list that the service itself must refuse."},
    NAME_KEY("decided_by", enrol.decided_by, false, NULL,
             "The entry that must decide, or `none`. Needed for accepted and enrolment-refuses."),
    {.name = "reason",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_step_plan, enrol.reason),
     .words = reason_words,
     .initial = "disabled; no-entry with `decided_by: none`",
     .doc = "enrolment-refuses: why."},
    {.name = "device_id",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_step_plan, enrol.device_id),
     .min = 1,
     .max = 64,
     .initial = "as `registration`",
     .doc = "accepted: what the device must be registered as."},
    NAME_KEY("finding", enrol.finding, false, "none",
             "The individual entry that must be reported as one for an earlier certificate."),
    {.name = "verify_errors",
     .type = RIG_YAML_CUSTOM,
     .read = rig_read_verify_errors,
     .min = 1,
     .max = 4,
     .form = "`any`, or 1 to 4 of OpenSSL's names without X509_V_ERR_",
     .initial = "any",
     .doc =
         "server-rejects: the verify errors that count as the right reason; OK where the path is "
         "good and something else is refused."},
    {.name = "verify_depth",
     .type = RIG_YAML_CUSTOM,
     .read = rig_read_verify_depth,
     .max = 9,
     .form = "`any`, or 0 (the device's certificate) to 9",
     .initial = "any",
     .doc = "server-rejects: at which certificate of the chain."},
    {.name = "alerts",
     .type = RIG_YAML_CUSTOM,
     .read = rig_read_alerts,
     .min = 1,
     .max = 4,
     .form = "`any`, or 1 to 4 names of RFC 8446",
     .initial = "any",
     .doc = "server-rejects: the alerts that the server may send."},
    RIG_STEP_COMMON_KEYS(MAX_ENROL_MS),
};
const struct rig_yaml_schema rig_enrol_schema = {"a registration", N_OF(enrol_keys), enrol_keys};

void rig_read_enrolments(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                         const struct rig_yaml_node *node, void *target)
{
    static const struct rig_yaml_key path = {
        .name = "an enrolment fixture", .type = RIG_YAML_TEXT, .min = 1, .max = 255};
    struct rig_suite *suite = target;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        char *placed = suite->enrolments[suite->n_enrolments++];
        char written[256] = "";

        if (rig_yaml_read_text(mistakes, &path, item, written, sizeof written)) {
            (void)rig_yaml_place_path(mistakes, item->line, written, placed,
                                      sizeof suite->enrolments[0]);
        }
    }
}

/* ---- one registration ---- */

static const struct {
    const char *key;
    unsigned expects; /* bits of the outcomes that it belongs to */
    bool needed;
} belongs[] = {
    {"device", 1U << RIG_ENROL_ACCEPTED | 1U << RIG_ENROL_REFUSED | 1U << RIG_ENROL_SERVER_REJECTS,
     true},
    {"decided_by", 1U << RIG_ENROL_ACCEPTED | 1U << RIG_ENROL_REFUSED, true},
    {"registration",
     1U << RIG_ENROL_ACCEPTED | 1U << RIG_ENROL_REFUSED | 1U << RIG_ENROL_SERVER_REJECTS, false},
    {"reason", 1U << RIG_ENROL_REFUSED, false},
    {"device_id", 1U << RIG_ENROL_ACCEPTED, false},
    {"finding", 1U << RIG_ENROL_ACCEPTED | 1U << RIG_ENROL_REFUSED, false},
    {"verify_errors", 1U << RIG_ENROL_SERVER_REJECTS, false},
    {"verify_depth", 1U << RIG_ENROL_SERVER_REJECTS, false},
    {"alerts", 1U << RIG_ENROL_SERVER_REJECTS, false},
};

static void check_keys(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                       enum rig_enrol_expect expect)
{
    const char *word = rig_yaml_word_name(expect_words, (int)expect);

    for (size_t i = 0; i < N_OF(belongs); i++) {
        const struct rig_yaml_node *value = rig_yaml_find(node, belongs[i].key);
        const bool fits = (belongs[i].expects & 1U << (unsigned)expect) != 0;

        if (value != NULL && !fits) {
            rig_yaml_mistake(mistakes, value->key->line,
                             "found %s in a registration that ends %s; expected it without",
                             belongs[i].key, word);
        } else if (value == NULL && fits && belongs[i].needed) {
            rig_yaml_mistake(mistakes, node->line,
                             "found a registration that ends %s without %s; expected that key",
                             word, belongs[i].key);
        }
    }
}

static void check_reason(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                         const struct rig_enrol_plan *plan)
{
    const struct rig_yaml_node *decided_by = rig_yaml_find(node, "decided_by");
    const bool nobody = plan->decided_by[0] == '\0';

    if (plan->expect == RIG_ENROL_ACCEPTED && nobody && decided_by != NULL) {
        rig_yaml_mistake(mistakes, decided_by->line,
                         "found decided_by: none in a registration that ends accepted; expected "
                         "the entry (without one nobody is admitted)");
    }
    if (plan->expect == RIG_ENROL_REFUSED && nobody != (plan->reason == RIG_ENROLMENT_NO_ENTRY) &&
        plan->reason != RIG_ENROLMENT_BAD_ALGORITHM &&
        plan->reason != RIG_ENROLMENT_UNVERIFIED_CA && decided_by != NULL) {
        rig_yaml_mistake(mistakes, decided_by->line,
                         "found decided_by: %s for reason: %s; expected an entry for disabled and "
                         "for names, none for no-entry",
                         nobody ? NOBODY : plan->decided_by,
                         rig_yaml_word_name(reason_words, plan->reason));
    }
}

static void forget_nobody(char *name)
{
    if (strcmp(name, NOBODY) == 0) {
        name[0] = '\0';
    }
}

void rig_enrol_complete(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                        const struct rig_yaml_node *node, struct rig_step_plan *step)
{
    struct rig_enrol_plan *plan = &step->enrol;
    struct rig_case_plan *handshake = &step->handshake;

    forget_nobody(plan->decided_by);
    forget_nobody(plan->finding);
    if (rig_yaml_find(node, "registration") == NULL) {
        (void)rig_copy_text(plan->registration, sizeof plan->registration, plan->device);
    }
    if (rig_yaml_find(node, "device_id") == NULL) {
        (void)rig_copy_text(plan->device_id, sizeof plan->device_id, plan->registration);
    }
    if (rig_yaml_find(node, "reason") == NULL) {
        plan->reason =
            plan->decided_by[0] == '\0' ? RIG_ENROLMENT_NO_ENTRY : RIG_ENROLMENT_DISABLED;
    }
    /* for the rules of controls: a refusal, in TLS or after it, is a negative */
    handshake->expect =
        plan->expect == RIG_ENROL_REFUSED || plan->expect == RIG_ENROL_SERVER_REJECTS
            ? RIG_EXPECT_SERVER_REJECTS
            : RIG_EXPECT_ACCEPTED;
    handshake->control = plan->expect == RIG_ENROL_ACCEPTED;
    if (rig_yaml_find(node, "expect") != NULL) {
        check_keys(mistakes, node, plan->expect);
        check_reason(mistakes, node, plan);
    }
    if (rig_yaml_find(node, "title") == NULL) {
        (void)snprintf(step->title, sizeof step->title, "%.40s in the state %.40s",
                       plan->device[0] != '\0' ? plan->device : "the list", plan->state);
    }
    if (suite->n_enrolments == 0) {
        rig_yaml_mistake(mistakes, node->line,
                         "found a registration in a suite without enrolments; expected "
                         "enrolments: [FILE...], the fixtures that say who is enrolled");
    }
}

/* ---- against the fixtures ---- */

static const struct rig_enrolment_state *find_state(
    struct rig_enrolment_file *const files[RIG_SUITE_MAX_ENROLMENTS], const char *name)
{
    const struct rig_enrolment_state *found = NULL;

    for (size_t i = 0; i < RIG_SUITE_MAX_ENROLMENTS && found == NULL; i++) {
        found = files[i] != NULL ? rig_enrolment_file_state(files[i], name) : NULL;
    }
    return found;
}

static bool has_entry(const struct rig_enrolment_state *state, const char *name)
{
    for (size_t i = 0; i < state->n_entries; i++) {
        if (strcmp(state->entries[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void check_plan(struct rig_yaml_mistakes *mistakes,
                       struct rig_enrolment_file *const files[RIG_SUITE_MAX_ENROLMENTS],
                       const struct rig_step_plan *step)
{
    const struct rig_enrolment_state *state = find_state(files, step->enrol.state);
    const char *const entries[] = {step->enrol.decided_by, step->enrol.finding};

    if (state == NULL) {
        rig_yaml_mistake(mistakes, step->line,
                         "found state: %s; expected a state of the suite's enrolments",
                         step->enrol.state);
        return;
    }
    for (size_t i = 0; i < N_OF(entries); i++) {
        if (entries[i][0] != '\0' && !has_entry(state, entries[i])) {
            rig_yaml_mistake(mistakes, step->line,
                             "found the entry \"%s\"; expected one of the state %s, or none",
                             entries[i], state->name);
        }
    }
    if (state->contradicts != (step->enrol.expect == RIG_ENROL_LIST_REFUSED)) {
        rig_yaml_mistake(mistakes, step->line,
                         "found expect: %s for the state %s; expected list-refused for a state "
                         "that contradicts itself, and for no other",
                         rig_yaml_word_name(expect_words, (int)step->enrol.expect), state->name);
    }
}

static rig_result load_all(const struct rig_suite *suite,
                           struct rig_enrolment_file *files[RIG_SUITE_MAX_ENROLMENTS],
                           struct rig_buf *mistakes, struct rig_error *err)
{
    for (size_t i = 0; i < suite->n_enrolments; i++) {
        RIG_TRY(rig_enrolment_file_load(suite->enrolments[i], &files[i], mistakes, err));
    }
    return RIG_DONE;
}

rig_result rig_suite_check_enrolments(const struct rig_suite *suite, struct rig_buf *mistakes,
                                      struct rig_error *err)
{
    struct rig_enrolment_file *files[RIG_SUITE_MAX_ENROLMENTS] = {NULL};
    struct rig_yaml_mistakes *found = calloc(1, sizeof *found);
    rig_result result =
        found != NULL ? load_all(suite, files, mistakes, err) : rig_fail_memory(err);

    if (result.ok) {
        found->path = suite->path;
        for (size_t i = 0; i < suite->each_key.n; i++) {
            if (suite->each_key.steps[i].kind == RIG_STEP_ENROL) {
                check_plan(found, files, &suite->each_key.steps[i]);
            }
        }
        result = rig_yaml_judge(found, mistakes, err);
    }
    for (size_t i = 0; i < RIG_SUITE_MAX_ENROLMENTS; i++) {
        rig_enrolment_file_free(files[i]);
    }
    free(found);
    return result;
}
