/* SPDX-License-Identifier: Apache-2.0 */
/* Replacing the intermediates: what is taken, what is refused, and the power that goes in the
 * middle. The updates come from the rig's own CA, so both ends of the format meet here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "dialogue.h"
#include "firmware-stub/core/core.h"
#include "rig/ca/chain_update.h"
#include "rig/ca/issue.h"
#include "rig/ca/key.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

static struct dialogue d;
static struct rig_ca_hierarchy pki;
static struct rig_ca_hierarchy other_pki;
static struct rig_buf flash_chain; /* of the leaf, PEM */
static char factory_sha256[65];    /* of the flashed issuing CA */
static struct rig_error err;

#define DONE(call) assert_true((call).ok)

static int64_t now_ms(void)
{
    return (int64_t)time(NULL) * 1000;
}

static void make_pki(struct rig_ca_hierarchy *out, const char *root, size_t n_levels)
{
    static const char *const names[] = {"", "Factory", "Line"};
    const struct rig_issue_validity validity = {now_ms() - DAY_MS, now_ms() + 300 * DAY_MS};

    for (size_t i = 0; i < n_levels; i++) {
        struct rig_ca_level *level = &out->levels[i];
        const struct rig_issue_names name = {.common_name = i == 0 ? root : names[i]};
        const struct rig_issuer issuer =
            i == 0 ? (struct rig_issuer){0}
                   : (struct rig_issuer){out->levels[i - 1].certificate, out->levels[i - 1].key};

        DONE(rig_key_make(RIG_KEY_P256, &level->key, &err));
        DONE(rig_issue_ca(issuer, level->key, &name, validity, n_levels - 1 - i,
                          &level->certificate, &err));
    }
    out->n_levels = n_levels;
}

static void sha256_of(const X509 *certificate, char hex[65])
{
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};

    DONE(rig_pki_certificate_der(certificate, &der, &err));
    hex_sha256(der.data, der.len, hex);
}

/* A leaf for the board's key under the PKI's last level, flashed with its chain. */
static void provision(const struct rig_ca_hierarchy *under)
{
    const struct rig_ca_level *last = &under->levels[under->n_levels - 1];
    const struct rig_ca_request request = {.common_name = "dev-1"};
    RIG_AUTO(rig_buf_free) struct rig_buf root_pem = {0};
    X509 *leaf = NULL;

    expect_ok(&d, "csr cn=dev-1");
    X509_REQ *csr = csr_of_reply(&d);
    DONE(rig_issue_leaf(
        (struct rig_issuer){last->certificate, last->key}, X509_REQ_get_X509_PUBKEY(csr), &request,
        (struct rig_issue_validity){now_ms() - DAY_MS, now_ms() + DAY_MS}, &leaf, &err));
    rig_buf_reset(&flash_chain);
    DONE(rig_pki_certificate_pem(leaf, &flash_chain, &err));
    for (size_t i = under->n_levels; i-- > 1;) {
        DONE(rig_pki_certificate_pem(under->levels[i].certificate, &flash_chain, &err));
    }
    DONE(rig_pki_certificate_pem(under->levels[0].certificate, &root_pem, &err));
    fake_board_write_certs(&d.board, rig_buf_text(&flash_chain), rig_buf_text(&root_pem));
    sha256_of(last->certificate, factory_sha256);
    X509_free(leaf);
    X509_REQ_free(csr);
}

static int set_up(void **state)
{
    (void)state;
    memset(&pki, 0, sizeof pki);
    memset(&other_pki, 0, sizeof other_pki);
    make_pki(&pki, "Root", 3);
    fake_board_init(&d.board);
    fake_board_start(&d.board);
    expect_ok(&d, "keygen type=p-256");
    provision(&pki);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_board_free(&d.board);
    rig_ca_hierarchy_free(&pki);
    rig_ca_hierarchy_free(&other_pki);
    rig_buf_free(&flash_chain);
    return 0;
}

static void make_update(const struct rig_ca_hierarchy *under, uint32_t version,
                        enum rig_chain_update_fault fault, struct rig_ca_chain_update *out)
{
    const struct rig_ca_chain_update_request request = {version, fault};
    RIG_AUTO(rig_chain_update_record_free) struct rig_chain_update_record record = {0};

    memset(out, 0, sizeof *out);
    DONE(rig_chain_update_make(under, &request, now_ms(), out, &record, &err));
}

static void upload_update(const void *data, size_t size)
{
    char base64[AGENT_DATA_MAX_BYTES / 3 * 4 + 1];
    char line[64 + sizeof base64];

    (void)snprintf(line, sizeof line, "update-begin bytes=%zu", size);
    expect_ok(&d, line);
    for (size_t at = 0; at < size; at += AGENT_DATA_MAX_BYTES) {
        const size_t n = size - at < AGENT_DATA_MAX_BYTES ? size - at : AGENT_DATA_MAX_BYTES;

        (void)EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)data + at, (int)n);
        (void)snprintf(line, sizeof line, "update-write offset=%zu data=%s", at, base64);
        expect_ok(&d, line);
    }
}

/* The reply is not judged. */
static void commit_update(const void *data, size_t size)
{
    char line[128];
    char hex[65];

    hex_sha256(data, size, hex);
    (void)snprintf(line, sizeof line, "update-commit sha256=%s", hex);
    ask(&d, line);
}

static void send_update(const struct rig_ca_chain_update *update)
{
    upload_update(update->object.data, update->object.len);
    commit_update(update->object.data, update->object.len);
}

static void expect_taken(const struct rig_ca_chain_update *update)
{
    send_update(update);
    assert_true(strncmp(d.reply.end, "ok ", 3) == 0);
}

static void expect_refused(const struct rig_ca_chain_update *update, const char *code)
{
    send_update(update);
    assert_true(strncmp(d.reply.end, "err ", 4) == 0);
    assert_true(fake_has(d.reply.end, "code", code));
}

/* Line 1 of certs is the issuing CA; the last one the state. */
static void expect_chain(const char *issuer_sha256, const char *intermediates, const char *version)
{
    expect_ok(&d, "certs source=flash");
    assert_true(d.reply.n_lines == 5);
    assert_true(fake_has(d.reply.lines[1], "sha256", issuer_sha256));
    assert_true(fake_has(d.reply.lines[4], "state", "ok"));
    assert_true(fake_has(d.reply.lines[4], "chain", "3"));
    assert_true(fake_has(d.reply.lines[4], "match", "yes"));
    assert_true(fake_has(d.reply.lines[4], "intermediates", intermediates));
    assert_true(fake_has(d.reply.lines[4], "chain_version", version));
}

static void expect_updated(const struct rig_ca_chain_update *update, const char *version)
{
    char hex[65];

    rig_hex(update->sha256[0], RIG_SHA256_SIZE, hex);
    expect_chain(hex, "update", version);
}

static void higher_versions_are_taken(void **state)
{
    struct rig_ca_chain_update first;
    struct rig_ca_chain_update second;

    (void)state;
    expect_chain(factory_sha256, "flash", "0");
    make_update(&pki, 5, RIG_CHAIN_UPDATE_GOOD, &first);
    make_update(&pki, 7, RIG_CHAIN_UPDATE_GOOD, &second);
    expect_taken(&first);
    assert_true(fake_has(d.reply.end, "chain_version", "5"));
    assert_true(fake_has(d.reply.end, "intermediates", "2"));
    expect_updated(&first, "5");
    expect_taken(&second);
    expect_updated(&second, "7");
    expect_refused(&second, "update-version");
    expect_refused(&first, "update-version");
    fake_board_stop(&d.board);
    fake_board_start(&d.board);
    expect_updated(&second, "7");
    rig_ca_chain_update_free(&first);
    rig_ca_chain_update_free(&second);
}

static void what_is_wrong_is_refused_and_the_old_one_stays(void **state)
{
    static const char *const codes[RIG_CHAIN_UPDATE_FAULTS] = {
        [RIG_CHAIN_UPDATE_DAMAGED] = "update-signature",
        [RIG_CHAIN_UPDATE_TRUNCATED] = "update-format",
        [RIG_CHAIN_UPDATE_UNSIGNED] = "update-unsigned",
        [RIG_CHAIN_UPDATE_BAD_SIGNATURE] = "update-signature",
        [RIG_CHAIN_UPDATE_WRONG_SIGNER] = "update-signer",
        [RIG_CHAIN_UPDATE_WRONG_ISSUER] = "update-signer",
        [RIG_CHAIN_UPDATE_WRONG_PURPOSE] = "update-signer",
        [RIG_CHAIN_UPDATE_OTHER_FAMILY] = "update-issuer",
        [RIG_CHAIN_UPDATE_OTHER_ROOT] = "update-root",
        [RIG_CHAIN_UPDATE_ROOT] = "update-is-root",
        [RIG_CHAIN_UPDATE_EXPIRED] = "update-expired",
        [RIG_CHAIN_UPDATE_OTHER_KEY] = "update-key",
    };
    struct rig_ca_chain_update good;
    uint8_t certs_before[FAKE_CERT_BYTES];
    uint8_t updates_before[FAKE_UPDATE_BYTES];

    (void)state;
    make_update(&pki, 1, RIG_CHAIN_UPDATE_GOOD, &good);
    expect_taken(&good);
    memcpy(certs_before, d.board.cert_flash, sizeof certs_before);
    memcpy(updates_before, d.board.update_flash, sizeof updates_before);
    for (int fault = RIG_CHAIN_UPDATE_GOOD + 1; fault < RIG_CHAIN_UPDATE_FAULTS; fault++) {
        struct rig_ca_chain_update bad;

        make_update(&pki, 2, (enum rig_chain_update_fault)fault, &bad);
        expect_refused(&bad, codes[fault]);
        expect_updated(&good, "1");
        rig_ca_chain_update_free(&bad);
    }
    /* neither the root nor anything else of either partition was touched */
    assert_memory_equal(certs_before, d.board.cert_flash, sizeof certs_before);
    assert_memory_equal(updates_before, d.board.update_flash, sizeof updates_before);
    rig_ca_chain_update_free(&good);
}

static void every_single_bit_matters(void **state)
{
    struct rig_ca_chain_update good;
    struct agent_update parsed;

    (void)state;
    make_update(&pki, 1, RIG_CHAIN_UPDATE_GOOD, &good);
    /* a signature is made anew for each bit on a board; here the parts suffice */
    assert_true(agent_update_parse(good.object.data, good.object.len, &parsed));
    for (size_t bit = 0; bit < 8 * good.object.len; bit += 97) {
        struct agent_failure why = {0};

        good.object.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(agent_update_parse(good.object.data, good.object.len, &parsed) &&
                     agent_update_signature(&d.board.agent, &parsed, &why) == 0);
        good.object.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t size = 0; size < good.object.len; size += 13) {
        struct agent_failure why = {0};

        assert_false(agent_update_parse(good.object.data, size, &parsed) &&
                     agent_update_signature(&d.board.agent, &parsed, &why) == 0);
    }
    rig_ca_chain_update_free(&good);
}

static int yes(struct agent *agent, const struct agent_update *update, struct agent_failure *why)
{
    (void)agent;
    (void)update;
    (void)why;
    return 0;
}

/* One try of the second update with the power gone after `steps` and `bytes`; true when it was
 * taken all the same. */
static bool cut_once(const struct rig_ca_chain_update *old, const struct rig_ca_chain_update *new,
                     long steps, size_t bytes)
{
    char old_hex[65];
    char new_hex[65];

    rig_hex(old->sha256[0], RIG_SHA256_SIZE, old_hex);
    rig_hex(new->sha256[0], RIG_SHA256_SIZE, new_hex);
    upload_update(new->object.data, new->object.len);
    d.board.flash_steps_left = steps;
    d.board.cut_bytes = bytes;
    commit_update(new->object.data, new->object.len);
    const bool taken = strncmp(d.reply.end, "ok ", 3) == 0;
    assert_true(taken || fake_has(d.reply.end, "code", "flash"));
    d.board.flash_steps_left = -1;
    d.board.cut_bytes = 0;
    fake_board_stop(&d.board);
    fake_board_start(&d.board);
    expect_ok(&d, "certs source=flash");
    const bool is_new = fake_has(d.reply.lines[4], "chain_version", "2");
    assert_true(fake_has(d.reply.lines[4], "intermediates", "update"));
    assert_true(fake_has(d.reply.lines[4], "chain_version", is_new ? "2" : "1"));
    assert_true(fake_has(d.reply.lines[1], "sha256", is_new ? new_hex : old_hex));
    assert_true(is_new || !taken);
    return taken;
}

static void a_power_cut_leaves_the_old_or_the_new_one(void **state)
{
    struct rig_ca_chain_update old;
    struct rig_ca_chain_update new;
    uint8_t before[FAKE_UPDATE_BYTES];
    long steps = 0;
    size_t n_cuts = 0;

    (void)state;
    make_update(&pki, 1, RIG_CHAIN_UPDATE_GOOD, &old);
    make_update(&pki, 2, RIG_CHAIN_UPDATE_GOOD, &new);
    expect_taken(&old);
    memcpy(before, d.board.update_flash, sizeof before);
    /* what is cut is the storing; judging is for the other tests */
    d.board.services.update_signer = yes;
    d.board.services.update_signature = yes;
    d.board.services.update_fits = yes;
    const long groups = (long)(new.object.len + 15) / 16;
    for (bool taken = false; !taken; steps++) {
        /* each byte of the header, which comes last, and of the first and last group of the body */
        const bool each_byte = steps == 1 || steps >= groups;

        for (size_t bytes = 0; bytes < 16 && !taken; bytes += each_byte ? 1 : 16) {
            memcpy(d.board.update_flash, before, sizeof before);
            taken = cut_once(&old, &new, steps, bytes);
            n_cuts++;
        }
    }
    assert_int_equal(steps - 1, 1 + groups + 1); /* an erase, the body, the header */
    assert_true(n_cuts > (size_t)groups + 32);
    rig_ca_chain_update_free(&old);
    rig_ca_chain_update_free(&new);
}

static void a_damaged_record_leaves_the_one_before(void **state)
{
    struct rig_ca_chain_update first;
    struct rig_ca_chain_update second;

    (void)state;
    make_update(&pki, 1, RIG_CHAIN_UPDATE_GOOD, &first);
    make_update(&pki, 2, RIG_CHAIN_UPDATE_GOOD, &second);
    expect_taken(&first);
    expect_taken(&second);
    d.board.update_flash[FAKE_UPDATE_BYTES / 2 + 300] ^= 0x10;
    expect_updated(&first, "1");
    d.board.update_flash[300] ^= 0x10;
    expect_chain(factory_sha256, "flash", "0");
    expect_taken(&first);
    expect_updated(&first, "1");
    rig_ca_chain_update_free(&first);
    rig_ca_chain_update_free(&second);
}

static void updates_belong_to_a_root_and_an_issuer(void **state)
{
    struct rig_ca_chain_update here;
    struct rig_ca_chain_update there;
    char here_hex[65];

    (void)state;
    make_pki(&other_pki, "Other Root", 3);
    make_update(&pki, 9, RIG_CHAIN_UPDATE_GOOD, &here);
    make_update(&other_pki, 1, RIG_CHAIN_UPDATE_GOOD, &there);
    expect_taken(&here);

    provision(&other_pki); /* another root, the same names: versions begin anew */
    expect_chain(factory_sha256, "flash", "0");
    expect_refused(&here, "update-root");
    expect_taken(&there);
    expect_updated(&there, "1");

    provision(&pki); /* back again, with another leaf: what was there counts */
    rig_hex(here.sha256[0], RIG_SHA256_SIZE, here_hex);
    expect_chain(here_hex, "update", "9");
    expect_refused(&here, "update-version");
    rig_ca_chain_update_free(&here);
    rig_ca_chain_update_free(&there);
}

static void a_leaf_of_another_key_of_the_issuer_keeps_its_flashed_chain(void **state)
{
    struct rig_ca_chain_update update;

    (void)state;
    make_update(&pki, 3, RIG_CHAIN_UPDATE_GOOD, &update);
    expect_taken(&update);
    /* the issuing CA gets another key under its old name */
    struct rig_ca_level *last = &pki.levels[2];
    const struct rig_issue_names name = {.common_name = "Line"};
    EVP_PKEY_free(last->key);
    X509_free(last->certificate);
    DONE(rig_key_make(RIG_KEY_P256, &last->key, &err));
    DONE(rig_issue_ca((struct rig_issuer){pki.levels[1].certificate, pki.levels[1].key}, last->key,
                      &name,
                      (struct rig_issue_validity){now_ms() - DAY_MS, now_ms() + 299 * DAY_MS}, 0,
                      &last->certificate, &err));
    provision(&pki);
    expect_chain(factory_sha256, "flash", "3");
    rig_ca_chain_update_free(&update);
}

static void the_words_are_checked(void **state)
{
    static const char zeros[] =
        "update-commit sha256=0000000000000000000000000000000000000000000000000000000000000000";
    struct rig_ca_chain_update good;

    (void)state;
    expect_ok(&d, "hello");
    assert_true(fake_has(d.reply.lines[3], "update_max", "8176"));
    expect_err(&d, "update-write offset=0 data=AAAA", "update-closed");
    expect_err(&d, zeros, "update-closed");
    expect_err(&d, "update-begin bytes=0", "update-range");
    expect_err(&d, "update-begin bytes=8177", "update-range");
    expect_err(&d, "update-begin bytes=x", "bad-value");
    expect_ok(&d, "update-begin bytes=8176");
    expect_ok(&d, "update-write offset=8173 data=AAAA");
    expect_err(&d, "update-write offset=8174 data=AAAA", "update-range");
    expect_err(&d, "update-write offset=0 data=AAA", "bad-value");
    expect_err(&d, "update-commit sha256=00", "bad-value");
    expect_err(&d, zeros, "update-hash");

    /* the slot and the update share their memory: one at a time */
    expect_ok(&d, "slot-begin chain=4 roots=0");
    expect_err(&d, "update-write offset=0 data=AAAA", "update-closed");
    expect_ok(&d, "update-begin bytes=4");
    expect_err(&d, "slot-write offset=0 data=AAAA", "slot-closed");

    make_update(&pki, 1, RIG_CHAIN_UPDATE_GOOD, &good);
    expect_taken(&good);
    commit_update(good.object.data, good.object.len);
    assert_true(fake_has(d.reply.end, "code", "update-closed"));
    rig_ca_chain_update_free(&good);
}

static void without_partition_or_certificate_it_says_so(void **state)
{
    struct rig_ca_chain_update good;

    (void)state;
    make_update(&pki, 1, RIG_CHAIN_UPDATE_GOOD, &good);
    fake_board_write_certs(&d.board, NULL, NULL);
    expect_refused(&good, "no-roots");
    d.board.update_size_bytes = FAKE_SECTOR_BYTES; /* no two halves */
    expect_err(&d, "update-begin bytes=100", "no-partition");
    d.board.update_size_bytes = 0;
    expect_err(&d, "update-begin bytes=100", "no-partition");
    expect_ok(&d, "hello");
    assert_true(fake_has(d.reply.lines[3], "update_max", "0"));
    provision(&pki);
    expect_chain(factory_sha256, "flash", "0");
    rig_ca_chain_update_free(&good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(higher_versions_are_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_refused_and_the_old_one_stays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(every_single_bit_matters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_power_cut_leaves_the_old_or_the_new_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_record_leaves_the_one_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(updates_belong_to_a_root_and_an_issuer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_leaf_of_another_key_of_the_issuer_keeps_its_flashed_chain,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_words_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_partition_or_certificate_it_says_so, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
