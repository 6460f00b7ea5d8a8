/* SPDX-License-Identifier: Apache-2.0 */
/* Handshakes relayed over the UART: the host's side as a rig does it, with a lossy line when asked.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <mbedtls/base64.h>

#include "tls_bench.h"

static struct tls_bench b;

static int set_up_all(void **state)
{
    (void)state;
    tls_bench_init(&b);
    return 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    tls_bench_free(&b);
    return 0;
}

struct relay {
    int fd;           /* TCP, -1: not connected */
    uint32_t rx_next; /* expected from the agent */
    uint32_t tx_number;
    bool tx_open; /* a frame waits for its ack */
    char tx_text[2 * AGENT_LINE_MAX_BYTES];
    bool eof_sent;
    unsigned lose_percent;
    uint32_t random;
    unsigned n_lost;
    bool refuse;
    bool mute; /* acknowledges nothing */
};

static bool lost(struct relay *relay)
{
    relay->random = relay->random * 1664525u + 1013904223u;
    bool gone = relay->lose_percent > (relay->random >> 16) % 100;
    relay->n_lost += gone ? 1 : 0;
    return gone;
}

static void relay_send(struct relay *relay, const char *text)
{
    if (!lost(relay)) {
        fake_host_frame(&b.d.board, b.d.board.seq, text);
    }
}

static void relay_tx(struct relay *relay, const char *what)
{
    relay->tx_number++;
    relay->tx_open = true;
    (void)snprintf(relay->tx_text, sizeof relay->tx_text, "rx n=%u %s", relay->tx_number, what);
    relay_send(relay, relay->tx_text);
}

static void relay_connect(struct relay *relay)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(b.server.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    if (relay->refuse) {
        relay->eof_sent = true;
        relay_tx(relay, "eof=refused");
        return;
    }
    relay->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(relay->fd, (const struct sockaddr *)&to, sizeof to), 0);
    relay_tx(relay, "open=yes");
}

static void relay_from_agent(struct relay *relay, const char *body)
{
    uint8_t data[AGENT_DATA_MAX_BYTES];
    size_t size = 0;
    char ack[32];
    uint32_t number = (uint32_t)strtoul(fake_value(body, "n", b.d.value), NULL, 10);

    if (relay->mute || number > relay->rx_next) {
        return;
    }
    if (number == relay->rx_next) {
        relay->rx_next++;
        if (fake_value(body, "data", b.d.value) != NULL) {
            assert_int_equal(mbedtls_base64_decode(data, sizeof data, &size,
                                                   (const unsigned char *)b.d.value,
                                                   strlen(b.d.value)),
                             0);
            (void)send(relay->fd, data, size, MSG_NOSIGNAL);
        }
    }
    (void)snprintf(ack, sizeof ack, "ack n=%u", number);
    relay_send(relay, ack);
    if (number == 1 && relay->tx_number == 0) {
        relay_connect(relay);
    }
}

static void relay_from_server(struct relay *relay)
{
    uint8_t data[AGENT_DATA_MAX_BYTES];
    char text[AGENT_LINE_MAX_BYTES];
    size_t written = 0;
    struct pollfd poll_fd = {.fd = relay->fd, .events = POLLIN};

    if (relay->tx_open || relay->eof_sent || relay->fd < 0 || poll(&poll_fd, 1, 0) <= 0) {
        return;
    }
    ssize_t n = recv(relay->fd, data, sizeof data, 0);
    if (n <= 0) {
        relay->eof_sent = true;
        relay_tx(relay, "eof=close");
        return;
    }
    int size = snprintf(text, sizeof text, "data=");
    assert_int_equal(mbedtls_base64_encode((unsigned char *)text + size, sizeof text - (size_t)size,
                                           &written, data, (size_t)n),
                     0);
    relay_tx(relay, text);
}

/* A line of the agent; true when it was the end line. */
static bool relay_line(struct relay *relay, char *line)
{
    const char *body = fake_host_body(line, b.d.board.seq);

    if (body == NULL) {
        return false;
    }
    if (strncmp(body, "= ", 2) == 0) {
        (void)snprintf(b.d.reply.lines[b.d.reply.n_lines++], sizeof b.d.reply.lines[0], "%s",
                       body + 2);
        return false;
    }
    if (strncmp(body, "ok ", 3) == 0 || strncmp(body, "err ", 4) == 0) {
        (void)snprintf(b.d.reply.end, sizeof b.d.reply.end, "%s", body);
        return true;
    }
    if (lost(relay)) {
        return false;
    }
    if (strncmp(body, "tx ", 3) == 0) {
        relay_from_agent(relay, body);
    } else if (strncmp(body, "ack ", 4) == 0 &&
               strtoul(fake_value(body, "n", b.d.value), NULL, 10) == relay->tx_number) {
        relay->tx_open = false;
    }
    return false;
}

static void shake_relayed(struct relay *relay, const char *keys)
{
    char line[AGENT_LINE_MAX_BYTES + 4];
    char command[AGENT_LINE_MAX_BYTES + 32];
    bool done = false;

    memset(&b.d.reply, 0, sizeof b.d.reply);
    relay->fd = -1;
    relay->rx_next = 1;
    (void)snprintf(command, sizeof command, "handshake host=relay port=1 transport=relay %s", keys);
    fake_host_frame(&b.d.board, ++b.d.board.seq, command);
    while (!done) {
        struct pollfd fds[2] = {
            {.fd = b.d.board.uart_host, .events = POLLIN},
            {.fd = relay->tx_open || relay->eof_sent ? -1 : relay->fd, .events = POLLIN}};
        int ready = b.d.board.in_size > 0 && memchr(b.d.board.in, '\n', b.d.board.in_size) != NULL
                        ? 1
                        : poll(fds, 2, 300);
        if (ready == 0 && relay->tx_open) {
            relay_send(relay, relay->tx_text);
        }
        while (!done && fake_host_line(&b.d.board, line, sizeof line, 0)) {
            done = relay_line(relay, line);
        }
        relay_from_server(relay);
    }
    if (relay->fd >= 0) {
        (void)close(relay->fd);
    }
}

static void relay_good(void **state)
{
    struct relay relay = {0};

    (void)state;
    server_start(&b.server, &b.server_good, &b.root);
    shake_relayed(&relay, "name=srv.rig.test");
    server_end(&b.server);
    expect_good(&b);
    expect(&b.d, "client_shown", "cert");
}

static void relay_survives_losses(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 3; seed++) {
        struct relay relay = {.lose_percent = 15, .random = seed};
        server_start(&b.server, &b.server_good, &b.root);
        shake_relayed(&relay, "name=srv.rig.test timeout_ms=60000");
        server_end(&b.server);
        expect_good(&b);
        assert_true(relay.n_lost > 0);
    }
}

static void relay_reports_refusals(void **state)
{
    struct relay relay = {0};

    (void)state;
    server_start(&b.server, &b.server_expired, &b.root);
    shake_relayed(&relay, "name=srv.rig.test");
    server_end(&b.server);
    assert_true(fake_has(b.d.reply.end, "code", "tls"));
    expect(&b.d, "flags", "0x00000001");
    expect(&b.d, "alert_sent", "45");

    memset(&relay, 0, sizeof relay);
    server_start(&b.server, &b.server_good, &b.other_root);
    shake_relayed(&relay, "name=srv.rig.test");
    server_end(&b.server);
    expect(&b.d, "alert_received", "48");
}

static void relay_failures(void **state)
{
    struct relay relay = {.refuse = true};

    (void)state;
    shake_relayed(&relay, "name=srv.rig.test");
    assert_true(fake_has(b.d.reply.end, "code", "connect"));

    memset(&relay, 0, sizeof relay);
    relay.mute = true;
    shake_relayed(&relay, "name=srv.rig.test timeout_ms=900");
    assert_true(fake_has(b.d.reply.end, "code", "timeout"));

    fake_host_frame(&b.d.board, ++b.d.board.seq,
                    "handshake host=relay port=1 transport=relay name=a");
    fake_host_frame(&b.d.board, b.d.board.seq, "abort");
    fake_host_collect(&b.d.board, b.d.board.seq, &b.d.reply);
    assert_true(fake_has(b.d.reply.end, "code", "aborted"));
    /* frames of a relay that is over are ignored */
    fake_host_frame(&b.d.board, b.d.board.seq, "rx n=1 open=yes");
    fake_host_frame(&b.d.board, b.d.board.seq, "ack n=1");
    fake_host_ask(&b.d.board, "ping text=on", &b.d.reply);
    assert_string_equal(get(&b.d, "text"), "on");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relay_good),
        cmocka_unit_test(relay_survives_losses),
        cmocka_unit_test(relay_reports_refusals),
        cmocka_unit_test(relay_failures),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
