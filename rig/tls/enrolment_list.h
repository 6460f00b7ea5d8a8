/* SPDX-License-Identifier: Apache-2.0 */
/* What an enrolment list is made of. Private to rig/tls/enrolment*.c. */
#ifndef RIG_TLS_ENROLMENT_LIST_H
#define RIG_TLS_ENROLMENT_LIST_H

#include "rig/tls/enrolment.h"

#define RIG_ENROLMENT_MAX_CAS 32

struct rig_enrolment_row {
    char name[RIG_ENROLMENT_NAME_SIZE];
    enum rig_enrolment_kind kind;
    bool enabled;
    char device_id[RIG_ENROLMENT_MAX_ID + 1];
    uint8_t sha256[RIG_SHA256_SIZE];
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    struct rig_buf common_name; /* UTF-8 */
    X509_NAME *subject;         /* for a twin */
};

struct rig_enrolment_ca {
    char name[RIG_ENROLMENT_NAME_SIZE];
    uint8_t sha256[RIG_SHA256_SIZE];
    X509 *certificate;
    bool verified;
};

struct rig_enrolment {
    struct rig_enrolment_settings settings;
    size_t n_cas;
    struct rig_enrolment_ca cas[RIG_ENROLMENT_MAX_CAS];
    size_t n_rows;
    struct rig_enrolment_row rows[RIG_ENROLMENT_MAX_ENTRIES];
};

/* The bit of a certificate's key, 0 for any other algorithm. */
unsigned rig_enrolment_algorithm_of(const X509 *certificate);

/* ACCEPTED with the one common name in UTF-8, or what is wrong with it. */
RIG_CHECKED rig_result rig_enrolment_common_name(const X509 *certificate, struct rig_buf *name,
                                                 enum rig_enrolment_reason *reason,
                                                 struct rig_error *err);

RIG_CHECKED rig_result rig_enrolment_hash(const X509 *certificate, uint8_t sha256[RIG_SHA256_SIZE],
                                          struct rig_error *err);

/* Reads a request: the id as bytes (NUL-terminated, no NUL inside). */
bool rig_enrolment_read_request(const char *line, size_t n_line, char id[RIG_ENROLMENT_MAX_ID + 1]);

#endif
