/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/faults.h"

#include <string.h>

struct fault {
    const char *name;
    const char *text;
};

static const struct fault faults[RIG_TLS_N_FAULTS] = {
    [RIG_TLS_FAULT_NONE] = {"none", "The server behaves."},
    [RIG_TLS_FAULT_RESET] = {"reset", "It refuses with a TCP reset, without an alert."},
    [RIG_TLS_FAULT_ALERT_LOST] = {"alert_lost", "It refuses by closing; its alert never leaves."},
    [RIG_TLS_FAULT_WRONG_ALERT] = {"wrong_alert",
                                   "It refuses certificates with an alert of another meaning."},
    [RIG_TLS_FAULT_ALERT_BEFORE_HELLO] = {"alert_before_hello",
                                          "It answers the ClientHello with a fatal alert."},
    [RIG_TLS_FAULT_ALERT_AFTER_HELLO] = {"alert_after_hello",
                                         "It sends a fatal alert after its ServerHello."},
    [RIG_TLS_FAULT_SILENT] = {"silent", "It reads the ClientHello and says nothing."},
    [RIG_TLS_FAULT_RESET_AFTER_HANDSHAKE] = {"reset_after_handshake",
                                             "It resets the connection instead of echoing."},
    [RIG_TLS_FAULT_NO_ECHO] = {"no_echo", "It closes politely instead of echoing."},
    [RIG_TLS_FAULT_WRONG_ECHO] = {"wrong_echo", "It echoes other bytes than it got."},
    [RIG_TLS_FAULT_OTHER_KEY] = {"other_key", "It signs with another key than its certificate's."},
    [RIG_TLS_FAULT_NO_VERIFY] = {"no_verify", "It takes any client certificate."},
    [RIG_TLS_FAULT_NO_CERTIFICATE_OK] = {"no_certificate_ok",
                                         "It serves clients that show no certificate."},
    [RIG_TLS_FAULT_NO_CRL] = {"no_crl", "It looks at no CRL."},
    [RIG_TLS_FAULT_LEAF_CRL_ONLY] = {"leaf_crl_only",
                                     "It does not notice that an intermediate is revoked."},
    [RIG_TLS_FAULT_STALE_CRL] = {"stale_crl",
                                 "It goes on with the CRLs it started with, reload or not."},
    [RIG_TLS_FAULT_NO_TIME] = {"no_time", "It looks at no dates."},
    [RIG_TLS_FAULT_ANY_PURPOSE] = {"any_purpose", "It looks at no extended key usage."},
    [RIG_TLS_FAULT_PARTIAL_CHAIN] = {"partial_chain",
                                     "It ends a chain at any certificate that it was given."},
    [RIG_TLS_FAULT_ANY_DEPTH] = {"any_depth", "It takes chains of any length."},
    [RIG_TLS_FAULT_WEAK_CRYPTO] = {"weak_crypto", "It takes weak keys and hashes."},
    [RIG_TLS_FAULT_NO_OCSP] = {"no_ocsp", "It asks no OCSP responder."},
    [RIG_TLS_FAULT_OCSP_FAIL_OPEN] = {"ocsp_fail_open",
                                      "It takes a missing OCSP answer for a good one."},
    [RIG_TLS_FAULT_OCSP_UNVERIFIED] = {"ocsp_unverified",
                                       "It believes OCSP answers of any signer and any time."},
    [RIG_TLS_FAULT_NO_POLICY] = {"no_policy", "It refuses nobody for a policy finding."},
    [RIG_TLS_FAULT_NO_ENROLMENT] = {"no_enrolment", "It does not ask the enrolment."},
    [RIG_TLS_FAULT_RESUMES_NAIVELY] = {"resumes_naively",
                                       "It resumes sessions without another look at revocation."},
    [RIG_TLS_FAULT_RESUMPTION_LEFT_ON] = {"resumption_left_on",
                                          "It gives tickets although resumption is off."},
    [RIG_TLS_FAULT_RENEGOTIATES] = {"renegotiates", "It renegotiates when the client asks."},
    [RIG_TLS_FAULT_ANY_SNI] = {"any_sni", "It serves whatever name the client asks for."},
};

const char *rig_tls_fault_name(enum rig_tls_fault fault)
{
    return (unsigned)fault < RIG_TLS_N_FAULTS ? faults[fault].name : "unknown";
}

const char *rig_tls_fault_text(enum rig_tls_fault fault)
{
    return (unsigned)fault < RIG_TLS_N_FAULTS ? faults[fault].text : "";
}

bool rig_tls_fault_acts(enum rig_tls_fault fault)
{
    return fault >= RIG_TLS_FAULT_RESET && fault <= RIG_TLS_FAULT_OTHER_KEY;
}

enum rig_tls_fault rig_tls_fault_of(const char *name)
{
    int found = 0;

    while (found < RIG_TLS_N_FAULTS && strcmp(faults[found].name, name) != 0) {
        found++;
    }
    return (enum rig_tls_fault)found;
}
