/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/ca_config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    struct rig_ca_vault_config config;
    struct rig_error err = {0};

    const bool ok =
        rig_ca_config_parse("d/f", (const char *)data, size, &config, &mistakes, &err).ok;
    /* either a configuration and no word, or a word and a usage error */
    if (ok ? mistakes.len != 0 || config.device.role[0] == '\0'
           : mistakes.len == 0 || err.cls != RIG_CLASS_USAGE) {
        abort();
    }
    return 0;
}
