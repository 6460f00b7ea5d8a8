/* SPDX-License-Identifier: Apache-2.0 */
/* The policy for server names. Private to this folder; used on the server's thread. */
#ifndef RIG_TLS_SNI_H
#define RIG_TLS_SNI_H

#include "rig/tls/observe.h"

void rig_tls_sni_set_up(SSL_CTX *context);
/* Before the ServerHello; false with the fatal alert to send. */
bool rig_tls_sni_allows(const struct rig_tls_observed *observed, int *alert);

#endif
