/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that several kinds of list entries share. Each reads into a struct rig_step_plan, which
 * stands first in whatever is read. Private to rig/suite. */
#ifndef RIG_SUITE_STEP_KEYS_H
#define RIG_SUITE_STEP_KEYS_H

#include "rig/suite/suite.h"
#include "rig/suite/yaml_reader.h"

#define RIG_MINUTES(n) (INT64_C(60000) * (n))
/* The agent gives up a handshake after this. */
#define RIG_MAX_CASE_MS INT64_C(120000)

extern const struct rig_yaml_schema rig_budget_schema;

void rig_read_verify_errors(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                            const struct rig_yaml_node *node, void *target);
void rig_read_verify_depth(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                           const struct rig_yaml_node *node, void *target);
void rig_read_alerts(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                     const struct rig_yaml_node *node, void *target);
void rig_read_verify_flags(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                           const struct rig_yaml_node *node, void *target);

void rig_read_offers(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                     const struct rig_yaml_node *node, void *target);

/* How a refusal must look, and what must hold besides. */
#define RIG_EXPECT_KEYS                                                                            \
    {.name = "verify_errors",                                                                      \
     .type = RIG_YAML_CUSTOM,                                                                      \
     .read = rig_read_verify_errors,                                                               \
     .min = 1,                                                                                     \
     .max = 4,                                                                                     \
     .form = "`any`, or 1 to 4 of OpenSSL's names without X509_V_ERR_",                            \
     .initial = "by certificate",                                                                  \
     .doc =                                                                                        \
         "Server rejects: the verify errors that count as the right reason; OK where the path is " \
         "good and something else is refused."},                                                   \
        {.name = "verify_depth",                                                                   \
         .type = RIG_YAML_CUSTOM,                                                                  \
         .read = rig_read_verify_depth,                                                            \
         .form = "`any`, or 0 (the device's certificate) to 9",                                    \
         .initial = "by certificate; `any` with verify_errors of your own",                        \
         .doc = "Server rejects: at which certificate of the chain."},                             \
        {.name = "alerts",                                                                         \
         .type = RIG_YAML_CUSTOM,                                                                  \
         .read = rig_read_alerts,                                                                  \
         .min = 1,                                                                                 \
         .max = 4,                                                                                 \
         .form = "`any`, or 1 to 4 names of RFC 8446",                                             \
         .initial = "by certificate and server",                                                   \
         .doc = "The alerts that the rejecting side may send."},                                   \
        {.name = "verify_flags",                                                                   \
         .type = RIG_YAML_CUSTOM,                                                                  \
         .read = rig_read_verify_flags,                                                            \
         .min = 1,                                                                                 \
         .max = 12,                                                                                \
         .form = "`any`, or a list of EXPIRED, REVOKED, CN_MISMATCH, NOT_TRUSTED, OTHER, FUTURE, " \
                 "KEY_USAGE, EXT_KEY_USAGE, NS_CERT_TYPE, BAD_MD, BAD_PK, BAD_KEY",                \
         .initial = "by server",                                                                   \
         .doc =                                                                                    \
             "Device rejects: the mbedTLS flags (without MBEDTLS_X509_BADCERT_), exactly these."}, \
        {.name = "offers",                                                                         \
         .type = RIG_YAML_CUSTOM,                                                                  \
         .read = rig_read_offers,                                                                  \
         .min = 1,                                                                                 \
         .max = 3,                                                                                 \
         .form = "list of declared-versions, declared-ciphers, no-weak-ciphers",                   \
         .initial = "not looked at",                                                               \
         .doc = "Accepted: what must hold of the board's ClientHello; see \"What a board "         \
                "offers\"."},                                                                      \
        {.name = "allow_silent",                                                                   \
         .type = RIG_YAML_BOOL,                                                                    \
         RIG_YAML_FIELD(struct rig_step_plan, handshake.allow_silent),                             \
         .initial = "false",                                                                       \
         .doc = "A rejection without an alert passes too."},                                       \
    {                                                                                              \
        .name = "control", .type = RIG_YAML_BOOL,                                                  \
        RIG_YAML_FIELD(struct rig_step_plan, handshake.control),                                   \
        .initial =                                                                                 \
            "true for an accepted case without `offers`; with fixtures: by the board, good on "    \
            "both sides, and without `session`, `server_side` and `board_clock`",                  \
        .doc =                                                                                     \
            "A positive control: every negative case needs one before and one after it, with the " \
            "same key and certificate."                                                            \
    }

/* What steps, cases and trials share. */
#define RIG_STEP_COMMON_KEYS(max_timeout_)                                                         \
    {.name = "title",                                                                              \
     .type = RIG_YAML_TEXT,                                                                        \
     RIG_YAML_FIELD(struct rig_step_plan, title),                                                  \
     .max = 95,                                                                                    \
     .initial = "by kind",                                                                         \
     .doc = "What reports and the live table call it."},                                           \
        {.name = "timeout",                                                                        \
         .type = RIG_YAML_DURATION,                                                                \
         RIG_YAML_FIELD(struct rig_step_plan, timeout_ms),                                         \
         .min = 100,                                                                               \
         .max = (max_timeout_),                                                                    \
         .initial = "by kind, at most limits.board",                                               \
         .doc = "A try is broken off after this."},                                                \
        {.name = "budget",                                                                         \
         .type = RIG_YAML_MAP,                                                                     \
         RIG_YAML_FIELD(struct rig_step_plan, budget),                                             \
         .schema = &rig_budget_schema,                                                             \
         .initial = "by kind",                                                                     \
         .doc = "How long it should take."},                                                       \
    {                                                                                              \
        .name = "retries", .type = RIG_YAML_INTEGER,                                               \
        RIG_YAML_FIELD(struct rig_step_plan, retries), .max = 5, .initial = "by kind",             \
        .doc = "Further tries after a fault of rig, line or network; a pass then is `flaky`."      \
    }

#endif
