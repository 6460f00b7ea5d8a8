/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/trust.h"

#include "rig/tls/pem.h"

#include <stdlib.h>

static rig_result add_crls(X509_STORE *store, const char *pem, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *memory = NULL;
    size_t n_crls = 0;

    RIG_TRY(rig_tls_pem_open(pem, &memory, err));
    for (;; n_crls++) {
        RIG_AUTO(rig_auto_X509_CRL)
        X509_CRL *crl = PEM_read_bio_X509_CRL(memory, NULL, rig_tls_no_passphrase, NULL);

        if (crl == NULL) {
            return rig_tls_pem_end(n_crls, "CRLs", err);
        }
        if (X509_STORE_add_crl(store, crl) != 1) {
            return rig_tls_openssl_failure(err, RIG_E_LIBRARY, "cannot add a CRL");
        }
    }
}

static unsigned long crl_flags(const struct rig_tls_trust_wish *wish)
{
    if (wish->crls_pem == NULL || wish->crl_check == RIG_TLS_CRL_NONE ||
        wish->fault == RIG_TLS_FAULT_NO_CRL) {
        return 0;
    }
    if (wish->crl_check == RIG_TLS_CRL_LEAF || wish->fault == RIG_TLS_FAULT_LEAF_CRL_ONLY) {
        return X509_V_FLAG_CRL_CHECK;
    }
    return X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
}

static rig_result fill(const struct rig_tls_trust_wish *wish, struct rig_tls_trust *trust,
                       struct rig_error *err)
{
    unsigned long flags = crl_flags(wish);

    if (wish->fault == RIG_TLS_FAULT_PARTIAL_CHAIN) {
        flags |= X509_V_FLAG_PARTIAL_CHAIN;
    }
    if (wish->fault == RIG_TLS_FAULT_NO_TIME) {
        flags |= X509_V_FLAG_NO_CHECK_TIME;
    }
    trust->store = X509_STORE_new();
    trust->anchors = X509_STORE_new();
    if (trust->store == NULL || trust->anchors == NULL) {
        return rig_fail_memory(err);
    }
    if (wish->roots_pem != NULL) {
        RIG_TRY(rig_tls_pem_add_roots(trust->store, wish->roots_pem,
                                      "root certificates for the boards", err));
        RIG_TRY(rig_tls_pem_add_roots(trust->anchors, wish->roots_pem,
                                      "root certificates for the boards", err));
    }
    if (wish->crls_pem != NULL) {
        RIG_TRY(add_crls(trust->store, wish->crls_pem, err));
    }
    return X509_STORE_set_flags(trust->store, flags) == 1
               ? RIG_DONE
               : rig_tls_openssl_failure(err, RIG_E_LIBRARY, "cannot set up the trust store");
}

rig_result rig_tls_trust_make(const struct rig_tls_trust_wish *wish, struct rig_tls_trust **trust,
                              struct rig_error *err)
{
    struct rig_tls_trust *const made = calloc(1, sizeof *made);
    rig_result result;

    if (made == NULL) {
        return rig_fail_memory(err);
    }
    made->generation = wish->generation;
    made->n_holders = 1;
    made->checks_revocation = crl_flags(wish) != 0;
    result = fill(wish, made, err);
    if (!result.ok) {
        rig_tls_trust_release(made);
        return result;
    }
    *trust = made;
    return RIG_DONE;
}

struct rig_tls_trust *rig_tls_trust_hold(struct rig_tls_trust *trust)
{
    trust->n_holders++;
    return trust;
}

void rig_tls_trust_release(struct rig_tls_trust *trust)
{
    if (trust == NULL || --trust->n_holders != 0) {
        return;
    }
    X509_STORE_free(trust->store);
    X509_STORE_free(trust->anchors);
    free(trust);
}
