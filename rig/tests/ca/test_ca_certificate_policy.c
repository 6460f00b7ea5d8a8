/* SPDX-License-Identifier: Apache-2.0 */
/* A sound certificate passes; one with a single wrong field is refused for that field. */
#include "fixture.h"

#include "rig/base/file.h"
#include "rig/ca/key.h"

#include <stdio.h>
#include <string.h>

static const char *const server_dns[] = {"srv.rig.test", NULL};
static const char *const server_ip[] = {"127.0.0.1", NULL};

struct bench {
    struct fx fx;
    EVP_PKEY *line_key;    /* of the CA that signs devices */
    EVP_PKEY *factory_key; /* of the one above */
    struct rig_ca_certificate device;
    struct rig_ca_certificate server;
};

static EVP_PKEY *read_key(struct fx *fx, const char *level)
{
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {.secret = true};
    char path[400];
    EVP_PKEY *key = NULL;

    (void)snprintf(path, sizeof path, "%s/%s/key.pem", fx->ca_path, level);
    fx_ok(rig_file_read(path, 65536, &pem, &fx->err), &fx->err);
    fx_ok(rig_key_read(&pem, NULL, path, &key, &fx->err), &fx->err);
    return key;
}

static int setup(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    struct fx *fx = &bench->fx;
    RIG_AUTO(rig_buf_free) struct rig_buf key_pem = {.secret = true};
    const struct rig_ca_request request = {
        .common_name = "srv.rig.test", .dns_names = server_dns, .ip_addresses = server_ip};

    fx_init(fx);
    fx_open_ca(fx, &fx_plan, NULL);
    bench->line_key = read_key(fx, "line");
    bench->factory_key = read_key(fx, "factory");
    fx_sign(fx, "b1", &bench->device);
    fx_ok(rig_ca_make_server(fx->ca, &request, RIG_KEY_P256, &key_pem, &bench->server, fx_wait(),
                             &fx->err),
          &fx->err);
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;

    EVP_PKEY_free(bench->line_key);
    EVP_PKEY_free(bench->factory_key);
    rig_ca_certificate_free(&bench->device);
    rig_ca_certificate_free(&bench->server);
    fx_close(&bench->fx);
    free(bench);
    return 0;
}

static struct rig_certificate_rules device_rules(struct bench *bench)
{
    return (struct rig_certificate_rules){
        .profile = RIG_PROFILE_DEVICE,
        .common_name = "b1",
        .spki_sha256 = bench->device.spki_sha256,
        .root_pem = rig_buf_text(&bench->fx.ca->root_pem),
        .chain_pem = rig_buf_text(&bench->fx.ca->chain_pem),
        .now_ms = bench->fx.now_ms,
    };
}

static struct rig_certificate_rules server_rules(struct bench *bench)
{
    struct rig_certificate_rules rules = device_rules(bench);

    rules.profile = RIG_PROFILE_SERVER;
    rules.common_name = "srv.rig.test";
    rules.spki_sha256 = bench->server.spki_sha256;
    rules.dns_names = server_dns;
    rules.ip_addresses = server_ip;
    return rules;
}

/* The same rules, with their root and chain decoded before. */
static rig_result check_with_trust(struct bench *bench, const struct rig_buf *der,
                                   const struct rig_certificate_rules *rules)
{
    struct rig_certificate_rules prepared = *rules;
    RIG_AUTO(rig_auto_trust) struct rig_trust *trust = NULL;

    fx_ok(rig_trust_open(rules->root_pem, rules->chain_pem, &trust, &bench->fx.err),
          &bench->fx.err);
    prepared.root_pem = NULL;
    prepared.chain_pem = NULL;
    prepared.trust = trust;
    return rig_certificate_check(der->data, der->len, &prepared, &bench->fx.err);
}

static void check_ok(struct bench *bench, const struct rig_buf *der,
                     const struct rig_certificate_rules *rules)
{
    fx_ok(rig_certificate_check(der->data, der->len, rules, &bench->fx.err), &bench->fx.err);
    fx_ok(check_with_trust(bench, der, rules), &bench->fx.err);
}

static void check_fails(struct bench *bench, const struct rig_buf *der,
                        const struct rig_certificate_rules *rules, enum rig_error_code code,
                        const char *text)
{
    fx_failed(rig_certificate_check(der->data, der->len, rules, &bench->fx.err), &bench->fx.err,
              RIG_CLASS_CA, code, text);
    fx_failed(check_with_trust(bench, der, rules), &bench->fx.err, RIG_CLASS_CA, code, text);
}

/* The certificate with one change, signed again by the same CA. */
static void spoiled(const struct rig_buf *from, void (*spoil)(X509 *certificate), EVP_PKEY *signer,
                    const EVP_MD *digest, struct rig_buf *der)
{
    RIG_AUTO(rig_auto_X509) X509 *certificate = fx_decode(from);
    struct rig_error err;

    if (spoil != NULL) {
        spoil(certificate);
    }
    assert_true(X509_sign(certificate, signer, digest) > 0);
    rig_buf_reset(der);
    fx_ok(rig_pki_certificate_der(certificate, der, &err), &err);
}

static void expect(struct bench *bench, void (*spoil)(X509 *certificate), enum rig_error_code code,
                   const char *text)
{
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    const struct rig_certificate_rules rules = device_rules(bench);

    spoiled(&bench->device.der, spoil, bench->line_key, EVP_sha256(), &der);
    check_fails(bench, &der, &rules, code, text);
}

static void expect_server(struct bench *bench, void (*spoil)(X509 *certificate),
                          enum rig_error_code code, const char *text)
{
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    const struct rig_certificate_rules rules = server_rules(bench);

    spoiled(&bench->server.der, spoil, bench->line_key, EVP_sha256(), &der);
    check_fails(bench, &der, &rules, code, text);
}

static void extend(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void drop(X509 *certificate, int nid)
{
    const int at = X509_get_ext_by_NID(certificate, nid, -1);

    assert_true(at >= 0);
    X509_EXTENSION_free(X509_delete_ext(certificate, at));
}

static void replace(X509 *certificate, int nid, const char *value)
{
    drop(certificate, nid);
    extend(certificate, nid, value);
}

static void test_sound_certificates_pass(void **state)
{
    struct bench *bench = *state;
    struct rig_certificate_rules rules = device_rules(bench);
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};

    check_ok(bench, &bench->device.der, &rules);
    rules.organization = "WiseFido Inc";
    rules.country = "US";
    rules.not_before_ms = bench->device.not_before_ms;
    rules.not_after_ms = bench->device.not_after_ms;
    check_ok(bench, &bench->device.der, &rules);
    spoiled(&bench->device.der, NULL, bench->line_key, EVP_sha512(), &der);
    check_ok(bench, &der, &rules);
    rules = server_rules(bench);
    check_ok(bench, &bench->server.der, &rules);
    rules.dns_names = NULL;
    rules.ip_addresses = NULL;
    check_ok(bench, &bench->server.der, &rules);
}

static void test_what_was_asked_for_is_compared(void **state)
{
    struct bench *bench = *state;
    const struct rig_buf *der = &bench->device.der;
    struct rig_certificate_rules rules = device_rules(bench);
    static const uint8_t other_key[RIG_SHA256_SIZE] = {1};

    rules.common_name = "b2";
    check_fails(bench, der, &rules, RIG_E_MISMATCH, "is 'b1', expected 'b2'");
    rules = device_rules(bench);
    rules.organization = "Other";
    check_fails(bench, der, &rules, RIG_E_MISMATCH, "is 'WiseFido Inc', expected 'Other'");
    rules = device_rules(bench);
    rules.country = "DE";
    check_fails(bench, der, &rules, RIG_E_MISMATCH, "is 'US', expected 'DE'");
    rules = device_rules(bench);
    rules.spki_sha256 = other_key;
    check_fails(bench, der, &rules, RIG_E_MISMATCH, "another public key than the CSR's");
    rules = device_rules(bench);
    rules.not_after_ms = bench->device.not_after_ms + FX_MS_PER_DAY;
    check_fails(bench, der, &rules, RIG_E_MISMATCH, "notAfter is");
    rules = device_rules(bench);
    rules.not_before_ms = bench->device.not_before_ms - FX_MS_PER_DAY;
    check_fails(bench, der, &rules, RIG_E_MISMATCH, "notBefore is");
    rules = device_rules(bench);
    rules.now_ms -= FX_MS_PER_DAY;
    check_fails(bench, der, &rules, RIG_E_MISMATCH, "expected about the time now");
    rules = server_rules(bench);
    rules.common_name = "b1";
    rules.spki_sha256 = bench->device.spki_sha256;
    check_fails(bench, der, &rules, RIG_E_POLICY, "extKeyUsage is 'TLS Web Client Auth");
}

static void test_pinned_root_and_chain(void **state)
{
    struct bench *bench = *state;
    struct rig_certificate_rules rules = device_rules(bench);
    struct fx other;
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};

    fx_init(&other);
    fx_open_ca(&other, &fx_plan, NULL);
    rules.root_pem = rig_buf_text(&other.ca->root_pem);
    check_fails(bench, &bench->device.der, &rules, RIG_E_POLICY, "not lead to the pinned root");
    rules.chain_pem = rig_buf_text(&other.ca->chain_pem);
    check_fails(bench, &bench->device.der, &rules, RIG_E_POLICY,
                "unable to get local issuer certificate");
    rules = device_rules(bench);
    rules.chain_pem = NULL;
    check_fails(bench, &bench->device.der, &rules, RIG_E_POLICY,
                "unable to get local issuer certificate");
    rules.chain_pem = "no PEM";
    fx_failed(rig_certificate_check(bench->device.der.data, bench->device.der.len, &rules,
                                    &bench->fx.err),
              &bench->fx.err, RIG_CLASS_USAGE, RIG_E_INVALID, "no PEM certificate");
    rules = device_rules(bench);
    spoiled(&bench->device.der, NULL, bench->factory_key, EVP_sha256(), &der);
    check_fails(bench, &der, &rules, RIG_E_BAD_SIGNATURE, "signature failure");
    fx_close(&other);
}

static void end_now(X509 *certificate)
{
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), -3600));
}

static void begin_tomorrow(X509 *certificate)
{
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), 86400));
}

static void begin_and_end_before(X509 *certificate)
{
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), -3600));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), -7200));
}

static void test_times(void **state)
{
    struct bench *bench = *state;
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    struct rig_certificate_rules rules = device_rules(bench);

    expect(bench, end_now, RIG_E_MISMATCH, "notAfter is");
    expect(bench, begin_tomorrow, RIG_E_MISMATCH, "notBefore is");
    /* asked for as they are: a certificate for a test */
    rules.may_be_expired = true;
    spoiled(&bench->device.der, end_now, bench->line_key, EVP_sha256(), &der);
    rules.not_after_ms = bench->fx.now_ms - INT64_C(3600) * 1000;
    check_fails(bench, &der, &rules, RIG_E_MISMATCH, "later than its notBefore");
    rules.may_be_expired = false;
    rules.not_after_ms = 0;
    spoiled(&bench->device.der, begin_tomorrow, bench->line_key, EVP_sha256(), &der);
    rules.not_before_ms = bench->fx.now_ms + FX_MS_PER_DAY;
    check_ok(bench, &der, &rules);
    rules.may_be_expired = true;
    rules.not_before_ms = 0;
    spoiled(&bench->device.der, begin_and_end_before, bench->line_key, EVP_sha256(), &der);
    check_fails(bench, &der, &rules, RIG_E_MISMATCH, "later than its notBefore");
}

static void test_expired_test_certificate_passes(void **state)
{
    struct bench *bench = *state;
    struct fx *fx = &bench->fx;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate expired = {0};
    struct rig_certificate_rules rules = device_rules(bench);
    struct rig_ca_request request;

    fx_good_csr(key, "b1", &csr);
    request = fx_request(&csr, "b1");
    request.not_before_ms = fx->now_ms - 2 * FX_MS_PER_DAY;
    request.not_after_ms = fx->now_ms - FX_MS_PER_DAY;
    fx_ok(rig_ca_sign(fx->ca, &request, &expired, fx_wait(), &fx->err), &fx->err);
    rules.spki_sha256 = expired.spki_sha256;
    rules.not_before_ms = request.not_before_ms;
    rules.not_after_ms = request.not_after_ms;
    check_fails(bench, &expired.der, &rules, RIG_E_MISMATCH, "later than now");
    rules.may_be_expired = true;
    check_ok(bench, &expired.der, &rules);
}

static void set_serial(X509 *certificate, const char *hex)
{
    BIGNUM *raw = NULL;

    assert_int_equal(BN_hex2bn(&raw, hex), strlen(hex));
    assert_non_null(BN_to_ASN1_INTEGER(raw, X509_get_serialNumber(certificate)));
    BN_free(raw);
}

static void serial_short(X509 *certificate)
{
    set_serial(certificate, "7FFFFFFFFFFFFFFF");
}

static void serial_zero(X509 *certificate)
{
    set_serial(certificate, "00");
}

static void serial_negative(X509 *certificate)
{
    set_serial(certificate, "-7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
}

static void serial_long(X509 *certificate)
{
    set_serial(certificate, "8000000000000000000000000000000000000000");
}

static void test_serials(void **state)
{
    struct bench *bench = *state;

    expect(bench, serial_short, RIG_E_POLICY, "has 63 bits, expected at least 64");
    expect(bench, serial_zero, RIG_E_POLICY, "serial number is zero");
    expect(bench, serial_negative, RIG_E_POLICY, "serial number is negative");
    expect(bench, serial_long, RIG_E_POLICY, "has 21 octets, expected at most 20");
}

static void version_1(X509 *certificate)
{
    assert_int_equal(X509_set_version(certificate, X509_VERSION_1), 1);
}

static void second_cn(X509 *certificate)
{
    fx_name(X509_get_subject_name(certificate), NID_commonName, V_ASN1_UTF8STRING, "b1", -1);
}

static void unit(X509 *certificate)
{
    fx_name(X509_get_subject_name(certificate), NID_organizationalUnitName, V_ASN1_UTF8STRING,
            "unit", -1);
}

static void make_ca(X509 *certificate)
{
    replace(certificate, NID_basic_constraints, "critical,CA:TRUE");
}

static void usage_cert_sign(X509 *certificate)
{
    replace(certificate, NID_key_usage, "critical,digitalSignature,keyCertSign");
}

static void usage_none(X509 *certificate)
{
    drop(certificate, NID_key_usage);
}

static void usage_encipher(X509 *certificate)
{
    replace(certificate, NID_key_usage, "critical,digitalSignature,keyEncipherment");
}

static void usage_agreement(X509 *certificate)
{
    replace(certificate, NID_key_usage, "critical,keyAgreement");
}

static void purpose_server(X509 *certificate)
{
    replace(certificate, NID_ext_key_usage, "serverAuth");
}

static void purpose_both(X509 *certificate)
{
    replace(certificate, NID_ext_key_usage, "clientAuth,serverAuth");
}

static void purpose_any(X509 *certificate)
{
    replace(certificate, NID_ext_key_usage, "anyExtendedKeyUsage");
}

static void purpose_none(X509 *certificate)
{
    drop(certificate, NID_ext_key_usage);
}

static void dns_name(X509 *certificate)
{
    extend(certificate, NID_subject_alt_name, "DNS:srv.rig.test");
}

static void name_constraints(X509 *certificate)
{
    extend(certificate, NID_name_constraints, "critical,permitted;DNS:rig.test");
}

static void comment(X509 *certificate)
{
    extend(certificate, NID_netscape_comment, "hello");
}

static void twice(X509 *certificate)
{
    X509_EXTENSION *usage =
        X509_get_ext(certificate, X509_get_ext_by_NID(certificate, NID_ext_key_usage, -1));

    assert_int_equal(X509_add_ext(certificate, usage, -1), 1);
}

static void authority_none(X509 *certificate)
{
    drop(certificate, NID_authority_key_identifier);
}

static void authority_other(X509 *certificate)
{
    AUTHORITY_KEYID *id = AUTHORITY_KEYID_new();

    id->keyid = ASN1_OCTET_STRING_new();
    assert_int_equal(
        ASN1_OCTET_STRING_set(id->keyid, (const unsigned char *)"12345678901234567890", 20), 1);
    drop(certificate, NID_authority_key_identifier);
    assert_int_equal(
        X509_add1_ext_i2d(certificate, NID_authority_key_identifier, id, 0, X509V3_ADD_DEFAULT), 1);
    AUTHORITY_KEYID_free(id);
}

static void issuer_other(X509 *certificate)
{
    fx_name(X509_get_issuer_name(certificate), NID_commonName, V_ASN1_UTF8STRING, "more", -1);
}

static void constraints_none(X509 *certificate)
{
    drop(certificate, NID_basic_constraints);
}

static void revocation_list_point(X509 *certificate)
{
    extend(certificate, NID_crl_distribution_points, "URI:http://crl.rig.test/line.crl");
}

static void test_fields(void **state)
{
    struct bench *bench = *state;

    expect(bench, version_1, RIG_E_POLICY, "version is 1, expected 3");
    expect(bench, second_cn, RIG_E_POLICY, "more than one CN");
    expect(bench, unit, RIG_E_POLICY, "field 'organizationalUnitName'");
    expect(bench, make_ca, RIG_E_POLICY, "CA:TRUE");
    expect(bench, usage_cert_sign, RIG_E_POLICY, "keyUsage is digitalSignature keyCertSign");
    expect(bench, usage_none, RIG_E_POLICY, "keyUsage is none");
    expect(bench, usage_encipher, RIG_E_POLICY, "keyUsage is digitalSignature keyEncipherment");
    expect(bench, usage_agreement, RIG_E_POLICY, "keyUsage is keyAgreement");
    expect(bench, purpose_server, RIG_E_POLICY, "extKeyUsage is 'TLS Web Server Authentication'");
    expect(bench, purpose_both, RIG_E_POLICY, "extKeyUsage is 'TLS Web Client Authentication, TLS");
    expect(bench, purpose_any, RIG_E_POLICY, "extKeyUsage is 'Any Extended Key Usage'");
    expect(bench, purpose_none, RIG_E_POLICY, "has no extKeyUsage");
    expect(bench, dns_name, RIG_E_POLICY, "subject alternative name, expected none");
    expect(bench, name_constraints, RIG_E_POLICY, "'X509v3 Name Constraints', which nobody");
    expect(bench, comment, RIG_E_POLICY, "'Netscape Comment', which nobody");
    expect(bench, twice, RIG_E_POLICY, "'X509v3 Extended Key Usage' more than once");
    expect(bench, authority_none, RIG_E_POLICY, "Missing Authority Key Identifier");
    expect(bench, authority_other, RIG_E_POLICY, "does not lead to the pinned root");
    expect(bench, issuer_other, RIG_E_POLICY, "does not lead to the pinned root");
}

static void test_harmless_differences_pass(void **state)
{
    struct bench *bench = *state;
    const struct rig_certificate_rules rules = device_rules(bench);
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};

    spoiled(&bench->device.der, constraints_none, bench->line_key, EVP_sha256(), &der);
    check_ok(bench, &der, &rules);
    spoiled(&bench->device.der, revocation_list_point, bench->line_key, EVP_sha256(), &der);
    check_ok(bench, &der, &rules);
}

static void other_dns(X509 *certificate)
{
    replace(certificate, NID_subject_alt_name, "DNS:evil.rig.test,IP:127.0.0.1");
}

static void more_ip(X509 *certificate)
{
    replace(certificate, NID_subject_alt_name, "DNS:srv.rig.test,IP:127.0.0.1,IP:10.0.0.1");
}

static void fewer_names(X509 *certificate)
{
    replace(certificate, NID_subject_alt_name, "DNS:srv.rig.test");
}

static void mail_name(X509 *certificate)
{
    replace(certificate, NID_subject_alt_name, "email:a@rig.test");
}

static void no_names(X509 *certificate)
{
    drop(certificate, NID_subject_alt_name);
}

static void test_server_fields(void **state)
{
    struct bench *bench = *state;

    expect_server(bench, other_dns, RIG_E_POLICY, "DNS name 'evil.rig.test', which was not");
    expect_server(bench, more_ip, RIG_E_POLICY, "IP address '\\x0a\\x00\\x00\\x01'");
    expect_server(bench, fewer_names, RIG_E_POLICY, "holds 1 names, expected the 2");
    expect_server(bench, mail_name, RIG_E_POLICY, "neither a DNS name nor an IP address");
    expect_server(bench, no_names, RIG_E_POLICY, "no subject alternative name");
    expect_server(bench, usage_encipher, RIG_E_POLICY, "expected digitalSignature alone");
}

static void test_weak_digest_and_pss(void **state)
{
    struct bench *bench = *state;
    const struct rig_certificate_rules rules = device_rules(bench);
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    spoiled(&bench->device.der, NULL, bench->line_key, EVP_sha1(), &der);
    check_fails(bench, &der, &rules, RIG_E_POLICY, "signed with ecdsa-with-SHA1");
    spoiled(&bench->device.der, NULL, bench->line_key, EVP_sha224(), &der);
    check_fails(bench, &der, &rules, RIG_E_POLICY, "signed with ecdsa-with-SHA224");
    spoiled(&bench->device.der, NULL, ed25519, NULL, &der);
    check_fails(bench, &der, &rules, RIG_E_POLICY, "signed with ED25519");
}

static void test_size_and_form(void **state)
{
    struct bench *bench = *state;
    const struct rig_certificate_rules rules = device_rules(bench);
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    struct rig_error *err = &bench->fx.err;

    fx_ok(rig_buf_append(&der, bench->device.der.data, bench->device.der.len, err), err);
    fx_ok(rig_buf_append(&der, "\0\0", 2, err), err);
    check_fails(bench, &der, &rules, RIG_E_POLICY, "2 bytes follow behind the end");
    der.len -= 3;
    check_fails(bench, &der, &rules, RIG_E_INVALID, "is not one in DER");
    der.len = 0;
    check_fails(bench, &der, &rules, RIG_E_INVALID, "is not one in DER");
    fx_ok(rig_buf_reserve(&der, 1U << 20, err), err);
    memset(der.data, 0x30, 1U << 20);
    der.len = 1U << 20;
    check_fails(bench, &der, &rules, RIG_E_POLICY, "1048576 bytes, expected at most");
}

static void test_every_changed_byte_is_refused(void **state)
{
    struct bench *bench = *state;
    const struct rig_certificate_rules rules = device_rules(bench);
    struct rig_buf *der = &bench->device.der;

    for (size_t i = 0; i < der->len; i++) {
        const uint8_t bit = (uint8_t)(1U << (i % 8));

        der->data[i] ^= bit;
        if (rig_certificate_check(der->data, der->len, &rules, &bench->fx.err).ok) {
            fail_msg("accepted with byte %zu changed", i);
        }
        assert_int_equal(bench->fx.err.cls, RIG_CLASS_CA);
        der->data[i] ^= bit;
    }
    check_ok(bench, der, &rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound_certificates_pass),
        cmocka_unit_test(test_what_was_asked_for_is_compared),
        cmocka_unit_test(test_pinned_root_and_chain),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_expired_test_certificate_passes),
        cmocka_unit_test(test_serials),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_harmless_differences_pass),
        cmocka_unit_test(test_server_fields),
        cmocka_unit_test(test_weak_digest_and_pss),
        cmocka_unit_test(test_size_and_form),
        cmocka_unit_test(test_every_changed_byte_is_refused),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
