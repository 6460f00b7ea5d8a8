/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/resume.h"

#include "rig/tls/pem.h"
#include "rig/tls/verify.h"

#include <openssl/err.h>
#include <openssl/lhash.h>
#include <string.h>

#define MAX_KEPT_CHAIN_BYTES 16384

void rig_tls_resume_keep_chain(SSL_SESSION *session, STACK_OF(X509) * presented)
{
    RIG_AUTO(rig_buf_free) struct rig_buf chain = {0};

    for (int i = 0; i < sk_X509_num(presented); i++) {
        unsigned char *der = NULL;
        const int len = i2d_X509(sk_X509_value(presented, i), &der);
        struct rig_error err;
        const bool kept = len > 0 && rig_buf_append(&chain, der, (size_t)len, &err).ok;

        OPENSSL_free(der);
        if (!kept || chain.len > MAX_KEPT_CHAIN_BYTES) {
            ERR_clear_error();
            return;
        }
    }
    (void)SSL_SESSION_set1_ticket_appdata(session, chain.data, chain.len);
}

static STACK_OF(X509) * read_chain(SSL_SESSION *session)
{
    STACK_OF(X509) *const chain = sk_X509_new_null();
    void *data = NULL;
    size_t len = 0;
    const unsigned char *at;
    const unsigned char *end;

    if (chain == NULL || SSL_SESSION_get0_ticket_appdata(session, &data, &len) != 1) {
        return chain;
    }
    at = data;
    end = at + len;
    while (at != NULL && at < end) {
        X509 *const certificate = d2i_X509(NULL, &at, (long)(end - at));

        if (certificate == NULL || sk_X509_push(chain, certificate) <= 0) {
            X509_free(certificate);
            break;
        }
    }
    return chain;
}

static bool may_resume(SSL *session, SSL_SESSION *old)
{
    struct rig_tls_observed *const observed = SSL_get_app_data(session);
    X509 *const leaf = SSL_SESSION_get0_peer(old);
    STACK_OF(X509) * presented;
    bool good;

    if (observed == NULL || !observed->service->revalidates) {
        return true;
    }
    if (leaf == NULL) {
        good = !observed->service->needs_certificate;
    } else {
        presented = read_chain(old);
        good = rig_tls_revalidate(observed, leaf, presented);
        sk_X509_pop_free(presented, X509_free);
    }
    observed->evidence.resumption_refused |= !good;
    return good;
}

static SSL_TICKET_RETURN on_ticket(SSL *session, SSL_SESSION *old, const unsigned char *key_name,
                                   size_t key_name_len, SSL_TICKET_STATUS status, void *arg)
{
    (void)key_name;
    (void)key_name_len;
    (void)arg;
    switch (status) {
    case SSL_TICKET_SUCCESS:
        return may_resume(session, old) ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_IGNORE_RENEW;
    case SSL_TICKET_SUCCESS_RENEW:
        return may_resume(session, old) ? SSL_TICKET_RETURN_USE_RENEW
                                        : SSL_TICKET_RETURN_IGNORE_RENEW;
    default:
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
}

/* The cache is OpenSSL's own; only the look-up goes through here, to have a say in it. */
static SSL_SESSION *on_look_up(SSL *session, const unsigned char *id, int len, int *copy)
{
    SSL_SESSION *const wanted = SSL_SESSION_new();
    SSL_SESSION *found = NULL;

    *copy = 1;
    if (wanted != NULL && SSL_SESSION_set1_id(wanted, id, (unsigned)len) == 1 &&
        SSL_SESSION_set_protocol_version(wanted, SSL_version(session)) == 1) {
        found = OPENSSL_LH_retrieve((OPENSSL_LHASH *)SSL_CTX_sessions(SSL_get_SSL_CTX(session)),
                                    wanted);
    }
    SSL_SESSION_free(wanted);
    return found != NULL && may_resume(session, found) ? found : NULL;
}

rig_result rig_tls_resume_set_up(struct rig_tls_service *service, const uint8_t *ticket_key,
                                 struct rig_error *err)
{
    SSL_CTX *const context = service->context;
    uint8_t key[RIG_TLS_TICKET_KEY_BYTES];

    if (service->resumption == RIG_TLS_RESUMPTION_OFF) {
        return RIG_DONE;
    }
    if (SSL_CTX_set_num_tickets(context, 1) != 1) {
        return rig_tls_openssl_failure(err, RIG_E_LIBRARY, "cannot set up resumption");
    }
    if (service->resumption == RIG_TLS_RESUMPTION_CACHE) {
        (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER |
                                                          SSL_SESS_CACHE_NO_INTERNAL_LOOKUP);
        SSL_CTX_sess_set_get_cb(context, on_look_up);
        return RIG_DONE;
    }
    (void)SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
    if (ticket_key != NULL) {
        int set;

        memcpy(key, ticket_key, sizeof key);
        set = (int)SSL_CTX_set_tlsext_ticket_keys(context, key, sizeof key);
        OPENSSL_cleanse(key, sizeof key);
        if (set != 1) {
            return rig_tls_openssl_failure(err, RIG_E_LIBRARY, "cannot set the ticket key");
        }
    }
    if (SSL_CTX_set_session_ticket_cb(context, NULL, on_ticket, NULL) != 1) {
        return rig_tls_openssl_failure(err, RIG_E_LIBRARY, "cannot set up resumption");
    }
    return RIG_DONE;
}

enum rig_tls_resumed_by rig_tls_resumed_by(const struct rig_tls_service *service,
                                           const SSL *session)
{
    const bool tls13 = SSL_version(session) == TLS1_3_VERSION;

    if (SSL_session_reused(session) == 0) {
        return RIG_TLS_NOT_RESUMED;
    }
    if (service->resumption == RIG_TLS_RESUMPTION_CACHE) {
        return tls13 ? RIG_TLS_BY_PSK_STATEFUL : RIG_TLS_BY_SESSION_ID;
    }
    return tls13 ? RIG_TLS_BY_PSK_STATELESS : RIG_TLS_BY_TICKET;
}
