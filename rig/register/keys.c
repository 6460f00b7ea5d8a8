/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/register/db.h"

#include <stdio.h>
#include <string.h>

struct claim {
    const uint8_t *spki_sha256;
    const char *device_id;
    const char *board;
    const char *run_id;
};

struct owner {
    bool known;
    char device_id[64];
    char board[48];
    char run_id[40];
};

static rig_result find_owner(struct rig_register *held, const uint8_t *spki_sha256,
                             struct owner *owner, struct rig_error *err)
{
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};

    RIG_TRY(rig_db_prepare(held, RIG_SQL_KEY_OWNER, &query, err));
    RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_SHA256(spki_sha256)));
    RIG_TRY(rig_db_next(&query, &owner->known, err));
    if (owner->known) {
        rig_db_text(&query, 0, owner->device_id, sizeof owner->device_id);
        rig_db_text(&query, 1, owner->board, sizeof owner->board);
        rig_db_text(&query, 2, owner->run_id, sizeof owner->run_id);
    }
    return RIG_DONE;
}

static rig_result own(struct rig_register *held, const struct claim *claim, struct rig_error *err)
{
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};

    RIG_TRY(rig_db_prepare(held, RIG_SQL_KEY_OWN, &query, err));
    RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_SHA256(claim->spki_sha256),
                        RIG_DB_TEXT(claim->device_id), RIG_DB_TEXT(claim->board),
                        RIG_DB_TEXT(claim->run_id), RIG_DB_INT(rig_clock_now_ms(held->clock))));
    return rig_db_run(&query, NULL, err);
}

static rig_result note_claim(struct rig_register *held, const struct claim *claim, bool granted,
                             struct rig_error *err)
{
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};

    RIG_TRY(rig_db_prepare(held, RIG_SQL_KEY_CLAIM, &query, err));
    RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_SHA256(claim->spki_sha256),
                        RIG_DB_TEXT(claim->device_id), RIG_DB_TEXT(claim->board),
                        RIG_DB_TEXT(claim->run_id), RIG_DB_INT(rig_clock_now_ms(held->clock)),
                        RIG_DB_INT(granted)));
    return rig_db_run(&query, NULL, err);
}

static rig_result fail_duplicate(const struct claim *claim, const struct owner *owner,
                                 struct rig_error *err)
{
    char key[17];

    rig_hex(claim->spki_sha256, 8, key);
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_DUPLICATE,
                    "board %s (device id %s) has the same key as board %s (device id %s) of run "
                    "%s (public key SHA-256 %s...): one of them was cloned, or their random "
                    "numbers repeat; keep both out of the field and generate new keys",
                    claim->board, claim->device_id, owner->board, owner->device_id, owner->run_id,
                    key);
}

static rig_result check_claim(const struct claim *claim, struct rig_error *err)
{
    RIG_TRY(rig_db_fits("run id", claim->run_id, sizeof((struct owner *)NULL)->run_id, err));
    return rig_db_fits("device id", claim->device_id, sizeof((struct owner *)NULL)->device_id, err);
}

rig_result rig_register_claim_key(struct rig_register *reg,
                                  const uint8_t spki_sha256[RIG_SHA256_SIZE], const char *device_id,
                                  const struct rig_board_id *board, const char *run_id,
                                  struct rig_error *err)
{
    const struct claim claim = {
        .spki_sha256 = spki_sha256, .device_id = device_id, .board = board->text, .run_id = run_id};
    RIG_AUTO(rig_db_leave) struct rig_register *held = rig_db_enter(reg);
    struct owner owner = {0};
    bool granted;

    RIG_TRY(check_claim(&claim, err));
    RIG_TRY(rig_db_begin(held, err));
    RIG_TRY(find_owner(held, spki_sha256, &owner, err));
    granted = !owner.known ||
              (strcmp(owner.device_id, device_id) == 0 &&
               (strcmp(owner.run_id, run_id) != 0 || strcmp(owner.board, board->text) == 0));
    if (granted) {
        RIG_TRY(own(held, &claim, err));
    }
    RIG_TRY(note_claim(held, &claim, granted, err));
    RIG_TRY(rig_db_commit(held, err));
    return granted ? RIG_DONE : fail_duplicate(&claim, &owner, err);
}

rig_result rig_register_key_rivals(struct rig_register *reg, const char *run_id,
                                   const char *device_id, struct rig_buf *names,
                                   struct rig_error *err)
{
    RIG_AUTO(rig_db_leave) struct rig_register *held = rig_db_enter(reg);
    RIG_AUTO(rig_db_done) struct rig_db_query query = {0};
    const char *separator = "";

    RIG_TRY(rig_db_prepare(held, RIG_SQL_KEY_RIVALS, &query, err));
    RIG_TRY(RIG_DB_BIND(&query, err, RIG_DB_TEXT(run_id), RIG_DB_TEXT(device_id)));
    for (;;) {
        char board[48];
        char rival[64];
        bool row = false;

        RIG_TRY(rig_db_next(&query, &row, err));
        if (!row) {
            return RIG_DONE;
        }
        rig_db_text(&query, 0, board, sizeof board);
        rig_db_text(&query, 1, rival, sizeof rival);
        RIG_TRY(rig_buf_printf(names, err, "%s%s (%s)", separator, board, rival));
        separator = ", ";
    }
}
