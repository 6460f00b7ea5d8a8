/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client sends, as any bytes: ClientHello, and in TLS 1.2 its certificates, are read before
 * anything is encrypted. The connection must come to its end with evidence that holds together.
 */
#include "rig/tests/tls/pki.h"
#include "rig/tls/connection.h"
#include "rig/tls/service.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_INPUT_BYTES 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made once: keys are slow to make. Certificates are read, never verified as good: the fuzzer has
 * no key. */
static struct rig_tls_service *make_service(void)
{
    struct pki_ca self = {.key = pki_key(0)};
    struct rig_buf key_pem = {.secret = true};
    struct rig_tls_service *service = NULL;
    struct rig_error err;

    self.certificate = pki_issue(&(struct pki_wish){.common_name = "Server",
                                                    .key = self.key,
                                                    .dns_name = PKI_SERVER_NAME,
                                                    .starts_in_s = -3600,
                                                    .ends_in_s = PKI_DAY_S});
    pki_append_certificate(&self.pem, self.certificate);
    pki_append_key(&key_pem, self.key);
    const struct rig_tls_settings settings = {.certificate_pem = rig_buf_text(&self.pem),
                                              .key_pem = rig_buf_text(&key_pem),
                                              .client_roots_pem = rig_buf_text(&self.pem),
                                              .min_version = TLS1_2_VERSION,
                                              .max_version = TLS1_3_VERSION,
                                              .security_level = 2,
                                              .request_client_certificate = true,
                                              .connection_timeout_ms = 1000};
    PKI_MUST(rig_tls_service_make(&settings, &rig_clock_system, &service, &err).ok);
    rig_buf_free(&key_pem);
    rig_buf_free(&self.pem);
    X509_free(self.certificate);
    EVP_PKEY_free(self.key);
    return service;
}

static void require(bool held)
{
    if (!held) {
        abort();
    }
}

static void check(const struct rig_tls_evidence *evidence, size_t n_sent)
{
    require(memchr(evidence->sni, '\0', sizeof evidence->sni) != NULL);
    require(memchr(evidence->peer_subject, '\0', sizeof evidence->peer_subject) != NULL);
    require(memchr(evidence->error_text, '\0', sizeof evidence->error_text) != NULL);
    require(evidence->peer_presented == (evidence->n_peer_chain != 0));
    require(!evidence->handshake_done && !evidence->echoed);
    require(evidence->error_text[0] != '\0');
    require(evidence->n_received <= n_sent);
    require(evidence->alert_sent >= RIG_TLS_NO_ALERT && evidence->alert_sent <= 255);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rig_tls_service *service;
    struct rig_tls_observed observed = {.evidence = rig_tls_evidence_none()};
    struct rig_tls_connection *connection;
    int pair[2];

    if (size > MAX_INPUT_BYTES) {
        return 0;
    }
    if (service == NULL) {
        service = make_service();
    }
    PKI_MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
    PKI_MUST(size == 0 || send(pair[1], data, size, MSG_NOSIGNAL) == (ssize_t)size);
    PKI_MUST(shutdown(pair[1], SHUT_WR) == 0);
    connection = rig_tls_connection_new(service, pair[0], &observed);
    PKI_MUST(connection != NULL);
    /* all input is there, and its end: nothing to wait for */
    for (int round = 0; rig_tls_connection_drive(connection); round++) {
        require(round < 1000);
    }
    rig_tls_connection_end(connection, NULL);
    check(&observed.evidence, size);
    (void)close(pair[1]);
    return 0;
}
