/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults that a test server can have on purpose. A server with one of them is a twin: some case of
 * a suite must tell it from the good server, and a device's suites must stand a server that
 * misbehaves. One table names them all; suites and tests use the names.
 */
#ifndef RIG_TLS_FAULTS_H
#define RIG_TLS_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

enum rig_tls_fault {
    RIG_TLS_FAULT_NONE = 0,
    /* how it closes */
    RIG_TLS_FAULT_RESET,                 /* a refusal is a TCP reset, no alert before it */
    RIG_TLS_FAULT_ALERT_LOST,            /* a refusal is a plain close, the alert never leaves */
    RIG_TLS_FAULT_WRONG_ALERT,           /* refuses certificates with fault_alert */
    RIG_TLS_FAULT_ALERT_BEFORE_HELLO,    /* fault_alert instead of the ServerHello */
    RIG_TLS_FAULT_ALERT_AFTER_HELLO,     /* fault_alert once the ServerHello is out */
    RIG_TLS_FAULT_SILENT,                /* takes the ClientHello and says nothing */
    RIG_TLS_FAULT_RESET_AFTER_HANDSHAKE, /* a TCP reset instead of the echo */
    RIG_TLS_FAULT_NO_ECHO,               /* finishes the handshake and closes without an echo */
    RIG_TLS_FAULT_WRONG_ECHO,            /* echoes other bytes */
    RIG_TLS_FAULT_OTHER_KEY,             /* signs with another key than its certificate's (EC) */
    /* what it lets pass */
    RIG_TLS_FAULT_NO_VERIFY,          /* any certificate is good */
    RIG_TLS_FAULT_NO_CERTIFICATE_OK,  /* a client without a certificate is good */
    RIG_TLS_FAULT_NO_CRL,             /* CRLs are not looked at */
    RIG_TLS_FAULT_LEAF_CRL_ONLY,      /* revoked intermediates are not noticed */
    RIG_TLS_FAULT_STALE_CRL,          /* goes on with the CRLs it started with: a reload says
                                         that it was done */
    RIG_TLS_FAULT_NO_TIME,            /* looks at no dates, of certificates or CRLs */
    RIG_TLS_FAULT_ANY_PURPOSE,        /* looks at no extended key usage */
    RIG_TLS_FAULT_PARTIAL_CHAIN,      /* trusts intermediates that it was given as roots */
    RIG_TLS_FAULT_ANY_DEPTH,          /* ignores verify_depth */
    RIG_TLS_FAULT_WEAK_CRYPTO,        /* security level 0 whatever the settings say */
    RIG_TLS_FAULT_NO_OCSP,            /* asks no responder */
    RIG_TLS_FAULT_OCSP_FAIL_OPEN,     /* no answer is a good answer */
    RIG_TLS_FAULT_OCSP_UNVERIFIED,    /* believes any answer, signed or not, of any time */
    RIG_TLS_FAULT_NO_POLICY,          /* policy findings refuse nobody */
    RIG_TLS_FAULT_NO_ENROLMENT,       /* the enrolment is not asked */
    RIG_TLS_FAULT_RESUMES_NAIVELY,    /* resumption_revalidates is ignored */
    RIG_TLS_FAULT_RESUMPTION_LEFT_ON, /* resumption_off still resumes */
    RIG_TLS_FAULT_RENEGOTIATES,       /* accepts a client's renegotiation */
    RIG_TLS_FAULT_ANY_SNI,            /* the policy for names is ignored */
    /* errors of path validation that it overlooks; what each is: rig_tls_fault_text */
    RIG_TLS_FAULT_ACCEPTS_EXPIRED,
    RIG_TLS_FAULT_ACCEPTS_FUTURE,
    RIG_TLS_FAULT_NO_SIGNATURES,
    RIG_TLS_FAULT_ANY_CA,
    RIG_TLS_FAULT_ANY_PATH_LENGTH,
    RIG_TLS_FAULT_ANY_NAME,
    RIG_TLS_FAULT_ANY_CRITICAL,
    RIG_TLS_FAULT_WEAK_HASHES,
    RIG_TLS_FAULT_WEAK_KEYS,
    RIG_TLS_FAULT_SELF_SIGNED_OK,
    RIG_TLS_FAULT_ROOT_AS_SENT,
    RIG_TLS_FAULT_NO_ISSUER,
    RIG_TLS_FAULT_CRL_MISSING_OK,
    RIG_TLS_FAULT_CRL_EXPIRED_OK,
    RIG_TLS_FAULT_CRL_FUTURE_OK,
    RIG_TLS_FAULT_CRL_NO_SIGNATURES,
    RIG_TLS_FAULT_CRL_ANY_SCOPE,
    RIG_TLS_FAULT_CRL_ANY_CRITICAL,
    RIG_TLS_FAULT_CRL_ANY_SIGNER,
    /* agreements that it makes or does not make */
    RIG_TLS_FAULT_OLD_VERSIONS,
    RIG_TLS_FAULT_WRONG_VERSION,
    RIG_TLS_FAULT_NULL_CIPHERS,
    RIG_TLS_FAULT_ANY_SIGNATURE,
    RIG_TLS_FAULT_LONG_MESSAGES,
    RIG_TLS_FAULT_SHORT_MESSAGES,
    RIG_TLS_FAULT_NEVER_RESUMES,
    RIG_TLS_FAULT_OCSP_FAIL_CLOSED,
    RIG_TLS_FAULT_OCSP_NEEDS_NONCE,
    RIG_TLS_FAULT_OCSP_NO_NONCE,
    RIG_TLS_FAULT_OCSP_FORGETS,
    RIG_TLS_FAULT_POLICY_REFUSES_ALL,
    /* what it refuses although it is right: stricter than the standard */
    RIG_TLS_FAULT_STRICT_ORDER,
    RIG_TLS_FAULT_NO_EXTRA,
    RIG_TLS_FAULT_ONE_INTERMEDIATE,
    RIG_TLS_FAULT_NO_ROOT_SENT,
    RIG_TLS_FAULT_NEEDS_AKI,
    RIG_TLS_FAULT_ONLY_P256,
    RIG_TLS_FAULT_ONLY_P384,
    RIG_TLS_FAULT_NEEDS_SHA_256,
    RIG_TLS_FAULT_NEEDS_EKU,
    RIG_TLS_FAULT_NEEDS_KEY_USAGE,
    RIG_TLS_FAULT_NEEDS_BASIC_CONSTRAINTS,
    RIG_TLS_FAULT_NO_UNKNOWN_EXTENSION,
    RIG_TLS_FAULT_NO_NAME_CONSTRAINTS,
    RIG_TLS_FAULT_NO_CA_EKU,
    RIG_TLS_FAULT_NESTED_VALIDITY,
    RIG_TLS_FAULT_CRL_REVOKES_ALL,
    RIG_TLS_N_FAULTS,
};

/* "none", "reset", "alert_lost", ... ; "unknown". */
const char *rig_tls_fault_name(enum rig_tls_fault fault);
/* One sentence for people: what such a server does. "" for an unknown one. */
const char *rig_tls_fault_text(enum rig_tls_fault fault);
/* True for those that the other side can notice in one connection; its evidence says whether it
 * came to that (`misbehaved`). The others let something pass that a good server would refuse. */
bool rig_tls_fault_acts(enum rig_tls_fault fault);
/* RIG_TLS_N_FAULTS for an unknown name. */
enum rig_tls_fault rig_tls_fault_of(const char *name);

#endif
