/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certification authority as the rig sees it: sign, revoke, CRLs, OCSP. Back ends: `local`
 * (OpenSSL, a folder) and `vault` (HashiCorp Vault and OpenBao, HTTP). The checks of CSRs and of
 * certificates (policy.h) are not the back end's: the rig makes them itself, whoever signs.
 *
 * Errors: class CA for REFUSED, POLICY, EXISTS, NOT_FOUND, BAD_SIGNATURE; class RIG for files;
 * class USAGE for a passphrase that is wrong or missing. Threads: any number of threads may use one
 * CA at once.
 */
#ifndef RIG_CA_CA_H
#define RIG_CA_CA_H

#include "rig/base/buf.h"
#include "rig/base/ids.h"
#include "rig/base/wait.h"

#define RIG_SERIAL_MAX 20
#define RIG_SERIAL_TEXT_SIZE (2 * RIG_SERIAL_MAX + 1)

struct rig_ca;

enum rig_ca_profile {
    RIG_PROFILE_DEVICE = 0, /* clientAuth, digitalSignature, CA:FALSE */
    RIG_PROFILE_SERVER,     /* serverAuth; dns_names and ip_addresses go into the SAN */
};

struct rig_ca_request {
    enum rig_ca_profile profile;
    const uint8_t *csr_der;
    size_t csr_len;
    const char *common_name;      /* becomes the subject's CN, whatever the CSR says */
    const char *organization;     /* may be NULL */
    const char *country;          /* may be NULL */
    const char *const *dns_names; /* NULL-terminated, may be NULL; server profile only */
    const char *const *ip_addresses;
    int64_t not_before_ms; /* 0: now, less 30 s of skew */
    int64_t not_after_ms;  /* 0: the CA's default; may lie in the past for a test certificate */
};

struct rig_ca_certificate {
    struct rig_buf der; /* the certificate */
    struct rig_buf leaf_pem;
    struct rig_buf chain_pem; /* leaf, then issuing CA up to, but not including, the root */
    char serial[RIG_SERIAL_TEXT_SIZE]; /* lower-case hex without separators */
    uint8_t sha256[RIG_SHA256_SIZE];   /* of the DER */
    uint8_t spki_sha256[RIG_SHA256_SIZE];
    int64_t not_before_ms;
    int64_t not_after_ms;
    char issuer[256];    /* RFC 2253 text */
    char request_id[64]; /* the back end's own name for the request; "" none */
    char accessor[64];   /* names the token that asked (and is none); "" none */
    /* after a failed rig_ca_sign only */
    bool refused; /* the CA issued this one, but not as it was asked: never to be used */
    bool revoked; /* ... and it was revoked at once */
};
void rig_ca_certificate_free(struct rig_ca_certificate *certificate);

/* RFC 5280 5.3.1, the ones that devices meet. */
enum rig_revocation_reason {
    RIG_REVOKED_UNSPECIFIED = 0,
    RIG_REVOKED_KEY_COMPROMISE = 1,
    RIG_REVOKED_SUPERSEDED = 4,
    RIG_REVOKED_CESSATION = 5,
};

/* RFC 5280's word for it: "superseded". */
const char *rig_revocation_reason_name(enum rig_revocation_reason reason);

/* What a relying party learns about one certificate (RFC 6960). */
enum rig_ocsp_status { RIG_OCSP_GOOD = 0, RIG_OCSP_REVOKED, RIG_OCSP_UNKNOWN };
struct rig_ca_ocsp {
    enum rig_ocsp_status status;
    int64_t this_update_ms;
    int64_t next_update_ms;            /* 0: not said */
    int64_t revoked_at_ms;             /* 0: not revoked */
    enum rig_revocation_reason reason; /* UNSPECIFIED also where none is said */
};
/* "good", "revoked", "unknown". */
const char *rig_ocsp_status_name(enum rig_ocsp_status status);

/* A request as it comes, for tests of the CA itself: none of the rig's own checks is made. */
struct rig_ca_submission {
    enum rig_ca_profile profile;
    const void *csr; /* any bytes: PEM, or what should have been PEM */
    size_t csr_len;
    int64_t ttl_s;         /* 0: the CA's default */
    const char *not_after; /* RFC 3339 text, handed on as it is; may be NULL */
    /* Whom a CA that knows the device would take it for: `local` signs for this name only. A CA
     * that decides by its own rules ignores the three. */
    const char *device_id;
    const char *organization; /* NULL: must be absent */
    const char *country;
};
struct rig_ca_answer {
    bool accepted;
    struct rig_buf der;       /* the certificate, when accepted */
    struct rig_buf chain_pem; /* as the CA gave it: issuing CA first */
    char refusal[256];        /* the CA's words, when it refused */
    long status;              /* HTTP; 0 for a CA without HTTP */
    char warnings[512];       /* the CA's own, one a line; "" none */
};
void rig_ca_answer_free(struct rig_ca_answer *answer);

/* What is wrong with a chain update that is to be refused. */
enum rig_chain_update_fault {
    RIG_CHAIN_UPDATE_GOOD = 0,
    RIG_CHAIN_UPDATE_DAMAGED,       /* one bit of its version flipped after signing */
    RIG_CHAIN_UPDATE_TRUNCATED,     /* its end is missing */
    RIG_CHAIN_UPDATE_UNSIGNED,      /* without signature */
    RIG_CHAIN_UPDATE_BAD_SIGNATURE, /* by another key than that of the signer's certificate */
    RIG_CHAIN_UPDATE_WRONG_SIGNER,  /* a signer of another root */
    RIG_CHAIN_UPDATE_WRONG_ISSUER,  /* a signer certified by the issuing CA, not by the root */
    RIG_CHAIN_UPDATE_WRONG_PURPOSE, /* a signer certified by the root, but as a TLS server */
    RIG_CHAIN_UPDATE_OTHER_FAMILY,  /* for the devices of another issuing CA */
    RIG_CHAIN_UPDATE_OTHER_ROOT,    /* for devices under another root, and signed there */
    RIG_CHAIN_UPDATE_ROOT,          /* offers a new root */
    RIG_CHAIN_UPDATE_EXPIRED,       /* the intermediate's validity is over */
    RIG_CHAIN_UPDATE_OTHER_KEY,     /* the intermediate has a key that signed no device */
    RIG_CHAIN_UPDATE_FAULTS
};

struct rig_ca_chain_update_request {
    uint32_t version;
    enum rig_chain_update_fault fault;
};

#define RIG_CA_CHAIN_MAX 8

/* The issuing CA's certificate renewed (name and key stay), signed for devices:
 * firmware-stub/PROTOCOL.md section 7. */
struct rig_ca_chain_update {
    struct rig_buf object;
    size_t n_intermediates;
    uint8_t sha256[RIG_CA_CHAIN_MAX][RIG_SHA256_SIZE]; /* of the intermediates, issuing CA first */
    char serial[RIG_SERIAL_TEXT_SIZE];                 /* of the first one */
};
void rig_ca_chain_update_free(struct rig_ca_chain_update *update);

struct rig_ca_ops {
    const char *name; /* "local", "vault" */
    /* false: not_before_ms must be 0 and not_after_ms in the future; a certificate that has to be
     * expired is asked for with a short life and waited for */
    bool backdates;
    rig_result (*sign)(struct rig_ca *ca, const struct rig_ca_request *request,
                       struct rig_ca_certificate *certificate, struct rig_wait wait,
                       struct rig_error *err);
    rig_result (*revoke)(struct rig_ca *ca, const char *serial, enum rig_revocation_reason reason,
                         struct rig_wait wait, struct rig_error *err);
    rig_result (*crls)(struct rig_ca *ca, struct rig_buf *pem, struct rig_wait wait,
                       struct rig_error *err);
    rig_result (*issued_for)(struct rig_ca *ca, const uint8_t spki_sha256[RIG_SHA256_SIZE],
                             rig_result (*each)(void *ctx, const char *serial, bool revoked,
                                                const struct rig_buf *der, struct rig_error *err),
                             void *ctx, struct rig_wait wait, struct rig_error *err);
    rig_result (*find)(struct rig_ca *ca, const char *serial, bool *known, struct rig_wait wait,
                       struct rig_error *err);
    /* The six below may be NULL: UNSUPPORTED then. */
    rig_result (*published_crls)(struct rig_ca *ca, struct rig_buf *pem, struct rig_wait wait,
                                 struct rig_error *err);
    rig_result (*ocsp)(struct rig_ca *ca, const char *serial, struct rig_ca_ocsp *ocsp,
                       struct rig_wait wait, struct rig_error *err);
    rig_result (*submit)(struct rig_ca *ca, const struct rig_ca_submission *submission,
                         struct rig_ca_answer *answer, struct rig_wait wait, struct rig_error *err);
    rig_result (*answer_ocsp)(struct rig_ca *ca, const void *request, size_t request_len,
                              struct rig_buf *response, struct rig_wait wait,
                              struct rig_error *err);
    rig_result (*describe)(struct rig_ca *ca, struct rig_buf *text, struct rig_wait wait,
                           struct rig_error *err);
    rig_result (*chain_update)(struct rig_ca *ca, const struct rig_ca_chain_update_request *request,
                               struct rig_ca_chain_update *update, struct rig_wait wait,
                               struct rig_error *err);
    void (*close)(struct rig_ca *ca);
};

/* Embedded first in a back end's struct. */
struct rig_ca {
    const struct rig_ca_ops *ops;
    struct rig_buf root_pem; /* the trust anchor */
    struct rig_buf
        chain_pem;   /* issuing CA first, then up to, but not including, the root; may be empty */
    bool unverified; /* the user switched off the TLS verification of its API: marks reports */
};

/* Signs. The request's CSR must have passed rig_csr_check; the answer is checked with
 * rig_certificate_check by the caller. A back end records the issue before it returns. A failure
 * leaves *certificate empty, or `refused`: then it exists, and the caller writes it down, so that
 * it can be found and revoked. The caller frees it either way. */
RIG_CHECKED rig_result rig_ca_sign(struct rig_ca *ca, const struct rig_ca_request *request,
                                   struct rig_ca_certificate *certificate, struct rig_wait wait,
                                   struct rig_error *err);
/* Whether the error of a failed rig_ca_sign, rig_ca_revoke or rig_ca_submit is a clear no: nothing
 * was done. A CA that did not answer, or not in a way we understand, may have done it all the same:
 * the matter stays open until rig_ca_issued_for tells. */
bool rig_ca_said_no(const struct rig_error *err);
/* Revoking twice is fine (the first time stays). Unknown serial: NOT_FOUND. The published CRL lists
 * the certificate when this returns, unless it has expired. */
RIG_CHECKED rig_result rig_ca_revoke(struct rig_ca *ca, const char *serial,
                                     enum rig_revocation_reason reason, struct rig_wait wait,
                                     struct rig_error *err);
/* Fresh CRLs of every CA of the chain, root included, as PEM, one after another. */
RIG_CHECKED rig_result rig_ca_crls(struct rig_ca *ca, struct rig_buf *pem, struct rig_wait wait,
                                   struct rig_error *err);
/* The CRLs as relying parties get them at this moment: nothing new is asked for. */
RIG_CHECKED rig_result rig_ca_published_crls(struct rig_ca *ca, struct rig_buf *pem,
                                             struct rig_wait wait, struct rig_error *err);
/* Asks the CA's OCSP responder about a certificate of the issuing CA. What comes back is read out
 * of a signed answer (rig/ca/ocsp.h), whose signature, signer and times are verified. A serial that
 * was never issued is UNKNOWN at `local`, GOOD at `vault`. */
RIG_CHECKED rig_result rig_ca_ocsp(struct rig_ca *ca, const char *serial, struct rig_ca_ocsp *ocsp,
                                   struct rig_wait wait, struct rig_error *err);
/*
 * The CA as a responder: appends the response to an OCSP request, which may be any bytes. What is
 * no request, or not for the issuing CA, is told so by a responseStatus. Fails when the CA's memory
 * can't be read, and as UNSUPPORTED where a server of the CA answers itself. For an HTTP responder
 * (rig/tls/ocsp_responder.h); rig_ca_ocsp asks in the process.
 */
RIG_CHECKED rig_result rig_ca_answer_ocsp(struct rig_ca *ca, const void *request,
                                          size_t request_len, struct rig_buf *response,
                                          struct rig_wait wait, struct rig_error *err);
/* Appends lines for people, never a secret: what the CA is, a line for each level and its CRL, and
 * what else the back end has to say. For `rig ca show`. */
RIG_CHECKED rig_result rig_ca_describe(struct rig_ca *ca, struct rig_buf *text,
                                       struct rig_wait wait, struct rig_error *err);
/* A refusal is success with answer->accepted false; fails only where the CA could not be asked. The
 * caller frees the answer. */
RIG_CHECKED rig_result rig_ca_submit(struct rig_ca *ca, const struct rig_ca_submission *submission,
                                     struct rig_ca_answer *answer, struct rig_wait wait,
                                     struct rig_error *err);
/* A signed update of the devices' intermediates. What is issued for it is recorded; the signer's
 * key is forgotten. USAGE/INVALID where the root signs devices itself. The caller frees the update.
 */
RIG_CHECKED rig_result rig_ca_chain_update(struct rig_ca *ca,
                                           const struct rig_ca_chain_update_request *request,
                                           struct rig_ca_chain_update *update, struct rig_wait wait,
                                           struct rig_error *err);
/* What this CA ever issued for a public key: to find certificates that a killed run did not write
 * down. */
RIG_CHECKED rig_result rig_ca_issued_for(struct rig_ca *ca,
                                         const uint8_t spki_sha256[RIG_SHA256_SIZE],
                                         rig_result (*each)(void *ctx, const char *serial,
                                                            bool revoked, const struct rig_buf *der,
                                                            struct rig_error *err),
                                         void *ctx, struct rig_wait wait, struct rig_error *err);
/* Whether this CA issued `serial`, by the cheapest way it has. */
RIG_CHECKED rig_result rig_ca_knows(struct rig_ca *ca, const char *serial, bool *known,
                                    struct rig_wait wait, struct rig_error *err);
void rig_ca_close(struct rig_ca *ca);
static inline void rig_auto_ca(struct rig_ca **ca)
{
    rig_ca_close(*ca);
    *ca = NULL;
}

#endif
