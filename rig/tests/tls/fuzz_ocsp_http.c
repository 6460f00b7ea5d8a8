/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what an OCSP responder sends over HTTP: a response only where bytes came, and words
 * wherever there is no answer. */
#include "rig/tls/ocsp_query.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RIG_AUTO(rig_buf_free) struct rig_buf in = {0};
    OCSP_RESPONSE *response = NULL;
    struct rig_error err;
    char text[64] = "";
    enum rig_tls_ocsp_progress progress;

    if (!rig_buf_append(&in, data, size, &err).ok) {
        abort();
    }
    progress = rig_tls_ocsp_http_judge(&in, &response, text, sizeof text);
    if (progress == RIG_TLS_OCSP_WAITS || (response != NULL && size == 0) ||
        (progress != RIG_TLS_OCSP_ANSWERED && (response != NULL || text[0] == '\0'))) {
        abort();
    }
    OCSP_RESPONSE_free(response);
    return 0;
}
