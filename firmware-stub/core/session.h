/* SPDX-License-Identifier: Apache-2.0 */
/* One handshake at work, for handshake.c (what is done) and handshake_report.c (what is told of
 * it). */
#ifndef FIRMWARE_STUB_CORE_SESSION_H
#define FIRMWARE_STUB_CORE_SESSION_H

#include "core.h"

struct session {
    struct agent *agent;
    const struct agent_handshake_request *request;
    struct agent_handshake_result *out;
    uint64_t deadline_ms;
    bool open;
    bool judged; /* mbedTLS looked at the server's chain */
    int io;      /* the failure of the transport, 0: none */
    struct agent_sniff sent;
    struct agent_sniff received;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config conf;
    mbedtls_x509_crt chain;
    mbedtls_x509_crt roots;
    mbedtls_x509_crl crls;
    mbedtls_pk_context key;
};

/* Fills `out` with what was seen on the wire and what mbedTLS knows, however it ended. */
void agent_session_note_evidence(struct session *s);
/* Why it failed, from `out` and the transport's failure; what agent_fail returns. */
int agent_session_explain(const struct session *s, struct agent_failure *why);

#endif
