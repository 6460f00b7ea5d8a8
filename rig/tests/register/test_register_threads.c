/* SPDX-License-Identifier: Apache-2.0 */
/* Many boards use one register at once, as in a run. */
#include "rig/tests/register/scratch.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define N_BOARDS 8
#define N_ROUNDS 6

struct board {
    struct rig_register *reg;
    struct rig_error err;
    int number;
    bool shared_key_granted;
    bool ok;
};

static rig_result issue_and_install(struct board *board, const struct rig_board_id *id,
                                    const char *device_id, int round)
{
    struct rig_register_certificate it = {.issuer = "CN=CA", .key_type = RIG_KEY_P256};
    struct rig_journal_id journal = {0};
    struct rig_error *err = &board->err;

    (void)snprintf(it.serial, sizeof it.serial, "%02x%02x", (unsigned)board->number,
                   (unsigned)round);
    (void)snprintf(it.device_id, sizeof it.device_id, "%s", device_id);
    it.board = *id;
    it.spki_sha256[0] = (uint8_t)board->number;
    it.spki_sha256[1] = (uint8_t)round;
    RIG_TRY(rig_register_claim_key(board->reg, it.spki_sha256, device_id, id, "run-1", err));
    RIG_TRY(rig_journal_open(board->reg, RIG_JOURNAL_ISSUE, "run-1", id, device_id, it.serial,
                             &journal, err));
    RIG_TRY(rig_register_issued(board->reg, journal, &it, err));
    if (round % 2 == 0) {
        RIG_TRY(rig_register_set_state(board->reg, it.serial, RIG_CERT_INSTALLED, NULL, err));
    }
    return RIG_DONE;
}

static rig_result work(struct board *board)
{
    const uint8_t shared[RIG_SHA256_SIZE] = {0xff};
    struct rig_register_device device = {.suite = "acceptance", .run_id = "run-1"};
    struct tally seen = {0};
    struct rig_error claim_err = {0};

    (void)snprintf(device.board.text, sizeof device.board.text, "b%d", board->number);
    (void)snprintf(device.device_id, sizeof device.device_id, "dev-%d", board->number);
    (void)snprintf(device.mac, sizeof device.mac, "24:6f:28:aa:00:%02x", (unsigned)board->number);
    for (int round = 0; round < N_ROUNDS; round++) {
        RIG_TRY(issue_and_install(board, &device.board, device.device_id, round));
        RIG_TRY(rig_register_put_device(board->reg, &device, &board->err));
        RIG_TRY(rig_register_each_orphan(board->reg, tally_certificate, &seen, &board->err));
    }
    board->shared_key_granted = rig_register_claim_key(board->reg, shared, device.device_id,
                                                       &device.board, "run-1", &claim_err)
                                    .ok;
    if (!board->shared_key_granted && claim_err.code != RIG_E_DUPLICATE) {
        return rig_fail_as(&board->err, &claim_err);
    }
    return RIG_DONE;
}

static void *board_thread(void *ctx)
{
    struct board *board = ctx;

    board->ok = work(board).ok;
    return NULL;
}

static void test_boards_at_once_lose_nothing(void **state)
{
    struct scratch *scratch = *state;
    struct rig_register *reg = NULL;
    struct board boards[N_BOARDS] = {0};
    pthread_t threads[N_BOARDS];
    struct rig_error err = {0};
    struct tally certificates = {0};
    struct tally orphans = {0};
    struct tally devices = {0};
    struct tally open = {0};
    size_t n_owners = 0;

    assert_done(rig_register_open(scratch->folder, true, &rig_clock_system, &reg, &err));
    for (int i = 0; i < N_BOARDS; i++) {
        boards[i] = (struct board){.reg = reg, .number = i + 1};
        assert_int_equal(pthread_create(&threads[i], NULL, board_thread, &boards[i]), 0);
    }
    for (int i = 0; i < N_BOARDS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    for (int i = 0; i < N_BOARDS; i++) {
        if (!boards[i].ok) {
            fail_msg("board %d: %s", boards[i].number, boards[i].err.text);
        }
        n_owners += boards[i].shared_key_granted;
    }
    assert_int_equal(n_owners, 1);
    assert_done(rig_register_each_certificate(reg, NULL, tally_certificate, &certificates, &err));
    assert_int_equal(certificates.n, N_BOARDS * N_ROUNDS);
    assert_done(rig_register_each_orphan(reg, tally_certificate, &orphans, &err));
    assert_int_equal(orphans.n, N_BOARDS * N_ROUNDS / 2);
    assert_done(rig_register_each_device(reg, tally_device, &devices, &err));
    assert_int_equal(devices.n, N_BOARDS);
    assert_done(rig_journal_each_open(reg, tally_entry, &open, &err));
    assert_int_equal(open.n, 0);
    rig_register_close(reg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_boards_at_once_lose_nothing, scratch_open,
                                        scratch_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
