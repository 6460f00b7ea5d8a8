/* SPDX-License-Identifier: Apache-2.0 */
/* TLS bytes over the UART: PROTOCOL.md section 5. */
#include "core.h"

#include <mbedtls/base64.h>
#include <string.h>

#define RETRANSMIT_MS 400u
#define TRIES 12u
#define CLOSE_TRIES 3u
#define NO_EOF 1 /* no enum agent_io value is positive */

static void send_ack(struct agent *agent, uint32_t number)
{
    agent_frame(agent, agent->seq, "ack");
    agent_put_number(agent, "n", number);
    agent_frame_send(agent);
}

static int eof_of(const char *word)
{
    if (strcmp(word, "close") == 0) {
        return 0;
    }
    if (strcmp(word, "reset") == 0) {
        return AGENT_IO_RESET;
    }
    return strcmp(word, "refused") == 0 ? AGENT_IO_REFUSED : AGENT_IO_ERROR;
}

static bool take_data(struct agent *agent, const char *text)
{
    uint8_t data[AGENT_DATA_MAX_BYTES];
    size_t size = 0;

    if (mbedtls_base64_decode(data, sizeof data, &size, (const unsigned char *)text,
                              strlen(text)) != 0 ||
        size == 0 || size > sizeof agent->relay.ring - agent->relay.ring_size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        agent->relay.ring[(agent->relay.ring_start + agent->relay.ring_size + i) %
                          sizeof agent->relay.ring] = data[i];
    }
    agent->relay.ring_size += size;
    return true;
}

/* A frame with the number that is due. False: no room, or not understood: no ack. */
static bool take_frame(struct agent *agent, const struct agent_request *frame)
{
    const char *data = agent_value(frame, "data");
    const char *eof = agent_value(frame, "eof");

    if (data != NULL) {
        return agent->relay.closing || take_data(agent, data);
    }
    if (eof != NULL) {
        agent->relay.eof = eof_of(eof);
        return true;
    }
    agent->relay.connected = agent->relay.connected || agent_value(frame, "open") != NULL;
    return agent->relay.connected;
}

void agent_relay_frame(struct agent *agent, const struct agent_request *frame)
{
    const char *text = agent_value(frame, "n");
    uint32_t number = 0;

    if (!agent->relay.open || frame->seq != agent->seq || text == NULL ||
        !agent_parse_u32(text, UINT32_MAX, &number)) {
        return;
    }
    if (strcmp(frame->word, "ack") == 0) {
        agent->relay.acked = agent->relay.acked || number == agent->relay.tx_number;
    } else if (number < agent->relay.rx_number) {
        send_ack(agent, number);
    } else if (number == agent->relay.rx_number && take_frame(agent, frame)) {
        agent->relay.rx_number++;
        send_ack(agent, number);
    }
}

static uint32_t left_ms(const struct agent *agent, uint64_t deadline_ms)
{
    uint64_t now_ms = agent_now_ms(agent);

    return now_ms >= deadline_ms ? 0 : (uint32_t)(deadline_ms - now_ms);
}

/* Serves lines until *flag is set, eof came, or the time is over. 0: look again; negative: end. */
static int wait_for(struct agent *agent, const bool *flag, bool eof_counts, uint64_t deadline_ms)
{
    while (!*flag && !(eof_counts && agent->relay.eof != NO_EOF)) {
        uint32_t ms = left_ms(agent, deadline_ms);
        if (ms == 0) {
            return AGENT_IO_TIMEOUT;
        }
        if (agent_keepalive(agent) || !agent_wait_at_work(agent, ms < 100 ? ms : 100)) {
            return AGENT_IO_STOP;
        }
    }
    return 0;
}

/* One tx frame, of data or (data NULL) of a word, repeated until it is acknowledged. */
static int exchange(struct agent *agent, const char *key, const char *word, const uint8_t *data,
                    size_t size, unsigned tries, uint64_t deadline_ms)
{
    agent->relay.tx_number++;
    agent->relay.acked = false;
    for (unsigned i = 0; i < tries && !agent->stopped; i++) {
        agent_frame(agent, agent->seq, "tx");
        agent_put_number(agent, "n", agent->relay.tx_number);
        if (data != NULL) {
            agent_put_data(agent, data, size);
        } else {
            agent_put(agent, key, word);
        }
        agent_frame_send(agent);
        uint32_t ms = left_ms(agent, deadline_ms);
        int ret = wait_for(agent, &agent->relay.acked, false,
                           agent_now_ms(agent) + (ms < RETRANSMIT_MS ? ms : RETRANSMIT_MS));
        if (ret == 0 || ret == AGENT_IO_STOP) {
            return ret;
        }
        if (left_ms(agent, deadline_ms) == 0) {
            return AGENT_IO_TIMEOUT;
        }
    }
    return AGENT_IO_ERROR;
}

int agent_relay_open(struct agent *agent, uint32_t timeout_ms)
{
    uint64_t deadline_ms = agent_now_ms(agent) + timeout_ms;

    memset(&agent->relay, 0, sizeof agent->relay);
    agent->relay.open = true;
    agent->relay.eof = NO_EOF;
    agent->relay.rx_number = 1;
    int ret = exchange(agent, "open", "yes", NULL, 0, TRIES, deadline_ms);
    if (ret == 0) {
        ret = wait_for(agent, &agent->relay.connected, true, deadline_ms);
    }
    if (ret == 0 && !agent->relay.connected) {
        ret = agent->relay.eof == 0 ? AGENT_IO_RESET : agent->relay.eof;
    }
    return ret;
}

int agent_relay_send(struct agent *agent, const uint8_t *data, size_t size, uint32_t timeout_ms)
{
    size_t n = size < AGENT_DATA_MAX_BYTES ? size : AGENT_DATA_MAX_BYTES;

    int ret = exchange(agent, "data", "", data, n, TRIES, agent_now_ms(agent) + timeout_ms);
    return ret == 0 ? (int)n : ret;
}

int agent_relay_recv(struct agent *agent, uint8_t *data, size_t max, uint32_t timeout_ms)
{
    uint64_t deadline_ms = agent_now_ms(agent) + timeout_ms;
    size_t n = 0;

    while (agent->relay.ring_size == 0) {
        uint32_t ms = left_ms(agent, deadline_ms);
        if (agent->relay.eof != NO_EOF) {
            return agent->relay.eof;
        }
        if (ms == 0) {
            return AGENT_IO_TIMEOUT;
        }
        if (agent_keepalive(agent) || !agent_wait_at_work(agent, ms < 100 ? ms : 100)) {
            return AGENT_IO_STOP;
        }
    }
    for (; n < max && agent->relay.ring_size > 0; n++) {
        data[n] = agent->relay.ring[agent->relay.ring_start];
        agent->relay.ring_start = (agent->relay.ring_start + 1) % sizeof agent->relay.ring;
        agent->relay.ring_size--;
    }
    return (int)n;
}

void agent_relay_close(struct agent *agent)
{
    if (agent->relay.open && !agent->aborted) {
        agent->relay.closing = true;
        (void)exchange(agent, "eof", "close", NULL, 0, CLOSE_TRIES,
                       agent_now_ms(agent) + CLOSE_TRIES * RETRANSMIT_MS + RETRANSMIT_MS);
    }
    agent->relay.open = false;
}
