/* SPDX-License-Identifier: Apache-2.0 */
/* Telnet COM port control (RFC 2217), client side, over one TCP connection. */
#include "rig/base/buf.h"
#include "rig/base/cleanup.h"
#include "rig/link/com_port.h"
#include "rig/link/driver.h"
#include "rig/link/tcp.h"
#include "rig/link/telnet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HOST_SIZE 128
#define RECEIVE_BYTES 16384
#define SEND_BYTES 8192
#define UNREAD_MAX_BYTES (1u << 20) /* beyond it new bytes are lost, as in a tty's buffer */
#define ANSWER_LIMIT_MS 3000        /* for the server's acknowledgement of a setting */
#define CLOSE_LIMIT_MS 500

/* A setting that the server acknowledges on its own. */
enum setting { BAUD, DATASIZE, PARITY, STOPSIZE, FLOW, DTR, RTS, PURGE, N_SETTINGS };

static const struct {
    const char *name;
    uint8_t command;
} settings[N_SETTINGS] = {
    [BAUD] = {"SET-BAUDRATE", RIG_COM_PORT_SET_BAUDRATE},
    [DATASIZE] = {"SET-DATASIZE", RIG_COM_PORT_SET_DATASIZE},
    [PARITY] = {"SET-PARITY", RIG_COM_PORT_SET_PARITY},
    [STOPSIZE] = {"SET-STOPSIZE", RIG_COM_PORT_SET_STOPSIZE},
    [FLOW] = {"SET-CONTROL (no flow control)", RIG_COM_PORT_SET_CONTROL},
    [DTR] = {"SET-CONTROL DTR", RIG_COM_PORT_SET_CONTROL},
    [RTS] = {"SET-CONTROL RTS", RIG_COM_PORT_SET_CONTROL},
    [PURGE] = {"PURGE-DATA", RIG_COM_PORT_PURGE_DATA},
};

struct acknowledgement {
    unsigned n_outstanding;
    uint32_t wanted;
    uint32_t got;
};

struct rfc2217 {
    struct rig_link base; /* first */
    int fd;
    char peer[HOST_SIZE + 8]; /* "HOST:PORT", for texts */
    struct rig_telnet telnet;
    struct rig_buf in; /* decoded and unread, from in_start on */
    size_t in_start;
    bool ended; /* the other side closed; what came before can still be read */
    int end_errno;
    bool suspended; /* by the server's FLOWCONTROL-SUSPEND */
    bool refused;   /* it said DONT COM-PORT-OPTION */
    bool answered;  /* any telnet command came */
    bool dtr;       /* as last asked for */
    bool rts;
    bool rest_asserted;
    struct acknowledgement acks[N_SETTINGS];
    uint8_t replies[96]; /* refusals of options, not yet sent */
    size_t n_replies;
};

static struct rfc2217 *of(struct rig_link *link)
{
    return (struct rfc2217 *)link;
}

/* ---- what the server says ---- */

static void negotiate(void *ctx, uint8_t verb, uint8_t option)
{
    struct rfc2217 *r = ctx;
    const bool known = option == RIG_COM_PORT_OPTION_BINARY || option == RIG_COM_PORT_OPTION_SGA ||
                       option == RIG_COM_PORT_OPTION;

    r->answered = true;
    if (verb == RIG_TELNET_DONT && option == RIG_COM_PORT_OPTION) {
        r->refused = true;
    }
    /* what we know was asked for at the start, so the server's yes or no needs no answer */
    if (known || verb == RIG_TELNET_WONT || verb == RIG_TELNET_DONT ||
        r->n_replies + 3 > sizeof r->replies) {
        return;
    }
    r->replies[r->n_replies++] = RIG_TELNET_IAC;
    r->replies[r->n_replies++] = verb == RIG_TELNET_WILL ? RIG_TELNET_DONT : RIG_TELNET_WONT;
    r->replies[r->n_replies++] = option;
}

static enum setting control_setting(uint8_t value)
{
    if (value >= 7 && value <= RIG_COM_PORT_CONTROL_DTR_OFF) {
        return DTR;
    }
    if (value >= 10 && value <= RIG_COM_PORT_CONTROL_RTS_OFF) {
        return RTS;
    }
    return value <= 3 ? FLOW : N_SETTINGS;
}

static void acknowledge(struct rfc2217 *r, uint8_t command, const uint8_t *bytes, size_t n_bytes)
{
    enum setting which = N_SETTINGS;
    uint32_t value = 0;

    for (size_t i = 0; i < n_bytes && i < sizeof value; i++) {
        value = value << 8 | bytes[i];
    }
    if (command == RIG_COM_PORT_SET_CONTROL) {
        which = control_setting((uint8_t)value);
    } else {
        for (enum setting i = 0; i < N_SETTINGS; i++) {
            if (settings[i].command == command) {
                which = i;
                break;
            }
        }
    }
    if (which != N_SETTINGS && r->acks[which].n_outstanding != 0) {
        r->acks[which].n_outstanding--;
        r->acks[which].got = value;
    }
}

static void subnegotiate(void *ctx, uint8_t option, const uint8_t *bytes, size_t n_bytes)
{
    struct rfc2217 *r = ctx;

    r->answered = true;
    if (option != RIG_COM_PORT_OPTION || n_bytes == 0 || bytes[0] < RIG_COM_PORT_SERVER_OFFSET) {
        return;
    }
    switch (bytes[0] - RIG_COM_PORT_SERVER_OFFSET) {
    case RIG_COM_PORT_FLOWCONTROL_SUSPEND:
        r->suspended = true;
        break;
    case RIG_COM_PORT_FLOWCONTROL_RESUME:
        r->suspended = false;
        break;
    default: /* NOTIFY-LINESTATE, NOTIFY-MODEMSTATE and the signature change no setting */
        acknowledge(r, (uint8_t)(bytes[0] - RIG_COM_PORT_SERVER_OFFSET), bytes + 1, n_bytes - 1);
        break;
    }
}

static const struct rig_telnet_events events = {
    .negotiate = negotiate,
    .subnegotiate = subnegotiate,
};

/* ---- the connection ---- */

static rig_result fail_ended(const struct rfc2217 *r, struct rig_error *err)
{
    if (r->end_errno == 0 || r->end_errno == ECONNRESET || r->end_errno == EPIPE) {
        return rig_fail(err, RIG_CLASS_NETWORK, RIG_E_DISCONNECTED,
                        "connection to %s closed by the other side%s", r->peer,
                        r->end_errno != 0 ? " (reset)" : "");
    }
    (void)rig_fail_errno(err, r->end_errno, "connection to %s lost", r->peer);
    err->cls = RIG_CLASS_NETWORK;
    err->code = RIG_E_DISCONNECTED;
    return (rig_result){.ok = false};
}

static void end(struct rfc2217 *r, int errno_value)
{
    if (!r->ended) {
        r->ended = true;
        r->end_errno = errno_value;
    }
}

/* Refusals of options are of no urgency: what the socket does not take now goes next time. */
static void send_replies(struct rfc2217 *r)
{
    ssize_t put;

    if (r->n_replies == 0 || r->ended) {
        return;
    }
    put = send(r->fd, r->replies, r->n_replies, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put > 0) {
        memmove(r->replies, r->replies + put, r->n_replies - (size_t)put);
        r->n_replies -= (size_t)put;
    }
}

static size_t n_unread(const struct rfc2217 *r)
{
    return r->in.len - r->in_start;
}

/* Takes what the socket has, without waiting; *got_any tells whether there was anything (an end
 * counts). */
static rig_result receive(struct rfc2217 *r, bool *got_any, struct rig_error *err)
{
    uint8_t *tail;
    ssize_t got;
    size_t n_data;

    *got_any = false;
    if (r->in_start == r->in.len) {
        rig_buf_reset(&r->in);
        r->in_start = 0;
    } else if (r->in_start >= RECEIVE_BYTES * 4) {
        rig_buf_consume(&r->in, r->in_start);
        r->in_start = 0;
    }
    RIG_TRY(rig_buf_reserve(&r->in, RECEIVE_BYTES, err));
    tail = r->in.data + r->in.len;
    do {
        got = recv(r->fd, tail, RECEIVE_BYTES, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return RIG_DONE;
    }
    *got_any = true;
    if (got <= 0) {
        end(r, got == 0 ? 0 : errno);
        return RIG_DONE;
    }
    n_data = rig_telnet_decode(&r->telnet, tail, (size_t)got);
    if (n_unread(r) + n_data > UNREAD_MAX_BYTES) {
        rig_link_discarded(&r->base, tail, n_data);
    } else {
        r->in.len += n_data;
    }
    send_replies(r);
    return RIG_DONE;
}

/* Waits until the socket has something and takes it. */
static rig_result receive_some(struct rfc2217 *r, const char *what, struct rig_wait wait,
                               struct rig_error *err)
{
    bool got_any = false;

    if (r->ended) {
        return fail_ended(r, err);
    }
    RIG_TRY(receive(r, &got_any, err));
    if (!got_any) {
        RIG_TRY(rig_wait_fd(wait, r->fd, POLLIN, what, err));
        RIG_TRY(receive(r, &got_any, err));
    }
    return RIG_DONE;
}

/*
 * Sends raw bytes. While the socket is full it goes on receiving: a server that can't get rid of
 * its own bytes stops taking ours.
 */
static rig_result send_raw(struct rfc2217 *r, const uint8_t *bytes, size_t n_bytes,
                           struct rig_wait wait, struct rig_error *err)
{
    while (n_bytes != 0) {
        ssize_t put;
        bool got_any = false;

        if (r->ended) {
            return fail_ended(r, err);
        }
        put = send(r->fd, bytes, n_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put >= 0) {
            bytes += put;
            n_bytes -= (size_t)put;
            continue;
        }
        if (errno == EINTR) {
            continue;
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK) {
            /* EPIPE or ECONNRESET: it closed, and nobody needs to know how the kernel learnt of it
             */
            end(r, errno == EPIPE || errno == ECONNRESET ? 0 : errno);
            return fail_ended(r, err);
        }
        RIG_TRY(rig_wait_fd(wait, r->fd, POLLIN | POLLOUT, "room to send", err));
        RIG_TRY(receive(r, &got_any, err));
    }
    return RIG_DONE;
}

/* ---- settings ---- */

/* Writes the request to `out` and notes that its answer is awaited. */
static size_t ask(struct rfc2217 *r, enum setting which, uint32_t value, uint8_t *out)
{
    r->acks[which].n_outstanding++;
    r->acks[which].wanted = value;
    return rig_com_port_put(out, settings[which].command, value, which == BAUD ? 4 : 1);
}

static rig_result fail_unanswered(const struct rfc2217 *r, enum setting which, struct rig_wait wait,
                                  struct rig_error *err)
{
    if (rig_wait_over(wait)) {
        return rig_fail(err, RIG_CLASS_NETWORK, RIG_E_TIMEOUT,
                        "timed out waiting for the server's answer to %s", settings[which].name);
    }
    return rig_fail(err, RIG_CLASS_NETWORK, RIG_E_UNSUPPORTED,
                    "the server at %s does not answer %s%s", r->peer, settings[which].name,
                    r->answered ? ": its RFC 2217 support lacks that"
                                : ": is it a plain TCP port (ser2net needs 'telnet(rfc2217)'), "
                                  "or does another program hold it?");
}

static rig_result check_answer(const struct rfc2217 *r, enum setting which, struct rig_error *err)
{
    const struct acknowledgement *ack = &r->acks[which];

    if (ack->got != ack->wanted) {
        return rig_fail(err, RIG_CLASS_NETWORK, RIG_E_UNSUPPORTED,
                        "the server at %s answered %s %u with %u: its port can't do that", r->peer,
                        settings[which].name, ack->wanted, ack->got);
    }
    return RIG_DONE;
}

/* Waits for the answers of all settings in [first, last] and compares them with what was asked. */
static rig_result await_answers(struct rfc2217 *r, enum setting first, enum setting last,
                                struct rig_wait wait, struct rig_error *err)
{
    const struct rig_wait inner = rig_wait_within(wait, ANSWER_LIMIT_MS);

    for (enum setting which = first; which <= last; which++) {
        while (r->acks[which].n_outstanding != 0) {
            rig_result result;

            if (r->refused) {
                return rig_fail(err, RIG_CLASS_NETWORK, RIG_E_UNSUPPORTED,
                                "the server at %s refuses COM-PORT-OPTION: switch RFC 2217 on "
                                "there (ser2net: 'telnet(rfc2217)')",
                                r->peer);
            }
            /* a server that never stops sending data must not hold us beyond the limit */
            if (rig_wait_over(inner)) {
                return fail_unanswered(r, which, wait, err);
            }
            result = receive_some(r, "the server's answer", inner, err);
            if (!result.ok && err->code == RIG_E_TIMEOUT) {
                return fail_unanswered(r, which, wait, err);
            }
            RIG_TRY(result);
        }
        RIG_TRY(check_answer(r, which, err));
    }
    return RIG_DONE;
}

static size_t ask_line(struct rfc2217 *r, enum setting which, bool on, uint8_t *out)
{
    if (which == DTR) {
        r->dtr = on;
        return ask(r, DTR, on ? RIG_COM_PORT_CONTROL_DTR_ON : RIG_COM_PORT_CONTROL_DTR_OFF, out);
    }
    r->rts = on;
    return ask(r, RTS, on ? RIG_COM_PORT_CONTROL_RTS_ON : RIG_COM_PORT_CONTROL_RTS_OFF, out);
}

/*
 * There is no command for both lines, so a change of both passes a state between. RTS without DTR
 * resets the chip, so that state must be another one: RTS goes first when both are released, DTR in
 * every other case.
 */
static size_t ask_lines(struct rfc2217 *r, bool dtr, bool rts, uint8_t *out)
{
    const bool change_dtr = dtr != r->dtr;
    const bool change_rts = rts != r->rts;
    const bool rts_first = !dtr && !rts;
    size_t n = 0;

    if (rts_first && (change_rts || !change_dtr)) {
        n += ask_line(r, RTS, rts, out + n);
    }
    if (change_dtr || !change_rts) {
        n += ask_line(r, DTR, dtr, out + n);
    }
    if (!rts_first && (change_rts || !change_dtr)) {
        n += ask_line(r, RTS, rts, out + n);
    }
    return n;
}

/* ---- the slots of the driver ---- */

static rig_result rfc2217_read(struct rig_link *link, uint8_t *bytes, size_t cap, size_t *got,
                               struct rig_wait wait, struct rig_error *err)
{
    struct rfc2217 *r = of(link);

    while (n_unread(r) == 0) {
        RIG_TRY(receive_some(r, "bytes from the board", wait, err));
        /* commands without data must not hold us beyond the deadline */
        if (n_unread(r) == 0 && !r->ended && rig_wait_over(wait)) {
            return rig_fail(err, RIG_CLASS_NETWORK, RIG_E_TIMEOUT,
                            "timed out waiting for bytes from the board");
        }
    }
    *got = n_unread(r) < cap ? n_unread(r) : cap;
    memcpy(bytes, r->in.data + r->in_start, *got);
    r->in_start += *got;
    return RIG_DONE;
}

static rig_result rfc2217_write(struct rig_link *link, const uint8_t *bytes, size_t n_bytes,
                                struct rig_wait wait, struct rig_error *err)
{
    struct rfc2217 *r = of(link);

    while (n_bytes != 0) {
        uint8_t escaped[SEND_BYTES];
        size_t n_taken = 0;
        size_t n_escaped;

        while (r->suspended) {
            RIG_TRY(receive_some(r, "the server to resume (it suspended the flow)", wait, err));
        }
        n_escaped = rig_telnet_escape(bytes, n_bytes, escaped, sizeof escaped, &n_taken);
        RIG_TRY(send_raw(r, escaped, n_escaped, wait, err));
        bytes += n_taken;
        n_bytes -= n_taken;
    }
    return RIG_DONE;
}

static rig_result rfc2217_set_baud(struct rig_link *link, unsigned baud, struct rig_wait wait,
                                   struct rig_error *err)
{
    struct rfc2217 *r = of(link);
    uint8_t out[RIG_COM_PORT_COMMAND_MAX];

    RIG_TRY(send_raw(r, out, ask(r, BAUD, baud, out), wait, err));
    return await_answers(r, BAUD, BAUD, wait, err);
}

static rig_result rfc2217_set_modem_lines(struct rig_link *link, bool dtr, bool rts,
                                          struct rig_wait wait, struct rig_error *err)
{
    struct rfc2217 *r = of(link);
    uint8_t out[2 * RIG_COM_PORT_COMMAND_MAX];

    RIG_TRY(send_raw(r, out, ask_lines(r, dtr, rts, out), wait, err));
    return await_answers(r, DTR, RTS, wait, err);
}

static rig_result rfc2217_purge(struct rig_link *link, unsigned what, struct rig_wait wait,
                                struct rig_error *err)
{
    struct rfc2217 *r = of(link);
    uint8_t out[RIG_COM_PORT_COMMAND_MAX];
    uint8_t value = RIG_COM_PORT_PURGE_BOTH;

    if (what == RIG_LINK_PURGE_INPUT) {
        value = RIG_COM_PORT_PURGE_RECEIVED;
    } else if (what == RIG_LINK_PURGE_OUTPUT) {
        value = RIG_COM_PORT_PURGE_UNSENT;
    }
    RIG_TRY(send_raw(r, out, ask(r, PURGE, value, out), wait, err));
    RIG_TRY(await_answers(r, PURGE, PURGE, wait, err));
    if ((what & RIG_LINK_PURGE_INPUT) != 0) {
        /* what was on its way when the server purged arrived before its answer */
        rig_link_discarded(link, r->in.data + r->in_start, n_unread(r));
        r->in_start = r->in.len;
    }
    return RIG_DONE;
}

static int rfc2217_poll_fd(struct rig_link *link)
{
    return of(link)->fd;
}

static bool rfc2217_has_pending(struct rig_link *link)
{
    return n_unread(of(link)) != 0 || of(link)->ended;
}

static void release(struct rfc2217 *r)
{
    rig_close_fd(&r->fd);
    rig_buf_free(&r->in);
    free(r);
}

static void rfc2217_close(struct rig_link *link)
{
    struct rfc2217 *r = of(link);

    if (!r->ended && (r->dtr != r->rest_asserted || r->rts != r->rest_asserted)) {
        struct rig_error ignored;

        (void)rfc2217_set_modem_lines(link, r->rest_asserted, r->rest_asserted,
                                      rig_wait_ms(CLOSE_LIMIT_MS, NULL), &ignored)
            .ok;
    }
    release(r);
}

static const struct rig_link_ops ops = {
    .name = "rfc2217",
    .read = rfc2217_read,
    .write = rfc2217_write,
    .set_baud = rfc2217_set_baud,
    .set_modem_lines = rfc2217_set_modem_lines,
    .purge = rfc2217_purge,
    .poll_fd = rfc2217_poll_fd,
    .has_pending = rfc2217_has_pending,
    .close = rfc2217_close,
};

/* ---- opening ---- */

/* All options and settings in one write: they cost one round trip together. */
static rig_result set_up(struct rfc2217 *r, unsigned baud, struct rig_wait wait,
                         struct rig_error *err)
{
    static const uint8_t options[] = {
        RIG_TELNET_IAC, RIG_TELNET_WILL, RIG_COM_PORT_OPTION,
        RIG_TELNET_IAC, RIG_TELNET_WILL, RIG_COM_PORT_OPTION_BINARY,
        RIG_TELNET_IAC, RIG_TELNET_DO,   RIG_COM_PORT_OPTION_BINARY,
        RIG_TELNET_IAC, RIG_TELNET_WILL, RIG_COM_PORT_OPTION_SGA,
        RIG_TELNET_IAC, RIG_TELNET_DO,   RIG_COM_PORT_OPTION_SGA,
    };
    uint8_t out[sizeof options + (N_SETTINGS + 2) * RIG_COM_PORT_COMMAND_MAX];
    size_t n = sizeof options;

    memcpy(out, options, sizeof options);
    /* whoever opened the tty of the server asserted both lines */
    r->dtr = true;
    r->rts = true;
    n += ask_lines(r, r->rest_asserted, r->rest_asserted, out + n);
    n += ask(r, BAUD, baud, out + n);
    n += ask(r, DATASIZE, RIG_COM_PORT_DATASIZE_8, out + n);
    n += ask(r, PARITY, RIG_COM_PORT_PARITY_NONE, out + n);
    n += ask(r, STOPSIZE, RIG_COM_PORT_STOPSIZE_1, out + n);
    n += ask(r, FLOW, RIG_COM_PORT_CONTROL_NO_FLOW, out + n);
    n += rig_com_port_put(out + n, RIG_COM_PORT_SET_LINESTATE_MASK, 0, 1);
    n += rig_com_port_put(out + n, RIG_COM_PORT_SET_MODEMSTATE_MASK, 0, 1);
    RIG_TRY(send_raw(r, out, n, wait, err));
    return await_answers(r, BAUD, RTS, wait, err);
}

/* Servers with one place say so in text, or hang up at once. */
static rig_result explain_hangup(struct rfc2217 *r, struct rig_error *err)
{
    struct rig_error ignored;
    char said[80] = "";
    bool got_any = false;
    size_t n = 0;

    (void)receive(r, &got_any, &ignored).ok;
    for (size_t i = r->in_start; i < r->in.len && n + 1 < sizeof said; i++) {
        if (r->in.data[i] >= 0x20 && r->in.data[i] <= 0x7e) {
            said[n++] = (char)r->in.data[i];
        }
    }
    return rig_wrap(
        err, "the server hung up during the set-up%s%s%s (does another program use this port?)",
        n != 0 ? ", saying '" : "", said, n != 0 ? "'" : "");
}

static rig_result rfc2217_check(const char *rest, struct rig_error *err)
{
    char host[HOST_SIZE];
    uint16_t port = 0;

    RIG_TRY_IN(rig_tcp_parse(rest, host, sizeof host, &port, err), err,
               "an address of the form rfc2217://HOST:PORT was expected");
    return RIG_DONE;
}

static rig_result rfc2217_open(const char *rest, const struct rig_link_options *options,
                               struct rig_link **link, struct rig_wait wait, struct rig_error *err)
{
    char host[HOST_SIZE];
    uint16_t port = 0;
    struct rfc2217 *r;
    rig_result result;

    RIG_TRY(rig_tcp_parse(rest, host, sizeof host, &port, err));
    r = calloc(1, sizeof *r);
    if (r == NULL) {
        return rig_fail_memory(err);
    }
    r->base.ops = &ops;
    r->fd = -1;
    r->rest_asserted = options->rest_asserted;
    r->telnet.events = &events;
    r->telnet.ctx = r;
    (void)rig_copy_text(r->peer, sizeof r->peer, rest);
    result = rig_tcp_connect(host, port, &r->fd, wait, err);
    if (result.ok) {
        result = set_up(r, options->baud, wait, err);
        if (!result.ok && err->code == RIG_E_DISCONNECTED) {
            result = explain_hangup(r, err);
        }
    }
    if (!result.ok) {
        release(r);
        return result;
    }
    *link = &r->base;
    return RIG_DONE;
}

const struct rig_link_driver rig_link_rfc2217 = {
    .scheme = "rfc2217",
    .form = "rfc2217://HOST:PORT",
    .check = rfc2217_check,
    .open = rfc2217_open,
};
