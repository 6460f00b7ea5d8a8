/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of values in fixture files. */
#include "rig/suite/fixtures_tables.h"

#include <openssl/objects.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define N_OF(table) (sizeof(table) / sizeof((table)[0]))
#define SECOND_MS INT64_C(1000)
#define MAX_YEARS INT64_C(7900)

/* "2020-01-01", midnight UTC */
static bool parse_date(const char *text, struct rig_pki_time *out)
{
    struct tm parts = {0};
    const char *end;
    char again[16];

    if (strlen(text) != strlen("2020-01-01")) {
        return false;
    }
    end = strptime(text, "%Y-%m-%d", &parts);
    if (end == NULL || *end != '\0' || parts.tm_year < 70) {
        return false;
    }
    const time_t seconds = timegm(&parts);
    /* timegm takes the 31st of February for the 2nd of March */
    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(again, sizeof again, "%Y-%m-%d", &parts) == 0 || strcmp(again, text) != 0) {
        return false;
    }
    *out = (struct rig_pki_time){RIG_PKI_TIME_ABSOLUTE, (int64_t)seconds * SECOND_MS};
    return true;
}

bool rig_fixture_time_parse(const char *text, struct rig_pki_time *time)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"s", SECOND_MS},
                 {"m", 60 * SECOND_MS},
                 {"h", 3600 * SECOND_MS},
                 {"d", 86400 * SECOND_MS},
                 {"y", 365 * 86400 * SECOND_MS}};
    int64_t value;
    size_t n;

    if (text[0] != '-' && text[0] != '+') {
        return parse_date(text, time);
    }
    n = rig_yaml_parse_digits(text + 1, &value);
    if (n == 0 || n > 9) {
        return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text + 1 + n, units[i].unit) == 0 &&
            value <= MAX_YEARS * 365 * 86400 * SECOND_MS / units[i].ms) {
            const int64_t ms = value * units[i].ms;
            *time = (struct rig_pki_time){RIG_PKI_TIME_RELATIVE, text[0] == '-' ? -ms : ms};
            return true;
        }
    }
    return false;
}

static bool is_address(const char *text)
{
    uint8_t bytes[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* "10.0.0.0/8" */
static bool is_network(const char *text)
{
    const char *slash = strchr(text, '/');
    char address[INET6_ADDRSTRLEN];
    int64_t prefix;
    size_t n;

    if (slash == NULL || (size_t)(slash - text) >= sizeof address) {
        return false;
    }
    memcpy(address, text, (size_t)(slash - text));
    address[slash - text] = '\0';
    n = rig_yaml_parse_digits(slash + 1, &prefix);
    return n > 0 && slash[1 + n] == '\0' && is_address(address) &&
           prefix <= (strchr(address, ':') != NULL ? 128 : 32);
}

bool rig_fixture_alt_name_parse(const char *text, bool constraint, struct rig_pki_alt_name *name)
{
    static const struct {
        const char *prefix;
        enum rig_pki_name_type type;
    } types[] = {{"dns:", RIG_PKI_DNS},
                 {"ip:", RIG_PKI_IP},
                 {"email:", RIG_PKI_EMAIL},
                 {"uri:", RIG_PKI_URI}};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const size_t n = strlen(types[i].prefix);

        if (strncmp(text, types[i].prefix, n) != 0) {
            continue;
        }
        name->type = types[i].type;
        if (types[i].type == RIG_PKI_IP &&
            !(constraint ? is_network(text + n) : is_address(text + n))) {
            return false;
        }
        return text[n] != '\0' && rig_copy_text(name->value, sizeof name->value, text + n);
    }
    return false;
}

/* NULL when braces hold nothing but placeholders. */
const char *rig_fixture_check_pattern(const char *text)
{
    static const char *const words[] = {"{name}", "{NAME}", "{domain}", "{parent}", "{initial}"};

    for (const char *at = text; (at = strpbrk(at, "{}")) != NULL;) {
        size_t i = 0;

        while (i < N_OF(words) && strncmp(at, words[i], strlen(words[i])) != 0) {
            i++;
        }
        if (i == N_OF(words)) {
            return "no braces but {name}, {NAME}, {domain}, {parent} and {initial}";
        }
        at += strlen(words[i]);
    }
    return NULL;
}

static const char purpose_form[] =
    "clientAuth, serverAuth, codeSigning, emailProtection, timeStamping, OCSPSigning, "
    "anyExtendedKeyUsage or an object identifier";

const char *rig_fixture_check_oid(const char *text)
{
    ASN1_OBJECT *object = text[0] >= '0' && text[0] <= '2' ? OBJ_txt2obj(text, 1) : NULL;
    const bool good = object != NULL && strspn(text, "0123456789.") == strlen(text);

    ASN1_OBJECT_free(object);
    return good ? NULL : "an object identifier such as 1.3.6.1.4.1.55555.1";
}

const char *rig_fixture_check_purpose(const char *text)
{
    static const char *const words[] = {"clientAuth",         "serverAuth",   "codeSigning",
                                        "emailProtection",    "timeStamping", "OCSPSigning",
                                        "anyExtendedKeyUsage"};

    for (size_t i = 0; i < N_OF(words); i++) {
        if (strcmp(text, words[i]) == 0) {
            return NULL;
        }
    }
    return rig_fixture_check_oid(text) == NULL ? NULL : purpose_form;
}

const char *rig_fixture_check_serial(const char *text)
{
    const size_t n = strlen(text);

    if (n >= 2 && n % 2 == 0 && strspn(text, "0123456789abcdef") == n && text[0] < '8') {
        return NULL;
    }
    return "an even number of lower-case hex digits, the first of them 0 to 7 (in quotes), such as "
           "\"0a1b\"";
}
