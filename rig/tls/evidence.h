/* SPDX-License-Identifier: Apache-2.0 */
/* What the test server saw of one connection, as a plain value, and the names of its numbers. */
#ifndef RIG_TLS_EVIDENCE_H
#define RIG_TLS_EVIDENCE_H

#include "rig/base/ids.h"
#include "rig/tls/device_policy.h"
#include "rig/tls/ocsp.h"
#include "rig/tls/offers.h"

enum {
    RIG_TLS_NO_ALERT = -1,
    RIG_TLS_UNKNOWN_ALERT = -2, /* rig_tls_alert_of: no such name */
};

enum rig_tls_resumed_by {
    RIG_TLS_NOT_RESUMED = 0,
    RIG_TLS_BY_SESSION_ID,    /* TLS 1.2 */
    RIG_TLS_BY_TICKET,        /* TLS 1.2 */
    RIG_TLS_BY_PSK_STATEFUL,  /* TLS 1.3, the server's cache */
    RIG_TLS_BY_PSK_STATELESS, /* TLS 1.3, a sealed ticket */
};

/*
 * A refusal after a good handshake, by the application layer: the server echoes nothing and closes
 * with close_notify. It sends no words either: a board that only waits for some byte would take
 * them for success.
 */
enum rig_tls_refusal {
    RIG_TLS_NOT_REFUSED = 0,
    RIG_TLS_REFUSED_BY_POLICY,
    RIG_TLS_REFUSED_BY_ENROLMENT,
    RIG_TLS_REFUSED_BY_OCSP,
};

#define RIG_TLS_PEER_CHAIN_MAX 10

/* What the server saw of one connection. */
struct rig_tls_evidence {
    bool client_hello_seen;
    uint8_t client_random[32];
    struct rig_tls_offers offers; /* of the first ClientHello */
    char sni[256];                /* "" none */
    bool handshake_done;
    bool echoed;
    bool peer_presented; /* a client certificate was shown */
    uint8_t
        peer_sha256[RIG_SHA256_SIZE]; /* of its DER, also when it was refused or can't be parsed */
    char peer_subject[256];           /* RFC 2253 text */
    unsigned n_peer_chain;            /* certificates shown, leaf included */
    uint8_t peer_chain_sha256[RIG_TLS_PEER_CHAIN_MAX][RIG_SHA256_SIZE]; /* of the first ones */
    int verify_error;      /* X509_V_ERR_*, the first one; 0 ok */
    int verify_depth;      /* of that error; 0 is the leaf */
    char verify_text[128]; /* OpenSSL's words for it, "" none */
    int alert_sent;     /* RFC 8446 number, RIG_TLS_NO_ALERT; a fatal one goes before a warning, */
    int alert_received; /* close_notify is the normal end and not written here */
    char version[16];   /* "TLSv1.2"; "" before the ServerHello */
    char cipher[64];
    bool resumed; /* then peer_sha256 and peer_subject are those of the session, and
                     peer_presented is false */
    enum rig_tls_resumed_by resumed_by;
    bool resumption_refused; /* offered, revalidated and turned down: a full handshake followed */
    char revalidation_text[128]; /* why; "" none */
    unsigned n_renegotiations;
    enum rig_tls_refusal refused_by; /* after a handshake that was good */
    char refusal_text[160];
    bool misbehaved;          /* the fault of its settings came to act (rig_tls_fault_acts) */
    uint32_t policy_findings; /* set of 1U << RIG_TLS_FINDING_* */
    enum rig_tls_ocsp_result ocsp_result;
    char ocsp_text[128];
    int64_t ocsp_ns;          /* the question took */
    char enrolment_text[128]; /* which entry decided; "" not asked */
    unsigned
        trust_generation; /* the store that judged: 1 of the settings, 2 after the first reload */
    char error_text[256]; /* OpenSSL's words, or ours for time-outs and resets; "" none */
    int64_t handshake_ns; /* ClientHello to the end or the failure of the handshake */
    int64_t total_ns;     /* accept to close */
    uint64_t n_received;  /* bytes on the wire */
    uint64_t n_sent;
};

/* "certificate_revoked" for 44, "none" for RIG_TLS_NO_ALERT; "unknown". RFC 8446 6, and the older
 * ones of RFC 5246. */
const char *rig_tls_alert_name(int alert);
int rig_tls_alert_of(const char *name);
/* The names of X509_V_ERR_* without the prefix: "CERT_REVOKED", "OK" for 0; "unknown". */
const char *rig_tls_verify_error_name(int verify_error);
/* The code for such a name, -1 for an unknown one. */
int rig_tls_verify_error_of(const char *name);

/* "none", "session_id", "ticket", "psk_stateful", "psk_stateless"; "unknown". */
const char *rig_tls_resumed_by_name(enum rig_tls_resumed_by by);
/* "none", "policy", "enrolment", "ocsp"; "unknown". */
const char *rig_tls_refusal_name(enum rig_tls_refusal refusal);

#endif
