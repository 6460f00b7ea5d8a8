/* SPDX-License-Identifier: Apache-2.0 */
/* Captures of both sides, and the file made of them: read back block by block, checksums and TCP
 * sequence numbers included. */
#include "rig/base/file.h"
#include "rig/tests/tls/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct pki pki;
static struct rig_tls_server *server;

/* What the file says of one direction. */
struct stream {
    struct rig_buf bytes;
    uint32_t next;
    bool began;
    unsigned n_fin;
};

struct reading {
    struct stream client;
    struct stream server;
    struct rig_buf secrets;
    char comment[64];
    unsigned n_packets;
    int64_t last_us;
};

static uint32_t get16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
    return get16(at) << 16 | get16(at + 2);
}

static uint32_t get32_little(const uint8_t *at)
{
    return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

/* The sum over data with its checksum is all ones. */
static uint32_t folded(const uint8_t *bytes, size_t n, uint32_t sum)
{
    for (size_t i = 0; i < n; i++) {
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return sum;
}

static void read_packet(struct reading *reading, const uint8_t *body, size_t n_body)
{
    const int64_t at_us = (int64_t)get32_little(body + 4) << 32 | get32_little(body + 8);
    const size_t len = get32_little(body + 12);
    const uint8_t *const ip = body + 20;
    const uint8_t *const tcp = ip + 20;
    struct stream *const stream = ip[15] == 254 ? &reading->server : &reading->client;
    struct rig_error err;

    assert_true(n_body >= 20 + len && len >= 40);
    assert_true(at_us >= reading->last_us);
    reading->last_us = at_us;
    assert_int_equal(ip[0], 0x45);
    assert_int_equal(get16(ip + 2), len);
    assert_int_equal(folded(ip, 20, 0), 0xFFFF);
    assert_int_equal(folded(tcp, len - 20,
                            get16(ip + 12) + get16(ip + 14) + get16(ip + 16) + get16(ip + 18) + 6 +
                                (uint32_t)(len - 20)),
                     0xFFFF);
    if (stream->began) {
        assert_int_equal(get32(tcp + 4), stream->next);
    }
    stream->began = true;
    stream->next = get32(tcp + 4) + (uint32_t)(len - 40) + ((tcp[13] & 3) != 0 ? 1 : 0);
    stream->n_fin += tcp[13] & 1;
    assert_true(rig_buf_append(&stream->bytes, tcp + 20, len - 40, &err).ok);
    reading->n_packets++;
}

static void read_file(const struct rig_buf *file, struct reading *reading)
{
    size_t at = 0;
    struct rig_error err;

    while (at < file->len) {
        const uint8_t *const block = file->data + at;
        const uint32_t type = get32_little(block);
        const size_t len = get32_little(block + 4);
        const uint8_t *const body = block + 8;

        assert_true(len >= 12 && len % 4 == 0 && at + len <= file->len);
        assert_int_equal(get32_little(block + len - 4), len);
        switch (type) {
        case 0x0A0D0D0A:
            assert_int_equal(at, 0);
            assert_int_equal(get32_little(body), 0x1A2B3C4D);
            if (len > 28) {
                assert_int_equal(body[16], 1);
                memcpy(reading->comment, body + 20, body[18]);
            }
            break;
        case 1:
            assert_int_equal(body[0], 101);
            break;
        case 10:
            assert_int_equal(reading->n_packets, 0); /* before what it decrypts */
            assert_int_equal(get32_little(body), 0x544C534B);
            assert_true(
                rig_buf_append(&reading->secrets, body + 8, get32_little(body + 4), &err).ok);
            break;
        case 6:
            read_packet(reading, body, len - 12);
            break;
        default:
            fail_msg("block of type %u", (unsigned)type);
        }
        at += len;
    }
    assert_int_equal(at, file->len);
}

static void free_reading(struct reading *reading)
{
    rig_buf_free(&reading->client.bytes);
    rig_buf_free(&reading->server.bytes);
    rig_buf_free(&reading->secrets);
}

static void join(const struct rig_tls_capture *capture, bool from_client, struct rig_buf *out)
{
    struct rig_error err;

    for (size_t i = 0; i < capture->n_segments; i++) {
        const struct rig_tls_segment *const segment = &capture->segments[i];

        if (segment->from_client == from_client) {
            assert_true(rig_buf_append(out, capture->bytes.data + segment->offset_bytes,
                                       segment->n_bytes, &err)
                            .ok);
        }
    }
}

static void check_same(const struct rig_buf *a, const struct rig_buf *b)
{
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->data, b->data, a->len);
}

static void check_file(const struct rig_tls_capture *capture)
{
    struct rig_buf file = {0};
    struct rig_buf sent = {0};
    struct rig_buf received = {0};
    struct reading reading = {0};
    struct rig_error err;

    assert_true(rig_tls_pcap_append(&capture, 1, "case one", &file, &err).ok);
    read_file(&file, &reading);
    join(capture, true, &sent);
    join(capture, false, &received);
    check_same(&reading.client.bytes, &sent);
    check_same(&reading.server.bytes, &received);
    check_same(&reading.secrets, &capture->key_log);
    assert_string_equal(reading.comment, "case one");
    assert_int_equal(reading.client.n_fin, 1);
    assert_int_equal(reading.server.n_fin, 1);
    rig_buf_free(&file);
    rig_buf_free(&sent);
    rig_buf_free(&received);
    free_reading(&reading);
}

static struct rig_tls_capture *capture_of(int version, struct rig_tls_client_report *report,
                                          struct rig_tls_evidence *evidence)
{
    struct rig_tls_settings settings = good_settings(&pki);
    struct rig_tls_client_settings client;
    struct rig_tls_capture *capture = NULL;
    struct rig_tls_endpoint *endpoint;
    struct rig_error err;
    unsigned n_strangers;

    settings.min_version = version;
    settings.max_version = version;
    settings.capture = true;
    settings.max_echo_bytes = 5000;
    endpoint = open_endpoint(server, &settings);
    client = good_reference(&pki, endpoint);
    client.capture = true;
    client.n_echo_bytes = 4000; /* more than a packet holds */
    run_reference(&client, report);
    assert_true(report->echoed);
    assert_true(rig_tls_endpoint_evidence_and_capture(endpoint, report->client_random, evidence,
                                                      &capture, &n_strangers,
                                                      rig_wait_ms(LONG_MS, NULL), &err)
                    .ok);
    assert_non_null(capture);
    assert_false(capture->cut);
    rig_tls_endpoint_close(endpoint);
    return capture;
}

static void both_sides_capture_the_same(void **state)
{
    (void)state;
    for (int version = 0x0303; version <= 0x0304; version++) {
        struct rig_tls_client_report report;
        struct rig_tls_evidence evidence;
        struct rig_tls_capture *const capture = capture_of(version, &report, &evidence);
        struct rig_buf ours = {0};
        struct rig_buf theirs = {0};
        char random[65];

        join(capture, false, &ours);
        join(report.capture, false, &theirs);
        assert_int_equal(ours.len, evidence.n_sent);
        /* the client may be gone before the last close_notify */
        assert_true(theirs.len > 4000 && theirs.len <= ours.len);
        assert_memory_equal(ours.data, theirs.data, theirs.len);
        rig_hex(report.client_random, sizeof report.client_random, random);
        assert_non_null(strcasestr(rig_buf_text(&capture->key_log), random));
        assert_non_null(strstr(rig_buf_text(&capture->key_log),
                               version == 0x0303 ? "CLIENT_RANDOM " : "SERVER_TRAFFIC_SECRET_0 "));
        check_file(capture);
        check_file(report.capture);
        rig_buf_free(&ours);
        rig_buf_free(&theirs);
        rig_tls_capture_free(capture);
        rig_tls_client_report_free(&report);
    }
}

static void nothing_is_kept_unless_asked_for(void **state)
{
    const struct rig_tls_settings settings = good_settings(&pki);
    struct rig_tls_endpoint *const endpoint = open_endpoint(server, &settings);
    const struct rig_tls_client_settings client = good_reference(&pki, endpoint);
    struct rig_tls_capture *capture = (struct rig_tls_capture *)(void *)&pki;
    struct rig_tls_client_report report;
    struct rig_tls_evidence evidence;
    struct rig_error err;
    unsigned n_strangers;

    (void)state;
    run_reference(&client, &report);
    assert_null(report.capture);
    assert_true(rig_tls_endpoint_evidence_and_capture(endpoint, report.client_random, &evidence,
                                                      &capture, &n_strangers,
                                                      rig_wait_ms(LONG_MS, NULL), &err)
                    .ok);
    assert_true(evidence.echoed);
    assert_null(capture);
    rig_tls_client_report_free(&report);
    rig_tls_endpoint_close(endpoint);
}

static void no_captures_make_a_file_too(void **state)
{
    struct rig_tls_capture *const empty = rig_tls_capture_new();
    const struct rig_tls_capture *const captures[] = {empty};
    struct rig_buf file = {0};
    struct reading reading = {0};
    struct rig_error err;

    (void)state;
    assert_true(rig_tls_pcap_append(captures, 1, NULL, &file, &err).ok);
    read_file(&file, &reading);
    assert_int_equal(reading.n_packets, 0);
    rig_buf_free(&file);
    free_reading(&reading);
    rig_tls_capture_free(empty);
}

static void a_capture_has_a_limit(void **state)
{
    static uint8_t mebibyte[1024 * 1024];
    struct rig_tls_capture *const capture = rig_tls_capture_new();

    (void)state;
    for (int i = 0; i < 17; i++) {
        rig_tls_capture_add(capture, true, mebibyte, sizeof mebibyte);
    }
    assert_true(capture->cut);
    assert_int_equal(capture->bytes.len, 16 * sizeof mebibyte);
    rig_tls_capture_free(capture);
}

static int set_up(void **state)
{
    (void)state;
    pki_make(&pki);
    server = start_server(0, 0, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_tls_server_stop(server);
    pki_free(&pki);
    return 0;
}

/* For a look with Wireshark: `test_tls_pcap FILE` writes one connection of each version. */
static int write_sample(const char *path)
{
    RIG_AUTO(rig_buf_free) struct rig_buf file = {0};
    const struct rig_tls_capture *captures[2];
    struct rig_tls_client_report reports[2];
    struct rig_tls_evidence evidence;
    struct rig_error err;
    bool written;

    (void)set_up(NULL);
    for (int i = 0; i < 2; i++) {
        captures[i] = capture_of(0x0303 + i, &reports[i], &evidence);
    }
    written = rig_tls_pcap_append(captures, 2, "sample of rig", &file, &err).ok &&
              rig_file_replace(path, file.data, file.len, 0600, &err).ok;
    for (int i = 0; i < 2; i++) {
        rig_tls_capture_free((struct rig_tls_capture *)captures[i]);
        rig_tls_client_report_free(&reports[i]);
    }
    (void)tear_down(NULL);
    return written ? 0 : 1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_capture_the_same),
        cmocka_unit_test(nothing_is_kept_unless_asked_for),
        cmocka_unit_test(no_captures_make_a_file_too),
        cmocka_unit_test(a_capture_has_a_limit),
    };

    if (argc > 1) {
        return write_sample(argv[1]);
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
