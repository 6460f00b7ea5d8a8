/* SPDX-License-Identifier: Apache-2.0 */
/* The server's OCSP responder, asked as a relying party does: one serial, no nonce (it has none).
 */
#include "rig/ca/ocsp.h"
#include "rig/ca/vault_parts.h"

rig_result rig_vault_ocsp(struct rig_ca *ca, const char *serial, struct rig_ca_ocsp *ocsp,
                          struct rig_wait wait, struct rig_error *err)
{
    struct rig_vault_ca *vault = rig_vault_ca_of(ca);
    RIG_AUTO(rig_auto_OCSP_REQUEST) OCSP_REQUEST *request = NULL;
    RIG_AUTO(rig_vault_reply_free) struct rig_vault_reply reply = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    char path[RIG_VAULT_PATH_SIZE];
    struct rig_ocsp_reader reader = {
        .responder = path,
        .unauthorized = "switch it on (config/crl, ocsp_disable=false), and let the issuer sign "
                        "OCSP (usage ocsp-signing)",
        .cas = vault->cas[RIG_PROFILE_DEVICE],
        .root = vault->root,
    };

    RIG_TRY(rig_ocsp_request(sk_X509_value(reader.cas, 0), serial, false, &request, err));
    RIG_TRY(rig_ocsp_request_der(request, &der, err));
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
                                                   .raw_ok_type = "application/ocsp-response"},
                       &reply, wait, err));
    reader.now_ms = rig_clock_now_ms(vault->clock);
    RIG_TRY_IN(rig_ocsp_read(&reader, request, reply.raw.data, reply.raw.len, ocsp, err), err,
               "%s (HTTP %ld)", rig_vault_address(vault->station), reply.status);
    return RIG_DONE;
}
