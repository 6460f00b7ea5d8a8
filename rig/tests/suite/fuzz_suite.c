/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/suite.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RIG_AUTO(rig_auto_suite) struct rig_suite *suite = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    struct rig_error err = {0};

    const bool ok = rig_suite_parse("f", (const char *)data, size, &suite, &mistakes, &err).ok;
    /* either a plan and no word, or no plan, a word and a usage error */
    if (ok ? suite == NULL || mistakes.len != 0
           : suite != NULL || mistakes.len == 0 || err.cls != RIG_CLASS_USAGE) {
        abort();
    }
    return 0;
}
