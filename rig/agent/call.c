/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its whole reply, over a line that loses, doubles and invents bytes. */
#include "rig/agent/client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SILENT_TRIES 4 /* requests without any sign of life before the board counts as dead */
#define MAX_TRIES 40   /* with signs of life: the line is too noisy to work with */
#define BUSY_PATIENCE_MS 2500
#define LINE_PATIENCE_MS 600 /* for the next line of a reply that has begun */
#define OTHER_WORK_MS 500    /* until asking again while another command is at work */
#define BOOT_LOOP_READIES 3
#define BOOT_LOOP_BANNERS 4
#define MAX_REPLY_LINES 160
#define ABORT_LIMIT_MS 100
#define SEND_GAP_MS 20 /* between two tries, whatever the noise asks for */

struct exchange {
    struct rig_agent *agent;
    const struct rig_agent_call *call;
    struct rig_agent_reply *reply;
    const struct rig_buf *request;
    unsigned seq;
    int64_t start_ns;
    int64_t life_ns; /* last sign of life */
    int64_t send_ns; /* when to send (again) */
    int64_t earliest_ns;
    unsigned n_sent;
    unsigned n_silent; /* sent since the last sign of life */
    unsigned n_readies;
    unsigned n_banners;
    bool alive;
    bool done;
    uint64_t n_received_before;
};

void rig_agent_reply_free(struct rig_agent_reply *reply)
{
    free(reply->lines);
    *reply = (struct rig_agent_reply){0};
}

const char *rig_agent_reply_value(const struct rig_agent_reply *reply, const char *key)
{
    for (size_t i = 0; i < reply->n_lines; i++) {
        const char *value = rig_agent_frame_value(&reply->lines[i], key);

        if (value != NULL) {
            return value;
        }
    }
    return rig_agent_frame_value(&reply->end, key);
}

rig_result rig_agent_fail_refused(const struct rig_agent_reply *reply, const char *what,
                                  struct rig_error *err)
{
    const char *code = rig_agent_frame_value(&reply->end, "code");
    const char *text = rig_agent_frame_value(&reply->end, "text");
    const char *mbedtls = rig_agent_frame_value(&reply->end, "mbedtls");
    const bool has_tls_code = mbedtls != NULL && strcmp(mbedtls, "0") != 0;

    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_REFUSED, "the board refused '%s': %s (%s%s%s)",
                    what, text != NULL ? text : "no reason given", code != NULL ? code : "no code",
                    has_tls_code ? ", mbedTLS " : "", has_tls_code ? mbedtls : "");
}

rig_result rig_agent_send(struct rig_agent *agent, struct rig_buf *line, struct rig_wait wait,
                          struct rig_error *err)
{
    RIG_TRY(rig_agent_seal(line, err));
    return rig_link_write(agent->link, line->data, line->len, wait, err);
}

/* ---- failures ---- */

static double seconds_since(int64_t start_ns)
{
    return (double)(rig_now_ns() - start_ns) / (double)RIG_NS_PER_S;
}

/* What the silence sounded like. */
static rig_result fail_silent(const struct exchange *x, struct rig_error *err)
{
    const struct rig_agent *agent = x->agent;
    const uint64_t n_received = agent->link->n_received - x->n_received_before;

    if (x->alive) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_NO_ANSWER,
                        "the board fell silent during '%s' (%.1f s without a sign of life): did "
                        "its firmware hang?",
                        x->call->what, seconds_since(x->life_ns));
    }
    if (n_received == 0) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_NO_ANSWER,
                        "no answer to '%s' in %.1f s (sent %u times), not a single byte: is the "
                        "agent's firmware running, are TX and RX wired right?",
                        x->call->what, seconds_since(x->start_ns), x->n_sent);
    }
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_NO_ANSWER,
                    "no answer to '%s' in %.1f s (sent %u times); %" PRIu64
                    " bytes came that are not the agent's%s%s%s: other firmware, or a wrong baud "
                    "rate?",
                    x->call->what, seconds_since(x->start_ns), x->n_sent, n_received,
                    agent->last_log[0] != '\0' ? ", at last '" : "", agent->last_log,
                    agent->last_log[0] != '\0' ? "'" : "");
}

static rig_result fail_over(const struct exchange *x, struct rig_error *err)
{
    if (!x->alive || x->n_silent >= SILENT_TRIES) {
        return fail_silent(x, err);
    }
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_TIMEOUT,
                    "'%s' did not end within %.1f s, though the board still shows signs of life",
                    x->call->what, seconds_since(x->start_ns));
}

static rig_result fail_restarted(const struct exchange *x, const char *sign, struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_DISCONNECTED,
                    "the board restarted while '%s' was at work (it said '%.100s'): a crash of its "
                    "firmware, a watchdog, or its supply?",
                    x->call->what, sign);
}

static rig_result fail_boot_loop(const struct exchange *x, struct rig_error *err)
{
    return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_BOOT_LOOP,
                    "the board restarts again and again (%u starts in %.1f s)%s%s%s",
                    x->n_readies > x->n_banners ? x->n_readies : x->n_banners,
                    seconds_since(x->start_ns), x->agent->last_log[0] != '\0' ? ", at last '" : "",
                    x->agent->last_log, x->agent->last_log[0] != '\0' ? "'" : "");
}

/* ---- what comes in ---- */

static void sign_of_life(struct exchange *x, int64_t patience_ms)
{
    x->alive = true;
    x->n_silent = 0;
    x->life_ns = rig_now_ns();
    x->send_ns = x->life_ns + patience_ms * RIG_NS_PER_MS;
}

static rig_result keep_line(struct exchange *x, const struct rig_agent_frame *frame,
                            struct rig_error *err)
{
    struct rig_agent_reply *reply = x->reply;

    for (size_t i = 0; i < reply->n_lines; i++) {
        if (reply->lines[i].len == frame->len &&
            memcmp(reply->lines[i].text, frame->text, frame->len) == 0) {
            return RIG_DONE;
        }
    }
    if (reply->n_lines == reply->cap) {
        const size_t cap = reply->cap != 0 ? 2 * reply->cap : 8;
        struct rig_agent_frame *grown;

        if (cap > MAX_REPLY_LINES * 2) {
            return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_PROTOCOL,
                            "the reply to '%s' has no end: more than %d lines", x->call->what,
                            MAX_REPLY_LINES);
        }
        grown = realloc(reply->lines, cap * sizeof *grown);
        if (grown == NULL) {
            return rig_fail_memory(err);
        }
        reply->lines = grown;
        reply->cap = cap;
    }
    reply->lines[reply->n_lines++] = *frame;
    return RIG_DONE;
}

static void take_end(struct exchange *x, const struct rig_agent_frame *frame)
{
    const char *lines = rig_agent_frame_value(frame, "lines");
    const char *code = rig_agent_frame_value(frame, "code");
    uint64_t n_lines = 0;

    x->reply->end = *frame;
    x->reply->refused = strcmp(rig_agent_frame_word(frame), "err") == 0;
    if (x->reply->refused && code != NULL && strcmp(code, "busy") == 0) {
        /* what another host left at work; not kept by the agent, so the same request may come again
         */
        x->send_ns = rig_now_ns() + OTHER_WORK_MS * RIG_NS_PER_MS;
        return;
    }
    if (lines == NULL || !rig_agent_number(lines, MAX_REPLY_LINES, &n_lines)) {
        n_lines = 0;
    }
    if (x->reply->n_lines == n_lines) {
        x->done = true;
        return;
    }
    if (x->reply->n_lines > n_lines) {
        x->reply->n_lines = 0; /* lines of another reply were among them: take them all anew */
    }
    x->send_ns = 0;
}

static rig_result on_ready(struct exchange *x, const struct rig_agent_frame *frame,
                           struct rig_error *err)
{
    struct rig_agent *agent = x->agent;
    const char *boot = rig_agent_frame_value(frame, "boot");

    if (boot == NULL || strcmp(boot, agent->boot) == 0) {
        return RIG_DONE;
    }
    if (x->call->restarts) {
        x->done = true;
        return RIG_DONE;
    }
    if (!x->call->booting && agent->boot[0] != '\0') {
        return fail_restarted(x, "ready", err);
    }
    if (x->call->booting && ++x->n_readies >= BOOT_LOOP_READIES) {
        return fail_boot_loop(x, err);
    }
    sign_of_life(x, 0);
    return RIG_DONE;
}

static rig_result on_numberless(struct exchange *x, const struct rig_agent_frame *frame,
                                struct rig_error *err)
{
    const char *word = rig_agent_frame_word(frame);
    const char *code = rig_agent_frame_value(frame, "code");

    if (strcmp(word, "ready") == 0) {
        return on_ready(x, frame, err);
    }
    if (strcmp(word, "err") == 0 && code != NULL &&
        (strcmp(code, "checksum") == 0 || strcmp(code, "too-long") == 0)) {
        /* while a relay is open it may have been any frame, and each has its own timer */
        sign_of_life(x, x->call->relay != NULL ? x->call->retry_ms : 0);
    }
    return RIG_DONE;
}

static rig_result on_frame(struct exchange *x, const struct rig_agent_frame *frame,
                           struct rig_wait wait, struct rig_error *err)
{
    const char *word = rig_agent_frame_word(frame);

    if (frame->seq == 0) {
        return on_numberless(x, frame, err);
    }
    if (frame->seq != x->seq) {
        return RIG_DONE; /* of a former request, sent more than once */
    }
    if (strcmp(word, "tx") == 0 || strcmp(word, "ack") == 0) {
        sign_of_life(x, x->call->retry_ms);
        return x->call->relay != NULL
                   ? rig_agent_relay_frame(x->agent, x->call->relay, frame, wait, err)
                   : RIG_DONE;
    }
    if (strcmp(word, "busy") == 0) {
        sign_of_life(x, BUSY_PATIENCE_MS);
        if (x->call->relay != NULL) {
            x->call->relay->n_tries = 0;
        }
        return RIG_DONE;
    }
    if (strcmp(word, "=") == 0) {
        sign_of_life(x, LINE_PATIENCE_MS);
        return keep_line(x, frame, err);
    }
    if (strcmp(word, "ok") == 0 || strcmp(word, "err") == 0) {
        sign_of_life(x, x->call->retry_ms);
        take_end(x, frame);
    }
    return RIG_DONE; /* anything else is no agent's: our own request, echoed by a wire */
}

static rig_result on_log(struct exchange *x, const char *line, size_t len, struct rig_error *err)
{
    struct rig_agent *agent = x->agent;
    size_t n = 0;

    for (size_t i = 0; i < len && n + 1 < sizeof agent->last_log; i++) {
        if (line[i] >= 0x20 && line[i] <= 0x7e) {
            agent->last_log[n++] = line[i];
        }
    }
    agent->last_log[n] = '\0';
    if (strstr(line, "rst:0x") == NULL) {
        return RIG_DONE;
    }
    if (x->call->booting) {
        x->n_banners++;
        return x->n_banners >= BOOT_LOOP_BANNERS ? fail_boot_loop(x, err) : RIG_DONE;
    }
    if (x->call->restarts || agent->boot[0] == '\0') {
        return RIG_DONE;
    }
    return fail_restarted(x, agent->last_log, err);
}

/* Handles what was read, up to the end of the reply. */
static rig_result handle_input(struct exchange *x, struct rig_wait wait, struct rig_error *err)
{
    struct rig_agent *agent = x->agent;
    struct rig_agent_frame frame;

    while (agent->chunk_at < agent->chunk_len && !x->done) {
        agent->chunk_at += rig_agent_lines_feed(&agent->lines, agent->chunk + agent->chunk_at,
                                                agent->chunk_len - agent->chunk_at);
        if (!agent->lines.complete) {
            continue;
        }
        if (rig_agent_frame_parse(&frame, agent->lines.text, agent->lines.len)) {
            RIG_TRY(on_frame(x, &frame, wait, err));
        } else {
            RIG_TRY(on_log(x, agent->lines.text, agent->lines.len, err));
        }
    }
    return RIG_DONE;
}

/* ---- waiting ---- */

static rig_result read_link(struct exchange *x, struct rig_wait until, struct rig_error *err)
{
    struct rig_agent *agent = x->agent;
    const rig_result result = rig_link_read(agent->link, agent->chunk, sizeof agent->chunk,
                                            &agent->chunk_len, until, err);

    agent->chunk_at = 0;
    if (!result.ok && err->code == RIG_E_TIMEOUT) {
        agent->chunk_len = 0; /* the loop looks at the clocks */
        return RIG_DONE;
    }
    return result;
}

/* Waits for bytes of the board or of the server, or until something is due. */
static rig_result wait_for_input(struct exchange *x, struct rig_wait wait, struct rig_error *err)
{
    struct rig_agent_relay *relay = x->call->relay;
    struct rig_wait until = wait;
    struct pollfd fds[2] = {{.fd = rig_link_poll_fd(x->agent->link), .events = POLLIN}};
    rig_result result;

    if (x->send_ns < until.deadline_ns) {
        until.deadline_ns = x->send_ns;
    }
    if (rig_link_has_pending(x->agent->link)) {
        return read_link(x, until, err);
    }
    if (relay == NULL) {
        return read_link(x, until, err);
    }
    fds[1] = (struct pollfd){.fd = relay->fd, .events = rig_agent_relay_events(relay)};
    if (fds[1].events == 0) {
        fds[1].fd = -1; /* or a hangup would end the wait at once, again and again */
    }
    if (rig_agent_relay_deadline_ns(relay) < until.deadline_ns) {
        until.deadline_ns = rig_agent_relay_deadline_ns(relay);
    }
    result = rig_wait_poll(until, fds, 2, "the board", err);
    if (!result.ok) {
        return err->code == RIG_E_TIMEOUT ? RIG_DONE : result;
    }
    return fds[0].revents != 0 ? read_link(x, until, err) : RIG_DONE;
}

static rig_result send_request(struct exchange *x, struct rig_wait wait, struct rig_error *err)
{
    /* ends whatever half line the board has of us */
    static const char line_end = '\n';

    if (x->n_sent >= MAX_TRIES && !x->call->booting) {
        return rig_fail(err, RIG_CLASS_DEVICE, RIG_E_PROTOCOL,
                        "the line is too noisy: '%s' was sent %u times and never answered whole "
                        "(check the cable, its length and the supply, or lower the baud rate)",
                        x->call->what, x->n_sent);
    }
    if (x->n_sent != 0 && !x->call->booting) { /* a board that still boots is not a noisy line */
        x->agent->n_retransmissions++;
    }
    if (x->n_sent != 0 || x->agent->boot[0] == '\0') {
        RIG_TRY(rig_link_write(x->agent->link, &line_end, 1, wait, err));
    }
    RIG_TRY(rig_link_write(x->agent->link, x->request->data, x->request->len, wait, err));
    x->n_sent++;
    x->n_silent++;
    x->send_ns = rig_now_ns() + x->call->retry_ms * RIG_NS_PER_MS;
    x->earliest_ns = rig_now_ns() + SEND_GAP_MS * RIG_NS_PER_MS;
    return RIG_DONE;
}

static bool is_dead(const struct exchange *x)
{
    return !x->call->booting && x->n_silent >= SILENT_TRIES &&
           rig_now_ns() - x->life_ns >= x->call->dead_ms * RIG_NS_PER_MS;
}

static rig_result run(struct exchange *x, struct rig_wait wait, struct rig_error *err)
{
    for (;;) {
        RIG_TRY(handle_input(x, wait, err));
        if (x->done) {
            return x->call->relay != NULL ? rig_agent_relay_flush(x->call->relay, err) : RIG_DONE;
        }
        if (rig_wait_over(wait)) {
            return fail_over(x, err);
        }
        if (x->send_ns < x->earliest_ns) {
            x->send_ns = x->earliest_ns;
        }
        if (rig_now_ns() >= x->send_ns) {
            if (is_dead(x)) {
                return fail_silent(x, err);
            }
            RIG_TRY(send_request(x, wait, err));
        }
        if (x->call->relay != NULL) {
            RIG_TRY(rig_agent_relay_turn(x->agent, x->call->relay, wait, err));
        }
        RIG_TRY(wait_for_input(x, wait, err));
    }
}

/* Nobody waits any more: frees the board for the next request. Best effort. */
static void abort_work(struct rig_agent *agent, unsigned seq)
{
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};
    struct rig_error ignored;

    if (rig_buf_printf(&line, &ignored, "@%u abort", seq).ok) {
        (void)rig_agent_send(agent, &line, rig_wait_ms(ABORT_LIMIT_MS, NULL), &ignored).ok;
    }
}

rig_result rig_agent_call(struct rig_agent *agent, const struct rig_agent_call *call,
                          struct rig_agent_reply *reply, struct rig_wait wait,
                          struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf request = {0};
    const int64_t now_ns = rig_now_ns();
    struct exchange x = {.agent = agent,
                         .call = call,
                         .reply = reply,
                         .request = &request,
                         .start_ns = now_ns,
                         .life_ns = now_ns,
                         .n_received_before = agent->link->n_received};
    rig_result result;

    agent->seq = agent->seq % 65535 + 1;
    x.seq = agent->seq;
    if (call->relay != NULL) {
        call->relay->seq = x.seq;
    }
    RIG_TRY(rig_buf_printf(&request, err, "@%u %s", x.seq, call->command));
    RIG_TRY(rig_agent_seal(&request, err));
    result = run(&x, wait, err);
    if (!result.ok && call->long_work && err->code != RIG_E_DISCONNECTED) {
        abort_work(agent, x.seq);
    }
    return result;
}
