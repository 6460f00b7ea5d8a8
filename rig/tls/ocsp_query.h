/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question to an OCSP responder by HTTP, without blocking: driven whenever its socket is ready
 * for what it waits for. Not by OpenSSL's HTTP client, which throws away what comes behind an
 * error: responders put malformedRequest behind a 400 and unauthorized behind a 401. Private to
 * this folder and its tests.
 */
#ifndef RIG_TLS_OCSP_QUERY_H
#define RIG_TLS_OCSP_QUERY_H

#include "rig/base/buf.h"

#include <openssl/ocsp.h>
#include <sys/socket.h>

struct rig_tls_ocsp_target {
    struct sockaddr_storage address;
    socklen_t address_len; /* 0: no responder */
    char host[128];        /* for the Host header, with the port */
    char path[256];
};

enum rig_tls_ocsp_progress {
    RIG_TLS_OCSP_WAITS = 0,
    RIG_TLS_OCSP_ANSWERED,  /* something came, a response or not */
    RIG_TLS_OCSP_NO_ANSWER, /* no connection, or HTTP said no without a word of OCSP */
    RIG_TLS_OCSP_DENIED,    /* HTTP said 401, likewise */
};

struct rig_tls_ocsp_query;

/* Resolves the URL's host. USAGE/INVALID for what is no http:// URL; NETWORK/NOT_FOUND. */
RIG_CHECKED rig_result rig_tls_ocsp_target_make(const char *url, struct rig_tls_ocsp_target *target,
                                                struct rig_error *err);
/* NULL: no socket or no memory, or the host refused at once. Borrows nothing. */
struct rig_tls_ocsp_query *rig_tls_ocsp_query_new(const struct rig_tls_ocsp_target *target,
                                                  OCSP_REQUEST *request);
/* *response is NULL when what came is no OCSP response; the caller frees it. `text` explains. */
enum rig_tls_ocsp_progress rig_tls_ocsp_query_drive(struct rig_tls_ocsp_query *query,
                                                    OCSP_RESPONSE **response, char *text,
                                                    size_t text_size);
/* The same of all that a responder sent, `in`; needs no query. */
enum rig_tls_ocsp_progress rig_tls_ocsp_http_judge(const struct rig_buf *in,
                                                   OCSP_RESPONSE **response, char *text,
                                                   size_t text_size);
int rig_tls_ocsp_query_fd(const struct rig_tls_ocsp_query *query);
uint32_t rig_tls_ocsp_query_events(const struct rig_tls_ocsp_query *query);
/* NULL is fine. */
void rig_tls_ocsp_query_free(struct rig_tls_ocsp_query *query);

#endif
