/* SPDX-License-Identifier: Apache-2.0 */
/* CRLs of every CA of the chain: the server's own, and those of offline parents from files. A CRL
 * that can't serve is an error here: a relying party would refuse every board, or none. */
#include "rig/ca/vault_parts.h"

#include "rig/base/file.h"

#include <openssl/err.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CRL_BYTES ((size_t)64 << 20)
#define CLOCK_FUZZ_MS INT64_C(300000)

/* ---- what must appear ---- */

rig_result rig_vault_expect_revoked(struct rig_vault_ca *vault, const char *mount,
                                    const char *serial, struct rig_error *err)
{
    rig_result result = RIG_DONE;

    (void)pthread_mutex_lock(&vault->lock);
    if (vault->n_pending == vault->pending_room) {
        const size_t room = vault->pending_room != 0 ? vault->pending_room * 2 : 64;
        struct rig_vault_pending *more = reallocarray(vault->pending, room, sizeof *more);

        if (more != NULL) {
            vault->pending = more;
            vault->pending_room = room;
        } else {
            result = rig_fail_memory(err);
        }
    }
    if (result.ok) {
        struct rig_vault_pending *pending = &vault->pending[vault->n_pending++];

        (void)rig_copy_text(pending->serial, sizeof pending->serial, serial);
        pending->mount = mount;
        pending->order = ++vault->n_revoked;
    }
    (void)pthread_mutex_unlock(&vault->lock);
    return result;
}

/* Forgets what the CRL has by now; the serial of one that it lacks, or "".
 * Those revoked after `newest` may be missing. */
static void strike_off(struct rig_vault_ca *vault, const char *mount, X509_CRL *crl,
                       uint64_t newest, char missing[RIG_SERIAL_TEXT_SIZE])
{
    size_t kept = 0;

    missing[0] = '\0';
    (void)pthread_mutex_lock(&vault->lock);
    for (size_t i = 0; i < vault->n_pending; i++) {
        const struct rig_vault_pending pending = vault->pending[i];

        if (strcmp(pending.mount, mount) == 0 && rig_pki_crl_lists(crl, pending.serial)) {
            continue;
        }
        if (strcmp(pending.mount, mount) == 0 && pending.order <= newest) {
            (void)rig_copy_text(missing, RIG_SERIAL_TEXT_SIZE, pending.serial);
        }
        vault->pending[kept++] = pending;
    }
    vault->n_pending = kept;
    (void)pthread_mutex_unlock(&vault->lock);
}

static uint64_t n_revoked(struct rig_vault_ca *vault)
{
    uint64_t n;

    (void)pthread_mutex_lock(&vault->lock);
    n = vault->n_revoked;
    (void)pthread_mutex_unlock(&vault->lock);
    return n;
}

/* ---- where CRLs come from ---- */

static rig_result fetch(struct rig_vault_ca *vault, const struct rig_vault_issuer *issuer,
                        X509_CRL **crl, struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
    char path[RIG_VAULT_PATH_SIZE];

    rig_vault_ca_path(path, issuer->mount, "issuer/%s/crl/der", issuer->id);
    RIG_TRY(rig_vault_call(
        vault->station, &(struct rig_vault_request){.path = path, .anonymous = true, .raw = true},
        &reply, wait, err));
    *crl = rig_pki_crl_of(reply.raw.data, reply.raw.len);
    if (*crl == NULL) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_NOT_FOUND,
                        "%s at %s publishes no CRL: switch it on (%s/config/crl, disable=false) "
                        "and rotate it",
                        path, rig_vault_address(vault->station), issuer->mount);
    }
    return RIG_DONE;
}

static rig_result rotate(struct rig_vault_ca *vault, const char *mount, struct rig_wait wait,
                         struct rig_error *err)
{
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
    char path[RIG_VAULT_PATH_SIZE];

    rig_vault_ca_path(path, mount, "crl/rotate");
    RIG_TRY_IN(
        rig_vault_call(vault->qa, &(struct rig_vault_request){.path = path}, &reply, wait, err),
        err, "rotating the CRL of %s", mount);
    return RIG_DONE;
}

static rig_result read_file(const char *path, X509_CRL **crl, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf bytes = {0};

    RIG_TRY_IN(rig_file_read(path, MAX_CRL_BYTES, &bytes, err), err, "CRL of an offline CA");
    *crl = rig_pki_crl_of(bytes.data, bytes.len);
    if (*crl == NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "'%s' is no CRL, neither PEM nor DER: fetch it again from its CA", path);
    }
    return RIG_DONE;
}

/* ---- what a CRL is worth ---- */

static bool is_of(X509_CRL *crl, X509 *ca)
{
    EVP_PKEY *key = X509_get0_pubkey(ca);
    bool its;

    rig_pki_begin();
    its = X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(ca)) == 0 && key != NULL &&
          X509_CRL_verify(crl, key) == 1;
    ERR_clear_error();
    return its;
}

static rig_result times_of(X509_CRL *crl, int64_t *from_ms, int64_t *until_ms,
                           struct rig_error *err)
{
    *until_ms = INT64_MAX;
    RIG_TRY(rig_pki_time_get(X509_CRL_get0_lastUpdate(crl), from_ms, err));
    if (X509_CRL_get0_nextUpdate(crl) != NULL) {
        RIG_TRY(rig_pki_time_get(X509_CRL_get0_nextUpdate(crl), until_ms, err));
    }
    return RIG_DONE;
}

static rig_result judge(struct rig_vault_ca *vault, X509_CRL *crl, const char *where,
                        struct rig_error *err)
{
    const int64_t now_ms = rig_clock_now_ms(vault->clock);
    char issuer[RIG_PKI_TEXT_SIZE];
    char when[RIG_TIME_TEXT_SIZE];
    int64_t from_ms = 0;
    int64_t until_ms = 0;

    rig_pki_name_text(X509_CRL_get_issuer(crl), issuer, sizeof issuer);
    RIG_TRY(times_of(crl, &from_ms, &until_ms, err));
    if (until_ms <= now_ms) {
        rig_time_text(until_ms, when);
        return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY,
                        "the CRL of '%.120s' (%.200s) lapsed at %s: every board would be refused; "
                        "have its CA publish a new one, and put it there",
                        issuer, where, when);
    }
    if (from_ms > now_ms + CLOCK_FUZZ_MS) {
        rig_time_text(from_ms, when);
        return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY,
                        "the CRL of '%.120s' (%.200s) begins at %s, in the future: set the clocks "
                        "of this host and of its CA",
                        issuer, where, when);
    }
    return RIG_DONE;
}

static const struct rig_vault_issuer *holder_of(const struct rig_vault_ca *vault, const X509 *ca)
{
    for (size_t i = 0; i < vault->n_issuers; i++) {
        if (vault->issuers[i].has_key && X509_cmp(vault->issuers[i].certificate, ca) == 0) {
            return &vault->issuers[i];
        }
    }
    return NULL;
}

static bool has_lapsed(struct rig_vault_ca *vault, X509_CRL *crl)
{
    struct rig_error ignored;
    int64_t from_ms = 0;
    int64_t until_ms = 0;

    return times_of(crl, &from_ms, &until_ms, &ignored).ok &&
           until_ms <= rig_clock_now_ms(vault->clock);
}

static rig_result fetch_own(struct rig_vault_ca *vault, const struct rig_vault_issuer *issuer,
                            X509_CRL **crl, struct rig_wait wait, struct rig_error *err)
{
    RIG_TRY(fetch(vault, issuer, crl, wait, err));
    if (!is_of(*crl, issuer->certificate)) {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_BAD_SIGNATURE,
                        "the CRL that %s publishes for issuer %s is not that CA's own: rotate it",
                        issuer->mount, issuer->id);
    }
    return RIG_DONE;
}

static void leave_gate(struct rig_gate **gate)
{
    if (*gate != NULL) {
        rig_gate_leave(*gate);
    }
}

static rig_result enter_gate(struct rig_vault_ca *vault, struct rig_gate **entered,
                             struct rig_wait wait, struct rig_error *err)
{
    RIG_TRY(rig_gate_enter(&vault->rotating, wait, "the rotation of the CRL", err));
    *entered = &vault->rotating;
    return RIG_DONE;
}

static bool is_pending(struct rig_vault_ca *vault, const char *mount, const char *serial)
{
    bool found = false;

    (void)pthread_mutex_lock(&vault->lock);
    for (size_t i = 0; i < vault->n_pending && !found; i++) {
        found = strcmp(vault->pending[i].mount, mount) == 0 &&
                strcmp(vault->pending[i].serial, serial) == 0;
    }
    (void)pthread_mutex_unlock(&vault->lock);
    return found;
}

/* Of every CA of the mount that signs: a certificate may be a former one's. */
static rig_result look_at_published(struct rig_vault_ca *vault, const char *mount,
                                    struct rig_wait wait, struct rig_error *err)
{
    for (size_t i = 0; i < vault->n_issuers; i++) {
        const struct rig_vault_issuer *issuer = &vault->issuers[i];
        RIG_AUTO(rig_auto_X509_CRL) X509_CRL *crl = NULL;
        char missing[RIG_SERIAL_TEXT_SIZE];

        if (issuer->has_key && strcmp(issuer->mount, mount) == 0) {
            RIG_TRY(fetch_own(vault, issuer, &crl, wait, err));
            strike_off(vault, mount, crl, 0, missing);
        }
    }
    return RIG_DONE;
}

static rig_result publish(struct rig_vault_ca *vault, const char *mount, const char *serial,
                          struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(leave_gate) struct rig_gate *entered = NULL;

    RIG_TRY(enter_gate(vault, &entered, wait, err)); /* its last holder may have rotated it in */
    RIG_TRY(look_at_published(vault, mount, wait, err));
    if (!is_pending(vault, mount, serial)) {
        return RIG_DONE;
    }
    RIG_TRY(rotate(vault, mount, wait, err));
    RIG_TRY(look_at_published(vault, mount, wait, err));
    if (!is_pending(vault, mount, serial)) {
        return RIG_DONE;
    }
    return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY,
                    "no CRL of %s lists it, not even after a rotation: look at %s/config/crl and "
                    "at the clock of the server",
                    mount, mount);
}

rig_result rig_vault_publish(struct rig_vault_ca *vault, const char *mount, const char *serial,
                             struct rig_wait wait, struct rig_error *err)
{
    char plain[RIG_SERIAL_TEXT_SIZE] = "";

    if (!rig_pki_serial_plain(serial, plain) || !is_pending(vault, mount, plain)) {
        return RIG_DONE;
    }
    RIG_TRY_IN(publish(vault, mount, plain, wait, err), err,
               "certificate %s is revoked, but the published CRL does not say so yet", plain);
    return RIG_DONE;
}

/* With everything in it that this object revoked. */
static rig_result take_fresh(struct rig_vault_ca *vault, const struct rig_vault_issuer *issuer,
                             bool signs_devices, X509_CRL **crl, struct rig_wait wait,
                             struct rig_error *err)
{
    const uint64_t newest = signs_devices ? n_revoked(vault) : 0;
    RIG_AUTO(leave_gate) struct rig_gate *entered = NULL;
    char missing[RIG_SERIAL_TEXT_SIZE] = "";

    for (int round = 0; round < 3; round++) {
        X509_CRL_free(*crl);
        *crl = NULL;
        RIG_TRY(fetch_own(vault, issuer, crl, wait, err));
        if (signs_devices) {
            strike_off(vault, issuer->mount, *crl, newest, missing);
        }
        if (missing[0] == '\0' && !has_lapsed(vault, *crl)) {
            return judge(vault, *crl, issuer->mount, err);
        }
        if (round == 0) { /* another board may be rotating it already: look again behind the gate */
            RIG_TRY(enter_gate(vault, &entered, wait, err));
        } else if (round == 1) {
            RIG_TRY(rotate(vault, issuer->mount, wait, err));
        }
    }
    if (missing[0] != '\0') {
        return rig_fail(err, RIG_CLASS_CA, RIG_E_POLICY,
                        "certificate %s was revoked, but the CRL of %s does not list it, not even "
                        "after a rotation: look at %s/config/crl and at the clock of the server",
                        missing, issuer->mount, issuer->mount);
    }
    return judge(vault, *crl, issuer->mount, err);
}

static rig_result take_from_files(struct rig_vault_ca *vault, X509 *ca, X509_CRL **crl,
                                  struct rig_error *err)
{
    const struct rig_ca_vault_config *config = &vault->config;
    char subject[RIG_PKI_TEXT_SIZE];

    for (size_t i = 0; i < config->n_crls; i++) {
        RIG_AUTO(rig_auto_X509_CRL) X509_CRL *read = NULL;

        RIG_TRY(read_file(config->crl_files[i], &read, err));
        if (is_of(read, ca)) {
            RIG_TRY(judge(vault, read, config->crl_files[i], err));
            *crl = read;
            read = NULL;
            return RIG_DONE;
        }
    }
    rig_pki_name_text(X509_get_subject_name(ca), subject, sizeof subject);
    return rig_fail(err, RIG_CLASS_CA, RIG_E_NOT_FOUND,
                    "no CRL of '%.120s': the server does not hold that CA, and none of the %zu "
                    "files under `crls` in '%.160s' is its own; without it every board would be "
                    "refused: have that CA sign a CRL and name the file there",
                    subject, config->n_crls, config->path);
}

static rig_result take(struct rig_vault_ca *vault, X509 *ca, bool fresh, X509_CRL **crl,
                       struct rig_wait wait, struct rig_error *err)
{
    const struct rig_vault_issuer *issuer = holder_of(vault, ca);

    if (issuer == NULL) {
        return take_from_files(vault, ca, crl, err);
    }
    if (!fresh) {
        RIG_TRY(fetch_own(vault, issuer, crl, wait, err));
        return judge(vault, *crl, issuer->mount, err);
    }
    return take_fresh(vault, issuer,
                      X509_cmp(ca, sk_X509_value(vault->cas[RIG_PROFILE_DEVICE], 0)) == 0, crl,
                      wait, err);
}

static rig_result take_all(struct rig_ca *ca, bool fresh, struct rig_buf *pem, struct rig_wait wait,
                           struct rig_error *err)
{
    struct rig_vault_ca *vault = rig_vault_ca_of(ca);
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *cas = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf all = {0};

    RIG_TRY(rig_vault_chain_all(vault, &cas, err));
    for (int i = 0; i < sk_X509_num(cas); i++) {
        RIG_AUTO(rig_auto_X509_CRL) X509_CRL *crl = NULL;

        RIG_TRY(take(vault, sk_X509_value(cas, i), fresh, &crl, wait, err));
        RIG_TRY(rig_pki_crl_pem(crl, &all, err));
    }
    return rig_buf_append(pem, all.data, all.len, err);
}

rig_result rig_vault_crls(struct rig_ca *ca, struct rig_buf *pem, struct rig_wait wait,
                          struct rig_error *err)
{
    return take_all(ca, true, pem, wait, err);
}

rig_result rig_vault_published_crls(struct rig_ca *ca, struct rig_buf *pem, struct rig_wait wait,
                                    struct rig_error *err)
{
    return take_all(ca, false, pem, wait, err);
}

static rig_result describe_one(struct rig_vault_ca *vault, X509 *ca, struct rig_buf *text,
                               struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509_CRL) X509_CRL *crl = NULL;
    char subject[RIG_PKI_TEXT_SIZE];
    char serial[RIG_SERIAL_TEXT_SIZE];
    char until[RIG_TIME_TEXT_SIZE] = "for ever";
    STACK_OF(X509_REVOKED) * revoked;
    int64_t from_ms = 0;
    int64_t until_ms = 0;

    rig_pki_name_text(X509_get_subject_name(ca), subject, sizeof subject);
    rig_pki_serial_text(X509_get0_serialNumber(ca), serial, sizeof serial);
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(ca), &until_ms, err));
    rig_time_text(until_ms, until);
    RIG_TRY(rig_buf_printf(text, err, "%s, serial %s, valid to %.10s\n", subject, serial, until));
    if (!take(vault, ca, false, &crl, wait, err).ok) {
        return rig_buf_printf(text, err, "  CRL: %s\n", err->text);
    }
    revoked = X509_CRL_get_REVOKED(crl);
    RIG_TRY(times_of(crl, &from_ms, &until_ms, err));
    if (until_ms != INT64_MAX) {
        rig_time_text(until_ms, until);
    }
    return rig_buf_printf(text, err, "  CRL: %d revoked, good until %s\n",
                          revoked != NULL ? sk_X509_REVOKED_num(revoked) : 0, until);
}

rig_result rig_vault_describe_crls(struct rig_vault_ca *vault, struct rig_buf *text,
                                   struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *cas = NULL;

    RIG_TRY(rig_vault_chain_all(vault, &cas, err));
    for (int i = 0; i < sk_X509_num(cas); i++) {
        RIG_TRY(describe_one(vault, sk_X509_value(cas, i), text, wait, err));
    }
    return RIG_DONE;
}
