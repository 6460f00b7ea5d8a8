/* SPDX-License-Identifier: Apache-2.0 */
#include "core.h"

#include <mbedtls/base64.h>
#include <string.h>

#define CHECKSUM_CHARS 6u /* " *hhhh" */
#define BUSY_INTERVAL_MS 500u

static size_t room(const struct agent *agent)
{
    return AGENT_LINE_MAX_BYTES - CHECKSUM_CHARS - agent->tx_size;
}

static void append(struct agent *agent, const char *text, size_t size)
{
    memcpy(agent->tx_line + agent->tx_size, text, size);
    agent->tx_size += size;
}

void agent_frame(struct agent *agent, uint16_t seq, const char *word)
{
    char digits[21];

    agent->tx_size = 0;
    append(agent, "@", 1);
    append(agent, digits, agent_put_u64(digits, seq));
    append(agent, " ", 1);
    append(agent, word, strlen(word));
}

static bool is_bare(const char *value)
{
    bool bare = *value != '\0';

    for (; *value != '\0'; value++) {
        bare = bare && *value > 0x20 && *value < 0x7f && *value != '"' && *value != '\\';
    }
    return bare;
}

static size_t escape(char out[4], char c)
{
    static const char names[] = "\"\\nrt";
    static const char bytes[] = "\"\\\n\r\t";
    const char *found = strchr(bytes, c);

    if (found != NULL) {
        out[0] = '\\';
        out[1] = names[found - bytes];
        return 2;
    }
    if (c >= 0x20 && c < 0x7f) {
        out[0] = c;
        return 1;
    }
    char hex[3];
    uint8_t byte = (uint8_t)c;
    agent_hex(hex, &byte, 1);
    out[0] = '\\';
    out[1] = 'x';
    out[2] = hex[0];
    out[3] = hex[1];
    return 4;
}

/* " key=" when it fits with `more` characters behind it. */
static bool put_key(struct agent *agent, const char *key, size_t more)
{
    size_t size = strlen(key);

    if (room(agent) < size + 2 + more) {
        return false;
    }
    append(agent, " ", 1);
    append(agent, key, size);
    append(agent, "=", 1);
    return true;
}

void agent_put(struct agent *agent, const char *key, const char *value)
{
    size_t size = strlen(value);

    if (is_bare(value)) {
        if (put_key(agent, key, size)) {
            append(agent, value, size);
        }
        return;
    }
    if (!put_key(agent, key, 2)) {
        return;
    }
    append(agent, "\"", 1);
    for (; *value != '\0'; value++) {
        char escaped[4];
        size = escape(escaped, *value);
        if (room(agent) < size + 1) {
            break;
        }
        append(agent, escaped, size);
    }
    append(agent, "\"", 1);
}

void agent_put_number(struct agent *agent, const char *key, uint64_t value)
{
    char digits[21];

    (void)agent_put_u64(digits, value);
    agent_put(agent, key, digits);
}

void agent_put_hash(struct agent *agent, const char *key, const uint8_t *data, size_t size)
{
    if (put_key(agent, key, 2 * size)) {
        char hex[3];
        for (size_t i = 0; i < size; i++) {
            agent_hex(hex, data + i, 1);
            append(agent, hex, 2);
        }
    }
}

void agent_put_data(struct agent *agent, const uint8_t *data, size_t size)
{
    size_t written = 0;

    if (put_key(agent, "data", (size + 2) / 3 * 4) &&
        mbedtls_base64_encode((unsigned char *)agent->tx_line + agent->tx_size,
                              sizeof agent->tx_line - agent->tx_size, &written, data, size) == 0) {
        agent->tx_size += written;
    }
}

void agent_put_code(struct agent *agent, const char *key, int code)
{
    uint32_t magnitude = code < 0 ? 0u - (uint32_t)code : (uint32_t)code;
    uint8_t bytes[4] = {(uint8_t)(magnitude >> 24), (uint8_t)(magnitude >> 16),
                        (uint8_t)(magnitude >> 8), (uint8_t)magnitude};
    bool wide = magnitude > 0xffff;
    char text[12] = "-0x";

    if (code == 0) {
        agent_put(agent, key, "0");
        return;
    }
    agent_hex(text + 3, wide ? bytes : bytes + 2, wide ? 4 : 2);
    agent_put(agent, key, code < 0 ? text : text + 1);
}

/* Completes tx_line and returns its size. */
static size_t seal(struct agent *agent)
{
    uint16_t crc = agent_crc16(agent->tx_line, agent->tx_size);
    uint8_t bytes[2] = {(uint8_t)(crc >> 8), (uint8_t)crc};
    char hex[5];

    agent_hex(hex, bytes, 2);
    append(agent, " *", 2);
    append(agent, hex, 4);
    append(agent, "\r\n", 2);
    return agent->tx_size;
}

void agent_frame_send(struct agent *agent)
{
    size_t size = seal(agent);

    agent_write(agent, agent->tx_line, size);
}

/* Sends a line of the reply and keeps it for a retransmission. */
static void send_and_keep(struct agent *agent)
{
    size_t size = seal(agent);

    if (agent->cache_size + size <= sizeof agent->cache && !agent->cache_full) {
        memcpy(agent->cache + agent->cache_size, agent->tx_line, size);
        agent->cache_size += size;
    } else {
        agent->cache_full = true;
    }
    agent_write(agent, agent->tx_line, size);
}

void agent_reply(struct agent *agent)
{
    agent->n_reply_lines++;
    send_and_keep(agent);
}

void agent_reply_ok(struct agent *agent)
{
    send_and_keep(agent);
}

void agent_reply_err(struct agent *agent, const struct agent_failure *why)
{
    agent_frame(agent, agent->seq, "err");
    agent_put_number(agent, "lines", agent->n_reply_lines);
    agent_put(agent, "code", why->code);
    agent_put_code(agent, "mbedtls", why->mbedtls);
    agent_put(agent, "text", why->text);
    send_and_keep(agent);
}

void agent_send_err(struct agent *agent, uint16_t seq, const char *code, const char *text)
{
    agent_frame(agent, seq, "err");
    agent_put_number(agent, "lines", 0);
    agent_put(agent, "code", code);
    agent_put(agent, "mbedtls", "0");
    agent_put(agent, "text", text);
    agent_frame_send(agent);
}

void agent_log(struct agent *agent, enum agent_log_level level, const char *text)
{
    char line[160] = "agent: ";

    if (level > agent->log_level) {
        return;
    }
    (void)agent_copy_text(line + 7, sizeof line - 9, text);
    size_t size = strlen(line);
    line[size++] = '\r';
    line[size++] = '\n';
    agent_write(agent, line, size);
}

void agent_send_busy(struct agent *agent)
{
    uint64_t now_ms = agent_now_ms(agent);

    agent->busy_sent_ms = now_ms;
    agent_frame(agent, agent->seq, "busy");
    agent_put(agent, "what", agent->at_work);
    agent_put_number(agent, "ms", now_ms - agent->started_ms);
    agent_frame_send(agent);
}

bool agent_keepalive(struct agent *agent)
{
    if (agent->port->poll(agent->port->ctx)) {
        agent->stopped = true;
    }
    if (!agent->stopped && !agent->aborted && agent->at_work != NULL &&
        agent_now_ms(agent) - agent->busy_sent_ms >= BUSY_INTERVAL_MS) {
        agent_send_busy(agent);
        (void)agent_wait_at_work(agent, 0);
    }
    return agent->stopped || agent->aborted;
}
