/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/judge.h"

#include "rig/base/buf.h"
#include "rig/run/judge_offers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* mbedTLS: the firmware did not verify at all; what it then accepts is judged by the cases with bad
 * servers. */
#define SKIP_VERIFY 0x80u
/* mbedTLS: the handshake ended before there was anything to verify. */
#define NOT_VERIFIED 0xffffffffu

/* mbedTLS: no chain to a root that is trusted. */
#define NOT_TRUSTED 0x08u
/* mbedTLS: what came is no TLS record. */
#define NO_TLS (-0x7200)

#define SHORT_HEX_BYTES 4
#define SHORT_HEX_SIZE (2 * SHORT_HEX_BYTES + 1)

const char *rig_outcome_name(enum rig_outcome outcome)
{
    static const char *const names[] = {
        [RIG_OUTCOME_ACCEPTED] = "accepted",
        [RIG_OUTCOME_REJECTED] = "rejected",
        [RIG_OUTCOME_REJECTED_OTHER] = "rejected-other",
        [RIG_OUTCOME_REJECTED_SILENT] = "rejected-silent",
        [RIG_OUTCOME_VACUOUS] = "vacuous",
        [RIG_OUTCOME_CONTRADICTION] = "contradiction",
    };

    return (size_t)outcome < sizeof names / sizeof *names ? names[outcome] : "unknown";
}

static bool alert_allowed(const struct rig_case_plan *plan, int alert)
{
    for (size_t i = 0; i < plan->n_alerts; i++) {
        if (plan->alerts[i] == alert) {
            return true;
        }
    }
    return plan->n_alerts == 0 && alert >= 0;
}

static bool verify_error_allowed(const struct rig_case_plan *plan, int verify_error)
{
    for (size_t i = 0; i < plan->n_verify_errors; i++) {
        if (plan->verify_errors[i] == verify_error) {
            return true;
        }
    }
    return plan->n_verify_errors == 0;
}

static bool tls_code_allowed(const struct rig_case_plan *plan, int code)
{
    for (size_t i = 0; i < plan->n_tls_codes; i++) {
        if (plan->tls_codes[i] == code) {
            return true;
        }
    }
    return plan->n_tls_codes == 0;
}

static uint32_t flags_of(const struct rig_agent_handshake_report *device)
{
    return device->verify_flags != NOT_VERIFIED ? device->verify_flags : 0;
}

/* The intermediates are part of the case where a step before it changed or kept them. */
static bool other_intermediate(const struct rig_judge_input *in, struct rig_error *err)
{
    const struct rig_chain_expectation *expected = in->expected_chain;
    const struct rig_tls_evidence *server = in->server;
    char shown[SHORT_HEX_SIZE];
    char wanted[SHORT_HEX_SIZE];

    if (!server->peer_presented || expected == NULL || !expected->known) {
        return false;
    }
    for (unsigned i = 0; i < expected->n && i + 1 < RIG_TLS_PEER_CHAIN_MAX; i++) {
        if (memcmp(server->peer_chain_sha256[i + 1], expected->sha256[i], RIG_SHA256_SIZE) != 0) {
            rig_hex(server->peer_chain_sha256[i + 1], SHORT_HEX_BYTES, shown);
            rig_hex(expected->sha256[i], SHORT_HEX_BYTES, wanted);
            if (expected->version == 0) {
                (void)rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                               "the board presented another intermediate (%s..., number %u) than "
                               "the one that it was given for this place (%s...): it changes the "
                               "chain or its order, which TLS 1.2 servers need not take",
                               shown, i + 1, wanted);
                return true;
            }
            (void)rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                           "the board presented another intermediate (%s..., number %u) than the "
                           "one that it has since the last chain update (%s..., version %u): what "
                           "it stores is not what it uses",
                           shown, i + 1, wanted, (unsigned)expected->version);
            return true;
        }
    }
    return false;
}

/* Why the handshake proves nothing, if so: it must have begun, on our server, with the certificate
 * of the case. */
static bool vacuous(const struct rig_judge_input *in, struct rig_error *err)
{
    const struct rig_tls_evidence *server = in->server;
    char shown[SHORT_HEX_SIZE];
    char wanted[SHORT_HEX_SIZE];

    if (!in->device->connected && !server->client_hello_seen) {
        (void)rig_fail(
            err, RIG_CLASS_NETWORK, RIG_E_NO_ANSWER,
            "the board could not reach the test server (its code -0x%04x, %s): check its "
            "network, or use the suite's transport: relay",
            (unsigned)-in->device->tls_code, in->device->text);
        return true;
    }
    if (!server->client_hello_seen) {
        (void)rig_fail(
            err, RIG_CLASS_DEVICE, RIG_E_NO_ANSWER,
            "no ClientHello of this board came to the test server (%u other connections, "
            "the board's code -0x%04x): the case tested nothing",
            in->n_strangers, (unsigned)-in->device->tls_code);
        return true;
    }
    if ((!server->peer_presented && !server->resumed) || in->expected_sha256 == NULL) {
        return false;
    }
    if (memcmp(server->peer_sha256, in->expected_sha256, RIG_SHA256_SIZE) != 0) {
        rig_hex(server->peer_sha256, SHORT_HEX_BYTES, shown);
        rig_hex(in->expected_sha256, SHORT_HEX_BYTES, wanted);
        (void)rig_fail(
            err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
            "the board presented another certificate (%s..., %s) than the one of this case "
            "(%s...): a stale certificate is in use",
            shown, server->peer_subject, wanted);
        return true;
    }
    if (server->resumed) { /* a session keeps the leaf, the chain is not sent again */
        return false;
    }
    if (in->n_expected_chain != 0 && server->n_peer_chain != in->n_expected_chain) {
        (void)rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                       "the board presented a chain of %u certificates, not the %u of this case: a "
                       "stale certificate is in use",
                       server->n_peer_chain, in->n_expected_chain);
        return true;
    }
    return other_intermediate(in, err);
}

/* One side's success that the other side's evidence denies. */
static bool contradiction(const struct rig_judge_input *in, struct rig_error *err)
{
    const bool device_says_ok = in->device->echoed;
    /* a server that is wrong on purpose may think what it likes */
    const bool server_counts = in->plan->expect != RIG_EXPECT_FAILS;

    if (!in->device->connected) {
        (void)rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                       "the board reports that it never connected, but its ClientHello came to the "
                       "test server: the board's word is not to be trusted");
        return true;
    }
    if (device_says_ok == in->server->echoed || (!device_says_ok && !server_counts)) {
        return false;
    }
    if (device_says_ok) {
        (void)rig_fail(
            err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
            "the board reports success, but the server did not complete the exchange "
            "(%s, alert sent %s): the board's word is not to be trusted (in its firmware "
            "look at every return value: success is the server's bytes)",
            in->server->verify_error != 0 ? rig_tls_verify_error_name(in->server->verify_error)
                                          : "no verify error",
            rig_tls_alert_name(in->server->alert_sent));
    } else {
        (void)rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                       "the server echoed the board's bytes, but the board reports failure "
                       "(code -0x%04x, %s)",
                       (unsigned)-in->device->tls_code, in->device->text);
    }
    return true;
}

/* Refused by HTTP: what the handshake let pass must be a 4xx, whose reason stands in the log where
 * there is one. */
static rig_result judge_http_status(const struct rig_judge_input *in, enum rig_outcome *outcome,
                                    struct rig_error *err)
{
    if (in->http_status / 100 == 4) {
        *outcome = RIG_OUTCOME_REJECTED;
        return RIG_DONE;
    }
    *outcome = RIG_OUTCOME_VACUOUS;
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_PROTOCOL,
                    "the server neither accepted nor refused the board: HTTP status %u, expected "
                    "2xx or 4xx (is the path of --server right?)",
                    in->http_status);
}

static rig_result refused(const struct rig_judge_input *in, enum rig_outcome *outcome,
                          struct rig_error *err)
{
    if (in->by_http && in->http_status != 0) {
        RIG_TRY(judge_http_status(in, outcome, err));
        *outcome = RIG_OUTCOME_REJECTED_OTHER;
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_REFUSED,
                        "the server refused the board behind a good handshake: HTTP status %u%s%s",
                        in->http_status, in->server->error_text[0] != '\0' ? ", " : "",
                        in->server->error_text);
    }
    if (in->by_http && in->device->tls_code == NO_TLS && !in->device->handshake_done &&
        in->server->cipher[0] == '\0') {
        *outcome = RIG_OUTCOME_VACUOUS;
        return rig_fail(
            err, RIG_CLASS_RIG, RIG_E_PROTOCOL,
            "what answers there does not speak TLS (the board's code -0x%04x): are host "
            "and port of --server those of https?",
            (unsigned)-NO_TLS);
    }
    *outcome = RIG_OUTCOME_REJECTED_OTHER;
    if (in->server->verify_error != 0) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_REFUSED,
                        "the server refused the board's certificate: %s at depth %d (alert %s)",
                        rig_tls_verify_error_name(in->server->verify_error),
                        in->server->verify_depth, rig_tls_alert_name(in->server->alert_sent));
    }
    if (flags_of(in->device) != 0) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_REFUSED,
                        "the board refused the good server: verify flags 0x%" PRIx32
                        ", alert %s, its code -0x%04x%s",
                        in->device->verify_flags, rig_tls_alert_name(in->device->alert_sent),
                        (unsigned)-in->device->tls_code,
                        in->runs_already && (in->device->verify_flags & NOT_TRUSTED) != 0
                            ? " (it does not know the server's root: give that with --server-root)"
                            : "");
    }
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_REFUSED,
                    "the handshake failed: board's code -0x%04x (%s), server: %s, alert sent %s, "
                    "received %s",
                    (unsigned)-in->device->tls_code, in->device->text,
                    in->server->error_text[0] != '\0' ? in->server->error_text : "no error",
                    rig_tls_alert_name(in->server->alert_sent),
                    rig_tls_alert_name(in->server->alert_received));
}

/* What the server made of the responder's answer. */
static rig_result judge_ocsp(const struct rig_judge_input *in, enum rig_outcome *outcome,
                             struct rig_error *err)
{
    if (!in->by_http && in->plan->ocsp_result != RIG_TLS_OCSP_NOT_ASKED &&
        in->plan->ocsp_result != in->server->ocsp_result) {
        *outcome = RIG_OUTCOME_REJECTED_OTHER;
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_MISMATCH,
                        "the server took the OCSP answer for '%s' (%s), expected '%s'",
                        rig_tls_ocsp_result_name(in->server->ocsp_result), in->server->ocsp_text,
                        rig_tls_ocsp_result_name(in->plan->ocsp_result));
    }
    return RIG_DONE;
}

static rig_result judge_accepted(const struct rig_judge_input *in, enum rig_outcome *outcome,
                                 struct rig_error *err)
{
    if (!in->server->echoed) {
        return refused(in, outcome, err);
    }
    *outcome = RIG_OUTCOME_ACCEPTED;
    if (in->server->resumed != in->plan->resumed) {
        *outcome = RIG_OUTCOME_VACUOUS;
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                        in->plan->resumed
                            ? "the session was not taken up: the server made a full handshake"
                            : "the session was resumed: no certificate was checked");
    }
    if (in->expected_sha256 != NULL && !in->server->peer_presented && !in->server->resumed) {
        *outcome = RIG_OUTCOME_VACUOUS;
        if (in->by_http && strcmp(in->device->client_shown, "not-asked") == 0) {
            return rig_fail(err, RIG_CLASS_RIG, RIG_E_POLICY,
                            "the server asks no board for a certificate: anybody gets in (nginx: "
                            "ssl_verify_client on)");
        }
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the board showed no certificate, but was to show the one of this case");
    }
    RIG_TRY(judge_ocsp(in, outcome, err));
    return in->plan->offers != 0
               ? rig_judge_offers(in->plan->offers, &in->server->offers, in->declared, err)
               : RIG_DONE;
}

/* Some servers tell no depth. */
static void depth_text(const struct rig_tls_evidence *server, char out[12])
{
    (void)snprintf(out, 12, "%d", server->verify_depth);
    if (server->verify_depth < 0) {
        (void)rig_copy_text(out, 12, "unknown");
    }
}

static const char *what_is_wrong_with_board(enum rig_case_certificate certificate)
{
    switch (certificate) {
    case RIG_CASE_REVOKED:
        return "its certificate is revoked (does the server check CRLs, and has it the newest?)";
    case RIG_CASE_OTHER_ROOT:
        return "its certificate comes from an unknown root";
    case RIG_CASE_NO_INTERMEDIATE:
        return "it sends no intermediate, and the server must trust roots alone";
    case RIG_CASE_EXPIRED:
        return "its certificate is expired";
    case RIG_CASE_NO_CERTIFICATE:
        return "it shows no certificate";
    case RIG_CASE_INSTALLED:
        break;
    }
    return "its certificate is good";
}

static rig_result judge_server_rejects(const struct rig_judge_input *in, enum rig_outcome *outcome,
                                       struct rig_error *err)
{
    const struct rig_case_plan *plan = in->plan;
    const struct rig_tls_evidence *server = in->server;
    char depth[12];

    if (server->echoed) {
        *outcome = RIG_OUTCOME_ACCEPTED;
        return rig_fail(
            err, RIG_CLASS_RIG, RIG_E_POLICY, "the server accepted a board that it must refuse: %s",
            plan->wrong[0] != '\0' ? plan->wrong : what_is_wrong_with_board(plan->certificate));
    }
    if (server->cipher[0] == '\0' ||
        (server->verify_error == 0 && (flags_of(in->device) & ~SKIP_VERIFY) != 0)) {
        return refused(in, outcome, err); /* before it came to the board's certificate */
    }
    if (in->expected_sha256 != NULL && !server->peer_presented) {
        *outcome = RIG_OUTCOME_VACUOUS;
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the board showed no certificate, so the one of this case was not tested "
                        "(server: %s)",
                        server->error_text);
    }
    if (in->expected_sha256 == NULL && server->peer_presented) {
        *outcome = RIG_OUTCOME_VACUOUS;
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the board showed a certificate (%s) though it was told to show none",
                        server->peer_subject);
    }
    *outcome = RIG_OUTCOME_REJECTED_OTHER;
    depth_text(server, depth);
    if (!verify_error_allowed(plan, server->verify_error)) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "refused for another reason: the server found %s at depth %s, expected %s",
                        rig_tls_verify_error_name(server->verify_error), depth,
                        rig_tls_verify_error_name(plan->verify_errors[0]));
    }
    if (in->by_http && server->handshake_done && in->http_status != 0) {
        return judge_http_status(in, outcome, err);
    }
    if (!in->by_http && plan->verify_depth >= 0 && server->verify_depth != plan->verify_depth) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "refused for another certificate: %s at depth %d, expected depth %d",
                        rig_tls_verify_error_name(server->verify_error), server->verify_depth,
                        plan->verify_depth);
    }
    if (!alert_allowed(plan, server->alert_sent)) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "refused with alert %s, expected %s (board's code -0x%04x, server: %s)",
                        rig_tls_alert_name(server->alert_sent),
                        plan->n_alerts != 0 ? rig_tls_alert_name(plan->alerts[0]) : "any alert",
                        (unsigned)-in->device->tls_code, server->error_text);
    }
    if (in->device->alert_received != server->alert_sent &&
        !(plan->allow_silent && in->device->alert_received < 0)) {
        *outcome = RIG_OUTCOME_REJECTED_SILENT;
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the server sent alert %s, but the board saw %s (its code -0x%04x)",
                        rig_tls_alert_name(server->alert_sent),
                        rig_tls_alert_name(in->device->alert_received),
                        (unsigned)-in->device->tls_code);
    }
    *outcome = RIG_OUTCOME_REJECTED;
    return RIG_DONE;
}

static const char *what_is_wrong_with(enum rig_case_server server)
{
    switch (server) {
    case RIG_SERVER_OTHER_ROOT:
        return "certificate comes from an unknown root";
    case RIG_SERVER_OTHER_NAME:
        return "certificate is for another name";
    case RIG_SERVER_EXPIRED:
        return "certificate is expired";
    case RIG_SERVER_GOOD:
        break;
    }
    return "certificate is good";
}

static rig_result judge_device_rejects(const struct rig_judge_input *in, enum rig_outcome *outcome,
                                       struct rig_error *err)
{
    const struct rig_case_plan *plan = in->plan;
    const struct rig_agent_handshake_report *device = in->device;

    /* whose Finished came has taken the server, whatever it says */
    if (in->server->echoed || in->server->handshake_done || device->handshake_done) {
        *outcome = RIG_OUTCOME_ACCEPTED;
        if (plan->wrong[0] != '\0') {
            return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                            "the board accepted a server that it must refuse: %s", plan->wrong);
        }
        return rig_fail(
            err, RIG_CLASS_DEVICE, RIG_E_POLICY,
            "the board accepted a server whose %s: it does not verify servers as it must",
            what_is_wrong_with(plan->server));
    }
    *outcome = RIG_OUTCOME_REJECTED_OTHER;
    if (!tls_code_allowed(plan, device->tls_code)) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the board refused for another reason: its code -0x%04x (%s), expected "
                        "-0x%04x",
                        (unsigned)-device->tls_code, device->text, (unsigned)-plan->tls_codes[0]);
    }
    if (plan->verify_flags != 0 && device->verify_flags != plan->verify_flags) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the board refused for another reason: verify flags 0x%" PRIx32
                        ", expected 0x%" PRIx32 " (its code -0x%04x, %s)",
                        device->verify_flags, plan->verify_flags, (unsigned)-device->tls_code,
                        device->text);
    }
    if (in->server->alert_received < 0 && !plan->allow_silent) {
        *outcome = RIG_OUTCOME_REJECTED_SILENT;
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "the board refused, but no alert of it arrived (it says it sent %s)",
                        rig_tls_alert_name(device->alert_sent));
    }
    if (in->server->alert_received >= 0 && !alert_allowed(plan, in->server->alert_received)) {
        return rig_fail(
            err, RIG_CLASS_DEVICE, RIG_E_MISMATCH, "the board refused with alert %s, expected %s",
            rig_tls_alert_name(in->server->alert_received), rig_tls_alert_name(plan->alerts[0]));
    }
    *outcome = RIG_OUTCOME_REJECTED;
    return RIG_DONE;
}

/* A refusal behind a good handshake. */
static rig_result judge_refused_after(const struct rig_judge_input *in, enum rig_tls_refusal by,
                                      enum rig_outcome *outcome, struct rig_error *err)
{
    const struct rig_case_plan *plan = in->plan;
    const struct rig_tls_evidence *server = in->server;
    char seen[200];
    char wanted[200];

    if (server->echoed) {
        *outcome = RIG_OUTCOME_ACCEPTED;
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_POLICY,
                        "the server accepted a board that it must refuse by %s: %s",
                        rig_tls_refusal_name(by), plan->wrong);
    }
    if (server->refused_by != by) {
        return refused(in, outcome, err);
    }
    *outcome = RIG_OUTCOME_REJECTED_OTHER;
    if (plan->findings != 0 && plan->findings != server->policy_findings) {
        rig_tls_findings_text(server->policy_findings, seen, sizeof seen);
        rig_tls_findings_text(plan->findings, wanted, sizeof wanted);
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_MISMATCH,
                        "refused for other findings: %s, expected %s", seen, wanted);
    }
    RIG_TRY(judge_ocsp(in, outcome, err));
    *outcome = RIG_OUTCOME_REJECTED;
    return RIG_DONE;
}

/* What the case is about must have happened, or any failure would do. */
static rig_result check_came_so_far(const struct rig_judge_input *in, enum rig_outcome *outcome,
                                    struct rig_error *err)
{
    const struct rig_tls_evidence *server = in->server;

    if ((!in->plan->misbehaves || server->misbehaved) &&
        (!in->plan->after_handshake || server->handshake_done)) {
        return RIG_DONE;
    }
    *outcome = RIG_OUTCOME_VACUOUS;
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                    "it failed before the server came to what the case is about (%s): board's code "
                    "-0x%04x (%s), server: %s, alert sent %s, received %s",
                    in->plan->wrong[0] != '\0' ? in->plan->wrong : "after a good handshake",
                    (unsigned)-in->device->tls_code, in->device->text,
                    server->error_text[0] != '\0' ? server->error_text : "no error",
                    rig_tls_alert_name(server->alert_sent),
                    rig_tls_alert_name(server->alert_received));
}

/* Nobody's certificate is wrong, and yet it can't succeed: the board must notice. */
static rig_result judge_fails(const struct rig_judge_input *in, enum rig_outcome *outcome,
                              struct rig_error *err)
{
    const struct rig_case_plan *plan = in->plan;
    const int alert =
        in->server->alert_sent >= 0 ? in->server->alert_sent : in->server->alert_received;

    if (in->device->echoed) {
        *outcome = RIG_OUTCOME_ACCEPTED;
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_POLICY,
                        "the exchange succeeded, and must not have: %s with %s%s%s",
                        in->server->version, in->server->cipher, plan->wrong[0] != '\0' ? "; " : "",
                        plan->wrong);
    }
    *outcome = RIG_OUTCOME_REJECTED_OTHER;
    if (in->server->verify_error != 0) {
        return refused(in, outcome, err);
    }
    if (in->by_http && in->http_status != 0) {
        return judge_http_status(in, outcome, err);
    }
    RIG_TRY(check_came_so_far(in, outcome, err));
    if (!tls_code_allowed(plan, in->device->tls_code)) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "it failed in another way: the board's code -0x%04x (%s), expected -0x%04x",
                        (unsigned)-in->device->tls_code, in->device->text,
                        (unsigned)-plan->tls_codes[0]);
    }
    if (plan->n_alerts != 0 && !alert_allowed(plan, alert)) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_MISMATCH,
                        "it failed with alert %s, expected %s (server: %s)",
                        rig_tls_alert_name(alert), rig_tls_alert_name(plan->alerts[0]),
                        in->server->error_text);
    }
    *outcome = RIG_OUTCOME_REJECTED;
    return RIG_DONE;
}

rig_result rig_judge(const struct rig_judge_input *input, enum rig_outcome *outcome,
                     struct rig_error *err)
{
    *outcome = RIG_OUTCOME_VACUOUS;
    if (vacuous(input, err)) {
        return (rig_result){.ok = false};
    }
    *outcome = RIG_OUTCOME_CONTRADICTION;
    if (contradiction(input, err)) {
        return (rig_result){.ok = false};
    }
    switch (input->plan->expect) {
    case RIG_EXPECT_POLICY_REFUSES:
        return judge_refused_after(input, RIG_TLS_REFUSED_BY_POLICY, outcome, err);
    case RIG_EXPECT_ENROLMENT_REFUSES:
        return judge_refused_after(input, RIG_TLS_REFUSED_BY_ENROLMENT, outcome, err);
    case RIG_EXPECT_OCSP_REFUSES:
        return judge_refused_after(input, RIG_TLS_REFUSED_BY_OCSP, outcome, err);
    case RIG_EXPECT_FAILS:
        return judge_fails(input, outcome, err);
    case RIG_EXPECT_ACCEPTED:
        return judge_accepted(input, outcome, err);
    case RIG_EXPECT_SERVER_REJECTS:
        return judge_server_rejects(input, outcome, err);
    case RIG_EXPECT_DEVICE_REJECTS:
        return judge_device_rejects(input, outcome, err);
    }
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID, "a case without an expectation");
}

bool rig_judge_is_meant(enum rig_case_outcome expect, enum rig_outcome outcome)
{
    return outcome == RIG_OUTCOME_ACCEPTED ||
           (expect != RIG_EXPECT_SERVER_REJECTS && expect != RIG_EXPECT_DEVICE_REJECTS);
}
