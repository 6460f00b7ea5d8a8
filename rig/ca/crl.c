/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/crl.h"

/*
 * thisUpdate has whole seconds, and verifiers take either of two CRLs with the same one. CRLs are
 * dated back by up to this much, so that many made within a second still get a time each that does
 * not lie in the future.
 */
#define BACKDATE_MS (INT64_C(600) * 1000)
/* RFC 5280 3.3: an entry stays until after the certificate's end */
#define KEEP_MS (INT64_C(7) * 24 * 3600 * 1000)

static rig_result add_revoked(void *ctx, const char *serial, int64_t revoked_at_ms,
                              enum rig_revocation_reason reason, struct rig_error *err)
{
    return rig_issue_crl_add(ctx, serial, revoked_at_ms, reason, err);
}

static int64_t this_update_after(int64_t last_ms, int64_t now_ms)
{
    int64_t this_ms = now_ms - BACKDATE_MS;

    if (last_ms != 0 && this_ms < last_ms + 1000) {
        this_ms = last_ms + 1000;
    }
    if (this_ms > now_ms) {
        this_ms = now_ms;
    }
    return this_ms - this_ms % 1000;
}

rig_result rig_crl_renew(struct rig_ca_store *store, struct rig_issuer issuer, size_t level,
                         struct rig_crl_times times, struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509_CRL) X509_CRL *crl = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    struct rig_ca_store_facts stored;
    struct rig_issue_crl facts;

    RIG_TRY(rig_ca_store_facts(store, &stored, err));
    if (level >= stored.n_levels) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_MISMATCH,
                        "the CA was replaced while it was open: start again");
    }
    facts = (struct rig_issue_crl){
        .number = stored.levels[level].crl_number + 1,
        .this_update_ms = this_update_after(stored.levels[level].crl_this_update_ms, times.now_ms),
        .next_update_ms = times.now_ms + times.life_ms,
    };
    RIG_TRY(rig_issue_crl_begin(issuer, &facts, &crl, err));
    RIG_TRY(rig_ca_store_each_revoked(store, level, times.now_ms - KEEP_MS, add_revoked, crl, err));
    RIG_TRY(rig_issue_crl_sign(issuer, crl, err));
    RIG_TRY(rig_pki_crl_pem(crl, &pem, err));
    return rig_ca_store_crl_put(store, level, facts.number, facts.this_update_ms, &pem, err);
}
