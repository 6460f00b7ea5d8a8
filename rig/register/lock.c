/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/register/lock.h"

#include "rig/base/cleanup.h"
#include "rig/base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t pid_written(int fd)
{
    char text[24] = "";
    const ssize_t got = pread(fd, text, sizeof text - 1, 0);
    char *end = text;
    long long pid = 0;

    if (got > 0) {
        pid = strtoll(text, &end, 10);
    }
    return end != text && *end == '\n' && pid > 0 ? (int64_t)pid : -1;
}

static rig_result write_pid(int fd, const char *path, struct rig_error *err)
{
    char text[24];
    const int len = snprintf(text, sizeof text, "%lld\n", (long long)getpid());

    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len) {
        return rig_fail_errno(err, errno, "cannot write '%s'", path);
    }
    return RIG_DONE;
}

static rig_result lock_file(int fd, const char *folder, const char *path, struct rig_error *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char who[48] = "pid unknown";
    int64_t pid;

    if (fcntl(fd, F_OFD_SETLK, &lock) == 0) {
        return write_pid(fd, path, err);
    }
    if (errno != EAGAIN && errno != EACCES) {
        return rig_fail_errno(err, errno, "cannot lock '%s'", path);
    }
    pid = pid_written(fd);
    if (pid > 0) {
        (void)snprintf(who, sizeof who, "pid %lld", (long long)pid);
    }
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_BUSY,
                    "another rig (%s) works in the folder '%s': wait until it has ended, or name "
                    "another folder with --out",
                    who, folder);
}

rig_result rig_lock_take(const char *folder, int *fd, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *path = NULL;
    rig_result result;

    RIG_TRY(rig_path_join(folder, "rig.lock", &path, err));
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (*fd < 0) {
        return rig_fail_errno(err, errno, "cannot write into the work folder '%s'", folder);
    }
    result = lock_file(*fd, folder, path, err);
    if (!result.ok) {
        rig_close_fd(fd);
    }
    return result;
}

rig_result rig_lock_holder(const char *folder, int64_t *pid, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *path = NULL;
    RIG_AUTO(rig_close_fd) int fd = -1;
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

    *pid = 0;
    RIG_TRY(rig_path_join(folder, "rig.lock", &path, err));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? RIG_DONE : rig_fail_errno(err, errno, "cannot read '%s'", path);
    }
    if (fcntl(fd, F_OFD_GETLK, &lock) != 0) {
        return rig_fail_errno(err, errno, "cannot ask for the lock of '%s'", path);
    }
    if (lock.l_type != F_UNLCK) {
        *pid = pid_written(fd);
    }
    return RIG_DONE;
}
