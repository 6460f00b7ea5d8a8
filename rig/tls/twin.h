/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a server that is wrong on purpose (faults.h) judges a client's chain: errors of path
 * validation that it overlooks, and good chains that it refuses. For the server's thread.
 */
#ifndef RIG_TLS_TWIN_H
#define RIG_TLS_TWIN_H

#include "rig/tls/faults.h"

#include <openssl/x509_vfy.h>
#include <stdbool.h>

/* Does this server go on after that X509_V_ERR_*? */
bool rig_tls_twin_overlooks(enum rig_tls_fault fault, int verify_error);

/*
 * The error it gives to a chain that passed validation, X509_V_OK: none. `presented` is what the
 * client sent, leaf first; `verified` the path, anchor last; `has_crls`: revocation was checked.
 */
int rig_tls_twin_refuses(enum rig_tls_fault fault, STACK_OF(X509) * presented,
                         STACK_OF(X509) * verified, bool has_crls);

#endif
