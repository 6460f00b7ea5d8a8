/* SPDX-License-Identifier: Apache-2.0 */
/* CRLs as a TLS server uses them: every CA of the chain, numbers that rise, times that differ. */
#include "fixture.h"

#include "rig/base/file.h"

#include <openssl/pem.h>

#include <stdio.h>
#include <string.h>

static void crls(struct fx *fx, struct rig_buf *pem)
{
    rig_buf_reset(pem);
    fx_ok(rig_ca_crls(fx->ca, pem, fx_wait(), &fx->err), &fx->err);
}

/* The n-th CRL of a PEM text; the caller frees it. */
static X509_CRL *nth(const struct rig_buf *pem, int n)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    X509_CRL *crl = NULL;

    for (int i = 0; i <= n; i++) {
        X509_CRL_free(crl);
        crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
        assert_non_null(crl);
    }
    return crl;
}

static int64_t number_of(const X509_CRL *crl)
{
    RIG_AUTO(rig_auto_ASN1_INTEGER)
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
    int64_t value = 0;

    assert_non_null(number);
    assert_int_equal(ASN1_INTEGER_get_int64(&value, number), 1);
    return value;
}

static int64_t updated_ms(const X509_CRL *crl)
{
    struct rig_error err;
    int64_t ms = 0;

    fx_ok(rig_pki_time_get(X509_CRL_get0_lastUpdate(crl), &ms, &err), &err);
    return ms;
}

static int judge(struct fx *fx, const struct rig_ca_certificate *certificate,
                 const struct rig_buf *pem, int *depth)
{
    return fx_verify(fx, &certificate->der, rig_buf_text(&certificate->chain_pem),
                     rig_buf_text(pem), X509_PURPOSE_SSL_CLIENT, depth);
}

static void test_revoked_leaf_is_refused_and_others_are_not(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate good = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate bad = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf before = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf after = {0};
    int depth = -1;

    fx_sign(fx, "b1", &good);
    fx_sign(fx, "b2", &bad);
    crls(fx, &before);
    assert_int_equal(fx_count(rig_buf_text(&before), "BEGIN X509 CRL"), 3);
    assert_int_equal(judge(fx, &good, &before, NULL), X509_V_OK);
    assert_int_equal(judge(fx, &bad, &before, NULL), X509_V_OK);
    fx_ok(rig_ca_revoke(fx->ca, bad.serial, RIG_REVOKED_KEY_COMPROMISE, fx_wait(), &fx->err),
          &fx->err);
    crls(fx, &after);
    assert_int_equal(judge(fx, &good, &after, NULL), X509_V_OK);
    assert_int_equal(judge(fx, &bad, &after, &depth), X509_V_ERR_CERT_REVOKED);
    assert_int_equal(depth, 0);
    /* even a store that holds both: the newer one is told by its time */
    fx_ok(rig_buf_append(&before, after.data, after.len, &fx->err), &fx->err);
    assert_int_equal(judge(fx, &bad, &before, &depth), X509_V_ERR_CERT_REVOKED);
}

static void test_every_ca_of_the_chain_has_one(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    int depth = -1;

    fx_sign(fx, "b1", &certificate);
    crls(fx, &pem);
    /* without the last of the three, the root's */
    pem.len = (size_t)(strstr(strstr(rig_buf_text(&pem), "END X509 CRL") + 20, "END X509 CRL") -
                       rig_buf_text(&pem)) +
              strlen("END X509 CRL-----\n");
    pem.data[pem.len] = 0;
    assert_int_equal(fx_count(rig_buf_text(&pem), "BEGIN X509 CRL"), 2);
    assert_int_equal(judge(fx, &certificate, &pem, &depth), X509_V_ERR_UNABLE_TO_GET_CRL);
    assert_int_equal(depth, 2);
}

static void test_numbers_rise_and_times_differ(void **state)
{
    struct fx *fx = *state;
    int64_t last_number[3] = {0};
    int64_t last_update_ms[3] = {0};

    /* the clock stands still: all within one second */
    for (int round = 0; round < 20; round++) {
        RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};

        crls(fx, &pem);
        for (int i = 0; i < 3; i++) {
            RIG_AUTO(rig_auto_X509_CRL) X509_CRL *crl = nth(&pem, i);
            int64_t next_ms = 0;

            assert_true(number_of(crl) > last_number[i]);
            assert_true(updated_ms(crl) > last_update_ms[i]);
            assert_true(updated_ms(crl) <= fx->now_ms);
            fx_ok(rig_pki_time_get(X509_CRL_get0_nextUpdate(crl), &next_ms, &fx->err), &fx->err);
            assert_int_equal(next_ms / 1000, fx->now_ms / 1000 + INT64_C(168) * 3600);
            assert_int_equal(X509_CRL_get_version(crl), X509_CRL_VERSION_2);
            assert_true(X509_CRL_get_ext_by_NID(crl, NID_authority_key_identifier, -1) >= 0);
            last_number[i] = number_of(crl);
            last_update_ms[i] = updated_ms(crl);
        }
    }
    rig_ca_close(fx->ca);
    fx->ca = NULL;
    fx_open_ca(fx, NULL, NULL);
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    crls(fx, &pem);
    RIG_AUTO(rig_auto_X509_CRL) X509_CRL *crl = nth(&pem, 0);
    assert_true(number_of(crl) > last_number[0]);
}

static void test_never_from_the_future(void **state)
{
    struct fx *fx = *state;
    struct rig_ca_local_plan plan = {.levels = {"root"}, .n_levels = 1};
    int64_t last_number = 0;

    rig_ca_close(fx->ca);
    fx->ca = NULL;
    (void)snprintf(fx->ca_path, sizeof fx->ca_path, "%s/one", fx->folder);
    fx_open_ca(fx, &plan, NULL);
    for (int round = 0; round < 620; round++) {
        RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};

        crls(fx, &pem);
        RIG_AUTO(rig_auto_X509_CRL) X509_CRL *crl = nth(&pem, 0);
        assert_true(updated_ms(crl) <= fx->now_ms);
        assert_true(number_of(crl) > last_number);
        last_number = number_of(crl);
    }
}

static void test_revocation_is_published_at_once(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf first = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf second = {0};
    char path[400];
    RIG_AUTO(rig_auto_X509_CRL) X509_CRL *crl = NULL;
    RIG_AUTO(rig_auto_X509) X509 *leaf = NULL;
    X509_REVOKED *entry = NULL;
    int reason = -1;
    ASN1_ENUMERATED *coded;

    (void)snprintf(path, sizeof path, "%s/line/crl.pem", fx->ca_path);
    fx_sign(fx, "b1", &certificate);
    fx_ok(rig_ca_revoke(fx->ca, certificate.serial, RIG_REVOKED_CESSATION, fx_wait(), &fx->err),
          &fx->err);
    fx_ok(rig_file_read(path, 65536, &first, &fx->err), &fx->err);
    crl = nth(&first, 0);
    leaf = fx_decode(&certificate.der);
    assert_int_equal(X509_CRL_get0_by_cert(crl, &entry, leaf), 1);
    coded = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
    assert_non_null(coded);
    reason = (int)ASN1_ENUMERATED_get(coded);
    ASN1_ENUMERATED_free(coded);
    assert_int_equal(reason, RIG_REVOKED_CESSATION);
    /* again, for another reason: nothing changes */
    fx->now_ms += FX_MS_PER_DAY;
    fx_ok(
        rig_ca_revoke(fx->ca, certificate.serial, RIG_REVOKED_KEY_COMPROMISE, fx_wait(), &fx->err),
        &fx->err);
    fx_ok(rig_file_read(path, 65536, &second, &fx->err), &fx->err);
    assert_string_equal(rig_buf_text(&first), rig_buf_text(&second));
}

static void test_unspecified_reason_is_left_out(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    RIG_AUTO(rig_auto_X509) X509 *leaf = NULL;
    X509_REVOKED *entry = NULL;

    fx_sign(fx, "b1", &certificate);
    fx_ok(rig_ca_revoke(fx->ca, certificate.serial, RIG_REVOKED_UNSPECIFIED, fx_wait(), &fx->err),
          &fx->err);
    crls(fx, &pem);
    RIG_AUTO(rig_auto_X509_CRL) X509_CRL *crl = nth(&pem, 0);
    leaf = fx_decode(&certificate.der);
    assert_int_equal(X509_CRL_get0_by_cert(crl, &entry, leaf), 1);
    assert_int_equal(X509_REVOKED_get_ext_by_NID(entry, NID_crl_reason, -1), -1);
}

static void test_an_intermediate_can_be_revoked_and_then_signs_no_more(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate late = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *chain = NULL;
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *roots = NULL;
    char serial[RIG_SERIAL_TEXT_SIZE];
    struct rig_ca_request request;
    int depth = -1;

    fx_sign(fx, "b1", &certificate);
    fx_ok(rig_pki_certificates_of_pem(rig_buf_text(&fx->ca->chain_pem), "chain", &chain, &fx->err),
          &fx->err);
    fx_ok(rig_pki_certificates_of_pem(rig_buf_text(&fx->ca->root_pem), "root", &roots, &fx->err),
          &fx->err);
    rig_pki_serial_text(X509_get0_serialNumber(sk_X509_value(roots, 0)), serial, sizeof serial);
    fx_failed(rig_ca_revoke(fx->ca, serial, RIG_REVOKED_SUPERSEDED, fx_wait(), &fx->err), &fx->err,
              RIG_CLASS_CA, RIG_E_POLICY, "the root itself");
    rig_pki_serial_text(X509_get0_serialNumber(sk_X509_value(chain, 0)), serial, sizeof serial);
    fx_ok(rig_ca_revoke(fx->ca, serial, RIG_REVOKED_SUPERSEDED, fx_wait(), &fx->err), &fx->err);
    crls(fx, &pem);
    assert_int_equal(judge(fx, &certificate, &pem, &depth), X509_V_ERR_CERT_REVOKED);
    assert_int_equal(depth, 1);
    fx_good_csr(key, "b2", &csr);
    request = fx_request(&csr, "b2");
    fx_failed(rig_ca_sign(fx->ca, &request, &late, fx_wait(), &fx->err), &fx->err, RIG_CLASS_CA,
              RIG_E_REFUSED, "itself is revoked");
}

static void test_long_ended_certificates_leave_the_crl(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    RIG_AUTO(rig_auto_X509) X509 *leaf = NULL;
    X509_REVOKED *entry = NULL;
    struct rig_ca_request request;

    fx_good_csr(key, "b1", &csr);
    request = fx_request(&csr, "b1");
    request.not_after_ms = fx->now_ms + FX_MS_PER_DAY;
    fx_ok(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err), &fx->err);
    fx_ok(rig_ca_revoke(fx->ca, certificate.serial, RIG_REVOKED_SUPERSEDED, fx_wait(), &fx->err),
          &fx->err);
    leaf = fx_decode(&certificate.der);
    fx->now_ms += 4 * FX_MS_PER_DAY;
    crls(fx, &pem);
    RIG_AUTO(rig_auto_X509_CRL) X509_CRL *soon = nth(&pem, 0);
    assert_int_equal(X509_CRL_get0_by_cert(soon, &entry, leaf), 1);
    fx->now_ms += 5 * FX_MS_PER_DAY;
    crls(fx, &pem);
    RIG_AUTO(rig_auto_X509_CRL) X509_CRL *late = nth(&pem, 0);
    assert_int_equal(X509_CRL_get0_by_cert(late, &entry, leaf), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_revoked_leaf_is_refused_and_others_are_not, fx_setup,
                                        fx_teardown),
        cmocka_unit_test_setup_teardown(test_every_ca_of_the_chain_has_one, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_numbers_rise_and_times_differ, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_never_from_the_future, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_revocation_is_published_at_once, fx_setup,
                                        fx_teardown),
        cmocka_unit_test_setup_teardown(test_unspecified_reason_is_left_out, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_an_intermediate_can_be_revoked_and_then_signs_no_more,
                                        fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_long_ended_certificates_leave_the_crl, fx_setup,
                                        fx_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
