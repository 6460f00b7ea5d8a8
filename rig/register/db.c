/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/register/db.h"

#include "rig/base/file.h"
#include "rig/register/lock.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define BUSY_TIMEOUT_MS 2000

/* sqlite3_system_errno is whatever errno was at the end of SQLite's own clean-up; its files
 * remember better. */
static int last_errno(struct rig_register *reg)
{
    sqlite3_file *log = NULL;
    int of_log = 0;
    int of_file = 0;

    (void)sqlite3_file_control(reg->db, "main", SQLITE_FCNTL_LAST_ERRNO, &of_file);
    if (sqlite3_file_control(reg->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK &&
        log != NULL && log->pMethods != NULL) {
        (void)log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &of_log);
    }
    if (of_log == 0 && of_file == 0) {
        return sqlite3_system_errno(reg->db);
    }
    return of_log != 0 ? of_log : of_file;
}

static rig_result fail_io(struct rig_register *reg, struct rig_error *err)
{
    const int system_errno = last_errno(reg);

    switch (system_errno) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_NO_SPACE,
                        "the register '%s' can't grow (%s): make room on the disk and start again",
                        reg->path, strerrordesc_np(system_errno));
    case 0:
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_IO,
                        "the register '%s' can't be read or written (%s): check the disk",
                        reg->path, sqlite3_errmsg(reg->db));
    default:
        return rig_fail_errno(err, system_errno, "the register '%s' can't be read or written",
                              reg->path);
    }
}

static rig_result fail_permission(const struct rig_register *reg, int rc, struct rig_error *err)
{
    if (reg->lock_fd < 0 && rc == SQLITE_READONLY) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_PERMISSION,
                        "the register '%s' was opened for reading only", reg->path);
    }
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_PERMISSION,
                    "the register '%s' needs a folder that can be written: check the owner and "
                    "mode of both, or copy the folder and read the copy",
                    reg->path);
}

static rig_result fail_sqlite(struct rig_register *reg, int rc, struct rig_error *err)
{
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return rig_fail_memory(err);
    case SQLITE_FULL:
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_NO_SPACE,
                        "the disk of the register '%s' is full: make room and start again",
                        reg->path);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return fail_io(reg, err);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return fail_permission(reg, rc, err);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_BUSY,
                        "the register '%s' is locked by another program for more than %d s: close "
                        "what has the file open (a database browser, a backup) and start again",
                        reg->path, BUSY_TIMEOUT_MS / 1000);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID,
                        "the register '%s' is damaged or not a register (%s): keep a copy of the "
                        "whole folder, then restore a backup of it, or name another folder with "
                        "--out",
                        reg->path, sqlite3_errstr(rc & 0xff));
    default:
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_LIBRARY, "the register '%s': %s", reg->path,
                        sqlite3_errmsg(reg->db));
    }
}

static rig_result execute(struct rig_register *reg, const char *sql, struct rig_error *err)
{
    const int rc = sqlite3_exec(reg->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? RIG_DONE : fail_sqlite(reg, rc, err);
}

static rig_result pragma_number(struct rig_register *reg, const char *sql, int64_t *number,
                                struct rig_error *err)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(reg->db, sql, -1, &statement, NULL);

    if (rc == SQLITE_OK) {
        rc = sqlite3_step(statement);
    }
    if (rc == SQLITE_ROW) {
        *number = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement); /* repeats the error of the step */
    return rc == SQLITE_ROW ? RIG_DONE : fail_sqlite(reg, rc, err);
}

/* The user_version of a file that is ours or empty. */
static rig_result read_version(struct rig_register *reg, int64_t *version, struct rig_error *err)
{
    int64_t application_id = 0;
    int64_t n_tables = 0;

    RIG_TRY(pragma_number(reg, "PRAGMA user_version", version, err));
    RIG_TRY(pragma_number(reg, "PRAGMA application_id", &application_id, err));
    RIG_TRY(pragma_number(reg, "SELECT count(*) FROM sqlite_schema", &n_tables, err));
    if (application_id != RIG_SCHEMA_APPLICATION_ID && (n_tables != 0 || *version != 0)) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID,
                        "'%s' is another program's database: move it away, or name another folder "
                        "with --out",
                        reg->path);
    }
    if (*version > (int64_t)rig_schema_version) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_UNSUPPORTED,
                        "the register '%s' was written by a newer rig (version %lld; this one "
                        "knows up to %zu): install that rig, or name another folder with --out",
                        reg->path, (long long)*version, rig_schema_version);
    }
    return RIG_DONE;
}

/*
 * Writes in any case. While somebody else has the file open, SQLite does not read its log anew: a
 * transaction that a killed writer had logged and not yet announced is not seen now, but would come
 * back at a later start, behind the back of the recovery that found nothing. The next write takes
 * its place in the log.
 */
static rig_result migrate(struct rig_register *reg, struct rig_error *err)
{
    char marks[96];
    int64_t version = 0;

    RIG_TRY(execute(reg, "BEGIN IMMEDIATE", err));
    RIG_TRY(read_version(reg, &version, err));
    for (size_t i = (size_t)version; i < rig_schema_version; i++) {
        RIG_TRY(execute(reg, rig_schema_migrations[i], err));
    }
    (void)snprintf(marks, sizeof marks, "PRAGMA application_id = %d; PRAGMA user_version = %zu",
                   RIG_SCHEMA_APPLICATION_ID, rig_schema_version);
    RIG_TRY(execute(reg, marks, err));
    return execute(reg, "COMMIT", err);
}

/* A reader may have to bring an old file to this program's version; it does so only while nobody
 * works in the folder. */
static rig_result migrate_as_reader(struct rig_register *reg, struct rig_error *err)
{
    RIG_AUTO(rig_close_fd) int lock_fd = -1;

    RIG_TRY(rig_lock_take(reg->folder, &lock_fd, err));
    return migrate(reg, err);
}

/* Makes a new file's name survive a power cut; SQLite syncs only the folder of its own logs. */
static rig_result sync_folder(const struct rig_register *reg, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *parent = NULL;

    RIG_TRY(rig_path_join(reg->folder, "..", &parent, err));
    for (int i = 0; i < 2; i++) {
        const char *folder = i == 0 ? reg->folder : parent;
        RIG_AUTO(rig_close_fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd >= 0 && fsync(fd) != 0 && errno != EINVAL && errno != EROFS) {
            return rig_fail_errno(err, errno, "cannot sync the folder '%s'", folder);
        }
    }
    return RIG_DONE;
}

static rig_result connect_to_file(struct rig_register *reg, int more_flags, struct rig_error *err)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | more_flags;
    const int rc = sqlite3_open_v2(reg->path, &reg->db, flags, NULL);

    if (reg->db == NULL) {
        return rig_fail_memory(err);
    }
    if (rc != SQLITE_OK) {
        return fail_sqlite(reg, rc, err);
    }
    (void)sqlite3_extended_result_codes(reg->db, 1);
    (void)sqlite3_busy_timeout(reg->db, BUSY_TIMEOUT_MS);
    return RIG_DONE;
}

static rig_result fill_draft(struct rig_register *draft, struct rig_error *err)
{
    RIG_TRY(connect_to_file(draft, SQLITE_OPEN_CREATE, err));
    RIG_TRY(execute(draft, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY", err));
    RIG_TRY(migrate(draft, err));
    return execute(draft, "PRAGMA journal_mode = WAL", err);
}

static rig_result put_in_place(const char *from, const char *to, struct rig_error *err)
{
    RIG_AUTO(rig_close_fd) int fd = open(from, O_RDWR | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0 || rename(from, to) != 0) {
        return rig_fail_errno(err, errno, "cannot make the register '%s'", to);
    }
    return RIG_DONE;
}

static void remove_draft(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char file[PATH_MAX];

        if ((size_t)snprintf(file, sizeof file, "%s%s", path, suffixes[i]) < sizeof file) {
            (void)unlink(file);
        }
    }
}

/*
 * A new register is drafted without a sync, then synced once and renamed: SQLite would sync nine
 * times, which a run would spend before its first byte on a line.
 */
static rig_result create(const struct rig_register *reg, struct rig_error *err)
{
    struct rig_register draft = {.folder = reg->folder, .lock_fd = reg->lock_fd};
    rig_result result;

    RIG_TRY(rig_path_join(reg->folder, "rig.db.new", &draft.path, err));
    remove_draft(draft.path);
    result = fill_draft(&draft, err);
    rig_db_close(&draft);
    if (result.ok) {
        result = put_in_place(draft.path, reg->path, err);
    }
    if (result.ok) {
        result = sync_folder(reg, err);
    }
    remove_draft(draft.path);
    free(draft.path);
    return result;
}

static rig_result set_up(struct rig_register *reg, struct rig_error *err)
{
    const bool writer = reg->lock_fd >= 0;
    int64_t version = 0;
    int keep_log = 1;

    RIG_TRY(execute(reg, "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL", err));
    RIG_TRY(read_version(reg, &version, err));
    /* The log stays between runs: the next start creates nothing, and who may only read the folder
     * can. */
    (void)sqlite3_file_control(reg->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep_log);
    if (writer) {
        RIG_TRY(
            execute(reg, "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 4194304", err));
        return migrate(reg, err);
    }
    if (version < (int64_t)rig_schema_version) {
        RIG_TRY(migrate_as_reader(reg, err));
    }
    return execute(reg, "PRAGMA query_only = ON", err);
}

rig_result rig_db_open(struct rig_register *reg, struct rig_error *err)
{
    if (reg->lock_fd >= 0 && access(reg->path, F_OK) != 0 && errno == ENOENT) {
        RIG_TRY(create(reg, err));
    }
    RIG_TRY(connect_to_file(reg, 0, err));
    return set_up(reg, err);
}

void rig_db_close(struct rig_register *reg)
{
    for (size_t i = 0; i < RIG_SQL_COUNT; i++) {
        (void)sqlite3_finalize(reg->statements[i]);
    }
    (void)sqlite3_close(reg->db);
}

struct rig_register *rig_db_enter(struct rig_register *reg)
{
    const int rc = pthread_mutex_lock(&reg->mutex);

    assert(rc == 0);
    (void)rc;
    return reg;
}

void rig_db_leave(struct rig_register **held)
{
    struct rig_register *reg = *held;

    if (sqlite3_get_autocommit(reg->db) == 0) {
        struct rig_db_query rollback = {0};
        struct rig_error ignored;

        /* what made us leave is the error worth telling */
        if (rig_db_prepare(reg, RIG_SQL_ROLLBACK, &rollback, &ignored).ok) {
            (void)rig_db_run(&rollback, NULL, &ignored).ok;
        }
        rig_db_done(&rollback);
    }
    (void)pthread_mutex_unlock(&reg->mutex);
}

static rig_result run_plain(struct rig_register *held, enum rig_sql sql, struct rig_error *err)
{
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};

    RIG_TRY(rig_db_prepare(held, sql, &query, err));
    return rig_db_run(&query, NULL, err);
}

rig_result rig_db_begin(struct rig_register *held, struct rig_error *err)
{
    return run_plain(held, RIG_SQL_BEGIN, err);
}

rig_result rig_db_commit(struct rig_register *held, struct rig_error *err)
{
    return run_plain(held, RIG_SQL_COMMIT, err);
}

rig_result rig_db_prepare(struct rig_register *held, enum rig_sql sql, struct rig_db_query *query,
                          struct rig_error *err)
{
    *query = (struct rig_db_query){.reg = held};
    if (held->statements[sql] == NULL) {
        const int rc = sqlite3_prepare_v3(held->db, rig_sql_text[sql], -1,
                                          SQLITE_PREPARE_PERSISTENT, &held->statements[sql], NULL);

        if (rc != SQLITE_OK) {
            return fail_sqlite(held, rc, err);
        }
    }
    query->statement = held->statements[sql];
    return RIG_DONE;
}

void rig_db_done(struct rig_db_query *query)
{
    if (query->statement != NULL) {
        (void)sqlite3_reset(query->statement); /* repeats the error of the step */
        (void)sqlite3_clear_bindings(query->statement);
        query->statement = NULL;
    }
}

rig_result rig_db_bind(struct rig_db_query *query, const struct rig_db_value *values,
                       size_t n_values, struct rig_error *err)
{
    for (size_t i = 0; i < n_values; i++) {
        const struct rig_db_value *value = &values[i];
        const int at = (int)i + 1;
        int rc = SQLITE_OK;

        switch (value->kind) {
        case RIG_DB_IS_INT:
            rc = sqlite3_bind_int64(query->statement, at, value->number);
            break;
        case RIG_DB_IS_TEXT:
            rc = sqlite3_bind_text(query->statement, at, value->bytes, -1, SQLITE_STATIC);
            break;
        case RIG_DB_IS_BLOB:
            rc = sqlite3_bind_blob64(query->statement, at, value->bytes, value->n_bytes,
                                     SQLITE_STATIC);
            break;
        }
        if (rc != SQLITE_OK) {
            return fail_sqlite(query->reg, rc, err);
        }
    }
    return RIG_DONE;
}

rig_result rig_db_next(struct rig_db_query *query, bool *row, struct rig_error *err)
{
    const int rc = sqlite3_step(query->statement);

    *row = rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? RIG_DONE : fail_sqlite(query->reg, rc, err);
}

rig_result rig_db_run(struct rig_db_query *query, size_t *n_changed, struct rig_error *err)
{
    bool row = false;

    RIG_TRY(rig_db_next(query, &row, err));
    assert(!row);
    if (n_changed != NULL) {
        *n_changed = (size_t)sqlite3_changes(query->reg->db);
    }
    return RIG_DONE;
}

int64_t rig_db_int(const struct rig_db_query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

void rig_db_text(const struct rig_db_query *query, int column, char *to, size_t to_size)
{
    const char *text = (const char *)sqlite3_column_text(query->statement, column);

    (void)rig_copy_text(to, to_size, text != NULL ? text : "");
}

void rig_db_sha256(const struct rig_db_query *query, int column, uint8_t to[RIG_SHA256_SIZE])
{
    const void *bytes = sqlite3_column_blob(query->statement, column);

    memset(to, 0, RIG_SHA256_SIZE);
    if (bytes != NULL && sqlite3_column_bytes(query->statement, column) == RIG_SHA256_SIZE) {
        memcpy(to, bytes, RIG_SHA256_SIZE);
    }
}

rig_result rig_db_name(const struct rig_db_query *query, int column, const char *const *names,
                       size_t n_names, size_t *index, struct rig_error *err)
{
    char text[32];

    rig_db_text(query, column, text, sizeof text);
    for (size_t i = 0; i < n_names; i++) {
        if (strcmp(names[i], text) == 0) {
            *index = i;
            return RIG_DONE;
        }
    }
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID,
                    "the register '%s' has '%s' where this rig knows no such word: was it edited "
                    "by hand?",
                    query->reg->path, text);
}

rig_result rig_db_fits(const char *what, const char *text, size_t size, struct rig_error *err)
{
    if (strnlen(text, size) < size) {
        return RIG_DONE;
    }
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID,
                    "the %s '%.60s...' is longer than the %zu bytes of its field in the register",
                    what, text, size - 1);
}

rig_result rig_db_collect(struct rig_db_query *query, rig_db_reader read, size_t size,
                          struct rig_buf *rows, struct rig_error *err)
{
    for (;;) {
        bool row = false;

        RIG_TRY(rig_db_next(query, &row, err));
        if (!row) {
            return RIG_DONE;
        }
        RIG_TRY(rig_buf_reserve(rows, size, err));
        memset(rows->data + rows->len, 0, size);
        RIG_TRY(read(query, rows->data + rows->len, err));
        rows->len += size;
    }
}
