/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines on the monotonic clock, cancellation, and the one way to wait.
 *
 * Every blocking function of the host side takes a `struct rig_wait` by value: until when, and what
 * can cut it short. A wait ends as success, as RIG_E_TIMEOUT (class NETWORK unless the caller knows
 * better and says so), or as RIG_E_CANCELLED (class CANCELLED). Nothing sleeps otherwise.
 *
 * Threads: a `struct rig_cancel` may be triggered from any thread and from a signal handler, any
 * number of times, and be waited on by any number of threads. A `struct rig_wait` is a plain value.
 */
#ifndef RIG_BASE_WAIT_H
#define RIG_BASE_WAIT_H

#include "rig/base/error.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>

/* CLOCK_MONOTONIC in nanoseconds. */
int64_t rig_now_ns(void);

#define RIG_NS_PER_MS INT64_C(1000000)
#define RIG_NS_PER_S INT64_C(1000000000)

struct rig_cancel {
    int event_fd;      /* polls readable once cancelled, and stays so */
    atomic_int reason; /* 0, or the number that was given to rig_cancel_trigger */
};

/* Owns a file descriptor until rig_cancel_close. */
RIG_CHECKED rig_result rig_cancel_open(struct rig_cancel *cancel, struct rig_error *err);
void rig_cancel_close(struct rig_cancel *cancel);

/* Async-signal-safe. `reason` > 0, e.g. a signal number; the first one is kept. */
void rig_cancel_trigger(struct rig_cancel *cancel, int reason);

/* The reason, or 0 while nobody asked to stop. */
int rig_cancel_reason(struct rig_cancel *cancel);

struct rig_wait {
    int64_t deadline_ns;       /* on the clock of rig_now_ns; INT64_MAX waits for ever (only for the
                                  user's Ctrl-C) */
    struct rig_cancel *cancel; /* borrowed; NULL: can't be cancelled */
};

/* A wait that ends `timeout_ms` from now. */
struct rig_wait rig_wait_ms(int64_t timeout_ms, struct rig_cancel *cancel);

/* The same cancel, ending `timeout_ms` from now or when `outer` does, whichever is first. */
struct rig_wait rig_wait_within(struct rig_wait outer, int64_t timeout_ms);

/* Milliseconds left, rounded up; 0 when over. */
int64_t rig_wait_left_ms(struct rig_wait wait);
bool rig_wait_over(struct rig_wait wait);

/*
 * Polls `fds` (at most 6) together with the cancel object until at least one has revents. Fails
 * with TIMEOUT or CANCELLED; `what` names the thing waited for in the text ("an answer of board
 * b1"). Cancel wins over ready fds.
 */
RIG_CHECKED rig_result rig_wait_poll(struct rig_wait wait, struct pollfd *fds, size_t n_fds,
                                     const char *what, struct rig_error *err);

/* One descriptor; `events` as for poll(2). POLLHUP and POLLERR also end the wait with success: the
 * read tells. */
RIG_CHECKED rig_result rig_wait_fd(struct rig_wait wait, int fd, short events, const char *what,
                                   struct rig_error *err);

/* Lets `ms` pass (a reset recipe's delay, a chip's settling time); cut short only by cancel or the
 * deadline. */
RIG_CHECKED rig_result rig_wait_pause(struct rig_wait wait, int64_t pause_ns,
                                      struct rig_error *err);

/* The wall clock, injected wherever time is written down or compared with a certificate's validity.
 */
struct rig_clock {
    int64_t (*now_ms)(void *ctx); /* milliseconds since 1970-01-01T00:00:00Z */
    void *ctx;
};

extern const struct rig_clock rig_clock_system;

static inline int64_t rig_clock_now_ms(const struct rig_clock *clock)
{
    return clock->now_ms(clock->ctx);
}

/* "2026-11-21T19:44:03.120Z"; `out` holds at least 25 bytes. */
#define RIG_TIME_TEXT_SIZE 32
void rig_time_text(int64_t unix_ms, char out[RIG_TIME_TEXT_SIZE]);

#endif
