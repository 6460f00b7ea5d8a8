/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/csr_pem.h"

#include "rig/ca/pki.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <ctype.h>
#include <limits.h>
#include <string.h>

static const char begin[] = "-----BEGIN CERTIFICATE REQUEST-----";
static const char end[] = "-----END CERTIFICATE REQUEST-----";

static rig_result fail_form(struct rig_error *err, const char *what)
{
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                    "%s, expected one block CERTIFICATE REQUEST and nothing around it", what);
}

static rig_result check_frame(const char *text, size_t len, struct rig_error *err)
{
    const char *at = memmem(text, len, "-----BEGIN ", strlen("-----BEGIN "));
    const char *stop;

    if (at == NULL) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_INVALID,
                        "what should be a CSR in PEM (%zu bytes) has no BEGIN line", len);
    }
    if (at != text) {
        return fail_form(err, "there is something in front of the CSR's PEM block");
    }
    if (len < sizeof begin - 1 || memcmp(text, begin, sizeof begin - 1) != 0) {
        return fail_form(err, "the PEM block has another label");
    }
    stop = memmem(text, len, end, sizeof end - 1);
    if (stop == NULL) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_INVALID, "the CSR's PEM block has no end");
    }
    for (at = stop + sizeof end - 1; at < text + len; at++) {
        if (isspace((unsigned char)*at) == 0) {
            return fail_form(err, "there is something behind the CSR's PEM block");
        }
    }
    return RIG_DONE;
}

rig_result rig_csr_of_pem(const void *bytes, size_t n_bytes, struct rig_buf *der,
                          struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = NULL;
    char *name = NULL;
    char *header = NULL;
    uint8_t *data = NULL;
    long len = 0;
    rig_result result;

    rig_pki_begin();
    if (n_bytes == 0 || n_bytes > INT_MAX) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_INVALID, "a CSR of %zu bytes is none",
                        n_bytes);
    }
    RIG_TRY(check_frame(bytes, n_bytes, err));
    bio = BIO_new_mem_buf(bytes, (int)n_bytes);
    if (bio == NULL) {
        return rig_fail_memory(err);
    }
    if (PEM_read_bio(bio, &name, &header, &data, &len) != 1) {
        return rig_pki_fail(err, RIG_CLASS_DEVICE, RIG_E_INVALID,
                            "the CSR's PEM block can't be decoded");
    }
    result = header[0] != '\0' ? fail_form(err, "the PEM block has headers")
                               : rig_buf_append(der, data, (size_t)len, err);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    ERR_clear_error();
    return result;
}
