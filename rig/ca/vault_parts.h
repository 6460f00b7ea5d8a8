/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the Vault back end know of each other: vault.c (open, revoke), sign, submit,
 * look.c (first look at the server), chain, find (what it issued), crl, ocsp. Private to rig/ca and
 * its tests. Threads: everything but what `lock` guards is read-only once the CA is open.
 */
#ifndef RIG_CA_VAULT_PARTS_H
#define RIG_CA_VAULT_PARTS_H

#include "rig/ca/gate.h"
#include "rig/ca/pki.h"
#include "rig/ca/vault.h"

#include <openssl/provider.h>

#include <pthread.h>

#define RIG_VAULT_CA_MAX_ISSUERS 32

/* Of a mount: a CA that the server holds. */
struct rig_vault_issuer {
    const char *mount; /* borrowed from the configuration */
    char id[64];
    bool has_key; /* it signs, and has a CRL */
    X509 *certificate;
};

/* A certificate that the server is known to have issued. */
struct rig_vault_known {
    char serial[RIG_SERIAL_TEXT_SIZE];
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    bool ours; /* handed out by this object */
};

/* Revoked by this object, and not yet seen in a CRL. */
struct rig_vault_pending {
    char serial[RIG_SERIAL_TEXT_SIZE];
    const char *mount;
    uint64_t order; /* from 1 */
};

struct rig_vault_ca {
    struct rig_ca ca; /* first */
    struct rig_ca_vault_config config;
    const struct rig_clock *clock;
    struct rig_vault *station;
    struct rig_vault *qa; /* may be the station's */
    struct rig_vault_health health;
    char accessors[2][64]; /* station's, QA's */
    OSSL_LIB_CTX *keyless; /* knows no algorithm: what is decoded in it stays without its key */
    OSSL_PROVIDER *keyless_provider;
    X509 *root;
    size_t n_issuers;
    struct rig_vault_issuer issuers[RIG_VAULT_CA_MAX_ISSUERS];
    STACK_OF(X509) * cas[2];   /* by profile: issuing CA first, root last */
    bool name_from_request[2]; /* by profile: the role takes names from the request, not the CSR */

    struct rig_gate rotating;
    pthread_mutex_t lock; /* of all below */
    size_t n_known, known_room;
    struct rig_vault_known *known; /* by serial */
    size_t n_pending, pending_room;
    uint64_t n_revoked; /* ever */
    struct rig_vault_pending *pending;
};

static inline struct rig_vault_ca *rig_vault_ca_of(struct rig_ca *ca)
{
    return (struct rig_vault_ca *)ca;
}

/* "<mount>/<rest>" */
#define RIG_VAULT_PATH_SIZE 400
void rig_vault_ca_path(char path[RIG_VAULT_PATH_SIZE], const char *mount, const char *fmt, ...)
    RIG_PRINTF(3, 4);

/* A member of an object as text; "" when it is none. Borrowed. */
const char *rig_vault_json_text(const json_t *object, const char *key);

/* "0a1b" -> "0a:1b"; false for what is no serial of whole octets. */
#define RIG_VAULT_SERIAL_SIZE (3 * RIG_SERIAL_MAX + 1)
bool rig_vault_serial_colons(const char *serial, char out[RIG_VAULT_SERIAL_SIZE]);

/* ---- vault.c */

const struct rig_ca_vault_role *rig_vault_role_of(const struct rig_vault_ca *vault,
                                                  enum rig_ca_profile profile);
/* The login that may sign for the profile. */
struct rig_vault *rig_vault_client_of(const struct rig_vault_ca *vault,
                                      enum rig_ca_profile profile);
/* Of `data` of an answer to sign: the certificate; ca_chain, or issuing_ca where that is empty. The
 * caller frees both. */
RIG_CHECKED rig_result rig_vault_read_leaf(const json_t *data, X509 **leaf, struct rig_error *err);
RIG_CHECKED rig_result rig_vault_read_chain(const json_t *data, STACK_OF(X509) * *chain,
                                            struct rig_error *err);
/* With QA's login. An expired certificate is as good as revoked. NOT_FOUND: not of this mount. */
RIG_CHECKED rig_result rig_vault_revoke_at(struct rig_vault_ca *vault, const char *mount,
                                           const char *serial, struct rig_wait wait,
                                           struct rig_error *err);

/* ---- vault_leaf.c */

RIG_CHECKED rig_result rig_vault_keyless_open(struct rig_vault_ca *vault, struct rig_error *err);
void rig_vault_keyless_close(struct rig_vault_ca *vault);
/* As rig_vault_read_leaf, at a fraction of its time, for what rig_vault_is_issued_by takes: a
 * certificate without an EVP_PKEY, and whose extensions X509_check_* and X509_verify can't judge.
 */
RIG_CHECKED rig_result rig_vault_read_keyless(const struct rig_vault_ca *vault, const json_t *data,
                                              X509 **leaf, struct rig_error *err);
/* It names `issuer`, a proven CA, by name and key identifier, and that one's key signed it; `der`
 * is its encoding. False also for what only a whole verification can judge. */
bool rig_vault_is_issued_by(const X509 *leaf, const struct rig_buf *der, X509 *issuer);

/* ---- vault_sign.c, vault_submit.c */

RIG_CHECKED rig_result rig_vault_sign(struct rig_ca *ca, const struct rig_ca_request *request,
                                      struct rig_ca_certificate *certificate, struct rig_wait wait,
                                      struct rig_error *err);
RIG_CHECKED rig_result rig_vault_submit(struct rig_ca *ca,
                                        const struct rig_ca_submission *submission,
                                        struct rig_ca_answer *answer, struct rig_wait wait,
                                        struct rig_error *err);

/* ---- vault_chain.c */

RIG_CHECKED rig_result rig_vault_chain_root(struct rig_vault_ca *vault, struct rig_error *err);
/* The CAs that a mount holds, added to `issuers`. */
RIG_CHECKED rig_result rig_vault_chain_issuers(struct rig_vault_ca *vault, const char *mount,
                                               struct rig_wait wait, struct rig_error *err);
/* The verified path of `certificate` up to the pinned root, without the certificate itself; `extra`
 * may be NULL. Times are not judged. The caller frees *cas. */
RIG_CHECKED rig_result rig_vault_chain_build(const struct rig_vault_ca *vault, X509 *certificate,
                                             STACK_OF(X509) * extra, STACK_OF(X509) * *cas,
                                             struct rig_error *err);
/* Every CA that has issued what this rig uses, each once. The caller frees *cas. */
RIG_CHECKED rig_result rig_vault_chain_all(const struct rig_vault_ca *vault, STACK_OF(X509) * *cas,
                                           struct rig_error *err);

/* ---- vault_look.c */

/* Everything that must hold before something is signed. Fills what is read-only later. */
RIG_CHECKED rig_result rig_vault_look(struct rig_vault_ca *vault, struct rig_wait wait,
                                      struct rig_error *err);

/* ---- vault_find.c */

RIG_CHECKED rig_result rig_vault_remember(struct rig_vault_ca *vault, const char *serial,
                                          const uint8_t spki_sha256[RIG_SHA256_SIZE], bool ours,
                                          struct rig_error *err);
/* NOT_FOUND when the mount has no such certificate. *certificate may be NULL. */
RIG_CHECKED rig_result rig_vault_fetch(struct rig_vault_ca *vault, const char *mount,
                                       const char *serial, X509 **certificate, bool *revoked,
                                       struct rig_wait wait, struct rig_error *err);
/* Certificates of this key that another than this object handed out, issued at `since_ms` of our
 * clock or later (`ttl_ms` is what was asked for); the newest. *certificate NULL: none. */
RIG_CHECKED rig_result rig_vault_find_lost(struct rig_vault_ca *vault, const char *mount,
                                           const uint8_t spki_sha256[RIG_SHA256_SIZE],
                                           int64_t since_ms, int64_t ttl_ms, X509 **certificate,
                                           struct rig_wait wait, struct rig_error *err);
RIG_CHECKED rig_result
rig_vault_issued_for(struct rig_ca *ca, const uint8_t spki_sha256[RIG_SHA256_SIZE],
                     rig_result (*each)(void *ctx, const char *serial, bool revoked,
                                        const struct rig_buf *der, struct rig_error *err),
                     void *ctx, struct rig_wait wait, struct rig_error *err);
RIG_CHECKED rig_result rig_vault_find(struct rig_ca *ca, const char *serial, bool *known,
                                      struct rig_wait wait, struct rig_error *err);

/* ---- vault_crl.c */

RIG_CHECKED rig_result rig_vault_expect_revoked(struct rig_vault_ca *vault, const char *mount,
                                                const char *serial, struct rig_error *err);
/* The CRL that everyone fetches lists the certificate (of rig_vault_expect_revoked) when this
 * returns: a server that makes CRLs by time alone (auto_rebuild) is told to make one now. */
RIG_CHECKED rig_result rig_vault_publish(struct rig_vault_ca *vault, const char *mount,
                                         const char *serial, struct rig_wait wait,
                                         struct rig_error *err);
RIG_CHECKED rig_result rig_vault_crls(struct rig_ca *ca, struct rig_buf *pem, struct rig_wait wait,
                                      struct rig_error *err);
RIG_CHECKED rig_result rig_vault_published_crls(struct rig_ca *ca, struct rig_buf *pem,
                                                struct rig_wait wait, struct rig_error *err);
/* A line about each CRL. */
RIG_CHECKED rig_result rig_vault_describe_crls(struct rig_vault_ca *vault, struct rig_buf *text,
                                               struct rig_wait wait, struct rig_error *err);

/* ---- vault_ocsp.c */

RIG_CHECKED rig_result rig_vault_ocsp(struct rig_ca *ca, const char *serial,
                                      struct rig_ca_ocsp *ocsp, struct rig_wait wait,
                                      struct rig_error *err);

#endif
