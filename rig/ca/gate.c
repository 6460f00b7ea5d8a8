/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/gate.h"

/* a cancel does not signal the condition: how late it may be noticed */
#define CANCEL_POLL_NS (20 * RIG_NS_PER_MS)

void rig_gate_init(struct rig_gate *gate)
{
    pthread_condattr_t attributes;

    /* without attributes that need memory these can't fail in glibc */
    (void)pthread_mutex_init(&gate->mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&gate->freed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    gate->taken = false;
}

void rig_gate_destroy(struct rig_gate *gate)
{
    (void)pthread_cond_destroy(&gate->freed);
    (void)pthread_mutex_destroy(&gate->mutex);
}

static void pause_for_it(struct rig_gate *gate, struct rig_wait wait)
{
    int64_t until_ns = rig_now_ns() + CANCEL_POLL_NS;
    struct timespec until;

    if (until_ns > wait.deadline_ns) {
        until_ns = wait.deadline_ns;
    }
    until.tv_sec = (time_t)(until_ns / RIG_NS_PER_S);
    until.tv_nsec = (long)(until_ns % RIG_NS_PER_S);
    (void)pthread_cond_timedwait(&gate->freed, &gate->mutex, &until);
}

rig_result rig_gate_enter(struct rig_gate *gate, struct rig_wait wait, const char *what,
                          struct rig_error *err)
{
    rig_result result = RIG_DONE;

    (void)pthread_mutex_lock(&gate->mutex);
    while (gate->taken && result.ok) {
        if (wait.cancel != NULL && rig_cancel_reason(wait.cancel) != 0) {
            result = rig_fail(err, RIG_CLASS_CANCELLED, RIG_E_CANCELLED,
                              "cancelled while waiting for '%s'", what);
        } else if (rig_wait_over(wait)) {
            result = rig_fail(err, RIG_CLASS_RIG, RIG_E_TIMEOUT,
                              "'%s' was busy with other requests for too long", what);
        } else {
            pause_for_it(gate, wait);
        }
    }
    if (result.ok) {
        gate->taken = true;
    }
    (void)pthread_mutex_unlock(&gate->mutex);
    return result;
}

void rig_gate_leave(struct rig_gate *gate)
{
    (void)pthread_mutex_lock(&gate->mutex);
    gate->taken = false;
    (void)pthread_cond_signal(&gate->freed);
    (void)pthread_mutex_unlock(&gate->mutex);
}
