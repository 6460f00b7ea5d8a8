/* SPDX-License-Identifier: Apache-2.0 */
/* Judges what a board's ClientHello offered: against what its firmware declares (hello), and by
 * what no board should offer. Pure, any thread. */
#ifndef RIG_RUN_JUDGE_OFFERS_H
#define RIG_RUN_JUDGE_OFFERS_H

#include "rig/agent/agent.h"
#include "rig/tls/offers.h"

/*
 * `wanted` is a set of RIG_OFFERS_* of rig/suite/suite.h; all of it must hold. Class DEVICE: POLICY
 * with the names of what was wrongly offered and the remedy; UNSUPPORTED where the agent declares
 * no cipher suites, PROTOCOL where the ClientHello could not be read.
 */
RIG_CHECKED rig_result rig_judge_offers(uint32_t wanted, const struct rig_tls_offers *offers,
                                        const struct rig_agent_hello *declared,
                                        struct rig_error *err);

#endif
