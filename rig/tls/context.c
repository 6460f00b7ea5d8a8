/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/context.h"

#include "rig/tls/observe.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

RIG_DEFINE_AUTO(SSL_CTX, SSL_CTX_free);
RIG_DEFINE_AUTO(BIO, BIO_free_all);
RIG_DEFINE_AUTO(X509, X509_free);
RIG_DEFINE_AUTO(X509_CRL, X509_CRL_free);
RIG_DEFINE_AUTO(X509_STORE, X509_STORE_free);
RIG_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free);

/* What OpenSSL calls its defaults, minus key exchanges without a certificate; security_level does
 * the rest. */
#define CIPHERS_TLS12 "ALL:!COMPLEMENTOFDEFAULT:!eNULL:!aNULL:!PSK:!SRP"
#define CIPHERS_TLS13                                                                              \
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:"                  \
    "TLS_AES_128_CCM_SHA256"
#define GROUPS "X25519:P-256:P-384:P-521"
#define SIGNATURES                                                                                 \
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:"                                        \
    "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"                                    \
    "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512"

static rig_result openssl_failure(struct rig_error *err, enum rig_error_code code, const char *what)
{
    const unsigned long first = ERR_peek_error();
    const char *const reason = first != 0 ? ERR_reason_error_string(first) : NULL;

    (void)rig_fail(err, RIG_CLASS_RIG, code, "%s: %s", what,
                   reason != NULL ? reason : "OpenSSL gives no reason");
    ERR_clear_error();
    return (rig_result){.ok = false};
}

static rig_result check_settings(const struct rig_tls_settings *settings, struct rig_error *err)
{
    const bool versions_known = settings->min_version >= TLS1_2_VERSION &&
                                settings->max_version <= TLS1_3_VERSION &&
                                settings->min_version <= settings->max_version;

    if (!versions_known) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "TLS versions 0x%04x to 0x%04x can't be served: give 0x0303 (TLS 1.2) to "
                        "0x0304 (TLS 1.3)",
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
    return RIG_DONE;
}

/*
 * Everything that a system-wide openssl.cnf could have set is set here. An end without close_notify
 * is named by the connection; OpenSSL would send decode_error after a client that has gone, and
 * that would read like a verdict.
 */
static rig_result set_protocol(SSL_CTX *context, const struct rig_tls_settings *settings,
                               struct rig_error *err)
{
    (void)SSL_CTX_clear_options(context, SSL_CTX_get_options(context));
    (void)SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                           SSL_OP_NO_COMPRESSION | SSL_OP_ENABLE_MIDDLEBOX_COMPAT |
                                           SSL_OP_IGNORE_UNEXPECTED_EOF);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_security_level(context, settings->security_level);
    if (SSL_CTX_set_num_tickets(context, 0) != 1 ||
        SSL_CTX_set_session_id_context(context, (const unsigned char *)"rig", 3) != 1 ||
        SSL_CTX_set_min_proto_version(context, settings->min_version) != 1 ||
        SSL_CTX_set_max_proto_version(context, settings->max_version) != 1 ||
        SSL_CTX_set_cipher_list(context, CIPHERS_TLS12) != 1 ||
        SSL_CTX_set_ciphersuites(context, CIPHERS_TLS13) != 1 ||
        SSL_CTX_set1_groups_list(context, GROUPS) != 1 ||
        SSL_CTX_set1_sigalgs_list(context, SIGNATURES) != 1) {
        return openssl_failure(err, RIG_E_LIBRARY, "cannot set up TLS");
    }
    return RIG_DONE;
}

static rig_result open_pem(const char *pem, BIO **memory, struct rig_error *err)
{
    *memory = BIO_new_mem_buf(pem, -1);
    return *memory != NULL ? RIG_DONE : rig_fail_memory(err);
}

/* The end of a PEM text is the error "no start line"; any other is a block that can't be read. */
static rig_result check_pem_end(size_t n_read, const char *what, struct rig_error *err)
{
    const unsigned long last = ERR_peek_last_error();
    const bool at_end = last == 0 || (ERR_GET_LIB(last) == ERR_LIB_PEM &&
                                      ERR_GET_REASON(last) == PEM_R_NO_START_LINE);

    if (!at_end) {
        return openssl_failure(err, RIG_E_INVALID, what);
    }
    ERR_clear_error();
    if (n_read == 0) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID, "%s: there is none in the PEM text",
                        what);
    }
    return RIG_DONE;
}

/* Never asks the terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *arg)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

static rig_result use_key(SSL_CTX *context, const char *pem, const X509 *leaf,
                          struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *memory = NULL;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = NULL;

    RIG_TRY(open_pem(pem, &memory, err));
    key = PEM_read_bio_PrivateKey(memory, NULL, no_passphrase, NULL);
    if (key == NULL) {
        return openssl_failure(err, RIG_E_INVALID, "the test server's key can't be read");
    }
    if (X509_check_private_key(leaf, key) != 1) {
        ERR_clear_error();
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_MISMATCH,
                        "the test server's key does not belong to its certificate: give the key "
                        "that the certificate was made for");
    }
    if (SSL_CTX_use_PrivateKey(context, key) != 1) {
        return openssl_failure(err, RIG_E_INVALID, "the test server's key can't be used");
    }
    return RIG_DONE;
}

static rig_result use_identity(SSL_CTX *context, const struct rig_tls_settings *settings,
                               struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *memory = NULL;
    RIG_AUTO(rig_auto_X509) X509 *leaf = NULL;
    size_t n_certificates = 1;

    RIG_TRY(open_pem(settings->certificate_pem, &memory, err));
    leaf = PEM_read_bio_X509(memory, NULL, no_passphrase, NULL);
    if (leaf == NULL) {
        return check_pem_end(0, "the test server's certificate", err);
    }
    if (SSL_CTX_use_certificate(context, leaf) != 1) {
        return openssl_failure(
            err, RIG_E_INVALID,
            "the test server's certificate can't be used at this security level");
    }
    for (;; n_certificates++) {
        RIG_AUTO(rig_auto_X509) X509 *next = PEM_read_bio_X509(memory, NULL, no_passphrase, NULL);

        if (next == NULL) {
            break;
        }
        if (SSL_CTX_add1_chain_cert(context, next) != 1) {
            return openssl_failure(
                err, RIG_E_INVALID,
                "the test server's CA certificate can't be used at this security level");
        }
    }
    RIG_TRY(check_pem_end(n_certificates, "the test server's certificate chain", err));
    return use_key(context, settings->key_pem, leaf, err);
}

static rig_result add_roots(X509_STORE *store, const char *pem, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *memory = NULL;
    size_t n_roots = 0;

    RIG_TRY(open_pem(pem, &memory, err));
    for (;; n_roots++) {
        RIG_AUTO(rig_auto_X509) X509 *root = PEM_read_bio_X509(memory, NULL, no_passphrase, NULL);

        if (root == NULL) {
            return check_pem_end(n_roots, "root certificates for the boards", err);
        }
        if (X509_STORE_add_cert(store, root) != 1) {
            return openssl_failure(err, RIG_E_LIBRARY, "cannot add a root certificate");
        }
    }
}

static rig_result add_crls(X509_STORE *store, const char *pem, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *memory = NULL;
    size_t n_crls = 0;

    RIG_TRY(open_pem(pem, &memory, err));
    for (;; n_crls++) {
        RIG_AUTO(rig_auto_X509_CRL)
        X509_CRL *crl = PEM_read_bio_X509_CRL(memory, NULL, no_passphrase, NULL);

        if (crl == NULL) {
            return check_pem_end(n_crls, "CRLs", err);
        }
        if (X509_STORE_add_crl(store, crl) != 1) {
            return openssl_failure(err, RIG_E_LIBRARY, "cannot add a CRL");
        }
    }
}

/* A fresh store each time: of two CRLs with the same date, a store would go on using the older one.
 */
static rig_result set_trust(SSL_CTX *context, const struct rig_tls_settings *settings,
                            struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509_STORE) X509_STORE *store = X509_STORE_new();
    X509_VERIFY_PARAM *const parameters = SSL_CTX_get0_param(context);

    if (store == NULL) {
        return rig_fail_memory(err);
    }
    if (!settings->request_client_certificate) {
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
        return RIG_DONE;
    }
    RIG_TRY(add_roots(store, settings->client_roots_pem, err));
    if (settings->crls_pem != NULL) {
        RIG_TRY(add_crls(store, settings->crls_pem, err));
        (void)X509_VERIFY_PARAM_set_flags(parameters,
                                          X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    }
    if (X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT) != 1) {
        return openssl_failure(err, RIG_E_LIBRARY, "cannot set the purpose of client certificates");
    }
    SSL_CTX_set1_cert_store(context, store);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return RIG_DONE;
}

rig_result rig_tls_context_make(const struct rig_tls_settings *settings, SSL_CTX **context,
                                struct rig_error *err)
{
    RIG_AUTO(rig_auto_SSL_CTX) SSL_CTX *made = NULL;

    RIG_TRY(check_settings(settings, err));
    ERR_clear_error();
    made = SSL_CTX_new(TLS_server_method());
    if (made == NULL) {
        return openssl_failure(err, RIG_E_LIBRARY, "cannot set up TLS");
    }
    RIG_TRY(set_protocol(made, settings, err));
    RIG_TRY(use_identity(made, settings, err));
    RIG_TRY(set_trust(made, settings, err));
    rig_tls_observe_context(made);
    *context = made;
    made = NULL;
    return RIG_DONE;
}
