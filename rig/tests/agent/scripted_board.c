/* SPDX-License-Identifier: Apache-2.0 */
#include "scripted_board.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Every wait of the client is far below this; a script that waits longer has failed. */
static const int64_t patience_ms = 20000;

static bool next_request(struct scripted_board *board, struct rig_agent_frame *frame)
{
    struct rig_error err;

    for (;;) {
        if (board->in_at == board->in_len) {
            ssize_t n;
            if (!rig_wait_fd(rig_wait_ms(patience_ms, NULL), board->fd, POLLIN, "x", &err).ok) {
                return false;
            }
            n = read(board->fd, board->in, sizeof board->in);
            if (n <= 0) {
                return false;
            }
            board->in_at = 0;
            board->in_len = (size_t)n;
        }
        board->in_at += rig_agent_lines_feed(&board->lines, board->in + board->in_at,
                                             board->in_len - board->in_at);
        if (board->lines.complete) {
            return rig_agent_frame_parse(frame, board->lines.text, board->lines.len);
        }
    }
}

/* `words` is what the raw line must say between number and checksum; '*' at its end takes any rest.
 */
static bool expect_request(struct scripted_board *board, const char *words, size_t n_words)
{
    struct rig_agent_frame frame;
    const char *body;
    const char *nonce;
    size_t n_body;

    if (!next_request(board, &frame)) {
        (void)snprintf(board->complaint, sizeof board->complaint, "no request; expected '%.*s'",
                       (int)n_words, words);
        return false;
    }
    body = strchr(board->lines.text, ' ') + 1;
    n_body = (size_t)(strrchr(board->lines.text, '*') - 1 - body);
    nonce = rig_agent_frame_value(&frame, "nonce");
    if (nonce != NULL) {
        (void)snprintf(board->nonce, sizeof board->nonce, "%s", nonce);
    }
    board->seq = frame.seq;
    if (n_words != 0 && words[n_words - 1] == '*' && n_body >= n_words - 1) {
        n_body = --n_words;
    }
    if (n_body != n_words || memcmp(body, words, n_words) != 0) {
        (void)snprintf(board->complaint, sizeof board->complaint, "came '%.*s', expected '%.*s'",
                       (int)n_body, body, (int)n_words, words);
        return false;
    }
    return true;
}

static void send_all(struct scripted_board *board, const char *text, size_t len)
{
    (void)send(board->fd, text, len, MSG_NOSIGNAL);
}

static void send_frame(struct scripted_board *board, unsigned seq, const char *body, size_t n_body,
                       bool damaged)
{
    RIG_AUTO(rig_buf_free) struct rig_buf line = {0};
    struct rig_error err;
    const char *at = NULL;
    bool ok = rig_buf_printf(&line, &err, "@%u ", seq).ok;

    for (size_t i = 0; i + 5 <= n_body && at == NULL; i++) {
        at = memcmp(body + i, "NONCE", 5) == 0 ? body + i : NULL;
    }
    if (at != NULL) {
        ok = ok && rig_buf_append(&line, body, (size_t)(at - body), &err).ok &&
             rig_buf_append_text(&line, board->nonce, &err).ok;
        n_body -= (size_t)(at + 5 - body);
        body = at + 5;
    }
    ok = ok && rig_buf_append(&line, body, n_body, &err).ok && rig_agent_seal(&line, &err).ok;
    if (!ok) {
        abort();
    }
    if (damaged) {
        line.data[line.len / 2] ^= 1;
    }
    send_all(board, rig_buf_text(&line), line.len);
}

static void *play(void *arg)
{
    struct scripted_board *board = arg;
    const char *at = board->script;

    while (*at != '\0') {
        const size_t len = strcspn(at, "\n");
        const char *body = at + 2;
        const size_t n_body = len > 2 ? len - 2 : 0;

        if (*at == '>' && !expect_request(board, body, n_body)) {
            break;
        }
        if (*at == '<' && at[1] == '0') {
            send_frame(board, 0, body + 1, n_body - 1, false);
        } else if (*at == '<') {
            send_frame(board, board->seq, body, n_body, false);
        } else if (*at == '~') {
            send_frame(board, board->seq, body, n_body, true);
        } else if (*at == '!') {
            send_all(board, body, n_body);
            send_all(board, "\r\n", 2);
        } else if (*at == '#') {
            while (send(board->fd, "I (1) app: still here\r\n", 23, MSG_NOSIGNAL) > 0) {
            }
        }
        at += len + (at[len] == '\n');
    }
    return NULL;
}

void scripted_begin(struct scripted_session *s, const char *script)
{
    int fds[2];

    memset(s, 0, sizeof *s);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    s->board.fd = fds[1];
    s->board.script = script;
    s->link = fd_link_open(fds[0], (struct fd_link_noise){0});
    assert_true(rig_agent_new(s->link, &s->agent, &s->err).ok);
    assert_int_equal(pthread_create(&s->board.thread, NULL, play, &s->board), 0);
}

void scripted_finish(struct scripted_session *s)
{
    rig_agent_free(s->agent);
    rig_link_close(s->link);
    assert_int_equal(pthread_join(s->board.thread, NULL), 0);
    (void)close(s->board.fd);
    if (s->board.complaint[0] != '\0') {
        fail_msg("script: %s (client: %s)", s->board.complaint, s->err.text);
    }
}
