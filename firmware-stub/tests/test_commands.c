/* SPDX-License-Identifier: Apache-2.0 */
/* The agent as a host sees it: commands, retransmission, noise, key store, CSR. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/x509.h>

#include "dialogue.h"
#include "firmware-stub/core/core.h"

static struct dialogue d;

static int set_up(void **state)
{
    (void)state;
    fake_board_init(&d.board);
    fake_board_start(&d.board);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_board_free(&d.board);
    return 0;
}

static void hello(void **state)
{
    (void)state;
    expect_ok(&d, "hello nonce=\"a b\"");
    assert_true(d.reply.n_lines > 4); /* and cipher suites: test_offers.c */
    assert_string_equal(get(&d, "proto"), "1");
    assert_string_equal(get(&d, "chip"), "esp32");
    assert_string_equal(get(&d, "mac"), "24:0a:c4:00:00:01");
    assert_string_equal(get(&d, "reset"), "power-on");
    assert_string_equal(get(&d, "nonce"), "a b");
    assert_string_equal(get(&d, "jtag_disabled"), "yes");
    assert_string_equal(get(&d, "secure_boot"), "no");
    assert_string_equal(get(&d, "transports"), "direct,relay");
    assert_string_equal(get(&d, "key_partition"), "yes");
    assert_string_equal(get(&d, "clock_set"), "no");
    assert_non_null(strstr(get(&d, "tls"), "1.2"));
    expect_ok(&d, "time unix_ms=1790000000000");
    assert_true(d.board.time_ms == 1790000000000);
    expect_ok(&d, "hello");
    assert_string_equal(get(&d, "clock_set"), "yes");
}

static void requests_are_checked(void **state)
{
    (void)state;
    expect_err(&d, "nonsense", "unknown-command");
    expect_err(&d, "hello wrong=1", "unknown-key");
    expect_err(&d, "keygen", "missing-key");
    expect_err(&d, "keygen type=rsa-1024", "bad-value");
    expect_err(&d, "keygen type=p-256 replace=maybe", "bad-value");
    expect_err(&d, "time unix_ms=-5", "bad-value");
    expect_err(&d, "hello nonce=1 nonce=1", "syntax");
    expect_err(&d, "certs source=moon", "bad-value");
    expect_err(&d, "log level=loud", "bad-value");
    expect_err(&d, "csr cn=dev-1", "no-key");
    expect_err(&d, "slot-write offset=0 data=AAAA", "slot-closed");
    expect_err(&d, "handshake host=127.0.0.1 port=1 name=\"\"", "bad-value");
    expect_err(&d, "handshake host=127.0.0.1 port=1", "missing-key");
    expect_err(&d, "handshake host=127.0.0.1 port=0 name=a", "bad-value");
    expect_err(&d, "handshake host=127.0.0.1 port=1 name=a min=1.2 max=1.0", "bad-value");
    expect_err(&d, "handshake host=127.0.0.1 port=1 name=a roots=none", "bad-value");
    expect_err(&d, "handshake host=127.0.0.1 port=1 name=a max=1.4", "bad-value");
    expect_ok(&d, "hello");
    if (strstr(get(&d, "tls"), "1.3") == NULL) {
        expect_err(&d, "handshake host=127.0.0.1 port=1 name=a max=1.3", "unsupported");
    }
    expect_err(&d, "handshake host=127.0.0.1 port=1 name=a timeout_ms=99", "bad-value");
    expect_err(&d, "handshake host=127.0.0.1 port=1 name=a", "no-roots");
    assert_int_equal(d.reply.n_lines, 0);
    expect_ok(&d, "help");
    assert_true(d.reply.n_lines >= 15);
    expect_ok(&d, "log level=debug");
}

static void ping_returns_any_text(void **state)
{
    (void)state;
    expect_ok(&d, "ping text=\"a\\\\b \\\"c\\\" \\x01\\xff\\n\"");
    assert_non_null(strstr(d.reply.end, "text=\"a\\\\b \\\"c\\\" \\x01\\xff\\n\""));
    expect_ok(&d, "ping");
    assert_non_null(strstr(d.reply.end, "text=\"\""));
}

static void person_at_a_terminal(void **state)
{
    char line[AGENT_LINE_MAX_BYTES + 4];

    (void)state;
    fake_host_write(&d.board, "hello there\r@0 ping text=hi\r", 28);
    assert_true(fake_host_line(&d.board, line, sizeof line, 5000));
    assert_true(strncmp(line, "@0 ok lines=0 text=hi *", 23) == 0);
}

static bool logs_between(const char *request, const char *log_line)
{
    char line[AGENT_LINE_MAX_BYTES + 4];
    bool seen = false;

    fake_host_frame(&d.board, ++d.board.seq, request);
    for (;;) {
        assert_true(fake_host_line(&d.board, line, sizeof line, 5000));
        seen = seen || strcmp(line, log_line) == 0;
        const char *body = fake_host_body(line, d.board.seq);
        if (body != NULL && body[0] != '=') {
            return seen;
        }
    }
}

static void log_lines_are_no_frames(void **state)
{
    (void)state;
    assert_false(logs_between("ping", "agent: ping"));
    expect_ok(&d, "log level=info");
    assert_true(logs_between("ping", "agent: ping"));
    expect_ok(&d, "log level=none");
    assert_false(logs_between("ping", "agent: ping"));
}

static void no_random_source_no_agent(void **state)
{
    (void)state;
    fake_board_stop(&d.board);
    d.board.random_fails = true;
    agent_init(&d.board.agent, &d.board.port, NULL);
    assert_int_equal(agent_run(&d.board.agent), AGENT_ENDED_ERROR);
}

static void damage_is_told(void **state)
{
    char line[AGENT_LINE_MAX_BYTES + 4];
    char endless[1200];

    (void)state;
    fake_host_write(&d.board, "@4 ping *0000\n", 14);
    assert_true(fake_host_line(&d.board, line, sizeof line, 5000));
    assert_non_null(strstr(line, "@0 err lines=0 code=checksum"));
    memset(endless, '@', sizeof endless);
    endless[sizeof endless - 1] = '\n';
    fake_host_write(&d.board, endless, sizeof endless);
    assert_true(fake_host_line(&d.board, line, sizeof line, 5000));
    assert_non_null(strstr(line, "@0 err lines=0 code=too-long"));
    fake_host_write(&d.board, "half a log line without end", 27);
    expect_ok(&d, "ping text=there");
    uint8_t noise[256];
    for (unsigned i = 0; i < sizeof noise; i++) {
        noise[i] = (uint8_t)(i * 7);
    }
    fake_host_write(&d.board, noise, sizeof noise);
    fake_host_write(&d.board, "\n", 1);
    expect_ok(&d, "ping text=still");
}

static void same_request_is_done_once(void **state)
{
    struct fake_reply again;
    char first[sizeof d.reply.end];

    (void)state;
    expect_ok(&d, "keygen type=p-256");
    memcpy(first, d.reply.end, sizeof first);
    unsigned erases = d.board.n_sector_erases;
    fake_host_frame(&d.board, d.board.seq, "keygen type=p-256");
    fake_host_collect(&d.board, d.board.seq, &again);
    assert_string_equal(again.end, first);
    assert_int_equal(d.board.n_sector_erases, erases);

    /* another number is another request: without replace=yes the key stays */
    expect_err(&d, "keygen type=p-256", "exists");
    char kept[65];
    (void)snprintf(kept, sizeof kept, "%s", fake_value(first, "spki_sha256", d.value));
    expect_ok(&d, "key");
    assert_string_equal(get(&d, "spki_sha256"), kept);
    assert_string_equal(get(&d, "type"), "p-256");
    expect_ok(&d, "keygen type=p-256 replace=yes");
    assert_string_not_equal(get(&d, "spki_sha256"), kept);
}

static void long_replies_repeat_too(void **state)
{
    struct fake_reply again;

    (void)state;
    expect_ok(&d, "keygen type=p-384");
    expect_ok(&d, "csr cn=dev-1");
    assert_true(d.reply.n_lines >= 1);
    fake_host_frame(&d.board, d.board.seq, "csr cn=dev-1");
    fake_host_collect(&d.board, d.board.seq, &again);
    assert_int_equal(again.n_lines, d.reply.n_lines);
    assert_string_equal(again.lines[0],
                        d.reply.lines[0]); /* ECDSA: a second signature would differ */
}

static void check_csr(const char *type)
{
    char command[64];
    char spki[65];
    unsigned char *der = NULL;
    unsigned char digest[32];
    char hex[65];

    (void)snprintf(command, sizeof command, "keygen type=%s replace=yes", type);
    expect_ok(&d, command);
    assert_string_equal(get(&d, "type"), type);
    (void)snprintf(spki, sizeof spki, "%s", get(&d, "spki_sha256"));
    expect_ok(&d, "csr cn=dev-1 o=\"Rig, Inc\" c=DE");
    X509_REQ *request = csr_of_reply(&d);
    EVP_PKEY *key = X509_REQ_get0_pubkey(request);
    assert_int_equal(X509_REQ_verify(request, key), 1);
    assert_int_equal(X509_REQ_get_signature_nid(request) == NID_sha256WithRSAEncryption ||
                         X509_REQ_get_signature_nid(request) == NID_ecdsa_with_SHA256,
                     1);
    int size = i2d_PUBKEY(key, &der);
    assert_true(size > 0);
    assert_int_equal(EVP_Digest(der, (size_t)size, digest, NULL, EVP_sha256(), NULL), 1);
    agent_hex(hex, digest, sizeof digest);
    assert_string_equal(hex, spki);
    char subject[128];
    (void)X509_NAME_oneline(X509_REQ_get_subject_name(request), subject, sizeof subject);
    assert_string_equal(subject, "/C=DE/O=Rig, Inc/CN=dev-1");
    OPENSSL_free(der);
    X509_REQ_free(request);
}

static void csr_for_each_key_type(void **state)
{
    (void)state;
    check_csr("p-256");
    check_csr("p-384");
    check_csr("p-521");
    check_csr("rsa-2048");
    expect_err(&d, "csr cn=\"\"", "bad-value");
    expect_err(&d, "csr cn=a c=Germany", "bad-value");
}

static void same_random_bytes_same_key(void **state)
{
    char first[65];

    (void)state;
    d.board.random_state = 7;
    expect_ok(&d, "keygen type=p-256 replace=yes");
    (void)snprintf(first, sizeof first, "%s", get(&d, "spki_sha256"));
    expect_ok(&d, "ping");
    expect_ok(&d, "keygen type=p-256 replace=yes");
    assert_string_equal(get(&d, "spki_sha256"), first);
}

static void key_survives_restart(void **state)
{
    char first[65];

    (void)state;
    expect_ok(&d, "keygen type=p-256");
    (void)snprintf(first, sizeof first, "%s", get(&d, "spki_sha256"));
    expect_ok(&d, "reset");
    (void)pthread_join(d.board.thread, NULL);
    d.board.running = false;
    assert_int_equal(d.board.ended, AGENT_ENDED_RESTART);
    assert_int_equal(d.board.n_restarts, 1);
    fake_board_start(&d.board);
    expect_ok(&d, "key");
    assert_string_equal(get(&d, "spki_sha256"), first);
}

static void power_cut_leaves_a_whole_key(void **state)
{
    char old[65];
    bool cut = true;

    (void)state;
    expect_ok(&d, "keygen type=p-256");
    (void)snprintf(old, sizeof old, "%s", get(&d, "spki_sha256"));
    for (long step = 0; cut; step++) {
        d.board.flash_steps_left = step;
        ask(&d, "keygen type=p-256 replace=yes");
        cut = d.reply.end[0] == 'e';
        if (cut) {
            assert_true(fake_has(d.reply.end, "code", "flash"));
        }
        d.board.flash_steps_left = -1;
        fake_board_stop(&d.board);
        fake_board_start(&d.board);
        expect_ok(&d, "key");
        assert_string_equal(get(&d, "type"), "p-256");
        bool is_old = strcmp(get(&d, "spki_sha256"), old) == 0;
        assert_true(cut || !is_old);
        (void)snprintf(old, sizeof old, "%s", get(&d, "spki_sha256"));
        assert_true(step < 100);
    }
}

static void one_sector_partition_works(void **state)
{
    (void)state;
    d.board.key_size_bytes = FAKE_SECTOR_BYTES;
    expect_ok(&d, "keygen type=p-256");
    expect_ok(&d, "keygen type=p-384 replace=yes");
    d.board.flash_steps_left = 3;
    expect_err(&d, "keygen type=p-256 replace=yes", "flash");
    expect_ok(&d, "key");
    assert_string_equal(get(&d, "type"), "none");
    d.board.key_size_bytes = 0;
    expect_err(&d, "key", "no-partition");
}

static void flipped_bit_is_no_key(void **state)
{
    (void)state;
    expect_ok(&d, "keygen type=p-256");
    unsigned sector = d.board.key_flash[0] == 0xff ? FAKE_SECTOR_BYTES : 0;
    d.board.key_flash[sector + 40] ^= 1;
    expect_ok(&d, "key");
    assert_string_equal(get(&d, "type"), "none");
}

int __real_mbedtls_pk_write_pubkey_der(const mbedtls_pk_context *key, unsigned char *out,
                                       size_t size);
int __wrap_mbedtls_pk_write_pubkey_der(const mbedtls_pk_context *key, unsigned char *out,
                                       size_t size);

static atomic_bool public_key_fails;

int __wrap_mbedtls_pk_write_pubkey_der(const mbedtls_pk_context *key, unsigned char *out,
                                       size_t size)
{
    return public_key_fails ? MBEDTLS_ERR_PK_ALLOC_FAILED
                            : __real_mbedtls_pk_write_pubkey_der(key, out, size);
}

/* "err" means that the old key is still there. */
static void failed_keygen_leaves_the_old_key(void **state)
{
    char old[65];

    (void)state;
    expect_ok(&d, "keygen type=p-256");
    (void)snprintf(old, sizeof old, "%s", get(&d, "spki_sha256"));
    public_key_fails = true;
    expect_err(&d, "keygen type=p-384 replace=yes", "crypto");
    public_key_fails = false;
    expect_ok(&d, "key");
    assert_string_equal(get(&d, "type"), "p-256");
    assert_string_equal(get(&d, "spki_sha256"), old);
}

/* The private scalar must not cross the line in any form; nor be left in the memory it went
 * through. */
static void key_is_wiped_from_scratch(void **state)
{
    (void)state;
    expect_ok(&d, "keygen type=p-256");
    expect_ok(&d, "csr cn=dev-1");
    fake_board_stop(&d.board);
    unsigned sector = d.board.key_flash[0] == 0xff ? FAKE_SECTOR_BYTES : 0;
    const uint8_t *secret = d.board.key_flash + sector + 16 + 7; /* SEC1: 30 77 02 01 01 04 20 */
    assert_int_equal(d.board.key_flash[sector + 16 + 6], 0x20);
    assert_null(memmem(&d.board.agent, sizeof d.board.agent, secret, 16));
}

static void keygen_says_busy_and_can_be_aborted(void **state)
{
    (void)state;
    d.board.seq++;
    /* RSA-3072 takes seconds under a sanitizer, some hundred ms otherwise: then the abort comes
     * late */
    fake_host_frame(&d.board, d.board.seq, "keygen type=rsa-3072");
    fake_host_frame(&d.board, d.board.seq, "abort");
    fake_host_collect(&d.board, d.board.seq, &d.reply);
    if (d.reply.end[0] == 'e') {
        assert_true(fake_has(d.reply.end, "code", "aborted"));
        assert_true(d.reply.n_busy > 0);
        expect_ok(&d, "key");
        assert_string_equal(get(&d, "type"), "none");
    } else {
        assert_true(fake_has(d.reply.end, "type", "rsa-3072"));
    }
    expect_ok(&d, "ping");
}

/* ---- a wrapper of the services and of the port, as the virtual board's faults are built ---- */

static int csr_with_bad_signature(struct agent *agent, const struct agent_subject *subject,
                                  uint8_t *der, size_t max, size_t *size, struct agent_failure *why)
{
    int result = agent_services_mbedtls.csr(agent, subject, der, max, size, why);

    if (result == 0) {
        der[*size - 1] ^= 1;
    }
    return result;
}

static int csr_for_other_key(struct agent *agent, const struct agent_subject *subject, uint8_t *der,
                             size_t max, size_t *size, struct agent_failure *why)
{
    mbedtls_pk_context key;
    int result = -1;

    mbedtls_pk_init(&key);
    if (agent_key_make(agent, AGENT_KEY_P256, &key) == 0) {
        result = agent_csr_write(agent, &key, subject, der, max, size, why);
    }
    mbedtls_pk_free(&key);
    return result;
}

static void services_can_be_wrapped(void **state)
{
    unsigned char *der = NULL;
    char hex[65];
    char spki[65];

    (void)state;
    expect_ok(&d, "keygen type=p-256");
    (void)snprintf(spki, sizeof spki, "%s", get(&d, "spki_sha256"));
    d.board.services.csr = csr_with_bad_signature;
    expect_ok(&d, "csr cn=dev-1");
    X509_REQ *request = csr_of_reply(&d);
    assert_int_not_equal(X509_REQ_verify(request, X509_REQ_get0_pubkey(request)), 1);
    X509_REQ_free(request);
    d.board.services.csr = csr_for_other_key;
    expect_ok(&d, "csr cn=dev-1");
    request = csr_of_reply(&d);
    assert_int_equal(X509_REQ_verify(request, X509_REQ_get0_pubkey(request)), 1);
    int size = i2d_PUBKEY(X509_REQ_get0_pubkey(request), &der);
    hex_sha256(der, (size_t)size, hex);
    assert_string_not_equal(hex, spki);
    OPENSSL_free(der);
    X509_REQ_free(request);
}

static int hang(struct agent *agent, enum agent_key_type type, struct agent_key_state *out,
                struct agent_failure *why)
{
    (void)type;
    (void)out;
    while (!agent_keepalive(agent)) {
    }
    return agent_fail(why, "aborted", 0, "the port stopped");
}

static void hanging_keygen_stays_in_touch(void **state)
{
    (void)state;
    d.board.services.keygen = hang;
    d.board.seq++;
    fake_host_frame(&d.board, d.board.seq, "keygen type=p-256");
    fake_host_frame(&d.board, d.board.seq, "keygen type=p-256");
    fake_host_frame(&d.board, (uint16_t)(d.board.seq + 7), "ping");
    struct fake_reply other;
    fake_host_collect(&d.board, (uint16_t)(d.board.seq + 7), &other);
    assert_true(fake_has(other.end, "code", "busy"));
    fake_host_frame(&d.board, d.board.seq, "abort");
    fake_host_collect(&d.board, d.board.seq, &d.reply);
    assert_true(fake_has(d.reply.end, "code", "aborted"));
    fake_host_frame(&d.board, ++d.board.seq, "keygen type=p-256");
    fake_board_stop(&d.board); /* must come back although keygen hangs */
    assert_int_equal(d.board.ended, AGENT_ENDED_STOP);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(hello),
        CASE(requests_are_checked),
        CASE(ping_returns_any_text),
        CASE(person_at_a_terminal),
        CASE(log_lines_are_no_frames),
        CASE(no_random_source_no_agent),
        CASE(damage_is_told),
        CASE(same_request_is_done_once),
        CASE(long_replies_repeat_too),
        CASE(csr_for_each_key_type),
        CASE(same_random_bytes_same_key),
        CASE(key_survives_restart),
        CASE(power_cut_leaves_a_whole_key),
        CASE(one_sector_partition_works),
        CASE(flipped_bit_is_no_key),
        CASE(failed_keygen_leaves_the_old_key),
        CASE(key_is_wiped_from_scratch),
        CASE(keygen_says_busy_and_can_be_aborted),
        CASE(services_can_be_wrapped),
        CASE(hanging_keygen_stays_in_touch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
