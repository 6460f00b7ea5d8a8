/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of fixture files: what they may hold, where it goes, what they mean. */
#include "rig/suite/fixtures_tables.h"

#include "rig/suite/checks.h"
#include "rig/suite/schemas.h"

#include <stdlib.h>
#include <string.h>

#define N_OF(table) (sizeof(table) / sizeof((table)[0]))

static const struct rig_yaml_word key_type_words[] = {
    {"rsa-1024", RIG_PKI_KEY_RSA_1024},   {"rsa-2048", RIG_PKI_KEY_RSA_2048},
    {"rsa-3072", RIG_PKI_KEY_RSA_3072},   {"rsa-4096", RIG_PKI_KEY_RSA_4096},
    {"p-224", RIG_PKI_KEY_P224},          {"p-256", RIG_PKI_KEY_P256},
    {"p-384", RIG_PKI_KEY_P384},          {"p-521", RIG_PKI_KEY_P521},
    {"secp256k1", RIG_PKI_KEY_SECP256K1}, {"brainpool-p256", RIG_PKI_KEY_BRAINPOOL_P256},
    {"ed25519", RIG_PKI_KEY_ED25519},     {NULL, 0}};
const struct rig_yaml_word rig_fixture_digest_words[] = {{"sha-256", RIG_PKI_DIGEST_SHA256},
                                                         {"sha-384", RIG_PKI_DIGEST_SHA384},
                                                         {"sha-512", RIG_PKI_DIGEST_SHA512},
                                                         {"sha-224", RIG_PKI_DIGEST_SHA224},
                                                         {"sha-1", RIG_PKI_DIGEST_SHA1},
                                                         {"md5", RIG_PKI_DIGEST_MD5},
                                                         {NULL, 0}};
static const struct rig_yaml_word ca_words[] = {{"true", RIG_PKI_CA_TRUE},
                                                {"false", RIG_PKI_CA_FALSE},
                                                {"absent", RIG_PKI_CA_ABSENT},
                                                {NULL, 0}};
const struct rig_yaml_word rig_fixture_key_id_words[] = {
    {"right", RIG_PKI_ID_RIGHT}, {"none", RIG_PKI_ID_NONE}, {"wrong", RIG_PKI_ID_WRONG}, {NULL, 0}};
const struct rig_yaml_word rig_fixture_tamper_words[] = {
    {"signature", RIG_PKI_TAMPER_SIGNATURE}, {"content", RIG_PKI_TAMPER_CONTENT}, {NULL, 0}};
static const struct rig_yaml_word usage_words[] = {
    {"digitalSignature", RIG_PKI_KU_DIGITAL_SIGNATURE},
    {"nonRepudiation", RIG_PKI_KU_NON_REPUDIATION},
    {"keyEncipherment", RIG_PKI_KU_KEY_ENCIPHERMENT},
    {"dataEncipherment", RIG_PKI_KU_DATA_ENCIPHERMENT},
    {"keyAgreement", RIG_PKI_KU_KEY_AGREEMENT},
    {"keyCertSign", RIG_PKI_KU_KEY_CERT_SIGN},
    {"cRLSign", RIG_PKI_KU_CRL_SIGN},
    {"encipherOnly", RIG_PKI_KU_ENCIPHER_ONLY},
    {"decipherOnly", RIG_PKI_KU_DECIPHER_ONLY},
    {NULL, 0}};
bool rig_fixture_is_none(const struct rig_yaml_node *node)
{
    return node->kind == RIG_YAML_SCALAR && !node->quoted && strcmp(node->text, "none") == 0;
}

static const struct rig_yaml_key a_name = {.name = "a name",
                                           .type = RIG_YAML_TEXT,
                                           .min = 1,
                                           .max = RIG_PKI_NAME_SIZE - 1,
                                           .check = rig_check_name};

/* A list of names into rows of RIG_PKI_NAME_SIZE bytes. */
void rig_fixture_read_names(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                            const struct rig_yaml_node *node, char (*rows)[RIG_PKI_NAME_SIZE],
                            size_t *n_rows)
{
    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        if (rig_yaml_read_text(mistakes, &a_name, item, rows[*n_rows], RIG_PKI_NAME_SIZE)) {
            (*n_rows)++;
        }
    }
}

static void read_signer(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                        const struct rig_yaml_node *node, void *target)
{
    struct rig_pki_recipe *recipe = target;

    if (node->kind == RIG_YAML_SCALAR && strcmp(node->text, "self") == 0) {
        recipe->self_signed = true;
        return;
    }
    (void)rig_yaml_read_text(mistakes, key, node, recipe->signer, sizeof recipe->signer);
}

static void read_chain(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                       const struct rig_yaml_node *node, void *target)
{
    struct rig_pki_recipe *recipe = target;

    recipe->chain_choice = rig_fixture_is_none(node) ? RIG_PKI_NONE : RIG_PKI_GIVEN;
    if (!rig_fixture_is_none(node)) {
        rig_fixture_read_names(mistakes, key, node, recipe->chain, &recipe->n_chain);
    }
}

static void read_trust(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                       const struct rig_yaml_node *node, void *target)
{
    struct rig_pki_recipe *recipe = target;

    rig_fixture_read_names(mistakes, key, node, recipe->trust, &recipe->n_trust);
}

/* Into the struct rig_pki_time at the key's offset. */
void rig_fixture_read_time(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                           const struct rig_yaml_node *node, void *target)
{
    struct rig_pki_time *time = (struct rig_pki_time *)(void *)((char *)target + key->offset);

    if (node->kind != RIG_YAML_SCALAR || !rig_fixture_time_parse(node->text, time)) {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s for %s; expected -2d or +1h (a sign, a whole number and s, m, "
                         "h, d or y, counted from the start of the run) or a day such as "
                         "2020-01-01",
                         rig_yaml_quote_node(node).text, key->name);
    }
}

static bool read_pattern(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                         const struct rig_yaml_node *node, char out[RIG_PKI_VALUE_SIZE])
{
    const struct rig_yaml_key pattern = {.name = key->name,
                                         .type = RIG_YAML_TEXT,
                                         .max = RIG_PKI_VALUE_SIZE - 1,
                                         .check = rig_fixture_check_pattern};

    return rig_yaml_read_text(mistakes, &pattern, node, out, RIG_PKI_VALUE_SIZE);
}

static void read_common_name(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                             const struct rig_yaml_node *node, void *target)
{
    struct rig_pki_recipe *recipe = target;

    recipe->common_name_choice = rig_fixture_is_none(node) ? RIG_PKI_NONE : RIG_PKI_GIVEN;
    if (!rig_fixture_is_none(node)) {
        (void)read_pattern(mistakes, key, node, recipe->common_name);
    }
}

static void read_expected_name(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                               const struct rig_yaml_node *node, void *target)
{
    struct rig_pki_recipe *recipe = target;

    recipe->expected_name_choice = rig_fixture_is_none(node) ? RIG_PKI_NONE : RIG_PKI_GIVEN;
    if (!rig_fixture_is_none(node)) {
        (void)read_pattern(mistakes, key, node, recipe->expected_name);
    }
}

static void read_alt_name_list(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                               const struct rig_yaml_node *node, bool constraint,
                               struct rig_pki_alt_name *names, size_t *n_names)
{
    const char *example = constraint ? "dns:rig.test or ip:10.0.0.0/8" : "dns:{name} or ip:::1";
    char text[RIG_PKI_VALUE_SIZE];

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        if (!read_pattern(mistakes, key, item, text)) {
            continue;
        }
        if (rig_fixture_alt_name_parse(text, constraint, &names[*n_names])) {
            (*n_names)++;
        } else {
            rig_yaml_mistake(mistakes, item->line,
                             "found %s in %s; expected dns:, ip:, email: or uri: and a value of "
                             "that kind, such as %s",
                             rig_yaml_quote_node(item).text, key->name, example);
        }
    }
}

static void read_alt_names(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                           const struct rig_yaml_node *node, void *target)
{
    struct rig_pki_recipe *recipe = target;

    recipe->alt_names_choice = rig_fixture_is_none(node) ? RIG_PKI_NONE : RIG_PKI_GIVEN;
    if (!rig_fixture_is_none(node)) {
        read_alt_name_list(mistakes, key, node, false, recipe->alt_names, &recipe->n_alt_names);
    }
}

static void read_permitted(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                           const struct rig_yaml_node *node, void *target)
{
    struct rig_pki_recipe *recipe = target;

    read_alt_name_list(mistakes, key, node, true, recipe->permitted, &recipe->n_permitted);
}

static void read_excluded(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                          const struct rig_yaml_node *node, void *target)
{
    struct rig_pki_recipe *recipe = target;

    read_alt_name_list(mistakes, key, node, true, recipe->excluded, &recipe->n_excluded);
}

static void read_purposes(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                          const struct rig_yaml_node *node, void *target)
{
    static const struct rig_yaml_key purpose = {.name = "a key purpose",
                                                .type = RIG_YAML_TEXT,
                                                .min = 1,
                                                .max = RIG_PKI_OID_SIZE - 1,
                                                .check = rig_fixture_check_purpose};
    struct rig_pki_recipe *recipe = target;

    recipe->purposes_choice = rig_fixture_is_none(node) ? RIG_PKI_NONE : RIG_PKI_GIVEN;
    if (rig_fixture_is_none(node) || rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        if (rig_yaml_read_text(mistakes, &purpose, item, recipe->purposes[recipe->n_purposes],
                               RIG_PKI_OID_SIZE)) {
            recipe->n_purposes++;
        }
    }
}

static void read_key_usage(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                           const struct rig_yaml_node *node, void *target)
{
    struct rig_pki_recipe *recipe = target;
    int bit;

    recipe->key_usage_choice = rig_fixture_is_none(node) ? RIG_PKI_NONE : RIG_PKI_GIVEN;
    if (rig_fixture_is_none(node) || rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        if (rig_yaml_read_word(mistakes, "a key usage", usage_words, item, &bit)) {
            recipe->key_usage |= (uint32_t)bit;
        }
    }
}

static void read_path_length(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                             const struct rig_yaml_node *node, void *target)
{
    struct rig_pki_recipe *recipe = target;
    int64_t value = 0;
    const size_t n = node->kind == RIG_YAML_SCALAR ? rig_yaml_parse_digits(node->text, &value) : 0;

    if (n == 0 || node->text[n] != '\0' || value > key->max) {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s for %s; expected a whole number from 0 to %d",
                         rig_yaml_quote_node(node).text, key->name, (int)key->max);
        return;
    }
    recipe->path_length_choice = RIG_PKI_GIVEN;
    recipe->path_length = (uint32_t)value;
}

static bool read_true_or_false(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                               const struct rig_yaml_node *node, int *value)
{
    static const struct rig_yaml_word words[] = {{"true", 1}, {"false", 0}, {NULL, 0}};

    return rig_yaml_read_word(mistakes, key->name, words, node, value);
}

static void read_constraints_critical(struct rig_yaml_mistakes *mistakes,
                                      const struct rig_yaml_key *key,
                                      const struct rig_yaml_node *node, void *target)
{
    int value = 1;

    if (read_true_or_false(mistakes, key, node, &value)) {
        ((struct rig_pki_recipe *)target)->name_constraints_not_critical = value == 0;
    }
}

static void read_version(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                         const struct rig_yaml_node *node, void *target)
{
    static const struct rig_yaml_word words[] = {{"1", 1}, {"3", 3}, {NULL, 0}};
    int value = 3;

    if (rig_yaml_read_word(mistakes, key->name, words, node, &value)) {
        ((struct rig_pki_recipe *)target)->version_1 = value == 1;
    }
}

static const struct rig_yaml_key extension_keys[] = {
    {.name = "oid",
     .type = RIG_YAML_TEXT,
     .required = true,
     RIG_YAML_FIELD(struct rig_pki_extension, oid),
     .min = 3,
     .max = RIG_PKI_OID_SIZE - 1,
     .check = rig_fixture_check_oid,
     .doc = "Its object identifier, such as 1.3.6.1.4.1.55555.1."},
    {.name = "critical",
     .type = RIG_YAML_BOOL,
     RIG_YAML_FIELD(struct rig_pki_extension, critical),
     .initial = "false",
     .doc = "A verifier that does not know it must refuse."},
    {.name = "bytes",
     .type = RIG_YAML_INTEGER,
     RIG_YAML_FIELD(struct rig_pki_extension, n_bytes),
     .max = RIG_PKI_MAX_EXTENSION_BYTES,
     .initial = "0",
     .doc = "Length of its value (zeros); 0: a DER NULL."},
};
const struct rig_yaml_schema rig_extension_schema = {"an extension", N_OF(extension_keys),
                                                     extension_keys};

void rig_fixture_read_extensions(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                                 const struct rig_yaml_node *node,
                                 struct rig_pki_extension *extensions, size_t *n_extensions)
{
    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        rig_yaml_read_mapping(mistakes, &rig_extension_schema, item,
                              &extensions[(*n_extensions)++]);
    }
}

static void read_extensions(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                            const struct rig_yaml_node *node, void *target)
{
    struct rig_pki_recipe *recipe = target;

    rig_fixture_read_extensions(mistakes, key, node, recipe->extensions, &recipe->n_extensions);
}

#define SIGNER_KEY(required_, initial_)                                                            \
    {                                                                                              \
        .name = "signer", .type = RIG_YAML_CUSTOM, .required = (required_), .read = read_signer,   \
        .min = 1, .max = RIG_PKI_NAME_SIZE - 1, .check = rig_check_name,                           \
        .form = "an authority, or `self`", .initial = (initial_), .doc = "Who signs it."           \
    }

/* What all certificates have. */
#define CERTIFICATE_KEYS(before_, after_, purposes_, usage_, ca_, names_)                          \
    DESCRIPTION_KEY(struct rig_pki_recipe),                                                        \
        TIME_KEY(struct rig_pki_recipe, not_before, rig_fixture_read_time, before_,                \
                 "Begin of validity."),                                                            \
        TIME_KEY(struct rig_pki_recipe, not_after, rig_fixture_read_time, after_,                  \
                 "End of validity."),                                                              \
        {.name = "common_name",                                                                    \
         .type = RIG_YAML_CUSTOM,                                                                  \
         .read = read_common_name,                                                                 \
         .form = "text with placeholders, or `none`",                                              \
         .initial = "\"{name}\"",                                                                  \
         .doc = "CN of the subject, in UTF-8, of any length, also empty."},                        \
        {.name = "organization",                                                                   \
         .type = RIG_YAML_TEXT,                                                                    \
         RIG_YAML_FIELD(struct rig_pki_recipe, organization),                                      \
         .max = RIG_PKI_VALUE_SIZE - 1,                                                            \
         .initial = "none; authorities: rig fixtures",                                             \
         .doc = "O of the subject."},                                                              \
        {.name = "country",                                                                        \
         .type = RIG_YAML_TEXT,                                                                    \
         RIG_YAML_FIELD(struct rig_pki_recipe, country),                                           \
         .max = 2,                                                                                 \
         .check = rig_check_country,                                                               \
         .initial = "none",                                                                        \
         .doc = "C of the subject."},                                                              \
        {.name = "subject_serial_number",                                                          \
         .type = RIG_YAML_TEXT,                                                                    \
         RIG_YAML_FIELD(struct rig_pki_recipe, subject_serial_number),                             \
         .max = RIG_PKI_VALUE_SIZE - 1,                                                            \
         .initial = "none",                                                                        \
         .doc = "serialNumber of the subject (2.5.4.5), as IEEE 802.1AR has it."},                 \
        {.name = "alt_names",                                                                      \
         .type = RIG_YAML_CUSTOM,                                                                  \
         .read = read_alt_names,                                                                   \
         .max = RIG_PKI_MAX_NAMES,                                                                 \
         .form = "list of `dns:`, `ip:`, `email:` and `uri:` names with placeholders, or `none`",  \
         .initial = (names_),                                                                      \
         .doc = "subjectAltName."},                                                                \
        {.name = "extended_key_usage",                                                             \
         .type = RIG_YAML_CUSTOM,                                                                  \
         .read = read_purposes,                                                                    \
         .min = 1,                                                                                 \
         .max = RIG_PKI_MAX_PURPOSES,                                                              \
         .form = "list of clientAuth, serverAuth, codeSigning, emailProtection, timeStamping, "    \
                 "OCSPSigning, anyExtendedKeyUsage and object identifiers, or `none`",             \
         .initial = (purposes_),                                                                   \
         .doc = "extendedKeyUsage."},                                                              \
        {.name = "key_usage",                                                                      \
         .type = RIG_YAML_CUSTOM,                                                                  \
         .read = read_key_usage,                                                                   \
         .min = 1,                                                                                 \
         .max = 9,                                                                                 \
         .form = "list of digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment, "   \
                 "keyAgreement, keyCertSign, cRLSign, encipherOnly and decipherOnly, or `none`",   \
         .initial = (usage_),                                                                      \
         .doc = "keyUsage, critical."},                                                            \
        {.name = "ca",                                                                             \
         .type = RIG_YAML_ENUM,                                                                    \
         RIG_YAML_FIELD(struct rig_pki_recipe, ca),                                                \
         .words = ca_words,                                                                        \
         .initial = (ca_),                                                                         \
         .doc = "basicConstraints, critical; `absent`: without that extension."},                  \
        {.name = "path_length",                                                                    \
         .type = RIG_YAML_CUSTOM,                                                                  \
         .read = read_path_length,                                                                 \
         .max = 20,                                                                                \
         .form = "number, 0 to 20",                                                                \
         .initial = "none",                                                                        \
         .doc = "pathLenConstraint: how many authorities may stand below it."},                    \
        {.name = "permitted_names",                                                                \
         .type = RIG_YAML_CUSTOM,                                                                  \
         .read = read_permitted,                                                                   \
         .min = 1,                                                                                 \
         .max = RIG_PKI_MAX_NAMES,                                                                 \
         .form = "list as of alt_names; `ip:` with a prefix length",                               \
         .initial = "none",                                                                        \
         .doc = "nameConstraints, permittedSubtrees."},                                            \
        {.name = "excluded_names",                                                                 \
         .type = RIG_YAML_CUSTOM,                                                                  \
         .read = read_excluded,                                                                    \
         .min = 1,                                                                                 \
         .max = RIG_PKI_MAX_NAMES,                                                                 \
         .form = "list as of alt_names; `ip:` with a prefix length",                               \
         .initial = "none",                                                                        \
         .doc = "nameConstraints, excludedSubtrees."},                                             \
        {.name = "name_constraints_critical",                                                      \
         .type = RIG_YAML_CUSTOM,                                                                  \
         .read = read_constraints_critical,                                                        \
         .form = "`true` or `false`",                                                              \
         .initial = "true",                                                                        \
         .doc = "Whether the name constraints are critical."},                                     \
        {.name = "extensions",                                                                     \
         .type = RIG_YAML_CUSTOM,                                                                  \
         .read = read_extensions,                                                                  \
         .min = 1,                                                                                 \
         .max = RIG_PKI_MAX_EXTENSIONS,                                                            \
         .form = "list, see \"An extension\"",                                                     \
         .initial = "none",                                                                        \
         .doc = "Extensions of any other kind, of any size."},                                     \
        AKI_KEY(struct rig_pki_recipe, "authorityKeyIdentifier; `wrong`: of a key that nobody "    \
                                       "has."),                                                    \
        {.name = "subject_key_id",                                                                 \
         .type = RIG_YAML_ENUM,                                                                    \
         RIG_YAML_FIELD(struct rig_pki_recipe, subject_key_id),                                    \
         .words = rig_fixture_key_id_words,                                                        \
         .initial = "right",                                                                       \
         .doc = "subjectKeyIdentifier."},                                                          \
        {.name = "key",                                                                            \
         .type = RIG_YAML_ENUM,                                                                    \
         RIG_YAML_FIELD(struct rig_pki_recipe, key),                                               \
         .words = key_type_words,                                                                  \
         .initial = "p-256; device: the board's",                                                  \
         .doc = "A fresh key of that type. A board can't prove that it has it, but a server "      \
                "judges the certificate first."},                                                  \
        {.name = "foreign_key",                                                                    \
         .type = RIG_YAML_BOOL,                                                                    \
         RIG_YAML_FIELD(struct rig_pki_recipe, foreign_key),                                       \
         .initial = "false",                                                                       \
         .doc = "The certificate is for another key of the same type than its holder has."},       \
        DIGEST_KEY(struct rig_pki_recipe),                                                         \
        TAMPER_KEY(struct rig_pki_recipe, "A bit changed after signing: of the signature, or of "  \
                                          "the serial number (`content`)."),                       \
        {.name = "serial",                                                                         \
         .type = RIG_YAML_TEXT,                                                                    \
         RIG_YAML_FIELD(struct rig_pki_recipe, serial),                                            \
         .min = 2,                                                                                 \
         .max = RIG_PKI_SERIAL_SIZE - 1,                                                           \
         .check = rig_fixture_check_serial,                                                        \
         .form = "hex digits in quotes",                                                           \
         .initial = "128 bits of its own",                                                         \
         .doc = "The serial number, for duplicates."},                                             \
    {                                                                                              \
        .name = "version", .type = RIG_YAML_CUSTOM, .read = read_version, .form = "1 or 3",        \
        .initial = "3",                                                                            \
        .doc = "X.509 version; 1 has no extensions, so no key of one may stand beside it."         \
    }

#define PRESENTED_KEYS                                                                             \
    {.name = "chain",                                                                              \
     .type = RIG_YAML_CUSTOM,                                                                      \
     .read = read_chain,                                                                           \
     .min = 1,                                                                                     \
     .max = RIG_PKI_MAX_CHAIN,                                                                     \
     .form = "list of authorities and `leaf`, or `none`",                                          \
     .initial = "its signers up to, but not including, the root",                                  \
     .doc = "What is sent behind the certificate, in that order."},                                \
    {                                                                                              \
        .name = "trust", .type = RIG_YAML_CUSTOM, .read = read_trust, .min = 1,                    \
        .max = RIG_PKI_MAX_TRUST, .form = "list of authorities",                                   \
        .initial = "the authorities that are `trusted`",                                           \
        .doc = "What the verifier trusts in this case."                                            \
    }

static const struct rig_yaml_key authority_keys[] = {
    NAME_KEY(struct rig_pki_recipe, "authority", "Its name, and its CN."),
    SIGNER_KEY(true, NULL),
    {.name = "names_of",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_pki_recipe, names_of),
     .min = 1,
     .max = RIG_PKI_NAME_SIZE - 1,
     .check = rig_check_name,
     .form = "an authority",
     .initial = "names of its own",
     .doc = "A look-alike: that authority's subject, another key."},
    {.name = "key_of",
     .type = RIG_YAML_TEXT,
     RIG_YAML_FIELD(struct rig_pki_recipe, key_of),
     .min = 1,
     .max = RIG_PKI_NAME_SIZE - 1,
     .check = rig_check_name,
     .form = "an authority",
     .initial = "a key of its own",
     .doc = "That authority's key: with `names_of` a renewed or cross-signed certificate of it."},
    {.name = "trusted",
     .type = RIG_YAML_BOOL,
     RIG_YAML_FIELD(struct rig_pki_recipe, trusted),
     .initial = "false",
     .doc = "Verifiers trust it, unless an identity names its own `trust`."},
    {.name = "levels",
     .type = RIG_YAML_INTEGER,
     RIG_YAML_FIELD(struct rig_pki_recipe, levels),
     .min = 2,
     .max = RIG_PKI_MAX_LEVELS,
     .initial = "1",
     .doc = "That many alike, one below the other: NAME-1 under `signer`, then NAME-2, ..., and "
            "NAME last."},
    CERTIFICATE_KEYS("-30d", "+3650d", "none", "[keyCertSign, cRLSign]", "true", "none"),
};
const struct rig_yaml_schema rig_authority_schema = {"an authority", N_OF(authority_keys),
                                                     authority_keys};

static const struct rig_yaml_key device_keys[] = {
    NAME_KEY(struct rig_pki_recipe, "device", "Its name, unique among devices."),
    SIGNER_KEY(false, "issuing"),
    PRESENTED_KEYS,
    CERTIFICATE_KEYS("-1d", "+365d", "[clientAuth]", "[digitalSignature]", "false", "none"),
};
const struct rig_yaml_schema rig_device_schema = {"a device", N_OF(device_keys), device_keys};

static const struct rig_yaml_key server_keys[] = {
    NAME_KEY(struct rig_pki_recipe, "server", "Its name, unique among servers."),
    SIGNER_KEY(false, "issuing"),
    PRESENTED_KEYS,
    CERTIFICATE_KEYS("-1d", "+365d", "[serverAuth]", "[digitalSignature]", "false",
                     "[\"dns:{name}\"]"),
    {.name = "expected_name",
     .type = RIG_YAML_CUSTOM,
     .read = read_expected_name,
     .form = "text with placeholders, or `none`",
     .initial = "\"{name}\"",
     .doc = "What a client is told to expect; `none`: it checks no name."},
};
const struct rig_yaml_schema rig_server_schema = {"a server", N_OF(server_keys), server_keys};
