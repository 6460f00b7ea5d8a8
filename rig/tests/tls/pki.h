/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test PKI, made anew in memory: two hierarchies (root, intermediate) with device and server
 * certificates in the variants that the catalogue needs. What can't be made ends the program: there
 * is nothing to test then. Read-only once made, so any number of threads may use it.
 */
#ifndef RIG_TESTS_TLS_PKI_H
#define RIG_TESTS_TLS_PKI_H

#include "rig/base/buf.h"
#include "rig/base/ids.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#define PKI_SERVER_NAME "srv.rig.test"
#define PKI_DAY_S 86400L

#define PKI_MUST(expr) pki_must((expr) ? true : false, #expr, __FILE__, __LINE__)
void pki_must(bool held, const char *expr, const char *file, int line);

/* One certificate with its key and the chain that is sent with it. */
struct pki_identity {
    X509 *certificate;
    EVP_PKEY *key;
    struct rig_buf chain_pem; /* leaf, then intermediate when there is one */
    struct rig_buf leaf_pem;
    struct rig_buf key_pem;
    uint8_t sha256[RIG_SHA256_SIZE];
};

struct pki_ca {
    X509 *certificate;
    EVP_PKEY *key;
    struct rig_buf pem;
};

struct pki {
    struct pki_ca root;
    struct pki_ca intermediate;
    struct pki_ca other_root;
    struct pki_ca other_intermediate;
    struct pki_identity device;
    struct pki_identity device_revoked;
    struct pki_identity device_expired;
    struct pki_identity device_future;
    struct pki_identity device_other; /* of the other hierarchy */
    struct pki_identity device_server_only;
    struct pki_identity device_rsa;
    struct pki_identity device_p224;
    struct pki_identity server;
    struct pki_identity server_rsa;
    struct pki_identity server_other;
    struct pki_identity server_expired;
    struct pki_identity server_wrong_name;
    struct rig_buf crls_pem; /* of root and intermediate; device_revoked is on it */
    struct rig_buf root_crl_pem;
};

void pki_make(struct pki *pki);
void pki_free(struct pki *pki);

/* The parts, for tests that want more. `bits_or_curve`: 0 for P-256, an RSA size, or the NID of a
 * curve. */
EVP_PKEY *pki_key(int bits_or_curve);

struct pki_wish {
    const char *common_name;
    const struct pki_ca *issuer; /* NULL: self-signed */
    EVP_PKEY *key;
    bool is_ca;
    const char *extended_usage; /* "clientAuth"; NULL: none */
    const char *dns_name;       /* NULL: none */
    long starts_in_s;           /* from now */
    long ends_in_s;
};
X509 *pki_issue(const struct pki_wish *wish);
void pki_append_certificate(struct rig_buf *pem, X509 *certificate);
void pki_append_key(struct rig_buf *pem, EVP_PKEY *key);
/* `revoked` may be NULL. */
void pki_append_crl(struct rig_buf *pem, const struct pki_ca *ca, const X509 *revoked);

#endif
