/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rig/ca/ca.h promises of every back end, on each of them: the local CA, and a Vault server (a
 * real OpenBao; 77 where it can't be had). The engine is the program's argument.
 */
#include "fixture.h"
#include "vault_engine.h"

#include "rig/ca/key.h"

#include <openssl/pem.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct vault_engine engine;
static bool on_vault;

static int setup(void **state)
{
    struct fx *fx = calloc(1, sizeof *fx);

    fx_init(fx);
    if (on_vault) {
        fx->ca = vault_engine_open(&engine);
    } else {
        fx_open_ca(fx, &fx_plan, NULL);
    }
    *state = fx;
    return 0;
}

static struct rig_certificate_rules rules_for(const struct fx *fx, const char *cn,
                                              const struct rig_ca_certificate *certificate)
{
    return (struct rig_certificate_rules){
        .common_name = cn,
        .organization = "WiseFido Inc",
        .country = "US",
        .spki_sha256 = certificate->spki_sha256,
        .root_pem = rig_buf_text(&fx->ca->root_pem),
        .chain_pem = rig_buf_text(&fx->ca->chain_pem),
        .now_ms = rig_clock_now_ms(&rig_clock_system),
    };
}

static void check_rules(struct fx *fx, const struct rig_certificate_rules *rules,
                        const struct rig_ca_certificate *certificate)
{
    fx_ok(rig_certificate_check(certificate->der.data, certificate->der.len, rules, &fx->err),
          &fx->err);
}

static void test_device_certificate_passes_the_rules(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_auto_X509) X509 *leaf = NULL;
    struct rig_certificate_rules rules;
    char serial[RIG_SERIAL_TEXT_SIZE];
    char text[256];

    fx_sign(fx, "b1", &certificate);
    rules = rules_for(fx, "b1", &certificate);
    check_rules(fx, &rules, &certificate);
    leaf = fx_decode(&certificate.der);
    rig_pki_serial_text(X509_get0_serialNumber(leaf), serial, sizeof serial);
    assert_string_equal(certificate.serial, serial);
    rig_pki_name_text(X509_get_issuer_name(leaf), text, sizeof text);
    assert_string_equal(certificate.issuer, text);
    assert_int_equal(X509_get_ext_by_NID(leaf, NID_subject_alt_name, -1), -1);
    assert_int_equal(X509_get_extended_key_usage(leaf), XKU_SSL_CLIENT);
    assert_int_equal(X509_get_key_usage(leaf), KU_DIGITAL_SIGNATURE);
    assert_true(X509_get_ext_by_NID(leaf, NID_basic_constraints, -1) >= 0);
    assert_int_equal(fx_count(rig_buf_text(&certificate.leaf_pem), "BEGIN CERTIFICATE"), 1);
    assert_int_equal(fx_count(rig_buf_text(&certificate.chain_pem), "BEGIN CERTIFICATE"),
                     1 + fx_count(rig_buf_text(&fx->ca->chain_pem), "BEGIN CERTIFICATE"));
    assert_int_equal(fx_verify(fx, &certificate.der, rig_buf_text(&certificate.chain_pem), NULL,
                               X509_PURPOSE_SSL_SERVER, NULL),
                     X509_V_ERR_INVALID_PURPOSE);
    assert_int_equal(certificate.request_id[0] != '\0', on_vault);
}

static void test_every_key_type(void **state)
{
    static const enum rig_key_type types[] = {RIG_KEY_RSA_2048, RIG_KEY_RSA_3072, RIG_KEY_P256,
                                              RIG_KEY_P384, RIG_KEY_P521};
    struct fx *fx = *state;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(types[i]);
        RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
        RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
        struct rig_certificate_rules rules;
        struct rig_ca_request request;

        fx_good_csr(key, "b1", &csr);
        request = fx_request(&csr, "b1");
        fx_ok(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err), &fx->err);
        rules = rules_for(fx, "b1", &certificate);
        check_rules(fx, &rules, &certificate);
    }
}

static void test_a_csr_s_wishes_are_not_granted(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = fx_csr(key, "b1", "Evil Inc", "XX");
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    struct rig_certificate_rules rules;
    struct rig_ca_request request;

    fx_csr_extension(csr, NID_basic_constraints, "critical,CA:TRUE");
    fx_csr_der(csr, key, NULL, &der);
    request = fx_request(&der, "b1");
    fx_ok(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err), &fx->err);
    rules = rules_for(fx, "b1", &certificate);
    check_rules(fx, &rules, &certificate);
}

static void test_the_end_is_the_one_asked_for(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate none = {0};
    struct rig_certificate_rules rules;
    struct rig_ca_request request;

    fx_good_csr(key, "b1", &csr);
    request = fx_request(&csr, "b1");
    request.not_after_ms = rig_clock_now_ms(&rig_clock_system) + 3 * FX_MS_PER_DAY;
    fx_ok(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err), &fx->err);
    rules = rules_for(fx, "b1", &certificate);
    rules.not_after_ms = request.not_after_ms;
    check_rules(fx, &rules, &certificate);
    assert_true(llabs(certificate.not_after_ms - request.not_after_ms) < 5000);
    /* beyond what the CA can give: an error; one that the CA cut short is told of, and revoked */
    request.not_after_ms = rig_clock_now_ms(&rig_clock_system) + 3650 * 3 * FX_MS_PER_DAY;
    assert_false(rig_ca_sign(fx->ca, &request, &none, fx_wait(), &fx->err).ok);
    assert_int_equal(fx->err.cls, RIG_CLASS_CA);
    assert_int_equal(none.refused, none.der.data != NULL);
    assert_int_equal(none.revoked, none.refused);
}

static void test_who_backdates_says_so(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    struct rig_ca_request request;
    rig_result result;

    fx_good_csr(key, "b1", &csr);
    request = fx_request(&csr, "b1");
    request.not_before_ms = fx->now_ms - 2 * FX_MS_PER_DAY;
    request.not_after_ms = fx->now_ms - FX_MS_PER_DAY;
    result = rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err);
    assert_int_equal(result.ok, fx->ca->ops->backdates);
    if (!result.ok) {
        assert_int_equal(fx->err.cls, RIG_CLASS_USAGE);
    }
}

static void test_bad_requests_are_refused(void **state)
{
    static const char *const names[] = {"srv.rig.test", NULL};
    struct fx *fx = *state;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    struct rig_ca_request request;

    fx_good_csr(key, "b1", &csr);
    request = fx_request(&csr, "b1");
    request.dns_names = names;
    fx_failed(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err), &fx->err,
              RIG_CLASS_USAGE, RIG_E_INVALID, "takes no DNS names");
    request = fx_request(&csr, "");
    assert_false(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err).ok);
    assert_int_equal(fx->err.cls, RIG_CLASS_USAGE);
    request = fx_request(&csr, "b1");
    request.csr_len--;
    fx_failed(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err), &fx->err,
              RIG_CLASS_CA, RIG_E_REFUSED, "can't be decoded");
    csr.data[csr.len - 1] ^= 1;
    request = fx_request(&csr, "b1");
    assert_false(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err).ok);
    assert_int_equal(fx->err.cls, RIG_CLASS_CA);
    assert_null(certificate.der.data);
}

struct seen {
    size_t n;
    size_t n_revoked;
    char serials[4][RIG_SERIAL_TEXT_SIZE];
};

static rig_result see(void *ctx, const char *serial, bool revoked, const struct rig_buf *der,
                      struct rig_error *err)
{
    struct seen *seen = ctx;

    (void)err;
    assert_true(seen->n < 4);
    assert_true(der->len > 100);
    (void)rig_copy_text(seen->serials[seen->n++], RIG_SERIAL_TEXT_SIZE, serial);
    seen->n_revoked += revoked ? 1 : 0;
    return RIG_DONE;
}

static void test_issued_for_finds_all_of_a_key(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate first = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate second = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate other = {0};
    struct rig_ca_request request;
    struct seen seen = {0};
    bool known = false;

    fx_good_csr(key, "b1", &csr);
    request = fx_request(&csr, "b1");
    fx_ok(rig_ca_sign(fx->ca, &request, &first, fx_wait(), &fx->err), &fx->err);
    fx_ok(rig_ca_sign(fx->ca, &request, &second, fx_wait(), &fx->err), &fx->err);
    fx_sign(fx, "b2", &other);
    assert_string_not_equal(first.serial, second.serial);
    fx_ok(rig_ca_revoke(fx->ca, first.serial, RIG_REVOKED_SUPERSEDED, fx_wait(), &fx->err),
          &fx->err);
    fx_ok(rig_ca_issued_for(fx->ca, first.spki_sha256, see, &seen, fx_wait(), &fx->err), &fx->err);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.n_revoked, 1);
    assert_true(strcmp(seen.serials[0], first.serial) == 0 ||
                strcmp(seen.serials[1], first.serial) == 0);
    fx_ok(rig_ca_knows(fx->ca, other.serial, &known, fx_wait(), &fx->err), &fx->err);
    assert_true(known);
    fx_ok(rig_ca_knows(fx->ca, "0123456789abcdef0123456789abcdef", &known, fx_wait(), &fx->err),
          &fx->err);
    assert_false(known);
}

static int verify(struct fx *fx, const struct rig_ca_certificate *certificate, const char *crls)
{
    return fx_verify(fx, &certificate->der, rig_buf_text(&certificate->chain_pem), crls,
                     X509_PURPOSE_SSL_CLIENT, NULL);
}

static void test_revoked_is_in_the_crls_and_its_sibling_is_not(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate revoked = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate sibling = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf before = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf after = {0};

    fx_sign(fx, "b1", &revoked);
    fx_sign(fx, "b2", &sibling);
    fx_ok(rig_ca_crls(fx->ca, &before, fx_wait(), &fx->err), &fx->err);
    fx->now_ms = rig_clock_now_ms(&rig_clock_system) + 1000; /* CRLs of this second */
    assert_int_equal(verify(fx, &revoked, rig_buf_text(&before)), X509_V_OK);
    fx_ok(rig_ca_revoke(fx->ca, revoked.serial, RIG_REVOKED_CESSATION, fx_wait(), &fx->err),
          &fx->err);
    fx_ok(rig_ca_revoke(fx->ca, revoked.serial, RIG_REVOKED_SUPERSEDED, fx_wait(), &fx->err),
          &fx->err);
    fx_ok(rig_ca_crls(fx->ca, &after, fx_wait(), &fx->err), &fx->err);
    fx->now_ms = rig_clock_now_ms(&rig_clock_system) + 1000;
    assert_int_equal(verify(fx, &revoked, rig_buf_text(&after)), X509_V_ERR_CERT_REVOKED);
    assert_int_equal(verify(fx, &sibling, rig_buf_text(&after)), X509_V_OK);
}

static void test_revoke_knows_its_serials(void **state)
{
    struct fx *fx = *state;

    assert_false(rig_ca_revoke(fx->ca, "0011", RIG_REVOKED_UNSPECIFIED, fx_wait(), &fx->err).ok);
    assert_int_equal(fx->err.cls, RIG_CLASS_CA);
    assert_int_equal(fx->err.code, RIG_E_NOT_FOUND);
    fx_failed(rig_ca_revoke(fx->ca, "xyz", RIG_REVOKED_UNSPECIFIED, fx_wait(), &fx->err), &fx->err,
              RIG_CLASS_USAGE, RIG_E_INVALID, "hex digits");
}

static void test_server_identity_passes_the_rules(void **state)
{
    static const char *const dns_names[] = {"srv.rig.test", NULL};
    struct fx *fx = *state;
    const struct rig_ca_request request = {
        .common_name = "srv.rig.test",
        .dns_names = dns_names,
        .not_after_ms = rig_clock_now_ms(&rig_clock_system) + FX_MS_PER_DAY,
    };
    RIG_AUTO(rig_buf_free) struct rig_buf key_pem = {.secret = true};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    struct rig_certificate_rules rules;

    fx_ok(rig_ca_make_server(fx->ca, &request, RIG_KEY_P256, &key_pem, &certificate, fx_wait(),
                             &fx->err),
          &fx->err);
    rules = (struct rig_certificate_rules){
        .profile = RIG_PROFILE_SERVER,
        .common_name = "srv.rig.test",
        .dns_names = dns_names,
        .spki_sha256 = certificate.spki_sha256,
        .root_pem = rig_buf_text(&fx->ca->root_pem),
        .chain_pem = rig_buf_text(&certificate.chain_pem),
        .now_ms = rig_clock_now_ms(&rig_clock_system),
    };
    check_rules(fx, &rules, &certificate);
}

static struct rig_ca_ocsp ask_ocsp(struct fx *fx, const char *serial)
{
    struct rig_ca_ocsp ocsp;

    fx_ok(rig_ca_ocsp(fx->ca, serial, &ocsp, fx_wait(), &fx->err), &fx->err);
    assert_true(ocsp.next_update_ms > ocsp.this_update_ms);
    assert_true(llabs(ocsp.this_update_ms - rig_clock_now_ms(&rig_clock_system)) < 60000);
    assert_int_equal(ocsp.revoked_at_ms != 0, ocsp.status == RIG_OCSP_REVOKED);
    return ocsp;
}

static void test_ocsp_tells_the_revoked_from_its_sibling(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate revoked = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate sibling = {0};
    struct rig_ca_ocsp ocsp;

    fx_sign(fx, "b1", &revoked);
    fx_sign(fx, "b2", &sibling);
    assert_int_equal(ask_ocsp(fx, revoked.serial).status, RIG_OCSP_GOOD);
    fx_ok(rig_ca_revoke(fx->ca, revoked.serial, RIG_REVOKED_SUPERSEDED, fx_wait(), &fx->err),
          &fx->err);
    ocsp = ask_ocsp(fx, revoked.serial);
    assert_int_equal(ocsp.status, RIG_OCSP_REVOKED);
    assert_true(llabs(ocsp.revoked_at_ms - rig_clock_now_ms(&rig_clock_system)) < 60000);
    /* Vault takes no reason */
    assert_int_equal(ocsp.reason, on_vault ? RIG_REVOKED_UNSPECIFIED : RIG_REVOKED_SUPERSEDED);
    ocsp = ask_ocsp(fx, sibling.serial);
    assert_int_equal(ocsp.status, RIG_OCSP_GOOD);
    assert_int_equal(ocsp.reason, RIG_REVOKED_UNSPECIFIED);
}

static void test_ocsp_of_a_serial_that_was_never_issued(void **state)
{
    struct fx *fx = *state;
    struct rig_ca_ocsp ocsp;

    assert_int_equal(ask_ocsp(fx, "0123456789ABCDEF0123456789abcdef").status,
                     on_vault ? RIG_OCSP_GOOD : RIG_OCSP_UNKNOWN);
    assert_int_equal(ask_ocsp(fx, "01:23:45:67:89").status,
                     on_vault ? RIG_OCSP_GOOD : RIG_OCSP_UNKNOWN);
    fx_failed(rig_ca_ocsp(fx->ca, "xyz", &ocsp, fx_wait(), &fx->err), &fx->err, RIG_CLASS_USAGE,
              RIG_E_INVALID, "hex digits");
}

static void test_what_is_missing_says_so(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};

    fx_sign(fx, "b1", &certificate);
    if (fx->ca->ops->published_crls == NULL) {
        fx_failed(rig_ca_published_crls(fx->ca, &pem, fx_wait(), &fx->err), &fx->err, RIG_CLASS_CA,
                  RIG_E_UNSUPPORTED, "CRLs");
    } else {
        fx_ok(rig_ca_published_crls(fx->ca, &pem, fx_wait(), &fx->err), &fx->err);
        assert_true(fx_count(rig_buf_text(&pem), "BEGIN X509 CRL") >= 2);
    }
}

static void submit(struct fx *fx, const void *csr, size_t csr_len, struct rig_ca_answer *answer)
{
    const struct rig_ca_submission submission = {.csr = csr,
                                                 .csr_len = csr_len,
                                                 .device_id = "b1",
                                                 .organization = "WiseFido Inc",
                                                 .country = "US",
                                                 .ttl_s = 3600};

    fx_ok(rig_ca_submit(fx->ca, &submission, answer, fx_wait(), &fx->err), &fx->err);
}

static void test_requests_as_they_come(void **state)
{
    static const uint8_t no_text[] = {0xff, 0x00, '&', '=', '%', 0x80};
    struct fx *fx = *state;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = fx_csr(key, "b1", "WiseFido Inc", "US");
    RIG_AUTO(rig_auto_BIO) BIO *bio = BIO_new(BIO_s_mem());
    RIG_AUTO(rig_ca_answer_free) struct rig_ca_answer good = {0};
    RIG_AUTO(rig_ca_answer_free) struct rig_ca_answer bad = {0};
    RIG_AUTO(rig_auto_X509) X509 *leaf = NULL;
    char *pem = NULL;
    long len;

    assert_non_null(fx->ca->ops->submit);
    assert_true(X509_REQ_sign(csr, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509_REQ(bio, csr), 1);
    len = BIO_get_mem_data(bio, &pem);
    submit(fx, pem, (size_t)len, &good);
    assert_string_equal(good.refusal, "");
    assert_true(good.accepted);
    leaf = fx_decode(&good.der);
    assert_int_equal(X509_get_ext_by_NID(leaf, NID_subject_alt_name, -1), -1);
    assert_true(fx_count(rig_buf_text(&good.chain_pem), "BEGIN CERTIFICATE") >= 1);
    submit(fx, no_text, sizeof no_text, &bad);
    assert_false(bad.accepted);
    assert_true(bad.refusal[0] != '\0');
    assert_int_equal(bad.status, on_vault ? 400 : 0);
}

#define N_THREADS 4
#define N_EACH 8

struct signer {
    pthread_t thread;
    struct fx *fx;
    struct rig_buf csr;
    bool ok;
    char serials[N_EACH][RIG_SERIAL_TEXT_SIZE];
};

static void *sign_many(void *ctx)
{
    struct signer *signer = ctx;

    signer->ok = true;
    for (size_t i = 0; i < N_EACH && signer->ok; i++) {
        RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
        const struct rig_ca_request request = fx_request(&signer->csr, "b1");
        struct rig_error err;

        signer->ok = rig_ca_sign(signer->fx->ca, &request, &certificate, fx_wait(), &err).ok;
        memcpy(signer->serials[i], certificate.serial, sizeof signer->serials[i]);
        signer->ok =
            signer->ok && (i % 4 != 0 || rig_ca_revoke(signer->fx->ca, certificate.serial,
                                                       RIG_REVOKED_CESSATION, fx_wait(), &err)
                                             .ok);
        if (signer->ok) {
            struct rig_ca_ocsp ocsp;

            signer->ok =
                rig_ca_ocsp(signer->fx->ca, certificate.serial, &ocsp, fx_wait(), &err).ok &&
                ocsp.status == (i % 4 == 0 ? RIG_OCSP_REVOKED : RIG_OCSP_GOOD);
        }
        if (signer->ok && i % 4 == 1) {
            RIG_AUTO(rig_buf_free) struct rig_buf crls = {0};

            signer->ok = rig_ca_crls(signer->fx->ca, &crls, fx_wait(), &err).ok;
        }
        if (!signer->ok) {
            print_error("%s\n", err.text);
        }
    }
    return NULL;
}

static void test_threads_share_one_ca(void **state)
{
    struct fx *fx = *state;
    struct signer signers[N_THREADS] = {0};

    for (size_t i = 0; i < N_THREADS; i++) {
        RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);

        signers[i].fx = fx;
        fx_good_csr(key, "b1", &signers[i].csr);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_create(&signers[i].thread, NULL, sign_many, &signers[i]), 0);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_join(signers[i].thread, NULL), 0);
        rig_buf_free(&signers[i].csr);
    }
    for (size_t i = 0; i < N_THREADS * N_EACH; i++) {
        assert_true(signers[i / N_EACH].ok);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(signers[i / N_EACH].serials[i % N_EACH],
                                    signers[j / N_EACH].serials[j % N_EACH]);
        }
    }
}

#define CONTRACT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, fx_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(test_device_certificate_passes_the_rules),
        CONTRACT_TEST(test_every_key_type),
        CONTRACT_TEST(test_a_csr_s_wishes_are_not_granted),
        CONTRACT_TEST(test_the_end_is_the_one_asked_for),
        CONTRACT_TEST(test_who_backdates_says_so),
        CONTRACT_TEST(test_bad_requests_are_refused),
        CONTRACT_TEST(test_issued_for_finds_all_of_a_key),
        CONTRACT_TEST(test_revoked_is_in_the_crls_and_its_sibling_is_not),
        CONTRACT_TEST(test_revoke_knows_its_serials),
        CONTRACT_TEST(test_server_identity_passes_the_rules),
        CONTRACT_TEST(test_ocsp_tells_the_revoked_from_its_sibling),
        CONTRACT_TEST(test_ocsp_of_a_serial_that_was_never_issued),
        CONTRACT_TEST(test_what_is_missing_says_so),
        CONTRACT_TEST(test_requests_as_they_come),
        CONTRACT_TEST(test_threads_share_one_ca),
    };
    int result;

    on_vault = argc == 2 && strcmp(argv[1], "vault") == 0;
    if (argc != 2 || (!on_vault && strcmp(argv[1], "local") != 0)) {
        return 2;
    }
    if (on_vault) {
        result = vault_engine_find(&engine);
        if (result != 0) {
            return result;
        }
        vault_engine_start(&engine);
    }
    result = cmocka_run_group_tests(tests, NULL, NULL);
    if (on_vault) {
        vault_engine_stop(&engine);
    }
    return result;
}
