/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/service.h"

#include "rig/tls/context.h"
#include "rig/tls/observe.h"
#include "rig/tls/resume.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_ECHO_BYTES 256
#define DEFAULT_OCSP_TIMEOUT_MS 2000

static void take_values(struct rig_tls_service *service, const struct rig_tls_settings *settings)
{
    service->asks_certificate = settings->request_client_certificate;
    service->needs_certificate = settings->request_client_certificate &&
                                 !settings->certificate_optional &&
                                 settings->fault != RIG_TLS_FAULT_NO_CERTIFICATE_OK;
    service->max_echo_bytes =
        settings->max_echo_bytes != 0 ? settings->max_echo_bytes : DEFAULT_ECHO_BYTES;
    service->crl_check = settings->crl_check;
    service->sni_policy =
        settings->fault != RIG_TLS_FAULT_ANY_SNI ? settings->sni_policy : RIG_TLS_SNI_ANY;
    service->request_renegotiation = settings->request_renegotiation;
    service->resumption = settings->fault == RIG_TLS_FAULT_NEVER_RESUMES ? RIG_TLS_RESUMPTION_OFF
                          : settings->resumption == RIG_TLS_RESUMPTION_OFF &&
                                  settings->fault == RIG_TLS_FAULT_RESUMPTION_LEFT_ON
                              ? RIG_TLS_RESUMPTION_TICKETS
                              : settings->resumption;
    service->revalidates =
        settings->resumption_revalidates && settings->fault != RIG_TLS_FAULT_RESUMES_NAIVELY;
    service->policy_refuses =
        settings->policy_refuses && settings->fault != RIG_TLS_FAULT_NO_POLICY;
    if (settings->fault != RIG_TLS_FAULT_NO_ENROLMENT) {
        service->enrolment = settings->enrolment;
    }
    service->ocsp = settings->ocsp;
    service->ocsp.url = NULL;
    service->ocsp.timeout_ms =
        settings->ocsp.timeout_ms != 0 ? settings->ocsp.timeout_ms : DEFAULT_OCSP_TIMEOUT_MS;
    service->ocsp.fail_open |= settings->fault == RIG_TLS_FAULT_OCSP_FAIL_OPEN;
    service->ocsp.rules.unverified |= settings->fault == RIG_TLS_FAULT_OCSP_UNVERIFIED;
    if (settings->fault == RIG_TLS_FAULT_OCSP_FAIL_CLOSED) {
        service->ocsp.fail_open = false;
    }
    if (settings->fault == RIG_TLS_FAULT_OCSP_NEEDS_NONCE) {
        service->ocsp.rules.nonce = RIG_TLS_OCSP_NONCE_REQUIRED;
    }
    if (settings->fault == RIG_TLS_FAULT_OCSP_NO_NONCE) {
        service->ocsp.rules.nonce = RIG_TLS_OCSP_NO_NONCE;
    }
    service->asks_ocsp = (settings->ocsp.url != NULL || settings->ocsp.answer != NULL) &&
                         settings->fault != RIG_TLS_FAULT_NO_OCSP;
    service->capture = settings->capture;
    service->fault = settings->fault;
    service->fault_alert =
        settings->fault_alert != 0 ? settings->fault_alert : SSL_AD_INTERNAL_ERROR;
}

static rig_result fill(struct rig_tls_service *service, const struct rig_tls_settings *settings,
                       struct rig_error *err)
{
    const struct rig_tls_trust_wish wish = {
        .roots_pem = settings->request_client_certificate ? settings->client_roots_pem : NULL,
        .crls_pem = settings->request_client_certificate ? settings->crls_pem : NULL,
        .crl_check = settings->crl_check,
        .fault = settings->fault,
        .generation = 1,
    };

    take_values(service, settings);
    RIG_TRY(rig_tls_context_make(settings, &service->context, err));
    RIG_TRY(rig_tls_trust_make(&wish, &service->trust, err));
    RIG_TRY(rig_dup_text(&service->server_names, settings->server_names, err));
    if (settings->fault == RIG_TLS_FAULT_STALE_CRL) {
        RIG_TRY(rig_dup_text(&service->first_crls_pem, settings->crls_pem, err));
    }
    if (settings->policy != NULL) {
        RIG_TRY(rig_tls_policy_make(settings->policy, &service->policy, err));
        service->has_policy = true;
    }
    if (settings->ocsp.url != NULL && service->asks_ocsp) {
        RIG_TRY(rig_tls_ocsp_target_make(settings->ocsp.url, &service->ocsp_target, err));
    }
    RIG_TRY(rig_tls_resume_set_up(service, settings->ticket_key, err));
    rig_tls_observe_context(service->context, service->capture);
    return RIG_DONE;
}

rig_result rig_tls_service_make(const struct rig_tls_settings *settings,
                                const struct rig_clock *clock, struct rig_tls_service **service,
                                struct rig_error *err)
{
    struct rig_tls_service *const made = calloc(1, sizeof *made);
    rig_result result;

    if (made == NULL) {
        return rig_fail_memory(err);
    }
    made->clock = clock;
    result = fill(made, settings, err);
    if (!result.ok) {
        rig_tls_service_free(made);
        return result;
    }
    *service = made;
    return RIG_DONE;
}

void rig_tls_service_free(struct rig_tls_service *service)
{
    if (service == NULL) {
        return;
    }
    SSL_CTX_free(service->context);
    rig_tls_trust_release(service->trust);
    rig_tls_policy_free(&service->policy);
    free(service->first_crls_pem);
    free(service->server_names);
    free(service);
}
