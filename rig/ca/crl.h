/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CA's next CRL: all it revoked, the next number, a time of its own. Private to rig/ca. Errors as
 * store.h and issue.h.
 */
#ifndef RIG_CA_CRL_H
#define RIG_CA_CRL_H

#include "rig/ca/issue.h"
#include "rig/ca/store.h"

struct rig_crl_times {
    int64_t now_ms;
    int64_t life_ms; /* until nextUpdate */
};

/*
 * Makes the CRL of `level` and puts it into the store. Within a transaction of the caller's, so
 * that no two CRLs of one CA ever get the same number.
 */
RIG_CHECKED rig_result rig_crl_renew(struct rig_ca_store *store, struct rig_issuer issuer,
                                     size_t level, struct rig_crl_times times,
                                     struct rig_error *err);

#endif
