/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What link.h promises, run against every back end that can be had here. A back end is a far end
 * that echoes; what only a particular driver does is tested elsewhere. The pyserial back end (RFC
 * 2217 of another author, over its loop:// port) runs when RIG_TEST_PYTHON names a Python that has
 * pyserial.
 */
#include "fake_ftdi.h"
#include "rfc2217_server.h"
#include "rig/base/child.h"
#include "rig/link/ftdi.h"
#include "rig/link/lines.h"
#include "rig/link/link.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct far_end {
    struct test_server *server;
    struct fake_chip *chip;
    struct rig_child child;
};

struct backend {
    const char *name;
    bool (*start)(struct far_end *end, char *address, size_t address_size); /* false: not here */
    void (*stop)(struct far_end *end); /* the far end goes away */
    /* optional: how to open, where rig_link_open cannot */
    rig_result (*open)(const char *address, struct rig_link **link, struct rig_error *err);
    void (*clean_up)(void); /* optional */
};

struct subject {
    const struct backend *backend;
    struct far_end end;
    char address[160];
    bool stopped;
    struct rig_link *link;
    struct rig_error err;
};

/* ---- back ends ---- */

static bool own_start(struct far_end *end, char *address, size_t address_size)
{
    const struct test_server_options options = {.echo = true, .chatter = true};

    end->server = test_server_start(&options);
    (void)snprintf(address, address_size, "rfc2217://127.0.0.1:%u", test_server_port(end->server));
    return true;
}

static void own_stop(struct far_end *end)
{
    test_server_stop(end->server);
}

static const char pyserial_script[] =
    "import os, select, socket, sys, threading\n"
    "import serial, serial.rfc2217\n"
    "listener = socket.create_server(('127.0.0.1', 0))\n"
    "print(listener.getsockname()[1], flush=True)\n"
    "sock, _ = listener.accept()\n"
    "class Out:\n"
    "    def write(self, data):\n"
    "        sock.sendall(data)\n"
    "port = serial.serial_for_url('loop://', timeout=0.01)\n"
    "manager = serial.rfc2217.PortManager(port, Out())\n"
    "while True:\n"
    "    ready, _, _ = select.select([sock, 0], [], [], 0.005)\n"
    "    if 0 in ready and not os.read(0, 1):\n"
    "        os._exit(0)\n"
    "    if sock in ready:\n"
    "        data = sock.recv(4096)\n"
    "        if not data:\n"
    "            os._exit(0)\n"
    "        for part in manager.filter(data):\n"
    "            port.write(part)\n"
    "    while port.in_waiting:\n"
    "        sock.sendall(b''.join(manager.escape(port.read(port.in_waiting))))\n";

static char python[512]; /* of the test tools; "" when they can't be had */

static int find_python(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};
    struct rig_child child;
    struct rig_error err;
    char script[512];
    const char *argv[] = {script, getenv("RIG_BUILD"), NULL};

    (void)state;
    (void)snprintf(script, sizeof script, "%s/ci/python-tools", getenv("RIG_SOURCE"));
    if (argv[1] != NULL && rig_child_start(&child, argv, NULL, &err).ok) {
        if (rig_child_read_line(&child, rig_wait_ms(200000, NULL), &line, &err).ok) {
            (void)snprintf(python, sizeof python, "%s/python3", rig_buf_text(&line));
        }
        rig_child_stop(&child, 1000);
    }
    return 0;
}

static bool pyserial_start(struct far_end *end, char *address, size_t address_size)
{
    const char *argv[] = {python, "-c", pyserial_script, NULL};
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};
    struct rig_error err;

    if (python[0] == '\0') {
        return false;
    }
    assert_true(rig_child_start(&end->child, argv, NULL, &err).ok);
    assert_true(rig_child_read_line(&end->child, rig_wait_ms(20000, NULL), &line, &err).ok);
    (void)snprintf(address, address_size, "rfc2217://127.0.0.1:%s", rig_buf_text(&line));
    return true;
}

static bool virtual_start(struct far_end *end, char *address, size_t address_size)
{
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};
    char program[512];
    const char *argv[] = {program, "--exit-with-parent", NULL};
    struct rig_error err;

    assert_non_null(getenv("RIG_BIN"));
    (void)snprintf(program, sizeof program, "%s/vboard", getenv("RIG_BIN"));
    assert_true(rig_child_start(&end->child, argv, NULL, &err).ok);
    assert_true(rig_child_read_line(&end->child, rig_wait_ms(10000, NULL), &line, &err).ok);
    (void)snprintf(address, address_size, "%s", rig_buf_text(&line));
    return true;
}

static void child_stop(struct far_end *end)
{
    rig_child_stop(&end->child, 2000);
}

static bool ftdi_start(struct far_end *end, char *address, size_t address_size)
{
    fake_ftdi_begin();
    end->chip = fake_ftdi_plug_in(1, "FTECHO", 0x6010, 0x0700, 2);
    (void)snprintf(address, address_size, "ftdi://FTECHO:B");
    return true;
}

static void ftdi_stop(struct far_end *end)
{
    fake_ftdi_unplug(end->chip);
}

static rig_result ftdi_open_fake(const char *address, struct rig_link **link, struct rig_error *err)
{
    const struct rig_link_options options = {.baud = 115200};

    RIG_TRY(rig_ftdi_link_open(fake_ftdi_host(), strstr(address, "://") + 3, &options, link, err));
    (void)snprintf((*link)->address, sizeof(*link)->address, "%s", address);
    return RIG_DONE;
}

static const struct backend ftdi = {.name = "ftdi",
                                    .start = ftdi_start,
                                    .stop = ftdi_stop,
                                    .open = ftdi_open_fake,
                                    .clean_up = fake_ftdi_end};
static const struct backend own = {.name = "own server", .start = own_start, .stop = own_stop};
static const struct backend pyserial = {
    .name = "pyserial", .start = pyserial_start, .stop = child_stop};
static const struct backend virtual_board = {
    .name = "virtual board", .start = virtual_start, .stop = child_stop};

/* ---- frame ---- */

static struct rig_wait soon(void)
{
    return rig_wait_ms(10000, NULL);
}

#define assert_done(subject, call)                                                                 \
    do {                                                                                           \
        if (!(call).ok) {                                                                          \
            fail_msg("%s: %s", (subject)->backend->name, (subject)->err.text);                     \
        }                                                                                          \
    } while (0)

static int set_up(void **state, const struct backend *backend)
{
    static struct subject subjects[1];
    struct subject *s = subjects;

    memset(s, 0, sizeof *s);
    s->backend = backend;
    *state = s;
    if (!backend->start(&s->end, s->address, sizeof s->address)) {
        s->backend = NULL;
        return 0;
    }
    if (!(backend->open != NULL ? backend->open(s->address, &s->link, &s->err)
                                : rig_link_open(s->address, NULL, &s->link, soon(), &s->err))
             .ok) {
        print_error("%s: %s\n", backend->name, s->err.text);
        return -1;
    }
    return 0;
}

static int set_up_own(void **state)
{
    return set_up(state, &own);
}

static int set_up_pyserial(void **state)
{
    return set_up(state, &pyserial);
}

static int set_up_virtual(void **state)
{
    return set_up(state, &virtual_board);
}

static int set_up_ftdi(void **state)
{
    return set_up(state, &ftdi);
}

static int tear_down(void **state)
{
    struct subject *s = *state;

    if (s->backend != NULL) {
        rig_link_close(s->link);
        if (!s->stopped) {
            s->backend->stop(&s->end);
        }
        if (s->backend->clean_up != NULL) {
            s->backend->clean_up();
        }
    }
    return 0;
}

static struct subject *subject_of(void **state)
{
    struct subject *s = *state;

    if (s->backend == NULL) {
        skip();
    }
    return s;
}

static void read_exactly(struct subject *s, uint8_t *bytes, size_t n_bytes)
{
    size_t at = 0;

    while (at < n_bytes) {
        size_t got = 0;

        assert_done(s, rig_link_read(s->link, bytes + at, n_bytes - at, &got, soon(), &s->err));
        assert_true(got >= 1 && got <= n_bytes - at);
        at += got;
    }
}

/* Reads what comes until a read fails; returns how it failed. */
static enum rig_error_code read_until_failure(struct subject *s, struct rig_wait wait)
{
    uint8_t bytes[256];
    size_t got;

    while (rig_link_read(s->link, bytes, sizeof bytes, &got, wait, &s->err).ok) {
    }
    return s->err.code;
}

/* ---- the contract ---- */

static void read_ends_at_its_deadline(void **state)
{
    struct subject *s = subject_of(state);
    const int64_t start_ns = rig_now_ns();
    uint8_t byte;
    size_t got = 7;

    assert_false(rig_link_read(s->link, &byte, 1, &got, rig_wait_ms(30, NULL), &s->err).ok);
    assert_int_equal(s->err.code, RIG_E_TIMEOUT);
    assert_non_null(strstr(s->err.text, s->address));
    assert_int_equal(got, 0);
    assert_true(rig_now_ns() - start_ns >= 30 * RIG_NS_PER_MS);
    assert_false(rig_link_has_pending(s->link));
}

static void every_byte_value_passes_both_ways(void **state)
{
    struct subject *s = subject_of(state);
    uint8_t out[1024];
    uint8_t in[sizeof out];

    for (size_t i = 0; i < sizeof out; i++) {
        out[i] = (uint8_t)(i < 512 ? i : 0xff - i % 3); /* and runs with many 0xff */
    }
    assert_done(s, rig_link_write(s->link, out, sizeof out, soon(), &s->err));
    read_exactly(s, in, sizeof in);
    assert_memory_equal(in, out, sizeof out);
    assert_true(s->link->n_sent == sizeof out);
    assert_true(s->link->n_received == sizeof out);
}

static void small_reads_get_what_is_left(void **state)
{
    struct subject *s = subject_of(state);
    uint8_t in[6];

    assert_done(s, rig_link_write(s->link, "abcdef", 6, soon(), &s->err));
    for (size_t i = 0; i < sizeof in; i++) {
        size_t got = 0;
        assert_done(s, rig_link_read(s->link, in + i, 1, &got, soon(), &s->err));
        assert_int_equal(got, 1);
    }
    assert_memory_equal(in, "abcdef", 6);
}

static void poll_and_pending_agree_with_read(void **state)
{
    struct subject *s = subject_of(state);
    uint8_t byte;
    size_t got;

    assert_done(s, rig_link_write(s->link, "12", 2, soon(), &s->err));
    for (int i = 0; i < 2; i++) {
        if (!rig_link_has_pending(s->link)) {
            assert_done(s, rig_wait_fd(soon(), rig_link_poll_fd(s->link), POLLIN, "echo", &s->err));
        }
        assert_done(s, rig_link_read(s->link, &byte, 1, &got, soon(), &s->err));
        assert_int_equal(byte, '1' + i);
    }
}

static void *trigger(void *arg)
{
    rig_cancel_trigger(arg, 2);
    return NULL;
}

static void cancel_wakes_a_read(void **state)
{
    struct subject *s = subject_of(state);

    for (int i = 0; i < 20; i++) {
        struct rig_cancel cancel;
        pthread_t thread;
        const int64_t start_ns = rig_now_ns();

        assert_done(s, rig_cancel_open(&cancel, &s->err));
        assert_int_equal(pthread_create(&thread, NULL, trigger, &cancel), 0);
        assert_int_equal(read_until_failure(s, rig_wait_ms(20000, &cancel)), RIG_E_CANCELLED);
        assert_int_equal(s->err.cls, RIG_CLASS_CANCELLED);
        assert_true(rig_now_ns() - start_ns < 5 * RIG_NS_PER_S);
        assert_int_equal(pthread_join(thread, NULL), 0);
        rig_cancel_close(&cancel);
    }
}

static void baud_changes_are_confirmed(void **state)
{
    struct subject *s = subject_of(state);
    const unsigned bauds[] = {921600, 9600, 460800, 115200, 65535, 131071};

    for (size_t i = 0; i < sizeof bauds / sizeof *bauds; i++) {
        assert_done(s, rig_link_set_baud(s->link, bauds[i], soon(), &s->err));
    }
    assert_false(rig_link_set_baud(s->link, 0, soon(), &s->err).ok);
    assert_int_equal(s->err.cls, RIG_CLASS_USAGE);
}

static void lines_take_every_pair(void **state)
{
    struct subject *s = subject_of(state);
    RIG_AUTO(rig_auto_lines) struct rig_lines *lines = NULL;

    assert_done(s, rig_lines_open_dtr_rts(s->link, &lines, &s->err));
    assert_false(lines->dtr || lines->rts);
    for (unsigned from = 0; from < 4; from++) {
        for (unsigned to = 0; to < 4; to++) {
            assert_done(s, rig_lines_set(lines, from & 1, from & 2, soon(), &s->err));
            assert_done(s, rig_lines_set(lines, to & 1, to & 2, soon(), &s->err));
            assert_true(lines->dtr == ((to & 1) != 0) && lines->rts == ((to & 2) != 0));
        }
    }
}

static void purge_forgets_what_came(void **state)
{
    struct subject *s = subject_of(state);
    uint8_t byte;
    size_t got;

    assert_done(s, rig_link_write(s->link, "old", 3, soon(), &s->err));
    assert_done(s, rig_link_read(s->link, &byte, 1, &got, soon(), &s->err));
    assert_int_equal(byte, 'o');
    assert_done(s, rig_link_purge(s->link, RIG_LINK_PURGE_INPUT, soon(), &s->err));
    assert_done(s, rig_link_write(s->link, "new", 3, soon(), &s->err));
    assert_done(s, rig_link_read(s->link, &byte, 1, &got, soon(), &s->err));
    assert_int_equal(byte, 'n');
    assert_done(
        s, rig_link_purge(s->link, RIG_LINK_PURGE_INPUT | RIG_LINK_PURGE_OUTPUT, soon(), &s->err));
}

struct tapped {
    char text[2][64];
    size_t len[2];
};

static void tap(void *ctx, enum rig_link_direction direction, const uint8_t *bytes, size_t n_bytes)
{
    struct tapped *tapped = ctx;

    assert_true(tapped->len[direction] + n_bytes < sizeof tapped->text[0]);
    memcpy(tapped->text[direction] + tapped->len[direction], bytes, n_bytes);
    tapped->len[direction] += n_bytes;
}

static void tap_sees_all_even_what_is_purged(void **state)
{
    struct subject *s = subject_of(state);
    struct tapped tapped = {0};
    uint8_t in[5];

    rig_link_set_tap(s->link, tap, &tapped);
    assert_done(s, rig_link_write(s->link, "h\xffllo", 5, soon(), &s->err));
    read_exactly(s, in, 2);
    /* the rest is on its way or inside the link already; read up to it by waiting for the answer to
     * a setting */
    read_exactly(s, in + 2, 3);
    assert_done(s, rig_link_write(s->link, "leak", 4, soon(), &s->err));
    read_exactly(s, in, 1);
    assert_done(s, rig_link_set_baud(s->link, 9600, soon(), &s->err));
    assert_done(s, rig_link_purge(s->link, RIG_LINK_PURGE_INPUT, soon(), &s->err));
    assert_string_equal(tapped.text[RIG_LINK_SENT], "h\xfflloleak");
    assert_true(strncmp(tapped.text[RIG_LINK_RECEIVED], "h\xfflloleak",
                        tapped.len[RIG_LINK_RECEIVED]) == 0);
    assert_true(tapped.len[RIG_LINK_RECEIVED] == s->link->n_received);
    rig_link_set_tap(s->link, NULL, NULL);
}

static void a_peer_that_goes_is_disconnected(void **state)
{
    struct subject *s = subject_of(state);

    s->backend->stop(&s->end);
    s->stopped = true;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(read_until_failure(s, soon()), RIG_E_DISCONNECTED);
        if (strstr(s->err.text, "closed by the other side") == NULL &&
            strstr(s->err.text, "unplugged") == NULL) {
            fail_msg("%s", s->err.text);
        }
    }
    assert_false(rig_link_set_baud(s->link, 9600, soon(), &s->err).ok);
    assert_int_equal(s->err.code, RIG_E_DISCONNECTED);
}

/* The lines reach a chip, and its words come back: into download mode and out again. */
static void resets_show_in_the_boot_text(void **state)
{
    struct subject *s = subject_of(state);
    static const char *const words[] = {"waiting for download", "@0 ready"};

    for (int run = 0; run < 2; run++) {
        RIG_AUTO(rig_buf_free) struct rig_buf text = {0};

        assert_done(s, rig_link_set_modem_lines(s->link, false, true, soon(), &s->err));
        assert_done(s, rig_link_purge(s->link, RIG_LINK_PURGE_INPUT, soon(), &s->err));
        assert_done(s, rig_link_set_modem_lines(s->link, run == 0, false, soon(), &s->err));
        while (strstr(rig_buf_text(&text), words[run]) == NULL) {
            uint8_t bytes[256];
            size_t got = 0;

            if (!rig_link_read(s->link, bytes, sizeof bytes, &got, soon(), &s->err).ok) {
                fail_msg("%s after '%s'", s->err.text, rig_buf_text(&text));
            }
            assert_done(s, rig_buf_append(&text, bytes, got, &s->err));
        }
        assert_done(s, rig_link_set_modem_lines(s->link, false, false, soon(), &s->err));
    }
}

#define RUN(backend_name, test)                                                                    \
    {                                                                                              \
        .name = #backend_name ": " #test, .test_func = test, .setup_func = set_up_##backend_name,  \
        .teardown_func = tear_down                                                                 \
    }

#define CONTRACT(backend_name)                                                                     \
    RUN(backend_name, read_ends_at_its_deadline),                                                  \
        RUN(backend_name, every_byte_value_passes_both_ways),                                      \
        RUN(backend_name, small_reads_get_what_is_left),                                           \
        RUN(backend_name, poll_and_pending_agree_with_read),                                       \
        RUN(backend_name, cancel_wakes_a_read), RUN(backend_name, baud_changes_are_confirmed),     \
        RUN(backend_name, lines_take_every_pair), RUN(backend_name, purge_forgets_what_came),      \
        RUN(backend_name, tap_sees_all_even_what_is_purged),                                       \
        RUN(backend_name, a_peer_that_goes_is_disconnected)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONTRACT(own),
        CONTRACT(pyserial),
        CONTRACT(ftdi),
        RUN(virtual, cancel_wakes_a_read),
        RUN(virtual, baud_changes_are_confirmed),
        RUN(virtual, lines_take_every_pair),
        RUN(virtual, resets_show_in_the_boot_text),
        RUN(virtual, a_peer_that_goes_is_disconnected),
    };

    return cmocka_run_group_tests(tests, find_python, NULL);
}
