/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a certificate. The rules are taken from the input where it can be decoded, and the
 * certificate itself is offered as its own root, so that every check is reached.
 */
#include "rig/ca/pki.h"
#include "rig/ca/policy.h"

#include <openssl/err.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool rules_of(const uint8_t *data, size_t size, struct rig_buf *pem,
                     struct rig_certificate_rules *rules, uint8_t spki_sha256[RIG_SHA256_SIZE])
{
    const uint8_t *at = data;
    RIG_AUTO(rig_auto_X509) X509 *certificate = d2i_X509(NULL, &at, (long)size);
    struct rig_error err;

    return certificate != NULL && rig_pki_certificate_pem(certificate, pem, &err).ok &&
           rig_pki_spki_sha256(X509_get_X509_PUBKEY(certificate), spki_sha256, &err).ok &&
           rig_pki_time_get(X509_get0_notBefore(certificate), &rules->not_before_ms, &err).ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum rig_ca_profile profiles[] = {RIG_PROFILE_DEVICE, RIG_PROFILE_SERVER};

    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
        RIG_AUTO(rig_buf_free) struct rig_buf pem = {0};
        uint8_t spki_sha256[RIG_SHA256_SIZE] = {0};
        struct rig_certificate_rules rules = {.profile = profiles[i],
                                              .common_name = i == 0 ? "b1" : "srv.rig.test",
                                              .spki_sha256 = spki_sha256,
                                              .may_be_expired = true};
        struct rig_error err = {0};

        if (!rules_of(data, size, &pem, &rules, spki_sha256)) {
            ERR_clear_error();
            rig_buf_free(&pem);
        }
        rules.now_ms = rules.not_before_ms + 1000;
        rules.root_pem = rig_buf_text(&pem);
        if (!rig_certificate_check(data, size, &rules, &err).ok && err.text[0] == '\0') {
            abort();
        }
    }
    return 0;
}
