/* SPDX-License-Identifier: Apache-2.0 */
/* The words of enrolment: the line that asks, names of reasons and twins,
 * the walk as text. */
#include "rig/tls/enrolment_list.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define REQUEST "register id="
#define NONCE " nonce="

static const char *const reason_names[RIG_ENROLMENT_REASONS] = {
    [RIG_ENROLMENT_ACCEPTED] = "accepted",
    [RIG_ENROLMENT_BAD_REQUEST] = "bad-request",
    [RIG_ENROLMENT_NO_CERTIFICATE] = "no-certificate",
    [RIG_ENROLMENT_UNVERIFIED_CA] = "unverified-ca",
    [RIG_ENROLMENT_BAD_ALGORITHM] = "bad-algorithm",
    [RIG_ENROLMENT_NO_ENTRY] = "no-entry",
    [RIG_ENROLMENT_DISABLED] = "disabled",
    [RIG_ENROLMENT_REISSUED] = "reissued",
    [RIG_ENROLMENT_NO_NAME] = "no-common-name",
    [RIG_ENROLMENT_NAME_TOO_LONG] = "common-name-too-long",
    [RIG_ENROLMENT_TWO_NAMES] = "two-common-names",
    [RIG_ENROLMENT_OTHER_NAME] = "other-name",
};

static const struct {
    unsigned bit;
    const char *name;
} twins[] = {
    {RIG_TWIN_WALKS_PRESENTED, "walks-presented-list"},
    {RIG_TWIN_MATCHES_SUBJECT, "matches-subject"},
    {RIG_TWIN_ROOT_FIRST, "root-first"},
    {RIG_TWIN_IGNORES_DISABLED, "ignores-disabled"},
    {RIG_TWIN_LEAF_ONLY, "leaf-only"},
    {RIG_TWIN_ANY_NAME, "any-name"},
    {RIG_TWIN_NAME_CASE, "ignores-case"},
    {RIG_TWIN_ANY_CA, "trusts-unverified-ca"},
    {RIG_TWIN_DEFAULT_OPEN, "accepts-without-entry"},
};

const char *rig_enrolment_reason_name(enum rig_enrolment_reason reason)
{
    return (unsigned)reason < RIG_ENROLMENT_REASONS ? reason_names[reason] : "unknown";
}

enum rig_enrolment_reason rig_enrolment_reason_of(const char *name)
{
    int at = 0;

    while (at < RIG_ENROLMENT_REASONS && strcmp(reason_names[at], name) != 0) {
        at++;
    }
    return (enum rig_enrolment_reason)at;
}

unsigned rig_enrolment_twin_of(const char *name)
{
    for (size_t i = 0; i < sizeof twins / sizeof twins[0]; i++) {
        if (strcmp(twins[i].name, name) == 0) {
            return twins[i].bit;
        }
    }
    return 0;
}

const char *rig_enrolment_twin_name(unsigned twin)
{
    for (size_t i = 0; i < sizeof twins / sizeof twins[0]; i++) {
        if (twins[i].bit == twin) {
            return twins[i].name;
        }
    }
    return NULL;
}

static bool is_plain(unsigned char c)
{
    return c < 0x80 && (isalnum(c) || (c != '\0' && strchr("-._:", c) != NULL));
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

rig_result rig_enrolment_request(const char *registration_id, const char *nonce,
                                 char line[RIG_ENROLMENT_LINE_SIZE], struct rig_error *err)
{
    const size_t n_id = strlen(registration_id);
    size_t used = strlen(REQUEST);

    if (n_id == 0 || n_id > RIG_ENROLMENT_MAX_ID || nonce[0] == '\0' || strlen(nonce) > 64) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "a registration needs an id of 1 to %d bytes and a nonce of 1 to 64",
                        RIG_ENROLMENT_MAX_ID);
    }
    (void)rig_copy_text(line, used + 1, REQUEST);
    for (size_t i = 0; i < n_id; i++) {
        const unsigned char c = (unsigned char)registration_id[i];

        used += (size_t)snprintf(line + used, 4, is_plain(c) ? "%c" : "%%%02X", c);
    }
    if (used + strlen(NONCE) + strlen(nonce) >= RIG_ENROLMENT_LINE_SIZE) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "the registration id is too long");
    }
    (void)snprintf(line + used, RIG_ENROLMENT_LINE_SIZE - used, NONCE "%s", nonce);
    return RIG_DONE;
}

/* The nonce as a run of `line`, NULL when there is none. */
static const char *find_nonce(const char *line, size_t n_line, size_t *n_nonce)
{
    const char *at = memmem(line, n_line, NONCE, strlen(NONCE));
    const char *nonce = at != NULL ? at + strlen(NONCE) : NULL;

    if (nonce == NULL) {
        return NULL;
    }
    *n_nonce = n_line - (size_t)(nonce - line);
    if (*n_nonce == 0 || *n_nonce > 64) {
        return NULL;
    }
    for (size_t i = 0; i < *n_nonce; i++) {
        if ((unsigned char)nonce[i] >= 0x80 || !isalnum((unsigned char)nonce[i])) {
            return NULL;
        }
    }
    return nonce;
}

bool rig_enrolment_read_request(const char *line, size_t n_line, char id[RIG_ENROLMENT_MAX_ID + 1])
{
    size_t at = strlen(REQUEST);
    size_t n_id = 0;
    size_t n_nonce = 0;
    const char *nonce = find_nonce(line, n_line, &n_nonce);
    const size_t end = nonce != NULL ? (size_t)(nonce - line) - strlen(NONCE) : 0;

    id[0] = '\0';
    if (nonce == NULL || end <= at || memcmp(line, REQUEST, at) != 0) {
        return false;
    }
    while (at < end && n_id < RIG_ENROLMENT_MAX_ID) {
        int byte = (unsigned char)line[at];

        if (byte == '%' && end - at >= 3 && hex_digit(line[at + 1]) >= 0 &&
            hex_digit(line[at + 2]) >= 0) {
            byte = hex_digit(line[at + 1]) * 16 + hex_digit(line[at + 2]);
            at += 3;
        } else if (is_plain((unsigned char)byte)) {
            at++;
        } else {
            break;
        }
        if (byte == 0) {
            break;
        }
        id[n_id++] = (char)byte;
    }
    id[n_id] = '\0';
    if (at != end) {
        id[0] = '\0';
    }
    return id[0] != '\0';
}

rig_result rig_enrolment_walk_text(const struct rig_enrolment_decision *decision,
                                   struct rig_buf *text, struct rig_error *err)
{
    for (size_t i = 0; i < decision->n_visits; i++) {
        const struct rig_enrolment_visit *visit = &decision->visits[i];

        RIG_TRY(rig_buf_printf(text, err, "%2u  %-32s  ", visit->depth, visit->subject));
        if (visit->entry[0] == '\0') {
            RIG_TRY(rig_buf_append_text(text, "no entry", err));
        } else {
            RIG_TRY(
                rig_buf_printf(text, err, "%s \"%s\" (%s): decides",
                               decision->entry_kind == RIG_ENROLMENT_GROUP ? "group" : "individual",
                               visit->entry, visit->entry_enabled ? "enabled" : "disabled"));
        }
        if (visit->verified_ca[0] != '\0') {
            RIG_TRY(rig_buf_printf(text, err, " [verified CA \"%s\"]", visit->verified_ca));
        }
        RIG_TRY(rig_buf_append_text(text, "\n", err));
    }
    if (decision->stale_entry[0] != '\0') {
        RIG_TRY(rig_buf_printf(text, err,
                               "finding: individual \"%s\" (%s) is for %s of this device and did "
                               "not match\n",
                               decision->stale_entry,
                               decision->stale_entry_enabled ? "enabled" : "disabled",
                               decision->stale_by_key ? "another name" : "an earlier certificate"));
    }
    return RIG_DONE;
}
