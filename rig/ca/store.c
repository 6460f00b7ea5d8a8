/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/store.h"

#include <sqlite3.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
    APPLICATION_ID = 0x72694341, /* "riCA": names the file's kind to file(1) and to us */
    SCHEMA_VERSION = 1,
    RETRY_NS = 2000000,
};

struct rig_ca_store {
    sqlite3 *db;
    char *path;
    struct rig_wait wait; /* of the call in progress, for the busy handler */
};

static const char schema[] =
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;"
    "CREATE TABLE level ("
    " level INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, serial TEXT NOT NULL,"
    " certificate_sha256 BLOB NOT NULL, crl_number INTEGER NOT NULL,"
    " crl_this_update_ms INTEGER NOT NULL, crl_pem TEXT) STRICT;"
    "CREATE TABLE certificate ("
    " serial TEXT PRIMARY KEY, issuer_level INTEGER NOT NULL, is_ca INTEGER NOT NULL,"
    " subject TEXT NOT NULL, spki_sha256 BLOB NOT NULL, csr_sha256 BLOB, der BLOB NOT NULL,"
    " not_before_ms INTEGER NOT NULL, not_after_ms INTEGER NOT NULL,"
    " issued_at_ms INTEGER NOT NULL, revoked_at_ms INTEGER, reason INTEGER) STRICT;"
    "CREATE INDEX certificate_by_key ON certificate (spki_sha256);"
    "CREATE INDEX certificate_revoked ON certificate (issuer_level, revoked_at_ms)"
    " WHERE revoked_at_ms IS NOT NULL;";

static void finalize(sqlite3_stmt **statement)
{
    (void)sqlite3_finalize(*statement);
    *statement = NULL;
}

static int on_busy(void *ctx, int n_tries)
{
    const struct rig_ca_store *store = ctx;
    struct rig_error ignored = {0};

    (void)n_tries;
    return rig_wait_pause(store->wait, RETRY_NS, &ignored).ok;
}

static rig_result fail_busy(const struct rig_ca_store *store, const char *what,
                            struct rig_error *err)
{
    if (store->wait.cancel != NULL && rig_cancel_reason(store->wait.cancel) != 0) {
        return rig_fail(err, RIG_CLASS_CANCELLED, RIG_E_CANCELLED,
                        "cancelled while waiting to %s in '%s'", what, store->path);
    }
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_TIMEOUT,
                    "cannot %s in '%s': another process keeps it locked; end that one, or try "
                    "again",
                    what, store->path);
}

static rig_result fail_space(const struct rig_ca_store *store, const char *what,
                             struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_NO_SPACE,
                    "cannot %s in '%s': the disk, a quota or a limit of file sizes is full; make "
                    "room and try again",
                    what, store->path);
}

static rig_result fail_sql(const struct rig_ca_store *store, const char *what,
                           struct rig_error *err)
{
    const int code = sqlite3_errcode(store->db);
    const int os_error = sqlite3_system_errno(store->db);
    const bool from_os = os_error != 0 && (code == SQLITE_IOERR || code == SQLITE_CANTOPEN);

    /* a quota or a size limit, whose errno SQLite has lost by now */
    if (sqlite3_extended_errcode(store->db) == SQLITE_IOERR_WRITE) {
        return fail_space(store, what, err);
    }
    if (from_os && os_error != EACCES) {
        return rig_fail_errno(err, os_error, "cannot %s in '%s'", what, store->path);
    }
    switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail_busy(store, what, err);
    case SQLITE_NOMEM:
        return rig_fail_memory(err);
    case SQLITE_FULL:
        return fail_space(store, what, err);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_PERMISSION,
                        "cannot %s in '%s': %s; this user must be able to write the file and its "
                        "folder",
                        what, store->path, sqlite3_errmsg(store->db));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID,
                        "cannot %s in '%s': %s; restore it from a backup, or make a new CA in "
                        "another folder",
                        what, store->path, sqlite3_errmsg(store->db));
    case SQLITE_CONSTRAINT:
        return rig_fail(err, RIG_CLASS_CA, RIG_E_DUPLICATE, "cannot %s in '%s': %s", what,
                        store->path, sqlite3_errmsg(store->db));
    default:
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_IO, "cannot %s in '%s': %s", what, store->path,
                        sqlite3_errmsg(store->db));
    }
}

static rig_result run(struct rig_ca_store *store, const char *sql, const char *what,
                      struct rig_error *err)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? RIG_DONE
                                                                       : fail_sql(store, what, err);
}

static rig_result prepare(struct rig_ca_store *store, const char *sql, const char *what,
                          sqlite3_stmt **statement, struct rig_error *err)
{
    return sqlite3_prepare_v2(store->db, sql, -1, statement, NULL) == SQLITE_OK
               ? RIG_DONE
               : fail_sql(store, what, err);
}

/* Binding fails only without memory: one check at the end of a row of them is enough. */
static int bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    return sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

static int bind_bytes(sqlite3_stmt *statement, int at, const void *bytes, size_t n_bytes)
{
    return bytes == NULL ? sqlite3_bind_null(statement, at)
                         : sqlite3_bind_blob64(statement, at, bytes, n_bytes, SQLITE_STATIC);
}

static int bind_number(sqlite3_stmt *statement, int at, int64_t number)
{
    return sqlite3_bind_int64(statement, at, number);
}

static rig_result step_done(struct rig_ca_store *store, sqlite3_stmt *statement, const char *what,
                            struct rig_error *err)
{
    return sqlite3_step(statement) == SQLITE_DONE ? RIG_DONE : fail_sql(store, what, err);
}

static struct rig_ca_store *new_store(const char *path, struct rig_wait wait)
{
    struct rig_ca_store *store = calloc(1, sizeof *store);

    if (store == NULL) {
        return NULL;
    }
    store->wait = wait;
    store->path = strdup(path);
    if (store->path == NULL) {
        free(store);
        return NULL;
    }
    return store;
}

static rig_result open_db(struct rig_ca_store *store, struct rig_error *err)
{
    if (sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK) {
        return store->db != NULL ? fail_sql(store, "open the CA's database", err)
                                 : rig_fail_memory(err);
    }
    (void)sqlite3_busy_handler(store->db, on_busy, store);
    return run(store, "PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF",
               "open the CA's database", err);
}

static rig_result insert_facts(struct rig_ca_store *store, const struct rig_ca_store_facts *facts,
                               struct rig_error *err)
{
    static const char what[] = "write the levels";
    RIG_AUTO(finalize) sqlite3_stmt *setting = NULL;

    RIG_TRY(prepare(store, "INSERT INTO setting VALUES ('device_days', ?1), ('crl_hours', ?2)",
                    what, &setting, err));
    (void)bind_number(setting, 1, facts->device_days);
    (void)bind_number(setting, 2, facts->crl_hours);
    RIG_TRY(step_done(store, setting, what, err));
    for (size_t i = 0; i < facts->n_levels; i++) {
        const struct rig_ca_store_level *level = &facts->levels[i];
        RIG_AUTO(finalize) sqlite3_stmt *insert = NULL;

        RIG_TRY(prepare(store, "INSERT INTO level VALUES (?1, ?2, ?3, ?4, 0, 0, NULL)", what,
                        &insert, err));
        (void)bind_number(insert, 1, (int64_t)i);
        (void)bind_text(insert, 2, level->name);
        (void)bind_text(insert, 3, level->serial);
        (void)bind_bytes(insert, 4, level->certificate_sha256, RIG_SHA256_SIZE);
        RIG_TRY(step_done(store, insert, what, err));
    }
    return RIG_DONE;
}

rig_result rig_ca_store_make(const char *path, const struct rig_ca_store_facts *facts,
                             struct rig_ca_store **out, struct rig_error *err)
{
    static const char what[] = "make the CA's database";
    RIG_AUTO(rig_auto_ca_store) struct rig_ca_store *store = NULL;
    RIG_AUTO(rig_close_fd) int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    char pragmas[160];

    if (fd < 0) {
        return rig_fail_errno(err, errno, "cannot make '%s'", path);
    }
    store = new_store(path, rig_wait_ms(0, NULL));
    if (store == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(open_db(store, err));
    (void)snprintf(pragmas, sizeof pragmas,
                   "PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL; "
                   "PRAGMA application_id = %d; PRAGMA user_version = %d",
                   APPLICATION_ID, SCHEMA_VERSION);
    RIG_TRY(run(store, pragmas, what, err));
    RIG_TRY(run(store, "BEGIN IMMEDIATE", what, err));
    RIG_TRY(run(store, schema, what, err));
    RIG_TRY(insert_facts(store, facts, err));
    *out = store;
    store = NULL;
    return RIG_DONE;
}

static rig_result read_number(struct rig_ca_store *store, const char *sql, int64_t *number,
                              struct rig_error *err)
{
    static const char what[] = "read";
    RIG_AUTO(finalize) sqlite3_stmt *query = NULL;

    RIG_TRY(prepare(store, sql, what, &query, err));
    if (sqlite3_step(query) != SQLITE_ROW) {
        return fail_sql(store, what, err);
    }
    *number = sqlite3_column_int64(query, 0);
    return RIG_DONE;
}

static rig_result check_kind(struct rig_ca_store *store, struct rig_error *err)
{
    int64_t application = 0;
    int64_t version = 0;

    RIG_TRY(read_number(store, "PRAGMA application_id", &application, err));
    RIG_TRY(read_number(store, "PRAGMA user_version", &version, err));
    if (application != APPLICATION_ID) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID,
                        "'%s' is not the database of a rig CA: name another folder", store->path);
    }
    if (version != SCHEMA_VERSION) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_UNSUPPORTED,
                        "'%s' was written by another version of rig (schema %lld, this rig knows "
                        "%d): use that version",
                        store->path, (long long)version, SCHEMA_VERSION);
    }
    return RIG_DONE;
}

rig_result rig_ca_store_open(const char *path, struct rig_wait wait, struct rig_ca_store **out,
                             struct rig_error *err)
{
    RIG_AUTO(rig_auto_ca_store) struct rig_ca_store *store = NULL;
    struct stat info;

    if (stat(path, &info) != 0) {
        return rig_fail_errno(err, errno, "cannot open the CA's database '%s'", path);
    }
    store = new_store(path, wait);
    if (store == NULL) {
        return rig_fail_memory(err);
    }
    RIG_TRY(open_db(store, err));
    RIG_TRY(check_kind(store, err));
    *out = store;
    store = NULL;
    return RIG_DONE;
}

void rig_ca_store_close(struct rig_ca_store *store)
{
    if (store != NULL) {
        (void)sqlite3_close_v2(store->db);
        free(store->path);
        free(store);
    }
}

static const char *column_text(sqlite3_stmt *query, int at)
{
    const char *text = (const char *)sqlite3_column_text(query, at);

    return text != NULL ? text : "";
}

static rig_result fail_content(const struct rig_ca_store *store, struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID,
                    "'%s' holds values that rig never writes: restore it from a backup",
                    store->path);
}

static rig_result read_level(const struct rig_ca_store *store, sqlite3_stmt *query,
                             struct rig_ca_store_level *level, struct rig_error *err)
{
    const void *sha256 = sqlite3_column_blob(query, 2);

    if (!rig_copy_text(level->name, sizeof level->name, column_text(query, 0)) ||
        !rig_copy_text(level->serial, sizeof level->serial, column_text(query, 1)) ||
        sha256 == NULL || sqlite3_column_bytes(query, 2) != RIG_SHA256_SIZE ||
        strchr(level->name, '/') != NULL) {
        return fail_content(store, err);
    }
    memcpy(level->certificate_sha256, sha256, RIG_SHA256_SIZE);
    level->crl_number = sqlite3_column_int64(query, 3);
    level->crl_this_update_ms = sqlite3_column_int64(query, 4);
    return RIG_DONE;
}

rig_result rig_ca_store_facts(struct rig_ca_store *store, struct rig_ca_store_facts *facts,
                              struct rig_error *err)
{
    static const char what[] = "read the levels";
    RIG_AUTO(finalize) sqlite3_stmt *query = NULL;
    int rc;

    *facts = (struct rig_ca_store_facts){0};
    RIG_TRY(read_number(store, "SELECT value FROM setting WHERE name = 'device_days'",
                        &facts->device_days, err));
    RIG_TRY(read_number(store, "SELECT value FROM setting WHERE name = 'crl_hours'",
                        &facts->crl_hours, err));
    RIG_TRY(prepare(store,
                    "SELECT name, serial, certificate_sha256, crl_number, crl_this_update_ms"
                    " FROM level ORDER BY level",
                    what, &query, err));
    while ((rc = sqlite3_step(query)) == SQLITE_ROW) {
        if (facts->n_levels == RIG_CA_MAX_LEVELS) {
            return fail_content(store, err);
        }
        RIG_TRY(read_level(store, query, &facts->levels[facts->n_levels++], err));
    }
    if (rc != SQLITE_DONE) {
        return fail_sql(store, what, err);
    }
    return facts->n_levels != 0 ? RIG_DONE : fail_content(store, err);
}

void rig_ca_store_wait(struct rig_ca_store *store, struct rig_wait wait)
{
    store->wait = wait;
}

rig_result rig_ca_store_begin(struct rig_ca_store *store, struct rig_error *err)
{
    return run(store, "BEGIN IMMEDIATE", "begin to write", err);
}

rig_result rig_ca_store_commit(struct rig_ca_store *store, struct rig_error *err)
{
    return run(store, "COMMIT", "commit", err);
}

void rig_ca_store_rollback(struct rig_ca_store *store)
{
    if (sqlite3_get_autocommit(store->db) == 0) {
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    }
}

rig_result rig_ca_store_add(struct rig_ca_store *store, const struct rig_ca_store_row *row,
                            struct rig_error *err)
{
    static const char what[] = "record a certificate";
    RIG_AUTO(finalize) sqlite3_stmt *insert = NULL;

    RIG_TRY(prepare(store,
                    "INSERT INTO certificate"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, NULL, NULL)",
                    what, &insert, err));
    (void)bind_text(insert, 1, row->serial);
    (void)bind_number(insert, 2, (int64_t)row->issuer_level);
    (void)bind_number(insert, 3, row->is_ca);
    (void)bind_text(insert, 4, row->subject);
    (void)bind_bytes(insert, 5, row->spki_sha256, RIG_SHA256_SIZE);
    (void)bind_bytes(insert, 6, row->csr_sha256, RIG_SHA256_SIZE);
    (void)bind_bytes(insert, 7, row->der->data, row->der->len);
    (void)bind_number(insert, 8, row->not_before_ms);
    (void)bind_number(insert, 9, row->not_after_ms);
    (void)bind_number(insert, 10, row->issued_at_ms);
    return step_done(store, insert, what, err);
}

rig_result rig_ca_store_status(struct rig_ca_store *store, const char *serial,
                               struct rig_ca_store_status *status, struct rig_error *err)
{
    static const char what[] = "look up a certificate";
    RIG_AUTO(finalize) sqlite3_stmt *query = NULL;
    int rc;

    *status = (struct rig_ca_store_status){0};
    RIG_TRY(prepare(store,
                    "SELECT issuer_level, revoked_at_ms, reason FROM certificate WHERE serial = ?1",
                    what, &query, err));
    (void)bind_text(query, 1, serial);
    rc = sqlite3_step(query);
    if (rc == SQLITE_DONE) {
        return RIG_DONE;
    }
    if (rc != SQLITE_ROW) {
        return fail_sql(store, what, err);
    }
    status->known = true;
    status->issuer_level = (size_t)sqlite3_column_int64(query, 0);
    status->revoked = sqlite3_column_type(query, 1) != SQLITE_NULL;
    status->revoked_at_ms = sqlite3_column_int64(query, 1);
    status->reason = (enum rig_revocation_reason)sqlite3_column_int(query, 2);
    return status->issuer_level < RIG_CA_MAX_LEVELS ? RIG_DONE : fail_content(store, err);
}

rig_result rig_ca_store_revoke(struct rig_ca_store *store, const char *serial,
                               int64_t revoked_at_ms, enum rig_revocation_reason reason,
                               size_t *issuer_level, bool *changed, struct rig_error *err)
{
    static const char what[] = "record a revocation";
    RIG_AUTO(finalize) sqlite3_stmt *update = NULL;
    struct rig_ca_store_status before;

    RIG_TRY(rig_ca_store_status(store, serial, &before, err));
    if (!before.known) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_NOT_FOUND,
                        "this CA never issued a certificate with that serial number");
    }
    *issuer_level = before.issuer_level;
    *changed = !before.revoked;
    if (before.revoked) {
        return RIG_DONE;
    }
    RIG_TRY(prepare(store,
                    "UPDATE certificate SET revoked_at_ms = ?2, reason = ?3 WHERE serial = ?1",
                    what, &update, err));
    (void)bind_text(update, 1, serial);
    (void)bind_number(update, 2, revoked_at_ms);
    (void)bind_number(update, 3, (int64_t)reason);
    return step_done(store, update, what, err);
}

rig_result rig_ca_store_each_revoked(struct rig_ca_store *store, size_t issuer_level,
                                     int64_t ended_before_ms, rig_ca_store_revoked_fn *each,
                                     void *ctx, struct rig_error *err)
{
    static const char what[] = "read the revocations";
    RIG_AUTO(finalize) sqlite3_stmt *query = NULL;
    int rc;

    RIG_TRY(prepare(store,
                    "SELECT serial, revoked_at_ms, reason FROM certificate"
                    " WHERE issuer_level = ?1 AND revoked_at_ms IS NOT NULL"
                    " AND not_after_ms >= ?2",
                    what, &query, err));
    (void)bind_number(query, 1, (int64_t)issuer_level);
    (void)bind_number(query, 2, ended_before_ms);
    while ((rc = sqlite3_step(query)) == SQLITE_ROW) {
        RIG_TRY(each(ctx, column_text(query, 0), sqlite3_column_int64(query, 1),
                     (enum rig_revocation_reason)sqlite3_column_int(query, 2), err));
    }
    return rc == SQLITE_DONE ? RIG_DONE : fail_sql(store, what, err);
}

rig_result rig_ca_store_ca_revoked(struct rig_ca_store *store, bool *revoked, struct rig_error *err)
{
    int64_t found = 0;

    RIG_TRY(read_number(store,
                        "SELECT EXISTS (SELECT 1 FROM certificate"
                        " WHERE revoked_at_ms IS NOT NULL AND is_ca)",
                        &found, err));
    *revoked = found != 0;
    return RIG_DONE;
}

rig_result rig_ca_store_crl_put(struct rig_ca_store *store, size_t level, int64_t number,
                                int64_t this_update_ms, const struct rig_buf *pem,
                                struct rig_error *err)
{
    static const char what[] = "record a CRL";
    RIG_AUTO(finalize) sqlite3_stmt *update = NULL;

    RIG_TRY(prepare(store,
                    "UPDATE level SET crl_number = ?2, crl_this_update_ms = ?3, crl_pem = ?4"
                    " WHERE level = ?1",
                    what, &update, err));
    (void)bind_number(update, 1, (int64_t)level);
    (void)bind_number(update, 2, number);
    (void)bind_number(update, 3, this_update_ms);
    (void)bind_text(update, 4, rig_buf_text(pem));
    return step_done(store, update, what, err);
}

rig_result rig_ca_store_crl_get(struct rig_ca_store *store, size_t level, struct rig_buf *pem,
                                struct rig_error *err)
{
    static const char what[] = "read a CRL";
    RIG_AUTO(finalize) sqlite3_stmt *query = NULL;

    RIG_TRY(prepare(store, "SELECT crl_pem FROM level WHERE level = ?1", what, &query, err));
    (void)bind_number(query, 1, (int64_t)level);
    if (sqlite3_step(query) != SQLITE_ROW) {
        return fail_sql(store, what, err);
    }
    return rig_buf_append_text(pem, column_text(query, 0), err);
}

void rig_ca_store_list_free(struct rig_ca_store_list *list)
{
    for (size_t i = 0; i < list->n_rows; i++) {
        rig_buf_free(&list->rows[i].der);
    }
    free(list->rows);
    *list = (struct rig_ca_store_list){0};
}

static rig_result append_issued(struct rig_ca_store_list *list, sqlite3_stmt *query,
                                struct rig_error *err)
{
    struct rig_ca_store_issued *grown =
        reallocarray(list->rows, list->n_rows + 1, sizeof *list->rows);
    struct rig_ca_store_issued *row;

    if (grown == NULL) {
        return rig_fail_memory(err);
    }
    list->rows = grown;
    row = &list->rows[list->n_rows++];
    *row = (struct rig_ca_store_issued){.revoked = sqlite3_column_int(query, 1) != 0};
    (void)rig_copy_text(row->serial, sizeof row->serial, column_text(query, 0));
    return rig_buf_append(&row->der, sqlite3_column_blob(query, 2),
                          (size_t)sqlite3_column_bytes(query, 2), err);
}

/* A mark that changes nothing: what counts is the write. */
static rig_result write_over_the_unannounced(struct rig_ca_store *store, struct rig_error *err)
{
    char mark[48];

    (void)snprintf(mark, sizeof mark, "PRAGMA user_version = %d", SCHEMA_VERSION);
    return run(store, mark, "settle the log", err);
}

rig_result rig_ca_store_issued_for(struct rig_ca_store *store,
                                   const uint8_t spki_sha256[RIG_SHA256_SIZE],
                                   struct rig_ca_store_list *list, struct rig_error *err)
{
    static const char what[] = "look up a public key";
    RIG_AUTO(finalize) sqlite3_stmt *query = NULL;
    int rc;

    RIG_TRY(write_over_the_unannounced(store, err));
    RIG_TRY(prepare(store,
                    "SELECT serial, revoked_at_ms IS NOT NULL, der FROM certificate"
                    " WHERE spki_sha256 = ?1 ORDER BY issued_at_ms, rowid",
                    what, &query, err));
    (void)bind_bytes(query, 1, spki_sha256, RIG_SHA256_SIZE);
    while ((rc = sqlite3_step(query)) == SQLITE_ROW) {
        RIG_TRY(append_issued(list, query, err));
    }
    return rc == SQLITE_DONE ? RIG_DONE : fail_sql(store, what, err);
}

rig_result rig_ca_store_count(struct rig_ca_store *store, int64_t *n_issued, int64_t *n_revoked,
                              struct rig_error *err)
{
    RIG_TRY(read_number(store, "SELECT count(*) FROM certificate WHERE NOT is_ca", n_issued, err));
    return read_number(store,
                       "SELECT count(*) FROM certificate"
                       " WHERE NOT is_ca AND revoked_at_ms IS NOT NULL",
                       n_revoked, err);
}
