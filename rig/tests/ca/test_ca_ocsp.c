/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP of the local CA: what its responder says and is, and what a relying party believes. */
#include "fixture.h"

#include "rig/base/file.h"
#include "rig/ca/issue.h"
#include "rig/ca/key.h"
#include "rig/ca/ocsp.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MS_PER_MINUTE (INT64_C(60) * 1000)
#define MS_PER_HOUR (60 * MS_PER_MINUTE)

/* The CAs as a relying party has them: issuing CA first, root last. */
static STACK_OF(X509) * cas_of(struct fx *fx)
{
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    STACK_OF(X509) *cas = NULL;

    fx_ok(rig_buf_append_text(&pem, rig_buf_text(&fx->ca->chain_pem), &fx->err), &fx->err);
    fx_ok(rig_buf_append_text(&pem, rig_buf_text(&fx->ca->root_pem), &fx->err), &fx->err);
    fx_ok(rig_pki_certificates_of_pem(rig_buf_text(&pem), "CAs", &cas, &fx->err), &fx->err);
    return cas;
}

static OCSP_REQUEST *ask(struct fx *fx, X509 *issuer, const char *serial, bool with_nonce)
{
    OCSP_REQUEST *request = NULL;

    fx_ok(rig_ocsp_request(issuer, serial, with_nonce, &request, &fx->err), &fx->err);
    return request;
}

static void answer_to(struct fx *fx, OCSP_REQUEST *request, struct rig_buf *response)
{
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};

    rig_buf_reset(response);
    fx_ok(rig_ocsp_request_der(request, &der, &fx->err), &fx->err);
    fx_ok(rig_ca_answer_ocsp(fx->ca, der.data, der.len, response, fx_wait(), &fx->err), &fx->err);
}

static rig_result read_at(struct fx *fx, STACK_OF(X509) * cas, int64_t now_ms,
                          OCSP_REQUEST *request, const struct rig_buf *response,
                          struct rig_ca_ocsp *ocsp)
{
    const struct rig_ocsp_reader reader = {
        .responder = "this CA",
        .cas = cas,
        .root = sk_X509_value(cas, sk_X509_num(cas) - 1),
        .now_ms = now_ms,
    };

    return rig_ocsp_read(&reader, request, response->data, response->len, ocsp, &fx->err);
}

static OCSP_BASICRESP *basic_of(const struct rig_buf *response)
{
    const uint8_t *at = response->data;
    RIG_AUTO(rig_auto_OCSP_RESPONSE)
    OCSP_RESPONSE *decoded = d2i_OCSP_RESPONSE(NULL, &at, (long)response->len);
    OCSP_BASICRESP *basic;

    assert_non_null(decoded);
    assert_int_equal(OCSP_response_status(decoded), OCSP_RESPONSE_STATUS_SUCCESSFUL);
    basic = OCSP_response_get1_basic(decoded);
    assert_non_null(basic);
    return basic;
}

static int response_status(const struct rig_buf *response)
{
    const uint8_t *at = response->data;
    RIG_AUTO(rig_auto_OCSP_RESPONSE)
    OCSP_RESPONSE *decoded = d2i_OCSP_RESPONSE(NULL, &at, (long)response->len);

    assert_non_null(decoded);
    return OCSP_response_status(decoded);
}

/* The certificate of the responder that signed an answer to any question. */
static X509 *responder_now(struct fx *fx, struct rig_buf *response)
{
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *cas = cas_of(fx);
    RIG_AUTO(rig_auto_OCSP_REQUEST)
    OCSP_REQUEST *request = ask(fx, sk_X509_value(cas, 0), "0123", true);
    RIG_AUTO(rig_auto_OCSP_BASICRESP) OCSP_BASICRESP *basic = NULL;
    X509 *copy;

    answer_to(fx, request, response);
    basic = basic_of(response);
    assert_int_equal(sk_X509_num(OCSP_resp_get0_certs(basic)), 1);
    copy = X509_dup(sk_X509_value(OCSP_resp_get0_certs(basic), 0));
    assert_non_null(copy);
    return copy;
}

static rig_result see(void *ctx, const char *serial, bool revoked, const struct rig_buf *der,
                      struct rig_error *err)
{
    (void)serial;
    (void)der;
    (void)err;
    assert_false(revoked);
    (*(size_t *)ctx)++;
    return RIG_DONE;
}

static void test_the_responder_is_one_that_the_issuing_ca_delegates_to(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *cas = cas_of(fx);
    RIG_AUTO(rig_buf_free) struct rig_buf response = {0};
    RIG_AUTO(rig_auto_X509) X509 *responder = responder_now(fx, &response);
    RIG_AUTO(rig_auto_OCSP_BASICRESP) OCSP_BASICRESP *basic = basic_of(&response);
    const ASN1_OCTET_STRING *by_key = NULL;
    const X509_NAME *by_name = NULL;
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    int64_t from_ms = 0;
    int64_t end_ms = 0;
    int64_t produced_ms = 0;
    size_t n = 0;

    assert_int_equal(X509_check_issued(sk_X509_value(cas, 0), responder), X509_V_OK);
    assert_int_equal(X509_verify(responder, X509_get0_pubkey(sk_X509_value(cas, 0))), 1);
    assert_int_equal(X509_get_extended_key_usage(responder), XKU_OCSP_SIGN);
    assert_int_equal(X509_get_key_usage(responder), KU_DIGITAL_SIGNATURE);
    assert_true(X509_get_ext_by_NID(responder, NID_id_pkix_OCSP_noCheck, -1) >= 0);
    assert_int_equal(X509_check_ca(responder), 0);
    fx_ok(rig_pki_time_get(X509_get0_notBefore(responder), &from_ms, &fx->err), &fx->err);
    fx_ok(rig_pki_time_get(X509_get0_notAfter(responder), &end_ms, &fx->err), &fx->err);
    assert_true(from_ms <= fx->now_ms && end_ms - fx->now_ms <= FX_MS_PER_DAY);
    assert_int_equal(OCSP_resp_get0_id(basic, &by_key, &by_name), 1);
    assert_non_null(by_key);
    fx_ok(rig_pki_time_get(OCSP_resp_get0_produced_at(basic), &produced_ms, &fx->err), &fx->err);
    assert_int_equal(produced_ms / 1000, fx->now_ms / 1000);
    /* the CA remembers it as all that it issues */
    fx_ok(rig_pki_spki_sha256(X509_get_X509_PUBKEY(responder), spki_sha256, &fx->err), &fx->err);
    fx_ok(rig_ca_issued_for(fx->ca, spki_sha256, see, &n, fx_wait(), &fx->err), &fx->err);
    assert_int_equal(n, 1);
}

static void test_good_revoked_and_unknown(void **state)
{
    static const enum rig_revocation_reason reasons[] = {
        RIG_REVOKED_UNSPECIFIED, RIG_REVOKED_KEY_COMPROMISE, RIG_REVOKED_SUPERSEDED,
        RIG_REVOKED_CESSATION};
    struct fx *fx = *state;
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *cas = cas_of(fx);
    char serial[RIG_SERIAL_TEXT_SIZE];
    struct rig_ca_ocsp ocsp;

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
        const int64_t revoked_at_ms = fx->now_ms;

        fx_sign(fx, "b1", &certificate);
        fx_ok(rig_ca_ocsp(fx->ca, certificate.serial, &ocsp, fx_wait(), &fx->err), &fx->err);
        assert_int_equal(ocsp.status, RIG_OCSP_GOOD);
        assert_int_equal(ocsp.revoked_at_ms, 0);
        fx_ok(rig_ca_revoke(fx->ca, certificate.serial, reasons[i], fx_wait(), &fx->err), &fx->err);
        fx->now_ms += MS_PER_HOUR;
        fx_ok(rig_ca_ocsp(fx->ca, certificate.serial, &ocsp, fx_wait(), &fx->err), &fx->err);
        assert_int_equal(ocsp.status, RIG_OCSP_REVOKED);
        assert_int_equal(ocsp.reason, reasons[i]);
        assert_int_equal(ocsp.revoked_at_ms / 1000, revoked_at_ms / 1000);
        assert_int_equal(ocsp.this_update_ms / 1000, fx->now_ms / 1000);
        assert_int_equal(ocsp.next_update_ms - ocsp.this_update_ms, MS_PER_HOUR);
    }
    /* a CA's own certificate is another issuer's business */
    rig_pki_serial_text(X509_get0_serialNumber(sk_X509_value(cas, 0)), serial, sizeof serial);
    fx_ok(rig_ca_ocsp(fx->ca, serial, &ocsp, fx_wait(), &fx->err), &fx->err);
    assert_int_equal(ocsp.status, RIG_OCSP_UNKNOWN);
    fx_ok(rig_ca_ocsp(fx->ca, "00", &ocsp, fx_wait(), &fx->err), &fx->err);
    assert_int_equal(ocsp.status, RIG_OCSP_UNKNOWN);
}

static void test_what_another_process_revokes_shows_at_once(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_auto_ca) struct rig_ca *other = NULL;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    struct rig_ca_ocsp ocsp;

    fx_sign(fx, "b1", &certificate);
    fx_ok(rig_ca_ocsp(fx->ca, certificate.serial, &ocsp, fx_wait(), &fx->err), &fx->err);
    assert_int_equal(ocsp.status, RIG_OCSP_GOOD);
    fx_ok(rig_ca_local_open(fx->ca_path, NULL, NULL, &fx->clock, &other, &fx->err), &fx->err);
    fx_ok(rig_ca_revoke(other, certificate.serial, RIG_REVOKED_SUPERSEDED, fx_wait(), &fx->err),
          &fx->err);
    fx_ok(rig_ca_ocsp(fx->ca, certificate.serial, &ocsp, fx_wait(), &fx->err), &fx->err);
    assert_int_equal(ocsp.status, RIG_OCSP_REVOKED);
}

static void test_another_issuer_s_certificates_are_not_answered_for(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *cas = cas_of(fx);
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf response = {0};
    struct rig_ca_ocsp ocsp;

    fx_sign(fx, "b1", &certificate);
    for (int i = 1; i < 3; i++) {
        RIG_AUTO(rig_auto_OCSP_REQUEST)
        OCSP_REQUEST *request = ask(fx, sk_X509_value(cas, i), certificate.serial, true);

        answer_to(fx, request, &response);
        assert_int_equal(response_status(&response), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
        fx_failed(read_at(fx, cas, fx->now_ms, request, &response, &ocsp), &fx->err, RIG_CLASS_CA,
                  RIG_E_REFUSED, "this CA says 'unauthorized'");
    }
}

static int status_for(struct fx *fx, const void *bytes, size_t n_bytes)
{
    RIG_AUTO(rig_buf_free) struct rig_buf response = {0};

    fx_ok(rig_ca_answer_ocsp(fx->ca, bytes, n_bytes, &response, fx_wait(), &fx->err), &fx->err);
    return response_status(&response);
}

static int status_with_extension(struct fx *fx, X509 *issuer, int nid, bool critical, size_t n)
{
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *request = ask(fx, issuer, "0123", false);
    RIG_AUTO(rig_auto_ASN1_OCTET_STRING) ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    X509_EXTENSION *extension;
    uint8_t bytes[200] = {0x04};

    if (n < 128) {
        bytes[1] = (uint8_t)n;
    } else {
        bytes[1] = 0x81;
        bytes[2] = (uint8_t)n;
    }
    assert_int_equal(ASN1_OCTET_STRING_set(value, bytes, (int)n + (n < 128 ? 2 : 3)), 1);
    extension = X509_EXTENSION_create_by_NID(NULL, nid, critical, value);
    assert_int_equal(OCSP_REQUEST_add_ext(request, extension, -1), 1);
    X509_EXTENSION_free(extension);
    fx_ok(rig_ocsp_request_der(request, &der, &fx->err), &fx->err);
    return status_for(fx, der.data, der.len);
}

static void test_what_is_no_request_is_told_so(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *cas = cas_of(fx);
    X509 *issuer = sk_X509_value(cas, 0);
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *request = ask(fx, issuer, "0123", true);
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *empty = OCSP_REQUEST_new();
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf none = {0};

    fx_ok(rig_ocsp_request_der(request, &der, &fx->err), &fx->err);
    assert_int_equal(status_for(fx, der.data, der.len), OCSP_RESPONSE_STATUS_SUCCESSFUL);
    for (size_t n = 0; n < der.len; n++) {
        assert_int_equal(status_for(fx, der.data, n), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
    }
    fx_ok(rig_buf_append(&der, "", 1, &fx->err), &fx->err);
    assert_int_equal(status_for(fx, der.data, der.len), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
    fx_ok(rig_ocsp_request_der(empty, &none, &fx->err), &fx->err);
    assert_int_equal(status_for(fx, none.data, none.len), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
    /* RFC 9654: 1 to 128 octets of nonce */
    assert_int_equal(status_with_extension(fx, issuer, NID_id_pkix_OCSP_Nonce, false, 0),
                     OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
    assert_int_equal(status_with_extension(fx, issuer, NID_id_pkix_OCSP_Nonce, false, 1),
                     OCSP_RESPONSE_STATUS_SUCCESSFUL);
    assert_int_equal(status_with_extension(fx, issuer, NID_id_pkix_OCSP_Nonce, false, 128),
                     OCSP_RESPONSE_STATUS_SUCCESSFUL);
    assert_int_equal(status_with_extension(fx, issuer, NID_id_pkix_OCSP_Nonce, false, 129),
                     OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
    assert_int_equal(
        status_with_extension(fx, issuer, NID_id_pkix_OCSP_acceptableResponses, false, 1),
        OCSP_RESPONSE_STATUS_SUCCESSFUL);
    assert_int_equal(
        status_with_extension(fx, issuer, NID_id_pkix_OCSP_acceptableResponses, true, 1),
        OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
}

static void test_several_are_answered_at_once(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *cas = cas_of(fx);
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate revoked = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf response = {0};
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *request = NULL;
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *second = NULL;
    RIG_AUTO(rig_auto_OCSP_BASICRESP) OCSP_BASICRESP *basic = NULL;
    OCSP_CERTID *id;

    fx_sign(fx, "b1", &revoked);
    fx_ok(rig_ca_revoke(fx->ca, revoked.serial, RIG_REVOKED_CESSATION, fx_wait(), &fx->err),
          &fx->err);
    request = ask(fx, sk_X509_value(cas, 0), "0123", true);
    second = ask(fx, sk_X509_value(cas, 0), revoked.serial, false);
    id = OCSP_CERTID_dup(OCSP_onereq_get0_id(OCSP_request_onereq_get0(second, 0)));
    assert_non_null(OCSP_request_add0_id(request, id));
    answer_to(fx, request, &response);
    basic = basic_of(&response);
    assert_int_equal(OCSP_resp_count(basic), 2);
    assert_int_equal(OCSP_check_nonce(request, basic), 1);
    assert_int_equal(OCSP_single_get0_status(OCSP_resp_get0(basic, 0), NULL, NULL, NULL, NULL),
                     V_OCSP_CERTSTATUS_UNKNOWN);
    assert_int_equal(OCSP_single_get0_status(OCSP_resp_get0(basic, 1), NULL, NULL, NULL, NULL),
                     V_OCSP_CERTSTATUS_REVOKED);
}

/* Whatever bit of an answer changes: it is refused, or says what it said before. */
static void test_a_damaged_answer_never_says_something_else(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *cas = cas_of(fx);
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf response = {0};
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *request = NULL;
    struct rig_ca_ocsp truth;
    size_t n_refused = 0;

    fx_sign(fx, "b1", &certificate);
    fx_ok(rig_ca_revoke(fx->ca, certificate.serial, RIG_REVOKED_SUPERSEDED, fx_wait(), &fx->err),
          &fx->err);
    request = ask(fx, sk_X509_value(cas, 0), certificate.serial, true);
    answer_to(fx, request, &response);
    fx_ok(read_at(fx, cas, fx->now_ms, request, &response, &truth), &fx->err);
    for (size_t i = 0; i < response.len; i++) {
        const uint8_t mask = (uint8_t)(1U << (i % 8));
        struct rig_ca_ocsp ocsp = {.status = RIG_OCSP_GOOD};

        response.data[i] ^= mask;
        if (read_at(fx, cas, fx->now_ms, request, &response, &ocsp).ok) {
            assert_memory_equal(&ocsp, &truth, sizeof truth);
        } else {
            assert_int_equal(fx->err.cls, RIG_CLASS_CA);
            n_refused++;
        }
        response.data[i] ^= mask;
    }
    assert_true(n_refused > response.len * 9 / 10);
    for (size_t n = response.len; n-- > 0;) {
        const struct rig_buf cut = {.data = response.data, .len = n};
        struct rig_ca_ocsp ocsp;

        assert_false(read_at(fx, cas, fx->now_ms, request, &cut, &ocsp).ok);
        assert_int_equal(fx->err.code, RIG_E_PROTOCOL);
    }
}

static void test_answers_have_their_time(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *cas = cas_of(fx);
    RIG_AUTO(rig_buf_free) struct rig_buf response = {0};
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *request = NULL;
    const struct {
        int64_t after_ms;
        const char *refused; /* NULL: believed */
    } times[] = {
        {0, NULL},
        {MS_PER_HOUR + 4 * MS_PER_MINUTE, NULL},
        {MS_PER_HOUR + 6 * MS_PER_MINUTE, "nextUpdate"},
        {-4 * MS_PER_MINUTE, NULL},
        {-6 * MS_PER_MINUTE, "thisUpdate"},
    };

    fx->now_ms += FX_MS_PER_DAY; /* the CAs are older than any of these times */
    request = ask(fx, sk_X509_value(cas, 0), "0123", true);
    answer_to(fx, request, &response);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct rig_ca_ocsp ocsp;
        const rig_result result =
            read_at(fx, cas, fx->now_ms + times[i].after_ms, request, &response, &ocsp);

        if (times[i].refused == NULL) {
            fx_ok(result, &fx->err);
        } else {
            fx_failed(result, &fx->err, RIG_CLASS_CA, RIG_E_POLICY, times[i].refused);
        }
    }
}

static void test_an_answer_to_another_question_is_none(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *cas = cas_of(fx);
    X509 *issuer = sk_X509_value(cas, 0);
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *request = ask(fx, issuer, "0123", true);
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *again = ask(fx, issuer, "0123", true);
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *plain = ask(fx, issuer, "0123", false);
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *other = ask(fx, issuer, "4567", false);
    RIG_AUTO(rig_buf_free) struct rig_buf response = {0};
    struct rig_ca_ocsp ocsp;

    answer_to(fx, again, &response);
    fx_failed(read_at(fx, cas, fx->now_ms, request, &response, &ocsp), &fx->err, RIG_CLASS_CA,
              RIG_E_PROTOCOL, "nonce");
    answer_to(fx, plain, &response);
    fx_ok(read_at(fx, cas, fx->now_ms, plain, &response, &ocsp), &fx->err);
    fx_failed(read_at(fx, cas, fx->now_ms, request, &response, &ocsp), &fx->err, RIG_CLASS_CA,
              RIG_E_PROTOCOL, "nonce");
    fx_failed(read_at(fx, cas, fx->now_ms, other, &response, &ocsp), &fx->err, RIG_CLASS_CA,
              RIG_E_PROTOCOL, "another certificate");
}

/* ---- who may sign ---- */

static rig_result always_good(void *ctx, const char *serial, struct rig_ocsp_record *record,
                              struct rig_error *err)
{
    (void)ctx;
    (void)serial;
    (void)err;
    *record = (struct rig_ocsp_record){.status = RIG_OCSP_GOOD};
    return RIG_DONE;
}

struct made_ca {
    EVP_PKEY *key;
    X509 *certificate;
};

static struct made_ca make_ca(struct fx *fx, const struct made_ca *above, const char *name)
{
    const struct rig_issue_names names = {.common_name = name};
    struct made_ca made = {.key = fx_key(RIG_KEY_P256)};
    const struct rig_issuer issuer = {above != NULL ? above->certificate : NULL,
                                      above != NULL ? above->key : made.key};
    const struct rig_issue_validity validity = {
        fx->now_ms - 9 * FX_MS_PER_DAY, fx->now_ms + (above != NULL ? 8 : 9) * FX_MS_PER_DAY};

    fx_ok(rig_issue_ca(issuer, made.key, &names, validity, above != NULL ? 0 : 1, &made.certificate,
                       &fx->err),
          &fx->err);
    return made;
}

static void free_ca(struct made_ca *ca)
{
    X509_free(ca->certificate);
    EVP_PKEY_free(ca->key);
}

static void test_only_the_issuing_ca_says_who_signs(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(free_ca) struct made_ca root = make_ca(fx, NULL, "Root");
    RIG_AUTO(free_ca) struct made_ca line = make_ca(fx, &root, "Line");
    RIG_AUTO(free_ca) struct made_ca sister = make_ca(fx, &root, "Sister");
    RIG_AUTO(free_ca) struct made_ca stranger = make_ca(fx, NULL, "Line");
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    const struct {
        const struct made_ca *issuer; /* NULL: the CA signs the answer itself */
        int purpose;
        int64_t end_ms;
        bool believed;
    } rows[] = {
        {&line, NID_OCSP_sign, FX_MS_PER_DAY, true},
        {NULL, 0, 0, true}, /* RFC 6960 4.2.2.2, though ours never does */
        {&line, NID_client_auth, FX_MS_PER_DAY, false},
        {&line, NID_OCSP_sign, -MS_PER_HOUR, false},
        {&sister, NID_OCSP_sign, FX_MS_PER_DAY, false},
        {&root, NID_OCSP_sign, FX_MS_PER_DAY, false},
        {&stranger, NID_OCSP_sign, FX_MS_PER_DAY, false},
    };
    STACK_OF(X509) *cas = sk_X509_new_null();

    assert_true(sk_X509_push(cas, line.certificate) > 0 && sk_X509_push(cas, root.certificate) > 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct rig_issue_names names = {.common_name = "Responder"};
        const struct rig_issue_validity validity = {fx->now_ms - FX_MS_PER_DAY,
                                                    fx->now_ms + rows[i].end_ms};
        RIG_AUTO(rig_auto_OCSP_REQUEST)
        OCSP_REQUEST *request = ask(fx, line.certificate, "0123", true);
        RIG_AUTO(rig_auto_X509) X509 *delegate = NULL;
        RIG_AUTO(rig_buf_free) struct rig_buf asked = {0};
        RIG_AUTO(rig_buf_free) struct rig_buf response = {0};
        struct rig_ocsp_signer signer = {
            .issuer = line.certificate,
            .certificate = line.certificate,
            .key = line.key,
            .now_ms = fx->now_ms,
            .next_update_ms = fx->now_ms + MS_PER_HOUR,
            .look_up = always_good,
        };
        struct rig_ca_ocsp ocsp;
        rig_result result;

        if (rows[i].issuer != NULL) {
            fx_ok(rig_issue_signer(
                      (struct rig_issuer){rows[i].issuer->certificate, rows[i].issuer->key}, key,
                      &names, validity, rows[i].purpose, &delegate, &fx->err),
                  &fx->err);
            signer.certificate = delegate;
            signer.key = key;
        }
        fx_ok(rig_ocsp_request_der(request, &asked, &fx->err), &fx->err);
        fx_ok(rig_ocsp_answer(&signer, asked.data, asked.len, &response, &fx->err), &fx->err);
        result = read_at(fx, cas, fx->now_ms, request, &response, &ocsp);
        print_message("row %zu: %s\n", i, result.ok ? "believed" : fx->err.text);
        assert_int_equal(result.ok, rows[i].believed);
        if (!result.ok) {
            assert_int_equal(fx->err.code, RIG_E_BAD_SIGNATURE);
        }
    }
    sk_X509_free(cas);
}

/* ---- after a rotation ---- */

static X509 *renewed_issuing_ca(struct fx *fx, enum rig_chain_update_fault fault)
{
    const struct rig_ca_chain_update_request request = {.version = 1, .fault = fault};
    RIG_AUTO(rig_ca_chain_update_free) struct rig_ca_chain_update update = {0};
    const uint8_t *at;
    X509 *made;

    fx_ok(rig_ca_chain_update(fx->ca, &request, &update, fx_wait(), &fx->err), &fx->err);
    at = update.object.data + 80; /* firmware-stub/PROTOCOL.md section 7: behind the header */
    made = d2i_X509(NULL, &at, (long)update.object.len - 80);
    assert_non_null(made);
    return made;
}

static void test_a_renewed_issuing_ca_has_the_same_answers(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *cas = cas_of(fx);
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *renewed = cas_of(fx);
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate revoked = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf response = {0};
    RIG_AUTO(rig_auto_X509) X509 *other_key = NULL;
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *of_other_key = NULL;
    STACK_OF(X509) *const chains[] = {cas, renewed};

    fx_sign(fx, "b1", &revoked);
    fx_ok(rig_ca_revoke(fx->ca, revoked.serial, RIG_REVOKED_SUPERSEDED, fx_wait(), &fx->err),
          &fx->err);
    X509_free(sk_X509_shift(renewed));
    assert_true(sk_X509_unshift(renewed, renewed_issuing_ca(fx, RIG_CHAIN_UPDATE_GOOD)) > 0);
    assert_int_not_equal(X509_cmp(sk_X509_value(cas, 0), sk_X509_value(renewed, 0)), 0);
    for (size_t asked = 0; asked < 2; asked++) {
        RIG_AUTO(rig_auto_OCSP_REQUEST)
        OCSP_REQUEST *request = ask(fx, sk_X509_value(chains[asked], 0), revoked.serial, true);

        answer_to(fx, request, &response);
        for (size_t trusted = 0; trusted < 2; trusted++) {
            struct rig_ca_ocsp ocsp;

            fx_ok(read_at(fx, chains[trusted], fx->now_ms, request, &response, &ocsp), &fx->err);
            assert_int_equal(ocsp.status, RIG_OCSP_REVOKED);
        }
    }
    /* another key is another issuer, that signed no device */
    other_key = renewed_issuing_ca(fx, RIG_CHAIN_UPDATE_OTHER_KEY);
    of_other_key = ask(fx, other_key, revoked.serial, true);
    answer_to(fx, of_other_key, &response);
    assert_int_equal(response_status(&response), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
}

/* ---- the responder's life and its key ---- */

static bool same_responder(struct fx *fx, const X509 *before)
{
    RIG_AUTO(rig_buf_free) struct rig_buf response = {0};
    RIG_AUTO(rig_auto_X509) X509 *now = responder_now(fx, &response);

    return X509_cmp(now, before) == 0;
}

static void test_the_responder_is_renewed_in_time(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_buf_free) struct rig_buf response = {0};
    RIG_AUTO(rig_auto_X509) X509 *first = responder_now(fx, &response);
    RIG_AUTO(rig_auto_X509) X509 *second = NULL;

    fx->now_ms += 11 * MS_PER_HOUR;
    assert_true(same_responder(fx, first));
    fx->now_ms += 2 * MS_PER_HOUR;
    second = responder_now(fx, &response);
    assert_int_not_equal(X509_cmp(first, second), 0);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(first), X509_get0_pubkey(second)), 0);
    fx->now_ms -= FX_MS_PER_DAY; /* a clock set back: that one is of a time to come */
    assert_false(same_responder(fx, second));
}

static void test_the_issuing_ca_s_end_is_the_responder_s(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *cas = cas_of(fx);
    RIG_AUTO(rig_buf_free) struct rig_buf response = {0};
    RIG_AUTO(rig_auto_X509) X509 *responder = NULL;
    struct rig_ca_ocsp ocsp;
    int64_t end_ms = 0;

    fx_ok(rig_pki_time_get(X509_get0_notAfter(sk_X509_value(cas, 0)), &end_ms, &fx->err), &fx->err);
    fx->now_ms = end_ms - 20 * MS_PER_MINUTE;
    responder = responder_now(fx, &response);
    assert_int_equal(
        ASN1_TIME_compare(X509_get0_notAfter(responder), X509_get0_notAfter(sk_X509_value(cas, 0))),
        0);
    fx_ok(rig_ca_ocsp(fx->ca, "0123", &ocsp, fx_wait(), &fx->err), &fx->err);
    assert_int_equal(ocsp.next_update_ms, end_ms);
    fx->now_ms = end_ms + FX_MS_PER_DAY;
    assert_false(rig_ca_ocsp(fx->ca, "0123", &ocsp, fx_wait(), &fx->err).ok);
    assert_non_null(strstr(fx->err.text, "certificate of the OCSP responder"));
}

/* Files with a private key, all of which must be the levels' own. */
static size_t count_keys(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    size_t n = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        RIG_AUTO(rig_buf_free) struct rig_buf content = {0};
        struct rig_error err;
        struct stat info;
        char path[700];

        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.' || stat(path, &info) != 0) {
            continue;
        }
        if (S_ISDIR(info.st_mode)) {
            n += count_keys(path);
            continue;
        }
        fx_ok(rig_file_read(path, 1 << 24, &content, &err), &err);
        if (memmem(content.data, content.len, "PRIVATE KEY", 11) != NULL) {
            assert_string_equal(entry->d_name, "key.pem");
            assert_int_equal(info.st_mode & 0777, 0600);
            n++;
        }
    }
    (void)closedir(dir);
    return n;
}

static void test_the_responder_s_key_is_in_memory_only(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_buf_free) struct rig_buf response = {0};
    RIG_AUTO(rig_auto_X509) X509 *first = responder_now(fx, &response);

    assert_int_equal(count_keys(fx->ca_path), 3);
    rig_ca_close(fx->ca);
    fx_open_ca(fx, &fx_plan, NULL);
    assert_false(same_responder(fx, first));
    assert_int_equal(count_keys(fx->ca_path), 3);
}

static void test_every_shape_of_ca(void **state)
{
    static const enum rig_key_type types[] = {RIG_KEY_RSA_2048, RIG_KEY_P384, RIG_KEY_P521};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct fx fx;
        struct rig_ca_local_plan plan = fx_plan;
        RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
        struct rig_ca_ocsp ocsp;

        plan.key_type = types[i];
        plan.n_levels = i + 1; /* the root signs devices itself, too */
        fx_init(&fx);
        fx_open_ca(&fx, &plan, "a passphrase");
        fx_sign(&fx, "b1", &certificate);
        fx_ok(rig_ca_ocsp(fx.ca, certificate.serial, &ocsp, fx_wait(), &fx.err), &fx.err);
        assert_int_equal(ocsp.status, RIG_OCSP_GOOD);
        fx_close(&fx);
    }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fx_setup, fx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_responder_is_one_that_the_issuing_ca_delegates_to),
        TEST(test_good_revoked_and_unknown),
        TEST(test_what_another_process_revokes_shows_at_once),
        TEST(test_another_issuer_s_certificates_are_not_answered_for),
        TEST(test_what_is_no_request_is_told_so),
        TEST(test_several_are_answered_at_once),
        TEST(test_a_damaged_answer_never_says_something_else),
        TEST(test_answers_have_their_time),
        TEST(test_an_answer_to_another_question_is_none),
        TEST(test_only_the_issuing_ca_says_who_signs),
        TEST(test_a_renewed_issuing_ca_has_the_same_answers),
        TEST(test_the_responder_is_renewed_in_time),
        TEST(test_the_issuing_ca_s_end_is_the_responder_s),
        TEST(test_the_responder_s_key_is_in_memory_only),
        cmocka_unit_test(test_every_shape_of_ca),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
