/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/issue.h"
#include "rig/pki/internal.h"

#include <string.h>

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

RIG_DEFINE_AUTO(ISSUING_DIST_POINT, ISSUING_DIST_POINT_free);

static rig_result set_time(const struct rig_pki_world *world, struct rig_pki_time time,
                           int64_t usual_ms, X509_CRL *crl,
                           int (*set)(X509_CRL *crl, const ASN1_TIME *time), struct rig_error *err)
{
    RIG_AUTO(rig_auto_ASN1_TIME) ASN1_TIME *value = ASN1_TIME_new();

    if (value == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(rig_pki_time_set(value, rig_pki_time_ms(world, time, usual_ms), err));
    return set(crl, value) == 1 ? RIG_DONE : rig_pki_fail_library(err, "set a CRL's times");
}

static rig_result add(X509_CRL *crl, int nid, void *value, bool critical, struct rig_error *err)
{
    if (X509_CRL_add1_ext_i2d(crl, nid, value, critical ? 1 : 0, X509V3_ADD_DEFAULT) != 1) {
        return rig_pki_fail_library(err, "add an extension to a CRL");
    }
    return RIG_DONE;
}

static rig_result add_authority_key_id(const struct rig_pki_crl_recipe *recipe,
                                       const struct rig_pki_made *signer, X509_CRL *crl,
                                       struct rig_error *err)
{
    RIG_AUTO(rig_auto_ASN1_OCTET_STRING) ASN1_OCTET_STRING *id = NULL;
    RIG_AUTO(rig_auto_AUTHORITY_KEYID) AUTHORITY_KEYID *value = AUTHORITY_KEYID_new();

    RIG_TRY(rig_pki_key_id(signer->certificate, recipe->authority_key_id, &id, err));
    if (id == NULL) {
        return RIG_DONE;
    }
    if (value == NULL) {
        return rig_fail_memory(err);
    }
    value->keyid = id;
    id = NULL;
    return add(crl, NID_authority_key_identifier, value, false, err);
}

static rig_result add_scope(enum rig_pki_scope scope, X509_CRL *crl, struct rig_error *err)
{
    RIG_AUTO(rig_auto_ISSUING_DIST_POINT) ISSUING_DIST_POINT *value = ISSUING_DIST_POINT_new();

    if (scope == RIG_PKI_SCOPE_ALL) {
        return RIG_DONE;
    }
    if (value == NULL) {
        return rig_fail_memory(err);
    }
    value->onlyuser = scope == RIG_PKI_SCOPE_USER ? 0xFF : 0;
    value->onlyCA = scope == RIG_PKI_SCOPE_CA ? 0xFF : 0;
    return add(crl, NID_issuing_distribution_point, value, true, err);
}

static rig_result add_extensions(const struct rig_pki_crl_recipe *recipe,
                                 const struct rig_pki_made *signer, X509_CRL *crl,
                                 struct rig_error *err)
{
    RIG_AUTO(rig_auto_ASN1_INTEGER) ASN1_INTEGER *number = ASN1_INTEGER_new();

    if (number == NULL ||
        ASN1_INTEGER_set_int64(number, recipe->number != 0 ? recipe->number : 1) != 1) {
        return rig_fail_memory(err);
    }
    RIG_TRY(add(crl, NID_crl_number, number, false, err));
    RIG_TRY(add_authority_key_id(recipe, signer, crl, err));
    RIG_TRY(add_scope(recipe->scope, crl, err));
    for (size_t i = 0; i < recipe->n_extensions; i++) {
        RIG_AUTO(rig_auto_X509_EXTENSION) X509_EXTENSION *extension = NULL;

        RIG_TRY(rig_pki_extension_make(&recipe->extensions[i], &extension, err));
        if (X509_CRL_add_ext(crl, extension, -1) != 1) {
            return rig_pki_fail_library(err, "add an extension to a CRL");
        }
    }
    return RIG_DONE;
}

static rig_result add_revoked(const struct rig_pki_world *world,
                              const struct rig_pki_crl_recipe *recipe, X509_CRL *crl,
                              struct rig_error *err)
{
    for (size_t i = 0; i < recipe->n_revoked; i++) {
        const struct rig_pki_revoked *entry = &recipe->revoked[i];
        const struct rig_pki_recipe *one =
            rig_fixtures_find(world->fixtures, entry->kind, entry->name);
        char serial[RIG_PKI_SERIAL_SIZE];

        if (one == NULL) {
            return rig_pki_fail_recipe(err, rig_pki_kind_name(entry->kind), entry->name);
        }
        RIG_TRY(rig_pki_serial(world, one, serial, err));
        RIG_TRY(rig_issue_crl_add(crl, serial, world->now_ms - DAY_MS, RIG_REVOKED_KEY_COMPROMISE,
                                  err));
    }
    return RIG_DONE;
}

static rig_result tamper(const struct rig_pki_crl_recipe *recipe, X509_CRL *crl,
                         struct rig_error *err)
{
    const ASN1_BIT_STRING *signature = NULL;
    uint8_t *bytes;

    switch (recipe->tamper) {
    case RIG_PKI_INTACT:
        return RIG_DONE;
    case RIG_PKI_TAMPER_SIGNATURE:
        X509_CRL_get0_signature(crl, &signature, NULL);
        bytes = (uint8_t *)ASN1_STRING_get0_data(signature);
        bytes[ASN1_STRING_length(signature) - 1] ^= 0x01;
        return RIG_DONE;
    case RIG_PKI_TAMPER_CONTENT:
        /* the last digit of the seconds, before the Z: '0' and '1', '2' and '3', ... change places
         */
        bytes = (uint8_t *)ASN1_STRING_get0_data(X509_CRL_get0_lastUpdate(crl));
        bytes[ASN1_STRING_length(X509_CRL_get0_lastUpdate(crl)) - 2] ^= 0x01;
        break;
    }
    return i2d_re_X509_CRL_tbs(crl, NULL) > 0 ? RIG_DONE
                                              : rig_pki_fail_library(err, "encode a CRL");
}

static rig_result append(X509_CRL *crl, enum rig_pki_crl_form form, struct rig_buf *out,
                         struct rig_error *err)
{
    uint8_t *der = NULL;
    rig_result result;
    int len;

    if (form == RIG_PKI_CRL_PEM) {
        return rig_pki_crl_pem(crl, out, err);
    }
    len = i2d_X509_CRL(crl, &der);
    if (len <= 0) {
        return rig_pki_fail_library(err, "encode a CRL");
    }
    result = rig_buf_append(out, der, (size_t)len, err);
    OPENSSL_free(der);
    return result;
}

static rig_result make_list(struct rig_pki_world *world, const struct rig_pki_crl_recipe *recipe,
                            enum rig_pki_crl_form form, struct rig_buf *out, struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509_CRL) X509_CRL *crl = X509_CRL_new();
    const struct rig_pki_made *issuer = NULL;
    const struct rig_pki_made *signer = NULL;

    rig_pki_begin();
    if (crl == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(rig_pki_authority(world, recipe->issuer, &issuer, err));
    RIG_TRY(rig_pki_authority(world, recipe->signer[0] != '\0' ? recipe->signer : recipe->issuer,
                              &signer, err));
    if (X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
        X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->certificate)) != 1) {
        return rig_pki_fail_library(err, "build a CRL");
    }
    RIG_TRY(set_time(world, recipe->this_update, -HOUR_MS, crl, X509_CRL_set1_lastUpdate, err));
    if (recipe->next_update_choice != RIG_PKI_NONE) {
        RIG_TRY(
            set_time(world, recipe->next_update, 30 * DAY_MS, crl, X509_CRL_set1_nextUpdate, err));
    }
    RIG_TRY(add_extensions(recipe, signer, crl, err));
    RIG_TRY(add_revoked(world, recipe, crl, err));
    RIG_TRY(rig_pki_digest_check(recipe->digest, signer->key, err));
    if (X509_CRL_sort(crl) != 1 ||
        X509_CRL_sign(crl, signer->key, rig_pki_digest_for(recipe->digest, signer->key)) <= 0) {
        return rig_pki_fail_library(err, "sign a CRL");
    }
    RIG_TRY(tamper(recipe, crl, err));
    return append(crl, form, out, err);
}

static bool has_list(const struct rig_pki_crl_set *set, const char *issuer)
{
    for (size_t i = 0; i < set->n_lists; i++) {
        if (strcmp(set->lists[i].issuer, issuer) == 0) {
            return true;
        }
    }
    return false;
}

static rig_result make_set(struct rig_pki_world *world, const struct rig_pki_crl_set *set,
                           struct rig_buf *out, struct rig_error *err)
{
    const struct rig_fixtures *fixtures = world->fixtures;

    for (size_t i = 0; i < set->n_lists; i++) {
        RIG_TRY_IN(make_list(world, &set->lists[i], set->form, out, err), err, "fixture crl '%s'",
                   set->name);
    }
    for (size_t i = 0; set->every_authority && i < fixtures->n_recipes[RIG_PKI_AUTHORITY]; i++) {
        const struct rig_pki_recipe *authority = &fixtures->recipes[RIG_PKI_AUTHORITY][i];
        const char *name = authority->name;
        struct rig_pki_crl_recipe good = {.number = 1};

        /* mbedTLS looks a CRL up by its issuer's name alone: a look-alike's would be a bad one */
        if (authority->names_of[0] == '\0' && !has_list(set, name)) {
            (void)rig_copy_text(good.issuer, sizeof good.issuer, name);
            RIG_TRY_IN(make_list(world, &good, set->form, out, err), err,
                       "fixture crl '%s', list of '%s'", set->name, name);
        }
    }
    return RIG_DONE;
}

/* ECDSA signatures differ from time to time: what was made once is kept. */
struct rig_pki_kept_crls {
    const struct rig_pki_crl_set *set;
    struct rig_buf bytes;
    struct rig_pki_kept_crls *next;
};

void rig_pki_crls_free(struct rig_pki_kept_crls *kept)
{
    while (kept != NULL) {
        struct rig_pki_kept_crls *next = kept->next;

        rig_buf_free(&kept->bytes);
        free(kept);
        kept = next;
    }
}

static rig_result kept_set(struct rig_pki_world *world, const struct rig_pki_crl_set *set,
                           struct rig_buf *out, struct rig_error *err)
{
    struct rig_pki_kept_crls *kept = world->crls;
    rig_result result;

    while (kept != NULL && kept->set != set) {
        kept = kept->next;
    }
    if (kept == NULL) {
        kept = calloc(1, sizeof *kept);
        if (kept == NULL) {
            return rig_fail_memory(err);
        }
        kept->set = set;
        result = make_set(world, set, &kept->bytes, err);
        if (!result.ok) {
            rig_pki_crls_free(kept);
            return result;
        }
        kept->next = world->crls;
        world->crls = kept;
    }
    return rig_buf_append(out, rig_buf_text(&kept->bytes), kept->bytes.len, err);
}

rig_result rig_pki_crls(struct rig_pki_world *world, const char *name, struct rig_buf *out,
                        struct rig_error *err)
{
    const struct rig_pki_crl_set *set = rig_fixtures_find_crls(world->fixtures, name);

    if (set == NULL) {
        return rig_pki_fail_recipe(err, "crl", name);
    }
    RIG_PKI_HOLD(world);
    return kept_set(world, set, out, err);
}
