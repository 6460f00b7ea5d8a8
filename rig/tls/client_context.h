/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of a client as an OpenSSL context. Private to this folder. */
#ifndef RIG_TLS_CLIENT_CONTEXT_H
#define RIG_TLS_CLIENT_CONTEXT_H

#include "rig/tls/client.h"

#include <openssl/ssl.h>

/* The caller frees *context. USAGE/INVALID for lists that OpenSSL does not know; RIG/INVALID for
 * PEM that can't be used. */
RIG_CHECKED rig_result rig_tls_client_context_make(const struct rig_tls_client_settings *settings,
                                                   SSL_CTX **context, struct rig_error *err);

#endif
