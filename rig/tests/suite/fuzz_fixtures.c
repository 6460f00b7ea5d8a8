/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/fixtures.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RIG_AUTO(rig_auto_fixtures) struct rig_fixtures *fixtures = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    struct rig_error err = {0};

    const bool ok =
        rig_fixtures_parse("f", (const char *)data, size, &fixtures, &mistakes, &err).ok;
    /* either fixtures and no word, or no fixtures, a word and a usage error */
    if (ok ? fixtures == NULL || mistakes.len != 0
           : fixtures != NULL || mistakes.len == 0 || err.cls != RIG_CLASS_USAGE) {
        abort();
    }
    return 0;
}
