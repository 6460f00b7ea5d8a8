/* SPDX-License-Identifier: Apache-2.0 */
#include "agent_esp.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <bootloader_random.h>
#include <driver/uart.h>
#include <esp_efuse.h>
#include <esp_efuse_table.h>
#include <esp_flash_encrypt.h>
#include <esp_idf_version.h>
#include <esp_log.h>
#include <esp_partition.h>
#include <esp_secure_boot.h>
#include <esp_system.h>
#include <esp_timer.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>
#include <sdkconfig.h>
#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 0, 0)
#include <esp_mac.h>
#include <esp_random.h>
#endif

#include "agent.h"

#define UART_RX_BUFFER_BYTES 2048
#define YIELD_INTERVAL_MS 500u

struct board {
    struct agent_esp_config config;
    uint64_t yielded_ms;
    int socket;
};

/* ---- console ---- */

static int port_uart_read(void *ctx, uint8_t *data, size_t max, uint32_t timeout_ms)
{
    const struct board *board = ctx;
    size_t buffered = 0;
    size_t wanted = 1; /* nothing there: wait for the first byte only */

    if (uart_get_buffered_data_len(board->config.uart, &buffered) != ESP_OK) {
        return AGENT_IO_ERROR;
    }
    if (buffered > 0) {
        wanted = buffered < max ? buffered : max;
        timeout_ms = 0;
    }
    int n = uart_read_bytes(board->config.uart, data, wanted, pdMS_TO_TICKS(timeout_ms));
    return n > 0 ? n : n == 0 ? AGENT_IO_TIMEOUT : AGENT_IO_ERROR;
}

/* Through stdout, whose lock keeps a frame together when other tasks log. The console turns LF into
 * CR LF, so CR CR LF goes out: to a receiver of the protocol that is an empty line more. */
static int port_uart_write(void *ctx, const uint8_t *data, size_t size)
{
    (void)ctx;
    return fwrite(data, 1, size, stdout) == size && fflush(stdout) == 0 ? 0 : AGENT_IO_ERROR;
}

/* ---- chip ---- */

static uint64_t port_uptime_ms(void *ctx)
{
    (void)ctx;
    return (uint64_t)esp_timer_get_time() / 1000;
}

static int port_random_bytes(void *ctx, unsigned char *out, size_t size)
{
    const struct board *board = ctx;

    if (!board->config.radio_stays_on) {
        bootloader_random_enable();
    }
    esp_fill_random(out, size);
    if (!board->config.radio_stays_on) {
        bootloader_random_disable();
    }
    return 0;
}

static int port_set_time(void *ctx, int64_t unix_ms)
{
    const struct timeval now = {.tv_sec = (time_t)(unix_ms / 1000),
                                .tv_usec = (suseconds_t)(unix_ms % 1000 * 1000)};

    (void)ctx;
    return settimeofday(&now, NULL) == 0 ? 0 : AGENT_IO_ERROR;
}

/* Lets the idle task run during a long key generation, so that its watchdog stays quiet. */
static bool port_poll(void *ctx)
{
    struct board *board = ctx;
    uint64_t now_ms = port_uptime_ms(ctx);

    if (now_ms - board->yielded_ms >= YIELD_INTERVAL_MS) {
        board->yielded_ms = now_ms;
        vTaskDelay(1);
    }
    return false;
}

static const char *reset_reason(void)
{
    switch (esp_reset_reason()) {
    case ESP_RST_POWERON:
        return "power-on";
    case ESP_RST_EXT:
        return "external";
    case ESP_RST_SW:
        return "software";
    case ESP_RST_PANIC:
        return "panic";
    case ESP_RST_INT_WDT:
    case ESP_RST_TASK_WDT:
    case ESP_RST_WDT:
        return "watchdog";
    case ESP_RST_BROWNOUT:
        return "brownout";
    case ESP_RST_DEEPSLEEP:
        return "deep-sleep";
    default:
        return "";
    }
}

static uint32_t chip_flags(void)
{
    uint32_t flags = 0;

    flags |= esp_secure_boot_enabled() ? AGENT_CHIP_SECURE_BOOT : 0;
    flags |= esp_flash_encryption_enabled() ? AGENT_CHIP_FLASH_ENCRYPTION : 0;
#if defined(CONFIG_IDF_TARGET_ESP32)
    flags |= esp_efuse_read_field_bit(ESP_EFUSE_DISABLE_JTAG) ? AGENT_CHIP_JTAG_DISABLED : 0;
    flags |=
        esp_efuse_read_field_bit(ESP_EFUSE_UART_DOWNLOAD_DIS) ? AGENT_CHIP_DOWNLOAD_DISABLED : 0;
#elif defined(CONFIG_IDF_TARGET_ESP32S2)
    flags |= esp_efuse_read_field_bit(ESP_EFUSE_HARD_DIS_JTAG) ? AGENT_CHIP_JTAG_DISABLED : 0;
    flags |=
        esp_efuse_read_field_bit(ESP_EFUSE_DIS_DOWNLOAD_MODE) ? AGENT_CHIP_DOWNLOAD_DISABLED : 0;
#else
    flags |= esp_efuse_read_field_bit(ESP_EFUSE_DIS_PAD_JTAG) ? AGENT_CHIP_JTAG_DISABLED : 0;
    flags |=
        esp_efuse_read_field_bit(ESP_EFUSE_DIS_DOWNLOAD_MODE) ? AGENT_CHIP_DOWNLOAD_DISABLED : 0;
#endif
    return flags;
}

static int port_chip_info(void *ctx, struct agent_chip *out)
{
    static const char target[] = CONFIG_IDF_TARGET; /* "esp32", "esp32c3" */

    (void)ctx;
    memset(out, 0, sizeof *out);
    (void)snprintf(out->name, sizeof out->name, "esp32%s%s", target[5] != '\0' ? "-" : "",
                   target + 5);
    (void)snprintf(out->reset_reason, sizeof out->reset_reason, "%s", reset_reason());
    out->flags = chip_flags();
    return esp_efuse_mac_get_default(out->mac) == ESP_OK ? 0 : AGENT_IO_ERROR;
}

static void port_restart(void *ctx)
{
    (void)ctx;
    (void)fflush(stdout);
    vTaskDelay(pdMS_TO_TICKS(20)); /* the UART's own FIFO empties: 128 bytes are 11 ms at 115200 */
    esp_restart();
}

static void port_log_level(void *ctx, int level)
{
    static const esp_log_level_t levels[] = {ESP_LOG_NONE, ESP_LOG_ERROR, ESP_LOG_INFO,
                                             ESP_LOG_DEBUG};

    (void)ctx;
    if (level >= 0 && level < 4) {
        esp_log_level_set("*", levels[level]);
    }
}

/* ---- flash ---- */

static int port_partition_find(void *ctx, uint8_t type, const char *label,
                               struct agent_partition *out)
{
    const esp_partition_t *found =
        esp_partition_find_first((esp_partition_type_t)type, ESP_PARTITION_SUBTYPE_ANY, label);

    (void)ctx;
    if (found == NULL) {
        return AGENT_IO_ERROR;
    }
    *out = (struct agent_partition){.size_bytes = found->size,
                                    .sector_bytes = 4096,
                                    .offset_bytes = found->address,
                                    .handle = found};
    return 0;
}

static int port_partition_read(void *ctx, const struct agent_partition *part, uint32_t offset,
                               void *data, size_t size)
{
    (void)ctx;
    return esp_partition_read(part->handle, offset, data, size) == ESP_OK ? 0 : AGENT_IO_ERROR;
}

static int port_partition_erase(void *ctx, const struct agent_partition *part, uint32_t offset,
                                uint32_t size)
{
    (void)ctx;
    return esp_partition_erase_range(part->handle, offset, size) == ESP_OK ? 0 : AGENT_IO_ERROR;
}

static int port_partition_program(void *ctx, const struct agent_partition *part, uint32_t offset,
                                  const void *data, size_t size)
{
    (void)ctx;
    return esp_partition_write(part->handle, offset, data, size) == ESP_OK ? 0 : AGENT_IO_ERROR;
}

/* ---- network ---- */

/* Waits until the socket is ready; 0 or an enum agent_io value. */
static int wait_socket(int fd, bool writing, uint32_t timeout_ms)
{
    struct timeval timeout = {.tv_sec = (time_t)(timeout_ms / 1000),
                              .tv_usec = (suseconds_t)(timeout_ms % 1000 * 1000)};
    fd_set set;

    FD_ZERO(&set);
    FD_SET(fd, &set);
    int n = select(fd + 1, writing ? NULL : &set, writing ? &set : NULL, NULL, &timeout);
    return n > 0 ? 0 : n == 0 ? AGENT_IO_TIMEOUT : AGENT_IO_ERROR;
}

static int finish_connect(int fd, uint32_t timeout_ms)
{
    int error = 0;
    socklen_t size = sizeof error;
    int ready = wait_socket(fd, true, timeout_ms);

    if (ready != 0) {
        return ready;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        return AGENT_IO_ERROR;
    }
    return error == 0 ? 0 : error == ECONNREFUSED ? AGENT_IO_REFUSED : AGENT_IO_ERROR;
}

static int connect_to(struct board *board, const struct addrinfo *address, uint32_t timeout_ms)
{
    int result = AGENT_IO_ERROR;

    board->socket = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
    if (board->socket < 0) {
        return AGENT_IO_ERROR;
    }
    int flags = fcntl(board->socket, F_GETFL, 0);
    if (flags >= 0 && fcntl(board->socket, F_SETFL, flags | O_NONBLOCK) == 0) {
        if (connect(board->socket, address->ai_addr, address->ai_addrlen) == 0) {
            result = 0;
        } else if (errno == EINPROGRESS) {
            result = finish_connect(board->socket, timeout_ms);
        } else {
            result = errno == ECONNREFUSED ? AGENT_IO_REFUSED : AGENT_IO_ERROR;
        }
    }
    if (result != 0) {
        (void)close(board->socket);
        board->socket = -1;
    }
    return result;
}

static int port_net_connect(void *ctx, const char *host, uint16_t port, uint32_t timeout_ms)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char service[6];
    int result = AGENT_IO_NO_HOST;

    (void)snprintf(service, sizeof service, "%u", (unsigned)port);
    if (getaddrinfo(host, service, &hints, &found) != 0 || found == NULL) {
        return AGENT_IO_NO_HOST;
    }
    result = connect_to(ctx, found, timeout_ms);
    freeaddrinfo(found);
    return result;
}

static int port_net_send(void *ctx, const uint8_t *data, size_t size, uint32_t timeout_ms)
{
    const struct board *board = ctx;
    int ready = wait_socket(board->socket, true, timeout_ms);

    if (ready != 0) {
        return ready;
    }
    ssize_t n = send(board->socket, data, size, 0);
    return n > 0 ? (int)n : errno == ECONNRESET || errno == EPIPE ? AGENT_IO_RESET : AGENT_IO_ERROR;
}

static int port_net_recv(void *ctx, uint8_t *data, size_t max, uint32_t timeout_ms)
{
    const struct board *board = ctx;
    int ready = wait_socket(board->socket, false, timeout_ms);

    if (ready != 0) {
        return ready;
    }
    ssize_t n = recv(board->socket, data, max, 0);
    return n >= 0 ? (int)n : errno == ECONNRESET ? AGENT_IO_RESET : AGENT_IO_ERROR;
}

static void port_net_close(void *ctx)
{
    struct board *board = ctx;

    (void)shutdown(board->socket, SHUT_WR);
    (void)close(board->socket);
    board->socket = -1;
}

/* ---- start ---- */

void agent_esp_run(const struct agent_esp_config *config)
{
    static struct board board;
    static struct agent agent;
    static struct agent_port port;

    board = (struct board){.config = *config, .socket = -1};
    port = (struct agent_port){
        .ctx = &board,
        .uart_read = port_uart_read,
        .uart_write = port_uart_write,
        .uptime_ms = port_uptime_ms,
        .random_bytes = port_random_bytes,
        .set_time = port_set_time,
        .poll = port_poll,
        .partition_find = port_partition_find,
        .partition_read = port_partition_read,
        .partition_erase = port_partition_erase,
        .partition_program = port_partition_program,
        .chip_info = port_chip_info,
        .restart = port_restart,
        .net_connect = config->has_network ? port_net_connect : NULL,
        .net_send = config->has_network ? port_net_send : NULL,
        .net_recv = config->has_network ? port_net_recv : NULL,
        .net_close = config->has_network ? port_net_close : NULL,
        .log_level = port_log_level,
    };
    if (config->installs_driver &&
        uart_driver_install(config->uart, UART_RX_BUFFER_BYTES, 0, 0, NULL, 0) != ESP_OK) {
        ESP_LOGE(
            "agent",
            "the UART driver can't be installed: is it there already? (installs_driver = false)");
        return;
    }
    agent_init(&agent, &port, NULL);
    (void)agent_run(&agent);
}
