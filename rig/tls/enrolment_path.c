/* SPDX-License-Identifier: Apache-2.0 */
/* All paths from the device's certificate to a verified CA, and the one that is walked. */
#include "rig/ca/pki.h"
#include "rig/tls/enrolment_list.h"

#include <openssl/x509_vfy.h>

#include <string.h>

/* Bounds for a list that was made to be expensive. */
#define MAX_CANDIDATES 64
#define MAX_PATH 16
#define MAX_TRIES 128 /* for each length and anchor */

struct candidate {
    const X509 *certificate;
    uint8_t sha256[RIG_SHA256_SIZE];
    size_t anchor; /* from 1, in the order of the list of CAs; 0: none */
};

struct search {
    const struct rig_enrolment_offer *offer;
    size_t n_candidates;
    struct candidate candidates[MAX_CANDIDATES]; /* CAs, by hash */
    size_t n_path;
    size_t path[MAX_PATH]; /* candidates above the device's certificate */
    size_t n_best;         /* 0: none yet */
    size_t best[MAX_PATH];
    size_t n_limit; /* CAs in the paths that are looked for... */
    size_t anchor;  /* ... and where they end */
    unsigned n_tries;
};

static rig_result add_candidate(struct search *search, const X509 *certificate, size_t anchor,
                                struct rig_error *err)
{
    struct candidate added = {.certificate = certificate, .anchor = anchor};
    size_t at = 0;

    RIG_TRY(rig_enrolment_hash(certificate, added.sha256, err));
    while (at < search->n_candidates &&
           memcmp(search->candidates[at].sha256, added.sha256, RIG_SHA256_SIZE) < 0) {
        at++;
    }
    if (at < search->n_candidates &&
        memcmp(search->candidates[at].sha256, added.sha256, RIG_SHA256_SIZE) == 0) {
        return RIG_DONE; /* anchors came first */
    }
    if (search->n_candidates == MAX_CANDIDATES) {
        return RIG_DONE;
    }
    memmove(&search->candidates[at + 1], &search->candidates[at],
            (search->n_candidates - at) * sizeof search->candidates[0]);
    search->candidates[at] = added;
    search->n_candidates++;
    return RIG_DONE;
}

static rig_result collect(struct search *search, const struct rig_enrolment *enrolment,
                          struct rig_error *err)
{
    const bool any = (enrolment->settings.twins & RIG_TWIN_ANY_CA) != 0;

    /* anchors first: they have their place whatever was presented */
    for (size_t i = 0; i < enrolment->n_cas; i++) {
        const struct rig_enrolment_ca *ca = &enrolment->cas[i];

        if (ca->verified || any) {
            RIG_TRY(add_candidate(search, ca->certificate, i + 1, err));
        }
    }
    for (int i = 1; i < sk_X509_num(search->offer->presented); i++) {
        RIG_TRY(add_candidate(search, sk_X509_value(search->offer->presented, i), 0, err));
    }
    return RIG_DONE;
}

static bool issued(const X509 *issuer, const X509 *subject)
{
    return X509_check_issued((X509 *)issuer, (X509 *)subject) == X509_V_OK &&
           X509_verify((X509 *)subject, X509_get0_pubkey(issuer)) == 1;
}

static rig_result fill_context(const struct search *search, X509_STORE *store,
                               STACK_OF(X509) * between, X509_STORE_CTX *context,
                               struct rig_error *err)
{
    X509_VERIFY_PARAM *param;

    if (X509_STORE_CTX_init(context, store, sk_X509_value(search->offer->presented, 0), between) !=
            1 ||
        X509_STORE_CTX_set_default(context, "ssl_client") != 1) {
        return rig_pki_fail_library(err, "verify a certificate");
    }
    param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(param, (time_t)(search->offer->now_ms / 1000));
    X509_VERIFY_PARAM_set_auth_level(param, search->offer->security_level);
    if (search->offer->crls != NULL) {
        X509_STORE_CTX_set0_crls(context, (STACK_OF(X509_CRL) *)search->offer->crls);
        (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    }
    return RIG_DONE;
}

/* Whether OpenSSL takes exactly this path: nothing else is offered to it. */
static rig_result verify(const struct search *search, bool *valid, struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509_STORE) X509_STORE *store = X509_STORE_new();
    RIG_AUTO(rig_auto_X509_STORE_CTX) X509_STORE_CTX *context = X509_STORE_CTX_new();
    STACK_OF(X509) *between = sk_X509_new_null();
    bool ready = store != NULL && context != NULL && between != NULL;
    rig_result result = RIG_DONE;

    for (size_t i = 0; ready && i + 1 < search->n_path; i++) {
        ready = sk_X509_push(between, (X509 *)search->candidates[search->path[i]].certificate) > 0;
    }
    if (ready) {
        const size_t top = search->path[search->n_path - 1];

        ready = X509_STORE_add_cert(store, (X509 *)search->candidates[top].certificate) == 1;
    }
    result = ready ? fill_context(search, store, between, context, err) : rig_fail_memory(err);
    if (result.ok) {
        *valid = X509_verify_cert(context) == 1;
        X509_STORE_CTX_cleanup(context);
    }
    sk_X509_free(between);
    rig_pki_begin();
    return result;
}

static bool in_path(const struct search *search, size_t candidate)
{
    for (size_t i = 0; i < search->n_path; i++) {
        if (search->path[i] == candidate) {
            return true;
        }
    }
    return false;
}

/* Tries paths of exactly n_limit CAs to one anchor, lowest hash first: the first valid one is the
 * best. */
static rig_result climb(struct search *search, const X509 *subject, struct rig_error *err)
{
    for (size_t i = 0; i < search->n_candidates && search->n_best == 0; i++) {
        const struct candidate *candidate = &search->candidates[i];
        const bool last = search->n_path + 1 == search->n_limit;
        bool valid = false;

        if ((last && candidate->anchor != search->anchor) || in_path(search, i) ||
            search->n_tries >= MAX_TRIES) {
            continue;
        }
        search->n_tries++;
        if (!issued(candidate->certificate, subject)) {
            continue;
        }
        search->path[search->n_path++] = i;
        if (last) {
            RIG_TRY(verify(search, &valid, err));
            if (valid) {
                memcpy(search->best, search->path, sizeof search->best);
                search->n_best = search->n_path;
            }
        } else {
            RIG_TRY(climb(search, candidate->certificate, err));
        }
        search->n_path--;
    }
    return RIG_DONE;
}

static rig_result copy_path(const struct search *search, STACK_OF(X509) * *path,
                            struct rig_error *err)
{
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *made = sk_X509_new_null();

    if (made == NULL) {
        return rig_fail_memory(err);
    }
    for (size_t i = 0; i <= search->n_best; i++) {
        const X509 *certificate = i == 0 ? sk_X509_value(search->offer->presented, 0)
                                         : search->candidates[search->best[i - 1]].certificate;
        X509 *copy = X509_dup(certificate);

        if (copy == NULL || sk_X509_push(made, copy) <= 0) {
            X509_free(copy);
            return rig_fail_memory(err);
        }
    }
    *path = made;
    made = NULL;
    return RIG_DONE;
}

rig_result rig_enrolment_path(const struct rig_enrolment *enrolment,
                              const struct rig_enrolment_offer *offer, STACK_OF(X509) * *path,
                              struct rig_error *err)
{
    struct search search = {.offer = offer};

    *path = NULL;
    rig_pki_begin();
    if (sk_X509_num(offer->presented) <= 0) {
        return RIG_DONE;
    }
    RIG_TRY(collect(&search, enrolment, err));
    for (search.n_limit = 1; search.n_limit <= MAX_PATH && search.n_best == 0; search.n_limit++) {
        for (search.anchor = 1; search.anchor <= enrolment->n_cas && search.n_best == 0;
             search.anchor++) {
            search.n_tries = 0;
            RIG_TRY(climb(&search, sk_X509_value(offer->presented, 0), err));
        }
    }
    rig_pki_begin();
    return search.n_best > 0 ? copy_path(&search, path, err) : RIG_DONE;
}
