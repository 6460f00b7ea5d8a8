/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of CAs: of one that is kept elsewhere, and of the issuing CA anew. */
#include "rig/ca/chain_update.h"
#include "rig/ca/local.h"
#include "rig/ca/local_parts.h"

#include <openssl/pem.h>

rig_result rig_local_record(struct rig_local_ca *local,
                            const struct rig_chain_update_issued *issued, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    char serial[RIG_SERIAL_TEXT_SIZE];
    char subject[RIG_PKI_TEXT_SIZE];
    struct rig_ca_store_row row = {.issuer_level = issued->issuer_level,
                                   .is_ca = issued->is_ca,
                                   .serial = serial,
                                   .subject = subject,
                                   .spki_sha256 = spki_sha256,
                                   .der = &der,
                                   .issued_at_ms = rig_clock_now_ms(local->clock)};

    rig_pki_serial_text(X509_get0_serialNumber(issued->certificate), serial, sizeof serial);
    rig_pki_name_text(X509_get_subject_name(issued->certificate), subject, sizeof subject);
    RIG_TRY(rig_pki_certificate_der(issued->certificate, &der, err));
    RIG_TRY(rig_pki_spki_sha256(X509_get_X509_PUBKEY(issued->certificate), spki_sha256, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notBefore(issued->certificate), &row.not_before_ms, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(issued->certificate), &row.not_after_ms, err));
    return rig_ca_store_add(local->store, &row, err);
}

static rig_result read_subordinate(const struct rig_ca_subordinate *request, X509_REQ **out,
                                   char *common_name, int size, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = BIO_new_mem_buf(request->csr_pem, -1);
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = NULL;

    rig_pki_begin();
    csr = bio != NULL ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;
    if (csr == NULL || X509_REQ_get0_pubkey(csr) == NULL) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_REFUSED, "%s can't be decoded", request->what);
    }
    if (X509_REQ_verify(csr, X509_REQ_get0_pubkey(csr)) != 1) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_BAD_SIGNATURE,
                            "%s is not signed by its own key", request->what);
    }
    if (X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(csr), NID_commonName, common_name,
                                  size) <= 0) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_REFUSED, "%s names no CA (no common name)",
                            request->what);
    }
    *out = csr;
    csr = NULL;
    return RIG_DONE;
}

rig_result rig_ca_local_sign_subordinate(struct rig_ca *ca,
                                         const struct rig_ca_subordinate *request,
                                         struct rig_buf *pem, struct rig_wait wait,
                                         struct rig_error *err)
{
    struct rig_local_ca *local = rig_local_of(ca);
    const size_t level = local->hierarchy.n_levels - 1;
    const int64_t now_ms = rig_clock_now_ms(local->clock);
    struct rig_issue_validity validity = {now_ms - RIG_LOCAL_SKEW_MS,
                                          now_ms + request->days * RIG_LOCAL_DAY_MS};
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = NULL;
    RIG_AUTO(rig_auto_X509) X509 *made = NULL;
    RIG_AUTO(rig_local_leave) struct rig_local_ca *entered = NULL;
    char common_name[64 + 1];
    int64_t end_ms = 0;

    RIG_TRY(read_subordinate(request, &csr, common_name, sizeof common_name, err));
    RIG_TRY(rig_local_enter(local, wait, &entered, err));
    RIG_TRY(rig_pki_time_get(X509_get0_notAfter(local->hierarchy.levels[level].certificate),
                             &end_ms, err));
    validity.not_after_ms = validity.not_after_ms < end_ms - RIG_LOCAL_DAY_MS
                                ? validity.not_after_ms
                                : end_ms - RIG_LOCAL_DAY_MS;
    RIG_TRY(rig_issue_ca(
        rig_local_issuer(local, level), X509_REQ_get0_pubkey(csr),
        &(struct rig_issue_names){common_name, request->organization, request->country}, validity,
        request->path_length, &made, err));
    RIG_TRY(rig_ca_store_begin(local->store, err));
    RIG_TRY(rig_local_record(local, &(struct rig_chain_update_issued){made, level, true}, err));
    RIG_TRY(rig_ca_store_commit(local->store, err));
    return rig_pki_certificate_pem(made, pem, err);
}

rig_result rig_local_chain_update(struct rig_ca *ca,
                                  const struct rig_ca_chain_update_request *request,
                                  struct rig_ca_chain_update *update, struct rig_wait wait,
                                  struct rig_error *err)
{
    struct rig_local_ca *local = rig_local_of(ca);
    RIG_AUTO(rig_chain_update_record_free) struct rig_chain_update_record record = {0};
    RIG_AUTO(rig_local_leave) struct rig_local_ca *entered = NULL;

    RIG_TRY(rig_local_enter(local, wait, &entered, err));
    RIG_TRY(rig_chain_update_make(&local->hierarchy, request, rig_clock_now_ms(local->clock),
                                  update, &record, err));
    RIG_TRY(rig_ca_store_begin(local->store, err));
    for (size_t i = 0; i < record.n_issued; i++) {
        RIG_TRY(rig_local_record(local, &record.issued[i], err));
    }
    return rig_ca_store_commit(local->store, err);
}
