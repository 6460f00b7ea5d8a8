/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_TIMEOUT_MS 500

static void free_actions(posix_spawn_file_actions_t *actions)
{
    (void)posix_spawn_file_actions_destroy(actions);
}

static void free_attributes(posix_spawnattr_t *attributes)
{
    (void)posix_spawnattr_destroy(attributes);
}

static rig_result start_with(struct rig_child *child, const char *const argv[], int in, int out,
                             const char *stderr_path, struct rig_error *err)
{
    RIG_AUTO(free_actions) posix_spawn_file_actions_t actions;
    RIG_AUTO(free_attributes) posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t defaults;
    int rc;

    (void)sigemptyset(&none);
    (void)sigemptyset(&defaults);
    (void)sigaddset(&defaults, SIGPIPE);
    (void)sigaddset(&defaults, SIGINT);
    (void)sigaddset(&defaults, SIGTERM);
    rc = posix_spawn_file_actions_init(&actions);
    rc = rc != 0 ? rc : posix_spawnattr_init(&attributes);
    rc = rc != 0 ? rc : posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    rc = rc != 0 ? rc : posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (rc == 0 && stderr_path != NULL) {
        rc = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, stderr_path,
                                              O_WRONLY | O_CREAT | O_APPEND, 0644);
    }
    rc = rc != 0 ? rc : posix_spawnattr_setpgroup(&attributes, 0);
    rc = rc != 0 ? rc : posix_spawnattr_setsigmask(&attributes, &none);
    rc = rc != 0 ? rc : posix_spawnattr_setsigdefault(&attributes, &defaults);
    rc = rc != 0 ? rc
                 : posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
                                                             POSIX_SPAWN_SETSIGMASK |
                                                             POSIX_SPAWN_SETSIGDEF);
    rc = rc != 0 ? rc
                 : posix_spawnp(&child->pid, argv[0], &actions, &attributes, (char *const *)argv,
                                environ);
    if (rc != 0) {
        child->pid = 0;
        return rig_fail_errno(err, rc, "cannot start the program '%s'", argv[0]);
    }
    return RIG_DONE;
}

rig_result rig_child_start(struct rig_child *child, const char *const argv[],
                           const char *stderr_path, struct rig_error *err)
{
    RIG_AUTO(rig_close_fd) int in_read = -1;
    RIG_AUTO(rig_close_fd) int in_write = -1;
    RIG_AUTO(rig_close_fd) int out_read = -1;
    RIG_AUTO(rig_close_fd) int out_write = -1;
    const char *slash = strrchr(argv[0], '/');
    int pipe_fds[2];

    *child = (struct rig_child){.stdout_fd = -1, .stdin_fd = -1};
    (void)rig_copy_text(child->name, sizeof child->name, slash != NULL ? slash + 1 : argv[0]);
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
        return rig_fail_errno(err, errno, "cannot make a pipe for '%s'", child->name);
    }
    in_read = pipe_fds[0];
    in_write = pipe_fds[1];
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
        return rig_fail_errno(err, errno, "cannot make a pipe for '%s'", child->name);
    }
    out_read = pipe_fds[0];
    out_write = pipe_fds[1];
    RIG_TRY(start_with(child, argv, in_read, out_write, stderr_path, err));
    child->stdin_fd = rig_take_fd(&in_write);
    child->stdout_fd = rig_take_fd(&out_read);
    return RIG_DONE;
}

/* How it ended, as far as that is known within a moment; it stays there to be joined. */
static rig_result fail_ended(const struct rig_child *child, struct rig_wait wait,
                             struct rig_error *err)
{
    RIG_AUTO(rig_close_fd) int pid_fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    const struct rig_wait moment = rig_wait_within(wait, END_TIMEOUT_MS);
    struct rig_error ignored;
    siginfo_t info = {0};

    if (pid_fd < 0 || !rig_wait_fd(moment, pid_fd, POLLIN, "its end", &ignored).ok ||
        waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == 0) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_DISCONNECTED, "%s ended without a word",
                        child->name);
    }
    if (info.si_code != CLD_EXITED) {
        const char *name = sigabbrev_np(info.si_status);

        return rig_fail(err, RIG_CLASS_RIG, RIG_E_DISCONNECTED, "%s ended by %s%s", child->name,
                        name != NULL ? "SIG" : "a signal", name != NULL ? name : "");
    }
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_DISCONNECTED, "%s ended with exit code %d",
                    child->name, info.si_status);
}

rig_result rig_child_read_line(struct rig_child *child, struct rig_wait wait, struct rig_buf *line,
                               struct rig_error *err)
{
    for (;;) {
        char c;
        ssize_t got;

        RIG_TRY_IN(rig_wait_fd(wait, child->stdout_fd, POLLIN, "its output", err), err, "%s",
                   child->name);
        got = read(child->stdout_fd, &c, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return rig_fail_errno(err, errno, "cannot read the output of %s", child->name);
        }
        if (got == 0) {
            return fail_ended(child, wait, err);
        }
        if (c == '\n') {
            return RIG_DONE;
        }
        RIG_TRY(rig_buf_append(line, &c, 1, err));
    }
}

static void forget(struct rig_child *child)
{
    child->pid = 0;
    rig_close_fd(&child->stdin_fd);
    rig_close_fd(&child->stdout_fd);
}

rig_result rig_child_join(struct rig_child *child, struct rig_wait wait, int *exit_status,
                          struct rig_error *err)
{
    RIG_AUTO(rig_close_fd) int pid_fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    siginfo_t info = {0};

    if (pid_fd < 0) {
        return rig_fail_errno(err, errno, "cannot watch %s", child->name);
    }
    RIG_TRY_IN(rig_wait_fd(wait, pid_fd, POLLIN, "its end", err), err, "%s", child->name);
    if (waitid(P_PID, (id_t)child->pid, &info, WEXITED) != 0) {
        return rig_fail_errno(err, errno, "cannot wait for %s", child->name);
    }
    *exit_status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    forget(child);
    return RIG_DONE;
}

void rig_child_stop(struct rig_child *child, int64_t grace_ms)
{
    struct rig_error ignored;
    int status = 0;

    if (child->pid <= 0) {
        return;
    }
    (void)kill(child->pid, SIGTERM);
    if (!rig_child_join(child, rig_wait_ms(grace_ms, NULL), &status, &ignored).ok) {
        (void)kill(-child->pid, SIGKILL);
        (void)kill(child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        forget(child);
    }
}
