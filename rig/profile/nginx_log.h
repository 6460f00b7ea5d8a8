/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of nginx's output: of its error log (level info and up) or of the access log in the
 * rig's own format, which is JSON. Pure; any bytes may come. Errors: none, what can't be read is
 * RIG_NGINX_OTHER.
 */
#ifndef RIG_PROFILE_NGINX_LOG_H
#define RIG_PROFILE_NGINX_LOG_H

#include "rig/base/ids.h"

#include <stdbool.h>
#include <stddef.h>

/* The access log's format. The generation is of the configuration: "%u" of it. */
#define RIG_NGINX_LOG_FORMAT                                                                       \
    "{\"rig\":%u,\"connection\":\"$connection\",\"nonce\":\"$arg_rig\",\"status\":\"$status\","    \
    "\"verify\":\"$ssl_client_verify\",\"reused\":\"$ssl_session_reused\","                        \
    "\"protocol\":\"$ssl_protocol\",\"cipher\":\"$ssl_cipher\",\"sni\":\"$ssl_server_name\","      \
    "\"subject\":\"$ssl_client_s_dn\",\"certificate\":\"$ssl_client_raw_cert\"}"

enum rig_nginx_line_kind {
    RIG_NGINX_OTHER = 0,
    RIG_NGINX_ACCESS,         /* a request was answered */
    RIG_NGINX_VERIFY_ERROR,   /* of a client's certificate; `verify_error` */
    RIG_NGINX_TLS_FAILED,     /* the handshake, or TLS behind it */
    RIG_NGINX_EMERGENCY,      /* it does not start, or keeps its old configuration */
    RIG_NGINX_WORKER_STARTED, /* `pid` */
    RIG_NGINX_WORKER_EXITED,
};

struct rig_nginx_line {
    enum rig_nginx_line_kind kind;
    uint64_t connection; /* 0: of none */
    long pid;
    int verify_error;   /* X509_V_ERR_*; 0 of a VERIFY_ERROR: OCSP says no */
    int alert_received; /* TLS_FAILED by the client's alert; -1: none */
    char text[256];     /* its own words; "" of ACCESS */

    /* ACCESS only */
    unsigned generation;
    unsigned status;
    bool resumed;
    bool presented; /* a certificate was shown, or belongs to the session */
    uint8_t sha256[RIG_SHA256_SIZE];
    char nonce[65];
    char verify[160]; /* "SUCCESS", "NONE", "FAILED:..." */
    char protocol[16];
    char cipher[64];
    char sni[256];
    char subject[256];
};

void rig_nginx_parse_line(const char *text, size_t n_text, struct rig_nginx_line *line);

#endif
