/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/enrolment_file.h"

#include "rig/suite/checks.h"
#include "rig/suite/schemas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_OF(table) (sizeof(table) / sizeof((table)[0]))

static const struct rig_yaml_word proof_words[] = {{"good", RIG_PROOF_GOOD},
                                                   {"none", RIG_PROOF_NONE},
                                                   {"wrong-code", RIG_PROOF_WRONG_CODE},
                                                   {"wrong-key", RIG_PROOF_WRONG_KEY},
                                                   {"elsewhere", RIG_PROOF_ELSEWHERE},
                                                   {NULL, 0}};
static const struct rig_yaml_word match_words[] = {{"certificate", RIG_ENROLMENT_BY_CERTIFICATE},
                                                   {"public-key", RIG_ENROLMENT_BY_PUBLIC_KEY},
                                                   {NULL, 0}};
static const struct rig_yaml_word reissue_words[] = {
    {"report", RIG_ENROLMENT_REPORT}, {"refuse", RIG_ENROLMENT_REFUSE}, {NULL, 0}};
static const struct rig_yaml_word algorithm_words[] = {{"rsa", RIG_ENROLMENT_RSA},
                                                       {"p-256", RIG_ENROLMENT_P256},
                                                       {"p-384", RIG_ENROLMENT_P384},
                                                       {"p-521", RIG_ENROLMENT_P521},
                                                       {NULL, 0}};
#define N_TWINS 9

/* ---- lists of words and paths ---- */

static unsigned read_words(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                           const struct rig_yaml_word *words, const struct rig_yaml_node *node)
{
    unsigned bits = 0;
    int value = 0;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return 0;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        if (!rig_yaml_read_word(mistakes, key->name, words, item, &value)) {
            continue;
        }
        if ((bits & (unsigned)value) != 0) {
            rig_yaml_mistake(mistakes, item->line, "found %s a second time in %s; expected it once",
                             item->text, key->name);
        }
        bits |= (unsigned)value;
    }
    return bits;
}

static void read_algorithms(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                            const struct rig_yaml_node *node, void *target)
{
    ((struct rig_enrolment_state *)target)->settings.algorithms =
        read_words(mistakes, key, algorithm_words, node);
}

static void read_twins(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                       const struct rig_yaml_node *node, void *target)
{
    struct rig_yaml_word words[N_TWINS + 1] = {{NULL, 0}};

    for (size_t i = 0; i < N_TWINS; i++) {
        words[i].value = 1 << i;
        words[i].name = rig_enrolment_twin_name(1U << i);
    }
    ((struct rig_enrolment_file *)target)->twins = read_words(mistakes, key, words, node);
}

static void read_path(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                      const struct rig_yaml_node *node, char path[RIG_ENROLMENT_FILE_PATH_SIZE])
{
    const struct rig_yaml_key text = {.name = key->name,
                                      .type = RIG_YAML_TEXT,
                                      .min = 1,
                                      .max = RIG_ENROLMENT_FILE_PATH_SIZE - 1};
    char written[RIG_ENROLMENT_FILE_PATH_SIZE] = "";

    if (rig_yaml_read_text(mistakes, &text, node, written, sizeof written)) {
        rig_yaml_place_path(mistakes, node->line, written, path, RIG_ENROLMENT_FILE_PATH_SIZE);
    }
}

static void read_file(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                      const struct rig_yaml_node *node, void *target)
{
    read_path(mistakes, key, node, (char *)target + key->offset);
}

static void read_pki(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                     const struct rig_yaml_node *node, void *target)
{
    struct rig_enrolment_file *file = target;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        read_path(mistakes, key, item, file->pki[file->n_pki++]);
    }
}

/* ---- a CA, an entry ---- */

#define NAME_KEY(name_, type_, member_, required_, doc_)                                           \
    {                                                                                              \
        .name = (name_), .type = RIG_YAML_TEXT, .required = (required_),                           \
        RIG_YAML_FIELD(type_, member_), .min = 1, .max = RIG_ENROLMENT_NAME_SIZE - 1,              \
        .check = rig_check_name, .doc = (doc_)                                                     \
    }

static const struct rig_yaml_key ca_keys[] = {
    NAME_KEY("ca", struct rig_enrolment_ca_plan, name, true, "What the service calls it."),
    {.name = "authority",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_enrolment_ca_plan, source.name),
     .min = 1,
     .max = RIG_PKI_NAME_SIZE - 1,
     .check = rig_check_name,
     .initial = "as `ca`",
     .doc = "Its certificate: an authority of `pki`."},
    {.name = "file",
     .type = RIG_YAML_CUSTOM,
     .read = read_file,
     RIG_YAML_FIELD(struct rig_enrolment_ca_plan, source.file),
     .form = "path of a PEM file",
     .doc = "Its certificate, instead of an authority."},
    {.name = "proof",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_enrolment_ca_plan, proof),
     .words = proof_words,
     .initial = "good; elsewhere with `file`",
     .doc = "How its owner proves possession of its key; `good` and `elsewhere` make it a verified "
            "CA."},
};
static const struct rig_yaml_schema ca_schema = {"a CA", N_OF(ca_keys), ca_keys};

/* `individual:` and `group:` are read by hand: one of them is the entry's name and kind. */
static void read_kind(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                      const struct rig_yaml_node *node, void *target)
{
    static const struct rig_yaml_key name = {.name = "the name of an entry",
                                             .type = RIG_YAML_TEXT,
                                             .min = 1,
                                             .max = RIG_ENROLMENT_NAME_SIZE - 1,
                                             .check = rig_check_name};
    struct rig_enrolment_entry_plan *entry = target;

    entry->kind = strcmp(key->name, "group") == 0 ? RIG_ENROLMENT_GROUP : RIG_ENROLMENT_INDIVIDUAL;
    if (!rig_yaml_read_text(mistakes, &name, node, entry->name, sizeof entry->name)) {
        entry->name[0] = '\0';
    }
}

static const struct rig_yaml_key entry_keys[] = {
    {.name = "individual",
     .type = RIG_YAML_CUSTOM,
     .read = read_kind,
     .form = "text, 1 to 47 bytes",
     .doc = "The name of an entry for one device; this or `group`."},
    {.name = "group",
     .type = RIG_YAML_CUSTOM,
     .read = read_kind,
     .form = "text, 1 to 47 bytes",
     .doc = "The name of an entry for all devices under a CA."},
    {.name = "certificate",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_enrolment_entry_plan, source.name),
     .min = 1,
     .max = RIG_PKI_NAME_SIZE - 1,
     .check = rig_check_name,
     .initial = "the entry's name",
     .doc = "Whose: a device of `pki` for an individual entry, an authority for a group."},
    {.name = "file",
     .type = RIG_YAML_CUSTOM,
     .read = read_file,
     RIG_YAML_FIELD(struct rig_enrolment_entry_plan, source.file),
     .form = "path of a PEM file",
     .doc = "The certificate, instead of `certificate`."},
    {.name = "enabled",
     .type = RIG_YAML_BOOL,
     RIG_YAML_FIELD(struct rig_enrolment_entry_plan, enabled),
     .initial = "true",
     .doc = "false: what it decides about is refused."},
    {.name = "device_id",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_enrolment_entry_plan, device_id),
     .min = 1,
     .max = RIG_ENROLMENT_MAX_ID,
     .initial = "the certificate's common name",
     .doc = "Individual only: what the device is registered as."},
};
static const struct rig_yaml_schema entry_schema = {"an entry", N_OF(entry_keys), entry_keys};

static void check_source(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                         const char *key, const char *name, struct rig_enrolment_source *source)
{
    const struct rig_yaml_node *file = rig_yaml_find(node, "file");

    if (file != NULL && rig_yaml_find(node, key) != NULL) {
        rig_yaml_mistake(mistakes, file->key->line, "found both %s and file; expected one of them",
                         key);
    } else if (file == NULL && source->name[0] == '\0') {
        (void)rig_copy_text(source->name, sizeof source->name, name);
    }
}

static void read_ca(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                    struct rig_enrolment_ca_plan *ca)
{
    const struct rig_yaml_node *file = rig_yaml_find(node, "file");

    ca->line = node->line;
    rig_yaml_read_mapping(mistakes, &ca_schema, node, ca);
    check_source(mistakes, node, "authority", ca->name, &ca->source);
    if (file == NULL) {
        return;
    }
    if (rig_yaml_find(node, "proof") == NULL) {
        ca->proof = RIG_PROOF_ELSEWHERE;
    } else if (ca->proof != RIG_PROOF_ELSEWHERE && ca->proof != RIG_PROOF_NONE) {
        rig_yaml_mistake(mistakes, rig_yaml_find(node, "proof")->line,
                         "found proof: %s for a CA of a file; expected none or elsewhere (a file "
                         "holds no key to prove it with)",
                         rig_yaml_word_name(proof_words, (int)ca->proof));
    }
}

static void read_entry(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                       struct rig_enrolment_entry_plan *entry)
{
    const struct rig_yaml_node *individual = rig_yaml_find(node, "individual");
    const struct rig_yaml_node *group = rig_yaml_find(node, "group");
    const struct rig_yaml_node *device_id = rig_yaml_find(node, "device_id");

    entry->line = node->line;
    entry->enabled = true;
    rig_yaml_read_mapping(mistakes, &entry_schema, node, entry);
    if (node->kind != RIG_YAML_MAPPING) {
        return;
    }
    if (individual != NULL && group != NULL) {
        rig_yaml_mistake(mistakes, group->key->line,
                         "found individual and group in one entry; expected one of them");
    } else if (individual == NULL && group == NULL) {
        rig_yaml_mistake(mistakes, node->line,
                         "found an entry without individual or group; expected one of them, with "
                         "the entry's name");
    }
    if (device_id != NULL && group != NULL) {
        rig_yaml_mistake(mistakes, device_id->key->line,
                         "found device_id in a group; expected it in an individual entry only (a "
                         "group's devices are called by their common names)");
    }
    check_source(mistakes, node, "certificate", entry->name, &entry->source);
}

static void read_cas(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                     const struct rig_yaml_node *node, struct rig_enrolment_ca_plan *cas,
                     size_t *n_cas)
{
    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        read_ca(mistakes, item, &cas[*n_cas]);
        for (size_t i = 0; i < *n_cas && cas[*n_cas].name[0] != '\0'; i++) {
            if (strcmp(cas[i].name, cas[*n_cas].name) == 0) {
                rig_yaml_mistake(mistakes, item->line,
                                 "found the CA \"%s\" a second time; expected names that differ",
                                 cas[i].name);
            }
        }
        (*n_cas)++;
    }
}

static void read_state_cas(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                           const struct rig_yaml_node *node, void *target)
{
    struct rig_enrolment_state *state = target;

    read_cas(mistakes, key, node, state->cas, &state->n_cas);
}

static void read_file_cas(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                          const struct rig_yaml_node *node, void *target)
{
    struct rig_enrolment_file *file = target;

    read_cas(mistakes, key, node, file->cas, &file->n_cas);
}

static bool same_source(const struct rig_enrolment_entry_plan *a,
                        const struct rig_enrolment_entry_plan *b)
{
    return a->kind == b->kind && strcmp(a->source.name, b->source.name) == 0 &&
           strcmp(a->source.file, b->source.file) == 0;
}

static void check_entries(struct rig_yaml_mistakes *mistakes,
                          const struct rig_enrolment_state *state)
{
    for (size_t i = 1; i < state->n_entries; i++) {
        const struct rig_enrolment_entry_plan *entry = &state->entries[i];

        for (size_t j = 0; j < i && entry->name[0] != '\0'; j++) {
            const struct rig_enrolment_entry_plan *other = &state->entries[j];

            if (strcmp(entry->name, other->name) == 0) {
                rig_yaml_mistake(mistakes, entry->line,
                                 "found the entry \"%s\" a second time; expected names that differ "
                                 "(first on line %d)",
                                 entry->name, other->line);
            } else if (same_source(entry, other) && !state->contradicts) {
                rig_yaml_mistake(mistakes, entry->line,
                                 "found the certificate of entry \"%s\" in entry \"%s\" too; "
                                 "expected each certificate in one entry at most",
                                 other->name, entry->name);
            }
        }
    }
}

static void read_entries(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                         const struct rig_yaml_node *node, void *target)
{
    struct rig_enrolment_state *state = target;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        read_entry(mistakes, item, &state->entries[state->n_entries++]);
    }
}

/* ---- a state, the file ---- */

static const struct rig_yaml_key state_keys[] = {
    NAME_KEY("state", struct rig_enrolment_state, name, true,
             "What cases call it; unique in the file."),
    {.name = "description",
     .type = RIG_YAML_PROSE,
     RIG_YAML_FIELD(struct rig_enrolment_state, description),
     .max = 255,
     .doc = "What it is for."},
    {.name = "cas",
     .type = RIG_YAML_CUSTOM,
     .read = read_state_cas,
     .min = 1,
     .max = RIG_ENROLMENT_FILE_MAX_CAS,
     .schema = &ca_schema,
     .form = "list of CAs",
     .initial = "the file's",
     .doc = "The CAs that the service knows."},
    {.name = "match",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_enrolment_state, settings.match),
     .words = match_words,
     .initial = "certificate",
     .doc = "What an entry is found by: SHA-256 of the certificate, or of its public key."},
    {.name = "reissue",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_enrolment_state, settings.reissue),
     .words = reissue_words,
     .initial = "report",
     .doc = "A device whose individual entry is for an earlier certificate: report it, or refuse "
            "it too."},
    {.name = "ignore_case",
     .type = RIG_YAML_BOOL,
     RIG_YAML_FIELD(struct rig_enrolment_state, settings.ignore_case),
     .initial = "false",
     .doc = "Of common name and registration id."},
    {.name = "algorithms",
     .type = RIG_YAML_CUSTOM,
     .read = read_algorithms,
     .min = 1,
     .max = 4,
     .form = "list of rsa, p-256, p-384, p-521",
     .initial = "all of them",
     .doc = "Keys that certificates may have."},
    {.name = "contradicts",
     .type = RIG_YAML_BOOL,
     RIG_YAML_FIELD(struct rig_enrolment_state, contradicts),
     .initial = "false",
     .doc = "It breaks a rule on purpose: the service must refuse the list itself."},
    {.name = "entries",
     .type = RIG_YAML_CUSTOM,
     .read = read_entries,
     .max = RIG_ENROLMENT_FILE_MAX_ENTRIES,
     .schema = &entry_schema,
     .form = "list of entries",
     .initial = "[]",
     .doc = "The list; its order does not matter."},
};
static const struct rig_yaml_schema state_schema = {"a state", N_OF(state_keys), state_keys};

static void read_states(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                        const struct rig_yaml_node *node, void *target)
{
    struct rig_enrolment_file *file = target;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        struct rig_enrolment_state *state = &file->states[file->n_states];

        state->line = item->line;
        rig_yaml_read_mapping(mistakes, &state_schema, item, state);
        check_entries(mistakes, state);
        for (size_t i = 0; i < file->n_states && state->name[0] != '\0'; i++) {
            if (strcmp(file->states[i].name, state->name) == 0) {
                rig_yaml_mistake(mistakes, item->line,
                                 "found the state \"%s\" a second time; expected names that differ "
                                 "(first on line %d)",
                                 state->name, file->states[i].line);
            }
        }
        file->n_states++;
    }
}

static const struct rig_yaml_key file_keys[] = {
    {.name = "rig",
     .type = RIG_YAML_CUSTOM,
     .required = true,
     .read = rig_yaml_skip,
     .form = "1",
     .doc = "Version of the file's form: 1."},
    NAME_KEY("enrolment", struct rig_enrolment_file, name, true, "What reports call the list."),
    {.name = "description",
     .type = RIG_YAML_PROSE,
     RIG_YAML_FIELD(struct rig_enrolment_file, description),
     .max = 255,
     .doc = "What it is for."},
    {.name = "pki",
     .type = RIG_YAML_CUSTOM,
     .read = read_pki,
     .min = 1,
     .max = RIG_ENROLMENT_FILE_MAX_PKI,
     .form = "list of paths",
     .initial = "none",
     .doc = "PKI fixtures that authorities and devices come from; relative to this file."},
    {.name = "cas",
     .type = RIG_YAML_CUSTOM,
     .read = read_file_cas,
     .min = 1,
     .max = RIG_ENROLMENT_FILE_MAX_CAS,
     .schema = &ca_schema,
     .form = "list of CAs",
     .initial = "none",
     .doc = "The CAs that the service knows, for states without their own."},
    {.name = "twin",
     .type = RIG_YAML_CUSTOM,
     .read = read_twins,
     .min = 1,
     .max = N_TWINS,
     .form = "list of walks-presented-list, matches-subject, root-first, ignores-disabled, "
             "leaf-only, any-name, ignores-case, trusts-unverified-ca, accepts-without-entry",
     .initial = "none",
     .doc = "A server that is wrong on purpose, to prove that the cases notice it."},
    {.name = "states",
     .type = RIG_YAML_CUSTOM,
     .required = true,
     .read = read_states,
     .min = 1,
     .max = RIG_ENROLMENT_FILE_MAX_STATES,
     .schema = &state_schema,
     .form = "list of states",
     .doc = "The list of enrolments as it is at one time or another."},
};
const struct rig_yaml_schema rig_enrolment_file_schema = {"an enrolment fixture", N_OF(file_keys),
                                                          file_keys};

static void complete(struct rig_yaml_mistakes *mistakes, struct rig_enrolment_file *file)
{
    bool named = false;

    for (size_t i = 0; i < file->n_states; i++) {
        struct rig_enrolment_state *state = &file->states[i];

        state->settings.twins = file->twins;
        if (state->n_cas == 0) {
            memcpy(state->cas, file->cas, sizeof state->cas);
            state->n_cas = file->n_cas;
        }
        if (state->n_cas == 0) {
            rig_yaml_mistake(mistakes, state->line,
                             "found the state \"%s\" without any CA; expected cas in it or in the "
                             "file",
                             state->name);
        }
        for (size_t j = 0; j < state->n_cas; j++) {
            named = named || state->cas[j].source.name[0] != '\0';
        }
        for (size_t j = 0; j < state->n_entries; j++) {
            named = named || state->entries[j].source.name[0] != '\0';
        }
    }
    if (named && file->n_pki == 0 && mistakes->n == 0) {
        rig_yaml_mistake(mistakes, 1,
                         "found certificates by name and no pki; expected pki: [FILE...], the "
                         "fixtures that they come from");
    }
}

rig_result rig_enrolment_file_parse(const char *path_for_messages, const char *text, size_t n_bytes,
                                    struct rig_enrolment_file **file, struct rig_buf *mistakes,
                                    struct rig_error *err)
{
    RIG_AUTO(rig_auto_enrolment_file) struct rig_enrolment_file *made = calloc(1, sizeof *made);
    RIG_AUTO(rig_yaml_file_close) struct rig_yaml_file yaml = {0};

    *file = NULL;
    if (made == NULL) {
        return rig_fail_memory(err);
    }
    (void)rig_copy_text(made->path, sizeof made->path, path_for_messages);
    RIG_TRY(rig_yaml_file_parse(&yaml, path_for_messages, text, n_bytes, err));
    if (rig_yaml_file_ready(&yaml, RIG_FILE_ENROLMENT)) {
        rig_yaml_read_mapping(yaml.mistakes, &rig_enrolment_file_schema, yaml.tree.root, made);
        complete(yaml.mistakes, made);
    }
    RIG_TRY(rig_yaml_judge(yaml.mistakes, mistakes, err));
    *file = made;
    made = NULL;
    return RIG_DONE;
}

rig_result rig_enrolment_file_load(const char *path, struct rig_enrolment_file **file,
                                   struct rig_buf *mistakes, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};

    *file = NULL;
    RIG_TRY(rig_yaml_file_read(path, &text, mistakes, err));
    return rig_enrolment_file_parse(path, rig_buf_text(&text), text.len, file, mistakes, err);
}

void rig_enrolment_file_free(struct rig_enrolment_file *file)
{
    free(file);
}

const struct rig_enrolment_state *rig_enrolment_file_state(const struct rig_enrolment_file *file,
                                                           const char *name)
{
    for (size_t i = 0; i < file->n_states; i++) {
        if (strcmp(file->states[i].name, name) == 0) {
            return &file->states[i];
        }
    }
    return NULL;
}

rig_result rig_enrolment_file_describe_schema(struct rig_buf *text, struct rig_error *err)
{
    RIG_TRY(rig_yaml_describe(&rig_enrolment_file_schema, "An enrolment fixture", text, err));
    RIG_TRY(rig_yaml_describe(&ca_schema, "A CA of an enrolment fixture", text, err));
    RIG_TRY(rig_yaml_describe(&state_schema, "A state", text, err));
    return rig_yaml_describe(&entry_schema, "An entry", text, err);
}
