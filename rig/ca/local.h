/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local CA: a folder with one subfolder per level (root, factory, line, ...): certificate, key
 * (0600, encrypted when a passphrase is given), CRL; and an SQLite file with all that was issued
 * and revoked, written in the same transaction that hands out a certificate. Several processes may
 * use one folder.
 *
 * It answers OCSP (RFC 6960) for its issuing CA out of that memory: good, revoked with time and
 * reason, unknown for a serial that it never issued, unauthorized for another issuer. Answers are
 * signed by a responder that the issuing CA delegates to (EKU OCSPSigning, id-pkix-ocsp-nocheck),
 * not by the CA's own key: that one's key usage is keyCertSign and cRLSign, which RFC 5280 4.2.1.3
 * lets sign nothing else, and a key that answers whoever asks is better not the one that can issue.
 * The responder lives a day, as RFC 6960 4.2.2.2.1 advises for one that nobody checks; each process
 * makes its own when it is first asked, and keeps the key in memory only. An issuing CA renewed
 * with its key keeps name and key hash, so old and new certificate verify the same answers; another
 * key is another issuer.
 */
#ifndef RIG_CA_LOCAL_H
#define RIG_CA_LOCAL_H

#include "rig/ca/ca.h"

#define RIG_CA_MAX_LEVELS 6
#define RIG_CA_LEVEL_NAME_SIZE 33 /* names are a-z, 0-9, '-' and '_': they become folders */

struct rig_ca_local_plan {
    const char *levels[RIG_CA_MAX_LEVELS]; /* names from the root down, e.g. {"root", "factory",
                                              "line"}; the last signs devices */
    size_t n_levels;                       /* 1: the root itself signs */
    const char *organization;
    const char *country;
    enum rig_key_type key_type; /* of the CAs; RIG_KEY_NONE: p-256 */
    int64_t ca_days;     /* validity of the root; each level below gets a little less; 0: 3650 */
    int64_t device_days; /* default validity of device certificates; 0: 1095 */
    int64_t crl_hours;   /* nextUpdate; 0: 168 */
    size_t n_below;      /* levels of CAs kept elsewhere (Vault) that the last level signs */
};

/*
 * Opens the CA in `folder`, or makes it by `plan` when there is none (plan NULL: NOT_FOUND). An
 * existing CA whose levels differ from the plan is POLICY and says both. `passphrase` may be NULL
 * (keys in the clear, 0600). `clock` is borrowed.
 */
RIG_CHECKED rig_result rig_ca_local_open(const char *folder, const struct rig_ca_local_plan *plan,
                                         const char *passphrase, const struct rig_clock *clock,
                                         struct rig_ca **ca, struct rig_error *err);

/* A CA kept elsewhere, to be signed by the last level of this one. */
struct rig_ca_subordinate {
    const char *csr_pem;      /* borrowed; its subject's CN becomes the certificate's */
    const char *what;         /* names the CSR in messages */
    const char *organization; /* may be NULL */
    const char *country;      /* may be NULL */
    int64_t days;             /* cut to what the signer can cover, less a day */
    size_t path_length;       /* CAs allowed below it */
};

/*
 * Signs a CSR as a CA certificate (RFC 5280: basicConstraints, keyCertSign, cRLSign) and records
 * it. Appends PEM. A CSR that is not signed by its own key is BAD_SIGNATURE.
 */
RIG_CHECKED rig_result rig_ca_local_sign_subordinate(struct rig_ca *ca,
                                                     const struct rig_ca_subordinate *request,
                                                     struct rig_buf *pem, struct rig_wait wait,
                                                     struct rig_error *err);

/*
 * Makes a key pair and has the CA sign it: for the test server's own certificates. Appends PEM;
 * `key_pem` must be marked secret by the caller.
 */
RIG_CHECKED rig_result rig_ca_make_server(struct rig_ca *ca, const struct rig_ca_request *request,
                                          enum rig_key_type key_type, struct rig_buf *key_pem,
                                          struct rig_ca_certificate *certificate,
                                          struct rig_wait wait, struct rig_error *err);

#endif
