/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds and signs certificates and CRLs (RFC 5280); knows no folder and no database. For
 * rig/ca, and what CRLs share with rig/pki.
 *
 * Serials are 128 random bits. Subjects come from the caller, never from a CSR. Signed with
 * SHA-256, or SHA-384 by P-384 and P-521 CAs.
 *
 * Errors: class CA REFUSED for a validity that the issuer can't cover, class USAGE INVALID for
 * names that a certificate can't hold, class RIG LIBRARY otherwise. Pure but for the random
 * generator, any thread.
 */
#ifndef RIG_CA_ISSUE_H
#define RIG_CA_ISSUE_H

#include "rig/ca/ca.h"
#include "rig/ca/pki.h"

/* Who signs. For a root under construction `certificate` is NULL. Borrowed. */
struct rig_issuer {
    const X509 *certificate;
    EVP_PKEY *key;
};

struct rig_issue_names {
    const char *common_name;
    const char *organization; /* may be NULL */
    const char *country;      /* may be NULL */
};

struct rig_issue_validity {
    int64_t not_before_ms;
    int64_t not_after_ms;
};

/* Of OpenSSL's generator. */
RIG_CHECKED rig_result rig_issue_random(uint8_t *bytes, size_t n_bytes, struct rig_error *err);

/* A CA certificate for `key`, with `path_length` CAs allowed below it. The caller frees it. */
RIG_CHECKED rig_result rig_issue_ca(struct rig_issuer issuer, EVP_PKEY *key,
                                    const struct rig_issue_names *names,
                                    struct rig_issue_validity validity, size_t path_length,
                                    X509 **out, struct rig_error *err);

/* A device's or server's certificate for the public key of `request`. The caller frees it. */
RIG_CHECKED rig_result rig_issue_leaf(struct rig_issuer issuer, X509_PUBKEY *public_key,
                                      const struct rig_ca_request *request,
                                      struct rig_issue_validity validity, X509 **out,
                                      struct rig_error *err);

/* A certificate with the subject and extensions of `like`, but another serial, validity and, when
 * it differs, key. The caller frees it. */
RIG_CHECKED rig_result rig_issue_again(struct rig_issuer issuer, const X509 *like, EVP_PKEY *key,
                                       struct rig_issue_validity validity, X509 **out,
                                       struct rig_error *err);

/* An end-entity certificate that signs, for one extended key usage (NID_code_sign and the like);
 * with id-pkix-ocsp-nocheck for NID_OCSP_sign. The caller frees it. */
RIG_CHECKED rig_result rig_issue_signer(struct rig_issuer issuer, EVP_PKEY *key,
                                        const struct rig_issue_names *names,
                                        struct rig_issue_validity validity, int purpose_nid,
                                        X509 **out, struct rig_error *err);

struct rig_issue_crl {
    int64_t number;
    int64_t this_update_ms;
    int64_t next_update_ms;
};

/* An empty CRL; entries follow with rig_issue_crl_add, then rig_issue_crl_sign. The caller frees
 * it. */
RIG_CHECKED rig_result rig_issue_crl_begin(struct rig_issuer issuer,
                                           const struct rig_issue_crl *facts, X509_CRL **out,
                                           struct rig_error *err);
RIG_CHECKED rig_result rig_issue_crl_add(X509_CRL *crl, const char *serial, int64_t revoked_at_ms,
                                         enum rig_revocation_reason reason, struct rig_error *err);
RIG_CHECKED rig_result rig_issue_crl_sign(struct rig_issuer issuer, X509_CRL *crl,
                                          struct rig_error *err);

#endif
