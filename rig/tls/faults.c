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
    [RIG_TLS_FAULT_ACCEPTS_EXPIRED] = {"accepts_expired",
                                       "It takes certificates that have expired."},
    [RIG_TLS_FAULT_ACCEPTS_FUTURE] = {"accepts_future",
                                      "It takes certificates that are not yet valid."},
    [RIG_TLS_FAULT_NO_SIGNATURES] =
        {"no_signatures", "It compares issuers' names, but no signatures of certificates."},
    [RIG_TLS_FAULT_ANY_CA] = {"any_ca",
                              "It takes whatever certificate signed another one for a CA."},
    [RIG_TLS_FAULT_ANY_PATH_LENGTH] = {"any_path_length", "It ignores path lengths of CAs."},
    [RIG_TLS_FAULT_ANY_NAME] = {"any_name", "It ignores name constraints of CAs."},
    [RIG_TLS_FAULT_ANY_CRITICAL] = {"any_critical",
                                    "It ignores critical extensions that it does not know."},
    [RIG_TLS_FAULT_WEAK_HASHES] = {"weak_hashes",
                                   "It takes certificates signed with SHA-1 or MD5."},
    [RIG_TLS_FAULT_WEAK_KEYS] = {"weak_keys", "It takes certificates of keys that are too short."},
    [RIG_TLS_FAULT_SELF_SIGNED_OK] = {"self_signed_ok", "It takes self-signed certificates."},
    [RIG_TLS_FAULT_ROOT_AS_SENT] = {"root_as_sent", "It trusts the root that the client sends."},
    [RIG_TLS_FAULT_NO_ISSUER] = {"no_issuer", "It takes chains whose next certificate is missing."},
    [RIG_TLS_FAULT_CRL_MISSING_OK] = {"crl_missing_ok",
                                      "It takes certificates for whose CA it has no CRL."},
    [RIG_TLS_FAULT_CRL_EXPIRED_OK] = {"crl_expired_ok", "It uses CRLs beyond their end."},
    [RIG_TLS_FAULT_CRL_FUTURE_OK] = {"crl_future_ok", "It uses CRLs before their time."},
    [RIG_TLS_FAULT_CRL_NO_SIGNATURES] = {"crl_no_signatures",
                                         "It believes CRLs whose signature is wrong."},
    [RIG_TLS_FAULT_CRL_ANY_SCOPE] = {"crl_any_scope", "It ignores the scope of CRLs."},
    [RIG_TLS_FAULT_CRL_ANY_CRITICAL] = {"crl_any_critical",
                                        "It ignores critical extensions of CRLs."},
    [RIG_TLS_FAULT_CRL_ANY_SIGNER] = {"crl_any_signer",
                                      "It believes CRLs of CAs that may sign none."},
    [RIG_TLS_FAULT_OLD_VERSIONS] = {"old_versions", "It speaks TLS 1.0 and 1.1 as well."},
    [RIG_TLS_FAULT_WRONG_VERSION] = {"wrong_version",
                                     "It speaks TLS 1.2 where 1.3 alone is allowed."},
    [RIG_TLS_FAULT_NULL_CIPHERS] = {"null_ciphers",
                                    "It agrees to suites without encryption or certificate."},
    [RIG_TLS_FAULT_ANY_SIGNATURE] =
        {"any_signature", "It ignores the list of signature algorithms that clients may use."},
    [RIG_TLS_FAULT_LONG_MESSAGES] = {"long_messages",
                                     "It takes certificate messages of any length."},
    [RIG_TLS_FAULT_SHORT_MESSAGES] = {"short_messages",
                                      "It takes no certificate message beyond 16 KiB."},
    [RIG_TLS_FAULT_NEVER_RESUMES] = {"never_resumes", "It makes a full handshake each time."},
    [RIG_TLS_FAULT_OCSP_FAIL_CLOSED] =
        {"ocsp_fail_closed", "It refuses where a missing OCSP answer is to be tolerated."},
    [RIG_TLS_FAULT_OCSP_NEEDS_NONCE] = {"ocsp_needs_nonce",
                                        "It refuses OCSP answers without its nonce."},
    [RIG_TLS_FAULT_OCSP_NO_NONCE] = {"ocsp_no_nonce",
                                     "It sends no OCSP nonce, so it notices no other one."},
    [RIG_TLS_FAULT_OCSP_FORGETS] = {"ocsp_forgets",
                                    "It takes revoked and unknown of an OCSP responder for good."},
    [RIG_TLS_FAULT_POLICY_REFUSES_ALL] = {"policy_refuses_all",
                                          "Its rules for device certificates refuse good ones."},
    [RIG_TLS_FAULT_STRICT_ORDER] = {"strict_order", "It refuses chains that are not in order."},
    [RIG_TLS_FAULT_NO_EXTRA] = {"no_extra", "It refuses certificates that the path does not need."},
    [RIG_TLS_FAULT_ONE_INTERMEDIATE] = {"one_intermediate",
                                        "It refuses more than one intermediate."},
    [RIG_TLS_FAULT_NO_ROOT_SENT] = {"no_root_sent", "It refuses chains that hold their root."},
    [RIG_TLS_FAULT_NEEDS_AKI] = {"needs_aki",
                                 "It refuses certificates without authority key identifier."},
    [RIG_TLS_FAULT_ONLY_P256] = {"only_p256", "It refuses keys other than P-256."},
    [RIG_TLS_FAULT_ONLY_P384] = {"only_p384", "It refuses P-256 keys."},
    [RIG_TLS_FAULT_NEEDS_SHA_256] = {"needs_sha_256", "It refuses SHA-224."},
    [RIG_TLS_FAULT_NEEDS_EKU] =
        {"needs_eku",
         "It refuses certificates without extended key usage, or for clients and servers."},
    [RIG_TLS_FAULT_NEEDS_KEY_USAGE] =
        {"needs_key_usage", "It refuses certificates without digitalSignature in keyUsage."},
    [RIG_TLS_FAULT_NEEDS_BASIC_CONSTRAINTS] = {"needs_basic_constraints",
                                               "It refuses certificates that do not say CA:FALSE."},
    [RIG_TLS_FAULT_NO_UNKNOWN_EXTENSION] = {"no_unknown_extension",
                                            "It refuses extensions that it does not know."},
    [RIG_TLS_FAULT_NO_NAME_CONSTRAINTS] = {"no_name_constraints",
                                           "It refuses CAs with name constraints."},
    [RIG_TLS_FAULT_NO_CA_EKU] = {"no_ca_eku", "It refuses CAs with extended key usage."},
    [RIG_TLS_FAULT_NESTED_VALIDITY] = {"nested_validity",
                                       "It refuses certificates that outlive their issuer."},
    [RIG_TLS_FAULT_CRL_REVOKES_ALL] = {"crl_revokes_all",
                                       "Where it has CRLs, everybody is revoked."},
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
