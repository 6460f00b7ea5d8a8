/* SPDX-License-Identifier: Apache-2.0 */
/* What only the RFC 2217 client does: its set-up, the order of lines, servers that misbehave, no
 * leaks. */
#include "rfc2217_server.h"
#include "rig/base/cleanup.h"
#include "rig/link/link.h"

#include <dirent.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static struct rig_wait soon(void)
{
    return rig_wait_ms(10000, NULL);
}

static unsigned n_open_fds(void)
{
    DIR *fds = opendir("/proc/self/fd");
    unsigned n = 0;

    assert_non_null(fds);
    while (readdir(fds) != NULL) {
        n++;
    }
    (void)closedir(fds);
    return n;
}

static rig_result open_port(uint16_t port, struct rig_link **link, struct rig_wait wait,
                            struct rig_error *err)
{
    char address[64];

    (void)snprintf(address, sizeof address, "rfc2217://127.0.0.1:%u", port);
    return rig_link_open(address, NULL, link, wait, err);
}

static struct rig_link *open_on(struct test_server *server)
{
    struct rig_link *link = NULL;
    struct rig_error err = {0};

    if (!open_port(test_server_port(server), &link, soon(), &err).ok) {
        fail_msg("%s", err.text);
    }
    return link;
}

static void set_up_is_one_write_and_ends_in_run_state(void **state)
{
    const struct test_server_options options = {0};
    struct test_server *server = test_server_start(&options);
    struct rig_link *link = open_on(server);
    struct rig_error err = {0};
    char *log;

    (void)state;
    /* the masks are not waited for, so the next answer tells that they are in the log */
    assert_true(rig_link_set_baud(link, 9600, soon(), &err).ok);
    log = test_server_log(server);
    /* RTS first: DTR alone released would reset the chip; masks silence the notifications */
    assert_string_equal(log, "|R0 D0 B115200 c2=8 c3=1 c4=1 F c10=0 c11=0 |B9600 ");
    free(log);
    rig_link_close(link);
    test_server_stop(server);
}

static void expect_lines(struct test_server *server, struct rig_link *link, bool dtr, bool rts,
                         const char *expected)
{
    struct rig_error err = {0};
    char *log;

    /* an answer to this: whatever was sent before is in the log that is cleared */
    assert_true(rig_link_purge(link, RIG_LINK_PURGE_OUTPUT, soon(), &err).ok);
    test_server_clear_log(server);
    if (!rig_link_set_modem_lines(link, dtr, rts, soon(), &err).ok) {
        fail_msg("%s", err.text);
    }
    log = test_server_log(server);
    assert_int_equal(log[0], '|');
    assert_string_equal(log + 1, expected);
    free(log);
}

static void pairs_pass_a_safe_state_in_one_write(void **state)
{
    const struct test_server_options options = {0};
    struct test_server *server = test_server_start(&options);
    struct rig_link *link = open_on(server);

    (void)state;
    expect_lines(server, link, false, false, "R0 D0 "); /* no change: both again */
    expect_lines(server, link, true, true, "D1 R1 ");
    expect_lines(server, link, false, true, "D0 ");
    expect_lines(server, link, true, false, "D1 R0 ");
    expect_lines(server, link, false, true, "D0 R1 ");
    expect_lines(server, link, false, false, "R0 ");
    expect_lines(server, link, true, false, "D1 ");
    expect_lines(server, link, true, true, "R1 ");
    expect_lines(server, link, false, false, "R0 D0 ");
    rig_link_close(link);
    test_server_stop(server);
}

static void close_releases_the_lines(void **state)
{
    const struct test_server_options options = {0};
    struct test_server *server = test_server_start(&options);
    struct rig_link *link = open_on(server);
    char *log;

    (void)state;
    expect_lines(server, link, false, true, "R1 ");
    test_server_clear_log(server);
    rig_link_close(link);
    log = test_server_log(server);
    assert_non_null(strstr(log, "R0 "));
    free(log);
    test_server_stop(server);
}

static void expect_refusal(struct test_server_options options, int64_t timeout_ms,
                           enum rig_error_code code, const char *words)
{
    struct test_server *server = test_server_start(&options);
    const unsigned n_before = n_open_fds();
    struct rig_link *link = NULL;
    struct rig_error err = {0};

    assert_false(
        open_port(test_server_port(server), &link, rig_wait_ms(timeout_ms, NULL), &err).ok);
    assert_null(link);
    if (err.code != code || strstr(err.text, words) == NULL) {
        fail_msg("%s: %s", rig_error_code_name(err.code), err.text);
    }
    assert_int_equal(err.cls, RIG_CLASS_NETWORK);
    test_server_hang_up(server, false);
    assert_true(n_open_fds() <= n_before);
    test_server_stop(server);
}

static void servers_without_com_port_control_are_named(void **state)
{
    (void)state;
    expect_refusal((struct test_server_options){.refuse = true}, 10000, RIG_E_UNSUPPORTED,
                   "refuses COM-PORT-OPTION");
    expect_refusal((struct test_server_options){.mute = true}, 10000, RIG_E_UNSUPPORTED,
                   "plain TCP port");
    expect_refusal((struct test_server_options){.mute = true}, 50, RIG_E_TIMEOUT, "SET-BAUDRATE");
    expect_refusal((struct test_server_options){.babble = true}, 200, RIG_E_TIMEOUT,
                   "SET-BAUDRATE");
    expect_refusal((struct test_server_options){.no_control = true}, 10000, RIG_E_UNSUPPORTED,
                   "SET-CONTROL");
    expect_refusal((struct test_server_options){.highest_baud = 9600}, 10000, RIG_E_UNSUPPORTED,
                   "115200 with 9600");
    expect_refusal((struct test_server_options){.hang_up = true}, 10000, RIG_E_DISCONNECTED,
                   "saying 'Port already in use' (does another program use this port?)");
}

static void addresses_that_lead_nowhere_are_named(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    /* bound and not listening: nobody else gets this port meanwhile */
    RIG_AUTO(rig_close_fd) int fd = socket(AF_INET, SOCK_STREAM, 0);
    const unsigned n_before = n_open_fds();
    struct rig_link *link = NULL;
    struct rig_error err = {0};

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    assert_false(open_port(ntohs(address.sin_port), &link, soon(), &err).ok);
    assert_int_equal(err.code, RIG_E_REFUSED);
    assert_int_equal(err.cls, RIG_CLASS_NETWORK);
    assert_non_null(strstr(err.text, "nothing listens there"));
    assert_false(rig_link_open("rfc2217://no-such-host.invalid:4000", NULL, &link,
                               rig_wait_ms(5000, NULL), &err)
                     .ok);
    assert_int_equal(err.code, RIG_E_NOT_FOUND);
    assert_non_null(strstr(err.text, "no-such-host.invalid"));
    assert_int_equal(n_open_fds(), n_before);
}

static void a_lost_connection_is_told_after_the_last_bytes(void **state)
{
    const struct test_server_options options = {0};

    (void)state;
    for (int reset = 0; reset < 2; reset++) {
        struct test_server *server = test_server_start(&options);
        struct rig_link *link = open_on(server);
        struct rig_error err = {0};
        uint8_t bytes[8];
        size_t got = 0;

        test_server_send(server, (const uint8_t *)"bye", 3);
        if (reset) {
            assert_true(rig_link_read(link, bytes, sizeof bytes, &got, soon(), &err).ok);
        }
        test_server_hang_up(server, reset);
        if (!reset) {
            assert_true(rig_link_read(link, bytes, sizeof bytes, &got, soon(), &err).ok);
        }
        assert_int_equal(got, 3);
        assert_false(rig_link_read(link, bytes, sizeof bytes, &got, soon(), &err).ok);
        assert_int_equal(err.code, RIG_E_DISCONNECTED);
        assert_int_equal(err.cls, RIG_CLASS_NETWORK);
        assert_false(rig_link_write(link, "x", 1, soon(), &err).ok);
        assert_int_equal(err.code, RIG_E_DISCONNECTED);
        rig_link_close(link);
        test_server_stop(server);
    }
}

static void a_write_to_a_stalled_server_ends_at_its_deadline(void **state)
{
    const struct test_server_options options = {0};
    struct test_server *server = test_server_start(&options);
    struct rig_link *link = open_on(server);
    struct rig_error err = {0};
    const size_t n_bytes = 64u << 20;
    uint8_t *bytes = calloc(1, n_bytes);

    (void)state;
    assert_non_null(bytes);
    test_server_stall(server);
    assert_false(rig_link_write(link, bytes, n_bytes, rig_wait_ms(200, NULL), &err).ok);
    assert_int_equal(err.code, RIG_E_TIMEOUT);
    free(bytes);
    rig_link_close(link);
    test_server_stop(server);
}

static void suspended_flow_waits_for_resume(void **state)
{
    static const uint8_t suspend[] = {255, 250, 44, 108, 255, 240, '!'};
    static const uint8_t resume[] = {255, 250, 44, 109, 255, 240};
    const struct test_server_options options = {.echo = true};
    struct test_server *server = test_server_start(&options);
    struct rig_link *link = open_on(server);
    struct rig_error err = {0};
    uint8_t byte = 0;
    size_t got = 0;

    (void)state;
    test_server_send_raw(server, suspend, sizeof suspend);
    assert_true(rig_link_read(link, &byte, 1, &got, soon(), &err).ok);
    assert_false(rig_link_write(link, "x", 1, rig_wait_ms(30, NULL), &err).ok);
    assert_int_equal(err.code, RIG_E_TIMEOUT);
    assert_non_null(strstr(err.text, "suspended"));
    test_server_send_raw(server, resume, sizeof resume);
    assert_true(rig_link_write(link, "y", 1, soon(), &err).ok);
    assert_true(rig_link_read(link, &byte, 1, &got, soon(), &err).ok);
    assert_int_equal(byte, 'y');
    rig_link_close(link);
    test_server_stop(server);
}

static void unknown_options_are_refused_once(void **state)
{
    static const uint8_t asks[] = {255, 253, 24, 255, 251, 1, '!'};
    const struct test_server_options options = {.echo = true};
    struct test_server *server = test_server_start(&options);
    struct rig_link *link = open_on(server);
    struct rig_error err = {0};
    uint8_t byte = 0;
    size_t got = 0;
    char *log;

    (void)state;
    test_server_clear_log(server);
    test_server_send_raw(server, asks, sizeof asks);
    assert_true(rig_link_read(link, &byte, 1, &got, soon(), &err).ok);
    assert_true(rig_link_set_baud(link, 9600, soon(), &err).ok);
    log = test_server_log(server);
    assert_non_null(strstr(log, "wont24 dont1 "));
    assert_non_null(strstr(log, "B9600 "));
    free(log);
    rig_link_close(link);
    test_server_stop(server);
}

static void forms_of_addresses(void **state)
{
    static const char *const good[] = {"rfc2217://localhost:4000", "rfc2217://[::1]:1",
                                       "rfc2217://10.0.0.1:65535", "serial:///dev/ttyUSB0",
                                       "/dev/serial/by-id/usb-x"};
    static const char *const bad[] = {"",
                                      "COM3",
                                      "dev/ttyUSB0",
                                      "tcp://localhost:1",
                                      "rfc2217://",
                                      "rfc2217://host",
                                      "rfc2217://:4000",
                                      "rfc2217://host:0",
                                      "rfc2217://host:65536",
                                      "rfc2217://host:40 ",
                                      "rfc2217://host:000001",
                                      "rfc2217://::1:4000",
                                      "rfc2217://[::1]",
                                      "rfc2217://[::1:4000",
                                      "serial://ttyUSB0",
                                      "serial:///",
                                      "rfc2217://host:4000?timeout=3"};
    char long_address[400];
    struct rig_error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(rig_link_check_address(good[i], &err).ok);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct rig_link *link = NULL;

        err = (struct rig_error){0};
        assert_false(rig_link_check_address(bad[i], &err).ok);
        assert_int_equal(err.code, RIG_E_INVALID);
        assert_int_equal(err.cls, RIG_CLASS_USAGE);
        assert_false(rig_link_open(bad[i], NULL, &link, soon(), &err).ok);
        assert_int_equal(err.code, RIG_E_INVALID);
    }
    assert_false(rig_link_check_address("what", &err).ok);
    assert_non_null(strstr(err.text, "rfc2217://HOST:PORT"));
    assert_non_null(strstr(err.text, "serial:///dev/ttyUSB0"));
    memset(long_address, 'h', sizeof long_address);
    memcpy(long_address, "rfc2217://", 10);
    memcpy(long_address + sizeof long_address - 6, ":4000", 6);
    assert_false(rig_link_check_address(long_address, &err).ok);
    long_address[150] = '\0';
    memcpy(long_address + 145, ":4000", 5);
    assert_false(rig_link_check_address(long_address, &err).ok);
    assert_int_equal(err.code, RIG_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_up_is_one_write_and_ends_in_run_state),
        cmocka_unit_test(pairs_pass_a_safe_state_in_one_write),
        cmocka_unit_test(close_releases_the_lines),
        cmocka_unit_test(servers_without_com_port_control_are_named),
        cmocka_unit_test(addresses_that_lead_nowhere_are_named),
        cmocka_unit_test(a_lost_connection_is_told_after_the_last_bytes),
        cmocka_unit_test(a_write_to_a_stalled_server_ends_at_its_deadline),
        cmocka_unit_test(suspended_flow_waits_for_resume),
        cmocka_unit_test(unknown_options_are_refused_once),
        cmocka_unit_test(forms_of_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
