/* SPDX-License-Identifier: Apache-2.0 */
/* The file and its folder: writers and readers side by side, foreign and damaged files, long
 * listings. */
#include "rig/tests/register/scratch.h"

#include "rig/base/file.h"
#include "rig/register/schema.h"

#include <stdio.h>
#include <string.h>

static const struct rig_board_id b1 = {.text = "b1"};

static void test_second_writer_is_told_the_pid(void **state)
{
    struct scratch *scratch = *state;
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(scratch, true);
    struct rig_register *other = NULL;
    struct rig_error err = {0};
    char who[32];

    (void)snprintf(who, sizeof who, "(pid %d)", (int)getpid());
    assert_failed(rig_register_open(scratch->folder, true, &scratch->clock, &other, &err),
                  RIG_CLASS_RIG, RIG_E_BUSY);
    assert_null(other);
    assert_says(who);
    rig_auto_register(&reg);
    reg = scratch_register(scratch, true);
}

static void test_reader_works_beside_the_writer_and_writes_nothing(void **state)
{
    struct scratch *scratch = *state;
    RIG_AUTO(rig_auto_register) struct rig_register *writer = scratch_register(scratch, true);
    RIG_AUTO(rig_auto_register) struct rig_register *reader = scratch_register(scratch, false);
    struct rig_journal_id id = {0};
    struct rig_error err = {0};
    struct tally open = {0};
    int64_t pid = 0;

    assert_done(
        rig_journal_open(writer, RIG_JOURNAL_ISSUE, "run-1", &b1, "dev-1", "spki", &id, &err));
    assert_done(rig_journal_each_open(reader, tally_entry, &open, &err));
    assert_int_equal(open.n, 1);
    assert_failed(rig_journal_close(reader, id, true, NULL, &err), RIG_CLASS_RIG, RIG_E_PERMISSION);
    assert_says("for reading only");
    assert_done(rig_register_writer_pid(reader, &pid, &err));
    assert_int_equal(pid, getpid());
    rig_auto_register(&writer);
    assert_done(rig_register_writer_pid(reader, &pid, &err));
    assert_int_equal(pid, 0);
}

static void test_reader_of_nothing_is_told_which_folder_to_name(void **state)
{
    struct scratch *scratch = *state;
    struct rig_register *reg = NULL;
    struct rig_error err = {0};

    assert_failed(rig_register_open(scratch->folder, false, &scratch->clock, &reg, &err),
                  RIG_CLASS_USAGE, RIG_E_NOT_FOUND);
    assert_says(scratch->folder);
    assert_says("--out");
    assert_failed(rig_register_open("/nowhere/at/all", false, &scratch->clock, &reg, &err),
                  RIG_CLASS_USAGE, RIG_E_NOT_FOUND);
}

static void test_newer_and_foreign_files_are_refused(void **state)
{
    struct scratch *scratch = *state;
    struct rig_register *reg = NULL;
    struct rig_error err = {0};

    scratch_sql(scratch, "CREATE TABLE recipes (name TEXT)");
    assert_failed(rig_register_open(scratch->folder, true, &scratch->clock, &reg, &err),
                  RIG_CLASS_RIG, RIG_E_INVALID);
    assert_says("another program's database");
    scratch_sql(scratch, "DROP TABLE recipes");
    rig_register_close(scratch_register(scratch, true));
    scratch_sql(scratch, "PRAGMA user_version = 999");
    for (int writer = 0; writer < 2; writer++) {
        assert_failed(rig_register_open(scratch->folder, writer, &scratch->clock, &reg, &err),
                      RIG_CLASS_RIG, RIG_E_UNSUPPORTED);
        assert_says("newer rig (version 999");
    }
}

static void test_reader_brings_an_old_file_up_only_while_nobody_works(void **state)
{
    struct scratch *scratch = *state;
    struct rig_register *reg = NULL;
    struct rig_error err = {0};
    char marks[64];

    (void)snprintf(marks, sizeof marks, "PRAGMA application_id = %d", RIG_SCHEMA_APPLICATION_ID);
    scratch_sql(scratch, marks); /* ours, version 0: the oldest there is */
    reg = scratch_register(scratch, false);
    rig_register_close(reg);
    reg = scratch_register(scratch, true);
    scratch_sql(scratch, "PRAGMA user_version = 0");
    struct rig_register *reader = NULL;
    assert_failed(rig_register_open(scratch->folder, false, &scratch->clock, &reader, &err),
                  RIG_CLASS_RIG, RIG_E_BUSY);
    rig_register_close(reg);
}

static void test_what_is_no_database_is_left_alone(void **state)
{
    static const char junk[] = "this is a shopping list, and a rather long one: flour, eggs, milk, "
                               "butter, sugar, salt, pepper, and so on and so on and so on ...";
    struct scratch *scratch = *state;
    struct rig_register *reg = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf after = {0};
    struct rig_error err = {0};
    char path[128];

    scratch_path(scratch, "rig.db", path, sizeof path);
    assert_done(rig_file_replace(path, junk, sizeof junk, 0644, &err));
    for (int writer = 0; writer < 2; writer++) {
        assert_failed(rig_register_open(scratch->folder, writer, &scratch->clock, &reg, &err),
                      RIG_CLASS_RIG, RIG_E_INVALID);
        assert_says("damaged or not a register");
        assert_says("--out");
    }
    assert_done(rig_file_read(path, 4096, &after, &err));
    assert_int_equal(after.len, sizeof junk);
    assert_memory_equal(after.data, junk, sizeof junk);
}

static void test_word_that_nobody_knows_is_named(void **state)
{
    struct scratch *scratch = *state;
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(scratch, true);
    const struct rig_register_certificate it = scratch_certificate("01", "dev-1");
    struct rig_error err = {0};
    struct tally all = {0};

    scratch_issue(reg, &it);
    scratch_sql(scratch, "UPDATE certificates SET state = 'lost'");
    assert_failed(rig_register_each_certificate(reg, NULL, tally_certificate, &all, &err),
                  RIG_CLASS_RIG, RIG_E_INVALID);
    assert_says("'lost'");
}

/* More rows than fit a page, in the order of the listing. */
struct ordered {
    size_t n;
    char last[48];
    bool falls;
    bool out_of_order;
};

static void see(struct ordered *ordered, const char *key)
{
    const int order = ordered->n != 0 ? strcmp(key, ordered->last) : 0;

    ordered->out_of_order |= ordered->n != 0 && (ordered->falls ? order >= 0 : order <= 0);
    (void)rig_copy_text(ordered->last, sizeof ordered->last, key);
    ordered->n++;
}

static rig_result see_certificate(void *ctx, const struct rig_register_certificate *certificate,
                                  struct rig_error *err)
{
    (void)err;
    see(ctx, certificate->serial);
    return RIG_DONE;
}

static rig_result see_device(void *ctx, const struct rig_register_device *device,
                             struct rig_error *err)
{
    (void)err;
    see(ctx, device->mac);
    return RIG_DONE;
}

static rig_result see_run(void *ctx, const struct rig_register_run *run, struct rig_error *err)
{
    (void)err;
    see(ctx, run->run_id);
    return RIG_DONE;
}

static rig_result see_entry(void *ctx, const struct rig_journal_entry *entry, struct rig_error *err)
{
    (void)err;
    see(ctx, entry->subject);
    return RIG_DONE;
}

#define assert_listed(expr, ordered, n_rows)                                                       \
    do {                                                                                           \
        assert_done(expr);                                                                         \
        assert_int_equal((ordered).n, (n_rows));                                                   \
        assert_false((ordered).out_of_order);                                                      \
    } while (0)

static void fill_by_sql(const struct scratch *scratch)
{
    scratch_sql(
        scratch,
        "CREATE TEMP TABLE n AS WITH RECURSIVE c(i) AS"
        " (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 600) SELECT i FROM c;"
        "INSERT INTO certificates SELECT i, printf('%06x', i), 'CN=CA', zeroblob(32),"
        " zeroblob(32), zeroblob(32), 0, 1, 'p-256', 'device', 'issued', 'run', 'b1', 'dev',"
        " 'mac', 'local', '', '', 1, 0, 0, '' FROM n;"
        "INSERT INTO devices SELECT printf('24:6f:28:aa:%02x:%02x', i / 256, i % 256),"
        " printf('dev-%d', i), 'b', 'c', 0, 0, 0, '', 0, 0, '', '', '', '', 'run', '', '', '',"
        " 1, 1 FROM n;"
        /* equal starts: the order falls back on the run id */
        "INSERT INTO runs SELECT printf('run-%04d', i), '', '', '', '', '', '', 1, i / 100, 0,"
        " '', '' FROM n;"
        "INSERT INTO journal SELECT i, 'issue', 'run', 'b', 'dev', printf('%04d', i), 1, NULL,"
        " 0, '' FROM n;");
}

static void test_listings_longer_than_a_page_are_whole_and_in_order(void **state)
{
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);
    const uint8_t zeros[RIG_SHA256_SIZE] = {0};
    struct ordered rising[6] = {0};
    struct ordered falling[4] = {
        {.falls = true}, {.falls = true}, {.falls = true}, {.falls = true}};
    struct rig_error err = {0};

    fill_by_sql(*state);
    assert_listed(rig_register_each_certificate(reg, NULL, see_certificate, &falling[0], &err),
                  falling[0], 600);
    assert_listed(rig_register_each_certificate(reg, "dev", see_certificate, &falling[1], &err),
                  falling[1], 600);
    assert_listed(
        rig_register_each_certificate_of_key(reg, zeros, see_certificate, &falling[2], &err),
        falling[2], 600);
    assert_listed(rig_register_each_run(reg, see_run, &falling[3], &err), falling[3], 600);
    assert_listed(rig_register_each_orphan(reg, see_certificate, &rising[0], &err), rising[0], 600);
    assert_listed(rig_register_each_device(reg, see_device, &rising[1], &err), rising[1], 600);
    assert_listed(rig_journal_each_open(reg, see_entry, &rising[2], &err), rising[2], 600);
    assert_listed(rig_journal_each(reg, NULL, see_entry, &rising[3], &err), rising[3], 600);
    assert_listed(rig_journal_each(reg, "run", see_entry, &rising[4], &err), rising[4], 600);
    assert_listed(rig_register_each_certificate(reg, "other", see_certificate, &rising[5], &err),
                  rising[5], 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, scratch_open, scratch_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_second_writer_is_told_the_pid),
        T(test_reader_works_beside_the_writer_and_writes_nothing),
        T(test_reader_of_nothing_is_told_which_folder_to_name),
        T(test_newer_and_foreign_files_are_refused),
        T(test_reader_brings_an_old_file_up_only_while_nobody_works),
        T(test_what_is_no_database_is_left_alone),
        T(test_word_that_nobody_knows_is_named),
        T(test_listings_longer_than_a_page_are_whole_and_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
