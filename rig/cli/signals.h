/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGINT, SIGTERM and SIGHUP as a cancel: the signals are blocked in every thread and read by a
 * thread of their own, so no handler runs anywhere. Start it before any other thread.
 */
#ifndef RIG_CLI_SIGNALS_H
#define RIG_CLI_SIGNALS_H

#include "rig/base/wait.h"

#include <pthread.h>

struct rig_signals {
    struct rig_cancel *cancel; /* borrowed */
    int signal_fd;
    int stop_fd;
    pthread_t thread;
};

RIG_CHECKED rig_result rig_signals_start(struct rig_signals *signals, struct rig_cancel *cancel,
                                         struct rig_error *err);
void rig_signals_stop(struct rig_signals *signals);

#endif
