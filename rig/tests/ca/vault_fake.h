/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Vault server that errs as a test says: answers that get lost, late or changed on the way.
 * Behind it signs a local CA. What returns nothing fails the test by itself. One thread at a time.
 */
#ifndef RIG_TESTS_CA_VAULT_FAKE_H
#define RIG_TESTS_CA_VAULT_FAKE_H

#include "fixture.h"
#include "rig/ca/vault.h"
#include "rig/tests/vault/server.h"

#define FAKE_MAX_ISSUED 8

struct fake_issued {
    char serial[RIG_SERIAL_TEXT_SIZE];
    char pem[2048];
    bool revoked;
    bool hidden; /* not listed yet */
};

struct fake {
    struct fx fx;       /* the CA behind the server */
    struct fx other_fx; /* another one, of another root */
    struct test_server *server;
    struct rig_ca_vault_config config;
    struct rig_ca *ca; /* what is tested */
    size_t n_issued;
    struct fake_issued issued[FAKE_MAX_ISSUED];
    unsigned n_asked;
    int64_t last_ttl_s;
    /* how it errs */
    bool sealed;
    int64_t skew_ms;
    const char *role; /* JSON members */
    bool other_issuer;
    unsigned drop_before; /* the so-many first requests to sign get lost on their way there */
    unsigned drop_after;  /* ... their answers, on their way back */
    unsigned garble;      /* ... come with a certificate that can't be read */
    bool late;            /* what was signed for a lost answer shows up later */
    bool list_denied;
    bool revoke_denied;
    bool rotate_denied;
    int ocsp_status;   /* HTTP, with a responseStatus of OCSP ... */
    uint8_t ocsp_says; /* ... which is this one; 0: a good answer */
    unsigned n_rotated;
    int64_t cap_ttl_s;
};

/* For cmocka: *state is a struct fake, whose server runs; its CA is not open yet. */
int fake_setup(void **state);
int fake_teardown(void **state);
void fake_open_ca(struct fake *fake);
/* A device's certificate for a new key, for three days. */
rig_result fake_sign(struct fake *fake, struct rig_ca_certificate *certificate);

void fake_write_file(struct fx *fx, const char *name, const void *bytes, size_t len,
                     char path[RIG_CA_VAULT_PATH_SIZE]);
/* The CRL of the root of `of`, which the server does not have, as the configuration's only one. */
void fake_write_root_crl(struct fake *fake, struct fx *of);

#endif
