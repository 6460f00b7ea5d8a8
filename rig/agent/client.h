/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of rig/agent only: the client's state, one call (request and whole reply), and the relay
 * beside it. */
#ifndef RIG_AGENT_CLIENT_H
#define RIG_AGENT_CLIENT_H

#include "rig/agent/agent.h"
#include "rig/agent/line.h"

#define RIG_AGENT_BOOT_SIZE 9 /* eight hex digits */

struct rig_agent {
    struct rig_link *link;
    struct rig_agent_lines lines;
    uint8_t chunk[4096]; /* read and not yet looked at: from chunk_at to chunk_len */
    size_t chunk_at;
    size_t chunk_len;
    unsigned seq; /* of the last request */
    unsigned n_retransmissions;
    size_t slot_max;
    bool has_crls;
    size_t piece_bytes;             /* of slot-write: shrinks on a noisy line */
    char boot[RIG_AGENT_BOOT_SIZE]; /* of the start that hello talked to; "" before */
    char last_log[120];             /* the firmware's own last line, for texts */
};

/* A reply: its data lines in no order (a repeated reply fills gaps), and its end line. */
struct rig_agent_reply {
    struct rig_agent_frame *lines;
    size_t n_lines;
    size_t cap;
    struct rig_agent_frame end;
    bool refused; /* the end line is `err` */
};

void rig_agent_reply_free(struct rig_agent_reply *reply);
/* The value of the first line that has the key (end line last); NULL when none has. */
const char *rig_agent_reply_value(const struct rig_agent_reply *reply, const char *key);

/* All ciphers= of a reply to hello, each number once; none is fine. DEVICE/PROTOCOL for what is no
 * such list. */
RIG_CHECKED rig_result rig_agent_read_ciphers(const struct rig_agent_reply *reply,
                                              struct rig_agent_hello *hello, struct rig_error *err);

/* TLS bytes between the board and a socket, while a handshake is at work: PROTOCOL.md section 5. */
struct rig_agent_relay {
    int fd;                   /* borrowed; -1: there is no server */
    unsigned seq;             /* of the handshake request */
    struct rig_buf to_server; /* taken from the board, not yet in the socket */
    bool board_ended;         /* tx eof came */
    bool shut;                /* and was passed on */
    unsigned tx_expected;     /* number of the next tx frame */
    struct rig_buf frame;     /* our frame that is not acknowledged; empty: none */
    unsigned rx_number;       /* its number */
    unsigned n_tries;
    int64_t resend_ns;
    bool ended;         /* our eof was sent */
    bool broken;        /* the board does not acknowledge any more */
    size_t piece_bytes; /* shrinks on a noisy line */
};

void rig_agent_relay_start(struct rig_agent_relay *relay, int fd, unsigned seq);
void rig_agent_relay_free(struct rig_agent_relay *relay);
/* What poll should look for on the socket; 0: nothing. */
short rig_agent_relay_events(const struct rig_agent_relay *relay);
/* When it wants to be called again, at the latest. */
int64_t rig_agent_relay_deadline_ns(const struct rig_agent_relay *relay);
/* Handles a tx or ack frame of this handshake. */
RIG_CHECKED rig_result rig_agent_relay_frame(struct rig_agent *agent, struct rig_agent_relay *relay,
                                             const struct rig_agent_frame *frame,
                                             struct rig_wait wait, struct rig_error *err);
/* Moves bytes between the socket and the frames, and repeats a frame that is due. */
RIG_CHECKED rig_result rig_agent_relay_turn(struct rig_agent *agent, struct rig_agent_relay *relay,
                                            struct rig_wait wait, struct rig_error *err);

/* Passes on what the board sent last, as far as the socket takes it, and its end. */
RIG_CHECKED rig_result rig_agent_relay_flush(struct rig_agent_relay *relay, struct rig_error *err);

struct rig_agent_call {
    const char *what;              /* for texts: "keygen" */
    const char *command;           /* without number and checksum */
    int64_t retry_ms;              /* silence after which the request is sent again */
    int64_t dead_ms;               /* silence after which the board counts as dead */
    bool booting;                  /* hello: restarts and silence are normal until the deadline */
    bool restarts;                 /* reset: a restart is the end that was asked for */
    bool long_work;                /* keygen, handshake: aborted when we stop waiting */
    struct rig_agent_relay *relay; /* NULL: none */
};

/* The agent's error as ours: REFUSED, class DEVICE, with its code and words. */
rig_result rig_agent_fail_refused(const struct rig_agent_reply *reply, const char *what,
                                  struct rig_error *err);

/*
 * Sends the request until a whole reply is there. A reply that is an error is success here, with
 * reply->refused set. `reply` must be zeroed; free it in either case.
 */
RIG_CHECKED rig_result rig_agent_call(struct rig_agent *agent, const struct rig_agent_call *call,
                                      struct rig_agent_reply *reply, struct rig_wait wait,
                                      struct rig_error *err);

/* All of it as data= of `command`, piece by piece; the pieces shrink on a noisy line. */
RIG_CHECKED rig_result rig_agent_write_pieces(struct rig_agent *agent, const char *command,
                                              const uint8_t *bytes, size_t n_bytes,
                                              struct rig_wait wait, struct rig_error *err);

/* Seals and sends one frame without waiting for anything. */
RIG_CHECKED rig_result rig_agent_send(struct rig_agent *agent, struct rig_buf *line,
                                      struct rig_wait wait, struct rig_error *err);

#endif
