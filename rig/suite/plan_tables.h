/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every step kind, certificate and server of a suite is: its word, its defaults, what it needs
 * and gives. Const tables; the loader, the rules and the reference read them, nothing else decides
 * by names. Private to rig/suite.
 */
#ifndef RIG_SUITE_PLAN_TABLES_H
#define RIG_SUITE_PLAN_TABLES_H

#include "rig/suite/suite.h"
#include "rig/suite/yaml_reader.h"

/* What is true of a board at a point of a suite. */
enum {
    RIG_HAS_DOWNLOAD = 1 << 0, /* in download mode */
    RIG_HAS_FIRMWARE = 1 << 1, /* the agent answers */
    RIG_HAS_IDENTITY = 1 << 2, /* chip, MAC and partition table known */
    RIG_HAS_KEY = 1 << 3,
    RIG_HAS_CSR = 1 << 4,
    RIG_HAS_CERTIFICATE = 1 << 5, /* signed, for the current key */
    RIG_HAS_FLASHED = 1 << 6,     /* that certificate is in flash */
    RIG_HAS_UPDATE = 1 << 7,      /* a chain update was taken for it */
};

struct rig_fact {
    unsigned bit;
    const char *lacking; /* "before a key was made" */
    const char *remedy;  /* the step that helps */
};
#define RIG_N_FACTS 8
extern const struct rig_fact rig_facts[RIG_N_FACTS];

enum { RIG_LIST_BEFORE = 1, RIG_LIST_EACH_KEY = 2, RIG_LIST_AFTER = 4 };

struct rig_step_traits {
    const char *name;
    const char *title;
    const char *doc;
    int64_t timeout_ms;
    struct rig_budget budget;
    unsigned retries;
    unsigned lists; /* where it may stand */
    unsigned needs;
    unsigned gives;
    unsigned clears; /* applied before `gives` */
};
extern const struct rig_step_traits rig_step_traits[RIG_STEP_KINDS];

/* A certificate or a server of a case, with what it must lead to. */
struct rig_case_traits {
    const char *name;
    const char *title;
    const char *doc;
    bool needs_flashed;        /* certificate: shown from flash */
    struct rig_case_plan plan; /* expect, verify errors, depth, alerts, flags */
};
#define RIG_N_CERTIFICATES (RIG_CASE_NO_CERTIFICATE + 1)
#define RIG_N_SERVERS (RIG_SERVER_EXPIRED + 1)
extern const struct rig_case_traits rig_certificate_traits[RIG_N_CERTIFICATES];
extern const struct rig_case_traits rig_server_traits[RIG_N_SERVERS];

/* Words, ended by a NULL name. */
extern const struct rig_yaml_word rig_step_words[];
extern const struct rig_yaml_word rig_key_words[];
extern const struct rig_yaml_word rig_certificate_words[];
extern const struct rig_yaml_word rig_server_words[];
extern const struct rig_yaml_word rig_expect_words[];
extern const struct rig_yaml_word rig_verify_flag_words[];
extern const struct rig_yaml_word rig_rotation_words[];
extern const struct rig_yaml_word rig_rotation_expect_words[];

/* Security bits of a key and those that OpenSSL's security level wants. */
unsigned rig_key_security_bits(enum rig_key_type type);
unsigned rig_level_security_bits(int security_level);

/* Lays the defaults for what `node` (a step or case as written) leaves out, and checks what it
 * contradicts. */
void rig_step_complete(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                       const struct rig_yaml_node *node, struct rig_step_plan *step);

/*
 * What concerns more than one value: TLS, names; and, when the steps themselves are readable, their
 * order and the controls around negatives. `root`: for lines.
 */
void rig_suite_check_rules(struct rig_yaml_mistakes *mistakes, const struct rig_suite *suite,
                           const struct rig_yaml_node *root, bool steps_readable);

#endif
