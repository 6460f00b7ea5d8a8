/* SPDX-License-Identifier: Apache-2.0 */
/* What the start of an unencrypted DER private key looks like (RFC 8017 A.1.2, RFC 5915 3, RFC 5958
 * 2). */
#ifndef RIG_TLS_PRIVATE_KEY_DER_H
#define RIG_TLS_PRIVATE_KEY_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rig_private_key_form {
    RIG_PRIVATE_KEY_MORE = 0, /* not decided yet: more bytes are needed */
    RIG_PRIVATE_KEY_NONE,
    RIG_PRIVATE_KEY_PKCS1,
    RIG_PRIVATE_KEY_SEC1,
    RIG_PRIVATE_KEY_PKCS8,
};

/* All three begin with SEQUENCE and a version; these four bytes hold the version and the tag after
 * it. */
bool rig_private_key_is_anchor(uint32_t four_bytes);

/* Length of the SEQUENCE header that ends in these four bytes, 2 to 4; 0 when none does. */
size_t rig_private_key_header_size(uint32_t four_bytes);

/* Bytes from the SEQUENCE's tag on, header and anchor included. Decides within 80 bytes. */
enum rig_private_key_form rig_private_key_decide(const uint8_t *bytes, size_t n_bytes);

/* "EC private key (SEC 1)" */
const char *rig_private_key_form_name(enum rig_private_key_form form);

#endif
