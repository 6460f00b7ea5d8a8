/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/bench.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RIG_AUTO(rig_auto_bench) struct rig_bench *bench = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    struct rig_error err = {0};

    const bool ok = rig_bench_parse("f", (const char *)data, size, &bench, &mistakes, &err).ok;
    /* either a plan and no word, or no plan, a word and a usage error */
    if (ok ? bench == NULL || mistakes.len != 0
           : bench != NULL || mistakes.len == 0 || err.cls != RIG_CLASS_USAGE) {
        abort();
    }
    return 0;
}
