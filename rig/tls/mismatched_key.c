/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/mismatched_key.h"

#include "rig/tls/pem.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

RIG_DEFINE_AUTO(EVP_PKEY_CTX, EVP_PKEY_CTX_free);
RIG_DEFINE_AUTO(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free);
RIG_DEFINE_AUTO(OSSL_PARAM, OSSL_PARAM_free);
RIG_DEFINE_AUTO(BIGNUM, BN_clear_free);

/* The point of the certificate with the scalar of another key. */
rig_result rig_tls_mismatched_key(EVP_PKEY *shown, EVP_PKEY **key, struct rig_error *err)
{
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *other = NULL;
    RIG_AUTO(rig_auto_EVP_PKEY_CTX) EVP_PKEY_CTX *maker = NULL;
    RIG_AUTO(rig_auto_OSSL_PARAM_BLD) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    RIG_AUTO(rig_auto_OSSL_PARAM) OSSL_PARAM *parameters = NULL;
    RIG_AUTO(rig_auto_BIGNUM) BIGNUM *scalar = NULL;
    unsigned char *point = NULL;
    char curve[64] = "";
    size_t len = 0;
    const size_t n_point = EVP_PKEY_get1_encoded_public_key(shown, &point);
    bool made = builder != NULL && n_point != 0 && EVP_PKEY_is_a(shown, "EC") == 1 &&
                EVP_PKEY_get_group_name(shown, curve, sizeof curve, &len) == 1;

    other = made ? EVP_EC_gen(curve) : NULL;
    made =
        other != NULL && EVP_PKEY_get_bn_param(other, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) == 1 &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, n_point) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1;
    parameters = made ? OSSL_PARAM_BLD_to_param(builder) : NULL;
    maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    made = parameters != NULL && maker != NULL && EVP_PKEY_fromdata_init(maker) == 1 &&
           EVP_PKEY_fromdata(maker, key, EVP_PKEY_KEYPAIR, parameters) == 1;
    OPENSSL_free(point);
    if (!made) {
        ERR_clear_error();
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_UNSUPPORTED,
                        "only an EC certificate can be shown with a key that does not match it");
    }
    return RIG_DONE;
}
