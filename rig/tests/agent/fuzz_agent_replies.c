/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any board: the client's every command ends, whatever comes back. The first byte picks the
 * command, the rest are lines; one that starts with '@' gets its checksum, so that the fuzzer comes
 * past it, and NONCE becomes the nonce of hello.
 */
#include "rig/agent/agent.h"
#include "rig/agent/client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_link {
    struct rig_link base; /* first */
    int fd;               /* always readable */
    const uint8_t *data;
    size_t size;
    struct rig_buf ready; /* of the current line, sealed */
    char nonce[32];
};

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void load_line(struct fuzz_link *f)
{
    const uint8_t *end = memchr(f->data, '\n', f->size);
    const size_t len = end != NULL ? (size_t)(end - f->data) : f->size;
    const char *nonce = len >= 5 ? memmem(f->data, len, "NONCE", 5) : NULL;
    const size_t before = nonce != NULL ? (size_t)(nonce - (const char *)f->data) : len;
    struct rig_error err;

    must(rig_buf_append(&f->ready, f->data, before, &err).ok);
    if (nonce != NULL) {
        must(rig_buf_append_text(&f->ready, f->nonce, &err).ok);
        must(rig_buf_append(&f->ready, nonce + 5, len - before - 5, &err).ok);
    }
    if (len == 0 || f->data[0] != '@' || !rig_agent_seal(&f->ready, &err).ok) {
        must(rig_buf_append_text(&f->ready, "\n", &err).ok);
    }
    f->data += len + (end != NULL);
    f->size -= len + (end != NULL);
}

static rig_result fuzz_read(struct rig_link *link, uint8_t *bytes, size_t cap, size_t *got,
                            struct rig_wait wait, struct rig_error *err)
{
    struct fuzz_link *f = (struct fuzz_link *)link;

    (void)wait;
    if (f->ready.len == 0 && f->size == 0) {
        return rig_fail(err, RIG_CLASS_NETWORK, RIG_E_DISCONNECTED, "the end");
    }
    if (f->ready.len == 0) {
        load_line(f);
    }
    *got = f->ready.len < cap ? f->ready.len : cap;
    memcpy(bytes, f->ready.data, *got);
    rig_buf_consume(&f->ready, *got);
    return RIG_DONE;
}

static rig_result fuzz_write(struct rig_link *link, const uint8_t *bytes, size_t n_bytes,
                             struct rig_wait wait, struct rig_error *err)
{
    struct fuzz_link *f = (struct fuzz_link *)link;
    const char *nonce = memmem(bytes, n_bytes, "nonce=", 6);

    (void)wait;
    (void)err;
    if (nonce != NULL) {
        memcpy(f->nonce, nonce + 6, 16);
        f->nonce[16] = '\0';
    }
    return RIG_DONE;
}

static int fuzz_poll_fd(struct rig_link *link)
{
    return ((struct fuzz_link *)link)->fd;
}

static bool fuzz_has_pending(struct rig_link *link)
{
    (void)link;
    return false;
}

static const struct rig_link_ops ops = {
    .name = "fuzz",
    .read = fuzz_read,
    .write = fuzz_write,
    .poll_fd = fuzz_poll_fd,
    .has_pending = fuzz_has_pending,
};

static void handshake(struct rig_agent *agent, bool relay, struct rig_wait wait)
{
    struct rig_agent_handshake_request request = {
        .host = "h", .port = 1, .roots = RIG_AGENT_SLOT, .timeout_ms = 1000, .relay_fd = -1};
    struct rig_agent_handshake_report report;
    struct rig_error err;
    int fds[2] = {-1, -1};

    if (relay) {
        must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
        must(write(fds[0], "server says", 11) == 11);
        (void)shutdown(fds[0], SHUT_WR);
        request.transport = RIG_AGENT_RELAY;
        request.relay_fd = fds[1];
    }
    if (rig_agent_handshake(agent, &request, &report, wait, &err).ok) {
        must(report.alert_sent >= -1 && report.alert_sent <= 255);
        must(memchr(report.text, 0, sizeof report.text) != NULL);
    }
    if (relay) {
        (void)close(fds[0]);
        (void)close(fds[1]);
    }
}

static void run(struct rig_agent *agent, unsigned which, struct rig_wait wait)
{
    struct rig_error err;
    struct rig_agent_hello hello;
    struct rig_agent_certificates certificates;
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};
    enum rig_key_type type;
    uint8_t hash[RIG_SHA256_SIZE];

    static const struct rig_agent_slot slot = {.chain_pem = "chain", .roots_pem = "roots"};

    switch (which % 8) {
    case 0:
        (void)rig_agent_hello(agent, &hello, wait, &err).ok;
        break;
    case 1:
        (void)rig_agent_csr(agent, "cn", "o", NULL, &der, wait, &err).ok;
        break;
    case 2:
        (void)rig_agent_certificates(agent, RIG_AGENT_FLASH, &certificates, wait, &err).ok;
        break;
    case 3:
        handshake(agent, false, wait);
        break;
    case 4:
        handshake(agent, true, wait);
        break;
    case 5:
        (void)rig_agent_keygen(agent, RIG_KEY_P256, hash, wait, &err).ok;
        break;
    case 6:
        (void)rig_agent_key(agent, &type, hash, wait, &err).ok;
        break;
    default:
        (void)rig_agent_slot_load(agent, &slot, wait, &err).ok;
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_link f = {.base = {.ops = &ops, .address = "fuzz"}};
    struct rig_agent *agent = NULL;
    struct rig_error err;

    if (size == 0) {
        return 0;
    }
    f.fd = eventfd(1, EFD_CLOEXEC);
    must(f.fd >= 0);
    f.data = data + 1;
    f.size = size - 1;
    must(rig_agent_new(&f.base, &agent, &err).ok);
    agent->seq = 0; /* requests are numbered from 1 */
    run(agent, data[0], rig_wait_ms(2000, NULL));
    rig_agent_free(agent);
    rig_buf_free(&f.ready);
    (void)close(f.fd);
    return 0;
}
