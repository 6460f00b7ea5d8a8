/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/fixtures_names.h"

#include <string.h>

/* Keys whose values are names of recipes. */
static const struct mention {
    const char *key;
    enum rig_pki_kind kind;
    const char *other; /* a word that may stand there instead */
} mentions[] = {
    {"signer", RIG_PKI_AUTHORITY, NULL},       {"names_of", RIG_PKI_AUTHORITY, NULL},
    {"key_of", RIG_PKI_AUTHORITY, NULL},       {"chain", RIG_PKI_AUTHORITY, "leaf"},
    {"trust", RIG_PKI_AUTHORITY, NULL},        {"issuer", RIG_PKI_AUTHORITY, NULL},
    {"good", RIG_PKI_AUTHORITY, NULL},         {"revoked_devices", RIG_PKI_DEVICE, NULL},
    {"revoked_servers", RIG_PKI_SERVER, NULL}, {"revoked_authorities", RIG_PKI_AUTHORITY, NULL},
};

#define N_MENTIONS (sizeof mentions / sizeof *mentions)

static void check_mention(struct rig_yaml_mistakes *mistakes, const struct mention *mention,
                          const struct rig_yaml_node *node, const struct rig_fixtures *fixtures)
{
    if ((mention->other != NULL && strcmp(node->text, mention->other) == 0) ||
        rig_fixtures_find(fixtures, mention->kind, node->text) != NULL) {
        return;
    }
    if (strcmp(mention->key, "chain") == 0 && strcmp(node->text, "none") == 0 && !node->quoted) {
        return;
    }
    rig_yaml_mistake(mistakes, node->line,
                     "found %s for %s; expected the name of one of the %s of this file, or of "
                     "one it `uses`",
                     rig_yaml_quote_node(node).text, mention->key,
                     mention->kind == RIG_PKI_AUTHORITY ? "authorities"
                     : mention->kind == RIG_PKI_DEVICE  ? "devices"
                                                        : "servers");
}

/* An entry of a list, and the lists within it. Only a certificate can sign itself. */
static void check_mentions(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *node,
                           const struct rig_fixtures *fixtures, bool certificate)
{
    for (const struct rig_yaml_node *value = node->first; value != NULL; value = value->next) {
        size_t i = 0;

        while (i < N_MENTIONS &&
               (value->key == NULL || strcmp(value->key->text, mentions[i].key) != 0)) {
            i++;
        }
        if (i == N_MENTIONS) {
            check_mentions(mistakes, value, fixtures, certificate);
            continue;
        }
        if (value->kind == RIG_YAML_SCALAR &&
            !(certificate && strcmp(value->key->text, "signer") == 0 &&
              strcmp(value->text, "self") == 0)) {
            check_mention(mistakes, &mentions[i], value, fixtures);
        }
        for (const struct rig_yaml_node *item = value->first; item != NULL; item = item->next) {
            check_mention(mistakes, &mentions[i], item, fixtures);
        }
    }
}

static bool in_ring(const struct rig_pki_recipe *start, const struct rig_fixtures *fixtures)
{
    const struct rig_pki_recipe *at = start;

    for (size_t i = 0; i <= fixtures->n_recipes[RIG_PKI_AUTHORITY]; i++) {
        if (at == NULL || at->self_signed) {
            return false;
        }
        at = rig_fixtures_find(fixtures, RIG_PKI_AUTHORITY, at->signer);
        if (at == start) {
            return true;
        }
    }
    return false;
}

/* Keys that put an extension into a certificate. */
static const char *first_extension_key(const struct rig_yaml_node *item)
{
    static const char *const keys[] = {"alt_names",
                                       "extended_key_usage",
                                       "key_usage",
                                       "ca",
                                       "path_length",
                                       "permitted_names",
                                       "excluded_names",
                                       "extensions",
                                       "authority_key_id",
                                       "subject_key_id",
                                       "name_constraints_critical"};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (rig_yaml_find(item, keys[i]) != NULL) {
            return keys[i];
        }
    }
    return NULL;
}

static bool is_rsa(enum rig_pki_key_type type)
{
    return type == RIG_PKI_KEY_RSA_1024 || type == RIG_PKI_KEY_RSA_2048 ||
           type == RIG_PKI_KEY_RSA_3072 || type == RIG_PKI_KEY_RSA_4096;
}

static void check_digest(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *item,
                         const struct rig_pki_recipe *recipe, const struct rig_fixtures *fixtures)
{
    const struct rig_pki_recipe *signer =
        recipe->self_signed
            ? recipe
            : rig_fixtures_find(fixtures, RIG_PKI_AUTHORITY,
                                recipe->signer[0] != '\0' ? recipe->signer : "issuing");
    const struct rig_yaml_node *digest = rig_yaml_find(item, "digest");

    if (digest == NULL || signer == NULL) {
        return;
    }
    if (recipe->digest == RIG_PKI_DIGEST_MD5 && !is_rsa(signer->key)) {
        rig_yaml_mistake(mistakes, digest->line,
                         "found digest md5 by signer %s; expected a signer whose key is RSA, since "
                         "MD5 signatures exist with those only",
                         rig_yaml_quote_text(signer->name).text);
    }
    if (signer->key == RIG_PKI_KEY_ED25519) {
        rig_yaml_mistake(mistakes, digest->line,
                         "found a digest by signer %s; expected none, since an Ed25519 key takes "
                         "no digest",
                         rig_yaml_quote_text(signer->name).text);
    }
}

static void check_certificate(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *item,
                              const struct rig_pki_recipe *recipe,
                              const struct rig_fixtures *fixtures)
{
    const char *extension = first_extension_key(item);
    const struct rig_pki_recipe *other;

    if (recipe->kind != RIG_PKI_AUTHORITY && rig_yaml_find(item, "signer") == NULL &&
        rig_fixtures_find(fixtures, RIG_PKI_AUTHORITY, "issuing") == NULL) {
        rig_yaml_mistake(mistakes, item->line,
                         "found %s without a signer; expected one, or an authority `issuing`, "
                         "which is the usual signer",
                         rig_yaml_quote_text(recipe->name).text);
    }
    if (recipe->kind == RIG_PKI_AUTHORITY && in_ring(recipe, fixtures)) {
        rig_yaml_mistake(mistakes, rig_yaml_find(item, "signer")->line,
                         "found signer %s, which %s signs in turn; expected signers that end in "
                         "one with signer self",
                         rig_yaml_quote_text(recipe->signer).text,
                         rig_yaml_quote_text(recipe->name).text);
    }
    other = recipe->names_of[0] != '\0'
                ? rig_fixtures_find(fixtures, RIG_PKI_AUTHORITY, recipe->names_of)
                : NULL;
    if (other != NULL && other->names_of[0] != '\0') {
        rig_yaml_mistake(mistakes, rig_yaml_find(item, "names_of")->line,
                         "found %s for names_of, which is a look-alike itself; expected an "
                         "authority with names of its own",
                         rig_yaml_quote_text(recipe->names_of).text);
    }
    other = recipe->key_of[0] != '\0'
                ? rig_fixtures_find(fixtures, RIG_PKI_AUTHORITY, recipe->key_of)
                : NULL;
    if (other != NULL &&
        (other->key_of[0] != '\0' || recipe->key != RIG_PKI_KEY_DEFAULT || recipe->foreign_key)) {
        rig_yaml_mistake(mistakes, rig_yaml_find(item, "key_of")->line,
                         "found %s for key_of; expected an authority that has no key_of, and no "
                         "key or foreign_key beside it",
                         rig_yaml_quote_text(recipe->key_of).text);
    }
    if (recipe->version_1 && extension != NULL) {
        rig_yaml_mistake(mistakes, rig_yaml_find(item, extension)->line,
                         "found %s beside version 1; expected version 3, since version 1 has no "
                         "extensions",
                         extension);
    }
    if (rig_yaml_find(item, "name_constraints_critical") != NULL && recipe->n_permitted == 0 &&
        recipe->n_excluded == 0) {
        rig_yaml_mistake(mistakes, rig_yaml_find(item, "name_constraints_critical")->line,
                         "found name_constraints_critical alone; expected permitted_names or "
                         "excluded_names beside it");
    }
    check_digest(mistakes, item, recipe, fixtures);
}

/* How many entries of that name there are, in all files. */
static size_t count(const struct rig_fixtures *fixtures, const char *list, const char *name)
{
    static const char *const lists[RIG_PKI_KINDS] = {"authorities", "devices", "servers"};
    size_t n = 0;

    for (size_t kind = 0; kind < RIG_PKI_KINDS; kind++) {
        for (size_t i = 0; strcmp(list, lists[kind]) == 0 && i < fixtures->n_recipes[kind]; i++) {
            n += strcmp(fixtures->recipes[kind][i].name, name) == 0;
        }
    }
    for (size_t i = 0; strcmp(list, "crls") == 0 && i < fixtures->n_crl_sets; i++) {
        n += strcmp(fixtures->crl_sets[i].name, name) == 0;
    }
    for (size_t i = 0; strcmp(list, "ocsp") == 0 && i < fixtures->n_ocsp; i++) {
        n += strcmp(fixtures->ocsp[i].name, name) == 0;
    }
    return n;
}

void rig_fixtures_check_names(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_node *root,
                              const struct rig_fixtures *fixtures)
{
    static const struct {
        const char *list;
        const char *key;
        int kind; /* enum rig_pki_kind; -1: no certificate */
    } lists[] = {{"authorities", "authority", RIG_PKI_AUTHORITY},
                 {"devices", "device", RIG_PKI_DEVICE},
                 {"servers", "server", RIG_PKI_SERVER},
                 {"crls", "crl", -1},
                 {"ocsp", "ocsp", -1}};

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct rig_yaml_node *list = rig_yaml_find(root, lists[i].list);

        for (const struct rig_yaml_node *item = list != NULL ? list->first : NULL; item != NULL;
             item = item->next) {
            const struct rig_yaml_node *name = rig_yaml_find(item, lists[i].key);

            if (strcmp(name->text, "self") == 0 || strcmp(name->text, "leaf") == 0 ||
                (strcmp(name->text, "none") == 0 && lists[i].kind >= 0)) {
                rig_yaml_mistake(mistakes, name->line,
                                 "found the name %s; expected another one, since self, leaf and "
                                 "none have meanings of their own",
                                 rig_yaml_quote_node(name).text);
            }
            if (count(fixtures, lists[i].list, name->text) > 1) {
                rig_yaml_mistake(mistakes, name->line,
                                 "found %s more than once among the %s; expected names that differ",
                                 rig_yaml_quote_node(name).text, lists[i].list);
            }
            check_mentions(mistakes, item, fixtures, lists[i].kind >= 0);
            if (lists[i].kind >= 0) {
                check_certificate(
                    mistakes, item,
                    rig_fixtures_find(fixtures, (enum rig_pki_kind)lists[i].kind, name->text),
                    fixtures);
            }
        }
    }
}
