/* SPDX-License-Identifier: Apache-2.0 */
/* The serial log: readable, with the last part kept, and never with a private key in it. */
#include "rig/base/file.h"
#include "rig/run/boardlog.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char path[64];
    struct rig_boardlog log;
    struct rig_error err;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    int fd;

    (void)snprintf(fixture.path, sizeof fixture.path, "/tmp/rig-boardlog-XXXXXX");
    fd = mkstemp(fixture.path);
    if (fd < 0) {
        return -1;
    }
    (void)close(fd);
    *state = &fixture;
    return rig_boardlog_open(&fixture.log, fixture.path, &fixture.err).ok ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    rig_boardlog_close(&fixture->log);
    return unlink(fixture->path);
}

static void feed(struct fixture *f, enum rig_link_direction direction, const char *text)
{
    rig_boardlog_tap(&f->log, direction, (const uint8_t *)text, strlen(text));
}

static void read_file(const struct fixture *f, struct rig_buf *out)
{
    struct rig_error err;

    assert_true(rig_file_read(f->path, 1 << 20, out, &err).ok);
}

static void shows_both_directions_and_escapes_what_is_not_text(void **state)
{
    struct fixture *f = *state;
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};

    rig_boardlog_step(&f->log, "keygen");
    feed(f, RIG_LINK_SENT, "@1 hello\n");
    feed(f, RIG_LINK_RECEIVED, "rst:0x1\r\n\x01\xc0");
    read_file(f, &text);
    assert_non_null(strstr(rig_buf_text(&text), "--- keygen\n"));
    assert_non_null(strstr(rig_buf_text(&text), "> @1 hello\n"));
    assert_non_null(strstr(rig_buf_text(&text), "< rst:0x1\n"));
    assert_non_null(strstr(rig_buf_text(&text), "< \\x01\\xc0"));
    assert_int_equal(f->log.n_bytes[RIG_LINK_SENT], 9);
    assert_int_equal(f->log.n_bytes[RIG_LINK_RECEIVED], 11);
}

static void keeps_only_the_last_part_of_a_step(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 10000; i++) {
        feed(f, RIG_LINK_RECEIVED, "tick\n");
    }
    feed(f, RIG_LINK_RECEIVED, "the last line\n");
    assert_true(f->log.step_text.len < 64 * 1024);
    assert_non_null(strstr(rig_buf_text(&f->log.step_text), "the last line"));
    rig_boardlog_step(&f->log, "next");
    assert_null(strstr(rig_buf_text(&f->log.step_text), "the last line"));
}

/* A private key as a firmware would print it: PEM, made here. */
static char *make_key_pem(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    char *pem;
    long len;

    assert_non_null(key);
    assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    len = BIO_get_mem_data(bio, &data);
    pem = calloc(1, (size_t)len + 1);
    assert_non_null(pem);
    memcpy(pem, data, (size_t)len);
    BIO_free(bio);
    EVP_PKEY_free(key);
    return pem;
}

static void takes_a_leaked_key_out_again(void **state)
{
    struct fixture *f = *state;
    RIG_AUTO(rig_buf_free) struct rig_buf text = {0};
    RIG_AUTO(rig_free_chars) char *pem = make_key_pem();

    rig_boardlog_step(&f->log, "before");
    feed(f, RIG_LINK_RECEIVED, "all is well\n");
    rig_boardlog_step(&f->log, "keygen");
    feed(f, RIG_LINK_RECEIVED, "I (12) app: here it comes ");
    for (size_t i = 0; i < strlen(pem); i += 7) {
        char part[8] = "";
        (void)snprintf(part, sizeof part, "%.7s", pem + i);
        feed(f, RIG_LINK_RECEIVED, part);
    }
    feed(f, RIG_LINK_RECEIVED, "\nafter\n");
    assert_true(f->log.tripped);
    read_file(f, &text);
    assert_non_null(strstr(rig_buf_text(&text), "all is well"));
    assert_non_null(strstr(rig_buf_text(&text), "withheld"));
    assert_null(strstr(rig_buf_text(&text), "BEGIN"));
    assert_null(strstr(rig_buf_text(&f->log.step_text), "BEGIN"));
    for (size_t i = 40; i + 24 < strlen(pem); i += 24) {
        char part[25] = "";
        (void)snprintf(part, sizeof part, "%.24s", pem + i);
        assert_null(strstr(rig_buf_text(&text), part));
    }
}

static void a_full_disk_is_remembered_and_nothing_crashes(void **state)
{
    struct fixture *f = *state;

    (void)close(f->log.fd);
    f->log.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(f->log.fd >= 0);
    feed(f, RIG_LINK_RECEIVED, "hello\n");
    feed(f, RIG_LINK_RECEIVED, "again\n");
    assert_int_equal(f->log.write_error.code, RIG_E_NO_SPACE);
    assert_non_null(strstr(rig_buf_text(&f->log.step_text), "again"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shows_both_directions_and_escapes_what_is_not_text, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(keeps_only_the_last_part_of_a_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_a_leaked_key_out_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_is_remembered_and_nothing_crashes, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
