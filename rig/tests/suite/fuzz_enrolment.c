/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/suite/enrolment_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RIG_AUTO(rig_auto_enrolment_file) struct rig_enrolment_file *file = NULL;
    RIG_AUTO(rig_buf_free) struct rig_buf mistakes = {0};
    struct rig_error err = {0};

    const bool ok =
        rig_enrolment_file_parse("f", (const char *)data, size, &file, &mistakes, &err).ok;
    /* either a file and no word, or no file, a word and a usage error */
    if (ok ? file == NULL || mistakes.len != 0
           : file != NULL || mistakes.len == 0 || err.cls != RIG_CLASS_USAGE) {
        abort();
    }
    return 0;
}
