/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The place of a trial: what its fixtures make of board and server, the endpoints that stand for
 * the server, the responder that it asks, and what the board was told. Made for one case and taken
 * down behind it, whatever became of it.
 *
 * Errors: class USAGE or RIG for fixtures and servers that can't be made, those of the agent for
 * the board. Threads: the board's own.
 */
#ifndef RIG_RUN_TRIAL_PLACE_H
#define RIG_RUN_TRIAL_PLACE_H

#include "rig/pki/world.h"
#include "rig/run/other_server.h"
#include "rig/tls/client.h"
#include "rig/tls/ocsp_responder.h"

#include <stdatomic.h>

struct rig_trial_place {
    struct rig_board *board;
    const struct rig_step_plan *plan;
    const struct rig_trial_plan *trial;
    struct rig_wait wait;

    struct rig_pki_identity device; /* empty when no certificate is shown */
    struct rig_pki_identity server;
    struct rig_buf trust_pem; /* the server's trust anchors for boards */
    struct rig_buf crls;      /* the server's, PEM; empty: none */
    struct rig_buf board_crls;
    struct rig_ocsp_responder *responder;
    struct rig_tls_endpoint *endpoint;
    struct rig_tls_endpoint *other; /* with the same ticket key; NULL unless the trial has one */
    struct rig_nginx *nginx;        /* in place of both, where the run's server is nginx */
    struct rig_nginx *other_nginx;
    struct rig_presented presented;
    struct rig_tls_server *own_server; /* with a clock that the change moves; NULL: the run's */
    struct rig_clock clock;
    atomic_int_fast64_t passed_ms;          /* on that clock, by the change */
    atomic_bool not_enrolled;               /* by the change */
    bool board_told;                        /* slot and clock are not as they were */
    struct rig_tls_client_session *session; /* of the reference client */
};

/* *place is taken down by the caller with rig_trial_place_end and rig_trial_place_free, also after
 * a failure. */
RIG_CHECKED rig_result rig_trial_place_set(struct rig_trial_place *place, struct rig_error *err);

/* What the trial asks of a server, without the texts (certificates, CRLs). */
void rig_trial_settings(const struct rig_board *board, const struct rig_step_plan *plan,
                        struct rig_tls_settings *settings);

/* One handshake of the trial's client, with the other server or the first one; `both` as of
 * rig_handshake_run. */
RIG_CHECKED rig_result rig_trial_shake(struct rig_trial_place *place, bool at_other,
                                       struct rig_both_sides *both, json_t *evidence,
                                       struct rig_error *err);

/* What the trial changes before the session is offered again. */
RIG_CHECKED rig_result rig_trial_apply_change(struct rig_trial_place *place, struct rig_error *err);

/* The board as it was: clock and slot. */
RIG_CHECKED rig_result rig_trial_place_end(struct rig_trial_place *place, struct rig_error *err);
void rig_trial_place_free(struct rig_trial_place *place);

#endif
