/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static rig_result fail_usage_errno(struct rig_error *err, int errno_value, const char *verb,
                                   const char *path)
{
    (void)rig_fail_errno(err, errno_value, "cannot %s '%s'", verb, path);
    err->cls = RIG_CLASS_USAGE;
    return (rig_result){.ok = false};
}

static rig_result check_regular(int fd, const char *path, struct rig_error *err)
{
    struct stat info;

    if (fstat(fd, &info) != 0) {
        return fail_usage_errno(err, errno, "look at", path);
    }
    if (!S_ISREG(info.st_mode)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "'%s' is no regular file%s", path,
                        S_ISDIR(info.st_mode) ? " but a folder" : "");
    }
    return RIG_DONE;
}

rig_result rig_file_read(const char *path, size_t max_bytes, struct rig_buf *out,
                         struct rig_error *err)
{
    /* without O_NONBLOCK, opening a FIFO waits for a writer; a regular file doesn't know it */
    RIG_AUTO(rig_close_fd) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    const size_t start = out->len;

    if (fd < 0) {
        return fail_usage_errno(err, errno, "open", path);
    }
    RIG_TRY(check_regular(fd, path, err));
    for (;;) {
        ssize_t got;

        RIG_TRY(rig_buf_reserve(out, 16384, err));
        got = read(fd, out->data + out->len, 16384);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_usage_errno(err, errno, "read", path);
        }
        out->len += (size_t)got;
        out->data[out->len] = 0;
        if (got == 0) {
            return RIG_DONE;
        }
        if (out->len - start > max_bytes) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "'%s' is larger than the %zu bytes allowed here", path, max_bytes);
        }
    }
}

rig_result rig_write_fully(int fd, const void *bytes, size_t n_bytes, const char *what,
                           struct rig_error *err)
{
    const uint8_t *at = bytes;

    while (n_bytes != 0) {
        const ssize_t put = write(fd, at, n_bytes);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return rig_fail_errno(err, errno, "cannot write '%s'", what);
        }
        at += put;
        n_bytes -= (size_t)put;
    }
    return RIG_DONE;
}

static rig_result write_and_sync(int fd, const char *path, const void *bytes, size_t n_bytes,
                                 mode_t mode, struct rig_error *err)
{
    if (fchmod(fd, mode) != 0) {
        return rig_fail_errno(err, errno, "cannot set the mode of '%s'", path);
    }
    RIG_TRY(rig_write_fully(fd, bytes, n_bytes, path, err));
    if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS) {
        return rig_fail_errno(err, errno, "cannot sync '%s'", path);
    }
    return RIG_DONE;
}

/* A rename is on disk once its folder is. */
static rig_result sync_folder_of(const char *path, struct rig_error *err)
{
    char folder[PATH_MAX];
    char *slash;
    RIG_AUTO(rig_close_fd) int fd = -1;

    (void)rig_copy_text(folder, sizeof folder, path);
    slash = strrchr(folder, '/');
    if (slash == NULL) {
        (void)rig_copy_text(folder, sizeof folder, ".");
    } else {
        slash[slash == folder] = '\0';
    }
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL && errno != EROFS)) {
        return rig_fail_errno(err, errno, "cannot sync the folder '%s'", folder);
    }
    return RIG_DONE;
}

rig_result rig_file_replace(const char *path, const void *bytes, size_t n_bytes, mode_t mode,
                            struct rig_error *err)
{
    char temporary[PATH_MAX];
    RIG_AUTO(rig_close_fd) int fd = -1;
    rig_result result;

    if ((size_t)snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= sizeof temporary) {
        return rig_fail_errno(err, ENAMETOOLONG, "cannot write '%s'", path);
    }
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        return rig_fail_errno(err, errno, "cannot write '%s'", path);
    }
    result = write_and_sync(fd, path, bytes, n_bytes, mode, err);
    if (result.ok && rename(temporary, path) != 0) {
        result = rig_fail_errno(err, errno, "cannot replace '%s'", path);
    } else if (result.ok) {
        return sync_folder_of(path, err);
    }
    if (!result.ok) {
        (void)unlink(temporary);
    }
    return result;
}

static rig_result make_one(const char *path, mode_t mode, struct rig_error *err)
{
    struct stat info;

    if (mkdir(path, mode) == 0) {
        return RIG_DONE;
    }
    if (errno == EEXIST && stat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode)) {
            return RIG_DONE;
        }
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_EXISTS,
                        "cannot make the folder '%s': a file has that name", path);
    }
    return rig_fail_errno(err, errno, "cannot make the folder '%s'", path);
}

rig_result rig_dir_make(const char *path, mode_t mode, struct rig_error *err)
{
    char part[PATH_MAX];

    if (path[0] == '\0' || !rig_copy_text(part, sizeof part, path)) {
        return rig_fail_errno(err, path[0] == '\0' ? ENOENT : ENAMETOOLONG,
                              "cannot make the folder '%s'", path);
    }
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        RIG_TRY(make_one(part, mode | S_IWUSR | S_IXUSR, err));
        *slash = '/';
    }
    return make_one(part, mode, err);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

rig_result rig_dir_remove(const char *path, struct rig_error *err)
{
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT) {
        return rig_fail_errno(err, errno, "cannot remove the folder '%s'", path);
    }
    return RIG_DONE;
}

rig_result rig_path_join(const char *folder, const char *name, char **out, struct rig_error *err)
{
    if (asprintf(out, "%s/%s", folder, name) < 0) {
        *out = NULL;
        return rig_fail_memory(err);
    }
    return RIG_DONE;
}

rig_result rig_program_folder(char **out, struct rig_error *err)
{
    char path[PATH_MAX];
    const ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    char *slash;

    if (len < 0) {
        return rig_fail_errno(err, errno, "cannot find this program's own folder");
    }
    path[len] = '\0';
    slash = strrchr(path, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    return rig_dup_text(out, path, err);
}
