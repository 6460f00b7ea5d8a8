/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A suite against the CA: no boards, one pseudo-board `ca`, a step per attack or issuance. FAIL
 * means that the CA under test is too weak; ERROR that it could not be asked, or that nothing was
 * proven. What the CA gave out is journalled before, in the register as a test certificate, and
 * revoked in the last step, also after a cancel. One thread.
 */
#ifndef RIG_RUN_CA_RUN_H
#define RIG_RUN_CA_RUN_H

#include "rig/register/register.h"
#include "rig/run/progress.h"
#include "rig/run/recover.h"
#include "rig/run/run.h"

#define RIG_CA_BOARD "ca"

/* All borrowed. `report` has one board, with room for rig_suite_n_steps steps. */
struct rig_ca_run {
    const struct rig_run_options *options;
    struct rig_register *reg;
    struct rig_run_report *report;
    struct rig_progress *progress;
    const char *folder; /* of the run: requests and certificates of failures go there */
    struct rig_recovery *recovery;
};

/* Runs every step; whatever goes wrong is in the report. */
void rig_ca_run(const struct rig_ca_run *run);

#endif
