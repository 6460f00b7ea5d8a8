/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/pcap.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_CAPTURE_BYTES ((size_t)16 * 1024 * 1024)
#define MAX_PAYLOAD_BYTES 1460
#define SNAP_BYTES 65535
#define LINK_RAW_IP 101
#define IP_BYTES 20
#define TCP_BYTES 20
#define HEADER_BYTES (IP_BYTES + TCP_BYTES)

#define BLOCK_SECTION 0x0A0D0D0AU
#define BLOCK_INTERFACE 1U
#define BLOCK_PACKET 6U
#define BLOCK_SECRETS 0x0000000AU
#define SECRETS_TLS 0x544C534BU
#define OPTION_COMMENT 1U

enum tcp_flags { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_PSH = 0x08, TCP_ACK = 0x10 };

struct rig_tls_capture *rig_tls_capture_new(void)
{
    struct rig_tls_capture *const capture = calloc(1, sizeof *capture);

    if (capture != NULL) {
        capture->key_log.secret = true;
    }
    return capture;
}

void rig_tls_capture_free(struct rig_tls_capture *capture)
{
    if (capture == NULL) {
        return;
    }
    rig_buf_free(&capture->bytes);
    rig_buf_free(&capture->key_log);
    free(capture->segments);
    free(capture);
}

static bool make_room(struct rig_tls_capture *capture)
{
    const size_t cap = capture->cap_segments != 0 ? 2 * capture->cap_segments : 16;
    struct rig_tls_segment *grown;

    if (capture->n_segments < capture->cap_segments) {
        return true;
    }
    grown = realloc(capture->segments, cap * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    capture->segments = grown;
    capture->cap_segments = cap;
    return true;
}

void rig_tls_capture_add(struct rig_tls_capture *capture, bool from_client, const void *bytes,
                         size_t n_bytes)
{
    struct timespec now = {0};
    struct rig_error err;

    if (n_bytes == 0) {
        return;
    }
    if (capture->cut || n_bytes > MAX_CAPTURE_BYTES - capture->bytes.len || !make_room(capture) ||
        !rig_buf_append(&capture->bytes, bytes, n_bytes, &err).ok) {
        capture->cut = true;
        return;
    }
    (void)clock_gettime(CLOCK_REALTIME, &now);
    capture->segments[capture->n_segments++] =
        (struct rig_tls_segment){.at_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
                                 .at_us = (uint32_t)(now.tv_nsec / 1000 % 1000),
                                 .from_client = from_client,
                                 .offset_bytes = capture->bytes.len - n_bytes,
                                 .n_bytes = n_bytes};
}

void rig_tls_capture_add_key(struct rig_tls_capture *capture, const char *line)
{
    struct rig_error err;

    if (!rig_buf_append_text(&capture->key_log, line, &err).ok ||
        !rig_buf_append_text(&capture->key_log, "\n", &err).ok) {
        capture->cut = true;
    }
}

/* pcapng is written in the byte order that its magic number shows: little-endian here. */
static rig_result put16(struct rig_buf *out, unsigned value, struct rig_error *err)
{
    const uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};

    return rig_buf_append(out, bytes, sizeof bytes, err);
}

static rig_result put32(struct rig_buf *out, uint32_t value, struct rig_error *err)
{
    const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                              (uint8_t)(value >> 24)};

    return rig_buf_append(out, bytes, sizeof bytes, err);
}

static rig_result put_padded(struct rig_buf *out, const void *bytes, size_t n_bytes,
                             struct rig_error *err)
{
    static const uint8_t zeros[4];

    RIG_TRY(rig_buf_append(out, bytes, n_bytes, err));
    return rig_buf_append(out, zeros, (4 - n_bytes % 4) % 4, err);
}

static rig_result put_block(struct rig_buf *out, uint32_t type, const struct rig_buf *body,
                            struct rig_error *err)
{
    const uint32_t len = (uint32_t)body->len + 12;

    RIG_TRY(put32(out, type, err));
    RIG_TRY(put32(out, len, err));
    RIG_TRY(rig_buf_append(out, body->data, body->len, err));
    return put32(out, len, err);
}

static rig_result put_section(struct rig_buf *out, const char *comment, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf body = {0};

    RIG_TRY(put32(&body, 0x1A2B3C4DU, err));
    RIG_TRY(put16(&body, 1, err));
    RIG_TRY(put16(&body, 0, err));
    RIG_TRY(put32(&body, UINT32_MAX, err)); /* the section's length is not given */
    RIG_TRY(put32(&body, UINT32_MAX, err));
    if (comment != NULL) {
        const size_t len = strlen(comment) < 0xFFFF ? strlen(comment) : 0xFFFF;

        RIG_TRY(put16(&body, OPTION_COMMENT, err));
        RIG_TRY(put16(&body, (unsigned)len, err));
        RIG_TRY(put_padded(&body, comment, len, err));
        RIG_TRY(put32(&body, 0, err));
    }
    RIG_TRY(put_block(out, BLOCK_SECTION, &body, err));
    rig_buf_reset(&body);
    RIG_TRY(put16(&body, LINK_RAW_IP, err));
    RIG_TRY(put16(&body, 0, err));
    RIG_TRY(put32(&body, SNAP_BYTES, err));
    return put_block(out, BLOCK_INTERFACE, &body, err);
}

static rig_result put_secrets(struct rig_buf *out, const struct rig_buf *key_log,
                              struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf body = {.secret = true};

    if (key_log->len == 0) {
        return RIG_DONE;
    }
    RIG_TRY(put32(&body, SECRETS_TLS, err));
    RIG_TRY(put32(&body, (uint32_t)key_log->len, err));
    RIG_TRY(put_padded(&body, key_log->data, key_log->len, err));
    return put_block(out, BLOCK_SECRETS, &body, err);
}

static void set16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void set32(uint8_t *at, uint32_t value)
{
    set16(at, value >> 16);
    set16(at + 2, value & 0xFFFF);
}

/* RFC 1071 */
static uint32_t sum_words(uint32_t sum, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i + 1 < n; i += 2) {
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    }
    if (n % 2 != 0) {
        sum += (uint32_t)bytes[n - 1] << 8;
    }
    return sum;
}

static uint16_t checksum(uint32_t sum)
{
    while (sum > 0xFFFF) {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

/* One connection as it is written: sequence numbers of both sides. */
struct flow {
    const struct rig_tls_capture *capture;
    uint32_t next_client;
    uint32_t next_server;
    uint8_t host; /* last octet of the client's address: connections that share ports stay apart */
    unsigned n_packets;
};

static void write_headers(const struct flow *flow, bool from_client, unsigned flags,
                          const uint8_t *payload, size_t n_payload, uint8_t *packet)
{
    const uint8_t client[4] = {192, 0, 2, flow->host};
    const uint8_t server[4] = {192, 0, 2, 254};
    uint8_t *const tcp = packet + IP_BYTES;
    uint32_t sum;

    memset(packet, 0, HEADER_BYTES);
    packet[0] = 0x45;
    set16(packet + 2, (unsigned)(HEADER_BYTES + n_payload));
    set16(packet + 4, flow->n_packets & 0xFFFF);
    packet[6] = 0x40; /* not fragmented */
    packet[8] = 64;
    packet[9] = 6;
    memcpy(packet + 12, from_client ? client : server, 4);
    memcpy(packet + 16, from_client ? server : client, 4);
    set16(packet + 10, checksum(sum_words(0, packet, IP_BYTES)));
    set16(tcp, from_client ? flow->capture->client_port : flow->capture->server_port);
    set16(tcp + 2, from_client ? flow->capture->server_port : flow->capture->client_port);
    set32(tcp + 4, from_client ? flow->next_client : flow->next_server);
    if ((flags & TCP_ACK) != 0) {
        set32(tcp + 8, from_client ? flow->next_server : flow->next_client);
    }
    tcp[12] = TCP_BYTES / 4 << 4;
    tcp[13] = (uint8_t)flags;
    set16(tcp + 14, 0xFFFF);
    sum = sum_words(0, packet + 12, 8) + 6 + (uint32_t)(TCP_BYTES + n_payload);
    sum = sum_words(sum, tcp, TCP_BYTES);
    set16(tcp + 16, checksum(sum_words(sum, payload, n_payload)));
}

static rig_result put_packet(struct rig_buf *out, struct flow *flow, int64_t at_us,
                             bool from_client, unsigned flags, const uint8_t *payload,
                             size_t n_payload, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf body = {0};
    uint8_t packet[HEADER_BYTES + MAX_PAYLOAD_BYTES];
    const size_t len = HEADER_BYTES + n_payload;
    const uint32_t advance = (uint32_t)n_payload + ((flags & (TCP_SYN | TCP_FIN)) != 0 ? 1U : 0U);

    write_headers(flow, from_client, flags, payload, n_payload, packet);
    if (n_payload != 0) {
        memcpy(packet + HEADER_BYTES, payload, n_payload);
    }
    RIG_TRY(put32(&body, 0, err));
    RIG_TRY(put32(&body, (uint32_t)((uint64_t)at_us >> 32), err));
    RIG_TRY(put32(&body, (uint32_t)at_us, err));
    RIG_TRY(put32(&body, (uint32_t)len, err));
    RIG_TRY(put32(&body, (uint32_t)len, err));
    RIG_TRY(put_padded(&body, packet, len, err));
    *(from_client ? &flow->next_client : &flow->next_server) += advance;
    flow->n_packets++;
    return put_block(out, BLOCK_PACKET, &body, err);
}

static rig_result put_segment(struct rig_buf *out, struct flow *flow,
                              const struct rig_tls_segment *segment, struct rig_error *err)
{
    const uint8_t *const bytes = flow->capture->bytes.data + segment->offset_bytes;
    const int64_t at_us = segment->at_ms * 1000 + segment->at_us;

    for (size_t at = 0; at < segment->n_bytes; at += MAX_PAYLOAD_BYTES) {
        const size_t left = segment->n_bytes - at;
        const size_t n = left < MAX_PAYLOAD_BYTES ? left : MAX_PAYLOAD_BYTES;

        RIG_TRY(put_packet(out, flow, at_us, segment->from_client, TCP_PSH | TCP_ACK, bytes + at, n,
                           err));
    }
    return RIG_DONE;
}

static rig_result put_connection(struct rig_buf *out, const struct rig_tls_capture *capture,
                                 size_t index, struct rig_error *err)
{
    struct flow flow = {.capture = capture, .host = (uint8_t)(1 + index % 253)};
    const struct rig_tls_segment *const last = &capture->segments[capture->n_segments - 1];
    const int64_t first_us = capture->segments[0].at_ms * 1000 + capture->segments[0].at_us;
    const int64_t last_us = last->at_ms * 1000 + last->at_us;

    RIG_TRY(put_packet(out, &flow, first_us, true, TCP_SYN, NULL, 0, err));
    RIG_TRY(put_packet(out, &flow, first_us, false, TCP_SYN | TCP_ACK, NULL, 0, err));
    RIG_TRY(put_packet(out, &flow, first_us, true, TCP_ACK, NULL, 0, err));
    for (size_t i = 0; i < capture->n_segments; i++) {
        RIG_TRY(put_segment(out, &flow, &capture->segments[i], err));
    }
    RIG_TRY(put_packet(out, &flow, last_us, false, TCP_FIN | TCP_ACK, NULL, 0, err));
    RIG_TRY(put_packet(out, &flow, last_us, true, TCP_FIN | TCP_ACK, NULL, 0, err));
    return put_packet(out, &flow, last_us, false, TCP_ACK, NULL, 0, err);
}

rig_result rig_tls_pcap_append(const struct rig_tls_capture *const *captures, size_t n_captures,
                               const char *comment, struct rig_buf *out, struct rig_error *err)
{
    RIG_TRY(put_section(out, comment, err));
    /* secrets stand before the packets that they decrypt */
    for (size_t i = 0; i < n_captures; i++) {
        RIG_TRY(put_secrets(out, &captures[i]->key_log, err));
    }
    for (size_t i = 0; i < n_captures; i++) {
        if (captures[i]->n_segments != 0) {
            RIG_TRY(put_connection(out, captures[i], i, err));
        }
    }
    return RIG_DONE;
}
