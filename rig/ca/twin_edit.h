/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a CA that is wrong on purpose (twin.h) makes of certificates and OCSP. Private to rig/ca.
 * Errors of class RIG, LIBRARY. Pure but for the random generator, any thread.
 */
#ifndef RIG_CA_TWIN_EDIT_H
#define RIG_CA_TWIN_EDIT_H

#include "rig/ca/hierarchy.h"
#include "rig/ca/issue.h"
#include "rig/ca/twin.h"

/* Changes a good certificate as the fault says and signs it again. */
RIG_CHECKED rig_result rig_ca_twin_edit(X509 *certificate, struct rig_issuer issuer,
                                        enum rig_ca_fault fault, int64_t now_ms,
                                        struct rig_error *err);

struct rig_ca_twin_terms {
    struct rig_issuer issuer;
    const struct rig_ca_submission *submission;
    bool copies; /* subject, extensions and any life; else what a device's certificate has */
    int64_t now_ms;
    int64_t device_ms; /* life where none is asked for */
};

/* A certificate for a CSR that nobody has judged. The caller frees it. */
RIG_CHECKED rig_result rig_ca_twin_grant(const struct rig_ca_twin_terms *terms, X509_REQ *csr,
                                         X509 **out, struct rig_error *err);

/* What a relying party reads out of the answer that a responder with this fault gives; *ocsp is the
 * truth before. Fails with what the relying party says of an answer that it can't believe. */
RIG_CHECKED rig_result rig_ca_twin_ocsp(const struct rig_ca_hierarchy *hierarchy,
                                        enum rig_ca_fault fault, const char *serial, int64_t now_ms,
                                        struct rig_ca_ocsp *ocsp, struct rig_error *err);

#endif
