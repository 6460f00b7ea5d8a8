/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The revocation clock: from the moment a certificate is revoked until a server refuses it, leg by
 * leg, with the board as the one that is refused; and a sibling that must go on being accepted.
 */
#include "rig/ca/pki.h"
#include "rig/run/evidence.h"
#include "rig/run/handshake.h"
#include "rig/run/steps.h"

#include <openssl/pem.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define POLL_FIRST_MS 20
#define POLL_LONGEST_MS 500

struct clock_run {
    struct rig_board *board;
    const struct rig_step_plan *plan;
    struct rig_wait wait;
    json_t *evidence;
    struct rig_ca_certificate revoked;
    struct rig_ca_certificate sibling;
    struct rig_tls_endpoint *endpoint;
    struct rig_buf crls;
    int64_t started_ns;
    int64_t at_ns[RIG_CLOCK_LEGS];
};

static void end_run(struct clock_run *run)
{
    rig_auto_endpoint(&run->endpoint);
    rig_ca_certificate_free(&run->revoked);
    rig_ca_certificate_free(&run->sibling);
    rig_buf_free(&run->crls);
}

/* ---- handshakes ---- */

static rig_result open_endpoint(struct clock_run *run, struct rig_error *err)
{
    struct rig_services *services = run->board->services;
    struct rig_tls_settings settings;

    RIG_TRY_IN(rig_ca_crls(services->ca, &run->crls, run->wait, err), err, "CRLs");
    rig_handshake_settings(run->board, &services->identities[RIG_SERVER_GOOD],
                           rig_buf_text(&run->crls), run->plan->timeout_ms, &settings);
    return rig_tls_endpoint_open(services->server, &settings, &run->endpoint, err);
}

static rig_result present(struct clock_run *run, const struct rig_ca_certificate *certificate,
                          struct rig_presented *presented, struct rig_error *err)
{
    return rig_present_slot(run->board, rig_buf_text(&certificate->chain_pem), NULL,
                            certificate->sha256, presented, run->wait, err);
}

static rig_result shake(struct clock_run *run, const struct rig_presented *presented,
                        struct rig_both_sides *both, const char *name, struct rig_error *err)
{
    const struct rig_handshake handshake = {.presented = presented};
    json_t *words = json_object();
    const rig_result result =
        rig_handshake_run(run->board, run->endpoint, &handshake, both, words, run->wait, err);

    (void)json_object_set_new(run->evidence, name, words);
    return result;
}

static rig_result expect_accepted(struct clock_run *run, const struct rig_presented *presented,
                                  const char *name, const char *what, struct rig_error *err)
{
    RIG_AUTO(rig_both_sides_free) struct rig_both_sides both = {0};

    RIG_TRY(shake(run, presented, &both, name, err));
    if (!both.server.echoed || !both.device.echoed) {
        return rig_fail(err, both.server.verify_error != 0 ? RIG_CLASS_CA : RIG_CLASS_DEVICE,
                        RIG_E_REFUSED, "%s was not accepted: server %s, %s; board's code -0x%04x",
                        what, rig_tls_verify_error_name(both.server.verify_error),
                        both.server.error_text, (unsigned)-both.device.tls_code);
    }
    return RIG_DONE;
}

/* ---- what relying parties see ---- */

static rig_result lists(const struct rig_buf *pem, const char *serial, bool *listed,
                        struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);

    rig_pki_begin();
    *listed = false;
    if (bio == NULL) {
        return rig_fail_memory(err);
    }
    while (!*listed) {
        RIG_AUTO(rig_auto_X509_CRL) X509_CRL *crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);

        if (crl == NULL) {
            break;
        }
        *listed = rig_pki_crl_lists(crl, serial);
    }
    rig_pki_begin(); /* the end of the text is an error to OpenSSL */
    return RIG_DONE;
}

static void note(struct clock_run *run, enum rig_clock_leg leg)
{
    if (run->at_ns[leg] == 0) {
        run->at_ns[leg] = rig_now_ns();
    }
}

static json_t *ocsp_words(const struct rig_ca_ocsp *ocsp)
{
    json_t *words = json_object();
    char when[RIG_TIME_TEXT_SIZE];

    (void)json_object_set_new(words, "status", json_string(rig_ocsp_status_name(ocsp->status)));
    rig_time_text(ocsp->this_update_ms, when);
    (void)json_object_set_new(words, "this_update", json_string(when));
    if (ocsp->next_update_ms != 0) {
        rig_time_text(ocsp->next_update_ms, when);
        (void)json_object_set_new(words, "next_update", json_string(when));
    }
    if (ocsp->status == RIG_OCSP_REVOKED) {
        rig_time_text(ocsp->revoked_at_ms, when);
        (void)json_object_set_new(words, "revoked_at", json_string(when));
        (void)json_object_set_new(words, "reason",
                                  json_string(rig_revocation_reason_name(ocsp->reason)));
    }
    return words;
}

static rig_result ask_ocsp(struct clock_run *run, const struct rig_ca_certificate *certificate,
                           const char *name, struct rig_ca_ocsp *ocsp, struct rig_error *err)
{
    json_t *words = json_object_get(run->evidence, "ocsp");

    RIG_TRY(rig_ca_ocsp(run->board->services->ca, certificate->serial, ocsp, run->wait, err));
    if (words == NULL) {
        words = json_object();
        (void)json_object_set_new(run->evidence, "ocsp", words);
    }
    (void)json_object_set_new(words, name, ocsp_words(ocsp));
    return RIG_DONE;
}

static rig_result look_at_ocsp(struct clock_run *run, bool *has_ocsp, struct rig_error *err)
{
    struct rig_ca_ocsp ocsp;
    const rig_result asked = ask_ocsp(run, &run->revoked, "revoked", &ocsp, err);

    if (!asked.ok && err->code == RIG_E_UNSUPPORTED) {
        *has_ocsp = false;
        return RIG_DONE;
    }
    RIG_TRY(asked);
    if (ocsp.status == RIG_OCSP_REVOKED) {
        note(run, RIG_CLOCK_OCSP);
    }
    return RIG_DONE;
}

/* A responder that says revoked of everybody was quick, and is of no use. */
static rig_result expect_sibling_good(struct clock_run *run, struct rig_error *err)
{
    struct rig_ca_ocsp ocsp;

    if (run->at_ns[RIG_CLOCK_OCSP] == 0) {
        return RIG_DONE;
    }
    RIG_TRY(ask_ocsp(run, &run->sibling, "sibling", &ocsp, err));
    if (ocsp.status != RIG_OCSP_GOOD) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_MISMATCH,
                        "the OCSP responder says '%s' of certificate %s, which was not revoked",
                        rig_ocsp_status_name(ocsp.status), run->sibling.serial);
    }
    return RIG_DONE;
}

static rig_result look_at_crl(struct clock_run *run, struct rig_error *err)
{
    struct rig_ca *ca = run->board->services->ca;
    bool listed = false;
    rig_result fetched;

    rig_buf_reset(&run->crls);
    fetched = run->plan->clock.rotate ? rig_ca_crls(ca, &run->crls, run->wait, err)
                                      : rig_ca_published_crls(ca, &run->crls, run->wait, err);
    if (!fetched.ok && err->code == RIG_E_UNSUPPORTED) {
        fetched = rig_ca_crls(ca, &run->crls, run->wait, err);
    }
    RIG_TRY(fetched);
    RIG_TRY(lists(&run->crls, run->revoked.serial, &listed, err));
    if (listed) {
        note(run, RIG_CLOCK_CRL);
    }
    return RIG_DONE;
}

static rig_result fail_unpublished(const struct clock_run *run, int64_t budget_ms,
                                   struct rig_error *err)
{
    static const char crl[] = "have the CA rebuild its CRL at each revocation (Vault: auto_rebuild "
                              "off, or crl/rotate after revoke)";
    static const char ocsp[] = "have it answer out of the CA's own records, without a cache";
    const bool no_crl = run->at_ns[RIG_CLOCK_CRL] == 0;

    return rig_fail(err, RIG_CLASS_CA, RIG_E_TIMEOUT,
                    "certificate %s was revoked, but %s still does not say so%s: %s",
                    run->revoked.serial, no_crl ? "the published CRL" : "the OCSP responder",
                    budget_ms != 0 ? ", and its budget is over" : "", no_crl ? crl : ocsp);
}

/* A leg that is over its budget has failed: nobody need wait for its end. */
static rig_result check_budgets(const struct clock_run *run, bool has_ocsp, struct rig_error *err)
{
    static const enum rig_clock_leg published[] = {RIG_CLOCK_CRL, RIG_CLOCK_OCSP};
    const int64_t ms = (rig_now_ns() - run->started_ns) / RIG_NS_PER_MS;

    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        const int64_t budget_ms = run->plan->clock.legs[published[i]].fail_ms;

        if (run->at_ns[published[i]] == 0 && (published[i] == RIG_CLOCK_CRL || has_ocsp) &&
            budget_ms != 0 && ms > budget_ms) {
            return fail_unpublished(run, budget_ms, err);
        }
    }
    return RIG_DONE;
}

/* Until both say so; neither waits for the other. */
static rig_result await_publication(struct clock_run *run, struct rig_error *err)
{
    bool has_ocsp = true;
    int64_t pause_ms = POLL_FIRST_MS;

    for (;;) {
        if (has_ocsp && run->at_ns[RIG_CLOCK_OCSP] == 0) {
            RIG_TRY(look_at_ocsp(run, &has_ocsp, err));
        }
        if (run->at_ns[RIG_CLOCK_CRL] == 0) {
            RIG_TRY(look_at_crl(run, err));
        }
        if ((!has_ocsp || run->at_ns[RIG_CLOCK_OCSP] != 0) && run->at_ns[RIG_CLOCK_CRL] != 0) {
            return RIG_DONE;
        }
        if (rig_wait_left_ms(run->wait) <= pause_ms) {
            return fail_unpublished(run, 0, err);
        }
        RIG_TRY(check_budgets(run, has_ocsp, err));
        RIG_TRY(rig_wait_pause(run->wait, pause_ms * RIG_NS_PER_MS, err));
        pause_ms = pause_ms * 2 < POLL_LONGEST_MS ? pause_ms * 2 : POLL_LONGEST_MS;
    }
}

static rig_result load(struct clock_run *run, struct rig_error *err)
{
    const struct rig_tls_trust_texts trust = {
        .client_roots_pem = rig_buf_text(&run->board->services->ca->root_pem),
        .crls_pem = rig_buf_text(&run->crls),
    };
    struct rig_tls_loaded loaded;

    RIG_TRY(rig_tls_endpoint_reload(run->endpoint, &trust, &loaded, err));
    run->at_ns[RIG_CLOCK_LOADED] = loaded.at_ns;
    return RIG_DONE;
}

static rig_result await_refusal(struct clock_run *run, const struct rig_presented *presented,
                                struct rig_error *err)
{
    for (;;) {
        RIG_AUTO(rig_both_sides_free) struct rig_both_sides both = {0};

        RIG_TRY(shake(run, presented, &both, "refused", err));
        if (both.server.echoed) {
            if (rig_wait_left_ms(run->wait) < run->plan->timeout_ms / 10) {
                return rig_fail(err, RIG_CLASS_RIG, RIG_E_TIMEOUT,
                                "the server has the CRL that lists certificate %s and accepts it "
                                "all the same",
                                run->revoked.serial);
            }
            continue;
        }
        if (both.server.verify_error != X509_V_ERR_CERT_REVOKED || both.server.verify_depth != 0) {
            return rig_fail(err, RIG_CLASS_RIG, RIG_E_MISMATCH,
                            "refused for another reason: %s at depth %d, expected CERT_REVOKED at "
                            "depth 0 (%s)",
                            rig_tls_verify_error_name(both.server.verify_error),
                            both.server.verify_depth, both.server.error_text);
        }
        note(run, RIG_CLOCK_REFUSED);
        return RIG_DONE;
    }
}

/* ---- the verdict ---- */

static int64_t leg_ms(const struct clock_run *run, size_t leg)
{
    return (run->at_ns[leg] - run->started_ns) / RIG_NS_PER_MS;
}

/* Also of a clock that did not come to its end. */
static void record_legs(struct clock_run *run)
{
    json_t *legs = json_object();

    for (size_t leg = 0; leg < RIG_CLOCK_LEGS; leg++) {
        (void)json_object_set_new(legs, rig_clock_leg_name((enum rig_clock_leg)leg),
                                  run->at_ns[leg] != 0 ? json_integer(leg_ms(run, leg))
                                                       : json_null());
    }
    (void)json_object_set_new(run->evidence, "after_revoke_ms", legs);
}

static rig_result judge_legs(struct clock_run *run, struct rig_error *err)
{
    rig_result result = RIG_DONE;

    for (size_t leg = 0; leg < RIG_CLOCK_LEGS; leg++) {
        const struct rig_budget *budget = &run->plan->clock.legs[leg];
        const int64_t ms = leg_ms(run, leg);

        if (run->at_ns[leg] == 0) {
            continue;
        }
        if (budget->fail_ms != 0 && ms > budget->fail_ms && result.ok) {
            result = rig_fail(err, RIG_CLASS_CA, RIG_E_TIMEOUT,
                              "from revoke to '%s' it took %.3f s, its budget is %.3f s",
                              rig_clock_leg_name((enum rig_clock_leg)leg), (double)ms / 1e3,
                              (double)budget->fail_ms / 1e3);
        } else if (budget->warn_ms != 0 && ms > budget->warn_ms) {
            (void)json_object_set_new(run->evidence, "slow",
                                      json_string(rig_clock_leg_name((enum rig_clock_leg)leg)));
        }
    }
    return result;
}

/* ---- the step ---- */

static rig_result issue_both(struct clock_run *run, struct rig_error *err)
{
    const struct rig_issue issue = {
        .purpose = RIG_PURPOSE_TEST,
        .not_after_ms = rig_clock_now_ms(run->board->options->clock) + DAY_MS,
    };

    RIG_TRY(rig_issue_certificate(run->board, &issue, &run->revoked, run->wait, err));
    (void)json_object_set_new(run->evidence, "revoked_serial", json_string(run->revoked.serial));
    RIG_TRY(rig_issue_certificate(run->board, &issue, &run->sibling, run->wait, err));
    (void)json_object_set_new(run->evidence, "sibling_serial", json_string(run->sibling.serial));
    return RIG_DONE;
}

static rig_result revoke_now(struct clock_run *run, const struct rig_ca_certificate *certificate,
                             struct rig_error *err)
{
    return rig_revoke_certificate(run->board, certificate->serial, RIG_CERT_REVOKED,
                                  RIG_REVOKED_CESSATION, run->wait, err);
}

static rig_result time_it(struct clock_run *run, struct rig_error *err)
{
    struct rig_presented presented = {0};

    RIG_TRY(present(run, &run->revoked, &presented, err));
    RIG_TRY(open_endpoint(run, err));
    RIG_TRY(expect_accepted(run, &presented, "before", "the certificate that is yet to be revoked",
                            err));
    run->started_ns = rig_now_ns();
    RIG_TRY(revoke_now(run, &run->revoked, err));
    note(run, RIG_CLOCK_REVOKED);
    RIG_TRY(await_publication(run, err));
    RIG_TRY(expect_sibling_good(run, err));
    RIG_TRY(load(run, err));
    RIG_TRY(await_refusal(run, &presented, err));
    RIG_TRY(present(run, &run->sibling, &presented, err));
    RIG_TRY(expect_accepted(run, &presented, "sibling",
                            "a certificate of the same CA that was not revoked", err));
    return judge_legs(run, err);
}

/* Neither test certificate stays valid, whatever became of the measurement, or of the other one. */
static rig_result revoke_what_is_left(struct clock_run *run, struct rig_error *err)
{
    rig_result result = RIG_DONE;
    struct rig_error second;

    if (run->revoked.serial[0] != '\0' && run->at_ns[RIG_CLOCK_REVOKED] == 0) {
        result = revoke_now(run, &run->revoked, err);
    }
    if (run->sibling.serial[0] != '\0' && !revoke_now(run, &run->sibling, &second).ok &&
        result.ok) {
        result = rig_fail_as(err, &second);
    }
    return result;
}

rig_result rig_step_revocation(struct rig_board *board, const struct rig_step_plan *plan,
                               json_t *evidence, struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(end_run)
    struct clock_run run = {.board = board, .plan = plan, .wait = wait, .evidence = evidence};
    struct rig_error late = {0};
    rig_result result;

    RIG_TRY(rig_services_await(board->services, wait, err));
    RIG_TRY(rig_board_need_firmware(board, wait, err));
    result = issue_both(&run, err);
    if (result.ok) {
        result = time_it(&run, err);
    }
    if (run.started_ns != 0) {
        record_legs(&run);
    }
    if (!revoke_what_is_left(&run, &late).ok && result.ok) {
        result = rig_fail_as(err, &late);
    }
    if (!rig_agent_slot_clear(board->agent, wait, &late).ok && result.ok) {
        result = rig_fail_as(err, &late);
    }
    return result;
}
