/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/pki/internal.h"

#define DAY_MS INT64_C(86400000)

static rig_result set_times(const struct rig_pki_world *world, const struct rig_pki_recipe *recipe,
                            X509 *certificate, struct rig_error *err)
{
    const bool ca = recipe->kind == RIG_PKI_AUTHORITY;

    RIG_TRY(rig_pki_time_set(X509_getm_notBefore(certificate),
                             rig_pki_time_ms(world, recipe->not_before, (ca ? -30 : -1) * DAY_MS),
                             err));
    return rig_pki_time_set(X509_getm_notAfter(certificate),
                            rig_pki_time_ms(world, recipe->not_after, (ca ? 3650 : 365) * DAY_MS),
                            err);
}

static rig_result set_serial(X509 *certificate, const char *serial, struct rig_error *err)
{
    BIGNUM *raw = NULL;
    const bool parsed = BN_hex2bn(&raw, serial) > 0;
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *number = raw;

    if (!parsed || BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) == NULL) {
        return rig_pki_fail_library(err, "set a serial number");
    }
    return RIG_DONE;
}

/* The key in the certificate and the key that its holder has. */
static rig_result choose_keys(const struct rig_pki_recipe *recipe,
                              const struct rig_pki_subject *subject, EVP_PKEY **certified,
                              EVP_PKEY **held, struct rig_error *err)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *first = NULL;

    if (subject->shared != NULL) {
        (void)EVP_PKEY_up_ref(subject->shared);
        (void)EVP_PKEY_up_ref(subject->shared);
        *certified = subject->shared;
        *held = subject->shared;
        return RIG_DONE;
    }
    if (subject->key != NULL && recipe->key == RIG_PKI_KEY_DEFAULT) {
        if (recipe->foreign_key) {
            return rig_pki_key_like(subject->key, certified, err);
        }
        (void)EVP_PKEY_up_ref(subject->key);
        *certified = subject->key;
        return RIG_DONE;
    }
    RIG_TRY(rig_pki_key_make(recipe->key, &first, err));
    if (recipe->foreign_key) {
        RIG_TRY(rig_pki_key_like(first, held, err));
    } else {
        (void)EVP_PKEY_up_ref(first);
        *held = first;
    }
    *certified = first;
    first = NULL;
    return RIG_DONE;
}

static rig_result encode(const struct rig_pki_recipe *recipe, X509 *certificate,
                         struct rig_pki_made *made, struct rig_error *err)
{
    const uint8_t *at;

    if (recipe->tamper == RIG_PKI_TAMPER_CONTENT) {
        ASN1_INTEGER *serial = X509_get_serialNumber(certificate);
        uint8_t *bytes = (uint8_t *)ASN1_STRING_get0_data(serial);

        bytes[ASN1_STRING_length(serial) - 1] ^= 0x01;
        /* encodes anew what was signed; the signature stays as it was */
        if (i2d_re_X509_tbs(certificate, NULL) <= 0) {
            return rig_pki_fail_library(err, "encode a certificate");
        }
    }
    RIG_TRY(rig_pki_certificate_der(certificate, &made->der, err));
    if (recipe->tamper == RIG_PKI_TAMPER_SIGNATURE) {
        made->der.data[made->der.len - 1] ^= 0x01;
    }
    at = made->der.data;
    made->certificate = d2i_X509(NULL, &at, (long)made->der.len);
    return made->certificate != NULL ? RIG_DONE : rig_pki_fail_library(err, "read a certificate");
}

rig_result rig_pki_make(const struct rig_pki_world *world, const struct rig_pki_recipe *recipe,
                        const struct rig_pki_made *signer, const struct rig_pki_subject *subject,
                        struct rig_pki_made *made, struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509) X509 *certificate = X509_new();
    RIG_AUTO(rig_auto_X509_NAME) X509_NAME *name = X509_NAME_new();
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *certified = NULL;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *stand_in = NULL;
    char serial[RIG_PKI_SERIAL_SIZE];
    EVP_PKEY *signing;

    rig_pki_begin();
    if (certificate == NULL || name == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(choose_keys(recipe, subject, &certified, &made->key, err));
    RIG_TRY(rig_pki_subject_name(world, recipe, subject->name, name, err));
    RIG_TRY(rig_pki_serial(world, recipe, serial, err));
    RIG_TRY(set_serial(certificate, serial, err));
    RIG_TRY(set_times(world, recipe, certificate, err));
    if (X509_set_version(certificate, recipe->version_1 ? X509_VERSION_1 : X509_VERSION_3) != 1 ||
        X509_set_pubkey(certificate, certified) != 1 ||
        X509_set_subject_name(certificate, name) != 1 ||
        X509_set_issuer_name(
            certificate, signer != NULL ? X509_get_subject_name(signer->certificate) : name) != 1) {
        return rig_pki_fail_library(err, "build a certificate");
    }
    if (!recipe->version_1) {
        RIG_TRY(rig_pki_add_extensions(recipe, signer, subject->name, certificate, err));
    }
    signing = signer != NULL ? signer->key : made->key;
    if (signing == NULL) {
        /* A board's key can't be made to sign a certificate. Verifiers tell a self-signed one by
         * its names and key ids, before they look at the signature: another key signs. */
        RIG_TRY(rig_pki_key_like(certified, &stand_in, err));
        signing = stand_in;
    }
    RIG_TRY(rig_pki_digest_check(recipe->digest, signing, err));
    if (X509_sign(certificate, signing, rig_pki_digest_for(recipe->digest, signing)) <= 0) {
        return rig_pki_fail_library(err, "sign a certificate");
    }
    return encode(recipe, certificate, made, err);
}
