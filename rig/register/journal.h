/* SPDX-License-Identifier: Apache-2.0 */
/* What the other sources of this folder need of the journal. */
#ifndef RIG_REGISTER_JOURNAL_H
#define RIG_REGISTER_JOURNAL_H

#include "rig/register/db.h"

/* rig_journal_close within the caller's hold (and transaction). */
RIG_CHECKED rig_result rig_journal_close_held(struct rig_register *held, struct rig_journal_id id,
                                              bool ok, const char *outcome, struct rig_error *err);

#endif
