/* SPDX-License-Identifier: Apache-2.0 */
/* A handshake case: puts the case's certificate on the board, opens an endpoint of the case's kind,
 * has the board connect, and judges by what both sides saw. */
#include "rig/run/handshake.h"
#include "rig/run/judge.h"
#include "rig/run/other_server.h"
#include "rig/run/steps.h"

#include <string.h>

#define TRY_AGAIN_MS 1000
#define LAST_TRY_MS 8000 /* a handshake takes its time on a chip */
#define DAY_MS (INT64_C(24) * 3600 * 1000)

/* Until the wall clock says so: a certificate that was asked for with a short life has ended. */
static rig_result await_clock(const struct rig_board *board, int64_t until_ms, struct rig_wait wait,
                              struct rig_error *err)
{
    const int64_t left_ms = until_ms - rig_clock_now_ms(board->options->clock);

    return left_ms > 0 ? rig_wait_pause(wait, left_ms * RIG_NS_PER_MS, err) : RIG_DONE;
}

/* What the board trusts a server of the user's by; NULL: its flashed roots. */
static const char *roots_of(const struct rig_board *board)
{
    const struct rig_server_url *url = board->options->server_url;

    return url != NULL && url->roots_pem.len != 0 ? rig_buf_text(&url->roots_pem) : NULL;
}

/* Roots alone; the certificate is not of the slot. */
static rig_result load_roots(struct rig_board *board, struct rig_presented *presented,
                             struct rig_wait wait, struct rig_error *err)
{
    const struct rig_agent_slot slot = {.roots_pem = roots_of(board)};

    if (slot.roots_pem == NULL) {
        return RIG_DONE;
    }
    presented->roots = RIG_AGENT_SLOT;
    return rig_agent_slot_load(board->agent, &slot, wait, err);
}

static rig_result present_flashed(struct rig_board *board, struct rig_presented *presented,
                                  struct rig_wait wait, struct rig_error *err)
{
    rig_present_installed(board, presented);
    return load_roots(board, presented, wait, err);
}

/* `revoke_later`: the serial of a test certificate that must not stay valid; "" none. */
static rig_result present_issued(struct rig_board *board, bool expired,
                                 struct rig_presented *presented,
                                 char revoke_later[RIG_SERIAL_TEXT_SIZE], struct rig_wait wait,
                                 struct rig_error *err)
{
    const int64_t now_ms = rig_clock_now_ms(board->options->clock);
    const bool backdates = board->services->ca->ops->backdates;
    const struct rig_issue issue = {
        .purpose = RIG_PURPOSE_TEST,
        .not_before_ms = expired && backdates ? now_ms - 2 * DAY_MS : 0,
        .not_after_ms = !expired    ? now_ms + DAY_MS
                        : backdates ? now_ms - DAY_MS
                                    : now_ms + RIG_SHORT_LIFE_MS,
    };
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    RIG_TRY(rig_issue_certificate(board, &issue, &certificate, wait, err));
    (void)rig_copy_text(revoke_later, RIG_SERIAL_TEXT_SIZE, certificate.serial);
    if (!expired) {
        RIG_TRY(rig_revoke_certificate(board, certificate.serial, RIG_CERT_REVOKED,
                                       RIG_REVOKED_CESSATION, wait, err));
        revoke_later[0] = '\0';
    }
    RIG_TRY(rig_present_slot(board, rig_buf_text(&certificate.chain_pem), roots_of(board),
                             certificate.sha256, presented, wait, err));
    return expired && !backdates ? await_clock(board, rig_ended_ms(&certificate), wait, err)
                                 : RIG_DONE;
}

static rig_result present_other_root(struct rig_board *board, struct rig_presented *presented,
                                     struct rig_wait wait, struct rig_error *err)
{
    const struct rig_ca_request request = {
        .profile = RIG_PROFILE_DEVICE,
        .csr_der = board->cell.csr_der.data,
        .csr_len = board->cell.csr_der.len,
        .common_name = board->device_id,
    };
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    RIG_TRY_IN(rig_ca_sign(board->services->other_ca, &request, &certificate, wait, err), err,
               "test PKI");
    return rig_present_slot(board, rig_buf_text(&certificate.chain_pem), roots_of(board),
                            certificate.sha256, presented, wait, err);
}

static rig_result present(struct rig_board *board, enum rig_case_certificate kind,
                          struct rig_presented *presented, char revoke_later[RIG_SERIAL_TEXT_SIZE],
                          struct rig_wait wait, struct rig_error *err)
{
    const struct rig_cell *cell = &board->cell;

    switch (kind) {
    case RIG_CASE_INSTALLED:
        return present_flashed(board, presented, wait, err);
    case RIG_CASE_REVOKED:
        return present_issued(board, false, presented, revoke_later, wait, err);
    case RIG_CASE_EXPIRED:
        return present_issued(board, true, presented, revoke_later, wait, err);
    case RIG_CASE_OTHER_ROOT:
        return present_other_root(board, presented, wait, err);
    case RIG_CASE_NO_INTERMEDIATE:
        return rig_present_slot(board, rig_buf_text(&cell->certificate.leaf_pem), roots_of(board),
                                cell->certificate.sha256, presented, wait, err);
    case RIG_CASE_NO_CERTIFICATE:
        *presented = (struct rig_presented){.source = RIG_AGENT_NONE, .roots = RIG_AGENT_FLASH};
        return load_roots(board, presented, wait, err);
    }
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID, "unknown kind of certificate");
}

/* The server of the case: one of ours, nginx, or none to be started. */
struct place {
    struct rig_tls_endpoint *endpoint;
    struct rig_nginx *nginx;
};

static void leave(struct place *place)
{
    rig_auto_endpoint(&place->endpoint);
    rig_auto_nginx(&place->nginx);
}

static rig_result open_place(struct rig_board *board, const struct rig_step_plan *plan,
                             struct place *place, struct rig_wait wait, struct rig_error *err)
{
    struct rig_services *services = board->services;
    RIG_AUTO(rig_buf_free) struct rig_buf crls = {0};
    struct rig_tls_settings settings;

    if (board->options->server_url != NULL) {
        return RIG_DONE;
    }
    RIG_TRY(await_clock(board, services->identities[plan->handshake.server].usable_ms, wait, err));
    RIG_TRY_IN(rig_ca_crls(services->ca, &crls, wait, err), err, "CRLs");
    rig_handshake_settings(board, &services->identities[plan->handshake.server],
                           rig_buf_text(&crls), plan->timeout_ms, &settings);
    return board->options->profile != NULL
               ? rig_other_server_start(board, &settings, &place->nginx, wait, err)
               : rig_tls_endpoint_open(services->server, &settings, &place->endpoint, err);
}

/* A server that runs already fetches its CRLs when it likes: a revoked board may come in until
 * then, or until the case's time is over. */
static rig_result shake_until_refused(struct rig_board *board, const struct place *place,
                                      const struct rig_step_plan *plan,
                                      const struct rig_handshake *handshake,
                                      struct rig_both_sides *both, json_t *evidence,
                                      struct rig_wait wait, struct rig_error *err)
{
    const bool patient =
        board->options->server_url != NULL && plan->handshake.certificate == RIG_CASE_REVOKED;
    const int64_t started_ns = rig_now_ns();
    unsigned n_tries = 0;

    for (;;) {
        rig_both_sides_free(both);
        RIG_TRY(rig_handshake_run(board, place->endpoint, handshake, both, evidence, wait, err));
        n_tries++;
        if (!patient || !both->server.echoed || rig_wait_left_ms(wait) < LAST_TRY_MS) {
            break;
        }
        RIG_TRY(rig_wait_pause(wait, TRY_AGAIN_MS * RIG_NS_PER_MS, err));
    }
    if (patient) {
        (void)json_object_set_new(evidence, "handshakes_after_revocation", json_integer(n_tries));
        (void)json_object_set_new(evidence, "until_answer_ms",
                                  json_integer((rig_now_ns() - started_ns) / RIG_NS_PER_MS));
    }
    return RIG_DONE;
}

static rig_result test_and_judge(struct rig_board *board, const struct rig_step_plan *plan,
                                 const struct rig_presented *presented, json_t *evidence,
                                 struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(leave) struct place place = {0};
    struct rig_handshake handshake = {.presented = presented};
    enum rig_outcome outcome = RIG_OUTCOME_VACUOUS;
    RIG_AUTO(rig_both_sides_free) struct rig_both_sides both = {0};
    struct rig_case_plan expected;
    struct rig_judge_input input = {
        .plan = &expected,
        .server = &both.server,
        .device = &both.device,
        .declared = &board->hello,
        .expected_sha256 = presented->has_certificate ? presented->sha256 : NULL,
        .n_expected_chain = presented->n_chain,
        .expected_chain = &presented->chain,
    };
    rig_result result;

    RIG_TRY(open_place(board, plan, &place, wait, err));
    handshake.nginx = place.nginx;
    RIG_TRY(shake_until_refused(board, &place, plan, &handshake, &both, evidence, wait, err));
    rig_other_server_plan(board, plan, &both, &expected, evidence);
    input.n_strangers = both.n_strangers;
    rig_other_server_judged(&both, &input);
    result = rig_judge(&input, &outcome, err);
    (void)json_object_set_new(evidence, "outcome", json_string(rig_outcome_name(outcome)));
    return result;
}

rig_result rig_step_case(struct rig_board *board, const struct rig_step_plan *plan,
                         json_t *evidence, struct rig_wait wait, struct rig_error *err)
{
    struct rig_presented presented = {.source = RIG_AGENT_NONE};
    char revoke_later[RIG_SERIAL_TEXT_SIZE] = "";
    struct rig_error revoke_error = {0};
    rig_result result;

    RIG_TRY(rig_services_await(board->services, wait, err));
    RIG_TRY(rig_board_need_firmware(board, wait, err));
    result = present(board, plan->handshake.certificate, &presented, revoke_later, wait, err);
    if (result.ok) {
        result = test_and_judge(board, plan, &presented, evidence, wait, err);
    }
    if (revoke_later[0] != '\0' &&
        !rig_revoke_certificate(board, revoke_later, RIG_CERT_REVOKED, RIG_REVOKED_CESSATION, wait,
                                &revoke_error)
             .ok &&
        result.ok) {
        result = rig_fail_as(err, &revoke_error);
    }
    if ((presented.source == RIG_AGENT_SLOT || presented.roots == RIG_AGENT_SLOT) && result.ok) {
        result = rig_agent_slot_clear(board->agent, wait, err);
    }
    return result;
}
