/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole agent on a board of which every input is the fuzzer's: the first bytes are the
 * certificate partition, the rest comes over the UART, and each byte from the network too. Time
 * passes only when the board waits, so no input hangs. Checks that each frame out is whole.
 */
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "firmware-stub/core/core.h"

#define PARTITION_BYTES 8192u

struct fuzz_board {
    const uint8_t *data;
    size_t left;
    uint64_t now_ms;
    uint8_t cert_flash[PARTITION_BYTES];
    uint8_t key_flash[PARTITION_BYTES];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(struct fuzz_board *board, uint8_t *data, size_t max, uint32_t timeout_ms)
{
    size_t n = board->left < max ? board->left : max;

    board->now_ms += timeout_ms < 20 ? timeout_ms : 20;
    if (n == 0) {
        return AGENT_IO_STOP;
    }
    memcpy(data, board->data, n);
    board->data += n;
    board->left -= n;
    return (int)n;
}

static int uart_read(void *ctx, uint8_t *data, size_t max, uint32_t timeout_ms)
{
    return take(ctx, data, max < 16 ? max : 16, timeout_ms);
}

static int uart_write(void *ctx, const uint8_t *data, size_t size)
{
    const char *line = (const char *)data;
    char sum[5];

    ((struct fuzz_board *)ctx)->now_ms++;
    if (size < 3 || line[size - 1] != '\n' || line[size - 2] != '\r') {
        abort();
    }
    if (line[0] != '@') {
        return 0;
    }
    if (size > AGENT_LINE_MAX_BYTES + 2 || size < 12) {
        abort();
    }
    uint16_t crc = agent_crc16(line, size - 8);
    uint8_t bytes[2] = {(uint8_t)(crc >> 8), (uint8_t)crc};
    agent_hex(sum, bytes, 2);
    if (memcmp(line + size - 6, sum, 4) != 0 || memcmp(line + size - 8, " *", 2) != 0) {
        abort();
    }
    for (size_t i = 0; i < size - 2; i++) {
        if (line[i] < 0x20 || line[i] > 0x7e) {
            abort();
        }
    }
    return 0;
}

static uint64_t uptime_ms(void *ctx)
{
    return ((struct fuzz_board *)ctx)->now_ms;
}

static int random_bytes(void *ctx, unsigned char *out, size_t size)
{
    (void)ctx;
    memset(out, 0x5a, size);
    return 0;
}

static int set_time(void *ctx, int64_t unix_ms)
{
    (void)ctx;
    return unix_ms >= 0 ? 0 : AGENT_IO_ERROR;
}

static bool poll_port(void *ctx)
{
    return ((struct fuzz_board *)ctx)->left == 0;
}

static int partition_find(void *ctx, uint8_t type, const char *label, struct agent_partition *out)
{
    struct fuzz_board *board = ctx;

    (void)label;
    out->size_bytes = PARTITION_BYTES;
    out->handle = type == AGENT_KEY_PARTITION_TYPE ? board->key_flash : board->cert_flash;
    out->sector_bytes = 4096;
    out->offset_bytes = 0;
    return 0;
}

static uint8_t *at(struct fuzz_board *board, const struct agent_partition *part, uint32_t offset,
                   size_t size)
{
    if (offset > part->size_bytes || size > part->size_bytes - offset) {
        abort();
    }
    return (part->handle == board->key_flash ? board->key_flash : board->cert_flash) + offset;
}

static int partition_read(void *ctx, const struct agent_partition *part, uint32_t offset,
                          void *data, size_t size)
{
    memcpy(data, at(ctx, part, offset, size), size);
    return 0;
}

static int partition_erase(void *ctx, const struct agent_partition *part, uint32_t offset,
                           uint32_t size)
{
    memset(at(ctx, part, offset, size), 0xff, size);
    return 0;
}

static int partition_program(void *ctx, const struct agent_partition *part, uint32_t offset,
                             const void *data, size_t size)
{
    memcpy(at(ctx, part, offset, size), data, size);
    return 0;
}

static int chip_info(void *ctx, struct agent_chip *out)
{
    (void)ctx;
    memset(out, 0, sizeof *out);
    return 0;
}

static void restart(void *ctx)
{
    (void)ctx;
}

static int net_connect(void *ctx, const char *host, uint16_t port, uint32_t timeout_ms)
{
    (void)ctx;
    (void)timeout_ms;
    return host[0] == 'x' ? AGENT_IO_REFUSED : port == 1 ? AGENT_IO_NO_HOST : 0;
}

static int net_send(void *ctx, const uint8_t *data, size_t size, uint32_t timeout_ms)
{
    (void)data;
    ((struct fuzz_board *)ctx)->now_ms += timeout_ms < 5 ? timeout_ms : 5;
    return (int)size;
}

static int net_recv(void *ctx, uint8_t *data, size_t max, uint32_t timeout_ms)
{
    int n = take(ctx, data, max, timeout_ms);

    return n == AGENT_IO_STOP ? 0 : n;
}

static void net_close(void *ctx)
{
    (void)ctx;
}

/* RSA would take the fuzzer's time for mbedTLS's own code. */
static int quick_keygen(struct agent *agent, enum agent_key_type type, struct agent_key_state *out,
                        struct agent_failure *why)
{
    return agent_services_mbedtls.keygen(agent, type < AGENT_KEY_P256 ? AGENT_KEY_P256 : type, out,
                                         why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct agent agent;
    static struct fuzz_board board;
    struct agent_services services = agent_services_mbedtls;
    const struct agent_port port = {
        .ctx = &board,
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

    if (size < 2) {
        return 0;
    }
    size_t flash = (size_t)data[0] | (size_t)data[1] << 8;
    data += 2;
    size -= 2;
    flash = flash < size ? flash : size;
    flash = flash < PARTITION_BYTES ? flash : PARTITION_BYTES;
    memset(&board, 0xff, sizeof board);
    memcpy(board.cert_flash, data, flash);
    board.data = data + flash;
    board.left = size - flash;
    board.now_ms = 1;
    services.keygen = quick_keygen;
    agent_init(&agent, &port, &services);
    (void)agent_run(&agent);
    return 0;
}
