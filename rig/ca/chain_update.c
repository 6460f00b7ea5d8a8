/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/chain_update.h"

#include "rig/ca/issue.h"
#include "rig/ca/key.h"

#define MAGIC UINT32_C(0x50554843) /* "CHUP" */
#define FORMAT 1
#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define SKEW_MS (INT64_C(30) * 1000)

RIG_DEFINE_AUTO(EVP_MD_CTX, EVP_MD_CTX_free);

/* ---- the object ---- */

static void put_u16(uint8_t *to, size_t value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}

static void put_u32(uint8_t *to, uint32_t value)
{
    put_u16(to, value & 0xFFFF);
    put_u16(to + 2, value >> 16);
}

static rig_result name_sha256(const X509_NAME *name, uint8_t sha256[RIG_SHA256_SIZE],
                              struct rig_error *err)
{
    const unsigned char *der = NULL;
    size_t size = 0;

    if (X509_NAME_get0_der(name, &der, &size) != 1) {
        return rig_pki_fail_library(err, "encode a name");
    }
    return rig_pki_sha256(der, size, sha256, err);
}

static rig_result certificate_sha256(const X509 *certificate, uint8_t sha256[RIG_SHA256_SIZE],
                                     struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};

    RIG_TRY(rig_pki_certificate_der(certificate, &der, err));
    return rig_pki_sha256(der.data, der.len, sha256, err);
}

static rig_result sign(EVP_PKEY *key, const struct rig_buf *text, struct rig_buf *signature,
                       struct rig_error *err)
{
    RIG_AUTO(rig_auto_EVP_MD_CTX) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t size = (size_t)EVP_PKEY_get_size(key);

    RIG_TRY(rig_buf_reserve(signature, size, err));
    if (ctx == NULL || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(ctx, signature->data, &size, text->data, text->len) != 1) {
        return rig_pki_fail_library(err, "sign a chain update");
    }
    signature->len = size;
    return RIG_DONE;
}

static rig_result check_parts(const struct rig_chain_update_parts *parts, struct rig_error *err)
{
    if (parts->version == 0 || parts->n_chain == 0 || parts->n_chain > RIG_CA_CHAIN_MAX) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "a chain update has a version from 1 on and 1 to %d intermediates, not "
                        "version %u and %zu",
                        RIG_CA_CHAIN_MAX, (unsigned)parts->version, parts->n_chain);
    }
    return RIG_DONE;
}

rig_result rig_chain_update_build(const struct rig_chain_update_parts *parts,
                                  struct rig_buf *object, struct rig_error *err)
{
    uint8_t header[RIG_CHAIN_UPDATE_HEADER_BYTES] = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf made = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf signature = {0};
    size_t chain_end;

    rig_pki_begin();
    RIG_TRY(check_parts(parts, err));
    put_u32(header, MAGIC);
    header[4] = FORMAT;
    header[5] = (uint8_t)parts->n_chain;
    put_u32(header + 8, parts->version);
    RIG_TRY(certificate_sha256(parts->root, header + 12, err));
    RIG_TRY(
        name_sha256(parts->issuer != NULL ? parts->issuer : X509_get_subject_name(parts->chain[0]),
                    header + 44, err));
    RIG_TRY(rig_buf_append(&made, header, sizeof header, err));
    for (size_t i = 0; i < parts->n_chain; i++) {
        RIG_TRY(rig_pki_certificate_der(parts->chain[i], &made, err));
    }
    chain_end = made.len;
    if (parts->signer_certificate != NULL) {
        RIG_TRY(rig_pki_certificate_der(parts->signer_certificate, &made, err));
    }
    if (made.len > RIG_CHAIN_UPDATE_MAX_BYTES - 1024) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "intermediates of %zu bytes are too large for a chain update of at most %d",
                        made.len, RIG_CHAIN_UPDATE_MAX_BYTES);
    }
    put_u16(made.data + 76, chain_end - sizeof header);
    put_u16(made.data + 78, made.len - chain_end);
    if (parts->signer_key != NULL) {
        RIG_TRY(sign(parts->signer_key, &made, &signature, err));
    }
    RIG_TRY(rig_buf_append(object, made.data, made.len, err));
    return rig_buf_append(object, signature.data, signature.len, err);
}

/* ---- what the local CA puts into it ---- */

void rig_chain_update_record_free(struct rig_chain_update_record *record)
{
    for (size_t i = 0; i < record->n_issued; i++) {
        X509_free(record->issued[i].certificate);
    }
    record->n_issued = 0;
}

/* Keys and certificates that exist for one update only. */
struct workshop {
    const struct rig_ca_hierarchy *hierarchy;
    int64_t now_ms;
    struct rig_chain_update_record *record;
    EVP_PKEY *other_key; /* of a foreign root, or of an intermediate that signed nothing */
    X509 *foreign_root;
    X509 *foreign_signer; /* nobody's business but this object's */
    EVP_PKEY *signer_key;
    EVP_PKEY *wrong_key;
};

static void close_workshop(struct workshop *shop)
{
    X509_free(shop->foreign_root);
    X509_free(shop->foreign_signer);
    EVP_PKEY_free(shop->other_key);
    EVP_PKEY_free(shop->signer_key);
    EVP_PKEY_free(shop->wrong_key);
}

static struct rig_issuer issuer_at(const struct workshop *shop, size_t level)
{
    return (struct rig_issuer){shop->hierarchy->levels[level].certificate,
                               shop->hierarchy->levels[level].key};
}

static struct rig_issue_validity one_day(const struct workshop *shop)
{
    return (struct rig_issue_validity){shop->now_ms - SKEW_MS, shop->now_ms + DAY_MS};
}

/* Hands the certificate to the record, which frees it. */
static X509 *keep(struct workshop *shop, X509 *made, size_t issuer_level, bool is_ca)
{
    shop->record->issued[shop->record->n_issued++] =
        (struct rig_chain_update_issued){made, issuer_level, is_ca};
    return made;
}

static rig_result make_intermediate(struct workshop *shop, enum rig_chain_update_fault fault,
                                    X509 **out, struct rig_error *err)
{
    const size_t level = shop->hierarchy->n_levels - 1;
    const struct rig_ca_level *old = &shop->hierarchy->levels[level];
    struct rig_issue_validity validity = {.not_before_ms = shop->now_ms - SKEW_MS};
    EVP_PKEY *key = old->key;
    X509 *made = NULL;

    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(shop->hierarchy->levels[level - 1].certificate),
                             &validity.not_after_ms, err));
    if (fault == RIG_CHAIN_UPDATE_EXPIRED) {
        validity = (struct rig_issue_validity){shop->now_ms - 2 * DAY_MS, shop->now_ms - DAY_MS};
    }
    if (fault == RIG_CHAIN_UPDATE_OTHER_KEY) {
        RIG_TRY(rig_key_make(RIG_KEY_P256, &shop->other_key, err));
        key = shop->other_key;
        validity = one_day(shop);
    }
    RIG_TRY(
        rig_issue_again(issuer_at(shop, level - 1), old->certificate, key, validity, &made, err));
    *out = keep(shop, made, level - 1, true);
    return RIG_DONE;
}

static rig_result make_foreign_root(struct workshop *shop, struct rig_error *err)
{
    static const struct rig_issue_names names = {.common_name = "Foreign Root"};
    const struct rig_issue_validity validity = {shop->now_ms - DAY_MS, shop->now_ms + 2 * DAY_MS};

    RIG_TRY(rig_key_make(RIG_KEY_P256, &shop->other_key, err));
    return rig_issue_ca((struct rig_issuer){NULL, shop->other_key}, shop->other_key, &names,
                        validity, 3, &shop->foreign_root, err);
}

static rig_result make_signer(struct workshop *shop, enum rig_chain_update_fault fault,
                              const X509 **out, struct rig_error *err)
{
    static const struct rig_issue_names names = {.common_name = "Chain Update Signer"};
    const size_t level = fault == RIG_CHAIN_UPDATE_WRONG_ISSUER ? shop->hierarchy->n_levels - 1 : 0;
    const int purpose = fault == RIG_CHAIN_UPDATE_WRONG_PURPOSE ? NID_server_auth : NID_code_sign;
    X509 *made = NULL;

    RIG_TRY(rig_key_make(RIG_KEY_P256, &shop->signer_key, err));
    if (shop->foreign_root != NULL && fault != RIG_CHAIN_UPDATE_ROOT) {
        RIG_TRY(rig_issue_signer((struct rig_issuer){shop->foreign_root, shop->other_key},
                                 shop->signer_key, &names, one_day(shop), purpose,
                                 &shop->foreign_signer, err));
        *out = shop->foreign_signer;
        return RIG_DONE;
    }
    RIG_TRY(rig_issue_signer(issuer_at(shop, level), shop->signer_key, &names, one_day(shop),
                             purpose, &made, err));
    *out = keep(shop, made, level, false);
    return RIG_DONE;
}

static bool needs_foreign_root(enum rig_chain_update_fault fault)
{
    return fault == RIG_CHAIN_UPDATE_WRONG_SIGNER || fault == RIG_CHAIN_UPDATE_OTHER_ROOT ||
           fault == RIG_CHAIN_UPDATE_ROOT;
}

/* After the signature. */
static void damage(struct rig_buf *object, enum rig_chain_update_fault fault)
{
    if (fault == RIG_CHAIN_UPDATE_DAMAGED) {
        object->data[9] ^= 0x01; /* of the version: only the signature tells */
    }
    if (fault == RIG_CHAIN_UPDATE_TRUNCATED) {
        object->len -= object->len / 3;
    }
}

static rig_result assemble(struct workshop *shop, const struct rig_ca_chain_update_request *request,
                           struct rig_ca_chain_update *update, struct rig_error *err)
{
    const struct rig_ca_hierarchy *hierarchy = shop->hierarchy;
    const enum rig_chain_update_fault fault = request->fault;
    const X509 *chain[RIG_CA_MAX_LEVELS];
    X509 *intermediate = NULL;
    struct rig_chain_update_parts parts = {
        .version = request->version,
        .root = hierarchy->levels[0].certificate,
        .chain = chain,
        .n_chain = hierarchy->n_levels - 1,
    };

    if (needs_foreign_root(fault)) {
        RIG_TRY(make_foreign_root(shop, err));
    }
    RIG_TRY(make_intermediate(shop, fault, &intermediate, err));
    chain[0] = intermediate;
    for (size_t i = 1; i < parts.n_chain; i++) {
        chain[i] = hierarchy->levels[hierarchy->n_levels - 1 - i].certificate;
    }
    RIG_TRY(make_signer(shop, fault, &parts.signer_certificate, err));
    parts.signer_key = shop->signer_key;
    if (fault == RIG_CHAIN_UPDATE_UNSIGNED) {
        parts.signer_key = NULL;
    } else if (fault == RIG_CHAIN_UPDATE_BAD_SIGNATURE) {
        RIG_TRY(rig_key_make(RIG_KEY_P256, &shop->wrong_key, err));
        parts.signer_key = shop->wrong_key;
    } else if (fault == RIG_CHAIN_UPDATE_OTHER_FAMILY) {
        parts.issuer = X509_get_subject_name(parts.root);
    } else if (fault == RIG_CHAIN_UPDATE_OTHER_ROOT) {
        parts.root = shop->foreign_root;
    } else if (fault == RIG_CHAIN_UPDATE_ROOT) {
        parts.issuer = X509_get_subject_name(intermediate);
        chain[0] = shop->foreign_root;
        parts.n_chain = 1;
    }
    RIG_TRY(rig_chain_update_build(&parts, &update->object, err));
    damage(&update->object, fault);
    update->n_intermediates = parts.n_chain;
    for (size_t i = 0; i < parts.n_chain; i++) {
        RIG_TRY(certificate_sha256(chain[i], update->sha256[i], err));
    }
    rig_pki_serial_text(X509_get0_serialNumber(chain[0]), update->serial, sizeof update->serial);
    return RIG_DONE;
}

rig_result rig_chain_update_make(const struct rig_ca_hierarchy *hierarchy,
                                 const struct rig_ca_chain_update_request *request, int64_t now_ms,
                                 struct rig_ca_chain_update *update,
                                 struct rig_chain_update_record *record, struct rig_error *err)
{
    struct workshop shop = {.hierarchy = hierarchy, .now_ms = now_ms, .record = record};
    rig_result result;

    if (hierarchy->n_levels < 2) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "the root of this CA signs devices itself: there is no intermediate to "
                        "replace");
    }
    result = assemble(&shop, request, update, err);
    close_workshop(&shop);
    return result;
}
