/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/cli/signals.h"

#include "rig/base/cleanup.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

static void *signals_thread(void *ctx)
{
    struct rig_signals *signals = ctx;

    for (;;) {
        struct pollfd fds[2] = {{.fd = signals->signal_fd, .events = POLLIN},
                                {.fd = signals->stop_fd, .events = POLLIN}};
        struct signalfd_siginfo info;
        struct rig_error ignored;
        const struct rig_wait forever = {.deadline_ns = INT64_MAX};

        if (!rig_wait_poll(forever, fds, 2, "signals", &ignored).ok || fds[1].revents != 0) {
            return NULL;
        }
        if (read(signals->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
            rig_cancel_trigger(signals->cancel, (int)info.ssi_signo);
        }
    }
}

rig_result rig_signals_start(struct rig_signals *signals, struct rig_cancel *cancel,
                             struct rig_error *err)
{
    sigset_t set;
    int rc;

    *signals = (struct rig_signals){.cancel = cancel, .signal_fd = -1, .stop_fd = -1};
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a limit for files is an error of the write, as a full disk */
    rc = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (rc != 0) {
        return rig_fail_errno(err, rc, "cannot block signals");
    }
    signals->signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
    signals->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (signals->signal_fd < 0 || signals->stop_fd < 0) {
        rc = errno;
    } else {
        rc = pthread_create(&signals->thread, NULL, signals_thread, signals);
    }
    if (rc != 0) {
        rig_close_fd(&signals->signal_fd);
        rig_close_fd(&signals->stop_fd);
        return rig_fail_errno(err, rc, "cannot listen for signals");
    }
    return RIG_DONE;
}

void rig_signals_stop(struct rig_signals *signals)
{
    (void)eventfd_write(signals->stop_fd, 1);
    (void)pthread_join(signals->thread, NULL);
    rig_close_fd(&signals->signal_fd);
    rig_close_fd(&signals->stop_fd);
}
