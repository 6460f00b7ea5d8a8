/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of request lines: any bytes; strings stay inside of the line, the frame's seq needs a
 * right checksum. */
#include <stdlib.h>
#include <string.h>

#include "firmware-stub/core/core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(const char *text, const char *line, size_t size)
{
    if (text < line || text > line + size || strlen(text) > (size_t)(line + size - text)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[AGENT_LINE_MAX_BYTES + 1];
    struct agent_request request;
    size_t offset = 0;

    if (size > AGENT_LINE_MAX_BYTES) {
        return 0;
    }
    memcpy(line, data, size);
    enum agent_parsed parsed = agent_parse_line(line, size, &request, &offset);
    if (offset > size) {
        abort();
    }
    if (parsed == AGENT_PARSED_FRAME) {
        if (request.seq != 0 && !request.has_checksum) {
            abort();
        }
        check_inside(request.word, line, size);
        for (size_t i = 0; i < request.n_pairs; i++) {
            check_inside(request.pairs[i].key, line, size);
            check_inside(request.pairs[i].value, line, size);
            if (agent_value(&request, request.pairs[i].key) != request.pairs[i].value) {
                abort();
            }
        }
    }
    return 0;
}
