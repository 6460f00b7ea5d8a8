/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/key.h"
#include "rig/ca/local_parts.h"

#include <stdio.h>

/* RFC 6960 4.2.2.2.1: a responder that nobody checks lives shortly, and is made anew often */
#define RESPONDER_LIFE_MS RIG_LOCAL_DAY_MS
#define ANSWER_LIFE_MS (INT64_C(3600) * 1000)
/* for relying parties whose clocks are behind */
#define RESPONDER_SKEW_MS (INT64_C(600) * 1000)

void rig_local_responder_free(struct rig_local_responder *responder)
{
    X509_free(responder->certificate);
    EVP_PKEY_free(responder->key);
    *responder = (struct rig_local_responder){0};
}

static rig_result issue_responder(struct rig_local_ca *local, int64_t now_ms,
                                  struct rig_local_responder *made, struct rig_error *err)
{
    const size_t level = local->hierarchy.n_levels - 1;
    const struct rig_ca_level *const issuer = &local->hierarchy.levels[level];
    char name[RIG_CA_LEVEL_NAME_SIZE + 24];

    (void)snprintf(name, sizeof name, "rig %s OCSP responder", issuer->name);
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(issuer->certificate), &made->end_ms, err));
    made->from_ms = now_ms - RESPONDER_SKEW_MS;
    if (made->end_ms > now_ms + RESPONDER_LIFE_MS) {
        made->end_ms = now_ms + RESPONDER_LIFE_MS;
    }
    made->renew_ms = made->end_ms - (made->end_ms - now_ms) / 2;
    RIG_TRY(rig_key_make(rig_key_type_of_key(issuer->key), &made->key, err));
    RIG_TRY(rig_issue_signer(rig_local_issuer(local, level), made->key,
                             &(struct rig_issue_names){.common_name = name},
                             (struct rig_issue_validity){made->from_ms, made->end_ms},
                             NID_OCSP_sign, &made->certificate, err));
    return RIG_DONE;
}

/* In the CA's memory before it is used, as all that the CA issues. */
static rig_result need_responder(struct rig_local_ca *local, int64_t now_ms, struct rig_error *err)
{
    const struct rig_local_responder *const there = &local->responder;
    RIG_AUTO(rig_local_responder_free) struct rig_local_responder made = {0};

    if (there->certificate != NULL && now_ms >= there->from_ms && now_ms < there->renew_ms) {
        return RIG_DONE;
    }
    RIG_TRY(issue_responder(local, now_ms, &made, err));
    RIG_TRY(rig_ca_store_begin(local->store, err));
    RIG_TRY(rig_local_record(
        local,
        &(struct rig_chain_update_issued){made.certificate, local->hierarchy.n_levels - 1, false},
        err));
    RIG_TRY(rig_ca_store_commit(local->store, err));
    rig_local_responder_free(&local->responder);
    local->responder = made;
    made = (struct rig_local_responder){0};
    return RIG_DONE;
}

static void free_stack(STACK_OF(X509) * *stack)
{
    sk_X509_free(*stack); /* what is in it is the hierarchy's */
    *stack = NULL;
}

static rig_result look_up(void *ctx, const char *serial, struct rig_ocsp_record *record,
                          struct rig_error *err)
{
    const struct rig_local_ca *const local = ctx;
    struct rig_ca_store_status status;

    RIG_TRY(rig_ca_store_status(local->store, serial, &status, err));
    *record = (struct rig_ocsp_record){.status = RIG_OCSP_UNKNOWN};
    if (status.known && status.issuer_level == local->hierarchy.n_levels - 1) {
        record->status = status.revoked ? RIG_OCSP_REVOKED : RIG_OCSP_GOOD;
        record->revoked_at_ms = status.revoked_at_ms;
        record->reason = status.reason;
    }
    return RIG_DONE;
}

rig_result rig_local_answer_ocsp(struct rig_ca *ca, const void *request, size_t request_len,
                                 struct rig_buf *response, struct rig_wait wait,
                                 struct rig_error *err)
{
    struct rig_local_ca *const local = rig_local_of(ca);
    const int64_t now_ms = rig_clock_now_ms(local->clock);
    const size_t level = local->hierarchy.n_levels - 1;
    RIG_AUTO(rig_local_leave) struct rig_local_ca *entered = NULL;

    RIG_TRY(rig_local_enter(local, wait, &entered, err));
    RIG_TRY_IN(need_responder(local, now_ms, err), err, "certificate of the OCSP responder");
    const struct rig_ocsp_signer signer = {
        .issuer = local->hierarchy.levels[level].certificate,
        .certificate = local->responder.certificate,
        .key = local->responder.key,
        .now_ms = now_ms,
        .next_update_ms = now_ms + ANSWER_LIFE_MS < local->responder.end_ms
                              ? now_ms + ANSWER_LIFE_MS
                              : local->responder.end_ms,
        .look_up = look_up,
        .ctx = local,
    };
    return rig_ocsp_answer(&signer, request, request_len, response, err);
}

rig_result rig_local_ocsp_read(const struct rig_ca_hierarchy *hierarchy, const char *responder,
                               int64_t now_ms, OCSP_REQUEST *request,
                               const struct rig_buf *response, struct rig_ca_ocsp *ocsp,
                               struct rig_error *err)
{
    RIG_AUTO(free_stack) STACK_OF(X509) *cas = sk_X509_new_null();
    const struct rig_ocsp_reader reader = {
        .responder = responder,
        .cas = cas,
        .root = hierarchy->levels[0].certificate,
        .now_ms = now_ms,
    };

    if (cas == NULL) {
        return rig_fail_memory(err);
    }
    for (size_t i = hierarchy->n_levels; i-- > 0;) {
        if (sk_X509_push(cas, hierarchy->levels[i].certificate) <= 0) {
            return rig_fail_memory(err);
        }
    }
    return rig_ocsp_read(&reader, request, response->data, response->len, ocsp, err);
}

rig_result rig_local_ocsp(struct rig_ca *ca, const char *serial, struct rig_ca_ocsp *ocsp,
                          struct rig_wait wait, struct rig_error *err)
{
    struct rig_local_ca *const local = rig_local_of(ca);
    const struct rig_ca_hierarchy *const hierarchy = &local->hierarchy;
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *request = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf asked = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf answer = {0};

    RIG_TRY(rig_ocsp_request(hierarchy->levels[hierarchy->n_levels - 1].certificate, serial, true,
                             &request, err));
    RIG_TRY(rig_ocsp_request_der(request, &asked, err));
    RIG_TRY(rig_local_answer_ocsp(ca, asked.data, asked.len, &answer, wait, err));
    return rig_local_ocsp_read(hierarchy, local->folder, rig_clock_now_ms(local->clock), request,
                               &answer, ocsp, err);
}
