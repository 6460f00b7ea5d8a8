/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/esp/secure_cert.h"

#include "rig/esp/le.h"

#include <openssl/evp.h>
#include <string.h>

#define HEADER_SIZE 12u
#define FOOTER_SIZE 4u
#define MAGIC 0xBA5EBA11u
#define ALIGNMENT 16u
#define MAX_SUBTYPE 254u

static bool needs_nul(const uint8_t *bytes, size_t n_bytes)
{
    static const char begin[] = "-----BEGIN ";

    return memmem(bytes, n_bytes, begin, sizeof begin - 1) != NULL && bytes[n_bytes - 1] != 0;
}

static rig_result check_content(const uint8_t *bytes, size_t n_bytes, struct rig_error *err)
{
    static const char key[] = "PRIVATE KEY-----";

    if (memmem(bytes, n_bytes, key, sizeof key - 1) != NULL) {
        return rig_fail(
            err, RIG_CLASS_RIG, RIG_E_KEY_LEAK,
            "esp_secure_cert: a private key was given as a certificate; the key stays on "
            "the board, give the certificate only");
    }
    if (n_bytes == 0 || n_bytes > UINT16_MAX) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "esp_secure_cert: an entry of %zu bytes; it must have 1 to %u", n_bytes,
                        (unsigned)UINT16_MAX);
    }
    return RIG_DONE;
}

static rig_result append_entry(struct rig_buf *image, enum rig_secure_cert_type type,
                               uint8_t subtype, const void *bytes, size_t n_bytes, size_t n_data,
                               struct rig_error *err)
{
    static const uint8_t zeros[ALIGNMENT] = {0};
    const size_t start = image->len;
    const size_t padding = (ALIGNMENT - n_data % ALIGNMENT) % ALIGNMENT;
    uint8_t header[HEADER_SIZE] = {0};
    uint8_t footer[FOOTER_SIZE];

    rig_le32_put(header, MAGIC);
    header[8] = (uint8_t)type;
    header[9] = subtype;
    rig_le16_put(header + 10, (uint16_t)n_data);
    RIG_TRY(rig_buf_append(image, header, sizeof header, err));
    RIG_TRY(rig_buf_append(image, bytes, n_bytes, err));
    RIG_TRY(rig_buf_append(image, zeros, n_data - n_bytes + padding, err));
    rig_le32_put(footer, rig_esp_crc32(image->data + start, image->len - start));
    return rig_buf_append(image, footer, sizeof footer, err);
}

rig_result rig_secure_cert_append(struct rig_buf *image, enum rig_secure_cert_type type,
                                  uint8_t subtype, const void *bytes, size_t n_bytes,
                                  struct rig_error *err)
{
    size_t n_data;

    RIG_TRY(check_content(bytes, n_bytes, err));
    n_data = n_bytes + (needs_nul(bytes, n_bytes) ? 1 : 0);
    if (n_data > UINT16_MAX || subtype > MAX_SUBTYPE ||
        (type != RIG_SECURE_CERT_CA_CERT && type != RIG_SECURE_CERT_DEV_CERT)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "esp_secure_cert: type %d, subtype %u, %zu bytes: only certificates of up "
                        "to 65535 bytes are written",
                        (int)type, (unsigned)subtype, n_data);
    }
    return append_entry(image, type, subtype, bytes, n_bytes, n_data, err);
}

static rig_result append_integrity(struct rig_buf *image, struct rig_error *err)
{
    uint8_t sha256[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (EVP_Digest(image->data, image->len, sha256, &n, EVP_sha256(), NULL) != 1) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "OpenSSL has no SHA-256 here");
    }
    return append_entry(image, RIG_SECURE_CERT_INTEGRITY, 0, sha256, n, n, err);
}

rig_result rig_secure_cert_finish(struct rig_buf *image, size_t partition_size_bytes,
                                  struct rig_error *err)
{
    size_t rest;

    RIG_TRY(append_integrity(image, err));
    if (image->len > partition_size_bytes) {
        return rig_fail(
            err, RIG_CLASS_USAGE, RIG_E_NO_SPACE,
            "esp_secure_cert: the certificates need %zu bytes, the partition has %zu: %zu "
            "too many; use a shorter chain, EC keys or a larger partition",
            image->len, partition_size_bytes, image->len - partition_size_bytes);
    }
    rest = partition_size_bytes - image->len;
    RIG_TRY(rig_buf_reserve(image, rest, err));
    memset(image->data + image->len, 0xFF, rest);
    image->len += rest;
    image->data[image->len] = 0;
    return RIG_DONE;
}
