/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OCSP responder over HTTP for tests and rigs: one thread, answers in DER from a callback, and
 * misbehaviours by name. It takes POST and GET (RFC 6960, appendix A).
 *
 * Errors: USAGE when the address can't be had, RIG for the host. What clients send is never an
 * error. Threads: any for every function; the callback runs on the responder's thread.
 */
#ifndef RIG_TLS_OCSP_RESPONDER_H
#define RIG_TLS_OCSP_RESPONDER_H

#include "rig/base/buf.h"
#include "rig/base/wait.h"

struct rig_ocsp_responder;

enum rig_ocsp_behaviour {
    RIG_OCSP_ANSWERS = 0,
    RIG_OCSP_SLOW,           /* answers after delay_ms */
    RIG_OCSP_DOWN,           /* closes each connection at once, without a byte */
    RIG_OCSP_MUTE,           /* reads, never answers */
    RIG_OCSP_TRY_LATER,      /* OCSP status tryLater */
    RIG_OCSP_UNAUTHORIZED,   /* OCSP status unauthorized with HTTP 401, as Vault does */
    RIG_OCSP_INTERNAL_ERROR, /* OCSP status internalError */
    RIG_OCSP_MALFORMED,      /* HTTP 200, right content type, bytes that are no response */
    RIG_OCSP_CUT,            /* the first half of an answer, then the end */
    RIG_OCSP_HTTP_ERROR,     /* HTTP 500 with a page */
    RIG_OCSP_ENDLESS,        /* announces and sends far more than any answer has */
    RIG_OCSP_N_BEHAVIOURS,
};

struct rig_ocsp_responder_options {
    const char *bind_address; /* numeric; NULL: 127.0.0.1 */
    uint16_t port;            /* 0: ephemeral */
    enum rig_ocsp_behaviour behaviour;
    int64_t delay_ms; /* SLOW */
    int http_status;  /* of answers, also with an error of OCSP in them; 0: 200 */
    /* Appends the response (DER) to `out`; false: HTTP 500. */
    bool (*answer)(void *ctx, const uint8_t *request, size_t n_request, struct rig_buf *out);
    void *ctx; /* borrowed until the stop */
};

RIG_CHECKED rig_result rig_ocsp_responder_start(const struct rig_ocsp_responder_options *options,
                                                struct rig_ocsp_responder **responder,
                                                struct rig_error *err);
uint16_t rig_ocsp_responder_port(const struct rig_ocsp_responder *responder);
/* "http://127.0.0.1:41234/ocsp"; valid until the stop. */
const char *rig_ocsp_responder_url(const struct rig_ocsp_responder *responder);
/* From the next connection on. */
void rig_ocsp_responder_behave(struct rig_ocsp_responder *responder,
                               enum rig_ocsp_behaviour behaviour);
/* Requests that were read whole so far. */
unsigned rig_ocsp_responder_n_requests(struct rig_ocsp_responder *responder);
/* "answers", "slow", ...; "unknown". */
const char *rig_ocsp_behaviour_name(enum rig_ocsp_behaviour behaviour);
/* NULL is fine. */
void rig_ocsp_responder_stop(struct rig_ocsp_responder *responder);
static inline void rig_auto_ocsp_responder(struct rig_ocsp_responder **responder)
{
    rig_ocsp_responder_stop(*responder);
    *responder = NULL;
}

#endif
