/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_bench.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "firmware-stub/core/core.h"

/* ---- the server ---- */

static void answer_http(struct tls_peer *server, SSL *ssl)
{
    char *request = server->http_request;
    const size_t n_answer = strlen(server->http_answer);
    const size_t n_first = n_answer / 2;
    size_t size = 0;

    request[0] = '\0';
    while (strstr(request, "\r\n\r\n") == NULL && size < sizeof server->http_request - 1) {
        int n = SSL_read(ssl, request + size, (int)(sizeof server->http_request - 1 - size));
        if (n <= 0) {
            return;
        }
        size += (size_t)n;
        request[size] = '\0';
    }
    (void)SSL_write(ssl, server->http_answer, (int)n_first);
    (void)SSL_write(ssl, server->http_answer + n_first, (int)(n_answer - n_first));
}

static void serve(struct tls_peer *server, SSL *ssl)
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
    if (server->http_answer != NULL) {
        answer_http(server, ssl);
        (void)SSL_shutdown(ssl);
        return;
    }
    int n = SSL_read(ssl, text, sizeof text);
    if (n > 0) {
        text[0] = server->echo_other ? (char)(text[0] ^ 1) : text[0];
        (void)SSL_write(ssl, text, n);
    }
    (void)SSL_shutdown(ssl);
}

static void *run_server(void *arg)
{
    struct tls_peer *server = arg;
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

int listen_on_loopback(uint16_t *port)
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

void server_start(struct tls_peer *server, const struct test_ca *identity,
                  const struct test_ca *client_root)
{
    memset(server, 0, sizeof *server);
    server->ctx = SSL_CTX_new(TLS_server_method());
    assert_non_null(server->ctx);
    assert_int_equal(SSL_CTX_use_certificate(server->ctx, identity->cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server->ctx, identity->key), 1);
    assert_int_equal(SSL_CTX_set_session_id_context(server->ctx, (const unsigned char *)"b", 1), 1);
    (void)SSL_CTX_set_max_proto_version(server->ctx, TLS1_2_VERSION);
    if (client_root != NULL) {
        SSL_CTX_set_verify(server->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        assert_int_equal(
            X509_STORE_add_cert(SSL_CTX_get_cert_store(server->ctx), client_root->cert), 1);
    }
    server->listener = listen_on_loopback(&server->port);
    assert_int_equal(pthread_create(&server->thread, NULL, run_server, server), 0);
}

static void stop(struct tls_peer *server)
{
    (void)shutdown(server->listener, SHUT_RDWR);
    (void)pthread_join(server->thread, NULL);
    (void)close(server->listener);
}

void server_end(struct tls_peer *server)
{
    stop(server);
    SSL_CTX_free(server->ctx);
}

void server_again(struct tls_peer *server)
{
    SSL_CTX *ctx = server->ctx;

    stop(server);
    memset(server, 0, sizeof *server);
    server->ctx = ctx;
    server->listener = listen_on_loopback(&server->port);
    assert_int_equal(pthread_create(&server->thread, NULL, run_server, server), 0);
}

/* ---- board and PKI ---- */

static EVP_PKEY *device_public_key(struct tls_bench *b)
{
    mbedtls_pk_context key;
    struct agent_failure why = {0};
    enum agent_key_type type = AGENT_KEY_NONE;
    unsigned char der[600];

    /* the stopped agent's own loader; the test reads the public half only */
    mbedtls_pk_init(&key);
    assert_int_equal(agent_key_load(&b->d.board.agent, &key, &type, &why), 0);
    int size = mbedtls_pk_write_pubkey_der(&key, der, sizeof der);
    mbedtls_pk_free(&key);
    assert_true(size > 0);
    const unsigned char *at = der + sizeof der - size;
    EVP_PKEY *public_key = d2i_PUBKEY(NULL, &at, size);
    assert_non_null(public_key);
    return public_key;
}

void tls_bench_init(struct tls_bench *b)
{
    memset(b, 0, sizeof *b);
    (void)signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to a socket that the board may have closed */
    test_ca_make(&b->root, NULL, "root", 0, 10, NULL);
    test_ca_make(&b->other_root, NULL, "other root", 0, 10, NULL);
    test_ca_make(&b->server_good, &b->root, "srv.rig.test", 0, 10, NULL);
    test_ca_make(&b->server_expired, &b->root, "srv.rig.test", -20, -10, NULL);
    test_ca_make(&b->server_future, &b->root, "srv.rig.test", 5, 10, NULL);
    fake_board_init(&b->d.board);
    fake_board_start(&b->d.board);
    fake_host_ask(&b->d.board, "keygen type=p-256", &b->d.reply);
    fake_board_stop(&b->d.board);
    EVP_PKEY *public_key = device_public_key(b);
    test_ca_make(&b->device, &b->root, "dev-1", 0, 10, public_key);
    EVP_PKEY_free(public_key);
    fake_board_write_certs(&b->d.board, b->device.pem, b->root.pem);
    fake_board_start(&b->d.board);
}

void tls_bench_free(struct tls_bench *b)
{
    fake_board_free(&b->d.board);
    test_ca_free(&b->device);
    test_ca_free(&b->server_future);
    test_ca_free(&b->server_expired);
    test_ca_free(&b->server_good);
    test_ca_free(&b->other_root);
    test_ca_free(&b->root);
}

void shake(struct tls_bench *b, const char *keys)
{
    char command[AGENT_LINE_MAX_BYTES];

    (void)snprintf(command, sizeof command, "handshake host=127.0.0.1 port=%u %s", b->server.port,
                   keys);
    fake_host_ask(&b->d.board, command, &b->d.reply);
}

void expect_good(struct tls_bench *b)
{
    char hex[65];

    if (memcmp(b->d.reply.end, "ok ", 3) != 0) {
        fail_msg("%s", b->d.reply.end);
    }
    expect(&b->d, "stage", "done");
    expect(&b->d, "echoed", "yes");
    expect(&b->d, "mbedtls", "0");
    expect(&b->d, "flags", "0x00000000");
    expect(&b->d, "alert_sent", "none");
    expect(&b->d, "alert_received", "none");
    expect(&b->d, "version", "TLSv1.2");
    assert_true(strncmp(get(&b->d, "cipher"), "TLS-", 4) == 0);
    expect_sha256(&b->d, "server_sha256", b->server_good.der, b->server_good.der_size);
    agent_hex(hex, b->server.client_random, 32);
    expect(&b->d, "client_random", hex);
    assert_true(b->server.accepted);
}
