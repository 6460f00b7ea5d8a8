/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads and several open handles on one folder; waits that end by deadline and by cancel. */
#include "fixture.h"

#include "rig/base/file.h"

#include <sqlite3.h>

#include <openssl/pem.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { N_THREADS = 6, N_EACH = 8 };

struct worker {
    pthread_t thread;
    struct rig_ca *ca;
    const struct rig_buf *csr;
    char serials[N_EACH][RIG_SERIAL_TEXT_SIZE];
    struct rig_error err; /* class NONE: all went well */
};

static rig_result work(struct worker *worker)
{
    const struct rig_ca_request request = fx_request(worker->csr, "b1");

    for (size_t i = 0; i < N_EACH; i++) {
        RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
        RIG_AUTO(rig_buf_free) struct rig_buf crls = {0};
        RIG_AUTO(rig_buf_free) struct rig_buf text = {0};

        RIG_TRY(rig_ca_sign(worker->ca, &request, &certificate, fx_wait(), &worker->err));
        memcpy(worker->serials[i], certificate.serial, sizeof certificate.serial);
        if (i % 2 == 0) {
            RIG_TRY(rig_ca_revoke(worker->ca, certificate.serial, RIG_REVOKED_SUPERSEDED, fx_wait(),
                                  &worker->err));
        } else {
            RIG_TRY(rig_ca_crls(worker->ca, &crls, fx_wait(), &worker->err));
            RIG_TRY(rig_ca_describe(worker->ca, &text, fx_wait(), &worker->err));
        }
    }
    return RIG_DONE;
}

static void *run_work(void *arg)
{
    const rig_result result = work(arg);

    (void)result; /* err says it */
    return NULL;
}

static void test_many_threads_two_handles(void **state)
{
    static struct worker workers[N_THREADS];
    struct fx fx;
    RIG_AUTO(rig_auto_ca) struct rig_ca *second = NULL;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    char expected[80];

    (void)state;
    fx_init(&fx);
    fx_open_ca(&fx, &fx_plan, NULL);
    fx_ok(rig_ca_local_open(fx.ca_path, NULL, NULL, &fx.clock, &second, &fx.err), &fx.err);
    fx_good_csr(key, "b1", &csr);
    for (size_t i = 0; i < N_THREADS; i++) {
        workers[i] = (struct worker){.ca = i % 2 == 0 ? fx.ca : second, .csr = &csr};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, run_work, &workers[i]), 0);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        if (workers[i].err.cls != RIG_CLASS_NONE) {
            fail_msg("thread %zu: %s", i, workers[i].err.text);
        }
    }
    fx_ok(rig_ca_describe(fx.ca, &text, fx_wait(), &fx.err), &fx.err);
    (void)snprintf(expected, sizeof expected, "%d issued, %d of them revoked", N_THREADS * N_EACH,
                   N_THREADS * N_EACH / 2);
    assert_non_null(strstr(rig_buf_text(&text), expected));
    rig_ca_close(second);
    second = NULL;
    fx_close(&fx);
}

struct opener {
    pthread_t thread;
    struct fx *fx;
    struct rig_ca *ca;
    struct rig_error err;
    rig_result result;
};

static void *run_open(void *arg)
{
    struct opener *opener = arg;

    opener->result = rig_ca_local_open(opener->fx->ca_path, &fx_plan, NULL, &opener->fx->clock,
                                       &opener->ca, &opener->err);
    return NULL;
}

static void test_many_makers_one_ca(void **state)
{
    static struct opener openers[N_THREADS];
    struct fx fx;

    (void)state;
    fx_init(&fx);
    for (size_t i = 0; i < N_THREADS; i++) {
        openers[i] = (struct opener){.fx = &fx};
        assert_int_equal(pthread_create(&openers[i].thread, NULL, run_open, &openers[i]), 0);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_join(openers[i].thread, NULL), 0);
        if (!openers[i].result.ok) {
            fail_msg("thread %zu: %s", i, openers[i].err.text);
        }
        assert_string_equal(rig_buf_text(&openers[i].ca->root_pem),
                            rig_buf_text(&openers[0].ca->root_pem));
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        rig_ca_close(openers[i].ca);
    }
    fx_close(&fx);
}

/* Another process in the middle of a long write, played by a second connection. */
static void test_locked_database_ends_by_deadline_or_cancel(void **state)
{
    struct fx fx;
    RIG_AUTO(rig_cancel_close) struct rig_cancel cancel = {.event_fd = -1};
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    struct rig_ca_request request;
    sqlite3 *other = NULL;
    char path[400];

    (void)state;
    fx_init(&fx);
    fx_open_ca(&fx, &fx_plan, NULL);
    fx_good_csr(key, "b1", &csr);
    request = fx_request(&csr, "b1");
    (void)snprintf(path, sizeof path, "%s/ca.db", fx.ca_path);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    fx_failed(rig_ca_sign(fx.ca, &request, &certificate, rig_wait_ms(30, NULL), &fx.err), &fx.err,
              RIG_CLASS_RIG, RIG_E_TIMEOUT, "another process keeps it locked");
    fx_ok(rig_cancel_open(&cancel, &fx.err), &fx.err);
    rig_cancel_trigger(&cancel, 2);
    fx_failed(rig_ca_sign(fx.ca, &request, &certificate, rig_wait_ms(20000, &cancel), &fx.err),
              &fx.err, RIG_CLASS_CANCELLED, RIG_E_CANCELLED, "cancelled");
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    fx_ok(rig_ca_sign(fx.ca, &request, &certificate, fx_wait(), &fx.err), &fx.err);
    (void)sqlite3_close(other);
    fx_close(&fx);
}

static void *run_blocked(void *arg)
{
    struct worker *worker = arg;
    const struct rig_ca_request request = fx_request(worker->csr, "b1");
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    const rig_result result =
        rig_ca_sign(worker->ca, &request, &certificate, fx_wait(), &worker->err);

    (void)result; /* err says it */
    return NULL;
}

/* A thread that waits behind another one of the same handle keeps its own deadline. */
static void test_thread_behind_another_keeps_its_deadline(void **state)
{
    static struct worker first;
    struct fx fx;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    struct rig_ca_request request;
    sqlite3 *other = NULL;
    char path[400];

    (void)state;
    fx_init(&fx);
    fx_open_ca(&fx, &fx_plan, NULL);
    fx_good_csr(key, "b1", &csr);
    request = fx_request(&csr, "b1");
    (void)snprintf(path, sizeof path, "%s/ca.db", fx.ca_path);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    first = (struct worker){.ca = fx.ca, .csr = &csr};
    assert_int_equal(pthread_create(&first.thread, NULL, run_blocked, &first), 0);
    /* whichever of the two is inside, this one's time is up first */
    fx_failed(rig_ca_sign(fx.ca, &request, &certificate, rig_wait_ms(50, NULL), &fx.err), &fx.err,
              RIG_CLASS_RIG, RIG_E_TIMEOUT, fx.ca_path);
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(pthread_join(first.thread, NULL), 0);
    if (first.err.cls != RIG_CLASS_NONE) {
        fail_msg("%s", first.err.text);
    }
    (void)sqlite3_close(other);
    fx_close(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_threads_two_handles),
        cmocka_unit_test(test_many_makers_one_ca),
        cmocka_unit_test(test_locked_database_ends_by_deadline_or_cancel),
        cmocka_unit_test(test_thread_behind_another_keeps_its_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
