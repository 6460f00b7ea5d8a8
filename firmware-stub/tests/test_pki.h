/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates made on the spot with OpenSSL; failures end the test. */
#ifndef RIG_AGENT_TEST_PKI_H
#define RIG_AGENT_TEST_PKI_H

#include <openssl/evp.h>
#include <openssl/x509.h>

struct test_ca {
    EVP_PKEY *key; /* NULL when the certificate was made for a public key */
    X509 *cert;
    char *pem;
    unsigned char *der;
    size_t der_size;
};

/* Issued by issuer, or self-signed when NULL; valid from not_before_days to not_after_days from
 * now. CA when there is no issuer. public_key NULL: a new P-256 key. The name is CN and, for a
 * leaf, a DNS SAN. */
void test_ca_make(struct test_ca *out, const struct test_ca *issuer, const char *name,
                  int not_before_days, int not_after_days, EVP_PKEY *public_key);
void test_ca_free(struct test_ca *ca);

#endif
