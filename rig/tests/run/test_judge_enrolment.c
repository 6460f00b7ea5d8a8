/* SPDX-License-Identifier: Apache-2.0 */
/* The judge of registrations: what the service decided, what the server did, what the board says;
 * and whose fault it is when they differ. */
#include "rig/run/judge_enrolment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/x509_vfy.h>

#define ALERT_UNKNOWN_CA 48

static const uint8_t leaf[RIG_SHA256_SIZE] = {1, 2, 3};

struct scene {
    struct rig_case_plan handshake;
    struct rig_enrol_plan plan;
    struct rig_enrolment_seen seen;
    struct rig_tls_evidence server;
    struct rig_agent_handshake_report device;
    struct rig_judge_input input;
    enum rig_outcome outcome;
    struct rig_error err;
};

static void accepted(struct scene *s)
{
    memset(s, 0, sizeof *s);
    s->handshake.verify_depth = -1;
    s->plan = (struct rig_enrol_plan){
        .expect = RIG_ENROL_ACCEPTED, .decided_by = "root", .device_id = "device-1"};
    s->seen.asked = true;
    (void)rig_copy_text(s->seen.decision.entry, sizeof s->seen.decision.entry, "root");
    (void)rig_copy_text(s->seen.decision.device_id, sizeof s->seen.decision.device_id, "device-1");
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
        .plan = &s->handshake, .server = &s->server, .device = &s->device, .expected_sha256 = leaf};
}

static void refused(struct scene *s)
{
    accepted(s);
    s->handshake.expect = RIG_EXPECT_SERVER_REJECTS;
    s->plan.expect = RIG_ENROL_REFUSED;
    s->plan.reason = RIG_ENROLMENT_DISABLED;
    s->seen.decision.reason = RIG_ENROLMENT_DISABLED;
    s->seen.decision.device_id[0] = '\0';
    s->server.echoed = false;
    s->server.refused_by = RIG_TLS_REFUSED_BY_ENROLMENT;
    s->device.echoed = false;
}

static void passes(struct scene *s, enum rig_outcome outcome)
{
    if (!rig_judge_enrolment(&s->input, &s->plan, &s->seen, &s->outcome, &s->err).ok) {
        fail_msg("%s", s->err.text);
    }
    assert_int_equal(s->outcome, outcome);
}

static void fails(struct scene *s, enum rig_error_class cls, const char *text)
{
    assert_false(rig_judge_enrolment(&s->input, &s->plan, &s->seen, &s->outcome, &s->err).ok);
    if (s->err.cls != cls || strstr(s->err.text, text) == NULL) {
        fail_msg("class %d, expected %d with \"%s\": %s", (int)s->err.cls, (int)cls, text,
                 s->err.text);
    }
}

static void all_three_agree(void **state)
{
    struct scene s;

    (void)state;
    accepted(&s);
    passes(&s, RIG_OUTCOME_ACCEPTED);
    refused(&s);
    passes(&s, RIG_OUTCOME_REJECTED);
}

static void a_service_that_decides_otherwise(void **state)
{
    struct scene s;

    (void)state;
    accepted(&s);
    s.seen.decision.reason = RIG_ENROLMENT_NO_ENTRY;
    fails(&s, RIG_CLASS_RIG, "expected result accepted, found no-entry");
    refused(&s);
    s.seen.decision.reason = RIG_ENROLMENT_ACCEPTED;
    fails(&s, RIG_CLASS_RIG, "expected result disabled, found accepted");
    refused(&s);
    s.seen.decision.reason = RIG_ENROLMENT_OTHER_NAME;
    fails(&s, RIG_CLASS_RIG, "found other-name");
    accepted(&s);
    (void)rig_copy_text(s.seen.decision.entry, sizeof s.seen.decision.entry, "b");
    fails(&s, RIG_CLASS_RIG, "expected entry root, found b");
    refused(&s);
    s.seen.decision.entry[0] = '\0';
    fails(&s, RIG_CLASS_RIG, "found none");
    accepted(&s);
    (void)rig_copy_text(s.seen.decision.device_id, sizeof s.seen.decision.device_id, "x");
    fails(&s, RIG_CLASS_RIG, "expected device id device-1, found x");
}

static void a_finding_must_be_the_expected_one(void **state)
{
    struct scene s;

    (void)state;
    accepted(&s);
    (void)rig_copy_text(s.seen.decision.stale_entry, sizeof s.seen.decision.stale_entry, "d3");
    fails(&s, RIG_CLASS_RIG, "expected finding none, found d3");
    (void)rig_copy_text(s.plan.finding, sizeof s.plan.finding, "d3");
    passes(&s, RIG_OUTCOME_ACCEPTED);
    s.seen.decision.stale_by_key = true; /* the same key under another name is told, not judged */
    fails(&s, RIG_CLASS_RIG, "expected finding d3, found none");
    s.plan.finding[0] = '\0';
    passes(&s, RIG_OUTCOME_ACCEPTED);
}

static void a_board_that_is_wrong(void **state)
{
    struct scene s;

    (void)state;
    refused(&s);
    s.device.echoed = true;
    fails(&s, RIG_CLASS_DEVICE, "says that it is registered");
    refused(&s);
    s.device.handshake_done = false;
    fails(&s, RIG_CLASS_DEVICE, "says that the handshake failed");
    refused(&s);
    s.server.peer_sha256[0]++;
    fails(&s, RIG_CLASS_DEVICE, "showed another certificate");
    refused(&s);
    s.input.n_expected_chain = 2;
    s.server.n_peer_chain = 1;
    fails(&s, RIG_CLASS_DEVICE, "another chain");
    accepted(&s);
    s.server.peer_sha256[0]++;
    assert_false(rig_judge_enrolment(&s.input, &s.plan, &s.seen, &s.outcome, &s.err).ok);
    assert_int_equal(s.err.cls, RIG_CLASS_DEVICE);
    accepted(&s);
    s.device.echoed = false;
    assert_false(rig_judge_enrolment(&s.input, &s.plan, &s.seen, &s.outcome, &s.err).ok);
}

static void a_server_that_is_wrong(void **state)
{
    struct scene s;

    (void)state;
    refused(&s);
    s.server.echoed = true;
    fails(&s, RIG_CLASS_RIG, "accepted the registration that the service refused");
    refused(&s);
    s.server.refused_by = RIG_TLS_REFUSED_BY_POLICY;
    fails(&s, RIG_CLASS_RIG, "for another reason than the enrolment: policy");
}

static void nothing_was_decided(void **state)
{
    struct scene s;

    (void)state;
    accepted(&s);
    s.seen.asked = false;
    fails(&s, RIG_CLASS_RIG, "without asking the service");
    s.seen.n_other_lines = 1;
    fails(&s, RIG_CLASS_DEVICE, "another registration than it was told");
    refused(&s);
    s.seen.asked = false;
    s.server.handshake_done = false;
    s.server.verify_error = X509_V_ERR_CERT_HAS_EXPIRED;
    s.device.handshake_done = false;
    assert_false(rig_judge_enrolment(&s.input, &s.plan, &s.seen, &s.outcome, &s.err).ok);
    assert_true(s.outcome != RIG_OUTCOME_REJECTED);
}

static void a_chain_that_does_not_verify(void **state)
{
    struct scene s;

    (void)state;
    refused(&s);
    s.plan.expect = RIG_ENROL_SERVER_REJECTS;
    s.handshake.verify_errors[0] = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
    s.handshake.n_verify_errors = 1;
    s.handshake.verify_depth = 1;
    s.seen.asked = false;
    s.server.refused_by = RIG_TLS_NOT_REFUSED;
    s.server.handshake_done = false;
    s.server.verify_error = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
    s.server.verify_depth = 1;
    s.server.alert_sent = ALERT_UNKNOWN_CA;
    s.device.handshake_done = false;
    s.device.tls_code = -0x7780;
    s.device.alert_received = ALERT_UNKNOWN_CA;
    passes(&s, RIG_OUTCOME_REJECTED);
    s.server.verify_depth = 0;
    assert_false(rig_judge_enrolment(&s.input, &s.plan, &s.seen, &s.outcome, &s.err).ok);
    /* a refusal by the enrolment is no rejection of the chain */
    refused(&s);
    s.plan.expect = RIG_ENROL_SERVER_REJECTS;
    assert_false(rig_judge_enrolment(&s.input, &s.plan, &s.seen, &s.outcome, &s.err).ok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_three_agree),
        cmocka_unit_test(a_service_that_decides_otherwise),
        cmocka_unit_test(a_finding_must_be_the_expected_one),
        cmocka_unit_test(a_board_that_is_wrong),
        cmocka_unit_test(a_server_that_is_wrong),
        cmocka_unit_test(nothing_was_decided),
        cmocka_unit_test(a_chain_that_does_not_verify),
    };

    return cmocka_run_group_tests_name("judge of registrations", tests, NULL, NULL);
}
