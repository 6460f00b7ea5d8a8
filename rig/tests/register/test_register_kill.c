/* SPDX-License-Identifier: Apache-2.0 */
/* A process that journals is killed at random instants: what it was told is done must be there
 * afterwards. */
#include "rig/tests/register/scratch.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define N_KILLS 25
#define MAX_ENTRIES 4096
#define SEED_ENV "RIG_TEST_SEED"

struct report {
    int64_t row;
    bool closed;
};

/* In the child: opens and closes entries for ever and tells each one once its function has
 * returned. */
static void journal_for_ever(struct scratch *scratch, int fd)
{
    const struct rig_board_id board = {.text = "b1"};
    struct rig_register *reg = NULL;
    struct rig_error err = {0};

    if (!rig_register_open(scratch->folder, true, &rig_clock_system, &reg, &err).ok) {
        (void)fprintf(stderr, "child: %s\n", err.text);
        _exit(1);
    }
    for (;;) {
        struct report report = {0};
        struct rig_journal_id id = {0};

        if (!rig_journal_open(reg, RIG_JOURNAL_ISSUE, "run", &board, "dev", "spki", &id, &err).ok) {
            (void)fprintf(stderr, "child: %s\n", err.text);
            _exit(1);
        }
        report.row = id.row;
        if (write(fd, &report, sizeof report) != sizeof report) {
            _exit(1);
        }
        if (id.row % 3 == 0) {
            continue; /* left open, as by a run that died later */
        }
        if (!rig_journal_close(reg, id, true, "done", &err).ok) {
            (void)fprintf(stderr, "child: %s\n", err.text);
            _exit(1);
        }
        report.closed = true;
        if (write(fd, &report, sizeof report) != sizeof report) {
            _exit(1);
        }
    }
}

struct told {
    bool opened[MAX_ENTRIES];
    bool closed[MAX_ENTRIES];
};

static void take(struct told *told, const struct report *report)
{
    assert_in_range(report->row, 1, MAX_ENTRIES - 1);
    told->opened[report->row] = true;
    told->closed[report->row] |= report->closed;
}

/* Reads some reports, kills the child a random moment later, reads what was still in the pipe. */
static void run_and_kill(struct scratch *scratch, struct told *told, int n_before, unsigned *seed)
{
    const struct timespec moment = {.tv_nsec = rand_r(seed) % (n_before == 0 ? 12000000 : 2000000)};
    struct report report;
    int fds[2];
    int status = 0;
    pid_t child;

    assert_int_equal(pipe(fds), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(fds[0]);
        journal_for_ever(scratch, fds[1]);
    }
    (void)close(fds[1]);
    for (int i = 0; i < n_before && read(fds[0], &report, sizeof report) == sizeof report; i++) {
        take(told, &report);
    }
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL); /* the random instant itself */
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    while (read(fds[0], &report, sizeof report) == sizeof report) {
        take(told, &report);
    }
    (void)close(fds[0]);
}

struct found {
    bool there[MAX_ENTRIES];
    bool closed[MAX_ENTRIES];
};

static rig_result look(void *ctx, const struct rig_journal_entry *entry, struct rig_error *err)
{
    struct found *found = ctx;

    (void)err;
    assert_in_range(entry->id.row, 1, MAX_ENTRIES - 1);
    found->there[entry->id.row] = true;
    found->closed[entry->id.row] = entry->closed_ms != 0;
    return RIG_DONE;
}

static void check_integrity(const struct scratch *scratch)
{
    char path[128];
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;

    scratch_path(scratch, "rig.db", path, sizeof path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(statement, 0), "ok");
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void check_nothing_lost(struct scratch *scratch, const struct told *told)
{
    struct found *found = calloc(1, sizeof *found);
    struct rig_register *reg = scratch_register(scratch, true);
    struct rig_error err = {0};

    assert_non_null(found);
    assert_done(rig_journal_each(reg, NULL, look, found, &err));
    for (size_t i = 0; i < MAX_ENTRIES; i++) {
        if (told->opened[i] && !found->there[i]) {
            fail_msg("entry %zu was opened and is gone", i);
        }
        if (told->closed[i] && !found->closed[i]) {
            fail_msg("entry %zu was closed and is open again", i);
        }
        if (i % 3 == 0 && found->closed[i]) {
            fail_msg("entry %zu was never closed", i);
        }
    }
    rig_register_close(reg);
    free(found);
}

static unsigned new_seed(void)
{
    const char *given = getenv(SEED_ENV);
    const unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10)
                                        : (unsigned)rig_now_ns() ^ (unsigned)getpid();

    print_message("seed %u (set " SEED_ENV " to repeat)\n", seed);
    return seed;
}

/* The moments in which the files, the log and the tables come into being. */
static void test_killed_while_the_register_is_made_it_can_be_opened(void **state)
{
    unsigned seed = new_seed();

    (void)state;
    for (int i = 0; i < N_KILLS; i++) {
        struct told *told = calloc(1, sizeof *told);
        void *fresh = NULL;

        assert_non_null(told);
        assert_int_equal(scratch_open(&fresh), 0);
        run_and_kill(fresh, told, 0, &seed);
        check_nothing_lost(fresh, told);
        check_integrity(fresh);
        assert_int_equal(scratch_close(&fresh), 0);
        free(told);
    }
}

static void test_killed_at_random_instants_nothing_is_lost(void **state)
{
    unsigned seed = new_seed();
    struct told *told = calloc(1, sizeof *told);
    size_t n_opened = 0;

    assert_non_null(told);
    for (int i = 0; i < N_KILLS; i++) {
        run_and_kill(*state, told, 1 + rand_r(&seed) % 20, &seed);
        check_integrity(*state);
        check_nothing_lost(*state, told);
    }
    for (size_t i = 0; i < MAX_ENTRIES; i++) {
        n_opened += told->opened[i];
    }
    assert_true(n_opened >= N_KILLS);
    print_message("%zu entries over %d kills\n", n_opened, N_KILLS);
    free(told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_while_the_register_is_made_it_can_be_opened),
        cmocka_unit_test_setup_teardown(test_killed_at_random_instants_nothing_is_lost,
                                        scratch_open, scratch_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
