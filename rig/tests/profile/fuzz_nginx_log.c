/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/profile/nginx_log.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rig_nginx_line line;

    rig_nginx_parse_line((const char *)data, size, &line);
    if (line.status > 999 || line.verify_error < 0 || line.alert_received > 255 ||
        (line.kind != RIG_NGINX_ACCESS && (line.status != 0 || line.presented))) {
        abort();
    }
    return 0;
}
