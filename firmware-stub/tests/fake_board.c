/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_board.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "firmware-stub/core/core.h"

/* ---- the board ---- */

static int wait_readable(int fd, uint32_t timeout_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    return poll(&poll_fd, 1, (int)timeout_ms);
}

static int uart_read(void *ctx, uint8_t *data, size_t max, uint32_t timeout_ms)
{
    struct fake_board *board = ctx;

    if (atomic_load(&board->stop)) {
        return AGENT_IO_STOP;
    }
    if (wait_readable(board->uart_board, timeout_ms) <= 0) {
        return AGENT_IO_TIMEOUT;
    }
    ssize_t n = read(board->uart_board, data, max);
    return n > 0 ? (int)n : AGENT_IO_STOP;
}

static int uart_write(void *ctx, const uint8_t *data, size_t size)
{
    struct fake_board *board = ctx;

    return send(board->uart_board, data, size, MSG_NOSIGNAL) == (ssize_t)size ? 0 : AGENT_IO_STOP;
}

static uint64_t uptime_ms(void *ctx)
{
    struct timespec now;

    (void)ctx;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int random_bytes(void *ctx, unsigned char *out, size_t size)
{
    struct fake_board *board = ctx;

    if (board->random_fails) {
        return -1;
    }
    if (board->random_state == 0) {
        return getrandom(out, size, 0) == (ssize_t)size ? 0 : -1;
    }
    uint32_t state = board->random_state;
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525u + 1013904223u;
        out[i] = (unsigned char)(state >> 24);
    }
    return 0;
}

static int set_time(void *ctx, int64_t unix_ms)
{
    ((struct fake_board *)ctx)->time_ms = unix_ms;
    return 0;
}

static bool poll_port(void *ctx)
{
    struct fake_board *board = ctx;

    board->n_polls++;
    return atomic_load(&board->stop);
}

static int partition_find(void *ctx, uint8_t type, const char *label, struct agent_partition *out)
{
    struct fake_board *board = ctx;

    memset(out, 0, sizeof *out);
    out->sector_bytes = FAKE_SECTOR_BYTES;
    if (type == AGENT_KEY_PARTITION_TYPE && strcmp(label, AGENT_KEY_LABEL) == 0 &&
        board->key_size_bytes != 0) {
        out->handle = board->key_flash;
        out->size_bytes = board->key_size_bytes;
        return 0;
    }
    if (type == AGENT_UPDATE_PARTITION_TYPE && strcmp(label, AGENT_UPDATE_LABEL) == 0 &&
        board->update_size_bytes != 0) {
        out->handle = board->update_flash;
        out->size_bytes = board->update_size_bytes;
        return 0;
    }
    if (type == AGENT_CERT_PARTITION_TYPE && strcmp(label, AGENT_CERT_LABEL) == 0) {
        out->handle = board->cert_flash;
        out->size_bytes = FAKE_CERT_BYTES;
        return 0;
    }
    return AGENT_IO_ERROR;
}

static uint8_t *flash_of(struct fake_board *board, const struct agent_partition *part)
{
    return part->handle == board->key_flash      ? board->key_flash
           : part->handle == board->update_flash ? board->update_flash
                                                 : board->cert_flash;
}

static int partition_read(void *ctx, const struct agent_partition *part, uint32_t offset,
                          void *data, size_t size)
{
    if (offset > part->size_bytes || size > part->size_bytes - offset) {
        return AGENT_IO_ERROR;
    }
    memcpy(data, flash_of(ctx, part) + offset, size);
    return 0;
}

static bool power_left(struct fake_board *board)
{
    if (board->flash_steps_left == 0) {
        return false;
    }
    board->flash_steps_left -= board->flash_steps_left > 0 ? 1 : 0;
    return true;
}

static int partition_erase(void *ctx, const struct agent_partition *part, uint32_t offset,
                           uint32_t size)
{
    struct fake_board *board = ctx;

    assert_int_equal(offset % FAKE_SECTOR_BYTES + size % FAKE_SECTOR_BYTES, 0);
    assert_true(offset + size <= part->size_bytes);
    if (!power_left(board)) {
        /* cut in the middle of an erase: some bits are set already */
        for (uint32_t i = 0; board->flash_steps_left == 0 && i < size; i += 3) {
            flash_of(board, part)[offset + i] |= 0x5a;
        }
        return AGENT_IO_ERROR;
    }
    memset(flash_of(board, part) + offset, 0xff, size);
    board->n_sector_erases++;
    return 0;
}

static int partition_program(void *ctx, const struct agent_partition *part, uint32_t offset,
                             const void *data, size_t size)
{
    struct fake_board *board = ctx;
    const uint8_t *from = data;

    assert_int_equal(offset % 16 + size % 16, 0);
    assert_true(offset + size <= part->size_bytes);
    for (size_t i = 0; i < size; i++) {
        if (i % 16 == 0 && !power_left(board)) {
            for (size_t j = i; j < i + board->cut_bytes; j++) {
                flash_of(board, part)[offset + j] &= from[j];
            }
            board->cut_bytes = 0;
            return AGENT_IO_ERROR;
        }
        flash_of(board, part)[offset + i] &= from[i];
    }
    return 0;
}

static int chip_info(void *ctx, struct agent_chip *out)
{
    static const uint8_t mac[6] = {0x24, 0x0a, 0xc4, 0, 0, 1};

    (void)ctx;
    (void)snprintf(out->name, sizeof out->name, "esp32");
    (void)snprintf(out->reset_reason, sizeof out->reset_reason, "power-on");
    memcpy(out->mac, mac, sizeof mac);
    out->flags = AGENT_CHIP_JTAG_DISABLED;
    return 0;
}

static void restart(void *ctx)
{
    ((struct fake_board *)ctx)->n_restarts++;
}

static int net_connect(void *ctx, const char *host, uint16_t tcp_port, uint32_t timeout_ms)
{
    struct fake_board *board = ctx;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(tcp_port)};

    (void)timeout_ms;
    if (inet_pton(AF_INET, host, &to.sin_addr) != 1) {
        return AGENT_IO_NO_HOST;
    }
    board->net = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(board->net, (const struct sockaddr *)&to, sizeof to) != 0) {
        (void)close(board->net);
        board->net = -1;
        return errno == ECONNREFUSED ? AGENT_IO_REFUSED : AGENT_IO_ERROR;
    }
    return 0;
}

static int net_send(void *ctx, const uint8_t *data, size_t size, uint32_t timeout_ms)
{
    (void)timeout_ms;
    ssize_t n = send(((struct fake_board *)ctx)->net, data, size, MSG_NOSIGNAL);
    return n > 0 ? (int)n : AGENT_IO_RESET;
}

static int net_recv(void *ctx, uint8_t *data, size_t max, uint32_t timeout_ms)
{
    int fd = ((struct fake_board *)ctx)->net;

    if (wait_readable(fd, timeout_ms) <= 0) {
        return AGENT_IO_TIMEOUT;
    }
    ssize_t n = recv(fd, data, max, 0);
    return n >= 0 ? (int)n : AGENT_IO_RESET;
}

static void net_close(void *ctx)
{
    (void)close(((struct fake_board *)ctx)->net);
    ((struct fake_board *)ctx)->net = -1;
}

void fake_board_init(struct fake_board *board)
{
    int pair[2];

    memset(board, 0, sizeof *board);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    board->uart_board = pair[0];
    board->uart_host = pair[1];
    board->net = -1;
    board->flash_steps_left = -1;
    board->key_size_bytes = FAKE_KEY_BYTES;
    board->update_size_bytes = FAKE_UPDATE_BYTES;
    memset(board->key_flash, 0xff, sizeof board->key_flash);
    memset(board->cert_flash, 0xff, sizeof board->cert_flash);
    memset(board->update_flash, 0xff, sizeof board->update_flash);
    board->services = agent_services_mbedtls;
    board->port = (struct agent_port){
        .ctx = board,
        .uart_read = uart_read,
        .uart_write = uart_write,
        .uptime_ms = uptime_ms,
        .random_bytes = random_bytes,
        .set_time = set_time,
        .poll = poll_port,
        .partition_find = partition_find,
        .partition_read = partition_read,
        .partition_erase = partition_erase,
        .partition_program = partition_program,
        .chip_info = chip_info,
        .restart = restart,
        .net_connect = net_connect,
        .net_send = net_send,
        .net_recv = net_recv,
        .net_close = net_close,
    };
}

static void *run(void *arg)
{
    struct fake_board *board = arg;

    board->ended = agent_run(&board->agent);
    return NULL;
}

void fake_board_start(struct fake_board *board)
{
    char line[AGENT_LINE_MAX_BYTES + 4];

    atomic_store(&board->stop, false);
    agent_init(&board->agent, &board->port, &board->services);
    assert_int_equal(pthread_create(&board->thread, NULL, run, board), 0);
    board->running = true;
    do {
        assert_true(fake_host_line(board, line, sizeof line, 5000));
    } while (strncmp(line, "@0 ready ", 9) != 0);
}

void fake_board_stop(struct fake_board *board)
{
    if (board->running) {
        atomic_store(&board->stop, true);
        (void)pthread_join(board->thread, NULL);
        board->running = false;
    }
    board->in_size = 0;
}

void fake_board_free(struct fake_board *board)
{
    fake_board_stop(board);
    (void)close(board->uart_board);
    (void)close(board->uart_host);
}

static size_t put_tlv(uint8_t *to, uint8_t type, const char *text)
{
    size_t size = strlen(text) + 1;
    size_t covered = 12 + (size + 15) / 16 * 16;
    static const uint8_t magic[4] = {0x11, 0xba, 0x5e, 0xba};

    memset(to, 0, covered + 4);
    memcpy(to, magic, sizeof magic);
    to[8] = type;
    to[10] = (uint8_t)size;
    to[11] = (uint8_t)(size >> 8);
    memcpy(to + 12, text, size);
    uint32_t crc = ~agent_crc32_add(0, to, covered);
    for (unsigned i = 0; i < 4; i++) {
        to[covered + i] = (uint8_t)(crc >> (8 * i));
    }
    return covered + 4;
}

void fake_board_append_cert(struct fake_board *board, uint8_t type, const char *pem)
{
    assert_true(board->cert_size + strlen(pem) + 48 < sizeof board->cert_flash);
    board->cert_size += put_tlv(board->cert_flash + board->cert_size, type, pem);
}

void fake_board_write_certs(struct fake_board *board, const char *chain_pem, const char *roots_pem)
{
    memset(board->cert_flash, 0xff, sizeof board->cert_flash);
    board->cert_size = 0;
    if (chain_pem != NULL) {
        fake_board_append_cert(board, 1, chain_pem);
    }
    if (roots_pem != NULL) {
        fake_board_append_cert(board, 0, roots_pem);
    }
}

/* ---- the host ---- */

void fake_host_write(struct fake_board *board, const void *data, size_t size)
{
    assert_int_equal(send(board->uart_host, data, size, MSG_NOSIGNAL), size);
}

void fake_host_frame(struct fake_board *board, uint16_t seq, const char *text)
{
    char line[2 * AGENT_LINE_MAX_BYTES];
    int size = snprintf(line, sizeof line, "@%u %s", seq, text);
    uint16_t crc = agent_crc16(line, (size_t)size);

    size += snprintf(line + size, sizeof line - (size_t)size, " *%04x\n", crc);
    fake_host_write(board, line, (size_t)size);
}

bool fake_host_line(struct fake_board *board, char *line, size_t max, int timeout_ms)
{
    for (;;) {
        char *end = memchr(board->in, '\n', board->in_size);
        if (end != NULL) {
            size_t size = (size_t)(end - board->in);
            size_t text = size > 0 && board->in[size - 1] == '\r' ? size - 1 : size;
            assert_true(text < max);
            memcpy(line, board->in, text);
            line[text] = '\0';
            board->in_size -= size + 1;
            memmove(board->in, end + 1, board->in_size);
            return true;
        }
        assert_true(board->in_size < sizeof board->in);
        if (wait_readable(board->uart_host, (uint32_t)timeout_ms) <= 0) {
            return false;
        }
        ssize_t n =
            read(board->uart_host, board->in + board->in_size, sizeof board->in - board->in_size);
        if (n <= 0) {
            return false;
        }
        board->in_size += (size_t)n;
    }
}

char *fake_host_body(char *line, uint16_t seq)
{
    char *sum = strrchr(line, '*');
    char *end = line;

    if (line[0] != '@' || sum == NULL || sum == line || strlen(sum) != 5) {
        return NULL;
    }
    assert_true(strlen(line) <= AGENT_LINE_MAX_BYTES);
    assert_int_equal(agent_crc16(line, (size_t)(sum - 1 - line)), strtoul(sum + 1, NULL, 16));
    sum[-1] = '\0';
    unsigned long number = strtoul(line + 1, &end, 10);
    return number == seq && *end == ' ' ? end + 1 : NULL;
}

void fake_host_collect(struct fake_board *board, uint16_t seq, struct fake_reply *reply)
{
    char line[AGENT_LINE_MAX_BYTES + 4] = "";
    char value[AGENT_LINE_MAX_BYTES];

    memset(reply, 0, sizeof *reply);
    for (;;) {
        assert_true(fake_host_line(board, line, sizeof line, 20000));
        const char *body = fake_host_body(line, seq);
        if (body == NULL) {
            continue;
        }
        if (strncmp(body, "= ", 2) == 0) {
            assert_true(reply->n_lines < FAKE_REPLY_LINES);
            (void)snprintf(reply->lines[reply->n_lines++], sizeof reply->lines[0], "%s", body + 2);
        } else if (strncmp(body, "busy ", 5) == 0) {
            reply->n_busy++;
        } else if (strncmp(body, "ok ", 3) == 0 || strncmp(body, "err ", 4) == 0) {
            (void)snprintf(reply->end, sizeof reply->end, "%s", body);
            assert_int_equal(strtoul(fake_value(body, "lines", value), NULL, 10), reply->n_lines);
            return;
        }
    }
}

void fake_host_ask(struct fake_board *board, const char *text, struct fake_reply *reply)
{
    board->seq++;
    fake_host_frame(board, board->seq, text);
    fake_host_collect(board, board->seq, reply);
}

const char *fake_value(const char *body, const char *key, char out[AGENT_LINE_MAX_BYTES])
{
    char wanted[40];
    int size = snprintf(wanted, sizeof wanted, " %s=", key);
    char padded[AGENT_LINE_MAX_BYTES + 8];

    (void)snprintf(padded, sizeof padded, " %s", body);
    const char *at = strstr(padded, wanted);
    if (at == NULL) {
        return NULL;
    }
    at += size;
    char stop = *at == '"' ? '"' : ' ';
    at += *at == '"' ? 1 : 0;
    size_t n = strcspn(at, stop == '"' ? "\"" : " ");
    memcpy(out, at, n);
    out[n] = '\0';
    return out;
}

bool fake_has(const char *body, const char *key, const char *value)
{
    char out[AGENT_LINE_MAX_BYTES];
    const char *found = fake_value(body, key, out);

    if (found == NULL || strcmp(found, value) != 0) {
        print_message("%s is not %s in: %s\n", key, value, body);
        return false;
    }
    return true;
}

const char *fake_reply_value(const struct fake_reply *reply, const char *key,
                             char out[AGENT_LINE_MAX_BYTES])
{
    for (unsigned i = 0; i < reply->n_lines; i++) {
        if (fake_value(reply->lines[i], key, out) != NULL) {
            return out;
        }
    }
    return fake_value(reply->end, key, out);
}
