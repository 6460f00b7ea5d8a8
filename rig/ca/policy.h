/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rig itself demands of a CSR before it is signed and of a certificate before it is
 * flashed. Class DEVICE for a CSR (the board made it), class CA for a certificate. INVALID (not DER
 * of that kind), BAD_SIGNATURE, MISMATCH or POLICY; the text says which rule, what was found and
 * what was expected. Pure, any thread.
 */
#ifndef RIG_CA_POLICY_H
#define RIG_CA_POLICY_H

#include "rig/ca/ca.h"
#include "rig/ca/trust.h"

struct rig_csr_rules {
    enum rig_key_type key_type;
    const char *common_name;  /* the board's id: must be the CN, exactly and once */
    const char *organization; /* NULL: must be absent */
    const char *country;
    /* the key that the board said it made; NULL: not compared */
    const uint8_t *spki_sha256;
};

/* Self-signature, digest, key type and size, RSA exponent, subject, no extensions, nothing behind
 * the DER. */
RIG_CHECKED rig_result rig_csr_check(const uint8_t *der, size_t n_bytes,
                                     const struct rig_csr_rules *rules,
                                     uint8_t spki_sha256[RIG_SHA256_SIZE], struct rig_error *err);

struct rig_certificate_rules {
    enum rig_ca_profile profile;
    const char *common_name;
    const char *organization; /* NULL: not compared, at most one */
    const char *country;      /* NULL: not compared, at most one */
    const char *const
        *dns_names; /* server profile, as in rig_ca_request: exactly these must be in the SAN; */
    const char *const *ip_addresses; /* both NULL: any DNS names and IP addresses, at least one */
    const uint8_t *spki_sha256;      /* of the CSR */
    const char *root_pem;            /* pinned */
    const char *chain_pem;           /* intermediates */
    const struct rig_trust *trust; /* both, decoded before; NULL: they are decoded for this check */
    int64_t now_ms;
    int64_t not_before_ms; /* as asked, may lie in the future; 0: about now */
    int64_t not_after_ms;  /* as asked; 0: any, but in the future */
    bool may_be_expired;   /* a test certificate that is meant to be */
};

/*
 * Public key, subject, issuer and chain up to the pinned root, basicConstraints, keyUsage,
 * extKeyUsage, SAN, validity window, serial (positive, at most 20 octets, at least 64 bits),
 * signature algorithm, no other extension that is not harmless (CRL distribution points, authority
 * information, policies). A certificate asked for with times is allowed a minute of difference; one
 * asked for without must begin between ten minutes ago and a minute from now.
 */
RIG_CHECKED rig_result rig_certificate_check(const uint8_t *der, size_t n_bytes,
                                             const struct rig_certificate_rules *rules,
                                             struct rig_error *err);

#endif
