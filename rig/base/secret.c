/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/base/secret.h"

#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static rig_result fail_open(const char *path, const char *what, struct rig_error *err)
{
    (void)rig_fail_errno(err, errno, "cannot open the %s file '%s'", what, path);
    err->cls = RIG_CLASS_USAGE;
    return (rig_result){.ok = false};
}

static rig_result check_info(const struct stat *info, const char *path, const char *what,
                             struct rig_error *err)
{
    if (!S_ISREG(info->st_mode)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "the %s file '%s' is no regular file",
                        what, path);
    }
    if ((info->st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_PERMISSION,
                        "others can read the %s file '%s': chmod 600 it", what, path);
    }
    return RIG_DONE;
}

rig_result rig_secret_check_mode(const char *path, const char *what, struct rig_error *err)
{
    struct stat info;

    if (stat(path, &info) != 0) {
        return fail_open(path, what, err);
    }
    return check_info(&info, path, what, err);
}

/* `from` on, the buffer holds the first line and perhaps more. */
static rig_result keep_first_line(struct rig_buf *secret, size_t from, const char *what,
                                  const char *source, struct rig_error *err)
{
    const size_t len = strcspn((const char *)secret->data + from, "\r\n");

    explicit_bzero(secret->data + from + len, secret->len - from - len);
    secret->len = from + len;
    if (len == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "the %s %s is empty", what, source);
    }
    return RIG_DONE;
}

/* Up to the end of file, or of the first line; the wait is looked at for each piece. */
static rig_result read_line(int fd, const char *what, const char *source, struct rig_wait wait,
                            struct rig_buf *secret, struct rig_error *err)
{
    const size_t from = secret->len;

    RIG_TRY(rig_buf_reserve(secret, RIG_SECRET_MAX_BYTES + 1, err));
    for (;;) {
        const size_t have = secret->len - from;
        ssize_t got;

        RIG_TRY(rig_wait_fd(wait, fd, POLLIN, what, err));
        got = read(fd, secret->data + secret->len, RIG_SECRET_MAX_BYTES + 1 - have);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return rig_fail_errno(err, errno, "cannot read the %s %s", what, source);
        }
        secret->len += (size_t)got;
        secret->data[secret->len] = 0;
        if (got == 0 || memchr(secret->data + from, '\n', secret->len - from) != NULL) {
            return keep_first_line(secret, from, what, source, err);
        }
        if (secret->len - from > RIG_SECRET_MAX_BYTES) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "the %s %s is longer than %d bytes: not a %s", what, source,
                            RIG_SECRET_MAX_BYTES, what);
        }
    }
}

rig_result rig_secret_from_file(const char *path, const char *what, struct rig_buf *secret,
                                struct rig_error *err)
{
    /* without O_NONBLOCK, opening a FIFO waits for a writer */
    RIG_AUTO(rig_close_fd) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    const struct rig_wait wait = {.deadline_ns = INT64_MAX};
    RIG_AUTO(rig_buf_free) struct rig_buf source = {0};
    struct stat info;

    if (fd < 0 || fstat(fd, &info) != 0) {
        return fail_open(path, what, err);
    }
    RIG_TRY(check_info(&info, path, what, err));
    RIG_TRY(rig_buf_printf(&source, err, "file '%s'", path));
    return read_line(fd, what, rig_buf_text(&source), wait, secret, err);
}

rig_result rig_secret_from_environment(const char *variable, struct rig_buf *secret, bool *found,
                                       struct rig_error *err)
{
    char *value = getenv(variable);

    *found = value != NULL && value[0] != '\0';
    if (value == NULL) {
        return RIG_DONE;
    }
    RIG_TRY(rig_buf_append_text(secret, value, err));
    explicit_bzero(value, strlen(value)); /* else it stays readable in /proc/PID/environ */
    (void)unsetenv(variable);
    return RIG_DONE;
}

rig_result rig_secret_from_fd(int fd, const char *what, struct rig_buf *secret,
                              struct rig_wait wait, struct rig_error *err)
{
    return read_line(fd, what, "on standard input", wait, secret, err);
}

rig_result rig_secret_guard_process(struct rig_error *err)
{
    const struct rlimit none = {0, 0};

    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return rig_fail_errno(err, errno, "cannot forbid core dumps of this process");
    }
    return RIG_DONE;
}
