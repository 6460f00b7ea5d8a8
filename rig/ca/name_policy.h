/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rule that CSRs and certificates share: a subject of CN, O and C only, each as given, once, in
 * printable ASCII. Private to rig/ca. Pure, any thread.
 */
#ifndef RIG_CA_NAME_POLICY_H
#define RIG_CA_NAME_POLICY_H

#include "rig/ca/pki.h"

struct rig_name_rules {
    enum rig_error_class cls; /* of a breach */
    const char *what;         /* "CSR", "certificate" */
    const char *common_name;
    const char *organization;      /* NULL: must be absent */
    const char *country;           /* NULL: must be absent */
    bool any_organization_country; /* not compared; at most once all the same */
};

/* POLICY for a breach of form, MISMATCH for another value; the text says what was found and what
 * was expected. */
RIG_CHECKED rig_result rig_name_check(const X509_NAME *name, const struct rig_name_rules *rules,
                                      struct rig_error *err);

#endif
