/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/register/db.h"

#include <string.h>

static rig_result fail_clash(const struct rig_db_query *query,
                             const struct rig_register_device *device, struct rig_error *err)
{
    char mac[18];
    char device_id[64];
    char board[48];

    rig_db_text(query, 0, mac, sizeof mac);
    rig_db_text(query, 1, device_id, sizeof device_id);
    rig_db_text(query, 2, board, sizeof board);
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_DUPLICATE,
                    "board %s (device id %s, MAC %s) claims to be what board %s (device id %s, MAC "
                    "%s) is already: two boards must not share a MAC or a device id; take both out "
                    "and read their MACs",
                    device->board.text, device->device_id, device->mac, board, device_id, mac);
}

static rig_result check_unique(struct rig_register *held, const struct rig_register_device *device,
                               struct rig_error *err)
{
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};
    bool clash = false;

    RIG_TRY(rig_db_prepare(held, RIG_SQL_DEVICE_CLASH, &query, err));
    RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_TEXT(device->mac), RIG_DB_TEXT(device->device_id),
                        RIG_DB_TEXT(device->run_id), RIG_DB_TEXT(device->board.text)));
    RIG_TRY(rig_db_next(&query, &clash, err));
    return clash ? fail_clash(&query, device, err) : RIG_DONE;
}

rig_result rig_register_put_device(struct rig_register *reg,
                                   const struct rig_register_device *device, struct rig_error *err)
{
    RIG_AUTO(rig_db_leave) struct rig_register *held = rig_db_enter(reg);
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};

    RIG_TRY(rig_db_begin(held, err));
    RIG_TRY(check_unique(held, device, err));
    RIG_TRY(rig_db_prepare(held, RIG_SQL_DEVICE_PUT, &query, err));
    RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_TEXT(device->mac), RIG_DB_TEXT(device->device_id),
                        RIG_DB_TEXT(device->board.text), RIG_DB_TEXT(device->chip),
                        RIG_DB_INT(device->chip_revision), RIG_DB_INT(device->flash_id),
                        RIG_DB_INT(device->flash_size_bytes), RIG_DB_TEXT(device->firmware),
                        RIG_DB_INT(device->secure_boot), RIG_DB_INT(device->flash_encryption),
                        RIG_DB_TEXT(device->station), RIG_DB_TEXT(device->operator_name),
                        RIG_DB_TEXT(device->suite), RIG_DB_TEXT(device->result),
                        RIG_DB_TEXT(device->run_id), RIG_DB_TEXT(device->junit_sha256),
                        RIG_DB_TEXT(device->serial), RIG_DB_INT(rig_clock_now_ms(held->clock))));
    RIG_TRY(rig_db_run(&query, NULL, err));
    return rig_db_commit(held, err);
}

static rig_result read_device(const struct rig_db_query *query, void *record, struct rig_error *err)
{
    struct rig_register_device *it = record;

    (void)err;
    rig_db_text(query, 0, it->mac, sizeof it->mac);
    rig_db_text(query, 1, it->device_id, sizeof it->device_id);
    rig_db_text(query, 2, it->board.text, sizeof it->board.text);
    rig_db_text(query, 3, it->chip, sizeof it->chip);
    it->chip_revision = (unsigned)rig_db_int(query, 4);
    it->flash_id = (uint32_t)rig_db_int(query, 5);
    it->flash_size_bytes = (uint32_t)rig_db_int(query, 6);
    rig_db_text(query, 7, it->firmware, sizeof it->firmware);
    it->secure_boot = rig_db_int(query, 8) != 0;
    it->flash_encryption = rig_db_int(query, 9) != 0;
    rig_db_text(query, 10, it->station, sizeof it->station);
    rig_db_text(query, 11, it->operator_name, sizeof it->operator_name);
    rig_db_text(query, 12, it->suite, sizeof it->suite);
    rig_db_text(query, 13, it->result, sizeof it->result);
    rig_db_text(query, 14, it->run_id, sizeof it->run_id);
    rig_db_text(query, 15, it->junit_sha256, sizeof it->junit_sha256);
    rig_db_text(query, 16, it->serial, sizeof it->serial);
    rig_db_text(query, 17, it->note, sizeof it->note);
    it->first_seen_ms = rig_db_int(query, 18);
    it->updated_ms = rig_db_int(query, 19);
    return RIG_DONE;
}

static rig_result read_page(struct rig_register *reg, const char *after_mac, struct rig_buf *page,
                            struct rig_error *err)
{
    RIG_AUTO(rig_db_leave) struct rig_register *held = rig_db_enter(reg);
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};

    RIG_TRY(rig_db_prepare(held, RIG_SQL_DEVICE_ALL, &query, err));
    RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_TEXT(after_mac)));
    return rig_db_collect(&query, read_device, sizeof(struct rig_register_device), page, err);
}

rig_result rig_register_each_device(struct rig_register *reg,
                                    rig_result (*each)(void *ctx,
                                                       const struct rig_register_device *device,
                                                       struct rig_error *err),
                                    void *ctx, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf page = {0};
    char last_mac[sizeof((struct rig_register_device *)NULL)->mac] = "";

    for (;;) {
        const struct rig_register_device *devices;
        size_t n_devices;

        rig_buf_reset(&page);
        RIG_TRY(read_page(reg, last_mac, &page, err));
        devices = (const void *)page.data;
        n_devices = page.len / sizeof *devices;
        for (size_t i = 0; i < n_devices; i++) {
            RIG_TRY(each(ctx, &devices[i], err));
        }
        if (n_devices < RIG_SQL_PAGE_ROWS) {
            return RIG_DONE;
        }
        (void)rig_copy_text(last_mac, sizeof last_mac, devices[n_devices - 1].mac);
    }
}

static rig_result find_held(struct rig_register *held, const char *name,
                            struct rig_register_device *device, struct rig_error *err)
{
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};
    bool row = false;

    RIG_TRY(rig_db_prepare(held, RIG_SQL_DEVICE_FIND, &query, err));
    RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_TEXT(name)));
    RIG_TRY(rig_db_next(&query, &row, err));
    if (!row) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                        "no device '%s' is in the register '%s': `rig register list` shows the "
                        "names (a MAC, a device id or a board)",
                        name, held->path);
    }
    memset(device, 0, sizeof *device);
    return read_device(&query, device, err);
}

rig_result rig_register_find_device(struct rig_register *reg, const char *name,
                                    struct rig_register_device *device, struct rig_error *err)
{
    RIG_AUTO(rig_db_leave) struct rig_register *held = rig_db_enter(reg);

    return find_held(held, name, device, err);
}

rig_result rig_register_note(struct rig_register *reg, const char *name, const char *note,
                             struct rig_error *err)
{
    RIG_AUTO(rig_db_leave) struct rig_register *held = rig_db_enter(reg);
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};
    struct rig_register_device device;

    RIG_TRY(rig_db_fits("note", note, sizeof device.note, err));
    RIG_TRY(find_held(held, name, &device, err));
    RIG_TRY(rig_db_prepare(held, RIG_SQL_DEVICE_NOTE, &query, err));
    RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_TEXT(device.mac), RIG_DB_TEXT(note)));
    return rig_db_run(&query, NULL, err);
}
