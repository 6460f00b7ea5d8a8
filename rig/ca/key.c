/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

RIG_DEFINE_AUTO(PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free);
RIG_DEFINE_AUTO(X509_SIG, X509_SIG_free);

/* 16 MiB and some tens of milliseconds for each try; OpenSSL reads no key that needs over 32 MiB.
 */
enum { SCRYPT_N = 16384, SCRYPT_R = 8, SCRYPT_P = 1 };

static const struct curve {
    enum rig_key_type type;
    const char *name;
} curves[] = {
    {RIG_KEY_P256, "prime256v1"},
    {RIG_KEY_P384, "secp384r1"},
    {RIG_KEY_P521, "secp521r1"},
};

rig_result rig_key_make(enum rig_key_type type, EVP_PKEY **out, struct rig_error *err)
{
    rig_pki_begin();
    *out = NULL;
    if (type == RIG_KEY_RSA_2048 || type == RIG_KEY_RSA_3072) {
        *out = EVP_RSA_gen(type == RIG_KEY_RSA_2048 ? 2048U : 3072U);
    }
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        if (curves[i].type == type) {
            *out = EVP_EC_gen(curves[i].name);
        }
    }
    if (*out == NULL) {
        return rig_pki_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "cannot make a key of type '%s'",
                            rig_key_type_name(type));
    }
    return RIG_DONE;
}

static bool group_of(const EVP_PKEY *key, char *name, size_t size)
{
    size_t len = 0;

    return EVP_PKEY_get_group_name(key, name, size, &len) == 1;
}

enum rig_key_type rig_key_type_of_key(const EVP_PKEY *key)
{
    char group[64];

    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
        switch (EVP_PKEY_get_bits(key)) {
        case 2048:
            return RIG_KEY_RSA_2048;
        case 3072:
            return RIG_KEY_RSA_3072;
        default:
            return RIG_KEY_NONE;
        }
    }
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && group_of(key, group, sizeof group)) {
        for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
            if (strcmp(curves[i].name, group) == 0) {
                return curves[i].type;
            }
        }
    }
    return RIG_KEY_NONE;
}

void rig_key_describe(const EVP_PKEY *key, char *out, size_t out_size)
{
    const enum rig_key_type type = rig_key_type_of_key(key);
    const char *family = EVP_PKEY_get0_type_name(key);
    char group[64];

    if (type != RIG_KEY_NONE) {
        (void)snprintf(out, out_size, "%s", rig_key_type_name(type));
    } else if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
        (void)snprintf(out, out_size, "EC on %s",
                       group_of(key, group, sizeof group) ? group : "a curve without a name");
    } else {
        (void)snprintf(out, out_size, "%s of %d bits", family != NULL ? family : "an unknown kind",
                       EVP_PKEY_get_bits(key));
    }
    ERR_clear_error();
}

const EVP_MD *rig_key_digest(const EVP_PKEY *key)
{
    const bool large = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_bits(key) > 256;

    return large ? EVP_sha384() : EVP_sha256();
}

/* a BIO whose memory OpenSSL clears when it is freed */
static BIO *secret_bio(void)
{
    return BIO_new(BIO_s_secmem());
}

static rig_result write_encrypted(BIO *bio, const PKCS8_PRIV_KEY_INFO *info, const char *passphrase,
                                  struct rig_error *err)
{
    X509_ALGOR *scheme =
        PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 16, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
    RIG_AUTO(rig_auto_X509_SIG) X509_SIG *sealed = NULL;

    if (scheme != NULL) {
        sealed = PKCS8_set0_pbe(passphrase, (int)strlen(passphrase), (PKCS8_PRIV_KEY_INFO *)info,
                                scheme);
    }
    if (sealed == NULL) {
        X509_ALGOR_free(scheme);
        return rig_pki_fail_library(err, "encrypt a private key");
    }
    if (PEM_write_bio_PKCS8(bio, sealed) != 1) {
        return rig_pki_fail_library(err, "encode a private key");
    }
    return RIG_DONE;
}

rig_result rig_key_write(const EVP_PKEY *key, const char *passphrase, struct rig_buf *pem,
                         struct rig_error *err)
{
    RIG_AUTO(rig_auto_PKCS8_PRIV_KEY_INFO) PKCS8_PRIV_KEY_INFO *info = NULL;
    RIG_AUTO(rig_auto_BIO) BIO *bio = secret_bio();
    char *text = NULL;
    long len;

    rig_pki_begin();
    info = EVP_PKEY2PKCS8(key);
    if (bio == NULL || info == NULL) {
        return rig_pki_fail_library(err, "encode a private key");
    }
    if (passphrase != NULL) {
        RIG_TRY(write_encrypted(bio, info, passphrase, err));
    } else if (PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, info) != 1) {
        return rig_pki_fail_library(err, "encode a private key");
    }
    len = BIO_get_mem_data(bio, &text);
    return rig_buf_append(pem, text, len > 0 ? (size_t)len : 0, err);
}

static rig_result fail_damaged(const char *path, struct rig_error *err)
{
    return rig_pki_fail(err, RIG_CLASS_RIG, RIG_E_INVALID,
                        "'%s' is not a readable PKCS#8 private key: restore it from a backup, or "
                        "make a new CA in another folder",
                        path);
}

static rig_result open_sealed(const uint8_t *der, long len, const char *passphrase,
                              const char *path, PKCS8_PRIV_KEY_INFO **info, struct rig_error *err)
{
    const uint8_t *at = der;
    RIG_AUTO(rig_auto_X509_SIG) X509_SIG *sealed = d2i_X509_SIG(NULL, &at, len);

    if (sealed == NULL) {
        return fail_damaged(path, err);
    }
    if (passphrase == NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_PERMISSION,
                        "the private key '%s' is encrypted and no passphrase was given: give the "
                        "passphrase that the CA was made with",
                        path);
    }
    *info = PKCS8_decrypt(sealed, passphrase, (int)strlen(passphrase));
    if (*info == NULL) {
        ERR_clear_error();
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_PERMISSION,
                        "the passphrase does not open the private key '%s': give the one that the "
                        "CA was made with",
                        path);
    }
    return RIG_DONE;
}

static rig_result open_key(const char *label, const uint8_t *der, long len, const char *passphrase,
                           const char *path, EVP_PKEY **out, struct rig_error *err)
{
    RIG_AUTO(rig_auto_PKCS8_PRIV_KEY_INFO) PKCS8_PRIV_KEY_INFO *info = NULL;
    const uint8_t *at = der;

    if (strcmp(label, PEM_STRING_PKCS8) == 0) {
        RIG_TRY(open_sealed(der, len, passphrase, path, &info, err));
    } else if (strcmp(label, PEM_STRING_PKCS8INF) == 0) {
        if (passphrase != NULL) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_PERMISSION,
                            "a passphrase was given, but the private key '%s' is not encrypted: "
                            "leave the passphrase away, or make a new CA with one",
                            path);
        }
        info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, len);
    }
    *out = info != NULL ? EVP_PKCS82PKEY(info) : NULL;
    return *out != NULL ? RIG_DONE : fail_damaged(path, err);
}

rig_result rig_key_read(const struct rig_buf *pem, const char *passphrase, const char *path,
                        EVP_PKEY **out, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = NULL;
    char *label = NULL;
    char *header = NULL;
    uint8_t *der = NULL;
    long len = 0;
    rig_result result;

    rig_pki_begin();
    *out = NULL;
    if (pem->data == NULL || pem->len > INT_MAX) {
        return fail_damaged(path, err);
    }
    bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    if (bio == NULL) {
        return rig_fail_memory(err);
    }
    if (PEM_read_bio(bio, &label, &header, &der, &len) != 1) {
        return fail_damaged(path, err);
    }
    result = open_key(label, der, len, passphrase, path, out, err);
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_clear_free(der, (size_t)len);
    return result;
}
