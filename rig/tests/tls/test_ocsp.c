/* SPDX-License-Identifier: Apache-2.0 */
/* The status of a device by OCSP: every answer and every failure, under both policies, by a
 * responder over HTTP and by the callback. */
#include "rig/tests/tls/harness.h"
#include "rig/tls/ocsp_query.h"
#include "rig/tls/ocsp_responder.h"

#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

static struct pki pki;
static struct rig_tls_server *server;
static struct pki_identity delegate;     /* OCSPSigning, of the device's CA */
static struct pki_identity no_usage;     /* of the device's CA, without OCSPSigning */
static struct pki_identity other_signer; /* OCSPSigning, of another CA */

/* How one answer is made. */
struct answer {
    int status;                        /* V_OCSP_CERTSTATUS_* */
    const struct pki_identity *signer; /* NULL: the CA itself */
    long this_update_s;                /* from now */
    long next_update_s;                /* 0: none */
    bool other_serial;
    bool other_issuer;
    bool broken_signature;
    bool without_nonce;
    bool wrong_nonce;
};

static OCSP_CERTID *certificate_of(const struct answer *answer, OCSP_REQUEST *request)
{
    const struct pki_ca *const issuer =
        answer->other_issuer ? &pki.other_intermediate : &pki.intermediate;
    const X509 *const subject = answer->other_serial ? pki.device_rsa.certificate : NULL;
    ASN1_INTEGER *serial = NULL;

    PKI_MUST(OCSP_id_get0_info(NULL, NULL, NULL, &serial,
                               OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0))) == 1);
    return OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(issuer->certificate),
                            X509_get0_pubkey_bitstr(issuer->certificate),
                            subject != NULL ? X509_get0_serialNumber(subject) : serial);
}

static void add_status(OCSP_BASICRESP *basic, const struct answer *answer, OCSP_REQUEST *request)
{
    OCSP_CERTID *const id = certificate_of(answer, request);
    ASN1_TIME *const this_update = X509_gmtime_adj(NULL, answer->this_update_s);
    ASN1_TIME *const next_update =
        answer->next_update_s != 0 ? X509_gmtime_adj(NULL, answer->next_update_s) : NULL;
    ASN1_TIME *const revoked = X509_gmtime_adj(NULL, -60);

    PKI_MUST(OCSP_basic_add1_status(basic, id, answer->status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                                    answer->status == V_OCSP_CERTSTATUS_REVOKED ? revoked : NULL,
                                    this_update, next_update) != NULL);
    ASN1_TIME_free(this_update);
    ASN1_TIME_free(next_update);
    ASN1_TIME_free(revoked);
    OCSP_CERTID_free(id);
}

/* Runs on the responder's or the server's thread; `ctx` is not changed meanwhile. */
static bool make_answer(void *ctx, const uint8_t *bytes, size_t n_bytes, struct rig_buf *out)
{
    const struct answer *const answer = ctx;
    const unsigned char *at = bytes;
    OCSP_REQUEST *const request = d2i_OCSP_REQUEST(NULL, &at, (long)n_bytes);
    OCSP_BASICRESP *const basic = OCSP_BASICRESP_new();
    OCSP_RESPONSE *response;
    unsigned char *der = NULL;
    struct rig_error err;
    int len;

    PKI_MUST(request != NULL && basic != NULL);
    add_status(basic, answer, request);
    if (answer->wrong_nonce) {
        PKI_MUST(OCSP_basic_add1_nonce(basic, NULL, 16) == 1);
    } else if (!answer->without_nonce) {
        PKI_MUST(OCSP_copy_nonce(basic, request) > 0);
    }
    PKI_MUST(OCSP_basic_sign(basic,
                             answer->signer != NULL ? answer->signer->certificate
                                                    : pki.intermediate.certificate,
                             answer->signer != NULL ? answer->signer->key : pki.intermediate.key,
                             EVP_sha256(), NULL, 0) == 1);
    response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    len = i2d_OCSP_RESPONSE(response, &der);
    PKI_MUST(len > 0);
    if (answer->broken_signature) {
        const ASN1_OCTET_STRING *const signature = OCSP_resp_get0_signature(basic);
        uint8_t *const in_der =
            memmem(der, (size_t)len, signature->data, (size_t)signature->length);

        PKI_MUST(in_der != NULL);
        in_der[signature->length - 1] ^= 1;
    }
    PKI_MUST(rig_buf_append(out, der, (size_t)len, &err).ok);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_REQUEST_free(request);
    return true;
}

struct row {
    const char *name;
    struct answer answer;
    enum rig_tls_ocsp_nonce nonce;
    enum rig_tls_ocsp_result result;
};

#define GOOD V_OCSP_CERTSTATUS_GOOD
#define DATES .this_update_s = -60, .next_update_s = 3600

static const struct row rows[] = {
    {"good", {.status = GOOD, DATES}, RIG_TLS_OCSP_NONCE_REQUIRED, RIG_TLS_OCSP_GOOD},
    {"good, by a delegate",
     {.status = GOOD, .signer = &delegate, DATES},
     RIG_TLS_OCSP_NONCE_REQUIRED,
     RIG_TLS_OCSP_GOOD},
    {"good, no nextUpdate",
     {.status = GOOD, .this_update_s = -60},
     RIG_TLS_OCSP_NO_NONCE,
     RIG_TLS_OCSP_GOOD},
    {"revoked",
     {.status = V_OCSP_CERTSTATUS_REVOKED, DATES},
     RIG_TLS_OCSP_NO_NONCE,
     RIG_TLS_OCSP_REVOKED},
    {"unknown",
     {.status = V_OCSP_CERTSTATUS_UNKNOWN, DATES},
     RIG_TLS_OCSP_NO_NONCE,
     RIG_TLS_OCSP_UNKNOWN},
    {"stale",
     {.status = GOOD, .this_update_s = -7200, .next_update_s = -3600},
     RIG_TLS_OCSP_NO_NONCE,
     RIG_TLS_OCSP_STALE},
    {"of the future",
     {.status = GOOD, .this_update_s = 3600, .next_update_s = 7200},
     RIG_TLS_OCSP_NO_NONCE,
     RIG_TLS_OCSP_FUTURE},
    {"other serial",
     {.status = GOOD, .other_serial = true, DATES},
     RIG_TLS_OCSP_NO_NONCE,
     RIG_TLS_OCSP_WRONG_CERTIFICATE},
    {"other issuer, signed by ours",
     {.status = GOOD, .other_issuer = true, DATES},
     RIG_TLS_OCSP_NO_NONCE,
     RIG_TLS_OCSP_WRONG_SIGNER},
    {"bad signature",
     {.status = GOOD, .broken_signature = true, DATES},
     RIG_TLS_OCSP_NO_NONCE,
     RIG_TLS_OCSP_BAD_SIGNATURE},
    {"signer without OCSPSigning",
     {.status = GOOD, .signer = &no_usage, DATES},
     RIG_TLS_OCSP_NO_NONCE,
     RIG_TLS_OCSP_WRONG_SIGNER},
    {"signer of another CA",
     {.status = GOOD, .signer = &other_signer, DATES},
     RIG_TLS_OCSP_NO_NONCE,
     RIG_TLS_OCSP_WRONG_SIGNER},
    {"no nonce, required",
     {.status = GOOD, .without_nonce = true, DATES},
     RIG_TLS_OCSP_NONCE_REQUIRED,
     RIG_TLS_OCSP_NONCE},
    {"no nonce, optional",
     {.status = GOOD, .without_nonce = true, DATES},
     RIG_TLS_OCSP_NONCE_IF_GIVEN,
     RIG_TLS_OCSP_GOOD},
    {"another nonce",
     {.status = GOOD, .wrong_nonce = true, DATES},
     RIG_TLS_OCSP_NONCE_IF_GIVEN,
     RIG_TLS_OCSP_NONCE},
};

static void check_verdict(const char *name, const struct both *both,
                          enum rig_tls_ocsp_result result, bool fail_open)
{
    const bool echoed =
        result == RIG_TLS_OCSP_GOOD || (fail_open && !rig_tls_ocsp_is_answer(result));

    print_message("%s, fail %s: %s, '%s', %s\n", name, fail_open ? "open" : "closed",
                  rig_tls_ocsp_result_name(both->server.ocsp_result), both->server.ocsp_text,
                  both->client.echoed ? "echoed" : "refused");
    assert_true(both->server.handshake_done);
    assert_int_equal(both->server.verify_error, 0);
    assert_int_equal(both->server.ocsp_result, result);
    assert_int_equal(both->client.echoed, echoed);
    assert_int_equal(both->server.refused_by,
                     echoed ? RIG_TLS_NOT_REFUSED : RIG_TLS_REFUSED_BY_OCSP);
    assert_true(both->server.ocsp_ns > 0);
    if (!echoed) {
        assert_non_null(strstr(both->server.refusal_text, rig_tls_ocsp_result_name(result)));
    }
}

static struct both ask(const struct rig_tls_settings *settings)
{
    struct rig_tls_endpoint *const endpoint = open_endpoint(server, settings);
    struct rig_tls_client_settings client = good_reference(&pki, endpoint);
    const struct both both = run_both(endpoint, &client);

    rig_tls_endpoint_close(endpoint);
    return both;
}

static void answers_by_http(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer answer = rows[i].answer;
        const struct rig_ocsp_responder_options options = {.answer = make_answer, .ctx = &answer};
        struct rig_ocsp_responder *responder = NULL;
        struct rig_tls_settings settings = good_settings(&pki);
        struct rig_error err;

        assert_true(rig_ocsp_responder_start(&options, &responder, &err).ok);
        settings.ocsp.url = rig_ocsp_responder_url(responder);
        settings.ocsp.rules.nonce = rows[i].nonce;
        for (int open = 0; open <= 1; open++) {
            struct both both;

            settings.ocsp.fail_open = open != 0;
            both = ask(&settings);
            check_verdict(rows[i].name, &both, rows[i].result, open != 0);
        }
        assert_int_equal(rig_ocsp_responder_n_requests(responder), 2);
        rig_ocsp_responder_stop(responder);
    }
}

static void answers_by_callback(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer answer = rows[i].answer;
        struct rig_tls_settings settings = good_settings(&pki);
        struct both both;

        settings.ocsp.answer = make_answer;
        settings.ocsp.ctx = &answer;
        settings.ocsp.rules.nonce = rows[i].nonce;
        both = ask(&settings);
        check_verdict(rows[i].name, &both, rows[i].result, false);
    }
}

static void responders_that_fail(void **state)
{
    static const struct {
        enum rig_ocsp_behaviour behaviour;
        enum rig_tls_ocsp_result result;
    } failures[] = {
        {RIG_OCSP_DOWN, RIG_TLS_OCSP_UNREACHABLE},
        {RIG_OCSP_MUTE, RIG_TLS_OCSP_TIMED_OUT},
        {RIG_OCSP_TRY_LATER, RIG_TLS_OCSP_TRY_LATER},
        {RIG_OCSP_UNAUTHORIZED, RIG_TLS_OCSP_UNAUTHORIZED},
        {RIG_OCSP_INTERNAL_ERROR, RIG_TLS_OCSP_RESPONDER_ERROR},
        {RIG_OCSP_MALFORMED, RIG_TLS_OCSP_MALFORMED},
        {RIG_OCSP_CUT, RIG_TLS_OCSP_MALFORMED},
        {RIG_OCSP_HTTP_ERROR, RIG_TLS_OCSP_UNREACHABLE},
        {RIG_OCSP_ENDLESS, RIG_TLS_OCSP_MALFORMED},
    };
    struct answer answer = {.status = GOOD, DATES};
    const struct rig_ocsp_responder_options options = {.answer = make_answer, .ctx = &answer};
    struct rig_ocsp_responder *responder = NULL;
    struct rig_tls_settings settings = good_settings(&pki);
    struct rig_error err;

    (void)state;
    assert_true(rig_ocsp_responder_start(&options, &responder, &err).ok);
    settings.ocsp.url = rig_ocsp_responder_url(responder);
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        rig_ocsp_responder_behave(responder, failures[i].behaviour);
        settings.ocsp.timeout_ms = failures[i].behaviour == RIG_OCSP_MUTE ? 100 : LONG_MS;
        for (int open = 0; open <= 1; open++) {
            struct both both;

            settings.ocsp.fail_open = open != 0;
            both = ask(&settings);
            check_verdict(rig_ocsp_behaviour_name(failures[i].behaviour), &both, failures[i].result,
                          open != 0);
        }
    }
    rig_ocsp_responder_stop(responder);
    /* nobody listens there any more */
    for (int open = 0; open <= 1; open++) {
        struct both both;

        settings.ocsp.fail_open = open != 0;
        settings.ocsp.url = "http://127.0.0.1:1/ocsp";
        both = ask(&settings);
        check_verdict("nobody", &both, RIG_TLS_OCSP_UNREACHABLE, open != 0);
    }
}

static bool name_an_error(void *ctx, const uint8_t *bytes, size_t n_bytes, struct rig_buf *out)
{
    const uint8_t der[] = {0x30, 0x03, 0x0a, 0x01, *(const uint8_t *)ctx};
    struct rig_error err;

    (void)bytes;
    (void)n_bytes;
    return rig_buf_append(out, der, sizeof der, &err).ok;
}

/* As Vault: the responseStatus comes behind an error of HTTP, and is what counts. */
static void errors_of_ocsp_behind_errors_of_http(void **state)
{
    static const struct {
        int http;
        uint8_t status;
        enum rig_tls_ocsp_result result;
        const char *text;
    } errors[] = {
        {400, OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, RIG_TLS_OCSP_RESPONDER_ERROR,
         "the responder answered malformedRequest"},
        {500, OCSP_RESPONSE_STATUS_INTERNALERROR, RIG_TLS_OCSP_RESPONDER_ERROR, "internalError"},
        {503, OCSP_RESPONSE_STATUS_TRYLATER, RIG_TLS_OCSP_TRY_LATER, "tryLater"},
        {400, OCSP_RESPONSE_STATUS_SIGREQUIRED, RIG_TLS_OCSP_RESPONDER_ERROR, "sigRequired"},
        {401, OCSP_RESPONSE_STATUS_UNAUTHORIZED, RIG_TLS_OCSP_UNAUTHORIZED, "unauthorized"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        uint8_t status = errors[i].status;
        const struct rig_ocsp_responder_options options = {
            .answer = name_an_error, .ctx = &status, .http_status = errors[i].http};
        struct rig_ocsp_responder *responder = NULL;
        struct rig_tls_settings settings = good_settings(&pki);
        struct rig_error err;
        struct both both;

        assert_true(rig_ocsp_responder_start(&options, &responder, &err).ok);
        settings.ocsp.url = rig_ocsp_responder_url(responder);
        both = ask(&settings);
        check_verdict(errors[i].text, &both, errors[i].result, false);
        assert_non_null(strstr(both.server.ocsp_text, errors[i].text));
        rig_ocsp_responder_stop(responder);
    }
}

/* What a responder sends over HTTP, byte for byte. */
static void words_of_http(void **state)
{
#define TYPE "Content-Type: application/ocsp-response\r\n"
#define ERROR_1 "\x30\x03\x0a\x01\x01"
    static const struct {
        const char *sent;
        enum rig_tls_ocsp_progress progress;
        bool response;
        const char *text;
    } sendings[] = {
        {"", RIG_TLS_OCSP_NO_ANSWER, false, "closed the connection"},
        {"220 mail ready\r\n", RIG_TLS_OCSP_ANSWERED, false, ""},
        {"HTTP/1.1 200 OK\r\n" TYPE "\r\n" ERROR_1, RIG_TLS_OCSP_ANSWERED, true, ""},
        {"HTTP/1.0 200 OK\r\ncontent-type:application/OCSP-response; x=y\r\n"
         "content-length: 5\r\n\r\n" ERROR_1,
         RIG_TLS_OCSP_ANSWERED, true, ""},
        {"HTTP/1.1 200 OK\r\n" TYPE "Content-Length: 6\r\n\r\n" ERROR_1, RIG_TLS_OCSP_ANSWERED,
         false, ""},
        {"HTTP/1.1 200 OK\r\n" TYPE "\r\n" ERROR_1 "x", RIG_TLS_OCSP_ANSWERED, false, ""},
        {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" ERROR_1, RIG_TLS_OCSP_ANSWERED, false,
         ""},
        {"HTTP/1.1 200 OK\r\n\r\n" ERROR_1, RIG_TLS_OCSP_ANSWERED, false, ""},
        {"HTTP/1.1 200 OK\r\n" TYPE, RIG_TLS_OCSP_ANSWERED, false, ""},
        {"HTTP/1.1 400 Bad Request\r\n" TYPE "\r\n" ERROR_1, RIG_TLS_OCSP_ANSWERED, true, ""},
        {"HTTP/1.1 400 Bad Request\r\n" TYPE "\r\n", RIG_TLS_OCSP_NO_ANSWER, false, "status 400"},
        {"HTTP/1.1 404 Not Found\r\n\r\n<html>", RIG_TLS_OCSP_NO_ANSWER, false, "status 404"},
        {"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", RIG_TLS_OCSP_NO_ANSWER, false, "status 302"},
        {"HTTP/1.1 401 Unauthorized\r\n\r\n", RIG_TLS_OCSP_DENIED, false, "status 401"},
        {"HTTP/1.1 500", RIG_TLS_OCSP_NO_ANSWER, false, "status 500"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof sendings / sizeof sendings[0]; i++) {
        RIG_AUTO(rig_buf_free) struct rig_buf in = {0};
        OCSP_RESPONSE *response = NULL;
        struct rig_error err;
        char text[128] = "";

        assert_true(rig_buf_append_text(&in, sendings[i].sent, &err).ok);
        print_message("sending %zu\n", i);
        assert_int_equal(rig_tls_ocsp_http_judge(&in, &response, text, sizeof text),
                         sendings[i].progress);
        assert_int_equal(response != NULL, sendings[i].response);
        assert_non_null(strstr(text, sendings[i].text));
        OCSP_RESPONSE_free(response);
    }
}

/* A listener with a full queue, which neither takes a connection nor refuses it. */
static int listen_to_nobody(struct rig_tls_ocsp_target *target, int waiting[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    for (int i = 0; i < 2; i++) {
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(waiting[i], (struct sockaddr *)&address, sizeof address);
    }
    memcpy(&target->address, &address, sizeof address);
    target->address_len = sizeof address;
    return fd;
}

/* The server asks on before there is a connection: why there is none in the end must not get lost.
 */
static void a_late_refusal_is_told_as_one(void **state)
{
    struct rig_tls_ocsp_target target = {.host = "127.0.0.1:1", .path = "/"};
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    OCSP_RESPONSE *response = NULL;
    struct rig_tls_ocsp_query *query;
    struct pollfd ready = {.events = POLLOUT};
    char text[128] = "";
    int waiting[2];
    int listener = listen_to_nobody(&target, waiting);

    (void)state;
    query = rig_tls_ocsp_query_new(&target, request);
    assert_non_null(query);
    assert_int_equal(rig_tls_ocsp_query_drive(query, &response, text, sizeof text),
                     RIG_TLS_OCSP_WAITS);
    assert_int_equal(rig_tls_ocsp_query_events(query), EPOLLOUT);
    (void)close(listener);
    ready.fd = rig_tls_ocsp_query_fd(query);
    assert_int_equal(poll(&ready, 1, LONG_MS), 1); /* the next try of its SYN: a second */
    assert_int_equal(rig_tls_ocsp_query_drive(query, &response, text, sizeof text),
                     RIG_TLS_OCSP_NO_ANSWER);
    assert_string_equal(text, "no connection to the responder: Connection refused");
    rig_tls_ocsp_query_free(query);
    OCSP_REQUEST_free(request);
    (void)close(waiting[0]);
    (void)close(waiting[1]);
}

/* While one board waits for a slow responder, the server serves the others. */
static void a_slow_responder_holds_up_nobody_else(void **state)
{
    struct answer answer = {.status = GOOD, DATES};
    const struct rig_ocsp_responder_options options = {
        .answer = make_answer, .ctx = &answer, .behaviour = RIG_OCSP_SLOW, .delay_ms = 300};
    struct rig_ocsp_responder *responder = NULL;
    struct rig_tls_settings settings = good_settings(&pki);
    struct rig_tls_settings plain = good_settings(&pki);
    struct rig_tls_endpoint *slow;
    struct rig_tls_client_settings client;
    struct rig_tls_client_report report;
    struct rig_tls_evidence evidence;
    struct rig_error err;

    (void)state;
    assert_true(rig_ocsp_responder_start(&options, &responder, &err).ok);
    settings.ocsp.url = rig_ocsp_responder_url(responder);
    settings.ocsp.timeout_ms = LONG_MS;
    slow = open_endpoint(server, &settings);
    client = good_reference(&pki, slow);
    client.timeout_ms = 60; /* gives up while the responder still thinks */
    run_reference(&client, &report);
    assert_true(report.timed_out);
    assert_false(report.echoed);
    rig_tls_client_report_free(&report);
    assert_true(ask(&plain).client.echoed);
    client.timeout_ms = 0;
    run_reference(&client, &report);
    assert_true(report.echoed);
    (void)take_evidence(slow, report.client_random, &evidence, LONG_MS);
    assert_int_equal(evidence.ocsp_result, RIG_TLS_OCSP_GOOD);
    assert_true(evidence.ocsp_ns >= 250 * RIG_NS_PER_MS);
    rig_tls_client_report_free(&report);
    rig_tls_endpoint_close(slow);
    rig_ocsp_responder_stop(responder);
}

static void twins_of_ocsp(void **state)
{
    struct answer answer = {.status = V_OCSP_CERTSTATUS_REVOKED, DATES};
    struct rig_tls_settings settings = good_settings(&pki);
    struct both both;

    (void)state;
    settings.ocsp.answer = make_answer;
    settings.ocsp.ctx = &answer;
    assert_false(ask(&settings).client.echoed);
    settings.fault = RIG_TLS_FAULT_NO_OCSP;
    both = ask(&settings);
    assert_true(both.client.echoed);
    assert_int_equal(both.server.ocsp_result, RIG_TLS_OCSP_NOT_ASKED);
    answer = (struct answer){
        .status = GOOD, .signer = &other_signer, .this_update_s = -7200, .next_update_s = -3600};
    settings.fault = RIG_TLS_FAULT_NONE;
    assert_false(ask(&settings).client.echoed);
    settings.fault = RIG_TLS_FAULT_OCSP_UNVERIFIED;
    assert_true(ask(&settings).client.echoed);
    settings.fault = RIG_TLS_FAULT_OCSP_FAIL_OPEN;
    assert_true(ask(&settings).client.echoed);
}

/* A stale OCSP answer does not bring back who is on the CRL. */
static void the_crl_stands_beside_ocsp(void **state)
{
    struct answer answer = {.status = GOOD, DATES};
    struct rig_tls_settings settings = good_settings(&pki);
    struct rig_tls_endpoint *endpoint;
    struct rig_tls_client_settings client;
    struct both both;

    (void)state;
    settings.ocsp.answer = make_answer;
    settings.ocsp.ctx = &answer;
    endpoint = open_endpoint(server, &settings);
    client = good_reference(&pki, endpoint);
    client.certificate_pem = rig_buf_text(&pki.device_revoked.chain_pem);
    client.key_pem = rig_buf_text(&pki.device_revoked.key_pem);
    both = run_both(endpoint, &client);
    assert_int_equal(both.client.alert_received, 44);
    assert_int_equal(both.server.ocsp_result, RIG_TLS_OCSP_NOT_ASKED);
    rig_tls_endpoint_close(endpoint);
}

static void bad_addresses_are_named(void **state)
{
    static const char *const urls[] = {"https://127.0.0.1/ocsp", "http://", "http://[::1/x",
                                       "nonsense"};
    struct rig_tls_settings settings = good_settings(&pki);

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct rig_tls_endpoint *endpoint = NULL;
        struct rig_error err;

        settings.ocsp.url = urls[i];
        assert_false(rig_tls_endpoint_open(server, &settings, &endpoint, &err).ok);
        print_message("%s\n", err.text);
        assert_true(err.code == RIG_E_INVALID || err.code == RIG_E_NOT_FOUND);
    }
}

static void make_signer(struct pki_identity *signer, const struct pki_ca *issuer, const char *usage)
{
    signer->key = pki_key(0);
    signer->certificate = pki_issue(&(struct pki_wish){.common_name = "Status",
                                                       .issuer = issuer,
                                                       .key = signer->key,
                                                       .extended_usage = usage,
                                                       .starts_in_s = -3600,
                                                       .ends_in_s = PKI_DAY_S});
}

static int set_up(void **state)
{
    (void)state;
    pki_make(&pki);
    make_signer(&delegate, &pki.intermediate, "OCSPSigning");
    make_signer(&no_usage, &pki.intermediate, "clientAuth");
    make_signer(&other_signer, &pki.other_intermediate, "OCSPSigning");
    server = start_server(0, 0, NULL);
    return 0;
}

static void free_signer(struct pki_identity *signer)
{
    X509_free(signer->certificate);
    EVP_PKEY_free(signer->key);
}

static int tear_down(void **state)
{
    (void)state;
    rig_tls_server_stop(server);
    free_signer(&delegate);
    free_signer(&no_usage);
    free_signer(&other_signer);
    pki_free(&pki);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_by_http),
        cmocka_unit_test(answers_by_callback),
        cmocka_unit_test(responders_that_fail),
        cmocka_unit_test(errors_of_ocsp_behind_errors_of_http),
        cmocka_unit_test(words_of_http),
        cmocka_unit_test(a_late_refusal_is_told_as_one),
        cmocka_unit_test(a_slow_responder_holds_up_nobody_else),
        cmocka_unit_test(twins_of_ocsp),
        cmocka_unit_test(the_crl_stands_beside_ocsp),
        cmocka_unit_test(bad_addresses_are_named),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
