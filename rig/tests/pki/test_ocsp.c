/* SPDX-License-Identifier: Apache-2.0 */
/* Each OCSP answer of the shipped fixtures, as a relying party with OpenSSL judges it. */
#include "rig/ca/pki.h"
#include "rig/tests/pki/fixture.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include <stdio.h>
#include <string.h>

static const char *folder;

/* How far a relying party comes. */
enum verdict {
    NO_ANSWER,    /* nobody answers */
    NOT_DECODED,  /* not an OCSPResponse */
    NO_SUCCESS,   /* responseStatus; `detail` is it */
    NOT_VERIFIED, /* OCSP_basic_verify; `detail` is OpenSSL's reason, 0: any */
    WRONG_NONCE,  /* OCSP_check_nonce <= 0 */
    NOT_ABOUT_IT, /* no answer for the id that was asked about */
    NOT_IN_TIME,  /* OCSP_check_validity; `detail` is OpenSSL's reason */
    STATUS,       /* `detail` is V_OCSP_CERTSTATUS_... */
};

static const struct row {
    const char *name;
    enum verdict verdict;
    int detail;
} rows[] = {
    {"good", STATUS, V_OCSP_CERTSTATUS_GOOD},
    {"good-by-responder", STATUS, V_OCSP_CERTSTATUS_GOOD},
    {"good-key-responder-id", STATUS, V_OCSP_CERTSTATUS_GOOD},
    {"good-without-nonce", STATUS, V_OCSP_CERTSTATUS_GOOD},
    {"good-without-next-update", STATUS, V_OCSP_CERTSTATUS_GOOD},
    {"never-issued", STATUS, V_OCSP_CERTSTATUS_GOOD},
    {"says-good-though-revoked", STATUS, V_OCSP_CERTSTATUS_GOOD},
    {"revoked", STATUS, V_OCSP_CERTSTATUS_REVOKED},
    {"unknown", STATUS, V_OCSP_CERTSTATUS_UNKNOWN},
    {"try-later", NO_SUCCESS, OCSP_RESPONSE_STATUS_TRYLATER},
    {"unauthorized", NO_SUCCESS, OCSP_RESPONSE_STATUS_UNAUTHORIZED},
    {"internal-error", NO_SUCCESS, OCSP_RESPONSE_STATUS_INTERNALERROR},
    {"malformed-request", NO_SUCCESS, OCSP_RESPONSE_STATUS_MALFORMEDREQUEST},
    {"sig-required", NO_SUCCESS, OCSP_RESPONSE_STATUS_SIGREQUIRED},
    {"malformed", NOT_DECODED, 0},
    {"http-error", NOT_DECODED, 0},
    {"responder-down", NO_ANSWER, 0},
    {"slow", STATUS, V_OCSP_CERTSTATUS_GOOD},
    {"timeout", STATUS, V_OCSP_CERTSTATUS_GOOD},
    {"stale", NOT_IN_TIME, OCSP_R_STATUS_EXPIRED},
    {"not-yet-valid", NOT_IN_TIME, OCSP_R_STATUS_NOT_YET_VALID},
    {"wrong-serial", NOT_ABOUT_IT, 0},
    {"wrong-issuer-hash", NOT_VERIFIED, OCSP_R_ROOT_CA_NOT_TRUSTED},
    {"bad-signature", NOT_VERIFIED, 0},
    {"tampered-content", NOT_VERIFIED, 0},
    {"wrong-nonce", WRONG_NONCE, 0},
    {"signer-without-purpose", NOT_VERIFIED, OCSP_R_MISSING_OCSPSIGNING_USAGE},
    {"signer-of-another-ca", NOT_VERIFIED, OCSP_R_ROOT_CA_NOT_TRUSTED},
    {"signer-expired", NOT_VERIFIED, OCSP_R_CERTIFICATE_VERIFY_ERROR},
    {"signer-rogue", NOT_VERIFIED, OCSP_R_CERTIFICATE_VERIFY_ERROR},
    {"signer-certificate-missing", NOT_VERIFIED, OCSP_R_SIGNER_CERTIFICATE_NOT_FOUND},
    {"sha-1", STATUS, V_OCSP_CERTSTATUS_GOOD},
};

#define N_ROWS (sizeof rows / sizeof *rows)

/* The question about the leaf of a good device, and what a relying party knows beforehand. */
struct question {
    OCSP_REQUEST *request;
    OCSP_CERTID *id; /* in the request */
    struct rig_buf der;
    STACK_OF(X509) * chain;
    X509_STORE *store;
};

static void ask(const struct pki_test *test, struct question *question)
{
    struct rig_pki_identity identity = {0};
    STACK_OF(X509) *roots = NULL;
    struct rig_error err;
    uint8_t *der = NULL;
    int len;

    pki_test_identity(test, RIG_PKI_DEVICE, "good", &identity);
    pki_test_good(rig_pki_certificates_of_pem(rig_buf_text(&identity.chain_pem), "chain",
                                              &question->chain, &err),
                  &err, "chain");
    pki_test_good(
        rig_pki_certificates_of_pem(rig_buf_text(&identity.roots_pem), "roots", &roots, &err), &err,
        "roots");
    question->store = X509_STORE_new();
    assert_int_equal(X509_STORE_add_cert(question->store, sk_X509_value(roots, 0)), 1);
    question->request = OCSP_REQUEST_new();
    question->id = OCSP_cert_to_id(EVP_sha1(), sk_X509_value(question->chain, 0),
                                   sk_X509_value(question->chain, 1));
    assert_non_null(OCSP_request_add0_id(question->request, question->id));
    assert_int_equal(OCSP_request_add1_nonce(question->request, NULL, -1), 1);
    len = i2d_OCSP_REQUEST(question->request, &der);
    assert_true(len > 0);
    pki_test_good(rig_buf_append(&question->der, der, (size_t)len, &err), &err, "request");
    OPENSSL_free(der);
    rig_pki_free_certificates(&roots);
    rig_pki_identity_free(&identity);
}

static void forget(struct question *question)
{
    OCSP_REQUEST_free(question->request);
    X509_STORE_free(question->store);
    rig_pki_free_certificates(&question->chain);
    rig_buf_free(&question->der);
}

static enum verdict judge_basic(const struct question *question, OCSP_BASICRESP *basic, int *detail)
{
    ASN1_GENERALIZEDTIME *this_update = NULL;
    ASN1_GENERALIZEDTIME *next_update = NULL;
    int nonce;

    ERR_clear_error();
    if (OCSP_basic_verify(basic, question->chain, question->store, 0) != 1) {
        *detail = ERR_GET_REASON(ERR_peek_error());
        return NOT_VERIFIED;
    }
    /* -1: only the request has one, as with Vault */
    nonce = OCSP_check_nonce(question->request, basic);
    if (nonce == 0) {
        return WRONG_NONCE;
    }
    if (OCSP_resp_find_status(basic, question->id, detail, NULL, NULL, &this_update,
                              &next_update) != 1) {
        return NOT_ABOUT_IT;
    }
    if (OCSP_check_validity(this_update, next_update, 300, -1) != 1) {
        *detail = ERR_GET_REASON(ERR_peek_error());
        return NOT_IN_TIME;
    }
    return STATUS;
}

static enum verdict judge(const struct question *question, const struct rig_pki_ocsp *answer,
                          int *detail)
{
    const uint8_t *at = answer->der.data;
    OCSP_RESPONSE *response;
    OCSP_BASICRESP *basic;
    enum verdict verdict = NO_SUCCESS;

    if (answer->down) {
        return answer->der.len == 0 ? NO_ANSWER : STATUS;
    }
    response = d2i_OCSP_RESPONSE(NULL, &at, (long)answer->der.len);
    if (response == NULL) {
        return NOT_DECODED;
    }
    *detail = OCSP_response_status(response);
    if (*detail == OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        basic = OCSP_response_get1_basic(response);
        assert_non_null(basic);
        verdict = judge_basic(question, basic, detail);
        OCSP_BASICRESP_free(basic);
    }
    OCSP_RESPONSE_free(response);
    return verdict;
}

static void test_verdicts(void **state)
{
    const struct pki_test *test = *state;
    struct question question = {0};
    size_t n_wrong = 0;

    ask(test, &question);
    for (size_t i = 0; i < N_ROWS; i++) {
        struct rig_pki_ocsp answer = {0};
        struct rig_error err;
        int detail = 0;

        pki_test_good(rig_pki_ocsp_answer(test->world, rows[i].name, question.der.data,
                                          question.der.len, &answer, &err),
                      &err, rows[i].name);
        const enum verdict verdict = judge(&question, &answer, &detail);
        if (verdict != rows[i].verdict || (rows[i].detail != 0 && detail != rows[i].detail)) {
            print_error("%s: found %d, detail %d (%s); expected %d, detail %d\n", rows[i].name,
                        (int)verdict, detail, ERR_reason_error_string(ERR_peek_error()),
                        (int)rows[i].verdict, rows[i].detail);
            n_wrong++;
        }
        rig_pki_ocsp_free(&answer);
    }
    forget(&question);
    assert_int_equal(n_wrong, 0);
}

static void test_how_it_is_sent(void **state)
{
    static const struct {
        const char *name;
        int64_t delay_ms;
        int http_status;
    } each[] = {{"good", 0, 200}, {"slow", 2000, 200}, {"unauthorized", 0, 401}};
    const struct pki_test *test = *state;
    struct question question = {0};
    struct rig_error err;

    ask(test, &question);
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        struct rig_pki_ocsp answer = {0};

        pki_test_good(rig_pki_ocsp_answer(test->world, each[i].name, question.der.data,
                                          question.der.len, &answer, &err),
                      &err, each[i].name);
        assert_int_equal(answer.delay_ms, each[i].delay_ms);
        assert_int_equal(answer.http_status, each[i].http_status);
        assert_false(answer.down);
        rig_pki_ocsp_free(&answer);
    }
    forget(&question);
}

static void test_an_issuer_of_others_is_refused(void **state)
{
    struct pki_test other;
    struct question question = {0};
    struct rig_pki_ocsp answer = {0};
    struct rig_error err;

    pki_test_open(&other, folder);
    ask(*state, &question);
    assert_false(
        rig_pki_ocsp_answer(other.world, "good", question.der.data, question.der.len, &answer, &err)
            .ok);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    assert_int_equal(err.code, RIG_E_NOT_FOUND);
    forget(&question);
    pki_test_close(&other);
}

static void test_every_recipe_has_a_row(void **state)
{
    const struct pki_test *test = *state;

    assert_int_equal(test->fixtures->n_ocsp, N_ROWS);
    for (size_t i = 0; i < N_ROWS; i++) {
        assert_non_null(rig_fixtures_find_ocsp(test->fixtures, rows[i].name));
    }
}

static int setup(void **state)
{
    static struct pki_test test;

    pki_test_open(&test, folder);
    *state = &test;
    return 0;
}

static int teardown(void **state)
{
    pki_test_close(*state);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_how_it_is_sent),
        cmocka_unit_test(test_an_issuer_of_others_is_refused),
        cmocka_unit_test(test_every_recipe_has_a_row),
    };

    folder = argc > 1 ? argv[1] : "fixtures/pki";
    return cmocka_run_group_tests(tests, setup, teardown);
}
