/* SPDX-License-Identifier: Apache-2.0 */
/* The tripwire over what a run wrote: no file of the run's folder may hold a private key. */
#ifndef RIG_RUN_SWEEP_H
#define RIG_RUN_SWEEP_H

#include "rig/base/error.h"

/* Every regular file in `folder` (a run's folder has no folders). KEY_LEAK (class RIG) names the
 * first file that holds one and what it is. */
RIG_CHECKED rig_result rig_sweep(const char *folder, struct rig_error *err);

/* One file. A file that is not there is fine. */
RIG_CHECKED rig_result rig_sweep_file(const char *path, struct rig_error *err);

#endif
