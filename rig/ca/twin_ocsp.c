/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/key.h"
#include "rig/ca/local_parts.h"
#include "rig/ca/twin_edit.h"

#define HOUR_MS (INT64_C(3600) * 1000)

struct lie {
    enum rig_ca_fault fault;
    struct rig_ca_ocsp truth;
};

static rig_result look_up(void *ctx, const char *serial, struct rig_ocsp_record *record,
                          struct rig_error *err)
{
    const struct lie *const lie = ctx;

    (void)serial;
    (void)err;
    *record =
        (struct rig_ocsp_record){lie->truth.status, lie->truth.revoked_at_ms, lie->truth.reason};
    if (lie->fault == RIG_CA_FAULT_OCSP_FORGETS && record->status == RIG_OCSP_REVOKED) {
        *record = (struct rig_ocsp_record){.status = RIG_OCSP_GOOD};
    }
    if (lie->fault == RIG_CA_FAULT_OCSP_REVOKES_ALL && record->status != RIG_OCSP_REVOKED) {
        *record = (struct rig_ocsp_record){.status = RIG_OCSP_REVOKED,
                                           .revoked_at_ms = lie->truth.this_update_ms};
    }
    return RIG_DONE;
}

static rig_result answer(struct rig_issuer issuer, struct lie *lie, OCSP_REQUEST *request,
                         int64_t now_ms, struct rig_buf *response, struct rig_error *err)
{
    static const struct rig_issue_names names = {.common_name = "rig twin OCSP responder"};
    const bool other = lie->fault == RIG_CA_FAULT_OCSP_OTHER_SIGNER;
    const int64_t said_ms = lie->fault == RIG_CA_FAULT_OCSP_STALE ? now_ms - 3 * HOUR_MS : now_ms;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = NULL;
    RIG_AUTO(rig_auto_X509) X509 *certificate = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf asked = {0};

    RIG_TRY(rig_key_make(RIG_KEY_P256, &key, err));
    RIG_TRY(rig_issue_signer(issuer, key, &names,
                             (struct rig_issue_validity){now_ms - 4 * HOUR_MS, now_ms + HOUR_MS},
                             other ? NID_client_auth : NID_OCSP_sign, &certificate, err));
    RIG_TRY(rig_ocsp_request_der(request, &asked, err));
    const struct rig_ocsp_signer signer = {
        .issuer = (X509 *)issuer.certificate,
        .certificate = certificate,
        .key = key,
        .now_ms = said_ms,
        .next_update_ms = said_ms + HOUR_MS,
        .look_up = look_up,
        .ctx = lie,
    };
    return rig_ocsp_answer(&signer, asked.data, asked.len, response, err);
}

rig_result rig_ca_twin_ocsp(const struct rig_ca_hierarchy *hierarchy, enum rig_ca_fault fault,
                            const char *serial, int64_t now_ms, struct rig_ca_ocsp *ocsp,
                            struct rig_error *err)
{
    const struct rig_ca_level *const last = &hierarchy->levels[hierarchy->n_levels - 1];
    struct lie lie = {fault, *ocsp};
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *request = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf response = {0};

    RIG_TRY(rig_ocsp_request(last->certificate, serial, true, &request, err));
    RIG_TRY(answer((struct rig_issuer){last->certificate, last->key}, &lie, request, now_ms,
                   &response, err));
    return rig_local_ocsp_read(hierarchy, "the twin", now_ms, request, &response, ocsp, err);
}
