/* SPDX-License-Identifier: Apache-2.0 */
/* A board with a key and a certificate, a small PKI, and an OpenSSL server for one connection. */
#ifndef RIG_AGENT_TLS_BENCH_H
#define RIG_AGENT_TLS_BENCH_H

#include <openssl/ssl.h>

#include "dialogue.h"
#include "test_pki.h"

/* The server, and what it saw: read that after server_end. */
struct tls_peer {
    SSL_CTX *ctx;
    int listener;
    uint16_t port;
    pthread_t thread;
    bool echo_other;
    const char *http_answer; /* NULL: echo; else what is said to a whole request, in two writes */
    char http_request[512];
    bool accepted;
    char sni[64];
    bool had_sni;
    unsigned char client_random[32];
    long verify_error;
    bool client_cert;
};

struct tls_bench {
    struct dialogue d;
    struct test_ca root;
    struct test_ca other_root;
    struct test_ca device;      /* for the board's key, under root */
    struct test_ca server_good; /* srv.rig.test, under root, as the next two */
    struct test_ca server_expired;
    struct test_ca server_future;
    struct tls_peer server;
};

void tls_bench_init(struct tls_bench *b);
void tls_bench_free(struct tls_bench *b);

/* Serves one connection: handshake, echo, half-close, drain. client_root NULL: asks for no
 * certificate. */
void server_start(struct tls_peer *server, const struct test_ca *identity,
                  const struct test_ca *client_root);
void server_end(struct tls_peer *server);
/* The same server, with its sessions and tickets, for another connection, in place of server_end.
 */
void server_again(struct tls_peer *server);
/* A listening socket; the caller closes it. */
int listen_on_loopback(uint16_t *port);

/* One handshake over the board's own network with b->server; the reply is in b->d. */
void shake(struct tls_bench *b, const char *keys);
/* The last handshake went through, and device and server agree on it. */
void expect_good(struct tls_bench *b);

#endif
