/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of trials: cases of suites that have `fixtures`. */
#include "rig/suite/trial_schema.h"

#include "rig/suite/checks.h"
#include "rig/suite/schemas.h"
#include "rig/tls/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N_OF(table) (sizeof(table) / sizeof((table)[0]))
#define TRIAL(member) RIG_YAML_FIELD(struct rig_trial_item, trial.member)
#define DAY_MS (INT64_C(24) * 3600 * 1000)

const struct rig_trial_plan rig_trial_defaults = {
    .server_side = {.tls = {.security_level = -1}},
    .reference = {.tls = {.security_level = -1}},
};

static const struct rig_yaml_word client_words[] = {
    {"board", RIG_TRIAL_BOARD}, {"reference", RIG_TRIAL_REFERENCE}, {NULL, 0}};
static const struct rig_yaml_word session_words[] = {{"none", RIG_TRIAL_FULL},
                                                     {"id", RIG_TRIAL_SESSION_ID},
                                                     {"ticket", RIG_TRIAL_TICKET},
                                                     {NULL, 0}};
const struct rig_yaml_word rig_trial_version_words[] = {
    {"1.0", 0x0301}, {"1.1", 0x0302}, {"1.2", 0x0303}, {"1.3", 0x0304}, {NULL, 0}};
static const struct rig_yaml_word crl_check_words[] = {
    {"all", RIG_TLS_CRL_ALL}, {"leaf", RIG_TLS_CRL_LEAF}, {"none", RIG_TLS_CRL_NONE}, {NULL, 0}};
static const struct rig_yaml_word sni_words[] = {{"any", RIG_TLS_SNI_ANY},
                                                 {"strict", RIG_TLS_SNI_STRICT},
                                                 {"warn", RIG_TLS_SNI_WARN},
                                                 {"required", RIG_TLS_SNI_REQUIRED},
                                                 {NULL, 0}};
static const struct rig_yaml_word fail_words[] = {{"closed", false}, {"open", true}, {NULL, 0}};
static const struct rig_yaml_word enrolment_words[] = {
    {"enabled", false}, {"disabled", true}, {NULL, 0}};
static const struct rig_yaml_word at_words[] = {{"same", false}, {"other", true}, {NULL, 0}};
static const struct rig_yaml_word nonce_words[] = {{"none", RIG_TLS_OCSP_NO_NONCE},
                                                   {"if-given", RIG_TLS_OCSP_NONCE_IF_GIVEN},
                                                   {"required", RIG_TLS_OCSP_NONCE_REQUIRED},
                                                   {NULL, 0}};
const struct rig_yaml_word rig_trial_expect_words[] = {
    {"accepted", RIG_EXPECT_ACCEPTED},
    {"server-rejects", RIG_EXPECT_SERVER_REJECTS},
    {"device-rejects", RIG_EXPECT_DEVICE_REJECTS},
    {"policy-refuses", RIG_EXPECT_POLICY_REFUSES},
    {"ocsp-refuses", RIG_EXPECT_OCSP_REFUSES},
    {"enrolment-refuses", RIG_EXPECT_ENROLMENT_REFUSES},
    {"fails", RIG_EXPECT_FAILS},
    {NULL, 0},
};

/* ---- readers of values that no type of the tables is made for ---- */

static void read_flag_word(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                           const struct rig_yaml_node *node, void *target)
{
    int value;

    if (rig_yaml_read_word(mistakes, key->name, key->words, node, &value)) {
        *(bool *)(void *)((char *)target + key->offset) = value != 0;
    }
}

/* "-400d", "+2h": as durations, with a sign, and d for days. */
static void read_clock(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                       const struct rig_yaml_node *node, void *target)
{
    int64_t *out = (int64_t *)(void *)((char *)target + key->offset);
    const char *text = node->kind == RIG_YAML_SCALAR ? node->text : "";
    const bool back = text[0] == '-';
    int64_t value = 0;
    size_t n;

    if (text[0] != '-' && text[0] != '+') {
        text = "";
    } else {
        text++;
    }
    n = rig_yaml_parse_digits(text, &value);
    if (n != 0 && n < 6 && strcmp(text + n, "d") == 0) {
        *out = (back ? -value : value) * DAY_MS;
        return;
    }
    if (!rig_yaml_parse_duration(text, &value)) {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s for %s; expected a sign, a number and a unit, such as -400d or "
                         "+2h",
                         rig_yaml_quote_node(node).text, key->name);
        return;
    }
    *out = back ? -value : value;
}

static void read_codes(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                       const struct rig_yaml_node *node, void *target)
{
    struct rig_case_plan *plan = &((struct rig_step_plan *)target)->handshake;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        char *end = NULL;
        long code = 0;

        errno = 0;
        if (item->kind == RIG_YAML_SCALAR && strncmp(item->text, "-0x", 3) == 0) {
            code = strtol(item->text, &end, 16);
        }
        if (end == NULL || *end != '\0' || errno != 0 || code >= 0 || code < -0xffff) {
            rig_yaml_mistake(mistakes, item->line,
                             "found %s in codes; expected mbedTLS codes such as -0x2700",
                             rig_yaml_quote_node(item).text);
            continue;
        }
        plan->tls_codes[plan->n_tls_codes++] = (int)code;
    }
}

static void read_findings(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                          const struct rig_yaml_node *node, void *target)
{
    struct rig_case_plan *plan = &((struct rig_step_plan *)target)->handshake;

    if (rig_yaml_list(mistakes, key, node) == NULL) {
        return;
    }
    for (const struct rig_yaml_node *item = node->first; item != NULL; item = item->next) {
        const enum rig_tls_finding finding =
            item->kind == RIG_YAML_SCALAR ? rig_tls_finding_of(item->text) : RIG_TLS_N_FINDINGS;

        if (finding == RIG_TLS_N_FINDINGS) {
            rig_yaml_mistake(mistakes, item->line,
                             "found %s in findings; expected names such as ca_true, no_eku or hash",
                             rig_yaml_quote_node(item).text);
        } else {
            plan->findings |= 1U << finding;
        }
    }
}

static void read_ocsp_result(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                             const struct rig_yaml_node *node, void *target)
{
    struct rig_case_plan *plan = &((struct rig_step_plan *)target)->handshake;
    const enum rig_tls_ocsp_result result =
        node->kind == RIG_YAML_SCALAR ? rig_tls_ocsp_result_of(node->text) : RIG_TLS_N_OCSP_RESULTS;

    if (result == RIG_TLS_N_OCSP_RESULTS) {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s for %s; expected a result such as good, revoked, stale or "
                         "bad_signature",
                         rig_yaml_quote_node(node).text, key->name);
    } else {
        plan->ocsp_result = result;
    }
}

static void read_fault(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                       const struct rig_yaml_node *node, void *target)
{
    struct rig_trial_item *item = target;
    const enum rig_tls_fault fault =
        node->kind == RIG_YAML_SCALAR ? rig_tls_fault_of(node->text) : RIG_TLS_N_FAULTS;

    if (fault == RIG_TLS_N_FAULTS) {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s for %s; expected a misbehaviour such as reset, alert_lost, "
                         "no_echo or wrong_echo",
                         rig_yaml_quote_node(node).text, key->name);
    } else {
        item->trial.server_side.fault = fault;
    }
}

static void read_fault_alert(struct rig_yaml_mistakes *mistakes, const struct rig_yaml_key *key,
                             const struct rig_yaml_node *node, void *target)
{
    struct rig_trial_item *item = target;
    const int alert = node->kind == RIG_YAML_SCALAR ? rig_tls_alert_of(node->text) : -1;

    if (alert <= 0) {
        rig_yaml_mistake(mistakes, node->line,
                         "found %s for %s; expected the name of an alert as in RFC 8446",
                         rig_yaml_quote_node(node).text, key->name);
    } else {
        item->trial.server_side.fault_alert = alert;
    }
}

/* ---- tables ---- */

/* Without `board:` keys; `side` is server_side.tls or reference.tls, then its usual values. */
#define TLS_KEYS(side, verb, min_, max_, level_)                                                   \
    {.name = "min",                                                                                \
     .type = RIG_YAML_ENUM,                                                                        \
     TRIAL(side.min_version),                                                                      \
     .words = rig_trial_version_words,                                                             \
     .initial = (min_),                                                                            \
     .doc = "Lowest TLS version."},                                                                \
        {.name = "max",                                                                            \
         .type = RIG_YAML_ENUM,                                                                    \
         TRIAL(side.max_version),                                                                  \
         .words = rig_trial_version_words,                                                         \
         .initial = (max_),                                                                        \
         .doc = "Highest TLS version."},                                                           \
        {.name = "security_level",                                                                 \
         .type = RIG_YAML_INTEGER,                                                                 \
         TRIAL(side.security_level),                                                               \
         .max = 5,                                                                                 \
         .initial = (level_),                                                                      \
         .doc = "OpenSSL's; TLS 1.0, 1.1 and weak ciphers need 0."},                               \
        {.name = "ciphers",                                                                        \
         .type = RIG_YAML_TEXT,                                                                    \
         TRIAL(side.ciphers),                                                                      \
         .check = rig_check_tls_ciphers,                                                           \
         .min = 1,                                                                                 \
         .max = 127,                                                                               \
         .form = "OpenSSL's cipher list",                                                          \
         .initial = "all with certificates",                                                       \
         .doc = "Cipher suites of TLS 1.2 and before that it " verb "."},                          \
        {.name = "suites",                                                                         \
         .type = RIG_YAML_TEXT,                                                                    \
         TRIAL(side.suites),                                                                       \
         .check = rig_check_tls13_suites,                                                          \
         .min = 1,                                                                                 \
         .max = 95,                                                                                \
         .initial = "OpenSSL's",                                                                   \
         .doc = "Cipher suites of TLS 1.3 that it " verb "."},                                     \
        {.name = "groups",                                                                         \
         .type = RIG_YAML_TEXT,                                                                    \
         TRIAL(side.groups),                                                                       \
         .check = rig_check_tls_groups,                                                            \
         .min = 1,                                                                                 \
         .max = 63,                                                                                \
         .initial = "X25519:P-256:P-384:P-521",                                                    \
         .doc = "Groups for the key exchange."},                                                   \
    {                                                                                              \
        .name = "signatures", .type = RIG_YAML_TEXT, TRIAL(side.signatures), .min = 1, .max = 95,  \
        .check = rig_check_tls_signatures, .initial = "as usual",                                  \
        .doc = "Signature algorithms that it " verb "."                                            \
    }

static const struct rig_yaml_key server_side_keys[] = {
    TLS_KEYS(server_side.tls, "takes", "tls.min", "tls.max", "tls.security_level"),
    {.name = "verify_depth",
     .type = RIG_YAML_INTEGER,
     TRIAL(server_side.verify_depth),
     .min = 1,
     .max = 100,
     .initial = "100",
     .doc = "Intermediates that it allows."},
    {.name = "max_chain_bytes",
     .type = RIG_YAML_INTEGER,
     TRIAL(server_side.max_chain_bytes),
     .min = 1000,
     .max = 1000000,
     .initial = "102400",
     .doc = "The longest Certificate message that it takes."},
    {.name = "crl_check",
     .type = RIG_YAML_ENUM,
     TRIAL(server_side.crl_check),
     .words = crl_check_words,
     .initial = "all",
     .doc = "Whose revocation is looked at: of the whole chain, or of the leaf."},
    {.name = "sni",
     .type = RIG_YAML_ENUM,
     TRIAL(server_side.sni_policy),
     .words = sni_words,
     .initial = "any",
     .doc = "What it does about a name that is not its own, or none."},
    {.name = "asks_renegotiation",
     .type = RIG_YAML_BOOL,
     TRIAL(server_side.asks_renegotiation),
     .initial = "false",
     .doc = "Sends a HelloRequest after the handshake (TLS 1.2)."},
    {.name = "naive_resumption",
     .type = RIG_YAML_BOOL,
     TRIAL(server_side.naive_resumption),
     .initial = "false",
     .doc = "Resumes without a look at what was revoked since, as servers do by default."},
    {.name = "misbehaves",
     .type = RIG_YAML_CUSTOM,
     .read = read_fault,
     .form = "a misbehaviour of rig/tls/faults.h",
     .initial = "none",
     .doc = "The server is wrong on purpose: how does the board take it?"},
    {.name = "alert",
     .type = RIG_YAML_CUSTOM,
     .read = read_fault_alert,
     .form = "a name of RFC 8446",
     .initial = "internal_error",
     .doc = "The alert of misbehaviours that send one."},
};
static const struct rig_yaml_schema server_side_schema = {"server_side", N_OF(server_side_keys),
                                                          server_side_keys};

static const struct rig_yaml_key reference_keys[] = {
    TLS_KEYS(reference.tls, "offers", "1.2", "1.3", "0"),
    {.name = "sni",
     .type = RIG_YAML_TEXT,
     TRIAL(reference.sni),
     .min = 1,
     .max = 63,
     .form = "a name, or `-` for none",
     .initial = "the server's name",
     .doc = "What it asks for."},
    {.name = "mismatched_key",
     .type = RIG_YAML_BOOL,
     TRIAL(reference.mismatched_key),
     .initial = "false",
     .doc = "It shows the certificate and signs with another key: no proof of possession."},
    {.name = "renegotiates",
     .type = RIG_YAML_BOOL,
     TRIAL(reference.renegotiates),
     .initial = "false",
     .doc = "It asks for a second handshake on the same connection (TLS 1.2)."},
};
static const struct rig_yaml_schema reference_schema = {"reference", N_OF(reference_keys),
                                                        reference_keys};

static const struct rig_yaml_key ocsp_keys[] = {
    {.name = "answer",
     .type = RIG_YAML_TEXT,
     .required = true,
     TRIAL(ocsp.answer),
     .min = 1,
     .max = RIG_PKI_NAME_SIZE - 1,
     .doc = "What the responder says: an OCSP answer of the fixtures."},
    {.name = "fail",
     .type = RIG_YAML_CUSTOM,
     .read = read_flag_word,
     TRIAL(ocsp.fail_open),
     .words = fail_words,
     .form = "closed or open",
     .initial = "closed",
     .doc = "Whether a board may go on when there is no usable answer."},
    {.name = "nonce",
     .type = RIG_YAML_ENUM,
     TRIAL(ocsp.nonce),
     .words = nonce_words,
     .initial = "none",
     .doc = "Whether the server sends a nonce and what it makes of the answer's."},
};
static const struct rig_yaml_schema ocsp_schema = {"ocsp", N_OF(ocsp_keys), ocsp_keys};

static const struct rig_yaml_key change_keys[] = {
    {.name = "crls",
     .type = RIG_YAML_TEXT,
     TRIAL(change.crls),
     .min = 1,
     .max = RIG_PKI_NAME_SIZE - 1,
     .doc = "The server loads these CRLs."},
    {.name = "trust",
     .type = RIG_YAML_TEXT,
     TRIAL(change.trust),
     .min = 1,
     .max = RIG_PKI_NAME_SIZE - 1,
     .doc = "The server trusts this authority alone from now on."},
    {.name = "board_crls",
     .type = RIG_YAML_TEXT,
     TRIAL(change.board_crls),
     .min = 1,
     .max = RIG_PKI_NAME_SIZE - 1,
     .doc = "The board gets these CRLs."},
    {.name = "clock",
     .type = RIG_YAML_CUSTOM,
     .read = read_clock,
     TRIAL(change.clock_ms),
     .form = "a sign, a number and a unit, such as +400d",
     .doc = "So much time passes for the server."},
    {.name = "enrolment",
     .type = RIG_YAML_CUSTOM,
     .read = read_flag_word,
     TRIAL(change.disables_enrolment),
     .words = enrolment_words,
     .form = "enabled or disabled",
     .initial = "enabled",
     .doc = "disabled: the device is not registered any more."},
    {.name = "at",
     .type = RIG_YAML_CUSTOM,
     .read = read_flag_word,
     TRIAL(change.other_endpoint),
     .words = at_words,
     .form = "same or other",
     .initial = "same",
     .doc = "other: the session is offered to another server that has the same ticket key."},
};
static const struct rig_yaml_schema change_schema = {"change", N_OF(change_keys), change_keys};

static const struct rig_yaml_key trial_keys[] = {
    {.name = "case",
     .type = RIG_YAML_TEXT,
     .required = true,
     RIG_YAML_FIELD(struct rig_step_plan, name),
     .min = 1,
     .max = 47,
     .check = rig_check_name,
     .doc = "Its name, unique in its list. The device (or server, as `catalogue` says) of this "
            "name in the fixtures is meant unless the keys below say otherwise."},
    {.name = "expect",
     .type = RIG_YAML_ENUM,
     .required = true,
     RIG_YAML_FIELD(struct rig_step_plan, handshake.expect),
     .words = rig_trial_expect_words,
     .doc = "How it must end."},
    {.name = "client",
     .type = RIG_YAML_ENUM,
     TRIAL(client),
     .words = client_words,
     .initial = "board",
     .doc = "Who plays the board: itself, or the reference client (OpenSSL on this host)."},
    {.name = "certificate",
     .type = RIG_YAML_TEXT,
     TRIAL(certificate),
     .min = 1,
     .max = RIG_PKI_NAME_SIZE - 1,
     .form = "a device of the fixtures, or `none`",
     .initial = "by the case's name and `catalogue`, else good",
     .doc = "What the board presents, for its own key."},
    {.name = "server",
     .type = RIG_YAML_TEXT,
     TRIAL(server),
     .min = 1,
     .max = RIG_PKI_NAME_SIZE - 1,
     .form = "a server of the fixtures",
     .initial = "by the case's name and `catalogue`, else good",
     .doc = "What the server presents; the board trusts its root."},
    {.name = "crls",
     .type = RIG_YAML_TEXT,
     TRIAL(crls),
     .min = 1,
     .max = RIG_PKI_NAME_SIZE - 1,
     .form = "a CRL set of the fixtures, or `none`",
     .initial = "none",
     .doc = "What the server checks the board with; none: revocation is not checked."},
    {.name = "board_crls",
     .type = RIG_YAML_TEXT,
     TRIAL(board_crls),
     .min = 1,
     .max = RIG_PKI_NAME_SIZE - 1,
     .form = "a CRL set of the fixtures",
     .initial = "none",
     .doc = "What the board checks the server with."},
    {.name = "ocsp",
     .type = RIG_YAML_MAP,
     RIG_YAML_FIELD(struct rig_trial_item, step), /* keys have offsets of their own */
     .schema = &ocsp_schema,
     .initial = "not asked",
     .doc = "The server asks a responder about the board's certificate."},
    {.name = "device_policy",
     .type = RIG_YAML_BOOL,
     TRIAL(device_policy),
     .initial = "false; true for policy-refuses",
     .doc = "The server refuses what X.509 allows and a device certificate must not be."},
    {.name = "board_clock",
     .type = RIG_YAML_CUSTOM,
     .read = read_clock,
     TRIAL(board_clock_ms),
     .form = "a sign, a number and a unit, such as -400d",
     .initial = "right",
     .doc = "The board's clock is so far off."},
    {.name = "server_side",
     .type = RIG_YAML_MAP,
     RIG_YAML_FIELD(struct rig_trial_item, step),
     .schema = &server_side_schema,
     .doc = "Settings of the server."},
    {.name = "reference",
     .type = RIG_YAML_MAP,
     RIG_YAML_FIELD(struct rig_trial_item, step),
     .schema = &reference_schema,
     .doc = "Settings of the reference client."},
    {.name = "session",
     .type = RIG_YAML_ENUM,
     TRIAL(session),
     .words = session_words,
     .initial = "none",
     .doc = "Resumption: a full handshake, a resumed one (else the case proves nothing), the "
            "`change`, and the one that is judged."},
    {.name = "change",
     .type = RIG_YAML_MAP,
     RIG_YAML_FIELD(struct rig_trial_item, step),
     .schema = &change_schema,
     .doc = "What happens before the session is offered again."},
    {.name = "codes",
     .type = RIG_YAML_CUSTOM,
     .read = read_codes,
     .min = 1,
     .max = 4,
     .form = "list of 1 to 4 mbedTLS codes such as -0x2700",
     .initial = "any",
     .doc = "Device rejects, fails: what the board may report."},
    {.name = "findings",
     .type = RIG_YAML_CUSTOM,
     .read = read_findings,
     .min = 1,
     .max = RIG_TLS_N_FINDINGS,
     .form = "list of findings such as ca_true",
     .initial = "any",
     .doc = "Policy refuses: exactly these."},
    {.name = "ocsp_result",
     .type = RIG_YAML_CUSTOM,
     .read = read_ocsp_result,
     .form = "good, revoked, unknown, stale, ...",
     .initial = "any",
     .doc = "What the server must make of the responder's answer."},
    {.name = "resumed",
     .type = RIG_YAML_BOOL,
     RIG_YAML_FIELD(struct rig_step_plan, handshake.resumed),
     .initial = "false",
     .doc = "Accepted: by taking up the session, or by a full handshake."},
    {.name = "means",
     .type = RIG_YAML_PROSE,
     RIG_YAML_FIELD(struct rig_step_plan, handshake.means),
     .max = 255,
     .doc = "What it means when the case fails, and what to do: stands behind the cause."},
    RIG_EXPECT_KEYS,
    RIG_STEP_COMMON_KEYS(RIG_MAX_CASE_MS),
};
const struct rig_yaml_schema rig_trial_schema = {"a case", N_OF(trial_keys), trial_keys};
