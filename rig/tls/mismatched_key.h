/* SPDX-License-Identifier: Apache-2.0 */
/* A key that passes for the pair of a certificate and is not: what it signs does not verify. For
 * clients and servers without proof of possession. Pure, any thread. */
#ifndef RIG_TLS_MISMATCHED_KEY_H
#define RIG_TLS_MISMATCHED_KEY_H

#include "rig/base/error.h"

#include <openssl/evp.h>

/* The caller frees *key. USAGE/UNSUPPORTED for other than EC certificates. */
RIG_CHECKED rig_result rig_tls_mismatched_key(EVP_PKEY *shown, EVP_PKEY **key,
                                              struct rig_error *err);

#endif
