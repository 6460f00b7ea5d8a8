/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that suites name, one const table; each reads top to bottom and says its numbers in
 * `evidence`. */
#ifndef RIG_RUN_STEPS_H
#define RIG_RUN_STEPS_H

#include "rig/run/board.h"

struct rig_step_driver {
    rig_step_fn run;
    bool may_retry_device_silence; /* repeating it does no harm, so noise on the line is worth
                                      another try */
};

const struct rig_step_driver *rig_step_driver(enum rig_step_kind kind);

/* Run after all boards ended: the row in the register, and that no other board has the same key. */
rig_result rig_step_register(struct rig_board *board, const struct rig_step_plan *plan,
                             json_t *evidence, struct rig_wait wait, struct rig_error *err);

/* steps_identity.c: issues (or finds) a certificate for the cell's key; journalled. */
struct rig_issue {
    enum rig_certificate_purpose purpose;
    int64_t not_before_ms;
    int64_t not_after_ms;
};
RIG_CHECKED rig_result rig_issue_certificate(struct rig_board *board, const struct rig_issue *issue,
                                             struct rig_ca_certificate *certificate,
                                             struct rig_wait wait, struct rig_error *err);
/* Journalled; the register's row becomes `state`. */
RIG_CHECKED rig_result rig_revoke_certificate(struct rig_board *board, const char *serial,
                                              enum rig_certificate_state state,
                                              enum rig_revocation_reason reason,
                                              struct rig_wait wait, struct rig_error *err);

/* steps_case.c */
rig_result rig_step_case(struct rig_board *board, const struct rig_step_plan *plan,
                         json_t *evidence, struct rig_wait wait, struct rig_error *err);

/* steps_enrolment.c */
rig_result rig_step_enrol(struct rig_board *board, const struct rig_step_plan *plan,
                          json_t *evidence, struct rig_wait wait, struct rig_error *err);

/* steps_revocation.c */
rig_result rig_step_revocation(struct rig_board *board, const struct rig_step_plan *plan,
                               json_t *evidence, struct rig_wait wait, struct rig_error *err);

/* steps_trial.c */
rig_result rig_step_trial(struct rig_board *board, const struct rig_step_plan *plan,
                          json_t *evidence, struct rig_wait wait, struct rig_error *err);

/* steps_chain.c */
rig_result rig_step_chain_update(struct rig_board *board, const struct rig_step_plan *plan,
                                 json_t *evidence, struct rig_wait wait, struct rig_error *err);
rig_result rig_step_chain_erase(struct rig_board *board, const struct rig_step_plan *plan,
                                json_t *evidence, struct rig_wait wait, struct rig_error *err);

/* steps_line.c */
rig_result rig_step_reset(struct rig_board *board, const struct rig_step_plan *plan,
                          json_t *evidence, struct rig_wait wait, struct rig_error *err);
rig_result rig_step_identify(struct rig_board *board, const struct rig_step_plan *plan,
                             json_t *evidence, struct rig_wait wait, struct rig_error *err);
rig_result rig_step_firmware(struct rig_board *board, const struct rig_step_plan *plan,
                             json_t *evidence, struct rig_wait wait, struct rig_error *err);
rig_result rig_step_flash(struct rig_board *board, const struct rig_step_plan *plan,
                          json_t *evidence, struct rig_wait wait, struct rig_error *err);
rig_result rig_step_read_back(struct rig_board *board, const struct rig_step_plan *plan,
                              json_t *evidence, struct rig_wait wait, struct rig_error *err);

/* steps_identity.c */
rig_result rig_step_keygen(struct rig_board *board, const struct rig_step_plan *plan,
                           json_t *evidence, struct rig_wait wait, struct rig_error *err);
rig_result rig_step_csr(struct rig_board *board, const struct rig_step_plan *plan, json_t *evidence,
                        struct rig_wait wait, struct rig_error *err);
rig_result rig_step_sign(struct rig_board *board, const struct rig_step_plan *plan,
                         json_t *evidence, struct rig_wait wait, struct rig_error *err);
rig_result rig_step_installed(struct rig_board *board, const struct rig_step_plan *plan,
                              json_t *evidence, struct rig_wait wait, struct rig_error *err);

#endif
