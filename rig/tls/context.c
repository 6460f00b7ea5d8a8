/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/context.h"

#include "rig/tls/mismatched_key.h"
#include "rig/tls/pem.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

/* What OpenSSL calls its defaults, minus key exchanges without a certificate; security_level does
 * the rest. */
#define CIPHERS_TLS12 "ALL:!COMPLEMENTOFDEFAULT:!eNULL:!aNULL:!PSK:!SRP"
#define CIPHERS_TLS13                                                                              \
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:"                  \
    "TLS_AES_128_CCM_SHA256"
#define GROUPS "X25519:P-256:P-384:P-521"
#define MAX_CHAIN_BYTES ((size_t)1 << 20)
#define MIN_CHAIN_BYTES ((size_t)16 << 10)
#define SIGNATURES                                                                                 \
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:"                                        \
    "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"                                    \
    "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512"

static rig_result check_settings(const struct rig_tls_settings *settings, struct rig_error *err)
{
    const bool versions_known = settings->min_version >= TLS1_VERSION &&
                                settings->max_version <= TLS1_3_VERSION &&
                                settings->min_version <= settings->max_version;

    if (!versions_known) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "TLS versions 0x%04x to 0x%04x can't be served: give 0x0303 (TLS 1.2) to "
                        "0x0304 (TLS 1.3), or from 0x0301 for a server that is too old",
                        (unsigned)settings->min_version, (unsigned)settings->max_version);
    }
    if (settings->security_level < 0 || settings->security_level > 5) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "security level %d is not one of 0 to 5", settings->security_level);
    }
    if (settings->connection_timeout_ms <= 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "a connection timeout of %lld ms ends nothing: give more than 0",
                        (long long)settings->connection_timeout_ms);
    }
    if (settings->certificate_pem == NULL || settings->key_pem == NULL) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID,
                        "the test server has no certificate or no key");
    }
    if (settings->request_client_certificate && settings->client_roots_pem == NULL) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID,
                        "client certificates are asked for, but no root certificate is given to "
                        "check them with");
    }
    if ((unsigned)settings->fault >= RIG_TLS_N_FAULTS || settings->fault_alert < 0 ||
        settings->fault_alert > 255) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "fault %u with alert %d is not one of the test server's",
                        (unsigned)settings->fault, settings->fault_alert);
    }
    if (settings->fault == RIG_TLS_FAULT_ALERT_AFTER_HELLO &&
        settings->max_version != TLS1_2_VERSION) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "an alert right after the ServerHello is sent in TLS 1.2 only (TLS 1.3 "
                        "encrypts it): set max_version to 0x0303");
    }
    if (settings->sni_policy != RIG_TLS_SNI_ANY && settings->server_names == NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "a policy for server names needs the names: give server_names");
    }
    return RIG_DONE;
}

/* What the faults of agreements make of the settings. */
static void twist(struct rig_tls_settings *settings)
{
    switch (settings->fault) {
    case RIG_TLS_FAULT_OLD_VERSIONS:
        settings->min_version = TLS1_VERSION;
        settings->security_level = 0;
        break;
    case RIG_TLS_FAULT_WRONG_VERSION:
        settings->min_version = TLS1_2_VERSION;
        break;
    case RIG_TLS_FAULT_NULL_CIPHERS:
        settings->ciphers = "ALL:eNULL:aNULL";
        settings->security_level = 0;
        break;
    case RIG_TLS_FAULT_ANY_SIGNATURE:
        settings->client_signatures = NULL;
        break;
    case RIG_TLS_FAULT_LONG_MESSAGES:
        settings->max_chain_bytes = MAX_CHAIN_BYTES;
        break;
    case RIG_TLS_FAULT_SHORT_MESSAGES:
        settings->max_chain_bytes = MIN_CHAIN_BYTES;
        break;
    default:
        break;
    }
}

static bool renegotiates(const struct rig_tls_settings *settings)
{
    return settings->allow_renegotiation || settings->fault == RIG_TLS_FAULT_RENEGOTIATES;
}

/*
 * Everything that a system-wide openssl.cnf could have set is set here. An end without close_notify
 * is named by the connection; OpenSSL would send decode_error after a client that has gone, and
 * that would read like a verdict.
 */
static rig_result set_protocol(SSL_CTX *context, const struct rig_tls_settings *settings,
                               struct rig_error *err)
{
    uint64_t options = SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_ENABLE_MIDDLEBOX_COMPAT |
                       SSL_OP_IGNORE_UNEXPECTED_EOF;

    options |= renegotiates(settings)            ? SSL_OP_ALLOW_CLIENT_RENEGOTIATION
               : settings->request_renegotiation ? 0
                                                 : SSL_OP_NO_RENEGOTIATION;
    (void)SSL_CTX_clear_options(context, SSL_CTX_get_options(context));
    (void)SSL_CTX_set_options(context, options);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_security_level(
        context, settings->fault == RIG_TLS_FAULT_WEAK_CRYPTO ? 0 : settings->security_level);
    if (settings->max_chain_bytes != 0) {
        (void)SSL_CTX_set_max_cert_list(context, (long)settings->max_chain_bytes);
    }
    if (SSL_CTX_set_num_tickets(context, 0) != 1 ||
        SSL_CTX_set_session_id_context(context, (const unsigned char *)"rig", 3) != 1 ||
        SSL_CTX_set_min_proto_version(context, settings->min_version) != 1 ||
        SSL_CTX_set_max_proto_version(context, settings->max_version) != 1) {
        return rig_tls_openssl_failure(err, RIG_E_LIBRARY, "cannot set up TLS");
    }
    return RIG_DONE;
}

static rig_result unusable(const char *what, const char *text, struct rig_error *err)
{
    ERR_clear_error();
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                    "OpenSSL knows none of the %s '%.200s': write them as `openssl ciphers` and "
                    "SSL_CONF_cmd(3) do",
                    what, text);
}

static rig_result set_algorithms(SSL_CTX *context, const struct rig_tls_settings *settings,
                                 struct rig_error *err)
{
    const char *const ciphers = settings->ciphers != NULL ? settings->ciphers : CIPHERS_TLS12;
    const char *const suites = settings->suites != NULL ? settings->suites : CIPHERS_TLS13;
    const char *const groups = settings->groups != NULL ? settings->groups : GROUPS;
    const char *const signatures =
        settings->client_signatures != NULL ? settings->client_signatures : SIGNATURES;

    if (SSL_CTX_set_cipher_list(context, ciphers) != 1) {
        return unusable("ciphers", ciphers, err);
    }
    if (SSL_CTX_set_ciphersuites(context, suites) != 1) {
        return unusable("TLS 1.3 cipher suites", suites, err);
    }
    if (SSL_CTX_set1_groups_list(context, groups) != 1) {
        return unusable("groups", groups, err);
    }
    if (SSL_CTX_set1_client_sigalgs_list(context, signatures) != 1) {
        return unusable("signature algorithms", signatures, err);
    }
    if (SSL_CTX_set1_sigalgs_list(context, SIGNATURES) != 1) {
        return rig_tls_openssl_failure(err, RIG_E_LIBRARY, "cannot set up TLS");
    }
    return RIG_DONE;
}

static rig_result use_key(SSL_CTX *context, const char *pem, const X509 *leaf, bool other_key,
                          struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *memory = NULL;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = NULL;

    if (other_key) {
        RIG_TRY(rig_tls_mismatched_key(X509_get0_pubkey(leaf), &key, err));
    } else {
        RIG_TRY(rig_tls_pem_open(pem, &memory, err));
        key = PEM_read_bio_PrivateKey(memory, NULL, rig_tls_no_passphrase, NULL);
    }
    if (key == NULL) {
        return rig_tls_openssl_failure(err, RIG_E_INVALID, "the test server's key can't be read");
    }
    if (X509_check_private_key(leaf, key) != 1) {
        ERR_clear_error();
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_MISMATCH,
                        "the test server's key does not belong to its certificate: give the key "
                        "that the certificate was made for");
    }
    if (SSL_CTX_use_PrivateKey(context, key) != 1) {
        return rig_tls_openssl_failure(err, RIG_E_INVALID, "the test server's key can't be used");
    }
    return RIG_DONE;
}

static rig_result use_identity(SSL_CTX *context, const struct rig_tls_settings *settings,
                               struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *memory = NULL;
    RIG_AUTO(rig_auto_X509) X509 *leaf = NULL;
    size_t n_certificates = 1;

    RIG_TRY(rig_tls_pem_open(settings->certificate_pem, &memory, err));
    leaf = PEM_read_bio_X509(memory, NULL, rig_tls_no_passphrase, NULL);
    if (leaf == NULL) {
        return rig_tls_pem_end(0, "the test server's certificate", err);
    }
    if (SSL_CTX_use_certificate(context, leaf) != 1) {
        return rig_tls_openssl_failure(
            err, RIG_E_INVALID,
            "the test server's certificate can't be used at this security level");
    }
    for (;; n_certificates++) {
        RIG_AUTO(rig_auto_X509)
        X509 *next = PEM_read_bio_X509(memory, NULL, rig_tls_no_passphrase, NULL);

        if (next == NULL) {
            break;
        }
        if (SSL_CTX_add1_chain_cert(context, next) != 1) {
            return rig_tls_openssl_failure(
                err, RIG_E_INVALID,
                "the test server's CA certificate can't be used at this security level");
        }
    }
    RIG_TRY(rig_tls_pem_end(n_certificates, "the test server's certificate chain", err));
    return use_key(context, settings->key_pem, leaf, settings->fault == RIG_TLS_FAULT_OTHER_KEY,
                   err);
}

static rig_result set_client_authentication(SSL_CTX *context,
                                            const struct rig_tls_settings *settings,
                                            struct rig_error *err)
{
    X509_VERIFY_PARAM *const parameters = SSL_CTX_get0_param(context);
    int mode = SSL_VERIFY_PEER;

    if (!settings->request_client_certificate) {
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
        return RIG_DONE;
    }
    if (X509_VERIFY_PARAM_set_purpose(parameters, settings->fault == RIG_TLS_FAULT_ANY_PURPOSE
                                                      ? X509_PURPOSE_ANY
                                                      : X509_PURPOSE_SSL_CLIENT) != 1) {
        return rig_tls_openssl_failure(err, RIG_E_LIBRARY,
                                       "cannot set the purpose of client certificates");
    }
    if (settings->verify_depth != 0 && settings->fault != RIG_TLS_FAULT_ANY_DEPTH) {
        X509_VERIFY_PARAM_set_depth(parameters, settings->verify_depth);
    }
    if (!settings->certificate_optional && settings->fault != RIG_TLS_FAULT_NO_CERTIFICATE_OK) {
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    }
    SSL_CTX_set_verify(context, mode, NULL);
    return RIG_DONE;
}

rig_result rig_tls_context_make(const struct rig_tls_settings *asked, SSL_CTX **context,
                                struct rig_error *err)
{
    RIG_AUTO(rig_auto_SSL_CTX) SSL_CTX *made = NULL;

    struct rig_tls_settings twisted = *asked;
    const struct rig_tls_settings *const settings = &twisted;

    twist(&twisted);
    RIG_TRY(check_settings(settings, err));
    ERR_clear_error();
    made = SSL_CTX_new(TLS_server_method());
    if (made == NULL) {
        return rig_tls_openssl_failure(err, RIG_E_LIBRARY, "cannot set up TLS");
    }
    RIG_TRY(set_protocol(made, settings, err));
    RIG_TRY(set_algorithms(made, settings, err));
    RIG_TRY(use_identity(made, settings, err));
    RIG_TRY(set_client_authentication(made, settings, err));
    *context = made;
    made = NULL;
    return RIG_DONE;
}
