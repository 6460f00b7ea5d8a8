/* SPDX-License-Identifier: Apache-2.0 */
/* Disks that are full, read-only or lose power. */
#include "rig/tests/register/scratch.h"

#include "rig/base/file.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

static const struct rig_board_id b1 = {.text = "b1"};

/*
 * A file layer over SQLite's own that counts the bytes written to the journal's log since its last
 * sync: what a power cut at this moment would lose.
 */
struct watched_file {
    sqlite3_file base;
    sqlite3_file *real;
    bool is_log;
};

static size_t unsynced_log_bytes;
static size_t n_log_syncs;
static sqlite3_vfs *real_vfs;
static sqlite3_vfs watching_vfs;
static sqlite3_io_methods watching_methods;

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct watched_file *)file)->real;
}

static int watched_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int watched_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    return real_of(file)->pMethods->xRead(real_of(file), to, n, at);
}

static int watched_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    if (((struct watched_file *)file)->is_log) {
        unsynced_log_bytes += (size_t)n;
    }
    return real_of(file)->pMethods->xWrite(real_of(file), from, n, at);
}

static int watched_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int watched_sync(sqlite3_file *file, int flags)
{
    if (((struct watched_file *)file)->is_log) {
        unsynced_log_bytes = 0;
        n_log_syncs++;
    }
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int watched_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int watched_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int watched_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int watched_check_lock(sqlite3_file *file, int *held)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), held);
}

static int watched_control(sqlite3_file *file, int op, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int watched_sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int watched_traits(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int watched_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **at)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, at);
}

static int watched_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void watched_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int watched_shm_unmap(sqlite3_file *file, int delete)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), delete);
}

static int watched_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                        int *out_flags)
{
    struct watched_file *watched = (struct watched_file *)file;
    int rc;

    (void)vfs;
    watched->real = (sqlite3_file *)(watched + 1);
    watched->is_log = (flags & SQLITE_OPEN_WAL) != 0;
    rc = real_vfs->xOpen(real_vfs, name, watched->real, flags, out_flags);
    file->pMethods = watched->real->pMethods != NULL ? &watching_methods : NULL;
    return rc;
}

static void watch_files(void)
{
    watching_methods = (sqlite3_io_methods){
        .iVersion = 2,
        .xClose = watched_close,
        .xRead = watched_read,
        .xWrite = watched_write,
        .xTruncate = watched_truncate,
        .xSync = watched_sync,
        .xFileSize = watched_size,
        .xLock = watched_lock,
        .xUnlock = watched_unlock,
        .xCheckReservedLock = watched_check_lock,
        .xFileControl = watched_control,
        .xSectorSize = watched_sector_size,
        .xDeviceCharacteristics = watched_traits,
        .xShmMap = watched_shm_map,
        .xShmLock = watched_shm_lock,
        .xShmBarrier = watched_shm_barrier,
        .xShmUnmap = watched_shm_unmap,
    };
    real_vfs = sqlite3_vfs_find(NULL);
    assert_non_null(real_vfs);
    watching_vfs = *real_vfs;
    watching_vfs.zName = "watching";
    watching_vfs.pNext = NULL;
    watching_vfs.szOsFile = (int)sizeof(struct watched_file) + real_vfs->szOsFile;
    watching_vfs.xOpen = watched_open;
    assert_int_equal(sqlite3_vfs_register(&watching_vfs, 1), SQLITE_OK);
}

static void test_power_cut_after_any_call_loses_nothing(void **state)
{
    struct rig_register *reg = NULL;
    struct rig_journal_id id = {0};
    const uint8_t spki[RIG_SHA256_SIZE] = {1};
    struct rig_register_certificate it = scratch_certificate("01", "dev-1");
    struct rig_error err = {0};
    size_t before;

    watch_files();
    reg = scratch_register(*state, true);
    before = n_log_syncs;
    assert_done(rig_journal_open(reg, RIG_JOURNAL_ISSUE, "run", &b1, "dev-1", "spki", &id, &err));
    assert_int_equal(unsynced_log_bytes, 0);
    assert_true(n_log_syncs > before);
    before = n_log_syncs;
    assert_done(rig_register_issued(reg, id, &it, &err));
    assert_int_equal(unsynced_log_bytes, 0);
    assert_int_equal(n_log_syncs, before + 1); /* one transaction */
    assert_done(rig_journal_open(reg, RIG_JOURNAL_FLASH, "run", &b1, "dev-1", "part", &id, &err));
    before = n_log_syncs;
    assert_done(rig_journal_close(reg, id, true, "ok", &err));
    assert_done(rig_register_claim_key(reg, spki, "dev-1", &b1, "run", &err));
    assert_done(rig_register_set_state(reg, "01", RIG_CERT_INSTALLED, NULL, &err));
    assert_int_equal(unsynced_log_bytes, 0);
    assert_int_equal(n_log_syncs, before + 3);
    rig_register_close(reg);
    assert_int_equal(sqlite3_vfs_unregister(&watching_vfs), SQLITE_OK);
}

static void test_full_disk_is_named_and_changes_nothing(void **state)
{
    const struct rlimit small = {.rlim_cur = 96u << 10, .rlim_max = RLIM_INFINITY};
    struct rig_register *reg = scratch_register(*state, true);
    struct rig_register_certificate it = scratch_certificate("01", "dev-1");
    struct rlimit before;
    struct rig_journal_id id = {0};
    struct rig_error err = {0};
    struct tally all = {0};
    size_t n_taken = 0;

    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    while (n_taken < 10000 &&
           rig_journal_open(reg, RIG_JOURNAL_ISSUE, "run", &b1, "dev-1", "spki", &id, &err).ok) {
        n_taken++;
    }
    assert_true(n_taken > 0 && n_taken < 10000);
    assert_int_equal(err.cls, RIG_CLASS_RIG);
    assert_int_equal(err.code, RIG_E_NO_SPACE);
    assert_says("make room");
    assert_failed(rig_register_issued(reg, id, &it, &err), RIG_CLASS_RIG, RIG_E_NO_SPACE);

    /* room again: the same connection goes on, with exactly what it had said */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_done(rig_journal_each_open(reg, tally_entry, &all, &err));
    assert_int_equal(all.n, n_taken);
    assert_done(rig_register_issued(reg, id, &it, &err));
    rig_register_close(reg);
    reg = scratch_register(*state, false);
    all.n = 0;
    assert_done(rig_journal_each_open(reg, tally_entry, &all, &err));
    assert_int_equal(all.n, n_taken - 1);
    rig_register_close(reg);
}

static void test_no_room_to_create_is_named(void **state)
{
    const struct rlimit none = {.rlim_cur = 512, .rlim_max = RLIM_INFINITY};
    struct scratch *scratch = *state;
    struct rig_register *reg = NULL;
    struct rlimit before;
    struct rig_error err = {0};

    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    assert_failed(rig_register_open(scratch->folder, true, &scratch->clock, &reg, &err),
                  RIG_CLASS_RIG, RIG_E_NO_SPACE);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    rig_register_close(scratch_register(scratch, true));
}

static void test_folder_that_is_a_file_is_named(void **state)
{
    struct scratch *scratch = *state;
    struct rig_register *reg = NULL;
    struct rig_error err = {0};
    char path[128];

    scratch_path(scratch, "file", path, sizeof path);
    assert_done(rig_file_replace(path, "x", 1, 0644, &err));
    assert_false(rig_register_open(path, true, &scratch->clock, &reg, &err).ok);
    assert_int_equal(err.cls, RIG_CLASS_RIG);
    assert_says(path);
    scratch_path(scratch, "deep/er/folder", path, sizeof path);
    assert_done(rig_register_open(path, true, &scratch->clock, &reg, &err));
    rig_register_close(reg);
}

/* Takes the right to write into the folder away; root, whom no mode stops, becomes nobody for a
 * while. */
static void make_unwritable(const struct scratch *scratch)
{
    assert_int_equal(chmod(scratch->folder, 0555), 0);
    if (geteuid() == 0) {
        assert_int_equal(seteuid(65534), 0);
    }
}

static void make_writable(const struct scratch *scratch)
{
    if (geteuid() != getuid()) {
        assert_int_equal(seteuid(getuid()), 0);
    }
    assert_int_equal(chmod(scratch->folder, 0755), 0);
}

static void test_unwritable_folder_is_named(void **state)
{
    struct scratch *scratch = *state;
    struct rig_register *reg = NULL;
    struct rig_error err = {0};
    rig_result opened;

    make_unwritable(scratch);
    opened = rig_register_open(scratch->folder, true, &scratch->clock, &reg, &err);
    make_writable(scratch);
    assert_false(opened.ok);
    assert_int_equal(err.cls, RIG_CLASS_RIG);
    assert_int_equal(err.code, RIG_E_PERMISSION);
    assert_says(scratch->folder);
}

static void test_who_may_only_read_the_folder_can_list(void **state)
{
    struct scratch *scratch = *state;
    struct rig_register *reg = scratch_register(scratch, true);
    struct rig_journal_id id = {0};
    struct rig_error err = {0};
    struct tally open = {0};
    char path[128];
    rig_result listed;

    assert_done(rig_journal_open(reg, RIG_JOURNAL_ISSUE, "run", &b1, "dev-1", "spki", &id, &err));
    rig_register_close(reg);
    rig_register_close(scratch_register(scratch, false));
    make_unwritable(scratch);
    listed = rig_register_open(scratch->folder, false, &scratch->clock, &reg, &err);
    if (listed.ok) {
        listed = rig_journal_each_open(reg, tally_entry, &open, &err);
        rig_register_close(reg);
    }
    make_writable(scratch);
    assert_done(listed);
    assert_int_equal(open.n, 1);

    /* without the log's files SQLite would have to make them */
    scratch_path(scratch, "rig.db-shm", path, sizeof path);
    assert_int_equal(unlink(path), 0);
    scratch_path(scratch, "rig.db-wal", path, sizeof path);
    assert_int_equal(unlink(path), 0);
    make_unwritable(scratch);
    listed = rig_register_open(scratch->folder, false, &scratch->clock, &reg, &err);
    make_writable(scratch);
    assert_false(listed.ok);
    assert_int_equal(err.code, RIG_E_PERMISSION);
}

static void test_another_program_that_holds_the_file_is_named(void **state)
{
    struct scratch *scratch = *state;
    struct rig_register *reg = scratch_register(scratch, true);
    struct rig_journal_id id = {0};
    struct rig_error err = {0};
    char path[128];
    sqlite3 *other = NULL;

    scratch_path(scratch, "rig.db", path, sizeof path);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_failed(rig_journal_open(reg, RIG_JOURNAL_ISSUE, "run", &b1, "dev-1", "spki", &id, &err),
                  RIG_CLASS_RIG, RIG_E_BUSY);
    assert_says("locked by another program");
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_done(rig_journal_open(reg, RIG_JOURNAL_ISSUE, "run", &b1, "dev-1", "spki", &id, &err));
    rig_register_close(reg);
}

static void test_opening_and_journalling_are_quick(void **state)
{
    struct rig_journal_id id = {0};
    struct rig_error err = {0};
    const int64_t start_ns = rig_now_ns();
    struct rig_register *reg = scratch_register(*state, true);
    const int64_t made_ns = rig_now_ns();
    int64_t opened_ns;
    int64_t journal_ns;

    rig_register_close(reg);
    const int64_t closed_ns = rig_now_ns();
    reg = scratch_register(*state, true);
    opened_ns = rig_now_ns() - closed_ns;
    const int64_t journal_start_ns = rig_now_ns();
    for (int i = 0; i < 50; i++) {
        assert_done(
            rig_journal_open(reg, RIG_JOURNAL_ISSUE, "run", &b1, "dev-1", "spki", &id, &err));
    }
    journal_ns = (rig_now_ns() - journal_start_ns) / 50;
    print_message("made in %.2f ms, opened in %.2f ms, a journal entry in %.3f ms\n",
                  (double)(made_ns - start_ns) / 1e6, (double)opened_ns / 1e6,
                  (double)journal_ns / 1e6);
    rig_register_close(reg);
    /* wide bounds: other tests share the disk; the message above tells the truth */
    assert_true(opened_ns < 250 * RIG_NS_PER_MS);
    assert_true(journal_ns < 250 * RIG_NS_PER_MS);
}

#define T(test) cmocka_unit_test_setup_teardown(test, scratch_open, scratch_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_opening_and_journalling_are_quick),
        T(test_power_cut_after_any_call_loses_nothing),
        T(test_full_disk_is_named_and_changes_nothing),
        T(test_no_room_to_create_is_named),
        T(test_folder_that_is_a_file_is_named),
        T(test_unwritable_folder_is_named),
        T(test_who_may_only_read_the_folder_can_list),
        T(test_another_program_that_holds_the_file_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
