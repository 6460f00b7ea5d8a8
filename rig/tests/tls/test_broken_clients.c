/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that break off, break the protocol, or never end: each has its evidence, none holds up
 * the others. */
#include "rig/tests/tls/harness.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cmocka.h>

static struct pki pki;

static void broken_clients_end_with_their_reason(void **state)
{
    static const char http[] = "GET / HTTP/1.1\r\nHost: rig\r\n\r\n";
    static const uint8_t huge_record[] = {0x16, 0x03, 0x01, 0xFF, 0xFF, 0x01, 0x00, 0xFF, 0xFB};
    static const uint8_t bad_hello[] = {0x16, 0x03, 0x01, 0x00, 0x06, 0x01,
                                        0x00, 0x00, 0x02, 0x03, 0x03};
    static const uint8_t alert_first[] = {0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x28};
    static const struct {
        const void *bytes;
        size_t n;
        const char *error_text;
        int alert_received;
    } rows[] = {
        {http, sizeof http - 1, "http request", RIG_TLS_NO_ALERT},
        {"\xDE\xAD\xBE\xEF\xDE\xAD\xBE\xEF", 8, "wrong version number", RIG_TLS_NO_ALERT},
        {huge_record, sizeof huge_record, "packet length too long", RIG_TLS_NO_ALERT},
        {bad_hello, sizeof bad_hello, "length mismatch", RIG_TLS_NO_ALERT},
        {alert_first, sizeof alert_first, "unexpected message", RIG_TLS_NO_ALERT},
        {"", 0, "closed by the client without close_notify, waiting for a ClientHello",
         RIG_TLS_NO_ALERT},
        {bad_hello, 7, "closed by the client without close_notify, waiting for a ClientHello",
         RIG_TLS_NO_ALERT},
    };
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = start_server(0, 0, NULL);
    const struct rig_tls_settings settings = good_settings(&pki);
    RIG_AUTO(rig_auto_endpoint)
    struct rig_tls_endpoint *endpoint = open_endpoint(server, &settings);
    struct rig_tls_evidence evidence;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const int fd = connect_raw(endpoint, rows[i].bytes, rows[i].n);

        (void)shutdown(fd, SHUT_WR);
        read_out(fd);
        assert_int_equal(take_evidence(endpoint, NULL, &evidence, LONG_MS), 0);
        print_message("'%s', alert sent %s\n", evidence.error_text,
                      rig_tls_alert_name(evidence.alert_sent));
        assert_false(evidence.client_hello_seen);
        assert_false(evidence.handshake_done);
        assert_non_null(strstr(evidence.error_text, rows[i].error_text));
        assert_int_equal(evidence.alert_received, rows[i].alert_received);
        assert_int_equal(evidence.n_received, rows[i].n);
    }
}

static void reset_is_named(void **state)
{
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = start_server(0, 0, NULL);
    const struct rig_tls_settings settings = good_settings(&pki);
    RIG_AUTO(rig_auto_endpoint)
    struct rig_tls_endpoint *endpoint = open_endpoint(server, &settings);
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    struct rig_tls_evidence evidence;
    const int fd = connect_raw(endpoint, "\x16\x03\x01", 3);

    (void)state;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    (void)close(fd);
    assert_int_equal(take_evidence(endpoint, NULL, &evidence, LONG_MS), 0);
    assert_string_equal(evidence.error_text, "Connection reset by peer");
}

static void silence_and_half_a_hello_time_out(void **state)
{
    static const uint8_t half[] = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC};
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = start_server(0, 0, NULL);
    struct rig_tls_settings settings = good_settings(&pki);
    struct rig_tls_evidence evidence;

    (void)state;
    settings.connection_timeout_ms = 250;
    RIG_AUTO(rig_auto_endpoint)
    struct rig_tls_endpoint *endpoint = open_endpoint(server, &settings);
    for (size_t n = 0; n <= sizeof half; n += sizeof half) {
        const int fd = connect_raw(endpoint, half, n);

        assert_int_equal(take_evidence(endpoint, NULL, &evidence, LONG_MS), 0);
        assert_string_equal(evidence.error_text,
                            "timed out after 250 ms, waiting for a ClientHello");
        assert_true(evidence.total_ns >= 250 * RIG_NS_PER_MS);
        assert_int_equal(evidence.n_received, n);
        read_out(fd);
    }
}

/* A byte now and then keeps a connection busy, not alive. */
static void slow_clients_end_at_the_limit(void **state)
{
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = start_server(0, 0, NULL);
    struct rig_tls_settings settings = good_settings(&pki);
    static const uint8_t start[] = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC};
    struct rig_tls_evidence evidence;
    struct rig_error err;

    (void)state;
    settings.connection_timeout_ms = 100;
    RIG_AUTO(rig_auto_endpoint)
    struct rig_tls_endpoint *endpoint = open_endpoint(server, &settings);
    const int fd = connect_raw(endpoint, start, sizeof start);
    while (send(fd, "\x03", 1, MSG_NOSIGNAL) == 1) {
        struct rig_wait wait = rig_wait_ms(LONG_MS, NULL);

        assert_true(rig_wait_pause(wait, 5 * RIG_NS_PER_MS, &err).ok);
    }
    (void)close(fd);
    assert_int_equal(take_evidence(endpoint, NULL, &evidence, LONG_MS), 0);
    assert_non_null(strstr(evidence.error_text, "timed out after 100 ms"));
    assert_true(evidence.total_ns < 5 * RIG_NS_PER_S);
}

/* A client that stays after its alert holds its own evidence back, until the limit, and nobody
 * else's. */
static void others_go_on_beside_a_hanging_client(void **state)
{
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = start_server(0, 0, NULL);
    const struct rig_tls_settings settings = good_settings(&pki);
    RIG_AUTO(rig_auto_endpoint)
    struct rig_tls_endpoint *endpoint = open_endpoint(server, &settings);
    const struct client_wish wish = good_client(&pki);
    struct client_report report;
    struct rig_tls_evidence evidence;
    const int hanging = connect_raw(endpoint, "GET / HTTP/1.1\r\n", 16);

    (void)state;
    client_openssl(client_connect(rig_tls_endpoint_port(endpoint)), &wish, &report);
    assert_int_equal(take_evidence(endpoint, report.client_random, &evidence, LONG_MS), 1);
    assert_true(evidence.echoed);
    /* asked for while it is open: ended, with what is known */
    assert_int_equal(take_evidence(endpoint, NULL, &evidence, 10), 0);
    assert_string_equal(evidence.error_text, "http request");
    read_out(hanging);
}

static void open_connection_is_evidence_when_time_is_up(void **state)
{
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = start_server(0, 0, NULL);
    const struct rig_tls_settings settings = good_settings(&pki);
    RIG_AUTO(rig_auto_endpoint)
    struct rig_tls_endpoint *endpoint = open_endpoint(server, &settings);
    struct rig_tls_evidence evidence;
    struct rig_error err;
    const int fd = connect_raw(endpoint, "", 0);
    int other = -1;

    (void)state;
    /* the relay's request is served after the accept: both are there now */
    assert_true(rig_tls_endpoint_connect(endpoint, &other, &err).ok);
    assert_int_equal(take_evidence(endpoint, NULL, &evidence, 30), 1);
    assert_string_equal(evidence.error_text, "still open when its evidence was asked for");
    read_out(fd);
    read_out(other);
}

/* Without free descriptors a connection waits in the queue, and is served once there is one. */
static void descriptors_may_run_out(void **state)
{
    enum { MAX_DUPS = 256 };
    RIG_AUTO(rig_auto_tls_server) struct rig_tls_server *server = start_server(0, 0, NULL);
    const struct rig_tls_settings settings = good_settings(&pki);
    RIG_AUTO(rig_auto_endpoint)
    struct rig_tls_endpoint *endpoint = open_endpoint(server, &settings);
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(rig_tls_endpoint_port(endpoint)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const uint8_t other[32] = {1};
    struct rig_tls_evidence evidence;
    struct rlimit limit;
    struct rlimit tight;
    int dups[MAX_DUPS];
    size_t n_dups = 0;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    tight = (struct rlimit){.rlim_cur = (rlim_t)fd + 1, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    while (n_dups < MAX_DUPS && (dups[n_dups] = dup(fd)) >= 0) {
        n_dups++;
    }
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(take_evidence(endpoint, other, &evidence, 120), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    while (n_dups > 0) {
        (void)close(dups[--n_dups]);
    }
    assert_int_equal(send(fd, "GET / HTTP/1.1\r\n", 16, MSG_NOSIGNAL), 16);
    (void)shutdown(fd, SHUT_WR);
    assert_int_equal(take_evidence(endpoint, NULL, &evidence, LONG_MS), 0);
    assert_string_equal(evidence.error_text, "http request");
    read_out(fd);
}

static int set_up(void **state)
{
    (void)state;
    pki_make(&pki);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pki_free(&pki);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_clients_end_with_their_reason),
        cmocka_unit_test(reset_is_named),
        cmocka_unit_test(silence_and_half_a_hello_time_out),
        cmocka_unit_test(slow_clients_end_at_the_limit),
        cmocka_unit_test(others_go_on_beside_a_hanging_client),
        cmocka_unit_test(open_connection_is_evidence_when_time_is_up),
        cmocka_unit_test(descriptors_may_run_out),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
