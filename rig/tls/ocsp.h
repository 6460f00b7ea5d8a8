/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCSP as the relying party: the request for one certificate, and what its answer is worth (RFC
 * 6960 3.2 and 4.2.2.2, RFC 8954 for nonces). No network here; the clock is injected. Pure
 * functions: any thread, one X509_STORE from one thread at a time.
 */
#ifndef RIG_TLS_OCSP_H
#define RIG_TLS_OCSP_H

#include "rig/base/buf.h"

#include <openssl/ocsp.h>

enum rig_tls_ocsp_result {
    RIG_TLS_OCSP_NOT_ASKED = 0,
    /* answers */
    RIG_TLS_OCSP_GOOD,
    RIG_TLS_OCSP_REVOKED,
    RIG_TLS_OCSP_UNKNOWN,
    /* no usable answer: the policy decides (fail open or closed) */
    RIG_TLS_OCSP_UNREACHABLE, /* no connection, or HTTP said no */
    RIG_TLS_OCSP_TIMED_OUT,
    RIG_TLS_OCSP_TRY_LATER,
    RIG_TLS_OCSP_UNAUTHORIZED,
    RIG_TLS_OCSP_RESPONDER_ERROR, /* malformedRequest, internalError, sigRequired */
    RIG_TLS_OCSP_MALFORMED,       /* no OCSP response, or cut short */
    RIG_TLS_OCSP_BAD_SIGNATURE,
    RIG_TLS_OCSP_WRONG_SIGNER,      /* signed by someone who may not speak for the issuer */
    RIG_TLS_OCSP_WRONG_CERTIFICATE, /* speaks of other certificates: serial or issuer hash */
    RIG_TLS_OCSP_STALE,             /* nextUpdate has passed, or older than max_age_s */
    RIG_TLS_OCSP_FUTURE,            /* thisUpdate is still to come */
    RIG_TLS_OCSP_NONCE,             /* another nonce, or none where one is required */
    RIG_TLS_N_OCSP_RESULTS,
};

enum rig_tls_ocsp_nonce {
    RIG_TLS_OCSP_NO_NONCE = 0,   /* none sent: Vault answers no nonces */
    RIG_TLS_OCSP_NONCE_IF_GIVEN, /* sent; an answer without one is used, another one is not */
    RIG_TLS_OCSP_NONCE_REQUIRED,
};

struct rig_tls_ocsp_rules {
    enum rig_tls_ocsp_nonce nonce;
    int64_t skew_s;    /* allowed difference of clocks; 0: 300 */
    int64_t max_age_s; /* of an answer without nextUpdate; 0: any */
    bool unverified;   /* believes all that can be read: for faulty twins only */
};

/* "not_asked", "good", "revoked", ..., "timed_out"; "unknown_result". */
const char *rig_tls_ocsp_result_name(enum rig_tls_ocsp_result result);
/* RIG_TLS_N_OCSP_RESULTS for an unknown name. */
enum rig_tls_ocsp_result rig_tls_ocsp_result_of(const char *name);
/* False for what a policy of fail open or closed has to decide. */
bool rig_tls_ocsp_is_answer(enum rig_tls_ocsp_result result);

/* A request for `certificate`, CertID with SHA-1 as responders expect. The caller frees *request.
 */
RIG_CHECKED rig_result rig_tls_ocsp_request(const struct rig_tls_ocsp_rules *rules,
                                            X509 *certificate, X509 *issuer, OCSP_REQUEST **request,
                                            struct rig_error *err);

/*
 * Judges an answer (NULL: there is none that can be parsed). `store` holds the trust anchors;
 * `chain` is the verified chain of `certificate`, leaf first, whose second is the issuer. `text`
 * (may be "") explains in words.
 */
enum rig_tls_ocsp_result rig_tls_ocsp_judge(const struct rig_tls_ocsp_rules *rules,
                                            OCSP_REQUEST *request, OCSP_RESPONSE *response,
                                            STACK_OF(X509) * chain, X509_STORE *store,
                                            int64_t now_ms, char *text, size_t text_size);

#endif
