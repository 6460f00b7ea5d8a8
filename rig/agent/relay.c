/* SPDX-License-Identifier: Apache-2.0 */
/* Two stop-and-wait streams of TLS bytes over the board's console line. */
#include "rig/agent/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define RESEND_MS 400
#define MAX_TRIES 12
#define PIECE_MIN 48
#define TO_SERVER_MAX (64u * 1024)

void rig_agent_relay_start(struct rig_agent_relay *relay, int fd, unsigned seq)
{
    *relay = (struct rig_agent_relay){.fd = fd,
                                      .seq = seq,
                                      .tx_expected = 1,
                                      .resend_ns = INT64_MAX,
                                      .piece_bytes = RIG_AGENT_DATA_MAX};
}

void rig_agent_relay_free(struct rig_agent_relay *relay)
{
    rig_buf_free(&relay->to_server);
    rig_buf_free(&relay->frame);
}

static bool connected(const struct rig_agent_relay *relay)
{
    return relay->tx_expected > 1 && relay->rx_number >= 1;
}

short rig_agent_relay_events(const struct rig_agent_relay *relay)
{
    short events = 0;

    if (connected(relay) && !relay->ended && relay->frame.len == 0 && !relay->broken) {
        events |= POLLIN;
    }
    if (relay->to_server.len != 0) {
        events |= POLLOUT;
    }
    return events;
}

int64_t rig_agent_relay_deadline_ns(const struct rig_agent_relay *relay)
{
    return relay->frame.len != 0 ? relay->resend_ns : INT64_MAX;
}

static rig_result send_frame(struct rig_agent *agent, struct rig_agent_relay *relay,
                             struct rig_wait wait, struct rig_error *err)
{
    relay->n_tries++;
    relay->resend_ns = rig_now_ns() + RESEND_MS * RIG_NS_PER_MS;
    return rig_link_write(agent->link, relay->frame.data, relay->frame.len, wait, err);
}

/* The next frame of ours: `key`=`word`, or data. */
static rig_result send_next(struct rig_agent *agent, struct rig_agent_relay *relay, const char *key,
                            const char *word, const uint8_t *bytes, size_t n_bytes,
                            struct rig_wait wait, struct rig_error *err)
{
    relay->rx_number++;
    relay->n_tries = 0;
    rig_buf_reset(&relay->frame);
    RIG_TRY(rig_buf_printf(&relay->frame, err, "@%u rx n=%u", relay->seq, relay->rx_number));
    if (key != NULL) {
        RIG_TRY(rig_buf_printf(&relay->frame, err, " %s=%s", key, word));
    } else {
        RIG_TRY(rig_agent_put_data(&relay->frame, bytes, n_bytes, err));
    }
    RIG_TRY(rig_agent_seal(&relay->frame, err));
    return send_frame(agent, relay, wait, err);
}

static rig_result send_ack(struct rig_agent *agent, const struct rig_agent_relay *relay,
                           unsigned number, struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};

    RIG_TRY(rig_buf_printf(&line, err, "@%u ack n=%u", relay->seq, number));
    return rig_agent_send(agent, &line, wait, err);
}

/* The frame that is due. False: not understood or no room, so no ack. */
static rig_result take_frame(struct rig_agent_relay *relay, const struct rig_agent_frame *frame,
                             bool *taken, struct rig_error *err)
{
    const char *data = rig_agent_frame_value(frame, "data");
    uint8_t bytes[RIG_AGENT_DATA_MAX];
    size_t n_bytes = 0;

    *taken = true;
    if (data != NULL) {
        if (relay->to_server.len > TO_SERVER_MAX || !rig_agent_get_data(data, bytes, &n_bytes)) {
            *taken = false;
            return RIG_DONE;
        }
        return relay->fd < 0 || relay->shut
                   ? RIG_DONE
                   : rig_buf_append(&relay->to_server, bytes, n_bytes, err);
    }
    if (rig_agent_frame_value(frame, "eof") != NULL) {
        relay->board_ended = true;
    } else if (rig_agent_frame_value(frame, "open") == NULL) {
        *taken = false;
    }
    return RIG_DONE;
}

rig_result rig_agent_relay_frame(struct rig_agent *agent, struct rig_agent_relay *relay,
                                 const struct rig_agent_frame *frame, struct rig_wait wait,
                                 struct rig_error *err)
{
    const char *text = rig_agent_frame_value(frame, "n");
    uint64_t number = 0;
    bool taken = false;

    if (text == NULL || !rig_agent_number(text, UINT32_MAX, &number)) {
        return RIG_DONE;
    }
    if (strcmp(rig_agent_frame_word(frame), "ack") == 0) {
        if (number == relay->rx_number && relay->frame.len != 0) {
            if (relay->n_tries == 1 && relay->piece_bytes < RIG_AGENT_DATA_MAX) {
                relay->piece_bytes += PIECE_MIN / 2;
            }
            rig_buf_reset(&relay->frame);
        }
        return RIG_DONE;
    }
    if (number < relay->tx_expected) {
        return send_ack(agent, relay, (unsigned)number, wait, err);
    }
    if (number != relay->tx_expected) {
        return RIG_DONE;
    }
    RIG_TRY(take_frame(relay, frame, &taken, err));
    if (!taken) {
        return RIG_DONE;
    }
    relay->tx_expected++;
    RIG_TRY(send_ack(agent, relay, (unsigned)number, wait, err));
    if (number == 1) {
        relay->ended = relay->fd < 0;
        return relay->fd < 0 ? send_next(agent, relay, "eof", "refused", NULL, 0, wait, err)
                             : send_next(agent, relay, "open", "yes", NULL, 0, wait, err);
    }
    return RIG_DONE;
}

rig_result rig_agent_relay_flush(struct rig_agent_relay *relay, struct rig_error *err)
{
    if (relay->fd < 0) {
        return RIG_DONE;
    }
    while (relay->to_server.len != 0) {
        const ssize_t put = send(relay->fd, relay->to_server.data, relay->to_server.len,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);

        if (put > 0) {
            rig_buf_consume(&relay->to_server, (size_t)put);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return RIG_DONE;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            rig_buf_reset(&relay->to_server); /* it closed: reading tells the board */
        } else if (errno != EINTR) {
            (void)rig_fail_errno(err, errno, "cannot pass TLS bytes to the test server");
            err->cls = RIG_CLASS_NETWORK;
            return (rig_result){.ok = false};
        }
    }
    if (relay->board_ended && !relay->shut) {
        (void)shutdown(relay->fd, SHUT_WR);
        relay->shut = true;
    }
    return RIG_DONE;
}

static rig_result feed_board(struct rig_agent *agent, struct rig_agent_relay *relay,
                             struct rig_wait wait, struct rig_error *err)
{
    uint8_t bytes[RIG_AGENT_DATA_MAX];
    const size_t most = relay->piece_bytes < sizeof bytes ? relay->piece_bytes : sizeof bytes;
    const ssize_t got = recv(relay->fd, bytes, most, MSG_DONTWAIT);

    if (got > 0) {
        return send_next(agent, relay, NULL, NULL, bytes, (size_t)got, wait, err);
    }
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return RIG_DONE;
    }
    relay->ended = true;
    return send_next(agent, relay, "eof",
                     got == 0              ? "close"
                     : errno == ECONNRESET ? "reset"
                                           : "error",
                     NULL, 0, wait, err);
}

static rig_result give_up(struct rig_agent *agent, struct rig_agent_relay *relay,
                          struct rig_wait wait, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};

    relay->broken = true;
    rig_buf_reset(&relay->frame);
    RIG_TRY(rig_buf_printf(&line, err, "@%u abort", relay->seq));
    return rig_agent_send(agent, &line, wait, err);
}

rig_result rig_agent_relay_turn(struct rig_agent *agent, struct rig_agent_relay *relay,
                                struct rig_wait wait, struct rig_error *err)
{
    RIG_TRY(rig_agent_relay_flush(relay, err));
    if (relay->frame.len != 0) {
        if (rig_now_ns() < relay->resend_ns) {
            return RIG_DONE;
        }
        if (relay->n_tries > MAX_TRIES) {
            return give_up(agent, relay, wait, err);
        }
        agent->n_retransmissions++;
        if (relay->piece_bytes > 2 * PIECE_MIN) {
            relay->piece_bytes /= 2;
        }
        return send_frame(agent, relay, wait, err);
    }
    if (connected(relay) && !relay->ended && !relay->broken) {
        return feed_board(agent, relay, wait, err);
    }
    return RIG_DONE;
}
