/* SPDX-License-Identifier: Apache-2.0 */
/* The judge of trials: refusals behind a good handshake, what must fail, sessions, codes, flags. */
#include "rig/run/judge.h"
#include "rig/run/judge_offers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/x509_vfy.h>

#define ALERT_HANDSHAKE_FAILURE 40
#define ALERT_CERTIFICATE_REVOKED 44
#define ALERT_PROTOCOL_VERSION 70
#define FLAG_REVOKED 0x02u
#define FLAG_BADCRL_EXPIRED 0x20u
#define CODE_FATAL_ALERT (-0x7780)
#define CODE_CLOSED (-0x7880)
#define CODE_VERIFY_FAILED (-0x2700)

static const uint8_t leaf[RIG_SHA256_SIZE] = {1, 2, 3};

struct scene {
    struct rig_case_plan plan;
    struct rig_tls_evidence server;
    struct rig_agent_handshake_report device;
    struct rig_judge_input input;
    enum rig_outcome outcome;
    struct rig_error err;
};

static void good(struct scene *s, enum rig_case_outcome expect)
{
    memset(s, 0, sizeof *s);
    s->plan.expect = expect;
    s->plan.verify_depth = -1;
    s->server = (struct rig_tls_evidence){.client_hello_seen = true,
                                          .handshake_done = true,
                                          .echoed = true,
                                          .peer_presented = true,
                                          .alert_sent = RIG_TLS_NO_ALERT,
                                          .alert_received = RIG_TLS_NO_ALERT};
    memcpy(s->server.peer_sha256, leaf, sizeof leaf);
    s->device = (struct rig_agent_handshake_report){.connected = true,
                                                    .handshake_done = true,
                                                    .echoed = true,
                                                    .alert_sent = -1,
                                                    .alert_received = -1};
    s->input = (struct rig_judge_input){
        .plan = &s->plan, .server = &s->server, .device = &s->device, .expected_sha256 = leaf};
}

/* The handshake is good, and then the server closes without an echo. */
static void refused_after(struct scene *s, enum rig_case_outcome expect, enum rig_tls_refusal by)
{
    good(s, expect);
    s->server.echoed = false;
    s->server.refused_by = by;
    s->device.echoed = false;
    s->device.tls_code = CODE_CLOSED;
}

/* The server ends the handshake with an alert. */
static void failed(struct scene *s, int alert)
{
    good(s, RIG_EXPECT_FAILS);
    s->plan.alerts[0] = alert;
    s->plan.n_alerts = 1;
    s->server.handshake_done = false;
    s->server.echoed = false;
    s->server.peer_presented = false;
    s->server.alert_sent = alert;
    s->device.handshake_done = false;
    s->device.echoed = false;
    s->device.tls_code = CODE_FATAL_ALERT;
    s->device.alert_received = alert;
}

static void board_refuses(struct scene *s, uint32_t wanted, uint32_t seen)
{
    good(s, RIG_EXPECT_DEVICE_REJECTS);
    s->plan.verify_flags = wanted;
    s->plan.alerts[0] = ALERT_CERTIFICATE_REVOKED;
    s->plan.n_alerts = 1;
    s->plan.tls_codes[0] = CODE_VERIFY_FAILED;
    s->plan.n_tls_codes = 1;
    s->server.handshake_done = false;
    s->server.echoed = false;
    s->server.peer_presented = false;
    s->server.alert_received = ALERT_CERTIFICATE_REVOKED;
    s->device.handshake_done = false;
    s->device.echoed = false;
    s->device.tls_code = CODE_VERIFY_FAILED;
    s->device.verify_flags = seen;
    s->device.alert_sent = ALERT_CERTIFICATE_REVOKED;
}

static bool judge(struct scene *s)
{
    return rig_judge(&s->input, &s->outcome, &s->err).ok;
}

static void assert_passes(struct scene *s, enum rig_outcome outcome)
{
    if (!judge(s)) {
        fail_msg("%s", s->err.text);
    }
    assert_int_equal(s->outcome, outcome);
}

static void assert_fails(struct scene *s, enum rig_outcome outcome, enum rig_error_class cls,
                         const char *word)
{
    assert_false(judge(s));
    assert_string_equal(rig_outcome_name(s->outcome), rig_outcome_name(outcome));
    assert_int_equal(s->err.cls, cls);
    if (strstr(s->err.text, word) == NULL) {
        fail_msg("'%s' is not in '%s'", word, s->err.text);
    }
}

static void policy_refuses_for_exactly_its_findings(void **state)
{
    struct scene s;

    (void)state;
    refused_after(&s, RIG_EXPECT_POLICY_REFUSES, RIG_TLS_REFUSED_BY_POLICY);
    s.server.policy_findings = 1U << RIG_TLS_FINDING_CA_TRUE;
    assert_passes(&s, RIG_OUTCOME_REJECTED);
    s.plan.findings = 1U << RIG_TLS_FINDING_CA_TRUE;
    assert_passes(&s, RIG_OUTCOME_REJECTED);
    s.server.policy_findings |= 1U << RIG_TLS_FINDING_NO_EKU;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_RIG, "ca_true");
}

static void policy_that_lets_it_pass_is_not_the_boards_fault(void **state)
{
    struct scene s;

    (void)state;
    good(&s, RIG_EXPECT_POLICY_REFUSES);
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_RIG, "must refuse by policy");
}

static void a_refusal_by_another_judge_does_not_count(void **state)
{
    struct scene s;

    (void)state;
    refused_after(&s, RIG_EXPECT_POLICY_REFUSES, RIG_TLS_REFUSED_BY_OCSP);
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "handshake failed");
    refused_after(&s, RIG_EXPECT_ENROLMENT_REFUSES, RIG_TLS_REFUSED_BY_POLICY);
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "handshake failed");
    /* nor does a certificate that did not even pass X.509 */
    refused_after(&s, RIG_EXPECT_POLICY_REFUSES, RIG_TLS_NOT_REFUSED);
    s.server.verify_error = X509_V_ERR_CERT_HAS_EXPIRED;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "CERT_HAS_EXPIRED");
}

static void ocsp_refuses_with_the_result_of_the_case(void **state)
{
    struct scene s;

    (void)state;
    refused_after(&s, RIG_EXPECT_OCSP_REFUSES, RIG_TLS_REFUSED_BY_OCSP);
    s.server.ocsp_result = RIG_TLS_OCSP_STALE;
    s.plan.ocsp_result = RIG_TLS_OCSP_STALE;
    assert_passes(&s, RIG_OUTCOME_REJECTED);
    s.plan.ocsp_result = RIG_TLS_OCSP_REVOKED;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_RIG, "expected 'revoked'");
    good(&s, RIG_EXPECT_OCSP_REFUSES);
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_RIG, "must refuse by ocsp");
}

static void an_accepted_case_looks_at_the_ocsp_result_too(void **state)
{
    struct scene s;

    (void)state;
    good(&s, RIG_EXPECT_ACCEPTED);
    s.plan.ocsp_result = RIG_TLS_OCSP_GOOD;
    s.server.ocsp_result = RIG_TLS_OCSP_GOOD;
    assert_passes(&s, RIG_OUTCOME_ACCEPTED);
    s.server.ocsp_result = RIG_TLS_OCSP_NOT_ASKED;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_RIG, "expected 'good'");
}

static void enrolment_refuses_behind_a_good_handshake(void **state)
{
    struct scene s;

    (void)state;
    refused_after(&s, RIG_EXPECT_ENROLMENT_REFUSES, RIG_TLS_REFUSED_BY_ENROLMENT);
    assert_passes(&s, RIG_OUTCOME_REJECTED);
    s.device.echoed = true;
    assert_fails(&s, RIG_OUTCOME_CONTRADICTION, RIG_CLASS_DEVICE, "reports success");
}

static void what_must_fail_fails_with_its_alert_and_code(void **state)
{
    struct scene s;

    (void)state;
    failed(&s, ALERT_PROTOCOL_VERSION);
    assert_passes(&s, RIG_OUTCOME_REJECTED);
    s.plan.alerts[0] = ALERT_HANDSHAKE_FAILURE;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "protocol_version");
    failed(&s, ALERT_PROTOCOL_VERSION);
    s.plan.tls_codes[0] = CODE_VERIFY_FAILED;
    s.plan.n_tls_codes = 1;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "expected -0x2700");
    s.plan.tls_codes[1] = CODE_FATAL_ALERT;
    s.plan.n_tls_codes = 2;
    assert_passes(&s, RIG_OUTCOME_REJECTED);
}

static void what_must_fail_and_succeeds_is_the_boards_fault(void **state)
{
    struct scene s;

    (void)state;
    good(&s, RIG_EXPECT_FAILS);
    (void)strcpy(s.server.version, "TLSv1.1");
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_DEVICE, "TLSv1.1");
}

static void a_bad_certificate_is_no_failure_of_the_expected_kind(void **state)
{
    struct scene s;

    (void)state;
    failed(&s, ALERT_PROTOCOL_VERSION);
    s.server.verify_error = X509_V_ERR_CERT_REVOKED;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "CERT_REVOKED");
}

static void a_server_that_misbehaves_may_think_what_it_likes(void **state)
{
    struct scene s;

    (void)state;
    good(&s, RIG_EXPECT_FAILS);
    s.device.echoed = false; /* other bytes came back */
    assert_passes(&s, RIG_OUTCOME_REJECTED);
}

static void a_session_must_be_resumed_where_the_case_is_about_it(void **state)
{
    struct scene s;

    (void)state;
    good(&s, RIG_EXPECT_ACCEPTED);
    s.plan.resumed = true;
    assert_fails(&s, RIG_OUTCOME_VACUOUS, RIG_CLASS_DEVICE, "not taken up");
    s.server.resumed = true;
    s.server.peer_presented = false;
    assert_passes(&s, RIG_OUTCOME_ACCEPTED);
    s.plan.resumed = false;
    assert_fails(&s, RIG_OUTCOME_VACUOUS, RIG_CLASS_DEVICE, "was resumed");
}

static void a_full_handshake_without_the_certificate_is_vacuous(void **state)
{
    struct scene s;

    (void)state;
    good(&s, RIG_EXPECT_ACCEPTED);
    s.server.peer_presented = false;
    assert_fails(&s, RIG_OUTCOME_VACUOUS, RIG_CLASS_DEVICE, "showed no certificate");
}

static void exactly_the_flags_of_the_case(void **state)
{
    struct scene s;

    (void)state;
    board_refuses(&s, FLAG_REVOKED | FLAG_BADCRL_EXPIRED, FLAG_REVOKED | FLAG_BADCRL_EXPIRED);
    assert_passes(&s, RIG_OUTCOME_REJECTED);
    board_refuses(&s, FLAG_REVOKED | FLAG_BADCRL_EXPIRED, FLAG_REVOKED);
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "expected 0x22");
    /* one more is another reason, which would have done alone */
    board_refuses(&s, FLAG_REVOKED, FLAG_REVOKED | FLAG_BADCRL_EXPIRED);
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "flags 0x22, expected 0x2");
}

static void the_boards_code_must_be_one_of_the_case(void **state)
{
    struct scene s;

    (void)state;
    board_refuses(&s, FLAG_REVOKED, FLAG_REVOKED);
    s.device.tls_code = CODE_FATAL_ALERT;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "expected -0x2700");
}

static void what_is_wrong_stands_in_the_cause(void **state)
{
    struct scene s;

    (void)state;
    good(&s, RIG_EXPECT_DEVICE_REJECTS);
    (void)strcpy(s.plan.wrong, "expired in 2020");
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_DEVICE, "must refuse: expired in 2020");
    good(&s, RIG_EXPECT_SERVER_REJECTS);
    (void)strcpy(s.plan.wrong, "self signed");
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_RIG, "must refuse: self signed");
}

/* What a case says about its failure is no remedy for another one. */
static void what_a_failure_means_is_said_of_that_failure_alone(void **state)
{
    (void)state;
    assert_true(rig_judge_is_meant(RIG_EXPECT_DEVICE_REJECTS, RIG_OUTCOME_ACCEPTED));
    assert_false(rig_judge_is_meant(RIG_EXPECT_DEVICE_REJECTS, RIG_OUTCOME_REJECTED_OTHER));
    assert_false(rig_judge_is_meant(RIG_EXPECT_SERVER_REJECTS, RIG_OUTCOME_CONTRADICTION));
    assert_true(rig_judge_is_meant(RIG_EXPECT_FAILS, RIG_OUTCOME_CONTRADICTION));
    assert_true(rig_judge_is_meant(RIG_EXPECT_ACCEPTED, RIG_OUTCOME_REJECTED_OTHER));
}

/* ---- a server that runs already ---- */

static void by_http(struct scene *s, enum rig_case_outcome expect, unsigned status)
{
    good(s, expect);
    s->input.by_http = true;
    s->input.runs_already = true;
    s->input.http_status = status;
    s->server.echoed = status / 100 == 2;
    s->device.echoed = s->server.echoed;
}

static void another_server_is_no_fault_of_the_board(void **state)
{
    struct scene s;

    (void)state;
    by_http(&s, RIG_EXPECT_ACCEPTED, 302);
    assert_fails(&s, RIG_OUTCOME_VACUOUS, RIG_CLASS_RIG, "HTTP status 302, expected 2xx or 4xx");
    by_http(&s, RIG_EXPECT_ACCEPTED, 400);
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "HTTP status 400");
    by_http(&s, RIG_EXPECT_ACCEPTED, 200);
    s.server.peer_presented = false;
    (void)strcpy(s.device.client_shown, "not-asked");
    assert_fails(&s, RIG_OUTCOME_VACUOUS, RIG_CLASS_RIG, "asks no board for a certificate");
    by_http(&s, RIG_EXPECT_ACCEPTED, 0);
    s.server.handshake_done = s.device.handshake_done = s.server.peer_presented = false;
    s.server.cipher[0] = '\0';
    s.device.tls_code = -0x7200;
    assert_fails(&s, RIG_OUTCOME_VACUOUS, RIG_CLASS_RIG, "does not speak TLS");
    s.device.tls_code = -0x2700;
    s.device.verify_flags = 0x08;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "--server-root");
}

/* ---- what a board offers ---- */

#define AES_GCM 0xc02b /* TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 */
#define AES_CBC 0x002f /* TLS_RSA_WITH_AES_128_CBC_SHA */
#define WITH_3DES 0x000a
#define WITH_RC4 0x0005
#define UNNAMED 0xfefe

static struct rig_agent_hello declared;

/* A good handshake; the board declares TLS 1.2 with two suites, and offers both. */
static void offers(struct scene *s, uint32_t wanted)
{
    good(s, RIG_EXPECT_ACCEPTED);
    s->plan.offers = wanted;
    s->server.offers = (struct rig_tls_offers){
        .n_versions = 1, .versions = {RIG_TLS_1_2}, .n_ciphers = 2, .ciphers = {AES_GCM, AES_CBC}};
    declared =
        (struct rig_agent_hello){.tls12 = true, .n_ciphers = 2, .ciphers = {AES_CBC, AES_GCM}};
    s->input.declared = &declared;
}

static void offer_one_more(struct scene *s, uint16_t number)
{
    s->server.offers.ciphers[s->server.offers.n_ciphers++] = number;
}

static void what_is_declared_and_strong_may_be_offered(void **state)
{
    struct scene s;

    (void)state;
    offers(&s,
           RIG_OFFERS_DECLARED_VERSIONS | RIG_OFFERS_DECLARED_CIPHERS | RIG_OFFERS_NO_WEAK_CIPHERS);
    assert_passes(&s, RIG_OUTCOME_ACCEPTED);
    declared.ciphers[declared.n_ciphers++] = WITH_3DES; /* declared, and not offered */
    assert_passes(&s, RIG_OUTCOME_ACCEPTED);
}

static void an_undeclared_version_is_named(void **state)
{
    struct scene s;

    (void)state;
    offers(&s, RIG_OFFERS_DECLARED_VERSIONS);
    s.server.offers.versions[s.server.offers.n_versions++] = RIG_TLS_1_1;
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_DEVICE, "offers TLSv1.1, which");
    s.plan.offers = RIG_OFFERS_DECLARED_CIPHERS;
    assert_passes(&s, RIG_OUTCOME_ACCEPTED);
}

static void undeclared_ciphers_are_named_and_counted(void **state)
{
    struct scene s;

    (void)state;
    offers(&s, RIG_OFFERS_DECLARED_CIPHERS);
    offer_one_more(&s, UNNAMED);
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_DEVICE, ": 0xfefe. ");
    assert_int_equal(s.err.code, RIG_E_POLICY);
    for (uint16_t number = 0x1301; number <= 0x1304; number++) {
        offer_one_more(&s, number);
    }
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_DEVICE,
                 "0xfefe, TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384 and 2 more");
    assert_non_null(strstr(s.err.text, "ciphersuites_list"));
    s.plan.offers = RIG_OFFERS_DECLARED_VERSIONS | RIG_OFFERS_NO_WEAK_CIPHERS;
    assert_passes(&s, RIG_OUTCOME_ACCEPTED);
}

static void weak_ciphers_fail_also_when_declared(void **state)
{
    struct scene s;

    (void)state;
    offers(&s, RIG_OFFERS_NO_WEAK_CIPHERS);
    offer_one_more(&s, WITH_3DES);
    declared.ciphers[declared.n_ciphers++] = WITH_3DES;
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_DEVICE,
                 "TLS_RSA_WITH_3DES_EDE_CBC_SHA (3DES)");
    assert_non_null(strstr(s.err.text, "MBEDTLS_REMOVE_3DES_CIPHERSUITES"));
    offer_one_more(&s, WITH_RC4); /* worse: the remedy is its own */
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_DEVICE,
                 "(3DES), TLS_RSA_WITH_RC4_128_SHA (RC4)");
    assert_non_null(strstr(s.err.text, "MBEDTLS_ARC4_C"));
    s.plan.offers = 0;
    assert_passes(&s, RIG_OUTCOME_ACCEPTED);
}

/* The longest names, and the whole of each remedy, fit into an error's text. */
static void no_text_is_cut(void **state)
{
    static const uint16_t longest[] = {0xc09a, 0xc072, 0xc073, 0xc086, 0xc087};
    static const uint16_t weak[] = {0x0000, 0x0019, 0x0014, 0xc034, 0xc008, 0x0009, 0x0001};
    struct scene s;

    (void)state;
    offers(&s, RIG_OFFERS_DECLARED_CIPHERS);
    memcpy(s.server.offers.ciphers, longest, sizeof longest);
    s.server.offers.n_ciphers = sizeof longest / sizeof *longest;
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_DEVICE, "tune_tls of the agent's port");
    s.plan.offers = RIG_OFFERS_NO_WEAK_CIPHERS;
    memcpy(s.server.offers.ciphers, weak, sizeof weak);
    s.server.offers.n_ciphers = sizeof weak / sizeof *weak;
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_DEVICE, "MBEDTLS_CIPHER_NULL_CIPHER off");
    assert_non_null(strstr(s.err.text, "and 4 more"));
    s.server.offers.ciphers[0] = 0xc034;
    s.server.offers.n_ciphers = 1;
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_DEVICE, "MBEDTLS_REMOVE_3DES_CIPHERSUITES on");
}

static void an_agent_that_declares_no_ciphers_is_too_old(void **state)
{
    struct scene s;

    (void)state;
    offers(&s, RIG_OFFERS_DECLARED_CIPHERS);
    declared.n_ciphers = 0;
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_DEVICE, "declares no cipher suites");
    assert_int_equal(s.err.code, RIG_E_UNSUPPORTED);
    s.plan.offers = RIG_OFFERS_DECLARED_VERSIONS | RIG_OFFERS_NO_WEAK_CIPHERS;
    assert_passes(&s, RIG_OUTCOME_ACCEPTED);
}

static void offers_that_were_not_read_prove_nothing(void **state)
{
    struct scene s;

    (void)state;
    offers(&s, RIG_OFFERS_NO_WEAK_CIPHERS);
    s.server.offers.cut = true;
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_DEVICE, "more than can be looked at");
    s.server.offers = (struct rig_tls_offers){0};
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_DEVICE, "nothing that can be read");
    offers(&s, RIG_OFFERS_NO_WEAK_CIPHERS);
    offer_one_more(&s, WITH_3DES);
    s.server.echoed = s.device.echoed = false; /* first things first */
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "the handshake failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_declared_and_strong_may_be_offered),
        cmocka_unit_test(an_undeclared_version_is_named),
        cmocka_unit_test(undeclared_ciphers_are_named_and_counted),
        cmocka_unit_test(weak_ciphers_fail_also_when_declared),
        cmocka_unit_test(no_text_is_cut),
        cmocka_unit_test(an_agent_that_declares_no_ciphers_is_too_old),
        cmocka_unit_test(offers_that_were_not_read_prove_nothing),
        cmocka_unit_test(policy_refuses_for_exactly_its_findings),
        cmocka_unit_test(policy_that_lets_it_pass_is_not_the_boards_fault),
        cmocka_unit_test(a_refusal_by_another_judge_does_not_count),
        cmocka_unit_test(ocsp_refuses_with_the_result_of_the_case),
        cmocka_unit_test(an_accepted_case_looks_at_the_ocsp_result_too),
        cmocka_unit_test(enrolment_refuses_behind_a_good_handshake),
        cmocka_unit_test(what_must_fail_fails_with_its_alert_and_code),
        cmocka_unit_test(what_must_fail_and_succeeds_is_the_boards_fault),
        cmocka_unit_test(a_bad_certificate_is_no_failure_of_the_expected_kind),
        cmocka_unit_test(a_server_that_misbehaves_may_think_what_it_likes),
        cmocka_unit_test(a_session_must_be_resumed_where_the_case_is_about_it),
        cmocka_unit_test(a_full_handshake_without_the_certificate_is_vacuous),
        cmocka_unit_test(exactly_the_flags_of_the_case),
        cmocka_unit_test(the_boards_code_must_be_one_of_the_case),
        cmocka_unit_test(what_is_wrong_stands_in_the_cause),
        cmocka_unit_test(what_a_failure_means_is_said_of_that_failure_alone),
        cmocka_unit_test(another_server_is_no_fault_of_the_board),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
