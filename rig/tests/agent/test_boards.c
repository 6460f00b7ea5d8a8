/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client with the real firmware: the agent's core in this process, over a clean and over a bad
 * line, and virtual boards with and without faults of the wire. Each goes the whole way: hello,
 * key, CSR, certificate, slot, handshakes over the board's network and relayed, good and bad.
 */
#include "fd_link.h"
#include "firmware-stub/tests/fake_board.h"
#include "firmware-stub/tests/test_pki.h"
#include "rig/agent/agent.h"
#include "rig/base/child.h"
#include "rig/base/file.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define SERVER_NAME "srv.rig.test"

struct subject {
    struct rig_child child;
    struct fake_board *board; /* NULL: a virtual one */
    struct rig_link *link;
    struct rig_agent *agent;
    struct rig_error err;
};

static struct rig_wait soon(void)
{
    return rig_wait_ms(50000, NULL);
}

#define assert_done(call)                                                                          \
    do {                                                                                           \
        if (!(call).ok) {                                                                          \
            fail_msg("%s", s->err.text);                                                           \
        }                                                                                          \
    } while (0)

/* ---- the test server: one connection ---- */

struct server {
    SSL_CTX *ctx;
    int listener; /* -1: serves `fd` */
    int fd;
    uint16_t port;
    pthread_t thread;
    bool client_shown;
    uint8_t client_random[32];
};

static void *serve(void *arg)
{
    struct server *server = arg;
    const int fd = server->listener >= 0 ? accept(server->listener, NULL, NULL) : server->fd;
    SSL *ssl = SSL_new(server->ctx);
    char text[256];
    int n;

    if (fd < 0 || ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
        abort();
    }
    if (SSL_accept(ssl) == 1) {
        n = SSL_read(ssl, text, sizeof text);
        if (n > 0) {
            (void)SSL_write(ssl, text, n);
        }
        (void)SSL_shutdown(ssl);
    }
    server->client_shown = SSL_get0_peer_certificate(ssl) != NULL;
    (void)SSL_get_client_random(ssl, server->client_random, sizeof server->client_random);
    (void)shutdown(fd, SHUT_WR);
    while (recv(fd, text, sizeof text, 0) > 0) {
    }
    SSL_free(ssl);
    (void)close(fd);
    ERR_clear_error();
    return NULL;
}

static void server_start(struct server *server, const struct test_ca *identity,
                         const struct test_ca *client_root, int fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    *server = (struct server){.ctx = SSL_CTX_new(TLS_server_method()), .listener = -1, .fd = fd};
    assert_non_null(server->ctx);
    assert_int_equal(SSL_CTX_use_certificate(server->ctx, identity->cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server->ctx, identity->key), 1);
    SSL_CTX_set_verify(server->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(server->ctx), client_root->cert),
                     1);
    if (fd < 0) {
        server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(server->listener, (const struct sockaddr *)&address, sizeof address),
                         0);
        assert_int_equal(listen(server->listener, 4), 0);
        assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
        server->port = ntohs(address.sin_port);
    }
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_end(struct server *server)
{
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    if (server->listener >= 0) {
        (void)close(server->listener);
    }
    SSL_CTX_free(server->ctx);
}

/* ---- the way of a board ---- */

struct pki {
    struct test_ca root;
    struct test_ca other_root;
    struct test_ca server;
    struct test_ca other_server;
    struct test_ca device;
};

static EVP_PKEY *key_of_csr(const struct rig_buf *der, const uint8_t spki_sha256[RIG_SHA256_SIZE])
{
    const unsigned char *at = der->data;
    X509_REQ *csr = d2i_X509_REQ(NULL, &at, (long)der->len);
    unsigned char *spki = NULL;
    uint8_t hash[RIG_SHA256_SIZE];
    char name[64] = "";
    EVP_PKEY *key;
    int size;

    assert_non_null(csr);
    assert_ptr_equal(at, der->data + der->len);
    key = X509_REQ_get_pubkey(csr);
    assert_int_equal(X509_REQ_verify(csr, key), 1);
    (void)X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(csr), NID_commonName, name,
                                    sizeof name);
    assert_string_equal(name, "dev \"1\"");
    size = i2d_PUBKEY(key, &spki);
    assert_true(size > 0);
    assert_int_equal(EVP_Digest(spki, (size_t)size, hash, NULL, EVP_sha256(), NULL), 1);
    assert_memory_equal(hash, spki_sha256, sizeof hash);
    OPENSSL_free(spki);
    X509_REQ_free(csr);
    return key;
}

static void fingerprint(const struct test_ca *ca, uint8_t hash[RIG_SHA256_SIZE])
{
    assert_int_equal(EVP_Digest(ca->der, ca->der_size, hash, NULL, EVP_sha256(), NULL), 1);
}

/* One handshake with a server that shows `identity`. */
static void handshake(struct subject *s, const struct pki *pki, const struct test_ca *identity,
                      bool relay, enum rig_agent_source certificate,
                      struct rig_agent_handshake_report *report)
{
    struct rig_agent_handshake_request request = {.host = "127.0.0.1",
                                                  .sni = SERVER_NAME,
                                                  .expected_name = SERVER_NAME,
                                                  .min_version = RIG_TLS_1_2,
                                                  .max_version = RIG_TLS_1_2,
                                                  .certificate = certificate,
                                                  .roots = RIG_AGENT_SLOT,
                                                  .timeout_ms = 20000,
                                                  .nonce = "nonce0123456789",
                                                  .relay_fd = -1};
    struct server server;
    int fds[2] = {-1, -1};

    if (relay) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        request.transport = RIG_AGENT_RELAY;
        request.relay_fd = fds[1];
    }
    server_start(&server, identity, &pki->root, fds[0]);
    request.port = server.port;
    assert_done(rig_agent_handshake(s->agent, &request, report, soon(), &s->err));
    if (relay) {
        (void)close(fds[1]);
    }
    server_end(&server);
    assert_true(report->has_client_random);
    assert_memory_equal(report->client_random, server.client_random, 32);
    assert_true(server.client_shown == report->echoed);
}

static void go_through_handshakes(struct subject *s, const struct pki *pki)
{
    struct rig_agent_handshake_report report;
    uint8_t hash[RIG_SHA256_SIZE];

    for (int relay = 0; relay < 2; relay++) {
        handshake(s, pki, &pki->server, relay, RIG_AGENT_SLOT, &report);
        if (!report.echoed) {
            fail_msg("relay=%d: %s (-0x%x)", relay, report.text, (unsigned)-report.tls_code);
        }
        assert_true(report.connected && report.handshake_done && report.offered);
        assert_int_equal(report.tls_code, 0);
        assert_string_equal(report.client_shown, "cert");
        assert_string_equal(report.version, "TLSv1.2");
        fingerprint(&pki->device, hash);
        assert_memory_equal(report.offered_sha256, hash, sizeof hash);
        fingerprint(&pki->server, hash);
        assert_memory_equal(report.server_sha256, hash, sizeof hash);

        handshake(s, pki, &pki->other_server, relay, RIG_AGENT_SLOT, &report);
        assert_true(report.connected && !report.handshake_done && !report.echoed);
        assert_int_equal(report.alert_sent, 48); /* unknown_ca */
        assert_true((report.verify_flags & 8) != 0);

        handshake(s, pki, &pki->server, relay, RIG_AGENT_NONE, &report);
        assert_false(report.echoed);
        assert_string_equal(report.client_shown, "empty");
        assert_int_equal(report.alert_received, 40); /* handshake_failure: no certificate */
    }
}

static void go_the_whole_way(struct subject *s)
{
    struct pki pki;
    struct rig_agent_hello hello;
    struct rig_agent_certificates certificates;
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    uint8_t hash[RIG_SHA256_SIZE];
    enum rig_key_type type = RIG_KEY_NONE;
    EVP_PKEY *key;

    assert_done(rig_agent_hello(s->agent, &hello, soon(), &s->err));
    assert_string_equal(hello.chip, "esp32");
    assert_memory_equal(hello.mac, "\x24\x0a\xc4\x00\x00\x01", RIG_MAC_SIZE);
    assert_true(hello.relay && hello.direct && hello.tls12 && hello.key_types[RIG_KEY_P256]);
    assert_done(rig_agent_set_time(s->agent, rig_clock_now_ms(&rig_clock_system), soon(), &s->err));
    assert_done(rig_agent_keygen(s->agent, RIG_KEY_P256, spki_sha256, soon(), &s->err));
    assert_done(rig_agent_key(s->agent, &type, hash, soon(), &s->err));
    assert_int_equal(type, RIG_KEY_P256);
    assert_memory_equal(hash, spki_sha256, sizeof hash);
    assert_done(rig_agent_csr(s->agent, "dev \"1\"", "Org", "DE", &csr, soon(), &s->err));
    key = key_of_csr(&csr, spki_sha256);

    test_ca_make(&pki.root, NULL, "root", -1, 10, NULL);
    test_ca_make(&pki.other_root, NULL, "other root", -1, 10, NULL);
    test_ca_make(&pki.server, &pki.root, SERVER_NAME, -1, 10, NULL);
    test_ca_make(&pki.other_server, &pki.other_root, SERVER_NAME, -1, 10, NULL);
    test_ca_make(&pki.device, &pki.root, "dev-1", -1, 10, key);
    EVP_PKEY_free(key);

    const struct rig_agent_slot no_pem = {.chain_pem = "no PEM"};
    const struct rig_agent_slot slot = {.chain_pem = pki.device.pem, .roots_pem = pki.root.pem};
    assert_true(hello.session_id && hello.session_ticket && hello.crls);
    assert_done(rig_agent_slot_load(s->agent, &slot, soon(), &s->err));
    assert_done(rig_agent_certificates(s->agent, RIG_AGENT_SLOT, &certificates, soon(), &s->err));
    assert_true(certificates.present && certificates.matches_key);
    assert_int_equal(certificates.n_chain, 1);
    assert_int_equal(certificates.n_roots, 1);
    fingerprint(&pki.device, hash);
    assert_memory_equal(certificates.leaf_sha256, hash, sizeof hash);
    go_through_handshakes(s, &pki);

    assert_done(rig_agent_slot_clear(s->agent, soon(), &s->err));
    assert_done(rig_agent_certificates(s->agent, RIG_AGENT_SLOT, &certificates, soon(), &s->err));
    assert_false(certificates.present);
    assert_false(rig_agent_slot_load(s->agent, &no_pem, soon(), &s->err).ok);
    assert_int_equal(s->err.code, RIG_E_REFUSED);
    assert_non_null(strstr(s->err.text, "bad-cert"));
    test_ca_free(&pki.root);
    test_ca_free(&pki.other_root);
    test_ca_free(&pki.server);
    test_ca_free(&pki.other_server);
    test_ca_free(&pki.device);
}

/* ---- boards ---- */

static void begin_in_process(struct subject *s, struct fd_link_noise noise)
{
    *s = (struct subject){.board = calloc(1, sizeof *s->board)};
    assert_non_null(s->board);
    fake_board_init(s->board);
    fake_board_start(s->board);
    s->link = fd_link_open(dup(s->board->uart_host), noise);
    assert_done(rig_agent_new(s->link, &s->agent, &s->err));
}

static void begin_virtual(struct subject *s, const char *fault)
{
    RIG_AUTO(rig_buf_free) struct rig_buf address = {0};
    RIG_AUTO(rig_free_chars) char *program = NULL;
    const char *bin = getenv("RIG_BIN");
    const char *argv[] = {NULL, "--exit-with-parent", fault != NULL ? "--fault" : NULL, fault,
                          NULL};

    *s = (struct subject){0};
    assert_non_null(bin);
    assert_done(rig_path_join(bin, "vboard", &program, &s->err));
    argv[0] = program;
    assert_done(rig_child_start(&s->child, argv, NULL, &s->err));
    assert_done(rig_child_read_line(&s->child, soon(), &address, &s->err));
    assert_done(rig_link_open(rig_buf_text(&address), NULL, &s->link, soon(), &s->err));
    assert_done(rig_agent_new(s->link, &s->agent, &s->err));
}

static void finish(struct subject *s)
{
    rig_agent_free(s->agent);
    rig_link_close(s->link);
    if (s->board != NULL) {
        fake_board_free(s->board);
        free(s->board);
    } else {
        rig_child_stop(&s->child, 2000);
    }
}

static void firmware_in_process(void **state)
{
    struct subject s;

    (void)state;
    begin_in_process(&s, (struct fd_link_noise){0});
    go_the_whole_way(&s);
    assert_int_equal(rig_agent_retransmissions(s.agent), 0);
    finish(&s);
}

static void firmware_behind_a_bad_line(void **state)
{
    struct subject s;

    (void)state;
    begin_in_process(&s, (struct fd_link_noise){.one_in = 1000, .seed = 7});
    go_the_whole_way(&s);
    assert_true(rig_agent_retransmissions(s.agent) > 0);
    finish(&s);
}

static void firmware_restarts_on_request(void **state)
{
    struct subject s;
    struct subject *subject = &s;
    struct rig_agent_hello before;
    struct rig_agent_hello after;

    (void)state;
    begin_virtual(&s, NULL);
    if (!rig_agent_hello(subject->agent, &before, soon(), &s.err).ok ||
        !rig_agent_reset(subject->agent, soon(), &s.err).ok ||
        !rig_agent_hello(subject->agent, &after, soon(), &s.err).ok) {
        fail_msg("%s", s.err.text);
    }
    assert_string_not_equal(before.boot, after.boot);
    finish(&s);
}

static void virtual_board(void **state)
{
    struct subject s;

    (void)state;
    begin_virtual(&s, NULL);
    go_the_whole_way(&s);
    assert_true(rig_agent_retransmissions(s.agent) <= 2); /* hello, while it boots */
    finish(&s);
}

static void virtual_board_that_drops_bytes(void **state)
{
    struct subject s;

    (void)state;
    begin_virtual(&s, "drop-bytes:3");
    go_the_whole_way(&s);
    finish(&s);
}

static void virtual_board_with_garbage(void **state)
{
    struct subject s;

    (void)state;
    begin_virtual(&s, "garbage-on-uart:3");
    go_the_whole_way(&s);
    finish(&s);
}

static void virtual_board_that_hangs(void **state)
{
    struct subject s;
    struct rig_agent_hello hello;
    uint8_t hash[RIG_SHA256_SIZE];

    (void)state;
    begin_virtual(&s, "hang-in-keygen");
    assert_true(rig_agent_hello(s.agent, &hello, soon(), &s.err).ok);
    assert_false(
        rig_agent_keygen(s.agent, RIG_KEY_P256, hash, rig_wait_ms(12000, NULL), &s.err).ok);
    assert_int_equal(s.err.cls, RIG_CLASS_DEVICE);
    assert_non_null(strstr(s.err.text, "keygen"));
    finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(firmware_in_process),
        cmocka_unit_test(firmware_behind_a_bad_line),
        cmocka_unit_test(virtual_board),
        cmocka_unit_test(firmware_restarts_on_request),
        cmocka_unit_test(virtual_board_that_drops_bytes),
        cmocka_unit_test(virtual_board_with_garbage),
        cmocka_unit_test(virtual_board_that_hangs),
    };

    /* the servers write to connections that the boards have closed already */
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
