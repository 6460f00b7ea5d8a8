/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a ClientHello offers: versions and cipher suites, as a plain value. Left out are what stands
 * for nothing: GREASE (RFC 8701) and the signalling values TLS_EMPTY_RENEGOTIATION_INFO_SCSV
 * (0x00ff, RFC 5746) and TLS_FALLBACK_SCSV (0x5600, RFC 7507). Pure, any thread.
 */
#ifndef RIG_TLS_OFFERS_H
#define RIG_TLS_OFFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RIG_TLS_OFFERED_VERSIONS_MAX 16
#define RIG_TLS_OFFERED_CIPHERS_MAX 400

struct rig_tls_offers {
    size_t n_versions;                               /* 0: no ClientHello that can be read */
    uint16_t versions[RIG_TLS_OFFERED_VERSIONS_MAX]; /* 0x0303; in the client's order */
    size_t n_ciphers;
    uint16_t ciphers[RIG_TLS_OFFERED_CIPHERS_MAX]; /* IANA numbers, likewise */
    bool cut;                                      /* there were more than there is room for */
};

/*
 * Reads the body of a ClientHello (RFC 8446 4.1.2, RFC 5246 7.4.1.2), behind the four bytes of its
 * handshake header. Without a supported_versions extension the one version is legacy_version.
 * False, and *offers is empty, for bytes that are none.
 */
bool rig_tls_offers_read(const uint8_t *body, size_t n_bytes, struct rig_tls_offers *offers);

#endif
