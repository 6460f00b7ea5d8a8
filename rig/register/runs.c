/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/register/db.h"

rig_result rig_register_run_begin(struct rig_register *reg, const struct rig_register_run *run,
                                  struct rig_error *err)
{
    RIG_AUTO(rig_db_leave) struct rig_register *held = rig_db_enter(reg);
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};
    size_t n_changed = 0;

    RIG_TRY(rig_db_prepare(held, RIG_SQL_RUN_BEGIN, &query, err));
    RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_TEXT(run->run_id), RIG_DB_TEXT(run->suite),
                        RIG_DB_TEXT(run->suite_sha256), RIG_DB_TEXT(run->rig_version),
                        RIG_DB_TEXT(run->ca), RIG_DB_TEXT(run->station),
                        RIG_DB_TEXT(run->operator_name), RIG_DB_INT(getpid()),
                        RIG_DB_INT(rig_clock_now_ms(held->clock))));
    RIG_TRY(rig_db_run(&query, &n_changed, err));
    if (n_changed == 0) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_EXISTS,
                        "the register '%s' knows the run id %s already: start again", held->path,
                        run->run_id);
    }
    return RIG_DONE;
}

static rig_result fail_unknown_run(const struct rig_register *held, const char *run_id,
                                   struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_NOT_FOUND, "the register '%s' knows no run %s",
                    held->path, run_id);
}

rig_result rig_register_run_end(struct rig_register *reg, const char *run_id, const char *result,
                                struct rig_error *err)
{
    RIG_AUTO(rig_db_leave) struct rig_register *held = rig_db_enter(reg);
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};
    size_t n_changed = 0;

    RIG_TRY(rig_db_fits("result", result, sizeof((struct rig_register_run *)NULL)->result, err));
    RIG_TRY(rig_db_prepare(held, RIG_SQL_RUN_END, &query, err));
    RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_TEXT(run_id), RIG_DB_INT(rig_clock_now_ms(held->clock)),
                        RIG_DB_TEXT(result)));
    RIG_TRY(rig_db_run(&query, &n_changed, err));
    return n_changed != 0 ? RIG_DONE : fail_unknown_run(held, run_id, err);
}

static rig_result put_junit(struct rig_register *held, enum rig_sql sql, const char *run_id,
                            const char *sha256_hex, struct rig_error *err)
{
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};

    RIG_TRY(rig_db_prepare(held, sql, &query, err));
    RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_TEXT(run_id), RIG_DB_TEXT(sha256_hex)));
    return rig_db_run(&query, NULL, err);
}

rig_result rig_register_set_junit(struct rig_register *reg, const char *run_id,
                                  const char *sha256_hex, struct rig_error *err)
{
    RIG_AUTO(rig_db_leave) struct rig_register *held = rig_db_enter(reg);

    RIG_TRY(rig_db_fits("hash of the JUnit file", sha256_hex,
                        sizeof((struct rig_register_run *)NULL)->junit_sha256, err));
    RIG_TRY(rig_db_begin(held, err));
    RIG_TRY(put_junit(held, RIG_SQL_RUN_JUNIT, run_id, sha256_hex, err));
    RIG_TRY(put_junit(held, RIG_SQL_DEVICE_JUNIT, run_id, sha256_hex, err));
    return rig_db_commit(held, err);
}

static rig_result read_run(const struct rig_db_query *query, void *record, struct rig_error *err)
{
    struct rig_register_run *it = record;

    (void)err;
    rig_db_text(query, 0, it->run_id, sizeof it->run_id);
    rig_db_text(query, 1, it->suite, sizeof it->suite);
    rig_db_text(query, 2, it->suite_sha256, sizeof it->suite_sha256);
    rig_db_text(query, 3, it->rig_version, sizeof it->rig_version);
    rig_db_text(query, 4, it->ca, sizeof it->ca);
    rig_db_text(query, 5, it->station, sizeof it->station);
    rig_db_text(query, 6, it->operator_name, sizeof it->operator_name);
    it->pid = rig_db_int(query, 7);
    it->started_ms = rig_db_int(query, 8);
    it->ended_ms = rig_db_int(query, 9);
    rig_db_text(query, 10, it->result, sizeof it->result);
    rig_db_text(query, 11, it->junit_sha256, sizeof it->junit_sha256);
    return RIG_DONE;
}

static rig_result read_page(struct rig_register *reg, const struct rig_register_run *last,
                            struct rig_buf *page, struct rig_error *err)
{
    RIG_AUTO(rig_db_leave) struct rig_register *held = rig_db_enter(reg);
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};

    RIG_TRY(rig_db_prepare(held, RIG_SQL_RUN_ALL, &query, err));
    RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_INT(last->started_ms), RIG_DB_TEXT(last->run_id)));
    return rig_db_collect(&query, read_run, sizeof(struct rig_register_run), page, err);
}

rig_result rig_register_each_run(struct rig_register *reg,
                                 rig_result (*each)(void *ctx, const struct rig_register_run *run,
                                                    struct rig_error *err),
                                 void *ctx, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf page = {0};
    struct rig_register_run last = {.started_ms = INT64_MAX};

    for (;;) {
        const struct rig_register_run *runs;
        size_t n_runs;

        rig_buf_reset(&page);
        RIG_TRY(read_page(reg, &last, &page, err));
        runs = (const void *)page.data;
        n_runs = page.len / sizeof *runs;
        for (size_t i = 0; i < n_runs; i++) {
            RIG_TRY(each(ctx, &runs[i], err));
        }
        if (n_runs < RIG_SQL_PAGE_ROWS) {
            return RIG_DONE;
        }
        last = runs[n_runs - 1];
    }
}
