/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/sni.h"

#include <string.h>
#include <strings.h>

/* `names` are separated by spaces. */
static bool is_among(const char *names, const char *name)
{
    const size_t len = strlen(name);

    while (*names != '\0') {
        const size_t n = strcspn(names, " ");

        if (n == len && n != 0 && strncasecmp(names, name, n) == 0) {
            return true;
        }
        names += n;
        names += strspn(names, " ");
    }
    return false;
}

bool rig_tls_sni_allows(const struct rig_tls_observed *observed, int *alert)
{
    const struct rig_tls_service *const service = observed->service;
    const char *const sni = observed->evidence.sni;

    if (service->sni_policy == RIG_TLS_SNI_ANY || service->sni_policy == RIG_TLS_SNI_WARN) {
        return true;
    }
    if (sni[0] == '\0') {
        *alert = SSL_AD_HANDSHAKE_FAILURE; /* missing_extension is not for TLS 1.2 */
        return service->sni_policy != RIG_TLS_SNI_REQUIRED;
    }
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return is_among(service->server_names, sni);
}

static int on_server_name(SSL *session, int *alert, void *arg)
{
    const struct rig_tls_observed *const observed = SSL_get_app_data(session);

    (void)arg;
    if (observed == NULL || observed->service->sni_policy != RIG_TLS_SNI_WARN ||
        observed->evidence.sni[0] == '\0' ||
        is_among(observed->service->server_names, observed->evidence.sni)) {
        return SSL_TLSEXT_ERR_OK;
    }
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_WARNING;
}

void rig_tls_sni_set_up(SSL_CTX *context)
{
    (void)SSL_CTX_set_tlsext_servername_callback(context, on_server_name);
}
