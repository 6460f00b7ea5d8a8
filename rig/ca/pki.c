/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/pki.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void rig_pki_begin(void)
{
    ERR_clear_error();
}

rig_result rig_pki_fail(struct rig_error *err, enum rig_error_class cls, enum rig_error_code code,
                        const char *fmt, ...)
{
    const unsigned long number = ERR_peek_last_error();
    const char *reason = number != 0 ? ERR_reason_error_string(number) : NULL;
    char text[RIG_ERROR_TEXT_SIZE];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    ERR_clear_error();
    if (reason == NULL) {
        return rig_fail(err, cls, code, "%s", text);
    }
    return rig_fail(err, cls, code, "%s (OpenSSL: %s)", text, reason);
}

rig_result rig_pki_fail_library(struct rig_error *err, const char *what)
{
    return rig_pki_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "cannot %s", what);
}

static rig_result take_der(uint8_t *der, int len, const char *what, struct rig_buf *out,
                           struct rig_error *err)
{
    rig_result result;

    if (len <= 0) {
        return rig_pki_fail_library(err, what);
    }
    result = rig_buf_append(out, der, (size_t)len, err);
    OPENSSL_free(der);
    return result;
}

rig_result rig_pki_certificate_der(const X509 *certificate, struct rig_buf *out,
                                   struct rig_error *err)
{
    uint8_t *der = NULL;
    const int len = i2d_X509(certificate, &der);

    return take_der(der, len, "encode a certificate", out, err);
}

static rig_result take_bio(BIO *bio, int written, const char *what, struct rig_buf *out,
                           struct rig_error *err)
{
    char *text = NULL;
    const long len = written == 1 ? BIO_get_mem_data(bio, &text) : 0;

    if (len <= 0) {
        return rig_pki_fail_library(err, what);
    }
    return rig_buf_append(out, text, (size_t)len, err);
}

rig_result rig_pki_certificate_pem(const X509 *certificate, struct rig_buf *out,
                                   struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = BIO_new(BIO_s_mem());

    return take_bio(bio, bio != NULL && PEM_write_bio_X509(bio, certificate),
                    "encode a certificate", out, err);
}

rig_result rig_pki_crl_pem(const X509_CRL *crl, struct rig_buf *out, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = BIO_new(BIO_s_mem());

    return take_bio(bio, bio != NULL && PEM_write_bio_X509_CRL(bio, crl), "encode a CRL", out, err);
}

bool rig_pki_is_self_signed(X509 *certificate)
{
    bool is;

    rig_pki_begin();
    is = X509_check_issued(certificate, certificate) == X509_V_OK &&
         X509_verify(certificate, X509_get0_pubkey(certificate)) == 1;
    rig_pki_begin();
    return is;
}

X509_CRL *rig_pki_crl_of(const void *bytes, size_t n_bytes)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = NULL;
    const unsigned char *der = bytes;
    X509_CRL *crl;

    if (n_bytes == 0 || n_bytes > INT_MAX) {
        return NULL;
    }
    rig_pki_begin();
    bio = BIO_new_mem_buf(bytes, (int)n_bytes);
    crl = bio != NULL ? PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL) : NULL;
    if (crl == NULL) {
        crl = d2i_X509_CRL(NULL, &der, (long)n_bytes);
    }
    rig_pki_begin();
    return crl;
}

bool rig_pki_crl_lists(X509_CRL *crl, const char *serial)
{
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *number = NULL;
    RIG_AUTO(rig_auto_ASN1_INTEGER) ASN1_INTEGER *integer = NULL;
    X509_REVOKED *entry = NULL;

    if (BN_hex2bn(&number, serial) == 0) {
        return false;
    }
    integer = BN_to_ASN1_INTEGER(number, NULL);
    /* 2: listed, and taken off it again (removeFromCRL) */
    return integer != NULL && X509_CRL_get0_by_serial(crl, &entry, integer) == 1;
}

rig_result rig_pki_certificates_of_pem(const char *pem, const char *what, STACK_OF(X509) * *out,
                                       struct rig_error *err)
{
    const size_t len = strlen(pem);
    RIG_AUTO(rig_auto_BIO) BIO *bio = len < INT_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *found = sk_X509_new_null();
    X509 *one;

    rig_pki_begin();
    if (bio == NULL || found == NULL) {
        return rig_fail_memory(err);
    }
    while ((one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        if (sk_X509_push(found, one) <= 0) {
            X509_free(one);
            return rig_fail_memory(err);
        }
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        return rig_pki_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "%s: certificate %d of the PEM text can't be decoded", what,
                            sk_X509_num(found) + 1);
    }
    ERR_clear_error();
    if (sk_X509_num(found) == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "%s: no PEM certificate in it", what);
    }
    *out = found;
    found = NULL;
    return RIG_DONE;
}

rig_result rig_pki_sha256(const void *bytes, size_t n_bytes, uint8_t sha256[RIG_SHA256_SIZE],
                          struct rig_error *err)
{
    _Static_assert(RIG_SHA256_SIZE == SHA256_DIGEST_LENGTH, "size of SHA-256");

    if (EVP_Digest(bytes, n_bytes, sha256, NULL, EVP_sha256(), NULL) != 1) {
        return rig_pki_fail_library(err, "compute SHA-256");
    }
    return RIG_DONE;
}

rig_result rig_pki_spki_sha256(const X509_PUBKEY *spki, uint8_t sha256[RIG_SHA256_SIZE],
                               struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf bytes = {0};
    uint8_t *der = NULL;
    const int len = i2d_X509_PUBKEY(spki, &der);

    RIG_TRY(take_der(der, len, "encode a public key", &bytes, err));
    return rig_pki_sha256(bytes.data, bytes.len, sha256, err);
}

rig_result rig_pki_time_set(ASN1_TIME *time, int64_t unix_ms, struct rig_error *err)
{
    const time_t seconds = (time_t)(unix_ms / 1000);

    /* 9999-12-31T23:59:59Z, the last instant that RFC 5280 can write */
    if (unix_ms < 0 || seconds > INT64_C(253402300799) || ASN1_TIME_set(time, seconds) == NULL) {
        return rig_pki_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "%lld ms since 1970 is not a time that a certificate can hold",
                            (long long)unix_ms);
    }
    return RIG_DONE;
}

rig_result rig_pki_time_get(const ASN1_TIME *time, int64_t *unix_ms, struct rig_error *err)
{
    struct tm parts = {0};

    if (time == NULL || ASN1_TIME_to_tm(time, &parts) != 1) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_INVALID, "a time in it can't be decoded");
    }
    *unix_ms = (int64_t)timegm(&parts) * 1000;
    return RIG_DONE;
}

void rig_pki_serial_text(const ASN1_INTEGER *serial, char *out, size_t out_size)
{
    const int len = ASN1_STRING_length(serial);

    out[0] = '\0';
    if (ASN1_STRING_type(serial) == V_ASN1_INTEGER && len > 0 && len <= RIG_SERIAL_MAX &&
        (size_t)len * 2 < out_size) {
        rig_hex(ASN1_STRING_get0_data(serial), (size_t)len, out);
    }
}

bool rig_pki_serial_plain(const char *serial, char out[RIG_SERIAL_TEXT_SIZE])
{
    size_t n = 0;

    for (const char *at = serial; *at != '\0'; at++) {
        if (*at == ':' || *at == '-') {
            continue;
        }
        if (isxdigit((unsigned char)*at) == 0 || n == RIG_SERIAL_TEXT_SIZE - 1) {
            return false;
        }
        out[n++] = (char)tolower((unsigned char)*at);
    }
    out[n] = '\0';
    return n != 0 && n % 2 == 0;
}

rig_result rig_pki_serial_read(const char *serial, char out[RIG_SERIAL_TEXT_SIZE],
                               struct rig_error *err)
{
    return rig_pki_serial_plain(serial, out)
               ? RIG_DONE
               : rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                          "a serial number is at most %d hex digits, whole octets",
                          2 * RIG_SERIAL_MAX);
}

void rig_pki_name_text(const X509_NAME *name, char *out, size_t out_size)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len = 0;

    if (bio != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
        len = BIO_get_mem_data(bio, &text);
    }
    if (len < 0 || text == NULL) {
        len = 0;
    }
    (void)snprintf(out, out_size, "%.*s", (int)len, text != NULL ? text : "");
}

void rig_pki_printable(const uint8_t *bytes, size_t n_bytes, char *out, size_t out_size)
{
    size_t used = 0;

    for (size_t i = 0; i < n_bytes; i++) {
        const bool plain = bytes[i] >= 0x20 && bytes[i] < 0x7F && bytes[i] != '\\';

        if (used + 8 > out_size) {
            memcpy(out + used, "...", 4);
            return;
        }
        used += (size_t)snprintf(out + used, out_size - used, plain ? "%c" : "\\x%02x", bytes[i]);
    }
    out[used] = '\0';
}

bool rig_pki_der_enter(const uint8_t **at, const uint8_t *end, int tag, const uint8_t **content,
                       const uint8_t **next)
{
    const uint8_t *p = *at;
    long len = 0;
    int found = 0;
    int class = 0;

    if (p >= end || (ASN1_get_object(&p, &len, &found, &class, end - p) & 0x80) != 0 ||
        found != tag || class != V_ASN1_UNIVERSAL || len < 0 || len > end - p) {
        return false;
    }
    *content = p;
    *next = p + len;
    return true;
}
