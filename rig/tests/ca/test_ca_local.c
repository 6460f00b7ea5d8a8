/* SPDX-License-Identifier: Apache-2.0 */
/* Signing, revoking and looking up with a local CA; what its certificates hold. */
#include "fixture.h"

#include "rig/ca/key.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>

#include <stdio.h>
#include <string.h>

static void test_device_certificate_follows_the_profile(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_auto_X509) X509 *leaf = NULL;
    char text[256];

    fx_sign(fx, "b1", &certificate);
    leaf = fx_decode(&certificate.der);
    assert_int_equal(X509_get_version(leaf), X509_VERSION_3);
    rig_pki_name_text(X509_get_subject_name(leaf), text, sizeof text);
    assert_string_equal(text, "CN=b1,O=WiseFido Inc,C=US");
    assert_true(X509_get_ext_by_NID(leaf, NID_basic_constraints, -1) >= 0);
    assert_int_equal(X509_check_ca(leaf), 0);
    assert_int_equal(X509_get_key_usage(leaf), KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_get_extended_key_usage(leaf), XKU_SSL_CLIENT);
    assert_int_equal(X509_get_ext_by_NID(leaf, NID_subject_alt_name, -1), -1);
    for (int i = 0; i < X509_get_ext_count(leaf); i++) {
        X509_EXTENSION *extension = X509_get_ext(leaf, i);
        const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));

        assert_int_equal(X509_EXTENSION_get_critical(extension),
                         nid == NID_basic_constraints || nid == NID_key_usage);
    }
    assert_int_equal(X509_get_ext_count(leaf), 5);
    assert_non_null(X509_get0_subject_key_id(leaf));
    assert_non_null(X509_get0_authority_key_id(leaf));
    assert_int_equal(X509_get_signature_nid(leaf), NID_ecdsa_with_SHA256);
    assert_int_equal(strlen(certificate.serial), 32);
    assert_int_equal(certificate.not_before_ms / 1000, fx->now_ms / 1000 - 30);
    assert_int_equal(certificate.not_after_ms / 1000, (fx->now_ms + 1095 * FX_MS_PER_DAY) / 1000);
    assert_non_null(strstr(certificate.issuer, "CN=rig line CA "));
    assert_int_equal(fx_count(rig_buf_text(&certificate.leaf_pem), "BEGIN CERTIFICATE"), 1);
    assert_int_equal(fx_count(rig_buf_text(&certificate.chain_pem), "BEGIN CERTIFICATE"), 3);
}

static void test_chain_verifies_and_passes_the_rules(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    struct rig_certificate_rules rules = {.common_name = "b1", .now_ms = fx->now_ms};

    fx_sign(fx, "b1", &certificate);
    assert_int_equal(fx_verify(fx, &certificate.der, rig_buf_text(&certificate.chain_pem), NULL,
                               X509_PURPOSE_SSL_CLIENT, NULL),
                     X509_V_OK);
    assert_int_equal(fx_verify(fx, &certificate.der, rig_buf_text(&certificate.chain_pem), NULL,
                               X509_PURPOSE_SSL_SERVER, NULL),
                     X509_V_ERR_INVALID_PURPOSE);
    rules.spki_sha256 = certificate.spki_sha256;
    rules.root_pem = rig_buf_text(&fx->ca->root_pem);
    rules.chain_pem = rig_buf_text(&fx->ca->chain_pem);
    fx_ok(rig_certificate_check(certificate.der.data, certificate.der.len, &rules, &fx->err),
          &fx->err);
}

static void test_ca_certificates_follow_the_profile(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *cas = NULL;

    fx_ok(rig_buf_append_text(&pem, rig_buf_text(&fx->ca->chain_pem), &fx->err), &fx->err);
    fx_ok(rig_buf_append_text(&pem, rig_buf_text(&fx->ca->root_pem), &fx->err), &fx->err);
    fx_ok(rig_pki_certificates_of_pem(rig_buf_text(&pem), "CAs", &cas, &fx->err), &fx->err);
    assert_int_equal(sk_X509_num(cas), 3);
    for (int i = 0; i < 3; i++) {
        X509 *ca = sk_X509_value(cas, i);
        const int constraints = X509_get_ext_by_NID(ca, NID_basic_constraints, -1);
        const int usage = X509_get_ext_by_NID(ca, NID_key_usage, -1);

        assert_int_equal(X509_check_ca(ca), 1);
        assert_int_equal(X509_get_pathlen(ca), i);
        assert_true(X509_EXTENSION_get_critical(X509_get_ext(ca, constraints)));
        assert_true(X509_EXTENSION_get_critical(X509_get_ext(ca, usage)));
        assert_int_equal(X509_get_key_usage(ca), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
        assert_non_null(X509_get0_subject_key_id(ca));
        assert_non_null(X509_get0_authority_key_id(ca));
        if (i != 0) {
            X509 *below = sk_X509_value(cas, i - 1);
            assert_int_equal(X509_check_issued(ca, below), X509_V_OK);
            assert_true(ASN1_TIME_compare(X509_get0_notAfter(below), X509_get0_notAfter(ca)) < 0);
        }
    }
}

static void test_every_key_type_of_device_and_ca(void **state)
{
    static const enum rig_key_type types[] = {RIG_KEY_RSA_2048, RIG_KEY_RSA_3072, RIG_KEY_P256,
                                              RIG_KEY_P384, RIG_KEY_P521};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct fx fx;
        struct rig_ca_local_plan plan = fx_plan;
        RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(types[i]);
        RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
        RIG_AUTO(rig_buf_free) struct rig_buf crls = {0};
        RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
        RIG_AUTO(rig_auto_X509) X509 *leaf = NULL;
        struct rig_ca_request request;
        int digest = NID_undef;

        plan.key_type = types[i];
        plan.n_levels = 2;
        fx_init(&fx);
        fx_open_ca(&fx, &plan, NULL);
        fx_good_csr(key, "b1", &csr);
        request = fx_request(&csr, "b1");
        fx_ok(rig_ca_sign(fx.ca, &request, &certificate, fx_wait(), &fx.err), &fx.err);
        fx_ok(rig_ca_crls(fx.ca, &crls, fx_wait(), &fx.err), &fx.err);
        leaf = fx_decode(&certificate.der);
        assert_int_equal(OBJ_find_sigid_algs(X509_get_signature_nid(leaf), &digest, NULL), 1);
        assert_int_equal(digest, types[i] == RIG_KEY_P384 || types[i] == RIG_KEY_P521 ? NID_sha384
                                                                                      : NID_sha256);
        assert_int_equal(fx_verify(&fx, &certificate.der, rig_buf_text(&certificate.chain_pem),
                                   rig_buf_text(&crls), X509_PURPOSE_SSL_CLIENT, NULL),
                         X509_V_OK);
        fx_close(&fx);
    }
}

static void test_depth_is_configurable(void **state)
{
    static const char *const names[] = {"root", "policy", "region", "factory", "hall", "line"};

    (void)state;
    for (size_t n = 1; n <= RIG_CA_MAX_LEVELS; n++) {
        struct fx fx;
        struct rig_ca_local_plan plan = {.n_levels = n};
        RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
        RIG_AUTO(rig_buf_free) struct rig_buf crls = {0};

        memcpy(plan.levels, names, n * sizeof *names);
        fx_init(&fx);
        fx_open_ca(&fx, &plan, NULL);
        fx_sign(&fx, "b1", &certificate);
        assert_int_equal(fx_count(rig_buf_text(&certificate.chain_pem), "BEGIN CERTIFICATE"), n);
        assert_int_equal(fx_count(rig_buf_text(&fx.ca->chain_pem), "BEGIN CERTIFICATE"), n - 1);
        fx_ok(rig_ca_crls(fx.ca, &crls, fx_wait(), &fx.err), &fx.err);
        assert_int_equal(fx_count(rig_buf_text(&crls), "BEGIN X509 CRL"), n);
        assert_int_equal(fx_verify(&fx, &certificate.der, rig_buf_text(&certificate.chain_pem),
                                   rig_buf_text(&crls), X509_PURPOSE_SSL_CLIENT, NULL),
                         X509_V_OK);
        fx_close(&fx);
    }
}

static void test_subject_comes_from_the_request_not_from_the_csr(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = fx_csr(key, "evil", "Evil Inc", "XX");
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_auto_X509) X509 *leaf = NULL;
    struct rig_ca_request request;
    char text[256];

    fx_csr_extension(csr, NID_basic_constraints, "critical,CA:TRUE");
    fx_csr_der(csr, key, NULL, &der);
    request = fx_request(&der, "b1");
    fx_ok(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err), &fx->err);
    leaf = fx_decode(&certificate.der);
    rig_pki_name_text(X509_get_subject_name(leaf), text, sizeof text);
    assert_string_equal(text, "CN=b1,O=WiseFido Inc,C=US");
    assert_int_equal(X509_check_ca(leaf), 0);
}

static void test_what_sign_refuses(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    static const char *const names[] = {"srv.rig.test", NULL};
    struct rig_ca_request request;
    char soon[RIG_TIME_TEXT_SIZE];

    fx_good_csr(key, "b1", &csr);
    request = fx_request(&csr, "b1");
    request.not_after_ms = fx->now_ms + 3640 * FX_MS_PER_DAY;
    rig_time_text(request.not_after_ms, soon);
    fx_failed(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err), &fx->err,
              RIG_CLASS_CA, RIG_E_REFUSED, "lies beyond the end of the issuing CA's");
    assert_non_null(strstr(fx->err.text, soon));

    request = fx_request(&csr, "b1");
    request.dns_names = names;
    fx_failed(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err), &fx->err,
              RIG_CLASS_USAGE, RIG_E_INVALID, "takes no DNS names");

    request = fx_request(&csr, "");
    fx_failed(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err), &fx->err,
              RIG_CLASS_USAGE, RIG_E_INVALID, "takes 1 to 64");

    request = fx_request(&csr, "b1");
    request.country = "de";
    fx_failed(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err), &fx->err,
              RIG_CLASS_USAGE, RIG_E_INVALID, "two capital letters");

    request = fx_request(&csr, "b1");
    request.csr_len--;
    fx_failed(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err), &fx->err,
              RIG_CLASS_CA, RIG_E_REFUSED, "can't be decoded");

    csr.data[csr.len - 1] ^= 1;
    request = fx_request(&csr, "b1");
    fx_failed(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err), &fx->err,
              RIG_CLASS_CA, RIG_E_BAD_SIGNATURE, "not signed by its own key");
    assert_null(certificate.der.data);
}

static void test_times_as_asked_for(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate expired = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate short_form = {0};
    struct rig_ca_request request;
    int depth = -1;

    fx_good_csr(key, "b1", &csr);
    request = fx_request(&csr, "b1");
    request.not_before_ms = fx->now_ms - 3 * FX_MS_PER_DAY;
    request.not_after_ms = fx->now_ms - FX_MS_PER_DAY;
    fx_ok(rig_ca_sign(fx->ca, &request, &expired, fx_wait(), &fx->err), &fx->err);
    assert_int_equal(expired.not_before_ms / 1000, request.not_before_ms / 1000);
    assert_int_equal(expired.not_after_ms / 1000, request.not_after_ms / 1000);
    assert_int_equal(fx_verify(fx, &expired.der, rig_buf_text(&expired.chain_pem), NULL,
                               X509_PURPOSE_SSL_CLIENT, &depth),
                     X509_V_ERR_CERT_HAS_EXPIRED);
    assert_int_equal(depth, 0);
    request.not_before_ms = 0;
    fx_ok(rig_ca_sign(fx->ca, &request, &short_form, fx_wait(), &fx->err), &fx->err);
    assert_true(short_form.not_before_ms < short_form.not_after_ms);
    request.not_before_ms = fx->now_ms;
    rig_ca_certificate_free(&short_form);
    fx_failed(rig_ca_sign(fx->ca, &request, &short_form, fx_wait(), &fx->err), &fx->err,
              RIG_CLASS_USAGE, RIG_E_INVALID, "would end");
}

struct seen {
    size_t n;
    size_t n_revoked;
    char serials[4][RIG_SERIAL_TEXT_SIZE];
    struct fx *revoke_in; /* not NULL: revokes what it is shown */
};

static rig_result see(void *ctx, const char *serial, bool revoked, const struct rig_buf *der,
                      struct rig_error *err)
{
    struct seen *seen = ctx;

    assert_true(seen->n < 4);
    assert_true(der->len > 100);
    (void)rig_copy_text(seen->serials[seen->n], RIG_SERIAL_TEXT_SIZE, serial);
    seen->n++;
    seen->n_revoked += revoked ? 1 : 0;
    if (seen->revoke_in != NULL && !revoked) {
        return rig_ca_revoke(seen->revoke_in->ca, serial, RIG_REVOKED_SUPERSEDED, fx_wait(), err);
    }
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
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    struct rig_ca_request request;
    struct seen seen = {0};

    fx_good_csr(key, "b1", &csr);
    request = fx_request(&csr, "b1");
    fx_spki_sha256(key, spki_sha256);
    fx_ok(rig_ca_issued_for(fx->ca, spki_sha256, see, &seen, fx_wait(), &fx->err), &fx->err);
    assert_int_equal(seen.n, 0);
    fx_ok(rig_ca_sign(fx->ca, &request, &first, fx_wait(), &fx->err), &fx->err);
    fx_ok(rig_ca_sign(fx->ca, &request, &second, fx_wait(), &fx->err), &fx->err);
    fx_sign(fx, "b2", &other);
    assert_memory_equal(first.spki_sha256, spki_sha256, sizeof spki_sha256);
    assert_string_not_equal(first.serial, second.serial);
    seen.revoke_in = fx;
    fx_ok(rig_ca_issued_for(fx->ca, spki_sha256, see, &seen, fx_wait(), &fx->err), &fx->err);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.n_revoked, 0);
    assert_string_equal(seen.serials[0], first.serial);
    assert_string_equal(seen.serials[1], second.serial);
    seen = (struct seen){0};
    fx_ok(rig_ca_issued_for(fx->ca, spki_sha256, see, &seen, fx_wait(), &fx->err), &fx->err);
    assert_int_equal(seen.n_revoked, 2);
}

static void test_revoke_knows_its_serials(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    char upper[3 * RIG_SERIAL_TEXT_SIZE] = "";

    fx_failed(rig_ca_revoke(fx->ca, "0011", RIG_REVOKED_UNSPECIFIED, fx_wait(), &fx->err), &fx->err,
              RIG_CLASS_CA, RIG_E_NOT_FOUND, "never issued");
    fx_failed(rig_ca_revoke(fx->ca, "xyz", RIG_REVOKED_UNSPECIFIED, fx_wait(), &fx->err), &fx->err,
              RIG_CLASS_USAGE, RIG_E_INVALID, "hex digits");
    fx_failed(rig_ca_revoke(fx->ca, "00", (enum rig_revocation_reason)7, fx_wait(), &fx->err),
              &fx->err, RIG_CLASS_USAGE, RIG_E_INVALID, "not a reason");
    fx_sign(fx, "b1", &certificate);
    for (size_t i = 0; certificate.serial[i] != '\0'; i += 2) {
        const size_t used = strlen(upper);
        (void)snprintf(upper + used, sizeof upper - used, "%s%.2s", used != 0 ? ":" : "",
                       certificate.serial + i);
    }
    fx_ok(rig_ca_revoke(fx->ca, upper, RIG_REVOKED_KEY_COMPROMISE, fx_wait(), &fx->err), &fx->err);
    fx_ok(rig_ca_revoke(fx->ca, certificate.serial, RIG_REVOKED_SUPERSEDED, fx_wait(), &fx->err),
          &fx->err);
    fx_ok(rig_ca_describe(fx->ca, &text, fx_wait(), &fx->err), &fx->err);
    assert_non_null(strstr(rig_buf_text(&text), "1 issued, 1 of them revoked"));
    assert_non_null(strstr(rig_buf_text(&text), "factory"));
    assert_non_null(strstr(rig_buf_text(&text), "p-256"));
    assert_int_equal(fx_count(rig_buf_text(&text), "\n"), 4);
}

static void check_server(struct fx *fx, enum rig_key_type type, uint32_t usage)
{
    static const char *const dns_names[] = {"srv.rig.test", "*.rig.test", NULL};
    static const char *const ip_addresses[] = {"127.0.0.1", "::1", NULL};
    const struct rig_ca_request request = {
        .common_name = "srv.rig.test", .dns_names = dns_names, .ip_addresses = ip_addresses};
    RIG_AUTO(rig_buf_free) struct rig_buf key_pem = {.secret = true};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = NULL;
    RIG_AUTO(rig_auto_X509) X509 *leaf = NULL;
    struct rig_certificate_rules rules = {.profile = RIG_PROFILE_SERVER,
                                          .common_name = "srv.rig.test",
                                          .dns_names = dns_names,
                                          .ip_addresses = ip_addresses,
                                          .spki_sha256 = certificate.spki_sha256,
                                          .now_ms = fx->now_ms};

    fx_ok(rig_ca_make_server(fx->ca, &request, type, &key_pem, &certificate, fx_wait(), &fx->err),
          &fx->err);
    fx_ok(rig_key_read(&key_pem, NULL, "server key", &key, &fx->err), &fx->err);
    leaf = fx_decode(&certificate.der);
    assert_int_equal(X509_check_private_key(leaf, key), 1);
    assert_int_equal(X509_check_host(leaf, "srv.rig.test", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(leaf, "x.rig.test", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(leaf, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(leaf, "::1", 0), 1);
    assert_int_equal(X509_get_key_usage(leaf), usage);
    assert_int_equal(X509_get_extended_key_usage(leaf), XKU_SSL_SERVER);
    rules.root_pem = rig_buf_text(&fx->ca->root_pem);
    rules.chain_pem = rig_buf_text(&fx->ca->chain_pem);
    fx_ok(rig_certificate_check(certificate.der.data, certificate.der.len, &rules, &fx->err),
          &fx->err);
}

static void test_server_identities(void **state)
{
    struct fx *fx = *state;
    static const char *const bad_dns[] = {"no space.test", NULL};
    static const char *const bad_ip[] = {"1.2.3", NULL};
    RIG_AUTO(rig_buf_free) struct rig_buf key_pem = {.secret = true};
    RIG_AUTO(rig_buf_free) struct rig_buf open_pem = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    struct rig_ca_request request = {.common_name = "srv"};

    check_server(fx, RIG_KEY_P256, KU_DIGITAL_SIGNATURE);
    check_server(fx, RIG_KEY_RSA_2048, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT);
    fx_failed(rig_ca_make_server(fx->ca, &request, RIG_KEY_P256, &key_pem, &certificate, fx_wait(),
                                 &fx->err),
              &fx->err, RIG_CLASS_USAGE, RIG_E_INVALID, "needs a DNS name or an IP address");
    assert_int_equal(key_pem.len, 0);
    request.dns_names = bad_dns;
    fx_failed(rig_ca_make_server(fx->ca, &request, RIG_KEY_P256, &key_pem, &certificate, fx_wait(),
                                 &fx->err),
              &fx->err, RIG_CLASS_USAGE, RIG_E_INVALID, "is not a DNS name");
    request.dns_names = NULL;
    request.ip_addresses = bad_ip;
    fx_failed(rig_ca_make_server(fx->ca, &request, RIG_KEY_P256, &key_pem, &certificate, fx_wait(),
                                 &fx->err),
              &fx->err, RIG_CLASS_USAGE, RIG_E_INVALID, "is not an IP address");
    fx_failed(rig_ca_make_server(fx->ca, &request, RIG_KEY_P256, &open_pem, &certificate, fx_wait(),
                                 &fx->err),
              &fx->err, RIG_CLASS_RIG, RIG_E_INVALID, "must be a secret one");
}

static void test_serials_are_fresh_and_random(void **state)
{
    struct fx *fx = *state;
    enum { N = 64 };
    char serials[N][RIG_SERIAL_TEXT_SIZE];
    unsigned n_high = 0;

    for (size_t i = 0; i < N; i++) {
        RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

        fx_sign(fx, "b1", &certificate);
        memcpy(serials[i], certificate.serial, sizeof serials[i]);
        assert_int_equal(strlen(serials[i]), 32);
        n_high += serials[i][0] >= '8' ? 1 : 0;
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(serials[i], serials[j]);
        }
    }
    /* the top bit is random too: 2^-63 that this fails for a sound generator */
    assert_true(n_high > 0 && n_high < N);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_device_certificate_follows_the_profile, fx_setup,
                                        fx_teardown),
        cmocka_unit_test_setup_teardown(test_chain_verifies_and_passes_the_rules, fx_setup,
                                        fx_teardown),
        cmocka_unit_test_setup_teardown(test_ca_certificates_follow_the_profile, fx_setup,
                                        fx_teardown),
        cmocka_unit_test(test_every_key_type_of_device_and_ca),
        cmocka_unit_test(test_depth_is_configurable),
        cmocka_unit_test_setup_teardown(test_subject_comes_from_the_request_not_from_the_csr,
                                        fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_what_sign_refuses, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_times_as_asked_for, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_issued_for_finds_all_of_a_key, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_revoke_knows_its_serials, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_server_identities, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_serials_are_fresh_and_random, fx_setup, fx_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
