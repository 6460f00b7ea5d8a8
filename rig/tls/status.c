/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/status.h"

#include "rig/tls/verify.h"

#include <openssl/err.h>
#include <stdlib.h>

struct rig_tls_status {
    OCSP_REQUEST *request;
    struct rig_tls_ocsp_query *query;
    int64_t asked_ns;
    int64_t deadline_ns;
    bool expired;
};

static void say(struct rig_tls_observed *observed, enum rig_tls_ocsp_result result,
                const char *text)
{
    observed->evidence.ocsp_result = result;
    (void)rig_copy_text(observed->evidence.ocsp_text, sizeof observed->evidence.ocsp_text, text);
}

static bool is_asked(const struct rig_tls_observed *observed)
{
    return observed->service->asks_ocsp && observed->verified_chain != NULL &&
           sk_X509_num(observed->verified_chain) != 0;
}

static void judge(struct rig_tls_observed *observed, OCSP_REQUEST *request, OCSP_RESPONSE *response)
{
    const struct rig_tls_service *const service = observed->service;
    char text[sizeof observed->evidence.ocsp_text];

    say(observed,
        rig_tls_ocsp_judge(&service->ocsp.rules, request, response, observed->verified_chain,
                           observed->trust->anchors, rig_clock_now_ms(service->clock), text,
                           sizeof text),
        text);
}

/* An answer that stands there at once. */
static void ask_callback(struct rig_tls_observed *observed, OCSP_REQUEST *request)
{
    const struct rig_tls_ocsp_settings *const ocsp = &observed->service->ocsp;
    RIG_AUTO(rig_buf_free) struct rig_buf answer = {0};
    unsigned char *der = NULL;
    const int len = i2d_OCSP_REQUEST(request, &der);
    OCSP_RESPONSE *response = NULL;
    const unsigned char *at;

    if (len <= 0 || !ocsp->answer(ocsp->ctx, der, (size_t)len, &answer)) {
        say(observed, RIG_TLS_OCSP_UNREACHABLE, "there is no responder");
    } else {
        at = answer.data;
        response = answer.len != 0 ? d2i_OCSP_RESPONSE(NULL, &at, (long)answer.len) : NULL;
        judge(observed, request, response);
        OCSP_RESPONSE_free(response);
    }
    OPENSSL_free(der);
    ERR_clear_error();
}

struct rig_tls_status *rig_tls_status_ask(struct rig_tls_observed *observed)
{
    const struct rig_tls_service *const service = observed->service;
    struct rig_tls_status *status;
    struct rig_error err;

    if (!is_asked(observed)) {
        return NULL;
    }
    if (sk_X509_num(observed->verified_chain) < 2) {
        say(observed, RIG_TLS_OCSP_UNREACHABLE, "the certificate has no issuer to ask");
        return NULL;
    }
    status = calloc(1, sizeof *status);
    if (status == NULL ||
        !rig_tls_ocsp_request(&service->ocsp.rules, sk_X509_value(observed->verified_chain, 0),
                              sk_X509_value(observed->verified_chain, 1), &status->request, &err)
             .ok) {
        say(observed, RIG_TLS_OCSP_UNREACHABLE, "the test server has no memory to ask");
        rig_tls_status_free(status);
        return NULL;
    }
    status->asked_ns = rig_now_ns();
    status->deadline_ns = status->asked_ns + service->ocsp.timeout_ms * RIG_NS_PER_MS;
    if (service->ocsp.answer != NULL) {
        ask_callback(observed, status->request);
    } else {
        status->query = rig_tls_ocsp_query_new(&service->ocsp_target, status->request);
        if (status->query != NULL) {
            return status;
        }
        say(observed, RIG_TLS_OCSP_UNREACHABLE, "no connection to the responder");
    }
    observed->evidence.ocsp_ns = rig_now_ns() - status->asked_ns;
    rig_tls_status_free(status);
    return NULL;
}

bool rig_tls_status_drive(struct rig_tls_status *status, struct rig_tls_observed *observed)
{
    OCSP_RESPONSE *response = NULL;
    char text[sizeof observed->evidence.ocsp_text] = "";
    enum rig_tls_ocsp_progress progress;

    if (status->expired) {
        say(observed, RIG_TLS_OCSP_TIMED_OUT, "no answer in time");
        observed->evidence.ocsp_ns = rig_now_ns() - status->asked_ns;
        return true;
    }
    progress = rig_tls_ocsp_query_drive(status->query, &response, text, sizeof text);
    switch (progress) {
    case RIG_TLS_OCSP_WAITS:
        return false;
    case RIG_TLS_OCSP_NO_ANSWER:
        say(observed, RIG_TLS_OCSP_UNREACHABLE, text);
        break;
    case RIG_TLS_OCSP_DENIED:
        say(observed, RIG_TLS_OCSP_UNAUTHORIZED, text);
        break;
    case RIG_TLS_OCSP_ANSWERED:
        judge(observed, status->request, response);
        break;
    }
    OCSP_RESPONSE_free(response);
    observed->evidence.ocsp_ns = rig_now_ns() - status->asked_ns;
    return true;
}

bool rig_tls_status_allows(struct rig_tls_observed *observed)
{
    return !is_asked(observed) || rig_tls_ocsp_allows(observed);
}

int rig_tls_status_fd(const struct rig_tls_status *status)
{
    return rig_tls_ocsp_query_fd(status->query);
}

uint32_t rig_tls_status_events(const struct rig_tls_status *status)
{
    return rig_tls_ocsp_query_events(status->query);
}

int64_t rig_tls_status_deadline_ns(const struct rig_tls_status *status)
{
    return status->deadline_ns;
}

void rig_tls_status_expire(struct rig_tls_status *status)
{
    status->expired = true;
}

void rig_tls_status_free(struct rig_tls_status *status)
{
    if (status == NULL) {
        return;
    }
    OCSP_REQUEST_free(status->request);
    rig_tls_ocsp_query_free(status->query);
    free(status);
}
