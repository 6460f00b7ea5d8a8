/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device certificate must be beyond what X.509 path validation asks (OpenSSL accepts a
 * device with CA:TRUE, without extended key usage, for server use too, signed with SHA-224, ...).
 * Each finding is a bit with a name; whether findings refuse a board is the caller's choice.
 * Functions are pure: any thread.
 */
#ifndef RIG_TLS_DEVICE_POLICY_H
#define RIG_TLS_DEVICE_POLICY_H

#include "rig/base/error.h"

#include <openssl/x509.h>
#include <regex.h>
#include <stdint.h>

enum rig_tls_finding {
    RIG_TLS_FINDING_CA_TRUE = 0,        /* basicConstraints CA:TRUE on a device */
    RIG_TLS_FINDING_NO_EKU,             /* no extendedKeyUsage at all */
    RIG_TLS_FINDING_NO_CLIENT_AUTH,     /* has extendedKeyUsage, clientAuth not in it */
    RIG_TLS_FINDING_SERVER_AUTH,        /* serverAuth as well: the device could play a server */
    RIG_TLS_FINDING_ANY_EKU,            /* anyExtendedKeyUsage */
    RIG_TLS_FINDING_OTHER_EKU,          /* further usages: codeSigning, OCSPSigning, ... */
    RIG_TLS_FINDING_NO_KEY_USAGE,       /* no keyUsage extension */
    RIG_TLS_FINDING_NO_SIGNATURE_USAGE, /* digitalSignature not in keyUsage */
    RIG_TLS_FINDING_CA_KEY_USAGE,       /* keyCertSign or cRLSign on a device */
    RIG_TLS_FINDING_HASH,               /* signed with a hash that is not allowed: SHA-224, SHA-1 */
    RIG_TLS_FINDING_KEY_TYPE,           /* key type or size that was not declared */
    RIG_TLS_FINDING_CN_COUNT,           /* not exactly one common name */
    RIG_TLS_FINDING_CN_FORM,            /* common name is not of the declared form */
    RIG_TLS_FINDING_CN_LENGTH,          /* empty, or more than 64 characters */
    RIG_TLS_FINDING_SERIAL_SIGN,        /* serial number zero or negative */
    RIG_TLS_FINDING_SERIAL_LONG,        /* more than 20 octets */
    RIG_TLS_FINDING_SERIAL_SHORT,       /* fewer bits than min_serial_bits */
    RIG_TLS_FINDING_VERSION,            /* not an X.509 v3 certificate */
    RIG_TLS_N_FINDINGS,
};

/* Key types that a policy allows, as a set. */
enum {
    RIG_TLS_KEY_RSA_2048 = 1U << 0,
    RIG_TLS_KEY_RSA_3072 = 1U << 1,
    RIG_TLS_KEY_RSA_4096 = 1U << 2,
    RIG_TLS_KEY_P256 = 1U << 3,
    RIG_TLS_KEY_P384 = 1U << 4,
    RIG_TLS_KEY_P521 = 1U << 5,
    RIG_TLS_KEY_ED25519 = 1U << 6,
};

/* Zero means the default that is written there. */
struct rig_tls_device_policy {
    uint32_t allowed_keys;    /* RIG_TLS_KEY_*; 0: every one above */
    const char *cn_form;      /* POSIX extended regular expression, for the whole name; NULL: any */
    unsigned min_serial_bits; /* of the number; 0: not looked at. A CA that draws 64 random bits
                                 gives numbers of 57 bits or fewer once in 128 */
    uint32_t ignored;         /* findings, 1U << RIG_TLS_FINDING_*, that are no findings */
};

/* The policy made ready. Opaque in use; freed by rig_tls_policy_free. */
struct rig_tls_policy_rules {
    struct rig_tls_device_policy policy; /* cn_form is compiled into `form` */
    bool has_form;
    regex_t form;
};

/* A cn_form that is no regular expression: USAGE/INVALID. */
RIG_CHECKED rig_result rig_tls_policy_make(const struct rig_tls_device_policy *policy,
                                           struct rig_tls_policy_rules *rules,
                                           struct rig_error *err);
void rig_tls_policy_free(struct rig_tls_policy_rules *rules);

/* The set of findings, 1U << RIG_TLS_FINDING_*; 0: the certificate is as it should be. */
uint32_t rig_tls_policy_check(const struct rig_tls_policy_rules *rules, X509 *certificate);

/* "ca_true", "no_eku", ...; "unknown". */
const char *rig_tls_finding_name(enum rig_tls_finding finding);
/* RIG_TLS_N_FINDINGS for an unknown name. */
enum rig_tls_finding rig_tls_finding_of(const char *name);
/* The names of a set, "ca_true, hash"; "" for none. Cut when too long. */
void rig_tls_findings_text(uint32_t findings, char *text, size_t text_size);

#endif
