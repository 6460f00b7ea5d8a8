/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed updates of the intermediates that devices present (firmware-stub/PROTOCOL.md section 7):
 * the object itself, and what the local CA makes one from, right or wrong on purpose. Private to
 * rig/ca and tests.
 *
 * Errors: class USAGE, INVALID, for what an update can't hold; class RIG, LIBRARY, otherwise. Pure
 * but for the random generator, any thread.
 */
#ifndef RIG_CA_CHAIN_UPDATE_H
#define RIG_CA_CHAIN_UPDATE_H

#include "rig/ca/hierarchy.h"

#define RIG_CHAIN_UPDATE_MAX_BYTES 16384
#define RIG_CHAIN_UPDATE_HEADER_BYTES 80

/* Borrowed, all of it. */
struct rig_chain_update_parts {
    uint32_t version;               /* 1 and more */
    const X509 *root;               /* that it is for */
    const X509_NAME *issuer;        /* of the devices that it is for; NULL: subject of chain[0] */
    const X509 *const *chain;       /* issuing CA first */
    size_t n_chain;                 /* 1 to RIG_CA_CHAIN_MAX */
    const X509 *signer_certificate; /* NULL: none */
    EVP_PKEY *signer_key;           /* NULL: no signature */
};

/* Appends the object. */
RIG_CHECKED rig_result rig_chain_update_build(const struct rig_chain_update_parts *parts,
                                              struct rig_buf *object, struct rig_error *err);

/* A certificate that came to be for an update, for the CA's memory. */
struct rig_chain_update_issued {
    X509 *certificate;
    size_t issuer_level;
    bool is_ca;
};
struct rig_chain_update_record {
    struct rig_chain_update_issued issued[2];
    size_t n_issued;
};
void rig_chain_update_record_free(struct rig_chain_update_record *record);

/* The update that a CA of these levels signs. The caller frees update and record, also after a
 * failure. */
RIG_CHECKED rig_result rig_chain_update_make(const struct rig_ca_hierarchy *hierarchy,
                                             const struct rig_ca_chain_update_request *request,
                                             int64_t now_ms, struct rig_ca_chain_update *update,
                                             struct rig_chain_update_record *record,
                                             struct rig_error *err);

#endif
