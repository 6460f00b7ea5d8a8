/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of the HTTP API of HashiCorp Vault and OpenBao: one pool of connections, one login that
 * is renewed at two thirds of its life, errors that say what to do. Knows nothing of PKI: that is
 * rig/ca/vault.c, setup.c and doctor.c.
 *
 * The server's TLS certificate and name are always verified; only `skip_verify`, which the user
 * must name, switches that off, and rig_vault_unverified then says so to whoever writes a report.
 *
 * Repeating: what surely was not executed (no connection, 429, 503 of a standby or a seal that is
 * being lifted) is sent again with growing, jittered pauses while `wait` lasts. A request that may
 * have been executed (the connection broke after it was sent, a 5xx of another kind, an answer that
 * can't be read) is sent again only when the request says that it may be (`repeatable`); otherwise
 * the call fails with `uncertain` set and the caller looks up what became of it.
 *
 * At most `max_retries` times, a Retry-After obeyed when it fits into the wait.
 *
 * The way there: TLS 1.2 or newer; http:// for a loopback address alone. Proxies only where the
 * user's environment names one (https_proxy), and never for http://. No redirects but a standby's
 * 307 or 308 to the same path of another node, from https to https and only when verified, twice at
 * most. An answer is at most 32 MiB.
 *
 * The login: lazily, with the first call. A given token is looked up once, which costs one use of a
 * token with limited uses. Whichever call comes first after two thirds of the lease renews it,
 * while the others go on with the old token; where renewal is refused, not possible (batch tokens)
 * or gives less than half (max_ttl is near), AppRole and certificate log in again. A token of our
 * own that the server no longer knows leads to one login and one more try.
 *
 * Secrets: tokens, secret ids and replies that hold them live in buffers that are cleared; they
 * appear in no error text and no log, and this process can't dump them (rig/base/secret.h). Linking
 * this part lets jansson and libcurl clear what they free, in the whole process (memory.c).
 *
 * Errors: class CA when the server answered (refused, sealed, unknown role, ...), class NETWORK
 * when it could not be reached or the connection broke, class USAGE for an address, file or
 * credential that the user must mend, CANCELLED. The exact kind is a `enum rig_vault_fault`; each
 * has its words and its remedy in one table (faults.c). Threads: any number at once; each call
 * takes a connection of the pool, or makes one.
 *
 * Sources: facts of the API as OpenBao 2.7 and Vault 1.11 to 2.0 have it (statuses, envelopes,
 * header names, environment variables).
 */
#ifndef RIG_VAULT_CLIENT_H
#define RIG_VAULT_CLIENT_H

#include "rig/base/buf.h"
#include "rig/base/wait.h"

#include <jansson.h>

struct rig_vault;

enum rig_vault_method { RIG_VAULT_GET = 0, RIG_VAULT_LIST, RIG_VAULT_POST, RIG_VAULT_DELETE };

enum rig_vault_login_kind {
    RIG_VAULT_TOKEN = 0,
    RIG_VAULT_APPROLE,
    RIG_VAULT_CERT, /* the TLS client certificate of the connection */
};

struct rig_vault_login {
    enum rig_vault_login_kind kind;
    const char *mount;     /* of the auth method; NULL: "approle", "cert" */
    const char *role;      /* CERT: name of the role, may be NULL; APPROLE: role_id */
    struct rig_buf secret; /* TOKEN: the token; APPROLE: secret_id; marked secret. Copied. */
};

/* Texts and files are borrowed until rig_vault_open returns. */
struct rig_vault_options {
    const char *address;         /* "https://ca.example:8200"; http:// for loopback only */
    const char *namespace_path;  /* may be NULL */
    const char *ca_file;         /* PEM; NULL and ca_folder NULL: the system's trust store */
    const char *ca_folder;       /* hashed folder; may be NULL */
    const char *tls_server_name; /* name to expect instead of the address's; may be NULL */
    const char *client_certificate_file; /* PEM, may be NULL; needed by RIG_VAULT_CERT */
    const char *client_key_file;         /* PEM, 0600 */
    bool skip_verify;                    /* named by the user; marks reports */
    struct rig_vault_login login;
    int64_t request_timeout_ms;    /* one try; 0: 60000 */
    int max_retries;               /* after the first try; 0: 6; below 0: none */
    const struct rig_clock *clock; /* borrowed as long as the client lives; NULL: the system's */
};

/* Checks the options and files; connects to nothing. The caller closes *vault. */
RIG_CHECKED rig_result rig_vault_open(const struct rig_vault_options *options,
                                      struct rig_vault **vault, struct rig_error *err);
/* Clears the token (and revokes it when this client logged in for it, within two seconds). NULL is
 * fine. */
void rig_vault_close(struct rig_vault *vault);
static inline void rig_auto_vault(struct rig_vault **vault)
{
    rig_vault_close(*vault);
    *vault = NULL;
}

/* What kind of no it was. RIG_VAULT_FAULT_NONE for errors of other origin. */
enum rig_vault_fault {
    RIG_VAULT_FAULT_NONE = 0,
    RIG_VAULT_FAULT_UNREACHABLE, /* no such host, refused, no route */
    RIG_VAULT_FAULT_TLS,         /* certificate or name does not verify, no common version */
    RIG_VAULT_FAULT_NOT_VAULT,   /* something else answers there */
    RIG_VAULT_FAULT_GARBAGE,     /* not the JSON that the API promises */
    RIG_VAULT_FAULT_CUT,         /* the connection ended in the middle of the answer */
    RIG_VAULT_FAULT_SLOW,        /* no answer within the time */
    RIG_VAULT_FAULT_TOO_BIG,     /* an answer beyond any use */
    RIG_VAULT_FAULT_SEALED,
    RIG_VAULT_FAULT_UNINITIALIZED,
    RIG_VAULT_FAULT_STANDBY,
    RIG_VAULT_FAULT_NO_ROUTE, /* no such mount or path */
    RIG_VAULT_FAULT_UNKNOWN_ROLE,
    RIG_VAULT_FAULT_NOT_FOUND,     /* an object that is not there; an empty list */
    RIG_VAULT_FAULT_DENIED,        /* permission denied: names path and capability */
    RIG_VAULT_FAULT_TOKEN,         /* missing, expired, revoked or used up */
    RIG_VAULT_FAULT_LOGIN,         /* the auth method said no */
    RIG_VAULT_FAULT_KEY_REFUSED,   /* role refuses key type or size */
    RIG_VAULT_FAULT_NAME_REFUSED,  /* role refuses a name of the CSR */
    RIG_VAULT_FAULT_CSR_REFUSED,   /* any other objection to the CSR */
    RIG_VAULT_FAULT_TTL_BEYOND_CA, /* the certificate would outlive its issuer */
    RIG_VAULT_FAULT_NO_ISSUER,     /* the mount has no CA yet */
    RIG_VAULT_FAULT_QUOTA,         /* rate limit or lease count */
    RIG_VAULT_FAULT_BAD_REQUEST,   /* any other 4xx */
    RIG_VAULT_FAULT_SERVER,        /* 5xx of another kind: storage, audit device, bug */
    RIG_VAULT_N_FAULTS
};
/* "sealed", "no-route", ... Never NULL. */
const char *rig_vault_fault_name(enum rig_vault_fault fault);

struct rig_vault_request {
    enum rig_vault_method method;
    const char *path;     /* without "/v1/": "pki_device/sign/rig-device" */
    const json_t *body;   /* borrowed; NULL: none */
    bool repeatable;      /* executing it twice does no harm; GET and LIST always are */
    bool anonymous;       /* without the token: health, CA certificates, CRLs, OCSP */
    bool raw;             /* the answer is not JSON (DER, PEM): into reply.raw */
    const void *raw_body; /* instead of `body`: OCSP request; borrowed */
    size_t raw_body_len;
    const char *raw_content_type;
    const char *raw_ok_type; /* an answer of this content type is one, whatever its HTTP status (an
                                OCSP response behind a 400 or 401); NULL: none */
};

struct rig_vault_reply {
    long status;
    json_t *data;     /* "data" of the envelope; the body itself where there is no envelope
                         (sys/health); NULL: none */
    json_t *auth;     /* of the envelope: holds a token; NULL: none */
    json_t *warnings; /* array of texts; NULL: none */
    char request_id[64];
    struct rig_buf raw;
    enum rig_vault_fault fault; /* when the call failed */
    bool uncertain;             /* it failed, and may have been executed all the same */
    unsigned tries;
    int64_t server_ns; /* of the last try: sent to last byte, as this side saw it */
};
void rig_vault_reply_free(struct rig_vault_reply *reply);

/*
 * Logs in first when there is no valid token yet. *reply is filled on failure too (status, fault,
 * uncertain); the caller frees it either way.
 */
RIG_CHECKED rig_result rig_vault_call(struct rig_vault *vault,
                                      const struct rig_vault_request *request,
                                      struct rig_vault_reply *reply, struct rig_wait wait,
                                      struct rig_error *err);

/* Health, before anything else is asked. */
struct rig_vault_health {
    bool initialized, sealed, standby;
    char version[64];
    int64_t clock_skew_ms;  /* the server's clock less ours, half the round trip taken off */
    int64_t uncertainty_ms; /* of that */
};
RIG_CHECKED rig_result rig_vault_health(struct rig_vault *vault, struct rig_vault_health *health,
                                        struct rig_wait wait, struct rig_error *err);

/* What the token may and how long; never the token itself. */
struct rig_vault_token_facts {
    json_t *policies; /* array of names; owned, freed with rig_vault_token_facts_free */
    bool root;
    bool renewable;
    int64_t ttl_s;    /* 0: for ever */
    int64_t num_uses; /* left; 0: any number */
    char accessor[64];
};
RIG_CHECKED rig_result rig_vault_token_facts(struct rig_vault *vault,
                                             struct rig_vault_token_facts *facts,
                                             struct rig_wait wait, struct rig_error *err);
void rig_vault_token_facts_free(struct rig_vault_token_facts *facts);

/* TLS verification was switched off by name. */
bool rig_vault_unverified(const struct rig_vault *vault);
/* "https://ca.example:8200", for messages. Borrowed. */
const char *rig_vault_address(const struct rig_vault *vault);

#endif
