/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the local CA does with a request as it comes: what the rig does with a board's CSR, its own
 * check and then the signature. Private to rig/ca.
 */
#ifndef RIG_CA_LOCAL_SUBMIT_H
#define RIG_CA_LOCAL_SUBMIT_H

#include "rig/ca/ca.h"

struct rig_local_terms {
    const struct rig_clock *clock;
    int64_t device_ms; /* the longest life of a device's certificate */
};

/* As the operation `submit`; signs with the operation `sign`. */
RIG_CHECKED rig_result rig_local_submit(struct rig_ca *ca, const struct rig_local_terms *terms,
                                        const struct rig_ca_submission *submission,
                                        struct rig_ca_answer *answer, struct rig_wait wait,
                                        struct rig_error *err);

#endif
