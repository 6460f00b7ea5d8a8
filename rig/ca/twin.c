/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/twin.h"

#include "rig/ca/hierarchy.h"
#include "rig/ca/issue.h"
#include "rig/ca/local_submit.h"
#include "rig/ca/pki.h"
#include "rig/ca/twin_edit.h"

#include <openssl/pem.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_TIMEOUT_MS 10000

struct fault {
    const char *name;
    const char *text;
};

static const struct fault faults[RIG_CA_N_FAULTS] = {
    [RIG_CA_FAULT_NONE] = {"none", "The CA behaves."},
    [RIG_CA_FAULT_WRONG_KEY] = {"wrong_key", "It certifies another key than the CSR's."},
    [RIG_CA_FAULT_EKU_SERVER] = {"eku_server", "Its device certificates are for servers."},
    [RIG_CA_FAULT_NO_EKU] = {"no_eku", "Its certificates have no extended key usage."},
    [RIG_CA_FAULT_CA_TRUE] = {"ca_true", "It makes devices CAs."},
    [RIG_CA_FAULT_CERT_SIGN] = {"cert_sign", "It lets devices sign certificates (key usage)."},
    [RIG_CA_FAULT_SHORT_LIFE] = {"short_life", "Its certificates live 32 days, whatever is asked."},
    [RIG_CA_FAULT_LONG_LIFE] = {"long_life", "Its certificates live 32 days longer than asked."},
    [RIG_CA_FAULT_NOT_YET_VALID] = {"not_yet_valid", "Its certificates begin in an hour."},
    [RIG_CA_FAULT_SERIAL_REUSED] = {"serial_reused", "All its certificates have one serial."},
    [RIG_CA_FAULT_SERIAL_SHORT] = {"serial_short", "Its serials have 32 bits."},
    [RIG_CA_FAULT_SAN_ADDED] = {"san_added", "It adds names of servers to the certificate."},
    [RIG_CA_FAULT_OTHER_NAME] = {"other_name", "It writes another common name than asked for."},
    [RIG_CA_FAULT_OTHER_ISSUER] = {"other_issuer", "It names an issuer that is not in the chain."},
    [RIG_CA_FAULT_OTHER_SIGNER] = {"other_signer", "It signs with a key that is not the issuer's."},
    [RIG_CA_FAULT_SHA_1] = {"sha_1", "It signs with SHA-1."},
    [RIG_CA_FAULT_UNKNOWN_EXTENSION] = {"unknown_extension", "It adds an extension of its own."},
    [RIG_CA_FAULT_CHAIN_MISSING] = {"chain_missing", "It gives the certificate without chain."},
    [RIG_CA_FAULT_REVOKES_NOTHING] = {"revokes_nothing", "It says revoked, and revokes nothing."},
    [RIG_CA_FAULT_CRL_STALE] = {"crl_stale", "It goes on giving out its first CRLs."},
    [RIG_CA_FAULT_CRL_MISSING] = {"crl_missing", "It gives out the issuing CA's CRL alone."},
    [RIG_CA_FAULT_OCSP_FORGETS] = {"ocsp_forgets",
                                   "It revokes in the CRL, and OCSP goes on saying good."},
    [RIG_CA_FAULT_OCSP_REVOKES_ALL] = {"ocsp_revokes_all", "Its OCSP says revoked of everybody."},
    [RIG_CA_FAULT_OCSP_STALE] = {"ocsp_stale", "Its OCSP gives answers whose time is over."},
    [RIG_CA_FAULT_OCSP_OTHER_SIGNER] = {"ocsp_other_signer",
                                        "Its OCSP answers are signed by a certificate that is not "
                                        "for it."},
    [RIG_CA_FAULT_ANY_PROOF] = {"any_proof", "It signs CSRs that their own key did not sign."},
    [RIG_CA_FAULT_COPIES_CSR] = {"copies_csr", "It grants all that a CSR asks for."},
    [RIG_CA_FAULT_REFUSES_CSRS] = {"refuses_csrs", "It refuses every CSR that comes as it is."},
};

const char *rig_ca_fault_name(enum rig_ca_fault fault)
{
    return (unsigned)fault < RIG_CA_N_FAULTS ? faults[fault].name : "unknown";
}

const char *rig_ca_fault_text(enum rig_ca_fault fault)
{
    return (unsigned)fault < RIG_CA_N_FAULTS ? faults[fault].text : "";
}

enum rig_ca_fault rig_ca_fault_of(const char *name)
{
    int found = 0;

    while (found < RIG_CA_N_FAULTS && strcmp(faults[found].name, name) != 0) {
        found++;
    }
    return (enum rig_ca_fault)found;
}

struct twin {
    struct rig_ca ca;
    struct rig_ca_ops ops;
    struct rig_ca *good; /* owned */
    enum rig_ca_fault fault;
    const struct rig_clock *clock;
    struct rig_ca_hierarchy hierarchy;
    int64_t device_ms;
    pthread_mutex_t mutex; /* of first_crls */
    struct rig_buf first_crls;
};

static struct twin *twin_of(struct rig_ca *ca)
{
    return (struct twin *)ca;
}

static struct rig_issuer issuer_of(const struct twin *twin)
{
    const struct rig_ca_level *const last = &twin->hierarchy.levels[twin->hierarchy.n_levels - 1];

    return (struct rig_issuer){last->certificate, last->key};
}

/* ---- certificates ---- */

static rig_result describe(struct twin *twin, const X509 *made,
                           struct rig_ca_certificate *certificate, struct rig_error *err)
{
    rig_buf_reset(&certificate->der);
    rig_buf_reset(&certificate->leaf_pem);
    rig_buf_reset(&certificate->chain_pem);
    RIG_TRY(rig_pki_certificate_der(made, &certificate->der, err));
    RIG_TRY(rig_pki_certificate_pem(made, &certificate->leaf_pem, err));
    RIG_TRY(rig_buf_append(&certificate->chain_pem, certificate->leaf_pem.data,
                           certificate->leaf_pem.len, err));
    if (twin->fault != RIG_CA_FAULT_CHAIN_MISSING) {
        RIG_TRY(
            rig_buf_append_text(&certificate->chain_pem, rig_buf_text(&twin->ca.chain_pem), err));
    }
    RIG_TRY(rig_pki_sha256(certificate->der.data, certificate->der.len, certificate->sha256, err));
    RIG_TRY(rig_pki_spki_sha256(X509_get_X509_PUBKEY(made), certificate->spki_sha256, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notBefore(made), &certificate->not_before_ms, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(made), &certificate->not_after_ms, err));
    rig_pki_serial_text(X509_get0_serialNumber(made), certificate->serial,
                        sizeof certificate->serial);
    rig_pki_name_text(X509_get_issuer_name(made), certificate->issuer, sizeof certificate->issuer);
    return RIG_DONE;
}

static rig_result twin_sign(struct rig_ca *ca, const struct rig_ca_request *request,
                            struct rig_ca_certificate *certificate, struct rig_wait wait,
                            struct rig_error *err)
{
    struct twin *const twin = twin_of(ca);
    RIG_AUTO(rig_auto_X509) X509 *made = NULL;
    const uint8_t *at;

    RIG_TRY(twin->good->ops->sign(twin->good, request, certificate, wait, err));
    if (request->profile != RIG_PROFILE_DEVICE) {
        return RIG_DONE;
    }
    at = certificate->der.data;
    made = d2i_X509(NULL, &at, (long)certificate->der.len);
    if (made == NULL) {
        return rig_pki_fail_library(err, "read a certificate");
    }
    RIG_TRY(
        rig_ca_twin_edit(made, issuer_of(twin), twin->fault, rig_clock_now_ms(twin->clock), err));
    return describe(twin, made, certificate, err);
}

/* ---- revocation ---- */

static rig_result twin_revoke(struct rig_ca *ca, const char *serial,
                              enum rig_revocation_reason reason, struct rig_wait wait,
                              struct rig_error *err)
{
    struct twin *const twin = twin_of(ca);

    if (twin->fault == RIG_CA_FAULT_REVOKES_NOTHING) {
        return RIG_DONE;
    }
    return twin->good->ops->revoke(twin->good, serial, reason, wait, err);
}

/* Only the first of the PEM blocks, which is the issuing CA's. */
static rig_result append_first_block(const struct rig_buf *all, struct rig_buf *pem,
                                     struct rig_error *err)
{
    static const char end[] = "-----END X509 CRL-----\n";
    const char *const text = rig_buf_text(all);
    const char *const found = strstr(text, end);
    const size_t n = found != NULL ? (size_t)(found - text) + sizeof end - 1 : all->len;

    return rig_buf_append(pem, text, n, err);
}

static rig_result give_first_crls(struct twin *twin, const struct rig_buf *now, struct rig_buf *pem,
                                  struct rig_error *err)
{
    rig_result result = RIG_DONE;

    (void)pthread_mutex_lock(&twin->mutex);
    if (twin->first_crls.len == 0) {
        result = rig_buf_append(&twin->first_crls, now->data, now->len, err);
    }
    if (result.ok) {
        result = rig_buf_append(pem, twin->first_crls.data, twin->first_crls.len, err);
    }
    (void)pthread_mutex_unlock(&twin->mutex);
    return result;
}

static rig_result twin_crls(struct rig_ca *ca, struct rig_buf *pem, struct rig_wait wait,
                            struct rig_error *err)
{
    struct twin *const twin = twin_of(ca);
    RIG_AUTO(rig_buf_free) struct rig_buf now = {0};

    RIG_TRY(twin->good->ops->crls(twin->good, &now, wait, err));
    switch (twin->fault) {
    case RIG_CA_FAULT_CRL_STALE:
        return give_first_crls(twin, &now, pem, err);
    case RIG_CA_FAULT_CRL_MISSING:
        return append_first_block(&now, pem, err);
    default:
        return rig_buf_append(pem, now.data, now.len, err);
    }
}

static rig_result twin_ocsp(struct rig_ca *ca, const char *serial, struct rig_ca_ocsp *ocsp,
                            struct rig_wait wait, struct rig_error *err)
{
    struct twin *const twin = twin_of(ca);

    RIG_TRY(twin->good->ops->ocsp(twin->good, serial, ocsp, wait, err));
    switch (twin->fault) {
    case RIG_CA_FAULT_OCSP_FORGETS:
    case RIG_CA_FAULT_OCSP_REVOKES_ALL:
    case RIG_CA_FAULT_OCSP_STALE:
    case RIG_CA_FAULT_OCSP_OTHER_SIGNER:
        return rig_ca_twin_ocsp(&twin->hierarchy, twin->fault, serial,
                                rig_clock_now_ms(twin->clock), ocsp, err);
    default:
        return RIG_DONE;
    }
}

static rig_result twin_issued_for(struct rig_ca *ca, const uint8_t spki_sha256[RIG_SHA256_SIZE],
                                  rig_result (*each)(void *ctx, const char *serial, bool revoked,
                                                     const struct rig_buf *der,
                                                     struct rig_error *err),
                                  void *ctx, struct rig_wait wait, struct rig_error *err)
{
    struct twin *const twin = twin_of(ca);

    return twin->good->ops->issued_for(twin->good, spki_sha256, each, ctx, wait, err);
}

static rig_result twin_find(struct rig_ca *ca, const char *serial, bool *known,
                            struct rig_wait wait, struct rig_error *err)
{
    struct twin *const twin = twin_of(ca);

    return twin->good->ops->find(twin->good, serial, known, wait, err);
}

static rig_result twin_chain_update(struct rig_ca *ca,
                                    const struct rig_ca_chain_update_request *request,
                                    struct rig_ca_chain_update *update, struct rig_wait wait,
                                    struct rig_error *err)
{
    struct twin *const twin = twin_of(ca);

    return twin->good->ops->chain_update(twin->good, request, update, wait, err);
}

/* ---- requests as they come ---- */

static rig_result read_csr(const struct rig_ca_submission *submission, X509_REQ **csr)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = NULL;
    const uint8_t *der = submission->csr;

    if (submission->csr_len > INT32_MAX) {
        return (rig_result){.ok = false};
    }
    rig_pki_begin();
    bio = BIO_new_mem_buf(submission->csr, (int)submission->csr_len);
    *csr = bio != NULL ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;
    if (*csr == NULL) {
        *csr = d2i_X509_REQ(NULL, &der, (long)submission->csr_len);
    }
    rig_pki_begin();
    return (rig_result){.ok = *csr != NULL && X509_REQ_get0_pubkey(*csr) != NULL};
}

static rig_result grant(struct twin *twin, const struct rig_ca_submission *submission,
                        X509_REQ *csr, struct rig_ca_answer *answer, struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509) X509 *made = NULL;
    const struct rig_ca_twin_terms terms = {
        .issuer = issuer_of(twin),
        .submission = submission,
        .copies = twin->fault == RIG_CA_FAULT_COPIES_CSR,
        .now_ms = rig_clock_now_ms(twin->clock),
        .device_ms = twin->device_ms,
    };

    RIG_TRY(rig_ca_twin_grant(&terms, csr, &made, err));
    answer->accepted = true;
    RIG_TRY(rig_pki_certificate_der(made, &answer->der, err));
    return rig_buf_append(&answer->chain_pem, twin->ca.chain_pem.data, twin->ca.chain_pem.len, err);
}

static rig_result twin_submit(struct rig_ca *ca, const struct rig_ca_submission *submission,
                              struct rig_ca_answer *answer, struct rig_wait wait,
                              struct rig_error *err)
{
    struct twin *const twin = twin_of(ca);
    const struct rig_local_terms terms = {twin->clock, twin->device_ms};
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = NULL;

    if (twin->fault == RIG_CA_FAULT_REFUSES_CSRS) {
        (void)rig_copy_text(answer->refusal, sizeof answer->refusal, "refused on purpose");
        return RIG_DONE;
    }
    if ((twin->fault == RIG_CA_FAULT_ANY_PROOF || twin->fault == RIG_CA_FAULT_COPIES_CSR) &&
        read_csr(submission, &csr).ok) {
        return grant(twin, submission, csr, answer, err);
    }
    return rig_local_submit(ca, &terms, submission, answer, wait, err);
}

/* ---- open and close ---- */

static void twin_close(struct rig_ca *ca)
{
    struct twin *const twin = twin_of(ca);

    rig_ca_close(twin->good);
    rig_ca_hierarchy_free(&twin->hierarchy);
    rig_buf_free(&twin->first_crls);
    rig_buf_free(&twin->ca.root_pem);
    rig_buf_free(&twin->ca.chain_pem);
    (void)pthread_mutex_destroy(&twin->mutex);
    free(twin);
}

static rig_result load_keys(struct twin *twin, const char *folder, const char *passphrase,
                            struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *path = NULL;
    RIG_AUTO(rig_auto_ca_store) struct rig_ca_store *store = NULL;
    struct rig_ca_store_facts facts;

    RIG_TRY(rig_ca_hierarchy_path(folder, NULL, "ca.db", &path, err));
    RIG_TRY(rig_ca_store_open(path, rig_wait_ms(OPEN_TIMEOUT_MS, NULL), &store, err));
    RIG_TRY(rig_ca_store_facts(store, &facts, err));
    twin->device_ms = facts.device_days * 24 * 3600 * 1000;
    return rig_ca_hierarchy_load(folder, &facts, passphrase, &twin->hierarchy, err);
}

static rig_result fill(struct twin *twin, const struct rig_ca *good, const char *folder,
                       const char *passphrase, struct rig_error *err)
{
    RIG_TRY(load_keys(twin, folder, passphrase, err));
    RIG_TRY(rig_buf_append(&twin->ca.root_pem, good->root_pem.data, good->root_pem.len, err));
    return rig_buf_append(&twin->ca.chain_pem, good->chain_pem.data, good->chain_pem.len, err);
}

rig_result rig_ca_twin_wrap(struct rig_ca **ca, enum rig_ca_fault fault, const char *folder,
                            const char *passphrase, const struct rig_clock *clock,
                            struct rig_error *err)
{
    struct twin *const twin = calloc(1, sizeof *twin);
    rig_result result;

    if (twin == NULL) {
        return rig_fail_memory(err);
    }
    (void)pthread_mutex_init(&twin->mutex, NULL);
    twin->fault = fault;
    twin->clock = clock;
    twin->ops = (struct rig_ca_ops){
        .name = (*ca)->ops->name,
        .backdates = (*ca)->ops->backdates,
        .sign = twin_sign,
        .revoke = twin_revoke,
        .crls = twin_crls,
        .ocsp = twin_ocsp,
        .issued_for = twin_issued_for,
        .find = twin_find,
        .submit = twin_submit,
        .chain_update = twin_chain_update,
        .close = twin_close,
    };
    twin->ca.ops = &twin->ops;
    result = fill(twin, *ca, folder, passphrase, err);
    if (!result.ok) {
        twin_close(&twin->ca);
        return result;
    }
    twin->good = *ca;
    *ca = &twin->ca;
    return RIG_DONE;
}
