/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of rig/ca share over OpenSSL: scope cleanup, errors with OpenSSL's reason,
 * conversions. For rig/ca, rig/pki, rig/vaultadmin and their tests. OpenSSL's error queue belongs
 * to the thread: rig_pki_begin empties it before a sequence of calls, rig_pki_fail takes the reason
 * out and leaves it empty.
 *
 * Errors: class RIG, code LIBRARY or NO_MEMORY, where nothing else is said. Pure, any thread.
 */
#ifndef RIG_CA_PKI_H
#define RIG_CA_PKI_H

#include "rig/base/buf.h"
#include "rig/base/ids.h"
#include "rig/ca/ca.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static inline void rig_pki_free_certificates(STACK_OF(X509) * *stack)
{
    sk_X509_pop_free(*stack, X509_free);
    *stack = NULL;
}

RIG_DEFINE_AUTO(X509, X509_free);
RIG_DEFINE_AUTO(X509_REQ, X509_REQ_free);
RIG_DEFINE_AUTO(X509_CRL, X509_CRL_free);
RIG_DEFINE_AUTO(X509_NAME, X509_NAME_free);
RIG_DEFINE_AUTO(X509_STORE, X509_STORE_free);
RIG_DEFINE_AUTO(X509_STORE_CTX, X509_STORE_CTX_free);
RIG_DEFINE_AUTO(X509_REVOKED, X509_REVOKED_free);
RIG_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free);
RIG_DEFINE_AUTO(EVP_PKEY_CTX, EVP_PKEY_CTX_free);
RIG_DEFINE_AUTO(BIO, BIO_free_all);
RIG_DEFINE_AUTO(BIGNUM, BN_free);
RIG_DEFINE_AUTO(ASN1_INTEGER, ASN1_INTEGER_free);
RIG_DEFINE_AUTO(ASN1_OCTET_STRING, ASN1_OCTET_STRING_free);
RIG_DEFINE_AUTO(ASN1_TIME, ASN1_TIME_free);

#define RIG_PKI_TEXT_SIZE 256

/* Forgets what earlier calls of this thread left in OpenSSL's error queue. */
void rig_pki_begin(void);

/* As rig_fail; appends OpenSSL's own reason, when it gave one, and empties its queue. */
rig_result rig_pki_fail(struct rig_error *err, enum rig_error_class cls, enum rig_error_code code,
                        const char *fmt, ...) RIG_PRINTF(4, 5);

/* Class RIG, code LIBRARY: OpenSSL could not do what it always can ("cannot encode a certificate").
 */
rig_result rig_pki_fail_library(struct rig_error *err, const char *what);

/* DER or PEM, appended. */
RIG_CHECKED rig_result rig_pki_certificate_der(const X509 *certificate, struct rig_buf *out,
                                               struct rig_error *err);
RIG_CHECKED rig_result rig_pki_certificate_pem(const X509 *certificate, struct rig_buf *out,
                                               struct rig_error *err);
RIG_CHECKED rig_result rig_pki_crl_pem(const X509_CRL *crl, struct rig_buf *out,
                                       struct rig_error *err);

/* Every certificate of a PEM text, in its order; the caller frees the stack. No certificate, or one
 * that can't be decoded, is INVALID (class USAGE); `what` names the text. */
RIG_CHECKED rig_result rig_pki_certificates_of_pem(const char *pem, const char *what,
                                                   STACK_OF(X509) * *out, struct rig_error *err);

RIG_CHECKED rig_result rig_pki_sha256(const void *bytes, size_t n_bytes,
                                      uint8_t sha256[RIG_SHA256_SIZE], struct rig_error *err);
/* Over the DER of SubjectPublicKeyInfo. */
RIG_CHECKED rig_result rig_pki_spki_sha256(const X509_PUBKEY *spki, uint8_t sha256[RIG_SHA256_SIZE],
                                           struct rig_error *err);

/* Whether its own key signed it: what a root is. */
bool rig_pki_is_self_signed(X509 *certificate);

/* A CRL in PEM or DER, which the caller frees; NULL for what is neither. */
X509_CRL *rig_pki_crl_of(const void *bytes, size_t n_bytes);
/* Whether the CRL lists a serial number, which is hex without separators. */
bool rig_pki_crl_lists(X509_CRL *crl, const char *serial);

/* Milliseconds since 1970; what a certificate can't hold (beyond the year 9999) is INVALID (class
 * USAGE). */
RIG_CHECKED rig_result rig_pki_time_set(ASN1_TIME *time, int64_t unix_ms, struct rig_error *err);
RIG_CHECKED rig_result rig_pki_time_get(const ASN1_TIME *time, int64_t *unix_ms,
                                        struct rig_error *err);

/* Lower-case hex without separators, whole octets; "" for one that is negative or longer than 20
 * octets. */
void rig_pki_serial_text(const ASN1_INTEGER *serial, char *out, size_t out_size);
/* As people and other tools write it (upper case, colons, hyphens) to plain hex in lower case;
 * false for what is no serial of whole octets. */
bool rig_pki_serial_plain(const char *serial, char out[RIG_SERIAL_TEXT_SIZE]);
/* The same of what a user gave: INVALID (class USAGE) where it is none. */
RIG_CHECKED rig_result rig_pki_serial_read(const char *serial, char out[RIG_SERIAL_TEXT_SIZE],
                                           struct rig_error *err);

/* RFC 2253. Cut to `out_size`. */
void rig_pki_name_text(const X509_NAME *name, char *out, size_t out_size);

/* Bytes of an unknown sender as text for a message: what is not printable ASCII appears as \xNN;
 * cut with "...". */
void rig_pki_printable(const uint8_t *bytes, size_t n_bytes, char *out, size_t out_size);

/* Steps into one element of DER at *at of this universal tag: what stands in it is *content up to
 * *next. False, and nothing set, when another or none is there, or it reaches beyond `end`. */
bool rig_pki_der_enter(const uint8_t **at, const uint8_t *end, int tag, const uint8_t **content,
                       const uint8_t **next);

#endif
