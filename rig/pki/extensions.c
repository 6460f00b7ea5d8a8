/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/pki/internal.h"

#include <string.h>

enum { KEY_ID_BYTES = 20 };

RIG_DEFINE_AUTO(GENERAL_NAMES, GENERAL_NAMES_free);
RIG_DEFINE_AUTO(GENERAL_NAME, GENERAL_NAME_free);
RIG_DEFINE_AUTO(ASN1_BIT_STRING, ASN1_BIT_STRING_free);
RIG_DEFINE_AUTO(BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free);
RIG_DEFINE_AUTO(EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free);
RIG_DEFINE_AUTO(NAME_CONSTRAINTS, NAME_CONSTRAINTS_free);
RIG_DEFINE_AUTO(ASN1_OBJECT, ASN1_OBJECT_free);

static rig_result add(X509 *certificate, int nid, void *value, bool critical, struct rig_error *err)
{
    if (X509_add1_ext_i2d(certificate, nid, value, critical ? 1 : 0, X509V3_ADD_DEFAULT) != 1) {
        return rig_pki_fail_library(err, "add an extension");
    }
    return RIG_DONE;
}

static rig_result add_basic_constraints(const struct rig_pki_recipe *recipe, X509 *certificate,
                                        struct rig_error *err)
{
    RIG_AUTO(rig_auto_BASIC_CONSTRAINTS) BASIC_CONSTRAINTS *value = BASIC_CONSTRAINTS_new();
    const bool usual_ca = recipe->kind == RIG_PKI_AUTHORITY;

    if (recipe->ca == RIG_PKI_CA_ABSENT) {
        return RIG_DONE;
    }
    if (value == NULL) {
        return rig_fail_memory(err);
    }
    if (recipe->ca == RIG_PKI_CA_TRUE || (recipe->ca == RIG_PKI_CA_DEFAULT && usual_ca)) {
        value->ca = 0xFF;
    }
    if (recipe->path_length_choice == RIG_PKI_GIVEN) {
        value->pathlen = ASN1_INTEGER_new();
        if (value->pathlen == NULL || ASN1_INTEGER_set(value->pathlen, recipe->path_length) != 1) {
            return rig_fail_memory(err);
        }
    }
    return add(certificate, NID_basic_constraints, value, true, err);
}

static uint32_t key_usage_of(const struct rig_pki_recipe *recipe)
{
    switch (recipe->key_usage_choice) {
    case RIG_PKI_NONE:
        return 0;
    case RIG_PKI_GIVEN:
        return recipe->key_usage;
    case RIG_PKI_AS_USUAL:
        break;
    }
    return recipe->kind == RIG_PKI_AUTHORITY ? RIG_PKI_KU_KEY_CERT_SIGN | RIG_PKI_KU_CRL_SIGN
                                             : RIG_PKI_KU_DIGITAL_SIGNATURE;
}

static rig_result add_key_usage(const struct rig_pki_recipe *recipe, X509 *certificate,
                                struct rig_error *err)
{
    RIG_AUTO(rig_auto_ASN1_BIT_STRING) ASN1_BIT_STRING *value = ASN1_BIT_STRING_new();
    const uint32_t usage = key_usage_of(recipe);

    if (usage == 0) {
        return RIG_DONE;
    }
    for (int bit = 0; value != NULL && bit < 9; bit++) {
        if ((usage & (1U << bit)) != 0 && ASN1_BIT_STRING_set_bit(value, bit, 1) != 1) {
            return rig_fail_memory(err);
        }
    }
    return value != NULL ? add(certificate, NID_key_usage, value, true, err) : rig_fail_memory(err);
}

static rig_result push_purpose(EXTENDED_KEY_USAGE *usage, const char *text, struct rig_error *err)
{
    ASN1_OBJECT *object = OBJ_txt2obj(text, 0);

    if (object == NULL) {
        return rig_pki_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "'%s' is neither the name of a key purpose nor an object identifier",
                            text);
    }
    if (sk_ASN1_OBJECT_push(usage, object) <= 0) {
        ASN1_OBJECT_free(object);
        return rig_fail_memory(err);
    }
    return RIG_DONE;
}

static rig_result add_purposes(const struct rig_pki_recipe *recipe, X509 *certificate,
                               struct rig_error *err)
{
    static const char *const usual[RIG_PKI_KINDS] = {NULL, "clientAuth", "serverAuth"};
    RIG_AUTO(rig_auto_EXTENDED_KEY_USAGE) EXTENDED_KEY_USAGE *usage = EXTENDED_KEY_USAGE_new();

    if (usage == NULL) {
        return rig_fail_memory(err);
    }
    if (recipe->purposes_choice == RIG_PKI_AS_USUAL && usual[recipe->kind] != NULL) {
        RIG_TRY(push_purpose(usage, usual[recipe->kind], err));
    }
    for (size_t i = 0; recipe->purposes_choice == RIG_PKI_GIVEN && i < recipe->n_purposes; i++) {
        RIG_TRY(push_purpose(usage, recipe->purposes[i], err));
    }
    return sk_ASN1_OBJECT_num(usage) == 0 ? RIG_DONE
                                          : add(certificate, NID_ext_key_usage, usage, false, err);
}

static rig_result add_alt_names(const struct rig_pki_recipe *recipe, const char *name,
                                X509 *certificate, struct rig_error *err)
{
    static const struct rig_pki_alt_name usual = {RIG_PKI_DNS, "{name}"};
    RIG_AUTO(rig_auto_GENERAL_NAMES) GENERAL_NAMES *names = GENERAL_NAMES_new();
    const bool by_default =
        recipe->alt_names_choice == RIG_PKI_AS_USUAL && recipe->kind == RIG_PKI_SERVER;
    const size_t n = by_default                                  ? 1
                     : recipe->alt_names_choice == RIG_PKI_GIVEN ? recipe->n_alt_names
                                                                 : 0;

    for (size_t i = 0; i < n; i++) {
        GENERAL_NAME *one = NULL;

        RIG_TRY(rig_pki_general_name(by_default ? &usual : &recipe->alt_names[i], name, false, &one,
                                     err));
        if (names == NULL || sk_GENERAL_NAME_push(names, one) <= 0) {
            GENERAL_NAME_free(one);
            return rig_fail_memory(err);
        }
    }
    return n == 0 ? RIG_DONE : add(certificate, NID_subject_alt_name, names, false, err);
}

static rig_result push_subtrees(const struct rig_pki_alt_name *names, size_t n,
                                STACK_OF(GENERAL_SUBTREE) * *trees, struct rig_error *err)
{
    if (n != 0 && (*trees = sk_GENERAL_SUBTREE_new_null()) == NULL) {
        return rig_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        RIG_AUTO(rig_auto_GENERAL_NAME) GENERAL_NAME *base = NULL;
        GENERAL_SUBTREE *tree;

        RIG_TRY(rig_pki_general_name(&names[i], "", true, &base, err));
        tree = GENERAL_SUBTREE_new();
        if (tree == NULL || sk_GENERAL_SUBTREE_push(*trees, tree) <= 0) {
            GENERAL_SUBTREE_free(tree);
            return rig_fail_memory(err);
        }
        GENERAL_NAME_free(tree->base);
        tree->base = base;
        base = NULL;
    }
    return RIG_DONE;
}

static rig_result add_name_constraints(const struct rig_pki_recipe *recipe, X509 *certificate,
                                       struct rig_error *err)
{
    RIG_AUTO(rig_auto_NAME_CONSTRAINTS) NAME_CONSTRAINTS *value = NAME_CONSTRAINTS_new();

    if (recipe->n_permitted == 0 && recipe->n_excluded == 0) {
        return RIG_DONE;
    }
    if (value == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(push_subtrees(recipe->permitted, recipe->n_permitted, &value->permittedSubtrees, err));
    RIG_TRY(push_subtrees(recipe->excluded, recipe->n_excluded, &value->excludedSubtrees, err));
    return add(certificate, NID_name_constraints, value, !recipe->name_constraints_not_critical,
               err);
}

/* RFC 7093 section 2 method 1; another 160 bits for the wrong one */
static rig_result hash_key(const X509 *of, bool wrong, ASN1_OCTET_STRING *id, struct rig_error *err)
{
    uint8_t digest[EVP_MAX_MD_SIZE];

    if (X509_pubkey_digest(of, wrong ? EVP_sha512() : EVP_sha256(), digest, NULL) != 1 ||
        ASN1_OCTET_STRING_set(id, digest, KEY_ID_BYTES) != 1) {
        return rig_pki_fail_library(err, "compute a key identifier");
    }
    return RIG_DONE;
}

rig_result rig_pki_key_id(const X509 *of, enum rig_pki_key_id which, ASN1_OCTET_STRING **id,
                          struct rig_error *err)
{
    RIG_AUTO(rig_auto_ASN1_OCTET_STRING) ASN1_OCTET_STRING *made = NULL;

    *id = NULL;
    if (which == RIG_PKI_ID_NONE) {
        return RIG_DONE;
    }
    /* not X509_get0_subject_key_id: that settles what a root still under construction is */
    made = X509_get_ext_d2i(of, NID_subject_key_identifier, NULL, NULL);
    if (made == NULL || which == RIG_PKI_ID_WRONG) {
        ASN1_OCTET_STRING_free(made);
        made = ASN1_OCTET_STRING_new();
        if (made == NULL) {
            return rig_fail_memory(err);
        }
        RIG_TRY(hash_key(of, which == RIG_PKI_ID_WRONG, made, err));
    }
    *id = made;
    made = NULL;
    return RIG_DONE;
}

static rig_result add_key_ids(const struct rig_pki_recipe *recipe,
                              const struct rig_pki_made *signer, X509 *certificate,
                              struct rig_error *err)
{
    RIG_AUTO(rig_auto_ASN1_OCTET_STRING) ASN1_OCTET_STRING *subject = NULL;
    RIG_AUTO(rig_auto_ASN1_OCTET_STRING) ASN1_OCTET_STRING *authority = NULL;
    RIG_AUTO(rig_auto_AUTHORITY_KEYID) AUTHORITY_KEYID *value = AUTHORITY_KEYID_new();

    RIG_TRY(rig_pki_key_id(certificate, recipe->subject_key_id, &subject, err));
    if (subject != NULL) {
        RIG_TRY(add(certificate, NID_subject_key_identifier, subject, false, err));
    }
    RIG_TRY(rig_pki_key_id(signer != NULL ? signer->certificate : certificate,
                           recipe->authority_key_id, &authority, err));
    if (authority == NULL) {
        return RIG_DONE;
    }
    if (value == NULL) {
        return rig_fail_memory(err);
    }
    value->keyid = authority;
    authority = NULL;
    return add(certificate, NID_authority_key_identifier, value, false, err);
}

rig_result rig_pki_extension_make(const struct rig_pki_extension *extension, X509_EXTENSION **out,
                                  struct rig_error *err)
{
    RIG_AUTO(rig_auto_ASN1_OBJECT) ASN1_OBJECT *object = OBJ_txt2obj(extension->oid, 1);
    RIG_AUTO(rig_auto_ASN1_OCTET_STRING) ASN1_OCTET_STRING *inner = ASN1_OCTET_STRING_new();
    RIG_AUTO(rig_auto_ASN1_OCTET_STRING) ASN1_OCTET_STRING *outer = ASN1_OCTET_STRING_new();
    static const uint8_t null[] = {0x05, 0x00};
    RIG_AUTO(rig_buf_free) struct rig_buf zeros = {0};
    uint8_t *der = NULL;
    int len;

    if (object == NULL) {
        return rig_pki_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "'%s' is not an object identifier",
                            extension->oid);
    }
    if (inner == NULL || outer == NULL) {
        return rig_fail_memory(err);
    }
    if (extension->n_bytes == 0) {
        len = ASN1_OCTET_STRING_set(outer, null, (int)sizeof null);
    } else {
        RIG_TRY(rig_buf_reserve(&zeros, extension->n_bytes, err));
        memset(zeros.data, 0, extension->n_bytes);
        if (ASN1_OCTET_STRING_set(inner, zeros.data, (int)extension->n_bytes) != 1 ||
            (len = i2d_ASN1_OCTET_STRING(inner, &der)) <= 0) {
            return rig_fail_memory(err);
        }
        len = ASN1_OCTET_STRING_set(outer, der, len);
        OPENSSL_free(der);
    }
    *out = len == 1 ? X509_EXTENSION_create_by_OBJ(NULL, object, extension->critical, outer) : NULL;
    return *out != NULL ? RIG_DONE : rig_pki_fail_library(err, "make an extension");
}

rig_result rig_pki_add_extensions(const struct rig_pki_recipe *recipe,
                                  const struct rig_pki_made *signer, const char *name,
                                  X509 *certificate, struct rig_error *err)
{
    RIG_TRY(add_basic_constraints(recipe, certificate, err));
    RIG_TRY(add_key_usage(recipe, certificate, err));
    RIG_TRY(add_purposes(recipe, certificate, err));
    RIG_TRY(add_key_ids(recipe, signer, certificate, err));
    RIG_TRY(add_alt_names(recipe, name, certificate, err));
    RIG_TRY(add_name_constraints(recipe, certificate, err));
    for (size_t i = 0; i < recipe->n_extensions; i++) {
        RIG_AUTO(rig_auto_X509_EXTENSION) X509_EXTENSION *extension = NULL;

        RIG_TRY(rig_pki_extension_make(&recipe->extensions[i], &extension, err));
        if (X509_add_ext(certificate, extension, -1) != 1) {
            return rig_pki_fail_library(err, "add an extension");
        }
    }
    return RIG_DONE;
}
