/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lock whose waiters honour a deadline and a cancel: one thread at a time between enter and
 * leave. Private to rig/ca.
 */
#ifndef RIG_CA_GATE_H
#define RIG_CA_GATE_H

#include "rig/base/wait.h"

#include <pthread.h>

struct rig_gate {
    pthread_mutex_t mutex; /* of `taken` only, never held for long */
    pthread_cond_t freed;
    bool taken;
};

void rig_gate_init(struct rig_gate *gate);
void rig_gate_destroy(struct rig_gate *gate);
/* TIMEOUT (class RIG) or CANCELLED; `what` names what is behind the gate. */
RIG_CHECKED rig_result rig_gate_enter(struct rig_gate *gate, struct rig_wait wait, const char *what,
                                      struct rig_error *err);
void rig_gate_leave(struct rig_gate *gate);

#endif
