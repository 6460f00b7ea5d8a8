/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A suite file (YAML) as a plan. Everything is checked here, so that the runner meets no surprise:
 * unknown keys, wrong types, values out of range, duplicates and steps in an impossible order are
 * refused with "FILE:LINE: what was found; what was expected", class USAGE. All mistakes of a file
 * are reported at once, one a line, the first one in `err`. Steps and cases are driven by const
 * tables here (their names, defaults and what they need); no string comparisons elsewhere.
 */
#ifndef RIG_SUITE_SUITE_H
#define RIG_SUITE_SUITE_H

#include "rig/base/buf.h"
#include "rig/base/ids.h"
#include "rig/ca_attack/attack.h"
#include "rig/suite/rotation.h"
#include "rig/suite/trial.h"

#define RIG_SUITE_MAX_KEYS 5
#define RIG_SUITE_MAX_STEPS 256
#define RIG_SUITE_MAX_ATTACKS 128
#define RIG_SUITE_MAX_ENROLMENTS 4

enum rig_step_kind {
    RIG_STEP_RESET = 0, /* into download mode, proven by the banner */
    RIG_STEP_IDENTIFY,  /* chip, MAC, flash, partition table */
    RIG_STEP_FIRMWARE,  /* restart into the firmware, agent's hello, clock set */
    RIG_STEP_KEYGEN,
    RIG_STEP_CSR,          /* read and checked */
    RIG_STEP_SIGN,         /* journalled, signed, checked */
    RIG_STEP_FLASH,        /* esp_secure_cert written and proven by MD5 */
    RIG_STEP_READ_BACK,    /* the partition as the chip has it, byte for byte */
    RIG_STEP_BOOT,         /* restart into the firmware */
    RIG_STEP_INSTALLED,    /* the device's certificate state: fingerprints and key match; register
                              closed */
    RIG_STEP_REVOCATION,   /* how long from revoke to the first refused handshake */
    RIG_STEP_CHAIN_UPDATE, /* new intermediates offered to the device */
    RIG_STEP_CHAIN_ERASE,  /* all chain updates erased, in download mode */
    RIG_STEP_CASE,         /* a handshake */
    RIG_STEP_ENROL, /* a registration: a handshake, and whether the service enrols the board */
    RIG_STEP_TRIAL, /* a handshake in a fixture PKI; a `case` in suites with `fixtures` */
    RIG_STEP_KINDS
};

/* Which certificate the board is told to present. */
enum rig_case_certificate {
    RIG_CASE_INSTALLED = 0, /* what is flashed */
    RIG_CASE_REVOKED,       /* issued for this key by the CA, revoked, CRL published */
    RIG_CASE_OTHER_ROOT, /* a chain of the same shape under a root that the server does not know */
    RIG_CASE_NO_INTERMEDIATE, /* the installed leaf alone */
    RIG_CASE_EXPIRED,         /* issued with a notAfter in the past */
    RIG_CASE_NO_CERTIFICATE,
};

/* Which identity the test server shows. */
enum rig_case_server {
    RIG_SERVER_GOOD = 0,
    RIG_SERVER_OTHER_ROOT, /* the board does not trust its root */
    RIG_SERVER_OTHER_NAME, /* right root, another name */
    RIG_SERVER_EXPIRED,
};

enum rig_case_outcome {
    RIG_EXPECT_ACCEPTED = 0,
    RIG_EXPECT_SERVER_REJECTS, /* the server must refuse the board */
    RIG_EXPECT_DEVICE_REJECTS, /* the board must refuse the server */
    /* trials only */
    RIG_EXPECT_POLICY_REFUSES,    /* TLS is up, the server's own rules for certificates say no */
    RIG_EXPECT_OCSP_REFUSES,      /* TLS is up, OCSP says no */
    RIG_EXPECT_ENROLMENT_REFUSES, /* TLS is up, the board is not enrolled */
    RIG_EXPECT_FAILS, /* no certificate is to blame: the exchange must not succeed, and the
                         board must say so */
};

/* What must hold of what the board's ClientHello offers; bits of a set. */
enum {
    RIG_OFFERS_DECLARED_VERSIONS = 1U << 0, /* no version that its firmware does not declare */
    RIG_OFFERS_DECLARED_CIPHERS = 1U << 1,  /* and no cipher suite */
    RIG_OFFERS_NO_WEAK_CIPHERS = 1U << 2,   /* declared or not */
};

struct rig_case_plan {
    enum rig_case_certificate certificate;
    enum rig_case_server server;
    enum rig_case_outcome expect;
    int verify_errors[4]; /* server rejects: allowed X509_V_ERR_*, X509_V_OK where something else
                             than the path is refused; n 0: any */
    size_t n_verify_errors;
    int verify_depth; /* -1: any */
    int alerts[4];    /* allowed alert numbers of the side that rejects; n 0: any */
    size_t n_alerts;
    uint32_t verify_flags; /* device rejects: mbedTLS flags, exactly these; 0: any */
    bool allow_silent;     /* a rejection without an alert also passes */
    uint32_t offers;       /* accepted: set of RIG_OFFERS_*; 0: not looked at */
    /* trials only */
    int tls_codes[4]; /* device rejects, fails: mbedTLS codes that the board may end with; n 0: any
                       */
    size_t n_tls_codes;
    uint32_t findings; /* policy refuses: 1U << RIG_TLS_FINDING_*, exactly these; 0: any */
    enum rig_tls_ocsp_result ocsp_result; /* OCSP; RIG_TLS_OCSP_NOT_ASKED: any */
    bool resumed;                         /* accepted: by resumption, not by a full handshake */
    bool misbehaves;      /* fails: by what the server does wrong, so it must have done it */
    bool after_handshake; /* fails: behind a handshake that was good */
    char wrong[RIG_PKI_VALUE_SIZE]; /* what is wrong, for people; "" nothing */
    char means[256];                /* what it means when it ends otherwise, and the remedy */
    bool control; /* a positive control: negatives before the next control prove nothing when it
                     fails */
};

enum rig_enrol_expect {
    RIG_ENROL_ACCEPTED = 0,
    RIG_ENROL_REFUSED,        /* a good handshake, and then the service says no */
    RIG_ENROL_SERVER_REJECTS, /* the chain does not verify: no handshake */
    RIG_ENROL_LIST_REFUSED,   /* the list contradicts itself; no board is asked */
};

/* What a board registers as, and how the service must decide (rig/tls/enrolment.h). */
struct rig_enrol_plan {
    char state[48];         /* of one of the suite's enrolment fixtures */
    char device[48];        /* whose certificate, of the PKI fixtures, for the board's key */
    char registration[129]; /* the id that the board asks with */
    enum rig_enrol_expect expect;
    int reason;          /* REFUSED: enum rig_enrolment_reason */
    char decided_by[48]; /* entry; "" none */
    char device_id[129]; /* ACCEPTED: what it is registered as */
    char finding[48];    /* the individual entry for an earlier certificate; "" none */
};

struct rig_budget {
    int64_t warn_ms; /* 0: none; longer is said in the report */
    int64_t fail_ms; /* 0: none; longer is a `fail` */
};

/* What the revocation clock reads, each from the moment that the CA is told to revoke. */
enum rig_clock_leg {
    RIG_CLOCK_REVOKED = 0, /* the CA said so */
    RIG_CLOCK_OCSP,        /* its responder says so */
    RIG_CLOCK_CRL,         /* its published CRL lists it */
    RIG_CLOCK_LOADED,      /* the server uses that CRL */
    RIG_CLOCK_REFUSED,     /* a handshake with it ended in a refusal */
    RIG_CLOCK_LEGS
};
/* "revoked", "ocsp", "crl", "loaded", "refused". */
const char *rig_clock_leg_name(enum rig_clock_leg leg);

struct rig_clock_plan {
    bool rotate; /* ask for a new CRL, instead of waiting for the CA to publish one */
    struct rig_budget legs[RIG_CLOCK_LEGS];
};

struct rig_step_plan {
    enum rig_step_kind kind;
    char name[48];  /* unique within its list: "keygen", "revoked-leaf" */
    char title[96]; /* for people; may be "" */
    int64_t timeout_ms;
    struct rig_budget budget;
    unsigned retries; /* further tries after a rig, network or line fault; a pass then is `flaky` */
    struct rig_case_plan handshake; /* of cases; for RIG_STEP_ENROL how TLS must end */
    struct rig_enrol_plan enrol;    /* RIG_STEP_ENROL only */
    struct rig_trial_plan *trial;   /* RIG_STEP_TRIAL; the suite's */
    struct rig_clock_plan clock;    /* RIG_STEP_REVOCATION only */
    enum rig_rotation update;       /* RIG_STEP_CHAIN_UPDATE only */
    enum rig_rotation_expect update_expect;
    int line; /* in the file */
};

/* A case, whatever PKI it plays in. */
static inline bool rig_step_is_case(const struct rig_step_plan *step)
{
    return step->kind == RIG_STEP_CASE || step->kind == RIG_STEP_TRIAL ||
           step->kind == RIG_STEP_ENROL;
}

struct rig_step_list {
    size_t n;
    struct rig_step_plan steps[RIG_SUITE_MAX_STEPS];
};

/* What a board's fuses must say. */
enum rig_fuse_wish { RIG_FUSE_ANY = 0, RIG_FUSE_YES, RIG_FUSE_NO };

struct rig_fuse_wishes {
    enum rig_fuse_wish secure_boot;
    enum rig_fuse_wish flash_encryption;
    enum rig_fuse_wish jtag_disabled;
    enum rig_fuse_wish secure_download; /* never YES: nothing could be tested then */
};

/* One item of a suite against the CA. */
struct rig_attack_item {
    char name[48]; /* unique: the attack's, or "issuance-p-256" */
    const struct rig_attack
        *attack; /* NULL: a good certificate for a `key` is issued and checked */
    enum rig_attack_expect expect;
    enum rig_key_type key;
    int line; /* in the file */
};

struct rig_suite {
    char path[256];
    char name[48];
    char description[256];
    char device_id[48];    /* pattern: "{mac}" is replaced by the MAC, lower-case hex without
                              separators */
    char organization[64]; /* "" none */
    char country[3];       /* "" none */
    size_t n_levels;       /* of the local CA, root first */
    char levels[6][32];
    int64_t device_days;  /* validity asked for */
    char server_name[64]; /* what a good server certificate says and the board expects */
    char server_bind[64]; /* address the test server listens on; "" loopback for virtual boards, all
                             interfaces else */
    char server_host[64]; /* address that boards connect to; "": as seen from the rig's side */
    uint16_t first_port;  /* 0: ephemeral */
    uint16_t last_port;
    int min_tls; /* 0x0303, 0x0304 */
    int max_tls;
    int security_level;
    bool relay;          /* transport: relay; else direct */
    unsigned flash_baud; /* 0: stay at 115200 */
    char partition[17];  /* label of the certificate partition, "esp_secure_cert" */
    struct rig_fuse_wishes require;
    size_t n_enrolments; /* fixtures that registrations are judged by */
    char enrolments[RIG_SUITE_MAX_ENROLMENTS][256];
    int64_t board_limit_ms;        /* no board takes longer, whatever happens */
    bool has_fixtures;             /* cases are trials */
    enum rig_pki_kind catalogue;   /* whose recipe a case's name stands for: DEVICE or SERVER */
    struct rig_fixtures *fixtures; /* NULL: none, or a text without files was parsed */
    size_t n_keys;
    enum rig_key_type keys[RIG_SUITE_MAX_KEYS];
    struct rig_step_list before; /* once per board */
    struct rig_step_list
        each_key; /* once per board and key type; the last one's certificate stays on the board */
    struct rig_step_list after;
    size_t n_attacks; /* not 0: a suite against the CA, without boards, keys and steps */
    struct rig_attack_item attacks[RIG_SUITE_MAX_ATTACKS];
};

/* The caller frees *suite with rig_suite_free. `mistakes` gets every mistake as a line. Files of
 * `fixtures` are looked for beside the suite; rig_suite_parse reads none, and looks no names up. */
RIG_CHECKED rig_result rig_suite_load(const char *path, struct rig_suite **suite,
                                      struct rig_buf *mistakes, struct rig_error *err);
RIG_CHECKED rig_result rig_suite_parse(const char *path_for_messages, const char *text,
                                       size_t n_bytes, struct rig_suite **suite,
                                       struct rig_buf *mistakes, struct rig_error *err);
/* Whether each registration's state and entry are in the suite's enrolment fixtures, which are read
 * for it; rig_suite_load does it. */
RIG_CHECKED rig_result rig_suite_check_enrolments(const struct rig_suite *suite,
                                                  struct rig_buf *mistakes, struct rig_error *err);
void rig_suite_free(struct rig_suite *suite);
static inline void rig_auto_suite(struct rig_suite **suite)
{
    rig_suite_free(*suite);
    *suite = NULL;
}

/* "reset", "read-back", ...: as in suites. */
const char *rig_step_kind_name(enum rig_step_kind kind);

/* The suite's device id for a board with this MAC, which is hex without separators. */
void rig_suite_device_id(const struct rig_suite *suite, const char *mac_hex, char *out,
                         size_t out_size);

#endif
