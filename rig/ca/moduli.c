/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/moduli.h"

#include "rig/ca/pki.h"

#include <openssl/core_names.h>

#include <pthread.h>
#include <stdio.h>

RIG_DEFINE_AUTO(BN_CTX, BN_CTX_free);

struct known {
    BIGNUM *modulus;
    char owner[64];
};

struct rig_moduli {
    pthread_mutex_t mutex;
    struct known *all;
    size_t n;
    size_t cap;
};

rig_result rig_moduli_open(struct rig_moduli **out, struct rig_error *err)
{
    struct rig_moduli *made = calloc(1, sizeof *made);

    if (made == NULL) {
        return rig_fail_memory(err);
    }
    (void)pthread_mutex_init(&made->mutex, NULL);
    *out = made;
    return RIG_DONE;
}

void rig_moduli_close(struct rig_moduli *moduli)
{
    if (moduli == NULL) {
        return;
    }
    for (size_t i = 0; i < moduli->n; i++) {
        BN_free(moduli->all[i].modulus);
    }
    free(moduli->all);
    (void)pthread_mutex_destroy(&moduli->mutex);
    free(moduli);
}

/* *modulus stays NULL for a key that is not RSA, or is no key at all. */
static rig_result modulus_of(const uint8_t *csr_der, size_t n_bytes, BIGNUM **modulus,
                             struct rig_error *err)
{
    const uint8_t *at = csr_der;
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = NULL;
    const EVP_PKEY *key;

    rig_pki_begin();
    csr = n_bytes <= INT32_MAX ? d2i_X509_REQ(NULL, &at, (long)n_bytes) : NULL;
    key = csr != NULL ? X509_REQ_get0_pubkey(csr) : NULL;
    if (key == NULL || (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA &&
                        EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA_PSS)) {
        rig_pki_begin();
        return RIG_DONE;
    }
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, modulus) != 1) {
        return rig_pki_fail_library(err, "read an RSA modulus");
    }
    return RIG_DONE;
}

static rig_result compare(const struct rig_moduli *moduli, const BIGNUM *modulus, const char *owner,
                          bool *known, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BN_CTX) BN_CTX *ctx = BN_CTX_new();
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *common = BN_new();

    if (ctx == NULL || common == NULL) {
        return rig_fail_memory(err);
    }
    for (size_t i = 0; i < moduli->n; i++) {
        const struct known *other = &moduli->all[i];

        if (BN_cmp(other->modulus, modulus) == 0) {
            *known = true;
            continue;
        }
        if (BN_gcd(common, other->modulus, modulus, ctx) != 1) {
            return rig_pki_fail_library(err, "compare two RSA moduli");
        }
        if (!BN_is_one(common)) {
            return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_DUPLICATE,
                            "the RSA keys of %.64s and %.64s share a prime of %d bits: anybody can "
                            "compute both private keys; the random generator had no entropy when "
                            "they were made",
                            owner, other->owner, BN_num_bits(common));
        }
    }
    return RIG_DONE;
}

static rig_result add(struct rig_moduli *moduli, BIGNUM **modulus, const char *owner,
                      struct rig_error *err)
{
    if (moduli->n == moduli->cap) {
        const size_t cap = moduli->cap != 0 ? 2 * moduli->cap : 16;
        struct known *grown = reallocarray(moduli->all, cap, sizeof *grown);

        if (grown == NULL) {
            return rig_fail_memory(err);
        }
        moduli->all = grown;
        moduli->cap = cap;
    }
    moduli->all[moduli->n].modulus = *modulus;
    *modulus = NULL;
    (void)rig_copy_text(moduli->all[moduli->n].owner, sizeof moduli->all[moduli->n].owner, owner);
    moduli->n++;
    return RIG_DONE;
}

static rig_result claim_locked(struct rig_moduli *moduli, BIGNUM **modulus, const char *owner,
                               struct rig_error *err)
{
    bool known = false;

    RIG_TRY(compare(moduli, *modulus, owner, &known, err));
    return known ? RIG_DONE : add(moduli, modulus, owner, err);
}

rig_result rig_moduli_claim(struct rig_moduli *moduli, const uint8_t *csr_der, size_t n_bytes,
                            const char *owner, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *modulus = NULL;
    rig_result result;

    RIG_TRY(modulus_of(csr_der, n_bytes, &modulus, err));
    if (modulus == NULL) {
        return RIG_DONE;
    }
    (void)pthread_mutex_lock(&moduli->mutex);
    result = claim_locked(moduli, &modulus, owner, err);
    (void)pthread_mutex_unlock(&moduli->mutex);
    return result;
}
