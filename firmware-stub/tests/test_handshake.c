/* SPDX-License-Identifier: Apache-2.0 */
/* Handshakes of the agent with an OpenSSL server, over its own network and relayed over the UART.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <mbedtls/base64.h>
#include <mbedtls/ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "fake_board.h"
#include "firmware-stub/core/core.h"
#include "test_pki.h"

/* ---- the server: one connection, then it ends ---- */

struct server {
    SSL_CTX *ctx;
    int listener;
    uint16_t port;
    pthread_t thread;
    bool echo_other;
    bool accepted;
    char sni[64];
    bool had_sni;
    unsigned char client_random[32];
    long verify_error;
    bool client_cert;
};

static void serve(struct server *server, SSL *ssl)
{
    char text[200];

    server->accepted = SSL_accept(ssl) == 1;
    server->verify_error = SSL_get_verify_result(ssl);
    (void)SSL_get_client_random(ssl, server->client_random, sizeof server->client_random);
    const char *sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    server->had_sni = sni != NULL;
    (void)snprintf(server->sni, sizeof server->sni, "%s", sni != NULL ? sni : "");
    if (!server->accepted) {
        return;
    }
    server->client_cert = SSL_get0_peer_certificate(ssl) != NULL;
    int n = SSL_read(ssl, text, sizeof text);
    if (n > 0) {
        text[0] = server->echo_other ? (char)(text[0] ^ 1) : text[0];
        (void)SSL_write(ssl, text, n);
    }
    (void)SSL_shutdown(ssl);
}

static void *run_server(void *arg)
{
    struct server *server = arg;
    int fd = accept(server->listener, NULL, NULL);
    char rest[256];

    if (fd < 0) {
        return NULL;
    }
    SSL *ssl = SSL_new(server->ctx);
    if (ssl != NULL && SSL_set_fd(ssl, fd) == 1) {
        serve(server, ssl);
    }
    /* half-close and drain: an alert must not be lost to a reset */
    (void)shutdown(fd, SHUT_WR);
    while (recv(fd, rest, sizeof rest, 0) > 0) {
    }
    SSL_free(ssl);
    (void)close(fd);
    ERR_clear_error();
    return NULL;
}

static int listen_on_loopback(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void server_start(struct server *server, const struct test_ca *identity,
                         const struct test_ca *client_root)
{
    memset(server, 0, sizeof *server);
    server->ctx = SSL_CTX_new(TLS_server_method());
    assert_non_null(server->ctx);
    assert_int_equal(SSL_CTX_use_certificate(server->ctx, identity->cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server->ctx, identity->key), 1);
    if (client_root != NULL) {
        SSL_CTX_set_verify(server->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        assert_int_equal(
            X509_STORE_add_cert(SSL_CTX_get_cert_store(server->ctx), client_root->cert), 1);
    }
    server->listener = listen_on_loopback(&server->port);
    assert_int_equal(pthread_create(&server->thread, NULL, run_server, server), 0);
}

static void server_end(struct server *server)
{
    (void)shutdown(server->listener, SHUT_RDWR);
    (void)pthread_join(server->thread, NULL);
    (void)close(server->listener);
    SSL_CTX_free(server->ctx);
}

/* ---- board, PKI and one handshake ---- */

static struct fake_board board;
static struct fake_reply reply;
static char value[AGENT_LINE_MAX_BYTES];
static struct test_ca root;
static struct test_ca other_root;
static struct test_ca device;
static struct test_ca server_good;
static struct test_ca server_expired;
static struct test_ca server_future;
static struct server server;

static EVP_PKEY *device_public_key(void)
{
    mbedtls_pk_context key;
    struct agent_failure why = {0};
    enum agent_key_type type = AGENT_KEY_NONE;
    unsigned char der[600];

    /* the stopped agent's own loader; the test reads the public half only */
    mbedtls_pk_init(&key);
    assert_int_equal(agent_key_load(&board.agent, &key, &type, &why), 0);
    int size = mbedtls_pk_write_pubkey_der(&key, der, sizeof der);
    mbedtls_pk_free(&key);
    assert_true(size > 0);
    const unsigned char *at = der + sizeof der - size;
    EVP_PKEY *public_key = d2i_PUBKEY(NULL, &at, size);
    assert_non_null(public_key);
    return public_key;
}

static int set_up_all(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to a socket that the board may have closed */
    test_ca_make(&root, NULL, "root", 0, 10, NULL);
    test_ca_make(&other_root, NULL, "other root", 0, 10, NULL);
    test_ca_make(&server_good, &root, "srv.rig.test", 0, 10, NULL);
    test_ca_make(&server_expired, &root, "srv.rig.test", -20, -10, NULL);
    test_ca_make(&server_future, &root, "srv.rig.test", 5, 10, NULL);
    fake_board_init(&board);
    fake_board_start(&board);
    fake_host_ask(&board, "keygen type=p-256", &reply);
    fake_board_stop(&board);
    EVP_PKEY *public_key = device_public_key();
    test_ca_make(&device, &root, "dev-1", 0, 10, public_key);
    EVP_PKEY_free(public_key);
    fake_board_write_certs(&board, device.pem, root.pem);
    fake_board_start(&board);
    return 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    fake_board_free(&board);
    test_ca_free(&device);
    test_ca_free(&server_future);
    test_ca_free(&server_expired);
    test_ca_free(&server_good);
    test_ca_free(&other_root);
    test_ca_free(&root);
    return 0;
}

static void shake(const char *keys)
{
    char command[AGENT_LINE_MAX_BYTES];

    (void)snprintf(command, sizeof command, "handshake host=127.0.0.1 port=%u %s", server.port,
                   keys);
    fake_host_ask(&board, command, &reply);
}

static const char *get(const char *key)
{
    const char *found = fake_reply_value(&reply, key, value);

    assert_non_null(found);
    return found;
}

static void expect(const char *key, const char *wanted)
{
    const char *found = get(key);

    if (strcmp(found, wanted) != 0) {
        fail_msg("%s=%s, expected %s; end: %s", key, found, wanted, reply.end);
    }
}

static void expect_hash(const char *key, const unsigned char *data, size_t size)
{
    uint8_t digest[32];
    char hex[65];

    assert_int_equal(agent_sha256(data, size, digest), 0);
    agent_hex(hex, digest, sizeof digest);
    expect(key, hex);
}

static void expect_good(void)
{
    char hex[65];

    if (memcmp(reply.end, "ok ", 3) != 0) {
        fail_msg("%s", reply.end);
    }
    expect("stage", "done");
    expect("echoed", "yes");
    expect("mbedtls", "0");
    expect("flags", "0x00000000");
    expect("alert_sent", "none");
    expect("alert_received", "none");
    expect("version", "TLSv1.2");
    assert_true(strncmp(get("cipher"), "TLS-", 4) == 0);
    expect_hash("server_sha256", server_good.der, server_good.der_size);
    agent_hex(hex, server.client_random, 32);
    expect("client_random", hex);
    assert_true(server.accepted);
}

static void good(void **state)
{
    (void)state;
    server_start(&server, &server_good, &root);
    shake("name=srv.rig.test text=\"n 1\"");
    server_end(&server);
    expect_good();
    expect("client_shown", "cert");
    expect_hash("client_sha256", device.der, device.der_size);
    assert_true(server.client_cert);
    assert_string_equal(server.sni, "srv.rig.test");
}

static void sni_and_name_are_apart(void **state)
{
    (void)state;
    server_start(&server, &server_good, NULL);
    shake("name=srv.rig.test sni=else.rig.test");
    server_end(&server);
    expect_good();
    assert_string_equal(server.sni, "else.rig.test");
    expect("client_shown", "not-asked");

    server_start(&server, &server_good, NULL);
    shake("name=srv.rig.test sni=\"\"");
    server_end(&server);
    expect_good();
    assert_false(server.had_sni);

    server_start(&server, &server_good, NULL);
    shake("name=wrong.rig.test sni=srv.rig.test");
    server_end(&server);
    expect("flags", "0x00000004");

    server_start(&server, &server_good, NULL);
    shake("name=-");
    server_end(&server);
    expect_good();
    assert_false(server.had_sni);
}

static void expect_refusal(const struct test_ca *identity, const char *keys, const char *flags,
                           const char *alert)
{
    server_start(&server, identity, &root);
    shake(keys);
    server_end(&server);
    assert_true(fake_has(reply.end, "code", "tls"));
    expect("stage", "handshake");
    expect("mbedtls", "-0x2700");
    expect("flags", flags);
    expect("alert_sent", alert);
    expect("echoed", "no");
    expect_hash("server_sha256", identity->der, identity->der_size);
    assert_false(server.accepted);
}

static void upload_roots(const char *pem)
{
    char command[AGENT_LINE_MAX_BYTES];
    size_t total = strlen(pem);
    uint8_t digest[32];
    char hex[65];

    (void)snprintf(command, sizeof command, "slot-begin chain=0 roots=%zu", total);
    fake_host_ask(&board, command, &reply);
    for (size_t at = 0; at < total; at += AGENT_DATA_MAX_BYTES) {
        size_t n = total - at < AGENT_DATA_MAX_BYTES ? total - at : AGENT_DATA_MAX_BYTES;
        size_t written = 0;
        int size = snprintf(command, sizeof command, "slot-write offset=%zu data=", at);
        assert_int_equal(mbedtls_base64_encode((unsigned char *)command + size,
                                               sizeof command - (size_t)size, &written,
                                               (const unsigned char *)pem + at, n),
                         0);
        fake_host_ask(&board, command, &reply);
    }
    assert_int_equal(agent_sha256((const uint8_t *)pem, total, digest), 0);
    agent_hex(hex, digest, sizeof digest);
    (void)snprintf(command, sizeof command, "slot-commit sha256=%s", hex);
    fake_host_ask(&board, command, &reply);
    assert_true(fake_has(reply.end, "roots", "1"));
}

static void device_refuses_bad_servers(void **state)
{
    (void)state;
    expect_refusal(&server_expired, "name=srv.rig.test", "0x00000001", "45");
    expect_refusal(&server_future, "name=srv.rig.test", "0x00000200", "46");
    expect_refusal(&server_good, "name=other.rig.test", "0x00000004", "42");
    upload_roots(other_root.pem);
    expect_refusal(&server_good, "name=srv.rig.test roots=slot", "0x00000008", "48");
}

static void server_refuses_device(void **state)
{
    (void)state;
    server_start(&server, &server_good, &other_root);
    shake("name=srv.rig.test");
    server_end(&server);
    assert_true(fake_has(reply.end, "code", "tls"));
    expect("mbedtls", "-0x7780");
    expect("alert_received", "48");
    expect("client_shown", "cert");
    assert_int_equal(server.verify_error, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);

    server_start(&server, &server_good, &root);
    shake("name=srv.rig.test use=none");
    server_end(&server);
    expect("alert_received", "40");
    expect("client_shown", "empty");
    expect("client_sha256", "none");
}

static void wrong_echo_is_no_success(void **state)
{
    (void)state;
    server_start(&server, &server_good, &root);
    server.echo_other = true;
    shake("name=srv.rig.test");
    server_end(&server);
    assert_true(fake_has(reply.end, "code", "echo"));
    expect("stage", "echo");
    expect("echoed", "no");
}

static void connection_failures(void **state)
{
    uint16_t port = 0;

    (void)state;
    (void)close(listen_on_loopback(&port));
    server.port = port;
    shake("name=a");
    assert_true(fake_has(reply.end, "code", "connect"));
    expect("stage", "connect");
    expect("client_random", "none");

    /* accepts (backlog), but never answers */
    int listener = listen_on_loopback(&server.port);
    shake("name=a timeout_ms=700");
    assert_true(fake_has(reply.end, "code", "timeout"));
    expect("stage", "handshake");
    assert_true(reply.n_busy >= 1);
    (void)close(listener);
}

static void tune_no_verify(void *ctx, mbedtls_ssl_config *conf)
{
    (void)ctx;
    mbedtls_ssl_conf_authmode(conf, MBEDTLS_SSL_VERIFY_NONE);
}

static void port_can_tune_tls(void **state)
{
    (void)state;
    fake_board_stop(&board);
    board.port.tune_tls = tune_no_verify;
    fake_board_start(&board);
    server_start(&server, &server_expired, &root);
    shake("name=srv.rig.test");
    server_end(&server);
    fake_board_stop(&board);
    board.port.tune_tls = NULL;
    fake_board_start(&board);
    expect("stage", "done");
    assert_true(server.accepted);
    expect("flags", "0xffffffff"); /* nobody looked at the certificate */
}

static void repeated_handshake_request_is_one_handshake(void **state)
{
    struct fake_reply again;
    char command[128];

    (void)state;
    server_start(&server, &server_good, &root);
    (void)snprintf(command, sizeof command, "handshake host=127.0.0.1 port=%u name=srv.rig.test",
                   server.port);
    fake_host_ask(&board, command, &reply);
    server_end(&server);
    expect_good();
    fake_host_frame(&board, board.seq, command); /* the server is gone: only the cache can answer */
    fake_host_collect(&board, board.seq, &again);
    assert_string_equal(again.end, reply.end);
    assert_string_equal(again.lines[2], reply.lines[2]);
}

/* ---- relay: the host's side, as a rig does it, with a lossy line when asked ---- */

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
        fake_host_frame(&board, board.seq, text);
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
                             .sin_port = htons(server.port),
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
    uint32_t number = (uint32_t)strtoul(fake_value(body, "n", value), NULL, 10);

    if (relay->mute || number > relay->rx_next) {
        return;
    }
    if (number == relay->rx_next) {
        relay->rx_next++;
        if (fake_value(body, "data", value) != NULL) {
            assert_int_equal(mbedtls_base64_decode(data, sizeof data, &size,
                                                   (const unsigned char *)value, strlen(value)),
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
    const char *body = fake_host_body(line, board.seq);

    if (body == NULL) {
        return false;
    }
    if (strncmp(body, "= ", 2) == 0) {
        (void)snprintf(reply.lines[reply.n_lines++], sizeof reply.lines[0], "%s", body + 2);
        return false;
    }
    if (strncmp(body, "ok ", 3) == 0 || strncmp(body, "err ", 4) == 0) {
        (void)snprintf(reply.end, sizeof reply.end, "%s", body);
        return true;
    }
    if (lost(relay)) {
        return false;
    }
    if (strncmp(body, "tx ", 3) == 0) {
        relay_from_agent(relay, body);
    } else if (strncmp(body, "ack ", 4) == 0 &&
               strtoul(fake_value(body, "n", value), NULL, 10) == relay->tx_number) {
        relay->tx_open = false;
    }
    return false;
}

static void shake_relayed(struct relay *relay, const char *keys)
{
    char line[AGENT_LINE_MAX_BYTES + 4];
    char command[AGENT_LINE_MAX_BYTES + 32];
    bool done = false;

    memset(&reply, 0, sizeof reply);
    relay->fd = -1;
    relay->rx_next = 1;
    (void)snprintf(command, sizeof command, "handshake host=relay port=1 transport=relay %s", keys);
    fake_host_frame(&board, ++board.seq, command);
    while (!done) {
        struct pollfd fds[2] = {
            {.fd = board.uart_host, .events = POLLIN},
            {.fd = relay->tx_open || relay->eof_sent ? -1 : relay->fd, .events = POLLIN}};
        int ready = board.in_size > 0 && memchr(board.in, '\n', board.in_size) != NULL
                        ? 1
                        : poll(fds, 2, 300);
        if (ready == 0 && relay->tx_open) {
            relay_send(relay, relay->tx_text);
        }
        while (!done && fake_host_line(&board, line, sizeof line, 0)) {
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
    server_start(&server, &server_good, &root);
    shake_relayed(&relay, "name=srv.rig.test");
    server_end(&server);
    expect_good();
    expect("client_shown", "cert");
}

static void relay_survives_losses(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 3; seed++) {
        struct relay relay = {.lose_percent = 15, .random = seed};
        server_start(&server, &server_good, &root);
        shake_relayed(&relay, "name=srv.rig.test timeout_ms=60000");
        server_end(&server);
        expect_good();
        assert_true(relay.n_lost > 0);
    }
}

static void relay_reports_refusals(void **state)
{
    struct relay relay = {0};

    (void)state;
    server_start(&server, &server_expired, &root);
    shake_relayed(&relay, "name=srv.rig.test");
    server_end(&server);
    assert_true(fake_has(reply.end, "code", "tls"));
    expect("flags", "0x00000001");
    expect("alert_sent", "45");

    memset(&relay, 0, sizeof relay);
    server_start(&server, &server_good, &other_root);
    shake_relayed(&relay, "name=srv.rig.test");
    server_end(&server);
    expect("alert_received", "48");
}

static void relay_failures(void **state)
{
    struct relay relay = {.refuse = true};

    (void)state;
    shake_relayed(&relay, "name=srv.rig.test");
    assert_true(fake_has(reply.end, "code", "connect"));

    memset(&relay, 0, sizeof relay);
    relay.mute = true;
    shake_relayed(&relay, "name=srv.rig.test timeout_ms=900");
    assert_true(fake_has(reply.end, "code", "timeout"));

    fake_host_frame(&board, ++board.seq, "handshake host=relay port=1 transport=relay name=a");
    fake_host_frame(&board, board.seq, "abort");
    fake_host_collect(&board, board.seq, &reply);
    assert_true(fake_has(reply.end, "code", "aborted"));
    /* frames of a relay that is over are ignored */
    fake_host_frame(&board, board.seq, "rx n=1 open=yes");
    fake_host_frame(&board, board.seq, "ack n=1");
    fake_host_ask(&board, "ping text=on", &reply);
    assert_string_equal(get("text"), "on");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),
        cmocka_unit_test(sni_and_name_are_apart),
        cmocka_unit_test(device_refuses_bad_servers),
        cmocka_unit_test(server_refuses_device),
        cmocka_unit_test(wrong_echo_is_no_success),
        cmocka_unit_test(connection_failures),
        cmocka_unit_test(port_can_tune_tls),
        cmocka_unit_test(repeated_handshake_request_is_one_handshake),
        cmocka_unit_test(relay_good),
        cmocka_unit_test(relay_survives_losses),
        cmocka_unit_test(relay_reports_refusals),
        cmocka_unit_test(relay_failures),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
