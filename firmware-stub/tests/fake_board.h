/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A board in memory for the agent's tests: UART over a socketpair, two flash partitions, TCP by the
 * host's sockets; and the host's end of the UART. The agent runs in a thread of its own; the test
 * thread is the host.
 */
#ifndef RIG_FAKE_BOARD_H
#define RIG_FAKE_BOARD_H

#include <pthread.h>
#include <stdatomic.h>

#include "agent.h"

#define FAKE_SECTOR_BYTES 4096u
#define FAKE_KEY_BYTES (2 * FAKE_SECTOR_BYTES)
#define FAKE_CERT_BYTES (4 * FAKE_SECTOR_BYTES)
#define FAKE_UPDATE_BYTES (4 * FAKE_SECTOR_BYTES)
#define FAKE_REPLY_LINES 48u

struct fake_board {
    struct agent_port port;
    struct agent_services
        services; /* what the agent gets; a copy of the real ones that a test may change */
    struct agent agent;
    pthread_t thread;
    bool running;
    int ended;
    int uart_board;
    int uart_host;
    int net;
    atomic_bool stop;
    unsigned n_restarts;
    int64_t time_ms;
    uint8_t key_flash[FAKE_KEY_BYTES];
    uint8_t cert_flash[FAKE_CERT_BYTES];
    uint8_t update_flash[FAKE_UPDATE_BYTES];
    size_t cert_size;           /* bytes of TLV entries in cert_flash */
    uint32_t key_size_bytes;    /* 0: no such partition */
    uint32_t update_size_bytes; /* of chain_update; 0: no such partition */
    size_t cut_bytes;           /* that are still programmed of the group at which the power goes */
    long flash_steps_left; /* sectors erased and 16-byte groups programmed until the power goes; -1:
                              never */
    uint32_t random_state; /* not 0: repeatable bytes */
    bool random_fails;
    unsigned n_sector_erases;
    unsigned n_polls;

    /* the host's side */
    uint16_t seq;
    char in[2048];
    size_t in_size;
};

struct fake_reply {
    unsigned n_lines;
    char lines[FAKE_REPLY_LINES][AGENT_LINE_MAX_BYTES + 4];
    char end[AGENT_LINE_MAX_BYTES + 4];
    unsigned n_busy;
};

/* Fills *board; the agent does not run yet. */
void fake_board_init(struct fake_board *board);
void fake_board_start(struct fake_board *board);
/* Ends the agent and joins its thread; start works again, with the flash kept. */
void fake_board_stop(struct fake_board *board);
void fake_board_free(struct fake_board *board);

/* Writes an esp_secure_cert partition; NULL leaves an entry out. */
void fake_board_write_certs(struct fake_board *board, const char *chain_pem, const char *roots_pem);
/* Appends one more entry of a TLV type: 1 the chain, 0 the roots. */
void fake_board_append_cert(struct fake_board *board, uint8_t type, const char *pem);

void fake_host_write(struct fake_board *board, const void *data, size_t size);
/* "@<seq> <text> *crc" */
void fake_host_frame(struct fake_board *board, uint16_t seq, const char *text);
/* The next line, without its end; false when none came within timeout_ms. */
bool fake_host_line(struct fake_board *board, char *line, size_t max, int timeout_ms);
/* The frame's text between "@<seq> " and its checksum, checked; NULL when the line is no frame of
 * seq. */
char *fake_host_body(char *line, uint16_t seq);
/* Sends the request with the next number and collects its reply; fails the test when none comes. */
void fake_host_ask(struct fake_board *board, const char *text, struct fake_reply *reply);
/* Collects the reply of the number sent before. */
void fake_host_collect(struct fake_board *board, uint16_t seq, struct fake_reply *reply);
/* Value of key in a frame's body, unquoted when quoted, in a buffer of the caller. NULL when
 * absent. */
const char *fake_value(const char *body, const char *key, char out[AGENT_LINE_MAX_BYTES]);
bool fake_has(const char *body, const char *key, const char *value);
/* Value in any of the reply's data lines or its end line. */
const char *fake_reply_value(const struct fake_reply *reply, const char *key,
                             char out[AGENT_LINE_MAX_BYTES]);

#endif
