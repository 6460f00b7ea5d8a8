/* SPDX-License-Identifier: Apache-2.0 */
/* The identity and the protocol settings of an endpoint as an OpenSSL context, without trust and
 * callbacks. Private to this folder. */
#ifndef RIG_TLS_CONTEXT_H
#define RIG_TLS_CONTEXT_H

#include "rig/tls/server.h"

#include <openssl/ssl.h>

/* The caller frees *context. Errors as rig_tls_endpoint_open. Keeps nothing of `settings`. */
RIG_CHECKED rig_result rig_tls_context_make(const struct rig_tls_settings *settings,
                                            SSL_CTX **context, struct rig_error *err);

#endif
