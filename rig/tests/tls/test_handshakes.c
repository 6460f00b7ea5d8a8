/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue of good and bad handshakes, by two clients and both versions: exactly the evidence
 * that is expected. */
#include "rig/tests/tls/clients.h"
#include "rig/tests/tls/pki.h"
#include "rig/tls/ciphers.h"
#include "rig/tls/server.h"

#include <mbedtls/ssl.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct pki pki;
static struct rig_tls_server *server;

enum engine {
    OPENSSL_12,
    OPENSSL_13,
    MBEDTLS_12,
    N_ENGINES,
};

static const char *const engine_names[] = {"OpenSSL TLS 1.2", "OpenSSL TLS 1.3", "mbedTLS TLS 1.2"};

struct row {
    const char *name;
    const struct pki_identity *identity; /* the device's */
    const struct pki_identity *server;
    const char *crls_pem;
    bool leaf_only;
    int verify_error;
    int verify_depth;
    int alert_sent[N_ENGINES];
    int alert_received[N_ENGINES];
    bool skip_mbedtls;
};

#define NONE RIG_TLS_NO_ALERT
#define EACH(a)                                                                                    \
    {                                                                                              \
        (a), (a), (a)                                                                              \
    }

static struct rig_tls_settings settings_of(const struct row *row, enum engine engine)
{
    const int version = engine == OPENSSL_13 ? 0x0304 : 0x0303;

    return (struct rig_tls_settings){
        .certificate_pem = rig_buf_text(&row->server->chain_pem),
        .key_pem = rig_buf_text(&row->server->key_pem),
        .client_roots_pem = rig_buf_text(&pki.root.pem),
        .crls_pem = row->crls_pem,
        .min_version = version,
        .max_version = version,
        .security_level = 2,
        .request_client_certificate = true,
        .connection_timeout_ms = 8000,
    };
}

/* The version of the handshake, and the suite that was taken, are among what was offered. */
static void check_offers(enum engine engine, const struct rig_tls_evidence *evidence)
{
    const struct rig_tls_offers *offers = &evidence->offers;
    bool found = false;

    assert_int_equal(offers->n_versions, 1);
    assert_int_equal(offers->versions[0], engine == OPENSSL_13 ? 0x0304 : 0x0303);
    assert_false(offers->cut);
    for (size_t i = 0; i < offers->n_ciphers; i++) {
        char text[RIG_TLS_CIPHER_TEXT_SIZE];

        rig_tls_cipher_text(offers->ciphers[i], text);
        found |= strcmp(OPENSSL_cipher_name(text), evidence->cipher) == 0;
        assert_int_not_equal(offers->ciphers[i], 0x00ff);
    }
    assert_true(found);
}

static void check_evidence(const struct row *row, enum engine engine,
                           const struct rig_tls_evidence *evidence,
                           const struct client_report *report)
{
    const bool good = row->alert_sent[engine] == NONE && row->alert_received[engine] == NONE;

    assert_true(evidence->client_hello_seen);
    assert_memory_equal(evidence->client_random, report->client_random, 32);
    assert_string_equal(evidence->sni, PKI_SERVER_NAME);
    check_offers(engine, evidence);
    assert_int_equal(evidence->verify_error, row->verify_error);
    assert_int_equal(evidence->verify_depth, row->verify_depth);
    assert_string_equal(evidence->verify_text,
                        row->verify_error != 0 ? X509_verify_cert_error_string(row->verify_error)
                                               : "");
    assert_int_equal(evidence->alert_sent, row->alert_sent[engine]);
    assert_int_equal(evidence->alert_received, row->alert_received[engine]);
    assert_int_equal(evidence->handshake_done, good);
    assert_int_equal(evidence->echoed, good);
    assert_int_equal(report->echoed, good);
    assert_false(evidence->resumed);
    assert_int_equal(evidence->error_text[0] == '\0', good);
    assert_string_equal(evidence->version, engine == OPENSSL_13 ? "TLSv1.3" : "TLSv1.2");
    assert_true(strlen(evidence->cipher) > 10);
    assert_true(evidence->handshake_ns > 0 && evidence->total_ns >= evidence->handshake_ns);
    assert_true(evidence->n_received > 200 && evidence->n_sent > 200);
    /* the server's alert reaches the client: nothing was reset */
    assert_int_equal(report->alert_received, row->alert_sent[engine]);
}

static void check_peer(const struct row *row, enum engine engine,
                       const struct rig_tls_evidence *evidence)
{
    /* a client that refuses the server never comes to show its own certificate */
    const bool presented = row->identity != NULL && row->alert_received[engine] == NONE;

    assert_int_equal(evidence->peer_presented, presented);
    if (presented) {
        assert_memory_equal(evidence->peer_sha256, row->identity->sha256, RIG_SHA256_SIZE);
        assert_non_null(strstr(evidence->peer_subject, "CN=board-"));
        assert_int_equal(evidence->n_peer_chain, row->leaf_only ? 1 : 2);
    }
}

static void run_row(const struct row *row, enum engine engine)
{
    const struct rig_tls_settings settings = settings_of(row, engine);
    const struct client_wish wish = {.identity = row->identity,
                                     .leaf_only = row->leaf_only,
                                     .roots_pem = rig_buf_text(&pki.root.pem),
                                     .expected_name = PKI_SERVER_NAME,
                                     .version = settings.max_version};
    RIG_AUTO(rig_auto_endpoint) struct rig_tls_endpoint *endpoint = NULL;
    struct rig_tls_evidence evidence;
    struct client_report report;
    struct rig_error err = {0};
    unsigned n_strangers = 99;
    const rig_result opened = rig_tls_endpoint_open(server, &settings, &endpoint, &err);

    if (!opened.ok) {
        fail_msg("%s: %s", row->name, err.text);
    }
    if (engine == MBEDTLS_12) {
        client_mbedtls(client_connect(rig_tls_endpoint_port(endpoint)), &wish, &report);
    } else {
        client_openssl(client_connect(rig_tls_endpoint_port(endpoint)), &wish, &report);
    }
    assert_true(rig_tls_endpoint_evidence(endpoint, report.client_random, &evidence, &n_strangers,
                                          rig_wait_ms(8000, NULL), &err)
                    .ok);
    print_message("%s, %s: verify %s depth %d, alert sent %s, received %s, error '%s'\n", row->name,
                  engine_names[engine], rig_tls_verify_error_name(evidence.verify_error),
                  evidence.verify_depth, rig_tls_alert_name(evidence.alert_sent),
                  rig_tls_alert_name(evidence.alert_received), evidence.error_text);
    assert_int_equal(n_strangers, 0);
    check_evidence(row, engine, &evidence, &report);
    check_peer(row, engine, &evidence);
}

static void run_rows(const struct row *rows, size_t n_rows)
{
    for (size_t i = 0; i < n_rows; i++) {
        for (int engine = 0; engine < N_ENGINES; engine++) {
            if (engine != MBEDTLS_12 || !rows[i].skip_mbedtls) {
                run_row(&rows[i], (enum engine)engine);
            }
        }
    }
}

#define RUN(rows) run_rows((rows), sizeof(rows) / sizeof((rows)[0]))

static void good_devices_are_echoed(void **state)
{
    const char *const crls = rig_buf_text(&pki.crls_pem);
    const struct row rows[] = {
        {.name = "good",
         .identity = &pki.device,
         .server = &pki.server,
         .crls_pem = crls,
         .alert_sent = EACH(NONE),
         .alert_received = EACH(NONE)},
        {.name = "good, RSA both sides",
         .identity = &pki.device_rsa,
         .server = &pki.server_rsa,
         .crls_pem = crls,
         .alert_sent = EACH(NONE),
         .alert_received = EACH(NONE)},
        {.name = "revoked, but CRLs are not checked",
         .identity = &pki.device_revoked,
         .server = &pki.server,
         .alert_sent = EACH(NONE),
         .alert_received = EACH(NONE)},
    };

    (void)state;
    RUN(rows);
}

static void bad_devices_are_refused(void **state)
{
    const char *const crls = rig_buf_text(&pki.crls_pem);
    const struct row rows[] = {
        {.name = "revoked leaf",
         .identity = &pki.device_revoked,
         .server = &pki.server,
         .crls_pem = crls,
         .verify_error = X509_V_ERR_CERT_REVOKED,
         .verify_depth = 0,
         .alert_sent = EACH(44),
         .alert_received = EACH(NONE)},
        {.name = "other root",
         .identity = &pki.device_other,
         .server = &pki.server,
         .crls_pem = crls,
         .verify_error = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
         .verify_depth = 1,
         .alert_sent = EACH(48),
         .alert_received = EACH(NONE)},
        {.name = "missing intermediate",
         .identity = &pki.device,
         .leaf_only = true,
         .server = &pki.server,
         .crls_pem = crls,
         .verify_error = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
         .verify_depth = 0,
         .alert_sent = EACH(48),
         .alert_received = EACH(NONE)},
        {.name = "expired",
         .identity = &pki.device_expired,
         .server = &pki.server,
         .crls_pem = crls,
         .verify_error = X509_V_ERR_CERT_HAS_EXPIRED,
         .verify_depth = 0,
         .alert_sent = EACH(45),
         .alert_received = EACH(NONE)},
        {.name = "not yet valid",
         .identity = &pki.device_future,
         .server = &pki.server,
         .crls_pem = crls,
         .verify_error = X509_V_ERR_CERT_NOT_YET_VALID,
         .verify_depth = 0,
         .alert_sent = EACH(42),
         .alert_received = EACH(NONE)},
        {.name = "for servers only",
         .identity = &pki.device_server_only,
         .server = &pki.server,
         .crls_pem = crls,
         .verify_error = X509_V_ERR_INVALID_PURPOSE,
         .verify_depth = 0,
         .alert_sent = EACH(43),
         .alert_received = EACH(NONE)},
    };

    (void)state;
    RUN(rows);
}

static void missing_things_are_refused(void **state)
{
    const char *const crls = rig_buf_text(&pki.crls_pem);
    const struct row rows[] = {
        {.name = "no certificate",
         .identity = NULL,
         .server = &pki.server,
         .crls_pem = crls,
         .alert_sent = {40, 116, 40},
         .alert_received = EACH(NONE)},
        {.name = "CRL of the intermediate missing",
         .identity = &pki.device,
         .server = &pki.server,
         .crls_pem = rig_buf_text(&pki.root_crl_pem),
         .verify_error = X509_V_ERR_UNABLE_TO_GET_CRL,
         .verify_depth = 0,
         .alert_sent = EACH(48),
         .alert_received = EACH(NONE)},
    };

    (void)state;
    RUN(rows);
}

/* OpenSSL's words for a wrong name and mbedTLS's differ in the alert (facts: 2.2); both are what
 * the server receives. */
static void bad_servers_are_refused_by_the_device(void **state)
{
    const struct row rows[] = {
        {.name = "server of another root",
         .identity = &pki.device,
         .server = &pki.server_other,
         .alert_sent = EACH(NONE),
         .alert_received = EACH(48)},
        {.name = "server's name is wrong",
         .identity = &pki.device,
         .server = &pki.server_wrong_name,
         .alert_sent = EACH(NONE),
         .alert_received = EACH(42)},
        {.name = "server expired",
         .identity = &pki.device,
         .server = &pki.server_expired,
         .alert_sent = EACH(NONE),
         .alert_received = EACH(45)},
    };

    (void)state;
    RUN(rows);
}

static void revoked_intermediate_is_refused(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf crls = {0};

    (void)state;
    pki_append_crl(&crls, &pki.root, pki.intermediate.certificate);
    pki_append_crl(&crls, &pki.intermediate, NULL);
    const struct row rows[] = {
        {.name = "revoked intermediate",
         .identity = &pki.device,
         .server = &pki.server,
         .crls_pem = rig_buf_text(&crls),
         .verify_error = X509_V_ERR_CERT_REVOKED,
         .verify_depth = 1,
         .alert_sent = EACH(44),
         .alert_received = EACH(NONE)},
    };
    RUN(rows);
}

/* One mbedTLS handshake (TLS 1.2) against the good server. */
static struct rig_tls_evidence shake_hands_with_mbedtls(const struct client_wish *wish,
                                                        struct client_report *report)
{
    const struct row row = {.server = &pki.server};
    const struct rig_tls_settings settings = settings_of(&row, MBEDTLS_12);
    RIG_AUTO(rig_auto_endpoint) struct rig_tls_endpoint *endpoint = NULL;
    struct rig_tls_evidence evidence;
    struct rig_error err = {0};
    unsigned n_strangers = 0;

    assert_true(rig_tls_endpoint_open(server, &settings, &endpoint, &err).ok);
    client_mbedtls(client_connect(rig_tls_endpoint_port(endpoint)), wish, report);
    assert_true(rig_tls_endpoint_evidence(endpoint, report->client_random, &evidence, &n_strangers,
                                          rig_wait_ms(8000, NULL), &err)
                    .ok);
    assert_true(evidence.client_hello_seen);
    return evidence;
}

static struct client_wish mbedtls_wish(const struct pki_identity *identity)
{
    return (struct client_wish){.identity = identity,
                                .roots_pem = rig_buf_text(&pki.root.pem),
                                .expected_name = PKI_SERVER_NAME};
}

/* Refused before OpenSSL verifies anything; the fingerprint is there all the same. */
static void unusable_curve_is_named(void **state)
{
    const struct client_wish wish = mbedtls_wish(&pki.device_p224);
    struct client_report report;
    const struct rig_tls_evidence evidence = shake_hands_with_mbedtls(&wish, &report);

    (void)state;
    assert_false(evidence.handshake_done);
    assert_int_equal(evidence.alert_sent, 47);
    assert_int_equal(evidence.verify_error, 0);
    assert_true(evidence.peer_presented);
    assert_memory_equal(evidence.peer_sha256, pki.device_p224.sha256, RIG_SHA256_SIZE);
    assert_string_equal(evidence.error_text, "wrong curve");
}

/* A certificate without its key proves nothing: the chain is right, the signature is not. */
static void wrong_key_is_refused(void **state)
{
    struct pki_identity thief = pki.device;
    struct client_report report;

    (void)state;
    thief.key_pem = pki.device_other.key_pem; /* borrowed */
    const struct client_wish wish = mbedtls_wish(&thief);
    const struct rig_tls_evidence evidence = shake_hands_with_mbedtls(&wish, &report);

    assert_false(evidence.handshake_done);
    assert_int_equal(evidence.verify_error, 0);
    assert_int_equal(evidence.alert_sent, 51);
    assert_int_equal(report.alert_received, 51);
    assert_memory_equal(evidence.peer_sha256, pki.device.sha256, RIG_SHA256_SIZE);
    assert_non_null(strstr(evidence.error_text, "bad signature"));
}

static void alerts_after_the_handshake_are_seen(void **state)
{
    struct client_wish wish = mbedtls_wish(&pki.device);
    struct client_report report;
    struct rig_tls_evidence evidence;

    (void)state;
    wish.late_alert = 46;
    evidence = shake_hands_with_mbedtls(&wish, &report);
    assert_true(evidence.handshake_done);
    assert_false(evidence.echoed);
    assert_int_equal(evidence.alert_received, 46);
    assert_int_equal(evidence.alert_sent, NONE);

    wish = mbedtls_wish(&pki.device);
    wish.renegotiate = true;
    evidence = shake_hands_with_mbedtls(&wish, &report);
    assert_true(evidence.handshake_done);
    assert_int_equal(evidence.alert_sent, 100);
}

static int set_up(void **state)
{
    const struct rig_tls_server_options options = {.bind_address = "127.0.0.1",
                                                   .clock = &rig_clock_system};
    struct rig_error err;

    (void)state;
    pki_make(&pki);
    return rig_tls_server_start(&options, &server, &err).ok ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    rig_tls_server_stop(server);
    pki_free(&pki);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_devices_are_echoed),
        cmocka_unit_test(bad_devices_are_refused),
        cmocka_unit_test(missing_things_are_refused),
        cmocka_unit_test(bad_servers_are_refused_by_the_device),
        cmocka_unit_test(revoked_intermediate_is_refused),
        cmocka_unit_test(unusable_curve_is_named),
        cmocka_unit_test(wrong_key_is_refused),
        cmocka_unit_test(alerts_after_the_handshake_are_seen),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
