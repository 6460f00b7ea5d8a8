/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serial driver as far as it goes without a serial port: libserialport refuses
 * pseudo-terminals, and they have no modem lines. Bytes, lines, baud rate, busy ports and
 * unplugging need the kernel's driver.
 */
#include "rig/base/cleanup.h"
#include "rig/link/link.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

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

static void expect_failure(const char *address, enum rig_error_code code, const char *words)
{
    const unsigned n_before = n_open_fds();
    struct rig_link *link = NULL;
    struct rig_error err = {0};

    assert_false(rig_link_open(address, NULL, &link, rig_wait_ms(1000, NULL), &err).ok);
    assert_null(link);
    if (err.code != code || strstr(err.text, words) == NULL) {
        fail_msg("%s: %s", rig_error_code_name(err.code), err.text);
    }
    assert_int_equal(err.cls, RIG_CLASS_RIG);
    assert_non_null(strstr(err.text, address));
    assert_int_equal(n_open_fds(), n_before);
}

static void a_missing_port_is_named(void **state)
{
    (void)state;
    expect_failure("/dev/ttyNOSUCH0", RIG_E_NOT_FOUND, "is the board plugged in?");
    expect_failure("serial:///dev/ttyNOSUCH0", RIG_E_NOT_FOUND, "'/dev/ttyNOSUCH0'");
}

static void other_files_are_no_ports(void **state)
{
    char path[] = "/tmp/rig-serial-XXXXXX";
    RIG_AUTO(rig_close_fd) int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    expect_failure(path, RIG_E_UNSUPPORTED, "no serial port");
    assert_int_equal(unlink(path), 0);
    expect_failure("/dev/null", RIG_E_UNSUPPORTED, "no serial port");
    expect_failure("/tmp", RIG_E_UNSUPPORTED, "no serial port");
}

static void a_pseudo_terminal_is_refused_with_the_way_out(void **state)
{
    RIG_AUTO(rig_close_fd) int master = posix_openpt(O_RDWR | O_NOCTTY);
    char slave[64];

    (void)state;
    if (master < 0) {
        skip();
    }
    assert_true(grantpt(master) == 0 && unlockpt(master) == 0);
    assert_int_equal(ptsname_r(master, slave, sizeof slave), 0);
    expect_failure(slave, RIG_E_UNSUPPORTED, "rfc2217://");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_port_is_named),
        cmocka_unit_test(other_files_are_no_ports),
        cmocka_unit_test(a_pseudo_terminal_is_refused_with_the_way_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
