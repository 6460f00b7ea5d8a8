/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an endpoint trusts, as one object that is never changed: trust anchors and CRLs. A reload
 * makes another one; a connection holds the one it began with. Private to this folder; the count of
 * holders belongs to whoever owns the endpoint at the time (the loop while it is served).
 */
#ifndef RIG_TLS_TRUST_H
#define RIG_TLS_TRUST_H

#include "rig/tls/settings.h"

#include <openssl/x509_vfy.h>

struct rig_tls_trust {
    X509_STORE *store;   /* anchors, CRLs and the flags to use them */
    X509_STORE *anchors; /* anchors alone, for OCSP signers */
    unsigned generation;
    unsigned n_holders;
    bool checks_revocation;
};

struct rig_tls_trust_wish {
    const char *roots_pem; /* NULL: none */
    const char *crls_pem;  /* NULL: not checked */
    enum rig_tls_crl_check crl_check;
    enum rig_tls_fault fault;
    unsigned generation;
};

/* Held once, by the caller. RIG/INVALID: PEM without what it should hold. */
RIG_CHECKED rig_result rig_tls_trust_make(const struct rig_tls_trust_wish *wish,
                                          struct rig_tls_trust **trust, struct rig_error *err);
struct rig_tls_trust *rig_tls_trust_hold(struct rig_tls_trust *trust);
/* NULL is fine. */
void rig_tls_trust_release(struct rig_tls_trust *trust);

#endif
