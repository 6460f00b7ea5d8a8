/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/private_key_der.h"

enum {
    TAG_INTEGER = 0x02,
    TAG_OCTET_STRING = 0x04,
    TAG_OID = 0x06,
    TAG_SEQUENCE = 0x30,
    LONG_FORM = 0x80,
    ANCHOR_BYTES = 4,
    MIN_SCALAR_BYTES = 16,
    MAX_SCALAR_BYTES = 66,
    MIN_MODULUS_BYTES = 64,
    MIN_ALGORITHM_BYTES = 5,
    MAX_ALGORITHM_BYTES = 0x40,
};

#define ANCHOR_PKCS1 0x02010002U
#define ANCHOR_SEC1 0x02010104U
#define ANCHOR_PKCS8_V1 0x02010030U
#define ANCHOR_PKCS8_V2 0x02010130U

bool rig_private_key_is_anchor(uint32_t four_bytes)
{
    return four_bytes == ANCHOR_PKCS1 || four_bytes == ANCHOR_SEC1 ||
           four_bytes == ANCHOR_PKCS8_V1 || four_bytes == ANCHOR_PKCS8_V2;
}

size_t rig_private_key_header_size(uint32_t four_bytes)
{
    const uint8_t first = (uint8_t)(four_bytes >> 24);
    const uint8_t second = (uint8_t)(four_bytes >> 16);
    const uint8_t third = (uint8_t)(four_bytes >> 8);
    const uint8_t last = (uint8_t)four_bytes;

    if (third == TAG_SEQUENCE && last < LONG_FORM) {
        return 2;
    }
    if (second == TAG_SEQUENCE && third == (LONG_FORM | 1) && last >= LONG_FORM) {
        return 3;
    }
    if (first == TAG_SEQUENCE && second == (LONG_FORM | 2) && third != 0) {
        return 4;
    }
    return 0;
}

/* DER length at bytes[*at]; false when `n_bytes` end before it does. A form that no key has counts
 * as length 0. */
static bool read_length(const uint8_t *bytes, size_t n_bytes, size_t *at, size_t *length)
{
    const uint8_t first = bytes[*at];
    const size_t n_more = first < LONG_FORM ? 0 : first & 0x7FU;

    *length = 0;
    if (n_more > 2 || first == LONG_FORM) {
        return true;
    }
    if (*at + n_more >= n_bytes) {
        return false;
    }
    *length = first < LONG_FORM ? first : 0;
    for (size_t i = 1; i <= n_more; i++) {
        *length = *length << 8 | bytes[*at + i];
    }
    *at += 1 + n_more;
    return true;
}

static enum rig_private_key_form decide_sec1(const uint8_t *bytes, size_t at, size_t length)
{
    const size_t n_scalar = bytes[at];
    const bool fits = n_scalar >= MIN_SCALAR_BYTES && n_scalar <= MAX_SCALAR_BYTES &&
                      length >= n_scalar + ANCHOR_BYTES + 1;

    return fits ? RIG_PRIVATE_KEY_SEC1 : RIG_PRIVATE_KEY_NONE;
}

/* Eight integers, of which two are as long as the modulus and five half as long. */
static enum rig_private_key_form decide_pkcs1(const uint8_t *bytes, size_t n_bytes, size_t at,
                                              size_t length)
{
    size_t n_modulus = 0;

    if (!read_length(bytes, n_bytes, &at, &n_modulus)) {
        return RIG_PRIVATE_KEY_MORE;
    }
    return n_modulus >= MIN_MODULUS_BYTES && length >= 3 * n_modulus && length <= 8 * n_modulus
               ? RIG_PRIVATE_KEY_PKCS1
               : RIG_PRIVATE_KEY_NONE;
}

/* The key's OCTET STRING comes right after the algorithm; in a CRL, which begins alike, the
 * issuer's SEQUENCE does. */
static enum rig_private_key_form decide_pkcs8(const uint8_t *bytes, size_t n_bytes, size_t at,
                                              size_t length)
{
    const size_t n_algorithm = bytes[at];

    if (n_algorithm < MIN_ALGORITHM_BYTES || n_algorithm > MAX_ALGORITHM_BYTES ||
        length < n_algorithm + ANCHOR_BYTES + 1) {
        return RIG_PRIVATE_KEY_NONE;
    }
    if (n_bytes < at + 3) {
        return RIG_PRIVATE_KEY_MORE;
    }
    if (bytes[at + 1] != TAG_OID || bytes[at + 2] + 2U > n_algorithm) {
        return RIG_PRIVATE_KEY_NONE;
    }
    if (n_bytes < at + 2 + n_algorithm) {
        return RIG_PRIVATE_KEY_MORE;
    }
    return bytes[at + 1 + n_algorithm] == TAG_OCTET_STRING ? RIG_PRIVATE_KEY_PKCS8
                                                           : RIG_PRIVATE_KEY_NONE;
}

enum rig_private_key_form rig_private_key_decide(const uint8_t *bytes, size_t n_bytes)
{
    size_t at = 1;
    size_t length = 0;
    uint32_t anchor;

    if (n_bytes < 2 || !read_length(bytes, n_bytes, &at, &length) ||
        n_bytes < at + ANCHOR_BYTES + 1) {
        return RIG_PRIVATE_KEY_MORE;
    }
    anchor = (uint32_t)bytes[at] << 24 | (uint32_t)bytes[at + 1] << 16 |
             (uint32_t)bytes[at + 2] << 8 | bytes[at + 3];
    at += ANCHOR_BYTES;
    switch (anchor) {
    case ANCHOR_SEC1:
        return decide_sec1(bytes, at, length);
    case ANCHOR_PKCS1:
        return decide_pkcs1(bytes, n_bytes, at, length);
    case ANCHOR_PKCS8_V1:
    case ANCHOR_PKCS8_V2:
        return decide_pkcs8(bytes, n_bytes, at, length);
    default:
        return RIG_PRIVATE_KEY_NONE;
    }
}

const char *rig_private_key_form_name(enum rig_private_key_form form)
{
    switch (form) {
    case RIG_PRIVATE_KEY_PKCS1:
        return "RSA private key (PKCS#1)";
    case RIG_PRIVATE_KEY_SEC1:
        return "EC private key (SEC 1)";
    case RIG_PRIVATE_KEY_PKCS8:
        return "private key (PKCS#8)";
    default:
        return "no private key";
    }
}
