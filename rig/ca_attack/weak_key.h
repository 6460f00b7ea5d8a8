/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys with a flaw, made fresh, and CSR signatures that verify all the same where mathematics
 * allows. Private to rig/ca_attack and its tests. Never use them for anything else.
 */
#ifndef RIG_CA_ATTACK_WEAK_KEY_H
#define RIG_CA_ATTACK_WEAK_KEY_H

#include "rig/ca/pki.h"
#include "rig/ca_attack/attack.h"

struct rig_weak_key {
    EVP_PKEY *key; /* for RSA_E1 and RSA_E2 the public half only */
    BIGNUM *prime; /* one of the modulus: kept of RSA_E2 and of shared primes */
    BIGNUM *cofactor;
    enum rig_attack_key kind;
};
void rig_weak_key_free(struct rig_weak_key *key);

/* `twin` is read for RSA_SHARED_PRIME only: NULL makes the first of the two. BASE and FRESH are
 * INVALID here (class RIG). The caller frees the key. */
RIG_CHECKED rig_result rig_weak_key_make(enum rig_attack_key kind, const struct rig_weak_key *twin,
                                         struct rig_weak_key *out, struct rig_error *err);

/*
 * Signs `csr`, whose public key is set. *again: this key (RSA_E2) has no signature for this CSR;
 * make another one.
 */
RIG_CHECKED rig_result rig_weak_key_sign(const struct rig_weak_key *key,
                                         enum rig_attack_digest digest, X509_REQ *csr, bool *again,
                                         struct rig_error *err);

#endif
