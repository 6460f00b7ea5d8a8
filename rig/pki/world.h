/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fixture PKI: authorities, identities, CRLs and OCSP answers made from recipes (recipe.h) when
 * they are first asked for. It has roots of its own, made at run time, and nothing to do with the
 * CA that signs for production: it works whoever that is, and nothing that trusts production trusts
 * it. All keys but a board's are throw-away keys in memory.
 *
 * What was made once is kept under the hash of its recipe, its signers' recipes and the key and
 * name it was made for: asked again, the same bytes come back, for as long as the world is open.
 * Relative times count from the opening.
 *
 * Errors: class USAGE NOT_FOUND for a name that no recipe has, INVALID for a recipe that can't be
 * made or a key or request that can't be decoded; class RIG otherwise. Threads: any number may use
 * one world at once.
 */
#ifndef RIG_PKI_WORLD_H
#define RIG_PKI_WORLD_H

#include "rig/base/buf.h"
#include "rig/base/ids.h"
#include "rig/pki/recipe.h"

struct rig_pki_world;

/* `fixtures` is borrowed and must stay as it is until the world is closed. `now_ms` is the time
 * that recipes count from, in ms since 1970. The caller closes the world. */
RIG_CHECKED rig_result rig_pki_world_open(const struct rig_fixtures *fixtures, int64_t now_ms,
                                          struct rig_pki_world **world, struct rig_error *err);
void rig_pki_world_close(struct rig_pki_world *world);
static inline void rig_auto_pki_world(struct rig_pki_world **world)
{
    rig_pki_world_close(*world);
    *world = NULL;
}

struct rig_pki_request {
    enum rig_pki_kind kind; /* DEVICE, SERVER; AUTHORITY: that certificate itself */
    const char *name;       /* of the recipe */
    /* Whose key: that of a CSR (its signature is not checked) or a SubjectPublicKeyInfo, in DER.
     * Neither: a fresh key of the recipe's type. */
    const uint8_t *csr_der;
    size_t csr_len;
    const uint8_t *spki_der;
    size_t spki_len;
    const char *common_name; /* the board's id, or the server's DNS name: `{name}` of recipes; not
                                needed for an authority */
};

struct rig_pki_identity {
    struct rig_buf chain_pem; /* as its holder presents it: leaf first */
    size_t n_chain;           /* certificates in it */
    struct rig_buf leaf_der;
    struct rig_buf key_pem; /* PKCS#8, secret; empty when the certificate is for a key of others */
    struct rig_buf roots_pem; /* what a verifier is to trust */
    char serial[RIG_PKI_SERIAL_SIZE];
    uint8_t leaf_sha256[RIG_SHA256_SIZE];
    char issuer[RIG_PKI_NAME_SIZE];         /* the authority that signed it; "" itself */
    char expected_name[RIG_PKI_VALUE_SIZE]; /* server: what a client is to expect; "" nothing */
};
void rig_pki_identity_free(struct rig_pki_identity *identity);

/* The caller frees the identity. */
RIG_CHECKED rig_result rig_pki_identity(struct rig_pki_world *world,
                                        const struct rig_pki_request *request,
                                        struct rig_pki_identity *identity, struct rig_error *err);

/* A CRL set, appended: PEM after PEM in the order of the recipe, or DER when it says so. A set may
 * be empty. */
RIG_CHECKED rig_result rig_pki_crls(struct rig_pki_world *world, const char *name,
                                    struct rig_buf *out, struct rig_error *err);

struct rig_pki_ocsp {
    struct rig_buf der; /* the OCSPResponse, or garbage when that is the recipe */
    bool down;          /* nothing is to be answered: no responder listens */
    int64_t delay_ms;   /* to wait before it is sent */
    int http_status;    /* to send it with */
};
void rig_pki_ocsp_free(struct rig_pki_ocsp *answer);

/* The answer `name` to one DER OCSPRequest about a certificate of this world. Every answer is made
 * anew, since its request differs. The caller frees it. An issuer that the world never made: class
 * USAGE NOT_FOUND. */
RIG_CHECKED rig_result rig_pki_ocsp_answer(struct rig_pki_world *world, const char *name,
                                           const uint8_t *request_der, size_t request_len,
                                           struct rig_pki_ocsp *answer, struct rig_error *err);

/* Evidence: writes the chain and the trusted roots as `<folder>/<prefix>-chain.pem` and
 * `-trust.pem`; never a key. */
RIG_CHECKED rig_result rig_pki_identity_write(const struct rig_pki_identity *identity,
                                              const char *folder, const char *prefix,
                                              struct rig_error *err);

#endif
