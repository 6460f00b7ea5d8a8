/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tests/tls/clients.h"

#include <arpa/inet.h>
#include <errno.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define MAX_ECHO_BYTES 65536

int client_connect(uint16_t port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval limit = {.tv_sec = 10};
    const int on = 1;

    PKI_MUST(fd >= 0);
    PKI_MUST(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    PKI_MUST(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0);
    PKI_MUST(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    PKI_MUST(connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

/* ---- OpenSSL ---- */

static void on_info(const SSL *session, int where, int value)
{
    struct client_report *const report = SSL_get_app_data(session);

    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (value & 0xFF) != 0) {
        report->alert_received = value & 0xFF;
    }
}

static SSL_CTX *openssl_context(const struct client_wish *wish)
{
    SSL_CTX *const context = SSL_CTX_new(TLS_client_method());
    BIO *const roots = BIO_new_mem_buf(wish->roots_pem, -1);
    X509 *root;

    PKI_MUST(context != NULL && roots != NULL);
    SSL_CTX_set_security_level(context, 0);
    if (wish->version != 0) {
        PKI_MUST(SSL_CTX_set_min_proto_version(context, wish->version) == 1);
        PKI_MUST(SSL_CTX_set_max_proto_version(context, wish->version) == 1);
    }
    while ((root = PEM_read_bio_X509(roots, NULL, NULL, NULL)) != NULL) {
        PKI_MUST(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root) == 1);
        X509_free(root);
    }
    BIO_free(roots);
    ERR_clear_error();
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_info_callback(context, on_info);
    if (wish->identity != NULL) {
        PKI_MUST(SSL_CTX_use_certificate(context, wish->identity->certificate) == 1);
        PKI_MUST(SSL_CTX_use_PrivateKey(context, wish->identity->key) == 1);
    }
    return context;
}

static void add_chain(SSL_CTX *context, const struct pki_identity *identity)
{
    BIO *const memory = BIO_new_mem_buf(rig_buf_text(&identity->chain_pem), -1);
    X509 *certificate = PEM_read_bio_X509(memory, NULL, NULL, NULL);

    X509_free(certificate);
    while ((certificate = PEM_read_bio_X509(memory, NULL, NULL, NULL)) != NULL) {
        PKI_MUST(SSL_CTX_add1_chain_cert(context, certificate) == 1);
        X509_free(certificate);
    }
    BIO_free(memory);
    ERR_clear_error();
}

static bool openssl_echo(SSL *session, size_t n_bytes)
{
    static const uint8_t zeros[MAX_ECHO_BYTES];
    uint8_t back[4096];
    size_t n_back = 0;
    int rc = SSL_write(session, zeros, (int)n_bytes);

    if (rc != (int)n_bytes) {
        return false;
    }
    while (n_back < n_bytes) {
        rc = SSL_read(session, back, sizeof back);
        if (rc <= 0) {
            return false;
        }
        n_back += (size_t)rc;
    }
    return true;
}

void client_openssl(int fd, const struct client_wish *wish, struct client_report *report)
{
    SSL_CTX *const context = openssl_context(wish);
    SSL *session;

    *report = (struct client_report){.alert_received = -1};
    if (wish->identity != NULL && !wish->leaf_only) {
        add_chain(context, wish->identity);
    }
    (void)SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
    session = SSL_new(context);
    PKI_MUST(session != NULL && SSL_set_fd(session, fd) == 1);
    SSL_set_app_data(session, (char *)report);
    if (wish->expected_name != NULL) {
        PKI_MUST(SSL_set_tlsext_host_name(session, wish->expected_name) == 1);
        PKI_MUST(SSL_set1_host(session, wish->expected_name) == 1);
    }
    if (wish->session != NULL && *wish->session != NULL) {
        PKI_MUST(SSL_set_session(session, *wish->session) == 1);
    }
    report->handshake_done = SSL_connect(session) == 1;
    if (report->handshake_done) {
        report->echoed = openssl_echo(session, wish->n_bytes != 0 ? wish->n_bytes : 1);
        report->resumed = SSL_session_reused(session) != 0;
    }
    report->code = ERR_GET_REASON(ERR_peek_error());
    (void)SSL_get_client_random(session, report->client_random, sizeof report->client_random);
    ERR_clear_error();
    if (report->echoed) {
        (void)SSL_shutdown(session);
    }
    if (wish->session != NULL) {
        SSL_SESSION_free(*wish->session);
        *wish->session = SSL_get1_session(session);
    }
    SSL_free(session);
    SSL_CTX_free(context);
    (void)close(fd);
    ERR_clear_error();
}

/* ---- mbedTLS ---- */

#define CLIENT_HELLO_RANDOM_AT 11

struct wire {
    int fd;
    size_t n_sent;
    uint8_t *client_random;
};

static int mbedtls_send(void *arg, const unsigned char *bytes, size_t n)
{
    struct wire *const wire = arg;
    ssize_t sent;

    if (wire->n_sent == 0 && n >= CLIENT_HELLO_RANDOM_AT + 32) {
        memcpy(wire->client_random, bytes + CLIENT_HELLO_RANDOM_AT, 32);
    }
    sent = send(wire->fd, bytes, n, MSG_NOSIGNAL);
    if (sent < 0) {
        return MBEDTLS_ERR_SSL_CONN_EOF;
    }
    wire->n_sent += (size_t)sent;
    return (int)sent;
}

static int mbedtls_receive(void *arg, unsigned char *bytes, size_t n)
{
    const struct wire *const wire = arg;
    const ssize_t got = recv(wire->fd, bytes, n, 0);

    return got < 0 ? MBEDTLS_ERR_SSL_CONN_EOF : (int)got;
}

struct mbedtls_objects {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_ssl_config config;
    mbedtls_ssl_context session;
    mbedtls_x509_crt roots;
    mbedtls_x509_crt chain;
    mbedtls_pk_context key;
};

static void parse_pem(mbedtls_x509_crt *into, const char *pem)
{
    PKI_MUST(mbedtls_x509_crt_parse(into, (const unsigned char *)pem, strlen(pem) + 1) == 0);
}

static void mbedtls_set_up(struct mbedtls_objects *o, const struct client_wish *wish)
{
    mbedtls_entropy_init(&o->entropy);
    mbedtls_ctr_drbg_init(&o->random);
    mbedtls_ssl_config_init(&o->config);
    mbedtls_ssl_init(&o->session);
    mbedtls_x509_crt_init(&o->roots);
    mbedtls_x509_crt_init(&o->chain);
    mbedtls_pk_init(&o->key);
    PKI_MUST(mbedtls_ctr_drbg_seed(&o->random, mbedtls_entropy_func, &o->entropy, NULL, 0) == 0);
    PKI_MUST(mbedtls_ssl_config_defaults(&o->config, MBEDTLS_SSL_IS_CLIENT,
                                         MBEDTLS_SSL_TRANSPORT_STREAM,
                                         MBEDTLS_SSL_PRESET_DEFAULT) == 0);
    mbedtls_ssl_conf_rng(&o->config, mbedtls_ctr_drbg_random, &o->random);
    mbedtls_ssl_conf_renegotiation(&o->config, MBEDTLS_SSL_RENEGOTIATION_ENABLED);
    mbedtls_ssl_conf_authmode(&o->config, MBEDTLS_SSL_VERIFY_REQUIRED);
    parse_pem(&o->roots, wish->roots_pem);
    mbedtls_ssl_conf_ca_chain(&o->config, &o->roots, NULL);
    if (wish->identity != NULL) {
        const struct rig_buf *const key = &wish->identity->key_pem;

        parse_pem(&o->chain, rig_buf_text(wish->leaf_only ? &wish->identity->leaf_pem
                                                          : &wish->identity->chain_pem));
        PKI_MUST(mbedtls_pk_parse_key(&o->key, key->data, key->len + 1, NULL, 0) == 0);
        PKI_MUST(mbedtls_ssl_conf_own_cert(&o->config, &o->chain, &o->key) == 0);
    }
    PKI_MUST(mbedtls_ssl_setup(&o->session, &o->config) == 0);
    PKI_MUST(mbedtls_ssl_set_hostname(&o->session, wish->expected_name) == 0);
}

static void mbedtls_clean_up(struct mbedtls_objects *o)
{
    mbedtls_ssl_free(&o->session);
    mbedtls_ssl_config_free(&o->config);
    mbedtls_x509_crt_free(&o->roots);
    mbedtls_x509_crt_free(&o->chain);
    mbedtls_pk_free(&o->key);
    mbedtls_ctr_drbg_free(&o->random);
    mbedtls_entropy_free(&o->entropy);
}

void client_mbedtls(int fd, const struct client_wish *wish, struct client_report *report)
{
    struct mbedtls_objects objects;
    struct wire wire = {.fd = fd, .client_random = report->client_random};
    unsigned char byte = 'x';

    *report = (struct client_report){.alert_received = -1};
    mbedtls_set_up(&objects, wish);
    mbedtls_ssl_set_bio(&objects.session, &wire, mbedtls_send, mbedtls_receive, NULL);
    report->code = mbedtls_ssl_handshake(&objects.session);
    report->handshake_done = report->code == 0;
    report->verify_flags = mbedtls_ssl_get_verify_result(&objects.session);
    if (report->handshake_done && wish->late_alert != 0) {
        report->code = mbedtls_ssl_send_alert_message(
            &objects.session, MBEDTLS_SSL_ALERT_LEVEL_FATAL, (unsigned char)wish->late_alert);
    } else if (report->handshake_done && wish->renegotiate) {
        report->code = mbedtls_ssl_renegotiate(&objects.session);
    } else if (report->handshake_done) {
        report->code = mbedtls_ssl_write(&objects.session, &byte, 1);
        if (report->code == 1) {
            report->code = mbedtls_ssl_read(&objects.session, &byte, 1);
        }
        report->echoed = report->code == 1 && byte == 'x';
    }
    if (report->code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        report->alert_received = objects.session.in_msg[1];
    }
    (void)mbedtls_ssl_close_notify(&objects.session);
    mbedtls_clean_up(&objects);
    (void)close(fd);
}
