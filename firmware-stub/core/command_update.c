/* SPDX-License-Identifier: Apache-2.0 */
/* The words of update-begin, update-write and update-commit: PROTOCOL.md section 7. */
#include "core.h"

void agent_command_update_begin(struct agent *agent, const struct agent_request *request)
{
    struct agent_failure why = {0};
    uint32_t bytes = 0;

    if (!agent_parse_u32(agent_value(request, "bytes"), 0x7fffffffu, &bytes)) {
        agent_command_bad_value(agent, "bytes= is a byte count up to update_max of hello");
        return;
    }
    if (agent->services->update_begin(agent, bytes, &why) != 0) {
        agent_reply_err(agent, &why);
        return;
    }
    agent_command_ok(agent);
    agent_reply_ok(agent);
}

void agent_command_update_write(struct agent *agent, const struct agent_request *request)
{
    agent_command_piece(agent, request, agent->services->update_write);
}

void agent_command_update_commit(struct agent *agent, const struct agent_request *request)
{
    struct agent_failure why = {0};
    struct agent_update update = {0};
    uint8_t sha256[32];

    if (!agent_parse_hex(agent_value(request, "sha256"), sha256, sizeof sha256)) {
        agent_command_bad_value(agent, "sha256= is 64 hex digits");
        return;
    }
    if (agent->services->update_commit(agent, sha256, &update, &why) != 0) {
        agent_reply_err(agent, &why);
        return;
    }
    agent_command_ok(agent);
    agent_put_number(agent, "chain_version", update.version);
    agent_put_number(agent, "intermediates", update.n_chain);
    agent_reply_ok(agent);
}
