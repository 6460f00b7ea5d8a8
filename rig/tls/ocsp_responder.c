/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/ocsp_responder.h"

#include "rig/ca/ocsp.h"
#include "rig/tls/listener.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_REQUEST_BYTES 65536
#define CLIENT_TIMEOUT_MS 5000
#define ENDLESS_BYTES ((size_t)1024 * 1024)

struct rig_ocsp_responder {
    struct rig_ocsp_responder_options options;
    int listen_fd;
    uint16_t port;
    char url[96];
    struct rig_cancel stop;
    pthread_t thread;
    atomic_int behaviour;
    atomic_uint n_requests;
};

static const char *const names[RIG_OCSP_N_BEHAVIOURS] = {
    [RIG_OCSP_ANSWERS] = "answers",
    [RIG_OCSP_SLOW] = "slow",
    [RIG_OCSP_DOWN] = "down",
    [RIG_OCSP_MUTE] = "mute",
    [RIG_OCSP_TRY_LATER] = "try_later",
    [RIG_OCSP_UNAUTHORIZED] = "unauthorized",
    [RIG_OCSP_INTERNAL_ERROR] = "internal_error",
    [RIG_OCSP_MALFORMED] = "malformed",
    [RIG_OCSP_CUT] = "cut",
    [RIG_OCSP_HTTP_ERROR] = "http_error",
    [RIG_OCSP_ENDLESS] = "endless",
};

const char *rig_ocsp_behaviour_name(enum rig_ocsp_behaviour behaviour)
{
    return (unsigned)behaviour < RIG_OCSP_N_BEHAVIOURS ? names[behaviour] : "unknown";
}

/* The header's end, or NULL while it is not there. */
static const char *find_body(const struct rig_buf *in)
{
    const char *const end = strstr(rig_buf_text(in), "\r\n\r\n");

    return end != NULL ? end + 4 : NULL;
}

static size_t content_length(const char *text, const char *body)
{
    const char *const field = strcasestr(text, "\r\nContent-Length:");

    return field != NULL && field < body ? strtoul(field + strlen("\r\nContent-Length:"), NULL, 10)
                                         : 0;
}

static bool read_request(int fd, struct rig_wait wait, struct rig_buf *in)
{
    struct rig_error err;
    uint8_t chunk[2048];

    while (in->len < MAX_REQUEST_BYTES) {
        const char *const body = find_body(in);
        ssize_t n;

        if (body != NULL &&
            in->len - (size_t)(body - rig_buf_text(in)) >= content_length(rig_buf_text(in), body)) {
            return true;
        }
        if (!rig_wait_fd(wait, fd, POLLIN, "an OCSP request", &err).ok) {
            return false;
        }
        n = recv(fd, chunk, sizeof chunk, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            return false;
        }
        if (n > 0 && !rig_buf_append(in, chunk, (size_t)n, &err).ok) {
            return false;
        }
    }
    return false;
}

/* RFC 6960 A.1: GET carries the request in the path, base64 in URL encoding. */
static bool decode_get(const char *text, struct rig_buf *request)
{
    const char *const end = strpbrk(text + 4, " \r");
    const char *at = end;
    char base64[4096];
    size_t n = 0;
    struct rig_error err;
    int len;

    if (end == NULL) {
        return false;
    }
    while (at > text + 4 && at[-1] != '/') { /* base64 has '/' too, but it is sent as %2F */
        at--;
    }
    for (; at < end && n + 1 < sizeof base64; at++) {
        uint8_t value = (uint8_t)*at;

        if (*at == '%' && end - at > 2) {
            const char digits[] = {at[1], at[2], '\0'};

            at += rig_hex_parse(digits, &value, 1, &err).ok ? 2 : 0;
        }
        base64[n++] = (char)value;
    }
    if (n == 0 || n % 4 != 0 || !rig_buf_reserve(request, n, &err).ok) {
        return false;
    }
    len = EVP_DecodeBlock(request->data, (const unsigned char *)base64, (int)n);
    if (len < 0) {
        return false;
    }
    request->len = (size_t)len;
    for (; n > 0 && base64[n - 1] == '='; n--) {
        request->len--;
    }
    return true;
}

static bool decode_request(const struct rig_buf *in, struct rig_buf *request)
{
    const char *const text = rig_buf_text(in);
    const char *const body = find_body(in);
    struct rig_error err;

    if (strncmp(text, "GET ", 4) == 0) {
        return decode_get(text, request);
    }
    return strncmp(text, "POST ", 5) == 0 && body != NULL &&
           rig_buf_append(request, body, in->len - (size_t)(body - text), &err).ok;
}

static bool make_answer(struct rig_ocsp_responder *responder, enum rig_ocsp_behaviour behaviour,
                        const struct rig_buf *request, struct rig_buf *out)
{
    const struct rig_ocsp_responder_options *const options = &responder->options;
    struct rig_error err;

    switch (behaviour) {
    case RIG_OCSP_TRY_LATER:
        return rig_ocsp_answer_status(OCSP_RESPONSE_STATUS_TRYLATER, out, &err).ok;
    case RIG_OCSP_UNAUTHORIZED:
        return rig_ocsp_answer_status(OCSP_RESPONSE_STATUS_UNAUTHORIZED, out, &err).ok;
    case RIG_OCSP_INTERNAL_ERROR:
        return rig_ocsp_answer_status(OCSP_RESPONSE_STATUS_INTERNALERROR, out, &err).ok;
    case RIG_OCSP_MALFORMED:
        return rig_buf_append_text(out, "this is no OCSP response", &err).ok;
    case RIG_OCSP_ENDLESS:
        if (!rig_buf_reserve(out, ENDLESS_BYTES, &err).ok) {
            return false;
        }
        memset(out->data, 0x30, ENDLESS_BYTES);
        out->len = ENDLESS_BYTES;
        return true;
    case RIG_OCSP_HTTP_ERROR:
        return false;
    default:
        return options->answer != NULL &&
               options->answer(options->ctx, request->data, request->len, out);
    }
}

static void send_all(int fd, const void *bytes, size_t n_bytes, struct rig_wait wait)
{
    const uint8_t *at = bytes;
    struct rig_error err;

    while (n_bytes != 0) {
        const ssize_t n = send(fd, at, n_bytes, MSG_NOSIGNAL);

        if (n > 0) {
            at += n;
            n_bytes -= (size_t)n;
        } else if ((errno != EAGAIN && errno != EINTR) ||
                   !rig_wait_fd(wait, fd, POLLOUT, "an OCSP client", &err).ok) {
            return;
        }
    }
}

static void reply(struct rig_ocsp_responder *responder, enum rig_ocsp_behaviour behaviour, int fd,
                  const struct rig_buf *request, struct rig_wait wait)
{
    RIG_AUTO(rig_buf_free) struct rig_buf answer = {0};
    const bool good = make_answer(responder, behaviour, request, &answer);
    const int given = responder->options.http_status != 0 ? responder->options.http_status : 200;
    const int status = behaviour == RIG_OCSP_UNAUTHORIZED ? 401 : good ? given : 500;
    char header[256];
    int len;

    if (!good) {
        rig_buf_reset(&answer);
    }
    len = snprintf(header, sizeof header,
                   "HTTP/1.0 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", status,
                   status / 100 == 2 ? "OK" : "No",
                   good ? "application/ocsp-response" : "text/plain", answer.len);
    send_all(fd, header, (size_t)len, wait);
    send_all(fd, answer.data, behaviour == RIG_OCSP_CUT ? answer.len / 2 : answer.len, wait);
}

static void wait_for_end(int fd, struct rig_wait wait)
{
    struct rig_error err;
    uint8_t sink[256];
    ssize_t n;

    do {
        if (!rig_wait_fd(wait, fd, POLLIN, "an OCSP client to close", &err).ok) {
            return;
        }
        n = recv(fd, sink, sizeof sink, 0);
    } while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
}

static void serve(struct rig_ocsp_responder *responder, int fd)
{
    const enum rig_ocsp_behaviour behaviour =
        (enum rig_ocsp_behaviour)atomic_load(&responder->behaviour);
    const struct rig_wait wait = rig_wait_ms(CLIENT_TIMEOUT_MS, &responder->stop);
    RIG_AUTO(rig_buf_free) struct rig_buf in = {0};
    RIG_AUTO(rig_buf_free) struct rig_buf request = {0};
    struct rig_error err;

    if (behaviour == RIG_OCSP_DOWN || !read_request(fd, wait, &in)) {
        return;
    }
    (void)atomic_fetch_add(&responder->n_requests, 1);
    if (behaviour == RIG_OCSP_MUTE) {
        wait_for_end(fd, wait);
        return;
    }
    if (behaviour == RIG_OCSP_SLOW &&
        !rig_wait_pause(
             rig_wait_ms(responder->options.delay_ms + CLIENT_TIMEOUT_MS, &responder->stop),
             responder->options.delay_ms * RIG_NS_PER_MS, &err)
             .ok) {
        return;
    }
    if (!decode_request(&in, &request)) {
        rig_buf_reset(&request);
    }
    reply(responder, behaviour, fd, &request, wait);
    (void)shutdown(fd, SHUT_WR);
    wait_for_end(fd, rig_wait_within(wait, 1000));
}

static void *run(void *arg)
{
    struct rig_ocsp_responder *const responder = arg;
    struct rig_error err;

    for (;;) {
        RIG_AUTO(rig_close_fd) int fd = -1;

        if (!rig_wait_fd((struct rig_wait){.deadline_ns = INT64_MAX, .cancel = &responder->stop},
                         responder->listen_fd, POLLIN, "OCSP clients", &err)
                 .ok) {
            return NULL;
        }
        fd = accept4(responder->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            serve(responder, fd);
            ERR_clear_error();
        }
    }
}

static rig_result start_thread(struct rig_ocsp_responder *responder, struct rig_error *err)
{
    sigset_t all;
    sigset_t before;
    int failed;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&responder->thread, NULL, run, responder);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed == 0 ? RIG_DONE
                       : rig_fail_errno(err, failed, "cannot start the OCSP responder's thread");
}

static rig_result set_up(struct rig_ocsp_responder *responder, struct rig_error *err)
{
    const char *const host =
        responder->options.bind_address != NULL ? responder->options.bind_address : "127.0.0.1";
    const bool v6 = strchr(host, ':') != NULL;
    struct rig_tls_address address;

    RIG_TRY(rig_tls_address_parse(host, responder->options.port, 0, &address, err));
    RIG_TRY_IN(rig_tls_listen(&address, 0, &responder->listen_fd, &responder->port, err), err,
               "OCSP responder");
    (void)snprintf(responder->url, sizeof responder->url, "http://%s%.60s%s:%u/ocsp", v6 ? "[" : "",
                   host, v6 ? "]" : "", (unsigned)responder->port);
    RIG_TRY(rig_cancel_open(&responder->stop, err));
    return start_thread(responder, err);
}

static void free_responder(struct rig_ocsp_responder *responder)
{
    rig_close_fd(&responder->listen_fd);
    rig_cancel_close(&responder->stop);
    free(responder);
}

rig_result rig_ocsp_responder_start(const struct rig_ocsp_responder_options *options,
                                    struct rig_ocsp_responder **responder, struct rig_error *err)
{
    struct rig_ocsp_responder *const made = calloc(1, sizeof *made);
    rig_result result;

    if (made == NULL) {
        return rig_fail_memory(err);
    }
    made->options = *options;
    made->listen_fd = -1;
    made->stop.event_fd = -1;
    atomic_init(&made->behaviour, (int)options->behaviour);
    result = set_up(made, err);
    if (!result.ok) {
        free_responder(made);
        return result;
    }
    made->options.bind_address = NULL;
    *responder = made;
    return RIG_DONE;
}

uint16_t rig_ocsp_responder_port(const struct rig_ocsp_responder *responder)
{
    return responder->port;
}

const char *rig_ocsp_responder_url(const struct rig_ocsp_responder *responder)
{
    return responder->url;
}

void rig_ocsp_responder_behave(struct rig_ocsp_responder *responder,
                               enum rig_ocsp_behaviour behaviour)
{
    atomic_store(&responder->behaviour, (int)behaviour);
}

unsigned rig_ocsp_responder_n_requests(struct rig_ocsp_responder *responder)
{
    return atomic_load(&responder->n_requests);
}

void rig_ocsp_responder_stop(struct rig_ocsp_responder *responder)
{
    if (responder == NULL) {
        return;
    }
    rig_cancel_trigger(&responder->stop, 1);
    (void)pthread_join(responder->thread, NULL);
    free_responder(responder);
}
