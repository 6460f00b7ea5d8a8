/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/base/wait.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define MAX_FDS 6

static int64_t timespec_ns(struct timespec t)
{
    return (int64_t)t.tv_sec * RIG_NS_PER_S + t.tv_nsec;
}

int64_t rig_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock on Linux */
    return timespec_ns(now);
}

rig_result rig_cancel_open(struct rig_cancel *cancel, struct rig_error *err)
{
    atomic_init(&cancel->reason, 0);
    cancel->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (cancel->event_fd < 0) {
        return rig_fail_errno(err, errno, "cannot make an event descriptor");
    }
    return RIG_DONE;
}

void rig_cancel_close(struct rig_cancel *cancel)
{
    if (cancel->event_fd >= 0) {
        (void)close(cancel->event_fd);
        cancel->event_fd = -1;
    }
}

void rig_cancel_trigger(struct rig_cancel *cancel, int reason)
{
    const int saved = errno;
    const uint64_t one = 1;
    int none = 0;

    (void)atomic_compare_exchange_strong(&cancel->reason, &none, reason);
    if (write(cancel->event_fd, &one, sizeof one) < 0) {
        /* full counter: it already polls readable */
    }
    errno = saved;
}

int rig_cancel_reason(struct rig_cancel *cancel)
{
    return atomic_load(&cancel->reason);
}

struct rig_wait rig_wait_ms(int64_t timeout_ms, struct rig_cancel *cancel)
{
    return (struct rig_wait){.deadline_ns = rig_now_ns() + timeout_ms * RIG_NS_PER_MS,
                             .cancel = cancel};
}

struct rig_wait rig_wait_within(struct rig_wait outer, int64_t timeout_ms)
{
    struct rig_wait inner = rig_wait_ms(timeout_ms, outer.cancel);

    if (outer.deadline_ns < inner.deadline_ns) {
        inner.deadline_ns = outer.deadline_ns;
    }
    return inner;
}

static int64_t left_ns(struct rig_wait wait)
{
    const int64_t now_ns = rig_now_ns();

    return wait.deadline_ns > now_ns ? wait.deadline_ns - now_ns : 0;
}

int64_t rig_wait_left_ms(struct rig_wait wait)
{
    const int64_t left = left_ns(wait);

    return left / RIG_NS_PER_MS + (left % RIG_NS_PER_MS != 0);
}

bool rig_wait_over(struct rig_wait wait)
{
    return left_ns(wait) == 0;
}

static rig_result cancelled(struct rig_error *err, const char *what)
{
    return rig_fail(err, RIG_CLASS_CANCELLED, RIG_E_CANCELLED, "cancelled while waiting for %s",
                    what);
}

/* One ppoll on `fds` and the cancel object, not longer than `until_ns`; *n_ready is 0 when the time
 * passed. */
static rig_result poll_once(struct rig_wait wait, struct pollfd *fds, size_t n_fds,
                            const char *what, int *n_ready, struct rig_error *err)
{
    struct pollfd all[MAX_FDS + 1];
    size_t n = 0;

    for (; n < n_fds; n++) {
        all[n] = fds[n];
        all[n].revents = 0;
    }
    if (wait.cancel != NULL) {
        all[n++] = (struct pollfd){.fd = wait.cancel->event_fd, .events = POLLIN};
    }
    for (;;) {
        const int64_t left = left_ns(wait);
        const struct timespec timeout = {.tv_sec = (time_t)(left / RIG_NS_PER_S),
                                         .tv_nsec = (long)(left % RIG_NS_PER_S)};
        const int rc = ppoll(all, n, &timeout, NULL);

        if (rc < 0 && errno == EINTR) {
            continue;
        }
        if (rc < 0) {
            return rig_fail_errno(err, errno, "poll for %s", what);
        }
        if (wait.cancel != NULL && rig_cancel_reason(wait.cancel) != 0) {
            return cancelled(err, what);
        }
        for (size_t i = 0; i < n_fds; i++) {
            fds[i].revents = all[i].revents;
        }
        *n_ready = rc;
        return RIG_DONE;
    }
}

rig_result rig_wait_poll(struct rig_wait wait, struct pollfd *fds, size_t n_fds, const char *what,
                         struct rig_error *err)
{
    int n_ready = 0;

    assert(n_fds <= MAX_FDS);
    RIG_TRY(poll_once(wait, fds, n_fds, what, &n_ready, err));
    if (n_ready == 0) {
        return rig_fail(err, RIG_CLASS_NETWORK, RIG_E_TIMEOUT, "timed out waiting for %s", what);
    }
    return RIG_DONE;
}

rig_result rig_wait_fd(struct rig_wait wait, int fd, short events, const char *what,
                       struct rig_error *err)
{
    struct pollfd one = {.fd = fd, .events = events};

    return rig_wait_poll(wait, &one, 1, what, err);
}

rig_result rig_wait_pause(struct rig_wait wait, int64_t pause_ns, struct rig_error *err)
{
    const int64_t end_ns = rig_now_ns() + pause_ns;
    struct rig_wait pause = {.deadline_ns = end_ns, .cancel = wait.cancel};
    int n_ready = 0;

    if (wait.deadline_ns < end_ns) {
        pause.deadline_ns = wait.deadline_ns;
    }
    RIG_TRY(poll_once(pause, NULL, 0, "a pause", &n_ready, err));
    if (wait.deadline_ns < end_ns) {
        return rig_fail(err, RIG_CLASS_NETWORK, RIG_E_TIMEOUT, "timed out during a pause");
    }
    return RIG_DONE;
}

static int64_t system_now_ms(void *ctx)
{
    struct timespec now;

    (void)ctx;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return timespec_ns(now) / RIG_NS_PER_MS;
}

const struct rig_clock rig_clock_system = {.now_ms = system_now_ms, .ctx = NULL};

void rig_time_text(int64_t unix_ms, char out[RIG_TIME_TEXT_SIZE])
{
    const int64_t ms = ((unix_ms % 1000) + 1000) % 1000;
    const time_t seconds = (time_t)((unix_ms - ms) / 1000);
    struct tm utc;
    size_t len;

    if (gmtime_r(&seconds, &utc) == NULL) {
        (void)snprintf(out, RIG_TIME_TEXT_SIZE, "%lld ms", (long long)unix_ms);
        return;
    }
    len = strftime(out, RIG_TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(out + len, RIG_TIME_TEXT_SIZE - len, ".%03dZ", (int)ms);
}
