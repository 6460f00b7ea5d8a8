/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image of an `esp_secure_cert` partition in Espressif's TLV format (esp_secure_cert_mgr), byte
 * for byte as Espressif's own tool makes it. Private keys are never part of it: the device keeps
 * its own. Pure.
 */
#ifndef RIG_ESP_SECURE_CERT_H
#define RIG_ESP_SECURE_CERT_H

#include "rig/base/buf.h"
#include "rig/esp/crc.h"

#define RIG_SECURE_CERT_PARTITION_TYPE 0x3Fu
#define RIG_SECURE_CERT_LABEL "esp_secure_cert"

enum rig_secure_cert_type {
    RIG_SECURE_CERT_CA_CERT = 0,
    RIG_SECURE_CERT_DEV_CERT = 1,
    RIG_SECURE_CERT_INTEGRITY = 9, /* rig_secure_cert_finish writes it */
};

/*
 * Appends one TLV entry to `image`. `bytes` is PEM, one certificate or several in a row (the final
 * NUL is added and counted), or DER. PRIV_KEY and other secret types are refused by construction; a
 * PEM text with a private key in it is KEY_LEAK (class RIG). Empty or too long (65535 bytes) is
 * INVALID (class USAGE).
 */
RIG_CHECKED rig_result rig_secure_cert_append(struct rig_buf *image, enum rig_secure_cert_type type,
                                              uint8_t subtype, const void *bytes, size_t n_bytes,
                                              struct rig_error *err);

/*
 * Ends the image: an INTEGRITY entry (SHA-256 of all before it), as Espressif's tool adds since its
 * version 2.6, then FF up to the partition's size. Too large an image is NO_SPACE (class USAGE) and
 * says by how much.
 */
RIG_CHECKED rig_result rig_secure_cert_finish(struct rig_buf *image, size_t partition_size_bytes,
                                              struct rig_error *err);

#endif
