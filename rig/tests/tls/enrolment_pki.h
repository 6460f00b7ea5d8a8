/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificates that the enrolment rules are tested with: the document's five devices (1 to 3
 * under A, 4 and 5 under B), factory and line CAs, look-alikes, renewed and cross-signed CAs, and
 * device certificates with any common name. Made anew in memory; what can't be made ends the
 * program.
 */
#ifndef RIG_TESTS_TLS_ENROLMENT_PKI_H
#define RIG_TESTS_TLS_ENROLMENT_PKI_H

#include "rig/tests/tls/pki.h"

enum { EP_N_DEVICES = 5 };

struct ep {
    struct pki_ca root;
    struct pki_ca a;
    struct pki_ca b;
    struct pki_ca root2;       /* another verified CA */
    struct pki_ca lookalike_a; /* A's subject, another key, under root2 */
    struct pki_ca renewed_a;   /* A's subject, another key, under root */
    struct pki_ca rekeyed_a;   /* A's subject and key, issued anew under root */
    struct pki_ca cross_a;     /* A's subject and key, under root2 */
    struct pki_ca factory;     /* root -> factory -> line */
    struct pki_ca line;
    EVP_PKEY *ed25519_key;
    EVP_PKEY *p224_key;
    EVP_PKEY *device_keys[EP_N_DEVICES];
    X509 *devices[EP_N_DEVICES];
    X509 *made[64]; /* by ep_device, freed with the rest */
    size_t n_made;
};

void ep_make(struct ep *ep);
void ep_free(struct ep *ep);

/* A device's certificate; `n_cn` bytes of CN, which may be any. Owned by `ep`. */
X509 *ep_device(struct ep *ep, const struct pki_ca *issuer, EVP_PKEY *key, const char *cn,
                size_t n_cn);
/* The same with a second CN. */
X509 *ep_device_two_names(struct ep *ep, const struct pki_ca *issuer, EVP_PKEY *key,
                          const char *first, const char *second);

#endif
