/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tests/register/scratch.h"

#include <stdio.h>
#include <string.h>

static const struct rig_board_id b1 = {.text = "b1"};
static const struct rig_board_id b2 = {.text = "b2"};
static const struct rig_board_id b3 = {.text = "b3"};

static void test_journal_entry_stays_open_until_closed(void **state)
{
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);
    struct rig_journal_id first = {0};
    struct rig_journal_id second = {0};
    struct rig_error err = {0};
    struct tally open = {0};
    struct tally all = {0};

    assert_done(
        rig_journal_open(reg, RIG_JOURNAL_ISSUE, "run-1", &b1, "dev-1", "spki 51", &first, &err));
    assert_done(rig_journal_open(reg, RIG_JOURNAL_FLASH, "run-1", &b2, "dev-2",
                                 "esp_secure_cert@0x110000", &second, &err));
    assert_done(rig_journal_close(reg, first, false, "the CA said no", &err));
    assert_done(rig_journal_each_open(reg, tally_entry, &open, &err));
    assert_int_equal(open.n, 1);
    assert_int_equal(open.entries[0].id.row, second.row);
    assert_int_equal(open.entries[0].action, RIG_JOURNAL_FLASH);
    assert_string_equal(open.entries[0].board.text, "b2");
    assert_string_equal(open.entries[0].device_id, "dev-2");
    assert_string_equal(open.entries[0].subject, "esp_secure_cert@0x110000");
    assert_int_equal(open.entries[0].closed_ms, 0);

    assert_done(rig_journal_each(reg, "run-1", tally_entry, &all, &err));
    assert_int_equal(all.n, 2);
    assert_false(all.entries[0].ok);
    assert_string_equal(all.entries[0].outcome, "the CA said no");
    assert_true(all.entries[0].closed_ms > all.entries[0].opened_ms);
    all.n = 0;
    assert_done(rig_journal_each(reg, "run-2", tally_entry, &all, &err));
    assert_int_equal(all.n, 0);
    assert_done(rig_journal_each(reg, NULL, tally_entry, &all, &err));
    assert_int_equal(all.n, 2);
}

static void test_entry_closes_once(void **state)
{
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);
    struct rig_journal_id id = {0};
    struct rig_error err = {0};

    assert_done(
        rig_journal_open(reg, RIG_JOURNAL_REVOKE, "run-1", &b1, "dev-1", "serial 01", &id, &err));
    assert_done(rig_journal_close(reg, id, true, NULL, &err));
    assert_failed(rig_journal_close(reg, id, true, NULL, &err), RIG_CLASS_RIG, RIG_E_INVALID);
    id.row += 100;
    assert_failed(rig_journal_close(reg, id, true, NULL, &err), RIG_CLASS_RIG, RIG_E_INVALID);
}

static void test_long_names_are_refused_and_long_outcomes_cut(void **state)
{
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);
    char outcome[400];
    char subject[97];
    struct rig_journal_id id = {0};
    struct rig_error err = {0};
    struct tally all = {0};

    memset(subject, 's', sizeof subject - 1);
    subject[sizeof subject - 1] = '\0';
    memset(outcome, 'o', sizeof outcome - 1);
    outcome[sizeof outcome - 1] = '\0';
    assert_failed(
        rig_journal_open(reg, RIG_JOURNAL_ISSUE, "run-1", &b1, "dev-1", subject, &id, &err),
        RIG_CLASS_RIG, RIG_E_INVALID);
    subject[95] = '\0';
    assert_done(
        rig_journal_open(reg, RIG_JOURNAL_ISSUE, "run-1", &b1, "dev-1", subject, &id, &err));
    assert_done(rig_journal_close(reg, id, true, outcome, &err));
    assert_done(rig_journal_each(reg, NULL, tally_entry, &all, &err));
    assert_int_equal(all.n, 1);
    assert_string_equal(all.entries[0].subject, subject);
    assert_int_equal(strlen(all.entries[0].outcome), sizeof all.entries[0].outcome - 1);
}

static void test_key_belongs_to_one_device_for_ever(void **state)
{
    const uint8_t spki[RIG_SHA256_SIZE] = {0xab, 0xcd};
    const uint8_t other[RIG_SHA256_SIZE] = {0xab, 0xce};
    struct rig_error err = {0};
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);

    assert_done(rig_register_claim_key(reg, spki, "dev-1", &b1, "run-1", &err));
    assert_done(rig_register_claim_key(reg, spki, "dev-1", &b1, "run-1", &err));
    assert_done(rig_register_claim_key(reg, other, "dev-2", &b2, "run-1", &err));
    rig_auto_register(&reg);
    reg = scratch_register(*state, true);
    assert_failed(rig_register_claim_key(reg, spki, "dev-2", &b2, "run-2", &err), RIG_CLASS_DEVICE,
                  RIG_E_DUPLICATE);
    assert_says("board b1 (device id dev-1)");
    assert_says("board b2 (device id dev-2)");
    assert_says("abcd00");
    /* on another slot, the same device keeps its key */
    assert_done(rig_register_claim_key(reg, spki, "dev-1", &b3, "run-2", &err));
}

static void test_clone_with_the_same_device_id_is_a_duplicate(void **state)
{
    const uint8_t spki[RIG_SHA256_SIZE] = {1};
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);
    RIG_AUTO(rig_buf_free) struct rig_buf names = {0};
    struct rig_error err = {0};

    assert_done(rig_register_claim_key(reg, spki, "dev-1", &b1, "run-1", &err));
    assert_done(rig_register_claim_key(reg, spki, "dev-1", &b1, "run-2", &err));
    assert_failed(rig_register_claim_key(reg, spki, "dev-1", &b2, "run-2", &err), RIG_CLASS_DEVICE,
                  RIG_E_DUPLICATE);
    assert_done(rig_register_key_rivals(reg, "run-2", "dev-1", &names, &err));
    assert_string_equal(rig_buf_text(&names), "b2 (dev-1)");
}

static void test_first_owner_learns_of_its_rivals(void **state)
{
    const uint8_t spki[RIG_SHA256_SIZE] = {7};
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);
    RIG_AUTO(rig_buf_free) struct rig_buf names = {0};
    struct rig_error err = {0};

    assert_done(rig_register_claim_key(reg, spki, "dev-1", &b1, "run-1", &err));
    assert_done(rig_register_key_rivals(reg, "run-1", "dev-1", &names, &err));
    assert_string_equal(rig_buf_text(&names), "");
    for (int again = 0; again < 2; again++) {
        assert_failed(rig_register_claim_key(reg, spki, "dev-3", &b3, "run-1", &err),
                      RIG_CLASS_DEVICE, RIG_E_DUPLICATE);
        assert_failed(rig_register_claim_key(reg, spki, "dev-2", &b2, "run-1", &err),
                      RIG_CLASS_DEVICE, RIG_E_DUPLICATE);
    }
    assert_done(rig_register_key_rivals(reg, "run-1", "dev-1", &names, &err));
    assert_string_equal(rig_buf_text(&names), "b2 (dev-2), b3 (dev-3)");
    rig_buf_reset(&names);
    assert_done(rig_register_key_rivals(reg, "run-1", "dev-2", &names, &err));
    assert_string_equal(rig_buf_text(&names), "b1 (dev-1), b3 (dev-3)");
    rig_buf_reset(&names);
    assert_done(rig_register_key_rivals(reg, "run-9", "dev-1", &names, &err));
    assert_string_equal(rig_buf_text(&names), "");
}

static void test_certificate_comes_back_whole_and_closes_its_entry(void **state)
{
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);
    struct rig_register_certificate it = scratch_certificate("0a0b", "dev-1");
    const struct rig_register_certificate *back;
    struct rig_error err = {0};
    struct tally found = {0};
    struct tally open = {0};

    it.purpose = RIG_PURPOSE_TEST;
    it.state = RIG_CERT_REVOKED; /* not believed */
    (void)rig_copy_text(it.backend_request, sizeof it.backend_request, "request-1");
    scratch_issue(reg, &it);
    assert_done(rig_journal_each_open(reg, tally_entry, &open, &err));
    assert_int_equal(open.n, 0);
    assert_done(rig_register_each_certificate(reg, "dev-1", tally_certificate, &found, &err));
    assert_int_equal(found.n, 1);
    back = &found.certificates[0];
    assert_string_equal(back->serial, "0a0b");
    assert_string_equal(back->issuer, it.issuer);
    assert_memory_equal(back->cert_sha256, it.cert_sha256, RIG_SHA256_SIZE);
    assert_memory_equal(back->spki_sha256, it.spki_sha256, RIG_SHA256_SIZE);
    assert_memory_equal(back->csr_sha256, it.csr_sha256, RIG_SHA256_SIZE);
    assert_int_equal(back->not_before_ms, it.not_before_ms);
    assert_int_equal(back->not_after_ms, it.not_after_ms);
    assert_int_equal(back->key_type, RIG_KEY_P256);
    assert_int_equal(back->purpose, RIG_PURPOSE_TEST);
    assert_int_equal(back->state, RIG_CERT_ISSUED);
    assert_string_equal(back->run_id, "run-1");
    assert_string_equal(back->board.text, "b1");
    assert_string_equal(back->mac, it.mac);
    assert_string_equal(back->backend, "local");
    assert_string_equal(back->backend_request, "request-1");
    assert_int_equal(back->issued_ms, 1234);
    found.n = 0;
    assert_done(
        rig_register_each_certificate_of_key(reg, it.spki_sha256, tally_certificate, &found, &err));
    assert_int_equal(found.n, 1);
}

static void test_serial_used_twice_leaves_the_entry_open(void **state)
{
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);
    struct rig_register_certificate it = scratch_certificate("0a0b", "dev-1");
    struct rig_journal_id id = {0};
    struct rig_error err = {0};
    struct tally open = {0};

    scratch_issue(reg, &it);
    assert_done(rig_journal_open(reg, RIG_JOURNAL_ISSUE, "run-1", &b2, "dev-2", "spki", &id, &err));
    (void)rig_copy_text(it.serial, sizeof it.serial, "0A0B"); /* hex has no case */
    assert_failed(rig_register_issued(reg, id, &it, &err), RIG_CLASS_CA, RIG_E_EXISTS);
    assert_done(rig_journal_each_open(reg, tally_entry, &open, &err));
    assert_int_equal(open.n, 1);
    /* an entry that is closed already: the certificate is not recorded either */
    assert_done(rig_journal_close(reg, id, false, "given up", &err));
    (void)rig_copy_text(it.serial, sizeof it.serial, "0c");
    assert_failed(rig_register_issued(reg, id, &it, &err), RIG_CLASS_RIG, RIG_E_INVALID);
    open.n = 0;
    assert_done(rig_register_each_certificate(reg, NULL, tally_certificate, &open, &err));
    assert_int_equal(open.n, 1);
}

static void test_orphans_are_what_was_issued_and_not_installed(void **state)
{
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);
    const char *const serials[] = {"01", "02", "03", "04"};
    struct rig_error err = {0};
    struct tally found = {0};

    for (size_t i = 0; i < 4; i++) {
        const struct rig_register_certificate it = scratch_certificate(serials[i], "dev-1");

        scratch_issue(reg, &it);
    }
    assert_done(rig_register_set_state(reg, "01", RIG_CERT_INSTALLED, NULL, &err));
    assert_done(rig_register_set_state(reg, "03", RIG_CERT_REVOKED, "cessationOfOperation", &err));
    assert_done(rig_register_each_orphan(reg, tally_certificate, &found, &err));
    assert_int_equal(found.n, 2);
    assert_string_equal(found.certificates[0].serial, "02");
    assert_string_equal(found.certificates[1].serial, "04");
}

static void test_states_only_move_on(void **state)
{
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);
    struct rig_register_certificate first = scratch_certificate("01", "dev-1");
    struct rig_register_certificate second = scratch_certificate("02", "dev-1");
    struct rig_error err = {0};
    struct tally found = {0};
    int64_t revoked_ms;

    scratch_issue(reg, &first);
    scratch_issue(reg, &second);
    assert_failed(rig_register_set_state(reg, "01", RIG_CERT_SUPERSEDED, NULL, &err), RIG_CLASS_RIG,
                  RIG_E_INVALID);
    assert_done(rig_register_set_state(reg, "01", RIG_CERT_INSTALLED, NULL, &err));
    assert_done(rig_register_set_state(reg, "02", RIG_CERT_INSTALLED, NULL, &err));
    assert_failed(rig_register_set_state(reg, "01", RIG_CERT_ISSUED, NULL, &err), RIG_CLASS_RIG,
                  RIG_E_INVALID);
    assert_done(rig_register_set_state(reg, "01", RIG_CERT_SUPERSEDED, "superseded", &err));
    assert_failed(rig_register_set_state(reg, "01", RIG_CERT_INSTALLED, NULL, &err), RIG_CLASS_RIG,
                  RIG_E_INVALID);
    assert_done(rig_register_each_certificate(reg, NULL, tally_certificate, &found, &err));
    assert_int_equal(found.n, 2);
    assert_string_equal(found.certificates[0].serial, "02"); /* newest first */
    assert_string_equal(found.certificates[0].supersedes, "01");
    assert_string_equal(found.certificates[1].supersedes, "");
    assert_int_equal(found.certificates[1].state, RIG_CERT_SUPERSEDED);
    assert_string_equal(found.certificates[1].revocation_reason, "superseded");
    assert_true(found.certificates[1].installed_ms != 0);
    revoked_ms = found.certificates[1].revoked_ms;
    assert_true(revoked_ms > found.certificates[1].installed_ms);

    assert_done(rig_register_set_state(reg, "01", RIG_CERT_REVOKED, "keyCompromise", &err));
    found.n = 0;
    assert_done(rig_register_each_certificate(reg, NULL, tally_certificate, &found, &err));
    assert_int_equal(found.certificates[1].state, RIG_CERT_REVOKED);
    assert_string_equal(found.certificates[1].revocation_reason, "superseded");
    assert_int_equal(found.certificates[1].revoked_ms, revoked_ms);
}

static void test_serial_of_two_issuers_needs_the_issuer(void **state)
{
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);
    struct rig_register_certificate it = scratch_certificate("01", "dev-1");
    struct rig_error err = {0};
    struct tally orphans = {0};

    scratch_issue(reg, &it);
    (void)rig_copy_text(it.issuer, sizeof it.issuer, "CN=Other CA");
    scratch_issue(reg, &it);
    assert_failed(rig_register_set_state(reg, "01", RIG_CERT_REVOKED, NULL, &err), RIG_CLASS_USAGE,
                  RIG_E_DUPLICATE);
    assert_done(rig_register_set_state_of(reg, "CN=Other CA", "01", RIG_CERT_REVOKED, NULL, &err));
    assert_done(rig_register_each_orphan(reg, tally_certificate, &orphans, &err));
    assert_int_equal(orphans.n, 1);
    assert_string_equal(orphans.certificates[0].issuer, "CN=Line CA 1,O=Example");
    assert_failed(rig_register_set_state(reg, "99", RIG_CERT_REVOKED, NULL, &err), RIG_CLASS_USAGE,
                  RIG_E_NOT_FOUND);
}

static struct rig_register_device device_of(const char *mac, const char *device_id,
                                            const char *board, const char *run_id)
{
    struct rig_register_device it = {.chip = "ESP32",
                                     .chip_revision = 301,
                                     .flash_id = 0xffffffff,
                                     .flash_size_bytes = 4u << 20,
                                     .firmware = "agent 1, mbed TLS 2.28.3",
                                     .secure_boot = true,
                                     .station = "station-4",
                                     .operator_name = "ana",
                                     .suite = "acceptance",
                                     .result = "pass",
                                     .serial = "0a0b"};

    assert_true(rig_copy_text(it.mac, sizeof it.mac, mac));
    assert_true(rig_copy_text(it.device_id, sizeof it.device_id, device_id));
    assert_true(rig_copy_text(it.board.text, sizeof it.board.text, board));
    assert_true(rig_copy_text(it.run_id, sizeof it.run_id, run_id));
    return it;
}

static void test_device_is_kept_by_mac(void **state)
{
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);
    struct rig_register_device it = device_of("24:6f:28:aa:00:01", "dev-1", "b1", "run-1");
    struct rig_register_device back = {0};
    struct rig_error err = {0};
    int64_t first_seen_ms;

    assert_done(rig_register_put_device(reg, &it, &err));
    assert_done(rig_register_find_device(reg, "24:6F:28:AA:00:01", &back, &err));
    first_seen_ms = back.first_seen_ms;
    assert_true(first_seen_ms != 0);
    it.first_seen_ms = back.first_seen_ms;
    it.updated_ms = back.updated_ms;
    assert_string_equal(back.firmware, it.firmware);
    assert_int_equal(back.flash_id, 0xffffffff);
    assert_int_equal(back.chip_revision, 301);
    assert_true(back.secure_boot);
    assert_false(back.flash_encryption);
    assert_string_equal(back.operator_name, "ana");
    assert_string_equal(back.serial, "0a0b");

    assert_done(rig_register_note(reg, "dev-1", "scratched housing", &err));
    assert_done(rig_register_set_junit(reg, "run-1", "aa11", &err));
    it = device_of("24:6f:28:aa:00:01", "dev-1", "b1", "run-1");
    (void)rig_copy_text(it.result, sizeof it.result, "flaky");
    assert_done(rig_register_put_device(reg, &it, &err));
    assert_done(rig_register_find_device(reg, "dev-1", &back, &err));
    assert_string_equal(back.result, "flaky");
    assert_string_equal(back.junit_sha256, "aa11");
    assert_string_equal(back.note, "scratched housing");
    assert_int_equal(back.first_seen_ms, first_seen_ms);
    assert_true(back.updated_ms > first_seen_ms);

    it = device_of("24:6f:28:aa:00:01", "dev-1", "b7", "run-2");
    assert_done(rig_register_put_device(reg, &it, &err));
    assert_done(rig_register_find_device(reg, "b7", &back, &err));
    assert_string_equal(back.junit_sha256, "");
    assert_string_equal(back.note, "scratched housing");
    assert_failed(rig_register_find_device(reg, "b1", &back, &err), RIG_CLASS_USAGE,
                  RIG_E_NOT_FOUND);
}

/* A later run that ended before it read the board's certificate. */
static void test_serial_stays_while_its_certificate_is_installed(void **state)
{
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);
    const struct rig_register_certificate kept = scratch_certificate("0a0b", "dev-1");
    struct rig_register_device it = device_of("24:6f:28:aa:00:01", "dev-1", "b1", "run-1");
    struct rig_register_device back = {0};
    struct rig_error err = {0};

    scratch_issue(reg, &kept);
    assert_done(rig_register_set_state(reg, "0a0b", RIG_CERT_INSTALLED, NULL, &err));
    assert_done(rig_register_put_device(reg, &it, &err));
    it = device_of("24:6f:28:aa:00:01", "dev-1", "b1", "run-2");
    it.serial[0] = '\0';
    assert_done(rig_register_put_device(reg, &it, &err));
    assert_done(rig_register_find_device(reg, "dev-1", &back, &err));
    assert_string_equal(back.run_id, "run-2");
    assert_string_equal(back.serial, "0a0b");

    (void)rig_copy_text(it.serial, sizeof it.serial, "0c0d"); /* another took its place */
    assert_done(rig_register_put_device(reg, &it, &err));
    assert_done(rig_register_find_device(reg, "dev-1", &back, &err));
    assert_string_equal(back.serial, "0c0d");

    (void)rig_copy_text(it.serial, sizeof it.serial, "0a0b");
    assert_done(rig_register_put_device(reg, &it, &err));
    assert_done(rig_register_set_state(reg, "0a0b", RIG_CERT_REVOKED, "keyCompromise", &err));
    it.serial[0] = '\0';
    assert_done(rig_register_put_device(reg, &it, &err));
    assert_done(rig_register_find_device(reg, "dev-1", &back, &err));
    assert_string_equal(back.serial, "");
}

static void test_board_name_finds_the_newest_run(void **state)
{
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);
    struct rig_register_device older = device_of("24:6f:28:aa:00:09", "dev-9", "b1", "run-1");
    struct rig_register_device newer = device_of("24:6f:28:aa:00:01", "dev-1", "b1", "run-2");
    struct rig_register_device back = {0};
    struct rig_error err = {0};
    struct tally all = {0};

    assert_done(rig_register_put_device(reg, &older, &err));
    assert_done(rig_register_put_device(reg, &newer, &err));
    assert_done(rig_register_find_device(reg, "b1", &back, &err));
    assert_string_equal(back.device_id, "dev-1");
    assert_done(rig_register_each_device(reg, tally_device, &all, &err));
    assert_int_equal(all.n, 2);
}

static void test_two_boards_never_share_a_mac_or_an_id(void **state)
{
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);
    struct rig_register_device it = device_of("24:6f:28:aa:00:01", "dev-1", "b1", "run-1");
    struct rig_register_device same_mac = device_of("24:6f:28:aa:00:01", "dev-1", "b2", "run-1");
    struct rig_register_device same_id = device_of("24:6f:28:aa:00:02", "dev-1", "b2", "run-2");
    struct rig_error err = {0};

    assert_done(rig_register_put_device(reg, &it, &err));
    assert_failed(rig_register_put_device(reg, &same_mac, &err), RIG_CLASS_DEVICE, RIG_E_DUPLICATE);
    assert_says("board b2");
    assert_says("board b1");
    assert_failed(rig_register_put_device(reg, &same_id, &err), RIG_CLASS_DEVICE, RIG_E_DUPLICATE);
    assert_says("24:6f:28:aa:00:01");
    assert_says("24:6f:28:aa:00:02");
}

static void test_runs_are_listed_newest_first(void **state)
{
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);
    const struct rig_register_run first = {.run_id = "run-1", .suite = "acceptance", .ca = "local"};
    const struct rig_register_run second = {.run_id = "run-2", .suite = "smoke", .ca = "vault"};
    struct rig_error err = {0};
    struct tally all = {0};

    assert_done(rig_register_run_begin(reg, &first, &err));
    assert_done(rig_register_run_begin(reg, &second, &err));
    assert_failed(rig_register_run_begin(reg, &second, &err), RIG_CLASS_RIG, RIG_E_EXISTS);
    assert_done(rig_register_run_end(reg, "run-1", "pass", &err));
    assert_done(rig_register_set_junit(reg, "run-1", "aa11", &err));
    assert_failed(rig_register_run_end(reg, "run-3", "pass", &err), RIG_CLASS_RIG, RIG_E_NOT_FOUND);
    assert_done(rig_register_each_run(reg, tally_run, &all, &err));
    assert_int_equal(all.n, 2);
    assert_string_equal(all.runs[0].run_id, "run-2");
    assert_int_equal(all.runs[0].ended_ms, 0);
    assert_int_equal(all.runs[0].pid, getpid());
    assert_string_equal(all.runs[1].result, "pass");
    assert_string_equal(all.runs[1].junit_sha256, "aa11");
    assert_true(all.runs[1].ended_ms > all.runs[1].started_ms);
}

struct reviser {
    struct rig_register *reg;
    size_t n;
};

static rig_result revoke_it(void *ctx, const struct rig_register_certificate *certificate,
                            struct rig_error *err)
{
    struct reviser *reviser = ctx;

    reviser->n++;
    return rig_register_set_state(reviser->reg, certificate->serial, RIG_CERT_REVOKED, "orphan",
                                  err);
}

static void test_callback_may_change_what_is_listed(void **state)
{
    RIG_AUTO(rig_auto_register) struct rig_register *reg = scratch_register(*state, true);
    struct reviser reviser = {.reg = reg};
    const struct rig_register_certificate first = scratch_certificate("01", "dev-1");
    const struct rig_register_certificate second = scratch_certificate("02", "dev-1");
    struct rig_error err = {0};

    scratch_issue(reg, &first);
    scratch_issue(reg, &second);
    assert_done(rig_register_each_orphan(reg, revoke_it, &reviser, &err));
    assert_int_equal(reviser.n, 2);
    assert_done(rig_register_each_orphan(reg, revoke_it, &reviser, &err));
    assert_int_equal(reviser.n, 2);
}

#define T(test) cmocka_unit_test_setup_teardown(test, scratch_open, scratch_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_journal_entry_stays_open_until_closed),
        T(test_entry_closes_once),
        T(test_long_names_are_refused_and_long_outcomes_cut),
        T(test_key_belongs_to_one_device_for_ever),
        T(test_clone_with_the_same_device_id_is_a_duplicate),
        T(test_first_owner_learns_of_its_rivals),
        T(test_certificate_comes_back_whole_and_closes_its_entry),
        T(test_serial_used_twice_leaves_the_entry_open),
        T(test_orphans_are_what_was_issued_and_not_installed),
        T(test_states_only_move_on),
        T(test_serial_of_two_issuers_needs_the_issuer),
        T(test_device_is_kept_by_mac),
        T(test_serial_stays_while_its_certificate_is_installed),
        T(test_board_name_finds_the_newest_run),
        T(test_two_boards_never_share_a_mac_or_an_id),
        T(test_runs_are_listed_newest_first),
        T(test_callback_may_change_what_is_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
