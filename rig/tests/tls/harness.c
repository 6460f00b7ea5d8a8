/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tests/tls/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>

#include <cmocka.h>

struct rig_tls_settings good_settings(const struct pki *pki)
{
    return (struct rig_tls_settings){
        .certificate_pem = rig_buf_text(&pki->server.chain_pem),
        .key_pem = rig_buf_text(&pki->server.key_pem),
        .client_roots_pem = rig_buf_text(&pki->root.pem),
        .crls_pem = rig_buf_text(&pki->crls_pem),
        .min_version = 0x0303,
        .max_version = 0x0304,
        .security_level = 2,
        .request_client_certificate = true,
        .connection_timeout_ms = LONG_MS,
    };
}

struct client_wish good_client(const struct pki *pki)
{
    return (struct client_wish){.identity = &pki->device,
                                .roots_pem = rig_buf_text(&pki->root.pem),
                                .expected_name = PKI_SERVER_NAME};
}

struct rig_tls_client_settings good_reference(const struct pki *pki,
                                              const struct rig_tls_endpoint *endpoint)
{
    return (struct rig_tls_client_settings){.host = "127.0.0.1",
                                            .port = rig_tls_endpoint_port(endpoint),
                                            .security_level = 1,
                                            .certificate_pem = rig_buf_text(&pki->device.chain_pem),
                                            .key_pem = rig_buf_text(&pki->device.key_pem),
                                            .sni = PKI_SERVER_NAME,
                                            .roots_pem = rig_buf_text(&pki->root.pem),
                                            .expected_name = PKI_SERVER_NAME};
}

void run_reference(const struct rig_tls_client_settings *settings,
                   struct rig_tls_client_report *report)
{
    struct rig_error err;

    if (!rig_tls_client_run(settings, rig_wait_ms(LONG_MS, NULL), report, &err).ok) {
        fail_msg("%s", err.text);
    }
}

struct both run_both(struct rig_tls_endpoint *endpoint,
                     const struct rig_tls_client_settings *settings)
{
    struct both both;

    run_reference(settings, &both.client);
    (void)take_evidence(endpoint, both.client.client_random, &both.server, LONG_MS);
    assert_true(both.server.client_hello_seen);
    rig_tls_client_report_free(&both.client);
    return both;
}

struct rig_tls_server *start_server(uint16_t first_port, uint16_t last_port,
                                    const struct rig_clock *clock)
{
    const struct rig_tls_server_options options = {.bind_address = "127.0.0.1",
                                                   .first_port = first_port,
                                                   .last_port = last_port,
                                                   .clock = clock};
    struct rig_tls_server *server = NULL;
    struct rig_error err;
    const rig_result started = rig_tls_server_start(&options, &server, &err);

    if (!started.ok) {
        fail_msg("%s", err.text);
    }
    return server;
}

struct rig_tls_endpoint *open_endpoint(struct rig_tls_server *server,
                                       const struct rig_tls_settings *settings)
{
    struct rig_tls_endpoint *endpoint = NULL;
    struct rig_error err;
    const rig_result opened = rig_tls_endpoint_open(server, settings, &endpoint, &err);

    if (!opened.ok) {
        fail_msg("%s", err.text);
    }
    return endpoint;
}

unsigned take_evidence(struct rig_tls_endpoint *endpoint, const uint8_t *client_random,
                       struct rig_tls_evidence *evidence, int64_t timeout_ms)
{
    unsigned n_strangers = 99;
    struct rig_error err;

    assert_true(rig_tls_endpoint_evidence(endpoint, client_random, evidence, &n_strangers,
                                          rig_wait_ms(timeout_ms, NULL), &err)
                    .ok);
    return n_strangers;
}

int connect_raw(struct rig_tls_endpoint *endpoint, const void *bytes, size_t n)
{
    const int fd = client_connect(rig_tls_endpoint_port(endpoint));

    if (n != 0) {
        assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), n);
    }
    return fd;
}

void read_out(int fd)
{
    uint8_t sink[512];

    while (recv(fd, sink, sizeof sink, 0) > 0) {
    }
    (void)close(fd);
}
