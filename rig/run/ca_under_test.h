/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CA that a suite attacks, with everything that makes asking it safe: journal, register, the
 * list of what must be revoked, and the rig's own checks, which may notice what the CA does not.
 * Private to rig/run. One thread.
 */
#ifndef RIG_RUN_CA_UNDER_TEST_H
#define RIG_RUN_CA_UNDER_TEST_H

#include "rig/ca/ca.h"
#include "rig/ca/moduli.h"
#include "rig/ca_attack/attack.h"
#include "rig/run/ca_run.h"

#include <jansson.h>

struct rig_given_out {
    char serial[RIG_SERIAL_TEXT_SIZE];
    char issuer[256];
};

struct rig_ca_under_test {
    const struct rig_ca_run *run;
    struct rig_ca *ca;
    struct rig_moduli *moduli;
    char device_id[64];
    char other_id[64];
    char late[RIG_TIME_TEXT_SIZE]; /* "" when the CA ends too soon to tell */
    struct rig_attack_names names;
    struct rig_given_out *given_out; /* and not revoked yet */
    size_t n_given_out;
};

/* Opens the CA, settles what a killed run left, names the devices. The caller closes it, also after
 * a failure. */
RIG_CHECKED rig_result rig_ca_under_test_open(struct rig_ca_under_test *test,
                                              const struct rig_ca_run *run, struct rig_wait wait,
                                              struct rig_error *err);
void rig_ca_under_test_close(struct rig_ca_under_test *test);

/* What is asked for besides the CSR. */
struct rig_ca_wish {
    int64_t ttl_s;
    const char *not_after;
};

/*
 * Hands a request over. A certificate that comes back is in register and list when this returns;
 * a serial that the CA used before is EXISTS, class CA.
 */
RIG_CHECKED rig_result rig_ca_under_test_submit(struct rig_ca_under_test *test,
                                                const struct rig_attack_request *request,
                                                const struct rig_ca_wish *wish,
                                                struct rig_ca_answer *answer, struct rig_wait wait,
                                                struct rig_error *err);
/* The way of production: rig_ca_sign, with the suite's validity. */
RIG_CHECKED rig_result rig_ca_under_test_sign(struct rig_ca_under_test *test,
                                              const struct rig_attack_request *request,
                                              int64_t not_after_ms,
                                              struct rig_ca_certificate *certificate,
                                              struct rig_wait wait, struct rig_error *err);

/* What the rig itself has against the request of a device, as texts into `notices`: before it is
 * sent (CSR, key of another device, shared prime), and of the certificate. */
RIG_CHECKED rig_result rig_ca_notice_request(struct rig_ca_under_test *test,
                                             const struct rig_attack *attack,
                                             const struct rig_attack_request *request,
                                             json_t *notices, struct rig_error *err);
void rig_ca_notice_certificate(const struct rig_ca_under_test *test,
                               const struct rig_attack_request *request,
                               const struct rig_buf *certificate_der, json_t *notices);

/* Revokes all that was given out; goes on after a failure and returns the first one. */
RIG_CHECKED rig_result rig_ca_under_test_revoke(struct rig_ca_under_test *test, json_t *evidence,
                                                struct rig_wait wait, struct rig_error *err);

#endif
