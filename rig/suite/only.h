/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A part of a suite: some of its cases (or attacks), and what they stand on. Errors: class USAGE.
 * Pure.
 */
#ifndef RIG_SUITE_ONLY_H
#define RIG_SUITE_ONLY_H

#include "rig/suite/suite.h"

/*
 * Keeps the cases that `names` lists ("good,revoked-leaf"), every step that is no case, and the
 * controls next to a kept case that expects a refusal; the rest is taken out. NOT_FOUND names a
 * case that the suite does not have; the suite is as it was then.
 */
RIG_CHECKED rig_result rig_suite_keep_only(struct rig_suite *suite, const char *names,
                                           struct rig_error *err);

#endif
