/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/trust.h"

#include "rig/ca/pki.h"

#include <stdlib.h>

struct rig_trust {
    X509_STORE *store;
    STACK_OF(X509) * intermediates;
};

static rig_result fill(struct rig_trust *trust, const char *root_pem, const char *chain_pem,
                       struct rig_error *err)
{
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *roots = NULL;

    trust->store = X509_STORE_new();
    if (trust->store == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(rig_pki_certificates_of_pem(root_pem, "the pinned root", &roots, err));
    for (int i = 0; i < sk_X509_num(roots); i++) {
        if (X509_STORE_add_cert(trust->store, sk_X509_value(roots, i)) != 1) {
            return rig_pki_fail_library(err, "fill a trust store");
        }
    }
    if (chain_pem != NULL && chain_pem[0] != '\0') {
        RIG_TRY(
            rig_pki_certificates_of_pem(chain_pem, "the CA's chain", &trust->intermediates, err));
    }
    return RIG_DONE;
}

rig_result rig_trust_open(const char *root_pem, const char *chain_pem, struct rig_trust **trust,
                          struct rig_error *err)
{
    RIG_AUTO(rig_auto_trust) struct rig_trust *made = calloc(1, sizeof *made);

    *trust = NULL;
    if (made == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(fill(made, root_pem, chain_pem, err));
    *trust = made;
    made = NULL;
    return RIG_DONE;
}

void rig_trust_close(struct rig_trust *trust)
{
    if (trust != NULL) {
        rig_pki_free_certificates(&trust->intermediates);
        X509_STORE_free(trust->store);
        free(trust);
    }
}

X509_STORE *rig_trust_store(const struct rig_trust *trust)
{
    return trust->store;
}

STACK_OF(X509) * rig_trust_intermediates(const struct rig_trust *trust)
{
    return trust->intermediates;
}
