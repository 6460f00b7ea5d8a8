/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proof of possession: how a CA becomes a verified one. Its certificate is public, so whoever
 * uploads it proves nothing; the service gives out a random code, the owner signs a certificate
 * with that code as common name by the CA's key, and the service checks it.
 *
 * A code is good for one proof and for a limited time; a new code makes the old one worthless.
 * Errors: class USAGE; REFUSED with the reason for a proof that proves nothing, TIMEOUT for one
 * that came too late, INVALID for a certificate that is no CA's. Threads: one at a time per object.
 */
#ifndef RIG_TLS_POSSESSION_H
#define RIG_TLS_POSSESSION_H

#include "rig/base/error.h"

#include <openssl/x509.h>
#include <stdint.h>

enum {
    RIG_POSSESSION_CODE_SIZE = 49,    /* 48 hex digits: 192 bits */
    RIG_POSSESSION_MINUTES = 24 * 60, /* a code's life */
};

/* Plain value: what the service remembers of one CA. `{0}`: nothing asked yet. */
struct rig_possession {
    char code[RIG_POSSESSION_CODE_SIZE]; /* "" none is open */
    int64_t asked_ms;                    /* unix time */
    bool verified;
};

/* Makes a new code. A CA that was verified stays so. */
RIG_CHECKED rig_result rig_possession_ask(struct rig_possession *possession, const X509 *ca,
                                          int64_t now_ms, struct rig_error *err);

/* Checks the proof and, when it holds, marks the CA as verified and forgets the code. */
RIG_CHECKED rig_result rig_possession_check(struct rig_possession *possession, const X509 *ca,
                                            const X509 *proof, int64_t now_ms,
                                            struct rig_error *err);

/* The owner's side: a certificate for `code` under the CA, valid for a day. The caller frees it. */
RIG_CHECKED rig_result rig_possession_prove(const X509 *ca, EVP_PKEY *ca_key, const char *code,
                                            int64_t now_ms, X509 **proof, struct rig_error *err);

#endif
