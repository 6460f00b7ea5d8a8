/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a boot banner, whole and in pieces: the same verdict. */
#include "rig/esp/reset.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rig_banner_parser whole = {0};
    struct rig_banner_parser pieces = {0};

    rig_banner_feed(&whole, data, size);
    for (size_t i = 0; i < size; i++) {
        rig_banner_feed(&pieces, data + i, 1);
    }
    for (int wanted = RIG_BOOT_RUN; wanted <= RIG_BOOT_DOWNLOAD; wanted++) {
        struct rig_error a = {0};
        struct rig_error b = {0};

        if (rig_boot_judge(&whole.banner, (enum rig_boot_mode)wanted, &a).ok !=
                rig_boot_judge(&pieces.banner, (enum rig_boot_mode)wanted, &b).ok ||
            strcmp(a.text, b.text) != 0) {
            abort();
        }
    }
    return 0;
}
