/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What registrations are judged by in a run: the suite's enrolment fixtures and the PKIs that they
 * name, opened once, with the certificates made when they are first asked for. A list is built anew
 * for each registration, since the devices in it have the key of the board that is tested; CAs
 * prove possession of their keys while it is built, by the same flow that a service asks of an
 * owner.
 *
 * Errors: class USAGE for fixtures (with `mistakes` in the text) and for a list that contradicts
 * itself; class RIG otherwise. Threads: any number may use one object.
 */
#ifndef RIG_RUN_ENROLMENTS_H
#define RIG_RUN_ENROLMENTS_H

#include "rig/pki/world.h"
#include "rig/suite/suite.h"
#include "rig/tls/enrolment.h"

struct rig_enrolments;

/* NULL in *enrolments when the suite names no fixtures. The caller closes it. */
RIG_CHECKED rig_result rig_enrolments_open(const struct rig_suite *suite, int64_t now_ms,
                                           struct rig_enrolments **enrolments,
                                           struct rig_error *err);
void rig_enrolments_close(struct rig_enrolments *enrolments);

/* The list in `state`, for a board with the key of `csr_der`. The caller frees *list. */
RIG_CHECKED rig_result rig_enrolments_list(struct rig_enrolments *enrolments, const char *state,
                                           const struct rig_buf *csr_der,
                                           struct rig_enrolment **list, struct rig_error *err);

/* The certificate and chain of a device of that state's fixtures, for the same key. The caller
 * frees the identity. */
RIG_CHECKED rig_result rig_enrolments_device(struct rig_enrolments *enrolments, const char *state,
                                             const char *device, const struct rig_buf *csr_der,
                                             struct rig_pki_identity *identity,
                                             struct rig_error *err);

#endif
