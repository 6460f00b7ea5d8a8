/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/register/journal.h"

#define N_PURPOSES (sizeof purpose_names / sizeof *purpose_names)
#define N_STATES (sizeof state_names / sizeof *state_names)

static const char *const purpose_names[] = {
    [RIG_PURPOSE_DEVICE] = "device",
    [RIG_PURPOSE_TEST] = "test",
};

static const char *const state_names[] = {
    [RIG_CERT_ISSUED] = "issued",
    [RIG_CERT_INSTALLED] = "installed",
    [RIG_CERT_SUPERSEDED] = "superseded",
    [RIG_CERT_REVOKED] = "revoked",
};

const char *rig_certificate_purpose_name(enum rig_certificate_purpose purpose)
{
    return (size_t)purpose < N_PURPOSES ? purpose_names[purpose] : "unknown";
}

const char *rig_certificate_state_name(enum rig_certificate_state state)
{
    return (size_t)state < N_STATES ? state_names[state] : "unknown";
}

static rig_result insert(struct rig_register *held, const struct rig_register_certificate *it,
                         struct rig_error *err)
{
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};
    const int64_t issued_ms = it->issued_ms != 0 ? it->issued_ms : rig_clock_now_ms(held->clock);
    size_t n_changed = 0;

    RIG_TRY(rig_db_prepare(held, RIG_SQL_CERT_INSERT, &query, err));
    RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_TEXT(it->serial), RIG_DB_TEXT(it->issuer),
                        RIG_DB_SHA256(it->cert_sha256), RIG_DB_SHA256(it->spki_sha256),
                        RIG_DB_SHA256(it->csr_sha256), RIG_DB_INT(it->not_before_ms),
                        RIG_DB_INT(it->not_after_ms), RIG_DB_TEXT(rig_key_type_name(it->key_type)),
                        RIG_DB_TEXT(rig_certificate_purpose_name(it->purpose)),
                        RIG_DB_TEXT(it->run_id), RIG_DB_TEXT(it->board.text),
                        RIG_DB_TEXT(it->device_id), RIG_DB_TEXT(it->mac), RIG_DB_TEXT(it->backend),
                        RIG_DB_TEXT(it->backend_request), RIG_DB_INT(issued_ms)));
    RIG_TRY(rig_db_run(&query, &n_changed, err));
    if (n_changed == 0) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_EXISTS,
                        "the CA '%s' used the serial %s twice: its serials must be random; stop "
                        "issuing with it and look at its configuration",
                        it->issuer, it->serial);
    }
    return RIG_DONE;
}

rig_result rig_register_issued(struct rig_register *reg, struct rig_journal_id journal,
                               const struct rig_register_certificate *certificate,
                               struct rig_error *err)
{
    RIG_AUTO(rig_db_leave) struct rig_register *held = rig_db_enter(reg);
    RIG_AUTO(rig_buf_free) struct rig_buf outcome = {0};

    RIG_TRY(rig_buf_printf(&outcome, err, "serial %s", certificate->serial));
    RIG_TRY(rig_db_begin(held, err));
    RIG_TRY(insert(held, certificate, err));
    RIG_TRY(rig_journal_close_held(held, journal, true, rig_buf_text(&outcome), err));
    return rig_db_commit(held, err);
}

struct found {
    int64_t row;
    enum rig_certificate_state state;
    bool was_installed;
};

static rig_result find(struct rig_register *held, const char *issuer, const char *serial,
                       struct found *found, struct rig_error *err)
{
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};
    size_t state = 0;
    bool row = false;

    RIG_TRY(rig_db_prepare(held, RIG_SQL_CERT_FIND, &query, err));
    RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_TEXT(serial), RIG_DB_TEXT(issuer)));
    RIG_TRY(rig_db_next(&query, &row, err));
    if (!row) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                        "no certificate with the serial %s is in the register '%s'", serial,
                        held->path);
    }
    RIG_TRY(rig_db_name(&query, 1, state_names, N_STATES, &state, err));
    *found = (struct found){.row = rig_db_int(&query, 0),
                            .state = (enum rig_certificate_state)state,
                            .was_installed = rig_db_int(&query, 2) != 0};
    RIG_TRY(rig_db_next(&query, &row, err));
    if (row) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_DUPLICATE,
                        "two issuers used the serial %s: name the issuer too", serial);
    }
    return RIG_DONE;
}

static bool may_become(const struct found *from, enum rig_certificate_state to)
{
    switch (to) {
    case RIG_CERT_INSTALLED:
        return from->state == RIG_CERT_ISSUED || from->state == RIG_CERT_INSTALLED;
    case RIG_CERT_SUPERSEDED:
        return from->was_installed;
    case RIG_CERT_REVOKED:
        return true;
    case RIG_CERT_ISSUED:
        break;
    }
    return from->state == to;
}

static rig_result apply(struct rig_register *held, const struct found *found,
                        enum rig_certificate_state state, const char *reason, struct rig_error *err)
{
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};
    const struct rig_db_value row = RIG_DB_INT(found->row);
    const struct rig_db_value now_ms = RIG_DB_INT(rig_clock_now_ms(held->clock));

    if (state == RIG_CERT_INSTALLED) {
        RIG_TRY(rig_db_prepare(held, RIG_SQL_CERT_INSTALL, &query, err));
        RIG_TRY(RIG_DB_BIND(&query, err, row, now_ms));
    } else {
        RIG_TRY(rig_db_prepare(held, RIG_SQL_CERT_END, &query, err));
        RIG_TRY(RIG_DB_BIND(&query, err, row, RIG_DB_TEXT(rig_certificate_state_name(state)),
                            now_ms, RIG_DB_TEXT(reason)));
    }
    return rig_db_run(&query, NULL, err);
}

rig_result rig_register_set_state_of(struct rig_register *reg, const char *issuer,
                                     const char *serial, enum rig_certificate_state state,
                                     const char *reason, struct rig_error *err)
{
    RIG_AUTO(rig_db_leave) struct rig_register *held = rig_db_enter(reg);
    char bounded[sizeof((struct rig_register_certificate *)NULL)->revocation_reason];
    struct found found = {0};

    (void)rig_copy_text(bounded, sizeof bounded, reason != NULL ? reason : "");
    RIG_TRY(rig_db_begin(held, err));
    RIG_TRY(find(held, issuer, serial, &found, err));
    if (!may_become(&found, state)) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID,
                        "the certificate with the serial %s is %s and can't become %s", serial,
                        rig_certificate_state_name(found.state), rig_certificate_state_name(state));
    }
    if (found.state != state) {
        RIG_TRY(apply(held, &found, state, bounded, err));
    }
    return rig_db_commit(held, err);
}

rig_result rig_register_set_state(struct rig_register *reg, const char *serial,
                                  enum rig_certificate_state state, const char *reason,
                                  struct rig_error *err)
{
    return rig_register_set_state_of(reg, NULL, serial, state, reason, err);
}

struct row {
    int64_t row;
    struct rig_register_certificate certificate;
};

static rig_result read_names(const struct rig_db_query *query, struct rig_register_certificate *it,
                             struct rig_error *err)
{
    char key_type[16];
    size_t purpose = 0;
    size_t state = 0;

    rig_db_text(query, 8, key_type, sizeof key_type);
    it->key_type = rig_key_type_of(key_type);
    RIG_TRY(rig_db_name(query, 9, purpose_names, N_PURPOSES, &purpose, err));
    RIG_TRY(rig_db_name(query, 10, state_names, N_STATES, &state, err));
    it->purpose = (enum rig_certificate_purpose)purpose;
    it->state = (enum rig_certificate_state)state;
    return RIG_DONE;
}

static rig_result read_certificate(const struct rig_db_query *query, void *record,
                                   struct rig_error *err)
{
    struct row *row = record;
    struct rig_register_certificate *it = &row->certificate;

    row->row = rig_db_int(query, 0);
    rig_db_text(query, 1, it->serial, sizeof it->serial);
    rig_db_text(query, 2, it->issuer, sizeof it->issuer);
    rig_db_sha256(query, 3, it->cert_sha256);
    rig_db_sha256(query, 4, it->spki_sha256);
    rig_db_sha256(query, 5, it->csr_sha256);
    it->not_before_ms = rig_db_int(query, 6);
    it->not_after_ms = rig_db_int(query, 7);
    RIG_TRY(read_names(query, it, err));
    rig_db_text(query, 11, it->run_id, sizeof it->run_id);
    rig_db_text(query, 12, it->board.text, sizeof it->board.text);
    rig_db_text(query, 13, it->device_id, sizeof it->device_id);
    rig_db_text(query, 14, it->mac, sizeof it->mac);
    rig_db_text(query, 15, it->backend, sizeof it->backend);
    rig_db_text(query, 16, it->backend_request, sizeof it->backend_request);
    rig_db_text(query, 17, it->supersedes, sizeof it->supersedes);
    it->issued_ms = rig_db_int(query, 18);
    it->installed_ms = rig_db_int(query, 19);
    it->revoked_ms = rig_db_int(query, 20);
    rig_db_text(query, 21, it->revocation_reason, sizeof it->revocation_reason);
    return RIG_DONE;
}

static rig_result read_page(struct rig_register *reg, enum rig_sql sql, int64_t last_row,
                            const struct rig_db_value *filter, struct rig_buf *page,
                            struct rig_error *err)
{
    RIG_AUTO(rig_db_leave) struct rig_register *held = rig_db_enter(reg);
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};
    const struct rig_db_value values[] = {RIG_DB_INT(last_row),
                                          filter != NULL ? *filter : RIG_DB_INT(0)};

    RIG_TRY(rig_db_prepare(held, sql, &query, err));
    RIG_TRY(rig_db_bind(&query, values, filter != NULL ? 2 : 1, err));
    return rig_db_collect(&query, read_certificate, sizeof(struct row), page, err);
}

typedef rig_result (*certificate_fn)(void *ctx, const struct rig_register_certificate *certificate,
                                     struct rig_error *err);

/* `first` lies before the first row in the order of the listing. */
static rig_result each_certificate(struct rig_register *reg, enum rig_sql sql, int64_t first,
                                   const struct rig_db_value *filter, certificate_fn each,
                                   void *ctx, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf page = {0};
    int64_t last_row = first;

    for (;;) {
        const struct row *rows;
        size_t n_rows;

        rig_buf_reset(&page);
        RIG_TRY(read_page(reg, sql, last_row, filter, &page, err));
        rows = (const void *)page.data;
        n_rows = page.len / sizeof *rows;
        for (size_t i = 0; i < n_rows; i++) {
            RIG_TRY(each(ctx, &rows[i].certificate, err));
        }
        if (n_rows < RIG_SQL_PAGE_ROWS) {
            return RIG_DONE;
        }
        last_row = rows[n_rows - 1].row;
    }
}

rig_result rig_register_each_certificate(struct rig_register *reg, const char *device_id,
                                         certificate_fn each, void *ctx, struct rig_error *err)
{
    if (device_id == NULL) {
        return each_certificate(reg, RIG_SQL_CERT_ALL, INT64_MAX, NULL, each, ctx, err);
    }
    return each_certificate(reg, RIG_SQL_CERT_OF_DEVICE, INT64_MAX, &RIG_DB_TEXT(device_id), each,
                            ctx, err);
}

rig_result rig_register_each_orphan(struct rig_register *reg, certificate_fn each, void *ctx,
                                    struct rig_error *err)
{
    return each_certificate(reg, RIG_SQL_CERT_ORPHANS, 0, NULL, each, ctx, err);
}

rig_result rig_register_each_certificate_of_key(struct rig_register *reg,
                                                const uint8_t spki_sha256[RIG_SHA256_SIZE],
                                                certificate_fn each, void *ctx,
                                                struct rig_error *err)
{
    return each_certificate(reg, RIG_SQL_CERT_OF_KEY, INT64_MAX, &RIG_DB_SHA256(spki_sha256), each,
                            ctx, err);
}
