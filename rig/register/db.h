/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register's connection to SQLite, for the sources of this folder only: one connection behind
 * one mutex, statements prepared once, errors put into the technician's words.
 *
 *     RIG_AUTO(rig_db_leave) struct rig_register *held = rig_db_enter(reg);
 *     RIG_AUTO(rig_db_done) struct rig_db_query query = {0};
 *     RIG_TRY(rig_db_prepare(held, RIG_SQL_..., &query, err));
 *     RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_TEXT(name), RIG_DB_INT(now_ms)));
 *     RIG_TRY(rig_db_run(&query, err));
 *
 * Leaving rolls back what was begun and not committed.
 */
#ifndef RIG_REGISTER_DB_H
#define RIG_REGISTER_DB_H

#include "rig/register/register.h"
#include "rig/register/schema.h"

#include <pthread.h>
#include <sqlite3.h>

struct rig_register {
    pthread_mutex_t mutex; /* guards db and statements */
    sqlite3 *db;
    sqlite3_stmt *statements[RIG_SQL_COUNT];
    const struct rig_clock *clock;
    char *folder;
    char *path;  /* of rig.db */
    int lock_fd; /* -1: a reader */
};

/* Opens `reg->path`, sets the connection up and brings the schema to this program's version. */
RIG_CHECKED rig_result rig_db_open(struct rig_register *reg, struct rig_error *err);
void rig_db_close(struct rig_register *reg);

struct rig_register *rig_db_enter(struct rig_register *reg);
void rig_db_leave(struct rig_register **held);

/* BEGIN IMMEDIATE, COMMIT. */
RIG_CHECKED rig_result rig_db_begin(struct rig_register *held, struct rig_error *err);
RIG_CHECKED rig_result rig_db_commit(struct rig_register *held, struct rig_error *err);

struct rig_db_query {
    struct rig_register *reg;
    sqlite3_stmt *statement;
};
RIG_CHECKED rig_result rig_db_prepare(struct rig_register *held, enum rig_sql sql,
                                      struct rig_db_query *query, struct rig_error *err);
void rig_db_done(struct rig_db_query *query);

/* A value to bind; texts and blobs are borrowed until rig_db_done. A NULL text is SQL NULL. */
struct rig_db_value {
    enum { RIG_DB_IS_INT, RIG_DB_IS_TEXT, RIG_DB_IS_BLOB } kind;
    int64_t number;
    const void *bytes;
    size_t n_bytes;
};
#define RIG_DB_INT(n) ((struct rig_db_value){.kind = RIG_DB_IS_INT, .number = (int64_t)(n)})
#define RIG_DB_TEXT(text) ((struct rig_db_value){.kind = RIG_DB_IS_TEXT, .bytes = (text)})
#define RIG_DB_SHA256(p)                                                                           \
    ((struct rig_db_value){.kind = RIG_DB_IS_BLOB, .bytes = (p), .n_bytes = RIG_SHA256_SIZE})

RIG_CHECKED rig_result rig_db_bind(struct rig_db_query *query, const struct rig_db_value *values,
                                   size_t n_values, struct rig_error *err);
#define RIG_DB_BIND(query, err, ...)                                                               \
    rig_db_bind((query), (const struct rig_db_value[]){__VA_ARGS__},                               \
                sizeof((const struct rig_db_value[]){__VA_ARGS__}) / sizeof(struct rig_db_value),  \
                (err))

/* A statement that returns no row; `n_changed` (may be NULL) is how many rows it touched. */
RIG_CHECKED rig_result rig_db_run(struct rig_db_query *query, size_t *n_changed,
                                  struct rig_error *err);
/* The next row, or false. */
RIG_CHECKED rig_result rig_db_next(struct rig_db_query *query, bool *row, struct rig_error *err);

int64_t rig_db_int(const struct rig_db_query *query, int column);
/* Cuts what does not fit: what this program wrote does. */
void rig_db_text(const struct rig_db_query *query, int column, char *to, size_t to_size);
/* A blob of another size leaves zeros. */
void rig_db_sha256(const struct rig_db_query *query, int column, uint8_t to[RIG_SHA256_SIZE]);
/* The index of the column's text among `names`; a text that is not there is INVALID. */
RIG_CHECKED rig_result rig_db_name(const struct rig_db_query *query, int column,
                                   const char *const *names, size_t n_names, size_t *index,
                                   struct rig_error *err);

/* INVALID, class RIG, when `text` is longer than a field of `size` bytes holds. */
RIG_CHECKED rig_result rig_db_fits(const char *what, const char *text, size_t size,
                                   struct rig_error *err);

/* Every row of a bound query, as records of `size` bytes appended to `rows` by `read`. */
typedef rig_result (*rig_db_reader)(const struct rig_db_query *query, void *record,
                                    struct rig_error *err);
RIG_CHECKED rig_result rig_db_collect(struct rig_db_query *query, rig_db_reader read, size_t size,
                                      struct rig_buf *rows, struct rig_error *err);

#endif
