/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pinned root and the CAs below it, decoded once for many checks: OpenSSL 3.0 takes longer to
 * decode a CA certificate than to verify with it. Read-only once it is open: any thread.
 */
#ifndef RIG_CA_TRUST_H
#define RIG_CA_TRUST_H

#include "rig/base/error.h"

#include <openssl/x509.h>

struct rig_trust;

/* root_pem: every certificate in it is trusted. chain_pem: intermediates, trusted for nothing by
 * themselves; may be NULL or empty. Class USAGE, code INVALID for PEM that can't be decoded. */
RIG_CHECKED rig_result rig_trust_open(const char *root_pem, const char *chain_pem,
                                      struct rig_trust **trust, struct rig_error *err);
void rig_trust_close(struct rig_trust *trust);

static inline void rig_auto_trust(struct rig_trust **trust)
{
    rig_trust_close(*trust);
    *trust = NULL;
}

/* Borrowed. The intermediates are NULL when there are none. */
X509_STORE *rig_trust_store(const struct rig_trust *trust);
STACK_OF(X509) * rig_trust_intermediates(const struct rig_trust *trust);

#endif
