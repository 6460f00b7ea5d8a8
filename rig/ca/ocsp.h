/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCSP (RFC 6960) from both ends: the question about one certificate and what an answer to it is
 * worth, the same for every back end (ocsp_read.c); and the answers of a CA that has its own
 * records (ocsp_answer.c). No network, no files; the time is the caller's. For rig/ca, rig/pki and
 * their tests.
 *
 * Errors: reading: class CA: REFUSED, UNAVAILABLE (tryLater), PROTOCOL, BAD_SIGNATURE, POLICY
 * (times). Otherwise class RIG, LIBRARY. Pure but for the random generator, any thread.
 */
#ifndef RIG_CA_OCSP_H
#define RIG_CA_OCSP_H

#include "rig/ca/ca.h"
#include "rig/ca/pki.h"

#include <openssl/ocsp.h>

RIG_DEFINE_AUTO(OCSP_REQUEST, OCSP_REQUEST_free);
RIG_DEFINE_AUTO(OCSP_RESPONSE, OCSP_RESPONSE_free);
RIG_DEFINE_AUTO(OCSP_BASICRESP, OCSP_BASICRESP_free);
RIG_DEFINE_AUTO(OCSP_CERTID, OCSP_CERTID_free);
RIG_DEFINE_AUTO(ASN1_GENERALIZEDTIME, ASN1_GENERALIZEDTIME_free);

/* "malformedRequest", "tryLater", ...: RFC 6960's word for a responseStatus; "status 7" has none:
 * "unknown". */
const char *rig_ocsp_response_status_name(int status);

/* Appends a response or a request as DER; NULL is an error of the library. */
RIG_CHECKED rig_result rig_ocsp_response_der(OCSP_RESPONSE *response, struct rig_buf *der,
                                             struct rig_error *err);
RIG_CHECKED rig_result rig_ocsp_request_der(OCSP_REQUEST *request, struct rig_buf *der,
                                            struct rig_error *err);

/* A time of an answer, which the caller frees. */
RIG_CHECKED rig_result rig_ocsp_time(int64_t unix_ms, ASN1_GENERALIZEDTIME **out,
                                     struct rig_error *err);

/* Whether an id names this issuer, by the hash that the id uses. */
bool rig_ocsp_is_issuer(X509 *issuer, OCSP_CERTID *id);

/* ---- the relying party ---- */

/* A question about one serial (hex; separators are fine) of a CA; its CertID has SHA-1, which every
 * responder takes. The caller frees *request. */
RIG_CHECKED rig_result rig_ocsp_request(X509 *issuer, const char *serial, bool with_nonce,
                                        OCSP_REQUEST **request, struct rig_error *err);

/* Borrowed, all of it. */
struct rig_ocsp_reader {
    const char *responder;    /* names it in messages */
    const char *unauthorized; /* remedy for that responseStatus; NULL: none */
    STACK_OF(X509) * cas;     /* issuing CA first */
    X509 *root;
    int64_t now_ms;
};

/*
 * Reads a status out of a response to `request`, and believes it only when: it is signed by the
 * issuing CA or by a responder that this CA authorised, the chain of that one leads to the root, it
 * speaks of the certificate asked about, it brings back the nonce that was sent, and now lies
 * within its times.
 */
RIG_CHECKED rig_result rig_ocsp_read(const struct rig_ocsp_reader *reader, OCSP_REQUEST *request,
                                     const void *response, size_t response_len,
                                     struct rig_ca_ocsp *ocsp, struct rig_error *err);

/* ---- the responder ---- */

/* What a CA's records say of one serial. */
struct rig_ocsp_record {
    enum rig_ocsp_status status;
    int64_t revoked_at_ms;
    enum rig_revocation_reason reason;
};

/* Borrowed, all of it. */
struct rig_ocsp_signer {
    X509 *issuer;      /* the CA whose certificates are asked about */
    X509 *certificate; /* of the responder, or the issuer itself */
    EVP_PKEY *key;
    int64_t now_ms;
    int64_t next_update_ms;
    /* `serial` is lower-case hex without separators. */
    rig_result (*look_up)(void *ctx, const char *serial, struct rig_ocsp_record *record,
                          struct rig_error *err);
    void *ctx;
};

/*
 * Appends the response to what came as a request, which may be any bytes: malformedRequest for what
 * is none (nor for a nonce of RFC 9654's forbidden sizes), unauthorized for a certificate of
 * another issuer, else a signed status of each certificate asked about, with the nonce. Fails, and
 * appends nothing, when look_up or the signature fails.
 */
RIG_CHECKED rig_result rig_ocsp_answer(const struct rig_ocsp_signer *signer, const void *request,
                                       size_t request_len, struct rig_buf *response,
                                       struct rig_error *err);
/* A response that says only why there is none: OCSP_RESPONSE_STATUS_*. */
RIG_CHECKED rig_result rig_ocsp_answer_status(int status, struct rig_buf *response,
                                              struct rig_error *err);

#endif
