/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/base/cleanup.h"
#include "rig/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

static char folder[] = "/tmp/rig-file-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static unsigned n_entries(void)
{
    DIR *entries = opendir(folder);
    unsigned n = 0;

    assert_non_null(entries);
    while (readdir(entries) != NULL) {
        n++;
    }
    (void)closedir(entries);
    return n - 2;
}

static char *in_folder(const char *name)
{
    struct rig_error err = {0};
    char *path = NULL;

    assert_true(rig_path_join(folder, name, &path, &err).ok);
    return path;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void replaced_files_are_whole_and_have_their_mode(void **state)
{
    RIG_AUTO(rig_free_chars) char *path = in_folder("key.pem");
    RIG_AUTO(rig_buf_free) struct rig_buf content = {0};
    struct rig_error err = {0};
    struct stat info;

    (void)state;
    assert_true(rig_file_replace(path, "old", 3, 0644, &err).ok);
    assert_true(rig_file_replace(path, "newer", 5, 0600, &err).ok);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_true(rig_file_read(path, 5, &content, &err).ok);
    assert_string_equal(rig_buf_text(&content), "newer");
    assert_false(rig_file_read(path, 4, &content, &err).ok);
    assert_int_equal(err.code, RIG_E_INVALID);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    assert_int_equal(n_entries(), 1);
    assert_int_equal(unlink(path), 0);
}

static void a_full_disk_leaves_the_old_file(void **state)
{
    RIG_AUTO(rig_free_chars) char *path = in_folder("report.xml");
    RIG_AUTO(rig_buf_free) struct rig_buf content = {0};
    struct rig_error err = {0};
    struct rlimit before;
    struct rlimit small;
    char big[4096] = "x";
    rig_result result;

    (void)state;
    assert_true(rig_file_replace(path, "old", 3, 0644, &err).ok);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1024;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    result = rig_file_replace(path, big, sizeof big, 0644, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(result.ok);
    assert_int_equal(err.code, RIG_E_NO_SPACE);
    assert_non_null(strstr(err.text, path));
    assert_true(rig_file_read(path, 100, &content, &err).ok);
    assert_string_equal(rig_buf_text(&content), "old");
    assert_int_equal(n_entries(), 1);
    assert_int_equal(unlink(path), 0);
}

static void a_full_device_is_named(void **state)
{
    RIG_AUTO(rig_close_fd) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    struct rig_error err = {0};

    (void)state;
    assert_true(fd >= 0);
    assert_false(rig_write_fully(fd, "x", 1, "the journal", &err).ok);
    assert_int_equal(err.code, RIG_E_NO_SPACE);
    assert_non_null(strstr(err.text, "the journal"));
}

static void missing_things_are_named(void **state)
{
    RIG_AUTO(rig_free_chars) char *missing = in_folder("no/such/file");
    RIG_AUTO(rig_buf_free) struct rig_buf content = {0};
    struct rig_error err = {0};

    (void)state;
    assert_false(rig_file_read(missing, 10, &content, &err).ok);
    assert_int_equal(err.code, RIG_E_NOT_FOUND);
    assert_int_equal(err.cls, RIG_CLASS_USAGE);
    assert_non_null(strstr(err.text, missing));
    assert_false(rig_file_replace(missing, "x", 1, 0644, &err).ok);
    assert_int_equal(err.code, RIG_E_NOT_FOUND);
    assert_int_equal(n_entries(), 0);
}

static void only_regular_files_are_read(void **state)
{
    RIG_AUTO(rig_free_chars) char *fifo = in_folder("fifo");
    const char *const refused[] = {fifo, folder, "/dev/zero"};
    RIG_AUTO(rig_buf_free) struct rig_buf content = {0};

    (void)state;
    assert_int_equal(mkfifo(fifo, 0600), 0);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct rig_error err = {0};

        assert_false(rig_file_read(refused[i], 10, &content, &err).ok);
        assert_int_equal(err.cls, RIG_CLASS_USAGE);
        assert_int_equal(err.code, RIG_E_INVALID);
        assert_non_null(strstr(err.text, refused[i]));
        assert_non_null(strstr(err.text, "no regular file"));
    }
    assert_int_equal(content.len, 0);
    assert_int_equal(unlink(fifo), 0);
}

static void folders_are_made_as_deep_as_needed(void **state)
{
    RIG_AUTO(rig_free_chars) char *deep = in_folder("a/b/c");
    RIG_AUTO(rig_free_chars) char *file = in_folder("a/b/c/f");
    RIG_AUTO(rig_free_chars) char *below_file = in_folder("a/b/c/f/g");
    struct rig_error err = {0};

    (void)state;
    assert_true(rig_dir_make(deep, 0755, &err).ok);
    assert_true(rig_dir_make(deep, 0755, &err).ok);
    assert_true(rig_file_replace(file, "", 0, 0644, &err).ok);
    assert_false(rig_dir_make(file, 0755, &err).ok);
    assert_int_equal(err.code, RIG_E_EXISTS);
    assert_false(rig_dir_make(below_file, 0755, &err).ok);
    assert_false(rig_dir_make("", 0755, &err).ok);
    assert_int_equal(unlink(file), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rmdir(deep), 0);
        *strrchr(deep, '/') = '\0';
    }
}

static void a_folder_goes_with_its_content_but_links_are_not_followed(void **state)
{
    RIG_AUTO(rig_free_chars) char *kept = in_folder("kept");
    RIG_AUTO(rig_free_chars) char *top = in_folder("top");
    RIG_AUTO(rig_free_chars) char *deep = in_folder("top/a/b");
    RIG_AUTO(rig_free_chars) char *file = in_folder("top/a/b/file");
    RIG_AUTO(rig_free_chars) char *link = in_folder("top/a/link");
    struct rig_error err = {0};

    (void)state;
    assert_true(rig_dir_make(kept, 0755, &err).ok);
    assert_true(rig_dir_make(deep, 0755, &err).ok);
    assert_true(rig_file_replace(file, "x", 1, 0644, &err).ok);
    assert_int_equal(symlink(kept, link), 0);
    assert_true(rig_dir_remove(top, &err).ok);
    assert_int_equal(access(top, F_OK), -1);
    assert_int_equal(access(kept, F_OK), 0);
    assert_true(rig_dir_remove(top, &err).ok);
    assert_true(rig_dir_remove(kept, &err).ok);
    assert_false(rig_dir_remove("/proc/self/fd", &err).ok);
    assert_non_null(strstr(err.text, "/proc/self/fd"));
}

static void the_program_knows_its_folder(void **state)
{
    RIG_AUTO(rig_free_chars) char *own = NULL;
    RIG_AUTO(rig_free_chars) char *program = NULL;
    struct rig_error err = {0};

    (void)state;
    assert_true(rig_program_folder(&own, &err).ok);
    assert_true(rig_path_join(own, "test_base_file", &program, &err).ok);
    assert_int_equal(access(program, X_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaced_files_are_whole_and_have_their_mode),
        cmocka_unit_test(a_full_disk_leaves_the_old_file),
        cmocka_unit_test(a_full_device_is_named),
        cmocka_unit_test(missing_things_are_named),
        cmocka_unit_test(only_regular_files_are_read),
        cmocka_unit_test(folders_are_made_as_deep_as_needed),
        cmocka_unit_test(a_folder_goes_with_its_content_but_links_are_not_followed),
        cmocka_unit_test(the_program_knows_its_folder),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
