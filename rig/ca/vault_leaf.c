/* SPDX-License-Identifier: Apache-2.0 */
/* A fresh certificate without its public key: OpenSSL 3.0 takes longer to decode the key than
 * everything else of a signature takes, and nothing here uses the key but as bytes. */
#include "rig/ca/vault_parts.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <limits.h>
#include <string.h>

RIG_DEFINE_AUTO(EVP_MD_CTX, EVP_MD_CTX_free);
RIG_DEFINE_AUTO(AUTHORITY_KEYID, AUTHORITY_KEYID_free);

rig_result rig_vault_keyless_open(struct rig_vault_ca *vault, struct rig_error *err)
{
    vault->keyless = OSSL_LIB_CTX_new();
    if (vault->keyless == NULL) {
        return rig_fail_memory(err);
    }
    /* one that is loaded keeps the default one away */
    vault->keyless_provider = OSSL_PROVIDER_load(vault->keyless, "null");
    return vault->keyless_provider != NULL
               ? RIG_DONE
               : rig_pki_fail_library(err, "load the provider of no algorithms");
}

void rig_vault_keyless_close(struct rig_vault_ca *vault)
{
    if (vault->keyless_provider != NULL) {
        (void)OSSL_PROVIDER_unload(vault->keyless_provider);
    }
    OSSL_LIB_CTX_free(vault->keyless);
}

rig_result rig_vault_read_keyless(const struct rig_vault_ca *vault, const json_t *data, X509 **leaf,
                                  struct rig_error *err)
{
    const char *pem = rig_vault_json_text(data, "certificate");
    const size_t len = strlen(pem);
    RIG_AUTO(rig_auto_BIO) BIO *bio = len < INT_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
    uint8_t *der = NULL;
    const uint8_t *at;
    long n_bytes = 0;

    if (bio == NULL) {
        return rig_fail_memory(err);
    }
    if (PEM_bytes_read_bio(&der, &n_bytes, NULL, PEM_STRING_X509, bio, NULL, NULL) == 1) {
        at = der;
        *leaf = (X509 *)ASN1_item_d2i_ex(NULL, &at, n_bytes, ASN1_ITEM_rptr(X509), vault->keyless,
                                         NULL);
        OPENSSL_free(der);
    }
    ERR_clear_error(); /* of the key that it could not decode, too */
    /* who fails there says what is wrong */
    return *leaf != NULL ? RIG_DONE : rig_vault_read_leaf(data, leaf, err);
}

/* By name and key identifier, RFC 5280 4.1.2.4 and 4.2.1.1. */
static bool names_issuer(const X509 *leaf, X509 *issuer)
{
    RIG_AUTO(rig_auto_AUTHORITY_KEYID)
    AUTHORITY_KEYID *named = X509_get_ext_d2i(leaf, NID_authority_key_identifier, NULL, NULL);
    const ASN1_OCTET_STRING *own = X509_get0_subject_key_id(issuer);

    return X509_NAME_cmp(X509_get_issuer_name(leaf), X509_get_subject_name(issuer)) == 0 &&
           (X509_get_key_usage(issuer) & KU_KEY_CERT_SIGN) != 0 && own != NULL && named != NULL &&
           named->keyid != NULL && named->issuer == NULL && named->serial == NULL &&
           ASN1_OCTET_STRING_cmp(named->keyid, own) == 0;
}

static bool is_signed_by(const X509 *leaf, const struct rig_buf *der, EVP_PKEY *key)
{
    RIG_AUTO(rig_auto_EVP_MD_CTX) EVP_MD_CTX *context = EVP_MD_CTX_new();
    const uint8_t *at = der->data;
    const uint8_t *whole_end = der->data + der->len;
    const ASN1_BIT_STRING *signature = NULL;
    const X509_ALGOR *algorithm = NULL;
    const uint8_t *tbs;
    const uint8_t *content;
    const uint8_t *end;
    int digest = NID_undef;
    int key_kind = NID_undef;

    X509_get0_signature(&signature, &algorithm, leaf);
    /* RSASSA-PSS has its digest elsewhere: not here */
    if (context == NULL || key == NULL ||
        X509_ALGOR_cmp(algorithm, X509_get0_tbs_sigalg(leaf)) != 0 ||
        OBJ_find_sigid_algs(X509_get_signature_nid(leaf), &digest, &key_kind) != 1 ||
        digest == NID_undef || key_kind != EVP_PKEY_get_base_id(key) ||
        (signature->flags & 0x07) != 0 ||
        !rig_pki_der_enter(&at, whole_end, V_ASN1_SEQUENCE, &tbs, &end) || end != whole_end ||
        !rig_pki_der_enter(&tbs, end, V_ASN1_SEQUENCE, &content, &at)) {
        return false;
    }
    return EVP_DigestVerifyInit(context, NULL, EVP_get_digestbynid(digest), NULL, key) == 1 &&
           EVP_DigestVerify(context, ASN1_STRING_get0_data(signature),
                            (size_t)ASN1_STRING_length(signature), tbs, (size_t)(at - tbs)) == 1;
}

bool rig_vault_is_issued_by(const X509 *leaf, const struct rig_buf *der, X509 *issuer)
{
    return names_issuer(leaf, issuer) && is_signed_by(leaf, der, X509_get0_pubkey(issuer));
}
