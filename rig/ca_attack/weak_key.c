/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca_attack/weak_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <string.h>

enum { PRIME_BITS = 1024, MODULUS_BYTES = 2 * PRIME_BITS / 8 };
/* of a 1024-bit prime: the product of the first 126 primes, as the generator of CVE-2017-15361 has
 * it for RSA-2048; the rest of the bits are k */
enum { ROCA_PRIMES = 126, ROCA_EXPONENT_BITS = 255, ROCA_GENERATOR = 65537 };

RIG_DEFINE_AUTO(BN_CTX, BN_CTX_free);
RIG_DEFINE_AUTO(OSSL_PARAM, OSSL_PARAM_free);
RIG_DEFINE_AUTO(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free);
RIG_DEFINE_AUTO(X509_SIG, X509_SIG_free);
RIG_DEFINE_AUTO(X509_ALGOR, X509_ALGOR_free);
RIG_DEFINE_AUTO(ASN1_BIT_STRING, ASN1_BIT_STRING_free);

void rig_weak_key_free(struct rig_weak_key *key)
{
    EVP_PKEY_free(key->key);
    BN_clear_free(key->prime);
    BN_clear_free(key->cofactor);
    *key = (struct rig_weak_key){0};
}

/* Keys that OpenSSL makes itself -------------------------------------------------------------- */

static rig_result make_named(const char *algorithm, const char *group, EVP_PKEY **out,
                             struct rig_error *err)
{
    *out = group != NULL ? EVP_EC_gen(group) : EVP_PKEY_Q_keygen(NULL, NULL, algorithm);
    return *out != NULL
               ? RIG_DONE
               : rig_pki_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "cannot make a key of type %s",
                              group != NULL ? group : algorithm);
}

static rig_result make_rsa(const char *algorithm, int bits, unsigned long exponent, EVP_PKEY **out,
                           struct rig_error *err)
{
    RIG_AUTO(rig_auto_EVP_PKEY_CTX)
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *e = BN_new();

    if (context == NULL || e == NULL || BN_set_word(e, exponent) != 1 ||
        EVP_PKEY_keygen_init(context) != 1 ||
        EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) != 1 ||
        EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, e) != 1 ||
        EVP_PKEY_generate(context, out) != 1) {
        return rig_pki_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY,
                            "cannot make an RSA key of %d bits with exponent %lu", bits, exponent);
    }
    return RIG_DONE;
}

/* Keys from primes ---------------------------------------------------------------------------- */

/* `d` may be NULL: the public half. */
static rig_result key_of_numbers(const BIGNUM *n, const BIGNUM *e, const BIGNUM *d, EVP_PKEY **out,
                                 struct rig_error *err)
{
    RIG_AUTO(rig_auto_OSSL_PARAM_BLD) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    RIG_AUTO(rig_auto_EVP_PKEY_CTX)
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    RIG_AUTO(rig_auto_OSSL_PARAM) OSSL_PARAM *numbers = NULL;

    if (build == NULL || context == NULL ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) != 1 ||
        (d != NULL && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, d) != 1) ||
        (numbers = OSSL_PARAM_BLD_to_param(build)) == NULL ||
        EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, out, d != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                          numbers) != 1) {
        return rig_pki_fail_library(err, "put an RSA key together");
    }
    return RIG_DONE;
}

/* (p - 1) (q - 1); *n gets p q */
static bool euler(const BIGNUM *p, const BIGNUM *q, BIGNUM *n, BIGNUM *phi, BN_CTX *ctx)
{
    /* phi = n - p - q + 1 */
    return BN_mul(n, p, q, ctx) == 1 && BN_sub(phi, n, p) == 1 && BN_sub(phi, phi, q) == 1 &&
           BN_add_word(phi, 1) == 1;
}

/* `exponent` 1 and 2: the public half only. *usable false: no such key of these primes. */
static rig_result key_of_primes(const BIGNUM *p, const BIGNUM *q, unsigned long exponent,
                                EVP_PKEY **out, bool *usable, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BN_CTX) BN_CTX *ctx = BN_CTX_secure_new();
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *n = BN_new();
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *e = BN_new();
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *phi = BN_secure_new();
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *d = BN_secure_new();

    *usable = false;
    if (ctx == NULL || n == NULL || e == NULL || phi == NULL || d == NULL ||
        BN_set_word(e, exponent) != 1 || !euler(p, q, n, phi, ctx)) {
        return rig_fail_memory(err);
    }
    if (BN_cmp(p, q) == 0 || BN_num_bits(n) != 2 * PRIME_BITS) {
        return RIG_DONE;
    }
    if (exponent <= 2) {
        *usable = true;
        return key_of_numbers(n, e, NULL, out, err);
    }
    if (BN_mod_inverse(d, e, phi, ctx) == NULL) {
        rig_pki_begin();
        return RIG_DONE;
    }
    *usable = true;
    return key_of_numbers(n, e, d, out, err);
}

/* p = k * M + (65537^a mod M): modulo every prime of M, p is a power of 65537 */
static rig_result roca_candidate(const BIGNUM *primorial, BIGNUM *p, BN_CTX *ctx,
                                 struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *a = BN_new();
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *g = BN_new();
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *k = BN_new();

    if (a == NULL || g == NULL || k == NULL ||
        BN_rand(a, ROCA_EXPONENT_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) != 1 ||
        BN_set_word(g, ROCA_GENERATOR) != 1 || BN_mod_exp(g, g, a, primorial, ctx) != 1 ||
        BN_rand(p, PRIME_BITS, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY) != 1 ||
        BN_div(k, NULL, p, primorial, ctx) != 1 || BN_mul(p, k, primorial, ctx) != 1 ||
        BN_add(p, p, g) != 1) {
        return rig_pki_fail_library(err, "make a prime of a weak generator's kind");
    }
    return RIG_DONE;
}

static rig_result first_primes(int n_primes, BIGNUM *product, struct rig_error *err)
{
    int found = 0;

    if (BN_one(product) != 1) {
        return rig_fail_memory(err);
    }
    for (unsigned long candidate = 2; found < n_primes; candidate++) {
        bool prime = true;

        for (unsigned long by = 2; by * by <= candidate && prime; by++) {
            prime = candidate % by != 0;
        }
        if (!prime) {
            continue;
        }
        if (BN_mul_word(product, candidate) != 1) {
            return rig_fail_memory(err);
        }
        found++;
    }
    return RIG_DONE;
}

static rig_result roca_prime(BIGNUM *p, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BN_CTX) BN_CTX *ctx = BN_CTX_secure_new();
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *primorial = BN_new();
    int is_prime = 0;

    if (ctx == NULL || primorial == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(first_primes(ROCA_PRIMES, primorial, err));
    while (is_prime != 1 || BN_num_bits(p) != PRIME_BITS) {
        RIG_TRY(roca_candidate(primorial, p, ctx, err));
        is_prime = BN_check_prime(p, ctx, NULL);
        if (is_prime < 0) {
            return rig_pki_fail_library(err, "test a number for being prime");
        }
    }
    return RIG_DONE;
}

/* `blum`: 3 modulo 4, so that a square root is one exponentiation */
static rig_result sound_prime(BIGNUM *p, bool blum, struct rig_error *err)
{
    do {
        if (BN_generate_prime_ex(p, PRIME_BITS, 0, NULL, NULL, NULL) != 1) {
            return rig_pki_fail_library(err, "make a prime");
        }
    } while (blum && BN_is_bit_set(p, 1) == 0);
    return RIG_DONE;
}

static rig_result make_prime(enum rig_attack_key kind, BIGNUM *p, struct rig_error *err)
{
    return kind == RIG_ATTACK_KEY_RSA_ROCA ? roca_prime(p, err)
                                           : sound_prime(p, kind == RIG_ATTACK_KEY_RSA_E2, err);
}

static unsigned long exponent_of(enum rig_attack_key kind)
{
    return kind == RIG_ATTACK_KEY_RSA_E1 ? 1 : kind == RIG_ATTACK_KEY_RSA_E2 ? 2 : 65537;
}

static rig_result make_of_primes(const struct rig_weak_key *twin, struct rig_weak_key *out,
                                 struct rig_error *err)
{
    bool usable = false;

    while (!usable) {
        BN_clear_free(out->prime);
        BN_clear_free(out->cofactor);
        out->prime = twin != NULL ? BN_dup(twin->prime) : BN_secure_new();
        out->cofactor = BN_secure_new();
        if (out->prime == NULL || out->cofactor == NULL) {
            return rig_fail_memory(err);
        }
        if (twin == NULL) {
            RIG_TRY(make_prime(out->kind, out->prime, err));
        }
        RIG_TRY(make_prime(out->kind, out->cofactor, err));
        RIG_TRY(key_of_primes(out->prime, out->cofactor, exponent_of(out->kind), &out->key, &usable,
                              err));
    }
    return RIG_DONE;
}

rig_result rig_weak_key_make(enum rig_attack_key kind, const struct rig_weak_key *twin,
                             struct rig_weak_key *out, struct rig_error *err)
{
    *out = (struct rig_weak_key){.kind = kind};
    rig_pki_begin();
    switch (kind) {
    case RIG_ATTACK_KEY_RSA_1024:
        return make_rsa("RSA", 1024, 65537, &out->key, err);
    case RIG_ATTACK_KEY_RSA_2048:
        return make_rsa("RSA", 2048, 65537, &out->key, err);
    case RIG_ATTACK_KEY_RSA_3072:
        return make_rsa("RSA", 3072, 65537, &out->key, err);
    case RIG_ATTACK_KEY_RSA_4096:
        return make_rsa("RSA", 4096, 65537, &out->key, err);
    case RIG_ATTACK_KEY_RSA_E3:
        return make_rsa("RSA", 2048, 3, &out->key, err);
    case RIG_ATTACK_KEY_RSA_PSS:
        return make_rsa("RSA-PSS", 2048, 65537, &out->key, err);
    case RIG_ATTACK_KEY_RSA_E1:
    case RIG_ATTACK_KEY_RSA_E2:
    case RIG_ATTACK_KEY_RSA_ROCA:
    case RIG_ATTACK_KEY_RSA_SHARED_PRIME:
        return make_of_primes(kind == RIG_ATTACK_KEY_RSA_SHARED_PRIME ? twin : NULL, out, err);
    case RIG_ATTACK_KEY_P224:
        return make_named(NULL, "P-224", &out->key, err);
    case RIG_ATTACK_KEY_P256:
        return make_named(NULL, "P-256", &out->key, err);
    case RIG_ATTACK_KEY_P384:
        return make_named(NULL, "P-384", &out->key, err);
    case RIG_ATTACK_KEY_P521:
        return make_named(NULL, "P-521", &out->key, err);
    case RIG_ATTACK_KEY_SECP256K1:
        return make_named(NULL, "secp256k1", &out->key, err);
    case RIG_ATTACK_KEY_BRAINPOOL256:
        return make_named(NULL, "brainpoolP256r1", &out->key, err);
    case RIG_ATTACK_KEY_ED25519:
        return make_named("ED25519", NULL, &out->key, err);
    case RIG_ATTACK_KEY_BASE:
    case RIG_ATTACK_KEY_FRESH:
        break;
    }
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID, "%d is no kind of weak key", (int)kind);
}

/* Signatures ---------------------------------------------------------------------------------- */

/* RFC 8017 9.2: 00 01 FF ... FF 00 DigestInfo */
static rig_result padded_hash(X509_REQ *csr, const EVP_MD *md, uint8_t out[MODULUS_BYTES],
                              struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509_SIG) X509_SIG *info = X509_SIG_new();
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned n_hash = 0;
    X509_ALGOR *algorithm = NULL;
    ASN1_OCTET_STRING *digest = NULL;
    uint8_t *bytes = NULL;
    const int n_tbs = i2d_re_X509_REQ_tbs(csr, &bytes);
    const bool hashed = n_tbs > 0 && EVP_Digest(bytes, (size_t)n_tbs, hash, &n_hash, md, NULL) == 1;
    int len;

    OPENSSL_free(bytes);
    bytes = NULL;
    if (info == NULL || !hashed) {
        return rig_pki_fail_library(err, "hash a CSR");
    }
    X509_SIG_getm(info, &algorithm, &digest);
    if (X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_MD_get_type(md)), V_ASN1_NULL, NULL) != 1 ||
        ASN1_STRING_set(digest, hash, (int)n_hash) != 1 ||
        (len = i2d_X509_SIG(info, &bytes)) <= 0) {
        return rig_pki_fail_library(err, "encode a hash");
    }
    memset(out, 0xFF, MODULUS_BYTES);
    out[0] = 0;
    out[1] = 1;
    out[MODULUS_BYTES - len - 1] = 0;
    memcpy(out + MODULUS_BYTES - len, bytes, (size_t)len);
    OPENSSL_free(bytes);
    return RIG_DONE;
}

/* A root of `square` modulo a prime that is 3 modulo 4; false: it has none. */
static bool root_modulo(const BIGNUM *square, const BIGNUM *prime, BIGNUM *root, BN_CTX *ctx)
{
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *power = BN_dup(prime);
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *again = BN_new();
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *rest = BN_new();

    return power != NULL && again != NULL && rest != NULL && BN_add_word(power, 1) == 1 &&
           BN_rshift(power, power, 2) == 1 && BN_mod(rest, square, prime, ctx) == 1 &&
           BN_mod_exp(root, rest, power, prime, ctx) == 1 &&
           BN_mod_sqr(again, root, prime, ctx) == 1 && BN_cmp(again, rest) == 0;
}

/* s with s^2 = m modulo p q, by the Chinese remainder theorem */
static bool square_root(const struct rig_weak_key *key, const BIGNUM *m, BIGNUM *s)
{
    RIG_AUTO(rig_auto_BN_CTX) BN_CTX *ctx = BN_CTX_secure_new();
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *of_p = BN_new();
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *of_q = BN_new();
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *inverse = BN_new();

    if (ctx == NULL || of_p == NULL || of_q == NULL || inverse == NULL ||
        !root_modulo(m, key->prime, of_p, ctx) || !root_modulo(m, key->cofactor, of_q, ctx) ||
        BN_mod_inverse(inverse, key->prime, key->cofactor, ctx) == NULL) {
        return false;
    }
    /* s = rp + p ((rq - rp) / p mod q) */
    return BN_mod_sub(s, of_q, of_p, key->cofactor, ctx) == 1 &&
           BN_mod_mul(s, s, inverse, key->cofactor, ctx) == 1 &&
           BN_mul(s, s, key->prime, ctx) == 1 && BN_add(s, s, of_p) == 1;
}

static rig_result attach_signature(X509_REQ *csr, int algorithm_nid, const BIGNUM *s,
                                   struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509_ALGOR) X509_ALGOR *algorithm = X509_ALGOR_new();
    RIG_AUTO(rig_auto_ASN1_BIT_STRING) ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
    uint8_t bytes[MODULUS_BYTES];

    if (algorithm == NULL || bits == NULL ||
        BN_bn2binpad(s, bytes, sizeof bytes) != (int)sizeof bytes ||
        X509_ALGOR_set0(algorithm, OBJ_nid2obj(algorithm_nid), V_ASN1_NULL, NULL) != 1 ||
        ASN1_BIT_STRING_set(bits, bytes, (int)sizeof bytes) != 1 ||
        X509_REQ_set1_signature_algo(csr, algorithm) != 1) {
        return rig_pki_fail_library(err, "attach a signature to a CSR");
    }
    bits->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
    bits->flags |= ASN1_STRING_FLAG_BITS_LEFT;
    X509_REQ_set0_signature(csr, bits);
    bits = NULL;
    return RIG_DONE;
}

/* The private exponent is 1, or there is none and a square root takes its place: half of all
 * numbers have none modulo a prime, so three digests are tried. */
static rig_result sign_by_hand(const struct rig_weak_key *key, X509_REQ *csr, bool *again,
                               struct rig_error *err)
{
    static const struct {
        const EVP_MD *(*md)(void);
        int nid;
    } digests[] = {{EVP_sha256, NID_sha256WithRSAEncryption},
                   {EVP_sha384, NID_sha384WithRSAEncryption},
                   {EVP_sha512, NID_sha512WithRSAEncryption}};
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *m = BN_new();
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *s = BN_new();
    uint8_t padded[MODULUS_BYTES];

    if (m == NULL || s == NULL) {
        return rig_fail_memory(err);
    }
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++) {
        RIG_TRY(padded_hash(csr, digests[i].md(), padded, err));
        if (BN_bin2bn(padded, sizeof padded, m) == NULL) {
            return rig_fail_memory(err);
        }
        if (key->kind == RIG_ATTACK_KEY_RSA_E1 ? BN_copy(s, m) != NULL : square_root(key, m, s)) {
            return attach_signature(csr, digests[i].nid, s, err);
        }
    }
    *again = true;
    return RIG_DONE;
}

static const EVP_MD *digest_of(const EVP_PKEY *key, enum rig_attack_digest digest)
{
    switch (digest) {
    case RIG_ATTACK_SHA1:
        return EVP_sha1();
    case RIG_ATTACK_MD5:
        return EVP_md5();
    case RIG_ATTACK_SHA256:
        break;
    }
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
}

rig_result rig_weak_key_sign(const struct rig_weak_key *key, enum rig_attack_digest digest,
                             X509_REQ *csr, bool *again, struct rig_error *err)
{
    *again = false;
    if (key->kind == RIG_ATTACK_KEY_RSA_E1 || key->kind == RIG_ATTACK_KEY_RSA_E2) {
        return sign_by_hand(key, csr, again, err);
    }
    if (X509_REQ_sign(csr, key->key, digest_of(key->key, digest)) <= 0) {
        return rig_pki_fail_library(err, "sign a CSR");
    }
    return RIG_DONE;
}
