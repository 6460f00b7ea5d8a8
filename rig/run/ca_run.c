/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/ca_run.h"

#include "rig/base/file.h"
#include "rig/ca/pki.h"
#include "rig/run/ca_issuance.h"
#include "rig/run/ca_under_test.h"

#include <stdio.h>
#include <string.h>

#define STEP_TIMEOUT_MS 60000
#define DAY_S INT64_C(86400)
#define MAX_INLINE_BYTES 6144

/* One step while it goes on. */
struct step {
    const struct rig_ca_run *run;
    struct rig_ca_under_test *test;
    struct rig_attack_forge *forge;
    const struct rig_attack_item *item;
    struct rig_step_report *report;
    json_t *evidence;
    struct rig_wait wait;
    enum rig_verdict verdict;
};

typedef rig_result step_fn(struct step *step, struct rig_error *err);

/* Steps --------------------------------------------------------------------------------------- */

static void post(const struct rig_ca_run *run, enum rig_event_kind kind, size_t index,
                 const char *name)
{
    struct rig_event event = {.kind = kind, .step = index, .at_ns = rig_now_ns()};

    (void)rig_copy_text(event.name, sizeof event.name, name);
    rig_progress_post(run->progress, &event);
}

static void keep_evidence(struct step *step)
{
    struct rig_error ignored;
    char *text = json_dumps(step->evidence, JSON_COMPACT);

    if (text != NULL) {
        (void)rig_buf_append_text(&step->report->evidence, text, &ignored).ok;
        free(text);
    }
    json_decref(step->evidence);
}

/* A step that fails without a verdict of its own is an error: nobody's certificate is to blame. */
static enum rig_verdict run_step(struct step *step, const char *name, step_fn *fn)
{
    const struct rig_ca_run *run = step->run;
    struct rig_board_report *board = &run->report->boards[0];
    const int64_t started_ns = rig_now_ns();
    rig_result result;

    step->report = &board->steps[board->n_steps];
    step->evidence = json_object();
    step->verdict = RIG_VERDICT_PASS;
    (void)rig_copy_text(step->report->name, sizeof step->report->name, name);
    (void)rig_copy_text(step->report->step, sizeof step->report->step, name);
    step->report->started_ms = rig_clock_now_ms(run->options->clock);
    step->report->tries = 1;
    step->report->is_case = step->item != NULL;
    post(run, RIG_EVENT_STEP_START, 0, name);
    result = fn(step, &step->report->error);
    if (result.ok) {
        rig_error_clear(&step->report->error); /* what was only noted on the way */
    } else if (step->verdict == RIG_VERDICT_PASS) {
        step->verdict = RIG_VERDICT_ERROR;
    }
    keep_evidence(step);
    step->report->verdict = step->verdict;
    step->report->duration_ns = rig_now_ns() - started_ns;
    post(run, RIG_EVENT_STEP_END, board->n_steps++, name);
    return step->verdict;
}

static rig_result weak(struct step *step, enum rig_verdict verdict, struct rig_error *err,
                       const char *text)
{
    step->verdict = verdict;
    return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY, "%s", text);
}

/* Evidence ------------------------------------------------------------------------------------ */

static rig_result write_file(const struct step *step, const char *suffix,
                             const struct rig_buf *bytes, struct rig_error *err)
{
    char name[96];
    char path[512];

    (void)snprintf(name, sizeof name, "%s.%s", step->item->name, suffix);
    (void)snprintf(path, sizeof path, "%s/%s", step->run->folder, name);
    RIG_TRY(rig_file_replace(path, bytes->data, bytes->len, 0644, err));
    (void)json_object_set_new(step->evidence,
                              strcmp(suffix, "request") == 0 ? "request_file" : "certificate_file",
                              json_string(name));
    return RIG_DONE;
}

static rig_result write_certificate(const struct step *step, const struct rig_buf *der,
                                    struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    const uint8_t *at = der->data;
    RIG_AUTO(rig_auto_X509) X509 *certificate = d2i_X509(NULL, &at, (long)der->len);

    if (certificate == NULL) {
        return rig_pki_fail_library(err, "read a certificate");
    }
    RIG_TRY(rig_pki_certificate_pem(certificate, &pem, err));
    return write_file(step, "certificate.pem", &pem, err);
}

static void describe_request(const struct step *step, const struct rig_attack_request *request)
{
    json_t *object = json_object();

    (void)json_object_set_new(step->evidence, "request", object);
    (void)json_object_set_new(object, "bytes", json_integer((json_int_t)request->bytes.len));
    (void)json_object_set_new(object, "sender", json_string(request->sender));
    if (request->bytes.len <= MAX_INLINE_BYTES) {
        /* DER is no text: jansson refuses it, and the file has it */
        (void)json_object_set_new(object, "text", json_string(rig_buf_text(&request->bytes)));
    }
}

static void describe_answer(const struct step *step, const struct rig_ca_answer *answer)
{
    json_t *object = json_object();

    (void)json_object_set_new(step->evidence, "answer", object);
    (void)json_object_set_new(object, "accepted", json_boolean(answer->accepted));
    if (answer->status != 0) {
        (void)json_object_set_new(object, "status", json_integer(answer->status));
    }
    if (answer->refusal[0] != '\0') {
        (void)json_object_set_new(object, "refusal", json_string(answer->refusal));
    }
    if (answer->warnings[0] != '\0') {
        (void)json_object_set_new(object, "warnings", json_string(answer->warnings));
    }
}

/* Control ------------------------------------------------------------------------------------- */

static rig_result try_control(struct step *step, enum rig_key_type type, bool *is_signed,
                              struct rig_error *err)
{
    const struct rig_suite *suite = step->run->options->suite;
    const struct rig_ca_wish wish = {.ttl_s = suite->device_days * DAY_S};
    RIG_AUTO(rig_auto_attack_forge) struct rig_attack_forge *forge = NULL;
    RIG_AUTO(rig_attack_request_free) struct rig_attack_request request = {0};
    RIG_AUTO(rig_ca_answer_free) struct rig_ca_answer answer = {0};

    RIG_TRY(rig_attack_forge_open(&step->test->names, type, &forge, err));
    RIG_TRY(rig_attack_good_csr(forge, type, &request, err));
    RIG_TRY(rig_ca_under_test_submit(step->test, &request, &wish, &answer, step->wait, err));
    describe_request(step, &request);
    describe_answer(step, &answer);
    *is_signed = answer.accepted;
    if (!answer.accepted) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_REFUSED,
                        "the CA signs no good CSR of %s either, so its refusals prove nothing: "
                        "%.250s",
                        step->test->device_id, answer.refusal);
    }
    if (step->forge == NULL) {
        step->forge = forge;
        forge = NULL;
        (void)json_object_set_new(step->evidence, "key", json_string(rig_key_type_name(type)));
    }
    return RIG_DONE;
}

/* What every role for devices signs is one of these. */
static rig_result control(struct step *step, struct rig_error *err)
{
    static const enum rig_key_type types[] = {RIG_KEY_P256, RIG_KEY_RSA_2048, RIG_KEY_P384,
                                              RIG_KEY_RSA_3072};
    rig_result result = RIG_DONE;

    if (step->test->ca == NULL) {
        RIG_TRY(rig_ca_under_test_open(step->test, step->run, step->wait, err));
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        bool is_signed = false;

        result = try_control(step, types[i], &is_signed, err);
        if (result.ok || err->code != RIG_E_REFUSED) {
            break;
        }
    }
    return result;
}

/* Attacks ------------------------------------------------------------------------------------- */

struct judgement {
    enum rig_attack_outcome outcome;
    struct rig_buf what; /* of the danger is in the certificate */
    json_t *notices;     /* borrowed from the evidence */
};

static struct rig_ca_wish wish_of(const struct step *step)
{
    const struct rig_attack_recipe *recipe = &step->item->attack->recipe;
    const int64_t usual_s = step->run->options->suite->device_days * DAY_S;
    struct rig_ca_wish wish = {.ttl_s = recipe->ttl_s == 0 ? usual_s : recipe->ttl_s};

    if (recipe->ttl_s < 0) {
        wish.ttl_s = 0;
    }
    wish.not_after = recipe->not_after;
    if (recipe->not_after != NULL && strcmp(recipe->not_after, "{late}") == 0) {
        wish.not_after = step->test->late;
    }
    return wish;
}

static rig_result judge(struct step *step, const struct rig_attack_request *request,
                        const struct rig_ca_answer *answer, struct judgement *judgement,
                        struct rig_error *err)
{
    const struct rig_attack *attack = step->item->attack;
    unsigned dangers = 0;

    judgement->outcome = RIG_ATTACK_REFUSED;
    if (!answer->accepted) {
        return RIG_DONE;
    }
    RIG_TRY(rig_attack_dangers(attack, &step->test->names, &answer->der,
                               step->run->options->suite->device_days, &dangers, &judgement->what,
                               err));
    if (dangers == 0) {
        judgement->outcome = RIG_ATTACK_NEUTRALISED;
        return RIG_DONE;
    }
    /* of a danger that can't be seen in the certificate, its check has nothing to say */
    if ((dangers & ~(unsigned)RIG_DANGER_SIGNED) != 0) {
        rig_ca_notice_certificate(step->test, request, &answer->der, judgement->notices);
    }
    judgement->outcome =
        json_array_size(judgement->notices) != 0 ? RIG_ATTACK_DETECTED : RIG_ATTACK_ALLOWED;
    return RIG_DONE;
}

static rig_result tell(struct step *step, const struct judgement *judgement, struct rig_error *err)
{
    const struct rig_attack *attack = step->item->attack;
    const char *expected = rig_attack_expect_name(step->item->expect);
    char text[RIG_ERROR_TEXT_SIZE];

    (void)json_object_set_new(step->evidence, "meaning", json_string(attack->meaning));
    (void)json_object_set_new(step->evidence, "remedy", json_string(attack->remedy));
    if (step->item->expect == RIG_ATTACK_EXPECT_ALLOWED) {
        (void)snprintf(text, sizeof text,
                       "%s: the suite says that the CA must grant it, but it was %s: change the "
                       "role, or the suite's expect",
                       attack->title, rig_attack_outcome_name(judgement->outcome));
    } else {
        (void)snprintf(text, sizeof text,
                       "%s: the CA granted it (%.160s), expected %s. %s Remedy: %s", attack->title,
                       rig_buf_text(&judgement->what), expected, attack->meaning, attack->remedy);
    }
    return weak(step, RIG_VERDICT_FAIL, err, text);
}

static rig_result send_prelude(struct step *step, const struct rig_attack_request *prelude,
                               const struct rig_ca_wish *wish, struct rig_error *err)
{
    RIG_AUTO(rig_ca_answer_free) struct rig_ca_answer answer = {0};
    json_t *ignored;
    rig_result result;

    if (prelude->bytes.len == 0) {
        return RIG_DONE;
    }
    ignored = json_array();
    result = rig_ca_notice_request(step->test, step->item->attack, prelude, ignored, err);
    json_decref(ignored);
    RIG_TRY(result);
    RIG_TRY(rig_ca_under_test_submit(step->test, prelude, wish, &answer, step->wait, err));
    (void)json_object_set_new(step->evidence, "request_before",
                              json_string(answer.accepted ? "signed" : answer.refusal));
    return RIG_DONE;
}

static rig_result send_and_judge(struct step *step, const struct rig_attack_request *prelude,
                                 const struct rig_attack_request *request,
                                 struct judgement *judgement, struct rig_error *err)
{
    const struct rig_ca_wish wish = wish_of(step);
    RIG_AUTO(rig_ca_answer_free) struct rig_ca_answer answer = {0};

    RIG_TRY(send_prelude(step, prelude, &wish, err));
    RIG_TRY(
        rig_ca_notice_request(step->test, step->item->attack, request, judgement->notices, err));
    describe_request(step, request);
    RIG_TRY(rig_ca_under_test_submit(step->test, request, &wish, &answer, step->wait, err));
    describe_answer(step, &answer);
    RIG_TRY(judge(step, request, &answer, judgement, err));
    (void)json_object_set_new(step->evidence, "outcome",
                              json_string(rig_attack_outcome_name(judgement->outcome)));
    if (rig_attack_meets(step->item->expect, judgement->outcome)) {
        return RIG_DONE;
    }
    RIG_TRY(write_file(step, "request", &request->bytes, err));
    if (answer.accepted) {
        RIG_TRY(write_certificate(step, &answer.der, err));
    }
    return tell(step, judgement, err);
}

static rig_result attack(struct step *step, struct rig_error *err)
{
    const struct rig_attack *what = step->item->attack;
    RIG_AUTO(rig_attack_request_free) struct rig_attack_request prelude = {0};
    RIG_AUTO(rig_attack_request_free) struct rig_attack_request request = {0};
    struct judgement judgement = {.notices = json_array()};
    rig_result result;

    (void)json_object_set_new(step->evidence, "title", json_string(what->title));
    (void)json_object_set_new(step->evidence, "expect",
                              json_string(rig_attack_expect_name(step->item->expect)));
    (void)json_object_set_new(step->evidence, "notices", judgement.notices);
    if (wish_of(step).not_after != NULL && wish_of(step).not_after[0] == '\0') {
        return weak(step, RIG_VERDICT_SKIP, err,
                    "the CA's own certificate ends before a device's may, so nothing can outlive "
                    "it");
    }
    RIG_TRY(rig_attack_build(step->forge, what, &prelude, &request, err));
    result = send_and_judge(step, &prelude, &request, &judgement, err);
    rig_buf_free(&judgement.what);
    return result;
}

static rig_result issuance(struct step *step, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf problems = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    bool is_signed = false;

    RIG_TRY(rig_ca_check_issuance(step->test, step->forge, step->item->key, step->evidence,
                                  &is_signed, &der, &problems, step->wait, err));
    if (!is_signed) {
        return weak(step, RIG_VERDICT_SKIP, err, rig_buf_text(&problems));
    }
    if (problems.len == 0) {
        return RIG_DONE;
    }
    RIG_TRY(write_certificate(step, &der, err));
    return weak(step, RIG_VERDICT_FAIL, err, rig_buf_text(&problems));
}

static rig_result revoke_all(struct step *step, struct rig_error *err)
{
    return rig_ca_under_test_revoke(step->test, step->evidence, step->wait, err);
}

/* The run ------------------------------------------------------------------------------------- */

static void run_items(struct step *step)
{
    const struct rig_suite *suite = step->run->options->suite;
    struct rig_cancel *cancel = step->run->options->cancel;

    for (size_t i = 0; i < suite->n_attacks; i++) {
        if (cancel != NULL && rig_cancel_reason(cancel) != 0) {
            return;
        }
        step->item = &suite->attacks[i];
        step->wait = rig_wait_ms(STEP_TIMEOUT_MS, cancel);
        (void)run_step(step, step->item->name, step->item->attack != NULL ? attack : issuance);
    }
    step->item = NULL;
    step->wait = rig_wait_ms(STEP_TIMEOUT_MS, cancel);
    (void)run_step(step, "control-after", control);
}

void rig_ca_run(const struct rig_ca_run *run)
{
    struct rig_board_report *board = &run->report->boards[0];
    const int64_t started_ns = rig_now_ns();
    struct rig_ca_under_test test = {0};
    struct step step = {.run = run, .test = &test};

    step.wait = rig_wait_ms(STEP_TIMEOUT_MS, run->options->cancel);
    if (run_step(&step, "control", control) == RIG_VERDICT_PASS) {
        run_items(&step);
    }
    step.item = NULL;
    /* also after Ctrl-C: what was given out must not stay valid */
    step.wait = rig_wait_ms(STEP_TIMEOUT_MS, NULL);
    if (test.n_given_out != 0) {
        (void)run_step(&step, "revoke", revoke_all);
    }
    rig_attack_forge_close(step.forge);
    rig_ca_under_test_close(&test);
    board->duration_ns = rig_now_ns() - started_ns;
    board->verdict = rig_board_report_verdict(board);
    post(run, RIG_EVENT_BOARD_END, 0, "");
}
