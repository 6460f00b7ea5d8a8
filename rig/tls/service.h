/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of an endpoint made ready: the OpenSSL context, what is trusted now, and the rules
 * that the application layer applies. Private to this folder; while the endpoint is served it
 * belongs to the server's thread.
 */
#ifndef RIG_TLS_SERVICE_H
#define RIG_TLS_SERVICE_H

#include "rig/tls/ocsp_query.h"
#include "rig/tls/trust.h"

#include <openssl/ssl.h>

struct rig_tls_service {
    SSL_CTX *context;
    struct rig_tls_trust *trust;   /* of connections that begin now */
    const struct rig_clock *clock; /* borrowed */
    char *first_crls_pem;          /* kept for STALE_CRL alone */
    bool asks_certificate;
    bool needs_certificate;
    size_t max_echo_bytes;
    enum rig_tls_crl_check crl_check;
    enum rig_tls_sni_policy sni_policy;
    char *server_names;
    bool request_renegotiation;
    enum rig_tls_resumption resumption; /* as it is in effect */
    bool revalidates;
    bool has_policy;
    bool policy_refuses;
    struct rig_tls_policy_rules policy;
    struct rig_tls_enrolment_hook enrolment;
    struct rig_tls_ocsp_settings ocsp; /* without its texts */
    struct rig_tls_ocsp_target ocsp_target;
    bool asks_ocsp;
    bool capture;
    enum rig_tls_fault fault;
    int fault_alert;
};

/* The caller frees *service. Errors as rig_tls_endpoint_open. */
RIG_CHECKED rig_result rig_tls_service_make(const struct rig_tls_settings *settings,
                                            const struct rig_clock *clock,
                                            struct rig_tls_service **service,
                                            struct rig_error *err);
/* NULL is fine. */
void rig_tls_service_free(struct rig_tls_service *service);

#endif
