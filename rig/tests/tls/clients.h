/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What boards do, by two other TLS implementations: connect, shake hands, send bytes, read them
 * back, close. Blocking, each call with a socket of its own; any number of threads.
 */
#ifndef RIG_TESTS_TLS_CLIENTS_H
#define RIG_TESTS_TLS_CLIENTS_H

#include "rig/tests/tls/pki.h"

#include <openssl/ssl.h>

struct client_wish {
    const struct pki_identity *identity; /* NULL: no certificate */
    bool leaf_only;                      /* sends no intermediate */
    const char *roots_pem;
    const char *expected_name; /* also the SNI */
    int version;               /* 0x0303, 0x0304; 0: both */
    size_t n_bytes;            /* to be echoed; 0: one */
    int late_alert;        /* mbedTLS: sends a fatal alert after the handshake, no bytes; 0: none */
    bool renegotiate;      /* mbedTLS: asks for another handshake, sends no bytes */
    SSL_SESSION **session; /* OpenSSL: offers the one there, if any, and replaces it; may be NULL */
};

struct client_report {
    bool handshake_done;
    bool echoed;
    bool resumed;
    int alert_received;    /* -1 none */
    int code;              /* mbedTLS: what failed; OpenSSL: reason of the first error */
    uint32_t verify_flags; /* mbedTLS */
    uint8_t client_random[32];
};

/* Connects to 127.0.0.1:port; blocking, with 10 s for each read and write. */
int client_connect(uint16_t port);
/* Both take and close `fd`. */
void client_openssl(int fd, const struct client_wish *wish, struct client_report *report);
void client_mbedtls(int fd, const struct client_wish *wish, struct client_report *report);

#endif
