/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/client_context.h"

#include "rig/tls/mismatched_key.h"
#include "rig/tls/pem.h"

#include <openssl/err.h>

#define CIPHERS "ALL:!COMPLEMENTOFDEFAULT:!eNULL:!aNULL:!PSK:!SRP"
#define GROUPS "X25519:P-256:P-384:P-521"

static rig_result unusable(const char *what, const char *text, struct rig_error *err)
{
    ERR_clear_error();
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                    "OpenSSL knows none of the client's %s '%.200s'", what, text);
}

static rig_result set_protocol(SSL_CTX *context, const struct rig_tls_client_settings *settings,
                               struct rig_error *err)
{
    const char *const ciphers = settings->ciphers != NULL ? settings->ciphers : CIPHERS;
    const char *const groups = settings->groups != NULL ? settings->groups : GROUPS;
    const int min = settings->min_version != 0 ? settings->min_version : TLS1_2_VERSION;
    const int max = settings->max_version != 0 ? settings->max_version : TLS1_3_VERSION;

    (void)SSL_CTX_clear_options(context, SSL_CTX_get_options(context));
    (void)SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_ENABLE_MIDDLEBOX_COMPAT |
                                           (settings->no_ticket ? SSL_OP_NO_TICKET : 0));
    (void)SSL_CTX_set_session_cache_mode(context,
                                         SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    (void)SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_security_level(context, settings->security_level);
    if (SSL_CTX_set_min_proto_version(context, min) != 1 ||
        SSL_CTX_set_max_proto_version(context, max) != 1 || min > max) {
        ERR_clear_error();
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "TLS versions 0x%04x to 0x%04x can't be offered: give 0x0301 to 0x0304",
                        (unsigned)min, (unsigned)max);
    }
    if (SSL_CTX_set_cipher_list(context, ciphers) != 1) {
        return unusable("ciphers", ciphers, err);
    }
    if (settings->suites != NULL && SSL_CTX_set_ciphersuites(context, settings->suites) != 1) {
        return unusable("TLS 1.3 cipher suites", settings->suites, err);
    }
    if (SSL_CTX_set1_groups_list(context, groups) != 1) {
        return unusable("groups", groups, err);
    }
    if (settings->signatures != NULL &&
        SSL_CTX_set1_sigalgs_list(context, settings->signatures) != 1) {
        return unusable("signature algorithms", settings->signatures, err);
    }
    return RIG_DONE;
}

static rig_result use_key(SSL_CTX *context, const struct rig_tls_client_settings *settings,
                          X509 *leaf, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *memory = NULL;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = NULL;

    if (settings->mismatched_key) {
        RIG_TRY(rig_tls_mismatched_key(X509_get0_pubkey(leaf), &key, err));
    } else {
        if (settings->key_pem == NULL) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "the client has a certificate and no key: give both");
        }
        RIG_TRY(rig_tls_pem_open(settings->key_pem, &memory, err));
        key = PEM_read_bio_PrivateKey(memory, NULL, rig_tls_no_passphrase, NULL);
        if (key == NULL) {
            return rig_tls_openssl_failure(err, RIG_E_INVALID, "the client's key can't be read");
        }
    }
    if (SSL_CTX_use_PrivateKey(context, key) != 1) {
        return rig_tls_openssl_failure(err, RIG_E_INVALID, "the client's key can't be used");
    }
    return RIG_DONE;
}

static rig_result use_identity(SSL_CTX *context, const struct rig_tls_client_settings *settings,
                               struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *memory = NULL;
    RIG_AUTO(rig_auto_X509) X509 *leaf = NULL;
    size_t n_certificates = 1;

    if (settings->certificate_pem == NULL) {
        return RIG_DONE;
    }
    RIG_TRY(rig_tls_pem_open(settings->certificate_pem, &memory, err));
    leaf = PEM_read_bio_X509(memory, NULL, rig_tls_no_passphrase, NULL);
    if (leaf == NULL) {
        return rig_tls_pem_end(0, "the client's certificate", err);
    }
    if (SSL_CTX_use_certificate(context, leaf) != 1) {
        return rig_tls_openssl_failure(err, RIG_E_INVALID,
                                       "the client's certificate can't be used at this level");
    }
    for (;; n_certificates++) {
        RIG_AUTO(rig_auto_X509)
        X509 *next = PEM_read_bio_X509(memory, NULL, rig_tls_no_passphrase, NULL);

        if (next == NULL) {
            break;
        }
        if (SSL_CTX_add1_chain_cert(context, next) != 1) {
            return rig_tls_openssl_failure(err, RIG_E_INVALID,
                                           "the client's chain can't be used at this level");
        }
    }
    RIG_TRY(rig_tls_pem_end(n_certificates, "the client's certificate chain", err));
    return use_key(context, settings, leaf, err);
}

static rig_result set_trust(SSL_CTX *context, const struct rig_tls_client_settings *settings,
                            struct rig_error *err)
{
    X509_VERIFY_PARAM *const parameters = SSL_CTX_get0_param(context);

    SSL_CTX_set_verify(context, settings->roots_pem != NULL ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                       NULL);
    if (settings->roots_pem != NULL) {
        RIG_TRY(rig_tls_pem_add_roots(SSL_CTX_get_cert_store(context), settings->roots_pem,
                                      "root certificates of the server", err));
    }
    if (settings->clock != NULL) {
        X509_VERIFY_PARAM_set_time(parameters, (time_t)(rig_clock_now_ms(settings->clock) / 1000));
    }
    if (settings->expected_name != NULL &&
        X509_VERIFY_PARAM_set1_ip_asc(parameters, settings->expected_name) != 1 &&
        X509_VERIFY_PARAM_set1_host(parameters, settings->expected_name, 0) != 1) {
        return rig_tls_openssl_failure(err, RIG_E_INVALID, "the expected name can't be used");
    }
    ERR_clear_error();
    return RIG_DONE;
}

rig_result rig_tls_client_context_make(const struct rig_tls_client_settings *settings,
                                       SSL_CTX **context, struct rig_error *err)
{
    RIG_AUTO(rig_auto_SSL_CTX) SSL_CTX *made = NULL;

    ERR_clear_error();
    made = SSL_CTX_new(TLS_client_method());
    if (made == NULL) {
        return rig_tls_openssl_failure(err, RIG_E_LIBRARY, "cannot set up a TLS client");
    }
    RIG_TRY(set_protocol(made, settings, err));
    RIG_TRY(set_trust(made, settings, err));
    RIG_TRY(use_identity(made, settings, err));
    *context = made;
    made = NULL;
    return RIG_DONE;
}
