/* SPDX-License-Identifier: Apache-2.0 */
/* From a CSR to a certificate that was really asked for, once. */
#include "rig/base/json_auto.h"
#include "rig/ca/vault_parts.h"

#include <openssl/pem.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A difference of the end that rounding explains. */
#define END_FUZZ_MS INT64_C(60000)
/* An answer that got lost: how long the server may still be at it before it is asked again. */
#define SECOND_LOOK_NS (2 * RIG_NS_PER_S)
#define MAX_CSR_BYTES 65536

/* One request on its way to a certificate. */
struct signing {
    struct rig_vault_ca *vault;
    const struct rig_ca_request *request;
    const struct rig_ca_vault_role *role;
    struct rig_wait wait;
    int64_t ttl_s; /* 0: the role's own */
    int64_t started_ms;
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    char request_id[64];
    bool asked_twice;
};

static rig_result csr_pem(const struct rig_ca_request *request, struct rig_buf *pem,
                          struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len;

    if (bio == NULL || PEM_write_bio(bio, PEM_STRING_X509_REQ, "", request->csr_der,
                                     (long)request->csr_len) <= 0) {
        return rig_pki_fail_library(err, "encode a CSR");
    }
    len = BIO_get_mem_data(bio, &text);
    return rig_buf_append(pem, text, (size_t)len, err);
}

static rig_result join_names(const char *const *names, struct rig_buf *text, struct rig_error *err)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        RIG_TRY(rig_buf_printf(text, err, "%s%s", i != 0 ? "," : "", names[i]));
    }
    return RIG_DONE;
}

static rig_result add_names(json_t *body, const struct rig_ca_request *request,
                            struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf dns = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf ip = {0};

    RIG_TRY(join_names(request->dns_names, &dns, err));
    RIG_TRY(join_names(request->ip_addresses, &ip, err));
    if ((dns.len != 0 &&
         json_object_set_new(body, "alt_names", json_string(rig_buf_text(&dns))) != 0) ||
        (ip.len != 0 &&
         json_object_set_new(body, "ip_sans", json_string(rig_buf_text(&ip))) != 0)) {
        return rig_fail_memory(err);
    }
    return RIG_DONE;
}

static rig_result make_body(const struct signing *signing, json_t **body, struct rig_error *err)
{
    const struct rig_ca_request *request = signing->request;
    const bool device = request->profile == RIG_PROFILE_DEVICE;
    RIG_AUTO(rig_auto_json_t) json_t *made = json_object();
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    char ttl[32];

    RIG_TRY(csr_pem(request, &pem, err));
    (void)snprintf(ttl, sizeof ttl, "%" PRId64 "s", signing->ttl_s);
    if (made == NULL || json_object_set_new(made, "csr", json_string(rig_buf_text(&pem))) != 0 ||
        (signing->ttl_s != 0 && json_object_set_new(made, "ttl", json_string(ttl)) != 0) ||
        (device && json_object_set_new(made, "exclude_cn_from_sans", json_true()) != 0) ||
        ((!device || signing->vault->name_from_request[RIG_PROFILE_DEVICE]) &&
         json_object_set_new(made, "common_name", json_string(request->common_name)) != 0)) {
        return rig_fail_memory(err);
    }
    if (!device) {
        RIG_TRY(add_names(made, request, err));
    }
    *body = made;
    made = NULL;
    return RIG_DONE;
}

/* By the CA that is known and proven, in almost every case; else over what came along. */
static rig_result find_cas(const struct signing *signing, X509 *leaf, const struct rig_buf *der,
                           const json_t *data, STACK_OF(X509) * *cas, struct rig_error *err)
{
    const struct rig_vault_ca *vault = signing->vault;
    STACK_OF(X509) *known = vault->cas[signing->request->profile];
    X509 *issuer = sk_X509_value(known, 0);
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *chain = NULL;
    RIG_AUTO(rig_auto_X509) X509 *whole = NULL;
    const uint8_t *at = der->data;

    rig_pki_begin();
    if (rig_vault_is_issued_by(leaf, der, issuer)) {
        *cas = X509_chain_up_ref(known);
        return *cas != NULL ? RIG_DONE : rig_fail_memory(err);
    }
    rig_pki_begin();
    if (data != NULL) {
        RIG_TRY(rig_vault_read_chain(data, &chain, err));
    }
    whole = d2i_X509(NULL, &at, (long)der->len);
    if (whole == NULL) {
        return rig_pki_fail_library(err, "decode a certificate again");
    }
    return rig_vault_chain_build(vault, whole, chain, cas, err);
}

static rig_result describe(const struct signing *signing, X509 *leaf,
                           struct rig_ca_certificate *out, struct rig_error *err)
{
    rig_pki_serial_text(X509_get0_serialNumber(leaf), out->serial, sizeof out->serial);
    RIG_TRY(rig_pki_certificate_der(leaf, &out->der, err));
    RIG_TRY(rig_pki_certificate_pem(leaf, &out->leaf_pem, err));
    RIG_TRY(rig_pki_sha256(out->der.data, out->der.len, out->sha256, err));
    RIG_TRY(rig_pki_spki_sha256(X509_get_X509_PUBKEY(leaf), out->spki_sha256, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notBefore(leaf), &out->not_before_ms, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(leaf), &out->not_after_ms, err));
    rig_pki_name_text(X509_get_issuer_name(leaf), out->issuer, sizeof out->issuer);
    (void)rig_copy_text(out->request_id, sizeof out->request_id, signing->request_id);
    (void)rig_copy_text(
        out->accessor, sizeof out->accessor,
        signing->vault->accessors[signing->request->profile == RIG_PROFILE_DEVICE ? 0 : 1]);
    return RIG_DONE;
}

static rig_result join_chain(STACK_OF(X509) * cas, struct rig_ca_certificate *out,
                             struct rig_error *err)
{
    RIG_TRY(rig_buf_append(&out->chain_pem, out->leaf_pem.data, out->leaf_pem.len, err));
    for (int i = 0; i < sk_X509_num(cas) - 1; i++) {
        RIG_TRY(rig_pki_certificate_pem(sk_X509_value(cas, i), &out->chain_pem, err));
    }
    return RIG_DONE;
}

/* What a warning of the server means: a validity that it capped. Others tell of names that a role
 * takes from elsewhere, which the check of the certificate judges. */
static bool tells_of_cap(const json_t *warnings, char *text, size_t text_size)
{
    const json_t *warning;
    size_t i;

    json_array_foreach(warnings, i, warning)
    {
        const char *words = json_is_string(warning) ? json_string_value(warning) : "";

        if (strcasestr(words, "ttl") != NULL || strcasestr(words, "not_after") != NULL ||
            strcasestr(words, "notafter") != NULL) {
            rig_pki_printable((const uint8_t *)words, strlen(words), text, text_size);
            return true;
        }
    }
    return false;
}

static rig_result check_answer(const struct signing *signing, const json_t *warnings,
                               STACK_OF(X509) * cas, const struct rig_ca_certificate *made,
                               struct rig_error *err)
{
    const struct rig_vault_ca *vault = signing->vault;
    STACK_OF(X509) *expected = vault->cas[signing->request->profile];
    const int64_t wanted_ms = signing->request->not_after_ms;
    const bool other_end = wanted_ms != 0 && llabs(made->not_after_ms - wanted_ms) > END_FUZZ_MS;
    char words[160] = "its end is not the one asked for";
    char wanted[RIG_TIME_TEXT_SIZE];
    char got[RIG_TIME_TEXT_SIZE];

    if (tells_of_cap(warnings, words, sizeof words) || other_end) {
        rig_time_text(wanted_ms, wanted);
        rig_time_text(made->not_after_ms, got);
        return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY,
                        "role %s of %s did not grant the ttl of %" PRId64
                        " s (until %s) but %s (\"%s\"): raise its max_ttl and the mount's, or ask "
                        "for less in the suite",
                        signing->role->role, signing->role->mount, signing->ttl_s, wanted, got,
                        words);
    }
    if (X509_cmp(sk_X509_value(cas, 0), sk_X509_value(expected, 0)) != 0) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY,
                        "role %s of %s signs with another CA now than when this run began: start "
                        "again",
                        signing->role->role, signing->role->mount);
    }
    return RIG_DONE;
}

/* A certificate for another key may be another device's, good and in use: it is neither revoked nor
 * handed over, and the matter stays open. */
static rig_result check_is_ours(const struct signing *signing,
                                const struct rig_ca_certificate *made, struct rig_error *err)
{
    if (memcmp(made->spki_sha256, signing->spki_sha256, RIG_SHA256_SIZE) == 0) {
        return RIG_DONE;
    }
    return rig_fail(
        err, RIG_CLASS_CA, RIG_E_PROTOCOL,
        "the server answered with certificate %s for another public key than the CSR's: "
        "nothing was revoked, since it may belong to another device; find out whose it "
        "is, and what stands between this host and %s",
        made->serial, rig_vault_address(signing->vault->station));
}

/* A certificate that exists and must not be used: revoked at once, and handed over as refused. */
static rig_result refuse_issued(const struct signing *signing,
                                struct rig_ca_certificate *certificate, struct rig_error *err)
{
    const struct rig_error why = *err;
    struct rig_error failed;

    certificate->refused = true;
    if (rig_vault_revoke_at(signing->vault, signing->role->mount, certificate->serial,
                            signing->wait, &failed)
            .ok) {
        certificate->revoked = true;
        return rig_fail(err, why.cls, why.code, "%.480s; certificate %s was revoked", why.text,
                        certificate->serial);
    }
    return rig_fail(err, why.cls, why.code,
                    "%.320s; certificate %s exists and could not be revoked (%.120s): revoke it by "
                    "hand (rig ca revoke)",
                    why.text, certificate->serial, failed.text);
}

/* An error with something issued behind it that is not handed over: for rig_ca_issued_for to find,
 * so it must not read as a clear no. */
static rig_result leave_open(struct rig_error *err)
{
    err->code = rig_ca_said_no(err) ? RIG_E_PROTOCOL : err->code;
    return (rig_result){.ok = false};
}

static rig_result judge(const struct signing *signing, X509 *leaf, const json_t *data,
                        const json_t *warnings, struct rig_ca_certificate *certificate,
                        struct rig_error *err)
{
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *cas = NULL;

    RIG_TRY(find_cas(signing, leaf, &certificate->der, data, &cas, err));
    RIG_TRY(check_answer(signing, warnings, cas, certificate, err));
    return join_chain(cas, certificate, err);
}

static rig_result accept(const struct signing *signing, X509 *leaf, const json_t *data,
                         const json_t *warnings, struct rig_ca_certificate *certificate,
                         struct rig_error *err)
{
    if (!describe(signing, leaf, certificate, err).ok) {
        return leave_open(err);
    }
    RIG_TRY(check_is_ours(signing, certificate, err));
    if (!judge(signing, leaf, data, warnings, certificate, err).ok) {
        return refuse_issued(signing, certificate, err);
    }
    return rig_vault_remember(signing->vault, certificate->serial, certificate->spki_sha256, true,
                              err);
}

static rig_result look_for_it(const struct signing *signing, X509 **leaf, struct rig_error *err)
{
    return rig_vault_find_lost(signing->vault, signing->role->mount, signing->spki_sha256,
                               signing->started_ms, signing->ttl_s * 1000, leaf, signing->wait,
                               err);
}

/* After a request that may have been executed: what it left, or the certainty that it left nothing.
 * Who can't look keeps the first error, and the matter stays open. */
static rig_result look_twice(const struct signing *signing, X509 **leaf, struct rig_error *err)
{
    const struct rig_error first = *err;
    struct rig_error failed;
    rig_result looked = look_for_it(signing, leaf, &failed);

    if (looked.ok && *leaf == NULL) {
        looked = rig_wait_pause(signing->wait, SECOND_LOOK_NS, &failed);
        if (looked.ok) {
            looked = look_for_it(signing, leaf, &failed);
        }
    }
    if (!looked.ok) {
        return rig_fail(err, first.cls, first.code,
                        "%.360s; whether it was signed all the same could not be seen (%.180s)",
                        first.text, failed.text);
    }
    return RIG_DONE;
}

static rig_result ask(struct signing *signing, const json_t *body, struct rig_vault_reply *reply,
                      struct rig_error *err)
{
    char path[RIG_VAULT_PATH_SIZE];
    rig_result result;

    rig_vault_ca_path(path, signing->role->mount, "sign/%s", signing->role->role);
    result = rig_vault_call(
        rig_vault_client_of(signing->vault, signing->request->profile),
        &(struct rig_vault_request){.method = RIG_VAULT_POST, .path = path, .body = body}, reply,
        signing->wait, err);
    (void)rig_copy_text(signing->request_id, sizeof signing->request_id, reply->request_id);
    return result;
}

/* The first request may have been late rather than lost: one certificate is enough. */
static rig_result revoke_strays(const struct signing *signing, struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509) X509 *stray = NULL;
    char serial[RIG_SERIAL_TEXT_SIZE];

    RIG_TRY(look_for_it(signing, &stray, err));
    if (stray == NULL) {
        return RIG_DONE;
    }
    rig_pki_serial_text(X509_get0_serialNumber(stray), serial, sizeof serial);
    RIG_TRY_IN(
        rig_vault_revoke_at(signing->vault, signing->role->mount, serial, signing->wait, err), err,
        "certificate %s was signed for the same request", serial);
    return RIG_DONE;
}

static rig_result obtain(struct signing *signing, struct rig_ca_certificate *certificate,
                         struct rig_error *err)
{
    RIG_AUTO(rig_auto_json_t) json_t *body = NULL;

    RIG_TRY(make_body(signing, &body, err));
    for (;;) {
        RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
        RIG_AUTO(rig_auto_X509) X509 *leaf = NULL;
        rig_result result = ask(signing, body, &reply, err);

        if (result.ok && rig_vault_read_keyless(signing->vault, reply.data, &leaf, err).ok) {
            RIG_TRY(accept(signing, leaf, reply.data, reply.warnings, certificate, err));
            return !signing->asked_twice || revoke_strays(signing, err).ok ? RIG_DONE
                                                                           : leave_open(err);
        }
        if (!result.ok && !reply.uncertain) {
            return result;
        }
        RIG_TRY(look_twice(signing, &leaf, err));
        if (leaf != NULL) {
            return accept(signing, leaf, NULL, NULL, certificate, err);
        }
        if (result.ok || signing->asked_twice) {
            return leave_open(err);
        }
        signing->asked_twice = true;
    }
}

/* The server counts from its own clock; the end is meant on ours. */
static int64_t ttl_for(const struct rig_vault_ca *vault, int64_t not_after_ms, int64_t now_ms)
{
    const int64_t off_ms = llabs(vault->health.clock_skew_ms) > vault->health.uncertainty_ms
                               ? vault->health.clock_skew_ms
                               : 0;
    const int64_t ttl_s = (not_after_ms - now_ms - off_ms + 999) / 1000;

    return ttl_s > 0 ? ttl_s : 1;
}

static rig_result check_request(const struct rig_ca_request *request, int64_t now_ms,
                                struct rig_error *err)
{
    if (request->not_before_ms != 0 ||
        (request->not_after_ms != 0 && request->not_after_ms <= now_ms)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "a Vault server backdates no certificate: ask for a short ttl and wait for "
                        "its end");
    }
    if (request->common_name == NULL || request->common_name[0] == '\0') {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID, "a certificate needs a common name");
    }
    if (request->profile == RIG_PROFILE_DEVICE &&
        (request->dns_names != NULL || request->ip_addresses != NULL)) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "a device certificate takes no DNS names or IP addresses");
    }
    return RIG_DONE;
}

/* Of the CSR's SubjectPublicKeyInfo, as its bytes are: version and subject stand before it (RFC
 * 2986 4). The CSR was judged before, by rig_csr_check; the server judges it again. */
static rig_result hash_spki(const struct rig_ca_request *request, uint8_t sha256[RIG_SHA256_SIZE],
                            struct rig_error *err)
{
    const uint8_t *at = request->csr_der;
    const uint8_t *end = at + request->csr_len;
    const uint8_t *whole_end = end;
    const uint8_t *content;
    const uint8_t *next;

    rig_pki_begin();
    if (request->csr_len > MAX_CSR_BYTES ||
        !rig_pki_der_enter(&at, end, V_ASN1_SEQUENCE, &content, &next) || next != whole_end ||
        !rig_pki_der_enter(&content, next, V_ASN1_SEQUENCE, &at, &end) ||
        !rig_pki_der_enter(&at, end, V_ASN1_INTEGER, &content, &next) ||
        !rig_pki_der_enter(&next, end, V_ASN1_SEQUENCE, &content, &at) ||
        !rig_pki_der_enter(&at, end, V_ASN1_SEQUENCE, &content, &next)) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_REFUSED, "the CSR can't be decoded");
    }
    return rig_pki_sha256(at, (size_t)(next - at), sha256, err);
}

rig_result rig_vault_sign(struct rig_ca *ca, const struct rig_ca_request *request,
                          struct rig_ca_certificate *certificate, struct rig_wait wait,
                          struct rig_error *err)
{
    struct rig_vault_ca *vault = rig_vault_ca_of(ca);
    const int64_t now_ms = rig_clock_now_ms(vault->clock);
    struct signing signing = {
        .vault = vault,
        .request = request,
        .role = rig_vault_role_of(vault, request->profile),
        .wait = wait,
        .started_ms = now_ms,
    };

    RIG_TRY(check_request(request, now_ms, err));
    if (request->not_after_ms != 0) {
        signing.ttl_s = ttl_for(vault, request->not_after_ms, now_ms);
    }
    RIG_TRY(hash_spki(request, signing.spki_sha256, err));
    return obtain(&signing, certificate, err);
}
