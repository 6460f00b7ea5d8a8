/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/sweep.h"

#include "rig/base/cleanup.h"
#include "rig/tls/tripwire.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void close_dir(DIR **dir)
{
    if (*dir != NULL) {
        (void)closedir(*dir);
    }
}

static rig_result sweep_fd(int fd, const char *folder, const char *name, struct rig_error *err)
{
    struct rig_tripwire wire;
    uint8_t bytes[16384];
    ssize_t got;

    rig_tripwire_init(&wire);
    while ((got = read(fd, bytes, sizeof bytes)) > 0) {
        if (rig_tripwire_feed(&wire, bytes, (size_t)got)) {
            return rig_fail(err, RIG_CLASS_RIG, RIG_E_KEY_LEAK,
                            "'%s/%s' holds a private key (%s): delete it, and treat the key as "
                            "known to others",
                            folder, name, wire.what);
        }
    }
    if (got < 0) {
        return rig_fail_errno(err, errno, "cannot read '%s/%s'", folder, name);
    }
    return RIG_DONE;
}

static rig_result sweep_entry(int dir_fd, const char *folder, const char *name,
                              struct rig_error *err)
{
    RIG_AUTO(rig_close_fd) int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0) {
        return rig_fail_errno(err, errno, "cannot look through '%s/%s' for private keys", folder,
                              name);
    }
    return sweep_fd(fd, folder, name, err);
}

rig_result rig_sweep_file(const char *path, struct rig_error *err)
{
    RIG_AUTO(rig_close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    const char *slash = strrchr(path, '/');

    if (fd < 0) {
        return errno == ENOENT
                   ? RIG_DONE
                   : rig_fail_errno(err, errno, "cannot look through '%s' for private keys", path);
    }
    return sweep_fd(fd, slash != NULL ? "" : ".", path, err);
}

rig_result rig_sweep(const char *folder, struct rig_error *err)
{
    RIG_AUTO(close_dir) DIR *dir = opendir(folder);
    const struct dirent *entry;

    if (dir == NULL) {
        return rig_fail_errno(err, errno, "cannot look through '%s' for private keys", folder);
    }
    while ((entry = readdir(dir)) != NULL) {
        struct stat info;

        if (fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(info.st_mode)) {
            RIG_TRY(sweep_entry(dirfd(dir), folder, entry->d_name, err));
        }
    }
    return RIG_DONE;
}
