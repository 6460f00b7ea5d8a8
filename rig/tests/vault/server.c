/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tests/vault/server.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_CONNECTIONS 256
#define TLS_HANDSHAKE 0x16 /* first byte of a ClientHello */

struct connection {
    struct test_server *server;
    pthread_t thread;
    int fd;
    SSL *tls; /* NULL: plain */
};

struct test_server {
    SSL_CTX *tls;
    test_answer_fn *answer;
    void *ctx;
    int listener;
    int stop_fd;
    int port;
    char address[64];
    pthread_t thread;
    pthread_mutex_t lock;
    unsigned n_connections;
    unsigned n_requests;
    struct connection connections[MAX_CONNECTIONS];
};

/* Bytes, 0 at the end of the connection or when the server stops. */
static int take(struct connection *connection, char *to, size_t room)
{
    for (;;) {
        struct pollfd fds[] = {{.fd = connection->fd, .events = POLLIN},
                               {.fd = connection->server->stop_fd, .events = POLLIN}};
        ssize_t got;

        if (connection->tls == NULL || SSL_pending(connection->tls) == 0) {
            if (poll(fds, 2, -1) < 0 || fds[1].revents != 0) {
                return 0;
            }
        }
        if (connection->tls == NULL) {
            got = read(connection->fd, to, room);
            return got > 0 ? (int)got : 0;
        }
        got = SSL_read(connection->tls, to, (int)room);
        if (got > 0) {
            return (int)got;
        }
        if (SSL_get_error(connection->tls, (int)got) != SSL_ERROR_WANT_READ) {
            return 0;
        }
    }
}

static bool put(struct connection *connection, const char *bytes, size_t n_bytes)
{
    if (connection->tls != NULL) {
        return SSL_write(connection->tls, bytes, (int)n_bytes) > 0;
    }
    return send(connection->fd, bytes, n_bytes, MSG_NOSIGNAL) == (ssize_t)n_bytes;
}

/* One whole request; false when there is none. */
static bool read_request(struct connection *connection, struct test_request *request)
{
    char text[sizeof request->head + sizeof request->body];
    size_t len = 0;
    char *end = NULL;
    const char *length;
    size_t head_len;
    size_t body_len = 0;

    while (end == NULL) {
        const int got = take(connection, text + len, sizeof text - 1 - len);

        if (got == 0) {
            return false;
        }
        len += (size_t)got;
        text[len] = '\0';
        end = strstr(text, "\r\n\r\n");
        if (end == NULL && text[0] == TLS_HANDSHAKE) {
            static const char words[] = "HTTP/1.1 400 Bad Request\r\n\r\n"; /* as Go's server */

            (void)put(connection, words, sizeof words - 1);
            return false;
        }
    }
    head_len = (size_t)(end - text) + 4;
    if (head_len >= sizeof request->head) {
        return false;
    }
    memcpy(request->head, text, head_len);
    request->head[head_len] = '\0';
    length = strcasestr(request->head, "\r\nContent-Length:");
    if (length != NULL) {
        body_len = strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
    }
    while (len < head_len + body_len) {
        const int got = take(connection, text + len, sizeof text - 1 - len);

        if (got == 0) {
            return false;
        }
        len += (size_t)got;
    }
    if (body_len >= sizeof request->body) {
        return false;
    }
    memcpy(request->body, text + head_len, body_len);
    request->body[body_len] = '\0';
    request->body_len = body_len;
    return sscanf(request->head, "%15s %255s", request->method, request->path) == 2;
}

static void flood(struct connection *connection, const char *start, const char *piece)
{
    char block[16384];
    size_t len = 0;

    while (len + strlen(piece) < sizeof block) {
        (void)snprintf(block + len, sizeof block - len, "%s", piece);
        len += strlen(piece);
    }
    if (put(connection, start, strlen(start))) {
        while (put(connection, block, len)) {
        }
    }
}

/* false: the connection is over. */
static bool send_answer(struct connection *connection, const struct test_answer *answer)
{
    char head[1024];
    const size_t body_len = answer->body_len != 0 ? answer->body_len : strlen(answer->body);
    const int status = answer->status != 0 ? answer->status : 200;
    char nothing[16];
    int len;

    len = snprintf(head, sizeof head,
                   "HTTP/1.1 %d Said\r\nContent-Type: %s\r\n%sContent-Length: %zu\r\n\r\n", status,
                   answer->content_type != NULL ? answer->content_type : "application/json",
                   answer->headers != NULL ? answer->headers : "", body_len);
    switch (answer->misdeed) {
    case TEST_DROP:
        return false;
    case TEST_HANG:
        while (take(connection, nothing, sizeof nothing) != 0) {
        }
        return false;
    case TEST_CUT_HEAD:
        (void)put(connection, head, 30);
        return false;
    case TEST_CUT_BODY:
        (void)(put(connection, head, (size_t)len) && put(connection, answer->body, body_len / 2));
        return false;
    case TEST_HUGE:
        flood(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", "aaaaaaaa");
        return false;
    case TEST_HUGE_HEAD:
        flood(connection, "HTTP/1.1 200 OK\r\n", "X-More: and more and more\r\n");
        return false;
    case TEST_NOT_HTTP:
        (void)put(connection, "SSH-2.0-OpenSSH_9.2\r\n", 21);
        return false;
    case TEST_BEHAVE:
        break;
    }
    return put(connection, head, (size_t)len) &&
           (status == 204 || put(connection, answer->body, body_len)) && !answer->close;
}

static bool handshake(struct connection *connection)
{
    for (;;) {
        struct pollfd fds[] = {{.fd = connection->fd, .events = POLLIN},
                               {.fd = connection->server->stop_fd, .events = POLLIN}};
        int rc;

        if (connection->tls == NULL) {
            return true;
        }
        if (poll(fds, 2, -1) < 0 || fds[1].revents != 0) {
            return false;
        }
        rc = SSL_accept(connection->tls);
        if (rc == 1) {
            return true;
        }
        if (SSL_get_error(connection->tls, rc) != SSL_ERROR_WANT_READ) {
            return false;
        }
    }
}

static void *serve(void *argument)
{
    struct connection *connection = argument;
    struct test_server *server = connection->server;
    bool open = handshake(connection);

    while (open) {
        struct test_request request = {0};
        struct test_answer answer = {0};

        if (!read_request(connection, &request)) {
            break;
        }
        (void)pthread_mutex_lock(&server->lock);
        request.number = ++server->n_requests;
        server->answer(server->ctx, &request, &answer);
        (void)pthread_mutex_unlock(&server->lock);
        open = send_answer(connection, &answer);
    }
    if (connection->tls != NULL) {
        (void)SSL_shutdown(connection->tls);
        SSL_free(connection->tls);
    }
    (void)shutdown(connection->fd, SHUT_RDWR);
    return NULL;
}

static void *accept_all(void *argument)
{
    struct test_server *server = argument;

    for (;;) {
        struct pollfd fds[] = {{.fd = server->listener, .events = POLLIN},
                               {.fd = server->stop_fd, .events = POLLIN}};
        struct connection *connection;
        int fd;

        if (poll(fds, 2, -1) < 0 || fds[1].revents != 0) {
            return NULL;
        }
        fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        (void)pthread_mutex_lock(&server->lock);
        if (fd >= 0 && server->n_connections < MAX_CONNECTIONS) {
            connection = &server->connections[server->n_connections++];
            *connection = (struct connection){.server = server, .fd = fd};
            if (server->tls != NULL) {
                connection->tls = SSL_new(server->tls);
                (void)SSL_set_fd(connection->tls, fd);
            }
            (void)pthread_create(&connection->thread, NULL, serve, connection);
        }
        (void)pthread_mutex_unlock(&server->lock);
    }
}

static SSL_CTX *make_tls(const struct test_pki *pki, bool ask_client)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

    assert_non_null(tls);
    assert_int_equal(SSL_CTX_use_certificate_file(tls, pki->server_certificate, SSL_FILETYPE_PEM),
                     1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(tls, pki->server_key, SSL_FILETYPE_PEM), 1);
    if (ask_client) {
        assert_int_equal(SSL_CTX_load_verify_locations(tls, pki->ca, NULL), 1);
        SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    return tls;
}

struct test_server *test_server_start(const struct test_pki *pki, int port, bool ask_client,
                                      test_answer_fn *answer, void *ctx)
{
    struct test_server *server = calloc(1, sizeof *server);
    struct sockaddr_in where = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t where_len = sizeof where;
    const int on = 1;

    assert_non_null(server);
    server->answer = answer;
    server->ctx = ctx;
    server->tls = pki != NULL ? make_tls(pki, ask_client) : NULL;
    server->stop_fd = eventfd(0, EFD_CLOEXEC);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->stop_fd >= 0 && server->listener >= 0);
    (void)setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&where, sizeof where), 0);
    assert_int_equal(listen(server->listener, 128), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&where, &where_len), 0);
    server->port = ntohs(where.sin_port);
    (void)snprintf(server->address, sizeof server->address, "%s://127.0.0.1:%d",
                   pki != NULL ? "https" : "http", server->port);
    assert_int_equal(pthread_mutex_init(&server->lock, NULL), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, accept_all, server), 0);
    return server;
}

void test_server_stop(struct test_server *server)
{
    const uint64_t one = 1;

    if (server == NULL) {
        return;
    }
    assert_int_equal(write(server->stop_fd, &one, sizeof one), sizeof one);
    (void)pthread_join(server->thread, NULL);
    for (unsigned i = 0; i < server->n_connections; i++) {
        (void)shutdown(server->connections[i].fd, SHUT_RDWR);
        (void)pthread_join(server->connections[i].thread, NULL);
        (void)close(server->connections[i].fd);
    }
    (void)close(server->listener);
    (void)close(server->stop_fd);
    (void)pthread_mutex_destroy(&server->lock);
    SSL_CTX_free(server->tls);
    free(server);
}

const char *test_server_address(const struct test_server *server)
{
    return server->address;
}

int test_server_port(const struct test_server *server)
{
    return server->port;
}

unsigned test_server_connections(struct test_server *server)
{
    unsigned n;

    (void)pthread_mutex_lock(&server->lock);
    n = server->n_connections;
    (void)pthread_mutex_unlock(&server->lock);
    return n;
}

unsigned test_server_requests(struct test_server *server)
{
    unsigned n;

    (void)pthread_mutex_lock(&server->lock);
    n = server->n_requests;
    (void)pthread_mutex_unlock(&server->lock);
    return n;
}
