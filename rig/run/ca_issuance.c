/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/ca_issuance.h"

#include "rig/ca/pki.h"
#include "rig/ca/policy.h"

#include <string.h>

#define DAY_S INT64_C(86400)
/* hex digits of a serial that no two of a sound generator share: 48 bits */
enum { SERIAL_DIGITS = 12 };

static rig_result problem(struct rig_buf *problems, const char *text, struct rig_error *err)
{
    return rig_buf_printf(problems, err, "%s%s", problems->len != 0 ? "; " : "", text);
}

static rig_result check_certificate(const struct rig_ca_under_test *test,
                                    const struct rig_attack_request *request,
                                    const struct rig_ca_certificate *certificate,
                                    int64_t not_after_ms, const char *chain_pem,
                                    struct rig_buf *problems, struct rig_error *err)
{
    const struct rig_certificate_rules rules = {
        .profile = RIG_PROFILE_DEVICE,
        .common_name = request->sender,
        .spki_sha256 = request->spki_sha256,
        .root_pem = rig_buf_text(&test->ca->root_pem),
        .chain_pem = chain_pem,
        .now_ms = rig_clock_now_ms(test->run->options->clock),
        .not_after_ms = not_after_ms,
    };
    struct rig_error found;

    if (rig_certificate_check(certificate->der.data, certificate->der.len, &rules, &found).ok) {
        return RIG_DONE;
    }
    return strstr(rig_buf_text(problems), found.text) != NULL ? RIG_DONE
                                                              : problem(problems, found.text, err);
}

/* A relying party that has nothing but the certificate must find its CRL and its CA. */
static rig_result check_addresses(const struct rig_buf *der, struct rig_buf *problems,
                                  struct rig_error *err)
{
    const uint8_t *at = der->data;
    RIG_AUTO(rig_auto_X509) X509 *certificate = d2i_X509(NULL, &at, (long)der->len);

    if (certificate == NULL) {
        return rig_pki_fail_library(err, "read a certificate");
    }
    if (X509_get_ext_by_NID(certificate, NID_crl_distribution_points, -1) < 0) {
        RIG_TRY(problem(problems,
                        "the certificate does not say where its CRL is (vault write "
                        "MOUNT/config/urls crl_distribution_points=...)",
                        err));
    }
    if (X509_get_ext_by_NID(certificate, NID_info_access, -1) < 0) {
        RIG_TRY(problem(problems,
                        "the certificate does not say where its CA and OCSP responder are (vault "
                        "write MOUNT/config/urls issuing_certificates=... ocsp_servers=...)",
                        err));
    }
    return RIG_DONE;
}

/* Of all serials of this run: the newest must not begin like an older one. */
static rig_result check_serials(const struct rig_ca_under_test *test, struct rig_buf *problems,
                                struct rig_error *err)
{
    const struct rig_given_out *newest = &test->given_out[test->n_given_out - 1];

    for (const struct rig_given_out *other = test->given_out; other < newest; other++) {
        if (strncmp(other->serial, newest->serial, SERIAL_DIGITS) == 0 &&
            strcmp(other->issuer, newest->issuer) == 0) {
            return problem(problems,
                           "two serial numbers begin alike: they are counted, not random, so the "
                           "next one can be guessed",
                           err);
        }
    }
    return RIG_DONE;
}

static rig_result check_all(struct rig_ca_under_test *test,
                            const struct rig_attack_request *request,
                            const struct rig_ca_answer *answer,
                            const struct rig_ca_certificate *certificate, int64_t not_after_ms,
                            struct rig_buf *problems, struct rig_error *err)
{
    RIG_TRY(check_certificate(test, request, certificate, not_after_ms,
                              rig_buf_text(&test->ca->chain_pem), problems, err));
    /* the chain that came with the answer, not the one that the rig knows */
    RIG_TRY(check_certificate(test, request, certificate, not_after_ms,
                              rig_buf_text(&answer->chain_pem), problems, err));
    RIG_TRY(check_serials(test, problems, err));
    if (answer->warnings[0] != '\0') {
        RIG_TRY(problem(problems, "the CA answered a good request with a warning: ", err));
        RIG_TRY(rig_buf_append_text(problems, answer->warnings, err));
    }
    return answer->status != 0 ? check_addresses(&certificate->der, problems, err) : RIG_DONE;
}

/* What rig_ca_sign does not let through is a problem of the certificate, not of the run. */
static bool is_wrong_certificate(const struct rig_error *err)
{
    return err->cls == RIG_CLASS_CA &&
           (err->code == RIG_E_POLICY || err->code == RIG_E_MISMATCH ||
            err->code == RIG_E_INVALID || err->code == RIG_E_BAD_SIGNATURE ||
            err->code == RIG_E_EXISTS);
}

rig_result rig_ca_check_issuance(struct rig_ca_under_test *test, struct rig_attack_forge *forge,
                                 enum rig_key_type type, json_t *evidence, bool *is_signed,
                                 struct rig_buf *der, struct rig_buf *problems,
                                 struct rig_wait wait, struct rig_error *err)
{
    const int64_t life_s = test->run->options->suite->device_days * DAY_S;
    const struct rig_ca_wish wish = {.ttl_s = life_s};
    const int64_t not_after_ms =
        (rig_clock_now_ms(test->run->options->clock) / 1000 + life_s) * 1000;
    RIG_AUTO(rig_attack_request_free) struct rig_attack_request request = {0};
    RIG_AUTO(rig_ca_answer_free) struct rig_ca_answer answer = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    RIG_TRY(rig_attack_good_csr(forge, type, &request, err));
    RIG_TRY(rig_ca_under_test_submit(test, &request, &wish, &answer, wait, err));
    *is_signed = answer.accepted;
    if (!answer.accepted) {
        return rig_buf_printf(problems, err, "the CA signs no key of type %s: %.300s",
                              rig_key_type_name(type), answer.refusal);
    }
    RIG_TRY(rig_buf_append(der, answer.der.data, answer.der.len, err));
    if (!rig_ca_under_test_sign(test, &request, not_after_ms, &certificate, wait, err).ok) {
        return is_wrong_certificate(err) ? problem(problems, err->text, err)
                                         : (rig_result){.ok = false};
    }
    rig_buf_reset(der);
    RIG_TRY(rig_buf_append(der, certificate.der.data, certificate.der.len, err));
    (void)json_object_set_new(evidence, "serial", json_string(certificate.serial));
    (void)json_object_set_new(evidence, "issuer", json_string(certificate.issuer));
    return check_all(test, &request, &answer, &certificate, not_after_ms, problems, err);
}
