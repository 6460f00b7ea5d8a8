/* SPDX-License-Identifier: Apache-2.0 */
/* The client against scripted boards: loss, damage, restarts, hangs, babble, relays. */
#include "scripted_board.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct rig_wait soon(void)
{
    return rig_wait_ms(15000, NULL);
}

#define assert_done(session, call)                                                                 \
    do {                                                                                           \
        if (!(call).ok) {                                                                          \
            fail_msg("%s / %s", (session)->err.text, (session)->board.complaint);                  \
        }                                                                                          \
    } while (0)

#define HELLO_REPLY                                                                                \
    "< = proto=1 agent=0.1.0 mbedtls=2.28.3 chip=esp32 mac=24:0a:c4:00:00:01 reset=power-on "      \
    "boot=5f02c1aa nonce=\"NONCE\"\n"                                                              \
    "< = secure_boot=no flash_encryption=yes jtag_disabled=no download_disabled=no "               \
    "time_checks=yes clock_set=no uptime_ms=812\n"                                                 \
    "< = line_max=512 data_max=336 slot_max=16384 chain_max=16 tls=1.1,1.2 transports=relay\n"     \
    "< = keys=rsa-2048,p-256 cert_partition=yes key_partition=yes\n"                               \
    "< ok lines=4\n"
#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void hello_tells_what_the_board_is(void **state)
{
    struct scripted_session s;
    struct rig_agent_hello hello;

    (void)state;
    scripted_begin(&s, "> hello nonce=*\n"
                       "! I (52) boot: half a line\n" HELLO_REPLY);
    assert_done(&s, rig_agent_hello(s.agent, &hello, soon(), &s.err));
    assert_int_equal(hello.protocol, 1);
    assert_string_equal(hello.chip, "esp32");
    assert_string_equal(hello.tls_library, "mbedTLS 2.28.3");
    assert_string_equal(hello.boot, "5f02c1aa");
    assert_memory_equal(hello.mac, "\x24\x0a\xc4\x00\x00\x01", 6);
    assert_true(hello.flash_encryption && !hello.secure_boot && hello.checks_time);
    assert_true(hello.tls12 && !hello.tls13 && hello.relay && !hello.direct);
    assert_true(hello.key_types[RIG_KEY_P256] && !hello.key_types[RIG_KEY_P521]);
    assert_int_equal(hello.slot_bytes, 16384);
    assert_int_equal(rig_agent_retransmissions(s.agent), 0);
    scripted_finish(&s);
}

/* HELLO_REPLY with lines more. */
#define HELLO_BEGIN                                                                                \
    "> hello nonce=*\n"                                                                            \
    "< = proto=1 agent=0.1.0 mbedtls=2.28.3 chip=esp32 mac=24:0a:c4:00:00:01 reset=power-on "      \
    "boot=5f02c1aa nonce=\"NONCE\"\n"                                                              \
    "< = data_max=336 slot_max=16384 tls=1.0,1.3 transports=relay\n"

static void hello_declares_versions_and_ciphers(void **state)
{
    struct scripted_session s;
    struct rig_agent_hello hello;

    (void)state;
    scripted_begin(&s, HELLO_BEGIN "< = ciphers=c02c,C030,1301\n"
                                   "< = ciphers=002f,c02c\n"
                                   "< ok lines=4\n");
    assert_done(&s, rig_agent_hello(s.agent, &hello, soon(), &s.err));
    assert_int_equal(hello.n_ciphers, 4);
    assert_true(rig_agent_declares_cipher(&hello, 0xc02c));
    assert_true(rig_agent_declares_cipher(&hello, 0xc030));
    assert_true(rig_agent_declares_cipher(&hello, 0x1301));
    assert_true(rig_agent_declares_cipher(&hello, 0x002f));
    assert_false(rig_agent_declares_cipher(&hello, 0x0000));
    assert_true(rig_agent_declares_version(&hello, RIG_TLS_1_0));
    assert_false(rig_agent_declares_version(&hello, RIG_TLS_1_1));
    assert_false(rig_agent_declares_version(&hello, RIG_TLS_1_2));
    assert_true(rig_agent_declares_version(&hello, RIG_TLS_1_3));
    assert_false(rig_agent_declares_version(&hello, 0x0300));
    scripted_finish(&s);
}

static void a_hello_without_ciphers_declares_none(void **state)
{
    struct scripted_session s;
    struct rig_agent_hello hello;

    (void)state;
    scripted_begin(&s, HELLO_BEGIN "< ok lines=2\n");
    assert_done(&s, rig_agent_hello(s.agent, &hello, soon(), &s.err));
    assert_int_equal(hello.n_ciphers, 0);
    scripted_finish(&s);
}

static void ciphers_that_are_none_are_refused(void **state)
{
    static const char *const wrong[] = {"c02c,",     "c02",  ",c02c", "c02cc",
                                        "c02c;c030", "c0g0", "\"\""};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct scripted_session s;
        struct rig_agent_hello hello;
        char script[512];

        (void)snprintf(script, sizeof script, HELLO_BEGIN "< = ciphers=%s\n< ok lines=3\n",
                       wrong[i]);
        scripted_begin(&s, script);
        assert_false(rig_agent_hello(s.agent, &hello, soon(), &s.err).ok);
        assert_int_equal(s.err.cls, RIG_CLASS_DEVICE);
        assert_int_equal(s.err.code, RIG_E_PROTOCOL);
        assert_non_null(strstr(s.err.text, "ciphers="));
        scripted_finish(&s);
    }
}

static void more_ciphers_than_there_are_are_refused(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf script = {0};
    struct scripted_session s;
    struct rig_agent_hello hello;
    struct rig_error err;

    (void)state;
    assert_true(rig_buf_append_text(&script, HELLO_BEGIN, &err).ok);
    for (unsigned i = 0; i <= RIG_AGENT_CIPHERS_MAX; i++) {
        assert_true(
            rig_buf_printf(&script, &err, "%s%04x", i % 80 == 0 ? "< = ciphers=" : ",", i).ok);
        if (i % 80 == 79 || i == RIG_AGENT_CIPHERS_MAX) {
            assert_true(rig_buf_append_text(&script, "\n", &err).ok);
        }
    }
    assert_true(rig_buf_append_text(&script, "< ok lines=8\n", &err).ok);
    scripted_begin(&s, rig_buf_text(&script));
    assert_false(rig_agent_hello(s.agent, &hello, soon(), &s.err).ok);
    assert_non_null(strstr(s.err.text, "more than 400"));
    scripted_finish(&s);
}

static void hello_waits_for_a_board_that_boots(void **state)
{
    struct scripted_session s;
    struct rig_agent_hello hello;

    (void)state;
    scripted_begin(&s, "> hello nonce=*\n"
                       "! ets Jul 29 2019 12:21:46\n"
                       "! rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n"
                       "<0 ready proto=1 agent=0.1.0 chip=esp32 boot=5f02c1aa\n"
                       "> hello nonce=*\n" HELLO_REPLY);
    assert_done(&s, rig_agent_hello(s.agent, &hello, soon(), &s.err));
    assert_int_equal(rig_agent_retransmissions(s.agent), 0); /* a boot is no noise */
    scripted_finish(&s);
}

static void a_boot_loop_is_told_from_a_boot(void **state)
{
    struct scripted_session s;
    struct rig_agent_hello hello;

    (void)state;
    scripted_begin(&s, "> hello nonce=*\n"
                       "! rst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n"
                       "! rst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n"
                       "! rst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n"
                       "! rst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n");
    assert_false(rig_agent_hello(s.agent, &hello, soon(), &s.err).ok);
    assert_int_equal(s.err.code, RIG_E_BOOT_LOOP);
    assert_int_equal(s.err.cls, RIG_CLASS_DEVICE);
    assert_non_null(strstr(s.err.text, "again and again"));
    scripted_finish(&s);
    scripted_begin(&s, "> hello nonce=*\n"
                       "<0 ready proto=1 boot=00000001\n"
                       "> hello nonce=*\n"
                       "<0 ready proto=1 boot=00000002\n"
                       "> hello nonce=*\n"
                       "<0 ready proto=1 boot=00000003\n");
    assert_false(rig_agent_hello(s.agent, &hello, soon(), &s.err).ok);
    assert_int_equal(s.err.code, RIG_E_BOOT_LOOP);
    scripted_finish(&s);
}

static void other_firmware_is_no_agent(void **state)
{
    struct scripted_session s;
    struct rig_agent_hello hello;

    (void)state;
    scripted_begin(&s, "> hello nonce=*\n"
                       "! waiting for download\n");
    assert_false(rig_agent_hello(s.agent, &hello, rig_wait_ms(300, NULL), &s.err).ok);
    assert_int_equal(s.err.code, RIG_E_NO_ANSWER);
    assert_int_equal(s.err.cls, RIG_CLASS_DEVICE);
    assert_non_null(strstr(s.err.text, "'waiting for download'"));
    scripted_finish(&s);
    scripted_begin(&s, "");
    assert_false(rig_agent_hello(s.agent, &hello, rig_wait_ms(100, NULL), &s.err).ok);
    assert_int_equal(s.err.code, RIG_E_NO_ANSWER);
    assert_non_null(strstr(s.err.text, "not a single byte"));
    scripted_finish(&s);
    scripted_begin(&s, "> hello nonce=*\n"
                       "< = proto=2 nonce=NONCE\n"
                       "< ok lines=1\n");
    assert_false(rig_agent_hello(s.agent, &hello, soon(), &s.err).ok);
    assert_int_equal(s.err.code, RIG_E_UNSUPPORTED);
    scripted_finish(&s);
}

static void babble_never_outlasts_the_deadline(void **state)
{
    struct scripted_session s;
    struct rig_agent_hello hello;
    const int64_t start_ns = rig_now_ns();

    (void)state;
    scripted_begin(&s, "#\n");
    assert_false(rig_agent_hello(s.agent, &hello, rig_wait_ms(200, NULL), &s.err).ok);
    assert_int_equal(s.err.code, RIG_E_NO_ANSWER);
    assert_true(rig_now_ns() - start_ns < 5 * RIG_NS_PER_S);
    scripted_finish(&s);
}

static void a_wire_that_echoes_is_no_agent(void **state)
{
    struct scripted_session s;
    struct rig_agent_hello hello;

    (void)state;
    scripted_begin(&s, "> hello nonce=*\n"
                       "< hello nonce=NONCE\n");
    assert_false(rig_agent_hello(s.agent, &hello, rig_wait_ms(200, NULL), &s.err).ok);
    assert_int_equal(s.err.code, RIG_E_NO_ANSWER);
    assert_non_null(strstr(s.err.text, "not the agent's"));
    scripted_finish(&s);
}

static void damaged_requests_and_replies_come_again(void **state)
{
    struct scripted_session s;

    (void)state;
    scripted_begin(&s, "> slot-clear\n"
                       "<0 err lines=0 code=checksum mbedtls=0 text=\"damaged\"\n"
                       "> slot-clear\n"
                       "~ ok lines=0\n"
                       "> slot-clear\n"
                       "< ok lines=0\n");
    assert_done(&s, rig_agent_slot_clear(s.agent, soon(), &s.err));
    assert_int_equal(rig_agent_retransmissions(s.agent), 2);
    scripted_finish(&s);
}

static void repetitions_fill_the_gaps_of_a_reply(void **state)
{
    struct scripted_session s;
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};

    (void)state;
    /* SHA-256 of "abcdef" */
    scripted_begin(&s, "> csr cn=\"dev \\\"1\\\"\" o=\"Org\"\n"
                       "< = offset=0 data=YWI=\n"
                       "~ = offset=2 data=Y2Q=\n"
                       "< = offset=4 data=ZWY=\n"
                       "< ok lines=3 bytes=6 "
                       "sha256=bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721\n"
                       "> csr cn=\"dev \\\"1\\\"\" o=\"Org\"\n"
                       "~ = offset=0 data=YWI=\n"
                       "< = offset=2 data=Y2Q=\n"
                       "< = offset=4 data=ZWY=\n"
                       "< ok lines=3 bytes=6 "
                       "sha256=bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721\n");
    assert_done(&s, rig_agent_csr(s.agent, "dev \"1\"", "Org", NULL, &der, soon(), &s.err));
    assert_string_equal(rig_buf_text(&der), "abcdef");
    scripted_finish(&s);
    scripted_begin(&s, "> csr cn=\"d\"\n"
                       "< = offset=0 data=YWI=\n"
                       "< = offset=2 data=Y2Q=\n"
                       "< = offset=4 data=ZWc=\n"
                       "< ok lines=3 bytes=6 "
                       "sha256=bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721\n");
    assert_false(rig_agent_csr(s.agent, "d", NULL, NULL, &der, soon(), &s.err).ok);
    assert_int_equal(s.err.code, RIG_E_MISMATCH);
    assert_string_equal(rig_buf_text(&der), "abcdef");
    scripted_finish(&s);
}

static void late_replies_of_former_requests_are_skipped(void **state)
{
    struct scripted_session s;

    (void)state;
    scripted_begin(&s, "> slot-clear\n"
                       "~ ok lines=0\n"
                       "<0 err lines=0 code=checksum mbedtls=0 text=\"x\"\n"
                       "> slot-clear\n"
                       "< ok lines=0\n"
                       "< ok lines=0\n"
                       "> time unix_ms=5\n"
                       "< ok lines=0 unix_ms=5\n");
    assert_done(&s, rig_agent_slot_clear(s.agent, soon(), &s.err));
    assert_done(&s, rig_agent_set_time(s.agent, 5, soon(), &s.err));
    scripted_finish(&s);
}

static void busy_is_patience_and_refusal_has_words(void **state)
{
    struct scripted_session s;
    uint8_t hash[RIG_SHA256_SIZE];

    (void)state;
    scripted_begin(&s, "> keygen type=rsa-2048 replace=yes\n"
                       "< busy what=keygen ms=500\n"
                       "< busy what=keygen ms=1000\n"
                       "< ok lines=0 type=rsa-2048 spki_sha256=" SHA " ms=1200\n"
                       "> keygen type=p-256 replace=yes\n"
                       "< err lines=0 code=flash mbedtls=-0x0010 text=\"the erase failed\"\n");
    assert_done(&s, rig_agent_keygen(s.agent, RIG_KEY_RSA_2048, hash, soon(), &s.err));
    assert_int_equal(hash[1], 0x11);
    assert_int_equal(rig_agent_retransmissions(s.agent), 0);
    assert_false(rig_agent_keygen(s.agent, RIG_KEY_P256, hash, soon(), &s.err).ok);
    assert_int_equal(s.err.code, RIG_E_REFUSED);
    assert_int_equal(s.err.cls, RIG_CLASS_DEVICE);
    assert_non_null(strstr(s.err.text, "the erase failed"));
    assert_non_null(strstr(s.err.text, "-0x0010"));
    scripted_finish(&s);
}

static void another_hosts_work_is_waited_for(void **state)
{
    struct scripted_session s;

    (void)state;
    scripted_begin(&s, "> slot-clear\n"
                       "< err lines=0 code=busy mbedtls=0 text=\"at work\"\n"
                       "> slot-clear\n"
                       "< ok lines=0\n");
    assert_done(&s, rig_agent_slot_clear(s.agent, soon(), &s.err));
    scripted_finish(&s);
}

static void a_hang_is_found_long_before_the_deadline(void **state)
{
    struct scripted_session s;
    uint8_t hash[RIG_SHA256_SIZE];

    (void)state;
    scripted_begin(&s, "> keygen type=p-256 replace=yes\n"
                       "< busy what=keygen ms=500\n"
                       "> keygen type=p-256 replace=yes\n"
                       "> keygen type=p-256 replace=yes\n"
                       "> keygen type=p-256 replace=yes\n"
                       "> keygen type=p-256 replace=yes\n"
                       "> abort\n");
    assert_false(
        rig_agent_keygen(s.agent, RIG_KEY_P256, hash, rig_wait_ms(120000, NULL), &s.err).ok);
    assert_int_equal(s.err.code, RIG_E_NO_ANSWER);
    assert_int_equal(s.err.cls, RIG_CLASS_DEVICE);
    assert_non_null(strstr(s.err.text, "fell silent during 'keygen'"));
    scripted_finish(&s);
}

static void a_restart_in_the_middle_is_named(void **state)
{
    static const char *const signs[] = {"! rst:0x10 (RTCWDT_RTC_RESET),boot:0x13\n",
                                        "<0 ready proto=1 agent=0.1.0 chip=esp32 boot=99999999\n"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scripted_session s;
        struct rig_agent_hello hello;
        uint8_t hash[RIG_SHA256_SIZE];
        char script[2048];

        (void)snprintf(script, sizeof script, "%s%s", "> hello nonce=*\n" HELLO_REPLY "> keygen*\n",
                       signs[i]);
        scripted_begin(&s, script);
        assert_done(&s, rig_agent_hello(s.agent, &hello, soon(), &s.err));
        assert_false(rig_agent_keygen(s.agent, RIG_KEY_P256, hash, soon(), &s.err).ok);
        assert_int_equal(s.err.code, RIG_E_DISCONNECTED);
        assert_int_equal(s.err.cls, RIG_CLASS_DEVICE);
        assert_non_null(strstr(s.err.text, "restarted while 'keygen'"));
        scripted_finish(&s);
    }
}

static void a_reset_that_was_asked_for_is_none(void **state)
{
    struct scripted_session s;
    struct rig_agent_hello hello;

    (void)state;
    scripted_begin(&s, "> hello nonce=*\n" HELLO_REPLY "> reset\n"
                       "! rst:0xc (SW_CPU_RESET),boot:0x13\n"
                       "<0 ready proto=1 agent=0.1.0 chip=esp32 boot=99999999\n"
                       "> hello nonce=*\n" HELLO_REPLY);
    assert_done(&s, rig_agent_hello(s.agent, &hello, soon(), &s.err));
    assert_done(&s, rig_agent_reset(s.agent, soon(), &s.err));
    assert_done(&s, rig_agent_hello(s.agent, &hello, soon(), &s.err));
    scripted_finish(&s);
}

static void cancel_ends_a_call_and_frees_the_board(void **state)
{
    struct scripted_session s;
    struct rig_cancel cancel;
    uint8_t hash[RIG_SHA256_SIZE];

    (void)state;
    scripted_begin(&s, "> abort\n");
    assert_true(rig_cancel_open(&cancel, &s.err).ok);
    rig_cancel_trigger(&cancel, 2);
    assert_false(
        rig_agent_keygen(s.agent, RIG_KEY_P256, hash, rig_wait_ms(60000, &cancel), &s.err).ok);
    assert_int_equal(s.err.code, RIG_E_CANCELLED);
    rig_cancel_close(&cancel);
    scripted_finish(&s);
}

static void handshake_reports_become_values(void **state)
{
    const struct rig_agent_handshake_request request = {.host = "127.0.0.1",
                                                        .port = 8443,
                                                        .sni = NULL,
                                                        .expected_name = "srv.test",
                                                        .min_version = RIG_TLS_1_2,
                                                        .certificate = RIG_AGENT_SLOT,
                                                        .roots = RIG_AGENT_FLASH,
                                                        .transport = RIG_AGENT_DIRECT,
                                                        .timeout_ms = 5000,
                                                        .nonce = "n1",
                                                        .relay_fd = -1};
    struct rig_agent_handshake_report report;
    struct scripted_session s;

    (void)state;
    scripted_begin(
        &s,
        "> handshake host=\"127.0.0.1\" port=8443 name=\"srv.test\" sni=\"\" min=\"1.2\" "
        "use=slot roots=flash transport=direct timeout_ms=5000 text=\"n1\"\n"
        "< = stage=handshake mbedtls=-0x2700 flags=0x00000008 alert_sent=48 "
        "alert_received=none echoed=no\n"
        "< = version=TLSv1.2 cipher=TLS-X connect_ms=3 handshake_ms=41 echo_ms=0\n"
        "< = client_random=" SHA " client_shown=empty client_sha256=none server_sha256=" SHA "\n"
        "< err lines=3 code=tls mbedtls=-0x2700 text=\"not trusted\"\n"
        "> handshake*\n"
        "< err lines=0 code=no-cert mbedtls=0 text=\"the slot is empty\"\n"
        "> handshake*\n"
        "< = stage=handshake mbedtls=oops\n"
        "< err lines=1 code=tls mbedtls=0 text=\"x\"\n");
    assert_done(&s, rig_agent_handshake(s.agent, &request, &report, soon(), &s.err));
    assert_true(report.connected && !report.handshake_done && !report.echoed);
    assert_int_equal(report.tls_code, -0x2700);
    assert_int_equal(report.verify_flags, 8);
    assert_int_equal(report.alert_sent, 48);
    assert_int_equal(report.alert_received, -1);
    assert_int_equal(report.handshake_ms, 41);
    assert_true(report.has_client_random && report.has_server && !report.offered);
    assert_string_equal(report.client_shown, "empty");
    assert_string_equal(report.text, "not trusted");
    assert_false(rig_agent_handshake(s.agent, &request, &report, soon(), &s.err).ok);
    assert_int_equal(s.err.code, RIG_E_REFUSED);
    assert_non_null(strstr(s.err.text, "no-cert"));
    assert_false(rig_agent_handshake(s.agent, &request, &report, soon(), &s.err).ok);
    assert_int_equal(s.err.code, RIG_E_PROTOCOL);
    scripted_finish(&s);
}

static void certificates_and_key_are_read(void **state)
{
    struct rig_agent_certificates certificates;
    enum rig_key_type type;
    uint8_t hash[RIG_SHA256_SIZE];
    struct scripted_session s;

    (void)state;
    scripted_begin(&s,
                   "> certs source=flash\n"
                   "< = source=flash part=roots index=0 sha256=" SHA " serial=01 subject=\"CN=r\"\n"
                   "< = source=flash part=chain index=0 sha256=" SHA " serial=02 subject=\"CN=l\"\n"
                   "< = source=flash state=ok chain=1 roots=1 match=yes\n"
                   "< ok lines=3\n"
                   "> certs source=slot\n"
                   "< = source=slot state=none chain=0 roots=0 match=no-cert\n"
                   "< ok lines=1\n"
                   "> certs source=flash\n"
                   "< = source=flash state=bad-cert mbedtls=-0x2180 chain=0 roots=0 match=no-cert\n"
                   "< ok lines=1\n"
                   "> key\n"
                   "< ok lines=0 type=none\n"
                   "> key\n"
                   "< ok lines=0 type=p-384 spki_sha256=" SHA "\n");
    assert_done(&s,
                rig_agent_certificates(s.agent, RIG_AGENT_FLASH, &certificates, soon(), &s.err));
    assert_true(certificates.present && certificates.matches_key);
    assert_int_equal(certificates.n_chain, 1);
    assert_int_equal(certificates.n_roots, 1);
    assert_int_equal(certificates.leaf_sha256[31], 0xff);
    assert_int_equal(certificates.roots_sha256[0][31], 0xff);
    assert_done(&s, rig_agent_certificates(s.agent, RIG_AGENT_SLOT, &certificates, soon(), &s.err));
    assert_false(certificates.present);
    assert_false(
        rig_agent_certificates(s.agent, RIG_AGENT_FLASH, &certificates, soon(), &s.err).ok);
    assert_non_null(strstr(s.err.text, "bad-cert"));
    assert_done(&s, rig_agent_key(s.agent, &type, hash, soon(), &s.err));
    assert_int_equal(type, RIG_KEY_NONE);
    assert_done(&s, rig_agent_key(s.agent, &type, hash, soon(), &s.err));
    assert_int_equal(type, RIG_KEY_P384);
    scripted_finish(&s);
}

#define RELAY_REQUEST                                                                              \
    {                                                                                              \
        .host = NULL, .expected_name = NULL, .certificate = RIG_AGENT_NONE,                        \
        .roots = RIG_AGENT_SLOT, .transport = RIG_AGENT_RELAY, .timeout_ms = 10000, .relay_fd = -1 \
    }
#define REPORT                                                                                     \
    "< = stage=%s mbedtls=0 flags=0x00000000 alert_sent=none alert_received=none echoed=no "       \
    "version=none cipher=none connect_ms=0 handshake_ms=0 echo_ms=0\n"

static void relay_frames_survive_loss_and_repetition(void **state)
{
    struct rig_agent_handshake_request request = RELAY_REQUEST;
    struct rig_agent_handshake_report report;
    struct scripted_session s;
    char script[2048];
    char text[16];
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(write(fds[0], "srv", 3), 3);
    assert_int_equal(shutdown(fds[0], SHUT_WR), 0);
    request.relay_fd = fds[1];
    (void)snprintf(script, sizeof script,
                   "> handshake host=\"relay\" port=1 name=\"-\" sni=\"\" use=none roots=slot "
                   "transport=relay timeout_ms=10000\n"
                   "< tx n=1 open=yes\n"
                   "> ack n=1\n"
                   "> rx n=1 open=yes\n"
                   "< ack n=1\n"
                   "> rx n=2 data=c3J2\n"
                   "<0 err lines=0 code=checksum mbedtls=0 text=\"x\"\n"
                   "< ack n=1\n"
                   "< busy what=handshake ms=500\n"
                   "> rx n=2 data=c3J2\n"
                   "< ack n=2\n"
                   "> rx n=3 eof=close\n"
                   "< ack n=3\n"
                   "< tx n=3 data=QkFE\n"
                   "~ tx n=2 data=QkFE\n"
                   "< tx n=2 data=!!!!\n"
                   "< tx n=2 data=YWJj\n"
                   "> ack n=2\n"
                   "< tx n=2 data=YWJj\n"
                   "> ack n=2\n"
                   "< tx n=3 eof=close\n"
                   "> ack n=3\n" REPORT "< ok lines=1\n",
                   "done");
    scripted_begin(&s, script);
    assert_done(&s, rig_agent_handshake(s.agent, &request, &report, soon(), &s.err));
    assert_true(report.handshake_done);
    (void)close(fds[1]);
    assert_int_equal(read(fds[0], text, sizeof text), 3);
    assert_memory_equal(text, "abc", 3);
    assert_int_equal(read(fds[0], text, sizeof text), 0);
    (void)close(fds[0]);
    scripted_finish(&s);
}

static void relay_without_a_server_is_refused(void **state)
{
    const struct rig_agent_handshake_request request = RELAY_REQUEST;
    struct rig_agent_handshake_report report;
    struct scripted_session s;
    char script[1024];

    (void)state;
    (void)snprintf(script, sizeof script,
                   "> handshake*\n"
                   "< tx n=1 open=yes\n"
                   "> ack n=1\n"
                   "> rx n=1 eof=refused\n"
                   "< ack n=1\n" REPORT "< err lines=1 code=connect mbedtls=0 text=\"refused\"\n",
                   "connect");
    scripted_begin(&s, script);
    assert_done(&s, rig_agent_handshake(s.agent, &request, &report, soon(), &s.err));
    assert_false(report.connected);
    scripted_finish(&s);
}

static void a_relay_that_gets_no_acknowledgement_is_aborted(void **state)
{
    struct rig_agent_handshake_request request = RELAY_REQUEST;
    struct rig_agent_handshake_report report;
    RIG_AUTO(rig_buf_free) struct rig_buf script = {0};
    struct scripted_session s;
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    request.relay_fd = fds[1];
    assert_true(
        rig_buf_append_text(&script, "> handshake*\n< tx n=1 open=yes\n> ack n=1\n", &s.err).ok);
    for (int i = 0; i < 13; i++) {
        assert_true(rig_buf_append_text(&script,
                                        "> rx n=1 open=yes\n< tx n=1 open=yes\n> ack n=1\n", &s.err)
                        .ok);
    }
    assert_true(rig_buf_printf(&script, &s.err,
                               "> abort\n" REPORT
                               "< err lines=1 code=aborted mbedtls=0 text=\"aborted\"\n",
                               "connect")
                    .ok);
    scripted_begin(&s, rig_buf_text(&script));
    assert_done(&s, rig_agent_handshake(s.agent, &request, &report, soon(), &s.err));
    assert_string_equal(report.text, "aborted");
    assert_int_equal(rig_agent_retransmissions(s.agent), 12);
    scripted_finish(&s);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_tells_what_the_board_is),
        cmocka_unit_test(hello_declares_versions_and_ciphers),
        cmocka_unit_test(a_hello_without_ciphers_declares_none),
        cmocka_unit_test(ciphers_that_are_none_are_refused),
        cmocka_unit_test(more_ciphers_than_there_are_are_refused),
        cmocka_unit_test(hello_waits_for_a_board_that_boots),
        cmocka_unit_test(a_boot_loop_is_told_from_a_boot),
        cmocka_unit_test(other_firmware_is_no_agent),
        cmocka_unit_test(babble_never_outlasts_the_deadline),
        cmocka_unit_test(a_wire_that_echoes_is_no_agent),
        cmocka_unit_test(damaged_requests_and_replies_come_again),
        cmocka_unit_test(repetitions_fill_the_gaps_of_a_reply),
        cmocka_unit_test(late_replies_of_former_requests_are_skipped),
        cmocka_unit_test(busy_is_patience_and_refusal_has_words),
        cmocka_unit_test(another_hosts_work_is_waited_for),
        cmocka_unit_test(a_hang_is_found_long_before_the_deadline),
        cmocka_unit_test(a_restart_in_the_middle_is_named),
        cmocka_unit_test(a_reset_that_was_asked_for_is_none),
        cmocka_unit_test(cancel_ends_a_call_and_frees_the_board),
        cmocka_unit_test(handshake_reports_become_values),
        cmocka_unit_test(certificates_and_key_are_read),
        cmocka_unit_test(relay_frames_survive_loss_and_repetition),
        cmocka_unit_test(relay_without_a_server_is_refused),
        cmocka_unit_test(a_relay_that_gets_no_acknowledgement_is_aborted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
