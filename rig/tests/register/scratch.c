/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tests/register/scratch.h"

#include "rig/base/file.h"

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static int64_t hand_now_ms(void *ctx)
{
    struct scratch *scratch = ctx;

    return scratch->now_ms++;
}

int scratch_open(void **state)
{
    struct scratch *scratch = calloc(1, sizeof *scratch);

    assert_non_null(scratch);
    (void)snprintf(scratch->folder, sizeof scratch->folder, "/tmp/rig-register-XXXXXX");
    assert_non_null(mkdtemp(scratch->folder));
    scratch->now_ms = 1000000;
    scratch->clock = (struct rig_clock){.now_ms = hand_now_ms, .ctx = scratch};
    *state = scratch;
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

int scratch_close(void **state)
{
    struct scratch *scratch = *state;
    const int rc = nftw(scratch->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);

    free(scratch);
    return rc;
}

struct rig_register *scratch_register(struct scratch *scratch, bool writer)
{
    struct rig_register *reg = NULL;
    struct rig_error err = {0};

    assert_done(rig_register_open(scratch->folder, writer, &scratch->clock, &reg, &err));
    return reg;
}

void scratch_path(const struct scratch *scratch, const char *name, char *path, size_t size)
{
    assert_true((size_t)snprintf(path, size, "%s/%s", scratch->folder, name) < size);
}

struct rig_register_certificate scratch_certificate(const char *serial, const char *device_id)
{
    struct rig_register_certificate it = {.issuer = "CN=Line CA 1,O=Example",
                                          .not_before_ms = 1700000000000,
                                          .not_after_ms = 4102444800000,
                                          .key_type = RIG_KEY_P256,
                                          .purpose = RIG_PURPOSE_DEVICE,
                                          .run_id = "run-1",
                                          .board.text = "b1",
                                          .mac = "24:6f:28:aa:00:01",
                                          .backend = "local",
                                          .issued_ms = 1234};

    assert_true(rig_copy_text(it.serial, sizeof it.serial, serial));
    assert_true(rig_copy_text(it.device_id, sizeof it.device_id, device_id));
    memset(it.cert_sha256, 0xc1, sizeof it.cert_sha256);
    memset(it.spki_sha256, 0x51, sizeof it.spki_sha256);
    memset(it.csr_sha256, 0xc5, sizeof it.csr_sha256);
    return it;
}

void scratch_sql(const struct scratch *scratch, const char *sql)
{
    char path[128];
    sqlite3 *db = NULL;

    scratch_path(scratch, "rig.db", path, sizeof path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

void scratch_issue(struct rig_register *reg, const struct rig_register_certificate *certificate)
{
    struct rig_journal_id id = {0};
    struct rig_error err = {0};

    assert_done(rig_journal_open(reg, RIG_JOURNAL_ISSUE, certificate->run_id, &certificate->board,
                                 certificate->device_id, "spki", &id, &err));
    assert_done(rig_register_issued(reg, id, certificate, &err));
}

#define TALLY(list, item)                                                                          \
    do {                                                                                           \
        struct tally *tally = ctx;                                                                 \
        (void)err;                                                                                 \
        if (tally->n < sizeof tally->list / sizeof *tally->list) {                                 \
            tally->list[tally->n] = *(item);                                                       \
        }                                                                                          \
        tally->n++;                                                                                \
        return RIG_DONE;                                                                           \
    } while (0)

rig_result tally_entry(void *ctx, const struct rig_journal_entry *entry, struct rig_error *err)
{
    TALLY(entries, entry);
}

rig_result tally_certificate(void *ctx, const struct rig_register_certificate *certificate,
                             struct rig_error *err)
{
    TALLY(certificates, certificate);
}

rig_result tally_device(void *ctx, const struct rig_register_device *device, struct rig_error *err)
{
    TALLY(devices, device);
}

rig_result tally_run(void *ctx, const struct rig_register_run *run, struct rig_error *err)
{
    TALLY(runs, run);
}
