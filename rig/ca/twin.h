/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A local CA that is wrong on purpose, to see whether a suite notices: everything goes to the good
 * CA behind it, and one thing is changed on the way. Its certificates are signed by the same
 * issuing key.
 *
 * Errors and threads as of the CA behind it.
 */
#ifndef RIG_CA_TWIN_H
#define RIG_CA_TWIN_H

#include "rig/ca/local.h"

enum rig_ca_fault {
    RIG_CA_FAULT_NONE = 0,
    /* certificates of devices */
    RIG_CA_FAULT_WRONG_KEY,
    RIG_CA_FAULT_EKU_SERVER,
    RIG_CA_FAULT_NO_EKU,
    RIG_CA_FAULT_CA_TRUE,
    RIG_CA_FAULT_CERT_SIGN,
    RIG_CA_FAULT_SHORT_LIFE,
    RIG_CA_FAULT_LONG_LIFE,
    RIG_CA_FAULT_NOT_YET_VALID,
    RIG_CA_FAULT_SERIAL_REUSED,
    RIG_CA_FAULT_SERIAL_SHORT,
    RIG_CA_FAULT_SAN_ADDED,
    RIG_CA_FAULT_OTHER_NAME,
    RIG_CA_FAULT_OTHER_ISSUER,
    RIG_CA_FAULT_OTHER_SIGNER,
    RIG_CA_FAULT_SHA_1,
    RIG_CA_FAULT_UNKNOWN_EXTENSION,
    RIG_CA_FAULT_CHAIN_MISSING,
    /* revocation */
    RIG_CA_FAULT_REVOKES_NOTHING,
    RIG_CA_FAULT_CRL_STALE,
    RIG_CA_FAULT_CRL_MISSING,
    RIG_CA_FAULT_OCSP_FORGETS,      /* good, whatever was revoked; the CRL tells */
    RIG_CA_FAULT_OCSP_REVOKES_ALL,  /* revoked, whoever is asked about */
    RIG_CA_FAULT_OCSP_STALE,        /* answers that are over */
    RIG_CA_FAULT_OCSP_OTHER_SIGNER, /* signed without the issuing CA's authority to */
    /* requests as they come */
    RIG_CA_FAULT_ANY_PROOF,    /* of possession: CSRs need no good signature */
    RIG_CA_FAULT_COPIES_CSR,   /* what the CSR asks for is granted, whole */
    RIG_CA_FAULT_REFUSES_CSRS, /* even good ones */
    RIG_CA_N_FAULTS,
};

/* "none", "wrong_key", ...; "unknown". */
const char *rig_ca_fault_name(enum rig_ca_fault fault);
/* One sentence for people. "" for an unknown one. */
const char *rig_ca_fault_text(enum rig_ca_fault fault);
/* RIG_CA_N_FAULTS for an unknown name. */
enum rig_ca_fault rig_ca_fault_of(const char *name);

/*
 * Puts the twin in front of *ca, the local CA of `folder`, which it owns from then on; *ca is the
 * twin afterwards. When it fails *ca is as it was. `clock` is borrowed.
 */
RIG_CHECKED rig_result rig_ca_twin_wrap(struct rig_ca **ca, enum rig_ca_fault fault,
                                        const char *folder, const char *passphrase,
                                        const struct rig_clock *clock, struct rig_error *err);

#endif
