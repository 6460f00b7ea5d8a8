/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/verify.h"

#include "rig/tls/resume.h"
#include "rig/tls/twin.h"

#include <openssl/err.h>
#include <stdio.h>

/* OpenSSL picks the alert by the error, so another alert needs another error. */
static int error_for_alert(int alert)
{
    switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
        return X509_V_ERR_APPLICATION_VERIFICATION;
    case SSL_AD_BAD_CERTIFICATE:
        return X509_V_ERR_CERT_REJECTED;
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
        return X509_V_ERR_INVALID_PURPOSE;
    case SSL_AD_CERTIFICATE_REVOKED:
        return X509_V_ERR_CERT_REVOKED;
    case SSL_AD_CERTIFICATE_EXPIRED:
        return X509_V_ERR_CERT_HAS_EXPIRED;
    case SSL_AD_UNKNOWN_CA:
        return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
    case SSL_AD_DECRYPT_ERROR:
        return X509_V_ERR_CERT_SIGNATURE_FAILURE;
    case SSL_AD_INTERNAL_ERROR:
        return X509_V_ERR_OUT_OF_MEM;
    default:
        return X509_V_ERR_INVALID_EXTENSION; /* certificate_unknown */
    }
}

static void set_time(const struct rig_tls_service *service, X509_STORE_CTX *store)
{
    if (service->fault != RIG_TLS_FAULT_NO_TIME) {
        X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(store),
                                   (time_t)(rig_clock_now_ms(service->clock) / 1000));
    }
}

static void keep_verified(struct rig_tls_observed *observed, STACK_OF(X509) * chain)
{
    sk_X509_pop_free(observed->verified_chain, X509_free);
    observed->verified_chain = chain;
}

static void keep_presented(struct rig_tls_observed *observed, STACK_OF(X509) * presented)
{
    sk_X509_pop_free(observed->presented, X509_free);
    observed->presented = presented != NULL ? X509_chain_up_ref(presented) : NULL;
}

static int overlook(int ok, X509_STORE_CTX *store)
{
    const SSL *const session =
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    const struct rig_tls_observed *const observed = SSL_get_app_data(session);

    if (ok == 0 &&
        rig_tls_twin_overlooks(observed->service->fault, X509_STORE_CTX_get_error(store))) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    return ok;
}

/* What a server that is wrong on purpose refuses although it passed. */
static int refuse_as_twin(const struct rig_tls_observed *observed, X509_STORE_CTX *store)
{
    const int error =
        rig_tls_twin_refuses(observed->service->fault, observed->presented,
                             X509_STORE_CTX_get0_chain(store), observed->trust->checks_revocation);

    if (error == X509_V_OK) {
        return 1;
    }
    X509_STORE_CTX_set_error(store, error);
    X509_STORE_CTX_set_error_depth(store, 0);
    return 0;
}

static int verify_now(struct rig_tls_observed *observed, X509_STORE_CTX *store)
{
    const struct rig_tls_service *const service = observed->service;
    struct rig_tls_evidence *const evidence = &observed->evidence;
    int verified;

    if (service->fault == RIG_TLS_FAULT_NO_VERIFY) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        keep_verified(observed, X509_chain_up_ref(X509_STORE_CTX_get0_untrusted(store)));
        return 1;
    }
    set_time(service, store);
    if (service->fault == RIG_TLS_FAULT_ANY_PURPOSE) {
        (void)X509_VERIFY_PARAM_set_purpose(X509_STORE_CTX_get0_param(store), X509_PURPOSE_ANY);
    }
    X509_STORE_CTX_set_verify_cb(store, overlook);
    verified = X509_verify_cert(store);
    if (verified > 0) {
        verified = refuse_as_twin(observed, store);
    }
    evidence->verify_error = X509_STORE_CTX_get_error(store);
    if (verified > 0) {
        keep_verified(observed, X509_STORE_CTX_get1_chain(store));
        return verified;
    }
    evidence->verify_depth = X509_STORE_CTX_get_error_depth(store);
    (void)rig_copy_text(evidence->verify_text, sizeof evidence->verify_text,
                        X509_verify_cert_error_string(evidence->verify_error));
    if (service->fault == RIG_TLS_FAULT_WRONG_ALERT) {
        evidence->misbehaved = true;
        X509_STORE_CTX_set_error(store, error_for_alert(service->fault_alert));
    }
    return verified;
}

int rig_tls_verify(X509_STORE_CTX *store, void *arg)
{
    SSL *const session = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct rig_tls_observed *const observed = session != NULL ? SSL_get_app_data(session) : NULL;
    int verified;

    (void)arg;
    if (observed == NULL) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_INVALID_CALL);
        return 0;
    }
    keep_presented(observed, X509_STORE_CTX_get0_untrusted(store));
    verified = verify_now(observed, store);
    if (verified > 0 && observed->service->resumption != RIG_TLS_RESUMPTION_OFF) {
        rig_tls_resume_keep_chain(SSL_get0_session(session), X509_STORE_CTX_get0_untrusted(store));
    }
    return verified;
}

static bool enrolment_allows(struct rig_tls_observed *observed, char *text, size_t text_size)
{
    const struct rig_tls_enrolment_hook *const hook = &observed->service->enrolment;

    text[0] = '\0';
    return hook->allows == NULL || observed->verified_chain == NULL ||
           hook->allows(hook->ctx, observed->verified_chain, text, text_size);
}

static bool verify_again(struct rig_tls_observed *observed, X509_STORE_CTX *store)
{
    struct rig_tls_evidence *const evidence = &observed->evidence;

    (void)X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(store),
                                 SSL_CTX_get0_param(observed->service->context));
    set_time(observed->service, store);
    if (X509_verify_cert(store) == 1) {
        keep_verified(observed, X509_STORE_CTX_get1_chain(store));
        return true;
    }
    (void)snprintf(evidence->revalidation_text, sizeof evidence->revalidation_text, "%s (depth %d)",
                   X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)),
                   X509_STORE_CTX_get_error_depth(store));
    return false;
}

bool rig_tls_revalidate(struct rig_tls_observed *observed, X509 *leaf, STACK_OF(X509) * presented)
{
    struct rig_tls_evidence *const evidence = &observed->evidence;
    X509_STORE_CTX *const store = X509_STORE_CTX_new();
    bool good = store != NULL &&
                X509_STORE_CTX_init(store, observed->trust->store, leaf, presented) == 1 &&
                X509_STORE_CTX_set_default(store, "ssl_client") == 1;

    if (!good) {
        (void)rig_copy_text(evidence->revalidation_text, sizeof evidence->revalidation_text,
                            "no memory to check the session's certificate");
    }
    good =
        good && verify_again(observed, store) &&
        enrolment_allows(observed, evidence->revalidation_text, sizeof evidence->revalidation_text);
    X509_STORE_CTX_free(store);
    ERR_clear_error();
    if (good) {
        evidence->revalidation_text[0] = '\0';
    }
    return good;
}

static bool refuse(struct rig_tls_observed *observed, enum rig_tls_refusal by, const char *why)
{
    observed->evidence.refused_by = by;
    (void)rig_copy_text(observed->evidence.refusal_text, sizeof observed->evidence.refusal_text,
                        why);
    return false;
}

bool rig_tls_application_allows(struct rig_tls_observed *observed)
{
    const struct rig_tls_service *const service = observed->service;
    struct rig_tls_evidence *const evidence = &observed->evidence;
    char names[128];

    if (observed->verified_chain == NULL || sk_X509_num(observed->verified_chain) == 0) {
        return true;
    }
    if (service->has_policy) {
        evidence->policy_findings =
            rig_tls_policy_check(&service->policy, sk_X509_value(observed->verified_chain, 0));
        if (service->policy_refuses && (evidence->policy_findings != 0 ||
                                        service->fault == RIG_TLS_FAULT_POLICY_REFUSES_ALL)) {
            rig_tls_findings_text(evidence->policy_findings, names, sizeof names);
            return refuse(observed, RIG_TLS_REFUSED_BY_POLICY, names);
        }
    }
    if (!enrolment_allows(observed, evidence->enrolment_text, sizeof evidence->enrolment_text)) {
        return refuse(observed, RIG_TLS_REFUSED_BY_ENROLMENT, evidence->enrolment_text);
    }
    return true;
}

/* A naive server takes a resumed session's word for who is there. */
bool rig_tls_wants_line(const struct rig_tls_observed *observed)
{
    const struct rig_tls_service *const service = observed->service;

    return service->enrolment.registers != NULL &&
           (!observed->evidence.resumed || service->revalidates);
}

bool rig_tls_line_allows(struct rig_tls_observed *observed, const char *line, size_t n_line)
{
    const struct rig_tls_enrolment_hook *const hook = &observed->service->enrolment;
    struct rig_tls_evidence *const evidence = &observed->evidence;

    while (n_line != 0 && (line[n_line - 1] == '\n' || line[n_line - 1] == '\r')) {
        n_line--;
    }
    return hook->registers(hook->ctx, observed->verified_chain, observed->presented, line, n_line,
                           evidence->enrolment_text, sizeof evidence->enrolment_text) ||
           refuse(observed, RIG_TLS_REFUSED_BY_ENROLMENT, evidence->enrolment_text);
}

bool rig_tls_ocsp_allows(struct rig_tls_observed *observed)
{
    struct rig_tls_evidence *const evidence = &observed->evidence;
    char why[160];

    if (observed->service->fault == RIG_TLS_FAULT_OCSP_FORGETS &&
        rig_tls_ocsp_is_answer(evidence->ocsp_result)) {
        return true;
    }
    if (evidence->ocsp_result == RIG_TLS_OCSP_GOOD ||
        (observed->service->ocsp.fail_open && !rig_tls_ocsp_is_answer(evidence->ocsp_result))) {
        return true;
    }
    (void)snprintf(why, sizeof why, "OCSP: %s%s%.100s",
                   rig_tls_ocsp_result_name(evidence->ocsp_result),
                   evidence->ocsp_text[0] != '\0' ? ", " : "", evidence->ocsp_text);
    return refuse(observed, RIG_TLS_REFUSED_BY_OCSP, why);
}
