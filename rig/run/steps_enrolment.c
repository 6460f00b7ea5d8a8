/* SPDX-License-Identifier: Apache-2.0 */
/* A registration: the board shows a device's certificate for its own key and asks to be registered;
 * the server asks the enrolment list, and all three are compared. */
#include "rig/run/enrolments.h"
#include "rig/run/evidence.h"
#include "rig/run/handshake.h"
#include "rig/run/judge_enrolment.h"
#include "rig/run/steps.h"

#include "rig/ca/issue.h"

#include <string.h>

#define NONCE_BYTES 12

/* What the server's thread works with; read again once the endpoint is closed. */
struct desk {
    const struct rig_enrolment *list;
    const struct rig_clock *clock;
    int security_level;
    char line[RIG_ENROLMENT_LINE_SIZE]; /* that the board was told to send */
    struct rig_enrolment_seen seen;
    struct rig_error error;
    bool broken;
};

static rig_result judge_line(struct desk *desk, const STACK_OF(X509) * presented, const char *line,
                             size_t n_line, struct rig_enrolment_decision *decision,
                             struct rig_error *err)
{
    const struct rig_enrolment_offer offer = {
        .presented = presented,
        .now_ms = rig_clock_now_ms(desk->clock),
        .security_level = desk->security_level,
    };
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *path = NULL;

    RIG_TRY(rig_enrolment_path(desk->list, &offer, &path, err));
    return rig_enrolment_judge(desk->list, path, presented, line, n_line, decision, err);
}

/* rig_tls_enrolment_hook.registers */
static bool registers(void *ctx, STACK_OF(X509) * verified_chain, STACK_OF(X509) * presented,
                      const char *line, size_t n_line, char *reason, size_t reason_size)
{
    struct desk *desk = ctx;
    struct rig_enrolment_decision decision;

    (void)verified_chain; /* OpenSSL's choice among several: the list's own is looked for */
    if (!judge_line(desk, presented, line, n_line, &decision, &desk->error).ok) {
        desk->broken = true;
        (void)rig_copy_text(reason, reason_size, desk->error.text);
        return false;
    }
    (void)rig_copy_text(reason, reason_size, decision.text);
    if (n_line == strlen(desk->line) && memcmp(line, desk->line, n_line) == 0) {
        desk->seen.asked = true;
        desk->seen.decision = decision;
    } else {
        desk->seen.n_other_lines++;
    }
    return decision.reason == RIG_ENROLMENT_ACCEPTED;
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text[0] != '\0') {
        (void)json_object_set_new(object, key, json_string(text));
    }
}

static json_t *visit_json(const struct rig_enrolment_visit *visit)
{
    json_t *object = json_object();

    (void)json_object_set_new(object, "depth", json_integer(visit->depth));
    (void)json_object_set_new(object, "subject", json_string(visit->subject));
    rig_evidence_set_hash(object, "sha256", visit->sha256);
    set_text(object, "verified_ca", visit->verified_ca);
    set_text(object, "entry", visit->entry);
    if (visit->entry[0] != '\0') {
        (void)json_object_set_new(object, "enabled", json_boolean(visit->entry_enabled));
    }
    return object;
}

static json_t *decision_json(const char *state, const struct rig_enrolment_decision *decision)
{
    json_t *object = json_object();
    json_t *walk = json_array();

    (void)json_object_set_new(object, "state", json_string(state));
    (void)json_object_set_new(object, "result",
                              json_string(rig_enrolment_reason_name(decision->reason)));
    (void)json_object_set_new(object, "decided_by",
                              json_string(decision->entry[0] != '\0' ? decision->entry : "none"));
    set_text(object, "registration", decision->registration_id);
    set_text(object, "device_id", decision->device_id);
    set_text(object, decision->stale_by_key ? "same_key_entry" : "finding", decision->stale_entry);
    set_text(object, "text", decision->text);
    for (size_t i = 0; i < decision->n_visits; i++) {
        (void)json_array_append_new(walk, visit_json(&decision->visits[i]));
    }
    (void)json_object_set_new(object, "walk", walk);
    return object;
}

static rig_result prepare_desk(struct rig_board *board, const struct rig_step_plan *plan,
                               const struct rig_enrolment *list, struct desk *desk,
                               struct rig_error *err)
{
    uint8_t bytes[NONCE_BYTES];
    char nonce[2 * NONCE_BYTES + 1];

    *desk = (struct desk){
        .list = list,
        .clock = board->options->clock,
        .security_level = board->options->suite->security_level,
    };
    RIG_TRY(rig_issue_random(bytes, sizeof bytes, err));
    rig_hex(bytes, sizeof bytes, nonce);
    return rig_enrolment_request(plan->enrol.registration, nonce, desk->line, err);
}

static rig_result ask(struct rig_board *board, const struct rig_step_plan *plan, struct desk *desk,
                      const struct rig_presented *presented, struct rig_both_sides *both,
                      json_t *evidence, struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_auto_endpoint) struct rig_tls_endpoint *endpoint = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf anchors = {0};
    const struct rig_handshake handshake = {.presented = presented, .text = desk->line};
    struct rig_tls_settings settings;

    RIG_TRY(rig_enrolment_anchors(desk->list, &anchors, err));
    rig_handshake_settings(board, &board->services->identities[RIG_SERVER_GOOD], NULL,
                           plan->timeout_ms, &settings);
    settings.client_roots_pem = rig_buf_text(&anchors);
    settings.enrolment.registers = registers;
    settings.enrolment.ctx = desk;
    RIG_TRY(rig_tls_endpoint_open(board->services->server, &settings, &endpoint, err));
    return rig_handshake_run(board, endpoint, &handshake, both, evidence, wait, err);
}

static rig_result register_board(struct rig_board *board, const struct rig_step_plan *plan,
                                 const struct rig_enrolment *list, json_t *evidence,
                                 struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_pki_identity_free) struct rig_pki_identity identity = {0};
    enum rig_outcome outcome = RIG_OUTCOME_VACUOUS;
    struct rig_presented presented;
    RIG_AUTO(rig_both_sides_free) struct rig_both_sides both = {0};
    struct desk desk;
    rig_result result;

    RIG_TRY(rig_enrolments_device(board->services->enrolments, plan->enrol.state,
                                  plan->enrol.device, &board->cell.csr_der, &identity, err));
    RIG_TRY(rig_present_slot(board, rig_buf_text(&identity.chain_pem),
                             rig_buf_text(&board->services->ca->root_pem), identity.leaf_sha256,
                             &presented, wait, err));
    RIG_TRY(prepare_desk(board, plan, list, &desk, err));
    /* the endpoint is closed when this returns, so nobody else uses the desk any more */
    RIG_TRY(ask(board, plan, &desk, &presented, &both, evidence, wait, err));
    if (desk.broken) {
        return rig_fail_as(err, &desk.error);
    }
    if (desk.seen.asked) {
        (void)json_object_set_new(evidence, "enrolment",
                                  decision_json(plan->enrol.state, &desk.seen.decision));
    }
    const struct rig_judge_input input = {
        .plan = &plan->handshake,
        .server = &both.server,
        .device = &both.device,
        .expected_sha256 = presented.sha256,
        .n_expected_chain = presented.n_chain,
        .expected_chain = &presented.chain,
        .n_strangers = both.n_strangers,
    };
    result = rig_judge_enrolment(&input, &plan->enrol, &desk.seen, &outcome, err);
    (void)json_object_set_new(evidence, "outcome", json_string(rig_outcome_name(outcome)));
    return result;
}

/* The state contradicts itself on purpose. */
static rig_result judge_refused_list(const struct rig_enrol_plan *plan, rig_result built,
                                     json_t *evidence, struct rig_error *err)
{
    if (built.ok) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_MISMATCH,
                        "the service took the list of the state \"%s\", which contradicts itself",
                        plan->state);
    }
    if (err->cls != RIG_CLASS_USAGE) {
        return built;
    }
    (void)json_object_set_new(evidence, "refused", json_string(err->text));
    rig_error_clear(err);
    return RIG_DONE;
}

rig_result rig_step_enrol(struct rig_board *board, const struct rig_step_plan *plan,
                          json_t *evidence, struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *list = NULL;
    struct rig_error late = {0};
    rig_result built;
    rig_result result;

    RIG_TRY(rig_services_await(board->services, wait, err));
    built = rig_enrolments_list(board->services->enrolments, plan->enrol.state,
                                &board->cell.csr_der, &list, err);
    if (plan->enrol.expect == RIG_ENROL_LIST_REFUSED) {
        return judge_refused_list(&plan->enrol, built, evidence, err);
    }
    RIG_TRY(built);
    RIG_TRY(rig_board_need_firmware(board, wait, err));
    result = register_board(board, plan, list, evidence, wait, err);
    if (board->agent != NULL && !rig_agent_slot_clear(board->agent, wait, &late).ok && result.ok) {
        result = rig_fail_as(err, &late);
    }
    return result;
}
