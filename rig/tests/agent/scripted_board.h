/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client against scripted boards. A script is text, one step a line, played by a thread that is
 * the board: > words     a request with these words must come next (number and checksum are checked
 * and left out) < frame     sends "@<number of the last request> frame *<checksum>"; "<0 frame"
 * sends it with number 0 ! text      sends the text as it is, with a line end ~ frame     as "<",
 * with one character damaged #           babbles until the host goes A nonce=<anything> in a
 * request is remembered and put for NONCE in what is sent.
 */
#ifndef RIG_TESTS_SCRIPTED_BOARD_H
#define RIG_TESTS_SCRIPTED_BOARD_H

#include "fd_link.h"
#include "rig/agent/agent.h"
#include "rig/agent/line.h"

#include <pthread.h>

struct scripted_board {
    int fd;
    const char *script;
    pthread_t thread;
    unsigned seq;
    char nonce[40];
    char complaint[400];
    struct rig_agent_lines lines;
    uint8_t in[256];
    size_t in_at;
    size_t in_len;
};

struct scripted_session {
    struct scripted_board board;
    struct rig_link *link;
    struct rig_agent *agent;
    struct rig_error err;
};

/* A fresh client, linked to a board that plays `script`. */
void scripted_begin(struct scripted_session *s, const char *script);
/* Ends both; fails the test when the script was not played to its end as written. */
void scripted_finish(struct scripted_session *s);

#endif
