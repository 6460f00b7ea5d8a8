/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: no crash, and the same verdict however the stream is cut into chunks. */
#include "rig/tls/tripwire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rig_tripwire whole;
    struct rig_tripwire cut;
    const size_t chunk = size != 0 ? 1 + data[0] % 7 : 1;

    rig_tripwire_init(&whole);
    rig_tripwire_init(&cut);
    (void)rig_tripwire_feed(&whole, data, size);
    for (size_t at = 0; at < size; at += chunk) {
        (void)rig_tripwire_feed(&cut, data + at, size - at < chunk ? size - at : chunk);
    }
    if (whole.tripped != cut.tripped || whole.tripped_at != cut.tripped_at ||
        strcmp(whole.what, cut.what) != 0 || (whole.tripped && whole.tripped_at >= size)) {
        abort();
    }
    return 0;
}
