/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one PEM form in which the rig takes a CSR: one block CERTIFICATE REQUEST and nothing around
 * it. Other readers are lax (first block wins, the label is not read), so what two of them make of
 * the same bytes can differ. Pure, any thread.
 */
#ifndef RIG_CA_CSR_PEM_H
#define RIG_CA_CSR_PEM_H

#include "rig/base/buf.h"

/* Appends the DER. Class DEVICE: INVALID, or POLICY for a second block, another label or text
 * around the block. */
RIG_CHECKED rig_result rig_csr_of_pem(const void *bytes, size_t n_bytes, struct rig_buf *der,
                                      struct rig_error *err);

#endif
