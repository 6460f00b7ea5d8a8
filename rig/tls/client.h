/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference client (OpenSSL): it plays a board where a board can't yet (TLS 1.3, ...), makes
 * load, and probes servers that are not ours. One call is one connection: connect, shake hands,
 * send bytes and read them back (or one HTTP request), close. Success is `echoed` (or
 * `http_status`), never the return of the handshake: in TLS 1.3 a refusal arrives at the first
 * read.
 *
 * Errors: only what keeps the client from trying: settings that can't be used (USAGE, RIG), no
 * connection (NETWORK), CANCELLED. Whatever happens once connected is in the report, a time-out
 * too. Threads: any number of calls at once; a session object belongs to one call at a time.
 */
#ifndef RIG_TLS_CLIENT_H
#define RIG_TLS_CLIENT_H

#include "rig/base/buf.h"
#include "rig/base/ids.h"
#include "rig/base/wait.h"
#include "rig/tls/pcap.h"

/* What a handshake left for resumption; kept by the user between calls. */
struct rig_tls_client_session;

/* All is read during the call only; zero is the default that is written there. */
struct rig_tls_client_settings {
    const char *host; /* name or address; not used with fd */
    uint16_t port;
    bool use_fd; /* `fd` is connected already, a stream socket; the call takes and closes it */
    int fd;

    int min_version;    /* 0x0301 to 0x0304; 0: 0x0303 */
    int max_version;    /* 0: 0x0304 */
    int security_level; /* OpenSSL's 0 to 5: what the client itself accepts and offers. TLS 1.0, 1.1
                           and weak ciphers need 0 */
    const char *ciphers;    /* TLS 1.2 and before, OpenSSL's notation; NULL: all but anonymous */
    const char *suites;     /* TLS 1.3; NULL: OpenSSL's */
    const char *groups;     /* NULL: X25519, P-256, P-384, P-521 */
    const char *signatures; /* signature algorithms; NULL: OpenSSL's */

    const char *certificate_pem; /* leaf, then what is sent with it; NULL: none is shown */
    const char *key_pem;
    bool mismatched_key; /* shows the certificate, signs with another key of the same kind (EC
                            only): no proof of possession */

    const char *sni;       /* NULL: none sent */
    const char *roots_pem; /* NULL: any server is accepted, verify_error says what it would be */
    const char *expected_name;     /* NULL: not compared */
    const struct rig_clock *clock; /* for the server's dates; NULL: the system's */

    struct rig_tls_client_session **session; /* *session is offered if there; replaced by what this
                                                connection leaves; NULL: no resumption */
    bool keep_session;                       /* *session stays as it is: offer the same one again */
    bool no_ticket;   /* TLS 1.2: does not say that it takes tickets, so it resumes by session id */
    bool renegotiate; /* TLS 1.2: asks for another handshake after the first; then the echo */

    size_t n_echo_bytes;       /* 0: 1 */
    const char *http_request;  /* sent instead of bytes to be echoed; NULL: echo */
    size_t max_response_bytes; /* HTTP; 0: 65536 */
    bool hold;          /* after the handshake, waits for the server to close instead of sending */
    bool capture;       /* report.capture is made */
    int64_t timeout_ms; /* for all of it; 0: the wait's */
};

/* The user frees it with rig_tls_client_report_free. */
struct rig_tls_client_report {
    bool connected;
    bool handshake_done; /* as the client sees it */
    bool echoed;         /* the same bytes came back */
    bool resumed;
    bool renegotiated;
    bool timed_out;
    uint8_t client_random[32];
    char version[16];
    char cipher[64];
    char group[32];
    int verify_error; /* of the server's certificate, X509_V_ERR_*; 0 ok */
    int alert_sent;   /* numbers as in the server's evidence, RIG_TLS_NO_ALERT */
    int alert_received;
    char error_text[256]; /* OpenSSL's words, or the system's; "" none */
    int error_reason;     /* OpenSSL's reason code (SSL_R_...), 0 none */
    uint8_t peer_sha256[RIG_SHA256_SIZE];
    bool peer_presented;
    bool tickets_came; /* something to resume with was left */
    int64_t connect_ns;
    int64_t handshake_ns;
    int64_t total_ns;
    int http_status;                 /* 0: no HTTP answer */
    size_t body_offset_bytes;        /* in `response` */
    struct rig_buf response;         /* HTTP: status line, header, body, as they came */
    struct rig_tls_capture *capture; /* NULL when not asked for */
};

RIG_CHECKED rig_result rig_tls_client_run(const struct rig_tls_client_settings *settings,
                                          struct rig_wait wait,
                                          struct rig_tls_client_report *report,
                                          struct rig_error *err);
void rig_tls_client_report_free(struct rig_tls_client_report *report);

/* NULL is fine. */
void rig_tls_client_session_free(struct rig_tls_client_session *session);
static inline void rig_auto_tls_client_session(struct rig_tls_client_session **session)
{
    rig_tls_client_session_free(*session);
    *session = NULL;
}

#endif
