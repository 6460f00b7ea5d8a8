/* SPDX-License-Identifier: Apache-2.0 */
/* What the start after a killed run makes of the journal's open entries. */
#include "rig/register/register.h"
#include "rig/run/recover.h"
#include "rig/tests/ca/fixture.h"

#include <stdio.h>
#include <string.h>

static const struct rig_board_id board = {.text = "b1"};

struct bench {
    struct fx fx;
    struct rig_register *reg;
    struct rig_recovery recovery;
};

static void bench_open(struct bench *bench)
{
    char folder[320];

    memset(bench, 0, sizeof *bench);
    fx_init(&bench->fx);
    fx_open_ca(&bench->fx, &fx_plan, NULL);
    (void)snprintf(folder, sizeof folder, "%s/work", bench->fx.folder);
    fx_ok(rig_register_open(folder, true, &bench->fx.clock, &bench->reg, &bench->fx.err),
          &bench->fx.err);
}

static void bench_close(struct bench *bench)
{
    rig_recovery_free(&bench->recovery);
    rig_register_close(bench->reg);
    fx_close(&bench->fx);
}

static struct rig_journal_id open_entry(struct bench *bench, enum rig_journal_action action,
                                        const char *subject)
{
    struct rig_journal_id id = {0};

    fx_ok(rig_journal_open(bench->reg, action, "run-1", &board, "dev-1", subject, &id,
                           &bench->fx.err),
          &bench->fx.err);
    return id;
}

static void open_issue_as(struct bench *bench, const struct rig_ca_certificate *certificate,
                          const char *word)
{
    char hex[2 * RIG_SHA256_SIZE + 1];
    char subject[96];

    rig_hex(certificate->spki_sha256, RIG_SHA256_SIZE, hex);
    (void)snprintf(subject, sizeof subject, "spki %s%s", hex, word);
    (void)open_entry(bench, RIG_JOURNAL_ISSUE, subject);
}

static void open_issue(struct bench *bench, const struct rig_ca_certificate *certificate)
{
    open_issue_as(bench, certificate, "");
}

static rig_result count_entry(void *ctx, const struct rig_journal_entry *entry,
                              struct rig_error *err)
{
    size_t *n = ctx;

    (void)entry;
    (void)err;
    (*n)++;
    return RIG_DONE;
}

static void recover(struct bench *bench)
{
    size_t n_open = 0;

    rig_recovery_free(&bench->recovery); /* of the time before */
    fx_ok(
        rig_recover(bench->reg, bench->fx.ca, "run-2", &bench->recovery, fx_wait(), &bench->fx.err),
        &bench->fx.err);
    fx_ok(rig_journal_each_open(bench->reg, count_entry, &n_open, &bench->fx.err), &bench->fx.err);
    assert_int_equal(n_open, 0);
}

struct seen {
    size_t n;
    struct rig_register_certificate last;
};

static rig_result see(void *ctx, const struct rig_register_certificate *certificate,
                      struct rig_error *err)
{
    struct seen *seen = ctx;

    (void)err;
    seen->n++;
    seen->last = *certificate;
    return RIG_DONE;
}

static struct seen certificates(struct bench *bench)
{
    struct seen seen = {0};

    fx_ok(rig_register_each_certificate(bench->reg, NULL, see, &seen, &bench->fx.err),
          &bench->fx.err);
    return seen;
}

static void what_was_signed_and_not_written_down_becomes_an_orphan(void **state)
{
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    struct bench bench;
    struct seen seen;

    (void)state;
    bench_open(&bench);
    fx_sign(&bench.fx, "dev-1", &certificate);
    open_issue(&bench, &certificate);
    recover(&bench);
    assert_int_equal(bench.recovery.n_open, 1);
    assert_int_equal(bench.recovery.n_found, 1);
    assert_non_null(strstr(rig_buf_text(&bench.recovery.text), "issue of board b1"));
    assert_non_null(strstr(rig_buf_text(&bench.recovery.text), "run-1: signed, not written down"));
    seen = certificates(&bench);
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.last.serial, certificate.serial);
    assert_string_equal(seen.last.device_id, "dev-1");
    assert_int_equal(seen.last.state, RIG_CERT_ISSUED);
    assert_int_equal(seen.last.purpose, RIG_PURPOSE_DEVICE);
    assert_int_equal(seen.last.key_type, RIG_KEY_P256);
    assert_string_equal(seen.last.mac, "");
    recover(&bench);
    assert_int_equal(bench.recovery.n_open, 0);
    bench_close(&bench);
}

static void all_that_one_request_left_become_orphans(void **state)
{
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate first = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate second = {0};
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    struct rig_ca_request request;
    struct bench bench;

    (void)state;
    bench_open(&bench);
    fx_good_csr(key, "dev-1", &csr);
    request = fx_request(&csr, "dev-1");
    fx_ok(rig_ca_sign(bench.fx.ca, &request, &first, fx_wait(), &bench.fx.err), &bench.fx.err);
    fx_ok(rig_ca_sign(bench.fx.ca, &request, &second, fx_wait(), &bench.fx.err), &bench.fx.err);
    open_issue(&bench, &first);
    recover(&bench);
    assert_int_equal(bench.recovery.n_open, 1);
    assert_int_equal(bench.recovery.n_found, 2);
    assert_int_equal(certificates(&bench).n, 2);
    bench_close(&bench);
}

static void a_test_certificate_stays_one(void **state)
{
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    const struct rig_register_device device = {
        .mac = "24:6f:28:aa:00:01", .device_id = "dev-1", .board.text = "b1", .run_id = "run-0"};
    struct bench bench;
    struct seen seen;

    (void)state;
    bench_open(&bench);
    fx_ok(rig_register_put_device(bench.reg, &device, &bench.fx.err), &bench.fx.err);
    fx_sign(&bench.fx, "dev-1", &certificate);
    open_issue_as(&bench, &certificate, " test");
    recover(&bench);
    assert_int_equal(bench.recovery.n_found, 1);
    seen = certificates(&bench);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.last.purpose, RIG_PURPOSE_TEST);
    assert_string_equal(seen.last.mac, "24:6f:28:aa:00:01");
    bench_close(&bench);
}

/* The same key under another device id: known is known, whoever has it. */
static void what_is_in_the_register_is_not_entered_twice(void **state)
{
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    struct rig_register_certificate row = {.key_type = RIG_KEY_P256};
    struct bench bench;

    (void)state;
    bench_open(&bench);
    fx_sign(&bench.fx, "dev-2", &certificate);
    (void)rig_copy_text(row.serial, sizeof row.serial, certificate.serial);
    (void)rig_copy_text(row.issuer, sizeof row.issuer, certificate.issuer);
    (void)rig_copy_text(row.device_id, sizeof row.device_id, "dev-2");
    memcpy(row.spki_sha256, certificate.spki_sha256, RIG_SHA256_SIZE);
    fx_ok(rig_register_issued(bench.reg, open_entry(&bench, RIG_JOURNAL_ISSUE, "spki"), &row,
                              &bench.fx.err),
          &bench.fx.err);
    open_issue(&bench, &certificate);
    recover(&bench);
    assert_int_equal(bench.recovery.n_found, 0);
    assert_int_equal(certificates(&bench).n, 1);
    bench_close(&bench);
}

static void nothing_issued_is_closed_as_interrupted(void **state)
{
    const struct rig_ca_certificate never = {.spki_sha256 = {7}};
    struct bench bench;

    (void)state;
    bench_open(&bench);
    open_issue(&bench, &never);
    (void)open_entry(&bench, RIG_JOURNAL_FLASH, "esp_secure_cert@0x110000");
    recover(&bench);
    assert_int_equal(bench.recovery.n_open, 2);
    assert_int_equal(bench.recovery.n_found, 0);
    assert_int_equal(certificates(&bench).n, 0);
    bench_close(&bench);
}

static void a_revocation_is_finished_with_its_reason(void **state)
{
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    struct bench bench;
    struct seen seen;
    char subject[96];

    (void)state;
    bench_open(&bench);
    fx_sign(&bench.fx, "dev-1", &certificate);
    open_issue(&bench, &certificate);
    recover(&bench);
    (void)snprintf(subject, sizeof subject, "serial %s keyCompromise", certificate.serial);
    (void)open_entry(&bench, RIG_JOURNAL_REVOKE, subject);
    recover(&bench);
    assert_int_equal(bench.recovery.n_revoked, 1);
    seen = certificates(&bench);
    assert_int_equal(seen.last.state, RIG_CERT_REVOKED);
    assert_string_equal(seen.last.revocation_reason, "keyCompromise");
    bench_close(&bench);
}

/* A CA that was made anew, or a certificate revoked by hand that was never in the register. */
static void what_the_ca_or_the_register_does_not_know_blocks_no_run(void **state)
{
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    struct bench bench;
    char subject[96];

    (void)state;
    bench_open(&bench);
    (void)open_entry(&bench, RIG_JOURNAL_REVOKE, "serial 0123456789abcdef");
    (void)open_entry(&bench, RIG_JOURNAL_REVOKE, "serial no-such-thing");
    (void)open_entry(&bench, RIG_JOURNAL_REVOKE, "");
    recover(&bench);
    assert_int_equal(bench.recovery.n_open, 3);
    assert_non_null(strstr(rig_buf_text(&bench.recovery.text), "never issued a certificate"));
    assert_int_equal(bench.recovery.n_revoked, 0);
    fx_sign(&bench.fx, "dev-1", &certificate);
    (void)snprintf(subject, sizeof subject, "serial %s", certificate.serial);
    (void)open_entry(&bench, RIG_JOURNAL_REVOKE, subject);
    recover(&bench);
    assert_int_equal(bench.recovery.n_revoked, 1);
    bench_close(&bench);
}

static void the_running_run_keeps_its_own_entries(void **state)
{
    struct bench bench;
    size_t n_open = 0;

    (void)state;
    bench_open(&bench);
    (void)open_entry(&bench, RIG_JOURNAL_FLASH, "x");
    fx_ok(rig_recover(bench.reg, bench.fx.ca, "run-1", &bench.recovery, fx_wait(), &bench.fx.err),
          &bench.fx.err);
    fx_ok(rig_journal_each_open(bench.reg, count_entry, &n_open, &bench.fx.err), &bench.fx.err);
    assert_int_equal(n_open, 1);
    assert_int_equal(bench.recovery.n_open, 0);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_signed_and_not_written_down_becomes_an_orphan),
        cmocka_unit_test(all_that_one_request_left_become_orphans),
        cmocka_unit_test(a_test_certificate_stays_one),
        cmocka_unit_test(what_is_in_the_register_is_not_entered_twice),
        cmocka_unit_test(nothing_issued_is_closed_as_interrupted),
        cmocka_unit_test(a_revocation_is_finished_with_its_reason),
        cmocka_unit_test(what_the_ca_or_the_register_does_not_know_blocks_no_run),
        cmocka_unit_test(the_running_run_keeps_its_own_entries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
