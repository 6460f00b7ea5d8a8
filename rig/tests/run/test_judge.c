/* SPDX-License-Identifier: Apache-2.0 */
/* The judge: each way a handshake case can end, with the evidence of both sides as it was measured.
 */
#include "rig/run/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/x509_vfy.h>

#define ALERT_CERTIFICATE_REVOKED 44
#define ALERT_UNKNOWN_CA 48
#define ALERT_HANDSHAKE_FAILURE 40
#define FLAG_NOT_TRUSTED 0x08u
#define FLAG_CN_MISMATCH 0x04u
#define NOT_VERIFIED 0xffffffffu

static const uint8_t leaf[RIG_SHA256_SIZE] = {1, 2, 3};
static const uint8_t other_leaf[RIG_SHA256_SIZE] = {9};

struct scene {
    struct rig_case_plan plan;
    struct rig_tls_evidence server;
    struct rig_agent_handshake_report device;
    struct rig_judge_input input;
    enum rig_outcome outcome;
    struct rig_error err;
};

static void good(struct scene *s)
{
    memset(s, 0, sizeof *s);
    s->plan.verify_depth = -1;
    s->server.client_hello_seen = true;
    s->server.handshake_done = true;
    s->server.echoed = true;
    s->server.peer_presented = true;
    (void)rig_copy_text(s->server.cipher, sizeof s->server.cipher, "ECDHE-ECDSA-AES128-GCM-SHA256");
    s->server.alert_sent = RIG_TLS_NO_ALERT;
    s->server.alert_received = RIG_TLS_NO_ALERT;
    memcpy(s->server.peer_sha256, leaf, sizeof leaf);
    s->device.connected = true;
    s->device.handshake_done = true;
    s->device.echoed = true;
    s->device.alert_sent = -1;
    s->device.alert_received = -1;
    s->input = (struct rig_judge_input){
        .plan = &s->plan, .server = &s->server, .device = &s->device, .expected_sha256 = leaf};
}

static void server_refuses(struct scene *s)
{
    good(s);
    s->plan.expect = RIG_EXPECT_SERVER_REJECTS;
    s->plan.verify_errors[0] = X509_V_ERR_CERT_REVOKED;
    s->plan.n_verify_errors = 1;
    s->plan.verify_depth = 0;
    s->plan.alerts[0] = ALERT_CERTIFICATE_REVOKED;
    s->plan.n_alerts = 1;
    s->server.handshake_done = false;
    s->server.echoed = false;
    s->server.verify_error = X509_V_ERR_CERT_REVOKED;
    s->server.alert_sent = ALERT_CERTIFICATE_REVOKED;
    s->device.handshake_done = false;
    s->device.echoed = false;
    s->device.tls_code = -0x7780;
    s->device.alert_received = ALERT_CERTIFICATE_REVOKED;
}

static void device_refuses(struct scene *s)
{
    good(s);
    s->plan.expect = RIG_EXPECT_DEVICE_REJECTS;
    s->plan.server = RIG_SERVER_OTHER_ROOT;
    s->plan.verify_flags = FLAG_NOT_TRUSTED;
    s->plan.alerts[0] = ALERT_UNKNOWN_CA;
    s->plan.n_alerts = 1;
    s->server.handshake_done = false;
    s->server.echoed = false;
    s->server.peer_presented = false;
    s->server.alert_received = ALERT_UNKNOWN_CA;
    s->device.handshake_done = false;
    s->device.echoed = false;
    s->device.tls_code = -0x2700;
    s->device.verify_flags = FLAG_NOT_TRUSTED;
    s->device.alert_sent = ALERT_UNKNOWN_CA;
}

static void a_misbehaving_server_is_noticed(struct scene *s)
{
    good(s);
    s->plan.expect = RIG_EXPECT_FAILS;
    s->plan.misbehaves = true;
    s->server.misbehaved = true;
    s->server.echoed = false;
    s->device.echoed = false;
    s->device.tls_code = -0x7880;
}

static bool judge(struct scene *s)
{
    return rig_judge(&s->input, &s->outcome, &s->err).ok;
}

static void assert_fails(struct scene *s, enum rig_outcome outcome, enum rig_error_class cls,
                         const char *word)
{
    assert_false(judge(s));
    assert_string_equal(rig_outcome_name(s->outcome), rig_outcome_name(outcome));
    assert_int_equal(s->err.cls, cls);
    assert_non_null(strstr(s->err.text, word));
}

static void accepts_a_good_handshake(void **state)
{
    struct scene s;

    (void)state;
    good(&s);
    assert_true(judge(&s));
    assert_int_equal(s.outcome, RIG_OUTCOME_ACCEPTED);
}

static void a_good_case_that_is_refused_names_the_reason(void **state)
{
    struct scene s;

    (void)state;
    server_refuses(&s);
    s.plan.expect = RIG_EXPECT_ACCEPTED;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "CERT_REVOKED");
    device_refuses(&s);
    s.plan.expect = RIG_EXPECT_ACCEPTED;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "refused the good server");
}

static void a_resumed_session_proves_nothing(void **state)
{
    struct scene s;

    (void)state;
    good(&s);
    s.server.resumed = true;
    assert_fails(&s, RIG_OUTCOME_VACUOUS, RIG_CLASS_DEVICE, "resumed");
}

static void a_refusal_for_the_right_reason_passes(void **state)
{
    struct scene s;

    (void)state;
    server_refuses(&s);
    assert_true(judge(&s));
    assert_int_equal(s.outcome, RIG_OUTCOME_REJECTED);
    device_refuses(&s);
    assert_true(judge(&s));
    assert_int_equal(s.outcome, RIG_OUTCOME_REJECTED);
}

static void another_reason_another_depth_another_alert_fail(void **state)
{
    struct scene s;

    (void)state;
    server_refuses(&s);
    s.server.verify_error = X509_V_ERR_CERT_HAS_EXPIRED;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "another reason");
    server_refuses(&s);
    s.server.verify_depth = 1;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "depth 1");
    server_refuses(&s);
    s.server.alert_sent = ALERT_UNKNOWN_CA;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "unknown_ca");
    device_refuses(&s);
    s.device.verify_flags = 0x04;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "another reason");
    device_refuses(&s);
    s.server.alert_received = ALERT_HANDSHAKE_FAILURE;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "handshake_failure");
}

static void a_silent_refusal_fails_unless_allowed(void **state)
{
    struct scene s;

    (void)state;
    server_refuses(&s);
    s.device.alert_received = -1;
    assert_fails(&s, RIG_OUTCOME_REJECTED_SILENT, RIG_CLASS_DEVICE, "saw none");
    s.plan.allow_silent = true;
    assert_true(judge(&s));
    s.device.alert_received = ALERT_HANDSHAKE_FAILURE;
    assert_fails(&s, RIG_OUTCOME_REJECTED_SILENT, RIG_CLASS_DEVICE, "the board saw");
    device_refuses(&s);
    s.server.alert_received = RIG_TLS_NO_ALERT;
    assert_fails(&s, RIG_OUTCOME_REJECTED_SILENT, RIG_CLASS_DEVICE, "no alert");
    s.plan.allow_silent = true;
    assert_true(judge(&s));
}

static void nothing_on_our_server_is_vacuous(void **state)
{
    struct scene s;

    (void)state;
    server_refuses(&s);
    s.server.client_hello_seen = false;
    assert_fails(&s, RIG_OUTCOME_VACUOUS, RIG_CLASS_DEVICE, "no ClientHello");
    s.device.connected = false;
    assert_fails(&s, RIG_OUTCOME_VACUOUS, RIG_CLASS_NETWORK, "could not reach");
    s.server.client_hello_seen = true;
    assert_fails(&s, RIG_OUTCOME_CONTRADICTION, RIG_CLASS_DEVICE, "never connected");
}

static void another_certificate_is_vacuous_even_when_refused(void **state)
{
    struct scene s;

    (void)state;
    server_refuses(&s);
    memcpy(s.server.peer_sha256, other_leaf, sizeof other_leaf);
    assert_fails(&s, RIG_OUTCOME_VACUOUS, RIG_CLASS_DEVICE, "stale certificate");
    good(&s);
    memcpy(s.server.peer_sha256, other_leaf, sizeof other_leaf);
    assert_fails(&s, RIG_OUTCOME_VACUOUS, RIG_CLASS_DEVICE, "stale certificate");
    server_refuses(&s);
    s.server.peer_presented = false;
    assert_fails(&s, RIG_OUTCOME_VACUOUS, RIG_CLASS_DEVICE, "showed no certificate");
    good(&s);
    s.server.n_peer_chain = 3;
    s.input.n_expected_chain = 1;
    assert_fails(&s, RIG_OUTCOME_VACUOUS, RIG_CLASS_DEVICE, "chain of 3");
    s.server.n_peer_chain = 1;
    assert_true(judge(&s));
}

static void no_certificate_must_be_no_certificate(void **state)
{
    struct scene s;

    (void)state;
    server_refuses(&s);
    s.input.expected_sha256 = NULL;
    assert_fails(&s, RIG_OUTCOME_VACUOUS, RIG_CLASS_DEVICE, "told to show none");
    s.server.peer_presented = false;
    s.server.verify_error = 0;
    s.server.alert_sent = ALERT_HANDSHAKE_FAILURE;
    s.device.alert_received = ALERT_HANDSHAKE_FAILURE;
    s.plan.n_verify_errors = 0;
    s.plan.verify_depth = -1;
    s.plan.alerts[0] = ALERT_HANDSHAKE_FAILURE;
    assert_true(judge(&s));
}

static void a_board_that_accepts_a_bad_server_fails(void **state)
{
    struct scene s;

    (void)state;
    good(&s);
    s.plan.expect = RIG_EXPECT_DEVICE_REJECTS;
    s.plan.server = RIG_SERVER_OTHER_NAME;
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_DEVICE, "another name");
}

static void a_server_that_accepts_a_bad_board_is_the_rigs_error(void **state)
{
    struct scene s;

    (void)state;
    good(&s);
    s.plan.expect = RIG_EXPECT_SERVER_REJECTS;
    s.plan.certificate = RIG_CASE_REVOKED;
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_RIG,
                 "must refuse: its certificate is revoked");
}

static void one_sides_success_is_not_believed(void **state)
{
    struct scene s;

    (void)state;
    server_refuses(&s);
    s.device.echoed = true;
    s.device.handshake_done = true;
    assert_fails(&s, RIG_OUTCOME_CONTRADICTION, RIG_CLASS_DEVICE, "not to be trusted");
    device_refuses(&s);
    s.device.echoed = true;
    assert_fails(&s, RIG_OUTCOME_CONTRADICTION, RIG_CLASS_DEVICE, "not to be trusted");
    good(&s);
    s.device.echoed = false;
    assert_fails(&s, RIG_OUTCOME_CONTRADICTION, RIG_CLASS_DEVICE, "board reports failure");
}

static void flags_are_exact(void **state)
{
    struct scene s;

    (void)state;
    device_refuses(&s);
    s.device.verify_flags |= FLAG_CN_MISMATCH;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "flags 0xc, expected 0x8");
}

static void a_finished_handshake_is_an_acceptance_whatever_the_board_says(void **state)
{
    struct scene s;

    (void)state;
    device_refuses(&s);
    s.server.handshake_done = true;
    assert_fails(&s, RIG_OUTCOME_ACCEPTED, RIG_CLASS_DEVICE, "accepted a server");
}

static void a_refusal_before_the_certificate_is_another(void **state)
{
    struct scene s;

    (void)state;
    server_refuses(&s);
    s.input.expected_sha256 = NULL;
    s.server.peer_presented = false;
    s.server.verify_error = 0;
    s.server.cipher[0] = '\0'; /* no ServerHello: no cipher in common, say */
    s.plan.n_verify_errors = 0;
    s.plan.verify_depth = -1;
    s.device.verify_flags = NOT_VERIFIED;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "the handshake failed");
}

static void a_good_path_can_be_asked_for(void **state)
{
    struct scene s;

    (void)state;
    server_refuses(&s);
    s.plan.verify_errors[0] = X509_V_OK;
    s.plan.verify_depth = -1;
    assert_fails(&s, RIG_OUTCOME_REJECTED_OTHER, RIG_CLASS_DEVICE, "expected OK");
    s.server.verify_error = X509_V_OK;
    assert_true(judge(&s));
}

static void a_resumed_session_is_of_the_same_certificate(void **state)
{
    struct scene s;

    (void)state;
    good(&s);
    s.plan.resumed = true;
    s.server.resumed = true;
    s.server.peer_presented = false;
    s.input.n_expected_chain = 2;
    assert_true(judge(&s));
    memcpy(s.server.peer_sha256, other_leaf, sizeof other_leaf);
    assert_fails(&s, RIG_OUTCOME_VACUOUS, RIG_CLASS_DEVICE, "another certificate");
}

static void a_failure_counts_only_behind_what_the_case_is_about(void **state)
{
    struct scene s;

    (void)state;
    a_misbehaving_server_is_noticed(&s);
    assert_true(judge(&s));
    assert_int_equal(s.outcome, RIG_OUTCOME_REJECTED);
    s.server.misbehaved = false;
    assert_fails(&s, RIG_OUTCOME_VACUOUS, RIG_CLASS_DEVICE, "before the server came to");
    a_misbehaving_server_is_noticed(&s);
    s.plan.misbehaves = false;
    s.plan.after_handshake = true;
    assert_true(judge(&s));
    s.server.handshake_done = false;
    assert_fails(&s, RIG_OUTCOME_VACUOUS, RIG_CLASS_DEVICE, "before the server came to");
    a_misbehaving_server_is_noticed(&s);
    s.device.echoed = true;
    assert_fails(&s, RIG_OUTCOME_CONTRADICTION, RIG_CLASS_DEVICE, "not to be trusted");
}

static void intermediates_are_compared_where_a_step_touched_them(void **state)
{
    struct rig_chain_expectation chain = {.known = true, .n = 2, .version = 4};
    struct scene s;

    (void)state;
    good(&s);
    s.server.n_peer_chain = 3;
    s.input.n_expected_chain = 3;
    s.input.expected_chain = &chain;
    memset(chain.sha256[0], 0xA1, RIG_SHA256_SIZE);
    memset(chain.sha256[1], 0xB2, RIG_SHA256_SIZE);
    memcpy(s.server.peer_chain_sha256[1], chain.sha256[0], RIG_SHA256_SIZE);
    memcpy(s.server.peer_chain_sha256[2], chain.sha256[1], RIG_SHA256_SIZE);
    assert_true(rig_judge(&s.input, &s.outcome, &s.err).ok);

    s.server.peer_chain_sha256[2][31] ^= 1;
    assert_false(rig_judge(&s.input, &s.outcome, &s.err).ok);
    assert_int_equal(s.err.cls, RIG_CLASS_DEVICE);
    assert_int_equal(s.outcome, RIG_OUTCOME_VACUOUS);
    assert_non_null(strstr(s.err.text, "another intermediate (b2b2b2b2..., number 2)"));
    assert_non_null(strstr(s.err.text, "version 4"));

    chain.known = false;
    assert_true(rig_judge(&s.input, &s.outcome, &s.err).ok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_are_exact),
        cmocka_unit_test(a_finished_handshake_is_an_acceptance_whatever_the_board_says),
        cmocka_unit_test(a_refusal_before_the_certificate_is_another),
        cmocka_unit_test(a_good_path_can_be_asked_for),
        cmocka_unit_test(a_resumed_session_is_of_the_same_certificate),
        cmocka_unit_test(a_failure_counts_only_behind_what_the_case_is_about),
        cmocka_unit_test(intermediates_are_compared_where_a_step_touched_them),
        cmocka_unit_test(accepts_a_good_handshake),
        cmocka_unit_test(a_good_case_that_is_refused_names_the_reason),
        cmocka_unit_test(a_resumed_session_proves_nothing),
        cmocka_unit_test(a_refusal_for_the_right_reason_passes),
        cmocka_unit_test(another_reason_another_depth_another_alert_fail),
        cmocka_unit_test(a_silent_refusal_fails_unless_allowed),
        cmocka_unit_test(nothing_on_our_server_is_vacuous),
        cmocka_unit_test(another_certificate_is_vacuous_even_when_refused),
        cmocka_unit_test(no_certificate_must_be_no_certificate),
        cmocka_unit_test(a_board_that_accepts_a_bad_server_fails),
        cmocka_unit_test(a_server_that_accepts_a_bad_board_is_the_rigs_error),
        cmocka_unit_test(one_sides_success_is_not_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
