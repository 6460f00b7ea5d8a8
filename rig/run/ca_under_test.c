/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/ca_under_test.h"

#include "rig/ca/csr_pem.h"
#include "rig/ca/key.h"
#include "rig/ca/policy.h"
#include "rig/run/ca_choice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

static const struct rig_board_id ca_board = {.text = RIG_CA_BOARD};

/* Open ---------------------------------------------------------------------------------------- */

/* Addresses of a locally administered kind, which no chip has. */
static void name_device(const struct rig_suite *suite, unsigned number, char *out, size_t out_size)
{
    char mac[2 * RIG_MAC_SIZE + 1];

    (void)snprintf(mac, sizeof mac, "02ca000000%02u", number % 100);
    rig_suite_device_id(suite, mac, out, out_size);
}

/* A day before the issuing CA's own end, as far as that is later than any device's. */
static rig_result find_late(struct rig_ca_under_test *test, struct rig_error *err)
{
    const struct rig_buf *pem =
        test->ca->chain_pem.len != 0 ? &test->ca->chain_pem : &test->ca->root_pem;
    const struct rig_run_options *options = test->run->options;
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *issuers = NULL;
    int64_t late_ms;

    RIG_TRY(rig_pki_certificates_of_pem(rig_buf_text(pem), "the CA's chain", &issuers, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(sk_X509_value(issuers, 0)), &late_ms, err));
    late_ms = (late_ms - DAY_MS) / 1000 * 1000;
    if (late_ms > rig_clock_now_ms(options->clock) + (options->suite->device_days + 2) * DAY_MS) {
        char *dot;

        rig_time_text(late_ms, test->late);
        dot = strchr(test->late, '.');
        if (dot != NULL) {
            (void)snprintf(dot, sizeof test->late - (size_t)(dot - test->late), "Z");
        }
    }
    return RIG_DONE;
}

rig_result rig_ca_under_test_open(struct rig_ca_under_test *test, const struct rig_ca_run *run,
                                  struct rig_wait wait, struct rig_error *err)
{
    const struct rig_run_options *options = run->options;
    const struct rig_suite *suite = options->suite;

    *test = (struct rig_ca_under_test){.run = run};
    name_device(suite, 1, test->device_id, sizeof test->device_id);
    name_device(suite, 2, test->other_id, sizeof test->other_id);
    RIG_TRY(rig_moduli_open(&test->moduli, err));
    RIG_TRY(rig_open_chosen_ca(&options->ca, options->out_folder, suite, options->clock, &test->ca,
                               wait, err));
    RIG_TRY(rig_check_ca_of_register(run->reg, test->ca, wait, err));
    RIG_TRY(rig_recover(run->reg, test->ca, run->report->run_id, run->recovery, wait, err));
    RIG_TRY(find_late(test, err));
    test->names = (struct rig_attack_names){
        .device = test->device_id,
        .other = test->other_id,
        .server = suite->server_name,
        .organization = rig_text_or_null(suite->organization),
        .country = rig_text_or_null(suite->country),
        .late = rig_text_or_null(test->late),
    };
    return RIG_DONE;
}

void rig_ca_under_test_close(struct rig_ca_under_test *test)
{
    rig_auto_ca(&test->ca);
    rig_moduli_close(test->moduli);
    free(test->given_out);
    test->moduli = NULL;
    test->given_out = NULL;
}

/* Give out ------------------------------------------------------------------------------------ */

static rig_result journal_issue(const struct rig_ca_under_test *test,
                                const struct rig_attack_request *request,
                                struct rig_journal_id *journal, struct rig_error *err)
{
    char hex[2 * RIG_SHA256_SIZE + 1];
    char subject[96];

    rig_hex(request->spki_sha256, RIG_SHA256_SIZE, hex);
    (void)snprintf(subject, sizeof subject, "spki %s %s", hex,
                   rig_certificate_purpose_name(RIG_PURPOSE_TEST));
    return rig_journal_open(test->run->reg, RIG_JOURNAL_ISSUE, test->run->report->run_id, &ca_board,
                            request->sender, subject, journal, err);
}

static rig_result remember(struct rig_ca_under_test *test,
                           const struct rig_register_certificate *row, struct rig_error *err)
{
    struct rig_given_out *grown =
        reallocarray(test->given_out, test->n_given_out + 1, sizeof *grown);

    if (grown == NULL) {
        return rig_fail_memory(err);
    }
    test->given_out = grown;
    grown += test->n_given_out;
    (void)rig_copy_text(grown->serial, sizeof grown->serial, row->serial);
    (void)rig_copy_text(grown->issuer, sizeof grown->issuer, row->issuer);
    test->n_given_out++;
    return RIG_DONE;
}

static rig_result describe(const struct rig_ca_under_test *test,
                           const struct rig_attack_request *request, const struct rig_buf *der,
                           struct rig_register_certificate *row, struct rig_error *err)
{
    const uint8_t *at = der->data;
    RIG_AUTO(rig_auto_X509) X509 *certificate = NULL;
    const EVP_PKEY *key;

    rig_pki_begin();
    certificate = d2i_X509(NULL, &at, (long)der->len);
    if (certificate == NULL) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_INVALID,
                            "what the CA sent as a certificate (%zu bytes) is not one in DER",
                            der->len);
    }
    memset(row, 0, sizeof *row);
    rig_pki_serial_text(X509_get0_serialNumber(certificate), row->serial, sizeof row->serial);
    rig_pki_name_text(X509_get_issuer_name(certificate), row->issuer, sizeof row->issuer);
    RIG_TRY(rig_pki_sha256(der->data, der->len, row->cert_sha256, err));
    RIG_TRY(rig_pki_spki_sha256(X509_get_X509_PUBKEY(certificate), row->spki_sha256, err));
    RIG_TRY(rig_pki_sha256(request->der.data, request->der.len, row->csr_sha256, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notBefore(certificate), &row->not_before_ms, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(certificate), &row->not_after_ms, err));
    key = X509_get0_pubkey(certificate);
    row->key_type = key != NULL ? rig_key_type_of_key(key) : RIG_KEY_NONE;
    rig_pki_begin();
    row->purpose = RIG_PURPOSE_TEST;
    row->board = ca_board;
    (void)rig_copy_text(row->run_id, sizeof row->run_id, test->run->report->run_id);
    (void)rig_copy_text(row->device_id, sizeof row->device_id, request->sender);
    (void)rig_copy_text(row->backend, sizeof row->backend, test->ca->ops->name);
    return RIG_DONE;
}

/* On the list before the register knows it: what a full disk keeps out of the register is revoked
 * all the same. */
static rig_result keep(struct rig_ca_under_test *test, const struct rig_attack_request *request,
                       struct rig_journal_id journal, const struct rig_buf *der,
                       struct rig_error *err)
{
    struct rig_register_certificate row;

    RIG_TRY(describe(test, request, der, &row, err));
    RIG_TRY(remember(test, &row, err));
    return rig_register_issued(test->run->reg, journal, &row, err);
}

static rig_result give_up(struct rig_ca_under_test *test, struct rig_journal_id journal,
                          const struct rig_error *err)
{
    struct rig_error ignored;

    if (rig_ca_said_no(err)) {
        (void)rig_journal_close(test->run->reg, journal, false, err->text, &ignored).ok;
    }
    return (rig_result){.ok = false};
}

rig_result rig_ca_under_test_submit(struct rig_ca_under_test *test,
                                    const struct rig_attack_request *request,
                                    const struct rig_ca_wish *wish, struct rig_ca_answer *answer,
                                    struct rig_wait wait, struct rig_error *err)
{
    const struct rig_ca_submission submission = {
        .profile = RIG_PROFILE_DEVICE,
        .csr = request->bytes.data,
        .csr_len = request->bytes.len,
        .ttl_s = wish->ttl_s,
        .not_after = wish->not_after,
        .device_id = request->sender,
        .organization = test->names.organization,
        .country = test->names.country,
    };
    struct rig_journal_id journal;

    *answer = (struct rig_ca_answer){0};
    RIG_TRY(journal_issue(test, request, &journal, err));
    if (!rig_ca_submit(test->ca, &submission, answer, wait, err).ok) {
        return give_up(test, journal, err);
    }
    if (!answer->accepted) {
        return rig_journal_close(test->run->reg, journal, false, answer->refusal, err);
    }
    return keep(test, request, journal, &answer->der, err);
}

/* Revoked at the end like all others; a second time is fine. */
static rig_result keep_refused(struct rig_ca_under_test *test,
                               const struct rig_attack_request *request,
                               struct rig_journal_id journal,
                               const struct rig_ca_certificate *certificate, struct rig_error *err)
{
    const struct rig_error why = *err;

    RIG_TRY_IN(keep(test, request, journal, &certificate->der, err), err, "%.300s", why.text);
    return rig_fail_as(err, &why);
}

rig_result rig_ca_under_test_sign(struct rig_ca_under_test *test,
                                  const struct rig_attack_request *request, int64_t not_after_ms,
                                  struct rig_ca_certificate *certificate, struct rig_wait wait,
                                  struct rig_error *err)
{
    const struct rig_ca_request wanted = {
        .profile = RIG_PROFILE_DEVICE,
        .csr_der = request->der.data,
        .csr_len = request->der.len,
        .common_name = request->sender,
        .organization = test->names.organization,
        .country = test->names.country,
        .not_after_ms = not_after_ms,
    };
    struct rig_journal_id journal;

    *certificate = (struct rig_ca_certificate){0};
    RIG_TRY(journal_issue(test, request, &journal, err));
    if (!rig_ca_sign(test->ca, &wanted, certificate, wait, err).ok) {
        return certificate->refused ? keep_refused(test, request, journal, certificate, err)
                                    : give_up(test, journal, err);
    }
    return keep(test, request, journal, &certificate->der, err);
}

/* Notice -------------------------------------------------------------------------------------- */

static void note(json_t *notices, const struct rig_error *err)
{
    (void)json_array_append_new(notices, json_string(err->text));
}

/* What is wrong with the board is a notice; what is wrong with the rig is an error. */
static rig_result note_if_device(rig_result result, json_t *notices, const struct rig_error *err)
{
    if (result.ok || err->cls != RIG_CLASS_DEVICE) {
        return result;
    }
    note(notices, err);
    return RIG_DONE;
}

static enum rig_key_type key_type_of(const struct rig_buf *der)
{
    const uint8_t *at = der->data;
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = d2i_X509_REQ(NULL, &at, (long)der->len);
    const EVP_PKEY *key = csr != NULL ? X509_REQ_get0_pubkey(csr) : NULL;

    rig_pki_begin();
    return key != NULL ? rig_key_type_of_key(key) : RIG_KEY_NONE;
}

static rig_result check_request(const struct rig_ca_under_test *test,
                                const struct rig_attack_request *request, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    struct rig_csr_rules rules = {
        .common_name = request->sender,
        .organization = test->names.organization,
        .country = test->names.country,
    };

    RIG_TRY(rig_csr_of_pem(request->bytes.data, request->bytes.len, &der, err));
    rules.key_type = key_type_of(&der);
    return rig_csr_check(der.data, der.len, &rules, spki_sha256, err);
}

struct seen {
    const uint8_t *csr_sha256;
    json_t *notices;
};

static rig_result same_csr(void *ctx, const struct rig_register_certificate *certificate,
                           struct rig_error *err)
{
    struct seen *seen = ctx;
    char text[160];

    (void)err;
    if (memcmp(certificate->csr_sha256, seen->csr_sha256, RIG_SHA256_SIZE) == 0) {
        (void)snprintf(text, sizeof text, "this very CSR was signed before, as serial %s",
                       certificate->serial);
        (void)json_array_append_new(seen->notices, json_string(text));
    }
    return RIG_DONE;
}

rig_result rig_ca_notice_request(struct rig_ca_under_test *test, const struct rig_attack *attack,
                                 const struct rig_attack_request *request, json_t *notices,
                                 struct rig_error *err)
{
    uint8_t csr_sha256[RIG_SHA256_SIZE];
    struct seen seen = {csr_sha256, notices};

    RIG_TRY(note_if_device(check_request(test, request, err), notices, err));
    RIG_TRY(
        note_if_device(rig_register_claim_key(test->run->reg, request->spki_sha256, request->sender,
                                              &ca_board, test->run->report->run_id, err),
                       notices, err));
    RIG_TRY(note_if_device(
        rig_moduli_claim(test->moduli, request->der.data, request->der.len, request->sender, err),
        notices, err));
    /* the other attacks share the forge's key and can be alike to the letter */
    if (attack->recipe.prelude != RIG_ATTACK_TWICE) {
        return RIG_DONE;
    }
    RIG_TRY(rig_pki_sha256(request->der.data, request->der.len, csr_sha256, err));
    return rig_register_each_certificate_of_key(test->run->reg, request->spki_sha256, same_csr,
                                                &seen, err);
}

void rig_ca_notice_certificate(const struct rig_ca_under_test *test,
                               const struct rig_attack_request *request,
                               const struct rig_buf *certificate_der, json_t *notices)
{
    const struct rig_certificate_rules rules = {
        .profile = RIG_PROFILE_DEVICE,
        .common_name = request->sender,
        .spki_sha256 = request->spki_sha256,
        .root_pem = rig_buf_text(&test->ca->root_pem),
        .chain_pem = rig_buf_text(&test->ca->chain_pem),
        .now_ms = rig_clock_now_ms(test->run->options->clock),
    };
    struct rig_error err;

    if (!rig_certificate_check(certificate_der->data, certificate_der->len, &rules, &err).ok) {
        note(notices, &err);
    }
}

/* Revoke -------------------------------------------------------------------------------------- */

static rig_result revoke_one(struct rig_ca_under_test *test, const struct rig_given_out *given,
                             struct rig_wait wait, struct rig_error *err)
{
    const char *reason = rig_revocation_reason_name(RIG_REVOKED_CESSATION);
    struct rig_register *reg = test->run->reg;
    struct rig_journal_id journal;
    char subject[96];

    (void)snprintf(subject, sizeof subject, "serial %s %s", given->serial, reason);
    RIG_TRY(rig_journal_open(reg, RIG_JOURNAL_REVOKE, test->run->report->run_id, &ca_board,
                             test->device_id, subject, &journal, err));
    if (!rig_ca_revoke(test->ca, given->serial, RIG_REVOKED_CESSATION, wait, err).ok) {
        return give_up(test, journal, err);
    }
    RIG_TRY(rig_register_set_state_of(reg, given->issuer, given->serial, RIG_CERT_REVOKED, reason,
                                      err));
    return rig_journal_close(reg, journal, true, "revoked", err);
}

rig_result rig_ca_under_test_revoke(struct rig_ca_under_test *test, json_t *evidence,
                                    struct rig_wait wait, struct rig_error *err)
{
    json_t *left = json_array();
    size_t n_left = 0;
    struct rig_error now;

    (void)json_object_set_new(evidence, "given_out", json_integer((json_int_t)test->n_given_out));
    (void)json_object_set_new(evidence, "not_revoked", left);
    for (size_t i = 0; i < test->n_given_out; i++) {
        if (!revoke_one(test, &test->given_out[i], wait, &now).ok) {
            if (n_left++ == 0) {
                *err = now;
            }
            (void)json_array_append_new(left, json_string(test->given_out[i].serial));
        }
    }
    if (n_left != 0) {
        return rig_wrap(err,
                        "%zu of %zu certificates that the CA gave out are still valid; revoke them "
                        "with a token that may ('rig register orphans --revoke')",
                        n_left, test->n_given_out);
    }
    test->n_given_out = 0;
    return RIG_DONE;
}
