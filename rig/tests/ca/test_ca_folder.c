/* SPDX-License-Identifier: Apache-2.0 */
/* The CA's folder: made as a whole or not at all, kept private, and every damage named with its
 * remedy. */
#include "fixture.h"

#include "rig/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>

static int setup(void **state)
{
    struct fx *fx = calloc(1, sizeof *fx);

    fx_init(fx);
    *state = fx;
    return 0;
}

static void close_ca(struct fx *fx)
{
    rig_ca_close(fx->ca);
    fx->ca = NULL;
}

static void open_fails(struct fx *fx, const struct rig_ca_local_plan *plan, const char *passphrase,
                       enum rig_error_class cls, enum rig_error_code code, const char *text)
{
    fx_failed(rig_ca_local_open(fx->ca_path, plan, passphrase, &fx->clock, &fx->ca, &fx->err),
              &fx->err, cls, code, text);
    assert_null(fx->ca);
}

static const char *in_ca(const struct fx *fx, const char *file)
{
    static char path[400];

    (void)snprintf(path, sizeof path, "%s/%s", fx->ca_path, file);
    return path;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    struct rig_error err;

    fx_ok(rig_file_replace(path, text, strlen(text), mode, &err), &err);
}

static void read_file(const char *path, struct rig_buf *out)
{
    struct rig_error err;

    rig_buf_reset(out);
    fx_ok(rig_file_read(path, 1U << 20, out, &err), &err);
}

static size_t count_entries(const char *folder)
{
    DIR *open_folder = opendir(folder);
    const struct dirent *entry;
    size_t n = 0;

    assert_non_null(open_folder);
    while ((entry = readdir(open_folder)) != NULL) {
        n += entry->d_name[0] != '.' ? 1 : 0;
    }
    (void)closedir(open_folder);
    return n;
}

static void test_private_files(void **state)
{
    static const char *const levels[] = {"root", "factory", "line"};
    struct fx *fx = *state;
    struct stat info;
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {.secret = true};
    char file[40];

    fx_open_ca(fx, &fx_plan, NULL);
    assert_int_equal(stat(fx->ca_path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_int_equal(stat(in_ca(fx, "ca.db"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(file, sizeof file, "%s/key.pem", levels[i]);
        assert_int_equal(stat(in_ca(fx, file), &info), 0);
        assert_int_equal(info.st_mode & 0777, 0600);
        read_file(in_ca(fx, file), &pem);
        assert_non_null(strstr(rig_buf_text(&pem), "BEGIN PRIVATE KEY"));
    }
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(file, sizeof file, "%s/crl.pem", levels[i]);
        read_file(in_ca(fx, file), &pem);
        assert_non_null(strstr(rig_buf_text(&pem), "BEGIN X509 CRL"));
    }
    assert_int_equal(count_entries(fx->folder), 1);
}

static void test_reopened_ca_is_the_same(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_buf_free) struct rig_buf root = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate before = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate after = {0};

    open_fails(fx, NULL, NULL, RIG_CLASS_CA, RIG_E_NOT_FOUND, "there is no CA in");
    fx_open_ca(fx, &fx_plan, NULL);
    fx_ok(rig_buf_append_text(&root, rig_buf_text(&fx->ca->root_pem), &fx->err), &fx->err);
    fx_sign(fx, "b1", &before);
    close_ca(fx);
    fx_open_ca(fx, NULL, NULL);
    assert_string_equal(rig_buf_text(&root), rig_buf_text(&fx->ca->root_pem));
    fx_sign(fx, "b1", &after);
    assert_string_equal(before.issuer, after.issuer);
    close_ca(fx);
    fx_open_ca(fx, &fx_plan, NULL);
}

static void test_other_plan_is_refused_and_named(void **state)
{
    struct fx *fx = *state;
    struct rig_ca_local_plan plan = fx_plan;

    fx_open_ca(fx, &fx_plan, NULL);
    close_ca(fx);
    plan.n_levels = 2;
    open_fails(fx, &plan, NULL, RIG_CLASS_CA, RIG_E_POLICY,
               "has the levels root -> factory -> line, asked for were root -> factory");
    plan = fx_plan;
    plan.key_type = RIG_KEY_P384;
    open_fails(fx, &plan, NULL, RIG_CLASS_CA, RIG_E_POLICY, "type p-256, asked for was p-384");
    plan.key_type = RIG_KEY_P256;
    plan.device_days = 10;
    fx_open_ca(fx, &plan, NULL);
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    fx_sign(fx, "b1", &certificate);
    assert_int_equal(certificate.not_after_ms / 1000, (fx->now_ms + 10 * FX_MS_PER_DAY) / 1000);
}

static void test_impossible_plans(void **state)
{
    struct fx *fx = *state;
    struct rig_ca_local_plan plan = fx_plan;

    plan.n_levels = 0;
    open_fails(fx, &plan, NULL, RIG_CLASS_USAGE, RIG_E_INVALID, "1 to 6 are possible");
    plan.n_levels = 7;
    open_fails(fx, &plan, NULL, RIG_CLASS_USAGE, RIG_E_INVALID, "1 to 6 are possible");
    plan = fx_plan;
    plan.levels[1] = "../escape";
    open_fails(fx, &plan, NULL, RIG_CLASS_USAGE, RIG_E_INVALID, "level 2 is named '../escape'");
    plan.levels[1] = "root";
    open_fails(fx, &plan, NULL, RIG_CLASS_USAGE, RIG_E_INVALID, "two CA levels are named 'root'");
    plan = fx_plan;
    plan.ca_days = 30;
    open_fails(fx, &plan, NULL, RIG_CLASS_USAGE, RIG_E_INVALID, "would outlive a CA of 30 days");
    plan.ca_days = -1;
    open_fails(fx, &plan, NULL, RIG_CLASS_USAGE, RIG_E_INVALID, "is not possible");
    plan = fx_plan;
    plan.country = "usa";
    open_fails(fx, &plan, NULL, RIG_CLASS_USAGE, RIG_E_INVALID, "two capital letters");
    assert_int_equal(count_entries(fx->folder), 0);
}

static void test_passphrase(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};

    open_fails(fx, &fx_plan, "", RIG_CLASS_USAGE, RIG_E_INVALID, "passphrase of the CA is empty");
    fx_open_ca(fx, &fx_plan, "correct horse");
    close_ca(fx);
    read_file(in_ca(fx, "root/key.pem"), &pem);
    assert_non_null(strstr(rig_buf_text(&pem), "BEGIN ENCRYPTED PRIVATE KEY"));
    open_fails(fx, NULL, NULL, RIG_CLASS_USAGE, RIG_E_PERMISSION,
               "no passphrase was given: give the passphrase");
    open_fails(fx, NULL, "wrong", RIG_CLASS_USAGE, RIG_E_PERMISSION,
               "the passphrase does not open");
    fx_open_ca(fx, NULL, "correct horse");
    fx_sign(fx, "b1", &certificate);
    close_ca(fx);
    (void)snprintf(fx->ca_path, sizeof fx->ca_path, "%s/clear", fx->folder);
    fx_open_ca(fx, &fx_plan, NULL);
    close_ca(fx);
    open_fails(fx, NULL, "anything", RIG_CLASS_USAGE, RIG_E_PERMISSION, "is not encrypted");
}

static void test_folder_of_somebody_else(void **state)
{
    struct fx *fx = *state;
    struct stat info;

    assert_int_equal(mkdir(fx->ca_path, 0755), 0);
    write_file(in_ca(fx, "letter.txt"), "dear", 0644);
    open_fails(fx, &fx_plan, NULL, RIG_CLASS_RIG, RIG_E_EXISTS, "not empty and holds no CA");
    assert_int_equal(stat(in_ca(fx, "letter.txt"), &info), 0);
    assert_int_equal(count_entries(fx->folder), 1);
    assert_int_equal(unlink(in_ca(fx, "letter.txt")), 0);
    fx_open_ca(fx, &fx_plan, NULL);
}

static void test_file_instead_of_folder(void **state)
{
    struct fx *fx = *state;

    write_file(fx->ca_path, "a file", 0644);
    open_fails(fx, &fx_plan, NULL, RIG_CLASS_RIG, RIG_E_NOT_FOUND, fx->ca_path);
    (void)snprintf(fx->ca_path, sizeof fx->ca_path, "%s/ca/below", fx->folder);
    open_fails(fx, &fx_plan, NULL, RIG_CLASS_RIG, RIG_E_EXISTS, "cannot make the folder");
}

static void test_unwritable_parent(void **state)
{
    struct fx *fx = *state;

    if (geteuid() == 0) {
        (void)snprintf(fx->ca_path, sizeof fx->ca_path, "/proc/rig-ca-test");
        fx_failed(rig_ca_local_open(fx->ca_path, &fx_plan, NULL, &fx->clock, &fx->ca, &fx->err),
                  &fx->err, RIG_CLASS_RIG, RIG_E_NOT_FOUND, "/proc/rig-ca-test");
        return;
    }
    assert_int_equal(chmod(fx->folder, 0500), 0);
    open_fails(fx, &fx_plan, NULL, RIG_CLASS_RIG, RIG_E_PERMISSION,
               "parent folder must be writable");
    assert_int_equal(chmod(fx->folder, 0700), 0);
}

static void test_damaged_files_are_named(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_buf_free) struct rig_buf key = {.secret = true};
    RIG_AUTO(rig_buf_free) struct rig_buf certificate = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf other = {.secret = true};

    fx_open_ca(fx, &fx_plan, NULL);
    close_ca(fx);
    read_file(in_ca(fx, "factory/key.pem"), &key);
    read_file(in_ca(fx, "line/key.pem"), &other);
    read_file(in_ca(fx, "factory/certificate.pem"), &certificate);

    write_file(in_ca(fx, "factory/key.pem"), "garbage", 0600);
    open_fails(fx, NULL, NULL, RIG_CLASS_RIG, RIG_E_INVALID, "not a readable PKCS#8 private key");
    assert_non_null(strstr(fx->err.text, "factory/key.pem"));
    key.data[key.len / 2] ^= 1;
    write_file(in_ca(fx, "factory/key.pem"), rig_buf_text(&key), 0600);
    assert_false(rig_ca_local_open(fx->ca_path, NULL, NULL, &fx->clock, &fx->ca, &fx->err).ok);
    assert_non_null(strstr(fx->err.text, "factory/key.pem"));
    key.data[key.len / 2] ^= 1;
    write_file(in_ca(fx, "factory/key.pem"), rig_buf_text(&other), 0600);
    open_fails(fx, NULL, NULL, RIG_CLASS_RIG, RIG_E_MISMATCH, "does not belong to the certificate");
    write_file(in_ca(fx, "factory/key.pem"), rig_buf_text(&key), 0640);
    open_fails(fx, NULL, NULL, RIG_CLASS_USAGE, RIG_E_PERMISSION, "mode 0640");
    assert_int_equal(unlink(in_ca(fx, "factory/key.pem")), 0);
    open_fails(fx, NULL, NULL, RIG_CLASS_RIG, RIG_E_NOT_FOUND, "factory/key.pem");
    write_file(in_ca(fx, "factory/key.pem"), rig_buf_text(&key), 0600);

    write_file(in_ca(fx, "factory/certificate.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n", 0644);
    open_fails(fx, NULL, NULL, RIG_CLASS_RIG, RIG_E_INVALID, "factory/certificate.pem");
    read_file(in_ca(fx, "line/certificate.pem"), &other);
    write_file(in_ca(fx, "factory/certificate.pem"), rig_buf_text(&other), 0644);
    open_fails(fx, NULL, NULL, RIG_CLASS_RIG, RIG_E_MISMATCH, "files of two CAs are mixed");
    write_file(in_ca(fx, "factory/certificate.pem"), rig_buf_text(&certificate), 0644);
    fx_open_ca(fx, NULL, NULL);
}

static void test_damaged_database_is_named(void **state)
{
    struct fx *fx = *state;

    fx_open_ca(fx, &fx_plan, NULL);
    close_ca(fx);
    write_file(in_ca(fx, "ca.db"),
               "this is not a database, and it is long enough to be looked at. "
               "this is not a database, and it is long enough to be looked at.",
               0600);
    open_fails(fx, NULL, NULL, RIG_CLASS_RIG, RIG_E_INVALID, "restore it from a backup");
    assert_non_null(strstr(fx->err.text, "ca.db"));
    write_file(in_ca(fx, "ca.db"), "", 0600);
    open_fails(fx, NULL, NULL, RIG_CLASS_RIG, RIG_E_INVALID, "not the database of a rig CA");
}

/* What a maker that was killed left beside the folder goes; what a maker that lives works on stays.
 */
static void test_left_stages_are_removed(void **state)
{
    struct fx *fx = *state;
    char left[400];
    char alive[400];
    char other[400];
    RIG_AUTO(rig_close_fd) int fd = -1;

    (void)snprintf(left, sizeof left, "%s.new-abcdef", fx->ca_path);
    (void)snprintf(alive, sizeof alive, "%s.new-ghijkl", fx->ca_path);
    (void)snprintf(other, sizeof other, "%s.new-of-mine", fx->ca_path);
    assert_int_equal(mkdir(left, 0700), 0);
    assert_int_equal(mkdir(alive, 0700), 0);
    assert_int_equal(mkdir(other, 0700), 0);
    fd = open(alive, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    fx_open_ca(fx, &fx_plan, NULL);
    assert_int_equal(access(left, F_OK), -1);
    assert_int_equal(access(alive, F_OK), 0);
    assert_int_equal(access(other, F_OK), 0);
}

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* RLIMIT_FSIZE stands in for a full disk: the write fails in the same place. */
static void test_no_room_for_a_new_ca(void **state)
{
    struct fx *fx = *state;

    (void)signal(SIGXFSZ, SIG_IGN);
    limit_file_size(2000);
    open_fails(fx, &fx_plan, NULL, RIG_CLASS_RIG, RIG_E_NO_SPACE, "ca.db");
    limit_file_size(RLIM_INFINITY);
    assert_int_equal(count_entries(fx->folder), 0);
    fx_open_ca(fx, &fx_plan, NULL);
}

static void test_no_room_for_a_certificate(void **state)
{
    struct fx *fx = *state;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = fx_key(RIG_KEY_P256);
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    RIG_AUTO(rig_ca_certificate_free) struct rig_ca_certificate certificate = {0};
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    struct rig_ca_request request;

    fx_open_ca(fx, &fx_plan, NULL);
    fx_good_csr(key, "b1", &csr);
    fx_spki_sha256(key, spki_sha256);
    request = fx_request(&csr, "b1");
    (void)signal(SIGXFSZ, SIG_IGN);
    limit_file_size(100);
    fx_failed(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err), &fx->err,
              RIG_CLASS_RIG, RIG_E_NO_SPACE, "ca.db");
    limit_file_size(RLIM_INFINITY);
    assert_null(certificate.der.data);
    assert_int_equal(fx_n_issued_for(fx, spki_sha256), 0);
    fx_ok(rig_ca_sign(fx->ca, &request, &certificate, fx_wait(), &fx->err), &fx->err);
    assert_int_equal(fx_n_issued_for(fx, spki_sha256), 1);
}

static void test_odd_folder_names(void **state)
{
    struct fx *fx = *state;
    char long_name[5000];

    (void)snprintf(fx->ca_path, sizeof fx->ca_path, "%s/a/b/ca//", fx->folder);
    fx_open_ca(fx, &fx_plan, NULL);
    close_ca(fx);
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    fx_failed(rig_ca_local_open(long_name, &fx_plan, NULL, &fx->clock, &fx->ca, &fx->err), &fx->err,
              RIG_CLASS_USAGE, RIG_E_INVALID, "not the name of a folder");
    fx_failed(rig_ca_local_open("", &fx_plan, NULL, &fx->clock, &fx->ca, &fx->err), &fx->err,
              RIG_CLASS_USAGE, RIG_E_INVALID, "not the name of a folder");
    fx_failed(rig_ca_local_open("/", &fx_plan, NULL, &fx->clock, &fx->ca, &fx->err), &fx->err,
              RIG_CLASS_USAGE, RIG_E_INVALID, "name a new folder below it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_private_files, setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_reopened_ca_is_the_same, setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_other_plan_is_refused_and_named, setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_impossible_plans, setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_passphrase, setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_folder_of_somebody_else, setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_file_instead_of_folder, setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_unwritable_parent, setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_damaged_files_are_named, setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_damaged_database_is_named, setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_left_stages_are_removed, setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_no_room_for_a_new_ca, setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_no_room_for_a_certificate, setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_odd_folder_names, setup, fx_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
