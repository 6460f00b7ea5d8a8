/* SPDX-License-Identifier: Apache-2.0 */
/* One mount's CA: issuer, chain, CRLs, addresses in certificates. */
#include "rig/base/file.h"
#include "rig/ca/pki.h"
#include "rig/vaultadmin/examine.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS (INT64_C(86400) * 1000)
#define ISSUER_WARN_MS (180 * DAY_MS)
#define CRL_WARN_MS DAY_MS
#define PARENT_CRL_WARN_MS (30 * DAY_MS)
#define MAX_FILE_BYTES 1048576

struct ca {
    struct rig_examination *at;
    const char *mount;
    char issuer_path[RIG_ADMIN_PATH_SIZE];
    int64_t ttl_s;
    json_t *issuer;
    STACK_OF(X509) * chain; /* the issuer first */
};

static void free_ca(struct ca *ca)
{
    rig_auto_json(&ca->issuer);
    rig_pki_free_certificates(&ca->chain);
}

static int64_t now_ms(const struct ca *ca)
{
    return rig_clock_now_ms(ca->at->doctor->clock);
}

static const char *day_text(int64_t unix_ms, char out[RIG_TIME_TEXT_SIZE])
{
    rig_time_text(unix_ms, out);
    out[10] = '\0';
    return out;
}

/* Issuer -------------------------------------------------------------------------------------- */

static rig_result read_issuer(struct ca *ca, bool *there, struct rig_error *err)
{
    static const struct rig_finding_words none = {RIG_VAULT_CRITICAL, "no-issuer",
                                                  "nothing can be signed"};
    RIG_AUTO(rig_auto_json) json_t *config = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    char path[RIG_ADMIN_PATH_SIZE];
    const json_t *list;
    bool seen = false;

    *there = false;
    RIG_TRY(rig_admin_path(path, err, "%s/config/issuers", ca->mount));
    RIG_TRY(rig_examine_look(ca->at, path, &config, &seen, err));
    if (!seen) {
        return RIG_DONE;
    }
    if (rig_admin_text(config, "default", "")[0] == '\0') {
        return rig_finding_add(ca->at->findings, &none, ca->mount, "the mount has no CA",
                               "rig vault setup, or import one: bao write MOUNT/config/ca "
                               "pem_bundle=@FILE",
                               err);
    }
    RIG_TRY(rig_admin_path(ca->issuer_path, err, "%s/issuer/%s", ca->mount,
                           rig_admin_text(config, "default", "")));
    RIG_TRY(rig_examine_look(ca->at, ca->issuer_path, &ca->issuer, &seen, err));
    if (!seen || ca->issuer == NULL) {
        return RIG_DONE;
    }
    list = json_object_get(ca->issuer, "ca_chain");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *one = json_string_value(json_array_get(list, i));
        RIG_TRY(rig_buf_append_text(&pem, one != NULL ? one : "", err));
    }
    RIG_TRY(rig_pki_certificates_of_pem(rig_buf_text(&pem), ca->issuer_path, &ca->chain, err));
    *there = true;
    return RIG_DONE;
}

static rig_result judge_end(const struct ca *ca, struct rig_error *err)
{
    static const struct rig_finding_words ended = {RIG_VAULT_CRITICAL, "issuer-ended",
                                                   "every certificate that it signed is refused"};
    static const struct rig_finding_words short_lived = {
        RIG_VAULT_CRITICAL, "issuer-too-short",
        "signing is refused (a certificate can't outlive its issuer): production stands still"};
    static const struct rig_finding_words soon = {
        RIG_VAULT_WARNING, "issuer-ends-soon",
        "from that day on signing is refused: production stands still"};
    static const char renew[] = "have a new CA certificate signed now and make it the default: bao "
                                "write MOUNT/intermediate/generate/internal ..., set-signed, "
                                "config/issuers default=NEW";
    int64_t end_ms = 0;
    int64_t last_ms;
    char end[RIG_TIME_TEXT_SIZE];
    char last[RIG_TIME_TEXT_SIZE];

    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(sk_X509_value(ca->chain, 0)), &end_ms, err));
    last_ms = end_ms - ca->ttl_s * 1000;
    (void)day_text(end_ms, end);
    (void)day_text(last_ms, last);
    if (end_ms <= now_ms(ca)) {
        return rig_finding_addf(ca->at->findings, &ended, ca->issuer_path, renew, err,
                                "the CA's certificate ended on %s", end);
    }
    if (last_ms <= now_ms(ca)) {
        return rig_finding_addf(ca->at->findings, &short_lived, ca->issuer_path, renew, err,
                                "the CA ends on %s: since %s it can't give the %" PRId64
                                " days of its role any more",
                                end, last, ca->ttl_s * 1000 / DAY_MS);
    }
    if (last_ms - now_ms(ca) < ISSUER_WARN_MS) {
        return rig_finding_addf(ca->at->findings, &soon, ca->issuer_path, renew, err,
                                "the CA ends on %s: from %s on it can't give the %" PRId64
                                " days of its role any more",
                                end, last, ca->ttl_s * 1000 / DAY_MS);
    }
    return RIG_DONE;
}

static rig_result judge_behavior(const struct ca *ca, struct rig_error *err)
{
    static const struct rig_finding_words words = {
        RIG_VAULT_WARNING, "issuer-bends-lifetimes",
        "certificates that are shorter than asked for, or that outlive their CA, and no error"};
    const char *behavior = rig_admin_text(ca->issuer, "leaf_not_after_behavior", "err");
    char remedy[RIG_ADMIN_PATH_SIZE + 64];

    if (strcmp(behavior, "err") == 0) {
        return RIG_DONE;
    }
    (void)snprintf(remedy, sizeof remedy, "bao patch %s leaf_not_after_behavior=err",
                   ca->issuer_path);
    return rig_finding_addf(ca->at->findings, &words, ca->issuer_path, remedy, err,
                            "leaf_not_after_behavior is %s", behavior);
}

/* Chain --------------------------------------------------------------------------------------- */

static rig_result read_file_root(const struct ca *ca, X509 **root, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *found = NULL;
    const char *file = ca->at->doctor->root_file;

    if (file == NULL) {
        return RIG_DONE;
    }
    RIG_TRY(rig_file_read(file, MAX_FILE_BYTES, &pem, err));
    RIG_TRY(rig_pki_certificates_of_pem(rig_buf_text(&pem), file, &found, err));
    *root = sk_X509_shift(found);
    return RIG_DONE;
}

static rig_result judge_chain(const struct ca *ca, struct rig_error *err)
{
    static const struct rig_finding_words cut = {
        RIG_VAULT_WARNING, "chain-without-root",
        "who takes the chain from an answer has no root in it, and boards are given chains that "
        "end too early"};
    static const struct rig_finding_words other = {
        RIG_VAULT_CRITICAL, "other-root",
        "boards and servers that trust the known root refuse all that this CA signs"};
    static const struct rig_finding_words root_signs = {
        RIG_VAULT_WARNING, "root-signs",
        "a mistake or a theft on the server can't be undone: every board has this root for ever"};
    RIG_AUTO(rig_auto_X509) X509 *root = NULL;
    X509 *top = sk_X509_value(ca->chain, sk_X509_num(ca->chain) - 1);
    const bool ends = rig_pki_is_self_signed(top);
    char remedy[RIG_ADMIN_PATH_SIZE + 64];

    RIG_TRY(read_file_root(ca, &root, err));
    if (!ends) {
        (void)snprintf(remedy, sizeof remedy,
                       "bao write %s/issuers/import/cert pem_bundle=@root.pem", ca->mount);
        RIG_TRY(rig_finding_add(ca->at->findings, &cut, ca->issuer_path,
                                "ca_chain does not reach a root", remedy, err));
    }
    if (ends && sk_X509_num(ca->chain) == 1) {
        RIG_TRY(rig_finding_add(ca->at->findings, &root_signs, ca->issuer_path,
                                "the mount signs with a root, not with a CA below one",
                                "an intermediate CA in a mount of its own, the root offline: rig "
                                "vault setup",
                                err));
    }
    if (root != NULL && X509_cmp(root, top) != 0 &&
        (ends || X509_verify(top, X509_get0_pubkey(root)) != 1)) {
        RIG_TRY(rig_finding_addf(ca->at->findings, &other, ca->issuer_path,
                                 "the right root in ca.yaml, or the right mount", err,
                                 "the chain does not lead to the root of %s",
                                 ca->at->doctor->root_file));
    }
    return RIG_DONE;
}

/* CRLs ---------------------------------------------------------------------------------------- */

static rig_result crl_end(const X509_CRL *crl, int64_t *end_ms, struct rig_error *err)
{
    *end_ms = INT64_MAX;
    return X509_CRL_get0_nextUpdate(crl) != NULL
               ? rig_pki_time_get(X509_CRL_get0_nextUpdate(crl), end_ms, err)
               : RIG_DONE;
}

static rig_result judge_crl(const struct ca *ca, bool auto_rebuild, struct rig_error *err)
{
    static const struct rig_finding_words missing = {RIG_VAULT_CRITICAL, "no-crl",
                                                     "servers that check CRLs refuse every board"};
    static const struct rig_finding_words lapsed = {
        RIG_VAULT_CRITICAL, "crl-lapsed", "servers that check CRLs refuse every board, now"};
    static const struct rig_finding_words soon = {
        RIG_VAULT_CRITICAL, "crl-lapses-soon",
        "from then on servers that check CRLs refuse every board"};
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
    RIG_AUTO(rig_auto_X509_CRL) X509_CRL *crl = NULL;
    char path[RIG_ADMIN_PATH_SIZE];
    char remedy[RIG_ADMIN_PATH_SIZE + 32];
    char end[RIG_TIME_TEXT_SIZE];
    int64_t end_ms = 0;

    /* not the issuer's own path: a server without a CRL calls that an internal error */
    RIG_TRY(rig_admin_path(path, err, "%s/crl/pem", ca->mount));
    (void)snprintf(remedy, sizeof remedy, "bao read %s/crl/rotate", ca->mount);
    RIG_TRY(
        rig_vault_call(ca->at->api.vault,
                       &(struct rig_vault_request){
                           .method = RIG_VAULT_GET, .path = path, .anonymous = true, .raw = true},
                       &reply, ca->at->api.wait, err));
    crl = rig_pki_crl_of(reply.raw.data, reply.raw.len);
    if (crl == NULL) {
        return rig_finding_add(ca->at->findings, &missing, path, "the CA has no CRL", remedy, err);
    }
    RIG_TRY(crl_end(crl, &end_ms, err));
    rig_time_text(end_ms, end);
    if (end_ms <= now_ms(ca)) {
        return rig_finding_addf(ca->at->findings, &lapsed, path, remedy, err,
                                "the CRL lapsed at %s", end);
    }
    if (end_ms - now_ms(ca) < CRL_WARN_MS && !auto_rebuild) {
        return rig_finding_addf(ca->at->findings, &soon, path, remedy, err,
                                "the CRL lapses at %s, and nothing builds a new one", end);
    }
    return RIG_DONE;
}

static rig_result judge_crl_config(const struct ca *ca, bool *auto_rebuild, struct rig_error *err)
{
    static const struct rig_finding_words disabled = {RIG_VAULT_CRITICAL, "crl-disabled",
                                                      "a revoked board goes on being let in"};
    static const struct rig_finding_words by_hand = {
        RIG_VAULT_WARNING, "crl-not-rebuilt",
        "when nobody revokes for that long, the CRL lapses and servers refuse the whole fleet"};
    static const struct rig_finding_words no_ocsp = {RIG_VAULT_NOTE, "ocsp-disabled",
                                                     "who asks OCSP gets no answer"};
    RIG_AUTO(rig_auto_json) json_t *config = NULL;
    char path[RIG_ADMIN_PATH_SIZE];
    char remedy[RIG_ADMIN_PATH_SIZE + 64];
    bool seen = false;

    RIG_TRY(rig_admin_path(path, err, "%s/config/crl", ca->mount));
    RIG_TRY(rig_examine_look(ca->at, path, &config, &seen, err));
    *auto_rebuild = !seen || rig_admin_flag(config, "auto_rebuild", false);
    if (!seen) {
        return RIG_DONE;
    }
    if (rig_admin_flag(config, "disable", false)) {
        (void)snprintf(remedy, sizeof remedy, "bao write %s disable=false", path);
        RIG_TRY(rig_finding_add(ca->at->findings, &disabled, path, "CRLs are switched off", remedy,
                                err));
    }
    if (!*auto_rebuild) {
        (void)snprintf(remedy, sizeof remedy, "bao write %s auto_rebuild=true", path);
        RIG_TRY(rig_finding_addf(ca->at->findings, &by_hand, path, remedy, err,
                                 "auto_rebuild is off: a new CRL is built at a revocation only, "
                                 "and each is good for %s",
                                 rig_admin_text(config, "expiry", "72h")));
    }
    if (rig_admin_flag(config, "ocsp_disable", false)) {
        (void)snprintf(remedy, sizeof remedy, "bao write %s ocsp_disable=false", path);
        RIG_TRY(
            rig_finding_add(ca->at->findings, &no_ocsp, path, "OCSP is switched off", remedy, err));
    }
    return RIG_DONE;
}

/* The CRLs of the CAs above, which this mount does not make ------------------------------------ */

static rig_result find_parent_crl(const struct ca *ca, X509 *parent, int64_t *end_ms,
                                  struct rig_error *err)
{
    *end_ms = 0;
    for (size_t i = 0; i < ca->at->doctor->n_crl_files; i++) {
        const char *file = ca->at->doctor->crl_files[i];
        RIG_AUTO(rig_buf_free) struct rig_buf bytes = {0};
        RIG_AUTO(rig_auto_X509_CRL) X509_CRL *crl = NULL;
        int64_t this_end_ms = 0;

        RIG_TRY(rig_file_read(file, MAX_FILE_BYTES, &bytes, err));
        crl = rig_pki_crl_of(bytes.data, bytes.len);
        if (crl == NULL) {
            return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                            "'%s' is not a CRL (PEM or DER): take it out of ca.yaml's crls", file);
        }
        if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(parent)) == 0 &&
            X509_CRL_verify(crl, X509_get0_pubkey(parent)) == 1) {
            RIG_TRY(crl_end(crl, &this_end_ms, err));
            *end_ms = this_end_ms > *end_ms ? this_end_ms : *end_ms;
        }
    }
    rig_pki_begin();
    return RIG_DONE;
}

static rig_result judge_parent(const struct ca *ca, X509 *parent, struct rig_error *err)
{
    static const struct rig_finding_words missing = {
        RIG_VAULT_WARNING, "parent-crl-missing",
        "servers that want a CRL of every CA in the chain (nginx ssl_crl) refuse every board"};
    static const struct rig_finding_words lapsed = {
        RIG_VAULT_CRITICAL, "parent-crl-lapsed", "servers that check CRLs refuse every board, now"};
    static const struct rig_finding_words soon = {
        RIG_VAULT_WARNING, "parent-crl-lapses-soon",
        "from then on servers that check CRLs refuse every board"};
    static const char remedy[] = "have that CA make a new CRL and name its file in ca.yaml's crls "
                                 "(a root of rig vault setup: run it again with the root's folder)";
    char name[RIG_PKI_TEXT_SIZE];
    char end[RIG_TIME_TEXT_SIZE];
    int64_t end_ms = 0;

    rig_pki_name_text(X509_get_subject_name(parent), name, sizeof name);
    RIG_TRY(find_parent_crl(ca, parent, &end_ms, err));
    if (end_ms == 0) {
        return rig_finding_addf(ca->at->findings, &missing, ca->mount, remedy, err,
                                "no CRL of '%s', which signed this CA, is at hand", name);
    }
    if (end_ms == INT64_MAX || end_ms - now_ms(ca) > PARENT_CRL_WARN_MS) {
        return RIG_DONE;
    }
    (void)day_text(end_ms, end);
    return rig_finding_addf(ca->at->findings, end_ms <= now_ms(ca) ? &lapsed : &soon, ca->mount,
                            remedy, err, "the CRL of '%s' ends on %s", name, end);
}

/* Addresses in certificates ------------------------------------------------------------------- */

static rig_result judge_urls(const struct ca *ca, struct rig_error *err)
{
    static const struct rig_finding_words words = {
        RIG_VAULT_WARNING, "no-urls",
        "who holds a certificate can't find out whether it is revoked; what is signed until this "
        "is mended stays so"};
    static const char *const keys[] = {"issuing_certificates", "crl_distribution_points",
                                       "ocsp_servers"};
    RIG_AUTO(rig_auto_json) json_t *urls = NULL;
    char path[RIG_ADMIN_PATH_SIZE];
    char missing[128] = "";
    bool seen = false;

    RIG_TRY(rig_admin_path(path, err, "%s/config/urls", ca->mount));
    RIG_TRY(rig_examine_look(ca->at, path, &urls, &seen, err));
    for (size_t i = 0; seen && i < sizeof keys / sizeof *keys; i++) {
        const size_t used = strlen(missing);

        if (json_array_size(json_object_get(urls, keys[i])) == 0 &&
            json_array_size(json_object_get(ca->issuer, keys[i])) == 0) {
            (void)snprintf(missing + used, sizeof missing - used, "%s%s", used != 0 ? ", " : "",
                           keys[i]);
        }
    }
    if (missing[0] == '\0') {
        return RIG_DONE;
    }
    return rig_finding_addf(ca->at->findings, &words, path,
                            "rig vault setup, or: bao write MOUNT/config/urls "
                            "issuing_certificates=URL crl_distribution_points=URL "
                            "ocsp_servers=URL, before the next board is signed",
                            err, "certificates don't say where to ask: no %s", missing);
}

rig_result rig_examine_ca(struct rig_examination *examination, const char *mount, int64_t ttl_s,
                          struct rig_error *err)
{
    RIG_AUTO(free_ca) struct ca ca = {.at = examination, .mount = mount, .ttl_s = ttl_s};
    bool auto_rebuild = false;
    bool there = false;

    RIG_TRY(read_issuer(&ca, &there, err));
    if (!there) {
        return RIG_DONE;
    }
    RIG_TRY(judge_end(&ca, err));
    RIG_TRY(judge_behavior(&ca, err));
    RIG_TRY(judge_chain(&ca, err));
    RIG_TRY(judge_crl_config(&ca, &auto_rebuild, err));
    RIG_TRY(judge_crl(&ca, auto_rebuild, err));
    for (int i = 1; i < sk_X509_num(ca.chain); i++) {
        RIG_TRY(judge_parent(&ca, sk_X509_value(ca.chain, i), err));
    }
    return judge_urls(&ca, err);
}
