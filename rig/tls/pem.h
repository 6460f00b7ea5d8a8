/* SPDX-License-Identifier: Apache-2.0 */
/* Reading PEM texts with OpenSSL, and its failures in words. Private to this folder. */
#ifndef RIG_TLS_PEM_H
#define RIG_TLS_PEM_H

#include "rig/base/cleanup.h"
#include "rig/base/error.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

RIG_DEFINE_AUTO(SSL_CTX, SSL_CTX_free);
RIG_DEFINE_AUTO(BIO, BIO_free_all);
RIG_DEFINE_AUTO(X509, X509_free);
RIG_DEFINE_AUTO(X509_CRL, X509_CRL_free);
RIG_DEFINE_AUTO(X509_STORE, X509_STORE_free);
RIG_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free);

/* RIG, "<what>: <OpenSSL's reason>"; empties the error queue. */
rig_result rig_tls_openssl_failure(struct rig_error *err, enum rig_error_code code,
                                   const char *what);
RIG_CHECKED rig_result rig_tls_pem_open(const char *pem, BIO **memory, struct rig_error *err);
/* After the last block: fails when there was none, or the next one can't be read. */
RIG_CHECKED rig_result rig_tls_pem_end(size_t n_read, const char *what, struct rig_error *err);
/* Never asks the terminal. */
int rig_tls_no_passphrase(char *buffer, int size, int writing, void *arg);
/* Adds all certificates of the text to a store. */
RIG_CHECKED rig_result rig_tls_pem_add_roots(X509_STORE *store, const char *pem, const char *what,
                                             struct rig_error *err);

#endif
