/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a CSR, judged as each kind of key: an answer, never a crash; accepted only when it
 * is the one DER. */
#include "rig/ca/policy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum rig_key_type types[] = {RIG_KEY_RSA_2048, RIG_KEY_P256};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct rig_csr_rules rules = {.key_type = types[i],
                                            .common_name = "b1",
                                            .organization = "WiseFido Inc",
                                            .country = "US"};
        uint8_t spki_sha256[RIG_SHA256_SIZE];
        struct rig_error err = {0};

        if (!rig_csr_check(data, size, &rules, spki_sha256, &err).ok &&
            (err.cls != RIG_CLASS_DEVICE || err.text[0] == '\0')) {
            abort();
        }
    }
    return 0;
}
