/* SPDX-License-Identifier: Apache-2.0 */
/* The server's OCSP responder, asked as a relying party does: one serial, no nonce (it has none).
 */
#include "rig/ca/vault_parts.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include <string.h>

#define SKEW_S 300
#define STATUS_UNAUTHORIZED 401

RIG_DEFINE_AUTO(OCSP_REQUEST, OCSP_REQUEST_free);
RIG_DEFINE_AUTO(OCSP_RESPONSE, OCSP_RESPONSE_free);
RIG_DEFINE_AUTO(OCSP_BASICRESP, OCSP_BASICRESP_free);
RIG_DEFINE_AUTO(OCSP_CERTID, OCSP_CERTID_free);

static rig_result make_id(X509 *issuer, const char *serial, OCSP_CERTID **id, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *number = NULL;
    RIG_AUTO(rig_auto_ASN1_INTEGER) ASN1_INTEGER *integer = NULL;
    char plain[RIG_SERIAL_TEXT_SIZE];

    rig_pki_begin();
    if (!rig_vault_serial_plain(serial, plain) || BN_hex2bn(&number, plain) == 0) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "a serial number is at most %d hex digits", 2 * RIG_SERIAL_MAX);
    }
    integer = BN_to_ASN1_INTEGER(number, NULL);
    *id = integer != NULL ? OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(issuer),
                                             X509_get0_pubkey_bitstr(issuer), integer)
                          : NULL;
    return *id != NULL ? RIG_DONE : rig_pki_fail_library(err, "make an OCSP request");
}

static rig_result encode(OCSP_CERTID *id, struct rig_buf *der, struct rig_error *err)
{
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *request = OCSP_REQUEST_new();
    RIG_AUTO(rig_auto_OCSP_CERTID) OCSP_CERTID *own = OCSP_CERTID_dup(id);
    uint8_t *bytes = NULL;
    rig_result result;
    int len;

    if (request == NULL || own == NULL || OCSP_request_add0_id(request, own) == NULL) {
        return rig_pki_fail_library(err, "make an OCSP request");
    }
    own = NULL;
    len = i2d_OCSP_REQUEST(request, &bytes);
    if (len <= 0) {
        return rig_pki_fail_library(err, "encode an OCSP request");
    }
    result = rig_buf_append(der, bytes, (size_t)len, err);
    OPENSSL_free(bytes);
    return result;
}

static rig_result fail_status(const struct rig_vault_ca *vault, int status, struct rig_error *err)
{
    const char *mount = vault->config.device.mount;

    return rig_fail(err, RIG_CLASS_CA,
                    status == OCSP_RESPONSE_STATUS_TRYLATER ? RIG_E_UNAVAILABLE : RIG_E_REFUSED,
                    "the OCSP responder of %s says '%s'%s", mount, OCSP_response_status_str(status),
                    status == OCSP_RESPONSE_STATUS_UNAUTHORIZED
                        ? ": switch it on (config/crl, ocsp_disable=false), and let the issuer "
                          "sign OCSP (usage ocsp-signing)"
                        : "");
}

static rig_result verify(const struct rig_vault_ca *vault, OCSP_BASICRESP *basic,
                         struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509_STORE) X509_STORE *store = X509_STORE_new();

    if (store == NULL || X509_STORE_add_cert(store, vault->root) != 1) {
        return rig_pki_fail_library(err, "fill a trust store");
    }
    if (OCSP_basic_verify(basic, vault->cas[RIG_PROFILE_DEVICE], store, 0) != 1) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_BAD_SIGNATURE,
                            "the OCSP answer of %s is not signed by the issuing CA or its "
                            "responder",
                            vault->config.device.mount);
    }
    return RIG_DONE;
}

static rig_result time_of(const ASN1_GENERALIZEDTIME *time, int64_t *ms, struct rig_error *err)
{
    *ms = 0;
    return time != NULL ? rig_pki_time_get(time, ms, err) : RIG_DONE;
}

static rig_result read_status(const struct rig_vault_ca *vault, OCSP_BASICRESP *basic,
                              OCSP_CERTID *id, struct rig_ca_ocsp *ocsp, struct rig_error *err)
{
    ASN1_GENERALIZEDTIME *revoked = NULL;
    ASN1_GENERALIZEDTIME *this_update = NULL;
    ASN1_GENERALIZEDTIME *next_update = NULL;
    int status = 0;

    if (OCSP_resp_find_status(basic, id, &status, NULL, &revoked, &this_update, &next_update) !=
        1) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_PROTOCOL,
                            "the OCSP answer of %s speaks of another certificate",
                            vault->config.device.mount);
    }
    RIG_TRY(time_of(revoked, &ocsp->revoked_at_ms, err));
    RIG_TRY(time_of(this_update, &ocsp->this_update_ms, err));
    RIG_TRY(time_of(next_update, &ocsp->next_update_ms, err));
    if (OCSP_check_validity(this_update, next_update, SKEW_S, -1) != 1) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_POLICY,
                            "the OCSP answer of %s is not of now: set the clocks of this host and "
                            "of the server",
                            vault->config.device.mount);
    }
    ocsp->status = status == V_OCSP_CERTSTATUS_GOOD      ? RIG_OCSP_GOOD
                   : status == V_OCSP_CERTSTATUS_REVOKED ? RIG_OCSP_REVOKED
                                                         : RIG_OCSP_UNKNOWN;
    return RIG_DONE;
}

rig_result rig_vault_ocsp(struct rig_ca *ca, const char *serial, struct rig_ca_ocsp *ocsp,
                          struct rig_wait wait, struct rig_error *err)
{
    struct rig_vault_ca *vault = rig_vault_ca_of(ca);
    X509 *issuer = sk_X509_value(vault->cas[RIG_PROFILE_DEVICE], 0);
    RIG_AUTO(rig_auto_OCSP_CERTID) OCSP_CERTID *id = NULL;
    RIG_AUTO(rig_auto_OCSP_RESPONSE) OCSP_RESPONSE *response = NULL;
    RIG_AUTO(rig_auto_OCSP_BASICRESP) OCSP_BASICRESP *basic = NULL;
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    char path[RIG_VAULT_PATH_SIZE];
    const uint8_t *at;
    int status;

    RIG_TRY(make_id(issuer, serial, &id, err));
    RIG_TRY(encode(id, &der, err));
    rig_vault_ca_path(path, vault->config.device.mount, "ocsp");
    RIG_TRY(
        rig_vault_call(vault->station,
                       &(struct rig_vault_request){.method = RIG_VAULT_POST,
                                                   .path = path,
                                                   .repeatable = true,
                                                   .anonymous = true,
                                                   .raw = true,
                                                   .raw_body = der.data,
                                                   .raw_body_len = der.len,
                                                   .raw_content_type = "application/ocsp-request",
                                                   .ok_status = STATUS_UNAUTHORIZED},
                       &reply, wait, err));
    at = reply.raw.data;
    response = reply.raw.len != 0 ? d2i_OCSP_RESPONSE(NULL, &at, (long)reply.raw.len) : NULL;
    if (response == NULL) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_PROTOCOL,
                            "%s at %s gave no OCSP answer (HTTP %ld)", path,
                            rig_vault_address(vault->station), reply.status);
    }
    status = OCSP_response_status(response);
    if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        return fail_status(vault, status, err);
    }
    basic = OCSP_response_get1_basic(response);
    if (basic == NULL) {
        return rig_pki_fail(err, RIG_CLASS_CA, RIG_E_PROTOCOL, "an OCSP answer of unknown type");
    }
    RIG_TRY(verify(vault, basic, err));
    return read_status(vault, basic, id, ocsp, err);
}
