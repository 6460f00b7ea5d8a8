/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that makes a CA, signs and revokes is killed with SIGKILL at random instants. After
 * each: the folder holds a whole CA or none, the database is sound, and all that the process said
 * it did is found.
 */
#include "fixture.h"

#include "rig/base/child.h"

#include <sqlite3.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 60, MAX_NOTES = 4096 };

struct note {
    bool revoked;
    char serial[RIG_SERIAL_TEXT_SIZE];
    uint8_t spki_sha256[RIG_SHA256_SIZE];
};

static const char *signer; /* from main: cmocka hands tests no arguments */
static struct note notes[MAX_NOTES];
static size_t n_notes;

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

static void take_line(const char *line)
{
    char spki[2 * RIG_SHA256_SIZE + 1] = "";
    char serial[RIG_SERIAL_TEXT_SIZE] = "";
    struct rig_error err;

    if (sscanf(line, "issued %40s %64s", serial, spki) == 2 && strlen(spki) == 64) {
        assert_true(n_notes < MAX_NOTES);
        notes[n_notes] = (struct note){0};
        memcpy(notes[n_notes].serial, serial, sizeof serial);
        fx_ok(rig_hex_parse(spki, notes[n_notes].spki_sha256, RIG_SHA256_SIZE, &err), &err);
        n_notes++;
    } else if (sscanf(line, "revoked %40s", serial) == 1 && n_notes != 0 &&
               strcmp(serial, notes[n_notes - 1].serial) == 0) {
        notes[n_notes - 1].revoked = true;
    }
}

/* What arrives after the kill was said before it. A last line without its end was never said. */
static void run_and_kill(struct fx *fx, bool from_ready, int64_t life_ms)
{
    const char *const argv[] = {signer, fx->ca_path, NULL};
    struct rig_wait life;
    struct rig_child child = {.stdout_fd = -1, .stdin_fd = -1};
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};
    bool killed = false;
    int status = 0;

    fx_ok(rig_child_start(&child, argv, NULL, &fx->err), &fx->err);
    if (from_ready) {
        fx_ok(rig_child_read_line(&child, fx_wait(), &line, &fx->err), &fx->err);
        assert_string_equal(rig_buf_text(&line), "ready");
    }
    life = rig_wait_ms(life_ms, NULL);
    for (;;) {
        rig_buf_reset(&line);
        if (rig_child_read_line(&child, killed ? fx_wait() : life, &line, &fx->err).ok) {
            take_line(rig_buf_text(&line));
        } else if (!killed) {
            if (fx->err.code != RIG_E_TIMEOUT) {
                fail_msg("the signer ended by itself: %s", fx->err.text);
            }
            assert_int_equal(kill(child.pid, SIGKILL), 0);
            killed = true;
        } else {
            assert_int_equal(fx->err.code, RIG_E_DISCONNECTED);
            break;
        }
    }
    fx_ok(rig_child_join(&child, fx_wait(), &status, &fx->err), &fx->err);
    assert_int_equal(status, 128 + SIGKILL);
    rig_child_stop(&child, 0);
}

static void check_database(struct fx *fx)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *query = NULL;
    char path[400];

    (void)snprintf(path, sizeof path, "%s/ca.db", fx->ca_path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &query, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(query), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(query, 0), "ok");
    (void)sqlite3_finalize(query);
    (void)sqlite3_close(db);
}

struct wanted {
    const struct note *note;
    bool found;
};

static rig_result match(void *ctx, const char *serial, bool revoked, const struct rig_buf *der,
                        struct rig_error *err)
{
    struct wanted *wanted = ctx;

    (void)der;
    (void)err;
    wanted->found = wanted->found || (strcmp(serial, wanted->note->serial) == 0 &&
                                      (revoked || !wanted->note->revoked));
    return RIG_DONE;
}

static void check_all_found(struct fx *fx)
{
    RIG_AUTO(rig_buf_free) struct rig_buf crls = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    fx_open_ca(fx, NULL, NULL);
    for (size_t i = 0; i < n_notes; i++) {
        struct wanted wanted = {.note = &notes[i]};

        fx_ok(rig_ca_issued_for(fx->ca, notes[i].spki_sha256, match, &wanted, fx_wait(), &fx->err),
              &fx->err);
        if (!wanted.found) {
            fail_msg("forgotten: %s%s", notes[i].serial, notes[i].revoked ? " is revoked" : "");
        }
    }
    fx_sign(fx, "b1", &certificate);
    fx_ok(rig_ca_crls(fx->ca, &crls, fx_wait(), &fx->err), &fx->err);
    assert_int_equal(fx_verify(fx, &certificate.der, rig_buf_text(&certificate.chain_pem),
                               rig_buf_text(&crls), X509_PURPOSE_SSL_CLIENT, NULL),
                     X509_V_OK);
    rig_ca_close(fx->ca);
    fx->ca = NULL;
}

static void test_killed_at_any_instant(void **state)
{
    const char *given = getenv("RIG_TEST_SEED");
    uint32_t seed = given != NULL ? (uint32_t)strtoul(given, NULL, 10) : (uint32_t)time(NULL);
    size_t n_all = 0;
    size_t n_without = 0;
    struct fx fx = {0};

    (void)state;
    (void)printf("seed %u (RIG_TEST_SEED=%u repeats it)\n", seed, seed);
    for (int round = 0; round < ROUNDS; round++) {
        const bool fresh = round % 5 == 0;
        char db[400];

        /* in a new folder the kill falls into the making of the CA */
        if (fresh) {
            if (round != 0) {
                fx_close(&fx);
            }
            fx_init(&fx);
            n_notes = 0;
        }
        fx.now_ms = rig_clock_now_ms(&rig_clock_system);
        run_and_kill(&fx, !fresh, (int64_t)(next_random(&seed) % (fresh ? 100 : 60)));
        (void)snprintf(db, sizeof db, "%s/ca.db", fx.ca_path);
        if (access(db, F_OK) != 0) {
            assert_int_equal(access(fx.ca_path, F_OK), -1);
            assert_int_equal(n_notes, 0);
            n_without++;
            continue;
        }
        n_all += n_notes;
        check_database(&fx);
        check_all_found(&fx);
    }
    fx_close(&fx);
    (void)printf("%zu look-ups of certificates, %zu times killed before there was a CA\n", n_all,
                 n_without);
    assert_true(n_all > 0);
}

/* ---- killed between the log and its index ---- */

enum { INDEX_HEAD_BYTES = 136 }; /* of "-shm": the header twice and the checkpoint's part */

static void index_head(const struct fx *fx, uint8_t bytes[INDEX_HEAD_BYTES], bool put)
{
    char path[400];
    RIG_AUTO(rig_close_fd) int fd = -1;

    (void)snprintf(path, sizeof path, "%s/ca.db-shm", fx->ca_path);
    fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(put ? pwrite(fd, bytes, INDEX_HEAD_BYTES, 0)
                         : pread(fd, bytes, INDEX_HEAD_BYTES, 0),
                     INDEX_HEAD_BYTES);
}

static void look_on(const struct fx *fx, sqlite3 **db)
{
    char path[400];

    (void)snprintf(path, sizeof path, "%s/ca.db", fx->ca_path);
    assert_int_equal(sqlite3_open_v2(path, db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(*db, "SELECT count(*) FROM certificate", NULL, NULL, NULL),
                     SQLITE_OK);
}

static size_t n_issued_for(struct fx *fx, const uint8_t spki_sha256[RIG_SHA256_SIZE])
{
    size_t n;

    fx_open_ca(fx, &fx_plan, NULL);
    n = fx_n_issued_for(fx, spki_sha256);
    rig_ca_close(fx->ca);
    fx->ca = NULL;
    return n;
}

/* The signer died before its transaction was announced, and somebody has the database open, so that
 * SQLite does not read the log anew: "nothing was issued" must still be true tomorrow. */
static void test_what_was_not_announced_stays_away(void **state)
{
    struct fx fx = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate known = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate unannounced = {0};
    uint8_t head[INDEX_HEAD_BYTES];
    sqlite3 *reader = NULL;

    (void)state;
    fx_init(&fx);
    fx_open_ca(&fx, &fx_plan, NULL);
    fx_sign(&fx, "b1", &known);
    look_on(&fx, &reader);
    index_head(&fx, head, false);
    fx_sign(&fx, "b2", &unannounced);
    rig_ca_close(fx.ca);
    fx.ca = NULL;
    index_head(&fx, head, true);

    assert_int_equal(n_issued_for(&fx, unannounced.spki_sha256), 0);
    assert_int_equal(n_issued_for(&fx, known.spki_sha256), 1);
    (void)sqlite3_close(reader);
    assert_int_equal(n_issued_for(&fx, unannounced.spki_sha256), 0);
    assert_int_equal(n_issued_for(&fx, known.spki_sha256), 1);
    check_database(&fx);
    fx_close(&fx);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_not_announced_stays_away),
        cmocka_unit_test(test_killed_at_any_instant),
    };

    signer = argc > 1 ? argv[1] : "ca_signer";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
