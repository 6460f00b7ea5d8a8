/* SPDX-License-Identifier: Apache-2.0 */
/* The words of update-begin, update-write and update-commit: PROTOCOL.md section 7. */
#include "core.h"

#include <mbedtls/base64.h>
#include <string.h>

static void bad_value(struct agent *agent, const char *text)
{
    struct agent_failure why = {"bad-value", text, 0};

    agent_reply_err(agent, &why);
}

static void ok(struct agent *agent)
{
    agent_frame(agent, agent->seq, "ok");
    agent_put_number(agent, "lines", agent->n_reply_lines);
}

void agent_command_update_begin(struct agent *agent, const struct agent_request *request)
{
    struct agent_failure why = {0};
    uint32_t bytes = 0;

    if (!agent_parse_u32(agent_value(request, "bytes"), 0x7fffffffu, &bytes)) {
        bad_value(agent, "bytes= is a byte count up to update_max of hello");
        return;
    }
    if (agent->services->update_begin(agent, bytes, &why) != 0) {
        agent_reply_err(agent, &why);
        return;
    }
    ok(agent);
    agent_reply_ok(agent);
}

void agent_command_update_write(struct agent *agent, const struct agent_request *request)
{
    const char *text = agent_value(request, "data");
    struct agent_failure why = {0};
    uint8_t data[AGENT_DATA_MAX_BYTES];
    uint32_t offset = 0;
    size_t size = 0;

    if (!agent_parse_u32(agent_value(request, "offset"), AGENT_SLOT_MAX_BYTES, &offset) ||
        mbedtls_base64_decode(data, sizeof data, &size, (const unsigned char *)text,
                              strlen(text)) != 0 ||
        size == 0) {
        bad_value(agent, "offset= is a byte offset, data= base64 of 1 to 336 bytes");
        return;
    }
    if (agent->services->update_write(agent, offset, data, size, &why) != 0) {
        agent_reply_err(agent, &why);
        return;
    }
    ok(agent);
    agent_put_number(agent, "offset", offset);
    agent_put_number(agent, "bytes", size);
    agent_reply_ok(agent);
}

void agent_command_update_commit(struct agent *agent, const struct agent_request *request)
{
    struct agent_failure why = {0};
    struct agent_update update = {0};
    uint8_t sha256[32];

    if (!agent_parse_hex(agent_value(request, "sha256"), sha256, sizeof sha256)) {
        bad_value(agent, "sha256= is 64 hex digits");
        return;
    }
    if (agent->services->update_commit(agent, sha256, &update, &why) != 0) {
        agent_reply_err(agent, &why);
        return;
    }
    ok(agent);
    agent_put_number(agent, "chain_version", update.version);
    agent_put_number(agent, "intermediates", update.n_chain);
    agent_reply_ok(agent);
}
