/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/register/journal.h"

#define N_ACTIONS (sizeof action_names / sizeof *action_names)

static const char *const action_names[] = {
    [RIG_JOURNAL_ISSUE] = "issue",       [RIG_JOURNAL_REVOKE] = "revoke",
    [RIG_JOURNAL_FLASH] = "flash",       [RIG_JOURNAL_KEYGEN] = "keygen",
    [RIG_JOURNAL_REGISTER] = "register",
};

const char *rig_journal_action_name(enum rig_journal_action action)
{
    return (size_t)action < N_ACTIONS ? action_names[action] : "unknown";
}

static rig_result check_opening(const struct rig_journal_entry *sizes, const char *run_id,
                                const char *device_id, const char *subject, struct rig_error *err)
{
    RIG_TRY(rig_db_fits("run id", run_id, sizeof sizes->run_id, err));
    RIG_TRY(rig_db_fits("device id", device_id, sizeof sizes->device_id, err));
    return rig_db_fits("journal subject", subject, sizeof sizes->subject, err);
}

rig_result rig_journal_open(struct rig_register *reg, enum rig_journal_action action,
                            const char *run_id, const struct rig_board_id *board,
                            const char *device_id, const char *subject, struct rig_journal_id *id,
                            struct rig_error *err)
{
    RIG_AUTO(rig_db_leave) struct rig_register *held = rig_db_enter(reg);
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};

    RIG_TRY(check_opening(NULL, run_id, device_id, subject, err));
    RIG_TRY(rig_db_prepare(held, RIG_SQL_JOURNAL_OPEN, &query, err));
    RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_TEXT(rig_journal_action_name(action)),
                        RIG_DB_TEXT(run_id), RIG_DB_TEXT(board->text), RIG_DB_TEXT(device_id),
                        RIG_DB_TEXT(subject), RIG_DB_INT(rig_clock_now_ms(held->clock))));
    RIG_TRY_IN(rig_db_run(&query, NULL, err), err,
               "the journal took no entry, so nothing was done");
    id->row = sqlite3_last_insert_rowid(held->db);
    return RIG_DONE;
}

rig_result rig_journal_close_held(struct rig_register *held, struct rig_journal_id id, bool ok,
                                  const char *outcome, struct rig_error *err)
{
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};
    char bounded[sizeof((struct rig_journal_entry *)NULL)->outcome];
    size_t n_changed = 0;

    (void)rig_copy_text(bounded, sizeof bounded, outcome != NULL ? outcome : "");
    RIG_TRY(rig_db_prepare(held, RIG_SQL_JOURNAL_CLOSE, &query, err));
    RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_INT(id.row), RIG_DB_INT(rig_clock_now_ms(held->clock)),
                        RIG_DB_INT(ok), RIG_DB_TEXT(bounded)));
    RIG_TRY(rig_db_run(&query, &n_changed, err));
    if (n_changed == 0) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID, "journal entry %lld of '%s' is not open",
                        (long long)id.row, held->path);
    }
    return RIG_DONE;
}

rig_result rig_journal_close(struct rig_register *reg, struct rig_journal_id id, bool ok,
                             const char *outcome, struct rig_error *err)
{
    RIG_AUTO(rig_db_leave) struct rig_register *held = rig_db_enter(reg);

    return rig_journal_close_held(held, id, ok, outcome, err);
}

static rig_result read_entry(const struct rig_db_query *query, void *record, struct rig_error *err)
{
    struct rig_journal_entry *entry = record;
    size_t action = 0;

    RIG_TRY(rig_db_name(query, 1, action_names, N_ACTIONS, &action, err));
    entry->action = (enum rig_journal_action)action;
    entry->id.row = rig_db_int(query, 0);
    rig_db_text(query, 2, entry->run_id, sizeof entry->run_id);
    rig_db_text(query, 3, entry->board.text, sizeof entry->board.text);
    rig_db_text(query, 4, entry->device_id, sizeof entry->device_id);
    rig_db_text(query, 5, entry->subject, sizeof entry->subject);
    entry->opened_ms = rig_db_int(query, 6);
    entry->closed_ms = rig_db_int(query, 7);
    entry->ok = rig_db_int(query, 8) != 0;
    rig_db_text(query, 9, entry->outcome, sizeof entry->outcome);
    return RIG_DONE;
}

static rig_result read_page(struct rig_register *reg, enum rig_sql sql, int64_t after_row,
                            const char *run_id, struct rig_buf *page, struct rig_error *err)
{
    RIG_AUTO(rig_db_leave) struct rig_register *held = rig_db_enter(reg);
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};
    const struct rig_db_value values[] = {RIG_DB_INT(after_row), RIG_DB_TEXT(run_id)};

    RIG_TRY(rig_db_prepare(held, sql, &query, err));
    RIG_TRY(rig_db_bind(&query, values, run_id != NULL ? 2 : 1, err));
    return rig_db_collect(&query, read_entry, sizeof(struct rig_journal_entry), page, err);
}

typedef rig_result (*entry_fn)(void *ctx, const struct rig_journal_entry *entry,
                               struct rig_error *err);

static rig_result each_entry(struct rig_register *reg, enum rig_sql sql, const char *run_id,
                             entry_fn each, void *ctx, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf page = {0};
    int64_t last_row = 0;

    for (;;) {
        const struct rig_journal_entry *entries;
        size_t n_entries;

        rig_buf_reset(&page);
        RIG_TRY(read_page(reg, sql, last_row, run_id, &page, err));
        entries = (const void *)page.data;
        n_entries = page.len / sizeof *entries;
        for (size_t i = 0; i < n_entries; i++) {
            RIG_TRY(each(ctx, &entries[i], err));
        }
        if (n_entries < RIG_SQL_PAGE_ROWS) {
            return RIG_DONE;
        }
        last_row = entries[n_entries - 1].id.row;
    }
}

rig_result rig_journal_each_open(struct rig_register *reg, entry_fn each, void *ctx,
                                 struct rig_error *err)
{
    return each_entry(reg, RIG_SQL_JOURNAL_STILL_OPEN, NULL, each, ctx, err);
}

rig_result rig_journal_each(struct rig_register *reg, const char *run_id, entry_fn each, void *ctx,
                            struct rig_error *err)
{
    return each_entry(reg, run_id != NULL ? RIG_SQL_JOURNAL_OF_RUN : RIG_SQL_JOURNAL_ALL, run_id,
                      each, ctx, err);
}
