/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges a handshake by what both sides saw (DESIGN, "Evidence from both sides"). Pure.
 *
 * A negative case ends as: rejected with the right reason; rejected for another reason; rejected
 * silently; accepted; or vacuous (no ClientHello came, or another certificate was shown). Only the
 * first passes, unless the case allows a silent one. Whoever says "success" against the other
 * side's evidence is not believed.
 */
#ifndef RIG_RUN_JUDGE_H
#define RIG_RUN_JUDGE_H

#include "rig/agent/agent.h"
#include "rig/run/chain.h"
#include "rig/suite/suite.h"
#include "rig/tls/server.h"

enum rig_outcome {
    RIG_OUTCOME_ACCEPTED = 0,
    RIG_OUTCOME_REJECTED,
    RIG_OUTCOME_REJECTED_OTHER,  /* for another reason than the case is about */
    RIG_OUTCOME_REJECTED_SILENT, /* without an alert that arrived */
    RIG_OUTCOME_VACUOUS,         /* the handshake did not test what the case is about */
    RIG_OUTCOME_CONTRADICTION,   /* the board's word against the server's evidence */
};
/* "accepted", "rejected", "rejected-other", "rejected-silent", "vacuous", "contradiction". */
const char *rig_outcome_name(enum rig_outcome outcome);

struct rig_judge_input {
    const struct rig_case_plan *plan;
    const struct rig_tls_evidence *server;
    const struct rig_agent_handshake_report *device;
    const struct rig_agent_hello *declared; /* by the board; NULL: no board, and no plan->offers */
    /* the certificate that the case put on the board; NULL: none */
    const uint8_t *expected_sha256;
    unsigned n_expected_chain; /* certificates that it put there; 0: not compared */
    const struct rig_chain_expectation *expected_chain; /* NULL: intermediates are not compared */
    unsigned n_strangers;
    /* A server that refuses behind the handshake, by its HTTP status: no alert, no depth, and the
     * chain is not compared. */
    bool by_http;
    unsigned http_status; /* 0: no request came so far */
    bool runs_already;    /* by --server https://...: the rig did not choose its root */
};

/* Fails with class DEVICE (or NETWORK when the board never reached the server), one line of cause.
 */
RIG_CHECKED rig_result rig_judge(const struct rig_judge_input *input, enum rig_outcome *outcome,
                                 struct rig_error *err);

/* Whether a failure that ended so is the one that the case is about, so that what the case says
 * about it (`means`) is the remedy: a refusal for another reason, or a false report, has its own.
 */
bool rig_judge_is_meant(enum rig_case_outcome expect, enum rig_outcome outcome);

#endif
