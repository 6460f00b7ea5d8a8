/* SPDX-License-Identifier: Apache-2.0 */
/* What counts as refused, neutralised, detected and allowed; and the checks that detect. */
#include "rig/ca/csr_pem.h"
#include "rig/ca/moduli.h"
#include "rig/ca_attack/attack.h"
#include "rig/tests/ca/fixture.h"

#include <string.h>

#define DEVICE "rig-02ca00000001"

static const struct rig_attack_names names = {
    .device = DEVICE,
    .other = "rig-02ca00000002",
    .server = "srv.rig.test",
    .organization = "WiseFido Inc",
    .country = "US",
    .late = "2030-01-02T03:04:05Z",
};

/* A certificate as a careless CA makes it, with one extension (value NULL: none). */
static void careless(const char *cn, int days, int nid, const char *value, struct rig_buf *der)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_auto_X509) X509 *made = X509_new();
    struct rig_error err = {0};

    assert_int_equal(X509_set_version(made, X509_VERSION_3), 1);
    assert_int_equal(X509_set_pubkey(made, key), 1);
    fx_name(X509_get_subject_name(made), NID_commonName, V_ASN1_UTF8STRING, cn, -1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(made), -30));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(made), days * 86400L));
    if (value != NULL) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

        assert_non_null(extension);
        assert_int_equal(X509_add_ext(made, extension, -1), 1);
        X509_EXTENSION_free(extension);
    }
    assert_true(X509_sign(made, key, EVP_sha256()) > 0);
    fx_ok(rig_pki_certificate_der(made, der, &err), &err);
}

static unsigned dangers_of(const char *attack, const char *cn, int days, int nid, const char *value)
{
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf what = {0};
    struct rig_error err = {0};
    unsigned dangers = 0;

    careless(cn, days, nid, value, &der);
    fx_ok(rig_attack_dangers(rig_attack_find(attack), &names, &der, 1095, &dangers, &what, &err),
          &err);
    assert_int_equal(dangers != 0, what.len != 0);
    return dangers;
}

static void dangers_are_found(void **state)
{
    static const struct {
        const char *attack;
        const char *cn;
        int days;
        int nid;
        const char *value;
        unsigned dangers;
    } cases[] = {
        {"broken-signature", DEVICE, 1095, 0, NULL, RIG_DANGER_SIGNED},
        {"san-dns-server", DEVICE, 1095, 0, NULL, 0},
        {"san-dns-server", DEVICE, 1095, NID_subject_alt_name, "DNS:srv.rig.test", RIG_DANGER_NAME},
        {"san-dns-server", DEVICE, 1095, NID_subject_alt_name, "DNS:SRV.rig.TEST", RIG_DANGER_NAME},
        {"san-dns-server", DEVICE, 1095, NID_subject_alt_name, "DNS:" DEVICE, 0},
        {"san-ip", DEVICE, 1095, NID_subject_alt_name, "IP:198.51.100.7", RIG_DANGER_NAME},
        {"san-ip", DEVICE, 1095, NID_subject_alt_name, "IP:198.51.100.8", 0},
        {"san-upn", DEVICE, 1095, NID_subject_alt_name,
         "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:administrator@attack.test", RIG_DANGER_NAME},
        {"cn-server", "srv.rig.test", 1095, 0, NULL, RIG_DANGER_NAME},
        {"cn-server", DEVICE, 1095, 0, NULL, 0},
        {"cn-homograph", "rig", 1095, NID_subject_alt_name, "DNS:xn--80ak6aa92e.test",
         RIG_DANGER_NAME},
        {"ca-true", DEVICE, 1095, NID_basic_constraints, "CA:TRUE", RIG_DANGER_CA},
        {"ca-true", DEVICE, 1095, NID_basic_constraints, "CA:FALSE", 0},
        {"key-cert-sign", DEVICE, 1095, NID_key_usage, "cRLSign", RIG_DANGER_CA},
        {"key-cert-sign", DEVICE, 1095, NID_key_usage, "digitalSignature", 0},
        {"eku-code-signing", DEVICE, 1095, NID_ext_key_usage, "clientAuth", 0},
        {"eku-code-signing", DEVICE, 1095, NID_ext_key_usage, "clientAuth,codeSigning",
         RIG_DANGER_PURPOSE},
        {"server-purpose", DEVICE, 1095, 0, NULL, RIG_DANGER_PURPOSE},
        {"server-purpose", DEVICE, 1095, NID_ext_key_usage, "anyExtendedKeyUsage",
         RIG_DANGER_PURPOSE},
        {"cn-becomes-dns-name", DEVICE, 1095, NID_subject_alt_name, "DNS:" DEVICE,
         RIG_DANGER_ANY_SAN},
        {"ttl-100-years", DEVICE, 1095, 0, NULL, 0},
        {"ttl-100-years", DEVICE, 32, 0, NULL, 0},
        {"ttl-100-years", DEVICE, 1096, 0, NULL, RIG_DANGER_LONG_LIFE},
        {"ttl-missing", DEVICE, 32, 0, NULL, RIG_DANGER_OTHER_LIFE},
        {"ttl-missing", DEVICE, 1095, 0, NULL, 0},
        {"not-after-9999", DEVICE, 3000, 0, NULL, RIG_DANGER_LONG_LIFE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const unsigned found =
            dangers_of(cases[i].attack, cases[i].cn, cases[i].days, cases[i].nid, cases[i].value);

        if (found != cases[i].dangers) {
            fail_msg("%s, case %zu: found %#x, expected %#x", cases[i].attack, i, found,
                     cases[i].dangers);
        }
    }
}

static void a_certificate_that_is_none_is_the_cas_fault(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf what = {0};
    struct rig_error err = {0};
    unsigned dangers = 0;

    (void)state;
    fx_ok(rig_buf_append_text(&der, "no certificate", &err), &err);
    fx_failed(
        rig_attack_dangers(rig_attack_find("ca-true"), &names, &der, 1095, &dangers, &what, &err),
        &err, RIG_CLASS_CA, RIG_E_INVALID, "not one in DER");
}

static void expectations(void **state)
{
    static const bool meets[5][4] = {
        /* refused, neutralised, detected, allowed */
        [RIG_ATTACK_EXPECT_REFUSED] = {true, false, false, false},
        [RIG_ATTACK_EXPECT_NEUTRALISED] = {true, true, false, false},
        [RIG_ATTACK_EXPECT_DETECTED] = {true, true, true, false},
        [RIG_ATTACK_EXPECT_ALLOWED] = {false, false, true, true},
        [RIG_ATTACK_EXPECT_EITHER] = {true, true, true, true},
    };

    (void)state;
    for (int e = 0; e < 5; e++) {
        for (int o = 0; o < 4; o++) {
            assert_int_equal(
                rig_attack_meets((enum rig_attack_expect)e, (enum rig_attack_outcome)o),
                meets[e][o]);
        }
    }
}

static void submit(struct fx *fx, const struct rig_attack *attack,
                   const struct rig_attack_request *request, struct rig_ca_answer *answer)
{
    const bool late =
        attack->recipe.not_after != NULL && strcmp(attack->recipe.not_after, "{late}") == 0;
    const struct rig_ca_submission submission = {
        .csr = request->bytes.data,
        .csr_len = request->bytes.len,
        .ttl_s = attack->recipe.ttl_s > 0    ? attack->recipe.ttl_s
                 : attack->recipe.ttl_s == 0 ? INT64_C(1095) * 86400
                                             : 0,
        .not_after = late ? "9000-01-01T00:00:00Z" : attack->recipe.not_after,
        .device_id = request->sender,
        .organization = names.organization,
        .country = names.country,
    };

    fx_ok(rig_ca_submit(fx->ca, &submission, answer, fx_wait(), &fx->err), &fx->err);
}

/* The local CA takes no request that the rig would not have sent; only what needs a memory of
 * earlier requests is left to the register. */
static void the_local_ca_is_sound(void **state)
{
    RIG_AUTO(rig_auto_attack_forge) struct rig_attack_forge *forge = NULL;
    struct fx fx;
    size_t n_refused = 0;

    (void)state;
    fx_init(&fx);
    fx_open_ca(&fx, &fx_plan, NULL);
    fx_ok(rig_attack_forge_open(&names, RIG_KEY_P256, &forge, &fx.err), &fx.err);
    for (size_t i = 0; i < rig_attack_count(); i++) {
        const struct rig_attack *attack = rig_attack_at(i);
        RIG_AUTO(rig_attack_request_free) struct rig_attack_request prelude = {0};
        RIG_AUTO(rig_attack_request_free) struct rig_attack_request request = {0};
        RIG_AUTO(rig_ca_answer_free) struct rig_ca_answer answer = {0};
        RIG_AUTO(rig_buf_free) struct rig_buf what = {0};
        unsigned dangers = 0;

        fx_ok(rig_attack_build(forge, attack, &prelude, &request, &fx.err), &fx.err);
        submit(&fx, attack, &request, &answer);
        if (!answer.accepted) {
            assert_true(strlen(answer.refusal) > 20);
            n_refused++;
            continue;
        }
        fx_ok(rig_attack_dangers(attack, &names, &answer.der, 1095, &dangers, &what, &fx.err),
              &fx.err);
        if (dangers != 0 && attack->expect < RIG_ATTACK_EXPECT_DETECTED) {
            fail_msg("%s: %s", attack->name, rig_buf_text(&what));
        }
    }
    assert_true(n_refused > 45);
    fx_close(&fx);
}

static void one_block_and_nothing_else(void **state)
{
    static const struct {
        const char *attack;
        const char *text;
    } bad[] = {
        {"der-not-pem", "no BEGIN line"},
        {"trailing-text", "behind the CSR's PEM block"},
        {"two-pem-blocks", "behind the CSR's PEM block"},
        {"wrong-pem-label", "another label"},
    };
    RIG_AUTO(rig_auto_attack_forge) struct rig_attack_forge *forge = NULL;
    RIG_AUTO(rig_attack_request_free) struct rig_attack_request good = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    struct rig_error err = {0};

    (void)state;
    fx_ok(rig_attack_forge_open(&names, RIG_KEY_P256, &forge, &err), &err);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        RIG_AUTO(rig_attack_request_free) struct rig_attack_request prelude = {0};
        RIG_AUTO(rig_attack_request_free) struct rig_attack_request request = {0};

        fx_ok(rig_attack_build(forge, rig_attack_find(bad[i].attack), &prelude, &request, &err),
              &err);
        assert_false(rig_csr_of_pem(request.bytes.data, request.bytes.len, &der, &err).ok);
        assert_int_equal(err.cls, RIG_CLASS_DEVICE);
        assert_non_null(strstr(err.text, bad[i].text));
    }
    fx_ok(rig_attack_good_csr(forge, RIG_KEY_P256, &good, &err), &err);
    fx_ok(rig_csr_of_pem(good.bytes.data, good.bytes.len, &der, &err), &err);
    assert_int_equal(der.len, good.der.len);
    assert_memory_equal(der.data, good.der.data, der.len);
    assert_false(rig_csr_of_pem("", 0, &der, &err).ok);
}

static void a_shared_prime_is_found(void **state)
{
    RIG_AUTO(rig_auto_attack_forge) struct rig_attack_forge *forge = NULL;
    RIG_AUTO(rig_attack_request_free) struct rig_attack_request first = {0};
    RIG_AUTO(rig_attack_request_free) struct rig_attack_request second = {0};
    RIG_AUTO(rig_attack_request_free) struct rig_attack_request sound = {0};
    RIG_AUTO(rig_attack_request_free) struct rig_attack_request curve = {0};
    struct rig_moduli *moduli = NULL;
    struct rig_error err = {0};

    (void)state;
    fx_ok(rig_attack_forge_open(&names, RIG_KEY_P256, &forge, &err), &err);
    fx_ok(rig_attack_build(forge, rig_attack_find("rsa-shared-prime"), &first, &second, &err),
          &err);
    fx_ok(rig_attack_good_csr(forge, RIG_KEY_RSA_2048, &sound, &err), &err);
    fx_ok(rig_attack_good_csr(forge, RIG_KEY_P256, &curve, &err), &err);
    fx_ok(rig_moduli_open(&moduli, &err), &err);
    fx_ok(rig_moduli_claim(moduli, curve.der.data, curve.der.len, "c", &err), &err);
    fx_ok(rig_moduli_claim(moduli, sound.der.data, sound.der.len, "a", &err), &err);
    fx_ok(rig_moduli_claim(moduli, first.der.data, first.der.len, "b1", &err), &err);
    fx_ok(rig_moduli_claim(moduli, first.der.data, first.der.len, "b1", &err), &err);
    fx_failed(rig_moduli_claim(moduli, second.der.data, second.der.len, "b2", &err), &err,
              RIG_CLASS_DEVICE, RIG_E_DUPLICATE, "b2 and b1 share a prime of 1024 bits");
    rig_moduli_close(moduli);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dangers_are_found),
        cmocka_unit_test(a_certificate_that_is_none_is_the_cas_fault),
        cmocka_unit_test(expectations),
        cmocka_unit_test(the_local_ca_is_sound),
        cmocka_unit_test(one_block_and_nothing_else),
        cmocka_unit_test(a_shared_prime_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
