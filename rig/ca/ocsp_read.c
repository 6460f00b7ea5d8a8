/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/ocsp.h"

#include <limits.h>
#include <time.h>

#define SKEW_MS (INT64_C(300) * 1000)

const char *rig_ocsp_response_status_name(int status)
{
    switch (status) {
    case OCSP_RESPONSE_STATUS_SUCCESSFUL:
        return "successful";
    case OCSP_RESPONSE_STATUS_MALFORMEDREQUEST:
        return "malformedRequest";
    case OCSP_RESPONSE_STATUS_INTERNALERROR:
        return "internalError";
    case OCSP_RESPONSE_STATUS_TRYLATER:
        return "tryLater";
    case OCSP_RESPONSE_STATUS_SIGREQUIRED:
        return "sigRequired";
    case OCSP_RESPONSE_STATUS_UNAUTHORIZED:
        return "unauthorized";
    default:
        return "unknown";
    }
}

static rig_result append_der(uint8_t *bytes, int len, const char *what, struct rig_buf *der,
                             struct rig_error *err)
{
    const rig_result result =
        len > 0 ? rig_buf_append(der, bytes, (size_t)len, err) : rig_pki_fail_library(err, what);

    OPENSSL_free(bytes);
    return result;
}

rig_result rig_ocsp_request_der(OCSP_REQUEST *request, struct rig_buf *der, struct rig_error *err)
{
    uint8_t *bytes = NULL;
    const int len = request != NULL ? i2d_OCSP_REQUEST(request, &bytes) : 0;

    return append_der(bytes, len, "encode an OCSP request", der, err);
}

rig_result rig_ocsp_response_der(OCSP_RESPONSE *response, struct rig_buf *der,
                                 struct rig_error *err)
{
    uint8_t *bytes = NULL;
    const int len = response != NULL ? i2d_OCSP_RESPONSE(response, &bytes) : 0;

    return append_der(bytes, len, "encode an OCSP answer", der, err);
}

bool rig_ocsp_is_issuer(X509 *issuer, OCSP_CERTID *id)
{
    RIG_AUTO(rig_auto_OCSP_CERTID) OCSP_CERTID *own = NULL;
    ASN1_OBJECT *algorithm = NULL;
    ASN1_INTEGER *serial = NULL;
    const EVP_MD *digest;

    if (OCSP_id_get0_info(NULL, &algorithm, NULL, &serial, id) != 1) {
        return false;
    }
    digest = EVP_get_digestbyobj(algorithm);
    own = digest != NULL ? OCSP_cert_id_new(digest, X509_get_subject_name(issuer),
                                            X509_get0_pubkey_bitstr(issuer), serial)
                         : NULL;
    return own != NULL && OCSP_id_issuer_cmp(own, id) == 0;
}

/* ---- the question ---- */

static rig_result make_id(X509 *issuer, const char *serial, OCSP_CERTID **id, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *number = NULL;
    RIG_AUTO(rig_auto_ASN1_INTEGER) ASN1_INTEGER *integer = NULL;
    char plain[RIG_SERIAL_TEXT_SIZE];

    RIG_TRY(rig_pki_serial_read(serial, plain, err));
    integer = BN_hex2bn(&number, plain) != 0 ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
    *id = integer != NULL ? OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(issuer),
                                             X509_get0_pubkey_bitstr(issuer), integer)
                          : NULL;
    return *id != NULL ? RIG_DONE : rig_pki_fail_library(err, "make an OCSP request");
}

rig_result rig_ocsp_request(X509 *issuer, const char *serial, bool with_nonce,
                            OCSP_REQUEST **request, struct rig_error *err)
{
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *made = OCSP_REQUEST_new();
    RIG_AUTO(rig_auto_OCSP_CERTID) OCSP_CERTID *id = NULL;

    rig_pki_begin();
    RIG_TRY(make_id(issuer, serial, &id, err));
    if (made == NULL || OCSP_request_add0_id(made, id) == NULL) {
        return rig_pki_fail_library(err, "make an OCSP request");
    }
    id = NULL;
    if (with_nonce && OCSP_request_add1_nonce(made, NULL, -1) != 1) {
        return rig_pki_fail_library(err, "make an OCSP nonce");
    }
    *request = made;
    made = NULL;
    return RIG_DONE;
}

/* ---- the answer ---- */

static rig_result fail_status(const struct rig_ocsp_reader *reader, int status,
                              struct rig_error *err)
{
    const bool remedied =
        status == OCSP_RESPONSE_STATUS_UNAUTHORIZED && reader->unauthorized != NULL;

    return rig_fail(err, RIG_CLASS_CA,
                    status == OCSP_RESPONSE_STATUS_TRYLATER ? RIG_E_UNAVAILABLE : RIG_E_REFUSED,
                    "the OCSP responder of %s says '%s'%s%s", reader->responder,
                    rig_ocsp_response_status_name(status), remedied ? ": " : "",
                    remedied ? reader->unauthorized : "");
}

static rig_result verify(const struct rig_ocsp_reader *reader, OCSP_BASICRESP *basic,
                         struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509_STORE) X509_STORE *store = X509_STORE_new();

    if (store == NULL || X509_STORE_add_cert(store, reader->root) != 1) {
        return rig_pki_fail_library(err, "fill a trust store");
    }
    /* a responder's own dates are compared with the same clock */
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)(reader->now_ms / 1000));
    if (OCSP_basic_verify(basic, reader->cas, store, 0) != 1) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_BAD_SIGNATURE,
                            "the OCSP answer of %s is not signed by the issuing CA or its "
                            "responder: give the responder a certificate of that CA for "
                            "OCSPSigning, valid now",
                            reader->responder);
    }
    return RIG_DONE;
}

static rig_result check_nonce(const struct rig_ocsp_reader *reader, OCSP_REQUEST *request,
                              OCSP_BASICRESP *basic, struct rig_error *err)
{
    const bool asked = OCSP_REQUEST_get_ext_by_NID(request, NID_id_pkix_OCSP_Nonce, -1) >= 0;

    if (asked && OCSP_check_nonce(request, basic) != 1) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_PROTOCOL,
                            "the OCSP answer of %s does not bring back the nonce that was sent: it "
                            "may be an older one; have the responder answer each question anew",
                            reader->responder);
    }
    return RIG_DONE;
}

static rig_result check_times(const struct rig_ocsp_reader *reader, const struct rig_ca_ocsp *ocsp,
                              struct rig_error *err)
{
    char when[RIG_TIME_TEXT_SIZE];

    if (ocsp->this_update_ms > reader->now_ms + SKEW_MS) {
        rig_time_text(ocsp->this_update_ms, when);
        return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY,
                        "the OCSP answer of %s is not of now, its thisUpdate is %s: set the clocks "
                        "of this host and of the server",
                        reader->responder, when);
    }
    if (ocsp->next_update_ms != 0 && (ocsp->next_update_ms < reader->now_ms - SKEW_MS ||
                                      ocsp->next_update_ms < ocsp->this_update_ms)) {
        rig_time_text(ocsp->next_update_ms, when);
        return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY,
                        "the OCSP answer of %s is not of now, its nextUpdate was %s: have the "
                        "responder make new answers, and set the clocks of this host and of the "
                        "server",
                        reader->responder, when);
    }
    return RIG_DONE;
}

static rig_result time_of(const ASN1_GENERALIZEDTIME *time, int64_t *ms, struct rig_error *err)
{
    *ms = 0;
    return time != NULL ? rig_pki_time_get(time, ms, err) : RIG_DONE;
}

static enum rig_revocation_reason reason_of(int reason)
{
    switch (reason) {
    case OCSP_REVOKED_STATUS_KEYCOMPROMISE:
        return RIG_REVOKED_KEY_COMPROMISE;
    case OCSP_REVOKED_STATUS_SUPERSEDED:
        return RIG_REVOKED_SUPERSEDED;
    case OCSP_REVOKED_STATUS_CESSATIONOFOPERATION:
        return RIG_REVOKED_CESSATION;
    default:
        return RIG_REVOKED_UNSPECIFIED;
    }
}

static rig_result read_status(const struct rig_ocsp_reader *reader, OCSP_BASICRESP *basic,
                              OCSP_REQUEST *request, struct rig_ca_ocsp *ocsp,
                              struct rig_error *err)
{
    OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0));
    ASN1_GENERALIZEDTIME *revoked = NULL;
    ASN1_GENERALIZEDTIME *this_update = NULL;
    ASN1_GENERALIZEDTIME *next_update = NULL;
    int status = 0;
    int reason = -1;

    if (OCSP_resp_find_status(basic, id, &status, &reason, &revoked, &this_update, &next_update) !=
        1) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_PROTOCOL,
                            "the OCSP answer of %s speaks of another certificate",
                            reader->responder);
    }
    RIG_TRY(time_of(revoked, &ocsp->revoked_at_ms, err));
    RIG_TRY(time_of(this_update, &ocsp->this_update_ms, err));
    RIG_TRY(time_of(next_update, &ocsp->next_update_ms, err));
    RIG_TRY(check_times(reader, ocsp, err));
    ocsp->reason = reason_of(reason);
    ocsp->status = status == V_OCSP_CERTSTATUS_GOOD      ? RIG_OCSP_GOOD
                   : status == V_OCSP_CERTSTATUS_REVOKED ? RIG_OCSP_REVOKED
                                                         : RIG_OCSP_UNKNOWN;
    return RIG_DONE;
}

rig_result rig_ocsp_read(const struct rig_ocsp_reader *reader, OCSP_REQUEST *request,
                         const void *response, size_t response_len, struct rig_ca_ocsp *ocsp,
                         struct rig_error *err)
{
    RIG_AUTO(rig_auto_OCSP_RESPONSE) OCSP_RESPONSE *decoded = NULL;
    RIG_AUTO(rig_auto_OCSP_BASICRESP) OCSP_BASICRESP *basic = NULL;
    struct rig_ca_ocsp read = {0};
    const uint8_t *at = response;
    int status;

    rig_pki_begin();
    decoded = response_len != 0 && response_len <= LONG_MAX
                  ? d2i_OCSP_RESPONSE(NULL, &at, (long)response_len)
                  : NULL;
    if (decoded == NULL || at != (const uint8_t *)response + response_len) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_PROTOCOL,
                            "what %s gave is no OCSP answer, or not a whole one",
                            reader->responder);
    }
    status = OCSP_response_status(decoded);
    if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        return fail_status(reader, status, err);
    }
    basic = OCSP_response_get1_basic(decoded);
    if (basic == NULL) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_PROTOCOL,
                            "the OCSP answer of %s is of an unknown type", reader->responder);
    }
    RIG_TRY(verify(reader, basic, err));
    RIG_TRY(check_nonce(reader, request, basic, err));
    RIG_TRY(read_status(reader, basic, request, &read, err));
    *ocsp = read;
    return RIG_DONE;
}
