/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of an endpoint of the test server. Zero is the strict default everywhere: no
 * resumption, no renegotiation, CRLs of the whole chain, a certificate required when asked for.
 */
#ifndef RIG_TLS_SETTINGS_H
#define RIG_TLS_SETTINGS_H

#include "rig/base/buf.h"
#include "rig/base/wait.h"
#include "rig/tls/device_policy.h"
#include "rig/tls/faults.h"
#include "rig/tls/ocsp.h"

enum rig_tls_crl_check {
    RIG_TLS_CRL_ALL = 0, /* when CRLs are given: a CRL for each CA of the chain */
    RIG_TLS_CRL_LEAF,    /* only the CRL that could list the leaf */
    RIG_TLS_CRL_NONE,
};

enum rig_tls_sni_policy {
    RIG_TLS_SNI_ANY = 0, /* served whatever name it asks for */
    RIG_TLS_SNI_STRICT,  /* a name that is not one of server_names: fatal unrecognized_name */
    RIG_TLS_SNI_WARN,    /* the same as a warning (TLS 1.2; silent in 1.3), the handshake goes on */
    RIG_TLS_SNI_REQUIRED, /* strict, and none at all: handshake_failure */
};

enum rig_tls_resumption {
    RIG_TLS_RESUMPTION_OFF = 0,
    RIG_TLS_RESUMPTION_CACHE,   /* the server keeps the session: session id, in TLS 1.3 a PSK */
    RIG_TLS_RESUMPTION_TICKETS, /* the client keeps it, sealed: ticket, in TLS 1.3 a PSK */
};
#define RIG_TLS_TICKET_KEY_BYTES 80

/* The status of the device's certificate, asked for after the handshake and before the echo. */
struct rig_tls_ocsp_settings {
    /* Either: the server asks by HTTP. "http://127.0.0.1:8080/ocsp"; a host name is resolved when
     * the endpoint opens. */
    const char *url;
    /* Or: appends the answer (DER) to a request (DER) to `out`; false: no responder there. Called
     * on the server's thread, so it must not block. */
    bool (*answer)(void *ctx, const uint8_t *request, size_t n_request, struct rig_buf *out);
    void *ctx; /* borrowed while the endpoint is open */
    struct rig_tls_ocsp_rules rules;
    bool fail_open;     /* without a usable answer the board may go on; default: it may not */
    int64_t timeout_ms; /* 0: 2000 */
};

/*
 * Decides whether the holder of this verified chain (leaf first, trust anchor last) may go on.
 * Writes why into `reason` ("registration disabled by entry dev-3"), also when it says yes. Called
 * on the server's thread: it must not block, and not call this endpoint.
 */
struct rig_tls_enrolment_hook {
    bool (*allows)(void *ctx, STACK_OF(X509) * verified_chain, char *reason, size_t reason_size);
    /* The same once the client has written its first line, before anything is echoed: `line` is
     * what it wrote, without line end (or what came before it closed, or the first max_echo_bytes);
     * `presented` is what it sent, leaf first. Either may be NULL, or both are asked: the chain
     * first. */
    bool (*registers)(void *ctx, STACK_OF(X509) * verified_chain, STACK_OF(X509) * presented,
                      const char *line, size_t n_line, char *reason, size_t reason_size);
    void *ctx; /* borrowed while the endpoint is open */
};

/* All texts are read during the call only. PEM may hold text around its blocks. */
struct rig_tls_settings {
    const char *certificate_pem;  /* server's chain, leaf first; served as it is: expired, wrong
                                     name, other root */
    const char *key_pem;          /* not encrypted */
    const char *client_roots_pem; /* trust anchors for boards */
    const char *crls_pem;         /* for every CA of the chain; NULL: revocation is not checked */
    int min_version;              /* 0x0303 or 0x0304 */
    int max_version;
    int security_level;              /* OpenSSL's 0..5 */
    bool request_client_certificate; /* normally true */
    bool certificate_optional;       /* asked for, but a client without one is served */
    bool relay_only;       /* no port: connections come from rig_tls_endpoint_connect alone */
    size_t max_echo_bytes; /* then the server closes; 0: 256 */
    int64_t connection_timeout_ms; /* each connection, from accept to close; more than 0 */

    const char *ciphers;           /* TLS 1.2, OpenSSL's notation; NULL: all with a certificate */
    const char *suites;            /* TLS 1.3; NULL: all of OpenSSL's */
    const char *groups;            /* NULL: X25519, P-256, P-384, P-521 */
    const char *client_signatures; /* algorithms allowed to the client; NULL: ECDSA, EdDSA, RSA with
                                      SHA-256 and up */
    size_t max_chain_bytes;        /* of the client's Certificate message; 0: 102400 */
    int verify_depth;              /* intermediates allowed; 0: 100 */
    enum rig_tls_crl_check crl_check;
    bool allow_renegotiation;   /* TLS 1.2, by the client */
    bool request_renegotiation; /* TLS 1.2: sends a HelloRequest once the handshake is done, and
                                   echoes when that is answered or 1 s has passed */
    enum rig_tls_sni_policy sni_policy;
    const char *server_names; /* for sni_policy, separated by spaces; case is ignored */

    enum rig_tls_resumption resumption;
    /* The server does it right: before it resumes it checks the certificate of the old session
     * against the trust store, CRLs, dates and enrolment of now, and else makes a full handshake.
     * Default: as RFC 8446 2.2 allows and servers do, the session alone counts. */
    bool resumption_revalidates;
    const uint8_t *ticket_key; /* RIG_TLS_TICKET_KEY_BYTES, the same for endpoints that resume each
                                  other's sessions; NULL: one of its own */

    struct rig_tls_ocsp_settings ocsp;
    const struct rig_tls_device_policy *policy; /* NULL: not looked at */
    bool policy_refuses; /* findings refuse the board; default: they are evidence only */
    struct rig_tls_enrolment_hook enrolment;

    bool capture; /* keep the wire's bytes and the session keys: test keys only */

    enum rig_tls_fault fault; /* a server that is wrong on purpose */
    int fault_alert;          /* for the faults that send one; 0: internal_error (80) */
};

#endif
