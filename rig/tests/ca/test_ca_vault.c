/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Vault back end against a server that errs: answers that get lost, late or changed on the way,
 * a server that is not fit to be used, CRLs that can't serve.
 */
#include "vault_fake.h"

#include <stdio.h>
#include <string.h>

/* ---- answers that get lost ---- */

static void test_an_answer_that_was_lost_is_found(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->drop_after = 1;
    fake_open_ca(fake);
    fx_ok(fake_sign(fake, &certificate), &fake->fx.err);
    assert_int_equal(fake->n_asked, 1);
    assert_int_equal(fake->n_issued, 1);
    assert_string_equal(certificate.serial, fake->issued[0].serial);
    assert_int_equal(fx_count(rig_buf_text(&certificate.chain_pem), "BEGIN CERTIFICATE"), 2);
    assert_false(fake->issued[0].revoked);
}

static void test_a_request_that_was_lost_is_sent_once_more(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->drop_before = 1;
    fake_open_ca(fake);
    fx_ok(fake_sign(fake, &certificate), &fake->fx.err);
    assert_int_equal(fake->n_asked, 2);
    assert_int_equal(fake->n_issued, 1);
}

static void test_a_late_twin_is_revoked(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->drop_after = 1;
    fake->late = true;
    fake_open_ca(fake);
    fx_ok(fake_sign(fake, &certificate), &fake->fx.err);
    assert_int_equal(fake->n_issued, 2);
    assert_string_equal(certificate.serial, fake->issued[1].serial);
    assert_true(fake->issued[0].revoked);
    assert_false(fake->issued[1].revoked);
}

static void test_who_cannot_look_does_not_ask_again(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->drop_after = 1;
    fake->list_denied = true;
    fake_open_ca(fake);
    assert_false(fake_sign(fake, &certificate).ok);
    assert_int_equal(fake->fx.err.cls, RIG_CLASS_NETWORK);
    assert_non_null(strstr(fake->fx.err.text, "whether it was signed all the same"));
    assert_int_equal(fake->n_asked, 1);
}

static void test_another_signature_for_the_same_key_is_not_taken_for_it(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate first = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate second = {0};
    struct rig_ca_request request;

    fake_open_ca(fake);
    fx_good_csr(key, "b1", &csr);
    request = fx_request(&csr, "b1");
    request.not_after_ms = rig_clock_now_ms(&rig_clock_system) + 3 * FX_MS_PER_DAY;
    fx_ok(rig_ca_sign(fake->ca, &request, &first, fx_wait(), &fake->fx.err), &fake->fx.err);
    fake->n_asked = 0;
    fake->drop_before = 1;
    fx_ok(rig_ca_sign(fake->ca, &request, &second, fx_wait(), &fake->fx.err), &fake->fx.err);
    assert_string_not_equal(first.serial, second.serial);
    assert_int_equal(fake->n_issued, 2);
    assert_false(fake->issued[0].revoked || fake->issued[1].revoked);
}

/* ---- answers that are not what was asked for ---- */

/* So that it can be written down, and found there. */
static void is_handed_over(const struct fake *fake, const struct rig_ca_certificate *certificate,
                           bool revoked)
{
    assert_true(certificate->refused);
    assert_int_equal(certificate->revoked, revoked);
    assert_string_equal(certificate->serial, fake->issued[0].serial);
    assert_true(certificate->der.len != 0 && certificate->issuer[0] != '\0');
    assert_true(certificate->not_after_ms > certificate->not_before_ms);
}

static void test_an_answer_that_cannot_be_read_is_fetched_again(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->garble = 1;
    fake_open_ca(fake);
    fx_ok(fake_sign(fake, &certificate), &fake->fx.err);
    assert_int_equal(fake->n_asked, 1);
    assert_string_equal(certificate.serial, fake->issued[0].serial);
}

static void test_an_answer_that_cannot_be_read_is_no_clear_no(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->garble = 1;
    fake->list_denied = true;
    fake_open_ca(fake);
    assert_false(fake_sign(fake, &certificate).ok);
    assert_int_equal(fake->fx.err.cls, RIG_CLASS_CA);
    assert_false(rig_ca_said_no(&fake->fx.err));
    assert_false(certificate.refused);
    assert_int_equal(fake->n_asked, 1);
}

static void test_a_capped_ttl_is_refused_and_revoked(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->cap_ttl_s = 3600;
    fake_open_ca(fake);
    fx_failed(fake_sign(fake, &certificate), &fake->fx.err, RIG_CLASS_CA, RIG_E_POLICY,
              "role dev of pki did not grant the ttl of 259200 s");
    assert_non_null(strstr(fake->fx.err.text, "was revoked"));
    assert_non_null(strstr(fake->fx.err.text, "max_ttl"));
    assert_true(fake->issued[0].revoked);
    is_handed_over(fake, &certificate, true);
}

static void test_what_cannot_be_revoked_is_handed_over_to_be_written_down(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->cap_ttl_s = 3600;
    fake->revoke_denied = true;
    fake_open_ca(fake);
    assert_false(fake_sign(fake, &certificate).ok);
    is_handed_over(fake, &certificate, false);
    assert_non_null(strstr(fake->fx.err.text, "could not be revoked"));
    assert_non_null(strstr(fake->fx.err.text, fake->issued[0].serial));
}

static void test_a_certificate_of_another_root_is_refused_and_revoked(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake_open_ca(fake);
    fake->other_issuer = true;
    fx_failed(fake_sign(fake, &certificate), &fake->fx.err, RIG_CLASS_CA, RIG_E_POLICY,
              "does not lead to the pinned root");
    assert_true(fake->issued[0].revoked);
    is_handed_over(fake, &certificate, true);
}

/* ---- the first look ---- */

static void refuses_to_open(struct fake *fake, enum rig_error_class cls, enum rig_error_code code,
                            const char *text)
{
    fx_failed(
        rig_ca_vault_open(&fake->config, &rig_clock_system, &fake->ca, fx_wait(), &fake->fx.err),
        &fake->fx.err, cls, code, text);
    assert_null(fake->ca);
    assert_int_equal(fake->n_asked, 0);
}

static void test_an_unfit_server_is_named(void **state)
{
    struct fake *fake = *state;

    fake->sealed = true;
    refuses_to_open(fake, RIG_CLASS_CA, RIG_E_UNAVAILABLE, "is sealed");
    fake->sealed = false;
    fake->skew_ms = 120000;
    refuses_to_open(fake, RIG_CLASS_CA, RIG_E_POLICY, "s ahead of this host's");
    fake->skew_ms = -120000;
    refuses_to_open(fake, RIG_CLASS_CA, RIG_E_POLICY, "s behind this host's");
    assert_non_null(strstr(fake->fx.err.text, "NTP"));
}

static void test_an_unfit_role_is_named(void **state)
{
    static const struct {
        const char *role;
        const char *text;
    } roles[] = {
        {"\"no_store\":true", "set no_store=false"},
        {"\"generate_lease\":true", "set generate_lease=false"},
        {"\"server_flag\":true", "a board could pose as your server"},
        {"\"code_signing_flag\":true", "set code_signing_flag=false"},
    };
    struct fake *fake = *state;

    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        fake->role = roles[i].role;
        refuses_to_open(fake, RIG_CLASS_CA, RIG_E_POLICY, roles[i].text);
        assert_non_null(strstr(fake->fx.err.text, "role dev of pki"));
    }
}

static void test_the_root_must_be_the_pinned_one(void **state)
{
    struct fake *fake = *state;
    const struct rig_buf *other = &fake->other_fx.ca->root_pem;
    char path[RIG_CA_VAULT_PATH_SIZE];

    fake_write_file(&fake->fx, "root.pem", other->data, other->len, path);
    refuses_to_open(fake, RIG_CLASS_CA, RIG_E_POLICY, "does not lead to the pinned root");
    fake_write_file(&fake->fx, "root.pem", fake->fx.ca->chain_pem.data, fake->fx.ca->chain_pem.len,
                    path);
    refuses_to_open(fake, RIG_CLASS_USAGE, RIG_E_INVALID, "holds no root");
    fake_write_file(&fake->fx, "root.pem", "no PEM", 6, path);
    refuses_to_open(fake, RIG_CLASS_USAGE, RIG_E_INVALID, "root.pem");
}

/* A server whose clock is off by less than the limit: the end is meant on our clock. */
static void test_the_server_s_clock_is_allowed_for(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake->skew_ms = 20000;
    fake_open_ca(fake);
    fx_ok(fake_sign(fake, &certificate), &fake->fx.err);
    assert_in_range(fake->last_ttl_s, 3 * 86400 - 22, 3 * 86400 - 18);
}

/* ---- CRLs ---- */

static rig_result crls(struct fake *fake, struct rig_buf *pem)
{
    return rig_ca_crls(fake->ca, pem, fx_wait(), &fake->fx.err);
}

static void test_crls_of_the_server_and_of_files(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};

    fake_open_ca(fake);
    fx_ok(crls(fake, &pem), &fake->fx.err);
    assert_int_equal(fx_count(rig_buf_text(&pem), "BEGIN X509 CRL"), 2);
}

static void test_a_crl_that_cannot_serve_is_named(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    char path[RIG_CA_VAULT_PATH_SIZE];

    fake->config.n_crls = 0;
    fake_open_ca(fake);
    fx_failed(crls(fake, &pem), &fake->fx.err, RIG_CLASS_CA, RIG_E_NOT_FOUND, "under `crls`");
    assert_non_null(strstr(fake->fx.err.text, "root CA"));
    rig_auto_ca(&fake->ca);
    fake_write_root_crl(fake, &fake->other_fx);
    fake_open_ca(fake);
    fx_failed(crls(fake, &pem), &fake->fx.err, RIG_CLASS_CA, RIG_E_NOT_FOUND, "is its own");
    fake_write_file(&fake->fx, "root.crl", "nothing", 7, path);
    fx_failed(crls(fake, &pem), &fake->fx.err, RIG_CLASS_USAGE, RIG_E_INVALID, "is no CRL");
    assert_int_equal(pem.len, 0);
}

static void test_a_crl_that_lapsed_is_named(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};

    fake->fx.now_ms -= 30 * FX_MS_PER_DAY; /* made then, good for a week */
    fake_write_root_crl(fake, &fake->fx);
    fake->fx.now_ms += 30 * FX_MS_PER_DAY;
    fake_open_ca(fake);
    fx_failed(crls(fake, &pem), &fake->fx.err, RIG_CLASS_CA, RIG_E_POLICY, "lapsed at");
    assert_non_null(strstr(fake->fx.err.text, "root.crl"));
}

static rig_result revoke_it(struct fake *fake, const char *serial)
{
    return rig_ca_revoke(fake->ca, serial, RIG_REVOKED_CESSATION, fx_wait(), &fake->fx.err);
}

/* The server makes CRLs by time alone, and the login may not rotate: an error, not a CRL that lets
 * it through. */
static void test_a_crl_without_what_was_revoked_is_no_crl(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};

    fake->rotate_denied = true;
    fake_open_ca(fake);
    fx_ok(fake_sign(fake, &certificate), &fake->fx.err);
    assert_false(revoke_it(fake, certificate.serial).ok);
    assert_true(fake->issued[0].revoked);
    assert_non_null(strstr(fake->fx.err.text, "is revoked, but the published CRL does not say so"));
    assert_non_null(strstr(fake->fx.err.text, "rotating the CRL of pki"));
    assert_false(crls(fake, &pem).ok);
    assert_non_null(strstr(fake->fx.err.text, "rotating the CRL of pki"));
    /* once it is there */
    fx_ok(rig_ca_revoke(fake->fx.ca, certificate.serial, RIG_REVOKED_CESSATION, fx_wait(),
                        &fake->fx.err),
          &fake->fx.err);
    fx_ok(crls(fake, &pem), &fake->fx.err);
    fx_ok(revoke_it(fake, certificate.serial), &fake->fx.err);
}

static void test_what_is_revoked_is_in_the_published_crl(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fake_open_ca(fake);
    fx_ok(fake_sign(fake, &certificate), &fake->fx.err);
    fx_ok(revoke_it(fake, certificate.serial), &fake->fx.err);
    assert_int_equal(fake->n_rotated, 1);
    /* it is there already: nothing to rotate */
    fx_ok(revoke_it(fake, certificate.serial), &fake->fx.err);
    assert_int_equal(fake->n_rotated, 1);
}

/* ---- OCSP ---- */

static void test_ocsp_is_read_on_the_run_s_clock(void **state)
{
    struct fake *fake = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_auto_ca) struct rig_ca *ahead = NULL;
    struct rig_ca_ocsp ocsp;

    fake_open_ca(fake);
    fx_ok(fake_sign(fake, &certificate), &fake->fx.err);
    fx_ok(rig_ca_ocsp(fake->ca, certificate.serial, &ocsp, fx_wait(), &fake->fx.err),
          &fake->fx.err);
    assert_int_equal(ocsp.status, RIG_OCSP_GOOD);
    /* its own clock stands still, as that of the CA behind the server */
    fake->config.max_clock_skew_ms = 10 * FX_MS_PER_DAY;
    fx_ok(rig_ca_vault_open(&fake->config, &fake->other_fx.clock, &ahead, fx_wait(), &fake->fx.err),
          &fake->fx.err);
    fake->other_fx.now_ms = fake->fx.now_ms + INT64_C(50) * 60 * 1000;
    fx_ok(rig_ca_ocsp(ahead, certificate.serial, &ocsp, fx_wait(), &fake->fx.err), &fake->fx.err);
    fake->other_fx.now_ms = fake->fx.now_ms + INT64_C(70) * 60 * 1000;
    fx_failed(rig_ca_ocsp(ahead, certificate.serial, &ocsp, fx_wait(), &fake->fx.err),
              &fake->fx.err, RIG_CLASS_CA, RIG_E_POLICY, "nextUpdate");
    /* the certificate of the responder is over, too, and is judged by the same clock */
    fake->other_fx.now_ms = fake->fx.now_ms + 2 * FX_MS_PER_DAY;
    fx_failed(rig_ca_ocsp(ahead, certificate.serial, &ocsp, fx_wait(), &fake->fx.err),
              &fake->fx.err, RIG_CLASS_CA, RIG_E_BAD_SIGNATURE, "not signed by");
}

static void test_an_ocsp_error_behind_an_http_error_is_named(void **state)
{
    static const struct {
        int http;
        uint8_t says;
        enum rig_error_code code;
        const char *text;
    } rows[] = {
        {400, 1, RIG_E_REFUSED, "'malformedRequest'"},
        {200, 1, RIG_E_REFUSED, "'malformedRequest'"},
        {500, 2, RIG_E_REFUSED, "'internalError'"},
        {503, 3, RIG_E_UNAVAILABLE, "'tryLater'"},
        {400, 5, RIG_E_REFUSED, "'sigRequired'"},
        {401, 6, RIG_E_REFUSED, "'unauthorized': switch it on (config/crl, ocsp_disable=false)"},
        {403, 6, RIG_E_REFUSED, "(HTTP 403)"},
    };
    struct fake *fake = *state;

    fake_open_ca(fake);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig_ca_ocsp ocsp;

        fake->ocsp_status = rows[i].http;
        fake->ocsp_says = rows[i].says;
        fx_failed(rig_ca_ocsp(fake->ca, "0123", &ocsp, fx_wait(), &fake->fx.err), &fake->fx.err,
                  RIG_CLASS_CA, rows[i].code, rows[i].text);
    }
}

#define VAULT_TEST(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VAULT_TEST(test_an_answer_that_was_lost_is_found),
        VAULT_TEST(test_a_request_that_was_lost_is_sent_once_more),
        VAULT_TEST(test_a_late_twin_is_revoked),
        VAULT_TEST(test_who_cannot_look_does_not_ask_again),
        VAULT_TEST(test_another_signature_for_the_same_key_is_not_taken_for_it),
        VAULT_TEST(test_a_capped_ttl_is_refused_and_revoked),
        VAULT_TEST(test_what_cannot_be_revoked_is_handed_over_to_be_written_down),
        VAULT_TEST(test_an_answer_that_cannot_be_read_is_fetched_again),
        VAULT_TEST(test_an_answer_that_cannot_be_read_is_no_clear_no),
        VAULT_TEST(test_a_certificate_of_another_root_is_refused_and_revoked),
        VAULT_TEST(test_an_unfit_server_is_named),
        VAULT_TEST(test_an_unfit_role_is_named),
        VAULT_TEST(test_the_root_must_be_the_pinned_one),
        VAULT_TEST(test_the_server_s_clock_is_allowed_for),
        VAULT_TEST(test_crls_of_the_server_and_of_files),
        VAULT_TEST(test_a_crl_that_cannot_serve_is_named),
        VAULT_TEST(test_a_crl_that_lapsed_is_named),
        VAULT_TEST(test_a_crl_without_what_was_revoked_is_no_crl),
        VAULT_TEST(test_what_is_revoked_is_in_the_published_crl),
        VAULT_TEST(test_ocsp_is_read_on_the_run_s_clock),
        VAULT_TEST(test_an_ocsp_error_behind_an_http_error_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
