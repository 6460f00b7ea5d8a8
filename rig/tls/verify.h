/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may go on: path validation in the handshake, the same again for a session that is to be
 * resumed, and the rules of the application layer (policy, enrolment). Private to this folder; used
 * on the server's thread.
 */
#ifndef RIG_TLS_VERIFY_H
#define RIG_TLS_VERIFY_H

#include "rig/tls/observe.h"

/* The verify callback of the context. */
int rig_tls_verify(X509_STORE_CTX *store, void *arg);

/* Whether the holder of this session could come in today. Writes revalidation_text when not. */
bool rig_tls_revalidate(struct rig_tls_observed *observed, X509 *leaf, STACK_OF(X509) * presented);

/* Policy and enrolment; false: refused, and the evidence says by whom. */
bool rig_tls_application_allows(struct rig_tls_observed *observed);

/* Whether there is a line to wait for before the echo... */
bool rig_tls_wants_line(const struct rig_tls_observed *observed);
/* ... and the enrolment's word about it; false: refused. */
bool rig_tls_line_allows(struct rig_tls_observed *observed, const char *line, size_t n_line);

/* The result of OCSP under the policy of failing open or closed; false: refused. */
bool rig_tls_ocsp_allows(struct rig_tls_observed *observed);

#endif
