/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/key.h"
#include "rig/pki/internal.h"

#include <openssl/rsa.h>

static const struct {
    enum rig_pki_key_type type;
    unsigned rsa_bits;
    const char *curve; /* NULL: none */
} key_types[] = {
    {RIG_PKI_KEY_RSA_1024, 1024, NULL},      {RIG_PKI_KEY_RSA_2048, 2048, NULL},
    {RIG_PKI_KEY_RSA_3072, 3072, NULL},      {RIG_PKI_KEY_RSA_4096, 4096, NULL},
    {RIG_PKI_KEY_P224, 0, "secp224r1"},      {RIG_PKI_KEY_P256, 0, "prime256v1"},
    {RIG_PKI_KEY_P384, 0, "secp384r1"},      {RIG_PKI_KEY_P521, 0, "secp521r1"},
    {RIG_PKI_KEY_SECP256K1, 0, "secp256k1"}, {RIG_PKI_KEY_BRAINPOOL_P256, 0, "brainpoolP256r1"},
    {RIG_PKI_KEY_ED25519, 0, NULL},
};

rig_result rig_pki_key_make(enum rig_pki_key_type type, EVP_PKEY **key, struct rig_error *err)
{
    const enum rig_pki_key_type wanted = type == RIG_PKI_KEY_DEFAULT ? RIG_PKI_KEY_P256 : type;

    *key = NULL;
    for (size_t i = 0; i < sizeof key_types / sizeof *key_types; i++) {
        if (key_types[i].type != wanted) {
            continue;
        }
        if (key_types[i].rsa_bits != 0) {
            *key = EVP_RSA_gen(key_types[i].rsa_bits);
        } else if (key_types[i].curve != NULL) {
            *key = EVP_EC_gen(key_types[i].curve);
        } else {
            *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        }
    }
    return *key != NULL ? RIG_DONE : rig_pki_fail_library(err, "make a key");
}

rig_result rig_pki_key_like(EVP_PKEY *other, EVP_PKEY **key, struct rig_error *err)
{
    RIG_AUTO(rig_auto_EVP_PKEY_CTX)
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, other, NULL);

    *key = NULL;
    if (context == NULL || EVP_PKEY_keygen_init(context) != 1 ||
        (EVP_PKEY_get_base_id(other) == EVP_PKEY_RSA &&
         EVP_PKEY_CTX_set_rsa_keygen_bits(context, EVP_PKEY_get_bits(other)) != 1) ||
        EVP_PKEY_generate(context, key) != 1) {
        return rig_pki_fail_library(err, "make a key");
    }
    return RIG_DONE;
}

static bool has_no_digest(const EVP_PKEY *key)
{
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
}

const EVP_MD *rig_pki_digest_for(enum rig_pki_digest digest, const EVP_PKEY *key)
{
    if (has_no_digest(key)) {
        return NULL;
    }
    switch (digest) {
    case RIG_PKI_DIGEST_DEFAULT:
        break;
    case RIG_PKI_DIGEST_SHA256:
        return EVP_sha256();
    case RIG_PKI_DIGEST_SHA384:
        return EVP_sha384();
    case RIG_PKI_DIGEST_SHA512:
        return EVP_sha512();
    case RIG_PKI_DIGEST_SHA224:
        return EVP_sha224();
    case RIG_PKI_DIGEST_SHA1:
        return EVP_sha1();
    case RIG_PKI_DIGEST_MD5:
        return EVP_md5();
    }
    return rig_key_digest(key);
}

rig_result rig_pki_digest_check(enum rig_pki_digest digest, const EVP_PKEY *key,
                                struct rig_error *err)
{
    if (digest != RIG_PKI_DIGEST_DEFAULT && has_no_digest(key)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "its signer has an Ed25519 key, which takes no digest: leave `digest` "
                        "away, or give the signer another key");
    }
    if (digest == RIG_PKI_DIGEST_MD5 && EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "MD5 signatures exist with RSA keys only: give its signer an RSA key");
    }
    return RIG_DONE;
}
