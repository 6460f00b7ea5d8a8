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
        rig_ca_certificate_free(certificate);
        return rig_wrap(err, "%s CA: cannot sign a certificate for '%.80s'", ca->ops->name,
                        request->common_name != NULL ? request->common_name : "");
    }
    return RIG_DONE;
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

rig_result rig_ca_issued_for(struct rig_ca *ca, const uint8_t spki_sha256[RIG_SHA256_SIZE],
                             rig_result (*each)(void *ctx, const char *serial, bool revoked,
                                                const struct rig_buf *der, struct rig_error *err),
                             void *ctx, struct rig_wait wait, struct rig_error *err)
{
    return ca->ops->issued_for(ca, spki_sha256, each, ctx, wait, err);
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
