/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/profile_file.h"

#include "rig/suite/checks.h"
#include "rig/suite/schemas.h"
#include "rig/tls/evidence.h"

#include <stdlib.h>
#include <string.h>

#define N_OF(table) (sizeof(table) / sizeof((table)[0]))

static const struct rig_yaml_word program_words[] = {{"nginx", RIG_PROFILE_NGINX}, {NULL, 0}};
static const struct rig_yaml_word ending_words[] = {{"accepted", RIG_PROFILE_ACCEPTED},
                                                    {"server-rejects", RIG_PROFILE_REJECTED},
                                                    {"fails", RIG_PROFILE_FAILS},
                                                    {"skip", RIG_PROFILE_SKIP},
                                                    {NULL, 0}};

/* ---- a case ---- */

static void read_verify_errors(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                               const struct rig_yaml_node *node, void *target)
{
    struct rig_profile_case *item = target;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *word = node->first; word != NULL; word = word->next) {
        const int code = word->kind == RIG_YAML_SCALAR ? rig_tls_verify_error_of(word->text) : -1;

        if (code <= 0) {
            rig_yaml_mistake(mistakes, word->line,
                             "found %s in %s; expected OpenSSL's name of a verify error without "
                             "X509_V_ERR_, such as CERT_REVOKED",
                             rig_yaml_quote_node(word).text, key->name);
        } else {
            item->verify_errors[item->n_verify_errors++] = code;
        }
    }
}

static const struct rig_yaml_key case_keys[] = {
    {.name = "case",
     .type = RIG_YAML_TEXT,
     .required = true,
     RIG_YAML_FIELD(struct rig_profile_case, name),
     .min = 1,
     .max = 47,
     .check = rig_check_name,
     .doc = "Name of a case of suites."},
    {.name = "expect",
     .type = RIG_YAML_ENUM,
     RIG_YAML_FIELD(struct rig_profile_case, ending),
     .words = ending_words,
     .initial = "as the suite says",
     .doc = "How this program ends it otherwise; `accepted` of somebody who should be refused is a "
            "declared weakness, and stands in the report as one."},
    {.name = "verify_errors",
     .type = RIG_YAML_CUSTOM,
     .read = read_verify_errors,
     .min = 1,
     .max = RIG_PROFILE_MAX_ERRORS,
     .form = "list of 1 to 4 names such as CERT_REVOKED",
     .initial = "as the suite says",
     .doc = "What its log says instead."},
    {.name = "any_alert",
     .type = RIG_YAML_BOOL,
     RIG_YAML_FIELD(struct rig_profile_case, any_alert),
     .initial = "false",
     .doc = "The alert is not compared: it does not arrive for sure."},
    {.name = "why",
     .type = RIG_YAML_PROSE,
     .required = true,
     RIG_YAML_FIELD(struct rig_profile_case, why),
     .min = 1,
     .max = 255,
     .doc = "The reason, for people."},
};
static const struct rig_yaml_schema case_schema = {"a case of a profile", N_OF(case_keys),
                                                   case_keys};

static void check_case(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                       const struct rig_server_profile *profile,
                       const struct rig_profile_case *item)
{
    if (item->name[0] != '\0' && rig_profile_find_case(profile, item->name) != NULL) {
        rig_yaml_mistake(mistakes, node->line, "found case %s a second time; expected it once",
                         item->name);
    }
    if (item->ending == RIG_PROFILE_AS_SUITE && item->n_verify_errors == 0 && !item->any_alert &&
        item->why[0] != 0) {
        rig_yaml_mistake(mistakes, node->line,
                         "found nothing that differs from the suite; expected expect, "
                         "verify_errors or any_alert");
    }
}

static void read_cases(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                       const struct rig_yaml_node *node, void *target)
{
    struct rig_server_profile *profile = target;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *at = node->first; at != NULL; at = at->next) {
        struct rig_profile_case item = {0};

        rig_yaml_read_mapping(mistakes, &case_schema, at, &item);
        check_case(mistakes, at, profile, &item);
        profile->cases[profile->n_cases++] = item;
    }
}

/* ---- the file ---- */

static const char *check_directive(const char *text)
{
    return text[strcspn(text, ";{}#\n")] != '\0' || text[0] < 'a' || text[0] > 'z'
               ? "a directive of a server block, without semicolon, braces and comments"
               : NULL;
}

static void read_directives(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                            const struct rig_yaml_node *node, void *target)
{
    struct rig_server_profile *profile = target;
    const struct rig_yaml_key text = {.name = key->name,
                                      .type = RIG_YAML_TEXT,
                                      .min = 1,
                                      .max = sizeof profile->directives[0] - 1,
                                      .check = check_directive};

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *at = node->first; at != NULL; at = at->next) {
        if (rig_yaml_read_text(mistakes, &text, at, profile->directives[profile->n_directives],
                               sizeof profile->directives[0])) {
            profile->n_directives++;
        }
    }
}

static const struct rig_yaml_key profile_keys[] = {
    {.name = "rig",
     .type = RIG_YAML_CUSTOM,
     .required = true,
     .read = rig_yaml_skip,
     .form = RIG_FILE_VERSION,
     .doc = "Version of the file's form: 1."},
    {.name = "profile",
     .type = RIG_YAML_TEXT,
     .required = true,
     RIG_YAML_FIELD(struct rig_server_profile, name),
     .min = 1,
     .max = 47,
     .check = rig_check_name,
     .doc = "What reports call the server."},
    {.name = "program",
     .type = RIG_YAML_ENUM,
     .required = true,
     RIG_YAML_FIELD(struct rig_server_profile, program),
     .words = program_words,
     .doc = "Which server it is."},
    {.name = "binary",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_server_profile, binary),
     .min = 1,
     .max = 255,
     .initial = "/usr/sbin/nginx",
     .doc = "The program; looked up in PATH when it has no slash."},
    {.name = "directives",
     .type = RIG_YAML_CUSTOM,
     .read = read_directives,
     .min = 1,
     .max = RIG_PROFILE_MAX_DIRECTIVES,
     .form = "list of 1 to 32 nginx directives",
     .initial = "none",
     .doc = "More for the server block; each replaces the rig's own of the same "
            "name, and a name alone leaves it out (`ssl_crl`)."},
    {.name = "cases",
     .type = RIG_YAML_CUSTOM,
     .read = read_cases,
     .schema = &case_schema,
     .min = 1,
     .max = RIG_PROFILE_MAX_CASES,
     .form = "list of cases",
     .initial = "none",
     .doc = "Cases that this program ends otherwise than the suite says."},
};
static const struct rig_yaml_schema profile_schema = {"a server profile", N_OF(profile_keys),
                                                      profile_keys};

rig_result rig_profile_file_parse(const char *path_for_messages, const char *text, size_t n_bytes,
                                  struct rig_server_profile **profile, struct rig_buf *mistakes,
                                  struct rig_error *err)
{
    RIG_AUTO(rig_yaml_file_close) struct rig_yaml_file file = {0};
    struct rig_server_profile *made = calloc(1, sizeof *made);
    rig_result result;

    if (made == NULL) {
        return rig_fail_memory(err);
    }
    (void)rig_copy_text(made->path, sizeof made->path, path_for_messages);
    (void)rig_copy_text(made->binary, sizeof made->binary, "/usr/sbin/nginx");
    result = rig_yaml_file_parse(&file, path_for_messages, text, n_bytes, err);
    if (result.ok && rig_yaml_file_ready(&file, RIG_FILE_PROFILE)) {
        rig_yaml_read_mapping(file.mistakes, &profile_schema, file.tree.root, made);
    }
    if (result.ok) {
        result = rig_yaml_judge(file.mistakes, mistakes, err);
    }
    if (!result.ok) {
        free(made);
        return result;
    }
    *profile = made;
    return RIG_DONE;
}

rig_result rig_profile_file_load(const char *path, struct rig_server_profile **profile,
                                 struct rig_buf *mistakes, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};

    RIG_TRY(rig_yaml_file_read(path, &text, mistakes, err));
    return rig_profile_file_parse(path, rig_buf_text(&text), text.len, profile, mistakes, err);
}

rig_result rig_profile_file_describe(struct rig_buf *text, struct rig_error *err)
{
    RIG_TRY(rig_yaml_describe(&profile_schema, "A server profile", text, err));
    return rig_yaml_describe(&case_schema, "A case of a profile", text, err);
}
