/* SPDX-License-Identifier: Apache-2.0 */
/* Between OpenSSL and the socket: what passes is captured, and faults hold it back. Private to this
 * folder; used on the server's thread. */
#ifndef RIG_TLS_WIRE_H
#define RIG_TLS_WIRE_H

#include "rig/tls/observe.h"

/* For this socket's ports; NULL without memory. */
struct rig_tls_capture *rig_tls_wire_capture(int fd);
/* `observed` outlives the BIO. */
void rig_tls_wire_attach(BIO *wire, struct rig_tls_observed *observed);
/* The close of this socket will be a reset. */
void rig_tls_wire_reset_on_close(int fd);

#endif
