/* SPDX-License-Identifier: Apache-2.0 */
/* What is up to the server's and the client's settings, not to certificates: versions, algorithms,
 * renegotiation, proof of possession, sizes, names, and servers that are wrong on purpose. */
#include "rig/tests/tls/harness.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define NONE RIG_TLS_NO_ALERT

static struct pki pki;
static struct rig_tls_server *server;

/* Changes of a good pair, and what both sides then see. */
struct row {
    const char *name;
    void (*change)(struct rig_tls_settings *settings, struct rig_tls_client_settings *client);
    int version; /* both sides; 0: both versions are offered */
    bool echoed;
    int server_sent;     /* alert */
    int server_received; /* alert */
    int client_received;
    const char *server_error; /* within the server's error_text; NULL: not compared */
};

static struct both run_row(const struct row *row)
{
    struct rig_tls_settings settings = good_settings(&pki);
    struct rig_tls_client_settings client = {0};
    struct rig_tls_endpoint *endpoint;
    struct both both;

    if (row->version != 0) {
        settings.min_version = row->version;
        settings.max_version = row->version;
    }
    client.min_version = row->version;
    client.max_version = row->version;
    if (row->change != NULL) {
        row->change(&settings, &client);
    }
    endpoint = open_endpoint(server, &settings);
    {
        struct rig_tls_client_settings good = good_reference(&pki, endpoint);

        good.min_version = client.min_version;
        good.max_version = client.max_version;
        if (row->change != NULL) {
            row->change(&settings, &good);
        }
        both = run_both(endpoint, &good);
    }
    print_message("%s: server %s, '%s' %s; client %s, '%s'\n", row->name,
                  rig_tls_alert_name(both.server.alert_sent), both.server.error_text,
                  rig_tls_verify_error_name(both.server.verify_error),
                  rig_tls_alert_name(both.client.alert_received), both.client.error_text);
    assert_int_equal(both.server.echoed, row->echoed);
    assert_int_equal(both.client.echoed, row->echoed);
    assert_int_equal(both.server.alert_sent, row->server_sent);
    assert_int_equal(both.server.alert_received, row->server_received);
    assert_int_equal(both.client.alert_received, row->client_received);
    if (row->server_error != NULL) {
        assert_non_null(strstr(both.server.error_text, row->server_error));
    }
    rig_tls_endpoint_close(endpoint);
    return both;
}

#define RUN(rows)                                                                                  \
    for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++) {                                \
        (void)run_row(&(rows)[i]);                                                                 \
    }

static void only_old(struct rig_tls_settings *settings, struct rig_tls_client_settings *client)
{
    (void)settings;
    client->min_version = 0x0301;
    client->max_version = 0x0302;
    client->security_level = 0;
}

static void server_13_only(struct rig_tls_settings *settings,
                           struct rig_tls_client_settings *client)
{
    settings->min_version = 0x0304;
    client->max_version = 0x0303;
}

static void null_cipher(struct rig_tls_settings *settings, struct rig_tls_client_settings *client)
{
    (void)settings;
    client->security_level = 0;
    client->ciphers = "eNULL";
    client->max_version = 0x0303;
}

static void anonymous_cipher(struct rig_tls_settings *settings,
                             struct rig_tls_client_settings *client)
{
    (void)settings;
    client->security_level = 0;
    client->ciphers = "aNULL";
    client->max_version = 0x0303;
}

static void rsa_cipher(struct rig_tls_settings *settings, struct rig_tls_client_settings *client)
{
    (void)settings;
    client->ciphers = "ECDHE-RSA-AES128-GCM-SHA256";
    client->max_version = 0x0303;
}

static void other_suites(struct rig_tls_settings *settings, struct rig_tls_client_settings *client)
{
    settings->suites = "TLS_AES_128_GCM_SHA256";
    client->suites = "TLS_AES_256_GCM_SHA384";
}

static void other_groups(struct rig_tls_settings *settings, struct rig_tls_client_settings *client)
{
    settings->groups = "P-384";
    client->groups = "P-521";
}

static void rsa_signatures(struct rig_tls_settings *settings,
                           struct rig_tls_client_settings *client)
{
    (void)client;
    settings->client_signatures = "RSA-PSS+SHA256:RSA+SHA256";
}

static void no_certificate(struct rig_tls_settings *settings,
                           struct rig_tls_client_settings *client)
{
    (void)settings;
    client->certificate_pem = NULL;
}

static void optional_certificate(struct rig_tls_settings *settings,
                                 struct rig_tls_client_settings *client)
{
    settings->certificate_optional = true;
    client->certificate_pem = NULL;
}

static void wrong_key(struct rig_tls_settings *settings, struct rig_tls_client_settings *client)
{
    (void)settings;
    client->mismatched_key = true;
}

static void small_list(struct rig_tls_settings *settings, struct rig_tls_client_settings *client)
{
    (void)client;
    settings->max_chain_bytes = 600;
}

static void depth_zero_allows_none(struct rig_tls_settings *settings,
                                   struct rig_tls_client_settings *client)
{
    (void)client;
    settings->verify_depth = 1;
}

static void strict_other(struct rig_tls_settings *settings, struct rig_tls_client_settings *client)
{
    settings->sni_policy = RIG_TLS_SNI_STRICT;
    settings->server_names = "a.rig.test SRV.rig.test";
    client->sni = "b.rig.test";
}

static void strict_same(struct rig_tls_settings *settings, struct rig_tls_client_settings *client)
{
    (void)client;
    settings->sni_policy = RIG_TLS_SNI_STRICT;
    settings->server_names = "a.rig.test SRV.rig.test";
}

static void strict_none(struct rig_tls_settings *settings, struct rig_tls_client_settings *client)
{
    settings->sni_policy = RIG_TLS_SNI_STRICT;
    settings->server_names = PKI_SERVER_NAME;
    client->sni = NULL;
}

static void required_none(struct rig_tls_settings *settings, struct rig_tls_client_settings *client)
{
    settings->sni_policy = RIG_TLS_SNI_REQUIRED;
    settings->server_names = PKI_SERVER_NAME;
    client->sni = NULL;
}

static void warn_other(struct rig_tls_settings *settings, struct rig_tls_client_settings *client)
{
    settings->sni_policy = RIG_TLS_SNI_WARN;
    settings->server_names = "a.rig.test";
    (void)client;
}

static void any_sni(struct rig_tls_settings *settings, struct rig_tls_client_settings *client)
{
    strict_other(settings, client);
    settings->fault = RIG_TLS_FAULT_ANY_SNI;
}

static void versions_and_algorithms(void **state)
{
    const struct row rows[] = {
        {"both versions", NULL, 0, true, NONE, NONE, NONE, NULL},
        {"TLS 1.0 and 1.1 offered", only_old, 0, false, 70, NONE, 70, "unsupported protocol"},
        {"TLS 1.3 server, 1.2 client", server_13_only, 0, false, 70, NONE, 70,
         "unsupported protocol"},
        {"NULL cipher", null_cipher, 0x0303, false, 40, NONE, 40, "no shared cipher"},
        {"anonymous cipher", anonymous_cipher, 0x0303, false, 40, NONE, 40, "no shared cipher"},
        {"cipher for RSA, server with EC", rsa_cipher, 0x0303, false, 40, NONE, 40,
         "no shared cipher"},
        {"no common TLS 1.3 suite", other_suites, 0x0304, false, 40, NONE, 40, "no shared cipher"},
        {"no common group", other_groups, 0x0304, false, 40, NONE, 40, NULL},
        {"signatures of RSA, EC device, 1.2", rsa_signatures, 0x0303, false, 40, NONE, 40, NULL},
        {"signatures of RSA, EC device, 1.3", rsa_signatures, 0x0304, false, 116, NONE, 116, NULL},
    };

    (void)state;
    RUN(rows);
}

static void certificates_and_sizes(void **state)
{
    const struct row rows[] = {
        {"no certificate, 1.2", no_certificate, 0x0303, false, 40, NONE, 40,
         "peer did not return a certificate"},
        {"no certificate, 1.3", no_certificate, 0x0304, false, 116, NONE, 116,
         "peer did not return a certificate"},
        {"no certificate, optional, 1.2", optional_certificate, 0x0303, true, NONE, NONE, NONE,
         NULL},
        {"no certificate, optional, 1.3", optional_certificate, 0x0304, true, NONE, NONE, NONE,
         NULL},
        {"key of another, 1.2", wrong_key, 0x0303, false, 51, NONE, 51, "bad signature"},
        {"key of another, 1.3", wrong_key, 0x0304, false, 51, NONE, 51, "bad signature"},
        {"list too long, 1.2", small_list, 0x0303, false, 47, NONE, 47, "excessive message size"},
        {"list too long, 1.3", small_list, 0x0304, false, 47, NONE, 47, "excessive message size"},
        {"one intermediate, depth one", depth_zero_allows_none, 0, true, NONE, NONE, NONE, NULL},
    };

    (void)state;
    RUN(rows);
}

static void names(void **state)
{
    const struct row rows[] = {
        {"other name, strict, 1.2", strict_other, 0x0303, false, 112, NONE, 112, NULL},
        {"other name, strict, 1.3", strict_other, 0x0304, false, 112, NONE, 112, NULL},
        {"listed name in capitals", strict_same, 0, true, NONE, NONE, NONE, NULL},
        {"no name, strict", strict_none, 0, true, NONE, NONE, NONE, NULL},
        {"no name, required", required_none, 0, false, 40, NONE, 40, NULL},
        {"other name, warned, 1.2", warn_other, 0x0303, true, 112, NONE, 112, NULL},
        {"other name, warned, 1.3", warn_other, 0x0304, true, NONE, NONE, NONE, NULL},
        {"other name, faulty server", any_sni, 0, true, NONE, NONE, NONE, NULL},
    };

    (void)state;
    RUN(rows);
}

static void renegotiate(struct rig_tls_settings *settings, struct rig_tls_client_settings *client)
{
    (void)settings;
    client->renegotiate = true;
}

static void renegotiate_allowed(struct rig_tls_settings *settings,
                                struct rig_tls_client_settings *client)
{
    settings->allow_renegotiation = true;
    client->renegotiate = true;
}

static void renegotiate_fault(struct rig_tls_settings *settings,
                              struct rig_tls_client_settings *client)
{
    settings->fault = RIG_TLS_FAULT_RENEGOTIATES;
    client->renegotiate = true;
}

static void server_asks(struct rig_tls_settings *settings, struct rig_tls_client_settings *client)
{
    settings->request_renegotiation = true;
    (void)client;
}

static void renegotiation(void **state)
{
    const struct row rows[] = {
        {"client asks, refused", renegotiate, 0x0303, false, 100, 40, 100, NULL},
        {"client asks, allowed", renegotiate_allowed, 0x0303, true, NONE, NONE, NONE, NULL},
        {"client asks, faulty server", renegotiate_fault, 0x0303, true, NONE, NONE, NONE, NULL},
        {"server asks, client does", server_asks, 0x0303, true, NONE, NONE, NONE, NULL},
        {"server asks, TLS 1.3 has none", server_asks, 0x0304, true, NONE, NONE, NONE, NULL},
    };
    static const unsigned expected[] = {0, 1, 1, 1, 0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct both both = run_row(&rows[i]);

        assert_int_equal(both.server.n_renegotiations, expected[i]);
    }
}

/* ---- faults ---- */

static struct both run_fault(enum rig_tls_fault fault, int alert, int version,
                             const struct pki_identity *device)
{
    struct rig_tls_settings settings = good_settings(&pki);
    struct rig_tls_client_settings client;
    struct rig_tls_endpoint *endpoint;
    struct both both;

    settings.fault = fault;
    settings.fault_alert = alert;
    settings.min_version = version;
    settings.max_version = version;
    endpoint = open_endpoint(server, &settings);
    client = good_reference(&pki, endpoint);
    client.certificate_pem = device != NULL ? rig_buf_text(&device->chain_pem) : NULL;
    client.key_pem = device != NULL ? rig_buf_text(&device->key_pem) : NULL;
    both = run_both(endpoint, &client);
    rig_tls_endpoint_close(endpoint);
    return both;
}

static void refusals_that_lose_their_alert(void **state)
{
    (void)state;
    for (int version = 0x0303; version <= 0x0304; version++) {
        struct both both = run_fault(RIG_TLS_FAULT_NONE, 0, version, &pki.device_revoked);

        assert_int_equal(both.client.alert_received, 44);
        assert_false(both.server.misbehaved);
        both = run_fault(RIG_TLS_FAULT_ALERT_LOST, 0, version, &pki.device_revoked);
        assert_int_equal(both.server.verify_error, X509_V_ERR_CERT_REVOKED);
        assert_int_equal(both.server.alert_sent, NONE);
        assert_int_equal(both.client.alert_received, NONE);
        assert_false(both.client.echoed);
        assert_string_not_equal(both.client.error_text, "Connection reset by peer");
        both = run_fault(RIG_TLS_FAULT_RESET, 0, version, &pki.device_revoked);
        assert_int_equal(both.server.alert_sent, NONE);
        assert_int_equal(both.client.alert_received, NONE);
        assert_string_equal(both.client.error_text, "Connection reset by peer");
        assert_true(both.server.misbehaved);
        both = run_fault(RIG_TLS_FAULT_WRONG_ALERT, 40, version, &pki.device_revoked);
        assert_int_equal(both.server.verify_error, X509_V_ERR_CERT_REVOKED);
        assert_int_equal(both.client.alert_received, 40);
        assert_true(both.server.misbehaved);
        both = run_fault(RIG_TLS_FAULT_WRONG_ALERT, 46, version, &pki.device_revoked);
        assert_int_equal(both.client.alert_received, 46);
        both = run_fault(RIG_TLS_FAULT_ALERT_BEFORE_HELLO, 71, version, &pki.device);
        assert_int_equal(both.client.alert_received, 71);
        assert_false(both.client.handshake_done);
        assert_true(both.server.misbehaved);
        /* a good board is not touched by how refusals go */
        both = run_fault(RIG_TLS_FAULT_RESET, 0, version, &pki.device);
        assert_true(both.client.echoed);
        assert_false(both.server.misbehaved);
        both = run_fault(RIG_TLS_FAULT_ALERT_LOST, 0, version, &pki.device);
        assert_true(both.client.echoed);
        assert_false(both.server.misbehaved);
    }
}

static void alert_after_the_server_hello(void **state)
{
    struct rig_tls_settings settings = good_settings(&pki);
    struct rig_tls_endpoint *endpoint = NULL;
    struct rig_error err;
    const struct both both = run_fault(RIG_TLS_FAULT_ALERT_AFTER_HELLO, 80, 0x0303, &pki.device);

    (void)state;
    assert_int_equal(both.client.alert_received, 80);
    assert_int_equal(both.server.alert_sent, 80);
    assert_true(both.server.misbehaved);
    assert_string_equal(both.client.version, "TLSv1.2");
    settings.fault = RIG_TLS_FAULT_ALERT_AFTER_HELLO;
    assert_false(rig_tls_endpoint_open(server, &settings, &endpoint, &err).ok);
    assert_non_null(strstr(err.text, "TLS 1.2 only"));
}

static void servers_that_fail_after_the_handshake(void **state)
{
    struct both both = run_fault(RIG_TLS_FAULT_NO_ECHO, 0, 0x0303, &pki.device);

    (void)state;
    assert_true(both.client.handshake_done);
    assert_false(both.client.echoed);
    assert_true(both.server.misbehaved);
    assert_string_equal(both.client.error_text, "closed by the server");
    both = run_fault(RIG_TLS_FAULT_WRONG_ECHO, 0, 0x0304, &pki.device);
    assert_false(both.client.echoed);
    assert_true(both.server.misbehaved);
    assert_string_equal(both.client.error_text, "the server sent other bytes back");
    both = run_fault(RIG_TLS_FAULT_RESET_AFTER_HANDSHAKE, 0, 0x0303, &pki.device);
    assert_true(both.server.misbehaved);
    assert_true(both.client.handshake_done);
    assert_false(both.client.echoed);
}

static void a_silent_server_runs_into_the_timeout(void **state)
{
    struct rig_tls_settings settings = good_settings(&pki);
    struct rig_tls_client_settings client;
    struct rig_tls_endpoint *endpoint;
    struct both both;

    (void)state;
    settings.fault = RIG_TLS_FAULT_SILENT;
    settings.connection_timeout_ms = 150;
    endpoint = open_endpoint(server, &settings);
    client = good_reference(&pki, endpoint);
    client.timeout_ms = 100;
    both = run_both(endpoint, &client);
    assert_true(both.client.timed_out);
    assert_false(both.client.handshake_done);
    assert_int_equal(both.server.n_sent, 0);
    rig_tls_endpoint_close(endpoint);
}

static void servers_that_let_pass(void **state)
{
    const struct {
        enum rig_tls_fault fault;
        const struct pki_identity *device;
        int verify_error; /* of the good server */
    } rows[] = {
        {RIG_TLS_FAULT_NO_VERIFY, &pki.device_other, 20},
        {RIG_TLS_FAULT_NO_VERIFY, &pki.device_revoked, 23},
        {RIG_TLS_FAULT_NO_CRL, &pki.device_revoked, 23},
        {RIG_TLS_FAULT_NO_TIME, &pki.device_expired, 10},
        {RIG_TLS_FAULT_NO_TIME, &pki.device_future, 9},
        {RIG_TLS_FAULT_ANY_PURPOSE, &pki.device_server_only, 26},
        {RIG_TLS_FAULT_NO_CERTIFICATE_OK, NULL, 0},
    };

    (void)state;
    for (int version = 0x0303; version <= 0x0304; version++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            struct both both = run_fault(RIG_TLS_FAULT_NONE, 0, version, rows[i].device);

            assert_false(both.client.echoed);
            assert_int_equal(both.server.verify_error, rows[i].verify_error);
            both = run_fault(rows[i].fault, 0, version, rows[i].device);
            if (!both.client.echoed) {
                fail_msg("%s lets row %zu not pass: %s", rig_tls_fault_name(rows[i].fault), i,
                         both.server.error_text);
            }
        }
    }
}

static void faults_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < RIG_TLS_N_FAULTS; i++) {
        const enum rig_tls_fault fault = (enum rig_tls_fault)i;

        assert_int_equal(rig_tls_fault_of(rig_tls_fault_name(fault)), fault);
        assert_true(strlen(rig_tls_fault_text(fault)) > 10);
    }
    assert_int_equal(rig_tls_fault_of("nonsense"), RIG_TLS_N_FAULTS);
    assert_string_equal(rig_tls_fault_name(RIG_TLS_N_FAULTS), "unknown");
}

/* ---- enrolment and policy ---- */

struct hook {
    bool allow;
    int n_chain;
    char line[64];
};

static bool allows(void *ctx, STACK_OF(X509) * chain, char *reason, size_t reason_size)
{
    struct hook *const hook = ctx;

    hook->n_chain = sk_X509_num(chain);
    (void)rig_copy_text(reason, reason_size, hook->allow ? "entry one" : "disabled by entry one");
    return hook->allow;
}

static bool registers(void *ctx, STACK_OF(X509) * chain, STACK_OF(X509) * presented,
                      const char *line, size_t n_line, char *reason, size_t reason_size)
{
    struct hook *const hook = ctx;

    (void)chain;
    (void)presented;
    memcpy(hook->line, line, n_line < 63 ? n_line : 63);
    (void)rig_copy_text(reason, reason_size, "line");
    return hook->allow;
}

static void enrolment_is_asked_before_the_echo(void **state)
{
    struct rig_tls_settings settings = good_settings(&pki);
    struct hook hook = {.allow = true};
    struct rig_tls_client_settings client;
    struct rig_tls_endpoint *endpoint;
    struct both both;

    (void)state;
    settings.enrolment = (struct rig_tls_enrolment_hook){.allows = allows, .ctx = &hook};
    endpoint = open_endpoint(server, &settings);
    client = good_reference(&pki, endpoint);
    both = run_both(endpoint, &client);
    assert_true(both.client.echoed);
    assert_string_equal(both.server.enrolment_text, "entry one");
    assert_int_equal(hook.n_chain, 3); /* the verified path, with the root that was not sent */
    hook.allow = false;
    both = run_both(endpoint, &client);
    assert_true(both.server.handshake_done);
    assert_false(both.client.echoed);
    assert_int_equal(both.server.verify_error, 0);
    assert_int_equal(both.server.alert_sent, NONE);
    assert_int_equal(both.server.refused_by, RIG_TLS_REFUSED_BY_ENROLMENT);
    assert_string_equal(both.server.refusal_text, "disabled by entry one");
    assert_string_equal(both.client.error_text, "closed by the server");
    rig_tls_endpoint_close(endpoint);
    settings.fault = RIG_TLS_FAULT_NO_ENROLMENT;
    endpoint = open_endpoint(server, &settings);
    client.port = rig_tls_endpoint_port(endpoint);
    assert_true(run_both(endpoint, &client).client.echoed);
    rig_tls_endpoint_close(endpoint);
}

static void enrolment_reads_the_first_line(void **state)
{
    struct rig_tls_settings settings = good_settings(&pki);
    struct hook hook = {.allow = true};
    struct rig_tls_client_settings client;
    struct rig_tls_client_report report;
    struct rig_tls_evidence evidence;
    struct rig_tls_endpoint *endpoint;

    (void)state;
    settings.enrolment = (struct rig_tls_enrolment_hook){.registers = registers, .ctx = &hook};
    endpoint = open_endpoint(server, &settings);
    client = good_reference(&pki, endpoint);
    client.http_request = "register id=board-1\r\n";
    client.max_response_bytes = strlen(client.http_request);
    run_reference(&client, &report);
    assert_string_equal(rig_buf_text(&report.response), client.http_request);
    assert_string_equal(hook.line, "register id=board-1");
    (void)take_evidence(endpoint, report.client_random, &evidence, LONG_MS);
    assert_true(evidence.echoed);
    rig_tls_client_report_free(&report);
    hook.allow = false;
    run_reference(&client, &report);
    assert_int_equal(report.response.len, 0);
    (void)take_evidence(endpoint, report.client_random, &evidence, LONG_MS);
    assert_int_equal(evidence.refused_by, RIG_TLS_REFUSED_BY_ENROLMENT);
    rig_tls_client_report_free(&report);
    rig_tls_endpoint_close(endpoint);
}

static void policy_findings_refuse_when_they_shall(void **state)
{
    const struct rig_tls_device_policy policy = {.allowed_keys = RIG_TLS_KEY_RSA_2048,
                                                 .cn_form = "unit-[0-9]+"};
    struct rig_tls_settings settings = good_settings(&pki);
    struct rig_tls_client_settings client;
    struct rig_tls_endpoint *endpoint;
    struct both both;

    (void)state;
    settings.policy = &policy;
    for (int refuses = 0; refuses <= 2; refuses++) {
        settings.policy_refuses = refuses != 0;
        settings.fault = refuses == 2 ? RIG_TLS_FAULT_NO_POLICY : RIG_TLS_FAULT_NONE;
        endpoint = open_endpoint(server, &settings);
        client = good_reference(&pki, endpoint);
        both = run_both(endpoint, &client);
        assert_int_equal(both.server.policy_findings,
                         1U << RIG_TLS_FINDING_KEY_TYPE | 1U << RIG_TLS_FINDING_CN_FORM);
        assert_int_equal(both.client.echoed, refuses != 1);
        assert_int_equal(both.server.refused_by,
                         refuses == 1 ? RIG_TLS_REFUSED_BY_POLICY : RIG_TLS_NOT_REFUSED);
        assert_string_equal(both.server.refusal_text, refuses == 1 ? "key_type, cn_form" : "");
        rig_tls_endpoint_close(endpoint);
    }
}

static int set_up(void **state)
{
    (void)state;
    pki_make(&pki);
    server = start_server(0, 0, NULL);
    return 0;
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
        cmocka_unit_test(versions_and_algorithms),
        cmocka_unit_test(certificates_and_sizes),
        cmocka_unit_test(names),
        cmocka_unit_test(renegotiation),
        cmocka_unit_test(refusals_that_lose_their_alert),
        cmocka_unit_test(alert_after_the_server_hello),
        cmocka_unit_test(servers_that_fail_after_the_handshake),
        cmocka_unit_test(a_silent_server_runs_into_the_timeout),
        cmocka_unit_test(servers_that_let_pass),
        cmocka_unit_test(faults_have_names),
        cmocka_unit_test(enrolment_is_asked_before_the_echo),
        cmocka_unit_test(enrolment_reads_the_first_line),
        cmocka_unit_test(policy_findings_refuse_when_they_shall),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
