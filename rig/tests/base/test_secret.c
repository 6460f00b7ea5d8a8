/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/base/file.h"
#include "rig/base/secret.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

static char folder[] = "/tmp/rig-secret-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    struct rig_error err;

    (void)state;
    return rig_dir_remove(folder, &err).ok ? 0 : -1;
}

static char *make_file(const char *name, const char *content, size_t len, mode_t mode)
{
    struct rig_error err = {0};
    char *path = NULL;

    assert_true(rig_path_join(folder, name, &path, &err).ok);
    assert_true(rig_file_replace(path, content, len, mode, &err).ok);
    return path;
}

static void a_file_gives_its_first_line_behind_what_is_there(void **state)
{
    static const char content[] = "s.abc def\r\nsecond line\n";
    RIG_AUTO(rig_free_chars) char *path = make_file("token", content, strlen(content), 0600);
    RIG_AUTO(rig_buf_free) struct rig_buf secret = {.secret = true};
    struct rig_error err = {0};

    (void)state;
    assert_true(rig_buf_append_text(&secret, "x", &err).ok);
    assert_true(rig_secret_from_file(path, "token", &secret, &err).ok);
    assert_string_equal(rig_buf_text(&secret), "xs.abc def");
    assert_null(memmem(secret.data, secret.cap, "second", 6));
}

static void refused(const char *path, enum rig_error_code code, const char *part)
{
    RIG_AUTO(rig_buf_free) struct rig_buf secret = {.secret = true};
    struct rig_error err = {0};

    assert_false(rig_secret_from_file(path, "token", &secret, &err).ok);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    assert_int_equal(err.code, code);
    assert_non_null(strstr(err.text, part));
    assert_non_null(strstr(err.text, path));
    assert_null(strstr(err.text, "hunter2"));
}

static void files_that_are_no_secret_are_refused(void **state)
{
    static char big[RIG_SECRET_MAX_BYTES + 1];
    RIG_AUTO(rig_free_chars) char *open_file = make_file("open", "hunter2\n", 8, 0640);
    RIG_AUTO(rig_free_chars) char *empty = make_file("empty", "\nhunter2\n", 9, 0600);
    RIG_AUTO(rig_free_chars) char *long_file = NULL;
    struct rig_error err = {0};

    (void)state;
    memset(big, 'x', sizeof big);
    long_file = make_file("long", big, sizeof big, 0600);
    refused(open_file, RIG_E_PERMISSION, "chmod 600");
    refused(empty, RIG_E_INVALID, "is empty");
    refused(long_file, RIG_E_INVALID, "longer");
    refused(folder, RIG_E_INVALID, "no regular file");
    refused("/nonexistent/token", RIG_E_NOT_FOUND, "cannot open");
    assert_false(rig_secret_check_mode(open_file, "key", &err).ok);
    assert_int_equal(err.code, RIG_E_PERMISSION);
    assert_true(rig_secret_check_mode(empty, "key", &err).ok);
}

static void the_environment_forgets_what_it_gave(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf secret = {.secret = true};
    struct rig_error err = {0};
    bool found = true;

    (void)state;
    assert_int_equal(setenv("RIG_TEST_SECRET", "hunter2", 1), 0);
    const char *place = getenv("RIG_TEST_SECRET");
    assert_true(rig_secret_from_environment("RIG_TEST_SECRET", &secret, &found, &err).ok);
    assert_true(found);
    assert_string_equal(rig_buf_text(&secret), "hunter2");
    assert_null(getenv("RIG_TEST_SECRET"));
    assert_int_equal(place[0], '\0');
    assert_true(rig_secret_from_environment("RIG_TEST_SECRET", &secret, &found, &err).ok);
    assert_false(found);
    assert_int_equal(setenv("RIG_TEST_SECRET", "", 1), 0);
    assert_true(rig_secret_from_environment("RIG_TEST_SECRET", &secret, &found, &err).ok);
    assert_false(found);
}

static void standard_input_gives_a_line_in_pieces_and_can_be_waited_for(void **state)
{
    RIG_AUTO(rig_buf_free) struct rig_buf secret = {.secret = true};
    struct rig_error err = {0};
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_false(rig_secret_from_fd(ends[0], "token", &secret, rig_wait_ms(20, NULL), &err).ok);
    assert_int_equal(err.code, RIG_E_TIMEOUT);
    assert_int_equal(write(ends[1], "hunt", 4), 4);
    assert_false(rig_secret_from_fd(ends[0], "token", &secret, rig_wait_ms(20, NULL), &err).ok);
    rig_buf_reset(&secret);
    assert_int_equal(write(ends[1], "hunter2\n", 8), 8);
    assert_true(rig_secret_from_fd(ends[0], "token", &secret, rig_wait_ms(5000, NULL), &err).ok);
    assert_string_equal(rig_buf_text(&secret), "hunter2");
    rig_buf_reset(&secret);
    (void)close(ends[1]);
    assert_false(rig_secret_from_fd(ends[0], "token", &secret, rig_wait_ms(5000, NULL), &err).ok);
    assert_non_null(strstr(err.text, "standard input"));
    (void)close(ends[0]);
}

static void a_guarded_process_leaves_no_core(void **state)
{
    struct rig_error err = {0};
    struct rlimit limit;

    (void)state;
    assert_true(rig_secret_guard_process(&err).ok);
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
    assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
    assert_int_equal(limit.rlim_cur, 0);
    assert_int_equal(limit.rlim_max, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_gives_its_first_line_behind_what_is_there),
        cmocka_unit_test(files_that_are_no_secret_are_refused),
        cmocka_unit_test(the_environment_forgets_what_it_gave),
        cmocka_unit_test(standard_input_gives_a_line_in_pieces_and_can_be_waited_for),
        cmocka_unit_test(a_guarded_process_leaves_no_core),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
