/* SPDX-License-Identifier: Apache-2.0 */
/* The agent as a host sees it: commands, retransmission, noise, key store, CSR, slot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <mbedtls/base64.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "fake_board.h"
#include "firmware-stub/core/core.h"
#include "test_pki.h"

static struct fake_board board;
static struct fake_reply reply;
static char value[AGENT_LINE_MAX_BYTES];

static int set_up(void **state)
{
    (void)state;
    fake_board_init(&board);
    fake_board_start(&board);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_board_free(&board);
    return 0;
}

static void ask(const char *text)
{
    fake_host_ask(&board, text, &reply);
}

static void expect_err(const char *text, const char *code)
{
    ask(text);
    assert_memory_equal(reply.end, "err ", 4);
    assert_true(fake_has(reply.end, "code", code));
}

static void expect_ok(const char *text)
{
    ask(text);
    if (memcmp(reply.end, "ok ", 3) != 0) {
        fail_msg("%s: %s", text, reply.end);
    }
}

static const char *get(const char *key)
{
    const char *found = fake_reply_value(&reply, key, value);

    assert_non_null(found);
    return found;
}

static void hello(void **state)
{
    (void)state;
    expect_ok("hello nonce=\"a b\"");
    assert_int_equal(reply.n_lines, 4);
    assert_string_equal(get("proto"), "1");
    assert_string_equal(get("chip"), "esp32");
    assert_string_equal(get("mac"), "24:0a:c4:00:00:01");
    assert_string_equal(get("reset"), "power-on");
    assert_string_equal(get("nonce"), "a b");
    assert_string_equal(get("jtag_disabled"), "yes");
    assert_string_equal(get("secure_boot"), "no");
    assert_string_equal(get("transports"), "direct,relay");
    assert_string_equal(get("key_partition"), "yes");
    assert_string_equal(get("clock_set"), "no");
    assert_non_null(strstr(get("tls"), "1.2"));
    expect_ok("time unix_ms=1790000000000");
    assert_true(board.time_ms == 1790000000000);
    expect_ok("hello");
    assert_string_equal(get("clock_set"), "yes");
}

static void requests_are_checked(void **state)
{
    (void)state;
    expect_err("nonsense", "unknown-command");
    expect_err("hello wrong=1", "unknown-key");
    expect_err("keygen", "missing-key");
    expect_err("keygen type=rsa-1024", "bad-value");
    expect_err("keygen type=p-256 replace=maybe", "bad-value");
    expect_err("time unix_ms=-5", "bad-value");
    expect_err("hello nonce=1 nonce=1", "syntax");
    expect_err("certs source=moon", "bad-value");
    expect_err("log level=loud", "bad-value");
    expect_err("csr cn=dev-1", "no-key");
    expect_err("slot-write offset=0 data=AAAA", "slot-closed");
    expect_err("handshake host=127.0.0.1 port=1 name=\"\"", "bad-value");
    expect_err("handshake host=127.0.0.1 port=1", "missing-key");
    expect_err("handshake host=127.0.0.1 port=0 name=a", "bad-value");
    expect_err("handshake host=127.0.0.1 port=1 name=a min=1.2 max=1.0", "bad-value");
    expect_err("handshake host=127.0.0.1 port=1 name=a roots=none", "bad-value");
    expect_err("handshake host=127.0.0.1 port=1 name=a max=1.4", "bad-value");
    expect_ok("hello");
    if (strstr(get("tls"), "1.3") == NULL) {
        expect_err("handshake host=127.0.0.1 port=1 name=a max=1.3", "unsupported");
    }
    expect_err("handshake host=127.0.0.1 port=1 name=a timeout_ms=99", "bad-value");
    expect_err("handshake host=127.0.0.1 port=1 name=a", "no-roots");
    assert_int_equal(reply.n_lines, 0);
    expect_ok("help");
    assert_true(reply.n_lines >= 15);
    expect_ok("log level=debug");
}

static void ping_returns_any_text(void **state)
{
    (void)state;
    expect_ok("ping text=\"a\\\\b \\\"c\\\" \\x01\\xff\\n\"");
    assert_non_null(strstr(reply.end, "text=\"a\\\\b \\\"c\\\" \\x01\\xff\\n\""));
    expect_ok("ping");
    assert_non_null(strstr(reply.end, "text=\"\""));
}

static void person_at_a_terminal(void **state)
{
    char line[AGENT_LINE_MAX_BYTES + 4];

    (void)state;
    fake_host_write(&board, "hello there\r@0 ping text=hi\r", 28);
    assert_true(fake_host_line(&board, line, sizeof line, 5000));
    assert_true(strncmp(line, "@0 ok lines=0 text=hi *", 23) == 0);
}

static bool logs_between(const char *request, const char *log_line)
{
    char line[AGENT_LINE_MAX_BYTES + 4];
    bool seen = false;

    fake_host_frame(&board, ++board.seq, request);
    for (;;) {
        assert_true(fake_host_line(&board, line, sizeof line, 5000));
        seen = seen || strcmp(line, log_line) == 0;
        const char *body = fake_host_body(line, board.seq);
        if (body != NULL && body[0] != '=') {
            return seen;
        }
    }
}

static void log_lines_are_no_frames(void **state)
{
    (void)state;
    assert_false(logs_between("ping", "agent: ping"));
    expect_ok("log level=info");
    assert_true(logs_between("ping", "agent: ping"));
    expect_ok("log level=none");
    assert_false(logs_between("ping", "agent: ping"));
}

static void no_random_source_no_agent(void **state)
{
    (void)state;
    fake_board_stop(&board);
    board.random_fails = true;
    agent_init(&board.agent, &board.port, NULL);
    assert_int_equal(agent_run(&board.agent), AGENT_ENDED_ERROR);
}

static void damage_is_told(void **state)
{
    char line[AGENT_LINE_MAX_BYTES + 4];
    char endless[1200];

    (void)state;
    fake_host_write(&board, "@4 ping *0000\n", 14);
    assert_true(fake_host_line(&board, line, sizeof line, 5000));
    assert_non_null(strstr(line, "@0 err lines=0 code=checksum"));
    memset(endless, '@', sizeof endless);
    endless[sizeof endless - 1] = '\n';
    fake_host_write(&board, endless, sizeof endless);
    assert_true(fake_host_line(&board, line, sizeof line, 5000));
    assert_non_null(strstr(line, "@0 err lines=0 code=too-long"));
    fake_host_write(&board, "half a log line without end", 27);
    expect_ok("ping text=there");
    uint8_t noise[256];
    for (unsigned i = 0; i < sizeof noise; i++) {
        noise[i] = (uint8_t)(i * 7);
    }
    fake_host_write(&board, noise, sizeof noise);
    fake_host_write(&board, "\n", 1);
    expect_ok("ping text=still");
}

static void same_request_is_done_once(void **state)
{
    struct fake_reply again;
    char first[sizeof reply.end];

    (void)state;
    expect_ok("keygen type=p-256");
    memcpy(first, reply.end, sizeof first);
    unsigned erases = board.n_sector_erases;
    fake_host_frame(&board, board.seq, "keygen type=p-256");
    fake_host_collect(&board, board.seq, &again);
    assert_string_equal(again.end, first);
    assert_int_equal(board.n_sector_erases, erases);

    /* another number is another request: without replace=yes the key stays */
    expect_err("keygen type=p-256", "exists");
    char kept[65];
    (void)snprintf(kept, sizeof kept, "%s", fake_value(first, "spki_sha256", value));
    expect_ok("key");
    assert_string_equal(get("spki_sha256"), kept);
    assert_string_equal(get("type"), "p-256");
    expect_ok("keygen type=p-256 replace=yes");
    assert_string_not_equal(get("spki_sha256"), kept);
}

static void long_replies_repeat_too(void **state)
{
    struct fake_reply again;

    (void)state;
    expect_ok("keygen type=p-384");
    expect_ok("csr cn=dev-1");
    assert_true(reply.n_lines >= 1);
    fake_host_frame(&board, board.seq, "csr cn=dev-1");
    fake_host_collect(&board, board.seq, &again);
    assert_int_equal(again.n_lines, reply.n_lines);
    assert_string_equal(again.lines[0],
                        reply.lines[0]); /* ECDSA: a second signature would differ */
}

/* The CSR of the reply's data lines, parsed by OpenSSL. */
static X509_REQ *csr_of_reply(void)
{
    uint8_t der[4096];
    size_t size = 0;

    for (unsigned i = 0; i < reply.n_lines; i++) {
        size_t n = 0;
        assert_int_equal(strtoul(fake_value(reply.lines[i], "offset", value), NULL, 10), size);
        (void)fake_value(reply.lines[i], "data", value);
        assert_int_equal(mbedtls_base64_decode(der + size, sizeof der - size, &n,
                                               (const unsigned char *)value, strlen(value)),
                         0);
        size += n;
    }
    assert_int_equal(strtoul(fake_value(reply.end, "bytes", value), NULL, 10), size);
    const unsigned char *at = der;
    X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)size);
    assert_non_null(request);
    assert_ptr_equal(at, der + size);
    return request;
}

static void check_csr(const char *type)
{
    char command[64];
    char spki[65];
    unsigned char *der = NULL;
    unsigned char digest[32];
    char hex[65];

    (void)snprintf(command, sizeof command, "keygen type=%s replace=yes", type);
    expect_ok(command);
    assert_string_equal(get("type"), type);
    (void)snprintf(spki, sizeof spki, "%s", get("spki_sha256"));
    expect_ok("csr cn=dev-1 o=\"Rig, Inc\" c=DE");
    X509_REQ *request = csr_of_reply();
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
    expect_err("csr cn=\"\"", "bad-value");
    expect_err("csr cn=a c=Germany", "bad-value");
}

static void same_random_bytes_same_key(void **state)
{
    char first[65];

    (void)state;
    board.random_state = 7;
    expect_ok("keygen type=p-256 replace=yes");
    (void)snprintf(first, sizeof first, "%s", get("spki_sha256"));
    expect_ok("ping");
    expect_ok("keygen type=p-256 replace=yes");
    assert_string_equal(get("spki_sha256"), first);
}

static void key_survives_restart(void **state)
{
    char first[65];

    (void)state;
    expect_ok("keygen type=p-256");
    (void)snprintf(first, sizeof first, "%s", get("spki_sha256"));
    expect_ok("reset");
    (void)pthread_join(board.thread, NULL);
    board.running = false;
    assert_int_equal(board.ended, AGENT_ENDED_RESTART);
    assert_int_equal(board.n_restarts, 1);
    fake_board_start(&board);
    expect_ok("key");
    assert_string_equal(get("spki_sha256"), first);
}

static void power_cut_leaves_a_whole_key(void **state)
{
    char old[65];
    bool cut = true;

    (void)state;
    expect_ok("keygen type=p-256");
    (void)snprintf(old, sizeof old, "%s", get("spki_sha256"));
    for (long step = 0; cut; step++) {
        board.flash_steps_left = step;
        ask("keygen type=p-256 replace=yes");
        cut = reply.end[0] == 'e';
        if (cut) {
            assert_true(fake_has(reply.end, "code", "flash"));
        }
        board.flash_steps_left = -1;
        fake_board_stop(&board);
        fake_board_start(&board);
        expect_ok("key");
        assert_string_equal(get("type"), "p-256");
        bool is_old = strcmp(get("spki_sha256"), old) == 0;
        assert_true(cut || !is_old);
        (void)snprintf(old, sizeof old, "%s", get("spki_sha256"));
        assert_true(step < 100);
    }
}

static void one_sector_partition_works(void **state)
{
    (void)state;
    board.key_size_bytes = FAKE_SECTOR_BYTES;
    expect_ok("keygen type=p-256");
    expect_ok("keygen type=p-384 replace=yes");
    board.flash_steps_left = 3;
    expect_err("keygen type=p-256 replace=yes", "flash");
    expect_ok("key");
    assert_string_equal(get("type"), "none");
    board.key_size_bytes = 0;
    expect_err("key", "no-partition");
}

static void flipped_bit_is_no_key(void **state)
{
    (void)state;
    expect_ok("keygen type=p-256");
    unsigned sector = board.key_flash[0] == 0xff ? FAKE_SECTOR_BYTES : 0;
    board.key_flash[sector + 40] ^= 1;
    expect_ok("key");
    assert_string_equal(get("type"), "none");
}

/* The private scalar must not cross the line in any form; nor be left in the memory it went
 * through. */
static void key_is_wiped_from_scratch(void **state)
{
    (void)state;
    expect_ok("keygen type=p-256");
    expect_ok("csr cn=dev-1");
    fake_board_stop(&board);
    unsigned sector = board.key_flash[0] == 0xff ? FAKE_SECTOR_BYTES : 0;
    const uint8_t *secret = board.key_flash + sector + 16 + 7; /* SEC1: 30 77 02 01 01 04 20 */
    assert_int_equal(board.key_flash[sector + 16 + 6], 0x20);
    assert_null(memmem(&board.agent, sizeof board.agent, secret, 16));
}

static void keygen_says_busy_and_can_be_aborted(void **state)
{
    (void)state;
    board.seq++;
    /* RSA-3072 takes seconds under a sanitizer, some hundred ms otherwise: then the abort comes
     * late */
    fake_host_frame(&board, board.seq, "keygen type=rsa-3072");
    fake_host_frame(&board, board.seq, "abort");
    fake_host_collect(&board, board.seq, &reply);
    if (reply.end[0] == 'e') {
        assert_true(fake_has(reply.end, "code", "aborted"));
        assert_true(reply.n_busy > 0);
        expect_ok("key");
        assert_string_equal(get("type"), "none");
    } else {
        assert_true(fake_has(reply.end, "type", "rsa-3072"));
    }
    expect_ok("ping");
}

/* ---- certificates ---- */

static void hex_sha256(const void *data, size_t size, char out[65])
{
    uint8_t digest[32];

    assert_int_equal(agent_sha256(data, size, digest), 0);
    agent_hex(out, digest, sizeof digest);
}

static void upload(const uint8_t *data, size_t chain, size_t roots)
{
    char command[AGENT_LINE_MAX_BYTES];
    size_t total = chain + roots;

    (void)snprintf(command, sizeof command, "slot-begin chain=%zu roots=%zu", chain, roots);
    expect_ok(command);
    for (size_t at = 0; at < total; at += AGENT_DATA_MAX_BYTES) {
        size_t n = total - at < AGENT_DATA_MAX_BYTES ? total - at : AGENT_DATA_MAX_BYTES;
        size_t written = 0;
        int size = snprintf(command, sizeof command, "slot-write offset=%zu data=", at);
        assert_int_equal(mbedtls_base64_encode((unsigned char *)command + size,
                                               sizeof command - (size_t)size, &written, data + at,
                                               n),
                         0);
        expect_ok(command);
    }
}

static void commit(const uint8_t *data, size_t total)
{
    char command[128] = "slot-commit sha256=";

    hex_sha256(data, total, command + strlen(command));
    ask(command);
}

static void slot_takes_pem_and_der(void **state)
{
    struct test_ca root;
    struct test_ca leaf;
    uint8_t data[8192];
    char hex[65];

    (void)state;
    test_ca_make(&root, NULL, "root", 0, 1, NULL);
    test_ca_make(&leaf, &root, "dev-1", 0, 1, NULL);
    int size = snprintf((char *)data, sizeof data, "%s%s", leaf.pem, root.pem);
    upload(data, (size_t)size, 0);
    expect_err(
        "slot-commit sha256=0000000000000000000000000000000000000000000000000000000000000000",
        "slot-hash");
    commit(data, (size_t)size);
    assert_true(fake_has(reply.end, "chain", "2"));
    assert_true(fake_has(reply.end, "roots", "0"));

    memcpy(data, leaf.der, leaf.der_size);
    memcpy(data + leaf.der_size, root.der, root.der_size);
    upload(data, leaf.der_size, root.der_size);
    commit(data, leaf.der_size + root.der_size);
    assert_true(fake_has(reply.end, "chain", "1"));
    assert_true(fake_has(reply.end, "roots", "1"));
    expect_ok("certs source=slot");
    assert_int_equal(reply.n_lines, 3);
    hex_sha256(leaf.der, leaf.der_size, hex);
    assert_true(fake_has(reply.lines[0], "sha256", hex));
    assert_true(fake_has(reply.lines[0], "part", "chain"));
    assert_true(fake_has(reply.lines[1], "subject", "CN=root"));
    assert_true(fake_has(reply.lines[2], "match", "no-key"));
    expect_ok("slot-clear");
    expect_ok("certs source=slot");
    assert_true(fake_has(reply.lines[0], "state", "none"));
    test_ca_free(&leaf);
    test_ca_free(&root);
}

static void slot_refuses_damage(void **state)
{
    struct test_ca root;
    char text[4096];

    (void)state;
    test_ca_make(&root, NULL, "root", 0, 1, NULL);
    expect_err("slot-begin chain=16384 roots=1", "slot-range");
    expect_err("slot-begin chain=99999 roots=1", "bad-value");
    expect_ok("slot-begin chain=3 roots=0");
    expect_err("slot-write offset=1 data=AAAA", "slot-range");
    expect_err("slot-write offset=0 data=A", "bad-value");
    expect_ok("slot-write offset=0 data=AAAB");
    commit((const uint8_t *)"\0\0\1", 3);
    assert_true(fake_has(reply.end, "code", "bad-cert"));
    /* one good and one broken certificate: mbedTLS alone would keep the good one and say so by a
     * count */
    int size =
        snprintf(text, sizeof text,
                 "%s-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", root.pem);
    upload((const uint8_t *)text, (size_t)size, 0);
    commit((const uint8_t *)text, (size_t)size);
    assert_true(fake_has(reply.end, "code", "bad-cert"));
    /* a NUL in the middle would hide the second one */
    size = snprintf(text, sizeof text, "%s%c%s", root.pem, '\0', root.pem);
    upload((const uint8_t *)text, (size_t)size, 0);
    commit((const uint8_t *)text, (size_t)size);
    assert_true(fake_has(reply.end, "code", "bad-cert"));
    test_ca_free(&root);
}

static void flash_certificates_are_reported(void **state)
{
    struct test_ca root;
    struct test_ca leaf;
    char chain[8192];

    (void)state;
    expect_ok("certs");
    assert_true(fake_has(reply.lines[0], "state", "none"));
    expect_ok("keygen type=p-256");
    expect_ok("csr cn=dev-1");
    X509_REQ *request = csr_of_reply();
    test_ca_make(&root, NULL, "root", 0, 1, NULL);
    test_ca_make(&leaf, &root, "dev-1", 0, 1, X509_REQ_get0_pubkey(request));
    (void)snprintf(chain, sizeof chain, "%s%s", leaf.pem, root.pem);
    fake_board_write_certs(&board, chain, root.pem);
    expect_ok("certs source=flash");
    assert_int_equal(reply.n_lines, 4);
    assert_true(fake_has(reply.lines[2], "part", "roots"));
    assert_true(fake_has(reply.lines[3], "state", "ok"));
    assert_true(fake_has(reply.lines[3], "match", "yes"));
    expect_ok("keygen type=p-256 replace=yes");
    expect_ok("certs source=flash");
    assert_true(fake_has(reply.lines[3], "match", "no"));
    board.cert_flash[30] ^= 4; /* CRC */
    expect_ok("certs source=flash");
    assert_true(fake_has(reply.lines[0], "state", "bad-cert"));
    X509_REQ_free(request);
    test_ca_free(&leaf);
    test_ca_free(&root);
}

static void last_entry_of_a_type_counts(void **state)
{
    struct test_ca first;
    struct test_ca second;
    char hex[65];

    (void)state;
    test_ca_make(&first, NULL, "first", 0, 1, NULL);
    test_ca_make(&second, NULL, "second", 0, 1, NULL);
    fake_board_write_certs(&board, first.pem, NULL);
    fake_board_append_cert(&board, 1, second.pem);
    expect_ok("certs source=flash");
    hex_sha256(second.der, second.der_size, hex);
    assert_true(fake_has(reply.lines[0], "sha256", hex));
    assert_true(fake_has(reply.lines[1], "match", "no-key"));
    test_ca_free(&first);
    test_ca_free(&second);
}

/* 32 certificates make a reply that the cache can't hold: asking again must give the same answer
 * all the same. */
static void reply_beyond_the_cache(void **state)
{
    struct test_ca root;
    struct fake_reply again;
    uint8_t data[AGENT_SLOT_MAX_BYTES];
    size_t half = 0;

    (void)state;
    test_ca_make(&root, NULL, "root", 0, 1, NULL);
    for (unsigned i = 0; i < AGENT_CHAIN_MAX; i++, half += root.der_size) {
        memcpy(data + half, root.der, root.der_size);
    }
    memcpy(data + half, data, half);
    upload(data, half, half);
    commit(data, 2 * half);
    assert_true(fake_has(reply.end, "roots", "16"));
    expect_ok("certs source=slot");
    assert_int_equal(reply.n_lines, 33);
    fake_host_frame(&board, board.seq, "certs source=slot");
    fake_host_collect(&board, board.seq, &again);
    assert_memory_equal(reply.lines, again.lines, sizeof reply.lines);

    memcpy(data + half, root.der, root.der_size); /* 17 in the chain */
    upload(data, half + root.der_size, 0);
    commit(data, half + root.der_size);
    assert_true(fake_has(reply.end, "code", "bad-cert"));
    test_ca_free(&root);
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
    expect_ok("keygen type=p-256");
    (void)snprintf(spki, sizeof spki, "%s", get("spki_sha256"));
    board.services.csr = csr_with_bad_signature;
    expect_ok("csr cn=dev-1");
    X509_REQ *request = csr_of_reply();
    assert_int_not_equal(X509_REQ_verify(request, X509_REQ_get0_pubkey(request)), 1);
    X509_REQ_free(request);
    board.services.csr = csr_for_other_key;
    expect_ok("csr cn=dev-1");
    request = csr_of_reply();
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
    board.services.keygen = hang;
    board.seq++;
    fake_host_frame(&board, board.seq, "keygen type=p-256");
    fake_host_frame(&board, board.seq, "keygen type=p-256");
    fake_host_frame(&board, (uint16_t)(board.seq + 7), "ping");
    struct fake_reply other;
    fake_host_collect(&board, (uint16_t)(board.seq + 7), &other);
    assert_true(fake_has(other.end, "code", "busy"));
    fake_host_frame(&board, board.seq, "abort");
    fake_host_collect(&board, board.seq, &reply);
    assert_true(fake_has(reply.end, "code", "aborted"));
    fake_host_frame(&board, ++board.seq, "keygen type=p-256");
    fake_board_stop(&board); /* must come back although keygen hangs */
    assert_int_equal(board.ended, AGENT_ENDED_STOP);
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
        CASE(key_is_wiped_from_scratch),
        CASE(keygen_says_busy_and_can_be_aborted),
        CASE(slot_takes_pem_and_der),
        CASE(slot_refuses_damage),
        CASE(flash_certificates_are_reported),
        CASE(last_entry_of_a_type_counts),
        CASE(reply_beyond_the_cache),
        CASE(services_can_be_wrapped),
        CASE(hanging_keygen_stays_in_touch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
