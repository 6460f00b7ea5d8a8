/* SPDX-License-Identifier: Apache-2.0 */
/* CAs that are wrong on purpose: a good twin changes nothing, each other one is told by the rig's
 * own check of certificates, or by what it says of revocation. */
#include "fixture.h"

#include "rig/ca/policy.h"
#include "rig/ca/twin.h"

#include <string.h>

static void wrap(struct fx *fx, enum rig_ca_fault fault)
{
    fx_ok(rig_ca_twin_wrap(&fx->ca, fault, fx->ca_path, NULL, &fx->clock, &fx->err), &fx->err);
}

/* What the rig's own check says of a certificate that this CA signs. */
static bool is_sound(struct fx *fx, struct rig_error *err)
{
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    uint8_t spki_sha256[RIG_SHA256_SIZE];

    fx_good_csr(key, "b1", &csr);
    fx_spki_sha256(key, spki_sha256);
    const int64_t end_ms = fx->now_ms + 300 * FX_MS_PER_DAY;
    struct rig_ca_request request = fx_request(&csr, "b1");
    request.not_after_ms = end_ms;
    fx_ok(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), err), err);
    const struct rig_certificate_rules rules = {
        .profile = RIG_PROFILE_DEVICE,
        .common_name = "b1",
        .spki_sha256 = spki_sha256,
        .root_pem = rig_buf_text(&fx->ca->root_pem),
        .chain_pem = rig_buf_text(&fx->ca->chain_pem),
        .now_ms = fx->now_ms,
        .not_after_ms = end_ms,
    };
    return rig_certificate_check(certificate.der.data, certificate.der.len, &rules, err).ok;
}

static void a_good_twin_signs_good_certificates(void **state)
{
    struct fx *fx = *state;
    struct rig_error err = {0};

    wrap(fx, RIG_CA_FAULT_NONE);
    assert_true(is_sound(fx, &err));
}

static void each_wrong_certificate_is_told(void **state)
{
    static const enum rig_ca_fault wrong[] = {
        RIG_CA_FAULT_WRONG_KEY,    RIG_CA_FAULT_EKU_SERVER,    RIG_CA_FAULT_NO_EKU,
        RIG_CA_FAULT_CA_TRUE,      RIG_CA_FAULT_CERT_SIGN,     RIG_CA_FAULT_SHORT_LIFE,
        RIG_CA_FAULT_LONG_LIFE,    RIG_CA_FAULT_NOT_YET_VALID, RIG_CA_FAULT_SERIAL_SHORT,
        RIG_CA_FAULT_SAN_ADDED,    RIG_CA_FAULT_OTHER_NAME,    RIG_CA_FAULT_OTHER_ISSUER,
        RIG_CA_FAULT_OTHER_SIGNER, RIG_CA_FAULT_SHA_1,         RIG_CA_FAULT_UNKNOWN_EXTENSION,
    };
    struct fx *fx = *state;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct rig_error err = {0};

        wrap(fx, wrong[i]);
        if (is_sound(fx, &err)) {
            fail_msg("%s passed the check", rig_ca_fault_name(wrong[i]));
        }
        assert_int_equal(err.cls, RIG_CLASS_CA);
        fx_close(fx);
        fx_init(fx);
        fx_open_ca(fx, &fx_plan, NULL);
    }
}

static size_t n_crls(struct fx *fx)
{
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};

    fx_ok(rig_ca_crls(fx->ca, &pem, fx_wait(), &fx->err), &fx->err);
    return fx_count(rig_buf_text(&pem), "BEGIN X509 CRL");
}

/* Whether the CRLs list a certificate once it is revoked. */
static bool revokes(struct fx *fx)
{
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf before = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf crls = {0};
    int depth = 0;

    fx_sign(fx, "b1", &certificate);
    fx_ok(rig_ca_crls(fx->ca, &before, fx_wait(), &fx->err), &fx->err);
    fx_ok(rig_ca_revoke(fx->ca, certificate.serial, RIG_REVOKED_CESSATION, fx_wait(), &fx->err),
          &fx->err);
    fx_ok(rig_ca_crls(fx->ca, &crls, fx_wait(), &fx->err), &fx->err);
    return fx_verify(fx, &certificate.der, rig_buf_text(&certificate.chain_pem),
                     rig_buf_text(&crls), X509_PURPOSE_SSL_CLIENT,
                     &depth) == X509_V_ERR_CERT_REVOKED;
}

static void a_good_twin_revokes(void **state)
{
    wrap(*state, RIG_CA_FAULT_NONE);
    assert_true(revokes(*state));
    assert_int_equal(n_crls(*state), 3);
}

static void one_says_revoked_and_does_not(void **state)
{
    wrap(*state, RIG_CA_FAULT_REVOKES_NOTHING);
    assert_false(revokes(*state));
}

static void one_keeps_its_first_crls(void **state)
{
    wrap(*state, RIG_CA_FAULT_CRL_STALE);
    assert_false(revokes(*state));
}

static void one_leaves_crls_out(void **state)
{
    wrap(*state, RIG_CA_FAULT_CRL_MISSING);
    assert_int_equal(n_crls(*state), 1);
}

/* What OCSP says of a certificate, revoked or not. */
static rig_result status_of(struct fx *fx, bool revoked, struct rig_ca_ocsp *ocsp)
{
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fx_sign(fx, "b1", &certificate);
    if (revoked) {
        fx_ok(rig_ca_revoke(fx->ca, certificate.serial, RIG_REVOKED_CESSATION, fx_wait(), &fx->err),
              &fx->err);
    }
    return rig_ca_ocsp(fx->ca, certificate.serial, ocsp, fx_wait(), &fx->err);
}

static void ocsp_statuses_are(struct fx *fx, enum rig_ocsp_status plain,
                              enum rig_ocsp_status revoked)
{
    struct rig_ca_ocsp ocsp;

    fx_ok(status_of(fx, false, &ocsp), &fx->err);
    assert_int_equal(ocsp.status, plain);
    fx_ok(status_of(fx, true, &ocsp), &fx->err);
    assert_int_equal(ocsp.status, revoked);
}

static void a_good_twin_answers_ocsp(void **state)
{
    wrap(*state, RIG_CA_FAULT_NONE);
    ocsp_statuses_are(*state, RIG_OCSP_GOOD, RIG_OCSP_REVOKED);
}

static void one_forgets_in_ocsp_alone(void **state)
{
    wrap(*state, RIG_CA_FAULT_OCSP_FORGETS);
    ocsp_statuses_are(*state, RIG_OCSP_GOOD, RIG_OCSP_GOOD);
    assert_true(revokes(*state));
}

static void one_revokes_all_in_ocsp(void **state)
{
    wrap(*state, RIG_CA_FAULT_OCSP_REVOKES_ALL);
    ocsp_statuses_are(*state, RIG_OCSP_REVOKED, RIG_OCSP_REVOKED);
    assert_true(revokes(*state));
}

static void one_gives_old_answers(void **state)
{
    struct fx *fx = *state;
    struct rig_ca_ocsp ocsp;

    wrap(fx, RIG_CA_FAULT_OCSP_STALE);
    fx_failed(status_of(fx, true, &ocsp), &fx->err, RIG_CLASS_CA, RIG_E_POLICY, "not of now");
    assert_true(revokes(fx));
}

static void one_has_an_unfit_responder(void **state)
{
    struct fx *fx = *state;
    struct rig_ca_ocsp ocsp;

    wrap(fx, RIG_CA_FAULT_OCSP_OTHER_SIGNER);
    fx_failed(status_of(fx, true, &ocsp), &fx->err, RIG_CLASS_CA, RIG_E_BAD_SIGNATURE,
              "not signed by the issuing CA");
    assert_true(revokes(fx));
}

static void names_lead_back_to_faults(void **state)
{
    (void)state;
    for (int i = 0; i < RIG_CA_N_FAULTS; i++) {
        const enum rig_ca_fault fault = (enum rig_ca_fault)i;

        assert_int_equal(rig_ca_fault_of(rig_ca_fault_name(fault)), fault);
        assert_true(strlen(rig_ca_fault_text(fault)) > 10);
    }
    assert_int_equal(rig_ca_fault_of("nothing"), RIG_CA_N_FAULTS);
    assert_string_equal(rig_ca_fault_name(RIG_CA_N_FAULTS), "unknown");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fx_setup, fx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_twin_signs_good_certificates),
        TEST(each_wrong_certificate_is_told),
        TEST(a_good_twin_revokes),
        TEST(one_says_revoked_and_does_not),
        TEST(one_keeps_its_first_crls),
        TEST(one_leaves_crls_out),
        TEST(a_good_twin_answers_ocsp),
        TEST(one_forgets_in_ocsp_alone),
        TEST(one_revokes_all_in_ocsp),
        TEST(one_gives_old_answers),
        TEST(one_has_an_unfit_responder),
        cmocka_unit_test(names_lead_back_to_faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
