/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The raw bytes of a TLS connection, both directions in the order in which they passed, with the
 * key log that decrypts them; and a pcapng file of such connections that Wireshark and tshark read
 * without further settings: TCP/IP packets made up around the bytes, the key log in a Decryption
 * Secrets Block. Keys of test certificates' sessions only: whoever has the file reads the traffic.
 *
 * A capture is one connection's; one thread at a time. Errors: NO_MEMORY.
 */
#ifndef RIG_TLS_PCAP_H
#define RIG_TLS_PCAP_H

#include "rig/base/buf.h"

struct rig_tls_segment {
    int64_t at_ms;  /* since 1970, UTC */
    uint32_t at_us; /* further microseconds, 0 to 999 */
    bool from_client;
    size_t offset_bytes; /* in `bytes` */
    size_t n_bytes;
};

struct rig_tls_capture {
    uint16_t client_port;
    uint16_t server_port;
    struct rig_buf bytes; /* of all segments, in order */
    struct rig_tls_segment *segments;
    size_t n_segments;
    size_t cap_segments;
    struct rig_buf key_log; /* lines of the NSS key log format; marked secret */
    bool cut;               /* bytes are missing: memory or the limit of 16 MiB ran out */
};

struct rig_tls_capture *rig_tls_capture_new(void);
/* NULL is fine. */
void rig_tls_capture_free(struct rig_tls_capture *capture);
static inline void rig_auto_tls_capture(struct rig_tls_capture **capture)
{
    rig_tls_capture_free(*capture);
    *capture = NULL;
}
/* Never fails: sets `cut` when it has to leave something out. */
void rig_tls_capture_add(struct rig_tls_capture *capture, bool from_client, const void *bytes,
                         size_t n_bytes);
void rig_tls_capture_add_key(struct rig_tls_capture *capture, const char *line);

/* Appends one pcapng file to `out`. `comment` (may be NULL) is the file's. Connections get
 * addresses 192.0.2.1 and up (clients) and 192.0.2.254 (server), ports as captured. */
RIG_CHECKED rig_result rig_tls_pcap_append(const struct rig_tls_capture *const *captures,
                                           size_t n_captures, const char *comment,
                                           struct rig_buf *out, struct rig_error *err);

#endif
