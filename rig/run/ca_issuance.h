/* SPDX-License-Identifier: Apache-2.0 */
/* What a good certificate must look like, whoever asks. Private to rig/run. One thread. */
#ifndef RIG_RUN_CA_ISSUANCE_H
#define RIG_RUN_CA_ISSUANCE_H

#include "rig/run/ca_under_test.h"

/*
 * Has certificates for a good CSR with a key of `type` issued, by a plain request and in the way of
 * production, and checks them. `problems` gets every breach, "; " between them; empty: none.
 * *is_signed false: the CA signs no such key, and `problems` says so. `der` gets the certificate.
 */
RIG_CHECKED rig_result rig_ca_check_issuance(struct rig_ca_under_test *test,
                                             struct rig_attack_forge *forge, enum rig_key_type type,
                                             json_t *evidence, bool *is_signed, struct rig_buf *der,
                                             struct rig_buf *problems, struct rig_wait wait,
                                             struct rig_error *err);

#endif
