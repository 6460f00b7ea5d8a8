/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the slot, and what they share with those of updates: PROTOCOL.md. */
#include "core.h"

#include <mbedtls/base64.h>
#include <string.h>

void agent_command_ok(struct agent *agent)
{
    agent_frame(agent, agent->seq, "ok");
    agent_put_number(agent, "lines", agent->n_reply_lines);
}

void agent_command_bad_value(struct agent *agent, const char *text)
{
    struct agent_failure why = {"bad-value", text, 0};

    agent_reply_err(agent, &why);
}

void agent_command_piece(struct agent *agent, const struct agent_request *request,
                         agent_write_piece *write)
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
        agent_command_bad_value(agent, "offset= is a byte offset, data= base64 of 1 to 336 bytes");
        return;
    }
    if (write(agent, offset, data, size, &why) != 0) {
        agent_reply_err(agent, &why);
        return;
    }
    agent_command_ok(agent);
    agent_put_number(agent, "offset", offset);
    agent_put_number(agent, "bytes", size);
    agent_reply_ok(agent);
}

static void end_simple(struct agent *agent, int result, const struct agent_failure *why)
{
    if (result != 0) {
        agent_reply_err(agent, why);
    } else {
        agent_command_ok(agent);
        agent_reply_ok(agent);
    }
}

void agent_command_slot_begin(struct agent *agent, const struct agent_request *request)
{
    struct agent_failure why = {0};
    uint32_t chain = 0;
    uint32_t roots = 0;
    uint32_t crls = 0;
    const char *crls_text = agent_value(request, "crls");

    if (!agent_parse_u32(agent_value(request, "chain"), AGENT_SLOT_MAX_BYTES, &chain) ||
        !agent_parse_u32(agent_value(request, "roots"), AGENT_SLOT_MAX_BYTES, &roots) ||
        (crls_text != NULL && !agent_parse_u32(crls_text, AGENT_SLOT_MAX_BYTES, &crls))) {
        agent_command_bad_value(agent,
                                "chain=, roots= and crls= are byte counts up to slot_max of hello");
        return;
    }
    end_simple(agent, agent->services->slot_begin(agent, chain, roots, crls, &why), &why);
}

void agent_command_slot_write(struct agent *agent, const struct agent_request *request)
{
    agent_command_piece(agent, request, agent->services->slot_write);
}

static void ignore_cert(void *arg, const struct agent_cert_info *info)
{
    (void)arg;
    (void)info;
}

void agent_command_slot_commit(struct agent *agent, const struct agent_request *request)
{
    struct agent_cert_summary summary = {0};
    struct agent_failure why = {0};
    uint8_t sha256[32];

    if (!agent_parse_hex(agent_value(request, "sha256"), sha256, sizeof sha256)) {
        agent_command_bad_value(agent, "sha256= is 64 hex digits");
        return;
    }
    if (agent->services->slot_commit(agent, sha256, &why) != 0 ||
        agent->services->cert_state(agent, AGENT_SOURCE_SLOT, ignore_cert, NULL, &summary, &why) !=
            0) {
        agent_reply_err(agent, &why);
        return;
    }
    agent_command_ok(agent);
    agent_put_number(agent, "chain", summary.n_chain);
    agent_put_number(agent, "roots", summary.n_roots);
    agent_put_number(agent, "crls", summary.n_crls);
    agent_reply_ok(agent);
}

void agent_command_slot_clear(struct agent *agent, const struct agent_request *request)
{
    struct agent_failure why = {0};

    (void)request;
    end_simple(agent, agent->services->slot_clear(agent, &why), &why);
}
