/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/ocsp.h"

#include "rig/ca/ocsp.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DEFAULT_SKEW_S 300

static const char *const names[RIG_TLS_N_OCSP_RESULTS] = {
    [RIG_TLS_OCSP_NOT_ASKED] = "not_asked",
    [RIG_TLS_OCSP_GOOD] = "good",
    [RIG_TLS_OCSP_REVOKED] = "revoked",
    [RIG_TLS_OCSP_UNKNOWN] = "unknown",
    [RIG_TLS_OCSP_UNREACHABLE] = "unreachable",
    [RIG_TLS_OCSP_TIMED_OUT] = "timed_out",
    [RIG_TLS_OCSP_TRY_LATER] = "try_later",
    [RIG_TLS_OCSP_UNAUTHORIZED] = "unauthorized",
    [RIG_TLS_OCSP_RESPONDER_ERROR] = "responder_error",
    [RIG_TLS_OCSP_MALFORMED] = "malformed",
    [RIG_TLS_OCSP_BAD_SIGNATURE] = "bad_signature",
    [RIG_TLS_OCSP_WRONG_SIGNER] = "wrong_signer",
    [RIG_TLS_OCSP_WRONG_CERTIFICATE] = "wrong_certificate",
    [RIG_TLS_OCSP_STALE] = "stale",
    [RIG_TLS_OCSP_FUTURE] = "future",
    [RIG_TLS_OCSP_NONCE] = "nonce",
};

const char *rig_tls_ocsp_result_name(enum rig_tls_ocsp_result result)
{
    return (unsigned)result < RIG_TLS_N_OCSP_RESULTS ? names[result] : "unknown_result";
}

enum rig_tls_ocsp_result rig_tls_ocsp_result_of(const char *name)
{
    int found = 0;

    while (found < RIG_TLS_N_OCSP_RESULTS && strcmp(names[found], name) != 0) {
        found++;
    }
    return (enum rig_tls_ocsp_result)found;
}

bool rig_tls_ocsp_is_answer(enum rig_tls_ocsp_result result)
{
    return result == RIG_TLS_OCSP_GOOD || result == RIG_TLS_OCSP_REVOKED ||
           result == RIG_TLS_OCSP_UNKNOWN;
}

rig_result rig_tls_ocsp_request(const struct rig_tls_ocsp_rules *rules, X509 *certificate,
                                X509 *issuer, OCSP_REQUEST **request, struct rig_error *err)
{
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *made = OCSP_REQUEST_new();
    OCSP_CERTID *const id = OCSP_cert_to_id(EVP_sha1(), certificate, issuer);

    if (made == NULL || id == NULL || OCSP_request_add0_id(made, id) == NULL) {
        OCSP_CERTID_free(id);
        ERR_clear_error();
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "cannot make an OCSP request");
    }
    if (rules->nonce != RIG_TLS_OCSP_NO_NONCE && OCSP_request_add1_nonce(made, NULL, -1) != 1) {
        ERR_clear_error();
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "cannot make an OCSP nonce");
    }
    *request = made;
    made = NULL;
    return RIG_DONE;
}

/* Why OCSP_basic_verify said no: its signature, or who made it. */
static enum rig_tls_ocsp_result judge_refusal(void)
{
    bool bad_signature = false;
    unsigned long code;

    while ((code = ERR_get_error()) != 0) {
        if (ERR_GET_LIB(code) == ERR_LIB_OCSP && ERR_GET_REASON(code) == OCSP_R_SIGNATURE_FAILURE) {
            bad_signature = true;
        }
    }
    return bad_signature ? RIG_TLS_OCSP_BAD_SIGNATURE : RIG_TLS_OCSP_WRONG_SIGNER;
}

static enum rig_tls_ocsp_result judge_signer(OCSP_BASICRESP *basic, STACK_OF(X509) * chain,
                                             X509_STORE *store, int64_t now_ms)
{
    /* a responder's dates are compared with the same clock */
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)(now_ms / 1000));
    ERR_clear_error();
    return OCSP_basic_verify(basic, chain, store, 0) == 1 ? RIG_TLS_OCSP_GOOD : judge_refusal();
}

static enum rig_tls_ocsp_result judge_nonce(const struct rig_tls_ocsp_rules *rules,
                                            OCSP_REQUEST *request, OCSP_BASICRESP *basic)
{
    const int compared = OCSP_check_nonce(request, basic);

    if (compared == 0 || (compared == -1 && rules->nonce == RIG_TLS_OCSP_NONCE_REQUIRED)) {
        return RIG_TLS_OCSP_NONCE;
    }
    return RIG_TLS_OCSP_GOOD;
}

static enum rig_tls_ocsp_result judge_times(const struct rig_tls_ocsp_rules *rules,
                                            const ASN1_GENERALIZEDTIME *this_update,
                                            const ASN1_GENERALIZEDTIME *next_update, int64_t now_ms)
{
    const int64_t skew_s = rules->skew_s != 0 ? rules->skew_s : DEFAULT_SKEW_S;
    const time_t now = (time_t)(now_ms / 1000);

    if (this_update == NULL || ASN1_TIME_cmp_time_t(this_update, now + (time_t)skew_s) > 0) {
        return RIG_TLS_OCSP_FUTURE;
    }
    if (next_update != NULL && ASN1_TIME_cmp_time_t(next_update, now - (time_t)skew_s) < 0) {
        return RIG_TLS_OCSP_STALE;
    }
    if (next_update == NULL && rules->max_age_s != 0 &&
        ASN1_TIME_cmp_time_t(this_update, now - (time_t)(rules->max_age_s + skew_s)) < 0) {
        return RIG_TLS_OCSP_STALE;
    }
    return RIG_TLS_OCSP_GOOD;
}

static enum rig_tls_ocsp_result judge_status(const struct rig_tls_ocsp_rules *rules,
                                             OCSP_REQUEST *request, OCSP_BASICRESP *basic,
                                             int64_t now_ms, char *text, size_t text_size)
{
    OCSP_CERTID *const wanted = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0));
    ASN1_GENERALIZEDTIME *revoked_at = NULL;
    ASN1_GENERALIZEDTIME *this_update = NULL;
    ASN1_GENERALIZEDTIME *next_update = NULL;
    int reason = -1;
    int status = -1;

    if (OCSP_resp_find_status(basic, wanted, &status, &reason, &revoked_at, &this_update,
                              &next_update) != 1) {
        (void)rig_copy_text(text, text_size, "the answer is about other certificates");
        return RIG_TLS_OCSP_WRONG_CERTIFICATE;
    }
    if (!rules->unverified) {
        const enum rig_tls_ocsp_result dated = judge_times(rules, this_update, next_update, now_ms);

        if (dated != RIG_TLS_OCSP_GOOD) {
            (void)rig_copy_text(text, text_size,
                                dated == RIG_TLS_OCSP_STALE ? "the answer is too old"
                                                            : "the answer is of a time to come");
            return dated;
        }
    }
    switch (status) {
    case V_OCSP_CERTSTATUS_GOOD:
        return RIG_TLS_OCSP_GOOD;
    case V_OCSP_CERTSTATUS_REVOKED:
        (void)snprintf(text, text_size, "revoked%s%s", reason >= 0 ? ", reason " : "",
                       reason >= 0 ? OCSP_crl_reason_str(reason) : "");
        return RIG_TLS_OCSP_REVOKED;
    default:
        (void)rig_copy_text(text, text_size, "the responder does not know the certificate");
        return RIG_TLS_OCSP_UNKNOWN;
    }
}

static enum rig_tls_ocsp_result judge_response_status(OCSP_RESPONSE *response, char *text,
                                                      size_t text_size)
{
    const int status = OCSP_response_status(response);

    (void)snprintf(text, text_size, "the responder answered %s",
                   rig_ocsp_response_status_name(status));
    switch (status) {
    case OCSP_RESPONSE_STATUS_SUCCESSFUL:
        text[0] = '\0';
        return RIG_TLS_OCSP_GOOD;
    case OCSP_RESPONSE_STATUS_TRYLATER:
        return RIG_TLS_OCSP_TRY_LATER;
    case OCSP_RESPONSE_STATUS_UNAUTHORIZED:
        return RIG_TLS_OCSP_UNAUTHORIZED;
    default:
        return RIG_TLS_OCSP_RESPONDER_ERROR;
    }
}

static enum rig_tls_ocsp_result judge_basic(const struct rig_tls_ocsp_rules *rules,
                                            OCSP_REQUEST *request, OCSP_BASICRESP *basic,
                                            STACK_OF(X509) * chain, X509_STORE *store,
                                            int64_t now_ms, char *text, size_t text_size)
{
    enum rig_tls_ocsp_result result;

    if (!rules->unverified) {
        result = judge_signer(basic, chain, store, now_ms);
        if (result != RIG_TLS_OCSP_GOOD) {
            (void)rig_copy_text(text, text_size,
                                result == RIG_TLS_OCSP_BAD_SIGNATURE
                                    ? "the answer's signature is wrong"
                                    : "the answer's signer may not speak for this issuer");
            return result;
        }
        result = judge_nonce(rules, request, basic);
        if (result != RIG_TLS_OCSP_GOOD) {
            (void)rig_copy_text(text, text_size, "the answer's nonce is not the request's");
            return result;
        }
    }
    return judge_status(rules, request, basic, now_ms, text, text_size);
}

enum rig_tls_ocsp_result rig_tls_ocsp_judge(const struct rig_tls_ocsp_rules *rules,
                                            OCSP_REQUEST *request, OCSP_RESPONSE *response,
                                            STACK_OF(X509) * chain, X509_STORE *store,
                                            int64_t now_ms, char *text, size_t text_size)
{
    RIG_AUTO(rig_auto_OCSP_BASICRESP) OCSP_BASICRESP *basic = NULL;
    enum rig_tls_ocsp_result result;

    text[0] = '\0';
    if (response == NULL) {
        (void)rig_copy_text(text, text_size, "the answer is no OCSP response");
        return RIG_TLS_OCSP_MALFORMED;
    }
    result = judge_response_status(response, text, text_size);
    if (result != RIG_TLS_OCSP_GOOD) {
        return result;
    }
    basic = OCSP_response_get1_basic(response);
    if (basic == NULL) {
        ERR_clear_error();
        (void)rig_copy_text(text, text_size, "the answer holds no basic OCSP response");
        return RIG_TLS_OCSP_MALFORMED;
    }
    result = judge_basic(rules, request, basic, chain, store, now_ms, text, text_size);
    ERR_clear_error();
    return result;
}
