/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/ca.h"

void rig_ca_certificate_free(struct rig_ca_certificate *certificate)
{
    rig_buf_free(&certificate->der);
    rig_buf_free(&certificate->leaf_pem);
    rig_buf_free(&certificate->chain_pem);
}

rig_result rig_ca_sign(struct rig_ca *ca, const struct rig_ca_request *request,
                       struct rig_ca_certificate *certificate, struct rig_wait wait,
                       struct rig_error *err)
{
    rig_result result;

    *certificate = (struct rig_ca_certificate){0};
    result = ca->ops->sign(ca, request, certificate, wait, err);
    if (!result.ok) {
        if (!certificate->refused) {
            rig_ca_certificate_free(certificate);
            *certificate = (struct rig_ca_certificate){0};
        }
        return rig_wrap(err, "%s CA: cannot sign a certificate for '%.80s'", ca->ops->name,
                        request->common_name != NULL ? request->common_name : "");
    }
    return RIG_DONE;
}

bool rig_ca_said_no(const struct rig_error *err)
{
    switch (err->code) {
    case RIG_E_REFUSED:
    case RIG_E_BAD_SIGNATURE:
    case RIG_E_POLICY:
    case RIG_E_INVALID:
    case RIG_E_NOT_FOUND:
    case RIG_E_UNSUPPORTED:
        return true;
    case RIG_E_PERMISSION: /* of a server; a file may have failed behind the signature */
        return err->cls == RIG_CLASS_CA || err->cls == RIG_CLASS_USAGE;
    default:
        return false;
    }
}

rig_result rig_ca_revoke(struct rig_ca *ca, const char *serial, enum rig_revocation_reason reason,
                         struct rig_wait wait, struct rig_error *err)
{
    RIG_TRY_IN(ca->ops->revoke(ca, serial, reason, wait, err), err,
               "%s CA: cannot revoke certificate '%.50s'", ca->ops->name, serial);
    return RIG_DONE;
}

rig_result rig_ca_crls(struct rig_ca *ca, struct rig_buf *pem, struct rig_wait wait,
                       struct rig_error *err)
{
    RIG_TRY_IN(ca->ops->crls(ca, pem, wait, err), err, "%s CA: cannot make the CRLs",
               ca->ops->name);
    return RIG_DONE;
}

static rig_result unsupported(const struct rig_ca *ca, const char *what, struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_CA, RIG_E_UNSUPPORTED, "%s CA: has no %s", ca->ops->name, what);
}

rig_result rig_ca_published_crls(struct rig_ca *ca, struct rig_buf *pem, struct rig_wait wait,
                                 struct rig_error *err)
{
    if (ca->ops->published_crls == NULL) {
        return unsupported(ca, "published CRLs", err);
    }
    RIG_TRY_IN(ca->ops->published_crls(ca, pem, wait, err), err, "%s CA: cannot fetch the CRLs",
               ca->ops->name);
    return RIG_DONE;
}

rig_result rig_ca_ocsp(struct rig_ca *ca, const char *serial, struct rig_ca_ocsp *ocsp,
                       struct rig_wait wait, struct rig_error *err)
{
    *ocsp = (struct rig_ca_ocsp){0};
    if (ca->ops->ocsp == NULL) {
        return unsupported(ca, "OCSP responder", err);
    }
    RIG_TRY_IN(ca->ops->ocsp(ca, serial, ocsp, wait, err), err,
               "%s CA: OCSP gives no status of certificate '%.50s'", ca->ops->name, serial);
    return RIG_DONE;
}

rig_result rig_ca_answer_ocsp(struct rig_ca *ca, const void *request, size_t request_len,
                              struct rig_buf *response, struct rig_wait wait, struct rig_error *err)
{
    if (ca->ops->answer_ocsp == NULL) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_UNSUPPORTED,
                        "the rig answers OCSP for the local CA only; a '%s' CA has a responder of "
                        "its own (Vault: MOUNT/ocsp)",
                        ca->ops->name);
    }
    return ca->ops->answer_ocsp(ca, request, request_len, response, wait, err);
}

rig_result rig_ca_describe(struct rig_ca *ca, struct rig_buf *text, struct rig_wait wait,
                           struct rig_error *err)
{
    return ca->ops->describe != NULL ? ca->ops->describe(ca, text, wait, err)
                                     : unsupported(ca, "description", err);
}

const char *rig_ocsp_status_name(enum rig_ocsp_status status)
{
    switch (status) {
    case RIG_OCSP_GOOD:
        return "good";
    case RIG_OCSP_REVOKED:
        return "revoked";
    case RIG_OCSP_UNKNOWN:
        break;
    }
    return "unknown";
}

rig_result rig_ca_submit(struct rig_ca *ca, const struct rig_ca_submission *submission,
                         struct rig_ca_answer *answer, struct rig_wait wait, struct rig_error *err)
{
    *answer = (struct rig_ca_answer){0};
    if (ca->ops->submit == NULL) {
        return unsupported(ca, "way to take requests as they come", err);
    }
    RIG_TRY_IN(ca->ops->submit(ca, submission, answer, wait, err), err,
               "%s CA: the request could not be handed over", ca->ops->name);
    return RIG_DONE;
}

void rig_ca_answer_free(struct rig_ca_answer *answer)
{
    rig_buf_free(&answer->der);
    rig_buf_free(&answer->chain_pem);
}

rig_result rig_ca_chain_update(struct rig_ca *ca, const struct rig_ca_chain_update_request *request,
                               struct rig_ca_chain_update *update, struct rig_wait wait,
                               struct rig_error *err)
{
    *update = (struct rig_ca_chain_update){0};
    if (ca->ops->chain_update == NULL) {
        return unsupported(ca, "way to renew its intermediates for devices", err);
    }
    RIG_TRY_IN(ca->ops->chain_update(ca, request, update, wait, err), err,
               "%s CA: no chain update could be made", ca->ops->name);
    return RIG_DONE;
}

void rig_ca_chain_update_free(struct rig_ca_chain_update *update)
{
    rig_buf_free(&update->object);
}

rig_result rig_ca_issued_for(struct rig_ca *ca, const uint8_t spki_sha256[RIG_SHA256_SIZE],
                             rig_result (*each)(void *ctx, const char *serial, bool revoked,
                                                const struct rig_buf *der, struct rig_error *err),
                             void *ctx, struct rig_wait wait, struct rig_error *err)
{
    return ca->ops->issued_for(ca, spki_sha256, each, ctx, wait, err);
}

rig_result rig_ca_knows(struct rig_ca *ca, const char *serial, bool *known, struct rig_wait wait,
                        struct rig_error *err)
{
    *known = false;
    return ca->ops->find(ca, serial, known, wait, err);
}

void rig_ca_close(struct rig_ca *ca)
{
    if (ca != NULL) {
        ca->ops->close(ca);
    }
}

const char *rig_revocation_reason_name(enum rig_revocation_reason reason)
{
    switch (reason) {
    case RIG_REVOKED_KEY_COMPROMISE:
        return "keyCompromise";
    case RIG_REVOKED_SUPERSEDED:
        return "superseded";
    case RIG_REVOKED_CESSATION:
        return "cessationOfOperation";
    case RIG_REVOKED_UNSPECIFIED:
        break;
    }
    return "unspecified";
}
