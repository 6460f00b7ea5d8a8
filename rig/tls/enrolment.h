/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrolment: whether a device whose certificate chain is valid may register. This is the decision
 * of a provisioning service, taken after the TLS handshake, at the application layer: a refusal
 * here is no TLS failure.
 *
 * The rules, in the order in which they are applied:
 *  1. The verified path (X509_STORE_CTX_get0_chain, never the list that the device sent) holds a
 *     verified CA: one whose owner proved to have its key (possession.h).
 *  2. Every certificate of the path has a key of an allowed algorithm.
 *  3. The path is walked from the device's certificate to the root; the first entry found decides:
 *     enabled provisions, disabled refuses. None on the whole path refuses. An individual entry is
 *     for a device's certificate, a group entry for a CA's. Matching is by SHA-256 of the whole
 *     certificate, or of its public key where the policy says so; never by subject or serial.
 *  4. The subject of the device's certificate has one common name, not empty and of at most 64
 *     characters, and it is the registration id that the device asked with. The device id is the
 *     one that an individual entry sets, else the common name.
 *
 * An individual entry stands for one certificate. A device with a re-issued one (same public key,
 * or same common name) is judged by its group again, also when the entry was disabled. The decision
 * carries a finding then; whether that refuses is a setting.
 *
 * The registration, as it is sent over TLS: the device writes one line,
 *     register id=<registration id> nonce=<letters and digits>
 * where bytes of the id other than letters, digits and -._: are written as %XX. Accepted: the
 * server sends the same line back, the echo that every handshake case asks for. Refused: it sends
 * nothing and closes (a board that waits for some byte would take words for success). A board needs
 * nothing new for it: its `handshake text=` sends any line and compares what comes back.
 *
 * Errors: class USAGE, INVALID or DUPLICATE for a list that contradicts itself. A device that is
 * refused is no error: it is a decision. Threads: a policy is built by one thread and then only
 * read, by any number of them. No I/O, no clock.
 */
#ifndef RIG_TLS_ENROLMENT_H
#define RIG_TLS_ENROLMENT_H

#include "rig/base/buf.h"
#include "rig/base/ids.h"

#include <openssl/x509.h>

enum {
    RIG_ENROLMENT_MAX_ENTRIES = 256,
    RIG_ENROLMENT_MAX_WALK = 32, /* certificates of a path that are written down */
    RIG_ENROLMENT_MAX_NAME = 64, /* characters of a common name (RFC 5280, ub-common-name) */
    RIG_ENROLMENT_MAX_ID = 128,  /* bytes of a registration id */
    RIG_ENROLMENT_NAME_SIZE = 48,
    RIG_ENROLMENT_LINE_SIZE = 512, /* of a request, with its NUL */
};

enum rig_enrolment_kind { RIG_ENROLMENT_INDIVIDUAL = 0, RIG_ENROLMENT_GROUP };
enum rig_enrolment_match { RIG_ENROLMENT_BY_CERTIFICATE = 0, RIG_ENROLMENT_BY_PUBLIC_KEY };
/* What a re-issued certificate of an individual entry leads to. */
enum rig_enrolment_reissue { RIG_ENROLMENT_REPORT = 0, RIG_ENROLMENT_REFUSE };

enum rig_enrolment_algorithm { /* bits */
                               RIG_ENROLMENT_RSA = 1 << 0,
                               RIG_ENROLMENT_P256 = 1 << 1,
                               RIG_ENROLMENT_P384 = 1 << 2,
                               RIG_ENROLMENT_P521 = 1 << 3,
                               RIG_ENROLMENT_ALL = 15,
};

/* Deliberately wrong servers, to prove that the cases can catch them; bits. Never set otherwise. */
enum rig_enrolment_twin {
    RIG_TWIN_WALKS_PRESENTED = 1 << 0, /* the list that was sent, not the verified path */
    RIG_TWIN_MATCHES_SUBJECT = 1 << 1, /* entries by subject, not by hash */
    RIG_TWIN_ROOT_FIRST = 1 << 2,      /* from the root down: the widest entry decides */
    RIG_TWIN_IGNORES_DISABLED = 1 << 3,
    RIG_TWIN_LEAF_ONLY = 1 << 4,    /* no groups at all */
    RIG_TWIN_ANY_NAME = 1 << 5,     /* does not compare common name and registration id */
    RIG_TWIN_NAME_CASE = 1 << 6,    /* compares them without regard to case */
    RIG_TWIN_ANY_CA = 1 << 7,       /* takes CAs nobody proved to own */
    RIG_TWIN_DEFAULT_OPEN = 1 << 8, /* no entry provisions */
};
/* "walks-presented-list", ...; 0 for an unknown name. */
unsigned rig_enrolment_twin_of(const char *name);
/* The name of one bit; NULL for none. */
const char *rig_enrolment_twin_name(unsigned twin);

struct rig_enrolment_settings {
    enum rig_enrolment_match match;
    enum rig_enrolment_reissue reissue;
    unsigned algorithms; /* 0: all */
    bool ignore_case;    /* of common name and registration id; false: byte for byte */
    unsigned twins;      /* 0, except to test the tests */
};

struct rig_enrolment;

/* An empty list. The caller frees *enrolment. */
RIG_CHECKED rig_result rig_enrolment_new(const struct rig_enrolment_settings *settings,
                                         struct rig_enrolment **enrolment, struct rig_error *err);
void rig_enrolment_free(struct rig_enrolment *enrolment);
static inline void rig_auto_enrolment(struct rig_enrolment **enrolment)
{
    rig_enrolment_free(*enrolment);
    *enrolment = NULL;
}

/* A CA as the list knows it. `verified`: possession of its key was proven. Twice is DUPLICATE. */
RIG_CHECKED rig_result rig_enrolment_add_ca(struct rig_enrolment *enrolment, const char *name,
                                            const X509 *certificate, bool verified,
                                            struct rig_error *err);

struct rig_enrolment_entry {
    const char *name; /* unique: letters, digits, '-' and '_' */
    enum rig_enrolment_kind kind;
    bool enabled;
    const char *device_id;   /* individual only; NULL: the common name */
    const X509 *certificate; /* one, and in no other entry */
};

/*
 * Copies what it needs. DUPLICATE: the name, the certificate (or its public key, when that is what
 * matches) is in the list. INVALID: a group for a certificate that is no CA, an individual entry
 * for one that is, a key of an algorithm that is not allowed, a common name that can't register.
 */
RIG_CHECKED rig_result rig_enrolment_add(struct rig_enrolment *enrolment,
                                         const struct rig_enrolment_entry *entry,
                                         struct rig_error *err);

/* The verified CAs, appended as PEM: the trust anchors for the TLS server. Nothing else ever is
 * one, and X509_V_FLAG_PARTIAL_CHAIN stays off: a CA in the middle of a chain is no anchor. */
RIG_CHECKED rig_result rig_enrolment_anchors(const struct rig_enrolment *enrolment,
                                             struct rig_buf *pem, struct rig_error *err);

enum rig_enrolment_reason {
    RIG_ENROLMENT_ACCEPTED = 0,
    RIG_ENROLMENT_BAD_REQUEST,    /* the line is no registration */
    RIG_ENROLMENT_NO_CERTIFICATE, /* there is no verified path */
    RIG_ENROLMENT_UNVERIFIED_CA,  /* authentication: no verified CA on the path */
    RIG_ENROLMENT_BAD_ALGORITHM,
    RIG_ENROLMENT_NO_ENTRY,
    RIG_ENROLMENT_DISABLED,
    RIG_ENROLMENT_REISSUED, /* only where the settings say so */
    RIG_ENROLMENT_NO_NAME,  /* no common name, or an empty one */
    RIG_ENROLMENT_NAME_TOO_LONG,
    RIG_ENROLMENT_TWO_NAMES,
    RIG_ENROLMENT_OTHER_NAME, /* the common name is not the registration id */
    RIG_ENROLMENT_REASONS
};
/* "accepted", "bad-request", "no-certificate", "unverified-ca", "bad-algorithm", "no-entry",
 * "disabled", "reissued", "no-common-name", "common-name-too-long", "two-common-names",
 * "other-name". */
const char *rig_enrolment_reason_name(enum rig_enrolment_reason reason);
/* RIG_ENROLMENT_REASONS for an unknown word. */
enum rig_enrolment_reason rig_enrolment_reason_of(const char *name);

/* Which valid path is walked when there are several. */
struct rig_enrolment_offer {
    const STACK_OF(X509) * presented; /* what the device sent, leaf first */
    const STACK_OF(X509_CRL) * crls;  /* NULL: revocation is not checked */
    int64_t now_ms;                   /* unix time */
    int security_level;               /* OpenSSL's 0..5 */
};

/*
 * Cross-signed CAs give a device several valid paths, and OpenSSL takes the one whose certificates
 * came first: the sender would choose who judges it. This takes the shortest valid path to a
 * verified CA; of equally long ones that to the CA that was added first; then that with the lowest
 * SHA-256, compared from the device's certificate up. So the order of the list and repeated
 * certificates in it change nothing.
 * *path is NULL when no path is valid; the caller frees it with its certificates.
 */
RIG_CHECKED rig_result rig_enrolment_path(const struct rig_enrolment *enrolment,
                                          const struct rig_enrolment_offer *offer,
                                          STACK_OF(X509) * *path, struct rig_error *err);

/* One certificate of the path and what it led to. */
struct rig_enrolment_visit {
    unsigned depth; /* 0: the device's */
    uint8_t sha256[RIG_SHA256_SIZE];
    char subject[128];                   /* RFC 2253 */
    char entry[RIG_ENROLMENT_NAME_SIZE]; /* "" none */
    bool entry_enabled;
    char verified_ca[RIG_ENROLMENT_NAME_SIZE]; /* its name in the list of CAs; "" none */
};

struct rig_enrolment_decision {
    enum rig_enrolment_reason reason;    /* ACCEPTED, or why not */
    char entry[RIG_ENROLMENT_NAME_SIZE]; /* that decided; "" none was found */
    enum rig_enrolment_kind entry_kind;
    unsigned entry_depth;
    char registration_id[RIG_ENROLMENT_MAX_ID + 1]; /* as asked, printable */
    char device_id[RIG_ENROLMENT_MAX_ID + 1];       /* when accepted */
    /* Finding: the individual entry that this device has for an earlier certificate; "" none. */
    char stale_entry[RIG_ENROLMENT_NAME_SIZE];
    bool stale_entry_enabled;
    bool stale_by_key; /* it has the same key and another common name */
    size_t n_visits;   /* leaf first; the walk ends at the entry that decides */
    struct rig_enrolment_visit visits[RIG_ENROLMENT_MAX_WALK];
    char text[512]; /* one line for people: what decided and why */
};

/*
 * Judges one registration. `path` is the verified path, leaf first; `presented` what the device
 * sent, leaf first, used by a twin alone; both borrowed, may be NULL. `line` is what the device
 * wrote, without line end. Fails for OpenSSL and memory only.
 */
RIG_CHECKED rig_result rig_enrolment_judge(const struct rig_enrolment *enrolment,
                                           const STACK_OF(X509) * path,
                                           const STACK_OF(X509) * presented, const char *line,
                                           size_t n_line, struct rig_enrolment_decision *decision,
                                           struct rig_error *err);

/* Appends the walk, one certificate a line, as reports show it:
 *     0  CN=device-3          individual "device-3" (disabled): decides
 *     1  CN=A                 no entry                                    */
RIG_CHECKED rig_result rig_enrolment_walk_text(const struct rig_enrolment_decision *decision,
                                               struct rig_buf *text, struct rig_error *err);

/* The line that asks (without line end); INVALID when it does not fit. The id is bytes. */
RIG_CHECKED rig_result rig_enrolment_request(const char *registration_id, const char *nonce,
                                             char line[RIG_ENROLMENT_LINE_SIZE],
                                             struct rig_error *err);
#endif
