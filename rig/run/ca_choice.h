/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which CA signs: the local one of the work folder, or a Vault server. Errors as of rig/ca/local.h
 * and rig/ca/vault.h. Threads: a choice is read-only; any number may open from it.
 */
#ifndef RIG_RUN_CA_CHOICE_H
#define RIG_RUN_CA_CHOICE_H

#include "rig/ca/twin.h"
#include "rig/ca/vault.h"
#include "rig/suite/suite.h"

/* Borrows both. */
struct rig_ca_choice {
    const struct rig_ca_vault_config *vault; /* complete; NULL: the local CA */
    const char *passphrase;                  /* of local CAs' keys; may be NULL */
    enum rig_ca_fault fault;                 /* the local CA is wrong on purpose */
};

/* "vault", "local": as the register and the reports call it. */
const char *rig_ca_choice_name(const struct rig_ca_choice *choice);

/* As rig_open_work_ca where the choice is local. The caller closes *ca. */
RIG_CHECKED rig_result rig_open_chosen_ca(const struct rig_ca_choice *choice,
                                          const char *out_folder, const struct rig_suite *suite,
                                          const struct rig_clock *clock, struct rig_ca **ca,
                                          struct rig_wait wait, struct rig_error *err);

/* The local CA of a work folder, made by the suite's plan when there is none; suite NULL: it must
 * exist. */
RIG_CHECKED rig_result rig_open_work_ca(const char *out_folder, const struct rig_suite *suite,
                                        const char *passphrase, const struct rig_clock *clock,
                                        struct rig_ca **ca, struct rig_error *err);

/* The same for another folder of the work folder: "ca", "test-pki". */
RIG_CHECKED rig_result rig_open_local_ca(const char *out_folder, const char *name,
                                         const struct rig_suite *suite, const char *passphrase,
                                         const struct rig_clock *clock, struct rig_ca **ca,
                                         struct rig_error *err);

#endif
