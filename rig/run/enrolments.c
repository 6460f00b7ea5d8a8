/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/run/enrolments.h"

#include "rig/base/file.h"
#include "rig/ca/key.h"
#include "rig/suite/enrolment_file.h"
#include "rig/suite/fixtures.h"
#include "rig/tls/possession.h"

#include <string.h>

#define MAX_PEM_BYTES ((size_t)1 << 20)

/* One fixture file and its PKI. */
struct service {
    struct rig_enrolment_file *file;
    struct rig_fixtures *fixtures;
    struct rig_pki_world *world; /* NULL when every certificate is a file */
};

struct rig_enrolments {
    int64_t now_ms;
    size_t n_services;
    struct service services[RIG_SUITE_MAX_ENROLMENTS];
};

void rig_enrolments_close(struct rig_enrolments *enrolments)
{
    if (enrolments == NULL) {
        return;
    }
    for (size_t i = 0; i < enrolments->n_services; i++) {
        rig_pki_world_close(enrolments->services[i].world);
        rig_fixtures_free(enrolments->services[i].fixtures);
        rig_enrolment_file_free(enrolments->services[i].file);
    }
    free(enrolments);
}

static void auto_enrolments(struct rig_enrolments **enrolments)
{
    rig_enrolments_close(*enrolments);
}

static rig_result open_service(struct service *service, const char *path, int64_t now_ms,
                               struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    const char *paths[RIG_ENROLMENT_FILE_MAX_PKI];

    RIG_TRY(rig_enrolment_file_load(path, &service->file, &mistakes, err));
    if (service->file->n_pki == 0) {
        return RIG_DONE;
    }
    for (size_t i = 0; i < service->file->n_pki; i++) {
        paths[i] = service->file->pki[i];
    }
    RIG_TRY(rig_fixtures_load(paths, service->file->n_pki, &service->fixtures, &mistakes, err));
    return rig_pki_world_open(service->fixtures, now_ms, &service->world, err);
}

rig_result rig_enrolments_open(const struct rig_suite *suite, int64_t now_ms,
                               struct rig_enrolments **enrolments, struct rig_error *err)
{
    RIG_AUTO(auto_enrolments) struct rig_enrolments *made = NULL;

    *enrolments = NULL;
    if (suite->n_enrolments == 0) {
        return RIG_DONE;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return rig_fail_memory(err);
    }
    made->now_ms = now_ms;
    for (size_t i = 0; i < suite->n_enrolments; i++) {
        made->n_services++;
        RIG_TRY_IN(open_service(&made->services[i], suite->enrolments[i], now_ms, err), err,
                   "enrolment fixture");
    }
    *enrolments = made;
    made = NULL;
    return RIG_DONE;
}

static rig_result find(struct rig_enrolments *enrolments, const char *name,
                       struct service **service, const struct rig_enrolment_state **state,
                       struct rig_error *err)
{
    for (size_t i = 0; enrolments != NULL && i < enrolments->n_services; i++) {
        *service = &enrolments->services[i];
        *state = rig_enrolment_file_state((*service)->file, name);
        if (*state != NULL) {
            return RIG_DONE;
        }
    }
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                    "no enrolment fixture of the suite has the state \"%s\"", name);
}

static rig_result identity_of(struct service *service, enum rig_pki_kind kind, const char *name,
                              const struct rig_buf *csr_der, struct rig_pki_identity *identity,
                              struct rig_error *err)
{
    const bool device = kind == RIG_PKI_DEVICE;
    const struct rig_pki_request request = {
        .kind = kind,
        .name = name,
        .csr_der = device ? csr_der->data : NULL,
        .csr_len = device ? csr_der->len : 0,
        .common_name = device ? name : NULL,
    };

    if (service->world == NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                        "%s has no pki that \"%s\" could come from", service->file->path, name);
    }
    return rig_pki_identity(service->world, &request, identity, err);
}

static rig_result decode(const struct rig_buf *der, X509 **certificate, struct rig_error *err)
{
    const uint8_t *at = der->data;

    *certificate = d2i_X509(NULL, &at, (long)der->len);
    return *certificate != NULL ? RIG_DONE : rig_pki_fail_library(err, "decode a certificate");
}

static rig_result certificate_of_file(const char *path, X509 **certificate, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
    RIG_AUTO(rig_pki_free_certificates) STACK_OF(X509) *found = NULL;

    RIG_TRY(rig_file_read(path, MAX_PEM_BYTES, &pem, err));
    RIG_TRY(rig_pki_certificates_of_pem(rig_buf_text(&pem), path, &found, err));
    *certificate = sk_X509_shift(found);
    return RIG_DONE;
}

/* ---- CAs ---- */

static rig_result prove(const struct rig_enrolment_ca_plan *plan, X509 *ca, EVP_PKEY *key,
                        int64_t now_ms, bool *verified, struct rig_error *err)
{
    struct rig_possession possession = {0};
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *stranger = NULL;
    RIG_AUTO(rig_auto_X509) X509 *proof = NULL;
    const bool wrong_code = plan->proof == RIG_PROOF_WRONG_CODE;

    RIG_TRY(rig_possession_ask(&possession, ca, now_ms, err));
    if (plan->proof == RIG_PROOF_WRONG_KEY) {
        RIG_TRY(rig_key_make(RIG_KEY_P256, &stranger, err));
    }
    RIG_TRY(rig_possession_prove(ca, stranger != NULL ? stranger : key,
                                 wrong_code ? "another-code" : possession.code, now_ms, &proof,
                                 err));
    if (!rig_possession_check(&possession, ca, proof, now_ms, err).ok &&
        (plan->proof == RIG_PROOF_GOOD || err->cls != RIG_CLASS_USAGE)) {
        return rig_wrap(err, "proof of possession of the CA \"%s\"", plan->name);
    }
    *verified = possession.verified;
    return RIG_DONE;
}

static rig_result add_ca(const struct rig_enrolments *enrolments, struct service *service,
                         const struct rig_enrolment_ca_plan *plan, struct rig_enrolment *list,
                         struct rig_error *err)
{
    RIG_AUTO(rig_pki_identity_free) struct rig_pki_identity identity = {0};
    RIG_AUTO(rig_auto_X509) X509 *certificate = NULL;
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = NULL;
    bool verified = plan->proof == RIG_PROOF_ELSEWHERE;

    if (plan->source.file[0] != '\0') {
        RIG_TRY(certificate_of_file(plan->source.file, &certificate, err));
    } else {
        RIG_TRY(identity_of(service, RIG_PKI_AUTHORITY, plan->source.name, NULL, &identity, err));
        RIG_TRY(decode(&identity.leaf_der, &certificate, err));
    }
    if (plan->proof != RIG_PROOF_ELSEWHERE && plan->proof != RIG_PROOF_NONE) {
        RIG_TRY(rig_key_read(&identity.key_pem, NULL, plan->source.name, &key, err));
        RIG_TRY(prove(plan, certificate, key, enrolments->now_ms, &verified, err));
    }
    return rig_enrolment_add_ca(list, plan->name, certificate, verified, err);
}

/* ---- entries ---- */

static rig_result add_entry(struct service *service, const struct rig_enrolment_entry_plan *plan,
                            const struct rig_buf *csr_der, struct rig_enrolment *list,
                            struct rig_error *err)
{
    RIG_AUTO(rig_pki_identity_free) struct rig_pki_identity identity = {0};
    RIG_AUTO(rig_auto_X509) X509 *certificate = NULL;
    struct rig_enrolment_entry entry = {
        .name = plan->name,
        .kind = plan->kind,
        .enabled = plan->enabled,
        .device_id = plan->device_id[0] != '\0' ? plan->device_id : NULL,
    };

    if (plan->source.file[0] != '\0') {
        RIG_TRY(certificate_of_file(plan->source.file, &certificate, err));
    } else {
        RIG_TRY(identity_of(service,
                            plan->kind == RIG_ENROLMENT_GROUP ? RIG_PKI_AUTHORITY : RIG_PKI_DEVICE,
                            plan->source.name, csr_der, &identity, err));
        RIG_TRY(decode(&identity.leaf_der, &certificate, err));
    }
    entry.certificate = certificate;
    return rig_enrolment_add(list, &entry, err);
}

rig_result rig_enrolments_list(struct rig_enrolments *enrolments, const char *state,
                               const struct rig_buf *csr_der, struct rig_enrolment **list,
                               struct rig_error *err)
{
    RIG_AUTO(rig_auto_enrolment) struct rig_enrolment *made = NULL;
    const struct rig_enrolment_state *plan = NULL;
    struct service *service = NULL;

    *list = NULL;
    RIG_TRY(find(enrolments, state, &service, &plan, err));
    RIG_TRY(rig_enrolment_new(&plan->settings, &made, err));
    for (size_t i = 0; i < plan->n_cas; i++) {
        RIG_TRY_IN(add_ca(enrolments, service, &plan->cas[i], made, err), err, "%s:%d",
                   service->file->path, plan->cas[i].line);
    }
    for (size_t i = 0; i < plan->n_entries; i++) {
        RIG_TRY_IN(add_entry(service, &plan->entries[i], csr_der, made, err), err, "%s:%d",
                   service->file->path, plan->entries[i].line);
    }
    *list = made;
    made = NULL;
    return RIG_DONE;
}

rig_result rig_enrolments_device(struct rig_enrolments *enrolments, const char *state,
                                 const char *device, const struct rig_buf *csr_der,
                                 struct rig_pki_identity *identity, struct rig_error *err)
{
    const struct rig_enrolment_state *plan = NULL;
    struct service *service = NULL;

    RIG_TRY(find(enrolments, state, &service, &plan, err));
    return identity_of(service, RIG_PKI_DEVICE, device, csr_der, identity, err);
}
