/* SPDX-License-Identifier: Apache-2.0 */
/* New intermediates for the board: firmware-stub/PROTOCOL.md section 7. */
#include "rig/agent/client.h"

#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#define RETRY_MS 1500
#define SLOW_RETRY_MS 6000 /* several signatures are verified without reading meanwhile */
#define DEAD_MS 6000
#define SLOW_DEAD_MS 24000

static rig_result fail_value(const char *key, const char *value, struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_PROTOCOL, "the reply to 'certs' %s %s=%.40s",
                    value == NULL ? "lacks" : "has a wrong", key, value == NULL ? "" : value);
}

static rig_result read_line(const struct rig_agent_frame *line, struct rig_agent_chain *chain,
                            struct rig_error *err)
{
    const char *part = rig_agent_frame_value(line, "part");
    const char *index_text = rig_agent_frame_value(line, "index");
    const char *hash = rig_agent_frame_value(line, "sha256");
    struct rig_error ignored;
    uint64_t index = 0;
    uint8_t(*list)[RIG_SHA256_SIZE] = chain->sha256;
    size_t max = RIG_AGENT_CHAIN_MAX;

    if (part == NULL) {
        return RIG_DONE; /* the state of the source */
    }
    if (strcmp(part, "roots") == 0) {
        list = chain->roots_sha256;
        max = RIG_AGENT_ROOTS_MAX;
    }
    if (index_text == NULL || !rig_agent_number(index_text, UINT32_MAX, &index)) {
        return fail_value("index", index_text, err);
    }
    if (index < max &&
        (hash == NULL || !rig_hex_parse(hash, list[index], RIG_SHA256_SIZE, &ignored).ok)) {
        return fail_value("sha256", hash, err);
    }
    return RIG_DONE;
}

static rig_result read_number(const struct rig_agent_reply *reply, const char *key, uint64_t max,
                              uint64_t *out, struct rig_error *err)
{
    const char *value = rig_agent_reply_value(reply, key);

    return value != NULL && rig_agent_number(value, max, out) ? RIG_DONE
                                                              : fail_value(key, value, err);
}

rig_result rig_agent_chain_state(struct rig_agent *agent, struct rig_agent_chain *chain,
                                 struct rig_wait wait, struct rig_error *err)
{
    const struct rig_agent_call call = {.what = "certs",
                                        .command = "certs source=flash",
                                        .retry_ms = SLOW_RETRY_MS,
                                        .dead_ms = SLOW_DEAD_MS};
    RIG_AUTO(rig_agent_reply_free) struct rig_agent_reply reply = {0};
    const char *word;
    uint64_t number = 0;

    *chain = (struct rig_agent_chain){0};
    RIG_TRY(rig_agent_call(agent, &call, &reply, wait, err));
    if (reply.refused) {
        return rig_agent_fail_refused(&reply, call.what, err);
    }
    word = rig_agent_reply_value(&reply, "state");
    if (word == NULL || (strcmp(word, "ok") != 0 && strcmp(word, "none") != 0)) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_REFUSED,
                        "the board can't read the certificates in its flash: %.40s",
                        word != NULL ? word : "no state given");
    }
    RIG_TRY(read_number(&reply, "chain", RIG_AGENT_CHAIN_MAX, &number, err));
    chain->n_chain = (unsigned)number;
    RIG_TRY(read_number(&reply, "roots", RIG_AGENT_ROOTS_MAX, &number, err));
    chain->n_roots = (unsigned)number;
    RIG_TRY(read_number(&reply, "chain_version", UINT32_MAX, &number, err));
    chain->version = (uint32_t)number;
    word = rig_agent_reply_value(&reply, "intermediates");
    chain->updated = word != NULL && strcmp(word, "update") == 0;
    for (size_t i = 0; i < reply.n_lines; i++) {
        RIG_TRY(read_line(&reply.lines[i], chain, err));
    }
    return RIG_DONE;
}

rig_result rig_agent_chain_upload(struct rig_agent *agent, const void *object, size_t n_bytes,
                                  struct rig_wait wait, struct rig_error *err)
{
    char command[48];
    const struct rig_agent_call call = {
        .what = "update-begin", .command = command, .retry_ms = RETRY_MS, .dead_ms = DEAD_MS};
    RIG_AUTO(rig_agent_reply_free) struct rig_agent_reply reply = {0};

    (void)snprintf(command, sizeof command, "update-begin bytes=%zu", n_bytes);
    RIG_TRY(rig_agent_call(agent, &call, &reply, wait, err));
    if (reply.refused) {
        return rig_agent_fail_refused(&reply, call.what, err);
    }
    return rig_agent_write_pieces(agent, "update-write", object, n_bytes, wait, err);
}

rig_result rig_agent_chain_commit(struct rig_agent *agent, const void *object, size_t n_bytes,
                                  struct rig_agent_chain_answer *answer, struct rig_wait wait,
                                  struct rig_error *err)
{
    uint8_t hash[RIG_SHA256_SIZE];
    char hex[2 * RIG_SHA256_SIZE + 1];
    char command[96];
    const struct rig_agent_call call = {.what = "update-commit",
                                        .command = command,
                                        .retry_ms = SLOW_RETRY_MS,
                                        .dead_ms = SLOW_DEAD_MS};
    RIG_AUTO(rig_agent_reply_free) struct rig_agent_reply reply = {0};
    const char *code;
    const char *text;

    *answer = (struct rig_agent_chain_answer){0};
    (void)SHA256(object, n_bytes, hash);
    rig_hex(hash, sizeof hash, hex);
    (void)snprintf(command, sizeof command, "update-commit sha256=%s", hex);
    RIG_TRY(rig_agent_call(agent, &call, &reply, wait, err));
    answer->accepted = !reply.refused;
    if (reply.refused) {
        code = rig_agent_frame_value(&reply.end, "code");
        text = rig_agent_frame_value(&reply.end, "text");
        (void)rig_copy_text(answer->code, sizeof answer->code, code != NULL ? code : "no code");
        (void)rig_copy_text(answer->text, sizeof answer->text,
                            text != NULL ? text : "no reason given");
    }
    return RIG_DONE;
}
