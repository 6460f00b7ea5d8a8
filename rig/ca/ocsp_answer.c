/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/ocsp.h"

#include "rig/ca/key.h"

#define MAX_REQUEST_BYTES 65536
#define MAX_ASKED 64
/* RFC 9654 2.1 */
#define MAX_NONCE_BYTES 128

rig_result rig_ocsp_time(int64_t unix_ms, ASN1_GENERALIZEDTIME **out, struct rig_error *err)
{
    *out = ASN1_GENERALIZEDTIME_set(NULL, (time_t)(unix_ms / 1000));
    return *out != NULL ? RIG_DONE : rig_pki_fail_library(err, "set an OCSP answer's time");
}

rig_result rig_ocsp_answer_status(int status, struct rig_buf *response, struct rig_error *err)
{
    RIG_AUTO(rig_auto_OCSP_RESPONSE) OCSP_RESPONSE *made = OCSP_response_create(status, NULL);

    return rig_ocsp_response_der(made, response, err);
}

/* ---- what came ---- */

static bool nonce_is_fit(const X509_EXTENSION *extension)
{
    const ASN1_OCTET_STRING *const value = X509_EXTENSION_get_data((X509_EXTENSION *)extension);
    const uint8_t *at = ASN1_STRING_get0_data(value);
    const uint8_t *const end = at + ASN1_STRING_length(value);
    const uint8_t *content = at;
    const uint8_t *next = end;

    /* some clients leave out the OCTET STRING around it */
    if (!rig_pki_der_enter(&at, end, V_ASN1_OCTET_STRING, &content, &next)) {
        content = ASN1_STRING_get0_data(value);
        next = end;
    }
    return next > content && next - content <= MAX_NONCE_BYTES;
}

static bool extensions_are_fit(OCSP_REQUEST *request)
{
    for (int i = 0; i < OCSP_REQUEST_get_ext_count(request); i++) {
        X509_EXTENSION *const extension = OCSP_REQUEST_get_ext(request, i);

        if (OBJ_obj2nid(X509_EXTENSION_get_object(extension)) == NID_id_pkix_OCSP_Nonce) {
            if (!nonce_is_fit(extension)) {
                return false;
            }
        } else if (X509_EXTENSION_get_critical(extension) != 0) {
            return false;
        }
    }
    return true;
}

static OCSP_REQUEST *decode(const void *bytes, size_t n_bytes)
{
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *request = NULL;
    const uint8_t *at = bytes;
    OCSP_REQUEST *fit;

    request = n_bytes != 0 && n_bytes <= MAX_REQUEST_BYTES
                  ? d2i_OCSP_REQUEST(NULL, &at, (long)n_bytes)
                  : NULL;
    if (request == NULL || at != (const uint8_t *)bytes + n_bytes ||
        OCSP_request_onereq_count(request) < 1 || OCSP_request_onereq_count(request) > MAX_ASKED ||
        !extensions_are_fit(request)) {
        return NULL;
    }
    fit = request;
    request = NULL;
    return fit;
}

static bool all_are_of(X509 *issuer, OCSP_REQUEST *request)
{
    for (int i = 0; i < OCSP_request_onereq_count(request); i++) {
        if (!rig_ocsp_is_issuer(issuer,
                                OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, i)))) {
            return false;
        }
    }
    return true;
}

/* ---- what is said ---- */

static rig_result add_single(const struct rig_ocsp_signer *signer, OCSP_CERTID *id,
                             OCSP_BASICRESP *basic, struct rig_error *err)
{
    static const int statuses[] = {
        [RIG_OCSP_GOOD] = V_OCSP_CERTSTATUS_GOOD,
        [RIG_OCSP_REVOKED] = V_OCSP_CERTSTATUS_REVOKED,
        [RIG_OCSP_UNKNOWN] = V_OCSP_CERTSTATUS_UNKNOWN,
    };
    RIG_AUTO(rig_auto_ASN1_GENERALIZEDTIME) ASN1_GENERALIZEDTIME *this_update = NULL;
    RIG_AUTO(rig_auto_ASN1_GENERALIZEDTIME) ASN1_GENERALIZEDTIME *next_update = NULL;
    RIG_AUTO(rig_auto_ASN1_GENERALIZEDTIME) ASN1_GENERALIZEDTIME *revoked_at = NULL;
    struct rig_ocsp_record record = {.status = RIG_OCSP_UNKNOWN};
    ASN1_INTEGER *number = NULL;
    char serial[RIG_SERIAL_TEXT_SIZE] = "";

    (void)OCSP_id_get0_info(NULL, NULL, NULL, &number, id);
    rig_pki_serial_text(number, serial, sizeof serial);
    if (serial[0] != '\0') { /* negative, or longer than any that a CA may give out */
        RIG_TRY(signer->look_up(signer->ctx, serial, &record, err));
    }
    RIG_TRY(rig_ocsp_time(signer->now_ms, &this_update, err));
    RIG_TRY(rig_ocsp_time(signer->next_update_ms, &next_update, err));
    if (record.status == RIG_OCSP_REVOKED) {
        RIG_TRY(rig_ocsp_time(record.revoked_at_ms, &revoked_at, err));
    }
    /* as in a CRL (RFC 5280 5.3.1): no reason rather than "unspecified" */
    if (OCSP_basic_add1_status(basic, id, statuses[record.status],
                               record.reason != RIG_REVOKED_UNSPECIFIED
                                   ? (int)record.reason
                                   : OCSP_REVOKED_STATUS_NOSTATUS,
                               revoked_at, this_update, next_update) == NULL) {
        return rig_pki_fail_library(err, "build an OCSP answer");
    }
    return RIG_DONE;
}

static rig_result sign(const struct rig_ocsp_signer *signer, OCSP_BASICRESP *basic,
                       struct rig_error *err)
{
    /* producedAt is our clock's, not the system's: hence NOTIME */
    ASN1_GENERALIZEDTIME *produced = (ASN1_GENERALIZEDTIME *)OCSP_resp_get0_produced_at(basic);

    if (ASN1_GENERALIZEDTIME_set(produced, (time_t)(signer->now_ms / 1000)) == NULL ||
        OCSP_basic_sign(basic, signer->certificate, signer->key, rig_key_digest(signer->key), NULL,
                        OCSP_NOTIME | OCSP_RESPID_KEY) != 1) {
        return rig_pki_fail_library(err, "sign an OCSP answer");
    }
    return RIG_DONE;
}

static rig_result answer_all(const struct rig_ocsp_signer *signer, OCSP_REQUEST *request,
                             struct rig_buf *response, struct rig_error *err)
{
    RIG_AUTO(rig_auto_OCSP_BASICRESP) OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    RIG_AUTO(rig_auto_OCSP_RESPONSE) OCSP_RESPONSE *made = NULL;

    if (basic == NULL) {
        return rig_fail_memory(err);
    }
    for (int i = 0; i < OCSP_request_onereq_count(request); i++) {
        RIG_TRY(add_single(signer, OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, i)), basic,
                           err));
    }
    if (OCSP_copy_nonce(basic, request) <= 0) { /* 2: there was none */
        return rig_pki_fail_library(err, "add a nonce to an OCSP answer");
    }
    RIG_TRY(sign(signer, basic, err));
    made = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    return rig_ocsp_response_der(made, response, err);
}

rig_result rig_ocsp_answer(const struct rig_ocsp_signer *signer, const void *request,
                           size_t request_len, struct rig_buf *response, struct rig_error *err)
{
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *decoded = NULL;

    rig_pki_begin();
    decoded = decode(request, request_len);
    rig_pki_begin(); /* what a client sends is no error of ours */
    if (decoded == NULL) {
        return rig_ocsp_answer_status(OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, response, err);
    }
    if (!all_are_of(signer->issuer, decoded)) {
        rig_pki_begin();
        return rig_ocsp_answer_status(OCSP_RESPONSE_STATUS_UNAUTHORIZED, response, err);
    }
    return answer_all(signer, decoded, response, err);
}
