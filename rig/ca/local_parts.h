/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the local CA know of each other: local.c (open, sign, look up), crl (CRLs,
 * revoke), ocsp, intermediates. Private to rig/ca. Threads: store, keys and responder only between
 * rig_local_enter and rig_local_leave; the rest is read-only once the CA is open.
 */
#ifndef RIG_CA_LOCAL_PARTS_H
#define RIG_CA_LOCAL_PARTS_H

#include "rig/ca/chain_update.h"
#include "rig/ca/gate.h"
#include "rig/ca/hierarchy.h"
#include "rig/ca/issue.h"
#include "rig/ca/ocsp.h"
#include "rig/ca/store.h"

#define RIG_LOCAL_DAY_MS (INT64_C(24) * 3600 * 1000)
/* How much earlier than now a certificate begins. */
#define RIG_LOCAL_SKEW_MS (INT64_C(30) * 1000)

/* The delegated OCSP responder; NULL until it is first asked. */
struct rig_local_responder {
    X509 *certificate;
    EVP_PKEY *key; /* in memory only */
    int64_t from_ms, renew_ms, end_ms;
};

struct rig_local_ca {
    struct rig_ca ca; /* first */
    char *folder;
    const struct rig_clock *clock;
    struct rig_ca_hierarchy hierarchy;
    struct rig_ca_store *store;
    int64_t device_ms;
    int64_t crl_ms;
    struct rig_local_responder responder;
    struct rig_gate gate; /* in front of store, keys and responder */
};

static inline struct rig_local_ca *rig_local_of(struct rig_ca *ca)
{
    return (struct rig_local_ca *)ca;
}

/* *entered is for RIG_AUTO(rig_local_leave). */
RIG_CHECKED rig_result rig_local_enter(struct rig_local_ca *local, struct rig_wait wait,
                                       struct rig_local_ca **entered, struct rig_error *err);
/* Also ends a transaction that was not committed. NULL inside is fine. */
void rig_local_leave(struct rig_local_ca **entered);

/* The CA of a level, root 0. Borrowed from the hierarchy. */
static inline struct rig_issuer rig_local_issuer(const struct rig_local_ca *local, size_t level)
{
    return (struct rig_issuer){local->hierarchy.levels[level].certificate,
                               local->hierarchy.levels[level].key};
}

/* ---- local_intermediates.c */

/* Into the CA's memory, within the caller's transaction. */
RIG_CHECKED rig_result rig_local_record(struct rig_local_ca *local,
                                        const struct rig_chain_update_issued *issued,
                                        struct rig_error *err);
RIG_CHECKED rig_result rig_local_chain_update(struct rig_ca *ca,
                                              const struct rig_ca_chain_update_request *request,
                                              struct rig_ca_chain_update *update,
                                              struct rig_wait wait, struct rig_error *err);

/* ---- local_crl.c */

RIG_CHECKED rig_result rig_local_crls(struct rig_ca *ca, struct rig_buf *pem, struct rig_wait wait,
                                      struct rig_error *err);
RIG_CHECKED rig_result rig_local_revoke(struct rig_ca *ca, const char *serial,
                                        enum rig_revocation_reason reason, struct rig_wait wait,
                                        struct rig_error *err);

/* ---- local_ocsp.c */

RIG_CHECKED rig_result rig_local_answer_ocsp(struct rig_ca *ca, const void *request,
                                             size_t request_len, struct rig_buf *response,
                                             struct rig_wait wait, struct rig_error *err);
RIG_CHECKED rig_result rig_local_ocsp(struct rig_ca *ca, const char *serial,
                                      struct rig_ca_ocsp *ocsp, struct rig_wait wait,
                                      struct rig_error *err);
/* As a relying party that trusts the root of these levels; `responder` names it in messages. */
RIG_CHECKED rig_result rig_local_ocsp_read(const struct rig_ca_hierarchy *hierarchy,
                                           const char *responder, int64_t now_ms,
                                           OCSP_REQUEST *request, const struct rig_buf *response,
                                           struct rig_ca_ocsp *ocsp, struct rig_error *err);
void rig_local_responder_free(struct rig_local_responder *responder);

#endif
