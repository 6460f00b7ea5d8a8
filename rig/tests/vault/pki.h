/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKI in a temporary folder, made at run time: a CA, a server's certificate for 127.0.0.1 and
 * "vault.test", a client's certificate, and a CA that has nothing to do with them. Fails the test
 * by itself. One thread at a time.
 */
#ifndef RIG_TESTS_VAULT_PKI_H
#define RIG_TESTS_VAULT_PKI_H

struct test_pki {
    char folder[64];
    char ca[96], other_ca[96];
    char server_certificate[96], server_key[96];
    char client_certificate[96], client_key[96];
};

void test_pki_make(struct test_pki *pki);
void test_pki_remove(struct test_pki *pki);

#endif
