/* SPDX-License-Identifier: Apache-2.0 */
/* Cipher suites by their IANA numbers: names, and which of them are weak. Pure, any thread. */
#ifndef RIG_TLS_CIPHERS_H
#define RIG_TLS_CIPHERS_H

#include <stdbool.h>
#include <stdint.h>

#define RIG_TLS_CIPHER_TEXT_SIZE 64
#define RIG_TLS_VERSION_TEXT_SIZE 8

/* IANA's name, as "TLS_AES_128_GCM_SHA256"; "0x1234" for a number without one. */
void rig_tls_cipher_text(uint16_t number, char text[RIG_TLS_CIPHER_TEXT_SIZE]);
/* As OpenSSL names them: "SSLv3", "TLSv1", "TLSv1.2"; "0x7f1c" for any other. */
void rig_tls_version_text(uint16_t version, char text[RIG_TLS_VERSION_TEXT_SIZE]);

enum rig_tls_weakness {
    RIG_TLS_NOT_WEAK = 0, /* also a number without a name */
    RIG_TLS_NO_ENCRYPTION,
    RIG_TLS_NO_AUTHENTICATION,
    RIG_TLS_EXPORT, /* keys of 40 or 56 bits, RFC 4346 */
    RIG_TLS_RC4,    /* RFC 7465 */
    RIG_TLS_DES,
    RIG_TLS_3DES, /* blocks of 64 bits: Sweet32 */
    RIG_TLS_MD5,
    RIG_TLS_N_WEAKNESSES
};

/* The worst one. */
enum rig_tls_weakness rig_tls_cipher_weakness(uint16_t number);
/* "no encryption", "RC4", ...; "" for RIG_TLS_NOT_WEAK. */
const char *rig_tls_weakness_name(enum rig_tls_weakness weakness);

/* RFC 8701: reserved numbers that a client lists to see that servers skip what they don't know. */
bool rig_tls_is_grease(uint16_t number);

#endif
