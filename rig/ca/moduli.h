/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA moduli that share a prime: two devices whose random generators had too little entropy. Either
 * key alone looks sound; with both, anybody computes both private keys (one gcd). So the rig keeps
 * the moduli that it saw and compares each new one with all of them.
 *
 * Errors: class DEVICE, code DUPLICATE for a shared prime (both owners are named); class RIG
 * otherwise. Any number of threads may use one set at once.
 */
#ifndef RIG_CA_MODULI_H
#define RIG_CA_MODULI_H

#include "rig/base/buf.h"

struct rig_moduli;
RIG_CHECKED rig_result rig_moduli_open(struct rig_moduli **out, struct rig_error *err);
void rig_moduli_close(struct rig_moduli *moduli);

/* The key of a CSR (DER) of `owner`, compared and remembered. The same modulus again is no matter
 * of this set (see the register's claims); a key that is not RSA is passed over. */
RIG_CHECKED rig_result rig_moduli_claim(struct rig_moduli *moduli, const uint8_t *csr_der,
                                        size_t n_bytes, const char *owner, struct rig_error *err);

#endif
