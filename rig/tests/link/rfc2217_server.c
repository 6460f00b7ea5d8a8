/* SPDX-License-Identifier: Apache-2.0 */
#include "rfc2217_server.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOG_SIZE 4096
#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            perror(#condition);                                                                    \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

enum order { NONE, STOP, STALL, CLOSE, RESET };

struct test_server {
    struct test_server_options options;
    int listen_fd;
    int client_fd;
    int wake_fd;
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock; /* all below, and writes to client_fd */
    pthread_cond_t done;
    enum order order;
    bool stalled;
    char log[LOG_SIZE];
    size_t log_len;
    /* parser, used by the thread only */
    enum { DATA, IAC, VERB, SUB, SUB_IAC } state;
    uint8_t verb;
    uint8_t sub[64];
    size_t sub_len;
};

static void send_locked(struct test_server *s, const uint8_t *bytes, size_t n_bytes)
{
    while (n_bytes != 0 && s->client_fd >= 0) {
        const ssize_t put = send(s->client_fd, bytes, n_bytes, MSG_NOSIGNAL);
        if (put <= 0) {
            return;
        }
        bytes += put;
        n_bytes -= (size_t)put;
    }
}

static void note(struct test_server *s, const char *text)
{
    pthread_mutex_lock(&s->lock);
    must(s->log_len + strlen(text) + 1 < sizeof s->log);
    memcpy(s->log + s->log_len, text, strlen(text) + 1);
    s->log_len += strlen(text);
    pthread_mutex_unlock(&s->lock);
}

void test_server_send_raw(struct test_server *s, const uint8_t *bytes, size_t n_bytes)
{
    pthread_mutex_lock(&s->lock);
    send_locked(s, bytes, n_bytes);
    pthread_mutex_unlock(&s->lock);
}

void test_server_send(struct test_server *s, const uint8_t *bytes, size_t n_bytes)
{
    uint8_t *escaped = malloc(2 * n_bytes + 1);
    size_t n = 0;

    must(escaped != NULL);
    for (size_t i = 0; i < n_bytes; i++) {
        escaped[n++] = bytes[i];
        if (bytes[i] == 255) {
            escaped[n++] = 255;
        }
    }
    test_server_send_raw(s, escaped, n);
    free(escaped);
}

static void answer(struct test_server *s, uint8_t command, const uint8_t *value, size_t n)
{
    static const uint8_t chatter[] = {255, 253, 24,  255, 251, 31,  255, 250, 44,  107, 255, 255,
                                      255, 240, 255, 250, 44,  106, 96,  255, 240, 255, 241};
    uint8_t out[64];
    size_t len = 0;

    if (s->options.chatter) {
        test_server_send_raw(s, chatter, sizeof chatter);
    }
    out[len++] = 255;
    out[len++] = 250;
    out[len++] = 44;
    out[len++] = (uint8_t)(command + 100);
    for (size_t i = 0; i < n; i++) {
        out[len++] = value[i];
        if (value[i] == 255) {
            out[len++] = 255;
        }
    }
    out[len++] = 255;
    out[len++] = 240;
    test_server_send_raw(s, out, len);
}

static void on_command(struct test_server *s)
{
    const uint8_t command = s->sub[1];
    uint8_t *value = s->sub + 2;
    char text[32];

    if (s->options.mute || s->options.refuse || s->options.babble || s->sub_len < 3 ||
        s->sub[0] != 44) {
        return;
    }
    switch (command) {
    case 1: {
        uint32_t baud = (uint32_t)value[0] << 24 | value[1] << 16 | value[2] << 8 | value[3];
        must(s->sub_len == 6);
        (void)snprintf(text, sizeof text, "B%u ", baud);
        note(s, text);
        if (s->options.highest_baud != 0 && baud > s->options.highest_baud) {
            baud = s->options.highest_baud;
            for (size_t i = 0; i < 4; i++) {
                value[i] = (uint8_t)(baud >> (24 - 8 * i));
            }
        }
        answer(s, command, value, 4);
        return;
    }
    case 5:
        (void)snprintf(text, sizeof text, "%s ",
                       *value == 8    ? "D1"
                       : *value == 9  ? "D0"
                       : *value == 11 ? "R1"
                       : *value == 12 ? "R0"
                       : *value == 1  ? "F"
                                      : "?");
        note(s, text);
        if (s->options.no_control) {
            return;
        }
        break;
    default:
        (void)snprintf(text, sizeof text, "c%u=%u ", command, *value);
        note(s, text);
        break;
    }
    answer(s, command, value, 1);
}

static void on_verb(struct test_server *s, uint8_t option)
{
    const uint8_t yes[3] = {255, s->verb == 251 ? 253 : 251, option};
    const uint8_t no[3] = {255, s->verb == 251 ? 254 : 252, option};
    char text[32];

    if (s->options.mute || s->options.babble) {
        return;
    }
    if (s->verb == 252 || s->verb == 254) {
        (void)snprintf(text, sizeof text, "%s%u ", s->verb == 252 ? "wont" : "dont", option);
        note(s, text);
        return;
    }
    if (s->options.refuse && option == 44) {
        test_server_send_raw(s, no, 3);
        return;
    }
    test_server_send_raw(s, option == 44 || option == 0 || option == 3 ? yes : no, 3);
}

static void on_byte(struct test_server *s, uint8_t byte)
{
    switch (s->state) {
    case DATA:
        if (byte == 255) {
            s->state = IAC;
        } else if (s->options.echo) {
            test_server_send(s, &byte, 1);
        }
        break;
    case IAC:
        s->state = DATA;
        if (byte == 255 && s->options.echo) {
            test_server_send(s, &byte, 1);
        } else if (byte >= 251 && byte <= 254) {
            s->verb = byte;
            s->state = VERB;
        } else if (byte == 250) {
            s->sub_len = 0;
            s->state = SUB;
        }
        break;
    case VERB:
        s->state = DATA;
        on_verb(s, byte);
        break;
    case SUB:
        if (byte == 255) {
            s->state = SUB_IAC;
        } else {
            must(s->sub_len < sizeof s->sub);
            s->sub[s->sub_len++] = byte;
        }
        break;
    case SUB_IAC:
        if (byte == 255) {
            must(s->sub_len < sizeof s->sub);
            s->sub[s->sub_len++] = byte;
            s->state = SUB;
        } else {
            must(byte == 240);
            s->state = DATA;
            on_command(s);
        }
        break;
    }
}

static void end_client(struct test_server *s, bool reset)
{
    const struct linger hard = {.l_onoff = 1, .l_linger = 0};

    if (s->client_fd >= 0) {
        if (reset) {
            must(setsockopt(s->client_fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard) == 0);
        }
        (void)close(s->client_fd);
        s->client_fd = -1;
    }
}

/* Returns false when the thread shall end. */
static bool obey(struct test_server *s)
{
    uint64_t n;
    bool go_on = true;

    must(read(s->wake_fd, &n, sizeof n) == sizeof n);
    pthread_mutex_lock(&s->lock);
    if (s->order == STALL) {
        s->stalled = true;
    } else if (s->order == CLOSE || s->order == RESET) {
        end_client(s, s->order == RESET);
    } else if (s->order == STOP) {
        end_client(s, false);
        go_on = false;
    }
    s->order = NONE;
    pthread_cond_signal(&s->done);
    pthread_mutex_unlock(&s->lock);
    return go_on;
}

static void accept_client(struct test_server *s)
{
    const int on = 1;
    const int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0) {
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    s->state = DATA;
    pthread_mutex_lock(&s->lock);
    end_client(s, false);
    s->client_fd = fd;
    if (s->options.hang_up) {
        send_locked(s, (const uint8_t *)"Port already in use\r\n", 21);
        end_client(s, false);
    }
    pthread_mutex_unlock(&s->lock);
}

static void read_client(struct test_server *s)
{
    uint8_t bytes[65536];
    const ssize_t got = recv(s->client_fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0) {
        note(s, "end ");
        pthread_mutex_lock(&s->lock);
        end_client(s, false);
        pthread_mutex_unlock(&s->lock);
        return;
    }
    note(s, "|");
    for (ssize_t i = 0; i < got; i++) {
        on_byte(s, bytes[i]);
    }
}

static void *serve(void *arg)
{
    struct test_server *s = arg;
    static const uint8_t noise[512] = "noise";

    for (;;) {
        struct pollfd fds[3] = {
            {.fd = s->wake_fd, .events = POLLIN},
            {.fd = s->listen_fd, .events = POLLIN},
            {.fd = s->stalled ? -1 : s->client_fd,
             .events = (short)(POLLIN | (s->options.babble ? POLLOUT : 0))},
        };
        must(poll(fds, 3, -1) > 0 || errno == EINTR);
        if (fds[0].revents != 0) {
            if (!obey(s)) {
                return NULL;
            }
            continue;
        }
        if (fds[1].revents != 0) {
            accept_client(s);
            continue;
        }
        if ((fds[2].revents & POLLOUT) != 0) {
            (void)send(s->client_fd, noise, sizeof noise, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
        if ((fds[2].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
            read_client(s);
        }
    }
}

struct test_server *test_server_start(const struct test_server_options *options)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct test_server *s = calloc(1, sizeof *s);

    must(s != NULL);
    s->options = *options;
    s->client_fd = -1;
    s->wake_fd = eventfd(0, EFD_CLOEXEC);
    s->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(s->wake_fd >= 0 && s->listen_fd >= 0);
    must(bind(s->listen_fd, (struct sockaddr *)&address, sizeof address) == 0);
    must(listen(s->listen_fd, 4) == 0);
    must(getsockname(s->listen_fd, (struct sockaddr *)&address, &size) == 0);
    s->port = ntohs(address.sin_port);
    must(pthread_mutex_init(&s->lock, NULL) == 0 && pthread_cond_init(&s->done, NULL) == 0);
    must(pthread_create(&s->thread, NULL, serve, s) == 0);
    return s;
}

uint16_t test_server_port(const struct test_server *s)
{
    return s->port;
}

static void give_order(struct test_server *s, enum order order)
{
    const uint64_t one = 1;

    pthread_mutex_lock(&s->lock);
    s->order = order;
    must(write(s->wake_fd, &one, sizeof one) == sizeof one);
    while (s->order != NONE) {
        pthread_cond_wait(&s->done, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
}

void test_server_stall(struct test_server *s)
{
    give_order(s, STALL);
}

void test_server_hang_up(struct test_server *s, bool reset)
{
    give_order(s, reset ? RESET : CLOSE);
}

char *test_server_log(struct test_server *s)
{
    char *copy;

    pthread_mutex_lock(&s->lock);
    copy = strdup(s->log);
    pthread_mutex_unlock(&s->lock);
    must(copy != NULL);
    return copy;
}

void test_server_clear_log(struct test_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->log_len = 0;
    s->log[0] = '\0';
    pthread_mutex_unlock(&s->lock);
}

void test_server_stop(struct test_server *s)
{
    give_order(s, STOP);
    must(pthread_join(s->thread, NULL) == 0);
    (void)close(s->listen_fd);
    (void)close(s->wake_fd);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->done);
    free(s);
}
