/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a failed trial leaves for whoever has to find out why: the certificates and CRLs of both
 * sides as PEM files, and the handshake as a capture with its key log, which Wireshark opens as it
 * is. In `cases/<board>-<step>` of the run's folder; never a private key.
 */
#ifndef RIG_RUN_TRIAL_FILES_H
#define RIG_RUN_TRIAL_FILES_H

#include "rig/run/trial_place.h"

/* Says the folder in `evidence` ("files"). Class RIG with the path. */
RIG_CHECKED rig_result rig_trial_files_write(const struct rig_trial_place *place,
                                             const struct rig_both_sides *both, json_t *evidence,
                                             struct rig_error *err);

#endif
