/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of rig/pki share. Private to rig/pki. Every function here that takes a world is
 * called with its lock held.
 */
#ifndef RIG_PKI_INTERNAL_H
#define RIG_PKI_INTERNAL_H

#include "rig/ca/pki.h"
#include "rig/pki/world.h"

#include <pthread.h>

/* A certificate that was made, and the key that its holder has (which is not the certificate's in a
 * recipe with foreign_key). Lives as long as its world. */
struct rig_pki_made {
    uint8_t id[RIG_SHA256_SIZE]; /* of recipe, signers, subject key and name */
    const struct rig_pki_recipe *recipe;
    struct rig_buf der;
    X509 *certificate;
    EVP_PKEY *key; /* NULL: a board's */
};

struct rig_pki_kept_crls;

struct rig_pki_world {
    pthread_mutex_t lock;
    const struct rig_fixtures *fixtures;
    int64_t now_ms;
    uint8_t seed[RIG_SHA256_SIZE];
    struct rig_pki_made **made;
    size_t n_made;
    size_t cap_made;
    struct rig_pki_kept_crls *crls; /* crls.c */
};

static inline void rig_pki_unlock(pthread_mutex_t **lock)
{
    (void)pthread_mutex_unlock(*lock);
}

/* Until the end of the scope. */
#define RIG_PKI_HOLD(world_)                                                                       \
    (void)pthread_mutex_lock(&(world_)->lock);                                                     \
    RIG_AUTO(rig_pki_unlock) pthread_mutex_t *held_lock_ = &(world_)->lock;                        \
    (void)held_lock_

/* What a certificate is made for. */
struct rig_pki_subject {
    EVP_PKEY *key;    /* a board's; NULL: a fresh one */
    EVP_PKEY *shared; /* of another authority (key_of); NULL: none */
    const char *name; /* `{name}` */
};

/* world.c: made now, or found made before. */
RIG_CHECKED rig_result rig_pki_authority(struct rig_pki_world *world, const char *name,
                                         const struct rig_pki_made **made, struct rig_error *err);
/* The serial that a recipe's certificates have: lower-case hex. */
RIG_CHECKED rig_result rig_pki_serial(const struct rig_pki_world *world,
                                      const struct rig_pki_recipe *recipe,
                                      char serial[RIG_PKI_SERIAL_SIZE], struct rig_error *err);
/* `usual_ms` counts from the world's opening. */
int64_t rig_pki_time_ms(const struct rig_pki_world *world, struct rig_pki_time time,
                        int64_t usual_ms);
RIG_CHECKED rig_result rig_pki_fail_recipe(struct rig_error *err, const char *kind,
                                           const char *name);

/* certificate.c: fills der, certificate and key of `made`. `signer` NULL: self-signed. */
RIG_CHECKED rig_result rig_pki_make(const struct rig_pki_world *world,
                                    const struct rig_pki_recipe *recipe,
                                    const struct rig_pki_made *signer,
                                    const struct rig_pki_subject *subject,
                                    struct rig_pki_made *made, struct rig_error *err);

/* crls.c */
void rig_pki_crls_free(struct rig_pki_kept_crls *kept);

/* keys.c */
RIG_CHECKED rig_result rig_pki_key_make(enum rig_pki_key_type type, EVP_PKEY **key,
                                        struct rig_error *err);
RIG_CHECKED rig_result rig_pki_key_like(EVP_PKEY *other, EVP_PKEY **key, struct rig_error *err);
/* NULL for a key that has its digest within (Ed25519). */
const EVP_MD *rig_pki_digest_for(enum rig_pki_digest digest, const EVP_PKEY *key);
/* INVALID when there is no such signature. */
RIG_CHECKED rig_result rig_pki_digest_check(enum rig_pki_digest digest, const EVP_PKEY *key,
                                            struct rig_error *err);

/* names.c */
RIG_CHECKED rig_result rig_pki_expand(const char *text, const char *name,
                                      char out[RIG_PKI_VALUE_SIZE], struct rig_error *err);
/* The subject of `recipe`'s certificate, or of the authority whose names it bears. */
RIG_CHECKED rig_result rig_pki_subject_name(const struct rig_pki_world *world,
                                            const struct rig_pki_recipe *recipe, const char *name,
                                            X509_NAME *out, struct rig_error *err);
/* `constraint`: an IP address has its prefix length. The caller frees it. */
RIG_CHECKED rig_result rig_pki_general_name(const struct rig_pki_alt_name *alt_name,
                                            const char *name, bool constraint, GENERAL_NAME **out,
                                            struct rig_error *err);

/* extensions.c */
RIG_CHECKED rig_result rig_pki_add_extensions(const struct rig_pki_recipe *recipe,
                                              const struct rig_pki_made *signer, const char *name,
                                              X509 *certificate, struct rig_error *err);
/* The id of `of`'s key, as `which` says; NULL in *id for NONE. The caller frees it. */
RIG_CHECKED rig_result rig_pki_key_id(const X509 *of, enum rig_pki_key_id which,
                                      ASN1_OCTET_STRING **id, struct rig_error *err);
RIG_CHECKED rig_result rig_pki_extension_make(const struct rig_pki_extension *extension,
                                              X509_EXTENSION **out, struct rig_error *err);

RIG_DEFINE_AUTO(AUTHORITY_KEYID, AUTHORITY_KEYID_free);
RIG_DEFINE_AUTO(X509_EXTENSION, X509_EXTENSION_free);

#endif
