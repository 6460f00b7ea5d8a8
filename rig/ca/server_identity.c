/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/ca/key.h"
#include "rig/ca/local.h"

static rig_result make_csr(EVP_PKEY *key, struct rig_buf *der, struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = X509_REQ_new();
    uint8_t *bytes = NULL;
    rig_result result;
    int len;

    rig_pki_begin();
    if (csr == NULL || X509_REQ_set_version(csr, X509_REQ_VERSION_1) != 1 ||
        X509_REQ_set_pubkey(csr, key) != 1 || X509_REQ_sign(csr, key, rig_key_digest(key)) <= 0 ||
        (len = i2d_X509_REQ(csr, &bytes)) <= 0) {
        return rig_pki_fail_library(err, "make a CSR");
    }
    result = rig_buf_append(der, bytes, (size_t)len, err);
    OPENSSL_free(bytes);
    return result;
}

rig_result rig_ca_make_server(struct rig_ca *ca, const struct rig_ca_request *request,
                              enum rig_key_type key_type, struct rig_buf *key_pem,
                              struct rig_ca_certificate *certificate, struct rig_wait wait,
                              struct rig_error *err)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf csr = {0};
    struct rig_ca_request own = *request;
    const size_t before = key_pem->len;

    if (!key_pem->secret) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID,
                        "the buffer for a server's private key must be a secret one");
    }
    RIG_TRY(rig_key_make(key_type, &key, err));
    RIG_TRY(make_csr(key, &csr, err));
    RIG_TRY(rig_key_write(key, NULL, key_pem, err));
    own.profile = RIG_PROFILE_SERVER;
    own.csr_der = csr.data;
    own.csr_len = csr.len;
    if (!rig_ca_sign(ca, &own, certificate, wait, err).ok) {
        OPENSSL_cleanse(key_pem->data + before, key_pem->len - before);
        key_pem->len = before;
        return (rig_result){.ok = false};
    }
    return RIG_DONE;
}
