/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/ocsp_query.h"

#include "rig/ca/ocsp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

#define MAX_ANSWER_BYTES 65536UL

struct rig_tls_ocsp_query {
    int fd;
    bool connected;
    uint32_t events;
    struct rig_buf out;
    struct rig_buf in;
};

static rig_result resolve(const char *host, const char *port, struct rig_tls_ocsp_target *target,
                          struct rig_error *err)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    const int failed = getaddrinfo(host, port, &hints, &found);

    if (failed != 0) {
        return rig_fail(err, RIG_CLASS_NETWORK, RIG_E_NOT_FOUND,
                        "the OCSP responder's host '%.80s' can't be resolved: %s", host,
                        gai_strerror(failed));
    }
    memcpy(&target->address, found->ai_addr, found->ai_addrlen);
    target->address_len = found->ai_addrlen;
    freeaddrinfo(found);
    return RIG_DONE;
}

rig_result rig_tls_ocsp_target_make(const char *url, struct rig_tls_ocsp_target *target,
                                    struct rig_error *err)
{
    char *host = NULL;
    char *port = NULL;
    char *path = NULL;
    int tls = 0;
    rig_result result;

    ERR_clear_error();
    if (OCSP_parse_url(url, &host, &port, &path, &tls) != 1 || tls != 0 ||
        (size_t)snprintf(target->host, sizeof target->host, "%s:%s", host, port) >=
            sizeof target->host ||
        !rig_copy_text(target->path, sizeof target->path, path)) {
        ERR_clear_error();
        result = rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                          "'%.120s' is no address of an OCSP responder: give one like "
                          "http://127.0.0.1:8080/ocsp",
                          url);
    } else {
        result = resolve(host, port, target, err);
    }
    OPENSSL_free(host);
    OPENSSL_free(port);
    OPENSSL_free(path);
    return result;
}

static rig_result write_request(const struct rig_tls_ocsp_target *target, OCSP_REQUEST *request,
                                struct rig_buf *out, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf der = {0};

    RIG_TRY(rig_ocsp_request_der(request, &der, err));
    RIG_TRY(rig_buf_printf(out, err,
                           "POST %s HTTP/1.0\r\nHost: %s\r\n"
                           "Content-Type: application/ocsp-request\r\n"
                           "Content-Length: %zu\r\n\r\n",
                           target->path, target->host, der.len));
    return rig_buf_append(out, der.data, der.len, err);
}

struct rig_tls_ocsp_query *rig_tls_ocsp_query_new(const struct rig_tls_ocsp_target *target,
                                                  OCSP_REQUEST *request)
{
    struct rig_tls_ocsp_query *const query = calloc(1, sizeof *query);
    struct rig_error ignored;

    if (query == NULL) {
        return NULL;
    }
    query->events = EPOLLOUT;
    query->fd = socket(target->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (query->fd < 0 || !write_request(target, request, &query->out, &ignored).ok ||
        (connect(query->fd, (const struct sockaddr *)&target->address, target->address_len) != 0 &&
         errno != EINPROGRESS)) {
        ERR_clear_error();
        rig_tls_ocsp_query_free(query);
        return NULL;
    }
    return query;
}

/* ---- what came ---- */

struct head {
    long status;      /* 0: this is no HTTP */
    const char *body; /* NULL: the head has no end yet */
    size_t body_len;
    bool has_length;
    size_t length;
    bool is_ocsp;
};

static bool is_field(const char *line, const char *name, const char **value)
{
    const size_t len = strlen(name);

    if (strncasecmp(line, name, len) != 0 || line[len] != ':') {
        return false;
    }
    *value = line + len + 1 + strspn(line + len + 1, " \t");
    return true;
}

static void read_field(const char *line, struct head *head)
{
    static const char type[] = "application/ocsp-response";
    const char *value = NULL;

    if (is_field(line, "Content-Length", &value) && *value >= '0' && *value <= '9') {
        head->has_length = true;
        head->length = strtoul(value, NULL, 10);
    } else if (is_field(line, "Content-Type", &value)) {
        head->is_ocsp = strncasecmp(value, type, sizeof type - 1) == 0;
    }
}

static void read_head(const struct rig_buf *in, struct head *head)
{
    const char *const text = rig_buf_text(in);
    const char *const end = memmem(text, in->len, "\r\n\r\n", 4);
    const char *line = text;

    *head = (struct head){0};
    if (in->len < 12 || strncmp(text, "HTTP/1.", 7) != 0 || text[8] != ' ') {
        return;
    }
    head->status = strtol(text + 9, NULL, 10);
    if (end == NULL || memchr(text, '\0', (size_t)(end - text)) != NULL) {
        return;
    }
    head->body = end + 4;
    head->body_len = in->len - (size_t)(head->body - text);
    while (line < end) {
        line = strstr(line, "\r\n") + 2; /* there is one: `end` has it */
        read_field(line, head);
    }
}

static bool is_whole(const struct rig_buf *in)
{
    struct head head;

    if (in->len > MAX_ANSWER_BYTES) {
        return true; /* more than any answer has */
    }
    read_head(in, &head);
    return head.body != NULL && head.has_length && head.body_len >= head.length;
}

static OCSP_RESPONSE *decode(const struct head *head)
{
    const unsigned char *at = (const unsigned char *)head->body;
    OCSP_RESPONSE *response = NULL;

    if (head->is_ocsp && head->body_len != 0 && head->body_len <= MAX_ANSWER_BYTES &&
        (!head->has_length || head->length == head->body_len)) {
        response = d2i_OCSP_RESPONSE(NULL, &at, (long)head->body_len);
    }
    if (response != NULL && at != (const unsigned char *)head->body + head->body_len) {
        OCSP_RESPONSE_free(response);
        response = NULL;
    }
    ERR_clear_error();
    return response;
}

enum rig_tls_ocsp_progress rig_tls_ocsp_http_judge(const struct rig_buf *in,
                                                   OCSP_RESPONSE **response, char *text,
                                                   size_t text_size)
{
    struct head head;

    *response = NULL;
    if (in->len == 0) {
        (void)rig_copy_text(text, text_size, "the responder closed the connection");
        return RIG_TLS_OCSP_NO_ANSWER;
    }
    read_head(in, &head);
    if (head.body != NULL) {
        *response = decode(&head);
    }
    if (head.status == 0 || head.status / 100 == 2) {
        return RIG_TLS_OCSP_ANSWERED;
    }
    /* it names an error, as HTTP does; a status of a certificate there is none of OCSP's */
    if (*response != NULL && OCSP_response_status(*response) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        return RIG_TLS_OCSP_ANSWERED;
    }
    OCSP_RESPONSE_free(*response);
    *response = NULL;
    (void)snprintf(text, text_size, "the responder answered with HTTP status %ld", head.status);
    return head.status == 401 ? RIG_TLS_OCSP_DENIED : RIG_TLS_OCSP_NO_ANSWER;
}

/* ---- the exchange ---- */

/* False and no text: not yet. */
static bool is_connected(struct rig_tls_ocsp_query *query, char *text, size_t text_size)
{
    struct sockaddr_storage peer;
    socklen_t peer_len = sizeof peer;
    int failed = 0;
    socklen_t len = sizeof failed;

    if (query->connected) {
        return true;
    }
    if (getsockopt(query->fd, SOL_SOCKET, SO_ERROR, &failed, &len) != 0) {
        failed = errno;
    }
    if (failed != 0) {
        char reason[96];

        (void)snprintf(text, text_size, "no connection to the responder: %s",
                       strerror_r(failed, reason, sizeof reason));
        return false;
    }
    /* no error is also what a socket says that is still at it */
    query->connected = getpeername(query->fd, (struct sockaddr *)&peer, &peer_len) == 0;
    return query->connected;
}

static bool would_wait(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* True when all is out, or can't get out any more. */
static bool send_out(struct rig_tls_ocsp_query *query)
{
    while (query->out.len != 0) {
        const ssize_t n = send(query->fd, query->out.data, query->out.len, MSG_NOSIGNAL);

        if (n < 0) {
            return !would_wait();
        }
        rig_buf_consume(&query->out, (size_t)n);
    }
    return true;
}

/* True when there is nothing more to wait for. */
static bool take_in(struct rig_tls_ocsp_query *query)
{
    struct rig_error ignored;
    uint8_t chunk[4096];

    while (!is_whole(&query->in)) {
        const ssize_t n = recv(query->fd, chunk, sizeof chunk, 0);

        if (n < 0) {
            return !would_wait();
        }
        if (n == 0 || !rig_buf_append(&query->in, chunk, (size_t)n, &ignored).ok) {
            return true;
        }
    }
    return true;
}

enum rig_tls_ocsp_progress rig_tls_ocsp_query_drive(struct rig_tls_ocsp_query *query,
                                                    OCSP_RESPONSE **response, char *text,
                                                    size_t text_size)
{
    *response = NULL;
    text[0] = '\0';
    if (!is_connected(query, text, text_size)) {
        return text[0] != '\0' ? RIG_TLS_OCSP_NO_ANSWER : RIG_TLS_OCSP_WAITS;
    }
    if (!send_out(query)) {
        query->events = EPOLLOUT;
        return RIG_TLS_OCSP_WAITS;
    }
    query->events = EPOLLIN;
    if (!take_in(query)) {
        return RIG_TLS_OCSP_WAITS;
    }
    return rig_tls_ocsp_http_judge(&query->in, response, text, text_size);
}

int rig_tls_ocsp_query_fd(const struct rig_tls_ocsp_query *query)
{
    return query->fd;
}

uint32_t rig_tls_ocsp_query_events(const struct rig_tls_ocsp_query *query)
{
    return query->events;
}

void rig_tls_ocsp_query_free(struct rig_tls_ocsp_query *query)
{
    if (query == NULL) {
        return;
    }
    rig_buf_free(&query->out);
    rig_buf_free(&query->in);
    rig_close_fd(&query->fd);
    free(query);
}
