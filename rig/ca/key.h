/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key pairs of CAs and servers: make, name, store as PKCS#8. For rig/ca, rig/pki and their tests.
 * Decrypted bytes live in buffers that are cleared. Pure but for the random generator, any thread.
 */
#ifndef RIG_CA_KEY_H
#define RIG_CA_KEY_H

#include "rig/ca/pki.h"

/* The caller frees the key. */
RIG_CHECKED rig_result rig_key_make(enum rig_key_type type, EVP_PKEY **out, struct rig_error *err);

/* RIG_KEY_NONE for anything that is not exactly one of ours. */
enum rig_key_type rig_key_type_of_key(const EVP_PKEY *key);

/* "rsa-2048", or what it is instead: "RSA of 1024 bits", "EC on secp256k1", "ED25519". */
void rig_key_describe(const EVP_PKEY *key, char *out, size_t out_size);

/* SHA-256; SHA-384 for P-384 and P-521. */
const EVP_MD *rig_key_digest(const EVP_PKEY *key);

/* PKCS#8 PEM, appended to `pem`, which must be secret. With a passphrase: AES-256-CBC under scrypt
 * (RFC 7914). */
RIG_CHECKED rig_result rig_key_write(const EVP_PKEY *key, const char *passphrase,
                                     struct rig_buf *pem, struct rig_error *err);

/*
 * Reads what rig_key_write wrote; `path` is for messages. Passphrase missing, wrong, or given for a
 * key in the clear: class USAGE, PERMISSION. Damaged: class RIG, INVALID. The caller frees the key.
 */
RIG_CHECKED rig_result rig_key_read(const struct rig_buf *pem, const char *passphrase,
                                    const char *path, EVP_PKEY **out, struct rig_error *err);

#endif
