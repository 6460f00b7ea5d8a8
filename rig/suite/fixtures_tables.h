/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of fixture files (fixtures_tables.c) and what they are read into. Private to rig/suite.
 */
#ifndef RIG_SUITE_FIXTURES_TABLES_H
#define RIG_SUITE_FIXTURES_TABLES_H

#include "rig/pki/recipe.h"
#include "rig/suite/checks.h"
#include "rig/suite/yaml_reader.h"

#define RIG_FIXTURES_MAX_USES 8

/* A fixture file on its way into the recipes of all. */
struct rig_fixtures_file {
    struct rig_fixtures *fixtures; /* borrowed */
    char name[RIG_PKI_NAME_SIZE];
    char description[RIG_PKI_VALUE_SIZE];
    char uses[RIG_FIXTURES_MAX_USES][RIG_PKI_VALUE_SIZE];
    size_t n_uses;
    bool no_memory; /* a recipe could not be added */
};

extern const struct rig_yaml_schema rig_fixtures_schema; /* of a struct rig_fixtures_file */
extern const struct rig_yaml_schema rig_authority_schema;
extern const struct rig_yaml_schema rig_device_schema;
extern const struct rig_yaml_schema rig_server_schema;
extern const struct rig_yaml_schema rig_extension_schema;
extern const struct rig_yaml_schema rig_crl_set_schema;
extern const struct rig_yaml_schema rig_crl_schema;
extern const struct rig_yaml_schema rig_ocsp_schema;

/* Forms of values; each false for a text of another form. */
bool rig_fixture_time_parse(const char *text, struct rig_pki_time *time);
bool rig_fixture_alt_name_parse(const char *text, bool constraint, struct rig_pki_alt_name *name);

/* For rig_yaml_key.check: NULL when the text has the form, else what was expected. */
const char *rig_fixture_check_pattern(const char *text); /* braces hold placeholders only */
const char *rig_fixture_check_oid(const char *text);
const char *rig_fixture_check_purpose(const char *text);
const char *rig_fixture_check_serial(const char *text);

/* What both files of tables share. */
extern const struct rig_yaml_word rig_fixture_digest_words[];
extern const struct rig_yaml_word rig_fixture_key_id_words[];
extern const struct rig_yaml_word rig_fixture_tamper_words[];
bool rig_fixture_is_none(const struct rig_yaml_node *node);
/* Into the struct rig_pki_time at the key's offset. */
void rig_fixture_read_time(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                           const struct rig_yaml_node *node, void *target);
/* A list of names, behind the *n_rows that are there; at most key->max of them. */
void rig_fixture_read_names(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                            const struct rig_yaml_node *node, char (*rows)[RIG_PKI_NAME_SIZE],
                            size_t *n_rows);
void rig_fixture_read_extensions(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                                 const struct rig_yaml_node *node,
                                 struct rig_pki_extension *extensions, size_t *n_extensions);

#define DATE_FORM                                                                                  \
    "`-2d`, `+1h` (s, m, h, d or y, counted from the start of the run) or `2020-01-01`"

#define NAME_KEY(struct_, what_, doc_)                                                             \
    {                                                                                              \
        .name = (what_), .type = RIG_YAML_TEXT, .required = true, RIG_YAML_FIELD(struct_, name),   \
        .min = 1, .max = RIG_PKI_NAME_SIZE - 1, .check = rig_check_name, .doc = (doc_)             \
    }
#define DESCRIPTION_KEY(struct_)                                                                   \
    {                                                                                              \
        .name = "description", .type = RIG_YAML_PROSE, RIG_YAML_FIELD(struct_, description),       \
        .max = RIG_PKI_VALUE_SIZE - 1, .doc = "What it is for."                                    \
    }
#define DIGEST_KEY(struct_)                                                                        \
    {                                                                                              \
        .name = "digest", .type = RIG_YAML_ENUM, RIG_YAML_FIELD(struct_, digest),                  \
        .words = rig_fixture_digest_words,                                                         \
        .initial = "sha-256; sha-384 with P-384 and P-521 keys",                                   \
        .doc = "Of the signature on it. MD5 needs a signer with an RSA key."                       \
    }
#define TAMPER_KEY(struct_, doc_)                                                                  \
    {                                                                                              \
        .name = "tamper", .type = RIG_YAML_ENUM, RIG_YAML_FIELD(struct_, tamper),                  \
        .words = rig_fixture_tamper_words, .initial = "intact", .doc = (doc_)                      \
    }
#define TIME_KEY(struct_, field_, read_, initial_, doc_)                                           \
    {                                                                                              \
        .name = #field_, .type = RIG_YAML_CUSTOM, RIG_YAML_FIELD(struct_, field_),                 \
        .read = (read_), .form = DATE_FORM, .initial = (initial_), .doc = (doc_)                   \
    }
#define AKI_KEY(struct_, doc_)                                                                     \
    {                                                                                              \
        .name = "authority_key_id", .type = RIG_YAML_ENUM,                                         \
        RIG_YAML_FIELD(struct_, authority_key_id), .words = rig_fixture_key_id_words,              \
        .initial = "right", .doc = (doc_)                                                          \
    }

#endif
