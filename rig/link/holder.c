/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/link/holder.h"

#include "rig/base/cleanup.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static bool is_number(const char *text)
{
    const char *at = text;

    while (isdigit((unsigned char)*at)) {
        at++;
    }
    return at != text && *at == '\0';
}

/* Whether the process holds the file open, as far as we may look. */
static bool holds(const char *pid, const char *device)
{
    char path[PATH_MAX];
    char target[PATH_MAX];
    const struct dirent *entry;
    bool found = false;
    DIR *fds;

    (void)snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
    fds = opendir(path);
    while (fds != NULL && !found && (entry = readdir(fds)) != NULL) {
        const ssize_t len = readlinkat(dirfd(fds), entry->d_name, target, sizeof target - 1);

        if (len > 0) {
            target[len] = '\0';
            found = strcmp(target, device) == 0;
        }
    }
    if (fds != NULL) {
        (void)closedir(fds);
    }
    return found;
}

static void name_process(const char *pid, char *out, size_t out_size)
{
    char path[64];
    char comm[32] = "?";
    FILE *file;

    (void)snprintf(path, sizeof path, "/proc/%.20s/comm", pid);
    file = fopen(path, "re");
    if (file != NULL) {
        if (fgets(comm, sizeof comm, file) != NULL) {
            comm[strcspn(comm, "\n")] = '\0';
        }
        (void)fclose(file);
    }
    (void)snprintf(out, out_size, "process %.20s (%s)", pid, comm);
}

/* Of a line such as "1: FLOCK  ADVISORY  WRITE 4711 00:19:1234 0 EOF": whether it locks this file;
 * *pid is by whom. */
static bool locks_file(char *line, const struct stat *file, long *pid)
{
    enum { KIND = 1, PID = 4, INODE = 5 };
    char *fields[INODE + 1] = {NULL};
    char *rest = NULL;
    char *at = strtok_r(line, " \n", &rest);
    size_t n = 0;

    while (at != NULL && n <= INODE) {
        fields[n++] = at;
        at = strtok_r(NULL, " \n", &rest);
    }
    if (n <= INODE || strcmp(fields[KIND], "FLOCK") != 0) {
        return false;
    }
    *pid = strtol(fields[PID], NULL, 10);
    at = fields[INODE];
    return strtoul(at, &at, 16) == major(file->st_dev) && *at++ == ':' &&
           strtoul(at, &at, 16) == minor(file->st_dev) && *at++ == ':' &&
           strtoul(at, NULL, 10) == file->st_ino;
}

static void find_lock_owner(const char *path, char *out, size_t out_size)
{
    FILE *locks = fopen("/proc/locks", "re");
    char line[160];
    struct stat info;
    const bool known = locks != NULL && stat(path, &info) == 0;

    while (known && out[0] == '\0' && fgets(line, sizeof line, locks) != NULL) {
        long pid = 0;

        if (!locks_file(line, &info, &pid)) {
            continue;
        }
        if (pid == (long)getpid()) {
            (void)snprintf(out, out_size, "another board of this program itself");
        } else {
            char word[24];

            (void)snprintf(word, sizeof word, "%ld", pid);
            name_process(word, out, out_size);
        }
    }
    if (locks != NULL) {
        (void)fclose(locks);
    }
}

void rig_find_other_user(const char *path, char *out, size_t out_size)
{
    char device[PATH_MAX];
    char own[24];
    const struct dirent *entry;
    DIR *proc = NULL;

    out[0] = '\0';
    (void)snprintf(own, sizeof own, "%ld", (long)getpid());
    if (realpath(path, device) != NULL) {
        proc = opendir("/proc");
    }
    while (proc != NULL && out[0] == '\0' && (entry = readdir(proc)) != NULL) {
        if (is_number(entry->d_name) && strcmp(entry->d_name, own) != 0 &&
            holds(entry->d_name, device)) {
            name_process(entry->d_name, out, out_size);
        }
    }
    if (proc != NULL) {
        (void)closedir(proc);
    }
}

void rig_find_holder(const char *path, char *out, size_t out_size)
{
    out[0] = '\0';
    find_lock_owner(path, out, out_size);
    if (out[0] == '\0') {
        rig_find_other_user(path, out, out_size);
    }
}

rig_result rig_lock_fd(int fd, const char *path, const char *what, struct rig_error *err)
{
    char holder[96];

    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        return RIG_DONE;
    }
    if (errno != EWOULDBLOCK) {
        return rig_fail_errno(err, errno, "cannot lock %s", what);
    }
    rig_find_holder(path, holder, sizeof holder);
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_BUSY, "%s is in use by %s: close that program", what,
                    holder[0] != '\0' ? holder : "another program");
}

/* Another user's file in a sticky folder may be opened, but not with O_CREAT
 * (fs.protected_regular).
 */
static int open_lock(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0 && errno == ENOENT) {
        fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    }
    return fd;
}

rig_result rig_usb_lock(const char *usb_path, const char *part, int *fd, struct rig_error *err)
{
    const char *folders[] = {"/run/lock", getenv("XDG_RUNTIME_DIR"), "/tmp"};
    RIG_AUTO(rig_close_fd) int opened = -1;
    char path[PATH_MAX];
    char what[96];

    *fd = -1;
    for (size_t i = 0; i < sizeof folders / sizeof *folders && opened < 0; i++) {
        if (folders[i] != NULL && (size_t)snprintf(path, sizeof path, "%s/rig-usb-%.40s-%.16s.lock",
                                                   folders[i], usb_path, part) < sizeof path) {
            opened = open_lock(path);
        }
    }
    if (opened < 0) {
        return rig_fail_errno(err, errno, "cannot make the lock file '%s'", path);
    }
    (void)snprintf(what, sizeof what, "the USB device at %.40s (%.16s)", usb_path, part);
    RIG_TRY(rig_lock_fd(opened, path, what, err));
    *fd = rig_take_fd(&opened);
    return RIG_DONE;
}
