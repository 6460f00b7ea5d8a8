/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Full mutual handshakes per second, one after another: our test server against `openssl s_server`,
 * same certificates, same CRLs, same client, no session reuse, in rounds that alternate so that the
 * machine's mood hits both. Prints one line; the details go to standard error.
 *
 *     rig-bench-tls [ROUNDS [HANDSHAKES_PER_ROUND]]
 */
#include "rig/base/child.h"
#include "rig/base/file.h"
#include "rig/tests/tls/clients.h"
#include "rig/tests/tls/pki.h"
#include "rig/tls/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    MAX_ROUNDS = 100,
    N_VERSIONS = 2,
    DEFAULT_ROUNDS = 9,
    DEFAULT_HANDSHAKES = 60,
    MAX_HANDSHAKES = 1000, /* an endpoint keeps that much evidence */
};

static const int versions[N_VERSIONS] = {TLS1_2_VERSION, TLS1_3_VERSION};

struct bench {
    struct pki pki;
    char folder[64];
    struct rig_tls_server *server;
    struct rig_tls_endpoint *endpoint;
    struct rig_child s_server;
    uint16_t s_server_port;
    SSL_CTX *clients[N_VERSIONS];
};

/* ---- the client ---- */

static SSL_CTX *make_client(const struct pki *pki, int version)
{
    SSL_CTX *const context = SSL_CTX_new(TLS_client_method());

    PKI_MUST(context != NULL);
    PKI_MUST(SSL_CTX_set_min_proto_version(context, version) == 1);
    PKI_MUST(SSL_CTX_set_max_proto_version(context, version) == 1);
    PKI_MUST(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), pki->root.certificate) == 1);
    PKI_MUST(SSL_CTX_use_certificate(context, pki->device.certificate) == 1);
    PKI_MUST(SSL_CTX_add1_chain_cert(context, pki->intermediate.certificate) == 1);
    PKI_MUST(SSL_CTX_use_PrivateKey(context, pki->device.key) == 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return context;
}

/* Connect, handshake, close: until the server has closed too, so its verdict on the certificate is
 * in. */
static void shake_hands(SSL_CTX *context, uint16_t port)
{
    const int fd = client_connect(port);
    SSL *const session = SSL_new(context);
    uint8_t byte;

    PKI_MUST(session != NULL && SSL_set_fd(session, fd) == 1);
    PKI_MUST(SSL_connect(session) == 1);
    PKI_MUST(SSL_session_reused(session) == 0);
    PKI_MUST(SSL_shutdown(session) >= 0);
    PKI_MUST(SSL_get_error(session, SSL_read(session, &byte, 1)) == SSL_ERROR_ZERO_RETURN);
    SSL_free(session);
    (void)close(fd);
    ERR_clear_error();
}

/* Handshakes per second. */
static double run_round(SSL_CTX *context, uint16_t port, size_t n_handshakes)
{
    const int64_t started_ns = rig_now_ns();

    for (size_t i = 0; i < n_handshakes; i++) {
        shake_hands(context, port);
    }
    return (double)n_handshakes * (double)RIG_NS_PER_S / (double)(rig_now_ns() - started_ns);
}

/* ---- the servers ---- */

static void start_ours(struct bench *bench)
{
    const struct rig_tls_server_options options = {.bind_address = "127.0.0.1"};
    const struct rig_tls_settings settings = {
        .certificate_pem = rig_buf_text(&bench->pki.server.chain_pem),
        .key_pem = rig_buf_text(&bench->pki.server.key_pem),
        .client_roots_pem = rig_buf_text(&bench->pki.root.pem),
        .crls_pem = rig_buf_text(&bench->pki.crls_pem),
        .min_version = TLS1_2_VERSION,
        .max_version = TLS1_3_VERSION,
        .security_level = 2,
        .request_client_certificate = true,
        .connection_timeout_ms = 10000,
    };
    struct rig_error err;

    PKI_MUST(rig_tls_server_start(&options, &bench->server, &err).ok);
    PKI_MUST(rig_tls_endpoint_open(bench->server, &settings, &bench->endpoint, &err).ok);
}

static uint16_t find_free_port(void)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;

    PKI_MUST(fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0);
    PKI_MUST(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    (void)close(fd);
    return ntohs(at.sin_port);
}

static void write_file(const char *path, const struct rig_buf *first, const struct rig_buf *second)
{
    RIG_AUTO(rig_buf_free) struct rig_buf all = {.secret = true};
    struct rig_error err;

    PKI_MUST(rig_buf_append(&all, first->data, first->len, &err).ok);
    if (second != NULL) {
        PKI_MUST(rig_buf_append(&all, second->data, second->len, &err).ok);
    }
    PKI_MUST(rig_file_replace(path, all.data, all.len, 0600, &err).ok);
}

static void wait_until_it_listens(uint16_t port)
{
    const struct rig_wait wait = rig_wait_ms(10000, NULL);
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct rig_error err;

    for (;;) {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const bool listens = connect(fd, (const struct sockaddr *)&to, sizeof to) == 0;

        (void)close(fd);
        if (listens) {
            return;
        }
        PKI_MUST(rig_wait_pause(wait, 5 * RIG_NS_PER_MS, &err).ok);
    }
}

/* A file of trust anchors may hold CRLs too; -quiet, or it would print every session. */
static void start_s_server(struct bench *bench)
{
    char leaf[128];
    char chain[128];
    char key[128];
    char trust[128];
    char log[128];
    char address[32];
    struct rig_error err;

    (void)snprintf(leaf, sizeof leaf, "%s/leaf.pem", bench->folder);
    (void)snprintf(chain, sizeof chain, "%s/chain.pem", bench->folder);
    (void)snprintf(key, sizeof key, "%s/key.pem", bench->folder);
    (void)snprintf(trust, sizeof trust, "%s/trust.pem", bench->folder);
    (void)snprintf(log, sizeof log, "%s/log", bench->folder);
    write_file(leaf, &bench->pki.server.leaf_pem, NULL);
    write_file(chain, &bench->pki.intermediate.pem, NULL);
    write_file(key, &bench->pki.server.key_pem, NULL);
    write_file(trust, &bench->pki.root.pem, &bench->pki.crls_pem);
    bench->s_server_port = find_free_port();
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)bench->s_server_port);
    const char *const argv[] = {"openssl",
                                "s_server",
                                "-quiet",
                                "-accept",
                                address,
                                "-cert",
                                leaf,
                                "-cert_chain",
                                chain,
                                "-key",
                                key,
                                "-CAfile",
                                trust,
                                "-no-CApath",
                                "-no-CAstore",
                                "-crl_check",
                                "-crl_check_all",
                                "-Verify",
                                "5",
                                "-verify_return_error",
                                "-no_ticket",
                                "-num_tickets",
                                "0",
                                "-no_cache",
                                NULL};
    const rig_result started = rig_child_start(&bench->s_server, argv, log, &err);

    if (!started.ok) {
        (void)fprintf(stderr, "rig-bench-tls: %s\n", err.text);
        exit(3);
    }
    wait_until_it_listens(bench->s_server_port);
}

/* Every handshake was full, mutual and checked; a round that cheats is no round. */
static void check_round(struct bench *bench, size_t n_handshakes)
{
    for (size_t i = 0; i < n_handshakes; i++) {
        struct rig_tls_evidence evidence;
        struct rig_error err;
        unsigned n_strangers = 0;

        PKI_MUST(rig_tls_endpoint_evidence(bench->endpoint, NULL, &evidence, &n_strangers,
                                           rig_wait_ms(10000, NULL), &err)
                     .ok);
        PKI_MUST(evidence.handshake_done && evidence.peer_presented && !evidence.resumed &&
                 evidence.verify_error == 0);
    }
}

static int compare(const void *a, const void *b)
{
    const double one = *(const double *)a;
    const double other = *(const double *)b;

    return (one > other) - (one < other);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
    return n % 2 != 0 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void run(struct bench *bench, size_t n_rounds, size_t n_handshakes)
{
    double ours_total_s = 0;
    double theirs_total_s = 0;

    for (size_t v = 0; v < N_VERSIONS; v++) {
        SSL_CTX *const client = bench->clients[v];
        const uint16_t our_port = rig_tls_endpoint_port(bench->endpoint);
        double ours[MAX_ROUNDS];
        double theirs[MAX_ROUNDS];

        (void)run_round(client, bench->s_server_port, n_handshakes / 4 + 1);
        (void)run_round(client, our_port, n_handshakes / 4 + 1);
        check_round(bench, n_handshakes / 4 + 1);
        for (size_t round = 0; round < n_rounds; round++) {
            theirs[round] = run_round(client, bench->s_server_port, n_handshakes);
            ours[round] = run_round(client, our_port, n_handshakes);
            check_round(bench, n_handshakes);
        }
        const double our_rate = median(ours, n_rounds);
        const double their_rate = median(theirs, n_rounds);
        (void)fprintf(stderr, "TLS 1.%d: ours=%.1f s_server=%.1f ratio=%.3f\n",
                      versions[v] == TLS1_3_VERSION ? 3 : 2, our_rate, their_rate,
                      our_rate / their_rate);
        ours_total_s += 1 / our_rate;
        theirs_total_s += 1 / their_rate;
    }
    (void)printf("handshakes/s ours=%.1f s_server=%.1f ratio=%.3f\n", N_VERSIONS / ours_total_s,
                 N_VERSIONS / theirs_total_s, theirs_total_s / ours_total_s);
}

static size_t number(int argc, char **argv, int at, size_t otherwise, size_t max)
{
    char *end = NULL;
    unsigned long value;

    if (at >= argc) {
        return otherwise;
    }
    value = strtoul(argv[at], &end, 10);
    if (*end != '\0' || value == 0 || value > max) {
        (void)fprintf(stderr, "rig-bench-tls: '%s' is not a number from 1 to %zu\n", argv[at], max);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    struct bench bench = {.folder = "/tmp/rig-bench-tls.XXXXXX"};
    struct rig_error err;
    const size_t n_rounds = number(argc, argv, 1, DEFAULT_ROUNDS, MAX_ROUNDS);
    const size_t n_handshakes = number(argc, argv, 2, DEFAULT_HANDSHAKES, MAX_HANDSHAKES);

    PKI_MUST(mkdtemp(bench.folder) != NULL);
    pki_make(&bench.pki);
    for (size_t v = 0; v < N_VERSIONS; v++) {
        bench.clients[v] = make_client(&bench.pki, versions[v]);
    }
    start_s_server(&bench);
    start_ours(&bench);
    run(&bench, n_rounds, n_handshakes);
    rig_tls_endpoint_close(bench.endpoint);
    rig_tls_server_stop(bench.server);
    rig_child_stop(&bench.s_server, 1000);
    for (size_t v = 0; v < N_VERSIONS; v++) {
        SSL_CTX_free(bench.clients[v]);
    }
    pki_free(&bench.pki);
    PKI_MUST(rig_dir_remove(bench.folder, &err).ok);
    return 0;
}
