/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tls/ocsp_query.h"

#include "rig/tls/ocsp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/http.h>
#include <openssl/httperr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define MAX_LINE_BYTES 4096
#define MAX_ANSWER_BYTES 65536UL

struct rig_tls_ocsp_query {
    int fd;
    bool connected;
    uint32_t events;
    BIO *wire;
    OSSL_HTTP_REQ_CTX *http;
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

struct rig_tls_ocsp_query *rig_tls_ocsp_query_new(const struct rig_tls_ocsp_target *target,
                                                  OCSP_REQUEST *request)
{
    struct rig_tls_ocsp_query *const query = calloc(1, sizeof *query);

    if (query == NULL) {
        return NULL;
    }
    query->events = EPOLLOUT;
    query->fd = socket(target->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (query->fd >= 0 &&
        (connect(query->fd, (const struct sockaddr *)&target->address, target->address_len) == 0 ||
         errno == EINPROGRESS)) {
        query->wire = BIO_new_socket(query->fd, BIO_NOCLOSE);
        query->http = query->wire != NULL
                          ? OCSP_sendreq_new(query->wire, target->path, NULL, MAX_LINE_BYTES)
                          : NULL;
        if (query->http != NULL) {
            OSSL_HTTP_REQ_CTX_set_max_response_length(query->http, MAX_ANSWER_BYTES);
        }
    }
    if (query->http == NULL ||
        OSSL_HTTP_REQ_CTX_add1_header(query->http, "Host", target->host) != 1 ||
        OCSP_REQ_CTX_set1_req(query->http, request) != 1) {
        ERR_clear_error();
        rig_tls_ocsp_query_free(query);
        return NULL;
    }
    return query;
}

static bool speaks_of_content(unsigned long code)
{
    if (ERR_GET_LIB(code) == ERR_LIB_ASN1) {
        return true;
    }
    if (ERR_GET_LIB(code) != ERR_LIB_HTTP) {
        return false;
    }
    switch (ERR_GET_REASON(code)) {
    case HTTP_R_RESPONSE_PARSE_ERROR:
    case HTTP_R_MAX_RESP_LEN_EXCEEDED:
    case HTTP_R_INCONSISTENT_CONTENT_LENGTH:
    case HTTP_R_UNEXPECTED_CONTENT_TYPE:
    case HTTP_R_MISSING_ASN1_ENCODING:
    case HTTP_R_MISSING_CONTENT_TYPE:
        return true;
    default:
        return false;
    }
}

/* Bytes that are no answer, against HTTP that said no. Vault puts "unauthorized" behind a 401. */
static enum rig_tls_ocsp_progress judge_failure(const struct rig_tls_ocsp_query *query, char *text,
                                                size_t text_size)
{
    enum rig_tls_ocsp_progress progress = RIG_TLS_OCSP_NO_ANSWER;
    const char *data = NULL;
    unsigned long code;
    int flags = 0;

    (void)rig_copy_text(text, text_size, "the responder closed the connection");
    while ((code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0) {
        const bool has_data = (flags & ERR_TXT_STRING) != 0 && data != NULL;
        const char *const reason = ERR_reason_error_string(code);

        if (speaks_of_content(code) || (ERR_GET_LIB(code) == ERR_LIB_HTTP &&
                                        ERR_GET_REASON(code) == HTTP_R_FAILED_READING_DATA &&
                                        BIO_number_read(query->wire) != 0)) {
            progress = RIG_TLS_OCSP_ANSWERED;
        } else if (has_data && strstr(data, "401") != NULL) {
            progress = RIG_TLS_OCSP_DENIED;
        }
        (void)snprintf(text, text_size, "%s%s%s", reason != NULL ? reason : "unnamed error",
                       has_data ? ": " : "", has_data ? data : "");
    }
    return progress;
}

static bool is_connected(struct rig_tls_ocsp_query *query, char *text, size_t text_size)
{
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
    query->connected = true;
    return true;
}

enum rig_tls_ocsp_progress rig_tls_ocsp_query_drive(struct rig_tls_ocsp_query *query,
                                                    OCSP_RESPONSE **response, char *text,
                                                    size_t text_size)
{
    int rc;

    *response = NULL;
    if (!is_connected(query, text, text_size)) {
        return RIG_TLS_OCSP_NO_ANSWER;
    }
    ERR_clear_error();
    rc = OCSP_sendreq_nbio(response, query->http);
    if (rc == 1) {
        return RIG_TLS_OCSP_ANSWERED;
    }
    if (rc == -1) {
        query->events = BIO_should_write(query->wire) != 0 ? EPOLLOUT : EPOLLIN;
        return RIG_TLS_OCSP_WAITS;
    }
    return judge_failure(query, text, text_size);
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
    OSSL_HTTP_REQ_CTX_free(query->http);
    BIO_free_all(query->wire);
    rig_close_fd(&query->fd);
    free(query);
}
