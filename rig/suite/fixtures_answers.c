/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of CRLs and OCSP answers in fixture files, and of the files as a whole. */
#include "rig/suite/fixtures_tables.h"
#include "rig/suite/schemas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_OF(table) (sizeof(table) / sizeof((table)[0]))
#define MAX_ENTRIES 200

static const struct rig_yaml_word scope_words[] = {{"all", RIG_PKI_SCOPE_ALL},
                                                   {"ca-certificates", RIG_PKI_SCOPE_CA},
                                                   {"user-certificates", RIG_PKI_SCOPE_USER},
                                                   {NULL, 0}};
static const struct rig_yaml_word form_words[] = {
    {"pem", RIG_PKI_CRL_PEM}, {"der", RIG_PKI_CRL_DER}, {NULL, 0}};
static const struct rig_yaml_word response_words[] = {
    {"successful", RIG_PKI_OCSP_SUCCESSFUL},
    {"malformedRequest", RIG_PKI_OCSP_MALFORMED_REQUEST},
    {"internalError", RIG_PKI_OCSP_INTERNAL_ERROR},
    {"tryLater", RIG_PKI_OCSP_TRY_LATER},
    {"sigRequired", RIG_PKI_OCSP_SIG_REQUIRED},
    {"unauthorized", RIG_PKI_OCSP_UNAUTHORIZED},
    {NULL, 0}};
static const struct rig_yaml_word status_words[] = {{"good", RIG_PKI_OCSP_GOOD},
                                                    {"revoked", RIG_PKI_OCSP_REVOKED},
                                                    {"unknown", RIG_PKI_OCSP_UNKNOWN},
                                                    {NULL, 0}};
static const struct rig_yaml_word nonce_words[] = {{"echo", RIG_PKI_NONCE_ECHO},
                                                   {"none", RIG_PKI_NONCE_NONE},
                                                   {"wrong", RIG_PKI_NONCE_WRONG},
                                                   {NULL, 0}};

static void read_crl_next_update(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                                 const struct rig_yaml_node *node, void *target)
{
    if (rig_fixture_is_none(node)) {
        ((struct rig_pki_crl_recipe *)target)->next_update_choice = RIG_PKI_NONE;
    } else {
        rig_fixture_read_time(mistakes, key, node, target);
    }
}

static void read_ocsp_next_update(struct rig_yaml_mistakes *mistakes,
                                  const struct rig_yaml_key *key, const struct rig_yaml_node *node,
                                  void *target)
{
    if (rig_fixture_is_none(node)) {
        ((struct rig_pki_ocsp_recipe *)target)->next_update_choice = RIG_PKI_NONE;
    } else {
        rig_fixture_read_time(mistakes, key, node, target);
    }
}

static void read_crl_extensions(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                                const struct rig_yaml_node *node, void *target)
{
    struct rig_pki_crl_recipe *recipe = target;

    rig_fixture_read_extensions(mistakes, key, node, recipe->extensions, &recipe->n_extensions);
}

/* Entries of one kind, behind those of the other kinds. */
static void read_revoked(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                         const struct rig_yaml_node *node, struct rig_pki_crl_recipe *recipe,
                         enum rig_pki_kind kind)
{
    char names[RIG_PKI_MAX_REVOKED][RIG_PKI_NAME_SIZE] = {{0}};
    size_t n_names = 0;

    rig_fixture_read_names(mistakes, key, node, names, &n_names);
    if (recipe->n_revoked + n_names > RIG_PKI_MAX_REVOKED) {
        rig_yaml_mistake(mistakes, node->line,
                         "found %zu revoked certificates in one CRL; expected at most %d",
                         recipe->n_revoked + n_names, RIG_PKI_MAX_REVOKED);
        return;
    }
    for (size_t i = 0; i < n_names; i++) {
        struct rig_pki_revoked *entry = &recipe->revoked[recipe->n_revoked++];

        entry->kind = kind;
        (void)rig_copy_text(entry->name, sizeof entry->name, names[i]);
    }
}

static void read_revoked_devices(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                                 const struct rig_yaml_node *node, void *target)
{
    read_revoked(mistakes, key, node, target, RIG_PKI_DEVICE);
}

static void read_revoked_servers(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                                 const struct rig_yaml_node *node, void *target)
{
    read_revoked(mistakes, key, node, target, RIG_PKI_SERVER);
}

static void read_revoked_authorities(struct rig_yaml_mistakes *mistakes,
                                     const struct rig_yaml_key *key,
                                     const struct rig_yaml_node *node, void *target)
{
    read_revoked(mistakes, key, node, target, RIG_PKI_AUTHORITY);
}

#define REVOKED_KEY(what_, read_)                                                                  \
    {                                                                                              \
        .name = "revoked_" what_, .type = RIG_YAML_CUSTOM, .read = (read_), .min = 1,              \
        .max = RIG_PKI_MAX_REVOKED, .form = "list of " what_, .initial = "none",                   \
        .doc = "Whose serial numbers are in it."                                                   \
    }

static const struct rig_yaml_key crl_keys[] = {
    {.name = "issuer",
     .type = RIG_YAML_TEXT,
     .required = true,
     RIG_YAML_FIELD(struct rig_pki_crl_recipe, issuer),
     .min = 1,
     .max = RIG_PKI_NAME_SIZE - 1,
     .check = rig_check_name,
     .form = "an authority",
     .doc = "Whose CRL it is."},
    {.name = "signer",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_pki_crl_recipe, signer),
     .min = 1,
     .max = RIG_PKI_NAME_SIZE - 1,
     .check = rig_check_name,
     .form = "an authority",
     .initial = "the issuer",
     .doc = "Whose key signs it; the authority key identifier is that key's."},
    REVOKED_KEY("devices", read_revoked_devices),
    REVOKED_KEY("servers", read_revoked_servers),
    REVOKED_KEY("authorities", read_revoked_authorities),
    {.name = "number",
     .type = RIG_YAML_INTEGER,
     RIG_YAML_FIELD(struct rig_pki_crl_recipe, number),
     .min = 1,
     .max = 1000000,
     .initial = "1",
     .doc = "cRLNumber."},
    TIME_KEY(struct rig_pki_crl_recipe, this_update, rig_fixture_read_time, "-1h", "thisUpdate."),
    TIME_KEY(struct rig_pki_crl_recipe, next_update, read_crl_next_update, "+30d",
             "nextUpdate; `none`: without."),
    DIGEST_KEY(struct rig_pki_crl_recipe),
    AKI_KEY(struct rig_pki_crl_recipe, "authorityKeyIdentifier."),
    TAMPER_KEY(struct rig_pki_crl_recipe,
               "A bit changed after signing: of the signature, or of thisUpdate (`content`)."),
    {.name = "scope",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_pki_crl_recipe, scope),
     .words = scope_words,
     .initial = "all",
     .doc = "Other than `all`: a critical issuingDistributionPoint with onlyContainsCACerts or "
            "onlyContainsUserCerts."},
    {.name = "extensions",
     .type = RIG_YAML_CUSTOM,
     .read = read_crl_extensions,
     .min = 1,
     .max = RIG_PKI_MAX_EXTENSIONS,
     .form = "list, see \"An extension\"",
     .initial = "none",
     .doc = "Extensions of any other kind."},
};
const struct rig_yaml_schema rig_crl_schema = {"a list", N_OF(crl_keys), crl_keys};

static bool has_room(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                     const struct rig_pki_crl_set *set)
{
    if (set->n_lists < RIG_PKI_MAX_LISTS) {
        return true;
    }
    rig_yaml_mistake(mistakes, node->line,
                     "found more than %d lists in a crl; expected fewer (every_authority needs no "
                     "list for each)",
                     RIG_PKI_MAX_LISTS);
    return false;
}

static void read_good_lists(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                            const struct rig_yaml_node *node, void *target)
{
    struct rig_pki_crl_set *set = target;
    char names[RIG_PKI_MAX_LISTS][RIG_PKI_NAME_SIZE] = {{0}};
    size_t n_names = 0;

    rig_fixture_read_names(mistakes, key, node, names, &n_names);
    for (size_t i = 0; i < n_names && has_room(mistakes, node, set); i++) {
        struct rig_pki_crl_recipe *list = &set->lists[set->n_lists++];

        (void)rig_copy_text(list->issuer, sizeof list->issuer, names[i]);
    }
}

static void read_lists(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                       const struct rig_yaml_node *node, void *target)
{
    struct rig_pki_crl_set *set = target;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first;
         item != NULL && has_room(mistakes, item, set); item = item->next) {
        rig_yaml_read_mapping(mistakes, &rig_crl_schema, item, &set->lists[set->n_lists++]);
    }
}

static const struct rig_yaml_key crl_set_keys[] = {
    NAME_KEY(struct rig_pki_crl_set, "crl", "Its name, unique among CRLs."),
    DESCRIPTION_KEY(struct rig_pki_crl_set),
    {.name = "form",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_pki_crl_set, form),
     .words = form_words,
     .initial = "pem",
     .doc = "`der`: bytes that a loader of PEM can't read."},
    {.name = "every_authority",
     .type = RIG_YAML_BOOL,
     RIG_YAML_FIELD(struct rig_pki_crl_set, every_authority),
     .initial = "false",
     .doc = "And a good, empty list of each authority that has names of its own and no list in "
            "`good` or `lists`."},
    {.name = "good",
     .type = RIG_YAML_CUSTOM,
     .read = read_good_lists,
     .min = 1,
     .max = RIG_PKI_MAX_LISTS,
     .form = "list of authorities",
     .initial = "[]",
     .doc = "Good, empty lists of these, in this place."},
    {.name = "lists",
     .type = RIG_YAML_CUSTOM,
     .read = read_lists,
     .max = RIG_PKI_MAX_LISTS,
     .form = "list, see \"A list of a CRL\"",
     .initial = "[]",
     .doc = "The lists that a verifier gets, in this order."},
};
const struct rig_yaml_schema rig_crl_set_schema = {"a crl", N_OF(crl_set_keys), crl_set_keys};

static const struct rig_yaml_key ocsp_keys[] = {
    NAME_KEY(struct rig_pki_ocsp_recipe, "ocsp", "Its name, unique among OCSP answers."),
    DESCRIPTION_KEY(struct rig_pki_ocsp_recipe),
    {.name = "response",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_pki_ocsp_recipe, response),
     .words = response_words,
     .initial = "successful",
     .doc = "responseStatus; other than `successful`: nothing but that."},
    {.name = "status",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_pki_ocsp_recipe, status),
     .words = status_words,
     .initial = "good",
     .doc = "certStatus."},
    {.name = "signer",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_pki_ocsp_recipe, signer),
     .min = 1,
     .max = RIG_PKI_NAME_SIZE - 1,
     .check = rig_check_name,
     .form = "an authority",
     .initial = "the issuer of the certificate asked about",
     .doc = "Who signs; an authority with ca: false and OCSPSigning is a responder."},
    {.name = "without_certificates",
     .type = RIG_YAML_BOOL,
     RIG_YAML_FIELD(struct rig_pki_ocsp_recipe, without_certificates),
     .initial = "false",
     .doc = "The signer's certificate is not sent along."},
    {.name = "key_responder_id",
     .type = RIG_YAML_BOOL,
     RIG_YAML_FIELD(struct rig_pki_ocsp_recipe, key_responder_id),
     .initial = "false",
     .doc = "responderID byKey instead of byName."},
    TIME_KEY(struct rig_pki_ocsp_recipe, this_update, rig_fixture_read_time, "-1h", "thisUpdate."),
    TIME_KEY(struct rig_pki_ocsp_recipe, next_update, read_ocsp_next_update, "+30d",
             "nextUpdate; `none`: without."),
    TIME_KEY(struct rig_pki_ocsp_recipe, revoked_at, rig_fixture_read_time, "-1d",
             "revocationTime, with status revoked."),
    {.name = "wrong_serial",
     .type = RIG_YAML_BOOL,
     RIG_YAML_FIELD(struct rig_pki_ocsp_recipe, wrong_serial),
     .initial = "false",
     .doc = "About another serial number than was asked for."},
    {.name = "wrong_issuer_hash",
     .type = RIG_YAML_BOOL,
     RIG_YAML_FIELD(struct rig_pki_ocsp_recipe, wrong_issuer_hash),
     .initial = "false",
     .doc = "About a certificate of another issuer's key."},
    {.name = "nonce",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_pki_ocsp_recipe, nonce),
     .words = nonce_words,
     .initial = "echo",
     .doc = "`echo`: that of the request, when it has one."},
    DIGEST_KEY(struct rig_pki_ocsp_recipe),
    TAMPER_KEY(struct rig_pki_ocsp_recipe,
               "A bit changed after signing: of the signature, or of producedAt (`content`)."),
    {.name = "garbage",
     .type = RIG_YAML_BOOL,
     RIG_YAML_FIELD(struct rig_pki_ocsp_recipe, garbage),
     .initial = "false",
     .doc = "Bytes that are no OCSP response."},
    {.name = "down",
     .type = RIG_YAML_BOOL,
     RIG_YAML_FIELD(struct rig_pki_ocsp_recipe, down),
     .initial = "false",
     .doc = "No responder listens."},
    {.name = "delay",
     .type = RIG_YAML_DURATION,
     RIG_YAML_FIELD(struct rig_pki_ocsp_recipe, delay_ms),
     .max = INT64_C(120000),
     .initial = "0ms",
     .doc = "How long the responder waits before it answers."},
    {.name = "http_status",
     .type = RIG_YAML_INTEGER,
     RIG_YAML_FIELD(struct rig_pki_ocsp_recipe, http_status),
     .min = 200,
     .max = 599,
     .initial = "200",
     .doc = "HTTP status of the answer."},
};
const struct rig_yaml_schema rig_ocsp_schema = {"an ocsp answer", N_OF(ocsp_keys), ocsp_keys};

/* A cleared element behind `*n` of them; NULL without memory. */
static void *grow(void *rows, size_t *n, size_t size)
{
    char *larger = realloc(rows, (*n + 1) * size);

    if (larger != NULL) {
        memset(larger + *n * size, 0, size);
        (*n)++;
    }
    return larger;
}

static struct rig_pki_recipe *add_recipe(struct rig_fixtures_file *file, enum rig_pki_kind kind)
{
    struct rig_fixtures *all = file->fixtures;
    struct rig_pki_recipe *rows =
        grow(all->recipes[kind], &all->n_recipes[kind], sizeof **all->recipes);

    if (rows == NULL) {
        file->no_memory = true;
        return NULL;
    }
    all->recipes[kind] = rows;
    rows[all->n_recipes[kind] - 1].kind = kind;
    return &rows[all->n_recipes[kind] - 1];
}

static void name_level(const struct rig_pki_recipe *model, size_t level,
                       char name[RIG_PKI_NAME_SIZE])
{
    memset(name, 0, RIG_PKI_NAME_SIZE);
    (void)snprintf(name, RIG_PKI_NAME_SIZE, "%.43s-%u", model->name, (unsigned)(level % 100));
}

/* NAME-1 under the signer, NAME-2 under NAME-1, ..., and NAME last. */
static void add_levels(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *item,
                       struct rig_fixtures_file *file)
{
    const struct rig_fixtures *all = file->fixtures;
    const size_t first = all->n_recipes[RIG_PKI_AUTHORITY] - 1;
    const struct rig_pki_recipe model = all->recipes[RIG_PKI_AUTHORITY][first];

    if (strlen(model.name) + sizeof "-16" > sizeof model.name || model.self_signed) {
        rig_yaml_mistake(mistakes, item->line,
                         "found levels for %s; expected a shorter name and a signer other than "
                         "self",
                         rig_yaml_quote_text(model.name).text);
        return;
    }
    for (size_t i = 1; i <= model.levels && i <= RIG_PKI_MAX_LEVELS; i++) {
        struct rig_pki_recipe *one =
            i == 1 ? &all->recipes[RIG_PKI_AUTHORITY][first] : add_recipe(file, RIG_PKI_AUTHORITY);

        if (one == NULL) {
            return;
        }
        memcpy(one, &model, sizeof *one);
        if (i < model.levels) {
            name_level(&model, i, one->name);
        }
        if (i > 1) {
            name_level(&model, i - 1, one->signer);
        }
    }
}

static void read_certificates(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                              const struct rig_yaml_node *node, struct rig_fixtures_file *file,
                              enum rig_pki_kind kind)
{
    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        struct rig_pki_recipe *recipe = add_recipe(file, kind);

        if (recipe == NULL) {
            return;
        }
        rig_yaml_read_mapping(mistakes, key->schema, item, recipe);
        if (recipe->levels > 1) {
            add_levels(mistakes, item, file);
        }
    }
}

static void read_authorities(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                             const struct rig_yaml_node *node, void *target)
{
    read_certificates(mistakes, key, node, target, RIG_PKI_AUTHORITY);
}

static void read_devices(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                         const struct rig_yaml_node *node, void *target)
{
    read_certificates(mistakes, key, node, target, RIG_PKI_DEVICE);
}

static void read_servers(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                         const struct rig_yaml_node *node, void *target)
{
    read_certificates(mistakes, key, node, target, RIG_PKI_SERVER);
}

static void read_crls(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                      const struct rig_yaml_node *node, void *target)
{
    struct rig_fixtures_file *file = target;
    struct rig_fixtures *all = file->fixtures;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        struct rig_pki_crl_set *rows = grow(all->crl_sets, &all->n_crl_sets, sizeof *all->crl_sets);

        if (rows == NULL) {
            file->no_memory = true;
            return;
        }
        all->crl_sets = rows;
        rig_yaml_read_mapping(mistakes, key->schema, item, &rows[all->n_crl_sets - 1]);
    }
}

static void read_ocsp(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                      const struct rig_yaml_node *node, void *target)
{
    struct rig_fixtures_file *file = target;
    struct rig_fixtures *all = file->fixtures;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        struct rig_pki_ocsp_recipe *rows = grow(all->ocsp, &all->n_ocsp, sizeof *all->ocsp);

        if (rows == NULL) {
            file->no_memory = true;
            return;
        }
        all->ocsp = rows;
        rig_yaml_read_mapping(mistakes, key->schema, item, &rows[all->n_ocsp - 1]);
    }
}

static const char *check_file_name(const char *text)
{
    const size_t n = strlen(text);

    if (n > strlen(".yaml") && strcmp(text + n - strlen(".yaml"), ".yaml") == 0 &&
        strchr(text, '/') == NULL && text[0] != '.') {
        return NULL;
    }
    return "the name of a .yaml file in the same folder";
}

static void read_uses(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                      const struct rig_yaml_node *node, void *target)
{
    static const struct rig_yaml_key one = {.name = "a file to use",
                                            .type = RIG_YAML_TEXT,
                                            .min = 1,
                                            .max = 100,
                                            .check = check_file_name};
    struct rig_fixtures_file *file = target;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        if (rig_yaml_read_text(mistakes, &one, item, file->uses[file->n_uses],
                               sizeof file->uses[0])) {
            file->n_uses++;
        }
    }
}

#define ENTRIES_KEY(name_, read_, schema_, what_)                                                  \
    {                                                                                              \
        .name = #name_, .type = RIG_YAML_CUSTOM, .read = (read_), .min = 1, .max = MAX_ENTRIES,    \
        .schema = &(schema_), .form = "list, see \"" what_ "\"", .initial = "[]",                  \
        .doc = "In any order."                                                                     \
    }

static const struct rig_yaml_key file_keys[] = {
    {.name = "rig",
     .type = RIG_YAML_CUSTOM,
     .required = true,
     .read = rig_yaml_skip,
     .form = "1",
     .doc = "Version of the file's form: 1."},
    {.name = "pki",
     .type = RIG_YAML_TEXT,
     .required = true,
     RIG_YAML_FIELD(struct rig_fixtures_file, name),
     .min = 1,
     .max = RIG_PKI_NAME_SIZE - 1,
     .check = rig_check_name,
     .doc = "Makes it a file of PKI fixtures; its name."},
    DESCRIPTION_KEY(struct rig_fixtures_file),
    {.name = "uses",
     .type = RIG_YAML_CUSTOM,
     .read = read_uses,
     .min = 1,
     .max = RIG_FIXTURES_MAX_USES,
     .form = "list of files in the same folder",
     .initial = "[]",
     .doc = "Files whose authorities and identities are meant here too."},
    ENTRIES_KEY(authorities, read_authorities, rig_authority_schema, "An authority"),
    ENTRIES_KEY(devices, read_devices, rig_device_schema, "A device"),
    ENTRIES_KEY(servers, read_servers, rig_server_schema, "A server"),
    ENTRIES_KEY(crls, read_crls, rig_crl_set_schema, "A CRL"),
    ENTRIES_KEY(ocsp, read_ocsp, rig_ocsp_schema, "An OCSP answer"),
};
const struct rig_yaml_schema rig_fixtures_schema = {"a PKI file", N_OF(file_keys), file_keys};
