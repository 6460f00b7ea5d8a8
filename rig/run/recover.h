/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a run that was killed: what its journal left open is brought to an end. An open `issue` is
 * looked up at the CA by the public key: what was signed and not written down enters the register
 * as issued (so it is listed as an orphan); an open `revoke` is done again (revoking twice is
 * fine); the rest is closed as interrupted.
 */
#ifndef RIG_RUN_RECOVER_H
#define RIG_RUN_RECOVER_H

#include "rig/ca/ca.h"
#include "rig/register/register.h"

struct rig_recovery {
    size_t n_open;       /* entries that were open */
    size_t n_found;      /* certificates that were signed and not written down */
    size_t n_revoked;    /* revocations that were finished now */
    struct rig_buf text; /* a line for each entry that was open: what it was, on which board, and
                            what became of it */
};
void rig_recovery_free(struct rig_recovery *recovery);

/* *recovery is filled also on failure; the caller frees it. `current_run_id` names the run that
 * asks, whose own entries are left alone; NULL: nobody runs. */
RIG_CHECKED rig_result rig_recover(struct rig_register *reg, struct rig_ca *ca,
                                   const char *current_run_id, struct rig_recovery *recovery,
                                   struct rig_wait wait, struct rig_error *err);

/*
 * That register and CA belong together: the CA issued the newest valid certificates that the
 * register knows. USAGE names one that it did not: somebody made a new CA beside an old register,
 * and could revoke nothing.
 */
RIG_CHECKED rig_result rig_check_ca_of_register(struct rig_register *reg, struct rig_ca *ca,
                                                struct rig_wait wait, struct rig_error *err);

/* Revokes every orphan and closes its row; *n is how many. */
RIG_CHECKED rig_result rig_revoke_orphans(struct rig_register *reg, struct rig_ca *ca, size_t *n,
                                          struct rig_wait wait, struct rig_error *err);

#endif
