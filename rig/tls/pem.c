/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/pem.h"

#include <openssl/err.h>

rig_result rig_tls_openssl_failure(struct rig_error *err, enum rig_error_code code,
                                   const char *what)
{
    const unsigned long first = ERR_peek_error();
    const char *const reason = first != 0 ? ERR_reason_error_string(first) : NULL;

    (void)rig_fail(err, RIG_CLASS_RIG, code, "%s: %s", what,
                   reason != NULL ? reason : "OpenSSL gives no reason");
    ERR_clear_error();
    return (rig_result){.ok = false};
}

rig_result rig_tls_pem_open(const char *pem, BIO **memory, struct rig_error *err)
{
    ERR_clear_error();
    *memory = BIO_new_mem_buf(pem, -1);
    return *memory != NULL ? RIG_DONE : rig_fail_memory(err);
}

/* The end of a PEM text is the error "no start line"; any other is a block that can't be read. */
rig_result rig_tls_pem_end(size_t n_read, const char *what, struct rig_error *err)
{
    const unsigned long last = ERR_peek_last_error();
    const bool at_end = last == 0 || (ERR_GET_LIB(last) == ERR_LIB_PEM &&
                                      ERR_GET_REASON(last) == PEM_R_NO_START_LINE);

    if (!at_end) {
        return rig_tls_openssl_failure(err, RIG_E_INVALID, what);
    }
    ERR_clear_error();
    if (n_read == 0) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID, "%s: there is none in the PEM text",
                        what);
    }
    return RIG_DONE;
}

int rig_tls_no_passphrase(char *buffer, int size, int writing, void *arg)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

rig_result rig_tls_pem_add_roots(X509_STORE *store, const char *pem, const char *what,
                                 struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *memory = NULL;
    size_t n_roots = 0;

    RIG_TRY(rig_tls_pem_open(pem, &memory, err));
    for (;; n_roots++) {
        RIG_AUTO(rig_auto_X509)
        X509 *root = PEM_read_bio_X509(memory, NULL, rig_tls_no_passphrase, NULL);

        if (root == NULL) {
            return rig_tls_pem_end(n_roots, what, err);
        }
        if (X509_STORE_add_cert(store, root) != 1) {
            return rig_tls_openssl_failure(err, RIG_E_LIBRARY, "cannot add a root certificate");
        }
    }
}
