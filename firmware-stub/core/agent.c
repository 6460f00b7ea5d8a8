/* SPDX-License-Identifier: Apache-2.0 */
#include "core.h"

#include <string.h>

#define IDLE_WAIT_MS 200u

uint64_t agent_now_ms(const struct agent *agent)
{
    return agent->port->uptime_ms(agent->port->ctx);
}

/* Takes characters from the chunk until a line is whole. */
static bool take_line(struct agent *agent)
{
    while (agent->rx_chunk_used < agent->rx_chunk_size) {
        char c = (char)agent->rx_chunk[agent->rx_chunk_used++];
        if (c == '\n' || c == '\r') {
            if (agent->rx_size > 0 || agent->rx_too_long) {
                agent->rx_line[agent->rx_size] = '\0';
                return true;
            }
        } else if (agent->rx_size < AGENT_LINE_MAX_BYTES && !agent->rx_too_long) {
            agent->rx_line[agent->rx_size++] = c;
        } else {
            agent->rx_too_long = true;
        }
    }
    return false;
}

static void port_ended(struct agent *agent, int io)
{
    agent->stopped = true;
    agent->failed = agent->failed || io != AGENT_IO_STOP;
}

int agent_read_line(struct agent *agent, uint32_t timeout_ms)
{
    uint64_t start_ms = agent_now_ms(agent);
    uint64_t passed_ms = 0;
    bool first = true;

    while (!agent->stopped) {
        if (take_line(agent)) {
            return 1;
        }
        if (!first && passed_ms >= timeout_ms) {
            return 0;
        }
        first = false;
        int n = agent->port->uart_read(agent->port->ctx, agent->rx_chunk, sizeof agent->rx_chunk,
                                       timeout_ms - (uint32_t)passed_ms);
        if (n > 0) {
            agent->rx_chunk_size = (size_t)n;
            agent->rx_chunk_used = 0;
        } else if (n != AGENT_IO_TIMEOUT) {
            port_ended(agent, n);
        }
        passed_ms = agent_now_ms(agent) - start_ms;
    }
    return -1;
}

void agent_write(struct agent *agent, const char *text, size_t size)
{
    int ended = 0;

    if (agent->stopped) {
        return;
    }
    ended = agent->port->uart_write(agent->port->ctx, (const uint8_t *)text, size);
    if (ended < 0) {
        port_ended(agent, ended);
    }
}

static void line_done(struct agent *agent)
{
    agent->rx_size = 0;
    agent->rx_too_long = false;
}

/* A line that came while a command is at work. */
static void serve_at_work(struct agent *agent)
{
    struct agent_request request;
    size_t offset = 0;

    if (agent->rx_size == agent->last_size &&
        memcmp(agent->rx_line, agent->last_line, agent->last_size) == 0) {
        agent_send_busy(agent);
        return;
    }
    if (agent_parse_line(agent->rx_line, agent->rx_size, &request, &offset) != AGENT_PARSED_FRAME) {
        return;
    }
    if (strcmp(request.word, "rx") == 0 || strcmp(request.word, "ack") == 0) {
        agent_relay_frame(agent, &request);
    } else if (strcmp(request.word, "abort") == 0) {
        agent->aborted = agent->aborted || request.seq == agent->seq;
    } else {
        agent_send_err(
            agent, request.seq, "busy",
            "another command is at work; wait for its end or send abort with its number");
    }
}

bool agent_wait_at_work(struct agent *agent, uint32_t timeout_ms)
{
    int got = agent_read_line(agent, timeout_ms);

    if (got > 0) {
        if (!agent->rx_too_long) {
            serve_at_work(agent);
        }
        line_done(agent);
    }
    return got >= 0 && !agent->aborted && !agent->stopped;
}

static void run_command(struct agent *agent, const struct agent_request *request)
{
    struct agent_failure why = {0};
    const struct agent_command *command = agent_command_find(request->word);

    agent->seq = request->seq;
    agent->n_reply_lines = 0;
    agent->cache_size = 0;
    agent->cache_full = false;
    agent->aborted = false;
    agent->started_ms = agent->busy_sent_ms = agent_now_ms(agent);
    if (command == NULL) {
        (void)agent_fail(&why, "unknown-command", 0, "no such command; help lists them");
        agent_reply_err(agent, &why);
    } else if (!agent_command_keys_fit(command, request, &why)) {
        agent_reply_err(agent, &why);
    } else {
        agent->at_work = command->name;
        agent_log(agent, AGENT_LOG_INFO, command->name);
        command->run(agent, request);
        agent->at_work = NULL;
    }
}

static void replay(struct agent *agent)
{
    size_t start = 0;

    for (size_t i = 0; i < agent->cache_size; i++) {
        if (agent->cache[i] == '\n') {
            agent_write(agent, agent->cache + start, i + 1 - start);
            start = i + 1;
        }
    }
}

/* Carries out a request, or repeats its reply. `text` is the frame as it came, request->* lies in
 * work_line. */
static void serve_request(struct agent *agent, const char *text, size_t size,
                          const struct agent_request *request)
{
    if (request->seq == 0) {
        /* a person's command must not take a host's reply away, but it does use the cache's memory
         */
        agent->last_cached = false;
        agent->last_size = 0;
        line_done(agent);
        run_command(agent, request);
        return;
    }
    if (agent->last_cached && size == agent->last_size &&
        memcmp(text, agent->last_line, size) == 0) {
        replay(agent);
        return;
    }
    memmove(agent->last_line, text, size);
    agent->last_size = size;
    agent->last_cached = false;
    line_done(agent); /* further lines may come while the command is at work */
    run_command(agent, request);
    agent->last_cached = !agent->cache_full;
}

static bool is_stray_relay_frame(const struct agent_request *request)
{
    return strcmp(request->word, "rx") == 0 || strcmp(request->word, "ack") == 0 ||
           strcmp(request->word, "abort") == 0;
}

static void serve_line(struct agent *agent)
{
    struct agent_request request;
    size_t offset = 0;

    if (agent->rx_too_long) {
        if (agent->rx_line[0] == '@') {
            agent_send_err(agent, 0, "too-long",
                           "the line is longer than 512 characters; shorten it");
        }
        return;
    }
    memcpy(agent->work_line, agent->rx_line, agent->rx_size + 1);
    switch (agent_parse_line(agent->work_line, agent->rx_size, &request, &offset)) {
    case AGENT_PARSED_FRAME:
        if (!is_stray_relay_frame(&request)) {
            serve_request(agent, agent->rx_line + offset, agent->rx_size - offset, &request);
        }
        break;
    case AGENT_PARSED_CHECKSUM:
        agent_send_err(
            agent, 0, "checksum",
            "damaged line; send it again (a person may use @0 and leave the checksum out)");
        break;
    case AGENT_PARSED_SYNTAX:
        agent_send_err(agent, request.seq, "syntax", "expected: @<seq> <command> key=value ...");
        break;
    case AGENT_PARSED_LOG:
        break;
    }
}

static void announce(struct agent *agent)
{
    struct agent_chip chip = {{0}, {0}, {0}, 0};
    uint8_t boot[4] = {(uint8_t)(agent->boot_id >> 24), (uint8_t)(agent->boot_id >> 16),
                       (uint8_t)(agent->boot_id >> 8), (uint8_t)agent->boot_id};

    (void)agent->port->chip_info(agent->port->ctx, &chip);
    agent_frame(agent, 0, "ready");
    agent_put_number(agent, "proto", AGENT_PROTOCOL_VERSION);
    agent_put(agent, "agent", AGENT_VERSION);
    agent_put(agent, "chip", chip.name[0] != '\0' ? chip.name : "unknown");
    agent_put_hash(agent, "boot", boot, sizeof boot);
    agent_frame_send(agent);
}

void agent_init(struct agent *agent, const struct agent_port *port,
                const struct agent_services *services)
{
    memset(agent, 0, sizeof *agent);
    agent->port = port;
    agent->services = services != NULL ? services : &agent_services_mbedtls;
    agent->log_level = AGENT_LOG_ERROR;
}

/* What a reset of the chip loses. */
static int start(struct agent *agent)
{
    struct agent_failure why;
    unsigned char boot[4] = {0};

    agent->rx_chunk_size = agent->rx_chunk_used = 0;
    line_done(agent);
    agent->stopped = agent->failed = agent->restarting = false;
    agent->clock_set = agent->last_cached = false;
    agent->last_size = 0;
    (void)agent_slot_clear(agent, &why);
    if (agent_crypto_start(agent) != 0 ||
        mbedtls_ctr_drbg_random(&agent->drbg, boot, sizeof boot) != 0) {
        agent_log(agent, AGENT_LOG_ERROR, "the random source failed: the agent can't start");
        return -1;
    }
    agent->boot_id =
        (uint32_t)boot[0] << 24 | (uint32_t)boot[1] << 16 | (uint32_t)boot[2] << 8 | boot[3];
    return 0;
}

int agent_run(struct agent *agent)
{
    int ended = AGENT_ENDED_ERROR;

    if (start(agent) == 0) {
        announce(agent);
        while (!agent->stopped && !agent->restarting && !agent->port->poll(agent->port->ctx)) {
            if (agent_read_line(agent, IDLE_WAIT_MS) > 0) {
                serve_line(agent);
                line_done(agent);
            }
        }
        ended = agent->failed       ? AGENT_ENDED_ERROR
                : agent->restarting ? AGENT_ENDED_RESTART
                                    : AGENT_ENDED_STOP;
    }
    agent_session_drop(agent);
    mbedtls_ctr_drbg_free(&agent->drbg);
    if (ended == AGENT_ENDED_RESTART) {
        agent->port->restart(agent->port->ctx);
    }
    return ended;
}
