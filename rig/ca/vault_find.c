/* SPDX-License-Identifier: Apache-2.0 */
/* What the server has issued: by serial, by public key, and what an answer that got lost left. */
#include "rig/ca/vault_parts.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 1000
#define MAX_PAGES 10000
/* How much a certificate may seem older than the request that it answers: whole seconds, and what
 * was measured of the clocks. */
#define FUZZ_MS 2000

/* ---- what is known already ---- */

/* Where the serial is, or belongs. */
static size_t place_of(const struct rig_vault_ca *vault, const char *serial, bool *found)
{
    size_t low = 0;
    size_t high = vault->n_known;

    *found = false;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(vault->known[middle].serial, serial);

        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static rig_result remember_locked(struct rig_vault_ca *vault, const char *serial,
                                  const uint8_t spki_sha256[RIG_SHA256_SIZE], bool ours,
                                  struct rig_error *err)
{
    bool found = false;
    const size_t at = place_of(vault, serial, &found);

    if (found) {
        vault->known[at].ours = vault->known[at].ours || ours;
        return RIG_DONE;
    }
    if (vault->n_known == vault->known_room) {
        const size_t room = vault->known_room != 0 ? vault->known_room * 2 : 256;
        struct rig_vault_known *more = reallocarray(vault->known, room, sizeof *more);

        if (more == NULL) {
            return rig_fail_memory(err);
        }
        vault->known = more;
        vault->known_room = room;
    }
    memmove(&vault->known[at + 1], &vault->known[at], (vault->n_known - at) * sizeof *vault->known);
    vault->n_known++;
    (void)rig_copy_text(vault->known[at].serial, sizeof vault->known[at].serial, serial);
    memcpy(vault->known[at].spki_sha256, spki_sha256, RIG_SHA256_SIZE);
    vault->known[at].ours = ours;
    return RIG_DONE;
}

rig_result rig_vault_remember(struct rig_vault_ca *vault, const char *serial,
                              const uint8_t spki_sha256[RIG_SHA256_SIZE], bool ours,
                              struct rig_error *err)
{
    rig_result result;

    (void)pthread_mutex_lock(&vault->lock);
    result = remember_locked(vault, serial, spki_sha256, ours, err);
    (void)pthread_mutex_unlock(&vault->lock);
    return result;
}

static bool recall(struct rig_vault_ca *vault, const char *serial, struct rig_vault_known *known)
{
    bool found = false;
    size_t at;

    (void)pthread_mutex_lock(&vault->lock);
    at = place_of(vault, serial, &found);
    if (found) {
        *known = vault->known[at];
    }
    (void)pthread_mutex_unlock(&vault->lock);
    return found;
}

/* ---- asking ---- */

rig_result rig_vault_fetch(struct rig_vault_ca *vault, const char *mount, const char *serial,
                           X509 **certificate, bool *revoked, struct rig_wait wait,
                           struct rig_error *err)
{
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *found = NULL;
    char colons[RIG_VAULT_SERIAL_SIZE];
    char path[RIG_VAULT_PATH_SIZE];

    if (!rig_vault_serial_colons(serial, colons)) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_NOT_FOUND,
                        "no certificate has the serial number '%.60s'", serial);
    }
    rig_vault_ca_path(path, mount, "cert/%s", colons);
    if (!rig_vault_call(vault->station,
                        &(struct rig_vault_request){.path = path, .anonymous = true}, &reply, wait,
                        err)
             .ok) {
        if (reply.fault == RIG_VAULT_FAULT_NOT_FOUND) {
            return rig_fail(err, RIG_CLASS_CA, RIG_E_NOT_FOUND,
                            "%s at %s issued no certificate %.60s", mount,
                            rig_vault_address(vault->station), serial);
        }
        return (rig_result){.ok = false};
    }
    *revoked = json_integer_value(json_object_get(reply.data, "revocation_time")) != 0;
    if (certificate == NULL) {
        return RIG_DONE;
    }
    if (!rig_pki_certificates_of_pem(rig_vault_json_text(reply.data, "certificate"), path, &found,
                                     err)
             .ok) {
        err->cls = RIG_CLASS_CA;
        return (rig_result){.ok = false};
    }
    *certificate = sk_X509_shift(found);
    return RIG_DONE;
}

struct listing {
    struct rig_vault_ca *vault;
    const char *mount;
    struct rig_wait wait;
    const uint8_t *spki_sha256;
    int64_t since_ms; /* of a certificate's not_before, where the server tells; 0: any */
    bool (*wants)(const struct listing *listing, const struct rig_vault_known *known);
    rig_result (*each)(struct listing *listing, const char *serial, struct rig_error *err);
    void *ctx;
};

/* "2026-11-21T23:26:41Z"; true also for what can't be read: then the certificate itself tells. */
static bool begins_since(const json_t *info, const char *colons, int64_t since_ms)
{
    const char *text = rig_vault_json_text(json_object_get(info, colons), "not_before");
    char digits[16] = "";
    size_t n = 0;
    RIG_AUTO(rig_auto_ASN1_TIME) ASN1_TIME *time = ASN1_TIME_new();
    struct rig_error ignored;
    int64_t at_ms = 0;

    for (const char *at = text; *at != '\0' && n < 14; at++) {
        if (*at >= '0' && *at <= '9') {
            digits[n++] = *at;
        }
    }
    digits[n] = 'Z';
    if (n != 14 || time == NULL || ASN1_TIME_set_string_X509(time, digits) != 1 ||
        !rig_pki_time_get(time, &at_ms, &ignored).ok) {
        rig_pki_begin();
        return true;
    }
    return at_ms >= since_ms;
}

static rig_result learn(struct listing *listing, const char *serial, struct rig_vault_known *known,
                        struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509) X509 *certificate = NULL;
    bool revoked = false;

    memset(known, 0, sizeof *known);
    (void)rig_copy_text(known->serial, sizeof known->serial, serial);
    RIG_TRY(rig_vault_fetch(listing->vault, listing->mount, serial, &certificate, &revoked,
                            listing->wait, err));
    RIG_TRY(rig_pki_spki_sha256(X509_get_X509_PUBKEY(certificate), known->spki_sha256, err));
    return rig_vault_remember(listing->vault, serial, known->spki_sha256, false, err);
}

static rig_result go_over(struct listing *listing, const json_t *data, struct rig_error *err)
{
    const json_t *info = json_object_get(data, "key_info");
    size_t i;
    const json_t *key;

    json_array_foreach(json_object_get(data, "keys"), i, key)
    {
        const char *colons = json_is_string(key) ? json_string_value(key) : "";
        struct rig_vault_known known;
        char serial[RIG_SERIAL_TEXT_SIZE];

        if (!rig_pki_serial_plain(colons, serial)) {
            continue;
        }
        if (!recall(listing->vault, serial, &known)) {
            if (listing->since_ms != 0 && !begins_since(info, colons, listing->since_ms)) {
                continue;
            }
            if (!learn(listing, serial, &known, err).ok) {
                if (err->code == RIG_E_NOT_FOUND) {
                    continue; /* tidied away in between */
                }
                return (rig_result){.ok = false};
            }
        }
        if (memcmp(known.spki_sha256, listing->spki_sha256, RIG_SHA256_SIZE) == 0 &&
            (listing->wants == NULL || listing->wants(listing, &known))) {
            RIG_TRY(listing->each(listing, serial, err));
        }
    }
    return RIG_DONE;
}

/* With times where the server has them (OpenBao), else serials alone. */
static rig_result list_page(struct listing *listing, bool *detailed, const char *after,
                            struct rig_vault_reply *reply, struct rig_wait wait,
                            struct rig_error *err)
{
    char path[RIG_VAULT_PATH_SIZE];
    rig_result result;

    for (;;) {
        rig_vault_ca_path(path, listing->mount, "certs%s?limit=%d%s%s",
                          *detailed ? "/detailed" : "", PAGE, after[0] != '\0' ? "&after=" : "",
                          after);
        result = rig_vault_call(listing->vault->qa,
                                &(struct rig_vault_request){.method = RIG_VAULT_LIST, .path = path},
                                reply, wait, err);
        if (result.ok || reply->fault == RIG_VAULT_FAULT_NOT_FOUND) {
            return RIG_DONE; /* an empty list is a 404 */
        }
        if (!*detailed ||
            (reply->fault != RIG_VAULT_FAULT_DENIED && reply->fault != RIG_VAULT_FAULT_NO_ROUTE &&
             reply->fault != RIG_VAULT_FAULT_BAD_REQUEST)) {
            return result;
        }
        *detailed = false;
        rig_vault_reply_free(reply);
    }
}

static rig_result list(struct listing *listing, struct rig_error *err)
{
    bool detailed = listing->since_ms != 0;
    char after[RIG_VAULT_SERIAL_SIZE] = "";

    for (size_t page = 0; page < MAX_PAGES; page++) {
        RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
        const json_t *keys;
        const char *last;
        size_t n;

        RIG_TRY_IN(list_page(listing, &detailed, after, &reply, listing->wait, err), err,
                   "listing what %s issued", listing->mount);
        keys = json_object_get(reply.data, "keys");
        n = json_array_size(keys);
        RIG_TRY(go_over(listing, reply.data, err));
        if (n != PAGE) { /* the last page, or a server that knows no pages */
            return RIG_DONE;
        }
        last = json_string_value(json_array_get(keys, n - 1));
        if (last == NULL || strcmp(last, after) <= 0 || !rig_copy_text(after, sizeof after, last)) {
            return RIG_DONE;
        }
    }
    return RIG_DONE;
}

/* ---- by public key ---- */

struct matches {
    size_t n;
    size_t room;
    char (*serials)[RIG_SERIAL_TEXT_SIZE];
};

static void free_matches(struct matches *matches)
{
    free(matches->serials);
    matches->serials = NULL;
}

static rig_result add_match(struct listing *listing, const char *serial, struct rig_error *err)
{
    struct matches *matches = listing->ctx;

    if (matches->n == matches->room) {
        const size_t room = matches->room != 0 ? matches->room * 2 : 8;
        void *more = reallocarray(matches->serials, room, sizeof *matches->serials);

        if (more == NULL) {
            return rig_fail_memory(err);
        }
        matches->serials = more;
        matches->room = room;
    }
    memcpy(matches->serials[matches->n++], serial, RIG_SERIAL_TEXT_SIZE);
    return RIG_DONE;
}

rig_result rig_vault_issued_for(struct rig_ca *ca, const uint8_t spki_sha256[RIG_SHA256_SIZE],
                                rig_result (*each)(void *ctx, const char *serial, bool revoked,
                                                   const struct rig_buf *der,
                                                   struct rig_error *err),
                                void *ctx, struct rig_wait wait, struct rig_error *err)
{
    struct rig_vault_ca *vault = rig_vault_ca_of(ca);
    RIG_AUTO(free_matches) struct matches matches = {0};
    struct listing listing = {.vault = vault,
                              .mount = vault->config.device.mount,
                              .wait = wait,
                              .spki_sha256 = spki_sha256,
                              .each = add_match,
                              .ctx = &matches};

    RIG_TRY(list(&listing, err));
    for (size_t i = 0; i < matches.n; i++) {
        RIG_AUTO(rig_auto_X509) X509 *certificate = NULL;
        RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
        bool revoked = false;

        RIG_TRY(rig_vault_fetch(vault, listing.mount, matches.serials[i], &certificate, &revoked,
                                wait, err));
        RIG_TRY(rig_pki_certificate_der(certificate, &der, err));
        RIG_TRY(each(ctx, matches.serials[i], revoked, &der, err));
    }
    return RIG_DONE;
}

rig_result rig_vault_find(struct rig_ca *ca, const char *serial, bool *known, struct rig_wait wait,
                          struct rig_error *err)
{
    struct rig_vault_ca *vault = rig_vault_ca_of(ca);
    bool revoked = false;
    const rig_result result =
        rig_vault_fetch(vault, vault->config.device.mount, serial, NULL, &revoked, wait, err);

    *known = result.ok;
    return !result.ok && err->code == RIG_E_NOT_FOUND ? RIG_DONE : result;
}

/* ---- what a lost answer left ---- */

struct lost {
    int64_t since_ms; /* on the server's clock */
    int64_t ttl_ms;
    int64_t newest_ms;
    X509 *certificate;
};

static bool is_not_ours(const struct listing *listing, const struct rig_vault_known *known)
{
    (void)listing;
    return !known->ours;
}

static rig_result keep_newest(struct listing *listing, const char *serial, struct rig_error *err)
{
    struct lost *lost = listing->ctx;
    RIG_AUTO(rig_auto_X509) X509 *certificate = NULL;
    bool revoked = false;
    int64_t issued_ms = 0;

    RIG_TRY(rig_vault_fetch(listing->vault, listing->mount, serial, &certificate, &revoked,
                            listing->wait, err));
    /* when it was signed: its end, less the ttl that was asked for; its beginning is backdated */
    RIG_TRY(rig_pki_time_get(lost->ttl_ms != 0 ? X509_get0_notAfter(certificate)
                                               : X509_get0_notBefore(certificate),
                             &issued_ms, err));
    issued_ms -= lost->ttl_ms;
    if (!revoked && issued_ms >= lost->since_ms - FUZZ_MS && issued_ms >= lost->newest_ms) {
        X509_free(lost->certificate);
        lost->certificate = certificate;
        lost->newest_ms = issued_ms;
        certificate = NULL;
    }
    return RIG_DONE;
}

rig_result rig_vault_find_lost(struct rig_vault_ca *vault, const char *mount,
                               const uint8_t spki_sha256[RIG_SHA256_SIZE], int64_t since_ms,
                               int64_t ttl_ms, X509 **certificate, struct rig_wait wait,
                               struct rig_error *err)
{
    /* a role may backdate the beginning by not_before_duration: a day covers any sane one */
    const int64_t backdated_ms = INT64_C(24) * 3600 * 1000;
    struct lost lost = {.since_ms =
                            since_ms + vault->health.clock_skew_ms - vault->health.uncertainty_ms,
                        .ttl_ms = ttl_ms};
    struct listing listing = {.vault = vault,
                              .mount = mount,
                              .wait = wait,
                              .spki_sha256 = spki_sha256,
                              .since_ms = since_ms - backdated_ms,
                              .wants = is_not_ours,
                              .each = keep_newest,
                              .ctx = &lost};
    rig_result result;

    *certificate = NULL;
    result = list(&listing, err);
    if (!result.ok) {
        X509_free(lost.certificate);
        return result;
    }
    *certificate = lost.certificate;
    return RIG_DONE;
}
