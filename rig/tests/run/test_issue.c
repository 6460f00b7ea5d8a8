/* SPDX-License-Identifier: Apache-2.0 */
/* What the register knows of a certificate that the CA issued and its back end then refused. */
#include "rig/run/steps.h"
#include "rig/tests/ca/fixture.h"

#include <stdio.h>
#include <string.h>

/* A CA that issues, and whose back end finds fault with what came back. */
struct faulty_ca {
    struct rig_ca ca; /* first */
    struct rig_ca *behind;
    bool issues;
    bool revokes;
};

static rig_result sign_badly(struct rig_ca *ca, const struct rig_ca_request *request,
                             struct rig_ca_certificate *certificate, struct rig_wait wait,
                             struct rig_error *err)
{
    const struct faulty_ca *faulty = (const struct faulty_ca *)ca;

    if (faulty->issues) {
        RIG_TRY(rig_ca_sign(faulty->behind, request, certificate, wait, err));
        certificate->refused = true;
        certificate->revoked = faulty->revokes;
    }
    return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY, "too short");
}

static const struct rig_ca_ops faulty_ops = {.name = "faulty", .sign = sign_badly};

struct bench {
    struct fx fx;
    struct faulty_ca ca;
    struct rig_suite suite;
    struct rig_run_options options;
    struct rig_bench_board place;
    struct rig_services services;
    struct rig_run_report run;
    struct rig_board_report report;
    struct rig_board board;
    struct rig_error why;
};

static int setup(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    char folder[320];

    assert_non_null(bench);
    fx_init(&bench->fx);
    fx_open_ca(&bench->fx, &fx_plan, NULL);
    (void)snprintf(folder, sizeof folder, "%s/work", bench->fx.folder);
    fx_ok(rig_register_open(folder, true, &bench->fx.clock, &bench->board.reg, &bench->fx.err),
          &bench->fx.err);
    bench->ca = (struct faulty_ca){.ca.ops = &faulty_ops, .behind = bench->fx.ca, .issues = true};
    bench->options = (struct rig_run_options){.suite = &bench->suite, .clock = &bench->fx.clock};
    (void)rig_copy_text(bench->place.id.text, sizeof bench->place.id.text, "b1");
    (void)rig_copy_text(bench->run.run_id, sizeof bench->run.run_id, "run-1");
    (void)rig_copy_text(bench->board.device_id, sizeof bench->board.device_id, "dev-1");
    bench->services.ca = &bench->ca.ca;
    atomic_init(&bench->services.ready, 1);
    bench->board.options = &bench->options;
    bench->board.place = &bench->place;
    bench->board.services = &bench->services;
    bench->board.run = &bench->run;
    bench->board.report = &bench->report;
    bench->board.cell.key_type = RIG_KEY_P256;
    fx_good_csr(key, "dev-1", &bench->board.cell.csr_der);
    fx_spki_sha256(key, bench->board.cell.spki_sha256);
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;

    rig_buf_free(&bench->board.cell.csr_der);
    rig_register_close(bench->board.reg);
    fx_close(&bench->fx);
    free(bench);
    return 0;
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

static rig_result count_entry(void *ctx, const struct rig_journal_entry *entry,
                              struct rig_error *err)
{
    (void)entry;
    (void)err;
    (*(size_t *)ctx)++;
    return RIG_DONE;
}

/* Has it issued, which fails; nothing may stay open or be left in the caller's hands. */
static struct seen issue(struct bench *bench)
{
    const struct rig_issue issue = {.purpose = RIG_PURPOSE_DEVICE};
    struct rig_ca_certificate certificate = {0};
    struct seen seen = {0};
    size_t n_open = 0;

    fx_failed(rig_issue_certificate(&bench->board, &issue, &certificate, fx_wait(), &bench->why),
              &bench->why, RIG_CLASS_CA, RIG_E_POLICY, "too short");
    assert_null(certificate.der.data);
    assert_string_equal(certificate.serial, "");
    fx_ok(rig_register_each_certificate(bench->board.reg, NULL, see, &seen, &bench->fx.err),
          &bench->fx.err);
    fx_ok(rig_journal_each_open(bench->board.reg, count_entry, &n_open, &bench->fx.err),
          &bench->fx.err);
    assert_int_equal(n_open, 0);
    return seen;
}

static void what_was_revoked_at_once_is_in_the_register(void **state)
{
    struct bench *bench = *state;
    struct seen seen;

    bench->ca.revokes = true;
    seen = issue(bench);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.last.state, RIG_CERT_REVOKED);
    assert_string_equal(seen.last.device_id, "dev-1");
    assert_string_equal(seen.last.run_id, "run-1");
}

static void what_could_not_be_revoked_is_an_orphan(void **state)
{
    struct bench *bench = *state;
    struct seen seen = issue(bench);
    struct seen orphans = {0};

    assert_int_equal(seen.n, 1);
    fx_ok(rig_register_each_orphan(bench->board.reg, see, &orphans, &bench->fx.err),
          &bench->fx.err);
    assert_int_equal(orphans.n, 1);
    assert_string_equal(orphans.last.serial, seen.last.serial);
    fx_ok(rig_ca_revoke(bench->fx.ca, orphans.last.serial, RIG_REVOKED_CESSATION, fx_wait(),
                        &bench->fx.err),
          &bench->fx.err);
}

static void a_clear_no_leaves_nothing(void **state)
{
    struct bench *bench = *state;

    bench->ca.issues = false;
    assert_int_equal(issue(bench).n, 0);
}

#define ISSUE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ISSUE_TEST(what_was_revoked_at_once_is_in_the_register),
        ISSUE_TEST(what_could_not_be_revoked_is_an_orphan),
        ISSUE_TEST(a_clear_no_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
