/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of rig/ca share: a temporary folder, a clock that stands still, CSRs and
 * certificates with any flaw. Every function here fails the test by itself. One thread at a time
 * per object.
 */
#ifndef RIG_TESTS_CA_FIXTURE_H
#define RIG_TESTS_CA_FIXTURE_H

#include "rig/ca/ca.h"
#include "rig/ca/local.h"
#include "rig/ca/pki.h"
#include "rig/ca/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define FX_MS_PER_DAY (INT64_C(24) * 3600 * 1000)

struct fx {
    char folder[256];  /* temporary, removed by fx_close */
    char ca_path[300]; /* <folder>/ca */
    int64_t now_ms;    /* what `clock` says */
    struct rig_clock clock;
    struct rig_ca *ca; /* NULL until fx_open_ca */
    struct rig_error err;
};

/* root -> factory -> line, P-256, O and C set. */
extern const struct rig_ca_local_plan fx_plan;

void fx_init(struct fx *fx);
void fx_open_ca(struct fx *fx, const struct rig_ca_local_plan *plan, const char *passphrase);
void fx_close(struct fx *fx);

/* For cmocka: a new fixture with the CA of fx_plan open, as the test's state; and its end, of any
 * fixture that calloc made. */
int fx_setup(void **state);
int fx_teardown(void **state);

/* 20 s, far more than any step of these tests needs */
struct rig_wait fx_wait(void);

/* Fails with the error's text in sight. */
void fx_ok(rig_result result, const struct rig_error *err);
void fx_failed(rig_result result, const struct rig_error *err, enum rig_error_class cls,
               enum rig_error_code code, const char *text);

EVP_PKEY *fx_key(enum rig_key_type type);
/* Subject in the order CN, O, C as the board's library writes it; not signed. NULL fields are left
 * out. */
X509_REQ *fx_csr(EVP_PKEY *key, const char *cn, const char *o, const char *c);
void fx_name(X509_NAME *name, int nid, int type, const void *bytes, int len);
void fx_csr_extension(X509_REQ *csr, int nid, const char *value);
/* Signs (NULL digest: SHA-256) and encodes. */
void fx_csr_der(X509_REQ *csr, EVP_PKEY *key, const EVP_MD *digest, struct rig_buf *der);
/* A sound CSR for CN, "WiseFido Inc", "US". */
void fx_good_csr(EVP_PKEY *key, const char *cn, struct rig_buf *der);

void fx_spki_sha256(EVP_PKEY *key, uint8_t sha256[RIG_SHA256_SIZE]);
/* How many certificates the CA issued for this key. */
size_t fx_n_issued_for(struct fx *fx, const uint8_t spki_sha256[RIG_SHA256_SIZE]);
struct rig_ca_request fx_request(const struct rig_buf *csr, const char *cn);
/* Signs a device's certificate for a new key. */
void fx_sign(struct fx *fx, const char *cn, struct rig_ca_certificate *certificate);

X509 *fx_decode(const struct rig_buf *der);
size_t fx_count(const char *text, const char *part);

/* X509_verify_cert with CRL_CHECK | CRL_CHECK_ALL as a TLS server does it; X509_V_* and the depth.
 */
int fx_verify(struct fx *fx, const struct rig_buf *leaf_der, const char *chain_pem,
              const char *crls_pem, int purpose, int *depth);

#endif
