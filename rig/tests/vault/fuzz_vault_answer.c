/* SPDX-License-Identifier: Apache-2.0 */
/* What a server answers: two bytes of status, one of content type, the rest is the body. */
#include "rig/vault/internal.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"application/json", "text/html", "",
                                        "application/ocsp-response"};
    char words[RIG_VAULT_WORDS_SIZE];
    enum rig_vault_fault fault;
    struct rig_error err = {0};
    long status;

    if (size < 3) {
        return 0;
    }
    status = (data[0] << 8 | data[1]) % 1000;
    fault = rig_vault_classify(status, types[data[2] % 4], data + 3, size - 3, words);
    for (const char *c = words; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~') {
            abort();
        }
    }
    if ((status / 100 == 2) != (fault == RIG_VAULT_FAULT_NONE)) {
        abort();
    }
    (void)rig_vault_fail(&err, fault, "fuzz", words, NULL).ok;
    return 0;
}
